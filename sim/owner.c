/* SPDX-License-Identifier: MIT */
/*
 * What chmod and chown changed: an open hash by inode number.  Inode numbers are
 * never used again, so an entry of an object that is gone is found by nobody.
 */
#include "model.h"

#include <string.h>

static size_t owner_index(const struct owner *table, size_t size, uint64_t ino)
{
	size_t i = (size_t)(ino * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (size - 1);

	while (table[i].ino && table[i].ino != ino)
		i = (i + 1) & (size - 1);
	return i;
}

struct owner *owner_find(const struct machine *m, uint64_t ino)
{
	struct owner *owner;

	if (!m->n_owners)
		return NULL;
	owner = &m->owners[owner_index(m->owners, m->max_owners, ino)];
	return owner->ino ? owner : NULL;
}

static bool owner_grow(struct machine *m)
{
	size_t size = m->max_owners ? m->max_owners * 2 : 64;
	struct owner *table = calloc(size, sizeof(*table));

	if (!table)
		return false;
	for (size_t i = 0; i < m->max_owners; i++)
		if (m->owners[i].ino)
			table[owner_index(table, size, m->owners[i].ino)] = m->owners[i];
	free(m->owners);
	m->owners = table;
	m->max_owners = size;
	return true;
}

struct owner *owner_add(struct machine *m, const struct owner *initial)
{
	struct owner *owner = owner_find(m, initial->ino);

	if (owner)
		return owner;
	if (m->n_owners * 2 >= m->max_owners && !owner_grow(m))
		return NULL;
	owner = &m->owners[owner_index(m->owners, m->max_owners, initial->ino)];
	*owner = *initial;
	m->n_owners++;
	return owner;
}
