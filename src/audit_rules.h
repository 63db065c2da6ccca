/* SPDX-License-Identifier: MIT */
/*
 * What the rules of the audit share; only for audit*.c.
 */
#ifndef AUDIT_RULES_H
#define AUDIT_RULES_H

#include "audit.h"
#include "caps.h"
#include "nextboot.h"
#include "share.h"

/**
 * struct audit_owner - one side of a device that is looked at, with a matrix that is known
 * @active:    it runs; else this is its definition
 * @automatic: a definition that is started at boot
 * @asked:     somebody asks about this device
 * @beside:    a definition, and its device is active and looked at: with this matrix; else NULL
 */
struct audit_owner {
	const struct device *device;
	const struct matrix *matrix;
	bool active, automatic, asked;
	const struct matrix *beside;
};

/**
 * struct audit - what every rule needs
 * @after: the bus after the next boot; NULL: not looked at, or not known
 * @owner: by UUID, what is active before what is defined
 */
struct audit {
	const struct snapshot *now;
	const struct audit_facts *facts;
	unsigned flags;
	struct caps caps;
	struct nextboot boot;
	struct apbus *after;
	struct audit_owner *owner;
	size_t n_owners;
	struct findings *ret;
};

/** audit_looks() - is all of @flags looked at */
bool audit_looks(const struct audit *a, unsigned flags);

/** audit_is_again() - all about this matrix is said where the same device is active */
bool audit_is_again(const struct audit_owner *o);

/** audit_queues() - the queues of an owner; of a definition beside an active device, the others */
void audit_queues(const struct audit_owner *o, struct qset *ret);

/** audit_bus() - the bus that an owner meets; NULL unknown */
const struct apbus *audit_bus(const struct audit *a, const struct audit_owner *o);

/** audit_host() - the queues of an owner that masks, overrides or binding give to the host */
void audit_host(const struct audit *a, const struct audit_owner *o, struct qset *ret);

/** audit_about() - the start of a finding about @o; about nobody when it is NULL */
struct finding audit_about(enum finding_code code, const struct audit_owner *o);

/* One rule, or a few that belong together: 0 or -ENOMEM. */
int audit_shared(const struct audit *a);      /* audit_share.c */
int audit_controls(const struct audit *a);    /* audit_share.c */
int audit_hosts(const struct audit *a);	      /* audit_host.c */
int audit_modes(const struct audit *a);	      /* audit_host.c */
int audit_next_boot(const struct audit *a);   /* audit_host.c; after those that say why */
int audit_guests(const struct audit *a);      /* audit_guest.c */
int audit_cards_off(const struct audit *a);   /* audit_guest.c */
int audit_cards_old(const struct audit *a);   /* audit_guest.c */
int audit_ranges(const struct audit *a);      /* audit_file.c */
int audit_definitions(const struct audit *a); /* audit_file.c */
int audit_files(const struct audit *a);	      /* audit_file.c */
int audit_keys(const struct audit *a);	      /* audit_file.c */

#endif
