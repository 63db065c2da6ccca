/* SPDX-License-Identifier: MIT */
/*
 * Rules of the audit about host and guests, now and after the next boot: queues of devices that
 * are the host's, masks and overrides side by side, what the next boot changes.
 */
#include "audit_rules.h"

#include <errno.h>
#include <stdio.h>

#include "paths.h"

/* ---- queues that the host has ------------------------------------------------------------- */

struct lost {
	const struct audit *a;
	const struct audit_owner *o;
	const char *how; /* "which ..." */
	bool overrides;	 /* reserve them by these */
};

/* "-Q 05.0004,06.0004", or as a product where these are many or masks decide. */
static char *reserve_arguments(const struct lost *l, const struct finding *f)
{
	_cleanup_free_ char *text = NULL;
	struct qset queues;

	qset_product(&queues, &f->adapters, &f->domains);
	if (!l->overrides || qset_count(&queues) > 8)
		return share_arguments(&f->adapters, &f->domains);
	text = qset_format(&queues);
	if (!text)
		return NULL;
	for (char *p = text, *q = text;; p++) {
		if (*p != ' ')
			*q++ = *p;
		if (!*p)
			break;
	}
	return finding_text("-Q %s", text);
}

static int say_lost(void *arg, struct finding proto, const char *queues)
{
	const struct lost *l = arg;
	_cleanup_free_ char *arguments = reserve_arguments(l, &proto), *hint = NULL;
	char party[SHARE_PARTY_SIZE];

	if (!arguments)
		return -ENOMEM;
	hint = finding_text("'vfioap reserve %s %s' reserves what it needs",
			    l->o->active ? "-A" : "-P", arguments);
	if (!hint)
		return -ENOMEM;
	return findings_say(l->a->ret, proto, hint, "%s %s %s, %s",
			    share_party(l->a->now, l->o->device->uuid, party),
			    l->o->active      ? "owns"
			    : l->o->automatic ? "starts by itself with"
					      : "is defined with",
			    queues, l->how);
}

static int judge_active(const struct audit *a, const struct audit_owner *o)
{
	struct finding proto = audit_about(FINDING_QUEUE_HOST_ACTIVE, o);
	const struct apbus *bus = &a->now->bus;
	struct lost l = { .a = a, .o = o, .overrides = !qset_is_empty(&bus->override) };
	struct qset bound, masks;
	int rc;

	audit_host(a, o, &bound);
	if (qset_is_empty(&bound))
		return 0;
	masks = bound;
	qset_and(&bound, &bus->host_driver);
	qset_andnot(&masks, &bound);

	l.how = "which a driver of the host has";
	rc = share_say(&bound, proto, say_lost, &l);
	l.how = "which apmask and aqmask give to the host";
	return rc == 0 ? share_say(&masks, proto, say_lost, &l) : rc;
}

static const char *boot_how(const struct nextboot *boot)
{
	if (boot->apmask == NEXTBOOT_RULES || boot->aqmask == NEXTBOOT_RULES)
		return "which '/" PATH_RULES "' leaves to the host at the next boot";
	if (boot->apmask == NEXTBOOT_PARAMETER || boot->aqmask == NEXTBOOT_PARAMETER)
		return "which the kernel's parameters leave to the host at the next boot";
	return "which nothing reserves at the next boot";
}

/* What starts by hand may be reserved by hand before: no error. */
static int judge_defined(const struct audit *a, const struct audit_owner *o)
{
	struct finding proto = audit_about(FINDING_QUEUE_HOST_PERSISTENT, o);
	struct lost l = {
		.a = a,
		.o = o,
		.how = boot_how(&a->boot),
		.overrides = !qset_is_empty(&a->now->bus.override) ||
			     !qset_is_empty(&a->facts->overrides),
	};
	struct qset queues;

	if (!o->automatic)
		proto.severity = FINDING_WARNING;
	audit_host(a, o, &queues);
	return share_say(&queues, proto, say_lost, &l);
}

int audit_hosts(const struct audit *a)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->n_owners; i++) {
		const struct audit_owner *o = &a->owner[i];

		const struct apbus *bus = audit_bus(a, o);

		if (o->asked && bus && bus->present)
			rc = o->active ? judge_active(a, o) : judge_defined(a, o);
	}
	return rc;
}

/* ---- masks and overrides ---------------------------------------------------------------- */

static int say_modes(const struct audit *a, const struct qset *overrides, const char *hint,
		     const char *what)
{
	struct finding proto = {
		.code = FINDING_MASKS_AND_OVERRIDES,
		.adapters = qset_adapters(overrides),
		.domains = qset_domains(overrides),
	};
	_cleanup_free_ char *queues = finding_queues(overrides);

	if (!queues)
		return -ENOMEM;
	return findings_say(a->ret, proto, hint, "%s %s", what, queues);
}

