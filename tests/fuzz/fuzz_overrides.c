/* SPDX-License-Identifier: MIT */
/*
 * The list of overrides with any bytes: of what cannot be read as a whole nothing is taken, and
 * what is changed lists exactly the queues that were asked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "overrides.h"

/* All but this file's own checks is the sanitizers' work. */
static void require(bool fact)
{
	if (!fact)
		abort();
}

static void check_edit(const char *text, const struct qset *queues)
{
	struct overrides got = { 0 };
	char *edited = NULL, *again = NULL;

	require(overrides_edit(text, queues, &edited) == 0);
	require(edited || qset_is_empty(queues));
	if (!edited)
		return;
	overrides_parse(edited, strlen(edited), &got);
	require(!got.bad_line && qset_equal(&got.queues, queues));
	require(overrides_edit(edited, queues, &again) == 0);
	require(again && strcmp(again, edited) == 0);
	free(edited);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* On the heap and of the exact size, so that one byte too far is seen. */
	char *text = malloc(size + 1);
	struct overrides list;
	struct qset queues;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	overrides_parse(text, size, &list);
	if (list.bad_line) {
		require(qset_is_empty(&list.queues));
	} else {
		queues = list.queues;
		check_edit(text, &queues);
		qset_add(&queues, 5, 4);
		check_edit(text, &queues);
		check_edit(text, &(struct qset){ 0 });
	}
	free(text);
	return 0;
}
