// SPDX-License-Identifier: MIT
/*
 * vfioap show matrix, guest, device: the same devices, read alike and the same in JSON; what
 * is printed of each is in grid.c, cmd_show_guest.c and cmd_show_device.c.
 */
#include "cmd_show.h"

#include "view.h"

/** struct kind - how a device is printed as text */
struct kind {
	void (*print)(struct app *app, const struct grid *grid);
	bool is_matrix; /* by grid_print(), with a legend at the end */
};

static struct json_object *device_json(const struct app *app, const struct grid *grid)
{
	const struct view_device row = {
		.root = app->root,
		.now = grid->now,
		.device = grid->device,
	};
	struct json_object *object =
		out_row_json(view_device_columns, view_device_n_columns, NULL, &row);

	out_json_add(object, "grid", grid_json(grid));
	return object;
}

/* JSON goes to @array; text is printed, with an empty line between two devices. */
static int devices_show(struct app *app, const struct snapshot *now, const struct kind *kind,
			const struct device *const *devices, size_t n, struct json_object *array)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		_cleanup_(grid_freep) struct grid *grid = NULL;
		int rc = grid_new(app->root, now, devices[i], &grid, &app->err);

		if (rc < 0)
			return rc;
		if (array) {
			out_json_append(array, device_json(app, grid));
			continue;
		}
		if (kind->is_matrix)
			grid_print(app, grid, &seen);
		else
			kind->print(app, grid);
		out_printf(app, i + 1 < n || seen ? "\n" : "");
	}
	grid_legend(app, seen);
	return 0;
}

static int devices_print(struct app *app, const struct snapshot *now, const struct kind *kind,
			 const struct device *const *devices, size_t n)
{
	struct json_object *array = app->json ? out_json_array() : NULL;
	struct json_object *object;
	int rc = devices_show(app, now, kind, devices, n, array);

	if (rc < 0 || !array) {
		json_object_put(array);
		return rc;
	}
	object = out_json_new();
	out_json_add(object, "devices", array);
	out_json_print(app, object);
	return 0;
}

static int all_devices(struct app *app, const struct snapshot *now, const struct device ***ret,
		       size_t *ret_n)
{
	const struct device **devices = calloc(now->n_devices + 1, sizeof(*devices));

	if (!devices)
		return err_oom(&app->err);
	for (size_t i = 0; i < now->n_devices; i++)
		devices[i] = &now->device[i];
	*ret = devices;
	*ret_n = now->n_devices;
	return 0;
}

static int devices_run(struct app *app, const struct show_args *args, const struct kind *kind)
{
	const unsigned parts = SNAPSHOT_BUS | SNAPSHOT_DEVICES | SNAPSHOT_GUEST |
			       SNAPSHOT_DEFINITIONS | SNAPSHOT_HOLDERS | SNAPSHOT_LIBVIRT;
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	_cleanup_free_ const struct device **devices = NULL;
	_cleanup_free_ const char **texts = NULL;
	size_t n_texts = 0, n = 0;
	int rc;

	rc = cmd_device_texts(app, args->uuid, &args->rest, 0, -1u, &texts, &n_texts);
	if (!rc)
		rc = snapshot_read(app->root, parts, &now, &app->err);
	if (!rc)
		rc = n_texts ? cmd_devices_find(app, now, texts, n_texts, &devices, &n)
			     : all_devices(app, now, &devices, &n);
	if (rc)
		return rc;
	view_warn_broken(app, now);
	if (!n)
		cmd_note(app, "no device, neither active nor defined");
	return devices_print(app, now, kind, devices, n);
}

int show_matrix(struct app *app, const struct show_args *args)
{
	static const struct kind kind = { .is_matrix = true };

	return devices_run(app, args, &kind);
}

int show_guest(struct app *app, const struct show_args *args)
{
	static const struct kind kind = { .print = show_guest_text };

	return devices_run(app, args, &kind);
}

int show_device(struct app *app, const struct show_args *args)
{
	static const struct kind kind = { .print = show_device_text };

	return devices_run(app, args, &kind);
}
