// SPDX-License-Identifier: MIT
/*
 * Options and arguments of a command: the popt loop, the help text made of the same
 * table, LIST options as masks, DEVICE texts as devices.
 *
 * popt splits the command line and knows which options take a value; what is stored, and
 * that nothing is given twice, is decided here.
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "out.h"
#include "snapshot.h"
#include "str.h"

/* No command has nearly as many options; a bit each in option_set. */
#define OPTIONS_MAX 64

typedef uint64_t option_set;

void cmd_texts_done(struct cmd_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->v[i]);
	free(texts->v);
	*texts = (struct cmd_texts){ 0 };
}

/* Takes over @text. */
static int texts_add(struct cmd_texts *texts, char *text)
{
	char **v = text ? reallocarray(texts->v, texts->n + 1, sizeof(*v)) : NULL;

	if (!v) {
		free(text);
		return -ENOMEM;
	}
	v[texts->n++] = text;
	texts->v = v;
	return 0;
}

/* ---- the loop --------------------------------------------------------------------- */

static bool is_end(const struct poptOption *row)
{
	return !row->longName && !row->shortName;
}

static void context_done(poptContext *con)
{
	poptFreeContext(*con);
}

/* Rows of our own for popt: it returns the number of a row + 1 and stores nothing. */
static size_t rows_for_popt(const struct poptOption *options,
			    struct poptOption rows[OPTIONS_MAX + 1])
{
	size_t n = 0;

	for (; n < OPTIONS_MAX && !is_end(&options[n]); n++) {
		rows[n] = options[n];
		rows[n].arg = NULL;
		rows[n].val = (int)n + 1;
	}
	rows[n] = (struct poptOption)POPT_TABLEEND;
	return n;
}

static int popt_refuse(struct app *app, poptContext con, int rc)
{
	const char *option = poptBadOption(con, POPT_BADOPTION_NOALIAS);

	switch (rc) {
	case POPT_ERROR_BADOPT: return cmd_usage(app, "unknown option '%s'", option);
	case POPT_ERROR_NOARG: return cmd_usage(app, "option '%s' needs a value", option);
	case POPT_ERROR_UNWANTEDARG: return cmd_usage(app, "option '%s' takes no value", option);
	case POPT_ERROR_MALLOC: return err_oom(&app->err);
	default: return cmd_usage(app, "option '%s': %s", option, poptStrerror(rc));
	}
}

/* Takes over @text, the value of the option, or NULL. */
static int option_store(struct app *app, const struct poptOption *row, bool again, char *text)
{
	_cleanup_free_ char *value = text;

	if (row->val == CMD_KIND_TEXTS)
		return texts_add(row->arg, TAKE_PTR(value)) < 0 ? err_oom(&app->err) : 0;
	if (again)
		return cmd_usage(app, "option '--%s' given twice", row->longName);
	if (row->val == CMD_KIND_FLAG) {
		*(bool *)row->arg = true;
	} else {
		free(*(char **)row->arg);
		*(char **)row->arg = TAKE_PTR(value);
	}
	return 0;
}

static int clash_check(struct app *app, const struct poptOption *options,
		       const struct cmd_clash *clashes, option_set seen)
{
	for (const struct cmd_clash *c = clashes; c && c->a; c++) {
		bool a = false, b = false;

		for (size_t i = 0; !is_end(&options[i]); i++) {
			a |= (seen >> i & 1) && strcmp(options[i].longName, c->a) == 0;
			b |= (seen >> i & 1) && strcmp(options[i].longName, c->b) == 0;
		}
		if (a && b)
			return cmd_usage(app, "options '--%s' and '--%s' exclude each other", c->a,
					 c->b);
	}
	return 0;
}

static const struct cmd_clash common_clashes[] = {
	{ .a = "quiet", .b = "verbose" },
	{ 0 },
};

