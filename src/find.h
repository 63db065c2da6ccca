/* SPDX-License-Identifier: MIT */
/*
 * Room for a new guest: adapters and domains of which no queue is another's, and what the host
 * loses where it has them.  Pure.
 */
#ifndef FIND_H
#define FIND_H

#include "findings.h"
#include "rect.h"
#include "snapshot.h"

/** The first hardware type that vfio_ap drives: CEX4; each later one is one more. */
#define FIND_HWTYPE_CEX4 10

/** enum find_sides - which owners count; both: it must be free on both */
enum find_sides {
	/* The running system: active devices, and definitions that start by themselves. */
	FIND_ACTIVE = 1 << 0,
	/* The next boot: definitions, and the masks and overrides that it sets. */
	FIND_PERSISTENT = 1 << 1,
};

/**
 * struct find_wish - what is looked for
 * @n_adapters, @n_domains: 1..256
 * @cards:     adapters that will do: vfio_ap drives them, and they are of the kind wanted
 * @from_host: also what is still the host's
 * @sides:     enum find_sides
 * @next_unknown: whose queues are at the next boot cannot be told: no matter
 */
struct find_wish {
	unsigned n_adapters, n_domains;
	struct vfioap_mask cards;
	bool from_host;
	unsigned sides;
	bool next_unknown;
};

/** struct find_room - one result; @reserve: `create` needs --reserve, for the host has some of it
 */
struct find_room {
	struct rect rect;
	bool reserve;
};

/** So many results are given; no two have a queue in common. */
#define FIND_ROOMS 8

/**
 * struct find - the results, the one of least loss first
 * @exact:   there is none better
 * @nearest: when there is none: the largest part of what was wanted; has_nearest
 */
struct find {
	struct find_room room[FIND_ROOMS];
	size_t n;
	bool exact, has_nearest;
	struct find_room nearest;
};

/**
 * find_run() - look for it
 * @now: SNAPSHOT_BUS, SNAPSHOT_DEVICES, SNAPSHOT_DEFINITIONS and SNAPSHOT_RULES
 *
 * The cost of a room is how many queues the host would lose by `create --reserve`, now or at the
 * next boot: by masks whole adapters or whole domains, by overrides the queues alone (pool.h).
 * Return: 0 or -ENOMEM; @ret is filled in on success.
 */
int find_run(const struct snapshot *now, const struct find_wish *wish, struct find *ret);

/** find_arguments() - "-a 5 -d 4 --reserve", for `create`; heap, or NULL without memory */
char *find_arguments(const struct find_room *room);

/** find_knows_next() - can it be told whose queues are at the next boot */
bool find_knows_next(const struct snapshot *now);

/**
 * find_refuse() - a finding that says that there is none, and what is nearest
 * @with_host: what there is with the host's queues, or NULL
 *
 * Return: 0 or -ENOMEM.
 */
int find_refuse(const struct find_wish *wish, const struct find *find, const struct find *with_host,
		struct findings *ret);

#endif
