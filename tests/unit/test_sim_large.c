/* SPDX-License-Identifier: MIT */
/*
 * The largest machine: what a read of one file costs does not grow with the
 * number of queues.
 */
#include <time.h>

#include "test_sim.h"

#define READS  500
#define ROUNDS 5
#define SLOWER 5.0 /* of memory that is in no cache; 65536 queues are 16384 times as many */

#define A MATRIX UUID_A "/"

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* @cards x @cards queues, half of them of vfio_ap, and one device */
static bool boot(struct sim *s, const char *kernel, unsigned cards)
{
	struct lpar lpar = { .max_adapter = 255, .max_domain = 255, .vfio_ap = true };
	struct machine_hooks hooks = { 0 };
	struct err err = { 0 };

	for (unsigned id = 0; id < cards; id++) {
		lpar.card[id] =
			(struct lpar_card){ .present = true, .config = true, .type = "CEX8C" };
		vfioap_mask_set(&lpar.usage, id);
	}
	lpar.control = lpar.usage;
	memset(s, 0, sizeof(*s));
	if (machine_new(&lpar, traits_find(kernel), &hooks, &s->m, &err) < 0)
		return false;
	return sim_write(s, BUS "apmask", "-1") == 0 && sim_write(s, TYPE "create", UUID_A) == 0 &&
	       sim_write(s, A "assign_adapter", "1") == 0 &&
	       sim_write(s, A "assign_domain", "1") == 0;
}

/* Seconds of the fastest round, with the walk to the file */
static double cost(struct sim *s, const char *path)
{
	double best = 1e9;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = cpu_s(), took;

		for (unsigned i = 0; i < READS; i++)
			sim_read(s, path);
		took = cpu_s() - start;
		best = took < best ? took : best;
	}
	return best;
}

static void test_cost(struct test *t, const char *kernel)
{
	static const char *const paths[] = {
		BUS "apmask",
		BUS "bindings",
		BUS "scans",
		BUS "ap_adapter_mask",
		DEVS "card01/01.0001/status",
		DEVS "card00/online",
		DEVS "card00/request_count",
		DEVS "card00/00.0001/online",
		DEVS "card00/00.0001/reset",
		DEVS "card00/00.0001/uevent",
		A "matrix",
		A "guest_matrix",
		A "control_domains",
		TYPE "available_instances",
	};
	struct sim small, large;

	test_case(t, "%s: two machines", kernel);
	EXPECT(t, boot(&small, kernel, 2) && boot(&large, kernel, VFIOAP_IDS));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		double few, many;

		test_case(t, "%s: cost of %s", kernel, paths[i]);
		few = cost(&small, paths[i]);
		many = cost(&large, paths[i]);
		EXPECT(t, *small.page != '?' && *large.page != '?');
		if (many > few * SLOWER)
			test_fail(t, __FILE__, __LINE__,
				  "%.2f us with 4 queues, %.2f us with 65536", few * 1e6 / READS,
				  many * 1e6 / READS);
	}
	sim_done(&small);
	sim_done(&large);
}

int main(void)
{
	struct test t = { 0 };

	test_cost(&t, "6.12");
	test_cost(&t, "7.3");
	return test_done(&t);
}
