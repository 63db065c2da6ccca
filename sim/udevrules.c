// SPDX-License-Identifier: MIT
/*
 * As much of udev as a rules file for the AP bus needs: udev(7), with the keys
 * ACTION, DEVPATH, KERNEL, SUBSYSTEM, ENV, ATTR, TEST, PROGRAM, GOTO, LABEL and
 * RUN{builtin} for kmod.  Which events there are is left to boot.c.
 */
#include "udevrules.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "front.h"
#include "str.h"
#include "util.h"

enum op { OP_MATCH, OP_NOMATCH, OP_ASSIGN };

/* KEY{attr} op "value" */
struct token {
	char key[32], attr[256], value[512];
	enum op op;
};

struct rules {
	const char *path;
	struct udevrules_event *event;
	char skip_to[64]; /* behind a GOTO: its label */
	unsigned line;
};

static void rules_warn(const struct rules *rules, const char *what, const char *name)
{
	front_warn("%s:%u: %s '%s', ignoring", rules->path, rules->line, what, name);
}

/* ---- text ---------------------------------------------------------------------------- */

static size_t copy_while(const char **p, const char *end_chars, char *buf, size_t size)
{
	size_t len = strcspn(*p, end_chars);

	snprintf(buf, size, "%.*s", (int)len, *p);
	*p += len;
	return len;
}

/* One token and the comma behind it: 1; 0 at the end of the line; -EINVAL. */
static int token_next(const char **p, struct token *ret)
{
	static const struct {
		const char *text;
		enum op op;
	} ops[] = {
		{ .text = "==", .op = OP_MATCH },  { .text = "!=", .op = OP_NOMATCH },
		{ .text = "+=", .op = OP_ASSIGN }, { .text = ":=", .op = OP_ASSIGN },
		{ .text = "-=", .op = OP_ASSIGN }, { .text = "=", .op = OP_ASSIGN },
	};
	unsigned i;

	*p += strspn(*p, " \t,");
	if (!**p)
		return 0;
	*ret = (struct token){ .key = "" };
	if (!copy_while(p, "{=!+:- \t", ret->key, sizeof(ret->key)))
		return -EINVAL;
	if (**p == '{') {
		++*p;
		copy_while(p, "}", ret->attr, sizeof(ret->attr));
		if (**p != '}')
			return -EINVAL;
		++*p;
	}
	*p += strspn(*p, " \t");
	for (i = 0; i < ARRAY_SIZE(ops) && !str_starts_with(*p, ops[i].text); i++)
		;
	if (i == ARRAY_SIZE(ops))
		return -EINVAL;
	ret->op = ops[i].op;
	*p += strlen(ops[i].text);
	*p += strspn(*p, " \t");
	if (**p != '"')
		return -EINVAL;
	++*p;
	copy_while(p, "\"", ret->value, sizeof(ret->value));
	if (**p != '"')
		return -EINVAL;
	++*p;
	return 1;
}

/* ---- matches ------------------------------------------------------------------------- */

/* "a|b*": one of the patterns. */
static bool value_matches(const char *patterns, const char *value)
{
	char pattern[512];

	do {
		patterns += *patterns == '|';
		copy_while(&patterns, "|", pattern, sizeof(pattern));
		if (fnmatch(pattern, value, 0) == 0)
			return true;
	} while (*patterns);
	return false;
}

static void attr_path(const struct rules *rules, const char *attr, char buf[PATH_MAX])
{
	snprintf(buf, PATH_MAX, "/sys%s/%s", rules->event->devpath, attr);
}

static const char *env_get(const struct rules *rules, const char *name)
{
	const char *value;

	for (const char *const *env = rules->event->env; *env; env++) {
		value = str_starts_with(*env, name);
		if (value && *value == '=')
			return value + 1;
	}
	return "";
}

/* Trailing white space does not count; NULL when there is no such file. */
static const char *attr_get(const struct rules *rules, const char *attr, char buf[4096])
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	attr_path(rules, attr, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	n = read(fd, buf, 4095);
	close(fd);
	if (n < 0)
		return NULL;
	while (n && isspace((unsigned char)buf[n - 1]))
		n--;
	buf[n] = '\0';
	return buf;
}

static bool file_exists(const struct rules *rules, const char *name)
{
	char path[PATH_MAX];

	attr_path(rules, name, path);
	return access(*name == '/' ? name : path, F_OK) == 0;
}

/* It runs while rules are read, and is a match when it ends with 0. */
static bool program_succeeds(const struct rules *rules, const char *command)
{
	_cleanup_free_ char *copy = strdup(command);
	char *argv[17] = { NULL }, *rest = copy;
	int status = -1, rc;
	pid_t pid;

	for (size_t n = 0; rest && n < ARRAY_SIZE(argv) - 1;) {
		char *word = strsep(&rest, " ");

		if (*word)
			argv[n++] = word;
	}
	rc = argv[0] ? posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) : EINVAL;
	while (rc == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc || status)
		rules_warn(rules, rc ? "cannot run" : "has failed:", command);
	return status == 0;
}

