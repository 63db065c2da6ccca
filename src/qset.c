/* SPDX-License-Identifier: MIT */
/*
 * Sets of AP queues: algebra row by row, and their texts.  What a set means (a pool, a
 * device) is left to others.
 */
#include "qset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "str.h"
#include "util.h"

#define FORMAT_MAX_QUEUES 8 /* more than these are shown as a product */

/* ---- algebra ------------------------------------------------------------------------- */

void qset_product(struct qset *ret, const struct vfioap_mask *adapters,
		  const struct vfioap_mask *domains)
{
	const struct vfioap_mask none = { { 0 } };

	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		ret->row[a] = vfioap_mask_has(adapters, a) ? *domains : none;
}

void qset_and(struct qset *q, const struct qset *other)
{
	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		q->row[a] = vfioap_mask_and(q->row[a], other->row[a]);
}

void qset_or(struct qset *q, const struct qset *other)
{
	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		q->row[a] = vfioap_mask_or(q->row[a], other->row[a]);
}

void qset_andnot(struct qset *q, const struct qset *other)
{
	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		q->row[a] = vfioap_mask_andnot(q->row[a], other->row[a]);
}

bool qset_is_empty(const struct qset *q)
{
	for (unsigned a = 0; a < VFIOAP_IDS; a++) {
		if (!vfioap_mask_is_empty(&q->row[a]))
			return false;
	}
	return true;
}

bool qset_equal(const struct qset *a, const struct qset *b)
{
	for (unsigned i = 0; i < VFIOAP_IDS; i++) {
		if (!vfioap_mask_equal(&a->row[i], &b->row[i]))
			return false;
	}
	return true;
}

bool qset_contains(const struct qset *whole, const struct qset *part)
{
	for (unsigned a = 0; a < VFIOAP_IDS; a++) {
		if (!vfioap_mask_contains(&whole->row[a], &part->row[a]))
			return false;
	}
	return true;
}

unsigned qset_count(const struct qset *q)
{
	unsigned n = 0;

	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		n += vfioap_mask_count(&q->row[a]);
	return n;
}

struct vfioap_mask qset_adapters(const struct qset *q)
{
	struct vfioap_mask m = { { 0 } };

	for (unsigned a = 0; a < VFIOAP_IDS; a++) {
		if (!vfioap_mask_is_empty(&q->row[a]))
			vfioap_mask_set(&m, a);
	}
	return m;
}

struct vfioap_mask qset_domains(const struct qset *q)
{
	struct vfioap_mask m = { { 0 } };

	for (unsigned a = 0; a < VFIOAP_IDS; a++)
		m = vfioap_mask_or(m, q->row[a]);
	return m;
}

bool qset_next(const struct qset *q, unsigned *apid, unsigned *apqi)
{
	unsigned from = *apqi + 1; /* -1u, the start, wraps to 0 */

	for (unsigned a = *apid; a < VFIOAP_IDS; a++, from = 0) {
		unsigned d = from < VFIOAP_IDS ? vfioap_mask_next(&q->row[a], from) : VFIOAP_IDS;

		if (d < VFIOAP_IDS) {
			*apid = a;
			*apqi = d;
			return true;
		}
	}
	return false;
}

/* ---- texts --------------------------------------------------------------------------- */

char *queue_format(unsigned apid, unsigned apqi, char buf[QUEUE_SIZE])
{
	static const char hex[] = "0123456789abcdef";

	/* By hand: a listing has tens of thousands. */
	buf[0] = hex[apid >> 4 & 15];
	buf[1] = hex[apid & 15];
	buf[2] = '.';
	for (unsigned i = 0; i < 4; i++)
		buf[3 + i] = hex[apqi >> 4 * (3 - i) & 15];
	buf[7] = '\0';
	return buf;
}

/* The queue at *@p, moved behind it. */
static int queue_parse_at(const char **p, unsigned *ret_apid, unsigned *ret_apqi)
{
	unsigned long apid, apqi;
	const char *s = *p;
	int rc, range;

	/* Above the range is said only of what else has the form of a queue. */
	range = rc = str_ulong_parse(&s, 16, VFIOAP_IDS - 1, &apid);
	if (rc == -EINVAL)
		return rc;
	if (rc == -ERANGE)
		s += strspn(s, "0123456789abcdefABCDEF");
	if (*s++ != '.')
		return -EINVAL;

	rc = str_ulong_parse(&s, 16, VFIOAP_IDS - 1, &apqi);
	if (rc < 0)
		return rc;
	if (range < 0)
		return range;

	*p = s;
	*ret_apid = (unsigned)apid;
	*ret_apqi = (unsigned)apqi;
	return 0;
}

int queue_parse(const char *text, unsigned *ret_apid, unsigned *ret_apqi)
{
	unsigned apid, apqi;
	int rc;

	rc = queue_parse_at(&text, &apid, &apqi);
	if (rc < 0)
		return rc;
	if (*text)
		return -EINVAL;

	*ret_apid = apid;
	*ret_apqi = apqi;
	return 0;
}

int qset_parse(const char *text, struct qset *ret, size_t *reterr_off, size_t *reterr_len)
{
	struct qset q = { 0 };
	const char *p = text;
	unsigned apid, apqi;

	for (;;) {
		const char *item = p;
		size_t len = strcspn(item, ",");
		int rc = queue_parse_at(&p, &apid, &apqi);

		if (!rc && p != item + len)
			rc = -EINVAL;
		if (rc < 0) {
			if (reterr_off)
				*reterr_off = (size_t)(item - text);
			if (reterr_len)
				*reterr_len = len;
			return rc;
		}
		qset_add(&q, apid, apqi);
		if (!*p)
			break;
		p++;
	}

	*ret = q;
	return 0;
}

static char *format_queues(const struct qset *q)
{
	char text[FORMAT_MAX_QUEUES * (QUEUE_SIZE + 1) + 1] = "";
	char queue[QUEUE_SIZE];
	size_t len = 0;

	QSET_FOREACH(a, d, q)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? ", " : "",
					queue_format(a, d, queue));
	return strdup(text);
}

char *qset_format(const struct qset *q)
{
	struct vfioap_mask adapters = qset_adapters(q), domains = qset_domains(q);
	char adapters_text[VFIOAP_LIST_SIZE], domains_text[VFIOAP_LIST_SIZE];
	unsigned n = qset_count(q);
	char *text = NULL;
	int rc;

	if (!n)
		return strdup("none");
	if (n <= FORMAT_MAX_QUEUES)
		return format_queues(q);

	vfioap_list_format(&adapters, adapters_text);
	vfioap_list_format(&domains, domains_text);
	if (n == vfioap_mask_count(&adapters) * vfioap_mask_count(&domains))
		rc = asprintf(&text, "adapters %s x domains %s (%u queues)", adapters_text,
			      domains_text, n);
	else
		rc = asprintf(&text, "%u queues of adapters %s x domains %s", n, adapters_text,
			      domains_text);
	return rc < 0 ? NULL : text;
}
