/* SPDX-License-Identifier: MIT */
/* Each item of vfioap doctor in each state that it can have. */
#include <errno.h>

#include "doctor.h"
#include "scene.h"

/* What the cases start from: a host on which all is well, in an LPAR, with mdevctl. */
static void facts_init(struct doctor_facts *f)
{
	*f = (struct doctor_facts){
		.is_live = true,
		.has_kvm = true,
		.has_sysinfo = true,
		.knows_nodes = true,
		.mdevctl = { "usr/sbin/mdevctl" },
		.mdevctl_rule = { "usr/lib/udev/rules.d/60-mdevctl.rules" },
		.rule_program = { "usr/sbin/mdevctl" },
		.rule_program_exists = true,
		.link = { [DOCTOR_DIR_LIB] = DOCTOR_LINK_OK, [DOCTOR_DIR_ETC] = DOCTOR_LINK_OK },
		.has_ap_check = true,
	};
}

static struct doctor_node node; /* of the one active device */
static char *report_line = (char *)"line 7: 'x' is no line of chzdev";

static void one_node(struct scene *s, struct doctor_facts *f, unsigned mode)
{
	scene_reserve(s, "", "4");
	scene_active(s, UUID_A, matrix_of("5", "4", ""));
	node = (struct doctor_node){
		.uuid = UUID_A, .path = "dev/vfio/0", .exists = mode, .gid = 36, .mode = mode
	};
	f->node = &node;
	f->n_nodes = 1;
}

static void qemu_user(struct doctor_facts *f, uid_t uid, gid_t gid)
{
	f->user = (struct doctor_user){
		.name = "qemu", .uid = uid, .gid = { 100, gid }, .n_gids = 2
	};
}

static void automatic(struct scene *s, bool masks)
{
	scene_defined(s, UUID_A, true, matrix_of("5", "4", ""));
	if (!masks)
		return;
	s->now.rules = (struct udev_rules){
		.present = true,
		.own_form = true,
		.has_aqmask = true,
		.masks = { .apmask = vfioap_mask_range(0, 255), .aqmask = ids("0-3") },
	};
}

/* ---- cases: what is done to a host on which all is well ---------------------------------------
 */

#define CASE(name) static void name(struct scene *s _unused_, struct doctor_facts *f _unused_)

