/* SPDX-License-Identifier: MIT */
/*
 * mask.c: every form of ID, LIST, CHANGE and MASK that is refused: with which
 * reason, at which item, in which words, and that no output is touched.
 */
#include <vfioap/mask.h>

#include <errno.h>

#include "test.h"

#define ZERO16 "0000000000000000"
#define ZERO48 ZERO16 ZERO16 ZERO16
#define ZERO64 ZERO48 ZERO16
#define ONES16 "ffffffffffffffff"
#define ONES64 ONES16 ONES16 ONES16 ONES16

#define MESSAGE_SIZE 192 /* mask.h: holds every message */
#define WORDS	     (VFIOAP_LIST_ALL | VFIOAP_LIST_NONE)

/* A set with a pattern, to see that a function did not touch it. */
static const struct vfioap_mask untouched = { { 0x0123456789abcdef, 42, 0, UINT64_MAX } };

struct refusal {
	const char *in;
	enum vfioap_reason reason;
	size_t offset, length;
	const char *message;
};

#define REFUSED(text, why, off, len, words)                                                        \
	{                                                                                          \
		.in = text, .reason = VFIOAP_##why, .offset = off, .length = len, .message = words \
	}

static const struct refusal in_lists[] = {
	REFUSED("", EMPTY, 0, 0, "the text is empty"),
	/* empty items */
	REFUSED(",", EMPTY_ITEM, 0, 0, "item '' at position 1 is empty"),
	REFUSED(",5", EMPTY_ITEM, 0, 0, "item '' at position 1 is empty"),
	REFUSED("5,", EMPTY_ITEM, 2, 0, "item '' at position 3 is empty"),
	REFUSED("5,,6", EMPTY_ITEM, 2, 0, "item '' at position 3 is empty"),
	/* blanks */
	REFUSED(" ", BLANK, 0, 1, "item ' ' at position 1 is white space"),
	REFUSED(" 5", BLANK, 0, 2, "item ' 5' at position 1 contains white space"),
	REFUSED("5 ", BLANK, 0, 2, "item '5 ' at position 1 contains white space"),
	REFUSED("5, 6", BLANK, 2, 2, "item ' 6' at position 3 contains white space"),
	REFUSED("5 6", BLANK, 0, 3, "item '5 6' at position 1 contains white space"),
	REFUSED("5,6\n", BLANK, 2, 2, "item '6?' at position 3 contains white space"),
	REFUSED("5\t-6", BLANK, 0, 4, "item '5?-6' at position 1 contains white space"),
	REFUSED("5\v", BLANK, 0, 2, "item '5?' at position 1 contains white space"),
	REFUSED("\f5", BLANK, 0, 2, "item '?5' at position 1 contains white space"),
	REFUSED("5,\r", BLANK, 2, 1, "item '?' at position 3 is white space"),
	/* leading zeros */
	REFUSED("010", LEADING_ZERO, 0, 3,
		"item '010' at position 1 has a leading zero: 8 in sysfs, 10 on paper"),
	REFUSED("5,07,9", LEADING_ZERO, 2, 2,
		"item '07' at position 3 has a leading zero: write 7"),
	REFUSED("00", LEADING_ZERO, 0, 2, "item '00' at position 1 has a leading zero: write 0"),
	REFUSED("08", LEADING_ZERO, 0, 2,
		"item '08' at position 1 has a leading zero: invalid in sysfs, 8 on paper"),
	REFUSED("0377", LEADING_ZERO, 0, 4,
		"item '0377' at position 1 has a leading zero: 255 in sysfs, above 255 on paper"),
	REFUSED("0400", LEADING_ZERO, 0, 4,
		"item '0400' at position 1 has a leading zero: above 255 in sysfs, above 255 on "
		"paper"),
	REFUSED("3,010-12", LEADING_ZERO, 2, 6,
		"item '010-12' at position 3: '010' has a leading zero: 8 in sysfs, 10 on paper"),
	REFUSED("7-010", LEADING_ZERO, 0, 5,
		"item '7-010' at position 1: '010' has a leading zero: 8 in sysfs, 10 on paper"),
	/* letters without 0x */
	REFUSED("ab", NEEDS_0X, 0, 2,
		"item 'ab' at position 1 is hexadecimal without 0x: write 0xab"),
	REFUSED("4,AB", NEEDS_0X, 2, 2,
		"item 'AB' at position 3 is hexadecimal without 0x: write 0xAB"),
	REFUSED("1f", NEEDS_0X, 0, 2,
		"item '1f' at position 1 is hexadecimal without 0x: write 0x1f"),
	REFUSED("0a", NEEDS_0X, 0, 2,
		"item '0a' at position 1 is hexadecimal without 0x: write 0x0a"),
	REFUSED("f", NEEDS_0X, 0, 1, "item 'f' at position 1 is hexadecimal without 0x: write 0xf"),
	REFUSED("5-1f", NEEDS_0X, 0, 4,
		"item '5-1f' at position 1: '1f' is hexadecimal without 0x: write 0x1f"),
	REFUSED("0xab-ff", NEEDS_0X, 0, 7,
		"item '0xab-ff' at position 1: 'ff' is hexadecimal without 0x: write 0xff"),
	/* no numbers */
	REFUSED("x", NOT_A_NUMBER, 0, 1, "item 'x' at position 1 is not a number"),
	REFUSED("abc", NOT_A_NUMBER, 0, 3, "item 'abc' at position 1 is not a number"),
	REFUSED("dead", NOT_A_NUMBER, 0, 4, "item 'dead' at position 1 is not a number"),
	REFUSED("0x", NOT_A_NUMBER, 0, 2, "item '0x' at position 1 is not a number"),
	REFUSED("0xg", NOT_A_NUMBER, 0, 3, "item '0xg' at position 1 is not a number"),
	REFUSED("x10", NOT_A_NUMBER, 0, 3, "item 'x10' at position 1 is not a number"),
	REFUSED("0x0x5", NOT_A_NUMBER, 0, 5, "item '0x0x5' at position 1 is not a number"),
	REFUSED("00x5", NOT_A_NUMBER, 0, 4, "item '00x5' at position 1 is not a number"),
	REFUSED("5h", NOT_A_NUMBER, 0, 2, "item '5h' at position 1 is not a number"),
	REFUSED("999x", NOT_A_NUMBER, 0, 4, "item '999x' at position 1 is not a number"),
	REFUSED("5;6", NOT_A_NUMBER, 0, 3, "item '5;6' at position 1 is not a number"),
	REFUSED("5.4", NOT_A_NUMBER, 0, 3, "item '5.4' at position 1 is not a number"),
	REFUSED("1e2x", NOT_A_NUMBER, 0, 4, "item '1e2x' at position 1 is not a number"),
	REFUSED("5,*", NOT_A_NUMBER, 2, 1, "item '*' at position 3 is not a number"),
	REFUSED("5-", NOT_A_NUMBER, 0, 2, "item '5-' at position 1 lacks a number"),
	REFUSED("5-x", NOT_A_NUMBER, 0, 3, "item '5-x' at position 1: 'x' is not a number"),
	REFUSED("x-5", NOT_A_NUMBER, 0, 3, "item 'x-5' at position 1: 'x' is not a number"),
	REFUSED("5-6-7", NOT_A_NUMBER, 0, 5, "item '5-6-7' at position 1: '6-7' is not a number"),
	REFUSED("5--6", NOT_A_NUMBER, 0, 4, "item '5--6' at position 1: '-6' is not a number"),
	REFUSED("5-+6", NOT_A_NUMBER, 0, 4, "item '5-+6' at position 1: '+6' is not a number"),
	REFUSED("5..6", NOT_A_NUMBER, 0, 4, "item '5..6' at position 1 is not a number"),
	REFUSED("\xc3\xa9", NOT_A_NUMBER, 0, 2,
		"item '?"
		"?' at position 1 is not a number"),
	REFUSED("\033[31m", NOT_A_NUMBER, 0, 5, "item '?[31m' at position 1 is not a number"),
	REFUSED("5\x9b", NOT_A_NUMBER, 0, 2, "item '5?' at position 1 is not a number"),
	/* too big */
	REFUSED("256", TOO_BIG, 0, 3, "item '256' at position 1 is above 255"),
	REFUSED("0x100", TOO_BIG, 0, 5, "item '0x100' at position 1 is above 255"),
	REFUSED("4,0xab-0x100", TOO_BIG, 2, 10,
		"item '0xab-0x100' at position 3: '0x100' is above 255"),
	REFUSED("300-5", TOO_BIG, 0, 5, "item '300-5' at position 1: '300' is above 255"),
	REFUSED("4294967296", TOO_BIG, 0, 10, "item '4294967296' at position 1 is above 255"),
	REFUSED("4294967301", TOO_BIG, 0, 10, "item '4294967301' at position 1 is above 255"),
	REFUSED("18446744073709551621", TOO_BIG, 0, 20,
		"item '18446744073709551621' at position 1 is above 255"),
	REFUSED("0x10000000000000005", TOO_BIG, 0, 19,
		"item '0x10000000000000005' at position 1 is above 255"),
	REFUSED("0x06" ZERO48 "00000000000000", TOO_BIG, 0, 66,
		"item '0x060000000000000000000000000000...' at position 1 is above 255"),
	/* reversed */
	REFUSED("7-5", REVERSED, 0, 3,
		"item '7-5' at position 1 is a reversed range: the lower number stands first"),
	REFUSED("3,0xff-0xab,4", REVERSED, 2, 9,
		"item '0xff-0xab' at position 3 is a reversed range: the lower number stands "
		"first"),
	/* signs */
	REFUSED("+5", SIGNED, 0, 2,
		"item '+5' at position 1 has a sign, which only a change may have"),
	REFUSED("-5", SIGNED, 0, 2,
		"item '-5' at position 1 has a sign, which only a change may have"),
	REFUSED("5,-6", SIGNED, 2, 2,
		"item '-6' at position 3 has a sign, which only a change may have"),
	REFUSED("-", SIGNED, 0, 1,
		"item '-' at position 1 has a sign, which only a change may have"),
	/* words */
	REFUSED("all", WORD, 0, 3, "item 'all' at position 1 is not allowed here"),
	REFUSED("none", WORD, 0, 4, "item 'none' at position 1 is not allowed here"),
	/* the first of several is the one that is told */
	REFUSED("5,010,ab,7-5", LEADING_ZERO, 2, 3,
		"item '010' at position 3 has a leading zero: 8 in sysfs, 10 on paper"),
};

