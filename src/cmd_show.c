// SPDX-License-Identifier: MIT
/*
 * vfioap show: one thing in detail.  What belongs to which subject is in the table below;
 * the grid itself is in grid.c.
 */
#include "commands.h"

#include <errno.h>
#include <string.h>

#include "grid.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

/** struct show_args - DEVICE texts, by option or as arguments behind the subject */
struct show_args {
	const char *uuid;
	struct cmd_texts devices; /* lends its texts */
};

/* ---- matrix ---------------------------------------------------------------------------- */

static int matrix_print(struct app *app, const struct snapshot *now,
			const struct device *const *devices, size_t n)
{
	struct json_object *array = out_json_array();
	unsigned seen = 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		_cleanup_(grid_freep) struct grid *grid = NULL;
		const struct view_device row = {
			.root = app->root,
			.now = now,
			.device = devices[i],
		};

		rc = grid_new(app->root, now, devices[i], &grid, &app->err);
		if (rc < 0)
			break;
		if (app->json) {
			struct json_object *object = out_row_json(
				view_device_columns, view_device_n_columns, NULL, &row);

			out_json_add(object, "grid", grid_json(grid));
			out_json_append(array, object);
			continue;
		}
		grid_print(app, grid, &seen);
		out_printf(app, i + 1 < n || seen ? "\n" : "");
	}
	if (rc >= 0 && app->json) {
		struct json_object *object = out_json_new();

		out_json_add(object, "devices", json_object_get(array));
		out_json_print(app, object);
	} else if (rc >= 0) {
		grid_legend(app, seen);
	}
	json_object_put(array);
	return rc;
}

static int show_matrix(struct app *app, const struct show_args *args)
{
	const unsigned parts = SNAPSHOT_BUS | SNAPSHOT_DEVICES | SNAPSHOT_GUEST |
			       SNAPSHOT_DEFINITIONS | SNAPSHOT_HOLDERS;
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	_cleanup_free_ const struct device **devices = NULL;
	_cleanup_free_ const char **texts = NULL;
	size_t n_texts = 0, n = 0;
	int rc;

	rc = cmd_device_texts(app, args->uuid, &args->devices, 0, -1u, &texts, &n_texts);
	if (!rc)
		rc = snapshot_read(app->root, parts, &now, &app->err);
	if (!rc && n_texts)
		rc = cmd_devices_find(app, now, texts, n_texts, &devices, &n);
	if (rc)
		return rc;
	if (!n_texts) {
		devices = calloc(now->n_devices + 1, sizeof(*devices));
		if (!devices)
			return err_oom(&app->err);
		for (n = 0; n < now->n_devices; n++)
			devices[n] = &now->device[n];
	}
	view_warn_broken(app, now);
	if (!n)
		cmd_note(app, "no device, neither active nor defined");
	return matrix_print(app, now, devices, n);
}

/* ---- masks ------------------------------------------------------------------------------ */

/** struct mask_state - one of the two masks, in all places where it stands */
struct mask_state {
	const char *name, *owns;
	struct vfioap_mask active, next;
	bool next_known;
	const char *boot; /* as given; NULL: not given */
};

/* Source: ap_bus.c: a parameter builds up from no bits; one we cannot read, nobody knows. */
static bool boot_parse(const char *text, struct vfioap_mask *ret)
{
	const struct vfioap_mask none = { 0 };
	struct vfioap_change change;

	if (!text) {
		*ret = vfioap_mask_not(none);
		return true;
	}
	if (vfioap_hex_parse(text, true, ret, NULL) == 0)
		return true;
	if (vfioap_change_parse(text, &change, NULL) < 0)
		return false;
	*ret = vfioap_change_apply(&change, none);
	return true;
}

static void mask_states(const struct snapshot *now, struct mask_state ret[2])
{
	const struct udev_rules *rules = &now->rules;

	ret[0] = (struct mask_state){
		.name = "apmask",
		.owns = "adapters of the host",
		.active = now->bus.masks.apmask,
		.boot = now->boot.apmask,
		.next = rules->masks.apmask,
		.next_known = rules->has_apmask,
	};
	ret[1] = (struct mask_state){
		.name = "aqmask",
		.owns = "domains of the host",
		.active = now->bus.masks.aqmask,
		.boot = now->boot.aqmask,
		.next = rules->masks.aqmask,
		.next_known = rules->has_aqmask,
	};
	for (size_t i = 0; i < 2; i++)
		if (!ret[i].next_known)
			ret[i].next_known = boot_parse(ret[i].boot, &ret[i].next);
}

static void mask_print(struct app *app, const char *label, const struct vfioap_mask *mask,
		       bool differs)
{
	const struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	char hex[VFIOAP_HEX_SIZE], list[VFIOAP_LIST_SIZE];

	out_printf(app, "%s%c %-9s  %s\n  %9s  %s%s\n",
		   out_color(app, differs ? OUT_YELLOW : OUT_PLAIN), differs ? '*' : ' ', label,
		   vfioap_hex_format(mask, hex), "",
		   vfioap_mask_equal(mask, &all) ? "all" : vfioap_list_format(mask, list),
		   out_color(app, OUT_PLAIN));
}

