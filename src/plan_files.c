/* SPDX-License-Identifier: MIT */
/*
 * The part of a plan that is about the next boot: files exchanged as a whole.  Beside it how
 * a step looks as a line of shell.
 *
 * Source: interop 4.1 (41-ap.rules), 6.1 and 6.2 (definitions).
 */
#include "plan.h"

#include <ctype.h>
#include <errno.h>

#include "paths.h"

/* ---- shell lines ------------------------------------------------------------------------- */

/* Does it stand between single quotes as it is, and steer no terminal? */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text == '\'' || (*text != '\n' && (!isascii(*text) || iscntrl(*text))))
			return false;
	return true;
}

/* What printf(1) makes @text of, whatever stands in a file. */
static char *printf_format(const char *text)
{
	size_t room = 4 * strlen(text) + 1, len = 0;
	char *format = malloc(room);

	for (; format && *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '%' || c == '\\')
			len += (size_t)snprintf(format + len, room - len, "%c%c", c, c);
		else if (c == '\'' || !isascii(c) || iscntrl(c))
			len += (size_t)snprintf(format + len, room - len, "\\%03o", c);
		else
			format[len++] = (char)c;
	}
	if (format)
		format[len] = '\0';
	return format;
}

/* With its directory, which may not be there yet: mdevctl brings none for our devices. */
static char *file_shell(const char *file, const char *text)
{
	const int dir = (int)(strrchr(file, '/') - file);
	_cleanup_free_ char *format = NULL;

	if (!text)
		return finding_text("rm %s", file);
	if (is_plain(text))
		return finding_text("mkdir -p %.*s && printf %%s '%s' > %s", dir, file, text, file);
	format = printf_format(text);
	return format ? finding_text("mkdir -p %.*s && printf '%s' > %s", dir, file, format, file)
		      : NULL;
}

/* "ROOT/PATH", as a shell takes it; @path needs no quotes. */
static char *below_root(const char *root, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_./+-";
	size_t len = root ? strlen(root) : 0;
	_cleanup_free_ char *format = NULL;

	while (len && root[len - 1] == '/')
		len--;
	if (!len || strspn(root, plain) >= len)
		return finding_text("%.*s/%s", (int)len, len ? root : "", path);
	format = printf_format(root);
	return format ? finding_text("\"$(printf '%s')\"/%s", format, path) : NULL;
}

char *plan_shell(const char *root, const char *path, const char *text)
{
	_cleanup_free_ char *file = below_root(root, path);

	if (!file)
		return NULL;
	if (strcmp(path, PATH_MODPROBE) == 0)
		return finding_text("modprobe %s", text);
	if (strncmp(path, PATH_ETC "/", strlen(PATH_ETC "/")) == 0)
		return file_shell(file, text);
	if (strcmp(text, "\n") == 0)
		return finding_text("echo > %s", file);
	return finding_text("echo %s > %s", text, file);
}

/* ---- steps --------------------------------------------------------------------------------- */

/* @text is taken over, NULL: there shall be no file; @old as it is, NULL: there is none. */
static int step_file(struct plan *plan, const char *path, char *text, const char *old,
		     size_t old_len, char *what)
{
	struct plan_step step = {
		.path = strdup(path),
		.text = text,
		.undo_path = strdup(path),
		.undo_len = old_len,
		.what = what,
		.file = malloc(sizeof(*step.file)),
	};

	if (step.file)
		*step.file = (struct swap)SWAP_INIT;
	if (old)
		step.undo_text = malloc(old_len + 1);
	if (step.undo_text)
		memcpy(step.undo_text, old, old_len + 1);
	/* -ENOMEM; and without its file it would be taken for a step of an attribute. */
	if (!step.file || (old && !step.undo_text)) {
		free(step.what);
		step.what = NULL;
	}
	return plan_add(plan, step, true);
}

static int add_definition(struct plan *plan, const struct wish_definition *definition)
{
	const struct definition *was = definition->was;
	const struct config_change change = {
		.matrix = &definition->matrix,
		.start = definition->start_auto ? CONFIG_START_AUTO : CONFIG_START_MANUAL,
		.rewrite = definition->rewrite,
	};
	char path[PATH_SIZE];
	char *text = NULL;
	int rc, answer;

	path_definition(path, definition->uuid);
	if (!was) {
		text = config_format(&definition->matrix, definition->start_auto);
		if (!text)
			return -ENOMEM;
		return step_file(plan, path, text, NULL, 0,
				 finding_text("define device '%s'", definition->uuid));
	}
	if (!was->text)
		return 0; /* conflict_next.c refuses it */
	rc = config_edit(definition->uuid, was->text, was->text_len, &change, &text, NULL);
	if (rc == -ENOMEM)
		return rc;
	if (rc == 0 && strcmp(text, was->text) == 0) {
		free(text);
		return 0;
	}
	answer = rc;
	rc = step_file(plan, path, text, was->text, was->text_len,
		       finding_text("change the definition of device '%s'", definition->uuid));
	if (rc == 0)
		plan->step[plan->n_steps - 1].answer = answer;
	return rc;
}

static int add_rules(const struct snapshot *now, const struct wish *want, struct plan *plan)
{
	char buf[UDEV_RULES_SIZE];
	size_t len = udev_rules_format(&want->rules, buf);
	char *text = len ? strdup(buf) : NULL;

	if (len && !text)
		return -ENOMEM;
	return step_file(plan, PATH_RULES, text, now->rules_text, now->rules_len,
			 finding_text("set the masks of the next boot"));
}

static int add_overrides(const struct snapshot *now, const struct wish *want, struct plan *plan)
{
	char *text = NULL;
	int rc = 0;

	if (!now->overrides.bad_line) /* conflict_next.c refuses it */
		rc = overrides_edit(now->overrides_text, &want->overrides, &text);
	if (rc < 0 || now->overrides.bad_line)
		return rc;
	return step_file(plan, PATH_OVERRIDES, text, now->overrides_text, now->overrides_len,
			 finding_text("set the driver overrides of the next boot"));
}

static int add_removed(struct plan *plan, const struct definition *was)
{
	char path[PATH_SIZE];

	if (!was->text)
		return 0; /* conflict_next.c refuses it */
	return step_file(plan, path_definition(path, was->uuid), NULL, was->text, was->text_len,
			 finding_text("remove the definition of device '%s'", was->uuid));
}

int plan_add_files(const struct snapshot *now, const struct wish *want, struct plan *plan)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < now->n_devices; i++)
		if (now->device[i].definition && !wish_definition_const(want, now->device[i].uuid))
			rc = add_removed(plan, now->device[i].definition);
	if (rc == 0 && wish_rules_change(now, want))
		rc = add_rules(now, want, plan);
	if (rc == 0 && wish_overrides_change(now, want))
		rc = add_overrides(now, want, plan);
	for (size_t i = 0; rc == 0 && i < want->n_definitions; i++)
		if (wish_definition_changes(&want->definition[i]))
			rc = add_definition(plan, &want->definition[i]);
	return rc;
}
