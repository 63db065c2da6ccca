/* SPDX-License-Identifier: MIT */
/*
 * Judges what a wish asks of the next boot, for conflict.c alone.  Pure.
 */
#ifndef CONFLICT_NEXT_H
#define CONFLICT_NEXT_H

#include "conflict.h"

/**
 * conflict_find_next() - what speaks against the definitions and the rule file of @want
 *
 * Queues that conflict_find() names for the running system already are not named again.
 * Return: 0 or -ENOMEM.
 */
int conflict_find_next(const struct snapshot *now, const struct wish *want, unsigned flags,
		       struct findings *ret);

#endif
