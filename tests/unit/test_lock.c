/* SPDX-License-Identifier: MIT */
/*
 * The lock of s390-tools: its staleness table, hostile things at its path, waiting, stopping,
 * and that two never hold it at once.
 */
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "lock.h"
#include "paths.h"
#include "sysfs.h"
#include "test.h"
#include "tree.h"

static unsigned elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned)((now.tv_sec - since->tv_sec) * 1000 +
			  (now.tv_nsec - since->tv_nsec) / 1000000);
}

/* A process number that nobody has: of a child that is gone and waited for. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

/* How many names are in run/lock: no temporary file may stay behind. */
static int count_name(void *arg, const char *name _unused_)
{
	++*(unsigned *)arg;
	return 0;
}

static unsigned count_names(const struct tree *tree)
{
	unsigned n = 0;

	sysfs_list(tree->root, PATH_LOCK_DIR, count_name, &n);
	return n;
}

static void age(const struct tree *tree, int seconds)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - seconds },
				     { .tv_sec = time(NULL) - seconds } };

	if (utimensat(tree->root, PATH_LOCK, times, 0) < 0)
		tree_die("age", PATH_LOCK);
}

static void test_take(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct lock lock = { 0 };
	struct err err = { 0 };
	char text[64], want[64];
	struct stat st;

	tree_init(&tree);
	snprintf(want, sizeof(want), "%d\n", (int)getpid());

	test_case(t, "take: its name, content, mode; the directory is made");
	umask(022);
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), 0);
	EXPECT_STR(t, err.what, "");
	EXPECT_STR(t, tree_text(&tree, "run/lock/s390apconfig.lock", text, sizeof(text)), want);
	EXPECT(t, !fstatat(tree.root, PATH_LOCK, &st, AT_SYMLINK_NOFOLLOW) &&
			  (st.st_mode & 07777) == 0644 && st.st_nlink == 1);
	EXPECT_INT(t, count_names(&tree), 1);

	test_case(t, "release: twice, and a zeroed one");
	lock_release(&lock);
	EXPECT_INT(t, count_names(&tree), 0);
	lock_release(&lock);
	lock = (struct lock){ 0 };
	lock_release(&lock);
	EXPECT(t, fcntl(0, F_GETFD) >= 0 || errno == EBADF);
}

/* What stands in the file, how old it is, and whether it is in the way; %d is @pid. */
static const struct table_row {
	const char *title, *text;
	enum { NONE, PARENT, OWN_GROUP, GONE } pid;
	int age;
	int rc;
} table_rows[] = {
	{ .title = "dead owner", .text = "%d\n", .pid = GONE },
	{ .title = "living owner", .text = "%d\n", .pid = PARENT, .rc = -ETIMEDOUT },
	{ .title = "living owner, old file",
	  .text = "%d\n",
	  .pid = PARENT,
	  .age = 9999,
	  .rc = -ETIMEDOUT },
	{ .title = "init", .text = "1\n", .rc = -ETIMEDOUT },
	{ .title = "empty, young", .text = "", .rc = -ETIMEDOUT },
	{ .title = "empty, nearly 120 s", .text = "", .age = 110, .rc = -ETIMEDOUT },
	{ .title = "empty, above 120 s", .text = "", .age = 122 },
	{ .title = "empty, of the future", .text = "", .age = -9999, .rc = -ETIMEDOUT },
	{ .title = "no number, young", .text = "pid\n", .rc = -ETIMEDOUT },
	{ .title = "no number, old", .text = "pid\n", .age = 122 },
	{ .title = "zero, old", .text = "0\n", .age = 122 },
	{ .title = "zero, young", .text = "0\n", .rc = -ETIMEDOUT },
	{ .title = "living process group", .text = "-%d\n", .pid = OWN_GROUP, .rc = -ETIMEDOUT },
	{ .title = "dead process group", .text = "-%d\n", .pid = GONE },
	{ .title = "blanks before, text behind",
	  .text = " \t\n+%dx 17\n",
	  .pid = PARENT,
	  .rc = -ETIMEDOUT },
	{ .title = "more than 40 bytes", .text = "%-50d\n", .pid = PARENT, .rc = -ETIMEDOUT },
	{ .title = "above int: cut as atoi() does", .text = "4294967297\n", .rc = -ETIMEDOUT },
	{ .title = "above long", .text = "99999999999999999999\n", .rc = -ETIMEDOUT },
	{ .title = "no process can have it", .text = "2147483647\n" },
	{ .title = "lowest int", .text = "-2147483648\n" },
};

