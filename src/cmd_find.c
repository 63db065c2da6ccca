// SPDX-License-Identifier: MIT
/*
 * vfioap find: adapters and domains for a new guest, as arguments of `create`.  Which cards will
 * do is read here; what is free is find.c's.
 */
#include "commands.h"

#include <errno.h>
#include <string.h>

#include "find.h"
#include "out.h"
#include "str.h"
#include "view.h"

struct find_args {
	char *mode_text, *type_text;
	enum apbus_mode mode; /* APBUS_MODE_UNKNOWN: any */
	unsigned min_type;    /* 6: CEX6; 0: any */
	struct find_wish wish;
};

static void find_args_done(struct find_args *args)
{
	free(args->mode_text);
	free(args->type_text);
}

/* ---- arguments ------------------------------------------------------------------ */

static int min_type_read(struct app *app, struct find_args *args)
{
	const char *digits = args->type_text ? str_starts_with(args->type_text, "CEX") : NULL;

	if (!args->type_text)
		return 0;
	if (digits && *digits != '0' && !strchr(digits, '\n') &&
	    str_uint(digits, 99, &args->min_type) == 0)
		return 0;
	cmd_usage(app, "--min-type: '%s' is no type of card", args->type_text);
	cmd_hint(app, "a type is written as 'CEX6'; --mode tells coprocessors and accelerators"
		      " apart");
	return STATUS_USAGE;
}

/* A number of lines, 1..256, at *@p; no zero before it. */
static bool count_parse(const char **p, unsigned *ret)
{
	unsigned long value;

	if (**p == '0' || str_ulong_parse(p, 10, VFIOAP_IDS, &value) < 0)
		return false;
	*ret = (unsigned)value;
	return true;
}

static int size_read(struct app *app, const struct cmd_texts *args, struct find_wish *wish)
{
	const char *p = args->n ? args->v[0] : "1x1";

	if (count_parse(&p, &wish->n_adapters) && *p++ == 'x' &&
	    count_parse(&p, &wish->n_domains) && !*p)
		return 0;
	cmd_usage(app, "'%s' is no number of adapters and domains", args->v[0]);
	cmd_hint(app, "'2x4' are 2 adapters with 4 domains, each a number from 1 to 256");
	return STATUS_USAGE;
}

/* ---- the machine ---------------------------------------------------------------- */

/* "CEX8C" says 8; without it the hardware type, 14. */
static unsigned card_generation(const struct apbus_info *card)
{
	const char *digits = str_starts_with(card->type, "CEX");
	unsigned long value;

	if (digits && str_ulong_parse(&digits, 10, 99, &value) == 0)
		return (unsigned)value;
	return card->hwtype < FIND_HWTYPE_CEX4 ? 0 : (unsigned)card->hwtype - FIND_HWTYPE_CEX4 + 4;
}

/* @ret_idle: those of them that are deconfigured or checkstopped. */
static int cards_pick(struct app *app, const struct snapshot *now, struct find_args *args,
		      struct vfioap_mask *ret_idle)
{
	*ret_idle = (struct vfioap_mask){ 0 };
	VFIOAP_MASK_FOREACH(apid, &now->bus.cards) {
		struct apbus_info card;
		int rc = apbus_card_read(app->root, apid, &card, &app->err);

		if (rc == -ENOENT || rc == -ENODEV)
			continue; /* it has gone meanwhile */
		if (rc < 0)
			return rc;
		if (card.hwtype < FIND_HWTYPE_CEX4 || card_generation(&card) < args->min_type ||
		    (args->mode != APBUS_MODE_UNKNOWN && card.mode != args->mode))
			continue;
		vfioap_mask_set(&args->wish.cards, apid);
		if (card.status == APBUS_STATUS_DECONFIGURED ||
		    card.status == APBUS_STATUS_CHECKSTOPPED)
			vfioap_mask_set(ret_idle, apid);
	}
	app->err = (struct err){ 0 };
	return 0;
}

/* By default both sides, as `create` changes them, as far as they can be told. */
static int sides_read(struct app *app, const struct snapshot *now, struct find_wish *wish)
{
	const bool both = app->active == app->persistent;

	wish->sides = (both || app->active ? FIND_ACTIVE : 0) |
		      (both || app->persistent ? FIND_PERSISTENT : 0);
	wish->next_unknown = !find_knows_next(now);
	if (!(wish->sides & FIND_PERSISTENT) || !wish->next_unknown)
		return 0;
	if (both) {
		cmd_note(app, "the masks of the next boot cannot be told: only those of the running"
			      " system are looked at");
		return 0;
	}
	cmd_fail(app, STATUS_FAILED, "cannot tell what the masks of the next boot are");
	cmd_hint(app, "'vfioap show masks' shows what there is; root sees the boot parameters");
	return STATUS_FAILED;
}

/* ---- results -------------------------------------------------------------------- */

static char *arguments(const struct find_room *room)
{
	char *text = find_arguments(room);

	if (!text)
		out_no_memory();
	return text;
}

