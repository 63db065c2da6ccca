// SPDX-License-Identifier: MIT
/*
 * One run of a program, from app_init() to cmd_finish(): messages, refusals, the exit
 * status.  Options are left to cmdopt.c, results to out.c.
 */
#include "cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conflict.h"
#include "out.h"
#include "process.h"
#include "str.h"

/* How long a message can be; what is longer is cut. */
#define MESSAGE_SIZE 4096

static bool asks_for_json(int argc, const char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-J") == 0)
			return true;
	return false;
}

int app_init(struct app *app, const char *program, int argc, const char **argv)
{
	int rc = process_init();

	*app = (struct app){
		.program = program,
		.root = -1,
		.lock_timeout_ms = 10 * 1000,
	};
	app->json = asks_for_json(argc, argv);
	if (rc < 0)
		cmd_error(app, "cannot start: %s", err_text(rc));
	return rc;
}

void app_done(struct app *app)
{
	util_close(&app->root);
	json_object_put(app->findings);
	json_object_put(app->warnings);
	free(app->sysroot);
	free(app->color_text);
	free(app->lock_timeout_text);
	*app = (struct app){ .root = -1 };
}

/* ---- messages ------------------------------------------------------------------- */

_printf_(3, 0) static void message(const struct app *app, const char *kind, const char *fmt,
				   va_list ap)
{
	_cleanup_free_ char *text = out_text(fmt, ap);

	fprintf(stderr, "%s: %s%s\n", app->program, kind, str_printable(text));
}

static void hint_print(const char *hint)
{
	char text[MESSAGE_SIZE];

	if (!hint || !*hint)
		return;
	snprintf(text, sizeof(text), "%s", hint);
	str_printable(text);
	fprintf(stderr, "hint: %s\n", text);
}

void cmd_error(const struct app *app, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(app, "", fmt, ap);
	va_end(ap);
}

void cmd_warn(struct app *app, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = out_text(fmt, ap);
	va_end(ap);
	str_printable(text);
	fprintf(stderr, "%s: warning: %s\n", app->program, text);
	if (!app->warnings)
		app->warnings = out_json_array();
	out_json_append(app->warnings, out_json_text(text));
}

void cmd_note(const struct app *app, const char *fmt, ...)
{
	va_list ap;

	if (app->quiet)
		return;
	va_start(ap, fmt);
	message(app, "", fmt, ap);
	va_end(ap);
}

_printf_(3, 0) static void record(struct app *app, int code, const char *fmt, va_list ap)
{
	char text[sizeof(app->err.what)];

	vsnprintf(text, sizeof(text), fmt, ap);
	app->err = (struct err){ 0 };
	err_set(&app->err, code, "%s", text);
}

int cmd_usage(struct app *app, const char *fmt, ...)
{
	const struct command *command = app->command;
	va_list ap;

	va_start(ap, fmt);
	record(app, -EINVAL, fmt, ap);
	va_end(ap);
	if (!command)
		cmd_hint(app, "'%s --help' lists the commands", app->program);
	else if (strcmp(command->name, app->program) == 0)
		cmd_hint(app, "'%s --help' lists the options", app->program);
	else
		cmd_hint(app, "'%s %s --help' lists the options", app->program, command->name);
	return STATUS_USAGE;
}

int cmd_fail(struct app *app, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(app, -EPERM, fmt, ap);
	va_end(ap);
	return status;
}

