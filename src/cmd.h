/* SPDX-License-Identifier: MIT */
/*
 * What the front ends share: the state of one run, the option loop, usage errors,
 * messages, the exit status.
 *
 * A front end returns 0 to go on or to say that it is done, a positive enum status, or a
 * negative errno explained in app->err; cmd_finish() makes the exit status of it.  So every
 * helper here is used the same way:
 *
 *	rc = cmd_parse(app, argc, argv, &syntax, &args);
 *	if (rc)
 *		return rc;
 */
#ifndef CMD_H
#define CMD_H

#include <popt.h>
#include <stdbool.h>
#include <stddef.h>

#include <vfioap/mask.h>

#include "apbus.h"
#include "err.h"

struct device;
struct finding;
struct findings;
struct json_object;
struct snapshot;

/** enum status - exit status of every program but chzdev_ap; numbers are never reused */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1, /* nothing changed */
	STATUS_USAGE = 2,
	STATUS_CONFLICT = 3, /* refused, nothing changed */
	STATUS_NOT_FOUND = 4,
	STATUS_LOCKED = 5, /* by another process, which the message names */
	STATUS_PARTLY = 64,
	STATUS_STOP = 256, /* help was asked for and given: not an error, exit with 0 */
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct app;

/** enum command_flags - what a command does to the host */
enum command_flags {
	COMMAND_READS = 1 << 0,	  /* looks at a root; VFIOAP_SYSROOT holds */
	COMMAND_CHANGES = 1 << 1, /* changes the running system: see cmd_parse() */
	COMMAND_ACTIVE = 1 << 2,  /* ... and never the next boot: no --persistent */
};

/**
 * struct command - one row of the command table
 * @args:    what stands behind the options in a usage line, "DEVICE..."; NULL: nothing
 * @summary: what it does, as a sentence without full stop
 * @page:    its man page; NULL: PROGRAM-NAME
 * @run:     argv[0] is the program, the rest is without the command's name
 */
struct command {
	const char *name;
	const char *args;
	const char *summary;
	const char *page;
	unsigned flags;
	int (*run)(struct app *app, int argc, const char **argv);
};

/** struct app - one run of a program; app_init() and app_done() */
struct app {
	const char *program;	       /* "vfioap": stands before every message */
	const struct command *command; /* NULL until it is known */
	int root;		       /* the root directory; -1 until cmd_parse() */
	bool active, persistent;       /* -A, -P: after cmd_parse() at least one is set */
	bool dry_run, force;
	bool json, quiet, verbose, raw, no_headings;
	enum color color;
	unsigned lock_timeout_ms;

	struct err err;		      /* the error that ends this run */
	bool told;		      /* it is on stderr already */
	struct json_object *findings; /* of a refusal, for its JSON; NULL */
	struct json_object *warnings; /* array of all warnings so far; NULL: none */

	char *sysroot; /* where the root is when it is not "/"; NULL */
	char *color_text, *lock_timeout_text;
	bool want_help, want_version, want_options;
	int out_errno;	/* the first write to stdout that failed, or 0; out.c */
	unsigned width; /* columns of a line, 0 until it is asked for; out.c */
};

/**
 * app_init() - defaults; file descriptors 0, 1, 2 are open from then on, SIGPIPE is ignored
 * @argv: only looked at for --json, which usage errors honour too
 */
int app_init(struct app *app, const char *program, int argc, const char **argv);
void app_done(struct app *app);

/** cmd_page() - name of the man page of @command, which stays valid as long as @buf */
const char *cmd_page(const struct app *app, const struct command *command, char *buf, size_t size);

/* ---- options ------------------------------------------------------------------- */

/**
 * struct cmd_texts - an option that may be given several times, or the arguments
 * @v: heap copies, in the order given
 */
struct cmd_texts {
	char **v;
	size_t n;
};

void cmd_texts_done(struct cmd_texts *texts);

/* What .arg of a row points at stands in its .val; these macros are the only way to say it. */
enum cmd_kind { CMD_KIND_FLAG = 1, CMD_KIND_TEXT, CMD_KIND_TEXTS };

/** CMD_FLAG() - a bool */
#define CMD_FLAG(letter, name, bool_ptr, help)                                       \
	{                                                                            \
		.longName = (name), .shortName = (letter), .argInfo = POPT_ARG_NONE, \
		.arg = (bool_ptr), .val = CMD_KIND_FLAG, .descrip = (help)           \
	}

