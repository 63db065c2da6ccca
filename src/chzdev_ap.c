/* SPDX-License-Identifier: MIT */
/*
 * chzdev_ap: changes apmask and aqmask, with the arguments and the exit statuses of
 * `chzdev --type ap`, and lists them as `lszdev --type ap` does.  How a change is carried out
 * is left to change.c.
 *
 * Source: s390-tools, zdev/src/chzdev.c (options, messages), zdev/src/ap.c (values,
 * conflicts), zdev/src/lszdev.c (lists), zdev/include/exit_code.h.
 */
#include <errno.h>
#include <string.h>

#include "change.h"
#include "out.h"
#include "paths.h"
#include "str.h"

/* Of chzdev.  Those of enum status that a function here returns are mapped to them. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_USAGE = 1,
	EXIT_UNKNOWN_ATTRIBUTE = 4,
	EXIT_BAD_VALUE = 6,
	EXIT_NOT_SET = 7,
	EXIT_EMPTY_SELECTION = 8,
	EXIT_CONFLICT = 9,
	EXIT_RUNTIME = 15,
	EXIT_INTERNAL = 99,
};

/* What a function here returns for an exit code: above all of enum status. */
#define RC_BASE	   512
#define RC_EXIT(e) (RC_BASE + (e))

enum attribute { APMASK, AQMASK, ATTRIBUTES };

static const char *const attributes[] = { [APMASK] = "apmask", [AQMASK] = "aqmask" };

/* Options of chzdev, and of lszdev, that are not about these masks, or not there yet. */
static const struct {
	const char *name;
	char letter;
	bool has_value;
} others[] = {
	{ .name = "all" },
	{ .name = "apply" },
	{ .name = "auto-conf" },
	{ .name = "base", .has_value = true },
	{ .name = "by-attrib", .has_value = true },
	{ .name = "by-interface", .has_value = true },
	{ .name = "by-node", .has_value = true },
	{ .name = "by-path", .has_value = true },
	{ .name = "columns", .letter = 'c', .has_value = true },
	{ .name = "configured" },
	{ .name = "disable", .letter = 'd' },
	{ .name = "disable-all", .letter = 'D' },
	{ .name = "enable", .letter = 'e' },
	{ .name = "existing" },
	{ .name = "export", .has_value = true },
	{ .name = "failed" },
	{ .name = "help-attribute", .letter = 'H' },
	{ .name = "import", .has_value = true },
	{ .name = "info", .letter = 'i' },
	{ .name = "ipldev" },
	{ .name = "is-owner", .has_value = true },
	{ .name = "list-attributes", .letter = 'l' },
	{ .name = "list-types", .letter = 'L' },
	{ .name = "no-headings", .letter = 'n' },
	{ .name = "no-module-load" },
	{ .name = "no-root-update" },
	{ .name = "no-settle" },
	{ .name = "offline" },
	{ .name = "online" },
	{ .name = "remove-all", .letter = 'R' },
	{ .name = "site", .letter = 's', .has_value = true },
};

/**
 * struct options - what was given
 * @other, @other_value: which of the options of chzdev that are not ours
 */
struct options {
	bool type, yes, list, pairs;
	struct cmd_texts remove, args;
	bool other[ARRAY_SIZE(others)];
	char *other_value[ARRAY_SIZE(others)];
};

static void options_done(struct options *options)
{
	cmd_texts_done(&options->remove);
	cmd_texts_done(&options->args);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		free(options->other_value[i]);
}

/* ---- options ------------------------------------------------------------- */

static const struct cmd_clash clashes[] = {
	{ .a = "list", .b = "active" },
	{ .a = "list", .b = "persistent" },
	{ .a = "list", .b = "remove" },
	{ .a = "list", .b = "dry-run" },
	{ .a = "list", .b = "force" },
	{ .a = "list", .b = "lock-timeout" },
	{ 0 },
};

