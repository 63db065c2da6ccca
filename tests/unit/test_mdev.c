/* SPDX-License-Identifier: MIT */
/* Mediated devices: what they own by either kind of file, what is left of one that goes. */
#include <stdint.h>

#include "mdev.h"
#include "test.h"
#include "tree.h"

#define A TREE_UUID("8804")
#define B TREE_UUID("8805")

/* adapters 5, 6; domains 4, 0xab; control 4 */
#define CONFIG                                                                \
	"0x0600000000000000000000000000000000000000000000000000000000000000," \
	"0x0800000000000000000000000000000000000000001000000000000000000000," \
	"0x0800000000000000000000000000000000000000000000000000000000000000"

static void test_pure(struct test *t)
{
	struct matrix m = { 0 }, other = { 0 }, again;
	char text[AP_CONFIG_SIZE];

	test_case(t, "ap_config: there and back");
	vfioap_mask_set(&m.adapters, 5);
	vfioap_mask_set(&m.adapters, 6);
	vfioap_mask_set(&m.domains, 4);
	vfioap_mask_set(&m.domains, 0xab);
	vfioap_mask_set(&m.controls, 4);
	EXPECT_STR(t, ap_config_format(&m, text), CONFIG);
	EXPECT_INT(t, ap_config_parse(CONFIG, &again), 0);
	EXPECT(t, matrix_equal(&m, &again) && !matrix_equal(&m, &other));
	EXPECT_INT(t, matrix_count(&m), 4);

	test_case(t, "collide: only when both dimensions intersect");
	vfioap_mask_set(&other.adapters, 6);
	EXPECT(t, !matrix_collide(&m, &other));
	vfioap_mask_set(&other.domains, 5);
	EXPECT(t, !matrix_collide(&m, &other));
	vfioap_mask_set(&other.domains, 0xab);
	EXPECT(t, matrix_collide(&m, &other) && matrix_collide(&other, &m));
}

static void test_ap_config(struct test *t)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{ .text = CONFIG "\n" },
		{ .text = CONFIG "\n\n", .rc = -EBADMSG },
		{ .text = CONFIG ",", .rc = -EBADMSG },
		{ .text = CONFIG " ", .rc = -EBADMSG },
		{ .text = "", .rc = -EBADMSG },
		{ .text = ",,", .rc = -EBADMSG },
		{ .text = "0x04,0x08,0x01\n", .rc = -EBADMSG },
		{ .text = TREE_ONES "," TREE_ONES "\n", .rc = -EBADMSG },
		{ .text = TREE_ONES "\n" TREE_ONES "\n" TREE_ONES "\n", .rc = -EBADMSG },
		{ .text = TREE_ONES "," TREE_ONES "," TREE_ONES "\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct matrix m;

		test_case(t, "ap_config '%.20s', row %zu", rows[i].text, i);
		EXPECT_INT(t, ap_config_parse(rows[i].text, &m), rows[i].rc);
	}
}

static void test_uuid(struct test *t)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ .in = A, .want = A },
		{ .in = "62177883-F1BB-47F0-914D-32A22E3A8804", .want = A },
		{ .in = "00000000-0000-0000-0000-000000000000",
		  .want = "00000000-0000-0000-0000-000000000000" },
		{ .in = "62177883f1bb47f0914d32a22e3a8804" },
		{ .in = "------------------------------------" },
		{ .in = "6217788-3f1bb-47f0-914d-32a22e3a8804" },
		{ .in = "{" A "}" },
		{ .in = A "0" },
		{ .in = A "\n" },
		{ .in = "62177883-f1bb-47f0-914d-32a22e3a880" },
		{ .in = "62177883-f1bb-47f0-914d-32a22e3a880g" },
		{ .in = "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char uuid[UUID_SIZE] = "";

		test_case(t, "uuid '%s'", rows[i].in);
		EXPECT_INT(t, uuid_canonical(rows[i].in, uuid), rows[i].want ? 0 : -EINVAL);
		EXPECT_STR(t, uuid, rows[i].want ? rows[i].want : "");
	}
}

static const struct {
	const char *matrix, *controls;
	int rc;
	unsigned adapters, domains, count_controls;
} matrix_rows[] = {
	{ .matrix = "", .controls = "" },
	{ .matrix = "05.\n", .controls = "", .adapters = 1 },
	{ .matrix = "05.\n06.\n", .controls = "0004\n00ff\n", .adapters = 2, .count_controls = 2 },
	{ .matrix = ".0004\n.0047\n", .controls = "", .domains = 2 },
	{ .matrix = "05.0004\n05.0047\n06.0004\n06.0047\n",
	  .controls = "0004\n",
	  .adapters = 2,
	  .domains = 2,
	  .count_controls = 1 },
	{ .matrix = "05.0004", .controls = "", .rc = -EBADMSG },
	{ .matrix = "05.0004\n06.0047\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "05.0004\n05.0004\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "05.\n.0004\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "05.0004\n06.\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = ".\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "5.0004\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "05.0100\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "05.0004 \n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "xx.0004\n", .controls = "", .rc = -EBADMSG },
	{ .matrix = "05.0004\n", .controls = "4\n", .rc = -EBADMSG },
	{ .matrix = "05.0004\n", .controls = "0100\n", .rc = -EBADMSG },
	{ .matrix = "05.0004\n", .controls = "0004", .rc = -EBADMSG },
};

