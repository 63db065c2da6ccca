/* SPDX-License-Identifier: MIT */
/*
 * chzdev_ap: changes apmask and aqmask, with the arguments and the exit statuses of
 * `chzdev --type ap`, and lists them as `lszdev --type ap` does.  Here are the options and the
 * arguments; what is done with them, behind chzdev.h.
 *
 * Source: s390-tools, zdev/src/chzdev.c (options), zdev/include/exit_code.h.
 */
#include <errno.h>
#include <string.h>

#include "chzdev.h"

/* Options of chzdev, and of lszdev, that are not about these masks. */
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
	{ .name = "failed" },
	{ .name = "help-attribute", .letter = 'H' },
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
	char *export, *import;
	struct cmd_texts remove, args;
	bool other[ARRAY_SIZE(others)];
	char *other_value[ARRAY_SIZE(others)];
};

static void options_done(struct options *options)
{
	free(options->export);
	free(options->import);
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
	{ .a = "list", .b = "export" },
	{ .a = "list", .b = "import" },
	{ .a = "export", .b = "import" },
	{ .a = "export", .b = "remove" },
	{ .a = "export", .b = "dry-run" },
	{ .a = "export", .b = "force" },
	{ .a = "export", .b = "lock-timeout" },
	{ .a = "import", .b = "remove" },
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
		CMD_FLAG('a', "active", &app->active, "The running system alone"),
		CMD_FLAG('p', "persistent", &app->persistent, "The next boot alone"),
		CMD_TEXTS('r', "remove", &options->remove, "ATTR",
			  "Remove what the next boot sets of apmask or aqmask"),
		CMD_FLAG(0, "dry-run", &app->dry_run, "Print the writes, make none"),
		CMD_FORCE_OPTION(app, "Despite definitions started by hand, or without undo"),
		CMD_FLAG('y', "yes", &options->yes, "Accepted: nothing is asked"),
		CMD_FLAG(0, "list", &options->list, "List the masks, as lszdev does"),
		CMD_FLAG(0, "pairs", &options->pairs, "List them as KEY=\"VALUE\""),
		CMD_TEXT(0, "export", &options->export, "FILE",
			 "Write the masks to FILE, or with - to standard output"),
		CMD_TEXT(0, "import", &options->import, "FILE",
			 "Set the masks that were exported to FILE, or -: standard input"),
		CMD_FLAG('V', "verbose", &app->verbose, "Say each write"),
		CMD_FLAG('q', "quiet", &app->quiet, "No notes"),
		CMD_TEXT(0, "lock-timeout", &app->lock_timeout_text, "SECONDS",
			 "How long to wait for the lock (10)"),
		CMD_TEXT(0, "sysroot", &app->sysroot, "DIR",
			 "Look at the host below DIR, or change its next boot"),
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

/* ---- arguments ----------------------------------------------------------- */

/* The option that takes no setting beside it, or NULL. */
static const char *option_alone(const struct options *options)
{
	return options->list	 ? "list"
	       : options->export ? "export"
	       : options->import ? "import"
				 : NULL;
}

static int argument_refuse(struct app *app, const struct options *options, const char *arg)
{
	const char *alone = option_alone(options);

	cmd_usage(app, "unexpected argument '%s'", arg);
	if (alone && strchr(arg, '='))
		cmd_hint(app, "'--%s' takes no setting", alone);
	else if (!alone)
		cmd_hint(app, "for another device type, or a device, use chzdev");
	return STATUS_USAGE;
}

/* An import is of types and devices, whichever the file has; of the latter ap has none. */
static int type_check(struct app *app, const struct options *options)
{
	if (options->type || options->import)
		return 0;
	if (options->list)
		cmd_fail(app, STATUS_FAILED, "no device was selected");
	else
		cmd_fail(app, STATUS_USAGE, "please specify --type to select the device type");
	cmd_hint(app, "type ap has no devices: '--type ap', or neither of them");
	return options->list ? RC_EXIT(EXIT_EMPTY_SELECTION) : STATUS_USAGE;
}

/* "ap" once, and settings.  Without --type the word asks for devices, of which ap has none. */
static int arguments_parse(struct app *app, const struct options *options, struct chzdev_edit *edit)
{
	bool has_type = false;

	for (size_t i = 0; i < options->args.n; i++) {
		const char *arg = options->args.v[i];
		int rc;

		if (!has_type && strcmp(arg, "ap") == 0) {
			has_type = true;
			continue;
		}
		if (option_alone(options) || !strchr(arg, '='))
			return argument_refuse(app, options, arg);
		rc = chzdev_setting_parse(app, arg, edit);
		if (rc)
			return rc;
	}
	return has_type ? type_check(app, options) : 0;
}

/* ---- the program --------------------------------------------------------- */

static int look(struct app *app, const struct options *options)
{
	int rc = arguments_parse(app, options, NULL);

	if (!rc)
		rc = cmd_root_open(app, COMMAND_READS);
	if (rc)
		return rc;
	return options->export ? chzdev_export(app, options->export)
			       : chzdev_list(app, options->pairs);
}

static int change(struct app *app, const struct options *options)
{
	const struct zdev_settings *settings;
	struct chzdev_edit edit = { 0 };
	int rc;

	rc = cmd_root_open(app, COMMAND_CHANGES);
	if (!rc)
		rc = arguments_parse(app, options, &edit);
	if (!rc && options->import)
		return chzdev_import(app, options->import);
	if (!rc)
		rc = chzdev_removals_parse(app, &options->remove, &edit);
	settings = &edit.side[ZDEV_PERSISTENT];
	if (!rc && !options->remove.n && !settings->given[ZDEV_APMASK] &&
	    !settings->given[ZDEV_AQMASK])
		rc = cmd_usage(app, "no setting given: apmask=VALUE or aqmask=VALUE");
	return rc ? rc : chzdev_change(app, &edit);
}

static int run(struct app *app, int argc, const char **argv)
{
	_cleanup_(options_done) struct options options = { 0 };
	int rc = options_parse(app, argc, argv, &options);

	if (rc)
		return rc;
	return options.list || options.export ? look(app, &options) : change(app, &options);
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
