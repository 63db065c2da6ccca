/* SPDX-License-Identifier: MIT */
/*
 * AP drivers: which device they take, and the bind, unbind and drivers_probe
 * files (K 3, 5).  What binding means for a vfio_ap queue's owner is shadow.c's.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tree.h"

#define CEX2A_TYPES (1U << 6 | 1U << 8)
#define CEX2C_TYPES (1U << 7 | 1U << 9)
#define CEX4_TYPES  (0x1fU << 10)

/* In the order of registration, which is the order of probing. */
const struct driver_row driver_rows[DRIVER_COUNT] = {
	[DRIVER_CEX2ACARD] = { .name = "cex2acard",
			       .module = MODULE_ZCRYPT_CEX2A,
			       .is_card = true,
			       .is_default = true,
			       .types = CEX2A_TYPES },
	[DRIVER_CEX2AQUEUE] = { .name = "cex2aqueue",
				.module = MODULE_ZCRYPT_CEX2A,
				.is_default = true,
				.types = CEX2A_TYPES },
	[DRIVER_CEX2CARD] = { .name = "cex2card",
			      .module = MODULE_ZCRYPT_CEX2C,
			      .is_card = true,
			      .is_default = true,
			      .types = CEX2C_TYPES },
	[DRIVER_CEX2CQUEUE] = { .name = "cex2cqueue",
				.module = MODULE_ZCRYPT_CEX2C,
				.is_default = true,
				.types = CEX2C_TYPES },
	[DRIVER_CEX4CARD] = { .name = "cex4card",
			      .module = MODULE_ZCRYPT_CEX4,
			      .is_card = true,
			      .is_default = true,
			      .types = CEX4_TYPES },
	[DRIVER_CEX4QUEUE] = { .name = "cex4queue",
			       .module = MODULE_ZCRYPT_CEX4,
			       .is_default = true,
			       .types = CEX4_TYPES },
	[DRIVER_VFIO_AP] = { .name = "vfio_ap", .module = MODULE_VFIO_AP, .types = CEX4_TYPES },
};

static bool driver_matches(const struct machine *m, enum driver driver, const struct at *at)
{
	const struct driver_row *row = &driver_rows[driver];

	return m->drivers[driver] && row->is_card == (at->id[1] == NO_DOMAIN) &&
	       (row->types >> m->card[at->id[0]].hwtype & 1);
}

enum driver driver_of(const struct machine *m, const struct at *at)
{
	const struct card *card = &m->card[at->id[0]];
	bool is_card = at->id[1] == NO_DOMAIN;

	if (!is_card && vfioap_mask_has(&card->vfio, at->id[1]))
		return DRIVER_VFIO_AP;
	if (is_card ? !card->binding : !vfioap_mask_has(&card->host, at->id[1]))
		return DRIVER_NONE;
	for (enum driver d = 0; d < DRIVER_COUNT; d++)
		if (driver_rows[d].is_default && driver_matches(m, d, at))
			return d;
	return DRIVER_NONE;
}

enum driver driver_find(const struct machine *m, const char *name)
{
	for (enum driver d = 0; d < DRIVER_COUNT; d++)
		if (m->drivers[d] && !strcmp(driver_rows[d].name, name))
			return d;
	return DRIVER_NONE;
}

/* ---- binding -------------------------------------------------------------------- */

/* K 5: may this driver have this queue? */
static bool queue_is_allowed(const struct machine *m, enum driver driver, const struct at *at)
{
	const struct driver_row *row = &driver_rows[driver];
	const char *override = m->card[at->id[0]].queue[at->id[1]].override;

	if (override)
		return !strcmp(override, row->name);
	return bus_reserved(m, at->id[0], at->id[1]) == row->is_default;
}

static void host_queue_bind(struct machine *m, struct card *card, const struct at *at)
{
	unsigned apqi = at->id[1];

	vfioap_mask_set(&card->host, apqi);
	if (!card->binding) {
		vfioap_mask_set(&card->started, apqi);
		/* K 3: zcrypt looks for its card, which is not there. */
		vfioap_mask_set(&card->broken, apqi);
		machine_log(m,
			    "Unable to handle kernel pointer dereference: %02x.%04x bound "
			    "without a driver of card%02x",
			    at->id[0], apqi, at->id[0]);
		return;
	}
	vfioap_mask_set(&card->online_queues, apqi);
	queue_init(m, at);
}

static void queue_bind(struct machine *m, enum driver driver, const struct at *at)
{
	struct card *card = &m->card[at->id[0]];

	card->queue[at->id[1]].binding = machine_generation(m);
	m->n_bound++;
	if (driver_rows[driver].is_default) {
		host_queue_bind(m, card, at);
		return;
	}
	vfioap_mask_set(&card->vfio, at->id[1]);
	vfioap_mask_clear(&card->reset_failed, at->id[1]);
	shadow_queue_bound(m, at->id[0], at->id[1]);
}

