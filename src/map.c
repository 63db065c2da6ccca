// SPDX-License-Identifier: MIT
/*
 * The map of lsvfioap -m: a glyph a queue, and below it what they mean and which device each
 * letter is.  How it is laid out is left to chart.c.
 *
 * A queue that a definition claims is that device's as well, unless an active one owns it or a
 * driver of the host has it.
 */
#include "map.h"

#include <errno.h>
#include <string.h>

#include "chart.h"
#include "view.h"

enum map_state {
	MAP_LEFT_OUT, /* the arguments did not pick it */
	MAP_HOST,
	MAP_FREE,
	MAP_FILTERED, /* a device's, and its guest does not see it */
	MAP_UNBOUND,  /* nobody's, and without a driver */
	MAP_ABSENT,
	MAP_CARD_OFF, /* no state of a queue: the mark of a card */
	MAP_DEVICE,   /* and from here on a letter each */
};

/* What letters there are, and one more for all devices beyond. */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
#define LETTERS (sizeof(letters) - 1)
#define GLYPHS	(MAP_DEVICE + LETTERS + 1)

static const struct chart_glyph fixed[MAP_DEVICE] = {
	[MAP_LEFT_OUT] = { .utf8 = " ", .ascii = " ", .color = OUT_PLAIN },
	[MAP_HOST] = { .utf8 = "-", .ascii = "-", .legend = "host", .color = OUT_PLAIN },
	[MAP_FREE] = { .utf8 = "+", .ascii = "+", .legend = "free", .color = OUT_GREEN },
	[MAP_FILTERED] = { .utf8 = "○", .ascii = "o", .legend = "filtered", .color = OUT_YELLOW },
	[MAP_UNBOUND] = { .utf8 = "?", .ascii = "?", .legend = "no driver", .color = OUT_RED },
	[MAP_ABSENT] = { .utf8 = "·", .ascii = ".", .legend = "absent", .color = OUT_RED },
	[MAP_CARD_OFF] = { .utf8 = "!",
			   .ascii = "!",
			   .legend = "card not usable",
			   .color = OUT_RED },
};

/* In JSON. */
static const char *const words[] = {
	[MAP_HOST] = "host",	   [MAP_FREE] = "free",	    [MAP_FILTERED] = "filtered",
	[MAP_UNBOUND] = "unbound", [MAP_ABSENT] = "absent", [MAP_DEVICE] = "device",
};

/**
 * struct map - on the heap
 * @owner: device of each queue, its index in the snapshot and 1; 0 none
 * @cell:  its glyph
 * @place: of each device its place among those that are in the map, and 1; 0: it is not
 */
struct map {
	const struct snapshot *now;
	struct vfioap_mask adapters, domains;
	unsigned owner[VFIOAP_IDS][VFIOAP_IDS];
	unsigned char cell[VFIOAP_IDS][VFIOAP_IDS];
	char label[VFIOAP_IDS][APBUS_NAME_SIZE + 1];
	bool has_card_off;
	unsigned *place;
	unsigned n_devices;
	char letter[LETTERS + 1][2];
	struct chart_glyph glyph[GLYPHS];
};

static void map_freep(struct map **map)
{
	if (*map)
		free((*map)->place);
	free(*map);
}

/* ---- whose each queue is ------------------------------------------------------------------ */

static void own(struct map *map, const struct matrix *matrix, unsigned owner)
{
	VFIOAP_MASK_FOREACH(a, &matrix->adapters)
		VFIOAP_MASK_FOREACH(d, &matrix->domains)
			map->owner[a][d] = owner;
	if (!matrix_count(matrix))
		return;
	map->adapters = vfioap_mask_or(map->adapters, matrix->adapters);
	map->domains = vfioap_mask_or(map->domains, matrix->domains);
}

/* Of two definitions with the same queue the first has it; an active device before all. */
static void owners_find(struct map *map)
{
	const struct snapshot *now = map->now;

	for (int active = 0; active < 2; active++) {
		for (size_t i = now->n_devices; i-- > 0;) {
			const struct matrix *matrix = view_device_matrix(&now->device[i]);

			if (matrix && active == (now->device[i].mdev != NULL))
				own(map, matrix, (unsigned)i + 1);
		}
	}
}

