// SPDX-License-Identifier: MIT
/*
 * Wish files, read strictly: every key known, every value of its kind.  json-c knows the values
 * but not where they stand, so that the line of one that is refused is looked up in the text.
 */
#include "wishfile.h"

#include <errno.h>
#include <json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "str.h"

#define WISHFILE_DEPTH 8 /* of objects and arrays */

/** struct place - where in the file: "devices", 2, "adapters"; @key NULL: an element */
struct place {
	const struct place *parent;
	const char *key;
	size_t index;
};

struct reader {
	const char *text;
	struct vfioap_mask all_adapters, all_domains;
	struct wishfile *file;
	struct err *err;
};

static void put_json(struct json_object **object)
{
	json_object_put(*object);
}

static void free_tokener(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

/* ---- where: the text is JSON, json-c has said so ------------------------------------------- */

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		p += *p == '\\' && p[1];
	return p + (*p == '"');
}

static const char *skip_value(const char *p)
{
	unsigned depth = 0;

	do {
		p = skip_blanks(p);
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		depth += *p == '{' || *p == '[';
		if ((*p == '}' || *p == ']') && depth)
			depth--;
		else if (!depth)
			return p + strcspn(p, ",}] \t\r\n");
		p += *p != '\0';
	} while (*p && depth);
	return p;
}

/* The element @index of the array at @p, or the value of @key in the object there. */
static const char *find_child(const char *p, const char *key, size_t index)
{
	const size_t len = key ? strlen(key) : 0;

	for (size_t i = 0; *p; i++) {
		const char *name = p = skip_blanks(p + 1);

		if (key) {
			p = skip_blanks(skip_string(p));
			p = skip_blanks(p + (*p == ':'));
		}
		if (key ? strncmp(name + 1, key, len) == 0 && name[1 + len] == '"' : i == index)
			return p;
		p = skip_blanks(skip_value(p));
		if (*p != ',')
			break;
	}
	return NULL;
}

static const char *find_place(const char *text, const struct place *place)
{
	const char *p = place->parent ? find_place(text, place->parent) : skip_blanks(text);

	if (!p || (!place->key && !place->parent))
		return p;
	return find_child(p, place->key, place->index);
}

static unsigned line_of(const char *text, const char *p)
{
	unsigned line = 1;

	for (; text < p; text++)
		line += *text == '\n';
	return line;
}

/* "devices[2].adapters" */
static size_t place_format(const struct place *place, char *buf, size_t size)
{
	size_t len = 0;

	if (place->parent)
		len = place_format(place->parent, buf, size);
	if (len >= size)
		return len;
	if (place->key)
		return len +
		       (size_t)snprintf(buf + len, size - len, "%s%s", len ? "." : "", place->key);
	if (place->parent)
		return len + (size_t)snprintf(buf + len, size - len, "[%zu]", place->index);
	*buf = '\0';
	return 0;
}

_printf_(3, 4) static int refuse(const struct reader *r, const struct place *place, const char *fmt,
				 ...)
{
	char where[128] = "", why[192];
	const char *p = find_place(r->text, place);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	place_format(place, where, sizeof(where));
	return err_set(r->err, -EINVAL, "line %u: %s%s%s", p ? line_of(r->text, p) : 1,
		       str_printable(where), *where ? ": " : "", str_printable(why));
}

/* ---- objects -----------------------------------------------------------------------------------
 */

typedef int key_fn(const struct reader *r, const struct place *place, struct json_object *value,
		   void *dest);

struct key {
	const char *name;
	key_fn *read;
};

