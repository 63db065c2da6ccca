/* SPDX-License-Identifier: MIT */
/* The AP bus as sysfs shows it, and as it may be shown: garbled, cut, half gone. */
#include <stdint.h>

#include "apbus.h"
#include "test.h"
#include "tree.h"

static struct apbus *read_bus(struct test *t, const struct tree *tree)
{
	struct apbus *bus = calloc(1, sizeof(*bus));
	struct err err = { 0 };

	EXPECT_INT(t, apbus_read(tree->root, APBUS_CARDS, bus, &err), 0);
	EXPECT_STR(t, err.what, "");
	return bus;
}

static void test_absent(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_free_ struct apbus *bus = NULL;

	tree_init(&tree);
	test_case(t, "a machine without AP instructions");
	bus = read_bus(t, &tree);
	EXPECT(t, !bus->present && !bus->has_qci && qset_is_empty(&bus->queues));
}

static void test_plain(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_free_ struct apbus *bus = NULL;

	tree_init(&tree);
	tree_bus(&tree);
	tree_queue(&tree, 6, 4, "vfio_ap");
	tree_queue(&tree, 6, 0x47, NULL);
	tree_dir(&tree, "sys/devices/vfio_ap/matrix");

	test_case(t, "a bus");
	bus = read_bus(t, &tree);
	EXPECT(t, bus->present && bus->has_qci && bus->vfio_ap_loaded);
	EXPECT(t, !bus->override_known && !bus->bindings_complete_count);
	EXPECT_INT(t, bus->max_adapter, 255);
	EXPECT_INT(t, bus->max_domain, 84);
	EXPECT(t, apbus_masks_all(&bus->masks));
	EXPECT_INT(t, vfioap_mask_count(&bus->adapters), 2);
	EXPECT(t, vfioap_mask_has(&bus->usage, 0x47) && vfioap_mask_has(&bus->control, 4));
	EXPECT_INT(t, vfioap_mask_count(&bus->cards), 2);
	EXPECT_INT(t, qset_count(&bus->queues), 4);
	EXPECT_INT(t, qset_count(&bus->host_driver), 2);
	EXPECT_INT(t, qset_count(&bus->vfio_driver), 1);
	EXPECT(t, qset_has(&bus->vfio_driver, 6, 4) && !qset_has(&bus->host_driver, 6, 0x47));
}

/* Names that are no queue and no card, and drivers' links to what is no device. */
static void test_names(struct test *t)
{
	static const char *const names[] = { "power",	 "5.4",	      "05.00004", "05.0100",
					     "05.004A",	 "0x05.0004", "05.0004 ", "-5.0004",
					     "card5",	 "card100",   "cardxx",	  "card05x",
					     "05.0004.", "\033[2J",   "card0A",	  "100.0004" };
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_free_ struct apbus *bus = NULL;

	tree_init(&tree);
	tree_bus(&tree);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		tree_writef(&tree, "", "sys/bus/ap/devices/%s", names[i]);
		tree_writef(&tree, "", "sys/bus/ap/drivers/vfio_ap/%s", names[i]);
	}
	tree_write(&tree, "sys/bus/ap/drivers/README", "no driver\n");
	tree_write(&tree, "sys/bus/ap/drivers/vfio_ap/99.0004", "no such device\n");

	test_case(t, "names that are no queue or card are passed over");
	bus = read_bus(t, &tree);
	EXPECT_INT(t, qset_count(&bus->queues), 4);
	EXPECT_INT(t, vfioap_mask_count(&bus->cards), 2);
	EXPECT(t, qset_is_empty(&bus->vfio_driver));

	test_case(t, "a queue seen at two drivers moved: it is bound to neither");
	tree_write(&tree, "sys/bus/ap/drivers/vfio_ap/05.0004", "");
	free(bus);
	bus = read_bus(t, &tree);
	EXPECT(t, !qset_has(&bus->vfio_driver, 5, 4) && !qset_has(&bus->host_driver, 5, 4));
	EXPECT_INT(t, qset_count(&bus->host_driver), 3);
}

