// SPDX-License-Identifier: MIT
/*
 * The process between apsim and COMMAND.  The socket to apsim has two ends only, so
 * that the death of apsim, by whatever signal, is its end of file: unlike a
 * PR_SET_PDEATHSIG this cannot be missed, and does not hang on a thread.
 */
#include "middle.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "front.h"
#include "reap.h"
#include "util.h"

#define LEFTOVERS_TIMEOUT_MS 1000

void middle_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGCHLD);
	sigaddset(ret, SIGHUP);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGQUIT);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGUSR1);
	sigaddset(ret, SIGUSR2);
}

static _Noreturn void command_exec(const struct middle *middle)
{
	const char *name = middle->command[0];
	int code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv(FRONT_CONTROL_ENV, FRONT_CONTROL, 1);
	/* libudev accepts nothing but a real sysfs at /sys otherwise. */
	setenv("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", 1);
	/* By its name, which may now be another directory; never one of the host's /sys. */
	if ((!middle->cwd || chdir(middle->cwd) < 0) && chdir("/") < 0)
		front_warn("cannot change to '/': %s", err_text(errno));
	umask(middle->umask);
	sigprocmask(SIG_SETMASK, &middle->mask, NULL);

	execvp(name, (char *const *)middle->command);
	code = errno;
	front_warn("cannot run '%s': %s", name, err_text(code));
	_exit(code == ENOENT ? FRONT_NOT_FOUND : FRONT_CANNOT_RUN);
}

static pid_t command_start(const struct middle *middle, struct err *err)
{
	pid_t pid = fork();

	if (pid == 0)
		command_exec(middle);
	return pid < 0 ? err_errno(err, -errno, "fork") : pid;
}

/* Take the dead off the list; true when COMMAND is one of them. */
static bool command_has_ended(pid_t command, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		*ret_status = status;
		ended = true;
	}
	return ended;
}

/* Signals that apsim passes on; what the terminal sends reaches COMMAND by itself. */
static void signal_pass(int fd, pid_t command)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD && info.ssi_pid == (uint32_t)getppid())
		kill(command, (int)info.ssi_signo);
}

/* COMMAND's wait status, or -1 when apsim is gone. */
static int command_watch(const struct middle *middle, pid_t command)
{
	sigset_t signals;
	struct pollfd fds[2] = { { .fd = middle->sock, .events = POLLIN } };
	int status = 0;

	middle_signals(&signals);
	fds[1] = (struct pollfd){ .fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN };
	while (!command_has_ended(command, &status)) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[0].revents)
			return -1;
		if (fds[1].revents)
			signal_pass(fds[1].fd, command);
	}
	return status;
}

static int setup(const struct middle *middle, pid_t *ret_command, struct err *err)
{
	char go;
	int rc;

	rc = layers_stack(middle->layers, err);
	if (rc < 0)
		return rc;
	if (read(middle->sock, &go, 1) != 1)
		_exit(FRONT_OWN_FAILURE); /* apsim has failed, and said so */
	rc = layers_machine(err);
	if (rc < 0)
		return rc;
	rc = command_start(middle, err);
	if (rc > 0)
		*ret_command = rc;
	return rc < 0 ? rc : 0;
}

_Noreturn void middle_main(const struct middle *middle)
{
	struct err err = { 0 };
	pid_t command = -1;
	int status;

	reap_adopt();
	if (setup(middle, &command, &err) < 0) {
		front_error_print(&err);
		_exit(FRONT_OWN_FAILURE);
	}
	status = command_watch(middle, command);
	if (status == -1)
		reap_all(-1);
	else
		reap_all(LEFTOVERS_TIMEOUT_MS);
	send(middle->sock, &status, sizeof(status), MSG_NOSIGNAL);
	_exit(FRONT_OK);
}
