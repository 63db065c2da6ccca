/* SPDX-License-Identifier: MIT */
/*
 * How the running system and the next boot shall be: what a changing command asks for,
 * whatever its name.  A wish starts as a copy of the snapshot and is then edited; conflict.c
 * judges it, plan.c works out the writes.
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
 * struct wish_definition - one file of /etc/mdevctl.d/matrix
 * @was:     the file as it is; lent; NULL: there is none yet
 * @matrix, @start_auto: of no meaning while @was has a problem, and is left as it is
 * @named:   the user named this device
 * @rewrite: entries of ap_config and unassign_*, and those that cannot be read, may be dropped
 */
struct wish_definition {
	char uuid[UUID_SIZE];
	const struct definition *was;
	struct matrix matrix;
	bool start_auto;
	bool named, rewrite;
};

/**
 * struct wish
 * @override: queues that shall have a driver_override: vfio_ap where it is new
 * @rebind:   queues that shall be bound anew, to what the masks and @override then say
 * @device:   by UUID: those that shall be active
 * @rules:    what 41-ap.rules shall set: has_apmask, has_aqmask and masks count
 * @overrides: queues that our list shall give to vfio_ap at each boot
 * @sides:    of commands in hints: " -A", " -P", or "" for both
 * @definition: by UUID: those that shall be defined
 */
struct wish {
	struct apbus_masks masks;
	struct qset override, rebind;
	struct wish_device *device;
	size_t n_devices;
	struct udev_rules rules;
	struct qset overrides;
	const char *sides;
	struct wish_definition *definition;
	size_t n_definitions;
};

/** wish_new() - the snapshot, unchanged; NULL without memory */
struct wish *wish_new(const struct snapshot *now);
struct wish *wish_free(struct wish *wish);
void wish_freep(struct wish **wish);

struct wish_device *wish_device(struct wish *wish, const char *uuid); /* or NULL; lends */
const struct wish_device *wish_device_const(const struct wish *wish, const char *uuid);

/** wish_device_add() - a new device with an empty matrix, named; -EEXIST, -ENOMEM */
int wish_device_add(struct wish *wish, const char *uuid, struct wish_device **ret);

/** wish_device_remove() - 0 or -ENOENT */
int wish_device_remove(struct wish *wish, const char *uuid);

/* The same of definitions. */
struct wish_definition *wish_definition(struct wish *wish, const char *uuid);
const struct wish_definition *wish_definition_const(const struct wish *wish, const char *uuid);
int wish_definition_add(struct wish *wish, const char *uuid, struct wish_definition **ret);
int wish_definition_remove(struct wish *wish, const char *uuid);

/** wish_definition_usable() - does it say what its device has; false: a file with a problem */
bool wish_definition_usable(const struct wish_definition *definition);

/** wish_definition_changes() - shall it be otherwise than it is */
bool wish_definition_changes(const struct wish_definition *definition);

/** wish_rules_change() - shall 41-ap.rules set something else than it does */
bool wish_rules_change(const struct snapshot *now, const struct wish *want);

/** wish_next_masks() - edit @rules of @want so that the next boot has these masks */
void wish_next_masks(const struct snapshot *now, struct wish *want,
		     const struct apbus_masks *masks);

/** wish_overrides_change() - shall our list of overrides be another one than it is */
bool wish_overrides_change(const struct snapshot *now, const struct wish *want);

/** wish_next_host() - the queues that the next boot leaves to the host, existing or not */
void wish_next_host(const struct snapshot *now, const struct udev_rules *rules,
		    const struct qset *overrides, struct qset *ret);

/**
 * wish_next_snapshot() - the next boot as a machine of its own: the queues of today, in the
 *                        hands that its masks and overrides give them to
 *
 * Return: for snapshot_free(); NULL without memory.
 */
struct snapshot *wish_next_snapshot(const struct snapshot *now);

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
