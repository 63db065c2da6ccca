/* SPDX-License-Identifier: MIT */
/*
 * oprun: perform the operations of a script on a machine's files and print what
 * came of each, so that a real kernel and a simulated one can be compared line by
 * line.
 *
 *   oprun.c       the operations on files, the script
 *   oprun_hw.c    what has no file: hardware, modules, guests; real and simulated
 *   oprun_event.c the events of each operation
 *   oprun_norm.c  what may differ between the two, as one table
 */
#ifndef OPRUN_H
#define OPRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define HW_IDS	  256
#define HW_GUESTS 16
#define RUN_SLOTS 8    /* descriptors that a script keeps open */
#define RUN_ARGS  8    /* words of an operation */
#define RUN_TEXT  8192 /* bytes of a text; more than a page, as K 1.3 wants */

struct hw_card {
	bool present, config, chkstop;
	char type[8]; /* "CEX5C" */
};

struct hw_guest {
	char uuid[64]; /* "" : free */
	pid_t pid;     /* real kernel only */
};

/* The hardware, and who runs on it.  A real kernel's is rewritten as a whole. */
struct hw {
	bool real;
	unsigned long early_scans; /* more than one before the script */
	struct hw_card card[HW_IDS];
	bool usage[HW_IDS], control[HW_IDS];
	struct hw_guest guest[HW_GUESTS];
	double rearmed; /* when the kernel was last told to wait with its next scan */
	double changed; /* when something last happened that takes the kernel a while */
};

struct slot {
	int fd;
	off_t position; /* of the next read */
	char path[512];
};

struct run {
	FILE *out;
	unsigned long line;
	int events; /* socket */
	struct hw hw;
	struct slot slot[RUN_SLOTS];
};

/* ---- oprun.c ---------------------------------------------------------------- */

/** run_result() - one line of output: the operation's number and @fmt */
void run_result(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** run_error() - a negative errno by its name; "ok" for 0 */
const char *run_error(int rc);

/** run_read_file() - a whole file, NUL-terminated: its size or a negative errno */
ssize_t run_read_file(const char *path, char *buf, size_t size);

/* ---- oprun_hw.c ------------------------------------------------------------- */

void hw_init(struct hw *hw);

/** hw_done() - end the guests */
void hw_done(struct hw *hw);

/** hw_rearm() - a real kernel scans by itself after a time: not while a script runs */
void hw_rearm(struct hw *hw);

/** hw_scans() - the text of `scans`, without scans before the script */
void hw_scans(const struct hw *hw, const char *path, char *text, size_t *len);

/** hw_settle() - wait until the state machines of all queues have done what is to do */
void hw_settle(const struct hw *hw);

void hw_touch(struct hw *hw);

/** hw_before_write() - let timers end that would decide what a write that binds queues does */
void hw_before_write(const struct hw *hw, const char *path);

/** hw_forbids() - why a write must not be made, or NULL; both kinds of machine ask */
const char *hw_forbids(const struct hw *hw, const char *path, const char *text, size_t len);

/** hw_card_config() - `config` of a card was written: follow the hardware */
void hw_card_config(struct hw *hw, const char *path, const char *before, const char *after);

/* operations: machine (what the script begins on), hw, module, guest */
void hw_machine_op(struct run *r, char **argv, int argc);
void hw_op(struct run *r, char **argv, int argc);
void hw_module_op(struct run *r, char **argv, int argc);
void hw_guest_op(struct run *r, char **argv, int argc);

/* ---- oprun_event.c ---------------------------------------------------------- */

void event_init(struct run *r);

/** event_drain() - print what has come since */
void event_drain(struct run *r);

/* ---- oprun_norm.c ----------------------------------------------------------- */

/** norm_text() - replace in place what an attribute says of things that differ */
void norm_text(const char *path, char *text, size_t *len);

/** norm_is_unread() - is it only opened */
bool norm_is_unread(const char *path);

/** norm_is_hidden() - does a directory have this entry on one kind of machine only */
bool norm_is_hidden(const char *dir, const char *name);

/** norm_settles() - is the attribute about a state machine that needs time */
bool norm_settles(const char *path);

#endif
