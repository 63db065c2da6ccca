// SPDX-License-Identifier: MIT
/*
 * modprobe and rmmod for the simulated kernel: the options that scripts and tools
 * use, the messages of kmod.  Which modules there are is left to the machine.
 */
#include "modprobe.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "ctl.h"
#include "front.h"
#include "util.h"

struct modprobe {
	int help, remove, quiet, all, dry_run, first_time;
};

/* What scripts give, and what makes no difference here. */
static const struct poptOption ignored[] = {
	{ .longName = "verbose", .shortName = 'v', .argInfo = POPT_ARG_NONE },
	{ .longName = "syslog", .shortName = 's', .argInfo = POPT_ARG_NONE },
	{ .longName = "use-blacklist", .shortName = 'b', .argInfo = POPT_ARG_NONE },
	POPT_TABLEEND,
};

#define IGNORED_OPTIONS                                                    \
	{                                                                  \
		.argInfo = POPT_ARG_INCLUDE_TABLE, .arg = (void *)ignored, \
		.descrip = "Accepted, without effect:"                     \
	}

/* Module names are the same with '-' and '_'. */
static const char *name_normalize(const char *name, char buf[NAME_MAX + 1])
{
	snprintf(buf, NAME_MAX + 1, "%s", name);
	for (char *p = buf; *p; p++) {
		if (*p == '-')
			*p = '_';
	}
	return buf;
}

static bool module_is_loaded(const char *name)
{
	char path[NAME_MAX + 64];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return access(path, F_OK) == 0;
}

static int modprobe_one(const struct modprobe *args, const char *arg)
{
	char buf[NAME_MAX + 1];
	const char *name = name_normalize(arg, buf), *why = NULL;
	bool loaded = module_is_loaded(name);
	struct err err = { 0 };

	if (loaded != !!args->remove) {
		if (!args->first_time)
			return FRONT_OK;
		why = loaded ? "Module already in kernel." : "Module is not in kernel.";
	} else if (!args->dry_run &&
		   ctl_send((const char *const[]){ "module", args->remove ? "unload" : "load", name,
						   NULL },
			    NULL, &err) < 0) {
		why = err.what;
	}
	if (!why)
		return FRONT_OK;
	if (!args->quiet)
		fprintf(stderr, "modprobe: FATAL: Module %s: %s\n", arg, why);
	return FRONT_FAILED;
}

static int modprobe_all(const struct modprobe *args, const char *const *names)
{
	int status = FRONT_OK;

	if (!names[0]) {
		fprintf(stderr, "modprobe: FATAL: missing parameters. See -h.\n");
		return FRONT_FAILED;
	}
	/* Without -a and -r, what follows the first name are its parameters. */
	for (; *names && status == FRONT_OK; names++) {
		status = modprobe_one(args, *names);
		if (!args->all && !args->remove)
			break;
	}
	return status;
}

int modprobe_main(int argc, const char **argv)
{
	struct modprobe args = { 0 };
	const struct poptOption options[] = {
		{ .longName = "remove",
		  .shortName = 'r',
		  .argInfo = POPT_ARG_NONE,
		  .arg = &args.remove,
		  .descrip = "Remove modules instead of inserting" },
		{ .longName = "all",
		  .shortName = 'a',
		  .argInfo = POPT_ARG_NONE,
		  .arg = &args.all,
		  .descrip = "All arguments are module names" },
		{ .longName = "quiet",
		  .shortName = 'q',
		  .argInfo = POPT_ARG_NONE,
		  .arg = &args.quiet,
		  .descrip = "Do not print fatal errors" },
		{ .longName = "dry-run",
		  .shortName = 'n',
		  .argInfo = POPT_ARG_NONE,
		  .arg = &args.dry_run,
		  .descrip = "Do everything but insert or remove" },
		{ .longName = "first-time",
		  .argInfo = POPT_ARG_NONE,
		  .arg = &args.first_time,
		  .descrip = "Fail if there is nothing to do" },
		IGNORED_OPTIONS,
		FRONT_HELP_OPTION(&args.help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx = poptGetContext(NULL, argc, argv, options, 0);
	struct err err = { 0 };

	if (front_popt_run(ctx, &err) < 0) {
		fprintf(stderr, "modprobe: %s\n", err.what);
		return FRONT_FAILED;
	}
	if (args.help)
		return front_help_print(ctx, "[OPTION...] MODULE...",
					"This modprobe belongs to the simulated kernel.\n");
	return modprobe_all(&args, front_args(ctx));
}

int rmmod_main(int argc, const char **argv)
{
	int help = 0, status = FRONT_OK;
	const struct poptOption options[] = {
		IGNORED_OPTIONS,
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx = poptGetContext(NULL, argc, argv, options, 0);
	char name[NAME_MAX + 1];
	struct err err = { 0 };

	if (front_popt_run(ctx, &err) < 0) {
		fprintf(stderr, "rmmod: ERROR: %s\n", err.what);
		return FRONT_FAILED;
	}
	if (help)
		return front_help_print(ctx, "[OPTION...] MODULE...",
					"This rmmod belongs to the simulated kernel.\n");
	if (!front_args(ctx)[0]) {
		fprintf(stderr, "rmmod: ERROR: missing module name.\n");
		return FRONT_FAILED;
	}
	for (const char *const *names = front_args(ctx); *names; names++) {
		name_normalize(*names, name);
		if (!module_is_loaded(name))
			fprintf(stderr, "rmmod: ERROR: Module %s is not currently loaded\n", name);
		else if (ctl_send((const char *const[]){ "module", "unload", name, NULL }, NULL,
				  &err) < 0)
			fprintf(stderr, "rmmod: ERROR: Module %s: %s\n", name, err.what);
		else
			continue;
		status = FRONT_FAILED;
	}
	return status;
}
