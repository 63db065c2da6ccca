/* SPDX-License-Identifier: MIT */
/*
 * Tells that something has happened, hardly what: events of the kernel as udev passes them on,
 * and what processes do to files that send none.
 *
 * Source: libudev; inotify(7).  Which events there are: kernel-abi 13; that sysfs tells of
 * writes of others and of nothing else: kernel-abi 1.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>

#include "err.h"
#include "qset.h"

struct monitor;

/**
 * struct monitor_news - what has happened since monitor_drain() was last called
 * @any:    something
 * @lost:   more than could be taken in: anything may have changed
 * @queues: those that events named
 */
struct monitor_news {
	bool any, lost;
	struct qset queues;
};

/** monitor_new() - begin to listen; released by monitor_free() */
int monitor_new(struct monitor **ret, struct err *err);
struct monitor *monitor_free(struct monitor *monitor);
void monitor_freep(struct monitor **monitor);

/**
 * monitor_watch() - also tell of writes into the directory @path, or with @opens of files
 *                   opened and closed in it
 *
 * To be called again for what may have come back meanwhile; where there is no such directory
 * it is nothing.
 */
void monitor_watch(struct monitor *monitor, int root, const char *path, bool opens);

/** monitor_fds() - both to be polled for input */
#define MONITOR_FDS 2
void monitor_fds(const struct monitor *monitor, int ret[MONITOR_FDS]);

/** monitor_drain() - take in all that has come, and add it to @news; 0 or errno */
int monitor_drain(struct monitor *monitor, struct monitor_news *news, struct err *err);

#endif
