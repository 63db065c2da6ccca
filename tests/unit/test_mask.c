/* SPDX-License-Identifier: MIT */
/*
 * mask.c: every form of ID, LIST, CHANGE and MASK that is taken or refused,
 * with position, reason and words; and that every text reads back as the set it
 * was made from.  What a set is supposed to be is told as hex text that is put
 * together digit by digit here, so that no word of a mask is ever looked at.
 */
#include <vfioap/mask.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <time.h>

#include "test.h"

#define ZERO16 "0000000000000000"
#define ZERO48 ZERO16 ZERO16 ZERO16
#define ZERO64 ZERO48 ZERO16
#define ONES16 "ffffffffffffffff"
#define ONES64 ONES16 ONES16 ONES16 ONES16

#define MESSAGE_SIZE 192 /* mask.h: holds every message */

/* IDs that belong to a set, as ranges; { 0, 0 } ends them but where it stands first. */
struct ids {
	unsigned first, last;
};

/* sysfs: the leftmost digit is IDs 0 to 3, its top bit ID 0. */
static char *hex_of(const struct ids *ids, size_t n, char buf[VFIOAP_HEX_SIZE])
{
	static const unsigned char value[4] = { 8, 4, 2, 1 };
	unsigned char digit[64] = { 0 };

	for (size_t i = 0; i < n; i++) {
		for (unsigned id = ids[i].first; id <= ids[i].last; id++)
			digit[id / 4] |= value[id % 4];
	}
	buf[0] = '0';
	buf[1] = 'x';
	for (size_t i = 0; i < 64; i++)
		buf[2 + i] = "0123456789abcdef"[digit[i]];
	buf[66] = '\0';
	return buf;
}

/* A set with a pattern, to see that a function did not touch it. */
static const struct vfioap_mask untouched = { { 0x0123456789abcdef, 42, 0, UINT64_MAX } };

struct refusal {
	const char *in;
	int rc;
	enum vfioap_reason reason;
	size_t offset, length;
	const char *message;
	unsigned flags; /* of a list */
	bool short_ok;	/* of a mask */
};

static void expect_refusal(struct test *t, const struct refusal *want, int rc,
			   const struct vfioap_parse_error *error)
{
	char message[MESSAGE_SIZE];

	EXPECT_INT(t, rc, want->rc);
	EXPECT_INT(t, error->reason, want->reason);
	EXPECT_INT(t, error->offset, want->offset);
	EXPECT_INT(t, error->length, want->length);
	EXPECT(t, vfioap_parse_message(want->in, error, message, sizeof(message)) == message);
	EXPECT_STR(t, message, want->message);
}

/* ---- single IDs and sets -------------------------------------------------- */

static void test_bits(struct test *t)
{
	static const struct ids ends[] = { { 0, 0 }, { 63, 64 }, { 255, 255 } };
	struct vfioap_mask m = { { 0 } };
	char hex[VFIOAP_HEX_SIZE], want[VFIOAP_HEX_SIZE];

	test_case(t, "the first and last bits of words are where sysfs has them");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		vfioap_mask_set(&m, ends[i].first);
		vfioap_mask_set(&m, ends[i].last);
	}
	EXPECT_STR(t, vfioap_hex_format(&m, hex), hex_of(ends, ARRAY_SIZE(ends), want));
	EXPECT_STR(t, hex,
		   "0x8000000000000001"
		   "8000000000000000" ZERO16 "0000000000000001");

	test_case(t, "every ID alone: set, has, next, count, hex, clear");
	for (unsigned id = 0; id < VFIOAP_IDS; id++) {
		struct ids one = { .first = id, .last = id };

		m = (struct vfioap_mask){ { 0 } };
		vfioap_mask_set(&m, id);
		for (unsigned other = 0; other < 2 * VFIOAP_IDS; other++)
			EXPECT_INT(t, vfioap_mask_has(&m, other), other == id);
		EXPECT_INT(t, vfioap_mask_count(&m), 1);
		EXPECT_INT(t, vfioap_mask_next(&m, 0), id);
		EXPECT_INT(t, vfioap_mask_next(&m, id), id);
		EXPECT_INT(t, vfioap_mask_next(&m, id + 1), VFIOAP_IDS);
		EXPECT_STR(t, vfioap_hex_format(&m, hex), hex_of(&one, 1, want));
		vfioap_mask_clear(&m, id);
		EXPECT(t, vfioap_mask_is_empty(&m));
	}

	test_case(t, "IDs above 255 are in no set and change none");
	m = untouched;
	for (unsigned id = VFIOAP_IDS; id; id *= 2) {
		vfioap_mask_set(&m, id);
		EXPECT(t, vfioap_mask_equal(&m, &untouched));
		vfioap_mask_clear(&m, id);
		EXPECT(t, vfioap_mask_equal(&m, &untouched));
		EXPECT(t, !vfioap_mask_has(&m, id));
		EXPECT_INT(t, vfioap_mask_next(&m, id), VFIOAP_IDS);
	}
}

