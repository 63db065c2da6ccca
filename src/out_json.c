// SPDX-License-Identifier: MIT
/*
 * JSON results: the few shapes that all programs print, put together with json-c.
 */
#include "out.h"

#include <string.h>

#include "mdev.h"
#include "str.h"

static struct json_object *checked(struct json_object *object)
{
	if (!object)
		out_no_memory();
	return object;
}

struct json_object *out_json_object(void)
{
	return checked(json_object_new_object());
}

struct json_object *out_json_array(void)
{
	return checked(json_object_new_array());
}

struct json_object *out_json_int(long long value)
{
	return checked(json_object_new_int64(value));
}

struct json_object *out_json_bool(bool value)
{
	return checked(json_object_new_boolean(value));
}

struct json_object *out_json_text(const char *text)
{
	_cleanup_free_ char *copy = text ? strdup(text) : NULL;

	if (!text)
		return NULL;
	return checked(copy ? json_object_new_string(str_printable(copy)) : NULL);
}

struct json_object *out_json_new(void)
{
	struct json_object *object = out_json_object();

	out_json_add_int(object, "format", 1);
	return object;
}

void out_json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value) < 0)
		out_no_memory();
}

void out_json_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value) < 0)
		out_no_memory();
}

void out_json_add_text(struct json_object *object, const char *key, const char *text)
{
	out_json_add(object, key, out_json_text(text));
}

void out_json_add_lines(struct json_object *object, const char *key, const char *text)
{
	const size_t size = text ? strlen(text) + 1 : 0;
	_cleanup_free_ char *copy = text ? strdup(text) : NULL, *all = malloc(size + 1);
	char *line, *rest = copy;
	size_t len = 0;

	if (!all || (text && !copy))
		out_no_memory();
	while ((line = strsep(&rest, "\n")) != NULL)
		len += (size_t)snprintf(all + len, size - len, "%s%s", str_printable(line),
					rest ? "\n" : "");
	out_json_add(object, key, text ? checked(json_object_new_string(all)) : NULL);
}

void out_json_add_bool(struct json_object *object, const char *key, bool value)
{
	out_json_add(object, key, out_json_bool(value));
}

void out_json_add_int(struct json_object *object, const char *key, long long value)
{
	out_json_add(object, key, out_json_int(value));
}

struct json_object *out_json_ids(const struct vfioap_mask *ids)
{
	struct json_object *array = out_json_array();

	VFIOAP_MASK_FOREACH(id, ids)
		out_json_append(array, out_json_int(id));
	return array;
}

void out_json_add_queues(struct json_object *object, const struct qset *queues, bool with_ids)
{
	const struct vfioap_mask adapters = qset_adapters(queues), domains = qset_domains(queues);
	const unsigned count = qset_count(queues);
	struct json_object *array = out_json_array();
	unsigned n = 0;

	QSET_FOREACH(a, d, queues) {
		char text[QUEUE_SIZE];

		if (n++ == OUT_JSON_QUEUES)
			break;
		out_json_append(array, out_json_text(queue_format(a, d, text)));
	}
	out_json_add(object, "queues", array);
	if (with_ids) {
		out_json_add(object, "adapters", out_json_ids(&adapters));
		out_json_add(object, "domains", out_json_ids(&domains));
	}
	out_json_add_int(object, "count", count);
	if (count > OUT_JSON_QUEUES)
		out_json_add_bool(object, "truncated", true);
}

struct json_object *out_json_set(const struct qset *queues)
{
	struct json_object *object = out_json_object();

	out_json_add_queues(object, queues, true);
	return object;
}

struct json_object *out_json_matrix(const struct matrix *matrix)
{
	struct json_object *object = out_json_object();

	out_json_add(object, "adapters", out_json_ids(&matrix->adapters));
	out_json_add(object, "domains", out_json_ids(&matrix->domains));
	out_json_add(object, "control_domains", out_json_ids(&matrix->controls));
	return object;
}

void out_json_print_pretty(struct app *app, struct json_object *object)
{
	out_printf(app, "%s\n",
		   json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE |
								  JSON_C_TO_STRING_PRETTY |
								  JSON_C_TO_STRING_SPACED));
	json_object_put(object);
}

void out_json_print(struct app *app, struct json_object *object)
{
	out_printf(app, "%s\n",
		   json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}
