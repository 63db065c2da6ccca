/* SPDX-License-Identifier: MIT */
/*
 * Which processes have a device open, and which guests they are.
 *
 * Source: links in /proc/PID/fd to /dev/vfio/N and /dev/vfio/devices/vfioK, the command
 * line of QEMU.  Processes of others are visible to root alone.
 */
#ifndef PROCS_H
#define PROCS_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

/**
 * struct holder - a process with a device open
 * @group, @cdev: what it has open; -1 when not that
 * @command:      its name, printable
 * @guest:        the name after QEMU's -name, printable; "" when there is none
 */
struct holder {
	pid_t pid;
	int group, cdev;
	char command[32];
	char guest[64];
};

/**
 * struct holder_list - every holder found but this process itself, by PID
 * @complete: all processes could be looked at; false: there may be more
 */
struct holder_list {
	struct holder *v;
	size_t n;
	bool complete;
};

/** procs_holders_read() - walk /proc below @root once; 0 (also without /proc) or errno */
int procs_holders_read(int root, struct holder_list *ret, struct err *err);
void procs_holders_done(struct holder_list *list);

#endif