CASE(well)
{
}
CASE(no_bus)
{
	s->now.bus = (struct apbus){ 0 };
}
CASE(no_qci)
{
	s->now.bus.has_qci = false;
}
CASE(no_cards)
{
	s->now.bus.cards = ids("");
}
CASE(old_cards)
{
	f->old = ids("4-6");
}
CASE(one_old_card)
{
	f->old = ids("6");
}
CASE(cards_off)
{
	f->deconfigured = ids("5");
	f->checkstopped = ids("6");
}
CASE(not_loaded)
{
	s->now.bus.vfio_ap_loaded = s->now.mdevs.loaded = false;
}
CASE(not_loaded_queues_wait)
{
	s->now.bus.vfio_ap_loaded = false;
	scene_reserve(s, "", "4");
}
CASE(not_to_be_loaded)
{
	s->now.bus.vfio_ap_loaded = false;
	err_set(&f->module, -ENODEV, "modprobe: no module vfio_ap");
}
CASE(old_kernel)
{
	s->now.mdevs.has_ap_config = s->now.mdevs.has_guest_matrix = false;
}
CASE(old_kernel_not_loaded)
{
	old_kernel(s, f);
	not_loaded(s, f);
}
CASE(safe_kernel)
{
	s->now.bus.bindings_complete_count = true;
}
CASE(large_active)
{
	scene_active(s, UUID_A, matrix_of("0-3", "0-127", ""));
}
CASE(large_definition)
{
	scene_defined(s, UUID_A, false, matrix_of("0-3", "0-127", ""));
}
CASE(as_large_as_can_be)
{
	scene_active(s, UUID_A, matrix_of("0-6", "0-72", ""));
}
CASE(large_safe)
{
	large_active(s, f);
	safe_kernel(s, f);
}
CASE(override_none)
{
	s->now.bus.override_known = true;
}
CASE(override_kept)
{
	override_none(s, f);
	scene_active(s, UUID_A, matrix_of("5", "4", ""));
	qset_add(&s->now.bus.override, 5, 4);
}
CASE(override_lost)
{
	override_kept(s, f);
	s->now.bus.override = (struct qset){ 0 };
}
CASE(override_masks)
{
	override_none(s, f);
	scene_reserve(s, "", "4");
	scene_active(s, UUID_A, matrix_of("5", "4", ""));
}
CASE(no_kvm)
{
	f->has_kvm = false;
}
CASE(elsewhere)
{
	f->is_live = false;
}
CASE(below_kvm)
{
	snprintf(f->hypervisor, sizeof(f->hypervisor), "KVM/Linux");
}
CASE(below_zvm)
{
	snprintf(f->hypervisor, sizeof(f->hypervisor), "z/VM    7.3.0");
}
CASE(no_sysinfo)
{
	f->has_sysinfo = false;
}
CASE(secure_guest)
{
	f->is_secure = true;
}
CASE(lock_held)
{
	f->lock = LOCK_HELD;
	f->lock_holder = (struct lock_holder){ .pid = 4711, .command = "chzdev" };
}
CASE(lock_pending)
{
	f->lock = LOCK_PENDING;
}
CASE(lock_stale)
{
	f->lock = LOCK_STALE;
	f->lock_holder.pid = 4711;
}
CASE(lock_foreign)
{
	f->lock = LOCK_FOREIGN;
}
CASE(lock_unreadable)
{
	err_set(&f->lock_error, -EACCES, "cannot read '/run/lock/s390apconfig.lock'");
}
CASE(lock_held_elsewhere)
{
	lock_held(s, f);
	elsewhere(s, f);
}
CASE(lock_foreign_elsewhere)
{
	lock_foreign(s, f);
	elsewhere(s, f);
}
CASE(node_missing)
{
	one_node(s, f, 0);
}
CASE(node_no_group)
{
	one_node(s, f, 0);
	node.path[0] = '\0';
}
CASE(node_root_alone)
{
	one_node(s, f, 0600);
}
CASE(node_for_group)
{
	one_node(s, f, 0660);
}
CASE(node_not_for_qemu)
{
	one_node(s, f, 0600);
	qemu_user(f, 107, 107);
}
CASE(node_read_alone)
{
	one_node(s, f, 0640);
	qemu_user(f, 107, 36);
}
CASE(node_by_group)
{
	one_node(s, f, 0660);
	qemu_user(f, 107, 36);
}
CASE(node_by_owner)
{
	one_node(s, f, 0600);
	qemu_user(f, 107, 107);
	node.uid = 107;
}
CASE(node_owner_less_than_group)
{
	one_node(s, f, 0460);
	qemu_user(f, 107, 36);
	node.uid = 107;
}
CASE(node_qemu_is_root)
{
	one_node(s, f, 0600);
	qemu_user(f, 0, 0);
}
CASE(node_handed_over)
{
	one_node(s, f, 0600);
	qemu_user(f, 107, 107);
	f->user.hands_over = true;
}
CASE(nodes_unknown)
{
	one_node(s, f, 0);
	f->knows_nodes = false;
}
CASE(own_rules)
{
	s->now.rules.present = s->now.rules.own_form = true;
}
CASE(foreign_rules)
{
	s->now.rules.present = true;
	f->rules = (struct udev_report){ .v = &report_line, .n = 1 };
}
CASE(run_rules)
{
	f->run_rules = true;
}
CASE(run_rules_shadowed)
{
	f->run_rules = true;
	own_rules(s, f);
}
CASE(boot_garbled)
{
	s->now.boot.aqmask = (char *)"4,5";
}
CASE(boot_hidden)
{
	s->now.boot.hidden = true;
}
CASE(boot_mask)
{
	s->now.boot.aqmask = (char *)"0xf7";
}
CASE(boot_mask_overrides)
{
	boot_mask(s, f);
	override_none(s, f);
}
CASE(boot_mask_overrides_now)
{
	boot_mask_overrides(s, f);
	qset_add(&s->now.bus.override, 5, 4);
}
CASE(boot_mask_overrides_lasting)
{
	boot_mask_overrides(s, f);
	qset_add(&s->now.overrides.queues, 5, 4);
}
CASE(boot_mask_driverctl)
{
	boot_mask_overrides(s, f);
	qset_add(&s->now.driverctl, 5, 4);
}
CASE(overrides_lasting)
{
	override_none(s, f);
	qset_add(&s->now.overrides.queues, 5, 4);
}
CASE(overrides_no_rule)
{
	qset_add(&s->now.overrides.queues, 5, 4);
	(void)f;
}
CASE(overrides_rule)
{
	overrides_no_rule(s, f);
	snprintf(f->override_rule.path, sizeof(f->override_rule.path),
		 "usr/lib/udev/rules.d/42-vfioap.rules");
}
CASE(overrides_bad)
{
	s->now.overrides.bad_line = 3;
}
CASE(no_mdevctl)
{
	f->mdevctl.path[0] = '\0';
}
CASE(mdevctl_dir)
{
	f->missing_dir = "etc/mdevctl.d";
}
CASE(no_rule)
{
	f->mdevctl_rule.path[0] = '\0';
}
CASE(rule_elsewhere)
{
	snprintf(f->mdevctl.path, sizeof(f->mdevctl.path), "usr/bin/mdevctl");
	f->rule_program_exists = false;
}
CASE(rule_elsewhere_autostart)
{
	rule_elsewhere(s, f);
	automatic(s, true);
}
CASE(rule_elsewhere_service)
{
	rule_elsewhere_autostart(s, f);
	f->service = true;
}
CASE(no_rule_autostart)
{
	no_rule(s, f);
	automatic(s, true);
}
CASE(wrapper_alone)
{
	f->has_ap_wrapper = true;
	f->has_ap_check = false;
}
CASE(link_broken)
{
	f->link[DOCTOR_DIR_ETC] = DOCTOR_LINK_BROKEN;
}
CASE(link_none)
{
	f->link[DOCTOR_DIR_LIB] = f->link[DOCTOR_DIR_ETC] = DOCTOR_LINK_NONE;
}
CASE(link_none_nor_ap_check)
{
	link_none(s, f);
	f->has_ap_check = false;
}
CASE(link_in_one)
{
	f->link[DOCTOR_DIR_LIB] = DOCTOR_LINK_NO_DIR;
}
CASE(link_no_dirs)
{
	f->link[DOCTOR_DIR_LIB] = f->link[DOCTOR_DIR_ETC] = DOCTOR_LINK_NO_DIR;
}
CASE(starts)
{
	automatic(s, true);
}
CASE(starts_nothing_loads)
{
	automatic(s, false);
}
CASE(starts_loaded_early)
{
	automatic(s, true);
	snprintf(f->early_load.path, sizeof(f->early_load.path), "etc/modules-load.d/ap.conf");
}
CASE(starts_builtin)
{
	automatic(s, true);
	f->is_builtin = true;
}
CASE(starts_early_no_masks)
{
	starts_loaded_early(s, f);
	s->now.rules = (struct udev_rules){ 0 };
}
CASE(starts_early_overrides)
{
	starts_early_no_masks(s, f);
	qset_add(&s->now.overrides.queues, 5, 4);
}
CASE(starts_service)
{
	starts_loaded_early(s, f);
	f->service = true;
}
CASE(broken)
{
	struct definition *definition = scene_defined(s, UUID_B, false, matrix_of("", "", ""));

	definition->problem = CONFIG_BAD_JSON;
	definition->detail = (char *)"no JSON";
}
CASE(starts_broken)
{
	automatic(s, true);
	broken(s, f);
}
CASE(starts_broken_service)
{
	starts_broken(s, f);
	f->service = true;
}
CASE(image)
{
	snprintf(f->image.path, sizeof(f->image.path), "boot/initrd.img-6.1");
}
CASE(owned_by_user)
{
	f->owners = (struct doctor_owners){
		.n = 1, .path = "etc/vfioap", .writer = DOCTOR_WRITER_USER, .id = 1000
	};
}
CASE(owned_by_group)
{
	f->owners = (struct doctor_owners){
		.n = 3, .path = "etc", .writer = DOCTOR_WRITER_GROUP, .id = 6
	};
}
CASE(owned_by_all)
{
	f->owners =
		(struct doctor_owners){ .n = 1, .path = "etc/udev", .writer = DOCTOR_WRITER_ALL };
}
CASE(image_older)
{
	image(s, f);
	f->image_older = true;
}

