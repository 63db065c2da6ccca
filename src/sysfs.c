/* SPDX-License-Identifier: MIT */
/*
 * The only place that opens files below the root.  Confinement to the root, bounds
 * and partial reads are dealt with here; what a text means is left to the model.
 */
#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

#define OPEN_RETRIES 32 /* -EAGAIN of openat2(): somebody renamed while it looked */
#define LINKS_MAX    40 /* as the kernel's own MAXSYMLINKS */

/* ---- open ---------------------------------------------------------------------------- */

int sysfs_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY)),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	for (int i = 0; i < OPEN_RETRIES; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}

	/* Container runtimes of old answer EPERM to a system call that they do not know. */
	if (errno == ENOSYS || errno == EPERM)
		return sysfs_open_walk(root, path, flags);
	return -errno;
}

/*
 * struct walk - the state of sysfs_open_walk()
 * @done: path from the root that has been resolved: no links, no "..", no '/' around it
 * @rest: what is still to be resolved, from @at on
 */
struct walk {
	char done[PATH_MAX];
	char rest[PATH_MAX];
	size_t at;
	unsigned links;
};

/* The next component: 1, 0 at the end, -ENAMETOOLONG. */
static int walk_next(struct walk *walk, char name[NAME_MAX + 1])
{
	const char *p = walk->rest + walk->at + strspn(walk->rest + walk->at, "/");
	size_t len = strcspn(p, "/");

	if (!len)
		return 0;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;

	memcpy(name, p, len);
	name[len] = '\0';
	walk->at = (size_t)(p + len - walk->rest);
	return 1;
}

static void walk_up(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	*(slash ? slash : walk->done) = '\0';
}

/* Open the directory @done, which has neither links nor "..", as O_PATH. */
static int walk_open_done(int root, const char *done)
{
	int fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];

	if (fd < 0)
		return -errno;

	while (*done) {
		size_t len = strcspn(done, "/");
		int next, saved;

		memcpy(name, done, len);
		name[len] = '\0';
		next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		saved = errno;
		close(fd);
		if (next < 0)
			return -saved;
		fd = next;
		done += len + (done[len] == '/');
	}
	return fd;
}

/* Put the target of a link in front of what is still to be resolved. */
static int walk_follow(struct walk *walk, const char *target)
{
	char rest[PATH_MAX];

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if (snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest + walk->at) >=
	    (int)sizeof(rest))
		return -ENAMETOOLONG;

	if (*target == '/')
		walk->done[0] = '\0';
	memcpy(walk->rest, rest, sizeof(rest));
	walk->at = 0;
	return 0;
}

/*
 * One component: 0, and it is part of @walk->done or, being a link, replaced in
 * @walk->rest.  @keep_link: a link in the last place is not followed.
 */
static int walk_step(struct walk *walk, int root, const char *name, bool keep_link)
{
	_cleanup_close_ int dir = -1;
	char target[PATH_MAX];
	size_t len = strlen(walk->done);
	bool last = !walk->rest[walk->at + strspn(walk->rest + walk->at, "/")];
	ssize_t n;

	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		walk_up(walk);
		return 0;
	}

	dir = walk_open_done(root, walk->done);
	if (dir < 0)
		return dir;

	n = readlinkat(dir, name, target, sizeof(target) - 1);
	if (n < 0 && errno != EINVAL) /* EINVAL: no link */
		return -errno;
	if (n >= 0 && !(last && keep_link)) {
		target[n] = '\0';
		return walk_follow(walk, target);
	}

	if (len + strlen(name) + 2 > sizeof(walk->done))
		return -ENAMETOOLONG;
	snprintf(walk->done + len, sizeof(walk->done) - len, "%s%s", len ? "/" : "", name);
	return 0;
}

int sysfs_open_walk(int root, const char *path, int flags)
{
	_cleanup_free_ struct walk *walk = calloc(1, sizeof(*walk));
	_cleanup_close_ int dir = -1;
	char name[NAME_MAX + 1], *last;
	int rc, fd;

	if (!walk)
		return -ENOMEM;
	if (strlen(path) >= sizeof(walk->rest))
		return -ENAMETOOLONG;
	memcpy(walk->rest, path, strlen(path) + 1);

	while ((rc = walk_next(walk, name)) > 0) {
		rc = walk_step(walk, root, name, flags & O_NOFOLLOW);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		return rc;

	last = strrchr(walk->done, '/');
	memcpy(name, last ? last + 1 : walk->done, strlen(last ? last + 1 : walk->done) + 1);
	walk_up(walk);
	dir = walk_open_done(root, walk->done);
	if (dir < 0)
		return dir;

	fd = openat(dir, *name ? name : ".",
		    flags | O_NOFOLLOW | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY));
	return fd < 0 ? -errno : fd;
}

/* ---- read and write -------------------------------------------------------------------- */

