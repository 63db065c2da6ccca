/* SPDX-License-Identifier: MIT */
/*
 * The bus scan (K 3): makes the kernel's cards and queues what the hardware has,
 * and tells vfio_ap of a changed host configuration.
 */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Oldest hardware type without the drivers that 6.6 removed. */
#define HWTYPE_CEX4 10

static void queue_add(struct machine *m, const struct at *at)
{
	struct card *card = &m->card[at->id[0]];
	unsigned apqi = at->id[1];
	bool config = card->hw.config, chkstop = config && card->hw.chkstop;

	card->queue[apqi] = (struct queue){ .generation = machine_generation(m) };
	vfioap_mask_set(&card->queues, apqi);
	vfioap_mask_set(&card->reset_start, apqi);
	vfioap_mask_clear(&card->reset_wait, apqi);
	vfioap_mask_clear(&card->failed, apqi);
	vfioap_mask_clear(&card->irq, apqi);
	(config ? vfioap_mask_clear : vfioap_mask_set)(&card->deconfigured, apqi);
	(chkstop ? vfioap_mask_set : vfioap_mask_clear)(&card->checkstopped, apqi);
	m->n_queues++;
	uevent_send(m, OBJECT_DEVICE, at, "add", NULL);
	if (m->autoprobe)
		driver_attach(m, at);
	if (machine_has(m, TRAIT_STARTED_EARLY) && config && !chkstop)
		queue_init(m, at);
}

static void queue_remove(struct machine *m, const struct at *at, unsigned arg _unused_)
{
	struct card *card = &m->card[at->id[0]];
	struct queue *queue = &card->queue[at->id[1]];

	driver_detach(m, at);
	uevent_send(m, OBJECT_DEVICE, at, "remove", NULL);
	/* m->overrides keeps counting an override that is lost here: K 5.1. */
	free(queue->override);
	*queue = (struct queue){ 0 };
	vfioap_mask_clear(&card->queues, at->id[1]);
	vfioap_mask_clear(&card->started, at->id[1]);
	m->n_queues--;
}

static void card_clear(struct card *card)
{
	struct lpar_card hw = card->hw;

	if (card->queue)
		VFIOAP_MASK_FOREACH(apqi, &card->queues)
			free(card->queue[apqi].override);
	free(card->queue);
	*card = (struct card){ .hw = hw };
}

static void card_remove(struct machine *m, unsigned apid)
{
	struct card *card = &m->card[apid];
	struct at at = { .id = { apid, NO_DOMAIN } };

	order_queues(m, apid, queue_remove, 0);
	driver_detach(m, &at);
	uevent_send(m, OBJECT_DEVICE, &at, "remove", NULL);
	card_clear(card);
}

static int card_add(struct machine *m, unsigned apid, unsigned hwtype, char mode)
{
	struct card *card = &m->card[apid];
	struct at at = { .id = { apid, NO_DOMAIN } };

	card->queue = calloc(VFIOAP_IDS, sizeof(*card->queue));
	if (!card->queue)
		return -ENOMEM;
	card->generation = machine_generation(m);
	card->hwtype = hwtype;
	card->mode = mode;
	card->config = card->hw.config;
	card->chkstop = card->hw.config && card->hw.chkstop;
	uevent_send(m, OBJECT_DEVICE, &at, "add", NULL);
	if (m->autoprobe)
		driver_attach(m, &at);
	return 0;
}

static void card_refresh(struct machine *m, unsigned apid)
{
	struct card *card = &m->card[apid];

	/* The hardware tells one of the two, deconfigured first. */
	card->chkstop = card->hw.config && card->hw.chkstop;
	if (card->config == card->hw.config)
		return;
	card->config = card->hw.config;
	uevent_send(m, OBJECT_DEVICE, &(struct at){ .id = { apid, NO_DOMAIN } }, "change",
		    "CONFIG=%d", card->config);
}

static void scan_queues(struct machine *m, unsigned apid)
{
	struct card *card = &m->card[apid];
	struct vfioap_mask all = vfioap_mask_or(card->queues, m->host.domains);

	VFIOAP_MASK_FOREACH(apqi, &all) {
		struct at at = { .id = { apid, apqi } };

		if (!vfioap_mask_has(&m->host.domains, apqi))
			queue_remove(m, &at, 0);
		else if (vfioap_mask_has(&card->queues, apqi))
			queue_refresh(m, &at);
		else
			queue_add(m, &at);
	}
}

/* What device the kernel makes of a card; false: none. */
static bool card_is_wanted(const struct machine *m, unsigned apid, unsigned *ret_hwtype,
			   char *ret_mode)
{
	if (!vfioap_mask_has(&m->host.adapters, apid) || vfioap_mask_is_empty(&m->host.domains) ||
	    hw_type_parse(m->card[apid].hw.type, ret_hwtype, ret_mode) < 0)
		return false;
	return *ret_hwtype >= HWTYPE_CEX4 || machine_has(m, TRAIT_CEX3);
}

static int scan_card(struct machine *m, unsigned apid)
{
	struct card *card = &m->card[apid];
	unsigned hwtype = 0;
	char mode = '\0';
	bool wanted;
	int rc;

	wanted = card_is_wanted(m, apid, &hwtype, &mode);
	if (card->generation && (!wanted || card->hwtype != hwtype || card->mode != mode))
		card_remove(m, apid);
	if (!wanted)
		return 0;
	if (!card->generation) {
		rc = card_add(m, apid, hwtype, mode);
		if (rc < 0)
			return rc;
	} else {
		card_refresh(m, apid);
	}
	scan_queues(m, apid);
	return 0;
}

/* The default domain: the lowest with an APQN that the host owns and that answers. */
static void domain_select(struct machine *m)
{
	if (m->ap_domain >= 0)
		return;
	VFIOAP_MASK_FOREACH(apqi, &m->host.domains) {
		VFIOAP_MASK_FOREACH(apid, &m->host.adapters) {
			const struct lpar_card *hw = &m->card[apid].hw;

			if (!bus_reserved(m, apid, apqi) || !hw->config || hw->chkstop)
				continue;
			m->ap_domain = (int)apqi;
			return;
		}
	}
}

int scan_run(struct machine *m)
{
	struct matrix old = m->host, added;
	int rc = 0;

	m->host = (struct matrix){ .adapters = hw_adapters(m),
				   .domains = hw_domains(m),
				   .controls = hw_controls(m) };
	added.adapters = vfioap_mask_andnot(m->host.adapters, old.adapters);
	added.domains = vfioap_mask_andnot(m->host.domains, old.domains);
	if (!vfioap_mask_is_empty(&added.adapters) || !vfioap_mask_is_empty(&added.domains))
		m->bindings_armed = true;
	shadow_host_changed(m, &old, &m->host);
	domain_select(m);
	for (unsigned apid = 0; apid < VFIOAP_IDS && !rc; apid++)
		rc = scan_card(m, apid);
	shadow_scan_done(m);
	m->scans++;
	if (m->scans == 1)
		uevent_send(m, OBJECT_AP, NULL, "change", "INITSCAN=done");
	if (m->scans == 1 || machine_has(m, TRAIT_BINDINGS_DEFERRED))
		bus_bindings_check(m);
	return rc;
}

void scan_forget(struct machine *m)
{
	for (unsigned apid = 0; apid < VFIOAP_IDS; apid++)
		card_clear(&m->card[apid]);
	m->host = (struct matrix){ 0 };
	m->n_queues = m->n_bound = 0;
}