/* ... where "all" and "none" are allowed. */
static const struct refusal in_lists_with_words[] = {
	/* words */
	REFUSED("all,5", WORD, 0, 3, "item 'all' at position 1 is a word that must stand alone"),
	REFUSED("5,none", WORD, 2, 4, "item 'none' at position 3 is a word that must stand alone"),
	REFUSED("all,all", WORD, 0, 3, "item 'all' at position 1 is a word that must stand alone"),
	REFUSED("+all", WORD, 0, 4, "item '+all' at position 1 is not allowed here"),
	REFUSED("all ", BLANK, 0, 4, "item 'all ' at position 1 contains white space"),
	REFUSED("ALL", NOT_A_NUMBER, 0, 3, "item 'ALL' at position 1 is not a number"),
	REFUSED("nones", NOT_A_NUMBER, 0, 5, "item 'nones' at position 1 is not a number"),
	REFUSED("all-5", NOT_A_NUMBER, 0, 5, "item 'all-5' at position 1: 'all' is not a number"),
};

static const struct refusal the_word_all[] = {
	REFUSED("all", WORD, 0, 3, "item 'all' at position 1 is not allowed here"),
};

static const struct refusal the_word_none[] = {
	REFUSED("none", WORD, 0, 4, "item 'none' at position 1 is not allowed here"),
};

