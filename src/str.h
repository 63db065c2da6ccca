/* SPDX-License-Identifier: MIT */
/* Strict numbers and safe text: what sysfs and /proc say is parsed, never trusted. */
#ifndef STR_H
#define STR_H

#include <stdbool.h>
#include <stddef.h>

/**
 * str_ulong_parse() - digits at *@p, nothing skipped
 * @p:    moved behind the last digit on success
 * @base: 10 or 16; digits only, without "0x" and sign
 * @max:  the highest value taken
 * @ret:  untouched on failure
 *
 * Return: 0; -EINVAL without a digit; -ERANGE above @max.
 */
int str_ulong_parse(const char **p, unsigned base, unsigned long max, unsigned long *ret);

/** str_uint() - a whole text "123" or "123\n" of decimal digits; 0, -EINVAL, -ERANGE */
int str_uint(const char *text, unsigned max, unsigned *ret);

/** str_chomp() - cut one newline at the end; returns @text */
char *str_chomp(char *text);

/** str_starts_with() - the text behind @prefix, or NULL; lends */
const char *str_starts_with(const char *text, const char *prefix);

/** str_is_ascii() - no byte of @len has its top bit set */
bool str_is_ascii(const char *text, size_t len);

/**
 * str_printable() - replace what could steer a terminal
 *
 * Bytes below 0x20, 0x7f, and everything that is not well-formed UTF-8 or is a
 * C1 control become '?', in place.  Returns @text.
 */
char *str_printable(char *text);

#endif