/* ---- the table ------------------------------------------------------------------------------ */

#define ROW(case_, item_, state_, part_)                                            \
	{                                                                           \
		.name = #case_, .set = (case_), .item = (item_), .state = (state_), \
		.part = (part_)                                                     \
	}
#define ABSENT 9 /* no state: the item means nothing there */

static const struct row {
	const char *name;
	void (*set)(struct scene *s, struct doctor_facts *f);
	const char *item;
	int state;
	const char *part;
} rows[] = {
	ROW(well, "ap-bus", DOCTOR_OK, "6 queues on 3 cards"),
	ROW(no_bus, "ap-bus", DOCTOR_FAIL, "no AP bus"),
	ROW(well, "qci", DOCTOR_OK, ""),
	ROW(no_qci, "qci", DOCTOR_FAIL, "no guest would see a queue"),
	ROW(no_bus, "qci", ABSENT, NULL),
	ROW(well, "cards", DOCTOR_OK, "all 3 cards"),
	ROW(cards_off, "cards", DOCTOR_WARN, "deconfigured 5, checkstopped 6, too old none"),
	ROW(one_old_card, "cards", DOCTOR_WARN, "too old 6"),
	ROW(old_cards, "cards", DOCTOR_FAIL, "4-6 are too old"),
	ROW(no_cards, "cards", DOCTOR_FAIL, "no crypto card"),
	ROW(well, "module", DOCTOR_OK, "is loaded"),
	ROW(not_loaded, "module", DOCTOR_OK, "reserve and create do it"),
	ROW(not_loaded_queues_wait, "module", DOCTOR_WARN, "3 reserved queues have no driver"),
	ROW(not_to_be_loaded, "module", DOCTOR_FAIL, "modprobe: no module vfio_ap"),
	ROW(well, "kernel", DOCTOR_OK, "hot plug, ap_config"),
	ROW(old_kernel, "kernel", DOCTOR_WARN, "before 6.0"),
	ROW(old_kernel_not_loaded, "kernel", DOCTOR_OK, "when vfio_ap is loaded"),
	ROW(safe_kernel, "matrix-read", DOCTOR_OK, "safe"),
	ROW(large_safe, "matrix-read", DOCTOR_OK, "safe"),
	ROW(well, "matrix-read", DOCTOR_WARN, "before 6.17"),
	ROW(as_large_as_can_be, "matrix-read", DOCTOR_WARN, "before 6.17"),
	ROW(large_active, "matrix-read", DOCTOR_FAIL, "'" UUID_A "' has 512 queues"),
	ROW(large_definition, "matrix-read", DOCTOR_FAIL, "'" UUID_A "' has 512 queues"),
	ROW(well, "override-counter", ABSENT, NULL),
	ROW(override_none, "override-counter", DOCTOR_OK, "was lost"),
	ROW(override_kept, "override-counter", DOCTOR_OK, "was lost"),
	ROW(override_masks, "override-counter", DOCTOR_OK, "masks are in use"),
	ROW(override_lost, "override-counter", DOCTOR_WARN, "queue 05.0004"),
	ROW(well, "kvm", DOCTOR_OK, "/dev/kvm"),
	ROW(no_kvm, "kvm", DOCTOR_WARN, "no guest can be started"),
	ROW(elsewhere, "kvm", ABSENT, NULL),
	ROW(well, "nested", DOCTOR_OK, "partition"),
	ROW(below_kvm, "nested", DOCTOR_WARN, "guest of KVM/Linux"),
	ROW(below_zvm, "nested", DOCTOR_WARN, "guest of z/VM    7.3.0"),
	ROW(no_sysinfo, "nested", ABSENT, NULL),
	ROW(well, "secure-execution", DOCTOR_OK, ""),
	ROW(secure_guest, "secure-execution", DOCTOR_FAIL, "cannot have guests"),
	ROW(well, "lock", DOCTOR_OK, "free"),
	ROW(lock_held, "lock", DOCTOR_OK, "held by chzdev (4711)"),
	ROW(lock_pending, "lock", DOCTOR_OK, "being taken"),
	ROW(lock_stale, "lock", DOCTOR_WARN, "4711"),
	ROW(lock_unreadable, "lock", DOCTOR_WARN, "cannot read"),
	ROW(lock_foreign, "lock", DOCTOR_FAIL, "no regular file"),
	ROW(lock_held_elsewhere, "lock", ABSENT, NULL),
	ROW(lock_foreign_elsewhere, "lock", DOCTOR_FAIL, "no regular file"),
	ROW(well, "nodes", DOCTOR_OK, "no device is active"),
	ROW(node_for_group, "nodes", DOCTOR_OK, "can be opened"),
	ROW(node_by_group, "nodes", DOCTOR_OK, "can be opened"),
	ROW(node_by_owner, "nodes", DOCTOR_OK, "can be opened"),
	ROW(node_qemu_is_root, "nodes", DOCTOR_OK, "can be opened"),
	ROW(node_handed_over, "nodes", DOCTOR_OK, "libvirt hands"),
	ROW(node_root_alone, "nodes", DOCTOR_WARN, "only root can open /dev/vfio/0"),
	ROW(node_not_for_qemu, "nodes", DOCTOR_FAIL, "user 'qemu' of QEMU cannot open /dev/vfio/0"),
	ROW(node_read_alone, "nodes", DOCTOR_FAIL, "mode 0640"),
	ROW(node_owner_less_than_group, "nodes", DOCTOR_FAIL, "mode 0460"),
	ROW(node_missing, "nodes", DOCTOR_FAIL, "has no group node /dev/vfio/0"),
	ROW(node_no_group, "nodes", DOCTOR_FAIL, "has no group node: "),
	ROW(nodes_unknown, "nodes", ABSENT, NULL),
	ROW(well, "rules", DOCTOR_OK, "sets no mask"),
	ROW(own_rules, "rules", DOCTOR_OK, "as chzdev writes it"),
	ROW(foreign_rules, "rules", DOCTOR_FAIL, "line 7: 'x' is no line of chzdev"),
	ROW(well, "rules-run", DOCTOR_OK, ""),
	ROW(run_rules, "rules-run", DOCTOR_WARN, "until the next boot"),
	ROW(run_rules_shadowed, "rules-run", DOCTOR_WARN, "the one in /etc"),
	ROW(well, "boot-masks", DOCTOR_OK, ""),
	ROW(boot_mask, "boot-masks", DOCTOR_OK, ""),
	ROW(overrides_lasting, "boot-masks", DOCTOR_OK, ""),
	ROW(well, "overrides", DOCTOR_OK, "no driver override is to last"),
	ROW(overrides_no_rule, "overrides", DOCTOR_FAIL, "no 42-vfioap.rules"),
	ROW(overrides_rule, "overrides", DOCTOR_OK, "'/usr/lib/udev/rules.d/42-vfioap.rules'"),
	ROW(overrides_bad, "overrides", DOCTOR_FAIL, "line 3 names no queue"),
	ROW(boot_hidden, "boot-masks", DOCTOR_WARN, "only root"),
	ROW(boot_mask_overrides, "boot-masks", DOCTOR_WARN,
	    "ap.aqmask=: it takes driver overrides"),
	ROW(boot_mask_overrides_now, "boot-masks", DOCTOR_WARN, "1 queues are for guests"),
	ROW(boot_mask_overrides_lasting, "boot-masks", DOCTOR_FAIL, "1 queues are for guests"),
	ROW(boot_mask_driverctl, "boot-masks", DOCTOR_FAIL, "1 queues are for guests"),
	ROW(boot_garbled, "boot-masks", DOCTOR_FAIL, "ap.aqmask=4,5 is no mask"),
	ROW(well, "mdevctl", DOCTOR_OK, "/usr/sbin/mdevctl"),
	ROW(no_mdevctl, "mdevctl", DOCTOR_WARN, "not installed"),
	ROW(mdevctl_dir, "mdevctl", DOCTOR_FAIL, "'/etc/mdevctl.d' is missing"),
	ROW(well, "mdevctl-rule", DOCTOR_OK, "runs /usr/sbin/mdevctl"),
	ROW(no_mdevctl, "mdevctl-rule", ABSENT, NULL),
	ROW(no_rule, "mdevctl-rule", DOCTOR_WARN, "no 60-mdevctl.rules"),
	ROW(no_rule_autostart, "mdevctl-rule", DOCTOR_FAIL, "no 60-mdevctl.rules"),
	ROW(rule_elsewhere, "mdevctl-rule", DOCTOR_WARN,
	    "runs /usr/sbin/mdevctl, which is not there: mdevctl is /usr/bin/mdevctl"),
	ROW(rule_elsewhere_service, "mdevctl-rule", DOCTOR_WARN, "not there"),
	ROW(rule_elsewhere_autostart, "mdevctl-rule", DOCTOR_FAIL, "not there"),
	ROW(well, "callouts", DOCTOR_OK, "our callout, and not ap-check"),
	ROW(link_in_one, "callouts", DOCTOR_OK, "our callout"),
	ROW(link_none, "callouts", DOCTOR_WARN, "ap-check alone"),
	ROW(link_none_nor_ap_check, "callouts", DOCTOR_WARN, "asks nobody"),
	ROW(link_broken, "callouts", DOCTOR_FAIL,
	    "'/etc/mdevctl.d/scripts.d/callouts/00-vfioap-callout' cannot be run"),
	ROW(wrapper_alone, "callouts", DOCTOR_FAIL, "refuses everything"),
	ROW(link_no_dirs, "callouts", ABSENT, NULL),
	ROW(well, "autostart", DOCTOR_OK, "no device is to start"),
	ROW(starts, "autostart", DOCTOR_OK, "when vfio_ap does"),
	ROW(starts_service, "autostart", DOCTOR_OK, "vfioap-autostart.service"),
	ROW(starts_early_no_masks, "autostart", DOCTOR_OK, "when vfio_ap does"),
	ROW(broken, "autostart", DOCTOR_WARN, "'" UUID_B "' cannot be used (no JSON)"),
	ROW(starts_broken_service, "autostart", DOCTOR_WARN, "cannot be used"),
	ROW(starts_broken, "autostart", DOCTOR_FAIL, "starts no other"),
	ROW(starts_nothing_loads, "autostart", DOCTOR_FAIL, "nothing loads vfio_ap"),
	ROW(starts_loaded_early, "autostart", DOCTOR_FAIL,
	    "'/etc/modules-load.d/ap.conf' loads vfio_ap early"),
	ROW(starts_builtin, "autostart", DOCTOR_FAIL, "part of the kernel"),
	ROW(starts_early_overrides, "autostart", DOCTOR_FAIL, "before the masks"),
	ROW(well, "initramfs", DOCTOR_OK, "no initramfs"),
	ROW(image, "initramfs", DOCTOR_OK, "newer"),
	ROW(image_older, "initramfs", DOCTOR_WARN, "'/boot/initrd.img-6.1' is older"),
	ROW(well, "owners", DOCTOR_OK, "root alone"),
	ROW(owned_by_user, "owners", DOCTOR_WARN, "user 1000 can write '/etc/vfioap', and so"),
	ROW(owned_by_group, "owners", DOCTOR_WARN,
	    "group 6 can write '/etc', and so decide what root does at the next boot; 2 more"),
	ROW(owned_by_all, "owners", DOCTOR_WARN, "every user can write '/etc/udev', and so"),
};