/* Whether the names of the devices were read shows by one that the drivers do not have. */
static void test_bindings(struct test *t)
{
	static const struct {
		const char *text;
		unsigned queues;
	} rows[] = {
		{ .text = "4/4 (complete)\n", .queues = 4 },
		{ .text = "4/4\n", .queues = 4 },
		{ .text = "4/5\n", .queues = 5 },
		{ .text = "5/5 (complete)\n", .queues = 5 },
		{ .text = "3/4\n", .queues = 5 },
		{ .text = "junk\n", .queues = 5 },
		{ .text = "4\n", .queues = 5 },
		{ .text = "4/x\n", .queues = 5 },
	};
	_cleanup_(tree_done) struct tree tree = { 0 };

	tree_init(&tree);
	tree_bus(&tree);
	tree_write(&tree, "sys/bus/ap/devices/05.0099", "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ struct apbus *bus = NULL;

		test_case(t, "bindings '%.5s': are all queues bound", rows[i].text);
		tree_write(&tree, "sys/bus/ap/bindings", rows[i].text);
		bus = read_bus(t, &tree);
		EXPECT_INT(t, qset_count(&bus->queues), rows[i].queues);
		EXPECT_INT(t, vfioap_mask_count(&bus->cards), 2);
	}
}

static void test_texts(struct test *t)
{
	static const struct {
		const char *file, *text;
		int rc;
	} rows[] = {
		{ .file = "apmask", .text = TREE_ZEROS "\n" },
		{ .file = "apmask", .text = TREE_ZEROS },
		{ .file = "apmask", .text = "0xff\n", .rc = -EBADMSG },
		{ .file = "apmask", .text = "", .rc = -EBADMSG },
		{ .file = "apmask", .text = TREE_ONES "f\n", .rc = -EBADMSG },
		{ .file = "apmask", .text = TREE_ONES "\n\n", .rc = -EBADMSG },
		{ .file = "aqmask", .text = TREE_ONES TREE_ONES TREE_ONES "\n", .rc = -EBADMSG },
		{ .file = "aqmask", .text = "0xg" TREE_ONES "\n", .rc = -EBADMSG },
		{ .file = "ap_max_adapter_id", .text = "63\n" },
		{ .file = "ap_max_adapter_id", .text = "256\n", .rc = -EBADMSG },
		{ .file = "ap_max_domain_id", .text = "-1\n", .rc = -EBADMSG },
		{ .file = "ap_max_domain_id", .text = "0x54\n", .rc = -EBADMSG },
		{ .file = "ap_max_domain_id", .text = "", .rc = -EBADMSG },
		{ .file = "ap_adapter_mask", .text = "not supported\n" },
		{ .file = "ap_usage_domain_mask", .text = "junk\n", .rc = -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		_cleanup_free_ struct apbus *bus = calloc(1, sizeof(*bus));
		struct err err = { 0 };

		test_case(t, "text of %s: '%.20s'", rows[i].file, rows[i].text);
		tree_init(&tree);
		tree_bus(&tree);
		tree_writef(&tree, rows[i].text, "sys/bus/ap/%s", rows[i].file);
		EXPECT_INT(t, apbus_read(tree.root, APBUS_CARDS, bus, &err), rows[i].rc);
		EXPECT_INT(t, err.code, rows[i].rc);
		EXPECT_INT(t, bus->present, !rows[i].rc);
		if (rows[i].rc)
			EXPECT(t, strstr(err.what, rows[i].file));
	}
}

static void test_old_kernels(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_free_ struct apbus *bus = NULL;

	tree_init(&tree);
	tree_bus(&tree);
	test_case(t, "without QCI the host configuration is unknown as a whole");
	tree_write(&tree, "sys/bus/ap/ap_control_domain_mask", "not supported\n");
	bus = read_bus(t, &tree);
	EXPECT(t, !bus->has_qci && vfioap_mask_is_empty(&bus->adapters) &&
			  vfioap_mask_is_empty(&bus->usage) && !qset_is_empty(&bus->queues));
	free(bus);

	test_case(t, "files that old kernels do not have");
	tree_remove(&tree, "sys/bus/ap/apmask");
	tree_remove(&tree, "sys/bus/ap/ap_max_adapter_id");
	tree_remove(&tree, "sys/bus/ap/ap_adapter_mask");
	bus = read_bus(t, &tree);
	EXPECT(t, apbus_masks_all(&bus->masks) && bus->max_adapter == 255 && !bus->has_qci);
}

static void test_override(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_free_ struct apbus *bus = NULL;
	char longest[4098];

	tree_init(&tree);
	tree_bus(&tree);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	tree_write(&tree, "sys/bus/ap/bindings_complete_count", "1\n");
	tree_write(&tree, "sys/devices/ap/card05/05.0004/driver_override", "\n");
	tree_write(&tree, "sys/devices/ap/card05/05.0047/driver_override", "vfio_ap\n");
	tree_write(&tree, "sys/devices/ap/card06/06.0004/driver_override", longest);

	test_case(t, "overrides: set, unset, too long, missing");
	bus = read_bus(t, &tree);
	EXPECT(t, bus->override_known && bus->bindings_complete_count);
	EXPECT_INT(t, qset_count(&bus->override), 2);
	EXPECT(t, !qset_has(&bus->override, 5, 4) && qset_has(&bus->override, 5, 0x47));
	EXPECT_INT(t, qset_count(&bus->override_vfio), 1);
	EXPECT(t, qset_has(&bus->override_vfio, 5, 0x47));
}

static void test_masks(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct apbus_masks masks;
	struct qset queues = { 0 }, reserved;
	struct err err = { 0 };

	tree_init(&tree);
	tree_bus(&tree);
	tree_write(&tree, "sys/bus/ap/apmask",
		   "0xfbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n");
	tree_write(&tree, "sys/bus/ap/aqmask",
		   "0xf7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n");

	test_case(t, "masks: who owns what");
	EXPECT_INT(t, apbus_masks_read(tree.root, &masks, &err), 0);
	EXPECT(t, !apbus_masks_all(&masks));
	EXPECT_INT(t, qset_parse("5.4,5.47,6.4,6.47", &queues, NULL, NULL), 0);
	apbus_masks_reserved(&masks, &queues, &reserved);
	EXPECT_INT(t, qset_count(&reserved), 3);
	EXPECT(t, !qset_has(&reserved, 6, 0x47));
}

static void test_boot(struct test *t)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ .text = "(null)\n" },
		{ .text = "0xff\n", .want = "0xff" },
		{ .text = "\n", .want = "" },
		{ .text = "\033[2J\n", .want = "?[2J" },
		{ .text = NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct apbus_boot boot = { 0 };
		struct err err = { 0 };

		test_case(t, "boot parameter, row %zu", i);
		tree_init(&tree);
		if (rows[i].text)
			tree_write(&tree, "sys/module/ap/parameters/aqmask", rows[i].text);
		EXPECT_INT(t, apbus_boot_read(tree.root, &boot, &err), 0);
		EXPECT_STR(t, boot.aqmask, rows[i].want);
		EXPECT(t, !boot.apmask);
		apbus_boot_done(&boot);
		apbus_boot_done(&boot);
	}
}

