// SPDX-License-Identifier: MIT
/*
 * Plans: their texts by table, and random ones played on a model of the kernel's side that
 * shares nothing with plan.c: each write must be taken, no queue ever has two owners, the
 * end is the wish, what is said of each undo is what the model answers, and the way back
 * leads to the beginning.
 */
#include "plan.h"

#include <errno.h>
#include <time.h>

#include "kernel.h"
#include "scene.h"
#include "str.h"

#define DIR_MATRIX "sys/devices/vfio_ap/matrix/"
#define NIL_HEX	   "0x0000000000000000000000000000000000000000000000000000000000000000"
#define CREATE	   DIR_MATRIX "mdev_supported_types/vfio_ap-passthrough/create"

/* ---- texts ------------------------------------------------------------------------------ */

/* The whole plan as shell lines, undo behind '<'. */
static char *plan_text(const struct plan *plan)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct plan_step *step = &plan->step[i];

		fprintf(f, "%s > %s", step->text, step->path);
		if (step->undo_path)
			fprintf(f, " < %s > %s", step->undo_text, step->undo_path);
		fprintf(f, "%s\n", step->refused ? " refused" : "");
	}
	fclose(f);
	return text;
}

static void expect_plan(struct test *t, const struct scene *s, const struct wish *want,
			const char *text)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	_cleanup_free_ char *got = NULL;

	EXPECT_INT(t, plan_build(&s->now, want, &plan, NULL), 0);
	got = plan_text(&plan);
	EXPECT_STR(t, got, text);
}

static struct wish_device *want_device(struct wish *want, const char *uuid, struct matrix matrix)
{
	struct wish_device *device = wish_device(want, uuid);

	if (!device && wish_device_add(want, uuid, &device) < 0)
		abort();
	device->matrix = matrix;
	return device;
}

static void test_masks(struct test *t, struct scene *s)
{
	_cleanup_(wish_freep) struct wish *want = NULL;

	scene_init(s, "4-6", "4,0x47,0xab,0xff");
	scene_reserve(s, "", "0xab");
	want = wish_new(&s->now);

	test_case(t, "nothing to do, nothing to write");
	expect_plan(t, s, want, "");

	test_case(t, "masks are changed bit by bit, cleared first, set last");
	want->masks.aqmask = vfioap_mask_andnot(ids("all"), ids("4,0x47"));
	vfioap_mask_clear(&want->masks.apmask, 5);
	want_device(want, UUID_A, matrix_of("", "", "7"));
	expect_plan(t, s, want,
		    "-5 > sys/bus/ap/apmask < +5 > sys/bus/ap/apmask\n"
		    "-4,-0x47 > sys/bus/ap/aqmask < +4,+0x47 > sys/bus/ap/aqmask\n" UUID_A
		    " > " CREATE " < 1 > " DIR_MATRIX UUID_A "/remove\n"
		    "7 > " DIR_MATRIX UUID_A "/assign_control_domain < 7 > " DIR_MATRIX UUID_A
		    "/unassign_control_domain\n"
		    "+0xab > sys/bus/ap/aqmask < -0xab > sys/bus/ap/aqmask\n");
}

static void test_matrix(struct test *t, struct scene *s)
{
	_cleanup_(wish_freep) struct wish *want = NULL;

	scene_init(s, "4-6", "4,0x47");
	scene_reserve(s, "", "4,0x47");
	scene_active(s, UUID_A, matrix_of("5", "4", ""));
	want = wish_new(&s->now);

	test_case(t, "one ID by its own file");
	want_device(want, UUID_A, matrix_of("5,6", "4", ""));
	expect_plan(t, s, want,
		    "6 > " DIR_MATRIX UUID_A "/assign_adapter < 6 > " DIR_MATRIX UUID_A
		    "/unassign_adapter\n");

	test_case(t, "several at once where the kernel has ap_config");
	want_device(want, UUID_A, matrix_of("5,6", "0x47", ""));
	expect_plan(t, s, want,
		    "0x0600000000000000000000000000000000000000000000000000000000000000,"
		    "0x0000000000000000010000000000000000000000000000000000000000000000," NIL_HEX
		    " > " DIR_MATRIX UUID_A "/ap_config < "
		    "0x0400000000000000000000000000000000000000000000000000000000000000,"
		    "0x0800000000000000000000000000000000000000000000000000000000000000," NIL_HEX
		    " > " DIR_MATRIX UUID_A "/ap_config\n");

	test_case(t, "else one by one, what goes first");
	s->now.mdevs.has_ap_config = false;
	expect_plan(t, s, want,
		    "4 > " DIR_MATRIX UUID_A "/unassign_domain < 4 > " DIR_MATRIX UUID_A
		    "/assign_domain\n"
		    "6 > " DIR_MATRIX UUID_A "/assign_adapter < 6 > " DIR_MATRIX UUID_A
		    "/unassign_adapter\n"
		    "0x47 > " DIR_MATRIX UUID_A "/assign_domain < 0x47 > " DIR_MATRIX UUID_A
		    "/unassign_domain\n");
}

