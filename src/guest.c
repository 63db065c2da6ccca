/* SPDX-License-Identifier: MIT */
/*
 * Holds a device's matrix against what the guest gets of it.  What a change hides is left to
 * unseen.c, how it is shown to view_device.c and grid.c.
 *
 * Source: vfio_ap_mdev_filter_matrix() of Linux 6.8 and later; kernel-abi 11.
 */
#include "guest.h"

#include <string.h>

#include "caps.h"

const struct matrix *guest_owned(const struct device *device)
{
	if (device->mdev)
		return device->mdev->removing ? NULL : &device->mdev->matrix;
	if (device->definition->problem != CONFIG_OK)
		return NULL;
	return &device->definition->matrix;
}

bool guest_find(const struct snapshot *now, const struct device *device, struct matrix *ret,
		bool *ret_predicted)
{
	const struct matrix *matrix = guest_owned(device);

	if (!matrix || !now->bus.present)
		return false;
	*ret_predicted = true;
	if (device->mdev && !caps_find(now).dynamic) {
		*ret = *matrix; /* before Linux 6.0 nothing is filtered (kernel-abi 16) */
		return true;
	}
	*ret = snapshot_predict_guest(&now->bus, matrix);
	if (device->mdev && device->mdev->guest) {
		ret->adapters = device->mdev->guest->adapters;
		ret->domains = device->mdev->guest->domains;
		*ret_predicted = false;
	}
	return true;
}

const char *guest_queue_reason(const struct apbus *bus, unsigned apid, unsigned apqi)
{
	if (!bus->has_qci)
		return "no-qci";
	if (!vfioap_mask_has(&bus->adapters, apid))
		return "not-in-host-config";
	if (!vfioap_mask_has(&bus->usage, apqi))
		return "domain-not-in-host-config";
	if (!qset_has(&bus->queues, apid, apqi))
		return "absent";
	return qset_has(&bus->vfio_driver, apid, apqi) ? NULL : "not-bound";
}

/* One queue can keep its whole adapter out, but not one of a domain that the host lacks. */
static bool is_only_domain(const struct guest_filtered *filtered)
{
	return strcmp(filtered->reason, "domain-not-in-host-config") == 0;
}

const char *guest_adapter_reason(const struct guest_filtered *filtered, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_only_domain(&filtered[i]))
			return filtered[i].reason;
	return NULL;
}

size_t guest_filtered(const struct apbus *bus, const struct matrix *matrix,
		      const struct matrix *guest, unsigned apid,
		      struct guest_filtered ret[GUEST_REASONS])
{
	struct vfioap_mask out = matrix->domains, rest = { 0 };
	size_t n = 0;

	if (vfioap_mask_has(&guest->adapters, apid))
		out = vfioap_mask_andnot(out, guest->domains);
	VFIOAP_MASK_FOREACH(apqi, &out) {
		const char *reason = guest_queue_reason(bus, apid, apqi);
		size_t i = 0;

		if (!reason) {
			vfioap_mask_set(&rest, apqi);
			continue;
		}
		while (i < n && strcmp(ret[i].reason, reason) != 0)
			i++;
		if (i == GUEST_REASONS)
			continue;
		if (i == n)
			ret[n++] = (struct guest_filtered){ .reason = reason };
		vfioap_mask_set(&ret[i].domains, apqi);
	}
	/* Nothing is wrong with any queue: a reset failed, or the kernel has not filtered anew. */
	if (!vfioap_mask_is_empty(&rest) && !guest_adapter_reason(ret, n) && n < GUEST_REASONS)
		ret[n++] = (struct guest_filtered){ .reason = "reset-failed", .domains = rest };
	return n;
}
