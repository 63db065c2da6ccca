/* SPDX-License-Identifier: MIT */
/*
 * Small trees for unit tests: a root directory of plain files and links in a temporary
 * directory, removed at the end.
 *
 *	_cleanup_(tree_done) struct tree tree = { 0 };
 *
 *	tree_init(&tree);
 *	tree_write(&tree, "sys/bus/ap/apmask", "0xff..\n");
 *	apbus_masks_read(tree.root, ...);
 *
 * A tree that cannot be built ends the test: nothing it says would mean anything.
 */
#ifndef TREE_H
#define TREE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

struct tree {
	char dir[64];
	int root;
};

/* 256 bits, all set; and none. */
#define TREE_ONES  "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define TREE_ZEROS "0x0000000000000000000000000000000000000000000000000000000000000000"

static inline void tree_die(const char *what, const char *path)
{
	printf("cannot %s '%s': %s\n0 passed, 1 failed\n", what, path, strerror(errno));
	exit(EXIT_FAILURE);
}

static inline void tree_init(struct tree *tree)
{
	const char *base = getenv("TMPDIR");

	if (snprintf(tree->dir, sizeof(tree->dir), "%s/vfioap-unit-XXXXXX",
		     base && strlen(base) < 32 ? base : "/tmp") >= (int)sizeof(tree->dir) ||
	    !mkdtemp(tree->dir))
		tree_die("make", tree->dir);
	tree->root = open(tree->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->root < 0)
		tree_die("open", tree->dir);
}

static inline int tree_remove_one(const char *path, const struct stat *st _unused_,
				  int flag _unused_, struct FTW *ftw _unused_)
{
	return remove(path);
}

static inline void tree_done(struct tree *tree)
{
	if (!*tree->dir)
		return;
	close(tree->root);
	nftw(tree->dir, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	tree->dir[0] = '\0';
}

/* Make the directories above @path. */
static inline void tree_above(const struct tree *tree, const char *path)
{
	char part[512];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdirat(tree->root, part, 0755) < 0 && errno != EEXIST)
			tree_die("make", part);
	}
}

static inline void tree_dir(const struct tree *tree, const char *path)
{
	tree_above(tree, path);
	if (mkdirat(tree->root, path, 0755) < 0 && errno != EEXIST)
		tree_die("make", path);
}

/* tree_bytes() - a file with these bytes, in place of what is there */
static inline void tree_bytes(const struct tree *tree, const char *path, const void *data,
			      size_t len)
{
	int fd;

	tree_above(tree, path);
	unlinkat(tree->root, path, 0);
	fd = openat(tree->root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) < 0)
		tree_die("write", path);
}

static inline void tree_write(const struct tree *tree, const char *path, const char *text)
{
	tree_bytes(tree, path, text, strlen(text));
}

/* tree_writef() - the same, the path formatted */
static inline void tree_writef(const struct tree *tree, const char *text, const char *fmt, ...)
	_printf_(3, 4);
