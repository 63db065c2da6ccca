/* SPDX-License-Identifier: MIT */
/*
 * Files of /sys/devices/ap and of its cards (K 6).  No request is ever sent to
 * these cards: counters are 0, and what a card answers are plausible constants.
 */
#include <errno.h>
#include <string.h>

#include "parse.h"
#include "tree.h"

#define DEPTH_FIELD  7	   /* of the hardware's answer */
#define MAX_MSG_SIZE 12288 /* where the hardware does not tell */

static const struct card *card_of(const struct machine *m, const struct at *at)
{
	return &m->card[at->id[0]];
}

static int hwtype_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	page_printf(page, "%u\n", card_of(m, at)->hwtype);
	return 0;
}

static int modalias_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			 struct page *page)
{
	page_printf(page, "ap:t%02X\n", card_of(m, at)->hwtype);
	return 0;
}

static int depth_show(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
		      struct page *page)
{
	page_printf(page, "%d\n", DEPTH_FIELD + (machine_has(m, TRAIT_DEPTH_PLUS_ONE) ? 1 : 0));
	return 0;
}

unsigned attr_functions(char mode)
{
	return mode == 'A' ? 0x6a000000 : mode == 'C' ? 0x92000000 : 0x06000000;
}

static int functions_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			  struct page *page)
{
	page_printf(page, "0x%08X\n", attr_functions(card_of(m, at)->mode));
	return 0;
}

static int number_show(struct machine *m _unused_, const struct at *at _unused_, unsigned number,
		       struct page *page)
{
	page_printf(page, "%u\n", number);
	return 0;
}

/* Any text resets the counters, which are 0. */
static int count_store(struct machine *m _unused_, const struct at *at _unused_,
		       unsigned arg _unused_, const struct input *in _unused_)
{
	return 0;
}

static int config_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	page_printf(page, "%d\n", card_of(m, at)->config);
	return 0;
}

static int config_store(struct machine *m, const struct at *at, unsigned arg _unused_,
			const struct input *in)
{
	bool wraps = machine_has(m, TRAIT_MASK_NUMBER_WRAPS);
	struct card *card = &m->card[at->id[0]];
	int config;

	if (parse_scd(in->text, wraps, &config) < 0 || (config != 0 && config != 1))
		return -EINVAL;
	/* What is as wished already by the last scan is no command to the hardware. */
	if (config != card->config && !card->hw.present)
		return -EIO;
	if (config != card->config)
		card->hw.config = config;
	card->config = config;
	uevent_send(m, OBJECT_DEVICE, at, "change", "CONFIG=%d", config);
	return 0;
}

static int chkstop_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			struct page *page)
{
	page_printf(page, "%d\n", card_of(m, at)->chkstop);
	return 0;
}

/* ---- while bound to its driver ------------------------------------------------------------ */

static bool is_usable(const struct machine *m, const struct card *card)
{
	return card->config && !(card->chkstop && machine_has(m, TRAIT_CHKSTOP_OFFLINE));
}

static int online_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	const struct card *card = card_of(m, at);

	page_printf(page, "%d\n", card->online && is_usable(m, card));
	return 0;
}

static void queue_force_online(struct machine *m, const struct at *at, unsigned online)
{
	struct vfioap_mask *queues = &m->card[at->id[0]].online_queues;

	if (vfioap_mask_has(queues, at->id[1]) == (bool)online)
		return;
	model_mask_put(queues, at->id[1], online);
	uevent_send(m, OBJECT_DEVICE, at, "change", "ONLINE=%u", online);
}

static int online_store(struct machine *m, const struct at *at, unsigned arg _unused_,
			const struct input *in)
{
	bool wraps = machine_has(m, TRAIT_MASK_NUMBER_WRAPS);
	struct card *card = &m->card[at->id[0]];
	int online;

	if (parse_scd(in->text, wraps, &online) < 0 || (online != 0 && online != 1))
		return -EINVAL;
	if (online && !is_usable(m, card))
		return -ENODEV;
	card->online = online;
	uevent_send(m, OBJECT_DEVICE, at, "change", "ONLINE=%d", online);
	order_host_queues(m, at->id[0], queue_force_online, (unsigned)online);
	return 0;
}

