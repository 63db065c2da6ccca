/* SPDX-License-Identifier: MIT */
/*
 * What plan.c says of each write and of its undo, held against the simulated kernel, which
 * shares no code with it: random machines of every kernel, random wishes.  Plans of wishes in
 * which conflict.c finds nothing wrong are taken by the kernel to their last step.
 *
 *	test_undo [PLANS [SEED]]
 */
#include <errno.h>
#include <time.h>

#include "../../sim/machine.h"
#include "conflict.h"
#include "paths.h"
#include "plan.h"
#include "scene.h"
#include "str.h"

#define PLANS 500

#define DIR_BUS	   "sys/bus/ap/"
#define DIR_MATRIX "sys/devices/vfio_ap/matrix/"
#define CREATE	   DIR_MATRIX "mdev_supported_types/vfio_ap-passthrough/create"

static const char *const kernels[] = { "5.15", "6.1", "6.12", "6.19", "7.3" };
static const char *const uuids[] = { UUID_A, UUID_B, UUID_C };

/* Adapters and domains: some have queues, 9 has none. */
static const unsigned adapters[] = { 4, 5, 6, 9 }, domains[] = { 3, 4, 0x47, 9 };

/* ---- random ----------------------------------------------------------------------------- */

struct dice {
	uint64_t state;
};

static unsigned roll(struct dice *d, unsigned n)
{
	d->state = d->state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (unsigned)(d->state >> 33) % n;
}

/* Each of four IDs with a chance of 1 in @n; the last, which has no queue, more rarely. */
static struct vfioap_mask roll_ids(struct dice *d, const unsigned id[4], unsigned n)
{
	struct vfioap_mask m = { { 0 } };

	for (unsigned i = 0; i < 4; i++)
		if (roll(d, i == 3 ? n * 3 : n) == 0)
			vfioap_mask_set(&m, id[i]);
	return m;
}

/* ---- the simulated machine ------------------------------------------------------------------ */

/* The writes that made a machine, to make it again. */
struct history {
	struct {
		char path[160], text[224];
	} write[128];
	size_t n;
	int guest; /* number of the group that a guest has, or -1 */
};

static int machine_put(struct machine *m, const char *path, const char *text)
{
	struct node node;
	ssize_t n;
	int rc = machine_find(m, path, &node);

	if (rc < 0)
		return rc;
	n = machine_write(m, &node, text, strlen(text), NULL, NULL);
	return n < 0 ? (int)n : 0;
}

