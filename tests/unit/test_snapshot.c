/* SPDX-License-Identifier: MIT */
/* The whole state joined: devices and definitions, who is meant, what a guest will see. */
#include <stdint.h>

#include "snapshot.h"
#include "test.h"
#include "tree.h"

#define A TREE_UUID("8804")
#define B "cef03c3c-903d-4ecc-9a83-40694cb8aee4"
#define C "cef03c3c-a03d-4ecc-9a83-40694cb8aee4"

#define DEFINITION "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\"}"
#define OTHER	   "{\"mdev_type\":\"vfio_ccw-io\",\"start\":\"auto\"}"

static void make_machine(struct tree *tree)
{
	tree_init(tree);
	tree_bus(tree);
	tree_mdev(tree, A, "05.0004\n", "", NULL, "3");
	tree_mdev(tree, B, "06.0004\n", "0004\n", NULL, "4");
	tree_write(tree, "etc/mdevctl.d/matrix/" B, DEFINITION);
	tree_write(tree, "etc/mdevctl.d/matrix/" C, DEFINITION);
	tree_write(tree, "etc/mdevctl.d/matrix/" TREE_UUID("0000"), OTHER);
	tree_write(tree, "etc/mdevctl.d/matrix/CEF03C3C-903D-4ECC-9A83-40694CB8AEE4", DEFINITION);
	tree_write(tree, "proc/9/comm", "qemu-system-s39\n");
	tree_write(tree, "proc/9/cmdline", "qemu");
	tree_link(tree, "/dev/vfio/4", "proc/9/fd/12");
}

static void test_join(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct err err = { 0 };

	make_machine(&tree);
	test_case(t, "active and defined devices are joined, by UUID");
	EXPECT_INT(t, snapshot_read(tree.root, SNAPSHOT_ALL, &now, &err), 0);
	if (!now) {
		test_fail(t, __FILE__, __LINE__, "%s", err.what);
		return;
	}
	EXPECT_INT(t, now->n_devices, 3);
	EXPECT_STR(t, now->device[0].uuid, A);
	EXPECT(t, now->device[0].mdev && !now->device[0].definition);
	EXPECT_STR(t, now->device[1].uuid, B);
	EXPECT(t, now->device[1].mdev && now->device[1].definition &&
			  now->device[1].definition->problem == CONFIG_OK);
	EXPECT_STR(t, now->device[2].uuid, C);
	EXPECT(t, !now->device[2].mdev && now->device[2].definition);
	EXPECT_INT(t, now->definitions.n, 4);

	test_case(t, "the device with a UUID; its holder");
	EXPECT(t, snapshot_device(now, B) == &now->device[1] && !snapshot_device(now, "x"));
	EXPECT(t, !snapshot_holder(now, now->device[0].mdev));
	EXPECT(t, snapshot_holder(now, now->device[1].mdev) &&
			  snapshot_holder(now, now->device[1].mdev)->pid == 9);
	EXPECT(t, now->mdevs.v[0].guest);
}

static void test_parts(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct err err = { 0 };

	make_machine(&tree);
	test_case(t, "only what was asked for is read");
	tree_write(&tree, "sys/bus/ap/apmask", "junk\n");
	EXPECT_INT(t, snapshot_read(tree.root, SNAPSHOT_DEVICES, &now, &err), 0);
	EXPECT(t, now && now->n_devices == 2 && !now->definitions.n && !now->bus.present &&
			  !now->mdevs.v[0].guest);
	now = snapshot_free(now);
	EXPECT(t, !snapshot_free(NULL));
	test_case(t, "a part that cannot be read fails the whole");
	EXPECT_INT(t, snapshot_read(tree.root, SNAPSHOT_ALL, &now, &err), -EBADMSG);
	EXPECT(t, !now && strstr(err.what, "apmask"));
}

