/* SPDX-License-Identifier: MIT */
/* The machines that apsim has built in, as LPAR files (apsim(1)). */
#ifndef SIM_LPARS_H
#define SIM_LPARS_H

/** lpars_find() - the JSON of a built-in machine, or NULL; lends */
const char *lpars_find(const char *name);

#endif
