// SPDX-License-Identifier: MIT
/*
 * The audit: what guests do not see or cannot use, what they may administer, and files; each
 * finding provoked alone, on a machine with which nothing else is wrong.
 */
#include "test_audit.h"
#include "zcrypt.h"

/* ---- what is done to the machine ------------------------------------------------------------- */

static void unseen_unbound(struct machine *m)
{
	vfioap_mask_clear(&m->s.now.bus.vfio_driver.row[6], 0xab);
}

static void unseen_absent(struct machine *m)
{
	unseen_unbound(m);
	vfioap_mask_clear(&m->s.now.bus.queues.row[6], 0xab);
}

static void unseen_adapter(struct machine *m)
{
	vfioap_mask_clear(&m->s.now.bus.masks.apmask, 7);
	rules_keep(m);
	change(m, "5,7", "4", "");
}

static void unseen_domain(struct machine *m)
{
	vfioap_mask_clear(&m->s.now.bus.masks.aqmask, 9);
	rules_keep(m);
	change(m, "5,6", "4,9", "");
}

static void unseen_reset(struct machine *m)
{
	scene_guest(&m->s, &m->s.mdev[0], matrix_of("5", "4,0xab", ""));
}

static void unseen_qci(struct machine *m)
{
	m->s.now.bus.has_qci = false;
	m->s.now.bus.adapters = m->s.now.bus.usage = m->s.now.bus.control = ids("");
}

static void unseen_definition(struct machine *m)
{
	vfioap_mask_clear(&m->s.now.bus.masks.aqmask, 9);
	rules_keep(m);
	scene_defined(&m->s, UUID_B, false, matrix_of("4", "4,9", ""));
}

static void card_deconfigured(struct machine *m)
{
	m->facts.deconfigured = ids("4,5");
}

static void card_checkstopped(struct machine *m)
{
	m->facts.checkstopped = ids("5,6");
}

static void card_old(struct machine *m)
{
	unseen_unbound(m);
	m->s.now.bus.vfio_driver.row[6] = ids("");
	m->facts.old = ids("6");
	change(m, "5,6", "4,0x47,0xab", "");
}

static void card_old_reserved(struct machine *m)
{
	m->s.now.bus.vfio_driver.row[4] = ids("");
	m->facts.old = ids("4");
}

static void control_guest(struct machine *m)
{
	keep(m, UUID_B, matrix_of("5", "0x47", "4,0x47,9"));
}

static void control_host(struct machine *m)
{
	change(m, "5,6", "4,0xab", "4,0xff");
}

static void control_useless(struct machine *m)
{
	keep(m, UUID_B, matrix_of("4", "", "9"));
}

static void misread_json(struct machine *m)
{
	struct definition *d = scene_defined(&m->s, UUID_B, false, matrix_of("", "", ""));

	config_parse("{", 1, d, NULL);
}

static void misread_zero(struct machine *m)
{
	static const char text[] = "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\","
				   "\"attrs\":[{\"assign_adapter\":\"010\"}]}";
	struct definition *d = scene_defined(&m->s, UUID_B, false, matrix_of("", "", ""));

	config_parse(text, strlen(text), d, NULL);
}

static void misread_field(struct machine *m)
{
	static const char text[] = "{\"mdev_type\":\"vfio_ap-passthrough\"}";
	struct definition *d = scene_defined(&m->s, UUID_B, false, matrix_of("", "", ""));

	config_parse(text, strlen(text), d, NULL);
}

static void misread_unassign(struct machine *m)
{
	static const char text[] =
		"{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"manual\",\"attrs\":["
		"{\"assign_adapter\":\"4\"},{\"assign_adapter\":\"9\"},{\"unassign_adapter\":\"9\"}"
		"]}";
	struct definition *d = scene_defined(&m->s, UUID_B, false, matrix_of("", "", ""));

	config_parse(text, strlen(text), d, NULL);
}

static void misread_other(struct machine *m)
{
	struct definition *d = scene_defined(&m->s, UUID_B, false, matrix_of("4", "4", ""));

	d->other = strdup("migratable");
}

