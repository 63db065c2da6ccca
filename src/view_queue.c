// SPDX-License-Identifier: MIT
/*
 * Cards and queues as lszcrypt shows them, and behind that whose they are.
 *
 * Source of the cells' contents: s390-tools, zconf/zcrypt/lszcrypt.c.
 */
#include "view.h"

#include <string.h>

static const struct {
	const char *text, *json;
} mode_words[] = {
	[APBUS_MODE_UNKNOWN] = { .text = "Unknown", .json = NULL },
	[APBUS_MODE_CCA] = { .text = "CCA-Coproc", .json = "cca" },
	[APBUS_MODE_ACCEL] = { .text = "Accelerator", .json = "accel" },
	[APBUS_MODE_EP11] = { .text = "EP11-Coproc", .json = "ep11" },
};

static const struct {
	const char *text, *json, *color;
} status_words[] = {
	[APBUS_STATUS_UNKNOWN] = { .text = NULL, .json = NULL },
	[APBUS_STATUS_ONLINE] = { .text = "online", .json = "online", .color = "green" },
	[APBUS_STATUS_OFFLINE] = { .text = "offline", .json = "offline", .color = "yellow" },
	[APBUS_STATUS_DECONFIGURED] = { .text = "deconfig",
					.json = "deconfigured",
					.color = "red" },
	[APBUS_STATUS_CHECKSTOPPED] = { .text = "chkstop", .json = "checkstopped", .color = "red" },
	[APBUS_STATUS_UNASSIGNED] = { .text = "unassigned", .json = "unassigned" },
	[APBUS_STATUS_ASSIGNED] = { .text = "assigned", .json = "assigned", .color = "cyan" },
	[APBUS_STATUS_IN_USE] = { .text = "in use", .json = "in-use", .color = "cyan" },
};

const char *view_mode_text(enum apbus_mode mode)
{
	return mode_words[mode].text;
}

const char *view_status_text(enum apbus_status status)
{
	return status_words[status].text ? status_words[status].text : "-";
}

static const struct view_queue *row_of(const void *row)
{
	return row;
}

const struct device *view_queue_owner(const struct snapshot *now, unsigned apid, unsigned apqi)
{
	for (size_t i = 0; i < now->n_devices; i++) {
		const struct mdev *mdev = now->device[i].mdev;

		if (mdev && vfioap_mask_has(&mdev->matrix.adapters, apid) &&
		    vfioap_mask_has(&mdev->matrix.domains, apqi))
			return &now->device[i];
	}
	return NULL;
}

/* What the directories of the drivers say; NULL: only its link knows. */
static const char *driver_known(const struct apbus *bus, unsigned apid, unsigned apqi)
{
	if (qset_has(&bus->vfio_driver, apid, apqi))
		return "vfio_ap";
	if (!qset_has(&bus->host_driver, apid, apqi))
		return "";
	return *bus->host_name ? bus->host_name : NULL;
}

static void row_take(struct view_queue *row, const struct apbus_info *info)
{
	memcpy(row->driver, info->driver, sizeof(row->driver));
	row->status = (unsigned char)info->status;
	row->requests = info->requests;
	row->pending = info->pending;
}

void view_card_fill(unsigned apid, const struct apbus_info *card, struct view_queue *ret)
{
	*ret = (struct view_queue){ .card = card, .is_card = true, .apid = (unsigned char)apid };
	row_take(ret, card);
}

int view_queue_fill(int dir, const struct snapshot *now, unsigned needs, unsigned apid,
		    unsigned apqi, const struct apbus_info *card, const struct device *device,
		    struct view_queue *ret, struct err *err)
{
	const struct apbus_masks *masks = &now->bus.masks;
	const char *driver = driver_known(&now->bus, apid, apqi);
	struct view_queue row = {
		.card = card,
		.device = device,
		.apid = (unsigned char)apid,
		.apqi = (unsigned char)apqi,
		.pool_host = vfioap_mask_has(&masks->apmask, apid) &&
			     vfioap_mask_has(&masks->aqmask, apqi),
	};

