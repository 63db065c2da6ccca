/* SPDX-License-Identifier: MIT */
/*
 * The audit: everything that is wrong with a machine, now and at the next boot, found all at
 * once.  Pure: what is not in the snapshot is read beforehand into struct audit_facts.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "findings.h"
#include "lock.h"
#include "snapshot.h"

/** enum audit_flags - what is looked at; a finding about both sides needs both */
enum audit_flags {
	AUDIT_ACTIVE = 1 << 0,	   /* the running system */
	AUDIT_PERSISTENT = 1 << 1, /* files for the next boot */
};

/** struct audit_key - a queue whose registers hold a master key; @keys: enum zcrypt_key */
struct audit_key {
	unsigned apid, apqi, keys;
};

/**
 * struct audit_facts - zero-initialise it; audit_facts_done()
 * @deconfigured, @checkstopped: cards that are so
 * @old:       cards older than CEX4: vfio_ap does not drive them
 * @overrides: queues that get a driver override to vfio_ap at each boot
 * @overrides_bad_line: the first line of that list that is none, 0 none
 * @lock, @lock_holder: as lock_look() gives them
 * @rules:     as udev_report_read() gives it
 * @key:       of the queues of audit_moving(), those with a master key
 * @about:     devices that are asked about, lent; none: all.  What concerns none of them may be
 *             left out.
 */
struct audit_facts {
	struct vfioap_mask deconfigured, checkstopped, old;
	struct qset overrides;
	unsigned overrides_bad_line;
	enum lock_state lock;
	struct lock_holder lock_holder;
	struct udev_report rules;
	struct audit_key *key;
	size_t n_keys;
	const struct device *const *about;
	size_t n_about;
};

void audit_facts_done(struct audit_facts *facts);

/** The first hardware type that vfio_ap drives: CEX4 (vfio_ap_drv.c, ap_queue_ids). */
#define AUDIT_HWTYPE_CEX4 10

/** audit_cards() - the cards whose state is to be read into @deconfigured and its like */
struct vfioap_mask audit_cards(const struct snapshot *now, unsigned flags);

/**
 * audit_moving() - queues that the host has, and will lose or should: their keys are to be read
 * @facts: all but its keys
 *
 * Return: 0 or -ENOMEM.
 */
int audit_moving(const struct snapshot *now, const struct audit_facts *facts, unsigned flags,
		 struct qset *ret);

/**
 * audit_find() - all findings, of every device and of the machine
 * @now: needs SNAPSHOT_ALL; with SNAPSHOT_LIBVIRT more guests have names
 *
 * Return: 0 (look at ret->n) or -ENOMEM.
 */
int audit_find(const struct snapshot *now, const struct audit_facts *facts, unsigned flags,
	       struct findings *ret);

#endif
