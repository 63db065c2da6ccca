/* SPDX-License-Identifier: MIT */
/*
 * The model under arbitrary use: random operations with the invariants checked
 * after each, and eight writers at once.
 *
 *	test_sim_model [OPERATIONS [SEED]]
 *
 * 5,000 operations on each kernel, or 100,000 with VFIOAP_TEST_LONG=1.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "test_sim.h"

static const char *const kernels[] = { "5.15", "6.1", "6.12", "6.19", "7.3" };

/* ---- random ------------------------------------------------------------------------------- */

struct dice {
	uint64_t state;
};

static unsigned roll(struct dice *d, unsigned n)
{
	d->state = d->state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (unsigned)(d->state >> 33) % n;
}

static unsigned roll_apid(struct dice *d)
{
	return 4 + roll(d, 4);
}

static unsigned roll_apqi(struct dice *d)
{
	static const unsigned domains[] = { 3, 4, 5, 0x47 };

	return domains[roll(d, ARRAY_SIZE(domains))];
}

#define DEVICES 4

struct player {
	struct sim *s;
	struct dice dice;
	bool may_block; /* remove devices that have guests */
	struct node guest[DEVICES];
	bool has_guest[DEVICES];
	struct node old; /* found some time ago */
	char path[160], text[MACHINE_PAGE];
};

static void uuid_of(unsigned i, char uuid[MACHINE_UUID_SIZE])
{
	snprintf(uuid, MACHINE_UUID_SIZE, "00000000-0000-4000-8000-%012x", i);
}

static int play_write(struct player *p)
{
	return sim_write(p->s, p->path, p->text);
}

static int play_mask(struct player *p)
{
	struct dice *d = &p->dice;
	bool ap = roll(d, 2);
	unsigned id = ap ? roll_apid(d) : roll_apqi(d);

	snprintf(p->path, sizeof(p->path), BUS "a%cmask", ap ? 'p' : 'q');
	switch (roll(d, 6)) {
	case 0: snprintf(p->text, sizeof(p->text), "0x%0*d", 64, 0); break;
	case 1: snprintf(p->text, sizeof(p->text), "+0-255"); break;
	case 2: snprintf(p->text, sizeof(p->text), "+%u,-%u", id, id + 1); break;
	default: snprintf(p->text, sizeof(p->text), "%c%u", roll(d, 2) ? '+' : '-', id);
	}
	return play_write(p);
}

static int play_create(struct player *p)
{
	uuid_of(roll(&p->dice, DEVICES), p->text);
	snprintf(p->path, sizeof(p->path), TYPE "create");
	return play_write(p);
}

static int play_remove(struct player *p)
{
	unsigned i = roll(&p->dice, DEVICES);
	bool unbind = roll(&p->dice, 3) == 0;
	char uuid[MACHINE_UUID_SIZE];

	uuid_of(i, uuid);
	p->path[0] = '\0';
	if (p->has_guest[i] && !p->may_block)
		return 0;
	if (unbind)
		snprintf(p->path, sizeof(p->path), "sys/bus/mdev/drivers/vfio_ap_mdev/unbind");
	else
		snprintf(p->path, sizeof(p->path), MATRIX "%s/remove", uuid);
	snprintf(p->text, sizeof(p->text), "%s", unbind ? uuid : "1");
	return play_write(p);
}

/* Text of the hexadecimal mask of a few IDs */
static void hex_of(struct dice *d, bool adapters, char hex[VFIOAP_HEX_SIZE])
{
	struct vfioap_mask mask = { { 0 } };

	for (unsigned n = roll(d, 4); n; n--)
		vfioap_mask_set(&mask, adapters ? roll_apid(d) : roll_apqi(d));
	vfioap_hex_format(&mask, hex);
}

