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
#include "wish.h"

/* struct field - queues of which rooms are made; on the heap */
struct field {
	struct snapshot now;   /* with vfio_ap loaded, as `create` has it; lends */
	bool active, next;     /* which sides decide */
	enum host_mode mode;   /* by what `create --reserve` reserves */
	struct qset next_host; /* with next: what the host has then */
	struct qset free;      /* nobody's */
	struct rect_grid grid;
};

/* ---- owners --------------------------------------------------------------------- */

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

/* ---- the pools ------------------------------------------------------------------ */

static const struct matrix *whole_machine(struct matrix *m)
{
	*m = (struct matrix){ .adapters = vfioap_mask_range(0, VFIOAP_IDS - 1),
			      .domains = vfioap_mask_range(0, VFIOAP_IDS - 1) };
	return m;
}

static void masks_host(struct qset *ret, const struct apbus_masks *masks, const struct apbus *bus)
{
	qset_product(ret, &masks->apmask, &masks->aqmask);
	qset_and(ret, &bus->queues);
}

/* What `create -A` takes as it is: not the host's by the kernel's rules, nor bound to it. */
static void active_free(const struct snapshot *now, struct qset *queues)
{
	const struct apbus *bus = &now->bus;
	struct matrix whole;
	struct qset other, more;

	kernel_host_queues(&other, bus, &bus->masks, whole_machine(&whole));
	qset_andnot(queues, &other);
	obstacle_queues(now, bus, &whole, &other, &more);
	qset_andnot(queues, &more);
	qset_andnot(queues, &bus->host_driver);
}

static void field_free(struct field *f, const struct qset *candidates)
{
	f->free = *candidates;
	if (f->active)
		active_free(&f->now, &f->free);
	if (f->next)
		qset_andnot(&f->free, &f->next_host);
}

/* By masks: the host's queues of each adapter and each domain, of any card. */
static void costs_by_masks(struct field *f, const struct qset *candidates)
{
	struct qset host = { 0 }, taken;

	f->grid.usable = *candidates;
	if (f->active) {
		masks_host(&host, &f->now.bus.masks, &f->now.bus);
		active_free(&f->now, &f->grid.usable);
		taken = host;
		qset_and(&taken, candidates);
		qset_or(&f->grid.usable, &taken);
	}
	if (f->next)
		qset_or(&host, &f->next_host);
	f->grid.by_line = true;
	QSET_FOREACH(a, d, &host) {
		f->grid.adapter_cost[a]++;
		f->grid.domain_cost[d]++;
	}
}

/* By overrides: what has none yet, or was not bound anew. */
static void costs_by_overrides(struct field *f, const struct qset *candidates)
{
	struct qset free = *candidates;

	f->grid.usable = *candidates;
	if (f->active) {
		active_free(&f->now, &free);
		qset_or(&free, &f->now.bus.vfio_driver);
	}
	if (f->next)
		qset_andnot(&free, &f->next_host);
	f->grid.costly = *candidates;
	qset_andnot(&f->grid.costly, &free);
}

static void foreign_take(const struct apbus *bus, struct qset *queues)
{
	struct qset foreign = bus->override;

	qset_andnot(&foreign, &bus->override_vfio);
	qset_andnot(queues, &foreign);
}

/* Masks and overrides never go together: not at the next boot, nor one now and one then. */
static enum host_mode mode_of_both(enum host_mode now, enum host_mode next)
{
	const enum host_mode clash =
		now == HOST_MODE_OVERRIDE ? HOST_MODE_MASKS : HOST_MODE_OVERRIDE;

	return next == HOST_MODE_MIXED || next == clash ? HOST_MODE_MIXED : now;
}

/* What is asked of the next boot: a machine of its own. */
static int field_next(struct field *f, struct qset *candidates)
{
	_cleanup_(snapshot_freep) struct snapshot *next = wish_next_snapshot(&f->now);

	if (!next)
		return -ENOMEM;
	f->next_host = next->bus.host_driver;
	foreign_take(&next->bus, candidates);
	f->mode = f->active ? mode_of_both(f->mode, snapshot_mode(next)) : snapshot_mode(next);
	return 0;
}

static int field_fill(struct field *f, const struct find_wish *wish)
{
	const struct apbus *bus = &f->now.bus;
	struct qset candidates = bus->queues;

	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		if (!vfioap_mask_has(&wish->cards, a))
			candidates.row[a] = (struct vfioap_mask){ { 0 } };
	f->active = wish->sides & FIND_ACTIVE;
	f->next = wish->sides & FIND_PERSISTENT && !wish->next_unknown;
	f->mode = snapshot_mode(&f->now);
	/* Of another driver: the next bind takes it away, whoever has it now. */
	if (f->active)
		foreign_take(bus, &candidates);
	if (f->next && field_next(f, &candidates) < 0)
		return -ENOMEM;
	owners_take(&f->now, wish->sides, &candidates);
	field_free(f, &candidates);
	f->grid.n_cards = vfioap_mask_count(&bus->cards);

	if (!wish->from_host || f->mode == HOST_MODE_MIXED)
		f->grid.usable = f->free;
	else if (f->mode == HOST_MODE_OVERRIDE)
		costs_by_overrides(f, &candidates);
	else
		costs_by_masks(f, &candidates);
	return 0;
}

/* ---- the search ----------------------------------------------------------------- */

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
	if (field_fill(f, wish) < 0)
		return -ENOMEM;

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

/* ---- texts ---------------------------------------------------------------------- */

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

/* ---- the next boot -------------------------------------------------------------- */

bool find_knows_next(const struct snapshot *now)
{
	const struct udev_rules *rules = &now->rules;
	struct vfioap_mask mask;

	if (now->boot.hidden && !(rules->has_apmask && rules->has_aqmask))
		return false;
	return (rules->has_apmask || apbus_boot_mask(now->boot.apmask, &mask)) &&
	       (rules->has_aqmask || apbus_boot_mask(now->boot.aqmask, &mask));
}
