// SPDX-License-Identifier: MIT
/*
 * Who, beside root, can write the files that decide what root does at the next boot: rules,
 * definitions, overrides, the programs that are run, and the directories in which they stand.
 */
#include "cmd_doctor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "paths.h"
#include "sysfs.h"

/** struct look - what doctor_owners_read() goes on with */
struct look {
	int root;
	struct stat top; /* a tree that was copied belongs to whoever copied it */
	struct doctor_owners *ret;
};

static enum doctor_writer writer_of(const struct look *look, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != look->top.st_uid)
		return DOCTOR_WRITER_USER;
	if (st->st_mode & S_IWOTH)
		return DOCTOR_WRITER_ALL;
	if (st->st_mode & S_IWGRP && st->st_gid != 0 && st->st_gid != look->top.st_gid)
		return DOCTOR_WRITER_GROUP;
	return DOCTOR_WRITER_ROOT;
}

/* What is not there is nobody's; of a link, what it leads to. */
static void look_at(const struct look *look, const char *path)
{
	_cleanup_close_ int fd = sysfs_open(look->root, path, O_PATH);
	enum doctor_writer writer;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	writer = writer_of(look, &st);
	if (writer == DOCTOR_WRITER_ROOT || look->ret->n++)
		return;
	snprintf(look->ret->path, sizeof(look->ret->path), "%s", path);
	look->ret->writer = writer;
	look->ret->id = writer == DOCTOR_WRITER_USER ? st.st_uid : st.st_gid;
}

void doctor_owners_read(int root, const struct snapshot *now, struct doctor_owners *ret)
{
	static const char *const paths[] = {
		PATH_ETC,
		"etc/udev",
		PATH_RULES_DIR,
		PATH_RULES,
		PATH_MDEVCTL_DIR,
		PATH_DEFINITIONS,
		PATH_OVERRIDES_DIR,
		PATH_OVERRIDES,
		PATH_MODPROBE,
		PATH_CALLOUTS_ETC,
		PATH_CALLOUTS_ETC "/" NAME_CALLOUT,
		PATH_CALLOUTS_LIB,
		PATH_CALLOUTS_LIB "/" NAME_CALLOUT,
	};
	struct look look = { .root = root, .ret = ret };

	*ret = (struct doctor_owners){ 0 };
	if (fstat(root, &look.top) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		look_at(&look, paths[i]);
	for (size_t i = 0; i < now->definitions.n; i++) {
		char path[PATH_SIZE];

		look_at(&look, path_definition(path, now->definitions.v[i].uuid));
	}
}
