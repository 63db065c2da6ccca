/* SPDX-License-Identifier: MIT */
/*
 * What this kernel can do: one table, made of files that are there or not, never of a version
 * number, since distributions carry these changes back one by one.
 */
#ifndef CAPS_H
#define CAPS_H

#include <stdbool.h>

struct snapshot;

/**
 * struct caps - capabilities found; the release in which a plain Linux got each
 * @guest_matrix:    6.0, a device says what its guest sees
 * @ap_config:       6.10, a device is set as a whole
 * @ap_config_known: false: no device to look at, and nothing else tells
 * @features_file:   6.12, of the matrix device
 * @driver_override: 6.19, queues are reserved one by one; false also without any queue
 * @bindings_complete_count: 6.19; `matrix` of a large device is safe to read then
 * @status:          5.17, a queue of vfio_ap says who has it; false also without such a queue
 * @dynamic:         6.0: hot plug; queues need not exist or be bound to be assigned; masks
 *                   that take a device's queue are refused
 * @in_use_wide:     6.19: ... whatever the other mask says
 */
struct caps {
	bool guest_matrix;
	bool ap_config, ap_config_known;
	bool features_file;
	bool driver_override;
	bool bindings_complete_count;
	bool status;
	bool dynamic;
	bool in_use_wide;
};

/**
 * caps_find() - the table; needs SNAPSHOT_QUEUES and SNAPSHOT_OWNERS
 *
 * @status and @features_file are true only with SNAPSHOT_CAPS, or where no device tells as much.
 */
struct caps caps_find(const struct snapshot *now);

#endif
