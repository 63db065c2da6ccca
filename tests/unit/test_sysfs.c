/* SPDX-License-Identifier: MIT */
/* Opening below a root, by openat2() and by the walk for old kernels; bounds; lists; links. */
#include <stdint.h>

#include "paths.h"
#include "sysfs.h"
#include "test.h"
#include "tree.h"

typedef int open_fn(int root, const char *path, int flags);

/* A tree with an "outside" beside the root: nothing may ever come from there. */
static void make_confined(struct tree *tree)
{
	tree_write(tree, "outside", "secret\n");
	tree_write(tree, "root/outside", "inside\n");
	tree_write(tree, "root/a/file", "a\n");
	tree_link(tree, "file", "root/a/near");
	tree_link(tree, "../a/./file", "root/a/up");
	tree_link(tree, "../../../../outside", "root/a/escape");
	tree_link(tree, "/outside", "root/a/absolute");
	tree_link(tree, "/../../outside", "root/a/both");
	tree_link(tree, "a", "root/dir");
	tree_link(tree, "loop2", "root/loop1");
	tree_link(tree, "loop1", "root/loop2");
	tree_link(tree, "nothing", "root/dangling");
	tree_link(tree, "..", "root/a/parent");
}

static const struct {
	const char *path;
	int rc;
	const char *text;
	int flags;
} confined[] = {
	{ .path = "a/file", .text = "a\n" },
	{ .path = "/a/file", .text = "a\n" },
	{ .path = "a//file", .text = "a\n" },
	{ .path = "./a/../a/file", .text = "a\n" },
	{ .path = "../../a/file", .text = "a\n" },
	{ .path = "../outside", .text = "inside\n" },
	{ .path = "a/near", .text = "a\n" },
	{ .path = "a/up", .text = "a\n" },
	{ .path = "a/escape", .text = "inside\n" },
	{ .path = "a/absolute", .text = "inside\n" },
	{ .path = "a/both", .text = "inside\n" },
	{ .path = "a/parent/outside", .text = "inside\n" },
	{ .path = "dir/near", .text = "a\n" },
	{ .path = "dir/parent/dir/file", .text = "a\n" },
	{ .path = "dir/near", .flags = O_NOFOLLOW, .rc = -ELOOP },
	{ .path = "dir/file", .flags = O_NOFOLLOW, .text = "a\n" },
	{ .path = "loop1", .rc = -ELOOP },
	{ .path = "dangling", .rc = -ENOENT },
	{ .path = "nothing", .rc = -ENOENT },
	{ .path = "nothing/else", .rc = -ENOENT },
	{ .path = "a/file/x", .rc = -ENOTDIR },
};

static void test_confined(struct test *t, open_fn *fn, const char *which)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_close_ int root = -1;

	tree_init(&tree);
	make_confined(&tree);
	root = openat(tree.root, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(confined); i++) {
		int fd = fn(root, confined[i].path, O_RDONLY | confined[i].flags);
		char text[32] = "";

		test_case(t, "%s: open '%s'", which, confined[i].path);
		EXPECT_INT(t, fd < 0 ? fd : 0, confined[i].rc);
		if (fd >= 0) {
			EXPECT(t, read(fd, text, sizeof(text) - 1) >= 0);
			EXPECT_STR(t, text, confined[i].text);
			EXPECT(t, fcntl(fd, F_GETFD) & FD_CLOEXEC);
			close(fd);
		}
	}

	/* With openat2() ELOOP; walked, its text is a path below the root like any other. */
	test_case(t, "%s: a magic link", which);
	for (int i = 0; i < 3; i++) {
		static const char *const paths[] = { "self/root/etc", "self/cwd/Makefile",
						     "self/exe" };
		_cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (proc >= 0)
			EXPECT(t, fn(proc, paths[i], O_RDONLY) < 0);
	}

	test_case(t, "%s: the root itself", which);
	for (int i = 0; i < 3; i++) {
		static const char *const paths[] = { "/", "..", "a/.." };
		struct stat got, want;
		int fd = fn(root, paths[i], O_RDONLY | O_DIRECTORY);

		EXPECT(t, fd >= 0 && !fstat(fd, &got) && !fstat(root, &want));
		EXPECT_INT(t, got.st_ino, want.st_ino);
		close(fd);
	}
}