static const struct refusal in_ids[] = {
	REFUSED("", EMPTY, 0, 0, "the text is empty"),
	REFUSED("010", LEADING_ZERO, 0, 3,
		"item '010' at position 1 has a leading zero: 8 in sysfs, 10 on paper"),
	REFUSED("ab", NEEDS_0X, 0, 2,
		"item 'ab' at position 1 is hexadecimal without 0x: write 0xab"),
	REFUSED("256", TOO_BIG, 0, 3, "item '256' at position 1 is above 255"),
	REFUSED("99999999999999999999", TOO_BIG, 0, 20,
		"item '99999999999999999999' at position 1 is above 255"),
	REFUSED("5,6", NOT_A_NUMBER, 0, 3, "item '5,6' at position 1 is not a number"),
	REFUSED("5-6", NOT_A_NUMBER, 0, 3, "item '5-6' at position 1 is not a number"),
	REFUSED("7-5", NOT_A_NUMBER, 0, 3, "item '7-5' at position 1 is not a number"),
	REFUSED("5-", NOT_A_NUMBER, 0, 2, "item '5-' at position 1 lacks a number"),
	REFUSED("0x", NOT_A_NUMBER, 0, 2, "item '0x' at position 1 is not a number"),
	REFUSED("+5", SIGNED, 0, 2,
		"item '+5' at position 1 has a sign, which only a change may have"),
	REFUSED("-5", SIGNED, 0, 2,
		"item '-5' at position 1 has a sign, which only a change may have"),
	REFUSED(" 5", BLANK, 0, 2, "item ' 5' at position 1 contains white space"),
	REFUSED("5\n", BLANK, 0, 2, "item '5?' at position 1 contains white space"),
	REFUSED("all", WORD, 0, 3, "item 'all' at position 1 is not allowed here"),
};

