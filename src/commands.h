/* SPDX-License-Identifier: MIT */
/*
 * The run functions of vfioap's commands, one in each cmd_*.c; the table is in vfioap.c.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "cmd.h"

int cmd_apply(struct app *app, int argc, const char **argv);
int cmd_assign(struct app *app, int argc, const char **argv);
int cmd_check(struct app *app, int argc, const char **argv);
int cmd_create(struct app *app, int argc, const char **argv);
int cmd_doctor(struct app *app, int argc, const char **argv);
int cmd_export(struct app *app, int argc, const char **argv);
int cmd_find(struct app *app, int argc, const char **argv);
int cmd_list(struct app *app, int argc, const char **argv);
int cmd_mask(struct app *app, int argc, const char **argv);
int cmd_refresh(struct app *app, int argc, const char **argv);
int cmd_release(struct app *app, int argc, const char **argv);
int cmd_remove(struct app *app, int argc, const char **argv);
int cmd_reserve(struct app *app, int argc, const char **argv);
int cmd_set(struct app *app, int argc, const char **argv);
int cmd_show(struct app *app, int argc, const char **argv);
int cmd_start(struct app *app, int argc, const char **argv);
int cmd_stop(struct app *app, int argc, const char **argv);
int cmd_unassign(struct app *app, int argc, const char **argv);
int cmd_watch(struct app *app, int argc, const char **argv);

#endif
