/* SPDX-License-Identifier: MIT */
/*
 * Carries a plan out: the one place of the project that writes to sysfs, and has files of the
 * next boot exchanged.  Holds are opened
 * first; what was written is read back; on a failure or a signal it is taken back in
 * reverse order.  What to write is plan.c's business.
 *
 * Source: vfio_ap_ops.c and ap_bus.c of Linux for what an errno means; drivers/vfio/group.c:
 * a group can be open once, so while we hold it nobody else gets it.
 */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>

#include "apply_files.h"
#include "override.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

/* One run of plan_apply(). */
struct apply {
	int root;
	struct plan *plan;
	const struct wish *want;
	const volatile sig_atomic_t *stop;
	plan_trace_fn *trace;
	void *arg;
	int *fd; /* of the holds */
	size_t n_fds;
};

/* What an errno of a file means; glibc's texts say nothing about queues. */
static const struct {
	const char *file;
	int code;
	const char *text;
} reasons[] = {
	{ .file = "/assign_",
	  .code = -EADDRINUSE,
	  .text = "a queue is assigned to another device" },
	{ .file = "/assign_", .code = -EADDRNOTAVAIL, .text = "a queue is reserved for the host" },
	{ .file = "/assign_",
	  .code = -ENODEV,
	  .text = "the device is gone, or the number too high" },
	{ .file = "/assign_", .code = -EBUSY, .text = "a guest uses the device" },
	{ .file = "/unassign_",
	  .code = -ENODEV,
	  .text = "the device is gone, or the number too high" },
	{ .file = "/unassign_", .code = -EBUSY, .text = "a guest uses the device" },
	{ .file = "/ap_config",
	  .code = -EADDRINUSE,
	  .text = "a queue is assigned to another device" },
	{ .file = "/ap_config",
	  .code = -EADDRNOTAVAIL,
	  .text = "a queue is reserved for the host" },
	{ .file = "/ap_config",
	  .code = -ENODEV,
	  .text = "the device is gone, or a number too high" },
	{ .file = "mask", .code = -EBUSY, .text = "a device owns a queue that the host would get" },
	{ .file = "mask",
	  .code = -EINVAL,
	  .text = "a driver override is set for some queue, or was for one that has gone" },
	{ .file = "/driver_override",
	  .code = -EINVAL,
	  .text = "the kernel takes none while a bit of apmask or aqmask is cleared" },
	{ .file = "/driver_override", .code = -ENOENT, .text = "the queue is gone" },
	{ .file = "/unbind", .code = -ENODEV, .text = "somebody else has moved it meanwhile" },
	{ .file = "/drivers_probe", .code = -ENODEV, .text = "the queue is gone" },
	{ .file = "/create", .code = -EEXIST, .text = "this UUID exists already" },
	{ .file = "/create", .code = -EUSERS, .text = "the kernel takes no more devices" },
	{ .file = "/create", .code = -ENOENT, .text = "the kernel module vfio_ap is not loaded" },
	{ .file = "/remove", .code = -EBUSY, .text = "a guest uses the device" },
	{ .file = "/", .code = -ENOENT, .text = "it is gone" },
	{ .file = "/", .code = -EINTR, .text = "stopped by a signal" },
};

const char *plan_reason(const char *path, int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == code && strstr(path, reasons[i].file))
			return reasons[i].text;
	return err_text(code);
}

static bool path_ends(const char *path, const char *end)
{
	size_t len = strlen(path), end_len = strlen(end);

	return len >= end_len && strcmp(path + len - end_len, end) == 0;
}

static bool apply_is_stopped(const struct apply *a)
{
	return a->stop && *a->stop;
}

/* ---- before ------------------------------------------------------------------------ */

static void apply_done(struct apply *a)
{
	for (size_t i = 0; i < a->n_fds; i++)
		close(a->fd[i]);
	free(a->fd);
}

static int refuse_unseen(const char *node, struct err *err)
{
	int rc = err_set(err, -ENODATA,
			 "cannot tell whether the device of '/%s' is open: there is no such node,"
			 " and not all processes can be seen",
			 node);

	err_hint(err, "root outside of containers sees all processes");
	return rc;
}

