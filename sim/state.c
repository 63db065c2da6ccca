/* SPDX-License-Identifier: MIT */
/* The state as JSON, for people and tests: also what no file of the kernel says. */
#include "model.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

static void object_add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static struct json_object *mask_json(const struct vfioap_mask *mask)
{
	struct json_object *array = json_object_new_array();

	VFIOAP_MASK_FOREACH(id, mask)
		json_object_array_add(array, json_object_new_int((int)id));
	return array;
}

static struct json_object *hex_json(const struct vfioap_mask *mask)
{
	char hex[VFIOAP_HEX_SIZE];

	return json_object_new_string(vfioap_hex_format(mask, hex));
}

static struct json_object *bool_json(bool value)
{
	return json_object_new_boolean(value);
}

static struct json_object *matrix_json(const struct matrix *matrix)
{
	struct json_object *object = json_object_new_object();

	object_add(object, "adapters", mask_json(&matrix->adapters));
	object_add(object, "domains", mask_json(&matrix->domains));
	object_add(object, "control_domains", mask_json(&matrix->controls));
	return object;
}

static struct json_object *overrides_json(const struct card *card)
{
	struct json_object *object = json_object_new_object();
	char key[8];

	VFIOAP_MASK_FOREACH(apqi, &card->queues) {
		if (!card->queue[apqi].override)
			continue;
		snprintf(key, sizeof(key), "%04x", apqi);
		object_add(object, key, json_object_new_string(card->queue[apqi].override));
	}
	return object;
}

static struct json_object *card_json(const struct card *card, unsigned apid)
{
	struct json_object *object = json_object_new_object();

	object_add(object, "id", json_object_new_int((int)apid));
	object_add(object, "present", bool_json(card->hw.present));
	object_add(object, "type", json_object_new_string(card->hw.type));
	object_add(object, "config", bool_json(card->hw.config));
	object_add(object, "chkstop", bool_json(card->hw.chkstop));
	object_add(object, "serial", json_object_new_string(card->hw.serial));
	object_add(object, "device", bool_json(card->generation != 0));
	object_add(object, "bound", bool_json(card->binding != 0));
	object_add(object, "online", bool_json(card->online));
	object_add(object, "queues", mask_json(&card->queues));
	object_add(object, "host_queues", mask_json(&card->host));
	object_add(object, "vfio_queues", mask_json(&card->vfio));
	object_add(object, "online_queues", mask_json(&card->online_queues));
	object_add(object, "overrides", overrides_json(card));
	return object;
}

static struct json_object *mdev_json(const struct machine *m, const struct mdev *mdev)
{
	static const char *const phases[] = {
		[MDEV_LIVE] = "live",
		[MDEV_UNBINDING] = "unbinding",
		[MDEV_UNBOUND] = "unbound",
		[MDEV_REMOVING] = "removing",
	};
	struct json_object *object = matrix_json(&mdev->matrix);

	object_add(object, "uuid", json_object_new_string(mdev->uuid));
	object_add(object, "phase", json_object_new_string(phases[mdev->phase]));
	object_add(object, "group", mdev->binding ? json_object_new_int((int)mdev->slot) : NULL);
	object_add(object, "open", bool_json(mdev->group_open));
	object_add(object, "pid",
		   mdev->group_open ? json_object_new_int64((int64_t)mdev->holder) : NULL);
	object_add(object, "shadow",
		   machine_has(m, TRAIT_DYNAMIC) ? matrix_json(&mdev->shadow) : NULL);
	object_add(object, "guest", mdev->attached ? matrix_json(&mdev->guest) : NULL);
	return object;
}

static struct json_object *cards_json(const struct machine *m)
{
	struct json_object *array = json_object_new_array();

	for (unsigned apid = 0; apid < VFIOAP_IDS; apid++)
		if (m->card[apid].hw.present || m->card[apid].generation)
			json_object_array_add(array, card_json(&m->card[apid], apid));
	return array;
}

static struct json_object *mdevs_json(const struct machine *m)
{
	struct json_object *array = json_object_new_array();

	for (const struct mdev *mdev = m->newest; mdev; mdev = mdev->next)
		json_object_array_add(array, mdev_json(m, mdev));
	return array;
}

static struct json_object *modules_json(const struct machine *m)
{
	struct json_object *array = json_object_new_array();

	for (enum module i = 0; i < MODULE_COUNT; i++)
		if (m->modules[i])
			json_object_array_add(array, json_object_new_string(module_names[i]));
	return array;
}

int state_print(const struct machine *m, FILE *out)
{
	struct json_object *object = json_object_new_object();
	const char *text;

	if (!object)
		return -ENOMEM;
	object_add(object, "format", json_object_new_int(1));
	object_add(object, "kernel", json_object_new_string(traits_kernel(m->traits)));
	object_add(object, "apmask", hex_json(&m->apmask));
	object_add(object, "aqmask", hex_json(&m->aqmask));
	object_add(object, "masks_in_use", bool_json(m->masks_in_use));
	object_add(object, "overrides", json_object_new_int((int)m->overrides));
	object_add(object, "scans", json_object_new_int64((int64_t)m->scans));
	object_add(object, "ap_domain", json_object_new_int(m->ap_domain));
	object_add(object, "max_adapter", json_object_new_int((int)m->max_adapter));
	object_add(object, "max_domain", json_object_new_int((int)m->max_domain));
	object_add(object, "usage_domains", mask_json(&m->usage));
	object_add(object, "control_domains", mask_json(&m->control));
	object_add(object, "host", matrix_json(&m->host));
	object_add(object, "modules", modules_json(m));
	object_add(object, "cards", cards_json(m));
	object_add(object, "devices", mdevs_json(m));
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(object);
	return text ? 0 : -ENOMEM;
}
