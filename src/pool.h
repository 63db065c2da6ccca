/* SPDX-License-Identifier: MIT */
/*
 * Pools: which mask bits reserve a set of queues for vfio_ap with the least loss for the
 * host, and which give exactly a set back.  Pure.
 */
#ifndef POOL_H
#define POOL_H

#include "conflict.h"

/**
 * struct pool_request - the queues a user named
 * @adapters, @domains: the product; a dimension that was not named is all ones
 * @has_adapters, @has_domains: which were named
 */
struct pool_request {
	struct vfioap_mask adapters, domains;
	bool has_adapters, has_domains;
};

/** struct pool_change - what moves: among queue devices that exist */
struct pool_change {
	struct qset named;  /* moves because it was named */
	struct qset also;   /* moves because masks know only rows and columns */
	struct qset absent; /* named, but no such queue device exists */
};

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
 * pool_release() - set the mask bits that give the queues named back to the host
 *
 * When masks cannot give back these alone, @masks stays, a FINDING_RELEASE_TAKES_MORE is
 * added to @findings whose hint is the smallest release that masks can express, as a
 * command.  Return: 0 or -ENOMEM.
 */
int pool_release(const struct apbus *bus, const struct pool_request *request,
		 struct apbus_masks *masks, struct pool_change *ret, struct findings *findings);

#endif
