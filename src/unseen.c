/* SPDX-License-Identifier: MIT */
/*
 * Explains the difference between a device's matrix and its guest_matrix.  What that file
 * holds is snapshot_predict_guest()'s business; here it gets reasons.
 *
 * Source: vfio_ap_mdev_filter_matrix() of Linux 6.8 and later: one queue that is not bound
 * hides its whole adapter; a domain is hidden only when the host does not have it.
 */
#include "unseen.h"

#include <errno.h>

#include "caps.h"
#include "kernel.h"

/* IDs of a device that one reason hides, and the queues that are the reason. */
struct unseen {
	const char *reason;
	bool is_adapter;
	struct vfioap_mask ids;
	struct qset queues;
};

/* "the guest of device 'X' will not see adapter 6: " goes before it. */
static char *unseen_why(const struct unseen *u)
{
	_cleanup_free_ char *queues = finding_queues(&u->queues);

	if (!queues)
		return NULL;
	if (strcmp(u->reason, "no-qci") == 0)
		return finding_text("this machine does not tell its configuration");
	if (strcmp(u->reason, "absent") == 0)
		return finding_text("no device for %s, and one missing queue hides its adapter",
				    queues);
	if (strcmp(u->reason, "not-bound") == 0)
		return finding_text(
			"vfio_ap does not have %s, and one such queue hides its adapter", queues);
	return finding_text("not in the configuration of this host");
}

static int unseen_say(const struct snapshot *now, const struct wish_device *device,
		      const struct unseen *u, struct findings *ret)
{
	struct finding proto = { .code = FINDING_QUEUE_NOT_IN_GUEST,
				 .adapters = qset_adapters(&u->queues),
				 .domains = qset_domains(&u->queues),
				 .reason = u->reason };
	const char *s = vfioap_mask_count(&u->ids) == 1 ? "" : "s";
	_cleanup_free_ char *why = NULL, *hint = NULL;
	char option = u->is_adapter ? 'a' : 'd';
	char list[VFIOAP_LIST_SIZE];

	if (vfioap_mask_is_empty(&u->ids))
		return 0;
	why = unseen_why(u);
	vfioap_list_format(&u->ids, list);
	hint = snapshot_device(now, device->uuid)
		       ? finding_text("'vfioap unassign %s -%c %s' takes out what is in vain",
				      device->uuid, option, list)
		       : finding_text("leave '-%c %s' out, which would be in vain", option, list);
	if (!why || !hint)
		return -ENOMEM;
	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	return findings_say(ret, proto, hint, "the guest of device '%s' will not see %s%s %s: %s",
			    device->uuid, u->is_adapter ? "adapter" : "domain", s, list, why);
}

/* Adapters that the host has, and that some of their queues hide. */
static int unseen_filtered(const struct snapshot *now, const struct apbus *after,
			   const struct wish_device *device, const struct vfioap_mask *adapters,
			   struct findings *ret)
{
	struct unseen absent = { .reason = "absent", .is_adapter = true };
	struct unseen unbound = { .reason = "not-bound", .is_adapter = true };
	struct vfioap_mask domains = vfioap_mask_and(device->matrix.domains, after->usage);
	struct qset host;
	int rc;

	/* A queue that is the host's is refused, which says more. */
	kernel_host_queues(&host, after, &after->masks, &device->matrix);
	qset_product(&absent.queues, adapters, &domains);
	qset_andnot(&absent.queues, &host);
	unbound.queues = absent.queues;
	qset_andnot(&absent.queues, &after->queues);
	qset_and(&unbound.queues, &after->queues);
	qset_andnot(&unbound.queues, &after->vfio_driver);
	absent.ids = qset_adapters(&absent.queues);
	unbound.ids = qset_adapters(&unbound.queues);

	rc = unseen_say(now, device, &absent, ret);
	return rc == 0 ? unseen_say(now, device, &unbound, ret) : rc;
}

static int unseen_device(const struct snapshot *now, const struct apbus *after,
			 const struct wish_device *device, struct findings *ret)
{
	const struct device *known = snapshot_device(now, device->uuid);
	struct matrix was = { 0 }, saw = { 0 };
	struct matrix sees = snapshot_predict_guest(after, &device->matrix);
	struct unseen adapters = { .is_adapter = true }, domains = { .is_adapter = false };
	struct vfioap_mask hidden;
	int rc;

	if (known && known->mdev && !known->mdev->removing) {
		was = known->mdev->matrix;
		if (matrix_equal(&was, &device->matrix))
			return 0;
		saw = snapshot_predict_guest(&now->bus, &was);
	}
	hidden = vfioap_mask_andnot(device->matrix.adapters, sees.adapters);
	hidden = vfioap_mask_andnot(hidden, vfioap_mask_andnot(was.adapters, saw.adapters));
	domains.ids = vfioap_mask_andnot(device->matrix.domains, sees.domains);
	domains.ids = vfioap_mask_andnot(domains.ids, vfioap_mask_andnot(was.domains, saw.domains));

	adapters.reason = after->has_qci ? "not-in-host-config" : "no-qci";
	adapters.ids = after->has_qci ? vfioap_mask_andnot(hidden, after->adapters) : hidden;
	qset_product(&adapters.queues, &adapters.ids, &device->matrix.domains);
	domains.reason = "domain-not-in-host-config";
	qset_product(&domains.queues, &device->matrix.adapters, &domains.ids);

	rc = unseen_say(now, device, &adapters, ret);
	if (rc < 0 || !after->has_qci)
		return rc;
	rc = unseen_say(now, device, &domains, ret);
	if (rc < 0)
		return rc;
	hidden = vfioap_mask_and(hidden, after->adapters);
	return unseen_filtered(now, after, device, &hidden, ret);
}

int unseen_find(const struct snapshot *now, const struct wish *want, struct findings *ret)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	int rc = 0;

	if (!caps_find(now).dynamic)
		return 0; /* guests see all of a device there, or it is refused */
	if (!after)
		return -ENOMEM;

	wish_predict_bus(now, want, after);
	for (size_t i = 0; rc == 0 && i < want->n_devices; i++)
		rc = unseen_device(now, after, &want->device[i], ret);
	return rc;
}
