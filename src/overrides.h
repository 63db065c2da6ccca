/* SPDX-License-Identifier: MIT */
/*
 * Driver overrides that last: a list of queues that vfioap-override gives to vfio_ap at each
 * boot, since the kernel forgets them; and those that driverctl keeps, which are looked at only.
 *
 * Source: /etc/vfioap/overrides, a file of ours: a queue a line, blank lines, and lines that
 * begin with '#'.  /etc/driverctl.d/ap-XX.XXXX, a driver's name each (driverctl, save_override()).
 */
#ifndef OVERRIDES_H
#define OVERRIDES_H

#include "err.h"
#include "qset.h"

/**
 * struct overrides - what the file says; 8 KiB
 * @present:  the file exists
 * @bad_line: the first line that is none of its kinds, 0 none; then @queues is empty: of a list
 *            that cannot be read as a whole nothing is taken
 */
struct overrides {
	bool present;
	unsigned bad_line;
	struct qset queues;
};

/**
 * overrides_read() - what the file says
 * @ret_text, @ret_len: its bytes with a NUL behind them, NULL without a file; the caller frees
 *                      them; both NULL: not wanted
 *
 * Return: 0 also without a file; errno.
 */
int overrides_read(int root, struct overrides *ret, char **ret_text, size_t *ret_len,
		   struct err *err);

/** overrides_parse() - the same of a text; with a NUL behind its @len bytes */
void overrides_parse(const char *text, size_t len, struct overrides *ret);

/**
 * overrides_edit() - pure: a text that lists @queues
 * @text: as overrides_parse() takes it, without a bad line; NULL: there is no file
 * @ret:  heap string; NULL when nothing is left but our own first line: then there shall be no
 *        file
 *
 * Comments and the lines of queues that stay keep bytes and place; new queues stand at the end,
 * ascending.  Return: 0; -EFBIG; -ENOMEM.
 */
int overrides_edit(const char *text, const struct qset *queues, char **ret);

/* ---- driverctl's ------------------------------------------------------------------------------
 */

/**
 * overrides_driverctl_read() - the queues that driverctl overrides at each boot
 * @ret_vfio:  with vfio_ap
 * @ret_other: with something else, or with what cannot be read
 *
 * Names that are none of a queue as sysfs has them are passed over.  Never written.
 * Return: 0, also without the directory; errno.
 */
int overrides_driverctl_read(int root, struct qset *ret_vfio, struct qset *ret_other,
			     struct err *err);

#endif
