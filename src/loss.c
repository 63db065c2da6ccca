/* SPDX-License-Identifier: MIT */
/*
 * Looks at the queues that would leave the host.  What queues these are is decided by the wish;
 * what stands in their files, zcrypt.c and apbus.c know.
 */
#include "loss.h"

#include <errno.h>

#include "zcrypt.h"

/* The first hardware type that vfio_ap drives: CEX4 (vfio_ap_drv.c, ap_queue_ids). */
#define HWTYPE_CEX4 10

static unsigned mode_bit(enum apbus_mode mode)
{
	switch (mode) {
	case APBUS_MODE_CCA: return LOSS_CCA;
	case APBUS_MODE_EP11: return LOSS_EP11;
	case APBUS_MODE_ACCEL: return LOSS_ACCEL;
	case APBUS_MODE_UNKNOWN: break;
	}
	return 0;
}

/* The modes that @queues have an online queue of; no more files are read than that takes. */
static unsigned modes_online(int root, const struct qset *queues, unsigned wanted)
{
	struct vfioap_mask adapters = qset_adapters(queues);
	unsigned found = 0;

	VFIOAP_MASK_FOREACH(apid, &adapters) {
		struct apbus_info card;
		unsigned bit;

		if (found == wanted)
			break;
		if (apbus_card_read(root, apid, &card, NULL) < 0)
			continue;
		bit = mode_bit(card.mode) & wanted & ~found;
		for (unsigned d = vfioap_mask_next(&queues->row[apid], 0); bit && d < VFIOAP_IDS;
		     d = vfioap_mask_next(&queues->row[apid], d + 1)) {
			if (!zcrypt_is_online(root, apid, d))
				continue;
			found |= bit;
			break;
		}
	}
	return found;
}

static void read_old(int root, struct loss *loss)
{
	struct vfioap_mask adapters = qset_adapters(&loss->moved);

	VFIOAP_MASK_FOREACH(apid, &adapters) {
		struct apbus_info card;

		if (apbus_card_state(root, apid, &card, NULL) == 0 && card.hwtype >= 0 &&
		    card.hwtype < HWTYPE_CEX4)
			vfioap_mask_set(&loss->old, apid);
	}
}

static int read_default(int root, struct loss *loss, const struct qset *stays, struct err *err)
{
	struct vfioap_mask before = qset_domains(&loss->moved), after = qset_domains(stays);
	int rc = zcrypt_default_read(root, &loss->default_domain, err);

	if (rc < 0)
		return rc == -ENODATA ? 0 : rc;
	loss->loses_default = vfioap_mask_has(&before, loss->default_domain) &&
			      !vfioap_mask_has(&after, loss->default_domain);
	return 0;
}

int loss_read(int root, const struct snapshot *now, const struct wish *want, struct loss *ret,
	      struct err *err)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	struct qset stays;

	if (!after)
		return err_oom(err);
	*ret = (struct loss){ 0 };
	wish_predict_bus(now, want, after);
	stays = now->bus.host_driver;
	qset_and(&stays, &after->host_driver);
	ret->moved = now->bus.host_driver;
	qset_andnot(&ret->moved, &stays);
	if (qset_is_empty(&ret->moved))
		return 0;

	QSET_FOREACH(apid, apqi, &ret->moved)
		if (zcrypt_is_busy(root, apid, apqi))
			qset_add(&ret->busy, apid, apqi);
	read_old(root, ret);
	ret->modes = modes_online(root, &ret->moved, LOSS_CCA | LOSS_EP11 | LOSS_ACCEL);
	ret->modes &= ~modes_online(root, &stays, ret->modes);
	return read_default(root, ret, &stays, err);
}

/* ---- what is said -------------------------------------------------------------------------- */

static struct finding finding_about(enum finding_code code, const struct qset *queues)
{
	return (struct finding){ .code = code,
				 .adapters = qset_adapters(queues),
				 .domains = qset_domains(queues) };
}

static int find_busy(const struct loss *loss, bool force, struct findings *ret)
{
	struct finding proto = finding_about(FINDING_QUEUE_BUSY, &loss->busy);
	_cleanup_free_ char *queues = NULL;

	if (qset_is_empty(&loss->busy))
		return 0;
	queues = finding_queues(&loss->busy);
	if (!queues)
		return -ENOMEM;
	if (force) {
		proto.severity = FINDING_WARNING;
		return findings_say(ret, proto, NULL, "requests in flight of %s are lost", queues);
	}
	return findings_say(ret, proto, "wait until they are done; --force loses them",
			    "cannot take %s from the host: requests are in flight", queues);
}

static int say_old(const struct qset *queues, bool refuse, struct findings *ret)
{
	struct finding proto = finding_about(FINDING_CARD_TOO_OLD, queues);
	_cleanup_free_ char *text = NULL;

	if (qset_is_empty(queues))
		return 0;
	text = finding_queues(queues);
	if (!text)
		return -ENOMEM;
	if (!refuse)
		return findings_say(ret, proto, NULL,
				    "%s without driver: the card is older than CEX4, and vfio_ap"
				    " does not know it",
				    text);
	proto.severity = FINDING_ERROR;
	return findings_say(ret, proto, "name younger cards; --force leaves it without driver",
			    "cannot reserve %s: the card is older than CEX4, and vfio_ap does not"
			    " know it",
			    text);
}

static int find_old(const struct loss *loss, const struct qset *by_card, bool force,
		    struct findings *ret)
{
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	struct qset named, others;
	int rc;

	qset_product(&others, &loss->old, &all);
	qset_and(&others, &loss->moved);
	named = others;
	if (force)
		return say_old(&others, false, ret);
	qset_and(&named, by_card);
	qset_andnot(&others, by_card);
	rc = say_old(&named, true, ret);
	return rc == 0 ? say_old(&others, false, ret) : rc;
}

static int find_modes(const struct loss *loss, struct findings *ret)
{
	static const struct {
		enum loss_mode mode;
		const char *name, *reason;
	} rows[] = {
		{ .mode = LOSS_CCA, .name = "CCA", .reason = "cca" },
		{ .mode = LOSS_EP11, .name = "EP11", .reason = "ep11" },
		{ .mode = LOSS_ACCEL, .name = "accelerator", .reason = "accel" },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(rows); i++) {
		struct finding proto = { .code = FINDING_HOST_LOSES_MODE,
					 .reason = rows[i].reason };

		if (loss->modes & rows[i].mode)
			rc = findings_say(ret, proto, NULL,
					  "the host loses its last online %s queue", rows[i].name);
	}
	return rc;
}

static int find_default(const struct loss *loss, struct findings *ret)
{
	struct finding proto = { .code = FINDING_HOST_LOSES_DEFAULT };
	struct vfioap_mask one = vfioap_mask_range(loss->default_domain, loss->default_domain);
	char list[VFIOAP_LIST_SIZE];

	if (!loss->loses_default)
		return 0;
	proto.domains = one;
	return findings_say(ret, proto, "'chzcrypt -q DOMAIN' chooses another one",
			    "the host loses its default domain %s", vfioap_list_format(&one, list));
}

int loss_find(const struct loss *loss, const struct qset *by_card, bool force, struct findings *ret)
{
	int rc = find_busy(loss, force, ret);

	if (rc == 0)
		rc = find_old(loss, by_card, force, ret);
	if (rc == 0)
		rc = find_modes(loss, ret);
	return rc == 0 ? find_default(loss, ret) : rc;
}
