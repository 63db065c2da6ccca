/* SPDX-License-Identifier: MIT */
/* Whole files: read bounded, replaced atomically, never through a link. */
#include "file.h"
#include "sysfs.h"
#include "test.h"
#include "tree.h"

static int count_name(void *arg, const char *name _unused_)
{
	++*(unsigned *)arg;
	return 0;
}

static unsigned count_names(const struct tree *tree, const char *dir)
{
	unsigned n = 0;

	sysfs_list(tree->root, dir, count_name, &n);
	return n;
}

static void test_read(struct test *t)
{
	static const struct {
		const char *title, *path;
		int rc;
		size_t len;
	} rows[] = {
		{ .title = "as long as allowed", .path = "eight", .len = 8 },
		{ .title = "empty", .path = "empty" },
		{ .title = "too long", .path = "nine", .rc = -EFBIG },
		{ .title = "a link below the root", .path = "link", .len = 8 },
		{ .title = "a link to nothing", .path = "dangling", .rc = -ENOENT },
		{ .title = "missing", .path = "none", .rc = -ENOENT },
		{ .title = "a directory", .path = "dir", .rc = -EISDIR },
		{ .title = "a FIFO", .path = "fifo", .rc = -EINVAL },
	};
	_cleanup_(tree_done) struct tree tree = { 0 };

	tree_init(&tree);
	tree_bytes(&tree, "eight", "123\0005678", 8);
	tree_write(&tree, "nine", "123456789");
	tree_write(&tree, "empty", "");
	tree_link(&tree, "/eight", "link");
	tree_link(&tree, "/nothing", "dangling");
	tree_dir(&tree, "dir");
	tree_fifo(&tree, "fifo");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		size_t len = 99;

		test_case(t, "read: %s", rows[i].title);
		EXPECT_INT(t, file_read(tree.root, rows[i].path, 8, &text, &len), rows[i].rc);
		EXPECT_INT(t, len, rows[i].rc ? 99 : rows[i].len);
		EXPECT(t, rows[i].rc ? !text : text && !text[len]);
	}
}

/* All of a file that fits with a NUL behind it, or nothing. */
static void test_peek(struct test *t)
{
	static const struct {
		const char *name;
		int rc;
		size_t len;
	} rows[] = {
		{ .name = "seven", .len = 7 },	     { .name = "eight", .rc = -EFBIG },
		{ .name = "empty", .rc = -ENODATA }, { .name = "fifo", .rc = -ENODATA },
		{ .name = "link", .rc = -ELOOP },    { .name = "none", .rc = -ENOENT },
		{ .name = "dir", .rc = -EISDIR },
	};
	_cleanup_(tree_done) struct tree tree = { 0 };

	tree_init(&tree);
	tree_bytes(&tree, "seven", "12\0 567", 7);
	tree_write(&tree, "eight", "12345678");
	tree_write(&tree, "empty", "");
	tree_link(&tree, "seven", "link");
	tree_dir(&tree, "dir");
	tree_fifo(&tree, "fifo");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[8] = "before";
		size_t len = 99;

		test_case(t, "peek: %s", rows[i].name);
		EXPECT_INT(t, file_peek(tree.root, rows[i].name, text, sizeof(text), &len),
			   rows[i].rc);
		EXPECT_INT(t, len, rows[i].rc ? 99 : rows[i].len);
		EXPECT(t, rows[i].rc || memcmp(text, "12\0 567", sizeof(text)) == 0);
	}
}

static void test_replace(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	char text[32];
	struct stat st;

	tree_init(&tree);
	tree_dir(&tree, "etc/dir");
	umask(077);

	test_case(t, "replace: a new file, whatever the umask");
	EXPECT_INT(t, file_replace(tree.root, "etc/dir", "name", "new\n", 4, 0644), 0);
	EXPECT_STR(t, tree_text(&tree, "etc/dir/name", text, sizeof(text)), "new\n");
	EXPECT(t, !fstatat(tree.root, "etc/dir/name", &st, 0) && (st.st_mode & 07777) == 0644);
	EXPECT_INT(t, count_names(&tree, "etc/dir"), 1);

	test_case(t, "replace: an old file; who has it open keeps the old one");
	EXPECT_INT(t, linkat(tree.root, "etc/dir/name", tree.root, "old", 0), 0);
	EXPECT_INT(t, file_replace(tree.root, "etc/dir", "name", "newer\n", 6, 0600), 0);
	EXPECT_STR(t, tree_text(&tree, "etc/dir/name", text, sizeof(text)), "newer\n");
	EXPECT_STR(t, tree_text(&tree, "old", text, sizeof(text)), "new\n");
	EXPECT(t, !fstatat(tree.root, "etc/dir/name", &st, 0) && (st.st_mode & 07777) == 0600);
	EXPECT_INT(t, count_names(&tree, "etc/dir"), 1);

	test_case(t, "replace: a link is replaced, not followed");
	tree_link(&tree, "../../old", "etc/dir/link");
	EXPECT_INT(t, file_replace(tree.root, "etc/dir", "link", "x", 1, 0644), 0);
	EXPECT(t, !fstatat(tree.root, "etc/dir/link", &st, AT_SYMLINK_NOFOLLOW) &&
			  S_ISREG(st.st_mode));
	EXPECT_STR(t, tree_text(&tree, "old", text, sizeof(text)), "new\n");

	test_case(t, "replace: no directory, names that are none");
	EXPECT_INT(t, file_replace(tree.root, "etc/none", "name", "x", 1, 0644), -ENOENT);
	EXPECT_INT(t, file_replace(tree.root, "etc", "dir/name", "x", 1, 0644), -EINVAL);
	EXPECT_INT(t, file_replace(tree.root, "etc", "", "x", 1, 0644), -EINVAL);
	EXPECT(t, file_replace(tree.root, "etc", "dir", "x", 1, 0644) < 0);
	EXPECT_INT(t, count_names(&tree, "etc"), 1);
	umask(022);
}

