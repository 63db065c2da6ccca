// SPDX-License-Identifier: MIT
/*
 * Rectangles: on random small grids against all that there are, on large ones that what is found
 * is one.
 *
 * test_rect: SEED=N repeats a run; VFIOAP_TEST_LONG=1 makes more rounds.
 */
#include "rect.h"

#include <time.h>

#include "small.h"
#include "str.h"
#include "test.h"

/* ---- rectangles against all of them ---------------------------------------------------------- */

/* Its cost, or -1 when it is none. */
static int grid_cost(const struct rect_grid *grid, unsigned adapters, unsigned domains)
{
	unsigned by_adapter = 0, by_domain = 0, costly = 0;

	for (unsigned a = 0; a < SMALL; a++) {
		by_adapter += adapters >> a & 1 ? grid->adapter_cost[small[a]] : 0;
		by_domain += domains >> a & 1 ? grid->domain_cost[small[a]] : 0;
		for (unsigned d = 0; d < SMALL; d++) {
			if (!(adapters >> a & 1) || !(domains >> d & 1))
				continue;
			if (!qset_has(&grid->usable, small[a], small[d]))
				return -1;
			costly += qset_has(&grid->costly, small[a], small[d]);
		}
	}
	if (!grid->by_line)
		return (int)costly;
	return (int)(by_adapter < by_domain ? by_adapter : by_domain);
}

static void random_grid(struct rect_grid *grid, uint32_t *state)
{
	unsigned density = 3 + random_next(state) % 6;

	*grid = (struct rect_grid){ .by_line = random_next(state) % 2 };
	grid->n_cards = random_next(state) % 2 ? SMALL : 100;
	for (unsigned a = 0; a < SMALL; a++) {
		grid->adapter_cost[small[a]] = random_next(state) % 4;
		grid->domain_cost[small[a]] = random_next(state) % 4;
		for (unsigned d = 0; d < SMALL; d++) {
			if (random_next(state) % 8 < density)
				qset_add(&grid->usable, small[a], small[d]);
			if (random_next(state) % 2)
				qset_add(&grid->costly, small[a], small[d]);
		}
	}
}

static void check_grid(struct test *t, const struct rect_grid *grid, unsigned n, unsigned m)
{
	unsigned best_a = 0, best_d = 0, area = 0;
	struct vfioap_mask adapters, domains;
	struct rect rect = { .cost = 99 };
	int least = -1;

	for (unsigned a = 1; a <= SMALL_ALL; a++) {
		for (unsigned d = 1; d <= SMALL_ALL; d++) {
			unsigned height = bits_count(a), width = bits_count(d);
			int cost = grid_cost(grid, a, d);

			if (cost >= 0 && height <= n && width <= m && height * width > area)
				area = height * width;
			if (cost < 0 || height != n || width != m)
				continue;
			if (least >= 0 &&
			    (cost > least || (cost == least && bits_lower(best_a, a)) ||
			     (cost == least && a == best_a && bits_lower(best_d, d))))
				continue;
			least = cost;
			best_a = a;
			best_d = d;
		}
	}
	EXPECT_INT(t, rect_cheapest(grid, n, m, 0, &rect), least >= 0);
	if (least >= 0) {
		adapters = small_mask(best_a);
		domains = small_mask(best_d);
		EXPECT_INT(t, rect.cost, least);
		EXPECT(t, vfioap_mask_equal(&rect.adapters, &adapters));
		EXPECT(t, vfioap_mask_equal(&rect.domains, &domains));
	}
	EXPECT_INT(t, rect_largest(grid, n, m, &rect), area > 0);
	if (area)
		EXPECT_INT(t, vfioap_mask_count(&rect.adapters) * vfioap_mask_count(&rect.domains),
			   area);
}

static void test_grids(struct test *t, uint32_t state, unsigned rounds)
{
	_cleanup_free_ struct rect_grid *grid = malloc(sizeof(*grid));

	if (!grid)
		abort();
	test_case(t, "all rectangles of %u random grids, SEED=%u", rounds, state);
	for (unsigned i = 0; i < rounds && !t->bad; i++) {
		random_grid(grid, &state);
		check_grid(t, grid, 1 + random_next(&state) % SMALL,
			   1 + random_next(&state) % SMALL);
	}
}

/* Where the search is bounded, what it finds is a rectangle and costs what it says. */
static void check_bounded(struct test *t, const struct rect_grid *grid, unsigned n, unsigned m)
{
	struct qset queues, costly = grid->costly;
	struct rect rect;

	EXPECT(t, !rect_is_exact(grid, n, m));
	if (!rect_cheapest(grid, n, m, 0, &rect)) {
		EXPECT(t, rect_largest(grid, n, m, &rect));
		n = vfioap_mask_count(&rect.adapters);
		m = vfioap_mask_count(&rect.domains);
	}
	qset_product(&queues, &rect.adapters, &rect.domains);
	EXPECT(t, qset_contains(&grid->usable, &queues));
	EXPECT_INT(t, qset_count(&queues), n * m);
	qset_and(&costly, &queues);
	if (rect.cost)
		EXPECT_INT(t, qset_count(&costly), rect.cost);
}

static void test_bounded(struct test *t, uint32_t state, unsigned rounds)
{
	_cleanup_free_ struct rect_grid *grid = malloc(sizeof(*grid));

	if (!grid)
		abort();
	test_case(t, "%u random grids of 256 x 256, SEED=%u", rounds, state);
	for (unsigned i = 0; i < rounds && !t->bad; i++) {
		unsigned density = 2 + random_next(&state) % 7;

		*grid = (struct rect_grid){ .n_cards = 256 };
		for (unsigned a = 0; a < VFIOAP_IDS; a++) {
			for (unsigned d = 0; d < VFIOAP_IDS; d++) {
				if (random_next(&state) % 8 < density)
					qset_add(&grid->usable, a, d);
				if (random_next(&state) % 2)
					qset_add(&grid->costly, a, d);
			}
		}
		check_bounded(t, grid, 4 + random_next(&state) % 6, 4 + random_next(&state) % 9);
	}
}

int main(void)
{
	uint32_t seed = (uint32_t)time(NULL) | 1;
	const char *given = getenv("SEED");
	struct test t = { 0 };
	unsigned long value;

	if (given && str_ulong_parse(&given, 10, UINT32_MAX, &value) == 0)
		seed = (uint32_t)value | 1;
	test_grids(&t, seed, test_rounds(1000));
	test_bounded(&t, seed, test_rounds(2));
	printf("SEED=%u\n", seed);
	return test_done(&t);
}
