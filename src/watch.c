/* SPDX-License-Identifier: MIT */
/*
 * Compares two looks at a machine, part by part.  Whatever happened in between, and in which
 * order, is not known and not guessed: only what is different is told.
 */
#include "watch.h"

#include <errno.h>
#include <string.h>

#include "caps.h"
#include "findings.h"
#include "watch_say.h"

const char *watch_event_name(enum watch_event event)
{
	static const char *const names[] = {
		[WATCH_MODULE] = "module", [WATCH_CARD] = "card",     [WATCH_MASKS] = "masks",
		[WATCH_QUEUE] = "queue",   [WATCH_DEVICE] = "device", [WATCH_GUEST] = "guest",
	};

	return names[event];
}

struct watch_look *watch_look_free(struct watch_look *look)
{
	if (look)
		snapshot_free(look->now);
	free(look);
	return NULL;
}

void watch_look_freep(struct watch_look **look)
{
	*look = watch_look_free(*look);
}

/* ---- devices -------------------------------------------------------------------- */

static const struct matrix no_matrix;

static char *device_text(const char *uuid)
{
	return finding_text("device '%s'", uuid);
}

/* "gains adapter 5, loses domains 4,0x47" */
static char *matrix_text(const struct matrix *was, const struct matrix *is)
{
	const struct {
		const char *what;
		const struct vfioap_mask *was, *is;
	} rows[] = {
		{ .what = "adapter", .was = &was->adapters, .is = &is->adapters },
		{ .what = "domain", .was = &was->domains, .is = &is->domains },
		{ .what = "control domain", .was = &was->controls, .is = &is->controls },
	};
	char *text = NULL;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		bool gains = i < ARRAY_SIZE(rows);
		size_t row = gains ? i : i - ARRAY_SIZE(rows);
		struct vfioap_mask ids = gains ? vfioap_mask_andnot(*rows[row].is, *rows[row].was)
					       : vfioap_mask_andnot(*rows[row].was, *rows[row].is);
		_cleanup_free_ char *before = text, *list = watch_ids_text(rows[row].what, &ids);

		if (vfioap_mask_is_empty(&ids)) {
			before = NULL;
			continue;
		}
		text = !list ? NULL
			     : finding_text("%s%s%s %s", before ? before : "", before ? ", " : "",
					    gains ? "gains" : "loses", list);
		if (!text)
			return NULL;
	}
	return text;
}

static int follows_matrix(struct compare *c, const struct matrix *was, const struct matrix *is)
{
	struct qset before, after, gained, lost;
	int rc;

	qset_product(&before, &was->adapters, &was->domains);
	qset_product(&after, &is->adapters, &is->domains);
	gained = after;
	qset_andnot(&gained, &before);
	lost = before;
	qset_andnot(&lost, &after);
	rc = watch_follows_queues(c, &gained, "it now owns");
	return rc < 0 ? rc : watch_follows_queues(c, &lost, "it no longer owns");
}

static int compare_device(struct compare *c, const char *uuid, const struct mdev *was,
			  const struct mdev *is)
{
	const struct matrix *before = was && !was->removing ? &was->matrix : &no_matrix;
	const struct matrix *after = is && !is->removing ? &is->matrix : &no_matrix;
	char *change = NULL;
	int rc;

	if (!is)
		change = finding_text("removed");
	else if (!was)
		change = finding_text("created");
	else if (is->removing && !was->removing)
		change = finding_text("is being removed, and waits for who has it open");
	else if (!matrix_equal(before, after))
		change = matrix_text(before, after);
	else
		return 0;
	rc = watch_say(c, WATCH_DEVICE, device_text(uuid), change);
	return rc < 0 ? rc : follows_matrix(c, before, after);
}

/* ---- guests --------------------------------------------------------------------- */

/* What the guest of a device sees; without guest_matrix it is worked out. */
static void guest_sees(const struct snapshot *now, const struct mdev *mdev, struct matrix *ret)
{
	*ret = mdev->matrix;
	if (!caps_find(now).dynamic)
		return;
	*ret = snapshot_predict_guest(&now->bus, &mdev->matrix);
	if (mdev->guest) {
		ret->adapters = mdev->guest->adapters;
		ret->domains = mdev->guest->domains;
	}
}

static void guest_queues(const struct snapshot *now, const struct mdev *mdev, struct qset *ret)
{
	struct matrix sees;

	guest_sees(now, mdev, &sees);
	qset_product(ret, &sees.adapters, &sees.domains);
}

static bool is_same(const struct holder *a, const struct holder *b)
{
	return a && b && a->pid == b->pid;
}

