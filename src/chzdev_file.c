/* SPDX-License-Identifier: MIT */
/*
 * Files that are given to --export and --import: anywhere on this host, not below --sysroot.
 * What stands in them is zdev.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "chzdev.h"
#include "file.h"
#include "input.h"
#include "sysfs.h"

/* An export of all devices of a large host is far below it. */
#define FILE_MAX (1024 * 1024)

/* ---- read -------------------------------------------------------------------------------- */

int chzdev_file_read(struct app *app, const char *file, char **ret, size_t *ret_len)
{
	const bool is_stdin = strcmp(file, "-") == 0;
	int rc = input_read(file, FILE_MAX, ret, ret_len);

	if (rc == -ENOMEM)
		return err_oom(&app->err);
	if (rc == -EFBIG)
		return err_set(&app->err, rc, "cannot read '%.255s': larger than %d bytes",
			       is_stdin ? "standard input" : file, FILE_MAX);
	if (rc == -EINVAL && !is_stdin) {
		err_set(&app->err, rc, "cannot read '%.255s': no regular file", file);
		return err_hint(&app->err, "--import - reads standard input");
	}
	if (rc < 0)
		return err_errno(&app->err, rc, "cannot read '%s'",
				 is_stdin ? "standard input" : file);
	return 0;
}

/* ---- write ------------------------------------------------------------------------------- */

/* "/root/masks": files are replaced relative to a root directory. */
static int path_absolute(const char *file, char buf[PATH_MAX])
{
	_cleanup_free_ char *cwd = NULL;
	int len;

	if (*file != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return -errno;
	}
	file += strspn(file, "/");
	len = snprintf(buf, PATH_MAX, "%s/%s", cwd && cwd[1] ? cwd : "", file);
	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int root_open(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* To write through a link, or into a device, is nothing that can be done as a whole. */
static int kind_check(struct app *app, const char *file, mode_t *ret_mode)
{
	const char *kind = "no regular file";
	const mode_t mask = umask(0);
	struct stat st;

	umask(mask);
	*ret_mode = 0666 & ~mask;
	if (lstat(file, &st) < 0)
		return 0;
	if (S_ISREG(st.st_mode)) {
		*ret_mode = st.st_mode & 0777;
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		kind = "a directory";
	if (S_ISLNK(st.st_mode))
		kind = "a symbolic link";
	err_set(&app->err, -EINVAL, "cannot write '%.255s': it is %s", file, kind);
	return err_hint(&app->err, "--export - writes to standard output");
}

static int path_write(const char *file, const char *text, mode_t mode)
{
	_cleanup_close_ int root = root_open();
	char path[PATH_MAX], *name;
	const char *dir = path + 1;
	int rc;

	if (root < 0)
		return root;
	rc = path_absolute(file, path);
	if (rc < 0)
		return rc;
	name = strrchr(path, '/');
	*name++ = '\0';
	if (name == dir)
		dir = ".";
	if (!sysfs_exists(root, dir)) {
		/* The file is new, too: its mode is what the umask leaves. */
		rc = file_dirs_make(root, dir, mode | (mode & 0444) >> 2);
		if (rc < 0)
			return rc;
	}
	return file_replace(root, dir, name, text, strlen(text), mode);
}

int chzdev_file_write(struct app *app, const char *file, const char *text)
{
	mode_t mode;
	int rc = kind_check(app, file, &mode);

	if (rc < 0)
		return rc;
	rc = path_write(file, text, mode);
	return rc < 0 ? err_errno(&app->err, rc, "cannot write '%s'", file) : 0;
}
