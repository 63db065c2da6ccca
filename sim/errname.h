/* SPDX-License-Identifier: MIT */
/* Errors by their names: "EBUSY", as scripts and logs write them. */
#ifndef SIM_ERRNAME_H
#define SIM_ERRNAME_H

/** errname_text() - "EBUSY" for an errno of either sign; NULL when it has no name here */
const char *errname_text(int code);

/** errname_parse() - the positive errno of "EBUSY", "ebusy" or "16": 0 or -EINVAL */
int errname_parse(const char *text, int *ret);

#endif
