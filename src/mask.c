/* SPDX-License-Identifier: MIT */
/*
 * libvfioap: sets of adapter and domain numbers, and the texts for them.
 * Where a text comes from and what to do about a bad one is left to others.
 *
 * This file is the whole library, so it calls nothing else of the project.
 */
#include <vfioap/mask.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BLANKS	   " \t\n\v\f\r"
#define HEX_DIGITS (VFIOAP_IDS / 4)

/* A part of a text that is not terminated: an item, or a number in it. */
struct span {
	const char *text;
	size_t len;
};

/* ---- sets ---------------------------------------------------------------- */

struct vfioap_mask vfioap_mask_range(unsigned first, unsigned last)
{
	struct vfioap_mask m = { { 0 } };

	if (last >= VFIOAP_IDS)
		return m;
	for (unsigned i = 0; i < VFIOAP_IDS / 64; i++) {
		const unsigned low = first > 64 * i ? first : 64 * i;
		const unsigned high = last < 64 * i + 63 ? last : 64 * i + 63;

		if (low <= high)
			m.word[i] = ~UINT64_C(0) >> low % 64 & ~UINT64_C(0) << (63 - high % 64);
	}
	return m;
}

unsigned vfioap_mask_count(const struct vfioap_mask *m)
{
	unsigned count = 0;

	for (unsigned i = 0; i < VFIOAP_IDS / 64; i++)
		count += (unsigned)__builtin_popcountll(m->word[i]);
	return count;
}

unsigned vfioap_mask_next(const struct vfioap_mask *m, unsigned from)
{
	uint64_t rest;

	if (from >= VFIOAP_IDS)
		return VFIOAP_IDS;

	rest = m->word[from / 64] & UINT64_MAX >> from % 64;
	for (unsigned i = from / 64;; rest = m->word[i]) {
		if (rest)
			return i * 64 + (unsigned)__builtin_clzll(rest);
		if (++i == VFIOAP_IDS / 64)
			return VFIOAP_IDS;
	}
}

/* ---- numbers and ranges -------------------------------------------------- */

