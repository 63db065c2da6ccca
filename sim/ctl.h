/* SPDX-License-Identifier: MIT */
/* The client's side of the control file, for `apsim ctl`, modprobe and rmmod. */
#ifndef SIM_CTL_H
#define SIM_CTL_H

#include <limits.h>
#include <stdio.h>

#include "err.h"

/** ctl_main() - `apsim ctl`; @argv[0] is for messages.  Return: an exit status. */
int ctl_main(int argc, const char **argv);

/**
 * ctl_send() - have the server carry out a command
 * @argv: its words, NULL-terminated
 * @out:  receives what it prints; may be NULL
 *
 * Return: 0; -EINVAL for wrong usage; another negative errno; explained in @err.
 */
int ctl_send(const char *const *argv, FILE *out, struct err *err);

/** ctl_root() - where the machine's root is seen: "" or an absolute path; returns @buf */
const char *ctl_root(char buf[PATH_MAX]);

/** ctl_finish() - print @err, if it holds a failure; the exit status for @rc */
int ctl_finish(int rc, const struct err *err);

#endif
