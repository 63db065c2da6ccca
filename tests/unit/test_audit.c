// SPDX-License-Identifier: MIT
/*
 * The audit: owners of queues, now and at the next boot; each finding provoked alone, on a machine
 * with which nothing else is wrong.  The other rules are in test_audit_more.c.
 */
#include "test_audit.h"

/* ---- what is done to the machine ------------------------------------------------------------- */

static void nothing(_unused_ struct machine *m)
{
}

/* A definition that nothing is to be said about. */
static void pass_over(struct machine *m, const char *uuid)
{
	scene_device(&m->s, uuid)->definition = m->s.definition;
	m->s.definition[0].problem = CONFIG_OTHER_TYPE;
}

static void shared_active(struct machine *m)
{
	scene_active(&m->s, UUID_B, matrix_of("4,5", "4", ""));
	pass_over(m, UUID_B);
}

static void shared_autostart(struct machine *m)
{
	scene_defined(&m->s, UUID_B, true, matrix_of("4,5", "4", ""));
}

static void shared_waiting(struct machine *m)
{
	m->s.definition[0].start_auto = false;
	shared_autostart(m);
}

static void shared_definition(struct machine *m)
{
	scene_defined(&m->s, UUID_B, false, matrix_of("5", "4,0x47", ""));
}

static void shared_two_definitions(struct machine *m)
{
	scene_defined(&m->s, UUID_B, false, matrix_of("4", "0x47", ""));
	scene_defined(&m->s, UUID_C, false, matrix_of("4", "0x47", ""));
}

static void host_bound(struct machine *m)
{
	vfioap_mask_clear(&m->s.now.bus.vfio_driver.row[5], 4);
	qset_add(&m->s.now.bus.host_driver, 5, 4);
}

/* An override was cleared, and the queue not bound anew. */
static void host_masks(struct machine *m)
{
	change(m, "5", "4,0xff", "");
	qset_add(&m->s.now.bus.vfio_driver, 5, 0xff);
	vfioap_mask_clear(&m->s.now.bus.host_driver.row[5], 0xff);
	pass_over(m, UUID_A);
}

static void host_persistent(struct machine *m)
{
	scene_defined(&m->s, UUID_B, true, matrix_of("4", "0x47,0xff", ""));
}

static void host_manual(struct machine *m)
{
	scene_defined(&m->s, UUID_B, false, matrix_of("4", "0xff", ""));
}

static void differs_mask(struct machine *m)
{
	vfioap_mask_set(&m->s.now.rules.masks.aqmask, 0x47);
	vfioap_mask_clear(&m->s.now.rules.masks.aqmask, 9);
}

static void differs_parameter(struct machine *m)
{
	static char text[] = "-4,+0-3,+5-0x46,+0x48-0xaa,+0xac-0xfe";

	m->s.now.rules.has_aqmask = false;
	m->s.now.boot.aqmask = text;
}

static void differs_undefined(struct machine *m)
{
	scene_active(&m->s, UUID_B, matrix_of("4", "4", ""));
}

static void differs_missing(struct machine *m)
{
	scene_defined(&m->s, UUID_B, true, matrix_of("4", "4", ""));
}

static void differs_matrix(struct machine *m)
{
	m->s.definition[0].matrix = matrix_of("5", "4,0xab", "4");
}

static void differs_override(struct machine *m)
{
	struct apbus *bus = &m->s.now.bus;

	scene_init(&m->s, "4-6", "4,0x47,0xab,0xff");
	qset_add(&bus->override, 5, 4);
	bus->override_vfio = bus->vfio_driver = bus->override;
	qset_andnot(&bus->host_driver, &bus->override);
	bus->override_known = true;
}

static void modes_mixed(struct machine *m)
{
	qset_add(&m->s.now.bus.override, 4, 4);
	m->s.now.bus.override_vfio = m->s.now.bus.override;
	m->s.now.bus.override_known = true;
}

static void modes_next(struct machine *m)
{
	qset_add(&m->facts.overrides, 4, 0xff);
}

/* ---- the table --------------------------------------------------------------------------------
 */

