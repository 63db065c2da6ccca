/* SPDX-License-Identifier: MIT */
/*
 * A snapshot made by hand, for tests of what is pure: a bus of a few cards, devices,
 * definitions and holders, in one struct without any heap.
 */
#ifndef SCENE_H
#define SCENE_H

#include "snapshot.h"
#include "test.h"

#define UUID_A "62177883-f1bb-47f0-914d-32a22e3a8804"
#define UUID_B "9b1d4c1e-6a11-4b5e-8d3a-0c2f5a8be003"
#define UUID_C "cef03c3c-903d-4ecc-9a83-40694cb8aee4"

struct scene {
	struct snapshot now;
	struct mdev mdev[8];
	struct matrix guest[8]; /* of each */
	struct definition definition[8];
	struct holder holder[4];
	struct device device[16];
};

/** ids() - a mask from a list, which must be right; "" is empty */
static inline struct vfioap_mask ids(const char *list)
{
	struct vfioap_mask m = { { 0 } };

	if (*list && vfioap_list_parse(list, VFIOAP_LIST_ALL, NULL, &m, NULL) < 0)
		abort();
	return m;
}

static inline struct matrix matrix_of(const char *adapters, const char *domains,
				      const char *controls)
{
	return (struct matrix){ .adapters = ids(adapters),
				.domains = ids(domains),
				.controls = ids(controls) };
}

/* Bind all queues as the masks say. */
static inline void scene_bind(struct scene *s)
{
	struct apbus *bus = &s->now.bus;

	apbus_masks_reserved(&bus->masks, &bus->queues, &bus->vfio_driver);
	bus->host_driver = bus->queues;
	qset_andnot(&bus->host_driver, &bus->vfio_driver);
	if (!bus->vfio_ap_loaded)
		bus->vfio_driver = (struct qset){ 0 };
}

/** scene_init() - @adapters x @domains, all the host's; a kernel with ap_config, no device */
static inline void scene_init(struct scene *s, const char *adapters, const char *domains)
{
	struct apbus *bus = &s->now.bus;

	*s = (struct scene){ .now = { .parts = SNAPSHOT_ALL } };
	s->now.mdevs = (struct mdev_list){
		.v = s->mdev, .loaded = true, .has_ap_config = true, .has_guest_matrix = true
	};
	s->now.definitions.v = s->definition;
	s->now.holders = (struct holder_list){ .v = s->holder, .complete = true };
	s->now.device = s->device;
	bus->present = bus->has_qci = bus->vfio_ap_loaded = true;
	bus->max_adapter = bus->max_domain = 255;
	bus->masks.apmask = bus->masks.aqmask = vfioap_mask_range(0, 255);
	bus->adapters = bus->cards = ids(adapters);
	bus->usage = bus->control = ids(domains);
	qset_product(&bus->queues, &bus->adapters, &bus->usage);
	scene_bind(s);
}

/** scene_reserve() - clear these bits of the masks */
static inline void scene_reserve(struct scene *s, const char *adapters, const char *domains)
{
	struct apbus_masks *masks = &s->now.bus.masks;

	masks->apmask = vfioap_mask_andnot(masks->apmask, ids(adapters));
	masks->aqmask = vfioap_mask_andnot(masks->aqmask, ids(domains));
	scene_bind(s);
}

static inline struct device *scene_device(struct scene *s, const char *uuid)
{
	size_t i = 0;

	while (i < s->now.n_devices && strcmp(s->device[i].uuid, uuid) < 0)
		i++;
	if (i == s->now.n_devices || strcmp(s->device[i].uuid, uuid) != 0) {
		memmove(&s->device[i + 1], &s->device[i],
			(s->now.n_devices - i) * sizeof(s->device[0]));
		s->now.n_devices++;
		s->device[i] = (struct device){ .uuid = uuid };
	}
	return &s->device[i];
}

/** scene_active() - an active device; in the order of UUIDs */
static inline struct mdev *scene_active(struct scene *s, const char *uuid, struct matrix matrix)
{
	struct mdev *mdev = &s->mdev[s->now.mdevs.n];

	*mdev = (struct mdev){ .matrix = matrix, .group = (int)s->now.mdevs.n, .cdev = -1 };
	snprintf(mdev->uuid, UUID_SIZE, "%s", uuid);
	s->now.mdevs.n++;
	scene_device(s, uuid)->mdev = mdev;
	return mdev;
}

/** scene_guest() - what guest_matrix says of an active device */
static inline void scene_guest(struct scene *s, struct mdev *mdev, struct matrix guest)
{
	mdev->guest = &s->guest[mdev - s->mdev];
	*mdev->guest = guest;
}

/** scene_defined() - a definition; in the order of UUIDs */
static inline struct definition *scene_defined(struct scene *s, const char *uuid, bool automatic,
					       struct matrix matrix)
{
	struct definition *definition = &s->definition[s->now.definitions.n];

	*definition = (struct definition){ .start_auto = automatic, .matrix = matrix };
	snprintf(definition->uuid, UUID_SIZE, "%s", uuid);
	s->now.definitions.n++;
	scene_device(s, uuid)->definition = definition;
	return definition;
}

/** scene_holder() - a process that has a device open; @guest "" when it is no guest */
static inline void scene_holder(struct scene *s, const struct mdev *mdev, const char *guest)
{
	struct holder *holder = &s->holder[s->now.holders.n++];

	*holder = (struct holder){ .pid = 4711, .group = mdev->group, .cdev = -1 };
	snprintf(holder->command, sizeof(holder->command), "qemu");
	snprintf(holder->guest, sizeof(holder->guest), "%s", guest);
}

#endif
