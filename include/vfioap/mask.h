/* SPDX-License-Identifier: MIT */
/*
 * Sets of AP adapter and domain numbers, in the three texts people and the
 * kernel use for them.
 *
 *   adapter   APID 0..255           mask     the 256-bit struct vfioap_mask
 *   domain    APQI 0..255           hex      its sysfs text, "0x" and 64 digits
 *   queue     adapter x domain,     list     user text: "3,5-10,0x25"
 *             printed 03.0007       change   relative user text: "+3,-5-10"
 *   control   control domain        active / persistent   in sysfs now / in files for next boot
 *   matrix    adapters, domains and controls of one mediated device
 *
 * A mask is a plain value of 32 bytes: copy it, compare it with
 * vfioap_mask_equal(), initialise it with { { 0 } }.  Nothing here allocates,
 * prints or keeps state, and every function is safe to call from any thread.
 * Functions that can fail return 0 or a negative errno, leave their outputs
 * untouched on failure, and say in struct vfioap_parse_error where and why.
 */
#ifndef VFIOAP_MASK_H
#define VFIOAP_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** APIDs and APQIs both run from 0 to 255 (Linux, arch/s390/include/asm/ap.h). */
#define VFIOAP_IDS 256

/** Size of the buffer for a mask as hex: "0x", 64 digits, NUL. */
#define VFIOAP_HEX_SIZE 67

/** Size of the buffer for any mask as list, and for any change; NUL included. */
#define VFIOAP_LIST_SIZE 1536

/**
 * struct vfioap_mask - a set of adapters or of domains
 * @word: ID 0 is the top bit of word[0], ID 255 the lowest bit of word[3].
 *        The words are host-endian integers, so that this order is the one of
 *        the hex text on every machine (Linux, drivers/s390/crypto/ap_bus.c).
 */
struct vfioap_mask {
	uint64_t word[VFIOAP_IDS / 64];
};

/** struct vfioap_change - what a relative text asks for: first clear, then set */
struct vfioap_change {
	struct vfioap_mask set;
	struct vfioap_mask clear; /* disjoint from @set */
};

/** enum vfioap_reason - why a text was refused; see vfioap_parse_message() */
enum vfioap_reason {
	VFIOAP_OK = 0,
	VFIOAP_EMPTY,	     /* nothing at all */
	VFIOAP_EMPTY_ITEM,   /* "5,,6", a leading or a trailing comma */
	VFIOAP_BLANK,	     /* white space anywhere */
	VFIOAP_NOT_A_NUMBER, /* "x", "5-", "0x", "5;6" */
	VFIOAP_NEEDS_0X,     /* "ab": meant as 0xab? */
	VFIOAP_LEADING_ZERO, /* "010": 8 in sysfs, 10 on paper */
	VFIOAP_TOO_BIG,	     /* above 255 */
	VFIOAP_REVERSED,     /* "7-5" */
	VFIOAP_SIGNED,	     /* a sign in a list */
	VFIOAP_UNSIGNED,     /* a missing sign in a change */
	VFIOAP_WORD,	     /* "all" or "none" beside other items, or where not allowed */
	VFIOAP_MASK_PREFIX,  /* a mask without "0x" */
	VFIOAP_MASK_DIGIT,   /* a mask with something else than a hex digit */
	VFIOAP_MASK_LENGTH,  /* a mask with fewer (where not allowed) or more than 64 digits */
};

/**
 * struct vfioap_parse_error - where a text went wrong, and why
 * @offset: of the item in the text, in bytes from 0
 * @length: of the item, in bytes; may be 0
 * @reason: what is wrong with it
 */
struct vfioap_parse_error {
	size_t offset;
	size_t length;
	enum vfioap_reason reason;
};

/** enum vfioap_list_flags - what vfioap_list_parse() takes beyond numbers and ranges */
enum vfioap_list_flags {
	VFIOAP_LIST_ALL = 1 << 0,  /* the word "all" */
	VFIOAP_LIST_NONE = 1 << 1, /* the word "none": the empty set */
};

/* ---- single IDs and set algebra ------------------------------------------ */

