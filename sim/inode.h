/* SPDX-License-Identifier: MIT */
/*
 * The inodes that the kernel knows of: paths of the machine that it has looked
 * up and not forgotten yet.  An object that vanishes and comes back is another
 * inode, although the path is the same.  Safe to call from any thread.
 */
#ifndef SIM_INODE_H
#define SIM_INODE_H

#include <stdint.h>

#include "machine.h"

struct inode {
	struct inode *next; /* of the same hash */
	uint64_t lookups;   /* that the kernel has not taken back */
	struct node node;   /* as it was when first looked up */
	char path[];	    /* relative to the machine's root */
};

struct inode_table;

struct inode_table *inode_table_new(void);
struct inode_table *inode_table_free(struct inode_table *table);

/** inode_acquire() - the inode of an object, one lookup more; NULL without memory */
struct inode *inode_acquire(struct inode_table *table, const char *path, const struct node *node);

/** inode_forget() - @n lookups less; without any it is freed */
void inode_forget(struct inode_table *table, struct inode *inode, uint64_t n);

#endif
