/* SPDX-License-Identifier: MIT */
/*
 * Files that only vfioap doctor looks at: /proc/sysinfo, the rule that starts mdevctl, and lists
 * of modules.  Of the rule no path is taken that leaves the text or holds other characters.
 */
#include "cmd_doctor_facts.c"

#include "fuzz.h"

static void check_sysinfo(const char *text)
{
	static struct doctor_facts facts;
	size_t len;

	*facts.hypervisor = '\0';
	sysinfo_parse(text, &facts);
	len = strlen(facts.hypervisor);
	require(len < sizeof(facts.hypervisor) && !strchr(facts.hypervisor, '\n'));
	require(!len || (facts.hypervisor[0] != ' ' && facts.hypervisor[len - 1] != ' '));
	require(!len || strstr(text, facts.hypervisor));
}

static void check_rule(const char *text)
{
	struct doctor_file file = { .path = "" };

	if (!rule_program_parse(text, &file)) {
		require(!*file.path && !strstr(text, RULE_CALL));
		return;
	}
	require(*file.path && strlen(file.path) < sizeof(file.path));
	require(!file.path[strspn(file.path, PATH_CHARACTERS)] && strstr(text, file.path));
}

/* A word alone in its line, as modprobe names it. */
static void check_modules(const char *text)
{
	if (text_lists_module(text))
		require(strstr(text, "vfio_ap") || strstr(text, "vfio-ap"));
	else
		require(strcmp(text, "vfio_ap") != 0 && strcmp(text, "vfio-ap\n") != 0);
}

void fuzz_text(char *text, size_t len)
{
	(void)len;
	check_sysinfo(text);
	check_rule(text);
	check_modules(text);
}
