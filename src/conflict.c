/* SPDX-License-Identifier: MIT */
/*
 * Judges a wish: each rule is one function that looks at one thing and adds what it finds.
 * Rules of single commands stand with them (pool.c, cmd_*.c); the kinds of findings and
 * their severities in findings.c.
 *
 * Source of the rules: vfio_ap_ops.c of Linux (who may own a queue), ap_bus.c (what the
 * masks give to whom).
 */
#include "conflict.h"

#include <errno.h>

#include "conflict_next.h"
#include "kernel.h"
#include "bounds.h"
#include "obstacle.h"
#include "share.h"
#include "unseen.h"

/* What every rule needs. */
struct judge {
	const struct snapshot *now;
	const struct wish *want;
	const struct apbus *after; /* the bus as it will be */
	unsigned flags;
	struct findings *ret;
};

static const struct matrix no_matrix;

static const struct matrix *matrix_before(const struct judge *j, const char *uuid)
{
	const struct device *device = snapshot_device(j->now, uuid);

	return device && device->mdev && !device->mdev->removing ? &device->mdev->matrix
								 : &no_matrix;
}

/* The queues of @is that were not in @was. */
static void gained_queues(struct qset *ret, const struct matrix *was, const struct matrix *is)
{
	struct qset old;

	share_queues(ret, is);
	share_queues(&old, was);
	qset_andnot(ret, &old);
}

/* Size of the buffer for who has a device open. */
#define HOLDER_SIZE 192

/* ", which guest 'web1' has open (qemu-system-s39, pid 12)", or nothing. */
static const char *holder_format(const struct judge *j, const char *uuid, char buf[HOLDER_SIZE])
{
	const struct device *device = snapshot_device(j->now, uuid);
	const struct holder *holder = NULL;

	buf[0] = '\0';
	if (device && device->mdev)
		holder = snapshot_holder(j->now, device->mdev);
	if (holder && *holder->guest)
		snprintf(buf, HOLDER_SIZE, ", which guest '%s' has open (%s, pid %d)",
			 holder->guest, holder->command, (int)holder->pid);
	else if (holder)
		snprintf(buf, HOLDER_SIZE, ", which %s (pid %d) has open", holder->command,
			 (int)holder->pid);
	return buf;
}

/* What makes a finding of queues in words: share_say() calls it. */
struct say {
	const struct judge *j;
	const struct matrix *owned; /* all that the owner named first has */
};

/* ---- queues of two owners -------------------------------------------------------- */

static int say_shared_active(void *arg, struct finding proto, const char *queues)
{
	const struct say *say = arg;
	const struct judge *j = say->j;
	_cleanup_free_ char *hint = NULL;
	char held[HOLDER_SIZE];

	holder_format(j, proto.uuid[1], held);
	hint = *held ? finding_text("'lsvfioap -q' shows which queues are free")
		     : share_unassign(proto.uuid[1], say->owned, &proto.adapters, &proto.domains);
	if (!hint)
		return -ENOMEM;
	return findings_say(j->ret, proto, hint,
			    "cannot assign %s to device '%s': owned by device '%s'%s", queues,
			    proto.uuid[0], proto.uuid[1], held);
}

/* Each pair once, and the device that changes (or is named) first. */
static int judge_shared(const struct judge *j, const struct wish_device *device,
			const struct wish_device *other)
{
	const struct matrix *was = matrix_before(j, device->uuid);
	const struct matrix *other_was = matrix_before(j, other->uuid);
	struct finding proto = { .code = FINDING_QUEUE_SHARED_ACTIVE };
	struct matrix owned = other->matrix;
	struct qset queues, more;

	if (!matrix_collide(&device->matrix, &other->matrix))
		return 0;
	gained_queues(&queues, was, &device->matrix);
	gained_queues(&more, other_was, &other->matrix);
	if (qset_is_empty(&queues) || (other->named && !device->named)) {
		const struct wish_device *swap = device;

		device = other;
		other = swap;
		owned = other->matrix;
	}
	qset_or(&queues, &more);
	share_queues(&more, &device->matrix);
	qset_and(&queues, &more);
	share_queues(&more, &other->matrix);
	qset_and(&queues, &more);

	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	memcpy(proto.uuid[1], other->uuid, UUID_SIZE);
	return share_say(&queues, proto, say_shared_active,
			 &(struct say){ .j = j, .owned = &owned });
}