static inline void tree_writef(const struct tree *tree, const char *text, const char *fmt, ...)
{
	char path[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	tree_write(tree, path, text);
}

static inline void tree_link(const struct tree *tree, const char *target, const char *path)
{
	tree_above(tree, path);
	unlinkat(tree->root, path, 0);
	if (symlinkat(target, tree->root, path) < 0)
		tree_die("link", path);
}

static inline void tree_fifo(const struct tree *tree, const char *path)
{
	tree_above(tree, path);
	unlinkat(tree->root, path, 0);
	if (mkfifoat(tree->root, path, 0644) < 0)
		tree_die("make", path);
}

/* tree_remove() - a file, link or empty directory, if it is there */
static inline void tree_remove(const struct tree *tree, const char *path)
{
	if (unlinkat(tree->root, path, 0) < 0 && errno == EISDIR)
		unlinkat(tree->root, path, AT_REMOVEDIR);
}

static inline bool tree_has(const struct tree *tree, const char *path)
{
	struct stat st;

	return !fstatat(tree->root, path, &st, AT_SYMLINK_NOFOLLOW);
}

/* tree_text() - the first bytes of a file as text; "" without it; returns @buf */
static inline char *tree_text(const struct tree *tree, const char *path, char *buf, size_t size)
{
	int fd = openat(tree->root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, size - 1);

	buf[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	return buf;
}

/* A UUID that ends in these digits. */
#define TREE_UUID(end) "62177883-f1bb-47f0-914d-32a22e3a" end

/*
 * tree_bus() - an AP bus as of Linux 6.12: adapters 5 and 6, domains 4 and 0x47 (and control
 * domains), masks all ones, all four queues on cex4queue
 */
static inline void tree_queue(const struct tree *tree, unsigned a, unsigned d, const char *driver)
{
	char path[128], target[128];

	snprintf(path, sizeof(path), "sys/devices/ap/card%02x/%02x.%04x", a, a, d);
	tree_dir(tree, path);
	snprintf(path, sizeof(path), "sys/bus/ap/devices/%02x.%04x", a, d);
	snprintf(target, sizeof(target), "../../../devices/ap/card%02x/%02x.%04x", a, a, d);
	tree_link(tree, target, path);
	tree_dir(tree, "sys/bus/ap/drivers/cex4queue");
	tree_dir(tree, "sys/bus/ap/drivers/vfio_ap");
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "vfio_ap" : "cex4queue";

		snprintf(path, sizeof(path), "sys/bus/ap/drivers/%s/%02x.%04x", name, a, d);
		tree_remove(tree, path);
		if (driver && !strcmp(driver, name)) {
			snprintf(target, sizeof(target),
				 "../../../../devices/ap/card%02x/%02x.%04x", a, a, d);
			tree_link(tree, target, path);
		}
	}
}

static inline void tree_bus(const struct tree *tree)
{
	static const char adapters[] =
		"0x0600000000000000000000000000000000000000000000000000000000000000\n";
	static const char domains[] =
		"0x0800000000000000010000000000000000000000000000000000000000000000\n";

	tree_write(tree, "sys/bus/ap/apmask", TREE_ONES "\n");
	tree_write(tree, "sys/bus/ap/aqmask", TREE_ONES "\n");
	tree_write(tree, "sys/bus/ap/ap_max_adapter_id", "255\n");
	tree_write(tree, "sys/bus/ap/ap_max_domain_id", "84\n");
	tree_write(tree, "sys/bus/ap/ap_adapter_mask", adapters);
	tree_write(tree, "sys/bus/ap/ap_usage_domain_mask", domains);
	tree_write(tree, "sys/bus/ap/ap_control_domain_mask", domains);
	tree_dir(tree, "sys/bus/ap/drivers/cex4card");
	for (unsigned a = 5; a <= 6; a++) {
		char path[128];

		snprintf(path, sizeof(path), "sys/devices/ap/card%02x", a);
		tree_dir(tree, path);
		snprintf(path, sizeof(path), "sys/bus/ap/devices/card%02x", a);
		tree_link(tree, "../../../devices/ap", path);
		tree_queue(tree, a, 4, "cex4queue");
		tree_queue(tree, a, 0x47, "cex4queue");
	}
}

/* tree_mdev() - an active device; @ap_config NULL: a kernel without; texts as sysfs has them */
static inline void tree_mdev(const struct tree *tree, const char *uuid, const char *matrix,
			     const char *controls, const char *ap_config, const char *group)
{
	char path[160], target[64];

	tree_writef(tree, matrix, "sys/devices/vfio_ap/matrix/%s/matrix", uuid);
	tree_writef(tree, matrix, "sys/devices/vfio_ap/matrix/%s/guest_matrix", uuid);
	tree_writef(tree, controls, "sys/devices/vfio_ap/matrix/%s/control_domains", uuid);
	if (ap_config)
		tree_writef(tree, ap_config, "sys/devices/vfio_ap/matrix/%s/ap_config", uuid);
	snprintf(path, sizeof(path), "sys/devices/vfio_ap/matrix/%s/mdev_type", uuid);
	tree_link(tree, "../mdev_supported_types/vfio_ap-passthrough", path);
	if (group) {
		snprintf(path, sizeof(path), "sys/devices/vfio_ap/matrix/%s/iommu_group", uuid);
		snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%s", group);
		tree_link(tree, target, path);
	}
}

#endif