/* What has no value: is there, or ends well.  -1: another key. */
static int token_holds(const struct rules *rules, const struct token *token)
{
	if (strcmp(token->key, "TEST") == 0)
		return file_exists(rules, token->value);
	if (strcmp(token->key, "PROGRAM") == 0)
		return program_succeeds(rules, token->value);
	return -1;
}

static bool token_matches(const struct rules *rules, const struct token *token)
{
	const struct udevrules_event *event = rules->event;
	const char *value = NULL, *slash = strrchr(event->devpath, '/');
	int holds = token_holds(rules, token);
	char buf[4096];

	if (holds >= 0)
		return holds == (token->op == OP_MATCH);
	if (strcmp(token->key, "ACTION") == 0)
		value = event->action;
	else if (strcmp(token->key, "DEVPATH") == 0)
		value = event->devpath;
	else if (strcmp(token->key, "SUBSYSTEM") == 0)
		value = event->subsystem;
	else if (strcmp(token->key, "KERNEL") == 0)
		value = slash ? slash + 1 : event->devpath;
	else if (strcmp(token->key, "ENV") == 0)
		value = env_get(rules, token->attr);
	else if (strcmp(token->key, "ATTR") == 0)
		value = attr_get(rules, token->attr, buf);
	else
		rules_warn(rules, "no such match in the simulated udev:", token->key);
	/* A file that does not exist matches nothing, "!=" included, as in systemd 252. */
	return value && value_matches(token->value, value) == (token->op == OP_MATCH);
}

/* ---- assignments --------------------------------------------------------------------- */

static void attr_set(const struct rules *rules, const struct token *token)
{
	char path[PATH_MAX];
	ssize_t n = -1;
	int fd;

	attr_path(rules, token->attr, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		n = write(fd, token->value, strlen(token->value));
	if (n < 0)
		front_warn("%s:%u: cannot write '%s': %s", rules->path, rules->line, path,
			   err_text(errno));
	if (fd >= 0)
		close(fd);
}

static void run_add(const struct rules *rules, const struct token *token)
{
	struct udevrules_event *event = rules->event;
	const char *module = str_starts_with(token->value, "kmod load ");

	if (strcmp(token->attr, "builtin") != 0 || !module)
		rules_warn(rules, "the simulated udev does not run", token->value);
	else if (event->n_modules < ARRAY_SIZE(event->modules))
		snprintf(event->modules[event->n_modules++], sizeof(event->modules[0]), "%s",
			 module);
}

static void token_assign(struct rules *rules, const struct token *token)
{
	if (strcmp(token->key, "ATTR") == 0)
		attr_set(rules, token);
	else if (strcmp(token->key, "RUN") == 0)
		run_add(rules, token);
	else if (strcmp(token->key, "GOTO") == 0)
		snprintf(rules->skip_to, sizeof(rules->skip_to), "%.63s", token->value);
	else if (strcmp(token->key, "LABEL") != 0)
		rules_warn(rules, "no such assignment in the simulated udev:", token->key);
}

/* ---- lines --------------------------------------------------------------------------- */

static bool line_has_label(const char *line, const char *label)
{
	struct token token;

	while (token_next(&line, &token) > 0) {
		if (strcmp(token.key, "LABEL") == 0 && strcmp(token.value, label) == 0)
			return true;
	}
	return false;
}

/* Matches come first, wherever they stand; then the assignments in their order. */
static void line_apply(struct rules *rules, const char *line)
{
	struct token token;
	const char *p = line;
	int rc;

	while ((rc = token_next(&p, &token)) > 0) {
		if (token.op != OP_ASSIGN && !token_matches(rules, &token))
			return;
	}
	if (rc < 0) {
		rules_warn(rules, "not a udev rule:", line);
		return;
	}
	for (p = line; token_next(&p, &token) > 0;) {
		if (token.op == OP_ASSIGN)
			token_assign(rules, &token);
	}
}

int udevrules_apply(const char *path, struct udevrules_event *event, struct err *err)
{
	struct rules rules = { .path = path, .event = event };
	_cleanup_free_ char *line = NULL;
	FILE *file = fopen(path, "re");
	size_t size = 0;
	ssize_t n;

	if (!file)
		return errno == ENOENT ? 0 : err_errno(err, -errno, "cannot open '%s'", path);
	while ((n = getline(&line, &size, file)) >= 0) {
		const char *text;

		rules.line++;
		text = str_chomp(line);
		text += strspn(text, " \t");
		if (!*text || *text == '#')
			continue;
		if (rules.skip_to[0]) {
			if (!line_has_label(text, rules.skip_to))
				continue;
			rules.skip_to[0] = '\0';
		}
		line_apply(&rules, text);
	}
	fclose(file);
	return 0;
}
