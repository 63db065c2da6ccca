/* SPDX-License-Identifier: MIT */
/*
 * Definitions as mdevctl keeps them.  Every file is read, also what mdevctl or libap would
 * stumble over: it becomes a definition with a problem.  Judging them is left to conflict.c.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "paths.h"
#include "str.h"
#include "swap.h"
#include "sysfs.h"

#define JSON_DEPTH 128 /* as deep as mdevctl's parser goes (serde_json) */

/* mdevctl writes in place: a file that is no JSON is perhaps only half written (cli 4). */
#define BROKEN_READS  5
#define BROKEN_NAP_MS 25

#define OTHER_SHOWN 47		/* bytes of a name that is none of vfio_ap's */
#define TEXT_SIZE   (64 * 1024) /* of a device with all adapters and domains it is 20 KiB */

/* The first problem is the one that is told.  Without memory it has no @detail: has_memory(). */
static _printf_(3, 4) void definition_problem(struct definition *d, enum config_problem problem,
					      const char *fmt, ...)
{
	va_list ap;

	if (d->problem != CONFIG_OK)
		return;
	d->problem = problem;
	va_start(ap, fmt);
	if (vasprintf(&d->detail, fmt, ap) < 0)
		d->detail = NULL;
	va_end(ap);
	if (d->detail)
		str_printable(d->detail);
}

static bool has_memory(const struct definition *d)
{
	return d->problem == CONFIG_OK || d->detail;
}

/* ---- numbers and masks, as the kernel reads them ------------------------------------------- */

/*
 * kstrtoul() with base 0 (kernel-abi 1, KUL).  A leading zero is octal there, and shown as a
 * problem, but the number counts: the device would be started with it.
 */
static int id_parse(const char *text, unsigned *ret, bool *ret_leading_zero)
{
	const char *p = *text == '+' ? text + 1 : text;
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && isxdigit((unsigned char)p[2]);
	bool octal = !hex && p[0] == '0' && isdigit((unsigned char)p[1]);
	unsigned long id = 0;
	int rc = 0;

	if (octal) {
		for (; *p >= '0' && *p <= '7'; p++) {
			id = id * 8 + (unsigned long)(*p - '0');
			if (id >= VFIOAP_IDS)
				return -ERANGE;
		}
	} else {
		p += hex ? 2 : 0;
		rc = str_ulong_parse(&p, hex ? 16 : 10, VFIOAP_IDS - 1, &id);
	}
	if (rc < 0)
		return rc;
	if (*p && strcmp(p, "\n") != 0)
		return -EINVAL;

	*ret = (unsigned)id;
	*ret_leading_zero = octal;
	return 0;
}

/* One field of ap_config as the kernel takes it: "0x" or "x" or none, 0 to 64 digits. */
static int field_parse(const char **p, struct vfioap_mask *ret)
{
	char hex[VFIOAP_HEX_SIZE] = "0x0";
	const char *digits = *p;
	size_t len;

	digits += *digits == '0' && digits[1] == 'x' ? 2 : *digits == 'x';
	len = strspn(digits, "0123456789abcdefABCDEF");
	if (len > VFIOAP_IDS / 4)
		return -EINVAL;
	if (len) {
		memcpy(hex + 2, digits, len);
		hex[2 + len] = '\0';
	}

	*p = digits + len;
	return vfioap_hex_parse(hex, true, ret, NULL);
}

/* Three fields, each ended by ',' or newline, the last also by the end (kernel-abi 10.5). */
static int ap_config_loose(const char *text, struct matrix *ret)
{
	struct matrix m;
	struct vfioap_mask *masks[] = { &m.adapters, &m.domains, &m.controls };
	const char *p = text;

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		if (field_parse(&p, masks[i]) < 0)
			return -EINVAL;
		if (*p == ',' || *p == '\n')
			p++;
		else if (*p || i + 1 < ARRAY_SIZE(masks))
			return -EINVAL;
	}
	*ret = m;
	return 0;
}

