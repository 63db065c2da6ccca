/* SPDX-License-Identifier: MIT */
/*
 * Kernel traits: each difference between the simulated kernels by its name.
 * Only traits.c knows versions; all other code asks traits_has().
 */
#ifndef SIM_TRAITS_H
#define SIM_TRAITS_H

#include <stdbool.h>

struct traits;

enum trait {
	TRAIT_NONE, /* in tables: no condition */

	/* AP bus, cards, queues */
	TRAIT_CEX3,		  /* cards of hardware type 8 and 9, with drivers of their own */
	TRAIT_SCANS_WRITE,	  /* a write to `scans` rescans */
	TRAIT_BUS_FEATURES,	  /* /sys/bus/ap/features */
	TRAIT_BINDINGS_COUNT,	  /* /sys/bus/ap/bindings_complete_count */
	TRAIT_BINDINGS_DEFERRED,  /* BINDINGS=complete at the end of a scan, not at each bind */
	TRAIT_MASK_UEVENT,	  /* APMASK=, AQMASK= */
	TRAIT_MASK_NUMBER_WRAPS,  /* numbers in a relative mask count modulo 2^64 */
	TRAIT_BOOL_WORDS,	  /* kstrtobool takes enable and disable */
	TRAIT_POLL_STRICT,	  /* poll_thread is KBOOL, poll_timeout is KUL */
	TRAIT_OVERRIDE,		  /* driver_override per queue, exclusive with the masks */
	TRAIT_IN_USE,		  /* vfio_ap objects to masks that take its queues */
	TRAIT_IN_USE_WIDE,	  /* ... whatever the other mask says */
	TRAIT_UNBOUND_IS_DEFAULT, /* mask change: a queue without driver counts as the host's */
	TRAIT_DEPTH_PLUS_ONE,	  /* `depth` is the hardware's field + 1 */
	TRAIT_QUEUE_FUNCTIONS,	  /* ap_functions of a queue */
	TRAIT_CHKSTOP_OFFLINE,	  /* a checkstopped card is offline */
	TRAIT_STARTED_EARLY,	  /* queue state machine starts with the device, ends with unbind */
	TRAIT_MKVPS_ASYM,	  /* ASYM lines in mkvps */
	TRAIT_MKVPS_OFFLINE,	  /* CCA mkvps of an offline queue still asks the card */
	TRAIT_FIPS2021,		  /* EP11 op_modes FIPS2021, FIPS2024 */
	TRAIT_PARAM_USEIRQ,	  /* module parameter ap.useirq */
	TRAIT_PARAM_MSGPOOL,	  /* module parameter ap.msgpool_min_items */
	TRAIT_PARAM_READABLE,	  /* module parameters are 0444, not 0440 */

	/* vfio_ap */
	TRAIT_DYNAMIC,	       /* hot plug, guest_matrix, over-provisioning */
	TRAIT_QUEUE_STATUS,    /* `status` of a vfio_ap queue */
	TRAIT_AP_CONFIG,       /* ap_config */
	TRAIT_MATRIX_FEATURES, /* features of the matrix device */
	TRAIT_MATRIX_CLIPPED,  /* matrix ends at the page instead of writing past it */
	TRAIT_RESET_STRICT,    /* resetting a deconfigured or checkstopped queue fails */
	TRAIT_RESET_ADAPTER,   /* an adapter that leaves the guest is reset with all its queues */
	TRAIT_CONTROLS_LINGER, /* a control domain that the host loses stays in the guest */
	TRAIT_VFIO_DEV,	       /* vfio-dev class; mdev core owns available_instances: EUSERS */
	TRAIT_DEVICE_REQUEST,  /* a blocked remove asks the user; vfio-dev goes at once */
	TRAIT_STRIP_ON_REMOVE, /* a blocked remove takes everything from the guest */

	TRAIT_COUNT
};

/** traits_has() - does this kernel have it; TRAIT_NONE is always true */
bool traits_has(const struct traits *traits, enum trait trait);

#endif
