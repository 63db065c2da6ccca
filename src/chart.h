/* SPDX-License-Identifier: MIT */
/*
 * Queues as a chart: adapters down, domains across, a glyph each.  What the glyphs mean is
 * left to who draws it: grid.c, the matrix of one device, and map.c, the whole host.
 */
#ifndef CHART_H
#define CHART_H

#include "out.h"

/** struct chart_glyph - what stands for a queue, one column wide; @legend: "host" */
struct chart_glyph {
	const char *utf8, *ascii, *legend;
	enum out_color color;
};

/**
 * struct chart - lends everything
 * @cell:  of each queue its place in @glyph; equal in all that is outside of @domains
 * @label: of each adapter what stands behind its number, "CEX8C"; of those in @adapters
 */
struct chart {
	struct vfioap_mask adapters, domains;
	const unsigned char (*cell)[VFIOAP_IDS];
	const char *label[VFIOAP_IDS];
	const struct chart_glyph *glyph;
};

/** chart_print() - at most out_width() columns; app->no_headings: without the domains on top */
void chart_print(struct app *app, const struct chart *chart);

/** chart_glyph_print() - one glyph in its colour, and a text behind it */
void chart_glyph_print(struct app *app, const struct chart_glyph *glyph, const char *text);

/** chart_legend() - a line about those of the first @n glyphs whose bit is set in @seen */
void chart_legend(struct app *app, const struct chart_glyph *glyph, unsigned n, unsigned seen);

#endif
