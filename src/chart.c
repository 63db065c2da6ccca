// SPDX-License-Identifier: MIT
/*
 * The layout of a chart.  Few domains stand in columns with their numbers, as they are
 * typed, on top; many are packed, a character each, with their two hex digits one above the
 * other.  Neighbouring adapters with equal rows are joined into one.
 */
#include "chart.h"

#include <string.h>

/* Joining two rows saves nothing and hides an adapter. */
#define JOIN_LEAST 3

/* Packed domains stand in groups of this many. */
#define GROUP 8

/* Type of a card: columns that are there for it even when nothing is known. */
#define LABEL_LEAST 5

/** struct page - how the chart is laid out */
struct page {
	struct app *app;
	const struct chart *chart;
	bool packed, utf8;
	unsigned left;	   /* width of what stands left of the cells */
	unsigned adapters; /* width of the adapters in it */
	unsigned label;	   /* width of the labels in it */
	unsigned domain[VFIOAP_IDS];
	unsigned n_domains, per_line;
};

static bool rows_equal(const struct chart *chart, unsigned a, unsigned b)
{
	return memcmp(chart->cell[a], chart->cell[b], sizeof(chart->cell[a])) == 0 &&
	       strcmp(chart->label[a], chart->label[b]) == 0;
}

/* The last adapter of the run of equal rows that starts at @apid. */
static unsigned run_end(const struct chart *chart, unsigned apid)
{
	unsigned last = apid;

	while (last + 1 < VFIOAP_IDS && vfioap_mask_has(&chart->adapters, last + 1) &&
	       rows_equal(chart, apid, last + 1))
		last++;
	return last - apid + 1 >= JOIN_LEAST ? last : apid;
}

static char *run_format(unsigned first, unsigned last, char buf[VFIOAP_LIST_SIZE])
{
	const struct vfioap_mask run = vfioap_mask_range(first, last);

	return vfioap_list_format(&run, buf);
}

static void page_measure(struct page *page)
{
	const struct chart *chart = page->chart;
	char text[VFIOAP_LIST_SIZE];

	page->label = LABEL_LEAST;
	for (unsigned a = vfioap_mask_next(&chart->adapters, 0); a < VFIOAP_IDS;) {
		unsigned last = run_end(chart, a);
		unsigned len = (unsigned)strlen(run_format(a, last, text));
		unsigned label = (unsigned)strlen(chart->label[a]);

		page->adapters = len > page->adapters ? len : page->adapters;
		page->label = label > page->label ? label : page->label;
		a = vfioap_mask_next(&chart->adapters, last + 1);
	}
	page->left = 2 + page->adapters + 1 + page->label;
}

static void page_init(struct page *page, struct app *app, const struct chart *chart)
{
	const unsigned width = out_width();
	unsigned room;

	*page = (struct page){ .app = app, .chart = chart, .utf8 = out_has_utf8() };
	page_measure(page);
	VFIOAP_MASK_FOREACH(d, &chart->domains)
		page->domain[page->n_domains++] = d;

	room = width > page->left + 2 * GROUP ? width - page->left : 2 * GROUP;
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
		out_printf(page->app, "  %-*s", (int)page->left - 2, shift ? "" : "domain");
		for (unsigned i = from; i < to; i++) {
			const unsigned domain = page->domain[i];

			if (page->packed) {
				packed_gap(page, i - from);
				out_printf(page->app, "%x", domain >> shift & 0xf);
			} else {
				out_printf(page->app, "%6s", run_format(domain, domain, text));
			}
		}
		out_printf(page->app, "\n");
		if (!shift)
			break;
	}
}

static const char *glyph_text(const struct chart_glyph *glyph, bool utf8)
{
	return utf8 ? glyph->utf8 : glyph->ascii;
}

/* Cells of one adapter; colours are switched where the glyph changes. */
static void cells_print(const struct page *page, unsigned apid, unsigned from, unsigned to)
{
	const struct chart_glyph *last = NULL;

	for (unsigned i = from; i < to; i++) {
		const unsigned cell = page->chart->cell[apid][page->domain[i]];
		const struct chart_glyph *glyph = &page->chart->glyph[cell];

		if (page->packed)
			packed_gap(page, i - from);
		out_printf(page->app, "%s%s%s", page->packed ? "" : "     ",
			   glyph == last ? "" : out_color(page->app, glyph->color),
			   glyph_text(glyph, page->utf8));
		last = glyph;
	}
	out_printf(page->app, "%s\n", out_color(page->app, OUT_PLAIN));
}

static void block_print(const struct page *page, unsigned from, unsigned to)
{
	const struct chart *chart = page->chart;
	char text[VFIOAP_LIST_SIZE];

	if (!page->app->no_headings)
		heads_print(page, from, to);
	for (unsigned a = vfioap_mask_next(&chart->adapters, 0); a < VFIOAP_IDS;) {
		unsigned last = run_end(chart, a);

		out_printf(page->app, "  %*s %-*s", (int)page->adapters, run_format(a, last, text),
			   (int)page->label, chart->label[a]);
		cells_print(page, a, from, to);
		a = vfioap_mask_next(&chart->adapters, last + 1);
	}
}

void chart_print(struct app *app, const struct chart *chart)
{
	struct page page;

	page_init(&page, app, chart);
	for (unsigned from = 0; from < page.n_domains; from += page.per_line) {
		unsigned to = from + page.per_line;

		if (from)
			out_printf(app, "\n");
		block_print(&page, from, to < page.n_domains ? to : page.n_domains);
	}
}

void chart_glyph_print(struct app *app, const struct chart_glyph *glyph, const char *text)
{
	out_printf(app, "%s%s%s %s", out_color(app, glyph->color),
		   glyph_text(glyph, out_has_utf8()), out_color(app, OUT_PLAIN), text);
}

void chart_legend(struct app *app, const struct chart_glyph *glyph, unsigned n, unsigned seen)
{
	const char *gap = "";

	for (unsigned i = 0; i < n; i++) {
		if (!(seen >> i & 1))
			continue;
		out_printf(app, "%s", gap);
		chart_glyph_print(app, &glyph[i], glyph[i].legend);
		gap = "   ";
	}
	if (seen)
		out_printf(app, "\n");
}
