/* SPDX-License-Identifier: MIT */
/*
 * Which queues a new guest could have, and what each costs the host.  The arithmetic of
 * rectangles is rect.c's; that the costs are right rests on what pool.c clears for a product.
 *
 * Source: the rules of `create` and its --reserve (conflict.c, obstacle.c, pool_mode.c).
 */
#include "find.h"

#include <errno.h>
#include <string.h>

#include "kernel.h"
#include "obstacle.h"

/* struct field - queues of which rooms are made; on the heap */
struct field {
	struct snapshot now;	/* with vfio_ap loaded, as `create` has it; lends */
	struct qset free, host; /* nobody's; the host's, and can be taken */
	struct rect_grid grid;
};

/* ---- owners ------------------------------------------------------------------------------ */

static void matrix_take(struct qset *queues, const struct matrix *m)
{
	VFIOAP_MASK_FOREACH(a, &m->adapters)
		queues->row[a] = vfioap_mask_andnot(queues->row[a], m->domains);
}

/* What `create` would refuse, or could not start beside what is defined. */
static void owners_take(const struct snapshot *now, unsigned sides, struct qset *queues)
{
	for (size_t i = 0; i < now->n_devices; i++) {
		const struct mdev *mdev = now->device[i].mdev;
		const struct definition *definition = now->device[i].definition;
		bool active = mdev && !mdev->removing;

		if (active && sides & FIND_ACTIVE)
			matrix_take(queues, &mdev->matrix);
		if (!definition || definition->problem != CONFIG_OK)
			continue;
		if (sides & FIND_PERSISTENT || (definition->start_auto && !active))
			matrix_take(queues, &definition->matrix);
	}
}

/* ---- the pools --------------------------------------------------------------------------------
 */

static const struct matrix *whole_machine(struct matrix *m)
{
	*m = (struct matrix){ .adapters = vfioap_mask_range(0, VFIOAP_IDS - 1),
			      .domains = vfioap_mask_range(0, VFIOAP_IDS - 1) };
	return m;
}

static void masks_host(struct qset *ret, const struct find_wish *wish, const struct apbus *bus)
{
	qset_product(ret, &wish->masks.apmask, &wish->masks.aqmask);
	qset_and(ret, &bus->queues);
}

/* Candidates that `create` takes as they are: not the host's by kernel's rules, nor bound to it. */
static void field_free(struct field *f, const struct find_wish *wish, const struct qset *candidates)
{
	const struct apbus *bus = &f->now.bus;
	struct matrix whole;
	struct qset other, more;

	f->free = *candidates;
	if (wish->by_masks) {
		masks_host(&other, wish, bus);
		qset_andnot(&f->free, &other);
		return;
	}
	kernel_host_queues(&other, bus, &bus->masks, whole_machine(&whole));
	qset_andnot(&f->free, &other);
	obstacle_queues(&f->now, bus, &whole, &other, &more);
	qset_andnot(&f->free, &more);
	qset_andnot(&f->free, &bus->host_driver);
}

/* By masks: the host's queues of each adapter and each domain, of any card. */
static void costs_by_masks(struct field *f, const struct find_wish *wish,
			   const struct qset *candidates)
{
	struct qset host;

	masks_host(&host, wish, &f->now.bus);
	f->host = *candidates;
	qset_and(&f->host, &host);
	f->grid.by_line = true;
	QSET_FOREACH(a, d, &host) {
		f->grid.adapter_cost[a]++;
		f->grid.domain_cost[d]++;
	}
}

/* By overrides: what has none yet, or was not bound anew. */
static void costs_by_overrides(struct field *f, const struct qset *candidates)
{
	f->host = *candidates;
	qset_andnot(&f->host, &f->free);
	f->grid.costly = f->host;
	qset_andnot(&f->grid.costly, &f->now.bus.vfio_driver);
}

static void field_fill(struct field *f, const struct find_wish *wish)
{
	const struct apbus *bus = &f->now.bus;
	enum host_mode mode = wish->by_masks ? HOST_MODE_MASKS : snapshot_mode(&f->now);
	struct qset candidates = bus->queues, foreign = bus->override;

	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		if (!vfioap_mask_has(&wish->cards, a))
			candidates.row[a] = (struct vfioap_mask){ { 0 } };
	/* Of another driver: the next bind takes it away, whoever has it now. */
	qset_andnot(&foreign, &bus->override_vfio);
	if (!wish->by_masks)
		qset_andnot(&candidates, &foreign);
	owners_take(&f->now, wish->sides, &candidates);
	field_free(f, wish, &candidates);
	f->grid.usable = f->free;
	f->grid.n_cards = vfioap_mask_count(&bus->cards);
	if (!wish->from_host || mode == HOST_MODE_MIXED)
		return;

	if (mode == HOST_MODE_OVERRIDE)
		costs_by_overrides(f, &candidates);
	else
		costs_by_masks(f, wish, &candidates);
	qset_or(&f->grid.usable, &f->host);
}

