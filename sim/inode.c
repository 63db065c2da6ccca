// SPDX-License-Identifier: MIT
/* A hash table of inodes by path and object.  What they are is left to fuse.c. */
#include "inode.h"

#include <pthread.h>
#include <string.h>

#include "util.h"

#define INODE_BUCKETS_FIRST 1024 /* a power of two, as all later sizes */

struct inode_table {
	pthread_mutex_t lock;
	struct inode **buckets;
	size_t n_buckets, n_inodes;
};

/* FNV-1a. */
static size_t path_hash(const char *path)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

struct inode_table *inode_table_new(void)
{
	struct inode_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->buckets = calloc(INODE_BUCKETS_FIRST, sizeof(*table->buckets));
	if (!table->buckets) {
		free(table);
		return NULL;
	}
	table->n_buckets = INODE_BUCKETS_FIRST;
	pthread_mutex_init(&table->lock, NULL);
	return table;
}

struct inode_table *inode_table_free(struct inode_table *table)
{
	if (!table)
		return NULL;
	for (size_t i = 0; i < table->n_buckets; i++) {
		while (table->buckets[i]) {
			struct inode *inode = table->buckets[i];

			table->buckets[i] = inode->next;
			free(inode);
		}
	}
	pthread_mutex_destroy(&table->lock);
	free(table->buckets);
	free(table);
	return NULL;
}

/* Twice as many buckets; without memory the chains just grow longer. */
static void table_grow(struct inode_table *table)
{
	size_t n = table->n_buckets * 2;
	struct inode **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return;
	for (size_t i = 0; i < table->n_buckets; i++) {
		struct inode *inode, *next;

		for (inode = table->buckets[i]; inode; inode = next) {
			struct inode **to = &buckets[path_hash(inode->path) & (n - 1)];

			next = inode->next;
			inode->next = *to;
			*to = inode;
		}
	}
	free(table->buckets);
	table->buckets = buckets;
	table->n_buckets = n;
}

static struct inode **table_place(struct inode_table *table, const char *path)
{
	return &table->buckets[path_hash(path) & (table->n_buckets - 1)];
}

static struct inode *table_add(struct inode_table *table, const char *path, const struct node *node)
{
	size_t size = strlen(path) + 1;
	struct inode *inode = calloc(1, sizeof(*inode) + size), **place;

	if (!inode)
		return NULL;
	memcpy(inode->path, path, size);
	inode->node = *node;
	if (++table->n_inodes > table->n_buckets)
		table_grow(table);
	place = table_place(table, path);
	inode->next = *place;
	*place = inode;
	return inode;
}

struct inode *inode_acquire(struct inode_table *table, const char *path, const struct node *node)
{
	struct inode *inode;

	pthread_mutex_lock(&table->lock);
	for (inode = *table_place(table, path); inode; inode = inode->next) {
		if (inode->node.ino == node->ino && strcmp(inode->path, path) == 0)
			break;
	}
	if (!inode)
		inode = table_add(table, path, node);
	if (inode)
		inode->lookups++;
	pthread_mutex_unlock(&table->lock);
	return inode;
}

void inode_forget(struct inode_table *table, struct inode *inode, uint64_t n)
{
	struct inode **at;

	pthread_mutex_lock(&table->lock);
	inode->lookups -= n;
	if (!inode->lookups) {
		at = table_place(table, inode->path);
		while (*at != inode)
			at = &(*at)->next;
		*at = inode->next;
		table->n_inodes--;
		free(inode);
	}
	pthread_mutex_unlock(&table->lock);
}
