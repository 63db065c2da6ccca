// SPDX-License-Identifier: MIT
/*
 * Runs a change.  What it is about is the command's; whether it may be is conflict.c's; what
 * is written, and how it is undone, plan.c's and apply.c's; what is said, change_report.c's.
 */
#include "change.h"

#include <errno.h>
#include <signal.h>

#include "caps.h"
#include "lock.h"
#include "module.h"
#include "paths.h"
#include "process.h"
#include "str.h"
#include "view.h"

/* So often is started over when somebody else changes a device under our hands. */
#define CHANGE_TRIES 3

#define CHANGE_PARTS (SNAPSHOT_QUEUES | SNAPSHOT_OWNERS | SNAPSHOT_GUEST | SNAPSHOT_DEFINITIONS)

/*
 * A rule file that cannot be read is in the way of those alone who change it.  Who has devices open
 * is known by a walk over all processes, and decides only where devices go, and before Linux 6.0.
 */
static int change_read(struct app *app, unsigned flags, struct snapshot **ret)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	unsigned parts = CHANGE_PARTS;
	int rc;

	if (app->persistent)
		parts |= SNAPSHOT_RULES;
	if (flags & CHANGE_HOLDERS)
		parts |= SNAPSHOT_HOLDERS | SNAPSHOT_NODES;
	rc = snapshot_read(app->root, parts, &now, &app->err);
	if (rc == 0 && now->mdevs.n && !caps_find(now).dynamic)
		rc = snapshot_holders_read(app->root, now, &app->err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(now);
	return 0;
}

static volatile sig_atomic_t stop_signal;

static void stop_handler(int signal)
{
	stop_signal = signal;
}

/* No SA_RESTART: a write that waits for the masks ends with EINTR. */
static void stop_signals_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = stop_handler };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction old;

		/* nohup(1) and background jobs ignore some: leave it so. */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

static void progress(void *arg, const struct lock_holder *holder, unsigned waited_ms)
{
	const struct app *app = arg;

	if (waited_ms >= 2000)
		return;
	if (holder->pid)
		cmd_note(app, "waiting for the configuration lock, held by '%s' (pid %d)",
			 *holder->command ? holder->command : "?", (int)holder->pid);
	else
		cmd_note(app, "waiting for the configuration lock");
}

static void trace(void *arg, const char *path, const char *text, bool undo)
{
	const struct app *app = arg;
	_cleanup_free_ char *line = NULL;

	if (!app->verbose)
		return;
	if (str_starts_with(path, PATH_ETC "/"))
		line = finding_text("%s /%s", text ? "write" : "rm", path);
	else
		line = plan_shell(NULL, path, text);
	if (line)
		cmd_note(app, "%s%s", undo ? "undo: " : "", line);
}

/* An errno that no argument of the user's explains: never "not found". */
static int failed(struct app *app, int rc)
{
	if (rc < 0 && !*app->err.what)
		err_errno(&app->err, rc, "cannot go on");
	return rc < 0 ? STATUS_FAILED : rc;
}

static int change_lock(struct app *app, struct lock *lock)
{
	int rc = lock_acquire(app->root, app->lock_timeout_ms, &stop_signal, progress, app, lock,
			      &app->err);

	return rc == -ETIMEDOUT ? STATUS_LOCKED : failed(app, rc);
}

/* The device that a step is about; untouched when it is about none. */
static void step_uuid(const struct plan_step *step, char ret_uuid[UUID_SIZE])
{
	const char *rest = str_starts_with(step->path, PATH_MATRIX "/");

	if (strcmp(step->path, PATH_MATRIX_CREATE) == 0)
		rest = step->text;
	if (step->file)
		rest = str_starts_with(step->path, PATH_DEFINITIONS "/");
	if (rest && strlen(rest) >= UUID_SIZE - 1)
		snprintf(ret_uuid, UUID_SIZE, "%.36s", rest);
}

/* ---- refusals --------------------------------------------------------------------------- */

