/* SPDX-License-Identifier: MIT */
/*
 * The lock of s390-tools, by its protocol: a file that is linked into place and holds its
 * owner's process number.  Whether to take it is left to the commands.
 *
 * The directory is writable by everybody on most systems, so what stands at the lock's path
 * is hostile: it is never followed, never waited for without bound, and 40 bytes of it are
 * read.
 */
#include "lock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "file.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define CONTENT_MAX	40  /* what the peers read (util_lockfile.c) */
#define EMPTY_STALE_S	120 /* an empty file older than this is nobody's */
#define RETRY_MS	30  /* the peers wait 30 to 33 ms between two tries */
#define PROGRESS_MS	1000
#define RETRIES_AT_ONCE 64 /* then a lock that always looks stale costs time too */
#define SETTLE_MS	5  /* much longer than a peer takes from kill() to unlink() */
#define TEMP_TRIES	16
#define TEMP_NAME_SIZE	64

/* struct wait - one lock_acquire() */
struct wait {
	int root;
	struct lock lock; /* dir is open, owner set; the rest once the lock is ours */
	char temp[TEMP_NAME_SIZE];
	struct lock_holder holder;
	bool broke; /* a stale lock was seen: a peer may be about to unlink ours */
	struct err *err;
};

static unsigned now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned)((unsigned long)ts.tv_sec * 1000 + (unsigned long)ts.tv_nsec / 1000000);
}

static void nap(unsigned ms)
{
	const struct timespec ts = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&ts, NULL); /* a signal ends it early: then the stop flag is looked at */
}

/* ---- what is in the file ------------------------------------------------------------------- */

/* As atoi() of glibc, whose long is cut to int: that is what the peers see. */
static int content_number(const char *text)
{
	bool negative;
	long value = 0;

	while (isspace((unsigned char)*text))
		text++;
	negative = *text == '-';
	text += *text == '-' || *text == '+';

	for (; isdigit((unsigned char)*text); text++) {
		int digit = *text - '0';

		if (__builtin_mul_overflow(value, 10L, &value) ||
		    __builtin_sub_overflow(value, (long)digit, &value)) {
			value = LONG_MIN;
			break;
		}
	}
	if (!negative)
		value = value == LONG_MIN ? LONG_MAX : -value;
	return (int)(unsigned)(unsigned long)value;
}

