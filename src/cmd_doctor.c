// SPDX-License-Identifier: MIT
/*
 * vfioap doctor: reads what there is, has it judged item by item, and prints that.
 */
#include "cmd_doctor.h"

#include "commands.h"
#include "out.h"
#include "str.h"

/* Where the text of an item begins. */
#define NAME_WIDTH 16
#define TEXT_AT	   (6 + NAME_WIDTH + 1)

static void item_print(struct app *app, struct doctor_item *item)
{
	static const enum out_color colors[] = {
		[DOCTOR_OK] = OUT_GREEN,
		[DOCTOR_WARN] = OUT_YELLOW,
		[DOCTOR_FAIL] = OUT_RED,
	};

	out_printf(app, "%s%-4s%s  %-*s ", out_color(app, colors[item->state]),
		   doctor_state_name(item->state), out_color(app, OUT_PLAIN), NAME_WIDTH,
		   item->name);
	out_wrapped(app, TEXT_AT, TEXT_AT, str_printable(item->message));
	if (!*item->hint)
		return;
	out_printf(app, "%*shint: ", TEXT_AT, "");
	out_wrapped(app, TEXT_AT + 6, TEXT_AT, str_printable(item->hint));
}

static void report_json(struct app *app, const struct doctor_report *report)
{
	struct json_object *object = out_json_new(), *items = out_json_array();

	for (size_t i = 0; i < report->n; i++) {
		const struct doctor_item *item = &report->item[i];
		struct json_object *entry = out_json_object();

		out_json_add_text(entry, "item", item->name);
		out_json_add_text(entry, "state", doctor_state_name(item->state));
		out_json_add_text(entry, "message", item->message);
		out_json_add_text(entry, "hint", *item->hint ? item->hint : NULL);
		out_json_append(items, entry);
	}
	out_json_add(object, "items", items);
	out_json_print(app, object);
}

static int doctor_run(struct app *app, unsigned flags)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	_cleanup_(doctor_facts_done) struct doctor_facts facts = { 0 };
	_cleanup_free_ struct doctor_report *report = calloc(1, sizeof(*report));
	int rc;

	if (!report)
		return err_oom(&app->err);
	rc = snapshot_read(app->root,
			   SNAPSHOT_BUS | SNAPSHOT_CAPS | SNAPSHOT_DEVICES | SNAPSHOT_DEFINITIONS |
				   SNAPSHOT_RULES,
			   &now, &app->err);
	if (rc == 0)
		rc = doctor_facts_read(app, now, flags, &facts);
	if (rc < 0)
		return rc;
	doctor_look(now, &facts, flags, report);
	if (app->json)
		report_json(app, report);
	for (size_t i = 0; !app->json && i < report->n; i++)
		item_print(app, &report->item[i]);
	return report->n_failed ? STATUS_FAILED : 0;
}

int cmd_doctor(struct app *app, int argc, const char **argv)
{
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_FLAG('A', "active", &app->active, "Only the running system"),
		CMD_FLAG('P', "persistent", &app->persistent, "Only the next boot"),
		CMD_COMMON_OPTIONS(app), POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	unsigned flags;
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (!rc)
		rc = cmd_args_check(app, &args, 0, 0);
	if (rc)
		return rc;
	flags = (app->active ? DOCTOR_ACTIVE : 0) | (app->persistent ? DOCTOR_PERSISTENT : 0);
	return doctor_run(app, flags ? flags : DOCTOR_ACTIVE | DOCTOR_PERSISTENT);
}