static int refuse_unsafe(struct app *app, struct change *change, const struct plan *plan)
{
	const struct plan_step *step = plan_unsafe_step(plan);
	struct finding finding = { .code = FINDING_UNDO_REFUSED,
				   .severity = app->force ? FINDING_WARNING : FINDING_ERROR };
	_cleanup_free_ char *hint = NULL;

	if (!step)
		return 0;
	if (step->command)
		hint = finding_text("'%s' by itself first, or --force", step->command);
	else
		hint = finding_text("--force goes on");
	if (!hint)
		return err_oom(&app->err);
	return findings_say(&change->findings, finding, app->force ? NULL : hint,
			    "the kernel would not let us take back: %s", step->what);
}

int change_find_refused(const struct plan *plan, struct findings *ret)
{
	const struct plan_step *step = plan_refused_step(plan);
	struct finding finding = { .code = FINDING_WRITE_REFUSED };

	if (!step)
		return 0;
	step_uuid(step, finding.uuid[0]);
	return findings_say(ret, finding, NULL, "cannot %s: %s", step->what,
			    plan_reason(step->path, step->answer));
}

/* Somebody opened a device between the snapshot and the hold: who? */
static int refuse_held(struct app *app, struct change *change)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct finding proto = { .code = FINDING_DEVICE_IN_USE };
	int rc;

	findings_done(&change->findings);
	rc = change_read(app, CHANGE_HOLDERS, &now);
	if (rc == 0)
		rc = conflict_find(now, change->want, CONFLICT_FORCE, &change->findings);
	if (rc < 0)
		return failed(app, rc);
	if (!change->findings.n_errors)
		rc = findings_say(&change->findings, proto, app->err.hint, "%s", app->err.what);
	return rc < 0 ? failed(app, rc) : cmd_refuse(app, &change->findings);
}

/* ---- the writes ---------------------------------------------------------------------------- */

static bool is_refusal(int code)
{
	return code == -EBUSY || code == -ENODATA;
}

static int change_apply(struct app *app, struct change *change, struct plan *plan,
			char ret_uuid[UUID_SIZE])
{
	switch (plan_apply(app->root, plan, change->want, &stop_signal, trace, app, &app->err)) {
	case PLAN_DONE: app->err = (struct err){ 0 }; return 0;
	case PLAN_UNTOUCHED:
		if (app->err.code == -EAGAIN)
			return -EAGAIN;
		return is_refusal(app->err.code) ? refuse_held(app, change) : STATUS_FAILED;
	case PLAN_UNDONE:
		if (app->err.code == -EAGAIN)
			return -EAGAIN;
		if (ret_uuid && plan->failed && app->err.code != -EINTR)
			step_uuid(plan->failed, ret_uuid);
		return STATUS_FAILED;
	case PLAN_PARTLY: break;
	}
	change_report_left(app, plan);
	return STATUS_PARTLY;
}

static int change_refuse(struct app *app, struct change *change)
{
	_cleanup_free_ char *name = finding_text("device '%s'", change->uuid);

	if (!name ||
	    (change->is_random && findings_rename(&change->findings, name, "the new device") < 0))
		return failed(app, err_oom(&app->err));
	return cmd_refuse(app, &change->findings);
}

/* Does it matter who has devices open, and has nobody looked? */
static bool is_blind(const struct change *change, const struct findings *findings)
{
	const struct snapshot *now = change->now;

	if (now->parts & SNAPSHOT_HOLDERS)
		return false;
	for (size_t i = 0; i < now->mdevs.n; i++)
		if (!now->mdevs.v[i].removing &&
		    !wish_device_const(change->want, now->mdevs.v[i].uuid))
			return true;
	return findings->n_errors > 0 && now->mdevs.n > 0;
}

/* All conflicts.  Where they have to do with who has devices open, that is looked at first. */
static int change_judge(struct app *app, struct change *change)
{
	_cleanup_(findings_done) struct findings findings = { 0 };
	const unsigned flags = change->conflict_flags | (app->force ? CONFLICT_FORCE : 0);
	int rc = conflict_find(change->now, change->want, flags, &findings);

	if (rc == 0 && is_blind(change, &findings)) {
		findings_done(&findings);
		rc = snapshot_holders_read(app->root, change->now, &app->err);
		if (rc == 0)
			rc = conflict_find(change->now, change->want, flags, &findings);
	}
	return rc == 0 ? findings_move(&change->findings, &findings) : rc;
}

