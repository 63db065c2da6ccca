/* SPDX-License-Identifier: MIT */
/*
 * Directory entries whose names are computed: cards, queues, drivers, modules,
 * vfio_ap devices, groups.  A lookup parses the name; a listing walks the sets.
 */
#include "tree.h"

#include <stdio.h>
#include <string.h>

#include "str.h"

/* Exactly @digits lower-case hex digits below 256 at *@p. */
static bool hex_parse(const char **p, size_t digits, unsigned *ret)
{
	unsigned value = 0;

	for (size_t i = 0; i < digits; i++) {
		static const char alphabet[] = "0123456789abcdef";
		const char *digit = (*p)[i] ? strchr(alphabet, (*p)[i]) : NULL;

		if (!digit)
			return false;
		value = value * 16 + (unsigned)(digit - alphabet);
	}
	*p += digits;
	*ret = value;
	return value < VFIOAP_IDS;
}

/* ---- cards and queues ----------------------------------------------------------------- */

static bool card_find(const struct machine *m, const struct at *parent _unused_, const char *name,
		      struct at *ret)
{
	const char *p = str_starts_with(name, "card");
	unsigned apid;

	if (!p || !hex_parse(&p, 2, &apid) || *p || !m->card[apid].generation)
		return false;
	*ret = (struct at){ .id = { apid, NO_DOMAIN } };
	return true;
}

static bool queue_find_any(const struct machine *m, const char *name, struct at *ret)
{
	unsigned apid, apqi;

	if (!hex_parse(&name, 2, &apid) || *name++ != '.' || !hex_parse(&name, 4, &apqi) || *name ||
	    !vfioap_mask_has(&m->card[apid].queues, apqi))
		return false;
	*ret = (struct at){ .id = { apid, apqi } };
	return true;
}

bool family_device_find(const struct machine *m, const char *name, struct at *ret)
{
	return card_find(m, NULL, name, ret) || queue_find_any(m, name, ret);
}

static bool device_find(const struct machine *m, const struct at *parent _unused_, const char *name,
			struct at *ret)
{
	return family_device_find(m, name, ret);
}

static bool queue_find(const struct machine *m, const struct at *parent, const char *name,
		       struct at *ret)
{
	return queue_find_any(m, name, ret) && ret->id[0] == parent->id[0];
}

static bool bound_find(const struct machine *m, const struct at *parent, const char *name,
		       struct at *ret)
{
	return family_device_find(m, name, ret) && driver_of(m, ret) == parent->id[0];
}

static bool card_next(const struct machine *m, const struct at *parent _unused_, bool first,
		      struct at *at)
{
	for (unsigned apid = first ? 0 : at->id[0] + 1; apid < VFIOAP_IDS; apid++) {
		if (!m->card[apid].generation)
			continue;
		*at = (struct at){ .id = { apid, NO_DOMAIN } };
		return true;
	}
	return false;
}

static bool queue_next(const struct machine *m, const struct at *parent, bool first, struct at *at)
{
	unsigned apid = parent->id[0];
	unsigned apqi = vfioap_mask_next(&m->card[apid].queues, first ? 0 : at->id[1] + 1);

	*at = (struct at){ .id = { apid, apqi } };
	return apqi < VFIOAP_IDS;
}

static bool device_next(const struct machine *m, const struct at *parent, bool first, struct at *at)
{
	struct at card = *at;

	if (first)
		return card_next(m, parent, true, at);
	if (queue_next(m, &card, at->id[1] == NO_DOMAIN, at))
		return true;
	return card_next(m, parent, false, at);
}

static bool bound_next(const struct machine *m, const struct at *parent, bool first, struct at *at)
{
	bool more = device_next(m, parent, first, at);

	while (more && driver_of(m, at) != parent->id[0])
		more = device_next(m, parent, false, at);
	return more;
}

static void device_name(const struct machine *m _unused_, const struct at *at, char *buf,
			size_t size)
{
	if (at->id[1] == NO_DOMAIN)
		snprintf(buf, size, "card%02x", at->id[0]);
	else
		snprintf(buf, size, "%02x.%04x", at->id[0], at->id[1]);
}

const struct family family_devices = { .find = device_find,
				       .next = device_next,
				       .name = device_name };
