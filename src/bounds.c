/* SPDX-License-Identifier: MIT */
/*
 * Limits of the machine and of its kernel.
 *
 * Source: ap_bus.c of Linux (ap_max_adapter_id, ap_max_domain_id); vfio_ap_ops.c before 6.17,
 * matrix_show(): a page is not enough for 512 queues.
 */
#include "bounds.h"

#include <errno.h>

static int find_range(const struct snapshot *now, const char *uuid, const struct matrix *was,
		      const struct matrix *is, struct findings *ret)
{
	const struct {
		const char *what;
		unsigned max;
		struct vfioap_mask gained;
		bool adapters;
	} rows[] = {
		{ .what = "adapter",
		  .max = now->bus.max_adapter,
		  .adapters = true,
		  .gained = vfioap_mask_andnot(is->adapters, was->adapters) },
		{ .what = "domain",
		  .max = now->bus.max_domain,
		  .gained = vfioap_mask_andnot(is->domains, was->domains) },
		{ .what = "control domain",
		  .max = now->bus.max_domain,
		  .gained = vfioap_mask_andnot(is->controls, was->controls) },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(rows); i++) {
		struct vfioap_mask legal = vfioap_mask_range(0, rows[i].max);
		struct vfioap_mask over = vfioap_mask_andnot(rows[i].gained, legal);
		struct finding proto = { .code = FINDING_ID_OUT_OF_RANGE };
		char list[VFIOAP_LIST_SIZE];

		if (vfioap_mask_is_empty(&over))
			continue;
		*(rows[i].adapters ? &proto.adapters : &proto.domains) = over;
		memcpy(proto.uuid[0], uuid, UUID_SIZE);
		rc = findings_say(
			ret, proto, "'lsvfioap -q' shows the adapters and domains of this machine",
			"cannot assign %s %s to device '%s': the highest of this machine is"
			" %u (0x%02x)",
			rows[i].what, vfioap_list_format(&over, list), uuid, rows[i].max,
			rows[i].max);
	}
	return rc;
}

/* Before Linux 6.17 whoever reads `matrix` of such a device corrupts kernel memory. */
static int find_size(const struct snapshot *now, const char *uuid, const struct matrix *was,
		     const struct matrix *is, bool force, struct findings *ret)
{
	unsigned count = matrix_count(is);
	struct finding proto = { .code = FINDING_DEVICE_TOO_LARGE,
				 .adapters = is->adapters,
				 .domains = is->domains };

	if (count <= MDEV_MATRIX_SAFE || now->bus.bindings_complete_count ||
	    count <= matrix_count(was))
		return 0;

	if (force)
		proto.severity = FINDING_WARNING;
	memcpy(proto.uuid[0], uuid, UUID_SIZE);
	return findings_say(ret, proto, force ? NULL : "--force goes on; up to 511 queues are safe",
			    "device '%s' would have %u queues: on kernels before 6.17 any user who"
			    " reads its 'matrix' file then corrupts kernel memory",
			    uuid, count);
}

int bounds_find(const struct snapshot *now, const char *uuid, const struct matrix *was,
		const struct matrix *is, bool force, struct findings *ret)
{
	int rc = find_range(now, uuid, was, is, ret);

	return rc == 0 ? find_size(now, uuid, was, is, force, ret) : rc;
}
