/* SPDX-License-Identifier: MIT */
/*
 * Changes of apmask and aqmask in chzdev's words.  How a change is carried out, and what is said
 * against it, is left to change.c and the policy.
 *
 * Source: s390-tools, zdev/src/chzdev.c (messages), zdev/src/ap.c (values, conflicts).
 */
#include <errno.h>
#include <string.h>

#include "change.h"
#include "chzdev.h"
#include "nextboot.h"
#include "out.h"

/* ---- settings ---------------------------------------------------------------------------- */

int chzdev_setting_parse(struct app *app, const char *text, struct chzdev_edit *edit)
{
	size_t len = strcspn(text, "=");
	struct vfioap_parse_error error;
	struct vfioap_change change;
	enum zdev_attribute i;

	if (!zdev_attribute_find(text, len, &i)) {
		cmd_fail(app, STATUS_FAILED, "unknown device type attribute specified: %.*s",
			 (int)(len < 80 ? len : 80), text);
		cmd_hint(app, "the attributes are apmask and aqmask");
		return RC_EXIT(EXIT_UNKNOWN_ATTRIBUTE);
	}
	if (edit->side[ZDEV_ACTIVE].given[i]) {
		cmd_fail(app, STATUS_FAILED, "cannot specify multiple values for attribute '%s'",
			 zdev_attribute_name(i));
		return RC_EXIT(EXIT_BAD_VALUE);
	}
	text += len + 1;
	if (zdev_value_parse(text, &change, &error) < 0) {
		zdev_value_explain(i, text, &error, &app->err);
		return RC_EXIT(EXIT_BAD_VALUE);
	}
	for (enum zdev_side side = 0; side < ZDEV_SIDES; side++) {
		edit->side[side].given[i] = true;
		edit->side[side].change[i] = change;
	}
	return 0;
}

/* The masks of the running system always have a value. */
int chzdev_removals_parse(struct app *app, const struct cmd_texts *remove, struct chzdev_edit *edit)
{
	enum zdev_attribute attribute;

	for (size_t i = 0; i < remove->n; i++) {
		const char *name = remove->v[i];

		if (!zdev_attribute_find(name, strlen(name), &attribute)) {
			cmd_fail(app, STATUS_FAILED, "setting not found: %s", name);
			return RC_EXIT(EXIT_NOT_SET);
		}
		if (app->active) {
			cmd_usage(app, "cannot remove setting '%s' from the active configuration",
				  name);
			cmd_hint(app, "--persistent removes it from what the next boot sets");
			return STATUS_USAGE;
		}
		if (edit->side[ZDEV_PERSISTENT].given[attribute])
			return cmd_usage(app, "a value and --remove for attribute '%s'", name);
		edit->removed[attribute] = true;
	}
	return 0;
}

/* ---- conflicts --------------------------------------------------------------------------- */

/* Whose the queue is: "mdev", "defined autostart mdev" or "defined mdev". */
static const char *owner_kind(const struct change *change, const char *uuid, unsigned apid,
			      unsigned apqi, bool next)
{
	const struct wish_device *active = wish_device_const(change->want, uuid);
	const struct device *known = snapshot_device(change->now, uuid);

	if (!next && active && vfioap_mask_has(&active->matrix.adapters, apid) &&
	    vfioap_mask_has(&active->matrix.domains, apqi))
		return "mdev";
	return known && known->definition && known->definition->start_auto
		       ? "defined autostart mdev"
		       : "defined mdev";
}

