// SPDX-License-Identifier: MIT
/*
 * vfioap list: lsvfioap by its long options; letters mean here what they mean in all
 * vfioap commands.
 */
#include "commands.h"

#include "list.h"

int cmd_list(struct app *app, int argc, const char **argv)
{
	_cleanup_(list_options_done) struct list_options list = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_FLAG(0, "devices", &list.devices, "A line a device (the default)"),
		CMD_FLAG(0, "queues", &list.queues, "A line a card and a queue"),
		CMD_FLAG(0, "map", &list.map, "The queues as a map: a line an adapter"),
		CMD_TEXT(0, "output", &list.columns, "COLUMNS", "These columns; +COLUMN: one more"),
		CMD_FLAG(0, "list-columns", &list.list_columns, "Print the columns there are"),
		CMD_FLAG(0, "raw", &app->raw, "One blank between cells, no padding"),
		CMD_FLAG(0, "noheadings", &app->no_headings, "No line of headings"),
		CMD_TEXT(0, "mode", &list.mode, "MODE", "Only cards of mode cca, ep11 or accel"),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options, .clashes = list_clashes };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	return list_run(app, &list, &args);
}
