/* SPDX-License-Identifier: MIT */
/*
 * The list of overrides with any bytes: of what cannot be read as a whole nothing is taken, and
 * what is changed lists exactly the queues that were asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "overrides.h"

/* Is there a comment that is somebody's, and not ours. */
static bool has_comment(const char *text)
{
	static const char own[] = "# Queues that vfioap-override(8) gives to vfio_ap at each boot.";
	bool found = false;

	while (*text && !found) {
		const size_t n = strcspn(text, "\n");

		found = *text == '#' && (n != strlen(own) || strncmp(text, own, n) != 0);
		text += n + (text[n] == '\n');
	}
	return found;
}

/* Each comment stands in @edited byte for byte, in the same order. */
static void check_comments(const char *text, const char *edited)
{
	while (*text) {
		const size_t n = strcspn(text, "\n");

		while (*text == '#' && *edited &&
		       (strcspn(edited, "\n") != n || strncmp(text, edited, n) != 0)) {
			edited += strcspn(edited, "\n");
			edited += *edited == '\n';
		}
		require(*text != '#' || *edited);
		if (*text == '#')
			edited += n + (edited[n] == '\n');
		text += n + (text[n] == '\n');
	}
}

static void check_edit(const char *text, const struct qset *queues)
{
	struct overrides got = { 0 };
	char *edited = NULL, *again = NULL;

	require(overrides_edit(text, queues, &edited) == 0);
	require(!edited == (qset_is_empty(queues) && !has_comment(text)));
	if (!edited)
		return;
	check_comments(text, edited);
	overrides_parse(edited, strlen(edited), &got);
	require(!got.bad_line && qset_equal(&got.queues, queues));
	require(overrides_edit(edited, queues, &again) == 0);
	require(again && strcmp(again, edited) == 0);
	free(edited);
	free(again);
}

void fuzz_text(char *text, size_t len)
{
	struct overrides list;
	struct qset queues;

	overrides_parse(text, len, &list);
	require(list.present && list.bad_line <= fuzz_lines(text));
	if (list.bad_line) {
		require(qset_is_empty(&list.queues));
		return;
	}
	queues = list.queues;
	switch (fuzz_pick(text, len, 3)) {
	case 0: break;
	case 1: qset_add(&queues, 5, 4); break;
	default: queues = (struct qset){ 0 }; break;
	}
	check_edit(text, &queues);
}