static enum map_state queue_state(const struct map *map, const struct device *device,
				  const struct matrix *guest, unsigned apid, unsigned apqi)
{
	const struct apbus *bus = &map->now->bus;

	if (!qset_has(&bus->queues, apid, apqi))
		return MAP_ABSENT;
	if (qset_has(&bus->host_driver, apid, apqi) && !(device && device->mdev))
		return MAP_HOST;
	if (!device)
		return qset_has(&bus->vfio_driver, apid, apqi) ? MAP_FREE : MAP_UNBOUND;
	if (guest &&
	    !(vfioap_mask_has(&guest->adapters, apid) && vfioap_mask_has(&guest->domains, apqi)))
		return MAP_FILTERED;
	return MAP_DEVICE;
}

/** struct guests - what the guest of each device sees; known only of some */
struct guests {
	struct matrix *v;
	bool *known;
};

static void guests_done(struct guests *guests)
{
	free(guests->v);
	free(guests->known);
}

static int guests_find(const struct snapshot *now, struct guests *ret)
{
	ret->v = calloc(now->n_devices + 1, sizeof(*ret->v));
	ret->known = calloc(now->n_devices + 1, sizeof(*ret->known));
	if (!ret->v || !ret->known)
		return -ENOMEM;
	for (size_t i = 0; i < now->n_devices; i++) {
		bool predicted;

		ret->known[i] = view_device_guest(now, &now->device[i], &ret->v[i], &predicted);
	}
	return 0;
}

/* Devices get their letters later, by UUID: until then MAP_DEVICE is all of them. */
static void cells_fill(struct map *map, const struct guests *guests, const struct filter *filter)
{
	struct vfioap_mask adapters = { 0 }, domains = { 0 };

	VFIOAP_MASK_FOREACH(a, &map->adapters) {
		VFIOAP_MASK_FOREACH(d, &map->domains) {
			const unsigned owner = map->owner[a][d];
			const struct matrix *guest = NULL;

			if (!filter_has_queue(filter, a, d))
				continue;
			if (owner && guests->known[owner - 1])
				guest = &guests->v[owner - 1];
			map->cell[a][d] = (unsigned char)queue_state(
				map, owner ? &map->now->device[owner - 1] : NULL, guest, a, d);
			vfioap_mask_set(&adapters, a);
			vfioap_mask_set(&domains, d);
		}
	}
	map->adapters = adapters;
	map->domains = domains;
}

static int cards_read(struct app *app, struct map *map)
{
	VFIOAP_MASK_FOREACH(a, &map->adapters) {
		struct apbus_info card = { 0 };
		int rc = apbus_card_read(app->root, a, &card, &app->err);
		bool off;

		if (rc < 0 && rc != -ENOENT && rc != -ENODEV)
			return rc;
		off = card.status == APBUS_STATUS_DECONFIGURED ||
		      card.status == APBUS_STATUS_CHECKSTOPPED;
		map->has_card_off |= off;
		snprintf(map->label[a], sizeof(map->label[a]), "%s%s", card.type, off ? "!" : "");
	}
	return 0;
}

static int map_new(struct app *app, const struct snapshot *now, const struct filter *filter,
		   const struct vfioap_mask *adapters, struct map **ret)
{
	_cleanup_(guests_done) struct guests guests = { 0 };
	_cleanup_(map_freep) struct map *map = calloc(1, sizeof(*map));
	int rc;

	if (!map || guests_find(now, &guests) < 0)
		return err_oom(&app->err);
	map->now = now;
	map->place = calloc(now->n_devices + 1, sizeof(*map->place));
	if (!map->place)
		return err_oom(&app->err);
	map->adapters = now->bus.cards;
	map->domains = qset_domains(&now->bus.queues);
	owners_find(map);
	if (adapters)
		map->adapters = vfioap_mask_and(map->adapters, *adapters);
	cells_fill(map, &guests, filter);
	rc = cards_read(app, map);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(map);
	return 0;
}

/* ---- text --------------------------------------------------------------------------------- */

/* By UUID, those that have a queue in the map; also one whose guest sees nothing of it. */
static void places_find(struct map *map)
{
	VFIOAP_MASK_FOREACH(a, &map->adapters)
		VFIOAP_MASK_FOREACH(d, &map->domains)
			if (map->owner[a][d] && map->cell[a][d] != MAP_LEFT_OUT &&
			    map->cell[a][d] != MAP_HOST)
				map->place[map->owner[a][d] - 1] = 1;
	for (size_t i = 0; i < map->now->n_devices; i++)
		if (map->place[i])
			map->place[i] = ++map->n_devices;
}

