/* SPDX-License-Identifier: MIT */
/* Descriptors and signals at the start of a program; what a command catches is its own. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define STACK_NEEDED (192 * 1024)
#define STACK_STEP   4096	  /* the smallest page there is */
#define STACK_LIMIT  (256 * 1024) /* a quarter of it may be arguments and environment */

/*
 * Thousands of texts are parsed and released one after the other: to give the heap back to the
 * kernel after each, and to fault it in again for the next, takes as long as the parsing.
 */
#define HEAP_KEPT (16 * 1024 * 1024)

/*
 * From here on memory is asked of the kernel, which gives it zeroed when it is touched: of the sets
 * of queues in a snapshot, 64 KiB, few commands touch all.
 */
#define HEAP_LARGE (64 * 1024)

/* The deepest of all commands needs 175 KiB on x86-64. */
__attribute__((noinline)) void process_stack_take(void)
{
	volatile char stack[STACK_NEEDED];

	for (size_t i = 0; i < sizeof(stack); i += STACK_STEP)
		stack[i] = 0;
}

int process_init(void)
{
	struct rlimit limit;
	int fd;

	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < STACK_LIMIT)
		return -ENOMEM;
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	mallopt(M_MMAP_THRESHOLD, HEAP_LARGE);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* else it ends us between two writes: write(2), EFBIG */
	signal(SIGCHLD, SIG_DFL); /* ignored, waitpid() tells no status */
	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return -errno;
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}
