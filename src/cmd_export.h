/* SPDX-License-Identifier: MIT */
/*
 * What vfioap export prints: the devices picked, and one function for each format, in
 * cmd_export_*.c.
 */
#ifndef CMD_EXPORT_H
#define CMD_EXPORT_H

#include "out.h"
#include "snapshot.h"

/**
 * struct export_item - one device
 * @matrix:     of the side that is exported: its definition, else what it owns now
 * @start_auto: as it is defined; false without a definition, as mdevctl takes it
 * @text:       the definition's own bytes, lent; NULL: what it owns now is exported
 */
struct export_item {
	const struct device *device;
	struct matrix matrix;
	bool start_auto;
	const char *text;
};

/**
 * struct export - what is exported
 * @whole: no DEVICE was named: the machine
 */
struct export
{
	const struct snapshot *now;
	struct export_item *item;
	size_t n;
	bool whole;
};

/** Each prints all items; 0, enum status, or a negative errno explained in app->err. */
typedef int export_fn(struct app *app, const struct export *export);

export_fn export_plan, export_mdevctl, export_nodedev, export_hostdev, export_qemu, export_migrate,
	export_shell;

#endif