/* ---- attrs ----------------------------------------------------------------------------- */

/* struct attr - a name that may stand in attrs, and which mask it changes */
struct attr {
	const char *name;
	enum config_what what;
	bool clear;
};

static const struct attr attrs[] = {
	{ .name = "assign_adapter", .what = CONFIG_ADAPTER },
	{ .name = "assign_domain", .what = CONFIG_DOMAIN },
	{ .name = "assign_control_domain", .what = CONFIG_CONTROL },
	{ .name = "unassign_adapter", .what = CONFIG_ADAPTER, .clear = true },
	{ .name = "unassign_domain", .what = CONFIG_DOMAIN, .clear = true },
	{ .name = "unassign_control_domain", .what = CONFIG_CONTROL, .clear = true },
};

static struct vfioap_mask *matrix_ids(struct matrix *m, enum config_what what)
{
	switch (what) {
	case CONFIG_ADAPTER: return &m->adapters;
	case CONFIG_DOMAIN: return &m->domains;
	case CONFIG_CONTROL:
	case CONFIG_AP_CONFIG: break;
	}
	return &m->controls;
}

/* There is room for every element. */
static void add_entry(struct definition *d, struct config_entry entry)
{
	d->entry[d->n_entries++] = entry;
}

static void apply_ap_config(struct definition *d, const char *value)
{
	struct matrix strict;

	d->set_only = true;
	if (ap_config_loose(value, &d->matrix) < 0)
		definition_problem(d, CONFIG_BAD_NUMBER, "'%.40s' is no ap_config", value);
	else if (ap_config_parse(value, &strict) < 0) /* libap aborts (libap/ap.c) */
		definition_problem(d, CONFIG_BAD_NUMBER,
				   "ap_config is not three masks of 64 digits");
	add_entry(d, (struct config_entry){ .what = CONFIG_AP_CONFIG, .matrix = d->matrix });
}

int config_attr_read(const char *name, const char *value, struct config_entry *ret,
		     bool *ret_leading_zero)
{
	*ret_leading_zero = false;
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		if (strcmp(name, attrs[i].name) != 0)
			continue;
		*ret = (struct config_entry){ .what = attrs[i].what, .clear = attrs[i].clear };
		return id_parse(value, &ret->id, ret_leading_zero);
	}
	if (strcmp(name, "ap_config") != 0)
		return -ENOENT;
	*ret = (struct config_entry){ .what = CONFIG_AP_CONFIG };
	return ap_config_loose(value, &ret->matrix);
}

/* Any other name is left to the kernel that has, or has not, such a file. */
static int apply_other(struct definition *d, const char *name)
{
	if (d->other)
		return 0;
	d->other = strndup(*name ? name : "?", OTHER_SHOWN);
	if (!d->other)
		return -ENOMEM;
	str_printable(d->other);
	return 0;
}

static int apply_attr(struct definition *d, const char *name, const char *value)
{
	struct config_entry entry;
	bool leading_zero;
	int rc;

	if (!strcmp(name, "ap_config")) {
		apply_ap_config(d, value);
		return 0;
	}

	rc = config_attr_read(name, value, &entry, &leading_zero);
	if (rc == -ENOENT)
		return apply_other(d, name);
	d->set_only |= entry.clear;
	if (rc < 0) {
		definition_problem(d, CONFIG_BAD_NUMBER, "'%.40s' of %s is no ID of 0..255", value,
				   name);
		return 0;
	}
	if (leading_zero)
		definition_problem(d, CONFIG_BAD_NUMBER,
				   "'%.40s' of %s has a leading zero: the kernel reads %u", value,
				   name, entry.id);
	(entry.clear ? vfioap_mask_clear : vfioap_mask_set)(matrix_ids(&d->matrix, entry.what),
							    entry.id);
	add_entry(d, entry);
	return 0;
}