static int play_assign(struct player *p)
{
	static const char *const what[] = { "adapter", "domain", "control_domain" };
	char a[VFIOAP_HEX_SIZE], q[VFIOAP_HEX_SIZE], c[VFIOAP_HEX_SIZE];
	unsigned which = roll(&p->dice, 3);
	char uuid[MACHINE_UUID_SIZE];

	uuid_of(roll(&p->dice, DEVICES), uuid);
	if (roll(&p->dice, 5) == 0) {
		hex_of(&p->dice, true, a);
		hex_of(&p->dice, false, q);
		hex_of(&p->dice, false, c);
		snprintf(p->path, sizeof(p->path), MATRIX "%s/ap_config", uuid);
		snprintf(p->text, sizeof(p->text), "%s,%s,%s\n", a, q, c);
		return play_write(p);
	}
	snprintf(p->path, sizeof(p->path), MATRIX "%s/%sassign_%s", uuid,
		 roll(&p->dice, 3) ? "" : "un", what[which]);
	snprintf(p->text, sizeof(p->text), "%u", which ? roll_apqi(&p->dice) : roll_apid(&p->dice));
	return play_write(p);
}

static int play_binding(struct player *p)
{
	static const char *const files[] = { "drivers_probe", "drivers/cex4queue/bind",
					     "drivers/cex4queue/unbind", "drivers/vfio_ap/bind",
					     "drivers/vfio_ap/unbind" };
	unsigned which = roll(&p->dice, 40);

	snprintf(p->text, sizeof(p->text), "%02x.%04x", roll_apid(&p->dice), roll_apqi(&p->dice));
	if (which < 2) {
		/* Rarely: what nobody should do (K 3) */
		snprintf(p->path, sizeof(p->path), BUS "drivers/cex4card/%s",
			 which ? "bind" : "unbind");
		snprintf(p->text, sizeof(p->text), "card%02x", roll_apid(&p->dice));
		return play_write(p);
	}
	snprintf(p->path, sizeof(p->path), BUS "%s", files[which % ARRAY_SIZE(files)]);
	return play_write(p);
}

static int play_device_file(struct player *p)
{
	static const char *const overrides[] = { "vfio_ap\n", "\n", "cex4queue\n", "no\n" };
	unsigned apid = roll_apid(&p->dice), apqi = roll_apqi(&p->dice);

	switch (roll(&p->dice, 3)) {
	case 0:
		snprintf(p->path, sizeof(p->path), DEVS "card%02x/%02x.%04x/driver_override", apid,
			 apid, apqi);
		snprintf(p->text, sizeof(p->text), "%s", overrides[roll(&p->dice, 4)]);
		break;
	case 1:
		snprintf(p->path, sizeof(p->path), DEVS "card%02x/%s", apid,
			 roll(&p->dice, 2) ? "online" : "config");
		snprintf(p->text, sizeof(p->text), "%u", roll(&p->dice, 2));
		break;
	default:
		snprintf(p->path, sizeof(p->path), DEVS "card%02x/%02x.%04x/online", apid, apid,
			 apqi);
		snprintf(p->text, sizeof(p->text), "%u", roll(&p->dice, 2));
	}
	return play_write(p);
}

static int play_hardware(struct player *p)
{
	static const char *const types[] = { "CEX7C", "CEX8P", "CEX4A", "CEX3C" };
	static const char *const verbs[] = { "config", "deconfig", "chkstop", "unchkstop" };
	struct dice *d = &p->dice;

	switch (roll(d, 8)) {
	case 0:
		snprintf(p->text, sizeof(p->text), "card add %u %s", roll_apid(d),
			 types[roll(d, 4)]);
		break;
	case 1: snprintf(p->text, sizeof(p->text), "card remove %u", roll_apid(d)); break;
	case 2:
		snprintf(p->text, sizeof(p->text), "card %s %u", verbs[roll(d, 4)], roll_apid(d));
		break;
	case 3:
		snprintf(p->text, sizeof(p->text), "domain %s %u", roll(d, 2) ? "add" : "remove",
			 roll_apqi(d));
		break;
	case 4:
		snprintf(p->text, sizeof(p->text), "domain %s --%s %u",
			 roll(d, 2) ? "add" : "remove", roll(d, 2) ? "usage" : "control",
			 roll_apqi(d));
		break;
	case 5:
		/*
		 * Loaded over hardware that the bus has not seen, vfio_ap keeps for good what is
		 * gone again by the next scan: as the kernel, but not as machine_check() has it.
		 */
		sim_ctl(p->s, "scan");
		snprintf(p->text, sizeof(p->text), "module %s vfio_ap",
			 roll(d, 4) ? "load" : "unload");
		break;
	case 6:
		snprintf(p->text, sizeof(p->text), "module %s zcrypt_cex4",
			 roll(d, 4) ? "load" : "unload");
		break;
	default: snprintf(p->text, sizeof(p->text), "scan");
	}
	snprintf(p->path, sizeof(p->path), "CTL");
	return sim_ctl(p->s, p->text);
}