	if (needs & VIEW_QUEUE_FILES || (needs & VIEW_DRIVER && !driver)) {
		struct apbus_info info;
		int rc = apbus_queue_read(dir, apid, apqi, card, driver, &info, err);

		if (rc < 0)
			return rc;
		row_take(&row, &info);
	} else if (driver) {
		memcpy(row.driver, driver, strlen(driver) + 1);
	}
	*ret = row;
	return 0;
}

/* ---- columns ------------------------------------------------------------------------------ */

static void fill_name(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct view_queue *r = row;
	char text[QUEUE_SIZE];

	if (r->is_card)
		queue_format(r->apid, 0, text)[2] = '\0';
	else
		queue_format(r->apid, r->apqi, text);
	out_cell_short(cell, text);
}

static void fill_adapter(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	out_cell_uint(cell, row_of(row)->apid);
}

static void fill_domain(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	out_cell_uint(cell, row_of(row)->apqi);
}

static void fill_type(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	if (*row_of(row)->card->type)
		out_cell_word(cell, row_of(row)->card->type, row_of(row)->card->type);
}

static void fill_mode(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const enum apbus_mode mode = row_of(row)->card->mode;

	out_cell_word(cell, mode_words[mode].text, mode_words[mode].json);
}

static void fill_status(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct view_queue *r = row;
	const enum apbus_status status = (enum apbus_status)r->status;
	const char *json = status_words[status].json;

	if (!json && !r->is_card && !*r->driver)
		json = "unbound";
	out_cell_word(cell, status_words[status].text, json);
	out_cell_color(cell, status_words[status].color);
}

static void number(struct out_cell *cell, long long value)
{
	if (value >= 0)
		out_cell_uint(cell, (unsigned long long)value);
}

/* Counters of a card that is off say nothing (lszcrypt.c). */
static void counter(struct out_cell *cell, const struct view_queue *row, long long value)
{
	if (row->status != APBUS_STATUS_DECONFIGURED)
		number(cell, value);
}

static void fill_requests(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	counter(cell, row, row_of(row)->requests);
}

static void fill_pending(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	counter(cell, row, row_of(row)->pending);
}

static void fill_hwtype(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	number(cell, row_of(row)->card->hwtype);
}

static void fill_depth(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const int depth = row_of(row)->card->depth;

	char text[16];

	snprintf(text, sizeof(text), "%02d", depth);
	out_cell_number(cell, text, depth);
}

static void fill_functions(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	/* Bit 0 is the leftmost; lszcrypt.c: facility, "SMCDAXNHFR" from here to there. */
	static const char letters[] = "SMCDAXNHFR";
	const struct apbus_info *info = row_of(row)->card;
	char text[sizeof(letters)];

	if (!info->functions_known)
		return;
	for (size_t i = 0; i < sizeof(letters); i++)
		text[i] = letters[i] && !(info->functions >> (31 - i) & 1) ? '-' : letters[i];
	out_cell_text(cell, "%s", text);
}

static void fill_driver(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const char *driver = row_of(row)->driver;

	out_cell_word(cell, *driver ? driver : "-no-driver-", *driver ? driver : NULL);
}

static void fill_pool(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const char *pool = row_of(row)->pool_host ? "host" : "vfio_ap";

	if (!row_of(row)->is_card)
		out_cell_word(cell, pool, pool);
}

static void fill_device(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	if (row_of(row)->device)
		out_cell_word(cell, row_of(row)->device->uuid, row_of(row)->device->uuid);
}

static void fill_guest(struct out_cell *cell, const void *view, const void *row)
{
	const struct view_queue *r = row;
	const struct snapshot *now = view;
	char text[128];

	if (!r->device)
		return;
	if (cell->wants_json)
		out_cell_json(cell, out_json_text(snapshot_guest(now, r->device, NULL)));
	else if (view_guest_text(now, r->device, text, sizeof(text)))
		out_cell_text(cell, "%s", text);
}

