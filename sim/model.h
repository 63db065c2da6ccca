/* SPDX-License-Identifier: MIT */
/*
 * The state of the simulated machine (K 20) and what its parts do for each other.
 * All functions here expect the machine's lock to be held; machine.c takes it.
 *
 *   machine.c  life cycle, lock, reads and writes     hw.c      hardware, machine_ctl()
 *   bus.c      apmask, aqmask, rebinding              driver.c  AP drivers: match, bind, unbind
 *   scan.c     bus scan: cards and queues come and go override.c driver_override
 *   matrix.c   vfio_ap devices: create, remove        assign.c  what they own
 *   shadow.c   what a guest of them gets              group.c   /dev/vfio/N
 *   module.c   modprobe, rmmod                        uevent.c  kernel events
 *   queue.c    state machine of a queue           order.c   in which order devices are met
 *   tree.c     paths; attr_*.c: files                 owner.c   chmod, chown
 *   state.c    JSON                                   check.c   invariants
 *   page.c     what a read returns
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <vfioap/mask.h>

#include "machine.h"
#include "traits.h"
#include "util.h"

#define MATRIX_DEVICES_MAX 65536 /* available_instances of an empty machine (K 8) */

/* ---- names for things ---------------------------------------------------------- */

/* Which object a file belongs to; @id means what its directory says. */
struct at {
	unsigned id[2];
};

/* A card is an AP device without domain: { APID, NO_DOMAIN }. */
#define NO_DOMAIN VFIOAP_IDS

/*
 * Whose end is a file's end: an open file of something that is gone answers
 * ENODEV, even when there is a new thing of its name (K 1.6).
 */
enum life {
	LIFE_STATIC,
	LIFE_MODULE,	   /* id: module */
	LIFE_DRIVER,	   /* id: AP driver */
	LIFE_VFIO_AP,	   /* what comes and goes with module vfio_ap */
	LIFE_DEVICE,	   /* id: APID, APQI or NO_DOMAIN */
	LIFE_BINDING,	   /* the same, while bound to its driver */
	LIFE_MDEV,	   /* id: handle */
	LIFE_MDEV_BINDING, /* the same, while vfio_ap_mdev drives it */
	LIFE_MDEV_REMOVE,  /* the same, until somebody writes `remove` */
	LIFE_GROUP,	   /* id: handle; until vfio lets go of the device */
};

enum driver {
	DRIVER_CEX2ACARD,
	DRIVER_CEX2AQUEUE,
	DRIVER_CEX2CARD,
	DRIVER_CEX2CQUEUE,
	DRIVER_CEX4CARD,
	DRIVER_CEX4QUEUE,
	DRIVER_VFIO_AP,
	DRIVER_COUNT,
	DRIVER_NONE = DRIVER_COUNT,
};

enum module {
	MODULE_AP, /* built in */
	MODULE_ZCRYPT_CEX2A,
	MODULE_ZCRYPT_CEX2C,
	MODULE_ZCRYPT_CEX4,
	MODULE_VFIO_AP,
	MODULE_COUNT,
};

/* What events are about. */
enum object {
	OBJECT_BUS_AP,
	OBJECT_BUS_MATRIX,
	OBJECT_BUS_MDEV,
	OBJECT_AP,     /* /devices/ap */
	OBJECT_DEVICE, /* a card or a queue */
	OBJECT_DRIVER, /* an AP driver */
	OBJECT_MODULE,
	OBJECT_VFIO_AP, /* /devices/vfio_ap */
	OBJECT_MATRIX,
	OBJECT_MATRIX_DRIVER,
	OBJECT_MDEV_DRIVER,
	OBJECT_MDEV,
	OBJECT_VFIO_DEV,
	OBJECT_GROUP,
	OBJECT_Z90CRYPT,
	OBJECT_COUNT,
};

/* Put @id into a set or take it out. */
static inline void model_mask_put(struct vfioap_mask *mask, unsigned id, bool in)
{
	(in ? vfioap_mask_set : vfioap_mask_clear)(mask, id);
}

/* ---- state --------------------------------------------------------------------- */

struct matrix {
	struct vfioap_mask adapters, domains, controls;
};

struct queue {
	uint64_t generation; /* 0: no such device */
	uint64_t binding;    /* generation of its driver binding; 0: unbound */
	char *override;	     /* driver_override; NULL: none */
};

/* A card: the hardware, and the kernel's device for it as of the last scan. */
struct card {
	struct lpar_card hw;
	uint64_t generation; /* 0: no device */
	uint64_t binding;    /* 0: not bound to its card driver */
	unsigned hwtype;
	char mode; /* 'A', 'C', 'P' */
	bool config, chkstop;
	bool online;	     /* what software wants */
	struct queue *queue; /* VFIOAP_IDS of them while there is a device */