/* Guests come and go; each device has its own. */
static int play_guest(struct player *p)
{
	unsigned i = roll(&p->dice, DEVICES);
	char uuid[MACHINE_UUID_SIZE], target[160];
	int rc;

	snprintf(p->path, sizeof(p->path), "GUEST %s", p->has_guest[i] ? "stop" : "start");
	if (p->has_guest[i]) {
		machine_group_release(p->s->m, &p->guest[i]);
		p->has_guest[i] = false;
		return 0;
	}
	uuid_of(i, uuid);
	snprintf(p->text, sizeof(p->text), MATRIX "%s/iommu_group", uuid);
	rc = machine_readlink(p->s->m, p->text, target, sizeof(target));
	if (rc < 0)
		return rc;
	rc = sim_guest(p->s, (unsigned)(strrchr(target, '/')[1] - '0'), (pid_t)(1000 + i),
		       &p->guest[i]);
	p->has_guest[i] = rc == 0;
	return rc;
}

/* A file that was found long ago is read and written; what is behind it may be gone. */
static int play_old(struct player *p)
{
	char page[MACHINE_PAGE];
	struct node fresh;

	if (p->old.attr && p->old.mode & 0444)
		machine_read(p->s->m, &p->old, page);
	if (p->old.attr && p->old.mode & 0200)
		machine_write(p->s->m, &p->old, "4", 1, NULL, NULL);
	snprintf(p->text, sizeof(p->text), DEVS "card%02x/%02x.%04x/online", roll_apid(&p->dice), 5,
		 roll_apqi(&p->dice));
	if (roll(&p->dice, 2)) {
		uuid_of(roll(&p->dice, DEVICES), p->path);
		snprintf(p->text, sizeof(p->text), MATRIX "%.36s/assign_domain", p->path);
	}
	if (roll(&p->dice, 4) == 0 && machine_find(p->s->m, p->text, &fresh) == 0)
		p->old = fresh;
	snprintf(p->path, sizeof(p->path), "OLD");
	return 0;
}

static int play(struct player *p)
{
	static int (*const plays[])(struct player * p) = {
		play_mask,	  play_create,	 play_remove,	play_assign,  play_assign,
		play_assign,	  play_assign,	 play_binding,	play_binding, play_guest,
		play_device_file, play_hardware, play_hardware, play_old,
	};

	return plays[roll(&p->dice, ARRAY_SIZE(plays))](p);
}

/* ---- the whole tree ------------------------------------------------------------------------ */

struct walker {
	struct sim *s;
	const char *path;
	unsigned entries;
	char names[4096][40];
	char why[512];
};

static int walker_collect(void *arg, const char *name, const struct node *node)
{
	struct walker *w = arg;

	(void)node;
	snprintf(w->names[w->entries % ARRAY_SIZE(w->names)], sizeof(w->names[0]), "%s", name);
	w->entries++;
	return 0;
}

/* "a/b/c" with "../../x" becomes "a/x", as a link in a/b does. */
static void link_resolve(const char *path, const char *target, char *out, size_t size)
{
	size_t len = strlen(path);

	do {
		while (len && path[len - 1] != '/')
			len--;
		len -= len > 0;
		if (strncmp(target, "../", 3) != 0)
			break;
		target += 3;
	} while (true);
	snprintf(out, size, "%.*s/%s", (int)len, path, target);
}

