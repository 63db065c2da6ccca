/* SPDX-License-Identifier: MIT */
/*
 * An export of chzdev with any bytes: what is refused changes nothing and has a message with its
 * line, and what is taken is written and read again as the same masks.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "str.h"
#include "zdev.h"

/* What the settings make of @from; what they do not set is not there. */
static void masks_of(const struct zdev_import *import, struct vfioap_mask from,
		     struct zdev_export *ret)
{
	*ret = (struct zdev_export){ 0 };
	for (unsigned i = 0; i < ZDEV_SIDES * ZDEV_ATTRIBUTES; i++) {
		const struct zdev_settings *settings = &import->side[i / ZDEV_ATTRIBUTES];

		ret->has[i / ZDEV_ATTRIBUTES][i % ZDEV_ATTRIBUTES] =
			settings->given[i % ZDEV_ATTRIBUTES];
		ret->mask[i / ZDEV_ATTRIBUTES][i % ZDEV_ATTRIBUTES] =
			vfioap_change_apply(&settings->change[i % ZDEV_ATTRIBUTES], from);
	}
}

static void check_masks(const struct zdev_import *import)
{
	const struct vfioap_mask from = vfioap_mask_range(7, 99), none = { { 0 } };
	struct zdev_export export, again;
	struct zdev_import got;
	struct err err;
	char *text;

	masks_of(import, from, &export);
	text = zdev_export_format(&export);
	require(text != NULL);
	require(zdev_import_parse("f", text, strlen(text), &got, &err) == 0);
	free(text);
	masks_of(&got, none, &again);
	for (unsigned i = 0; i < ZDEV_SIDES * ZDEV_ATTRIBUTES; i++) {
		const unsigned side = i / ZDEV_ATTRIBUTES, attribute = i % ZDEV_ATTRIBUTES;

		require(again.has[side][attribute] == export.has[side][attribute]);
		require(!export.has[side][attribute] ||
			vfioap_mask_equal(&again.mask[side][attribute],
					  &export.mask[side][attribute]));
	}
}

void fuzz_text(char *text, size_t len)
{
	struct zdev_import import = { .sections = 77 };
	struct err err = { 0 };
	unsigned long line;
	const char *p;
	int rc;

	rc = zdev_import_parse("f", text, len, &import, &err);
	if (rc == 0) {
		check_masks(&import);
		return;
	}
	p = str_starts_with(err.what, "f:");
	require(import.sections == 77 && fuzz_is_error(&err, rc) && p);
	require(str_ulong_parse(&p, 10, fuzz_lines(text), &line) == 0 && line && *p == ':');
}
