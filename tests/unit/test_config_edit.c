/* SPDX-License-Identifier: MIT */
/* Definitions made and changed: texts as mdevctl writes them, and what stays as it was. */
#include <stdint.h>

#include "config.h"
#include "test.h"
#include "tree.h"

#define UUID TREE_UUID("8804")

/* As mdevctl lays them out. */
#define HEAD(start) "{\n  \"mdev_type\": \"vfio_ap-passthrough\",\n  \"start\": \"" start "\",\n"
#define ATTRS(list) "  \"attrs\": [\n" list "\n  ]\n}"
#define ONE(name, value) \
	"    {\n"        \
	"      \"" name "\": \"" value "\"\n    }"
#define A(id) ONE("assign_adapter", id)
#define D(id) ONE("assign_domain", id)
#define C(id) ONE("assign_control_domain", id)
#define U(id) ONE("unassign_adapter", id)
#define N     ",\n"
#define EMPTY HEAD("auto") "  \"attrs\": []\n}"

/* Squeezed, as nobody writes them. */
#define HEAD_REST "\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\",\"attrs\":"
#define SHORT	  "{" HEAD_REST

static const struct row {
	const char *title;
	const char *text;			   /* NULL: a new definition */
	const char *adapters, *domains, *controls; /* lists; all NULL: attrs stay */
	enum config_start start;
	bool rewrite;
	int rc;
	const char *want; /* NULL: the same text, or what err has to say */
} rows[] = {
	{ .title = "new, empty", .start = CONFIG_START_AUTO, .adapters = "none", .want = EMPTY },
	{ .title = "new, by hand",
	  .start = CONFIG_START_MANUAL,
	  .adapters = "none",
	  .want = HEAD("manual") "  \"attrs\": []\n}" },
	{ .title = "new, all kinds, decimal, ascending",
	  .start = CONFIG_START_AUTO,
	  .adapters = "0xff,5",
	  .domains = "0x47,4",
	  .controls = "4",
	  .want = HEAD("auto") ATTRS(A("5") N A("255") N D("4") N D("71") N C("4")) },
	/* nothing to do */
	{ .title = "the same IDs: not a byte changes",
	  .text = " " SHORT "[{\"assign_adapter\":\"0x05\"}]}\n",
	  .adapters = "5" },
	{ .title = "the same start", .text = SHORT "[]}", .start = CONFIG_START_AUTO },
	{ .title = "no attrs, and none wanted",
	  .text = "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"manual\"}",
	  .adapters = "none",
	  .start = CONFIG_START_MANUAL },
	{ .title = "another word that means manual",
	  .text = "{\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"Auto\"}",
	  .start = CONFIG_START_MANUAL },
	/* start */
	{ .title = "auto to manual",
	  .text = HEAD("auto") ATTRS(A("5")),
	  .start = CONFIG_START_MANUAL,
	  .want = HEAD("manual") ATTRS(A("5")) },
	{ .title = "start of one with ap_config",
	  .text = HEAD("manual") ATTRS(U("5") N A("6")),
	  .start = CONFIG_START_AUTO,
	  .want = HEAD("auto") ATTRS(U("5") N A("6")) },
	{ .title = "start alone: null attrs stay",
	  .text = "{\"start\":\"manual\",\"attrs\":null,\"mdev_type\":\"vfio_ap-passthrough\"}",
	  .start = CONFIG_START_AUTO,
	  .want = "{\n  \"start\": \"auto\",\n  \"attrs\": null,\n"
		  "  \"mdev_type\": \"vfio_ap-passthrough\"\n}" },
	/* where entries go */
	{ .title = "behind the last of its kind",
	  .text = HEAD("auto") ATTRS(A("5") N D("4") N C("9")),
	  .adapters = "5-6",
	  .domains = "3-4",
	  .controls = "8-9",
	  .want = HEAD("auto") ATTRS(A("5") N A("6") N D("4") N D("3") N C("9") N C("8")) },
	{ .title = "an unusual order stays",
	  .text = HEAD("auto") ATTRS(D("4") N A("5") N D("7")),
	  .adapters = "5,9",
	  .domains = "4,7,8",
	  .controls = "1",
	  .want = HEAD("auto") ATTRS(D("4") N A("5") N A("9") N D("7") N D("8") N C("1")) },
	{ .title = "adapters before the domains that are there",
	  .text = HEAD("auto") ATTRS(ONE("odd", "x") N D("4") N ONE("end", "y")),
	  .adapters = "5",
	  .domains = "4",
	  .controls = "4",
	  .want = HEAD("auto")
		  ATTRS(ONE("odd", "x") N A("5") N D("4") N C("4") N ONE("end", "y")) },
	{ .title = "into attrs that are empty, missing, null",
	  .text = SHORT "[]}",
	  .adapters = "5",
	  .domains = "4",
	  .want = HEAD("auto") ATTRS(A("5") N D("4")) },
	{ .title = "attrs that are missing come last",
	  .text = "{\"start\":\"auto\",\"mdev_type\":\"vfio_ap-passthrough\",\"more\":[1,{}]}",
	  .adapters = "5",
	  .want = "{\n  \"start\": \"auto\",\n  \"mdev_type\": \"vfio_ap-passthrough\",\n"
		  "  \"more\": [\n    1,\n    {}\n  ],\n" ATTRS(A("5")) },
	{ .title = "attrs that are null keep their place",
	  .text = "{\"attrs\":null,\"start\":\"auto\",\"mdev_type\":\"vfio_ap-passthrough\"}",
	  .domains = "5",
	  .want = "{\n  \"attrs\": [\n" D("5") "\n  ],\n  \"start\": \"auto\",\n"
					       "  \"mdev_type\": \"vfio_ap-passthrough\"\n}" },
	/* what goes and what stays */
	{ .title = "values that stay keep their text",
	  .text = HEAD("auto") ATTRS(A("0x05") N A("+6") N A("0X0a\\n") N D("4")),
	  .adapters = "5,0xa,0xb",
	  .domains = "4",
	  .want = HEAD("auto") ATTRS(A("0x05") N A("0X0a\\n") N A("11") N D("4")) },
	{ .title = "doubled entries stay together and go together",
	  .text = HEAD("auto") ATTRS(A("5") N A("0x5") N D("4") N A("6") N D("4")),
	  .adapters = "6",
	  .domains = "4",
	  .want = HEAD("auto") ATTRS(D("4") N A("6") N D("4")) },
	{ .title = "all entries go",
	  .text = HEAD("auto") ATTRS(A("5") N D("4")),
	  .adapters = "none",
	  .want = EMPTY },
	{ .title = "one goes, another comes in its place",
	  .text = HEAD("auto") ATTRS(A("5") N D("4")),
	  .adapters = "6",
	  .domains = "4",
	  .want = HEAD("auto") ATTRS(A("6") N D("4")) },
	{ .title = "unknown keys and entries stay, empty ones and unicode too",
	  .text = "{\"note\":\"caf\xc3\xa9 / \\u00e9 \\u0007 \\\"q\\\"\",\"n\":[1.50,1e5,-7,[],{}],"
		  "\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"auto\",\"attrs\":["
		  "{\"x/y\":\"a/b\\t\"},{\"assign_adapter\":\"5\"},{\"z\":\"\"}],\"last\":{}}",
	  .adapters = "5-6",
	  .want = "{\n  \"note\": \"caf\xc3\xa9 / \xc3\xa9 \\u0007 \\\"q\\\"\",\n  \"n\": [\n"
		  "    1.50,\n    1e5,\n    -7,\n    [],\n    {}\n  ],\n"
		  "  \"mdev_type\": \"vfio_ap-passthrough\",\n  \"start\": \"auto\",\n"
		  "  \"attrs\": [\n" ONE("x/y", "a/b\\t") N A("5") N A("6")
			  N ONE("z", "") "\n  ],\n  \"last\": {}\n}" },
	/* set_only, and set */
	{ .title = "unassign entries: refused",
	  .text = HEAD("auto") ATTRS(A("5") N U("5")),
	  .adapters = "6",
	  .rc = -EOPNOTSUPP,
	  .want = "unassign_*" },
	{ .title = "unassign entries: set drops them",
	  .text = HEAD("manual") ATTRS(A("5") N U("5") N ONE("odd", "x") N A("6")),
	  .adapters = "5",
	  .rewrite = true,
	  .want = HEAD("manual") ATTRS(A("5") N ONE("odd", "x")) },
	{ .title = "ap_config: set drops it",
	  .text = HEAD("auto")
		  ATTRS(A("9") N ONE("ap_config", TREE_ZEROS "," TREE_ONES "," TREE_ZEROS)),
	  .adapters = "5",
	  .domains = "4",
	  .rewrite = true,
	  .want = HEAD("auto") ATTRS(A("5") N D("4")) },
	{ .title = "set of the same IDs drops unassign entries too",
	  .text = HEAD("auto") ATTRS(U("5") N A("5")),
	  .adapters = "5",
	  .rewrite = true,
	  .want = HEAD("auto") ATTRS(A("5")) },
	{ .title = "a leading zero: refused",
	  .text = HEAD("auto") ATTRS(A("010")),
	  .adapters = "8",
	  .rc = -EBADMSG,
	  .want = "leading zero" },
	{ .title = "a leading zero: set writes it anew",
	  .text = HEAD("auto") ATTRS(A("010") N A("08") N A("5") N "    {},\n    7"),
	  .adapters = "5,8",
	  .rewrite = true,
	  .want = HEAD("auto") ATTRS(A("5") N A("8")) },
	{ .title = "attrs that are no array: set writes them anew",
	  .text = SHORT "7}",
	  .adapters = "5",
	  .rewrite = true,
	  .want = HEAD("auto") ATTRS(A("5")) },
	{ .title = "unassign entries stay when the start alone changes",
	  .text = HEAD("auto") ATTRS(U("9") N A("5")),
	  .adapters = "5",
	  .start = CONFIG_START_MANUAL,
	  .want = HEAD("manual") ATTRS(U("9") N A("5")) },
	{ .title = "the largest numbers that are kept",
	  .text = "{\"n\":[18446744073709551614,-9223372036854775807]," HEAD_REST "[]}",
	  .adapters = "none",
	  .start = CONFIG_START_MANUAL,
	  .want = "{\n  \"n\": [\n    18446744073709551614,\n    -9223372036854775807\n  ],\n"
		  "  \"mdev_type\": \"vfio_ap-passthrough\",\n  \"start\": \"manual\",\n"
		  "  \"attrs\": []\n}" },
	{ .title = "a number that would be cut",
	  .text = "{\"n\":[{\"m\":123456789012345678901234567890}]," HEAD_REST "[]}",
	  .adapters = "5",
	  .rewrite = true,
	  .rc = -EBADMSG,
	  .want = "more than 64 bits" },
	{ .title = "a negative number that would be cut",
	  .text = "{\"n\":-123456789012345678901234567890," HEAD_REST "[]}",
	  .adapters = "5",
	  .rc = -EBADMSG,
	  .want = "more than 64 bits" },
	/* refused whatever the change */
	{ .title = "a leading zero: start",
	  .text = HEAD("auto") ATTRS(A("010")),
	  .start = CONFIG_START_MANUAL,
	  .rc = -EBADMSG,
	  .want = "leading zero" },
	{ .title = "no JSON",
	  .text = "{",
	  .adapters = "5",
	  .rewrite = true,
	  .rc = -EBADMSG,
	  .want = "byte" },
	{ .title = "empty",
	  .text = "",
	  .adapters = "5",
	  .rewrite = true,
	  .rc = -EBADMSG,
	  .want = "empty" },
	{ .title = "an array",
	  .text = "[]",
	  .adapters = "5",
	  .rewrite = true,
	  .rc = -EBADMSG,
	  .want = "no object" },
	{ .title = "mdev_type missing",
	  .text = "{\"start\":\"auto\"}",
	  .adapters = "5",
	  .rewrite = true,
	  .rc = -EBADMSG,
	  .want = "mdev_type is missing" },
	{ .title = "start missing",
	  .text = "{\"mdev_type\":\"vfio_ap-passthrough\"}",
	  .adapters = "5",
	  .rewrite = true,
	  .rc = -EBADMSG,
	  .want = "start is missing" },
	{ .title = "another type",
	  .text = "{\"mdev_type\":\"x\",\"start\":\"auto\"}",
	  .adapters = "5",
	  .rewrite = true,
	  .rc = -EBADMSG,
	  .want = "mdev_type is 'x'" },
	{ .title = "a NUL in a key",
	  .text = SHORT "[],\"a\\u0000b\":1}",
	  .adapters = "5",
	  .rc = -EBADMSG,
	  .want = "NUL" },
};