static const struct refusal in_changes[] = {
	REFUSED("", EMPTY, 0, 0, "the text is empty"),
	REFUSED("5", UNSIGNED, 0, 1, "item '5' at position 1 has no sign: '+' adds, '-' removes"),
	REFUSED("+5,6", UNSIGNED, 3, 1,
		"item '6' at position 4 has no sign: '+' adds, '-' removes"),
	REFUSED("5-6", UNSIGNED, 0, 3,
		"item '5-6' at position 1 has no sign: '+' adds, '-' removes"),
	REFUSED("+5,,-6", EMPTY_ITEM, 3, 0, "item '' at position 4 is empty"),
	REFUSED("+5,", EMPTY_ITEM, 3, 0, "item '' at position 4 is empty"),
	REFUSED(",+5", EMPTY_ITEM, 0, 0, "item '' at position 1 is empty"),
	REFUSED("+5, -6", BLANK, 3, 3, "item ' -6' at position 4 contains white space"),
	REFUSED("+ 5", BLANK, 0, 3, "item '+ 5' at position 1 contains white space"),
	REFUSED("+", NOT_A_NUMBER, 0, 1, "item '+' at position 1 lacks a number"),
	REFUSED("-", NOT_A_NUMBER, 0, 1, "item '-' at position 1 lacks a number"),
	REFUSED("+5-", NOT_A_NUMBER, 0, 3, "item '+5-' at position 1 lacks a number"),
	REFUSED("+-5", NOT_A_NUMBER, 0, 3, "item '+-5' at position 1 lacks a number"),
	REFUSED("++5", NOT_A_NUMBER, 0, 3, "item '++5' at position 1: '+5' is not a number"),
	REFUSED("+5-+6", NOT_A_NUMBER, 0, 5, "item '+5-+6' at position 1: '+6' is not a number"),
	REFUSED("+x", NOT_A_NUMBER, 0, 2, "item '+x' at position 1: 'x' is not a number"),
	REFUSED("+5,-ab", NEEDS_0X, 3, 3,
		"item '-ab' at position 4: 'ab' is hexadecimal without 0x: write 0xab"),
	REFUSED("-010", LEADING_ZERO, 0, 4,
		"item '-010' at position 1: '010' has a leading zero: 8 in sysfs, 10 on paper"),
	REFUSED("+256", TOO_BIG, 0, 4, "item '+256' at position 1: '256' is above 255"),
	REFUSED("+5,-7-5", REVERSED, 3, 4,
		"item '-7-5' at position 4 is a reversed range: the lower number stands first"),
	REFUSED("all", WORD, 0, 3, "item 'all' at position 1 is not allowed here"),
	REFUSED("-all", WORD, 0, 4, "item '-all' at position 1 is not allowed here"),
	REFUSED("+5,none", WORD, 3, 4, "item 'none' at position 4 is a word that must stand alone"),
};

