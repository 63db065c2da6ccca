/* SPDX-License-Identifier: MIT */
/*
 * What a guest sees, predicted and held against the simulated kernel, which shares no code with
 * it: random machines of every kernel that filters, random use of files and hardware.  The kernel
 * is then made to filter, and guest_matrix is what was predicted, or a reset had failed; what the
 * guest does not see has a reason.
 *
 *	test_guest [STATES [SEED]]
 */
#include "guest.h"

#include <time.h>

#include "../../sim/machine.h"
#include "paths.h"
#include "scene.h"
#include "str.h"

#define STATES	   300
#define OPERATIONS 60

#define DIR_BUS	   "sys/bus/ap/"
#define DIR_MATRIX "sys/devices/vfio_ap/matrix/"
#define CREATE	   DIR_MATRIX "mdev_supported_types/vfio_ap-passthrough/create"

static const char *const kernels[] = { "6.1", "6.12", "6.19", "7.3" };
static const char *const uuids[] = { UUID_A, UUID_B, UUID_C };

/* The last of each is not there at first. */
static const unsigned adapters[] = { 4, 5, 6, 9 }, domains[] = { 3, 4, 0x47, 9 };

struct score {
	unsigned long states, devices, filtered, seen, hidden, failed;
};

/* ---- random ----------------------------------------------------------------------------- */

struct dice {
	uint64_t state;
};

static unsigned roll(struct dice *d, unsigned n)
{
	d->state = d->state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (unsigned)(d->state >> 33) % n;
}

static unsigned roll_id(struct dice *d, const unsigned id[4])
{
	return id[roll(d, roll(d, 3) ? 3 : 4)];
}

/* ---- the simulated machine ------------------------------------------------------------------ */

/* @trouble: adapters that a reset may have failed of */
struct state {
	struct machine *m;
	struct dice d;
	const char *kernel;
	struct vfioap_mask trouble;
	bool has_guest[ARRAY_SIZE(uuids)];
};

static int put(struct state *s, const char *path, const char *text)
{
	struct node node;
	ssize_t n;
	int rc = machine_find(s->m, path, &node);

	if (rc < 0)
		return rc;
	n = machine_write(s->m, &node, text, strlen(text), NULL, NULL);
	return n < 0 ? (int)n : 0;
}