static void test_range(struct test *t)
{
	static const struct {
		unsigned first, last, count;
	} rows[] = {
		{ .first = 0, .last = 0, .count = 1 },
		{ .first = 0, .last = 255, .count = 256 },
		{ .first = 255, .last = 255, .count = 1 },
		{ .first = 60, .last = 70, .count = 11 },
		{ .first = 64, .last = 127, .count = 64 },
		{ .first = 1, .last = 254, .count = 254 },
		{ .first = 7, .last = 5, .count = 0 },
		{ .first = 0, .last = 256, .count = 0 },
		{ .first = 256, .last = 255, .count = 0 },
		{ .first = 300, .last = 400, .count = 0 },
		{ .first = 0, .last = UINT_MAX, .count = 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vfioap_mask m = vfioap_mask_range(rows[i].first, rows[i].last);
		struct ids ids = { .first = rows[i].first, .last = rows[i].last };
		char hex[VFIOAP_HEX_SIZE], want[VFIOAP_HEX_SIZE];

		test_case(t, "vfioap_mask_range(%u, %u)", rows[i].first, rows[i].last);
		EXPECT_INT(t, vfioap_mask_count(&m), rows[i].count);
		EXPECT_STR(t, vfioap_hex_format(&m, hex),
			   hex_of(&ids, rows[i].count ? 1 : 0, want));
	}
}

static void test_algebra(struct test *t)
{
	struct vfioap_mask none = { { 0 } }, all = vfioap_mask_range(0, 255);
	struct vfioap_mask a = vfioap_mask_range(10, 200), b = vfioap_mask_range(100, 250);
	struct vfioap_mask got, want;

	test_case(t, "and, or, andnot, not of two ranges");
	got = vfioap_mask_and(a, b);
	want = vfioap_mask_range(100, 200);
	EXPECT(t, vfioap_mask_equal(&got, &want));
	got = vfioap_mask_or(a, b);
	want = vfioap_mask_range(10, 250);
	EXPECT(t, vfioap_mask_equal(&got, &want));
	got = vfioap_mask_andnot(a, b);
	want = vfioap_mask_range(10, 99);
	EXPECT(t, vfioap_mask_equal(&got, &want));
	got = vfioap_mask_not(vfioap_mask_range(0, 99));
	want = vfioap_mask_range(100, 255);
	EXPECT(t, vfioap_mask_equal(&got, &want));
	got = vfioap_mask_not(all);
	EXPECT(t, vfioap_mask_is_empty(&got));

	test_case(t, "predicates");
	EXPECT(t, vfioap_mask_is_empty(&none) && !vfioap_mask_is_empty(&all));
	EXPECT(t, vfioap_mask_intersects(&a, &b) && !vfioap_mask_intersects(&a, &none));
	EXPECT(t, !vfioap_mask_intersects(&none, &none));
	EXPECT(t, vfioap_mask_contains(&all, &a) && !vfioap_mask_contains(&a, &all));
	EXPECT(t, vfioap_mask_contains(&a, &a) && vfioap_mask_contains(&a, &none));
	EXPECT(t, !vfioap_mask_contains(&a, &b) && vfioap_mask_contains(&none, &none));
	EXPECT(t, !vfioap_mask_equal(&a, &b));

	test_case(t, "predicates look at each word");
	for (unsigned id = 0; id < VFIOAP_IDS; id += 51) {
		struct vfioap_mask one = vfioap_mask_range(id, id), rest = vfioap_mask_not(one);

		EXPECT(t, !vfioap_mask_is_empty(&one) && !vfioap_mask_equal(&one, &none));
		EXPECT(t,
		       vfioap_mask_intersects(&one, &all) && !vfioap_mask_intersects(&one, &rest));
		EXPECT(t, !vfioap_mask_contains(&rest, &one) && vfioap_mask_contains(&all, &one));
	}
}

static void test_foreach(struct test *t)
{
	static const struct vfioap_mask none;
	struct vfioap_mask all = vfioap_mask_range(0, 255), some = { { 0 } };
	unsigned count = 0;

	test_case(t, "a walk over all IDs, ascending");
	VFIOAP_MASK_FOREACH(id, &all)
		EXPECT_INT(t, id, count++);
	EXPECT_INT(t, count, VFIOAP_IDS);

	test_case(t, "a walk over no ID");
	VFIOAP_MASK_FOREACH(id, &none)
		EXPECT_INT(t, id, -1);

	test_case(t, "a walk over the edges of words");
	count = 0;
	for (unsigned id = 0; id < VFIOAP_IDS; id += id % 64 ? 1 : 63)
		vfioap_mask_set(&some, id);
	VFIOAP_MASK_FOREACH(id, &some) {
		EXPECT(t, id % 64 == 0 || id % 64 == 63);
		count++;
	}
	EXPECT_INT(t, count, 8);
}

/* ---- lists ----------------------------------------------------------------- */

static void test_list_accepted(struct test *t)
{
	static const struct {
		const char *in;
		unsigned flags;
		size_t n;
		struct ids ids[4];
		const char *list; /* as it is printed */
	} rows[] = {
		{ .in = "0", .n = 1, .ids = { { 0, 0 } }, .list = "0" },
		{ .in = "5", .n = 1, .ids = { { 5, 5 } }, .list = "5" },
		{ .in = "9", .n = 1, .ids = { { 9, 9 } }, .list = "9" },
		{ .in = "10", .n = 1, .ids = { { 10, 10 } }, .list = "0x0a" },
		{ .in = "16", .n = 1, .ids = { { 16, 16 } }, .list = "0x10" },
		{ .in = "0x10", .n = 1, .ids = { { 16, 16 } }, .list = "0x10" },
		{ .in = "171", .n = 1, .ids = { { 171, 171 } }, .list = "0xab" },
		{ .in = "0xab", .n = 1, .ids = { { 171, 171 } }, .list = "0xab" },
		{ .in = "0xAB", .n = 1, .ids = { { 171, 171 } }, .list = "0xab" },
		{ .in = "0XaB", .n = 1, .ids = { { 171, 171 } }, .list = "0xab" },
		{ .in = "0x0", .n = 1, .ids = { { 0, 0 } }, .list = "0" },
		{ .in = "0x05", .n = 1, .ids = { { 5, 5 } }, .list = "5" },
		{ .in = "0x0005", .n = 1, .ids = { { 5, 5 } }, .list = "5" },
		{ .in = "0x0000000000000000000000000000ff",
		  .n = 1,
		  .ids = { { 255, 255 } },
		  .list = "0xff" },
		{ .in = "255", .n = 1, .ids = { { 255, 255 } }, .list = "0xff" },
		{ .in = "0xff", .n = 1, .ids = { { 255, 255 } }, .list = "0xff" },
		{ .in = "5,6", .n = 1, .ids = { { 5, 6 } }, .list = "5,6" },
		{ .in = "6,5", .n = 1, .ids = { { 5, 6 } }, .list = "5,6" },
		{ .in = "5-6", .n = 1, .ids = { { 5, 6 } }, .list = "5,6" },
		{ .in = "5,5,5", .n = 1, .ids = { { 5, 5 } }, .list = "5" },
		{ .in = "5-5", .n = 1, .ids = { { 5, 5 } }, .list = "5" },
		{ .in = "5,6,7", .n = 1, .ids = { { 5, 7 } }, .list = "5-7" },
		{ .in = "3-9,5-12", .n = 1, .ids = { { 3, 12 } }, .list = "3-0x0c" },
		{ .in = "3-5,6-8", .n = 1, .ids = { { 3, 8 } }, .list = "3-8" },
		{ .in = "4,0x47,0xab-0xff",
		  .n = 3,
		  .ids = { { 4, 4 }, { 71, 71 }, { 171, 255 } },
		  .list = "4,0x47,0xab-0xff" },
		{ .in = "0xab-255,71,4",
		  .n = 3,
		  .ids = { { 4, 4 }, { 71, 71 }, { 171, 255 } },
		  .list = "4,0x47,0xab-0xff" },
		{ .in = "1,3,5,7",
		  .n = 4,
		  .ids = { { 1, 1 }, { 3, 3 }, { 5, 5 }, { 7, 7 } },
		  .list = "1,3,5,7" },
		{ .in = "0-255", .n = 1, .ids = { { 0, 255 } }, .list = "0-0xff" },
		{ .in = "0x0-0XFF", .n = 1, .ids = { { 0, 255 } }, .list = "0-0xff" },
		{ .in = "63-64", .n = 1, .ids = { { 63, 64 } }, .list = "0x3f,0x40" },
		{ .in = "62-65", .n = 1, .ids = { { 62, 65 } }, .list = "0x3e-0x41" },
		{ .in = "all",
		  .flags = VFIOAP_LIST_ALL,
		  .n = 1,
		  .ids = { { 0, 255 } },
		  .list = "0-0xff" },
		{ .in = "all",
		  .flags = VFIOAP_LIST_ALL | VFIOAP_LIST_NONE,
		  .n = 1,
		  .ids = { { 0, 255 } },
		  .list = "0-0xff" },
		{ .in = "none", .flags = VFIOAP_LIST_NONE, .n = 0, .list = "none" },
		{ .in = "none",
		  .flags = VFIOAP_LIST_ALL | VFIOAP_LIST_NONE,
		  .n = 0,
		  .list = "none" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vfioap_parse_error error = { .offset = 99 };
		char hex[VFIOAP_HEX_SIZE], want[VFIOAP_HEX_SIZE], list[VFIOAP_LIST_SIZE];
		struct vfioap_mask m = untouched;

		test_case(t, "list '%s'", rows[i].in);
		EXPECT_INT(t, vfioap_list_parse(rows[i].in, rows[i].flags, NULL, &m, &error), 0);
		EXPECT_STR(t, vfioap_hex_format(&m, hex), hex_of(rows[i].ids, rows[i].n, want));
		EXPECT_STR(t, vfioap_list_format(&m, list), rows[i].list);
		EXPECT_INT(t, error.offset, 99);
		EXPECT_INT(t, vfioap_list_parse(rows[i].in, rows[i].flags, NULL, &m, NULL), 0);
	}
}

static void test_list_all(struct test *t)
{
	struct vfioap_mask machine = vfioap_mask_range(0, 84), m = untouched;

	test_case(t, "'all' is what the caller says it is");
	EXPECT_INT(t, vfioap_list_parse("all", VFIOAP_LIST_ALL, &machine, &m, NULL), 0);
	EXPECT(t, vfioap_mask_equal(&m, &machine));

	test_case(t, "what 'all' is does not limit numbers");
	EXPECT_INT(t, vfioap_list_parse("85", VFIOAP_LIST_ALL, &machine, &m, NULL), 0);
	EXPECT_INT(t, vfioap_mask_next(&m, 0), 85);
}

#define EINV	       .rc = -EINVAL
#define ITEM(off, len) .offset = (off), .length = (len)
#define WORDS	       .flags = VFIOAP_LIST_ALL | VFIOAP_LIST_NONE

static const struct refusal list_refusals[] = {
	{ .in = "", EINV, .reason = VFIOAP_EMPTY, ITEM(0, 0), .message = "the text is empty" },
	/* empty items */
	{ .in = ",",
	  EINV,
	  .reason = VFIOAP_EMPTY_ITEM,
	  ITEM(0, 0),
	  .message = "item '' at position 1 is empty" },
	{ .in = ",5",
	  EINV,
	  .reason = VFIOAP_EMPTY_ITEM,
	  ITEM(0, 0),
	  .message = "item '' at position 1 is empty" },
	{ .in = "5,",
	  EINV,
	  .reason = VFIOAP_EMPTY_ITEM,
	  ITEM(2, 0),
	  .message = "item '' at position 3 is empty" },
	{ .in = "5,,6",
	  EINV,
	  .reason = VFIOAP_EMPTY_ITEM,
	  ITEM(2, 0),
	  .message = "item '' at position 3 is empty" },
	/* blanks */
	{ .in = " ",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(0, 1),
	  .message = "item ' ' at position 1 is white space" },
	{ .in = " 5",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(0, 2),
	  .message = "item ' 5' at position 1 contains white space" },
	{ .in = "5 ",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(0, 2),
	  .message = "item '5 ' at position 1 contains white space" },
	{ .in = "5, 6",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(2, 2),
	  .message = "item ' 6' at position 3 contains white space" },
	{ .in = "5 6",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(0, 3),
	  .message = "item '5 6' at position 1 contains white space" },
	{ .in = "5,6\n",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(2, 2),
	  .message = "item '6?' at position 3 contains white space" },
	{ .in = "5\t-6",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(0, 4),
	  .message = "item '5?-6' at position 1 contains white space" },
	{ .in = "5\v",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(0, 2),
	  .message = "item '5?' at position 1 contains white space" },
	{ .in = "\f5",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(0, 2),
	  .message = "item '?5' at position 1 contains white space" },
	{ .in = "5,\r",
	  EINV,
	  .reason = VFIOAP_BLANK,
	  ITEM(2, 1),
	  .message = "item '?' at position 3 is white space" },
	/* leading zeros */
	{ .in = "010",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(0, 3),
	  .message = "item '010' at position 1 has a leading zero: 8 in sysfs, 10 on paper" },
	{ .in = "5,07,9",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(2, 2),
	  .message = "item '07' at position 3 has a leading zero: 7 in sysfs, 7 on paper" },
	{ .in = "00",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(0, 2),
	  .message = "item '00' at position 1 has a leading zero: 0 in sysfs, 0 on paper" },
	{ .in = "08",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(0, 2),
	  .message = "item '08' at position 1 has a leading zero: invalid in sysfs, 8 on paper" },
	{ .in = "0377",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(0, 4),
	  .message = "item '0377' at position 1 has a leading zero: 255 in sysfs, above 255 on "
		     "paper" },
	{ .in = "0400",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(0, 4),
	  .message = "item '0400' at position 1 has a leading zero: "
		     "above 255 in sysfs, above 255 on paper" },
	{ .in = "3,010-12",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(2, 6),
	  .message = "item '010-12' at position 3: '010' has a leading zero: "
		     "8 in sysfs, 10 on paper" },
	{ .in = "7-010",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(0, 5),
	  .message = "item '7-010' at position 1: '010' has a leading zero: "
		     "8 in sysfs, 10 on paper" },
	/* letters without 0x */
	{ .in = "ab",
	  EINV,
	  .reason = VFIOAP_NEEDS_0X,
	  ITEM(0, 2),
	  .message = "item 'ab' at position 1 is hexadecimal without 0x: write 0xab" },
	{ .in = "4,AB",
	  EINV,
	  .reason = VFIOAP_NEEDS_0X,
	  ITEM(2, 2),
	  .message = "item 'AB' at position 3 is hexadecimal without 0x: write 0xAB" },
	{ .in = "1f",
	  EINV,
	  .reason = VFIOAP_NEEDS_0X,
	  ITEM(0, 2),
	  .message = "item '1f' at position 1 is hexadecimal without 0x: write 0x1f" },
	{ .in = "0a",
	  EINV,
	  .reason = VFIOAP_NEEDS_0X,
	  ITEM(0, 2),
	  .message = "item '0a' at position 1 is hexadecimal without 0x: write 0x0a" },
	{ .in = "f",
	  EINV,
	  .reason = VFIOAP_NEEDS_0X,
	  ITEM(0, 1),
	  .message = "item 'f' at position 1 is hexadecimal without 0x: write 0xf" },
	{ .in = "5-1f",
	  EINV,
	  .reason = VFIOAP_NEEDS_0X,
	  ITEM(0, 4),
	  .message = "item '5-1f' at position 1: '1f' is hexadecimal without 0x: write 0x1f" },
	{ .in = "0xab-ff",
	  EINV,
	  .reason = VFIOAP_NEEDS_0X,
	  ITEM(0, 7),
	  .message = "item '0xab-ff' at position 1: 'ff' is hexadecimal without 0x: write 0xff" },
	/* no numbers */
	{ .in = "x",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 1),
	  .message = "item 'x' at position 1 is not a number" },
	{ .in = "abc",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 3),
	  .message = "item 'abc' at position 1 is not a number" },
	{ .in = "dead",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 4),
	  .message = "item 'dead' at position 1 is not a number" },
	{ .in = "0x",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 2),
	  .message = "item '0x' at position 1 is not a number" },
	{ .in = "0xg",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 3),
	  .message = "item '0xg' at position 1 is not a number" },
	{ .in = "x10",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 3),
	  .message = "item 'x10' at position 1 is not a number" },
	{ .in = "0x0x5",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 5),
	  .message = "item '0x0x5' at position 1 is not a number" },
	{ .in = "00x5",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 4),
	  .message = "item '00x5' at position 1 is not a number" },
	{ .in = "5h",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 2),
	  .message = "item '5h' at position 1 is not a number" },
	{ .in = "999x",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 4),
	  .message = "item '999x' at position 1 is not a number" },
	{ .in = "5;6",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 3),
	  .message = "item '5;6' at position 1 is not a number" },
	{ .in = "5.4",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 3),
	  .message = "item '5.4' at position 1 is not a number" },
	{ .in = "1e2x",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 4),
	  .message = "item '1e2x' at position 1 is not a number" },
	{ .in = "5,*",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(2, 1),
	  .message = "item '*' at position 3 is not a number" },
	{ .in = "5-",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 2),
	  .message = "item '5-' at position 1 lacks a number" },
	{ .in = "5-x",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 3),
	  .message = "item '5-x' at position 1: 'x' is not a number" },
	{ .in = "x-5",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 3),
	  .message = "item 'x-5' at position 1: 'x' is not a number" },
	{ .in = "5-6-7",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 5),
	  .message = "item '5-6-7' at position 1: '6-7' is not a number" },
	{ .in = "5--6",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 4),
	  .message = "item '5--6' at position 1: '-6' is not a number" },
	{ .in = "5-+6",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 4),
	  .message = "item '5-+6' at position 1: '+6' is not a number" },
	{ .in = "5..6",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 4),
	  .message = "item '5..6' at position 1 is not a number" },
	{ .in = "\xc3\xa9",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 2),
	  .message = "item '?"
		     "?' at position 1 is not a number" },
	{ .in = "\033[31m",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 5),
	  .message = "item '?[31m' at position 1 is not a number" },
	{ .in = "5\x9b",
	  EINV,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 2),
	  .message = "item '5?' at position 1 is not a number" },
	/* too big */
	{ .in = "256",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(0, 3),
	  .message = "item '256' at position 1 is above 255" },
	{ .in = "0x100",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(0, 5),
	  .message = "item '0x100' at position 1 is above 255" },
	{ .in = "4,0xab-0x100",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(2, 10),
	  .message = "item '0xab-0x100' at position 3: '0x100' is above 255" },
	{ .in = "300-5",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(0, 5),
	  .message = "item '300-5' at position 1: '300' is above 255" },
	{ .in = "4294967296",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(0, 10),
	  .message = "item '4294967296' at position 1 is above 255" },
	{ .in = "4294967301",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(0, 10),
	  .message = "item '4294967301' at position 1 is above 255" },
	{ .in = "18446744073709551621",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(0, 20),
	  .message = "item '18446744073709551621' at position 1 is above 255" },
	{ .in = "0x10000000000000005",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(0, 19),
	  .message = "item '0x10000000000000005' at position 1 is above 255" },
	{ .in = "0x06" ZERO48 "00000000000000",
	  .rc = -ERANGE,
	  .reason = VFIOAP_TOO_BIG,
	  ITEM(0, 66),
	  .message = "item '0x060000000000000000000000000000...' at position 1 is above 255" },
	/* reversed */
	{ .in = "7-5",
	  EINV,
	  .reason = VFIOAP_REVERSED,
	  ITEM(0, 3),
	  .message =
		  "item '7-5' at position 1 is a reversed range: the lower number stands first" },
	{ .in = "3,0xff-0xab,4",
	  EINV,
	  .reason = VFIOAP_REVERSED,
	  ITEM(2, 9),
	  .message = "item '0xff-0xab' at position 3 is a reversed range: "
		     "the lower number stands first" },
	/* signs */
	{ .in = "+5",
	  EINV,
	  .reason = VFIOAP_SIGNED,
	  ITEM(0, 2),
	  .message = "item '+5' at position 1 has a sign, which only a change may have" },
	{ .in = "-5",
	  EINV,
	  .reason = VFIOAP_SIGNED,
	  ITEM(0, 2),
	  .message = "item '-5' at position 1 has a sign, which only a change may have" },
	{ .in = "5,-6",
	  EINV,
	  .reason = VFIOAP_SIGNED,
	  ITEM(2, 2),
	  .message = "item '-6' at position 3 has a sign, which only a change may have" },
	{ .in = "-",
	  EINV,
	  .reason = VFIOAP_SIGNED,
	  ITEM(0, 1),
	  .message = "item '-' at position 1 has a sign, which only a change may have" },
	/* words */
	{ .in = "all",
	  EINV,
	  .reason = VFIOAP_WORD,
	  ITEM(0, 3),
	  .message = "item 'all' at position 1 is not allowed here" },
	{ .in = "none",
	  EINV,
	  .reason = VFIOAP_WORD,
	  ITEM(0, 4),
	  .message = "item 'none' at position 1 is not allowed here" },
	{ .in = "none",
	  EINV,
	  .flags = VFIOAP_LIST_ALL,
	  .reason = VFIOAP_WORD,
	  ITEM(0, 4),
	  .message = "item 'none' at position 1 is not allowed here" },
	{ .in = "all",
	  EINV,
	  .flags = VFIOAP_LIST_NONE,
	  .reason = VFIOAP_WORD,
	  ITEM(0, 3),
	  .message = "item 'all' at position 1 is not allowed here" },
	{ .in = "all,5",
	  EINV,
	  WORDS,
	  .reason = VFIOAP_WORD,
	  ITEM(0, 3),
	  .message = "item 'all' at position 1 is a word that must stand alone" },
	{ .in = "5,none",
	  EINV,
	  WORDS,
	  .reason = VFIOAP_WORD,
	  ITEM(2, 4),
	  .message = "item 'none' at position 3 is a word that must stand alone" },
	{ .in = "all,all",
	  EINV,
	  WORDS,
	  .reason = VFIOAP_WORD,
	  ITEM(0, 3),
	  .message = "item 'all' at position 1 is a word that must stand alone" },
	{ .in = "+all",
	  EINV,
	  WORDS,
	  .reason = VFIOAP_WORD,
	  ITEM(0, 4),
	  .message = "item '+all' at position 1 is not allowed here" },
	{ .in = "all ",
	  EINV,
	  WORDS,
	  .reason = VFIOAP_BLANK,
	  ITEM(0, 4),
	  .message = "item 'all ' at position 1 contains white space" },
	{ .in = "ALL",
	  EINV,
	  WORDS,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 3),
	  .message = "item 'ALL' at position 1 is not a number" },
	{ .in = "nones",
	  EINV,
	  WORDS,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 5),
	  .message = "item 'nones' at position 1 is not a number" },
	{ .in = "all-5",
	  EINV,
	  WORDS,
	  .reason = VFIOAP_NOT_A_NUMBER,
	  ITEM(0, 5),
	  .message = "item 'all-5' at position 1: 'all' is not a number" },
	/* the first of several is the one that is told */
	{ .in = "5,010,ab,7-5",
	  EINV,
	  .reason = VFIOAP_LEADING_ZERO,
	  ITEM(2, 3),
	  .message = "item '010' at position 3 has a leading zero: 8 in sysfs, 10 on paper" },
};

