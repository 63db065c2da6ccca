// SPDX-License-Identifier: MIT
/*
 * vfioap refresh: have the kernel look again at what the guest of a device sees.  How that is
 * brought about, plan.c knows.
 */
#include "commands.h"

#include "change.h"
#include "kernel.h"

struct refresh_args {
	char *uuid;
	const char **text;
	size_t n_texts;
};

static void refresh_args_done(struct refresh_args *args)
{
	free(args->uuid);
	free(args->text);
}

/* The kernel looks at a device as a whole: one queue of the host is in the way of all. */
static int refuse_host(struct app *app, const struct snapshot *now, const struct mdev *mdev)
{
	_cleanup_free_ char *queues = NULL;
	char list[VFIOAP_LIST_SIZE];
	struct vfioap_mask adapters;
	struct qset host;

	kernel_host_queues(&host, &now->bus, &now->bus.masks, &mdev->matrix);
	if (qset_is_empty(&host))
		return 0;
	queues = finding_queues(&host);
	if (!queues)
		return err_oom(&app->err);
	adapters = qset_adapters(&host);
	cmd_fail(app, STATUS_FAILED, "cannot refresh device '%s': the host has got %s of it",
		 mdev->uuid, queues);
	cmd_hint(app, "'vfioap unassign %s -a %s' takes it out", mdev->uuid,
		 vfioap_list_format(&adapters, list));
	return STATUS_FAILED;
}

static int refresh_edit(struct app *app, struct change *change, void *arg)
{
	const struct refresh_args *args = arg;
	_cleanup_free_ const struct device **found = NULL;
	size_t n = 0;
	int rc;

	rc = cmd_devices_find(app, change->now, args->text, args->n_texts, &found, &n);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct wish_device *device = wish_device(change->want, found[i]->uuid);

		if (!device)
			return cmd_fail(app, STATUS_NOT_FOUND, "device '%s' is %s", found[i]->uuid,
					found[i]->mdev ? "being removed" : "not active");
		/* Before 6.0 a guest has what the device has: nothing can be out of date. */
		if (!caps_find(change->now).dynamic)
			continue;
		rc = refuse_host(app, change->now, found[i]->mdev);
		if (rc)
			return rc;
		device->named = device->refresh = true;
	}
	if (n == 1)
		memcpy(change->uuid, found[0]->uuid, UUID_SIZE);
	return 0;
}

int cmd_refresh(struct app *app, int argc, const char **argv)
{
	_cleanup_(refresh_args_done) struct refresh_args refresh = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &refresh.uuid, "DEVICE", "Instead of the argument"),
		CMD_CHANGE_OPTIONS(app), CMD_COMMON_OPTIONS(app), POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	rc = cmd_device_texts(app, refresh.uuid, &args, 1, -1u, &refresh.text, &refresh.n_texts);
	if (rc)
		return rc;
	return change_run(app, 0, refresh_edit, &refresh);
}
