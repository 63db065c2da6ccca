// SPDX-License-Identifier: MIT
/*
 * The end of processes that COMMAND left behind.  There is no PID namespace (all
 * processes keep the numbers that they have outside), so they are found as
 * children: whose parent dies becomes ours.
 */
#include "reap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "str.h"
#include "util.h"

#define REAP_POLL_MS 20

void reap_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* The fourth field of /proc/PID/stat; the second is "(name)", with any characters. */
static pid_t parent_of(unsigned pid)
{
	char path[32], text[512];
	unsigned long parent;
	const char *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	p = strrchr(text, ')');
	if (!p || strlen(p) < 5)
		return -1;
	p += 4; /* ") S " */
	return str_ulong_parse(&p, 10, INT32_MAX, &parent) < 0 ? -1 : (pid_t)parent;
}

static void children_kill(void)
{
	pid_t self = getpid();
	struct dirent *entry;
	unsigned pid;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		if (str_uint(entry->d_name, INT32_MAX, &pid) == 0 && parent_of(pid) == self)
			kill((pid_t)pid, SIGKILL);
	}
	if (proc)
		closedir(proc);
}

void reap_all(int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = REAP_POLL_MS * 1000000L };
	sigset_t chld;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (int waited_ms = 0;; waited_ms += REAP_POLL_MS) {
		do
			pid = waitpid(-1, NULL, WNOHANG);
		while (pid > 0 || (pid < 0 && errno == EINTR));
		if (pid < 0)
			return; /* ECHILD */
		if (timeout_ms >= 0 && waited_ms >= timeout_ms)
			return;
		children_kill();
		/* Whoever dies may leave children to us; they are found by the next round. */
		sigtimedwait(&chld, NULL, &pause);
	}
}
