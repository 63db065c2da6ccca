// SPDX-License-Identifier: MIT
/*
 * Rows and columns: as tables, by libsmartcols, which the first of them loads, and as JSON.
 */
#include "out.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "dl.h"
#include "str.h"

/* JSON, long tables and all other output do without. */
#define SONAME "libsmartcols.so.1"

struct libsmartcols {
	DL_MEMBER(scols_cell_set_color);
	DL_MEMBER(scols_column_set_safechars);
	DL_MEMBER(scols_column_set_wrapfunc);
	DL_MEMBER(scols_line_get_cell);
	DL_MEMBER(scols_line_refer_data);
	DL_MEMBER(scols_new_table);
	DL_MEMBER(scols_print_table_to_string);
	DL_MEMBER(scols_table_enable_colors);
	DL_MEMBER(scols_table_enable_noheadings);
	DL_MEMBER(scols_table_enable_raw);
	DL_MEMBER(scols_table_new_column);
	DL_MEMBER(scols_table_new_line);
	DL_MEMBER(scols_table_set_termforce);
	DL_MEMBER(scols_unref_table);
	DL_MEMBER(scols_wrapnl_chunksize);
	DL_MEMBER(scols_wrapnl_nextchunk);
};

static struct libsmartcols smartcols;

/* Without it, as without memory, what was asked for cannot be said. */
static void smartcols_load(const struct app *app)
{
	static const struct dl_symbol symbols[] = {
		DL_SYMBOL(struct libsmartcols, scols_cell_set_color),
		DL_SYMBOL(struct libsmartcols, scols_column_set_safechars),
		DL_SYMBOL(struct libsmartcols, scols_column_set_wrapfunc),
		DL_SYMBOL(struct libsmartcols, scols_line_get_cell),
		DL_SYMBOL(struct libsmartcols, scols_line_refer_data),
		DL_SYMBOL(struct libsmartcols, scols_new_table),
		DL_SYMBOL(struct libsmartcols, scols_print_table_to_string),
		DL_SYMBOL(struct libsmartcols, scols_table_enable_colors),
		DL_SYMBOL(struct libsmartcols, scols_table_enable_noheadings),
		DL_SYMBOL(struct libsmartcols, scols_table_enable_raw),
		DL_SYMBOL(struct libsmartcols, scols_table_new_column),
		DL_SYMBOL(struct libsmartcols, scols_table_new_line),
		DL_SYMBOL(struct libsmartcols, scols_table_set_termforce),
		DL_SYMBOL(struct libsmartcols, scols_unref_table),
		DL_SYMBOL(struct libsmartcols, scols_wrapnl_chunksize),
		DL_SYMBOL(struct libsmartcols, scols_wrapnl_nextchunk),
		{ 0 },
	};
	struct err err = { 0 };

	if (smartcols.scols_new_table || dl_load(SONAME, symbols, &smartcols, &err) == 0)
		return;
	cmd_error(app, "%s", err.what);
	exit(STATUS_FAILED);
}

/* ---- cells ---------------------------------------------------------------------------- */

static void cell_done(struct out_cell *cell)
{
	/* Most are texts: half a million a listing of all queues. */
	if (cell->heap || cell->json) {
		free(cell->heap);
		json_object_put(cell->json);
	}
	*cell = (struct out_cell){ .wants_json = cell->wants_json };
}

static struct out_cell cell_fill(const struct out_view *view, const struct out_column *column,
				 size_t row, bool wants_json)
{
	struct out_cell cell = { .wants_json = wants_json };

	column->fill(&cell, view->view, (const char *)view->rows + row * view->row_size);
	return cell;
}

/* What @small holds moves with the cell. */
static const char *cell_text(const struct out_cell *cell)
{
	if (*cell->small)
		return cell->small;
	return cell->heap ? cell->heap : cell->text ? cell->text : "-";
}

void out_cell_text(struct out_cell *cell, const char *fmt, ...)
{
	va_list ap, again;
	int len;

	cell_done(cell);
	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(cell->small, sizeof(cell->small), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(cell->small)) {
		cell->heap = out_text(fmt, again);
		*cell->small = '\0';
	}
	va_end(again);
	if (cell->wants_json)
		cell->json = out_json_text(cell->heap ? cell->heap : cell->small);
	else
		str_printable(cell->heap ? cell->heap : cell->small);
}

/* A text of our own numbers: nothing in it can steer a terminal. */
static void cell_take(struct out_cell *cell, const char *text)
{
	const size_t len = strlen(text);

	cell_done(cell);
	if (len < sizeof(cell->small)) {
		memcpy(cell->small, text, len + 1);
		return;
	}
	*cell->small = '\0';
	cell->heap = strdup(text);
	if (!cell->heap)
		out_no_memory();
}

