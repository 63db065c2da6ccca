/* SPDX-License-Identifier: MIT */
/* The list of overrides that last: what is read strictly, what is kept, and driverctl's. */
#include "overrides.h"
#include "swap.h"
#include "test.h"
#include "tree.h"

#define PATH	    "etc/vfioap/overrides"
#define DRIVERCTL   "etc/driverctl.d/"
#define HEADER_TEXT "# Queues that vfioap-override(8) gives to vfio_ap at each boot."
#define HEADER	    HEADER_TEXT "\n"

static struct qset queues_of(const char *list)
{
	struct qset queues = { 0 };

	if (*list && qset_parse(list, &queues, NULL, NULL) < 0)
		printf("not a list: %s\n", list);
	return queues;
}

static void expect_queues(struct test *t, const struct qset *got, const char *list)
{
	const struct qset want = queues_of(list);
	_cleanup_free_ char *text = qset_format(got);

	if (!qset_equal(got, &want))
		test_fail(t, __FILE__, __LINE__, "queues are %s, want %s", text, list);
}

/* ---- read ------------------------------------------------------------------------------------ */

static const struct {
	const char *title, *text, *queues;
	unsigned bad_line;
} rows[] = {
	{ .title = "empty", .text = "", .queues = "" },
	{ .title = "as we write it", .text = HEADER "05.0004\n06.00ab\n", .queues = "5.4,6.ab" },
	{ .title = "comments, blank lines, in any order, twice",
	  .text = "\n# web1\n06.00ab\n\n#05.0047\n5.4\n05.0004\n",
	  .queues = "5.4,6.ab" },
	{ .title = "no newline at the end", .text = "05.0004", .queues = "5.4" },
	{ .title = "the highest", .text = "ff.00ff\n", .queues = "ff.ff" },
	{ .title = "above it", .text = "05.0004\nff.0100\n", .bad_line = 2 },
	{ .title = "a blank before", .text = " 05.0004\n", .bad_line = 1 },
	{ .title = "a blank behind", .text = "05.0004 \n", .bad_line = 1 },
	{ .title = "a comment behind", .text = "05.0004 # web1\n", .bad_line = 1 },
	{ .title = "a comment behind a blank", .text = " # web1\n", .bad_line = 1 },
	{ .title = "CR LF", .text = "05.0004\r\n", .bad_line = 1 },
	{ .title = "two in a line", .text = "05.0004,05.0047\n", .bad_line = 1 },
	{ .title = "an adapter alone", .text = "\n\n05\n", .bad_line = 3 },
	{ .title = "a long line",
	  .text = "05.0000000000000000000000000000000000000000000000000004\n",
	  .bad_line = 1 },
	{ .title = "binary", .text = "\xff\xfe\x1b[2J\n", .bad_line = 1 },
};

static void test_read(struct test *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(tree_done) struct tree tree = { 0 };
		struct overrides got;
		struct err err = { 0 };

		test_case(t, "read: %s", rows[i].title);
		tree_init(&tree);
		tree_write(&tree, PATH, rows[i].text);
		EXPECT_INT(t, overrides_read(tree.root, &got, NULL, NULL, &err), 0);
		EXPECT(t, got.present);
		EXPECT_INT(t, got.bad_line, rows[i].bad_line);
		expect_queues(t, &got.queues, rows[i].queues ? rows[i].queues : "");
	}
}

static void test_kinds(struct test *t)
{
	static const char nul[] = "05.0004\n\0"
				  "06.0004\n";
	_cleanup_free_ char *large = malloc(SWAP_MAX + 1);
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct overrides got = { .present = true };
	struct err err = { 0 };

	tree_init(&tree);
	test_case(t, "read: no file");
	EXPECT_INT(t, overrides_read(tree.root, &got, NULL, NULL, &err), 0);
	EXPECT(t, !got.present && !got.bad_line && qset_is_empty(&got.queues));
	test_case(t, "read: a NUL");
	tree_bytes(&tree, PATH, nul, sizeof(nul) - 1);
	EXPECT_INT(t, overrides_read(tree.root, &got, NULL, NULL, &err), 0);
	EXPECT_INT(t, got.bad_line, 2);
	EXPECT(t, qset_is_empty(&got.queues));
	test_case(t, "read: a NUL behind a queue");
	tree_bytes(&tree, PATH, "06.0004\n05.0004", sizeof("06.0004\n05.0004"));
	EXPECT_INT(t, overrides_read(tree.root, &got, NULL, NULL, &err), 0);
	EXPECT_INT(t, got.bad_line, 2);
	test_case(t, "read: too large");
	memset(large, '\n', SWAP_MAX + 1);
	tree_bytes(&tree, PATH, large, SWAP_MAX + 1);
	EXPECT_INT(t, overrides_read(tree.root, &got, NULL, NULL, &err), -EFBIG);
	EXPECT(t, strstr(err.what, PATH));
	test_case(t, "read: a FIFO");
	tree_fifo(&tree, PATH);
	EXPECT_INT(t, overrides_read(tree.root, &got, NULL, NULL, &err), -EINVAL);
}

