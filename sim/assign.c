/* SPDX-License-Identifier: MIT */
/*
 * assign_*, unassign_* and ap_config of a vfio_ap device: the checks and their
 * order (K 10; K 16 for kernels without TRAIT_DYNAMIC).
 */
#include "model.h"

#include <errno.h>
#include <string.h>

#include "parse.h"

static struct vfioap_mask *matrix_set(struct matrix *matrix, enum assign_what what)
{
	switch (what) {
	case ASSIGN_ADAPTER: return &matrix->adapters;
	case ASSIGN_DOMAIN: return &matrix->domains;
	default: return &matrix->controls;
	}
}

static unsigned id_max(const struct machine *m, enum assign_what what)
{
	return what == ASSIGN_ADAPTER ? m->max_adapter : m->max_domain;
}

/* K 10.2: one queue, where driver_override counts */
static bool queue_is_reserved(const struct machine *m, unsigned apid, unsigned apqi)
{
	const struct card *card = &m->card[apid];

	if (vfioap_mask_has(&card->queues, apqi) && card->queue[apqi].override &&
	    card->queue[apqi].binding)
		return vfioap_mask_has(&card->host, apqi);
	return bus_reserved(m, apid, apqi);
}

static bool matrix_is_reserved(const struct machine *m, const struct matrix *matrix)
{
	if (!m->overrides)
		return vfioap_mask_intersects(&matrix->adapters, &m->apmask) &&
		       vfioap_mask_intersects(&matrix->domains, &m->aqmask);
	VFIOAP_MASK_FOREACH(apid, &matrix->adapters)
		VFIOAP_MASK_FOREACH(apqi, &matrix->domains)
			if (queue_is_reserved(m, apid, apqi))
				return true;
	return false;
}

/* One line per shared APQN of the first other device that has any, newest first. */
static bool matrix_is_shared(struct machine *m, const struct mdev *self,
			     const struct matrix *matrix)
{
	for (const struct mdev *mdev = m->newest; mdev; mdev = mdev->next) {
		struct vfioap_mask a = vfioap_mask_and(mdev->matrix.adapters, matrix->adapters);
		struct vfioap_mask d = vfioap_mask_and(mdev->matrix.domains, matrix->domains);

		if (mdev == self || vfioap_mask_is_empty(&a) || vfioap_mask_is_empty(&d))
			continue;
		if (!machine_has(m, TRAIT_DYNAMIC))
			return true;
		VFIOAP_MASK_FOREACH(apid, &a)
			VFIOAP_MASK_FOREACH(apqi, &d)
				machine_log(m,
					    "vfio_ap_mdev %s: Userspace may not assign queue "
					    "%02x.%04x to mdev: already assigned to %s",
					    self->uuid, apid, apqi, mdev->uuid);
		return true;
	}
	return false;
}

static int matrix_check(struct machine *m, const struct mdev *mdev, const struct matrix *matrix)
{
	if (matrix_is_reserved(m, matrix))
		return -EADDRNOTAVAIL;
	if (matrix_is_shared(m, mdev, matrix))
		return -EADDRINUSE;
	return 0;
}

/* ---- kernels without TRAIT_DYNAMIC (K 16) --------------------------------------------- */

static bool static_is_bound(const struct machine *m, const struct matrix *matrix,
			    enum assign_what what, unsigned id)
{
	const struct vfioap_mask *others =
		what == ASSIGN_ADAPTER ? &matrix->domains : &matrix->adapters;
	bool any_will_do = vfioap_mask_is_empty(others);

	for (unsigned other = 0; other < VFIOAP_IDS; other++) {
		unsigned apid = what == ASSIGN_ADAPTER ? id : other;
		unsigned apqi = what == ASSIGN_ADAPTER ? other : id;
		bool bound = vfioap_mask_has(&m->card[apid].vfio, apqi);

		if (any_will_do && bound)
			return true;
		if (vfioap_mask_has(others, other) && !bound)
			return false;
	}
	return !any_will_do;
}

static int static_assign(struct machine *m, struct mdev *mdev, enum assign_what what, unsigned id)
{
	struct matrix new = mdev->matrix;

	vfioap_mask_set(matrix_set(&new, what), id);
	if (what != ASSIGN_CONTROL) {
		if (!static_is_bound(m, &mdev->matrix, what, id))
			return -EADDRNOTAVAIL;
		if (matrix_is_shared(m, mdev, &new))
			return -EADDRINUSE;
	}
	mdev->matrix = new;
	return 0;
}

/* ---- one number ------------------------------------------------------------------------- */

