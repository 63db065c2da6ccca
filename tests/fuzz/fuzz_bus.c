/* SPDX-License-Identifier: MIT */
/*
 * The AP bus in sysfs with any names and texts (tree.h): what cannot be read changes nothing and
 * is told with its path; else the sets fit together, and what is shown is printable.
 */
#include <stdlib.h>
#include <string.h>

#include "apbus.h"
#include "fuzz.h"
#include "tree.h"
#include "zcrypt.h"

static void check_failure(const struct err *err, int rc)
{
	require(fuzz_is_error(err, rc));
}

/* Many steps for each set: not with every input. */
static void check_sets(const struct apbus *bus)
{
	struct qset both = bus->host_driver;

	require(qset_contains(&bus->queues, &bus->host_driver));
	require(qset_contains(&bus->queues, &bus->vfio_driver));
	require(qset_contains(&bus->override, &bus->override_vfio));
	require(qset_contains(&bus->queues, &bus->override));
	qset_and(&both, &bus->vfio_driver);
	require(qset_is_empty(&both));
	require(bus->override_known || qset_is_empty(&bus->override));
	apbus_masks_reserved(&bus->masks, &bus->queues, &both);
	require(qset_contains(&bus->queues, &both));
}

static void check_bus(const struct apbus *bus)
{
	require(bus->max_adapter < VFIOAP_IDS && bus->max_domain < VFIOAP_IDS);
	require(fuzz_is_printable(bus->host_name));
	require(bus->has_qci ||
		(vfioap_mask_is_empty(&bus->adapters) && vfioap_mask_is_empty(&bus->usage) &&
		 vfioap_mask_is_empty(&bus->control)));
}

static void check_info(const struct apbus_info *info)
{
	require(memchr(info->type, '\0', sizeof(info->type)) && fuzz_is_printable(info->type));
	require(memchr(info->driver, '\0', sizeof(info->driver)));
	require(fuzz_is_printable(info->driver));
	require(info->hwtype >= -1 && info->depth >= -1);
	require(info->requests >= -1 && info->pending >= -1);
	require(info->functions_known || !info->functions);
}

static void check_device(const struct apbus *bus)
{
	struct apbus_info card = { 0 }, queue = { 0 };
	struct err err = { 0 };
	int rc;

	QSET_FOREACH(apid, apqi, &bus->queues) {
		rc = apbus_card_read(TREE_ROOT, apid, &card, &err);
		if (rc < 0) {
			check_failure(&err, rc);
			return;
		}
		check_info(&card);
		rc = apbus_queue_read(TREE_ROOT, apid, apqi, &card, NULL, &queue, &err);
		if (rc < 0)
			check_failure(&err, rc);
		else
			check_info(&queue);
		zcrypt_is_busy(TREE_ROOT, apid, apqi);
		require(zcrypt_keys_read(TREE_ROOT, apid, apqi) < 2 * ZCRYPT_WK_NEW);
		return;
	}
}

static void check_boot(void)
{
	struct apbus_boot boot = { 0 };
	struct err err = { 0 };
	struct vfioap_mask mask;
	unsigned domain = 777;
	int rc = apbus_boot_read(TREE_ROOT, &boot, &err);

	if (rc < 0)
		check_failure(&err, rc);
	require(!boot.apmask || fuzz_is_printable(boot.apmask));
	require(!boot.aqmask || fuzz_is_printable(boot.aqmask));
	require(apbus_boot_mask(boot.apmask, &mask) || vfioap_mask_is_empty(&mask));
	apbus_boot_done(&boot);
	require((zcrypt_default_read(TREE_ROOT, &domain, NULL) == 0) == (domain < VFIOAP_IDS));
}

/* The text of master keys is a line each, and is written as what it says. */
static void check_keys(const char *text)
{
	char *names = zcrypt_keys_format(zcrypt_keys_parse(text));

	require(names && fuzz_is_printable(names) && strlen(names) < 127);
	free(names);
}

void fuzz_text(char *text, size_t len)
{
	static struct apbus bus;
	struct err err = { 0 };
	int rc;

	bus.max_adapter = 777;
	tree_set(text, len);
	rc = apbus_read(TREE_ROOT, APBUS_CARDS, &bus, &err);
	if (rc < 0) {
		check_failure(&err, rc);
		require(bus.max_adapter == 777);
	} else {
		check_bus(&bus);
		if (fuzz_pick(text, len, 8) == 0)
			check_sets(&bus);
		check_device(&bus);
	}
	check_boot();
	check_keys(text);
}
