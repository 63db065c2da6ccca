/* SPDX-License-Identifier: MIT */
/*
 * struct err: one failure in words.  Printing it is left to the front ends.
 */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* By way of a copy, so that a text may be built from the one it replaces. */
static void text_format(char *text, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void text_format(char *text, size_t size, const char *fmt, va_list ap)
{
	char copy[sizeof(((struct err *)NULL)->what)];

	vsnprintf(copy, sizeof(copy), fmt, ap);
	snprintf(text, size, "%s", copy);
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;

	va_start(ap, fmt);
	text_format(err->what, sizeof(err->what), fmt, ap);
	va_end(ap);
	err->code = code;
	err->hint[0] = '\0';
	return code;
}

int err_errno(struct err *err, int code, const char *fmt, ...)
{
	const char *why = err_text(code);
	size_t len, room;
	va_list ap;

	if (!err)
		return code;

	va_start(ap, fmt);
	text_format(err->what, sizeof(err->what), fmt, ap);
	va_end(ap);
	err->code = code;
	err->hint[0] = '\0';

	/* What does not fit is cut from the subject: the reason is always there. */
	len = strlen(err->what);
	room = sizeof(err->what) - strlen(": ") - strlen(why) - 1;
	if (len > room)
		len = room;
	snprintf(err->what + len, sizeof(err->what) - len, ": %s", why);
	return code;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return 0;

	va_start(ap, fmt);
	text_format(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return err->code;
}

int err_oom(struct err *err)
{
	return err_set(err, -ENOMEM, "out of memory");
}

const char *err_text(int code)
{
	/* The texts of known numbers are constants of the C library. */
	return strerror(code < 0 ? -code : code);
}
