/* SPDX-License-Identifier: MIT */
/*
 * Works out the masks of the next boot.
 *
 * Source: kernel-abi 4.5; interop 4.2, 4.4.
 */
#include "nextboot.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "paths.h"
#include "str.h"

/* ---- masks ------------------------------------------------------------------------------- */

static enum nextboot_source mask_find(bool has_rule, const struct vfioap_mask *rule,
				      const char *text, struct vfioap_mask *ret, bool *ret_garbled)
{
	enum nextboot_source source = NEXTBOOT_DEFAULT;

	*ret_garbled = !apbus_boot_mask(text, ret);
	if (text)
		source = NEXTBOOT_PARAMETER;
	if (has_rule) {
		*ret = *rule;
		source = NEXTBOOT_RULES;
	}
	return source;
}

struct nextboot nextboot_find(const struct snapshot *now, const struct udev_rules *rules)
{
	struct nextboot boot = {
		.known = !now->boot.hidden || (rules->has_apmask && rules->has_aqmask),
	};

	boot.apmask = mask_find(rules->has_apmask, &rules->masks.apmask, now->boot.apmask,
				&boot.masks.apmask, &boot.garbled.apmask);
	boot.aqmask = mask_find(rules->has_aqmask, &rules->masks.aqmask, now->boot.aqmask,
				&boot.masks.aqmask, &boot.garbled.aqmask);
	return boot;
}

void nextboot_bus(const struct snapshot *now, const struct nextboot *boot,
		  const struct qset *overrides, const struct vfioap_mask *old, struct apbus *ret)
{
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	struct qset undriven;

	*ret = now->bus;
	ret->masks = boot->masks;
	ret->override = (struct qset){ 0 };
	if (apbus_masks_all(&ret->masks)) {
		ret->override = *overrides;
		qset_and(&ret->override, &ret->queues);
	}
	ret->override_vfio = ret->override;
	apbus_masks_reserved(&ret->masks, &ret->queues, &ret->vfio_driver);
	qset_or(&ret->vfio_driver, &ret->override);
	ret->host_driver = ret->queues;
	qset_andnot(&ret->host_driver, &ret->vfio_driver);
	qset_product(&undriven, old, &all);
	qset_andnot(&ret->vfio_driver, &undriven);
}

const char *nextboot_source_text(enum nextboot_source source, bool adapters)
{
	switch (source) {
	case NEXTBOOT_RULES: return "'/" PATH_RULES "'";
	case NEXTBOOT_PARAMETER: return adapters ? "ap.apmask=" : "ap.aqmask=";
	case NEXTBOOT_DEFAULT: break;
	}
	return "the kernel";
}
