/* SPDX-License-Identifier: MIT */
/*
 * Machines of five IDs, so that every set of adapters and of domains can be tried; and the random
 * numbers that fill them.
 */
#ifndef SMALL_H
#define SMALL_H

#include <stdbool.h>
#include <stdint.h>

#include <vfioap/mask.h>

#include "util.h"

static inline uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* The IDs of a small machine. */
static const unsigned small[] = { 0, 5, 0x3f, 0x40, 0xff };
#define SMALL	  ARRAY_SIZE(small)
#define SMALL_ALL ((1u << SMALL) - 1)

static inline struct vfioap_mask small_mask(unsigned bits)
{
	struct vfioap_mask m = { { 0 } };

	for (unsigned i = 0; i < SMALL; i++)
		if (bits >> i & 1)
			vfioap_mask_set(&m, small[i]);
	return m;
}

static inline unsigned bits_count(unsigned bits)
{
	return (unsigned)__builtin_popcount(bits);
}

/* Is the set of @a the lower one: at the first ID that differs it is there? */
static inline bool bits_lower(unsigned a, unsigned b)
{
	unsigned differ = a ^ b;

	return differ && a & differ & -differ;
}

#endif
