// SPDX-License-Identifier: MIT
/*
 * Two looks at a machine, and what is told of the difference: by table, each row a change that
 * is made to the machine of the kernel's documentation.
 */
#include "watch.h"

#include "findings.h"
#include "scene.h"

#define DEVICE_A "device '" UUID_A "'"

/* struct before_after - the same machine twice; a row changes the second */
struct before_after {
	struct scene was, is;
	struct watch_look look_was, look_is;
};

/* ---- changes ------------------------------------------------------------------------------ */

static void card_status(struct before_after *b, unsigned apid, enum apbus_status was,
			enum apbus_status is)
{
	b->look_was.card[apid] = was;
	b->look_is.card[apid] = is;
}

static void nothing(struct before_after *b)
{
	(void)b;
}

static void deconfigure(struct before_after *b)
{
	card_status(b, 5, APBUS_STATUS_ONLINE, APBUS_STATUS_DECONFIGURED);
	/* The queues go offline with it: not told of each. */
	b->look_is.online.row[5] = (struct vfioap_mask){ { 0 } };
}

static void configure(struct before_after *b)
{
	card_status(b, 5, APBUS_STATUS_DECONFIGURED, APBUS_STATUS_ONLINE);
}

static void checkstop_unused(struct before_after *b)
{
	card_status(b, 4, APBUS_STATUS_OFFLINE, APBUS_STATUS_CHECKSTOPPED);
}

static void set_offline(struct before_after *b)
{
	card_status(b, 5, APBUS_STATUS_ONLINE, APBUS_STATUS_OFFLINE);
}

static void card_gone(struct before_after *b)
{
	struct apbus *bus = &b->is.now.bus;

	vfioap_mask_clear(&bus->cards, 5);
	vfioap_mask_clear(&bus->adapters, 5);
	bus->queues.row[5] = (struct vfioap_mask){ { 0 } };
	scene_bind(&b->is);
	vfioap_mask_clear(&b->is.mdev[0].guest->adapters, 5);
	b->look_is.online.row[5] = (struct vfioap_mask){ { 0 } };
}

static void reserve(struct before_after *b)
{
	scene_reserve(&b->is, "4", "");
	b->look_is.online = b->is.now.bus.host_driver;
}

static void swap_masks(struct before_after *b)
{
	struct apbus_masks *masks = &b->is.now.bus.masks;

	vfioap_mask_set(&masks->aqmask, 4);
	vfioap_mask_clear(&masks->aqmask, 9);
	/* Nothing is bound anew: that is told apart. */
}

static void unbind(struct before_after *b)
{
	vfioap_mask_clear(&b->is.now.bus.vfio_driver.row[6], 4);
	vfioap_mask_clear(&b->is.mdev[0].guest->adapters, 6);
}

static void queue_offline(struct before_after *b)
{
	vfioap_mask_clear(&b->look_is.online.row[4], 0x47);
}

static void queue_online(struct before_after *b)
{
	vfioap_mask_clear(&b->look_was.online.row[4], 0x47);
}

static void assign(struct before_after *b)
{
	b->is.mdev[0].matrix = matrix_of("4,5", "4", "9");
	*b->is.mdev[0].guest = matrix_of("4,5", "4", "");
}

static void create(struct before_after *b)
{
	scene_active(&b->is, UUID_B, matrix_of("4", "4", ""));
}

static void remove_held(struct before_after *b)
{
	b->is.mdev[0].removing = true;
	b->is.mdev[0].matrix = (struct matrix){ 0 };
}

static void guest_stops(struct before_after *b)
{
	b->is.now.holders.n = 0;
}

static void other_guest(struct before_after *b)
{
	b->is.holder[0].pid++;
	b->is.holder[0].guest[0] = '\0';
}

static void unload(struct before_after *b)
{
	struct snapshot *now = &b->is.now;

	now->bus.vfio_ap_loaded = now->mdevs.loaded = false;
	now->bus.vfio_driver = (struct qset){ 0 };
	now->mdevs.n = now->n_devices = now->holders.n = 0;
}