static void misread_rules(struct machine *m)
{
	m->s.now.rules.own_form = false;
	m->facts.rules.v = calloc(2, sizeof(char *));
	m->facts.rules.v[0] = strdup("line 3: 'x' is no line of chzdev");
	m->facts.rules.v[1] = strdup("udev: sets no mask");
	m->facts.rules.n = 2;
}

static void misread_parameter(struct machine *m)
{
	static char text[] = "4,5";

	m->s.now.boot.apmask = text;
}

static void misread_overrides(struct machine *m)
{
	m->facts.overrides_bad_line = 7;
}

static void range(struct machine *m)
{
	m->s.now.bus.max_domain = 84;
	m->s.now.bus.masks.aqmask = ids("0-3,5-0xaa,0xac-0xff");
	scene_bind(&m->s);
	rules_keep(m);
	change(m, "5", "4,0xab", "");
}

static void lock_dead(struct machine *m)
{
	m->facts.lock = LOCK_STALE;
	m->facts.lock_holder.pid = 4711;
}

static void lock_empty(struct machine *m)
{
	m->facts.lock = LOCK_STALE;
}

static void lock_foreign(struct machine *m)
{
	m->facts.lock = LOCK_FOREIGN;
}

static void lock_held(struct machine *m)
{
	m->facts.lock = LOCK_HELD;
	m->facts.lock_holder.pid = 4711;
}

/* Which queues these are is audit_moving()'s; here they are told. */
static void key_left(struct machine *m)
{
	m->facts.key = calloc(1, sizeof(*m->facts.key));
	m->facts.key[0] = (struct audit_key){ .apid = 4, .apqi = 0xff, .keys = ZCRYPT_AES_CUR };
	m->facts.n_keys = 1;
}

/* ---- the table --------------------------------------------------------------------------------
 */

