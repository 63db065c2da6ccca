// SPDX-License-Identifier: MIT
/*
 * vfioap apply: make a host what a file says, as one change.  The order of the writes, and that no
 * queue has two owners on the way, is the plan's business; here the file becomes a wish.
 */
#include "cmd_apply.h"

#include <errno.h>

#include "commands.h"
#include "input.h"

/* ---- the file ------------------------------------------------------------------------------ */

static int refuse_file(struct app *app, const char *name, const char *why)
{
	cmd_usage(app, "'%s': %s", name, why);
	cmd_hint(app, "vfioap-plan(5) describes the file");
	return STATUS_USAGE;
}

int apply_file_read(struct app *app, const char *name, struct apply_file *ret)
{
	const char *shown = strcmp(name, "-") == 0 ? "standard input" : name;
	int rc = input_read(name, WISHFILE_MAX, &ret->text, &ret->len);
	struct err why;

	if (rc == -EFBIG)
		return refuse_file(app, shown, "no JSON: larger than 16 MiB");
	if (rc == -EINVAL)
		return cmd_fail(app, STATUS_FAILED, "'%s' is no regular file", shown);
	if (rc < 0)
		return err_errno(&app->err, rc, "cannot read '%s'", name);
	rc = wishfile_parse(ret->text, ret->len, VFIOAP_IDS - 1, VFIOAP_IDS - 1, &ret->wish,
			    &app->err);
	if (rc != -EINVAL)
		return rc;
	why = app->err;
	app->err = (struct err){ 0 };
	return refuse_file(app, shown, why.what);
}

void apply_file_done(struct apply_file *file)
{
	free(file->text);
	wishfile_done(&file->wish);
}

/* ---- pools --------------------------------------------------------------------------------- */

/*
 * Queues whose override is as it shall be, and whose driver is not: somebody was stopped between
 * the two.  The host's are looked at where it has any: else its driver is not loaded.
 */
static void pools_rebind(const struct apbus *bus, struct wish *want)
{
	struct qset queues = want->override, taken;

	if (!bus->override_known)
		return;
	qset_and(&queues, &bus->override_vfio);
	qset_andnot(&queues, &bus->vfio_driver);
	if (!bus->vfio_ap_loaded)
		qset_and(&queues, &bus->host_driver);
	qset_or(&want->rebind, &queues);
	if (qset_is_empty(&bus->host_driver))
		return;
	apbus_masks_reserved(&want->masks, &bus->queues, &taken);
	queues = bus->queues;
	qset_andnot(&queues, &taken);
	qset_andnot(&queues, &bus->override);
	qset_andnot(&queues, &want->override);
	qset_andnot(&queues, &bus->host_driver);
	qset_or(&want->rebind, &queues);
}

static int pools_active(struct app *app, struct change *change, const struct wishfile_pools *pools)
{
	const struct apbus *bus = &change->now->bus;
	struct wish *want = change->want;
	struct qset before, after, taken;

	if (pools->kind == WISHFILE_LEAVE)
		return 0;
	want->masks = pools->masks;
	want->override = pools->overrides;
	qset_and(&want->override, &bus->queues);
	/* What somebody else has set to another driver is left to him. */
	taken = bus->override;
	qset_andnot(&taken, &bus->override_vfio);
	qset_or(&want->override, &taken);
	if (apbus_masks_all(&bus->masks) && apbus_masks_all(&want->masks))
		pools_rebind(bus, want);

	apbus_masks_reserved(&bus->masks, &bus->queues, &before);
	qset_or(&before, &bus->override_vfio);
	apbus_masks_reserved(&pools->masks, &bus->queues, &after);
	qset_or(&after, &want->override);
	return change_pools(app, change, &before, &after);
}

static void pools_next(struct change *change, const struct wishfile_pools *pools)
{
	if (pools->kind == WISHFILE_LEAVE)
		return;
	wish_next_masks(change->now, change->want, &pools->masks);
	change->want->overrides = pools->overrides;
	qset_andnot(&change->want->overrides, &change->now->driverctl);
}

/* ---- devices --------------------------------------------------------------------------------- */

static int device_active(struct change *change, const struct wishfile_device *wished)
{
	struct wish_device *device = wish_device(change->want, wished->uuid);
	int rc = 0;

	if (wished->active == WISHFILE_INACTIVE)
		return device ? wish_device_remove(change->want, wished->uuid) : 0;
	if (wished->active == WISHFILE_ACTIVE && !device)
		rc = wish_device_add(change->want, wished->uuid, &device);
	if (rc == 0 && device) {
		device->matrix = wished->running;
		device->named = true;
	}
	return rc;
}

static int device_next(struct change *change, const struct wishfile_device *wished)
{
	struct wish_definition *definition = wish_definition(change->want, wished->uuid);
	int rc = 0;

	if (wished->start == WISHFILE_UNDEFINED)
		return definition ? wish_definition_remove(change->want, wished->uuid) : 0;
	if (!definition)
		rc = wish_definition_add(change->want, wished->uuid, &definition);
	if (rc < 0)
		return rc;
	/* One that says so already keeps its bytes, however it says it. */
	definition->rewrite =
		definition->was && (definition->was->problem != CONFIG_OK ||
				    !matrix_equal(&definition->was->matrix, &wished->matrix));
	definition->matrix = wished->matrix;
	definition->start_auto = wished->start == WISHFILE_AUTO;
	definition->named = true;
	return 0;
}

static const struct wishfile_device *wished_find(const struct wishfile *wish, const char *uuid)
{
	for (size_t i = 0; i < wish->n_devices; i++)
		if (strcmp(wish->device[i].uuid, uuid) == 0)
			return &wish->device[i];
	return NULL;
}

