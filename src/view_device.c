// SPDX-License-Identifier: MIT
/*
 * A device as columns and as JSON: what it owns, what its guest sees of it, who uses it.
 * Which devices are shown, and reading the host, is left to list.c and cmd_show.c.
 */
#include "view.h"

#include <fcntl.h>
#include <string.h>

#include "paths.h"
#include "sysfs.h"

const struct matrix *view_device_matrix(const struct device *device)
{
	return guest_owned(device);
}

bool view_device_guest(const struct snapshot *now, const struct device *device, struct matrix *ret,
		       bool *ret_predicted)
{
	return guest_find(now, device, ret, ret_predicted);
}

const char *view_device_state(const struct device *device)
{
	if (device->mdev)
		return device->mdev->removing ? "removing" : "active";
	return device->definition->problem == CONFIG_OK ? "defined" : "broken";
}

const char *view_device_start(const struct device *device)
{
	if (!device->definition || device->definition->problem != CONFIG_OK)
		return NULL;
	return device->definition->start_auto ? "auto" : "manual";
}

bool view_guest_text(const struct snapshot *now, const struct device *device, char *buf,
		     size_t size)
{
	const struct holder *holder = device->mdev ? snapshot_holder(now, device->mdev) : NULL;
	bool off;
	const char *guest = snapshot_guest(now, device, &off);

	if (!guest && !holder)
		return false;
	if (guest)
		snprintf(buf, size, "%s%s", guest, off ? " (off)" : "");
	else
		snprintf(buf, size, "%s (%d)", holder->command, (int)holder->pid);
	return true;
}

void view_device_line(struct app *app, size_t at, const struct snapshot *now,
		      const struct device *device)
{
	const char *start = view_device_start(device);
	char guest[128], text[256];
	bool used = view_guest_text(now, device, guest, sizeof(guest));

	snprintf(text, sizeof(text), "%s%s%s%s%s", view_device_state(device),
		 start		? ", start "
		 : device->mdev ? ", not defined"
				: "",
		 start ? start : "",
		 used		? ", guest "
		 : device->mdev ? ", no guest"
				: "",
		 used ? guest : "");
	out_printf(app, "%s%s%s  ", out_color(app, OUT_BOLD), device->uuid,
		   out_color(app, OUT_PLAIN));
	out_wrapped(app, at + strlen(device->uuid) + 2, 4, text);
}

bool view_holds(const struct holder *holder, const struct mdev *mdev)
{
	return (mdev->group >= 0 && holder->group == mdev->group) ||
	       (mdev->cdev >= 0 && holder->cdev == mdev->cdev);
}

bool view_node_read(int root, const char *path, struct stat *ret)
{
	_cleanup_close_ int fd = sysfs_open(root, path, O_PATH);

	return fd >= 0 && fstat(fd, ret) == 0;
}

void view_warn_broken(struct app *app, const struct snapshot *now)
{
	for (size_t i = 0; i < now->n_devices; i++) {
		const struct definition *definition = now->device[i].definition;

		if (definition && definition->problem != CONFIG_OK)
			cmd_warn(app, "definition '%s' cannot be used: %s, ignoring",
				 definition->uuid, definition->detail);
	}
}

/* ---- columns -------------------------------------------------------------------------- */

static const struct view_device *row_of(const void *row)
{
	return row;
}

static void fill_uuid(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	out_cell_word(cell, row_of(row)->device->uuid, row_of(row)->device->uuid);
}

static void fill_state(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	static const struct {
		const char *state, *color;
	} colors[] = {
		{ .state = "active", .color = "green" },
		{ .state = "removing", .color = "yellow" },
		{ .state = "broken", .color = "red" },
	};
	const char *state = view_device_state(row_of(row)->device);

	out_cell_word(cell, state, state);
	for (size_t i = 0; i < ARRAY_SIZE(colors); i++)
		if (strcmp(state, colors[i].state) == 0)
			out_cell_color(cell, colors[i].color);
}

static void fill_active(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	out_cell_bool(cell, row_of(row)->device->mdev != NULL);
}

static void fill_defined(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	out_cell_bool(cell, row_of(row)->device->definition != NULL);
}

static void fill_start(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const char *start = view_device_start(row_of(row)->device);

	out_cell_word(cell, start, start);
}

static void fill_adapters(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct matrix *matrix = view_device_matrix(row_of(row)->device);

	if (matrix)
		out_cell_ids(cell, &matrix->adapters);
}

