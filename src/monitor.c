/* SPDX-License-Identifier: MIT */
/*
 * Events are reasons to look, and nothing more: a flood may have lost some, and what one says may
 * be past.  Only the name of a queue is taken from them, for there are too many to look at each.
 */
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "dl.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define RECEIVE_BYTES (1024 * 1024) /* about a thousand events */

/* Loaded to watch; no other command needs it. */
#define SONAME "libudev.so.1"

struct libudev {
	DL_MEMBER(udev_device_get_subsystem);
	DL_MEMBER(udev_device_get_sysname);
	DL_MEMBER(udev_device_unref);
	DL_MEMBER(udev_monitor_enable_receiving);
	DL_MEMBER(udev_monitor_filter_add_match_subsystem_devtype);
	DL_MEMBER(udev_monitor_get_fd);
	DL_MEMBER(udev_monitor_new_from_netlink);
	DL_MEMBER(udev_monitor_receive_device);
	DL_MEMBER(udev_monitor_set_receive_buffer_size);
	DL_MEMBER(udev_monitor_unref);
	DL_MEMBER(udev_new);
	DL_MEMBER(udev_unref);
};

static struct libudev libudev;

static int libudev_load(struct err *err)
{
	static const struct dl_symbol symbols[] = {
		DL_SYMBOL(struct libudev, udev_device_get_subsystem),
		DL_SYMBOL(struct libudev, udev_device_get_sysname),
		DL_SYMBOL(struct libudev, udev_device_unref),
		DL_SYMBOL(struct libudev, udev_monitor_enable_receiving),
		DL_SYMBOL(struct libudev, udev_monitor_filter_add_match_subsystem_devtype),
		DL_SYMBOL(struct libudev, udev_monitor_get_fd),
		DL_SYMBOL(struct libudev, udev_monitor_new_from_netlink),
		DL_SYMBOL(struct libudev, udev_monitor_receive_device),
		DL_SYMBOL(struct libudev, udev_monitor_set_receive_buffer_size),
		DL_SYMBOL(struct libudev, udev_monitor_unref),
		DL_SYMBOL(struct libudev, udev_new),
		DL_SYMBOL(struct libudev, udev_unref),
		{ 0 },
	};

	return dl_load(SONAME, symbols, &libudev, err);
}

struct monitor {
	struct udev *udev;
	struct udev_monitor *events;
	int files; /* inotify */
};

static int subscribe(struct udev_monitor *events)
{
	/* misc: /dev/kvm, which tells of guests that come and go. */
	static const char *const subsystems[] = { "ap",	  "matrix",   "mdev", "module",
						  "vfio", "vfio-dev", "misc" };
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(subsystems); i++)
		rc = libudev.udev_monitor_filter_add_match_subsystem_devtype(events, subsystems[i],
									     NULL);
	/* More than is usual needs root: without it floods are lost earlier, and that is told. */
	if (rc >= 0)
		(void)libudev.udev_monitor_set_receive_buffer_size(events, RECEIVE_BYTES);
	return rc < 0 ? rc : libudev.udev_monitor_enable_receiving(events);
}

int monitor_new(struct monitor **ret, struct err *err)
{
	_cleanup_(monitor_freep) struct monitor *monitor = calloc(1, sizeof(*monitor));
	int rc;

	if (!monitor)
		return err_oom(err);
	monitor->files = -1;
	rc = libudev_load(err);
	if (rc < 0)
		return rc;
	monitor->udev = libudev.udev_new();
	if (monitor->udev)
		monitor->events = libudev.udev_monitor_new_from_netlink(monitor->udev, "udev");
	if (!monitor->events)
		return err_errno(err, errno ? -errno : -EIO, "cannot listen to udev");
	rc = subscribe(monitor->events);
	if (rc < 0)
		return err_errno(err, rc, "cannot listen to udev");

	monitor->files = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (monitor->files < 0)
		return err_errno(err, -errno, "inotify");
	*ret = TAKE_PTR(monitor);
	return 0;
}

struct monitor *monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return NULL;
	if (monitor->events)
		libudev.udev_monitor_unref(monitor->events);
	if (monitor->udev)
		libudev.udev_unref(monitor->udev);
	util_close(&monitor->files);
	free(monitor);
	return NULL;
}

void monitor_freep(struct monitor **monitor)
{
	*monitor = monitor_free(*monitor);
}

void monitor_watch(struct monitor *monitor, int root, const char *path, bool opens)
{
	_cleanup_close_ int fd = sysfs_open(root, path, O_PATH | O_DIRECTORY);
	char link[64];

	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	/* Without it (too many already) the events are left. */
	(void)inotify_add_watch(monitor->files, link, opens ? IN_OPEN | IN_CLOSE : IN_MODIFY);
}

void monitor_fds(const struct monitor *monitor, int ret[MONITOR_FDS])
{
	ret[0] = libudev.udev_monitor_get_fd(monitor->events);
	ret[1] = monitor->files;
}

/* Of all that is "misc" only KVM. */
static bool is_ours(struct udev_device *device)
{
	const char *subsystem = libudev.udev_device_get_subsystem(device);
	const char *name = libudev.udev_device_get_sysname(device);

	return !subsystem || strcmp(subsystem, "misc") != 0 || (name && strcmp(name, "kvm") == 0);
}

static int drain_events(struct monitor *monitor, struct monitor_news *news, struct err *err)
{
	for (;;) {
		struct udev_device *device;
		unsigned apid, apqi;
		const char *name;

		errno = 0;
		device = libudev.udev_monitor_receive_device(monitor->events);
		if (!device && errno == ENOBUFS) {
			news->any = news->lost = true;
			continue;
		}
		if (!device && errno && errno != EAGAIN && errno != EINTR)
			return err_errno(err, -errno, "cannot receive events of udev");
		if (!device)
			return 0;
		news->any |= is_ours(device);
		name = libudev.udev_device_get_sysname(device);
		if (name && queue_parse(name, &apid, &apqi) == 0)
			qset_add(&news->queues, apid, apqi);
		libudev.udev_device_unref(device);
	}
}

static int drain_files(struct monitor *monitor, struct monitor_news *news, struct err *err)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(monitor->files, buf, sizeof(buf))) > 0)
		news->any = true;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return err_errno(err, -errno, "inotify");
	return 0;
}

int monitor_drain(struct monitor *monitor, struct monitor_news *news, struct err *err)
{
	int rc = drain_events(monitor, news, err);

	return rc < 0 ? rc : drain_files(monitor, news, err);
}
