/* SPDX-License-Identifier: MIT */
/*
 * What the commands of apsim share: exit statuses, messages, popt, and the
 * options that choose a machine.
 */
#ifndef SIM_FRONT_H
#define SIM_FRONT_H

#include <popt.h>

#include "err.h"
#include "machine.h"

/* Where COMMAND finds the simulator: modprobe starts with an empty environment. */
#define FRONT_CONTROL	  "/run/apsim/control"
#define FRONT_CONTROL_ENV "APSIM_CONTROL"
#define FRONT_EXE	  "/run/apsim/apsim"

/** enum front_status - exit statuses; those of `apsim run` are env(1)'s */
enum front_status {
	FRONT_OK = 0,
	FRONT_FAILED = 1,
	FRONT_USAGE = 2,
	FRONT_OWN_FAILURE = 125,
	FRONT_CANNOT_RUN = 126,
	FRONT_NOT_FOUND = 127,
	FRONT_SIGNAL = 128, /* plus the signal that ended COMMAND */
};

/** struct front_machine - the machine that the options chose; zero-initialise it */
struct front_machine {
	char *lpar_name;
	char *kernel;
	struct lpar *lpar;
	const struct traits *traits;
};

#define FRONT_MACHINE_OPTIONS(m)                                                       \
	{ .longName = "lpar",                                                          \
	  .argInfo = POPT_ARG_STRING,                                                  \
	  .arg = &(m)->lpar_name,                                                      \
	  .descrip = "The machine: docs (default), z16, empty, max, or a JSON file",   \
	  .argDescrip = "FILE|NAME" },                                                 \
	{                                                                              \
		.longName = "kernel", .argInfo = POPT_ARG_STRING, .arg = &(m)->kernel, \
		.descrip = "The kernel to answer as (default " FRONT_KERNEL ")",       \
		.argDescrip = "VERSION"                                                \
	}

#define FRONT_LPAR   "docs"
#define FRONT_KERNEL "6.12"

/* Own --help, so that it prints our usage line and exits 0 after a full flush. */
#define FRONT_HELP_OPTION(flag)                                                                \
	{                                                                                      \
		.longName = "help", .shortName = 'h', .argInfo = POPT_ARG_NONE, .arg = (flag), \
		.descrip = "Show this help"                                                    \
	}

void front_machine_done(struct front_machine *m);

/** front_machine_load() - read the LPAR and find the kernel: 0, or negative errno in @err */
int front_machine_load(struct front_machine *m, struct err *err);

/** front_error_print() - "apsim: what", "hint: ..." on stderr */
void front_error_print(const struct err *err);

/** front_warn() - "apsim: ...", on stderr */
void front_warn(const char *fmt, ...) _printf_(1, 2);

/** front_popt_free() - for _cleanup_; NULL is fine */
void front_popt_free(poptContext *ctx);

/**
 * front_popt_run() - go through all options
 * Return: 0, or -EINVAL with the culprit in @err.
 */
int front_popt_run(poptContext ctx, struct err *err);

/** front_help_print() - "Usage: apsim @usage", the options of @ctx and @text; returns FRONT_OK */
int front_help_print(poptContext ctx, const char *usage, const char *text);

/** front_args() - what is left after the options, NULL-terminated; lends, never NULL */
const char *const *front_args(poptContext ctx);

/**
 * front_command() - run a sub-command with the arguments that are left
 * @name: what stands for argv[0], e.g. "apsim run"
 * @args: the name as it was typed, and what follows
 *
 * popt frees the strings that it has handed out, so they cannot be replaced in place.
 */
int front_command(int (*run)(int argc, const char **argv), const char *name,
		  const char *const *args);

/** front_args_count() - the length of a NULL-terminated array */
int front_args_count(const char *const *args);

#endif
