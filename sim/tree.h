/* SPDX-License-Identifier: MIT */
/*
 * The directory tree (K 2) as tables.  A directory is a list of entries and of
 * groups of attributes.  An entry has a fixed name, or stands for a family of
 * children whose names are computed: looking up one of them costs the same
 * however many there are.
 */
#ifndef SIM_TREE_H
#define SIM_TREE_H

#include "model.h"

#define TREE_PATH_SIZE 160

/* A file: who may do what, and which functions of the model do it. */
struct attr {
	const char *name;
	unsigned mode; /* 0444 RO, 0644 RW, 0200 WO */
	int (*show)(struct machine *m, const struct at *at, unsigned arg, struct page *page);
	int (*store)(struct machine *m, const struct at *at, unsigned arg, const struct input *in);
	unsigned arg;
	enum trait with;					   /* kernels that have it ... */
	enum trait without;					   /* ... and not this */
	bool (*has)(const struct machine *m, const struct at *at); /* NULL: always */
};

/* Files that come and go together. */
struct attr_group {
	const struct attr *attrs;
	size_t count;
	enum life life;
	bool (*has)(const struct machine *m, const struct at *at); /* NULL: always */
};

/* Children with computed names. */
struct family {
	/* The child called @name, if there is one. */
	bool (*find)(const struct machine *m, const struct at *parent, const char *name,
		     struct at *ret);
	/* The first child (@first), or the one behind *@at. */
	bool (*next)(const struct machine *m, const struct at *parent, bool first, struct at *at);
	void (*name)(const struct machine *m, const struct at *at, char *buf, size_t size);
};

struct dir;

struct entry {
	enum node_type type;
	const char *name; /* NULL: those of @family */
	const struct family *family;
	const struct dir *dir; /* NODE_DIR: what is in it */
	const char *up, *to;   /* NODE_LINK: to @up, then @to or what @path says */
	void (*path)(const struct machine *m, const struct at *at, char *buf, size_t size);
	enum life life; /* of the child, or with a fixed name of its directory's object */
	enum trait with;
	bool (*has)(const struct machine *m, const struct at *at);
};

struct dir {
	const struct entry *entries;
	size_t count;
	const struct attr_group *const *groups; /* up to NULL; may be NULL */
};

#define TREE_ENTRIES(e) .entries = (e), .count = ARRAY_SIZE(e)
#define TREE_ATTRS(a)	.attrs = (a), .count = ARRAY_SIZE(a)

/* ---- attr_*.c ---------------------------------------------------------------------- */

extern const struct attr_group attr_bus, attr_bus_matrix, attr_bus_mdev, attr_ap_root;
extern const struct attr_group attr_driver, attr_driver_matrix, attr_driver_mdev;
extern const struct attr_group attr_module, attr_module_ap, attr_module_ap_parameters;
extern const struct attr_group attr_card, attr_card_driver;
extern const struct attr_group attr_queue, attr_queue_host, attr_queue_vfio;
extern const struct attr_group attr_vfio_ap_root, attr_matrix, attr_mdev_type;
extern const struct attr_group attr_mdev, attr_mdev_remove, attr_mdev_driver;
extern const struct attr_group attr_vfio_dev, attr_group_device, attr_iommu_group;
extern const struct attr_group attr_zcrypt, attr_z90crypt, attr_dev_vfio;

/** attr_functions() - facility word of a card by its mode */
unsigned attr_functions(char mode);
int attr_op_modes_show(struct machine *m, const struct at *at, unsigned arg, struct page *page);

/* ---- tree_dirs.c ------------------------------------------------------------------- */

extern const struct dir tree_root;

/* Paths of objects below /sys, without leading '/'. */
void tree_device_path(const struct machine *m, const struct at *at, char *buf, size_t size);
void tree_driver_path(const struct machine *m, const struct at *at, char *buf, size_t size);
void tree_module_path(const struct machine *m, const struct at *at, char *buf, size_t size);
void tree_mdev_path(const struct machine *m, const struct at *at, char *buf, size_t size);
void tree_vfio_dev_path(const struct machine *m, const struct at *at, char *buf, size_t size);
void tree_group_path(const struct machine *m, const struct at *at, char *buf, size_t size);

/* ---- tree.c ------------------------------------------------------------------------ */

/** tree_ino() - inode number of a table's row (@row) for an object's life */
uint64_t tree_ino(uint64_t generation, const void *row);

/* ---- family.c ----------------------------------------------------------------------- */

extern const struct family family_devices, family_cards, family_queues, family_bound;
extern const struct family family_drivers, family_modules, family_module_drivers;
extern const struct family family_mdevs, family_mdevs_visible, family_mdevs_bound;
extern const struct family family_groups, family_vfio_devs, family_vfio_dev;
extern const struct family family_group_mdev;

/** family_device_find() - a card or queue by its name, "card05" or "05.0004" */
bool family_device_find(const struct machine *m, const char *name, struct at *ret);

/** family_has_vfio_dev() - does an mdev have its vfio-dev directory (K 8.2) */
bool family_has_vfio_dev(const struct machine *m, const struct at *at);

#endif
