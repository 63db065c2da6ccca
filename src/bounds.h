/* SPDX-License-Identifier: MIT */
/*
 * What no device may have, active or defined, whoever owns what: IDs that the machine has not,
 * and more queues than a kernel can show.  Pure.
 */
#ifndef BOUNDS_H
#define BOUNDS_H

#include "findings.h"
#include "snapshot.h"

/**
 * bounds_find() - what speaks against device @uuid having @is, where it had @was
 * @force: more queues than are known to be safe are a warning
 *
 * Return: 0 or -ENOMEM.
 */
int bounds_find(const struct snapshot *now, const char *uuid, const struct matrix *was,
		const struct matrix *is, bool force, struct findings *ret);

#endif
