// SPDX-License-Identifier: MIT
/* Conflicts: every rule, what it says and whom it names; and what it must not say. */
#include "conflict.h"

#include <errno.h>

#include "scene.h"

/* One wish on the machine of the kernel's documentation, judged. */
struct trial {
	struct scene s;
	struct wish *want;
	struct findings found;
};

static void trial_init(struct trial *x)
{
	scene_init(&x->s, "4-6", "4,0x47,0xab,0xff");
	scene_reserve(&x->s, "", "4,0x47,0xab,0xff");
	x->want = NULL;
	x->found = (struct findings){ 0 };
}

static void trial_done(struct trial *x)
{
	findings_done(&x->found);
	x->want = wish_free(x->want);
}

static void trial_find(struct test *t, struct trial *x, unsigned flags)
{
	findings_done(&x->found);
	EXPECT_INT(t, conflict_find(&x->s.now, x->want, flags, &x->found), 0);
}

/* All findings are as told, the first with this text. */
static void expect_first(struct test *t, const struct trial *x, size_t n, size_t n_errors,
			 enum finding_code code, const char *message, const char *hint)
{
	EXPECT_INT(t, x->found.n, n);
	EXPECT_INT(t, x->found.n_errors, n_errors);
	if (!x->found.n)
		return;
	EXPECT_STR(t, finding_code_name(x->found.v[0].code), finding_code_name(code));
	EXPECT_STR(t, x->found.v[0].message, message);
	EXPECT_STR(t, x->found.v[0].hint, hint);
}

static struct wish_device *want_device(struct trial *x, const char *uuid, struct matrix matrix)
{
	struct wish_device *device = NULL;

