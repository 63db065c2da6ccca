/* SPDX-License-Identifier: MIT */
/*
 * The masks as lszdev lists them, and as chzdev exports them.
 *
 * Source: s390-tools, zdev/src/lszdev.c (lists), zdev/src/export.c.
 */
#include <string.h>
#include <sys/utsname.h>

#include "chzdev.h"
#include "out.h"
#include "paths.h"
#include "snapshot.h"
#include "str.h"

/* What the file does not say as chzdev does is taken as libap takes it. */
static int masks_read(struct app *app, unsigned parts, struct snapshot **ret)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	int rc = snapshot_read(app->root, parts, &now, &app->err);

	if (rc < 0)
		return rc;
	if (parts & SNAPSHOT_BUS && !now->bus.present)
		return cmd_fail(app, STATUS_FAILED, "this machine has no AP bus: no /sys/bus/ap");
	if (parts & SNAPSHOT_RULES && now->rules.bad_line)
		cmd_warn(app, "'/" PATH_RULES "': line %u is not as chzdev writes it",
			 now->rules.bad_line);
	*ret = TAKE_PTR(now);
	return 0;
}

/* The masks of @now, by side; false: not set. */
static bool mask_of(const struct snapshot *now, enum zdev_side side, enum zdev_attribute i,
		    struct vfioap_mask *ret)
{
	const struct udev_rules *rules = &now->rules;
	const struct apbus_masks *masks = side == ZDEV_ACTIVE ? &now->bus.masks : &rules->masks;

	*ret = i == ZDEV_APMASK ? masks->apmask : masks->aqmask;
	if (side == ZDEV_ACTIVE)
		return true;
	return i == ZDEV_APMASK ? rules->has_apmask : rules->has_aqmask;
}

/* ---- list -------------------------------------------------------------------------------- */

/* struct row - an attribute as texts, as long as any mask, with two quotes */
struct row {
	char side[ZDEV_SIDES][ZDEV_VALUE_SIZE + 2];
};

static void row_fill(struct row *row, const struct snapshot *now, enum zdev_attribute i, bool pairs)
{
	const char *quote = pairs ? "" : "\"";
	char value[ZDEV_VALUE_SIZE];
	struct vfioap_mask mask;

	for (enum zdev_side side = 0; side < ZDEV_SIDES; side++) {
		if (mask_of(now, side, i, &mask))
			snprintf(row->side[side], sizeof(row->side[side]), "%s%s%s", quote,
				 zdev_value_format(&mask, value), quote);
		else
			snprintf(row->side[side], sizeof(row->side[side]), "%s", pairs ? "" : "-");
	}
}

#define DESCRIPTION "Cryptographic Adjunct Processor (AP) device"

static void pairs_print(struct app *app, const struct row rows[ZDEV_ATTRIBUTES])
{
	out_printf(app, "TYPE=\"ap\" DESCRIPTION=\"" DESCRIPTION "\" MODULES=\"ap\""
			" ACTV=\"yes\" PERS=\"yes\"\n");
	for (enum zdev_attribute i = 0; i < ZDEV_ATTRIBUTES; i++)
		out_printf(app, "ATTRIBUTE=\"%s\" ACTIVE=\"%s\" PERSISTENT=\"%s\"\n",
			   zdev_attribute_name(i), rows[i].side[ZDEV_ACTIVE],
			   rows[i].side[ZDEV_PERSISTENT]);
}

static void table_print(struct app *app, const struct row rows[ZDEV_ATTRIBUTES])
{
	int width = (int)strlen("ACTIVE");

	for (enum zdev_attribute i = 0; i < ZDEV_ATTRIBUTES; i++)
		if ((int)strlen(rows[i].side[ZDEV_ACTIVE]) > width)
			width = (int)strlen(rows[i].side[ZDEV_ACTIVE]);

	out_printf(app, "DEVICE TYPE ap\n"
			"  Description        : " DESCRIPTION "\n"
			"  Modules            : ap\n"
			"  Active             : yes\n"
			"  Persistent         : yes\n\n");
	out_printf(app, "  ATTRIBUTE  %-*s  PERSISTENT\n", width, "ACTIVE");
	for (enum zdev_attribute i = 0; i < ZDEV_ATTRIBUTES; i++)
		out_printf(app, "  %-9s  %-*s  %s\n", zdev_attribute_name(i), width,
			   rows[i].side[ZDEV_ACTIVE], rows[i].side[ZDEV_PERSISTENT]);
}

int chzdev_list(struct app *app, bool pairs)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct row rows[ZDEV_ATTRIBUTES];
	int rc = masks_read(app, SNAPSHOT_BUS | SNAPSHOT_RULES, &now);

	if (rc)
		return rc;
	for (enum zdev_attribute i = 0; i < ZDEV_ATTRIBUTES; i++)
		row_fill(&rows[i], now, i, pairs);
	if (pairs)
		pairs_print(app, rows);
	else
		table_print(app, rows);
	return 0;
}

/* ---- export ------------------------------------------------------------------------------ */

/* Of both sides, or of those that were asked for; false: no mask is set there. */
static bool export_fill(const struct app *app, const struct snapshot *now, struct zdev_export *ret)
{
	const bool wanted[] = {
		[ZDEV_ACTIVE] = app->active || !app->persistent,
		[ZDEV_PERSISTENT] = app->persistent || !app->active,
	};
	bool any = false;

	for (enum zdev_side side = 0; side < ZDEV_SIDES; side++) {
		for (enum zdev_attribute i = 0; wanted[side] && i < ZDEV_ATTRIBUTES; i++) {
			ret->has[side][i] = mask_of(now, side, i, &ret->mask[side][i]);
			any |= ret->has[side][i];
		}
	}
	return any;
}

static int export_write(struct app *app, const struct zdev_export *export, const char *file)
{
	_cleanup_free_ char *text = zdev_export_format(export);

	if (!text)
		return err_oom(&app->err);
	if (strcmp(file, "-") != 0)
		return chzdev_file_write(app, file, text);
	out_printf(app, "%s", text);
	return 0;
}

int chzdev_export(struct app *app, const char *file)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct zdev_export export = { 0 };
	struct utsname uts;
	unsigned parts = 0;
	int rc;

	if (app->active || !app->persistent)
		parts |= SNAPSHOT_BUS;
	if (app->persistent || !app->active)
		parts |= SNAPSHOT_RULES;
	rc = masks_read(app, parts, &now);
	if (rc)
		return rc;
	if (!export_fill(app, now, &export)) {
		cmd_fail(app, STATUS_FAILED, "no settings found to export");
		cmd_hint(app, "'/" PATH_RULES "' sets no mask");
		return RC_EXIT(EXIT_EMPTY_SELECTION);
	}
	/* Another root is another host's. */
	if (!app->sysroot && uname(&uts) == 0)
		export.host = str_printable(uts.nodename);
	return export_write(app, &export, file);
}
