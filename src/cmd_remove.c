// SPDX-License-Identifier: MIT
/*
 * vfioap remove, vfioap stop: end mediated devices that nobody has open, and their definitions.
 * Processes are looked for by conflict.c and apply.c; here is what remains where there is no group
 * node to hold.
 */
#include "commands.h"

#include "change.h"
#include "paths.h"
#include "sysfs.h"

struct remove_args {
	char *uuid;
	bool all;
	const char **text;
	size_t n_texts;
};

static void remove_args_done(struct remove_args *args)
{
	free(args->uuid);
	free(args->text);
}

/* A queue that a guest has: the kernel's word for it, whoever can be seen in /proc. */
static int find_in_use(struct app *app, struct change *change, const struct mdev *mdev)
{
	struct finding proto = { .code = FINDING_DEVICE_IN_USE };
	struct qset queues;
	char path[PATH_SIZE];

	if ((mdev->group >= 0 && sysfs_exists(app->root, path_group(path, mdev->group))) ||
	    snapshot_holder(change->now, mdev))
		return 0;
	qset_product(&queues, &mdev->matrix.adapters, &mdev->matrix.domains);
	qset_and(&queues, &change->now->bus.vfio_driver);
	QSET_FOREACH(apid, apqi, &queues) {
		char name[QUEUE_SIZE];

		if (apbus_queue_in_use(app->root, apid, apqi) != 1)
			continue;
		vfioap_mask_set(&proto.adapters, apid);
		vfioap_mask_set(&proto.domains, apqi);
		memcpy(proto.uuid[0], mdev->uuid, UUID_SIZE);
		return findings_say(&change->findings, proto,
				    "shut the guest down, or detach the device from it",
				    "cannot remove device '%s': a guest uses queue %s", mdev->uuid,
				    queue_format(apid, apqi, name));
	}
	return 0;
}

static int find_removing(struct change *change, const struct mdev *mdev)
{
	struct finding proto = { .code = FINDING_DEVICE_IN_USE };

	memcpy(proto.uuid[0], mdev->uuid, UUID_SIZE);
	return findings_say(&change->findings, proto, "shut its guest down",
			    "cannot remove device '%s': it is being removed already, and waits for"
			    " a process that has it open",
			    mdev->uuid);
}

static int remove_active(struct app *app, struct change *change, const struct device *device)
{
	int rc;

	if (device->mdev->removing)
		return find_removing(change, device->mdev);
	rc = find_in_use(app, change, device->mdev);
	return rc == 0 ? wish_device_remove(change->want, device->uuid) : rc;
}

/* @named: not one of all */
static int remove_one(struct app *app, struct change *change, const struct device *device,
		      bool named)
{
	const bool active = app->active && device->mdev;
	const bool defined = app->persistent && device->definition;
	int rc = 0;

	/* stop: nothing to do */
	if (!active && !defined && named && !(app->command->flags & COMMAND_ACTIVE))
		cmd_warn(app, "device '%s' is %s, ignoring", device->uuid,
			 app->persistent ? "active, and not defined"
					 : "not active, and its definition stays");
	if (active)
		rc = remove_active(app, change, device);
	if (rc == 0 && defined)
		rc = wish_definition_remove(change->want, device->uuid);
	return rc;
}

static int remove_edit(struct app *app, struct change *change, void *arg)
{
	const struct remove_args *args = arg;
	_cleanup_free_ const struct device **device = NULL;
	size_t n = 0;
	int rc = 0;

	if (args->all) {
		for (size_t i = 0; rc == 0 && i < change->now->n_devices; i++)
			rc = remove_one(app, change, &change->now->device[i], false);
		return rc < 0 ? err_oom(&app->err) : rc;
	}
	rc = cmd_devices_find(app, change->now, args->text, args->n_texts, &device, &n);
	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = remove_one(app, change, device[i], true);
	if (n == 1)
		snprintf(change->uuid, sizeof(change->uuid), "%s", device[0]->uuid);
	return rc < 0 ? err_oom(&app->err) : rc;
}

static int remove_run(struct app *app, int argc, const char **argv)
{
	_cleanup_(remove_args_done) struct remove_args remove = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &remove.uuid, "DEVICE", "Instead of the argument"),
		CMD_FLAG(0, "all", &remove.all, "All devices, or none when one is open"),
		CMD_CHANGE_OPTIONS(app), CMD_COMMON_OPTIONS(app), POPT_TABLEEND
	};
	const struct cmd_clash clashes[] = { { .a = "all", .b = "uuid" }, { 0 } };
	const struct cmd_syntax syntax = { .options = options, .clashes = clashes };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	if (remove.all && args.n)
		return cmd_usage(app, "--all and a device");
	rc = cmd_device_texts(app, remove.uuid, &args, remove.all ? 0 : 1, -1u, &remove.text,
			      &remove.n_texts);
	if (rc && !args.n)
		cmd_hint(app, "--all stands for all devices");
	if (rc)
		return rc;
	return change_run(app, CHANGE_PRINT_REMOVED | CHANGE_HOLDERS, remove_edit, &remove);
}

int cmd_remove(struct app *app, int argc, const char **argv)
{
	return remove_run(app, argc, argv);
}

int cmd_stop(struct app *app, int argc, const char **argv)
{
	return remove_run(app, argc, argv);
}
