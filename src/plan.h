/* SPDX-License-Identifier: MIT */
/*
 * The ordered list of writes that turns a snapshot into a wish, each with its undo, and
 * the one place that carries such a list out.  A write is one into a file of the kernel, or
 * a file of the next boot exchanged as a whole.
 */
#ifndef PLAN_H
#define PLAN_H

#include <signal.h>

#include "conflict.h"
#include "swap.h"

/** enum plan_reach - what a write changes beside what it names */
enum plan_reach {
	PLAN_REACHES_DEVICE = 1 << 0,  /* one active device, and what its guest sees */
	PLAN_REACHES_DEVICES = 1 << 1, /* ... which devices there are */
	PLAN_REACHES_BUS = 1 << 2,     /* queues and their drivers, and so what all guests see */
};

/** enum plan_state - how far a step got in plan_apply() */
enum plan_state {
	PLAN_WAITING, /* not written */
	PLAN_WRITTEN, /* the kernel took it */
	PLAN_LEFT,    /* written, and the kernel refused to take it back, or nothing can */
};

/**
 * struct plan_step - one write
 * @path:      relative to the root, "sys/bus/ap/aqmask"
 * @text:      exactly what is written; of a file that is exchanged its contents, which have no
 *             NUL in them, or NULL: it is removed
 * @undo_path, @undo_text: the write that takes it back; NULL: there is none
 * @file:      a file that is exchanged; plan_apply() keeps here what it needs; else NULL.
 *             @undo_text is what it holds before, or NULL: there is none, and @undo_len its
 *             length in bytes
 * @answer:    what the kernel will answer to the write: 0, or a negative errno
 * @refused:   the kernel would refuse the undo from the state after this step
 * @command:   does this step alone, "vfioap reserve -A -a 5"; NULL: none does
 * @optional:  brings guest_matrix up to date: when it fails, all else stays
 * @what:      in words, "assign adapter 5 to device '6217...'"
 */
struct plan_step {
	char *path;
	char *text;
	char *undo_path;
	char *undo_text;
	char *what;
	char *command;
	struct swap *file;
	size_t undo_len;
	int answer;
	bool refused, optional;
	enum plan_state state;
};

/**
 * struct plan
 * @hold: nodes ("dev/vfio/3") opened before the first write and kept to the end, so that no
 *        guest can open a device that is being removed
 * @failed: the step that plan_apply() failed at; NULL none
 * @hold_missing: a node that does not exist is no reason to refuse: /proc told of everybody
 */
struct plan {
	struct plan_step *step;
	size_t n_steps;
	char **hold;
	size_t n_holds;
	bool hold_missing;
	const struct plan_step *failed;
};

void plan_done(struct plan *plan);

/** plan_step_reach() - enum plan_reach, 0: a file of the next boot */
unsigned plan_step_reach(const struct plan_step *step);

/** plan_touches() - is a write to this device among the steps */
bool plan_touches(const struct plan *plan, const char *uuid);

/**
 * plan_build() - pure: the writes from @now to @want in an order that never gives a queue
 *                to two owners: mask bits cleared, devices shrunk and removed, devices
 *                created and grown, mask bits set, files of the next boot exchanged; what
 *                cannot be undone goes last
 *
 * Several IDs of one device become one ap_config write where the kernel has it, else single
 * writes, removals first.  Return: 0; -ENOMEM.
 */
int plan_build(const struct snapshot *now, const struct wish *want, struct plan *ret,
	       struct err *err);

/**
 * plan_add() - append a step
 * @step: its texts are taken over, also on failure
 * @has_undo: whether it must have one
 *
 * Return: 0; -ENOMEM, also when a text is NULL that must not be.
 */
int plan_add(struct plan *plan, struct plan_step step, bool has_undo);

/** plan_add_files() - append the files of the next boot in which @now and @want differ; -ENOMEM */
int plan_add_files(const struct snapshot *now, const struct wish *want, struct plan *plan);

/** plan_unsafe_step() - the first step, not the last, whose undo would be refused, or NULL */
const struct plan_step *plan_unsafe_step(const struct plan *plan);

/** plan_refused_step() - the first step that the kernel would refuse as it stands, or NULL */
const struct plan_step *plan_refused_step(const struct plan *plan);

/**
 * plan_order() - move a step whose undo would be refused behind all others that have one
 *
 * plan_build() has done so.  Where the others need it before them all stays as it is.
 * Return: 0; -ENOMEM.
 */
int plan_order(const struct snapshot *now, struct plan *plan);

/** plan_reason() - what an errno of a file means, in words; lends a constant */
const char *plan_reason(const char *path, int code);

/**
 * plan_shell() - a write as a shell line, "echo -4 > /sys/bus/ap/aqmask"; heap or NULL
 * @root: where the root of the host is, NULL: "/"
 * @text: NULL: the file is removed
 *
 * Beside files there is one program, modprobe: "modprobe vfio_ap".  A file of the next boot
 * is written by printf(1), with its line ends as they are, and nothing else that could steer
 * a terminal.
 */
char *plan_shell(const char *root, const char *path, const char *text);

/** enum plan_result - how it ended */
enum plan_result {
	PLAN_DONE,	/* all written and read back */
	PLAN_UNTOUCHED, /* failed before the first write: see err->code */
	PLAN_UNDONE,	/* failed, the state is as before */
	PLAN_PARTLY,	/* failed, and so did the undo: err says so, PLAN_LEFT marks what is left */
};

/** Told of each write before it happens; @undo: it is one that takes another back */
typedef void plan_trace_fn(void *arg, const char *path, const char *text, bool undo);

/**
 * plan_apply() - write, verify by reading back, undo on failure
 * @want: what the machine is compared with at the end
 * @stop: set by signal handlers: finish the current write, then undo; may be NULL
 * @trace: may be NULL
 *
 * Files are written and synced out of sight before the first write to the kernel, so that a
 * rename is all that is left of each.
 *
 * err->code: -EBUSY a hold was refused, -ENODATA a node to hold is missing, -EINTR stopped,
 * -EAGAIN a device or a file was changed by somebody else meanwhile (start over), -EIO read
 * back something else, or the kernel's errno.
 */
enum plan_result plan_apply(int root, struct plan *plan, const struct wish *want,
			    const volatile sig_atomic_t *stop, plan_trace_fn *trace, void *arg,
			    struct err *err);

/**
 * plan_undo() - take back what plan_apply() has written, when something else failed later
 * @err: added to, as by plan_apply()
 *
 * Return: PLAN_UNDONE or PLAN_PARTLY.
 */
enum plan_result plan_undo(int root, struct plan *plan, plan_trace_fn *trace, void *arg,
			   struct err *err);

#endif