static const struct row rows[] = {
	{ .name = "nothing", .spoil = nothing },
	{ .name = "queue-shared-active",
	  .spoil = shared_active,
	  .code = FINDING_QUEUE_SHARED_ACTIVE,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .active = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .other = UUID_A,
	  .message = GUEST_A " and " DEVICE_B " both own queue 05.0004",
	  .hint = "'vfioap unassign " UUID_B " -a 5' takes it from that device" },
	{ .name = "queue-shared-autostart",
	  .spoil = shared_autostart,
	  .code = FINDING_QUEUE_SHARED_AUTOSTART,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .other = UUID_A,
	  .message = GUEST_A " and " DEVICE_B " are both defined with queue 05.0004 and start by"
			     " themselves: one of them cannot",
	  .hint = "'vfioap unassign " UUID_B " -a 5' takes it from that device" },
	{ .name = "queue-shared-autostart: it cannot start meanwhile",
	  .spoil = shared_waiting,
	  .code = FINDING_QUEUE_SHARED_AUTOSTART,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .other = UUID_A,
	  .message = GUEST_A " owns queue 05.0004; " DEVICE_B " is defined with it too and starts"
			     " by itself, and cannot start meanwhile",
	  .hint = "'vfioap unassign " UUID_B " -a 5' takes it from that device" },
	{ .name = "queue-shared-definition",
	  .spoil = shared_definition,
	  .code = FINDING_QUEUE_SHARED_DEFINITION,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .other = UUID_A,
	  .message = GUEST_A " owns queue 05.0004; " DEVICE_B
			     " is defined with it too, and cannot start meanwhile",
	  .hint = "'vfioap unassign " UUID_B " -d 4' takes it from that device" },
	{ .name = "queue-shared-definition: two that start by hand",
	  .spoil = shared_two_definitions,
	  .code = FINDING_QUEUE_SHARED_DEFINITION,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_C,
	  .other = UUID_B,
	  .message = DEVICE_B " and device '" UUID_C "' are both defined with queue 04.0047: only"
			      " one of them can be active" },
	{ .name = "queue-host-active: by its driver",
	  .spoil = host_bound,
	  .code = FINDING_QUEUE_HOST_ACTIVE,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .active = 1,
	  .queues = 1,
	  .uuid = UUID_A,
	  .message = GUEST_A " owns queue 05.0004, which a driver of the host has",
	  .hint = "'vfioap reserve -A -a 5 -d 4' reserves what it needs" },
	{ .name = "queue-host-active: by the masks",
	  .spoil = host_masks,
	  .code = FINDING_QUEUE_HOST_ACTIVE,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .active = 1,
	  .queues = 1,
	  .uuid = UUID_A,
	  .message = GUEST_A " owns queue 05.00ff, which apmask and aqmask give to the host",
	  .hint = "'vfioap reserve -A -a 5 -d 0xff' reserves what it needs" },
	{ .name = "queue-host-persistent",
	  .spoil = host_persistent,
	  .code = FINDING_QUEUE_HOST_PERSISTENT,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .message =
		  DEVICE_B " starts by itself with queue 04.00ff, which"
			   " '/etc/udev/rules.d/41-ap.rules' leaves to the host at the next boot",
	  .hint = "'vfioap reserve -P -a 4 -d 0xff' reserves what it needs" },
	{ .name = "queue-host-persistent: started by hand",
	  .spoil = host_manual,
	  .code = FINDING_QUEUE_HOST_PERSISTENT,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .message = DEVICE_B " is defined with queue 04.00ff, which"
			      " '/etc/udev/rules.d/41-ap.rules' leaves to the host at the next"
			      " boot" },
	{ .name = "next-boot-differs: a mask",
	  .spoil = differs_mask,
	  .code = FINDING_NEXT_BOOT_DIFFERS,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .queues = 3,
	  .message = "at the next boot '/etc/udev/rules.d/41-ap.rules' sets 0x47 and clears 9 of"
		     " aqmask; to the host: queues 04.0047, 05.0047, 06.0047",
	  .hint = "'vfioap show masks' shows both side by side" },
	{ .name = "next-boot-differs: a parameter where there is no rule",
	  .spoil = differs_parameter,
	  .code = FINDING_NEXT_BOOT_DIFFERS,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .queues = 3,
	  .message = "at the next boot ap.aqmask= clears 0xff of aqmask; to guests: queues"
		     " 04.00ff, 05.00ff, 06.00ff" },
	{ .name = "next-boot-differs: no definition",
	  .spoil = differs_undefined,
	  .code = FINDING_NEXT_BOOT_DIFFERS,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .message = DEVICE_B " is active and not defined: the next boot does not make it",
	  .hint = "'mdevctl define --auto --uuid " UUID_B "' defines it as it is" },
	{ .name = "next-boot-differs: not active",
	  .spoil = differs_missing,
	  .code = FINDING_NEXT_BOOT_DIFFERS,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .message = DEVICE_B " starts by itself at the next boot, and is not active now",
	  .hint = "'vfioap start " UUID_B "' starts it now" },
	{ .name = "next-boot-differs: other resources",
	  .spoil = differs_matrix,
	  .code = FINDING_NEXT_BOOT_DIFFERS,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .queues = 4,
	  .uuid = UUID_A,
	  .message = GUEST_A " is active with adapters 5,6, domains 4,0xab, and defined with"
			     " adapters 5, domains 4,0xab, control domains 4",
	  .hint = "'vfioap show device " UUID_A "' shows both" },
	{ .name = "next-boot-differs: an override that nothing keeps",
	  .spoil = differs_override,
	  .code = FINDING_NEXT_BOOT_DIFFERS,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .queues = 1,
	  .message = "at the next boot driver overrides are others; to the host: queue 05.0004" },
	{ .name = "masks-and-overrides: now",
	  .spoil = modes_mixed,
	  .code = FINDING_MASKS_AND_OVERRIDES,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .active = 1,
	  .queues = 1,
	  .message = "masks and driver overrides are both in use: the kernel refuses any change of"
		     " a mask until the override is cleared of queue 04.0004",
	  .hint = "'echo > /sys/bus/ap/devices/04.0004/driver_override' clears the first" },
	{ .name = "masks-and-overrides: at the next boot",
	  .spoil = modes_next,
	  .code = FINDING_MASKS_AND_OVERRIDES,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .queues = 1,
	  .message = "the next boot sets masks, and the kernel then takes no driver override of"
		     " queue 04.00ff" },
};