static int change_decide(struct app *app, struct change *change, struct plan *plan,
			 change_edit_fn *edit, void *arg)
{
	int rc = edit(app, change, arg);

	if (rc)
		return rc < 0 ? failed(app, rc) : rc;
	rc = change_judge(app, change);
	if (rc == 0)
		rc = plan_build(change->now, change->want, plan, &app->err);
	if (rc == 0 && !change->findings.n_errors)
		rc = change_find_refused(plan, &change->findings);
	if (rc == 0 && !change->findings.n_errors)
		rc = refuse_unsafe(app, change, plan);
	if (rc < 0)
		return failed(app, rc);
	return change->findings.n_errors ? change_refuse(app, change) : 0;
}

static int change_begin(struct app *app, struct change *change, struct snapshot *now)
{
	/* A root without a machine: what there may be one day. */
	if (!now->bus.present)
		now->bus.max_adapter = now->bus.max_domain = VFIOAP_IDS - 1;
	change->now = now;
	change->want = wish_new(now);
	if (!change->want)
		return failed(app, err_oom(&app->err));
	change->want->sides = app->active && app->persistent ? "" : app->active ? " -A" : " -P";
	return 0;
}

static void change_done(struct change *change)
{
	findings_done(&change->findings);
	wish_free(change->want);
}

/* ---- vfio_ap is loaded on the way ------------------------------------------------------------ */

static void module_progress(void *arg, unsigned waited_ms)
{
	const struct app *app = arg;

	if (waited_ms < 2000)
		cmd_note(app, "waiting for the kernel module vfio_ap");
}

static int refuse_module(struct app *app)
{
	_cleanup_(findings_done) struct findings findings = { 0 };
	const struct finding proto = { .code = FINDING_MODULE_MISSING };

	if (findings_say(&findings, proto, app->err.hint, "%s", app->err.what) < 0)
		return err_oom(&app->err);
	return cmd_refuse(app, &findings);
}

/* The part of a change that comes before the module: masks and overrides. */
static int plan_pools(const struct change *change, struct plan *ret, struct err *err)
{
	_cleanup_(wish_freep) struct wish *want = wish_new(change->now);

	if (!want)
		return err_oom(err);
	want->masks = change->want->masks;
	want->override = change->want->override;
	want->rebind = change->want->rebind;
	return plan_build(change->now, want, ret, err);
}

/* For the report alone: the module as one more step, and @more behind it. */
static int plan_join(struct plan *plan, size_t at, struct plan *more)
{
	struct plan_step module = { .path = strdup(PATH_MODPROBE),
				    .text = strdup("vfio_ap"),
				    .what = strdup("load the kernel module vfio_ap") };
	size_t n = more ? more->n_steps : 0;
	struct plan_step *v = NULL;

	if (module.path && module.text && module.what)
		v = reallocarray(plan->step, plan->n_steps + 1 + n, sizeof(*v));
	if (!v) {
		free(module.path);
		free(module.text);
		free(module.what);
		return -ENOMEM;
	}
	memmove(&v[at + 1], &v[at], (plan->n_steps - at) * sizeof(*v));
	v[at] = module;
	plan->step = v;
	plan->n_steps++;
	if (!n)
		return 0;
	memcpy(&v[plan->n_steps], more->step, n * sizeof(*v));
	plan->n_steps += n;
	more->n_steps = 0;
	return 0;
}

/* Queues that vfio_ap has to have before the change can go on. */
static int module_queues(const struct change *change, struct qset *ret)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));

	if (!after)
		return -ENOMEM;
	wish_predict_bus(change->now, change->want, after);
	*ret = change->reserved;
	qset_or(ret, &change->also);
	for (size_t i = 0; i < change->want->n_devices; i++) {
		const struct matrix *m = &change->want->device[i].matrix;
		struct qset queues;

		qset_product(&queues, &m->adapters, &m->domains);
		qset_or(ret, &queues);
	}
	qset_and(ret, &after->vfio_driver);
	return 0;
}

