// SPDX-License-Identifier: MIT
/*
 * `apsim ctl`: what happens to the machine beside its files.  Most verbs are carried
 * out by the server; guests (qemu.c) and reboot (boot.c) have files of their own.
 */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "boot.h"
#include "control.h"
#include "front.h"
#include "qemu.h"
#include "util.h"

/* ---- one command and its answer ------------------------------------------------------ */

static const char *control_path(void)
{
	const char *path = getenv(FRONT_CONTROL_ENV);

	return path && *path ? path : FRONT_CONTROL;
}

const char *ctl_root(char buf[PATH_MAX])
{
	const char *path = control_path();
	char *slash;

	if (strcmp(path, FRONT_CONTROL) == 0 || !realpath(path, buf))
		buf[0] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
	return buf;
}

static int command_write(int fd, const char *const *argv, struct err *err)
{
	_cleanup_free_ char *buf = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&buf, &len);

	if (!out)
		return err_oom(err);
	for (; *argv; argv++)
		fwrite(*argv, 1, strlen(*argv) + 1, out);
	if (fclose(out) != 0)
		return err_oom(err);
	if (write(fd, buf, len) != (ssize_t)len)
		return err_errno(err, -errno, "cannot write to '%s'", control_path());
	return 0;
}

static int answer_read(int fd, char **ret, size_t *ret_len, struct err *err)
{
	char chunk[65536];
	FILE *out = open_memstream(ret, ret_len);
	ssize_t n;

	if (!out)
		return err_oom(err);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		fwrite(chunk, 1, (size_t)n, out);
	if (n < 0)
		err_errno(err, -errno, "cannot read from '%s'", control_path());
	if (fclose(out) != 0)
		return err_oom(err);
	if (n == 0 && !*ret_len)
		return err_set(err, -EBADMSG, "no answer from '%s'", control_path());
	return n < 0 ? err->code : 0;
}

/* "1what failed\nhint" */
static int answer_explain(char *answer, struct err *err)
{
	char *what = answer + 1, *hint = strchr(what, '\n');

	if (hint)
		*hint++ = '\0';
	err_set(err, answer[0] == '2' ? -EINVAL : -EIO, "%s", what);
	if (hint && *hint)
		err_hint(err, "%s", hint);
	return err->code;
}

int ctl_send(const char *const *argv, FILE *out, struct err *err)
{
	_cleanup_close_ int fd = open(control_path(), O_RDWR | O_CLOEXEC);
	_cleanup_free_ char *answer = NULL;
	size_t len = 0;
	int rc;

	if (fd < 0) {
		err_errno(err, -errno, "cannot open '%s'", control_path());
		err_hint(err, "ctl works inside 'apsim run', or with " FRONT_CONTROL_ENV
			      "=DIR/" CONTROL_NAME " of 'apsim mount DIR'");
		return err->code;
	}
	rc = command_write(fd, argv, err);
	if (rc == 0)
		rc = answer_read(fd, &answer, &len, err);
	if (rc < 0)
		return rc;
	if (answer[0] != '0')
		return answer_explain(answer, err);
	if (out)
		fwrite(answer + 1, 1, len - 1, out);
	return 0;
}

int ctl_finish(int rc, const struct err *err)
{
	if (rc == 0)
		return FRONT_OK;
	front_error_print(err);
	return rc == -EINVAL ? FRONT_USAGE : FRONT_FAILED;
}

/* ---- verbs with options of their own ------------------------------------------------- */

/*
 * Faults match the path that the kernel asks for, links resolved.  The longest part that
 * exists is resolved here; patterns and what is still to come stay as they are.
 */
static const char *pattern_resolve(const char *pattern, char buf[PATH_MAX * 2])
{
	char head[PATH_MAX], real[PATH_MAX];
	size_t len = strlen(pattern);

	if (len >= sizeof(head))
		return pattern;
	memcpy(head, pattern, len + 1);
	for (;;) {
		char *slash;

		if (!strpbrk(head, "*?[") && realpath(head, real)) {
			snprintf(buf, PATH_MAX * 2, "%s%s", real, pattern + strlen(head));
			return buf;
		}
		slash = strrchr(head, '/');
		if (!slash || slash == head)
			return pattern;
		*slash = '\0';
	}
}

