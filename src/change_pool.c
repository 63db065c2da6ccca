// SPDX-License-Identifier: MIT
/*
 * Queues from the host and back, as parts of a change: what is said of them beside what
 * pool_mode.c and loss.c find.
 */
#include "change.h"

#include <errno.h>

#include "loss.h"
#include "zcrypt.h"

/* ---- reserve ----------------------------------------------------------------------------- */

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

static int warn_loss(struct app *app, struct change *change, const struct pool_request *request)
{
	_cleanup_free_ struct loss *loss = malloc(sizeof(*loss));
	struct qset by_card;
	int rc;

	if (!loss)
		return err_oom(&app->err);
	rc = loss_read(app->root, change->now, change->want, loss, &app->err);
	if (rc < 0)
		return rc;
	by_card = request->queues;
	if (request->has_adapters)
		pool_request_queues(&by_card, request);
	if (loss_find(loss, &by_card, app->force, &change->findings) < 0)
		return err_oom(&app->err);
	return 0;
}

int change_reserve(struct app *app, struct change *change, const struct pool_request *request)
{
	_cleanup_free_ struct pool_change *pool = malloc(sizeof(*pool));

	if (!pool ||
	    pool_mode_reserve(change->now, request, change->want, pool, &change->findings) < 0)
		return err_oom(&app->err);
	change->reserved = pool->named;
	change->also = pool->also;
	if (!pool->by_override && warn_absent(change, &pool->absent) < 0)
		return err_oom(&app->err);
	return warn_loss(app, change, request);
}

/* ---- release ----------------------------------------------------------------------------- */

/* Which queues still hold something, and which registers. */
static void read_keys(int root, const struct qset *queues, struct qset *ret_queues,
		      unsigned *ret_keys)
{
	*ret_queues = (struct qset){ 0 };
	*ret_keys = 0;
	QSET_FOREACH(apid, apqi, queues) {
		unsigned keys = zcrypt_keys_read(root, apid, apqi);

		*ret_keys |= keys;
		if (keys)
			qset_add(ret_queues, apid, apqi);
	}
}

static int warn_keys(struct app *app, struct change *change, const struct snapshot *after)
{
	struct finding proto = { .code = FINDING_KEY_LEFT };
	struct qset released = change->released, left;
	_cleanup_free_ char *queues = NULL, *keys = NULL;
	unsigned registers;

	qset_and(&released, &after->bus.host_driver);
	read_keys(app->root, &released, &left, &registers);
	if (!registers)
		return 0;
	proto.adapters = qset_adapters(&left);
	proto.domains = qset_domains(&left);
	queues = finding_queues(&left);
	keys = zcrypt_keys_format(registers);
	if (!queues || !keys ||
	    findings_say(&change->findings, proto, "zeroize them (TKE, panel) before another use",
			 "master keys of a guest may be left in %s: %s", queues, keys) < 0)
		return err_oom(&app->err);
	return 0;
}

int change_release(struct app *app, struct change *change, const struct pool_request *request)
{
	_cleanup_free_ struct pool_change *pool = malloc(sizeof(*pool));

	if (!pool ||
	    pool_mode_release(change->now, request, change->want, pool, &change->findings) < 0)
		return err_oom(&app->err);
	change->released = pool->named;
	change->done = warn_keys;
	return 0;
}