/** CMD_TEXT() - a char *, a heap copy that the caller frees */
#define CMD_TEXT(letter, name, text_ptr, what, help)                                             \
	{                                                                                        \
		.longName = (name), .shortName = (letter), .argInfo = POPT_ARG_STRING,           \
		.arg = (text_ptr), .val = CMD_KIND_TEXT, .descrip = (help), .argDescrip = (what) \
	}

/** CMD_TEXTS() - a struct cmd_texts; the only kind that may be given more than once */
#define CMD_TEXTS(letter, name, texts_ptr, what, help)                                             \
	{                                                                                          \
		.longName = (name), .shortName = (letter), .argInfo = POPT_ARG_STRING,             \
		.arg = (texts_ptr), .val = CMD_KIND_TEXTS, .descrip = (help), .argDescrip = (what) \
	}

/** CMD_HIDDEN_FLAG() - a bool that serves completion and stands in no help text */
#define CMD_HIDDEN_FLAG(name, bool_ptr)                                                 \
	{                                                                               \
		.longName = (name), .argInfo = POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN, \
		.arg = (bool_ptr), .val = CMD_KIND_FLAG                                 \
	}

/** CMD_CHANGE_OPTIONS() - rows of every changing command; -f is CMD_FORCE_OPTION() */
#define CMD_CHANGE_OPTIONS(app)                                                          \
	CMD_FLAG('A', "active", &(app)->active, "Change the running system"),            \
		CMD_FLAG('P', "persistent", &(app)->persistent, "Change the next boot"), \
		CMD_FLAG('n', "dry-run", &(app)->dry_run, "Print the writes, make none")

#define CMD_FORCE_OPTION(app, help) CMD_FLAG('f', "force", &(app)->force, help)

/** CMD_END_OPTIONS() - rows of every program */
#define CMD_END_OPTIONS(app)                                                               \
	CMD_TEXT(0, "sysroot", &(app)->sysroot, "DIR", "Look at the host below DIR"),      \
		CMD_TEXT(0, "color", &(app)->color_text, "WHEN", "auto, always or never"), \
		CMD_FLAG('h', "help", &(app)->want_help, "Print this help"),               \
		CMD_FLAG('V', "version", &(app)->want_version, "Print the version"),       \
		CMD_HIDDEN_FLAG("list-options", &(app)->want_options)

/** CMD_COMMON_OPTIONS() - rows of every vfioap command */
#define CMD_COMMON_OPTIONS(app)                                                   \
	CMD_FLAG(0, "json", &(app)->json, "Print JSON"),                          \
		CMD_FLAG('q', "quiet", &(app)->quiet, "No notes"),                \
		CMD_FLAG('v', "verbose", &(app)->verbose, "Say each write"),      \
		CMD_TEXT(0, "lock-timeout", &(app)->lock_timeout_text, "SECONDS", \
			 "How long to wait for the lock (10)"),                   \
		CMD_END_OPTIONS(app)

/** struct cmd_clash - long names of two options that exclude each other */
struct cmd_clash {
	const char *a, *b;
};

/**
 * struct cmd_syntax - the options of a command
 * @options: ends with POPT_TABLEEND; at most 64 rows, made by the macros above
 * @clashes: ends with an empty row; NULL: none but quiet and verbose
 */
struct cmd_syntax {
	const struct poptOption *options;
	const struct cmd_clash *clashes;
};

/**
 * cmd_parse() - fill in the options, open the root
 * @ret_args: the arguments that are no options, also on failure released by the caller
 *
 * Refuses unknown options, options given twice and clashes; answers --help, --version and
 * --list-options (STATUS_STOP).  For a command that changes something: app->active and
 * app->persistent are which sides it is about, at least one; VFIOAP_SYSROOT is refused.
 * While app->command is NULL it answers nothing and opens nothing.
 */
int cmd_parse(struct app *app, int argc, const char **argv, const struct cmd_syntax *syntax,
	      struct cmd_texts *ret_args);

/**
 * cmd_root_open() - the last thing that cmd_parse() does, by the flags of app->command
 * @flags: enum command_flags; 0: nothing to do
 *
 * For a program whose options decide whether it looks or changes: the flags of its command are
 * 0, and it calls this itself.
 */
int cmd_root_open(struct app *app, unsigned flags);

/** cmd_args_check() - refuse fewer than @min or more than @max arguments; -1u: any number */
int cmd_args_check(struct app *app, const struct cmd_texts *args, unsigned min, unsigned max);

/** enum cmd_list_flags - words of an option beyond numbers */
enum cmd_list_flags {
	CMD_LIST_NONE = 1 << 0, /* "none": the empty set; "all" is always there */
};

