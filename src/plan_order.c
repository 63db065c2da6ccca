/* SPDX-License-Identifier: MIT */
/*
 * Puts a step whose undo the kernel would refuse behind all others, where the order allows it:
 * then nothing can fail after it.
 */
#include "plan.h"

#include <errno.h>

#include "kernel.h"
#include "paths.h"

/* Say of each step, in the order given, what the kernel will answer to it and to its undo. */
static int plan_replay(const struct snapshot *now, struct plan *plan, bool *ret_refused)
{
	_cleanup_(kernel_freep) struct kernel *k = kernel_new(now);

	if (!k)
		return -ENOMEM;
	*ret_refused = false;
	for (size_t i = 0; i < plan->n_steps; i++) {
		struct plan_step *step = &plan->step[i];

		if (step->file)
			continue;
		step->answer = kernel_write(k, step->path, step->text);
		step->refused =
			step->undo_path && kernel_ask(k, step->undo_path, step->undo_text) < 0;
		*ret_refused |= step->answer < 0;
	}
	return 0;
}

/* Steps from @from to before @to, turned by one: the first becomes the last, or back. */
static void rotate(struct plan_step *step, size_t from, size_t to, bool back)
{
	struct plan_step one = back ? step[to - 1] : step[from];
	size_t n = to - from - 1;

	if (back) {
		memmove(&step[from + 1], &step[from], n * sizeof(*step));
		step[from] = one;
	} else {
		memmove(&step[from], &step[from + 1], n * sizeof(*step));
		step[to - 1] = one;
	}
}

/* The texts of a device's steps are made for one order of them. */
static bool is_same_device(const struct plan_step *a, const struct plan_step *b)
{
	const char *dir = strrchr(a->path, '/');
	size_t len = dir ? (size_t)(dir - a->path) + 1 : 0;

	return strncmp(a->path, PATH_MATRIX "/", strlen(PATH_MATRIX "/")) == 0 &&
	       strncmp(a->path, b->path, len) == 0;
}

int plan_order(const struct snapshot *now, struct plan *plan)
{
	const struct plan_step *unsafe = plan_unsafe_step(plan);
	size_t from = unsafe ? (size_t)(unsafe - plan->step) : 0, to = plan->n_steps;
	bool refused;
	int rc;

	if (!unsafe)
		return 0;
	while (to > from + 1 && !plan->step[to - 1].undo_path)
		to--;
	for (size_t i = from + 1; i < to; i++)
		if (is_same_device(unsafe, &plan->step[i]))
			return 0;

	rotate(plan->step, from, to, false);
	rc = plan_replay(now, plan, &refused);
	if (rc < 0 || (!refused && !plan_unsafe_step(plan)))
		return rc;
	rotate(plan->step, from, to, true);
	return plan_replay(now, plan, &refused);
}
