/* SPDX-License-Identifier: MIT */
/* What all fuzz targets share: an input becomes a text, a fact that does not hold an abort. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

void fuzz_fail(const char *file, int line, const char *fact)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, fact);
	abort();
}

bool fuzz_is_printable(const char *text)
{
	char copy[1024];

	for (size_t i = 0; text[i]; i++) {
		/* Mostly it is plain ASCII: then there is nothing to copy. */
		if (text[i] >= 0x20 && text[i] < 0x7f)
			continue;
		if (strlen(text) >= sizeof(copy))
			return false;
		memcpy(copy, text, strlen(text) + 1);
		return strcmp(str_printable(copy), text) == 0;
	}
	return true;
}

bool fuzz_is_error(const struct err *err, int code)
{
	return code < 0 && err->code == code && *err->what;
}

unsigned fuzz_lines(const char *text)
{
	unsigned n = 1;

	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

unsigned fuzz_pick(const char *text, size_t len, unsigned n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + (unsigned char)text[i];
	return sum % n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	fuzz_text(text, size);
	free(text);
	return 0;
}