/* The text of a row with the number of its process in it. */
static void row_text(const struct table_row *row, pid_t gone, char *buf, size_t size)
{
	const char *mark = strchr(row->text, '%');
	int pid = row->pid == PARENT ? getppid() : row->pid == OWN_GROUP ? getpgrp() : gone;

	if (!mark)
		snprintf(buf, size, "%s", row->text);
	else
		snprintf(buf, size, "%.*s%*d%s", (int)(mark - row->text), row->text,
			 mark[1] == '-' ? -50 : 0, pid, strchr(mark, 'd') + 1);
}

static void test_table(struct test *t)
{
	pid_t gone = dead_pid();

	for (size_t i = 0; i < ARRAY_SIZE(table_rows); i++) {
		const struct table_row *row = &table_rows[i];
		_cleanup_(tree_done) struct tree tree = { 0 };
		_cleanup_(lock_release) struct lock lock = { 0 };
		struct err err = { 0 };
		char text[64], got[64];

		test_case(t, "table: %s", row->title);
		tree_init(&tree);
		row_text(row, gone, text, sizeof(text));
		tree_write(&tree, PATH_LOCK, text);
		age(&tree, row->age);
		EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), row->rc);
		EXPECT_INT(t, err.code, row->rc);
		EXPECT_INT(t, lock.held, !row->rc);
		if (row->rc)
			EXPECT_STR(t, tree_text(&tree, PATH_LOCK, got, sizeof(got)), text);
		EXPECT_INT(t, count_names(&tree), 1);
	}
}

static void test_foreign_named(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct lock lock = { 0 };
	struct err err = { 0 };
	enum lock_state state;
	struct lock_holder holder;
	char want[128];

	tree_init(&tree);
	snprintf(want, sizeof(want), "%d\n", (int)getppid());
	tree_write(&tree, PATH_LOCK, want);
	tree_writef(&tree, "mdevctl\033[31m\n", "proc/%d/comm", (int)getppid());

	test_case(t, "a foreign owner is named, printable");
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), -ETIMEDOUT);
	snprintf(want, sizeof(want), "the configuration is locked by process %d (mdevctl?[31m)",
		 (int)getppid());
	EXPECT_STR(t, err.what, want);
	EXPECT(t, *err.hint);

	test_case(t, "look: who it is, without taking it");
	EXPECT_INT(t, lock_look(tree.root, &state, &holder, &err), 0);
	EXPECT_INT(t, state, LOCK_HELD);
	EXPECT_INT(t, holder.pid, getppid());
	EXPECT_STR(t, holder.command, "mdevctl?[31m");

	test_case(t, "look: free, stale, without a directory");
	tree_remove(&tree, PATH_LOCK);
	EXPECT_INT(t, lock_look(tree.root, &state, &holder, &err), 0);
	EXPECT_INT(t, state, LOCK_FREE);
	snprintf(want, sizeof(want), "%d\n", (int)dead_pid());
	tree_write(&tree, PATH_LOCK, want);
	EXPECT_INT(t, lock_look(tree.root, &state, &holder, &err), 0);
	EXPECT_INT(t, state, LOCK_STALE);
	tree_remove(&tree, PATH_LOCK);
	unlinkat(tree.root, PATH_LOCK_DIR, AT_REMOVEDIR);
	EXPECT_INT(t, lock_look(tree.root, &state, &holder, &err), 0);
	EXPECT_INT(t, state, LOCK_FREE);
}

enum hostile { DANGLING, LINK, LOOP, DIRECTORY, FIFO };

/* Nobody's lock: refused at once, not waited for, not followed, not removed. */
static void test_hostile(struct test *t)
{
	static const char *const titles[] = {
		[DANGLING] = "dangling link",
		[LINK] = "link to a lock of a dead process",
		[LOOP] = "link to itself",
		[DIRECTORY] = "directory",
		[FIFO] = "FIFO",
	};

	for (enum hostile i = DANGLING; i <= FIFO; i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct lock lock = { 0 };
		struct err err = { 0 };
		struct timespec start;
		char text[64];

		test_case(t, "hostile: %s", titles[i]);
		tree_init(&tree);
		snprintf(text, sizeof(text), "%d\n", (int)dead_pid());
		tree_write(&tree, "elsewhere", text);
		switch (i) {
		case DANGLING: tree_link(&tree, "/nowhere", PATH_LOCK); break;
		case LINK: tree_link(&tree, "/elsewhere", PATH_LOCK); break;
		case LOOP: tree_link(&tree, PATH_LOCK_NAME, PATH_LOCK); break;
		case DIRECTORY: tree_dir(&tree, PATH_LOCK); break;
		case FIFO: tree_fifo(&tree, PATH_LOCK); break;
		}
		clock_gettime(CLOCK_MONOTONIC, &start);
		EXPECT_INT(t, lock_acquire(tree.root, 5000, NULL, NULL, NULL, &lock, &err),
			   -EEXIST);
		EXPECT(t, elapsed_ms(&start) < 1000);
		EXPECT(t, strstr(err.what, "run/lock/s390apconfig.lock") && *err.hint);
		EXPECT(t, tree_has(&tree, PATH_LOCK) && tree_has(&tree, "elsewhere"));
		EXPECT(t, !tree_has(&tree, "nowhere"));
		EXPECT_INT(t, count_names(&tree), 1);
	}
}

