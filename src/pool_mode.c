/* SPDX-License-Identifier: MIT */
/*
 * Reserve and release by what the host reserves queues with: the masks, or driver overrides
 * (Linux 6.19).  The kernel takes writes of only one kind while the other is in use, so the
 * kind in force is kept.  The arithmetic of masks is pool.c's and pool_exact.c's.
 *
 * Source: ap_bus.c and ap_queue.c of Linux, driver_override_store() and apmask_store().
 */
#include "pool.h"

#include <errno.h>

#define OVERRIDE_CLEAR "'echo > /sys/bus/ap/devices/%s/driver_override' clears it"

static struct finding finding_about(enum finding_code code, const struct qset *queues)
{
	return (struct finding){ .code = code,
				 .adapters = qset_adapters(queues),
				 .domains = qset_domains(queues) };
}

/* A hint that shows how the first of these overrides is cleared. */
static char *hint_clear(const struct qset *queues)
{
	char name[QUEUE_SIZE];
	unsigned apid = 0, apqi = -1u;

	qset_next(queues, &apid, &apqi);
	return finding_text(OVERRIDE_CLEAR, queue_format(apid, apqi, name));
}

static int refuse_mixed(const struct apbus *bus, struct findings *findings)
{
	_cleanup_free_ char *queues = finding_queues(&bus->override);
	_cleanup_free_ char *hint = hint_clear(&bus->override);

	if (!queues || !hint)
		return -ENOMEM;
	return findings_say(findings, finding_about(FINDING_MASKS_AND_OVERRIDES, &bus->override),
			    hint,
			    "masks and driver overrides are both in use: clear the override of %s"
			    " first",
			    queues);
}

/* Overrides that somebody else has set to something else are not ours to replace. */
static int refuse_foreign(const struct qset *foreign, struct findings *findings)
{
	_cleanup_free_ char *queues = finding_queues(foreign), *hint = hint_clear(foreign);

	if (!queues || !hint)
		return -ENOMEM;
	return findings_say(findings, finding_about(FINDING_OVERRIDE_FOREIGN, foreign), hint,
			    "%s: 'driver_override' is set, and not to vfio_ap", queues);
}

static int refuse_inexact(const struct apbus *bus, const struct pool_request *request,
			  const struct apbus_masks *masks, const char *sides,
			  struct findings *findings)
{
	_cleanup_free_ char *also_text = NULL, *args = NULL, *hint = NULL;
	struct pool_request least;
	struct qset also;

	pool_reserve_least(bus, request, masks, &least, &also);
	also_text = finding_queues(&also);
	args = pool_request_format(&least);
	if (!also_text || !args)
		return -ENOMEM;
	hint = finding_text("'vfioap reserve%s%s' takes them too", sides, args);
	if (!hint)
		return -ENOMEM;
	return findings_say(findings, finding_about(FINDING_RESERVE_TAKES_MORE, &also), hint,
			    "masks cannot take these queues alone: the host would lose %s too",
			    also_text);
}

static int refuse_absent(const struct qset *absent, struct findings *findings)
{
	struct finding proto = finding_about(FINDING_QUEUE_ABSENT, absent);
	_cleanup_free_ char *queues = finding_queues(absent);

	if (!queues)
		return -ENOMEM;
	proto.severity = FINDING_ERROR;
	proto.reason = "absent";
	return findings_say(findings, proto, "'lsvfioap -q' shows the queues that there are",
			    "cannot reserve %s: no such device yet, and only a queue that exists"
			    " can have a driver override",
			    queues);
}

/* ---- overrides ---------------------------------------------------------------------------- */

static int warn_override(const struct qset *queues, struct findings *findings)
{
	struct finding proto = finding_about(FINDING_OVERRIDE_VOLATILE, queues);
	_cleanup_free_ char *text = finding_queues(queues);

	if (!text)
		return -ENOMEM;
	return findings_say(findings, proto, NULL,
			    "%s reserved by driver override: a card that leaves the configuration"
			    " returns to the host",
			    text);
}

