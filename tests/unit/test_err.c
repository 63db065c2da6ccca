/* SPDX-License-Identifier: MIT */
/* err.c: what a failure says, and that nothing is written behind its texts. */
#include "err.h"

#include <errno.h>

#include "test.h"

static void test_set(struct test *t)
{
	struct err err = { 0 };

	test_case(t, "err_set() keeps code and text, and returns the code");
	EXPECT_INT(t, err_set(&err, -ENOENT, "no mediated device '%s'", "9b1d"), -ENOENT);
	EXPECT_INT(t, err.code, -ENOENT);
	EXPECT_STR(t, err.what, "no mediated device '9b1d'");
	EXPECT_STR(t, err.hint, "");

	test_case(t, "err_hint() adds to it and returns the code");
	EXPECT_INT(t, err_hint(&err, "try '%s'", "lsvfioap"), -ENOENT);
	EXPECT_STR(t, err.what, "no mediated device '9b1d'");
	EXPECT_STR(t, err.hint, "try 'lsvfioap'");

	test_case(t, "a text can be built from the one it replaces");
	EXPECT_INT(t, err_set(&err, err.code, "start: %s (%s)", err.what, err.hint), -ENOENT);
	EXPECT_STR(t, err.what, "start: no mediated device '9b1d' (try 'lsvfioap')");

	test_case(t, "a new failure drops the hint of the one before");
	EXPECT_STR(t, err.hint, "");
	err_hint(&err, "again");
	err_errno(&err, -EIO, "x");
	EXPECT_STR(t, err.hint, "");
}

static void test_errno(struct test *t)
{
	struct err err = { 0 };

	test_case(t, "err_errno() adds the text of the errno");
	EXPECT_INT(t, err_errno(&err, -EACCES, "cannot read '%s'", "apmask"), -EACCES);
	EXPECT_INT(t, err.code, -EACCES);
	EXPECT_STR(t, err.what, "cannot read 'apmask': Permission denied");

	test_case(t, "err_text() takes either sign");
	EXPECT_STR(t, err_text(EBUSY), "Device or resource busy");
	EXPECT_STR(t, err_text(-EBUSY), "Device or resource busy");

	test_case(t, "err_oom() is -ENOMEM in words");
	EXPECT_INT(t, err_oom(&err), -ENOMEM);
	EXPECT_INT(t, err.code, -ENOMEM);
	EXPECT_STR(t, err.what, "out of memory");
}

static void test_null(struct test *t)
{
	test_case(t, "without a struct err the code comes back all the same");
	EXPECT_INT(t, err_set(NULL, -EINVAL, "x"), -EINVAL);
	EXPECT_INT(t, err_errno(NULL, -EBUSY, "x"), -EBUSY);
	EXPECT_INT(t, err_oom(NULL), -ENOMEM);
	EXPECT_INT(t, err_hint(NULL, "x"), 0);
}

static void test_long(struct test *t)
{
	static const char reason[] = ": Permission denied";
	struct err err = { 0 };
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	test_case(t, "a long text is cut and terminated");
	err_set(&err, -EINVAL, "%s", text);
	err_hint(&err, "%s", text);
	EXPECT_INT(t, strlen(err.what), sizeof(err.what) - 1);
	EXPECT_INT(t, strlen(err.hint), sizeof(err.hint) - 1);

	test_case(t, "a long text is cut before the reason, not in it");
	err_errno(&err, -EACCES, "%s", text);
	EXPECT_INT(t, strlen(err.what), sizeof(err.what) - 1);
	EXPECT_STR(t, err.what + sizeof(err.what) - sizeof(reason), reason);
}

int main(void)
{
	struct test t = { 0 };

	test_set(&t);
	test_errno(&t);
	test_null(&t);
	test_long(&t);
	return test_done(&t);
}
