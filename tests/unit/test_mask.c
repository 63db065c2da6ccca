/* SPDX-License-Identifier: MIT */
/*
 * mask.c: sets, every form of ID, LIST, CHANGE and MASK that is taken, and that
 * every text reads back as the set it was made from (what is refused:
 * test_mask_refused.c).  What a set is supposed to be is told as hex text that is put
 * together digit by digit here, so that no word of a mask is ever looked at.
 */
#include <vfioap/mask.h>

#include <inttypes.h>
#include <limits.h>
#include <time.h>

#include "test.h"

#define ZERO16 "0000000000000000"
#define ZERO48 ZERO16 ZERO16 ZERO16
#define ZERO64 ZERO48 ZERO16
#define ONES16 "ffffffffffffffff"
#define ONES64 ONES16 ONES16 ONES16 ONES16

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

/* test_mask [SEED] */
int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
	struct test t = { 0 };

	test_bits(&t);
	test_range(&t);
	test_algebra(&t);
	test_foreach(&t);
	test_list_accepted(&t);
	test_list_all(&t);
	test_id_accepted(&t);
	test_change_accepted(&t);
	test_change_apply(&t);
	test_hex_accepted(&t);
	test_sizes(&t);
	test_round_trips(&t, seed ? seed : 1, test_rounds(100000));
	return test_done(&t);
}
