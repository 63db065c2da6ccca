/* SPDX-License-Identifier: MIT */
/*
 * Makes and verifies the writes that move single queues.  Which queues, and whether at all, is
 * pool_mode.c's to decide.
 */
#include "override.h"

#include <errno.h>

#include "paths.h"

/* The one driver of host queues on kernels that have overrides (CEX2 and CEX3 left in 6.6). */
#define HOST_UNBIND PATH_AP_DRIVERS "/cex4queue/unbind"

/* Clears it; an empty write does nothing. */
#define OVERRIDE_NONE "\n"

void override_queues(const struct apbus *bus, const struct wish *want, bool set, struct qset *ret)
{
	wish_bound_anew(bus, want, ret);
	if (set)
		qset_and(ret, &want->override);
	else
		qset_andnot(ret, &want->override);
}

static const char *unbind_path(bool vfio)
{
	return vfio ? PATH_AP_UNBIND : HOST_UNBIND;
}

static void step_unbind(struct plan_step *step, bool vfio, const char *name)
{
	step->path = strdup(unbind_path(vfio));
	step->undo_path = strdup(PATH_AP_PROBE);
	step->text = strdup(name);
	step->undo_text = strdup(name);
	step->what = finding_text("unbind queue %s", name);
}

static void step_write(struct plan_step *step, bool set, unsigned apid, unsigned apqi,
		       const char *name)
{
	char path[PATH_SIZE];

	path_queue(path, apid, apqi, "driver_override");
	step->path = strdup(path);
	step->undo_path = strdup(path);
	step->text = strdup(set ? "vfio_ap" : OVERRIDE_NONE);
	step->undo_text = strdup(set ? OVERRIDE_NONE : "vfio_ap");
	step->what = finding_text(set ? "set the driver override of queue %s"
				      : "clear the driver override of queue %s",
				  name);
}

static void step_probe(struct plan_step *step, bool vfio, const char *name)
{
	step->path = strdup(PATH_AP_PROBE);
	step->undo_path = strdup(unbind_path(vfio));
	step->text = strdup(name);
	step->undo_text = strdup(name);
	step->what = finding_text("bind queue %s", name);
}

bool override_step(const struct apbus *bus, const struct wish *want, enum override_part part,
		   unsigned apid, unsigned apqi, struct plan_step *ret)
{
	bool set = qset_has(&want->override, apid, apqi);
	bool host = qset_has(&bus->host_driver, apid, apqi);
	bool vfio = qset_has(&bus->vfio_driver, apid, apqi);
	bool stays = set ? vfio : host;
	struct plan_step step = { 0 };
	char name[QUEUE_SIZE];

	queue_format(apid, apqi, name);
	switch (part) {
	case OVERRIDE_UNBIND:
		if (stays || (!host && !vfio))
			return false;
		step_unbind(&step, vfio, name);
		break;
	case OVERRIDE_WRITE:
		if (set == qset_has(&bus->override, apid, apqi))
			return false;
		step_write(&step, set, apid, apqi, name);
		break;
	case OVERRIDE_PROBE:
		if (stays || (set && !bus->vfio_ap_loaded))
			return false;
		step_probe(&step, set, name);
		break;
	case OVERRIDE_PARTS: return false;
	}
	*ret = step;
	return true;
}

/* ---- reading back ------------------------------------------------------------------------- */

bool override_queue(const struct plan_step *step, unsigned *ret_apid, unsigned *ret_apqi)
{
	const char *slash = strrchr(step->path, '/');
	const char *text = step->text;
	char name[QUEUE_SIZE];

	if (slash && strcmp(slash, "/driver_override") == 0 &&
	    slash - step->path >= QUEUE_SIZE - 1) {
		snprintf(name, sizeof(name), "%.*s", QUEUE_SIZE - 1, slash - (QUEUE_SIZE - 1));
		text = name;
	} else if (strcmp(step->path, PATH_AP_PROBE) != 0 &&
		   strcmp(step->path, PATH_AP_UNBIND) != 0 &&
		   strcmp(step->path, HOST_UNBIND) != 0) {
		return false;
	}
	return queue_parse(text, ret_apid, ret_apqi) == 0;
}

/* The queues that steps of @plan are about. */
static bool plan_queues(const struct plan *plan, struct qset *ret)
{
	*ret = (struct qset){ 0 };
	for (size_t i = 0; i < plan->n_steps; i++) {
		unsigned apid, apqi;

		if (override_queue(&plan->step[i], &apid, &apqi))
			qset_add(ret, apid, apqi);
	}
	return !qset_is_empty(ret);
}

static int verify_failed(const struct qset *queues, const char *what, struct err *err)
{
	_cleanup_free_ char *text = finding_queues(queues);

	if (!text)
		return err_oom(err);
	return err_set(err, -EIO, "%s: %s", text, what);
}

int override_verify(int root, const struct plan *plan, const struct wish *want, struct err *err)
{
	_cleanup_free_ struct apbus *bus = NULL;
	struct qset queues, host, vfio;
	int rc;

	if (!plan_queues(plan, &queues))
		return 0;
	bus = malloc(sizeof(*bus));
	if (!bus)
		return err_oom(err);
	rc = apbus_read(root, 0, bus, err);
	if (rc < 0)
		return rc;

	qset_and(&queues, &bus->queues);
	vfio = host = queues;
	qset_and(&vfio, &want->override);
	qset_andnot(&host, &want->override);

	qset_andnot(&vfio, &bus->override_vfio);
	if (!qset_is_empty(&vfio))
		return verify_failed(&vfio, "'driver_override' does not show vfio_ap", err);
	vfio = queues;
	qset_and(&vfio, &want->override);
	qset_andnot(&vfio, &bus->vfio_driver);
	if (bus->vfio_ap_loaded && !qset_is_empty(&vfio))
		return verify_failed(&vfio, "not bound to vfio_ap", err);

	qset_or(&bus->override, &bus->vfio_driver);
	qset_and(&host, &bus->override);
	return qset_is_empty(&host) ? 0 : verify_failed(&host, "not given back to the host", err);
}
