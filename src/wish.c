/* SPDX-License-Identifier: MIT */
/*
 * Wishes: a copy of what is active, edited by a command.  What a wish is worth is for
 * conflict.c to say, how it is reached for plan.c.
 */
#include "wish.h"

#include <errno.h>

#include "nextboot.h"

static int copy_devices(struct wish *wish, const struct snapshot *now)
{
	wish->device = calloc(now->mdevs.n + 1, sizeof(*wish->device));
	if (!wish->device)
		return -ENOMEM;

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
	return 0;
}

static int copy_definitions(struct wish *wish, const struct snapshot *now)
{
	wish->definition = calloc(now->definitions.n + 1, sizeof(*wish->definition));
	if (!wish->definition)
		return -ENOMEM;

	for (size_t i = 0; i < now->n_devices; i++) {
		const struct definition *was = now->device[i].definition;
		struct wish_definition *definition = &wish->definition[wish->n_definitions];

		if (!was)
			continue;
		memcpy(definition->uuid, was->uuid, sizeof(definition->uuid));
		definition->was = was;
		definition->matrix = was->matrix;
		definition->start_auto = was->start_auto;
		wish->n_definitions++;
	}
	return 0;
}

struct wish *wish_new(const struct snapshot *now)
{
	_cleanup_(wish_freep) struct wish *wish = calloc(1, sizeof(*wish));

	if (!wish)
		return NULL;

	wish->masks = now->bus.masks;
	wish->override = now->bus.override;
	wish->rules = now->rules;
	wish->overrides = now->overrides.queues;
	wish->sides = "";
	if (copy_devices(wish, now) < 0 || copy_definitions(wish, now) < 0)
		return NULL;
	return TAKE_PTR(wish);
}

struct wish *wish_free(struct wish *wish)
{
	if (wish) {
		free(wish->device);
		free(wish->definition);
	}
	free(wish);
	return NULL;
}

void wish_freep(struct wish **wish)
{
	*wish = wish_free(*wish);
}

/* ---- two arrays of the same kind, by UUID ------------------------------------------------- */

/* Both kinds of elements begin with their UUID. */
_Static_assert(offsetof(struct wish_device, uuid) == 0, "compared by their first member");
_Static_assert(offsetof(struct wish_definition, uuid) == 0, "compared by their first member");

static int sorted_compare(const void *uuid, const void *element)
{
	return strcmp(uuid, element);
}

/* The element @uuid of @n elements of @size bytes; NULL: there is none. */
static void *sorted_find(void *v, size_t n, size_t size, const char *uuid)
{
	return n ? bsearch(uuid, v, n, size, sorted_compare) : NULL;
}

/* Make room for a new, zeroed element @uuid. */
static int sorted_add(void **v, size_t *n, size_t size, const char *uuid, void **ret)
{
	size_t i = 0;
	char *grown;

	if (sorted_find(*v, *n, size, uuid))
		return -EEXIST;
	grown = reallocarray(*v, *n + 1, size);
	if (!grown)
		return -ENOMEM;
	*v = grown;
	while (i < *n && strcmp(grown + i * size, uuid) < 0)
		i++;
	memmove(grown + (i + 1) * size, grown + i * size, (*n - i) * size);
	memset(grown + i * size, 0, size);
	snprintf(grown + i * size, UUID_SIZE, "%s", uuid);
	*ret = grown + i * size;
	++*n;
	return 0;
}

static int sorted_remove(void *v, size_t *n, size_t size, const char *uuid)
{
	char *found = sorted_find(v, *n, size, uuid);

	if (!found)
		return -ENOENT;
	--*n;
	memmove(found, found + size, *n * size - (size_t)(found - (char *)v));
	return 0;
}

const struct wish_device *wish_device_const(const struct wish *wish, const char *uuid)
{
	return sorted_find(wish->device, wish->n_devices, sizeof(*wish->device), uuid);
}

struct wish_device *wish_device(struct wish *wish, const char *uuid)
{
	return sorted_find(wish->device, wish->n_devices, sizeof(*wish->device), uuid);
}

