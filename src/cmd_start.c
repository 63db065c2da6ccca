// SPDX-License-Identifier: MIT
/*
 * vfioap start: make active devices from their definitions, entry by entry as mdevctl does.
 * With --auto it is decided device by device which can be, and one that cannot leaves the
 * others alone.
 */
#include "commands.h"

#include <errno.h>

#include "caps.h"
#include "change.h"
#include "paths.h"

/*
 * @refused: autostart devices that cannot start, as things are now
 * @failed:  those that the kernel did not take when it was tried
 * @n:       how many autostart devices there are
 */
struct start_args {
	char *uuid;
	bool automatic, no_modules;
	const char **text;
	size_t n_texts;
	struct findings refused, failed;
	size_t n;
};

static void start_args_done(struct start_args *args)
{
	free(args->uuid);
	free(args->text);
	findings_done(&args->refused);
	findings_done(&args->failed);
}

static unsigned start_flags(const struct start_args *args)
{
	return CHANGE_HOLDERS | (args->no_modules ? 0 : CHANGE_MODULE);
}

/* ---- one definition ---------------------------------------------------------------------- */

static bool has_ap_config(const struct definition *definition)
{
	for (size_t i = 0; i < definition->n_entries; i++)
		if (definition->entry[i].what == CONFIG_AP_CONFIG)
			return true;
	return false;
}

/* What is wrong with it in itself; at most one finding is added. */
static int find_broken(const struct snapshot *now, const struct definition *definition,
		       struct findings *ret)
{
	struct finding proto = { .code = FINDING_FILE_MISREAD };
	const struct caps caps = caps_find(now);
	char path[PATH_SIZE];

	memcpy(proto.uuid[0], definition->uuid, UUID_SIZE);
	path_definition(path, definition->uuid);
	if (definition->problem != CONFIG_OK)
		return findings_say(ret, proto, "correct that file",
				    "cannot start device '%s': '/%s': %s", definition->uuid, path,
				    definition->detail);
	if (definition->other)
		return findings_say(
			ret, proto, "take the entry out of that file",
			"cannot start device '%s': '/%s': vfio_ap has no attribute '%s'",
			definition->uuid, path, definition->other);
	if (has_ap_config(definition) && caps.ap_config_known && !caps.ap_config)
		return findings_say(ret, proto, "kernels from 6.10 on have it",
				    "cannot start device '%s': '/%s': this kernel has no ap_config",
				    definition->uuid, path);
	return 0;
}

static int find_removing(const struct mdev *mdev, struct findings *ret)
{
	struct finding proto = { .code = FINDING_DEVICE_EXISTS };

	memcpy(proto.uuid[0], mdev->uuid, UUID_SIZE);
	return findings_say(ret, proto, "shut its guest down",
			    "cannot start device '%s': it is still being removed: a process has it"
			    " open",
			    mdev->uuid);
}

/* Errors in @ret when it cannot be; else it is in the wish. */
static int start_add(struct change *change, const struct device *device, struct findings *ret)
{
	const struct definition *definition = device->definition;
	struct wish_device *wanted;
	size_t before = ret->n_errors;
	int rc;

	if (device->mdev)
		return find_removing(device->mdev, ret);
	rc = find_broken(change->now, definition, ret);
	if (rc < 0 || ret->n_errors > before)
		return rc;
	rc = wish_device_add(change->want, device->uuid, &wanted);
	if (rc < 0)
		return rc;
	wanted->matrix = definition->matrix;
	wanted->definition = definition;
	return 0;
}

static bool is_active(const struct device *device)
{
	return device->mdev && !device->mdev->removing;
}

/* ---- those that are named ---------------------------------------------------------------- */

static int start_edit(struct app *app, struct change *change, void *arg)
{
	const struct start_args *args = arg;
	_cleanup_free_ const struct device **found = NULL;
	size_t n = 0;
	int rc;

	rc = cmd_devices_find(app, change->now, args->text, args->n_texts, &found, &n);
	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!is_active(found[i]))
			rc = start_add(change, found[i], &change->findings);
	if (n == 1)
		memcpy(change->uuid, found[0]->uuid, UUID_SIZE);
	return rc < 0 ? err_oom(&app->err) : 0;
}

/* ---- all that start by themselves ---------------------------------------------------------- */

/* A file that cannot be read may be one. */
static bool is_automatic(const struct device *device)
{
	const struct definition *definition = device->definition;

	if (!definition)
		return false;
	return definition->start_auto || definition->problem == CONFIG_UNREADABLE ||
	       definition->problem == CONFIG_BAD_JSON;
}

static bool findings_have(const struct findings *findings, const char *uuid)
{
	for (size_t i = 0; i < findings->n; i++)
		if (strcmp(findings->v[i].uuid[0], uuid) == 0)
			return true;
	return false;
}

/* Move the errors of @from to @to. */
static int findings_take(struct findings *to, struct findings *from)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < from->n; i++) {
		struct finding *finding = &from->v[i];

		if (finding->severity != FINDING_ERROR)
			continue;
		rc = findings_add(to, *finding);
		finding->message = finding->hint = NULL;
	}
	return rc;
}

