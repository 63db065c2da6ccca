// SPDX-License-Identifier: MIT
/*
 * vfioap-override: run by udev when the AP bus has bound its queues, and when a queue appears.
 * It gives the queues of the list to vfio_ap: override, then unbind, and only then the module,
 * so that mdevctl's autostart finds them there.
 *
 * udev drops what its programs print, so all of it goes to the system log as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "apbus.h"
#include "cmd.h"
#include "lock.h"
#include "module.h"
#include "overrides.h"
#include "paths.h"
#include "process.h"
#include "str.h"
#include "sysfs.h"
#include "udev.h"

#define PROGRAM "vfioap-override"

/* Of the three minutes that udev gives to an event. */
#define LOCK_TIMEOUT_MS 60000

/* The one driver of host queues on kernels that have overrides (CEX2 and CEX3 left in 6.6). */
#define HOST_DRIVER "cex4queue"

/**
 * struct boot - one run
 * @queue:  the event is about this one, NULL: about the bus
 * @bus:    as it is under the lock
 * @want:   queues of the list that exist, and that nobody else overrides
 * @failed: those of @want that could not be given to vfio_ap
 */
struct boot {
	int root;
	const char *queue;
	struct overrides list;
	struct apbus bus;
	struct qset want, failed;
	struct err err;
};

/* ---- messages -------------------------------------------------------------------------------- */

static _printf_(2, 0) void sayv(int priority, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	str_printable(text);
	fprintf(stderr, PROGRAM ": %s\n", text);
	syslog(priority, "%s", text);
}

static _printf_(1, 2) void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sayv(LOG_WARNING, fmt, ap);
	va_end(ap);
}

static _printf_(2, 3) int fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sayv(LOG_ERR, fmt, ap);
	va_end(ap);
	return status;
}

static int fail_err(const struct boot *boot)
{
	return fail(STATUS_FAILED, "%s", boot->err.what);
}

/* "what: 05.0004, 05.0047"; nothing about none. */
static void warn_queues(const struct qset *queues, const char *what)
{
	_cleanup_free_ char *text = NULL;

	if (qset_is_empty(queues))
		return;
	text = qset_format(queues);
	warn("%s: %s", text ?: "queues", what);
}

/* ---- may it be done -------------------------------------------------------------------------- */

/* Is there anything to do for this event. */
static int list_read(struct boot *boot, bool *ret_work)
{
	unsigned apid, apqi;

	*ret_work = false;
	if (boot->queue && queue_parse(boot->queue, &apid, &apqi) < 0)
		return fail(STATUS_USAGE, "'%s' is no queue", boot->queue);
	if (overrides_read(boot->root, &boot->list, NULL, NULL, &boot->err) < 0)
		return fail_err(boot);
	if (boot->list.bad_line)
		return fail(STATUS_FAILED,
			    "line %u of '/" PATH_OVERRIDES
			    "' is neither a queue nor a comment: no override is set",
			    boot->list.bad_line);
	if (boot->queue)
		*ret_work = qset_has(&boot->list.queues, apid, apqi);
	else
		*ret_work = !qset_is_empty(&boot->list.queues);
	return 0;
}

/* The kernel takes overrides only while both masks are all ones, and masks only without any. */
static int masks_check(struct boot *boot)
{
	const struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	struct udev_rules rules;

	if (!apbus_masks_all(&boot->bus.masks))
		return fail(STATUS_CONFLICT,
			    "'apmask' and 'aqmask' reserve queues: no override is set, masks and "
			    "overrides exclude each other");
	if (udev_rules_read(boot->root, &rules, NULL, NULL, &boot->err) < 0)
		return fail_err(boot);
	if ((rules.has_apmask && !vfioap_mask_equal(&rules.masks.apmask, &all)) ||
	    (rules.has_aqmask && !vfioap_mask_equal(&rules.masks.aqmask, &all)))
		return fail(STATUS_CONFLICT,
			    "'/" PATH_RULES "' reserves queues by masks: no override is set, masks "
			    "and overrides exclude each other");
	return 0;
}

/* What there is of the list; overrides of others are left alone. */
static int queues_find(struct boot *boot)
{
	struct qset absent = boot->list.queues, foreign;

	boot->want = boot->list.queues;
	qset_and(&boot->want, &boot->bus.queues);
	qset_andnot(&absent, &boot->bus.queues);
	if (!boot->queue)
		warn_queues(&absent, "not there, its override is set when it appears");
	if (qset_is_empty(&boot->want))
		return 0;
	if (!boot->bus.override_known)
		return fail(STATUS_FAILED, "this kernel has no 'driver_override' of queues: '"
					   "/" PATH_OVERRIDES "' has no effect");

	foreign = boot->bus.override;
	qset_andnot(&foreign, &boot->bus.override_vfio);
	qset_and(&foreign, &boot->want);
	qset_andnot(&boot->want, &foreign);
	warn_queues(&foreign, "'driver_override' is set already, and not to vfio_ap, ignoring");
	return 0;
}

