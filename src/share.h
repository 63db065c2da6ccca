/* SPDX-License-Identifier: MIT */
/*
 * What rules about queues of two owners have in common: the sets, the words for an owner, one
 * finding for each product.  Pure.
 */
#ifndef SHARE_H
#define SHARE_H

#include "findings.h"
#include "snapshot.h"

/** share_queues() - every queue of a matrix */
void share_queues(struct qset *ret, const struct matrix *m);

/** share_common() - the queues that both have; false: none, and @ret is empty */
bool share_common(struct qset *ret, const struct matrix *a, const struct matrix *b);

/** Size of the buffer for a device and who has it open. */
#define SHARE_PARTY_SIZE 192

/**
 * share_party() - "device 'UUID'", "device 'UUID' (guest 'web1')", "device 'UUID' (open by
 *                 qemu-system-s390x, pid 12)"; returns @buf
 */
const char *share_party(const struct snapshot *now, const char *uuid, char buf[SHARE_PARTY_SIZE]);

/** share_guest() - "guest 'web1' of device 'UUID'", "the guest of device 'UUID'"; returns @buf */
const char *share_guest(const struct snapshot *now, const char *uuid, char buf[SHARE_PARTY_SIZE]);

/** share_arguments() - "-a 4 -d 9", for commands that a hint names; heap, NULL without memory */
char *share_arguments(const struct vfioap_mask *adapters, const struct vfioap_mask *domains);

/**
 * share_unassign() - the unassign that takes least from @uuid and frees a product: "'vfioap
 *                    unassign UUID -d 4' takes it from that device"
 * @matrix: what the device has
 *
 * Return: a heap string, or NULL without memory.
 */
char *share_unassign(const char *uuid, const struct matrix *matrix,
		     const struct vfioap_mask *adapters, const struct vfioap_mask *domains);

/** Makes a finding of @proto, whose adapters and domains are @queues in words: 0, -ENOMEM. */
typedef int share_say_fn(void *arg, struct finding proto, const char *queues);

/**
 * share_say() - call @say once for each product in @queues
 * @queues: is empty afterwards
 */
int share_say(struct qset *queues, struct finding proto, share_say_fn *say, void *arg);

/** share_say_product() - the same of one product, the adapters and domains of @proto */
int share_say_product(struct finding proto, share_say_fn *say, void *arg);

#endif
