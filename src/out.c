// SPDX-License-Identifier: MIT
/*
 * Everything that is written to stdout: text, and tables by libsmartcols.  JSON is put
 * together in out_json.c and printed from there by out_printf().
 */
#include "out.h"

#include <errno.h>
#include <langinfo.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include "str.h"

/* ---- stdout ------------------------------------------------------------------------- */

static void stdout_write(struct app *app, const char *text, size_t len)
{
	if (app->out_errno || !len)
		return;
	errno = 0;
	if (fwrite(text, 1, len, stdout) != len)
		app->out_errno = errno ? errno : EIO;
}

/* Nothing sensible is left to do: what was asked for cannot be said. */
void out_no_memory(void)
{
	fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
	exit(STATUS_FAILED);
}

char *out_text(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		out_no_memory();
	return text;
}

void out_printf(struct app *app, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = out_text(fmt, ap);
	va_end(ap);
	stdout_write(app, text, strlen(text));
}

void out_wrapped(struct app *app, size_t at, unsigned indent, const char *text)
{
	const size_t width = out_width();
	size_t blank = 0;

	while (*text) {
		size_t len = strcspn(text, " ,");

		len += text[len] == ',';
		if (at + blank + len > width && at > indent) {
			out_printf(app, "\n%*s", (int)indent, "");
			at = indent;
			blank = 0;
		}
		out_printf(app, "%*s%.*s", (int)blank, "", (int)len, text);
		at += blank + len;
		text += len;
		blank = *text == ' ';
		text += blank;
	}
	out_printf(app, "\n");
}

int out_flush(struct app *app)
{
	if (fflush(stdout) != 0 && !app->out_errno)
		app->out_errno = errno;
	return -app->out_errno;
}

bool out_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

unsigned out_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = { 0 };
	unsigned width;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	if (columns && str_uint(columns, 10000, &width) == 0 && width)
		return width;
	return 80;
}

bool out_has_color(const struct app *app)
{
	const char *no_color = getenv("NO_COLOR");

	if (app->color == COLOR_AUTO)
		return out_is_terminal() && !(no_color && *no_color);
	return app->color == COLOR_ALWAYS;
}

const char *out_color(const struct app *app, enum out_color color)
{
	static const char *const escapes[] = {
		[OUT_PLAIN] = "\033[0m",    [OUT_BOLD] = "\033[1m",    [OUT_RED] = "\033[31m",
		[OUT_GREEN] = "\033[32m",   [OUT_YELLOW] = "\033[33m", [OUT_BLUE] = "\033[34m",
		[OUT_MAGENTA] = "\033[35m", [OUT_CYAN] = "\033[36m",
	};

	return out_has_color(app) ? escapes[color] : "";
}

bool out_has_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- cells ---------------------------------------------------------------------------- */

static void cell_done(struct out_cell *cell)
{
	free(cell->text);
	json_object_put(cell->json);
	*cell = (struct out_cell){ 0 };
}

static void cell_set(struct out_cell *cell, const char *text, struct json_object *json)
{
	cell_done(cell);
	if (text) {
		cell->text = strdup(text);
		if (!cell->text)
			out_no_memory();
		str_printable(cell->text);
	}
	cell->json = json;
}

void out_cell_text(struct out_cell *cell, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0) {
		text = NULL;
		out_no_memory();
	}
	cell_set(cell, text, out_json_text(text));
}

void out_cell_uint(struct out_cell *cell, unsigned long long value)
{
	out_cell_text(cell, "%llu", value);
	out_cell_json(cell, out_json_int((long long)value));
}

void out_cell_bool(struct out_cell *cell, bool value)
{
	cell_set(cell, value ? "yes" : "no", out_json_bool(value));
}

void out_cell_ids(struct out_cell *cell, const struct vfioap_mask *ids)
{
	char list[VFIOAP_LIST_SIZE];

	cell_set(cell, vfioap_mask_is_empty(ids) ? NULL : vfioap_list_format(ids, list),
		 out_json_ids(ids));
}