/** vfioap_mask_has() - is @id in the set; false for every @id above 255 */
static inline bool vfioap_mask_has(const struct vfioap_mask *m, unsigned id)
{
	return id < VFIOAP_IDS && (m->word[id / 64] >> (63 - id % 64) & 1);
}

/** vfioap_mask_set() - add @id; an @id above 255 is ignored */
static inline void vfioap_mask_set(struct vfioap_mask *m, unsigned id)
{
	if (id < VFIOAP_IDS)
		m->word[id / 64] |= UINT64_C(1) << (63 - id % 64);
}

/** vfioap_mask_clear() - remove @id; an @id above 255 is ignored */
static inline void vfioap_mask_clear(struct vfioap_mask *m, unsigned id)
{
	if (id < VFIOAP_IDS)
		m->word[id / 64] &= ~(UINT64_C(1) << (63 - id % 64));
}

/** vfioap_mask_and() - the IDs in both sets */
static inline struct vfioap_mask vfioap_mask_and(struct vfioap_mask a, struct vfioap_mask b)
{
	for (unsigned i = 0; i < VFIOAP_IDS / 64; i++)
		a.word[i] &= b.word[i];
	return a;
}

/** vfioap_mask_or() - the IDs in either set */
static inline struct vfioap_mask vfioap_mask_or(struct vfioap_mask a, struct vfioap_mask b)
{
	for (unsigned i = 0; i < VFIOAP_IDS / 64; i++)
		a.word[i] |= b.word[i];
	return a;
}

/** vfioap_mask_andnot() - the IDs of @a that are not in @b */
static inline struct vfioap_mask vfioap_mask_andnot(struct vfioap_mask a, struct vfioap_mask b)
{
	for (unsigned i = 0; i < VFIOAP_IDS / 64; i++)
		a.word[i] &= ~b.word[i];
	return a;
}

/** vfioap_mask_not() - the IDs 0..255 that are not in @a */
static inline struct vfioap_mask vfioap_mask_not(struct vfioap_mask a)
{
	for (unsigned i = 0; i < VFIOAP_IDS / 64; i++)
		a.word[i] = ~a.word[i];
	return a;
}

/** vfioap_mask_is_empty() - no ID at all */
static inline bool vfioap_mask_is_empty(const struct vfioap_mask *m)
{
	return !(m->word[0] | m->word[1] | m->word[2] | m->word[3]);
}

/** vfioap_mask_equal() - the same IDs */
static inline bool vfioap_mask_equal(const struct vfioap_mask *a, const struct vfioap_mask *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2] &&
	       a->word[3] == b->word[3];
}

/** vfioap_mask_intersects() - at least one ID in common */
static inline bool vfioap_mask_intersects(const struct vfioap_mask *a, const struct vfioap_mask *b)
{
	return (a->word[0] & b->word[0]) || (a->word[1] & b->word[1]) ||
	       (a->word[2] & b->word[2]) || (a->word[3] & b->word[3]);
}

/** vfioap_mask_contains() - is every ID of @part in @whole */
static inline bool vfioap_mask_contains(const struct vfioap_mask *whole,
					const struct vfioap_mask *part)
{
	return !((part->word[0] & ~whole->word[0]) | (part->word[1] & ~whole->word[1]) |
		 (part->word[2] & ~whole->word[2]) | (part->word[3] & ~whole->word[3]));
}

/** vfioap_mask_range() - the IDs @first..@last, both included; empty if reversed or above 255 */
struct vfioap_mask vfioap_mask_range(unsigned first, unsigned last);

/** vfioap_mask_count() - how many IDs, 0..256 */
unsigned vfioap_mask_count(const struct vfioap_mask *m);

/** vfioap_mask_next() - the lowest ID that is @from or higher; VFIOAP_IDS when there is none */
unsigned vfioap_mask_next(const struct vfioap_mask *m, unsigned from);

/** VFIOAP_MASK_FOREACH() - walk over the IDs of a set, ascending */
#define VFIOAP_MASK_FOREACH(id, m)                                    \
	for (unsigned id = vfioap_mask_next((m), 0); id < VFIOAP_IDS; \
	     id = vfioap_mask_next((m), id + 1))

