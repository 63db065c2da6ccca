/* SPDX-License-Identifier: MIT */
/*
 * driver_override of a queue (K 5.1, 5.2): a driver's name that counts instead
 * of the masks.  It and the masks exclude each other.
 */
#include "model.h"

#include <errno.h>
#include <string.h>

int override_show(struct machine *m, const struct at *at, unsigned arg _unused_, struct page *page)
{
	const char *override = machine_queue(m, at->id[0], at->id[1])->override;

	page_printf(page, "%s\n", override ? override : "");
	return 0;
}

int override_store(struct machine *m, const struct at *at, unsigned arg _unused_,
		   const struct input *in)
{
	struct queue *queue = machine_queue(m, at->id[0], at->id[1]);
	size_t len = strcspn(in->text, "\n");
	char *name = NULL;

	if (m->masks_in_use || in->len >= MACHINE_PAGE - 1)
		return -EINVAL;
	if (len) {
		name = strndup(in->text, len);
		if (!name)
			return -ENOMEM;
	}
	/* The counter counts queues, not writes. */
	if (name && !queue->override)
		m->overrides++;
	if (!name && queue->override && m->overrides)
		m->overrides--;
	free(queue->override);
	queue->override = name;
	return 0;
}
