// SPDX-License-Identifier: MIT
/*
 * struct lpar from an LPAR file: JSON, every key optional, every type checked,
 * unknown keys refused because they are misspelt ones.  What the machine makes
 * of it is left to machine.c, the files in /etc to etc.c.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include <json-c/json.h>

#include "lpars.h"
#include "str.h"

#define LPAR_FILE_MAX	(16 * 1024 * 1024)
#define LPAR_JSON_DEPTH 16

/* One key of an object: how to read it into what @dest points to. */
struct key {
	const char *name;
	int (*parse)(const struct key *key, struct json_object *value, void *dest, struct err *err);
	size_t offset;
};

static int json_put(struct json_object **object)
{
	return *object ? json_object_put(*object) : 0;
}

#define _cleanup_json_ _cleanup_(json_cleanup)
static void json_cleanup(struct json_object **object)
{
	json_put(object);
}

/* ---- single values ------------------------------------------------------------------- */

static int key_refuse(const struct key *key, const char *wanted, struct err *err)
{
	return err_set(err, -EINVAL, "'%s' is not %s", key->name, wanted);
}

static int key_bool(const struct key *key, struct json_object *value, void *dest, struct err *err)
{
	if (!json_object_is_type(value, json_type_boolean))
		return key_refuse(key, "true or false", err);
	*(bool *)dest = json_object_get_boolean(value);
	return 0;
}

static int key_id(const struct key *key, struct json_object *value, void *dest, struct err *err)
{
	int64_t id = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || id < 0 || id >= VFIOAP_IDS)
		return key_refuse(key, "a number from 0 to 255", err);
	*(unsigned *)dest = (unsigned)id;
	return 0;
}

static int key_format(const struct key *key, struct json_object *value, void *dest _unused_,
		      struct err *err)
{
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) != 1)
		return key_refuse(key, "1, the only format that there is", err);
	return 0;
}

/* A text without NUL; *@dest is replaced. */
static int key_text(const struct key *key, struct json_object *value, void *dest, struct err *err)
{
	char *copy;

	if (!json_object_is_type(value, json_type_string) ||
	    strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
		return key_refuse(key, "a text", err);
	copy = strdup(json_object_get_string(value));
	if (!copy)
		return err_oom(err);
	free(*(char **)dest);
	*(char **)dest = copy;
	return 0;
}

static int key_ids(const struct key *key, struct json_object *value, void *dest, struct err *err)
{
	struct vfioap_parse_error why = { 0 };
	struct vfioap_mask mask = { { 0 } };
	char text[192];
	unsigned id = 0;
	int rc;

	if (json_object_is_type(value, json_type_string)) {
		rc = vfioap_list_parse(json_object_get_string(value),
				       VFIOAP_LIST_ALL | VFIOAP_LIST_NONE, NULL, &mask, &why);
		if (rc < 0)
			return err_set(err, rc, "'%s': %s", key->name,
				       vfioap_parse_message(json_object_get_string(value), &why,
							    text, sizeof(text)));
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			rc = key_id(key, json_object_array_get_idx(value, i), &id, err);
			if (rc < 0)
				return rc;
			vfioap_mask_set(&mask, id);
		}
	} else {
		return key_refuse(key, "a list", err);
	}
	*(struct vfioap_mask *)dest = mask;
	return 0;
}

/* ---- objects ------------------------------------------------------------------------- */

static const struct key *key_find(const struct key *keys, const char *name)
{
	for (; keys->name; keys++) {
		if (strcmp(keys->name, name) == 0)
			return keys;
	}
	return NULL;
}

/* Read all members of @object into @dest, by a table that ends with a zeroed key. */
static int object_parse(struct json_object *object, const struct key *keys, void *dest,
			struct err *err)
{
	int rc;