static void test_read(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	char buf[8];
	size_t len;

	tree_init(&tree);
	tree_write(&tree, "empty", "");
	tree_write(&tree, "seven", "1234567");
	tree_write(&tree, "eight", "12345678");
	tree_bytes(&tree, "nul", "1\0002", 3);
	tree_dir(&tree, "dir");
	tree_fifo(&tree, "fifo");

	test_case(t, "read: empty");
	EXPECT_INT(t, sysfs_read(tree.root, "empty", buf, sizeof(buf)), 0);
	EXPECT_STR(t, buf, "");
	test_case(t, "read: as long as can be");
	EXPECT_INT(t, sysfs_read(tree.root, "seven", buf, sizeof(buf)), 0);
	EXPECT_STR(t, buf, "1234567");
	test_case(t, "read: too long");
	EXPECT_INT(t, sysfs_read(tree.root, "eight", buf, sizeof(buf)), -EFBIG);
	test_case(t, "read: NUL in it");
	EXPECT_INT(t, sysfs_read(tree.root, "nul", buf, sizeof(buf)), -EBADMSG);
	EXPECT_INT(t, sysfs_read_bytes(tree.root, "nul", buf, sizeof(buf), &len), 0);
	EXPECT_INT(t, len, 3);
	test_case(t, "read bytes: cut");
	EXPECT_INT(t, sysfs_read_bytes(tree.root, "eight", buf, 4, &len), 0);
	EXPECT_INT(t, len, 4);
	test_case(t, "read: a directory, a FIFO (which does not block), nothing");
	EXPECT_INT(t, sysfs_read(tree.root, "dir", buf, sizeof(buf)), -EISDIR);
	EXPECT_INT(t, sysfs_read(tree.root, "fifo", buf, sizeof(buf)), -EINVAL);
	EXPECT_INT(t, sysfs_read(tree.root, "none", buf, sizeof(buf)), -ENOENT);
}

static void test_write(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	char buf[64];

	tree_init(&tree);
	tree_write(&tree, "attr", "old text\n");
	tree_fifo(&tree, "fifo");

	test_case(t, "write: in place, as it is");
	EXPECT_INT(t, sysfs_write(tree.root, "attr", "new"), 0);
	EXPECT_STR(t, tree_text(&tree, "attr", buf, sizeof(buf)), "new text\n");
	test_case(t, "write: no file is made");
	EXPECT_INT(t, sysfs_write(tree.root, "none", "x"), -ENOENT);
	EXPECT(t, !tree_has(&tree, "none"));
	test_case(t, "write: a FIFO without reader does not block");
	EXPECT_INT(t, sysfs_write(tree.root, "fifo", "x"), -ENXIO);
}

struct names {
	unsigned n;
	int stop;
	bool dots;
};

static int count_name(void *arg, const char *name)
{
	struct names *names = arg;

	names->dots |= !strcmp(name, ".") || !strcmp(name, "..");
	names->n++;
	return names->stop;
}

/* Of a device that goes: the files first, then their directory. */
static int remove_all(void *arg, const char *name)
{
	const struct tree *tree = arg;
	char path[64];

	snprintf(path, sizeof(path), "going/%s", name);
	tree_remove(tree, path);
	unlinkat(tree->root, "going", AT_REMOVEDIR);
	return 0;
}

static void test_list(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct names names = { 0 };
	struct names stop = { .stop = 7 };

	tree_init(&tree);
	for (unsigned i = 0; i < 300; i++)
		tree_writef(&tree, "", "dir/%u", i);
	tree_write(&tree, "file", "");

	test_case(t, "list: every entry once, no dots");
	EXPECT_INT(t, sysfs_list(tree.root, "dir", count_name, &names), 0);
	EXPECT_INT(t, names.n, 300);
	EXPECT(t, !names.dots);
	test_case(t, "list: ends when told");
	EXPECT_INT(t, sysfs_list(tree.root, "dir", count_name, &stop), 7);
	EXPECT_INT(t, stop.n, 1);
	test_case(t, "list: a directory that is removed meanwhile ends there");
	tree_writef(&tree, "", "going/%u", 1);
	EXPECT_INT(t, sysfs_list(tree.root, "going", remove_all, &tree), 0);
	EXPECT(t, !tree_has(&tree, "going"));
	test_case(t, "list: no directory");
	EXPECT_INT(t, sysfs_list(tree.root, "file", count_name, &names), -ENOTDIR);
	EXPECT_INT(t, sysfs_list(tree.root, "none", count_name, &names), -ENOENT);
}