static void test_remove(struct test *t, struct scene *s)
{
	_cleanup_(wish_freep) struct wish *want = NULL;
	_cleanup_(plan_done) struct plan plan = { 0 };

	scene_init(s, "4-6", "4");
	scene_reserve(s, "", "4");
	scene_active(s, UUID_A, matrix_of("5", "4", ""));
	scene_active(s, UUID_B, matrix_of("", "", ""))->removing = true;
	want = wish_new(&s->now);

	test_case(t, "a removal has no undo, and holds the node");
	wish_device_remove(want, UUID_A);
	expect_plan(t, s, want, "1 > " DIR_MATRIX UUID_A "/remove\n");
	EXPECT_INT(t, plan_build(&s->now, want, &plan, NULL), 0);
	EXPECT_INT(t, plan.n_holds, 1);
	EXPECT_STR(t, plan.n_holds ? plan.hold[0] : NULL, "dev/vfio/0");
	EXPECT(t, plan.hold_missing);
	EXPECT(t, !plan_unsafe_step(&plan));

	test_case(t, "it goes last, also when another device waits for its queues");
	s->now.mdevs.has_ap_config = false;
	want_device(want, UUID_C, matrix_of("", "4", ""));
	want_device(want, UUID_C, matrix_of("5", "", "")); /* no queue yet */
	expect_plan(t, s, want,
		    UUID_C " > " CREATE " < 1 > " DIR_MATRIX UUID_C "/remove\n"
			   "5 > " DIR_MATRIX UUID_C "/assign_adapter < 5 > " DIR_MATRIX UUID_C
			   "/unassign_adapter\n"
			   "1 > " DIR_MATRIX UUID_A "/remove\n");
	want_device(want, UUID_C, matrix_of("5", "4", ""));
	expect_plan(t, s, want,
		    "5 > " DIR_MATRIX UUID_A "/unassign_adapter < 5 > " DIR_MATRIX UUID_A
		    "/assign_adapter\n" UUID_C " > " CREATE " < 1 > " DIR_MATRIX UUID_C "/remove\n"
		    "5 > " DIR_MATRIX UUID_C "/assign_adapter < 5 > " DIR_MATRIX UUID_C
		    "/unassign_adapter\n"
		    "4 > " DIR_MATRIX UUID_C "/assign_domain < 4 > " DIR_MATRIX UUID_C
		    "/unassign_domain\n"
		    "1 > " DIR_MATRIX UUID_A "/remove\n");
}

