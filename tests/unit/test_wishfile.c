/* SPDX-License-Identifier: MIT */
/* Wish files: what they may say, and how a wrong one is told. */
#include <errno.h>

#include "test.h"
#include "wishfile.h"

#define UUID	      "62177883-f1bb-47f0-914d-32a22e3a8804"
#define ONES	      "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define FILE_OF(rest) "{\"format\":1," rest "}"
#define DEVICE(rest)  FILE_OF("\n\"devices\":[\n{\"uuid\":\"" UUID "\"" rest "}]")

static int parse(const char *text, struct wishfile *ret, struct err *err)
{
	return wishfile_parse(text, strlen(text), 7, 15, ret, err);
}

static const char *list(const struct vfioap_mask *m)
{
	static char buf[4][VFIOAP_LIST_SIZE];
	static unsigned i;

	return vfioap_list_format(m, buf[i++ % 4]);
}

static void test_refused(struct test *t)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "line 1: no JSON: " },
		{ "[]", "line 1: no object" },
		{ "\nnull\n", "line 2: no object" },
		{ "{}", "line 1: no format" },
		{ "{\"format\":2}", "line 1: format: not 1, the only format that there is" },
		{ "{\"format\":1}\n{}", "line 2: no JSON: " },
		{ "{\"format\":1,\n\n\"devices\":}", "line 3: no JSON: " },
		{ "{\"format\":1,\n'devices':[]}", "line 2: no JSON: " },
		{ FILE_OF("\n\"device\":[]"), "line 2: device: no such key" },
		{ FILE_OF("\"devices\":{}"), "line 1: devices: no array of devices" },
		{ FILE_OF("\"devices\":[\n{}]"), "line 2: devices[0]: no uuid" },
		{ FILE_OF("\"devices\":[\n{\"uuid\":\"6217\"}]"),
		  "line 2: devices[0].uuid: no full UUID" },
		{ FILE_OF("\"devices\":[{\"uuid\":\"" UUID "\"},\n\n{\"uuid\":\"" UUID "\"}]"),
		  "line 3: devices[1].uuid: '" UUID "' stands here twice" },
		{ DEVICE(",\n\"adaptors\":\"5\""), "line 4: devices[0].adaptors: no such key" },
		{ DEVICE(",\"adapters\":5"),
		  "line 3: devices[0].adapters: neither a list as \"5,0x10-0x1f\" nor an array of"
		  " numbers" },
		{ DEVICE(",\"adapters\":[5,\n256]"),
		  "line 4: devices[0].adapters[1]: no number from 0 to 255" },
		{ DEVICE(",\"adapters\":[-1]"),
		  "line 3: devices[0].adapters[0]: no number from 0 to 255" },
		{ DEVICE(",\"domains\":\"010\""),
		  "line 3: devices[0].domains: item '010' at position 1 has a leading zero: 8 in"
		  " sysfs, 10 on paper" },
		{ DEVICE(",\"start\":true"),
		  "line 3: devices[0].start: none of \"auto\", \"manual\" and null" },
		{ DEVICE(",\"start\":null,\"active\":false"),
		  "line 3: devices[0]: neither active nor defined: leave it out" },
		{ DEVICE(",\"active\":1"),
		  "line 3: devices[0].active: neither true, false, nor what it is active with" },
		{ DEVICE(",\"active\":{\"x\":1}"), "line 3: devices[0].active.x: no such key" },
		{ FILE_OF("\"pools\":{}"),
		  "line 1: pools: either apmask and aqmask, or overrides" },
		{ FILE_OF("\"pools\":{\"apmask\":\"" ONES "\"}"),
		  "line 1: pools: apmask and aqmask belong together" },
		{ FILE_OF("\"pools\":{\"apmask\":\"0xff\",\"aqmask\":\"" ONES "\"}"),
		  "line 1: pools.apmask: " },
		{ FILE_OF("\"pools\":{\"overrides\":[],\n\"aqmask\":\"" ONES "\"}"),
		  "line 1: pools: either apmask and aqmask, or overrides" },
		{ FILE_OF("\"pools\":{\"overrides\":[\"5\"]}"),
		  "line 1: pools.overrides[0]: no queue as \"05.0004\"" },
		{ FILE_OF("\"pools\":{\"overrides\":[],\"next_boot\":{\"next_boot\":1}}"),
		  "line 1: pools.next_boot.next_boot: no such key" },
		{ FILE_OF("\"a\033[31m\":1"), "line 1: a?[31m: no such key" },
		{ FILE_OF("\"a\\u001b[31m\":1"), "line 1: a?[31m: no such key" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wishfile file = { 0 };
		struct err err = { 0 };

		test_case(t, "refused: %s", rows[i].want);
		EXPECT_INT(t, parse(rows[i].text, &file, &err), -EINVAL);
		if (!strstr(err.what, rows[i].want))
			EXPECT_STR(t, err.what, rows[i].want);
		EXPECT_INT(t, file.n_devices, 0);
	}
}

