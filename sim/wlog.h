/* SPDX-License-Identifier: MIT */
/*
 * The log of a simulated machine: every write that was made to its files, with
 * the result, and what `apsim ctl` did to it, as shell lines that can be run again;
 * kernel messages between them as comments.  Safe to call from any thread.
 */
#ifndef SIM_WLOG_H
#define SIM_WLOG_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct wlog;

struct wlog *wlog_new(void);
struct wlog *wlog_free(struct wlog *log);

/**
 * wlog_write() - a write() that has ended
 * @path:     as the writer sees it, absolute
 * @result:   bytes written, or a negative errno
 * @injected: the errno is one that `apsim ctl fail` ordered
 */
void wlog_write(struct wlog *log, const char *path, const char *data, size_t len, ssize_t result,
		bool injected);

/** wlog_command() - a command of `apsim ctl` that has succeeded; NULL-terminated words */
void wlog_command(struct wlog *log, const char *const *argv);

/** wlog_note() - a line that is not a write: "# who: text" */
void wlog_note(struct wlog *log, const char *who, const char *text);

void wlog_clear(struct wlog *log);
void wlog_print(struct wlog *log, FILE *out);

#endif
