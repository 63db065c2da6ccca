// SPDX-License-Identifier: MIT
/*
 * `apsim run`: a command that sees the simulated machine at the true paths.
 *
 *   apsim      serves the machine, in namespaces of its own
 *     middle   mounts, waits (middle.c)
 *       COMMAND
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "front.h"
#include "middle.h"
#include "ns.h"
#include "reap.h"
#include "serve.h"
#include "util.h"

#define LEFTOVERS_TIMEOUT_MS 1000

struct run {
	struct front_machine machine;
	struct layers layers;
	struct middle middle;
	struct serve *serve;
	char *keep; /* as given */
	char *cwd;
	int sock, signals, fuse;
	pid_t child;
};

static void run_done(struct run *run)
{
	front_machine_done(&run->machine);
	layers_done(&run->layers);
	free(run->keep);
	free(run->cwd);
}

/* ---- starting ------------------------------------------------------------------------ */

static int fuse_mount(struct run *run, struct err *err)
{
	char data[96];

	/* In the user namespace: it counts which one the descriptor was opened in. */
	run->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (run->fuse < 0) {
		err_errno(err, -errno, "cannot open '/dev/fuse'");
		if (err->code == -EACCES || err->code == -EPERM)
			err_hint(err, "'chmod 666 /dev/fuse', as udev does, or run apsim as root");
		else
			err_hint(err, "'modprobe fuse' loads it; a container needs --device "
				      "/dev/fuse");
		return err->code;
	}
	snprintf(data, sizeof(data), "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other",
		 run->fuse);
	if (mount("apsim", LAYERS_MACHINE, "fuse.apsim", MS_NOSUID | MS_NODEV | MS_NOEXEC, data) <
	    0) {
		err_errno(err, -errno, "mount(fuse on '" LAYERS_MACHINE "')");
		err_hint(err, "FUSE in a user namespace needs Linux 4.18 and a security profile "
			      "that allows mount");
		return err->code;
	}
	return 0;
}

/* The child that mounts and starts COMMAND; it begins at once, and waits for the machine. */
static int middle_start(struct run *run, struct err *err)
{
	int socks[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) < 0)
		return err_errno(err, -errno, "socketpair");
	run->sock = socks[0];
	run->middle.sock = socks[1];
	run->child = fork();
	if (run->child < 0)
		return err_errno(err, -errno, "fork");
	if (run->child == 0) {
		close(socks[0]);
		close(run->fuse);
		middle_main(&run->middle);
	}
	close(socks[1]);
	return 0;
}

static int machine_start(struct run *run, struct err *err)
{
	const struct serve_config config = {
		.lpar = run->machine.lpar,
		.traits = run->machine.traits,
		.prefix = "",
		.events = true,
	};
	char path[32];
	int rc;

	rc = serve_new(&config, &run->serve, err);
	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/dev/fd/%d", run->fuse);
	rc = serve_start(run->serve, path, err);
	if (rc < 0)
		return rc;
	/* If that fails the child has ended, and said why; run_watch() will see it. */
	send(run->sock, "", 1, MSG_NOSIGNAL);
	return 0;
}

static int run_start(struct run *run, struct err *err)
{
	sigset_t signals;
	int rc;

	middle_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &run->middle.mask);
	signal(SIGCHLD, SIG_DFL); /* an ignored one, inherited, would lose COMMAND's status */
	run->signals = signalfd(-1, &signals, SFD_CLOEXEC);
	if (run->signals < 0)
		return err_errno(err, -errno, "signalfd");
	run->middle.umask = umask(022);
	run->cwd = getcwd(NULL, 0); /* NULL when it was removed */
	run->middle.cwd = run->cwd;
	run->middle.layers = &run->layers;
	reap_adopt();

	rc = layers_init(&run->layers, run->machine.lpar, run->keep, err);
	if (rc == 0)
		rc = ns_enter(err);
	if (rc == 0)
		rc = layers_prepare(&run->layers, err);
	if (rc == 0)
		rc = fuse_mount(run, err);
	if (rc == 0)
		rc = middle_start(run, err);
	if (rc == 0)
		rc = machine_start(run, err);
	return rc;
}

/* ---- while it runs ------------------------------------------------------------------- */

