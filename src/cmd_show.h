/* SPDX-License-Identifier: MIT */
/*
 * The subjects of vfioap show: one function each, in cmd_show_*.c.
 */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include "grid.h"

/** struct show_args - what was given behind the subject, and by option; lends its texts */
struct show_args {
	const char *uuid;
	struct cmd_texts rest;
};

int show_matrix(struct app *app, const struct show_args *args);
int show_guest(struct app *app, const struct show_args *args);
int show_device(struct app *app, const struct show_args *args);
int show_masks(struct app *app, const struct show_args *args);
int show_host(struct app *app, const struct show_args *args);
int show_queue(struct app *app, const struct show_args *args);

/** show_nothing_more() - STATUS_USAGE for a subject that takes no argument and was given one */
int show_nothing_more(struct app *app, const struct show_args *args);

/** show_line() - a fact: "  label    text", broken where the line ends */
void show_line(struct app *app, const char *label, const char *fmt, ...) _printf_(3, 4);

/** show_heading() - what the lines below it are about, in bold */
void show_heading(struct app *app, const char *text);

/** show_device_text(), show_guest_text() - one device as text */
void show_device_text(struct app *app, const struct grid *grid);
void show_guest_text(struct app *app, const struct grid *grid);

#endif
