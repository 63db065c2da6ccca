// SPDX-License-Identifier: MIT
/*
 * Guests: processes that hold /dev/vfio/N open as QEMU does and look like it in
 * /proc.  There is no virtual machine behind them.  What the kernel does about them
 * is left to machine.c.
 */
#include "qemu.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "ctl.h"
#include "front.h"
#include "str.h"
#include "util.h"

#define DEVICES		"/sys/bus/mdev/devices/"
#define DEVICE_ARG	"vfio-ap,sysfsdev="
#define READY_FD	3 /* where the guest says how it went: "" ready, else what failed */
#define STOP_TIMEOUT_MS 10000

/* ---- the guest itself ---------------------------------------------------------------- */

static int guest_refuse(const char *what, const char *path, int code)
{
	dprintf(READY_FD, "%s '%s': %s", what, path, err_text(code));
	return FRONT_FAILED;
}

static const char *guest_device(int argc, const char **argv)
{
	const char *path;

	for (int i = 1; i < argc; i++) {
		path = str_starts_with(argv[i], DEVICE_ARG);
		if (path)
			return path;
	}
	return NULL;
}

int qemu_main(int argc, const char **argv)
{
	const char *device = guest_device(argc, argv), *devices, *number;
	char path[PATH_MAX * 2], target[PATH_MAX];
	ssize_t n;
	int fd;

	if (!device || !(devices = strstr(device, DEVICES))) {
		front_warn("this is no QEMU, but a guest of 'apsim ctl guest start'");
		return FRONT_USAGE;
	}
	/* As in QEMU's own threads; /proc/PID/exe is still apsim. */
	prctl(PR_SET_NAME, QEMU_NAME);
	snprintf(path, sizeof(path), "%s/iommu_group", device);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return guest_refuse("cannot read link", path, errno);
	target[n] = '\0';
	number = strrchr(target, '/');
	snprintf(path, sizeof(path), "%.*s/dev/vfio/%s", (int)(devices - device), device,
		 number ? number + 1 : target);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return guest_refuse("cannot open", path, errno);
	if (write(fd, "attach", 6) < 0)
		return guest_refuse("cannot use", path, errno);
	close(READY_FD);
	for (;;)
		pause();
}

/* ---- start --------------------------------------------------------------------------- */

/* A full UUID or the start of exactly one, in any case. */
static int device_find(const char *root, const char *device, char ret[MACHINE_UUID_SIZE],
		       struct err *err)
{
	char path[PATH_MAX + sizeof(DEVICES)];
	struct dirent *entry;
	unsigned found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s" DEVICES, root);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    strncasecmp(entry->d_name, device, strlen(device)) != 0)
			continue;
		snprintf(ret, MACHINE_UUID_SIZE, "%.36s", entry->d_name);
		found++;
	}
	if (dir)
		closedir(dir);
	if (!found || !*device)
		return err_set(err, -ENOENT, "no mediated device '%s'", device);
	if (found > 1)
		return err_set(err, -EINVAL, "'%s' is the start of %u mediated devices", device,
			       found);
	return 0;
}

static _Noreturn void guest_exec(int ready, const char *name, const char *root, const char *uuid)
{
	int null = open("/dev/null", O_RDWR);
	char name_arg[256], device_arg[PATH_MAX + 128];
	sigset_t none;

	snprintf(name_arg, sizeof(name_arg), "guest=%s,debug-threads=on", name);
	snprintf(device_arg, sizeof(device_arg), DEVICE_ARG "%s" DEVICES "%s", root, uuid);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (ready != READY_FD)
		dup2(ready, READY_FD);
	for (int fd = 0; fd < READY_FD; fd++)
		dup2(null, fd);
	/* Pipes of the caller would never end otherwise; from here on the numbers are all free. */
	syscall(SYS_close_range, READY_FD + 1, ~0U, 0);
	execl("/proc/self/exe", QEMU_NAME, "-name", name_arg, "-machine", "s390-ccw-virtio",
	      "-device", device_arg, NULL);
	dprintf(READY_FD, "cannot run '/proc/self/exe': %s", err_text(errno));
	_exit(FRONT_FAILED);
}

/* Wait for the guest's word; 0 when it runs. */
static int guest_wait(int fd, struct err *err)
{
	char text[300];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return len ? err_set(err, -EIO, "%s", text) : 0;
}

static int guest_start(const char *device, const char *name, struct err *err)
{
	char root[PATH_MAX], uuid[MACHINE_UUID_SIZE], own_name[32];
	int fds[2], rc;
	pid_t pid;

	rc = device_find(ctl_root(root), device, uuid, err);
	if (rc < 0)
		return rc;
	snprintf(own_name, sizeof(own_name), "apsim-%.8s", uuid);
	if (pipe(fds) < 0)
		return err_errno(err, -errno, "pipe");
	pid = fork();
	if (pid < 0)
		return err_errno(err, -errno, "fork");
	if (pid == 0)
		guest_exec(fds[1], name ?: own_name, root, uuid);
	close(fds[1]);
	rc = guest_wait(fds[0], err);
	close(fds[0]);
	if (rc < 0) {
		waitpid(pid, NULL, 0);
		return rc;
	}
	printf("%d\n", pid);
	return ctl_send(
		(const char *const[]){ "guest", "start", uuid, "--name", name ?: own_name, NULL },
		NULL, err);
}

