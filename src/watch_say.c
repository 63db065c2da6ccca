/* SPDX-License-Identifier: MIT */
/*
 * Sentences of a comparison: a change, what follows from it, and the names of those concerned.
 */
#include "watch_say.h"

#include <errno.h>

#include "findings.h"

/* ---- what is said --------------------------------------------------------------- */

void watch_changes_done(struct watch_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		struct watch_change *change = &changes->v[i];

		for (size_t j = 0; j < change->n; j++)
			free(change->consequence[j]);
		free(change->consequence);
		free(change->subject);
		free(change->change);
	}
	free(changes->v);
	*changes = (struct watch_changes){ 0 };
}

/* Take over both texts; NULL is -ENOMEM. */
int watch_say(struct compare *c, enum watch_event event, char *subject, char *change)
{
	struct watch_changes *ret = c->ret;
	struct watch_change *v = NULL;

	if (subject && change)
		v = reallocarray(ret->v, ret->n + 1, sizeof(*v));
	if (!v) {
		free(subject);
		free(change);
		return -ENOMEM;
	}
	ret->v = v;
	ret->v[ret->n++] =
		(struct watch_change){ .event = event, .subject = subject, .change = change };
	return 0;
}

/* A consequence of what was said last; takes over the text. */
int watch_follows(struct compare *c, char *text)
{
	struct watch_change *change = &c->ret->v[c->ret->n - 1];
	char **v = NULL;

	if (text)
		v = reallocarray(change->consequence, change->n + 1, sizeof(*v));
	if (!v) {
		free(text);
		return -ENOMEM;
	}
	change->consequence = v;
	v[change->n++] = text;
	return 0;
}

/* ---- words ---------------------------------------------------------------------- */

/* "adapter 5", "domains 4,0x47" */
char *watch_ids_text(const char *what, const struct vfioap_mask *ids)
{
	char list[VFIOAP_LIST_SIZE];

	return finding_text("%s%s %s", what, vfioap_mask_count(ids) == 1 ? "" : "s",
			    vfioap_list_format(ids, list));
}

/* "guest web1", "process qemu-kvm (pid 12)" */
char *watch_holder_text(const struct holder *holder)
{
	if (*holder->guest)
		return finding_text("guest %s", holder->guest);
	return finding_text("process %s (pid %d)", holder->command, (int)holder->pid);
}

/* Whose queues a device's are: its guest's; without one, the device's. */
char *watch_owner_text(const struct snapshot *now, const struct mdev *mdev)
{
	const struct holder *holder = snapshot_holder(now, mdev);

	return holder ? watch_holder_text(holder) : finding_text("device '%s'", mdev->uuid);
}

/* What a device owns of @queues. */
void watch_owned_queues(struct qset *ret, const struct mdev *mdev, const struct qset *queues)
{
	qset_product(ret, &mdev->matrix.adapters, &mdev->matrix.domains);
	qset_and(ret, queues);
}

static char *fate_text(enum fate fate, const char *owner, const struct qset *owned)
{
	_cleanup_free_ char *queues = qset_format(owned);

	if (!owner || !queues)
		return NULL;
	switch (fate) {
	case FATE_USELESS:
		return finding_text("%s keeps %s assigned but cannot use %s", owner, queues,
				    qset_count(owned) == 1 ? "it" : "them");
	case FATE_USABLE: return finding_text("%s can use %s again", owner, queues);
	case FATE_HOST: break;
	}
	return finding_text("%s keeps %s assigned, which the masks give to the host", owner,
			    queues);
}

/* The fate of @queues, for each device that has some of them. */
int watch_follows_owners(struct compare *c, const struct qset *queues, enum fate fate)
{
	const struct snapshot *now = c->is->now;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < now->mdevs.n; i++) {
		const struct mdev *mdev = &now->mdevs.v[i];
		_cleanup_free_ char *owner = NULL;
		struct qset owned;

		watch_owned_queues(&owned, mdev, queues);
		if (mdev->removing || qset_is_empty(&owned))
			continue;
		owner = watch_owner_text(now, mdev);
		rc = watch_follows(c, fate_text(fate, owner, &owned));
	}
	return rc;
}

int watch_follows_queues(struct compare *c, const struct qset *queues, const char *what)
{
	_cleanup_free_ char *text = NULL;

	if (qset_is_empty(queues))
		return 0;
	text = qset_format(queues);
	return text ? watch_follows(c, finding_text("%s %s", what, text)) : -ENOMEM;
}