static void found_json(struct app *app, const struct find *find)
{
	struct json_object *object = out_json_new(), *array = out_json_array();

	for (size_t i = 0; i < find->n; i++) {
		const struct find_room *room = &find->room[i];
		_cleanup_free_ char *text = arguments(room);
		struct json_object *row = out_json_object();

		out_json_add(row, "adapters", out_json_ids(&room->rect.adapters));
		out_json_add(row, "domains", out_json_ids(&room->rect.domains));
		out_json_add_int(row, "host_losses", room->rect.cost);
		out_json_add_text(row, "arguments", text);
		out_json_append(array, row);
	}
	out_json_add_bool(object, "exact", find->exact);
	out_json_add(object, "found", array);
	out_json_print(app, object);
}

static void note_losses(const struct app *app, const struct find *find)
{
	const unsigned least = find->room[0].rect.cost, most = find->room[find->n - 1].rect.cost;
	const char *each = find->n > 1 ? "with each of these " : "";

	if (most && least == most)
		cmd_note(app, "%sthe host loses %u queue%s", each, most, most == 1 ? "" : "s");
	else if (most)
		cmd_note(app, "%sthe host loses %u to %u queues, --json tells how many", each,
			 least, most);
}

static void note_idle(const struct app *app, const struct find *find,
		      const struct vfioap_mask *idle)
{
	struct vfioap_mask named = { { 0 } };
	char list[VFIOAP_LIST_SIZE];

	for (size_t i = 0; i < find->n; i++)
		named = vfioap_mask_or(named, find->room[i].rect.adapters);
	named = vfioap_mask_and(named, *idle);
	if (!vfioap_mask_is_empty(&named))
		cmd_note(app,
			 "a guest cannot use adapter%s %s for now: deconfigured or checkstopped",
			 vfioap_mask_count(&named) == 1 ? "" : "s",
			 vfioap_list_format(&named, list));
}

static void notes(const struct app *app, const struct snapshot *now, const struct find_wish *wish,
		  const struct find *find, const struct vfioap_mask *idle)
{
	if (!find->exact)
		cmd_note(app,
			 "a bounded search: with more than 24 adapters, and more than 3 of both"
			 " wanted, there may be better ones");
	if (wish->from_host && wish->sides & FIND_ACTIVE && snapshot_mode(now) == HOST_MODE_MIXED)
		cmd_note(app,
			 "masks and driver overrides are both in use: nothing can be taken from"
			 " the host");
	if (!find->n)
		return;
	note_losses(app, find);
	note_idle(app, find, idle);
	if (wish->n_adapters * wish->n_domains > MDEV_MATRIX_SAFE &&
	    !now->bus.bindings_complete_count)
		cmd_note(app, "more than %d queues: 'vfioap create' needs --force for that here",
			 MDEV_MATRIX_SAFE);
}

static int find_refused(struct app *app, const struct snapshot *now, const struct find_wish *wish,
			const struct find *find)
{
	_cleanup_(findings_done) struct findings findings = { 0 };
	struct find_wish wider = *wish;
	struct find with_host;

	wider.from_host = true;
	if (find_run(now, &wider, &with_host) < 0 ||
	    find_refuse(wish, find, &with_host, &findings) < 0)
		return err_oom(&app->err);
	return cmd_refuse(app, &findings);
}

static int find_look(struct app *app, struct find_args *args)
{
	const unsigned parts =
		SNAPSHOT_BUS | SNAPSHOT_DEVICES | SNAPSHOT_DEFINITIONS | SNAPSHOT_RULES;
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct vfioap_mask idle;
	struct find find;
	int rc;

	rc = snapshot_read(app->root, parts, &now, &app->err);
	if (rc < 0)
		return rc;
	if (!now->bus.present)
		return cmd_fail(app, STATUS_NOT_FOUND, "this machine has no AP bus");
	view_warn_broken(app, now);
	rc = sides_read(app, now, &args->wish);
	if (!rc)
		rc = cards_pick(app, now, args, &idle);
	if (rc)
		return rc;

	if (find_run(now, &args->wish, &find) < 0)
		return err_oom(&app->err);
	notes(app, now, &args->wish, &find, &idle);
	if (!find.n)
		return find_refused(app, now, &args->wish, &find);
	if (app->json) {
		found_json(app, &find);
		return 0;
	}
	for (size_t i = 0; i < find.n; i++) {
		_cleanup_free_ char *text = arguments(&find.room[i]);

		out_printf(app, "%s\n", text);
	}
	return 0;
}

int cmd_find(struct app *app, int argc, const char **argv)
{
	_cleanup_(find_args_done) struct find_args find = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT(0, "mode", &find.mode_text, "cca|ep11|accel", "Only cards of this mode"),
		CMD_TEXT(0, "min-type", &find.type_text, "TYPE", "Only cards from CEX6 on, say"),
		CMD_FLAG(0, "from-host", &find.wish.from_host, "Also what is the host's"),
		CMD_FLAG('A', "active", &app->active, "Beside what runs"),
		CMD_FLAG('P', "persistent", &app->persistent, "Beside what the next boot sets up"),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (!rc)
		rc = cmd_args_check(app, &args, 0, 1);
	if (!rc)
		rc = cmd_mode_parse(app, find.mode_text, &find.mode);
	if (!rc)
		rc = min_type_read(app, &find);
	if (!rc)
		rc = size_read(app, &args, &find.wish);
	return rc ? rc : find_look(app, &find);
}
