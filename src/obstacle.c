/* SPDX-License-Identifier: MIT */
/*
 * Judges a wish by what this kernel takes.  Other owners of a queue are conflict.c's, what a
 * guest will not see although it is taken unseen.c's.
 *
 * Source: vfio_ap_ops.c of Linux, before 6.0 and since 6.19; kernel-abi 10, 16.
 */
#include "obstacle.h"

#include <errno.h>

#include "kernel.h"

/* What every rule needs. */
struct view {
	const struct snapshot *now;
	const struct wish *want;
	struct caps caps;
	struct apbus *after; /* the bus as it will be */
	struct findings *ret;
};

/* A device that changes: what it owned, and what comes. */
struct growth {
	const struct wish_device *device;
	const struct mdev *mdev; /* NULL: it is to be made */
	struct matrix was;
	struct qset gained;
};

static void growth_init(struct growth *g, const struct snapshot *now,
			const struct wish_device *device)
{
	const struct device *known = snapshot_device(now, device->uuid);
	struct qset old;

	*g = (struct growth){ .device = device };
	if (known && known->mdev && !known->mdev->removing) {
		g->mdev = known->mdev;
		g->was = known->mdev->matrix;
	}
	qset_product(&g->gained, &device->matrix.adapters, &device->matrix.domains);
	qset_product(&old, &g->was.adapters, &g->was.domains);
	qset_andnot(&g->gained, &old);
}

static bool is_grown(const struct growth *g)
{
	return !vfioap_mask_contains(&g->was.adapters, &g->device->matrix.adapters) ||
	       !vfioap_mask_contains(&g->was.domains, &g->device->matrix.domains);
}

/* ---- queues that must be there -------------------------------------------------------- */

void obstacle_queues(const struct snapshot *now, const struct apbus *bus, const struct matrix *m,
		     struct qset *ret_absent, struct qset *ret_unbound)
{
	struct qset host;

	*ret_unbound = (struct qset){ 0 };
	kernel_host_queues(&host, bus, &bus->masks, m);
	if (!qset_is_empty(&bus->override)) {
		*ret_unbound = host;
		qset_andnot(ret_unbound, &bus->host_driver);
	} else if (!caps_find(now).dynamic) {
		qset_product(ret_unbound, &m->adapters, &m->domains);
		qset_andnot(ret_unbound, &host);
	}
	qset_andnot(ret_unbound, &bus->vfio_driver);

	*ret_absent = *ret_unbound;
	qset_andnot(ret_absent, &bus->queues);
	qset_and(ret_unbound, &bus->queues);
}

/* Who wants it so. */
static const char *demand(const struct view *v)
{
	return v->caps.dynamic ? "while driver overrides are set the kernel" : "this kernel";
}

static int say_queues(const struct view *v, const struct growth *g, struct qset *queues,
		      bool absent)
{
	struct finding proto = { .code = FINDING_QUEUE_NOT_BOUND,
				 .reason = absent ? "absent" : "not-bound" };
	int rc = 0;

	memcpy(proto.uuid[0], g->device->uuid, UUID_SIZE);
	while (rc == 0 && finding_split(queues, &proto.adapters, &proto.domains)) {
		_cleanup_free_ char *text = NULL, *hint = NULL;
		unsigned apid = vfioap_mask_next(&proto.adapters, 0);
		unsigned apqi = vfioap_mask_next(&proto.domains, 0);
		struct qset part;
		char name[QUEUE_SIZE];

		qset_product(&part, &proto.adapters, &proto.domains);
		text = finding_queues(&part);
		hint = absent ? finding_text("'lsvfioap -q' lists the queues that exist")
			      : finding_text("'echo %s > /sys/bus/ap/drivers_probe' asks vfio_ap"
					     " to take it",
					     queue_format(apid, apqi, name));
		if (!text || !hint)
			return -ENOMEM;
		rc = findings_say(v->ret, proto, hint,
				  "cannot assign %s to device '%s': %s, and %s takes only queues"
				  " that vfio_ap has",
				  text, g->device->uuid,
				  absent ? "there is no such queue" : "vfio_ap does not have it",
				  demand(v));
	}
	return rc;
}

static int judge_queues(const struct view *v, const struct growth *g)
{
	struct qset absent, unbound;
	int rc;

	obstacle_queues(v->now, v->after, &g->device->matrix, &absent, &unbound);
	qset_and(&absent, &g->gained);
	qset_and(&unbound, &g->gained);
	rc = say_queues(v, g, &absent, true);
	return rc == 0 ? say_queues(v, g, &unbound, false) : rc;
}

/* Before 6.0, IDs that make no queue yet: one queue of each must be bound. */
static int judge_ids(const struct view *v, const struct growth *g)
{
	const struct matrix *m = &g->device->matrix;
	bool adapters = vfioap_mask_is_empty(&m->domains);
	struct vfioap_mask bound = adapters ? qset_adapters(&v->after->vfio_driver)
					    : qset_domains(&v->after->vfio_driver);
	struct finding proto = { .code = FINDING_QUEUE_NOT_BOUND, .reason = "not-bound" };
	struct vfioap_mask lacking;
	_cleanup_free_ char *hint = NULL;
	char list[VFIOAP_LIST_SIZE];

	if (v->caps.dynamic || (!adapters && !vfioap_mask_is_empty(&m->adapters)))
		return 0;
	lacking = adapters ? vfioap_mask_andnot(m->adapters, g->was.adapters)
			   : vfioap_mask_andnot(m->domains, g->was.domains);
	lacking = vfioap_mask_andnot(lacking, bound);
	if (vfioap_mask_is_empty(&lacking))
		return 0;

	*(adapters ? &proto.adapters : &proto.domains) = lacking;
	memcpy(proto.uuid[0], g->device->uuid, UUID_SIZE);
	vfioap_list_format(&lacking, list);
	hint = finding_text("'vfioap reserve -A -%c %s' takes them from the host",
			    adapters ? 'a' : 'd', list);
	if (!hint)
		return -ENOMEM;
	return findings_say(v->ret, proto, hint,
			    "cannot assign %s %s to device '%s': vfio_ap has no queue of it, and"
			    " this kernel wants one",
			    adapters ? "adapter" : "domain", list, g->device->uuid);
}

