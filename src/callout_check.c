// SPDX-License-Identifier: MIT
/*
 * The callout's checks.  What ap-check finds is said in its words, a line a queue, numbers in
 * decimal; what it does not look at (manual definitions, sizes, ranges, refusals of the kernel)
 * in ours, from the same rules as every command of vfioap.
 */
#include "callout.h"

#include <stdio.h>
#include <string.h>

#include "caps.h"
#include "conflict.h"
#include "overrides.h"

/* ---- queues, in ap-check's words ------------------------------------------------------------- */

/* struct clash - what two sets have in common, and what to say of each queue */
struct clash {
	const struct matrix *matrix;
	struct vfioap_mask adapters, domains;
	const struct qset *exempt; /* NULL: none */
	const char *text, *uuid;   /* uuid may be "" */
};

static int clash_say(const struct clash *clash)
{
	const struct vfioap_mask a = vfioap_mask_and(clash->matrix->adapters, clash->adapters);
	const struct vfioap_mask d = vfioap_mask_and(clash->matrix->domains, clash->domains);
	int rc = 0;

	VFIOAP_MASK_FOREACH(apid, &a) {
		VFIOAP_MASK_FOREACH(apqi, &d) {
			if (clash->exempt && qset_has(clash->exempt, apid, apqi))
				continue;
			callout_say("APQN %u.%u %s%s", apid, apqi, clash->text, clash->uuid);
			rc = CALLOUT_REFUSED;
		}
	}
	return rc;
}

static int masks_clash(const struct apbus_masks *masks, const struct qset *exempt,
		       const struct matrix *matrix, const char *text)
{
	const struct clash clash = {
		.matrix = matrix,
		.adapters = masks->apmask,
		.domains = masks->aqmask,
		.exempt = exempt,
		.text = text,
		.uuid = "",
	};

	return clash_say(&clash);
}

static int matrix_clash(const struct matrix *other, const char *uuid, const struct matrix *matrix,
			const char *text)
{
	const struct clash clash = {
		.matrix = matrix,
		.adapters = other->adapters,
		.domains = other->domains,
		.text = text,
		.uuid = uuid,
	};

	return clash_say(&clash);
}

/* ---- in our words ---------------------------------------------------------------------------- */

/* Those that ap-check has words for. */
static bool is_theirs(const struct finding *finding)
{
	return finding->code == FINDING_QUEUE_SHARED_ACTIVE ||
	       finding->code == FINDING_QUEUE_HOST_ACTIVE;
}

/* @said: what they add to.  Of what is refused already warnings are no help. */
static int findings_tell(const struct findings *findings, int said)
{
	const enum finding_severity least = said ? FINDING_ERROR : FINDING_WARNING;
	int rc = said;

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];

		if (finding->severity < least || (said && is_theirs(finding)))
			continue;
		if (finding->severity == FINDING_ERROR)
			rc = CALLOUT_REFUSED;
		callout_say("%s%s", finding->severity == FINDING_ERROR ? "" : "warning: ",
			    finding->message);
	}
	return rc;
}

/* The wish of this start, judged by all rules. */
static int judge(const struct callout *c, const struct snapshot *now, const struct definition *d,
		 struct findings *ret)
{
	_cleanup_(wish_freep) struct wish *want = wish_new(now);
	const bool boot = d->start_auto && strcmp(c->event, "pre") == 0;
	struct wish_device *device;

	if (!want)
		return CALLOUT_REFUSED;
	device = wish_device(want, c->uuid);
	if (!device && wish_device_add(want, c->uuid, &device) < 0)
		return CALLOUT_REFUSED;
	device->matrix = d->matrix;
	device->named = true;

	/* At boot each of two that conflict is started in turn: the first one wins. */
	return conflict_find(now, want, boot ? CONFLICT_AUTOSTART : 0, ret) < 0 ? CALLOUT_REFUSED
										: 0;
}

static int check_active(const struct snapshot *now, const struct definition *d)
{
	struct qset exempt = now->bus.override;
	int rc = 0;

	for (size_t i = 0; i < now->mdevs.n; i++) {
		const struct mdev *mdev = &now->mdevs.v[i];

		if (strcmp(mdev->uuid, d->uuid) != 0)
			rc |= matrix_clash(&mdev->matrix, mdev->uuid, &d->matrix,
					   "already in use by ");
	}
	qset_and(&exempt, &now->bus.vfio_driver);
	return rc | masks_clash(&now->bus.masks, &exempt, &d->matrix,
				"is not allowed for vfio_ap-passthrough use by the active ap bus "
				"mask settings");
}

