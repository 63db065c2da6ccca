// SPDX-License-Identifier: MIT
/*
 * Namespaces of `apsim run`: user_namespaces(7), mount_namespaces(7).  What is
 * mounted inside is left to layers.c.
 */
#include "ns.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "str.h"
#include "util.h"

#define MAP_TEXT_MAX 16384 /* 340 lines of three numbers */

static int file_write(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

/* ---- the map of all users, written from outside -------------------------------------- */

/* One number of a line of blank-separated numbers. */
static int number_next(const char **p, unsigned long *ret)
{
	*p += strspn(*p, " \t\n");
	return str_ulong_parse(p, 10, UINT32_MAX, ret);
}

/*
 * The map that gives a new namespace all IDs of ours under their own numbers, from the
 * lines "inside outside count" of our map: only the outside column is new.
 */
static int map_format(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned long first, outside, count;
	char text[MAP_TEXT_MAX] = "";
	const char *p = text;
	size_t len = 0;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	while (len < size && number_next(&p, &first) == 0) {
		if (number_next(&p, &outside) < 0 || number_next(&p, &count) < 0)
			return -EINVAL;
		len += (size_t)snprintf(buf + len, size - len, "%lu %lu %lu\n", first, first,
					count);
	}
	return len && len < size ? 0 : -EINVAL;
}

static int map_copy(pid_t pid, const char *name)
{
	char from[32], to[64], text[MAP_TEXT_MAX];
	int rc;

	snprintf(from, sizeof(from), "/proc/self/%s", name);
	snprintf(to, sizeof(to), "/proc/%d/%s", pid, name);
	rc = map_format(from, text, sizeof(text));
	return rc < 0 ? rc : file_write(to, text);
}

/*
 * Only a process that stayed outside may map more than one user.  This one waits for a
 * byte that says that its parent is inside, and ends 0 when both maps are written.
 */
static pid_t mapper_start(int *ret_fd)
{
	pid_t parent = getpid(), pid;
	int fds[2];
	char go;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid != 0) {
		close(fds[0]);
		*ret_fd = fds[1];
		return pid < 0 ? -errno : pid;
	}
	close(fds[1]);
	if (read(fds[0], &go, 1) != 1)
		_exit(1);
	_exit(map_copy(parent, "uid_map") < 0 || map_copy(parent, "gid_map") < 0);
}

static bool mapper_finish(pid_t pid, int fd, bool inside)
{
	int status = -1;

	if (inside && write(fd, "", 1) != 1)
		inside = false;
	close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return inside && status == 0;
}

/* ---- the map of one user ------------------------------------------------------------- */

static int map_self(uid_t uid, gid_t gid, struct err *err)
{
	char text[64];
	int rc;

	/* Without privileges outside, supplementary groups have to stay as they are. */
	rc = file_write("/proc/self/setgroups", "deny");
	if (rc < 0 && rc != -ENOENT)
		return err_errno(err, rc, "cannot write '/proc/self/setgroups'");
	snprintf(text, sizeof(text), "0 %u 1", uid);
	rc = file_write("/proc/self/uid_map", text);
	if (rc < 0) {
		err_errno(err, rc, "cannot write '/proc/self/uid_map'");
		err_hint(err, "on Ubuntu 'sysctl kernel.apparmor_restrict_unprivileged_userns=0' "
			      "allows it, or run apsim as root");
		return rc;
	}
	snprintf(text, sizeof(text), "0 %u 1", gid);
	rc = file_write("/proc/self/gid_map", text);
	return rc < 0 ? err_errno(err, rc, "cannot write '/proc/self/gid_map'") : 0;
}

/* ---- entering ------------------------------------------------------------------------ */

static int unshare_explain(int code, struct err *err)
{
	err_errno(err, code, "unshare(user, mount and network namespace)");
	if (code == -ENOSPC)
		err_hint(err, "'sysctl user.max_user_namespaces' must not be 0");
	else if (code == -EINVAL)
		err_hint(err, "this kernel has no user namespaces");
	else
		err_hint(err, "try as root, or 'sysctl kernel.unprivileged_userns_clone=1'; in a "
			      "container its seccomp profile must allow unshare and mount");
	return code;
}

static int loopback_up(struct err *err)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT)
		return 0; /* then nobody misses it */
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_errno(err, -errno, "cannot bring up the loopback interface");
	return 0;
}

static int user_enter(struct err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t mapper = -1;
	int rc = 0, fd = -1;
	bool mapped = false;

	if (uid == 0) {
		mapper = mapper_start(&fd);
		if (mapper < 0)
			return err_errno(err, mapper, "fork");
	}
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) < 0)
		rc = unshare_explain(-errno, err);
	if (mapper > 0)
		mapped = mapper_finish(mapper, fd, rc == 0);
	if (rc < 0)
		return rc;
	return mapped ? 0 : map_self(uid, gid, err);
}

int ns_enter(struct err *err)
{
	int rc = user_enter(err);

	if (rc < 0)
		return rc;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		err_errno(err, -errno, "mount(make all mounts private)");
		err_hint(err, "in a container its security profile must allow mount");
		return err->code;
	}
	return loopback_up(err);
}