static int read_number(int fd, pid_t *ret)
{
	char text[CONTENT_MAX + 1];
	ssize_t n;

	do {
		n = pread(fd, text, CONTENT_MAX, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	*ret = content_number(text);
	return 0;
}

/* Read the number in the lock file @fd, and who that is. */
static int read_holder(int root, int fd, struct lock_holder *ret)
{
	char path[PATH_SIZE], name[32], comm[64];
	int rc;

	*ret = (struct lock_holder){ 0 };
	rc = read_number(fd, &ret->pid);
	if (rc < 0 || ret->pid <= 0)
		return rc;
	snprintf(name, sizeof(name), "%d/comm", ret->pid);
	if (!sysfs_read(root, path_join(path, PATH_PROC, name), comm, sizeof(comm)))
		snprintf(ret->command, sizeof(ret->command), "%.31s", str_chomp(comm));
	str_printable(ret->command);
	return 0;
}

/* The table of util_lockfile.c: is the owner dead, alive, or not known yet. */
static enum lock_state judge(const struct lock_holder *holder, const struct stat *st)
{
	if (!holder->pid) {
		bool old = time(NULL) - st->st_mtime > EMPTY_STALE_S;

		return old ? LOCK_STALE : LOCK_PENDING;
	}

	/* A negative number asks for a process group, there as here. */
	if (kill(holder->pid, 0) < 0 && errno == ESRCH)
		return LOCK_STALE;
	return LOCK_HELD;
}

/*
 * Open what is at the lock's path and judge it.  @ret_fd is -1 unless it is a regular file.
 * A FIFO does not block, a link is not followed.
 */
static int look(int root, int dir, enum lock_state *ret_state, struct lock_holder *ret_holder,
		int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int rc;

	*ret_fd = -1;
	*ret_holder = (struct lock_holder){ 0 };
	if (fstatat(dir, PATH_LOCK_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		*ret_state = LOCK_FREE;
		return errno == ENOENT ? 0 : -errno;
	}
	*ret_state = LOCK_FOREIGN;
	if (!S_ISREG(st.st_mode))
		return 0;

	fd = sysfs_open(dir, PATH_LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -ENOENT) {
		*ret_state = LOCK_FREE;
		return 0;
	}
	if (fd < 0)
		return fd == -ELOOP ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;

	rc = read_holder(root, fd, ret_holder);
	if (rc < 0)
		return rc;
	*ret_state = judge(ret_holder, &st);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Does the lock's path still name the file that is open as @fd? */
static bool still_there(int dir, int fd)
{
	struct stat file, path;

	return !fstat(fd, &file) && !fstatat(dir, PATH_LOCK_NAME, &path, AT_SYMLINK_NOFOLLOW) &&
	       file.st_dev == path.st_dev && file.st_ino == path.st_ino;
}

/* ---- taking it --------------------------------------------------------------------------- */

static int open_dir(int root, bool make, struct err *err)
{
	int fd = sysfs_open(root, PATH_LOCK_DIR, O_RDONLY | O_DIRECTORY);

	if (fd == -ENOENT && make) {
		int rc = file_dirs_make(root, PATH_LOCK_DIR, 0755);

		if (rc < 0)
			return err_errno(err, rc, "cannot make '/" PATH_LOCK_DIR "'");
		fd = sysfs_open(root, PATH_LOCK_DIR, O_RDONLY | O_DIRECTORY);
	}
	return fd < 0 ? err_errno(err, fd, "cannot open '/" PATH_LOCK_DIR "'") : fd;
}

/* The peers' name for the temporary file; when somebody has made that one, a name at random. */
static int temp_name(unsigned try, pid_t pid, char name[TEMP_NAME_SIZE])
{
	unsigned random;

	if (!try) {
		snprintf(name, TEMP_NAME_SIZE, PATH_LOCK_NAME "%05d%02x", (int)pid,
			 (unsigned)time(NULL) & 0xff);
		return 0;
	}
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	snprintf(name, TEMP_NAME_SIZE, PATH_LOCK_NAME "%05d%08x", (int)pid, random);
	return 0;
}

static int temp_write(struct wait *w)
{
	_cleanup_close_ int fd = -1;
	char text[16];
	struct stat st;
	ssize_t n;
	int len;

	for (unsigned try = 0; fd < 0; try++) {
		int rc = temp_name(try, w->lock.pid, w->temp);

		if (rc < 0)
			return rc;
		fd = openat(w->lock.dir, w->temp,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0 && (errno != EEXIST || try == TEMP_TRIES)) {
			w->temp[0] = '\0'; /* not ours to remove */
			return -errno;
		}
	}

	len = snprintf(text, sizeof(text), "%d\n", (int)w->lock.owner);
	n = write(fd, text, (size_t)len);
	if (n != len)
		return n < 0 ? -errno : -EIO;
	if (fstat(fd, &st) < 0)
		return -errno;
	w->lock.dev = st.st_dev;
	w->lock.ino = st.st_ino;
	return 0;
}

static bool path_is_ours(const struct lock *lock)
{
	struct stat st;

	return !fstatat(lock->dir, PATH_LOCK_NAME, &st, AT_SYMLINK_NOFOLLOW) &&
	       st.st_dev == lock->dev && st.st_ino == lock->ino;
}

/*
 * Remove a stale lock.  The flock makes sure that of our own processes only one does, and
 * that it is still the file which was judged; of the peers we can only see what they have
 * done.  Return: 1 removed, or gone already; 0 somebody else is at it; negative errno.
 */
static int break_stale(int dir, int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
	if (!still_there(dir, fd))
		return 1;
	if (unlinkat(dir, PATH_LOCK_NAME, 0) < 0 && errno != ENOENT)
		return -errno;
	return 1;
}

static int refuse_foreign(struct wait *w)
{
	err_set(w->err, -EEXIST, "'/" PATH_LOCK "' is no regular file: nobody can take the lock");
	err_hint(w->err, "remove it");
	return -EEXIST;
}

/*
 * One try: 1 the lock is ours; 0 it is somebody's, wait; -EAGAIN what was in the way has
 * gone, try at once; other errno: explained, do not go on.
 */
static int try_once(struct wait *w)
{
	_cleanup_close_ int fd = -1;
	enum lock_state state;
	int rc;

	if (!linkat(w->lock.dir, w->temp, w->lock.dir, PATH_LOCK_NAME, 0)) {
		/* A peer that saw the dead owner too may unlink what is ours: see whether. */
		if (w->broke)
			nap(SETTLE_MS);
		return path_is_ours(&w->lock) ? 1 : -EAGAIN;
	}
	if (errno != EEXIST)
		return err_errno(w->err, -errno, "cannot link '/" PATH_LOCK "'");

	rc = look(w->root, w->lock.dir, &state, &w->holder, &fd);
	if (rc < 0)
		return err_errno(w->err, rc, "cannot read '/" PATH_LOCK "'");

	switch (state) {
	case LOCK_FREE: return -EAGAIN;
	case LOCK_FOREIGN: return refuse_foreign(w);
	case LOCK_HELD:
	case LOCK_PENDING: return 0;
	case LOCK_STALE: break;
	}

	w->broke = true;
	rc = break_stale(w->lock.dir, fd);
	if (rc < 0)
		return err_errno(w->err, rc, "cannot remove '/" PATH_LOCK "', left by process %d",
				 w->holder.pid);
	return rc ? -EAGAIN : 0;
}

static int refuse_timeout(struct wait *w)
{
	const struct lock_holder *holder = &w->holder;

	if (!holder->pid)
		err_set(w->err, -ETIMEDOUT,
			"the configuration is locked: '/" PATH_LOCK "' names no process");
	else if (*holder->command)
		err_set(w->err, -ETIMEDOUT, "the configuration is locked by process %d (%s)",
			holder->pid, holder->command);
	else
		err_set(w->err, -ETIMEDOUT, "the configuration is locked by process %d",
			holder->pid);
	err_hint(w->err, "try again when it has finished, or wait longer with --lock-timeout");
	return -ETIMEDOUT;
}

/* Whoever has waited for long looks more often than those who have just come. */
static unsigned retry_ms(unsigned waited_ms)
{
	return waited_ms < 2000 ? RETRY_MS : waited_ms < 5000 ? RETRY_MS / 3 : RETRY_MS / 10;
}

static int wait_for(struct wait *w, unsigned timeout_ms, const volatile sig_atomic_t *stop,
		    lock_progress_fn *progress, void *arg)
{
	unsigned start = now_ms(), at_once = 0, next = PROGRESS_MS;

	for (;;) {
		unsigned waited, rest;
		int rc;

		if (stop && *stop)
			return err_set(w->err, -EINTR, "interrupted while waiting for the lock");
		rc = try_once(w);
		if (rc > 0)
			return 0;
		if (rc < 0 && rc != -EAGAIN)
			return rc;
		if (rc == -EAGAIN && at_once++ < RETRIES_AT_ONCE)
			continue;

		waited = now_ms() - start;
		if (waited >= timeout_ms)
			return refuse_timeout(w);
		if (progress && waited >= next) {
			progress(arg, &w->holder, waited);
			next = waited + PROGRESS_MS;
		}
		rest = timeout_ms - waited;
		nap(rest < retry_ms(waited) ? rest : retry_ms(waited));
	}
}

static void wait_done(struct wait *w)
{
	if (w->lock.dir >= 0 && *w->temp)
		unlinkat(w->lock.dir, w->temp, 0);
	util_close(&w->lock.dir);
}

int lock_acquire(int root, unsigned timeout_ms, const volatile sig_atomic_t *stop,
		 lock_progress_fn *progress, void *arg, struct lock *ret, struct err *err)
{
	return lock_acquire_for(root, getpid(), timeout_ms, stop, progress, arg, ret, err);
}

int lock_acquire_for(int root, pid_t owner, unsigned timeout_ms, const volatile sig_atomic_t *stop,
		     lock_progress_fn *progress, void *arg, struct lock *ret, struct err *err)
{
	_cleanup_(wait_done) struct wait w = {
		.root = root,
		.lock = { .dir = -1, .owner = owner, .pid = getpid() },
		.err = err,
	};
	int rc;

	w.lock.dir = open_dir(root, true, err);
	if (w.lock.dir < 0)
		return w.lock.dir;

	rc = temp_write(&w);
	if (rc == -EACCES || rc == -EPERM) {
		err_errno(err, rc, "cannot take the lock '/" PATH_LOCK "'");
		err_hint(err, "run it as root");
		return rc;
	}
	if (rc < 0)
		return err_errno(err, rc, "cannot take the lock '/" PATH_LOCK "'");

	rc = wait_for(&w, timeout_ms, stop, progress, arg);
	if (rc < 0)
		return rc;

	unlinkat(w.lock.dir, w.temp, 0);
	w.temp[0] = '\0';
	w.lock.held = true;
	*ret = w.lock;
	w.lock.dir = -1;
	return 0;
}

/* ---- giving it back ------------------------------------------------------------------------ */

/* Our file, with our number in it still: not what somebody else has put there meanwhile. */
static bool is_unchanged(const struct lock *lock)
{
	_cleanup_close_ int fd =
		sysfs_open(lock->dir, PATH_LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	pid_t pid;

	return fd >= 0 && !fstat(fd, &st) && st.st_dev == lock->dev && st.st_ino == lock->ino &&
	       !read_number(fd, &pid) && pid == lock->owner;
}

void lock_release(struct lock *lock)
{
	if (!lock->held)
		return;

	/* Of a child the lock is not. */
	if (lock->pid == getpid() && is_unchanged(lock))
		unlinkat(lock->dir, PATH_LOCK_NAME, 0);

	lock_keep(lock);
}

void lock_keep(struct lock *lock)
{
	if (lock->held)
		close(lock->dir);
	*lock = (struct lock){ 0 };
}

int lock_release_for(int root, pid_t owner, struct err *err)
{
	_cleanup_close_ int dir = -1, fd = -1;
	struct lock_holder holder;
	enum lock_state state;
	int rc;

	dir = sysfs_open(root, PATH_LOCK_DIR, O_RDONLY | O_DIRECTORY);
	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return err_errno(err, dir, "cannot open '/" PATH_LOCK_DIR "'");
	rc = look(root, dir, &state, &holder, &fd);
	if (rc < 0)
		return err_errno(err, rc, "cannot read '/" PATH_LOCK "'");
	if (holder.pid != owner || fd < 0 || !still_there(dir, fd))
		return 0;
	if (unlinkat(dir, PATH_LOCK_NAME, 0) < 0 && errno != ENOENT)
		return err_errno(err, -errno, "cannot remove '/" PATH_LOCK "'");
	return 0;
}

int lock_look(int root, enum lock_state *ret_state, struct lock_holder *ret_holder, struct err *err)
{
	_cleanup_close_ int dir = -1, fd = -1;
	int rc;

	dir = sysfs_open(root, PATH_LOCK_DIR, O_RDONLY | O_DIRECTORY);
	if (dir == -ENOENT) {
		*ret_state = LOCK_FREE;
		*ret_holder = (struct lock_holder){ 0 };
		return 0;
	}
	if (dir < 0)
		return err_errno(err, dir, "cannot open '/" PATH_LOCK_DIR "'");

	rc = look(root, dir, ret_state, ret_holder, &fd);
	return rc < 0 ? err_errno(err, rc, "cannot read '/" PATH_LOCK "'") : 0;
}
