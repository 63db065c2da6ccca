/* SPDX-License-Identifier: MIT */
/*
 * What has changed between two looks at a machine, in words, and what follows from it for
 * guests.  Pure: looks at nothing but the two.
 */
#ifndef WATCH_H
#define WATCH_H

#include "snapshot.h"

/** enum watch_event - in the order in which changes are told */
enum watch_event {
	WATCH_MODULE,
	WATCH_CARD,
	WATCH_MASKS,
	WATCH_QUEUE,
	WATCH_DEVICE,
	WATCH_GUEST,
};

const char *watch_event_name(enum watch_event event); /* "module", "card", ... */

/**
 * struct watch_look - a machine at one time; on the heap, watch_look_done()
 * @now:    SNAPSHOT_BUS, SNAPSHOT_DEVICES, SNAPSHOT_GUEST, SNAPSHOT_HOLDERS
 * @card:   status of each card
 * @online: queues of the host that are online
 */
struct watch_look {
	struct snapshot *now;
	enum apbus_status card[VFIOAP_IDS];
	struct qset online;
};

struct watch_look *watch_look_free(struct watch_look *look);
void watch_look_freep(struct watch_look **look);

/**
 * struct watch_change - "adapter 5", "deconfigured", "guest web1 keeps ..."
 * @consequence: sentences; heap, as the others
 */
struct watch_change {
	enum watch_event event;
	char *subject, *change;
	char **consequence;
	size_t n;
};

/** struct watch_changes - zero-initialise it; watch_changes_done() */
struct watch_changes {
	struct watch_change *v;
	size_t n;
};

void watch_changes_done(struct watch_changes *changes);

/** watch_compare() - all that is not as it was; 0 or -ENOMEM */
int watch_compare(const struct watch_look *was, const struct watch_look *is,
		  struct watch_changes *ret);

#endif