int wish_device_add(struct wish *wish, const char *uuid, struct wish_device **ret)
{
	void *v = wish->device, *device;
	int rc = sorted_add(&v, &wish->n_devices, sizeof(*wish->device), uuid, &device);

	wish->device = v;
	if (rc < 0)
		return rc;
	*ret = device;
	(*ret)->named = true;
	return 0;
}

int wish_device_remove(struct wish *wish, const char *uuid)
{
	return sorted_remove(wish->device, &wish->n_devices, sizeof(*wish->device), uuid);
}

const struct wish_definition *wish_definition_const(const struct wish *wish, const char *uuid)
{
	return sorted_find(wish->definition, wish->n_definitions, sizeof(*wish->definition), uuid);
}

struct wish_definition *wish_definition(struct wish *wish, const char *uuid)
{
	return sorted_find(wish->definition, wish->n_definitions, sizeof(*wish->definition), uuid);
}

int wish_definition_add(struct wish *wish, const char *uuid, struct wish_definition **ret)
{
	void *v = wish->definition, *definition;
	int rc = sorted_add(&v, &wish->n_definitions, sizeof(*wish->definition), uuid, &definition);

	wish->definition = v;
	if (rc < 0)
		return rc;
	*ret = definition;
	(*ret)->named = true;
	return 0;
}

int wish_definition_remove(struct wish *wish, const char *uuid)
{
	return sorted_remove(wish->definition, &wish->n_definitions, sizeof(*wish->definition),
			     uuid);
}

/* ---- the next boot --------------------------------------------------------------------------- */

bool wish_definition_usable(const struct wish_definition *definition)
{
	return !definition->was || definition->rewrite || definition->was->problem == CONFIG_OK;
}

bool wish_definition_changes(const struct wish_definition *definition)
{
	const struct definition *was = definition->was;

	return !was || definition->start_auto != was->start_auto ||
	       !matrix_equal(&definition->matrix, &was->matrix) ||
	       (definition->rewrite && (was->set_only || was->problem != CONFIG_OK));
}

bool wish_rules_change(const struct snapshot *now, const struct wish *want)
{
	return !udev_rules_equal(&now->rules, &want->rules);
}

/* A mask that the next boot has anyway needs no line. */
void wish_next_masks(const struct snapshot *now, struct wish *want, const struct apbus_masks *masks)
{
	const struct apbus_masks was = nextboot_find(now, &now->rules).masks;
	struct udev_rules *rules = &want->rules;

	if (!vfioap_mask_equal(&was.apmask, &masks->apmask)) {
		rules->has_apmask = true;
		rules->masks.apmask = masks->apmask;
	}
	if (!vfioap_mask_equal(&was.aqmask, &masks->aqmask)) {
		rules->has_aqmask = true;
		rules->masks.aqmask = masks->aqmask;
	}
}

bool wish_overrides_change(const struct snapshot *now, const struct wish *want)
{
	return !qset_equal(&now->overrides.queues, &want->overrides);
}

/* Overrides have no effect while a bit of a mask is cleared: the kernel takes none. */
void wish_next_host(const struct snapshot *now, const struct udev_rules *rules,
		    const struct qset *overrides, struct qset *ret)
{
	const struct apbus_masks masks = nextboot_find(now, rules).masks;

	qset_product(ret, &masks.apmask, &masks.aqmask);
	if (!apbus_masks_all(&masks))
		return;
	qset_andnot(ret, overrides);
	qset_andnot(ret, &now->driverctl);
}

struct snapshot *wish_next_snapshot(const struct snapshot *now)
{
	struct snapshot *next = calloc(1, sizeof(*next));
	struct apbus *bus;

	if (!next)
		return NULL;
	bus = &next->bus;
	*bus = now->bus;
	bus->masks = nextboot_find(now, &now->rules).masks;
	bus->vfio_ap_loaded = true;
	bus->override_vfio = now->overrides.queues;
	qset_or(&bus->override_vfio, &now->driverctl);
	bus->override = bus->override_vfio;
	qset_or(&bus->override, &now->driverctl_other);
	wish_next_host(now, &now->rules, &now->overrides.queues, &bus->host_driver);
	qset_and(&bus->host_driver, &bus->queues);
	bus->vfio_driver = bus->queues;
	qset_andnot(&bus->vfio_driver, &bus->host_driver);
	return next;
}

/* ---- predictions ----------------------------------------------------------------------------- */

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
