/* SPDX-License-Identifier: MIT */
/*
 * Conflicts: everything that speaks against a wish, or is wrong with a machine, found
 * all at once.  Pure: no I/O, no printing.
 */
#ifndef CONFLICT_H
#define CONFLICT_H

#include "findings.h"
#include "wish.h"

enum conflict_flags {
	CONFLICT_FORCE = 1 << 0,
	CONFLICT_CAN_RESERVE = 1 << 2, /* the command has --reserve, for hints */
	CONFLICT_AUTOSTART = 1 << 1,   /* all autostart definitions are being looked at in turn */
};

/**
 * conflict_find() - all that speaks against going from @now to @want
 *
 * Only differences are judged: what is already wrong and stays as it is does not hinder a
 * change elsewhere.  Return: 0 (look at ret->n_errors) or -ENOMEM.
 */
int conflict_find(const struct snapshot *now, const struct wish *want, unsigned flags,
		  struct findings *ret);

#endif
