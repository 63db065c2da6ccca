/* SPDX-License-Identifier: MIT */
/*
 * Rules of the audit about what a guest does not get of its device, or cannot use: each reason
 * with the queues that are the cause.
 *
 * Source: vfio_ap_mdev_filter_matrix() of Linux (one queue that is not bound hides its adapter);
 * kernel-abi 11.
 */
#include "audit_rules.h"

#include <errno.h>
#include <stdio.h>

#include "guest.h"

/* ---- what the guest does not see ------------------------------------------------------------ */

struct unseen {
	const struct audit *a;
	const struct audit_owner *o;
	const char *reason;
};

static const struct {
	const char *reason;
	const char *text; /* behind "... does not see 06.00ab: " */
} reasons[] = {
	{ .reason = "not-bound",
	  .text = "vfio_ap does not have it, and one such queue hides its adapter" },
	{ .reason = "absent",
	  .text = "there is no such queue, and one that lacks hides its adapter" },
	{ .reason = "not-in-host-config", .text = "the host does not have the adapter" },
	{ .reason = "domain-not-in-host-config", .text = "the host does not have the domain" },
	{ .reason = "reset-failed",
	  .text = "a reset failed, or the kernel has not looked again since it was hidden" },
	{ .reason = "no-qci", .text = "this machine does not tell its configuration" },
};

static const char *reason_text(const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strcmp(reasons[i].reason, reason) == 0)
			return reasons[i].text;
	return reason;
}

static char *unseen_hint(const struct unseen *u, const struct finding *f)
{
	const char *uuid = u->o->device->uuid;
	unsigned apid = vfioap_mask_next(&f->adapters, 0);
	unsigned apqi = vfioap_mask_next(&f->domains, 0);
	char text[VFIOAP_LIST_SIZE], name[QUEUE_SIZE];

	if (strcmp(u->reason, "reset-failed") == 0)
		return finding_text("'vfioap refresh %s' has the kernel look again", uuid);
	if (strcmp(u->reason, "no-qci") == 0)
		return finding_text("'vfioap show host' shows what this machine can do");
	if (strcmp(u->reason, "not-bound") == 0)
		return finding_text("'echo %s > /sys/bus/ap/drivers_probe' asks vfio_ap to take it",
				    queue_format(apid, apqi, name));
	if (strcmp(u->reason, "domain-not-in-host-config") == 0)
		return finding_text("'vfioap unassign %s -d %s' takes out what is in vain", uuid,
				    vfioap_list_format(&f->domains, text));
	return finding_text("'vfioap unassign %s -a %s' takes out what is in vain", uuid,
			    vfioap_list_format(&f->adapters, text));
}

static int say_unseen(void *arg, struct finding proto, const char *queues)
{
	const struct unseen *u = arg;
	_cleanup_free_ char *hint = unseen_hint(u, &proto);
	char party[SHARE_PARTY_SIZE];

	if (!hint)
		return -ENOMEM;
	proto.reason = u->reason;
	return findings_say(u->a->ret, proto, hint, "%s %s not see %s: %s",
			    share_guest(u->a->now, u->o->device->uuid, party),
			    u->o->active ? "does" : "would", queues, reason_text(u->reason));
}

/* Queues of which something worse, or plainer, is said elsewhere. */
static void said_elsewhere(const struct audit *a, const struct audit_owner *o, struct qset *ret)
{
	const struct apbus *bus = &a->now->bus;
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	struct vfioap_mask over = vfioap_mask_range(bus->max_adapter + 1, VFIOAP_IDS - 1);
	struct qset more;

	audit_host(a, o, ret);
	qset_product(&more, &over, &all);
	qset_or(ret, &more);
	over = vfioap_mask_range(bus->max_domain + 1, VFIOAP_IDS - 1);
	qset_product(&more, &all, &over);
	qset_or(ret, &more);
	qset_product(&more, &a->facts->old, &all);
	qset_and(&more, &bus->queues);
	qset_or(ret, &more);
}

/* What keeps queues of @o out for one reason, and is not in @said. */
static int judge_reason(const struct unseen *u, const struct apbus *bus, const struct matrix *guest,
			const struct qset *said)
{
	const struct matrix *matrix = u->o->matrix;
	struct unseen copy = *u;
	struct qset queues = { 0 }, known;

	VFIOAP_MASK_FOREACH(apid, &matrix->adapters) {
		struct guest_filtered filtered[GUEST_REASONS];
		size_t n = guest_filtered(bus, matrix, guest, apid, filtered);

		for (size_t i = 0; i < n; i++)
			if (strcmp(filtered[i].reason, u->reason) == 0)
				queues.row[apid] = filtered[i].domains;
	}
	qset_andnot(&queues, said);
	audit_queues(u->o, &known);
	qset_and(&queues, &known);
	return share_say(&queues, audit_about(FINDING_QUEUE_NOT_IN_GUEST, u->o), say_unseen, &copy);
}

static int judge_guest(const struct audit *a, const struct audit_owner *o)
{
	const struct apbus *bus = audit_bus(a, o);
	struct unseen u = { .a = a, .o = o };
	struct matrix guest;
	struct qset said;
	bool predicted;
	int rc = 0;

	if (!bus || !bus->present)
		return 0;
	if (!o->active)
		guest = snapshot_predict_guest(bus, o->matrix);
	else if (o->device->mdev->truncated || !guest_find(a->now, o->device, &guest, &predicted))
		return 0;
	if (vfioap_mask_contains(&guest.adapters, &o->matrix->adapters) &&
	    vfioap_mask_contains(&guest.domains, &o->matrix->domains))
		return 0; /* nothing is kept from it */
	said_elsewhere(a, o, &said);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(reasons); i++) {
		u.reason = reasons[i].reason;
		rc = judge_reason(&u, bus, &guest, &said);
	}
	return rc;
}

