/* SPDX-License-Identifier: MIT */
/*
 * Rules of udev as apsim reads them: each line ends, in tokens or in a refusal, and patterns are
 * matched against names of the AP bus.
 */
#include "udevrules.c"

#include "fuzz.h"

static void check_token(const struct token *token)
{
	require(strlen(token->key) < sizeof(token->key));
	require(strlen(token->attr) < sizeof(token->attr) && !strchr(token->attr, '}'));
	require(strlen(token->value) < sizeof(token->value) && !strchr(token->value, '"'));
	require(*token->key && (token->op <= OP_ASSIGN));
}

static void check_line(const char *line)
{
	const char *p = line;
	struct token token;
	unsigned n = 0;
	int rc;

	while ((rc = token_next(&p, &token)) > 0) {
		check_token(&token);
		require(p <= line + strlen(line) && n++ < strlen(line));
		value_matches(token.value, "/devices/ap");
	}
	require(rc < 0 || !*p);
	line_has_label(line, "end_ap");
}

void fuzz_text(char *text, size_t len)
{
	char *rest = text, *line;

	(void)len;
	while ((line = strsep(&rest, "\n")))
		check_line(line);
}