const struct family family_cards = { .find = card_find, .next = card_next, .name = device_name };
const struct family family_queues = { .find = queue_find, .next = queue_next, .name = device_name };
const struct family family_bound = { .find = bound_find, .next = bound_next, .name = device_name };

/* ---- drivers and modules --------------------------------------------------------------- */

static bool driver_next(const struct machine *m, const struct at *parent _unused_, bool first,
			struct at *at)
{
	for (unsigned d = first ? 0 : at->id[0] + 1; d < DRIVER_COUNT; d++) {
		if (!m->drivers[d])
			continue;
		*at = (struct at){ .id = { d } };
		return true;
	}
	return false;
}

static void driver_name(const struct machine *m _unused_, const struct at *at, char *buf,
			size_t size)
{
	snprintf(buf, size, "%s", driver_rows[at->id[0]].name);
}

static bool driver_find_name(const struct machine *m, const struct at *parent _unused_,
			     const char *name, struct at *ret)
{
	*ret = (struct at){ .id = { driver_find(m, name) } };
	return ret->id[0] != DRIVER_NONE;
}

static bool module_next(const struct machine *m, const struct at *parent _unused_, bool first,
			struct at *at)
{
	for (unsigned i = first ? 0 : at->id[0] + 1; i < MODULE_COUNT; i++) {
		if (!m->modules[i])
			continue;
		*at = (struct at){ .id = { i } };
		return true;
	}
	return false;
}

static void module_name(const struct machine *m _unused_, const struct at *at, char *buf,
			size_t size)
{
	snprintf(buf, size, "%s", module_names[at->id[0]]);
}

static bool module_find(const struct machine *m, const struct at *parent _unused_, const char *name,
			struct at *ret)
{
	for (unsigned i = 0; i < MODULE_COUNT; i++) {
		if (!m->modules[i] || strcmp(module_names[i], name) != 0)
			continue;
		*ret = (struct at){ .id = { i } };
		return true;
	}
	return false;
}

/* "ap:cex4queue" in /sys/module/zcrypt_cex4/drivers */
static bool module_driver_next(const struct machine *m, const struct at *parent, bool first,
			       struct at *at)
{
	bool more = driver_next(m, parent, first, at);

	while (more && driver_rows[at->id[0]].module != parent->id[0])
		more = driver_next(m, parent, false, at);
	return more;
}

static bool module_driver_find(const struct machine *m, const struct at *parent, const char *name,
			       struct at *ret)
{
	const char *driver = str_starts_with(name, "ap:");

	return driver && driver_find_name(m, parent, driver, ret) &&
	       driver_rows[ret->id[0]].module == parent->id[0];
}

static void module_driver_name(const struct machine *m _unused_, const struct at *at, char *buf,
			       size_t size)
{
	snprintf(buf, size, "ap:%s", driver_rows[at->id[0]].name);
}

const struct family family_drivers = { .find = driver_find_name,
				       .next = driver_next,
				       .name = driver_name };
const struct family family_modules = { .find = module_find,
				       .next = module_next,
				       .name = module_name };
const struct family family_module_drivers = { .find = module_driver_find,
					      .next = module_driver_next,
					      .name = module_driver_name };

/* ---- vfio_ap devices -------------------------------------------------------------------- */

typedef bool mdev_has_fn(const struct machine *m, const struct at *at);

static bool mdev_is_any(const struct machine *m _unused_, const struct at *at _unused_)
{
	return true;
}

static bool mdev_is_visible(const struct machine *m, const struct at *at)
{
	return matrix_mdev(m, at)->phase != MDEV_REMOVING;
}

static bool mdev_is_bound(const struct machine *m, const struct at *at)
{
	return matrix_mdev(m, at)->phase == MDEV_LIVE;
}

static bool mdev_is_grouped(const struct machine *m, const struct at *at)
{
	return matrix_mdev(m, at)->binding != 0;
}

bool family_has_vfio_dev(const struct machine *m, const struct at *at)
{
	const struct mdev *mdev = matrix_mdev(m, at);

	if (!mdev->binding || !machine_has(m, TRAIT_VFIO_DEV))
		return false;
	return mdev->phase == MDEV_LIVE || !machine_has(m, TRAIT_DEVICE_REQUEST);
}

