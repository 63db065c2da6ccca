/* SPDX-License-Identifier: MIT */
/*
 * The test vectors of K 18, by their numbers, on each simulated kernel where they
 * apply.  Each begins on a fresh host H: cards 5 and 6, CEX7C, domains 4 and
 * 0x47, also for control, Na 255, Nd 0x54.  The tables are in test_sim_rows.h
 * (one write) and test_sim_scenes.h (all others).
 */
#include <pthread.h>

#include "test_sim.h"
#include "test_sim_rows.h"
#include "test_sim_scenes.h"

static const struct {
	const char *name;
	unsigned bit;
} kernels[] = {
	{ .name = "5.15", .bit = K515 }, { .name = "6.1", .bit = K61 },
	{ .name = "6.12", .bit = K612 }, { .name = "6.19", .bit = K619 },
	{ .name = "7.3", .bit = K73 },
};

/* ---- one write ----------------------------------------------------------------------------- */

static void run_number(struct test *t, const char *kernel, const struct row *row)
{
	struct lpar lpar;
	struct sim s;

	sim_host(&lpar);
	if (!sim_boot(&s, kernel, &lpar))
		return test_fail(t, __FILE__, __LINE__, "no machine");
	/* 5.15 assigns what is bound to vfio_ap only. */
	sim_write(&s, BUS "aqmask", "-4");
	sim_write(&s, TYPE "create", UUID_A);
	EXPECT_INT(t,
		   sim_write_bytes(&s, A "assign_adapter", row->text,
				   row->len ? row->len : strlen(row->text)),
		   row->rc);
	EXPECT_STR(t, sim_read(&s, A "matrix"), row->rc ? "" : row->want);
	sim_done(&s);
}

static void run_mask(struct test *t, const char *kernel, const struct row *row)
{
	static const char *const any[] = { ONES, "0x", "0x41" };
	char before[MACHINE_PAGE], want[VFIOAP_HEX_SIZE + 1];
	struct lpar lpar;
	struct sim s;

	sim_host(&lpar);
	if (!sim_boot(&s, kernel, &lpar))
		return test_fail(t, __FILE__, __LINE__, "no machine");
	for (size_t i = 0; i < (row->from ? 1 : ARRAY_SIZE(any)); i++) {
		sim_write(&s, BUS "apmask", row->from ? row->from : any[i]);
		snprintf(before, sizeof(before), "%s", sim_read(&s, BUS "apmask"));
		EXPECT_INT(t,
			   sim_write_bytes(&s, BUS "apmask", row->text,
					   row->len ? row->len : strlen(row->text)),
			   row->rc);
		snprintf(want, sizeof(want), "%s\n", row->want ? row->want : "");
		EXPECT_STR(t, sim_read(&s, BUS "apmask"), row->rc ? before : want);
	}
	sim_done(&s);
}

static void run_config(struct test *t, const char *kernel, const struct row *row)
{
	struct lpar lpar;
	struct sim s;

	sim_host(&lpar);
	if (!sim_boot(&s, kernel, &lpar))
		return test_fail(t, __FILE__, __LINE__, "no machine");
	sim_write(&s, BUS "aqmask", "-4,-0x47");
	sim_write(&s, TYPE "create", UUID_A);
	EXPECT_INT(t, sim_write(&s, A "ap_config", row->text), row->rc);
	EXPECT_STR(t, sim_read(&s, A "ap_config"), row->rc ? CONFIG_0 : row->want);
	sim_done(&s);
}

static void run_rows(struct test *t, const char *kernel, unsigned bit, const struct row *rows,
		     size_t n, void (*run)(struct test *, const char *, const struct row *))
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].without & bit)
			continue;
		test_case(t, "%s: vector %u, row %zu", kernel, rows[i].number, i);
		run(t, kernel, &rows[i]);
	}
}

/* ---- scenes --------------------------------------------------------------------------------- */