static void make_card(const struct tree *tree)
{
	tree_write(tree, "sys/devices/ap/card05/type", "CEX8C\n");
	tree_write(tree, "sys/devices/ap/card05/hwtype", "14\n");
	tree_write(tree, "sys/devices/ap/card05/depth", "8\n");
	tree_write(tree, "sys/devices/ap/card05/config", "1\n");
	tree_write(tree, "sys/devices/ap/card05/chkstop", "0\n");
	tree_write(tree, "sys/devices/ap/card05/online", "1\n");
	tree_write(tree, "sys/devices/ap/card05/ap_functions", "0x92000000\n");
	tree_write(tree, "sys/devices/ap/card05/request_count", "17\n");
	tree_write(tree, "sys/devices/ap/card05/requestq_count", "2\n");
	tree_write(tree, "sys/devices/ap/card05/pendingq_count", "1\n");
	tree_link(tree, "../../../bus/ap/drivers/cex4card", "sys/devices/ap/card05/driver");
}

static void test_card(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct apbus_info card, queue;
	_cleanup_close_ int dir = -1;
	struct err err = { 0 };

	tree_init(&tree);
	tree_bus(&tree);
	make_card(&tree);

	test_case(t, "card: all there");
	EXPECT_INT(t, apbus_card_read(tree.root, 5, &card, &err), 0);
	EXPECT_STR(t, card.type, "CEX8C");
	EXPECT_STR(t, card.driver, "cex4card");
	EXPECT_INT(t, card.mode, APBUS_MODE_CCA);
	EXPECT_INT(t, card.status, APBUS_STATUS_ONLINE);
	EXPECT_INT(t, card.hwtype, 14);
	EXPECT_INT(t, card.depth, 8);
	EXPECT_INT(t, card.requests, 17);
	EXPECT_INT(t, card.pending, 3);
	EXPECT(t, card.functions_known && card.functions == 0x92000000);

	dir = apbus_card_open(tree.root, 5, &err);
	EXPECT(t, dir >= 0);
	test_case(t, "queue: of its card, on vfio_ap");
	tree_write(&tree, "sys/devices/ap/card05/05.0004/config", "1\n");
	tree_write(&tree, "sys/devices/ap/card05/05.0004/status", "in use\n");
	tree_write(&tree, "sys/devices/ap/card05/05.0004/request_count", "9\n");
	tree_link(&tree, "../../../../bus/ap/drivers/vfio_ap",
		  "sys/devices/ap/card05/05.0004/driver");
	EXPECT_INT(t, apbus_queue_read(dir, 5, 4, &card, NULL, &queue, &err), 0);
	EXPECT_STR(t, queue.driver, "vfio_ap");
	EXPECT_STR(t, queue.type, "CEX8C");
	EXPECT_INT(t, queue.status, APBUS_STATUS_IN_USE);
	EXPECT_INT(t, queue.requests, -1);

	test_case(t, "queue: its driver is known already");
	tree_write(&tree, "sys/devices/ap/card05/05.0004/online", "0\n");
	EXPECT_INT(t, apbus_queue_read(dir, 5, 4, &card, "cex4queue", &queue, &err), 0);
	EXPECT_STR(t, queue.driver, "cex4queue");
	EXPECT_INT(t, queue.status, APBUS_STATUS_OFFLINE);
	EXPECT_INT(t, queue.requests, 9);
	EXPECT_INT(t, queue.pending, -1);

	test_case(t, "card, queue: there is none");
	EXPECT_INT(t, apbus_card_read(tree.root, 7, &card, &err), -ENOENT);
	EXPECT_INT(t, apbus_queue_read(dir, 5, 9, &card, NULL, &queue, &err), -ENOENT);
}