static void test_hostile_content(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct lock lock = { 0 };
	struct err err = { 0 };
	_cleanup_free_ char *huge = malloc(1 << 20);

	tree_init(&tree);
	memset(huge, '0', 1 << 20);

	test_case(t, "hostile: a megabyte of zeros, young and old");
	tree_bytes(&tree, PATH_LOCK, huge, 1 << 20);
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), -ETIMEDOUT);
	age(&tree, 200);
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), 0);
	lock_release(&lock);

	test_case(t, "hostile: NULs and escapes");
	tree_bytes(&tree, PATH_LOCK, "\0\0\033[2J\xff", 7);
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), -ETIMEDOUT);
	EXPECT_STR(t, err.what,
		   "the configuration is locked: '/run/lock/s390apconfig.lock' names no process");
	EXPECT_INT(t, count_names(&tree), 1);
}

static void test_temp_names(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(lock_release) struct lock lock = { 0 };
	struct err err = { 0 };

	tree_init(&tree);
	test_case(t, "temporary names that others have made are not in the way, and stay");
	for (unsigned i = 0; i < 256; i++)
		tree_writef(&tree, "1\n", PATH_LOCK "%05d%02x", (int)getpid(), i);
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), 0);
	EXPECT_INT(t, count_names(&tree), 257);
}

static void test_link_fails(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct lock lock = { 0 };
	struct err err = { 0 };
	pid_t pid;
	int status;

	if (geteuid() != 0)
		return;

	tree_init(&tree);
	tree_dir(&tree, PATH_LOCK_DIR);
	chmod(tree.dir, 0755);
	test_case(t, "without permission: says so, and that root is needed");
	pid = fork();
	if (!pid) {
		if (setuid(65534) < 0)
			_exit(2);
		_exit(lock_acquire(tree.root, 5000, NULL, NULL, NULL, &lock, &err) == -EACCES &&
				      strstr(err.what, "Permission denied") &&
				      strstr(err.hint, "root")
			      ? 0
			      : 1);
	}
	waitpid(pid, &status, 0);
	EXPECT_INT(t, status, 0);

	/* In a sticky directory: our file can be made, the stale one of root not removed. */
	test_case(t, "a stale lock that may not be removed: says whose, does not wait");
	if (fchmodat(tree.root, PATH_LOCK_DIR, 01777, 0) < 0)
		tree_die("chmod", PATH_LOCK_DIR);
	tree_write(&tree, PATH_LOCK, "2147483647\n");
	pid = fork();
	if (!pid) {
		if (setuid(65534) < 0)
			_exit(2);
		_exit(lock_acquire(tree.root, 5000, NULL, NULL, NULL, &lock, &err) == -EPERM &&
				      strstr(err.what, "2147483647")
			      ? 0
			      : 1);
	}
	waitpid(pid, &status, 0);
	EXPECT_INT(t, status, 0);
	EXPECT_INT(t, count_names(&tree), 1);
}

struct progress {
	unsigned calls, first_ms;
	pid_t pid;
};

static void note_progress(void *arg, const struct lock_holder *holder, unsigned waited_ms)
{
	struct progress *progress = arg;

	if (!progress->calls++)
		progress->first_ms = waited_ms;
	progress->pid = holder->pid;
}

static void test_timeout(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct lock lock = { 0 };
	struct progress progress = { 0 };
	struct err err = { 0 };
	struct timespec start;
	unsigned ms;
	char text[32];

	tree_init(&tree);
	snprintf(text, sizeof(text), "%d\n", (int)getppid());
	tree_write(&tree, PATH_LOCK, text);

	test_case(t, "timeout: bounded, and no progress before a second");
	clock_gettime(CLOCK_MONOTONIC, &start);
	EXPECT_INT(t, lock_acquire(tree.root, 100, NULL, note_progress, &progress, &lock, &err),
		   -ETIMEDOUT);
	ms = elapsed_ms(&start);
	EXPECT(t, ms >= 99 && ms < 1000); /* both clocks are cut to ms */
	EXPECT_INT(t, progress.calls, 0);

	test_case(t, "timeout: says after a second whom it waits for");
	EXPECT_INT(t, lock_acquire(tree.root, 1200, NULL, note_progress, &progress, &lock, &err),
		   -ETIMEDOUT);
	EXPECT_INT(t, progress.calls, 1);
	EXPECT(t, progress.first_ms >= 1000 && progress.first_ms < 1200);
	EXPECT_INT(t, progress.pid, getppid());
}

