/* SPDX-License-Identifier: MIT */
/*
 * What is different about the AP bus: the module, cards, masks, and where queues are bound.
 */
#include "watch_say.h"

#include <errno.h>

#include "findings.h"

/* ---- the module ----------------------------------------------------------------- */

static int compare_module(struct compare *c)
{
	bool was = c->was->now->bus.vfio_ap_loaded, is = c->is->now->bus.vfio_ap_loaded;
	size_t gone = c->was->now->mdevs.n;
	int rc;

	if (was == is)
		return 0;
	rc = watch_say(c, WATCH_MODULE, finding_text("module vfio_ap"),
		       finding_text("%s", is ? "loaded" : "unloaded"));
	if (rc < 0 || is || !gone)
		return rc;
	return watch_follows(
		c, finding_text("%zu device%s gone with it", gone, gone == 1 ? " is" : "s are"));
}

/* ---- cards ---------------------------------------------------------------------- */

static void card_queues(struct qset *ret, const struct qset *queues, unsigned apid)
{
	*ret = (struct qset){ 0 };
	ret->row[apid] = queues->row[apid];
}

/* Queues of the card that nobody can use now, or can again. */
static int follows_card(struct compare *c, unsigned apid, bool works)
{
	struct qset queues, host;
	int rc;

	card_queues(&queues, &c->is->now->bus.queues, apid);
	rc = watch_follows_owners(c, &queues, works ? FATE_USABLE : FATE_USELESS);
	card_queues(&host, &c->is->now->bus.host_driver, apid);
	return rc < 0 ? rc
		      : watch_follows_queues(
				c, &host, works ? "the host can use again" : "the host cannot use");
}

static bool is_off(enum apbus_status status)
{
	return status == APBUS_STATUS_DECONFIGURED || status == APBUS_STATUS_CHECKSTOPPED;
}

static const char *status_text(enum apbus_status was, enum apbus_status is)
{
	switch (is) {
	case APBUS_STATUS_DECONFIGURED: return "deconfigured";
	case APBUS_STATUS_CHECKSTOPPED: return "checkstopped";
	case APBUS_STATUS_OFFLINE: return is_off(was) ? "works again, set offline" : "set offline";
	case APBUS_STATUS_ONLINE: break;
	default: return NULL;
	}
	switch (was) {
	case APBUS_STATUS_DECONFIGURED: return "configured";
	case APBUS_STATUS_CHECKSTOPPED: return "works again";
	case APBUS_STATUS_OFFLINE: return "set online";
	default: return NULL;
	}
}

static int compare_status(struct compare *c, unsigned apid)
{
	const struct vfioap_mask one = vfioap_mask_range(apid, apid);
	enum apbus_status was = c->was->card[apid], is = c->is->card[apid];
	const char *text = was == is ? NULL : status_text(was, is);
	int rc;

	if (!text)
		return 0;
	rc = watch_say(c, WATCH_CARD, watch_ids_text("adapter", &one), finding_text("%s", text));
	return rc < 0 || is_off(was) == is_off(is) ? rc : follows_card(c, apid, !is_off(is));
}

static int compare_presence(struct compare *c, unsigned apid, bool is)
{
	const struct vfioap_mask one = vfioap_mask_range(apid, apid);
	struct qset queues;
	int rc;

	card_queues(&queues, is ? &c->is->now->bus.queues : &c->was->now->bus.queues, apid);
	rc = watch_say(c, WATCH_CARD, watch_ids_text("adapter", &one),
		       finding_text("%s", is ? "appeared" : "gone"));
	if (rc == 0)
		rc = watch_follows_queues(c, &queues, is ? "with" : "and with it");
	if (rc < 0 || is)
		return rc;
	return watch_follows_owners(c, &queues, FATE_USELESS);
}

