/* SPDX-License-Identifier: MIT */
/* Files of a queue: of the bus, of the host's driver, of vfio_ap (K 7). */
#include <errno.h>
#include <string.h>

#include "parse.h"
#include "tree.h"

static struct card *card_of(struct machine *m, const struct at *at)
{
	return &m->card[at->id[0]];
}

/* ---- always ------------------------------------------------------------------------------- */

static int request_count_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			      struct page *page)
{
	page_printf(page, vfioap_mask_has(&card_of(m, at)->started, at->id[1]) ? "0\n" : "-\n");
	return 0;
}

static int request_count_store(struct machine *m _unused_, const struct at *at _unused_,
			       unsigned arg _unused_, const struct input *in _unused_)
{
	return 0;
}

static int zero_show(struct machine *m _unused_, const struct at *at _unused_,
		     unsigned arg _unused_, struct page *page)
{
	page_printf(page, "0\n");
	return 0;
}

static int reset_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		      struct page *page)
{
	page_printf(page,
		    queue_is_resetting(m, at) ? "Reset in progress.\n" : "No Reset Timer set.\n");
	return 0;
}

static int reset_store(struct machine *m, const struct at *at, unsigned arg _unused_,
		       const struct input *in _unused_)
{
	queue_reset(m, at);
	return 0;
}

static int interrupt_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			  struct page *page)
{
	page_printf(page, "Interrupts %s.\n",
		    vfioap_mask_has(&card_of(m, at)->irq, at->id[1]) ? "enabled" : "disabled");
	return 0;
}

static int config_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	page_printf(page, "%d\n", !vfioap_mask_has(&card_of(m, at)->deconfigured, at->id[1]));
	return 0;
}

static int chkstop_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			struct page *page)
{
	page_printf(page, "%d\n", vfioap_mask_has(&card_of(m, at)->checkstopped, at->id[1]));
	return 0;
}

/* Asked from the hardware, which may have lost the queue already. */
static int functions_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			  struct page *page)
{
	const struct lpar_card *hw = &card_of(m, at)->hw;
	struct vfioap_mask domains = hw_domains(m);
	unsigned hwtype;
	char mode;

	if (!hw->present || !vfioap_mask_has(&domains, at->id[1]) ||
	    hw_type_parse(hw->type, &hwtype, &mode) < 0)
		page_printf(page, "0x00000000\n");
	else
		page_printf(page, "0x%08X\n", attr_functions(mode));
	return 0;
}

static const struct attr queue_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_DEVICE },
	{ .name = "request_count",
	  .mode = 0644,
	  .show = request_count_show,
	  .store = request_count_store },
	{ .name = "requestq_count", .mode = 0444, .show = zero_show },
	{ .name = "pendingq_count", .mode = 0444, .show = zero_show },
	{ .name = "reset", .mode = 0644, .show = reset_show, .store = reset_store },
	{ .name = "interrupt", .mode = 0444, .show = interrupt_show },
	{ .name = "config", .mode = 0444, .show = config_show },
	{ .name = "chkstop", .mode = 0444, .show = chkstop_show },
	{ .name = "ap_functions",
	  .mode = 0444,
	  .show = functions_show,
	  .with = TRAIT_QUEUE_FUNCTIONS },
	{ .name = "driver_override",
	  .mode = 0644,
	  .show = override_show,
	  .store = override_store,
	  .with = TRAIT_OVERRIDE },
};
const struct attr_group attr_queue = { TREE_ATTRS(queue_attrs), .life = LIFE_DEVICE };

/* ---- while the host has it ------------------------------------------------------------------ */

static bool is_host(const struct machine *m, const struct at *at)
{
	const struct card *card = &m->card[at->id[0]];

	return vfioap_mask_has(&card->host, at->id[1]) &&
	       !vfioap_mask_has(&card->broken, at->id[1]);
}

static bool is_coprocessor(const struct machine *m, const struct at *at)
{
	return m->card[at->id[0]].mode != 'A';
}

static bool is_ep11(const struct machine *m, const struct at *at)
{
	return m->card[at->id[0]].mode == 'P';
}

/* Configured, and not checkstopped where that counts, as of the last scan */
static bool is_usable(const struct machine *m, const struct at *at)
{
	const struct card *card = &m->card[at->id[0]];

	return !vfioap_mask_has(&card->deconfigured, at->id[1]) &&
	       !(vfioap_mask_has(&card->checkstopped, at->id[1]) &&
		 machine_has(m, TRAIT_CHKSTOP_OFFLINE));
}

static bool is_online(const struct machine *m, const struct at *at)
{
	return vfioap_mask_has(&m->card[at->id[0]].online_queues, at->id[1]) && is_usable(m, at);
}