/* An element is an object with exactly one key, whose value is a string (mdev.rs). */
static int parse_element(struct definition *d, size_t i, struct json_object *element)
{
	struct json_object_iterator it;
	struct json_object *value;
	const char *text;

	if (!json_object_is_type(element, json_type_object) ||
	    json_object_object_length(element) != 1) {
		definition_problem(d, CONFIG_BAD_FIELD,
				   "element %zu of attrs is no object of one key", i);
		return 0;
	}

	it = json_object_iter_begin(element);
	value = json_object_iter_peek_value(&it);
	if (!json_object_is_type(value, json_type_string)) {
		definition_problem(d, CONFIG_BAD_FIELD,
				   "the value of element %zu of attrs is no text", i);
		return 0;
	}

	text = json_object_get_string(value);
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		definition_problem(d, CONFIG_BAD_FIELD, "element %zu of attrs holds a NUL", i);
	return apply_attr(d, json_object_iter_peek_name(&it), text);
}

static int parse_object(struct definition *d, struct json_object *object)
{
	struct json_object *type = NULL, *start = NULL, *list = NULL;
	size_t n;
	int rc = 0;

	json_object_object_get_ex(object, "mdev_type", &type);
	json_object_object_get_ex(object, "start", &start);
	json_object_object_get_ex(object, "attrs", &list);

	if (!json_object_is_type(type, json_type_string))
		definition_problem(d, CONFIG_BAD_FIELD, "mdev_type is %s",
				   type ? "no text" : "missing");
	else if (strcmp(json_object_get_string(type), CONFIG_DEVICE_TYPE) != 0)
		definition_problem(d, CONFIG_OTHER_TYPE, "mdev_type is '%.60s'",
				   json_object_get_string(type));

	if (!json_object_is_type(start, json_type_string))
		definition_problem(d, CONFIG_BAD_FIELD, "start is %s",
				   start ? "no text" : "missing");
	else
		d->start_auto = !strcmp(json_object_get_string(start), "auto");

	if (!list) /* missing or null */
		return 0;
	if (!json_object_is_type(list, json_type_array)) {
		definition_problem(d, CONFIG_BAD_FIELD, "attrs is no array");
		return 0;
	}
	n = json_object_array_length(list);
	d->entry = reallocarray(NULL, n + 1, sizeof(*d->entry));
	if (!d->entry)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = parse_element(d, i, json_object_array_get_idx(list, i));
	return rc;
}

/* ---- one file -------------------------------------------------------------------------- */

static void object_put(struct json_object **object)
{
	json_object_put(*object);
}

static void tokener_put(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

/* The validator takes longer than the rest of the parser, and has nothing to say of ASCII. */
static int tokener_flags(const char *text, size_t len)
{
	return JSON_TOKENER_STRICT | (str_is_ascii(text, len) ? 0 : JSON_TOKENER_VALIDATE_UTF8);
}

static int parse_text(struct json_tokener *tokener, const char *text, size_t len,
		      struct definition *d, struct json_object **ret)
{
	_cleanup_(object_put) struct json_object *object = NULL;
	enum json_tokener_error error;
	int rc = 0;

	/* With its NUL, so that a text that ends too early is an error and not half a parse. */
	json_tokener_reset(tokener);
	json_tokener_set_flags(tokener, tokener_flags(text, len));
	object = json_tokener_parse_ex(tokener, text, (int)len + 1);
	error = json_tokener_get_error(tokener);

	if (memchr(text, '\0', len))
		definition_problem(d, CONFIG_BAD_JSON, "there is a NUL in it");
	else if (!len)
		definition_problem(d, CONFIG_BAD_JSON, "the file is empty");
	else if (error != json_tokener_success)
		definition_problem(d, CONFIG_BAD_JSON, "%s at byte %zu",
				   json_tokener_error_desc(error),
				   json_tokener_get_parse_end(tokener));
	else if (!json_object_is_type(object, json_type_object))
		definition_problem(d, CONFIG_BAD_JSON, "it is no object");
	else
		rc = parse_object(d, object);
	if (!has_memory(d))
		rc = -ENOMEM;

	if (!rc && ret)
		*ret = d->problem == CONFIG_BAD_JSON ? NULL : TAKE_PTR(object);
	return rc;
}

int config_parse(const char *text, size_t len, struct definition *d, struct json_object **ret)
{
	_cleanup_(tokener_put) struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);

	return tokener ? parse_text(tokener, text, len, d, ret) : -ENOMEM;
}

