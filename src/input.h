/* SPDX-License-Identifier: MIT */
/*
 * Files that users name on the command line: anywhere on this host, not below --sysroot.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>

/**
 * input_read() - read a whole regular file, or all of standard input
 * @name: "-" is standard input
 * @max:  the most that is read, in bytes
 * @ret:  heap copy with a NUL behind it; the caller frees it
 *
 * Never waits for a FIFO or a device that nobody writes to.
 * Return: 0; -EFBIG above @max; -EINVAL no regular file; -EISDIR; other errno.
 */
int input_read(const char *name, size_t max, char **ret, size_t *ret_len);

#endif
