// SPDX-License-Identifier: MIT
/*
 * Texts of definitions, made and changed as mdevctl would: pure, from text to text.  Reading is
 * config.c's.
 *
 * json-c prints objects and arrays as mdevctl's serde_json does, byte for byte, but for empty
 * ones, which it breaks over two lines: those get a printer of their own.
 */
#include "config.h"

#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

#include "swap.h"

#define PRINT_FLAGS \
	(JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

enum { KINDS = CONFIG_CONTROL + 1 };

static const char *const kind_names[KINDS] = {
	[CONFIG_ADAPTER] = "assign_adapter",
	[CONFIG_DOMAIN] = "assign_domain",
	[CONFIG_CONTROL] = "assign_control_domain",
};

static void object_put(struct json_object **object)
{
	json_object_put(*object);
}

/* ---- printing ------------------------------------------------------------------------------- */

static int print_empty(struct json_object *value, struct printbuf *buf, _unused_ int level,
		       _unused_ int flags)
{
	return printbuf_memappend(buf, json_object_is_type(value, json_type_array) ? "[]" : "{}",
				  2);
}

/* Every empty object and array below @value; the parser has limited the depth. */
static void mark_empty(struct json_object *value)
{
	if (json_object_is_type(value, json_type_array)) {
		size_t n = json_object_array_length(value);

		if (!n)
			json_object_set_serializer(value, print_empty, NULL, NULL);
		for (size_t i = 0; i < n; i++)
			mark_empty(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		if (!json_object_object_length(value))
			json_object_set_serializer(value, print_empty, NULL, NULL);
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			mark_empty(member);
		}
	}
}

char *config_print(struct json_object *object)
{
	const char *text;

	mark_empty(object);
	text = json_object_to_json_string_ext(object, PRINT_FLAGS);
	return text ? strdup(text) : NULL;
}

/* ---- building: each takes over @value, and fails without it --------------------------------- */

static int put_member(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int append(struct json_object *list, struct json_object *value)
{
	if (value && json_object_array_add(list, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int append_id(struct json_object *list, const char *name, unsigned id)
{
	_cleanup_(object_put) struct json_object *entry = json_object_new_object();
	char value[16];

	snprintf(value, sizeof(value), "%u", id);
	if (!entry || put_member(entry, name, json_object_new_string(value)) < 0)
		return -ENOMEM;
	return append(list, TAKE_PTR(entry));
}

static int append_ids(struct json_object *list, unsigned kind, const struct vfioap_mask *ids)
{
	VFIOAP_MASK_FOREACH(id, ids)
		if (append_id(list, kind_names[kind], id) < 0)
			return -ENOMEM;
	return 0;
}

static const struct vfioap_mask *kind_ids(const struct matrix *m, unsigned kind)
{
	const struct vfioap_mask *const ids[KINDS] = {
		[CONFIG_ADAPTER] = &m->adapters,
		[CONFIG_DOMAIN] = &m->domains,
		[CONFIG_CONTROL] = &m->controls,
	};

	return ids[kind];
}

static struct json_object *start_text(bool start_auto)
{
	return json_object_new_string(start_auto ? "auto" : "manual");
}

char *config_format(const struct matrix *matrix, bool start_auto)
{
	_cleanup_(object_put) struct json_object *object = json_object_new_object();
	struct json_object *attrs; /* belongs to object */

	if (!object ||
	    put_member(object, "mdev_type", json_object_new_string(CONFIG_DEVICE_TYPE)) < 0 ||
	    put_member(object, "start", start_text(start_auto)) < 0)
		return NULL;
	attrs = json_object_new_array();
	if (put_member(object, "attrs", attrs) < 0)
		return NULL;
	for (unsigned kind = 0; kind < KINDS; kind++)
		if (append_ids(attrs, kind, kind_ids(matrix, kind)) < 0)
			return NULL;
	return config_print(object);
}

/* ---- attrs, edited -----------------------------------------------------------------------------
 */

/**
 * struct edit - one walk over attrs
 * @list:  as they are, may be NULL; @n entries
 * @out:   as they shall be
 * @added: IDs that get a new entry
 * @at:    before which entry of @list those of a kind go
 */
struct edit {
	struct json_object *list, *out;
	size_t n;
	struct vfioap_mask added[KINDS];
	size_t at[KINDS];
};

enum entry_kind { ENTRY_ID, ENTRY_OTHER, ENTRY_BAD };

/* What an entry is; @ret for ENTRY_ID alone: it assigns one ID that everybody reads alike. */
static enum entry_kind entry_read(struct json_object *entry, struct config_entry *ret)
{
	struct json_object_iterator it;
	struct json_object *value;
	bool leading_zero;
	const char *text;
	int rc;

	if (!json_object_is_type(entry, json_type_object) || json_object_object_length(entry) != 1)
		return ENTRY_BAD;
	it = json_object_iter_begin(entry);
	value = json_object_iter_peek_value(&it);
	if (!json_object_is_type(value, json_type_string))
		return ENTRY_BAD;

	text = json_object_get_string(value);
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return ENTRY_BAD;
	rc = config_attr_read(json_object_iter_peek_name(&it), text, ret, &leading_zero);
	if (rc == -ENOENT)
		return ENTRY_OTHER;
	if (rc < 0 || leading_zero || ret->clear || ret->what == CONFIG_AP_CONFIG)
		return ENTRY_BAD;
	return ENTRY_ID;
}

static bool entry_stays(struct json_object *entry, const struct matrix *want)
{
	struct config_entry id;

	switch (entry_read(entry, &id)) {
	case ENTRY_BAD: return false;
	case ENTRY_OTHER: return true;
	case ENTRY_ID: break;
	}
	return vfioap_mask_has(kind_ids(want, id.what), id.id);
}

/* Behind the last entry of its kind, else behind the kinds before it, else before the others. */
static void edit_places(struct edit *edit)
{
	size_t behind[KINDS] = { 0 }, first[KINDS];

	for (unsigned kind = 0; kind < KINDS; kind++)
		first[kind] = edit->n;
	for (size_t i = 0; i < edit->n; i++) {
		struct config_entry id;

		if (entry_read(json_object_array_get_idx(edit->list, i), &id) != ENTRY_ID)
			continue;
		if (!behind[id.what])
			first[id.what] = i;
		behind[id.what] = i + 1;
	}

	for (unsigned kind = 0; kind < KINDS; kind++) {
		size_t at = behind[kind];

		for (unsigned k = 0; !behind[kind] && k < kind; k++)
			at = behind[k] > at ? behind[k] : at;
		if (!at) {
			at = edit->n;
			for (unsigned k = kind + 1; k < KINDS; k++)
				at = first[k] < at ? first[k] : at;
		}
		edit->at[kind] = at;
	}
}

static void edit_added(struct edit *edit, const struct matrix *want)
{
	for (unsigned kind = 0; kind < KINDS; kind++)
		edit->added[kind] = *kind_ids(want, kind);
	for (size_t i = 0; i < edit->n; i++) {
		struct config_entry id;

		if (entry_read(json_object_array_get_idx(edit->list, i), &id) == ENTRY_ID)
			vfioap_mask_clear(&edit->added[id.what], id.id);
	}
}

static int edit_walk(struct edit *edit, const struct matrix *want)
{
	for (size_t i = 0; i <= edit->n; i++) {
		struct json_object *entry;

		for (unsigned kind = 0; kind < KINDS; kind++)
			if (edit->at[kind] == i &&
			    append_ids(edit->out, kind, &edit->added[kind]) < 0)
				return -ENOMEM;
		if (i == edit->n)
			break;
		entry = json_object_array_get_idx(edit->list, i);
		if (entry_stays(entry, want) && append(edit->out, json_object_get(entry)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int edit_attrs(struct json_object *object, const struct matrix *want)
{
	_cleanup_(object_put) struct json_object *out = json_object_new_array();
	struct edit edit = { .out = out };

	if (!out)
		return -ENOMEM;
	json_object_object_get_ex(object, "attrs", &edit.list);
	if (!json_object_is_type(edit.list, json_type_array))
		edit.list = NULL;
	edit.n = edit.list ? json_object_array_length(edit.list) : 0;
	edit_places(&edit);
	edit_added(&edit, want);
	if (edit_walk(&edit, want) < 0)
		return -ENOMEM;

	/* A definition without attrs that shall have none is left so. */
	if (!edit.list && !json_object_array_length(out))
		return 0;
	return put_member(object, "attrs", TAKE_PTR(out));
}

/* ---- may it be edited
 * ---------------------------------------------------------------------------- */

static bool is_text(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return json_object_is_type(value, json_type_string);
}

/* With `set` what is wrong within attrs goes away; nothing else does. */
static bool is_rewritable(struct json_object *object, const struct definition *d)
{
	return object && d->problem != CONFIG_OTHER_TYPE && is_text(object, "mdev_type") &&
	       is_text(object, "start");
}

/* json-c cuts numbers to 64 bits, and would write that. */
static bool has_cut_number(struct json_object *value)
{
	bool found = false;

	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; !found && i < json_object_array_length(value); i++)
			found = has_cut_number(json_object_array_get_idx(value, i));
	else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			found = found || has_cut_number(member);
		}
	} else if (json_object_is_type(value, json_type_int)) {
		found = json_object_get_uint64(value) == UINT64_MAX ||
			json_object_get_int64(value) == INT64_MIN;
	}
	return found;
}

static int edit_refuse(const char *uuid, struct json_object *object, const struct definition *d,
		       const char *text, const struct config_change *change, struct err *err)
{
	const bool mends = change->rewrite && change->matrix && is_rewritable(object, d);

	if (d->problem != CONFIG_OK && !mends) {
		err_set(err, -EBADMSG, "cannot change the definition of device '%s': %s", uuid,
			d->detail);
		if (is_rewritable(object, d))
			err_hint(err, "'vfioap set' with -a, -d and -c writes its attrs anew");
		return -EBADMSG;
	}
	/* json-c would cut a key there. */
	if (strstr(text, "\\u0000"))
		return err_set(err, -EBADMSG,
			       "cannot change the definition of device '%s': it holds a NUL", uuid);
	if (has_cut_number(object))
		return err_set(err, -EBADMSG,
			       "cannot change the definition of device '%s': it holds a number of"
			       " more than 64 bits",
			       uuid);
	if (d->set_only && change->matrix && !mends) {
		err_set(err, -EOPNOTSUPP,
			"cannot change the definition of device '%s': it has entries of ap_config"
			" or unassign_*",
			uuid);
		err_hint(err, "'vfioap set' with -a, -d and -c writes it anew");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* ---- text to text
 * ---------------------------------------------------------------------------------- */

/* Does the new text say what was asked for?  What it does not is never written. */
static int verify(const char *uuid, const char *text, const struct matrix *matrix, bool start_auto,
		  struct err *err)
{
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	const size_t len = strlen(text);

	if (len > SWAP_MAX)
		return err_set(err, -EFBIG, "the definition of device '%s' would be too large",
			       uuid);
	if (config_parse(text, len, &d, NULL) < 0)
		return err_oom(err);
	if (d.problem != CONFIG_OK || !matrix_equal(&d.matrix, matrix) ||
	    d.start_auto != start_auto)
		return err_set(err, -EBADMSG,
			       "cannot change the definition of device '%s': it would read"
			       " otherwise than asked for",
			       uuid);
	return 0;
}

/* It has the resources already, by whatever entries; those that shall go are not counted. */
static bool is_assigned(const struct definition *d, const struct config_change *change)
{
	return d->problem == CONFIG_OK && !(d->set_only && change->rewrite) &&
	       matrix_equal(&d->matrix, change->matrix);
}

/* It says all of it already: not a byte changes, however it is laid out. */
static bool is_done(const struct definition *d, const struct config_change *change)
{
	if (change->start != CONFIG_START_KEEP &&
	    d->start_auto != (change->start == CONFIG_START_AUTO))
		return false;
	return !change->matrix;
}

int config_edit(const char *uuid, const char *text, size_t len, const struct config_change *change,
		char **ret, struct err *err)
{
	struct config_change edit = *change;
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	_cleanup_(object_put) struct json_object *object = NULL;
	const bool start_auto = edit.start == CONFIG_START_AUTO;
	_cleanup_free_ char *changed = NULL;
	int rc;

	if (config_parse(text, len, &d, &object) < 0)
		return err_oom(err);
	if (edit.matrix && is_assigned(&d, &edit))
		edit.matrix = NULL;
	rc = edit_refuse(uuid, object, &d, text, &edit, err);
	if (rc < 0)
		return rc;

	if (is_done(&d, &edit)) {
		*ret = strdup(text);
		return *ret ? 0 : err_oom(err);
	}
	if (edit.start != CONFIG_START_KEEP && start_auto != d.start_auto) {
		d.start_auto = start_auto;
		if (put_member(object, "start", start_text(start_auto)) < 0)
			return err_oom(err);
	}
	if (edit.matrix && edit_attrs(object, edit.matrix) < 0)
		return err_oom(err);

	changed = config_print(object);
	if (!changed)
		return err_oom(err);
	rc = verify(uuid, changed, edit.matrix ? edit.matrix : &d.matrix, d.start_auto, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(changed);
	return 0;
}
