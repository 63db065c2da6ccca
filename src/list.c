// SPDX-License-Identifier: MIT
/*
 * The lister: picks the view, reads no more of the host than the columns asked for need,
 * and prints the rows that the arguments leave.  What cells hold is in view_device.c and
 * view_queue.c.
 */
#include "list.h"

#include <errno.h>
#include <string.h>

#include "filter.h"
#include "map.h"
#include "view.h"

void list_options_done(struct list_options *options)
{
	free(options->columns);
	free(options->mode);
	*options = (struct list_options){ 0 };
}

const struct cmd_clash list_clashes[] = {
	{ .a = "devices", .b = "queues" },
	{ .a = "devices", .b = "map" },
	{ .a = "queues", .b = "map" },
	{ .a = "json", .b = "output" },
	{ .a = "json", .b = "raw" },
	{ .a = "json", .b = "noheadings" },
	{ .a = "json", .b = "list-columns" },
	{ .a = "map", .b = "output" },
	{ .a = "map", .b = "raw" },
	{ .a = "map", .b = "list-columns" },
	{ 0 },
};

/**
 * struct cards - what the files of each card say; read once, and only where needed
 */
struct cards {
	struct apbus_info info[VFIOAP_IDS];
	struct vfioap_mask known;
};

static const struct apbus_info card_unread = {
	.hwtype = -1,
	.depth = -1,
	.requests = -1,
	.pending = -1,
};

/* A card that has gone since the bus was read stays unknown. */
static int card_read(struct app *app, struct cards *cards, unsigned needs, unsigned apid)
{
	int rc = 0;

	if (vfioap_mask_has(&cards->known, apid))
		return 0;
	cards->info[apid] = card_unread;
	if (needs & VIEW_CARD_FILES)
		rc = apbus_card_read(app->root, apid, &cards->info[apid], &app->err);
	else if (needs & VIEW_DRIVER)
		rc = apbus_card_driver(app->root, apid, &cards->info[apid], &app->err);
	if (rc < 0 && rc != -ENOENT && rc != -ENODEV)
		return rc;
	vfioap_mask_set(&cards->known, apid);
	return 0;
}

/* ---- devices ----------------------------------------------------------------------------- */

static int mode_adapters(struct app *app, const struct snapshot *now, enum apbus_mode mode,
			 struct vfioap_mask *ret)
{
	_cleanup_free_ struct cards *cards = calloc(1, sizeof(*cards));

	if (!cards)
		return err_oom(&app->err);
	*ret = (struct vfioap_mask){ 0 };
	VFIOAP_MASK_FOREACH(apid, &now->bus.cards) {
		int rc = card_read(app, cards, VIEW_CARD_FILES, apid);

		if (rc < 0)
			return rc;
		if (cards->info[apid].mode == mode)
			vfioap_mask_set(ret, apid);
	}
	return 0;
}

static int devices_print(struct app *app, struct out_view *view, const struct snapshot *now,
			 const struct filter *filter, const struct vfioap_mask *adapters)
{
	_cleanup_free_ struct view_device *rows = calloc(now->n_devices + 1, sizeof(*rows));
	struct json_object *object;
	size_t n = 0;

	if (!rows)
		return err_oom(&app->err);
	for (size_t i = 0; i < now->n_devices; i++) {
		const struct matrix *matrix = view_device_matrix(&now->device[i]);

		if (!filter_has_device(filter, &now->device[i]))
			continue;
		if (adapters && !(matrix && vfioap_mask_intersects(&matrix->adapters, adapters)))
			continue;
		rows[n++] = (struct view_device){
			.root = app->root,
			.now = now,
			.device = &now->device[i],
		};
	}
	view->rows = rows;
	view->n_rows = n;
	view->row_size = sizeof(*rows);
	if (!app->json) {
		if (n)
			out_view_table(app, view);
		return 0;
	}
	object = out_json_new();
	out_json_add(object, "devices", out_view_json(view));
	out_json_print(app, object);
	return 0;
}

