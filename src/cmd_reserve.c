// SPDX-License-Identifier: MIT
/*
 * vfioap reserve: take queues from the host's drivers for guests.
 */
#include "commands.h"

#include "change.h"

struct reserve_args {
	struct change_ids ids;
	bool exact, no_modules;
	struct pool_request request;
};

static void reserve_args_done(struct reserve_args *args)
{
	change_ids_done(&args->ids);
}

static int warn_module(struct app *app, struct change *change)
{
	struct finding proto = { .code = FINDING_MODULE_MISSING, .severity = FINDING_WARNING };

	if (change->now->mdevs.loaded || qset_is_empty(&change->reserved))
		return 0;
	if (findings_say(&change->findings, proto, "'modprobe vfio_ap' loads it",
			 "the kernel module vfio_ap is not loaded: the reserved queues are without"
			 " driver until it is") < 0)
		return err_oom(&app->err);
	return 0;
}

static int reserve_edit(struct app *app, struct change *change, void *arg)
{
	const struct reserve_args *args = arg;
	int rc = change_reserve(app, change, &args->request);

	return rc < 0 ? rc : warn_module(app, change);
}

int cmd_reserve(struct app *app, int argc, const char **argv)
{
	_cleanup_(reserve_args_done) struct reserve_args reserve = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CHANGE_POOL_OPTIONS(&reserve.ids),
		CHANGE_QUEUES_OPTION(&reserve.ids),
		CMD_FLAG(0, "exact", &reserve.exact, "No other queues; implied by --queues"),
		CMD_FLAG(0, "no-modules", &reserve.no_modules, "Do not load vfio_ap"),
		CMD_FORCE_OPTION(app, "Also queues with requests in flight, or of too old cards"),
		CMD_CHANGE_OPTIONS(app),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	rc = cmd_args_check(app, &args, 0, 0);
	if (rc) {
		cmd_hint(app, "adapters stand behind -a, domains behind -d, queues behind -Q");
		return rc;
	}
	rc = change_ids_request(app, &reserve.ids, &reserve.request);
	if (rc)
		return rc;
	reserve.request.exact |= reserve.exact;
	return change_run(app, reserve.no_modules ? 0 : CHANGE_MODULE, reserve_edit, &reserve);
}
