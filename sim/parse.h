/* SPDX-License-Identifier: MIT */
/*
 * The kernel's parsers of what is written to an attribute, with their quirks
 * (K 1.8, 4.1, 8.1, 10.5).  Texts end at their first NUL, as in the kernel.
 *
 * All return 0, -EINVAL or (parse_kul() only) -ERANGE; outputs are untouched on
 * failure.
 */
#ifndef SIM_PARSE_H
#define SIM_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfioap/mask.h>

#include "machine.h"

/** parse_kul() - KUL, kstrtoul with base 0: "5", "+0x5\n", "010" is 8 */
int parse_kul(const char *text, uint64_t *ret);

/**
 * parse_scd() - SCD, sscanf "%d": leading blanks, then what is behind the digits is ignored
 * @wraps: as for parse_mask(); what is left is cut to an int
 */
int parse_scd(const char *text, bool wraps, int *ret);

/** parse_sci() - SCI, sscanf "%i": as SCD with 0x and octal */
int parse_sci(const char *text, bool wraps, int *ret);

/** parse_llu() - sscanf "%llu": as SCD without a sign */
int parse_llu(const char *text, uint64_t *ret);

/** parse_bool() - KBOOL; @words: enable and disable too */
int parse_bool(const char *text, bool words, bool *ret);

/** parse_mask_absolute() - up to 64 hex digits from the left, perhaps none (K 4.1) */
int parse_mask_absolute(const char *text, struct vfioap_mask *ret);

/**
 * parse_mask() - absolute or relative mask (K 4.1)
 * @wraps: numbers count modulo 2^64, otherwise they saturate
 * @mask:  in: what a relative text changes; out: the new mask
 */
int parse_mask(const char *text, bool wraps, struct vfioap_mask *mask);

/** parse_ap_config() - the three masks of ap_config (K 10.5) */
int parse_ap_config(const char *text, struct vfioap_mask ret[3]);

/** parse_uuid() - 36 or 37 bytes, canonical form in any case; @ret lower case (K 8.1) */
int parse_uuid(const char *text, size_t len, char ret[MACHINE_UUID_SIZE]);

#endif
