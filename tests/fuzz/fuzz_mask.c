/* SPDX-License-Identifier: MIT */
/*
 * mask.c and str.c: what is refused changes no output and has a message of printable ASCII that
 * points into the text, and what is taken reads back as the same set.
 */
#include <vfioap/mask.h>

#include <string.h>

#include "fuzz.h"
#include "str.h"

static const struct vfioap_mask mark = { { 7, 0, 99, 1 } };

static void check_refusal(const char *text, const struct vfioap_parse_error *error)
{
	const size_t len = strlen(text);
	char message[192];

	require(error->reason != VFIOAP_OK);
	require(error->offset <= len && error->length <= len - error->offset);
	vfioap_parse_message(text, error, message, sizeof(message));
	require(*message && strlen(message) < sizeof(message) - 1);
	for (const char *p = message; *p; p++)
		require(*p >= 0x20 && *p < 0x7f);
	for (size_t size = 1; size < sizeof(message); size += 47)
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

/* A parser has said @rc of @text, and left @m. */
static void check(const char *text, int rc, struct vfioap_mask m,
		  const struct vfioap_parse_error *error)
{
	if (rc == 0) {
		check_set(m);
	} else {
		require(vfioap_mask_equal(&m, &mark));
		check_refusal(text, error);
	}
}

static void fuzz_change(const char *text)
{
	struct vfioap_change change = { .set = mark, .clear = mark }, got;
	struct vfioap_parse_error error;
	char copy[VFIOAP_LIST_SIZE];
	int rc = vfioap_change_parse(text, &change, &error);

	if (rc < 0) {
		check(text, rc, change.set, &error);
		require(vfioap_mask_equal(&change.clear, &mark));
		return;
	}
	require(!vfioap_mask_intersects(&change.set, &change.clear));
	require(!vfioap_change_parse(vfioap_change_format(&change, copy), &got, NULL));
	require(vfioap_mask_equal(&change.set, &got.set));
	require(vfioap_mask_equal(&change.clear, &got.clear));
}

static void fuzz_lists(const char *text)
{
	const struct vfioap_mask few = vfioap_mask_range(3, 84);
	struct vfioap_parse_error error;
	struct vfioap_mask m = mark, words = mark;
	int rc, words_rc;

	rc = vfioap_list_parse(text, 0, NULL, &m, &error);
	check(text, rc, m, &error);
	words_rc =
		vfioap_list_parse(text, VFIOAP_LIST_ALL | VFIOAP_LIST_NONE, &few, &words, &error);
	check(text, words_rc, words, &error);
	if (rc == 0)
		require(words_rc == 0 && vfioap_mask_equal(&m, &words));
	else if (words_rc == 0)
		require(vfioap_mask_is_empty(&words) || vfioap_mask_equal(&words, &few));
}

static void fuzz_hex(const char *text)
{
	struct vfioap_mask m = mark, shorter = mark;
	struct vfioap_parse_error error;
	int rc = vfioap_hex_parse(text, false, &m, &error);

	check(text, rc, m, &error);
	require(rc < 0 || (!vfioap_hex_parse(text, true, &shorter, &error) &&
			   vfioap_mask_equal(&m, &shorter)));
	if (rc < 0)
		check(text, vfioap_hex_parse(text, true, &shorter, &error), shorter, &error);
}

static void fuzz_id(const char *text)
{
	struct vfioap_parse_error error;
	unsigned id = VFIOAP_IDS, decimal = VFIOAP_IDS;

	if (vfioap_id_parse(text, &id, &error) < 0) {
		check_refusal(text, &error);
		require(id == VFIOAP_IDS);
	} else {
		require(id < VFIOAP_IDS);
	}
	if (str_uint(text, VFIOAP_IDS - 1, &decimal) < 0)
		require(decimal == VFIOAP_IDS);
	else
		require(decimal < VFIOAP_IDS);
}

void fuzz_text(char *text, size_t len)
{
	fuzz_lists(text);
	fuzz_hex(text);
	fuzz_change(text);
	fuzz_id(text);

	(void)len;
	str_printable(str_chomp(text));
	require(fuzz_is_printable(text));
	for (const char *p = text; *p; p++)
		require((unsigned char)*p >= 0x20 && *p != 0x7f);
}
