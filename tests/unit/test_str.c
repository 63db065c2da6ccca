/* SPDX-License-Identifier: MIT */
/* str.c: numbers to the edge of their range, and every way to be no UTF-8. */
#include "str.h"

#include <errno.h>
#include <limits.h>

#include "test.h"

static void test_ulong(struct test *t)
{
	static const struct {
		const char *in;
		unsigned base;
		unsigned long max;
		int rc;
		unsigned long want;
		size_t used;
	} rows[] = {
		{ .in = "0", .base = 10, .max = 0, .want = 0, .used = 1 },
		{ .in = "255", .base = 10, .max = 255, .want = 255, .used = 3 },
		{ .in = "256", .base = 10, .max = 255, .rc = -ERANGE },
		{ .in = "9", .base = 10, .max = 5, .rc = -ERANGE },
		{ .in = "1", .base = 10, .max = 0, .rc = -ERANGE },
		{ .in = "000000000000000000000000000007",
		  .base = 10,
		  .max = 7,
		  .want = 7,
		  .used = 30 },
		{ .in = "12,x", .base = 10, .max = 99, .want = 12, .used = 2 },
		{ .in = "12a", .base = 10, .max = 99, .want = 12, .used = 2 },
		{ .in = "12a", .base = 16, .max = 0xfff, .want = 0x12a, .used = 3 },
		{ .in = "Ff.0004", .base = 16, .max = 255, .want = 255, .used = 2 },
		{ .in = "fg", .base = 16, .max = 255, .want = 15, .used = 1 },
		{ .in = "0x10", .base = 16, .max = 255, .want = 0, .used = 1 },
		{ .in = "100", .base = 16, .max = 255, .rc = -ERANGE },
		{ .in = "18446744073709551615",
		  .base = 10,
		  .max = ULONG_MAX,
		  .want = ULONG_MAX,
		  .used = 20 },
		{ .in = "18446744073709551616", .base = 10, .max = ULONG_MAX, .rc = -ERANGE },
		{ .in = "99999999999999999999999", .base = 10, .max = ULONG_MAX, .rc = -ERANGE },
		{ .in = "ffffffffffffffff",
		  .base = 16,
		  .max = ULONG_MAX,
		  .want = ULONG_MAX,
		  .used = 16 },
		{ .in = "10000000000000000", .base = 16, .max = ULONG_MAX, .rc = -ERANGE },
		{ .in = "", .base = 10, .max = 9, .rc = -EINVAL },
		{ .in = "-1", .base = 10, .max = 9, .rc = -EINVAL },
		{ .in = "+1", .base = 10, .max = 9, .rc = -EINVAL },
		{ .in = " 1", .base = 10, .max = 9, .rc = -EINVAL },
		{ .in = "a", .base = 10, .max = 9, .rc = -EINVAL },
		{ .in = "g", .base = 16, .max = 9, .rc = -EINVAL },
		{ .in = "\xff", .base = 16, .max = 9, .rc = -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned long got = 4711;
		const char *p = rows[i].in;

		test_case(t, "str_ulong_parse(\"%s\", %u, %lu)", rows[i].in, rows[i].base,
			  rows[i].max);
		EXPECT_INT(t, str_ulong_parse(&p, rows[i].base, rows[i].max, &got), rows[i].rc);
		EXPECT_INT(t, p - rows[i].in, rows[i].used);
		EXPECT(t, got == (rows[i].rc ? 4711 : rows[i].want));
	}
}

static void test_uint(struct test *t)
{
	static const struct {
		const char *in;
		unsigned max;
		int rc;
		unsigned want;
	} rows[] = {
		{ .in = "0", .max = 0, .want = 0 },
		{ .in = "123", .max = 123, .want = 123 },
		{ .in = "123\n", .max = 123, .want = 123 },
		{ .in = "4294967295", .max = UINT_MAX, .want = UINT_MAX },
		{ .in = "4294967296", .max = UINT_MAX, .rc = -ERANGE },
		{ .in = "124", .max = 123, .rc = -ERANGE },
		{ .in = "124\n", .max = 123, .rc = -ERANGE },
		{ .in = "", .max = 9, .rc = -EINVAL },
		{ .in = "\n", .max = 9, .rc = -EINVAL },
		{ .in = "1\n\n", .max = 9, .rc = -EINVAL },
		{ .in = "1 ", .max = 9, .rc = -EINVAL },
		{ .in = " 1", .max = 9, .rc = -EINVAL },
		{ .in = "1x", .max = 9, .rc = -EINVAL },
		{ .in = "99x", .max = 9, .rc = -EINVAL },
		{ .in = "0x1", .max = 9, .rc = -EINVAL },
		{ .in = "-1", .max = 9, .rc = -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned got = 4711;

		test_case(t, "str_uint(\"%s\", %u)", rows[i].in, rows[i].max);
		EXPECT_INT(t, str_uint(rows[i].in, rows[i].max, &got), rows[i].rc);
		EXPECT_INT(t, got, rows[i].rc ? 4711 : rows[i].want);
	}
}

static void test_chomp(struct test *t)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ .in = "", .want = "" },	  { .in = "\n", .want = "" },
		{ .in = "a", .want = "a" },	  { .in = "a\n", .want = "a" },
		{ .in = "a\n\n", .want = "a\n" }, { .in = "a\nb", .want = "a\nb" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[16];

		snprintf(text, sizeof(text), "%s", rows[i].in);
		test_case(t, "str_chomp(), row %zu", i);
		EXPECT(t, str_chomp(text) == text);
		EXPECT_STR(t, text, rows[i].want);
	}
}

