/* SPDX-License-Identifier: MIT */
/*
 * What stands in the lock file: the number is the one that the peers' atoi() makes of it, of no
 * more bytes than they read.
 */
#include "lock.c"

#include <inttypes.h>
#include <sys/mman.h>

#include "fuzz.h"

static void check_number(const char *text)
{
	require(content_number(text) == (int)strtoimax(text, NULL, 10));
}

/* One file for all inputs, written anew for each. */
static int content_file(const char *text, size_t len)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("lock", MFD_CLOEXEC);
	require(fd >= 0 && ftruncate(fd, 0) == 0);
	require(pwrite(fd, text, len, 0) == (ssize_t)len);
	return fd;
}

void fuzz_text(char *text, size_t len)
{
	int fd = content_file(text, len);
	struct lock_holder holder;

	/* There is no such root: the process has no name. */
	require(read_holder(-1, fd, &holder) == 0 && !*holder.command);
	if (len > CONTENT_MAX)
		text[CONTENT_MAX] = '\0';
	require(holder.pid == content_number(text));
	check_number(text);
}
