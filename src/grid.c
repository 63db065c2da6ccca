// SPDX-License-Identifier: MIT
/*
 * The grid of `vfioap show matrix`.  Few domains stand in columns with their numbers, as
 * they are typed, on top; many are packed, a character each, with their two hex digits one
 * above the other.  Neighbouring adapters with equal rows are joined into one.
 */
#include "grid.h"

#include <errno.h>
#include <string.h>

#include "findings.h"

/* Joining two rows saves nothing and hides an adapter. */
#define JOIN_LEAST 3

/* Packed domains stand in groups of this many. */
#define GROUP 8

static const struct {
	const char *name;	  /* in JSON */
	const char *utf8, *ascii; /* one column wide */
	const char *legend;
	enum out_color color;
} states[] = {
	[GRID_IN_GUEST] = { .name = "in-guest",
			    .utf8 = "●",
			    .ascii = "#",
			    .legend = "in the guest",
			    .color = OUT_GREEN },
	[GRID_FILTERED] = { .name = "filtered",
			    .utf8 = "○",
			    .ascii = "o",
			    .legend = "filtered",
			    .color = OUT_YELLOW },
	[GRID_CULPRIT] = { .name = "filtered",
			   .utf8 = "!",
			   .ascii = "!",
			   .legend = "keeps its adapter out",
			   .color = OUT_RED },
	[GRID_ABSENT] = { .name = "absent",
			  .utf8 = "·",
			  .ascii = ".",
			  .legend = "absent",
			  .color = OUT_RED },
	[GRID_NOT_USABLE] = { .name = "not-usable",
			      .utf8 = "×",
			      .ascii = "x",
			      .legend = "not usable",
			      .color = OUT_RED },
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
	const char *own = view_queue_reason(&grid->now->bus, apid, apqi);
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
	struct view_filtered filtered[VIEW_REASONS];
	size_t n = view_filtered(grid->now, &grid->matrix, &grid->guest, apid, filtered);
	int rc;

	rc = apbus_card_read(root, apid, &grid->card[apid], err);
	if (rc < 0 && rc != -ENOENT && rc != -ENODEV)
		return rc;
	VFIOAP_MASK_FOREACH(apqi, &grid->matrix.domains)
		cell_set(grid, view_adapter_reason(filtered, n), apid, apqi);
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

/** struct page - how the grid is laid out */
struct page {
	struct app *app;
	const struct grid *grid;
	bool packed, utf8;
	unsigned label;	   /* width of what stands left of the cells */
	unsigned adapters; /* width of the adapters in it */
	unsigned domain[VFIOAP_IDS];
	unsigned n_domains, per_line;
};

static bool rows_equal(const struct grid *grid, unsigned a, unsigned b)
{
	return memcmp(grid->state[a], grid->state[b], sizeof(grid->state[a])) == 0 &&
	       strcmp(grid->card[a].type, grid->card[b].type) == 0;
}

/* The last adapter of the run of equal rows that starts at @apid. */
static unsigned run_end(const struct grid *grid, unsigned apid)
{
	unsigned last = apid;

	while (last + 1 < VFIOAP_IDS && vfioap_mask_has(&grid->matrix.adapters, last + 1) &&
	       rows_equal(grid, apid, last + 1))
		last++;
	return last - apid + 1 >= JOIN_LEAST ? last : apid;
}

static char *run_format(unsigned first, unsigned last, char buf[VFIOAP_LIST_SIZE])
{
	const struct vfioap_mask run = vfioap_mask_range(first, last);

	return vfioap_list_format(&run, buf);
}

static unsigned id_format(unsigned id, char buf[VFIOAP_LIST_SIZE])
{
	return (unsigned)strlen(run_format(id, id, buf));
}

static void page_init(struct page *page, struct app *app, const struct grid *grid)
{
	const unsigned width = out_width();
	char text[VFIOAP_LIST_SIZE];
	unsigned room;

	*page = (struct page){
		.app = app,
		.grid = grid,
		.utf8 = out_has_utf8(),
	};
	for (unsigned a = vfioap_mask_next(&grid->matrix.adapters, 0); a < VFIOAP_IDS;) {
		unsigned last = run_end(grid, a);
		unsigned len = (unsigned)strlen(run_format(a, last, text));

		page->adapters = len > page->adapters ? len : page->adapters;
		a = vfioap_mask_next(&grid->matrix.adapters, last + 1);
	}
	VFIOAP_MASK_FOREACH(d, &grid->matrix.domains)
		page->domain[page->n_domains++] = d;

	page->label = 2 + page->adapters + 1 + 5;
	room = width > page->label + 2 * GROUP ? width - page->label : 2 * GROUP;
	page->per_line = room / 6;
	if (page->n_domains > page->per_line) {
		page->packed = true;
		page->per_line = (room - 1) / (GROUP + 1) * GROUP;
		/* Two groups are 16 domains: lines start at the same digit when none lacks. */
		if (page->per_line > 2 * GROUP)
			page->per_line -= page->per_line % (2 * GROUP);
	}
}

static void packed_gap(const struct page *page, unsigned i)
{
	if (i % GROUP == 0)
		out_printf(page->app, " ");
}

/* The numbers on top: "4  0xab", or packed digit above digit. */
static void heads_print(const struct page *page, unsigned from, unsigned to)
{
	char text[VFIOAP_LIST_SIZE];

	for (unsigned shift = page->packed ? 4 : 0;; shift -= 4) {
		out_printf(page->app, "  %-*s", (int)page->label - 2, shift ? "" : "domain");
		for (unsigned i = from; i < to; i++) {
			if (page->packed) {
				packed_gap(page, i - from);
				out_printf(page->app, "%x", page->domain[i] >> shift & 0xf);
			} else {
				id_format(page->domain[i], text);
				out_printf(page->app, "%6s", text);
			}
		}
		out_printf(page->app, "\n");
		if (!shift)
			break;
	}
}

/* Cells of one adapter; colours are switched where the state changes. */
static void cells_print(const struct page *page, unsigned apid, unsigned from, unsigned to)
{
	unsigned last = GRID_STATES;

	for (unsigned i = from; i < to; i++) {
		const unsigned state = page->grid->state[apid][page->domain[i]];

		if (page->packed)
			packed_gap(page, i - from);
		out_printf(page->app, "%s%s%s", page->packed ? "" : "     ",
			   state == last ? "" : out_color(page->app, states[state].color),
			   page->utf8 ? states[state].utf8 : states[state].ascii);
		last = state;
	}
	out_printf(page->app, "%s\n", out_color(page->app, OUT_PLAIN));
}

static void block_print(const struct page *page, unsigned from, unsigned to)
{
	const struct grid *grid = page->grid;
	char text[VFIOAP_LIST_SIZE];

	heads_print(page, from, to);
	for (unsigned a = vfioap_mask_next(&grid->matrix.adapters, 0); a < VFIOAP_IDS;) {
		unsigned last = run_end(grid, a);

		out_printf(page->app, "  %*s %-5s", (int)page->adapters, run_format(a, last, text),
			   grid->card[a].type);
		cells_print(page, a, from, to);
		a = vfioap_mask_next(&grid->matrix.adapters, last + 1);
	}
}

void grid_heading(struct app *app, const struct grid *grid)
{
	const struct device *device = grid->device;
	const char *start = view_device_start(device);
	char guest[128];
	bool used = view_guest_text(grid->now, device, guest, sizeof(guest));

	out_printf(app, "%s%s%s  %s", out_color(app, OUT_BOLD), device->uuid,
		   out_color(app, OUT_PLAIN), view_device_state(device));
	if (device->mdev && !start)
		out_printf(app, ", not defined");
	if (start)
		out_printf(app, ", start %s", start);
	if (device->mdev)
		out_printf(app, ", %s%s", used ? "guest " : "no guest", used ? guest : "");
	out_printf(app, "\n");
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
	struct page page;

	grid_heading(app, grid);
	if (!matrix_count(&grid->matrix)) {
		grid_empty(app, grid);
		return;
	}
	page_init(&page, app, grid);
	for (unsigned from = 0; from < page.n_domains; from += page.per_line) {
		unsigned to = from + page.per_line;

		if (from)
			out_printf(app, "\n");
		block_print(&page, from, to < page.n_domains ? to : page.n_domains);
	}
	VFIOAP_MASK_FOREACH(a, &grid->matrix.adapters)
		VFIOAP_MASK_FOREACH(d, &grid->matrix.domains)
			*seen |= 1U << grid->state[a][d];
	grid_reasons(app, grid);
}

void grid_legend(struct app *app, unsigned seen)
{
	const bool utf8 = out_has_utf8();
	const char *gap = "";

	for (unsigned i = 0; i < GRID_STATES; i++) {
		if (!(seen >> i & 1))
			continue;
		out_printf(app, "%s%s%s%s %s", gap, out_color(app, states[i].color),
			   utf8 ? states[i].utf8 : states[i].ascii, out_color(app, OUT_PLAIN),
			   states[i].legend);
		gap = "   ";
	}
	if (seen)
		out_printf(app, "\n");
}

struct json_object *grid_json(const struct grid *grid)
{
	struct json_object *array = out_json_array();

	VFIOAP_MASK_FOREACH(a, &grid->matrix.adapters) {
		VFIOAP_MASK_FOREACH(d, &grid->matrix.domains) {
			struct json_object *cell = out_json_object();
			char text[QUEUE_SIZE];

			out_json_add_text(cell, "queue", queue_format(a, d, text));
			out_json_add_text(cell, "state", states[grid->state[a][d]].name);
			out_json_add_text(cell, "reason", grid->reason[a][d]);
			out_json_append(array, cell);
		}
	}
	return array;
}