void out_cell_short(struct out_cell *cell, const char *text)
{
	if (cell->wants_json)
		out_cell_json(cell, out_json_text(text));
	else
		memccpy(cell->small, text, '\0', sizeof(cell->small) - 1);
}

void out_cell_uint(struct out_cell *cell, unsigned long long value)
{
	if (cell->wants_json)
		out_cell_json(cell, out_json_int((long long)value));
	else
		out_cell_text(cell, "%llu", value);
}

void out_cell_number(struct out_cell *cell, const char *text, long long value)
{
	if (value < 0)
		return;
	if (cell->wants_json)
		out_cell_json(cell, out_json_int(value));
	else
		cell_take(cell, text);
}

void out_cell_bool(struct out_cell *cell, bool value)
{
	if (cell->wants_json)
		out_cell_json(cell, out_json_bool(value));
	else
		cell->text = value ? "yes" : "no";
}

void out_cell_ids(struct out_cell *cell, const struct vfioap_mask *ids)
{
	char list[VFIOAP_LIST_SIZE];

	if (cell->wants_json)
		out_cell_json(cell, out_json_ids(ids));
	else if (!vfioap_mask_is_empty(ids))
		cell_take(cell, vfioap_list_format(ids, list));
}

void out_cell_word(struct out_cell *cell, const char *text, const char *json)
{
	if (cell->wants_json)
		out_cell_json(cell, out_json_text(json));
	else
		cell->text = text;
}

void out_cell_json(struct out_cell *cell, struct json_object *json)
{
	json_object_put(cell->json);
	cell->json = json;
}

void out_cell_skip(struct out_cell *cell)
{
	cell->skip = true;
}

void out_cell_color(struct out_cell *cell, const char *color)
{
	cell->color = color;
}

/* ---- choosing columns ------------------------------------------------------------------- */

static bool pick_add(struct app *app, struct out_view *view, const char *name, size_t len)
{
	for (size_t i = 0; i < view->n_columns; i++) {
		const char *title = view->column[i].title;

		if (!title || strlen(title) != len || strncasecmp(title, name, len) != 0)
			continue;
		if (view->n_picks < ARRAY_SIZE(view->pick))
			view->pick[view->n_picks++] = (unsigned)i;
		return true;
	}
	cmd_usage(app, "--output: unknown column '%.*s'", (int)(len < 64 ? len : 64), name);
	cmd_hint(app, "--list-columns names the columns");
	return false;
}

static void pick_usual(struct out_view *view)
{
	for (size_t i = 0; i < view->n_columns; i++)
		if (view->column[i].title && !(view->column[i].flags & OUT_EXTRA))
			view->pick[view->n_picks++] = (unsigned)i;
}

int out_view_pick(struct app *app, struct out_view *view, const char *text)
{
	const char *plus = text ? str_starts_with(text, "+") : NULL;

	view->n_picks = 0;
	if (!text || plus)
		pick_usual(view);
	if (plus)
		text = plus;
	while (text) {
		size_t len = strcspn(text, ",");

		if (!pick_add(app, view, text, len))
			return STATUS_USAGE;
		text = text[len] ? text + len + 1 : NULL;
	}
	return 0;
}

unsigned out_view_needs(const struct app *app, const struct out_view *view)
{
	unsigned needs = 0;

	if (app->json)
		for (size_t i = 0; i < view->n_columns; i++)
			needs |= view->column[i].key ? view->column[i].needs : 0;
	for (size_t i = 0; !app->json && i < view->n_picks; i++)
		needs |= view->column[view->pick[i]].needs;
	return needs;
}

void out_view_help(struct app *app, const struct out_view *view)
{
	for (size_t i = 0; i < view->n_columns; i++)
		if (view->column[i].title)
			out_printf(app, "%-12s %s\n", view->column[i].title, view->column[i].help);
}

/* ---- tables ------------------------------------------------------------------------------- */

static void table_done(struct libscols_table **tb)
{
	smartcols.scols_unref_table(*tb);
}

/*
 * Lists are broken on terminals only, where the table is too wide: what the other columns
 * leave is shared among those that may be broken and are wider than their share.
 */
struct widths {
	size_t width[64];
	bool wraps[64];
	bool ascii;   /* every text so far: it is as wide as it is long */
	size_t limit; /* of a cell that wraps; 0: none */
};

static void widths_limit(struct widths *w, size_t n, size_t room)
{
	const size_t least = 12;
	size_t fixed = n ? n - 1 : 0, n_wide = 0, wide = 0;

	for (size_t i = 0; i < n; i++) {
		if (w->wraps[i] && w->width[i] > least) {
			n_wide++;
			wide += w->width[i];
		} else {
			fixed += w->width[i];
		}
	}
	if (!n_wide || fixed + wide <= room)
		return;
	w->limit = room > fixed ? (room - fixed) / n_wide : 0;
	if (w->limit < least)
		w->limit = least;
}

