// SPDX-License-Identifier: MIT
/*
 * vfioap: the command table, global options and dispatch.  What a command does is in its
 * cmd_*.c.
 */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "out.h"

static int cmd_help(struct app *app, int argc, const char **argv);

static const struct command commands[] = {
	{ .name = "reserve",
	  .flags = COMMAND_CHANGES,
	  .run = cmd_reserve,
	  .summary = "Move queues from the host to the pool for guests" },
	{ .name = "release",
	  .flags = COMMAND_CHANGES,
	  .run = cmd_release,
	  .summary = "Give queues back to the host" },
	{ .name = "create",
	  .flags = COMMAND_CHANGES,
	  .run = cmd_create,
	  .summary = "Make a device, assign its queues, print its UUID" },
	{ .name = "remove",
	  .args = "[DEVICE]...",
	  .flags = COMMAND_CHANGES,
	  .run = cmd_remove,
	  .summary = "Remove devices" },
	{ .name = "stop",
	  .args = "[DEVICE]...",
	  .flags = COMMAND_CHANGES | COMMAND_ACTIVE,
	  .run = cmd_stop,
	  .summary = "Remove active devices, and keep their definitions" },
	{ .name = "start",
	  .args = "[DEVICE]...",
	  .flags = COMMAND_CHANGES | COMMAND_ACTIVE,
	  .run = cmd_start,
	  .summary = "Make devices from their definitions" },
	{ .name = "assign",
	  .args = "[DEVICE]",
	  .flags = COMMAND_CHANGES,
	  .run = cmd_assign,
	  .summary = "Add adapters, domains or control domains to a device" },
	{ .name = "unassign",
	  .args = "[DEVICE]",
	  .flags = COMMAND_CHANGES,
	  .run = cmd_unassign,
	  .summary = "Take adapters, domains or control domains from a device" },
	{ .name = "set",
	  .args = "[DEVICE]",
	  .flags = COMMAND_CHANGES,
	  .run = cmd_set,
	  .summary = "Replace the adapters, domains or control domains of a device" },
	{ .name = "refresh",
	  .args = "[DEVICE]...",
	  .flags = COMMAND_CHANGES | COMMAND_ACTIVE,
	  .run = cmd_refresh,
	  .summary = "Have the kernel look again at what guests see" },
	{ .name = "show",
	  .args = "matrix|guest|device [DEVICE]...|masks|host|queue APQN...",
	  .flags = COMMAND_READS,
	  .run = cmd_show,
	  .summary = "Show devices, queues, the masks, or the host, in detail" },
	{ .name = "check",
	  .args = "[DEVICE]...",
	  .flags = COMMAND_READS,
	  .run = cmd_check,
	  .summary = "Find what is wrong, now and at the next boot" },
	{ .name = "list",
	  .args = "[DEVICE|CARD|APQN|.DOMAIN]...",
	  .page = "lsvfioap",
	  .flags = COMMAND_READS,
	  .run = cmd_list,
	  .summary = "List devices, or cards and queues, as lsvfioap does" },
	{ .name = "find",
	  .args = "[NxM]",
	  .flags = COMMAND_READS,
	  .run = cmd_find,
	  .summary = "Find adapters and domains for a new guest" },
	{ .name = "watch",
	  .flags = COMMAND_READS,
	  .run = cmd_watch,
	  .summary = "Follow what happens to cards, queues, devices and guests" },
	{ .name = "apply",
	  .args = "FILE",
	  .flags = COMMAND_CHANGES,
	  .run = cmd_apply,
	  .summary = "Make this host what a file says, as one change" },
	{ .name = "export",
	  .args = "[DEVICE]...",
	  .flags = COMMAND_READS,
	  .run = cmd_export,
	  .summary = "Print devices for mdevctl, libvirt, QEMU or a shell" },
	{ .name = "doctor",
	  .flags = COMMAND_READS,
	  .run = cmd_doctor,
	  .summary = "Look whether this host can lend queues, now and after the next boot" },
	{ .name = "mask",
	  .args = "LIST|MASK",
	  .run = cmd_mask,
	  .summary = "Turn a list of numbers into a mask, and back" },
	{ .name = "help",
	  .args = "[COMMAND]",
	  .page = "vfioap",
	  .run = cmd_help,
	  .summary = "Show the man page, or the help text of a command" },
};

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int command_unknown(struct app *app, const char *name)
{
	app->command = NULL;
	return cmd_usage(app, "unknown command '%s'", name);
}

/* ---- help -------------------------------------------------------------------------------- */

