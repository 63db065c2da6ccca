/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine: the state of an AP bus, its cards, queues and vfio_ap
 * devices, and what the kernel does when one of their files is read or written.
 *
 * Nothing here knows of FUSE, namespaces or command lines (fuse.c, run.c,
 * ctl.c); nothing here opens a file.  Every function takes the machine's own
 * lock and can be called from any thread; machine_write() may sleep, as the
 * kernel's write() does, until another thread changes what it waits for.
 *
 * Facts come from the kernel: section numbers "K n" in the .c files are those of
 * the list of sources in apsim(1).
 */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <vfioap/mask.h>

#include "err.h"

#define MACHINE_PAGE	  4096 /* one sysfs attribute: PAGE_SIZE on s390x */
#define MACHINE_UUID_SIZE 37

/* ---- what a machine is made of (lpar.c reads it from JSON) ------------------- */

struct lpar_card {
	bool present;
	char type[8]; /* "CEX5C"; A accelerator, C CCA, P EP11 */
	bool config;  /* false: deconfigured */
	bool chkstop;
	bool no_keys;	/* no master key is set */
	char serial[9]; /* "" when the card does not tell */
};

struct lpar_device {
	char uuid[MACHINE_UUID_SIZE];
	struct vfioap_mask adapters, domains, controls;
	bool start_auto; /* definitions only */
};

struct lpar {
	struct lpar_card card[VFIOAP_IDS];
	struct vfioap_mask usage, control;
	unsigned max_adapter, max_domain;
	char *boot_apmask, *boot_aqmask; /* as on the kernel's command line; NULL: not given */
	struct lpar_device *devices;	 /* active from the start */
	size_t n_devices;
	struct lpar_device *definitions; /* files in /etc/mdevctl.d/matrix */
	size_t n_definitions;
	char *rules;  /* text of 41-ap.rules; NULL: no file */
	bool vfio_ap; /* module loaded */
};

/** lpar_load() - a built-in machine by name (docs, empty, max ...) or a JSON file */
int lpar_load(const char *name_or_file, struct lpar **ret, struct err *err);
struct lpar *lpar_free(struct lpar *lpar);

/* ---- kernels ---------------------------------------------------------------- */

/* What distinguishes kernels, each difference by its name: traits.c, traits.h. */
struct traits;
const struct traits *traits_find(const char *kernel); /* "6.12"; NULL: unknown */
const char *traits_names(void);			      /* "5.15|6.1|..." for usage texts */
const char *traits_kernel(const struct traits *traits);

/* ---- the machine ------------------------------------------------------------ */

struct machine;

/* A line for the kernel log, without newline; called with the machine locked. */
typedef void machine_log_fn(void *arg, const char *line);

/* A uevent as the kernel sends it: "add@/devices/ap/card05\0ACTION=add\0..." */
typedef void machine_uevent_fn(void *arg, const char *buf, size_t len);

/* Who calls machine_write(), for the kernel log; called in that thread. */
typedef void machine_caller_fn(void *arg, char name[16], pid_t *ret_pid);

struct machine_hooks {
	machine_log_fn *log;	   /* may be NULL */
	machine_uevent_fn *uevent; /* may be NULL */
	machine_caller_fn *caller; /* may be NULL */
	void *arg;
};

/**
 * machine_new() - boot: masks from the boot parameters, one scan, vfio_ap if wanted,
 *                 and the LPAR's active devices
 */
int machine_new(const struct lpar *lpar, const struct traits *traits,
		const struct machine_hooks *hooks, struct machine **ret, struct err *err);
struct machine *machine_free(struct machine *m);

/* ---- its files ---------------------------------------------------------------
 * Paths are relative to the machine's root, without leading '/':
 * "sys/bus/ap/apmask", "dev/vfio/3"; "" is the root.
 */

enum node_type { NODE_DIR, NODE_LINK, NODE_ATTR, NODE_GROUP /* /dev/vfio/N */ };

struct node {
	enum node_type type;
	unsigned mode; /* permission bits */
	uint32_t uid, gid;
	uint64_t ino; /* unique to this object's life */
	uint64_t size;
	/* for machine.c and tree.c only: what stands behind the path */
	const struct attr *attr;
	unsigned object;
	unsigned id[2];
	uint64_t generation;
};

/** machine_find() - what stands at @path: 0, -ENOENT, -ENOTDIR */
int machine_find(struct machine *m, const char *path, struct node *ret);

/** machine_readlink() - the target of a NODE_LINK, NUL-terminated: 0, -EINVAL, -ENOENT */
int machine_readlink(struct machine *m, const char *path, char *buf, size_t size);

/** machine_list() - call @fn for each entry of a directory; 0 or the first non-zero of @fn */
typedef int machine_list_fn(void *arg, const char *name, const struct node *node);
int machine_list(struct machine *m, const char *path, machine_list_fn *fn, void *arg);

/**
 * machine_read() - run the attribute's show function
 * @node: as machine_find() gave it, perhaps long ago
 * @page: receives at most MACHINE_PAGE - 1 bytes
 *
 * Return: how many bytes; -ENODEV when the device behind it is gone; -EIO.
 */
ssize_t machine_read(struct machine *m, const struct node *node, char page[MACHINE_PAGE]);

/**
 * machine_write() - run the attribute's store function
 * @len: 0 returns 0 at once; more than MACHINE_PAGE is cut there
 * @interrupted: asked while waiting, may be NULL; true ends an interruptible wait (-EINTR)
 *
 * Return: bytes consumed, or the kernel's negative errno.
 */
ssize_t machine_write(struct machine *m, const struct node *node, const char *buf, size_t len,
		      bool (*interrupted)(void *), void *arg);

/** machine_chmod(), machine_chown(): they last as long as the device does */
int machine_chmod(struct machine *m, const char *path, unsigned mode);
int machine_chown(struct machine *m, const char *path, uint32_t uid, uint32_t gid);

/* ---- /dev/vfio/N -------------------------------------------------------------- */

/** machine_group_open() - 0; -EBUSY while another holds the group; -ENOENT */
int machine_group_open(struct machine *m, const struct node *node, pid_t pid);

/**
 * machine_group_attach() - what QEMU does next: open the device behind the group
 *                          for a KVM guest.  From here on `remove` blocks.
 * Return: 0; -EPERM; -ENODEV.
 */
int machine_group_attach(struct machine *m, const struct node *node);

/** machine_group_release() - close: the guest, if any, is detached */
void machine_group_release(struct machine *m, const struct node *node);

/* ---- what the hardware and the administrator do beside the files ---------------- */

/**
 * machine_ctl() - card, domain, scan, module, state (apsim(1)); prints results to @out
 * Return: 0 or a negative errno, explained in @err; -ENOTSUP: not a verb of the machine.
 */
int machine_ctl(struct machine *m, int argc, const char *const *argv, FILE *out, struct err *err);

/** machine_reboot() - as machine_new() with the same cards, all else forgotten */
int machine_reboot(struct machine *m, struct err *err);

/**
 * machine_check() - the invariants of the model (no queue of two devices, shadows within
 *                   matrices, ...): 0, or -EIO with the broken one in @err
 */
int machine_check(struct machine *m, struct err *err);

#endif
