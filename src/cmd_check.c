// SPDX-License-Identifier: MIT
/*
 * vfioap check: what is wrong with the machine, now and at the next boot.  What that is decides
 * audit.c; here the files are read that it needs beside a snapshot, and the findings printed.
 */
#include "commands.h"

#include <errno.h>
#include <string.h>

#include "audit.h"
#include "cmd_apply.h"
#include "nextboot.h"
#include "out.h"
#include "snapshot.h"
#include "zcrypt.h"

/** struct check_args - what was asked for */
struct check_args {
	char *uuid, *plan;
	struct cmd_texts rest;
	const char **text; /* DEVICE texts */
	size_t n_texts;
};

static void check_args_done(struct check_args *args)
{
	free(args->uuid);
	free(args->plan);
	cmd_texts_done(&args->rest);
	free(args->text);
}

/** struct check - one run; on the heap, 20 KiB */
struct check {
	struct app *app;
	unsigned flags; /* enum audit_flags */
	struct snapshot *now;
	const struct device **device; /* that are asked about */
	size_t n_devices;
	struct audit_facts facts;
	struct findings findings;
};

static void check_freep(struct check **check)
{
	struct check *c = *check;

	if (!c)
		return;
	snapshot_free(c->now);
	free(c->device);
	audit_facts_done(&c->facts);
	findings_done(&c->findings);
	free(c);
}

/* ---- facts beside the snapshot --------------------------------------------------------------- */

/* A card that vanishes meanwhile is none. */
static void cards_read(struct check *check)
{
	const struct vfioap_mask cards = audit_cards(check->now, check->flags);
	struct audit_facts *facts = &check->facts;

	VFIOAP_MASK_FOREACH(apid, &cards) {
		struct apbus_info card;

		if (apbus_card_state(check->app->root, apid, &card, NULL) < 0)
			continue;
		if (card.status == APBUS_STATUS_DECONFIGURED)
			vfioap_mask_set(&facts->deconfigured, apid);
		if (card.status == APBUS_STATUS_CHECKSTOPPED)
			vfioap_mask_set(&facts->checkstopped, apid);
		if (card.hwtype >= 0 && card.hwtype < AUDIT_HWTYPE_CEX4)
			vfioap_mask_set(&facts->old, apid);
	}
}

/* Ours and driverctl's: who sets them makes no difference to the kernel. */
static void overrides_find(struct check *check)
{
	const struct snapshot *now = check->now;

	check->facts.overrides = now->overrides.queues;
	qset_or(&check->facts.overrides, &now->driverctl);
	check->facts.overrides_bad_line = now->overrides.bad_line;
}

static int keys_read(struct check *check)
{
	struct audit_facts *facts = &check->facts;
	struct qset queues;

	if (audit_moving(check->now, facts, check->flags, &queues) < 0)
		return err_oom(&check->app->err);
	facts->key = calloc(qset_count(&queues) + 1, sizeof(*facts->key));
	if (!facts->key)
		return err_oom(&check->app->err);
	QSET_FOREACH(apid, apqi, &queues) {
		const unsigned keys = zcrypt_keys_read(check->app->root, apid, apqi);

		if (keys)
			facts->key[facts->n_keys++] =
				(struct audit_key){ .apid = apid, .apqi = apqi, .keys = keys };
	}
	return 0;
}

static int facts_read(struct check *check)
{
	struct app *app = check->app;
	int rc = 0;

	cards_read(check);
	if (check->flags & AUDIT_ACTIVE)
		rc = lock_look(app->root, &check->facts.lock, &check->facts.lock_holder, &app->err);
	if (rc == 0 && check->flags & AUDIT_PERSISTENT) {
		overrides_find(check);
		if (udev_report_make(check->now->rules_text, &check->now->rules,
				     &check->facts.rules) < 0)
			rc = err_oom(&app->err);
	}
	return rc < 0 ? rc : keys_read(check);
}

/* ---- a wish that is not applied yet -------------------------------------------------------------
 */

static int plan_find(struct check *check, const char *name)
{
	_cleanup_(apply_file_done) struct apply_file file = { 0 };
	struct app *app = check->app;
	int rc = apply_file_read(app, name, &file);

	app->active = check->flags & AUDIT_ACTIVE;
	app->persistent = check->flags & AUDIT_PERSISTENT;
	return rc ? rc : apply_find(app, check->now, &file, &check->findings);
}

/* ---- which findings ----------------------------------------------------------------------------
 */

static bool is_asked_about(const struct check *check, const struct finding *finding)
{
	if (check->app->quiet && finding->severity == FINDING_NOTE)
		return false;
	if (!check->n_devices)
		return true;
	for (size_t i = 0; i < check->n_devices; i++)
		for (size_t j = 0; j < ARRAY_SIZE(finding->uuid); j++)
			if (strcmp(check->device[i]->uuid, finding->uuid[j]) == 0)
				return true;
	return false;
}

