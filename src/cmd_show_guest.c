// SPDX-License-Identifier: MIT
/*
 * vfioap show guest: what lszcrypt prints inside the guest, and why the rest is missing.
 *
 * Source: numbers and types are the same in the guest as in the host; a card is there when
 * one of its queues is; what the host has set offline is not offline for the guest.
 */
#include "cmd_show.h"

#include <string.h>

#include "findings.h"
#include "view.h"

/** struct rows - cards and queues of the guest, each card before its queues */
struct rows {
	struct view_queue *v;
	size_t n;
};

static void rows_done(struct rows *rows)
{
	free(rows->v);
}

static bool is_in_guest(const struct grid *grid, unsigned apid, unsigned apqi)
{
	const unsigned char state = grid->state[apid][apqi];

	return state == GRID_IN_GUEST || state == GRID_NOT_USABLE;
}

static void row_add(struct rows *rows, const struct grid *grid, bool is_card, unsigned apid,
		    unsigned apqi)
{
	struct view_queue *row = &rows->v[rows->n++];

	view_card_fill(apid, &grid->card[apid], row);
	row->is_card = is_card;
	row->apqi = (unsigned char)apqi;
	if (row->status != APBUS_STATUS_DECONFIGURED && row->status != APBUS_STATUS_CHECKSTOPPED)
		row->status = APBUS_STATUS_ONLINE;
}

static void rows_fill(struct rows *rows, const struct grid *grid)
{
	const struct matrix *matrix = &grid->matrix;

	rows->v = calloc(matrix_count(matrix) + VFIOAP_IDS, sizeof(*rows->v));
	if (!rows->v)
		out_no_memory();
	VFIOAP_MASK_FOREACH(a, &matrix->adapters) {
		bool has_card = false;

		VFIOAP_MASK_FOREACH(d, &matrix->domains) {
			if (!is_in_guest(grid, a, d))
				continue;
			if (!has_card)
				row_add(rows, grid, true, a, 0);
			has_card = true;
			row_add(rows, grid, false, a, d);
		}
	}
}

static void table_print(struct app *app, const struct grid *grid)
{
	_cleanup_(rows_done) struct rows rows = { 0 };
	struct out_view view = {
		.column = view_queue_columns,
		.n_columns = view_queue_n_columns,
		.view = grid->now,
		.row_size = sizeof(*rows.v),
	};

	rows_fill(&rows, grid);
	if (!rows.n) {
		out_printf(app, "  no card and no queue\n");
		return;
	}
	view.rows = rows.v;
	view.n_rows = rows.n;
	if (out_view_pick(app, &view, "CARD.DOM,TYPE,MODE,STATUS") == 0)
		out_view_table(app, &view);
}

/* Queues with nothing wrong, whose adapter another queue keeps out. */
static void kept_out_print(struct app *app, const struct grid *grid)
{
	_cleanup_free_ char *text = NULL, *line = NULL;
	struct qset queues = { 0 };

	VFIOAP_MASK_FOREACH(a, &grid->matrix.adapters)
		VFIOAP_MASK_FOREACH(d, &grid->matrix.domains)
			if (grid->state[a][d] == GRID_FILTERED &&
			    strcmp(grid->reason[a][d], "reset-failed") != 0)
				qset_add(&queues, a, d);
	if (qset_is_empty(&queues))
		return;
	text = qset_format(&queues);
	line = text ? finding_text("  %s: kept out with the adapter", text) : NULL;
	if (!line)
		out_no_memory();
	out_wrapped(app, 0, 4, line);
}

void show_guest_text(struct app *app, const struct grid *grid)
{
	char list[VFIOAP_LIST_SIZE];

	grid_heading(app, grid);
	if (!matrix_count(&grid->matrix)) {
		grid_empty(app, grid);
		return;
	}
	table_print(app, grid);
	grid_reasons(app, grid);
	kept_out_print(app, grid);
	if (!vfioap_mask_is_empty(&grid->guest.controls))
		out_printf(app, "  control domains: %s\n",
			   vfioap_list_format(&grid->guest.controls, list));
	if (grid->device->mdev && grid->predicted)
		out_printf(app, "  worked out: the kernel does not tell\n");
}