static void test_links(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	char buf[16];

	tree_init(&tree);
	tree_write(&tree, "file", "");
	tree_link(&tree, "../../bus/ap/drivers/vfio_ap", "dev/driver");
	tree_link(&tree, "plain", "dev/plain");
	tree_link(&tree, "dir/", "dev/slash");
	tree_link(&tree, "a/name-longer-than-the-buffer", "dev/long");

	test_case(t, "link: base name, also of what does not exist");
	EXPECT_INT(t, sysfs_link_name(tree.root, "dev/driver", buf, sizeof(buf)), 0);
	EXPECT_STR(t, buf, "vfio_ap");
	EXPECT_INT(t, sysfs_link_name(tree.root, "dev/plain", buf, sizeof(buf)), 0);
	EXPECT_STR(t, buf, "plain");
	test_case(t, "link: errors");
	EXPECT_INT(t, sysfs_link_name(tree.root, "dev/long", buf, sizeof(buf)), -EFBIG);
	EXPECT_INT(t, sysfs_link_read(tree.root, "dev/driver", buf, sizeof(buf)), -EFBIG);
	EXPECT_INT(t, sysfs_link_name(tree.root, "file", buf, sizeof(buf)), -EINVAL);
	EXPECT_INT(t, sysfs_link_name(tree.root, "none", buf, sizeof(buf)), -ENOENT);
	test_case(t, "exists: what a link leads to");
	EXPECT(t, sysfs_exists(tree.root, "file") && sysfs_exists(tree.root, "dev"));
	EXPECT(t, !sysfs_exists(tree.root, "dev/plain") && !sysfs_exists(tree.root, "none"));
}

static void test_paths(struct test *t)
{
	static const char *const bad[] = {
		"",
		"../../../../etc/passwd",
		"------------------------------------",
		"621778830f1bb047f00914d032a22e3a8804",
		"6217788-3f1bb-47f0-914d-32a22e3a8804",
		"62177883-F1BB-47F0-914D-32A22E3A8804",
	};
	char buf[PATH_SIZE], longer[PATH_SIZE];

	test_case(t, "paths of devices");
	EXPECT_STR(t, path_card(buf, 0xab, "online"), "sys/devices/ap/cardab/online");
	EXPECT_STR(t, path_queue(buf, 5, 0x47, NULL), "sys/devices/ap/card05/05.0047");
	EXPECT_STR(t, path_mdev(buf, TREE_UUID("8804"), "matrix"),
		   "sys/devices/vfio_ap/matrix/" TREE_UUID("8804") "/matrix");
	EXPECT_STR(t, path_definition(buf, TREE_UUID("8804")),
		   "etc/mdevctl.d/matrix/" TREE_UUID("8804"));
	EXPECT_STR(t, path_group(buf, 3), "dev/vfio/3");
	test_case(t, "what is no UUID leads nowhere");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_STR(t, path_mdev(buf, bad[i], NULL), "sys/devices/vfio_ap/matrix/no-uuid");
	EXPECT_STR(t, path_definition(buf, TREE_UUID("88040")), "etc/mdevctl.d/matrix/no-uuid");
	test_case(t, "too long a path is none");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	EXPECT_STR(t, path_join(buf, "a", longer), "");
}

int main(void)
{
	struct test t = { 0 };

	test_confined(&t, sysfs_open, "openat2");
	test_confined(&t, sysfs_open_walk, "walk");
	test_read(&t);
	test_write(&t);
	test_list(&t);
	test_links(&t);
	test_paths(&t);
	return test_done(&t);
}