static int options_read(struct app *app, int argc, const char **argv,
			const struct cmd_syntax *syntax, struct cmd_texts *ret_args)
{
	struct poptOption rows[OPTIONS_MAX + 1];
	option_set seen = 0;
	int rc;

	rows_for_popt(syntax->options, rows);
	_cleanup_(context_done) poptContext con = poptGetContext(app->program, argc, argv, rows, 0);
	if (!con)
		return err_oom(&app->err);

	while ((rc = poptGetNextOpt(con)) > 0) {
		size_t i = (size_t)rc - 1;

		rc = option_store(app, &syntax->options[i], seen >> i & 1, poptGetOptArg(con));
		if (rc)
			return rc;
		seen |= UINT64_C(1) << i;
	}
	if (rc < -1)
		return popt_refuse(app, con, rc);

	for (const char **arg = poptGetArgs(con); arg && *arg; arg++) {
		rc = texts_add(ret_args, strdup(*arg));
		if (rc < 0)
			return err_oom(&app->err);
	}
	rc = clash_check(app, syntax->options, common_clashes, seen);
	return rc ? rc : clash_check(app, syntax->options, syntax->clashes, seen);
}

/* ---- help --------------------------------------------------------------------------- */

static bool is_hidden(const struct app *app, const struct poptOption *row)
{
	/* What change_check() refuses always is not offered. */
	if (row->arg == &app->persistent && app->command->flags & COMMAND_ACTIVE)
		return true;
	return row->argInfo & POPT_ARGFLAG_DOC_HIDDEN;
}

static void options_help(struct app *app, const struct poptOption *options)
{
	for (const struct poptOption *row = options; !is_end(row); row++) {
		char left[96];

		if (is_hidden(app, row))
			continue;
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->shortName ? '-' : ' ',
			 row->shortName ? row->shortName : ' ', row->shortName ? "," : " ",
			 row->longName, row->argDescrip ? " " : "",
			 row->argDescrip ? row->argDescrip : "");
		out_printf(app, "  %-32s %s\n", left, row->descrip);
	}
}

const char *cmd_page(const struct app *app, const struct command *command, char *buf, size_t size)
{
	if (command->page)
		return command->page;
	if (strcmp(command->name, app->program) == 0)
		return app->program;
	snprintf(buf, size, "%s-%s", app->program, command->name);
	return buf;
}

static void command_help(struct app *app, const struct poptOption *options)
{
	const struct command *command = app->command;
	bool alone = strcmp(command->name, app->program) == 0;
	char page[32];

	out_printf(app, "Usage: %s%s%s [OPTIONS]%s%s\n\n%s.\n\nOptions:\n", app->program,
		   alone ? "" : " ", alone ? "" : command->name, command->args ? " " : "",
		   command->args ? command->args : "", command->summary);
	options_help(app, options);
	out_printf(app, "\nFor more: man %s\n", cmd_page(app, command, page, sizeof(page)));
}

/* Serves completion: "-a", "--adapters=" a line each. */
static void options_list(struct app *app, const struct poptOption *options)
{
	for (const struct poptOption *row = options; !is_end(row); row++) {
		if (is_hidden(app, row))
			continue;
		if (row->shortName)
			out_printf(app, "-%c\n", row->shortName);
		out_printf(app, "--%s%s\n", row->longName, row->argDescrip ? "=" : "");
	}
}

/* ---- what the common options say ------------------------------------------------------- */

static int color_read(struct app *app)
{
	static const char *const word[] = {
		[COLOR_AUTO] = "auto",
		[COLOR_ALWAYS] = "always",
		[COLOR_NEVER] = "never",
	};

	for (size_t i = 0; app->color_text && i < ARRAY_SIZE(word); i++) {
		if (strcmp(app->color_text, word[i]) == 0) {
			app->color = (enum color)i;
			return 0;
		}
	}
	if (app->color_text)
		return cmd_usage(app, "--color: '%s' is none of auto, always, never",
				 app->color_text);
	return 0;
}

static int lock_timeout_read(struct app *app)
{
	const unsigned max_seconds = 24 * 60 * 60;
	unsigned seconds;

	if (!app->lock_timeout_text)
		return 0;
	if (strchr(app->lock_timeout_text, '\n') ||
	    str_uint(app->lock_timeout_text, max_seconds, &seconds) < 0)
		return cmd_usage(app, "--lock-timeout: '%s' is no number of seconds from 0 to %u",
				 app->lock_timeout_text, max_seconds);
	app->lock_timeout_ms = seconds * 1000;
	return 0;
}