	/* sets of domains */
	struct vfioap_mask queues; /* there is a device */
	struct vfioap_mask host;   /* ... bound to the host's driver */
	struct vfioap_mask vfio;   /* ... bound to vfio_ap */
	struct vfioap_mask broken; /* ... bound by a probe that crashed (K 3) */
	struct vfioap_mask online_queues;
	struct vfioap_mask started;		       /* state machine runs (K 7, request_count) */
	struct vfioap_mask deconfigured, checkstopped; /* as of the last scan */
	struct vfioap_mask failed;		       /* state machine met an error */
	struct vfioap_mask reset_start, reset_wait;    /* `reset` says: in progress */
	struct vfioap_mask irq;			       /* `interrupt` says: enabled */
	struct vfioap_mask reset_failed;
};

enum mdev_phase {
	MDEV_LIVE,
	MDEV_UNBINDING, /* unbind of vfio_ap_mdev waits for the user */
	MDEV_UNBOUND,	/* ... is done: only `remove` is left (K 8.1) */
	MDEV_REMOVING,	/* remove waits for the user (K 8.2) */
};

struct mdev {
	struct mdev *prev, *next; /* newest first */
	struct mdev *hash_next;
	char uuid[MACHINE_UUID_SIZE];
	unsigned handle; /* index in machine.mdevs */
	unsigned slot;	 /* N of its group and K of its vfio-dev */
	uint64_t generation;
	uint64_t binding; /* 0: not bound, and not in a group */
	enum mdev_phase phase;
	struct matrix matrix; /* what is assigned */
	struct matrix shadow; /* what a guest gets: guest_matrix (K 11) */
	struct matrix guest;  /* what the guest has now */
	struct matrix added;  /* what a scan in progress added of @matrix */
	bool group_open, attached;
	pid_t holder; /* of the open group */
};

/* Small integers, lowest free one first, as ida does. */
struct slots {
	struct mdev **slot;
	unsigned size, hint; /* nothing is free below @hint */
};

/* chmod and chown last as long as the object: keyed by inode number. */
struct owner {
	uint64_t ino;
	unsigned mode;
	uint32_t uid, gid;
};

struct machine {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a wait for the user of a device may be over */
	const struct traits *traits;
	struct machine_hooks hooks;
	char *boot_apmask, *boot_aqmask;
	uint64_t generation; /* of the newest object */
	uint64_t epoch;	     /* counts reboots */
	uint64_t seqnum;     /* of uevents */
	bool booting;	     /* nobody listens yet */

	/* hardware */
	struct card card[VFIOAP_IDS];
	struct vfioap_mask usage, control;
	unsigned max_adapter, max_domain;

	/* bus */
	struct matrix host; /* host configuration as of the last scan */
	struct matrix
		vfio_host; /* ... as of vfio_ap: its loading, or the last scan that saw a change */
	struct vfioap_mask apmask, aqmask;
	bool masks_in_use;  /* the last change left one not all ones (K 5.1) */
	unsigned overrides; /* how many were set and not cleared; never shrinks otherwise */
	unsigned n_queues, n_bound;
	uint64_t scans, bindings_complete;
	bool bindings_armed, autoprobe, matrix_autoprobe, mdev_autoprobe;
	bool matrix_bound; /* the matrix device to its driver */
	int ap_domain, config_time;
	uint64_t poll_timeout;
	uint64_t modules[MODULE_COUNT]; /* generation; 0: not loaded */
	uint64_t drivers[DRIVER_COUNT]; /* generation; 0: not registered */

	/* sets of 1 << id: whose end was told by hand (K 13) */
	unsigned end_told[OBJECT_COUNT];

	/* vfio_ap */
	struct mdev *newest;
	struct mdev *hash[4096];
	struct slots mdevs, groups;
	unsigned n_mdevs, n_attached;
	unsigned n_waiting; /* writers that wait for a user to let go */

	struct owner *owners;
	size_t n_owners, max_owners; /* max_owners is a power of 2 or 0 */
};

/* ---- what a store function is given ---------------------------------------------- */

struct input {
	const char *text; /* NUL-terminated behind @len bytes; may contain NULs */
	size_t len;	  /* 1..MACHINE_PAGE */
	bool (*interrupted)(void *arg);
	void *arg;
};

/* What a show function writes into: as sysfs, at most MACHINE_PAGE - 1 bytes. */
struct page {
	char *buf;
	size_t len;   /* in @buf */
	size_t total; /* what would have been written */
};

/* ---- page.c ---------------------------------------------------------------------- */

void page_printf(struct page *page, const char *fmt, ...) _printf_(2, 3);

