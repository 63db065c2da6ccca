/* SPDX-License-Identifier: MIT */
/*
 * What the guest of a device sees of it, and why it does not see the rest.  Pure.
 */
#ifndef GUEST_H
#define GUEST_H

#include "snapshot.h"

/** guest_owned() - what a device owns; not active: what its definition says; NULL unknown */
const struct matrix *guest_owned(const struct device *device);

/**
 * guest_find() - what its guest sees, or when it is not active, would see
 * @ret_predicted: worked out, not read from guest_matrix
 * Return: false when it is unknown.
 */
bool guest_find(const struct snapshot *now, const struct device *device, struct matrix *ret,
		bool *ret_predicted);

/**
 * guest_queue_reason() - why a queue by itself cannot reach a guest
 * Return: "not-bound", "absent", "not-in-host-config", "domain-not-in-host-config", "no-qci";
 * NULL: nothing is in its way.
 */
const char *guest_queue_reason(const struct apbus *bus, unsigned apid, unsigned apqi);

/**
 * struct guest_filtered - queues of one adapter that keep it out of the guest
 * @domains: of these queues; none: all are as they should be, and it is filtered all the same
 */
struct guest_filtered {
	const char *reason;
	struct vfioap_mask domains;
};

/** More reasons than one adapter can have. */
#define GUEST_REASONS 6

/**
 * guest_filtered() - why queues of one adapter are not in the guest
 * @ret: filled in from the first; Return: how many, 0 when all of them are in
 */
size_t guest_filtered(const struct apbus *bus, const struct matrix *matrix,
		      const struct matrix *guest, unsigned apid,
		      struct guest_filtered ret[GUEST_REASONS]);

/** guest_adapter_reason() - the one of them that keeps the whole adapter out, or NULL; lends */
const char *guest_adapter_reason(const struct guest_filtered *filtered, size_t n);

#endif
