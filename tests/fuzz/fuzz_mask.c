/* SPDX-License-Identifier: MIT */
/*
 * mask.c and str.c with any bytes: nothing is read or written out of bounds,
 * what is refused changes no output and has a message of printable ASCII, and
 * what is taken reads back as the same set.
 */
#include <vfioap/mask.h>

#include <stdlib.h>
#include <string.h>

#include "str.h"

/* All but this file's own checks is the sanitizers' work. */
static void require(bool fact)
{
	if (!fact)
		abort();
}

static void check_refusal(const char *text, const struct vfioap_parse_error *error)
{
	char message[192];

	require(error->reason != VFIOAP_OK);
	require(error->offset <= strlen(text) && error->length <= strlen(text) - error->offset);
	vfioap_parse_message(text, error, message, sizeof(message));
	require(*message && strlen(message) < sizeof(message) - 1);
	for (const char *p = message; *p; p++)
		require(*p >= 0x20 && *p < 0x7f);
	for (size_t size = 1; size < sizeof(message); size += 13)
		require(strlen(vfioap_parse_message(text, error, message, size)) < size);
}

static void check_set(struct vfioap_mask m)
{
	char list[VFIOAP_LIST_SIZE], hex[VFIOAP_HEX_SIZE];
	struct vfioap_mask got;

	require(!vfioap_list_parse(vfioap_list_format(&m, list), VFIOAP_LIST_NONE, NULL, &got,
				   NULL));
	require(vfioap_mask_equal(&m, &got));
	require(!vfioap_hex_parse(vfioap_hex_format(&m, hex), false, &got, NULL));
	require(vfioap_mask_equal(&m, &got));
}

static void fuzz_change(const char *text)
{
	struct vfioap_change change = { .set = { { 0 } }, .clear = { { 0 } } }, got = change;
	struct vfioap_parse_error error;
	char copy[VFIOAP_LIST_SIZE];

	if (vfioap_change_parse(text, &change, &error) < 0) {
		check_refusal(text, &error);
		require(vfioap_mask_is_empty(&change.set) && vfioap_mask_is_empty(&change.clear));
		return;
	}
	require(!vfioap_mask_intersects(&change.set, &change.clear));
	require(!vfioap_change_parse(vfioap_change_format(&change, copy), &got, NULL));
	require(vfioap_mask_equal(&change.set, &got.set));
	require(vfioap_mask_equal(&change.clear, &got.clear));
}

static void fuzz_text(char *text)
{
	struct vfioap_mask m = { { 0 } };
	struct vfioap_parse_error error;
	unsigned id = VFIOAP_IDS;

	for (unsigned flags = 0; flags <= (VFIOAP_LIST_ALL | VFIOAP_LIST_NONE); flags++) {
		if (vfioap_list_parse(text, flags, NULL, &m, &error) < 0)
			check_refusal(text, &error);
		check_set(m);
	}
	if (vfioap_id_parse(text, &id, &error) < 0) {
		check_refusal(text, &error);
		require(id == VFIOAP_IDS);
	} else {
		require(id < VFIOAP_IDS);
	}
	for (unsigned short_ok = 0; short_ok < 2; short_ok++) {
		if (vfioap_hex_parse(text, short_ok, &m, &error) < 0)
			check_refusal(text, &error);
		check_set(m);
	}
	fuzz_change(text);

	str_uint(text, UINT16_MAX, &id);
	str_printable(str_chomp(text));
	for (const char *p = text; *p; p++)
		require((unsigned char)*p >= 0x20 && *p != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* On the heap and of the exact size, so that one byte too far is seen. */
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	fuzz_text(text);
	free(text);
	return 0;
}
