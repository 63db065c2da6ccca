/* SPDX-License-Identifier: MIT */
/*
 * Settings of chzdev_ap, "apmask=+5": what is refused changes nothing and is explained with a
 * place in the text; a value that is a list or a mask is the same whatever the mask was.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "zdev.h"

static void check_refusal(enum zdev_attribute attribute, const char *text,
			  const struct vfioap_parse_error *error)
{
	const size_t len = strlen(text);
	struct err err = { 0 };
	char why[192];

	require(error->offset <= len && error->length <= len - error->offset);
	require(zdev_value_explain(attribute, text, error, &err) == -EINVAL);
	require(fuzz_is_error(&err, -EINVAL) && *err.hint);
	/* However long the text is, the reason is there as a whole. */
	vfioap_parse_message(text, error, why, sizeof(why));
	require(strstr(err.what, zdev_attribute_name(attribute)) == err.what);
	require(strcmp(err.what + strlen(err.what) - strlen(why), why) == 0);
}

static void check_value(const char *text, const struct vfioap_change *change)
{
	const struct vfioap_mask few = vfioap_mask_range(7, 99), none = { { 0 } };
	const struct vfioap_mask to = vfioap_change_apply(change, few);
	char value[ZDEV_VALUE_SIZE];
	struct vfioap_change again;
	struct vfioap_mask got;

	require(!vfioap_mask_intersects(&change->set, &change->clear));
	if (*text != '+' && *text != '-') {
		got = vfioap_change_apply(change, none);
		require(vfioap_mask_equal(&got, &to));
	}
	zdev_value_format(&to, value);
	require(!*value == vfioap_mask_is_empty(&to));
	if (!*value)
		return;
	require(zdev_value_parse(value, &again, NULL) == 0);
	got = vfioap_change_apply(&again, few);
	require(vfioap_mask_equal(&got, &to));
}

void fuzz_text(char *text, size_t len)
{
	const struct vfioap_mask mark = { { 1, 2, 3, 4 } };
	struct vfioap_change change = { .set = mark, .clear = mark };
	const char *equals = memchr(text, '=', len);
	const char *value = equals ? equals + 1 : text;
	enum zdev_attribute attribute = ZDEV_ATTRIBUTES;
	struct vfioap_parse_error error;
	const size_t name_len = (size_t)(equals ? equals - text : 0);

	if (zdev_attribute_find(text, name_len, &attribute)) {
		require(strncmp(text, zdev_attribute_name(attribute), name_len) == 0);
	} else {
		require(attribute == ZDEV_ATTRIBUTES);
		attribute = ZDEV_AQMASK;
	}
	if (zdev_value_parse(value, &change, &error) == 0) {
		check_value(value, &change);
		return;
	}
	require(vfioap_mask_equal(&change.set, &mark) && vfioap_mask_equal(&change.clear, &mark));
	check_refusal(attribute, value, &error);
}
