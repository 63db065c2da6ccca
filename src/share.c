/* SPDX-License-Identifier: MIT */
/*
 * Helpers of rules: which of them there are, and what they say, is left to audit.c.
 */
#include "share.h"

#include <errno.h>

void share_queues(struct qset *ret, const struct matrix *m)
{
	qset_product(ret, &m->adapters, &m->domains);
}

bool share_common(struct qset *ret, const struct matrix *a, const struct matrix *b)
{
	const struct matrix both = {
		.adapters = vfioap_mask_and(a->adapters, b->adapters),
		.domains = vfioap_mask_and(a->domains, b->domains),
	};

	share_queues(ret, &both);
	return matrix_collide(a, b);
}

const char *share_party(const struct snapshot *now, const char *uuid, char buf[SHARE_PARTY_SIZE])
{
	const struct device *device = snapshot_device(now, uuid);
	const char *guest = device ? snapshot_guest(now, device, NULL) : NULL;
	const struct holder *holder = NULL;

	if (device && device->mdev)
		holder = snapshot_holder(now, device->mdev);
	if (guest)
		snprintf(buf, SHARE_PARTY_SIZE, "device '%s' (guest '%s')", uuid, guest);
	else if (holder)
		snprintf(buf, SHARE_PARTY_SIZE, "device '%s' (open by %s, pid %d)", uuid,
			 holder->command, (int)holder->pid);
	else
		snprintf(buf, SHARE_PARTY_SIZE, "device '%s'", uuid);
	return buf;
}

const char *share_guest(const struct snapshot *now, const char *uuid, char buf[SHARE_PARTY_SIZE])
{
	const struct device *device = snapshot_device(now, uuid);
	const char *guest = device ? snapshot_guest(now, device, NULL) : NULL;

	if (guest)
		snprintf(buf, SHARE_PARTY_SIZE, "guest '%s' of device '%s'", guest, uuid);
	else
		snprintf(buf, SHARE_PARTY_SIZE, "the guest of device '%s'", uuid);
	return buf;
}

char *share_arguments(const struct vfioap_mask *adapters, const struct vfioap_mask *domains)
{
	char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE];

	return finding_text("-a %s -d %s", vfioap_list_format(adapters, a),
			    vfioap_list_format(domains, d));
}

char *share_unassign(const char *uuid, const struct matrix *matrix,
		     const struct vfioap_mask *adapters, const struct vfioap_mask *domains)
{
	unsigned by_domain = vfioap_mask_count(domains) * vfioap_mask_count(&matrix->adapters);
	unsigned by_adapter = vfioap_mask_count(adapters) * vfioap_mask_count(&matrix->domains);
	bool domain = by_domain <= by_adapter;
	char list[VFIOAP_LIST_SIZE];

	vfioap_list_format(domain ? domains : adapters, list);
	return finding_text("'vfioap unassign %s -%c %s' takes it from that device", uuid,
			    domain ? 'd' : 'a', list);
}

int share_say_product(struct finding proto, share_say_fn *say, void *arg)
{
	const unsigned a = vfioap_mask_next(&proto.adapters, 0);
	const unsigned d = vfioap_mask_next(&proto.domains, 0);
	_cleanup_free_ char *text = NULL;
	char name[QUEUE_SIZE];
	struct qset part;

	/* One queue is the usual, and a set of queues large. */
	if (vfioap_mask_next(&proto.adapters, a + 1) == VFIOAP_IDS &&
	    vfioap_mask_next(&proto.domains, d + 1) == VFIOAP_IDS) {
		text = finding_text("queue %s", queue_format(a, d, name));
	} else {
		qset_product(&part, &proto.adapters, &proto.domains);
		text = finding_queues(&part);
	}
	return text ? say(arg, proto, text) : -ENOMEM;
}

int share_say(struct qset *queues, struct finding proto, share_say_fn *say, void *arg)
{
	int rc = 0;

	while (rc == 0 && finding_split(queues, &proto.adapters, &proto.domains))
		rc = share_say_product(proto, say, arg);
	return rc;
}
