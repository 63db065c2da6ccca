// SPDX-License-Identifier: MIT
/*
 * The server's side of `apsim ctl`: faults, delays, the log and reboot; all other
 * words are the machine's.
 */
#include "control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "errname.h"
#include "serve.h"
#include "str.h"
#include "util.h"

#define CONTROL_ARGS_MAX 64

struct control {
	char *answer; /* NULL: no command yet */
	size_t len;
	size_t position; /* of the reader */
};

struct control *control_new(void)
{
	return calloc(1, sizeof(struct control));
}

struct control *control_free(struct control *control)
{
	if (control)
		free(control->answer);
	free(control);
	return NULL;
}

/* ---- commands ------------------------------------------------------------------------ */

static int uint_arg(const char *text, const char *what, unsigned *ret, struct err *err)
{
	if (str_uint(text, INT32_MAX, ret) < 0)
		return err_set(err, -EINVAL, "%s '%s' is not a number", what, text);
	return 0;
}

/* A fault that nothing can ever meet is a mistake. */
static int pattern_check(const struct serve *s, const char *pattern, struct err *err)
{
	const char *inside = str_starts_with(pattern, s->prefix);

	if (inside && (str_starts_with(inside, "/sys/") || str_starts_with(inside, "/dev/vfio/")))
		return 0;
	return err_set(err, -EINVAL, "'%s' is not below %s/sys or %s/dev/vfio", pattern, s->prefix,
		       s->prefix);
}

/* In the words of `apsim ctl fail`. */
static void fault_log(struct serve *s, const char *const *argv)
{
	const char *words[9] = { "fail", argv[1], argv[3] };
	size_t n = 3;

	if (argv[2][0] == 'r')
		words[n++] = "--read";
	if (strcmp(argv[4], "0") != 0) {
		words[n++] = "--after";
		words[n++] = argv[4];
	}
	if (argv[5][0]) {
		words[n++] = "--count";
		words[n++] = argv[5];
	}
	wlog_command(s->log, words);
}

/* fail PATTERN r|w ERRNO AFTER COUNT; an empty COUNT is forever */
static int verb_fail(struct serve *s, int argc _unused_, const char *const *argv,
		     FILE *out _unused_, struct err *err)
{
	struct inject_fault fault = {
		.pattern = argv[1],
		.op = argv[2][0] == 'r' ? INJECT_READ : INJECT_WRITE,
		.count = INJECT_FOREVER,
	};
	int rc = pattern_check(s, argv[1], err);

	if (rc == 0 && strcmp(argv[3], "0") != 0 && errname_parse(argv[3], &fault.code) < 0)
		return err_set(err, -EINVAL, "unknown error '%s'", argv[3]);
	if (rc == 0)
		rc = uint_arg(argv[4], "--after", &fault.after, err);
	if (rc == 0 && argv[5][0])
		rc = uint_arg(argv[5], "--count", &fault.count, err);
	if (rc < 0)
		return rc;
	if (strstr(argv[1], "/dev/vfio/"))
		fault.op = INJECT_OPEN;
	rc = inject_fault_set(s->inject, &fault);
	if (rc < 0)
		return err_oom(err);
	fault_log(s, argv);
	return 0;
}

/* delay PATTERN MS */
static int verb_delay(struct serve *s, int argc _unused_, const char *const *argv,
		      FILE *out _unused_, struct err *err)
{
	unsigned delay_ms = 0;
	int rc = pattern_check(s, argv[1], err);

	if (rc == 0)
		rc = uint_arg(argv[2], "delay", &delay_ms, err);
	if (rc < 0)
		return rc;
	rc = inject_delay_set(s->inject, argv[1], delay_ms);
	return rc < 0 ? err_oom(err) : 0;
}

/* log [clear] */
static int verb_log(struct serve *s, int argc, const char *const *argv _unused_, FILE *out,
		    struct err *err _unused_)
{
	if (argc > 1)
		wlog_clear(s->log);
	else
		wlog_print(s->log, out);
	return 0;
}

/* The result are the modules that user space is to load when it has applied the rules. */
static int verb_reboot(struct serve *s, int argc _unused_, const char *const *argv _unused_,
		       FILE *out, struct err *err)
{
	static const char *const words[] = { "reboot", "--bare", NULL };
	int rc = machine_reboot(s->machine, err);

	if (rc < 0)
		return rc;
	if (s->boot_vfio_ap)
		fputs("vfio_ap\n", out);
	/* What user space does next is logged by itself. */
	wlog_command(s->log, words);
	return 0;
}