static const struct {
	const char *text;
	int rc;
	const char *want; /* the UUID, or part of the message */
} find_rows[] = {
	{ .text = A, .want = A },
	{ .text = "6217", .want = A },
	{ .text = "62177883-F1", .want = A },
	{ .text = "62177883-", .want = A },
	{ .text = "cef03c3c-9", .want = B },
	{ .text = "cef03c3c-a03d-4ecc-9a83-40694cb8aee4", .want = C },
	{ .text = "cef0", .rc = -ENOTUNIQ, .want = "'cef0' is ambiguous: '" B "', '" C "'" },
	{ .text = "cef03c3c-", .rc = -ENOTUNIQ },
	{ .text = "1234", .rc = -ENOENT, .want = "no mediated device '1234'" },
	{ .text = TREE_UUID("9999"), .rc = -ENOENT },
	{ .text = "621", .rc = -EINVAL, .want = "'621' is no UUID" },
	{ .text = "", .rc = -EINVAL },
	{ .text = "62177883f1bb", .rc = -EINVAL },
	{ .text = "6217788-3f1b", .rc = -EINVAL },
	{ .text = "----", .rc = -EINVAL },
	{ .text = "all", .rc = -EINVAL },
	{ .text = A "0", .rc = -EINVAL },
	{ .text = "6217/../..", .rc = -EINVAL },
};

static void test_find(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;

	make_machine(&tree);
	if (snapshot_read(tree.root, SNAPSHOT_ALL, &now, NULL) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(find_rows); i++) {
		const struct device *device = NULL;
		struct err err = { 0 };

		test_case(t, "device '%s'", find_rows[i].text);
		EXPECT_INT(t, snapshot_device_find(now, find_rows[i].text, &device, &err),
			   find_rows[i].rc);
		EXPECT_INT(t, err.code, find_rows[i].rc);
		if (!find_rows[i].rc)
			EXPECT_STR(t, device ? device->uuid : NULL, find_rows[i].want);
		else if (find_rows[i].want)
			EXPECT_STR(t, err.what, find_rows[i].want);
	}
}

static void test_many_candidates(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	const struct device *device;
	struct err err = { 0 };

	tree_init(&tree);
	for (unsigned i = 0; i < 20; i++)
		tree_writef(&tree, DEFINITION, "etc/mdevctl.d/matrix/" TREE_UUID("%04x"), i);
	test_case(t, "of many candidates some are named");
	EXPECT_INT(t, snapshot_read(tree.root, SNAPSHOT_DEFINITIONS, &now, &err), 0);
	EXPECT_INT(t, snapshot_device_find(now, "6217", &device, &err), -ENOTUNIQ);
	EXPECT(t, strstr(err.what, TREE_UUID("0003") "', ...") && !strstr(err.what, "0004'"));
}