static bool walk_tree(struct sim *s, const char *path, char why[512])
{
	struct walker *w = calloc(1, sizeof(*w));
	char child[256], target[256], full[512], page[MACHINE_PAGE];
	struct node node;
	bool ok = w && machine_list(s->m, path, walker_collect, w) == 0;

	for (unsigned i = 0; ok && i < w->entries; i++) {
		snprintf(child, sizeof(child), "%s%s%s", path, *path ? "/" : "", w->names[i]);
		ok = machine_find(s->m, child, &node) == 0;
		if (ok && node.type == NODE_LINK) {
			ok = machine_readlink(s->m, child, target, sizeof(target)) == 0;
			link_resolve(child, target, full, sizeof(full));
			ok = ok && machine_find(s->m, full, &node) == 0 && node.type == NODE_DIR;
		} else if (ok && node.type == NODE_DIR) {
			ok = walk_tree(s, child, why);
		} else if (ok && node.type == NODE_ATTR && node.attr && node.mode & 0444) {
			ok = machine_read(s->m, &node, page) >= 0 || node.mode == 0600 ||
			     node.mode == 0666;
		}
		if (!ok && !*why)
			snprintf(why, 512, "%s", child);
	}
	free(w);
	return ok;
}

/* ---- K 11.1 again, from the files alone ------------------------------------------------------ */

static bool read_mask(struct sim *s, const char *path, struct vfioap_mask *ret)
{
	char *text = (char *)sim_read(s, path);

	text[strcspn(text, "\n")] = '\0';
	return vfioap_hex_parse(text, false, ret, NULL) == 0;
}

static bool read_config(struct sim *s, const char *path, struct vfioap_mask ret[2])
{
	char *text = (char *)sim_read(s, path);

	if (strlen(text) != 201)
		return false;
	text[66] = text[133] = '\0';
	return vfioap_hex_parse(text, false, &ret[0], NULL) == 0 &&
	       vfioap_hex_parse(text + 67, false, &ret[1], NULL) == 0;
}

static void filter(struct sim *s, struct vfioap_mask *a, struct vfioap_mask *d, char *want,
		   size_t size)
{
	char queue[16];
	size_t len = 0;

	VFIOAP_MASK_FOREACH(apid, a) {
		VFIOAP_MASK_FOREACH(apqi, d) {
			snprintf(queue, sizeof(queue), "%02x.%04x", apid, apqi);
			if (strcmp(sim_driver(s, queue), "vfio_ap") != 0)
				vfioap_mask_clear(a, apid);
		}
	}
	want[0] = '\0';
	if (vfioap_mask_is_empty(a))
		VFIOAP_MASK_FOREACH(apqi, d)
			len += (size_t)snprintf(want + len, size - len, ".%04x\n", apqi);
	VFIOAP_MASK_FOREACH(apid, a) {
		if (vfioap_mask_is_empty(d))
			len += (size_t)snprintf(want + len, size - len, "%02x.\n", apid);
		VFIOAP_MASK_FOREACH(apqi, d)
			len += (size_t)snprintf(want + len, size - len, "%02x.%04x\n", apid, apqi);
	}
}

/*
 * What the bus shows is what vfio_ap filters with only after a scan, and a reset that failed
 * while the hardware was away is made up for by the filtering after that (K 11.1).
 */
static bool filter_settle(struct player *p, const char *path)
{
	char text[MACHINE_PAGE];

	sim_ctl(p->s, "scan");
	snprintf(text, sizeof(text), "%s", sim_read(p->s, path));
	return sim_write(p->s, path, text) == 0 && sim_write(p->s, path, text) == 0;
}

/* After an ap_config: is guest_matrix what K 11.1 says? */
static void check_filter(struct test *t, struct player *p)
{
	struct vfioap_mask config[2], adapters, domains;
	char path[160], want[MACHINE_PAGE];

	snprintf(path, sizeof(path), "%s", p->path);
	if (!filter_settle(p, path))
		return;
	if (!read_config(p->s, path, config) ||
	    !read_mask(p->s, BUS "ap_adapter_mask", &adapters) ||
	    !read_mask(p->s, BUS "ap_usage_domain_mask", &domains))
		return test_fail(t, __FILE__, __LINE__, "cannot read '%s'", path);
	config[0] = vfioap_mask_and(config[0], adapters);
	config[1] = vfioap_mask_and(config[1], domains);
	filter(p->s, &config[0], &config[1], want, sizeof(want));
	snprintf(strrchr(path, '/'), 16, "/guest_matrix");
	EXPECT_STR(t, sim_read(p->s, path), want);
}

/* ---- tests --------------------------------------------------------------------------------------
 */

