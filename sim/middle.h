/* SPDX-License-Identifier: MIT */
/*
 * The process between apsim and COMMAND: it mounts, starts COMMAND, and sees to it
 * that nothing of it survives apsim.
 */
#ifndef SIM_MIDDLE_H
#define SIM_MIDDLE_H

#include <signal.h>
#include <sys/types.h>

#include "layers.h"

/** struct middle - what it needs to know */
struct middle {
	struct layers *layers;
	const char *const *command; /* NULL-terminated */
	const char *cwd;	    /* may be NULL */
	sigset_t mask;		    /* signal mask and umask to give to COMMAND */
	mode_t umask;
	int sock; /* to apsim: "go" comes in, COMMAND's wait status goes out */
};

/** middle_signals() - those that apsim passes on to COMMAND, and SIGCHLD */
void middle_signals(sigset_t *ret);

/** middle_main() - in a child of apsim, with middle_signals() blocked */
_Noreturn void middle_main(const struct middle *middle);

#endif