/* A queue that the host has got, by hand: nothing can be added any more (kernel-abi 10.2). */
static int judge_stuck(const struct view *v, const struct growth *g)
{
	const struct matrix *m = &g->device->matrix;
	struct finding proto = { .code = FINDING_QUEUE_HOST_ACTIVE };
	_cleanup_free_ char *text = NULL, *hint = NULL;
	char list[VFIOAP_LIST_SIZE];
	struct qset host;

	if (!v->caps.dynamic || !g->mdev || !is_grown(g))
		return 0;
	kernel_host_queues(&host, v->after, &v->after->masks, m);
	qset_andnot(&host, &g->gained);
	if (qset_is_empty(&host))
		return 0;

	proto.adapters = qset_adapters(&host);
	proto.domains = qset_domains(&host);
	memcpy(proto.uuid[0], g->device->uuid, UUID_SIZE);
	text = finding_queues(&host);
	vfioap_list_format(&proto.adapters, list);
	hint = finding_text("'vfioap unassign %s -a %s' takes it out", g->device->uuid, list);
	if (!text || !hint)
		return -ENOMEM;
	return findings_say(v->ret, proto, hint,
			    "cannot add to device '%s': the host has got %s of it, and the kernel"
			    " looks at all of a device",
			    g->device->uuid, text);
}

/* ---- devices in use ----------------------------------------------------------------------- */

static int judge_static(const struct view *v, const struct growth *g)
{
	const struct holder *holder = g->mdev ? snapshot_holder(v->now, g->mdev) : NULL;
	struct finding proto = { .code = FINDING_DEVICE_IN_USE };
	_cleanup_free_ char *who = NULL;

	if (v->caps.dynamic || !holder)
		return 0;
	proto.adapters = g->device->matrix.adapters;
	proto.domains = g->device->matrix.domains;
	memcpy(proto.uuid[0], g->device->uuid, UUID_SIZE);
	who = *holder->guest
		      ? finding_text("guest '%s' has it open (%s, pid %d)", holder->guest,
				     holder->command, (int)holder->pid)
		      : finding_text("%s (pid %d) has it open", holder->command, (int)holder->pid);
	if (!who)
		return -ENOMEM;
	return findings_say(v->ret, proto,
			    *holder->guest ? "shut the guest down, or detach the device from it"
					   : "end that process first",
			    "cannot change device '%s': %s, and this kernel changes no device in"
			    " use",
			    g->device->uuid, who);
}

static int judge_device(const struct view *v, const struct wish_device *device)
{
	static int (*const rules[])(const struct view *, const struct growth *) = {
		judge_static,
		judge_queues,
		judge_ids,
		judge_stuck,
	};
	struct growth g;
	int rc = 0;

	growth_init(&g, v->now, device);
	if (g.mdev && matrix_equal(&g.was, &device->matrix))
		return 0;
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(rules); i++)
		rc = rules[i](v, &g);
	return rc;
}

/* ---- masks ------------------------------------------------------------------------------ */

/* Since 6.19 a bit of a device's adapter or domain is refused, whatever the other mask says. */
static int judge_wide(const struct view *v, const struct wish_device *device)
{
	const struct apbus_masks *was = &v->now->bus.masks, *is = &v->want->masks;
	struct matrix m = device->matrix;
	struct vfioap_mask adapters = vfioap_mask_andnot(is->apmask, was->apmask);
	struct vfioap_mask domains = vfioap_mask_andnot(is->aqmask, was->aqmask);
	struct finding proto = { .code = FINDING_QUEUE_HOST_ACTIVE };
	_cleanup_free_ char *text = NULL, *hint = NULL;
	struct qset queues, more, host;

	adapters = vfioap_mask_and(adapters, m.adapters);
	domains = vfioap_mask_and(domains, m.domains);
	qset_product(&queues, &adapters, &m.domains);
	qset_product(&more, &m.adapters, &domains);
	qset_or(&queues, &more);
	kernel_host_queues(&host, v->after, is, &m);
	qset_andnot(&queues, &host);
	if (qset_is_empty(&queues))
		return 0;

	proto.adapters = qset_adapters(&queues);
	proto.domains = qset_domains(&queues);
	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	text = finding_queues(&queues);
	hint = finding_text("'lsvfioap %s' shows what it owns", device->uuid);
	if (!text || !hint)
		return -ENOMEM;
	return findings_say(v->ret, proto, hint,
			    "cannot set mask bits of %s: owned by device '%s', and this kernel"
			    " refuses them even where the other mask keeps the queue",
			    text, device->uuid);
}

int obstacle_find(const struct snapshot *now, const struct wish *want, struct findings *ret)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	struct view v = {
		.now = now, .want = want, .caps = caps_find(now), .after = after, .ret = ret
	};
	int rc = 0;

	if (!after)
		return -ENOMEM;
	wish_predict_bus(now, want, after);
	for (size_t i = 0; rc == 0 && i < want->n_devices; i++)
		rc = judge_device(&v, &want->device[i]);
	for (size_t i = 0; rc == 0 && v.caps.in_use_wide && i < want->n_devices; i++)
		rc = judge_wide(&v, &want->device[i]);
	return rc;
}
