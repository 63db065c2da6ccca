/* SPDX-License-Identifier: MIT */
/* A copy of a directory, for where overlayfs cannot put a layer over it. */
#ifndef SIM_COPYTREE_H
#define SIM_COPYTREE_H

#include "err.h"

/**
 * copytree_make() - copy directories, files and links below @from to @to
 * @to: exists; what it holds already is left as it is
 *
 * Modes are kept, owners as far as may be.  What cannot be read, and devices and sockets, are
 * left out.
 * Return: 0, or a negative errno explained in @err.
 */
int copytree_make(const char *from, const char *to, struct err *err);

#endif
