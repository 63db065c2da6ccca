/* SPDX-License-Identifier: MIT */
/*
 * Works out the masks of the next boot.
 *
 * Source: ap_bus.c of Linux, ap_perms_init(): a parameter builds up from all zeros, and one
 * that cannot be parsed leaves them; kernel-abi 4.1 (grammar), 4.5; interop 4.2, 4.4.
 */
#include "nextboot.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "paths.h"
#include "str.h"

/* ---- boot parameters ------------------------------------------------------------------- */

/* Decimal, 0x or octal, up to 255. */
static int id_parse(const char **p, unsigned *ret)
{
	const char *s = *p;
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isxdigit((unsigned char)s[2]);
	unsigned long id = 0;
	int rc;

	if (!hex && *s == '0') {
		for (; *s >= '0' && *s <= '7'; s++) {
			id = id * 8 + (unsigned long)(*s - '0');
			if (id >= VFIOAP_IDS)
				return -EINVAL;
		}
	} else {
		s += hex ? 2 : 0;
		rc = str_ulong_parse(&s, hex ? 16 : 10, VFIOAP_IDS - 1, &id);
		if (rc < 0)
			return -EINVAL;
	}
	*p = s;
	*ret = (unsigned)id;
	return 0;
}

/* Terms "+5", "-7-10", with any commas and newlines between them, or none. */
static int relative_parse(const char *p, struct vfioap_mask *mask)
{
	while (*p) {
		const bool set = *p == '+';
		unsigned first, last;

		if (*p != '+' && *p != '-')
			return -EINVAL;
		p++;
		if (id_parse(&p, &first) < 0)
			return -EINVAL;
		last = first;
		if (*p == '-') {
			p++;
			if (id_parse(&p, &last) < 0 || last < first)
				return -EINVAL;
		}
		for (unsigned id = first; id <= last; id++)
			(set ? vfioap_mask_set : vfioap_mask_clear)(mask, id);
		p += strspn(p, ",\n");
	}
	return 0;
}

/* "0x" or "x" or none, 0 to 64 digits from the left, a newline. */
static int absolute_parse(const char *p, struct vfioap_mask *mask)
{
	char hex[VFIOAP_HEX_SIZE] = "0x0";
	size_t len;

	p += *p == '0' && p[1] == 'x' ? 2 : *p == 'x';
	len = strspn(p, "0123456789abcdefABCDEF");
	if (len > VFIOAP_IDS / 4 || (p[len] && strcmp(p + len, "\n") != 0))
		return -EINVAL;
	if (len) {
		memcpy(hex + 2, p, len);
		hex[2 + len] = '\0';
	}
	return vfioap_hex_parse(hex, true, mask, NULL);
}

int nextboot_parse(const char *text, struct vfioap_mask *ret)
{
	struct vfioap_mask mask = { { 0 } };
	int rc;

	if (*text == '+' || *text == '-')
		rc = relative_parse(text, &mask);
	else
		rc = absolute_parse(text, &mask);
	*ret = rc < 0 ? (struct vfioap_mask){ { 0 } } : mask;
	return rc < 0 ? -EINVAL : 0;
}

/* ---- masks ------------------------------------------------------------------------------- */

static enum nextboot_source mask_find(bool has_rule, const struct vfioap_mask *rule,
				      const char *text, struct vfioap_mask *ret, bool *ret_garbled)
{
	enum nextboot_source source = NEXTBOOT_DEFAULT;

	*ret = vfioap_mask_range(0, VFIOAP_IDS - 1);
	if (text) {
		*ret_garbled = nextboot_parse(text, ret) < 0;
		source = NEXTBOOT_PARAMETER;
	}
	if (has_rule) {
		*ret = *rule;
		source = NEXTBOOT_RULES;
	}
	return source;
}

struct nextboot nextboot_find(const struct snapshot *now)
{
	const struct udev_rules *rules = &now->rules;
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
