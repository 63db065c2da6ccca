// SPDX-License-Identifier: MIT
/*
 * vfioap assign, vfioap unassign: give a mediated device adapters, domains and control
 * domains, or take them.  With a guest running this is hot plug and unplug.
 */
#include "commands.h"

#include "change.h"

struct assign_args {
	struct change_ids ids;
	char *uuid;
	const char **text;
	size_t n_texts;
	bool assign;
};

static void assign_args_done(struct assign_args *args)
{
	change_ids_done(&args->ids);
	free(args->uuid);
	free(args->text);
}

static struct vfioap_mask mask_change(const struct assign_args *args, struct vfioap_mask is,
				      struct vfioap_mask ids)
{
	return args->assign ? vfioap_mask_or(is, ids) : vfioap_mask_andnot(is, ids);
}

static int assign_edit(struct app *app, struct change *change, void *arg)
{
	const struct assign_args *args = arg;
	const struct apbus *bus = &change->now->bus;
	const struct device *found;
	struct wish_device *device;
	struct matrix ids;
	int rc;

	rc = change_ids_matrix(app, &args->ids, bus->max_adapter, bus->max_domain, &ids);
	if (rc)
		return rc;
	rc = cmd_device_find(app, change->now, args->text[0], &found);
	if (rc)
		return rc;
	device = wish_device(change->want, found->uuid);
	if (!device)
		return cmd_fail(app, STATUS_NOT_FOUND, "device '%s' is %s", found->uuid,
				found->mdev ? "being removed" : "not active");

	device->named = true;
	device->matrix.adapters = mask_change(args, device->matrix.adapters, ids.adapters);
	device->matrix.domains = mask_change(args, device->matrix.domains, ids.domains);
	device->matrix.controls = mask_change(args, device->matrix.controls, ids.controls);
	memcpy(change->uuid, found->uuid, UUID_SIZE);
	return 0;
}

static int assign_run(struct app *app, int argc, const char **argv, bool is_assign)
{
	_cleanup_(assign_args_done) struct assign_args assign = { .assign = is_assign };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &assign.uuid, "DEVICE", "Instead of the argument"),
		CHANGE_DEVICE_OPTIONS(&assign.ids),
		CMD_FORCE_OPTION(app, "Also more than 511 queues on a kernel not known to be safe"),
		CMD_CHANGE_OPTIONS(app),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	struct matrix matrix;
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	rc = cmd_device_texts(app, assign.uuid, &args, 1, 1, &assign.text, &assign.n_texts);
	if (rc)
		return rc;
	rc = change_ids_matrix(app, &assign.ids, VFIOAP_IDS - 1, VFIOAP_IDS - 1, &matrix);
	if (rc)
		return rc;
	if (!assign.ids.adapters.n && !assign.ids.domains.n && !assign.ids.controls.n)
		return cmd_usage(app, "nothing to %s: none of -a, -d and -c given",
				 is_assign ? "assign" : "unassign");
	return change_run(app, 0, assign_edit, &assign);
}

int cmd_assign(struct app *app, int argc, const char **argv)
{
	return assign_run(app, argc, argv, true);
}

int cmd_unassign(struct app *app, int argc, const char **argv)
{
	return assign_run(app, argc, argv, false);
}