/* A row for the option loop, that no help shows. */
static struct poptOption other_row(struct options *options, size_t i)
{
	return (struct poptOption){
		.longName = others[i].name,
		.shortName = others[i].letter,
		.argInfo = (others[i].has_value ? POPT_ARG_STRING : POPT_ARG_NONE) |
			   POPT_ARGFLAG_DOC_HIDDEN,
		.arg = others[i].has_value ? (void *)&options->other_value[i]
					   : (void *)&options->other[i],
		.val = others[i].has_value ? CMD_KIND_TEXT : CMD_KIND_FLAG,
	};
}

static int others_refuse(struct app *app, const struct options *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (!options->other[i] && !options->other_value[i])
			continue;
		cmd_usage(app, "option '--%s': use chzdev", others[i].name);
		cmd_hint(app, "chzdev_ap changes apmask and aqmask, and lists them");
		return STATUS_USAGE;
	}
	return 0;
}

static int options_parse(struct app *app, int argc, const char **argv, struct options *options)
{
	const struct poptOption own[] = {
		CMD_FLAG('t', "type", &options->type, "Accepted: it is always type ap"),
		CMD_FLAG('a', "active", &app->active, "Change the running system"),
		CMD_FLAG('p', "persistent", &app->persistent, "Change the next boot"),
		CMD_TEXTS('r', "remove", &options->remove, "ATTR",
			  "Remove what the next boot sets of apmask or aqmask"),
		CMD_FLAG(0, "dry-run", &app->dry_run, "Print the writes, make none"),
		CMD_FORCE_OPTION(app, "Despite definitions started by hand, or without undo"),
		CMD_FLAG('y', "yes", &options->yes, "Accepted: nothing is asked"),
		CMD_FLAG(0, "list", &options->list, "List the masks, as lszdev does"),
		CMD_FLAG(0, "pairs", &options->pairs, "List them as KEY=\"VALUE\""),
		CMD_FLAG('V', "verbose", &app->verbose, "Say each write"),
		CMD_FLAG('q', "quiet", &app->quiet, "No notes"),
		CMD_TEXT(0, "lock-timeout", &app->lock_timeout_text, "SECONDS",
			 "How long to wait for the lock (10)"),
		CMD_TEXT(0, "sysroot", &app->sysroot, "DIR",
			 "List the masks of the host below DIR"),
		CMD_FLAG('h', "help", &app->want_help, "Print this help"),
		CMD_FLAG('v', "version", &app->want_version, "Print the version"),
		CMD_HIDDEN_FLAG("list-options", &app->want_options),
	};
	struct poptOption rows[ARRAY_SIZE(own) + ARRAY_SIZE(others) + 1] = { 0 };
	const struct cmd_syntax syntax = { .options = rows, .clashes = clashes };
	int rc;

	memcpy(rows, own, sizeof(own));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		rows[ARRAY_SIZE(own) + i] = other_row(options, i);

	rc = cmd_parse(app, argc, argv, &syntax, &options->args);
	if (!rc)
		rc = others_refuse(app, options);
	if (!rc && options->pairs && !options->list)
		rc = cmd_usage(app, "--pairs without --list");
	return rc;
}

/* ---- values -------------------------------------------------------------- */

/* A value that replaces the mask is a change too: it clears what it does not set. */
struct edit {
	bool given[ATTRIBUTES], removed[ATTRIBUTES];
	struct vfioap_change change[ATTRIBUTES];
	bool changes;	/* the masks will be others than before */
	bool overrides; /* the kernel would refuse, whoever owns what */
	unsigned n_conflicts;
};

/* ID 16 is 0x10: a mask has all of its digits. */
static bool is_mask(const char *text)
{
	return str_starts_with(text, "0x") && strlen(text) == VFIOAP_HEX_SIZE - 1;
}

static int value_read(const char *text, struct vfioap_change *ret,
		      struct vfioap_parse_error *reterr)
{
	struct vfioap_mask mask;
	int rc;

	if (*text == '+' || *text == '-')
		return vfioap_change_parse(text, ret, reterr);
	if (is_mask(text))
		rc = vfioap_hex_parse(text, false, &mask, reterr);
	else
		rc = vfioap_list_parse(text, VFIOAP_LIST_ALL | VFIOAP_LIST_NONE, NULL, &mask,
				       reterr);
	if (rc == 0)
		*ret = (struct vfioap_change){ .set = mask, .clear = vfioap_mask_not(mask) };
	return rc;
}

