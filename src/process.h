/* SPDX-License-Identifier: MIT */
/*
 * What a program inherits from whoever starts it, put in order before anything else is done.
 */
#ifndef PROCESS_H
#define PROCESS_H

/**
 * process_init() - first of all in main()
 *
 * Standard descriptors that are closed lead to /dev/null, so that none of them becomes a file
 * of the host.  A reader that goes away, and a limit of file sizes, are errors of write().
 * That children end is seen, also where our parent did not care.
 * Return: 0; -ENOMEM when the stack may not be large enough; -errno of opening /dev/null.
 */
int process_init(void);

/**
 * process_stack_take() - take at once what the stack will need
 *
 * Without room for its stack the kernel ends a process, wherever it is: here, before the first
 * write, that does no harm.  Those who only read leave it: 48 pages are a third of their start.
 */
void process_stack_take(void);

#endif