/*
 * struct reader - config_list_read()'s walk over the directory
 * @text:    of a file that is only looked at
 * @tokener: one for all files: a new one of JSON_DEPTH costs more than most of them
 */
struct reader {
	int root, dir;
	bool whole;
	struct json_tokener *tokener;
	struct definition_list list;
	size_t room;
	char text[TEXT_SIZE];
};

static int read_failed(int rc, struct definition *d)
{
	if (rc == -EFBIG)
		definition_problem(d, CONFIG_BAD_JSON, "it is larger than 1 MiB");
	else if (rc == -EAGAIN)
		definition_problem(d, CONFIG_BAD_JSON, "it is being written");
	else if (rc == -EINVAL || rc == -EISDIR)
		definition_problem(d, CONFIG_UNREADABLE, "it is no regular file");
	else if (rc < 0)
		definition_problem(d, CONFIG_UNREADABLE, "%s", err_text(rc));
	return has_memory(d) ? 0 : -ENOMEM;
}

/* Read one file anew; -ENOENT when there is none (any more), -ENOMEM. */
static int read_definition(const struct reader *r, const char *name, struct definition *d)
{
	char path[PATH_SIZE], link[8];
	int rc;

	path_join(path, PATH_DEFINITIONS, name);
	rc = file_read(r->root, path, SWAP_MAX, &d->text, &d->text_len);
	if (rc == 0)
		return parse_text(r->tokener, d->text, d->text_len, d, NULL);
	/* A link that leads nowhere is there, and mdevctl fails on it. */
	if (rc == -ENOMEM ||
	    (rc == -ENOENT && sysfs_link_read(r->root, path, link, sizeof(link)) == -ENOENT))
		return rc;
	return read_failed(rc, d);
}

/*
 * The same of a file that is only looked at, and that the directory calls a regular one: in three
 * calls and without a copy.  What goes wrong is told by read_definition().
 */
static int peek_definition(struct reader *r, const char *name, struct definition *d)
{
	size_t len;

	if (file_peek(r->dir, name, r->text, sizeof(r->text), &len) < 0)
		return read_definition(r, name, d);
	return parse_text(r->tokener, r->text, len, d, NULL);
}

/* ---- all files ------------------------------------------------------------------------- */

void definition_done(struct definition *d)
{
	char **const texts[] = { &d->other, &d->detail, &d->text };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
	free(d->entry);
	d->entry = NULL;
	d->n_entries = d->text_len = 0;
}

/* All but what a look at it needs. */
static void definition_strip(struct definition *d)
{
	free(d->text);
	d->text = NULL;
	d->text_len = 0;
	if (d->set_only)
		return;
	free(d->entry);
	d->entry = NULL;
	d->n_entries = 0;
}

