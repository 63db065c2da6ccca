/* SPDX-License-Identifier: MIT */
/*
 * The AP udev rule file as data: the masks that the next boot sets.
 *
 * Source: /etc/udev/rules.d/41-ap.rules as chzdev writes it (s390-tools, zdev/src/ap.c).
 */
#ifndef UDEV_H
#define UDEV_H

#include "apbus.h"

/**
 * struct udev_rules - what the file sets
 * @present:  the file exists
 * @own_form: it is exactly a form that chzdev has written
 * @has_apmask, @has_aqmask: it sets this mask, as the peers read it
 * @bad_line: number of the first line that is not of such a form, 0 none
 */
struct udev_rules {
	bool present, own_form;
	bool has_apmask, has_aqmask;
	struct apbus_masks masks;
	unsigned bad_line;
};

/** udev_rules_read() - 0 also without a file; errno */
int udev_rules_read(int root, struct udev_rules *ret, struct err *err);

#endif
