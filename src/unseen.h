/* SPDX-License-Identifier: MIT */
/*
 * What a device owns and its guest will not see all the same: queues that do not exist, are
 * not bound to vfio_ap, or are outside of the host's configuration.  Pure.
 */
#ifndef UNSEEN_H
#define UNSEEN_H

#include "findings.h"
#include "wish.h"

/**
 * unseen_find() - a FINDING_QUEUE_NOT_IN_GUEST for each reason and device of @want
 *
 * Only what the change from @now hides: what was hidden before is left out.
 * Return: 0 or -ENOMEM.
 */
int unseen_find(const struct snapshot *now, const struct wish *want, struct findings *ret);

#endif