/* Which glyph a device has. */
static unsigned device_glyph(const struct map *map, size_t index)
{
	const unsigned place = map->place[index] - 1;

	return MAP_DEVICE + (place < LETTERS ? place : (unsigned)LETTERS);
}

static void letters_give(struct map *map)
{
	static const enum out_color colors[] = { OUT_CYAN, OUT_MAGENTA, OUT_BLUE };

	places_find(map);
	memcpy(map->glyph, fixed, sizeof(fixed));
	for (unsigned i = 0; i <= LETTERS; i++) {
		map->letter[i][0] = i < LETTERS ? letters[i] : '*';
		map->glyph[MAP_DEVICE + i] = (struct chart_glyph){
			.utf8 = map->letter[i],
			.ascii = map->letter[i],
			.color = colors[i % ARRAY_SIZE(colors)],
		};
	}
	VFIOAP_MASK_FOREACH(a, &map->adapters)
		VFIOAP_MASK_FOREACH(d, &map->domains)
			if (map->cell[a][d] == MAP_DEVICE)
				map->cell[a][d] =
					(unsigned char)device_glyph(map, map->owner[a][d] - 1);
}

static void legend_print(struct app *app, const struct map *map)
{
	unsigned seen = map->has_card_off ? 1U << MAP_CARD_OFF : 0;

	VFIOAP_MASK_FOREACH(a, &map->adapters)
		VFIOAP_MASK_FOREACH(d, &map->domains)
			if (map->cell[a][d] < MAP_DEVICE && map->cell[a][d] != MAP_LEFT_OUT)
				seen |= 1U << map->cell[a][d];
	out_printf(app, "\n");
	chart_legend(app, map->glyph, MAP_DEVICE, seen);
	for (size_t i = 0; i < map->now->n_devices; i++) {
		if (!map->place[i])
			continue;
		chart_glyph_print(app, &map->glyph[device_glyph(map, i)], "");
		view_device_line(app, 2, map->now, &map->now->device[i]);
	}
}

static void text_print(struct app *app, struct map *map)
{
	struct chart chart = {
		.adapters = map->adapters,
		.domains = map->domains,
		.cell = map->cell,
		.glyph = map->glyph,
	};

	if (vfioap_mask_is_empty(&map->domains))
		return;
	letters_give(map);
	VFIOAP_MASK_FOREACH(a, &map->adapters)
		chart.label[a] = map->label[a];
	chart_print(app, &chart);
	if (!app->no_headings)
		legend_print(app, map);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static struct json_object *queue_json(const struct map *map, unsigned apid, unsigned apqi)
{
	const unsigned owner = map->owner[apid][apqi];
	const struct device *device = owner ? &map->now->device[owner - 1] : NULL;
	struct json_object *object = out_json_object();
	char text[QUEUE_SIZE];

	if (map->cell[apid][apqi] == MAP_HOST)
		device = NULL;
	out_json_add_text(object, "queue", queue_format(apid, apqi, text));
	out_json_add_text(object, "state", words[map->cell[apid][apqi]]);
	out_json_add_text(object, "device", device ? device->uuid : NULL);
	out_json_add_text(object, "guest", device ? snapshot_guest(map->now, device, NULL) : NULL);
	return object;
}

static void json_print(struct app *app, const struct map *map)
{
	struct json_object *object = out_json_new(), *array = out_json_array();

	VFIOAP_MASK_FOREACH(a, &map->adapters)
		VFIOAP_MASK_FOREACH(d, &map->domains)
			if (map->cell[a][d] != MAP_LEFT_OUT)
				out_json_append(array, queue_json(map, a, d));
	out_json_add(object, "adapters", out_json_ids(&map->adapters));
	out_json_add(object, "domains", out_json_ids(&map->domains));
	out_json_add(object, "queues", array);
	out_json_print(app, object);
}

int map_print(struct app *app, const struct snapshot *now, const struct filter *filter,
	      const struct vfioap_mask *adapters)
{
	_cleanup_(map_freep) struct map *map = NULL;
	int rc = map_new(app, now, filter, adapters, &map);

	if (rc < 0)
		return rc;
	if (app->json)
		json_print(app, map);
	else
		text_print(app, map);
	return 0;
}