/* What mdevctl would find out by a write, with the device made already. */
static int check_entries(const struct snapshot *now, const struct definition *d)
{
	const struct caps caps = caps_find(now);

	if (d->other)
		return callout_refuse("Invalid attribute '%s'", d->other);
	for (size_t i = 0; i < d->n_entries; i++)
		if (d->entry[i].what == CONFIG_AP_CONFIG && caps.ap_config_known && !caps.ap_config)
			return callout_refuse("Invalid attribute 'ap_config': this kernel does "
					      "not have it");
	return 0;
}

int callout_check_start(struct callout *c, const struct definition *d)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	_cleanup_(findings_done) struct findings findings = { 0 };
	int rc;

	if (vfioap_mask_is_empty(&d->matrix.domains) && !vfioap_mask_is_empty(&d->matrix.controls))
		return callout_refuse("At least one usage domain must be specified");
	if (snapshot_read(c->root, SNAPSHOT_ALL, &now, &c->err) < 0)
		return callout_refuse("Error reading system AP settings: %s", c->err.what);

	rc = check_active(now, d) | check_entries(now, d);
	if (judge(c, now, d, &findings))
		return callout_refuse("out of memory");
	return findings_tell(&findings, rc);
}

/* ---- for the next boot ----------------------------------------------------------------------- */

/* Against autostart definitions queues are refused; against manual ones, and of one, told. */
static int check_definitions(const struct snapshot *now, const struct definition *d)
{
	int rc = 0;

	for (size_t i = 0; i < now->definitions.n; i++) {
		const struct definition *other = &now->definitions.v[i];

		if (other->problem != CONFIG_OK || strcmp(other->uuid, d->uuid) == 0)
			continue;
		if (d->start_auto && other->start_auto)
			rc |= matrix_clash(&other->matrix, other->uuid, &d->matrix,
					   "is defined for autostart by ");
		else
			matrix_clash(&other->matrix, other->uuid, &d->matrix,
				     "(warning) is defined too by ");
	}
	return rc;
}

/* Queues that have an override now, or at the next boot, are not the host's. */
static int exempt_find(struct callout *c, const struct snapshot *now, struct qset *ret)
{
	struct qset driverctl, other;
	struct overrides list;

	*ret = now->bus.override_vfio;
	if (overrides_read(c->root, &list, NULL, NULL, &c->err) < 0 ||
	    overrides_driverctl_read(c->root, &driverctl, &other, &c->err) < 0)
		return callout_refuse("Error reading system AP settings: %s", c->err.what);
	qset_or(ret, &list.queues);
	qset_or(ret, &driverctl);
	return 0;
}

/* A mask that the rules do not set is the one of now, as the peers take it (libap/ap.c). */
static int check_rules(struct callout *c, const struct snapshot *now, const struct definition *d)
{
	const struct udev_rules *rules = &now->rules;
	struct apbus_masks masks = now->bus.masks;
	struct qset exempt;

	if (!d->start_auto)
		return 0;
	if (rules->abort_line)
		return callout_refuse("Error reading system AP settings: line %u of 41-ap.rules",
				      rules->abort_line);
	if (!now->bus.present && !(rules->has_apmask && rules->has_aqmask))
		return callout_refuse("Error reading system AP settings");
	if (rules->has_apmask)
		masks.apmask = rules->masks.apmask;
	if (rules->has_aqmask)
		masks.aqmask = rules->masks.aqmask;
	if (exempt_find(c, now, &exempt))
		return CALLOUT_REFUSED;
	return masks_clash(&masks, &exempt, &d->matrix,
			   "is not defined for vfio_ap-passthrough use by the persistent ap bus "
			   "mask settings");
}

static int check_size(const struct snapshot *now, const struct definition *d)
{
	const unsigned count = matrix_count(&d->matrix);

	if (d->set_only)
		callout_say("warning: entries of ap_config and unassign_* are not seen by chzdev "
			    "and ap-check, which take other queues for those of this device");
	if (count <= MDEV_MATRIX_SAFE || now->bus.bindings_complete_count)
		return 0;
	return callout_refuse("the device would have %u queues: on kernels before 6.17 any user "
			      "who reads its 'matrix' file then corrupts kernel memory",
			      count);
}

int callout_check_define(struct callout *c, const struct definition *d)
{
	const unsigned parts = SNAPSHOT_BUS | SNAPSHOT_DEFINITIONS | SNAPSHOT_RULES;
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	int rc;

	if (snapshot_read(c->root, parts, &now, &c->err) < 0)
		return callout_refuse("Error reading system AP settings: %s", c->err.what);
	rc = check_definitions(now, d);
	rc |= check_rules(c, now, d);
	return rc | check_size(now, d);
}
