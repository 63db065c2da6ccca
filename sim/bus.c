/* SPDX-License-Identifier: MIT */
/*
 * apmask and aqmask: which queues are the host's, who objects to a change, and
 * the rebinding that follows it (K 4); BINDINGS=complete (K 13).
 */
#include "model.h"

#include <errno.h>
#include <string.h>

#include "parse.h"

static struct vfioap_mask *bus_mask(struct machine *m, unsigned which)
{
	return which == BUS_APMASK ? &m->apmask : &m->aqmask;
}

int bus_mask_show(struct machine *m, const struct at *at _unused_, unsigned which,
		  struct page *page)
{
	page_mask(page, bus_mask(m, which));
	page_printf(page, "\n");
	return 0;
}

static bool all_ones(const struct vfioap_mask *mask)
{
	return vfioap_mask_count(mask) == VFIOAP_IDS;
}

static void log_objection(struct machine *m, const struct mdev *mdev,
			  const struct vfioap_mask *adapters, const struct vfioap_mask *domains)
{
	struct vfioap_mask a = vfioap_mask_and(mdev->matrix.adapters, *adapters);
	struct vfioap_mask d = vfioap_mask_and(mdev->matrix.domains, *domains);

	VFIOAP_MASK_FOREACH(apid, &a)
		VFIOAP_MASK_FOREACH(apqi, &d)
			machine_log(m,
				    "vfio_ap_mdev %s: Can not reserve queue %02x.%04x "
				    "for host driver: in use by mdev",
				    mdev->uuid, apid, apqi);
}

/* K 4.3: vfio_ap objects to bits that become the host's. */
static int in_use_check(struct machine *m, unsigned which, const struct vfioap_mask *new)
{
	struct vfioap_mask adapters = m->apmask, domains = m->aqmask, reserved;

	reserved = vfioap_mask_andnot(*new, *bus_mask(m, which));
	if (vfioap_mask_is_empty(&reserved) || !machine_has(m, TRAIT_IN_USE))
		return 0;
	if (machine_has(m, TRAIT_IN_USE_WIDE))
		adapters = domains = vfioap_mask_range(0, VFIOAP_IDS - 1);
	if (which == BUS_APMASK)
		adapters = reserved;
	else
		domains = reserved;
	for (const struct mdev *mdev = m->newest; mdev; mdev = mdev->next) {
		if (!vfioap_mask_intersects(&mdev->matrix.adapters, &adapters) ||
		    !vfioap_mask_intersects(&mdev->matrix.domains, &domains))
			continue;
		log_objection(m, mdev, &adapters, &domains);
		return -EBUSY;
	}
	return 0;
}

/* K 4.4: is this queue with the wrong kind of driver? */
static bool queue_is_misplaced(const struct machine *m, const struct at *at)
{
	const char *override = m->card[at->id[0]].queue[at->id[1]].override;
	enum driver driver = driver_of(m, at);
	bool is_default;

	if (override)
		return driver == DRIVER_NONE || strcmp(override, driver_rows[driver].name) != 0;
	/*
	 * Without driver the kernel reads through a null pointer: what it finds
	 * there normally differs between kernels.
	 */
	is_default = driver == DRIVER_NONE ? machine_has(m, TRAIT_UNBOUND_IS_DEFAULT)
					   : driver_rows[driver].is_default;
	return bus_reserved(m, at->id[0], at->id[1]) != is_default;
}

static void revise_one(struct machine *m, const struct at *at, unsigned arg _unused_)
{
	if (at->id[1] == NO_DOMAIN || !queue_is_misplaced(m, at))
		return;
	driver_detach(m, at);
	driver_attach(m, at);
}

int bus_mask_store(struct machine *m, const struct at *at _unused_, unsigned which,
		   const struct input *in)
{
	struct vfioap_mask *mask = bus_mask(m, which), new = *mask;
	char hex[VFIOAP_HEX_SIZE];
	int rc;

	if (m->overrides)
		return -EINVAL;
	rc = parse_mask(in->text, machine_has(m, TRAIT_MASK_NUMBER_WRAPS), &new);
	if (rc < 0)
		return rc;
	if (vfioap_mask_equal(&new, mask))
		return 0;
	rc = in_use_check(m, which, &new);
	if (rc < 0)
		return rc;
	*mask = new;
	m->masks_in_use = !all_ones(&m->apmask) || !all_ones(&m->aqmask);
	rc = order_bus(m, revise_one, 0);
	if (rc < 0)
		return rc;
	if (machine_has(m, TRAIT_MASK_UEVENT))
		uevent_send(m, OBJECT_AP, NULL, "change", "%s=%s\n",
			    which == BUS_APMASK ? "APMASK" : "AQMASK",
			    vfioap_hex_format(mask, hex));
	return 0;
}

void bus_mask_boot(struct machine *m)
{
	const char *texts[] = { [BUS_APMASK] = m->boot_apmask, [BUS_AQMASK] = m->boot_aqmask };

	for (unsigned which = 0; which < ARRAY_SIZE(texts); which++) {
		struct vfioap_mask mask = vfioap_mask_range(0, VFIOAP_IDS - 1);

		if (texts[which]) {
			/* From nothing, and nothing is what an error leaves (K 4.5). */
			memset(&mask, 0, sizeof(mask));
			parse_mask(texts[which], machine_has(m, TRAIT_MASK_NUMBER_WRAPS), &mask);
		}
		*bus_mask(m, which) = mask;
	}
}

void bus_bindings_check(struct machine *m)
{
	if (!m->scans || m->n_bound < m->n_queues)
		return;
	if (machine_has(m, TRAIT_BINDINGS_DEFERRED) && !m->bindings_armed)
		return;
	m->bindings_armed = false;
	m->bindings_complete++;
	uevent_send(m, OBJECT_AP, NULL, "change", "BINDINGS=complete%cCOMPLETECOUNT=%llu", '\0',
		    (unsigned long long)m->bindings_complete);
}
