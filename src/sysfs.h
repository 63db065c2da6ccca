/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing and listing files of sysfs (and of recorded trees that look
 * like it), always relative to the root directory fd and never outside of it:
 * symlinks and ".." end at that root.
 *
 * Paths are relative to the root, without leading '/', and come from paths.h.
 * Everything here returns a negative errno alone; who asks says what it means.
 */
#ifndef SYSFS_H
#define SYSFS_H

#include <stdbool.h>
#include <stddef.h>

/** Buffer for the longest text a sysfs attribute has, one page of s390x, and NUL. */
#define SYSFS_TEXT_SIZE 4097

/**
 * sysfs_open() - open @path below @root; every open of this project goes through here
 * @root:  root directory fd, or the fd of any directory that shall be the root
 * @flags: of open(2), without O_CREAT; O_CLOEXEC and O_NOCTTY are added
 *
 * Source: openat2(2), RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS; kernels and containers
 * without it get sysfs_open_walk().
 * Return: a file descriptor; negative errno.
 */
int sysfs_open(int root, const char *path, int flags);

/** sysfs_open_walk() - the same, component by component, by openat(2) alone; for old kernels */
int sysfs_open_walk(int root, const char *path, int flags);

/**
 * sysfs_read() - read a whole text
 * @buf: receives it, NUL-terminated; only defined on success
 *
 * Regular files alone are read; a FIFO does not block.
 * Return: 0; -EFBIG when @size is too small; -EBADMSG for a NUL byte in it; -EINVAL when it
 * is no regular file; -ENOENT, -ENODEV (the device has gone), other errno.
 */
int sysfs_read(int root, const char *path, char *buf, size_t size);

/**
 * sysfs_read_stable() - as sysfs_read(), until two texts in a row are the same, or @tries times
 *
 * For attributes that the kernel shows without a lock: what another process writes meanwhile could
 * be read half old, half new.  The file is opened once; read from its beginning again it is shown
 * anew (Linux, fs/seq_file.c).
 */
int sysfs_read_stable(int root, const char *path, unsigned tries, char *buf, size_t size);

/** sysfs_read_bytes() - up to @size bytes as they are, NULs too; what is beyond is cut */
int sysfs_read_bytes(int root, const char *path, void *buf, size_t size, size_t *ret_len);

/**
 * sysfs_write() - write an attribute: one plain write(2), whose result is the kernel's answer
 *
 * Return: 0; -EIO for a short write; other errno.
 */
int sysfs_write(int root, const char *path, const char *text);

/** Called for each entry but "." and "..": 0 goes on, anything else ends the walk. */
typedef int sysfs_list_fn(void *arg, const char *name);

/** The same with the kind of the entry: DT_REG and its like of readdir(3), or DT_UNKNOWN. */
typedef int sysfs_list_kinds_fn(void *arg, const char *name, unsigned char kind);
int sysfs_list_kinds(int root, const char *path, sysfs_list_kinds_fn *fn, void *arg);

/** sysfs_list_dir() - the same of a directory that is open to be read, once */
int sysfs_list_dir(int dir, sysfs_list_kinds_fn *fn, void *arg);

/** sysfs_list() - walk over a directory, in no order: 0, what @fn returned, negative errno */
int sysfs_list(int root, const char *path, sysfs_list_fn *fn, void *arg);

/** sysfs_link_read() - the target text of a link, as it is; -EINVAL no link, -EFBIG too long */
int sysfs_link_read(int root, const char *path, char *buf, size_t size);

/** sysfs_link_name() - base name of what a link points to; errors as sysfs_link_read() */
int sysfs_link_name(int root, const char *path, char *buf, size_t size);

/** sysfs_exists() - is there something at @path, links followed */
bool sysfs_exists(int root, const char *path);

#endif
