/* SPDX-License-Identifier: MIT */
/*
 * What is written to a uevent file of apsim: a refusal, or an action of the kernel's and keys of
 * which each has a name and a value.
 */
#include "uevent.c"

#include "fuzz.h"

static void check_keys(const struct env *env)
{
	require(env->len && env->len <= sizeof(env->buf) && !env->buf[env->len - 1]);
	for (size_t i = 0; i < env->len; i += strlen(env->buf + i) + 1) {
		const char *key = env->buf + i, *equals = strchr(key, '=');

		require(strncmp(key, "SYNTH_", 6) == 0);
		require(equals && equals > key + 6 && equals[1]);
		require(!strchr(key, ' ') && fuzz_is_printable(key));
	}
}

void fuzz_text(char *text, size_t len)
{
	static struct env env;
	const char *action = NULL;

	(void)len;
	env.len = 0;
	if (synth_parse(text, &action, &env) < 0)
		return;
	require(action && strncmp(text, action, strlen(action)) == 0);
	check_keys(&env);
}
