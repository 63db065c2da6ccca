/* SPDX-License-Identifier: MIT */
/*
 * The whole state, active and persistent, read once into one struct: all that the
 * pure part of a command looks at.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "apbus.h"
#include "config.h"
#include "libvirt.h"
#include "mdev.h"
#include "overrides.h"
#include "procs.h"
#include "udev.h"

/** enum snapshot_parts - what to read; each costs time in proportion to what it names */
enum snapshot_parts {
	SNAPSHOT_QUEUES = 1 << 0,  /* apbus_read() */
	SNAPSHOT_OWNERS = 1 << 1,  /* active devices and what they own */
	SNAPSHOT_GUEST = 1 << 2,   /* ... and their guest_matrix */
	SNAPSHOT_DEFINED = 1 << 3, /* /etc/mdevctl.d/matrix, to look at */
	SNAPSHOT_HOLDERS = 1 << 4, /* /proc, and the nodes of devices where one is open */
	SNAPSHOT_RULES = 1 << 5,   /* 41-ap.rules, boot parameters, overrides that last */
	SNAPSHOT_NODES = 1 << 6,   /* ... and the nodes of all active devices */
	SNAPSHOT_TEXTS = 1 << 7,   /* ... and the texts of definitions, to change or start them */
	SNAPSHOT_CARDS = 1 << 8,   /* ... and cards without queues */
	SNAPSHOT_CAPS = 1 << 9, /* all that tells what the kernel can do, also where devices do */
	SNAPSHOT_ALL = (1 << 10) - 1,
	SNAPSHOT_BUS = SNAPSHOT_QUEUES | SNAPSHOT_CARDS,
	SNAPSHOT_DEVICES = SNAPSHOT_OWNERS | SNAPSHOT_NODES,
	SNAPSHOT_DEFINITIONS = SNAPSHOT_DEFINED | SNAPSHOT_TEXTS,
	/* Not in all of it: libvirt's guests, where no process tells the guest of a device. */
	SNAPSHOT_LIBVIRT = 1 << 15,
};

/** struct device - one UUID: its active device, its definition, or both; lends */
struct device {
	const char *uuid;		     /* of either */
	const struct mdev *mdev;	     /* NULL: not active */
	const struct definition *definition; /* NULL: not defined */
};

struct snapshot {
	unsigned parts; /* what was read */
	struct apbus bus;
	struct mdev_list mdevs;
	struct definition_list definitions;
	struct holder_list holders;
	struct libvirt_list guests;
	struct udev_rules rules;
	char *rules_text; /* the file's bytes; NULL: there is none */
	size_t rules_len;
	struct overrides overrides; /* our list, of the next boot */
	char *overrides_text;	    /* ... its bytes; NULL: there is no file */
	size_t overrides_len;
	struct qset driverctl, driverctl_other; /* what driverctl sets: to vfio_ap, to others */
	struct apbus_boot boot;
	struct device *device; /* both kinds, by UUID, definitions of other types left out */
	size_t n_devices;
};

/** snapshot_read() - a new snapshot, released by snapshot_free() */
int snapshot_read(int root, unsigned parts, struct snapshot **ret, struct err *err);
struct snapshot *snapshot_free(struct snapshot *now);
void snapshot_freep(struct snapshot **now);

/** snapshot_copy() - another snapshot of the active devices of @now, and of nothing else */
int snapshot_copy(const struct snapshot *now, struct snapshot **ret, struct err *err);

/**
 * snapshot_holders_read() - what SNAPSHOT_HOLDERS reads, where it has been left out
 *
 * The nodes of the active devices are read too.  Return: 0; errno, @now has no holders then.
 */
int snapshot_holders_read(int root, struct snapshot *now, struct err *err);

/** snapshot_device() - the device with this canonical UUID, or NULL */
const struct device *snapshot_device(const struct snapshot *now, const char *uuid);

/**
 * snapshot_device_find() - the device that a user's text names
 * @text: a full UUID, or a prefix of at least 4 hex digits of exactly one device
 *
 * Return: 0; -ENOENT no such device; -EINVAL no UUID nor such a prefix; -ENOTUNIQ
 * ambiguous, with the candidates in @err.
 */
int snapshot_device_find(const struct snapshot *now, const char *text, const struct device **ret,
			 struct err *err);

/** snapshot_holder() - the first process that has @mdev open, or NULL */
const struct holder *snapshot_holder(const struct snapshot *now, const struct mdev *mdev);

/**
 * snapshot_guest() - the guest of a device: of the process that has it open, else as libvirt
 *                    has it; needs SNAPSHOT_HOLDERS, SNAPSHOT_LIBVIRT
 * @ret_off: nobody has it open, as far as can be seen; may be NULL
 * Return: its name, lent; NULL without guest, or when only the process is known.
 */
const char *snapshot_guest(const struct snapshot *now, const struct device *device, bool *ret_off);

/**
 * snapshot_assume_module() - the same machine with vfio_ap loaded, as far as can be told
 *
 * Queues that wait for it are bound to it; the kernel is taken for one of today, until a
 * snapshot with the module tells.
 */
void snapshot_assume_module(struct snapshot *now);

/** enum host_mode - by what queues are reserved; the kernel lets masks and overrides never mix */
enum host_mode { HOST_MODE_DEFAULT, HOST_MODE_MASKS, HOST_MODE_OVERRIDE, HOST_MODE_MIXED };
enum host_mode snapshot_mode(const struct snapshot *now);
const char *host_mode_name(enum host_mode mode); /* "default", "masks", "override", "mixed" */

/**
 * snapshot_predict_guest() - what guest_matrix holds after the next filtering
 *
 * Pure. Source: vfio_ap_mdev_filter_matrix() of Linux 6.8 and later: host configuration, and
 * an adapter with a queue not bound to vfio_ap drops out as a whole.
 */
struct matrix snapshot_predict_guest(const struct apbus *bus, const struct matrix *matrix);

#endif
