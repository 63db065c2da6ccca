// SPDX-License-Identifier: MIT
/*
 * Runs a change.  What it is about is the command's; whether it may be is conflict.c's; what
 * is written, and how it is undone, plan.c's and apply.c's; what is said, change_report.c's.
 */
#include "change.h"

#include <errno.h>
#include <signal.h>

#include "lock.h"
#include "view.h"

/* So often is started over when somebody else changes a device under our hands. */
#define CHANGE_TRIES 3

#define CHANGE_PARTS \
	(SNAPSHOT_BUS | SNAPSHOT_DEVICES | SNAPSHOT_GUEST | SNAPSHOT_DEFINITIONS | SNAPSHOT_HOLDERS)

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
	_cleanup_free_ char *line = plan_shell(path, text);

	if (app->verbose && line)
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

/* ---- refusals --------------------------------------------------------------------------- */

static int refuse_unsafe(struct app *app, struct change *change, const struct plan *plan)
{
	const struct plan_step *step = plan_unsafe_step(plan);
	struct finding finding = { .code = FINDING_UNDO_REFUSED,
				   .severity = app->force ? FINDING_WARNING : FINDING_ERROR };
	_cleanup_free_ char *hint = NULL;

	if (!step)
		return 0;
	hint = finding_text("'%s' by itself first", step->what);
	if (!hint)
		return err_oom(&app->err);
	return findings_say(&change->findings, finding, hint,
			    "the kernel would not let us take back: %s", step->what);
}

/* Somebody opened a device between the snapshot and the hold: who? */
static int refuse_held(struct app *app, struct change *change)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct finding proto = { .code = FINDING_DEVICE_IN_USE };
	int rc;

	findings_done(&change->findings);
	rc = snapshot_read(app->root, CHANGE_PARTS, &now, &app->err);
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

static int change_apply(struct app *app, struct change *change, struct plan *plan)
{
	switch (plan_apply(app->root, plan, change->want, &stop_signal, trace, app, &app->err)) {
	case PLAN_DONE: app->err = (struct err){ 0 }; return 0;
	case PLAN_UNTOUCHED:
		return is_refusal(app->err.code) ? refuse_held(app, change) : STATUS_FAILED;
	case PLAN_UNDONE: return app->err.code == -EAGAIN ? -EAGAIN : STATUS_FAILED;
	case PLAN_PARTLY: break;
	}
	change_report_left(app, plan);
	return STATUS_PARTLY;
}

static int change_decide(struct app *app, struct change *change, struct plan *plan,
			 change_edit_fn *edit, void *arg)
{
	int rc = edit(app, change, arg);

	if (rc)
		return rc < 0 ? failed(app, rc) : rc;
	rc = conflict_find(change->now, change->want, app->force ? CONFLICT_FORCE : 0,
			   &change->findings);
	if (rc == 0)
		rc = plan_build(change->now, change->want, plan, &app->err);
	if (rc == 0)
		rc = refuse_unsafe(app, change, plan);
	if (rc < 0)
		return failed(app, rc);
	return change->findings.n_errors ? cmd_refuse(app, &change->findings) : 0;
}

static void change_done(struct change *change)
{
	findings_done(&change->findings);
	wish_free(change->want);
}

/* From a snapshot to the report, once; -EAGAIN: somebody was in between. */
static int change_try(struct app *app, unsigned flags, change_edit_fn *edit, void *arg)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL, *after = NULL;
	_cleanup_(change_done) struct change change = { 0 };
	_cleanup_(plan_done) struct plan plan = { 0 };
	int rc = snapshot_read(app->root, CHANGE_PARTS, &now, &app->err);

	if (rc < 0)
		return failed(app, rc);
	if (!now->bus.present)
		return cmd_fail(app, STATUS_FAILED, "this machine has no AP bus: no /sys/bus/ap");

	change.now = now;
	change.want = wish_new(now);
	if (!change.want)
		return err_oom(&app->err);

	rc = change_decide(app, &change, &plan, edit, arg);
	if (rc == 0 && !app->dry_run && plan.n_steps)
		rc = change_apply(app, &change, &plan);
	if (rc)
		return rc;
	/* It is done and verified by now: a second look only tells what guests see. */
	if (!app->dry_run && snapshot_read(app->root, CHANGE_PARTS, &after, &app->err) < 0)
		app->err = (struct err){ 0 };
	view_warn_broken(app, now);
	return change_report(app, &change, &plan, after, flags);
}

int change_run(struct app *app, unsigned flags, change_edit_fn *edit, void *arg)
{
	_cleanup_(lock_release) struct lock lock = { 0 };
	int rc = cmd_root_check(app);

	if (rc)
		return rc;
	stop_signals_catch();
	rc = app->dry_run ? 0 : change_lock(app, &lock);
	if (rc)
		return rc;

	for (unsigned i = 0; i < CHANGE_TRIES; i++) {
		rc = change_try(app, flags, edit, arg);
		if (rc != -EAGAIN)
			return rc;
	}
	return STATUS_FAILED;
}
