/* SPDX-License-Identifier: MIT */
/* Definitions: what mdevctl, libap and the kernel make of a file, and what is no file. */
#include <stdint.h>
#include <sys/wait.h>

#include "config.h"
#include "test.h"
#include "tree.h"

#define DIR "etc/mdevctl.d/matrix/"
#define A   TREE_UUID("8804")
#define B   TREE_UUID("8805")
#define C   TREE_UUID("8806")

#define HEAD		 "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\""
#define ATTRS(list)	 HEAD ",\"attrs\":[" list "]}"
#define ONE(name, value) "{\"" name "\":\"" value "\"}"

static const struct row {
	const char *text;
	enum config_problem problem;
	const char *detail;			   /* part of it */
	const char *adapters, *domains, *controls; /* lists; NULL: none */
	bool manual, set_only;
} rows[] = {
	/* as mdevctl writes it */
	{ .text = "{\n  \"mdev_type\": \"vfio_ap-passthrough\",\n  \"start\": \"auto\",\n"
		  "  \"attrs\": [\n    {\n      \"assign_adapter\": \"2\"\n    },\n    {\n"
		  "      \"assign_domain\": \"5\"\n    },\n    {\n"
		  "      \"assign_control_domain\": \"5\"\n    }\n  ]\n}",
	  .adapters = "2",
	  .domains = "5",
	  .controls = "5" },
	{ .text = HEAD "}" },
	{ .text = HEAD "}\n\n \t" },
	{ .text = HEAD ",\"attrs\":null}" },
	{ .text = HEAD ",\"attrs\":[],\"other\":{\"deep\":[[[1]]]}}" },
	{ .text = "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"manual\"}", .manual = true },
	{ .text = "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"Auto\"}", .manual = true },
	/* order counts */
	{ .text = ATTRS(ONE("assign_adapter", "5") "," ONE("unassign_adapter", "5")),
	  .set_only = true },
	{ .text = ATTRS(ONE("unassign_adapter", "5") "," ONE("assign_adapter", "5")),
	  .adapters = "5",
	  .set_only = true },
	{ .text = ATTRS(ONE("assign_adapter", "9") "," ONE(
		  "ap_config", TREE_ZEROS "," TREE_ONES "," TREE_ZEROS) "," ONE("assign_adapter",
										"6")),
	  .adapters = "6",
	  .domains = "all",
	  .set_only = true },
	{ .text = ATTRS(ONE("assign_domain", "4") "," ONE("unassign_domain", "7") "," ONE(
		  "unassign_control_domain", "7")),
	  .domains = "4",
	  .set_only = true },
	{ .text = ATTRS(ONE("something_new", "x")) },
	/* numbers as the kernel reads them */
	{ .text = ATTRS(ONE("assign_adapter", "0") "," ONE("assign_adapter", "0x1F") "," ONE(
		  "assign_adapter", "+0X02") "," ONE("assign_adapter", "255\\n")),
	  .adapters = "0,2,31,255" },
	{ .text = ATTRS(ONE("assign_adapter", "0x0a")), .adapters = "10" },
	{ .text = ATTRS(ONE("assign_adapter", "010")),
	  .adapters = "8",
	  .problem = CONFIG_BAD_NUMBER,
	  .detail = "leading zero: the kernel reads 8" },
	{ .text = ATTRS(ONE("assign_adapter", "00") "," ONE("assign_domain", "7")),
	  .adapters = "0",
	  .domains = "7",
	  .problem = CONFIG_BAD_NUMBER,
	  .detail = "'00'" },
	{ .text = ATTRS(ONE("assign_adapter", "08")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "0400")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "256")),
	  .problem = CONFIG_BAD_NUMBER,
	  .detail = "256" },
	{ .text = ATTRS(ONE("assign_adapter", "99999999999999999999")),
	  .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "2,3")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "-1")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", " 5")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "5 ")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "5\\n\\n")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "0x")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "++5")), .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_domain", "x") "," ONE("assign_domain", "4")),
	  .domains = "4",
	  .problem = CONFIG_BAD_NUMBER },
	/* ap_config: what the kernel takes, and libap does not */
	{ .text = ATTRS(ONE("ap_config", "0x04,0x08,0x01")),
	  .adapters = "5",
	  .domains = "4",
	  .controls = "7",
	  .set_only = true,
	  .problem = CONFIG_BAD_NUMBER,
	  .detail = "64 digits" },
	{ .text = ATTRS(ONE("ap_config", "04,x8,")),
	  .adapters = "5",
	  .domains = "0",
	  .set_only = true,
	  .problem = CONFIG_BAD_NUMBER },
	{ .text = ATTRS(ONE("assign_adapter", "5") "," ONE("ap_config", "0x04,0x08")),
	  .adapters = "5",
	  .set_only = true,
	  .problem = CONFIG_BAD_NUMBER,
	  .detail = "no ap_config" },
	{ .text = ATTRS(ONE("ap_config", "0x04, 0x08,0x01")),
	  .set_only = true,
	  .problem = CONFIG_BAD_NUMBER },
	/* fields */
	{ .text = "{}",
	  .manual = true,
	  .problem = CONFIG_BAD_FIELD,
	  .detail = "mdev_type is missing" },
	{ .text = "{\"mdev_type\":7,\"start\":\"auto\"}",
	  .problem = CONFIG_BAD_FIELD,
	  .detail = "mdev_type is no text" },
	{ .text = "{\"mdev_type\":\"vfio_ap-passthrough\"}",
	  .manual = true,
	  .problem = CONFIG_BAD_FIELD,
	  .detail = "start is missing" },
	{ .text = "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":true}",
	  .manual = true,
	  .problem = CONFIG_BAD_FIELD },
	{ .text = "{\"mdev_type\":\"vfio_ccw-io\",\"start\":\"auto\"}",
	  .problem = CONFIG_OTHER_TYPE,
	  .detail = "vfio_ccw-io" },
	{ .text = HEAD ",\"attrs\":{}}", .problem = CONFIG_BAD_FIELD, .detail = "no array" },
	{ .text = ATTRS("{\"assign_adapter\":\"5\",\"assign_domain\":\"4\"}"),
	  .problem = CONFIG_BAD_FIELD,
	  .detail = "element 0" },
	{ .text = ATTRS("{}"), .problem = CONFIG_BAD_FIELD },
	{ .text = ATTRS(ONE("assign_domain", "4") ",null"),
	  .domains = "4",
	  .problem = CONFIG_BAD_FIELD,
	  .detail = "element 1" },
	{ .text = ATTRS("\"assign_adapter\""), .problem = CONFIG_BAD_FIELD },
	{ .text = ATTRS("{\"assign_adapter\":5}"), .problem = CONFIG_BAD_FIELD },
	{ .text = ATTRS("{\"assign_adapter\":null}"), .problem = CONFIG_BAD_FIELD },
	{ .text = ATTRS(ONE("assign_adapter", "5\\u0000junk")),
	  .adapters = "5",
	  .problem = CONFIG_BAD_FIELD },
	/* no JSON */
	{ .text = "", .manual = true, .problem = CONFIG_BAD_JSON, .detail = "empty" },
	{ .text = "{", .manual = true, .problem = CONFIG_BAD_JSON },
	{ .text = HEAD, .manual = true, .problem = CONFIG_BAD_JSON, .detail = "byte" },
	{ .text = HEAD "}}", .manual = true, .problem = CONFIG_BAD_JSON },
	{ .text = HEAD "} junk", .manual = true, .problem = CONFIG_BAD_JSON },
	{ .text = HEAD ",}", .manual = true, .problem = CONFIG_BAD_JSON },
	{ .text = "// comment\n" HEAD "}", .manual = true, .problem = CONFIG_BAD_JSON },
	{ .text = "{'mdev_type':'vfio_ap-passthrough'}",
	  .manual = true,
	  .problem = CONFIG_BAD_JSON },
	{ .text = "[]", .manual = true, .problem = CONFIG_BAD_JSON, .detail = "no object" },
	{ .text = "null", .manual = true, .problem = CONFIG_BAD_JSON },
	{ .text = "\"x\"", .manual = true, .problem = CONFIG_BAD_JSON },
	{ .text = "{\"mdev_type\":\"\xff\"}", .manual = true, .problem = CONFIG_BAD_JSON },
};