static int apply_hold(struct apply *a, struct err *err)
{
	if (!a->plan->n_holds)
		return 0;
	a->fd = calloc(a->plan->n_holds, sizeof(*a->fd));
	if (!a->fd)
		return err_oom(err);

	for (size_t i = 0; i < a->plan->n_holds; i++) {
		const char *node = a->plan->hold[i];
		int fd = sysfs_open(a->root, node, O_RDWR | O_NONBLOCK);

		if (fd >= 0)
			a->fd[a->n_fds++] = fd;
		else if (fd == -EBUSY)
			return err_set(err, fd, "cannot remove the device of '/%s': it is open",
				       node);
		else if (fd != -ENOENT && fd != -ENXIO && fd != -ENODEV)
			return err_errno(err, fd, "cannot open '/%s' to keep others out", node);
		else if (!a->plan->hold_missing)
			return refuse_unseen(node, err);
	}
	return 0;
}

/* ---- one write ---------------------------------------------------------------------- */

/* ap_config sets all at once: not over what somebody else has just put there. */
static int apply_expect(const struct apply *a, const struct plan_step *step, struct err *err)
{
	char text[SYSFS_TEXT_SIZE];
	int rc;

	if (!path_ends(step->path, "/ap_config"))
		return 0;
	rc = sysfs_read(a->root, step->path, text, sizeof(text));
	if (rc < 0)
		return err_set(err, rc, "cannot %s: %s", step->what, plan_reason(step->path, rc));
	if (strcmp(str_chomp(text), step->undo_text) != 0)
		return err_set(err, -EAGAIN, "cannot %s: somebody else keeps changing it",
			       step->what);
	return 0;
}

static int apply_write(const struct apply *a, const char *path, const char *text, bool undo)
{
	int rc;

	if (a->trace)
		a->trace(a->arg, path, text, undo);
	do
		rc = sysfs_write(a->root, path, text);
	while (rc == -EINTR && (undo || !apply_is_stopped(a)));
	return rc;
}

static int apply_file(const struct apply *a, struct plan_step *step, struct err *err)
{
	int rc;

	if (a->trace)
		a->trace(a->arg, step->path, step->text, false);
	rc = apply_file_commit(step, err);
	if (rc == 0)
		a->plan->failed = NULL;
	return rc;
}

static int apply_step(const struct apply *a, struct plan_step *step, struct err *err)
{
	int rc;

	if (apply_is_stopped(a))
		return err_set(err, -EINTR, "stopped by a signal");
	a->plan->failed = step;
	if (step->file)
		return apply_file(a, step, err);
	rc = apply_expect(a, step, err);
	if (rc == 0)
		rc = apply_write(a, step->path, step->text, false);
	else if (!step->optional)
		return rc;
	if (rc == 0)
		step->state = PLAN_WRITTEN;
	else if (!step->optional)
		return err_set(err, rc, "cannot %s: %s", step->what, plan_reason(step->path, rc));
	a->plan->failed = NULL;
	return 0;
}

/* ---- queues without driver ------------------------------------------------------------ */

static bool is_mask_step(const struct plan_step *step)
{
	return strcmp(step->path, PATH_AP_MASK) == 0 || strcmp(step->path, PATH_AQ_MASK) == 0;
}

/* The mask bits that written steps changed; false: none. */
static bool apply_changed(const struct apply *a, struct apbus_masks *ret)
{
	bool found = false;

	*ret = (struct apbus_masks){ 0 };
	for (size_t i = 0; i < a->plan->n_steps; i++) {
		const struct plan_step *step = &a->plan->step[i];
		bool is_apmask = strcmp(step->path, PATH_AP_MASK) == 0;
		struct vfioap_mask *mask = is_apmask ? &ret->apmask : &ret->aqmask;
		struct vfioap_change change;

		if (step->state != PLAN_WRITTEN || !is_mask_step(step) ||
		    vfioap_change_parse(step->text, &change, NULL) < 0)
			continue;
		*mask = vfioap_mask_or(*mask, vfioap_mask_or(change.clear, change.set));
		found = true;
	}
	return found;
}

/*
 * A queue that was bound to nothing when a mask changed may stay so: the kernel looks at a
 * driver that is not there (ap_bus.c, __ap_revise_reserved()).  Ask for it where there is a
 * driver to be had, and leave it to the report when that does not help either.
 */