void out_cell_word(struct out_cell *cell, const char *text, const char *json)
{
	cell_set(cell, text, out_json_text(json));
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

static struct out_cell cell_fill(const struct out_view *view, const struct out_column *column,
				 size_t row)
{
	struct out_cell cell = { 0 };

	column->fill(&cell, view->view, (const char *)view->rows + row * view->row_size);
	return cell;
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
	scols_unref_table(*tb);
}

/*
 * Lists are broken on terminals only, where the table is too wide: what the other columns
 * leave is shared among those that may be broken and are wider than their share.
 */
struct widths {
	size_t width[64];
	bool wraps[64];
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
	char *text = limit && cell->text ? list_wrap(cell->text, limit)
					 : strdup(cell->text ? cell->text : "-");

	if (!text || scols_line_refer_data(line, i, text) != 0)
		out_no_memory();
	if (cell->color)
		scols_cell_set_color(scols_line_get_cell(line, i), cell->color);
}

static struct libscols_table *table_new(const struct app *app, const struct out_view *view,
					const struct widths *widths)
{
	struct libscols_table *tb = scols_new_table();

	if (!tb)
		out_no_memory();
	scols_table_enable_raw(tb, app->raw);
	scols_table_enable_noheadings(tb, app->no_headings);
	scols_table_enable_colors(tb, out_has_color(app));
	/* Widths are our business: libsmartcols shall cut and squeeze nothing. */
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_NEVER);
	for (size_t i = 0; i < view->n_picks; i++) {
		const struct out_column *column = &view->column[view->pick[i]];
		const bool wraps = widths->limit && widths->wraps[i];
		struct libscols_column *c =
			scols_table_new_column(tb, column->title, 0,
					       (column->flags & OUT_RIGHT ? SCOLS_FL_RIGHT : 0) |
						       (wraps ? SCOLS_FL_WRAP : 0));

		if (!c)
			out_no_memory();
		if (wraps)
			scols_column_set_wrapfunc(c, scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
						  NULL);
		scols_column_set_safechars(c, wraps ? "\n" : NULL);
	}
	return tb;
}

static void cells_measure(const struct app *app, const struct out_view *view,
			  const struct out_cell *cells, struct widths *widths)
{
	for (size_t i = 0; i < view->n_picks; i++) {
		const struct out_column *column = &view->column[view->pick[i]];

		widths->wraps[i] = column->flags & OUT_WRAP;
		widths->width[i] = strlen(column->title);
		for (size_t row = 0; row < view->n_rows; row++) {
			const char *text = cells[row * view->n_picks + i].text;

			if (text && strlen(text) > widths->width[i])
				widths->width[i] = strlen(text);
		}
	}
	if (out_is_terminal() && !app->raw)
		widths_limit(widths, view->n_picks, out_width());
}

/* libsmartcols pads the last cell of a line; nobody wants those blanks. */
static void lines_print(struct app *app, char *text)
{
	while (text && *text) {
		char *end = strchrnul(text, '\n');
		size_t len = (size_t)(end - text);

		while (len && text[len - 1] == ' ')
			len--;
		stdout_write(app, text, len);
		stdout_write(app, "\n", 1);
		text = *end ? end + 1 : end;
	}
}

void out_view_table(struct app *app, const struct out_view *view)
{
	const size_t n_cells = view->n_rows * view->n_picks;
	_cleanup_(table_done) struct libscols_table *tb = NULL;
	_cleanup_free_ struct out_cell *cells = calloc(n_cells ? n_cells : 1, sizeof(*cells));
	_cleanup_free_ char *text = NULL;
	struct widths widths = { 0 };

	if (!cells)
		out_no_memory();
	for (size_t n = 0; n < n_cells; n++)
		cells[n] = cell_fill(view, &view->column[view->pick[n % view->n_picks]],
				     n / view->n_picks);
	cells_measure(app, view, cells, &widths);

	tb = table_new(app, view, &widths);
	for (size_t row = 0; row < view->n_rows; row++) {
		struct libscols_line *line = scols_table_new_line(tb, NULL);

		if (!line)
			out_no_memory();
		for (size_t i = 0; i < view->n_picks; i++)
			line_add_cell(line, i, &cells[row * view->n_picks + i],
				      widths.wraps[i] ? widths.limit : 0);
	}
	for (size_t n = 0; n < n_cells; n++)
		cell_done(&cells[n]);
	if (scols_print_table_to_string(tb, &text) != 0)
		out_no_memory();
	lines_print(app, text);
}

struct json_object *out_row_json(const struct out_column *column, size_t n_columns,
				 const void *view, const void *row)
{
	struct json_object *object = out_json_object();

	for (size_t i = 0; i < n_columns; i++) {
		struct out_cell cell = { 0 };

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
