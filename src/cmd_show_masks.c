// SPDX-License-Identifier: MIT
/*
 * vfioap show masks: apmask and aqmask, as they are and as the next boot sets them.
 */
#include "cmd_show.h"

#include <string.h>

#include "paths.h"
#include "str.h"
#include "sysfs.h"

/** struct mask_state - one of the two masks, in all places where it stands */
struct mask_state {
	const char *name, *owns;
	struct vfioap_mask active, next;
	bool next_known;
	const char *boot; /* as given; NULL: not given */
};

static void mask_states(const struct snapshot *now, struct mask_state ret[2])
{
	const struct udev_rules *rules = &now->rules;

	ret[0] = (struct mask_state){
		.name = "apmask",
		.owns = "adapters of the host",
		.active = now->bus.masks.apmask,
		.boot = now->boot.apmask,
		.next = rules->masks.apmask,
		.next_known = rules->has_apmask,
	};
	ret[1] = (struct mask_state){
		.name = "aqmask",
		.owns = "domains of the host",
		.active = now->bus.masks.aqmask,
		.boot = now->boot.aqmask,
		.next = rules->masks.aqmask,
		.next_known = rules->has_aqmask,
	};
	for (size_t i = 0; i < 2; i++)
		if (!ret[i].next_known && !now->boot.hidden)
			ret[i].next_known = apbus_boot_mask(ret[i].boot, &ret[i].next);
}

static void mask_print(struct app *app, const char *label, const struct vfioap_mask *mask,
		       bool differs)
{
	const struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	char hex[VFIOAP_HEX_SIZE], list[VFIOAP_LIST_SIZE];

	out_printf(app, "%s%c %-9s  %s\n  %9s  %s%s\n",
		   out_color(app, differs ? OUT_YELLOW : OUT_PLAIN), differs ? '*' : ' ', label,
		   vfioap_hex_format(mask, hex), "",
		   vfioap_mask_equal(mask, &all) ? "all" : vfioap_list_format(mask, list),
		   out_color(app, OUT_PLAIN));
}

static void masks_print(struct app *app, const struct snapshot *now,
			const struct mask_state states[2])
{
	bool any = false;

	out_printf(app, "mode: %s\n", host_mode_name(snapshot_mode(now)));
	for (size_t i = 0; i < 2; i++) {
		const struct mask_state *s = &states[i];
		const bool differs = s->next_known && !vfioap_mask_equal(&s->active, &s->next);

		any |= differs;
		out_printf(app, "\n%s%s%s: %s\n", out_color(app, OUT_BOLD), s->name,
			   out_color(app, OUT_PLAIN), s->owns);
		mask_print(app, "active", &s->active, false);
		if (s->next_known)
			mask_print(app, "next boot", &s->next, differs);
		else
			out_printf(app, "  next boot  -\n");
		out_printf(app, "  parameter  %s\n", s->boot ? s->boot : "-");
	}
	if (any)
		out_printf(app, "\n* differs from the running system\n");
}

/* A mask that is NULL is unknown. */
static struct json_object *masks_json(const struct vfioap_mask *apmask,
				      const struct vfioap_mask *aqmask)
{
	struct json_object *object = out_json_object();
	char hex[VFIOAP_HEX_SIZE];

	out_json_add_text(object, "apmask", apmask ? vfioap_hex_format(apmask, hex) : NULL);
	out_json_add_text(object, "aqmask", aqmask ? vfioap_hex_format(aqmask, hex) : NULL);
	out_json_add(object, "adapters", apmask ? out_json_ids(apmask) : NULL);
	out_json_add(object, "domains", aqmask ? out_json_ids(aqmask) : NULL);
	return object;
}

static struct json_object *persistent_json(const struct snapshot *now,
					   const struct mask_state states[2])
{
	if (!now->rules.has_apmask && !now->rules.has_aqmask)
		return NULL;
	return masks_json(states[0].next_known ? &states[0].next : NULL,
			  states[1].next_known ? &states[1].next : NULL);
}