static void apply_probe(const struct apply *a, const struct apbus_masks *changed, bool undo)
{
	_cleanup_free_ struct apbus *bus = malloc(sizeof(*bus));
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	struct qset queues, columns;
	char name[QUEUE_SIZE];

	if (!bus || apbus_read(a->root, 0, bus, NULL) < 0)
		return;

	qset_product(&queues, &changed->apmask, &all);
	qset_product(&columns, &all, &changed->aqmask);
	qset_or(&queues, &columns);
	qset_and(&queues, &bus->queues);
	qset_andnot(&queues, &bus->host_driver);
	qset_andnot(&queues, &bus->vfio_driver);
	apbus_masks_reserved(&bus->masks, &queues, &columns);
	if (!bus->vfio_ap_loaded)
		qset_andnot(&queues, &columns);
	QSET_FOREACH(apid, apqi, &queues)
		apply_write(a, PATH_AP_PROBE, queue_format(apid, apqi, name), undo);
}

/* ---- reading back --------------------------------------------------------------------- */

static int verify_masks(const struct apply *a, struct err *err)
{
	struct apbus_masks masks;
	bool known = false;

	for (size_t i = 0; i < a->plan->n_steps; i++) {
		const struct plan_step *step = &a->plan->step[i];
		bool is_apmask = strcmp(step->path, PATH_AP_MASK) == 0;
		struct vfioap_change change;
		struct vfioap_mask is, shall;
		int rc;

		if (!is_mask_step(step) || vfioap_change_parse(step->text, &change, NULL) < 0)
			continue;
		rc = known ? 0 : apbus_masks_read(a->root, &masks, err);
		if (rc < 0)
			return rc;
		known = true;
		is = is_apmask ? masks.apmask : masks.aqmask;
		shall = vfioap_change_apply(&change, is);
		if (!vfioap_mask_equal(&is, &shall))
			return err_set(err, -EIO, "cannot %s: '/%s' does not show it", step->what,
				       step->path);
	}
	return 0;
}

static int verify_device(const struct apply *a, const struct wish_device *device, struct err *err)
{
	struct matrix matrix;
	char path[PATH_SIZE];
	bool truncated;
	int rc;

	/* Reading `matrix` of a large device corrupts memory of kernels before 6.17. */
	if (matrix_count(&device->matrix) > MDEV_MATRIX_SAFE &&
	    !sysfs_exists(a->root, path_mdev(path, device->uuid, "ap_config")))
		return 0;
	rc = mdev_matrix_read(a->root, device->uuid, &matrix, &truncated, err);
	if (rc < 0)
		return rc;
	if (!truncated && !matrix_equal(&matrix, &device->matrix))
		return err_set(err, -EIO, "device '%s' does not have what was assigned to it",
			       device->uuid);
	return 0;
}

static int apply_verify(const struct apply *a, struct err *err)
{
	int rc = verify_masks(a, err);

	if (rc == 0)
		rc = override_verify(a->root, a->plan, a->want, err);
	if (rc == 0)
		rc = apply_files_verify(a->root, a->plan, a->want, err);
	for (size_t i = 0; rc == 0 && i < a->want->n_devices; i++)
		if (plan_touches(a->plan, a->want->device[i].uuid))
			rc = verify_device(a, &a->want->device[i], err);
	return rc;
}

/* ---- taking back --------------------------------------------------------------------- */

static int apply_undo_file(const struct apply *a, struct plan_step *step)
{
	if (a->trace)
		a->trace(a->arg, step->path, step->undo_text, true);
	return apply_file_undo(step);
}

static bool is_device_step(const struct plan_step *step)
{
	return !step->file && strncmp(step->path, PATH_MATRIX "/", strlen(PATH_MATRIX "/")) == 0;
}

/* What could not be taken back from a device is gone with it, when its creation was. */
static bool is_left(const struct apply *a, const struct plan_step *step)
{
	return step->state == PLAN_LEFT && (!is_device_step(step) || !step->undo_path ||
					    sysfs_exists(a->root, step->undo_path));
}

/*
 * Has @step to stay because @left, which came behind it, could not be taken back?  The host gets
 * no queue that a device still has (kernels before 6.0, and overrides, let it), and of one queue
 * the driver is looked for last.
 */
static bool undo_waits_for(const struct plan_step *step, const struct plan_step *left)
{
	unsigned apid, apqi, left_apid, left_apqi;

	if (step->file || is_device_step(step))
		return false;
	if (is_device_step(left))
		return !strstr(left->path, "control_domain");
	return override_queue(step, &apid, &apqi) && override_queue(left, &left_apid, &left_apqi) &&
	       apid == left_apid && apqi == left_apqi;
}

static bool undo_waits(const struct apply *a, const struct plan_step *step)
{
	for (const struct plan_step *left = step + 1; left < a->plan->step + a->plan->n_steps;
	     left++)
		if (is_left(a, left) && undo_waits_for(step, left))
			return true;
	return false;
}