static const char *sysroot_env(void)
{
	const char *dir = secure_getenv("VFIOAP_SYSROOT");

	return dir && *dir ? dir : NULL;
}

/* Which sides a change is about; below another root there is the next boot alone. */
static int change_check(struct app *app)
{
	bool active_only = app->command->flags & COMMAND_ACTIVE;

	if (active_only && (app->persistent || app->sysroot))
		return cmd_usage(app, "--%s: '%s' changes the running system alone",
				 app->persistent ? "persistent" : "sysroot", app->command->name);
	if (app->sysroot && app->active) {
		cmd_usage(app, "--active: below another root there is no running system");
		cmd_hint(app, "--sysroot changes the next boot alone");
		return STATUS_USAGE;
	}
	if (!app->sysroot && sysroot_env()) {
		cmd_usage(app, "VFIOAP_SYSROOT is set: it would not be honoured by a change");
		cmd_hint(app, "unset VFIOAP_SYSROOT to change this host");
		return STATUS_USAGE;
	}
	if (app->sysroot)
		app->persistent = true;
	else if (active_only)
		app->active = true;
	else if (!app->active && !app->persistent)
		app->active = app->persistent = true;
	return 0;
}

static int sysroot_read(struct app *app)
{
	const char *dir = app->sysroot ? NULL : sysroot_env();

	if (!dir)
		return 0;
	app->sysroot = strdup(dir);
	if (!app->sysroot)
		return err_oom(&app->err);
	if (isatty(STDERR_FILENO))
		cmd_note(app, "reading '%s'", dir);
	return 0;
}

int cmd_root_open(struct app *app, unsigned flags)
{
	int rc = 0;

	if (flags & COMMAND_CHANGES)
		rc = change_check(app);
	else if (flags & COMMAND_READS)
		rc = sysroot_read(app);
	if (rc || !flags)
		return rc;

	app->root = open(app->sysroot ? app->sysroot : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (app->root < 0)
		return err_errno(&app->err, -errno, "cannot open '%s'",
				 app->sysroot ? app->sysroot : "/");
	return 0;
}

int cmd_parse(struct app *app, int argc, const char **argv, const struct cmd_syntax *syntax,
	      struct cmd_texts *ret_args)
{
	const bool asked_for_json = app->json;
	int rc;

	app->json = false;
	rc = options_read(app, argc, argv, syntax, ret_args);
	if (rc)
		app->json = asked_for_json;

	/* Help is given whatever else is wrong behind it, but not for an unknown option. */
	if (rc || !app->command)
		return rc;
	if (app->want_help) {
		command_help(app, syntax->options);
		return STATUS_STOP;
	}
	if (app->want_version) {
		out_printf(app, "%s %s\n", app->program, VFIOAP_VERSION);
		return STATUS_STOP;
	}
	if (app->want_options) {
		options_list(app, syntax->options);
		return STATUS_STOP;
	}
	rc = color_read(app);
	if (!rc)
		rc = lock_timeout_read(app);
	return rc ? rc : cmd_root_open(app, app->command->flags);
}

/* ---- arguments ---------------------------------------------------------------------------- */

int cmd_args_check(struct app *app, const struct cmd_texts *args, unsigned min, unsigned max)
{
	if (args->n > max)
		return cmd_usage(app, "unexpected argument '%s'", args->v[max]);
	if (args->n < min)
		return cmd_usage(app, "an argument is missing: %s", app->command->args);
	return 0;
}

int cmd_mode_parse(struct app *app, const char *text, enum apbus_mode *ret)
{
	static const struct {
		const char *word;
		enum apbus_mode mode;
	} modes[] = {
		{ .word = "cca", .mode = APBUS_MODE_CCA },
		{ .word = "ep11", .mode = APBUS_MODE_EP11 },
		{ .word = "accel", .mode = APBUS_MODE_ACCEL },
	};

	*ret = APBUS_MODE_UNKNOWN;
	if (!text)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(modes[i].word, text) == 0) {
			*ret = modes[i].mode;
			return 0;
		}
	}
	return cmd_usage(app, "--mode: '%s' is none of cca, ep11, accel", text);
}

