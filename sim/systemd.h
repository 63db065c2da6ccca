/* SPDX-License-Identifier: MIT */
/* As much of systemd as matters to vfio_ap at boot: modules-load.d, and units that are wanted. */
#ifndef SIM_SYSTEMD_H
#define SIM_SYSTEMD_H

#include <stdbool.h>

/** systemd_file_loads() - does this file name the module, a line of its own */
bool systemd_file_loads(const char *path, const char *module);

/** systemd_loads() - does a file of /etc/modules-load.d name this module */
bool systemd_loads(const char *module);

/**
 * systemd_start() - run the ExecStart= commands of a unit, if multi-user.target wants it
 *
 * By the link in /etc/systemd/system/multi-user.target.wants, as `systemctl enable` makes it.
 * What fails is a warning.
 */
void systemd_start(const char *unit);

#endif