static int open_regular(int root, const char *path, int flags)
{
	_cleanup_close_ int fd = sysfs_open(root, path, flags | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return TAKE_FD(fd);
}

int sysfs_read_bytes(int root, const char *path, void *buf, size_t size, size_t *ret_len)
{
	_cleanup_close_ int fd = open_regular(root, path, O_RDONLY);
	size_t len = 0;

	if (fd < 0)
		return fd;

	/* The show function runs at the first read; the rest comes from the same text. */
	while (len < size) {
		ssize_t n = read(fd, (char *)buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

/* What only looks like an attribute: a FIFO, which is empty, or a device, which never ends. */
static int not_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

/*
 * Three system calls, for there may be hundreds of thousands of attributes: the kernel gives
 * all of a text at the first read (kernfs), so one that fits is whole; and what kind of file it
 * is is asked only where that read is none of an attribute.
 */
static ssize_t read_text(int fd, char *buf, size_t size)
{
	ssize_t n;

	do {
		n = pread(fd, buf, size, 0);
	} while (n < 0 && errno == EINTR);

	if (n < 0 && errno != EAGAIN && errno != ESPIPE)
		return -errno;
	if (n <= 0 || (size_t)n == size) {
		const int rc = not_regular(fd);

		if (rc < 0)
			return rc;
	}
	if ((size_t)n == size)
		return -EFBIG; /* no room for the NUL: there may be more, too */
	if (n < 0)
		return -EAGAIN;
	if (memchr(buf, '\0', (size_t)n))
		return -EBADMSG;

	buf[n] = '\0';
	return n;
}

int sysfs_read(int root, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = sysfs_open(root, path, O_RDONLY | O_NONBLOCK);
	const ssize_t n = fd < 0 ? fd : read_text(fd, buf, size);

	return n < 0 ? (int)n : 0;
}

int sysfs_read_stable(int root, const char *path, unsigned tries, char *buf, size_t size)
{
	_cleanup_close_ int fd = sysfs_open(root, path, O_RDONLY | O_NONBLOCK);
	ssize_t n = fd < 0 ? fd : read_text(fd, buf, size);

	for (unsigned i = 1; n >= 0 && i < tries; i++) {
		char again[SYSFS_TEXT_SIZE];
		const ssize_t m = read_text(fd, again, size < sizeof(again) ? size : sizeof(again));

		if (m == n && memcmp(again, buf, (size_t)n) == 0)
			break;
		if (m >= 0)
			memcpy(buf, again, (size_t)m + 1);
		n = m;
	}
	return n < 0 ? (int)n : 0;
}

int sysfs_write(int root, const char *path, const char *text)
{
	_cleanup_close_ int fd = open_regular(root, path, O_WRONLY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return fd;

	/* Each write is one command; an interrupted one has not begun (kernel-abi 1, 12). */
	do {
		n = write(fd, text, len);
	} while (n < 0 && errno == EINTR);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* ---- directories and links --------------------------------------------------------------- */

/* In one call: of a larger one more pages are touched than calls are saved. */
#define DIR_CHUNK 8192

/* By getdents64() alone: opendir() and its like ask what is known, three calls a directory. */
int sysfs_list_dir(int dir, sysfs_list_kinds_fn *fn, void *arg)
{
	/* On the heap: of the stack all pages would be touched, whatever there is to be read. */
	_cleanup_free_ char *buf = malloc(DIR_CHUNK);

	if (!buf)
		return -ENOMEM;
	for (;;) {
		const ssize_t n = getdents64(dir, buf, DIR_CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOENT) /* removed meanwhile: the end, as readdir(3) has it */
			return -errno;
		if (n <= 0)
			return 0;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(buf + at);
			int rc = 0;

			at += entry->d_reclen;
			if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
				rc = fn(arg, entry->d_name, entry->d_type);
			if (rc)
				return rc;
		}
	}
}

int sysfs_list_kinds(int root, const char *path, sysfs_list_kinds_fn *fn, void *arg)
{
	_cleanup_close_ int fd = sysfs_open(root, path, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? fd : sysfs_list_dir(fd, fn, arg);
}

/* struct names - who wants names alone */
struct names {
	sysfs_list_fn *fn;
	void *arg;
};

static int tell_name(void *arg, const char *name, _unused_ unsigned char kind)
{
	const struct names *names = arg;

	return names->fn(names->arg, name);
}

int sysfs_list(int root, const char *path, sysfs_list_fn *fn, void *arg)
{
	struct names names = { .fn = fn, .arg = arg };

	return sysfs_list_kinds(root, path, tell_name, &names);
}

/* A name without '/' leads nowhere but into its directory: one call instead of three. */
static ssize_t link_target(int root, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = -1;
	ssize_t n;

	if (*path && !strchr(path, '/')) {
		n = readlinkat(root, path, buf, size);
		return n < 0 ? -errno : n;
	}
	fd = sysfs_open(root, path, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	/* With an empty path readlinkat() says ENOENT of what is no link. */
	n = readlinkat(fd, "", buf, size);
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	return n;
}

int sysfs_link_read(int root, const char *path, char *buf, size_t size)
{
	const ssize_t n = link_target(root, path, buf, size);

	if (n < 0)
		return (int)n;
	if ((size_t)n >= size)
		return -EFBIG;

	buf[n] = '\0';
	return 0;
}

int sysfs_link_name(int root, const char *path, char *buf, size_t size)
{
	char target[PATH_MAX];
	const char *name;
	int rc;

	rc = sysfs_link_read(root, path, target, sizeof(target));
	if (rc < 0)
		return rc;

	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) >= size)
		return -EFBIG;
	memcpy(buf, name, strlen(name) + 1);
	return 0;
}

bool sysfs_exists(int root, const char *path)
{
	_cleanup_close_ int fd = sysfs_open(root, path, O_PATH);

	return fd >= 0;
}
