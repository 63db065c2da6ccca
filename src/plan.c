/* SPDX-License-Identifier: MIT */
/*
 * Works out the writes that lead from a snapshot to a wish.  While the list grows, a state
 * runs along with it, so that each undo is judged by what will be there then.  Writing is
 * apply.c's.
 *
 * Source: vfio_ap_ops.c and ap_bus.c of Linux (what the files take, and when).
 */
#include "plan.h"

#include <errno.h>

#include "kernel.h"
#include "override.h"
#include "paths.h"

/*
 * A list under way: @state is a wish that has come true as far as the steps go, @kernel what
 * the kernel thinks of it.
 */
struct builder {
	const struct snapshot *now;
	const struct wish *want;
	struct wish *state;
	struct kernel *kernel;
	struct plan *plan;
};

enum dimension { ADAPTER, DOMAIN, CONTROL };

static const struct {
	const char *what, *assign, *unassign;
	char option;
} dimensions[] = {
	[ADAPTER] = { .what = "adapter",
		      .option = 'a',
		      .assign = "assign_adapter",
		      .unassign = "unassign_adapter" },
	[DOMAIN] = { .what = "domain",
		     .option = 'd',
		     .assign = "assign_domain",
		     .unassign = "unassign_domain" },
	[CONTROL] = { .what = "control domain",
		      .option = 'c',
		      .assign = "assign_control_domain",
		      .unassign = "unassign_control_domain" },
};

static struct vfioap_mask *matrix_ids(struct matrix *m, enum dimension dimension)
{
	switch (dimension) {
	case ADAPTER: return &m->adapters;
	case DOMAIN: return &m->domains;
	case CONTROL: break;
	}
	return &m->controls;
}

static void step_done(struct plan_step *step)
{
	free(step->path);
	free(step->text);
	free(step->undo_path);
	free(step->undo_text);
	free(step->what);
	free(step->command);
	if (step->file)
		swap_done(step->file);
	free(step->file);
}

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		step_done(&plan->step[i]);
	for (size_t i = 0; i < plan->n_holds; i++)
		free(plan->hold[i]);
	free(plan->step);
	free(plan->hold);
	*plan = (struct plan){ 0 };
}

int plan_add(struct plan *plan, struct plan_step step, bool has_undo)
{
	struct plan_step *v = NULL;

	if (step.path && (step.text || step.file) && step.what &&
	    (!has_undo || (step.undo_path && (step.undo_text || step.file))))
		v = reallocarray(plan->step, plan->n_steps + 1, sizeof(*v));
	if (!v) {
		step_done(&step);
		return -ENOMEM;
	}
	plan->step = v;
	v[plan->n_steps++] = step;
	return 0;
}

const struct plan_step *plan_unsafe_step(const struct plan *plan)
{
	for (size_t i = 0; i + 1 < plan->n_steps; i++)
		if (plan->step[i].refused)
			return &plan->step[i];
	return NULL;
}

const struct plan_step *plan_refused_step(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->step[i].answer < 0 && !plan->step[i].optional)
			return &plan->step[i];
	return NULL;
}

unsigned plan_step_reach(const struct plan_step *step)
{
	if (step->file)
		return 0;
	if (strncmp(step->path, PATH_MATRIX "/", strlen(PATH_MATRIX "/")) != 0)
		return PLAN_REACHES_BUS;
	if (strcmp(step->path, PATH_MATRIX_CREATE) == 0 || !step->undo_path)
		return PLAN_REACHES_DEVICES; /* remove is what has no undo */
	return PLAN_REACHES_DEVICE;
}

bool plan_touches(const struct plan *plan, const char *uuid)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (!plan->step[i].file &&
		    (strstr(plan->step[i].path, uuid) || strcmp(plan->step[i].text, uuid) == 0))
			return true;
	return false;
}

/* ---- steps ----------------------------------------------------------------------------- */

/* A write to the kernel: what it will answer depends on those before it. */
static int step_add(struct builder *b, struct plan_step step, bool has_undo)
{
	int rc;

	if (step.path && step.text)
		step.answer = kernel_write(b->kernel, step.path, step.text);
	rc = plan_add(b->plan, step, has_undo);
	if (rc == 0 && has_undo)
		b->plan->step[b->plan->n_steps - 1].refused =
			kernel_ask(b->kernel, step.undo_path, step.undo_text) < 0;
	return rc;
}

