// SPDX-License-Identifier: MIT
/*
 * vfioap mask: lists, changes and masks, each as the other.  Looks at no host.
 */
#include "commands.h"

#include <string.h>

#include "out.h"
#include "str.h"

/** struct mask_options - what is to be printed, and of what */
struct mask_options {
	bool list, invert;
	char *change;
};

static void mask_options_done(struct mask_options *options)
{
	free(options->change);
}

/* "0x10" is ID 16, so a mask has all of its 64 digits where a list may stand. */
static int list_or_mask_parse(struct app *app, const char *text, struct vfioap_mask *ret)
{
	const bool is_mask = str_starts_with(text, "0x") && strlen(text) == VFIOAP_HEX_SIZE - 1;
	struct vfioap_parse_error error;
	int rc;

	if (is_mask)
		rc = vfioap_hex_parse(text, false, ret, &error);
	else
		rc = vfioap_list_parse(text, VFIOAP_LIST_ALL | VFIOAP_LIST_NONE, NULL, ret, &error);
	return rc < 0 ? cmd_parse_refuse(app, is_mask ? "MASK" : "LIST", text, &error) : 0;
}

static int mask_make(struct app *app, const struct mask_options *options, const char *text,
		     struct vfioap_mask *ret)
{
	struct vfioap_parse_error error;
	struct vfioap_change change = { 0 };
	struct vfioap_mask mask;
	int rc = 0;

	if (options->change && vfioap_change_parse(options->change, &change, &error) < 0)
		return cmd_parse_refuse(app, "--change", options->change, &error);
	if (!options->list)
		rc = list_or_mask_parse(app, text, &mask);
	else if (vfioap_hex_parse(text, true, &mask, &error) < 0)
		rc = cmd_parse_refuse(app, "MASK", text, &error);
	if (rc)
		return rc;

	mask = vfioap_change_apply(&change, mask);
	*ret = options->invert ? vfioap_mask_not(mask) : mask;
	return 0;
}

static void mask_print(struct app *app, const struct mask_options *options,
		       const struct vfioap_mask *mask)
{
	char hex[VFIOAP_HEX_SIZE], list[VFIOAP_LIST_SIZE];
	struct json_object *object;

	vfioap_hex_format(mask, hex);
	vfioap_list_format(mask, list);
	if (!app->json) {
		const char *text = options->list ? list : hex;

		out_write(app, text, strlen(text));
		out_write(app, "\n", 1);
		return;
	}
	object = out_json_new();
	out_json_add_text(object, "mask", hex);
	out_json_add_text(object, "list", list);
	out_json_add(object, "ids", out_json_ids(mask));
	out_json_print(app, object);
}

int cmd_mask(struct app *app, int argc, const char **argv)
{
	_cleanup_(mask_options_done) struct mask_options mask = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_FLAG(0, "list", &mask.list, "From MASK to list"),
		CMD_TEXT(0, "change", &mask.change, "CHANGE", "Make a change: +5,-6,+0x10-0x1f"),
		CMD_FLAG(0, "invert", &mask.invert, "All IDs that are not in it"),
		CMD_COMMON_OPTIONS(app), POPT_TABLEEND
	};
	const struct cmd_clash clashes[] = { { .a = "list", .b = "change" }, { 0 } };
	const struct cmd_syntax syntax = { .options = options, .clashes = clashes };
	struct vfioap_mask result;
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (!rc)
		rc = cmd_args_check(app, &args, 1, 1);
	if (!rc)
		rc = mask_make(app, &mask, args.v[0], &result);
	if (rc)
		return rc;
	mask_print(app, &mask, &result);
	return 0;
}
