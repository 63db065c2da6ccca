// SPDX-License-Identifier: MIT
/*
 * The mounts of `apsim run`.  All of them are in a namespace of their own and end
 * with its last process.  What is in /etc is left to etc.c.
 */
#include "layers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "copytree.h"
#include "etc.h"
#include "front.h"
#include "util.h"

#define STAGE	    "/run/.apsim"
#define STAGE_EXE   STAGE "/apsim"
#define STAGE_KEEP  STAGE "/keep"
#define KEEP_WORK   ".work"
#define MDEVCTL_LIB "/usr/lib/mdevctl"

void layers_done(struct layers *l)
{
	free(l->exe);
	free(l->keep);
	if (l->exe_fd > 0)
		close(l->exe_fd);
	if (l->keep_fd > 0)
		close(l->keep_fd);
	*l = (struct layers){ 0 };
}

int layers_init(struct layers *l, const struct lpar *lpar, const char *keep, struct err *err)
{
	l->lpar = lpar;
	l->exe = realpath("/proc/self/exe", NULL);
	if (!l->exe)
		return err_errno(err, -errno, "cannot find the program apsim by '/proc/self/exe'");
	if (!keep)
		return 0;
	if (mkdir(keep, 0755) < 0 && errno != EEXIST)
		return err_errno(err, -errno, "cannot make directory '%s'", keep);
	l->keep = realpath(keep, NULL);
	return l->keep ? 0 : err_errno(err, -errno, "cannot find '%s'", keep);
}

/* ---- small steps --------------------------------------------------------------------- */

static int mount_at(const char *source, const char *target, const char *type, unsigned long flags,
		    const char *data, struct err *err)
{
	if (mount(source, target, type, flags, data) == 0)
		return 0;
	err_errno(err, -errno, "mount(%s on '%s')", type ?: source, target);
	if (err->code == -EPERM || err->code == -EACCES)
		err_hint(err, "in a container its security profile must allow mount; on Ubuntu try "
			      "'sysctl kernel.apparmor_restrict_unprivileged_userns=0'");
	return err->code;
}

static int tmpfs_at(const char *target, struct err *err)
{
	return mount_at("apsim", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755", err);
}

static int bind_at(const char *source, const char *target, struct err *err)
{
	return mount_at(source, target, NULL, MS_BIND, NULL, err);
}

static int directory_at(const char *path, mode_t mode, struct err *err)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return err_errno(err, -errno, "cannot make directory '%s'", path);
	return 0;
}

static int file_at(const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? err_errno(err, -errno, "cannot create '%s'", path) : 0;
}

/* An empty file at @target, and @source mounted over it. */
static int bind_file_at(const char *source, const char *target, struct err *err)
{
	int rc = file_at(target, err);

	return rc < 0 ? rc : bind_at(source, target, err);
}

static const char *fd_path(int fd, const char *below, char buf[64])
{
	snprintf(buf, 64, "/proc/self/fd/%d%s", fd, below);
	return buf;
}

/*
 * Inside a user namespace overlayfs keeps its marks in user.* attributes; kernels before
 * 5.11 that can do it at all have no such option.
 */
static int overlay_try(const char *lower, const char *upper, const char *work)
{
	char data[PATH_MAX * 2];

	snprintf(data, sizeof(data), "lowerdir=%s,upperdir=%s,workdir=%s,userxattr", lower, upper,
		 work);
	if (mount("apsim", lower, "overlay", 0, data) == 0)
		return 0;
	data[strlen(data) - strlen(",userxattr")] = '\0';
	if (errno == EINVAL && mount("apsim", lower, "overlay", 0, data) == 0)
		return 0;
	return -errno;
}

/* What is written to @lower goes to @upper. */
static int overlay_at(const char *lower, const char *upper, const char *work, struct err *err)
{
	int rc;

	rc = directory_at(upper, 0755, err);
	if (rc == 0)
		rc = directory_at(work, 0755, err);
	if (rc < 0)
		return rc;
	rc = overlay_try(lower, upper, work);
	if (rc == 0)
		return 0;
	err_errno(err, rc, "mount(overlay on '%s')", lower);
	err_hint(err, "overlayfs in a user namespace needs Linux 5.11, and for --keep a directory "
		      "that is not on overlayfs itself");
	return rc;
}