static int step_mask(struct builder *b, bool is_apmask, struct vfioap_change change)
{
	struct vfioap_mask *mask = is_apmask ? &b->state->masks.apmask : &b->state->masks.aqmask;
	const char *path = is_apmask ? PATH_AP_MASK : PATH_AQ_MASK;
	struct vfioap_change undo = { .set = change.clear, .clear = change.set };
	bool sets = !vfioap_mask_is_empty(&change.set);
	char text[VFIOAP_LIST_SIZE], undo_text[VFIOAP_LIST_SIZE], list[VFIOAP_LIST_SIZE];

	if (!sets && vfioap_mask_is_empty(&change.clear))
		return 0;
	*mask = vfioap_change_apply(&change, *mask);
	vfioap_list_format(sets ? &change.set : &change.clear, list);
	return step_add(
		b,
		(struct plan_step){
			.path = strdup(path),
			.text = strdup(vfioap_change_format(&change, text)),
			.undo_path = strdup(path),
			.undo_text = strdup(vfioap_change_format(&undo, undo_text)),
			.what = finding_text("%s %s %s in %s", sets ? "set" : "clear",
					     is_apmask ? "adapters" : "domains", list,
					     is_apmask ? "apmask" : "aqmask"),
			.command = finding_text("vfioap %s -A -%c %s", sets ? "release" : "reserve",
						is_apmask ? 'a' : 'd', list),
		},
		true);
}

/* One ID of one device, by its own file. */
static int step_single(struct builder *b, struct wish_device *device, enum dimension dimension,
		       unsigned id, bool assign)
{
	const char *file = assign ? dimensions[dimension].assign : dimensions[dimension].unassign;
	const char *undo = assign ? dimensions[dimension].unassign : dimensions[dimension].assign;
	struct vfioap_mask one = vfioap_mask_range(id, id);
	char path[PATH_SIZE], undo_path[PATH_SIZE], text[VFIOAP_LIST_SIZE];
	struct vfioap_mask *ids = matrix_ids(&device->matrix, dimension);

	*ids = assign ? vfioap_mask_or(*ids, one) : vfioap_mask_andnot(*ids, one);
	vfioap_list_format(&one, text);
	return step_add(
		b,
		(struct plan_step){
			.path = strdup(path_mdev(path, device->uuid, file)),
			.text = strdup(text),
			.undo_path = strdup(path_mdev(undo_path, device->uuid, undo)),
			.undo_text = strdup(text),
			.what = finding_text(assign ? "assign %s %s to device '%s'"
						    : "unassign %s %s from device '%s'",
					     dimensions[dimension].what, text, device->uuid),
			.command =
				finding_text("vfioap %s %s -%c %s", assign ? "assign" : "unassign",
					     device->uuid, dimensions[dimension].option, text),
		},
		true);
}

/* "vfioap set UUID -a 5,6 -d 4 -c none" */
static char *set_command(const char *uuid, const struct matrix *m)
{
	char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE], c[VFIOAP_LIST_SIZE];

	return finding_text("vfioap set %s -a %s -d %s -c %s", uuid,
			    vfioap_list_format(&m->adapters, a), vfioap_list_format(&m->domains, d),
			    vfioap_list_format(&m->controls, c));
}

static int step_config(struct builder *b, struct wish_device *device, const struct matrix *to)
{
	struct matrix before = device->matrix;
	bool refresh = matrix_equal(&before, to);
	char path[PATH_SIZE], text[AP_CONFIG_SIZE], undo_text[AP_CONFIG_SIZE];

	device->matrix = *to;
	path_mdev(path, device->uuid, "ap_config");
	return step_add(
		b,
		(struct plan_step){
			.path = strdup(path),
			.text = strdup(ap_config_format(to, text)),
			.undo_path = strdup(path),
			.undo_text = strdup(ap_config_format(&before, undo_text)),
			.what = finding_text(refresh ? "refresh the guest's view of device '%s'"
						     : "set the matrix of device '%s'",
					     device->uuid),
			.command = set_command(device->uuid, to),
			.optional = refresh,
		},
		true);
}