/** page_mask() - "0x" and 64 digits, without newline */
void page_mask(struct page *page, const struct vfioap_mask *mask);

/* ---- machine.c ------------------------------------------------------------------- */

uint64_t machine_generation(struct machine *m);
void machine_log(struct machine *m, const char *fmt, ...) _printf_(2, 3);

/** machine_life() - the generation of what @at is by @life; 0 when it is not there */
uint64_t machine_life(const struct machine *m, enum life life, const struct at *at);

static inline bool machine_has(const struct machine *m, enum trait trait)
{
	return traits_has(m->traits, trait);
}

static inline struct queue *machine_queue(struct machine *m, unsigned apid, unsigned apqi)
{
	return &m->card[apid].queue[apqi];
}

/* ---- owner.c ---------------------------------------------------------------------- */

/** owner_find() - what chmod and chown changed of an inode, or NULL; lends */
struct owner *owner_find(const struct machine *m, uint64_t ino);

/** owner_add() - the entry of an inode, a copy of @initial if it is new; NULL: no memory */
struct owner *owner_add(struct machine *m, const struct owner *initial);

/* ---- hw.c -------------------------------------------------------------------------- */

/** hw_type_parse() - "CEX5C": hardware type and mode; -EINVAL */
int hw_type_parse(const char *text, unsigned *ret_hwtype, char *ret_mode);

/** hw_adapters() - cards that the host configuration has */
struct vfioap_mask hw_adapters(const struct machine *m);
struct vfioap_mask hw_domains(const struct machine *m);
struct vfioap_mask hw_controls(const struct machine *m);

/* ---- driver.c ------------------------------------------------------------------------ */

struct driver_row {
	const char *name;
	enum module module;
	bool is_card;
	bool is_default; /* the host's */
	unsigned types;	 /* 1 << hardware type */
};

extern const struct driver_row driver_rows[DRIVER_COUNT];

/** driver_of() - what an AP device is bound to */
enum driver driver_of(const struct machine *m, const struct at *at);

/** driver_find() - by the name of its directory; DRIVER_NONE when not registered */
enum driver driver_find(const struct machine *m, const char *name);

/** driver_attach() - let the registered drivers probe an unbound device, in their order */
void driver_attach(struct machine *m, const struct at *at);
void driver_detach(struct machine *m, const struct at *at);

void driver_register(struct machine *m, enum driver driver);
void driver_unregister(struct machine *m, enum driver driver);

int driver_bind_store(struct machine *m, const struct at *at, unsigned arg, const struct input *in);
int driver_unbind_store(struct machine *m, const struct at *at, unsigned arg,
			const struct input *in);
int driver_probe_store(struct machine *m, const struct at *at, unsigned arg,
		       const struct input *in);

/* ---- bus.c ------------------------------------------------------------------------------ */

enum { BUS_APMASK, BUS_AQMASK };

int bus_mask_show(struct machine *m, const struct at *at, unsigned arg, struct page *page);
int bus_mask_store(struct machine *m, const struct at *at, unsigned arg, const struct input *in);

/** bus_mask_boot() - the masks as boot parameters leave them (K 4.5) */
void bus_mask_boot(struct machine *m);

/** bus_reserved() - do the masks give this queue to the host */
static inline bool bus_reserved(const struct machine *m, unsigned apid, unsigned apqi)
{
	return vfioap_mask_has(&m->apmask, apid) && vfioap_mask_has(&m->aqmask, apqi);
}

/** bus_bindings_check() - send BINDINGS=complete if it is due */
void bus_bindings_check(struct machine *m);

/* ---- scan.c ------------------------------------------------------------------------------- */

/** scan_run() - one bus scan (K 3); -ENOMEM */
int scan_run(struct machine *m);

/** scan_forget() - free all devices without a word, for reboot and machine_free() */
void scan_forget(struct machine *m);

/* ---- queue.c ------------------------------------------------------------------------------ */

/** queue_init() - start the state machine, or start it again */
void queue_init(struct machine *m, const struct at *at);

/** queue_reset() - `reset` was written */
void queue_reset(struct machine *m, const struct at *at);
bool queue_is_resetting(const struct machine *m, const struct at *at);

/** queue_refresh() - a scan compares an existing queue with the hardware */
void queue_refresh(struct machine *m, const struct at *at);

/** queue_poll() - what the bus's timer does: take all bound queues further */
void queue_poll(struct machine *m);

/* ---- order.c ------------------------------------------------------------------------------ */

typedef void order_fn(struct machine *m, const struct at *at, unsigned arg);

/** order_bus() - call @fn for all cards and queues in the order of the bus; -ENOMEM */
int order_bus(struct machine *m, order_fn *fn, unsigned arg);

