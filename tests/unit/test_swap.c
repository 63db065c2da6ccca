/* SPDX-License-Identifier: MIT */
/* One file exchanged, and back: what is in place after each step, and what is refused. */
#include "swap.h"
#include "test.h"
#include "tree.h"

#define DIR  "etc/somewhere/deep"
#define PATH DIR "/file"

static const struct row {
	const char *title;
	const char *old, *text; /* NULL: no file */
} rows[] = {
	{ .title = "a new file", .text = "new" },
	{ .title = "other contents", .old = "old", .text = "new, and longer" },
	{ .title = "no file any more", .old = "old" },
	{ .title = "the same", .old = "same", .text = "same" },
	{ .title = "never a file" },
	{ .title = "empty", .old = "old", .text = "" },
};

static void expect_text(struct test *t, const struct tree *tree, const char *want)
{
	char text[64];

	EXPECT_INT(t, tree_has(tree, PATH), want != NULL);
	EXPECT_STR(t, tree_text(tree, PATH, text, sizeof(text)), want ? want : "");
}

static size_t len_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static int count_entry(const char *path _unused_, const struct stat *st _unused_, int flag,
		       struct FTW *ftw _unused_)
{
	static int files;

	if (flag == -1) {
		int n = files;

		files = 0;
		return n;
	}
	files += flag == FTW_F;
	return 0;
}

/* Nothing but the file itself is left in the tree. */
static void expect_files(struct test *t, const struct tree *tree, int want)
{
	nftw(tree->dir, count_entry, 16, FTW_PHYS);
	EXPECT_INT(t, count_entry(NULL, NULL, -1, NULL), want);
}

static void test_rows(struct test *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		_cleanup_(swap_done) struct swap swap = SWAP_INIT;
		const struct row *row = &rows[i];

		test_case(t, "swap: %s", row->title);
		tree_init(&tree);
		if (row->old)
			tree_write(&tree, PATH, row->old);
		EXPECT_INT(t, swap_open(tree.root, DIR, "file", &swap), 0);
		EXPECT_STR(t, swap.old, row->old);
		EXPECT_INT(t, swap_prepare(&swap, row->text, len_of(row->text), 0640), 0);
		expect_text(t, &tree, row->old);
		expect_files(t, &tree, row->old != NULL);
		EXPECT_INT(t, swap_commit(&swap), 0);
		expect_text(t, &tree, row->text);
		EXPECT_INT(t, swap_undo(&swap), 0);
		expect_text(t, &tree, row->old);
		EXPECT_INT(t, swap_undo(&swap), 0);
		swap_done(&swap);
		expect_files(t, &tree, row->old != NULL);
	}
}

static void test_dropped(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct swap swap = SWAP_INIT;

	tree_init(&tree);
	tree_write(&tree, PATH, "old");
	test_case(t, "swap: prepared, and never put in place");
	EXPECT_INT(t, swap_open(tree.root, DIR, "file", &swap), 0);
	EXPECT_INT(t, swap_commit(&swap), -EINVAL);
	EXPECT_INT(t, swap_prepare(&swap, "new", 3, 0644), 0);
	EXPECT_INT(t, swap_prepare(&swap, "new", 3, 0644), -EINVAL);
	EXPECT_INT(t, swap_undo(&swap), 0);
	swap_done(&swap);
	swap_done(&swap);
	expect_text(t, &tree, "old");
	expect_files(t, &tree, 1);
}

static void test_stale(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(swap_done) struct swap one = SWAP_INIT, two = SWAP_INIT, gone = SWAP_INIT;

	tree_init(&tree);
	tree_write(&tree, PATH, "old");
	test_case(t, "swap: changed by somebody else before it is in place");
	EXPECT_INT(t, swap_open(tree.root, DIR, "file", &one), 0);
	EXPECT_INT(t, swap_prepare(&one, "new", 3, 0644), 0);
	tree_write(&tree, PATH, "theirs");
	EXPECT_INT(t, swap_commit(&one), -ESTALE);
	expect_text(t, &tree, "theirs");
	EXPECT_INT(t, swap_undo(&one), 0);
	expect_text(t, &tree, "theirs");

	test_case(t, "swap: changed by somebody else before the undo");
	EXPECT_INT(t, swap_open(tree.root, DIR, "file", &two), 0);
	EXPECT_INT(t, swap_prepare(&two, NULL, 0, 0644), 0);
	EXPECT_INT(t, swap_commit(&two), 0);
	tree_write(&tree, PATH, "theirs again");
	EXPECT_INT(t, swap_undo(&two), -ESTALE);
	expect_text(t, &tree, "theirs again");

	test_case(t, "swap: removed by somebody else");
	EXPECT_INT(t, swap_open(tree.root, DIR, "file", &gone), 0);
	EXPECT_INT(t, swap_prepare(&gone, "new", 3, 0644), 0);
	tree_remove(&tree, PATH);
	EXPECT_INT(t, swap_commit(&gone), -ESTALE);
	expect_text(t, &tree, NULL);
}

static void test_kinds(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_free_ char *huge = calloc(1, SWAP_MAX + 2);
	static const struct {
		const char *name;
		int rc;
	} kinds[] = {
		{ .name = "fifo", .rc = -EINVAL }, { .name = "dir", .rc = -EISDIR },
		{ .name = "link", .rc = -ELOOP },  { .name = "dangling", .rc = -ELOOP },
		{ .name = "huge", .rc = -EFBIG },  { .name = "", .rc = -EINVAL },
		{ .name = "a/b", .rc = -EINVAL },
	};

	tree_init(&tree);
	tree_fifo(&tree, DIR "/fifo");
	tree_dir(&tree, DIR "/dir");
	tree_write(&tree, "elsewhere", "theirs");
	tree_link(&tree, "/elsewhere", DIR "/link");
	tree_link(&tree, "/nowhere", DIR "/dangling");
	tree_bytes(&tree, DIR "/huge", huge, SWAP_MAX + 1);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(swap_done) struct swap swap = SWAP_INIT;

		test_case(t, "swap: refuses '%s'", kinds[i].name);
		EXPECT_INT(t, swap_open(tree.root, DIR, kinds[i].name, &swap), kinds[i].rc);
	}
}

static void test_mode(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(swap_done) struct swap swap = SWAP_INIT;
	struct stat st;

	tree_init(&tree);
	tree_write(&tree, PATH, "old");
	EXPECT_INT(t, fchmodat(tree.root, PATH, 0604, 0), 0);
	if (geteuid() == 0)
		EXPECT_INT(t, fchownat(tree.root, PATH, 7, 8, 0), 0);
	test_case(t, "swap: mode and owner stay, forth and back");
	EXPECT_INT(t, swap_open(tree.root, DIR, "file", &swap), 0);
	EXPECT_INT(t, swap_prepare(&swap, "new", 3, 0644), 0);
	for (int back = 0; back < 2; back++) {
		EXPECT_INT(t, back ? swap_undo(&swap) : swap_commit(&swap), 0);
		EXPECT_INT(t, fstatat(tree.root, PATH, &st, 0), 0);
		EXPECT_INT(t, st.st_mode & 07777, 0604);
		EXPECT_INT(t, st.st_uid, geteuid() == 0 ? 7 : geteuid());
		EXPECT_INT(t, st.st_gid, geteuid() == 0 ? 8 : getegid());
	}
}

int main(void)
{
	struct test t = { 0 };

	test_rows(&t);
	test_dropped(&t);
	test_stale(&t);
	test_kinds(&t);
	test_mode(&t);
	return test_done(&t);
}