static void fill_domains(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct matrix *matrix = view_device_matrix(row_of(row)->device);

	if (matrix)
		out_cell_ids(cell, &matrix->domains);
}

static void fill_controls(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct matrix *matrix = view_device_matrix(row_of(row)->device);

	if (matrix)
		out_cell_ids(cell, &matrix->controls);
}

static void fill_queues(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct matrix *matrix = view_device_matrix(row_of(row)->device);
	struct json_object *object = out_json_object();
	struct json_object *queues = NULL;
	struct qset set;

	if (matrix) {
		qset_product(&set, &matrix->adapters, &matrix->domains);
		out_json_add_queues(object, &set, false);
		queues = json_object_get(json_object_object_get(object, "queues"));
	}
	out_cell_json(cell, queues);
	json_object_put(object);
}

static void fill_count(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct device *device = row_of(row)->device;
	const struct matrix *matrix = view_device_matrix(device);

	if (matrix)
		out_cell_uint(cell, matrix_count(matrix));
}

static void fill_truncated(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct device *device = row_of(row)->device;
	const struct matrix *matrix = view_device_matrix(device);

	if ((matrix && matrix_count(matrix) > OUT_JSON_QUEUES) ||
	    (device->mdev && device->mdev->truncated))
		out_cell_bool(cell, true);
	else
		out_cell_skip(cell);
}

static void fill_definition(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct definition *definition = row_of(row)->device->definition;

	if (definition && definition->problem == CONFIG_OK)
		out_cell_json(cell, out_json_matrix(&definition->matrix));
}

static bool guest_of_active(const struct view_device *row, struct matrix *ret, bool *ret_predicted)
{
	return row->device->mdev && view_device_guest(row->now, row->device, ret, ret_predicted);
}

static void fill_guest_matrix(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	struct matrix guest;
	bool predicted;

	if (guest_of_active(row, &guest, &predicted))
		out_cell_json(cell, out_json_matrix(&guest));
}

static void fill_predicted(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	bool predicted = false;
	struct matrix guest;

	guest_of_active(row, &guest, &predicted);
	out_cell_bool(cell, predicted);
}

static unsigned filtered_count(const struct matrix *matrix, const struct matrix *guest)
{
	const struct vfioap_mask adapters = vfioap_mask_and(matrix->adapters, guest->adapters);
	const struct vfioap_mask domains = vfioap_mask_and(matrix->domains, guest->domains);

	return matrix_count(matrix) - vfioap_mask_count(&adapters) * vfioap_mask_count(&domains);
}

static void filtered_add(struct json_object *array, unsigned apid,
			 const struct guest_filtered *filtered)
{
	struct json_object *object = out_json_object();
	struct json_object *queues = out_json_array();

	VFIOAP_MASK_FOREACH(apqi, &filtered->domains) {
		char text[QUEUE_SIZE];

		out_json_append(queues, out_json_text(queue_format(apid, apqi, text)));
	}
	out_json_add_int(object, "adapter", apid);
	out_json_add(object, "queues", queues);
	out_json_add_text(object, "reason", filtered->reason);
	out_json_append(array, object);
}

static void fill_filtered(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct view_device *r = row;
	struct json_object *array;
	struct matrix guest;
	bool predicted;

	if (!guest_of_active(r, &guest, &predicted))
		return;
	if (!cell->wants_json) {
		out_cell_uint(cell, filtered_count(&r->device->mdev->matrix, &guest));
		return;
	}
	array = out_json_array();
	VFIOAP_MASK_FOREACH(apid, &r->device->mdev->matrix.adapters) {
		struct guest_filtered filtered[GUEST_REASONS];
		size_t n = guest_filtered(&r->now->bus, &r->device->mdev->matrix, &guest, apid,
					  filtered);

		for (size_t i = 0; i < n; i++)
			filtered_add(array, apid, &filtered[i]);
	}
	out_cell_json(cell, array);
}

static void fill_group(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct mdev *mdev = row_of(row)->device->mdev;

	if (mdev && mdev->group >= 0)
		out_cell_uint(cell, (unsigned)mdev->group);
}