static bool get(struct state *s, const char *path, char page[MACHINE_PAGE])
{
	struct node node;
	ssize_t n;

	if (machine_find(s->m, path, &node) < 0)
		return false;
	n = machine_read(s->m, &node, page);
	page[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

static void ctl(struct state *s, const char *verb, const char *what, unsigned id)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	char number[8];
	const char *const change[] = { verb, what, number }, *const scan[] = { "scan" };
	const char *const card[] = { verb, what, number, "CEX7C" };
	bool add = strcmp(verb, "card") == 0 && strcmp(what, "add") == 0;

	if (!out)
		abort();
	snprintf(number, sizeof(number), "%u", id);
	machine_ctl(s->m, add ? 4 : 3, add ? card : change, out, NULL);
	if (roll(&s->d, 4))
		machine_ctl(s->m, 1, scan, out, NULL);
	fclose(out);
}

static void boot(struct state *s)
{
	struct lpar lpar = { .max_adapter = 255, .max_domain = 255, .vfio_ap = true };
	const struct machine_hooks hooks = { 0 };

	for (unsigned i = 0; i < 3; i++) {
		struct lpar_card *card = &lpar.card[adapters[i]];

		*card = (struct lpar_card){ .present = true, .config = true };
		snprintf(card->type, sizeof(card->type), "CEX7C");
		vfioap_mask_set(&lpar.usage, domains[i]);
	}
	lpar.control = lpar.usage;
	if (machine_new(&lpar, traits_find(s->kernel), &hooks, &s->m, NULL) < 0)
		abort();
}

/* ---- random use --------------------------------------------------------------------------------
 */

static void use_mask(struct state *s)
{
	const bool ap = roll(&s->d, 2);
	char text[16];

	snprintf(text, sizeof(text), "%c%u", roll(&s->d, 3) ? '-' : '+',
		 roll_id(&s->d, ap ? adapters : domains));
	put(s, ap ? DIR_BUS "apmask" : DIR_BUS "aqmask", text);
}

static void use_driver(struct state *s)
{
	static const char *const files[] = { DIR_BUS "drivers/vfio_ap/unbind",
					     DIR_BUS "drivers/cex4queue/unbind",
					     DIR_BUS "drivers_probe", DIR_BUS "drivers_probe" };
	char queue[QUEUE_SIZE];

	queue_format(roll_id(&s->d, adapters), roll_id(&s->d, domains), queue);
	put(s, files[roll(&s->d, ARRAY_SIZE(files))], queue);
}

static void use_override(struct state *s)
{
	char path[PATH_SIZE];

	path_queue(path, roll_id(&s->d, adapters), roll_id(&s->d, domains), "driver_override");
	put(s, path, roll(&s->d, 3) ? "vfio_ap\n" : "\n");
}

static void use_device(struct state *s, unsigned i)
{
	static const char *const files[] = { "assign_adapter", "assign_domain",
					     "assign_control_domain" };
	const unsigned what = roll(&s->d, ARRAY_SIZE(files));
	char path[PATH_SIZE], name[32], text[8];

	if (roll(&s->d, 5) == 0) {
		put(s, CREATE, uuids[i]);
		return;
	}
	snprintf(name, sizeof(name), "%s%s", roll(&s->d, 3) ? "" : "un", files[what]);
	snprintf(text, sizeof(text), "%u", roll_id(&s->d, what ? domains : adapters));
	put(s, path_mdev(path, uuids[i], name), text);
}

static void use_guest(struct state *s, unsigned i)
{
	char path[PATH_SIZE], target[256];
	struct node node;

	if (machine_readlink(s->m, path_mdev(path, uuids[i], "iommu_group"), target,
			     sizeof(target)) < 0)
		return;
	snprintf(path, sizeof(path), "dev/vfio/%s", strrchr(target, '/') + 1);
	if (machine_find(s->m, path, &node) < 0)
		return;
	if (s->has_guest[i])
		machine_group_release(s->m, &node);
	else if (machine_group_open(s->m, &node, 4711) < 0)
		return;
	else
		machine_group_attach(s->m, &node);
	s->has_guest[i] = !s->has_guest[i];
}

/* Resets of what is not there fail, before 6.2 also those of what is off. */
static void use_hardware(struct state *s)
{
	static const char *const cards[] = { "remove", "add",	 "add",	      "deconfig",
					     "config", "config", "unchkstop", "chkstop" };
	const char *what = cards[roll(&s->d, ARRAY_SIZE(cards))];
	unsigned apid;

	if (roll(&s->d, 3) == 0) {
		ctl(s, "domain", roll(&s->d, 3) ? "add" : "remove", roll_id(&s->d, domains));
		s->trouble = ids("all");
		return;
	}
	apid = roll_id(&s->d, adapters);
	ctl(s, "card", what, apid);
	if (strcmp(what, "remove") == 0 || strcmp(s->kernel, "6.1") == 0)
		vfioap_mask_set(&s->trouble, apid);
}

static void use(struct state *s)
{
	const unsigned device = roll(&s->d, ARRAY_SIZE(uuids));

	switch (roll(&s->d, 16)) {
	case 0: use_guest(s, device); break;
	case 1: use_hardware(s); break;
	case 2:
	case 3: use_mask(s); break;
	case 4:
	case 5: use_driver(s); break;
	case 6: use_override(s); break;
	default: use_device(s, device); break;
	}
}

/* ---- what is there ------------------------------------------------------------------------------
 */

static struct vfioap_mask read_mask(struct state *s, const char *path)
{
	struct vfioap_mask mask = { { 0 } };
	char page[MACHINE_PAGE];

	if (!get(s, path, page) || vfioap_hex_parse(str_chomp(page), false, &mask, NULL) < 0)
		abort();
	return mask;
}

static void read_bus(struct state *s, struct apbus *bus)
{
	*bus = (struct apbus){ .present = true, .has_qci = true, .vfio_ap_loaded = true };
	bus->max_adapter = bus->max_domain = 255;
	bus->adapters = bus->cards = read_mask(s, DIR_BUS "ap_adapter_mask");
	bus->usage = read_mask(s, DIR_BUS "ap_usage_domain_mask");
	bus->control = read_mask(s, DIR_BUS "ap_control_domain_mask");
	for (unsigned i = 0; i < 16; i++) {
		unsigned apid = adapters[i / 4], apqi = domains[i % 4];
		char path[PATH_SIZE], target[256];
		struct node node;

		if (machine_find(s->m, path_queue(path, apid, apqi, NULL), &node) < 0)
			continue;
		qset_add(&bus->queues, apid, apqi);
		path_queue(path, apid, apqi, "driver");
		if (machine_readlink(s->m, path, target, sizeof(target)) == 0)
			qset_add(strstr(target, "/vfio_ap") ? &bus->vfio_driver : &bus->host_driver,
				 apid, apqi);
	}
}

/* Lines "05.0004", "05.", ".0004" */
static struct matrix read_matrix(struct state *s, const char *uuid, const char *file)
{
	char path[PATH_SIZE], page[MACHINE_PAGE], *rest = page, *line;
	struct matrix m = { 0 };

	if (!get(s, path_mdev(path, uuid, file), page))
		abort();
	while ((line = strsep(&rest, "\n"))) {
		const char *p = line;
		unsigned long id;

		if (*line && *line != '.' && str_ulong_parse(&p, 16, 255, &id) == 0)
			vfioap_mask_set(&m.adapters, (unsigned)id);
		p = strchr(line, '.');
		if (p && *++p && str_ulong_parse(&p, 16, 255, &id) == 0)
			vfioap_mask_set(&m.domains, (unsigned)id);
	}
	return m;
}

/*
 * Have it filtered without a change: its ap_config, or else one adapter taken out and put back.
 * Return: false when this kernel, in this state, does not do that.
 */
static bool filter(struct state *s, const char *uuid)
{
	const struct matrix m = read_matrix(s, uuid, "matrix");
	unsigned first = vfioap_mask_next(&m.adapters, 0);
	char path[PATH_SIZE], page[MACHINE_PAGE];

	if (get(s, path_mdev(path, uuid, "ap_config"), page))
		return put(s, path, page) == 0;
	if (first == VFIOAP_IDS)
		return false;
	snprintf(page, sizeof(page), "%u", first);
	return put(s, path_mdev(path, uuid, "unassign_adapter"), page) == 0 &&
	       put(s, path_mdev(path, uuid, "assign_adapter"), page) == 0;
}

/* ---- what is said
 * ---------------------------------------------------------------------------------- */

static bool is_out(const struct matrix *guest, unsigned apid, unsigned apqi)
{
	return !vfioap_mask_has(&guest->adapters, apid) || !vfioap_mask_has(&guest->domains, apqi);
}

/* Each queue that is out has a reason, of its own or of its adapter; and no other has one. */
static void expect_reasons(struct test *t, const struct apbus *bus, const struct matrix *matrix,
			   const struct matrix *guest, struct score *score)
{
	VFIOAP_MASK_FOREACH(apid, &matrix->adapters) {
		struct guest_filtered filtered[GUEST_REASONS];
		size_t n = guest_filtered(bus, matrix, guest, apid, filtered);
		struct vfioap_mask own = { { 0 } };

		for (size_t i = 0; i < n; i++)
			own = vfioap_mask_or(own, filtered[i].domains);
		VFIOAP_MASK_FOREACH(apqi, &matrix->domains) {
			const bool out = is_out(guest, apid, apqi);

			score->hidden += out;
			score->seen += !out;
			EXPECT(t, out || !vfioap_mask_has(&own, apqi));
			EXPECT(t, !out || vfioap_mask_has(&own, apqi) ||
					  guest_adapter_reason(filtered, n));
		}
		if (vfioap_mask_has(&guest->adapters, apid))
			EXPECT(t, !guest_adapter_reason(filtered, n));
	}
}

static bool has_reset_failed(const struct apbus *bus, const struct matrix *matrix,
			     const struct matrix *guest, unsigned apid)
{
	struct guest_filtered filtered[GUEST_REASONS];
	size_t n = guest_filtered(bus, matrix, guest, apid, filtered);
	const char *reason = guest_adapter_reason(filtered, n);

	return reason && strcmp(reason, "reset-failed") == 0;
}

static void expect_guest(struct test *t, struct state *s, const char *uuid, struct apbus *bus,
			 struct score *score)
{
	struct matrix matrix = read_matrix(s, uuid, "matrix");
	struct matrix guest, said;
	struct vfioap_mask failed;

	expect_reasons(t, bus, &matrix, &(struct matrix){ 0 }, &(struct score){ 0 });
	if (!filter(s, uuid))
		return;
	score->filtered++;
	matrix = read_matrix(s, uuid, "matrix");
	guest = read_matrix(s, uuid, "guest_matrix");
	said = snapshot_predict_guest(bus, &matrix);
	failed = vfioap_mask_andnot(said.adapters, guest.adapters);

	EXPECT(t, vfioap_mask_equal(&guest.domains, &said.domains));
	EXPECT(t, vfioap_mask_contains(&said.adapters, &guest.adapters));
	EXPECT(t, vfioap_mask_contains(&s->trouble, &failed));
	VFIOAP_MASK_FOREACH(apid, &failed)
		EXPECT(t, has_reset_failed(bus, &matrix, &guest, apid));
	score->failed += vfioap_mask_count(&failed);
	expect_reasons(t, bus, &matrix, &guest, score);
}

static void one(struct test *t, struct state *s, struct apbus *bus, struct score *score)
{
	unsigned n = roll(&s->d, OPERATIONS);

	boot(s);
	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++)
		put(s, CREATE, uuids[i]);
	if (roll(&s->d, 4))
		put(s, DIR_BUS "aqmask", "-3,-4,-0x47,-9");
	else
		use_mask(s);
	while (n--)
		use(s);
	score->states++;
	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++) {
		char path[PATH_SIZE];
		struct node node;

		if (machine_find(s->m, path_mdev(path, uuids[i], "matrix"), &node) < 0)
			continue;
		score->devices++;
		read_bus(s, bus);
		expect_guest(t, s, uuids[i], bus, score);
	}
	machine_free(s->m);
}