static struct vfioap_mask mask_of(struct test *t, const char *list)
{
	struct vfioap_mask m = { { 0 } };

	if (list)
		EXPECT_INT(
			t,
			vfioap_list_parse(list, VFIOAP_LIST_ALL | VFIOAP_LIST_NONE, NULL, &m, NULL),
			0);
	return m;
}

static struct config_change row_change(struct test *t, const struct row *row, struct matrix *m)
{
	*m = (struct matrix){
		.adapters = mask_of(t, row->adapters),
		.domains = mask_of(t, row->domains),
		.controls = mask_of(t, row->controls),
	};
	return (struct config_change){
		.matrix = row->adapters || row->domains || row->controls ? m : NULL,
		.start = row->start,
		.rewrite = row->rewrite,
	};
}

static void test_texts(struct test *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		_cleanup_free_ char *got = NULL;
		struct err err = { 0 };
		struct matrix matrix;
		struct config_change change = row_change(t, row, &matrix);

		test_case(t, "definition: %s", row->title);
		if (!row->text) {
			got = config_format(&matrix, row->start == CONFIG_START_AUTO);
			EXPECT_STR(t, got, row->want);
			continue;
		}
		EXPECT_INT(t, config_edit(UUID, row->text, strlen(row->text), &change, &got, &err),
			   row->rc);
		if (!row->rc) {
			EXPECT_STR(t, got, row->want ? row->want : row->text);
		} else {
			EXPECT_STR(t, got, NULL);
			EXPECT(t, strstr(err.what, UUID));
			if (!strstr(err.what, row->want))
				EXPECT_STR(t, err.what, row->want);
		}
	}
}