static bool machine_get(struct machine *m, const char *path, char page[MACHINE_PAGE])
{
	struct node node;
	ssize_t n;

	if (machine_find(m, path, &node) < 0)
		return false;
	n = machine_read(m, &node, page);
	page[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

static struct machine *machine_boot(const char *kernel)
{
	struct lpar lpar = { .max_adapter = 255, .max_domain = 255, .vfio_ap = true };
	const struct machine_hooks hooks = { 0 };
	struct machine *m;

	for (unsigned i = 0; i < 3; i++) {
		struct lpar_card *card = &lpar.card[adapters[i]];

		*card = (struct lpar_card){ .present = true, .config = true };
		snprintf(card->type, sizeof(card->type), "CEX7C");
		vfioap_mask_set(&lpar.usage, domains[i]);
	}
	lpar.control = lpar.usage;
	if (machine_new(&lpar, traits_find(kernel), &hooks, &m, NULL) < 0)
		abort();
	return m;
}

static bool guest_enter(struct machine *m, int group)
{
	struct node node;
	char path[32];

	snprintf(path, sizeof(path), "dev/vfio/%d", group);
	return group >= 0 && machine_find(m, path, &node) == 0 &&
	       machine_group_open(m, &node, 4711) == 0 && machine_group_attach(m, &node) == 0;
}

/* The machine as it was after @h->n writes. */
static struct machine *machine_again(const char *kernel, const struct history *h)
{
	struct machine *m = machine_boot(kernel);

	for (size_t i = 0; i < h->n; i++)
		machine_put(m, h->write[i].path, h->write[i].text);
	guest_enter(m, h->guest);
	return m;
}

static void machine_done(struct machine **m)
{
	machine_free(*m);
}

static int history_add(struct machine *m, struct history *h, const char *path, const char *text)
{
	int rc;

	if (h->n == ARRAY_SIZE(h->write))
		abort();
	rc = machine_put(m, path, text);
	if (rc < 0)
		return rc;
	snprintf(h->write[h->n].path, sizeof(h->write[0].path), "%s", path);
	snprintf(h->write[h->n].text, sizeof(h->write[0].text), "%s", text);
	h->n++;
	return 0;
}

/* ---- random machines --------------------------------------------------------------------------
 */

static void random_masks(struct dice *d, struct machine *m, struct history *h)
{
	for (unsigned i = 0; i < 2; i++) {
		struct vfioap_mask mask = vfioap_mask_not(roll_ids(d, i ? domains : adapters, 2));
		char hex[VFIOAP_HEX_SIZE];

		history_add(m, h, i ? DIR_BUS "aqmask" : DIR_BUS "apmask",
			    vfioap_hex_format(&mask, hex));
	}
}

/* Queues with an override, mostly with the driver that it names. */
static void random_overrides(struct dice *d, struct machine *m, struct history *h)
{
	for (unsigned i = 0; i < 9; i++) {
		char queue[QUEUE_SIZE], path[PATH_SIZE];
		unsigned apid = adapters[i / 3], apqi = domains[i % 3];

		if (roll(d, 3) == 0)
			continue;
		queue_format(apid, apqi, queue);
		if (history_add(m, h, path_queue(path, apid, apqi, "driver_override"), "vfio_ap") <
			    0 ||
		    roll(d, 4) == 0)
			continue;
		history_add(m, h, DIR_BUS "drivers/cex4queue/unbind", queue);
		if (roll(d, 5))
			history_add(m, h, DIR_BUS "drivers_probe", queue);
	}
}

static void random_device(struct dice *d, struct machine *m, struct history *h, const char *uuid)
{
	static const char *const files[] = { "assign_adapter", "assign_domain",
					     "assign_control_domain" };

	if (roll(d, 4) == 0 || history_add(m, h, CREATE, uuid) < 0)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		struct vfioap_mask ids = roll_ids(d, i ? domains : adapters, 3);

		VFIOAP_MASK_FOREACH(id, &ids) {
			char path[160], text[8];

			snprintf(path, sizeof(path), DIR_MATRIX "%s/%s", uuid, files[i]);
			snprintf(text, sizeof(text), "%u", id);
			history_add(m, h, path, text);
		}
	}
}

/* A queue by hand with no driver, or without the override that it was assigned with. */
static void random_damage(struct dice *d, struct machine *m, struct history *h)
{
	unsigned apid = adapters[roll(d, 3)], apqi = domains[roll(d, 3)];
	char queue[QUEUE_SIZE], path[PATH_SIZE];

	queue_format(apid, apqi, queue);
	switch (roll(d, 8)) {
	case 0: history_add(m, h, path_queue(path, apid, apqi, "driver_override"), "\n"); break;
	case 1: history_add(m, h, DIR_BUS "drivers/vfio_ap/unbind", queue); break;
	case 2: history_add(m, h, DIR_BUS "drivers/cex4queue/unbind", queue); break;
	default: break;
	}
}

static struct machine *random_machine(struct dice *d, const char *kernel, struct history *h)
{
	struct machine *m = machine_boot(kernel);
	bool overrides = roll(d, 3) == 0;

	*h = (struct history){ .guest = -1 };
	if (overrides)
		random_overrides(d, m, h);
	else
		random_masks(d, m, h);
	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++)
		random_device(d, m, h, uuids[i]);
	random_damage(d, m, h);
	h->guest = roll(d, 4) == 0 ? (int)roll(d, 3) : -1;
	if (!guest_enter(m, h->guest))
		h->guest = -1; /* and later no new device is taken for that one */
	return m;
}

/* ---- a snapshot of it --------------------------------------------------------------------------
 */

static struct vfioap_mask read_mask(struct machine *m, const char *path)
{
	struct vfioap_mask mask = { { 0 } };
	char page[MACHINE_PAGE];

	if (!machine_get(m, path, page) ||
	    vfioap_hex_parse(str_chomp(page), false, &mask, NULL) < 0)
		abort();
	return mask;
}

static void read_queue(struct machine *m, struct apbus *bus, unsigned apid, unsigned apqi)
{
	char path[PATH_SIZE], target[256], page[MACHINE_PAGE];
	struct node node;

	qset_add(&bus->queues, apid, apqi);
	if (machine_find(m, path_queue(path, apid, apqi, "driver"), &node) == 0 &&
	    machine_readlink(m, path, target, sizeof(target)) == 0)
		qset_add(strstr(target, "/vfio_ap") ? &bus->vfio_driver : &bus->host_driver, apid,
			 apqi);
	if (!machine_get(m, path_queue(path, apid, apqi, "driver_override"), page))
		return;
	bus->override_known = true;
	if (*str_chomp(page))
		qset_add(&bus->override, apid, apqi);
	if (strcmp(page, "vfio_ap") == 0)
		qset_add(&bus->override_vfio, apid, apqi);
}