static void test_status(struct test *t)
{
	static const struct {
		const char *config, *chkstop, *online, *status;
		enum apbus_status want;
	} rows[] = {
		{ .config = "0\n",
		  .chkstop = "1\n",
		  .online = "0\n",
		  .want = APBUS_STATUS_DECONFIGURED },
		{ .config = "1\n",
		  .chkstop = "1\n",
		  .online = "1\n",
		  .want = APBUS_STATUS_CHECKSTOPPED },
		{ .config = "1\n",
		  .chkstop = "0\n",
		  .online = "0\n",
		  .want = APBUS_STATUS_OFFLINE },
		{ .config = "1\n", .status = "assigned\n", .want = APBUS_STATUS_ASSIGNED },
		{ .config = "1\n", .status = "unassigned\n", .want = APBUS_STATUS_UNASSIGNED },
		{ .config = "1\n", .status = "in use\n", .want = APBUS_STATUS_IN_USE },
		{ .status = "something new\n", .want = APBUS_STATUS_UNKNOWN },
		{ .config = "junk", .online = "1\n", .want = APBUS_STATUS_ONLINE },
		{ .online = "", .want = APBUS_STATUS_UNKNOWN },
		{ .want = APBUS_STATUS_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct apbus_info info;
		const struct {
			const char *name, *text;
		} files[] = {
			{ .name = "config", .text = rows[i].config },
			{ .name = "chkstop", .text = rows[i].chkstop },
			{ .name = "online", .text = rows[i].online },
			{ .name = "status", .text = rows[i].status },
		};

		test_case(t, "status, row %zu", i);
		tree_init(&tree);
		tree_dir(&tree, "sys/devices/ap/card05");
		for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
			if (files[k].text)
				tree_writef(&tree, files[k].text, "sys/devices/ap/card05/%s",
					    files[k].name);
		}
		EXPECT_INT(t, apbus_card_read(tree.root, 5, &info, NULL), 0);
		EXPECT_INT(t, info.status, rows[i].want);
		EXPECT_INT(t, apbus_card_state(tree.root, 5, &info, NULL), 0);
		EXPECT_INT(t, info.status, rows[i].want);
	}
}