/* ---- output
 * -------------------------------------------------------------------------------------- */

static enum out_color severity_color(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_ERROR: return OUT_RED;
	case FINDING_WARNING: return OUT_YELLOW;
	case FINDING_NOTE: break;
	}
	return OUT_BOLD;
}

/* One heading for all findings of a kind: they stand side by side. */
static void text_print(const struct check *check)
{
	const struct finding *last = NULL;
	struct app *app = check->app;

	for (size_t i = 0; i < check->findings.n; i++) {
		const struct finding *f = &check->findings.v[i];

		if (!is_asked_about(check, f))
			continue;
		if (!last || last->code != f->code || last->severity != f->severity)
			out_printf(app, "%s%s%s%s: %s\n", last ? "\n" : "",
				   out_color(app, severity_color(f->severity)),
				   finding_severity_name(f->severity), out_color(app, OUT_PLAIN),
				   finding_code_name(f->code));
		last = f;
		out_printf(app, "  ");
		out_wrapped(app, 2, 4, f->message);
		if (!f->hint)
			continue;
		out_printf(app, "    hint: ");
		out_wrapped(app, 10, 10, f->hint);
	}
}

static void json_print(const struct check *check)
{
	struct json_object *object = out_json_new(), *array = out_json_array();

	for (size_t i = 0; i < check->findings.n; i++)
		if (is_asked_about(check, &check->findings.v[i]))
			out_json_append(array, cmd_finding_json(&check->findings.v[i]));
	out_json_add(object, "findings", array);
	out_json_print(check->app, object);
}

/* What was not looked at; with --verbose what was. */
static void notes_print(const struct check *check)
{
	const struct snapshot *now = check->now;

	if (!now->bus.present)
		cmd_note(check->app, "this machine has no AP bus");
	if (check->flags & AUDIT_PERSISTENT && !nextboot_find(now, &now->rules).known)
		cmd_note(check->app,
			 "root alone sees the kernel's parameters: the masks of the next"
			 " boot are not looked at");
	if (check->app->verbose)
		cmd_note(check->app, "looked at %zu active device%s and %zu definition%s",
			 now->mdevs.n, now->mdevs.n == 1 ? "" : "s", now->definitions.n,
			 now->definitions.n == 1 ? "" : "s");
}

/* ---- the command
 * ----------------------------------------------------------------------------------- */

static int check_run(struct check *check, const struct check_args *args)
{
	struct app *app = check->app;
	unsigned parts = SNAPSHOT_ALL | SNAPSHOT_LIBVIRT;
	int rc;

	if (!(check->flags & AUDIT_PERSISTENT))
		parts &= ~(unsigned)SNAPSHOT_RULES;
	if (!args->plan)
		parts &= ~(unsigned)(SNAPSHOT_NODES | SNAPSHOT_TEXTS);
	rc = snapshot_read(app->root, parts, &check->now, &app->err);
	if (rc == 0 && args->n_texts)
		rc = cmd_devices_find(app, check->now, args->text, args->n_texts, &check->device,
				      &check->n_devices);
	check->facts.about = check->device;
	check->facts.n_about = check->n_devices;
	if (rc == 0)
		rc = args->plan ? plan_find(check, args->plan) : facts_read(check);
	if (rc)
		return rc;
	if (!args->plan &&
	    audit_find(check->now, &check->facts, check->flags, &check->findings) < 0)
		return err_oom(&app->err);

	notes_print(check);
	if (app->json)
		json_print(check);
	else
		text_print(check);
	for (size_t i = 0; i < check->findings.n_errors; i++)
		if (is_asked_about(check, &check->findings.v[i]))
			return STATUS_CONFLICT;
	return 0;
}

int cmd_check(struct app *app, int argc, const char **argv)
{
	_cleanup_(check_args_done) struct check_args args = { 0 };
	_cleanup_(check_freep) struct check *check = NULL;
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &args.uuid, "DEVICE", "Instead of the argument"),
		CMD_TEXT(0, "plan", &args.plan, "FILE", "A wish that is not applied yet"),
		CMD_FLAG('A', "active", &app->active, "Only the running system"),
		CMD_FLAG('P', "persistent", &app->persistent, "Only the next boot"),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args.rest);
	if (!rc)
		rc = cmd_device_texts(app, args.uuid, &args.rest, 0, -1u, &args.text,
				      &args.n_texts);
	if (rc)
		return rc;
	check = calloc(1, sizeof(*check));
	if (!check)
		return err_oom(&app->err);
	check->app = app;
	if (app->active || !app->persistent)
		check->flags |= AUDIT_ACTIVE;
	if (app->persistent || !app->active)
		check->flags |= AUDIT_PERSISTENT;
	return check_run(check, &args);
}