	json_object_object_foreach(object, name, value)
	{
		const struct key *key = key_find(keys, name);
		char text[64];

		if (!key) {
			snprintf(text, sizeof(text), "%s", name);
			return err_set(err, -EINVAL, "unknown key '%s'", str_printable(text));
		}
		rc = key->parse(key, value, (char *)dest + key->offset, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* "CEX4A" ... "CEX8P", and the CEX3C that kernels before 6.6 drive. */
static bool type_is_known(const char *type)
{
	if (strcmp(type, "CEX3C") == 0)
		return true;
	return str_starts_with(type, "CEX") && type[3] >= '4' && type[3] <= '8' &&
	       strchr("ACP", type[4]) && type[4] && !type[5];
}

/* What a card is read into: several cards may share all but the number. */
struct card_json {
	struct vfioap_mask ids;
	bool config, chkstop, master_keys;
	char *type, *serial;
};

static void card_json_done(struct card_json *card)
{
	free(card->type);
	free(card->serial);
}

static int key_card_ids(const struct key *key, struct json_object *value, void *dest,
			struct err *err)
{
	unsigned id = 0;
	int rc;

	if (!json_object_is_type(value, json_type_int))
		return key_ids(key, value, dest, err);
	rc = key_id(key, value, &id, err);
	if (rc < 0)
		return rc;
	vfioap_mask_set(dest, id);
	return 0;
}

static const struct key card_keys[] = {
	{ .name = "id", .parse = key_card_ids, .offset = offsetof(struct card_json, ids) },
	{ .name = "type", .parse = key_text, .offset = offsetof(struct card_json, type) },
	{ .name = "config", .parse = key_bool, .offset = offsetof(struct card_json, config) },
	{ .name = "chkstop", .parse = key_bool, .offset = offsetof(struct card_json, chkstop) },
	{ .name = "serial", .parse = key_text, .offset = offsetof(struct card_json, serial) },
	{ .name = "master_keys",
	  .parse = key_bool,
	  .offset = offsetof(struct card_json, master_keys) },
	{ .name = NULL },
};

static int card_parse(struct json_object *object, struct lpar *lpar, struct err *err)
{
	_cleanup_(card_json_done) struct card_json json = { .config = true, .master_keys = true };
	struct lpar_card card = { .present = true };
	int rc;

	if (!json_object_is_type(object, json_type_object))
		return err_set(err, -EINVAL, "'cards' is not an array of objects");
	rc = object_parse(object, card_keys, &json, err);
	if (rc < 0)
		return rc;
	if (vfioap_mask_is_empty(&json.ids))
		return err_set(err, -EINVAL, "a card has no 'id'");
	if (json.type && !type_is_known(json.type)) {
		err_set(err, -EINVAL, "card type '%s' is unknown", str_printable(json.type));
		err_hint(err, "types are CEX4 to CEX8 with A, C or P, and CEX3C");
		return -EINVAL;
	}
	if (json.serial && strlen(json.serial) >= sizeof(card.serial))
		return err_set(err, -EINVAL, "'serial' is longer than 8 characters");
	snprintf(card.type, sizeof(card.type), "%s", json.type ?: "CEX8C");
	snprintf(card.serial, sizeof(card.serial), "%s", json.serial ?: "");
	card.config = json.config;
	card.chkstop = json.chkstop;
	card.no_keys = !json.master_keys;
	VFIOAP_MASK_FOREACH(id, &json.ids) {
		if (lpar->card[id].present)
			return err_set(err, -EINVAL, "card %u stands twice in 'cards'", id);
		lpar->card[id] = card;
	}
	return 0;
}

static int key_cards(const struct key *key, struct json_object *value, void *dest, struct err *err)
{
	int rc;

	if (!json_object_is_type(value, json_type_array))
		return key_refuse(key, "an array of objects", err);
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		rc = card_parse(json_object_array_get_idx(value, i), dest, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* 8-4-4-4-12 hex digits; stored in lower case, as the kernel names devices. */
static int key_uuid(const struct key *key, struct json_object *value, void *dest, struct err *err)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const char *text = json_object_get_string(value);
	char uuid[MACHINE_UUID_SIZE] = "";

	if (!json_object_is_type(value, json_type_string) || strlen(text) != strlen(form))
		return key_refuse(key, "a UUID of 36 characters", err);
	for (size_t i = 0; form[i]; i++) {
		char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 'a' - 'A') : text[i];

		if (form[i] == '-' ? c != '-' : !c || !strchr("0123456789abcdef", c))
			return key_refuse(key, "a UUID of 36 characters", err);
		uuid[i] = c;
	}
	memcpy(dest, uuid, sizeof(uuid));
	return 0;
}

static int key_start(const struct key *key, struct json_object *value, void *dest, struct err *err)
{
	const char *text = json_object_get_string(value);

	if (!json_object_is_type(value, json_type_string) ||
	    (strcmp(text, "auto") != 0 && strcmp(text, "manual") != 0))
		return key_refuse(key, "\"auto\" or \"manual\"", err);
	*(bool *)dest = strcmp(text, "auto") == 0;
	return 0;
}

#define DEVICE_KEYS                                                                          \
	{ .name = "uuid", .parse = key_uuid, .offset = offsetof(struct lpar_device, uuid) }, \
		{ .name = "adapters",                                                        \
		  .parse = key_ids,                                                          \
		  .offset = offsetof(struct lpar_device, adapters) },                        \
		{ .name = "domains",                                                         \
		  .parse = key_ids,                                                          \
		  .offset = offsetof(struct lpar_device, domains) },                         \
	{                                                                                    \
		.name = "control_domains", .parse = key_ids,                                 \
		.offset = offsetof(struct lpar_device, controls)                             \
	}

static const struct key device_keys[] = {
	DEVICE_KEYS,
	{ .name = NULL },
};

static const struct key definition_keys[] = {
	DEVICE_KEYS,
	{ .name = "start", .parse = key_start, .offset = offsetof(struct lpar_device, start_auto) },
	{ .name = NULL },
};

static int devices_parse(const struct key *key, struct json_object *array, const struct key *keys,
			 struct lpar_device **ret, size_t *ret_n, struct err *err)
{
	_cleanup_free_ struct lpar_device *devices = NULL;
	size_t n;
	int rc;

	if (!json_object_is_type(array, json_type_array))
		return key_refuse(key, "an array of objects", err);
	n = json_object_array_length(array);
	devices = calloc(n ?: 1, sizeof(*devices));
	if (!devices)
		return err_oom(err);
	for (size_t i = 0; i < n; i++) {
		struct json_object *object = json_object_array_get_idx(array, i);

		if (!json_object_is_type(object, json_type_object))
			return key_refuse(key, "an array of objects", err);
		devices[i].start_auto = true;
		rc = object_parse(object, keys, &devices[i], err);
		if (rc < 0)
			return rc;
		if (!devices[i].uuid[0])
			return err_set(err, -EINVAL, "an entry of '%s' has no 'uuid'", key->name);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(devices[j].uuid, devices[i].uuid) == 0)
				return err_set(err, -EINVAL, "'%s' stands twice in '%s'",
					       devices[i].uuid, key->name);
		}
	}
	free(*ret);
	*ret = TAKE_PTR(devices);
	*ret_n = n;
	return 0;
}

static int key_devices(const struct key *key, struct json_object *value, void *dest,
		       struct err *err)
{
	struct lpar *lpar = dest;

