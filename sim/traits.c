/* SPDX-License-Identifier: MIT */
/*
 * The one table of what distinguishes the simulated kernels (K 0.3, 17).  A
 * trait holds for a range of them; 6.12 stands for 6.12.107 and 6.1 for 6.1.192
 * as observed.  Where the release of a change is not established, the older
 * neighbour's behaviour is kept for 6.19.
 */
#include "traits.h"

#include <stdio.h>
#include <string.h>

#include "machine.h"
#include "util.h"

enum kernel { KERNEL_5_15, KERNEL_6_1, KERNEL_6_12, KERNEL_6_19, KERNEL_7_3 };

struct traits {
	const char *kernel;
	enum kernel index;
};

static const struct traits kernels[] = {
	{ .kernel = "5.15", .index = KERNEL_5_15 }, { .kernel = "6.1", .index = KERNEL_6_1 },
	{ .kernel = "6.12", .index = KERNEL_6_12 }, { .kernel = "6.19", .index = KERNEL_6_19 },
	{ .kernel = "7.3", .index = KERNEL_7_3 },
};

/* clang-format off */
static const struct { enum kernel from, upto; } ranges[TRAIT_COUNT] = {
	[TRAIT_NONE]		   = { .from = KERNEL_5_15, .upto = KERNEL_7_3 },
	[TRAIT_CEX3]		   = { .from = KERNEL_5_15, .upto = KERNEL_6_1 },	/* K 3 */
	[TRAIT_SCANS_WRITE]	   = { .from = KERNEL_6_1,  .upto = KERNEL_7_3 },	/* K 3 */
	[TRAIT_BUS_FEATURES]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 3 */
	[TRAIT_BINDINGS_COUNT]	   = { .from = KERNEL_6_19, .upto = KERNEL_7_3 },	/* K 3 */
	[TRAIT_BINDINGS_DEFERRED]  = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 13 */
	[TRAIT_MASK_UEVENT]	   = { .from = KERNEL_6_1,  .upto = KERNEL_7_3 },	/* K 13 */
	[TRAIT_MASK_NUMBER_WRAPS]  = { .from = KERNEL_5_15, .upto = KERNEL_6_19 },	/* K 4.1 */
	[TRAIT_BOOL_WORDS]	   = { .from = KERNEL_7_3,  .upto = KERNEL_7_3 },	/* K 1 */
	[TRAIT_POLL_STRICT]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 3 */
	[TRAIT_OVERRIDE]	   = { .from = KERNEL_6_19, .upto = KERNEL_7_3 },	/* K 5.1 */
	[TRAIT_IN_USE]		   = { .from = KERNEL_6_1,  .upto = KERNEL_7_3 },	/* K 4.2 */
	[TRAIT_IN_USE_WIDE]	   = { .from = KERNEL_6_19, .upto = KERNEL_7_3 },	/* K 4.3 */
	[TRAIT_UNBOUND_IS_DEFAULT] = { .from = KERNEL_7_3,  .upto = KERNEL_7_3 },	/* K 4.4 */
	[TRAIT_DEPTH_PLUS_ONE]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 6 */
	[TRAIT_QUEUE_FUNCTIONS]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 7 */
	[TRAIT_CHKSTOP_OFFLINE]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 6 */
	[TRAIT_STARTED_EARLY]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 7 */
	[TRAIT_MKVPS_ASYM]	   = { .from = KERNEL_6_1,  .upto = KERNEL_7_3 },	/* K 7 */
	[TRAIT_MKVPS_OFFLINE]	   = { .from = KERNEL_7_3,  .upto = KERNEL_7_3 },	/* K 7 */
	[TRAIT_FIPS2021]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 6 */
	[TRAIT_PARAM_USEIRQ]	   = { .from = KERNEL_6_1,  .upto = KERNEL_7_3 },	/* K 2 */
	[TRAIT_PARAM_MSGPOOL]	   = { .from = KERNEL_7_3,  .upto = KERNEL_7_3 },	/* K 2 */
	[TRAIT_PARAM_READABLE]	   = { .from = KERNEL_7_3,  .upto = KERNEL_7_3 },	/* K 2 */
	[TRAIT_DYNAMIC]		   = { .from = KERNEL_6_1,  .upto = KERNEL_7_3 },	/* K 16 */
	[TRAIT_QUEUE_STATUS]	   = { .from = KERNEL_6_1,  .upto = KERNEL_7_3 },	/* K 7 */
	[TRAIT_AP_CONFIG]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 10.5 */
	[TRAIT_MATRIX_FEATURES]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 8 */
	[TRAIT_MATRIX_CLIPPED]	   = { .from = KERNEL_6_19, .upto = KERNEL_7_3 },	/* K 9.1 */
	[TRAIT_RESET_STRICT]	   = { .from = KERNEL_5_15, .upto = KERNEL_6_1 },	/* K 11.1 */
	[TRAIT_RESET_ADAPTER]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 11.3 */
	[TRAIT_CONTROLS_LINGER]	   = { .from = KERNEL_6_12, .upto = KERNEL_6_12 },	/* K 11.3 */
	[TRAIT_VFIO_DEV]	   = { .from = KERNEL_6_1,  .upto = KERNEL_7_3 },	/* K 8.1 */
	[TRAIT_DEVICE_REQUEST]	   = { .from = KERNEL_6_12, .upto = KERNEL_7_3 },	/* K 8.2 */
	[TRAIT_STRIP_ON_REMOVE]	   = { .from = KERNEL_6_19, .upto = KERNEL_7_3 },	/* K 8.2 */
};
/* clang-format on */

bool traits_has(const struct traits *traits, enum trait trait)
{
	return ranges[trait].from <= traits->index && traits->index <= ranges[trait].upto;
}

const struct traits *traits_find(const char *kernel)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		if (!strcmp(kernels[i].kernel, kernel))
			return &kernels[i];
	return NULL;
}

const char *traits_names(void)
{
	return "5.15|6.1|6.12|6.19|7.3";
}

const char *traits_kernel(const struct traits *traits)
{
	return traits->kernel;
}
