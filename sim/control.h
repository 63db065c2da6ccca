/* SPDX-License-Identifier: MIT */
/*
 * The `control` file: one command and its answer per open file.
 *
 * It is a stream: offsets do not matter.
 *
 *   written   the words of the command, each ended by a NUL, in one write()
 *   read      a digit, 0 done, 1 failed, 2 wrong usage; then what there is to
 *             print: the result after 0, else the message, a newline and the hint
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include <sys/types.h>

#define CONTROL_NAME "control" /* in the root of the file system */

struct serve;
struct control;

struct control *control_new(void);
struct control *control_free(struct control *control);

/** control_write() - carry out a command: @len, or a negative errno when it is not one */
ssize_t control_write(struct control *control, struct serve *s, const char *buf, size_t len);

/** control_read() - the next piece of the answer: its length; 0 at the end; lends @ret */
ssize_t control_read(struct control *control, size_t size, const char **ret);

#endif