static int read_object(const struct reader *r, const struct place *place,
		       struct json_object *object, const struct key *keys, void *dest)
{
	if (!json_object_is_type(object, json_type_object))
		return refuse(r, place, "no object");
	json_object_object_foreach(object, name, value)
	{
		const struct place child = { .parent = place, .key = name };
		const struct key *key = keys;
		int rc;

		while (key->name && strcmp(key->name, name) != 0)
			key++;
		if (!key->name)
			return refuse(r, &child, "no such key");
		rc = key->read(r, &child, value, dest);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The text of a string without NUL in it; NULL: it is none. */
static const char *text_of(struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

/* ---- sets of numbers ----------------------------------------------------------------------------
 */

static int read_numbers(const struct reader *r, const struct place *place,
			struct json_object *array, struct vfioap_mask *ret)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *value = json_object_array_get_idx(array, i);
		const struct place child = { .parent = place, .index = i };
		int64_t id = json_object_get_int64(value);

		if (!json_object_is_type(value, json_type_int) || id < 0 || id >= VFIOAP_IDS)
			return refuse(r, &child, "no number from 0 to 255");
		vfioap_mask_set(ret, (unsigned)id);
	}
	return 0;
}

static int read_ids(const struct reader *r, const struct place *place, struct json_object *value,
		    const struct vfioap_mask *all, struct vfioap_mask *ret)
{
	struct vfioap_parse_error error;
	const char *text = text_of(value);
	char why[160];

	*ret = (struct vfioap_mask){ 0 };
	if (json_object_is_type(value, json_type_array))
		return read_numbers(r, place, value, ret);
	if (!text)
		return refuse(r, place,
			      "neither a list as \"5,0x10-0x1f\" nor an array of numbers");
	if (!*text ||
	    vfioap_list_parse(text, VFIOAP_LIST_ALL | VFIOAP_LIST_NONE, all, ret, &error) == 0)
		return 0;
	return refuse(r, place, "%s", vfioap_parse_message(text, &error, why, sizeof(why)));
}

static int key_adapters(const struct reader *r, const struct place *place,
			struct json_object *value, void *dest)
{
	return read_ids(r, place, value, &r->all_adapters, &((struct matrix *)dest)->adapters);
}

static int key_domains(const struct reader *r, const struct place *place, struct json_object *value,
		       void *dest)
{
	return read_ids(r, place, value, &r->all_domains, &((struct matrix *)dest)->domains);
}

static int key_controls(const struct reader *r, const struct place *place,
			struct json_object *value, void *dest)
{
	return read_ids(r, place, value, &r->all_domains, &((struct matrix *)dest)->controls);
}

/* ---- pools ------------------------------------------------------------------------------------
 */

struct pools {
	struct wishfile_pools *pools, *next;
	bool apmask, aqmask, overrides, has_next;
};

static int read_mask(const struct reader *r, const struct place *place, struct json_object *value,
		     struct vfioap_mask *ret)
{
	struct vfioap_parse_error error;
	const char *text = text_of(value);
	char why[160];

	if (!text)
		return refuse(r, place, "no mask as text: 0x and 64 digits");
	if (vfioap_hex_parse(text, false, ret, &error) == 0)
		return 0;
	return refuse(r, place, "%s", vfioap_parse_message(text, &error, why, sizeof(why)));
}

static int key_apmask(const struct reader *r, const struct place *place, struct json_object *value,
		      void *dest)
{
	struct pools *pools = dest;

	pools->apmask = true;
	return read_mask(r, place, value, &pools->pools->masks.apmask);
}

static int key_aqmask(const struct reader *r, const struct place *place, struct json_object *value,
		      void *dest)
{
	struct pools *pools = dest;

	pools->aqmask = true;
	return read_mask(r, place, value, &pools->pools->masks.aqmask);
}

static int key_overrides(const struct reader *r, const struct place *place,
			 struct json_object *value, void *dest)
{
	struct pools *pools = dest;

	pools->overrides = true;
	if (!json_object_is_type(value, json_type_array))
		return refuse(r, place, "no array of queues");
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		const struct place child = { .parent = place, .index = i };
		const char *text = text_of(json_object_array_get_idx(value, i));
		unsigned apid, apqi;

		if (!text || queue_parse(text, &apid, &apqi) < 0)
			return refuse(r, &child, "no queue as \"05.0004\"");
		qset_add(&pools->pools->overrides, apid, apqi);
	}
	return 0;
}

static int read_pools(const struct reader *r, const struct place *place, struct json_object *value,
		      struct pools *pools);

static int key_next(const struct reader *r, const struct place *place, struct json_object *value,
		    void *dest)
{
	struct pools *outer = dest;
	struct pools pools = { .pools = outer->next };

	outer->has_next = true;
	return read_pools(r, place, value, &pools);
}

/* @pools->next NULL: those of the next boot alone */
static int read_pools(const struct reader *r, const struct place *place, struct json_object *value,
		      struct pools *pools)
{
	static const struct key keys[] = { { "apmask", key_apmask },
					   { "aqmask", key_aqmask },
					   { "overrides", key_overrides },
					   { "next_boot", key_next },
					   { 0 } };
	const struct key inner[] = { keys[0], keys[1], keys[2], { 0 } };
	int rc = read_object(r, place, value, pools->next ? keys : inner, pools);

