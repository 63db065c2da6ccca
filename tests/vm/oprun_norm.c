// SPDX-License-Identifier: MIT
/*
 * What a real kernel under the emulated AP instructions and the simulator may
 * answer differently.  Everything else has to be equal, byte for byte.
 *
 * The emulated cards do not answer requests.  So what a card's reply fills in is
 * never known there, each question that the kernel asks by itself counts as a
 * request, and one that finds no queue makes 6.12 and newer rescan the bus.  The emulation's kernel
 * has zcrypt built in.
 */
#include "oprun.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "util.h"

enum norm {
	NORM_NUMBER,	   /* a number is "N", other texts are kept */
	NORM_BUS_FEATURES, /* RC8A and APSB are cut off the bus's */
	NORM_TEXT,	   /* whatever it is */
	NORM_UNREAD,	   /* only opened: reading asks the card, and without an answer rescans */
};

static const struct {
	const char *name;
	enum norm norm;
} texts[] = {
	{ .name = "request_count", .norm = NORM_NUMBER },  /* the kernel's own questions */
	{ .name = "features", .norm = NORM_BUS_FEATURES }, /* the emulation has neither */
	{ .name = "interrupt", .norm = NORM_TEXT }, /* how far timers came before an unbind */
	{ .name = "serialnr", .norm = NORM_UNREAD },
	{ .name = "API_ordinalnr", .norm = NORM_UNREAD },
	{ .name = "FW_version", .norm = NORM_UNREAD },
	{ .name = "op_modes", .norm = NORM_UNREAD },
	{ .name = "mkvps", .norm = NORM_UNREAD },
};

static const struct {
	const char *dir, *name;
} hidden[] = {
	/* zcrypt is built in: no modules behind its drivers (K 2) */
	{ .dir = "sys/bus/ap/drivers/cex*", .name = "module" },
	/* the AP bus is a module or built in (K 2) */
	{ .dir = "sys/devices/ap", .name = "module" },
	/* 6.12.117 has it, 6.12.107 has not (K 2) */
	{ .dir = "sys/module/ap/parameters", .name = "msgpool_min_items" },
};

/* Texts of state machines that run on timers after a write has returned. */
static const char *const settling[] = { "reset" };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void keep_number(char *text, size_t *len)
{
	size_t digits = 0;

	while (digits < *len && isdigit((unsigned char)text[digits]))
		digits++;
	if (!digits)
		return;
	memmove(text + 1, text + digits, *len - digits);
	text[0] = 'N';
	*len -= digits - 1;
}

static void cut_features(const char *path, char *text, size_t *len)
{
	static const char cut[] = " RC8A APSB\n";

	if (strcmp(path, "sys/bus/ap/features") != 0 || *len < sizeof(cut) - 1 ||
	    memcmp(text + *len - (sizeof(cut) - 1), cut, sizeof(cut) - 1) != 0)
		return;
	*len -= sizeof(cut) - 2;
	text[*len - 1] = '\n';
}

void norm_text(const char *path, char *text, size_t *len)
{
	const char *name = base_name(path);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(texts[i].name, name) != 0)
			continue;
		if (texts[i].norm == NORM_NUMBER)
			keep_number(text, len);
		else if (texts[i].norm == NORM_BUS_FEATURES)
			cut_features(path, text, len);
		else
			*len = 0;
	}
}

bool norm_is_unread(const char *path)
{
	const char *name = base_name(path);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].norm == NORM_UNREAD;
	}
	return false;
}

bool norm_is_hidden(const char *dir, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		if (fnmatch(hidden[i].dir, dir, FNM_PATHNAME) == 0 &&
		    strcmp(hidden[i].name, name) == 0)
			return true;
	}
	return false;
}

bool norm_settles(const char *path)
{
	const char *name = base_name(path);

	for (size_t i = 0; i < ARRAY_SIZE(settling); i++) {
		if (strcmp(settling[i], name) == 0)
			return true;
	}
	return false;
}
