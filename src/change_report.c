// SPDX-License-Identifier: MIT
/*
 * Says what a change did, or would do: results on stdout, what was not asked for on stderr.
 */
#include "change.h"

#include <errno.h>

#include "out.h"

/* What the guests of all devices see, before and after. */
struct views {
	struct qset gained, lost;
};

static void matrix_queues(struct qset *ret, const struct matrix *m)
{
	qset_product(ret, &m->adapters, &m->domains);
}

static const struct mdev *active(const struct snapshot *now, const char *uuid)
{
	const struct device *device = snapshot_device(now, uuid);

	return device && device->mdev && !device->mdev->removing ? device->mdev : NULL;
}

static struct matrix guest_view(const struct snapshot *now, const struct mdev *mdev)
{
	return mdev->guest ? *mdev->guest : snapshot_predict_guest(&now->bus, &mdev->matrix);
}

/* ---- what guests gained and lost ------------------------------------------------------------ */

/* A running guest is told of by name; a device without one changes nothing for anybody. */
static int note_guest(const struct app *app, const struct snapshot *now, const struct mdev *mdev,
		      const struct qset *queues, const char *verb)
{
	const struct holder *holder = snapshot_holder(now, mdev);
	_cleanup_free_ char *text = NULL;

	if (!holder || qset_is_empty(queues))
		return 0;
	text = finding_queues(queues);
	if (!text)
		return -ENOMEM;
	if (*holder->guest)
		cmd_note(app, "guest '%s' of device '%s' %s %s", holder->guest, mdev->uuid, verb,
			 text);
	else
		cmd_note(app, "%s (pid %d), which has device '%s' open, %s %s", holder->command,
			 (int)holder->pid, mdev->uuid, verb, text);
	return 0;
}

/*
 * A queue that the guest saw and sees still says whether there is one: without any, maybe.
 * @shown: the device as the kernel shows it now; what is only predicted can be wrong
 */
static bool may_have_guest(const struct app *app, const struct apbus *bus, const struct mdev *shown,
			   const struct qset *was, const struct qset *is)
{
	struct qset queues = *was;
	unsigned apid = 0, apqi = -1u;

	qset_and(&queues, is);
	qset_and(&queues, &bus->vfio_driver);
	return !bus->has_qci || !shown || !shown->guest || !qset_next(&queues, &apid, &apqi) ||
	       apbus_queue_in_use(app->root, apid, apqi) != 0;
}

static int compare_device(struct app *app, struct change *change, const char *uuid,
			  const struct mdev *shown, const struct matrix *sees, struct views *views)
{
	const struct mdev *before = active(change->now, uuid);
	struct matrix saw = { 0 };
	struct qset was, is, gained, lost;
	int rc;

	if (before)
		saw = guest_view(change->now, before);
	matrix_queues(&was, &saw);
	matrix_queues(&is, sees);
	gained = is;
	qset_andnot(&gained, &was);
	lost = was;
	qset_andnot(&lost, &is);
	qset_or(&views->gained, &gained);
	qset_or(&views->lost, &lost);

	if (!before || (qset_is_empty(&gained) && qset_is_empty(&lost)))
		return 0;
	if (!(change->now->parts & SNAPSHOT_HOLDERS) &&
	    !may_have_guest(app, &change->now->bus, shown, &was, &is))
		return 0;
	/* Whom is there to tell?  It is done already: not to know that is no failure. */
	if (snapshot_holders_read(app->root, change->now, &app->err) < 0)
		app->err = (struct err){ 0 };
	rc = note_guest(app, change->now, before, &gained, app->dry_run ? "gains" : "gained");
	if (rc == 0)
		rc = note_guest(app, change->now, before, &lost, app->dry_run ? "loses" : "lost");
	return rc;
}

/* The kernel's answer where there is one, else what it will be. */
static int compare_views(struct app *app, struct change *change, const struct snapshot *after,
			 struct views *views)
{
	_cleanup_free_ struct apbus *bus = malloc(sizeof(*bus));
	const struct matrix none = { 0 };
	int rc = 0;

