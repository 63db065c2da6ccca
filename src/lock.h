/* SPDX-License-Identifier: MIT */
/*
 * The configuration lock that chzdev, lszdev and ap-check of s390-tools take too:
 * whoever changes masks, devices or definitions holds it.
 *
 * Source: /run/lock/s390apconfig.lock; s390-tools, libutil/util_lockfile.c and libap/ap.c.
 */
#ifndef LOCK_H
#define LOCK_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

/** struct lock - the lock while it is held; all zero: not held */
struct lock {
	bool held;
	int dir;     /* directory of the lock file */
	pid_t pid;   /* who took it: a child that inherits the struct does not release it */
	pid_t owner; /* whose number it holds: of the same process, but in a callout */
	dev_t dev;   /* the lock file that is ours */
	ino_t ino;
};

/**
 * struct lock_holder - who holds a lock that we wait for
 * @pid:     as the lock file says; 0: the file is empty or holds no number
 * @command: its name, printable; "" unknown
 */
struct lock_holder {
	pid_t pid;
	char command[32];
};

/** Called about once a second while waiting, first after one second. */
typedef void lock_progress_fn(void *arg, const struct lock_holder *holder, unsigned waited_ms);

/**
 * lock_acquire() - take the lock, or wait for it
 * @timeout_ms: how long to wait at most; 0: one try
 * @stop:       set by signal handlers: ends the wait; may be NULL
 * @progress:   may be NULL
 * @ret:        released by lock_release(); untouched on failure
 *
 * A lock whose owner is dead is broken, as the peers do.  Missing directories are made.
 * Return: 0; -ETIMEDOUT, the holder named; -EINTR after @stop; -EACCES and others, explained.
 */
int lock_acquire(int root, unsigned timeout_ms, const volatile sig_atomic_t *stop,
		 lock_progress_fn *progress, void *arg, struct lock *ret, struct err *err);

/** lock_release() - give it back, unless it is no longer ours; for _cleanup_() */
void lock_release(struct lock *lock);

/* ---- for a callout, whose caller owns the lock ------------------------------------------------
 */

/**
 * lock_acquire_for() - as lock_acquire(), in the name of @owner
 *
 * Source: ap_get_lock_callout() of s390-tools (libap/ap.c): mdevctl owns what its callout takes,
 * from `pre` to `post`.  A lock that @owner holds already is waited for like any other.
 */
int lock_acquire_for(int root, pid_t owner, unsigned timeout_ms, const volatile sig_atomic_t *stop,
		     lock_progress_fn *progress, void *arg, struct lock *ret, struct err *err);

/** lock_keep() - let go of @lock without giving the lock back: its owner has it from now on */
void lock_keep(struct lock *lock);

/** lock_release_for() - give back the lock that @owner holds; 0 also when it holds none */
int lock_release_for(int root, pid_t owner, struct err *err);

/** enum lock_state - what stands at the lock's path; see lock_look() */
enum lock_state {
	LOCK_FREE,    /* nothing */
	LOCK_HELD,    /* by a process that lives */
	LOCK_PENDING, /* empty, or without a number, and young: perhaps being written */
	LOCK_STALE,   /* the owner is dead, or it is empty and old */
	LOCK_FOREIGN, /* no regular file: nobody's lock, but in the way */
};

/** lock_look() - who holds the lock, without taking it; 0 or errno */
int lock_look(int root, enum lock_state *ret_state, struct lock_holder *ret_holder,
	      struct err *err);

#endif