static bool has_file(struct machine *m, const char *path)
{
	struct node node;

	return machine_find(m, path, &node) == 0;
}

static void read_bus(struct machine *m, struct apbus *bus)
{
	*bus = (struct apbus){ .present = true, .has_qci = true, .vfio_ap_loaded = true };
	bus->max_adapter = bus->max_domain = 255;
	bus->bindings_complete_count = has_file(m, DIR_BUS "bindings_complete_count");
	bus->has_features = has_file(m, DIR_BUS "features");
	bus->masks.apmask = read_mask(m, DIR_BUS "apmask");
	bus->masks.aqmask = read_mask(m, DIR_BUS "aqmask");
	bus->adapters = bus->cards = read_mask(m, DIR_BUS "ap_adapter_mask");
	bus->usage = read_mask(m, DIR_BUS "ap_usage_domain_mask");
	bus->control = read_mask(m, DIR_BUS "ap_control_domain_mask");
	VFIOAP_MASK_FOREACH(apid, &bus->adapters)
		VFIOAP_MASK_FOREACH(apqi, &bus->usage)
			read_queue(m, bus, apid, apqi);
}

/* Lines "05.0004", "05.", ".0004" */
static void read_matrix(char *page, struct matrix *ret)
{
	char *line;

	while ((line = strsep(&page, "\n"))) {
		const char *p = line;
		unsigned long id;

		if (*line && *line != '.' && str_ulong_parse(&p, 16, 255, &id) == 0)
			vfioap_mask_set(&ret->adapters, (unsigned)id);
		p = strchr(line, '.');
		if (p && *++p && str_ulong_parse(&p, 16, 255, &id) == 0)
			vfioap_mask_set(&ret->domains, (unsigned)id);
	}
}

static void read_device(struct machine *m, struct scene *s, const char *uuid, int guest)
{
	char path[PATH_SIZE], page[MACHINE_PAGE], target[256];
	struct matrix matrix = { 0 };
	struct mdev *mdev;
	char *line, *rest = page;

	if (!machine_get(m, path_mdev(path, uuid, "matrix"), page))
		return;
	read_matrix(page, &matrix);
	machine_get(m, path_mdev(path, uuid, "control_domains"), page);
	while ((line = strsep(&rest, "\n"))) {
		const char *p = line;
		unsigned long id;

		if (str_ulong_parse(&p, 16, 255, &id) == 0)
			vfioap_mask_set(&matrix.controls, (unsigned)id);
	}
	mdev = scene_active(s, uuid, matrix);
	if (machine_readlink(m, path_mdev(path, uuid, "iommu_group"), target, sizeof(target)) == 0)
		mdev->group = strrchr(target, '/')[1] - '0';
	if (machine_get(m, path_mdev(path, uuid, "guest_matrix"), page)) {
		s->now.mdevs.has_guest_matrix = true;
		matrix = (struct matrix){ 0 };
		read_matrix(page, &matrix);
		scene_guest(s, mdev, matrix);
	}
	s->now.mdevs.has_ap_config |= has_file(m, path_mdev(path, uuid, "ap_config"));
	if (mdev->group == guest)
		scene_holder(s, mdev, "web1");
}

static void read_scene(struct machine *m, struct scene *s, int guest)
{
	char page[MACHINE_PAGE];

	scene_init(s, "", "");
	s->now.mdevs.has_ap_config = s->now.mdevs.has_guest_matrix = false;
	read_bus(m, &s->now.bus);
	s->now.mdevs.has_vfio_dev = has_file(m, "sys/class/vfio-dev");
	if (machine_get(m, DIR_MATRIX "features", page)) {
		s->now.mdevs.has_features = true;
		s->now.mdevs.has_ap_config = strstr(page, "ap_config") != NULL;
		s->now.mdevs.has_guest_matrix = strstr(page, "guest_matrix") != NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++)
		read_device(m, s, uuids[i], guest);
}

/* ---- random wishes -------------------------------------------------------------------------- */

