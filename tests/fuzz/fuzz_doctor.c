/* SPDX-License-Identifier: MIT */
/* qemu.conf of libvirt: a line that says nothing changes nothing, names are cut at their size. */
#include "cmd_doctor_user.c"

#include "fuzz.h"

static bool has_key(const char *text, const char *key)
{
	return strstr(text, key) != NULL;
}

void fuzz_text(char *text, size_t len)
{
	FILE *file = len ? fmemopen(text, len, "r") : NULL;
	struct conf conf = { 0 };

	if (!file)
		return;
	conf_read(file, &conf);
	fclose(file);
	require(strlen(conf.user) < sizeof(conf.user));
	require(strlen(conf.group) < sizeof(conf.group));
	require(strlen(text) != len || !*conf.user || has_key(text, "user"));
	require(strlen(text) != len || !*conf.group || has_key(text, "group"));
	require(!conf.static_ownership || strlen(text) != len || has_key(text, "0"));
	require(!strpbrk(conf.user, " \t\"'\n#") && !strpbrk(conf.group, " \t\"'\n#"));
}
