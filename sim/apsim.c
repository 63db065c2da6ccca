// SPDX-License-Identifier: MIT
/*
 * apsim: a simulated AP bus and vfio_ap driver.  main(), the table of commands, and
 * the names by which apsim is another program inside `apsim run`.
 */
#include <string.h>

#include "ctl.h"
#include "front.h"
#include "modprobe.h"
#include "mount.h"
#include "qemu.h"
#include "run.h"
#include "util.h"

static const struct command {
	const char *name, *args, *summary;
	int (*run)(int argc, const char **argv);
} commands[] = {
	{ .name = "run",
	  .args = "[OPTION...] [--] COMMAND...",
	  .summary = "Run a command that sees the machine at /sys",
	  .run = run_main },
	{ .name = "mount",
	  .args = "[OPTION...] DIR",
	  .summary = "Show the machine at DIR/sys until interrupted",
	  .run = mount_main },
	{ .name = "ctl",
	  .args = "VERB...",
	  .summary = "Change the hardware, make files fail, see what was written",
	  .run = ctl_main },
};

static const struct command personalities[] = {
	{ .name = "modprobe", .run = modprobe_main },
	{ .name = "rmmod", .run = rmmod_main },
	{ .name = QEMU_NAME, .run = qemu_main },
};

static const struct command *command_find(const struct command *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

static int help_print(poptContext ctx)
{
	front_help_print(ctx, "COMMAND [ARGUMENT...]", "Commands:\n");
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-6s %-28s %s\n", commands[i].name, commands[i].args,
		       commands[i].summary);
	printf("\nMachines: docs, z16, empty, max, or an LPAR file.  Kernels: %s.\n",
	       traits_names());
	return FRONT_OK;
}

static int command_run(const char *const *args)
{
	const struct command *command = command_find(commands, ARRAY_SIZE(commands), args[0] ?: "");
	char name[32];

	if (!command) {
		if (args[0])
			front_warn("unknown command '%s'", args[0]);
		else
			front_warn("no command");
		fputs("hint: 'apsim --help' lists the commands\n", stderr);
		return FRONT_USAGE;
	}
	snprintf(name, sizeof(name), "apsim %s", command->name);
	return front_command(command->run, name, args);
}

static int apsim_main(int argc, const char **argv)
{
	int help = 0, version = 0;
	const struct poptOption options[] = {
		FRONT_HELP_OPTION(&help),
		{ .longName = "version",
		  .shortName = 'V',
		  .argInfo = POPT_ARG_NONE,
		  .arg = &version,
		  .descrip = "Show the version" },
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx =
		poptGetContext(NULL, argc, argv, options, POPT_CONTEXT_POSIXMEHARDER);
	struct err err = { 0 };

	if (front_popt_run(ctx, &err) < 0) {
		front_error_print(&err);
		return FRONT_USAGE;
	}
	if (help)
		return help_print(ctx);
	if (version) {
		puts("apsim " VFIOAP_VERSION);
		return FRONT_OK;
	}
	return command_run(front_args(ctx));
}

int main(int argc, const char **argv)
{
	const char *slash = argv[0] ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argv[0] ?: "apsim";
	const struct command *other = command_find(personalities, ARRAY_SIZE(personalities), name);
	int status = other ? other->run(argc, argv) : apsim_main(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		front_warn("cannot write to standard output");
		return status ?: FRONT_FAILED;
	}
	return status;
}
