// SPDX-License-Identifier: MIT
/*
 * vfioap reserve: take queues from the host's drivers for guests.
 */
#include "commands.h"

#include <errno.h>

#include "change.h"

static int warn_absent(struct change *change, const struct qset *absent)
{
	struct finding proto = { .code = FINDING_QUEUE_ABSENT,
				 .adapters = qset_adapters(absent),
				 .domains = qset_domains(absent),
				 .reason = "absent" };
	_cleanup_free_ char *text = NULL;

	if (qset_is_empty(absent))
		return 0;
	text = finding_queues(absent);
	if (!text)
		return -ENOMEM;
	return findings_say(&change->findings, proto, NULL,
			    "no device for %s yet: reserved for when there is one", text);
}

static int warn_module(struct change *change)
{
	struct finding proto = { .code = FINDING_MODULE_MISSING, .severity = FINDING_WARNING };

	if (change->now->mdevs.loaded || qset_is_empty(&change->reserved))
		return 0;
	return findings_say(
		&change->findings, proto, "'modprobe vfio_ap' loads it",
		"the kernel module vfio_ap is not loaded: the reserved queues are without"
		" driver until it is");
}

static int reserve_edit(struct app *app, struct change *change, void *arg)
{
	const struct pool_request *request = arg;
	struct pool_change pool;
	int rc;

	pool_reserve(&change->now->bus, request, &change->want->masks, &pool);
	change->reserved = pool.named;
	change->also = pool.also;
	rc = warn_absent(change, &pool.absent);
	if (rc == 0)
		rc = warn_module(change);
	return rc < 0 ? err_oom(&app->err) : 0;
}

int cmd_reserve(struct app *app, int argc, const char **argv)
{
	_cleanup_(change_ids_done) struct change_ids ids = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = { CHANGE_POOL_OPTIONS(&ids), CMD_CHANGE_OPTIONS(app),
					      CMD_COMMON_OPTIONS(app), POPT_TABLEEND };
	const struct cmd_syntax syntax = { .options = options };
	struct pool_request request;
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	rc = cmd_args_check(app, &args, 0, 0);
	if (rc)
		return rc;
	rc = change_ids_request(app, &ids, &request);
	if (rc)
		return rc;
	return change_run(app, 0, reserve_edit, &request);
}
