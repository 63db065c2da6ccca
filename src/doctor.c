// SPDX-License-Identifier: MIT
/*
 * The table of items of vfioap doctor.  What each looks at is in doctor_active.c and
 * doctor_boot.c; reading the facts is left to cmd_doctor_facts.c.
 */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>

#define BOTH (DOCTOR_ACTIVE | DOCTOR_PERSISTENT)

static const struct {
	const char *name;
	unsigned flags;
	bool needs_bus; /* without an AP bus it means nothing */
	doctor_fn *look;
} items[] = {
	{ .name = "ap-bus", .flags = BOTH, .look = doctor_bus },
	{ .name = "qci", .flags = BOTH, .needs_bus = true, .look = doctor_qci },
	{ .name = "cards", .flags = DOCTOR_ACTIVE, .needs_bus = true, .look = doctor_cards },
	{ .name = "module", .flags = DOCTOR_ACTIVE, .needs_bus = true, .look = doctor_module },
	{ .name = "kernel", .flags = BOTH, .needs_bus = true, .look = doctor_kernel },
	{ .name = "matrix-read", .flags = BOTH, .needs_bus = true, .look = doctor_matrix_read },
	{ .name = "override-counter",
	  .flags = DOCTOR_ACTIVE,
	  .needs_bus = true,
	  .look = doctor_override_counter },
	{ .name = "kvm", .flags = DOCTOR_ACTIVE, .look = doctor_kvm },
	{ .name = "nested", .flags = BOTH, .look = doctor_nested },
	{ .name = "secure-execution", .flags = BOTH, .look = doctor_secure },
	{ .name = "lock", .flags = DOCTOR_ACTIVE, .look = doctor_lock },
	{ .name = "nodes", .flags = DOCTOR_ACTIVE, .look = doctor_nodes },
	{ .name = "rules", .flags = DOCTOR_PERSISTENT, .look = doctor_rules },
	{ .name = "rules-run", .flags = DOCTOR_PERSISTENT, .look = doctor_run_rules },
	{ .name = "boot-masks",
	  .flags = DOCTOR_PERSISTENT,
	  .needs_bus = true,
	  .look = doctor_boot_masks },
	{ .name = "overrides", .flags = DOCTOR_PERSISTENT, .look = doctor_overrides },
	{ .name = "mdevctl", .flags = DOCTOR_PERSISTENT, .look = doctor_mdevctl },
	{ .name = "mdevctl-rule", .flags = DOCTOR_PERSISTENT, .look = doctor_mdevctl_rule },
	{ .name = "callouts", .flags = DOCTOR_PERSISTENT, .look = doctor_callouts },
	{ .name = "autostart", .flags = DOCTOR_PERSISTENT, .look = doctor_autostart },
	{ .name = "initramfs", .flags = DOCTOR_PERSISTENT, .look = doctor_initramfs },
	{ .name = "owners", .flags = DOCTOR_PERSISTENT, .look = doctor_owners },
};

void doctor_facts_done(struct doctor_facts *facts)
{
	udev_report_done(&facts->rules);
	free(facts->node);
	*facts = (struct doctor_facts){ 0 };
}

const char *doctor_state_name(enum doctor_state state)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok",
		[DOCTOR_WARN] = "warn",
		[DOCTOR_FAIL] = "fail",
	};

	return names[state];
}

bool doctor_say(const struct doctor *d, enum doctor_state state, const char *hint, const char *fmt,
		...)
{
	va_list ap;

	d->item->state = state;
	va_start(ap, fmt);
	vsnprintf(d->item->message, sizeof(d->item->message), fmt, ap);
	va_end(ap);
	snprintf(d->item->hint, sizeof(d->item->hint), "%s", hint ? hint : "");
	return true;
}

void doctor_hint(const struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->item->hint, sizeof(d->item->hint), fmt, ap);
	va_end(ap);
}

void doctor_look(const struct snapshot *now, const struct doctor_facts *facts, unsigned flags,
		 struct doctor_report *ret)
{
	ret->n = ret->n_failed = 0;
	for (size_t i = 0; i < ARRAY_SIZE(items) && ret->n < DOCTOR_ITEMS; i++) {
		struct doctor_item *item = &ret->item[ret->n];
		const struct doctor d = {
			.now = now,
			.facts = facts,
			.flags = flags,
			.item = item,
		};

		*item = (struct doctor_item){ .name = items[i].name };
		if (!(items[i].flags & flags) || (items[i].needs_bus && !now->bus.present) ||
		    !items[i].look(&d))
			continue;
		ret->n_failed += item->state == DOCTOR_FAIL;
		ret->n++;
	}
}
