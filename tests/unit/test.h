/* SPDX-License-Identifier: MIT */
/*
 * Unit tests: a row of a table is a case, a case is what is counted.
 *
 *	static void test_uint(struct test *t)
 *	{
 *		static const struct {
 *			const char *in;
 *			int rc;
 *			unsigned want;
 *		} rows[] = {
 *			{ .in = "5", .want = 5 },
 *			{ .in = "5x", .rc = -EINVAL },
 *		};
 *
 *		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
 *			unsigned got = 0;
 *
 *			test_case(t, "str_uint(\"%s\")", rows[i].in);
 *			EXPECT_INT(t, str_uint(rows[i].in, 9, &got), rows[i].rc);
 *			EXPECT_INT(t, got, rows[i].want);
 *		}
 *	}
 *
 *	int main(void)
 *	{
 *		struct test t = { 0 };
 *
 *		test_uint(&t);
 *		return test_done(&t);
 *	}
 *
 * A failure says where, what was got and what was wanted, and the case goes
 * on.  The last line is "N passed, N failed"; the exit status is 0 only when
 * there was a case and none failed.
 */
#ifndef TEST_H
#define TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

struct test {
	unsigned passed, failed;
	bool open, bad; /* a case has begun; something in it failed */
	char name[256];
};

/** test_close() - count the case that is open; test_case() and test_done() call it */
static inline void test_close(struct test *t)
{
	if (t->open && t->bad)
		t->failed++;
	else if (t->open)
		t->passed++;
	t->open = t->bad = false;
}

/** test_case() - begin a case; it ends where the next one begins */
static inline _printf_(2, 3) void test_case(struct test *t, const char *fmt, ...)
{
	va_list ap;

	test_close(t);
	va_start(ap, fmt);
	vsnprintf(t->name, sizeof(t->name), fmt, ap);
	va_end(ap);
	t->open = true;
}

/** test_fail() - the open case failed, and why; goes on */
static inline _printf_(4, 5) void test_fail(struct test *t, const char *file, int line,
					    const char *fmt, ...)
{
	va_list ap;

	if (!t->bad)
		printf("not ok: %s\n", t->open ? t->name : "outside of a case");
	printf("  %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	t->open = t->bad = true;
}

/** test_done() - print the count; returns the exit status */
static inline int test_done(struct test *t)
{
	test_close(t);
	printf("%u passed, %u failed\n", t->passed, t->failed);
	return t->failed || !t->passed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/** test_rounds() - how often to do what is done @usual times: $VFIOAP_TEST_ROUNDS percent */
static inline unsigned test_rounds(unsigned usual)
{
	const char *percent = getenv("VFIOAP_TEST_ROUNDS");
	unsigned long rounds = usual;

	if (percent)
		rounds = rounds * strtoul(percent, NULL, 10) / 100;
	return rounds ? (unsigned)rounds : 1;
}

/** EXPECT() - @cond is true */
#define EXPECT(t, cond)                                                            \
	do {                                                                       \
		if (!(cond))                                                       \
			test_fail((t), __FILE__, __LINE__, "not true: %s", #cond); \
	} while (0)

/** EXPECT_INT() - two integers of any type are equal */
#define EXPECT_INT(t, got, want)                                                                \
	do {                                                                                    \
		long long got_ = (long long)(got), want_ = (long long)(want);                   \
		if (got_ != want_)                                                              \
			test_fail((t), __FILE__, __LINE__, "%s is %lld, want %lld", #got, got_, \
				  want_);                                                       \
	} while (0)

/** EXPECT_STR() - two texts are equal; NULL equals NULL alone */
#define EXPECT_STR(t, got, want)                                                              \
	do {                                                                                  \
		const char *got_ = (got), *want_ = (want);                                    \
		if (!got_ || !want_ ? got_ != want_ : strcmp(got_, want_) != 0)               \
			test_fail((t), __FILE__, __LINE__, "%s is \"%s\", want \"%s\"", #got, \
				  got_ ? got_ : "(null)", want_ ? want_ : "(null)");          \
	} while (0)

#endif
