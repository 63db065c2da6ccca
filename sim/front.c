// SPDX-License-Identifier: MIT
/*
 * What the commands of apsim share: messages, popt, the options that choose a
 * machine.  What a command does stands in its own file.
 */
#include "front.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

void front_machine_done(struct front_machine *m)
{
	free(m->lpar_name);
	free(m->kernel);
	lpar_free(m->lpar);
	*m = (struct front_machine){ 0 };
}

int front_machine_load(struct front_machine *m, struct err *err)
{
	const char *kernel = m->kernel ?: FRONT_KERNEL;

	m->traits = traits_find(kernel);
	if (!m->traits) {
		err_set(err, -EINVAL, "unknown kernel '%s'", kernel);
		err_hint(err, "--kernel takes %s", traits_names());
		return -EINVAL;
	}
	return lpar_load(m->lpar_name ?: FRONT_LPAR, &m->lpar, err);
}

void front_error_print(const struct err *err)
{
	fprintf(stderr, "apsim: %s\n", err->what);
	if (err->hint[0])
		fprintf(stderr, "hint: %s\n", err->hint);
}

void front_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("apsim: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void front_popt_free(poptContext *ctx)
{
	if (*ctx)
		poptFreeContext(*ctx);
}

int front_popt_run(poptContext ctx, struct err *err)
{
	int rc;

	do
		rc = poptGetNextOpt(ctx);
	while (rc >= 0);
	if (rc == -1)
		return 0;
	return err_set(err, -EINVAL, "%s: %s", poptBadOption(ctx, POPT_BADOPTION_NOALIAS),
		       poptStrerror(rc));
}

int front_help_print(poptContext ctx, const char *usage, const char *text)
{
	poptSetOtherOptionHelp(ctx, usage);
	poptPrintHelp(ctx, stdout, 0);
	if (text)
		printf("\n%s", text);
	return FRONT_OK;
}

const char *const *front_args(poptContext ctx)
{
	static const char *const none[] = { NULL };
	const char **args = poptGetArgs(ctx);

	return args ? (const char *const *)args : none;
}

int front_args_count(const char *const *args)
{
	int n = 0;

	while (args[n])
		n++;
	return n;
}

int front_command(int (*run)(int argc, const char **argv), const char *name,
		  const char *const *args)
{
	int argc = front_args_count(args);
	_cleanup_free_ const char **argv = calloc((size_t)argc + 1, sizeof(*argv));
	struct err err = { 0 };

	if (!argv) {
		err_oom(&err);
		front_error_print(&err);
		return FRONT_FAILED;
	}
	memcpy(argv, args, (size_t)argc * sizeof(*argv));
	argv[0] = name;
	return run(argc, argv);
}
