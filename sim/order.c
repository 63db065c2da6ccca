// SPDX-License-Identifier: MIT
/*
 * The order in which the kernel goes through devices: those of the bus as they
 * were registered, those of a driver, when it goes, from the last bound on.
 */
#include "model.h"

#include <errno.h>
#include <stdlib.h>

struct item {
	uint64_t key;
	struct at at;
};

struct items {
	struct item *item;
	size_t count;
	bool sorted;
};

static int compare(const void *a, const void *b)
{
	const struct item *left = a, *right = b;

	return (left->key > right->key) - (left->key < right->key);
}

static void items_add(struct items *items, uint64_t key, unsigned apid, unsigned apqi)
{
	items->sorted &= !items->count || items->item[items->count - 1].key < key;
	items->item[items->count++] = (struct item){ .key = key, .at = { .id = { apid, apqi } } };
}

/* Keys are generations: of the devices, or of what binds them to @driver. */
static void items_add_card(const struct machine *m, unsigned apid, enum driver driver,
			   struct items *items)
{
	const struct card *card = &m->card[apid];
	struct at at = { .id = { apid, NO_DOMAIN } };

	if (driver == DRIVER_NONE)
		items_add(items, card->generation, apid, NO_DOMAIN);
	else if (driver_of(m, &at) == driver)
		items_add(items, card->binding, apid, NO_DOMAIN);
	VFIOAP_MASK_FOREACH(apqi, &card->queues) {
		at.id[1] = apqi;
		if (driver == DRIVER_NONE)
			items_add(items, card->queue[apqi].generation, apid, apqi);
		else if (driver_of(m, &at) == driver)
			items_add(items, card->queue[apqi].binding, apid, apqi);
	}
}

static void items_sort(struct items *items)
{
	if (!items->sorted)
		qsort(items->item, items->count, sizeof(*items->item), compare);
}

static bool items_take(const struct machine *m, enum driver driver, struct items *ret)
{
	struct items items = { .sorted = true };

	items.item = malloc((VFIOAP_IDS + m->n_queues) * sizeof(*items.item));
	if (!items.item)
		return false;
	for (unsigned apid = 0; apid < VFIOAP_IDS; apid++) {
		if (m->card[apid].generation)
			items_add_card(m, apid, driver, &items);
	}
	items_sort(&items);
	*ret = items;
	return true;
}

int order_bus(struct machine *m, order_fn *fn, unsigned arg)
{
	struct items items;

	if (!items_take(m, DRIVER_NONE, &items))
		return -ENOMEM;
	for (size_t i = 0; i < items.count; i++)
		fn(m, &items.item[i].at, arg);
	free(items.item);
	return 0;
}

int order_driver(struct machine *m, enum driver driver, order_fn *fn, unsigned arg)
{
	struct items items;

	if (!items_take(m, driver, &items))
		return -ENOMEM;
	while (items.count)
		fn(m, &items.item[--items.count].at, arg);
	free(items.item);
	return 0;
}

void order_queues(struct machine *m, unsigned apid, order_fn *fn, unsigned arg)
{
	struct item item[VFIOAP_IDS + 1];
	struct items items = { .item = item, .sorted = true };

	items_add_card(m, apid, DRIVER_NONE, &items);
	items_sort(&items);
	for (size_t i = 0; i < items.count; i++) {
		if (item[i].at.id[1] != NO_DOMAIN)
			fn(m, &item[i].at, arg);
	}
}

void order_host_queues(struct machine *m, unsigned apid, order_fn *fn, unsigned arg)
{
	const struct card *card = &m->card[apid];
	struct item item[VFIOAP_IDS];
	struct items items = { .item = item, .sorted = true };

	VFIOAP_MASK_FOREACH(apqi, &card->host)
		items_add(&items, card->queue[apqi].binding, apid, apqi);
	items_sort(&items);
	for (size_t i = 0; i < items.count; i++)
		fn(m, &item[i].at, arg);
}