static const struct doctor_item *item_find(const struct doctor_report *report, const char *name)
{
	for (size_t i = 0; i < report->n; i++)
		if (strcmp(report->item[i].name, name) == 0)
			return &report->item[i];
	return NULL;
}

/* A hint exactly where something is to be done. */
static void check_item(struct test *t, const struct doctor_item *item, const struct row *row)
{
	EXPECT_INT(t, item ? (int)item->state : ABSENT, row->state);
	if (!item)
		return;
	EXPECT(t, !*item->hint == (item->state == DOCTOR_OK));
	EXPECT(t, *item->message);
	if (row->part && !strstr(item->message, row->part))
		EXPECT_STR(t, item->message, row->part);
}

static void test_items(struct test *t)
{
	static struct doctor_report report;
	static struct doctor_facts facts;
	static struct scene scene;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t failed = 0;

		test_case(t, "%s: %s", rows[i].item, rows[i].name);
		scene_init(&scene, "4-6", "4,0x47");
		facts_init(&facts);
		rows[i].set(&scene, &facts);
		doctor_look(&scene.now, &facts, DOCTOR_ACTIVE | DOCTOR_PERSISTENT, &report);
		check_item(t, item_find(&report, rows[i].item), &rows[i]);
		for (size_t j = 0; j < report.n; j++)
			failed += report.item[j].state == DOCTOR_FAIL;
		EXPECT_INT(t, report.n_failed, failed);
	}
}