static void test_list_refused(struct test *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(list_refusals); i++) {
		const struct refusal *row = &list_refusals[i];
		struct vfioap_mask m = untouched;
		struct vfioap_parse_error error;
		int rc;

		test_case(t, "list '%s' is refused", row->in);
		rc = vfioap_list_parse(row->in, row->flags, NULL, &m, &error);
		expect_refusal(t, row, rc, &error);
		EXPECT_INT(t, vfioap_list_parse(row->in, row->flags, NULL, &m, NULL), row->rc);
		EXPECT(t, vfioap_mask_equal(&m, &untouched));
	}
}

/* ---- single IDs ------------------------------------------------------------ */

static void test_id_accepted(struct test *t)
{
	static const struct {
		const char *in;
		unsigned want;
	} rows[] = {
		{ .in = "0", .want = 0 },      { .in = "9", .want = 9 },
		{ .in = "10", .want = 10 },    { .in = "255", .want = 255 },
		{ .in = "0x0", .want = 0 },    { .in = "0x10", .want = 16 },
		{ .in = "0XfF", .want = 255 }, { .in = "0x0000ab", .want = 171 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned got = 4711;

		test_case(t, "ID '%s'", rows[i].in);
		EXPECT_INT(t, vfioap_id_parse(rows[i].in, &got, NULL), 0);
		EXPECT_INT(t, got, rows[i].want);
	}
}

static void test_id_refused(struct test *t)
{
	static const struct refusal rows[] = {
		{ .in = "",
		  EINV,
		  .reason = VFIOAP_EMPTY,
		  ITEM(0, 0),
		  .message = "the text is empty" },
		{ .in = "010",
		  EINV,
		  .reason = VFIOAP_LEADING_ZERO,
		  ITEM(0, 3),
		  .message = "item '010' at position 1 has a leading zero: "
			     "8 in sysfs, 10 on paper" },
		{ .in = "ab",
		  EINV,
		  .reason = VFIOAP_NEEDS_0X,
		  ITEM(0, 2),
		  .message = "item 'ab' at position 1 is hexadecimal without 0x: write 0xab" },
		{ .in = "256",
		  .rc = -ERANGE,
		  .reason = VFIOAP_TOO_BIG,
		  ITEM(0, 3),
		  .message = "item '256' at position 1 is above 255" },
		{ .in = "99999999999999999999",
		  .rc = -ERANGE,
		  .reason = VFIOAP_TOO_BIG,
		  ITEM(0, 20),
		  .message = "item '99999999999999999999' at position 1 is above 255" },
		{ .in = "5,6",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 3),
		  .message = "item '5,6' at position 1 is not a number" },
		{ .in = "5-6",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 3),
		  .message = "item '5-6' at position 1 is not a number" },
		{ .in = "7-5",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 3),
		  .message = "item '7-5' at position 1 is not a number" },
		{ .in = "5-",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 2),
		  .message = "item '5-' at position 1 lacks a number" },
		{ .in = "0x",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 2),
		  .message = "item '0x' at position 1 is not a number" },
		{ .in = "+5",
		  EINV,
		  .reason = VFIOAP_SIGNED,
		  ITEM(0, 2),
		  .message = "item '+5' at position 1 has a sign, which only a change may have" },
		{ .in = "-5",
		  EINV,
		  .reason = VFIOAP_SIGNED,
		  ITEM(0, 2),
		  .message = "item '-5' at position 1 has a sign, which only a change may have" },
		{ .in = " 5",
		  EINV,
		  .reason = VFIOAP_BLANK,
		  ITEM(0, 2),
		  .message = "item ' 5' at position 1 contains white space" },
		{ .in = "5\n",
		  EINV,
		  .reason = VFIOAP_BLANK,
		  ITEM(0, 2),
		  .message = "item '5?' at position 1 contains white space" },
		{ .in = "all",
		  EINV,
		  .reason = VFIOAP_WORD,
		  ITEM(0, 3),
		  .message = "item 'all' at position 1 is not allowed here" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vfioap_parse_error error;
		unsigned got = 4711;
		int rc;

		test_case(t, "ID '%s' is refused", rows[i].in);
		rc = vfioap_id_parse(rows[i].in, &got, &error);
		expect_refusal(t, &rows[i], rc, &error);
		EXPECT_INT(t, vfioap_id_parse(rows[i].in, &got, NULL), rows[i].rc);
		EXPECT_INT(t, got, 4711);
	}
}

