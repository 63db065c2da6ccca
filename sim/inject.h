/* SPDX-License-Identifier: MIT */
/*
 * Faults and delays that `apsim ctl fail` and `apsim ctl delay` order for single
 * files.  Safe to call from any thread.
 */
#ifndef SIM_INJECT_H
#define SIM_INJECT_H

struct inject;

/** enum inject_op - what is done to the file; a fault is for one of them, a delay for all */
enum inject_op {
	INJECT_READ,
	INJECT_WRITE,
	INJECT_OPEN, /* of /dev/vfio/N */
};

#define INJECT_FOREVER (~0U)

/** struct inject_fault - fail @op of the files @pattern, after @after times, @count times */
struct inject_fault {
	const char *pattern; /* "/sys/bus/ap/apmask", or fnmatch(3)'s */
	enum inject_op op;
	int code; /* positive errno; 0 removes the fault */
	unsigned after;
	unsigned count; /* or INJECT_FOREVER */
};

struct inject *inject_new(void);
struct inject *inject_free(struct inject *inject);

/** inject_fault_set() - a new one replaces that of the same pattern and op: 0, -ENOMEM */
int inject_fault_set(struct inject *inject, const struct inject_fault *fault);

/** inject_delay_set() - @delay_ms 0 removes it: 0, -ENOMEM */
int inject_delay_set(struct inject *inject, const char *pattern, unsigned delay_ms);

/** inject_apply() - wait as ordered; 0, or the negative errno that @op is to fail with */
int inject_apply(struct inject *inject, const char *path, enum inject_op op);

#endif
