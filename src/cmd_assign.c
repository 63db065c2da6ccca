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
 * @rewrites: may drop entries of a definition that cannot be edited one by one
 * @combine: what a dimension that was named becomes
 */
struct verb {
	const char *name;
	unsigned flags;
	bool rewrites;
	struct vfioap_mask (*combine)(struct vfioap_mask is, struct vfioap_mask ids);
};

struct assign_args {
	const struct verb *verb;
	struct change_ids ids;
	char *uuid, *start_text;
	bool start_auto;
	const char **text;
	size_t n_texts;
};

static void assign_args_done(struct assign_args *args)
{
	change_ids_done(&args->ids);
	free(args->uuid);
	free(args->start_text);
	free(args->text);
}

static struct vfioap_mask mask_replace(_unused_ struct vfioap_mask is, struct vfioap_mask ids)
{
	return ids;
}

static void assign_matrix(const struct assign_args *args, const struct matrix *ids,
			  struct matrix *matrix)
{
	if (args->ids.adapters.n)
		matrix->adapters = args->verb->combine(matrix->adapters, ids->adapters);
	if (args->ids.domains.n)
		matrix->domains = args->verb->combine(matrix->domains, ids->domains);
	if (args->ids.controls.n)
		matrix->controls = args->verb->combine(matrix->controls, ids->controls);
}

/* Not there, on the side that was asked for; without -A and -P it is enough that it exists. */
static int refuse_side(struct app *app, const struct device *device, bool active)
{
	if (active)
		return cmd_fail(app, STATUS_NOT_FOUND, "device '%s' is %s", device->uuid,
				device->mdev ? "being removed" : "not active");
	return cmd_fail(app, STATUS_NOT_FOUND, "device '%s' is not defined", device->uuid);
}

static bool has_ids(const struct assign_args *args)
{
	return args->ids.adapters.n || args->ids.domains.n || args->ids.controls.n;
}

static int assign_edit(struct app *app, struct change *change, void *arg)
{
	const struct assign_args *args = arg;
	const struct apbus *bus = &change->now->bus;
	const struct device *found;
	struct wish_device *device = NULL;
	struct wish_definition *definition = NULL;
	struct matrix ids;
	int rc;

	rc = change_ids_matrix(app, &args->ids, bus->max_adapter, bus->max_domain, &ids);
	if (rc)
		return rc;
	rc = cmd_device_find(app, change->now, args->text[0], &found);
	if (rc)
		return rc;
	if (app->active && has_ids(args))
		device = wish_device(change->want, found->uuid);
	if (app->persistent)
		definition = wish_definition(change->want, found->uuid);
	if (!definition && (args->start_text || !app->active))
		return refuse_side(app, found, false);
	if (!device && !definition)
		return refuse_side(app, found, true);
	if (device) {
		device->named = true;
		assign_matrix(args, &ids, &device->matrix);
	}
	if (definition) {
		definition->named = true;
		definition->rewrite = args->verb->rewrites && has_ids(args);
		assign_matrix(args, &ids, &definition->matrix);
		if (args->start_text)
			definition->start_auto = args->start_auto;
	}
	memcpy(change->uuid, found->uuid, UUID_SIZE);
	return 0;
}

static int assign_run(struct app *app, int argc, const char **argv, const struct verb *verb)
{
	_cleanup_(assign_args_done) struct assign_args assign = { .verb = verb,
								  .ids.flags = verb->flags };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CHANGE_START_OPTION(&assign.start_text, "Of its definition"),
		CMD_TEXT('u', "uuid", &assign.uuid, "DEVICE", "Instead of the argument"),
		CHANGE_DEVICE_OPTIONS(&assign.ids),
		CMD_FORCE_OPTION(app, "Also without undo, or more than 511 queues on any kernel"),
		CMD_CHANGE_OPTIONS(app),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	/* The first row is for `set` alone. */
	const struct cmd_syntax syntax = { .options = options + (verb->rewrites ? 0 : 1) };
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
	rc = change_start_parse(app, assign.start_text, &assign.start_auto);
	if (rc)
		return rc;
	if (!has_ids(&assign) && !assign.start_text)
		return cmd_usage(app, "nothing to %s: none of -a, -d%s given", verb->name,
				 verb->rewrites ? ", -c and --start" : " and -c");
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
	static const struct verb verb = {
		.name = "set", .flags = CMD_LIST_NONE, .rewrites = true, .combine = mask_replace
	};

	return assign_run(app, argc, argv, &verb);
}