/* ---- changes --------------------------------------------------------------- */

static void test_change_accepted(struct test *t)
{
	static const struct {
		const char *in;
		const char *set, *clear; /* as lists */
		const char *text;	 /* as it is printed */
	} rows[] = {
		{ .in = "+5", .set = "5", .clear = "none", .text = "+5" },
		{ .in = "-5", .set = "none", .clear = "5", .text = "-5" },
		{ .in = "+0", .set = "0", .clear = "none", .text = "+0" },
		{ .in = "-0X0F", .set = "none", .clear = "0x0f", .text = "-0x0f" },
		{ .in = "+5,-6,+0x10-0x1f",
		  .set = "5,0x10-0x1f",
		  .clear = "6",
		  .text = "-6,+5,+0x10-0x1f" },
		{ .in = "+3,-5-10", .set = "3", .clear = "5-0x0a", .text = "-5-0x0a,+3" },
		{ .in = "+5-7,-4,-71", .set = "5-7", .clear = "4,0x47", .text = "-4,-0x47,+5-7" },
		{ .in = "-0-255", .set = "none", .clear = "0-0xff", .text = "-0-0xff" },
		{ .in = "+5,-5", .set = "none", .clear = "5", .text = "-5" },
		{ .in = "-5,+5", .set = "5", .clear = "none", .text = "+5" },
		{ .in = "-0-255,+5", .set = "5", .clear = "0-4,6-0xff", .text = "-0-4,-6-0xff,+5" },
		{ .in = "+0-255,-5-6",
		  .set = "0-4,7-0xff",
		  .clear = "5,6",
		  .text = "-5,-6,+0-4,+7-0xff" },
		{ .in = "+5,+5", .set = "5", .clear = "none", .text = "+5" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char set[VFIOAP_LIST_SIZE], clear[VFIOAP_LIST_SIZE], text[VFIOAP_LIST_SIZE];
		struct vfioap_change change = { .set = untouched, .clear = untouched };

		test_case(t, "change '%s'", rows[i].in);
		EXPECT_INT(t, vfioap_change_parse(rows[i].in, &change, NULL), 0);
		EXPECT_STR(t, vfioap_list_format(&change.set, set), rows[i].set);
		EXPECT_STR(t, vfioap_list_format(&change.clear, clear), rows[i].clear);
		EXPECT_STR(t, vfioap_change_format(&change, text), rows[i].text);
		EXPECT(t, !vfioap_mask_intersects(&change.set, &change.clear));
	}
}

static void test_change_apply(struct test *t)
{
	struct vfioap_change nothing = { .set = { { 0 } }, .clear = { { 0 } } }, change = nothing;
	char list[VFIOAP_LIST_SIZE];
	struct vfioap_mask m;

	test_case(t, "a change is made: first clear, then set");
	EXPECT_INT(t, vfioap_change_parse("+5,-6,+0x10-0x1f", &change, NULL), 0);
	m = vfioap_change_apply(&change, vfioap_mask_range(6, 7));
	EXPECT_STR(t, vfioap_list_format(&m, list), "5,7,0x10-0x1f");

	test_case(t, "no change is no text and changes nothing");
	EXPECT_STR(t, vfioap_change_format(&nothing, list), "");
	m = vfioap_change_apply(&nothing, untouched);
	EXPECT(t, vfioap_mask_equal(&m, &untouched));
}

static void test_change_refused(struct test *t)
{
	static const struct refusal rows[] = {
		{ .in = "",
		  EINV,
		  .reason = VFIOAP_EMPTY,
		  ITEM(0, 0),
		  .message = "the text is empty" },
		{ .in = "5",
		  EINV,
		  .reason = VFIOAP_UNSIGNED,
		  ITEM(0, 1),
		  .message = "item '5' at position 1 has no sign: '+' adds, '-' removes" },
		{ .in = "+5,6",
		  EINV,
		  .reason = VFIOAP_UNSIGNED,
		  ITEM(3, 1),
		  .message = "item '6' at position 4 has no sign: '+' adds, '-' removes" },
		{ .in = "5-6",
		  EINV,
		  .reason = VFIOAP_UNSIGNED,
		  ITEM(0, 3),
		  .message = "item '5-6' at position 1 has no sign: '+' adds, '-' removes" },
		{ .in = "+5,,-6",
		  EINV,
		  .reason = VFIOAP_EMPTY_ITEM,
		  ITEM(3, 0),
		  .message = "item '' at position 4 is empty" },
		{ .in = "+5,",
		  EINV,
		  .reason = VFIOAP_EMPTY_ITEM,
		  ITEM(3, 0),
		  .message = "item '' at position 4 is empty" },
		{ .in = ",+5",
		  EINV,
		  .reason = VFIOAP_EMPTY_ITEM,
		  ITEM(0, 0),
		  .message = "item '' at position 1 is empty" },
		{ .in = "+5, -6",
		  EINV,
		  .reason = VFIOAP_BLANK,
		  ITEM(3, 3),
		  .message = "item ' -6' at position 4 contains white space" },
		{ .in = "+ 5",
		  EINV,
		  .reason = VFIOAP_BLANK,
		  ITEM(0, 3),
		  .message = "item '+ 5' at position 1 contains white space" },
		{ .in = "+",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 1),
		  .message = "item '+' at position 1 lacks a number" },
		{ .in = "-",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 1),
		  .message = "item '-' at position 1 lacks a number" },
		{ .in = "+5-",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 3),
		  .message = "item '+5-' at position 1 lacks a number" },
		{ .in = "+-5",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 3),
		  .message = "item '+-5' at position 1 lacks a number" },
		{ .in = "++5",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 3),
		  .message = "item '++5' at position 1: '+5' is not a number" },
		{ .in = "+5-+6",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 5),
		  .message = "item '+5-+6' at position 1: '+6' is not a number" },
		{ .in = "+x",
		  EINV,
		  .reason = VFIOAP_NOT_A_NUMBER,
		  ITEM(0, 2),
		  .message = "item '+x' at position 1: 'x' is not a number" },
		{ .in = "+5,-ab",
		  EINV,
		  .reason = VFIOAP_NEEDS_0X,
		  ITEM(3, 3),
		  .message =
			  "item '-ab' at position 4: 'ab' is hexadecimal without 0x: write 0xab" },
		{ .in = "-010",
		  EINV,
		  .reason = VFIOAP_LEADING_ZERO,
		  ITEM(0, 4),
		  .message = "item '-010' at position 1: '010' has a leading zero: "
			     "8 in sysfs, 10 on paper" },
		{ .in = "+256",
		  .rc = -ERANGE,
		  .reason = VFIOAP_TOO_BIG,
		  ITEM(0, 4),
		  .message = "item '+256' at position 1: '256' is above 255" },
		{ .in = "+5,-7-5",
		  EINV,
		  .reason = VFIOAP_REVERSED,
		  ITEM(3, 4),
		  .message = "item '-7-5' at position 4 is a reversed range: "
			     "the lower number stands first" },
		{ .in = "all",
		  EINV,
		  .reason = VFIOAP_WORD,
		  ITEM(0, 3),
		  .message = "item 'all' at position 1 is not allowed here" },
		{ .in = "-all",
		  EINV,
		  .reason = VFIOAP_WORD,
		  ITEM(0, 4),
		  .message = "item '-all' at position 1 is not allowed here" },
		{ .in = "+5,none",
		  EINV,
		  .reason = VFIOAP_WORD,
		  ITEM(3, 4),
		  .message = "item 'none' at position 4 is a word that must stand alone" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vfioap_change change = { .set = untouched, .clear = untouched };
		struct vfioap_parse_error error;
		int rc;

		test_case(t, "change '%s' is refused", rows[i].in);
		rc = vfioap_change_parse(rows[i].in, &change, &error);
		expect_refusal(t, &rows[i], rc, &error);
		EXPECT_INT(t, vfioap_change_parse(rows[i].in, &change, NULL), rows[i].rc);
		EXPECT(t, vfioap_mask_equal(&change.set, &untouched));
		EXPECT(t, vfioap_mask_equal(&change.clear, &untouched));
	}
}