/* Defined ones that the file does not name; with --force those too that are only active. */
static int prune(struct app *app, struct change *change, const struct wishfile *wish)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < change->now->n_devices; i++) {
		const struct device *device = &change->now->device[i];

		if (wished_find(wish, device->uuid) || (!device->definition && !app->force))
			continue;
		if (app->active && wish_device(change->want, device->uuid))
			rc = wish_device_remove(change->want, device->uuid);
		if (rc == 0 && app->persistent && device->definition)
			rc = wish_definition_remove(change->want, device->uuid);
	}
	return rc;
}

/* ---- what a running guest would lose ------------------------------------------------------------
 */

static int find_unplugged(const struct app *app, struct change *change,
			  const struct wish_device *wanted)
{
	struct finding proto = { .code = FINDING_DEVICE_IN_USE,
				 .severity = app->force ? FINDING_WARNING : FINDING_ERROR };
	const struct device *known = snapshot_device(change->now, wanted->uuid);
	const struct holder *holder =
		known && known->mdev ? snapshot_holder(change->now, known->mdev) : NULL;
	_cleanup_free_ char *text = NULL;
	struct qset lost, kept;

	if (!holder)
		return 0;
	qset_product(&lost, &known->mdev->matrix.adapters, &known->mdev->matrix.domains);
	qset_product(&kept, &wanted->matrix.adapters, &wanted->matrix.domains);
	qset_andnot(&lost, &kept);
	if (qset_is_empty(&lost))
		return 0;
	proto.adapters = qset_adapters(&lost);
	proto.domains = qset_domains(&lost);
	memcpy(proto.uuid[0], wanted->uuid, UUID_SIZE);
	text = finding_queues(&lost);
	if (!text)
		return -ENOMEM;
	return findings_say(&change->findings, proto,
			    app->force ? NULL : "--force unplugs from a running guest",
			    "%s unplugged from device '%s', which %s%s%s (pid %d) has open", text,
			    wanted->uuid, *holder->guest ? "guest '" : holder->command,
			    holder->guest, *holder->guest ? "'" : "", (int)holder->pid);
}

int apply_edit(struct app *app, struct change *change, void *arg)
{
	const struct apbus *bus = &change->now->bus;
	const struct apply_file *file = arg;
	struct wishfile wish;
	int rc = wishfile_parse(file->text, file->len, bus->max_adapter, bus->max_domain, &wish,
				&app->err);

	if (rc < 0)
		return rc;
	if (app->active)
		rc = pools_active(app, change, &wish.pools);
	if (rc < 0) {
		wishfile_done(&wish);
		return rc;
	}
	if (app->persistent)
		pools_next(change, &wish.next);
	for (size_t i = 0; rc == 0 && i < wish.n_devices; i++) {
		if (app->active)
			rc = device_active(change, &wish.device[i]);
		if (rc == 0 && app->persistent)
			rc = device_next(change, &wish.device[i]);
	}
	if (rc == 0 && file->prune)
		rc = prune(app, change, &wish);
	for (size_t i = 0; rc == 0 && i < change->want->n_devices; i++)
		rc = find_unplugged(app, change, &change->want->device[i]);
	wishfile_done(&wish);
	return rc < 0 ? err_oom(&app->err) : 0;
}

int apply_find(struct app *app, struct snapshot *now, const struct apply_file *file,
	       struct findings *ret)
{
	_cleanup_(plan_done) struct plan plan = { 0 };
	_cleanup_(wish_freep) struct wish *want = NULL;
	struct change change = { .now = now };
	int rc;

	if (now->bus.present && !now->mdevs.loaded)
		snapshot_assume_module(now);
	change.want = want = wish_new(now);
	if (!want)
		return err_oom(&app->err);
	rc = apply_edit(app, &change, (void *)file);
	if (rc == 0 &&
	    conflict_find(now, want, app->force ? CONFLICT_FORCE : 0, &change.findings) < 0)
		rc = err_oom(&app->err);
	if (rc == 0 && !change.findings.n_errors)
		rc = plan_build(now, want, &plan, &app->err);
	if (rc == 0 && !change.findings.n_errors &&
	    change_find_refused(&plan, &change.findings) < 0)
		rc = err_oom(&app->err);
	if (rc == 0 && findings_move(ret, &change.findings) < 0)
		rc = err_oom(&app->err);
	findings_done(&change.findings);
	return rc;
}

/* ---- the command
 * --------------------------------------------------------------------------------- */

int cmd_apply(struct app *app, int argc, const char **argv)
{
	_cleanup_(apply_file_done) struct apply_file file = { 0 };
	_cleanup_(cmd_texts_done) struct cmd_texts args = { 0 };
	const struct poptOption options[] = {
		CMD_FLAG(0, "prune", &file.prune, "Remove defined devices that FILE does not name"),
		CMD_FORCE_OPTION(app,
				 "Also unplug from running guests; --prune: undefined ones too"),
		CMD_CHANGE_OPTIONS(app), CMD_COMMON_OPTIONS(app), POPT_TABLEEND
	};
	const struct cmd_syntax syntax = { .options = options };
	int rc;

	rc = cmd_parse(app, argc, argv, &syntax, &args);
	if (rc)
		return rc;
	rc = cmd_args_check(app, &args, 1, 1);
	if (rc)
		return rc;
	rc = apply_file_read(app, args.v[0], &file);
	return rc ? rc
		  : change_run(app, CHANGE_MODULE | CHANGE_WORDS | CHANGE_HOLDERS, apply_edit,
			       &file);
}