static char *override_read(int root, unsigned apid, unsigned apqi, char *buf, size_t size)
{
	char path[PATH_SIZE];

	if (sysfs_read(root, path_queue(path, apid, apqi, "driver_override"), buf, size) < 0)
		return NULL;
	return str_chomp(buf);
}

static struct json_object *overrides_json(const struct app *app, const struct snapshot *now)
{
	struct json_object *object = out_json_object();

	QSET_FOREACH(a, d, &now->bus.override) {
		char queue[QUEUE_SIZE], text[SYSFS_TEXT_SIZE];

		out_json_add_text(object, queue_format(a, d, queue),
				  override_read(app->root, a, d, text, sizeof(text)));
	}
	return object;
}

static void overrides_print(struct app *app, const struct snapshot *now)
{
	bool first = true;

	QSET_FOREACH(a, d, &now->bus.override) {
		char queue[QUEUE_SIZE], text[SYSFS_TEXT_SIZE];
		const char *name = override_read(app->root, a, d, text, sizeof(text));

		out_printf(app, "%s  %s    %s\n", first ? "\noverrides\n" : "",
			   queue_format(a, d, queue), name ? str_printable(text) : "-");
		first = false;
	}
}

/* What sets a driver override at each boot; the other drivers of driverctl's are its business. */
static void next_overrides(const struct snapshot *now, struct qset *ret)
{
	*ret = now->overrides.queues;
	qset_or(ret, &now->driverctl);
	qset_or(ret, &now->driverctl_other);
}

static struct json_object *next_overrides_json(const struct snapshot *now)
{
	struct json_object *object = out_json_object();
	char queue[QUEUE_SIZE];
	struct qset queues;

	next_overrides(now, &queues);
	QSET_FOREACH(a, d, &queues)
		out_json_add_text(object, queue_format(a, d, queue),
				  qset_has(&now->driverctl_other, a, d) ? NULL : "vfio_ap");
	return object;
}

static void next_overrides_print(struct app *app, const struct snapshot *now)
{
	char queue[QUEUE_SIZE];
	struct qset queues;

	next_overrides(now, &queues);
	if (now->overrides.bad_line)
		cmd_warn(app,
			 "'/" PATH_OVERRIDES "': line %u names no queue: nothing is taken"
			 " from it",
			 now->overrides.bad_line);
	if (!qset_is_empty(&queues))
		out_printf(app, "\noverrides of the next boot\n");
	QSET_FOREACH(a, d, &queues) {
		const bool other = qset_has(&now->driverctl_other, a, d);

		out_printf(app, "  %s    %-8s  /%s\n", queue_format(a, d, queue),
			   other ? "-" : "vfio_ap",
			   other || !qset_has(&now->overrides.queues, a, d) ? PATH_DRIVERCTL
									    : PATH_OVERRIDES);
	}
}

int show_masks(struct app *app, const struct show_args *args)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct mask_state states[2];
	struct json_object *object, *boot;
	int rc;

	rc = show_nothing_more(app, args);
	if (rc)
		return rc;
	rc = snapshot_read(app->root, SNAPSHOT_BUS | SNAPSHOT_RULES, &now, &app->err);
	if (rc < 0)
		return rc;
	if (!now->bus.present)
		return cmd_fail(app, STATUS_NOT_FOUND, "this machine has no AP bus");
	mask_states(now, states);
	if (!app->json) {
		masks_print(app, now, states);
		overrides_print(app, now);
		next_overrides_print(app, now);
		return 0;
	}
	object = out_json_new();
	boot = out_json_object();
	out_json_add_text(object, "mode", host_mode_name(snapshot_mode(now)));
	out_json_add(object, "active", masks_json(&states[0].active, &states[1].active));
	out_json_add(object, "persistent", persistent_json(now, states));
	out_json_add_text(boot, "apmask", states[0].boot);
	out_json_add_text(boot, "aqmask", states[1].boot);
	out_json_add(object, "boot", boot);
	out_json_add(object, "overrides", overrides_json(app, now));
	out_json_add(object, "persistent_overrides", next_overrides_json(now));
	out_json_print(app, object);
	return 0;
}
