// SPDX-License-Identifier: MIT
/*
 * vfioap create: make a mediated device, with its queues, and print its UUID.
 */
#include "commands.h"

#include <uuid/uuid.h>

#include "change.h"

struct create_args {
	struct change_ids ids;
	char *uuid_text, *start_text;
	bool start_auto;
	bool reserve, no_modules;
	char uuid[UUID_SIZE];
};

static void create_args_done(struct create_args *args)
{
	change_ids_done(&args->ids);
	free(args->uuid_text);
	free(args->start_text);
}

/* A definition that is not of vfio_ap is in no list of devices. */
static bool is_other_type(const struct snapshot *now, const char *uuid)
{
	for (size_t i = 0; i < now->definitions.n; i++)
		if (strcmp(now->definitions.v[i].uuid, uuid) == 0)
			return true;
	return false;
}

static int find_existing(struct change *change, const char *uuid)
{
	const struct device *known = snapshot_device(change->now, uuid);
	struct finding proto = { .code = FINDING_DEVICE_EXISTS };
	const char *state = "is active already";

	if (!known && !is_other_type(change->now, uuid))
		return 0;
	if (!known)
		state = "is defined already, of another type";
	else if (!known->mdev)
		state = "is defined already, though not active";
	else if (known->mdev->removing)
		state = "is still being removed: a process has it open";
	snprintf(proto.uuid[0], UUID_SIZE, "%s", uuid);
	return findings_say(&change->findings, proto,
			    "without --uuid a new one is made; 'vfioap assign' changes a device",
			    "cannot create device '%s': it %s", uuid, state);
}

/* What is not reserved yet, in the same go. */
static int reserve_missing(struct app *app, struct change *change, const struct matrix *matrix)
{
	const struct pool_request request = {
		.adapters = matrix->adapters,
		.domains = matrix->domains,
		.has_adapters = true,
		.has_domains = true,
	};

	return change_reserve(app, change, &request);
}

static int create_edit(struct app *app, struct change *change, void *arg)
{
	const struct create_args *args = arg;
	const struct apbus *bus = &change->now->bus;
	struct wish_device *device = NULL;
	struct wish_definition *definition = NULL;
	struct matrix matrix;
	int rc;

	rc = change_ids_matrix(app, &args->ids, bus->max_adapter, bus->max_domain, &matrix);
	if (rc)
		return rc;
	change->conflict_flags = CONFLICT_CAN_RESERVE;
	rc = find_existing(change, args->uuid);
	if (rc < 0)
		return err_oom(&app->err);
	if (change->findings.n_errors)
		return 0;

	if (app->active)
		rc = wish_device_add(change->want, args->uuid, &device);
	if (rc == 0 && app->persistent)
		rc = wish_definition_add(change->want, args->uuid, &definition);
	if (rc < 0)
		return err_oom(&app->err);
	if (device)
		device->matrix = matrix;
	if (definition) {
		definition->matrix = matrix;
		definition->start_auto = args->start_auto;
	}
	snprintf(change->uuid, sizeof(change->uuid), "%s", args->uuid);
	change->is_random = !args->uuid_text;
	return args->reserve ? reserve_missing(app, change, &matrix) : 0;
}

static int uuid_choose(struct app *app, struct create_args *args)
{
	uuid_t random;

	if (args->uuid_text) {
		if (uuid_canonical(args->uuid_text, args->uuid) < 0)
			return cmd_usage(app, "--uuid: '%s' is no full UUID", args->uuid_text);
		return 0;
	}
	uuid_generate_random(random);
	uuid_unparse_lower(random, args->uuid);
	return 0;
}

int cmd_create(struct app *app, int argc, const char **argv)
{
	_cleanup_(create_args_done) struct create_args create = { .start_auto = true };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &create.uuid_text, "UUID", "Instead of a random one"),
		CHANGE_DEVICE_OPTIONS(&create.ids),
		CHANGE_START_OPTION(&create.start_text, "Of its definition (auto)"),
		CMD_FLAG(0, "reserve", &create.reserve, "Take from the host what is missing"),
		CMD_FLAG(0, "no-modules", &create.no_modules, "Do not load vfio_ap"),
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
	rc = cmd_args_check(app, &args, 0, 0);
	if (rc) {
		cmd_hint(app, "adapters stand behind -a, domains behind -d, a UUID behind -u");
		return rc;
	}
	rc = uuid_choose(app, &create);
	if (rc == 0)
		rc = change_start_parse(app, create.start_text, &create.start_auto);
	if (rc)
		return rc;
	/* Usage errors before any lock; "all" is known only behind it. */
	rc = change_ids_matrix(app, &create.ids, VFIOAP_IDS - 1, VFIOAP_IDS - 1, &matrix);
	if (rc)
		return rc;
	return change_run(app, CHANGE_PRINT_UUID | (create.no_modules ? 0 : CHANGE_MODULE),
			  create_edit, &create);
}
