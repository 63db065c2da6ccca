/* SPDX-License-Identifier: MIT */
/*
 * Definitions: what devices the next boot, or mdevctl, starts.
 *
 * Source: /etc/mdevctl.d/matrix/UUID, JSON as mdevctl writes it (mdevctl, src/mdev.rs).
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "mdev.h"

enum config_problem {
	CONFIG_OK,
	CONFIG_UNREADABLE, /* cannot be opened or read */
	CONFIG_BAD_JSON,   /* no JSON, too large, or no object */
	CONFIG_BAD_FIELD,  /* mdev_type or start missing or of another kind, attrs malformed */
	CONFIG_BAD_NUMBER, /* an ID above 255, a leading zero, or no number */
	CONFIG_OTHER_TYPE, /* a device of another driver: not ours */
};

/**
 * struct definition - one file
 * @start_auto: "start" is exactly "auto" (mdevctl: anything else is manual)
 * @matrix:     what its attrs add up to; assign_*, unassign_* and ap_config in their order
 * @set_only:   has unassign_* or ap_config entries: only `set` may change it
 * @problem:    what is wrong with it; @detail says where, printable
 */
struct definition {
	char uuid[UUID_SIZE];
	bool start_auto;
	bool set_only;
	struct matrix matrix;
	enum config_problem problem;
	char detail[128];
};

struct definition_list {
	struct definition *v; /* by UUID */
	size_t n;
};

/**
 * config_list_read() - read every definition; a bad file is a definition with a @problem
 *
 * Regular files alone are opened (never a FIFO or a device), at most 1 MiB is read, names
 * that are no UUID are passed over.  Return: 0 (also without the directory); errno.
 */
int config_list_read(int root, struct definition_list *ret, struct err *err);
void config_list_done(struct definition_list *list);

#endif
