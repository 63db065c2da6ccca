/* SPDX-License-Identifier: MIT */
/* What stands in /etc of a simulated machine: rules, definitions, script directories. */
#ifndef SIM_ETC_H
#define SIM_ETC_H

#include "err.h"
#include "machine.h"

#define ETC_RULES	 "udev/rules.d/41-ap.rules"
#define ETC_DEFINITIONS	 "mdevctl.d/matrix"
#define ETC_MODULES_LOAD "modules-load.d"

/** etc_write() - make the directories, and the LPAR's files, below @dir */
int etc_write(const char *dir, const struct lpar *lpar, struct err *err);

/** etc_hide() - remove below @dir what the LPAR does not have, but the host that shows through */
int etc_hide(const char *dir, const struct lpar *lpar, struct err *err);

#endif
