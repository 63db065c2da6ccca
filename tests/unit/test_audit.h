/* SPDX-License-Identifier: MIT */
/*
 * A machine with which nothing is wrong, for tests of the audit, and the rows that spoil it.
 */
#ifndef TEST_AUDIT_H
#define TEST_AUDIT_H

#include "audit.h"
#include "scene.h"

#define DEVICE_A "device '" UUID_A "'"
#define DEVICE_B "device '" UUID_B "'"
#define GUEST_A	 DEVICE_A " (guest 'web1')"
#define OF_A	 "guest 'web1' of " DEVICE_A

struct machine {
	struct scene s;
	struct audit_facts facts;
};

/* The next boot sets the masks as they are. */
static inline void rules_keep(struct machine *m)
{
	m->s.now.rules = (struct udev_rules){
		.present = true,
		.own_form = true,
		.has_apmask = true,
		.has_aqmask = true,
		.masks = m->s.now.bus.masks,
	};
}

/*
 * Adapters 4 to 6; domains 4, 0x47 and 0xab for guests, 0xff for the host.  Device A runs as it is
 * defined, in guest web1.
 */
static inline void machine_init(struct machine *m)
{
	struct mdev *mdev;

	*m = (struct machine){ 0 };
	scene_init(&m->s, "4-6", "4,0x47,0xab,0xff");
	scene_reserve(&m->s, "", "4,0x47,0xab");
	rules_keep(m);
	mdev = scene_active(&m->s, UUID_A, matrix_of("5,6", "4,0xab", ""));
	scene_defined(&m->s, UUID_A, true, mdev->matrix);
	scene_holder(&m->s, mdev, "web1");
}

static inline void keep(struct machine *m, const char *uuid, struct matrix matrix)
{
	scene_active(&m->s, uuid, matrix);
	scene_defined(&m->s, uuid, true, matrix);
}

/* A new matrix for device A, active and defined. */
static inline void change(struct machine *m, const char *adapters, const char *domains,
			  const char *controls)
{
	m->s.mdev[0].matrix = m->s.definition[0].matrix = matrix_of(adapters, domains, controls);
}

/* @active, @persistent: how many findings when only that side is looked at */
struct row {
	const char *name;
	void (*spoil)(struct machine *m);
	enum finding_code code;
	enum finding_severity severity;
	unsigned n, active, persistent, queues;
	const char *uuid, *other, *reason, *path, *message, *hint;
};

static inline unsigned count(struct test *t, const struct machine *m, unsigned flags)
{
	_cleanup_(findings_done) struct findings found = { 0 };

	EXPECT_INT(t, audit_find(&m->s.now, &m->facts, flags, &found), 0);
	return (unsigned)found.n;
}

static inline void expect_finding(struct test *t, const struct row *row, const struct finding *f)
{
	struct qset queues;

	qset_product(&queues, &f->adapters, &f->domains);
	EXPECT_STR(t, finding_code_name(f->code), finding_code_name(row->code));
	EXPECT_STR(t, finding_severity_name(f->severity), finding_severity_name(row->severity));
	EXPECT_INT(t, qset_count(&queues), row->queues);
	EXPECT_STR(t, f->uuid[0], row->uuid ? row->uuid : "");
	EXPECT_STR(t, f->uuid[1], row->other ? row->other : "");
	EXPECT_STR(t, f->reason, row->reason);
	EXPECT_STR(t, f->path, row->path ? row->path : "");
	if (row->message)
		EXPECT_STR(t, f->message, row->message);
	if (row->hint)
		EXPECT_STR(t, f->hint, row->hint);
	EXPECT(t, f->hint && *f->hint);
}

static inline void test_rows(struct test *t, struct machine *m, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		_cleanup_(findings_done) struct findings found = { 0 };

		test_case(t, "%s", row->name);
		machine_init(m);
		row->spoil(m);
		EXPECT_INT(
			t,
			audit_find(&m->s.now, &m->facts, AUDIT_ACTIVE | AUDIT_PERSISTENT, &found),
			0);
		EXPECT_INT(t, found.n, row->n);
		for (size_t k = 0; k < found.n && found.n != row->n; k++)
			test_fail(t, __FILE__, __LINE__, "found %s: %s",
				  finding_code_name(found.v[k].code), found.v[k].message);
		if (found.n == 1)
			expect_finding(t, row, &found.v[0]);
		EXPECT_INT(t, count(t, m, AUDIT_ACTIVE), row->active);
		EXPECT_INT(t, count(t, m, AUDIT_PERSISTENT), row->persistent);
		audit_facts_done(&m->facts);
		for (size_t k = 0; k < m->s.now.definitions.n; k++)
			definition_done(&m->s.definition[k]);
	}
}

#endif