/* Does the wish still hold with the device that was added last? */
static int auto_judge(const struct app *app, const struct change *change, struct findings *ret)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	int rc;

	rc = conflict_find(change->now, change->want,
			   change->conflict_flags | (app->force ? CONFLICT_FORCE : 0), ret);
	if (rc < 0 || ret->n_errors)
		return rc;
	rc = plan_build(change->now, change->want, &plan, NULL);
	return rc < 0 ? rc : change_find_refused(&plan, ret);
}

static int auto_differs(const struct device *device, struct findings *ret)
{
	struct finding proto = { .code = FINDING_DEVICE_DIFFERS };
	_cleanup_free_ char *hint = finding_text("'lsvfioap %s' shows both", device->uuid);

	if (!hint)
		return -ENOMEM;
	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	return findings_say(ret, proto, hint,
			    "device '%s' is active, with other resources than it is defined with",
			    device->uuid);
}

static int auto_one(const struct app *app, struct change *change, const struct device *device,
		    struct start_args *args)
{
	_cleanup_(findings_done) struct findings errors = { 0 };
	struct wish_device *wanted;
	int rc;

	if (is_active(device))
		return device->definition->problem == CONFIG_OK &&
				       matrix_equal(&device->mdev->matrix,
						    &device->definition->matrix)
			       ? 0
			       : auto_differs(device, &args->refused);
	if (findings_have(&args->failed, device->uuid))
		return 0;
	rc = start_add(change, device, &errors);
	if (rc == 0 && !errors.n_errors)
		rc = auto_judge(app, change, &errors);
	wanted = wish_device(change->want, device->uuid);
	if (rc == 0 && errors.n_errors) {
		if (wanted)
			wish_device_remove(change->want, device->uuid);
		return findings_take(&args->refused, &errors);
	}
	/* From now on it is those that come later which are in its way, not the other way round. */
	if (wanted)
		wanted->named = false;
	return rc;
}

static int auto_edit(struct app *app, struct change *change, void *arg)
{
	struct start_args *args = arg;
	int rc = 0;

	findings_done(&args->refused);
	args->n = 0;
	change->conflict_flags = CONFLICT_AUTOSTART;
	for (size_t i = 0; rc == 0 && i < change->now->n_devices; i++) {
		const struct device *device = &change->now->device[i];

		if (!is_automatic(device))
			continue;
		args->n++;
		rc = auto_one(app, change, device, args);
	}
	change->is_partial = args->refused.n + args->failed.n > 0;
	return rc < 0 ? err_oom(&app->err) : 0;
}

/* How many devices the findings are about. */
static size_t count_devices(const struct findings *findings)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++) {
		size_t k = 0;

		while (strcmp(findings->v[k].uuid[0], findings->v[i].uuid[0]) != 0)
			k++;
		n += k == i;
	}
	return n;
}

static int auto_finish(struct app *app, struct start_args *args)
{
	size_t n;

	if (findings_take(&args->failed, &args->refused) < 0)
		return err_oom(&app->err);
	n = count_devices(&args->failed);
	if (!n)
		return 0;
	cmd_refuse(app, &args->failed);
	app->told = false;
	return cmd_fail(app, n < args->n ? STATUS_PARTLY : STATUS_FAILED,
			"%zu of %zu autostart devices not started", n, args->n);
}

/* What the kernel refuses against all expectation is left out, and the rest tried again. */
static int start_auto(struct app *app, struct start_args *args)
{
	struct finding proto = { .code = FINDING_WRITE_REFUSED };
	int rc;

	for (;;) {
		memset(proto.uuid[0], 0, UUID_SIZE);
		rc = change_run_device(app, start_flags(args), auto_edit, args, proto.uuid[0]);
		if (rc != STATUS_FAILED || !*proto.uuid[0] ||
		    findings_have(&args->failed, proto.uuid[0]))
			break;
		if (findings_say(&args->failed, proto, app->err.hint, "%s", app->err.what) < 0)
			return err_oom(&app->err);
		app->err = (struct err){ 0 };
	}
	return rc ? rc : auto_finish(app, args);
}

int cmd_start(struct app *app, int argc, const char **argv)
{
	_cleanup_(start_args_done) struct start_args start = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_TEXT('u', "uuid", &start.uuid, "DEVICE", "Instead of the argument"),
		CMD_FLAG(0, "auto", &start.automatic,
			 "All that are defined to start by themselves"),
		CMD_FLAG(0, "no-modules", &start.no_modules, "Do not load vfio_ap"),
		CMD_FORCE_OPTION(app, "Also more than 511 queues on a kernel not known to be safe"),
		CMD_CHANGE_OPTIONS(app),
		CMD_COMMON_OPTIONS(app),
		POPT_TABLEEND
	};
	const struct cmd_clash clashes[] = { { .a = "auto", .b = "uuid" }, { 0 } };
	const struct cmd_syntax syntax = { .options = options, .clashes = clashes };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	if (start.automatic && args.n)
		return cmd_usage(app, "--auto and the device '%s'", args.v[0]);
	rc = cmd_device_texts(app, start.uuid, &args, start.automatic ? 0 : 1, -1u, &start.text,
			      &start.n_texts);
	if (rc && !args.n)
		cmd_hint(app, "--auto stands for all that are defined to start by themselves");
	if (rc)
		return rc;
	if (start.automatic)
		return start_auto(app, &start);
	return change_run(app, start_flags(&start), start_edit, &start);
}