static int say_shared_definition(void *arg, struct finding proto, const char *queues)
{
	const struct say *say = arg;
	const struct judge *j = say->j;
	_cleanup_free_ char *hint =
		finding_text("'lsvfioap %s' shows the definition", proto.uuid[1]);

	if (!hint)
		return -ENOMEM;
	if (proto.code == FINDING_QUEUE_SHARED_AUTOSTART)
		return findings_say(
			j->ret, proto, hint,
			"cannot assign %s to device '%s': device '%s' is defined with it and"
			" starts by itself",
			queues, proto.uuid[0], proto.uuid[1]);
	return findings_say(
		j->ret, proto, hint,
		"%s of device '%s': device '%s' is defined with it too, and cannot start"
		" meanwhile",
		queues, proto.uuid[0], proto.uuid[1]);
}

/* Definitions of devices that are not active. */
static int judge_definitions(const struct judge *j, const struct wish_device *device)
{
	const struct matrix *was = matrix_before(j, device->uuid);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < j->want->n_definitions; i++) {
		const struct wish_definition *def = &j->want->definition[i];
		struct finding proto = { .code = def->start_auto
							 ? FINDING_QUEUE_SHARED_AUTOSTART
							 : FINDING_QUEUE_SHARED_DEFINITION };
		struct qset queues, theirs;

		if (!wish_definition_usable(def) || wish_device_const(j->want, def->uuid) ||
		    (def->start_auto && j->flags & CONFLICT_AUTOSTART))
			continue;
		gained_queues(&queues, was, &device->matrix);
		share_queues(&theirs, &def->matrix);
		qset_and(&queues, &theirs);
		memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
		memcpy(proto.uuid[1], def->uuid, UUID_SIZE);
		rc = share_say(&queues, proto, say_shared_definition, &(struct say){ .j = j });
	}
	return rc;
}

/* ---- queues of the host ------------------------------------------------------------ */

static int say_host(void *arg, struct finding proto, const char *queues)
{
	const struct say *say = arg;
	const struct judge *j = say->j;
	_cleanup_free_ char *args = share_arguments(&proto.adapters, &proto.domains);
	_cleanup_free_ char *hint = NULL;

	if (!args)
		return -ENOMEM;
	hint = finding_text(j->flags & CONFLICT_CAN_RESERVE
				    ? "with --reserve, or after 'vfioap reserve%s %s', it is no"
				      " longer the host's"
				    : "'vfioap reserve%s %s' takes it from the host",
			    j->want->sides, args);
	if (!hint)
		return -ENOMEM;
	return findings_say(
		j->ret, proto, hint,
		"cannot assign %s to device '%s': apmask and aqmask leave it to the host", queues,
		proto.uuid[0]);
}

static int say_released(void *arg, struct finding proto, const char *queues)
{
	const struct say *say = arg;
	const struct judge *j = say->j;
	_cleanup_free_ char *hint =
		share_unassign(proto.uuid[0], say->owned, &proto.adapters, &proto.domains);
	char held[HOLDER_SIZE];

	if (!hint)
		return -ENOMEM;
	return findings_say(j->ret, proto, hint,
			    "cannot give %s to the host: owned by device '%s'%s", queues,
			    proto.uuid[0], holder_format(j, proto.uuid[0], held));
}

