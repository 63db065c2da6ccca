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

/**
 * udev_rules_read() - what the file sets
 * @ret_text, @ret_len: its bytes with a NUL behind them, NULL without a file; the caller frees
 *                      them; both NULL: not wanted
 *
 * Return: 0 also without a file; errno.
 */
int udev_rules_read(int root, struct udev_rules *ret, char **ret_text, size_t *ret_len,
		    struct err *err);

/** udev_rules_parse() - the same of a text; with a NUL behind its @len bytes */
void udev_rules_parse(const char *text, size_t len, struct udev_rules *ret);

/** udev_rules_equal() - do both set the same */
bool udev_rules_equal(const struct udev_rules *a, const struct udev_rules *b);

/** Size of the buffer for the whole file: both masks and NUL. */
#define UDEV_RULES_SIZE 504

/**
 * udev_rules_format() - byte for byte what chzdev 2.43 writes for these masks
 * @rules: has_apmask, has_aqmask and masks count
 *
 * Return: its length; 0 when no mask is set: then there shall be no file.
 */
size_t udev_rules_format(const struct udev_rules *rules, char buf[UDEV_RULES_SIZE]);

/* ---- what the peers make of a file that is refused --------------------------------------------
 */

/** struct udev_report - lines of text for people; udev_report_done() */
struct udev_report {
	char **v;
	size_t n;
};

/**
 * udev_report_make() - which lines chzdev has not written, what libap takes, what udev sets
 *
 * Printable, a line each, without the path.  Empty without a file, or when it is as chzdev
 * writes it.
 * @text, @rules: as udev_rules_read() gave them
 * Return: 0 or -ENOMEM.
 */
int udev_report_make(const char *text, const struct udev_rules *rules, struct udev_report *ret);

/** udev_report_read() - of the file; errno */
int udev_report_read(int root, struct udev_report *ret, struct err *err);
void udev_report_done(struct udev_report *report);

#endif
