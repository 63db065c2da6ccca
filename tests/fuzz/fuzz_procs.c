/* SPDX-License-Identifier: MIT */
/*
 * Processes: names and command lines that anybody may choose, and links to device nodes.  Of
 * them all only what is printable is kept.
 */
#include "procs.c"

#include "fuzz.h"

/* The kernel gives arguments that a NUL ends; the input has line ends there. */
static void check_cmdline(const char *text, size_t len)
{
	struct holder holder = { .command = "qemu-system-s39" };
	char *args = malloc(len + 2);

	require(args != NULL);
	memcpy(args, text, len);
	args[len] = args[len + 1] = '\0';
	for (size_t i = 0; i < len; i++)
		if (args[i] == '\n')
			args[i] = '\0';
	parse_cmdline(args, len, &holder);
	free(args);
	require(fuzz_is_printable(holder.guest));
	/* It is made printable by who has read it, with whatever else it is made of. */
	require(strncmp(holder.command, "qemu-system-s39", COMM_MAX) == 0);
}

static void check_option(const char *text)
{
	char option[16];
	const char *rest = next_option(text, option, sizeof(option));

	require(rest >= text && rest <= text + strlen(text));
	require(strlen(option) < sizeof(option) && (rest > text || !*text));
}

static void check_node(const char *text)
{
	const int n = node_number(text);
	char name[32];

	require(n >= -1);
	snprintf(name, sizeof(name), "%d (deleted)", n);
	require(n < 0 || node_number(name) == n);
}

void fuzz_text(char *text, size_t len)
{
	check_cmdline(text, len);
	check_option(text);
	check_node(text);
}
