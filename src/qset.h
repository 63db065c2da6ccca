/* SPDX-License-Identifier: MIT */
/*
 * A set of AP queues: one mask of domains per adapter, 8 KiB whatever is in it.
 * Host pools, drivers and devices are all compared as such sets.
 */
#ifndef QSET_H
#define QSET_H

#include <vfioap/mask.h>

struct qset {
	struct vfioap_mask row[VFIOAP_IDS]; /* row[APID]: its domains in the set */
};

static inline bool qset_has(const struct qset *q, unsigned apid, unsigned apqi)
{
	return apid < VFIOAP_IDS && vfioap_mask_has(&q->row[apid], apqi);
}

static inline void qset_add(struct qset *q, unsigned apid, unsigned apqi)
{
	if (apid < VFIOAP_IDS)
		vfioap_mask_set(&q->row[apid], apqi);
}

/** qset_product() - every queue of @adapters x @domains */
void qset_product(struct qset *ret, const struct vfioap_mask *adapters,
		  const struct vfioap_mask *domains);

/** qset_and(), qset_or(), qset_andnot() - change @q in place */
void qset_and(struct qset *q, const struct qset *other);
void qset_or(struct qset *q, const struct qset *other);
void qset_andnot(struct qset *q, const struct qset *other);

bool qset_is_empty(const struct qset *q);
bool qset_equal(const struct qset *a, const struct qset *b);
bool qset_contains(const struct qset *whole, const struct qset *part);
unsigned qset_count(const struct qset *q); /* 0..65536 */

/** qset_adapters(), qset_domains() - the IDs that occur: the smallest product around @q */
struct vfioap_mask qset_adapters(const struct qset *q);
struct vfioap_mask qset_domains(const struct qset *q);

/**
 * qset_next() - walk over the queues, by adapter, then domain
 * @apid, @apqi: the queue found; start with *@apid = 0, *@apqi = -1u
 * Return: false at the end.
 */
bool qset_next(const struct qset *q, unsigned *apid, unsigned *apqi);

#define QSET_FOREACH(a, d, q) for (unsigned a = 0, d = -1u; qset_next((q), &a, &d);)

/** Size of the buffer for a queue as text: "05.0004" and NUL. */
#define QUEUE_SIZE 8

/** queue_format() - "05.0004", as sysfs and lszcrypt print it; returns @buf */
char *queue_format(unsigned apid, unsigned apqi, char buf[QUEUE_SIZE]);

/**
 * queue_parse() - "05.0004" or "5.4", both hexadecimal, nothing around it
 * Return: 0; -EINVAL; -ERANGE.
 */
int queue_parse(const char *text, unsigned *ret_apid, unsigned *ret_apqi);

/**
 * qset_parse() - a comma list of queues
 * @reterr_off, @reterr_len: the item that is wrong; may be NULL
 * Return: 0; -EINVAL; -ERANGE; @ret is untouched on failure.
 */
int qset_parse(const char *text, struct qset *ret, size_t *reterr_off, size_t *reterr_len);

/**
 * qset_format() - for people: up to 8 queues one by one, "05.0004, 05.0047"; more as
 *                 their product, "adapters 0-0x7f x domains 0-0xff (32768 queues)"; more
 *                 that are no product as "N queues of adapters .. x domains .."; "none"
 * Return: a heap string, or NULL without memory.
 */
char *qset_format(const struct qset *q);

#endif
