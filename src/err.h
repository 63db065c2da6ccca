/* SPDX-License-Identifier: MIT */
/*
 * struct err: what failed and why, told once where the fact is known, and
 * passed up to whoever prints it.
 */
#ifndef ERR_H
#define ERR_H

#include "util.h"

/**
 * struct err - one failure; zero-initialise it
 * @code: negative errno; 0 while nothing failed
 * @what: "cannot read 'apmask': Permission denied": lower case, no full stop
 * @hint: the reader's next step, or ""
 */
struct err {
	int code;
	char what[512];
	char hint[256];
};

/**
 * err_set() - fill in @err; the text holds everything, no errno text is added
 * @err:  may be NULL
 * @code: negative errno
 *
 * Return: @code, so that a caller can `return err_set(...)`.
 */
int err_set(struct err *err, int code, const char *fmt, ...) _printf_(3, 4);

/** err_errno() - as err_set(), with ": " and the text of the errno behind it */
int err_errno(struct err *err, int code, const char *fmt, ...) _printf_(3, 4);

/** err_hint() - add the next step; @err may be NULL.  Return: @err->code, or 0 without @err */
int err_hint(struct err *err, const char *fmt, ...) _printf_(2, 3);

/** err_oom() - -ENOMEM in words */
int err_oom(struct err *err);

/** err_text() - "Permission denied" for an errno of either sign; lends a constant */
const char *err_text(int code);

#endif