/* "4,0x47,0xab-0xff" as lines of at most @limit characters, broken behind commas. */
static char *list_wrap(const char *list, size_t limit)
{
	size_t len = strlen(list), at = 0, n = 0;
	char *lines = malloc(2 * len + 1);

	if (!lines)
		out_no_memory();
	while (*list) {
		size_t item = strcspn(list, ",");

		item += list[item] == ',';
		if (at && at + item > limit) {
			lines[n++] = '\n';
			at = 0;
		}
		memcpy(lines + n, list, item);
		n += item;
		at += item;
		list += item;
	}
	lines[n] = '\0';
	return lines;
}

static void line_add_cell(struct libscols_line *line, size_t i, const struct out_cell *cell,
			  size_t limit)
{
	const char *whole = cell_text(cell);
	char *text = limit ? list_wrap(whole, limit) : strdup(whole);

	if (!text || smartcols.scols_line_refer_data(line, i, text) != 0)
		out_no_memory();
	if (cell->color)
		smartcols.scols_cell_set_color(smartcols.scols_line_get_cell(line, i), cell->color);
}

static struct libscols_table *table_new(const struct app *app, const struct out_view *view,
					const struct widths *widths)
{
	struct libscols_table *tb = smartcols.scols_new_table();

	if (!tb)
		out_no_memory();
	/* How wide is what?  ASCII is alike everywhere. */
	if (!widths->ascii)
		out_locale();
	smartcols.scols_table_enable_raw(tb, app->raw);
	smartcols.scols_table_enable_noheadings(tb, app->no_headings);
	smartcols.scols_table_enable_colors(tb, out_has_color(app));
	/* Widths are our business: libsmartcols shall cut and squeeze nothing. */
	smartcols.scols_table_set_termforce(tb, SCOLS_TERMFORCE_NEVER);
	for (size_t i = 0; i < view->n_picks; i++) {
		const struct out_column *column = &view->column[view->pick[i]];
		const bool wraps = widths->limit && widths->wraps[i];
		struct libscols_column *c = smartcols.scols_table_new_column(
			tb, column->title, 0,
			(column->flags & OUT_RIGHT ? SCOLS_FL_RIGHT : 0) |
				(wraps ? SCOLS_FL_WRAP : 0));

		if (!c)
			out_no_memory();
		if (wraps)
			smartcols.scols_column_set_wrapfunc(c, smartcols.scols_wrapnl_chunksize,
							    smartcols.scols_wrapnl_nextchunk, NULL);
		smartcols.scols_column_set_safechars(c, wraps ? "\n" : NULL);
	}
	return tb;
}

static void widths_add(struct widths *widths, size_t i, const char *text)
{
	const size_t len = strlen(text);

	if (len > widths->width[i])
		widths->width[i] = len;
	widths->ascii &= str_is_ascii(text, len);
}

static void widths_begin(const struct out_view *view, struct widths *widths)
{
	*widths = (struct widths){ .ascii = true };
	for (size_t i = 0; i < view->n_picks; i++) {
		const struct out_column *column = &view->column[view->pick[i]];

		widths->wraps[i] = column->flags & OUT_WRAP;
		widths_add(widths, i, column->title);
	}
}

/* libsmartcols pads the last cell of a line; nobody wants those blanks. */
static void lines_print(struct app *app, char *text)
{
	while (text && *text) {
		char *end = strchrnul(text, '\n');
		size_t len = (size_t)(end - text);

		while (len && text[len - 1] == ' ')
			len--;
		out_write(app, text, len);
		out_write(app, "\n", 1);
		text = *end ? end + 1 : end;
	}
}

/* The rows of @view by libsmartcols, all at once. */
static void table_print(struct app *app, const struct out_view *view)
{
	const size_t n_cells = view->n_rows * view->n_picks;
	_cleanup_(table_done) struct libscols_table *tb = NULL;
	_cleanup_free_ struct out_cell *cells = calloc(n_cells ? n_cells : 1, sizeof(*cells));
	_cleanup_free_ char *text = NULL;
	struct widths widths;

	if (!cells)
		out_no_memory();
	widths_begin(view, &widths);
	for (size_t n = 0; n < n_cells; n++) {
		cells[n] = cell_fill(view, &view->column[view->pick[n % view->n_picks]],
				     n / view->n_picks, false);
		widths_add(&widths, n % view->n_picks, cell_text(&cells[n]));
	}
	if (out_is_terminal() && !app->raw)
		widths_limit(&widths, view->n_picks, out_width());

	tb = table_new(app, view, &widths);
	for (size_t row = 0; row < view->n_rows; row++) {
		struct libscols_line *line = smartcols.scols_table_new_line(tb, NULL);

		if (!line)
			out_no_memory();
		for (size_t i = 0; i < view->n_picks; i++)
			line_add_cell(line, i, &cells[row * view->n_picks + i],
				      widths.wraps[i] ? widths.limit : 0);
	}
	for (size_t n = 0; n < n_cells; n++)
		cell_done(&cells[n]);
	if (smartcols.scols_print_table_to_string(tb, &text) != 0)
		out_no_memory();
	lines_print(app, text);
}