/*
 * What somebody sends to apsim is for COMMAND; what the terminal sends goes to the
 * whole process group, thus to COMMAND by itself, as does what we send to ourselves.
 */
static void signal_pass(struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD || info.ssi_code == SI_KERNEL ||
	    info.ssi_pid == (uint32_t)getpid())
		return;
	kill(run->child, (int)info.ssi_signo);
}

/* COMMAND's wait status; -1 when the process between has failed. */
static int run_watch(struct run *run)
{
	struct pollfd fds[] = {
		{ .fd = run->sock, .events = POLLIN },
		{ .fd = run->signals, .events = POLLIN },
	};
	int status;

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[1].revents)
			signal_pass(run);
		if (!fds[0].revents)
			continue;
		if (read(run->sock, &status, sizeof(status)) == sizeof(status)) {
			waitpid(run->child, NULL, 0);
			return status;
		}
		/* Ended without a message: it has said why, or was killed. */
		if (waitpid(run->child, &status, 0) == run->child && WIFSIGNALED(status))
			front_warn("the process that watches COMMAND was killed by signal %d",
				   WTERMSIG(status));
		return -1;
	}
}

static int exit_status(int status)
{
	if (status == -1)
		return FRONT_OWN_FAILURE;
	return WIFSIGNALED(status) ? FRONT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- what stays ---------------------------------------------------------------------- */

/* NULL: explained in @err. */
static FILE *keep_file(struct run *run, const char *name, struct err *err)
{
	_cleanup_close_ int fd =
		openat(run->layers.keep_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file) {
		err_errno(err, -errno, "cannot create '%s/%s'", run->keep, name);
		return NULL;
	}
	TAKE_FD(fd);
	return file;
}

static int keep_save(struct run *run, struct err *err)
{
	static const char *const state[] = { "state", NULL };
	FILE *file = keep_file(run, "log", err);
	int rc;

	if (!file)
		return err->code;
	wlog_print(run->serve->log, file);
	if (fclose(file) != 0)
		return err_errno(err, -errno, "cannot write '%s/log'", run->keep);
	file = keep_file(run, "state.json", err);
	if (!file)
		return err->code;
	rc = machine_ctl(run->serve->machine, 1, state, file, err);
	if (fclose(file) != 0 && rc == 0)
		rc = err_errno(err, -errno, "cannot write '%s/state.json'", run->keep);
	layers_tidy(&run->layers);
	return rc;
}

/* ---- the command --------------------------------------------------------------------- */

static int run_execute(struct run *run)
{
	struct err err = { 0 };
	int status;

	if (front_machine_load(&run->machine, &err) < 0 || run_start(run, &err) < 0) {
		front_error_print(&err);
		return FRONT_OWN_FAILURE;
	}
	status = exit_status(run_watch(run));
	reap_all(LEFTOVERS_TIMEOUT_MS);
	if (run->keep && keep_save(run, &err) < 0) {
		front_error_print(&err);
		status = FRONT_OWN_FAILURE;
	}
	/* The last mount of the machine: COMMAND's went with its namespace. */
	umount2(LAYERS_MACHINE, MNT_DETACH);
	serve_stop(run->serve);
	return status;
}

int run_main(int argc, const char **argv)
{
	_cleanup_(run_done) struct run run = { .fuse = -1, .sock = -1, .child = -1 };
	int help = 0;
	const struct poptOption options[] = {
		FRONT_MACHINE_OPTIONS(&run.machine),
		{ .longName = "keep",
		  .argInfo = POPT_ARG_STRING,
		  .arg = &run.keep,
		  .descrip = "Keep what was written to /etc and /run, the log and the final state",
		  .argDescrip = "DIR" },
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx =
		poptGetContext(NULL, argc, argv, options, POPT_CONTEXT_POSIXMEHARDER);
	struct err err = { 0 };

	if (front_popt_run(ctx, &err) < 0) {
		front_error_print(&err);
		return FRONT_OWN_FAILURE;
	}
	if (help)
		return front_help_print(ctx, "[OPTION...] [--] COMMAND [ARGUMENT...]", NULL);
	run.middle.command = front_args(ctx);
	if (!run.middle.command[0]) {
		front_warn("run: no command to run");
		return FRONT_OWN_FAILURE;
	}
	return run_execute(&run);
}
