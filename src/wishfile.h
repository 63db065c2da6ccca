/* SPDX-License-Identifier: MIT */
/*
 * Wish files: how a host shall be, as a whole.  `vfioap apply` makes it so, `vfioap export` prints
 * one, vfioap-plan(5) describes them.
 */
#ifndef WISHFILE_H
#define WISHFILE_H

#include "apbus.h"
#include "mdev.h"

/** No wish file is larger, in bytes. */
#define WISHFILE_MAX (16 * 1024 * 1024)

/** enum wishfile_kind - by what queues are reserved */
enum wishfile_kind { WISHFILE_LEAVE, WISHFILE_MASKS, WISHFILE_OVERRIDES };

struct wishfile_pools {
	enum wishfile_kind kind; /* WISHFILE_LEAVE: as they are */
	struct apbus_masks masks;
	struct qset overrides;
};

/** enum wishfile_start - WISHFILE_UNDEFINED: active, without a definition */
enum wishfile_start { WISHFILE_AUTO, WISHFILE_MANUAL, WISHFILE_UNDEFINED };

/** enum wishfile_active - WISHFILE_AS_IT_IS: active or not, as it is now */
enum wishfile_active { WISHFILE_AS_IT_IS, WISHFILE_ACTIVE, WISHFILE_INACTIVE };

/**
 * struct wishfile_device - one device
 * @matrix:  what it is defined with
 * @running: what it is active with: @matrix, unless the file says otherwise
 */
struct wishfile_device {
	char uuid[UUID_SIZE];
	struct matrix matrix, running;
	enum wishfile_start start;
	enum wishfile_active active;
};

/**
 * struct wishfile - a whole file; wishfile_done()
 * @pools, @next: of the running system and of the next boot
 * @device: by UUID, each once
 */
struct wishfile {
	struct wishfile_pools pools, next;
	struct wishfile_device *device;
	size_t n_devices;
};

/**
 * wishfile_parse() - pure: what a text says
 * @text: JSON, with a NUL behind its @len bytes
 * @max_adapter, @max_domain: what "all" ends at
 *
 * What is not known is refused, so that nothing misspelt is passed over.
 * Return: 0; -EINVAL, with line, key and reason in @err; -ENOMEM.
 */
int wishfile_parse(const char *text, size_t len, unsigned max_adapter, unsigned max_domain,
		   struct wishfile *ret, struct err *err);

void wishfile_done(struct wishfile *file);

#endif