/* ---- the table --------------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	void (*change)(struct before_after *b);
	bool no_guest;
	const char *want[6]; /* "event: subject | change | consequence | ..." */
} rows[] = {
	{ .name = "nothing", .change = nothing },
	{ .name = "deconfigure",
	  .change = deconfigure,
	  .want = { "card: adapter 5 | deconfigured | guest web1 keeps 05.0004 assigned but cannot"
		    " use it | the host cannot use 05.0047, 05.00ab, 05.00ff" } },
	{ .name = "deconfigure without a guest",
	  .change = deconfigure,
	  .no_guest = true,
	  .want = { "card: adapter 5 | deconfigured | " DEVICE_A
		    " keeps 05.0004 assigned but cannot"
		    " use it | the host cannot use 05.0047, 05.00ab, 05.00ff" } },
	{ .name = "configure",
	  .change = configure,
	  .want = { "card: adapter 5 | configured | guest web1 can use 05.0004 again | the host can"
		    " use again 05.0047, 05.00ab, 05.00ff" } },
	{ .name = "checkstop",
	  .change = checkstop_unused,
	  .want = { "card: adapter 4 | checkstopped | the host cannot use 04.0047, 04.00ab,"
		    " 04.00ff" } },
	{ .name = "set offline",
	  .change = set_offline,
	  .want = { "card: adapter 5 | set offline" } },
	{ .name = "card gone",
	  .change = card_gone,
	  .want = { "card: adapter 5 | gone | and with it 05.0004, 05.0047, 05.00ab, 05.00ff | "
		    "guest"
		    " web1 keeps 05.0004 assigned but cannot use it",
		    "guest: guest web1 | no longer sees queue 05.0004 | there is no queue "
		    "05.0004" } },
	{ .name = "reserve",
	  .change = reserve,
	  .want = { "masks: apmask | adapter 4 for guests | the host gives up 04.0047, 04.00ab,"
		    " 04.00ff",
		    "queue: queues 04.0047, 04.00ab, 04.00ff | moved from the host to vfio_ap" } },
	{ .name = "masks that take a device's queues",
	  .change = swap_masks,
	  .want = { "masks: aqmask | domain 9 for guests, domain 4 for the host | the host gets"
		    " 04.0004, 05.0004, 06.0004 | guest web1 keeps 05.0004, 06.0004 assigned, which"
		    " the masks give to the host" } },
	{ .name = "unbind",
	  .change = unbind,
	  .want = { "queue: queue 06.0004 | taken from vfio_ap, without driver | guest web1 keeps"
		    " 06.0004 assigned but cannot use it",
		    "guest: guest web1 | no longer sees queue 06.0004 | vfio_ap does not have"
		    " 06.0004" } },
	{ .name = "queue offline",
	  .change = queue_offline,
	  .want = { "queue: queue 04.0047 | set offline" } },
	{ .name = "queue online",
	  .change = queue_online,
	  .want = { "queue: queue 04.0047 | set online" } },
	{ .name = "assign",
	  .change = assign,
	  .want = { "device: " DEVICE_A
		    " | gains adapter 4, gains control domain 9, loses adapter 6 |"
		    " it now owns 04.0004 | it no longer owns 06.0004",
		    "guest: guest web1 | sees queue 04.0004",
		    "guest: guest web1 | no longer sees queue 06.0004" } },
	{ .name = "assign without a guest",
	  .change = assign,
	  .no_guest = true,
	  .want = { "device: " DEVICE_A
		    " | gains adapter 4, gains control domain 9, loses adapter 6 |"
		    " it now owns 04.0004 | it no longer owns 06.0004" } },
	{ .name = "create",
	  .change = create,
	  .want = { "device: device '" UUID_B "' | created | it now owns 04.0004" } },
	{ .name = "remove, held",
	  .change = remove_held,
	  .want = { "device: " DEVICE_A " | is being removed, and waits for who has it open | it no"
		    " longer owns 05.0004, 06.0004" } },
	{ .name = "guest stops",
	  .change = guest_stops,
	  .want = { "guest: guest web1 | closed " DEVICE_A
		    " | the device keeps 05.0004, 06.0004" } },
	{ .name = "another one has it",
	  .change = other_guest,
	  .want = { "guest: guest web1 | closed " DEVICE_A " | the device keeps 05.0004, 06.0004",
		    "guest: process qemu (pid 4712) | opened " DEVICE_A " | it sees 05.0004,"
		    " 06.0004" } },
	{ .name = "unload",
	  .change = unload,
	  .want = { "module: module vfio_ap | unloaded | 1 device is gone with it",
		    "queue: queues 04.0004, 05.0004, 06.0004 | taken from vfio_ap, without driver",
		    "device: " DEVICE_A " | removed | it no longer owns 05.0004, 06.0004",
		    "guest: guest web1 | closed " DEVICE_A } },
};

static void scene_start(struct scene *s, struct watch_look *look, bool no_guest)
{
	struct mdev *mdev;

	scene_init(s, "4-6", "4,0x47,0xab,0xff");
	scene_reserve(s, "", "4");
	mdev = scene_active(s, UUID_A, matrix_of("5,6", "4", ""));
	scene_guest(s, mdev, mdev->matrix);
	if (!no_guest)
		scene_holder(s, mdev, "web1");
	*look = (struct watch_look){ .now = &s->now, .online = s->now.bus.host_driver };
	VFIOAP_MASK_FOREACH(apid, &s->now.bus.cards)
		look->card[apid] = APBUS_STATUS_ONLINE;
}

static char *line(const struct watch_change *change)
{
	char *text = finding_text("%s: %s | %s", watch_event_name(change->event), change->subject,
				  change->change);

	for (size_t i = 0; text && i < change->n; i++) {
		_cleanup_free_ char *before = text;

		text = finding_text("%s | %s", before, change->consequence[i]);
	}
	return text;
}

int main(void)
{
	_cleanup_free_ struct before_after *b = malloc(sizeof(*b));
	struct test t = { 0 };

	if (!b)
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(watch_changes_done) struct watch_changes changes = { 0 };

		test_case(&t, "%s", rows[i].name);
		scene_start(&b->was, &b->look_was, rows[i].no_guest);
		scene_start(&b->is, &b->look_is, rows[i].no_guest);
		rows[i].change(b);
		EXPECT_INT(&t, watch_compare(&b->look_was, &b->look_is, &changes), 0);
		for (size_t j = 0; j < ARRAY_SIZE(rows[i].want); j++) {
			_cleanup_free_ char *text = j < changes.n ? line(&changes.v[j]) : NULL;

			EXPECT_STR(&t, text, rows[i].want[j]);
		}
		EXPECT(&t, changes.n <= ARRAY_SIZE(rows[i].want));
	}
	return test_done(&t);
}