/* Nothing is left out of the table above, neither an item nor one of its states. */
static void test_all(struct test *t)
{
	static struct doctor_report report;
	static struct doctor_facts facts;
	static struct scene scene;

	scene_init(&scene, "4-6", "4,0x47");
	facts_init(&facts);
	override_none(&scene, &facts);
	doctor_look(&scene.now, &facts, DOCTOR_ACTIVE | DOCTOR_PERSISTENT, &report);
	EXPECT_INT(t, report.n_failed, 0);
	for (size_t i = 0; i < report.n; i++) {
		bool ok = false, bad = false;

		test_case(t, "%s is in the table", report.item[i].name);
		for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
			if (strcmp(rows[j].item, report.item[i].name) != 0)
				continue;
			ok |= rows[j].state == DOCTOR_OK;
			bad |= rows[j].state == DOCTOR_WARN || rows[j].state == DOCTOR_FAIL;
		}
		EXPECT(t, ok && bad);
	}
}

static void test_flags(struct test *t)
{
	static const struct {
		const char *name;
		unsigned flags;
	} wants[] = {
		{ .name = "ap-bus", .flags = DOCTOR_ACTIVE | DOCTOR_PERSISTENT },
		{ .name = "lock", .flags = DOCTOR_ACTIVE },
		{ .name = "nodes", .flags = DOCTOR_ACTIVE },
		{ .name = "rules", .flags = DOCTOR_PERSISTENT },
		{ .name = "autostart", .flags = DOCTOR_PERSISTENT },
	};
	static struct doctor_report report;
	static struct doctor_facts facts;
	static struct scene scene;

	for (unsigned flags = DOCTOR_ACTIVE; flags <= DOCTOR_PERSISTENT; flags++) {
		test_case(t, "flags %u", flags);
		scene_init(&scene, "4-6", "4,0x47");
		facts_init(&facts);
		large_definition(&scene, &facts);
		doctor_look(&scene.now, &facts, flags, &report);
		for (size_t i = 0; i < ARRAY_SIZE(wants); i++)
			EXPECT(t, !item_find(&report, wants[i].name) == !(wants[i].flags & flags));
		EXPECT_INT(t, item_find(&report, "matrix-read")->state,
			   flags == DOCTOR_ACTIVE ? DOCTOR_WARN : DOCTOR_FAIL);
	}
}

int main(void)
{
	struct test t = { 0 };

	test_items(&t);
	test_all(&t);
	test_flags(&t);
	return test_done(&t);
}
