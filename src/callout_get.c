// SPDX-License-Identifier: MIT
/*
 * What mdevctl asks the callout for: the attributes of an active device, what the callout can
 * do, and to change an active device as a whole.
 */
#include "callout.h"

#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "sysfs.h"

/* ---- get attributes -------------------------------------------------------------------------- */

static void attributes_print(const char *name, const struct vfioap_mask *ids, const char **between)
{
	VFIOAP_MASK_FOREACH(id, ids) {
		printf("%s{\"%s\": \"%u\"}", *between, name, id);
		*between = ",";
	}
}

/* Without the device nothing is printed.  For an empty one "[]": mdevctl cannot take "[{}]". */
int callout_attributes(struct callout *c)
{
	const char *between = "";
	bool truncated = false;
	struct matrix m;
	int rc;

	rc = mdev_matrix_read(c->root, c->uuid, &m, &truncated, &c->err);
	if (rc == -ENOENT || rc == -ENODEV)
		return CALLOUT_OK;
	if (rc < 0)
		return callout_refuse("%s", c->err.what);
	if (truncated)
		return callout_refuse("this kernel does not show all queues of device '%s'",
				      c->uuid);
	printf("[");
	attributes_print("assign_adapter", &m.adapters, &between);
	attributes_print("assign_domain", &m.domains, &between);
	attributes_print("assign_control_domain", &m.controls, &between);
	printf("]\n");
	return CALLOUT_OK;
}

/* ---- get capabilities ------------------------------------------------------------------------ */

static void object_put(struct json_object **object)
{
	json_object_put(*object);
}

static bool offers(struct json_object *list, const char *word)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (json_object_is_type(item, json_type_string) &&
		    strcmp(json_object_get_string(item), word) == 0)
			return true;
	}
	return false;
}

/* Those of our words that are offered; NULL at the end of @words. */
static void list_print(const char *key, struct json_object *offered, const char *const *words)
{
	const char *between = "";

	printf(",\"%s\":[", key);
	for (; *words; words++) {
		if (!offers(offered, *words))
			continue;
		printf("%s\"%s\"", between, *words);
		between = ",";
	}
	printf("]");
}

static struct json_object *member(struct json_object *object, const char *key, json_type type)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return json_object_is_type(value, type) ? value : NULL;
}

int callout_capabilities(void)
{
	static const char *const actions[] = { "define",   "modify",	 "start",	 "stop",
					       "undefine", "attributes", "capabilities", NULL };
	static const char *const events[] = { "pre", "post", "get", "live", NULL };
	_cleanup_(object_put) struct json_object *request = NULL;
	struct json_object *provides, *offered_actions, *offered_events;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	text = callout_stdin(&len);
	request = text && len ? json_tokener_parse(text) : NULL;
	if (!request)
		return callout_refuse("No capabilities provided");
	provides = member(request, "provides", json_type_object);
	if (!provides)
		return callout_refuse("No supported capabilities provided");
	if (!member(provides, "version", json_type_int))
		return callout_refuse("No version provided in capabilities");
	offered_actions = member(provides, "actions", json_type_array);
	if (!offered_actions)
		return callout_refuse("No actions provided in capabilities");
	offered_events = member(provides, "events", json_type_array);
	if (!offered_events)
		return callout_refuse("No events provided in capabilities");

	printf("{\"supports\":{\"version\":2");
	list_print("actions", offered_actions, actions);
	list_print("events", offered_events, events);
	printf("}}\n");
	return CALLOUT_OK;
}

/* ---- live modify ----------------------------------------------------------------------------- */

static int matrix_write(struct callout *c, const struct matrix *want)
{
	char path[PATH_SIZE], text[AP_CONFIG_SIZE + 1];
	bool truncated;
	struct matrix now;
	int rc;

	snprintf(text, sizeof(text), "%s\n", ap_config_format(want, (char[AP_CONFIG_SIZE]){ 0 }));
	rc = sysfs_write(c->root, path_mdev(path, c->uuid, "ap_config"), text);
	if (rc < 0)
		return callout_refuse("Error writing to ap_config: %s", err_text(rc));
	rc = mdev_matrix_read(c->root, c->uuid, &now, &truncated, &c->err);
	if (rc < 0)
		return callout_refuse("Error reading back ap_config: %s", c->err.what);
	if (!matrix_equal(&now, want))
		return callout_refuse("ap_config was written, but reads otherwise");
	return CALLOUT_OK;
}

int callout_live(struct callout *c)
{
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	char path[PATH_SIZE];
	int rc;

	if (!sysfs_exists(c->root, path_mdev(path, c->uuid, "ap_config")))
		return callout_refuse("vfio-ap module does not support ap_config for live "
				      "modification");
	rc = callout_definition(c, &d);
	if (!rc)
		rc = callout_check_start(c, &d);
	return rc ? rc : matrix_write(c, &d.matrix);
}
