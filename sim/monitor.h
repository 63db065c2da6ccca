/* SPDX-License-Identifier: MIT */
/*
 * Events of the machine for libudev monitors: sent to the "udev" multicast group
 * of the network namespace, as systemd-udevd sends what it has processed.
 */
#ifndef SIM_MONITOR_H
#define SIM_MONITOR_H

#include <stddef.h>

#include "err.h"

struct monitor;

/** monitor_new() - a socket in the caller's network namespace */
int monitor_new(struct monitor **ret, struct err *err);
struct monitor *monitor_free(struct monitor *monitor);

/** monitor_send() - @uevent as the kernel sends it, "add@/devices/...", NUL, properties */
void monitor_send(struct monitor *monitor, const char *uevent, size_t len);

#endif