/* ---- texts ---------------------------------------------------------------- */

/**
 * vfioap_list_parse() - parse a list: "5", "5,6", "4,0x47,0xab-0xff", "all"
 * @text:   NUL-terminated; every item decimal or 0x/0X hexadecimal, ranges inclusive
 * @flags:  which words are allowed, enum vfioap_list_flags
 * @all:    what "all" stands for; NULL: 0..255
 * @ret:    the set; untouched on failure
 * @reterr: item, position and reason on failure; may be NULL
 *
 * Return: 0; -EINVAL; -ERANGE for a number above 255.
 */
int vfioap_list_parse(const char *text, unsigned flags, const struct vfioap_mask *all,
		      struct vfioap_mask *ret, struct vfioap_parse_error *reterr);

/**
 * vfioap_id_parse() - parse one number, decimal or 0x/0X hexadecimal, 0..255
 * Return: 0; -EINVAL; -ERANGE.  @ret untouched on failure, @reterr may be NULL.
 */
int vfioap_id_parse(const char *text, unsigned *ret, struct vfioap_parse_error *reterr);

/**
 * vfioap_change_parse() - parse a change: "+5,-6,+0x10-0x1f", every item signed
 *
 * Items count from left to right: what a later one says of an ID holds.
 * Return: 0; -EINVAL; -ERANGE.  @ret untouched on failure, @reterr may be NULL.
 */
int vfioap_change_parse(const char *text, struct vfioap_change *ret,
			struct vfioap_parse_error *reterr);

/** vfioap_change_apply() - @m with the change made */
static inline struct vfioap_mask vfioap_change_apply(const struct vfioap_change *change,
						     struct vfioap_mask m)
{
	return vfioap_mask_or(vfioap_mask_andnot(m, change->clear), change->set);
}

/**
 * vfioap_hex_parse() - parse a mask: "0x" and 64 hex digits, leftmost digit IDs 0-3
 * @text:   NUL-terminated, nothing before or after (no newline)
 * @short_ok: take 1 to 63 digits too, padded with zeros on the right, as sysfs does
 * @ret:    untouched on failure
 * @reterr: may be NULL
 *
 * Return: 0 or -EINVAL.
 */
int vfioap_hex_parse(const char *text, bool short_ok, struct vfioap_mask *ret,
		     struct vfioap_parse_error *reterr);

/** vfioap_hex_format() - "0x" and 64 lower-case digits; returns @buf */
char *vfioap_hex_format(const struct vfioap_mask *m, char buf[VFIOAP_HEX_SIZE]);

/**
 * vfioap_list_format() - ascending, ranges joined, below 10 decimal, others "0x.."
 *
 * "4,0x0a,0x47,0xab-0xff", two neighbours as "5,6"; "none" for the empty set.
 * What it prints vfioap_list_parse() takes.  Returns @buf.
 */
char *vfioap_list_format(const struct vfioap_mask *m, char buf[VFIOAP_LIST_SIZE]);

/**
 * vfioap_change_format() - as a list, every item signed, cleared IDs first
 *
 * "-4,-0x47,+5-7"; "" for no change.  The kernel takes this text for apmask and
 * aqmask (ap_bus.c, ap_parse_bitmap_str).  Returns @buf.
 */
char *vfioap_change_format(const struct vfioap_change *change, char buf[VFIOAP_LIST_SIZE]);

/**
 * vfioap_parse_message() - say in words what vfioap_*_parse() refused
 * @text:  the text that was parsed
 * @error: as it was filled in
 * @buf:   receives e.g. "item '010' at position 1 has a leading zero: 8 in sysfs, 10 on
 *         paper"; positions count characters from 1; what is not printable ASCII in
 *         @text appears as '?'; always terminated, cut at @size
 * @size:  of @buf in bytes; 192 hold every message, 1 is the least
 *
 * Returns @buf.
 */
char *vfioap_parse_message(const char *text, const struct vfioap_parse_error *error, char *buf,
			   size_t size);

#ifdef __cplusplus
}
#endif

#endif
