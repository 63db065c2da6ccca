/* SPDX-License-Identifier: MIT */
/* Who has a device open: a /proc of plain files, and the real one. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "procs.h"
#include "test.h"
#include "tree.h"

/* A process; @cmdline's arguments are separated by '|'. */
static void make_process(const struct tree *tree, unsigned pid, const char *comm,
			 const char *cmdline)
{
	char path[64], text[512];
	size_t len = strlen(cmdline);

	tree_writef(tree, comm, "proc/%u/comm", pid);
	memcpy(text, cmdline, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '|')
			text[i] = '\0';
	}
	snprintf(path, sizeof(path), "proc/%u/cmdline", pid);
	tree_bytes(tree, path, text, len + 1);
	snprintf(path, sizeof(path), "proc/%u/fd", pid);
	tree_dir(tree, path);
}

static void make_fd(const struct tree *tree, unsigned pid, unsigned fd, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/fd/%u", pid, fd);
	tree_link(tree, target, path);
}

static void test_names(struct test *t)
{
	static const struct {
		const char *cmdline, *guest;
	} rows[] = {
		{ .cmdline = "qemu|-name|web1|-m|1G", .guest = "web1" },
		{ .cmdline = "/usr/libexec/qemu-kvm|-name|guest=web1,debug-threads=on",
		  .guest = "web1" },
		{ .cmdline = "qemu|-name|debug-threads=on,guest=web1", .guest = "web1" },
		{ .cmdline = "qemu|-name|web1,process=x", .guest = "web1" },
		{ .cmdline = "qemu|-name|guest=a,,b,debug-threads=on", .guest = "a,b" },
		{ .cmdline = "qemu|-name|a,,,,b", .guest = "a,,b" },
		{ .cmdline = "qemu|--name|web1", .guest = "web1" },
		{ .cmdline = "qemu|-name|debug-threads=on", .guest = "" },
		{ .cmdline = "qemu|-name|", .guest = "" },
		{ .cmdline = "qemu|-name", .guest = "" },
		{ .cmdline = "qemu|-names|x", .guest = "" },
		{ .cmdline = "", .guest = "" },
		{ .cmdline = "qemu|-name|\033]0;x\007\xff", .guest = "?]0;x??" },
		{ .cmdline = "qemu|-name|guest=J\xc3\xbcrgen", .guest = "J\xc3\xbcrgen" },
		{ .cmdline = "qemu|-name|0123456789012345678901234567890123456789"
			     "012345678901234567890123456789",
		  .guest = "012345678901234567890123456789012345678901234567890123456789012" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct holder_list list = { 0 };
		struct err err = { 0 };

		test_case(t, "guest of '%s'", rows[i].cmdline);
		tree_init(&tree);
		make_process(&tree, 7, "qemu-system-s39\n", rows[i].cmdline);
		make_fd(&tree, 7, 3, "/dev/vfio/0");
		EXPECT_INT(t, procs_holders_read(tree.root, &list, &err), 0);
		EXPECT_INT(t, list.n, 1);
		if (list.n) {
			EXPECT_STR(t, list.v[0].guest, rows[i].guest);
			EXPECT_STR(t, list.v[0].command, "qemu-system-s39");
		}
		procs_holders_done(&list);
	}
}

static void test_command(struct test *t)
{
	static const struct {
		const char *comm, *cmdline, *want;
	} rows[] = {
		{ .comm = "qemu-system-s39\n",
		  .cmdline = "/usr/bin/qemu-system-s390x|-name|web1",
		  .want = "qemu-system-s390x" },
		{ .comm = "qemu-system-s39\n", .cmdline = "", .want = "qemu-system-s39" },
		{ .comm = "qemu-system-s39\n",
		  .cmdline = "/usr/libexec/qemu-kvm",
		  .want = "qemu-system-s39" },
		{ .comm = "cat\n", .cmdline = "cat-and-more", .want = "cat" },
		{ .comm = "a-name-of-15-by\n",
		  .cmdline = "a-name-of-15-bytes-and-much-more-than-that\033",
		  .want = "a-name-of-15-bytes-and-much-mor" },
		{ .comm = "", .cmdline = "x", .want = "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct holder_list list = { 0 };

		test_case(t, "command '%s' of '%s'", rows[i].want, rows[i].cmdline);
		tree_init(&tree);
		make_process(&tree, 7, rows[i].comm, rows[i].cmdline);
		make_fd(&tree, 7, 3, "/dev/vfio/0");
		EXPECT_INT(t, procs_holders_read(tree.root, &list, NULL), 0);
		EXPECT_STR(t, list.n ? list.v[0].command : NULL, rows[i].want);
		procs_holders_done(&list);
	}
}

static void test_fds(struct test *t)
{
	static const struct {
		const char *target;
		int group, cdev;
	} rows[] = {
		{ .target = "/dev/vfio/0", .group = 0, .cdev = -1 },
		{ .target = "/dev/vfio/17", .group = 17, .cdev = -1 },
		{ .target = "/dev/vfio/17 (deleted)", .group = 17, .cdev = -1 },
		{ .target = "/dev/vfio/devices/vfio3", .group = -1, .cdev = 3 },
		{ .target = "/dev/vfio/vfio", .group = -1, .cdev = -1 },
		{ .target = "/dev/vfio/", .group = -1, .cdev = -1 },
		{ .target = "/dev/vfio/3x", .group = -1, .cdev = -1 },
		{ .target = "/dev/vfio/-3", .group = -1, .cdev = -1 },
		{ .target = "/dev/vfio/99999999999", .group = -1, .cdev = -1 },
		{ .target = "/dev/vfio/devices/vfio", .group = -1, .cdev = -1 },
		{ .target = "/tmp/dev/vfio/3", .group = -1, .cdev = -1 },
		{ .target = "anon_inode:[vfio-device]", .group = -1, .cdev = -1 },
		{ .target = "socket:[1]", .group = -1, .cdev = -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct holder_list list = { 0 };
		unsigned want = rows[i].group >= 0 || rows[i].cdev >= 0;

		test_case(t, "open file '%s'", rows[i].target);
		tree_init(&tree);
		make_process(&tree, 7, "x\n", "x");
		make_fd(&tree, 7, 3, rows[i].target);
		EXPECT_INT(t, procs_holders_read(tree.root, &list, NULL), 0);
		EXPECT_INT(t, list.n, want);
		if (list.n) {
			EXPECT_INT(t, list.v[0].group, rows[i].group);
			EXPECT_INT(t, list.v[0].cdev, rows[i].cdev);
		}
		procs_holders_done(&list);
	}
}

static void test_walk(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct holder_list list = { 0 };
	struct err err = { 0 };

	tree_init(&tree);
	test_case(t, "without /proc: none, and perhaps not all");
	EXPECT_INT(t, procs_holders_read(tree.root, &list, &err), 0);
	EXPECT(t, !list.n && !list.complete);

	make_process(&tree, 1, "init\n", "init");
	make_process(&tree, 20, "b\n", "b");
	make_process(&tree, 3, "a\033c\n", "a");
	make_fd(&tree, 20, 1, "/dev/vfio/2");
	make_fd(&tree, 20, 2, "/dev/vfio/devices/vfio2");
	make_fd(&tree, 20, 3, "/dev/vfio/2");
	make_fd(&tree, 20, 4, "/dev/vfio/1");
	make_fd(&tree, 3, 0, "/dev/vfio/1");
	tree_dir(&tree, "proc/4"); /* gone, or nearly */
	tree_write(&tree, "proc/version", "x\n");
	tree_dir(&tree, "proc/self");

	test_case(t, "by process, each thing once; names printable");
	EXPECT_INT(t, procs_holders_read(tree.root, &list, &err), 0);
	EXPECT_INT(t, list.n, 4);
	EXPECT(t, list.complete);
	EXPECT_INT(t, list.v[0].pid, 3);
	EXPECT_STR(t, list.v[0].command, "a?c");
	EXPECT_INT(t, list.v[1].cdev, 2);
	EXPECT_INT(t, list.v[2].group, 1);
	EXPECT_INT(t, list.v[3].group, 2);
	procs_holders_done(&list);
	procs_holders_done(&list);

	test_case(t, "init hidden: perhaps not all");
	tree_remove(&tree, "proc/1/comm");
	tree_remove(&tree, "proc/1/cmdline");
	tree_remove(&tree, "proc/1/fd");
	tree_remove(&tree, "proc/1");
	EXPECT_INT(t, procs_holders_read(tree.root, &list, &err), 0);
	EXPECT(t, list.n == 4 && !list.complete);
	procs_holders_done(&list);
}

/*
 * Each of those that are open at the same time is the one too many once: four, and more where
 * openat2() is missing.  What could not be looked at is never "nobody".
 */
static void test_descriptors(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct rlimit limit, low;
	int next;

	tree_init(&tree);
	make_process(&tree, 1, "init\n", "init");
	make_process(&tree, 20, "b\n", "b");
	make_fd(&tree, 20, 1, "/dev/vfio/2");
	next = dup(tree.root);
	close(next);
	getrlimit(RLIMIT_NOFILE, &limit);

	for (int room = 0; room <= 12; room++) {
		struct holder_list list = { 0 };
		struct err err = { 0 };
		int rc;

		test_case(t, "with %d descriptors left", room);
		low = (struct rlimit){ .rlim_cur = (rlim_t)(next + room), limit.rlim_max };
		setrlimit(RLIMIT_NOFILE, &low);
		rc = procs_holders_read(tree.root, &list, &err);
		setrlimit(RLIMIT_NOFILE, &limit);
		EXPECT(t, rc == 0 || rc == -EMFILE);
		EXPECT(t, room > 0 || rc == -EMFILE);
		EXPECT(t, room < 12 || list.complete);
		EXPECT_INT(t, list.n, list.complete);
		procs_holders_done(&list);
	}
}

/* The real /proc: as somebody else, who may not look at all. */
static void test_real(struct test *t)
{
	_cleanup_close_ int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct holder_list list = { 0 };
	struct err err = { 0 };
	int status;
	pid_t pid;

	if (access("/proc/self/fd", R_OK) < 0)
		return;
	test_case(t, "the real /proc");
	EXPECT_INT(t, procs_holders_read(root, &list, &err), 0);
	EXPECT_STR(t, err.what, "");
	procs_holders_done(&list);

	if (geteuid() != 0)
		return;
	test_case(t, "processes of others: perhaps not all");
	pid = fork();
	if (!pid) {
		if (setuid(65534) < 0 || procs_holders_read(root, &list, NULL) < 0)
			_exit(2);
		procs_holders_done(&list);
		_exit(list.complete);
	}
	waitpid(pid, &status, 0);
	EXPECT_INT(t, status, 0);
}

int main(void)
{
	struct test t = { 0 };

	test_names(&t);
	test_command(&t);
	test_fds(&t);
	test_walk(&t);
	test_descriptors(&t);
	test_real(&t);
	return test_done(&t);
}
