// SPDX-License-Identifier: MIT
/*
 * Rooms for a new guest: by table on the machine of the kernel's documentation, and on random
 * small machines against every rectangle that there is, asking the rules of `create` of each.
 *
 * test_find: SEED=N repeats a run; VFIOAP_TEST_LONG=1 makes more rounds.
 */
#include "find.h"

#include <time.h>

#include "conflict.h"
#include "kernel.h"
#include "nextboot.h"
#include "pool.h"
#include "scene.h"
#include "small.h"
#include "str.h"

#define UUID_NEW "00000000-0000-4000-8000-000000000001"

/* ---- tables ------------------------------------------------------------------------------- */

struct row {
	const char *reserved_adapters, *reserved_domains; /* before */
	const char *active, *automatic, *manual;	  /* a domain of adapters 5 and 6 */
	unsigned n, m;
	bool from_host;
	unsigned sides; /* 0: both */
	const char *cards;
	const char *want[4]; /* of each result, its losses and its arguments */
	const char *nearest; /* when there is none */
};

static const struct row rows[] = {
	{ .n = 1, .m = 1 },
	{ .n = 1,
	  .m = 1,
	  .reserved_domains = "4",
	  .want = { "0 -a 4 -d 4", "0 -a 5 -d 4", "0 -a 6 -d 4" } },
	{ .n = 2, .m = 1, .reserved_domains = "4", .want = { "0 -a 4,5 -d 4" } },
	{ .n = 3, .m = 4, .reserved_domains = "4,0xab", .nearest = "-a 4-6 -d 4,0xab" },
	{ .n = 1, .m = 4, .reserved_adapters = "6", .want = { "0 -a 6 -d 4,0x47,0xab,0xff" } },
	/* Another device has it: one that runs, one that will, one that may. */
	{ .n = 1, .m = 1, .reserved_domains = "4", .active = "4", .want = { "0 -a 4 -d 4" } },
	{ .n = 1, .m = 1, .reserved_domains = "4", .manual = "4", .want = { "0 -a 4 -d 4" } },
	{ .n = 2,
	  .m = 1,
	  .reserved_domains = "4",
	  .manual = "4",
	  .sides = FIND_ACTIVE,
	  .want = { "0 -a 4,5 -d 4" } },
	{ .n = 2,
	  .m = 1,
	  .reserved_domains = "4",
	  .automatic = "4",
	  .sides = FIND_ACTIVE,
	  .nearest = "-a 4 -d 4" },
	{ .n = 2,
	  .m = 1,
	  .reserved_domains = "4",
	  .active = "4",
	  .sides = FIND_PERSISTENT,
	  .want = { "0 -a 4,5 -d 4" } },
	/* Of the host: whole domains, or whole adapters, whichever are fewer queues. */
	{ .n = 2,
	  .m = 2,
	  .from_host = true,
	  .want = { "6 -a 4,5 -d 4,0x47 --reserve", "6 -a 4,5 -d 0xab,0xff --reserve" } },
	{ .n = 1,
	  .m = 4,
	  .from_host = true,
	  .want = { "4 -a 4 -d 4,0x47,0xab,0xff --reserve", "4 -a 5 -d 4,0x47,0xab,0xff --reserve",
		    "4 -a 6 -d 4,0x47,0xab,0xff --reserve" } },
	{ .n = 3,
	  .m = 2,
	  .reserved_domains = "0xff",
	  .from_host = true,
	  .want = { "3 -a 4-6 -d 4,0xff --reserve", "6 -a 4-6 -d 0x47,0xab --reserve" } },
	/* A card that will not do is nobody's room; the host loses its queues all the same. */
	{ .n = 2,
	  .m = 1,
	  .cards = "5,6",
	  .from_host = true,
	  .want = { "3 -a 5,6 -d 4 --reserve", "3 -a 5,6 -d 0x47 --reserve",
		    "3 -a 5,6 -d 0xab --reserve", "3 -a 5,6 -d 0xff --reserve" } },
	{ .n = 3, .m = 1, .cards = "5,6", .reserved_domains = "4", .nearest = "-a 5,6 -d 4" },
};

