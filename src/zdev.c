/* SPDX-License-Identifier: MIT */
/*
 * Texts of chzdev: values of apmask and aqmask, and the sections and lines of an export.  Files
 * are read and written by others; what a setting does to the machine is theirs too.
 */
#include "zdev.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "str.h"

/* So much of what somebody else wrote stands in a message. */
#define SHOWN 80

static const char *const attributes[] = { [ZDEV_APMASK] = "apmask", [ZDEV_AQMASK] = "aqmask" };

static const char *const sides[] = { [ZDEV_ACTIVE] = "active", [ZDEV_PERSISTENT] = "persistent" };

/* Types of devices, zdev/src/devtype.c; their subtypes are "dasd-eckd" and the like. */
static const char *const other_types[] = { "dasd", "zfcp",   "qeth",	   "ctc",
					   "lcs",  "virtio", "generic-ccw" };

const char *zdev_attribute_name(enum zdev_attribute attribute)
{
	return attributes[attribute];
}

bool zdev_attribute_find(const char *name, size_t len, enum zdev_attribute *ret)
{
	for (enum zdev_attribute i = 0; i < ZDEV_ATTRIBUTES; i++) {
		if (strlen(attributes[i]) != len || strncmp(attributes[i], name, len) != 0)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

/* ---- values ------------------------------------------------------------------------------ */

/* ID 16 is 0x10: a mask has all of its digits. */
static bool is_mask(const char *text)
{
	return str_starts_with(text, "0x") && strlen(text) == VFIOAP_HEX_SIZE - 1;
}

static struct vfioap_change change_to(struct vfioap_mask mask)
{
	return (struct vfioap_change){ .set = mask, .clear = vfioap_mask_not(mask) };
}

int zdev_value_parse(const char *text, struct vfioap_change *ret, struct vfioap_parse_error *reterr)
{
	struct vfioap_mask mask;
	int rc;

	if (*text == '+' || *text == '-')
		return vfioap_change_parse(text, ret, reterr);
	if (is_mask(text))
		rc = vfioap_hex_parse(text, false, &mask, reterr);
	else
		rc = vfioap_list_parse(text, VFIOAP_LIST_ALL | VFIOAP_LIST_NONE, NULL, &mask,
				       reterr);
	if (rc == 0)
		*ret = change_to(mask);
	return rc;
}

int zdev_value_explain(enum zdev_attribute attribute, const char *text,
		       const struct vfioap_parse_error *error, struct err *err)
{
	char why[192];

	vfioap_parse_message(text, error, why, sizeof(why));
	err_set(err, -EINVAL, "%s: Invalid input string %.*s%s: %s", attributes[attribute], SHOWN,
		text, strlen(text) > SHOWN ? "..." : "", why);
	err_hint(err, "a list as 5,0x10-0x1f, a change as +5,-6, or a mask of 0x and 64 digits");
	return -EINVAL;
}

char *zdev_value_format(const struct vfioap_mask *mask, char buf[ZDEV_VALUE_SIZE])
{
	unsigned first = vfioap_mask_next(mask, 0), last;
	size_t len = 0;

	*buf = '\0';
	while (first < VFIOAP_IDS) {
		for (last = first; vfioap_mask_has(mask, last + 1);)
			last++;
		len += (size_t)snprintf(buf + len, ZDEV_VALUE_SIZE - len, "%s%u", len ? "," : "",
					first);
		if (last > first)
			len += (size_t)snprintf(buf + len, ZDEV_VALUE_SIZE - len, "-%u", last);
		first = vfioap_mask_next(mask, last + 1);
	}
	return buf;
}

/* ---- an export is read ------------------------------------------------------------------- */

/* What chzdev takes for white space. */
#define BLANKS " \t\n\v\f\r"

/**
 * struct reader - where we are in an export
 * @header:   line of the section's header; 0: before the first one
 * @in_ap:    the section is of type ap
 * @sides:    a bit for each side that it is about
 * @settings: lines of it so far that are settings
 * @lines:    where a mask was set already
 */
struct reader {
	const char *name;
	unsigned line, header, sides, settings;
	bool in_ap;
	unsigned lines[ZDEV_SIDES][ZDEV_ATTRIBUTES];
	struct zdev_import import;
	struct err *err;
};

static _printf_(3, 4) int refuse(struct reader *r, int code, const char *fmt, ...)
{
	char text[384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(r->err, code, "%.100s:%u: %s", r->name, r->line, text);
}

/* @text without the blanks around it; cuts it at its end. */
static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* The next word of a header, or NULL; moves @text behind it. */
static char *word_next(char **text)
{
	char *word = *text + strspn(*text, BLANKS);
	size_t len = strcspn(word, BLANKS);

	*text = word + len;
	if (!len)
		return NULL;
	if (**text)
		*(*text)++ = '\0';
	return word;
}

static bool sides_read(const char *word, unsigned *ret)
{
	for (enum zdev_side i = 0; i < ZDEV_SIDES; i++) {
		if (strcasecmp(word, sides[i]) == 0) {
			*ret = 1u << i;
			return true;
		}
	}
	*ret = (1u << ZDEV_SIDES) - 1;
	return strcasecmp(word, "all") == 0;
}

/* Sides that are none of the masks': of other devices. */
static bool is_other_side(const char *word)
{
	return strcasecmp(word, "autoconf") == 0 || strncasecmp(word, "site", 4) == 0;
}

static bool is_other_type(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(other_types); i++) {
		size_t len = strlen(other_types[i]);

		if (strncasecmp(word, other_types[i], len) == 0 && (!word[len] || word[len] == '-'))
			return true;
	}
	return false;
}

static int section_end(struct reader *r)
{
	if (!r->in_ap || r->settings)
		return 0;
	r->line = r->header;
	return refuse(r, -EBADMSG, "empty device type section");
}

/* "active ap", the brackets are gone. */
static int header_read(struct reader *r, char *text)
{
	char *side = word_next(&text), *type = word_next(&text), *id = word_next(&text);
	bool known;

	if (!type || word_next(&text))
		return refuse(r, -EBADMSG, "a section header is [active TYPE] or [active TYPE ID]");
	known = sides_read(side, &r->sides);
	if (!known && !is_other_side(side))
		return refuse(r, -EBADMSG, "unknown configuration '%.*s' in section header", SHOWN,
			      side);
	r->header = r->line;
	r->settings = 0;
	r->in_ap = strcasecmp(type, "ap") == 0;
	r->import.sections++;
	if (r->in_ap && id)
		return refuse(r, -EBADMSG, "type ap has no devices, as '%.*s'", SHOWN, id);
	if (r->in_ap && !known)
		return refuse(r, -EBADMSG, "type ap has no configuration '%.*s'", SHOWN, side);
	if (r->in_ap)
		return 0;
	if (!is_other_type(type))
		return refuse(r, -EBADMSG, "unknown device type '%.*s' in section header", SHOWN,
			      type);
	if (!r->import.others++)
		r->import.other_line = r->line;
	return 0;
}

/* Without a pair of quotes around it; chzdev's own value for an empty mask is "". */
static const char *unquote(char *value)
{
	size_t len = strlen(value);

	if (len < 2 || value[0] != '"' || value[len - 1] != '"')
		return value;
	if (len == 2)
		return "none";
	value[len - 1] = '\0';
	return value + 1;
}

static int value_read(struct reader *r, enum zdev_attribute attribute, char *text)
{
	const char *value = unquote(text);
	struct vfioap_parse_error error;
	struct vfioap_change change;
	struct err err;

	if (zdev_value_parse(value, &change, &error) < 0) {
		zdev_value_explain(attribute, value, &error, &err);
		refuse(r, -EINVAL, "%s", err.what);
		err_hint(r->err, "%s", err.hint);
		return -EINVAL;
	}
	for (enum zdev_side i = 0; i < ZDEV_SIDES; i++) {
		if (!(r->sides & 1u << i))
			continue;
		if (r->lines[i][attribute])
			return refuse(r, -EINVAL,
				      "cannot specify multiple values for attribute '%s': there is"
				      " one in line %u",
				      attributes[attribute], r->lines[i][attribute]);
		r->lines[i][attribute] = r->line;
		r->import.side[i].given[attribute] = true;
		r->import.side[i].change[attribute] = change;
	}
	return 0;
}

static int setting_read(struct reader *r, char *line, char *equals)
{
	enum zdev_attribute attribute;
	const char *key;

	if (!r->header)
		return refuse(r, -EBADMSG, "setting outside of a section");
	r->settings++;
	if (!r->in_ap)
		return 0;
	*equals = '\0';
	key = trim(line);
	if (!zdev_attribute_find(key, strlen(key), &attribute)) {
		refuse(r, -ENODATA, "unknown device type attribute specified: %.*s", SHOWN, key);
		return err_hint(r->err, "the attributes are apmask and aqmask");
	}
	return value_read(r, attribute, trim(equals + 1));
}

/* A line without its newline. */
static int line_read(struct reader *r, char *line)
{
	char *equals;
	size_t len;
	int rc;

	line = trim(line);
	len = strlen(line);
	if (!len || *line == '#')
		return 0;
	if (*line == '[' && line[len - 1] == ']') {
		line[len - 1] = '\0';
		rc = section_end(r);
		return rc < 0 ? rc : header_read(r, line + 1);
	}
	equals = strchr(line, '=');
	if (equals)
		return setting_read(r, line, equals);
	return refuse(r, -EBADMSG, "unrecognized line: %.*s", SHOWN, line);
}

int zdev_import_parse(const char *name, const char *text, size_t len, struct zdev_import *ret,
		      struct err *err)
{
	_cleanup_free_ char *copy = malloc(len + 1);
	struct reader r = { .name = name, .err = err };
	char *next;
	int rc = 0;

	if (!copy)
		return err_oom(err);
	memcpy(copy, text, len + 1);

	for (char *line = copy; rc == 0 && line < copy + len; line = next) {
		char *end = memchr(line, '\n', (size_t)(copy + len - line));

		next = end ? end + 1 : copy + len;
		r.line++;
		if (end)
			*end = '\0';
		if (strlen(line) < (size_t)(next - line) - (end ? 1 : 0))
			return refuse(&r, -EBADMSG, "a NUL byte: no text");
		rc = line_read(&r, line);
	}
	if (rc == 0)
		rc = section_end(&r);
	if (rc == 0)
		*ret = r.import;
	return rc;
}

/* ---- an export is written ---------------------------------------------------------------- */

static void section_format(const struct zdev_export *export, enum zdev_side side, bool first,
			   FILE *out)
{
	char value[ZDEV_VALUE_SIZE];

	fprintf(out, "%s[%s ap]\n", first ? "" : "\n", sides[side]);
	for (enum zdev_attribute i = 0; i < ZDEV_ATTRIBUTES; i++) {
		if (!export->has[side][i])
			continue;
		zdev_value_format(&export->mask[side][i], value);
		fprintf(out, "%s=%s\n", attributes[i], *value ? value : "-0-255");
	}
}

char *zdev_export_format(const struct zdev_export *export)
{
	_cleanup_free_ char *buf = NULL;
	bool first = true, bad;
	size_t len = 0;
	FILE *out = open_memstream(&buf, &len);

	if (!out)
		return NULL;
	fprintf(out, "# Generated by chzdev%s%s\n", export->host ? " on " : "",
		export->host ? export->host : "");
	for (enum zdev_side i = 0; i < ZDEV_SIDES; i++) {
		if (!export->has[i][ZDEV_APMASK] && !export->has[i][ZDEV_AQMASK])
			continue;
		section_format(export, i, first, out);
		first = false;
	}
	bad = ferror(out);
	if (fclose(out) != 0 || bad)
		return NULL;
	return TAKE_PTR(buf);
}