static int add_definition(void *arg, const char *name, unsigned char kind)
{
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	struct reader *r = arg;
	int rc = 0;

	if (uuid_canonical(name, d.uuid) < 0)
		return 0;

	/* Another spelling of the UUID: mdevctl takes the device, and looks in another file. */
	if (strcmp(name, d.uuid) != 0) {
		definition_problem(&d, CONFIG_UNREADABLE, "its name '%s' is not in lower case",
				   name);
		rc = has_memory(&d) ? 0 : -ENOMEM;
	} else if (kind == DT_REG && !r->whole) {
		rc = peek_definition(r, name, &d);
	} else {
		rc = read_definition(r, name, &d);
	}
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;

	if (r->list.n == r->room) {
		size_t room = r->room ? 2 * r->room : 16;
		struct definition *v = reallocarray(r->list.v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		r->list.v = v;
		r->room = room;
	}
	if (!r->whole)
		definition_strip(&d);
	r->list.v[r->list.n++] = d;
	d = (struct definition){ .problem = CONFIG_OK };
	return 0;
}

/* Read those that are no JSON again, all together after each nap; @ret_left: still none. */
static int read_broken(struct reader *r, bool *ret_left)
{
	struct definition_list *list = &r->list;

	*ret_left = false;
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_(definition_done) struct definition again = { .problem = CONFIG_OK };
		int rc;

		if (list->v[i].problem != CONFIG_BAD_JSON)
			continue;
		memcpy(again.uuid, list->v[i].uuid, sizeof(again.uuid));
		rc = read_definition(r, again.uuid, &again);
		if (rc == -ENOMEM)
			return rc;
		definition_done(&list->v[i]);
		if (rc == -ENOENT) { /* removed meanwhile */
			memmove(&list->v[i], &list->v[i + 1], (list->n - i - 1) * sizeof(*list->v));
			list->n--;
			i--;
			continue;
		}
		*ret_left |= again.problem == CONFIG_BAD_JSON;
		list->v[i] = again;
		again = (struct definition){ .problem = CONFIG_OK };
	}
	return 0;
}

static int compare_definitions(const void *a, const void *b)
{
	const struct definition *x = a, *y = b;
	int order = strcmp(x->uuid, y->uuid);

	return order ? order : (int)x->problem - (int)y->problem;
}

static int read_all(struct reader *r)
{
	const struct timespec nap = { .tv_nsec = BROKEN_NAP_MS * 1000000L };
	bool broken = false;
	int rc;

	r->dir = sysfs_open(r->root, PATH_DEFINITIONS, O_PATH | O_DIRECTORY);
	if (r->dir < 0)
		return r->dir == -ENOENT ? 0 : r->dir;
	r->tokener = json_tokener_new_ex(JSON_DEPTH);
	if (!r->tokener)
		return -ENOMEM;
	rc = sysfs_list_kinds(r->root, PATH_DEFINITIONS, add_definition, r);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;

	for (size_t i = 0; i < r->list.n; i++)
		broken |= r->list.v[i].problem == CONFIG_BAD_JSON;
	for (unsigned i = 1; broken && i < BROKEN_READS; i++) {
		nanosleep(&nap, NULL);
		rc = read_broken(r, &broken);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void reader_freep(struct reader **r)
{
	if (*r) {
		util_close(&(*r)->dir);
		tokener_put(&(*r)->tokener);
		config_list_done(&(*r)->list);
	}
	free(*r);
}

int config_list_read(int root, bool whole, struct definition_list *ret, struct err *err)
{
	_cleanup_(reader_freep) struct reader *r = malloc(sizeof(*r));
	int rc;

	if (!r)
		return err_oom(err);
	memset(r, 0, offsetof(struct reader, text));
	r->root = root;
	r->dir = -1;
	r->whole = whole;
	rc = read_all(r);
	if (rc < 0)
		return rc == -ENOMEM ? err_oom(err)
				     : err_errno(err, rc, "cannot list '/" PATH_DEFINITIONS "'");

	if (r->list.n)
		qsort(r->list.v, r->list.n, sizeof(*r->list.v), compare_definitions);
	*ret = r->list;
	r->list = (struct definition_list){ 0 };
	return 0;
}

void config_list_done(struct definition_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		definition_done(&list->v[i]);
	free(list->v);
	list->v = NULL;
	list->n = 0;
}