static void host_make(struct lpar *lpar)
{
	sim_host(lpar);
	vfioap_mask_set(&lpar->usage, 3);
	lpar->card[4] = lpar->card[5];
	snprintf(lpar->card[6].type, sizeof(lpar->card[6].type), "CEX6A");
}

static void test_random(struct test *t, const char *kernel, unsigned operations, uint64_t seed)
{
	struct lpar lpar;
	struct sim s;
	struct player p = { .s = &s, .dice = { .state = seed } };
	struct err err = { 0 };
	unsigned done = 0;
	char why[512];

	test_case(t, "%s: %u random operations, seed %llu", kernel, operations,
		  (unsigned long long)seed);
	host_make(&lpar);
	if (!sim_boot(&s, kernel, &lpar))
		return test_fail(t, __FILE__, __LINE__, "no machine");
	for (unsigned i = 0; i < operations && !t->bad; i++) {
		int rc = play(&p);

		done += rc == 0;
		s.log[0] = s.uevents[0] = '\0';
		if (machine_check(s.m, &err) < 0)
			test_fail(t, __FILE__, __LINE__, "operation %u, '%s' to %s: %s", i, p.text,
				  p.path, err.what);
		if (!rc && strstr(p.path, "/ap_config"))
			check_filter(t, &p);
		why[0] = '\0';
		if (i % 97 == 0 && !walk_tree(&s, "", why))
			test_fail(t, __FILE__, __LINE__, "operation %u: %s", i, why);
		if (i % 1999 == 1998) {
			machine_reboot(s.m, &err);
			memset(p.has_guest, 0, sizeof(p.has_guest));
			sim_ctl(&s, "module load vfio_ap");
		}
	}
	printf("%s: %u of %u operations succeeded\n", kernel, done, operations);
	sim_done(&s);
}

#define WRITERS 8

static atomic_uint running;

struct writer {
	struct sim *s;
	uint64_t seed;
	unsigned operations;
};

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	struct player p = { .s = w->s, .dice = { .state = w->seed }, .may_block = true };
	struct sim own = { .m = w->s->m };

	p.s = &own; /* pages of its own */
	for (unsigned i = 0; i < w->operations; i++) {
		static int (*const plays[])(struct player * p) = {
			play_mask,     play_create, play_remove,  play_assign,	    play_assign,
			play_hardware, play_old,    play_binding, play_device_file,
		};

		plays[roll(&p.dice, ARRAY_SIZE(plays))](&p);
	}
	atomic_fetch_sub(&running, 1);
	return NULL;
}

/* No log and events here: the hooks of one sim are not for eight threads' ends. */
static void test_threads(struct test *t, const char *kernel, unsigned operations, uint64_t seed)
{
	struct writer w[WRITERS];
	pthread_t thread[WRITERS];
	struct err err = { 0 };
	struct lpar lpar;
	struct sim s = { 0 };
	struct player guests = { .s = &s, .dice = { .state = seed } };

	test_case(t, "%s: %d writers", kernel, WRITERS);
	host_make(&lpar);
	EXPECT_INT(t, machine_new(&lpar, traits_find(kernel), NULL, &s.m, &err), 0);
	atomic_store(&running, WRITERS);
	for (unsigned i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ .s = &s,
					.seed = seed + i * 7919,
					.operations = operations };
		pthread_create(&thread[i], NULL, writer_run, &w[i]);
	}
	while (atomic_load(&running)) {
		play_guest(&guests);
		if (machine_check(s.m, &err) < 0) {
			test_fail(t, __FILE__, __LINE__, "%s", err.what);
			break;
		}
	}
	for (unsigned i = 0; i < DEVICES; i++)
		if (guests.has_guest[i])
			machine_group_release(s.m, &guests.guest[i]);
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(thread[i], NULL);
	EXPECT_INT(t, machine_check(s.m, &err), 0);
	sim_done(&s);
}

int main(int argc, char **argv)
{
	unsigned operations = test_rounds(5000);
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
	struct test t = { 0 };

	if (argc > 1)
		operations = (unsigned)strtoul(argv[1], NULL, 10);
	printf("seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		test_random(&t, kernels[i], operations, seed);
		test_threads(&t, kernels[i], operations / 5, seed);
	}
	return test_done(&t);
}