/* The text of `matrix`, on a kernel without ap_config. */
static void test_matrix_text(struct test *t)
{

	for (size_t i = 0; i < ARRAY_SIZE(matrix_rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct matrix m = { 0 };
		struct err err = { 0 };
		bool truncated = true;

		test_case(t, "matrix '%.24s', controls '%.8s'", matrix_rows[i].matrix,
			  matrix_rows[i].controls);
		tree_init(&tree);
		tree_mdev(&tree, A, matrix_rows[i].matrix, matrix_rows[i].controls, NULL, NULL);
		EXPECT_INT(t, mdev_matrix_read(tree.root, A, &m, &truncated, &err),
			   matrix_rows[i].rc);
		EXPECT_INT(t, err.code, matrix_rows[i].rc);
		if (!matrix_rows[i].rc)
			EXPECT(t, !truncated);
		EXPECT_INT(t, vfioap_mask_count(&m.adapters), matrix_rows[i].adapters);
		EXPECT_INT(t, vfioap_mask_count(&m.domains), matrix_rows[i].domains);
		EXPECT_INT(t, vfioap_mask_count(&m.controls), matrix_rows[i].count_controls);
	}
}

/* What sysfs gives of a product of @n queues: 4095 bytes at most. */
static void matrix_text(char *text, unsigned adapters, unsigned domains)
{
	size_t len = 0;

	for (unsigned i = 0; i < adapters * domains && len < 4095; i++)
		len += (size_t)snprintf(text + len, 4096 - len, "%02x.%04x\n", i / domains,
					i % domains);
	text[4095] = '\0';
}

/* The only device that there is. */
static int read_only(const struct tree *tree, unsigned parts, struct mdev *ret, struct err *err)
{
	_cleanup_(mdev_list_done) struct mdev_list list = { 0 };
	static struct matrix guest; /* outlives the list */
	int rc = mdev_list_read(tree->root, parts, &list, err);

	if (rc == 0 && list.n != 1)
		return -ENOENT;
	if (rc < 0)
		return rc;
	*ret = list.v[0];
	if (ret->guest) {
		guest = *ret->guest;
		ret->guest = &guest;
	}
	return 0;
}

static void test_truncated(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct mdev mdev;
	struct err err = { 0 };
	char text[4097] = "";

	tree_init(&tree);
	test_case(t, "511 queues: all there");
	matrix_text(text, 7, 73);
	tree_mdev(&tree, A, text, "", NULL, NULL);
	EXPECT_INT(t, read_only(&tree, MDEV_GUEST | MDEV_NODES, &mdev, &err), 0);
	EXPECT(t, !mdev.truncated && mdev.guest);
	EXPECT_INT(t, matrix_count(&mdev.matrix), 511);

	test_case(t, "512 queues: perhaps cut");
	matrix_text(text, 2, 256);
	EXPECT_INT(t, strlen(text), 4095);
	tree_mdev(&tree, A, text, "", NULL, NULL);
	EXPECT_INT(t, read_only(&tree, MDEV_GUEST | MDEV_NODES, &mdev, &err), 0);
	EXPECT(t, mdev.truncated && !mdev.guest);
	EXPECT_INT(t, matrix_count(&mdev.matrix), 512);

	test_case(t, "600 queues: cut");
	matrix_text(text, 6, 100);
	tree_mdev(&tree, A, text, "", NULL, NULL);
	EXPECT_INT(t, read_only(&tree, MDEV_GUEST | MDEV_NODES, &mdev, &err), 0);
	EXPECT(t, mdev.truncated);
	EXPECT_INT(t, vfioap_mask_count(&mdev.matrix.domains), 100);
	EXPECT_INT(t, vfioap_mask_count(&mdev.matrix.adapters), 6);
}

static void test_ap_config_first(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct mdev mdev;
	struct err err = { 0 };

	tree_init(&tree);
	test_case(t, "with ap_config matrix is never read");
	tree_mdev(&tree, A, "05.0004\n05.00ab\n", "junk", CONFIG "\n", "7");
	tree_writef(&tree, "junk", "sys/devices/vfio_ap/matrix/%s/matrix", A);
	tree_dir(&tree, "sys/devices/vfio_ap/matrix/" A "/vfio-dev/vfio3");
	tree_dir(&tree, "sys/devices/vfio_ap/matrix/" A "/vfio-dev/power");
	EXPECT_INT(t, read_only(&tree, MDEV_GUEST | MDEV_NODES, &mdev, &err), 0);
	EXPECT_STR(t, mdev.uuid, A);
	EXPECT_INT(t, matrix_count(&mdev.matrix), 4);
	EXPECT_INT(t, vfioap_mask_count(&mdev.matrix.controls), 1);
	EXPECT_INT(t, mdev.guest ? matrix_count(mdev.guest) : 0, 2);
	EXPECT(t, mdev.guest && !mdev.truncated && !mdev.removing);
	EXPECT_INT(t, mdev.group, 7);
	EXPECT_INT(t, mdev.cdev, 3);

	test_case(t, "guest_matrix is read only when asked for, and only up to 511 queues");
	EXPECT_INT(t, read_only(&tree, MDEV_NODES, &mdev, &err), 0);
	EXPECT(t, !mdev.guest);
	tree_mdev(&tree, A, "junk", "", TREE_ONES "," TREE_ONES "," TREE_ONES "\n", "x");
	EXPECT_INT(t, read_only(&tree, MDEV_GUEST | MDEV_NODES, &mdev, &err), 0);
	EXPECT(t, !mdev.guest);
	EXPECT_INT(t, matrix_count(&mdev.matrix), 65536);
	EXPECT_INT(t, mdev.group, -1);

	test_case(t, "garbled ap_config is an error, and names the file");
	tree_mdev(&tree, A, "", "", "0x04,0x08,0x01\n", NULL);
	EXPECT_INT(t, read_only(&tree, MDEV_GUEST | MDEV_NODES, &mdev, &err), -EBADMSG);
	EXPECT(t, strstr(err.what, A "/ap_config"));
}

static void test_remains(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct mdev mdev;
	struct err err = { 0 };

	tree_init(&tree);
	test_case(t, "being removed: only the group is left");
	tree_link(&tree, "../../../../kernel/iommu_groups/2",
		  "sys/devices/vfio_ap/matrix/" A "/iommu_group");
	EXPECT_INT(t, read_only(&tree, MDEV_GUEST | MDEV_NODES, &mdev, &err), 0);
	EXPECT(t, mdev.removing && !mdev.guest);
	EXPECT_INT(t, mdev.group, 2);
	EXPECT_INT(t, matrix_count(&mdev.matrix), 0);

	test_case(t, "unbound by hand: owns nothing, is not being removed");
	tree_link(&tree, "../mdev_supported_types/vfio_ap-passthrough",
		  "sys/devices/vfio_ap/matrix/" A "/mdev_type");
	EXPECT_INT(t, read_only(&tree, MDEV_GUEST | MDEV_NODES, &mdev, &err), 0);
	EXPECT(t, !mdev.removing);
}

static void test_list(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct mdev_list list = { 0 };
	struct err err = { 0 };

	tree_init(&tree);
	test_case(t, "list: vfio_ap is not loaded");
	EXPECT_INT(t, mdev_list_read(tree.root, MDEV_GUEST | MDEV_NODES, &list, &err), 0);
	EXPECT(t, !list.loaded && !list.n);
	mdev_list_done(&list);

	test_case(t, "list: no device, but the features");
	tree_write(&tree, "sys/devices/vfio_ap/matrix/features",
		   "guest_matrix hotplug ap_config\n");
	EXPECT_INT(t, mdev_list_read(tree.root, MDEV_GUEST | MDEV_NODES, &list, &err), 0);
	EXPECT(t, list.loaded && list.has_features && list.has_ap_config && list.has_guest_matrix);
	mdev_list_done(&list);

	test_case(t, "list: words of features are whole words");
	tree_write(&tree, "sys/devices/vfio_ap/matrix/features", "xap_config guest_matrixx\n");
	EXPECT_INT(t, mdev_list_read(tree.root, MDEV_GUEST | MDEV_NODES, &list, &err), 0);
	EXPECT(t, list.has_features && !list.has_ap_config && !list.has_guest_matrix);
	mdev_list_done(&list);

	test_case(t, "list: by UUID; what is no UUID is passed over");
	tree_mdev(&tree, B, "05.0004\n", "", NULL, "1");
	tree_mdev(&tree, A, "06.0004\n", "", NULL, "0");
	tree_dir(&tree, "sys/devices/vfio_ap/matrix/power");
	tree_dir(&tree, "sys/devices/vfio_ap/matrix/62177883-F1BB-47F0-914D-32A22E3A8806");
	EXPECT_INT(t, mdev_list_read(tree.root, MDEV_GUEST | MDEV_NODES, &list, &err), 0);
	EXPECT_INT(t, list.n, 2);
	EXPECT_STR(t, list.v[0].uuid, A);
	EXPECT_STR(t, list.v[1].uuid, B);
	EXPECT(t, list.has_guest_matrix && !list.has_ap_config);
	mdev_list_done(&list);
	mdev_list_done(&list);

	test_case(t, "list: one that is garbled fails the whole");
	tree_write(&tree, "sys/devices/vfio_ap/matrix/" A "/matrix", "junk\n");
	EXPECT_INT(t, mdev_list_read(tree.root, MDEV_GUEST | MDEV_NODES, &list, &err), -EBADMSG);
	EXPECT(t, strstr(err.what, A "/matrix"));
}

int main(void)
{
	struct test t = { 0 };

	test_pure(&t);
	test_ap_config(&t);
	test_uuid(&t);
	test_matrix_text(&t);
	test_truncated(&t);
	test_ap_config_first(&t);
	test_remains(&t);
	test_list(&t);
	return test_done(&t);
}
