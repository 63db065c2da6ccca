/* SPDX-License-Identifier: MIT */
/*
 * What the host loses when queues leave it: requests that are under way, its last queue of a
 * mode, its default domain; and queues that nobody could use afterwards.
 */
#ifndef LOSS_H
#define LOSS_H

#include "findings.h"
#include "wish.h"

/** enum loss_mode - what the host needs at least one online queue for; bits */
enum loss_mode { LOSS_CCA = 1 << 0, LOSS_EP11 = 1 << 1, LOSS_ACCEL = 1 << 2 };

/**
 * struct loss - facts about queues that would leave the host; on the heap
 * @moved: these queues
 * @busy:  ... with requests in flight
 * @old:   adapters among them that are older than CEX4
 * @modes: no queue of this mode is online afterwards, and one is now
 * @loses_default, @default_domain: no queue of it is the host's afterwards
 */
struct loss {
	struct qset moved, busy;
	struct vfioap_mask old;
	unsigned modes;
	bool loses_default;
	unsigned default_domain;
};

/**
 * loss_read() - work out what leaves the host, and read the files that tell about it
 *
 * Of queues that stay as many are looked at as it takes to find one that is online.
 * Return: 0; -ENOMEM, or another errno.
 */
int loss_read(int root, const struct snapshot *now, const struct wish *want, struct loss *ret,
	      struct err *err);

/**
 * loss_find() - pure: what is to be said about it
 * @by_card: queues named by -a or -Q: of a card that is too old they are refused
 * @force:   what would be refused is a warning
 *
 * Return: 0 or -ENOMEM.
 */
int loss_find(const struct loss *loss, const struct qset *by_card, bool force,
	      struct findings *ret);

#endif