/* All IDs in which a device differs from @to, those taken away first. */
static int step_singles(struct builder *b, struct wish_device *device, const struct matrix *to)
{
	int rc = 0;

	for (int assign = 0; assign <= 1; assign++) {
		for (enum dimension i = ADAPTER; i <= CONTROL; i++) {
			struct matrix from = device->matrix, wanted = *to;
			struct vfioap_mask is = *matrix_ids(&from, i);
			struct vfioap_mask shall = *matrix_ids(&wanted, i);
			struct vfioap_mask ids = assign ? vfioap_mask_andnot(shall, is)
							: vfioap_mask_andnot(is, shall);

			VFIOAP_MASK_FOREACH(id, &ids) {
				rc = step_single(b, device, i, id, assign);
				if (rc < 0)
					return rc;
			}
		}
	}
	return rc;
}

static unsigned matrix_distance(const struct matrix *a, const struct matrix *b)
{
	struct matrix from = *a, to = *b;
	unsigned n = 0;

	for (enum dimension i = ADAPTER; i <= CONTROL; i++) {
		struct vfioap_mask x = *matrix_ids(&from, i), y = *matrix_ids(&to, i);
		struct vfioap_mask more = vfioap_mask_andnot(x, y), less = vfioap_mask_andnot(y, x);

		n += vfioap_mask_count(&more) + vfioap_mask_count(&less);
	}
	return n;
}

static bool config_is_taken(const struct builder *b, const char *uuid, const struct matrix *m)
{
	char path[PATH_SIZE], text[AP_CONFIG_SIZE];

	return b->kernel->caps.ap_config &&
	       kernel_ask(b->kernel, path_mdev(path, uuid, "ap_config"),
			  ap_config_format(m, text)) == 0;
}

/*
 * One ID: its own file, which touches nothing else.  Several: at once, where that is known,
 * and taken: a queue that the host has got meanwhile is in the way of ap_config, but not of
 * taking others out.
 */
static int step_matrix(struct builder *b, struct wish_device *device, const struct matrix *to)
{
	unsigned distance = matrix_distance(&device->matrix, to);

	if (distance > 1 && config_is_taken(b, device->uuid, to))
		return step_config(b, device, to);
	return distance > 0 ? step_singles(b, device, to) : 0;
}

static int step_create(struct builder *b, const char *uuid, struct wish_device **ret)
{
	char undo_path[PATH_SIZE];
	int rc = wish_device_add(b->state, uuid, ret);

	if (rc < 0)
		return rc;
	return step_add(b,
			(struct plan_step){
				.path = strdup(PATH_MATRIX_CREATE),
				.text = strdup(uuid),
				.undo_path = strdup(path_mdev(undo_path, uuid, "remove")),
				.undo_text = strdup("1"),
				.what = finding_text("create device '%s'", uuid),
			},
			true);
}

static int step_remove(struct builder *b, const struct mdev *mdev)
{
	char path[PATH_SIZE];
	char **hold;

	if (mdev->group >= 0) {
		hold = reallocarray(b->plan->hold, b->plan->n_holds + 1, sizeof(*hold));
		if (!hold)
			return -ENOMEM;
		b->plan->hold = hold;
		hold[b->plan->n_holds] = strdup(path_group(path, mdev->group));
		if (!hold[b->plan->n_holds])
			return -ENOMEM;
		b->plan->n_holds++;
	}
	return step_add(b,
			(struct plan_step){
				.path = strdup(path_mdev(path, mdev->uuid, "remove")),
				.text = strdup("1"),
				.what = finding_text("remove device '%s'", mdev->uuid),
			},
			false);
}

/* ---- phases, in their order ---------------------------------------------------------------- */

static int build_masks(struct builder *b, bool set)
{
	const struct apbus_masks *from = &b->now->bus.masks, *to = &b->want->masks;
	struct vfioap_change ap = { 0 }, aq = { 0 };
	int rc;

	if (set) {
		ap.set = vfioap_mask_andnot(to->apmask, from->apmask);
		aq.set = vfioap_mask_andnot(to->aqmask, from->aqmask);
	} else {
		ap.clear = vfioap_mask_andnot(from->apmask, to->apmask);
		aq.clear = vfioap_mask_andnot(from->aqmask, to->aqmask);
	}
	rc = step_mask(b, true, ap);
	return rc < 0 ? rc : step_mask(b, false, aq);
}

