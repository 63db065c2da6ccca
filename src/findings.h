/* SPDX-License-Identifier: MIT */
/*
 * Findings: what speaks against a change, or is wrong with a machine.  One table says how
 * each kind is called and how bad it is; every refusal of every command is one of them.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "mdev.h"
#include "qset.h"

enum finding_severity { FINDING_NOTE, FINDING_WARNING, FINDING_ERROR };

/* One row each in the table of findings.c: its name in JSON, and its severity. */
enum finding_code {
	FINDING_QUEUE_SHARED_ACTIVE,	 /* a queue of another active device */
	FINDING_QUEUE_SHARED_AUTOSTART,	 /* ... of an autostart definition that is not active */
	FINDING_QUEUE_SHARED_DEFINITION, /* ... of a manual definition that is not active */
	FINDING_QUEUE_HOST_ACTIVE,	 /* a device's queue that the host owns, or would own */
	FINDING_QUEUE_HOST_PERSISTENT,	 /* ... at the next boot */
	FINDING_QUEUE_NOT_IN_GUEST,	 /* legal, but a guest will not see it; reason says why */
	FINDING_ID_OUT_OF_RANGE,	 /* above ap_max_adapter_id or ap_max_domain_id */
	FINDING_DEVICE_EXISTS,		 /* create: active, defined, or still being removed */
	FINDING_DEVICE_IN_USE,		 /* remove: a process has it open */
	FINDING_DEVICE_TOO_LARGE,	 /* more than 511 queues on a kernel not known to be safe */
	FINDING_RELEASE_TAKES_MORE,	 /* release: masks would move queues that were not named */
	FINDING_QUEUE_ABSENT,		 /* reserve: no such queue device exists yet */
	FINDING_MASKS_AND_OVERRIDES,	 /* a mask is to change while driver overrides are set */
	FINDING_MODULE_MISSING,		 /* vfio_ap is not loaded */
	FINDING_QUEUE_NOT_BOUND,	 /* a queue that this kernel wants to be vfio_ap's */
	FINDING_WRITE_REFUSED,		 /* the kernel would refuse a step half way */
	FINDING_FILE_MISREAD,		 /* a definition that is not as it should be */
	FINDING_DEVICE_DIFFERS,		 /* start: active with other resources than defined */
	FINDING_UNDO_REFUSED,		 /* the kernel would refuse to take a step back */
	FINDING_RESERVE_TAKES_MORE,	 /* reserve --exact: ... masks would take others too */
	FINDING_OVERRIDE_FOREIGN,	 /* a driver override that is not vfio_ap's */
	FINDING_OVERRIDE_VOLATILE,	 /* reserved by an override, which the card can lose */
	FINDING_QUEUE_BUSY,		 /* reserve: requests in flight */
	FINDING_CARD_TOO_OLD,		 /* older than CEX4: vfio_ap does not drive it */
	FINDING_HOST_LOSES_MODE,	 /* reserve: the last online queue of a mode */
	FINDING_HOST_LOSES_DEFAULT,	 /* reserve: all queues of the default domain */
	FINDING_KEY_LEFT,		 /* a queue that changes owner has a master key */
	FINDING_NO_ROOM,		 /* find: nothing so large is free for a new guest */
	FINDING_NEXT_BOOT_DIFFERS,	 /* masks or devices are not what they will be */
	FINDING_QUEUE_NOT_USABLE,      /* a device's queue of a card that is off; reason says why */
	FINDING_CONTROL_EXPOSED,       /* a guest may administer what somebody else uses */
	FINDING_CONTROL_WITHOUT_USAGE, /* control domains of a device without usage domains */
	FINDING_LOCK_STALE,	       /* its owner is dead, or something else is in its place */
	FINDING_CODES,
};

const char *finding_code_name(enum finding_code code);		   /* "queue-shared-active" */
const char *finding_severity_name(enum finding_severity severity); /* "error" ... */

/**
 * struct finding - one conflict
 * @severity: FINDING_NOTE stands for the severity of its code in the table
 * @adapters, @domains: its queues are this product (also just IDs, for out of range)
 * @uuid:    the devices involved, the one to be changed first; "" unused
 * @reason:  a word from a fixed set ("not-bound", "absent", ...), or NULL; lends a constant
 * @path:    the file that it is about, without root and leading '/'; "" none
 * @message: one sentence that names queues, owner and guest; heap
 * @hint:    one next step; heap, may be NULL
 */
struct finding {
	enum finding_code code;
	enum finding_severity severity;
	struct vfioap_mask adapters, domains;
	char uuid[2][UUID_SIZE];
	const char *reason;
	char path[80];
	char *message;
	char *hint;
};

struct findings {
	struct finding *v; /* errors first, then by code, device and queue */
	size_t n, room;
	size_t n_errors;
};

void findings_done(struct findings *f);

/** findings_add() - append; takes over message and hint, frees them on -ENOMEM */
int findings_add(struct findings *f, struct finding finding);

/**
 * findings_say() - as findings_add(), with the message made from @fmt
 * @hint: copied; NULL or "": none
 */
int findings_say(struct findings *f, struct finding finding, const char *hint, const char *fmt, ...)
	_printf_(4, 5);

/** findings_move() - add all of @from, which is empty then; -ENOMEM */
int findings_move(struct findings *f, struct findings *from);

/** findings_rename() - in each message @to stands in the place of the first @from; -ENOMEM */
int findings_rename(struct findings *f, const char *from, const char *to);

/** finding_text() - a heap string from @fmt, or NULL without memory */
char *finding_text(const char *fmt, ...) _printf_(1, 2);

/**
 * finding_queues() - "queue 05.0004", "queues 05.0004, 06.0004", or a product
 * Return: a heap string, or NULL without memory.
 */
char *finding_queues(const struct qset *queues);

/**
 * finding_split() - take one product out of a set
 * @queues: loses what is taken; call until false to have all of it
 */
bool finding_split(struct qset *queues, struct vfioap_mask *ret_adapters,
		   struct vfioap_mask *ret_domains);

#endif
