// SPDX-License-Identifier: MIT
/* Faults and delays for single files.  What a path means is left to fuse.c. */
#include "inject.h"

#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "util.h"

struct rule {
	struct rule *next;
	enum inject_op op; /* of a fault */
	bool is_delay;
	int code;
	unsigned after, count;
	unsigned delay_ms;
	char pattern[];
};

struct inject {
	pthread_mutex_t lock;
	struct rule *rules;
};

struct inject *inject_new(void)
{
	struct inject *inject = calloc(1, sizeof(*inject));

	if (inject)
		pthread_mutex_init(&inject->lock, NULL);
	return inject;
}

struct inject *inject_free(struct inject *inject)
{
	struct rule *rule;

	if (!inject)
		return NULL;
	while ((rule = inject->rules)) {
		inject->rules = rule->next;
		free(rule);
	}
	pthread_mutex_destroy(&inject->lock);
	free(inject);
	return NULL;
}

/* Put @rule in the place of the one for the same thing; one without effect only removes it. */
static void rule_replace(struct inject *inject, struct rule *rule)
{
	pthread_mutex_lock(&inject->lock);
	for (struct rule **at = &inject->rules; *at;) {
		struct rule *old = *at;

		if (old->is_delay == rule->is_delay && old->op == rule->op &&
		    strcmp(old->pattern, rule->pattern) == 0) {
			*at = old->next;
			free(old);
		} else {
			at = &old->next;
		}
	}
	if (rule->code || rule->delay_ms) {
		rule->next = inject->rules;
		inject->rules = TAKE_PTR(rule);
	}
	pthread_mutex_unlock(&inject->lock);
	free(rule);
}

static struct rule *rule_new(const char *pattern)
{
	size_t size = strlen(pattern) + 1;
	struct rule *rule = calloc(1, sizeof(*rule) + size);

	if (rule)
		memcpy(rule->pattern, pattern, size);
	return rule;
}

int inject_fault_set(struct inject *inject, const struct inject_fault *fault)
{
	struct rule *rule = rule_new(fault->pattern);

	if (!rule)
		return -ENOMEM;
	rule->op = fault->op;
	rule->code = fault->code;
	rule->after = fault->after;
	rule->count = fault->count;
	rule_replace(inject, rule);
	return 0;
}

int inject_delay_set(struct inject *inject, const char *pattern, unsigned delay_ms)
{
	struct rule *rule = rule_new(pattern);

	if (!rule)
		return -ENOMEM;
	rule->is_delay = true;
	rule->delay_ms = delay_ms;
	rule_replace(inject, rule);
	return 0;
}

/* Count one use of a fault; is it this one's turn? */
static bool fault_is_due(struct rule *rule)
{
	if (rule->after) {
		rule->after--;
		return false;
	}
	if (!rule->count)
		return false;
	if (rule->count != INJECT_FOREVER)
		rule->count--;
	return true;
}

int inject_apply(struct inject *inject, const char *path, enum inject_op op)
{
	unsigned delay_ms = 0;
	int rc = 0;

	pthread_mutex_lock(&inject->lock);
	for (struct rule *rule = inject->rules; rule; rule = rule->next) {
		if (!rule->is_delay && rule->op != op)
			continue;
		if (fnmatch(rule->pattern, path, FNM_PATHNAME) != 0)
			continue;
		if (rule->is_delay)
			delay_ms = rule->delay_ms;
		else if (!rc && fault_is_due(rule))
			rc = -rule->code;
	}
	pthread_mutex_unlock(&inject->lock);

	if (delay_ms) {
		struct timespec rest = { .tv_sec = delay_ms / 1000,
					 .tv_nsec = delay_ms % 1000 * 1000000L };

		while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
			;
	}
	return rc;
}