/* guest start|stop: the client has done it; this is for the log only. */
static int verb_guest(struct serve *s _unused_, int argc _unused_, const char *const *argv _unused_,
		      FILE *out _unused_, struct err *err _unused_)
{
	return 0;
}

static const struct verb {
	const char *name;
	int argc_min, argc_max;
	bool quiet; /* not for the log, or logged by the function itself */
	int (*run)(struct serve *s, int argc, const char *const *argv, FILE *out, struct err *err);
} verbs[] = {
	{ .name = "fail", .argc_min = 6, .argc_max = 6, .quiet = true, .run = verb_fail },
	{ .name = "delay", .argc_min = 3, .argc_max = 3, .run = verb_delay },
	{ .name = "log", .argc_min = 1, .argc_max = 2, .quiet = true, .run = verb_log },
	{ .name = "reboot", .argc_min = 1, .argc_max = 1, .quiet = true, .run = verb_reboot },
	{ .name = "guest", .argc_min = 3, .argc_max = 5, .run = verb_guest },
};

static int command_run(struct serve *s, int argc, const char *const *argv, FILE *out,
		       struct err *err)
{
	bool quiet = strcmp(argv[0], "state") == 0;
	int rc = -ENOTSUP;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(verbs) && strcmp(verbs[i].name, argv[0]) != 0; i++)
		;
	if (i == ARRAY_SIZE(verbs)) {
		rc = machine_ctl(s->machine, argc, argv, out, err);
	} else if (argc < verbs[i].argc_min || argc > verbs[i].argc_max) {
		return err_set(err, -EINVAL, "%s: wrong number of arguments", argv[0]);
	} else {
		quiet = verbs[i].quiet;
		rc = verbs[i].run(s, argc, argv, out, err);
	}
	if (rc == 0 && !quiet)
		wlog_command(s->log, argv);
	return rc;
}

/* ---- the file ------------------------------------------------------------------------ */

static char status_char(int rc)
{
	if (rc == 0)
		return '0';
	return rc == -EINVAL || rc == -ERANGE || rc == -ENOTSUP ? '2' : '1';
}

static int answer_make(struct control *control, struct serve *s, int argc, const char *const *argv)
{
	_cleanup_free_ char *result = NULL;
	size_t len = 0;
	FILE *text = open_memstream(&result, &len);
	struct err err = { 0 };
	FILE *answer;
	int rc;

	if (!text)
		return -ENOMEM;
	rc = command_run(s, argc, argv, text, &err);
	if (fclose(text) != 0)
		return -ENOMEM;
	if (rc == -ENOTSUP && !err.what[0])
		err_set(&err, rc, "unknown verb '%s'", argv[0]);
	else if (rc < 0 && !err.what[0])
		err_errno(&err, rc, "%s", argv[0]);

	answer = open_memstream(&control->answer, &control->len);
	if (!answer)
		return -ENOMEM;
	fputc(status_char(rc), answer);
	if (rc < 0)
		fprintf(answer, "%s\n%s", err.what, err.hint);
	else
		fwrite(result, 1, len, answer);
	return fclose(answer) == 0 ? 0 : -ENOMEM;
}

ssize_t control_write(struct control *control, struct serve *s, const char *buf, size_t len)
{
	const char *argv[CONTROL_ARGS_MAX + 1] = { NULL };
	int argc = 0, rc;

	if (control->answer)
		return -EBUSY;
	if (!len || buf[len - 1] != '\0')
		return -EINVAL;
	for (const char *p = buf; p < buf + len; p += strlen(p) + 1) {
		if (argc == CONTROL_ARGS_MAX)
			return -E2BIG;
		argv[argc++] = p;
	}
	rc = answer_make(control, s, argc, argv);
	return rc < 0 ? rc : (ssize_t)len;
}

ssize_t control_read(struct control *control, size_t size, const char **ret)
{
	size_t n = control->len - control->position;

	if (!control->answer)
		return -EINVAL;
	if (n > size)
		n = size;
	*ret = control->answer + control->position;
	control->position += n;
	return (ssize_t)n;
}
