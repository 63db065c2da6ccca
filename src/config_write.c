// SPDX-License-Identifier: MIT
/*
 * Files of definitions, changed in two steps.  The texts are config_edit.c's; the order of
 * these steps among others is left to whoever changes a device.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "paths.h"

/* mdevctl writes in place: what is no JSON is perhaps only half written (cli 4). */
#define READS	    5
#define READ_NAP_MS 25

static int explain(struct err *err, int rc, const char *what, const char *uuid)
{
	switch (rc) {
	case -ENOMEM: return err_oom(err);
	case -ENOENT: return err_set(err, rc, "device '%s' is not defined", uuid);
	case -EEXIST: return err_set(err, rc, "device '%s' is defined already", uuid);
	case -ELOOP:
		return err_set(err, rc, "cannot %s '/" PATH_DEFINITIONS "/%s': a symbolic link",
			       what, uuid);
	case -EINVAL:
	case -EISDIR:
		return err_set(err, rc, "cannot %s '/" PATH_DEFINITIONS "/%s': no regular file",
			       what, uuid);
	case -ESTALE:
		return err_set(err, rc,
			       "'/" PATH_DEFINITIONS "/%s' was changed meanwhile by somebody else",
			       uuid);
	default: return err_errno(err, rc, "cannot %s '/" PATH_DEFINITIONS "/%s'", what, uuid);
	}
}

/* What is there now, until it is JSON, or stays broken. */
static int open_definition(int root, const char *uuid, struct swap *swap, struct definition *d,
			   struct err *err)
{
	const struct timespec nap = { .tv_nsec = READ_NAP_MS * 1000000L };
	int rc = 0;

	for (unsigned i = 0; i < READS; i++) {
		if (i)
			nanosleep(&nap, NULL);
		swap_done(swap);
		definition_done(d);
		*d = (struct definition){ .problem = CONFIG_OK };
		rc = swap_open(root, PATH_DEFINITIONS, path_uuid(uuid), swap);
		if (!rc && swap->old)
			rc = config_parse(swap->old, swap->old_len, d, NULL);
		if (rc != -EAGAIN && d->problem != CONFIG_BAD_JSON)
			break;
	}
	return rc < 0 ? explain(err, rc, "read", uuid) : 0;
}

static int prepare(struct swap *swap, const char *uuid, const char *text, struct err *err)
{
	int rc = swap_prepare(swap, text, text ? strlen(text) : 0, 0644);

	return rc < 0 ? explain(err, rc, "write", uuid) : 0;
}

int config_create_prepare(int root, const char *uuid, const struct matrix *matrix, bool start_auto,
			  struct swap *swap, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int rc;

	rc = swap_open(root, PATH_DEFINITIONS, path_uuid(uuid), swap);
	if (rc < 0)
		return explain(err, rc, "create", uuid);
	if (swap->old)
		return explain(err, -EEXIST, "create", uuid);

	text = config_format(matrix, start_auto);
	return text ? prepare(swap, uuid, text, err) : err_oom(err);
}

int config_edit_prepare(int root, const char *uuid, const struct config_change *change,
			struct swap *swap, struct err *err)
{
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	_cleanup_free_ char *text = NULL;
	int rc;

	rc = open_definition(root, uuid, swap, &d, err);
	if (rc < 0)
		return rc;
	if (!swap->old)
		return explain(err, -ENOENT, "change", uuid);
	rc = config_edit(uuid, swap->old, swap->old_len, change, &text, err);
	return rc < 0 ? rc : prepare(swap, uuid, text, err);
}

int config_remove_prepare(int root, const char *uuid, struct swap *swap, struct err *err)
{
	_cleanup_(definition_done) struct definition d = { .problem = CONFIG_OK };
	int rc;

	rc = open_definition(root, uuid, swap, &d, err);
	if (rc < 0)
		return rc;
	if (!swap->old)
		return explain(err, -ENOENT, "remove", uuid);
	if (d.problem == CONFIG_OTHER_TYPE)
		return err_set(err, -EPERM, "cannot remove the definition of device '%s': %s", uuid,
			       d.detail);
	return prepare(swap, uuid, NULL, err);
}

int config_commit(struct swap *swap, struct err *err)
{
	int rc = swap_commit(swap);

	return rc < 0 ? explain(err, rc, swap->text ? "write" : "remove", swap->name) : 0;
}

int config_undo(struct swap *swap, struct err *err)
{
	int rc = swap_undo(swap);

	return rc < 0 ? explain(err, rc, "restore", swap->name) : 0;
}
