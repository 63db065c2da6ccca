/* SPDX-License-Identifier: MIT */
/*
 * The next boot: udev sets the masks, mdevctl starts what is defined to start by itself.  Of
 * two such devices one cannot have a queue of both; one that is started by hand may never be.
 *
 * Source: interop 4 (who reads 41-ap.rules how), 6.2 (definitions), 8 (what ap-check refuses).
 */
#include "conflict_next.h"

#include <errno.h>

#include "kernel.h"
#include "nextboot.h"
#include "bounds.h"
#include "paths.h"
#include "share.h"

/* What every rule needs. */
struct judge {
	const struct snapshot *now;
	const struct wish *want;
	const struct apbus *after;     /* the running system, as it will be */
	struct qset host_before, host; /* what the next boot leaves to the host */
	unsigned flags;
	struct findings *ret;
};

static const struct matrix no_matrix;

/* What the file says now; empty when it says nothing that can be read. */
static const struct matrix *matrix_before(const struct wish_definition *def)
{
	return def->was && def->was->problem == CONFIG_OK ? &def->was->matrix : &no_matrix;
}

static bool auto_before(const struct wish_definition *def)
{
	return def->was && def->was->problem == CONFIG_OK && def->was->start_auto;
}

static const struct matrix *active_before(const struct judge *j, const char *uuid)
{
	const struct device *device = snapshot_device(j->now, uuid);

	return device && device->mdev && !device->mdev->removing ? &device->mdev->matrix
								 : &no_matrix;
}

/* Queues that the running system's device gets with the same wish. */
static void active_gains(const struct judge *j, const char *uuid, struct qset *ret)
{
	const struct wish_device *active = wish_device_const(j->want, uuid);
	struct qset old;

	share_queues(ret, active ? &active->matrix : &no_matrix);
	share_queues(&old, active_before(j, uuid));
	qset_andnot(ret, &old);
}

/* ---- two definitions ------------------------------------------------------------------------ */

static int say_shared(void *arg, struct finding proto, const char *queues)
{
	const struct judge *j = arg;
	_cleanup_free_ char *hint =
		finding_text("'lsvfioap %s' shows the definition", proto.uuid[1]);

	if (!hint)
		return -ENOMEM;
	if (proto.code == FINDING_QUEUE_SHARED_AUTOSTART)
		return findings_say(j->ret, proto, hint,
				    "cannot define device '%s' with %s: device '%s' is defined with"
				    " it, and both start by themselves",
				    proto.uuid[0], queues, proto.uuid[1]);
	return findings_say(j->ret, proto, hint,
			    "%s of device '%s': device '%s' is defined with it too, and only one of"
			    " them can be active",
			    queues, proto.uuid[0], proto.uuid[1]);
}

/* The queues of both that were not so, or not so grave, before. */
static void shared_queues(const struct wish_definition *def, const struct wish_definition *other,
			  struct qset *ret)
{
	const bool grave = def->start_auto && other->start_auto;
	struct qset queues, old;

	share_queues(ret, &def->matrix);
	share_queues(&queues, &other->matrix);
	qset_and(ret, &queues);
	if (grave && !(auto_before(def) && auto_before(other)))
		return;
	share_queues(&old, matrix_before(def));
	share_queues(&queues, matrix_before(other));
	qset_and(&old, &queues);
	qset_andnot(ret, &old);
}

/* What conflict.c says of the active device @uuid and of @other already. */
static void shared_known(const struct judge *j, const char *uuid,
			 const struct wish_definition *other, struct qset *ret)
{
	const struct wish_device *active = wish_device_const(j->want, other->uuid);
	struct qset theirs;

	active_gains(j, uuid, ret);
	share_queues(&theirs, active ? &active->matrix : &other->matrix);
	qset_and(ret, &theirs);
}

static int judge_pair(const struct judge *j, const struct wish_definition *def,
		      const struct wish_definition *other)
{
	struct finding proto = { .code = def->start_auto && other->start_auto
						 ? FINDING_QUEUE_SHARED_AUTOSTART
						 : FINDING_QUEUE_SHARED_DEFINITION };
	struct qset queues, known;

	if (!wish_definition_usable(other) || !matrix_collide(&def->matrix, &other->matrix))
		return 0;
	shared_queues(def, other, &queues);
	shared_known(j, def->uuid, other, &known);
	qset_andnot(&queues, &known);
	shared_known(j, other->uuid, def, &known);
	qset_andnot(&queues, &known);
	memcpy(proto.uuid[0], def->uuid, UUID_SIZE);
	memcpy(proto.uuid[1], other->uuid, UUID_SIZE);
	return share_say(&queues, proto, say_shared, (void *)j);
}

/* Each pair once, from the one that changes; of two that change from the one that is named. */
static int judge_shared(const struct judge *j, const struct wish_definition *def)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < j->want->n_definitions; i++) {
		const struct wish_definition *other = &j->want->definition[i];

		if (other == def)
			continue;
		if (wish_definition_changes(other) &&
		    (other->named != def->named ? other->named : other < def))
			continue;
		rc = judge_pair(j, def, other);
	}
	return rc;
}

