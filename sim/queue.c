// SPDX-License-Identifier: MIT
/*
 * The state machine of a queue (ap_queue.c of the kernel), as far as files show
 * it: it resets the queue before use, and an unbound queue is left as it is.
 *
 * The kernel's runs on timers; here everything that they would do is done by
 * queue_poll() before the operation ends.  Only bound queues are polled.
 */
#include "model.h"

/* Does the hardware take a command for this queue now; no scan need have seen it. */
static bool hw_answers(const struct machine *m, const struct at *at)
{
	const struct lpar_card *hw = &m->card[at->id[0]].hw;

	return hw->present && hw->config && !hw->chkstop && at->id[0] <= m->max_adapter &&
	       at->id[1] <= m->max_domain && vfioap_mask_has(&m->usage, at->id[1]);
}

/* One step, ap_sm_event(): true when a timer is to bring the next. */
static bool queue_step(struct machine *m, const struct at *at)
{
	struct card *card = &m->card[at->id[0]];
	unsigned apqi = at->id[1];
	bool start = vfioap_mask_has(&card->reset_start, apqi);

	if (!vfioap_mask_has(&card->started, apqi) || vfioap_mask_has(&card->deconfigured, apqi) ||
	    vfioap_mask_has(&card->checkstopped, apqi) ||
	    (!start && !vfioap_mask_has(&card->reset_wait, apqi)))
		return false;
	if (!hw_answers(m, at)) {
		vfioap_mask_set(&card->failed, apqi);
		return false;
	}
	vfioap_mask_clear(&card->reset_start, apqi);
	if (start)
		vfioap_mask_set(&card->reset_wait, apqi);
	else
		vfioap_mask_clear(&card->reset_wait, apqi);
	if (!start)
		vfioap_mask_set(&card->irq, apqi);
	return start;
}

void queue_poll(struct machine *m)
{
	bool again;

	do {
		again = false;
		for (unsigned apid = 0; apid < VFIOAP_IDS; apid++) {
			struct card *card = &m->card[apid];
			struct vfioap_mask busy, bound = vfioap_mask_or(card->host, card->vfio);

			busy = vfioap_mask_or(card->reset_start, card->reset_wait);
			busy = vfioap_mask_and(vfioap_mask_and(busy, bound), card->started);
			VFIOAP_MASK_FOREACH(apqi, &busy)
				again |= queue_step(m, &(struct at){ .id = { apid, apqi } });
		}
	} while (again);
}

/* A step of one queue sets the timer that polls all. */
static void queue_kick(struct machine *m, const struct at *at)
{
	if (queue_step(m, at))
		queue_poll(m);
}

static void queue_reinit(struct card *card, unsigned apqi)
{
	vfioap_mask_set(&card->started, apqi);
	vfioap_mask_clear(&card->failed, apqi);
	vfioap_mask_set(&card->reset_start, apqi);
	vfioap_mask_clear(&card->reset_wait, apqi);
}

void queue_init(struct machine *m, const struct at *at)
{
	queue_reinit(&m->card[at->id[0]], at->id[1]);
	queue_kick(m, at);
}

void queue_reset(struct machine *m, const struct at *at)
{
	struct card *card = &m->card[at->id[0]];

	vfioap_mask_set(&card->reset_start, at->id[1]);
	vfioap_mask_clear(&card->reset_wait, at->id[1]);
	queue_kick(m, at);
}

bool queue_is_resetting(const struct machine *m, const struct at *at)
{
	const struct card *card = &m->card[at->id[0]];

	return vfioap_mask_has(&card->reset_start, at->id[1]) ||
	       vfioap_mask_has(&card->reset_wait, at->id[1]);
}

/* The hardware is back: reset the queue, on some kernels when it is next polled. */
static void queue_back(struct machine *m, const struct at *at)
{
	struct card *card = &m->card[at->id[0]];

	if (!vfioap_mask_has(&card->started, at->id[1]))
		return;
	queue_reinit(card, at->id[1]);
	if (machine_has(m, TRAIT_STARTED_EARLY))
		queue_kick(m, at);
}

static void queue_lost(struct card *card, unsigned apqi)
{
	if (vfioap_mask_has(&card->started, apqi))
		vfioap_mask_set(&card->failed, apqi);
}

void queue_refresh(struct machine *m, const struct at *at)
{
	struct card *card = &m->card[at->id[0]];
	unsigned apqi = at->id[1];
	bool config = card->hw.config, chkstop = config && card->hw.chkstop;

	/* One change a scan: `config` waits while a checkstop comes or goes. */
	if (chkstop != vfioap_mask_has(&card->checkstopped, apqi)) {
		(chkstop ? vfioap_mask_set : vfioap_mask_clear)(&card->checkstopped, apqi);
		if (chkstop)
			queue_lost(card, apqi);
		else
			queue_back(m, at);
		return;
	}
	if (config == vfioap_mask_has(&card->deconfigured, apqi)) {
		(config ? vfioap_mask_clear : vfioap_mask_set)(&card->deconfigured, apqi);
		if (config)
			queue_back(m, at);
		else
			queue_lost(card, apqi);
		uevent_send(m, OBJECT_DEVICE, at, "change", "CONFIG=%d", config);
		return;
	}
	if (config && vfioap_mask_has(&card->failed, apqi))
		queue_init(m, at);
}
