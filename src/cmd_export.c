// SPDX-License-Identifier: MIT
/*
 * vfioap export: devices in the words of other programs.  Here they are picked and read; each
 * format has a cmd_export_*.c.
 */
#include "cmd_export.h"

#include <string.h>

#include "commands.h"
#include "view.h"

static const struct {
	const char *name;
	export_fn *run;
} formats[] = {
	{ .name = "plan", .run = export_plan },
	{ .name = "mdevctl", .run = export_mdevctl },
	{ .name = "libvirt-nodedev", .run = export_nodedev },
	{ .name = "libvirt-hostdev", .run = export_hostdev },
	{ .name = "qemu", .run = export_qemu },
	{ .name = "migrate", .run = export_migrate },
	{ .name = "shell", .run = export_shell },
};

struct export_args {
	char *format, *uuid;
	const char **text;
	size_t n_texts;
};

static void export_args_done(struct export_args *args)
{
	free(args->format);
	free(args->uuid);
	free(args->text);
}

static void export_done(struct export *export)
{
	free(export->item);
}

/* NULL: the first. */
static int format_find(struct app *app, const char *name, export_fn **ret)
{
	if (!name)
		name = formats[0].name;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(name, formats[i].name) != 0)
			continue;
		*ret = formats[i].run;
		return 0;
	}
	cmd_usage(app, "--format: '%s' is no format", name);
	cmd_hint(app, "--format is one of plan, mdevctl, libvirt-nodedev, libvirt-hostdev, qemu, "
		      "migrate, shell");
	return STATUS_USAGE;
}

/* ---- the devices ------------------------------------------------------------------------ */

static int item_active(struct app *app, struct export_item *item)
{
	const struct mdev *mdev = item->device->mdev;

	if (mdev->truncated)
		return cmd_fail(app, STATUS_FAILED,
				"device '%s': this kernel does not show all of its queues",
				item->device->uuid);
	item->matrix = mdev->matrix;
	return 0;
}

/* @ret_skip: it is not on the side that was asked for, or cannot be used. */
static int item_fill(struct app *app, struct export_item *item, bool *ret_skip)
{
	const struct device *device = item->device;
	const bool both = app->active == app->persistent;
	const bool usable = device->definition && device->definition->problem == CONFIG_OK;
	const bool active = device->mdev && !device->mdev->removing;

	*ret_skip = false;
	if (usable && (both || app->persistent)) {
		item->matrix = device->definition->matrix;
		item->start_auto = device->definition->start_auto;
		item->text = device->definition->text;
		return 0;
	}
	if (active && (both || app->active))
		return item_active(app, item);
	*ret_skip = true;
	return 0;
}

static int refuse_skipped(struct app *app, const struct device *device)
{
	const struct definition *definition = device->definition;

	if (definition && definition->problem != CONFIG_OK)
		return cmd_fail(app, STATUS_FAILED,
				"the definition of device '%s' cannot be used: %s", device->uuid,
				definition->detail);
	if (device->mdev && device->mdev->removing)
		return cmd_fail(app, STATUS_NOT_FOUND, "device '%s' is being removed",
				device->uuid);
	return cmd_fail(app, STATUS_NOT_FOUND, "device '%s' is not %s", device->uuid,
			app->active ? "active" : "defined");
}

static int items_fill(struct app *app, const struct device *const *devices, size_t n,
		      struct export *export)
{
	export->item = calloc(n ? n : 1, sizeof(*export->item));
	if (!export->item)
		return err_oom(&app->err);
	for (size_t i = 0; i < n; i++) {
		struct export_item *item = &export->item[export->n];
		bool skip;
		int rc;

		item->device = devices[i];
		rc = item_fill(app, item, &skip);
		if (!rc && skip && !export->whole)
			rc = refuse_skipped(app, devices[i]);
		if (rc)
			return rc;
		export->n += !skip;
	}
	return 0;
}

static int devices_pick(struct app *app, const struct export_args *args, struct export *export)
{
	_cleanup_free_ const struct device **devices = NULL;
	size_t n = export->now->n_devices;
	int rc;

	if (args->n_texts) {
		rc = cmd_devices_find(app, export->now, args->text, args->n_texts, &devices, &n);
		if (rc)
			return rc;
		return items_fill(app, devices, n, export);
	}

	export->whole = true;
	view_warn_broken(app, export->now);
	devices = calloc(n ? n : 1, sizeof(*devices));
	if (!devices)
		return err_oom(&app->err);
	for (size_t i = 0; i < n; i++)
		devices[i] = &export->now->device[i];
	return items_fill(app, devices, n, export);
}

/* A device whose two sides differ is one of two things: say which.  A plan has both. */
static void warn_differs(struct app *app, const struct export *export)
{
	for (size_t i = 0; i < export->n; i++) {
		const struct export_item *item = &export->item[i];
		const struct mdev *mdev = item->device->mdev;

		if (!item->text || !mdev || mdev->removing ||
		    matrix_equal(&item->matrix, &mdev->matrix))
			continue;
		cmd_warn(app,
			 "device '%s' owns other resources than its definition says: its"
			 " definition is exported, --active exports what it owns",
			 item->device->uuid);
	}
}

/* ---- the command ---------------------------------------------------------------------------- */

static int export_run(struct app *app, const struct export_args *args, export_fn *print)
{
	const unsigned parts = SNAPSHOT_BUS | SNAPSHOT_DEVICES | SNAPSHOT_DEFINITIONS |
			       SNAPSHOT_RULES | (print == export_migrate ? SNAPSHOT_HOLDERS : 0);
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	_cleanup_(export_done) struct export export = { 0 };
	int rc;

	rc = snapshot_read(app->root, parts, &now, &app->err);
	if (rc < 0)
		return rc;
	export.now = now;
	rc = devices_pick(app, args, &export);
	if (!rc && print != export_plan && app->active == app->persistent)
		warn_differs(app, &export);
	return rc ? rc : print(app, &export);
}

int cmd_export(struct app *app, int argc, const char **argv)
{
	_cleanup_(export_args_done) struct export_args export = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &export.uuid, "DEVICE", "Instead of the argument"),
		CMD_TEXT(0, "format", &export.format,
			 "plan|mdevctl|libvirt-nodedev|libvirt-hostdev|qemu|migrate|shell",
			 "What to print (plan)"),
		CMD_FLAG('A', "active", &app->active, "Only what runs"),
		CMD_FLAG('P', "persistent", &app->persistent, "Only what is defined"),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	export_fn *print;
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (!rc)
		rc = format_find(app, export.format, &print);
	if (rc)
		return rc;
	if (app->json && print != export_plan)
		return cmd_usage(app, "--json is none of the formats to export in");
	if (print == export_shell && app->persistent)
		return cmd_usage(app, "--format shell exports the running system alone, and not"
				      " --persistent");
	app->active |= print == export_shell;
	rc = cmd_device_texts(app, export.uuid, &args, 0, -1u, &export.text, &export.n_texts);
	return rc ? rc : export_run(app, &export, print);
}
