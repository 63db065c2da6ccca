/* SPDX-License-Identifier: MIT */
/*
 * The AP udev rule file as data: the masks that the next boot sets.
 *
 * Source: /etc/udev/rules.d/41-ap.rules as chzdev writes it (s390-tools, zdev/src/ap.c).
 */
#ifndef UDEV_H
#define UDEV_H

#include "apbus.h"
#include "swap.h"

/**
 * struct udev_rules - what the file sets
 * @present:  the file exists
 * @own_form: it is exactly a form that chzdev has written
 * @has_apmask, @has_aqmask: it sets this mask, as libap reads it (lszdev, chzdev, ap-check)
 * @bad_line: number of the first line that is not of such a form, 0 none
 * @apmask_line, @aqmask_line: the line that libap takes the mask from, 0 none
 * @abort_line: the line on whose value libap aborts, 0 none
 */
struct udev_rules {
	bool present, own_form;
	bool has_apmask, has_aqmask;
	struct apbus_masks masks;
	unsigned bad_line;
	unsigned apmask_line, aqmask_line, abort_line;
};

/** udev_rules_read() - 0 also without a file; errno */
int udev_rules_read(int root, struct udev_rules *ret, struct err *err);

/** Size of the buffer for the whole file: both masks and NUL. */
#define UDEV_RULES_SIZE 504

/**
 * udev_rules_format() - byte for byte what chzdev 2.43 writes for these masks
 * @rules: has_apmask, has_aqmask and masks count
 *
 * Return: its length; 0 when no mask is set: then there shall be no file.
 */
size_t udev_rules_format(const struct udev_rules *rules, char buf[UDEV_RULES_SIZE]);

/* ---- the file changed in two steps (swap.h) ---------------------------------------------------
 */

/** struct udev_write - a change of the file; udev_write_done() */
struct udev_write {
	struct swap swap;
	struct udev_rules want;
};

#define UDEV_WRITE_INIT           \
	{                         \
		.swap = SWAP_INIT \
	}

/**
 * udev_write_prepare() - write the new file beside the old one
 * @want: as for udev_rules_format()
 *
 * Return: 0; -EBADMSG the file is none that chzdev has written, the line is named; -ELOOP,
 * -EINVAL it is no regular file; other errno.
 */
int udev_write_prepare(int root, const struct udev_rules *want, struct udev_write *ret,
		       struct err *err);

/** udev_write_commit() - put it in place, and read it back as libap and as we do */
int udev_write_commit(struct udev_write *write, struct err *err);

/** udev_write_undo() - the old bytes again, or no file */
int udev_write_undo(struct udev_write *write, struct err *err);
void udev_write_done(struct udev_write *write);

/* ---- what the peers make of a file that is refused --------------------------------------------
 */

/** struct udev_report - lines of text for people; udev_report_done() */
struct udev_report {
	char **v;
	size_t n;
};

/**
 * udev_report_read() - which lines chzdev has not written, what libap takes, what udev sets
 *
 * Printable, a line each, without the path.  Empty without a file, or when it is as chzdev
 * writes it.  Return: 0 or errno.
 */
int udev_report_read(int root, struct udev_report *ret, struct err *err);
void udev_report_done(struct udev_report *report);

#endif