/* A device that grows into the host's queues, or masks that give its queues to the host. */
static int judge_host(const struct judge *j, const struct wish_device *device)
{
	const struct matrix *was = matrix_before(j, device->uuid);
	struct finding proto = { .code = FINDING_QUEUE_HOST_ACTIVE };
	struct say say = { .j = j, .owned = &device->matrix };
	struct qset lost, old, gained, absent, unbound;
	int rc;

	kernel_host_queues(&lost, j->after, &j->want->masks, &device->matrix);
	kernel_host_queues(&old, &j->now->bus, &j->now->bus.masks, was);
	qset_andnot(&lost, &old);
	gained_queues(&gained, was, &device->matrix);
	qset_and(&gained, &lost);
	qset_andnot(&lost, &gained);
	/* What no reserve would change has a message of its own, obstacle.c. */
	obstacle_queues(j->now, j->after, &device->matrix, &absent, &unbound);
	qset_andnot(&gained, &absent);
	qset_andnot(&gained, &unbound);

	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	rc = share_say(&gained, proto, say_host, &say);
	return rc == 0 ? share_say(&lost, proto, say_released, &say) : rc;
}

static int say_released_definition(void *arg, struct finding proto, const char *queues)
{
	const struct say *say = arg;
	const struct judge *j = say->j;
	_cleanup_free_ char *hint =
		finding_text("'lsvfioap %s' shows the definition", proto.uuid[0]);

	if (!hint)
		return -ENOMEM;
	if (proto.severity == FINDING_WARNING)
		return findings_say(
			j->ret, proto, hint,
			"%s given to the host: device '%s', defined with it, cannot start", queues,
			proto.uuid[0]);
	return findings_say(j->ret, proto, hint,
			    "cannot give %s to the host: device '%s' is defined with it", queues,
			    proto.uuid[0]);
}

/* Queues that definitions name, active or not, and that the masks give to the host. */
static int judge_host_definition(const struct judge *j, const struct wish_definition *def)
{
	const struct wish_device *active = wish_device_const(j->want, def->uuid);
	struct finding proto = { .code = FINDING_QUEUE_HOST_ACTIVE };
	struct qset lost, old;

	if (!wish_definition_usable(def) || !def->was)
		return 0;
	if (!active && !def->start_auto && j->flags & CONFLICT_FORCE)
		proto.severity = FINDING_WARNING;

	kernel_host_queues(&lost, j->after, &j->want->masks, &def->matrix);
	kernel_host_queues(&old, &j->now->bus, &j->now->bus.masks, &def->matrix);
	qset_andnot(&lost, &old);
	if (active) {
		share_queues(&old, &active->matrix);
		qset_andnot(&lost, &old);
	}
	memcpy(proto.uuid[0], def->uuid, UUID_SIZE);
	return share_say(&lost, proto, say_released_definition, &(struct say){ .j = j });
}

/* The kernel refuses mask writes while any queue has a driver override (6.19). */
static int judge_mode(const struct judge *j)
{
	const struct apbus *bus = &j->now->bus;
	struct finding proto = { .code = FINDING_MASKS_AND_OVERRIDES };
	_cleanup_free_ char *queues = NULL;

	if (qset_is_empty(&bus->override) ||
	    (vfioap_mask_equal(&bus->masks.apmask, &j->want->masks.apmask) &&
	     vfioap_mask_equal(&bus->masks.aqmask, &j->want->masks.aqmask)))
		return 0;

	queues = finding_queues(&bus->override);
	if (!queues)
		return -ENOMEM;
	proto.adapters = qset_adapters(&bus->override);
	proto.domains = qset_domains(&bus->override);
	return findings_say(j->ret, proto, "clear 'driver_override' of these queues first",
			    "cannot change apmask or aqmask: a driver override is set for %s",
			    queues);
}

/* ---- the device itself -------------------------------------------------------------- */

static int judge_bounds(const struct judge *j, const struct wish_device *device)
{
	return bounds_find(j->now, device->uuid, matrix_before(j, device->uuid), &device->matrix,
			   j->flags & CONFLICT_FORCE, j->ret);
}

