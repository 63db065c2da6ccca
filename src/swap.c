/* SPDX-License-Identifier: MIT */
/*
 * The exchange of one file, and back.  What the bytes mean is left to the model; how a file
 * gets into place to file.c.
 */
#include "swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysfs.h"
#include "util.h"

/* ---- read ---------------------------------------------------------------------------- */

/*
 * The contents now; *@ret NULL without a file.  A link is refused: put in place of it a file
 * would be something else, and undo could not make it again.
 */
static int read_now(const struct swap *swap, char **ret, size_t *ret_len, struct stat *ret_st)
{
	struct stat st;
	int rc;

	*ret = NULL;
	*ret_len = 0;
	if (fstatat(swap->dir, swap->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;

	rc = file_read(swap->dir, swap->name, SWAP_MAX, ret, ret_len);
	if (rc == -ENOENT)
		return 0;
	if (!rc && ret_st)
		*ret_st = st;
	return rc;
}

static bool is_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (!a || !b)
		return a == b;
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static int open_dir(struct swap *swap)
{
	int fd = sysfs_open(swap->root, swap->dir_path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	swap->dir = fd;
	return 0;
}

int swap_open(int root, const char *dir, const char *name, struct swap *ret)
{
	struct stat st = { 0 };
	int rc;

	if (!*name || strchr(name, '/') || strlen(name) >= sizeof(ret->name) ||
	    strlen(dir) >= sizeof(ret->dir_path))
		return -EINVAL;

	ret->root = root;
	memcpy(ret->name, name, strlen(name) + 1);
	memcpy(ret->dir_path, dir, strlen(dir) + 1);
	rc = open_dir(ret);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;

	rc = read_now(ret, &ret->old, &ret->old_len, &st);
	if (rc < 0)
		return rc;
	ret->mode = st.st_mode & 07777;
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	return 0;
}

bool swap_is_same(const struct swap *swap, const char *text, size_t len)
{
	return is_equal(swap->old, swap->old_len, text, len);
}

/* ---- write --------------------------------------------------------------------------- */

static int write_beside(const struct swap *swap, const char *text, size_t len, mode_t mode,
			struct file_new *ret)
{
	int rc = file_new_write(swap->root, swap->dir_path, swap->name, text, len, mode, ret);

	if (rc < 0 || !swap->old || (swap->uid == geteuid() && swap->gid == getegid()))
		return rc;
	if (fchown(ret->fd, swap->uid, swap->gid) < 0 || fsync(ret->fd) < 0)
		return -errno;
	return 0;
}

int swap_prepare(struct swap *swap, const char *text, size_t len, mode_t mode)
{
	int rc = 0;

	if (swap->prepared)
		return -EINVAL;
	if (text) {
		swap->text = malloc(len + 1);
		if (!swap->text)
			return -ENOMEM;
		memcpy(swap->text, text, len);
		swap->text[len] = '\0';
		swap->text_len = len;
	}
	swap->prepared = true;
	if (swap_is_same(swap, text, len))
		return 0;

	if (swap->dir < 0) {
		rc = file_dirs_make(swap->root, swap->dir_path, 0755);
		if (!rc)
			rc = open_dir(swap);
	}
	if (!rc && text)
		rc = write_beside(swap, text, len, swap->old ? swap->mode : mode, &swap->fresh);
	if (!rc && swap->old)
		rc = write_beside(swap, swap->old, swap->old_len, swap->mode, &swap->back);
	return rc;
}

/* Is it what it should be: 0, or @otherwise. */
static int expect(const struct swap *swap, const char *text, size_t len, int otherwise)
{
	_cleanup_free_ char *now = NULL;
	size_t now_len;
	int rc;

	rc = read_now(swap, &now, &now_len, NULL);
	if (rc == -ENOMEM)
		return rc;
	return !rc && is_equal(now, now_len, text, len) ? 0 : otherwise;
}

int swap_commit(struct swap *swap)
{
	int rc, seen;

	if (!swap->prepared || swap->placed)
		return -EINVAL;
	if (swap->dir < 0) /* no file there was, and none shall be */
		return 0;
	rc = expect(swap, swap->old, swap->old_len, -ESTALE);
	if (rc < 0 || swap_is_same(swap, swap->text, swap->text_len))
		return rc;

	if (swap->text)
		rc = file_new_commit(&swap->fresh);
	else
		rc = file_remove(swap->root, swap->dir_path, swap->name);

	/* What failed behind the rename is in place all the same, and what lacks memory to be read.
	 */
	seen = expect(swap, swap->text, swap->text_len, -EIO);
	swap->placed = seen == 0 || (rc == 0 && seen == -ENOMEM);
	return rc < 0 ? rc : seen;
}

int swap_undo(struct swap *swap)
{
	int rc;

	if (!swap->placed)
		return 0;
	rc = expect(swap, swap->text, swap->text_len, -ESTALE);
	if (rc < 0)
		return rc;

	if (swap->old)
		rc = file_new_commit(&swap->back);
	else
		rc = file_remove(swap->root, swap->dir_path, swap->name);
	if (rc < 0)
		return rc;
	swap->placed = false;
	return expect(swap, swap->old, swap->old_len, -EIO);
}

void swap_done(struct swap *swap)
{
	file_new_done(&swap->fresh);
	file_new_done(&swap->back);
	util_close(&swap->dir);
	free(swap->old);
	free(swap->text);
	*swap = (struct swap)SWAP_INIT;
}