static bool mdev_next_if(const struct machine *m, bool first, struct at *at, mdev_has_fn *has)
{
	const struct mdev *mdev = first ? m->newest : matrix_mdev(m, at)->next;

	for (; mdev; mdev = mdev->next) {
		*at = (struct at){ .id = { mdev->handle } };
		if (has(m, at))
			return true;
	}
	return false;
}

static bool mdev_find_if(const struct machine *m, const char *name, struct at *ret,
			 mdev_has_fn *has)
{
	const struct mdev *mdev = matrix_find(m, name);

	if (!mdev)
		return false;
	*ret = (struct at){ .id = { mdev->handle } };
	return has(m, ret);
}

static void mdev_name(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "%s", matrix_mdev(m, at)->uuid);
}

#define MDEV_FAMILY(which, has)                                                             \
	static bool which##_find(const struct machine *m, const struct at *parent _unused_, \
				 const char *name, struct at *ret)                          \
	{                                                                                   \
		return mdev_find_if(m, name, ret, has);                                     \
	}                                                                                   \
	static bool which##_next(const struct machine *m, const struct at *parent _unused_, \
				 bool first, struct at *at)                                 \
	{                                                                                   \
		return mdev_next_if(m, first, at, has);                                     \
	}                                                                                   \
	const struct family family_##which = { .find = which##_find,                        \
					       .next = which##_next,                        \
					       .name = mdev_name }

MDEV_FAMILY(mdevs, mdev_is_any);
MDEV_FAMILY(mdevs_visible, mdev_is_visible);
MDEV_FAMILY(mdevs_bound, mdev_is_bound);

/* ---- what one device has: its group, its vfio-dev ------------------------------------------ */

/* "N" or, with a @prefix, "vfioK" */
static bool slot_find(const struct machine *m, const char *name, const char *prefix, struct at *ret,
		      mdev_has_fn *has)
{
	const char *p = str_starts_with(name, prefix);
	unsigned slot;

	if (!p || (p[0] == '0' && p[1]) || !m->groups.size || strchr(p, '\n') ||
	    str_uint(p, m->groups.size - 1, &slot) < 0 || !m->groups.slot[slot])
		return false;
	*ret = (struct at){ .id = { m->groups.slot[slot]->handle } };
	return has(m, ret);
}

static bool group_find(const struct machine *m, const struct at *parent _unused_, const char *name,
		       struct at *ret)
{
	return slot_find(m, name, "", ret, mdev_is_grouped);
}

static bool group_next(const struct machine *m, const struct at *parent _unused_, bool first,
		       struct at *at)
{
	return mdev_next_if(m, first, at, mdev_is_grouped);
}

static void group_name(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "%u", matrix_mdev(m, at)->slot);
}

static bool vfio_devs_find(const struct machine *m, const struct at *parent _unused_,
			   const char *name, struct at *ret)
{
	return slot_find(m, name, "vfio", ret, family_has_vfio_dev);
}

static bool vfio_devs_next(const struct machine *m, const struct at *parent _unused_, bool first,
			   struct at *at)
{
	return mdev_next_if(m, first, at, family_has_vfio_dev);
}

static void vfio_dev_name(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "vfio%u", matrix_mdev(m, at)->slot);
}

/* The one below its device */
static bool vfio_dev_find(const struct machine *m, const struct at *parent, const char *name,
			  struct at *ret)
{
	return vfio_devs_find(m, parent, name, ret) && ret->id[0] == parent->id[0];
}

static bool self_next(const struct machine *m _unused_, const struct at *parent, bool first,
		      struct at *at)
{
	*at = *parent;
	return first;
}

/* The device in its group's directory */
static bool group_mdev_find(const struct machine *m, const struct at *parent, const char *name,
			    struct at *ret)
{
	return mdev_find_if(m, name, ret, mdev_is_grouped) && ret->id[0] == parent->id[0];
}

const struct family family_groups = { .find = group_find, .next = group_next, .name = group_name };
const struct family family_vfio_devs = { .find = vfio_devs_find,
					 .next = vfio_devs_next,
					 .name = vfio_dev_name };
const struct family family_vfio_dev = { .find = vfio_dev_find,
					.next = self_next,
					.name = vfio_dev_name };
const struct family family_group_mdev = { .find = group_mdev_find,
					  .next = self_next,
					  .name = mdev_name };