static volatile sig_atomic_t stop_flag;

static void on_alarm(int sig _unused_)
{
	stop_flag = 1;
}

static void test_stop(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval timer = { .it_value.tv_usec = 100000 };
	struct lock lock = { 0 };
	struct err err = { 0 };
	struct timespec start;
	char text[32];

	tree_init(&tree);
	snprintf(text, sizeof(text), "%d\n", (int)getppid());
	tree_write(&tree, PATH_LOCK, text);

	test_case(t, "a signal ends the wait, and leaves nothing behind");
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	clock_gettime(CLOCK_MONOTONIC, &start);
	EXPECT_INT(t, lock_acquire(tree.root, 30000, &stop_flag, NULL, NULL, &lock, &err), -EINTR);
	EXPECT(t, elapsed_ms(&start) < 5000);
	EXPECT_INT(t, err.code, -EINTR);
	EXPECT_INT(t, count_names(&tree), 1);
}

static void test_release(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct lock lock = { 0 };
	struct err err = { 0 };
	int status;
	pid_t pid;

	tree_init(&tree);
	test_case(t, "release: not what another has put there");
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), 0);
	tree_write(&tree, PATH_LOCK, "1\n");
	lock_release(&lock);
	EXPECT(t, tree_has(&tree, PATH_LOCK));
	tree_remove(&tree, PATH_LOCK);

	test_case(t, "release: not when the number in our file has changed");
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), 0);
	status = openat(tree.root, PATH_LOCK, O_WRONLY | O_TRUNC | O_CLOEXEC);
	EXPECT_INT(t, write(status, "1\n", 2), 2);
	close(status);
	lock_release(&lock);
	EXPECT(t, tree_has(&tree, PATH_LOCK));
	tree_remove(&tree, PATH_LOCK);

	test_case(t, "release: not by a child");
	EXPECT_INT(t, lock_acquire(tree.root, 0, NULL, NULL, NULL, &lock, &err), 0);
	pid = fork();
	if (!pid) {
		lock_release(&lock);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT(t, tree_has(&tree, PATH_LOCK));
	lock_release(&lock);
	EXPECT(t, !tree_has(&tree, PATH_LOCK));
}

struct arena {
	int inside;   /* how many hold the lock now: 0 or 1 */
	int overlaps; /* how often it was more */
	int taken;
};

/* Take it again and again; sometimes die with it, as one that was killed. */
static void contend(int root, struct arena *arena, unsigned rounds, unsigned seed)
{
	for (unsigned i = 0; i < rounds; i++) {
		struct lock lock = { 0 };

		if (lock_acquire(root, 60000, NULL, NULL, NULL, &lock, NULL) < 0)
			_exit(1);
		if (__atomic_add_fetch(&arena->inside, 1, __ATOMIC_SEQ_CST) != 1)
			__atomic_add_fetch(&arena->overlaps, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&arena->taken, 1, __ATOMIC_SEQ_CST);
		usleep((seed + i) % 7 * 50);
		__atomic_sub_fetch(&arena->inside, 1, __ATOMIC_SEQ_CST);
		if (i == rounds - 1 && seed % 2)
			_exit(0); /* without release: the next one finds a dead owner */
		lock_release(&lock);
	}
	_exit(0);
}

static void test_contenders(struct test *t)
{
	enum { GENERATIONS = 10, CHILDREN = 6, ROUNDS = 5 };
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct arena *arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned failed = 0;

	tree_init(&tree);
	test_case(t, "contenders: no lost exclusion, also over locks of the dead");
	for (unsigned g = 0; g < GENERATIONS; g++) {
		for (unsigned c = 0; c < CHILDREN; c++) {
			if (!fork())
				contend(tree.root, arena, ROUNDS, g + c);
		}
		for (unsigned c = 0; c < CHILDREN; c++) {
			int status;

			failed += wait(&status) < 0 || status;
		}
	}
	EXPECT_INT(t, failed, 0);
	EXPECT_INT(t, arena->overlaps, 0);
	EXPECT_INT(t, arena->taken, GENERATIONS * CHILDREN * ROUNDS);
	EXPECT(t, count_names(&tree) <= 1);
	munmap(arena, sizeof(*arena));
}

int main(void)
{
	struct test t = { 0 };

	test_take(&t);
	test_table(&t);
	test_foreign_named(&t);
	test_hostile(&t);
	test_hostile_content(&t);
	test_temp_names(&t);
	test_link_fails(&t);
	test_timeout(&t);
	test_stop(&t);
	test_release(&t);
	test_contenders(&t);
	return test_done(&t);
}