/* As chzdev says it: a line a queue and mask that gives it to the host, numbers decimal. */
static void conflict_print(const struct app *app, const struct change *change,
			   const struct finding *finding)
{
	const bool next = finding->code == FINDING_QUEUE_HOST_PERSISTENT;
	const struct apbus_masks from = next ? nextboot_find(change->now, &change->now->rules).masks
					     : change->now->bus.masks;
	const struct apbus_masks to =
		next ? nextboot_find(change->now, &change->want->rules).masks : change->want->masks;
	const struct vfioap_mask more[] = {
		[ZDEV_APMASK] = vfioap_mask_andnot(to.apmask, from.apmask),
		[ZDEV_AQMASK] = vfioap_mask_andnot(to.aqmask, from.aqmask),
	};
	const char *uuid = finding->uuid[0];

	VFIOAP_MASK_FOREACH(apid, &finding->adapters) {
		VFIOAP_MASK_FOREACH(apqi, &finding->domains) {
			const char *kind = owner_kind(change, uuid, apid, apqi, next);

			for (enum zdev_attribute i = 0; i < ZDEV_ATTRIBUTES; i++)
				if (vfioap_mask_has(&more[i], i == ZDEV_APMASK ? apid : apqi))
					cmd_error(app, "%s%s conflicts with %s %s APQN %u.%u",
						  next ? "persistent " : "", zdev_attribute_name(i),
						  kind, uuid, apid, apqi);
		}
	}
}

/* Of one side alone, or what is said of the running system would not be said of the next boot. */
static int side_print(struct app *app, const struct change *change, enum zdev_side side,
		      struct chzdev_edit *edit)
{
	_cleanup_(wish_freep) struct wish *want = wish_new(change->now);
	_cleanup_(findings_done) struct findings findings = { 0 };
	struct change alone = { .now = change->now, .want = want };

	if (!want)
		return err_oom(&app->err);
	if (side == ZDEV_ACTIVE)
		want->masks = change->want->masks;
	else
		want->rules = change->want->rules;
	if (conflict_find(change->now, want, app->force ? CONFLICT_FORCE : 0, &findings) < 0)
		return err_oom(&app->err);
	for (size_t i = 0; i < findings.n; i++) {
		const struct finding *finding = &findings.v[i];

		if (finding->severity != FINDING_ERROR)
			continue;
		edit->overrides |= finding->code == FINDING_MASKS_AND_OVERRIDES;
		if (finding->code != FINDING_QUEUE_HOST_ACTIVE &&
		    finding->code != FINDING_QUEUE_HOST_PERSISTENT)
			continue;
		conflict_print(app, &alone, finding);
		edit->n_conflicts++;
	}
	return 0;
}

/* Only says in chzdev's words what change_run() then refuses. */
static int conflicts_print(struct app *app, const struct change *change, struct chzdev_edit *edit)
{
	int rc = app->active ? side_print(app, change, ZDEV_ACTIVE, edit) : 0;

	if (rc == 0 && app->persistent)
		rc = side_print(app, change, ZDEV_PERSISTENT, edit);
	return rc;
}

/* What no device is to blame for is the kernel's refusal, only foreseen. */
static int conflict_exit(const struct chzdev_edit *edit)
{
	if (edit->overrides && !edit->n_conflicts)
		return RC_EXIT(EXIT_RUNTIME);
	fputs("ap device type configure failed\n"
	      "    Error: Invalid configuration\n",
	      stderr);
	return RC_EXIT(EXIT_CONFLICT);
}

/* ---- change ------------------------------------------------------------------------------ */

/* As chzdev does: what the next boot does not set yet starts from the running system. */
static int rules_edit(struct app *app, const struct chzdev_edit *edit,
		      const struct apbus_masks *active, struct udev_rules *rules)
{
	const struct zdev_settings *settings = &edit->side[ZDEV_PERSISTENT];
	struct {
		bool *has;
		struct vfioap_mask *mask;
		const struct vfioap_mask *active;
	} row[] = {
		[ZDEV_APMASK] = { &rules->has_apmask, &rules->masks.apmask, &active->apmask },
		[ZDEV_AQMASK] = { &rules->has_aqmask, &rules->masks.aqmask, &active->aqmask },
	};

	for (enum zdev_attribute i = 0; i < ZDEV_ATTRIBUTES; i++) {
		if (edit->removed[i] && !*row[i].has) {
			cmd_fail(app, STATUS_FAILED, "setting not found: %s",
				 zdev_attribute_name(i));
			return RC_EXIT(EXIT_NOT_SET);
		}
		if (edit->removed[i])
			*row[i].has = false;
		if (!settings->given[i])
			continue;
		*row[i].mask = vfioap_change_apply(&settings->change[i],
						   *row[i].has ? *row[i].mask : *row[i].active);
		*row[i].has = true;
	}
	return 0;
}