static int value_parse(struct app *app, const char *attribute, const char *text,
		       struct vfioap_change *ret)
{
	const int shown = 80;
	struct vfioap_parse_error error;
	char why[192];

	if (value_read(text, ret, &error) == 0)
		return 0;
	vfioap_parse_message(text, &error, why, sizeof(why));
	cmd_fail(app, STATUS_FAILED, "%s: Invalid input string %.*s%s: %s", attribute, shown, text,
		 strlen(text) > (size_t)shown ? "..." : "", why);
	cmd_hint(app, "a list as 5,0x10-0x1f, a change as +5,-6, or a mask of 0x and 64 digits");
	return RC_EXIT(EXIT_BAD_VALUE);
}

static bool is_attribute(const char *name, size_t len, enum attribute *ret)
{
	for (enum attribute i = 0; i < ATTRIBUTES; i++) {
		if (strlen(attributes[i]) != len || strncmp(attributes[i], name, len) != 0)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

/* "apmask=+5" */
static int setting_parse(struct app *app, const char *text, struct edit *edit)
{
	size_t len = strcspn(text, "=");
	enum attribute i;

	if (!is_attribute(text, len, &i)) {
		cmd_fail(app, STATUS_FAILED, "unknown device type attribute specified: %.*s",
			 (int)(len < 80 ? len : 80), text);
		cmd_hint(app, "the attributes are apmask and aqmask");
		return RC_EXIT(EXIT_UNKNOWN_ATTRIBUTE);
	}
	if (edit->given[i]) {
		cmd_fail(app, STATUS_FAILED, "cannot specify multiple values for attribute '%s'",
			 attributes[i]);
		return RC_EXIT(EXIT_BAD_VALUE);
	}
	edit->given[i] = true;
	return value_parse(app, attributes[i], text + len + 1, &edit->change[i]);
}

/* The masks of the running system always have a value. */
static int removals_parse(struct app *app, const struct cmd_texts *remove, struct edit *edit)
{
	enum attribute attribute;

	for (size_t i = 0; i < remove->n; i++) {
		const char *name = remove->v[i];

		if (!is_attribute(name, strlen(name), &attribute)) {
			cmd_fail(app, STATUS_FAILED, "setting not found: %s", name);
			return RC_EXIT(EXIT_NOT_SET);
		}
		if (app->active) {
			cmd_usage(app, "cannot remove setting '%s' from the active configuration",
				  name);
			cmd_hint(app, "--persistent removes it from what the next boot sets");
			return STATUS_USAGE;
		}
		if (edit->given[attribute])
			return cmd_usage(app, "a value and --remove for attribute '%s'", name);
		edit->removed[attribute] = true;
	}
	return 0;
}

/* ---- arguments ----------------------------------------------------------- */

/* "ap" once, and settings.  Without --type the word asks for devices, of which ap has none. */
static int arguments_parse(struct app *app, const struct options *options, struct edit *edit)
{
	bool has_type = false;

	for (size_t i = 0; i < options->args.n; i++) {
		const char *arg = options->args.v[i];
		int rc;

		if (!has_type && strcmp(arg, "ap") == 0) {
			has_type = true;
			continue;
		}
		if (options->list || !strchr(arg, '=')) {
			cmd_usage(app, "unexpected argument '%s'", arg);
			if (!options->list)
				cmd_hint(app, "for another device type, or a device, use chzdev");
			return STATUS_USAGE;
		}
		rc = setting_parse(app, arg, edit);
		if (rc)
			return rc;
	}
	if (!has_type || options->type)
		return 0;
	if (options->list)
		cmd_fail(app, STATUS_FAILED, "no device was selected");
	else
		cmd_fail(app, STATUS_USAGE, "please specify --type to select the device type");
	cmd_hint(app, "type ap has no devices: '--type ap', or neither of them");
	return options->list ? RC_EXIT(EXIT_EMPTY_SELECTION) : STATUS_USAGE;
}

/* ---- change -------------------------------------------------------------- */

/* Whose the queue is: "mdev", "defined autostart mdev" or "defined mdev". */
static const char *owner_kind(const struct change *change, const char *uuid, unsigned apid,
			      unsigned apqi, bool next)
{
	const struct wish_device *active = wish_device_const(change->want, uuid);
	const struct device *known = snapshot_device(change->now, uuid);

	if (!next && active && vfioap_mask_has(&active->matrix.adapters, apid) &&
	    vfioap_mask_has(&active->matrix.domains, apqi))
		return "mdev";
	return known && known->definition && known->definition->start_auto
		       ? "defined autostart mdev"
		       : "defined mdev";
}

/* As chzdev says it: a line a queue and mask that gives it to the host, numbers decimal. */
static void conflict_print(const struct app *app, const struct change *change,
			   const struct finding *finding)
{
	const bool next = finding->code == FINDING_QUEUE_HOST_PERSISTENT;
	const struct apbus_masks from =
		next ? wish_next_masks(change->now, &change->now->rules) : change->now->bus.masks;
	const struct apbus_masks to =
		next ? wish_next_masks(change->now, &change->want->rules) : change->want->masks;
	const struct vfioap_mask more[] = {
		[APMASK] = vfioap_mask_andnot(to.apmask, from.apmask),
		[AQMASK] = vfioap_mask_andnot(to.aqmask, from.aqmask),
	};
	const char *uuid = finding->uuid[0];

	VFIOAP_MASK_FOREACH(apid, &finding->adapters) {
		VFIOAP_MASK_FOREACH(apqi, &finding->domains) {
			const char *kind = owner_kind(change, uuid, apid, apqi, next);

			for (enum attribute i = 0; i < ATTRIBUTES; i++)
				if (vfioap_mask_has(&more[i], i == APMASK ? apid : apqi))
					cmd_error(app, "%s%s conflicts with %s %s APQN %u.%u",
						  next ? "persistent " : "", attributes[i], kind,
						  uuid, apid, apqi);
		}
	}
}

/* Only says in chzdev's words what change_run() then refuses. */
static int conflicts_print(struct app *app, struct change *change, struct edit *edit)
{
	_cleanup_(findings_done) struct findings findings = { 0 };
	unsigned flags = app->force ? CONFLICT_FORCE : 0;

	if (conflict_find(change->now, change->want, flags, &findings) < 0)
		return err_oom(&app->err);
	for (size_t i = 0; i < findings.n; i++) {
		const struct finding *finding = &findings.v[i];

		if (finding->severity != FINDING_ERROR)
			continue;
		edit->overrides |= finding->code == FINDING_MASKS_AND_OVERRIDES;
		if (finding->code != FINDING_QUEUE_HOST_ACTIVE &&
		    finding->code != FINDING_QUEUE_HOST_PERSISTENT)
			continue;
		conflict_print(app, change, finding);
		edit->n_conflicts++;
	}
	return 0;
}

/* As chzdev does: what the next boot does not set yet starts from the running system. */
static int rules_edit(struct app *app, const struct edit *edit, const struct apbus_masks *active,
		      struct udev_rules *rules)
{
	struct {
		bool *has;
		struct vfioap_mask *mask;
		const struct vfioap_mask *active;
	} row[] = {
		[APMASK] = { &rules->has_apmask, &rules->masks.apmask, &active->apmask },
		[AQMASK] = { &rules->has_aqmask, &rules->masks.aqmask, &active->aqmask },
	};

	for (enum attribute i = 0; i < ATTRIBUTES; i++) {
		if (edit->removed[i] && !*row[i].has) {
			cmd_fail(app, STATUS_FAILED, "setting not found: %s", attributes[i]);
			return RC_EXIT(EXIT_NOT_SET);
		}
		if (edit->removed[i])
			*row[i].has = false;
		if (!edit->given[i])
			continue;
		*row[i].mask = vfioap_change_apply(&edit->change[i],
						   *row[i].has ? *row[i].mask : *row[i].active);
		*row[i].has = true;
	}
	return 0;
}

static int masks_edit(struct app *app, struct change *change, void *arg)
{
	const struct apbus *bus = &change->now->bus;
	struct apbus_masks *want = &change->want->masks;
	struct edit *edit = arg;
	struct qset before;
	int rc = 0;

	if (app->active) {
		want->apmask = vfioap_change_apply(&edit->change[APMASK], want->apmask);
		want->aqmask = vfioap_change_apply(&edit->change[AQMASK], want->aqmask);
	}
	if (app->persistent)
		rc = rules_edit(app, edit, &bus->masks, &change->want->rules);
	if (rc)
		return rc;
	edit->changes = !vfioap_mask_equal(&want->apmask, &bus->masks.apmask) ||
			!vfioap_mask_equal(&want->aqmask, &bus->masks.aqmask) ||
			wish_rules_change(change->now, change->want);

	apbus_masks_reserved(&bus->masks, &bus->queues, &before);
	apbus_masks_reserved(want, &bus->queues, &change->reserved);
	qset_andnot(&change->reserved, &before);
	return conflicts_print(app, change, edit);
}

/* What no device is to blame for is the kernel's refusal, only foreseen. */
static int conflict_exit(const struct edit *edit)
{
	if (edit->overrides && !edit->n_conflicts)
		return RC_EXIT(EXIT_RUNTIME);
	fputs("ap device type configure failed\n"
	      "    Error: Invalid configuration\n",
	      stderr);
	return RC_EXIT(EXIT_CONFLICT);
}

static int change_masks(struct app *app, const struct options *options)
{
	struct edit edit = { 0 };
	int rc;

	rc = cmd_root_open(app, COMMAND_CHANGES);
	if (!rc)
		rc = arguments_parse(app, options, &edit);
	if (!rc)
		rc = removals_parse(app, &options->remove, &edit);
	if (!rc && !options->remove.n && !edit.given[APMASK] && !edit.given[AQMASK])
		rc = cmd_usage(app, "no setting given: apmask=VALUE or aqmask=VALUE");
	if (rc)
		return rc;

	rc = change_run(app, 0, masks_edit, &edit);
	if (rc == STATUS_CONFLICT)
		return conflict_exit(&edit);
	if (rc == 0 && !app->dry_run && !app->quiet)
		out_printf(app, "ap device type %s\n",
			   edit.changes ? "configured" : "already configured");
	return rc;
}

/* ---- list ---------------------------------------------------------------- */

/* Size of the buffer for any mask as decimal list, quotes included. */
#define SETTING_SIZE (VFIOAP_LIST_SIZE + 2)

/* "0,3-19" with @quote around it; decimal, two neighbours as "5-6". */
static const char *setting_format(const struct vfioap_mask *mask, const char *quote,
				  char buf[SETTING_SIZE])
{
	size_t len = (size_t)snprintf(buf, SETTING_SIZE, "%s", quote);
	unsigned first = vfioap_mask_next(mask, 0), last;

	while (first < VFIOAP_IDS) {
		for (last = first; vfioap_mask_has(mask, last + 1);)
			last++;
		len += (size_t)snprintf(buf + len, SETTING_SIZE - len, "%u", first);
		if (last > first)
			len += (size_t)snprintf(buf + len, SETTING_SIZE - len, "-%u", last);
		first = vfioap_mask_next(mask, last + 1);
		if (first < VFIOAP_IDS)
			buf[len++] = ',';
	}
	snprintf(buf + len, SETTING_SIZE - len, "%s", quote);
	return buf;
}

/* struct row - an attribute as texts, as long as any mask */
struct row {
	char active[SETTING_SIZE], persistent[SETTING_SIZE];
};

static void row_fill(struct row *row, const struct snapshot *now, enum attribute i, bool pairs)
{
	const struct udev_rules *rules = &now->rules;
	const struct vfioap_mask *active =
		i == APMASK ? &now->bus.masks.apmask : &now->bus.masks.aqmask;
	const struct vfioap_mask *persistent =
		i == APMASK ? &rules->masks.apmask : &rules->masks.aqmask;
	const char *quote = pairs ? "" : "\"";

	setting_format(active, quote, row->active);
	if (i == APMASK ? rules->has_apmask : rules->has_aqmask)
		setting_format(persistent, quote, row->persistent);
	else
		snprintf(row->persistent, sizeof(row->persistent), "%s", pairs ? "" : "-");
}

#define DESCRIPTION "Cryptographic Adjunct Processor (AP) device"

static void pairs_print(struct app *app, const struct row rows[ATTRIBUTES])
{
	out_printf(app, "TYPE=\"ap\" DESCRIPTION=\"" DESCRIPTION "\" MODULES=\"ap\""
			" ACTV=\"yes\" PERS=\"yes\"\n");
	for (enum attribute i = 0; i < ATTRIBUTES; i++)
		out_printf(app, "ATTRIBUTE=\"%s\" ACTIVE=\"%s\" PERSISTENT=\"%s\"\n", attributes[i],
			   rows[i].active, rows[i].persistent);
}

static void table_print(struct app *app, const struct row rows[ATTRIBUTES])
{
	int width = (int)strlen("ACTIVE");

	for (enum attribute i = 0; i < ATTRIBUTES; i++)
		if ((int)strlen(rows[i].active) > width)
			width = (int)strlen(rows[i].active);

	out_printf(app, "DEVICE TYPE ap\n"
			"  Description        : " DESCRIPTION "\n"
			"  Modules            : ap\n"
			"  Active             : yes\n"
			"  Persistent         : yes\n\n");
	out_printf(app, "  ATTRIBUTE  %-*s  PERSISTENT\n", width, "ACTIVE");
	for (enum attribute i = 0; i < ATTRIBUTES; i++)
		out_printf(app, "  %-9s  %-*s  %s\n", attributes[i], width, rows[i].active,
			   rows[i].persistent);
}

static int list_masks(struct app *app, const struct options *options)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct row rows[ATTRIBUTES];
	int rc;

	rc = arguments_parse(app, options, NULL);
	if (!rc)
		rc = cmd_root_open(app, COMMAND_READS);
	if (!rc)
		rc = snapshot_read(app->root, SNAPSHOT_BUS | SNAPSHOT_RULES, &now, &app->err);
	if (rc)
		return rc;
	if (!now->bus.present)
		return cmd_fail(app, STATUS_FAILED, "this machine has no AP bus: no /sys/bus/ap");
	if (now->rules.bad_line)
		cmd_warn(app, "'/" PATH_RULES "': line %u is not as chzdev writes it",
			 now->rules.bad_line);

	for (enum attribute i = 0; i < ATTRIBUTES; i++)
		row_fill(&rows[i], now, i, options->pairs);
	if (options->pairs)
		pairs_print(app, rows);
	else
		table_print(app, rows);
	return 0;
}

/* ---- the program --------------------------------------------------------- */

static int run(struct app *app, int argc, const char **argv)
{
	_cleanup_(options_done) struct options options = { 0 };
	int rc = options_parse(app, argc, argv, &options);

	if (rc)
		return rc;
	return options.list ? list_masks(app, &options) : change_masks(app, &options);
}

static const struct command chzdev_ap = {
	.name = "chzdev_ap",
	.args = "[ap] [apmask=VALUE] [aqmask=VALUE]",
	.summary = "Change which adapters and domains the host's drivers use, or list them",
	.run = run,
};

static enum exit_code exit_code(const struct app *app, int rc)
{
	if (rc && app->err.code == -ENOMEM)
		return EXIT_INTERNAL;
	if (rc >= RC_BASE)
		return (enum exit_code)(rc - RC_BASE);
	switch (rc) {
	case STATUS_DONE:
	case STATUS_STOP: return EXIT_DONE;
	case STATUS_USAGE: return EXIT_USAGE;
	default: return EXIT_RUNTIME;
	}
}

int main(int argc, char **argv)
{
	const char **args = (const char **)argv;
	enum exit_code code;
	struct app app;
	int rc;

	if (app_init(&app, "chzdev_ap", argc, args) < 0) {
		app_done(&app);
		return EXIT_INTERNAL;
	}
	app.json = false; /* no option of chzdev's */
	app.command = &chzdev_ap;

	rc = chzdev_ap.run(&app, argc, args);
	code = exit_code(&app, rc);
	if (cmd_finish(&app, rc) != STATUS_DONE && code == EXIT_DONE)
		code = EXIT_RUNTIME;
	return (int)code;
}