static struct find_wish wish_of(const struct scene *s, const struct row *row)
{
	return (struct find_wish){
		.n_adapters = row->n,
		.n_domains = row->m,
		.cards = row->cards ? ids(row->cards) : s->now.bus.cards,
		.from_host = row->from_host,
		.sides = row->sides ? row->sides : FIND_ACTIVE | FIND_PERSISTENT,
	};
}

static void row_scene(struct scene *s, const struct row *row)
{
	scene_init(s, "4-6", "4,0x47,0xab,0xff");
	scene_reserve(s, row->reserved_adapters ? row->reserved_adapters : "",
		      row->reserved_domains ? row->reserved_domains : "");
	s->now.rules = (struct udev_rules){ .has_apmask = true, .has_aqmask = true };
	s->now.rules.masks = s->now.bus.masks;
	if (row->active)
		scene_active(s, UUID_A, matrix_of("5,6", row->active, ""));
	if (row->automatic)
		scene_defined(s, UUID_B, true, matrix_of("5,6", row->automatic, ""));
	if (row->manual)
		scene_defined(s, UUID_C, false, matrix_of("5,6", row->manual, ""));
}

static void expect_row(struct test *t, const struct row *row, const struct find *find)
{
	_cleanup_free_ char *nearest = NULL;

	for (size_t i = 0; i < find->n && i < ARRAY_SIZE(row->want); i++) {
		_cleanup_free_ char *args = find_arguments(&find->room[i]);
		_cleanup_free_ char *text = finding_text("%u %s", find->room[i].rect.cost, args);

		EXPECT_STR(t, text, row->want[i]);
	}
	for (size_t i = find->n; i < ARRAY_SIZE(row->want); i++)
		EXPECT_STR(t, NULL, row->want[i]);
	if (find->has_nearest)
		nearest = find_arguments(&find->nearest);
	EXPECT_STR(t, nearest, row->nearest);
	EXPECT(t, find->exact);
}

static void test_rows(struct test *t, struct scene *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct find_wish wish;
		struct find find;

		test_case(t, "row %zu: %u x %u", i, rows[i].n, rows[i].m);
		row_scene(s, &rows[i]);
		wish = wish_of(s, &rows[i]);
		EXPECT_INT(t, find_run(&s->now, &wish, &find), 0);
		expect_row(t, &rows[i], &find);
	}
}

static void test_next(struct test *t, struct scene *s)
{
	static char apmask[] = "0x0c", broken[] = "0y";

	scene_init(s, "4-6", "4");
	test_case(t, "next boot: neither rules nor parameters");
	EXPECT(t, find_knows_next(&s->now));
	test_case(t, "next boot: parameters");
	s->now.boot.apmask = apmask;
	EXPECT(t, find_knows_next(&s->now));
	test_case(t, "next boot: what cannot be read, nobody knows");
	s->now.boot.aqmask = broken;
	EXPECT(t, !find_knows_next(&s->now));
	test_case(t, "next boot: rules count before parameters");
	s->now.rules.has_aqmask = true;
	EXPECT(t, find_knows_next(&s->now));
	test_case(t, "next boot: parameters that only root sees");
	s->now.boot.hidden = true;
	EXPECT(t, !find_knows_next(&s->now));
}

/* ---- machines against the rules of create ---------------------------------------------------- */

static struct matrix random_matrix(uint32_t *state)
{
	return (struct matrix){
		.adapters = small_mask(random_next(state) & SMALL_ALL & random_next(state)),
		.domains = small_mask(random_next(state) & SMALL_ALL & random_next(state))
	};
}

static void random_overrides(struct apbus *bus, uint32_t *state)
{
	bus->override_known = true;
	QSET_FOREACH(a, d, &bus->queues) {
		unsigned what = random_next(state) % 8;

		if (what < 4)
			continue;
		qset_add(&bus->override, a, d);
		if (what > 4)
			qset_add(&bus->override_vfio, a, d);
		if (what == 6 || !bus->vfio_ap_loaded)
			continue; /* set, and not bound anew */
		bus->host_driver.row[a] =
			vfioap_mask_andnot(bus->host_driver.row[a], vfioap_mask_range(d, d));
		if (what > 4)
			qset_add(&bus->vfio_driver, a, d);
	}
}