	if (!x->want)
		x->want = wish_new(&x->s.now);
	device = wish_device(x->want, uuid);
	if (!device && wish_device_add(x->want, uuid, &device) < 0)
		abort();
	device->matrix = matrix;
	device->named = true;
	return device;
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_table(struct test *t)
{
	test_case(t, "every code has a name of its own");
	for (unsigned i = 0; i < FINDING_CODES; i++) {
		EXPECT(t, finding_code_name(i) != NULL && *finding_code_name(i));
		for (unsigned k = 0; k < i; k++)
			EXPECT(t, strcmp(finding_code_name(i), finding_code_name(k)) != 0);
	}
	EXPECT_STR(t, finding_code_name(FINDING_CODES), "unknown");
	EXPECT_STR(t, finding_severity_name(FINDING_ERROR), "error");
	EXPECT_STR(t, finding_severity_name(FINDING_WARNING), "warning");
	EXPECT_STR(t, finding_severity_name(FINDING_NOTE), "note");
}

static void test_shared(struct test *t, struct trial *x)
{
	test_case(t, "a queue of another active device");
	trial_init(x);
	scene_active(&x->s, UUID_A, matrix_of("5,6", "4,0xab", ""));
	scene_active(&x->s, UUID_B, matrix_of("6", "0x47,0xff", ""));
	want_device(x, UUID_B, matrix_of("6", "4,0x47,0xff", ""));
	trial_find(t, x, 0);
	expect_first(t, x, 1, 1, FINDING_QUEUE_SHARED_ACTIVE,
		     "cannot assign queue 06.0004 to device '" UUID_B "': owned by device '" UUID_A
		     "'",
		     "'vfioap unassign " UUID_A " -d 4' takes it from that device");
	EXPECT_STR(t, x->found.v[0].uuid[0], UUID_B);
	EXPECT_STR(t, x->found.v[0].uuid[1], UUID_A);

	test_case(t, "... in a running guest, which is named");
	scene_holder(&x->s, &x->s.mdev[0], "web1");
	trial_find(t, x, 0);
	expect_first(t, x, 1, 1, FINDING_QUEUE_SHARED_ACTIVE,
		     "cannot assign queue 06.0004 to device '" UUID_B "': owned by device '" UUID_A
		     "', which guest 'web1' has open (qemu, pid 4711)",
		     "'lsvfioap -q' shows which queues are free");

	test_case(t, "force does not take it");
	trial_find(t, x, CONFLICT_FORCE);
	EXPECT_INT(t, x->found.n_errors, 1);
	trial_done(x);

	test_case(t, "what is shared already does not hinder another change");
	trial_init(x);
	scene_active(&x->s, UUID_A, matrix_of("5", "4", ""));
	scene_active(&x->s, UUID_B, matrix_of("5", "4", ""));
	want_device(x, UUID_B, matrix_of("5,6", "4", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n, 0);
	trial_done(x);
}

static void test_definitions(struct test *t, struct trial *x)
{
	test_case(t, "a queue of an autostart definition that is not active");
	trial_init(x);
	scene_defined(&x->s, UUID_A, true, matrix_of("5", "4", ""));
	want_device(x, UUID_B, matrix_of("5,6", "4", ""));
	trial_find(t, x, 0);
	expect_first(t, x, 1, 1, FINDING_QUEUE_SHARED_AUTOSTART,
		     "cannot assign queue 05.0004 to device '" UUID_B "': device '" UUID_A
		     "' is defined with it and starts by itself",
		     "'lsvfioap " UUID_A "' shows the definition");

	test_case(t, "a manual one warns");
	x->s.definition[0].start_auto = false;
	x->want = wish_free(x->want);
	want_device(x, UUID_B, matrix_of("5,6", "4", ""));
	trial_find(t, x, 0);
	expect_first(t, x, 1, 0, FINDING_QUEUE_SHARED_DEFINITION,
		     "queue 05.0004 of device '" UUID_B "': device '" UUID_A
		     "' is defined with it too, and cannot start meanwhile",
		     "'lsvfioap " UUID_A "' shows the definition");

	test_case(t, "a broken one is not counted");
	x->s.definition[0].problem = CONFIG_BAD_JSON;
	x->want = wish_free(x->want);
	want_device(x, UUID_B, matrix_of("5,6", "4", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n, 0);
	trial_done(x);
}

static void test_host(struct test *t, struct trial *x)
{
	test_case(t, "a new device with a queue of the host: --reserve");
	trial_init(x);
	scene_init(&x->s, "4-6", "4,9");
	scene_reserve(&x->s, "", "4");
	want_device(x, UUID_A, matrix_of("4", "4,9", ""));
	trial_find(t, x, 0);
	EXPECT_STR(t, x->found.v[0].hint, "'vfioap reserve -a 4 -d 9' takes it from the host");
	trial_find(t, x, CONFLICT_CAN_RESERVE);
	EXPECT_INT(t, x->found.n_errors, 1);
	EXPECT_STR(t, x->found.v[0].message,
		   "cannot assign queue 04.0009 to device '" UUID_A
		   "': apmask and aqmask leave it to the host");
	EXPECT_STR(t, x->found.v[0].hint,
		   "with --reserve, or after 'vfioap reserve -a 4 -d 9', it is no longer the"
		   " host's");

	test_case(t, "reserved in the same go");
	x->want->masks.aqmask = vfioap_mask_andnot(x->want->masks.aqmask, ids("9"));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n, 0);
	trial_done(x);

	test_case(t, "an active device: reserve");
	trial_init(x);
	scene_active(&x->s, UUID_A, matrix_of("4", "4", ""));
	want_device(x, UUID_A, matrix_of("4", "4,9", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n_errors, 1);
	EXPECT_STR(t, x->found.v[0].hint, "'vfioap reserve -a 4 -d 9' takes it from the host");
	trial_done(x);

	test_case(t, "driver overrides that hold are not the host's");
	trial_init(x);
	scene_init(&x->s, "4-6", "4,9");
	qset_add(&x->s.now.bus.override, 4, 4);
	qset_add(&x->s.now.bus.vfio_driver, 4, 4);
	vfioap_mask_clear(&x->s.now.bus.host_driver.row[4], 4);
	x->s.now.bus.override_known = true;
	want_device(x, UUID_A, matrix_of("4", "4", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n_errors, 0);
	trial_done(x);
}

static void test_release(struct test *t, struct trial *x)
{
	test_case(t, "giving a device's queues to the host");
	trial_init(x);
	scene_active(&x->s, UUID_A, matrix_of("5,6", "4,0xab", ""));
	scene_defined(&x->s, UUID_A, false, matrix_of("5,6", "4,0xab", ""));
	x->want = wish_new(&x->s.now);
	vfioap_mask_set(&x->want->masks.aqmask, 4);
	trial_find(t, x, CONFLICT_FORCE);
	expect_first(t, x, 1, 1, FINDING_QUEUE_HOST_ACTIVE,
		     "cannot give queues 05.0004, 06.0004 to the host: owned by device '" UUID_A
		     "'",
		     "'vfioap unassign " UUID_A " -d 4' takes it from that device");
	trial_done(x);

	test_case(t, "... those of a manual definition");
	trial_init(x);
	scene_defined(&x->s, UUID_A, false, matrix_of("5", "4", ""));
	x->want = wish_new(&x->s.now);
	vfioap_mask_set(&x->want->masks.aqmask, 4);
	trial_find(t, x, 0);
	expect_first(t, x, 1, 1, FINDING_QUEUE_HOST_ACTIVE,
		     "cannot give queue 05.0004 to the host: device '" UUID_A
		     "' is defined with it",
		     "'lsvfioap " UUID_A "' shows the definition");

	test_case(t, "... with force");
	trial_find(t, x, CONFLICT_FORCE);
	EXPECT_INT(t, x->found.n, 1);
	EXPECT_INT(t, x->found.n_errors, 0);

	test_case(t, "... of an autostart definition, force or not");
	x->s.definition[0].start_auto = true;
	trial_find(t, x, CONFLICT_FORCE);
	EXPECT_INT(t, x->found.n_errors, 1);
	trial_done(x);

	test_case(t, "no mask changes while driver overrides are set");
	trial_init(x);
	qset_add(&x->s.now.bus.override, 5, 4);
	x->want = wish_new(&x->s.now);
	vfioap_mask_clear(&x->want->masks.aqmask, 9);
	trial_find(t, x, 0);
	expect_first(t, x, 1, 1, FINDING_MASKS_AND_OVERRIDES,
		     "cannot change apmask or aqmask: a driver override is set for queue 05.0004",
		     "clear 'driver_override' of these queues first");
	trial_done(x);
}

static void test_limits(struct test *t, struct trial *x)
{
	test_case(t, "IDs above the machine's, all at once");
	trial_init(x);
	x->s.now.bus.max_domain = 0x54;
	x->s.now.bus.max_adapter = 63;
	scene_reserve(&x->s, "0x40", "");
	want_device(x, UUID_A, matrix_of("0x40", "0x55,0xff", "0x56"));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n_errors, 3);
	EXPECT_STR(t, x->found.v[0].message,
		   "cannot assign adapter 0x40 to device '" UUID_A
		   "': the highest of this machine is 63 (0x3f)");
	trial_done(x);
}

static void test_size(struct test *t, struct trial *x)
{
	test_case(t, "more than 511 queues");
	trial_init(x);
	scene_init(&x->s, "0-31", "0-15");
	scene_reserve(&x->s, "all", "");
	want_device(x, UUID_A, matrix_of("0-31", "0-15", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n_errors, 1);
	EXPECT_INT(t, x->found.v[0].code, FINDING_DEVICE_TOO_LARGE);

	test_case(t, "... with force, and where the kernel is known to be safe");
	trial_find(t, x, CONFLICT_FORCE);
	EXPECT_INT(t, x->found.n, 1);
	EXPECT_INT(t, x->found.n_errors, 0);
	x->s.now.bus.bindings_complete_count = true;
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n, 0);
	trial_done(x);

	test_case(t, "511 are legal, and so is less than there was");
	trial_init(x);
	scene_init(&x->s, "0-31", "0-19");
	scene_reserve(&x->s, "all", "");
	scene_active(&x->s, UUID_A, matrix_of("0-31", "0-19", ""));
	want_device(x, UUID_A, matrix_of("0-31", "0-17", ""));
	want_device(x, UUID_B, matrix_of("", "", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n, 0);
	trial_done(x);
}

static void test_unchangeable(struct test *t, struct trial *x)
{
	test_case(t, "without vfio_ap no device");
	trial_init(x);
	x->s.now.mdevs.loaded = false;
	want_device(x, UUID_A, matrix_of("", "", ""));
	trial_find(t, x, 0);
	expect_first(t, x, 1, 1, FINDING_MODULE_MISSING,
		     "cannot make a device: the kernel module vfio_ap is not loaded",
		     "'modprobe vfio_ap' loads it");
	trial_done(x);

	test_case(t, "a device of which not all is shown cannot be changed");
	trial_init(x);
	scene_active(&x->s, UUID_A, matrix_of("4", "4", ""))->truncated = true;
	want_device(x, UUID_A, matrix_of("4,5", "4", ""));
	trial_find(t, x, CONFLICT_FORCE);
	EXPECT_INT(t, x->found.n_errors, 1);
	trial_done(x);
}

static void test_remove(struct test *t, struct trial *x)
{
	test_case(t, "removing a device that a process has open");
	trial_init(x);
	scene_active(&x->s, UUID_A, matrix_of("4", "4", ""));
	scene_holder(&x->s, &x->s.mdev[0], "");
	x->want = wish_new(&x->s.now);
	wish_device_remove(x->want, UUID_A);
	trial_find(t, x, CONFLICT_FORCE);
	expect_first(t, x, 1, 1, FINDING_DEVICE_IN_USE,
		     "cannot remove device '" UUID_A "', which qemu (pid 4711) has open",
		     "end that process first");

	test_case(t, "nobody has it open");
	x->s.now.holders.n = 0;
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n, 0);

	test_case(t, "no group node, and not all processes seen");
	x->s.mdev[0].group = -1;
	x->s.now.holders.complete = false;
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n_errors, 1);
	EXPECT_INT(t, x->found.v[0].code, FINDING_DEVICE_IN_USE);
	trial_done(x);
}

static void test_unseen(struct test *t, struct trial *x)
{
	static const struct {
		const char *adapters, *domains, *reason, *message;
	} rows[] = {
		{ .adapters = "4,9",
		  .domains = "4",
		  .reason = "not-in-host-config",
		  .message = "adapter 9: not in the configuration of this host" },
		{ .adapters = "4",
		  .domains = "4,0x30",
		  .reason = "domain-not-in-host-config",
		  .message = "domain 0x30: not in the configuration of this host" },
		{ .adapters = "5,6",
		  .domains = "4,0x47",
		  .reason = "not-bound",
		  .message = "adapter 6: vfio_ap does not have queue 06.0047, and one such queue"
			     " hides its adapter" },
		{ .adapters = "4,5",
		  .domains = "0xab",
		  .reason = "absent",
		  .message = "adapter 4: no device for queue 04.00ab, and one missing queue hides"
			     " its adapter" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char message[256];

		test_case(t, "not in the guest: %s", rows[i].reason);
		trial_init(x);
		scene_reserve(&x->s, "9", "0x30");
		vfioap_mask_clear(&x->s.now.bus.queues.row[4], 0xab);
		vfioap_mask_clear(&x->s.now.bus.vfio_driver.row[4], 0xab);
		vfioap_mask_clear(&x->s.now.bus.vfio_driver.row[6], 0x47);
		want_device(x, UUID_A, matrix_of(rows[i].adapters, rows[i].domains, ""));
		trial_find(t, x, 0);
		EXPECT_INT(t, x->found.n, 1);
		EXPECT_INT(t, x->found.n_errors, 0);
		snprintf(message, sizeof(message),
			 "the guest of device '" UUID_A "' will not see %s", rows[i].message);
		EXPECT_STR(t, x->found.v[0].message, message);
		EXPECT_STR(t, x->found.v[0].reason, rows[i].reason);
		trial_done(x);
	}
}

static void test_unseen_before(struct test *t, struct trial *x)
{
	test_case(t, "what was hidden before is not told again");
	trial_init(x);
	scene_reserve(&x->s, "9", "");
	scene_active(&x->s, UUID_A, matrix_of("9", "4", ""));
	want_device(x, UUID_A, matrix_of("4,9", "4", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n, 0);
	trial_done(x);

	test_case(t, "a machine that does not tell its configuration");
	trial_init(x);
	x->s.now.bus.has_qci = false;
	x->s.now.bus.adapters = x->s.now.bus.usage = ids("");
	want_device(x, UUID_A, matrix_of("4", "4", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n, 1);
	EXPECT_STR(t, x->found.v[0].reason, "no-qci");
	trial_done(x);
}

static void test_all_at_once(struct test *t, struct trial *x)
{
	test_case(t, "all conflicts are found at once, errors first, sorted");
	trial_init(x);
	scene_active(&x->s, UUID_A, matrix_of("5", "4", ""));
	scene_defined(&x->s, UUID_C, false, matrix_of("6", "4", ""));
	want_device(x, UUID_B, matrix_of("5,6", "4,9", ""));
	trial_find(t, x, 0);
	EXPECT_INT(t, x->found.n_errors, 2);
	EXPECT_INT(t, x->found.n, 4);
	EXPECT_INT(t, x->found.v[0].code, FINDING_QUEUE_SHARED_ACTIVE);
	EXPECT_INT(t, x->found.v[1].code, FINDING_QUEUE_HOST_ACTIVE);
	EXPECT_INT(t, x->found.v[2].code, FINDING_QUEUE_SHARED_DEFINITION);
	EXPECT_INT(t, x->found.v[3].code, FINDING_QUEUE_NOT_IN_GUEST);
	trial_done(x);
}

int main(void)
{
	_cleanup_free_ struct trial *x = calloc(1, sizeof(*x));
	struct test t = { 0 };

	test_table(&t);
	test_shared(&t, x);
	test_definitions(&t, x);
	test_host(&t, x);
	test_release(&t, x);
	test_limits(&t, x);
	test_size(&t, x);
	test_unchangeable(&t, x);
	test_remove(&t, x);
	test_unseen(&t, x);
	test_unseen_before(&t, x);
	test_all_at_once(&t, x);
	return test_done(&t);
}