static const struct refusal in_masks[] = {
	REFUSED("", EMPTY, 0, 0, "the text is empty"),
	/* 63, 65 and other numbers of digits */
	REFUSED("0x" ZERO48 "000000000000000", MASK_LENGTH, 0, 65,
		"mask '0x000000000000000000000000000000...' has 63 digits, not 64"),
	REFUSED("0x" ONES64 "f", MASK_LENGTH, 0, 67,
		"mask '0xffffffffffffffffffffffffffffff...' has 65 digits, not 64"),
	REFUSED("0x41", MASK_LENGTH, 0, 4, "mask '0x41' has 2 digits, not 64"),
	REFUSED("0x", MASK_LENGTH, 0, 2, "mask '0x' has 0 digits, not 64"),
	/* no 0x */
	REFUSED(ZERO64, MASK_PREFIX, 0, 64,
		"mask '00000000000000000000000000000000...' does not begin with 0x"),
	REFUSED("0X" ZERO64, MASK_PREFIX, 0, 66,
		"mask '0X000000000000000000000000000000...' does not begin with 0x"),
	/* no digits */
	REFUSED("0x" ONES64 "x", MASK_DIGIT, 66, 1,
		"'x' at position 67 is not a hexadecimal digit"),
	/* blanks */
	REFUSED("0x" ONES64 "\n", BLANK, 66, 1, "item '?' at position 67 is white space"),
	REFUSED(" 0x" ONES64, BLANK, 0, 1, "item ' ' at position 1 is white space"),
};

/* ... where fewer digits are allowed. */
static const struct refusal in_short_masks[] = {
	REFUSED("", EMPTY, 0, 0, "the text is empty"),
	/* 63, 65 and other numbers of digits */
	REFUSED("0x" ONES64 "f", MASK_LENGTH, 0, 67,
		"mask '0xffffffffffffffffffffffffffffff...' has 65 digits, not 64"),
	REFUSED("0x" ONES64 ONES64, MASK_LENGTH, 0, 130,
		"mask '0xffffffffffffffffffffffffffffff...' has 128 digits, not 64"),
	REFUSED("0x", MASK_LENGTH, 0, 2, "mask '0x' has 0 digits, not 64"),
	/* no 0x */
	REFUSED("41", MASK_PREFIX, 0, 2, "mask '41' does not begin with 0x"),
	REFUSED("x41", MASK_PREFIX, 0, 3, "mask 'x41' does not begin with 0x"),
	REFUSED("0", MASK_PREFIX, 0, 1, "mask '0' does not begin with 0x"),
	REFUSED("+5", MASK_PREFIX, 0, 2, "mask '+5' does not begin with 0x"),
	REFUSED("all", MASK_PREFIX, 0, 3, "mask 'all' does not begin with 0x"),
	/* no digits */
	REFUSED("0x4g", MASK_DIGIT, 3, 1, "'g' at position 4 is not a hexadecimal digit"),
	REFUSED("0x-1", MASK_DIGIT, 2, 1, "'-' at position 3 is not a hexadecimal digit"),
	REFUSED("0x41,0x42", MASK_DIGIT, 4, 1, "',' at position 5 is not a hexadecimal digit"),
	REFUSED("0x\xb2", MASK_DIGIT, 2, 1, "'?' at position 3 is not a hexadecimal digit"),
	/* blanks */
	REFUSED("0x41 42", BLANK, 4, 1, "item ' ' at position 5 is white space"),
};

static void expect(struct test *t, const struct refusal *want, int rc,
		   const struct vfioap_parse_error *error)
{
	char message[MESSAGE_SIZE];

	EXPECT_INT(t, rc, want->reason == VFIOAP_TOO_BIG ? -ERANGE : -EINVAL);
	EXPECT_INT(t, error->reason, want->reason);
	EXPECT_INT(t, error->offset, want->offset);
	EXPECT_INT(t, error->length, want->length);
	EXPECT(t, vfioap_parse_message(want->in, error, message, sizeof(message)) == message);
	EXPECT_STR(t, message, want->message);
}

static void test_lists(struct test *t, const struct refusal *rows, size_t n, unsigned flags)
{
	for (size_t i = 0; i < n; i++) {
		struct vfioap_mask m = untouched;
		struct vfioap_parse_error error;
		int rc;

		test_case(t, "list '%s' is refused, flags %u", rows[i].in, flags);
		rc = vfioap_list_parse(rows[i].in, flags, NULL, &m, &error);
		expect(t, &rows[i], rc, &error);
		EXPECT_INT(t, vfioap_list_parse(rows[i].in, flags, NULL, &m, NULL), rc);
		EXPECT(t, vfioap_mask_equal(&m, &untouched));
	}
}

