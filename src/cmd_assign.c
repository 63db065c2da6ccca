// SPDX-License-Identifier: MIT
/*
 * vfioap assign, unassign, set: give a mediated device adapters, domains and control domains,
 * take them, or replace them.  With a guest running this is hot plug and unplug.
 */
#include "commands.h"

#include "change.h"

/**
 * struct verb - what distinguishes the three
 * @flags:   words that a LIST may be, beside "all"
 * @combine: what a dimension that was named becomes
 */
struct verb {
	const char *name;
	unsigned flags;
	struct vfioap_mask (*combine)(struct vfioap_mask is, struct vfioap_mask ids);
};

struct assign_args {
	const struct verb *verb;
	struct change_ids ids;
	char *uuid;
	const char **text;
	size_t n_texts;
};

static void assign_args_done(struct assign_args *args)
{
	change_ids_done(&args->ids);
	free(args->uuid);
	free(args->text);
}

static struct vfioap_mask mask_replace(_unused_ struct vfioap_mask is, struct vfioap_mask ids)
{
	return ids;
}

static int assign_edit(struct app *app, struct change *change, void *arg)
{
	const struct assign_args *args = arg;
	const struct apbus *bus = &change->now->bus;
	const struct device *found;
	struct wish_device *device;
	struct matrix ids, *matrix;
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
	matrix = &device->matrix;
	if (args->ids.adapters.n)
		matrix->adapters = args->verb->combine(matrix->adapters, ids.adapters);
	if (args->ids.domains.n)
		matrix->domains = args->verb->combine(matrix->domains, ids.domains);
	if (args->ids.controls.n)
		matrix->controls = args->verb->combine(matrix->controls, ids.controls);
	memcpy(change->uuid, found->uuid, UUID_SIZE);
	return 0;
}

static int assign_run(struct app *app, int argc, const char **argv, const struct verb *verb)
{
	_cleanup_(assign_args_done) struct assign_args assign = { .verb = verb,
								  .ids.flags = verb->flags };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &assign.uuid, "DEVICE", "Instead of the argument"),
		CHANGE_DEVICE_OPTIONS(&assign.ids),
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
	rc = cmd_device_texts(app, assign.uuid, &args, 1, 1, &assign.text, &assign.n_texts);
	if (rc)
		return rc;
	rc = change_ids_matrix(app, &assign.ids, VFIOAP_IDS - 1, VFIOAP_IDS - 1, &matrix);
	if (rc)
		return rc;
	if (!assign.ids.adapters.n && !assign.ids.domains.n && !assign.ids.controls.n)
		return cmd_usage(app, "nothing to %s: none of -a, -d and -c given", verb->name);
	return change_run(app, 0, assign_edit, &assign);
}

int cmd_assign(struct app *app, int argc, const char **argv)
{
	static const struct verb verb = { .name = "assign", .combine = vfioap_mask_or };

	return assign_run(app, argc, argv, &verb);
}

int cmd_unassign(struct app *app, int argc, const char **argv)
{
	static const struct verb verb = { .name = "unassign", .combine = vfioap_mask_andnot };

	return assign_run(app, argc, argv, &verb);
}

int cmd_set(struct app *app, int argc, const char **argv)
{
	static const struct verb verb = { .name = "set",
					  .flags = CMD_LIST_NONE,
					  .combine = mask_replace };

	return assign_run(app, argc, argv, &verb);
}