static void test_refresh(struct test *t, struct scene *s)
{
	_cleanup_(wish_freep) struct wish *want = NULL;
	struct mdev *mdev;

	scene_init(s, "5,6", "4,0x47");
	scene_reserve(s, "", "4,0x47,9");
	mdev = scene_active(s, UUID_A, matrix_of("5,6", "4,0x47", ""));
	scene_guest(s, mdev, matrix_of("6", "4,0x47", ""));
	vfioap_mask_clear(&s->now.bus.vfio_driver.row[5], 0x47);
	want = wish_new(&s->now);
	want_device(want, UUID_A, matrix_of("5,6", "4", ""));

	test_case(t, "an unassign that need no longer hide an adapter has it looked at again");
	expect_plan(t, s, want,
		    "0x47 > " DIR_MATRIX UUID_A "/unassign_domain < 0x47 > " DIR_MATRIX UUID_A
		    "/assign_domain\n"
		    "0x0600000000000000000000000000000000000000000000000000000000000000,"
		    "0x0800000000000000000000000000000000000000000000000000000000000000," NIL_HEX
		    " > " DIR_MATRIX UUID_A "/ap_config < "
		    "0x0600000000000000000000000000000000000000000000000000000000000000,"
		    "0x0800000000000000000000000000000000000000000000000000000000000000," NIL_HEX
		    " > " DIR_MATRIX UUID_A "/ap_config\n");

	test_case(t, "without ap_config a filtered adapter is taken out and put back");
	s->now.mdevs.has_ap_config = false;
	expect_plan(t, s, want,
		    "0x47 > " DIR_MATRIX UUID_A "/unassign_domain < 0x47 > " DIR_MATRIX UUID_A
		    "/assign_domain\n"
		    "5 > " DIR_MATRIX UUID_A "/unassign_adapter < 5 > " DIR_MATRIX UUID_A
		    "/assign_adapter\n"
		    "5 > " DIR_MATRIX UUID_A "/assign_adapter < 5 > " DIR_MATRIX UUID_A
		    "/unassign_adapter\n");

	test_case(t, "nothing is refreshed that stays hidden");
	vfioap_mask_clear(&s->now.bus.vfio_driver.row[5], 4);
	expect_plan(t, s, want,
		    "0x47 > " DIR_MATRIX UUID_A "/unassign_domain < 0x47 > " DIR_MATRIX UUID_A
		    "/assign_domain\n");
}

/* Of the snapshot as it is: 0 or what the kernel would answer. */
static int ask(const struct scene *s, const char *path, const char *text)
{
	_cleanup_(kernel_freep) struct kernel *k = kernel_new(&s->now);

	return k ? kernel_ask(k, path, text) : -ENOMEM;
}

static int ask_matrix(const struct scene *s, const char *uuid, struct matrix matrix)
{
	char path[128], text[AP_CONFIG_SIZE];

	snprintf(path, sizeof(path), DIR_MATRIX "%s/ap_config", uuid);
	return ask(s, path, ap_config_format(&matrix, text));
}

static void test_refused(struct test *t, struct scene *s)
{
	static const char apmask[] = "sys/bus/ap/apmask";

	scene_init(s, "5,6", "4,0x47");
	scene_reserve(s, "5", "4");
	scene_active(s, UUID_A, matrix_of("5", "4", ""));
	scene_active(s, UUID_B, matrix_of("", "", ""));

	test_case(t, "a mask bit of a device's adapter, the other bit clear: taken up to 6.18");
	EXPECT_INT(t, ask(s, apmask, "+5"), 0);
	vfioap_mask_set(&s->now.bus.masks.aqmask, 4);
	EXPECT_INT(t, ask(s, apmask, "+5"), -EBUSY);

	test_case(t, "... refused since 6.19");
	vfioap_mask_clear(&s->now.bus.masks.aqmask, 4);
	s->now.bus.bindings_complete_count = true;
	EXPECT_INT(t, ask(s, apmask, "+5"), -EBUSY);
	EXPECT_INT(t, ask(s, apmask, "+6"), 0);

	test_case(t, "a matrix with a queue of the host, or of another device");
	EXPECT_INT(t, ask_matrix(s, UUID_A, matrix_of("5", "4", "")), 0);
	EXPECT_INT(t, ask_matrix(s, UUID_B, matrix_of("5", "4", "")), -EADDRINUSE);
	EXPECT_INT(t, ask_matrix(s, UUID_A, matrix_of("6", "0x47", "")), -EADDRNOTAVAIL);

	test_case(t, "with overrides a queue is judged by its driver, and masks stay as they are");
	qset_add(&s->now.bus.override, 6, 0x47);
	EXPECT_INT(t, ask_matrix(s, UUID_A, matrix_of("6", "0x47", "")), -EADDRNOTAVAIL);
	qset_add(&s->now.bus.vfio_driver, 6, 0x47);
	s->now.bus.host_driver = (struct qset){ 0 };
	EXPECT_INT(t, ask_matrix(s, UUID_A, matrix_of("6", "0x47", "")), 0);
	EXPECT_INT(t, ask(s, apmask, "-9"), -EINVAL);
}