/* ---- masks ----------------------------------------------------------------- */

static void test_hex_accepted(struct test *t)
{
	static const struct {
		const char *in;
		bool short_ok;
		size_t n;
		struct ids ids[4];
		const char *want; /* instead of ids */
	} rows[] = {
		{ .in = "0x" ZERO64, .n = 0 },
		{ .in = "0x" ONES64, .n = 1, .ids = { { 0, 255 } } },
		{ .in = "0xFFFFffffFFFFffff" ZERO48, .n = 1, .ids = { { 0, 63 } } },
		{ .in = "0x0600000000000000" ZERO48, .n = 1, .ids = { { 5, 6 } } },
		{ .in = "0x8" ZERO48 "000000000000000", .n = 1, .ids = { { 0, 0 } } },
		{ .in = "0x" ZERO48 "0000000000000001", .n = 1, .ids = { { 255, 255 } } },
		{ .in = "0x" ZERO16 "8000000000000001" ZERO16 ZERO16,
		  .n = 2,
		  .ids = { { 64, 64 }, { 127, 127 } } },
		{ .in = "0xABCDEFabcdef0123" ZERO48, .want = "0xabcdefabcdef0123" ZERO48 },
		{ .in = "0x" ONES64, .short_ok = true, .n = 1, .ids = { { 0, 255 } } },
		{ .in = "0x41", .short_ok = true, .n = 2, .ids = { { 1, 1 }, { 7, 7 } } },
		{ .in = "0x1", .short_ok = true, .n = 1, .ids = { { 3, 3 } } },
		{ .in = "0xF", .short_ok = true, .n = 1, .ids = { { 0, 3 } } },
		{ .in = "0x0", .short_ok = true, .n = 0 },
		{ .in = "0x" ZERO16 "c", .short_ok = true, .n = 1, .ids = { { 64, 65 } } },
		{ .in = "0x" ZERO48 "000000000000001",
		  .short_ok = true,
		  .n = 1,
		  .ids = { { 251, 251 } } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char hex[VFIOAP_HEX_SIZE], want[VFIOAP_HEX_SIZE];
		struct vfioap_mask m = untouched;

		test_case(t, "mask '%s'", rows[i].in);
		EXPECT_INT(t, vfioap_hex_parse(rows[i].in, rows[i].short_ok, &m, NULL), 0);
		EXPECT_STR(t, vfioap_hex_format(&m, hex),
			   rows[i].want ? rows[i].want : hex_of(rows[i].ids, rows[i].n, want));
	}
}

static void test_hex_refused(struct test *t)
{
	static const struct refusal rows[] = {
		{ .in = "",
		  EINV,
		  .reason = VFIOAP_EMPTY,
		  ITEM(0, 0),
		  .message = "the text is empty" },
		{ .in = "",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_EMPTY,
		  ITEM(0, 0),
		  .message = "the text is empty" },
		/* 63, 65 and other numbers of digits */
		{ .in = "0x" ZERO48 "000000000000000",
		  EINV,
		  .reason = VFIOAP_MASK_LENGTH,
		  ITEM(0, 65),
		  .message = "mask '0x000000000000000000000000000000...' has 63 digits, not 64" },
		{ .in = "0x" ONES64 "f",
		  EINV,
		  .reason = VFIOAP_MASK_LENGTH,
		  ITEM(0, 67),
		  .message = "mask '0xffffffffffffffffffffffffffffff...' has 65 digits, not 64" },
		{ .in = "0x" ONES64 "f",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_LENGTH,
		  ITEM(0, 67),
		  .message = "mask '0xffffffffffffffffffffffffffffff...' has 65 digits, not 64" },
		{ .in = "0x" ONES64 ONES64,
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_LENGTH,
		  ITEM(0, 130),
		  .message = "mask '0xffffffffffffffffffffffffffffff...' has 128 digits, not 64" },
		{ .in = "0x41",
		  EINV,
		  .reason = VFIOAP_MASK_LENGTH,
		  ITEM(0, 4),
		  .message = "mask '0x41' has 2 digits, not 64" },
		{ .in = "0x",
		  EINV,
		  .reason = VFIOAP_MASK_LENGTH,
		  ITEM(0, 2),
		  .message = "mask '0x' has 0 digits, not 64" },
		{ .in = "0x",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_LENGTH,
		  ITEM(0, 2),
		  .message = "mask '0x' has 0 digits, not 64" },
		/* no 0x */
		{ .in = ZERO64,
		  EINV,
		  .reason = VFIOAP_MASK_PREFIX,
		  ITEM(0, 64),
		  .message = "mask '00000000000000000000000000000000...' does not begin with 0x" },
		{ .in = "41",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_PREFIX,
		  ITEM(0, 2),
		  .message = "mask '41' does not begin with 0x" },
		{ .in = "0X" ZERO64,
		  EINV,
		  .reason = VFIOAP_MASK_PREFIX,
		  ITEM(0, 66),
		  .message = "mask '0X000000000000000000000000000000...' does not begin with 0x" },
		{ .in = "x41",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_PREFIX,
		  ITEM(0, 3),
		  .message = "mask 'x41' does not begin with 0x" },
		{ .in = "0",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_PREFIX,
		  ITEM(0, 1),
		  .message = "mask '0' does not begin with 0x" },
		{ .in = "+5",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_PREFIX,
		  ITEM(0, 2),
		  .message = "mask '+5' does not begin with 0x" },
		{ .in = "all",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_PREFIX,
		  ITEM(0, 3),
		  .message = "mask 'all' does not begin with 0x" },
		/* no digits */
		{ .in = "0x4g",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_DIGIT,
		  ITEM(3, 1),
		  .message = "'g' at position 4 is not a hexadecimal digit" },
		{ .in = "0x-1",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_DIGIT,
		  ITEM(2, 1),
		  .message = "'-' at position 3 is not a hexadecimal digit" },
		{ .in = "0x41,0x42",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_DIGIT,
		  ITEM(4, 1),
		  .message = "',' at position 5 is not a hexadecimal digit" },
		{ .in = "0x" ONES64 "x",
		  EINV,
		  .reason = VFIOAP_MASK_DIGIT,
		  ITEM(66, 1),
		  .message = "'x' at position 67 is not a hexadecimal digit" },
		{ .in = "0x\xb2",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_MASK_DIGIT,
		  ITEM(2, 1),
		  .message = "'?' at position 3 is not a hexadecimal digit" },
		/* blanks */
		{ .in = "0x" ONES64 "\n",
		  EINV,
		  .reason = VFIOAP_BLANK,
		  ITEM(66, 1),
		  .message = "item '?' at position 67 is white space" },
		{ .in = " 0x" ONES64,
		  EINV,
		  .reason = VFIOAP_BLANK,
		  ITEM(0, 1),
		  .message = "item ' ' at position 1 is white space" },
		{ .in = "0x41 42",
		  EINV,
		  .short_ok = true,
		  .reason = VFIOAP_BLANK,
		  ITEM(4, 1),
		  .message = "item ' ' at position 5 is white space" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vfioap_mask m = untouched;
		struct vfioap_parse_error error;
		int rc;

		test_case(t, "mask '%s' is refused", rows[i].in);
		rc = vfioap_hex_parse(rows[i].in, rows[i].short_ok, &m, &error);
		expect_refusal(t, &rows[i], rc, &error);
		EXPECT_INT(t, vfioap_hex_parse(rows[i].in, rows[i].short_ok, &m, NULL), rows[i].rc);
		EXPECT(t, vfioap_mask_equal(&m, &untouched));
	}
}

/* ---- messages -------------------------------------------------------------- */

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

/* ---- round trips ----------------------------------------------------------- */

/* xorshift64*: the same numbers from the same seed everywhere. */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

/* Dense, sparse and half full sets, and unions of a few ranges. */
static struct vfioap_mask random_mask(uint64_t *state)
{
	struct vfioap_mask m = { { 0 } };
	uint64_t kind = random_next(state) >> 62;

	if (kind == 3) {
		for (uint64_t n = random_next(state) >> 61; n; n--) {
			unsigned a = (unsigned)(random_next(state) >> 56);
			unsigned b = (unsigned)(random_next(state) >> 56);

			m = vfioap_mask_or(m, vfioap_mask_range(a < b ? a : b, a < b ? b : a));
		}
		return m;
	}
	for (size_t i = 0; i < ARRAY_SIZE(m.word); i++) {
		m.word[i] = random_next(state);
		if (kind == 1)
			m.word[i] &= random_next(state) & random_next(state);
		if (kind == 2)
			m.word[i] |= random_next(state) | random_next(state);
	}
	return m;
}

static void check_round_trip(struct test *t, struct vfioap_mask m, struct vfioap_mask other)
{
	struct vfioap_change change = { .set = m, .clear = vfioap_mask_andnot(other, m) };
	char text[VFIOAP_LIST_SIZE], hex[VFIOAP_HEX_SIZE], want[VFIOAP_HEX_SIZE];
	struct vfioap_change got_change = { .set = untouched, .clear = untouched };
	struct vfioap_mask got = untouched;
	struct ids ids[VFIOAP_IDS];
	size_t n = 0;

	VFIOAP_MASK_FOREACH(id, &m)
		ids[n++] = (struct ids){ .first = id, .last = id };
	EXPECT_INT(t, vfioap_mask_count(&m), n);

	EXPECT_STR(t, vfioap_hex_format(&m, hex), hex_of(ids, n, want));
	EXPECT_INT(t, vfioap_hex_parse(hex, false, &got, NULL), 0);
	EXPECT(t, vfioap_mask_equal(&got, &m));

	got = untouched;
	EXPECT_INT(
		t,
		vfioap_list_parse(vfioap_list_format(&m, text), VFIOAP_LIST_NONE, NULL, &got, NULL),
		0);
	EXPECT(t, vfioap_mask_equal(&got, &m));

	if (!*vfioap_change_format(&change, text))
		return;
	EXPECT_INT(t, vfioap_change_parse(text, &got_change, NULL), 0);
	EXPECT(t, vfioap_mask_equal(&got_change.set, &change.set));
	EXPECT(t, vfioap_mask_equal(&got_change.clear, &change.clear));
}

static void test_round_trips(struct test *t, uint64_t seed, unsigned long rounds)
{
	uint64_t state = seed;

	test_case(t, "parse(format(m)) is m, %lu random sets, seed %" PRIu64, rounds, seed);
	printf("%s\n", t->name);
	for (unsigned long i = 0; i < rounds && !t->bad; i++)
		check_round_trip(t, random_mask(&state), random_mask(&state));
}

static void test_sizes(struct test *t)
{
	struct vfioap_mask even = { { 0 } }, pairs = { { 0 } }, none = { { 0 } };
	struct vfioap_change change;
	char text[VFIOAP_LIST_SIZE];

	for (unsigned id = 0; id < VFIOAP_IDS; id++) {
		if (id % 2 == 0)
			vfioap_mask_set(&even, id);
		if (id % 3 < 2)
			vfioap_mask_set(&pairs, id);
	}

	test_case(t, "the longest list and the longest change fit");
	check_round_trip(t, pairs, none);
	EXPECT(t, strlen(vfioap_list_format(&pairs, text)) < VFIOAP_LIST_SIZE);
	check_round_trip(t, even, vfioap_mask_not(even));
	change = (struct vfioap_change){ .set = even, .clear = vfioap_mask_not(even) };
	EXPECT_INT(t, strlen(vfioap_change_format(&change, text)), 10 * 3 + 246 * 6 - 1);
}

/* test_mask [SEED]; VFIOAP_TEST_ROUNDS random sets, for slow machines such as valgrind's */
int main(int argc, char **argv)
{
	const char *rounds = getenv("VFIOAP_TEST_ROUNDS");
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
	struct test t = { 0 };

	test_bits(&t);
	test_range(&t);
	test_algebra(&t);
	test_foreach(&t);
	test_list_accepted(&t);
	test_list_all(&t);
	test_list_refused(&t);
	test_id_accepted(&t);
	test_id_refused(&t);
	test_change_accepted(&t);
	test_change_apply(&t);
	test_change_refused(&t);
	test_hex_accepted(&t);
	test_hex_refused(&t);
	test_message(&t);
	test_sizes(&t);
	test_round_trips(&t, seed ? seed : 1, rounds ? strtoul(rounds, NULL, 10) : 100000);
	return test_done(&t);
}
