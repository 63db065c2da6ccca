/* SPDX-License-Identifier: MIT */
/*
 * Life cycle of vfio_ap devices: create, bind and unbind of their driver,
 * remove, which waits while somebody has the device open (K 8).
 */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

/* ---- slots ----------------------------------------------------------------------- */

static int slots_take(struct slots *slots, struct mdev *mdev, unsigned *ret)
{
	unsigned i = slots->hint;

	while (i < slots->size && slots->slot[i])
		i++;
	if (i == slots->size) {
		unsigned size = slots->size ? slots->size * 2 : 16;
		struct mdev **slot = reallocarray(slots->slot, size, sizeof(*slot));

		if (!slot)
			return -ENOMEM;
		memset(slot + slots->size, 0, (size - slots->size) * sizeof(*slot));
		slots->slot = slot;
		slots->size = size;
	}
	slots->slot[i] = mdev;
	slots->hint = i + 1;
	*ret = i;
	return 0;
}

static void slots_give(struct slots *slots, unsigned i)
{
	slots->slot[i] = NULL;
	if (slots->hint > i)
		slots->hint = i;
}

/* ---- finding ---------------------------------------------------------------------- */

static unsigned uuid_hash(const char *uuid)
{
	uint32_t hash = 2166136261U;

	for (; *uuid; uuid++)
		hash = (hash ^ (unsigned char)*uuid) * 16777619U;
	return hash % (unsigned)ARRAY_SIZE(((struct machine *)NULL)->hash);
}

struct mdev *matrix_find(const struct machine *m, const char *uuid)
{
	struct mdev *mdev = m->hash[uuid_hash(uuid)];

	while (mdev && strcmp(mdev->uuid, uuid) != 0)
		mdev = mdev->hash_next;
	return mdev;
}

struct mdev *matrix_owner(const struct machine *m, unsigned apid, unsigned apqi)
{
	for (struct mdev *mdev = m->newest; mdev; mdev = mdev->next)
		if (vfioap_mask_has(&mdev->matrix.adapters, apid) &&
		    vfioap_mask_has(&mdev->matrix.domains, apqi))
			return mdev;
	return NULL;
}

static struct at mdev_at(const struct mdev *mdev)
{
	return (struct at){ .id = { mdev->handle } };
}

/* ---- create ------------------------------------------------------------------------ */

static int mdev_new(struct machine *m, const char *uuid, struct mdev **ret)
{
	_cleanup_free_ struct mdev *mdev = calloc(1, sizeof(*mdev));
	unsigned hash = uuid_hash(uuid);
	int rc;

	if (!mdev)
		return -ENOMEM;
	memcpy(mdev->uuid, uuid, sizeof(mdev->uuid));
	rc = slots_take(&m->groups, mdev, &mdev->slot);
	if (rc < 0)
		return rc;
	rc = slots_take(&m->mdevs, mdev, &mdev->handle);
	if (rc < 0) {
		slots_give(&m->groups, mdev->slot);
		return rc;
	}
	mdev->next = m->newest;
	if (m->newest)
		m->newest->prev = mdev;
	m->newest = mdev;
	mdev->hash_next = m->hash[hash];
	m->hash[hash] = mdev;
	m->n_mdevs++;
	*ret = TAKE_PTR(mdev);
	return 0;
}

int matrix_create(struct machine *m, const char *uuid)
{
	struct mdev *mdev;
	struct at at;
	int rc;

	if (matrix_find(m, uuid))
		return -EEXIST;
	if (m->n_mdevs >= MATRIX_DEVICES_MAX)
		return machine_has(m, TRAIT_VFIO_DEV) ? -EUSERS : -EPERM;
	rc = mdev_new(m, uuid, &mdev);
	if (rc < 0)
		return rc;
	at = mdev_at(mdev);
	mdev->generation = machine_generation(m);
	uevent_send(m, OBJECT_MDEV, &at, "add", NULL);
	machine_log(m, "vfio_ap_mdev %s: Adding to iommu group %u", uuid, mdev->slot);
	mdev->binding = machine_generation(m);
	uevent_send(m, OBJECT_GROUP, &at, "add", NULL);
	if (machine_has(m, TRAIT_VFIO_DEV))
		uevent_send(m, OBJECT_VFIO_DEV, &at, "add", NULL);
	uevent_send(m, OBJECT_MDEV, &at, "bind", NULL);
	return 0;
}

int matrix_create_store(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			const struct input *in)
{
	char uuid[MACHINE_UUID_SIZE];
	int rc;

	rc = parse_uuid(in->text, in->len, uuid);
	return rc < 0 ? rc : matrix_create(m, uuid);
}

/* ---- the end ------------------------------------------------------------------------- */

static void vfio_dev_remove(struct machine *m, const struct mdev *mdev)
{
	struct at at = mdev_at(mdev);

	if (machine_has(m, TRAIT_VFIO_DEV))
		uevent_send(m, OBJECT_VFIO_DEV, &at, "remove", NULL);
}

