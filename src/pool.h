/* SPDX-License-Identifier: MIT */
/*
 * Pools: which mask bits reserve a set of queues for vfio_ap with the least loss for the
 * host, and which give exactly a set back.  Pure.
 */
#ifndef POOL_H
#define POOL_H

#include "conflict.h"

/**
 * struct pool_request - the queues a user named: a product, single queues, or both
 * @adapters, @domains: the product; a dimension that was not named is all ones
 * @has_adapters, @has_domains: which were named; neither: no product
 * @queues: single ones, beside the product
 * @exact:  reserve: these and no others
 * @by_override: ... by driver overrides, whatever masks could do
 */
struct pool_request {
	struct vfioap_mask adapters, domains;
	bool has_adapters, has_domains;
	struct qset queues;
	bool exact, by_override;
};

/** pool_request_queues() - all that was named, whether it exists or not */
void pool_request_queues(struct qset *ret, const struct pool_request *request);

/**
 * pool_request_absent() - what was named one by one, as a product or by -Q, and has no queue
 *                         device; an ID alone counts when it has none at all
 */
void pool_request_absent(struct qset *ret, const struct apbus *bus,
			 const struct pool_request *request);

/**
 * struct pool_change - what moves: among queue devices that exist
 * @by_override: driver overrides move it, not the masks
 */
struct pool_change {
	bool by_override;
	struct qset named;  /* moves because it was named */
	struct qset also;   /* moves because masks know only rows and columns */
	struct qset absent; /* named, but no such queue device exists */
};

/** pool_change_find() - what goes from the host when the masks @from become @to */
void pool_change_find(const struct apbus *bus, const struct pool_request *request,
		      const struct apbus_masks *from, const struct apbus_masks *to,
		      struct pool_change *ret);

/**
 * pool_reserve() - clear the mask bits that take the queues named from the host
 *
 * With both dimensions that side is cleared (adapters in apmask, or domains in aqmask)
 * which takes the fewest existing host-owned queues beyond the product, each counted once,
 * bits already 0 costing nothing; on a tie, adapters.
 */
void pool_reserve(const struct apbus *bus, const struct pool_request *request,
		  struct apbus_masks *masks, struct pool_change *ret);

/**
 * pool_reserve_exact() - clear mask bits that take the queues named from the host, and no
 *                        other queue that exists
 *
 * The side that pool_reserve() would clear when that does it; else the fewest bits of one
 * side, and where it has to be of both.
 * Return: false, nothing changed, when no masks can do it.
 */
bool pool_reserve_exact(const struct apbus *bus, const struct pool_request *request,
			struct apbus_masks *masks, struct pool_change *ret);

/**
 * pool_reserve_least() - the product that masks take least beyond the request with
 * @ret: whole adapters, or whole domains; @ret_also: what else they take
 */
void pool_reserve_least(const struct apbus *bus, const struct pool_request *request,
			const struct apbus_masks *masks, struct pool_request *ret,
			struct qset *ret_also);

/** pool_request_format() - " -a 5 -d 4": the product as arguments; heap, or NULL without memory */
char *pool_request_format(const struct pool_request *request);

/**
 * pool_release() - set the mask bits that give the queues named back to the host
 *
 * When masks cannot give back these alone, @masks stays, a FINDING_RELEASE_TAKES_MORE is
 * added to @findings whose hint is the smallest release that masks can express, as a
 * command, with @sides of struct wish.  Return: 0 or -ENOMEM.
 */
int pool_release(const struct apbus *bus, const struct pool_request *request, const char *sides,
		 struct apbus_masks *masks, struct pool_change *ret, struct findings *findings);

/* ---- by masks or by overrides, pool_mode.c ---------------------------------------------- */

/**
 * pool_mode_reserve() - edit @want so that the queues named are for guests
 *
 * The mode in force decides, and is kept.  What cannot be is added to @findings, and @want
 * stays as it was.  Return: 0 or -ENOMEM.
 */
int pool_mode_reserve(const struct snapshot *now, const struct pool_request *request,
		      struct wish *want, struct pool_change *ret, struct findings *findings);

/** pool_mode_release() - edit @want so that the queues named are the host's; as above */
int pool_mode_release(const struct snapshot *now, const struct pool_request *request,
		      struct wish *want, struct pool_change *ret, struct findings *findings);

#endif
