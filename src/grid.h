/* SPDX-License-Identifier: MIT */
/*
 * The matrix of a device as a grid: adapters down, domains across, in each cell what
 * becomes of that queue.
 */
#ifndef GRID_H
#define GRID_H

#include "view.h"

enum grid_state {
	GRID_IN_GUEST,	 /* the guest has it, or has it as soon as it starts */
	GRID_FILTERED,	 /* fine by itself, but its adapter is out */
	GRID_CULPRIT,	 /* filtered, and the reason why */
	GRID_ABSENT,	 /* there is no such queue */
	GRID_NOT_USABLE, /* the guest has it, but the card is off */
	GRID_STATES,
};

/**
 * struct grid - 65536 cells: on the heap, by grid_new()
 * @guest:   what the guest sees, or would see; @predicted: worked out, not read
 * @reason:  of each cell; NULL in a guest
 * @card:    of each adapter in the matrix
 */
struct grid {
	const struct snapshot *now;
	const struct device *device;
	struct matrix matrix, guest;
	bool predicted;
	unsigned char state[VFIOAP_IDS][VFIOAP_IDS];
	const char *reason[VFIOAP_IDS][VFIOAP_IDS];
	struct apbus_info card[VFIOAP_IDS];
};

/** grid_new() - work it out; reads a few files of each card in the matrix */
int grid_new(int root, const struct snapshot *now, const struct device *device, struct grid **ret,
	     struct err *err);
void grid_freep(struct grid **grid);

/** grid_heading() - a line about the device: its UUID, state and guest */
void grid_heading(struct app *app, const struct grid *grid);

/** grid_empty() - a line that says why there is nothing to show of a device without queues */
void grid_empty(struct app *app, const struct grid *grid);

/**
 * grid_reasons() - which queues have which reason of their own, a line each; those that are only
 * kept out with another queue of their adapter are left out
 */
void grid_reasons(struct app *app, const struct grid *grid);

/** grid_print() - at most out_width() columns; adds to @seen the states that occur, as bits */
void grid_print(struct app *app, const struct grid *grid, unsigned *seen);

/** grid_legend() - the states in @seen */
void grid_legend(struct app *app, unsigned seen);

/** grid_json() - [{"queue","state","reason"}] */
struct json_object *grid_json(const struct grid *grid);

#endif
