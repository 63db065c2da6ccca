/* SPDX-License-Identifier: MIT */
/*
 * Results: rows and columns in, a table or JSON out.  out.c alone writes to stdout.
 *
 * One struct out_column per column gives title, JSON key and help, and one function fills
 * both, so that table and JSON cannot drift.  Without memory for a result, or libsmartcols
 * for a table, the program says so and exits with STATUS_FAILED: nothing here returns NULL
 * for that.
 */
#ifndef OUT_H
#define OUT_H

#include <json-c/json.h>
#include <stdarg.h>

#include "cmd.h"
#include "qset.h"

struct matrix;

/** out_text() - a heap string from @fmt; ends the program without memory */
char *out_text(const char *fmt, va_list ap) _printf_(1, 0);

/** out_no_memory() - say so and exit */
void out_no_memory(void) __attribute__((noreturn));

/* ---- plain text -------------------------------------------------------------------- */

/** out_printf() - write to stdout; an error is kept for cmd_finish() */
void out_printf(struct app *app, const char *fmt, ...) _printf_(2, 3);

/** out_write() - the same with @len bytes as they are */
void out_write(struct app *app, const char *text, size_t len);

/**
 * out_wrapped() - a text and a newline, broken behind blanks and commas where the line ends
 * @at:     columns that stand on the line already
 * @indent: of the lines that follow
 */
void out_wrapped(struct app *app, size_t at, unsigned indent, const char *text);

/** out_flush() - 0; -EPIPE when the reader went away; other errno */
int out_flush(struct app *app);

/** out_is_terminal() - stdout is one */
bool out_is_terminal(void);

/** out_width() - columns of the terminal, else COLUMNS, else 80 */
unsigned out_width(void);

/** out_has_color() - by --color, NO_COLOR, and whether stdout is a terminal */
bool out_has_color(const struct app *app);

enum out_color {
	OUT_PLAIN,
	OUT_BOLD,
	OUT_RED,
	OUT_GREEN,
	OUT_YELLOW,
	OUT_BLUE,
	OUT_MAGENTA,
	OUT_CYAN,
};

/** out_color() - the text that switches to @color, "" without colours; lends */
const char *out_color(const struct app *app, enum out_color color);

/** out_locale() - take the user's character set, for what is not ASCII: it costs ten files */
void out_locale(void);

/** out_has_utf8() - the locale's characters are UTF-8 */
bool out_has_utf8(void);

/* ---- tables ------------------------------------------------------------------------- */

/**
 * struct out_cell - what an out_fill_fn fills, by the functions below; empty: "-" and null
 * @wants_json: the value for JSON is wanted, not the text; the functions keep nothing else
 * @text:       in @small, @heap, or lent
 */
struct out_cell {
	bool wants_json, skip;
	const char *text, *color;
	struct json_object *json;
	char *heap, small[48];
};

/* The text as it is, and the JSON string of the same. */
void out_cell_text(struct out_cell *cell, const char *fmt, ...) _printf_(2, 3);
/* The same of a short text that is printable; it is copied. */
void out_cell_short(struct out_cell *cell, const char *text);
void out_cell_uint(struct out_cell *cell, unsigned long long value);
/* A number whose text is something else; negative: unknown. */
void out_cell_number(struct out_cell *cell, const char *text, long long value);
void out_cell_bool(struct out_cell *cell, bool value);
/* A list, "-" when it is empty; an array of integers. */
void out_cell_ids(struct out_cell *cell, const struct vfioap_mask *ids);
/*
 * Two words for one fact, "in use" and "in-use"; NULL: "-", null.  They are lent, printable,
 * and stay until the table is printed.
 */
void out_cell_word(struct out_cell *cell, const char *text, const char *json);
/* JSON alone; takes over @json. */
void out_cell_json(struct out_cell *cell, struct json_object *json);
/* No key at all in JSON, instead of null. */
void out_cell_skip(struct out_cell *cell);
/* A colour that libsmartcols knows; NULL: none. */
void out_cell_color(struct out_cell *cell, const char *color);

