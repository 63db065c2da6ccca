/* SPDX-License-Identifier: MIT */
/*
 * What the parts of chzdev_ap share: chzdev_ap.c has the options, chzdev_edit.c changes,
 * chzdev_list.c lists and exports, chzdev_file.c reads and writes the files that users name.
 */
#ifndef CHZDEV_H
#define CHZDEV_H

#include "cmd.h"
#include "zdev.h"

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
	EXIT_FORMAT = 18,
	EXIT_INTERNAL = 99,
};

/* What a function of chzdev_ap returns for an exit code: above all of enum status. */
#define RC_BASE	   512
#define RC_EXIT(e) (RC_BASE + (e))

/* ---- changes, chzdev_edit.c -------------------------------------------------------------- */

/**
 * struct chzdev_edit - what is asked for, and what has come of it
 * @removed:     the next boot shall no longer set this mask
 * @changes:     the masks will be others than before
 * @overrides:   the kernel would refuse, whoever owns what
 * @n_conflicts: with devices
 */
struct chzdev_edit {
	struct zdev_settings side[ZDEV_SIDES];
	bool removed[ZDEV_ATTRIBUTES];
	bool changes;
	bool overrides;
	unsigned n_conflicts;
};

/** chzdev_setting_parse() - "apmask=+5", of both sides, into @edit */
int chzdev_setting_parse(struct app *app, const char *text, struct chzdev_edit *edit);

/** chzdev_removals_parse() - the attributes of --remove into @edit, behind all settings */
int chzdev_removals_parse(struct app *app, const struct cmd_texts *remove,
			  struct chzdev_edit *edit);

/** chzdev_change() - carry @edit out on the sides of app->active and app->persistent */
int chzdev_change(struct app *app, struct chzdev_edit *edit);

/** chzdev_import() - make the masks what an export says; @file: "-" is standard input */
int chzdev_import(struct app *app, const char *file);

/* ---- lists, chzdev_list.c ---------------------------------------------------------------- */

/** chzdev_list() - what lszdev prints, @pairs: as KEY="VALUE" */
int chzdev_list(struct app *app, bool pairs);

/** chzdev_export() - write the masks as chzdev does; @file: "-" is standard output */
int chzdev_export(struct app *app, const char *file);

/* ---- files that users name, chzdev_file.c ------------------------------------------------ */

/**
 * chzdev_file_read() - a whole regular file, or standard input for "-"
 * @ret: a NUL behind its bytes; the caller frees it
 */
int chzdev_file_read(struct app *app, const char *file, char **ret, size_t *ret_len);

/**
 * chzdev_file_write() - make or replace a regular file, and directories that are missing
 *
 * As a whole: readers see the old text or the new one.  The mode of the old one is kept.
 */
int chzdev_file_write(struct app *app, const char *file, const char *text);

#endif