/* ---- queues of the host ------------------------------------------------------------------------
 */

static int say_host(void *arg, struct finding proto, const char *queues)
{
	const struct judge *j = arg;
	char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE];
	_cleanup_free_ char *hint = finding_text(
		j->flags & CONFLICT_CAN_RESERVE
			? "with --reserve, or after 'vfioap reserve%s -a %s -d %s', it is"
			  " no longer the host's"
			: "'vfioap reserve%s -a %s -d %s' takes it from the host",
		j->want->sides, vfioap_list_format(&proto.adapters, a),
		vfioap_list_format(&proto.domains, d));

	if (!hint)
		return -ENOMEM;
	return findings_say(j->ret, proto, hint,
			    "%s device '%s' with %s: the next boot leaves it to the host",
			    proto.severity == FINDING_WARNING ? "defining" : "cannot define",
			    proto.uuid[0], queues);
}

static int say_released(void *arg, struct finding proto, const char *queues)
{
	const struct judge *j = arg;
	_cleanup_free_ char *hint =
		finding_text("'lsvfioap %s' shows the definition", proto.uuid[0]);

	if (!hint)
		return -ENOMEM;
	return findings_say(j->ret, proto, hint,
			    proto.severity == FINDING_WARNING
				    ? "%s given to the host at the next boot: device '%s', defined"
				      " with it, cannot start then"
				    : "cannot give %s to the host at the next boot: device '%s' is"
				      " defined with it",
			    queues, proto.uuid[0]);
}

/* What conflict.c says of the masks of the running system already. */
static void host_known(const struct judge *j, const struct wish_definition *def, struct qset *ret)
{
	struct qset old;

	kernel_host_queues(ret, j->after, &j->want->masks, &def->matrix);
	kernel_host_queues(&old, &j->now->bus, &j->now->bus.masks, active_before(j, def->uuid));
	qset_andnot(ret, &old);
	if (wish_device_const(j->want, def->uuid))
		return;
	/* Nobody asks to start it now: only what the masks newly give away was named. */
	kernel_host_queues(&old, &j->now->bus, &j->now->bus.masks, &def->matrix);
	qset_andnot(ret, &old);
}

static int judge_host(const struct judge *j, const struct wish_definition *def)
{
	const bool wakes = def->start_auto && !auto_before(def);
	struct finding gain = { .code = FINDING_QUEUE_HOST_PERSISTENT }, loss = gain;
	struct qset lost, gained, old, queues;
	int rc;

	share_queues(&lost, &def->matrix);
	gained = lost;
	share_queues(&old, wakes ? &no_matrix : matrix_before(def));
	qset_andnot(&gained, &old);
	qset_and(&gained, &j->host);
	qset_and(&lost, &j->host);
	qset_andnot(&lost, &j->host_before);
	qset_andnot(&lost, &gained);
	host_known(j, def, &queues);
	qset_andnot(&gained, &queues);
	qset_andnot(&lost, &queues);

	if (!def->start_auto)
		gain.severity = FINDING_WARNING;
	if (!def->start_auto && j->flags & CONFLICT_FORCE && !wish_device_const(j->want, def->uuid))
		loss.severity = FINDING_WARNING;
	memcpy(gain.uuid[0], def->uuid, UUID_SIZE);
	memcpy(loss.uuid[0], def->uuid, UUID_SIZE);
	rc = share_say(&gained, gain, say_host, (void *)j);
	return rc == 0 ? share_say(&lost, loss, say_released, (void *)j) : rc;
}

/* ---- files that are not as they should be
 * --------------------------------------------------------- */

static int judge_rules(const struct judge *j)
{
	_cleanup_(udev_report_done) struct udev_report report = { 0 };
	const struct finding proto = { .code = FINDING_FILE_MISREAD };
	int rc;

	if (!wish_rules_change(j->now, j->want) || !j->now->rules.present || j->now->rules.own_form)
		return 0;
	rc = udev_report_make(j->now->rules_text, &j->now->rules, &report);
	if (rc == 0)
		rc = findings_say(
			j->ret, proto, "remove or rename the file; then the masks can be set anew",
			"cannot change '/" PATH_RULES "': line %u is not as chzdev writes it",
			j->now->rules.bad_line);
	for (size_t i = 0; rc == 0 && i < report.n; i++)
		rc = findings_say(j->ret, proto, NULL, "'/" PATH_RULES "': %s", report.v[i]);
	return rc;
}

static int judge_overrides(const struct judge *j)
{
	const struct finding proto = { .code = FINDING_FILE_MISREAD };

	if (!wish_overrides_change(j->now, j->want) || !j->now->overrides.bad_line)
		return 0;
	return findings_say(j->ret, proto, "correct that line",
			    "cannot change '/" PATH_OVERRIDES "': line %u names no queue",
			    j->now->overrides.bad_line);
}

