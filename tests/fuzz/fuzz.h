/* SPDX-License-Identifier: MIT */
/*
 * Fuzz targets: a parser, any bytes, and what must hold of what it says of them.
 *
 * A target is a fuzz_NAME.c that defines fuzz_text(); that nothing is read or written out of
 * bounds, and that nothing is lost, is the sanitizers' work.  libFuzzer feeds it (`make fuzz`),
 * and replay.c the inputs of tests/fuzz/corpus/NAME (`make check`).
 *
 * Where a parser is static its target includes the .c file: the linker then takes nothing of that
 * name out of the library.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/**
 * fuzz_text() - one input; defined by the target
 * @text: on the heap, a NUL behind its @len bytes and not a byte more; may be changed
 */
void fuzz_text(char *text, size_t len);

/** require() - what always holds; else the input is a finding */
#define require(fact)                                         \
	do {                                                  \
		if (!(fact))                                  \
			fuzz_fail(__FILE__, __LINE__, #fact); \
	} while (0)

void fuzz_fail(const char *file, int line, const char *fact) __attribute__((noreturn));

/** fuzz_is_printable() - is there nothing in @text that could steer a terminal */
bool fuzz_is_printable(const char *text);

/** fuzz_is_error() - has a failure with this code been explained */
bool fuzz_is_error(const struct err *err, int code);

/** fuzz_lines() - the number of the last line; behind the last newline there is one, too */
unsigned fuzz_lines(const char *text);

/** fuzz_pick() - a number below @n that the input decides, for what it does not say itself */
unsigned fuzz_pick(const char *text, size_t len, unsigned n);

/** What libFuzzer and replay.c call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