static void overview_print(struct app *app)
{
	out_printf(app, "Usage: vfioap [OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
			"Lend AP queues to KVM guests.\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		out_printf(app, "  %-10s %s\n", commands[i].name, commands[i].summary);
	out_printf(app, "\n'vfioap COMMAND --help' lists the options of a command.\n"
			"For more: man vfioap\n");
}

/* The man page, if there is one and somebody to read it. */
static bool man_page_show(const char *name)
{
	_cleanup_free_ char *page = strdup(name);
	static char man[] = "man", section[] = "8";
	char *const argv[] = { man, section, page, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t signals;
	int status = -1;
	pid_t pid;

	if (!page || !out_is_terminal() || !isatty(STDIN_FILENO))
		return false;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	/* We ignore these; a pager's filters rely on SIGPIPE. */
	posix_spawnattr_init(&attr);
	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	sigaddset(&signals, SIGXFSZ);
	posix_spawnattr_setsigdefault(&attr, &signals);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	if (posix_spawnp(&pid, man, &actions, &attr, argv, environ) == 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int cmd_help(struct app *app, int argc, const char **argv)
{
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = { CMD_COMMON_OPTIONS(app), POPT_TABLEEND };
	const struct cmd_syntax syntax = { .options = options };
	const char *help[] = { app->program, "--help", NULL };
	const struct command *command;
	char page[32];
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (!rc)
		rc = cmd_args_check(app, &args, 0, 1);
	if (rc)
		return rc;
	command = args.n ? command_find(args.v[0]) : NULL;
	if (args.n && !command)
		return command_unknown(app, args.v[0]);
	if (man_page_show(command ? cmd_page(app, command, page, sizeof(page)) : "vfioap"))
		return 0;
	if (!command) {
		overview_print(app);
		return 0;
	}
	app->command = command;
	return command->run(app, 2, help);
}

/* ---- dispatch ------------------------------------------------------------------------------ */

/* Without a command: what can be asked of the program itself. */
static int no_command(struct app *app, int argc, const char **argv)
{
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	bool list_commands = false;
	const struct poptOption options[] = { CMD_HIDDEN_FLAG("list-commands", &list_commands),
					      CMD_COMMON_OPTIONS(app), POPT_TABLEEND };
	const struct cmd_syntax syntax = { .options = options };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	if (app->want_help) {
		overview_print(app);
	} else if (app->want_version) {
		out_printf(app, "vfioap %s\n", VFIOAP_VERSION);
	} else if (list_commands) {
		for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
			out_printf(app, "%s\n", commands[i].name);
	} else {
		return cmd_usage(app, "no command given");
	}
	return 0;
}

static void context_done(poptContext *con)
{
	poptFreeContext(*con);
}

/*
 * Where the command's name stands: behind options that every command may have.  Only
 * looked for here; what they say is read later, together with those behind the name.
 */
static int command_index(struct app *app, int argc, const char **argv, int *ret)
{
	static const struct poptOption options[] = {
		{ .longName = "json", .val = 1 },
		{ .longName = "quiet", .shortName = 'q', .val = 1 },
		{ .longName = "verbose", .shortName = 'v', .val = 1 },
		{ .longName = "help", .shortName = 'h', .val = 1 },
		{ .longName = "version", .shortName = 'V', .val = 1 },
		{ .longName = "active", .shortName = 'A', .val = 1 },
		{ .longName = "persistent", .shortName = 'P', .val = 1 },
		{ .longName = "dry-run", .shortName = 'n', .val = 1 },
		{ .longName = "force", .shortName = 'f', .val = 1 },
		{ .longName = "list-commands", .val = 1 },
		{ .longName = "list-options", .val = 1 },
		{ .longName = "lock-timeout", .argInfo = POPT_ARG_STRING, .val = 1 },
		{ .longName = "color", .argInfo = POPT_ARG_STRING, .val = 1 },
		{ .longName = "sysroot", .argInfo = POPT_ARG_STRING, .val = 1 },
		POPT_TABLEEND
	};
	int n = 0, rc;

	*ret = 1;
	if (argc > 1 && *argv[1] != '-')
		return 0; /* mostly: the command is the first word */

	_cleanup_(context_done) poptContext con =
		poptGetContext("vfioap", argc, argv, options, POPT_CONTEXT_POSIXMEHARDER);
	if (!con)
		return err_oom(&app->err);
	while ((rc = poptGetNextOpt(con)) > 0)
		free(poptGetOptArg(con));
	if (rc == POPT_ERROR_BADOPT)
		return cmd_usage(app, "unknown option '%s' before the command",
				 poptBadOption(con, POPT_BADOPTION_NOALIAS));
	if (rc < -1)
		return cmd_usage(app, "option '%s': %s", poptBadOption(con, POPT_BADOPTION_NOALIAS),
				 poptStrerror(rc));
	for (const char **rest = poptGetArgs(con); rest && rest[n];)
		n++;
	*ret = argc - n;
	return 0;
}

static int dispatch(struct app *app, int argc, const char **argv)
{
	_cleanup_free_ const char **args = NULL;
	int at = 0, n = 0, rc;

	rc = command_index(app, argc, argv, &at);
	if (rc)
		return rc;
	if (at == argc)
		return no_command(app, argc, argv);
	app->command = command_find(argv[at]);
	if (!app->command)
		return command_unknown(app, argv[at]);

	args = calloc((size_t)argc + 1, sizeof(*args));
	if (!args)
		return err_oom(&app->err);
	for (int i = 0; i < argc; i++)
		if (i != at && !(i == at - 1 && strcmp(argv[i], "--") == 0))
			args[n++] = argv[i];
	return app->command->run(app, n, args);
}

int main(int argc, char **argv)
{
	const char **args = (const char **)argv;
	struct app app;

	if (app_init(&app, "vfioap", argc, args) < 0)
		return STATUS_FAILED;
	return cmd_finish(&app, dispatch(&app, argc, args));
}
