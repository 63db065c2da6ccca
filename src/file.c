/* SPDX-License-Identifier: MIT */
/*
 * Whole files of the next boot.  A change is a new file put in the place of the old one;
 * nothing is ever edited where it stands.  The texts come from the model.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"
#include "sysfs.h"
#include "util.h"

#define TEMP_TRIES 16

/* ---- read ---------------------------------------------------------------------------- */

/* Look before opening: to open a device or a FIFO can have an effect by itself. */
static int open_regular(int root, const char *path, struct stat *st)
{
	_cleanup_close_ int look = sysfs_open(root, path, O_PATH);
	_cleanup_close_ int fd = -1;

	if (look < 0)
		return look;
	if (fstat(look, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode))
		return S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;

	fd = sysfs_open(root, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	if (fstat(fd, st) < 0)
		return -errno;
	return S_ISREG(st->st_mode) ? TAKE_FD(fd) : -EINVAL;
}

/* All of an open regular file. */
static int read_whole(int fd, const struct stat *st, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *buf = NULL;
	size_t len = 0, room;
	ssize_t n;

	if (st->st_size < 0 || (uintmax_t)st->st_size > max)
		return -EFBIG;

	/* One byte more than it is said to have tells whether it has grown meanwhile. */
	room = (size_t)st->st_size + 1;
	buf = malloc(room + 1);
	if (!buf)
		return -ENOMEM;

	/* What a signal cuts short goes on; that there is no more is told by less than asked for.
	 */
	do {
		n = read(fd, buf + len, room - len);
		len += n > 0 ? (size_t)n : 0;
	} while ((n < 0 && errno == EINTR) || (n > 0 && len < (size_t)st->st_size));

	if (n < 0)
		return -errno;
	if (len == room)
		return -EAGAIN; /* being written: whoever asks may try again */

	buf[len] = '\0';
	*ret = TAKE_PTR(buf);
	*ret_len = len;
	return 0;
}

int file_read(int root, const char *path, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = open_regular(root, path, &st);
	return fd < 0 ? fd : read_whole(fd, &st, max, ret, ret_len);
}

int file_peek(int dir, const char *name, char *buf, size_t size, size_t *ret_len)
{
	_cleanup_close_ int fd =
		openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size);
	if (n < 0)
		return -errno;
	if (!n)
		return -ENODATA;
	if ((size_t)n == size)
		return -EFBIG;
	buf[n] = '\0';
	*ret_len = (size_t)n;
	return 0;
}

/* ---- write --------------------------------------------------------------------------- */

/*
 * ".NAME.0123456789abcdef": hidden, no name that udev or mdevctl reads, not to be guessed.  Of a
 * long name only the beginning.
 */
static int temp_name(const char *name, char *buf, size_t size)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	snprintf(buf, size, ".%.64s.%016llx", name, (unsigned long long)random);
	return 0;
}

