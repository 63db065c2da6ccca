/* SPDX-License-Identifier: MIT */
/*
 * Runs modprobe: by its fixed path, without environment and without a shell.  When it is run
 * is left to the policy.
 */
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "apbus.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define MODULE	"vfio_ap"
#define PROGRAM "/" PATH_MODPROBE
#define CANNOT	"cannot load the kernel module " MODULE ": "
#define HINT	"with --no-modules no module is loaded"

#define CHECK_TIMEOUT_MS 10000
#define LOAD_TIMEOUT_MS	 60000
/* How much longer the last things are waited for when all else is there. */
#define BIND_TIMEOUT_MS 5000
#define POLL_MS		20

/* One modprobe; @fd is a file in memory with its stderr. */
struct child {
	pid_t pid;
	int fd;
	bool ended, lost; /* @lost: how it ended nobody knows */
	int status;
	unsigned long long end_ms; /* when it has ended */
};

static unsigned long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000 + (unsigned long long)t.tv_nsec / 1000000;
}

/* ---- a process ------------------------------------------------------------------------------ */

static int actions_fill(posix_spawn_file_actions_t *actions, int err_fd)
{
	int rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY,
						      0);
	return rc ? rc : posix_spawn_file_actions_adddup2(actions, err_fd, STDERR_FILENO);
}

/* A process group of its own: what a terminal sends to us is ours to answer. */
static int attributes_fill(posix_spawnattr_t *attributes)
{
	sigset_t set;
	int rc = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

	if (rc == 0)
		rc = posix_spawnattr_setpgroup(attributes, 0);
	sigemptyset(&set);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attributes, &set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGXFSZ);
	return rc ? rc : posix_spawnattr_setsigdefault(attributes, &set);
}

static int spawn(const char *const *argv, int err_fd, pid_t *ret)
{
	char *const environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc)
		return -rc;
	rc = posix_spawnattr_init(&attributes);
	if (rc) {
		posix_spawn_file_actions_destroy(&actions);
		return -rc;
	}
	rc = actions_fill(&actions, err_fd);
	if (rc == 0)
		rc = attributes_fill(&attributes);
	if (rc == 0)
		rc = posix_spawn(ret, PROGRAM, &actions, &attributes, (char *const *)argv,
				 environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

static int child_start(const char *const *argv, struct child *ret, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("stderr", MFD_CLOEXEC);
	struct child child = { 0 };
	int rc = fd < 0 ? -errno : spawn(argv, fd, &child.pid);

	if (rc < 0)
		return err_errno(err, rc, "cannot run '" PROGRAM "'");
	child.fd = TAKE_FD(fd);
	*ret = child;
	return 0;
}

/* Look after it, and wait a moment. */
static void child_poll(struct child *child)
{
	const struct timespec moment = { .tv_nsec = POLL_MS * 1000000L };
	pid_t pid = child->ended ? 0 : waitpid(child->pid, &child->status, WNOHANG);

	if (pid > 0 || (pid < 0 && errno != EINTR)) {
		child->ended = true;
		child->lost = pid < 0;
		child->end_ms = now_ms();
		return;
	}
	nanosleep(&moment, NULL);
}

/* One that still runs goes on by itself: it may be waiting for our lock. */
static void child_done(struct child *child)
{
	close(child->fd);
}

static bool child_failed(const struct child *child)
{
	return child->ended &&
	       (child->lost || !WIFEXITED(child->status) || WEXITSTATUS(child->status) != 0);
}

/* What it said, in one line; else how it ended. */
static int child_explain(const struct child *child, int code, struct err *err)
{
	char text[384];
	ssize_t n = pread(child->fd, text, sizeof(text) - 1, 0);
	size_t len = n > 0 ? (size_t)n : 0;

	while (len && strchr("\n ", text[len - 1]))
		len--;
	text[len] = '\0';
	for (char *p = text; (p = strchr(p, '\n'));)
		*p = ' ';
	if (len)
		err_set(err, code, CANNOT "%s", str_printable(text));
	else
		err_set(err, code, CANNOT "'" PROGRAM "' failed");
	err_hint(err, HINT);
	return code;
}

/* ---- check ---------------------------------------------------------------------------------- */

static int program_check(int root, struct err *err)
{
	_cleanup_close_ int fd = sysfs_open(root, PATH_MODPROBE, O_PATH);
	int rc = fd < 0 ? fd : 0;

	/* Links have been followed: the last one is what is run. */
	if (rc == 0 && faccessat(root, PATH_MODPROBE, X_OK, AT_EACCESS) < 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	err_errno(err, rc, CANNOT "cannot run '" PROGRAM "'");
	err_hint(err, HINT);
	return rc;
}

int module_check(int root, struct err *err)
{
	static const char *const argv[] = { "modprobe", "--dry-run", MODULE, NULL };
	unsigned long long end = now_ms() + CHECK_TIMEOUT_MS;
	struct child child;
	int rc = program_check(root, err);

	if (rc == 0)
		rc = child_start(argv, &child, err);
	if (rc < 0)
		return rc;
	while (!child.ended && now_ms() < end)
		child_poll(&child);
	if (!child.ended)
		rc = err_set(err, -ENODEV, CANNOT "'" PROGRAM "' does not end");
	else if (child_failed(&child))
		rc = child_explain(&child, -ENODEV, err);
	child_done(&child);
	return rc;
}

/* ---- load ----------------------------------------------------------------------------------- */

static bool is_bound(int root, const struct qset *queues)
{
	_cleanup_free_ struct qset *bound = malloc(sizeof(*bound));

	return bound && apbus_vfio_read(root, bound, NULL) == 0 && qset_contains(bound, queues);
}

/* All that was waited for, or as much of it as there will be. */
static bool is_there(int root, const struct child *child, const struct qset *queues,
		     unsigned long long *since)
{
	if (!sysfs_exists(root, PATH_MATRIX_CREATE))
		return false;
	if (is_bound(root, queues))
		return true;
	if (!*since)
		*since = now_ms();
	/* Drivers look for their queues before modprobe ends. */
	return child->ended || now_ms() - *since >= BIND_TIMEOUT_MS;
}

static bool is_late(const struct child *child, unsigned long long start)
{
	unsigned long long now = now_ms();

	return now - start >= LOAD_TIMEOUT_MS ||
	       (child->ended && now - child->end_ms >= BIND_TIMEOUT_MS);
}

int module_load(int root, const struct qset *queues, const volatile sig_atomic_t *stop,
		module_progress_fn *progress, void *arg, struct err *err)
{
	static const char *const argv[] = { "modprobe", MODULE, NULL };
	unsigned long long start = now_ms(), since = 0, told = 0;
	struct child child;
	int rc = child_start(argv, &child, err);

	if (rc < 0)
		return rc;
	while (rc == 0 && !is_there(root, &child, queues, &since)) {
		unsigned long long waited = now_ms() - start;

		if (child_failed(&child)) {
			rc = child_explain(&child, -EIO, err);
		} else if (stop && *stop) {
			rc = err_set(err, -EINTR, "stopped by a signal");
		} else if (is_late(&child, start)) {
			rc = err_set(err, -ETIMEDOUT, CANNOT "there is no '/" PATH_MATRIX "'");
		} else if (progress && waited / 1000 > told) {
			told = waited / 1000;
			progress(arg, (unsigned)waited);
		}
		child_poll(&child);
	}
	child_done(&child);
	return rc;
}
