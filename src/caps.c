/* SPDX-License-Identifier: MIT */
/*
 * Concludes what the kernel can do from the files that apbus.c and mdev.c have found.  What
 * follows from it for a write is kernel.c's.
 *
 * Source: kernel-abi 17 (which file came with what).
 */
#include "caps.h"

#include "snapshot.h"

/*
 * guest_matrix came with the dynamic configuration, but is seen on a device alone.  Without
 * one, all that came later tells as well: `features` of the matrix device (6.12), overrides
 * (6.19), `features` of the bus (6.5), class vfio-dev (6.1).  What is left are 6.0 itself and
 * everything before: both are taken for the old kernel, which wants more of a queue.  So at
 * worst an assignment is refused that 6.0 would have taken; and as soon as there is a device
 * it is seen.
 */
static bool is_dynamic(const struct apbus *bus, const struct mdev_list *mdevs)
{
	if (mdevs->has_guest_matrix || mdevs->has_ap_config)
		return true;
	for (size_t i = 0; i < mdevs->n; i++)
		if (!mdevs->v[i].removing)
			return false;
	return bus->override_known || bus->bindings_complete_count || bus->has_features ||
	       mdevs->has_vfio_dev;
}

struct caps caps_find(const struct snapshot *now)
{
	const struct apbus *bus = &now->bus;
	const struct mdev_list *mdevs = &now->mdevs;

	return (struct caps){
		.guest_matrix = mdevs->has_guest_matrix,
		.ap_config = mdevs->has_ap_config,
		.ap_config_known = mdevs->has_ap_config || mdevs->has_features || mdevs->n > 0,
		.features_file = mdevs->has_features,
		.driver_override = bus->override_known,
		.bindings_complete_count = bus->bindings_complete_count,
		.status = bus->has_status,
		.dynamic = is_dynamic(bus, mdevs),
		.in_use_wide = bus->override_known || bus->bindings_complete_count,
	};
}
