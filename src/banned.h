/* SPDX-License-Identifier: MIT */
/*
 * Functions that this project does not use, as compile errors: unbounded
 * copies, numbers parsed without a word about junk, and shells.  The Makefile
 * includes this file before every other.
 */
#ifndef BANNED_H
#define BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Macros where the compiler is clang and _FORTIFY_SOURCE is on (bits/stdio2.h). */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r gets
#pragma GCC poison atoi atol atoll strtol strtoll sscanf vsscanf
#pragma GCC poison system popen tmpnam tempnam mktemp

#endif