static int devices_list(struct app *app, struct out_view *view, struct filter *filter,
			enum apbus_mode mode)
{
	unsigned parts = SNAPSHOT_OWNERS | SNAPSHOT_DEFINED | out_view_needs(app, view);
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct vfioap_mask adapters;
	int rc;

	if (mode != APBUS_MODE_UNKNOWN)
		parts |= SNAPSHOT_BUS;
	rc = snapshot_read(app->root, parts, &now, &app->err);
	if (rc < 0)
		return rc;
	rc = filter_resolve(app, now, filter);
	if (rc)
		return rc;
	view_warn_broken(app, now);
	if (mode == APBUS_MODE_UNKNOWN)
		return devices_print(app, view, now, filter, NULL);
	rc = mode_adapters(app, now, mode, &adapters);
	return rc < 0 ? rc : devices_print(app, view, now, filter, &adapters);
}

/* ---- queues ------------------------------------------------------------------------------ */

/** struct rows - cards and queues, each card before its queues; on the heap */
struct rows {
	struct app *app;
	const struct snapshot *now;
	const struct filter *filter;
	unsigned needs;
	struct cards cards; /* are lent to the rows */
	struct view_queue *v;
	size_t n;
};

static void rows_freep(struct rows **rows)
{
	if (*rows)
		free((*rows)->v);
	free(*rows);
}

/* Room for all that there are: what is not used is never touched. */
static struct rows *rows_new(struct app *app, const struct snapshot *now, unsigned needs,
			     const struct filter *filter)
{
	_cleanup_(rows_freep) struct rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return NULL;
	*rows = (struct rows){ .app = app, .now = now, .filter = filter, .needs = needs };
	rows->v = calloc(qset_count(&now->bus.queues) + VFIOAP_IDS, sizeof(*rows->v));
	return rows->v ? TAKE_PTR(rows) : NULL;
}

/* Which device owns which domain of an adapter. */
static void owners_find(const struct snapshot *now, unsigned apid,
			const struct device *ret[VFIOAP_IDS])
{
	memset(ret, 0, VFIOAP_IDS * sizeof(*ret));
	for (size_t i = now->n_devices; i-- > 0;) {
		const struct mdev *mdev = now->device[i].mdev;

		if (!mdev || !vfioap_mask_has(&mdev->matrix.adapters, apid))
			continue;
		VFIOAP_MASK_FOREACH(apqi, &mdev->matrix.domains)
			ret[apqi] = &now->device[i];
	}
}

static int rows_of_card(struct rows *rows, unsigned apid)
{
	const struct apbus_info *card = &rows->cards.info[apid];
	const struct device *owner[VFIOAP_IDS];
	struct app *app = rows->app;
	_cleanup_close_ int dir = -1;

	if (filter_has_card(rows->filter, apid))
		view_card_fill(apid, card, &rows->v[rows->n++]);
	if (rows->needs & (VIEW_QUEUE_FILES | VIEW_DRIVER))
		dir = apbus_card_open(app->root, apid, NULL); /* may have gone */
	owners_find(rows->now, apid, owner);
	VFIOAP_MASK_FOREACH(apqi, &rows->now->bus.queues.row[apid]) {
		int rc;

		if (!filter_has_queue(rows->filter, apid, apqi))
			continue;
		rc = view_queue_fill(dir, rows->now, rows->needs, apid, apqi, card, owner[apqi],
				     &rows->v[rows->n], &app->err);
		if (rc == -ENOENT || rc == -ENODEV)
			continue; /* it has gone meanwhile */
		if (rc < 0)
			return rc;
		rows->n++;
	}
	return 0;
}