/* Queue by queue: what is for guests before devices grow, what is the host's behind that. */
static int build_overrides(struct builder *b, bool set)
{
	const struct apbus *bus = &b->now->bus;
	struct plan_step step;
	struct qset queues;
	int rc = 0;

	override_queues(bus, b->want, set, &queues);
	QSET_FOREACH(apid, apqi, &queues)
		for (enum override_part part = 0; rc == 0 && part < OVERRIDE_PARTS; part++)
			if (override_step(bus, b->want, part, apid, apqi, &step))
				rc = step_add(b, step, true);
	return rc;
}

/* Does somebody else get a queue that @was gives up on the way to @is? */
static bool is_needed(const struct builder *b, const char *uuid, const struct matrix *was,
		      const struct matrix *is)
{
	const struct apbus_masks *masks = &b->want->masks;
	struct qset given, other;

	qset_product(&given, &was->adapters, &was->domains);
	qset_product(&other, &is->adapters, &is->domains);
	qset_andnot(&given, &other);
	for (size_t i = 0; i < b->want->n_devices; i++) {
		const struct wish_device *device = &b->want->device[i];

		if (strcmp(device->uuid, uuid) == 0)
			continue;
		qset_product(&other, &device->matrix.adapters, &device->matrix.domains);
		qset_and(&other, &given);
		if (!qset_is_empty(&other))
			return true;
	}
	qset_product(&other, &masks->apmask, &masks->aqmask);
	qset_and(&other, &given);
	return !qset_is_empty(&other);
}

/* Queues that others wait for are given up before anybody gets one. */
static int build_shrink(struct builder *b)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->state->n_devices; i++) {
		struct wish_device *device = &b->state->device[i];
		const struct wish_device *wanted = wish_device_const(b->want, device->uuid);
		struct matrix to = device->matrix;

		if (wanted) {
			to.adapters = vfioap_mask_and(to.adapters, wanted->matrix.adapters);
			to.domains = vfioap_mask_and(to.domains, wanted->matrix.domains);
		} else {
			to.adapters = (struct vfioap_mask){ { 0 } };
		}
		if (is_needed(b, device->uuid, &device->matrix, &to))
			rc = step_matrix(b, device, &to);
	}
	return rc;
}

/* One entry of a definition, as it stands there. */
static int step_entry(struct builder *b, struct wish_device *device,
		      const struct config_entry *entry)
{
	static const enum dimension of[] = {
		[CONFIG_ADAPTER] = ADAPTER,
		[CONFIG_DOMAIN] = DOMAIN,
		[CONFIG_CONTROL] = CONTROL,
	};

	if (entry->what == CONFIG_AP_CONFIG)
		return step_config(b, device, &entry->matrix);
	return step_single(b, device, of[entry->what], entry->id, !entry->clear);
}

static int step_entries(struct builder *b, struct wish_device *device,
			const struct definition *definition)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < definition->n_entries; i++)
		rc = step_entry(b, device, &definition->entry[i]);
	return rc;
}

static int build_grow(struct builder *b)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->want->n_devices; i++) {
		const struct wish_device *wanted = &b->want->device[i];
		struct wish_device *device = wish_device(b->state, wanted->uuid);

		if (!device)
			rc = step_create(b, wanted->uuid, &device);
		if (rc == 0 && wanted->definition)
			rc = step_entries(b, device, wanted->definition);
		if (rc == 0)
			rc = step_matrix(b, device, &wanted->matrix);
	}
	return rc;
}

/*
 * Is an adapter kept from the guest that need not be?  An unassign leaves the rest as it
 * was; all that adds something, and ap_config, has everything looked at again.
 */