/* A process has closed a device, or opened it. */
static int compare_holder(struct compare *c, const char *uuid, const struct mdev *mdev,
			  const struct holder *was, const struct holder *is)
{
	struct qset queues;
	int rc = 0;

	if (is_same(was, is))
		return 0;
	if (was) {
		rc = watch_say(c, WATCH_GUEST, watch_holder_text(was),
			       finding_text("closed device '%s'", uuid));
		if (rc == 0 && mdev) {
			watch_owned_queues(&queues, mdev, &c->is->now->bus.queues);
			rc = watch_follows_queues(c, &queues, "the device keeps");
		}
	}
	if (rc < 0 || !is || !mdev)
		return rc;
	rc = watch_say(c, WATCH_GUEST, watch_holder_text(is),
		       finding_text("opened device '%s'", uuid));
	guest_queues(c->is->now, mdev, &queues);
	return rc < 0 ? rc : watch_follows_queues(c, &queues, "it sees");
}

/* Why queues of a device are not in the guest, where they are the reason. */
static int follows_unseen(struct compare *c, const struct mdev *mdev,
			  const struct vfioap_mask *adapters)
{
	const struct apbus *bus = &c->is->now->bus;
	struct vfioap_mask domains = vfioap_mask_and(mdev->matrix.domains, bus->usage);
	struct qset absent, unbound;
	int rc;

	qset_product(&absent, adapters, &domains);
	unbound = absent;
	qset_andnot(&absent, &bus->queues);
	qset_and(&unbound, &bus->queues);
	qset_andnot(&unbound, &bus->vfio_driver);
	rc = watch_follows_queues(c, &absent, "there is no queue");
	return rc < 0 ? rc : watch_follows_queues(c, &unbound, "vfio_ap does not have");
}

/* "guest web1", "sees queue 05.0004"; without a guest "device '...'", "its guest will see ..." */
static int say_view(struct compare *c, const struct mdev *mdev, bool gained,
		    const struct qset *queues)
{
	bool held = snapshot_holder(c->is->now, mdev);
	_cleanup_free_ char *text = finding_queues(queues);
	const char *verb = gained ? "sees" : "no longer sees";

	if (!held)
		verb = gained ? "its guest will see" : "its guest will not see";
	return watch_say(c, WATCH_GUEST, watch_owner_text(c->is->now, mdev),
			 text ? finding_text("%s %s", verb, text) : NULL);
}

/*
 * The guest sees other queues than it did.  Where there is none that runs, only of queues that
 * the device had and keeps: the others were said there.
 */
static int compare_view(struct compare *c, const struct mdev *was, const struct mdev *is)
{
	struct qset before, after, gained, lost, owned;
	struct vfioap_mask adapters;
	int rc = 0;

	guest_queues(c->was->now, was, &before);
	guest_queues(c->is->now, is, &after);
	gained = after;
	qset_andnot(&gained, &before);
	lost = before;
	qset_andnot(&lost, &after);
	if (!snapshot_holder(c->is->now, is)) {
		watch_owned_queues(&owned, was, &gained);
		gained = owned;
		watch_owned_queues(&owned, is, &lost);
		lost = owned;
	}
	if (!qset_is_empty(&gained))
		rc = say_view(c, is, true, &gained);
	if (rc < 0 || qset_is_empty(&lost))
		return rc;
	rc = say_view(c, is, false, &lost);
	watch_owned_queues(&owned, is, &lost);
	adapters = qset_adapters(&owned);
	return rc < 0 ? rc : follows_unseen(c, is, &adapters);
}

static int compare_guest(struct compare *c, const char *uuid, const struct mdev *was,
			 const struct mdev *is)
{
	const struct holder *before = was ? snapshot_holder(c->was->now, was) : NULL;
	const struct holder *after = is ? snapshot_holder(c->is->now, is) : NULL;
	int rc = compare_holder(c, uuid, is, before, after);

	if (rc < 0 || !was || !is || was->removing || is->removing ||
	    (after && !is_same(before, after)))
		return rc;
	return compare_view(c, was, is);
}

/* ---- all of it ------------------------------------------------------------------ */

/* Both lists of devices are by UUID: walk over them as one. */
static int compare_each(struct compare *c,
			int (*compare)(struct compare *c, const char *uuid, const struct mdev *was,
				       const struct mdev *is))
{
	const struct mdev_list *was = &c->was->now->mdevs, *is = &c->is->now->mdevs;
	size_t i = 0, j = 0;
	int rc = 0;

	while (rc == 0 && (i < was->n || j < is->n)) {
		const struct mdev *a = i < was->n ? &was->v[i] : NULL;
		const struct mdev *b = j < is->n ? &is->v[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->uuid, b->uuid);

		rc = compare(c, order <= 0 ? a->uuid : b->uuid, order <= 0 ? a : NULL,
			     order >= 0 ? b : NULL);
		i += order <= 0;
		j += order >= 0;
	}
	return rc;
}

int watch_compare(const struct watch_look *was, const struct watch_look *is,
		  struct watch_changes *ret)
{
	struct compare c = { .was = was, .is = is, .ret = ret };
	int rc = watch_compare_bus(&c);

	if (rc == 0)
		rc = compare_each(&c, compare_device);
	return rc == 0 ? compare_each(&c, compare_guest) : rc;
}
