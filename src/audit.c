/* SPDX-License-Identifier: MIT */
/*
 * Runs the rules of the audit, a table of them.  Each looks at one thing and adds what it finds;
 * they are in audit_*.c, the kinds of findings and their severities in findings.c.
 */
#include "audit.h"

#include <errno.h>

#include "audit_rules.h"
#include "kernel.h"

void audit_facts_done(struct audit_facts *facts)
{
	udev_report_done(&facts->rules);
	free(facts->key);
	facts->key = NULL;
	facts->n_keys = 0;
}

/* ---- what rules ask ------------------------------------------------------------------------ */

bool audit_looks(const struct audit *a, unsigned flags)
{
	return (a->flags & flags) == flags;
}

bool audit_is_again(const struct audit_owner *o)
{
	return o->beside && matrix_equal(o->beside, o->matrix);
}

void audit_queues(const struct audit_owner *o, struct qset *ret)
{
	struct qset said;

	share_queues(ret, o->matrix);
	if (!o->beside)
		return;
	share_queues(&said, o->beside);
	qset_andnot(ret, &said);
}

const struct apbus *audit_bus(const struct audit *a, const struct audit_owner *o)
{
	return o->active ? &a->now->bus : a->after;
}

/* Sets of queues are large, and of nearly all devices there is nothing to say: look first. */
static bool touches_host(const struct apbus *bus, const struct matrix *m)
{
	if (vfioap_mask_intersects(&m->adapters, &bus->masks.apmask) &&
	    vfioap_mask_intersects(&m->domains, &bus->masks.aqmask))
		return true;
	VFIOAP_MASK_FOREACH(apid, &m->adapters)
		if (vfioap_mask_intersects(&bus->host_driver.row[apid], &m->domains))
			return true;
	return false;
}

void audit_host(const struct audit *a, const struct audit_owner *o, struct qset *ret)
{
	const struct apbus *bus = audit_bus(a, o);
	const struct matrix *m = o->matrix;

	*ret = (struct qset){ 0 };
	if (!bus || !bus->present || !touches_host(bus, m))
		return;
	kernel_host_queues(ret, bus, &bus->masks, m);
	VFIOAP_MASK_FOREACH(apid, &m->adapters) {
		const struct vfioap_mask bound =
			vfioap_mask_and(m->domains, bus->host_driver.row[apid]);

		ret->row[apid] = vfioap_mask_or(ret->row[apid], bound);
	}
}

struct finding audit_about(enum finding_code code, const struct audit_owner *o)
{
	struct finding proto = { .code = code };

	if (o)
		memcpy(proto.uuid[0], o->device->uuid, UUID_SIZE);
	return proto;
}

/* ---- owners -------------------------------------------------------------------------------- */

static const struct matrix *active_matrix(const struct device *device, unsigned flags)
{
	return flags & AUDIT_ACTIVE && device->mdev && !device->mdev->removing
		       ? &device->mdev->matrix
		       : NULL;
}

static const struct matrix *defined_matrix(const struct device *device, unsigned flags)
{
	return flags & AUDIT_PERSISTENT && device->definition &&
			       device->definition->problem == CONFIG_OK
		       ? &device->definition->matrix
		       : NULL;
}

static bool is_asked(const struct audit_facts *facts, const struct device *device)
{
	for (size_t i = 0; i < facts->n_about; i++)
		if (facts->about[i] == device)
			return true;
	return !facts->n_about;
}

static int owners_fill(struct audit *a)
{
	a->owner = calloc(2 * a->now->n_devices + 1, sizeof(*a->owner));
	if (!a->owner)
		return -ENOMEM;
	for (size_t i = 0; i < a->now->n_devices; i++) {
		const struct device *device = &a->now->device[i];
		const struct matrix *active = active_matrix(device, a->flags);
		const struct matrix *defined = defined_matrix(device, a->flags);
		const bool asked = is_asked(a->facts, device);

		if (active)
			a->owner[a->n_owners++] = (struct audit_owner){
				.device = device,
				.matrix = active,
				.active = true,
				.asked = asked,
			};
		if (defined)
			a->owner[a->n_owners++] = (struct audit_owner){
				.device = device,
				.matrix = defined,
				.automatic = device->definition->start_auto,
				.asked = asked,
				.beside = active,
			};
	}
	return 0;
}

static void audit_done(struct audit *a)
{
	free(a->after);
	free(a->owner);
}

static int audit_init(struct audit *a)
{
	a->caps = caps_find(a->now);
	a->boot = nextboot_find(a->now, &a->now->rules);
	if (audit_looks(a, AUDIT_PERSISTENT) && a->boot.known && a->now->bus.present) {
		a->after = malloc(sizeof(*a->after));
		if (!a->after)
			return -ENOMEM;
		nextboot_bus(a->now, &a->boot, &a->facts->overrides, &a->facts->old, a->after);
	}
	return owners_fill(a);
}

/* ---- what is to be read beforehand ------------------------------------------------------- */

struct vfioap_mask audit_cards(const struct snapshot *now, unsigned flags)
{
	struct qset unbound = now->bus.queues;
	struct vfioap_mask cards;

	qset_andnot(&unbound, &now->bus.host_driver);
	qset_andnot(&unbound, &now->bus.vfio_driver);
	cards = qset_adapters(&unbound);
	for (size_t i = 0; i < now->n_devices; i++) {
		const struct matrix *active = active_matrix(&now->device[i], flags);
		const struct matrix *defined = defined_matrix(&now->device[i], flags);

		if (active)
			cards = vfioap_mask_or(cards, active->adapters);
		if (defined)
			cards = vfioap_mask_or(cards, defined->adapters);
	}
	return vfioap_mask_and(cards, now->bus.cards);
}

int audit_moving(const struct snapshot *now, const struct audit_facts *facts, unsigned flags,
		 struct qset *ret)
{
	_cleanup_(audit_done) struct audit a = { .now = now, .facts = facts, .flags = flags };

	*ret = (struct qset){ 0 };
	if (audit_init(&a) < 0)
		return -ENOMEM;
	if (audit_looks(&a, AUDIT_ACTIVE))
		qset_or(ret, &now->bus.override_vfio);
	if (a.after)
		qset_or(ret, &a.after->vfio_driver);
	for (size_t i = 0; i < a.n_owners; i++) {
		const struct matrix *m = a.owner[i].matrix;

		VFIOAP_MASK_FOREACH(apid, &m->adapters)
			ret->row[apid] = vfioap_mask_or(ret->row[apid], m->domains);
	}
	qset_and(ret, &now->bus.host_driver);
	return 0;
}

/* ---- the table --------------------------------------------------------------------------- */

int audit_find(const struct snapshot *now, const struct audit_facts *facts, unsigned flags,
	       struct findings *ret)
{
	static int (*const rules[])(const struct audit *) = {
		audit_shared,	 audit_hosts,	    audit_modes,    audit_guests,
		audit_cards_off, audit_cards_old,   audit_controls, audit_ranges,
		audit_files,	 audit_definitions, audit_keys,	    audit_next_boot,
	};
	_cleanup_(audit_done) struct audit a = {
		.now = now, .facts = facts, .flags = flags, .ret = ret
	};
	int rc = audit_init(&a);

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(rules); i++)
		rc = rules[i](&a);
	return rc;
}
