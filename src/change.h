/* SPDX-License-Identifier: MIT */
/*
 * The course of every changing command: lock, one snapshot, the command's own edit of a
 * wish, all conflicts, a plan, the writes, the report.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include "cmd.h"
#include "plan.h"
#include "pool.h"

/**
 * struct change - one change under way
 * @now:      before it; who has devices open is looked at when somebody asks, without
 *            CHANGE_HOLDERS
 * @want:     edited by the command
 * @findings: the command may add its own; errors refuse the change
 * @reserved, @also: queues that move because they were named, and because masks know only
 *                   rows and columns
 * @uuid:     the device that the change is about; "" none or several
 * @by_override: ... by driver overrides, of the running system
 * @released: queues that go back to the host because they were named
 * @done:     told of the machine before the report, may add findings; NULL: nobody
 * @is_random: nobody has heard of @uuid yet: a refusal does not name it
 * @conflict_flags: enum conflict_flags, beside CONFLICT_FORCE
 * @is_partial: not all that was asked for; the command will say so itself
 */
struct change {
	struct snapshot *now;
	struct wish *want;
	struct findings findings;
	struct qset reserved, also, released;
	bool by_override;
	int (*done)(struct app *app, struct change *change, const struct snapshot *after);
	char uuid[UUID_SIZE];
	unsigned conflict_flags;
	bool is_random;
	bool is_partial;
};

/**
 * change_edit_fn - edit change->want, by change->now alone
 *
 * May be called several times: when somebody else changes the machine meanwhile, and again
 * when vfio_ap has been loaded.
 * Return: 0, enum status, or a negative errno explained in app->err.
 */
typedef int change_edit_fn(struct app *app, struct change *change, void *arg);

enum change_flags {
	CHANGE_PRINT_UUID = 1 << 0,    /* on stdout, when it is done: the device */
	CHANGE_PRINT_REMOVED = 1 << 1, /* ... the devices that are no more */
	CHANGE_WORDS = 1 << 3,	       /* a dry run says each write in words too */
	CHANGE_MODULE = 1 << 2,	       /* a missing vfio_ap is loaded, behind the masks */
	CHANGE_HOLDERS = 1 << 4,       /* the edit asks who has devices open */
};

/** change_run() - carry a change out; returns what a command returns */
int change_run(struct app *app, unsigned flags, change_edit_fn *edit, void *arg);

/**
 * change_run_device() - as change_run()
 * @ret_uuid: the device whose write failed, when it returns STATUS_FAILED for that, and all is
 *            undone; else untouched; may be NULL
 */
int change_run_device(struct app *app, unsigned flags, change_edit_fn *edit, void *arg,
		      char ret_uuid[UUID_SIZE]);

/** change_find_refused() - a finding for a step that the kernel would refuse as it stands */
int change_find_refused(const struct plan *plan, struct findings *ret);

/* ---- IDs as options, change_ids.c ------------------------------------------------------- */

/** struct change_ids - what -a, -d, -c and -Q were given; @flags: CMD_LIST_NONE or 0 */
struct change_ids {
	struct cmd_texts adapters, domains, controls;
	char *queues;
	unsigned flags;
};

void change_ids_done(struct change_ids *ids);

#define CHANGE_POOL_OPTIONS(ids)                                                \
	CMD_TEXTS('a', "adapters", &(ids)->adapters, "LIST", "These adapters"), \
		CMD_TEXTS('d', "domains", &(ids)->domains, "LIST", "These domains")

#define CHANGE_QUEUES_OPTION(ids) \
	CMD_TEXT('Q', "queues", &(ids)->queues, "APQN,...", "These queues, beside the others")

#define CHANGE_DEVICE_OPTIONS(ids)                                                \
	CHANGE_POOL_OPTIONS(ids),                                                 \
		CMD_TEXTS('c', "control-domains", &(ids)->controls, "LIST|usage", \
			  "These control domains; usage: those of --domains")

#define CHANGE_START_OPTION(text_ptr, help) CMD_TEXT(0, "start", (text_ptr), "auto|manual", help)

/** change_start_parse() - what --start says, NULL: @ret stays; STATUS_USAGE with --active too */
int change_start_parse(struct app *app, const char *text, bool *ret);

/** change_ids_matrix() - the IDs; "all" ends at the highest of the machine */
int change_ids_matrix(struct app *app, const struct change_ids *ids, unsigned max_adapter,
		      unsigned max_domain, struct matrix *ret);

/** change_ids_request() - the IDs as queues for or from the host; at least one option */
int change_ids_request(struct app *app, const struct change_ids *ids, struct pool_request *ret);

/* ---- queues for guests, change_pool.c --------------------------------------------------- */

/**
 * change_reserve() - edit change->want so that the queues named are for guests
 *
 * Adds what speaks against it, files of the queues that would move included, and what is to be
 * said of it; notes them in @change.  Return: 0 or a negative errno explained in app->err.
 */
int change_reserve(struct app *app, struct change *change, const struct pool_request *request);

/**
 * change_pools() - as change_reserve(), where change->want has other masks or overrides already
 * @before, @after: the queues that are for guests
 */
int change_pools(struct app *app, struct change *change, const struct qset *before,
		 const struct qset *after);

/** change_release() - ... that they are the host's; their master keys are looked at afterwards */
int change_release(struct app *app, struct change *change, const struct pool_request *request);

/* ---- the report, change_report.c -------------------------------------------------------- */

/**
 * change_report() - all that a successful change, or a dry run, says
 * @after: the machine now; NULL for a dry run
 */
int change_report(struct app *app, struct change *change, const struct plan *plan,
		  const struct snapshot *after, unsigned flags);

/** change_report_left() - what a failed undo left behind, and the commands that finish it */
void change_report_left(const struct app *app, const struct plan *plan);

#endif