static int judge_mixed(const struct audit *a)
{
	_cleanup_free_ char *hint = NULL;
	unsigned apid = 0, apqi = -1u;
	char name[QUEUE_SIZE];

	qset_next(&a->now->bus.override, &apid, &apqi);
	hint = finding_text("'echo > /sys/bus/ap/devices/%s/driver_override' clears the first",
			    queue_format(apid, apqi, name));
	if (!hint)
		return -ENOMEM;
	return say_modes(a, &a->now->bus.override, hint,
			 "masks and driver overrides are both in use: the kernel refuses any"
			 " change of a mask until the override is cleared of");
}

/* Source: ap_queue.c of Linux, driver_override_store(): -EINVAL while masks are in use. */
int audit_modes(const struct audit *a)
{
	const bool mixed = snapshot_mode(a->now) == HOST_MODE_MIXED;
	struct qset overrides = a->facts->overrides;

	if (audit_looks(a, AUDIT_ACTIVE) && mixed)
		return judge_mixed(a);
	if (!a->after || apbus_masks_all(&a->after->masks))
		return 0;
	if (audit_looks(a, AUDIT_ACTIVE))
		qset_or(&overrides, &a->now->bus.override_vfio);
	if (qset_is_empty(&overrides))
		return 0;
	return say_modes(a, &overrides, "'vfioap show masks' shows what sets which mask",
			 "the next boot sets masks, and the kernel then takes no driver override"
			 " of");
}

/* ---- the next boot: masks ---------------------------------------------------------------- */

/* "'/etc/udev/rules.d/41-ap.rules' sets 4 and clears 7-9 of apmask"; "" when it is the same */
static char *mask_format(const struct vfioap_mask *is, const struct vfioap_mask *will,
			 enum nextboot_source source, bool adapters)
{
	struct vfioap_mask sets = vfioap_mask_andnot(*will, *is);
	struct vfioap_mask clears = vfioap_mask_andnot(*is, *will);
	const bool both = !vfioap_mask_is_empty(&sets) && !vfioap_mask_is_empty(&clears);
	char s[VFIOAP_LIST_SIZE] = "", c[VFIOAP_LIST_SIZE] = "";

	if (vfioap_mask_equal(is, will))
		return finding_text("%s", "");
	if (!vfioap_mask_is_empty(&sets))
		vfioap_list_format(&sets, s);
	if (!vfioap_mask_is_empty(&clears))
		vfioap_list_format(&clears, c);
	return finding_text("%s %s%s%s%s%s of %s", nextboot_source_text(source, adapters),
			    *s ? "sets " : "", s, both ? " and " : "", *c ? "clears " : "", c,
			    adapters ? "apmask" : "aqmask");
}

/* "; queue 05.0004 goes to the host"; "" for none */
static char *moves_format(const struct qset *queues, const char *whom)
{
	_cleanup_free_ char *text = finding_queues(queues);

	if (!text)
		return NULL;
	return qset_is_empty(queues) ? finding_text("%s", "")
				     : finding_text("; to %s: %s", whom, text);
}

/* Who is to have each queue, by masks and overrides. */
static void guests_queues(const struct apbus *bus, struct qset *ret)
{
	apbus_masks_reserved(&bus->masks, &bus->queues, ret);
	qset_andnot(ret, &bus->override);
	qset_or(ret, &bus->override_vfio);
	qset_and(ret, &bus->queues);
}

static int judge_masks(const struct audit *a)
{
	const struct apbus_masks *is = &a->now->bus.masks, *will = &a->boot.masks;
	_cleanup_free_ char *ap = NULL, *aq = NULL, *host = NULL, *guests = NULL;
	struct finding proto = { .code = FINDING_NEXT_BOOT_DIFFERS };
	struct qset to_host, to_guests, all;
	bool quiet;

	guests_queues(&a->now->bus, &to_host);
	guests_queues(a->after, &to_guests);
	all = to_guests;
	qset_andnot(&to_guests, &to_host);
	qset_andnot(&to_host, &all);
	all = to_host;
	qset_or(&all, &to_guests);
	quiet = vfioap_mask_equal(&is->apmask, &will->apmask) &&
		vfioap_mask_equal(&is->aqmask, &will->aqmask);
	if (quiet && qset_is_empty(&all))
		return 0;

	ap = mask_format(&is->apmask, &will->apmask, a->boot.apmask, true);
	aq = mask_format(&is->aqmask, &will->aqmask, a->boot.aqmask, false);
	host = moves_format(&to_host, "the host");
	guests = moves_format(&to_guests, "guests");
	if (!ap || !aq || !host || !guests)
		return -ENOMEM;
	proto.adapters = qset_adapters(&all);
	proto.domains = qset_domains(&all);
	return findings_say(a->ret, proto, "'vfioap show masks' shows both side by side",
			    "at the next boot %s%s%s%s%s%s", ap, *ap && *aq ? ", " : "", aq,
			    quiet ? "driver overrides are others" : "", host, guests);
}

