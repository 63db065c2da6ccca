/* SPDX-License-Identifier: MIT */
/* What the parts of a comparison of two looks share: sentences, and whose queues are whose. */
#ifndef WATCH_SAY_H
#define WATCH_SAY_H

#include "watch.h"

/** struct compare - two looks, and what is said of them */
struct compare {
	const struct watch_look *was, *is;
	struct watch_changes *ret;
};

/** enum fate - what becomes of queues that a device has */
enum fate { FATE_USELESS, FATE_USABLE, FATE_HOST };

/** watch_say() - a change; takes over both texts, NULL is -ENOMEM */
int watch_say(struct compare *c, enum watch_event event, char *subject, char *change);

/** watch_follows() - a consequence of what was said last; takes over the text, NULL is -ENOMEM */
int watch_follows(struct compare *c, char *text);

/** watch_follows_owners() - the fate of @queues, for each device that has some of them */
int watch_follows_owners(struct compare *c, const struct qset *queues, enum fate fate);

/** watch_follows_queues() - "WHAT 05.0004, 05.0047"; nothing where there are none */
int watch_follows_queues(struct compare *c, const struct qset *queues, const char *what);

/** watch_ids_text() - "adapter 5", "domains 4,0x47"; heap, or NULL without memory */
char *watch_ids_text(const char *what, const struct vfioap_mask *ids);

/** watch_holder_text() - "guest web1", "process qemu-kvm (pid 12)" */
char *watch_holder_text(const struct holder *holder);

/** watch_owner_text() - whose queues a device's are: its guest's; without one, the device's */
char *watch_owner_text(const struct snapshot *now, const struct mdev *mdev);

/** watch_owned_queues() - what a device owns of @queues */
void watch_owned_queues(struct qset *ret, const struct mdev *mdev, const struct qset *queues);

/** watch_compare_bus() - the module, cards, masks and queues; 0 or -ENOMEM */
int watch_compare_bus(struct compare *c);

#endif