/*
 * The kernel refuses an overlay with EINVAL where something is mounted inside @lower that
 * the user namespace must not uncover, as containers do with /etc/hosts.  There a copy has
 * the same effect; only @upper then holds more than what was written.
 */
static int overlay_or_copy_at(const char *lower, const char *upper, const char *work,
			      struct err *err)
{
	int rc = overlay_at(lower, upper, work, err);

	if (rc != -EINVAL)
		return rc;
	rc = copytree_make(lower, upper, err);
	return rc < 0 ? rc : bind_at(upper, lower, err);
}

/* ---- /run and the scaffold ----------------------------------------------------------- */

static int keep_prepare(struct layers *l, struct err *err)
{
	static const char *const names[] = { "etc", "run", KEEP_WORK };

	if (!l->keep)
		return 0;
	l->keep_fd = open(l->keep, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->keep_fd < 0)
		return err_errno(err, -errno, "cannot open '%s'", l->keep);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (mkdirat(l->keep_fd, names[i], 0755) == 0)
			continue;
		err_errno(err, -errno, "cannot make directory '%s/%s'", l->keep, names[i]);
		if (err->code == -EEXIST)
			err_hint(err, "--keep takes a new directory for each run");
		return err->code;
	}
	return 0;
}

/* Directories and files of a machine that is up; sockets of the host's daemons are not here. */
static int run_fill(struct err *err)
{
	int rc = directory_at("/run/lock", 01777, err);

	if (rc == 0 && chmod("/run/lock", 01777) < 0)
		rc = err_errno(err, -errno, "cannot change the mode of '/run/lock'");
	if (rc == 0)
		rc = directory_at("/run/udev", 0755, err);
	if (rc == 0)
		rc = directory_at("/run/apsim", 0755, err);
	/* libudev takes it for a sign that udevd is there, and opens monitors only then. */
	if (rc == 0)
		rc = file_at("/run/udev/control", err);
	return rc;
}

int layers_prepare(struct layers *l, struct err *err)
{
	char path[64];
	int rc;

	rc = keep_prepare(l, err);
	if (rc < 0)
		return rc;
	/* What was opened in another mount namespace cannot be mounted in this one. */
	l->exe_fd = open(l->exe, O_PATH | O_CLOEXEC);
	if (l->exe_fd < 0)
		return err_errno(err, -errno, "cannot open '%s'", l->exe);
	if (l->keep)
		rc = bind_at(fd_path(l->keep_fd, "/run", path), "/run", err);
	else
		rc = tmpfs_at("/run", err);
	if (rc == 0)
		rc = run_fill(err);
	if (rc == 0)
		rc = directory_at(STAGE, 0700, err);
	if (rc == 0)
		rc = tmpfs_at(STAGE, err);
	if (rc == 0)
		rc = directory_at(LAYERS_MACHINE, 0755, err);
	if (rc == 0)
		rc = bind_file_at(fd_path(l->exe_fd, "", path), STAGE_EXE, err);
	if (rc == 0 && l->keep)
		rc = directory_at(STAGE_KEEP, 0755, err);
	if (rc == 0 && l->keep)
		rc = bind_at(fd_path(l->keep_fd, "", path), STAGE_KEEP, err);
	return rc;
}

/* ---- /etc, /sbin, mdevctl ------------------------------------------------------------ */

static int etc_stack(struct layers *l, struct err *err)
{
	const char *upper = l->keep ? STAGE_KEEP "/etc" : STAGE "/etc";
	const char *work = l->keep ? STAGE_KEEP "/" KEEP_WORK : STAGE "/etc.work";
	int rc;

	/*
	 * Before the mount, so that the directories on the way are our own: those of the host
	 * may belong to a root that this user namespace does not know.
	 */
	rc = directory_at(upper, 0755, err);
	if (rc == 0)
		rc = etc_write(upper, l->lpar, err);
	if (rc == 0)
		rc = overlay_or_copy_at("/etc", upper, work, err);
	if (rc == 0)
		rc = etc_hide("/etc", l->lpar, err);
	return rc;
}

