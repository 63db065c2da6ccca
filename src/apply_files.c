/* SPDX-License-Identifier: MIT */
/*
 * Files of the next boot, exchanged as steps of a plan: how is left to swap.c, when to
 * apply.c.
 */
#include "apply_files.h"

#include <errno.h>

#include "paths.h"

static int explain(struct err *err, int rc, const struct plan_step *step)
{
	switch (rc) {
	case -ENOMEM: return err_oom(err);
	case -ELOOP:
		return err_set(err, rc, "cannot %s: '/%s' is a symbolic link", step->what,
			       step->path);
	case -EINVAL:
	case -EISDIR:
		return err_set(err, rc, "cannot %s: '/%s' is no regular file", step->what,
			       step->path);
	case -ESTALE:
	case -EAGAIN:
		return err_set(err, -EAGAIN, "cannot %s: somebody else keeps changing '/%s'",
			       step->what, step->path);
	default:
		return err_set(err, rc, "cannot %s: '/%s': %s", step->what, step->path,
			       err_text(rc));
	}
}

static int prepare(int root, struct plan_step *step)
{
	const char *name = strrchr(step->path, '/');
	char dir[PATH_SIZE];
	int rc;

	snprintf(dir, sizeof(dir), "%.*s", (int)(name - step->path), step->path);
	swap_done(step->file);
	rc = swap_open(root, dir, name + 1, step->file);
	if (rc == 0 && !swap_is_same(step->file, step->undo_text, step->undo_len))
		rc = -ESTALE;
	if (rc == 0)
		rc = swap_prepare(step->file, step->text, step->text ? strlen(step->text) : 0,
				  0644);
	return rc;
}

int apply_files_prepare(int root, struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		struct plan_step *step = &plan->step[i];
		int rc = step->file ? prepare(root, step) : 0;

		if (rc < 0)
			return explain(err, rc, step);
	}
	return 0;
}

int apply_file_commit(struct plan_step *step, struct err *err)
{
	int rc = swap_commit(step->file);

	/* What failed behind the rename is there all the same, and is taken back. */
	if (step->file->placed)
		step->state = PLAN_WRITTEN;
	return rc < 0 ? explain(err, rc, step) : 0;
}

int apply_file_undo(struct plan_step *step)
{
	return swap_undo(step->file);
}

static int reads_otherwise(const struct plan_step *step, struct err *err)
{
	return err_set(err, -EIO, "cannot %s: '/%s' reads otherwise", step->what, step->path);
}

static int verify_rules(int root, const struct plan_step *step, const struct wish *want,
			struct err *err)
{
	struct udev_rules rules;
	int rc = udev_rules_read(root, &rules, NULL, NULL, err);

	if (rc < 0)
		return rc;
	if ((rules.present && !rules.own_form) || !udev_rules_equal(&rules, &want->rules))
		return reads_otherwise(step, err);
	return 0;
}

static int verify_overrides(int root, const struct plan_step *step, const struct wish *want,
			    struct err *err)
{
	struct overrides overrides;
	int rc = overrides_read(root, &overrides, NULL, NULL, err);

	if (rc < 0)
		return rc;
	if (overrides.bad_line || !qset_equal(&overrides.queues, &want->overrides))
		return reads_otherwise(step, err);
	return 0;
}

int apply_files_verify(int root, const struct plan *plan, const struct wish *want, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->step[i];

		if (strcmp(step->path, PATH_RULES) == 0)
			rc = verify_rules(root, step, want, err);
		else if (strcmp(step->path, PATH_OVERRIDES) == 0)
			rc = verify_overrides(root, step, want, err);
	}
	return rc;
}