int cmd_parse_refuse(struct app *app, const char *option, const char *text,
		     const struct vfioap_parse_error *error)
{
	char why[192];

	return cmd_usage(app, "%s: %s", option,
			 vfioap_parse_message(text, error, why, sizeof(why)));
}

int cmd_list_parse(struct app *app, const char *option, const struct cmd_texts *texts,
		   unsigned flags, unsigned max, struct vfioap_mask *ret)
{
	const unsigned words = VFIOAP_LIST_ALL | (flags & CMD_LIST_NONE ? VFIOAP_LIST_NONE : 0);
	const struct vfioap_mask all = vfioap_mask_range(0, max);
	struct vfioap_mask sum = { 0 };

	for (size_t i = 0; i < texts->n; i++) {
		struct vfioap_parse_error error;
		struct vfioap_mask one;

		if (vfioap_list_parse(texts->v[i], words, &all, &one, &error) < 0)
			return cmd_parse_refuse(app, option, texts->v[i], &error);
		sum = vfioap_mask_or(sum, one);
	}
	*ret = sum;
	return 0;
}

int cmd_control_parse(struct app *app, const struct cmd_texts *texts, unsigned flags, unsigned max,
		      const struct vfioap_mask *usage, struct vfioap_mask *ret)
{
	struct vfioap_mask sum = { 0 };

	for (size_t i = 0; i < texts->n; i++) {
		const struct cmd_texts one = { .v = &texts->v[i], .n = 1 };
		struct vfioap_mask mask = *usage;
		int rc = 0;

		if (strcmp(texts->v[i], "usage") != 0)
			rc = cmd_list_parse(app, "--control-domains", &one, flags, max, &mask);
		if (rc)
			return rc;
		sum = vfioap_mask_or(sum, mask);
	}
	*ret = sum;
	return 0;
}

/* ---- devices -------------------------------------------------------------------------------- */

int cmd_device_texts(struct app *app, const char *uuid, const struct cmd_texts *args, unsigned min,
		     unsigned max, const char ***ret, size_t *ret_n)
{
	const size_t n = args->n + (uuid ? 1 : 0);
	const char **texts;

	if (uuid && args->n)
		return cmd_usage(app, "a device by --uuid and '%s' as argument", args->v[0]);
	if (n < min)
		return cmd_usage(app, "no device given");
	if (n > max)
		return cmd_usage(app, "unexpected argument '%s'", args->v[max]);

	texts = calloc(n ? n : 1, sizeof(*texts));
	if (!texts)
		return err_oom(&app->err);
	if (uuid)
		texts[0] = uuid;
	for (size_t i = 0; i < args->n; i++)
		texts[i] = args->v[i];
	*ret = texts;
	*ret_n = n;
	return 0;
}

int cmd_device_find(struct app *app, const struct snapshot *now, const char *text,
		    const struct device **ret)
{
	int rc = snapshot_device_find(now, text, ret, &app->err);

	switch (rc) {
	case 0: return 0;
	case -EINVAL:
	case -ENOTUNIQ: return STATUS_USAGE;
	case -ENOENT:
		if (!*app->err.hint)
			cmd_hint(app, "'lsvfioap' lists the devices");
		return STATUS_NOT_FOUND;
	default: return rc;
	}
}

static int device_compare(const void *a, const void *b)
{
	const struct device *const *x = a, *const *y = b;

	return strcmp((*x)->uuid, (*y)->uuid);
}

int cmd_devices_find(struct app *app, const struct snapshot *now, const char *const *texts,
		     size_t n_texts, const struct device ***ret, size_t *ret_n)
{
	_cleanup_free_ const struct device **found = calloc(n_texts ? n_texts : 1, sizeof(*found));
	size_t n = 0;

	if (!found)
		return err_oom(&app->err);
	for (size_t i = 0; i < n_texts; i++) {
		int rc = cmd_device_find(app, now, texts[i], &found[i]);

		if (rc)
			return rc;
	}
	qsort(found, n_texts, sizeof(*found), device_compare);
	for (size_t i = 0; i < n_texts; i++)
		if (!i || found[i] != found[i - 1])
			found[n++] = found[i];
	*ret = TAKE_PTR(found);
	*ret_n = n;
	return 0;
}