static void test_two_steps(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct file_new file = FILE_NEW_INIT;
	char text[32];

	tree_init(&tree);
	tree_write(&tree, "dir/name", "old\n");

	test_case(t, "written, not put in place, given up: nothing has changed");
	EXPECT_INT(t, file_new_write(tree.root, "dir", "name", "new\n", 4, 0644, &file), 0);
	EXPECT_STR(t, tree_text(&tree, "dir/name", text, sizeof(text)), "old\n");
	file_new_done(&file);
	file_new_done(&file);
	EXPECT_STR(t, tree_text(&tree, "dir/name", text, sizeof(text)), "old\n");
	EXPECT_INT(t, count_names(&tree, "dir"), 1);

	test_case(t, "written, then put in place");
	EXPECT_INT(t, file_new_write(tree.root, "dir", "name", "new\n", 4, 0644, &file), 0);
	EXPECT_INT(t, file_new_commit(&file), 0);
	file_new_done(&file);
	EXPECT_STR(t, tree_text(&tree, "dir/name", text, sizeof(text)), "new\n");
	EXPECT_INT(t, count_names(&tree, "dir"), 1);
}

static void test_remove(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };

	tree_init(&tree);
	tree_write(&tree, "dir/name", "x");
	test_case(t, "remove: a file; then there is none");
	EXPECT_INT(t, file_remove(tree.root, "dir", "name"), 0);
	EXPECT(t, !tree_has(&tree, "dir/name"));
	EXPECT_INT(t, file_remove(tree.root, "dir", "name"), -ENOENT);
	EXPECT_INT(t, file_remove(tree.root, "none", "name"), -ENOENT);
	EXPECT_INT(t, file_remove(tree.root, ".", "dir/name"), -EINVAL);
}

static void test_dirs(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct stat st;

	tree_init(&tree);
	test_case(t, "directories: all that are missing, and again");
	EXPECT_INT(t, file_dirs_make(tree.root, "etc/mdevctl.d/matrix", 0755), 0);
	EXPECT(t, !fstatat(tree.root, "etc/mdevctl.d/matrix", &st, 0) && S_ISDIR(st.st_mode));
	EXPECT_INT(t, file_dirs_make(tree.root, "etc/mdevctl.d/matrix", 0755), 0);
	test_case(t, "directories: of the mode asked for, whatever the umask");
	umask(0777);
	EXPECT_INT(t, file_dirs_make(tree.root, "etc/one/two", 0755), 0);
	umask(0);
	EXPECT_INT(t, file_dirs_make(tree.root, "etc/one/three", 0750), 0);
	umask(022);
	EXPECT(t, !fstatat(tree.root, "etc/one/two", &st, 0) && (st.st_mode & 07777) == 0755);
	EXPECT(t, !fstatat(tree.root, "etc/one/three", &st, 0) && (st.st_mode & 07777) == 0750);
	test_case(t, "directories: through a link below the root; not through a file");
	tree_link(&tree, "/etc", "link");
	EXPECT_INT(t, file_dirs_make(tree.root, "link/more", 0755), 0);
	EXPECT(t, tree_has(&tree, "etc/more"));
	tree_write(&tree, "file", "");
	EXPECT_INT(t, file_dirs_make(tree.root, "file/more", 0755), -ENOTDIR);
}

int main(void)
{
	struct test t = { 0 };

	test_read(&t);
	test_peek(&t);
	test_replace(&t);
	test_two_steps(&t);
	test_remove(&t);
	test_dirs(&t);
	return test_done(&t);
}