static int open_temp(struct file_new *file)
{
	int rc;

	file->fd = openat(file->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (file->fd >= 0)
		return 0;

	/* EISDIR: a kernel, EOPNOTSUPP: a file system that has no unnamed files. */
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return -errno;

	for (int i = 0; i < TEMP_TRIES; i++) {
		char temp[sizeof(file->temp)];

		rc = temp_name(file->name, temp, sizeof(temp));
		if (rc < 0)
			return rc;
		file->fd = openat(file->dir, temp,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (file->fd >= 0) {
			memcpy(file->temp, temp, sizeof(temp));
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_new_write(int root, const char *dir, const char *name, const void *data, size_t len,
		   mode_t mode, struct file_new *ret)
{
	_cleanup_(file_new_done) struct file_new file = FILE_NEW_INIT;
	int rc;

	if (!*name || strchr(name, '/') || strlen(name) >= sizeof(file.name))
		return -EINVAL;
	memcpy(file.name, name, strlen(name) + 1);

	file.dir = sysfs_open(root, dir, O_RDONLY | O_DIRECTORY);
	if (file.dir < 0)
		return file.dir;
	rc = open_temp(&file);
	if (rc < 0)
		return rc;
	rc = write_all(file.fd, data, len);
	if (rc < 0)
		return rc;
	if (fchmod(file.fd, mode) < 0 || fsync(file.fd) < 0)
		return -errno;

	*ret = file;
	file = (struct file_new)FILE_NEW_INIT;
	return 0;
}

/* Give the unnamed file a name.  Without CAP_DAC_READ_SEARCH only /proc can do it. */
static int link_unnamed(const struct file_new *file, const char *name)
{
	char self[64];

	if (!linkat(file->fd, "", file->dir, name, AT_EMPTY_PATH))
		return 0;
	if (errno == EEXIST)
		return -EEXIST;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, self, file->dir, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/*
 * link() does not replace: where a file stands already the new one gets a name for the
 * moment until rename(), so that mdevctl sees it as shortly as can be.
 */
static int name_unnamed(struct file_new *file)
{
	int rc;

	rc = link_unnamed(file, file->name);
	for (int i = 0; rc == -EEXIST && i < TEMP_TRIES; i++) {
		char temp[sizeof(file->temp)];

		rc = temp_name(file->name, temp, sizeof(temp));
		if (rc < 0)
			return rc;
		rc = link_unnamed(file, temp);
		if (!rc)
			memcpy(file->temp, temp, sizeof(temp));
	}
	return rc;
}

static int sync_dir(int dir)
{
	/* EINVAL: a file system that has nothing to sync there. */
	return fsync(dir) < 0 && errno != EINVAL ? -errno : 0;
}

int file_new_commit(struct file_new *file)
{
	int fd, rc;

	if (!*file->temp) {
		rc = name_unnamed(file);
		if (rc < 0)
			return rc;
	}
	if (*file->temp) {
		if (renameat(file->dir, file->temp, file->dir, file->name) < 0)
			return -errno;
		file->temp[0] = '\0';
	}

	fd = TAKE_FD(file->fd);
	rc = close(fd) < 0 ? -errno : 0;
	return rc < 0 ? rc : sync_dir(file->dir);
}

void file_new_done(struct file_new *file)
{
	if (file->dir >= 0 && *file->temp)
		unlinkat(file->dir, file->temp, 0);
	util_close(&file->fd);
	util_close(&file->dir);
	*file = (struct file_new)FILE_NEW_INIT;
}

int file_replace(int root, const char *dir, const char *name, const void *data, size_t len,
		 mode_t mode)
{
	_cleanup_(file_new_done) struct file_new file = FILE_NEW_INIT;
	int rc;

	rc = file_new_write(root, dir, name, data, len, mode, &file);
	return rc < 0 ? rc : file_new_commit(&file);
}

int file_remove(int root, const char *dir, const char *name)
{
	_cleanup_close_ int fd = -1;

	if (!*name || strchr(name, '/'))
		return -EINVAL;
	fd = sysfs_open(root, dir, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	if (unlinkat(fd, name, 0) < 0)
		return -errno;
	return sync_dir(fd);
}

/* ---- directories ----------------------------------------------------------------------- */

/* One directory whose parent exists; there already is as good. */
static int dir_make(int root, const char *path, mode_t mode)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_SIZE];
	_cleanup_close_ int fd = -1;
	mode_t mask;
	int rc;

	snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	fd = sysfs_open(root, parent, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	mask = umask(0);
	rc = mkdirat(fd, slash ? slash + 1 : path, mode) < 0 && errno != EEXIST ? -errno : 0;
	umask(mask);
	return rc;
}

int file_dirs_make(int root, const char *path, mode_t mode)
{
	char part[PATH_SIZE];
	int rc;

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;

	for (const char *end = path; *end;) {
		end += 1 + strcspn(end + 1, "/");
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		if (sysfs_exists(root, part))
			continue;
		rc = dir_make(root, part, mode);
		if (rc < 0)
			return rc;
	}
	return 0;
}
