/* SPDX-License-Identifier: MIT */
/*
 * Files of the next boot: read as a whole, replaced atomically.
 *
 * A reader sees the old file or the new one, never half of one, also after a power cut.
 * Everything here returns a negative errno alone; who asks says what it means.
 */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * file_read() - read a whole regular file
 * @max: the most that is read, in bytes
 * @ret: heap copy with a NUL behind it; the caller frees it
 *
 * Nothing but a regular file is ever opened.
 * Return: 0; -EFBIG above @max; -EINVAL no regular file; other errno.
 */
int file_read(int root, const char *path, size_t max, char **ret, size_t *ret_len);

/**
 * file_peek() - a file in an open directory, to look at, for there may be thousands
 * @name: without '/'; the directory has told that it is a regular file
 * @buf:  gets a NUL behind the text
 *
 * One open, one read, one close: what is not all of a regular file, because a signal came or it has
 * become something else, is left to those who find that the text makes no sense, and ask
 * file_read().
 * Return: 0; -EFBIG: it does not fit; -ENODATA: empty, perhaps no file; other errno.
 */
int file_peek(int dir, const char *name, char *buf, size_t size, size_t *ret_len);

/**
 * struct file_new - a file that is written and synced, but not in place yet
 * @dir, @fd: -1 when there is none
 * @temp:     its name meanwhile, "" for an unnamed file
 */
struct file_new {
	int dir, fd;
	char name[256];
	char temp[96];
};

#define FILE_NEW_INIT               \
	{                           \
		.dir = -1, .fd = -1 \
	}

/**
 * file_new_write() - write and sync the new contents of @dir/@name, beside the old ones
 * @dir:  directory, relative to @root; it exists
 * @name: less than 256 bytes, no '/'
 * @mode: of the new file, whatever the umask
 * @ret:  then put in place by file_new_commit(); always released by file_new_done()
 *
 * Until then it is an unnamed file or has a name that cannot be guessed and that neither udev
 * nor mdevctl takes for one of theirs (mdevctl, src/environment.rs).
 */
int file_new_write(int root, const char *dir, const char *name, const void *data, size_t len,
		   mode_t mode, struct file_new *ret);

/** file_new_commit() - put it in place, and sync the directory; a link there is replaced */
int file_new_commit(struct file_new *file);
void file_new_done(struct file_new *file);

/** file_replace() - file_new_write() and file_new_commit() in one */
int file_replace(int root, const char *dir, const char *name, const void *data, size_t len,
		 mode_t mode);

/** file_remove() - unlink @dir/@name, and sync the directory; -ENOENT when there is none */
int file_remove(int root, const char *dir, const char *name);

/**
 * file_dirs_make() - make a directory and those above it that are missing
 * @mode: of the new ones, whatever the umask
 */
int file_dirs_make(int root, const char *path, mode_t mode);

#endif
