/* SPDX-License-Identifier: MIT */
/*
 * The shadow of a vfio_ap device: what of its matrix a guest gets (K 11).
 * Kernels without TRAIT_DYNAMIC have none; their guests get the matrix.
 */
#include "model.h"

#include <string.h>

void shadow_update(const struct machine *m, struct mdev *mdev)
{
	if (mdev->attached)
		mdev->guest = machine_has(m, TRAIT_DYNAMIC) ? mdev->shadow : mdev->matrix;
}

/*
 * Resets succeed at once, but for hardware that is gone before a scan has seen it, and
 * what TRAIT_RESET_STRICT says (K 11.1).
 */
void shadow_reset(struct machine *m, const struct vfioap_mask *adapters,
		  const struct vfioap_mask *domains)
{
	bool strict = machine_has(m, TRAIT_RESET_STRICT);
	struct vfioap_mask there = hw_domains(m);

	VFIOAP_MASK_FOREACH(apid, adapters) {
		struct card *card = &m->card[apid];
		struct vfioap_mask queues = vfioap_mask_and(card->vfio, *domains);
		struct vfioap_mask works = vfioap_mask_and(queues, there);

		if (!card->hw.present || (strict && (!card->hw.config || card->hw.chkstop)))
			works = (struct vfioap_mask){ { 0 } };
		card->reset_failed = vfioap_mask_or(vfioap_mask_andnot(card->reset_failed, queues),
						    vfioap_mask_andnot(queues, works));
	}
}

static bool adapter_is_passable(const struct card *card, const struct vfioap_mask *domains)
{
	struct vfioap_mask passable = vfioap_mask_andnot(card->vfio, card->reset_failed);

	return vfioap_mask_contains(&passable, domains);
}

void shadow_filter(struct machine *m, struct mdev *mdev)
{
	struct matrix old = mdev->shadow, *shadow = &mdev->shadow;
	struct vfioap_mask dropped = { { 0 } };

	if (!machine_has(m, TRAIT_DYNAMIC))
		return;
	shadow->adapters = vfioap_mask_and(mdev->matrix.adapters, m->vfio_host.adapters);
	shadow->domains = vfioap_mask_and(mdev->matrix.domains, m->vfio_host.domains);
	VFIOAP_MASK_FOREACH(apid, &shadow->adapters) {
		if (adapter_is_passable(&m->card[apid], &shadow->domains))
			continue;
		vfioap_mask_clear(&shadow->adapters, apid);
		if (vfioap_mask_has(&old.adapters, apid))
			vfioap_mask_set(&dropped, apid);
	}
	if (!vfioap_mask_equal(&old.adapters, &shadow->adapters) ||
	    !vfioap_mask_equal(&old.domains, &shadow->domains))
		shadow_update(m, mdev);
	if (machine_has(m, TRAIT_RESET_ADAPTER))
		shadow_reset(m, &dropped, &shadow->domains);
}

void shadow_filter_controls(struct machine *m, struct mdev *mdev)
{
	struct vfioap_mask new = vfioap_mask_and(mdev->matrix.controls, m->vfio_host.controls);

	if (!machine_has(m, TRAIT_DYNAMIC) || vfioap_mask_equal(&new, &mdev->shadow.controls))
		return;
	mdev->shadow.controls = new;
	shadow_update(m, mdev);
}

void shadow_queue_bound(struct machine *m, unsigned apid, unsigned apqi)
{
	struct mdev *mdev = matrix_owner(m, apid, apqi);

	/* During a scan that adds to the device, its end does the filtering. */
	if (mdev && vfioap_mask_is_empty(&mdev->added.adapters) &&
	    vfioap_mask_is_empty(&mdev->added.domains))
		shadow_filter(m, mdev);
}

void shadow_queue_unbound(struct machine *m, unsigned apid, unsigned apqi)
{
	struct mdev *mdev = matrix_owner(m, apid, apqi);
	struct vfioap_mask one = vfioap_mask_range(apid, apid);

	/* The whole adapter leaves the guest, domains stay (K 11.3). */
	if (!mdev || !vfioap_mask_has(&mdev->shadow.adapters, apid) ||
	    !vfioap_mask_has(&mdev->shadow.domains, apqi))
		return;
	vfioap_mask_clear(&mdev->shadow.adapters, apid);
	shadow_update(m, mdev);
	if (machine_has(m, TRAIT_RESET_ADAPTER))
		shadow_reset(m, &one, &mdev->shadow.domains);
}

static struct matrix matrix_and(const struct matrix *a, const struct matrix *b)
{
	return (struct matrix){
		.adapters = vfioap_mask_and(a->adapters, b->adapters),
		.domains = vfioap_mask_and(a->domains, b->domains),
		.controls = vfioap_mask_and(a->controls, b->controls),
	};
}

static struct matrix matrix_andnot(const struct matrix *a, const struct matrix *b)
{
	return (struct matrix){
		.adapters = vfioap_mask_andnot(a->adapters, b->adapters),
		.domains = vfioap_mask_andnot(a->domains, b->domains),
		.controls = vfioap_mask_andnot(a->controls, b->controls),
	};
}

void shadow_host_changed(struct machine *m, const struct matrix *old, const struct matrix *new)
{
	struct matrix lost = matrix_andnot(old, new), added = matrix_andnot(new, old);

	if (memcmp(old, new, sizeof(*old)) != 0)
		m->vfio_host = *new;
	if (!machine_has(m, TRAIT_DYNAMIC))
		return;
	if (machine_has(m, TRAIT_CONTROLS_LINGER))
		lost.controls = (struct vfioap_mask){ { 0 } };
	for (struct mdev *mdev = m->newest; mdev; mdev = mdev->next) {
		struct matrix shadow = matrix_andnot(&mdev->shadow, &lost);

		mdev->added = matrix_and(&mdev->matrix, &added);
		if (!memcmp(&shadow, &mdev->shadow, sizeof(shadow)))
			continue;
		mdev->shadow = shadow;
		shadow_update(m, mdev);
	}
}

void shadow_scan_done(struct machine *m)
{
	for (struct mdev *mdev = m->newest; mdev; mdev = mdev->next) {
		struct matrix added = mdev->added;

		mdev->added = (struct matrix){ 0 };
		if (!vfioap_mask_is_empty(&added.adapters) || !vfioap_mask_is_empty(&added.domains))
			shadow_filter(m, mdev);
		if (!vfioap_mask_is_empty(&added.controls))
			shadow_filter_controls(m, mdev);
	}
}