static void expect_mask(struct test *t, const struct vfioap_mask *got, const char *list)
{
	struct vfioap_mask want = { { 0 } };
	char text[VFIOAP_LIST_SIZE], want_text[VFIOAP_LIST_SIZE];

	if (list)
		EXPECT_INT(t, vfioap_list_parse(list, VFIOAP_LIST_ALL, NULL, &want, NULL), 0);
	EXPECT_STR(t, vfioap_list_format(got, text), vfioap_list_format(&want, want_text));
}

/* One file a row, read all at once: the broken ones share their naps. */
static void test_rows(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct definition_list list = { 0 };
	struct err err = { 0 };

	tree_init(&tree);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tree_writef(&tree, rows[i].text, DIR "62177883-f1bb-47f0-914d-%012zx", i);

	test_case(t, "all files are read");
	EXPECT_INT(t, config_list_read(tree.root, true, &list, &err), 0);
	EXPECT_INT(t, list.n, ARRAY_SIZE(rows));

	for (size_t i = 0; i < list.n; i++) {
		const struct definition *d = &list.v[i];

		test_case(t, "definition %.200s", rows[i].text);
		EXPECT_INT(t, d->problem, rows[i].problem);
		EXPECT_INT(t, !d->detail, rows[i].problem == CONFIG_OK);
		if (rows[i].detail && !strstr(d->detail, rows[i].detail))
			EXPECT_STR(t, d->detail, rows[i].detail);
		EXPECT_INT(t, d->start_auto, !rows[i].manual);
		EXPECT_INT(t, d->set_only, rows[i].set_only);
		expect_mask(t, &d->matrix.adapters, rows[i].adapters);
		expect_mask(t, &d->matrix.domains, rows[i].domains);
		expect_mask(t, &d->matrix.controls, rows[i].controls);
	}
	config_list_done(&list);
	config_list_done(&list);
}

