// SPDX-License-Identifier: MIT
/*
 * lsvfioap: lists devices and queues, with the letters of lsblk and lszcrypt.  What is
 * listed is left to list.c.
 */
#include "list.h"

static int run(struct app *app, int argc, const char **argv)
{
	_cleanup_(list_options_done) struct list_options list = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_FLAG('d', "devices", &list.devices, "A line a device (the default)"),
		CMD_FLAG('q', "queues", &list.queues, "A line a card and a queue"),
		CMD_FLAG('m', "map", &list.map, "The queues as a map: a line an adapter"),
		CMD_TEXT('o', "output", &list.columns, "COLUMNS",
			 "These columns; +COLUMN: one more"),
		CMD_FLAG(0, "list-columns", &list.list_columns, "Print the columns there are"),
		CMD_FLAG('J', "json", &app->json, "Print JSON"),
		CMD_FLAG('r', "raw", &app->raw, "One blank between cells, no padding"),
		CMD_FLAG('n', "noheadings", &app->no_headings, "No line of headings"),
		CMD_TEXT(0, "mode", &list.mode, "MODE", "Only cards of mode cca, ep11 or accel"),
		CMD_END_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options, .clashes = list_clashes };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	return list_run(app, &list, &args);
}

static const struct command lsvfioap = {
	.name = "lsvfioap",
	.args = "[DEVICE|CARD|APQN|.DOMAIN]...",
	.summary = "List vfio_ap devices, or AP cards and queues",
	.flags = COMMAND_READS,
	.run = run,
};

int main(int argc, char **argv)
{
	const char **args = (const char **)argv;
	struct app app;
	int rc;

	rc = app_init(&app, "lsvfioap", argc, args);
	if (rc < 0)
		return STATUS_FAILED;
	app.command = &lsvfioap;
	return cmd_finish(&app, lsvfioap.run(&app, argc, args));
}