static int reserve_overrides(const struct apbus *bus, const struct pool_request *request,
			     struct wish *want, struct pool_change *ret, struct findings *findings)
{
	struct qset named, set, again, foreign;

	*ret = (struct pool_change){ .by_override = true };
	pool_request_absent(&ret->absent, bus, request);
	if (!qset_is_empty(&ret->absent))
		return refuse_absent(&ret->absent, findings);

	pool_request_queues(&named, request);
	qset_and(&named, &bus->queues);
	foreign = named;
	qset_and(&foreign, &bus->override);
	qset_andnot(&foreign, &bus->override_vfio);
	if (!qset_is_empty(&foreign))
		return refuse_foreign(&foreign, findings);

	/* Those that have it and were never bound anew: nothing but a bind is missing. */
	again = named;
	qset_and(&again, &bus->override_vfio);
	qset_andnot(&again, &bus->vfio_driver);
	if (!bus->vfio_ap_loaded)
		qset_and(&again, &bus->host_driver);
	set = named;
	qset_andnot(&set, &bus->override_vfio);

	qset_or(&want->override, &set);
	qset_or(&want->rebind, &again);
	ret->named = set;
	qset_andnot(&ret->named, &bus->vfio_driver);
	qset_or(&ret->named, &again);
	return qset_is_empty(&set) ? 0 : warn_override(&set, findings);
}

static int release_overrides(const struct apbus *bus, const struct pool_request *request,
			     struct wish *want, struct pool_change *ret, struct findings *findings)
{
	struct qset named, clear, again, foreign;

	*ret = (struct pool_change){ .by_override = true };
	pool_request_queues(&named, request);
	qset_and(&named, &bus->queues);
	foreign = named;
	qset_and(&foreign, &bus->override);
	qset_andnot(&foreign, &bus->override_vfio);
	qset_andnot(&foreign, &bus->host_driver);
	if (!qset_is_empty(&foreign))
		return refuse_foreign(&foreign, findings);

	clear = named;
	qset_and(&clear, &bus->override_vfio);
	/* Cleared by somebody, but never bound anew: a mask write would move it some day. */
	again = named;
	qset_andnot(&again, &bus->host_driver);
	qset_andnot(&again, &bus->override);

	qset_andnot(&want->override, &clear);
	qset_or(&want->rebind, &again);
	ret->named = clear;
	qset_or(&ret->named, &again);
	return 0;
}

/* ---- the mode decides ------------------------------------------------------------------------ */

int pool_mode_reserve(const struct snapshot *now, const struct pool_request *request,
		      struct wish *want, struct pool_change *ret, struct findings *findings)
{
	const struct apbus *bus = &now->bus;
	enum host_mode mode = snapshot_mode(now);

	*ret = (struct pool_change){ 0 };
	if (mode == HOST_MODE_MIXED)
		return refuse_mixed(bus, findings);
	if (mode == HOST_MODE_OVERRIDE || request->by_override)
		return reserve_overrides(bus, request, want, ret, findings);
	if (!request->exact) {
		pool_reserve(bus, request, &want->masks, ret);
		return 0;
	}
	if (pool_reserve_exact(bus, request, &want->masks, ret))
		return 0;
	*ret = (struct pool_change){ 0 };
	if (mode == HOST_MODE_DEFAULT && bus->override_known)
		return reserve_overrides(bus, request, want, ret, findings);
	return refuse_inexact(bus, request, &want->masks, want->sides, findings);
}

int pool_mode_release(const struct snapshot *now, const struct pool_request *request,
		      struct wish *want, struct pool_change *ret, struct findings *findings)
{
	*ret = (struct pool_change){ 0 };
	switch (snapshot_mode(now)) {
	case HOST_MODE_MIXED: return refuse_mixed(&now->bus, findings);
	case HOST_MODE_MASKS:
		return pool_release(&now->bus, request, want->sides, &want->masks, ret, findings);
	case HOST_MODE_DEFAULT:
	case HOST_MODE_OVERRIDE: break;
	}
	return release_overrides(&now->bus, request, want, ret, findings);
}