static bool is_stale(const struct builder *b, const struct apbus *after,
		     const struct wish_device *wanted, struct vfioap_mask *ret_filtered)
{
	const struct device *known = snapshot_device(b->now, wanted->uuid);
	const struct mdev *mdev = known ? known->mdev : NULL;
	struct matrix sees = snapshot_predict_guest(after, &wanted->matrix), saw;
	struct vfioap_mask less;

	if (!mdev || mdev->removing)
		return false;
	saw = mdev->guest ? *mdev->guest : snapshot_predict_guest(&b->now->bus, &mdev->matrix);
	*ret_filtered = vfioap_mask_andnot(wanted->matrix.adapters, saw.adapters);
	less = vfioap_mask_andnot(sees.adapters, saw.adapters);
	if (wanted->refresh)
		return true;

	return vfioap_mask_contains(&mdev->matrix.adapters, &wanted->matrix.adapters) &&
	       vfioap_mask_contains(&mdev->matrix.domains, &wanted->matrix.domains) &&
	       matrix_distance(&mdev->matrix, &wanted->matrix) > 0 && !vfioap_mask_is_empty(&less);
}

static int step_refresh(struct builder *b, struct wish_device *device,
			const struct vfioap_mask *filtered)
{
	unsigned apid = vfioap_mask_next(filtered, 0);
	size_t first = b->plan->n_steps;
	struct qset host;
	int rc;

	/* What would be refused is left alone: the command says what the guest does not see. */
	if (config_is_taken(b, device->uuid, &device->matrix))
		return step_config(b, device, &device->matrix);
	if (b->kernel->caps.ap_config || !b->kernel->caps.dynamic || apid == VFIOAP_IDS)
		return 0;
	kernel_host_queues(&host, &b->kernel->bus, &b->kernel->bus.masks, &device->matrix);
	if (!qset_is_empty(&host))
		return 0;

	rc = step_single(b, device, ADAPTER, apid, false);
	if (rc == 0)
		rc = step_single(b, device, ADAPTER, apid, true);
	if (rc == 0)
		b->plan->step[first].optional = true;
	return rc;
}

static int build_refresh(struct builder *b)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	int rc = 0;

	if (!after)
		return -ENOMEM;

	wish_predict_bus(b->now, b->want, after);
	for (size_t i = 0; rc == 0 && i < b->want->n_devices; i++) {
		const struct wish_device *wanted = &b->want->device[i];
		struct vfioap_mask filtered;

		size_t first = b->plan->n_steps;

		if (is_stale(b, after, wanted, &filtered))
			rc = step_refresh(b, wish_device(b->state, wanted->uuid), &filtered);
		for (size_t k = first; wanted->refresh && k < b->plan->n_steps; k++)
			b->plan->step[k].optional = false;
	}
	return rc;
}

/* Never undone, so nothing comes behind it. */
static int build_remove(struct builder *b)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->now->mdevs.n; i++) {
		const struct mdev *mdev = &b->now->mdevs.v[i];

		if (!mdev->removing && !wish_device_const(b->want, mdev->uuid))
			rc = step_remove(b, mdev);
	}
	return rc;
}

int plan_build(const struct snapshot *now, const struct wish *want, struct plan *ret,
	       struct err *err)
{
	_cleanup_(plan_done) struct plan plan = { .hold_missing = now->holders.complete };
	_cleanup_(wish_freep) struct wish *state = wish_new(now);
	_cleanup_(kernel_freep) struct kernel *kernel = kernel_new(now);
	struct builder b = {
		.now = now, .want = want, .state = state, .kernel = kernel, .plan = &plan
	};
	int rc;

	if (!state || !kernel)
		return err_oom(err);

	rc = build_masks(&b, false);
	if (rc == 0)
		rc = build_overrides(&b, true);
	if (rc == 0)
		rc = build_shrink(&b);
	if (rc == 0)
		rc = build_grow(&b);
	if (rc == 0)
		rc = build_masks(&b, true);
	if (rc == 0)
		rc = build_overrides(&b, false);
	if (rc == 0)
		rc = build_refresh(&b);
	if (rc == 0)
		rc = plan_add_files(now, want, &plan);
	if (rc == 0)
		rc = build_remove(&b);
	if (rc == 0)
		rc = plan_order(now, &plan);
	if (rc < 0)
		return err_oom(err);

	*ret = plan;
	plan = (struct plan){ 0 };
	return 0;
}