static int online_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	page_printf(page, "%d\n", is_online(m, at));
	return 0;
}

static int online_store(struct machine *m, const struct at *at, unsigned arg _unused_,
			const struct input *in)
{
	bool wraps = machine_has(m, TRAIT_MASK_NUMBER_WRAPS);
	struct card *card = card_of(m, at);
	int online;

	if (parse_scd(in->text, wraps, &online) < 0 || (online != 0 && online != 1))
		return -EINVAL;
	if (online && (!is_usable(m, at) || !card->config ||
		       (card->chkstop && machine_has(m, TRAIT_CHKSTOP_OFFLINE))))
		return -ENODEV;
	if (online && !card->online)
		return -EINVAL;
	model_mask_put(&card->online_queues, at->id[1], online);
	uevent_send(m, OBJECT_DEVICE, at, "change", "ONLINE=%d", online);
	return 0;
}

/* A pattern that differs between queues and is the same in each run. */
static unsigned long long pattern(const struct at *at, unsigned which)
{
	return (at->id[0] * 65536ULL + at->id[1] * 16 + which + 1) * 0x9e3779b97f4a7c15ULL;
}

static void cca_mkvps(struct machine *m, const struct at *at, bool known, struct page *page)
{
	static const char *const keys[] = { "AES", "APKA", "ASYM" };
	size_t n = machine_has(m, TRAIT_MKVPS_ASYM) ? 3 : 2;
	bool set = !card_of(m, at)->hw.no_keys;

	for (unsigned i = 0; i < n; i++) {
		const char *zeros = i == 2 ? "0000000000000000" : "";
		const char *key = keys[i];

		if (!known) {
			page_printf(page, "%s NEW: - -\n%s CUR: - -\n%s OLD: - -\n", key, key, key);
			continue;
		}
		page_printf(page, "%s NEW: empty 0x%016x%s\n", key, 0, zeros);
		page_printf(page, "%s CUR: %s 0x%016llx%s\n", key, set ? "valid" : "invalid",
			    set ? pattern(at, i) : 0, zeros);
		page_printf(page, "%s OLD: invalid 0x%016x%s\n", key, 0, zeros);
	}
}

static void ep11_mkvps(struct machine *m, const struct at *at, bool known, struct page *page)
{
	bool set = !card_of(m, at)->hw.no_keys;

	if (known)
		page_printf(page, "WK CUR: %s 0x%016llx%048x\nWK NEW: empty -\n",
			    set ? "valid" : "invalid", set ? pattern(at, 0) : 0, 0);
	else
		page_printf(page, "WK CUR: - -\nWK NEW: - -\n");
}

static int mkvps_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		      struct page *page)
{
	const struct card *card = card_of(m, at);
	bool answers = !vfioap_mask_has(&card->deconfigured, at->id[1]) &&
		       !vfioap_mask_has(&card->checkstopped, at->id[1]);

	if (card->mode == 'P')
		ep11_mkvps(m, at, answers && is_online(m, at), page);
	else
		cca_mkvps(m, at,
			  answers && (is_online(m, at) || machine_has(m, TRAIT_MKVPS_OFFLINE)),
			  page);
	return 0;
}

static const struct attr queue_host_attrs[] = {
	{ .name = "online", .mode = 0644, .show = online_show, .store = online_store },
	{ .name = "load", .mode = 0444, .show = zero_show },
	{ .name = "mkvps", .mode = 0444, .show = mkvps_show, .has = is_coprocessor },
	{ .name = "op_modes", .mode = 0444, .show = attr_op_modes_show, .has = is_ep11 },
};
const struct attr_group attr_queue_host = { TREE_ATTRS(queue_host_attrs), .life = LIFE_BINDING,
					    .has = is_host };

/* ---- while vfio_ap has it ------------------------------------------------------------------- */

static bool is_vfio(const struct machine *m, const struct at *at)
{
	return vfioap_mask_has(&m->card[at->id[0]].vfio, at->id[1]);
}

static int status_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	const struct mdev *mdev = matrix_owner(m, at->id[0], at->id[1]);

	if (!mdev)
		page_printf(page, "unassigned\n");
	else if (mdev->attached && vfioap_mask_has(&mdev->shadow.adapters, at->id[0]) &&
		 vfioap_mask_has(&mdev->shadow.domains, at->id[1]))
		page_printf(page, "in use\n");
	else
		page_printf(page, "assigned\n");
	return 0;
}

static const struct attr queue_vfio_attrs[] = {
	{ .name = "status", .mode = 0444, .show = status_show, .with = TRAIT_QUEUE_STATUS },
};
const struct attr_group attr_queue_vfio = { TREE_ATTRS(queue_vfio_attrs), .life = LIFE_BINDING,
					    .has = is_vfio };