/* Since 6.19: an adapter of a device cannot be given back to the host. */
static void test_order(struct test *t, struct scene *s)
{
	_cleanup_(wish_freep) struct wish *want = NULL;
	_cleanup_(plan_done) struct plan plan = { 0 };

	scene_init(s, "5,6", "4,0x47");
	scene_reserve(s, "", "4");
	s->now.bus.bindings_complete_count = true;
	scene_active(s, UUID_A, matrix_of("5", "4", ""));
	want = wish_new(&s->now);
	vfioap_mask_clear(&want->masks.apmask, 5);

	test_case(t, "what cannot be taken back goes last");
	want_device(want, UUID_B, matrix_of("6", "4", ""));
	EXPECT_INT(t, plan_build(&s->now, want, &plan, NULL), 0);
	EXPECT(t, !plan_unsafe_step(&plan));
	EXPECT_STR(t, plan.n_steps ? plan.step[plan.n_steps - 1].text : NULL, "-5");
	EXPECT(t, plan.n_steps && plan.step[plan.n_steps - 1].refused);
	EXPECT(t, !plan_refused_step(&plan));
	plan_done(&plan);

	test_case(t, "what others wait for stays before them, and is named");
	want_device(want, UUID_B, matrix_of("5", "0x47", ""));
	EXPECT_INT(t, plan_build(&s->now, want, &plan, NULL), 0);
	EXPECT(t, plan_unsafe_step(&plan) == plan.step);
	EXPECT_STR(t, plan.n_steps ? plan.step[0].command : NULL, "vfioap reserve -A -a 5");
	EXPECT(t, !plan_refused_step(&plan));
}

/* ---- a model of the kernel's side, 6.1 and 6.12 ------------------------------------------------
 */

struct model {
	struct vfioap_mask mask[2]; /* apmask, aqmask */
	struct {
		char uuid[UUID_SIZE];
		struct matrix matrix;
	} device[8];
	size_t n;
};

static bool model_is_host(const struct model *m, const struct matrix *x)
{
	return vfioap_mask_intersects(&x->adapters, &m->mask[0]) &&
	       vfioap_mask_intersects(&x->domains, &m->mask[1]);
}

static int model_put(struct model *m, size_t i, const struct matrix *x, bool check)
{
	if (check && model_is_host(m, x))
		return -EADDRNOTAVAIL;
	for (size_t k = 0; check && k < m->n; k++)
		if (k != i && vfioap_mask_intersects(&m->device[k].matrix.adapters, &x->adapters) &&
		    vfioap_mask_intersects(&m->device[k].matrix.domains, &x->domains))
			return -EADDRINUSE;
	m->device[i].matrix = *x;
	return 0;
}

static int model_mask(struct model *m, unsigned which, const char *text)
{
	struct vfioap_change change;
	struct model after = *m;

	if (vfioap_change_parse(text, &change, NULL) < 0)
		return -EINVAL;
	after.mask[which] = vfioap_change_apply(&change, m->mask[which]);
	for (size_t i = 0; i < m->n; i++)
		if (model_is_host(&after, &m->device[i].matrix) &&
		    !model_is_host(m, &m->device[i].matrix))
			return -EBUSY;
	*m = after;
	return 0;
}

static int model_config(struct model *m, size_t i, const char *text)
{
	struct vfioap_mask part[3];

	for (unsigned k = 0; k < 3; k++) {
		char hex[VFIOAP_HEX_SIZE];

		snprintf(hex, sizeof(hex), "%.66s", text + k * VFIOAP_HEX_SIZE);
		if (vfioap_hex_parse(hex, false, &part[k], NULL) < 0)
			return -EINVAL;
	}
	return model_put(
		m, i,
		&(struct matrix){ .adapters = part[0], .domains = part[1], .controls = part[2] },
		true);
}

