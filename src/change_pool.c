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

/* @now and @want: the running system, or the next boot, where no request is under way. */
static int warn_loss(struct app *app, struct change *change, const struct snapshot *now,
		     const struct wish *want, const struct pool_request *request)
{
	_cleanup_free_ struct loss *loss = malloc(sizeof(*loss));
	struct qset by_card;
	int rc;

	if (!loss)
		return err_oom(&app->err);
	rc = loss_read(app->root, now, want, loss, &app->err);
	if (rc < 0)
		return rc;
	if (now != change->now)
		loss->busy = (struct qset){ 0 };
	by_card = request->queues;
	if (request->has_adapters)
		pool_request_queues(&by_card, request);
	if (loss_find(loss, &by_card, app->force, &change->findings) < 0)
		return err_oom(&app->err);
	return 0;
}

static int reserve_active(struct app *app, struct change *change,
			  const struct pool_request *request)
{
	_cleanup_free_ struct pool_change *pool = malloc(sizeof(*pool));

	if (!pool ||
	    pool_mode_reserve(change->now, request, change->want, pool, &change->findings) < 0)
		return err_oom(&app->err);
	change->reserved = pool->named;
	change->also = pool->also;
	change->by_override = pool->by_override;
	if (!pool->by_override && warn_absent(change, &pool->absent) < 0)
		return err_oom(&app->err);
	return warn_loss(app, change, change->now, change->want, request);
}

/* ---- the next boot ----------------------------------------------------------------------- */

/* Of the overrides that the next boot has, ours are those of the list. */
static void overrides_follow(struct change *change, const struct qset *from, const struct qset *to)
{
	struct qset set = *to, clear = *from;

	qset_andnot(&set, from);
	qset_andnot(&clear, to);
	qset_or(&change->want->overrides, &set);
	qset_andnot(&change->want->overrides, &clear);
}

/* The side that is cleared in the running system is cleared for the next boot too. */
static struct pool_request same_side(const struct app *app, const struct change *change,
				     const struct snapshot *next,
				     const struct pool_request *request)
{
	struct pool_request narrow = *request;
	struct qset host, named;

	if (request->exact || !request->has_adapters || !request->has_domains)
		return narrow;
	pool_request_queues(&named, request);
	qset_product(&host, &next->bus.masks.apmask, &next->bus.masks.aqmask);
	qset_and(&host, &named);
	if (qset_is_empty(&host))
		return narrow;
	if (!app->active)
		return narrow;
	if (!vfioap_mask_intersects(&request->adapters, &change->want->masks.apmask))
		narrow.has_domains = false;
	else if (!vfioap_mask_intersects(&request->domains, &change->want->masks.aqmask))
		narrow.has_adapters = false;
	return narrow;
}

/* driverctl's files are its own: what stands in them is neither taken nor given back here. */
static int refuse_driverctl(struct change *change, const struct pool_request *request, bool reserve)
{
	struct finding proto = { .code = FINDING_OVERRIDE_FOREIGN };
	_cleanup_free_ char *queues = NULL, *hint = NULL;
	unsigned apid = 0, apqi = -1u;
	char name[QUEUE_SIZE];
	struct qset named;

	pool_request_queues(&named, request);
	qset_and(&named, reserve ? &change->now->driverctl_other : &change->now->driverctl);
	if (qset_is_empty(&named))
		return 0;
	qset_next(&named, &apid, &apqi);
	proto.adapters = qset_adapters(&named);
	proto.domains = qset_domains(&named);
	queues = finding_queues(&named);
	hint = finding_text("'driverctl -b ap unset-override %s' takes it back",
			    queue_format(apid, apqi, name));
	if (!queues || !hint)
		return -ENOMEM;
	return findings_say(&change->findings, proto, hint,
			    "driverctl sets the driver override of %s at each boot", queues);
}

static int refuse_both(struct change *change, const struct snapshot *next)
{
	const struct finding proto = { .code = FINDING_MASKS_AND_OVERRIDES,
				       .adapters = qset_adapters(&next->bus.override),
				       .domains = qset_domains(&next->bus.override) };

	if (snapshot_mode(next) != HOST_MODE_MIXED)
		return 0;
	return findings_say(&change->findings, proto, "'vfioap show masks' shows both",
			    "the next boot has masks and driver overrides: clear one of them"
			    " first");
}

/* The next boot is a machine of its own, whose masks are those of 41-ap.rules. */
static int pools_next(struct app *app, struct change *change, const struct pool_request *request,
		      bool reserve)
{
	_cleanup_(snapshot_freep) struct snapshot *next = wish_next_snapshot(change->now);
	_cleanup_(wish_freep) struct wish *want = next ? wish_new(next) : NULL;
	_cleanup_(findings_done) struct findings findings = { 0 };
	_cleanup_free_ struct pool_change *pool = malloc(sizeof(*pool));
	struct pool_request narrow;
	int rc;

	if (!want || !pool)
		return err_oom(&app->err);
	if (refuse_driverctl(change, request, reserve) < 0 || refuse_both(change, next) < 0)
		return err_oom(&app->err);
	if (change->findings.n_errors)
		return 0;
	want->sides = change->want->sides;
	narrow = same_side(app, change, next, request);
	narrow.by_override |= change->by_override;
	rc = reserve ? pool_mode_reserve(next, &narrow, want, pool, &findings)
		     : pool_mode_release(next, request, want, pool, &findings);
	if (rc == 0 && (!app->active || findings.n_errors))
		rc = findings_move(&change->findings, &findings);
	if (rc == 0 && reserve && !app->active && !pool->by_override)
		rc = warn_absent(change, &pool->absent);
	if (rc < 0)
		return err_oom(&app->err);
	wish_next_masks(change->now, change->want, &want->masks);
	overrides_follow(change, &next->bus.override, &want->override);
	if (!reserve)
		return 0;
	qset_or(&change->reserved, &pool->named);
	qset_or(&change->also, &pool->also);
	return app->active ? 0 : warn_loss(app, change, next, want, request);
}

int change_reserve(struct app *app, struct change *change, const struct pool_request *request)
{
	int rc = app->active ? reserve_active(app, change, request) : 0;

	if (rc == 0 && app->persistent && !change->findings.n_errors)
		rc = pools_next(app, change, request, true);
	return rc;
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
	struct finding proto = { .code = FINDING_KEY_LEFT, .severity = FINDING_WARNING };
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

static int release_active(struct app *app, struct change *change,
			  const struct pool_request *request)
{
	_cleanup_free_ struct pool_change *pool = malloc(sizeof(*pool));

	if (!pool ||
	    pool_mode_release(change->now, request, change->want, pool, &change->findings) < 0)
		return err_oom(&app->err);
	change->released = pool->named;
	change->done = warn_keys;
	return 0;
}

int change_release(struct app *app, struct change *change, const struct pool_request *request)
{
	int rc = app->active ? release_active(app, change, request) : 0;

	if (rc == 0 && app->persistent && !change->findings.n_errors)
		rc = pools_next(app, change, request, false);
	return rc;
}

/* ---- both --------------------------------------------------------------------------------- */

int change_pools(struct app *app, struct change *change, const struct qset *before,
		 const struct qset *after)
{
	const struct pool_request nothing = { 0 };

	change->reserved = *after;
	qset_andnot(&change->reserved, before);
	change->released = *before;
	qset_andnot(&change->released, after);
	change->done = warn_keys;
	return warn_loss(app, change, change->now, change->want, &nothing);
}