typedef void out_fill_fn(struct out_cell *cell, const void *view, const void *row);

enum out_column_flags {
	OUT_RIGHT = 1 << 0,
	OUT_WRAP = 1 << 1,  /* a list that a terminal may break behind a comma */
	OUT_EXTRA = 1 << 2, /* only when asked for by -o */
};

/**
 * struct out_column
 * @title: NULL: only in JSON
 * @key:   NULL: only in the table
 * @help:  for --list-columns
 * @needs: bits that mean something to the view: what has to be read for it
 */
struct out_column {
	const char *title, *key, *help;
	unsigned flags, needs;
	out_fill_fn *fill;
};

/** struct out_view - a table of columns, the columns picked from it, and the rows */
struct out_view {
	const struct out_column *column;
	size_t n_columns;
	unsigned pick[64]; /* indexes of the columns to show */
	size_t n_picks;
	const void *view; /* handed to out_fill_fn */
	const void *rows;
	size_t n_rows, row_size;
};

/**
 * out_view_pick() - choose columns
 * @text: "COL,COL": these; "+COL,COL": beside the usual ones; NULL: the usual ones
 * Return: 0; STATUS_USAGE for an unknown column.
 */
int out_view_pick(struct app *app, struct out_view *view, const char *text);

/** out_view_needs() - all bits that the picked columns, or every key of JSON, need */
unsigned out_view_needs(const struct app *app, const struct out_view *view);

/** out_view_help() - --list-columns */
void out_view_help(struct app *app, const struct out_view *view);

/** out_view_table() - print the picked columns; app->raw, app->no_headings, colour */
void out_view_table(struct app *app, const struct out_view *view);

/** out_row_json() - an object of one row, every column that has a key */
struct json_object *out_row_json(const struct out_column *column, size_t n_columns,
				 const void *view, const void *row);

/** out_view_json() - an array with an object a row, every column that has a key */
struct json_object *out_view_json(const struct out_view *view);

/* ---- JSON ---------------------------------------------------------------------------- */

/** A set of queues is cut at this many in JSON, with "truncated":true beside it. */
#define OUT_JSON_QUEUES 512

/** out_json_new() - {"format":1} */
struct json_object *out_json_new(void);

/** out_json_object(), out_json_array() - empty */
struct json_object *out_json_object(void);
struct json_object *out_json_array(void);

/** out_json_add() - takes over @value; NULL is null */
void out_json_add(struct json_object *object, const char *key, struct json_object *value);
/** out_json_append() - takes over @value */
void out_json_append(struct json_object *array, struct json_object *value);

struct json_object *out_json_int(long long value);
struct json_object *out_json_bool(bool value);

void out_json_add_text(struct json_object *object, const char *key, const char *text);

/** out_json_add_lines() - as out_json_add_text(), line ends stay */
void out_json_add_lines(struct json_object *object, const char *key, const char *text);
void out_json_add_bool(struct json_object *object, const char *key, bool value);
void out_json_add_int(struct json_object *object, const char *key, long long value);

/** out_json_text() - a string; NULL for NULL.  Bytes that are no UTF-8 become '?' */
struct json_object *out_json_text(const char *text);

/** out_json_ids() - sorted integers */
struct json_object *out_json_ids(const struct vfioap_mask *ids);

/** out_json_add_queues() - "queues", cut, "adapters" and "domains" if @with_ids, "count" */
void out_json_add_queues(struct json_object *object, const struct qset *queues, bool with_ids);

/** out_json_set() - SET: {"queues":[],"adapters":[],"domains":[],"count":0} */
struct json_object *out_json_set(const struct qset *queues);

/** out_json_matrix() - {"adapters":[],"domains":[],"control_domains":[]} */
struct json_object *out_json_matrix(const struct matrix *matrix);

/** out_json_print() - one line on stdout; releases @object */
void out_json_print(struct app *app, struct json_object *object);

/** out_json_print_pretty() - the same, for people: many lines */
void out_json_print_pretty(struct app *app, struct json_object *object);

#endif
