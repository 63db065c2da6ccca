/* SPDX-License-Identifier: MIT */
/*
 * Devices of vfio_ap, who has them open, and driverctl's files, with any names and texts
 * (tree.h): what cannot be read is told with its path, and what is shown is printable.
 */
#include <string.h>

#include "fuzz.h"
#include "mdev.h"
#include "overrides.h"
#include "procs.h"
#include "tree.h"

static void check_failure(const struct err *err, int rc)
{
	require(fuzz_is_error(err, rc));
}

static void check_device(const struct mdev *mdev, const struct mdev_list *list)
{
	char uuid[UUID_SIZE];

	require(uuid_canonical(mdev->uuid, uuid) == 0 && strcmp(uuid, mdev->uuid) == 0);
	require(mdev->group >= -1 && mdev->cdev >= -1);
	require(!mdev->guest || (!mdev->truncated && list->has_guest_matrix));
	require(!mdev->guest || vfioap_mask_is_empty(&mdev->guest->controls));
	require(!mdev->removing || !matrix_count(&mdev->matrix));
}

static void check_devices(void)
{
	struct mdev_list list = { 0 };
	struct err err = { 0 };
	int rc = mdev_list_read(TREE_ROOT, MDEV_GUEST | MDEV_NODES, &list, &err);

	if (rc < 0)
		check_failure(&err, rc);
	require(rc == 0 || !list.n);
	for (size_t i = 0; i < list.n; i++) {
		check_device(&list.v[i], &list);
		require(!i || strcmp(list.v[i - 1].uuid, list.v[i].uuid) < 0);
	}
	mdev_list_done(&list);
}

static void check_holders(void)
{
	struct holder_list list = { 0 };
	struct err err = { 0 };
	int rc = procs_holders_read(TREE_ROOT, &list, &err);

	if (rc < 0)
		check_failure(&err, rc);
	for (size_t i = 0; i < list.n; i++) {
		const struct holder *holder = &list.v[i];

		require(holder->pid > 0 && (holder->group >= 0) != (holder->cdev >= 0));
		require(memchr(holder->command, '\0', sizeof(holder->command)));
		require(fuzz_is_printable(holder->command) && fuzz_is_printable(holder->guest));
		require(!i || list.v[i - 1].pid <= holder->pid);
	}
	procs_holders_done(&list);
}

static void check_driverctl(void)
{
	static struct qset vfio, other;
	struct err err = { 0 };
	int rc = overrides_driverctl_read(TREE_ROOT, &vfio, &other, &err);

	if (rc < 0) {
		check_failure(&err, rc);
		return;
	}
	/* A name stands in a directory once. */
	qset_and(&other, &vfio);
	require(qset_is_empty(&other));
}

void fuzz_text(char *text, size_t len)
{
	tree_set(text, len);
	check_devices();
	check_holders();
	check_driverctl();
}