/* @told: the vfio-dev is gone already, see mdev_close() */
static void mdev_unbind(struct machine *m, struct mdev *mdev, bool told)
{
	struct at at = mdev_at(mdev);

	if (!mdev->binding)
		return;
	if (!told)
		vfio_dev_remove(m, mdev);
	uevent_send(m, OBJECT_GROUP, &at, "remove", NULL);
	machine_log(m, "vfio_ap_mdev %s: Removing from iommu group %u", mdev->uuid, mdev->slot);
	shadow_reset(m, &mdev->matrix.adapters, &mdev->matrix.domains);
	mdev->matrix = mdev->shadow = (struct matrix){ 0 };
	mdev->binding = 0;
	mdev->phase = MDEV_UNBOUND;
	mdev->group_open = false;
	slots_give(&m->groups, mdev->slot);
	uevent_send(m, OBJECT_MDEV, &at, "unbind", NULL);
}

static void mdev_free(struct machine *m, struct mdev *mdev)
{
	struct mdev **link = &m->hash[uuid_hash(mdev->uuid)];

	while (*link != mdev)
		link = &(*link)->hash_next;
	*link = mdev->hash_next;
	if (mdev->prev)
		mdev->prev->next = mdev->next;
	else
		m->newest = mdev->next;
	if (mdev->next)
		mdev->next->prev = mdev->prev;
	slots_give(&m->mdevs, mdev->handle);
	m->n_mdevs--;
	free(mdev);
}

static void mdev_destroy(struct machine *m, struct mdev *mdev, bool told)
{
	struct at at = mdev_at(mdev);

	mdev_unbind(m, mdev, told);
	uevent_send(m, OBJECT_MDEV, &at, "remove", NULL);
	mdev_free(m, mdev);
	pthread_cond_broadcast(&m->changed);
}

void matrix_destroy(struct machine *m, struct mdev *mdev)
{
	mdev_destroy(m, mdev, false);
}

void matrix_forget(struct machine *m)
{
	while (m->newest)
		mdev_free(m, m->newest);
	free(m->mdevs.slot);
	free(m->groups.slot);
	m->mdevs = m->groups = (struct slots){ 0 };
	m->n_attached = 0;
}

/*
 * Wait for the user of a device, if it has one.  @phase says meanwhile what is
 * going on.  Sets @ret_told when the end of the vfio-dev has been announced.
 */
static int mdev_close(struct machine *m, struct mdev *mdev, enum mdev_phase phase,
		      const struct input *in, bool *ret_told)
{
	*ret_told = mdev->attached && machine_has(m, TRAIT_DEVICE_REQUEST);
	mdev->phase = phase;
	if (!mdev->attached)
		return 0;
	if (*ret_told)
		vfio_dev_remove(m, mdev);
	return group_wait(m, mdev, in);
}

/* A driver that is just being unbound is waited for, as for the device's lock. */
static int wait_for_unbind(struct machine *m, const struct at *at, uint64_t generation)
{
	uint64_t epoch = m->epoch;

	while (m->epoch == epoch && machine_life(m, LIFE_MDEV_REMOVE, at) == generation &&
	       matrix_mdev(m, at)->phase == MDEV_UNBINDING)
		pthread_cond_wait(&m->changed, &m->lock);
	if (m->epoch != epoch || machine_life(m, LIFE_MDEV_REMOVE, at) != generation)
		return -ENODEV;
	return 0;
}

int matrix_remove_store(struct machine *m, const struct at *at, unsigned arg _unused_,
			const struct input *in)
{
	struct mdev *mdev;
	uint64_t value;
	bool told;
	int rc;

	if (parse_kul(in->text, &value) < 0)
		return -EINVAL;
	if (!value)
		return 0;
	rc = wait_for_unbind(m, at, matrix_mdev(m, at)->generation);
	if (rc < 0)
		return rc;
	mdev = matrix_mdev(m, at);
	rc = mdev_close(m, mdev, MDEV_REMOVING, in, &told);
	if (rc < 0)
		return rc;
	mdev_destroy(m, mdev, told);
	return 0;
}

/* ---- /sys/bus/mdev ------------------------------------------------------------------- */

static struct mdev *device_parse(const struct machine *m, const struct input *in)
{
	char uuid[MACHINE_UUID_SIZE];
	size_t len = strcspn(in->text, "\n");
	struct mdev *mdev;

	if (len != sizeof(uuid) - 1 || (in->text[len] && in->text[len + 1]))
		return NULL;
	memcpy(uuid, in->text, len);
	uuid[len] = '\0';
	mdev = matrix_find(m, uuid);
	return mdev && mdev->phase != MDEV_REMOVING ? mdev : NULL;
}

int matrix_unbind_store(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			const struct input *in)
{
	struct mdev *mdev = device_parse(m, in);
	bool told;
	int rc;

	if (!mdev || mdev->phase != MDEV_LIVE)
		return -ENODEV;
	rc = mdev_close(m, mdev, MDEV_UNBINDING, in, &told);
	if (rc < 0)
		return rc;
	mdev_unbind(m, mdev, told);
	pthread_cond_broadcast(&m->changed);
	return 0;
}

/* The mdev bus matches no device with a driver: create binds by itself (K 8.1). */
int matrix_bind_store(struct machine *m _unused_, const struct at *at _unused_,
		      unsigned arg _unused_, const struct input *in _unused_)
{
	return -ENODEV;
}

int matrix_probe_store(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
		       const struct input *in)
{
	return device_parse(m, in) ? 0 : -ENODEV;
}
