/* SPDX-License-Identifier: MIT */
/*
 * matrix, guest_matrix, control_domains, ap_config and features of a device: what is refused
 * changes nothing, and what is taken, written as the kernel would, says the same again.
 */
#include "mdev.c"

#include "fuzz.h"

static const struct matrix mark = { .adapters = { { 1, 2, 3, 4 } }, .domains = { { 5 } } };

/* As the kernel prints it (vfio_ap_ops.c): queues, or what there is of their halves. */
static char *matrix_format(const struct matrix *m)
{
	const bool has_adapters = !vfioap_mask_is_empty(&m->adapters);
	char *text = malloc((matrix_count(m) + 2 * VFIOAP_IDS) * 8 + 1);
	size_t len = 0;

	require(text != NULL);
	*text = '\0';
	VFIOAP_MASK_FOREACH(apid, &m->adapters) {
		if (vfioap_mask_is_empty(&m->domains))
			len += (size_t)snprintf(text + len, 9, "%02x.\n", apid);
		VFIOAP_MASK_FOREACH(apqi, &m->domains)
			len += (size_t)snprintf(text + len, 9, "%02x.%04x\n", apid, apqi);
	}
	if (!has_adapters)
		VFIOAP_MASK_FOREACH(apqi, &m->domains)
			len += (size_t)snprintf(text + len, 9, ".%04x\n", apqi);
	return text;
}

static void check_matrix(char *text)
{
	struct matrix m = mark, got = mark;
	const unsigned lines = fuzz_lines(text) - 1;
	bool truncated = false, again = false;
	char *copy;

	if (parse_matrix(text, &m, &truncated) < 0) {
		require(matrix_equal(&m, &mark) && !truncated);
		return;
	}
	require(vfioap_mask_is_empty(&m.controls));
	/* Lines of the two halves may be mixed; a part of a matrix is no product. */
	if (truncated)
		return;
	require(!matrix_count(&m) || matrix_count(&m) == lines);
	copy = matrix_format(&m);
	if (strlen(copy) < MATRIX_CUT) {
		require(parse_matrix(copy, &got, &again) == 0);
		require(!again && matrix_equal(&got, &m));
	}
	free(copy);
}

static void check_controls(const char *text)
{
	char copy[VFIOAP_IDS * 5 + 1] = "";
	struct vfioap_mask m = mark.adapters, got;
	size_t len = 0;

	if (parse_controls(text, &m) < 0) {
		require(vfioap_mask_equal(&m, &mark.adapters));
		return;
	}
	VFIOAP_MASK_FOREACH(id, &m)
		len += (size_t)snprintf(copy + len, sizeof(copy) - len, "%04x\n", id);
	require(parse_controls(copy, &got) == 0 && vfioap_mask_equal(&got, &m));
}

static void check_ap_config(const char *text)
{
	struct matrix m = mark, got = mark;
	char copy[AP_CONFIG_SIZE];

	if (ap_config_parse(text, &m) < 0) {
		require(matrix_equal(&m, &mark));
		return;
	}
	require(ap_config_parse(ap_config_format(&m, copy), &got) == 0);
	require(matrix_equal(&got, &m));
}

static void check_uuid(const char *text)
{
	char uuid[UUID_SIZE] = "mark", again[UUID_SIZE];

	if (uuid_canonical(text, uuid) < 0) {
		require(strcmp(uuid, "mark") == 0);
		return;
	}
	require(strcasecmp(uuid, text) == 0);
	require(uuid_canonical(uuid, again) == 0 && strcmp(uuid, again) == 0);
}

void fuzz_text(char *text, size_t len)
{
	(void)len;
	check_controls(text);
	check_ap_config(text);
	check_uuid(text);
	require(!has_word(text, "ap_config") || strstr(text, "ap_config"));
	check_matrix(text);
}
