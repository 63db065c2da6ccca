/* SPDX-License-Identifier: MIT */
/*
 * vfio_ap's mediated devices as they run now.
 *
 * Source: /sys/devices/vfio_ap/matrix (Linux, drivers/s390/crypto/vfio_ap_ops.c).
 */
#ifndef MDEV_H
#define MDEV_H

#include "err.h"
#include "qset.h"

#define UUID_SIZE 37 /* canonical lower-case text and NUL */

/** More queues than this in one device's `matrix` overflow a page before Linux 6.17. */
#define MDEV_MATRIX_SAFE 511

/** struct matrix - adapters, domains and controls of one device */
struct matrix {
	struct vfioap_mask adapters, domains, controls;
};

bool matrix_equal(const struct matrix *a, const struct matrix *b);

/** matrix_collide() - is any queue in both: both dimensions intersect */
bool matrix_collide(const struct matrix *a, const struct matrix *b);

/** matrix_count() - how many queues, 0..65536 */
unsigned matrix_count(const struct matrix *m);

/**
 * struct mdev - an active device
 * @uuid:      canonical
 * @matrix:    what it owns (from ap_config, else from matrix and control_domains)
 * @truncated: `matrix` was cut at its page: there may be more
 * @removing:  a removal waits for its user: only the directory is left
 * @guest:     guest_matrix, adapters and domains alone, owned; NULL: it was not read, or cannot be
 * @group:     number of its IOMMU group, -1 unknown
 * @cdev:      number K of vfio-dev/vfioK, -1 none
 */
struct mdev {
	char uuid[UUID_SIZE];
	bool truncated, removing;
	struct matrix matrix;
	struct matrix *guest; /* apart, for few read it, and what is listed is all touched */
	int group, cdev;
};

/**
 * struct mdev_list - all active devices, by UUID, and what the kernel can do
 * @loaded:           vfio_ap is there
 * @has_ap_config, @has_guest_matrix: found on a device or in `features`
 * @has_features:     /sys/devices/vfio_ap/matrix/features exists
 * @has_vfio_dev:     /sys/class/vfio-dev exists (6.1)
 *
 * The last two are looked for with MDEV_CAPS, and where no device has ap_config.
 */
struct mdev_list {
	struct mdev *v;
	size_t n;
	bool loaded, has_ap_config, has_guest_matrix, has_features, has_vfio_dev;
};

/** enum mdev_parts - what to read beside what a device owns; the first two cost files a device */
enum mdev_parts {
	MDEV_GUEST = 1 << 0, /* guest_matrix, only where the product is at most 511 */
	MDEV_NODES = 1 << 1, /* @group and @cdev, else -1 */
	MDEV_CAPS = 1 << 2,  /* what tells of the kernel beside its devices */
};

/**
 * mdev_list_read() - read all active devices
 *
 * With ap_config `matrix` is never read.  A device that vanishes meanwhile is left out.
 * Return: 0 (also without vfio_ap); -EBADMSG; other errno.
 */
int mdev_list_read(int root, unsigned parts, struct mdev_list *ret, struct err *err);
void mdev_list_done(struct mdev_list *list);

/** mdev_list_copy() - a list of its own, with what was read; 0 or -ENOMEM */
int mdev_list_copy(const struct mdev_list *list, struct mdev_list *ret, struct err *err);

/** mdev_nodes_read() - @group and @cdev of the devices of a list read without MDEV_NODES */
void mdev_nodes_read(int root, struct mdev_list *list);

/**
 * mdev_guest_read() - what the guest gets by now of a device that owns @mdev->matrix
 *
 * Not read where mdev_list_read() would not.  Return: 0 (also when the kernel does not tell);
 * -EBADMSG; other errno.
 */
int mdev_guest_read(int root, struct mdev *mdev, struct err *err);

/** mdev_matrix_read() - what a device owns now, read through ap_config or else `matrix` */
int mdev_matrix_read(int root, const char *uuid, struct matrix *ret, bool *ret_truncated,
		     struct err *err);

/** Size of the buffer for the text of ap_config: three masks, commas, NUL. */
#define AP_CONFIG_SIZE 201

/** ap_config_format() - "0x..,0x..,0x.." without newline; returns @buf */
char *ap_config_format(const struct matrix *m, char buf[AP_CONFIG_SIZE]);

/** ap_config_parse() - the kernel's text back; one newline at the end is allowed; 0, -EBADMSG */
int ap_config_parse(const char *text, struct matrix *ret);

/** uuid_canonical() - 8-4-4-4-12 digits to lower case (libuuid decides of others); 0, -EINVAL */
int uuid_canonical(const char *text, char ret[UUID_SIZE]);

#endif
