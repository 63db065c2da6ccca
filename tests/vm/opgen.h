/* SPDX-License-Identifier: MIT */
/*
 * opgen: a random script of operations for oprun, from a seed, and the machine
 * that it begins on.
 *
 *   opgen.c       the machine, the script's course
 *   opgen_ops.c   operations, each kind with its weight
 *   opgen_hw.c    operations beside the files
 *   opgen_text.c  what is written: numbers, masks, names, well-formed and hostile
 */
#ifndef OPGEN_H
#define OPGEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define GEN_CARDS   6
#define GEN_DOMAINS 6
#define GEN_UUIDS   6

#define GEN_MATRIX "sys/devices/vfio_ap/matrix"
#define GEN_TYPE   GEN_MATRIX "/mdev_supported_types/vfio_ap-passthrough"

struct gen_card {
	unsigned id;
	char type[8];
	bool gone;
};

struct gen {
	uint64_t rng;
	FILE *out;
	unsigned long ops, count; /* lines wanted, lines written */

	/* kernel */
	bool has_override, has_ap_config;
	bool overflows; /* more than 511 APQNs in a matrix overwrite memory (K 9.1) */

	/* machine */
	struct gen_card card[GEN_CARDS];
	unsigned n_cards;
	unsigned domain[GEN_DOMAINS], n_domains;
	unsigned max_adapter, max_domain;
	char uuid[GEN_UUIDS][37];

	bool override_phase; /* driver_override is in use, so the masks are all ones */
};

/* ---- opgen.c ---------------------------------------------------------------- */

/** gen_below() - 0..@n-1 */
unsigned gen_below(struct gen *g, unsigned n);

static inline bool gen_chance(struct gen *g, unsigned percent)
{
	return gen_below(g, 100) < percent;
}

#define GEN_PICK(g, array) ((array)[gen_below((g), sizeof(array) / sizeof((array)[0]))])

/** gen_line() - one operation */
void gen_line(struct gen *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- opgen_text.c ----------------------------------------------------------- */

#define TEXT_SIZE 2048

unsigned text_apid(struct gen *g);
unsigned text_apqi(struct gen *g);

/** text_queue() - "05.0004", mostly one that exists; @ret_apid may be NULL */
const char *text_queue(struct gen *g, char *buf, unsigned *ret_apid);

/** text_number() - @id in one of the notations of K 1.8 KUL, or something hostile */
const char *text_number(struct gen *g, char *buf, unsigned id);

/** text_mask() - for apmask or aqmask (K 4.1) */
const char *text_mask(struct gen *g, char *buf, bool domains);

/** text_config() - for ap_config (K 10.5) */
const char *text_config(struct gen *g, char *buf);

/** text_uuid() - for create (K 8.1) */
const char *text_uuid(struct gen *g, char *buf);

/* ---- opgen_ops.c ------------------------------------------------------------ */

/** ops_next() - one operation or a few that belong together */
void ops_next(struct gen *g);

void ops_read(struct gen *g);
void ops_mask(struct gen *g);

/** ops_phase() - change between masks and driver_override (K 5.1) */
void ops_phase(struct gen *g);

/* ---- opgen_hw.c ------------------------------------------------------------- */

/** hw_change() - cards and domains, mostly with a scan behind it */
void hw_change(struct gen *g);

/** hw_autoprobe() - a card comes while nothing is probed, then by hand: the card first */
void hw_autoprobe(struct gen *g);

/** hw_module() - vfio_ap goes, and a little later comes again */
void hw_module(struct gen *g);

#endif
