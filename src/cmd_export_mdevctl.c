// SPDX-License-Identifier: MIT
/*
 * vfioap export --format mdevctl: of one DEVICE the definition file, to the byte; of several,
 * or of the machine, the text of `mdevctl list --defined --dumpjson`, which names the UUIDs.
 */
#include "cmd_export.h"

#include <json.h>
#include <string.h>

/* The definition as text; a device without one as `mdevctl define` would write it. */
static char *item_text(const struct export_item *item)
{
	return item->text ? strdup(item->text) : config_format(&item->matrix, item->start_auto);
}

/* mdevctl lists these three keys alone (mdevctl, src/mdev.rs). */
static int add_listed(struct app *app, struct json_object *list, const struct export_item *item)
{
	static const char *const keys[] = { "mdev_type", "start", "attrs" };
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	_cleanup_free_ char *text = item_text(item);
	struct json_object *object = NULL, *body, *named;

	if (!text || config_parse(text, strlen(text), &d, &object) < 0 || !object)
		return err_oom(&app->err);

	body = out_json_object();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct json_object *value = NULL;

		json_object_object_get_ex(object, keys[i], &value);
		if (!value)
			value = out_json_array();
		else
			json_object_get(value);
		out_json_add(body, keys[i], value);
	}
	json_object_put(object);
	named = out_json_object();
	out_json_add(named, item->device->uuid, body);
	out_json_append(list, named);
	return 0;
}

static int print_list(struct app *app, const struct export *export)
{
	struct json_object *all = out_json_array();
	_cleanup_free_ char *text = NULL;
	int rc = 0;

	if (export->n) {
		struct json_object *parent = out_json_object(), *list = out_json_array();

		out_json_add(parent, "matrix", list);
		out_json_append(all, parent);
		for (size_t i = 0; rc == 0 && i < export->n; i++)
			rc = add_listed(app, list, &export->item[i]);
	}
	if (rc == 0) {
		text = config_print(all);
		rc = text ? 0 : err_oom(&app->err);
	}
	json_object_put(all);
	if (rc == 0)
		out_printf(app, "%s", text);
	return rc;
}

int export_mdevctl(struct app *app, const struct export *export)
{
	_cleanup_free_ char *text = NULL;

	if (export->whole || export->n != 1)
		return print_list(app, export);
	text = item_text(&export->item[0]);
	if (!text)
		return err_oom(&app->err);
	out_printf(app, "%s", text);
	return 0;
}
