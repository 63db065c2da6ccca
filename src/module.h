/* SPDX-License-Identifier: MIT */
/*
 * The kernel module vfio_ap: can it be loaded, load it.  Nothing is ever unloaded.
 *
 * Source: modprobe(8); no alias leads to vfio_ap, so somebody has to ask for it.
 */
#ifndef MODULE_H
#define MODULE_H

#include <signal.h>

#include "err.h"
#include "qset.h"

/** Called about once a second while waiting, first after one second. */
typedef void module_progress_fn(void *arg, unsigned waited_ms);

/**
 * module_check() - would modprobe find vfio_ap and load it; loads nothing
 * Return: 0; -ENOENT, -EACCES or -ENOEXEC without a modprobe that can be run; -ENODEV when it
 * would not load, with what it says in @err.
 */
int module_check(int root, struct err *err);

/**
 * module_load() - have modprobe load vfio_ap, and wait for its matrix device
 * @queues:   wait until these are bound to it too, as far as they come
 * @stop:     set by signal handlers: ends the wait
 * @progress: may be NULL
 *
 * Waits for nothing else: neither for udev nor for the end of modprobe once there is what was
 * waited for, since what they started may be waiting for our lock.
 * Return: 0; -EIO when modprobe failed, with what it says in @err; -ETIMEDOUT; -EINTR.
 */
int module_load(int root, const struct qset *queues, const volatile sig_atomic_t *stop,
		module_progress_fn *progress, void *arg, struct err *err);

#endif
