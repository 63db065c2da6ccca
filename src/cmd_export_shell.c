// SPDX-License-Identifier: MIT
/*
 * vfioap export --format shell: the commands of vfioap that make the running system the same,
 * a line each.  Lists hold digits, commas and dashes alone: there is nothing to quote.
 */
#include "cmd_export.h"

/* ---- pools --------------------------------------------------------------------------------- */

/* What of the bits that are not the host's concerns the devices exported. */
static struct vfioap_mask needed(const struct export *export, const struct vfioap_mask *host,
				 bool adapters)
{
	struct vfioap_mask ids = vfioap_mask_not(*host), all = { { 0 } };

	if (export->whole)
		return ids;
	for (size_t i = 0; i < export->n; i++) {
		const struct matrix *m = &export->item[i].matrix;

		all = vfioap_mask_or(all, adapters ? m->adapters : m->domains);
	}
	return vfioap_mask_and(ids, all);
}

static void reserve_ids(struct app *app, char letter, const struct vfioap_mask *ids)
{
	const struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	char list[VFIOAP_LIST_SIZE];

	if (vfioap_mask_is_empty(ids))
		return;
	out_printf(app, "vfioap reserve -A -%c %s\n", letter,
		   vfioap_mask_equal(ids, &all) ? "all" : vfioap_list_format(ids, list));
}

static void reserve_masks(struct app *app, const struct export *export)
{
	const struct apbus_masks *masks = &export->now->bus.masks;
	const struct vfioap_mask adapters = needed(export, &masks->apmask, true);
	const struct vfioap_mask domains = needed(export, &masks->aqmask, false);

	reserve_ids(app, 'a', &adapters);
	reserve_ids(app, 'd', &domains);
}

/* Is the queue one of those exported, or is the whole machine? */
static bool is_needed(const struct export *export, unsigned apid, unsigned apqi)
{
	bool found = export->whole;

	for (size_t i = 0; !found && i < export->n; i++) {
		const struct matrix *m = &export->item[i].matrix;

		found = vfioap_mask_has(&m->adapters, apid) && vfioap_mask_has(&m->domains, apqi);
	}
	return found;
}

static void reserve_overrides(struct app *app, const struct export *export)
{
	const char *between = "vfioap reserve -A -Q ";
	char queue[QUEUE_SIZE];
	bool any = false;

	QSET_FOREACH(apid, apqi, &export->now->bus.override_vfio) {
		if (!is_needed(export, apid, apqi))
			continue;
		out_printf(app, "%s%s", between, queue_format(apid, apqi, queue));
		between = ",";
		any = true;
	}
	if (any)
		out_printf(app, "\n");
}

/* ---- devices -----------------------------------------------------------------------------------
 */

static void ids_print(struct app *app, char letter, const struct vfioap_mask *ids)
{
	char list[VFIOAP_LIST_SIZE];

	if (!vfioap_mask_is_empty(ids))
		out_printf(app, " -%c %s", letter, vfioap_list_format(ids, list));
}

static void create_print(struct app *app, const struct export_item *item)
{
	out_printf(app, "vfioap create -A -u %s", item->device->uuid);
	ids_print(app, 'a', &item->matrix.adapters);
	ids_print(app, 'd', &item->matrix.domains);
	ids_print(app, 'c', &item->matrix.controls);
	out_printf(app, "\n");
}

int export_shell(struct app *app, const struct export *export)
{
	reserve_masks(app, export);
	reserve_overrides(app, export);
	for (size_t i = 0; i < export->n; i++)
		create_print(app, &export->item[i]);
	return 0;
}
