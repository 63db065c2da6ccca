// SPDX-License-Identifier: MIT
/*
 * vfioap show: one thing in detail.  Which subjects there are is in the table below; each
 * has a cmd_show_*.c.
 */
#include "cmd_show.h"

#include <stdarg.h>
#include <string.h>

#include "commands.h"
#include "str.h"

/* Where the text of a fact begins. */
#define LABEL_WIDTH 16
#define TEXT_AT	    (2 + LABEL_WIDTH + 1)

void show_line(struct app *app, const char *label, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = out_text(fmt, ap);
	va_end(ap);
	out_printf(app, "  %-*s ", LABEL_WIDTH, label);
	out_wrapped(app, TEXT_AT, TEXT_AT, str_printable(text));
}

void show_heading(struct app *app, const char *text)
{
	out_printf(app, "%s%s%s\n", out_color(app, OUT_BOLD), text, out_color(app, OUT_PLAIN));
}

int show_nothing_more(struct app *app, const struct show_args *args)
{
	if (!args->uuid && !args->rest.n)
		return 0;
	return cmd_usage(app, "unexpected argument '%s'",
			 args->rest.n ? args->rest.v[0] : args->uuid);
}

static const struct {
	const char *name;
	int (*run)(struct app *app, const struct show_args *args);
} subjects[] = {
	{ .name = "matrix", .run = show_matrix }, { .name = "guest", .run = show_guest },
	{ .name = "device", .run = show_device }, { .name = "masks", .run = show_masks },
	{ .name = "host", .run = show_host },	  { .name = "queue", .run = show_queue },
};

int cmd_show(struct app *app, int argc, const char **argv)
{
	_cleanup_free_ char *uuid = NULL;
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = { CMD_TEXT('u', "uuid", &uuid, "DEVICE",
						       "Show this device"),
					      CMD_COMMON_OPTIONS(app), POPT_TABLEEND };
	const struct cmd_syntax syntax = { .options = options };
	struct show_args show;
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (!rc)
		rc = cmd_args_check(app, &args, 1, -1u);
	if (rc)
		return rc;
	show = (struct show_args){
		.uuid = uuid,
		.rest = { .v = args.v + 1, .n = args.n - 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		if (strcmp(args.v[0], subjects[i].name) == 0)
			return subjects[i].run(app, &show);
	cmd_usage(app, "'%s' is nothing to show", args.v[0]);
	cmd_hint(app, "one of matrix, guest, device, masks, host, queue");
	return STATUS_USAGE;
}