/* ---- edited ---------------------------------------------------------------------------------- */

static void test_edit(struct test *t)
{
	static const struct {
		const char *title, *was, *want, *then;
	} edits[] = {
		{ .title = "a new file",
		  .want = "6.4,5.47,5.4",
		  .then = HEADER "05.0004\n05.0047\n06.0004\n" },
		{ .title = "no queue, no file", .want = "" },
		{ .title = "the last one goes, and the file",
		  .was = HEADER "05.0004\n",
		  .want = "" },
		{ .title = "our own line without its end is nobody's comment",
		  .was = "05.0004\n" HEADER_TEXT,
		  .want = "" },
		{ .title = "no queue, but somebody's comment",
		  .was = HEADER "# web1\n05.0004\n",
		  .want = "",
		  .then = HEADER "# web1\n" },
		{ .title = "what stays keeps bytes and place",
		  .was = "6.4\n\n# web1\n5.4\n05.0047\n",
		  .want = "6.4,5.4,5.1",
		  .then = "6.4\n\n# web1\n5.4\n05.0001\n" },
		{ .title = "no newline at the end",
		  .was = "05.0004",
		  .want = "5.4,5.5",
		  .then = "05.0004\n05.0005\n" },
		{ .title = "twice",
		  .was = "5.4\n05.0004\n",
		  .want = "5.4",
		  .then = "5.4\n05.0004\n" },
		{ .title = "an empty file", .was = "", .want = "5.4", .then = "05.0004\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		const struct qset want = queues_of(edits[i].want);
		_cleanup_free_ char *got = NULL;

		test_case(t, "edit: %s", edits[i].title);
		EXPECT_INT(t, overrides_edit(edits[i].was, &want, &got), 0);
		EXPECT_STR(t, got, edits[i].then);
	}
}

/* All queues that there can be fit into a file that we read. */
static void test_edit_all(struct test *t)
{
	const struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	_cleanup_free_ char *text = NULL;
	struct overrides got = { 0 };
	struct qset queues;

	test_case(t, "edit: all 65536 queues");
	qset_product(&queues, &all, &all);
	EXPECT_INT(t, overrides_edit(NULL, &queues, &text), 0);
	overrides_parse(text, strlen(text), &got);
	EXPECT_INT(t, got.bad_line, 0);
	EXPECT_INT(t, qset_count(&got.queues), 65536);
}

/* ---- driverctl's ----------------------------------------------------------------------------- */

static void test_driverctl(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct qset vfio, other;
	struct err err = { 0 };

	tree_init(&tree);
	test_case(t, "driverctl: no directory");
	EXPECT_INT(t, overrides_driverctl_read(tree.root, &vfio, &other, &err), 0);
	EXPECT(t, qset_is_empty(&vfio) && qset_is_empty(&other));

	test_case(t, "driverctl: queues, and what is none");
	tree_write(&tree, DRIVERCTL "ap-05.0004", "vfio_ap\n");
	tree_write(&tree, DRIVERCTL "ap-05.00ab", "vfio_ap");
	tree_write(&tree, DRIVERCTL "ap-06.0004", "cex4queue\n");
	tree_write(&tree, DRIVERCTL "ap-06.0047", "vfio_ap\nvfio_ap\n");
	tree_write(&tree, DRIVERCTL "ap-6.1", "vfio_ap\n");
	tree_write(&tree, DRIVERCTL "ap-06.00AB", "vfio_ap\n");
	tree_write(&tree, DRIVERCTL "ap-card05", "vfio_ap\n");
	tree_write(&tree, DRIVERCTL "pci-0000:00:03.0", "vfio-pci\n");
	tree_fifo(&tree, DRIVERCTL "ap-07.0001");
	EXPECT_INT(t, overrides_driverctl_read(tree.root, &vfio, &other, &err), 0);
	expect_queues(t, &vfio, "5.4,5.ab");
	expect_queues(t, &other, "6.4,6.47,7.1");

	test_case(t, "driverctl: no directory, but a file");
	tree_done(&tree);
	tree_init(&tree);
	tree_write(&tree, "etc/driverctl.d", "");
	EXPECT_INT(t, overrides_driverctl_read(tree.root, &vfio, &other, &err), -ENOTDIR);
	expect_queues(t, &vfio, "5.4,5.ab");
}

int main(void)
{
	struct test t = { 0 };

	test_read(&t);
	test_kinds(&t);
	test_edit(&t);
	test_edit_all(&t);
	test_driverctl(&t);
	return test_done(&t);
}
