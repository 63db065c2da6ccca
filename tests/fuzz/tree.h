/* SPDX-License-Identifier: MIT */
/*
 * A tree of files out of one text, in the place of sysfs.c: what reads sysfs is fuzzed without
 * a file.  A line "=PATH" begins an entry, the lines behind it up to the next one are what it
 * holds: a text; "@TARGET" a link; "!13" the errno of every access.
 */
#ifndef TREE_H
#define TREE_H

#include <stddef.h>

/** TREE_ROOT - the root directory, for functions that take one */
#define TREE_ROOT (-1)

/** tree_set() - the tree from now on; lends @text, which stays as it is */
void tree_set(const char *text, size_t len);

#endif
