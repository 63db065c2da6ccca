// SPDX-License-Identifier: MIT
/*
 * `apsim ctl reboot`: the machine starts again from its boot parameters, and user
 * space does what udev, systemd and mdevctl do then.
 */
#include "boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "autostart.h"
#include "ctl.h"
#include "etc.h"
#include "front.h"
#include "qemu.h"
#include "str.h"
#include "systemd.h"
#include "udevrules.h"
#include "util.h"

#define MATRIX "/sys/devices/vfio_ap/matrix"

static bool file_contains(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[MACHINE_PAGE] = "";

	return fd >= 0 && read(fd, buf, sizeof(buf) - 1) > 0 && strstr(buf, text);
}

/* /run is new after a boot; what matters of it are locks. */
static void locks_remove(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/run/lock");

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static int module_load(const char *module, struct err *err)
{
	return ctl_send((const char *const[]){ "module", "load", module, NULL }, NULL, err);
}

static int modules_load(const struct udevrules_event *event, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < event->n_modules && rc == 0; i++)
		rc = module_load(event->modules[i], err);
	return rc;
}

/* 0 when there is an mdevctl and it could be run, whatever it says. */
static int mdevctl_run(void)
{
	char *const argv[] = { (char *)"mdevctl", (char *)"start-parent-mdevs", (char *)"matrix",
			       NULL };
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0)
		return -ENOENT;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == FRONT_NOT_FOUND ? -ENOENT : 0;
}

/* Whether mdevctl's rule has been at work, and what came of it. */
struct autostart {
	bool done;
	int rc;
};

/* What mdevctl's rule does when vfio_ap registers: once, and whether it is too early or not. */
static void devices_start(struct autostart *autostart, struct err *err)
{
	if (autostart->done || access(MATRIX, F_OK) < 0)
		return;
	autostart->done = true;
	if (access("/etc/" ETC_DEFINITIONS, F_OK) == 0 && mdevctl_run() < 0)
		autostart->rc = autostart_all("/etc/" ETC_DEFINITIONS, err);
}

/* The first of the directories that has it wins over the others (udev(7)). */
static int rules_file_apply(const char *name, struct udevrules_event *event, struct err *err)
{
	static const char *const dirs[] = { "/etc/udev/rules.d", "/run/udev/rules.d",
					    "/usr/local/lib/udev/rules.d",
					    "/usr/lib/udev/rules.d" };
	char path[PATH_MAX];

	for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (access(path, F_OK) == 0)
			return udevrules_apply(path, event, err);
	}
	return 0;
}

/* Of all files, in their order, first; then what they want to be run. */
static int event_apply(struct udevrules_event *event, struct err *err)
{
	static const char *const names[] = { "41-ap.rules", "42-vfioap.rules" };
	int rc = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(names) && rc == 0; i++)
		rc = rules_file_apply(names[i], event, err);
	return rc < 0 ? rc : modules_load(event, err);
}

/*
 * The events that can bring the rules to run: the kernel's, when it has bound all queues
 * that it found, and the one of the bus that systemd-udev-trigger.service asks for.
 */
static int rules_apply(struct autostart *autostart, struct err *err)
{
	static const char *const complete[] = { "BINDINGS=complete", "COMPLETECOUNT=1", NULL };
	static const char *const none[] = { NULL };
	struct udevrules_event events[] = {
		{ .action = "change",
		  .devpath = "/devices/ap",
		  .subsystem = "ap",
		  .env = complete },
		{ .action = "add", .devpath = "/bus/ap", .subsystem = "subsystem", .env = none },
	};
	bool bound = file_contains("/sys/bus/ap/bindings", "complete");
	int rc = 0;

	if (access("/sys/bus/ap/bindings", F_OK) < 0)
		bound = access("/sys/bus/ap", F_OK) == 0;
	for (unsigned i = bound ? 0 : 1; i < ARRAY_SIZE(events) && rc == 0; i++) {
		rc = event_apply(&events[i], err);
		devices_start(autostart, err);
	}
	return rc;
}

static int userspace_start(bool vfio_ap, struct err *err)
{
	struct autostart autostart = { 0 };
	int rc = 0;

	locks_remove();
	/* That is early: the rules have not been at work yet. */
	if (systemd_loads("vfio_ap"))
		rc = module_load("vfio_ap", err);
	devices_start(&autostart, err);
	if (rc == 0)
		rc = rules_apply(&autostart, err);
	if (rc == 0 && vfio_ap)
		rc = module_load("vfio_ap", err);
	devices_start(&autostart, err);
	if (rc == 0)
		systemd_start("vfioap-autostart.service");
	return rc < 0 ? rc : autostart.rc;
}

static int reboot(bool bare, struct err *err)
{
	_cleanup_free_ char *modules = NULL;
	char root[PATH_MAX];
	size_t len = 0;
	FILE *out;
	int rc;

	rc = qemu_stop_all(err);
	if (rc < 0)
		return rc;
	out = open_memstream(&modules, &len);
	if (!out)
		return err_oom(err);
	rc = ctl_send((const char *const[]){ "reboot", NULL }, out, err);
	if (fclose(out) != 0)
		return err_oom(err);
	/* Below a mount point there is no user space that could have rules. */
	if (rc < 0 || bare || *ctl_root(root))
		return rc;
	return userspace_start(len > 0, err);
}

int boot_ctl(int argc, const char **argv)
{
	int help = 0, bare = 0, rc;
	const struct poptOption options[] = {
		{ .longName = "bare",
		  .argInfo = POPT_ARG_NONE,
		  .arg = &bare,
		  .descrip = "The kernel only: no udev rules, no autostart" },
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx = poptGetContext(NULL, argc, argv, options, 0);
	struct err err = { 0 };

	rc = front_popt_run(ctx, &err);
	if (rc < 0)
		return ctl_finish(rc, &err);
	if (help)
		return front_help_print(ctx, "[--bare]", NULL);
	if (front_args(ctx)[0])
		rc = err_set(&err, -EINVAL, "ctl reboot takes no argument '%s'",
			     front_args(ctx)[0]);
	if (rc == 0)
		rc = reboot(bare, &err);
	return ctl_finish(rc, &err);
}
