/* SPDX-License-Identifier: MIT */
/*
 * The kernel's parsers as the tools and as apsim have them, which share nothing: both take the
 * same texts and make the same of them.
 */
#include <string.h>

#include "apbus.h"
#include "config.h"
#include "errname.h"
#include "fuzz.h"
#include "parse.h"

static void check_number(const char *text)
{
	struct config_entry entry = { .id = 0 };
	uint64_t value = 77;
	bool leading_zero;
	int rc = parse_kul(text, &value);
	const bool is_id = rc == 0 && value < VFIOAP_IDS;

	require(rc == 0 || value == 77);
	rc = config_attr_read("assign_domain", text, &entry, &leading_zero);
	require((rc == 0) == is_id);
	require(rc < 0 || entry.id == value);
}

static void check_ap_config(const char *text)
{
	struct vfioap_mask masks[3] = { 0 };
	struct config_entry entry = { .id = 0 };
	struct matrix strict;
	bool leading_zero;
	int rc = parse_ap_config(text, masks);

	require((config_attr_read("ap_config", text, &entry, &leading_zero) == 0) == (rc == 0));
	if (rc < 0) {
		require(ap_config_parse(text, &strict) < 0);
		return;
	}
	require(vfioap_mask_equal(&masks[0], &entry.matrix.adapters));
	require(vfioap_mask_equal(&masks[1], &entry.matrix.domains));
	require(vfioap_mask_equal(&masks[2], &entry.matrix.controls));
	require(ap_config_parse(text, &strict) < 0 || matrix_equal(&strict, &entry.matrix));
}

/* As a parameter of the kernel; and what users may write is what the kernel takes. */
static void check_mask(const char *text)
{
	const struct vfioap_mask few = vfioap_mask_range(7, 99);
	struct vfioap_mask sim = { { 0 } }, tool, changed = few, applied;
	struct vfioap_change change;
	char written[VFIOAP_LIST_SIZE];
	int rc = parse_mask(text, false, &sim);

	require(apbus_boot_mask(text, &tool) == (rc == 0));
	require(vfioap_mask_equal(&sim, &tool));
	if (vfioap_hex_parse(text, true, &tool, NULL) == 0)
		require(rc == 0 && vfioap_mask_equal(&sim, &tool));
	if (vfioap_change_parse(text, &change, NULL) < 0)
		return;
	applied = vfioap_change_apply(&change, few);
	vfioap_change_format(&change, written);
	require(!*written || parse_mask(written, false, &changed) == 0);
	require(vfioap_mask_equal(&changed, &applied));
}

static void check_uuid(const char *text)
{
	char sim[MACHINE_UUID_SIZE] = "", tool[UUID_SIZE] = "";
	int rc = strlen(text) == UUID_SIZE - 1 ? parse_uuid(text, UUID_SIZE - 1, sim) : -1;

	require((uuid_canonical(text, tool) == 0) == (rc == 0));
	require(strcmp(sim, tool) == 0);
}

static void check_scans(const char *text)
{
	int decimal = 0, any = 0, code = 0;
	bool on = false, words = false;
	uint64_t number = 0;

	/* Other bases read on, or stop at the same place. */
	require((parse_scd(text, true, &decimal) == 0) == (parse_sci(text, true, &any) == 0));
	require(parse_llu(text, &number) < 0 || decimal == (int)(uint32_t)number ||
		parse_scd(text, true, &decimal) < 0);
	require(parse_bool(text, false, &on) < 0 ||
		(parse_bool(text, true, &words) == 0 && on == words));
	if (errname_parse(text, &code) == 0)
		require(code > 0 && code <= 4095);
}

void fuzz_text(char *text, size_t len)
{
	(void)len;
	check_number(text);
	check_ap_config(text);
	check_mask(text);
	check_uuid(text);
	check_scans(text);
}
