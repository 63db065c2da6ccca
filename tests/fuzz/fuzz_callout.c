/* SPDX-License-Identifier: MIT */
/*
 * What mdevctl sends the callout on standard input when it asks what it can do: the answer is
 * JSON and names nothing that was not offered; a refusal is one line.
 */
#include "callout_get.c"

#include <stdarg.h>

#include "fuzz.h"
#include "str.h"

/* In the place of callout.c: the input, and what was said. */
static const char *stdin_text;
static size_t stdin_len;
static unsigned refusals;

char *callout_stdin(size_t *ret_len)
{
	char *text = malloc(stdin_len + 1);

	require(text != NULL);
	memcpy(text, stdin_text, stdin_len + 1);
	*ret_len = stdin_len;
	return text;
}

int callout_refuse(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	require(vsnprintf(text, sizeof(text), fmt, ap) > 0 && fuzz_is_printable(text));
	va_end(ap);
	refusals++;
	return CALLOUT_REFUSED;
}

int callout_definition(const struct callout *c _unused_, struct definition *ret _unused_)
{
	return CALLOUT_REFUSED;
}

int callout_check_start(struct callout *c _unused_, const struct definition *d _unused_)
{
	return CALLOUT_REFUSED;
}

/* Run it with standard output in memory. */
static int answer(char **ret, size_t *ret_len)
{
	FILE *real = stdout;
	int rc;

	stdout = open_memstream(ret, ret_len);
	require(stdout != NULL);
	rc = callout_capabilities();
	fclose(stdout);
	stdout = real;
	return rc;
}

static void check_words(struct json_object *supports, struct json_object *provides, const char *key)
{
	struct json_object *words = member(supports, key, json_type_array);
	struct json_object *offered = member(provides, key, json_type_array);

	require(words && offered);
	for (size_t i = 0; i < json_object_array_length(words); i++)
		require(offers(offered,
			       json_object_get_string(json_object_array_get_idx(words, i))));
}

static void check_answer(const char *said)
{
	struct json_object *answered = json_tokener_parse(said);
	struct json_object *request = json_tokener_parse(stdin_text);
	struct json_object *supports, *provides;

	require(answered && request && strchr(said, '\n') == said + strlen(said) - 1);
	supports = member(answered, "supports", json_type_object);
	provides = member(request, "provides", json_type_object);
	require(supports && member(supports, "version", json_type_int));
	check_words(supports, provides, "actions");
	check_words(supports, provides, "events");
	json_object_put(answered);
	json_object_put(request);
}

void fuzz_text(char *text, size_t len)
{
	char *said = NULL;
	size_t said_len;
	int rc;

	stdin_text = text;
	stdin_len = len;
	refusals = 0;
	rc = answer(&said, &said_len);
	require(rc == (refusals ? CALLOUT_REFUSED : CALLOUT_OK) && refusals <= 1);
	require(fuzz_is_printable(rc ? said : "") && !said_len == (rc != 0));
	if (!rc)
		check_answer(said);
	free(said);
}
