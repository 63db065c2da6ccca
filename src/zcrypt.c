/* SPDX-License-Identifier: MIT */
/*
 * Reads what the host's drivers say of their queues.  Whether a queue may be taken for that
 * is loss.c's to judge.
 */
#include "zcrypt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vfioap/mask.h>

#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define LINE_SIZE 32

int zcrypt_default_read(int root, unsigned *ret, struct err *err)
{
	char text[LINE_SIZE];
	int rc = sysfs_read(root, PATH_AP_DOMAIN, text, sizeof(text));

	/* -1: the bus has not found one yet (ap_bus.c, ap_domain_show()). */
	if (rc == -ENOENT || (rc == 0 && strcmp(text, "-1\n") == 0))
		return -ENODATA;
	if (rc < 0)
		return err_errno(err, rc, "cannot read '/" PATH_AP_DOMAIN "'");
	if (str_uint(text, VFIOAP_IDS - 1, ret) < 0)
		return err_set(err, -EBADMSG, "'/" PATH_AP_DOMAIN "' holds no text that is known");
	return 0;
}

/* A number of a queue; 0 when it is gone, or says something else. */
static unsigned queue_number(int root, unsigned apid, unsigned apqi, const char *file)
{
	char path[PATH_SIZE], text[LINE_SIZE];
	unsigned value;

	if (sysfs_read(root, path_queue(path, apid, apqi, file), text, sizeof(text)) < 0)
		return 0;
	return str_uint(text, -1u, &value) < 0 ? 0 : value;
}

bool zcrypt_is_busy(int root, unsigned apid, unsigned apqi)
{
	return queue_number(root, apid, apqi, "requestq_count") ||
	       queue_number(root, apid, apqi, "pendingq_count");
}

bool zcrypt_is_online(int root, unsigned apid, unsigned apqi)
{
	return queue_number(root, apid, apqi, "online");
}

/* ---- master keys ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	enum zcrypt_key key;
} registers[] = {
	{ .name = "AES NEW", .key = ZCRYPT_AES_NEW },
	{ .name = "AES CUR", .key = ZCRYPT_AES_CUR },
	{ .name = "AES OLD", .key = ZCRYPT_AES_OLD },
	{ .name = "APKA NEW", .key = ZCRYPT_APKA_NEW },
	{ .name = "APKA CUR", .key = ZCRYPT_APKA_CUR },
	{ .name = "APKA OLD", .key = ZCRYPT_APKA_OLD },
	{ .name = "ASYM NEW", .key = ZCRYPT_ASYM_NEW },
	{ .name = "ASYM CUR", .key = ZCRYPT_ASYM_CUR },
	{ .name = "ASYM OLD", .key = ZCRYPT_ASYM_OLD },
	{ .name = "WK CUR", .key = ZCRYPT_WK_CUR },
	{ .name = "WK NEW", .key = ZCRYPT_WK_NEW },
};

/* Behind the name of a register: ": STATE PATTERN" */
static bool state_is_set(const char *p)
{
	static const char *const states[] = { ": valid ", ": partial ", ": full ", ": uncommitted ",
					      ": committed " };

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (str_starts_with(p, states[i]))
			return true;
	return false;
}

unsigned zcrypt_keys_parse(const char *text)
{
	unsigned keys = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
			const char *state = str_starts_with(line, registers[i].name);

			if (state && state_is_set(state))
				keys |= registers[i].key;
		}
	}
	return keys;
}

unsigned zcrypt_keys_read(int root, unsigned apid, unsigned apqi)
{
	char path[PATH_SIZE], text[SYSFS_TEXT_SIZE];

	if (sysfs_read(root, path_queue(path, apid, apqi, "mkvps"), text, sizeof(text)) < 0)
		return 0;
	return zcrypt_keys_parse(text);
}

char *zcrypt_keys_format(unsigned keys)
{
	char text[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (keys & registers[i].key)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len ? ", " : "", registers[i].name);
	return strdup(text);
}