	if (!bus)
		return -ENOMEM;
	wish_predict_bus(change->now, change->want, bus);
	for (size_t i = 0; rc == 0 && i < change->want->n_devices; i++) {
		const struct wish_device *device = &change->want->device[i];
		const struct mdev *is = after ? active(after, device->uuid) : NULL;
		struct matrix sees =
			is ? guest_view(after, is) : snapshot_predict_guest(bus, &device->matrix);

		rc = compare_device(app, change, device->uuid,
				    after ? is : active(change->now, device->uuid), &sees, views);
	}
	for (size_t i = 0; rc == 0 && i < change->now->mdevs.n; i++)
		if (!wish_device_const(change->want, change->now->mdevs.v[i].uuid))
			rc = compare_device(app, change, change->now->mdevs.v[i].uuid, NULL, &none,
					    views);
	return rc;
}

/* ---- what is not as it should be ----------------------------------------------------------------
 */

/* Reserved, and vfio_ap does not have it. */
static int warn_unbound(struct app *app, const struct change *change, const struct snapshot *after)
{
	_cleanup_free_ char *text = NULL;
	struct qset queues = change->reserved;

	qset_or(&queues, &change->also);
	qset_and(&queues, &after->bus.queues);
	qset_andnot(&queues, &after->bus.vfio_driver);
	qset_andnot(&queues, &after->bus.host_driver);
	if (!after->bus.vfio_ap_loaded || qset_is_empty(&queues))
		return 0;
	text = finding_queues(&queues);
	if (!text)
		return -ENOMEM;
	cmd_warn(app, "%s reserved, but not bound to vfio_ap", text);
	return 0;
}

/* A refresh that the kernel did not take: adapters stay away from the guest. */
static int warn_stale(struct app *app, const struct change *change, const struct snapshot *after)
{
	for (size_t i = 0; i < change->want->n_devices; i++) {
		const char *uuid = change->want->device[i].uuid;
		const struct mdev *was = active(change->now, uuid), *is = active(after, uuid);
		_cleanup_free_ char *text = NULL;
		struct matrix shall;
		struct qset queues, seen;

		if (!is || !is->guest ||
		    (was && !change->want->device[i].refresh &&
		     matrix_equal(&was->matrix, &is->matrix)))
			continue;
		shall = snapshot_predict_guest(&after->bus, &is->matrix);
		matrix_queues(&queues, &shall);
		matrix_queues(&seen, is->guest);
		qset_andnot(&queues, &seen);
		if (qset_is_empty(&queues))
			continue;
		text = finding_queues(&queues);
		if (!text)
			return -ENOMEM;
		cmd_warn(app, "the kernel still keeps %s from the guest of device '%s'", text,
			 uuid);
	}
	return 0;
}

static int note_also(const struct app *app, const struct change *change)
{
	_cleanup_free_ char *text = NULL;

	if (qset_is_empty(&change->also))
		return 0;
	text = finding_queues(&change->also);
	if (!text)
		return -ENOMEM;
	cmd_note(app, "the host %s %s too%s: masks know only whole adapters and whole domains",
		 app->dry_run ? "would lose" : "loses", text,
		 app->active ? "" : " at the next boot");
	return 0;
}

/* ---- stdout ---------------------------------------------------------------------------------- */

static bool has_undo(const struct plan_step *step)
{
	return step->undo_path && !step->refused;
}

static struct json_object *json_changes(const struct app *app, const struct plan *plan)
{
	struct json_object *changes = out_json_array();

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->step[i];
		_cleanup_free_ char *path = finding_text("/%s", step->path), *undo = NULL;
		struct json_object *object = out_json_object();

		if (has_undo(step))
			undo = plan_shell(app->sysroot, step->undo_path, step->undo_text);
		out_json_add_text(object, "path", path);
		out_json_add_lines(object, "write", step->text);
		out_json_add_lines(object, "undo", undo);
		out_json_add_text(object, "what", step->what);
		out_json_append(changes, object);
	}
	return changes;
}

static struct json_object *json_queues(const struct qset *queues)
{
	struct json_object *set = out_json_set(queues);
	struct json_object *array = json_object_get(json_object_object_get(set, "queues"));

	json_object_put(set);
	return array;
}

static void print_json(struct app *app, const struct change *change, const struct plan *plan,
		       const struct views *views)
{
	struct json_object *object = out_json_new();

	out_json_add_bool(object, "dry_run", app->dry_run);
	out_json_add_bool(object, "changed", plan->n_steps && !app->dry_run);
	out_json_add_text(object, "uuid", *change->uuid ? change->uuid : NULL);
	out_json_add(object, "changes", json_changes(app, plan));
	out_json_add(object, "reserved", out_json_set(&change->reserved));
	out_json_add(object, "also_taken", out_json_set(&change->also));
	out_json_add(object, "gained", json_queues(&views->gained));
	out_json_add(object, "lost", json_queues(&views->lost));
	out_json_add(object, "warnings",
		     app->warnings ? json_object_get(app->warnings) : out_json_array());
	out_json_print(app, object);
}

