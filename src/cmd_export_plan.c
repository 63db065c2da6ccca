// SPDX-License-Identifier: MIT
/*
 * vfioap export --format plan, migrate: a wish file that `vfioap apply` makes a host so with, this
 * one or another one.
 */
#include "cmd_export.h"

#include "nextboot.h"
#include "view.h"
#include "wish.h"

static void add_list(struct json_object *object, const char *key, const struct vfioap_mask *ids)
{
	char list[VFIOAP_LIST_SIZE];

	out_json_add_text(object, key,
			  vfioap_mask_is_empty(ids) ? "none" : vfioap_list_format(ids, list));
}

static void add_matrix(struct json_object *object, const struct matrix *m)
{
	add_list(object, "adapters", &m->adapters);
	add_list(object, "domains", &m->domains);
	add_list(object, "control_domains", &m->controls);
}

/* ---- pools --------------------------------------------------------------------------------- */

static struct json_object *pools_json(const struct apbus_masks *masks, const struct qset *overrides)
{
	struct json_object *object = out_json_object(), *array;
	char hex[VFIOAP_HEX_SIZE], queue[QUEUE_SIZE];

	if (qset_is_empty(overrides)) {
		out_json_add_text(object, "apmask", vfioap_hex_format(&masks->apmask, hex));
		out_json_add_text(object, "aqmask", vfioap_hex_format(&masks->aqmask, hex));
		return object;
	}
	array = out_json_array();
	QSET_FOREACH(apid, apqi, overrides)
		out_json_append(array, out_json_text(queue_format(apid, apqi, queue)));
	out_json_add(object, "overrides", array);
	return object;
}

static struct json_object *machine_pools(const struct app *app, const struct snapshot *now)
{
	const struct apbus_masks masks = nextboot_find(now, &now->rules).masks;
	const struct qset *next = &now->overrides.queues, *active = &now->bus.override_vfio;
	struct json_object *pools;

	if (app->persistent && !app->active)
		return pools_json(&masks, next);
	pools = pools_json(&now->bus.masks, active);
	if ((!app->active || app->persistent) &&
	    (!qset_equal(active, next) ||
	     !vfioap_mask_equal(&masks.apmask, &now->bus.masks.apmask) ||
	     !vfioap_mask_equal(&masks.aqmask, &now->bus.masks.aqmask)))
		out_json_add(pools, "next_boot", pools_json(&masks, next));
	return pools;
}

/* ---- devices -----------------------------------------------------------------------------------
 */

static struct json_object *device_json(const struct app *app, const struct export_item *item)
{
	const struct mdev *mdev = item->device->mdev;
	const bool active = mdev && !mdev->removing;
	struct json_object *object = out_json_object(), *running;

	out_json_add_text(object, "uuid", item->device->uuid);
	add_matrix(object, &item->matrix);
	if (!item->text) {
		out_json_add_text(object, "start", NULL);
		return object;
	}
	out_json_add_text(object, "start", item->start_auto ? "auto" : "manual");
	if (app->persistent && !app->active)
		return object;
	if (active && !mdev->truncated && !matrix_equal(&mdev->matrix, &item->matrix)) {
		running = out_json_object();
		add_matrix(running, &mdev->matrix);
		out_json_add(object, "active", running);
	} else if (active != item->start_auto || !item->start_auto) {
		out_json_add_bool(object, "active", active);
	}
	return object;
}

static struct json_object *plan_json(const struct app *app, const struct export *export)
{
	struct json_object *object = out_json_new(), *devices = out_json_array();

	if (export->whole)
		out_json_add(object, "pools", machine_pools(app, export->now));
	for (size_t i = 0; i < export->n; i++)
		out_json_append(devices, device_json(app, &export->item[i]));
	out_json_add(object, "devices", devices);
	return object;
}

int export_plan(struct app *app, const struct export *export)
{
	if (app->json)
		out_json_print(app, plan_json(app, export));
	else
		out_json_print_pretty(app, plan_json(app, export));
	return 0;
}

/* ---- to another host
 * ------------------------------------------------------------------------------ */

/* Who has to let go of it first. */
static void print_holder(struct app *app, const struct export *export,
			 const struct export_item *item)
{
	const struct mdev *mdev = item->device->mdev;
	const struct holder *holder = mdev ? snapshot_holder(export->now, mdev) : NULL;

	if (!holder)
		return;
	if (*holder->guest)
		out_printf(app, "# detach it from guest '%s' (pid %d) first\n", holder->guest,
			   (int)holder->pid);
	else
		out_printf(app, "# %s (pid %d) has it open, and must end first\n", holder->command,
			   (int)holder->pid);
}

/* The target has queues of its own: what these devices need, and nothing else of this host. */
int export_migrate(struct app *app, const struct export *export)
{
	struct export devices = *export;

	out_printf(app, "# On this host:\n");
	for (size_t i = 0; i < export->n; i++) {
		print_holder(app, export, &export->item[i]);
		out_printf(app, "vfioap remove %s\n", export->item[i].device->uuid);
	}
	out_printf(app, "# On the other one: does it fit, and then make it so\n"
			"cat > vfioap-plan.json <<'END'\n");
	devices.whole = false;
	out_json_print_pretty(app, plan_json(app, &devices));
	out_printf(app, "END\n");
	for (size_t i = 0; i < export->n; i++) {
		const struct matrix *m = &export->item[i].matrix;
		char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE];

		if (matrix_count(m))
			out_printf(app, "vfioap reserve -a %s -d %s\n",
				   vfioap_list_format(&m->adapters, a),
				   vfioap_list_format(&m->domains, d));
	}
	out_printf(app, "vfioap check --plan vfioap-plan.json && vfioap apply vfioap-plan.json\n");
	return 0;
}