/* ---- stop ---------------------------------------------------------------------------- */

static ssize_t proc_read(unsigned pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

/* All processes have one number space: is this one in our mount namespace at least? */
static bool proc_is_ours(unsigned pid)
{
	char path[64], ours[64] = "", theirs[64] = "";

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	return readlink("/proc/self/ns/mnt", ours, sizeof(ours) - 1) > 0 &&
	       readlink(path, theirs, sizeof(theirs) - 1) > 0 && strcmp(ours, theirs) == 0;
}

/* A guest of the machine at @root, whose device starts with @device. */
static bool proc_is_guest(unsigned pid, const char *root, const char *device)
{
	char text[PATH_MAX * 2], start[PATH_MAX + 64];
	ssize_t len = proc_read(pid, "cmdline", text, sizeof(text));

	if (len <= 0 || strcmp(text, QEMU_NAME) != 0)
		return false;
	snprintf(start, sizeof(start), DEVICE_ARG "%s" DEVICES "%s", root, device);
	for (const char *p = text; p < text + len; p += strlen(p) + 1) {
		if (strncasecmp(p, start, strlen(start)) == 0)
			return proc_is_ours(pid);
	}
	return false;
}

/* When this returns the kernel has closed all that the guest had open. */
static int guest_kill(unsigned pid, struct err *err)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };

	if (fd < 0 && errno == ESRCH)
		return 0;
	if (fd < 0)
		return err_errno(err, -errno, "pidfd_open(%u)", pid);
	if (kill((pid_t)pid, SIGKILL) < 0 && errno != ESRCH)
		return err_errno(err, -errno, "cannot kill guest %u", pid);
	if (poll(&ended, 1, STOP_TIMEOUT_MS) <= 0)
		return err_set(err, -ETIMEDOUT, "guest %u does not end", pid);
	return 0;
}

/* Count the guests of this machine whose device starts with @device, and @kill them. */
static int guests_find(const char *device, bool kill_them, struct err *err)
{
	char root[PATH_MAX];
	struct dirent *entry;
	int found = 0, rc = 0;
	unsigned pid;
	DIR *dir = opendir("/proc");

	if (!dir)
		return err_errno(err, -errno, "cannot open '/proc'");
	ctl_root(root);
	while (rc == 0 && (entry = readdir(dir))) {
		if (str_uint(entry->d_name, INT32_MAX, &pid) < 0 ||
		    !proc_is_guest(pid, root, device))
			continue;
		found++;
		rc = kill_them ? guest_kill(pid, err) : 0;
	}
	closedir(dir);
	return rc < 0 ? rc : found;
}

int qemu_stop_all(struct err *err)
{
	int rc = guests_find("", true, err);

	return rc < 0 ? rc : 0;
}

static int guest_stop(const char *device, struct err *err)
{
	int found = guests_find(device, false, err);

	if (found < 0)
		return found;
	if (!found)
		return err_set(err, -ENOENT, "no guest of 'apsim ctl guest start' uses '%s'",
			       device);
	if (found > 1)
		return err_set(err, -EINVAL, "'%s' is the start of %d devices with guests", device,
			       found);
	found = guests_find(device, true, err);
	if (found < 0)
		return found;
	return ctl_send((const char *const[]){ "guest", "stop", device, NULL }, NULL, err);
}

/* ---- the verb ------------------------------------------------------------------------ */

int qemu_ctl(int argc, const char **argv)
{
	char *name = NULL;
	int help = 0, rc;
	const struct poptOption options[] = {
		{ .longName = "name",
		  .argInfo = POPT_ARG_STRING,
		  .arg = &name,
		  .descrip = "The guest's name (default apsim- and the start of the UUID)",
		  .argDescrip = "NAME" },
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx = poptGetContext(NULL, argc, argv, options, 0);
	_cleanup_free_ char *free_name = NULL;
	struct err err = { 0 };
	const char *const *args;

	rc = front_popt_run(ctx, &err);
	free_name = name;
	if (rc < 0)
		return ctl_finish(rc, &err);
	if (help)
		return front_help_print(ctx, "start DEVICE [--name NAME] | stop DEVICE", NULL);
	args = front_args(ctx);
	if (front_args_count(args) != 2)
		rc = err_set(&err, -EINVAL, "ctl guest takes start or stop, and a DEVICE");
	else if (strcmp(args[0], "start") == 0)
		rc = guest_start(args[1], name, &err);
	else if (strcmp(args[0], "stop") == 0 && !name)
		rc = guest_stop(args[1], &err);
	else
		rc = err_set(&err, -EINVAL, "ctl guest takes start or stop, not '%s'%s", args[0],
			     name ? " with --name" : "");
	return ctl_finish(rc, &err);
}
