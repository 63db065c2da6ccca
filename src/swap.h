/* SPDX-License-Identifier: MIT */
/*
 * One file of the next boot exchanged for other contents, in steps that a command can order:
 * read what is there, write and sync the new bytes beside it, put them in place, take them back.
 *
 *	_cleanup_(swap_done) struct swap swap = SWAP_INIT;
 *
 *	swap_open(root, PATH_DEFINITIONS, uuid, &swap);		reads the old bytes
 *	swap_prepare(&swap, text, strlen(text), 0644);		before the first kernel write
 *	...
 *	swap_commit(&swap);					the rename alone is left
 *	swap_undo(&swap);					when a later step fails
 *
 * What undo needs is on the disk before anything is in place, so that a full disk cannot
 * prevent it.  Everything here returns a negative errno alone; who asks says what it means.
 */
#ifndef SWAP_H
#define SWAP_H

#include "file.h"

/** No file that is exchanged is larger, in bytes. */
#define SWAP_MAX (1024 * 1024)

/**
 * struct swap - one exchange
 * @dir:      directory of the file, -1 none: there is no such directory (yet)
 * @old, @text: contents before and after, with a NUL behind them; NULL: no file
 * @prepared: swap_prepare() was called
 * @placed:   the file has its new contents, or is removed
 */
struct swap {
	int root, dir;
	char dir_path[128];
	char name[64];
	char *old, *text;
	size_t old_len, text_len;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct file_new fresh, back;
	bool prepared, placed;
};

#define SWAP_INIT                                                         \
	{                                                                 \
		.dir = -1, .fresh = FILE_NEW_INIT, .back = FILE_NEW_INIT, \
	}

/**
 * swap_open() - read what stands at @dir/@name now
 * @ret: holds swap->old, NULL without a file; released by swap_done(), also on failure
 *
 * Return: 0; -ELOOP a symbolic link, -EINVAL another thing that is no regular file, -EISDIR,
 * -EFBIG above SWAP_MAX; -EAGAIN it is being written; other errno.
 */
int swap_open(int root, const char *dir, const char *name, struct swap *ret);

/** swap_is_same() - would these contents change nothing; @text NULL: no file */
bool swap_is_same(const struct swap *swap, const char *text, size_t len);

/**
 * swap_prepare() - write and sync the new contents, and a copy of the old ones, out of sight
 * @text: NULL: the file is to be removed
 * @mode: of a file that is new; one that exists keeps its mode and its owner
 *
 * A directory that is missing is made.  Contents that change nothing are written nowhere.
 */
int swap_prepare(struct swap *swap, const char *text, size_t len, mode_t mode);

/**
 * swap_commit() - put the new contents in place, and read them back
 *
 * Return: 0; -ESTALE somebody else has changed the file since swap_open(), nothing is done;
 * -EIO read back something else; other errno.  After a failure swap_undo() is right.
 */
int swap_commit(struct swap *swap);

/** swap_undo() - the old contents again; 0 also when nothing was in place; -ESTALE, errno */
int swap_undo(struct swap *swap);

void swap_done(struct swap *swap);

#endif
