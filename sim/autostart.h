/* SPDX-License-Identifier: MIT */
/* What mdevctl does when vfio_ap registers, on a machine that has no mdevctl. */
#ifndef SIM_AUTOSTART_H
#define SIM_AUTOSTART_H

#include "err.h"

/**
 * autostart_all() - start the definitions of @dir that say "start": "auto", by UUID
 *
 * As mdevctl: a device that cannot be started is a warning, a file that is not a
 * definition stops everything.
 * Return: 0, or a negative errno explained in @err.
 */
int autostart_all(const char *dir, struct err *err);

#endif
