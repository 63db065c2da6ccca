/* SPDX-License-Identifier: MIT */
/*
 * What stands in the way of a wish because of the kernel that runs, not because of other
 * owners: queues that it wants to exist and be bound, devices that it does not change while a
 * guest has them.  Pure.
 */
#ifndef OBSTACLE_H
#define OBSTACLE_H

#include "findings.h"
#include "wish.h"

/**
 * obstacle_find() - a finding for each thing that this kernel would refuse
 *
 * Return: 0 or -ENOMEM.
 */
int obstacle_find(const struct snapshot *now, const struct wish *want, struct findings *ret);

/**
 * obstacle_queues() - the queues of @m that must exist and be bound to vfio_ap, and do not or
 *                     are not: all before 6.0, with driver overrides those that the masks
 *                     give to the host
 * @bus: as it will be
 */
void obstacle_queues(const struct snapshot *now, const struct apbus *bus, const struct matrix *m,
		     struct qset *ret_absent, struct qset *ret_unbound);

#endif
