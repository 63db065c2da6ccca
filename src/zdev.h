/* SPDX-License-Identifier: MIT */
/*
 * How chzdev writes masks: attributes, values, and the text of an export.
 *
 * Source: s390-tools, zdev/src/ap.c (values), zdev/src/export.c and zdev/src/misc.c (exports).
 */
#ifndef ZDEV_H
#define ZDEV_H

#include <stdbool.h>

#include <vfioap/mask.h>

#include "err.h"

enum zdev_attribute { ZDEV_APMASK, ZDEV_AQMASK, ZDEV_ATTRIBUTES };

/** enum zdev_side - the running system, the next boot */
enum zdev_side { ZDEV_ACTIVE, ZDEV_PERSISTENT, ZDEV_SIDES };

/**
 * struct zdev_settings - what shall become of the masks of one side
 * @given:  this mask is set
 * @change: how; a value that replaces the mask is a change too: it clears what it does not set
 */
struct zdev_settings {
	bool given[ZDEV_ATTRIBUTES];
	struct vfioap_change change[ZDEV_ATTRIBUTES];
};

/** zdev_attribute_name() - "apmask", "aqmask" */
const char *zdev_attribute_name(enum zdev_attribute attribute);

/** zdev_attribute_find() - the attribute that the first @len bytes of @name are */
bool zdev_attribute_find(const char *name, size_t len, enum zdev_attribute *ret);

/* ---- values ------------------------------------------------------------------------------ */

/** zdev_value_parse() - a LIST, a CHANGE, or a MASK of 64 digits; 0 or a negative errno */
int zdev_value_parse(const char *text, struct vfioap_change *ret,
		     struct vfioap_parse_error *reterr);

/** zdev_value_explain() - "apmask: Invalid input string 10-5: ..." into @err; returns -EINVAL */
int zdev_value_explain(enum zdev_attribute attribute, const char *text,
		       const struct vfioap_parse_error *error, struct err *err);

/** Size of the buffer for any mask as decimal list. */
#define ZDEV_VALUE_SIZE VFIOAP_LIST_SIZE

/** zdev_value_format() - "0,3-19,255", decimal, ranges joined; "" when empty; returns @buf */
char *zdev_value_format(const struct vfioap_mask *mask, char buf[ZDEV_VALUE_SIZE]);

/* ---- exports ----------------------------------------------------------------------------- */

/**
 * struct zdev_import - what an export says of type ap
 * @sections: how many sections there are, all types counted
 * @others:   how many of them are of other types or of devices
 * @other_line: where the first of those begins
 */
struct zdev_import {
	struct zdev_settings side[ZDEV_SIDES];
	unsigned sections, others, other_line;
};

/**
 * zdev_import_parse() - read the text of an export
 * @name: of the file, for messages
 * @text: with a NUL behind its @len bytes
 * @ret:  untouched on failure
 * @err:  "NAME:LINE: what is wrong"
 *
 * Sections of types that chzdev knows are passed over; [all ap] is both sides.  What chzdev
 * passes over with a warning or takes the last of is refused: unknown attributes, two values.
 * Return: 0; -EBADMSG no such text; -ENODATA an unknown attribute; -EINVAL no value, or two of
 * them for one attribute; -ENOMEM.
 */
int zdev_import_parse(const char *name, const char *text, size_t len, struct zdev_import *ret,
		      struct err *err);

/**
 * struct zdev_export - what an export is made of
 * @host: for the comment of its first line; NULL: it names none
 * @has:  this mask is set
 */
struct zdev_export {
	const char *host;
	bool has[ZDEV_SIDES][ZDEV_ATTRIBUTES];
	struct vfioap_mask mask[ZDEV_SIDES][ZDEV_ATTRIBUTES];
};

/**
 * zdev_export_format() - the text that chzdev, and zdev_import_parse(), make the masks of again
 *
 * An empty mask is "-0-255": chzdev writes a value for it that it does not take itself.
 * Return: a heap string; NULL without memory.
 */
char *zdev_export_format(const struct zdev_export *export);

#endif