/* K 3: device type first, then the rule of K 5; no driver takes what is bound. */
static int driver_probe(struct machine *m, enum driver driver, const struct at *at)
{
	struct card *card = &m->card[at->id[0]];
	bool is_card = at->id[1] == NO_DOMAIN;

	if (!driver_matches(m, driver, at))
		return -ENODEV;
	if (!is_card && !queue_is_allowed(m, driver, at))
		return -ENODEV;
	if (is_card) {
		card->binding = machine_generation(m);
		card->online = true;
	} else {
		queue_bind(m, driver, at);
	}
	m->bindings_armed = true;
	if (!machine_has(m, TRAIT_BINDINGS_DEFERRED))
		bus_bindings_check(m);
	uevent_send(m, OBJECT_DEVICE, at, "bind", NULL);
	return !is_card && vfioap_mask_has(&card->broken, at->id[1]) ? -EFAULT : 0;
}

void driver_attach(struct machine *m, const struct at *at)
{
	for (enum driver d = 0; d < DRIVER_COUNT; d++) {
		if (m->drivers[d] && driver_probe(m, d, at) != -ENODEV)
			return;
	}
}

static void queue_unbind(struct machine *m, struct card *card, const struct at *at)
{
	unsigned apqi = at->id[1];

	if (vfioap_mask_has(&card->vfio, apqi))
		shadow_queue_unbound(m, at->id[0], apqi);
	vfioap_mask_clear(&card->host, apqi);
	vfioap_mask_clear(&card->vfio, apqi);
	vfioap_mask_clear(&card->broken, apqi);
	vfioap_mask_clear(&card->online_queues, apqi);
	vfioap_mask_clear(&card->reset_failed, apqi);
	vfioap_mask_clear(&card->started, apqi);
	vfioap_mask_clear(&card->failed, apqi);
	if (machine_has(m, TRAIT_STARTED_EARLY))
		vfioap_mask_clear(&card->irq, apqi);
	card->queue[apqi].binding = 0;
	m->n_bound--;
}

void driver_detach(struct machine *m, const struct at *at)
{
	struct card *card = &m->card[at->id[0]];

	if (driver_of(m, at) == DRIVER_NONE)
		return;
	if (at->id[1] == NO_DOMAIN)
		card->binding = 0;
	else
		queue_unbind(m, card, at);
	uevent_send(m, OBJECT_DEVICE, at, "unbind", NULL);
}

/* ---- all devices ------------------------------------------------------------------ */

static void attach_one(struct machine *m, const struct at *at, unsigned driver)
{
	if (driver_of(m, at) == DRIVER_NONE)
		driver_probe(m, driver, at);
}

static void detach_one(struct machine *m, const struct at *at, unsigned driver _unused_)
{
	driver_detach(m, at);
}

void driver_register(struct machine *m, enum driver driver)
{
	m->drivers[driver] = machine_generation(m);
	if (m->autoprobe)
		order_bus(m, attach_one, driver);
	uevent_send(m, OBJECT_DRIVER, &(struct at){ .id = { driver } }, "add", NULL);
	if (machine_has(m, TRAIT_BINDINGS_DEFERRED))
		bus_bindings_check(m);
}

void driver_unregister(struct machine *m, enum driver driver)
{
	order_driver(m, driver, detach_one, driver);
	uevent_send(m, OBJECT_DRIVER, &(struct at){ .id = { driver } }, "remove", NULL);
	m->drivers[driver] = 0;
}

/* ---- files ------------------------------------------------------------------------- */

/* The name of a device, as drivers_probe and bind take it: one newline may follow. */
static int device_parse(const struct machine *m, const char *text, struct at *ret)
{
	char name[16];
	size_t len = strcspn(text, "\n");

	if (len >= sizeof(name) || (text[len] && text[len + 1]))
		return -ENODEV;
	memcpy(name, text, len);
	name[len] = '\0';
	return family_device_find(m, name, ret) ? 0 : -ENODEV;
}

int driver_bind_store(struct machine *m, const struct at *at, unsigned arg _unused_,
		      const struct input *in)
{
	enum driver driver = at->id[0];
	struct at device;

	if (device_parse(m, in->text, &device) < 0 || !driver_matches(m, driver, &device))
		return -ENODEV;
	if (driver_of(m, &device) != DRIVER_NONE)
		return -EBUSY;
	return driver_probe(m, driver, &device);
}

int driver_unbind_store(struct machine *m, const struct at *at, unsigned arg _unused_,
			const struct input *in)
{
	struct at device;

	if (device_parse(m, in->text, &device) < 0 || driver_of(m, &device) != at->id[0])
		return -ENODEV;
	driver_detach(m, &device);
	return 0;
}

int driver_probe_store(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
		       const struct input *in)
{
	struct at device;

	if (device_parse(m, in->text, &device) < 0)
		return -ENODEV;
	/* That no driver wants it is no failure (K 3). */
	if (driver_of(m, &device) == DRIVER_NONE)
		driver_attach(m, &device);
	return 0;
}