/* The kernel takes one kind alone: of both the next boot would have masks. */
static int judge_mode(const struct judge *j)
{
	const struct apbus_masks masks = nextboot_find(j->now, &j->want->rules).masks;
	struct finding proto = { .code = FINDING_MASKS_AND_OVERRIDES };
	struct qset overrides = j->want->overrides;
	_cleanup_free_ char *queues = NULL;

	qset_or(&overrides, &j->now->driverctl);
	qset_or(&overrides, &j->now->driverctl_other);
	if ((!wish_rules_change(j->now, j->want) && !wish_overrides_change(j->now, j->want)) ||
	    apbus_masks_all(&masks) || qset_is_empty(&overrides))
		return 0;
	queues = finding_queues(&overrides);
	if (!queues)
		return -ENOMEM;
	proto.adapters = qset_adapters(&overrides);
	proto.domains = qset_domains(&overrides);
	return findings_say(j->ret, proto,
			    wish_overrides_change(j->now, j->want)
				    ? "'vfioap release -P -a all' gives all to the host first"
				    : "'vfioap release -P -Q' gives them back first",
			    "the next boot cannot have both, a mask with a cleared bit and driver"
			    " overrides: those of %s",
			    queues);
}

static int say_misread(const struct judge *j, const struct definition *was, const char *verb)
{
	struct finding proto = { .code = FINDING_FILE_MISREAD };
	char path[PATH_SIZE];

	memcpy(proto.uuid[0], was->uuid, UUID_SIZE);
	return findings_say(j->ret, proto,
			    was->text ? "correct that file" : "correct or remove that file",
			    "cannot %s the definition of device '%s': '/%s': %s", verb, was->uuid,
			    path_definition(path, was->uuid), was->detail);
}

/* A file that is to go has to be one that we can put back. */
static int judge_removed(const struct judge *j, const struct definition *was)
{
	return was->text ? 0 : say_misread(j, was, "remove");
}

/* One that is to change also has to read, but for what goes away with the change. */
static int judge_changed(const struct judge *j, const struct wish_definition *def)
{
	const struct definition *was = def->was;
	const struct config_change change = {
		.matrix = &def->matrix,
		.start = def->start_auto ? CONFIG_START_AUTO : CONFIG_START_MANUAL,
		.rewrite = def->rewrite,
	};
	struct finding proto = { .code = FINDING_FILE_MISREAD };
	_cleanup_free_ char *text = NULL;
	struct err err = { 0 };
	int rc;

	if (!was->text || was->problem == CONFIG_BAD_JSON ||
	    (was->problem != CONFIG_OK && !def->rewrite))
		return say_misread(j, was, "change");
	rc = config_edit(was->uuid, was->text, was->text_len, &change, &text, &err);
	if (rc == 0 || rc == -ENOMEM)
		return rc;
	memcpy(proto.uuid[0], was->uuid, UUID_SIZE);
	return findings_say(j->ret, proto, *err.hint ? err.hint : "correct that file", "%s",
			    err.what);
}

/* ---- all of it
 * ------------------------------------------------------------------------------------- */

/* What was said of the active device needs not be said again. */
static bool bounds_known(const struct judge *j, const struct wish_definition *def)
{
	const struct wish_device *active = wish_device_const(j->want, def->uuid);

	return active && matrix_equal(&active->matrix, &def->matrix) &&
	       !matrix_equal(&active->matrix, active_before(j, def->uuid));
}

static int judge_definition(const struct judge *j, const struct wish_definition *def)
{
	int rc = 0;

	if (def->was &&
	    (wish_definition_changes(def) || (def->named && def->was->problem != CONFIG_OK)))
		rc = judge_changed(j, def);
	if (rc < 0 || !wish_definition_usable(def))
		return rc;
	if (wish_definition_changes(def)) {
		if (!bounds_known(j, def))
			rc = bounds_find(j->now, def->uuid, matrix_before(def), &def->matrix,
					 j->flags & CONFLICT_FORCE, j->ret);
		if (rc == 0)
			rc = judge_shared(j, def);
	}
	return rc == 0 ? judge_host(j, def) : rc;
}

int conflict_find_next(const struct snapshot *now, const struct wish *want, unsigned flags,
		       struct findings *ret)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	struct judge j = {
		.now = now,
		.want = want,
		.after = after,
		.flags = flags,
		.ret = ret,
	};
	int rc;

	if (!after)
		return -ENOMEM;
	wish_predict_bus(now, want, after);
	wish_next_host(now, &now->rules, &now->overrides.queues, &j.host_before);
	wish_next_host(now, &want->rules, &want->overrides, &j.host);
	rc = judge_rules(&j);
	if (rc == 0)
		rc = judge_overrides(&j);
	if (rc == 0)
		rc = judge_mode(&j);
	for (size_t i = 0; rc == 0 && i < now->n_devices; i++)
		if (now->device[i].definition && !wish_definition_const(want, now->device[i].uuid))
			rc = judge_removed(&j, now->device[i].definition);
	for (size_t i = 0; rc == 0 && i < want->n_definitions; i++)
		rc = judge_definition(&j, &want->definition[i]);
	return rc;
}