/* ---- the search -------------------------------------------------------------------------------
 */

static struct find_room room_of(const struct field *f, const struct rect *rect)
{
	struct qset queues;

	qset_product(&queues, &rect->adapters, &rect->domains);
	return (struct find_room){ .rect = *rect, .reserve = !qset_contains(&f->free, &queues) };
}

int find_run(const struct snapshot *now, const struct find_wish *wish, struct find *ret)
{
	const unsigned n = wish->n_adapters, m = wish->n_domains;
	_cleanup_free_ struct field *f = calloc(1, sizeof(*f));
	unsigned floor = 0;
	struct rect rect;

	if (!f)
		return -ENOMEM;
	f->now = *now;
	if (!now->mdevs.loaded)
		snapshot_assume_module(&f->now);
	field_fill(f, wish);

	*ret = (struct find){ .exact = rect_is_exact(&f->grid, n, m) };
	while (ret->n < FIND_ROOMS && rect_cheapest(&f->grid, n, m, floor, &rect)) {
		const struct matrix taken = { .adapters = rect.adapters, .domains = rect.domains };

		ret->room[ret->n++] = room_of(f, &rect);
		matrix_take(&f->grid.usable, &taken);
		if (ret->exact)
			floor = rect.cost;
	}
	if (!ret->n && rect_largest(&f->grid, n, m, &rect)) {
		ret->has_nearest = true;
		ret->nearest = room_of(f, &rect);
	}
	return 0;
}

/* ---- texts -------------------------------------------------------------------------------------
 */

char *find_arguments(const struct find_room *room)
{
	char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE];

	return finding_text("-a %s -d %s%s", vfioap_list_format(&room->rect.adapters, a),
			    vfioap_list_format(&room->rect.domains, d),
			    room->reserve ? " --reserve" : "");
}

/* The first room there is when the host gives some of it. */
static char *hint_host(const struct find *with_host)
{
	_cleanup_free_ char *args = NULL;

	if (!with_host || !with_host->n)
		return finding_text("'lsvfioap -q' shows whose the queues are");
	args = find_arguments(&with_host->room[0]);
	if (!args)
		return NULL;
	return finding_text("--from-host finds %s, and the host loses %u queue%s", args,
			    with_host->room[0].rect.cost,
			    with_host->room[0].rect.cost == 1 ? "" : "s");
}

int find_refuse(const struct find_wish *wish, const struct find *find, const struct find *with_host,
		struct findings *ret)
{
	_cleanup_free_ char *hint = hint_host(with_host), *nearest = NULL;
	struct finding proto = { .code = FINDING_NO_ROOM };

	if (!hint)
		return -ENOMEM;
	if (!find->has_nearest)
		return findings_say(ret, proto, hint, "no queue is free for a new guest");
	proto.adapters = find->nearest.rect.adapters;
	proto.domains = find->nearest.rect.domains;
	nearest = find_arguments(&find->nearest);
	if (!nearest)
		return -ENOMEM;
	return findings_say(
		ret, proto, hint, "no %u x %u queues are free for a new guest: %s %u x %u, %s",
		wish->n_adapters, wish->n_domains,
		find->exact ? "the most are" : "the most that were found are",
		vfioap_mask_count(&proto.adapters), vfioap_mask_count(&proto.domains), nearest);
}

/* ---- the next boot ------------------------------------------------------------------------------
 */

/* Source: ap_bus.c: a parameter builds up from no bits; one that we cannot read, nobody knows. */
static bool boot_mask(const char *text, struct vfioap_mask *ret)
{
	const struct vfioap_mask none = { { 0 } };
	struct vfioap_change change;

	*ret = vfioap_mask_not(none);
	if (!text || vfioap_hex_parse(text, true, ret, NULL) == 0)
		return true;
	if (vfioap_change_parse(text, &change, NULL) < 0)
		return false;
	*ret = vfioap_change_apply(&change, none);
	return true;
}

bool find_next_masks(const struct snapshot *now, struct apbus_masks *ret)
{
	const struct udev_rules *rules = &now->rules;

	*ret = rules->masks;
	if (now->boot.hidden && !(rules->has_apmask && rules->has_aqmask))
		return false;
	return (rules->has_apmask || boot_mask(now->boot.apmask, &ret->apmask)) &&
	       (rules->has_aqmask || boot_mask(now->boot.aqmask, &ret->aqmask));
}