/* Somebody has bound a few queues by hand, to what neither masks nor overrides say. */
static void random_binds(struct apbus *bus, uint32_t *state)
{
	QSET_FOREACH(a, d, &bus->queues) {
		struct vfioap_mask one = vfioap_mask_range(d, d);

		if (random_next(state) % 8 || !bus->vfio_ap_loaded)
			continue;
		bus->host_driver.row[a] = vfioap_mask_andnot(bus->host_driver.row[a], one);
		bus->vfio_driver.row[a] = vfioap_mask_andnot(bus->vfio_driver.row[a], one);
		if (random_next(state) % 2)
			qset_add(&bus->host_driver, a, d);
		else
			qset_add(&bus->vfio_driver, a, d);
	}
}

static void random_scene(struct scene *s, uint32_t *state)
{
	struct apbus *bus = &s->now.bus;
	bool overrides = random_next(state) % 3 == 0;

	scene_init(s, "0,5,0x3f,0x40,0xff", "0,5,0x3f,0x40,0xff");
	for (unsigned a = 0; a < SMALL; a++)
		bus->queues.row[small[a]] =
			small_mask((random_next(state) | random_next(state)) & SMALL_ALL);
	bus->vfio_ap_loaded = s->now.mdevs.loaded = random_next(state) % 4;
	if (!overrides || random_next(state) % 8 == 0) {
		bus->masks.apmask = vfioap_mask_andnot(
			bus->masks.apmask, small_mask(random_next(state) & random_next(state)));
		bus->masks.aqmask = vfioap_mask_andnot(
			bus->masks.aqmask, small_mask(random_next(state) & random_next(state)));
	}
	scene_bind(s);
	if (overrides)
		random_overrides(bus, state);
	if (random_next(state) % 4 == 0)
		random_binds(bus, state);
	if (s->now.mdevs.loaded && random_next(state) % 2)
		scene_active(s, UUID_A, random_matrix(state));
	if (random_next(state) % 2)
		scene_defined(s, UUID_B, random_next(state) % 2, random_matrix(state));
	if (random_next(state) % 8 == 0) /* before 6.0 */
		s->now.mdevs.has_guest_matrix = s->now.mdevs.has_ap_config = false;
}

/* The next boot: as it is now, all the host's, or otherwise. */
static void random_rules(struct snapshot *now, uint32_t *state)
{
	struct udev_rules *rules = &now->rules;
	unsigned what = random_next(state) % 4;

	*rules = (struct udev_rules){ .masks = now->bus.masks, .own_form = true };
	rules->present = rules->has_apmask = rules->has_aqmask = what > 0;
	if (what > 2)
		rules->masks.aqmask =
			vfioap_mask_andnot(rules->masks.aqmask, small_mask(random_next(state)));
}

/* As change_reserve() does for the next boot. */
static void reserve_next(const struct snapshot *now, struct pool_request request, bool by_override,
			 struct wish *want, struct pool_change *pool, struct findings *found)
{
	_cleanup_(snapshot_freep) struct snapshot *next = wish_next_snapshot(now);
	_cleanup_(wish_freep) struct wish *after = next ? wish_new(next) : NULL;

	request.by_override = by_override;
	if (!after || pool_mode_reserve(next, &request, after, pool, found) < 0)
		abort();
	want->rules.has_apmask = want->rules.has_aqmask = true;
	want->rules.masks = after->masks;
	qset_or(&want->overrides, &after->override);
}

