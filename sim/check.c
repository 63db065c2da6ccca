/* SPDX-License-Identifier: MIT */
/* machine_check(): what must hold after each operation, whatever it was (K 20). */
#include "model.h"

#include <errno.h>
#include <string.h>

static bool is_within(const struct matrix *part, const struct matrix *whole)
{
	return vfioap_mask_contains(&whole->adapters, &part->adapters) &&
	       vfioap_mask_contains(&whole->domains, &part->domains) &&
	       vfioap_mask_contains(&whole->controls, &part->controls);
}

/* No queue belongs to two devices. */
static int check_sharing(const struct machine *m, const struct mdev *mdev, struct err *err)
{
	for (const struct mdev *other = mdev->next; other; other = other->next)
		if (vfioap_mask_intersects(&mdev->matrix.adapters, &other->matrix.adapters) &&
		    vfioap_mask_intersects(&mdev->matrix.domains, &other->matrix.domains))
			return err_set(err, -EIO, "'%s' and '%s' share a queue", mdev->uuid,
				       other->uuid);
	if (!machine_has(m, TRAIT_DYNAMIC))
		return 0;
	/* Assigning checks the masks, changing them checks what is assigned. */
	if (!machine_has(m, TRAIT_OVERRIDE) &&
	    vfioap_mask_intersects(&mdev->matrix.adapters, &m->apmask) &&
	    vfioap_mask_intersects(&mdev->matrix.domains, &m->aqmask))
		return err_set(err, -EIO, "'%s' owns a queue that the masks give to the host",
			       mdev->uuid);
	return 0;
}

static int check_shadow(const struct machine *m, const struct mdev *mdev, struct err *err)
{
	struct matrix host = m->vfio_host;

	/* A lost control domain may stay (K 11.3). */
	if (machine_has(m, TRAIT_CONTROLS_LINGER))
		host.controls = mdev->matrix.controls;
	if (!is_within(&mdev->shadow, &mdev->matrix))
		return err_set(err, -EIO, "shadow of '%s' is not within its matrix", mdev->uuid);
	if (!is_within(&mdev->shadow, &host))
		return err_set(err, -EIO, "shadow of '%s' is not within the host's", mdev->uuid);
	if (!machine_has(m, TRAIT_DYNAMIC))
		return 0;
	VFIOAP_MASK_FOREACH(apid, &mdev->shadow.adapters)
		if (!vfioap_mask_contains(&m->card[apid].vfio, &mdev->shadow.domains))
			return err_set(err, -EIO,
				       "shadow of '%s' has a queue of card %02x that "
				       "vfio_ap has not",
				       mdev->uuid, apid);
	return 0;
}

static int check_guest(const struct machine *m, const struct mdev *mdev, struct err *err)
{
	const struct matrix *due = machine_has(m, TRAIT_DYNAMIC) ? &mdev->shadow : &mdev->matrix;
	static const struct matrix nothing;
	bool stripped = machine_has(m, TRAIT_STRIP_ON_REMOVE) && mdev->phase != MDEV_LIVE;

	if (mdev->attached && (!mdev->group_open || !mdev->binding))
		return err_set(err, -EIO, "'%s' has a guest but no open group", mdev->uuid);
	if (!mdev->attached)
		due = &nothing;
	else if (stripped && !memcmp(&mdev->guest, &nothing, sizeof(nothing)))
		return 0;
	if (memcmp(&mdev->guest, due, sizeof(*due)) != 0)
		return err_set(err, -EIO, "the guest of '%s' has something else than it gets",
			       mdev->uuid);
	return 0;
}

static int check_mdevs(const struct machine *m, struct err *err)
{
	unsigned count = 0, attached = 0;
	int rc;

	for (const struct mdev *mdev = m->newest; mdev; mdev = mdev->next) {
		count++;
		attached += mdev->attached;
		if (m->mdevs.slot[mdev->handle] != mdev ||
		    (mdev->binding && m->groups.slot[mdev->slot] != mdev) ||
		    matrix_find(m, mdev->uuid) != mdev)
			return err_set(err, -EIO, "'%s' is not found", mdev->uuid);
		rc = check_sharing(m, mdev, err);
		if (!rc)
			rc = check_shadow(m, mdev, err);
		if (!rc)
			rc = check_guest(m, mdev, err);
		if (rc < 0)
			return rc;
	}
	if (count != m->n_mdevs || attached != m->n_attached)
		return err_set(err, -EIO, "%u devices, %u with guests: counted %u, %u", m->n_mdevs,
			       m->n_attached, count, attached);
	return 0;
}

static int check_card(const struct machine *m, unsigned apid, struct err *err)
{
	const struct card *card = &m->card[apid];
	struct vfioap_mask bound = vfioap_mask_or(card->host, card->vfio);

	if (!card->generation != !card->queue || (!card->queue && card->binding))
		return err_set(err, -EIO, "card %02x is half there", apid);
	if (vfioap_mask_intersects(&card->host, &card->vfio))
		return err_set(err, -EIO, "card %02x has a queue with two drivers", apid);
	if (!vfioap_mask_contains(&card->queues, &bound) ||
	    !vfioap_mask_contains(&card->host, &card->online_queues) ||
	    !vfioap_mask_contains(&card->queues, &card->started))
		return err_set(err, -EIO, "card %02x has state of a queue that is not there", apid);
	VFIOAP_MASK_FOREACH(apqi, &card->queues)
		if (!card->queue[apqi].generation ||
		    !card->queue[apqi].binding != !vfioap_mask_has(&bound, apqi))
			return err_set(err, -EIO, "queue %02x.%04x is half there", apid, apqi);
	return 0;
}

static int check_cards(const struct machine *m, struct err *err)
{
	unsigned queues = 0, bound = 0, overrides = 0;
	int rc;

	for (unsigned apid = 0; apid < VFIOAP_IDS; apid++) {
		const struct card *card = &m->card[apid];

		rc = check_card(m, apid, err);
		if (rc < 0)
			return rc;
		queues += vfioap_mask_count(&card->queues);
		bound += vfioap_mask_count(&card->host) + vfioap_mask_count(&card->vfio);
		VFIOAP_MASK_FOREACH(apqi, &card->queues)
			overrides += card->queue[apqi].override != NULL;
	}
	if (queues != m->n_queues || bound != m->n_bound)
		return err_set(err, -EIO, "bindings say %u/%u: counted %u/%u", m->n_bound,
			       m->n_queues, bound, queues);
	if (overrides > m->overrides)
		return err_set(err, -EIO, "%u overrides counted as %u", overrides, m->overrides);
	return 0;
}

int machine_check(struct machine *m, struct err *err)
{
	int rc;

	pthread_mutex_lock(&m->lock);
	rc = check_cards(m, err);
	if (!rc)
		rc = check_mdevs(m, err);
	pthread_mutex_unlock(&m->lock);
	return rc;
}