	return devices_parse(key, value, device_keys, &lpar->devices, &lpar->n_devices, err);
}

static int key_definitions(const struct key *key, struct json_object *value, void *dest,
			   struct err *err)
{
	struct lpar *lpar = dest;

	return devices_parse(key, value, definition_keys, &lpar->definitions, &lpar->n_definitions,
			     err);
}

static const struct key boot_keys[] = {
	{ .name = "apmask", .parse = key_text, .offset = offsetof(struct lpar, boot_apmask) },
	{ .name = "aqmask", .parse = key_text, .offset = offsetof(struct lpar, boot_aqmask) },
	{ .name = NULL },
};

static int key_boot(const struct key *key, struct json_object *value, void *dest, struct err *err)
{
	if (!json_object_is_type(value, json_type_object))
		return key_refuse(key, "an object", err);
	return object_parse(value, boot_keys, dest, err);
}

/* Keys without an offset are given the whole struct lpar. */
static const struct key lpar_keys[] = {
	{ .name = "format", .parse = key_format },
	{ .name = "cards", .parse = key_cards },
	{ .name = "usage_domains", .parse = key_ids, .offset = offsetof(struct lpar, usage) },
	{ .name = "control_domains", .parse = key_ids, .offset = offsetof(struct lpar, control) },
	{ .name = "max_adapter", .parse = key_id, .offset = offsetof(struct lpar, max_adapter) },
	{ .name = "max_domain", .parse = key_id, .offset = offsetof(struct lpar, max_domain) },
	{ .name = "boot", .parse = key_boot },
	{ .name = "devices", .parse = key_devices },
	{ .name = "definitions", .parse = key_definitions },
	{ .name = "rules", .parse = key_text, .offset = offsetof(struct lpar, rules) },
	{ .name = "vfio_ap", .parse = key_bool, .offset = offsetof(struct lpar, vfio_ap) },
	{ .name = NULL },
};

/* The hardware has no adapter and no domain above its own limits. */
static int lpar_check(const struct lpar *lpar, struct err *err)
{
	struct vfioap_mask domains = vfioap_mask_or(lpar->usage, lpar->control);

	for (unsigned id = lpar->max_adapter + 1; id < VFIOAP_IDS; id++) {
		if (lpar->card[id].present)
			return err_set(err, -EINVAL, "card %u is above 'max_adapter' %u", id,
				       lpar->max_adapter);
	}
	for (unsigned id = lpar->max_domain + 1; id < VFIOAP_IDS; id++) {
		if (vfioap_mask_has(&domains, id))
			return err_set(err, -EINVAL, "domain %u is above 'max_domain' %u", id,
				       lpar->max_domain);
	}
	return 0;
}

/* ---- files --------------------------------------------------------------------------- */

static int file_read(const char *path, char **ret, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t len = 0, size = 0;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, -errno, "cannot open '%s'", path);
	do {
		if (len + 1 >= size) {
			char *more = realloc(text, size ? size * 2 : 16384);

			if (!more)
				return err_oom(err);
			text = more;
			size = size ? size * 2 : 16384;
		}
		n = read(fd, text + len, size - len - 1);
		if (n < 0)
			return err_errno(err, -errno, "cannot read '%s'", path);
		len += (size_t)n;
		if (len > LPAR_FILE_MAX)
			return err_set(err, -EFBIG, "'%s' is too long for an LPAR file", path);
	} while (n > 0);
	text[len] = '\0';
	if (strlen(text) != len)
		return err_set(err, -EINVAL, "'%s' is not a text", path);
	*ret = TAKE_PTR(text);
	return 0;
}

