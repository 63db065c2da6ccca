// SPDX-License-Identifier: MIT
/*
 * Pools: what reserve and release move, on the machine of the kernel's documentation by
 * table, and on random small machines against all masks there are.
 */
#include "pool.h"

#include <time.h>

#include "scene.h"
#include "str.h"

static struct pool_request request_of(const char *adapters, const char *domains)
{
	return (struct pool_request){
		.adapters = ids(adapters ? adapters : ""),
		.domains = ids(domains ? domains : ""),
		.has_adapters = adapters,
		.has_domains = domains,
	};
}

/* ---- tables --------------------------------------------------------------------------- */

struct row {
	const char *machine_adapters, *machine_domains;	  /* NULL: the documentation's */
	const char *reserved_adapters, *reserved_domains; /* before */
	const char *adapters, *domains;
	const char *apmask, *aqmask; /* bits that are 0 afterwards */
	const char *named, *also, *absent;
	const char *hint; /* release only; NULL: it is possible */
};

static void expect_queues(struct test *t, const struct qset *queues, const char *want)
{
	_cleanup_free_ char *text = qset_format(queues);

	EXPECT_STR(t, text, want ? want : "none");
}

static void expect_change(struct test *t, const struct row *row, const struct apbus_masks *masks,
			  const struct pool_change *change)
{
	struct vfioap_mask ap = vfioap_mask_not(masks->apmask), aq = vfioap_mask_not(masks->aqmask);
	char list[VFIOAP_LIST_SIZE];

	EXPECT_STR(t, vfioap_list_format(&ap, list), row->apmask ? row->apmask : "none");
	EXPECT_STR(t, vfioap_list_format(&aq, list), row->aqmask ? row->aqmask : "none");
	if (row->hint)
		return;
	expect_queues(t, &change->named, row->named);
	expect_queues(t, &change->also, row->also);
	expect_queues(t, &change->absent, row->absent);
}

static void row_scene(struct test *t, struct scene *s, const struct row *row, const char *verb)
{
	test_case(t, "%s -a %s -d %s after -a %s -d %s", verb, row->adapters ? row->adapters : "",
		  row->domains ? row->domains : "",
		  row->reserved_adapters ? row->reserved_adapters : "",
		  row->reserved_domains ? row->reserved_domains : "");
	scene_init(s, row->machine_adapters ? row->machine_adapters : "4-6",
		   row->machine_domains ? row->machine_domains : "4,0x47,0xab,0xff");
	scene_reserve(s, row->reserved_adapters ? row->reserved_adapters : "",
		      row->reserved_domains ? row->reserved_domains : "");
}

static const struct row reserve_rows[] = {
	{ .domains = "4", .aqmask = "4", .named = "04.0004, 05.0004, 06.0004" },
	{ .adapters = "4", .apmask = "4", .named = "04.0004, 04.0047, 04.00ab, 04.00ff" },
	/* Adapter 4 alone costs 3 queues, domain 4 alone 2. */
	{ .adapters = "4",
	  .domains = "4",
	  .aqmask = "4",
	  .named = "04.0004",
	  .also = "05.0004, 06.0004" },
	/* Two adapters of three cost less than all of the domains. */
	{ .adapters = "4",
	  .domains = "4,0x47,0xab",
	  .apmask = "4",
	  .named = "04.0004, 04.0047, 04.00ab",
	  .also = "04.00ff" },
	{ .machine_adapters = "4,5",
	  .machine_domains = "4,5",
	  .adapters = "4",
	  .domains = "4",
	  .apmask = "4",
	  .named = "04.0004",
	  .also = "04.0005" },
	/* Bits that are 0 already cost nothing. */
	{ .adapters = "4,5",
	  .domains = "4",
	  .reserved_adapters = "4",
	  .aqmask = "4",
	  .apmask = "4",
	  .named = "05.0004",
	  .also = "06.0004" },
	{ .adapters = "4,5",
	  .domains = "4,0x47,0xab",
	  .reserved_adapters = "4,6",
	  .apmask = "4,6",
	  .aqmask = "4,0x47,0xab",
	  .named = "05.0004, 05.0047, 05.00ab" },
	/* What is reserved already. */
	{ .domains = "4", .reserved_domains = "4", .aqmask = "4" },
	{ .adapters = "4",
	  .domains = "4,9",
	  .reserved_adapters = "4",
	  .apmask = "4",
	  .absent = "04.0009" },
	/* What does not exist. */
	{ .adapters = "9", .apmask = "9", .absent = "09.0004, 09.0047, 09.00ab, 09.00ff" },
	{ .domains = "9", .aqmask = "9", .absent = "04.0009, 05.0009, 06.0009" },
	{ .adapters = "all",
	  .apmask = "0-0xff",
	  .named = "adapters 4-6 x domains 4,0x47,0xab,0xff (12 queues)" },
};

