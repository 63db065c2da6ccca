/* SPDX-License-Identifier: MIT */
/*
 * Collisions by way of the adapters: for each, the domains that more than one matrix has there, in
 * one walk; then only the matrices that have one of those are held against each other.  Of these,
 * who has but a few domains meets those alone who have one of the same, so that the time goes with
 * what is found, not with the pairs there are.
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

/* So few domains of an adapter that to look for each is less than to look at all others. */
#define NARROW 8

/**
 * struct adapter - the matrices of one adapter, as they are held against those before them
 * @place, @wide: all so far, and those with more than NARROW domains
 * @link: the others, by domain: what stands at @head of it is the last one's, and so on; 0: none
 */
struct adapter {
	const struct index *index;
	unsigned id;
	const unsigned *place;
	size_t n_wide, n_links;
	unsigned *wide;
	unsigned head[VFIOAP_IDS];
	struct link {
		unsigned place, before;
	} * link;
};

/* Two that meet on several adapters are told on the first of them. */
static int pair_add(const struct adapter *a, unsigned earlier, unsigned later, struct list *list)
{
	const struct matrix *x = a->index->matrix[earlier], *y = a->index->matrix[later];
	const struct vfioap_mask both = vfioap_mask_and(x->adapters, y->adapters);

	return vfioap_mask_next(&both, 0) == a->id ? list_add(list, earlier, later) : 0;
}

static int pairs_with(const struct adapter *a, unsigned later, const unsigned *place, size_t n,
		      struct list *list)
{
	const struct vfioap_mask *domains = &a->index->matrix[later]->domains;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (vfioap_mask_intersects(&a->index->matrix[place[i]]->domains, domains))
			rc = pair_add(a, place[i], later, list);
	return rc;
}

/* Two that meet on several domains are told on the first of them. */
static int pairs_on_domain(const struct adapter *a, unsigned later, unsigned domain,
			   struct list *list)
{
	const struct vfioap_mask *domains = &a->index->matrix[later]->domains;
	int rc = 0;

	for (unsigned i = a->head[domain]; rc == 0 && i; i = a->link[i].before) {
		const unsigned earlier = a->link[i].place;
		const struct vfioap_mask both =
			vfioap_mask_and(a->index->matrix[earlier]->domains, *domains);

		if (vfioap_mask_next(&both, 0) == domain)
			rc = pair_add(a, earlier, later, list);
	}
	return rc;
}

static int pairs_narrow(struct adapter *a, unsigned place, const struct vfioap_mask *domains,
			struct list *list)
{
	int rc = pairs_with(a, place, a->wide, a->n_wide, list);

	VFIOAP_MASK_FOREACH(domain, domains) {
		if (rc == 0)
			rc = pairs_on_domain(a, place, domain, list);
		a->link[++a->n_links] = (struct link){ .place = place, .before = a->head[domain] };
		a->head[domain] = (unsigned)a->n_links;
	}
	return rc;
}

static int pairs_of_adapter(const struct index *index, unsigned id, struct list *list)
{
	const size_t n = index->begin[id + 1] - index->begin[id];
	_cleanup_free_ unsigned *wide = calloc(n + 1, sizeof(*wide));
	_cleanup_free_ struct link *link = calloc(n * NARROW + 1, sizeof(*link));
	struct adapter a = {
		.index = index,
		.id = id,
		.place = index->place + index->begin[id],
		.wide = wide,
		.link = link,
	};
	int rc = 0;

	if (!wide || !link)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct vfioap_mask domains =
			vfioap_mask_and(index->matrix[a.place[i]]->domains, index->twice[id]);

		if (vfioap_mask_count(&domains) <= NARROW) {
			rc = pairs_narrow(&a, a.place[i], &domains, list);
		} else {
			rc = pairs_with(&a, a.place[i], a.place, i, list);
			wide[a.n_wide++] = a.place[i];
		}
	}
	return rc;
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