static int model_create(struct model *m, const char *uuid)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->device[i].uuid, uuid) == 0)
			return -EEXIST;
	memset(&m->device[m->n], 0, sizeof(m->device[0]));
	snprintf(m->device[m->n++].uuid, UUID_SIZE, "%s", uuid);
	return 0;
}

static int model_device(struct model *m, size_t i, const char *file, const char *text)
{
	const char *is = str_starts_with(file, "assign_"), *un = str_starts_with(file, "unassign_");
	struct matrix x = m->device[i].matrix;
	const char *what = is ? is : un;
	struct vfioap_mask *mask = &x.adapters;
	unsigned id;

	if (strcmp(file, "ap_config") == 0)
		return model_config(m, i, text);
	if (strcmp(file, "remove") == 0) {
		memmove(&m->device[i], &m->device[i + 1], (--m->n - i) * sizeof(m->device[0]));
		return 0;
	}
	if (!what || vfioap_id_parse(text, &id, NULL) < 0)
		return -EINVAL;
	if (strcmp(what, "domain") == 0)
		mask = &x.domains;
	else if (strcmp(what, "control_domain") == 0)
		mask = &x.controls;
	if (is)
		vfioap_mask_set(mask, id);
	else
		vfioap_mask_clear(mask, id);
	return model_put(m, i, &x, is && mask != &x.controls);
}

static int model_write(struct model *m, const char *path, const char *text)
{
	const char *rest = str_starts_with(path, DIR_MATRIX);

	if (strcmp(path, "sys/bus/ap/apmask") == 0 || strcmp(path, "sys/bus/ap/aqmask") == 0)
		return model_mask(m, strcmp(path, "sys/bus/ap/aqmask") == 0, text);
	if (strcmp(path, CREATE) == 0)
		return model_create(m, text);
	for (size_t i = 0; rest && i < m->n; i++) {
		const char *file = str_starts_with(rest, m->device[i].uuid);

		if (file && *file == '/')
			return model_device(m, i, file + 1, text);
	}
	return -ENOENT;
}

/* No queue has two owners. */
static bool model_is_sound(const struct model *m)
{
	for (size_t i = 0; i < m->n; i++) {
		if (model_is_host(m, &m->device[i].matrix))
			return false;
		for (size_t k = 0; k < i; k++)
			if (matrix_collide(&m->device[i].matrix, &m->device[k].matrix))
				return false;
	}
	return true;
}

static void model_init(struct model *m, const struct apbus_masks *masks,
		       const struct wish_device *device, size_t n)
{
	*m = (struct model){ .mask = { masks->apmask, masks->aqmask }, .n = n };
	for (size_t i = 0; i < n; i++) {
		memcpy(m->device[i].uuid, device[i].uuid, UUID_SIZE);
		m->device[i].matrix = device[i].matrix;
	}
}

static bool model_equal(const struct model *a, const struct model *b)
{
	if (a->n != b->n || !vfioap_mask_equal(&a->mask[0], &b->mask[0]) ||
	    !vfioap_mask_equal(&a->mask[1], &b->mask[1]))
		return false;
	for (size_t i = 0; i < a->n; i++) {
		size_t k = 0;

		while (k < b->n && strcmp(a->device[i].uuid, b->device[k].uuid) != 0)
			k++;
		if (k == b->n || !matrix_equal(&a->device[i].matrix, &b->device[k].matrix))
			return false;
	}
	return true;
}

/* ---- random plans -------------------------------------------------------------------------------
 */

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Some of the IDs 0-5. */
static struct vfioap_mask random_mask(uint32_t *state)
{
	uint32_t bits = random_next(state) & random_next(state);
	struct vfioap_mask m = { { 0 } };

	for (unsigned i = 0; i < 6; i++)
		if (bits >> i & 1)
			vfioap_mask_set(&m, i);
	return m;
}

/* Masks and devices that the kernel could have come to. */
static void random_model(struct model *m, uint32_t *state)
{
	static const char *const uuids[] = { UUID_A, UUID_B, UUID_C };

	*m = (struct model){ 0 };
	m->mask[0] = vfioap_mask_not(random_mask(state));
	m->mask[1] = vfioap_mask_not(random_mask(state));
	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++) {
		struct matrix x = { .adapters = random_mask(state),
				    .domains = random_mask(state),
				    .controls = random_mask(state) };

		if (random_next(state) % 4 == 0)
			continue;
		model_create(m, uuids[i]);
		if (model_put(m, m->n - 1, &x, true) < 0)
			model_put(m, m->n - 1, &(struct matrix){ .controls = x.controls }, false);
	}
}