static unsigned long number(const char *text, unsigned long otherwise)
{
	unsigned long value;

	return text && str_ulong_parse(&text, 10, UINT32_MAX, &value) == 0 ? value : otherwise;
}

int main(int argc, char **argv)
{
	_cleanup_free_ struct apbus *bus = malloc(sizeof(*bus));
	unsigned long states = number(argc > 1 ? argv[1] : NULL, test_rounds(STATES));
	unsigned long seed = number(argc > 2 ? argv[2] : getenv("SEED"), (unsigned)time(NULL));
	struct score score = { 0 };
	struct test t = { 0 };

	for (unsigned long i = 0; i < states && !t.bad; i++) {
		struct state s = { .d = { .state = (seed + i) * 2654435761U } };

		s.kernel = kernels[roll(&s.d, ARRAY_SIZE(kernels))];
		test_case(&t, "state %lu of seed %lu, Linux %s: test_guest 1 %lu", i, seed,
			  s.kernel, seed + i);
		one(&t, &s, bus, &score);
	}
	printf("seed %lu: %lu states, %lu devices, %lu filtered: %lu queues seen, %lu hidden,"
	       " %lu adapters whose reset failed\n",
	       seed, score.states, score.devices, score.filtered, score.seen, score.hidden,
	       score.failed);
	EXPECT(&t,
	       t.bad || states < STATES || (score.hidden > states / 4 && score.seen > states / 4));
	return test_done(&t);
}