static int apply_undo_step(const struct apply *a, struct plan_step *step)
{
	int rc;

	if (step->file)
		return apply_undo_file(a, step);
	if (undo_waits(a, step))
		return -EBUSY;
	if (strcmp(step->undo_path, step->path) == 0 && strcmp(step->undo_text, step->text) == 0)
		return 0;
	rc = apply_write(a, step->undo_path, step->undo_text, true);
	/* A device that went away has nothing left to take back. */
	return (rc == -ENOENT || rc == -ENODEV) && !is_mask_step(step) ? 0 : rc;
}

/* Whatever can be undone is undone, also behind one that cannot, unless it builds on that. */
static enum plan_result apply_undo(const struct apply *a, struct err *err)
{
	enum plan_result result = PLAN_UNDONE;
	struct apbus_masks changed;
	bool masks = apply_changed(a, &changed);

	for (size_t i = a->plan->n_steps; i-- > 0;) {
		struct plan_step *step = &a->plan->step[i];

		if (step->state == PLAN_WRITTEN)
			step->state = apply_undo_step(a, step) == 0 ? PLAN_WAITING : PLAN_LEFT;
	}
	for (size_t i = 0; i < a->plan->n_steps; i++)
		if (is_left(a, &a->plan->step[i]))
			result = PLAN_PARTLY;
		else
			a->plan->step[i].state = PLAN_WAITING;
	if (masks)
		apply_probe(a, &changed, true);
	if (result == PLAN_PARTLY && err)
		err_hint(err, "what is left is listed above, with the commands that take it back");
	return result;
}

/* A device is gone for good: what came before it stays, and what comes behind is told. */
static enum plan_result apply_end(const struct apply *a, struct err *err)
{
	bool gone = false;

	for (size_t i = 0; i < a->plan->n_steps; i++) {
		struct plan_step *step = &a->plan->step[i];

		if (step->undo_path || step->state != PLAN_WRITTEN)
			continue;
		step->state = PLAN_LEFT;
		gone = true;
	}
	if (!gone)
		return apply_undo(a, err);
	err_hint(err, "what is left is listed above, with the commands that finish it");
	return PLAN_PARTLY;
}

static int apply_changes(struct apply *a, struct err *err)
{
	struct apbus_masks changed;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->plan->n_steps; i++) {
		struct plan_step *step = &a->plan->step[i];
		bool more = i + 1 < a->plan->n_steps && is_mask_step(step + 1);

		if (!step->undo_path)
			continue;
		rc = apply_step(a, step, err);
		if (rc == 0 && is_mask_step(step) && !more && apply_changed(a, &changed))
			apply_probe(a, &changed, false);
	}
	return rc == 0 ? apply_verify(a, err) : rc;
}

static int apply_removals(struct apply *a, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->plan->n_steps; i++) {
		struct plan_step *step = &a->plan->step[i];
		char dir[PATH_SIZE];

		if (step->undo_path)
			continue;
		rc = apply_step(a, step, err);
		if (rc == -ENOENT || rc == -ENODEV)
			rc = 0; /* somebody else was faster */
		snprintf(dir, sizeof(dir), "%.*s", (int)(strlen(step->path) - strlen("/remove")),
			 step->path);
		if (rc < 0)
			break;
		step->state = sysfs_exists(a->root, dir) ? PLAN_WAITING : PLAN_WRITTEN;
		if (step->state == PLAN_WAITING)
			rc = err_set(err, -EIO, "cannot %s: it is still there", step->what);
	}
	return rc;
}

enum plan_result plan_apply(int root, struct plan *plan, const struct wish *want,
			    const volatile sig_atomic_t *stop, plan_trace_fn *trace, void *arg,
			    struct err *err)
{
	_cleanup_(apply_done) struct apply a = {
		.root = root, .plan = plan, .want = want, .stop = stop, .trace = trace, .arg = arg
	};
	int rc = apply_hold(&a, err);

	if (rc == 0)
		rc = apply_files_prepare(root, plan, err);
	if (rc < 0)
		return PLAN_UNTOUCHED;

	rc = apply_changes(&a, err);
	if (rc == 0)
		rc = apply_removals(&a, err);
	return rc == 0 ? PLAN_DONE : apply_end(&a, err);
}

enum plan_result plan_undo(int root, struct plan *plan, plan_trace_fn *trace, void *arg,
			   struct err *err)
{
	const struct apply a = { .root = root, .plan = plan, .trace = trace, .arg = arg };

	return apply_undo(&a, err);
}
