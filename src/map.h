/* SPDX-License-Identifier: MIT */
/*
 * All queues of the host as a map: whose each of them is.
 */
#ifndef MAP_H
#define MAP_H

#include "filter.h"

/**
 * map_print() - the map, or with app->json its cells
 * @filter:   queues that are not picked are left blank, or out where a whole line is
 * @adapters: only these; NULL: all
 *
 * Reads a few files of each card.  Return: 0 or errno.
 */
int map_print(struct app *app, const struct snapshot *now, const struct filter *filter,
	      const struct vfioap_mask *adapters);

#endif
