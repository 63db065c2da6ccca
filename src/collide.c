/* SPDX-License-Identifier: MIT */
/*
 * Collisions by way of the adapters: for each, the domains that more than one matrix has there, in
 * one walk; then only the matrices that have one of those are held against each other.
 */
#include "collide.h"

#include <errno.h>

#include "util.h"

/**
 * struct index - the matrices of each adapter that may collide on it
 * @seen, @twice: domains that one matrix, and that more than one, has with an adapter
 * @begin: where an adapter's part of @place begins; the last: where all ends
 */
struct index {
	const struct matrix *const *matrix;
	size_t n;
	struct vfioap_mask seen[VFIOAP_IDS], twice[VFIOAP_IDS];
	size_t begin[VFIOAP_IDS + 1];
	unsigned *place;
};

static void index_freep(struct index **index)
{
	if (*index)
		free((*index)->place);
	free(*index);
}

static void index_domains(struct index *index)
{
	for (size_t i = 0; i < index->n; i++) {
		const struct matrix *m = index->matrix[i];

		VFIOAP_MASK_FOREACH(a, &m->adapters) {
			const struct vfioap_mask again =
				vfioap_mask_and(index->seen[a], m->domains);

			index->twice[a] = vfioap_mask_or(index->twice[a], again);
			index->seen[a] = vfioap_mask_or(index->seen[a], m->domains);
		}
	}
}

/* The place of each matrix into the parts of its adapters; without @place their sizes alone. */
static void index_places(struct index *index, size_t at[VFIOAP_IDS])
{
	for (size_t i = 0; i < index->n; i++) {
		const struct matrix *m = index->matrix[i];

		VFIOAP_MASK_FOREACH(a, &m->adapters) {
			if (!vfioap_mask_intersects(&index->twice[a], &m->domains))
				continue;
			if (index->place)
				index->place[at[a]] = (unsigned)i;
			at[a]++;
		}
	}
}

static struct index *index_new(const struct matrix *const matrix[], size_t n)
{
	_cleanup_(index_freep) struct index *index = calloc(1, sizeof(*index));
	size_t at[VFIOAP_IDS] = { 0 };

	if (!index)
		return NULL;
	index->matrix = matrix;
	index->n = n;
	index_domains(index);
	index_places(index, at);
	for (unsigned a = 0; a < VFIOAP_IDS; a++) {
		index->begin[a + 1] = index->begin[a] + at[a];
		at[a] = index->begin[a];
	}
	index->place = calloc(index->begin[VFIOAP_IDS] + 1, sizeof(*index->place));
	if (!index->place)
		return NULL;
	index_places(index, at);
	return TAKE_PTR(index);
}

/* struct list - collisions as they are found */
struct list {
	struct collision *v;
	size_t n, room;
};

static int list_add(struct list *list, unsigned earlier, unsigned later)
{
	if (list->n == list->room) {
		const size_t room = list->room ? 2 * list->room : 16;
		struct collision *v = reallocarray(list->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		list->v = v;
		list->room = room;
	}
	list->v[list->n++] = (struct collision){ .later = later, .earlier = earlier };
	return 0;
}

/* Two that meet on several adapters are told on the first of them. */
static int pairs_of_adapter(const struct index *index, unsigned a, struct list *list)
{
	const unsigned *place = index->place + index->begin[a];
	const size_t n = index->begin[a + 1] - index->begin[a];

	for (size_t i = 0; i < n; i++) {
		const struct matrix *x = index->matrix[place[i]];

		for (size_t j = i + 1; j < n; j++) {
			const struct matrix *y = index->matrix[place[j]];
			struct vfioap_mask both;

			if (!vfioap_mask_intersects(&x->domains, &y->domains))
				continue;
			both = vfioap_mask_and(x->adapters, y->adapters);
			if (vfioap_mask_next(&both, 0) == a &&
			    list_add(list, place[i], place[j]) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct collision *x = a, *y = b;

	if (x->later != y->later)
		return x->later < y->later ? -1 : 1;
	return x->earlier < y->earlier ? -1 : x->earlier > y->earlier;
}

int collide_find(const struct matrix *const matrix[], size_t n, struct collision **ret,
		 size_t *ret_n)
{
	_cleanup_(index_freep) struct index *index = index_new(matrix, n);
	struct list list = { 0 };
	int rc = index ? 0 : -ENOMEM;

	for (unsigned a = 0; rc == 0 && a < VFIOAP_IDS; a++)
		rc = pairs_of_adapter(index, a, &list);
	if (rc < 0) {
		free(list.v);
		return rc;
	}
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), compare);
	*ret = list.v;
	*ret_n = list.n;
	return 0;
}
