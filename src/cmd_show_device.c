// SPDX-License-Identifier: MIT
/*
 * vfioap show device: all that is known of a device, a line a fact.
 */
#include "cmd_show.h"

#include "paths.h"
#include "view.h"

static void queues_line(struct app *app, const char *label, const struct matrix *matrix,
			const char *behind)
{
	_cleanup_free_ char *text = NULL;
	struct qset queues;

	qset_product(&queues, &matrix->adapters, &matrix->domains);
	text = qset_format(&queues);
	if (!text)
		out_no_memory();
	show_line(app, label, "%s%s", text, behind);
}

static void ids_line(struct app *app, const char *label, const struct vfioap_mask *ids)
{
	char list[VFIOAP_LIST_SIZE];

	show_line(app, label, "%s", vfioap_list_format(ids, list));
}

static void state_lines(struct app *app, const struct device *device)
{
	const struct definition *definition = device->definition;
	const char *start = view_device_start(device);

	show_line(app, "state", "%s", view_device_state(device));
	if (!definition)
		show_line(app, "start", "- (not defined)");
	else if (!start)
		show_line(app, "start", "- (the definition cannot be used: %s)",
			  definition->detail);
	else
		show_line(app, "start", "%s", start);
}

/* What the definition says otherwise. */
static void definition_lines(struct app *app, const struct device *device)
{
	const struct definition *definition = device->definition;
	char adapters[VFIOAP_LIST_SIZE], domains[VFIOAP_LIST_SIZE], controls[VFIOAP_LIST_SIZE];
	const struct matrix *defined;

	if (!device->mdev || !definition || definition->problem != CONFIG_OK)
		return;
	defined = &definition->matrix;
	if (matrix_equal(defined, &device->mdev->matrix))
		show_line(app, "definition", "the same");
	else
		show_line(app, "definition", "adapters %s, domains %s, control domains %s",
			  vfioap_list_format(&defined->adapters, adapters),
			  vfioap_list_format(&defined->domains, domains),
			  vfioap_list_format(&defined->controls, controls));
}

static void guest_line(struct app *app, const struct grid *grid)
{
	const struct device *device = grid->device;
	const bool less = matrix_count(&grid->guest) < matrix_count(&grid->matrix);

	if (!matrix_count(&grid->matrix))
		return;
	queues_line(app, device->mdev ? "in the guest" : "in a guest", &grid->guest,
		    grid->predicted && device->mdev ? ", worked out" : "");
	if (less)
		show_line(app, "", "'vfioap show guest %.8s' says why not all", device->uuid);
}

static void node_line(struct app *app, const char *label, const char *path)
{
	struct stat st;

	if (view_node_read(app->root, path, &st))
		show_line(app, label, "/%s, owner %u, group %u, mode %04o", path,
			  (unsigned)st.st_uid, (unsigned)st.st_gid, (unsigned)st.st_mode & 07777);
	else
		show_line(app, label, "/%s, not there", path);
}

static void users_lines(struct app *app, const struct snapshot *now, const struct mdev *mdev)
{
	const char *label = "open by";
	pid_t last = 0;

	for (size_t i = 0; i < now->holders.n; i++) {
		const struct holder *holder = &now->holders.v[i];

		if (!view_holds(holder, mdev) || holder->pid == last)
			continue;
		last = holder->pid;
		if (*holder->guest)
			show_line(app, label, "guest %s: %s, pid %d", holder->guest,
				  holder->command, (int)holder->pid);
		else
			show_line(app, label, "%s, pid %d", holder->command, (int)holder->pid);
		label = "";
	}
	if (!last)
		show_line(app, label,
			  now->holders.complete ? "nobody" : "- (not all processes are seen)");
}

static void active_lines(struct app *app, const struct grid *grid)
{
	const struct mdev *mdev = grid->device->mdev;
	char path[PATH_SIZE];
	struct stat st;

	if (mdev->group >= 0) {
		show_line(app, "IOMMU group", "%d", mdev->group);
		node_line(app, "node", path_group(path, mdev->group));
	} else {
		show_line(app, "IOMMU group", "-");
	}
	/* vfio-dev/vfioK is there without a node, too (CONFIG_VFIO_DEVICE_CDEV). */
	if (mdev->cdev >= 0 && view_node_read(app->root, path_cdev(path, mdev->cdev), &st))
		node_line(app, "cdev", path);
	users_lines(app, grid->now, mdev);
}

/* Of a device that nobody has open; who has is told with the process. */
static void libvirt_line(struct app *app, const struct grid *grid)
{
	const struct mdev *mdev = grid->device->mdev;
	const char *guest;
	bool off;

	if (mdev && snapshot_holder(grid->now, mdev))
		return;
	guest = snapshot_guest(grid->now, grid->device, &off);
	if (guest)
		show_line(app, "guest", "%s%s, by libvirt's definition", guest,
			  off ? " (off)" : "");
}

void show_device_text(struct app *app, const struct grid *grid)
{
	const struct device *device = grid->device;
	const struct matrix *matrix = view_device_matrix(device);

	show_heading(app, device->uuid);
	state_lines(app, device);
	if (matrix) {
		ids_line(app, "adapters", &matrix->adapters);
		ids_line(app, "domains", &matrix->domains);
		ids_line(app, "control domains", &matrix->controls);
		queues_line(app, "queues", matrix,
			    device->mdev && device->mdev->truncated ? ", and perhaps more" : "");
		guest_line(app, grid);
	}
	definition_lines(app, device);
	if (device->mdev)
		active_lines(app, grid);
	libvirt_line(app, grid);
}