static int ctl_fail(int argc, const char **argv)
{
	char *after = NULL, *count = NULL, pattern[PATH_MAX * 2];
	int help = 0, reading = 0, rc;
	const struct poptOption options[] = {
		{ .longName = "after",
		  .argInfo = POPT_ARG_STRING,
		  .arg = &after,
		  .descrip = "Let this many succeed first",
		  .argDescrip = "N" },
		{ .longName = "count",
		  .argInfo = POPT_ARG_STRING,
		  .arg = &count,
		  .descrip = "Fail this many times only",
		  .argDescrip = "N" },
		{ .longName = "read",
		  .argInfo = POPT_ARG_NONE,
		  .arg = &reading,
		  .descrip = "Fail reads instead of writes" },
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx = poptGetContext(NULL, argc, argv, options, 0);
	_cleanup_free_ char *free_after = NULL, *free_count = NULL;
	struct err err = { 0 };
	const char *const *args;

	rc = front_popt_run(ctx, &err);
	free_after = after;
	free_count = count;
	if (rc < 0)
		return ctl_finish(rc, &err);
	if (help)
		return front_help_print(ctx, "[OPTION...] PATH ERRNO",
					"ERRNO is a name as EBUSY, or a number; 0 ends it.\n");
	args = front_args(ctx);
	if (front_args_count(args) != 2) {
		err_set(&err, -EINVAL, "ctl fail takes PATH and ERRNO");
		return ctl_finish(-EINVAL, &err);
	}
	return ctl_finish(ctl_send((const char *const[]){ "fail", pattern_resolve(args[0], pattern),
							  reading ? "r" : "w", args[1],
							  after ?: "0", count ?: "", NULL },
				   NULL, &err),
			  &err);
}

static int ctl_delay(int argc, const char **argv)
{
	int help = 0, rc;
	const struct poptOption options[] = {
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx = poptGetContext(NULL, argc, argv, options, 0);
	char pattern[PATH_MAX * 2];
	const char *const *args;
	struct err err = { 0 };

	rc = front_popt_run(ctx, &err);
	if (rc < 0)
		return ctl_finish(rc, &err);
	if (help)
		return front_help_print(ctx, "PATH MS", "0 ends the delay.\n");
	args = front_args(ctx);
	if (front_args_count(args) != 2) {
		err_set(&err, -EINVAL, "ctl delay takes PATH and milliseconds");
		return ctl_finish(-EINVAL, &err);
	}
	return ctl_finish(
		ctl_send((const char *const[]){ "delay", pattern_resolve(args[0], pattern), args[1],
						NULL },
			 NULL, &err),
		&err);
}

static int ctl_log(int argc, const char **argv)
{
	int help = 0, clear = 0, rc;
	const struct poptOption options[] = {
		{ .longName = "clear",
		  .argInfo = POPT_ARG_NONE,
		  .arg = &clear,
		  .descrip = "Forget the log instead of printing it" },
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx = poptGetContext(NULL, argc, argv, options, 0);
	struct err err = { 0 };

	rc = front_popt_run(ctx, &err);
	if (rc < 0)
		return ctl_finish(rc, &err);
	if (help)
		return front_help_print(ctx, "[--clear]", NULL);
	if (front_args(ctx)[0]) {
		err_set(&err, -EINVAL, "ctl log takes no argument '%s'", front_args(ctx)[0]);
		return ctl_finish(-EINVAL, &err);
	}
	return ctl_finish(ctl_send((const char *const[]){ "log", clear ? "clear" : NULL, NULL },
				   stdout, &err),
			  &err);
}

/* ---- the table ----------------------------------------------------------------------- */

/* A verb without a function is the server's, arguments and all. */
static const struct verb {
	const char *name, *args, *summary;
	int (*run)(int argc, const char **argv);
} verbs[] = {
	{ .name = "card",
	  .args = "add ID TYPE | remove|config|deconfig|chkstop|unchkstop ID",
	  .summary = "Hardware of an adapter; the kernel notices at its next scan" },
	{ .name = "domain",
	  .args = "add|remove [--control|--usage] ID",
	  .summary = "Domains of the LPAR; the kernel notices at its next scan" },
	{ .name = "scan", .args = "", .summary = "The kernel's scan of the AP bus" },
	{ .name = "module", .args = "load|unload NAME", .summary = "Kernel modules, as vfio_ap" },
	{ .name = "guest",
	  .args = "start DEVICE [--name NAME] | stop DEVICE",
	  .summary = "A process that uses a mediated device as QEMU does",
	  .run = qemu_ctl },
	{ .name = "reboot",
	  .args = "[--bare]",
	  .summary = "Start again: boot parameters, udev rules, autostart",
	  .run = boot_ctl },
	{ .name = "fail",
	  .args = "[--read] PATH ERRNO [--after N] [--count N]",
	  .summary = "Make writes to a file fail",
	  .run = ctl_fail },
	{ .name = "delay",
	  .args = "PATH MS",
	  .summary = "Make reads and writes of a file slow",
	  .run = ctl_delay },
	{ .name = "log",
	  .args = "[--clear]",
	  .summary = "All writes seen, as shell lines with their results",
	  .run = ctl_log },
	{ .name = "state", .args = "", .summary = "The whole machine as JSON" },
};

static int verb_run(const char *const *args)
{
	struct err err = { 0 };
	char name[64];

	for (unsigned i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!verbs[i].run || strcmp(verbs[i].name, args[0]) != 0)
			continue;
		snprintf(name, sizeof(name), "apsim ctl %s", args[0]);
		return front_command(verbs[i].run, name, args);
	}
	return ctl_finish(ctl_send(args, stdout, &err), &err);
}

static int help_print(poptContext ctx)
{
	front_help_print(ctx, "VERB [ARGUMENT...]", "Verbs:\n");
	for (unsigned i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %s%s%s\n        %s\n", verbs[i].name, *verbs[i].args ? " " : "",
		       verbs[i].args, verbs[i].summary);
	return FRONT_OK;
}

int ctl_main(int argc, const char **argv)
{
	int help = 0, rc;
	const struct poptOption options[] = {
		FRONT_HELP_OPTION(&help),
		POPT_TABLEEND,
	};
	_cleanup_(front_popt_free) poptContext ctx =
		poptGetContext(NULL, argc, argv, options, POPT_CONTEXT_POSIXMEHARDER);
	struct err err = { 0 };
	const char *const *args;

	rc = front_popt_run(ctx, &err);
	if (rc < 0)
		return ctl_finish(rc, &err);
	if (help)
		return help_print(ctx);
	args = front_args(ctx);
	if (!args[0]) {
		err_set(&err, -EINVAL, "ctl: no verb");
		err_hint(&err, "'apsim ctl --help' lists them");
		return ctl_finish(-EINVAL, &err);
	}
	return verb_run(args);
}
