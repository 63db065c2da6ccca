/* SPDX-License-Identifier: MIT */
/*
 * The mdevctl callout: its parts, the checks (callout_check.c) and what it is asked for
 * (callout_get.c).
 *
 * Source: mdevctl, src/callouts.rs, protocol version 2; messages and exit statuses are those of
 * ap-check (s390-tools, ap_tools/ap-check.c).
 */
#ifndef CALLOUT_H
#define CALLOUT_H

#include "lock.h"
#include "snapshot.h"

/** enum callout_status - exit status; mdevctl goes on with 0 alone, and asks others after 2 */
enum callout_status {
	CALLOUT_OK = 0,
	CALLOUT_USAGE = 1,
	CALLOUT_NOT_MINE = 2, /* a device of another driver */
	CALLOUT_REFUSED = 255,
};

/**
 * struct callout - one call
 * @owner: mdevctl, in whose name the lock is held
 */
struct callout {
	int root;
	pid_t owner;
	const char *event, *action, *type, *parent;
	char uuid[UUID_SIZE];
	struct lock lock;
	struct err err;
};

/** callout_say() - a line on stderr, which mdevctl prints; never steers a terminal */
void callout_say(const char *fmt, ...) _printf_(1, 2);

/** callout_refuse() - say it; returns CALLOUT_REFUSED */
int callout_refuse(const char *fmt, ...) _printf_(1, 2);

/** callout_stdin() - all of it, NUL behind it; heap, or NULL when it is too large or broken */
char *callout_stdin(size_t *ret_len);

/**
 * callout_definition() - the definition on stdin; definition_done() by the caller
 * Return: 0 or CALLOUT_REFUSED, said.
 */
int callout_definition(const struct callout *c, struct definition *ret);

/** callout_check_start() - may the device run with this matrix; 0 or CALLOUT_REFUSED, said */
int callout_check_start(struct callout *c, const struct definition *d);

/** callout_check_define() - may it be defined so */
int callout_check_define(struct callout *c, const struct definition *d);

/** callout_attributes(), callout_capabilities(), callout_live() - get and live; exit status */
int callout_attributes(struct callout *c);
int callout_capabilities(void);
int callout_live(struct callout *c);

#endif