static void test_starts_with(struct test *t)
{
	static const struct {
		const char *text, *prefix, *want;
	} rows[] = {
		{ .text = "card0a", .prefix = "card", .want = "0a" },
		{ .text = "card", .prefix = "card", .want = "" },
		{ .text = "card", .prefix = "", .want = "card" },
		{ .text = "", .prefix = "", .want = "" },
		{ .text = "car", .prefix = "card", .want = NULL },
		{ .text = "Card0a", .prefix = "card", .want = NULL },
		{ .text = "", .prefix = "card", .want = NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_case(t, "str_starts_with(\"%s\", \"%s\")", rows[i].text, rows[i].prefix);
		EXPECT_STR(t, str_starts_with(rows[i].text, rows[i].prefix), rows[i].want);
	}
}

static void test_printable(struct test *t)
{
	static const struct {
		const char *what, *in, *want;
	} rows[] = {
		{ .what = "nothing", .in = "", .want = "" },
		{ .what = "ASCII", .in = " az~", .want = " az~" },
		{ .what = "escape", .in = "\033[31mred", .want = "?[31mred" },
		{ .what = "C0", .in = "\001\t\n\r\037", .want = "?????" },
		{ .what = "DEL", .in = "a\177b", .want = "a?b" },
		{ .what = "two bytes", .in = "\xc3\xa9\xdf\xbf", .want = "\xc3\xa9\xdf\xbf" },
		{ .what = "three bytes", .in = "\xe2\x82\xac", .want = "\xe2\x82\xac" },
		{ .what = "four bytes", .in = "\xf0\x9f\x94\x91", .want = "\xf0\x9f\x94\x91" },
		{ .what = "first of three bytes", .in = "\xe0\xa0\x80", .want = "\xe0\xa0\x80" },
		{ .what = "last before surrogates", .in = "\xed\x9f\xbf", .want = "\xed\x9f\xbf" },
		{ .what = "first after surrogates", .in = "\xee\x80\x80", .want = "\xee\x80\x80" },
		{ .what = "last character", .in = "\xf4\x8f\xbf\xbf", .want = "\xf4\x8f\xbf\xbf" },
		{ .what = "no-break space", .in = "\xc2\xa0", .want = "\xc2\xa0" },
		{ .what = "C1, first", .in = "\xc2\x80", .want = "??" },
		{ .what = "C1, CSI",
		  .in = "\xc2\x9b"
			"0m",
		  .want = "??0m" },
		{ .what = "C1, last", .in = "\xc2\x9f", .want = "??" },
		{ .what = "raw CSI",
		  .in = "\x9b"
			"0m",
		  .want = "?0m" },
		{ .what = "lone continuation",
		  .in = "a\x80"
			"b",
		  .want = "a?b" },
		{ .what = "overlong slash", .in = "\xc0\xaf", .want = "??" },
		{ .what = "overlong escape", .in = "\xc0\x9b", .want = "??" },
		{ .what = "overlong, three bytes", .in = "\xe0\x9f\xbf", .want = "???" },
		{ .what = "overlong, four bytes", .in = "\xf0\x8f\xbf\xbf", .want = "????" },
		{ .what = "surrogate", .in = "\xed\xa0\x80", .want = "???" },
		{ .what = "above the last", .in = "\xf4\x90\x80\x80", .want = "????" },
		{ .what = "no lead byte", .in = "\xf5\xfe\xff", .want = "???" },
		{ .what = "cut after one of two", .in = "\xc3", .want = "?" },
		{ .what = "cut after one of three", .in = "\xe2", .want = "?" },
		{ .what = "cut after two of three", .in = "\xe2\x82", .want = "??" },
		{ .what = "cut after three of four", .in = "\xf0\x9f\x94", .want = "???" },
		{ .what = "cut by ASCII", .in = "\xe2\x82z", .want = "??z" },
		{ .what = "cut by a character", .in = "\xe2\x82\xc3\xa9", .want = "??\xc3\xa9" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text = strdup(rows[i].in);

		test_case(t, "str_printable(): %s", rows[i].what);
		EXPECT(t, text && str_printable(text) == text);
		EXPECT_STR(t, text, rows[i].want);
		free(text);
	}
}

/* Wherever it stands, and however long the text. */
static void test_is_ascii(struct test *t)
{
	for (size_t len = 0; len <= 20; len++) {
		char text[20];

		test_case(t, "str_is_ascii(): %zu bytes", len);
		memset(text, 0x7f, sizeof(text));
		EXPECT(t, str_is_ascii(text, len));
		for (size_t at = 0; at < sizeof(text); at++) {
			text[at] = (char)0x80;
			EXPECT_INT(t, str_is_ascii(text, len), at >= len);
			text[at] = 0;
		}
	}
}

int main(void)
{
	struct test t = { 0 };

	test_ulong(&t);
	test_uint(&t);
	test_chomp(&t);
	test_starts_with(&t);
	test_printable(&t);
	test_is_ascii(&t);
	return test_done(&t);
}