static int rows_read(struct rows *rows, enum apbus_mode mode)
{
	VFIOAP_MASK_FOREACH(apid, &rows->now->bus.cards) {
		int rc = card_read(rows->app, &rows->cards, rows->needs, apid);

		if (rc < 0)
			return rc;
		if (mode != APBUS_MODE_UNKNOWN && rows->cards.info[apid].mode != mode)
			continue;
		rc = rows_of_card(rows, apid);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* JSON holds cards and queues apart: the rows of one kind, with the keys of that kind. */
static struct json_object *rows_json(const struct rows *rows, bool cards)
{
	const struct out_column *column = cards ? view_card_keys : view_queue_columns;
	const size_t n_columns = cards ? view_card_n_keys : view_queue_n_columns;
	struct json_object *array = out_json_array();

	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].is_card == cards)
			out_json_append(array,
					out_row_json(column, n_columns, rows->now, &rows->v[i]));
	return array;
}

static int queues_list(struct app *app, struct out_view *view, struct filter *filter,
		       enum apbus_mode mode)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	_cleanup_(rows_freep) struct rows *rows = NULL;
	unsigned needs = out_view_needs(app, view);
	struct json_object *object;
	int rc;

	if (mode != APBUS_MODE_UNKNOWN)
		needs |= VIEW_CARD_FILES;
	rc = snapshot_read(app->root,
			   SNAPSHOT_BUS | (needs & (SNAPSHOT_ALL | SNAPSHOT_LIBVIRT)) |
				   (filter->n_texts ? SNAPSHOT_OWNERS | SNAPSHOT_DEFINED : 0),
			   &now, &app->err);
	if (rc < 0)
		return rc;
	rc = filter_resolve(app, now, filter);
	if (!rc)
		rc = filter_check(app, &now->bus, filter);
	if (rc)
		return rc;
	rows = rows_new(app, now, needs, filter);
	rc = rows ? rows_read(rows, mode) : err_oom(&app->err);
	if (rc)
		return rc;

	if (app->json) {
		object = out_json_new();
		out_json_add(object, "cards", rows_json(rows, true));
		out_json_add(object, "queues", rows_json(rows, false));
		out_json_print(app, object);
		return 0;
	}
	view->view = now;
	view->rows = rows->v;
	view->n_rows = rows->n;
	view->row_size = sizeof(*rows->v);
	if (rows->n)
		out_view_table(app, view);
	return 0;
}

/* ---- map --------------------------------------------------------------------------------- */

static int map_list(struct app *app, struct filter *filter, enum apbus_mode mode)
{
	const unsigned parts = SNAPSHOT_BUS | SNAPSHOT_OWNERS | SNAPSHOT_GUEST | SNAPSHOT_DEFINED |
			       SNAPSHOT_HOLDERS | SNAPSHOT_LIBVIRT;
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct vfioap_mask adapters;
	int rc;

	rc = snapshot_read(app->root, parts, &now, &app->err);
	if (!rc)
		rc = filter_resolve(app, now, filter);
	if (!rc)
		rc = filter_check(app, &now->bus, filter);
	if (rc)
		return rc;
	view_warn_broken(app, now);
	if (mode == APBUS_MODE_UNKNOWN)
		return map_print(app, now, filter, NULL);
	rc = mode_adapters(app, now, mode, &adapters);
	return rc < 0 ? rc : map_print(app, now, filter, &adapters);
}

int list_run(struct app *app, const struct list_options *options, const struct cmd_texts *filters)
{
	_cleanup_(filter_done) struct filter filter = { 0 };
	struct out_view view = {
		.column = options->queues ? view_queue_columns : view_device_columns,
		.n_columns = options->queues ? view_queue_n_columns : view_device_n_columns,
	};
	enum apbus_mode mode;
	int rc;

	if (options->list_columns) {
		out_view_help(app, &view);
		return 0;
	}
	rc = out_view_pick(app, &view, options->columns);
	if (!rc)
		rc = cmd_mode_parse(app, options->mode, &mode);
	if (!rc)
		rc = filter_parse(app, filters, &filter);
	if (rc)
		return rc;
	if (options->map)
		return map_list(app, &filter, mode);
	return options->queues ? queues_list(app, &view, &filter, mode)
			       : devices_list(app, &view, &filter, mode);
}
