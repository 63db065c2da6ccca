/* SPDX-License-Identifier: MIT */
/*
 * Definitions: what devices the next boot, or mdevctl, starts.
 *
 * Source: /etc/mdevctl.d/matrix/UUID, JSON as mdevctl writes it (mdevctl, src/mdev.rs).
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "mdev.h"

struct json_object;

/** The only type of vfio_ap's devices, and what mdev_type says in each of our definitions. */
#define CONFIG_DEVICE_TYPE "vfio_ap-passthrough"

enum config_problem {
	CONFIG_OK,
	CONFIG_UNREADABLE, /* cannot be opened or read */
	CONFIG_BAD_JSON,   /* no JSON, too large, or no object */
	CONFIG_BAD_FIELD,  /* mdev_type or start missing or of another kind, attrs malformed */
	CONFIG_BAD_NUMBER, /* an ID above 255, a leading zero, or no number */
	CONFIG_OTHER_TYPE, /* a device of another driver: not ours */
};

enum config_what { CONFIG_ADAPTER, CONFIG_DOMAIN, CONFIG_CONTROL, CONFIG_AP_CONFIG };

/** struct config_entry - one of a definition's attrs: a write at start */
struct config_entry {
	enum config_what what;
	bool clear;	      /* unassign_* */
	unsigned id;	      /* of all but ap_config */
	struct matrix matrix; /* of ap_config */
};

/**
 * struct definition - one file
 * @start_auto: "start" is exactly "auto" (mdevctl: anything else is manual)
 * @matrix:     what its attrs add up to; assign_*, unassign_* and ap_config in their order
 * @set_only:   has unassign_* or ap_config entries: only `set` may change it
 * @entry:      its attrs in their order
 * @other:      the first attribute that is none of vfio_ap's, printable; NULL
 * @problem:    what is wrong with it; @detail says where, printable; NULL without a problem
 * @text:       the file's bytes, with a NUL behind them; NULL: it could not be read
 *
 * There may be a hundred thousand: what few of them have is on the heap.
 */
struct definition {
	char uuid[UUID_SIZE];
	bool start_auto;
	bool set_only;
	struct matrix matrix;
	struct config_entry *entry;
	size_t n_entries;
	enum config_problem problem;
	char *other, *detail;
	char *text;
	size_t text_len;
};

struct definition_list {
	struct definition *v; /* by UUID */
	size_t n;
};

/**
 * config_list_read() - read every definition; a bad file is a definition with a @problem
 * @whole: keep texts and entries; false: no text, and entries of @set_only ones alone: thousands
 *         of definitions that are only looked at shall not fill the memory
 *
 * Regular files alone are opened (never a FIFO or a device), at most 1 MiB is read, names
 * that are no UUID are passed over.  Return: 0 (also without the directory); errno.
 */
int config_list_read(int root, bool whole, struct definition_list *ret, struct err *err);
void config_list_done(struct definition_list *list);

/**
 * config_parse() - what a definition's text says
 * @text: with a NUL behind its @len bytes
 * @d:    zeroed; what is wrong becomes its @problem; definition_done()
 * @ret:  the parsed object, for json_object_put(), NULL when it is none; may be NULL
 *
 * Return: 0; -ENOMEM.
 */
int config_parse(const char *text, size_t len, struct definition *d, struct json_object **ret);
void definition_done(struct definition *d);

/**
 * config_attr_read() - what one entry of attrs is
 *
 * Return: 0; -ENOENT none of vfio_ap's attributes; -EINVAL, -ERANGE no ID of 0..255 (or no
 * ap_config), ret->what and ret->clear are set all the same.
 */
int config_attr_read(const char *name, const char *value, struct config_entry *ret,
		     bool *ret_leading_zero);

/* ---- texts: as mdevctl writes them, 2 spaces, no newline at the end (config_edit.c) ---------- */

/** enum config_start - what becomes of "start" */
enum config_start { CONFIG_START_KEEP, CONFIG_START_AUTO, CONFIG_START_MANUAL };

/**
 * struct config_change - how a definition shall be
 * @matrix:  what its attrs shall add up to; NULL: attrs stay as they are
 * @start:   "start" stays, or becomes auto or manual
 * @rewrite: what `set` does: entries of ap_config and unassign_*, and those that cannot be
 *           read, are dropped; without it a definition with such entries is refused
 */
struct config_change {
	const struct matrix *matrix;
	enum config_start start;
	bool rewrite;
};

/**
 * config_format() - the text of a new definition
 *
 * Adapters, then domains, then control domains, ascending and decimal.
 * Return: a heap string, or NULL without memory.
 */
char *config_format(const struct matrix *matrix, bool start_auto);

/** config_print() - JSON as mdevctl lays it out; heap, or NULL without memory */
char *config_print(struct json_object *object);

/**
 * config_edit() - pure: a definition's text, changed
 * @uuid: for messages
 * @text: as config_parse() takes it
 * @ret:  heap string; the caller frees it
 *
 * Unknown keys and entries keep value and place; entries that stay keep the text of their value
 * and their place; IDs that go take all of their entries along; new ones are decimal and
 * stand behind the last entry of their kind, in the order adapters, domains, controls.  When
 * nothing is to change not a byte does, however the text is laid out.
 * The result has been read back: it says what @change asked for.
 *
 * Return: 0; -EBADMSG it has a problem; -EOPNOTSUPP it has entries that only @rewrite may
 * drop; -EFBIG; -ENOMEM.
 */
int config_edit(const char *uuid, const char *text, size_t len, const struct config_change *change,
		char **ret, struct err *err);

#endif