static void test_devices(struct test *t)
{
	struct wishfile file = { 0 };
	struct err err = { 0 };

	test_case(t, "devices: all ends at the machine's highest; auto, and active");
	EXPECT_INT(t, parse(DEVICE(",\"adapters\":\"all\",\"domains\":[4,171]"), &file, &err), 0);
	EXPECT_STR(t, list(&file.device[0].matrix.adapters), "0-7");
	EXPECT_STR(t, list(&file.device[0].running.domains), "4,0xab");
	EXPECT_INT(t, file.device[0].start, WISHFILE_AUTO);
	EXPECT_INT(t, file.device[0].active, WISHFILE_ACTIVE);
	EXPECT_INT(t, file.pools.kind, WISHFILE_LEAVE);
	wishfile_done(&file);

	test_case(t, "devices: manual is active or not, as it is");
	EXPECT_INT(t, parse(DEVICE(",\"start\":\"manual\""), &file, &err), 0);
	EXPECT_INT(t, file.device[0].active, WISHFILE_AS_IT_IS);
	wishfile_done(&file);

	test_case(t, "devices: active with something else than defined");
	EXPECT_INT(
		t,
		parse(DEVICE(",\"active\":{\"adapters\":\"5\"},\"adapters\":\"6\""), &file, &err),
		0);
	EXPECT_STR(t, list(&file.device[0].matrix.adapters), "6");
	EXPECT_STR(t, list(&file.device[0].running.adapters), "5");
	wishfile_done(&file);

	test_case(t, "devices: without a definition");
	EXPECT_INT(t, parse(DEVICE(",\"start\":null"), &file, &err), 0);
	EXPECT_INT(t, file.device[0].start, WISHFILE_UNDEFINED);
	EXPECT_INT(t, file.device[0].active, WISHFILE_ACTIVE);
	wishfile_done(&file);
}

static void test_pools(struct test *t)
{
	static const char ap[] =
		"0xf9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
	struct wishfile file = { 0 };
	struct err err = { 0 };
	char text[512];

	test_case(t, "pools: masks, of the next boot too");
	snprintf(text, sizeof(text), FILE_OF("\"pools\":{\"apmask\":\"%s\",\"aqmask\":\"%s\"}"), ap,
		 ONES);
	EXPECT_INT(t, parse(text, &file, &err), 0);
	EXPECT_INT(t, file.pools.kind, WISHFILE_MASKS);
	EXPECT_INT(t, file.next.kind, WISHFILE_MASKS);
	EXPECT(t, !vfioap_mask_has(&file.next.masks.apmask, 5));
	wishfile_done(&file);

	test_case(t, "pools: overrides now, nothing at the next boot");
	EXPECT_INT(t,
		   parse(FILE_OF("\"pools\":{\"overrides\":[\"05.0004\"],"
				 "\"next_boot\":{\"overrides\":[]}}"),
			 &file, &err),
		   0);
	EXPECT_INT(t, file.pools.kind, WISHFILE_OVERRIDES);
	EXPECT(t, qset_has(&file.pools.overrides, 5, 4));
	EXPECT(t, qset_is_empty(&file.next.overrides));
	EXPECT(t, apbus_masks_all(&file.pools.masks));
	wishfile_done(&file);
}

int main(void)
{
	struct test t = { 0 };

	test_refused(&t);
	test_devices(&t);
	test_pools(&t);
	return test_done(&t);
}