static void test_names(struct test *t)
{
	static const char *const passed_over[] = {
		"README", ".62177883-f1bb-47f0-914d-32a22e3a8804.0123", A ".bak",
		A "0",	  "62177883f1bb47f0914d32a22e3a8804",
	};
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct definition_list list = { 0 };
	struct err err = { 0 };

	tree_init(&tree);
	test_case(t, "without the directory there is no definition");
	EXPECT_INT(t, config_list_read(tree.root, true, &list, &err), 0);
	EXPECT_INT(t, list.n, 0);

	for (size_t i = 0; i < ARRAY_SIZE(passed_over); i++)
		tree_writef(&tree, HEAD "}", DIR "%s", passed_over[i]);
	tree_write(&tree, DIR "subdirectory/" A, HEAD "}");
	test_case(t, "names that are no UUID are passed over");
	EXPECT_INT(t, config_list_read(tree.root, true, &list, &err), 0);
	EXPECT_INT(t, list.n, 0);
	config_list_done(&list);

	tree_write(&tree, DIR B, HEAD "}");
	tree_write(&tree, DIR A, HEAD "}");
	tree_write(&tree, DIR "62177883-F1BB-47F0-914D-32A22E3A8804", HEAD "}");
	test_case(t, "by UUID; a name in upper case is a problem of its own");
	EXPECT_INT(t, config_list_read(tree.root, true, &list, &err), 0);
	EXPECT_INT(t, list.n, 3);
	EXPECT_STR(t, list.v[0].uuid, A);
	EXPECT_INT(t, list.v[0].problem, CONFIG_OK);
	EXPECT_STR(t, list.v[1].uuid, A);
	EXPECT_INT(t, list.v[1].problem, CONFIG_UNREADABLE);
	EXPECT_STR(t, list.v[2].uuid, B);
	config_list_done(&list);
}

static void test_kinds(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_free_ char *huge = malloc((1 << 20) + 2);
	struct definition_list list = { 0 };
	struct err err = { 0 };

	memset(huge, ' ', (1 << 20) + 1);
	huge[(1 << 20) + 1] = '\0';
	tree_init(&tree);
	tree_fifo(&tree, DIR A);
	tree_dir(&tree, DIR B);
	tree_link(&tree, "/nowhere", DIR C);
	tree_link(&tree, "/elsewhere", DIR TREE_UUID("8807"));
	tree_write(&tree, "elsewhere", HEAD "}");
	tree_write(&tree, DIR TREE_UUID("8808"), huge);
	tree_bytes(&tree, DIR TREE_UUID("8809"), HEAD "}\0", sizeof(HEAD "}"));

	test_case(t, "what is no regular file is never opened");
	EXPECT_INT(t, config_list_read(tree.root, true, &list, &err), 0);
	EXPECT_INT(t, list.n, 6);
	EXPECT_INT(t, list.v[0].problem, CONFIG_UNREADABLE);
	EXPECT_STR(t, list.v[0].detail, "it is no regular file");
	EXPECT_INT(t, list.v[1].problem, CONFIG_UNREADABLE);
	test_case(t, "a link to nothing; a link below the root");
	EXPECT_INT(t, list.v[2].problem, CONFIG_UNREADABLE);
	EXPECT_INT(t, list.v[3].problem, CONFIG_OK);
	test_case(t, "too large; with a NUL");
	EXPECT_INT(t, list.v[4].problem, CONFIG_BAD_JSON);
	EXPECT_STR(t, list.v[4].detail, "it is larger than 1 MiB");
	EXPECT_INT(t, list.v[5].problem, CONFIG_BAD_JSON);
	config_list_done(&list);
}

/* mdevctl writes in place: a file that is complete soon after was never broken. */
static void test_half_written(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct definition_list list = { 0 };
	struct err err = { 0 };
	pid_t pid;

	tree_init(&tree);
	tree_write(&tree, DIR A, HEAD);
	tree_write(&tree, DIR B, HEAD);

	test_case(t, "half written: read again; removed meanwhile: left out");
	pid = fork();
	if (!pid) {
		usleep(40000);
		tree_write(&tree, DIR "new", ATTRS(ONE("assign_adapter", "5")));
		renameat(tree.root, DIR "new", tree.root, DIR A);
		tree_remove(&tree, DIR B);
		_exit(0);
	}
	EXPECT_INT(t, config_list_read(tree.root, true, &list, &err), 0);
	waitpid(pid, NULL, 0);
	EXPECT_INT(t, list.n, 1);
	EXPECT_STR(t, list.v[0].uuid, A);
	EXPECT_INT(t, list.v[0].problem, CONFIG_OK);
	EXPECT(t, vfioap_mask_has(&list.v[0].matrix.adapters, 5));
	config_list_done(&list);
}

int main(void)
{
	struct test t = { 0 };

	test_rows(&t);
	test_names(&t);
	test_kinds(&t);
	test_half_written(&t);
	return test_done(&t);
}