/* ---- the next boot: devices -------------------------------------------------------------- */

static int say_undefined(const struct audit *a, const struct device *device, const char *party)
{
	struct finding proto = { .code = FINDING_NEXT_BOOT_DIFFERS };
	_cleanup_free_ char *hint =
		finding_text("'mdevctl define --auto --uuid %s' defines it as it is", device->uuid);

	if (!hint)
		return -ENOMEM;
	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	proto.adapters = device->mdev->matrix.adapters;
	proto.domains = device->mdev->matrix.domains;
	return findings_say(a->ret, proto, hint,
			    "%s is active and not defined: the next boot does not make it", party);
}

/* "adapters 5, domains 4"; heap */
static char *matrix_format(const struct matrix *m)
{
	char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE], c[VFIOAP_LIST_SIZE];
	const bool controls = !vfioap_mask_is_empty(&m->controls);

	vfioap_list_format(&m->adapters, a);
	vfioap_list_format(&m->domains, d);
	vfioap_list_format(&m->controls, c);
	return finding_text("adapters %s, domains %s%s%s", a, d,
			    controls ? ", control domains " : "", controls ? c : "");
}

static int say_other(const struct audit *a, const struct device *device, const char *party)
{
	struct finding proto = { .code = FINDING_NEXT_BOOT_DIFFERS };
	const struct matrix *is = &device->mdev->matrix, *will = &device->definition->matrix;
	_cleanup_free_ char *now = matrix_format(is), *then = matrix_format(will);
	_cleanup_free_ char *hint =
		finding_text("'vfioap show device %s' shows both", device->uuid);

	if (!now || !then || !hint)
		return -ENOMEM;
	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	proto.adapters = vfioap_mask_or(is->adapters, will->adapters);
	proto.domains = vfioap_mask_or(is->domains, will->domains);
	return findings_say(a->ret, proto, hint, "%s is active with %s, and defined with %s", party,
			    now, then);
}

/* Is there a finding that says why it is not active? */
static bool is_explained(const struct audit *a, const char *uuid)
{
	for (size_t i = 0; i < a->ret->n_errors; i++)
		for (size_t j = 0; j < ARRAY_SIZE(a->ret->v[i].uuid); j++)
			if (strcmp(a->ret->v[i].uuid[j], uuid) == 0)
				return true;
	return false;
}

static int say_missing(const struct audit *a, const struct device *device, const char *party)
{
	struct finding proto = { .code = FINDING_NEXT_BOOT_DIFFERS };
	_cleanup_free_ char *hint = finding_text("'vfioap start %s' starts it now", device->uuid);

	if (!hint)
		return -ENOMEM;
	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	proto.adapters = device->definition->matrix.adapters;
	proto.domains = device->definition->matrix.domains;
	return findings_say(a->ret, proto, hint,
			    "%s starts by itself at the next boot, and is not active now", party);
}

static int judge_device(const struct audit *a, const struct device *device)
{
	const struct definition *definition = device->definition;
	char party[SHARE_PARTY_SIZE];

	share_party(a->now, device->uuid, party);
	if (device->mdev && (device->mdev->removing || device->mdev->truncated))
		return 0;
	if (!definition)
		return say_undefined(a, device, party);
	if (definition->problem != CONFIG_OK)
		return 0; /* file-misread */
	if (device->mdev)
		return matrix_equal(&device->mdev->matrix, &definition->matrix)
			       ? 0
			       : say_other(a, device, party);
	return definition->start_auto && !is_explained(a, device->uuid)
		       ? say_missing(a, device, party)
		       : 0;
}

int audit_next_boot(const struct audit *a)
{
	int rc = 0;

	if (!audit_looks(a, AUDIT_ACTIVE | AUDIT_PERSISTENT))
		return 0;
	if (a->after)
		rc = judge_masks(a);
	for (size_t i = 0; rc == 0 && i < a->now->n_devices; i++)
		rc = judge_device(a, &a->now->device[i]);
	return rc;
}