static int sbin_stack(struct layers *l _unused_, struct err *err)
{
	static const char *const programs[] = { "modprobe", "rmmod" };
	_cleanup_free_ char *sbin = realpath("/sbin", NULL);
	char path[64];
	int rc;

	if (!sbin)
		return err_errno(err, -errno, "cannot find '/sbin'");
	rc = directory_at(STAGE "/sbin", 0755, err);
	for (unsigned i = 0; i < ARRAY_SIZE(programs) && rc == 0; i++) {
		snprintf(path, sizeof(path), STAGE "/sbin/%s", programs[i]);
		if (symlink(FRONT_EXE, path) < 0)
			rc = err_errno(err, -errno, "cannot make link '%s'", path);
	}
	return rc < 0 ? rc : overlay_or_copy_at(sbin, STAGE "/sbin", STAGE "/sbin.work", err);
}

/*
 * mdevctl refuses to run without these directories.  Its package has them; a mdevctl that
 * was built by hand finds them in a layer over the whole of /usr/lib.
 */
static int mdevctl_stack(struct layers *l _unused_, struct err *err)
{
	static const char *const names[] = { "", "/scripts.d", "/scripts.d/callouts",
					     "/scripts.d/notifiers" };
	bool installed = access(MDEVCTL_LIB, F_OK) == 0;
	const char *top = installed ? STAGE "/lib" : STAGE "/lib/mdevctl";
	char path[64];
	int rc;

	if (access(MDEVCTL_LIB "/scripts.d/callouts", F_OK) == 0 &&
	    access(MDEVCTL_LIB "/scripts.d/notifiers", F_OK) == 0)
		return 0;
	rc = directory_at(STAGE "/lib", 0755, err);
	for (unsigned i = 0; i < ARRAY_SIZE(names) && rc == 0; i++) {
		snprintf(path, sizeof(path), "%s%s", top, names[i]);
		rc = directory_at(path, 0755, err);
	}
	if (rc < 0)
		return rc;
	/* Nothing but a mdevctl without these directories would miss it. */
	overlay_at(installed ? MDEVCTL_LIB : "/usr/lib", STAGE "/lib", STAGE "/lib.work", NULL);
	return 0;
}

/* ---- /dev ---------------------------------------------------------------------------- */

/* The host's nodes; of its directories what processes share. */
static int dev_bind(const char *name, bool directory, struct err *err)
{
	char from[64], to[64];
	int rc;

	snprintf(from, sizeof(from), "/dev/%s", name);
	snprintf(to, sizeof(to), STAGE "/dev/%s", name);
	if (access(from, F_OK) < 0)
		return 0;
	if (!directory)
		return bind_file_at(from, to, err);
	rc = directory_at(to, 0755, err);
	return rc < 0 ? rc : mount_at(from, to, NULL, MS_BIND | MS_REC, NULL, err);
}

/*
 * Pseudo-terminals of our own: the host's /dev/pts can mostly not give new ones to a user
 * namespace.  The terminal that we run on is /dev/console, where ttyname(3) finds it.
 */
static int pts_stack(struct err *err)
{
	const char *tty = ttyname(STDIN_FILENO);
	int rc;

	rc = directory_at(STAGE "/dev/pts", 0755, err);
	if (rc == 0)
		rc = mount_at("devpts", STAGE "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
			      "newinstance,ptmxmode=666,mode=620", err);
	if (rc == 0 && symlink("pts/ptmx", STAGE "/dev/ptmx") < 0)
		rc = err_errno(err, -errno, "cannot make link '/dev/ptmx'");
	if (rc == 0 && tty)
		rc = bind_file_at(tty, STAGE "/dev/console", err);
	return rc;
}