static void test_mode(struct test *t)
{
	static const struct {
		const char *apmask, *aqmask, *override;
		enum host_mode want;
		const char *name;
	} rows[] = {
		{ .apmask = TREE_ONES,
		  .aqmask = TREE_ONES,
		  .want = HOST_MODE_DEFAULT,
		  .name = "default" },
		{ .apmask = TREE_ONES,
		  .aqmask = TREE_ZEROS,
		  .want = HOST_MODE_MASKS,
		  .name = "masks" },
		{ .apmask = TREE_ZEROS,
		  .aqmask = TREE_ONES,
		  .want = HOST_MODE_MASKS,
		  .name = "masks" },
		{ .apmask = TREE_ONES,
		  .aqmask = TREE_ONES,
		  .override = "vfio_ap\n",
		  .want = HOST_MODE_OVERRIDE,
		  .name = "override" },
		{ .apmask = TREE_ONES,
		  .aqmask = TREE_ONES,
		  .override = "\n",
		  .want = HOST_MODE_DEFAULT,
		  .name = "default" },
		{ .apmask = TREE_ZEROS,
		  .aqmask = TREE_ONES,
		  .override = "vfio_ap\n",
		  .want = HOST_MODE_MIXED,
		  .name = "mixed" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		_cleanup_(snapshot_freep) struct snapshot *now = NULL;

		test_case(t, "mode '%s', row %zu", rows[i].name, i);
		tree_init(&tree);
		tree_bus(&tree);
		tree_writef(&tree, rows[i].apmask, "sys/bus/ap/apmask");
		tree_writef(&tree, rows[i].aqmask, "sys/bus/ap/aqmask");
		if (rows[i].override) {
			tree_write(&tree, "sys/devices/ap/card05/05.0004/driver_override", "\n");
			tree_write(&tree, "sys/devices/ap/card06/06.0004/driver_override",
				   rows[i].override);
		}
		EXPECT_INT(t, snapshot_read(tree.root, SNAPSHOT_BUS, &now, NULL), 0);
		EXPECT_INT(t, snapshot_mode(now), rows[i].want);
		EXPECT_STR(t, host_mode_name(snapshot_mode(now)), rows[i].name);
	}
}

static void test_no_bus(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;

	tree_init(&tree);
	test_case(t, "a machine without the bus");
	EXPECT_INT(t, snapshot_read(tree.root, SNAPSHOT_ALL, &now, NULL), 0);
	EXPECT_INT(t, now->n_devices, 0);
	EXPECT_INT(t, snapshot_mode(now), HOST_MODE_DEFAULT);
}

static const struct {
	const char *title, *adapters, *domains, *controls;
	const char *unbound; /* queue not on vfio_ap */
	const char *want_adapters, *want_domains, *want_controls;
} predict_rows[] = {
	{ .title = "92: an adapter that the host lacks",
	  .adapters = "9",
	  .domains = "none",
	  .want_adapters = "none",
	  .want_domains = "none" },
	{ .title = "93: all bound",
	  .adapters = "5,6",
	  .domains = "4,0x47",
	  .controls = "4,5",
	  .want_adapters = "5,6",
	  .want_domains = "4,0x47",
	  .want_controls = "4" },
	{ .title = "94: a domain alone",
	  .adapters = "none",
	  .domains = "0x47",
	  .want_adapters = "none",
	  .want_domains = "0x47" },
	{ .title = "98: one unbound takes its adapter",
	  .adapters = "5,6",
	  .domains = "4,0x47",
	  .unbound = "5.47",
	  .want_adapters = "6",
	  .want_domains = "4,0x47" },
	{ .title = "100: unbound outside of the matrix",
	  .adapters = "5,6",
	  .domains = "4",
	  .unbound = "5.47",
	  .want_adapters = "5,6",
	  .want_domains = "4" },
	{ .title = "101: all adapters filtered, the domains stay",
	  .adapters = "5",
	  .domains = "4,0x47",
	  .unbound = "5.47",
	  .want_adapters = "none",
	  .want_domains = "4,0x47" },
	{ .title = "102: a domain that the host lacks, the adapter stays",
	  .adapters = "5",
	  .domains = "4,0x54",
	  .want_adapters = "5",
	  .want_domains = "4" },
};

/* kernel-abi 18.5, the vectors where the next filtering is what counts. */
static void test_predict(struct test *t)
{

	for (size_t i = 0; i < ARRAY_SIZE(predict_rows); i++) {
		_cleanup_free_ struct apbus *bus = calloc(1, sizeof(*bus));
		struct matrix m = { 0 }, want = { 0 }, got;
		struct qset unbound;

		test_case(t, "predict: %s", predict_rows[i].title);
		vfioap_list_parse("5,6", 0, NULL, &bus->adapters, NULL);
		vfioap_list_parse("4,0x47", 0, NULL, &bus->usage, NULL);
		bus->control = bus->usage;
		qset_product(&bus->vfio_driver, &bus->adapters, &bus->usage);
		if (predict_rows[i].unbound) {
			EXPECT_INT(t, qset_parse(predict_rows[i].unbound, &unbound, NULL, NULL), 0);
			qset_andnot(&bus->vfio_driver, &unbound);
		}
		vfioap_list_parse(predict_rows[i].adapters, VFIOAP_LIST_NONE, NULL, &m.adapters,
				  NULL);
		vfioap_list_parse(predict_rows[i].domains, VFIOAP_LIST_NONE, NULL, &m.domains,
				  NULL);
		vfioap_list_parse(predict_rows[i].controls ? predict_rows[i].controls : "none",
				  VFIOAP_LIST_NONE, NULL, &m.controls, NULL);
		vfioap_list_parse(predict_rows[i].want_adapters, VFIOAP_LIST_NONE, NULL,
				  &want.adapters, NULL);
		vfioap_list_parse(predict_rows[i].want_domains, VFIOAP_LIST_NONE, NULL,
				  &want.domains, NULL);
		vfioap_list_parse(predict_rows[i].want_controls ? predict_rows[i].want_controls
								: "none",
				  VFIOAP_LIST_NONE, NULL, &want.controls, NULL);
		got = snapshot_predict_guest(bus, &m);
		EXPECT(t, matrix_equal(&got, &want));
	}
}

int main(void)
{
	struct test t = { 0 };

	test_join(&t);
	test_parts(&t);
	test_find(&t);
	test_many_candidates(&t);
	test_mode(&t);
	test_no_bus(&t);
	test_predict(&t);
	return test_done(&t);
}