	if (rc < 0)
		return rc;
	if (pools->overrides == (pools->apmask || pools->aqmask))
		return refuse(r, place, "either apmask and aqmask, or overrides");
	if (!pools->overrides && (!pools->apmask || !pools->aqmask))
		return refuse(r, place, "apmask and aqmask belong together");
	pools->pools->kind = pools->overrides ? WISHFILE_OVERRIDES : WISHFILE_MASKS;
	if (pools->overrides)
		pools->pools->masks.apmask = pools->pools->masks.aqmask =
			vfioap_mask_range(0, VFIOAP_IDS - 1);
	return 0;
}

static int key_pools(const struct reader *r, const struct place *place, struct json_object *value,
		     void *dest)
{
	struct wishfile *file = dest;
	struct pools pools = { .pools = &file->pools, .next = &file->next };
	int rc = read_pools(r, place, value, &pools);

	if (rc == 0 && !pools.has_next)
		file->next = file->pools;
	return rc;
}

/* ---- devices ------------------------------------------------------------------------------------
 */

struct device {
	struct wishfile_device *device;
	bool has_uuid, has_running, has_active;
};

static int key_uuid(const struct reader *r, const struct place *place, struct json_object *value,
		    void *dest)
{
	const char *text = text_of(value);
	struct device *d = dest;

	d->has_uuid = true;
	if (!text || uuid_canonical(text, d->device->uuid) < 0)
		return refuse(r, place, "no full UUID");
	for (size_t i = 0; i < r->file->n_devices; i++)
		if (strcmp(r->file->device[i].uuid, d->device->uuid) == 0)
			return refuse(r, place, "'%s' stands here twice", d->device->uuid);
	return 0;
}

static int key_start(const struct reader *r, const struct place *place, struct json_object *value,
		     void *dest)
{
	const char *text = text_of(value);
	struct device *d = dest;

	if (!value)
		d->device->start = WISHFILE_UNDEFINED;
	else if (text && strcmp(text, "auto") == 0)
		d->device->start = WISHFILE_AUTO;
	else if (text && strcmp(text, "manual") == 0)
		d->device->start = WISHFILE_MANUAL;
	else
		return refuse(r, place, "none of \"auto\", \"manual\" and null");
	return 0;
}

static int key_active(const struct reader *r, const struct place *place, struct json_object *value,
		      void *dest)
{
	static const struct key keys[] = { { "adapters", key_adapters },
					   { "domains", key_domains },
					   { "control_domains", key_controls },
					   { 0 } };
	struct device *d = dest;

	d->has_active = true;
	d->device->active = WISHFILE_ACTIVE;
	if (json_object_is_type(value, json_type_boolean)) {
		if (!json_object_get_boolean(value))
			d->device->active = WISHFILE_INACTIVE;
		return 0;
	}
	if (!json_object_is_type(value, json_type_object))
		return refuse(r, place, "neither true, false, nor what it is active with");
	d->has_running = true;
	return read_object(r, place, value, keys, &d->device->running);
}

/* The same keys as those of "active", one level up. */
static int key_of_matrix(key_fn *read, const struct reader *r, const struct place *place,
			 struct json_object *value, void *dest)
{
	return read(r, place, value, &((struct device *)dest)->device->matrix);
}

static int key_own_adapters(const struct reader *r, const struct place *place,
			    struct json_object *value, void *dest)
{
	return key_of_matrix(key_adapters, r, place, value, dest);
}

static int key_own_domains(const struct reader *r, const struct place *place,
			   struct json_object *value, void *dest)
{
	return key_of_matrix(key_domains, r, place, value, dest);
}

static int key_own_controls(const struct reader *r, const struct place *place,
			    struct json_object *value, void *dest)
{
	return key_of_matrix(key_controls, r, place, value, dest);
}

static int read_device(const struct reader *r, const struct place *place, struct json_object *value)
{
	static const struct key keys[] = { { "uuid", key_uuid },
					   { "adapters", key_own_adapters },
					   { "domains", key_own_domains },
					   { "control_domains", key_own_controls },
					   { "start", key_start },
					   { "active", key_active },
					   { 0 } };
	struct wishfile_device *device = &r->file->device[r->file->n_devices];
	struct device d = { .device = device };
	int rc = read_object(r, place, value, keys, &d);

	if (rc < 0)
		return rc;
	if (!d.has_uuid)
		return refuse(r, place, "no uuid");
	if (!d.has_running)
		device->running = device->matrix;
	if (!d.has_active && device->start != WISHFILE_MANUAL)
		device->active = WISHFILE_ACTIVE;
	if (device->start == WISHFILE_UNDEFINED && device->active != WISHFILE_ACTIVE)
		return refuse(r, place, "neither active nor defined: leave it out");
	r->file->n_devices++;
	return 0;
}