/**
 * cmd_list_parse() - the union of all texts of a LIST option
 * @option: as the user types it, "--adapters"
 * @flags:  enum cmd_list_flags
 * @max:    the highest ID that "all" stands for
 * @ret:    untouched on failure; empty when the option was not given
 *
 * A number above @max (up to 255) is left to the conflicts.  Return: 0, STATUS_USAGE with
 * option, item and position named.
 */
int cmd_list_parse(struct app *app, const char *option, const struct cmd_texts *texts,
		   unsigned flags, unsigned max, struct vfioap_mask *ret);

/**
 * cmd_control_parse() - as cmd_list_parse() for --control-domains, which also knows "usage"
 * @usage: what "usage" stands for: the set of --domains
 */
int cmd_control_parse(struct app *app, const struct cmd_texts *texts, unsigned flags, unsigned max,
		      const struct vfioap_mask *usage, struct vfioap_mask *ret);

/** cmd_mode_parse() - what --mode says; NULL: APBUS_MODE_UNKNOWN, any */
int cmd_mode_parse(struct app *app, const char *text, enum apbus_mode *ret);

/** cmd_parse_refuse() - a usage error from what vfioap_*_parse() says about @text */
int cmd_parse_refuse(struct app *app, const char *option, const char *text,
		     const struct vfioap_parse_error *error);

/* ---- devices ------------------------------------------------------------------- */

/**
 * cmd_device_texts() - what DEVICE texts were given, by -u or as arguments
 * @uuid: text of -u, or NULL
 * @min, @max: how many there must be
 * @ret:  lends the texts of @uuid or @args; the array (not its texts) is freed by the caller
 *
 * Return: 0; STATUS_USAGE for -u beside an argument, too few, too many.
 */
int cmd_device_texts(struct app *app, const char *uuid, const struct cmd_texts *args, unsigned min,
		     unsigned max, const char ***ret, size_t *ret_n);

/** cmd_device_find() - the device that @text names; STATUS_NOT_FOUND, STATUS_USAGE */
int cmd_device_find(struct app *app, const struct snapshot *now, const char *text,
		    const struct device **ret);

/**
 * cmd_devices_find() - the devices that the texts name; one named twice counts once
 * @ret: heap array of pointers into @now, by UUID
 */
int cmd_devices_find(struct app *app, const struct snapshot *now, const char *const *texts,
		     size_t n_texts, const struct device ***ret, size_t *ret_n);

/* ---- messages: what they print never steers a terminal ------------------------------ */

/** cmd_usage() - record a usage error and its usual hint; returns STATUS_USAGE */
int cmd_usage(struct app *app, const char *fmt, ...) _printf_(2, 3);

/** cmd_fail() - record an error without hint; returns @status */
int cmd_fail(struct app *app, int status, const char *fmt, ...) _printf_(3, 4);

/** cmd_hint() - give the recorded error this hint, in place of what it has */
void cmd_hint(struct app *app, const char *fmt, ...) _printf_(2, 3);

/** cmd_error() - print "program: ..." at once; for errors beside the one that ends the run */
void cmd_error(const struct app *app, const char *fmt, ...) _printf_(2, 3);

/** cmd_warn() - print "program: warning: ...", -q or not, and keep it for app->warnings */
void cmd_warn(struct app *app, const char *fmt, ...) _printf_(2, 3);

/** cmd_note() - print "program: ..." unless -q */
void cmd_note(const struct app *app, const char *fmt, ...) _printf_(2, 3);

/**
 * cmd_refuse() - print every finding that is an error, with its hint; warnings too
 *
 * Under --json they are in the error object as well.  Return: STATUS_CONFLICT.
 */
int cmd_refuse(struct app *app, const struct findings *findings);

/** cmd_finding_json() - a finding as an object, the same in refusals and in `vfioap check` */
struct json_object *cmd_finding_json(const struct finding *finding);

/** cmd_findings_warn() - cmd_warn() each finding that is a warning, with its hint */
void cmd_findings_warn(struct app *app, const struct findings *findings);

/* ---- begin and end --------------------------------------------------------------- */

/** cmd_root_check() - "must be root" unless this is a dry run; STATUS_FAILED */
int cmd_root_check(struct app *app);

/**
 * cmd_finish() - print the error that ends the run, flush stdout, release @app
 * @rc: 0, enum status, or a negative errno explained in app->err
 *
 * Return: the exit status.
 */
int cmd_finish(struct app *app, int rc);

#endif