static void random_wish(struct dice *d, struct scene *s, struct wish *want)
{
	bool masks = roll(d, 3) == 0;

	if (masks && roll(d, 2))
		want->masks.apmask = vfioap_mask_not(roll_ids(d, adapters, 2));
	if (masks)
		want->masks.aqmask = vfioap_mask_not(roll_ids(d, domains, 2));
	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++) {
		struct wish_device *device = wish_device(want, uuids[i]);

		if (!device && (roll(d, 3) || wish_device_add(want, uuids[i], &device) < 0))
			continue;
		device->refresh = roll(d, 6) == 0 && s->now.mdevs.has_guest_matrix;
		if (roll(d, 2))
			device->matrix.adapters = roll_ids(d, adapters, 3);
		if (roll(d, 2))
			device->matrix.domains = roll_ids(d, domains, 3);
		if (roll(d, 4) == 0)
			device->matrix.controls = roll_ids(d, domains, 3);
	}
}

/* ---- what is said, and what is answered --------------------------------------------------------
 */

struct score {
	unsigned long plans, steps, refused, rejected, sound;
};

static void play(struct test *t, const char *kernel, struct history *h, const struct plan *plan,
		 bool is_sound, struct score *score)
{
	_cleanup_(machine_done) struct machine *m = machine_again(kernel, h);

	for (size_t i = 0; i < plan->n_steps && !t->bad; i++) {
		const struct plan_step *step = &plan->step[i];
		int rc = history_add(m, h, step->path, step->text);

		score->steps++;
		score->rejected += rc < 0;
		if (rc != step->answer)
			test_fail(t, __FILE__, __LINE__,
				  "Linux %s: echo %s > %s: answer %d, said %d", kernel, step->text,
				  step->path, rc, step->answer);
		if (is_sound && rc < 0)
			test_fail(t, __FILE__, __LINE__,
				  "Linux %s: no conflict, but echo %s > %s: answer %d", kernel,
				  step->text, step->path, rc);
		if (rc < 0)
			return; /* from here on the plan is of another state */
		if (step->undo_path) {
			_cleanup_(machine_done) struct machine *copy = machine_again(kernel, h);

			rc = machine_put(copy, step->undo_path, step->undo_text);
			score->refused += rc < 0;
			if ((rc < 0) != step->refused)
				test_fail(t, __FILE__, __LINE__,
					  "Linux %s: after echo %s > %s: undo echo %s > %s: "
					  "answer %d, said %d",
					  kernel, step->text, step->path, step->undo_text,
					  step->undo_path, rc, step->refused);
		}
	}
}

static void one(struct test *t, struct dice *d, struct scene *s, struct score *score)
{
	const char *kernel = kernels[roll(d, ARRAY_SIZE(kernels))];
	static const struct findings none;
	_cleanup_(findings_done) struct findings findings = none;
	_cleanup_(plan_done) struct plan plan = { 0 };
	_cleanup_(wish_freep) struct wish *want = NULL;
	struct history h;
	_cleanup_(machine_done) struct machine *m = random_machine(d, kernel, &h);

	read_scene(m, s, h.guest);
	want = wish_new(&s->now);
	random_wish(d, s, want);
	EXPECT_INT(t, conflict_find(&s->now, want, CONFLICT_FORCE, &findings), 0);
	EXPECT_INT(t, plan_build(&s->now, want, &plan, NULL), 0);
	score->plans++;
	score->sound += !findings.n_errors && plan.n_steps;
	play(t, kernel, &h, &plan, !findings.n_errors, score);
}

static unsigned long number(const char *text, unsigned long otherwise)
{
	unsigned long value;

	return text && str_ulong_parse(&text, 10, UINT32_MAX, &value) == 0 ? value : otherwise;
}

int main(int argc, char **argv)
{
	_cleanup_free_ struct scene *s = malloc(sizeof(*s));
	unsigned long plans = number(argc > 1 ? argv[1] : NULL, test_rounds(PLANS));
	unsigned long seed = number(argc > 2 ? argv[2] : getenv("SEED"), (unsigned)time(NULL));
	struct score score = { 0 };
	struct test t = { 0 };

	for (unsigned long i = 0; i < plans && !t.bad; i++) {
		struct dice d = { .state = (seed + i) * 2654435761U };

		test_case(&t, "plan %lu of seed %lu: test_undo 1 %lu", i, seed, seed + i);
		one(&t, &d, s, &score);
	}
	printf("seed %lu: %lu plans, %lu without conflict; %lu steps, %lu not taken; %lu undos"
	       " refused\n",
	       seed, score.plans, score.sound, score.steps, score.rejected, score.refused);
	return test_done(&t);
}
