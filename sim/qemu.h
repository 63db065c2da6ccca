/* SPDX-License-Identifier: MIT */
/* Guests: processes that use mediated devices as QEMU does, for `apsim ctl guest`. */
#ifndef SIM_QEMU_H
#define SIM_QEMU_H

#include "err.h"

#define QEMU_NAME "qemu-system-s390x"

/** qemu_ctl() - `apsim ctl guest start|stop`.  Return: an exit status. */
int qemu_ctl(int argc, const char **argv);

/** qemu_main() - the guest itself, when apsim is started by the name QEMU_NAME */
int qemu_main(int argc, const char **argv);

/** qemu_stop_all() - kill all guests of this machine: 0, or a negative errno */
int qemu_stop_all(struct err *err);

#endif
