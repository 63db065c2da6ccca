/* SPDX-License-Identifier: MIT */
/*
 * Definitions as mdevctl keeps them: what is wrong with one is told, and one that is edited says
 * what was asked for, keeps every key and entry that is none of ours, and is edited once.
 */
#include "config.h"

#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define UUID "00000000-0000-0000-0000-000000000001"

static struct vfioap_mask *entry_ids(struct matrix *m, const struct config_entry *entry)
{
	switch (entry->what) {
	case CONFIG_ADAPTER: return &m->adapters;
	case CONFIG_DOMAIN: return &m->domains;
	case CONFIG_CONTROL: return &m->controls;
	case CONFIG_AP_CONFIG: break;
	}
	return NULL;
}

/* The matrix is what its entries add up to. */
static void check_definition(const struct definition *d)
{
	struct matrix m = { 0 };

	require((d->problem == CONFIG_OK) == !d->detail);
	require(!d->detail || fuzz_is_printable(d->detail));
	require(!d->other || fuzz_is_printable(d->other));
	for (size_t i = 0; i < d->n_entries; i++) {
		struct vfioap_mask *ids = entry_ids(&m, &d->entry[i]);

		require(d->entry[i].id < VFIOAP_IDS);
		if (!ids)
			m = d->entry[i].matrix;
		else if (d->entry[i].clear)
			vfioap_mask_clear(ids, d->entry[i].id);
		else
			vfioap_mask_set(ids, d->entry[i].id);
		require(d->set_only || (ids && !d->entry[i].clear));
	}
	require(matrix_equal(&m, &d->matrix));
}

/* New entries of a kind stand behind the old ones of it. */
static void check_places(const struct definition *old, const struct definition *new)
{
	struct matrix had = { 0 };
	bool fresh[CONFIG_CONTROL + 1] = { false };

	for (size_t i = 0; i < old->n_entries; i++)
		if (old->entry[i].what != CONFIG_AP_CONFIG && !old->entry[i].clear)
			vfioap_mask_set(entry_ids(&had, &old->entry[i]), old->entry[i].id);
	for (size_t i = 0; i < new->n_entries; i++) {
		const struct config_entry *entry = &new->entry[i];
		struct vfioap_mask *ids = entry_ids(&had, entry);

		if (!ids || entry->clear)
			continue;
		require(!fresh[entry->what] || !vfioap_mask_has(ids, entry->id));
		fresh[entry->what] |= !vfioap_mask_has(ids, entry->id);
	}
}

/* Every key but those that the change is about has the value that it had. */
static void check_others(struct json_object *old, struct json_object *new,
			 const struct config_change *change)
{
	json_object_object_foreach(old, key, value)
	{
		struct json_object *now = NULL;

		if ((change->matrix && strcmp(key, "attrs") == 0) ||
		    (change->start != CONFIG_START_KEEP && strcmp(key, "start") == 0))
			continue;
		require(json_object_object_get_ex(new, key, &now));
		require(json_object_equal(value, now));
	}
}

static void check_edited(const struct definition *old, struct json_object *old_object,
			 const struct config_change *change, const char *text)
{
	struct definition new = { .problem = CONFIG_OK };
	struct json_object *object = NULL;
	char *again = NULL;

	require(config_parse(text, strlen(text), &new, &object) == 0);
	check_definition(&new);
	require(new.problem == CONFIG_OK);
	require(matrix_equal(&new.matrix, change->matrix ? change->matrix : &old->matrix));
	require(new.start_auto == (change->start == CONFIG_START_KEEP
					   ? old->start_auto
					   : change->start == CONFIG_START_AUTO));
	require(!change->rewrite || !change->matrix || !new.set_only);
	if (!old->problem)
		check_places(old, &new);
	check_others(old_object, object, change);
	require(config_edit(UUID, text, strlen(text), change, &again, NULL) == 0);
	require(strcmp(again, text) == 0);
	free(again);
	json_object_put(object);
	definition_done(&new);
}

static void check_edit(const struct definition *d, struct json_object *object, const char *text,
		       size_t len, const struct config_change *change)
{
	struct err err = { 0 };
	char *edited = NULL;
	int rc = config_edit(UUID, text, len, change, &edited, &err);

	require((rc == 0) == (edited != NULL));
	if (rc < 0) {
		require(fuzz_is_error(&err, rc) && fuzz_is_printable(err.what));
		return;
	}
	if (!change->matrix && change->start == CONFIG_START_KEEP)
		require(strcmp(edited, text) == 0);
	check_edited(d, object, change, edited);
	free(edited);
}

static void check_format(const struct definition *d)
{
	struct definition got = { .problem = CONFIG_OK };
	char *text = config_format(&d->matrix, d->start_auto);

	require(text && config_parse(text, strlen(text), &got, NULL) == 0);
	require(got.problem == CONFIG_OK && !got.set_only && !got.other);
	require(got.start_auto == d->start_auto && matrix_equal(&got.matrix, &d->matrix));
	definition_done(&got);
	free(text);
}

void fuzz_text(char *text, size_t len)
{
	struct definition d = { .problem = CONFIG_OK };
	struct json_object *object = NULL;
	const unsigned pick = fuzz_pick(text, len, 12);
	struct matrix want;

	require(config_parse(text, len, &d, &object) == 0);
	check_definition(&d);
	want = d.matrix;
	if (pick & 1)
		vfioap_mask_set(&want.adapters, 5);
	else
		vfioap_mask_clear(&want.domains, vfioap_mask_next(&want.domains, 0));
	check_edit(&d, object, text, len,
		   &(struct config_change){
			   .matrix = pick & 2 ? &want : NULL,
			   .rewrite = pick & 1,
			   .start = (enum config_start)(pick / 4),
		   });
	if (d.n_entries && pick < 4)
		check_format(&d);
	json_object_put(object);
	definition_done(&d);
}
