/* SPDX-License-Identifier: MIT */
/* Namespaces of `apsim run`. */
#ifndef SIM_NS_H
#define SIM_NS_H

#include "err.h"

/**
 * ns_enter() - move the calling process, single-threaded, into user, mount and
 *              network namespaces of its own
 *
 * It is root there, with all users of its old namespace when it was root before,
 * else alone.  Mounts no longer reach the outside; the loopback interface is up.
 */
int ns_enter(struct err *err);

#endif
