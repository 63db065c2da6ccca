/* SPDX-License-Identifier: MIT */
/*
 * The lister: lsvfioap, and `vfioap list` with long options only.
 */
#ifndef LIST_H
#define LIST_H

#include "cmd.h"

/** struct list_options - what is to be listed; list_options_done() */
struct list_options {
	bool devices, queues, map, list_columns;
	char *columns, *mode;
};

void list_options_done(struct list_options *options);

/** Options of both front ends that exclude each other. */
extern const struct cmd_clash list_clashes[];

/** list_run() - read what is needed and print it; 0, enum status or a negative errno */
int list_run(struct app *app, const struct list_options *options, const struct cmd_texts *filters);

#endif