/* ---- at random --------------------------------------------------------------------------------
 */

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static struct vfioap_mask random_mask(uint32_t *state)
{
	struct vfioap_mask m = { { 0 } };

	for (uint32_t n = next(state) % 6; n; n--)
		vfioap_mask_set(&m, next(state) % 12 + (next(state) % 2 ? 0 : 244));
	return m;
}

/* A definition of entries in any order, doubled, hexadecimal, with unknown ones between. */
static size_t random_text(uint32_t *state, char *text, size_t size)
{
	static const char *const names[] = { "assign_adapter", "assign_domain",
					     "assign_control_domain", "odd" };
	size_t len = (size_t)snprintf(text, size, "%s", SHORT "[");

	for (uint32_t i = 0, n = next(state) % 12; i < n; i++) {
		const char *name = names[next(state) % 4];
		unsigned id = next(state) % 12 + (next(state) % 2 ? 0 : 244);
		bool hex = next(state) % 2;
		char one[64];

		if (hex)
			snprintf(one, sizeof(one), " {\"%s\" : \"0x%02x\" }\n", name, id);
		else
			snprintf(one, sizeof(one), "{\"%s\":\"%u\"}", name, id);
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? "," : "", one);
	}
	return len + (size_t)snprintf(text + len, size - len, "],\"more\":{\"k\":[]}}");
}

