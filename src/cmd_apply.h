/* SPDX-License-Identifier: MIT */
/*
 * A wish file as a change: what `vfioap apply` makes so, and `vfioap check --plan` looks at.
 */
#ifndef CMD_APPLY_H
#define CMD_APPLY_H

#include "change.h"
#include "wishfile.h"

/** struct apply_file - the file that a user named; apply_file_done() */
struct apply_file {
	char *text;
	size_t len;
	bool prune;
	struct wishfile wish;
};

/**
 * apply_file_read() - read @name, "-": standard input
 *
 * Return: 0; STATUS_NOT_FOUND, STATUS_USAGE with line, key and reason; errno.
 */
int apply_file_read(struct app *app, const char *name, struct apply_file *ret);
void apply_file_done(struct apply_file *file);

/** apply_edit() - a change_edit_fn; @arg is a struct apply_file */
change_edit_fn apply_edit;

/**
 * apply_find() - what would speak against it, and nothing is changed
 * @now: with vfio_ap loaded afterwards, as apply would load it
 */
int apply_find(struct app *app, struct snapshot *now, const struct apply_file *file,
	       struct findings *ret);

#endif