static int json_read(const char *text, struct json_object **ret, struct err *err)
{
	struct json_tokener *tokener = json_tokener_new_ex(LPAR_JSON_DEPTH);
	enum json_tokener_error why;
	struct json_object *object;
	size_t len = strlen(text);

	if (!tokener)
		return err_oom(err);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	/* With the NUL: only then is a number or an open object at the end judged. */
	object = json_tokener_parse_ex(tokener, text, (int)len + 1);
	why = json_tokener_get_error(tokener);
	if (why != json_tokener_success)
		err_set(err, -EINVAL, "not JSON: %s at byte %zu", json_tokener_error_desc(why),
			json_tokener_get_parse_end(tokener));
	else if (!json_object_is_type(object, json_type_object))
		err_set(err, -EINVAL, "not a JSON object");
	json_tokener_free(tokener);
	if (why != json_tokener_success || !json_object_is_type(object, json_type_object)) {
		json_put(&object);
		return -EINVAL;
	}
	*ret = object;
	return 0;
}

static void lpar_cleanup(struct lpar **lpar)
{
	lpar_free(*lpar);
}

static int lpar_parse(const char *text, struct lpar **ret, struct err *err)
{
	_cleanup_(lpar_cleanup) struct lpar *lpar = calloc(1, sizeof(*lpar));
	_cleanup_json_ struct json_object *json = NULL;
	int rc;

	if (!lpar)
		return err_oom(err);
	lpar->max_adapter = lpar->max_domain = VFIOAP_IDS - 1;
	lpar->vfio_ap = true;

	rc = json_read(text, &json, err);
	if (rc < 0)
		return rc;
	rc = object_parse(json, lpar_keys, lpar, err);
	if (rc < 0)
		return rc;
	rc = lpar_check(lpar, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(lpar);
	return 0;
}

int lpar_load(const char *name_or_file, struct lpar **ret, struct err *err)
{
	const char *builtin = lpars_find(name_or_file);
	_cleanup_free_ char *text = NULL;
	struct err why = { 0 };
	int rc;

	if (builtin)
		return lpar_parse(builtin, ret, err);
	rc = file_read(name_or_file, &text, err);
	if (rc == -ENOENT)
		err_hint(err, "built-in machines are docs, z16, empty and max");
	if (rc < 0)
		return rc;
	rc = lpar_parse(text, ret, &why);
	if (rc < 0) {
		err_set(err, rc, "cannot use '%s': %s", name_or_file, why.what);
		if (why.hint[0])
			err_hint(err, "%s", why.hint);
	}
	return rc;
}

struct lpar *lpar_free(struct lpar *lpar)
{
	if (!lpar)
		return NULL;
	free(lpar->boot_apmask);
	free(lpar->boot_aqmask);
	free(lpar->devices);
	free(lpar->definitions);
	free(lpar->rules);
	free(lpar);
	return NULL;
}
