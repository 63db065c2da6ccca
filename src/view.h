/* SPDX-License-Identifier: MIT */
/*
 * Devices and queues as rows with columns: what lsvfioap, `vfioap list` and `vfioap show`
 * have in common.
 */
#ifndef VIEW_H
#define VIEW_H

#include <sys/stat.h>

#include "out.h"
#include "snapshot.h"

/* ---- devices ------------------------------------------------------------------------- */

/** struct view_device - a row */
struct view_device {
	int root;
	const struct snapshot *now;
	const struct device *device;
};

/** The columns of devices; .needs holds enum snapshot_parts. */
extern const struct out_column view_device_columns[];
extern const size_t view_device_n_columns;

/** view_device_matrix() - what it owns; not active: what its definition says; NULL unknown */
const struct matrix *view_device_matrix(const struct device *device);

/**
 * view_device_guest() - what its guest sees, or when it is not active, would see
 * @ret_predicted: worked out, not read from guest_matrix
 * Return: false when it is unknown.
 */
bool view_device_guest(const struct snapshot *now, const struct device *device, struct matrix *ret,
		       bool *ret_predicted);

/** view_device_state() - "active", "defined", "removing", "broken" */
const char *view_device_state(const struct device *device);

/** view_device_start() - "auto", "manual"; NULL without definition */
const char *view_device_start(const struct device *device);

/** view_guest_text() - guest, else "command (pid)"; false when nobody is known to use it */
bool view_guest_text(const struct snapshot *now, const struct device *device, char *buf,
		     size_t size);

/** view_holds() - has this process the device open, by its group or its cdev */
bool view_holds(const struct holder *holder, const struct mdev *mdev);

/** view_node_read() - owner and mode of a device node; false when there is none */
bool view_node_read(int root, const char *path, struct stat *ret);

/** view_warn_broken() - a warning for each definition that cannot be used */
void view_warn_broken(struct app *app, const struct snapshot *now);

/**
 * view_queue_reason() - why a queue by itself cannot reach a guest
 * Return: "not-bound", "absent", "not-in-host-config", "domain-not-in-host-config", "no-qci";
 * NULL: nothing is in its way.
 */
const char *view_queue_reason(const struct apbus *bus, unsigned apid, unsigned apqi);

/**
 * struct view_filtered - queues of one adapter that keep it out of the guest
 * @domains: of these queues; none: all are as they should be, and it is filtered all the same
 */
struct view_filtered {
	const char *reason;
	struct vfioap_mask domains;
};

/** More reasons than one adapter can have. */
#define VIEW_REASONS 6

/**
 * view_filtered() - why queues of one adapter are not in the guest
 * @ret: filled in from the first; Return: how many, 0 when all of them are in
 */
size_t view_filtered(const struct snapshot *now, const struct matrix *matrix,
		     const struct matrix *guest, unsigned apid,
		     struct view_filtered ret[VIEW_REASONS]);

/** view_adapter_reason() - the one of them that keeps the whole adapter out, or NULL; lends */
const char *view_adapter_reason(const struct view_filtered *filtered, size_t n);

/* ---- queues --------------------------------------------------------------------------- */

/** view_queue_owner() - the active device that owns a queue, or NULL */
const struct device *view_queue_owner(const struct snapshot *now, unsigned apid, unsigned apqi);

/** view_mode_text(), view_status_text() - "CCA-Coproc", "deconfig"; "-" unknown */
const char *view_mode_text(enum apbus_mode mode);
const char *view_status_text(enum apbus_status status);

/** enum view_queue_needs - above enum snapshot_parts: files of cards, files of queues */
enum view_queue_needs {
	VIEW_CARD_FILES = 1 << 16,
	VIEW_QUEUE_FILES = 1 << 17,
	VIEW_QUEUE_DRIVER = 1 << 18, /* its name alone, mostly known without a file */
};

/** struct view_queue - a row: a queue, or with is_card a card, whose apqi means nothing */
struct view_queue {
	bool is_card;
	unsigned apid, apqi;
	struct apbus_info info;
	bool pool_host;
	const struct device *device; /* that owns it now, or NULL */
	const struct snapshot *now;
};

/** The columns of queues and cards, and the keys of a card in JSON. */
extern const struct out_column view_queue_columns[];
extern const size_t view_queue_n_columns;
extern const struct out_column view_card_keys[];
extern const size_t view_card_n_keys;

/** view_queue_fill() - a row about @apid and, unless @is_card, @apqi */
int view_queue_fill(int root, const struct snapshot *now, unsigned needs, bool is_card,
		    unsigned apid, unsigned apqi, const struct apbus_info *card,
		    struct view_queue *ret, struct err *err);

#endif
