// SPDX-License-Identifier: MIT
/*
 * The grid of `vfioap show matrix`: what becomes of each queue, and why.  How it is laid out
 * is left to chart.c.
 */
#include "grid.h"

#include <errno.h>
#include <string.h>

#include "chart.h"
#include "findings.h"

/* In JSON. */
static const char *const names[] = {
	[GRID_IN_GUEST] = "in-guest", [GRID_FILTERED] = "filtered",	[GRID_CULPRIT] = "filtered",
	[GRID_ABSENT] = "absent",     [GRID_NOT_USABLE] = "not-usable",
};

static const struct chart_glyph glyphs[GRID_STATES] = {
	[GRID_IN_GUEST] = { .utf8 = "●",
			    .ascii = "#",
			    .legend = "in the guest",
			    .color = OUT_GREEN },
	[GRID_FILTERED] = { .utf8 = "○", .ascii = "o", .legend = "filtered", .color = OUT_YELLOW },
	[GRID_CULPRIT] = { .utf8 = "!",
			   .ascii = "!",
			   .legend = "keeps its adapter out",
			   .color = OUT_RED },
	[GRID_ABSENT] = { .utf8 = "·", .ascii = ".", .legend = "absent", .color = OUT_RED },
	[GRID_NOT_USABLE] = { .utf8 = "×", .ascii = "x", .legend = "not usable", .color = OUT_RED },
};

static const struct {
	const char *reason, *text;
} reasons[] = {
	{ .reason = "not-bound", .text = "not bound to vfio_ap" },
	{ .reason = "absent", .text = "no such queue" },
	{ .reason = "not-in-host-config", .text = "adapter not in the host's configuration" },
	{ .reason = "domain-not-in-host-config", .text = "domain not in the host's configuration" },
	{ .reason = "reset-failed",
	  .text = "filtered though bound: a reset failed, or not filtered anew since" },
	{ .reason = "no-qci", .text = "the machine does not tell its configuration" },
	{ .reason = "deconfigured", .text = "the card is deconfigured" },
	{ .reason = "checkstopped", .text = "the card is checkstopped" },
};

/* ---- states --------------------------------------------------------------------------- */

void grid_freep(struct grid **grid)
{
	free(*grid);
}

static const char *card_trouble(const struct apbus_info *card)
{
	switch (card->status) {
	case APBUS_STATUS_DECONFIGURED: return "deconfigured";
	case APBUS_STATUS_CHECKSTOPPED: return "checkstopped";
	default: return NULL;
	}
}

static void cell_set(struct grid *grid, const char *others, unsigned apid, unsigned apqi)
{
	const struct matrix *guest = &grid->guest;
	const char *own = guest_queue_reason(&grid->now->bus, apid, apqi);
	const char *trouble = card_trouble(&grid->card[apid]);
	enum grid_state state = GRID_IN_GUEST;

	if (!qset_has(&grid->now->bus.queues, apid, apqi)) {
		state = GRID_ABSENT;
	} else if (!vfioap_mask_has(&guest->adapters, apid) ||
		   !vfioap_mask_has(&guest->domains, apqi)) {
		state = own ? GRID_CULPRIT : GRID_FILTERED;
		own = own ? own : others;
	} else {
		state = trouble ? GRID_NOT_USABLE : GRID_IN_GUEST;
		own = trouble;
	}
	grid->state[apid][apqi] = (unsigned char)state;
	grid->reason[apid][apqi] = own;
}

static int adapter_set(struct grid *grid, int root, unsigned apid, struct err *err)
{
	struct guest_filtered filtered[GUEST_REASONS];
	size_t n = guest_filtered(&grid->now->bus, &grid->matrix, &grid->guest, apid, filtered);
	int rc;

	rc = apbus_card_read(root, apid, &grid->card[apid], err);
	if (rc < 0 && rc != -ENOENT && rc != -ENODEV)
		return rc;
	VFIOAP_MASK_FOREACH(apqi, &grid->matrix.domains)
		cell_set(grid, guest_adapter_reason(filtered, n), apid, apqi);
	return 0;
}

