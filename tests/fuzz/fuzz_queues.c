/* SPDX-License-Identifier: MIT */
/*
 * Queues as users name them, and as devices, drivers and events are named: what is refused
 * changes nothing and points into the text, what is taken is written and read again as the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "qset.h"

/* All of them, a comma behind each but the last. */
static void check_set(const struct qset *queues)
{
	const unsigned n = qset_count(queues);
	char *list = malloc((size_t)n * QUEUE_SIZE + 1), *text = qset_format(queues);
	struct qset got;
	size_t len = 0;

	require(n && list && text && *text && fuzz_is_printable(text));
	QSET_FOREACH(apid, apqi, queues) {
		queue_format(apid, apqi, list + len);
		len += QUEUE_SIZE;
		list[len - 1] = ',';
	}
	list[len - 1] = '\0';
	require(qset_parse(list, &got, NULL, NULL) == 0 && qset_equal(&got, queues));
	free(list);
	free(text);
}

static void fuzz_one(const char *text)
{
	unsigned apid = 777, apqi = 778, again[2];
	char name[QUEUE_SIZE];

	if (queue_parse(text, &apid, &apqi) < 0) {
		require(apid == 777 && apqi == 778);
		return;
	}
	require(apid < VFIOAP_IDS && apqi < VFIOAP_IDS);
	require(queue_parse(queue_format(apid, apqi, name), &again[0], &again[1]) == 0);
	require(again[0] == apid && again[1] == apqi);
}

void fuzz_text(char *text, size_t len)
{
	struct qset queues;
	size_t at = len + 1, at_len = len + 1;

	memset(&queues.row[9], 0x5a, sizeof(queues.row[9]));
	fuzz_one(text);
	if (qset_parse(text, &queues, &at, &at_len) < 0) {
		require(at <= strlen(text) && at_len <= strlen(text) - at);
		require(queues.row[9].word[1] == UINT64_C(0x5a5a5a5a5a5a5a5a));
	} else {
		check_set(&queues);
	}
}