/* What a kernel without ap_config shows of it ends at a page: nothing can be planned. */
static int judge_truncated(const struct judge *j, const struct wish_device *device)
{
	const struct device *known = snapshot_device(j->now, device->uuid);
	struct finding proto = { .code = FINDING_DEVICE_TOO_LARGE };

	if (!known || !known->mdev || !known->mdev->truncated)
		return 0;
	memcpy(proto.uuid[0], device->uuid, UUID_SIZE);
	return findings_say(
		j->ret, proto, "remove it and create it anew, with up to 511 queues",
		"cannot change device '%s': this kernel does not show all of its queues",
		device->uuid);
}

/* ---- the machine ----------------------------------------------------------------------- */

static int judge_module(const struct judge *j)
{
	if (j->now->mdevs.loaded)
		return 0;
	return findings_say(j->ret, (struct finding){ .code = FINDING_MODULE_MISSING },
			    "'modprobe vfio_ap' loads it",
			    "cannot make a device: the kernel module vfio_ap is not loaded");
}

/* No node that could be held, and not everybody can be seen. */
static bool is_unknowable(const struct judge *j, const struct mdev *mdev)
{
	return mdev->group < 0 && !j->now->holders.complete;
}

static int judge_removed(const struct judge *j, const struct mdev *mdev)
{
	struct finding proto = { .code = FINDING_DEVICE_IN_USE,
				 .adapters = mdev->matrix.adapters,
				 .domains = mdev->matrix.domains };
	const struct holder *holder = snapshot_holder(j->now, mdev);
	char held[HOLDER_SIZE];

	if (mdev->removing || wish_device_const(j->want, mdev->uuid))
		return 0;

	memcpy(proto.uuid[0], mdev->uuid, UUID_SIZE);
	if (holder)
		return findings_say(j->ret, proto,
				    *holder->guest ? "shut the guest down, or detach the device"
						     " from it"
						   : "end that process first",
				    "cannot remove device '%s'%s", mdev->uuid,
				    holder_format(j, mdev->uuid, held));
	if (is_unknowable(j, mdev))
		return findings_say(j->ret, proto, "root sees all processes",
				    "cannot tell whether device '%s' is open: it has no group node,"
				    " and not all processes can be seen",
				    mdev->uuid);
	return 0;
}

static int judge_device(const struct judge *j, size_t index)
{
	static int (*const rules[])(const struct judge *, const struct wish_device *) = {
		judge_truncated,
		judge_bounds,
		judge_definitions,
	};
	const struct wish_device *device = &j->want->device[index];
	const struct device *known = snapshot_device(j->now, device->uuid);
	bool active = known && known->mdev && !known->mdev->removing;
	bool changed = !active || !matrix_equal(&known->mdev->matrix, &device->matrix);
	int rc = judge_host(j, device);

	for (size_t i = index + 1; rc == 0 && i < j->want->n_devices; i++)
		rc = judge_shared(j, device, &j->want->device[i]);
	for (size_t i = 0; rc == 0 && changed && i < ARRAY_SIZE(rules); i++)
		rc = rules[i](j, device);
	if (rc == 0 && !active)
		rc = judge_module(j);
	return rc;
}

int conflict_find(const struct snapshot *now, const struct wish *want, unsigned flags,
		  struct findings *ret)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	const struct judge j = {
		.now = now, .want = want, .after = after, .flags = flags, .ret = ret
	};
	int rc;

	if (!after)
		return -ENOMEM;
	wish_predict_bus(now, want, after);
	rc = judge_mode(&j);
	for (size_t i = 0; rc == 0 && i < want->n_devices; i++)
		rc = judge_device(&j, i);
	for (size_t i = 0; rc == 0 && i < want->n_definitions; i++)
		rc = judge_host_definition(&j, &want->definition[i]);
	for (size_t i = 0; rc == 0 && i < now->mdevs.n; i++)
		rc = judge_removed(&j, &now->mdevs.v[i]);
	if (rc == 0)
		rc = obstacle_find(now, want, ret);
	if (rc == 0)
		rc = unseen_find(now, want, ret);
	return rc == 0 ? conflict_find_next(now, want, flags, ret) : rc;
}
