/* SPDX-License-Identifier: MIT */
/* As much of udev as a rules file for the AP bus needs. */
#ifndef SIM_UDEVRULES_H
#define SIM_UDEVRULES_H

#include <stddef.h>

#include "err.h"

/** struct udevrules_event - an event, and which modules its rules want to be loaded */
struct udevrules_event {
	const char *action;	/* "change" */
	const char *devpath;	/* "/devices/ap" */
	const char *subsystem;	/* "ap" */
	const char *const *env; /* "BINDINGS=complete", ..., NULL */
	char modules[4][64];	/* RUN{builtin}+="kmod load ..." */
	size_t n_modules;
};

/**
 * udevrules_apply() - go through the rules of @path for one event
 *
 * Attributes are written as the rules say; what udev would only log is a warning.
 * Return: 0, also without such a file; or a negative errno.
 */
int udevrules_apply(const char *path, struct udevrules_event *event, struct err *err);

#endif
