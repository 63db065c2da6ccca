// SPDX-License-Identifier: MIT
/*
 * vfioap release: give queues back to the host's drivers.
 */
#include "commands.h"

#include "change.h"

static int release_edit(struct app *app, struct change *change, void *arg)
{
	return change_release(app, change, arg);
}

int cmd_release(struct app *app, int argc, const char **argv)
{
	_cleanup_(change_ids_done) struct change_ids ids = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CHANGE_POOL_OPTIONS(&ids),
		CHANGE_QUEUES_OPTION(&ids),
		CMD_FORCE_OPTION(app, "Also queues of manual definitions that are not active"),
		CMD_CHANGE_OPTIONS(app),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	struct pool_request request;
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	rc = cmd_args_check(app, &args, 0, 0);
	if (rc) {
		cmd_hint(app, "adapters stand behind -a, domains behind -d, queues behind -Q");
		return rc;
	}
	rc = change_ids_request(app, &ids, &request);
	if (rc)
		return rc;
	return change_run(app, 0, release_edit, &request);
}