static void test_ids(struct test *t, const struct refusal *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vfioap_parse_error error;
		unsigned got = 4711;
		int rc;

		test_case(t, "ID '%s' is refused", rows[i].in);
		rc = vfioap_id_parse(rows[i].in, &got, &error);
		expect(t, &rows[i], rc, &error);
		EXPECT_INT(t, vfioap_id_parse(rows[i].in, &got, NULL), rc);
		EXPECT_INT(t, got, 4711);
	}
}

static void test_changes(struct test *t, const struct refusal *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vfioap_change change = { .set = untouched, .clear = untouched };
		struct vfioap_parse_error error;
		int rc;

		test_case(t, "change '%s' is refused", rows[i].in);
		rc = vfioap_change_parse(rows[i].in, &change, &error);
		expect(t, &rows[i], rc, &error);
		EXPECT_INT(t, vfioap_change_parse(rows[i].in, &change, NULL), rc);
		EXPECT(t, vfioap_mask_equal(&change.set, &untouched));
		EXPECT(t, vfioap_mask_equal(&change.clear, &untouched));
	}
}

static void test_masks(struct test *t, const struct refusal *rows, size_t n, bool short_ok)
{
	for (size_t i = 0; i < n; i++) {
		struct vfioap_mask m = untouched;
		struct vfioap_parse_error error;
		int rc;

		test_case(t, "%s '%s' is refused", short_ok ? "short mask" : "mask", rows[i].in);
		rc = vfioap_hex_parse(rows[i].in, short_ok, &m, &error);
		expect(t, &rows[i], rc, &error);
		EXPECT_INT(t, vfioap_hex_parse(rows[i].in, short_ok, &m, NULL), rc);
		EXPECT(t, vfioap_mask_equal(&m, &untouched));
	}
}

static void test_message(struct test *t)
{
	static const char full[] =
		"item '010' at position 1 has a leading zero: 8 in sysfs, 10 on paper";
	struct vfioap_parse_error error = { .reason = VFIOAP_OK };
	char text[400], buf[MESSAGE_SIZE + 1];
	struct vfioap_mask m;

	test_case(t, "no failure is no message");
	EXPECT_STR(t, vfioap_parse_message("5", &error, buf, sizeof(buf)), "");

	test_case(t, "a message is cut at any size, and terminated");
	EXPECT_INT(t, vfioap_list_parse("010", 0, NULL, &m, &error), -EINVAL);
	for (size_t size = 1; size <= MESSAGE_SIZE; size++) {
		memset(buf, 'x', sizeof(buf));
		vfioap_parse_message("010", &error, buf, size);
		EXPECT_INT(t, strlen(buf), size <= sizeof(full) ? size - 1 : sizeof(full) - 1);
		EXPECT(t, !strncmp(buf, full, strlen(buf)));
		EXPECT_INT(t, buf[size], 'x');
	}

	test_case(t, "192 bytes hold the longest message, at the highest position too");
	memset(text, '9', sizeof(text));
	text[0] = text[200] = '0';
	text[199] = '-';
	text[sizeof(text) - 1] = '\0';
	EXPECT_INT(t, vfioap_list_parse(text, 0, NULL, &m, &error), -EINVAL);
	EXPECT_STR(t, vfioap_parse_message(text, &error, buf, sizeof(buf)),
		   "item '09999999999999999999999999999999...' at position 1: "
		   "'09999999999999999999999999999999...' has a leading zero: "
		   "invalid in sysfs, above 255 on paper");
	EXPECT(t, strlen(buf) + strlen("18446744073709551615") < MESSAGE_SIZE);
}

int main(void)
{
	struct test t = { 0 };

	test_lists(&t, in_lists, ARRAY_SIZE(in_lists), 0);
	test_lists(&t, in_lists_with_words, ARRAY_SIZE(in_lists_with_words), WORDS);
	test_lists(&t, the_word_all, ARRAY_SIZE(the_word_all), VFIOAP_LIST_NONE);
	test_lists(&t, the_word_none, ARRAY_SIZE(the_word_none), VFIOAP_LIST_ALL);
	test_ids(&t, in_ids, ARRAY_SIZE(in_ids));
	test_changes(&t, in_changes, ARRAY_SIZE(in_changes));
	test_masks(&t, in_masks, ARRAY_SIZE(in_masks), false);
	test_masks(&t, in_short_masks, ARRAY_SIZE(in_short_masks), true);
	test_message(&t);
	return test_done(&t);
}