const struct out_column view_queue_columns[] = {
	{ .title = "CARD.DOM",
	  .key = "queue",
	  .help = "card, or card and domain",
	  .fill = fill_name },
	{ .key = "adapter", .fill = fill_adapter },
	{ .key = "domain", .fill = fill_domain },
	{ .title = "TYPE",
	  .key = "type",
	  .needs = VIEW_CARD_FILES,
	  .help = "type of the card: CEX8C and so on",
	  .fill = fill_type },
	{ .title = "MODE",
	  .key = "mode",
	  .needs = VIEW_CARD_FILES,
	  .help = "CCA-Coproc, EP11-Coproc or Accelerator",
	  .fill = fill_mode },
	{ .title = "STATUS",
	  .key = "status",
	  .needs = VIEW_CARD_FILES | VIEW_QUEUE_FILES,
	  .help = "online, offline, deconfig, chkstop; on vfio_ap: unassigned, assigned, in use",
	  .fill = fill_status },
	{ .title = "REQUESTS",
	  .key = "requests",
	  .flags = OUT_RIGHT,
	  .needs = VIEW_CARD_FILES | VIEW_QUEUE_FILES,
	  .help = "requests completed",
	  .fill = fill_requests },
	{ .title = "PENDING",
	  .key = "pending",
	  .flags = OUT_RIGHT,
	  .needs = VIEW_CARD_FILES | VIEW_QUEUE_FILES,
	  .help = "requests waiting or in flight",
	  .fill = fill_pending },
	{ .title = "HWTYPE",
	  .key = "hwtype",
	  .flags = OUT_RIGHT,
	  .needs = VIEW_CARD_FILES,
	  .help = "hardware type: 10 is CEX4, 14 is CEX8",
	  .fill = fill_hwtype },
	{ .title = "QDEPTH",
	  .key = "depth",
	  .flags = OUT_RIGHT,
	  .needs = VIEW_CARD_FILES,
	  .help = "requests that a queue can hold",
	  .fill = fill_depth },
	{ .title = "FUNCTIONS",
	  .key = "functions",
	  .needs = VIEW_CARD_FILES,
	  .help = "facilities, a letter each, as lszcrypt(8) explains",
	  .fill = fill_functions },
	{ .title = "DRIVER",
	  .key = "driver",
	  .needs = VIEW_DRIVER,
	  .help = "kernel driver it is bound to",
	  .fill = fill_driver },
	{ .title = "POOL",
	  .key = "pool",
	  .help = "whose it is by the masks: host or vfio_ap",
	  .fill = fill_pool },
	{ .title = "DEVICE",
	  .key = "device",
	  .needs = SNAPSHOT_OWNERS,
	  .help = "active device that owns it",
	  .fill = fill_device },
	{ .title = "GUEST",
	  .key = "guest",
	  .needs = SNAPSHOT_OWNERS | SNAPSHOT_HOLDERS | SNAPSHOT_LIBVIRT,
	  .help = "guest that has the device open, or would, (off); else command and process",
	  .fill = fill_guest },
};

const size_t view_queue_n_columns = ARRAY_SIZE(view_queue_columns);

const struct out_column view_card_keys[] = {
	{ .key = "card", .fill = fill_adapter },
	{ .key = "type", .fill = fill_type },
	{ .key = "mode", .fill = fill_mode },
	{ .key = "hwtype", .fill = fill_hwtype },
	{ .key = "status", .fill = fill_status },
	{ .key = "requests", .fill = fill_requests },
	{ .key = "pending", .fill = fill_pending },
	{ .key = "depth", .fill = fill_depth },
	{ .key = "functions", .fill = fill_functions },
	{ .key = "driver", .fill = fill_driver },
};

const size_t view_card_n_keys = ARRAY_SIZE(view_card_keys);
