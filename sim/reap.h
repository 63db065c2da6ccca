/* SPDX-License-Identifier: MIT */
/* The end of processes that COMMAND left behind. */
#ifndef SIM_REAP_H
#define SIM_REAP_H

/** reap_adopt() - from now on orphans below the calling process become its children */
void reap_adopt(void);

/**
 * reap_all() - kill all children, and theirs, until none is left
 * @timeout_ms: how long to wait; negative: until it is done
 *
 * The caller is an adopter and has SIGCHLD blocked.  Processes in an uninterruptible
 * wait end later than that.
 */
void reap_all(int timeout_ms);

#endif