static int compare_cards(struct compare *c)
{
	const struct vfioap_mask *was = &c->was->now->bus.cards, *is = &c->is->now->bus.cards;
	const struct vfioap_mask any = vfioap_mask_or(*was, *is);
	int rc = 0;

	VFIOAP_MASK_FOREACH(apid, &any) {
		if (vfioap_mask_has(was, apid) && vfioap_mask_has(is, apid))
			rc = compare_status(c, apid);
		else
			rc = compare_presence(c, apid, vfioap_mask_has(is, apid));
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- masks ---------------------------------------------------------------------- */

/* "adapters 5,6 for guests, adapter 7 for the host" */
static char *mask_text(const char *what, const struct vfioap_mask *was,
		       const struct vfioap_mask *is)
{
	const struct vfioap_mask set = vfioap_mask_andnot(*is, *was);
	const struct vfioap_mask cleared = vfioap_mask_andnot(*was, *is);
	_cleanup_free_ char *to_host = watch_ids_text(what, &set),
			    *to_guests = watch_ids_text(what, &cleared);

	if (!to_host || !to_guests)
		return NULL;
	if (vfioap_mask_is_empty(&set))
		return finding_text("%s for guests", to_guests);
	if (vfioap_mask_is_empty(&cleared))
		return finding_text("%s for the host", to_host);
	return finding_text("%s for guests, %s for the host", to_guests, to_host);
}

/* What the masks move, by whatever bits; owners whose queues they give to the host. */
static int follows_masks(struct compare *c)
{
	struct qset before, after, given, taken;
	int rc;

	apbus_masks_reserved(&c->was->now->bus.masks, &c->is->now->bus.queues, &before);
	apbus_masks_reserved(&c->is->now->bus.masks, &c->is->now->bus.queues, &after);
	taken = after;
	qset_andnot(&taken, &before);
	given = before;
	qset_andnot(&given, &after);
	rc = watch_follows_queues(c, &taken, "the host gives up");
	if (rc == 0)
		rc = watch_follows_queues(c, &given, "the host gets");
	return rc < 0 ? rc : watch_follows_owners(c, &given, FATE_HOST);
}

static int compare_masks(struct compare *c)
{
	const struct apbus_masks *was = &c->was->now->bus.masks, *is = &c->is->now->bus.masks;
	bool apmask = !vfioap_mask_equal(&was->apmask, &is->apmask);
	bool aqmask = !vfioap_mask_equal(&was->aqmask, &is->aqmask);
	int rc = 0;

	if (apmask)
		rc = watch_say(c, WATCH_MASKS, finding_text("apmask"),
			       mask_text("adapter", &was->apmask, &is->apmask));
	if (rc == 0 && aqmask)
		rc = watch_say(c, WATCH_MASKS, finding_text("aqmask"),
			       mask_text("domain", &was->aqmask, &is->aqmask));
	return rc < 0 || (!apmask && !aqmask) ? rc : follows_masks(c);
}

/* ---- queues --------------------------------------------------------------------- */

enum place { PLACE_NONE, PLACE_UNBOUND, PLACE_HOST, PLACE_VFIO, PLACES };

static void place_queues(struct qset *ret, const struct apbus *bus, enum place place)
{
	*ret = bus->queues;
	switch (place) {
	case PLACE_HOST: qset_and(ret, &bus->host_driver); break;
	case PLACE_VFIO: qset_and(ret, &bus->vfio_driver); break;
	case PLACE_UNBOUND:
		qset_andnot(ret, &bus->host_driver);
		qset_andnot(ret, &bus->vfio_driver);
		break;
	default:
		for (unsigned a = 0; a < VFIOAP_IDS; a++)
			ret->row[a] = vfioap_mask_not(ret->row[a]);
	}
}

static int queues_moved(struct compare *c, enum place from, enum place to)
{
	static const char *const words[PLACES][PLACES] = {
		[PLACE_NONE] = { [PLACE_UNBOUND] = "appeared, without driver",
				 [PLACE_HOST] = "appeared, bound to the host's driver",
				 [PLACE_VFIO] = "appeared, bound to vfio_ap" },
		[PLACE_UNBOUND] = { [PLACE_NONE] = "gone",
				    [PLACE_HOST] = "bound to the host's driver",
				    [PLACE_VFIO] = "bound to vfio_ap" },
		[PLACE_HOST] = { [PLACE_NONE] = "gone",
				 [PLACE_UNBOUND] = "taken from the host's driver, without driver",
				 [PLACE_VFIO] = "moved from the host to vfio_ap" },
		[PLACE_VFIO] = { [PLACE_NONE] = "gone",
				 [PLACE_UNBOUND] = "taken from vfio_ap, without driver",
				 [PLACE_HOST] = "moved from vfio_ap to the host" },
	};
	const struct vfioap_mask *cards[] = { &c->was->now->bus.cards, &c->is->now->bus.cards };
	struct qset moved, now;
	int rc;

	place_queues(&moved, &c->was->now->bus, from);
	place_queues(&now, &c->is->now->bus, to);
	qset_and(&moved, &now);
	/* What came or went with its card was said there. */
	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		if (!vfioap_mask_has(cards[0], a) || !vfioap_mask_has(cards[1], a))
			moved.row[a] = (struct vfioap_mask){ { 0 } };
	if (qset_is_empty(&moved))
		return 0;
	rc = watch_say(c, WATCH_QUEUE, finding_queues(&moved), finding_text("%s", words[from][to]));
	if (rc < 0 || to == PLACE_VFIO)
		return rc;
	return watch_follows_owners(c, &moved, FATE_USELESS);
}

/* Set offline or online one by one; what came with the whole card was said there. */
static int queues_switched(struct compare *c, bool online)
{
	const struct watch_look *from = online ? c->is : c->was, *to = online ? c->was : c->is;
	struct qset changed = from->online;

	qset_andnot(&changed, &to->online);
	qset_and(&changed, &to->now->bus.host_driver);
	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		if (c->was->card[a] != APBUS_STATUS_ONLINE || c->is->card[a] != APBUS_STATUS_ONLINE)
			changed.row[a] = (struct vfioap_mask){ { 0 } };
	if (qset_is_empty(&changed))
		return 0;
	return watch_say(c, WATCH_QUEUE, finding_queues(&changed),
			 finding_text("%s", online ? "set online" : "set offline"));
}

static int compare_queues(struct compare *c)
{
	int rc = 0;

	for (enum place from = PLACE_NONE; rc == 0 && from < PLACES; from++)
		for (enum place to = PLACE_NONE; rc == 0 && to < PLACES; to++)
			if (from != to)
				rc = queues_moved(c, from, to);
	if (rc == 0)
		rc = queues_switched(c, false);
	return rc == 0 ? queues_switched(c, true) : rc;
}

/* ---- all of it ------------------------------------------------------------------ */

int watch_compare_bus(struct compare *c)
{
	int rc = compare_module(c);

	if (rc == 0)
		rc = compare_cards(c);
	if (rc == 0)
		rc = compare_masks(c);
	return rc == 0 ? compare_queues(c) : rc;
}
