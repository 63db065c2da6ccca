/* SPDX-License-Identifier: MIT */
/*
 * What the arguments of the lister pick: DEVICE, CARD, APQN, .DOMAIN; several add up.
 */
#ifndef FILTER_H
#define FILTER_H

#include "cmd.h"
#include "qset.h"
#include "snapshot.h"

/**
 * struct filter - zero-initialise it; filter_done()
 * @cards:    adapters named as a card: the card and all its queues
 * @domains:  domains named: on every card
 * @queues:   queues named one by one
 * @texts:    DEVICE texts, lent; filter_resolve() makes devices of them
 * @devices:  pointers into the snapshot
 */
struct filter {
	bool active; /* false: no argument, everything passes */
	struct vfioap_mask cards, domains;
	struct qset queues;
	const char **texts;
	size_t n_texts;
	const struct device **devices;
	size_t n_devices;
};

/** filter_parse() - STATUS_USAGE for a text that is none of the four, or ambiguous */
int filter_parse(struct app *app, const struct cmd_texts *args, struct filter *ret);

/** filter_resolve() - find the devices named; STATUS_NOT_FOUND, STATUS_USAGE */
int filter_resolve(struct app *app, const struct snapshot *now, struct filter *filter);

/** filter_check() - every card and queue named exists; STATUS_NOT_FOUND */
int filter_check(struct app *app, const struct apbus *bus, const struct filter *filter);

bool filter_has_device(const struct filter *filter, const struct device *device);
bool filter_has_card(const struct filter *filter, unsigned apid);
bool filter_has_queue(const struct filter *filter, unsigned apid, unsigned apqi);

void filter_done(struct filter *filter);

#endif