int audit_guests(const struct audit *a)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->n_owners; i++)
		rc = a->owner[i].asked ? judge_guest(a, &a->owner[i]) : 0;
	return rc;
}

/* ---- cards that are off, or of no use -------------------------------------------------------- */

/* " 05 2a", as chzcrypt takes them */
static const char *cards_format(const struct vfioap_mask *cards, char buf[3 * VFIOAP_IDS + 1])
{
	char *end = buf;

	buf[0] = '\0';
	VFIOAP_MASK_FOREACH(apid, cards)
		end += snprintf(end, 4, " %02x", apid);
	return buf;
}

static int say_off(void *arg, struct finding proto, const char *queues)
{
	const struct unseen *u = arg;
	const bool off = strcmp(u->reason, "deconfigured") == 0;
	const bool one = vfioap_mask_count(&proto.adapters) == 1;
	char party[SHARE_PARTY_SIZE], list[VFIOAP_LIST_SIZE], cards[3 * VFIOAP_IDS + 1];
	_cleanup_free_ char *hint = NULL;

	cards_format(&proto.adapters, cards);
	hint = off ? finding_text("'chzcrypt --config-on%s' configures %s", cards,
				  one ? "the card" : "the cards")
		   : finding_text("'lszcrypt%s' shows %s; the hardware wants service", cards,
				  one ? "the card" : "the cards");
	if (!hint)
		return -ENOMEM;
	proto.reason = u->reason;
	return findings_say(u->a->ret, proto, hint, "%s cannot use %s: adapter%s %s %s %s",
			    share_guest(u->a->now, u->o->device->uuid, party), queues,
			    one ? "" : "s", vfioap_list_format(&proto.adapters, list),
			    one ? "is" : "are", u->reason);
}

static int judge_off(const struct audit *a, const struct audit_owner *o, const char *reason,
		     const struct vfioap_mask *cards)
{
	struct unseen u = { .a = a, .o = o, .reason = reason };
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	struct qset queues, off;

	if (!vfioap_mask_intersects(cards, &o->matrix->adapters))
		return 0; /* of nearly all devices, and sets of queues are large */
	audit_queues(o, &queues);
	qset_product(&off, cards, &all);
	qset_and(&queues, &off);
	qset_and(&queues, &a->now->bus.queues);
	return share_say(&queues, audit_about(FINDING_QUEUE_NOT_USABLE, o), say_off, &u);
}

int audit_cards_off(const struct audit *a)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->n_owners; i++) {
		if (!a->owner[i].asked)
			continue;
		rc = judge_off(a, &a->owner[i], "deconfigured", &a->facts->deconfigured);
		if (rc == 0)
			rc = judge_off(a, &a->owner[i], "checkstopped", &a->facts->checkstopped);
	}
	return rc;
}

static int say_old(void *arg, struct finding proto, const char *queues)
{
	const struct unseen *u = arg;
	_cleanup_free_ char *hint = NULL;
	char party[SHARE_PARTY_SIZE], list[VFIOAP_LIST_SIZE];

	vfioap_list_format(&proto.adapters, list);
	hint = u->o ? finding_text("'vfioap unassign %s -a %s' takes out what is in vain",
				   u->o->device->uuid, list)
		    : finding_text("'vfioap release -a %s' gives it back to the host", list);
	if (!hint)
		return -ENOMEM;
	if (!u->o)
		return findings_say(
			u->a->ret, proto, hint,
			"no driver for %s: the masks leave it to vfio_ap, which knows no"
			" card older than CEX4",
			queues);
	return findings_say(u->a->ret, proto, hint,
			    "%s has %s of a card older than CEX4, which vfio_ap does not know",
			    share_party(u->a->now, u->o->device->uuid, party), queues);
}

/* Queues of old cards that the masks take from the host, and no driver has then. */
static void old_driverless(const struct apbus *bus, const struct vfioap_mask *old, struct qset *ret)
{
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	struct qset queues;

	qset_product(&queues, old, &all);
	qset_and(&queues, &bus->queues);
	apbus_masks_reserved(&bus->masks, &queues, ret);
	qset_andnot(ret, &bus->host_driver);
}

int audit_cards_old(const struct audit *a)
{
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	const struct apbus *now = &a->now->bus;
	struct unseen u = { .a = a };
	struct qset rest = { 0 }, more, old;
	int rc = 0;

	qset_product(&old, &a->facts->old, &all);
	qset_and(&old, &now->queues);
	if (audit_looks(a, AUDIT_ACTIVE))
		old_driverless(now, &a->facts->old, &rest);
	if (a->after) {
		old_driverless(a->after, &a->facts->old, &more);
		qset_or(&rest, &more);
	}
	for (size_t i = 0; rc == 0 && i < a->n_owners; i++) {
		struct qset queues;

		u.o = &a->owner[i];
		if (!u.o->asked || !vfioap_mask_intersects(&a->facts->old, &u.o->matrix->adapters))
			continue;
		audit_queues(u.o, &queues);
		qset_and(&queues, &old);
		qset_andnot(&rest, &queues);
		rc = share_say(&queues, audit_about(FINDING_CARD_TOO_OLD, u.o), say_old, &u);
	}
	u.o = NULL;
	return rc == 0 ? share_say(&rest, audit_about(FINDING_CARD_TOO_OLD, NULL), say_old, &u)
		       : rc;
}