/* Garbled details are unknown, and never a reason to show nothing. */
static void test_garbled(struct test *t)
{
	static const struct {
		const char *file, *text;
	} rows[] = {
		{ .file = "type", .text = "CEX8C-with-a-very-long-name\n" },
		{ .file = "hwtype", .text = "99999999999999999999\n" },
		{ .file = "hwtype", .text = "-1\n" },
		{ .file = "depth", .text = "4294967296\n" },
		{ .file = "ap_functions", .text = "92000000\n" },
		{ .file = "ap_functions", .text = "0x192000000\n" },
		{ .file = "ap_functions", .text = "0x9200junk\n" },
		{ .file = "request_count", .text = "-\n" },
		{ .file = "request_count", .text = "99999999999999999999999\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct apbus_info info;

		test_case(t, "garbled %s: '%.12s'", rows[i].file, rows[i].text);
		tree_init(&tree);
		tree_writef(&tree, rows[i].text, "sys/devices/ap/card05/%s", rows[i].file);
		EXPECT_INT(t, apbus_card_read(tree.root, 5, &info, NULL), 0);
		EXPECT_STR(t, info.type, "");
		EXPECT_INT(t, info.hwtype, -1);
		EXPECT_INT(t, info.depth, -1);
		EXPECT_INT(t, info.requests, -1);
		EXPECT(t, !info.functions_known);
		EXPECT_INT(t, info.mode, APBUS_MODE_UNKNOWN);
	}
}

static void test_mode(struct test *t)
{
	static const struct {
		const char *type, *functions;
		enum apbus_mode want;
	} rows[] = {
		{ .type = "CEX4A\n", .functions = "0x10000000\n", .want = APBUS_MODE_ACCEL },
		{ .type = "CEX8P\n", .want = APBUS_MODE_EP11 },
		{ .functions = "0x1C000000\n", .want = APBUS_MODE_ACCEL },
		{ .functions = "0x14000000\n", .want = APBUS_MODE_CCA },
		{ .functions = "0x04000000\n", .want = APBUS_MODE_EP11 },
		{ .functions = "0x80000000\n", .want = APBUS_MODE_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct apbus_info info;

		test_case(t, "mode, row %zu", i);
		tree_init(&tree);
		tree_dir(&tree, "sys/devices/ap/card05");
		if (rows[i].type)
			tree_write(&tree, "sys/devices/ap/card05/type", rows[i].type);
		if (rows[i].functions)
			tree_write(&tree, "sys/devices/ap/card05/ap_functions", rows[i].functions);
		EXPECT_INT(t, apbus_card_read(tree.root, 5, &info, NULL), 0);
		EXPECT_INT(t, info.mode, rows[i].want);
	}
}

int main(void)
{
	struct test t = { 0 };

	test_absent(&t);
	test_plain(&t);
	test_names(&t);
	test_bindings(&t);
	test_texts(&t);
	test_old_kernels(&t);
	test_override(&t);
	test_masks(&t);
	test_boot(&t);
	test_card(&t);
	test_status(&t);
	test_garbled(&t);
	test_mode(&t);
	return test_done(&t);
}