static void test_reserve(struct test *t, struct scene *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserve_rows); i++) {
		const struct pool_request request =
			request_of(reserve_rows[i].adapters, reserve_rows[i].domains);
		struct pool_change change;
		struct apbus_masks masks;

		row_scene(t, s, &reserve_rows[i], "reserve");
		masks = s->now.bus.masks;
		pool_reserve(&s->now.bus, &request, &masks, &change);
		expect_change(t, &reserve_rows[i], &masks, &change);
	}
}

static const struct row release_rows[] = {
	{ .reserved_domains = "4,0x47",
	  .domains = "4",
	  .aqmask = "0x47",
	  .named = "04.0004, 05.0004, 06.0004" },
	{ .reserved_adapters = "4,5",
	  .adapters = "4",
	  .apmask = "5",
	  .named = "04.0004, 04.0047, 04.00ab, 04.00ff" },
	/* No mask gives back adapter 4 alone. */
	{ .reserved_domains = "4,0x47,0xab,0xff",
	  .adapters = "4",
	  .aqmask = "4,0x47,0xab,0xff",
	  .hint = "'vfioap release -d 4,0x47,0xab,0xff' is the smallest release with"
		  " them" },
	{ .reserved_adapters = "4-6",
	  .domains = "4",
	  .apmask = "4-6",
	  .hint = "'vfioap release -a 4-6' is the smallest release with them" },
	{ .reserved_adapters = "4",
	  .adapters = "4",
	  .domains = "4",
	  .apmask = "4",
	  .hint = "'vfioap release -a 4' is the smallest release with them" },
	{ .reserved_adapters = "4",
	  .reserved_domains = "4",
	  .adapters = "4",
	  .apmask = "4",
	  .aqmask = "4",
	  .hint = "'vfioap release -a 4-6 -d 4,0x47,0xab,0xff' is the smallest release"
		  " with them" },
	/* Both bits, when all that moves is named. */
	{ .reserved_adapters = "4-6",
	  .reserved_domains = "4",
	  .adapters = "4-6",
	  .domains = "4,0x47,0xab,0xff",
	  .named = "adapters 4-6 x domains 4,0x47,0xab,0xff (12 queues)" },
	/* Nothing to do. */
	{ .domains = "4" },
	/* Bits of what does not exist. */
	{ .reserved_adapters = "9",
	  .adapters = "9",
	  .absent = "09.0004, 09.0047, 09.00ab, 09.00ff" },
};

static void test_release(struct test *t, struct scene *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(release_rows); i++) {
		_cleanup_(findings_done) struct findings found = { 0 };
		const struct pool_request request =
			request_of(release_rows[i].adapters, release_rows[i].domains);
		struct pool_change change;
		struct apbus_masks masks;

		row_scene(t, s, &release_rows[i], "release");
		masks = s->now.bus.masks;
		EXPECT_INT(t, pool_release(&s->now.bus, &request, "", &masks, &change, &found), 0);
		expect_change(t, &release_rows[i], &masks, &change);
		EXPECT_INT(t, found.n_errors, release_rows[i].hint ? 1 : 0);
		EXPECT_STR(t, found.n ? found.v[0].hint : NULL, release_rows[i].hint);
	}
}