/* The value of a digit in @base, or -1; without <ctype.h>, which asks the locale. */
static int digit_value(char c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0' < (int)base ? c - '0' : -1;
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (base == 16 && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Digits alone, at least one.  The value stops rising at a million. */
static bool digits_parse(struct span s, unsigned base, unsigned *ret)
{
	unsigned value = 0;

	for (size_t i = 0; i < s.len; i++) {
		int digit = digit_value(s.text[i], base);

		if (digit < 0)
			return false;
		value = value * base + (unsigned)digit;
		if (value > 1000000)
			value = 1000000;
	}
	*ret = value;
	return s.len > 0;
}

static struct span span_behind(struct span s, size_t skip)
{
	return (struct span){ .text = s.text + skip, .len = s.len - skip };
}

static bool span_is_hex(struct span s)
{
	return s.len >= 2 && s.text[0] == '0' && (s.text[1] == 'x' || s.text[1] == 'X');
}

static bool span_is(struct span s, const char *word)
{
	return s.len == strlen(word) && !memcmp(s.text, word, s.len);
}

static bool span_is_blank(struct span s, size_t i)
{
	return s.text[i] && strchr(BLANKS, s.text[i]);
}

static enum vfioap_reason number_parse(struct span s, unsigned *ret)
{
	unsigned value;

	if (span_is_hex(s)) {
		if (!digits_parse(span_behind(s, 2), 16, &value))
			return VFIOAP_NOT_A_NUMBER;
	} else if (digits_parse(s, 10, &value)) {
		/* kstrtoul() with base 0, as in assign_adapter, reads these in octal. */
		if (s.text[0] == '0' && s.len > 1)
			return VFIOAP_LEADING_ZERO;
	} else {
		/* Not every word of a to f: "add" is no adapter. */
		if (digits_parse(s, 16, &value) && value < VFIOAP_IDS)
			return VFIOAP_NEEDS_0X;
		return VFIOAP_NOT_A_NUMBER;
	}
	if (value >= VFIOAP_IDS)
		return VFIOAP_TOO_BIG;
	*ret = value;
	return VFIOAP_OK;
}

/* "5" or "5-10"; on failure @retbad is the number, of the two, that is at fault. */
static enum vfioap_reason range_parse(struct span item, unsigned *ret_first, unsigned *ret_last,
				      struct span *retbad)
{
	const char *dash = memchr(item.text, '-', item.len);
	struct span first = item, last = item;
	enum vfioap_reason reason;

	if (dash) {
		first.len = (size_t)(dash - item.text);
		last = span_behind(item, first.len + 1);
	}

	*retbad = first;
	reason = number_parse(first, ret_first);
	if (reason != VFIOAP_OK)
		return reason;

	*retbad = last;
	reason = number_parse(last, ret_last);
	if (reason != VFIOAP_OK)
		return reason;

	*retbad = item;
	return *ret_first > *ret_last ? VFIOAP_REVERSED : VFIOAP_OK;
}

/* ---- items --------------------------------------------------------------- */

static int refuse(struct vfioap_parse_error *reterr, const char *text, struct span item,
		  enum vfioap_reason reason)
{
	if (reterr)
		*reterr = (struct vfioap_parse_error){
			.offset = (size_t)(item.text - text),
			.length = item.len,
			.reason = reason,
		};
	return reason == VFIOAP_TOO_BIG ? -ERANGE : -EINVAL;
}

/* The next text between commas; *@p is NULL behind the last one. */
static bool item_next(const char **p, struct span *ret)
{
	if (!*p)
		return false;
	ret->text = *p;
	ret->len = strcspn(*p, ",");
	*p = ret->text[ret->len] ? ret->text + ret->len + 1 : NULL;
	return true;
}

/* '+' or '-' in front of an item, else '\0'. */
static char item_sign(struct span item)
{
	return item.len && (item.text[0] == '+' || item.text[0] == '-') ? item.text[0] : '\0';
}

/* What is wrong with an item whatever it stands in. */
static enum vfioap_reason item_check(struct span item)
{
	struct span word = span_behind(item, item_sign(item) ? 1 : 0);

	if (!item.len)
		return VFIOAP_EMPTY_ITEM;
	for (size_t i = 0; i < item.len; i++) {
		if (span_is_blank(item, i))
			return VFIOAP_BLANK;
	}
	if (span_is(word, "all") || span_is(word, "none"))
		return VFIOAP_WORD;
	return VFIOAP_OK;
}

static enum vfioap_reason list_item_parse(struct span item, struct vfioap_mask *m)
{
	enum vfioap_reason reason = item_check(item);
	unsigned first, last;
	struct span bad;

	if (reason != VFIOAP_OK)
		return reason;
	if (item_sign(item))
		return VFIOAP_SIGNED;
	reason = range_parse(item, &first, &last, &bad);
	if (reason == VFIOAP_OK)
		*m = vfioap_mask_or(*m, vfioap_mask_range(first, last));
	return reason;
}

static enum vfioap_reason change_item_parse(struct span item, struct vfioap_change *change)
{
	enum vfioap_reason reason = item_check(item);
	struct vfioap_mask range;
	unsigned first, last;
	struct span bad;

	if (reason != VFIOAP_OK)
		return reason;
	if (!item_sign(item))
		return VFIOAP_UNSIGNED;
	reason = range_parse(span_behind(item, 1), &first, &last, &bad);
	if (reason != VFIOAP_OK)
		return reason;

	range = vfioap_mask_range(first, last);
	if (item_sign(item) == '+') {
		change->set = vfioap_mask_or(change->set, range);
		change->clear = vfioap_mask_andnot(change->clear, range);
	} else {
		change->clear = vfioap_mask_or(change->clear, range);
		change->set = vfioap_mask_andnot(change->set, range);
	}
	return VFIOAP_OK;
}

/* ---- parsing ------------------------------------------------------------- */

int vfioap_list_parse(const char *text, unsigned flags, const struct vfioap_mask *all,
		      struct vfioap_mask *ret, struct vfioap_parse_error *reterr)
{
	struct span item = { .text = text, .len = strlen(text) };
	struct vfioap_mask m = { { 0 } };
	const char *p = text;

	if (!item.len)
		return refuse(reterr, text, item, VFIOAP_EMPTY);
	if (flags & VFIOAP_LIST_NONE && span_is(item, "none")) {
		*ret = m;
		return 0;
	}
	if (flags & VFIOAP_LIST_ALL && span_is(item, "all")) {
		*ret = all ? *all : vfioap_mask_not(m);
		return 0;
	}

	while (item_next(&p, &item)) {
		enum vfioap_reason reason = list_item_parse(item, &m);

		if (reason != VFIOAP_OK)
			return refuse(reterr, text, item, reason);
	}
	*ret = m;
	return 0;
}

int vfioap_id_parse(const char *text, unsigned *ret, struct vfioap_parse_error *reterr)
{
	struct span item = { .text = text, .len = strlen(text) };
	enum vfioap_reason reason = item_check(item);

	if (!item.len)
		reason = VFIOAP_EMPTY;
	else if (reason == VFIOAP_OK && item_sign(item))
		reason = VFIOAP_SIGNED;
	else if (reason == VFIOAP_OK)
		reason = number_parse(item, ret);
	return reason == VFIOAP_OK ? 0 : refuse(reterr, text, item, reason);
}

int vfioap_change_parse(const char *text, struct vfioap_change *ret,
			struct vfioap_parse_error *reterr)
{
	struct vfioap_change change = { .set = { { 0 } }, .clear = { { 0 } } };
	struct span item = { .text = text, .len = 0 };
	const char *p = text;

	if (!*text)
		return refuse(reterr, text, item, VFIOAP_EMPTY);

	while (item_next(&p, &item)) {
		enum vfioap_reason reason = change_item_parse(item, &change);

		if (reason != VFIOAP_OK)
			return refuse(reterr, text, item, reason);
	}
	*ret = change;
	return 0;
}

int vfioap_hex_parse(const char *text, bool short_ok, struct vfioap_mask *ret,
		     struct vfioap_parse_error *reterr)
{
	struct span whole = { .text = text, .len = strlen(text) };
	struct span digits = whole;
	struct vfioap_mask m = { { 0 } };

	if (!whole.len)
		return refuse(reterr, text, whole, VFIOAP_EMPTY);
	/* "0X" the kernel refuses too: ap_bus.c, hex2bitmap(). */
	if (!strncmp(text, "0x", 2))
		digits = span_behind(whole, 2);

	for (size_t i = 0; i < digits.len; i++) {
		struct span bad = { .text = digits.text + i, .len = 1 };
		int digit = digit_value(digits.text[i], 16);

		/* Most of a mask is zeros, and a host has thousands of masks. */
		if (digits.len - i >= 8 && !memcmp(bad.text, "00000000", 8)) {
			i += 7;
			continue;
		}
		if (digit < 0 && span_is_blank(digits, i))
			return refuse(reterr, text, bad, VFIOAP_BLANK);
		if (digit < 0 && digits.len < whole.len)
			return refuse(reterr, text, bad, VFIOAP_MASK_DIGIT);
		if (digit > 0 && i < HEX_DIGITS)
			m.word[i / 16] |= (uint64_t)digit << (60 - i % 16 * 4);
	}
	if (digits.len == whole.len)
		return refuse(reterr, text, whole, VFIOAP_MASK_PREFIX);
	if (!digits.len || digits.len > HEX_DIGITS || (digits.len < HEX_DIGITS && !short_ok))
		return refuse(reterr, text, whole, VFIOAP_MASK_LENGTH);

	*ret = m;
	return 0;
}

/* ---- formatting ---------------------------------------------------------- */

static const char digits[] = "0123456789abcdef";

char *vfioap_hex_format(const struct vfioap_mask *m, char buf[VFIOAP_HEX_SIZE])
{
	buf[0] = '0';
	buf[1] = 'x';
	for (unsigned i = 0; i < HEX_DIGITS; i++)
		buf[2 + i] = digits[m->word[i / 16] >> (60 - i % 16 * 4) & 15];
	buf[2 + HEX_DIGITS] = '\0';
	return buf;
}

/* Returns the end of what it wrote. */
static char *id_format(unsigned id, char *p)
{
	if (id >= 10) {
		*p++ = '0';
		*p++ = 'x';
		*p++ = digits[id / 16];
	}
	*p++ = digits[id % 16];
	return p;
}

/*
 * Append @m to what ends at @p in @buf, each item with @sign in front unless
 * that is '\0'; returns the new end.  VFIOAP_LIST_SIZE holds the longest text:
 * 256 items of which none is joined with the next, as in "-0,-2,...,+1,+3,...",
 * are 1505 bytes.
 */
static char *items_format(const struct vfioap_mask *m, char sign, const char *buf, char *p)
{
	unsigned first, last;

	for (first = vfioap_mask_next(m, 0); first < VFIOAP_IDS;
	     first = vfioap_mask_next(m, last + 1)) {
		for (last = first; vfioap_mask_has(m, last + 1);)
			last++;
		/* Two neighbours are two items: "5,6" reads better than "5-6". */
		if (last == first + 1)
			last = first;

		if (p > buf)
			*p++ = ',';
		if (sign)
			*p++ = sign;
		p = id_format(first, p);
		if (last > first) {
			*p++ = '-';
			p = id_format(last, p);
		}
	}
	*p = '\0';
	return p;
}

char *vfioap_list_format(const struct vfioap_mask *m, char buf[VFIOAP_LIST_SIZE])
{
	if (items_format(m, '\0', buf, buf) == buf)
		snprintf(buf, VFIOAP_LIST_SIZE, "none");
	return buf;
}

char *vfioap_change_format(const struct vfioap_change *change, char buf[VFIOAP_LIST_SIZE])
{
	char *end = items_format(&change->clear, '-', buf, buf);

	items_format(&change->set, '+', buf, end);
	return buf;
}

/* ---- messages ------------------------------------------------------------ */

/* As much of an item as a message shows: "..." follows what is cut. */
#define SHOWN_MAX  32
#define SHOWN_SIZE (SHOWN_MAX + sizeof("..."))

static const char *span_show(struct span s, char buf[SHOWN_SIZE])
{
	size_t len = s.len < SHOWN_MAX ? s.len : SHOWN_MAX;

	/* Bytes of UTF-8 too: one of a C1 control could steer a terminal. */
	for (size_t i = 0; i < len; i++)
		buf[i] = s.text[i] >= 0x20 && s.text[i] < 0x7f ? s.text[i] : '?';
	snprintf(buf + len, SHOWN_SIZE - len, "%s", s.len > len ? "..." : "");
	return buf;
}

/* What digits with a leading zero are in @base: "8", "above 255" or "invalid". */
static const char *reading_show(struct span s, unsigned base, char buf[SHOWN_SIZE])
{
	unsigned value;

	if (!digits_parse(s, base, &value))
		snprintf(buf, SHOWN_SIZE, "invalid");
	else if (value >= VFIOAP_IDS)
		snprintf(buf, SHOWN_SIZE, "above %d", VFIOAP_IDS - 1);
	else
		snprintf(buf, SHOWN_SIZE, "%u", value);
	return buf;
}

/* What is wrong with the number @s; the subject of the sentence stands before it. */
static void number_message(struct span s, enum vfioap_reason reason, char *buf, size_t size)
{
	char a[SHOWN_SIZE], b[SHOWN_SIZE];
	unsigned octal, decimal;

	switch (reason) {
	case VFIOAP_NEEDS_0X:
		snprintf(buf, size, "is hexadecimal without 0x: write 0x%s", span_show(s, a));
		return;
	case VFIOAP_LEADING_ZERO:
		if (digits_parse(s, 8, &octal) && digits_parse(s, 10, &decimal) &&
		    octal == decimal && decimal < VFIOAP_IDS)
			snprintf(buf, size, "has a leading zero: write %u", decimal);
		else
			snprintf(buf, size, "has a leading zero: %s in sysfs, %s on paper",
				 reading_show(s, 8, a), reading_show(s, 10, b));
		return;
	case VFIOAP_TOO_BIG: snprintf(buf, size, "is above %d", VFIOAP_IDS - 1); return;
	default: snprintf(buf, size, s.len ? "is not a number" : "lacks a number");
	}
}

/* "item 'X' at position N: 'Y' is not a number"; without Y where that is all of X. */
static void range_message(struct span item, size_t position, enum vfioap_reason reason, char *buf,
			  size_t size)
{
	struct span number = span_behind(item, item_sign(item) ? 1 : 0);
	char shown[SHOWN_SIZE], part[SHOWN_SIZE + 8] = "", what[96];
	struct span bad = number;
	unsigned first, last;

	range_parse(number, &first, &last, &bad);
	number_message(bad, reason, what, sizeof(what));
	if (bad.len && bad.len < item.len) {
		char culprit[SHOWN_SIZE];

		snprintf(part, sizeof(part), ": '%s'", span_show(bad, culprit));
	}
	snprintf(buf, size, "item '%s' at position %zu%s %s", span_show(item, shown), position,
		 part, what);
}

static void item_message(const char *text, struct span item, size_t position,
			 enum vfioap_reason reason, char *buf, size_t size)
{
	const char *what = "is empty";
	char shown[SHOWN_SIZE];

	switch (reason) {
	case VFIOAP_BLANK: what = item.len == 1 ? "is white space" : "contains white space"; break;
	case VFIOAP_REVERSED: what = "is a reversed range: the lower number stands first"; break;
	case VFIOAP_SIGNED: what = "has a sign, which only a change may have"; break;
	case VFIOAP_UNSIGNED: what = "has no sign: '+' adds, '-' removes"; break;
	case VFIOAP_WORD:
		what = item.len < strlen(text) ? "is a word that must stand alone"
					       : "is not allowed here";
		break;
	default: break;
	}
	snprintf(buf, size, "item '%s' at position %zu %s", span_show(item, shown), position, what);
}

char *vfioap_parse_message(const char *text, const struct vfioap_parse_error *error, char *buf,
			   size_t size)
{
	struct span item = { .text = text + error->offset, .len = error->length };
	size_t position = error->offset + 1;
	char shown[SHOWN_SIZE];

	switch (error->reason) {
	case VFIOAP_OK: buf[0] = '\0'; break;
	case VFIOAP_EMPTY: snprintf(buf, size, "the text is empty"); break;
	case VFIOAP_NOT_A_NUMBER:
	case VFIOAP_NEEDS_0X:
	case VFIOAP_LEADING_ZERO:
	case VFIOAP_TOO_BIG: range_message(item, position, error->reason, buf, size); break;
	case VFIOAP_MASK_PREFIX:
		snprintf(buf, size, "mask '%s' does not begin with 0x", span_show(item, shown));
		break;
	case VFIOAP_MASK_DIGIT:
		snprintf(buf, size, "'%s' at position %zu is not a hexadecimal digit",
			 span_show(item, shown), position);
		break;
	case VFIOAP_MASK_LENGTH:
		snprintf(buf, size, "mask '%s' has %zu digits, not %d", span_show(item, shown),
			 item.len - strlen("0x"), HEX_DIGITS);
		break;
	default: item_message(text, item, position, error->reason, buf, size);
	}
	return buf;
}
