/* SPDX-License-Identifier: MIT */
/*
 * /dev/vfio/N: a user opens the group, then its device for a KVM guest.  While
 * the device is open, removing it waits (K 8.2, 14).
 */
#include "model.h"

#include <errno.h>
#include <time.h>

#define REQUEST_INTERVAL_S 10 /* the kernel asks the user again (K 8.2) */
#define POLL_INTERVAL_MS   50 /* how soon a signal to the waiting writer is seen */

/* The device behind a node that may be old, or NULL. */
static struct mdev *group_find(const struct machine *m, const struct node *node)
{
	struct at at = { .id = { node->id[0] } };

	if (node->type != NODE_GROUP || machine_life(m, LIFE_GROUP, &at) != node->generation)
		return NULL;
	return matrix_mdev(m, &at);
}

int machine_group_open(struct machine *m, const struct node *node, pid_t pid)
{
	struct mdev *mdev;
	int rc = -ENOENT;

	pthread_mutex_lock(&m->lock);
	mdev = group_find(m, node);
	if (mdev)
		rc = mdev->group_open ? -EBUSY : 0;
	if (!rc) {
		mdev->group_open = true;
		mdev->holder = pid;
	}
	pthread_mutex_unlock(&m->lock);
	return rc;
}

/* One KVM guest can have one vfio_ap device only; a guest is its process here. */
static bool guest_has_another(const struct machine *m, const struct mdev *self)
{
	for (const struct mdev *mdev = m->newest; mdev; mdev = mdev->next)
		if (mdev != self && mdev->attached && mdev->holder == self->holder)
			return true;
	return false;
}

static int group_attach(struct machine *m, struct mdev *mdev)
{
	if (!mdev || !mdev->group_open || mdev->phase != MDEV_LIVE)
		return -ENODEV;
	if (mdev->attached)
		return 0;
	if (guest_has_another(m, mdev))
		return -EPERM;
	mdev->attached = true;
	m->n_attached++;
	shadow_update(m, mdev);
	return 0;
}

int machine_group_attach(struct machine *m, const struct node *node)
{
	int rc;

	pthread_mutex_lock(&m->lock);
	rc = group_attach(m, group_find(m, node));
	pthread_mutex_unlock(&m->lock);
	return rc;
}

static void group_detach(struct machine *m, struct mdev *mdev)
{
	if (!mdev->attached)
		return;
	mdev->attached = false;
	mdev->guest = (struct matrix){ 0 };
	m->n_attached--;
	shadow_reset(m, &mdev->matrix.adapters, &mdev->matrix.domains);
	pthread_cond_broadcast(&m->changed);
}

void machine_group_release(struct machine *m, const struct node *node)
{
	struct mdev *mdev;

	pthread_mutex_lock(&m->lock);
	mdev = group_find(m, node);
	if (mdev && mdev->group_open) {
		group_detach(m, mdev);
		mdev->group_open = false;
		mdev->holder = 0;
	}
	pthread_mutex_unlock(&m->lock);
}

/* The first signal is answered with a line in the log, later ones not at all. */
static bool log_interruption(struct machine *m)
{
	char name[16] = "unknown";
	pid_t pid = 0;

	if (m->hooks.caller)
		m->hooks.caller(m->hooks.arg, name, &pid);
	machine_log(m,
		    "Device is currently in use, task \"%s\" (%ld) blocked until device is "
		    "released",
		    name, (long)pid);
	return true;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int group_wait(struct machine *m, struct mdev *mdev, const struct input *in)
{
	int64_t wake, request = now_ms();
	uint64_t epoch = m->epoch;
	struct timespec until;
	bool told = false;

	if (machine_has(m, TRAIT_DEVICE_REQUEST))
		machine_log(m,
			    "vfio_ap_mdev %s: No device request registered, blocked until "
			    "released by user",
			    mdev->uuid);
	m->n_waiting++;
	while (m->epoch == epoch && mdev->attached) {
		if (now_ms() >= request) {
			request += REQUEST_INTERVAL_S * 1000;
			if (machine_has(m, TRAIT_STRIP_ON_REMOVE))
				mdev->guest = (struct matrix){ 0 };
		}
		if (!told && in->interrupted && in->interrupted(in->arg))
			told = log_interruption(m);
		wake = now_ms() + POLL_INTERVAL_MS;
		until = (struct timespec){ .tv_sec = wake / 1000,
					   .tv_nsec = wake % 1000 * 1000000 };
		pthread_cond_timedwait(&m->changed, &m->lock, &until);
	}
	m->n_waiting--;
	return m->epoch == epoch ? 0 : -ENODEV;
}
