/* SPDX-License-Identifier: MIT */
/*
 * What vfioap doctor reads beside the snapshot.
 */
#ifndef CMD_DOCTOR_H
#define CMD_DOCTOR_H

#include "cmd.h"
#include "doctor.h"

/** doctor_facts_read() - released by doctor_facts_done(), also on failure; 0 or errno */
int doctor_facts_read(struct app *app, const struct snapshot *now, unsigned flags,
		      struct doctor_facts *ret);

/** doctor_user_read() - who QEMU runs as under libvirt; nobody without libvirt; 0 or -ENOMEM */
int doctor_user_read(int root, struct doctor_user *ret);

/** doctor_owners_read() - who else can write what root trusts */
void doctor_owners_read(int root, const struct snapshot *now, struct doctor_owners *ret);

#endif
