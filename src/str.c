/* SPDX-License-Identifier: MIT */
/*
 * Strict numbers and safe text.  What a number means (an ID, a pid, a count)
 * is left to the caller; IDs that users type are parsed in mask.c.
 */
#include "str.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "util.h"

/* The value of a digit in @base, or -1. */
static int digit_value(char c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (base == 16 && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int str_ulong_parse(const char **p, unsigned base, unsigned long max, unsigned long *ret)
{
	const char *s = *p;
	unsigned long value = 0;
	int digit = digit_value(*s, base);

	if (digit < 0)
		return -EINVAL;

	for (; digit >= 0; digit = digit_value(*++s, base)) {
		unsigned long d = (unsigned long)digit;

		if (d > max || value > (max - d) / base)
			return -ERANGE;
		value = value * base + d;
	}

	*p = s;
	*ret = value;
	return 0;
}

int str_uint(const char *text, unsigned max, unsigned *ret)
{
	const char *end = text + strspn(text, "0123456789");
	unsigned long value;
	int rc;

	/* Junk is junk, also behind a number that is too big. */
	if (*end && strcmp(end, "\n") != 0)
		return -EINVAL;

	rc = str_ulong_parse(&text, 10, max, &value);
	if (rc < 0)
		return rc;

	*ret = (unsigned)value;
	return 0;
}

char *str_chomp(char *text)
{
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

const char *str_starts_with(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

/*
 * The length of the well-formed UTF-8 character at @s, or 0 when there is none
 * or when it is a control: the table of Unicode 15.0, section 3.9, "Well-Formed
 * UTF-8 Byte Sequences", less C0, DEL and C1.
 */
static size_t utf8_printable(const unsigned char *s)
{
	static const struct {
		unsigned char first, last; /* of the lead byte */
		unsigned char low, high;   /* of the byte behind it */
		unsigned char len;
	} forms[] = {
		{ .first = 0xc2, .last = 0xc2, .low = 0xa0, .high = 0xbf, .len = 2 },
		{ .first = 0xc3, .last = 0xdf, .low = 0x80, .high = 0xbf, .len = 2 },
		{ .first = 0xe0, .last = 0xe0, .low = 0xa0, .high = 0xbf, .len = 3 },
		{ .first = 0xe1, .last = 0xec, .low = 0x80, .high = 0xbf, .len = 3 },
		{ .first = 0xed, .last = 0xed, .low = 0x80, .high = 0x9f, .len = 3 },
		{ .first = 0xee, .last = 0xef, .low = 0x80, .high = 0xbf, .len = 3 },
		{ .first = 0xf0, .last = 0xf0, .low = 0x90, .high = 0xbf, .len = 4 },
		{ .first = 0xf1, .last = 0xf3, .low = 0x80, .high = 0xbf, .len = 4 },
		{ .first = 0xf4, .last = 0xf4, .low = 0x80, .high = 0x8f, .len = 4 },
	};

	if (*s < 0x80)
		return *s >= 0x20 && *s != 0x7f;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (*s < forms[i].first || *s > forms[i].last)
			continue;
		if (s[1] < forms[i].low || s[1] > forms[i].high)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		}
		return forms[i].len;
	}
	return 0;
}

/* Eight at a time: whole files are asked about, a hundred thousand of them. */
bool str_is_ascii(const char *text, size_t len)
{
	uint64_t bits = 0, part;

	for (; len >= sizeof(part); text += sizeof(part), len -= sizeof(part)) {
		memcpy(&part, text, sizeof(part));
		bits |= part;
	}
	for (; len; text++, len--)
		bits |= (unsigned char)*text;
	return !(bits & 0x8080808080808080u);
}

char *str_printable(char *text)
{
	for (unsigned char *s = (unsigned char *)text; *s;) {
		size_t len = utf8_printable(s);

		if (len) {
			s += len;
		} else {
			*s++ = '?';
		}
	}
	return text;
}