static int dev_stack(struct layers *l _unused_, struct err *err)
{
	static const char *const nodes[] = { "null",	"zero", "full", "random",
					     "urandom", "tty",	"fuse" };
	static const char *const directories[] = { "shm", "mqueue" };
	static const struct {
		const char *name, *target;
	} links[] = {
		{ .name = "fd", .target = "/proc/self/fd" },
		{ .name = "stdin", .target = "/proc/self/fd/0" },
		{ .name = "stdout", .target = "/proc/self/fd/1" },
		{ .name = "stderr", .target = "/proc/self/fd/2" },
	};
	char to[64];
	int rc;

	rc = directory_at(STAGE "/dev", 0755, err);
	if (rc == 0)
		rc = tmpfs_at(STAGE "/dev", err);
	for (unsigned i = 0; i < ARRAY_SIZE(nodes) && rc == 0; i++)
		rc = dev_bind(nodes[i], false, err);
	for (unsigned i = 0; i < ARRAY_SIZE(directories) && rc == 0; i++)
		rc = dev_bind(directories[i], true, err);
	if (rc == 0)
		rc = pts_stack(err);
	for (unsigned i = 0; i < ARRAY_SIZE(links) && rc == 0; i++) {
		snprintf(to, sizeof(to), STAGE "/dev/%s", links[i].name);
		if (symlink(links[i].target, to) < 0)
			rc = err_errno(err, -errno, "cannot make link '%s'", to);
	}
	return rc < 0 ? rc : directory_at(STAGE "/dev/vfio", 0755, err);
}

static int steps_run(struct layers *l, struct err *err)
{
	static int (*const steps[])(struct layers *, struct err *) = { etc_stack, sbin_stack,
								       mdevctl_stack, dev_stack };
	int rc = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(steps) && rc == 0; i++)
		rc = steps[i](l, err);
	return rc;
}

int layers_stack(struct layers *l, struct err *err)
{
	/*
	 * The server stays outside: it must not be one that asks for files of its own, and
	 * the C library looks into /sys/devices/system/cpu when a thread needs memory.
	 */
	if (unshare(CLONE_NEWNS) < 0)
		return err_errno(err, -errno, "unshare(mount namespace)");
	return steps_run(l, err);
}

/* ---- the machine --------------------------------------------------------------------- */

int layers_machine(struct err *err)
{
	int rc;

	rc = mount_at(STAGE "/dev", "/dev", NULL, MS_MOVE, NULL, err);
	if (rc == 0)
		rc = bind_at(LAYERS_MACHINE "/dev/vfio", "/dev/vfio", err);
	if (rc == 0)
		rc = bind_at(LAYERS_MACHINE "/sys", "/sys", err);
	if (rc == 0)
		rc = bind_file_at(LAYERS_MACHINE "/control", FRONT_CONTROL, err);
	if (rc == 0)
		rc = bind_file_at(STAGE_EXE, FRONT_EXE, err);
	if (rc == 0 && umount2(STAGE, MNT_DETACH) < 0)
		rc = err_errno(err, -errno, "umount('" STAGE "')");
	if (rc == 0 && rmdir(STAGE) < 0)
		rc = err_errno(err, -errno, "cannot remove '" STAGE "'");
	return rc;
}

/* overlayfs leaves one file there that all of its marks for removed files are links to. */
static void work_remove(int keep_fd)
{
	int fd = openat(keep_fd, KEEP_WORK "/work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(fd, entry->d_name, 0);
	if (dir)
		closedir(dir);
	unlinkat(keep_fd, KEEP_WORK "/work", AT_REMOVEDIR);
	unlinkat(keep_fd, KEEP_WORK, AT_REMOVEDIR);
}

void layers_tidy(struct layers *l)
{
	if (!l->keep || l->keep_fd <= 0)
		return;
	unlinkat(l->keep_fd, "run/apsim/control", 0);
	unlinkat(l->keep_fd, "run/apsim/apsim", 0);
	unlinkat(l->keep_fd, "run/apsim", AT_REMOVEDIR);
	unlinkat(l->keep_fd, "run/udev/control", 0);
	work_remove(l->keep_fd);
}
