/* SPDX-License-Identifier: MIT */
/*
 * The AP bus: cards, queues, the drivers they are bound to, the host's
 * configuration, apmask and aqmask.
 *
 * Source: /sys/bus/ap and /sys/devices/ap (Linux, drivers/s390/crypto/ap_bus.c,
 * ap_card.c, ap_queue.c, zcrypt_card.c, zcrypt_queue.c, vfio_ap_ops.c).
 */
#ifndef APBUS_H
#define APBUS_H

#include "err.h"
#include "qset.h"

/** Size of the buffer for a driver's or a type's name. */
#define APBUS_NAME_SIZE 16

/* The two masks: a queue is the host's when its bits in both are set. */
struct apbus_masks {
	struct vfioap_mask apmask; /* adapters for the host's drivers */
	struct vfioap_mask aqmask; /* domains for the host's drivers */
};

/**
 * struct apbus - the bus in one read; about 50 KiB, so keep it on the heap
 * @present:     false on a machine without AP instructions: all else is empty
 * @has_qci:     the host configuration is known (else "not supported")
 * @adapters, @usage, @control: the host configuration
 * @cards:       adapters that have a cardXX; with APBUS_CARDS all, else those with queues
 * @queues:      every queue device
 * @has_features: the bus has a features file (6.5); apbus_caps_read()
 * @has_status:  a queue of vfio_ap has a status file (5.17); false also without such a queue;
 *               apbus_caps_read()
 * @host_driver: queues bound to a zcrypt driver
 * @host_name:   name of the one zcrypt driver that has queues; "" when none or several have
 * @vfio_driver: queues bound to vfio_ap; what is in neither is unbound
 * @override:    queues with a driver_override; @override_known: the kernel has the file
 * @override_vfio: ... whose text is "vfio_ap"
 */
struct apbus {
	bool present;
	bool has_qci;
	bool vfio_ap_loaded;
	bool override_known;
	bool has_features, has_status;
	bool bindings_complete_count; /* the file exists: 6.19, matrix is safe to read */
	unsigned max_adapter, max_domain;
	struct apbus_masks masks;
	struct vfioap_mask adapters, usage, control;
	struct vfioap_mask cards;
	struct qset queues, host_driver, vfio_driver, override, override_vfio;
	char host_name[APBUS_NAME_SIZE];
};

/** enum apbus_parts - what to read beside masks, limits and queues */
enum apbus_parts {
	APBUS_CARDS = 1 << 0, /* cards without queues too */
};

/**
 * apbus_read() - read the bus
 * @root:  root directory fd
 * @parts: enum apbus_parts
 * @ret:   untouched on failure
 *
 * Drivers are read from the directories of /sys/bus/ap/drivers: no file per queue.
 * Return: 0 (also without a bus); -EBADMSG when a text is not as documented; other errno.
 */
int apbus_read(int root, unsigned parts, struct apbus *ret, struct err *err);

/** apbus_caps_read() - files that tell of the kernel alone; nothing without a bus */
void apbus_caps_read(int root, struct apbus *bus);

/** apbus_vfio_read() - the queues bound to vfio_ap, alone; none without the module */
int apbus_vfio_read(int root, struct qset *ret, struct err *err);

/** apbus_masks_read() - apmask and aqmask alone */
int apbus_masks_read(int root, struct apbus_masks *ret, struct err *err);

/** apbus_masks_all() - both all ones: the host's, the default */
bool apbus_masks_all(const struct apbus_masks *masks);

/** apbus_masks_reserved() - the queues among @queues that the masks leave to vfio_ap */
void apbus_masks_reserved(const struct apbus_masks *masks, const struct qset *queues,
			  struct qset *ret);

/* ---- boot parameters ------------------------------------------------------------ */

/**
 * struct apbus_boot - ap.apmask=, ap.aqmask= as given, printable; NULL when not given
 * @hidden: they may be given: only root can see them (up to Linux 6.17)
 */
struct apbus_boot {
	char *apmask, *aqmask;
	bool hidden;
};

int apbus_boot_read(int root, struct apbus_boot *ret, struct err *err);
void apbus_boot_done(struct apbus_boot *boot);

/**
 * apbus_boot_mask() - the mask that a parameter gives; all ones without one
 * @text: as given, NULL: not given
 * @ret:  no bits when it is none that the kernel would take: false then
 *
 * Source: ap_bus.c of Linux, ap_perms_init(): a parameter builds up from all zeros, and one that
 * cannot be parsed leaves them; kernel-abi 4.1 (grammar).
 */
bool apbus_boot_mask(const char *text, struct vfioap_mask *ret);

/* ---- what lszcrypt shows: one card, one queue -------------------------------------- */

enum apbus_mode { APBUS_MODE_UNKNOWN, APBUS_MODE_CCA, APBUS_MODE_ACCEL, APBUS_MODE_EP11 };

enum apbus_status {
	APBUS_STATUS_UNKNOWN, /* bound to nothing, or no text */
	APBUS_STATUS_ONLINE,
	APBUS_STATUS_OFFLINE,
	APBUS_STATUS_DECONFIGURED, /* config is 0 */
	APBUS_STATUS_CHECKSTOPPED, /* chkstop is 1 */
	APBUS_STATUS_UNASSIGNED,   /* the last three: on vfio_ap */
	APBUS_STATUS_ASSIGNED,
	APBUS_STATUS_IN_USE,
};

/**
 * struct apbus_info - a card or a queue in detail; -1: unknown
 * @type:      "CEX8C", "" when the driver does not tell
 * @functions: the facility word, bit 0 leftmost; @functions_known
 * @driver:    "cex4queue", "vfio_ap", ..., "" when bound to none
 */
struct apbus_info {
	char type[APBUS_NAME_SIZE];
	char driver[APBUS_NAME_SIZE];
	enum apbus_mode mode;
	enum apbus_status status;
	int hwtype, depth;
	long long requests, pending; /* pending: requestq_count + pendingq_count */
	bool functions_known;
	unsigned functions;
};

/** apbus_card_open() - the directory of a card, for apbus_queue_read(): an fd, negative errno */
int apbus_card_open(int root, unsigned apid, struct err *err);

/** apbus_card_driver() - its driver alone, "" without one; what else there is, is unknown */
int apbus_card_driver(int root, unsigned apid, struct apbus_info *ret, struct err *err);

/** apbus_card_state() - its status and hwtype alone; what else there is, is unknown */
int apbus_card_state(int root, unsigned apid, struct apbus_info *ret, struct err *err);

/** apbus_card_read() - one card; -ENOENT when there is none */
int apbus_card_read(int root, unsigned apid, struct apbus_info *ret, struct err *err);

/**
 * apbus_queue_read() - one queue; type, mode, hwtype, depth and functions are its card's
 * @dir:  its card's, by apbus_card_open(): short paths, for there may be tens of thousands
 * @card: as apbus_card_read() gave it
 * @driver: as known from struct apbus, or NULL: read the link
 *
 * Return: 0; -ENOENT when there is no such queue.
 */
int apbus_queue_read(int dir, unsigned apid, unsigned apqi, const struct apbus_info *card,
		     const char *driver, struct apbus_info *ret, struct err *err);

/** apbus_queue_in_use() - has a guest this queue of vfio_ap: 1, 0; -1 when nobody tells */
int apbus_queue_in_use(int root, unsigned apid, unsigned apqi);

#endif