/* ---- what is to be read ---------------------------------------------------------------------- */

static void test_reads(struct test *t, struct machine *m)
{
	struct vfioap_mask cards;
	struct qset moving;

	test_case(t, "cards: of devices, and of queues without driver");
	machine_init(m);
	cards = audit_cards(&m->s.now, AUDIT_ACTIVE);
	EXPECT(t, vfioap_mask_has(&cards, 5) && !vfioap_mask_has(&cards, 4));
	m->s.now.bus.vfio_driver.row[4] = ids("");
	cards = audit_cards(&m->s.now, AUDIT_ACTIVE);
	EXPECT(t, vfioap_mask_has(&cards, 4));

	test_case(t, "keys: of queues that the host has and does not keep");
	machine_init(m);
	EXPECT_INT(t, audit_moving(&m->s.now, &m->facts, AUDIT_ACTIVE | AUDIT_PERSISTENT, &moving),
		   0);
	EXPECT(t, qset_is_empty(&moving));
	vfioap_mask_clear(&m->s.now.rules.masks.aqmask, 0xff);
	EXPECT_INT(t, audit_moving(&m->s.now, &m->facts, AUDIT_ACTIVE | AUDIT_PERSISTENT, &moving),
		   0);
	EXPECT_INT(t, qset_count(&moving), 3);
	EXPECT_INT(t, audit_moving(&m->s.now, &m->facts, AUDIT_ACTIVE, &moving), 0);
	EXPECT(t, qset_is_empty(&moving));
}

int main(void)
{
	_cleanup_free_ struct machine *m = malloc(sizeof(*m));
	struct test t = { 0 };

	test_rows(&t, m, rows, ARRAY_SIZE(rows));
	test_reads(&t, m);
	return test_done(&t);
}