static void masks_print(struct app *app, const struct snapshot *now,
			const struct mask_state states[2])
{
	bool any = false;

	out_printf(app, "mode: %s\n", host_mode_name(snapshot_mode(now)));
	for (size_t i = 0; i < 2; i++) {
		const struct mask_state *s = &states[i];
		const bool differs = s->next_known && !vfioap_mask_equal(&s->active, &s->next);

		any |= differs;
		out_printf(app, "\n%s%s%s: %s\n", out_color(app, OUT_BOLD), s->name,
			   out_color(app, OUT_PLAIN), s->owns);
		mask_print(app, "active", &s->active, false);
		if (s->next_known)
			mask_print(app, "next boot", &s->next, differs);
		else
			out_printf(app, "  next boot  -\n");
		out_printf(app, "  parameter  %s\n", s->boot ? s->boot : "-");
	}
	if (any)
		out_printf(app, "\n* differs from the running system\n");
}

static struct json_object *masks_json(const struct vfioap_mask *apmask,
				      const struct vfioap_mask *aqmask)
{
	struct json_object *object = out_json_object();
	char hex[VFIOAP_HEX_SIZE];

	out_json_add_text(object, "apmask", vfioap_hex_format(apmask, hex));
	out_json_add_text(object, "aqmask", vfioap_hex_format(aqmask, hex));
	out_json_add(object, "adapters", out_json_ids(apmask));
	out_json_add(object, "domains", out_json_ids(aqmask));
	return object;
}

static char *override_read(int root, unsigned apid, unsigned apqi, char *buf, size_t size)
{
	char path[PATH_SIZE];

	if (sysfs_read(root, path_queue(path, apid, apqi, "driver_override"), buf, size) < 0)
		return NULL;
	return str_chomp(buf);
}

static struct json_object *overrides_json(const struct app *app, const struct snapshot *now)
{
	struct json_object *object = out_json_object();

	QSET_FOREACH(a, d, &now->bus.override) {
		char queue[QUEUE_SIZE], text[SYSFS_TEXT_SIZE];

		out_json_add_text(object, queue_format(a, d, queue),
				  override_read(app->root, a, d, text, sizeof(text)));
	}
	return object;
}

static void overrides_print(struct app *app, const struct snapshot *now)
{
	bool first = true;

	QSET_FOREACH(a, d, &now->bus.override) {
		char queue[QUEUE_SIZE], text[SYSFS_TEXT_SIZE];
		const char *name = override_read(app->root, a, d, text, sizeof(text));

		out_printf(app, "%s  %s    %s\n", first ? "\noverrides\n" : "",
			   queue_format(a, d, queue), name ? str_printable(text) : "-");
		first = false;
	}
}

static int show_masks(struct app *app, const struct show_args *args)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct mask_state states[2];
	struct json_object *object, *boot;
	int rc;

	if (args->uuid || args->devices.n)
		return cmd_usage(app, "unexpected argument '%s'",
				 args->uuid ? args->uuid : args->devices.v[0]);
	rc = snapshot_read(app->root, SNAPSHOT_BUS | SNAPSHOT_RULES, &now, &app->err);
	if (rc < 0)
		return rc;
	if (!now->bus.present)
		return cmd_fail(app, STATUS_NOT_FOUND, "this machine has no AP bus");
	mask_states(now, states);
	if (!app->json) {
		masks_print(app, now, states);
		overrides_print(app, now);
		return 0;
	}
	object = out_json_new();
	boot = out_json_object();
	out_json_add_text(object, "mode", host_mode_name(snapshot_mode(now)));
	out_json_add(object, "active", masks_json(&states[0].active, &states[1].active));
	out_json_add(object, "persistent",
		     now->rules.has_apmask || now->rules.has_aqmask
			     ? masks_json(&states[0].next, &states[1].next)
			     : NULL);
	out_json_add_text(boot, "apmask", states[0].boot);
	out_json_add_text(boot, "aqmask", states[1].boot);
	out_json_add(object, "boot", boot);
	out_json_add(object, "overrides", overrides_json(app, now));
	out_json_print(app, object);
	return 0;
}

/* ---- subjects ---------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(struct app *app, const struct show_args *args);
} subjects[] = {
	{ .name = "matrix", .run = show_matrix },
	{ .name = "masks", .run = show_masks },
};

int cmd_show(struct app *app, int argc, const char **argv)
{
	_cleanup_free_ char *uuid = NULL;
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = { CMD_TEXT('u', "uuid", &uuid, "DEVICE",
						       "Show this device"),
					      CMD_COMMON_OPTIONS(app), POPT_TABLEEND };
	const struct cmd_syntax syntax = { .options = options };
	struct show_args show;
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (!rc)
		rc = cmd_args_check(app, &args, 1, -1u);
	if (rc)
		return rc;
	show = (struct show_args){
		.uuid = uuid,
		.devices = { .v = args.v + 1, .n = args.n - 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		if (strcmp(args.v[0], subjects[i].name) == 0)
			return subjects[i].run(app, &show);
	cmd_usage(app, "'%s' is nothing to show", args.v[0]);
	cmd_hint(app, "'vfioap show matrix' or 'vfioap show masks'");
	return STATUS_USAGE;
}