static int do_step(struct sim *s, const struct step *step)
{
	struct node guest;

	if (!strcmp(step->path, "CTL"))
		return sim_ctl(s, step->text);
	if (!strcmp(step->path, "GUEST"))
		return sim_guest(s, (unsigned)(step->text[0] - '0'), 1000, &guest);
	return sim_write(s, step->path, step->text);
}

static void run_scene(struct test *t, const char *kernel, const struct scene *scene)
{
	struct lpar lpar;
	struct sim s;

	sim_host(&lpar);
	lpar.vfio_ap = !scene->no_vfio_ap;
	lpar.boot_apmask = scene->boot_apmask;
	if (!sim_boot(&s, kernel, &lpar))
		return test_fail(t, __FILE__, __LINE__, "no machine");
	for (const struct step *step = scene->step; step->path; step++)
		if (do_step(&s, step) != step->rc)
			test_fail(t, __FILE__, __LINE__, "step %d: '%s' to %s: not %d",
				  (int)(step - scene->step), step->text, step->path, step->rc);
	for (const struct see *see = scene->see; see->what; see++) {
		if (see->is_driver)
			EXPECT_STR(t, sim_driver(&s, see->what), see->want);
		else
			EXPECT_STR(t, sim_read(&s, see->what), see->want);
	}
	if (scene->logged && !strstr(s.log, scene->logged))
		test_fail(t, __FILE__, __LINE__, "not logged: %s", scene->logged);
	if (scene->sent && !strstr(s.uevents, scene->sent))
		test_fail(t, __FILE__, __LINE__, "not sent: %s, but %s", scene->sent, s.uevents);
	if (scene->silent && *s.uevents)
		test_fail(t, __FILE__, __LINE__, "sent: %s", s.uevents);
	sim_done(&s);
}

static void test_scenes(struct test *t, const char *kernel, unsigned bit)
{
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		if (!(scenes[i].kernels & bit))
			continue;
		test_case(t, "%s: vector %u, scene %zu", kernel, scenes[i].number, i);
		run_scene(t, kernel, &scenes[i]);
	}
}

/* ---- the rest: modes, sizes, many ------------------------------------------------------------ */

static void test_modes(struct test *t, const char *kernel)
{
	struct node node = { 0 };
	struct lpar lpar;
	struct sim s;

	sim_host(&lpar);
	sim_boot(&s, kernel, &lpar);
	sim_write(&s, TYPE "create", UUID_A);
	/* root is refused by the mode: who serves the files enforces it */
	test_case(t, "%s: vector 34", kernel);
	EXPECT_INT(t, machine_find(s.m, A "assign_adapter", &node), 0);
	EXPECT_INT(t, node.mode, 0200);
	test_case(t, "%s: vector 35", kernel);
	EXPECT_INT(t, machine_find(s.m, A "matrix", &node), 0);
	EXPECT_INT(t, node.mode, 0444);
	EXPECT_INT(t, node.size, 4096);
	sim_done(&s);
}

/* 106, 107: the masks give everything to vfio_ap */
static void test_truncation(struct test *t, const char *kernel, unsigned bit)
{
	static const struct {
		unsigned number;
		const char *adapters;
	} rows[] = { { .number = 106, .adapters = "ff" }, { .number = 107, .adapters = "fff" } };
	bool overflows = bit & (K61 | K612);
	char config[128];
	struct lpar lpar;
	struct sim s;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_case(t, "%s: vector %u", kernel, rows[i].number);
		sim_host(&lpar);
		sim_boot(&s, kernel, &lpar);
		sim_write(&s, BUS "apmask", "0");
		sim_write(&s, TYPE "create", UUID_A);
		/* 8 or 12 adapters, 64 domains */
		for (unsigned apid = 0; apid < 4 * (unsigned)strlen(rows[i].adapters); apid++) {
			snprintf(config, sizeof(config), "%u", apid);
			EXPECT_INT(t, sim_write(&s, A "assign_adapter", config), 0);
		}
		for (unsigned apqi = 0; apqi < 64; apqi++) {
			snprintf(config, sizeof(config), "%u", apqi);
			EXPECT_INT(t, sim_write(&s, A "assign_domain", config), 0);
		}
		s.log[0] = '\0';
		EXPECT_INT(t, strlen(sim_read(&s, A "matrix")), 4095);
		EXPECT(t, s.page[4094] != '\n');
		EXPECT(t, !strstr(s.log, "kernel memory corruption: ") == !overflows);
		EXPECT(t, !strstr(s.log, "returned bad count") == !overflows);
		sim_done(&s);
	}
}