static int masks_edit(struct app *app, struct change *change, void *arg)
{
	const struct apbus *bus = &change->now->bus;
	struct apbus_masks *want = &change->want->masks;
	struct chzdev_edit *edit = arg;
	const struct vfioap_change *to = edit->side[ZDEV_ACTIVE].change;
	struct qset before;
	int rc = 0;

	if (app->active) {
		want->apmask = vfioap_change_apply(&to[ZDEV_APMASK], want->apmask);
		want->aqmask = vfioap_change_apply(&to[ZDEV_AQMASK], want->aqmask);
	}
	if (app->persistent)
		rc = rules_edit(app, edit, &bus->masks, &change->want->rules);
	if (rc)
		return rc;
	edit->changes = !vfioap_mask_equal(&want->apmask, &bus->masks.apmask) ||
			!vfioap_mask_equal(&want->aqmask, &bus->masks.aqmask) ||
			wish_rules_change(change->now, change->want);

	apbus_masks_reserved(&bus->masks, &bus->queues, &before);
	apbus_masks_reserved(want, &bus->queues, &change->reserved);
	qset_andnot(&change->reserved, &before);
	return conflicts_print(app, change, edit);
}

int chzdev_change(struct app *app, struct chzdev_edit *edit)
{
	int rc = change_run(app, CHANGE_HOLDERS, masks_edit, edit);

	if (rc == STATUS_CONFLICT)
		return conflict_exit(edit);
	if (rc == 0 && !app->dry_run && !app->quiet)
		out_printf(app, "ap device type %s\n",
			   edit->changes ? "configured" : "already configured");
	return rc;
}

/* ---- import ------------------------------------------------------------------------------ */

static int import_parse(struct app *app, const char *name, const char *file,
			struct zdev_import *import)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int rc = chzdev_file_read(app, file, &text, &len);

	if (rc)
		return rc;
	rc = zdev_import_parse(name, text, len, import, &app->err);
	switch (rc) {
	case -EBADMSG: return RC_EXIT(EXIT_FORMAT);
	case -ENODATA: return RC_EXIT(EXIT_UNKNOWN_ATTRIBUTE);
	case -EINVAL: return RC_EXIT(EXIT_BAD_VALUE);
	default: return rc;
	}
}

static bool settings_any(const struct zdev_settings *settings)
{
	return settings->given[ZDEV_APMASK] || settings->given[ZDEV_AQMASK];
}

int chzdev_import(struct app *app, const char *file)
{
	const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
	struct zdev_import import = { 0 };
	struct chzdev_edit edit = { 0 };
	int rc = import_parse(app, name, file, &import);

	if (rc)
		return rc;
	if (import.others)
		cmd_warn(app, "%.255s:%u: %u section%s of other device types, ignoring", name,
			 import.other_line, import.others, import.others == 1 ? "" : "s");
	if (!import.sections) {
		cmd_note(app, "%.255s: no settings found to import", name);
		return 0;
	}
	app->active &= settings_any(&import.side[ZDEV_ACTIVE]);
	app->persistent &= settings_any(&import.side[ZDEV_PERSISTENT]);
	if (!app->active && !app->persistent) {
		cmd_fail(app, STATUS_FAILED,
			 "%.255s: imported configuration data did not match selection", name);
		cmd_hint(app, "settings of [active ap] and [persistent ap] are imported, with"
			      " --active or --persistent those of one of them");
		return RC_EXIT(EXIT_EMPTY_SELECTION);
	}
	memcpy(edit.side, import.side, sizeof(edit.side));
	return chzdev_change(app, &edit);
}
