// SPDX-License-Identifier: MIT
/* `apsim mount`: the simulated machine below a directory, served in the foreground. */
#include "mount.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

#include "front.h"
#include "serve.h"
#include "util.h"

/* Serve until a signal comes, or somebody unmounts. */
static int mount_serve(struct front_machine *machine, const char *dir, struct err *err)
{
	_cleanup_free_ char *real = realpath(dir, NULL);
	struct serve_config config = {
		.lpar = machine->lpar,
		.traits = machine->traits,
		.prefix = real,
	};
	struct serve *serve;
	struct stat st;
	sigset_t signals;
	int rc, number;

	if (!real)
		return err_errno(err, -errno, "cannot find '%s'", dir);
	if (stat(real, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "'%s' is not a directory", dir);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	rc = serve_new(&config, &serve, err);
	if (rc < 0)
		return rc;
	rc = serve_start(serve, real, err);
	if (rc == 0)
		sigwait(&signals, &number);
	serve_stop(serve);
	return rc;
}

int mount_main(int argc, const char **argv)
{
	_cleanup_(front_machine_done) struct front_machine machine = { 0 };
	int help = 0;
	const struct poptOption options[] = {
		FRONT_MACHINE_OPTIONS(&machine),
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx = poptGetContext(NULL, argc, argv, options, 0);
	const char *const *args;
	struct err err = { 0 };

	if (front_popt_run(ctx, &err) < 0) {
		front_error_print(&err);
		return FRONT_USAGE;
	}
	if (help)
		return front_help_print(ctx, "[OPTION...] DIR", NULL);
	args = front_args(ctx);
	if (front_args_count(args) != 1) {
		front_warn("mount takes one directory");
		return FRONT_USAGE;
	}
	if (front_machine_load(&machine, &err) < 0 || mount_serve(&machine, args[0], &err) < 0) {
		front_error_print(&err);
		return FRONT_FAILED;
	}
	return FRONT_OK;
}
