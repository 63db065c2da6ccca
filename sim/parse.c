/* SPDX-License-Identifier: MIT */
/*
 * Numbers, masks and UUIDs as the kernel reads them, which is not as people
 * write them: mask.c has that grammar, and nothing of it is used here.
 */
#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

/* Bytes of the longest ap_config text that is looked at (K 10.5). */
#define AP_CONFIG_LEN 201

static bool is_space(char c)
{
	/* The kernel's character table is Latin-1: 0xa0 is a blank. */
	return c == ' ' || (c >= '\t' && c <= '\r') || (unsigned char)c == 0xa0;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Skip what says the base: "0x" only before a hex digit, else a leading 0 is octal. */
static int base_detect(const char **p)
{
	const char *s = *p;

	if (s[0] != '0')
		return 10;
	if ((s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16) {
		*p = s + 2;
		return 16;
	}
	return 8;
}

/* Digits at *p; returns whether there were any.  @ret counts modulo 2^64. */
static bool digits_parse(const char **p, int base, uint64_t *ret, bool *ret_overflow)
{
	const char *start = *p;
	uint64_t value = 0;

	*ret_overflow = false;
	for (int digit; (digit = digit_value(**p)) < base; (*p)++) {
		if (value > (UINT64_MAX - (uint64_t)digit) / (uint64_t)base)
			*ret_overflow = true;
		value = value * (uint64_t)base + (uint64_t)digit;
	}
	*ret = value;
	return *p != start;
}

int parse_kul(const char *text, uint64_t *ret)
{
	bool overflow;
	uint64_t value;
	int base;

	if (*text == '+')
		text++;
	base = base_detect(&text);
	if (!digits_parse(&text, base, &value, &overflow))
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	if (*text == '\n')
		text++;
	if (*text)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int scan_int(const char *text, bool any_base, bool wraps, int *ret)
{
	bool overflow, negative;
	uint64_t value;
	int base = 10;

	while (is_space(*text))
		text++;
	negative = *text == '-';
	if (negative)
		text++;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	if (any_base)
		base = base_detect(&text);
	if (!digits_parse(&text, base, &value, &overflow))
		return -EINVAL;
	if (overflow && !wraps)
		value = UINT64_MAX;
	*ret = (int)(uint32_t)(negative ? -value : value);
	return 0;
}

int parse_scd(const char *text, bool wraps, int *ret)
{
	return scan_int(text, false, wraps, ret);
}

int parse_sci(const char *text, bool wraps, int *ret)
{
	return scan_int(text, true, wraps, ret);
}

int parse_llu(const char *text, uint64_t *ret)
{
	bool overflow;
	uint64_t value;

	while (is_space(*text))
		text++;
	if (!digits_parse(&text, 10, &value, &overflow))
		return -EINVAL;
	*ret = value;
	return 0;
}

int parse_bool(const char *text, bool words, bool *ret)
{
	char first = *text, second = *text ? text[1] : '\0';

	if (first && strchr(words ? "1yYtTeE" : "1yYtT", first))
		*ret = true;
	else if (first && strchr(words ? "0nNfFdD" : "0nNfF", first))
		*ret = false;
	else if ((first == 'o' || first == 'O') && (second == 'n' || second == 'N'))
		*ret = true;
	else if ((first == 'o' || first == 'O') && (second == 'f' || second == 'F'))
		*ret = false;
	else
		return -EINVAL;
	return 0;
}

int parse_mask_absolute(const char *text, struct vfioap_mask *ret)
{
	struct vfioap_mask mask = { { 0 } };
	unsigned id = 0;

	if (text[0] == '0' && text[1] == 'x')
		text++;
	if (text[0] == 'x')
		text++;
	for (; digit_value(*text) < 16; text++, id += 4) {
		unsigned value = (unsigned)digit_value(*text);

		if (id >= VFIOAP_IDS)
			return -EINVAL;
		for (unsigned bit = 0; bit < 4; bit++)
			if (value & 8 >> bit)
				vfioap_mask_set(&mask, id + bit);
	}
	if (*text == '\n')
		text++;
	if (*text)
		return -EINVAL;
	*ret = mask;
	return 0;
}

static int relative_id(const char **p, bool wraps, unsigned *ret)
{
	int base = base_detect(p);
	bool overflow;
	uint64_t value;

	if (!digits_parse(p, base, &value, &overflow) || (overflow && !wraps) ||
	    value >= VFIOAP_IDS)
		return -EINVAL;
	*ret = (unsigned)value;
	return 0;
}

static int parse_mask_relative(const char *text, bool wraps, struct vfioap_mask *mask)
{
	struct vfioap_mask new = *mask, range;
	unsigned first, last;
	char sign;

	do {
		sign = *text++;
		if (sign != '+' && sign != '-')
			return -EINVAL;
		if (relative_id(&text, wraps, &first) < 0)
			return -EINVAL;
		last = first;
		if (*text == '-') {
			text++;
			if (relative_id(&text, wraps, &last) < 0 || last < first)
				return -EINVAL;
		}
		range = vfioap_mask_range(first, last);
		new = sign == '+' ? vfioap_mask_or(new, range) : vfioap_mask_andnot(new, range);
		while (*text == ',' || *text == '\n')
			text++;
	} while (*text);
	*mask = new;
	return 0;
}

int parse_mask(const char *text, bool wraps, struct vfioap_mask *mask)
{
	if (*text == '+' || *text == '-')
		return parse_mask_relative(text, wraps, mask);
	return parse_mask_absolute(text, mask);
}

int parse_ap_config(const char *text, struct vfioap_mask ret[3])
{
	char buf[AP_CONFIG_LEN + 1];
	struct vfioap_mask mask[3];
	char *rest = buf, *field;
	int rc;

	snprintf(buf, sizeof(buf), "%s", text);
	for (size_t i = 0; i < ARRAY_SIZE(mask); i++) {
		field = strsep(&rest, ",\n");
		if (!field)
			return -EINVAL;
		rc = parse_mask_absolute(field, &mask[i]);
		if (rc < 0)
			return rc;
	}
	memcpy(ret, mask, sizeof(mask));
	return 0;
}

int parse_uuid(const char *text, size_t len, char ret[MACHINE_UUID_SIZE])
{
	/* One byte more is allowed, a newline normally; it is not looked at. */
	if (len != MACHINE_UUID_SIZE - 1 && len != MACHINE_UUID_SIZE)
		return -EINVAL;
	for (size_t i = 0; i < MACHINE_UUID_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : digit_value(text[i]) >= 16)
			return -EINVAL;
	}
	for (size_t i = 0; i < MACHINE_UUID_SIZE - 1; i++)
		ret[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i]);
	ret[MACHINE_UUID_SIZE - 1] = '\0';
	return 0;
}