/* ---- doing it -------------------------------------------------------------------------------- */

static int queue_write(struct boot *boot, const char *path, const char *text)
{
	int rc = sysfs_write(boot->root, path, text);

	if (rc < 0)
		warn("cannot write '%s' to '/%s': %s", text, path, err_text(rc));
	return rc;
}

/*
 * In an order that leaves no moment in which a host driver could take it again.  One that has
 * just appeared may be bound meanwhile: so its driver is looked for behind the override.
 */
static int queue_move(struct boot *boot, unsigned apid, unsigned apqi)
{
	const struct apbus *bus = &boot->bus;
	char path[PATH_SIZE], name[QUEUE_SIZE], driver[APBUS_NAME_SIZE];
	int rc = 0;

	queue_format(apid, apqi, name);
	if (!qset_has(&bus->override_vfio, apid, apqi))
		rc = queue_write(boot, path_queue(path, apid, apqi, "driver_override"), "vfio_ap");
	path_queue(path, apid, apqi, "driver");
	if (rc == 0 && sysfs_link_name(boot->root, path, driver, sizeof(driver)) == 0 &&
	    strcmp(driver, HOST_DRIVER) == 0)
		rc = queue_write(boot, PATH_AP_DRIVERS "/" HOST_DRIVER "/unbind", name);
	if (rc == 0 && bus->vfio_ap_loaded && !qset_has(&bus->vfio_driver, apid, apqi))
		rc = queue_write(boot, PATH_AP_PROBE, name);
	return rc;
}

static void queues_move(struct boot *boot)
{
	QSET_FOREACH(apid, apqi, &boot->want)
		if (queue_move(boot, apid, apqi) < 0)
			qset_add(&boot->failed, apid, apqi);
}

/* With the overrides in place; it takes its queues then, and mdevctl starts devices. */
static int load(struct boot *boot)
{
	struct qset done = boot->want;

	qset_andnot(&done, &boot->failed);
	if (boot->bus.vfio_ap_loaded || qset_is_empty(&done))
		return 0;
	if (module_load(boot->root, &done, NULL, NULL, NULL, &boot->err) < 0)
		return fail_err(boot);
	return 0;
}

/* What sysfs says now is the result. */
static int verify(struct boot *boot)
{
	struct qset missing = boot->want;

	if (apbus_read(boot->root, 0, &boot->bus, &boot->err) < 0)
		return fail_err(boot);
	qset_and(&missing, &boot->bus.queues);
	qset_andnot(&missing, &boot->bus.vfio_driver);
	warn_queues(&missing, "not bound to vfio_ap");
	qset_or(&missing, &boot->failed);
	if (qset_is_empty(&missing))
		return STATUS_DONE;
	return qset_equal(&missing, &boot->want) ? STATUS_FAILED : STATUS_PARTLY;
}

static int run_locked(struct boot *boot)
{
	int rc;

	if (apbus_read(boot->root, 0, &boot->bus, &boot->err) < 0)
		return fail_err(boot);
	rc = masks_check(boot);
	if (!rc)
		rc = queues_find(boot);
	if (rc || qset_is_empty(&boot->want))
		return rc;
	queues_move(boot);
	rc = load(boot);
	return rc ? rc : verify(boot);
}

static int run(struct boot *boot)
{
	_cleanup_(lock_release) struct lock lock = { 0 };
	bool work;
	int rc;

	rc = list_read(boot, &work);
	if (rc || !work)
		return rc;
	rc = lock_acquire(boot->root, LOCK_TIMEOUT_MS, NULL, NULL, NULL, &lock, &boot->err);
	if (rc < 0)
		return fail(rc == -ETIMEDOUT ? STATUS_LOCKED : STATUS_FAILED, "%s", boot->err.what);
	return run_locked(boot);
}

int main(int argc, char **argv)
{
	_cleanup_free_ struct boot *boot = calloc(1, sizeof(*boot));
	int status, rc;

	rc = process_init();
	openlog(PROGRAM, LOG_PID, LOG_DAEMON);
	if (rc < 0)
		return fail(STATUS_FAILED, "cannot start: %s", err_text(rc));
	process_stack_take();
	if (!boot)
		return fail(STATUS_FAILED, "out of memory");
	if (argc > 2 || (argc == 2 && *argv[1] == '-'))
		return fail(STATUS_USAGE, "takes no more than a queue: vfioap-override [APQN]");
	boot->queue = argc == 2 ? argv[1] : NULL;
	boot->root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (boot->root < 0)
		return fail(STATUS_FAILED, "cannot open '/': %s", err_text(-errno));
	status = run(boot);
	close(boot->root);
	return status;
}
