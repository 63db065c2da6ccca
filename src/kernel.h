/* SPDX-License-Identifier: MIT */
/*
 * The kernel's answer to a write, worked out beforehand.  Pure: a state that begins as the
 * snapshot and follows the writes it is told of.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "caps.h"
#include "wish.h"

/**
 * struct kernel - a state under way; on the heap, about 40 KiB
 * @bus:     masks, overrides and drivers as they are by then
 * @devices: and what each device owns; its masks mean nothing
 * @now:     what it began as; lent
 */
struct kernel {
	struct caps caps;
	struct apbus bus;
	struct wish *devices;
	const struct snapshot *now;
};

/** kernel_new() - the state of a snapshot; NULL without memory */
struct kernel *kernel_new(const struct snapshot *now);
struct kernel *kernel_free(struct kernel *k);
void kernel_freep(struct kernel **k);

/**
 * kernel_ask() - what the kernel would answer to a write in this state
 * @path: relative to the root; a file that is not known here answers 0
 *
 * Source: ap_bus.c and vfio_ap_ops.c of Linux; which rules hold is found in @k->caps.
 * Return: 0 or the negative errno.
 */
int kernel_ask(const struct kernel *k, const char *path, const char *text);

/**
 * kernel_write() - as kernel_ask(), and the state follows, also when it would be refused
 *
 * What becomes of a queue without driver when a mask changes differs between kernels: here
 * it stays without.  Return: the answer; -ENOMEM.
 */
int kernel_write(struct kernel *k, const char *path, const char *text);

/**
 * kernel_host_queues() - the queues of @m that no device may have, since they are the host's
 *
 * Source: vfio_ap_mdev_validate_masks(): by the masks; since 6.19 a queue with an override is
 * judged by the driver that it is bound to.
 */
void kernel_host_queues(struct qset *ret, const struct apbus *bus, const struct apbus_masks *masks,
			const struct matrix *m);

#endif