/* The queues that the host loses by a create with or without --reserve; -1 when it is refused. */
static int create_losses(const struct snapshot *now, const struct find_wish *wish,
			 const struct matrix *matrix, bool reserve)
{
	_cleanup_(findings_done) struct findings found = { 0 };
	_cleanup_(wish_freep) struct wish *want = wish_new(now);
	const struct pool_request request = {
		.adapters = matrix->adapters,
		.domains = matrix->domains,
		.has_adapters = true,
		.has_domains = true,
	};
	const bool active = wish->sides & FIND_ACTIVE, next = wish->sides & FIND_PERSISTENT;
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	struct pool_change pool = { 0 }, pool_next = { 0 };
	struct wish_definition *definition;
	struct wish_device *device;
	struct qset queues;

	if (!want || !after || (active && wish_device_add(want, UUID_NEW, &device) < 0) ||
	    (next && wish_definition_add(want, UUID_NEW, &definition) < 0))
		abort();
	if (active)
		device->matrix = *matrix;
	if (next) {
		definition->matrix = *matrix;
		definition->start_auto = true;
	}
	if (reserve && active && pool_mode_reserve(now, &request, want, &pool, &found) < 0)
		abort();
	if (reserve && next)
		reserve_next(now, request, pool.by_override, want, &pool_next, &found);
	if (conflict_find(now, want, 0, &found) < 0)
		abort();
	/* What stays bound to the host's driver is no use to a guest. */
	wish_predict_bus(now, want, after);
	qset_product(&queues, &matrix->adapters, &matrix->domains);
	qset_and(&queues, &after->host_driver);
	if (found.n_errors || (active && !qset_is_empty(&queues)))
		return -1;
	qset_or(&pool.named, &pool.also);
	qset_or(&pool.named, &pool_next.named);
	qset_or(&pool.named, &pool_next.also);
	return (int)qset_count(&pool.named);
}

static bool has_owner(const struct snapshot *now, const struct find_wish *wish,
		      const struct matrix *m)
{
	for (size_t i = 0; i < now->n_devices; i++) {
		const struct device *device = &now->device[i];

		if (device->mdev && wish->sides & FIND_ACTIVE &&
		    matrix_collide(&device->mdev->matrix, m))
			return true;
		if (device->definition && wish->sides & FIND_PERSISTENT &&
		    matrix_collide(&device->definition->matrix, m))
			return true;
	}
	return false;
}

/* What a room of these queues costs, with the rules of create; -1: it is none. */
static int room_losses(const struct snapshot *now, const struct find_wish *wish,
		       const struct matrix *m, bool *ret_reserve)
{
	struct qset queues, foreign = now->bus.override, stuck = now->bus.host_driver, host;

	/* Of another driver by its override: the next bind takes it away, whoever has it now. */
	qset_andnot(&foreign, &now->bus.override_vfio);
	/* Bound to the host's driver by hand, against the masks: somebody wants it there. */
	kernel_host_queues(&host, &now->bus, &now->bus.masks, m);
	qset_andnot(&stuck, &host);
	qset_or(&foreign, &stuck);
	if (!(wish->sides & FIND_ACTIVE))
		foreign = (struct qset){ 0 };
	qset_product(&queues, &m->adapters, &m->domains);
	qset_and(&foreign, &queues);
	*ret_reserve = false;
	if (!vfioap_mask_contains(&wish->cards, &m->adapters) ||
	    !qset_contains(&now->bus.queues, &queues) || !qset_is_empty(&foreign) ||
	    has_owner(now, wish, m))
		return -1;
	if (create_losses(now, wish, m, false) == 0 || !wish->from_host)
		return create_losses(now, wish, m, false);
	*ret_reserve = true;
	return create_losses(now, wish, m, true);
}

/* The best of all rectangles. */
static int best_room(const struct snapshot *now, const struct find_wish *wish,
		     struct find_room *ret)
{
	unsigned best_a = 0, best_d = 0;
	int least = -1;

	for (unsigned a = 1; a <= SMALL_ALL; a++) {
		for (unsigned d = 1; d <= SMALL_ALL; d++) {
			struct matrix m = { .adapters = small_mask(a), .domains = small_mask(d) };
			bool reserve;
			int cost;

			if (bits_count(a) != wish->n_adapters || bits_count(d) != wish->n_domains)
				continue;
			cost = room_losses(now, wish, &m, &reserve);
			if (cost < 0 ||
			    (least >= 0 &&
			     (cost > least || (cost == least && bits_lower(best_a, a)) ||
			      (cost == least && a == best_a && bits_lower(best_d, d)))))
				continue;
			least = cost;
			best_a = a;
			best_d = d;
			*ret = (struct find_room){ .rect = { .adapters = m.adapters,
							     .domains = m.domains,
							     .cost = (unsigned)cost },
						   .reserve = reserve };
		}
	}
	return least;
}