static int assign_id(struct machine *m, struct mdev *mdev, enum assign_what what, unsigned id)
{
	struct matrix new = mdev->matrix;
	int rc;

	if (!machine_has(m, TRAIT_DYNAMIC))
		return static_assign(m, mdev, what, id);
	if (vfioap_mask_has(matrix_set(&new, what), id))
		return 0;
	vfioap_mask_set(matrix_set(&new, what), id);
	if (what != ASSIGN_CONTROL) {
		rc = matrix_check(m, mdev, &new);
		if (rc < 0)
			return rc;
	}
	mdev->matrix = new;
	if (what == ASSIGN_CONTROL)
		shadow_filter_controls(m, mdev);
	else
		shadow_filter(m, mdev);
	return 0;
}

static void unassign_id(struct machine *m, struct mdev *mdev, enum assign_what what, unsigned id)
{
	struct vfioap_mask *shadow = matrix_set(&mdev->shadow, what);
	struct vfioap_mask one = vfioap_mask_range(id, id);

	vfioap_mask_clear(matrix_set(&mdev->matrix, what), id);
	/* Others that the filter dropped because of this one do not come back: K 10.3. */
	if (!vfioap_mask_has(shadow, id))
		return;
	if (what == ASSIGN_ADAPTER)
		shadow_reset(m, &one, &mdev->shadow.domains);
	if (what == ASSIGN_DOMAIN)
		shadow_reset(m, &mdev->shadow.adapters, &one);
	vfioap_mask_clear(shadow, id);
	shadow_update(m, mdev);
}

/* The number in a write, in the order of its checks. */
static int id_parse(const struct machine *m, const struct mdev *mdev, enum assign_what what,
		    const struct input *in, unsigned *ret)
{
	uint64_t value;
	int rc;

	if (!machine_has(m, TRAIT_DYNAMIC) && mdev->attached)
		return -EBUSY;
	rc = parse_kul(in->text, &value);
	if (rc < 0)
		return rc;
	if (value > id_max(m, what))
		return -ENODEV;
	*ret = (unsigned)value;
	return 0;
}

int assign_store(struct machine *m, const struct at *at, unsigned what, const struct input *in)
{
	struct mdev *mdev = matrix_mdev(m, at);
	unsigned id;
	int rc;

	rc = id_parse(m, mdev, what, in, &id);
	return rc < 0 ? rc : assign_id(m, mdev, what, id);
}

int assign_unassign_store(struct machine *m, const struct at *at, unsigned what,
			  const struct input *in)
{
	struct mdev *mdev = matrix_mdev(m, at);
	unsigned id;
	int rc;

	rc = id_parse(m, mdev, what, in, &id);
	if (rc < 0)
		return rc;
	if (vfioap_mask_has(matrix_set(&mdev->matrix, what), id))
		unassign_id(m, mdev, what, id);
	return 0;
}

/* ---- all at once -------------------------------------------------------------------------- */

/* What @new has no more leaves the guest, and is reset. */
static void unplug(struct machine *m, struct mdev *mdev, const struct matrix *new)
{
	struct matrix *shadow = &mdev->shadow;
	struct vfioap_mask gone;

	gone = vfioap_mask_andnot(shadow->adapters, new->adapters);
	shadow_reset(m, &gone, &shadow->domains);
	shadow->adapters = vfioap_mask_andnot(shadow->adapters, gone);
	gone = vfioap_mask_andnot(shadow->domains, new->domains);
	shadow_reset(m, &shadow->adapters, &gone);
	shadow->domains = vfioap_mask_andnot(shadow->domains, gone);
	shadow_update(m, mdev);
}

int assign_config_store(struct machine *m, const struct at *at, unsigned arg _unused_,
			const struct input *in)
{
	struct mdev *mdev = matrix_mdev(m, at);
	struct vfioap_mask masks[3];
	struct matrix new;
	int rc;

	rc = parse_ap_config(in->text, masks);
	if (rc < 0)
		return rc;
	new = (struct matrix){ .adapters = masks[0], .domains = masks[1], .controls = masks[2] };
	rc = matrix_check(m, mdev, &new);
	if (rc < 0)
		return rc;
	for (enum assign_what what = ASSIGN_ADAPTER; what <= ASSIGN_CONTROL; what++)
		if (vfioap_mask_next(matrix_set(&new, what), id_max(m, what) + 1) < VFIOAP_IDS)
			return -ENODEV;
	unplug(m, mdev, &new);
	mdev->matrix = new;
	shadow_filter(m, mdev);
	shadow_filter_controls(m, mdev);
	return 0;
}

int assign_matrix(struct machine *m, struct mdev *mdev, const struct matrix *matrix)
{
	struct matrix want = *matrix;
	int rc;

	for (enum assign_what what = ASSIGN_ADAPTER; what <= ASSIGN_CONTROL; what++) {
		VFIOAP_MASK_FOREACH(id, matrix_set(&want, what)) {
			rc = id > id_max(m, what) ? -ENODEV : assign_id(m, mdev, what, id);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}
