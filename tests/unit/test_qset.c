/* SPDX-License-Identifier: MIT */
/* Sets of queues: algebra, walking, texts both ways. */
#include <errno.h>
#include <stdint.h>

#include "qset.h"
#include "test.h"

static struct vfioap_mask mask(const char *list)
{
	struct vfioap_mask m = { { 0 } };

	vfioap_list_parse(list, VFIOAP_LIST_ALL | VFIOAP_LIST_NONE, NULL, &m, NULL);
	return m;
}

static struct qset product(const char *adapters, const char *domains)
{
	struct vfioap_mask a = mask(adapters), d = mask(domains);
	struct qset q;

	qset_product(&q, &a, &d);
	return q;
}

static void test_queue_parse(struct test *t)
{
	static const struct {
		const char *in;
		int rc;
		unsigned apid, apqi;
	} rows[] = {
		{ .in = "05.0004", .apid = 5, .apqi = 4 },
		{ .in = "5.4", .apid = 5, .apqi = 4 },
		{ .in = "0a.00AB", .apid = 0xa, .apqi = 0xab },
		{ .in = "ff.00ff", .apid = 0xff, .apqi = 0xff },
		{ .in = "10.10", .apid = 0x10, .apqi = 0x10 },
		{ .in = "100.4", .rc = -ERANGE },
		{ .in = "5.100", .rc = -ERANGE },
		{ .in = "ffffffffffffffffffff.4", .rc = -ERANGE },
		{ .in = "100.x", .rc = -EINVAL },
		{ .in = "100", .rc = -EINVAL },
		{ .in = "", .rc = -EINVAL },
		{ .in = ".", .rc = -EINVAL },
		{ .in = "5.", .rc = -EINVAL },
		{ .in = ".4", .rc = -EINVAL },
		{ .in = "0x5.4", .rc = -EINVAL },
		{ .in = "5.0x4", .rc = -EINVAL },
		{ .in = " 5.4", .rc = -EINVAL },
		{ .in = "5.4 ", .rc = -EINVAL },
		{ .in = "5.4\n", .rc = -EINVAL },
		{ .in = "+5.4", .rc = -EINVAL },
		{ .in = "5,4", .rc = -EINVAL },
		{ .in = "5.4.3", .rc = -EINVAL },
		{ .in = "05.0004-0006", .rc = -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned apid = 77, apqi = 77;

		test_case(t, "queue_parse(\"%s\")", rows[i].in);
		EXPECT_INT(t, queue_parse(rows[i].in, &apid, &apqi), rows[i].rc);
		EXPECT_INT(t, apid, rows[i].rc ? 77 : rows[i].apid);
		EXPECT_INT(t, apqi, rows[i].rc ? 77 : rows[i].apqi);
	}
}

static void test_qset_parse(struct test *t)
{
	static const struct {
		const char *in;
		int rc;
		unsigned count;
		size_t off, len;
	} rows[] = {
		{ .in = "05.0004", .count = 1 },
		{ .in = "05.0004,6.4,05.0004", .count = 2 },
		{ .in = "", .rc = -EINVAL },
		{ .in = "5.4,", .rc = -EINVAL, .off = 4 },
		{ .in = ",5.4", .rc = -EINVAL },
		{ .in = "5.4,,6.4", .rc = -EINVAL, .off = 4 },
		{ .in = "5.4,6.4x,7.4", .rc = -EINVAL, .off = 4, .len = 4 },
		{ .in = "5.4,100.4", .rc = -ERANGE, .off = 4, .len = 5 },
		{ .in = "5.4, 6.4", .rc = -EINVAL, .off = 4, .len = 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct qset q = product("9", "9,8,7");
		size_t off = 0, len = 0;

		test_case(t, "qset_parse(\"%s\")", rows[i].in);
		EXPECT_INT(t, qset_parse(rows[i].in, &q, &off, &len), rows[i].rc);
		EXPECT_INT(t, qset_count(&q), rows[i].rc ? 3 : rows[i].count);
		EXPECT_INT(t, off, rows[i].off);
		EXPECT_INT(t, len, rows[i].len);
		EXPECT_INT(t, qset_parse(rows[i].in, &q, NULL, NULL), rows[i].rc);
	}
}

static void test_algebra(struct test *t)
{
	struct qset a = product("5,6", "4,0x47"), b = product("6,7", "0x47,0xab"), q;
	struct vfioap_mask m;

	test_case(t, "and");
	q = a;
	qset_and(&q, &b);
	EXPECT_INT(t, qset_count(&q), 1);
	EXPECT(t, qset_has(&q, 6, 0x47));
	test_case(t, "or");
	q = a;
	qset_or(&q, &b);
	EXPECT_INT(t, qset_count(&q), 7);
	EXPECT(t, qset_contains(&q, &a) && qset_contains(&q, &b) && !qset_contains(&a, &q));
	m = qset_adapters(&q);
	EXPECT_INT(t, vfioap_mask_count(&m), 3);
	m = qset_domains(&q);
	EXPECT_INT(t, vfioap_mask_count(&m), 3);
	test_case(t, "andnot");
	q = a;
	qset_andnot(&q, &b);
	EXPECT_INT(t, qset_count(&q), 3);
	EXPECT(t, !qset_has(&q, 6, 0x47) && qset_has(&q, 6, 4));
	qset_andnot(&q, &a);
	EXPECT(t, qset_is_empty(&q) && !qset_is_empty(&a));
	test_case(t, "equal");
	q = a;
	EXPECT(t, qset_equal(&q, &a) && !qset_equal(&a, &b));
	test_case(t, "out of range is never in a set");
	qset_add(&q, 256, 4);
	qset_add(&q, 5, 256);
	EXPECT(t, qset_equal(&q, &a));
	EXPECT(t, !qset_has(&q, 256, 4) && !qset_has(&q, 5, 256) && !qset_has(&q, -1u, -1u));
	test_case(t, "everything");
	q = product("all", "all");
	EXPECT_INT(t, qset_count(&q), 65536);
	test_case(t, "nothing");
	q = product("all", "none");
	EXPECT(t, qset_is_empty(&q) && qset_contains(&a, &q));
}

static void test_next(struct test *t)
{
	struct qset q = product("0,5,255", "0,0x47,255");
	struct qset seen = { 0 };
	unsigned last = 0, n = 0;

	test_case(t, "walk in order, each once");
	QSET_FOREACH(a, d, &q) {
		EXPECT(t, !n || a * 256 + d > last);
		last = a * 256 + d;
		n++;
		qset_add(&seen, a, d);
	}
	EXPECT_INT(t, n, 9);
	EXPECT(t, qset_equal(&q, &seen));

	test_case(t, "walk over nothing");
	q = (struct qset){ 0 };
	QSET_FOREACH(a, d, &q)
		test_fail(t, __FILE__, __LINE__, "%u.%u", a, d);

	test_case(t, "walk over everything");
	q = product("all", "all");
	n = 0;
	QSET_FOREACH(a, d, &q)
		n++;
	EXPECT_INT(t, n, 65536);
}

static void test_format(struct test *t)
{
	static const struct {
		const char *adapters, *domains, *without, *want;
	} rows[] = {
		{ .adapters = "none", .domains = "all", .want = "none" },
		{ .adapters = "5", .domains = "4,0x47", .want = "05.0004, 05.0047" },
		{ .adapters = "255",
		  .domains = "248-255",
		  .want = "ff.00f8, ff.00f9, ff.00fa, ff.00fb, ff.00fc, ff.00fd, ff.00fe, "
			  "ff.00ff" },
		{ .adapters = "1-3",
		  .domains = "0-2",
		  .want = "adapters 1-3 x domains 0-2 (9 queues)" },
		{ .adapters = "0-0x7f",
		  .domains = "all",
		  .want = "adapters 0-0x7f x domains 0-0xff (32768 queues)" },
		{ .adapters = "1-4",
		  .domains = "0-2",
		  .without = "3.1",
		  .want = "11 queues of adapters 1-4 x domains 0-2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct qset q = product(rows[i].adapters, rows[i].domains), without;
		_cleanup_free_ char *text = NULL;

		test_case(t, "format %s x %s", rows[i].adapters, rows[i].domains);
		if (rows[i].without) {
			EXPECT_INT(t, qset_parse(rows[i].without, &without, NULL, NULL), 0);
			qset_andnot(&q, &without);
		}
		text = qset_format(&q);
		EXPECT_STR(t, text, rows[i].want);
	}
}

/* What is printed of every queue can be typed. */
static void test_round_trip(struct test *t)
{
	char buf[QUEUE_SIZE];
	unsigned bad = 0;

	test_case(t, "parse(format(queue)) is the queue");
	for (unsigned a = 0; a < VFIOAP_IDS; a++) {
		for (unsigned d = 0; d < VFIOAP_IDS; d++) {
			unsigned x = 0, y = 0;

			bad += queue_parse(queue_format(a, d, buf), &x, &y) || x != a || y != d;
		}
	}
	EXPECT_INT(t, bad, 0);
}

int main(void)
{
	struct test t = { 0 };

	test_queue_parse(&t);
	test_qset_parse(&t);
	test_algebra(&t);
	test_next(&t);
	test_format(&t);
	test_round_trip(&t);
	return test_done(&t);
}