static int print_plan(struct app *app, const struct plan *plan, bool words)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->step[i];
		_cleanup_free_ char *line = plan_shell(app->sysroot, step->path, step->text);

		if (!line)
			return -ENOMEM;
		if (words)
			out_printf(app, "# %s\n", step->what);
		out_printf(app, "%s%s\n", line, has_undo(step) ? "" : "\t# no undo");
	}
	return 0;
}

/* Something of it was taken away: the active device, the definition, or both. */
static bool is_gone(const struct change *change, const struct device *device)
{
	return (device->mdev && !device->mdev->removing &&
		!wish_device_const(change->want, device->uuid)) ||
	       (device->definition && !wish_definition_const(change->want, device->uuid));
}

static int print_text(struct app *app, const struct change *change, const struct plan *plan,
		      unsigned flags)
{
	if (app->dry_run)
		return print_plan(app, plan, flags & CHANGE_WORDS);

	if (flags & CHANGE_PRINT_UUID)
		out_printf(app, "%s\n", change->uuid);
	for (size_t i = 0; flags & CHANGE_PRINT_REMOVED && i < change->now->n_devices; i++)
		if (is_gone(change, &change->now->device[i]))
			out_printf(app, "%s\n", change->now->device[i].uuid);
	return 0;
}

int change_report(struct app *app, struct change *change, const struct plan *plan,
		  const struct snapshot *after, unsigned flags)
{
	_cleanup_free_ struct views *views = calloc(1, sizeof(*views));
	int rc;

	if (!views)
		return err_oom(&app->err);
	cmd_findings_warn(app, &change->findings);
	rc = note_also(app, change);
	if (rc == 0)
		rc = compare_views(app, change, after, views);
	if (rc == 0 && after && app->active)
		rc = warn_unbound(app, change, after);
	if (rc == 0 && after)
		rc = warn_stale(app, change, after);
	if (rc < 0)
		return err_oom(&app->err);
	if (app->json && change->is_partial)
		return 0;
	if (app->json)
		print_json(app, change, plan, views);
	else if (print_text(app, change, plan, flags) < 0)
		return err_oom(&app->err);
	return 0;
}

/* Is a device gone, so that all that is left to do is to go on? */
static bool is_past(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->step[i].state == PLAN_LEFT && !plan->step[i].undo_path)
			return true;
	return false;
}

/* A write as one line, as messages are: printf(1) puts the line ends of a file back. */
static char *shell_line(const struct app *app, const char *path, const char *text)
{
	static const char take[] = "printf %s '", give[] = "printf %b '";
	_cleanup_free_ char *shell = plan_shell(app->sysroot, path, text);
	const size_t room = shell ? 2 * strlen(shell) + 1 : 0;
	char *quoted = shell && strchr(shell, '\n') ? strstr(shell, take) : NULL;
	char *line, *end;

	if (!quoted)
		return TAKE_PTR(shell);
	memcpy(quoted, give, strlen(give));
	line = malloc(room);
	if (!line)
		return NULL;
	end = mempcpy(line, shell, (size_t)(quoted - shell));
	for (const char *p = quoted; *p; p++) {
		if (*p == '\n' || *p == '\\')
			*end++ = '\\';
		*end++ = *p == '\n' ? 'n' : *p;
	}
	*end = '\0';
	return line;
}

static void report_finish(const struct app *app, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->step[i];
		_cleanup_free_ char *line = NULL;

		if (step->state == PLAN_WAITING)
			line = shell_line(app, step->path, step->text);
		if (line)
			cmd_error(app, "not done: %s; to finish: %s", step->what, line);
		else
			cmd_error(app, "done, and %s: %s",
				  step->undo_path ? "not taken back" : "not to be undone",
				  step->what);
	}
}

void change_report_left(const struct app *app, const struct plan *plan)
{
	if (is_past(plan)) {
		report_finish(app, plan);
		return;
	}
	for (size_t i = plan->n_steps; i-- > 0;) {
		const struct plan_step *step = &plan->step[i];
		_cleanup_free_ char *line = NULL;

		if (step->state == PLAN_LEFT)
			line = shell_line(app, step->undo_path, step->undo_text);
		if (line)
			cmd_error(app, "not undone: %s; to take it back: %s", step->what, line);
	}
}