void cmd_hint(struct app *app, const char *fmt, ...)
{
	char text[sizeof(app->err.hint)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_hint(&app->err, "%s", text);
}

/* ---- findings --------------------------------------------------------------------- */

struct json_object *cmd_finding_json(const struct finding *finding)
{
	struct json_object *object = out_json_object();
	struct json_object *devices = out_json_array();
	char path[sizeof(finding->path) + 1];
	struct qset queues;

	for (size_t i = 0; i < ARRAY_SIZE(finding->uuid); i++)
		if (*finding->uuid[i])
			out_json_append(devices, out_json_text(finding->uuid[i]));
	qset_product(&queues, &finding->adapters, &finding->domains);

	out_json_add_text(object, "code", finding_code_name(finding->code));
	out_json_add_text(object, "severity", finding_severity_name(finding->severity));
	out_json_add_queues(object, &queues, false);
	/* As found: an ID out of range has no queue, and is to be named all the same. */
	out_json_add(object, "adapters", out_json_ids(&finding->adapters));
	out_json_add(object, "domains", out_json_ids(&finding->domains));
	out_json_add(object, "devices", devices);
	out_json_add_text(object, "reason", finding->reason);
	snprintf(path, sizeof(path), "/%s", finding->path);
	out_json_add_text(object, "path", *finding->path ? path : NULL);
	out_json_add_text(object, "message", finding->message);
	out_json_add_text(object, "hint", finding->hint);
	return object;
}

static bool hint_is_new(const struct findings *findings, size_t i)
{
	const char *hint = findings->v[i].hint;

	for (size_t j = i; hint && j-- > 0;)
		if (findings->v[j].hint && strcmp(findings->v[j].hint, hint) == 0)
			return false;
	return true;
}

int cmd_refuse(struct app *app, const struct findings *findings)
{
	const struct finding *first = NULL;

	json_object_put(app->findings);
	app->findings = out_json_array();
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];

		out_json_append(app->findings, cmd_finding_json(finding));
		if (finding->severity != FINDING_ERROR)
			continue;
		if (!first)
			first = finding;
		cmd_error(app, "%s", finding->message);
		if (hint_is_new(findings, i))
			hint_print(finding->hint);
	}
	cmd_findings_warn(app, findings);

	app->err = (struct err){ 0 };
	err_set(&app->err, -EBUSY, "%s", first ? first->message : "refused");
	if (first && first->hint)
		err_hint(&app->err, "%s", first->hint);
	app->told = first != NULL;
	return STATUS_CONFLICT;
}

void cmd_findings_warn(struct app *app, const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		if (findings->v[i].severity != FINDING_WARNING)
			continue;
		cmd_warn(app, "%s", findings->v[i].message);
		if (hint_is_new(findings, i))
			hint_print(findings->v[i].hint);
	}
}

/* ---- begin and end ---------------------------------------------------------------- */

int cmd_root_check(struct app *app)
{
	if (app->dry_run || geteuid() == 0)
		return 0;
	cmd_fail(app, STATUS_FAILED, "must be root");
	cmd_hint(app, "--dry-run prints what would be written, and needs no root");
	return STATUS_FAILED;
}

/* The one place where an errno becomes an exit status. */
static int status_from_rc(int rc)
{
	switch (rc) {
	case STATUS_STOP: return STATUS_DONE;
	case -ENOENT: return STATUS_NOT_FOUND;
	case -ENOTUNIQ: return STATUS_USAGE;
	case -ETIMEDOUT: return STATUS_LOCKED;
	default: return rc < 0 ? STATUS_FAILED : rc;
	}
}

static void error_json(struct app *app, int status)
{
	struct json_object *object = out_json_new();
	struct json_object *error = out_json_object();

	out_json_add_int(error, "status", status);
	out_json_add_text(error, "message", app->err.what);
	out_json_add_text(error, "hint", *app->err.hint ? app->err.hint : NULL);
	out_json_add(error, "findings", app->findings ? app->findings : out_json_array());
	app->findings = NULL;
	out_json_add(object, "error", error);
	out_json_print(app, object);
}

int cmd_finish(struct app *app, int rc)
{
	int status = status_from_rc(rc);

	if (rc < 0 && !*app->err.what)
		err_errno(&app->err, rc, "cannot go on");
	if (status != STATUS_DONE && *app->err.what) {
		if (!app->told) {
			cmd_error(app, "%s", app->err.what);
			hint_print(app->err.hint);
		}
		if (app->json)
			error_json(app, status);
	}

	rc = out_flush(app);
	if (rc < 0 && rc != -EPIPE) {
		cmd_error(app, "cannot write to standard output: %s", err_text(rc));
		if (status == STATUS_DONE)
			status = STATUS_FAILED;
	}
	app_done(app);
	return status;
}