/* Single queues, and which bits take them. */
static void test_exact(struct test *t, struct scene *s)
{
	static const struct {
		const char *queues, *apmask, *aqmask; /* apmask NULL: no masks can */
	} rows[] = {
		{ .queues = "04.0004" },
		{ .queues = "04.0004,05.0004,06.0004", .apmask = "none", .aqmask = "4" },
		{ .queues = "05.0004,05.0047,05.00ab,05.00ff", .apmask = "5", .aqmask = "none" },
		{ .queues = "09.0004", .apmask = "9", .aqmask = "none" },
		{ .queues = "05.0009", .apmask = "none", .aqmask = "9" },
		{ .queues = "09.0009", .apmask = "9", .aqmask = "none" },
		{ .queues = "04.0004,05.0004,06.0004,04.0047,04.00ab,04.00ff",
		  .apmask = "4",
		  .aqmask = "4" },
		{ .queues = "04.0004,05.0004,06.0004,04.0047,04.00ab" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pool_request request = { .exact = true };
		struct pool_change change;
		struct apbus_masks masks;
		bool found;

		test_case(t, "reserve -Q %s", rows[i].queues);
		scene_init(s, "4-6", "4,0x47,0xab,0xff");
		masks = s->now.bus.masks;
		EXPECT_INT(t, qset_parse(rows[i].queues, &request.queues, NULL, NULL), 0);
		found = pool_reserve_exact(&s->now.bus, &request, &masks, &change);
		EXPECT_INT(t, found, rows[i].apmask != NULL);
		if (found) {
			struct vfioap_mask ap = vfioap_mask_not(masks.apmask);
			struct vfioap_mask aq = vfioap_mask_not(masks.aqmask);
			char list[VFIOAP_LIST_SIZE];

			EXPECT_STR(t, vfioap_list_format(&ap, list), rows[i].apmask);
			EXPECT_STR(t, vfioap_list_format(&aq, list), rows[i].aqmask);
		}
	}
}

/* ---- random machines against all masks ------------------------------------------------------- */

/* The IDs of a small machine: 4 adapters, 4 domains, so 256 pairs of masks. */
static const unsigned small[] = { 0, 5, 0x40, 0xff };

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static struct vfioap_mask small_mask(unsigned bits)
{
	struct vfioap_mask m = { { 0 } };

	for (unsigned i = 0; i < ARRAY_SIZE(small); i++)
		if (bits >> i & 1)
			vfioap_mask_set(&m, small[i]);
	return m;
}

static void random_scene(struct scene *s, uint32_t *state)
{
	struct vfioap_mask rest = vfioap_mask_not(small_mask(15));
	struct apbus *bus = &s->now.bus;

	scene_init(s, "0,5,0x40,0xff", "0,5,0x40,0xff");
	for (unsigned a = 0; a < 4; a++)
		bus->queues.row[small[a]] = small_mask(random_next(state) & 15);
	bus->masks.apmask = vfioap_mask_or(rest, small_mask(random_next(state) & 15));
	bus->masks.aqmask = vfioap_mask_or(rest, small_mask(random_next(state) & 15));
	scene_bind(s);
}

static void masks_host(struct qset *ret, const struct apbus_masks *masks)
{
	qset_product(ret, &masks->apmask, &masks->aqmask);
}

/* The existing queues that change hands between two pairs of masks. */
static void moved_queues(struct qset *ret, const struct apbus *bus, const struct apbus_masks *a,
			 const struct apbus_masks *b)
{
	struct qset host;

	masks_host(ret, a);
	masks_host(&host, b);
	qset_andnot(ret, &host);
	qset_and(ret, &bus->queues);
}

/* Walk over all masks that differ from @from in the small IDs and only clear (or set). */
static bool next_masks(unsigned *i, const struct apbus_masks *from, bool set,
		       struct apbus_masks *ret)
{
	while (*i < 256) {
		struct vfioap_mask ap = small_mask(*i & 15), aq = small_mask(*i >> 4);

		*ret = *from;
		++*i;
		if (set) {
			ret->apmask = vfioap_mask_or(from->apmask, ap);
			ret->aqmask = vfioap_mask_or(from->aqmask, aq);
		} else {
			ret->apmask = vfioap_mask_andnot(from->apmask, ap);
			ret->aqmask = vfioap_mask_andnot(from->aqmask, aq);
		}
		return true;
	}
	return false;
}

static struct pool_request random_request(uint32_t *state)
{
	return (struct pool_request){
		.adapters = small_mask(1 + random_next(state) % 15),
		.domains = small_mask(1 + random_next(state) % 15),
		.has_adapters = true,
		.has_domains = true,
	};
}

/* No masks that take the product from the host move fewer queues. */
static void check_reserve(struct test *t, const struct scene *s, const struct pool_request *request)
{
	const struct apbus *bus = &s->now.bus;
	struct apbus_masks masks = bus->masks, other;
	struct pool_change change;
	struct qset named, queues, total;
	unsigned i = 0, least = -1u;

	qset_product(&named, &request->adapters, &request->domains);
	pool_reserve(bus, request, &masks, &change);
	masks_host(&queues, &masks);
	qset_and(&queues, &named);
	EXPECT(t, qset_is_empty(&queues));
	moved_queues(&queues, bus, &bus->masks, &masks);
	total = change.named;
	qset_or(&total, &change.also);
	EXPECT(t, qset_equal(&total, &queues));

	while (next_masks(&i, &bus->masks, false, &other)) {
		struct qset host;

		masks_host(&host, &other);
		qset_and(&host, &named);
		if (!qset_is_empty(&host))
			continue;
		moved_queues(&host, bus, &bus->masks, &other);
		least = qset_count(&host) < least ? qset_count(&host) : least;
	}
	EXPECT_INT(t, qset_count(&total), least);
}

/* The request that a hint names: "'vfioap release -a LIST -d LIST' ..." */
static struct pool_request hint_request(const char *hint)
{
	struct pool_request request = { 0 };
	const char *options[] = { " -a ", " -d " };

	for (unsigned i = 0; i < 2; i++) {
		const char *p = strstr(hint, options[i]);
		char list[64] = "";

		if (!p)
			continue;
		snprintf(list, sizeof(list), "%.*s", (int)strcspn(p + 4, " '"), p + 4);
		*(i ? &request.domains : &request.adapters) = ids(list);
		*(i ? &request.has_domains : &request.has_adapters) = true;
	}
	return request;
}

/* The fewest queues that masks can move and have the product (what exists of it) the host's. */
static unsigned least_release(const struct apbus *bus, const struct qset *named, struct qset *ret)
{
	unsigned i = 0, least = -1u;
	struct apbus_masks other;

	while (next_masks(&i, &bus->masks, true, &other)) {
		struct qset host, moved;

		masks_host(&host, &other);
		if (!qset_contains(&host, named))
			continue;
		moved_queues(&moved, bus, &other, &bus->masks);
		if (qset_count(&moved) < least) {
			least = qset_count(&moved);
			*ret = moved;
		}
	}
	return least;
}

static void check_release(struct test *t, const struct scene *s, const struct pool_request *request)
{
	_cleanup_(findings_done) struct findings found = { 0 }, again = { 0 };
	const struct apbus *bus = &s->now.bus;
	struct apbus_masks masks = bus->masks;
	struct pool_request wide;
	struct pool_change change;
	struct qset named, host, least;

	qset_product(&named, &request->adapters, &request->domains);
	least_release(bus, &named, &least);
	EXPECT_INT(t, pool_release(bus, request, "", &masks, &change, &found), 0);
	EXPECT_INT(t, found.n == 0, qset_contains(&named, &least));
	masks_host(&host, &masks);
	if (!found.n) {
		EXPECT(t, qset_contains(&host, &named));
		EXPECT(t, qset_equal(&change.named, &least));
		return;
	}

	EXPECT(t, vfioap_mask_equal(&masks.apmask, &bus->masks.apmask));
	EXPECT(t, vfioap_mask_equal(&masks.aqmask, &bus->masks.aqmask));
	wide = hint_request(found.v[0].hint);
	EXPECT_INT(t, pool_release(bus, &wide, "", &masks, &change, &again), 0);
	EXPECT_INT(t, again.n, 0);
	EXPECT(t, qset_equal(&change.named, &least));
}

/* Queues of the small machine, whether they exist or not; perhaps a product beside them. */
static struct pool_request random_queues(uint32_t *state)
{
	struct pool_request request = { .exact = true };

	if (random_next(state) % 3 == 0)
		request = random_request(state);
	for (unsigned n = random_next(state) % 6; n > 0; n--)
		qset_add(&request.queues, small[random_next(state) % 4],
			 small[random_next(state) % 4]);
	return request;
}

/* Are these masks exact: nothing named is the host's, and nothing else has left it? */
static bool is_exact(const struct apbus *bus, const struct qset *named,
		     const struct apbus_masks *masks)
{
	struct qset host, moved;

	masks_host(&host, masks);
	qset_and(&host, named);
	moved_queues(&moved, bus, &bus->masks, masks);
	return qset_is_empty(&host) && qset_contains(named, &moved);
}

/* Found exactly when there are such masks, and the fewest queues when there are none. */
static void check_exact(struct test *t, const struct scene *s, const struct pool_request *request)
{
	const struct apbus *bus = &s->now.bus;
	struct apbus_masks masks = bus->masks, other;
	struct pool_change change;
	struct pool_request least;
	struct qset named, also, moved;
	bool exists = false;
	unsigned i = 0;

	pool_request_queues(&named, request);
	while (!exists && next_masks(&i, &bus->masks, false, &other))
		exists = is_exact(bus, &named, &other);
	EXPECT_INT(t, pool_reserve_exact(bus, request, &masks, &change), exists);
	if (exists) {
		EXPECT(t, is_exact(bus, &named, &masks));
		EXPECT(t, qset_is_empty(&change.also));
		moved_queues(&moved, bus, &bus->masks, &masks);
		EXPECT(t, qset_equal(&change.named, &moved));
		return;
	}

	EXPECT(t, vfioap_mask_equal(&masks.apmask, &bus->masks.apmask));
	EXPECT(t, vfioap_mask_equal(&masks.aqmask, &bus->masks.aqmask));
	pool_reserve_least(bus, request, &masks, &least, &also);
	EXPECT(t, !qset_is_empty(&also));
	EXPECT(t, least.has_adapters != least.has_domains);
	pool_reserve(bus, &least, &masks, &change);
	masks_host(&moved, &masks);
	qset_and(&moved, &named);
	EXPECT(t, qset_is_empty(&moved));
	moved_queues(&moved, bus, &bus->masks, &masks);
	qset_andnot(&moved, &named);
	EXPECT(t, qset_equal(&moved, &also));
}

/* A release of single queues moves them alone, and is found when there are such masks. */
static void check_release_queues(struct test *t, const struct scene *s,
				 const struct pool_request *request)
{
	_cleanup_(findings_done) struct findings found = { 0 };
	const struct apbus *bus = &s->now.bus;
	struct apbus_masks masks = bus->masks, other;
	struct pool_change change;
	struct qset named, host, moved;
	bool exists = false;
	unsigned i = 0;

	pool_request_queues(&named, request);
	while (!exists && next_masks(&i, &bus->masks, true, &other)) {
		masks_host(&host, &other);
		moved_queues(&moved, bus, &other, &bus->masks);
		exists = qset_contains(&host, &named) && qset_contains(&named, &moved);
	}
	EXPECT_INT(t, pool_release(bus, request, "", &masks, &change, &found), 0);
	EXPECT_INT(t, found.n == 0, exists);
	masks_host(&host, &masks);
	if (exists)
		EXPECT(t, qset_contains(&host, &named) && qset_is_empty(&change.also));
}

static void test_random(struct test *t, struct scene *s)
{
	uint32_t seed = (uint32_t)time(NULL) | 1, state = seed;
	const char *given = getenv("SEED");
	unsigned rounds = test_rounds(1000);
	unsigned long value;

	if (given && str_ulong_parse(&given, 10, UINT32_MAX, &value) == 0)
		seed = state = (uint32_t)value | 1;
	test_case(t, "all masks of %u random machines, seed %u", rounds, seed);
	for (unsigned i = 0; i < rounds && !t->bad; i++) {
		struct pool_request request = random_request(&state);

		random_scene(s, &state);
		check_reserve(t, s, &request);
		check_release(t, s, &request);
		request = random_queues(&state);
		check_exact(t, s, &request);
		check_release_queues(t, s, &request);
	}
}

int main(void)
{
	_cleanup_free_ struct scene *s = malloc(sizeof(*s));
	struct test t = { 0 };

	test_reserve(&t, s);
	test_release(&t, s);
	test_exact(&t, s);
	test_random(&t, s);
	return test_done(&t);
}