/* Where @value stands in @text is behind @from; moved there. */
static bool in_order(const char **from, const char *text)
{
	*from = strstr(*from, text);
	return *from != NULL;
}

/* Entries "odd" of the old text stand in the new one, in their order. */
static bool odd_kept(const char *old, const char *fresh)
{
	for (const char *p = strstr(old, "\"odd\""); p; p = strstr(p + 1, "\"odd\"")) {
		const char *value = strchr(p + 5, '"');
		char want[64];

		snprintf(want, sizeof(want), "\"odd\": %.*s\"", (int)strcspn(value + 1, "\"") + 1,
			 value);
		if (!in_order(&fresh, want))
			return false;
		fresh++;
	}
	return true;
}

static void test_random(struct test *t)
{
	unsigned rounds = test_rounds(3000);
	uint32_t state = 20261121;

	test_case(t, "random edits read back as what was asked for (seed 20261121)");
	for (unsigned i = 0; i < rounds && !t->bad; i++) {
		struct matrix m = { .adapters = random_mask(&state),
				    .domains = random_mask(&state),
				    .controls = random_mask(&state) };
		const bool is_auto = next(&state) % 2;
		const struct config_change change = {
			.matrix = &m,
			.start = is_auto ? CONFIG_START_AUTO : CONFIG_START_MANUAL,
		};
		_cleanup_free_ char *got = NULL, *again = NULL;
		struct definition d = { .problem = CONFIG_OK };
		struct err err = { 0 };
		char text[2048];
		size_t len = random_text(&state, text, sizeof(text));

		EXPECT_INT(t, config_edit(UUID, text, len, &change, &got, &err), 0);
		if (!got) {
			EXPECT_STR(t, err.what, "");
			break;
		}
		EXPECT_INT(t, config_parse(got, strlen(got), &d, NULL), 0);
		EXPECT_INT(t, d.problem, CONFIG_OK);
		EXPECT(t, matrix_equal(&d.matrix, &m));
		EXPECT_INT(t, d.start_auto, is_auto);
		EXPECT(t, strcmp(got, text) == 0 || odd_kept(text, got));
		definition_done(&d);
		EXPECT_INT(t, config_edit(UUID, got, strlen(got), &change, &again, &err), 0);
		EXPECT_STR(t, again, got);
		if (t->bad)
			printf("  of: %s\n  to: %s\n", text, got);
	}
}

int main(void)
{
	struct test t = { 0 };

	test_texts(&t);
	test_random(&t);
	return test_done(&t);
}
