/* SPDX-License-Identifier: MIT */
/*
 * The masks that the next boot ends with: by the rule file, else by the kernel's parameter, else
 * all ones; each mask by itself.  Pure.
 */
#ifndef NEXTBOOT_H
#define NEXTBOOT_H

#include "snapshot.h"

/** enum nextboot_source - what sets a mask last */
enum nextboot_source { NEXTBOOT_RULES, NEXTBOOT_PARAMETER, NEXTBOOT_DEFAULT };

/**
 * struct nextboot - both masks
 * @known:   false: boot parameters that this user may not see can decide
 * @apmask, @aqmask: where each comes from; means nothing while it is not @known
 * @garbled: the parameter is there and no mask: the kernel takes it for all zeros
 */
struct nextboot {
	bool known;
	struct apbus_masks masks;
	enum nextboot_source apmask, aqmask;
	struct {
		bool apmask, aqmask;
	} garbled;
};

/**
 * nextboot_find() - needs SNAPSHOT_RULES; a rule file counts as libap reads it
 * @rules: &now->rules, or what they shall be
 */
struct nextboot nextboot_find(const struct snapshot *now, const struct udev_rules *rules);

/**
 * nextboot_bus() - the bus after it: every queue with the driver that it is given to
 * @overrides: queues that something sets a driver override for, to vfio_ap; the kernel takes
 *             none while a mask has a zero
 * @old: adapters that vfio_ap does not drive
 * @ret: filled in completely; about 50 KiB
 */
void nextboot_bus(const struct snapshot *now, const struct nextboot *boot,
		  const struct qset *overrides, const struct vfioap_mask *old, struct apbus *ret);

/** nextboot_source_text() - "'/etc/udev/rules.d/41-ap.rules'", "ap.aqmask=", ...; a constant */
const char *nextboot_source_text(enum nextboot_source source, bool adapters);

#endif
