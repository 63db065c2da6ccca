/* SPDX-License-Identifier: MIT */
/*
 * The ordered list of writes that turns a snapshot into a wish, each with its undo, and
 * the one place that carries such a list out.
 */
#ifndef PLAN_H
#define PLAN_H

#include <signal.h>

#include "conflict.h"

/** enum plan_state - how far a step got in plan_apply() */
enum plan_state {
	PLAN_WAITING, /* not written */
	PLAN_WRITTEN, /* the kernel took it */
	PLAN_LEFT,    /* written, and the kernel refused to take it back, or nothing can */
};

/**
 * struct plan_step - one write(2)
 * @path:      relative to the root, "sys/bus/ap/aqmask"
 * @text:      exactly what is written
 * @undo_path, @undo_text: the write that takes it back; NULL: there is none
 * @refused:   the kernel would refuse the undo from the state after this step
 * @optional:  brings guest_matrix up to date: when it fails, all else stays
 * @what:      in words, "assign adapter 5 to device '6217...'"
 */
struct plan_step {
	char *path;
	char *text;
	char *undo_path;
	char *undo_text;
	char *what;
	bool refused, optional;
	enum plan_state state;
};

/**
 * struct plan
 * @hold: nodes ("dev/vfio/3") opened before the first write and kept to the end, so that no
 *        guest can open a device that is being removed
 * @hold_missing: a node that does not exist is no reason to refuse: /proc told of everybody
 */
struct plan {
	struct plan_step *step;
	size_t n_steps;
	char **hold;
	size_t n_holds;
	bool hold_missing;
};

void plan_done(struct plan *plan);

/**
 * plan_build() - pure: the writes from @now to @want in an order that never gives a queue
 *                to two owners: mask bits cleared, devices shrunk and removed, devices
 *                created and grown, mask bits set; what cannot be undone goes last
 *
 * Several IDs of one device become one ap_config write where the kernel has it, else single
 * writes, removals first.  Return: 0; -ENOMEM.
 */
int plan_build(const struct snapshot *now, const struct wish *want, struct plan *ret,
	       struct err *err);

/**
 * plan_undo_is_refused() - pure: would the kernel refuse to give @uuid the @matrix (again)
 * @state: masks and devices as they are then; what @uuid has there does not count
 *
 * Source: vfio_ap_ops.c of Linux, vfio_ap_mdev_validate_masks(): the whole matrix is looked
 * at, for queues of the host and for those of other devices.
 */
bool plan_undo_is_refused(const struct apbus *bus, const struct wish *state, const char *uuid,
			  const struct matrix *matrix);

/**
 * plan_mask_is_refused() - pure: would the kernel refuse to set the bits @set
 *
 * Source: vfio_ap_mdev_in_use(): up to 6.18 a device's queue counts only when its other bit
 * is set, since 6.19 always.
 */
bool plan_mask_is_refused(const struct apbus *bus, const struct wish *state, bool is_apmask,
			  const struct vfioap_mask *set);

/** plan_unsafe_step() - the first step, not the last, whose undo would be refused, or NULL */
const struct plan_step *plan_unsafe_step(const struct plan *plan);

/** plan_shell() - a write as a shell line, "echo -4 > /sys/bus/ap/aqmask"; heap or NULL */
char *plan_shell(const char *path, const char *text);

/** enum plan_result - how it ended */
enum plan_result {
	PLAN_DONE,	/* all written and read back */
	PLAN_UNTOUCHED, /* failed before the first write: a hold was refused (err->code -EBUSY) */
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
 * err->code: -EBUSY a hold was refused, -ENODATA a node to hold is missing, -EINTR stopped,
 * -EAGAIN a device was changed by somebody else meanwhile (start over), -EIO read back
 * something else, or the kernel's errno.
 */
enum plan_result plan_apply(int root, struct plan *plan, const struct wish *want,
			    const volatile sig_atomic_t *stop, plan_trace_fn *trace, void *arg,
			    struct err *err);

#endif
