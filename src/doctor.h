/* SPDX-License-Identifier: MIT */
/*
 * Can this host lend queues to guests, now and after the next boot?  Each item says so, or what
 * is in the way and what to do.  Pure: what is not in the snapshot is read beforehand into
 * struct doctor_facts.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "lock.h"
#include "paths.h"
#include "snapshot.h"

enum doctor_state { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

/** enum doctor_flags - what is looked at */
enum doctor_flags {
	DOCTOR_ACTIVE = 1 << 0,	    /* the running system */
	DOCTOR_PERSISTENT = 1 << 1, /* the next boot */
};

/** struct doctor_item - @message and @hint may hold bytes of files: not fit for a terminal */
struct doctor_item {
	const char *name;
	enum doctor_state state;
	char message[512];
	char hint[256]; /* "" none */
};

/** More items than there are. */
#define DOCTOR_ITEMS 32

struct doctor_report {
	struct doctor_item item[DOCTOR_ITEMS];
	size_t n, n_failed;
};

/** struct doctor_file - a file that is there, by a path without leading '/'; "" none */
struct doctor_file {
	char path[PATH_SIZE];
};

/** enum doctor_link - our callout, in one of the directories of mdevctl's */
enum doctor_link {
	DOCTOR_LINK_NO_DIR, /* mdevctl does not look there */
	DOCTOR_LINK_NONE,   /* it is not linked there */
	DOCTOR_LINK_BROKEN, /* it cannot be run */
	DOCTOR_LINK_OK,
};

/** Directories of callouts: since mdevctl 1.3, and before. */
enum { DOCTOR_DIR_LIB, DOCTOR_DIR_ETC, DOCTOR_DIRS };

/**
 * struct doctor_node - the group node of an active device
 * @path:   without leading '/'; "" it is in no IOMMU group
 * @exists: and @uid, @gid, @mode
 */
struct doctor_node {
	char uuid[UUID_SIZE];
	char path[64];
	bool exists;
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

/**
 * struct doctor_user - who QEMU runs as under libvirt
 * @name:    "" nobody knows
 * @hands_over: libvirt gives each guest the nodes that it needs (dynamic_ownership)
 */
struct doctor_user {
	char name[64];
	bool hands_over;
	uid_t uid;
	gid_t gid[32];
	size_t n_gids;
};

/** enum doctor_writer - who can write a file */
enum doctor_writer {
	DOCTOR_WRITER_ROOT, /* and nobody else */
	DOCTOR_WRITER_USER,
	DOCTOR_WRITER_GROUP,
	DOCTOR_WRITER_ALL,
};

/**
 * struct doctor_owners - files that decide what root does, and that others can write
 * @n:    how many
 * @path: the first of them, without leading '/'
 * @id:   of the user or the group
 */
struct doctor_owners {
	unsigned n;
	char path[PATH_SIZE];
	enum doctor_writer writer;
	unsigned id;
};

/**
 * struct doctor_facts - zero-initialise it; doctor_facts_done()
 * @is_live:      the root is that of this machine: modules and /dev can be asked
 * @deconfigured, @checkstopped, @old: cards; old: vfio_ap does not drive them
 * @module:       with @is_live and a missing module: whether it can be loaded
 * @has_kvm:      /dev/kvm is there
 * @has_sysinfo:  /proc/sysinfo was read; @hypervisor: the one below us, "" none
 * @is_secure:    a Secure Execution guest
 * @lock_error:   lock_look() failed; what it said
 * @knows_nodes:  @node tells of all active devices
 * @rules:        as udev_report_read() gives it
 * @run_rules:    there is one in /run as well
 * @mdevctl, @mdevctl_rule: the program, and its rule file
 * @rule_program: what the rule runs, without leading '/'; @rule_program_exists
 * @override_rule: the rule that sets our list's overrides at each boot
 * @missing_dir:  a directory without which mdevctl does nothing at all
 * @link:         our callout
 * @has_ap_check, @has_ap_wrapper: s390-tools' callout, and the script for old mdevctl
 * @early_load:   a file that has vfio_ap loaded before udev's rules are
 * @is_builtin:   vfio_ap is part of the kernel
 * @service:      vfioap-autostart.service is enabled
 * @image:        initramfs of the running kernel, where rules are copied into it
 * @image_older:  than the rule file
 * @owners:       whom the files of the next boot belong to
 */
struct doctor_facts {
	bool is_live;
	struct vfioap_mask deconfigured, checkstopped, old;
	struct err module;
	bool has_kvm, has_sysinfo, is_secure;
	char hypervisor[48];
	enum lock_state lock;
	struct lock_holder lock_holder;
	struct err lock_error;
	bool knows_nodes;
	struct doctor_node *node;
	size_t n_nodes;
	struct doctor_user user;

	struct udev_report rules;
	bool run_rules;
	struct doctor_file mdevctl, mdevctl_rule, rule_program, override_rule;
	bool rule_program_exists;
	const char *missing_dir;
	enum doctor_link link[DOCTOR_DIRS];
	bool has_ap_check, has_ap_wrapper;
	struct doctor_file early_load;
	bool is_builtin, service;
	struct doctor_file image;
	bool image_older;
	struct doctor_owners owners;
};

void doctor_facts_done(struct doctor_facts *facts);

/**
 * doctor_look() - every item that means something on this host, in the order of the table
 * @flags: enum doctor_flags
 */
void doctor_look(const struct snapshot *now, const struct doctor_facts *facts, unsigned flags,
		 struct doctor_report *ret);

const char *doctor_state_name(enum doctor_state state); /* "ok", "warn", "fail" */

/* ---- items, in doctor_active.c and doctor_boot.c ------------------------------------------------
 */

/** struct doctor - what an item is made of */
struct doctor {
	const struct snapshot *now;
	const struct doctor_facts *facts;
	unsigned flags;
	struct doctor_item *item;
};

/**
 * doctor_say() - the state of an item and why
 * @hint: a constant; NULL: none
 * Return: true, for an item that returns whether it means something here.
 */
bool doctor_say(const struct doctor *d, enum doctor_state state, const char *hint, const char *fmt,
		...) _printf_(4, 5);

/** doctor_hint() - a hint that has to be put together */
void doctor_hint(const struct doctor *d, const char *fmt, ...) _printf_(2, 3);

typedef bool doctor_fn(const struct doctor *d);

doctor_fn doctor_bus, doctor_qci, doctor_cards, doctor_module, doctor_kernel, doctor_kvm;
doctor_fn doctor_matrix_read, doctor_override_counter, doctor_lock, doctor_nodes;
doctor_fn doctor_nested, doctor_secure;
doctor_fn doctor_rules, doctor_run_rules, doctor_boot_masks, doctor_overrides, doctor_mdevctl,
	doctor_mdevctl_rule;
doctor_fn doctor_callouts, doctor_autostart, doctor_initramfs, doctor_owners;

#endif