/* ---- long tables ---------------------------------------------------------------------------- */

/*
 * A listing of all queues has 65,536 lines, for which libsmartcols needs 30 MiB and more time than
 * reading the machine does; for a hundred devices it needs as long as reading them.  So into a file
 * or pipe, without colour, a long table is written line by line, as libsmartcols would: its cells
 * are worked out twice, first for their widths.
 */
#define LONG_ROWS 64

static char *mempset(char *p, int c, size_t n)
{
	return (char *)memset(p, c, n) + n;
}

static void line_put(struct app *app, const struct out_view *view, const struct widths *widths,
		     const char *const cell[], char *line)
{
	char *p = line;

	for (size_t i = 0; i < view->n_picks; i++) {
		const size_t len = strlen(cell[i]), pad = widths->width[i] - len;
		const bool right = view->column[view->pick[i]].flags & OUT_RIGHT;

		if (i)
			*p++ = ' ';
		if (right)
			p = mempset(p, ' ', pad);
		p = mempcpy(p, cell[i], len);
		if (!right)
			p = mempset(p, ' ', pad);
	}
	while (p > line && p[-1] == ' ')
		p--;
	*p++ = '\n';
	out_write(app, line, (size_t)(p - line));
}

/* false: there is a text whose width is not its length. */
static bool long_measure(const struct out_view *view, struct widths *widths)
{
	widths_begin(view, widths);
	for (size_t row = 0; row < view->n_rows; row++) {
		for (size_t i = 0; i < view->n_picks; i++) {
			struct out_cell cell =
				cell_fill(view, &view->column[view->pick[i]], row, false);

			widths_add(widths, i, cell_text(&cell));
			cell_done(&cell);
			if (!widths->ascii)
				return false;
		}
	}
	return true;
}

static void long_print(struct app *app, const struct out_view *view, const struct widths *widths)
{
	_cleanup_free_ struct out_cell *cells = calloc(view->n_picks + 1, sizeof(*cells));
	_cleanup_free_ char *line = NULL;
	const char *text[ARRAY_SIZE(view->pick)];
	size_t room = 2;

	for (size_t i = 0; i < view->n_picks; i++) {
		text[i] = view->column[view->pick[i]].title;
		room += widths->width[i] + 1;
	}
	line = malloc(room);
	if (!cells || !line)
		out_no_memory();
	if (!app->no_headings)
		line_put(app, view, widths, text, line);
	for (size_t row = 0; row < view->n_rows; row++) {
		for (size_t i = 0; i < view->n_picks; i++) {
			cells[i] = cell_fill(view, &view->column[view->pick[i]], row, false);
			text[i] = cell_text(&cells[i]);
		}
		line_put(app, view, widths, text, line);
		for (size_t i = 0; i < view->n_picks; i++)
			cell_done(&cells[i]);
	}
}

void out_view_table(struct app *app, const struct out_view *view)
{
	struct widths widths;

	if (view->n_rows > LONG_ROWS && !app->raw && !out_is_terminal() && !out_has_color(app) &&
	    long_measure(view, &widths)) {
		long_print(app, view, &widths);
		return;
	}
	smartcols_load(app);
	table_print(app, view);
}

struct json_object *out_row_json(const struct out_column *column, size_t n_columns,
				 const void *view, const void *row)
{
	struct json_object *object = out_json_object();

	for (size_t i = 0; i < n_columns; i++) {
		struct out_cell cell = { .wants_json = true };

		if (!column[i].key)
			continue;
		column[i].fill(&cell, view, row);
		if (!cell.skip)
			out_json_add(object, column[i].key, json_object_get(cell.json));
		cell_done(&cell);
	}
	return object;
}

struct json_object *out_view_json(const struct out_view *view)
{
	struct json_object *array = out_json_array();

	for (size_t row = 0; row < view->n_rows; row++)
		out_json_append(array,
				out_row_json(view->column, view->n_columns, view->view,
					     (const char *)view->rows + row * view->row_size));
	return array;
}