int grid_new(int root, const struct snapshot *now, const struct device *device, struct grid **ret,
	     struct err *err)
{
	_cleanup_(grid_freep) struct grid *grid = calloc(1, sizeof(*grid));
	const struct matrix *matrix = view_device_matrix(device);

	if (!grid)
		return err_oom(err);
	grid->now = now;
	grid->device = device;
	if (matrix && view_device_guest(now, device, &grid->guest, &grid->predicted))
		grid->matrix = *matrix;
	VFIOAP_MASK_FOREACH(apid, &grid->matrix.adapters) {
		int rc = adapter_set(grid, root, apid, err);

		if (rc < 0)
			return rc;
	}
	*ret = TAKE_PTR(grid);
	return 0;
}

/* ---- text ------------------------------------------------------------------------------- */

void grid_heading(struct app *app, const struct grid *grid)
{
	view_device_line(app, 0, grid->now, grid->device);
}

void grid_reasons(struct app *app, const struct grid *grid)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		_cleanup_free_ char *text = NULL, *line = NULL;
		struct qset queues = { 0 };

		VFIOAP_MASK_FOREACH(a, &grid->matrix.adapters)
			VFIOAP_MASK_FOREACH(d, &grid->matrix.domains)
				if (grid->reason[a][d] &&
				    strcmp(grid->reason[a][d], reasons[i].reason) == 0 &&
				    (grid->state[a][d] != GRID_FILTERED ||
				     strcmp(reasons[i].reason, "reset-failed") == 0))
					qset_add(&queues, a, d);
		if (qset_is_empty(&queues))
			continue;
		text = qset_format(&queues);
		line = text ? finding_text("  %s: %s", text, reasons[i].text) : NULL;
		if (!line)
			out_no_memory();
		out_wrapped(app, 0, 4, line);
	}
}

void grid_empty(struct app *app, const struct grid *grid)
{
	const struct matrix *matrix = view_device_matrix(grid->device);
	char adapters[VFIOAP_LIST_SIZE], domains[VFIOAP_LIST_SIZE];

	if (!matrix)
		out_printf(app, "  unknown queues\n");
	else if (!grid->now->bus.present)
		out_printf(app, "  no AP bus\n");
	else
		out_printf(app, "  no queues: adapters %s, domains %s\n",
			   vfioap_list_format(&matrix->adapters, adapters),
			   vfioap_list_format(&matrix->domains, domains));
}

void grid_print(struct app *app, const struct grid *grid, unsigned *seen)
{
	struct chart chart = {
		.adapters = grid->matrix.adapters,
		.domains = grid->matrix.domains,
		.cell = grid->state,
		.glyph = glyphs,
	};

	grid_heading(app, grid);
	if (!matrix_count(&grid->matrix)) {
		grid_empty(app, grid);
		return;
	}
	VFIOAP_MASK_FOREACH(a, &grid->matrix.adapters)
		chart.label[a] = grid->card[a].type;
	chart_print(app, &chart);
	VFIOAP_MASK_FOREACH(a, &grid->matrix.adapters)
		VFIOAP_MASK_FOREACH(d, &grid->matrix.domains)
			*seen |= 1U << grid->state[a][d];
	grid_reasons(app, grid);
}

void grid_legend(struct app *app, unsigned seen)
{
	chart_legend(app, glyphs, GRID_STATES, seen);
}

struct json_object *grid_json(const struct grid *grid)
{
	struct json_object *array = out_json_array();

	VFIOAP_MASK_FOREACH(a, &grid->matrix.adapters) {
		VFIOAP_MASK_FOREACH(d, &grid->matrix.domains) {
			struct json_object *cell = out_json_object();
			char text[QUEUE_SIZE];

			out_json_add_text(cell, "queue", queue_format(a, d, text));
			out_json_add_text(cell, "state", names[grid->state[a][d]]);
			out_json_add_text(cell, "reason", grid->reason[a][d]);
			out_json_append(array, cell);
		}
	}
	return array;
}
