/* SPDX-License-Identifier: MIT */
/*
 * How the running system shall be: what a changing command asks for, whatever its name.
 * A wish starts as a copy of the snapshot and is then edited; conflict.c judges it, plan.c
 * works out the writes.
 */
#ifndef WISH_H
#define WISH_H

#include "snapshot.h"

struct wish_device {
	char uuid[UUID_SIZE];
	struct matrix matrix;
	bool named;   /* the user named this device: it may change */
	bool refresh; /* bring guest_matrix up to date though the matrix stays */
	const struct definition *definition; /* made from it, entry by entry; lent, or NULL */
};

/**
 * struct wish
 * @override: queues that shall have a driver_override: vfio_ap where it is new
 * @rebind:   queues that shall be bound anew, to what the masks and @override then say
 * @device:   by UUID: those that shall be active
 */
struct wish {
	struct apbus_masks masks;
	struct qset override, rebind;
	struct wish_device *device;
	size_t n_devices;
};

/** wish_new() - the snapshot's active devices and masks, unchanged; NULL without memory */
struct wish *wish_new(const struct snapshot *now);
struct wish *wish_free(struct wish *wish);
void wish_freep(struct wish **wish);

struct wish_device *wish_device(struct wish *wish, const char *uuid); /* or NULL; lends */
const struct wish_device *wish_device_const(const struct wish *wish, const char *uuid);

/** wish_device_add() - a new device with an empty matrix, named; -EEXIST, -ENOMEM */
int wish_device_add(struct wish *wish, const char *uuid, struct wish_device **ret);

/** wish_device_remove() - 0 or -ENOENT */
int wish_device_remove(struct wish *wish, const char *uuid);

/** wish_bound_anew() - queues that get a driver anew: overrides that change, and rebind */
void wish_bound_anew(const struct apbus *bus, const struct wish *want, struct qset *ret);

/**
 * wish_predict_bus() - the bus as it will be: queues change hands as masks and overrides say
 * @ret: filled in completely; about 50 KiB
 *
 * Source: ap_bus.c of Linux, __ap_revise_reserved(): on a write that changes a mask each
 * bound queue whose driver is of the wrong kind is moved; without vfio_ap it ends unbound.
 */
void wish_predict_bus(const struct snapshot *now, const struct wish *want, struct apbus *ret);

#endif
