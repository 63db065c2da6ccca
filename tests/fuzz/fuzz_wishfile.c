/* SPDX-License-Identifier: MIT */
/*
 * Wish files: what is refused changes nothing and is told with a line of the file, and what is
 * taken, written in another way, is read as the same wish.
 */
#include "wishfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "str.h"

#define MAX_ADAPTER 63
#define MAX_DOMAIN  84

static void ids_print(FILE *out, const char *key, const struct vfioap_mask *ids)
{
	const char *between = "";

	fprintf(out, "\"%s\":[", key);
	VFIOAP_MASK_FOREACH(id, ids) {
		fprintf(out, "%s%u", between, id);
		between = ",";
	}
	fprintf(out, "]");
}

static void matrix_print(FILE *out, const struct matrix *m)
{
	ids_print(out, "adapters", &m->adapters);
	fprintf(out, ",");
	ids_print(out, "domains", &m->domains);
	fprintf(out, ",");
	ids_print(out, "control_domains", &m->controls);
}

/* Without the braces, so that there is room for those of the next boot. */
static void pools_print(FILE *out, const struct wishfile_pools *pools)
{
	const char *between = "";
	char text[VFIOAP_HEX_SIZE];

	if (pools->kind == WISHFILE_MASKS) {
		fprintf(out, "\"apmask\":\"%s\",", vfioap_hex_format(&pools->masks.apmask, text));
		fprintf(out, "\"aqmask\":\"%s\"", vfioap_hex_format(&pools->masks.aqmask, text));
		return;
	}
	fprintf(out, "\"overrides\":[");
	QSET_FOREACH(apid, apqi, &pools->overrides) {
		fprintf(out, "%s\"%s\"", between, queue_format(apid, apqi, text));
		between = ",";
	}
	fprintf(out, "]");
}

static void device_print(FILE *out, const struct wishfile_device *d)
{
	static const char *const starts[] = { "\"auto\"", "\"manual\"", "null" };
	const bool same = matrix_equal(&d->matrix, &d->running);

	fprintf(out, "{\"uuid\":\"%s\",\"start\":%s,", d->uuid, starts[d->start]);
	matrix_print(out, &d->matrix);
	if (d->active == WISHFILE_ACTIVE) {
		fprintf(out, ",\"active\":{");
		matrix_print(out, &d->running);
		fprintf(out, "}");
	} else if (d->active == WISHFILE_INACTIVE) {
		require(same);
		fprintf(out, ",\"active\":false");
	}
	fprintf(out, "}");
}

static char *file_format(const struct wishfile *file)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	require(out != NULL);
	fprintf(out, "{\"format\":1,\"devices\":[");
	for (size_t i = 0; i < file->n_devices; i++) {
		fprintf(out, "%s", i ? "," : "");
		device_print(out, &file->device[i]);
	}
	fprintf(out, "]");
	if (file->pools.kind != WISHFILE_LEAVE) {
		fprintf(out, ",\"pools\":{");
		pools_print(out, &file->pools);
		fprintf(out, ",\"next_boot\":{");
		pools_print(out, &file->next);
		fprintf(out, "}}");
	}
	fprintf(out, "}");
	fclose(out);
	return text;
}

static bool pools_equal(const struct wishfile_pools *a, const struct wishfile_pools *b)
{
	return a->kind == b->kind && vfioap_mask_equal(&a->masks.apmask, &b->masks.apmask) &&
	       vfioap_mask_equal(&a->masks.aqmask, &b->masks.aqmask) &&
	       qset_equal(&a->overrides, &b->overrides);
}

static void check_devices(const struct wishfile *a, const struct wishfile *b)
{
	require(a->n_devices == b->n_devices);
	for (size_t i = 0; i < a->n_devices; i++) {
		const struct wishfile_device *x = &a->device[i], *y = &b->device[i];
		char uuid[UUID_SIZE];

		require(uuid_canonical(x->uuid, uuid) == 0 && strcmp(uuid, x->uuid) == 0);
		require(!i || strcmp(a->device[i - 1].uuid, x->uuid) < 0);
		require(strcmp(x->uuid, y->uuid) == 0 && x->start == y->start);
		require(x->active == y->active && matrix_equal(&x->matrix, &y->matrix));
		require(matrix_equal(&x->running, &y->running));
	}
}

static void check_file(const struct wishfile *file)
{
	char *text = file_format(file);
	struct wishfile got = { 0 };
	struct err err = { 0 };

	require(wishfile_parse(text, strlen(text), VFIOAP_IDS - 1, VFIOAP_IDS - 1, &got, &err) ==
		0);
	require(pools_equal(&got.pools, &file->pools) && pools_equal(&got.next, &file->next));
	check_devices(file, &got);
	wishfile_done(&got);
	free(text);
}

static void check_refusal(const char *text, size_t len, const struct err *err)
{
	const char *digits = str_starts_with(err->what, "line ");
	unsigned long line;

	require(fuzz_is_error(err, -EINVAL) && fuzz_is_printable(err->what));
	require(fuzz_is_printable(err->hint));
	if (!digits) {
		require(strlen(text) != len);
		return;
	}
	require(str_ulong_parse(&digits, 10, fuzz_lines(text), &line) == 0);
	require(line >= 1 && *digits == ':');
}

void fuzz_text(char *text, size_t len)
{
	struct wishfile file = { .n_devices = 77 };
	struct err err = { 0 };

	if (wishfile_parse(text, len, MAX_ADAPTER, MAX_DOMAIN, &file, &err) < 0) {
		require(file.n_devices == 77);
		check_refusal(text, len, &err);
		return;
	}
	check_file(&file);
	wishfile_done(&file);
}