/** order_driver() - for those that are bound to @driver, the last bound first; -ENOMEM */
int order_driver(struct machine *m, enum driver driver, order_fn *fn, unsigned arg);

/** order_queues() - for a card's queues as they came; order_host_queues() - as they were bound */
void order_queues(struct machine *m, unsigned apid, order_fn *fn, unsigned arg);
void order_host_queues(struct machine *m, unsigned apid, order_fn *fn, unsigned arg);

/* ---- override.c ----------------------------------------------------------------------------- */

int override_show(struct machine *m, const struct at *at, unsigned arg, struct page *page);
int override_store(struct machine *m, const struct at *at, unsigned arg, const struct input *in);

/* ---- matrix.c ------------------------------------------------------------------------------- */

struct mdev *matrix_find(const struct machine *m, const char *uuid);

/** matrix_owner() - the device that has an APQN assigned, or NULL */
struct mdev *matrix_owner(const struct machine *m, unsigned apid, unsigned apqi);

/** matrix_create() - a new device without anything assigned (K 8.1) */
int matrix_create(struct machine *m, const char *uuid);

/** matrix_forget() - free all mdevs without a word */
void matrix_forget(struct machine *m);

/** matrix_destroy() - remove a device that nobody has open */
void matrix_destroy(struct machine *m, struct mdev *mdev);

int matrix_create_store(struct machine *m, const struct at *at, unsigned arg,
			const struct input *in);
int matrix_remove_store(struct machine *m, const struct at *at, unsigned arg,
			const struct input *in);
int matrix_unbind_store(struct machine *m, const struct at *at, unsigned arg,
			const struct input *in);
int matrix_bind_store(struct machine *m, const struct at *at, unsigned arg, const struct input *in);
int matrix_probe_store(struct machine *m, const struct at *at, unsigned arg,
		       const struct input *in);

static inline struct mdev *matrix_mdev(const struct machine *m, const struct at *at)
{
	return m->mdevs.slot[at->id[0]];
}

/* ---- assign.c ------------------------------------------------------------------------------- */

enum assign_what { ASSIGN_ADAPTER, ASSIGN_DOMAIN, ASSIGN_CONTROL };

int assign_store(struct machine *m, const struct at *at, unsigned what, const struct input *in);
int assign_unassign_store(struct machine *m, const struct at *at, unsigned what,
			  const struct input *in);
int assign_config_store(struct machine *m, const struct at *at, unsigned arg,
			const struct input *in);

/** assign_matrix() - ap_config on any kernel: for the devices that an LPAR begins with */
int assign_matrix(struct machine *m, struct mdev *mdev, const struct matrix *matrix);

/* ---- shadow.c ------------------------------------------------------------------------------- */

/** shadow_filter() - F of K 11.1, and the guest is told */
void shadow_filter(struct machine *m, struct mdev *mdev);

/** shadow_filter_controls() - C of K 11.1 */
void shadow_filter_controls(struct machine *m, struct mdev *mdev);

/** shadow_update() - hand the shadow to the guest, if there is one */
void shadow_update(const struct machine *m, struct mdev *mdev);

/** shadow_reset() - reset the queues of vfio_ap in @adapters x @domains */
void shadow_reset(struct machine *m, const struct vfioap_mask *adapters,
		  const struct vfioap_mask *domains);

void shadow_queue_bound(struct machine *m, unsigned apid, unsigned apqi);
void shadow_queue_unbound(struct machine *m, unsigned apid, unsigned apqi);
void shadow_host_changed(struct machine *m, const struct matrix *old, const struct matrix *new);
void shadow_scan_done(struct machine *m);

/* ---- group.c -------------------------------------------------------------------------------- */

/** group_wait() - sleep until no user has the device open; -ENODEV after a reboot */
int group_wait(struct machine *m, struct mdev *mdev, const struct input *in);

/* ---- module.c ------------------------------------------------------------------------------- */

extern const char *const module_names[MODULE_COUNT];

int module_load(struct machine *m, enum module module);
int module_unload(struct machine *m, enum module module);

/* ---- uevent.c ------------------------------------------------------------------------------- */

/** uevent_send() - @fmt: one KEY=VALUE of the event, or NULL */
void uevent_send(struct machine *m, enum object object, const struct at *at, const char *action,
		 const char *fmt, ...) _printf_(5, 6);

int uevent_show(struct machine *m, const struct at *at, unsigned object, struct page *page);
int uevent_store(struct machine *m, const struct at *at, unsigned object, const struct input *in);

/* ---- state.c ------------------------------------------------------------------------ */

/** state_print() - the whole state as JSON; -ENOMEM */
int state_print(const struct machine *m, FILE *out);

#endif
