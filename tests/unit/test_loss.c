// SPDX-License-Identifier: MIT
/*
 * What leaves the host and what is left in it: the texts of mkvps, the overrides as steps of a
 * plan, and what is said of queues that move.
 */
#include "loss.h"

#include "override.h"
#include "scene.h"
#include "zcrypt.h"

static void test_keys(struct test *t)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ .text = "", .want = "" },
		{ .text = "AES NEW: - -\nAES CUR: - -\nAES OLD: - -\n", .want = "" },
		{ .text = "AES NEW: empty 0x0\nAES CUR: invalid 0x0\nAES OLD: invalid 0x0\n",
		  .want = "" },
		{ .text = "AES NEW: partial 0x0\nAES CUR: valid 0x1\nAES OLD: valid 0x2\n",
		  .want = "AES NEW, AES CUR, AES OLD" },
		{ .text = "APKA NEW: full 0x1\nASYM OLD: valid 0x2\n",
		  .want = "APKA NEW, ASYM OLD" },
		{ .text = "WK CUR: - -\nWK NEW: - -\n", .want = "" },
		{ .text = "WK CUR: valid 0x1\nWK NEW: empty -\n", .want = "WK CUR" },
		{ .text = "WK CUR: invalid 0x0\nWK NEW: uncommitted 0x1\n", .want = "WK NEW" },
		{ .text = "WK NEW: committed 0x1", .want = "WK NEW" },
		{ .text = "DES CUR: valid 0x1\n\n\nAES CUR: \nAES CUR: validity 1\n", .want = "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = zcrypt_keys_format(zcrypt_keys_parse(rows[i].text));

		test_case(t, "mkvps %zu", i);
		EXPECT_STR(t, text, rows[i].want);
	}
}

static const struct {
	const char *busy, *old, *by_card;
	unsigned modes;
	bool loses_default, force;
	unsigned errors, warnings;
	const char *first;
} loss_rows[] = {
	{ .errors = 0 },
	{ .busy = "04.0004",
	  .errors = 1,
	  .first = "cannot take queue 04.0004 from the host: requests are in flight" },
	{ .busy = "04.0004",
	  .force = true,
	  .warnings = 1,
	  .first = "requests in flight of queue 04.0004 are lost" },
	{ .old = "4",
	  .by_card = "04.0004",
	  .errors = 1,
	  .warnings = 1,
	  .first = "cannot reserve queue 04.0004: the card is older than CEX4, and vfio_ap"
		   " does not know it" },
	{ .old = "4", .force = true, .by_card = "04.0004", .warnings = 1 },
	{ .old = "4", .warnings = 1 },
	{ .modes = LOSS_CCA | LOSS_ACCEL,
	  .warnings = 2,
	  .first = "the host loses its last online CCA queue" },
	{ .modes = LOSS_EP11,
	  .loses_default = true,
	  .warnings = 2,
	  .first = "the host loses its last online EP11 queue" },
};

static void test_find(struct test *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(loss_rows); i++) {
		_cleanup_(findings_done) struct findings found = { 0 };
		struct loss loss = { .modes = loss_rows[i].modes,
				     .loses_default = loss_rows[i].loses_default,
				     .default_domain = 4 };
		struct qset by_card = { 0 };

		test_case(t, "loss %zu", i);
		qset_add(&loss.moved, 4, 4);
		qset_add(&loss.moved, 4, 5);
		loss.old = ids(loss_rows[i].old ? loss_rows[i].old : "");
		if (loss_rows[i].busy)
			qset_parse(loss_rows[i].busy, &loss.busy, NULL, NULL);
		if (loss_rows[i].by_card)
			qset_parse(loss_rows[i].by_card, &by_card, NULL, NULL);
		EXPECT_INT(t, loss_find(&loss, &by_card, loss_rows[i].force, &found), 0);
		EXPECT_INT(t, found.n_errors, loss_rows[i].errors);
		EXPECT_INT(t, found.n - found.n_errors, loss_rows[i].warnings);
		if (loss_rows[i].first)
			EXPECT_STR(t, found.n ? found.v[0].message : NULL, loss_rows[i].first);
	}
}

/* Parts of a move that have something to do: U unbind, W write, P probe. */
static void test_steps(struct test *t, struct scene *s)
{
	static const struct {
		bool host, vfio, override, want, loaded;
		const char *parts;
	} rows[] = {
		{ .host = true, .want = true, .loaded = true, .parts = "UWP" },
		{ .host = true, .want = true, .parts = "UW" },
		{ .want = true, .loaded = true, .parts = "WP" },
		{ .vfio = true, .want = true, .loaded = true, .parts = "W" },
		{ .host = true, .override = true, .want = true, .loaded = true, .parts = "UP" },
		{ .vfio = true, .override = true, .loaded = true, .parts = "UWP" },
		{ .host = true, .override = true, .loaded = true, .parts = "W" },
		{ .override = true, .parts = "WP" },
		{ .vfio = true, .loaded = true, .parts = "UP" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wish_freep) struct wish *want = NULL;
		struct apbus *bus = &s->now.bus;
		char parts[4] = "";

		test_case(t, "override %zu", i);
		scene_init(s, "4", "4");
		bus->vfio_ap_loaded = rows[i].loaded;
		bus->host_driver = bus->vfio_driver = bus->override = (struct qset){ 0 };
		if (rows[i].host)
			qset_add(&bus->host_driver, 4, 4);
		if (rows[i].vfio)
			qset_add(&bus->vfio_driver, 4, 4);
		if (rows[i].override)
			qset_add(&bus->override, 4, 4);
		want = wish_new(&s->now);
		want->override = (struct qset){ 0 };
		if (rows[i].want)
			qset_add(&want->override, 4, 4);
		for (enum override_part part = 0; part < OVERRIDE_PARTS; part++) {
			_cleanup_(plan_done) struct plan plan = {
				.step = calloc(1, sizeof(struct plan_step)), .n_steps = 1
			};

			if (override_step(bus, want, part, 4, 4, plan.step))
				parts[strlen(parts)] = "UWP"[part];
		}
		EXPECT_STR(t, parts, rows[i].parts);
	}
}

int main(void)
{
	_cleanup_free_ struct scene *s = malloc(sizeof(*s));
	struct test t = { 0 };

	test_keys(&t);
	test_find(&t);
	test_steps(&t, s);
	return test_done(&t);
}
