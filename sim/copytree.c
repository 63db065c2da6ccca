// SPDX-License-Identifier: MIT
/* A copy of a directory.  Why one is needed is told in layers.c. */
#include "copytree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "util.h"

#define COPY_CHUNK (1024 * 1024)

static int tree_copy(int from, int to);

static int file_copy(int from, int to, const char *name, const struct stat *st)
{
	_cleanup_close_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int out = -1;
	ssize_t n;

	if (in < 0)
		return 0; /* not ours to read: then it is not there */
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->st_mode & 07777);
	if (out < 0)
		return errno == EEXIST ? 0 : -errno;
	do
		n = sendfile(out, in, NULL, COPY_CHUNK);
	while (n > 0);
	if (n < 0)
		return -errno;
	/* An owner that the user namespace does not know becomes root. */
	if (fchown(out, st->st_uid, st->st_gid) < 0 && errno != EINVAL && errno != EPERM)
		return -errno;
	return fchmod(out, st->st_mode & 07777) < 0 ? -errno : 0;
}

static int link_copy(int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 && errno != EEXIST ? -errno : 0;
}

static int directory_copy(int from, int to, const char *name, const struct stat *st)
{
	_cleanup_close_ int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int out = -1;

	if (in < 0)
		return 0;
	if (mkdirat(to, name, st->st_mode & 07777) < 0 && errno != EEXIST)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out < 0 ? -errno : tree_copy(TAKE_FD(in), out);
}

static int entry_copy(int from, int to, const char *name)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR: return directory_copy(from, to, name, &st);
	case S_IFLNK: return link_copy(from, to, name);
	case S_IFREG: return file_copy(from, to, name, &st);
	default: return 0;
	}
}

/* Takes @from over. */
static int tree_copy(int from, int to)
{
	DIR *dir = fdopendir(from);
	struct dirent *entry;
	int rc = 0;

	if (!dir) {
		rc = -errno;
		close(from);
		return rc;
	}
	while (rc == 0 && (entry = readdir(dir)))
		rc = entry_copy(from, to, entry->d_name);
	closedir(dir);
	return rc;
}

int copytree_make(const char *from, const char *to, struct err *err)
{
	_cleanup_close_ int out = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int in = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = in < 0 || out < 0 ? -errno : tree_copy(TAKE_FD(in), out);

	return rc < 0 ? err_errno(err, rc, "cannot copy '%s' to '%s'", from, to) : 0;
}
