// SPDX-License-Identifier: MIT
/*
 * vfioap-callout: asked by mdevctl before, after and during what it does with vfio_ap's devices.
 * Here are the arguments, the lock from `pre` to `post`, and which part answers.
 *
 * The lock is taken in mdevctl's name, as ap-check takes it, so that it outlives this process.
 */
#include "callout.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "process.h"
#include "str.h"
#include "sysfs.h"

#define LOCK_TIMEOUT_MS 90000 /* as long as the peers wait (libap/ap.c) */

/* ---- messages, stdin ------------------------------------------------------------------------- */

static _printf_(1, 0) void say(const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "%s\n", str_printable(text));
}

void callout_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

int callout_refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return CALLOUT_REFUSED;
}

char *callout_stdin(size_t *ret_len)
{
	_cleanup_free_ char *text = malloc(SWAP_MAX + 1);
	size_t len = 0;

	while (text && len <= SWAP_MAX) {
		ssize_t n = read(STDIN_FILENO, text + len, SWAP_MAX + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return NULL;
		if (!n)
			break;
		len += (size_t)n;
	}
	if (!text || len > SWAP_MAX)
		return NULL;
	text[len] = '\0';
	*ret_len = len;
	return TAKE_PTR(text);
}

static int definition_check(const struct definition *d)
{
	if (d->problem == CONFIG_OTHER_TYPE)
		return callout_refuse("Invalid mdev_type: %s", d->detail);
	if (d->problem != CONFIG_OK)
		return callout_refuse("Failed to read device config: %s", d->detail);
	return 0;
}

int callout_definition(const struct callout *c, struct definition *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	text = callout_stdin(&len);
	if (!text || config_parse(text, len, ret, NULL) < 0)
		return callout_refuse("Failed to read device config");
	memcpy(ret->uuid, c->uuid, sizeof(ret->uuid));
	return definition_check(ret);
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* What mdevctl holds already, by an earlier call of ours, is not waited for. */
static bool is_held_for_us(struct callout *c)
{
	struct lock_holder holder;
	enum lock_state state;

	return lock_look(c->root, &state, &holder, NULL) == 0 && state == LOCK_HELD &&
	       holder.pid == c->owner;
}

static int take_lock(struct callout *c)
{
	int rc;

	if (is_held_for_us(c))
		return 0;
	rc = lock_acquire_for(c->root, c->owner, LOCK_TIMEOUT_MS, NULL, NULL, NULL, &c->lock,
			      &c->err);
	if (rc < 0)
		return callout_refuse("Failed to acquire configuration lock %d: %s",
				      rc == -ETIMEDOUT ? 1 : 4, c->err.what);
	return 0;
}

/* ---- pre ------------------------------------------------------------------------------------- */

static bool is_defined(const struct callout *c)
{
	char path[PATH_SIZE];

	return sysfs_exists(c->root, path_definition(path, c->uuid));
}

static int pre_define(struct callout *c)
{
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	const bool modify = strcmp(c->action, "modify") == 0;
	int rc;

	rc = take_lock(c);
	if (rc)
		return rc;
	if (is_defined(c) != modify)
		return callout_refuse(modify ? "Config doesn't exist" : "Config already exists");
	rc = callout_definition(c, &d);
	return rc ? rc : callout_check_define(c, &d);
}

static int pre_start(struct callout *c)
{
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	int rc;

	if (!sysfs_exists(c->root, PATH_VFIO_AP)) {
		callout_say("vfio_ap module is not loaded");
		return CALLOUT_USAGE;
	}
	rc = take_lock(c);
	if (!rc)
		rc = callout_definition(c, &d);
	return rc ? rc : callout_check_start(c, &d);
}

static int pre_stop(struct callout *c)
{
	return take_lock(c);
}

static int pre_undefine(struct callout *c)
{
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	_cleanup_free_ char *text = NULL;
	char path[PATH_SIZE];
	size_t len;
	int rc;

	rc = take_lock(c);
	if (rc)
		return rc;
	rc = file_read(c->root, path_definition(path, c->uuid), SWAP_MAX, &text, &len);
	if (rc < 0 || config_parse(text, len, &d, NULL) < 0)
		return callout_refuse("Failed to read device config");
	/* What is wrong with it goes with it, unless it is no device of ours. */
	return d.problem == CONFIG_OTHER_TYPE ? definition_check(&d) : 0;
}

/* ---- which part answers ---------------------------------------------------------------------- */

static int post(struct callout *c)
{
	lock_release_for(c->root, c->owner, NULL);
	return CALLOUT_OK;
}

static int get_attributes(struct callout *c)
{
	int rc = take_lock(c);

	return rc ? rc : callout_attributes(c);
}

static int get_capabilities(_unused_ struct callout *c)
{
	return callout_capabilities();
}

static int live_modify(struct callout *c)
{
	int rc = take_lock(c);

	return rc ? rc : callout_live(c);
}

static const struct {
	const char *event, *action;
	int (*run)(struct callout *c);
	bool keep; /* when it succeeds the lock stays taken, until post */
} parts[] = {
	{ .event = "pre", .action = "define", .run = pre_define, .keep = true },
	{ .event = "pre", .action = "modify", .run = pre_define, .keep = true },
	{ .event = "pre", .action = "start", .run = pre_start, .keep = true },
	{ .event = "pre", .action = "stop", .run = pre_stop, .keep = true },
	{ .event = "pre", .action = "undefine", .run = pre_undefine, .keep = true },
	{ .event = "post", .action = "define", .run = post },
	{ .event = "post", .action = "modify", .run = post },
	{ .event = "post", .action = "start", .run = post },
	{ .event = "post", .action = "stop", .run = post },
	{ .event = "post", .action = "undefine", .run = post },
	{ .event = "get", .action = "attributes", .run = get_attributes },
	{ .event = "get", .action = "capabilities", .run = get_capabilities },
	{ .event = "live", .action = "modify", .run = live_modify },
};

/* Any other event or action is none of ours to refuse: 0, as ap-check says. */
static int dispatch(struct callout *c)
{
	int rc = CALLOUT_OK;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (strcmp(c->event, parts[i].event) != 0 ||
		    strcmp(c->action, parts[i].action) != 0)
			continue;
		rc = parts[i].run(c);
		if (parts[i].keep && rc == CALLOUT_OK)
			lock_keep(&c->lock);
		lock_release(&c->lock);
		if (parts[i].keep && rc != CALLOUT_OK)
			post(c); /* after a refusal mdevctl sends none */
		break;
	}
	return rc;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static int usage(const char *text)
{
	callout_say("%s", text);
	return CALLOUT_USAGE;
}

/* Each of the six exactly once; -s says nothing that is needed. */
static int arguments_read(struct callout *c, int argc, char **argv)
{
	const char *state = NULL, *uuid = NULL;
	const struct {
		int letter;
		const char **text;
	} rows[] = {
		{ .letter = 't', .text = &c->type },   { .letter = 'e', .text = &c->event },
		{ .letter = 'a', .text = &c->action }, { .letter = 's', .text = &state },
		{ .letter = 'u', .text = &uuid },      { .letter = 'p', .text = &c->parent },
	};
	bool twice = false;
	int letter;

	opterr = 0;
	while ((letter = getopt(argc, argv, "t:e:a:s:u:p:")) != -1) {
		size_t i = 0;

		while (i < ARRAY_SIZE(rows) && rows[i].letter != letter)
			i++;
		if (i == ARRAY_SIZE(rows))
			return usage("Unknown operand");
		twice |= *rows[i].text != NULL;
		*rows[i].text = optarg;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		twice |= *rows[i].text == NULL;
	if (twice)
		return usage("Duplicate or missing operand");

	if (uuid_canonical(uuid, c->uuid) < 0)
		return usage("Invalid UUID specified");
	if (strcmp(c->type, CONFIG_DEVICE_TYPE) != 0)
		return CALLOUT_NOT_MINE;
	return strcmp(c->parent, "matrix") != 0 ? usage("Invalid parent specified") : 0;
}

int main(int argc, char **argv)
{
	struct callout c = { .root = -1, .owner = getppid() };
	int rc;

	rc = process_init();
	if (rc < 0)
		return callout_refuse("cannot start: %s", err_text(rc));
	process_stack_take();
	rc = arguments_read(&c, argc, argv);
	if (rc)
		return rc;
	c.root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c.root < 0)
		return callout_refuse("cannot open '/': %s", err_text(-errno));
	rc = dispatch(&c);
	if (fflush(stdout) != 0)
		rc = callout_refuse("cannot write to standard output: %s", err_text(-errno));
	close(c.root);
	return rc;
}