static void model_scene(struct scene *s, const struct model *m)
{
	scene_init(s, "0-5", "0-5");
	s->now.bus.masks = (struct apbus_masks){ .apmask = m->mask[0], .aqmask = m->mask[1] };
	scene_bind(s);
	for (size_t i = 0; i < m->n; i++)
		scene_active(s, m->device[i].uuid, m->device[i].matrix);
}

/* The undo of a step, as the model takes it: 0 or what the kernel would answer. */
static int try_undo(const struct model *m, const struct plan_step *step)
{
	struct model copy = *m;

	return model_write(&copy, step->undo_path, step->undo_text);
}

static void play(struct test *t, const struct model *from, const struct model *to,
		 struct plan *plan)
{
	struct model m = *from;

	for (size_t i = 0; i < plan->n_steps && !t->bad; i++) {
		const struct plan_step *step = &plan->step[i];

		EXPECT_INT(t, model_write(&m, step->path, step->text), 0);
		EXPECT(t, model_is_sound(&m));
		if (step->undo_path)
			EXPECT_INT(t, try_undo(&m, step) < 0, step->refused);
	}
	EXPECT(t, model_equal(&m, to));
}

/* Back from wherever it stopped. */
static void play_back(struct test *t, const struct model *from, const struct plan *plan,
		      size_t n_steps)
{
	struct model m = *from;

	for (size_t i = 0; i < n_steps; i++) {
		if (!plan->step[i].undo_path)
			n_steps = i;
		else
			model_write(&m, plan->step[i].path, plan->step[i].text);
	}
	for (size_t i = n_steps; i-- > 0;)
		EXPECT_INT(t, model_write(&m, plan->step[i].undo_path, plan->step[i].undo_text), 0);
	EXPECT(t, model_equal(&m, from));
}

static void test_random(struct test *t, struct scene *s)
{
	uint32_t seed = (uint32_t)time(NULL) | 1, state = seed;
	const char *given = getenv("SEED");
	unsigned rounds = test_rounds(2000);
	unsigned long value;

	if (given && str_ulong_parse(&given, 10, UINT32_MAX, &value) == 0)
		seed = state = (uint32_t)value | 1;
	test_case(t, "%u random changes, there and back, seed %u", rounds, seed);
	for (unsigned i = 0; i < rounds && !t->bad; i++) {
		_cleanup_(wish_freep) struct wish *want = NULL;
		_cleanup_(plan_done) struct plan plan = { 0 };
		struct model from, to, check;

		random_model(&from, &state);
		random_model(&to, &state);
		model_scene(s, &from);
		s->now.mdevs.has_ap_config = random_next(&state) & 1;
		want = wish_new(&s->now);
		while (want->n_devices)
			wish_device_remove(want, want->device[0].uuid);
		want->masks = (struct apbus_masks){ .apmask = to.mask[0], .aqmask = to.mask[1] };
		for (size_t k = 0; k < to.n; k++)
			want_device(want, to.device[k].uuid, to.device[k].matrix);
		model_init(&check, &want->masks, want->device, want->n_devices);
		EXPECT(t, model_equal(&check, &to));

		EXPECT_INT(t, plan_build(&s->now, want, &plan, NULL), 0);
		play(t, &from, &to, &plan);
		play_back(t, &from, &plan, plan.n_steps);
		play_back(t, &from, &plan, plan.n_steps ? random_next(&state) % plan.n_steps : 0);
	}
}

int main(void)
{
	_cleanup_free_ struct scene *s = malloc(sizeof(*s));
	struct test t = { 0 };

	test_masks(&t, s);
	test_matrix(&t, s);
	test_remove(&t, s);
	test_refresh(&t, s);
	test_refused(&t, s);
	test_order(&t, s);
	test_random(&t, s);
	return test_done(&t);
}
