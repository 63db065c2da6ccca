// SPDX-License-Identifier: MIT
/*
 * The list of queues whose driver override is set again at each boot, and driverctl's.  Setting
 * them is left to override_boot.c; which queues belong into the list, to the policy.
 */
#include "overrides.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "paths.h"
#include "str.h"
#include "swap.h"
#include "sysfs.h"

#define HEADER "# Queues that vfioap-override(8) gives to vfio_ap at each boot."

/* ---- lines --------------------------------------------------------------------------------- */

enum line_kind { LINE_BAD, LINE_COMMENT, LINE_QUEUE };

/* A line of @len bytes without its newline. */
static enum line_kind line_read(const char *line, size_t len, unsigned *ret_apid,
				unsigned *ret_apqi)
{
	char text[32];

	if (!len || *line == '#')
		return LINE_COMMENT;
	if (len >= sizeof(text))
		return LINE_BAD;
	memcpy(text, line, len);
	text[len] = '\0';
	return queue_parse(text, ret_apid, ret_apqi) < 0 ? LINE_BAD : LINE_QUEUE;
}

void overrides_parse(const char *text, size_t len, struct overrides *ret)
{
	unsigned number = 1, apid, apqi;
	const char *p;

	*ret = (struct overrides){ .present = true };
	for (p = text; *p && !ret->bad_line; number++) {
		size_t n = strcspn(p, "\n");
		enum line_kind kind = line_read(p, n, &apid, &apqi);

		if (kind == LINE_QUEUE)
			qset_add(&ret->queues, apid, apqi);
		else if (kind == LINE_BAD)
			ret->bad_line = number;
		p += n + (p[n] == '\n');
	}

	/* A NUL ends the text, and is in no line of ours. */
	if (!ret->bad_line && strlen(text) != len)
		ret->bad_line = number - (p > text && p[-1] != '\n');
	if (ret->bad_line)
		ret->queues = (struct qset){ 0 };
}

/* ---- texts ---------------------------------------------------------------------------------- */

/*
 * The lines of @text that stay; those of @rest that have one are taken out of it.
 * Return: is it worth a file: does a queue or a comment of somebody's stay.
 */
static bool lines_keep(const char *text, struct qset *rest, FILE *out)
{
	const struct qset want = *rest;
	unsigned apid, apqi;
	bool worth = false;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		enum line_kind kind = line_read(p, n, &apid, &apqi);

		if (kind == LINE_QUEUE && qset_has(&want, apid, apqi)) {
			vfioap_mask_clear(&rest->row[apid], apqi);
			worth = true;
		} else if (kind == LINE_COMMENT) {
			worth |= n && (n != strlen(HEADER) || memcmp(p, HEADER, n) != 0);
		}
		if (kind == LINE_COMMENT || (kind == LINE_QUEUE && qset_has(&want, apid, apqi)))
			fprintf(out, "%.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
	return worth;
}

int overrides_edit(const char *text, const struct qset *queues, char **ret)
{
	_cleanup_free_ char *buf = NULL;
	struct qset rest = *queues;
	char name[QUEUE_SIZE];
	bool worth, bad;
	size_t len = 0;
	FILE *out;

	out = open_memstream(&buf, &len);
	if (!out)
		return -ENOMEM;
	worth = lines_keep(text ?: HEADER "\n", &rest, out);
	worth |= !qset_is_empty(&rest);
	QSET_FOREACH(apid, apqi, &rest)
		fprintf(out, "%s\n", queue_format(apid, apqi, name));
	bad = ferror(out);
	if (fclose(out) != 0 || bad)
		return -ENOMEM;
	if (len > SWAP_MAX)
		return -EFBIG;
	*ret = worth ? TAKE_PTR(buf) : NULL;
	return 0;
}

/* ---- the file ------------------------------------------------------------------------------- */

int overrides_read(int root, struct overrides *ret, char **ret_text, size_t *ret_len,
		   struct err *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int rc;

	rc = file_read(root, PATH_OVERRIDES, SWAP_MAX, &text, &len);
	if (rc == -EINVAL)
		return err_set(err, rc, "'/" PATH_OVERRIDES "' is no regular file");
	if (rc < 0 && rc != -ENOENT)
		return err_errno(err, rc, "cannot read '/" PATH_OVERRIDES "'");
	if (rc < 0)
		*ret = (struct overrides){ 0 };
	else
		overrides_parse(text, len, ret);
	if (ret_text) {
		*ret_len = len;
		*ret_text = TAKE_PTR(text);
	}
	return 0;
}

/* ---- driverctl's ---------------------------------------------------------------------------- */

struct driverctl {
	int root;
	struct qset *vfio, *other;
};

/* driverctl takes the device's name as the file has it: no other spelling is one of a queue. */
static int driverctl_entry(void *arg, const char *name)
{
	const struct driverctl *walk = arg;
	const char *queue = str_starts_with(name, "ap-");
	char path[PATH_SIZE], text[64], canonical[QUEUE_SIZE];
	unsigned apid, apqi;

	if (!queue || queue_parse(queue, &apid, &apqi) < 0 ||
	    strcmp(queue, queue_format(apid, apqi, canonical)) != 0)
		return 0;
	path_join(path, PATH_DRIVERCTL, name);
	if (sysfs_read(walk->root, path, text, sizeof(text)) == 0 &&
	    strcmp(str_chomp(text), "vfio_ap") == 0)
		qset_add(walk->vfio, apid, apqi);
	else
		qset_add(walk->other, apid, apqi);
	return 0;
}

int overrides_driverctl_read(int root, struct qset *ret_vfio, struct qset *ret_other,
			     struct err *err)
{
	struct qset vfio = { 0 }, other = { 0 };
	struct driverctl walk = { .root = root, .vfio = &vfio, .other = &other };
	int rc = sysfs_list(root, PATH_DRIVERCTL, driverctl_entry, &walk);

	if (rc < 0 && rc != -ENOENT)
		return err_errno(err, rc, "cannot read '/" PATH_DRIVERCTL "'");
	*ret_vfio = vfio;
	*ret_other = other;
	return 0;
}
