// SPDX-License-Identifier: MIT
/*
 * vfioap set: replace the adapters, the domains or the control domains of a mediated device.
 * With a guest running this is hot plug and unplug.
 */
#include "commands.h"

#include "change.h"

struct set_args {
	struct change_ids ids;
	char *uuid;
	const char **text;
	size_t n_texts;
};

static void set_args_done(struct set_args *args)
{
	change_ids_done(&args->ids);
	free(args->uuid);
	free(args->text);
}

static int set_edit(struct app *app, struct change *change, void *arg)
{
	const struct set_args *args = arg;
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
	if (args->ids.adapters.n)
		device->matrix.adapters = ids.adapters;
	if (args->ids.domains.n)
		device->matrix.domains = ids.domains;
	if (args->ids.controls.n)
		device->matrix.controls = ids.controls;
	memcpy(change->uuid, found->uuid, UUID_SIZE);
	return 0;
}

int cmd_set(struct app *app, int argc, const char **argv)
{
	_cleanup_(set_args_done) struct set_args set = { .ids.flags = CMD_LIST_NONE };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &set.uuid, "DEVICE", "Instead of the argument"),
		CHANGE_DEVICE_OPTIONS(&set.ids),
		CMD_FORCE_OPTION(app, "Also without undo, or more than 511 queues on any kernel"),
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
	rc = cmd_device_texts(app, set.uuid, &args, 1, 1, &set.text, &set.n_texts);
	if (rc)
		return rc;
	rc = change_ids_matrix(app, &set.ids, VFIOAP_IDS - 1, VFIOAP_IDS - 1, &matrix);
	if (rc)
		return rc;
	if (!set.ids.adapters.n && !set.ids.domains.n && !set.ids.controls.n)
		return cmd_usage(app, "nothing to set: none of -a, -d and -c given");
	return change_run(app, 0, set_edit, &set);
}
