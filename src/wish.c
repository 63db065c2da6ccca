/* SPDX-License-Identifier: MIT */
/*
 * Wishes: a copy of what is active, edited by a command.  What a wish is worth is for
 * conflict.c to say, how it is reached for plan.c.
 */
#include "wish.h"

#include <errno.h>

/* Where @uuid stands, or would have to: the devices are sorted by UUID. */
static size_t wish_index(const struct wish *wish, const char *uuid)
{
	size_t i = 0;

	while (i < wish->n_devices && strcmp(wish->device[i].uuid, uuid) < 0)
		i++;
	return i;
}

struct wish *wish_new(const struct snapshot *now)
{
	_cleanup_(wish_freep) struct wish *wish = calloc(1, sizeof(*wish));

	if (!wish)
		return NULL;

	wish->masks = now->bus.masks;
	wish->override = now->bus.override;
	wish->device = calloc(now->mdevs.n + 1, sizeof(*wish->device));
	if (!wish->device)
		return NULL;

	for (size_t i = 0; i < now->mdevs.n; i++) {
		const struct mdev *mdev = &now->mdevs.v[i];
		struct wish_device *device = &wish->device[wish->n_devices];

		/* Nothing can be said or done about one whose removal waits for its user. */
		if (mdev->removing)
			continue;
		memcpy(device->uuid, mdev->uuid, sizeof(device->uuid));
		device->matrix = mdev->matrix;
		wish->n_devices++;
	}
	return TAKE_PTR(wish);
}

struct wish *wish_free(struct wish *wish)
{
	if (wish)
		free(wish->device);
	free(wish);
	return NULL;
}

void wish_freep(struct wish **wish)
{
	*wish = wish_free(*wish);
}

const struct wish_device *wish_device_const(const struct wish *wish, const char *uuid)
{
	size_t i = wish_index(wish, uuid);

	if (i == wish->n_devices || strcmp(wish->device[i].uuid, uuid) != 0)
		return NULL;
	return &wish->device[i];
}

struct wish_device *wish_device(struct wish *wish, const char *uuid)
{
	return (struct wish_device *)wish_device_const(wish, uuid);
}

int wish_device_add(struct wish *wish, const char *uuid, struct wish_device **ret)
{
	struct wish_device *device;
	size_t i = wish_index(wish, uuid);

	if (wish_device(wish, uuid))
		return -EEXIST;

	device = reallocarray(wish->device, wish->n_devices + 1, sizeof(*device));
	if (!device)
		return -ENOMEM;
	wish->device = device;
	memmove(&device[i + 1], &device[i], (wish->n_devices - i) * sizeof(*device));
	wish->n_devices++;

	device[i] = (struct wish_device){ .named = true };
	snprintf(device[i].uuid, sizeof(device[i].uuid), "%s", uuid);
	*ret = &device[i];
	return 0;
}

int wish_device_remove(struct wish *wish, const char *uuid)
{
	size_t i = wish_index(wish, uuid);

	if (!wish_device(wish, uuid))
		return -ENOENT;

	wish->n_devices--;
	memmove(&wish->device[i], &wish->device[i + 1],
		(wish->n_devices - i) * sizeof(*wish->device));
	return 0;
}

/* Source: ap_bus.c, __ap_revise_reserved(); a queue with an override stays where it is. */
static void predict_masks(struct apbus *bus, const struct apbus_masks *masks)
{
	struct qset moved;

	if (vfioap_mask_equal(&masks->apmask, &bus->masks.apmask) &&
	    vfioap_mask_equal(&masks->aqmask, &bus->masks.aqmask))
		return;
	bus->masks = *masks;

	apbus_masks_reserved(masks, &bus->queues, &moved);
	qset_and(&moved, &bus->host_driver);
	qset_andnot(&moved, &bus->override);
	qset_andnot(&bus->host_driver, &moved);
	if (bus->vfio_ap_loaded)
		qset_or(&bus->vfio_driver, &moved);

	qset_product(&moved, &masks->apmask, &masks->aqmask);
	qset_and(&moved, &bus->vfio_driver);
	qset_andnot(&moved, &bus->override);
	qset_andnot(&bus->vfio_driver, &moved);
	qset_or(&bus->host_driver, &moved);
}

void wish_bound_anew(const struct apbus *bus, const struct wish *want, struct qset *ret)
{
	struct qset cleared = bus->override;

	*ret = want->override;
	qset_andnot(ret, &bus->override);
	qset_andnot(&cleared, &want->override);
	qset_or(ret, &cleared);
	qset_or(ret, &want->rebind);
	qset_and(ret, &bus->queues);
}

/* What the plan binds anew; only vfio_ap is ever set, and is what @rebind finds set. */
static void predict_overrides(struct apbus *bus, const struct wish *want)
{
	struct qset vfio, moved;

	wish_bound_anew(bus, want, &moved);
	apbus_masks_reserved(&bus->masks, &moved, &vfio);
	qset_or(&vfio, &want->override);
	qset_and(&vfio, &moved);

	bus->override = want->override;
	qset_and(&bus->override_vfio, &want->override);
	qset_or(&bus->override_vfio, &vfio);
	qset_and(&bus->override_vfio, &bus->override);
	qset_andnot(&bus->vfio_driver, &moved);
	qset_andnot(&bus->host_driver, &moved);
	if (bus->vfio_ap_loaded)
		qset_or(&bus->vfio_driver, &vfio);
	qset_andnot(&moved, &vfio);
	qset_or(&bus->host_driver, &moved);
}

void wish_predict_bus(const struct snapshot *now, const struct wish *want, struct apbus *ret)
{
	*ret = now->bus;
	predict_masks(ret, &want->masks);
	predict_overrides(ret, want);
}