static void fill_node(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct mdev *mdev = row_of(row)->device->mdev;
	struct json_object *object;
	char path[PATH_SIZE], mode[8];
	struct stat st;

	if (!mdev || mdev->group < 0 ||
	    !view_node_read(row_of(row)->root, path_group(path, mdev->group), &st))
		return;
	out_cell_text(cell, "/%s", path);
	if (!cell->wants_json)
		return;
	snprintf(mode, sizeof(mode), "%04o", (unsigned)st.st_mode & 07777);
	object = out_json_object();
	out_json_add(object, "path", json_object_get(cell->json));
	out_json_add_int(object, "uid", st.st_uid);
	out_json_add_int(object, "gid", st.st_gid);
	out_json_add_text(object, "mode", mode);
	out_cell_json(cell, object);
}

/* All processes; null when there are none that we can see, and we cannot see all. */
static struct json_object *users_json(const struct snapshot *now, const struct mdev *mdev)
{
	struct json_object *array = out_json_array();
	pid_t last = 0;

	for (size_t i = 0; i < now->holders.n; i++) {
		const struct holder *holder = &now->holders.v[i];
		struct json_object *user;

		if (!view_holds(holder, mdev) || holder->pid == last)
			continue;
		last = holder->pid;
		user = out_json_object();
		out_json_add_int(user, "pid", holder->pid);
		out_json_add_text(user, "command", holder->command);
		out_json_add_text(user, "guest", *holder->guest ? holder->guest : NULL);
		out_json_append(array, user);
	}
	if (!last && !now->holders.complete) {
		json_object_put(array);
		return NULL;
	}
	return array;
}

static void fill_guest(struct out_cell *cell, _unused_ const void *view, const void *row)
{
	const struct view_device *r = row;
	char text[128];

	if (view_guest_text(r->now, r->device, text, sizeof(text)))
		out_cell_text(cell, "%s", text);
	if (cell->wants_json && r->device->mdev)
		out_cell_json(cell, users_json(r->now, r->device->mdev));
}

#define NEEDS_GUEST (SNAPSHOT_BUS | SNAPSHOT_GUEST)

const struct out_column view_device_columns[] = {
	{ .title = "UUID", .key = "uuid", .help = "UUID of the device", .fill = fill_uuid },
	{ .title = "STATE",
	  .help = "active, defined, removing, or broken: a definition "
		  "that cannot be used",
	  .fill = fill_state },
	{ .key = "active", .fill = fill_active },
	{ .key = "defined", .fill = fill_defined },
	{ .title = "START",
	  .key = "start",
	  .help = "auto or manual; - without a definition",
	  .fill = fill_start },
	{ .title = "ADAPTERS",
	  .key = "adapters",
	  .flags = OUT_WRAP,
	  .help = "adapters assigned; not active: defined",
	  .fill = fill_adapters },
	{ .title = "DOMAINS",
	  .key = "domains",
	  .flags = OUT_WRAP,
	  .help = "usage domains assigned; not active: defined",
	  .fill = fill_domains },
	{ .title = "CONTROL",
	  .key = "control_domains",
	  .flags = OUT_WRAP,
	  .help = "control domains assigned; not active: defined",
	  .fill = fill_controls },
	{ .key = "queues", .fill = fill_queues },
	{ .title = "QUEUES",
	  .key = "count",
	  .flags = OUT_RIGHT,
	  .help = "how many queues",
	  .fill = fill_count },
	{ .key = "truncated", .fill = fill_truncated },
	{ .key = "definition", .fill = fill_definition },
	{ .key = "guest_matrix", .needs = NEEDS_GUEST, .fill = fill_guest_matrix },
	{ .key = "guest_matrix_predicted", .needs = NEEDS_GUEST, .fill = fill_predicted },
	{ .title = "FILTERED",
	  .key = "filtered",
	  .flags = OUT_RIGHT | OUT_EXTRA,
	  .needs = NEEDS_GUEST,
	  .help = "how many queues the guest does not see",
	  .fill = fill_filtered },
	{ .title = "GROUP",
	  .key = "iommu_group",
	  .flags = OUT_RIGHT | OUT_EXTRA,
	  .needs = SNAPSHOT_NODES,
	  .help = "IOMMU group",
	  .fill = fill_group },
	{ .title = "NODE",
	  .key = "node",
	  .flags = OUT_EXTRA,
	  .needs = SNAPSHOT_NODES,
	  .help = "device node that a guest opens",
	  .fill = fill_node },
	{ .title = "GUEST",
	  .key = "users",
	  .needs = SNAPSHOT_HOLDERS | SNAPSHOT_LIBVIRT,
	  .help = "guest that has it open, or would, (off); else command and process",
	  .fill = fill_guest },
};

const size_t view_device_n_columns = ARRAY_SIZE(view_device_columns);