static int module_insert(struct app *app, const struct change *change)
{
	_cleanup_free_ struct qset *queues = malloc(sizeof(*queues));

	if (!queues || module_queues(change, queues) < 0)
		return err_oom(&app->err);
	trace(app, PATH_MODPROBE, "vfio_ap", false);
	return failed(
		app, module_load(app->root, queues, &stop_signal, module_progress, app, &app->err));
}

/* What was said before the module counts too, each once. */
static int change_merge(struct change *change, struct change *before)
{
	qset_or(&change->reserved, &before->reserved);
	qset_or(&change->also, &before->also);
	for (size_t i = 0; i < before->findings.n; i++) {
		struct finding *finding = &before->findings.v[i], moved;
		bool known = false;

		for (size_t k = 0; k < change->findings.n; k++)
			known |= strcmp(change->findings.v[k].message, finding->message) == 0;
		if (known)
			continue;
		moved = *finding;
		finding->message = finding->hint = NULL;
		if (findings_add(&change->findings, moved) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Devices that have not been taken back may need what @plan has done. */
static void plan_leave(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->step[i].state == PLAN_WRITTEN)
			plan->step[i].state = PLAN_LEFT;
}

static int change_take_back(struct app *app, struct plan *plan, int rc)
{
	if (rc == STATUS_PARTLY)
		plan_leave(plan);
	else if (plan_undo(app->root, plan, trace, app, &app->err) == PLAN_UNDONE)
		return rc;
	change_report_left(app, plan);
	return STATUS_PARTLY;
}

/* The same devices, with those that were written to as they are now. */
static int look_at_devices(struct app *app, const struct change *change, const struct plan *plan,
			   struct snapshot **ret)
{
	_cleanup_(snapshot_freep) struct snapshot *after = NULL;
	int rc = snapshot_copy(change->now, &after, &app->err);

	for (size_t i = 0; rc == 0 && i < after->mdevs.n; i++) {
		struct mdev *mdev = &after->mdevs.v[i];
		const struct wish_device *is = wish_device_const(change->want, mdev->uuid);

		if (!is || !plan_touches(plan, mdev->uuid))
			continue;
		mdev->matrix = is->matrix;
		rc = mdev_guest_read(app->root, mdev, &app->err);
	}
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(after);
	return 0;
}

/* What the writes have moved: enum plan_reach. */
static unsigned change_reach(const struct plan *plan)
{
	unsigned reach = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		reach |= plan_step_reach(&plan->step[i]);
	return reach;
}

/*
 * It is done and verified by now: a second look only tells what guests see, so it is at that
 * alone, and at the bus where that was written to.  NULL: it cannot be told.
 */
static struct snapshot *change_look(struct app *app, const struct change *change,
				    const struct plan *plan)
{
	const unsigned reach = change_reach(plan);
	struct snapshot *after = NULL;
	int rc;

	if (reach == PLAN_REACHES_DEVICE)
		rc = look_at_devices(app, change, plan, &after);
	else
		rc = snapshot_read(app->root,
				   SNAPSHOT_OWNERS | SNAPSHOT_GUEST |
					   (reach & PLAN_REACHES_BUS ? SNAPSHOT_QUEUES : 0),
				   &after, &app->err);
	if (rc < 0)
		app->err = (struct err){ 0 };
	if (after && !(reach & PLAN_REACHES_BUS))
		after->bus = change->now->bus;
	return after;
}

static int change_finish(struct app *app, struct change *change, struct plan *plan, unsigned flags)
{
	_cleanup_(snapshot_freep) struct snapshot *read = NULL;
	const struct snapshot *after = NULL;
	int rc = 0;

	if (!app->dry_run && change_reach(plan))
		after = read = change_look(app, change, plan);
	else if (!app->dry_run)
		after = change->now;
	view_warn_broken(app, change->now);
	if (after && change->done)
		rc = change->done(app, change, after);
	return rc < 0 ? failed(app, rc) : change_report(app, change, plan, after, flags);
}

/* The masks are set, and @pools is what can take them back: look again, and do the rest. */
static int change_go_on(struct app *app, struct change *before, struct plan *pools, unsigned flags,
			change_edit_fn *edit, void *arg, char ret_uuid[UUID_SIZE])
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	_cleanup_(change_done) struct change change = { 0 };
	_cleanup_(plan_done) struct plan plan = { 0 };
	int rc = failed(app, change_read(app, flags, &now));

	if (!rc)
		rc = change_begin(app, &change, now);
	if (!rc)
		rc = change_decide(app, &change, &plan, edit, arg);
	if (!rc && plan.n_steps)
		rc = change_apply(app, &change, &plan, ret_uuid);
	if (rc)
		return change_take_back(app, pools, rc);
	if (change_merge(&change, before) < 0 || plan_join(pools, pools->n_steps, &plan) < 0)
		return err_oom(&app->err);
	return change_finish(app, &change, pools, flags);
}

/* @change is decided on, as if vfio_ap were there; masks first, then the module, then the rest. */
static int change_load(struct app *app, struct change *change, struct plan *plan, unsigned flags,
		       change_edit_fn *edit, void *arg, char ret_uuid[UUID_SIZE])
{
	_cleanup_(plan_done) struct plan pools = { 0 };
	int rc = plan_pools(change, &pools, &app->err);

	if (rc < 0)
		return failed(app, rc);
	if (module_check(app->root, &app->err) < 0)
		return refuse_module(app);
	if (app->dry_run) {
		rc = plan_join(plan, pools.n_steps, NULL);
		return rc < 0 ? err_oom(&app->err) : change_finish(app, change, plan, flags);
	}

	if (pools.n_steps)
		rc = change_apply(app, change, &pools, ret_uuid);
	if (rc)
		return rc;
	rc = module_insert(app, change);
	if (rc)
		return change_take_back(app, &pools, rc);
	return change_go_on(app, change, &pools, flags, edit, arg, ret_uuid);
}

/* ---- all of it --------------------------------------------------------------------------- */

/* From a snapshot to the report, once; -EAGAIN: somebody was in between. */
static int change_try(struct app *app, unsigned flags, change_edit_fn *edit, void *arg,
		      char ret_uuid[UUID_SIZE])
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	_cleanup_(change_done) struct change change = { 0 };
	_cleanup_(plan_done) struct plan plan = { 0 };
	int rc = change_read(app, flags, &now);
	bool load = rc == 0 && flags & CHANGE_MODULE && app->active && !now->mdevs.loaded;

	if (rc < 0)
		return failed(app, rc);
	if (!now->bus.present && app->active)
		return cmd_fail(app, STATUS_FAILED, "this machine has no AP bus: no /sys/bus/ap");

	if (load)
		snapshot_assume_module(now);
	rc = change_begin(app, &change, now);
	if (rc == 0)
		rc = change_decide(app, &change, &plan, edit, arg);
	if (rc == 0 && load)
		return change_load(app, &change, &plan, flags, edit, arg, ret_uuid);
	if (rc == 0 && !app->dry_run && plan.n_steps)
		rc = change_apply(app, &change, &plan, ret_uuid);
	return rc ? rc : change_finish(app, &change, &plan, flags);
}

int change_run_device(struct app *app, unsigned flags, change_edit_fn *edit, void *arg,
		      char ret_uuid[UUID_SIZE])
{
	_cleanup_(lock_release) struct lock lock = { 0 };
	int rc = cmd_root_check(app);

	if (rc)
		return rc;
	process_stack_take();
	stop_signals_catch();
	rc = app->dry_run ? 0 : change_lock(app, &lock);
	if (rc)
		return rc;

	for (unsigned i = 0; i < CHANGE_TRIES; i++) {
		rc = change_try(app, flags, edit, arg, ret_uuid);
		if (rc != -EAGAIN)
			return rc;
	}
	return STATUS_FAILED;
}

int change_run(struct app *app, unsigned flags, change_edit_fn *edit, void *arg)
{
	return change_run_device(app, flags, edit, arg, NULL);
}