static const struct row rows[] = {
	{ .name = "a lock that somebody holds", .spoil = lock_held },
	{ .name = "queue-not-in-guest: not bound",
	  .spoil = unseen_unbound,
	  .code = FINDING_QUEUE_NOT_IN_GUEST,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .queues = 1,
	  .uuid = UUID_A,
	  .reason = "not-bound",
	  .message = OF_A " does not see queue 06.00ab: vfio_ap does not have"
			  " it, and one such queue hides its adapter",
	  .hint = "'echo 06.00ab > /sys/bus/ap/drivers_probe' asks vfio_ap to take it" },
	{ .name = "queue-not-in-guest: absent",
	  .spoil = unseen_absent,
	  .code = FINDING_QUEUE_NOT_IN_GUEST,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_A,
	  .reason = "absent",
	  .message = OF_A " does not see queue 06.00ab: there is no such queue,"
			  " and one that lacks hides its adapter",
	  .hint = "'vfioap unassign " UUID_A " -a 6' takes out what is in vain" },
	{ .name = "queue-not-in-guest: no such adapter",
	  .spoil = unseen_adapter,
	  .code = FINDING_QUEUE_NOT_IN_GUEST,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_A,
	  .reason = "not-in-host-config",
	  .message = OF_A " does not see queue 07.0004: the host does not have"
			  " the adapter" },
	{ .name = "queue-not-in-guest: no such domain",
	  .spoil = unseen_domain,
	  .code = FINDING_QUEUE_NOT_IN_GUEST,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 2,
	  .uuid = UUID_A,
	  .reason = "domain-not-in-host-config",
	  .message = OF_A " does not see queues 05.0009, 06.0009: the host does"
			  " not have the domain",
	  .hint = "'vfioap unassign " UUID_A " -d 9' takes out what is in vain" },
	{ .name = "queue-not-in-guest: a reset failed",
	  .spoil = unseen_reset,
	  .code = FINDING_QUEUE_NOT_IN_GUEST,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .queues = 2,
	  .uuid = UUID_A,
	  .reason = "reset-failed",
	  .hint = "'vfioap refresh " UUID_A "' has the kernel look again" },
	{ .name = "queue-not-in-guest: no QCI",
	  .spoil = unseen_qci,
	  .code = FINDING_QUEUE_NOT_IN_GUEST,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 4,
	  .uuid = UUID_A,
	  .reason = "no-qci" },
	{ .name = "queue-not-in-guest: of a definition",
	  .spoil = unseen_definition,
	  .code = FINDING_QUEUE_NOT_IN_GUEST,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .reason = "domain-not-in-host-config",
	  .message = "the guest of " DEVICE_B " would not see queue 04.0009: the host does not"
		     " have the domain" },
	{ .name = "queue-not-usable: deconfigured",
	  .spoil = card_deconfigured,
	  .code = FINDING_QUEUE_NOT_USABLE,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 2,
	  .uuid = UUID_A,
	  .reason = "deconfigured",
	  .message = OF_A " cannot use queues 05.0004, 05.00ab: adapter 5 is deconfigured",
	  .hint = "'chzcrypt --config-on 05' configures the card" },
	{ .name = "queue-not-usable: checkstopped",
	  .spoil = card_checkstopped,
	  .code = FINDING_QUEUE_NOT_USABLE,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 4,
	  .uuid = UUID_A,
	  .reason = "checkstopped",
	  .message = OF_A " cannot use queues 05.0004, 05.00ab, 06.0004,"
			  " 06.00ab: adapters 5,6 are checkstopped",
	  .hint = "'lszcrypt 05 06' shows the cards; the hardware wants service" },
	{ .name = "card-too-old: of a device",
	  .spoil = card_old,
	  .code = FINDING_CARD_TOO_OLD,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 3,
	  .uuid = UUID_A,
	  .message = GUEST_A " has queues 06.0004, 06.0047, 06.00ab of a card older than CEX4,"
			     " which vfio_ap does not know",
	  .hint = "'vfioap unassign " UUID_A " -a 6' takes out what is in vain" },
	{ .name = "card-too-old: reserved for nobody",
	  .spoil = card_old_reserved,
	  .code = FINDING_CARD_TOO_OLD,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 3,
	  .message = "no driver for queues 04.0004, 04.0047, 04.00ab: the masks leave it to"
		     " vfio_ap, which knows no card older than CEX4" },
	{ .name = "control-domain-exposed: another guest",
	  .spoil = control_guest,
	  .code = FINDING_CONTROL_EXPOSED,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 1,
	  .uuid = UUID_B,
	  .other = UUID_A,
	  .message = "the guest of " DEVICE_B " may administer domain 4 of adapter 5 (queue"
		     " 05.0004), which " GUEST_A " uses",
	  .hint = "'vfioap unassign " UUID_B " -c 4' takes the control domain away" },
	{ .name = "control-domain-exposed: the host",
	  .spoil = control_host,
	  .code = FINDING_CONTROL_EXPOSED,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 2,
	  .uuid = UUID_A,
	  .message = OF_A " may administer domain 0xff of adapters 5,6 (queues"
			  " 05.00ff, 06.00ff), which the host uses" },
	{ .name = "control-without-usage",
	  .spoil = control_useless,
	  .code = FINDING_CONTROL_WITHOUT_USAGE,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .uuid = UUID_B,
	  .message = DEVICE_B " has control domains 9 and no usage domain: its guest has no queue"
			      " to use them with, and ap-check refuses to start it" },
	{ .name = "file-misread: no JSON",
	  .spoil = misread_json,
	  .code = FINDING_FILE_MISREAD,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .uuid = UUID_B,
	  .path = "etc/mdevctl.d/matrix/" UUID_B,
	  .hint = "correct it, or 'vfioap remove -P " UUID_B "' removes it" },
	{ .name = "file-misread: a leading zero",
	  .spoil = misread_zero,
	  .code = FINDING_FILE_MISREAD,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .uuid = UUID_B,
	  .path = "etc/mdevctl.d/matrix/" UUID_B,
	  .message = "'/etc/mdevctl.d/matrix/" UUID_B "': '010' of assign_adapter has a leading"
		     " zero: the kernel reads 8: people read it as decimal, and chzdev and"
		     " ap-check may take 0" },
	{ .name = "file-misread: a field",
	  .spoil = misread_field,
	  .code = FINDING_FILE_MISREAD,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .uuid = UUID_B,
	  .path = "etc/mdevctl.d/matrix/" UUID_B,
	  .message = "'/etc/mdevctl.d/matrix/" UUID_B "': start is missing: mdevctl then starts no"
		     " device at boot, chzdev and ap-check take it for auto" },
	{ .name = "file-misread: what libap does not take back",
	  .spoil = misread_unassign,
	  .code = FINDING_FILE_MISREAD,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .persistent = 1,
	  .uuid = UUID_B,
	  .path = "etc/mdevctl.d/matrix/" UUID_B },
	{ .name = "file-misread: an attribute that is not vfio_ap's",
	  .spoil = misread_other,
	  .code = FINDING_FILE_MISREAD,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .persistent = 1,
	  .uuid = UUID_B,
	  .path = "etc/mdevctl.d/matrix/" UUID_B },
	{ .name = "file-misread: rules",
	  .spoil = misread_rules,
	  .code = FINDING_FILE_MISREAD,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .path = "etc/udev/rules.d/41-ap.rules",
	  .message = "'/etc/udev/rules.d/41-ap.rules' is not as chzdev writes it: line 3: 'x' is"
		     " no line of chzdev; udev: sets no mask",
	  .hint = "remove or rename the file; 'chzdev_ap -p' sets masks anew" },
	{ .name = "file-misread: a parameter",
	  .spoil = misread_parameter,
	  .code = FINDING_FILE_MISREAD,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .path = "sys/module/ap/parameters/apmask",
	  .message = "the kernel cannot parse ap.apmask=4,5, and takes it for no bit at all: every"
		     " queue leaves the host" },
	{ .name = "file-misread: the list of overrides",
	  .spoil = misread_overrides,
	  .code = FINDING_FILE_MISREAD,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .persistent = 1,
	  .path = "etc/vfioap/overrides" },
	{ .name = "id-out-of-range",
	  .spoil = range,
	  .code = FINDING_ID_OUT_OF_RANGE,
	  .severity = FINDING_ERROR,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .uuid = UUID_A,
	  .message = GUEST_A " has domain 0xab: the highest of this machine is 84 (0x54)",
	  .hint = "'vfioap unassign " UUID_A " -d 0xab' takes it out" },
	{ .name = "lock-stale: of a dead process",
	  .spoil = lock_dead,
	  .code = FINDING_LOCK_STALE,
	  .severity = FINDING_NOTE,
	  .n = 1,
	  .active = 1,
	  .path = "run/lock/s390apconfig.lock",
	  .message = "'/run/lock/s390apconfig.lock' is left over: process 4711 is dead",
	  .hint = "the next change removes it" },
	{ .name = "lock-stale: empty",
	  .spoil = lock_empty,
	  .code = FINDING_LOCK_STALE,
	  .severity = FINDING_NOTE,
	  .n = 1,
	  .active = 1,
	  .path = "run/lock/s390apconfig.lock" },
	{ .name = "lock-stale: no file",
	  .spoil = lock_foreign,
	  .code = FINDING_LOCK_STALE,
	  .severity = FINDING_WARNING,
	  .n = 1,
	  .active = 1,
	  .path = "run/lock/s390apconfig.lock" },
	{ .name = "key-left",
	  .spoil = key_left,
	  .code = FINDING_KEY_LEFT,
	  .severity = FINDING_NOTE,
	  .n = 1,
	  .active = 1,
	  .persistent = 1,
	  .queues = 1,
	  .message = "master keys are left in queue 04.00ff, on the way to another owner: AES CUR",
	  .hint = "zeroize them (TKE, panel) unless the next owner is to have them" },
};

int main(void)
{
	_cleanup_free_ struct machine *m = malloc(sizeof(*m));
	struct test t = { 0 };

	test_rows(&t, m, rows, ARRAY_SIZE(rows));
	return test_done(&t);
}