static void test_limit(struct test *t, const char *kernel, unsigned bit)
{
	char uuid[MACHINE_UUID_SIZE + 1];
	struct lpar lpar;
	struct sim s;
	int bad = 0;

	test_case(t, "%s: vector 132", kernel);
	sim_host(&lpar);
	sim_boot(&s, kernel, &lpar);
	for (unsigned i = 0; i < 65536; i++) {
		snprintf(uuid, sizeof(uuid), "00000000-0000-0000-0000-%012x", i);
		bad += sim_write(&s, TYPE "create", uuid) != 0;
	}
	EXPECT_INT(t, bad, 0);
	EXPECT_STR(t, sim_read(&s, TYPE "available_instances"), "0\n");
	EXPECT_INT(t, sim_write(&s, TYPE "create", UUID_A), bit & K515 ? -EPERM : -EUSERS);
	EXPECT_INT(t, sim_write(&s, TYPE "create", uuid), -EEXIST);
	sim_done(&s);
}

/* 21 and its like on a machine with Na 63 */
static void test_small(struct test *t, const char *kernel)
{
	struct lpar lpar;
	struct sim s;

	test_case(t, "%s: vector 21, Na 63", kernel);
	sim_host(&lpar);
	lpar.max_adapter = 63;
	sim_boot(&s, kernel, &lpar);
	sim_write(&s, TYPE "create", UUID_A);
	EXPECT_INT(t, sim_write(&s, A "assign_adapter", "255"), -ENODEV);
	EXPECT_INT(t, sim_write(&s, A "assign_adapter", "64"), -ENODEV);
	sim_done(&s);
}

struct remover {
	struct sim *s;
	int rc;
};

static void *remover_run(void *arg)
{
	struct remover *r = arg;

	r->rc = sim_write(r->s, A "remove", "1");
	return NULL;
}

static void test_blocking(struct test *t, const char *kernel)
{
	struct remover r = { .rc = 1 };
	struct node guest;
	pthread_t thread;
	struct lpar lpar;
	struct sim s;

	test_case(t, "%s: vector 136", kernel);
	sim_host(&lpar);
	sim_boot(&s, kernel, &lpar);
	r.s = &s;
	sim_write(&s, TYPE "create", UUID_A);
	EXPECT_INT(t, sim_guest(&s, 0, 1000, &guest), 0);
	pthread_create(&thread, NULL, remover_run, &r);
	/* The file goes first; then the writer waits for the guest. */
	while (sim_exists(&s, A "remove"))
		usleep(100);
	EXPECT_INT(t, r.rc, 1);
	EXPECT(t, sim_exists(&s, MATRIX UUID_A));
	machine_group_release(s.m, &guest);
	pthread_join(thread, NULL);
	EXPECT_INT(t, r.rc, 0);
	EXPECT(t, !sim_exists(&s, MATRIX UUID_A));
	sim_done(&s);
}

int main(void)
{
	struct test t = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		const char *name = kernels[i].name;
		unsigned bit = kernels[i].bit;

		run_rows(&t, name, bit, numbers, ARRAY_SIZE(numbers), run_number);
		run_rows(&t, name, bit, masks, ARRAY_SIZE(masks), run_mask);
		if (bit & (K612 | K619 | K73))
			run_rows(&t, name, bit, configs, ARRAY_SIZE(configs), run_config);
		test_scenes(&t, name, bit);
		test_modes(&t, name);
		if (!(bit & K515))
			test_truncation(&t, name, bit);
		/* 65536 devices: minutes where all is slow */
		if (test_rounds(100) >= 100)
			test_limit(&t, name, bit);
		test_small(&t, name);
		test_blocking(&t, name);
	}
	return test_done(&t);
}