/* Each result is possible, costs what it says, and none shares a queue with one before it. */
static void check_rooms(struct test *t, const struct snapshot *now, const struct find_wish *wish,
			const struct find *find, bool comparable)
{
	struct qset seen = { 0 };
	int losses;

	for (size_t i = 0; i < find->n; i++) {
		const struct find_room *room = &find->room[i];
		const struct matrix m = { .adapters = room->rect.adapters,
					  .domains = room->rect.domains };
		struct qset queues;
		bool reserve;

		losses = room_losses(now, wish, &m, &reserve);
		EXPECT(t, losses >= 0);
		if (comparable)
			EXPECT_INT(t, losses, room->rect.cost);
		EXPECT_INT(t, room->reserve, reserve);
		qset_product(&queues, &m.adapters, &m.domains);
		qset_and(&queues, &seen);
		EXPECT(t, qset_is_empty(&queues));
		qset_product(&queues, &m.adapters, &m.domains);
		qset_or(&seen, &queues);
		if (i)
			EXPECT(t, room->rect.cost >= find->room[i - 1].rect.cost);
	}
}

/* With other masks at the next boot each side clears what is least there: the sum is not as told.
 */
static bool is_comparable(const struct snapshot *now, const struct find_wish *wish)
{
	struct apbus_masks next = nextboot_find(now, &now->rules).masks;

	return wish->sides != (FIND_ACTIVE | FIND_PERSISTENT) ||
	       (vfioap_mask_equal(&now->bus.masks.apmask, &next.apmask) &&
		vfioap_mask_equal(&now->bus.masks.aqmask, &next.aqmask));
}

static void check_machine(struct test *t, const struct snapshot *now, const struct find_wish *wish)
{
	_cleanup_free_ struct snapshot *loaded = malloc(sizeof(*loaded));
	struct find_room best = { .reserve = false };
	struct find find;
	int least;

	if (!loaded)
		abort();
	/* `create` loads the module first. */
	*loaded = *now;
	if (!now->mdevs.loaded)
		snapshot_assume_module(loaded);
	least = best_room(loaded, wish, &best);
	EXPECT_INT(t, find_run(now, wish, &find), 0);
	EXPECT(t, find.exact);
	EXPECT_INT(t, find.n > 0, least >= 0);
	if (find.n && least >= 0 && is_comparable(loaded, wish)) {
		EXPECT_INT(t, find.room[0].rect.cost, least);
		EXPECT(t, vfioap_mask_equal(&find.room[0].rect.adapters, &best.rect.adapters));
		EXPECT(t, vfioap_mask_equal(&find.room[0].rect.domains, &best.rect.domains));
		EXPECT_INT(t, find.room[0].reserve, best.reserve);
	}
	check_rooms(t, loaded, wish, &find, is_comparable(loaded, wish));
}

static void test_machines(struct test *t, struct scene *s, uint32_t state, unsigned rounds)
{
	test_case(t, "all rooms of %u random machines, SEED=%u", rounds, state);
	for (unsigned i = 0; i < rounds && !t->bad; i++) {
		struct find_wish wish;

		random_scene(s, &state);
		wish = (struct find_wish){
			.n_adapters = 1 + random_next(&state) % 4,
			.n_domains = 1 + random_next(&state) % 4,
			.cards = small_mask(random_next(&state) | random_next(&state)),
			.from_host = random_next(&state) % 2,
			.sides = 1 + random_next(&state) % 3,
		};
		random_rules(&s->now, &state);
		check_machine(t, &s->now, &wish);
	}
}

int main(void)
{
	_cleanup_free_ struct scene *s = malloc(sizeof(*s));
	uint32_t seed = (uint32_t)time(NULL) | 1;
	const char *given = getenv("SEED");
	struct test t = { 0 };
	unsigned long value;

	if (!s)
		abort();
	if (given && str_ulong_parse(&given, 10, UINT32_MAX, &value) == 0)
		seed = (uint32_t)value | 1;
	test_rows(&t, s);
	test_next(&t, s);
	test_machines(&t, s, seed, test_rounds(200));
	printf("SEED=%u\n", seed);
	return test_done(&t);
}
