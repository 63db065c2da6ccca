/* SPDX-License-Identifier: MIT */
/*
 * Words of a command line: what the lister is to show, columns, lists of IDs, modes.  A line of
 * the input is a word.  What is refused is a usage error with a hint.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "filter.h"
#include "fuzz.h"
#include "out.h"
#include "view.h"

#define WORDS_MAX 16

static const struct command command = { .name = "list", .summary = "List" };

/* 0, or a refusal that has been explained. */
static void check(struct app *app, int rc)
{
	require(rc == 0 || rc == STATUS_USAGE);
	if (rc)
		require(fuzz_is_error(&app->err, -EINVAL) && *app->err.hint);
	else
		require(!app->err.code);
	app->err = (struct err){ 0 };
}

static void fuzz_filter(struct app *app, const struct cmd_texts *words)
{
	struct filter filter = { 0 };
	int rc = filter_parse(app, words, &filter);

	check(app, rc);
	require(rc || filter.active == (words->n > 0));
	require(filter.n_texts <= words->n);
	for (size_t i = 0; i < filter.n_texts; i++)
		require(!strchr(filter.texts[i], '.'));
	filter_done(&filter);
}

static void fuzz_columns(struct app *app, const char *text)
{
	struct out_view view = { .column = view_queue_columns, .n_columns = view_queue_n_columns };
	int rc = out_view_pick(app, &view, text);

	check(app, rc);
	require(view.n_picks <= ARRAY_SIZE(view.pick) && (rc || view.n_picks));
	for (size_t i = 0; i < view.n_picks; i++)
		require(view.pick[i] < view.n_columns && view.column[view.pick[i]].title);
}

static void fuzz_ids(struct app *app, const struct cmd_texts *words)
{
	const struct vfioap_mask usage = vfioap_mask_range(3, 9);
	const struct vfioap_mask all = vfioap_mask_range(0, 84);
	struct vfioap_mask ids = usage, controls = usage, above;
	int rc = cmd_list_parse(app, "--domains", words, CMD_LIST_NONE, 84, &ids);

	check(app, rc);
	if (rc)
		require(vfioap_mask_equal(&ids, &usage));
	rc = cmd_control_parse(app, words, CMD_LIST_NONE, 84, &usage, &controls);
	check(app, rc);
	if (rc)
		require(vfioap_mask_equal(&controls, &usage));
	above = vfioap_mask_andnot(vfioap_mask_or(ids, controls), all);
	require(vfioap_mask_is_empty(&above) || words->n);
}

static void fuzz_mode(struct app *app, const char *text)
{
	enum apbus_mode mode = APBUS_MODE_CCA;
	int rc = cmd_mode_parse(app, text, &mode);

	check(app, rc);
	require((rc == 0) == (mode != APBUS_MODE_UNKNOWN));
}

void fuzz_text(char *text, size_t len)
{
	struct app app = { .program = "vfioap", .command = &command, .root = -1 };
	char *v[WORDS_MAX], *rest = text;
	struct cmd_texts words = { .v = v };

	while (len && rest && words.n < WORDS_MAX)
		v[words.n++] = strsep(&rest, "\n");
	fuzz_filter(&app, &words);
	fuzz_ids(&app, &words);
	for (size_t i = 0; i < words.n && i < 2; i++) {
		fuzz_columns(&app, v[i]);
		fuzz_mode(&app, v[i]);
	}
}
