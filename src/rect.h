/* SPDX-License-Identifier: MIT */
/*
 * Rectangles of queues: so many adapters by so many domains of which every queue is usable, at
 * the least cost.  Pure, and blind to what the queues are.
 */
#ifndef RECT_H
#define RECT_H

#include <stdbool.h>

#include "qset.h"

/**
 * struct rect_grid - what there is, and what it costs; about 18 KiB
 * @usable:   queues that a rectangle may have
 * @by_line:  a rectangle costs what its adapters cost, or its domains, whichever is less
 * @adapter_cost, @domain_cost: with @by_line
 * @costly:   without @by_line: those of its queues that are in here, each 1
 * @n_cards:  adapters of the machine, by which it is large or not
 */
struct rect_grid {
	struct qset usable;
	bool by_line;
	unsigned adapter_cost[VFIOAP_IDS], domain_cost[VFIOAP_IDS];
	struct qset costly;
	unsigned n_cards;
};

struct rect {
	struct vfioap_mask adapters, domains;
	unsigned cost;
};

/** rect_is_exact() - is all there is looked at for a rectangle of this size */
bool rect_is_exact(const struct rect_grid *grid, unsigned adapters, unsigned domains);

/**
 * rect_cheapest() - the rectangle of the least cost, and of these the one with the lowest
 *                   adapters, then with the lowest domains
 * @floor: none can cost less, as far as is known; 0 is always right
 * @ret:   untouched when there is none
 *
 * Where it is not exact, so many steps are made and no more: a cheaper one may exist, or any.
 * Return: false when none was found.
 */
bool rect_cheapest(const struct rect_grid *grid, unsigned adapters, unsigned domains,
		   unsigned floor, struct rect *ret);

/**
 * rect_largest() - the one of most queues that is no higher and no wider than this; no cost
 *
 * Exact where rect_cheapest() is.  Return: false when no queue is usable.
 */
bool rect_largest(const struct rect_grid *grid, unsigned adapters, unsigned domains,
		  struct rect *ret);

#endif