static int compare_devices(const void *a, const void *b)
{
	return strcmp(((const struct wishfile_device *)a)->uuid,
		      ((const struct wishfile_device *)b)->uuid);
}

static int key_devices(const struct reader *r, const struct place *place, struct json_object *value,
		       void *dest)
{
	struct wishfile *file = dest;
	size_t n =
		json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
	int rc = 0;

	if (!json_object_is_type(value, json_type_array))
		return refuse(r, place, "no array of devices");
	file->device = calloc(n + 1, sizeof(*file->device));
	if (!file->device)
		return err_oom(r->err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct place child = { .parent = place, .index = i };

		rc = read_device(r, &child, json_object_array_get_idx(value, i));
	}
	if (rc == 0 && n)
		qsort(file->device, n, sizeof(*file->device), compare_devices);
	return rc;
}

/* ---- the file
 * ------------------------------------------------------------------------------------- */

static int key_format(const struct reader *r, const struct place *place, struct json_object *value,
		      _unused_ void *dest)
{
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) != 1)
		return refuse(r, place, "not 1, the only format that there is");
	return 0;
}

static int read_file(const struct reader *r, struct json_object *object)
{
	static const struct key keys[] = {
		{ "format", key_format }, { "pools", key_pools }, { "devices", key_devices }, { 0 }
	};
	const struct place place = { 0 };

	if (json_object_is_type(object, json_type_object) &&
	    !json_object_object_get_ex(object, "format", NULL))
		return refuse(r, &place, "no format");
	return read_object(r, &place, object, keys, r->file);
}

/* json-c takes them for quotation marks, JSON does not. */
static const char *find_apostrophe(const char *p)
{
	while (*p && *p != '\'')
		p = *p == '"' ? skip_string(p) : p + 1;
	return *p ? p : NULL;
}

/* Any JSON, "null" too, which is NULL to json-c; or an error that names the line. */
static int text_parse(const char *text, size_t len, struct json_object **ret, struct err *err)
{
	_cleanup_(free_tokener) struct json_tokener *tokener = json_tokener_new_ex(WISHFILE_DEPTH);
	_cleanup_(put_json) struct json_object *object = NULL;
	const char *apostrophe = find_apostrophe(text);
	enum json_tokener_error error;
	size_t end;

	if (apostrophe)
		return err_set(err, -EINVAL, "line %u: no JSON: an apostrophe",
			       line_of(text, apostrophe));
	if (!tokener)
		return err_oom(err);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)len + 1);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	if (error == json_tokener_success && end + strspn(text + end, " \t\r\n") == len) {
		*ret = TAKE_PTR(object);
		return 0;
	}
	return err_set(err, -EINVAL, "line %u: no JSON: %s",
		       line_of(text, text + (end < len ? end : len)),
		       error == json_tokener_success ? "something behind its end"
						     : json_tokener_error_desc(error));
}

int wishfile_parse(const char *text, size_t len, unsigned max_adapter, unsigned max_domain,
		   struct wishfile *ret, struct err *err)
{
	_cleanup_(put_json) struct json_object *object = NULL;
	struct wishfile file = { 0 };
	const struct reader r = {
		.text = text,
		.all_adapters = vfioap_mask_range(0, max_adapter),
		.all_domains = vfioap_mask_range(0, max_domain),
		.file = &file,
		.err = err,
	};
	int rc;

	if (len > WISHFILE_MAX || strlen(text) != len)
		return err_set(err, -EINVAL, "no JSON: %s",
			       len > WISHFILE_MAX ? "larger than 16 MiB" : "a NUL in it");
	rc = text_parse(text, len, &object, err);
	if (rc < 0)
		return rc;
	rc = read_file(&r, object);
	if (rc < 0) {
		wishfile_done(&file);
		return rc;
	}
	*ret = file;
	return 0;
}

void wishfile_done(struct wishfile *file)
{
	free(file->device);
	*file = (struct wishfile){ 0 };
}