static int type_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		     struct page *page)
{
	const struct card *card = card_of(m, at);

	/* Hardware type 10 is CEX4, 9 is CEX3. */
	page_printf(page, "CEX%u%c\n", card->hwtype - 6, card->mode);
	return 0;
}

/* Only a queue of the host can ask the card. */
static bool card_answers(const struct card *card)
{
	return card->config && !card->chkstop && !vfioap_mask_is_empty(&card->host);
}

static int serialnr_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			 struct page *page)
{
	const struct card *card = card_of(m, at);
	const char *serial = card_answers(card) ? card->hw.serial : "";

	page_printf(page, card->mode == 'P' && *serial ? "%16.16s\n" : "%s\n", serial);
	return 0;
}

static int ordinal_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			struct page *page)
{
	page_printf(page, card_answers(card_of(m, at)) ? "4\n" : "\n");
	return 0;
}

static int firmware_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			 struct page *page)
{
	page_printf(page, card_answers(card_of(m, at)) ? "7.24\n" : "\n");
	return 0;
}

int attr_op_modes_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	if (card_answers(card_of(m, at)))
		page_printf(page, "FIPS2009 BSI2009 FIPS2011 BSI2011 BSICC2017%s",
			    machine_has(m, TRAIT_FIPS2021) ? " FIPS2021" : "");
	page_printf(page, "\n");
	return 0;
}

static bool is_coprocessor(const struct machine *m, const struct at *at)
{
	return card_of(m, at)->mode != 'A';
}

static bool is_ep11(const struct machine *m, const struct at *at)
{
	return card_of(m, at)->mode == 'P';
}

static const struct attr ap_root_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_AP },
};
const struct attr_group attr_ap_root = { TREE_ATTRS(ap_root_attrs) };

static const struct attr card_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_DEVICE },
	{ .name = "hwtype", .mode = 0444, .show = hwtype_show },
	{ .name = "raw_hwtype", .mode = 0444, .show = hwtype_show },
	{ .name = "depth", .mode = 0444, .show = depth_show },
	{ .name = "ap_functions", .mode = 0444, .show = functions_show },
	{ .name = "request_count", .mode = 0644, .show = number_show, .store = count_store },
	{ .name = "requestq_count", .mode = 0444, .show = number_show },
	{ .name = "pendingq_count", .mode = 0444, .show = number_show },
	{ .name = "modalias", .mode = 0444, .show = modalias_show },
	{ .name = "config", .mode = 0644, .show = config_show, .store = config_store },
	{ .name = "chkstop", .mode = 0444, .show = chkstop_show },
	{ .name = "max_msg_size", .mode = 0444, .show = number_show, .arg = MAX_MSG_SIZE },
};
const struct attr_group attr_card = { TREE_ATTRS(card_attrs), .life = LIFE_DEVICE };

static const struct attr card_driver_attrs[] = {
	{ .name = "type", .mode = 0444, .show = type_show },
	{ .name = "online", .mode = 0644, .show = online_show, .store = online_store },
	{ .name = "load", .mode = 0444, .show = number_show },
	{ .name = "serialnr", .mode = 0444, .show = serialnr_show, .has = is_coprocessor },
	{ .name = "API_ordinalnr", .mode = 0444, .show = ordinal_show, .has = is_ep11 },
	{ .name = "FW_version", .mode = 0444, .show = firmware_show, .has = is_ep11 },
	{ .name = "op_modes", .mode = 0444, .show = attr_op_modes_show, .has = is_ep11 },
};
const struct attr_group attr_card_driver = { TREE_ATTRS(card_driver_attrs), .life = LIFE_BINDING };
