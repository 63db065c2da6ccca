/* SPDX-License-Identifier: MIT */
/*
 * Devices and queues as rows with columns: what lsvfioap, `vfioap list` and `vfioap show`
 * have in common.
 */
#ifndef VIEW_H
#define VIEW_H

#include <sys/stat.h>

#include "guest.h"
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

/**
 * view_guest_text() - "web1", "web1 (off)", else "command (pid)"; false when there is neither a
 *                     guest nor anybody who uses it
 */
bool view_guest_text(const struct snapshot *now, const struct device *device, char *buf,
		     size_t size);

/** view_device_line() - UUID, state, start and guest, in a line of which @at columns are there */
void view_device_line(struct app *app, size_t at, const struct snapshot *now,
		      const struct device *device);

/** view_holds() - has this process the device open, by its group or its cdev */
bool view_holds(const struct holder *holder, const struct mdev *mdev);

/** view_node_read() - owner and mode of a device node; false when there is none */
bool view_node_read(int root, const char *path, struct stat *ret);

/** view_warn_broken() - a warning for each definition that cannot be used */
void view_warn_broken(struct app *app, const struct snapshot *now);

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
	VIEW_DRIVER = 1 << 18, /* names of drivers alone, those of queues mostly without a file */
};

/**
 * struct view_queue - a row: a queue, or with is_card a card, whose apqi means nothing
 * @card:   what its card says; lent
 * @device: that owns it now, or NULL
 * @status: enum apbus_status
 *
 * Small, for all queues of a machine are 65,536.
 */
struct view_queue {
	const struct apbus_info *card;
	const struct device *device;
	long long requests, pending;
	char driver[APBUS_NAME_SIZE];
	unsigned char apid, apqi, status;
	bool is_card, pool_host;
};

/** The columns of queues and cards, and the keys of a card in JSON; their view: the snapshot. */
extern const struct out_column view_queue_columns[];
extern const size_t view_queue_n_columns;
extern const struct out_column view_card_keys[];
extern const size_t view_card_n_keys;

/** view_card_fill() - the row of a card; @card is lent to the row */
void view_card_fill(unsigned apid, const struct apbus_info *card, struct view_queue *ret);

/**
 * view_queue_fill() - the row of a queue
 * @dir:    its card's, by apbus_card_open(); -1 when @needs has no files of queues
 * @card:   is lent to the row
 * @device: that owns it
 * Return: as apbus_queue_read()
 */
int view_queue_fill(int dir, const struct snapshot *now, unsigned needs, unsigned apid,
		    unsigned apqi, const struct apbus_info *card, const struct device *device,
		    struct view_queue *ret, struct err *err);

#endif
