// SPDX-License-Identifier: MIT
/*
 * `mdevctl start-parent-mdevs matrix` in short: definitions in, writes to
 * /sys/devices/vfio_ap/matrix out.
 */
#include "autostart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <json-c/json.h>

#include "front.h"
#include "util.h"

#define MATRIX "/sys/devices/vfio_ap/matrix/"
#define TYPES  MATRIX "mdev_supported_types/"

static int attr_write(const char *path, const char *value)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return -errno;
	return 0;
}

static const char *string_get(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/* Entries of "attrs" are objects of one key; they are written in their order. */
static int attrs_write(const char *uuid, struct json_object *attrs)
{
	char path[PATH_MAX];
	int rc = 0;

	for (size_t i = 0; attrs && i < json_object_array_length(attrs) && rc == 0; i++) {
		struct json_object *attr = json_object_array_get_idx(attrs, i);

		if (!json_object_is_type(attr, json_type_object))
			return -EINVAL;
		json_object_object_foreach(attr, name, value)
		{
			snprintf(path, sizeof(path), MATRIX "%s/%s", uuid, name);
			rc = attr_write(path, json_object_get_string(value) ?: "");
			if (rc < 0) {
				front_warn("autostart of '%s': failed to write %s to attribute "
					   "'%s': %s",
					   uuid, json_object_get_string(value) ?: "", name,
					   err_text(rc));
				return rc;
			}
		}
	}
	return rc;
}

static void device_start(const char *uuid, struct json_object *definition)
{
	struct json_object *attrs = NULL;
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), TYPES "%s/create", string_get(definition, "mdev_type"));
	rc = attr_write(path, uuid);
	if (rc < 0) {
		front_warn("autostart of '%s': cannot create it: %s", uuid, err_text(rc));
		return;
	}
	json_object_object_get_ex(definition, "attrs", &attrs);
	if (attrs && !json_object_is_type(attrs, json_type_array))
		attrs = NULL;
	if (attrs_write(uuid, attrs) < 0) {
		snprintf(path, sizeof(path), MATRIX "%s/remove", uuid);
		attr_write(path, "1");
	}
}

static int entry_is_uuid(const struct dirent *entry)
{
	return strlen(entry->d_name) == MACHINE_UUID_SIZE - 1;
}

static int definition_read(const char *dir, const char *uuid, struct json_object **ret,
			   struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, uuid);
	*ret = json_object_from_file(path);
	if (*ret && string_get(*ret, "mdev_type") && string_get(*ret, "start"))
		return 0;
	return err_set(err, -EBADMSG, "'%s' is not a definition: no device is started", path);
}

int autostart_all(const char *dir, struct err *err)
{
	struct dirent **entries = NULL;
	struct json_object *definition;
	int n = scandir(dir, &entries, entry_is_uuid, alphasort), rc = 0;

	/* Read all of them before the first is started. */
	for (bool start = false;; start = true) {
		for (int i = 0; i < n && rc == 0; i++) {
			definition = NULL;
			rc = definition_read(dir, entries[i]->d_name, &definition, err);
			if (rc == 0 && start &&
			    strcmp(string_get(definition, "start"), "auto") == 0)
				device_start(entries[i]->d_name, definition);
			json_object_put(definition);
		}
		if (start || rc < 0)
			break;
	}
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return rc;
}
