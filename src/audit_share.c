/* SPDX-License-Identifier: MIT */
/*
 * Rules of the audit about two devices: queues that both have, and control domains by which the
 * guest of one can change the keys of the other.
 *
 * Source: vfio_ap_ops.c of Linux (no queue of two active devices), interop 6.6 (autostart tries
 * each device once).
 */
#include "audit_rules.h"

#include <errno.h>

#include "collide.h"

/* ---- queues of two devices ------------------------------------------------------------ */

/* Two owners, the one to be changed first: by UUID the later, but not one that runs. */
struct pair {
	const struct audit *a;
	const struct audit_owner *x, *y;
};

static int say_shared(void *arg, struct finding proto, const char *queues)
{
	const struct pair *p = arg;
	_cleanup_free_ char *hint =
		share_unassign(p->x->device->uuid, p->x->matrix, &proto.adapters, &proto.domains);
	char x[SHARE_PARTY_SIZE], y[SHARE_PARTY_SIZE];

	if (!hint)
		return -ENOMEM;
	share_party(p->a->now, p->x->device->uuid, x);
	share_party(p->a->now, p->y->device->uuid, y);
	if (proto.code == FINDING_QUEUE_SHARED_ACTIVE)
		return findings_say(p->a->ret, proto, hint, "%s and %s both own %s", y, x, queues);
	if (p->y->active)
		return findings_say(p->a->ret, proto, hint,
				    "%s owns %s; %s is defined with it too%s, and cannot start"
				    " meanwhile",
				    y, queues, x, p->x->automatic ? " and starts by itself" : "");
	if (proto.code == FINDING_QUEUE_SHARED_AUTOSTART)
		return findings_say(p->a->ret, proto, hint,
				    "%s and %s are both defined with %s and start by themselves:"
				    " one of them cannot",
				    y, x, queues);
	return findings_say(p->a->ret, proto, hint,
			    "%s and %s are both defined with %s: only one of them can be active", y,
			    x, queues);
}

static bool is_between(const struct audit_owner *x, const struct audit_owner *y, bool x_active,
		       bool y_active)
{
	return x->active == x_active && y->active == y_active;
}

/* A definition that waits for its turn; of an active device only what is new in it counts. */
static enum finding_code pair_code(const struct pair *p)
{
	if (is_between(p->x, p->y, true, true))
		return FINDING_QUEUE_SHARED_ACTIVE;
	if (is_between(p->x, p->y, false, false))
		return p->x->automatic && p->y->automatic ? FINDING_QUEUE_SHARED_AUTOSTART
							  : FINDING_QUEUE_SHARED_DEFINITION;
	return p->x->automatic && !p->x->device->mdev ? FINDING_QUEUE_SHARED_AUTOSTART
						      : FINDING_QUEUE_SHARED_DEFINITION;
}

static void without_common(struct qset *q, const struct matrix *a, const struct matrix *b)
{
	struct qset said;

	if (a && b && share_common(&said, a, b))
		qset_andnot(q, &said);
}

/* What the two share, less what is said where other sides of them meet. */
static void pair_queues(const struct pair *p, enum finding_code code, struct qset *ret)
{
	const struct audit_owner *x = p->x, *y = p->y;
	const struct definition *theirs = y->device->definition;

	share_common(ret, x->matrix, y->matrix);
	if (is_between(x, y, false, true)) {
		without_common(ret, x->beside, y->matrix);
		if (x->automatic && theirs && theirs->problem == CONFIG_OK && theirs->start_auto)
			without_common(ret, x->matrix, &theirs->matrix);
	} else if (code == FINDING_QUEUE_SHARED_DEFINITION) {
		without_common(ret, x->matrix, y->beside);
		without_common(ret, x->beside, y->matrix);
	}
}

static int judge_pair(const struct audit *a, const struct audit_owner *x,
		      const struct audit_owner *y)
{
	struct pair p = { .a = a, .x = y, .y = x };
	struct finding proto;
	struct qset queues;

	if (x->device == y->device || !matrix_collide(x->matrix, y->matrix))
		return 0;
	if (y->active && !x->active)
		p = (struct pair){ .a = a, .x = x, .y = y };
	/* Of two definitions the one that is not active is to be changed. */
	if (!x->active && !y->active && y->device->mdev && !x->device->mdev)
		p = (struct pair){ .a = a, .x = x, .y = y };
	proto = audit_about(pair_code(&p), p.x);
	memcpy(proto.uuid[1], p.y->device->uuid, UUID_SIZE);
	if (!p.x->beside && !p.y->beside && p.x->active == p.y->active) {
		/* The usual pair: all that both have, which is one product. */
		proto.adapters = vfioap_mask_and(x->matrix->adapters, y->matrix->adapters);
		proto.domains = vfioap_mask_and(x->matrix->domains, y->matrix->domains);
		return share_say_product(proto, say_shared, &p);
	}
	pair_queues(&p, proto.code, &queues);
	return share_say(&queues, proto, say_shared, &p);
}

/* One or a few against all: nothing to be gained from an order. */
static int judge_asked(const struct audit *a)
{
	int rc = 0;

	for (size_t i = 0; i < a->n_owners; i++) {
		const struct audit_owner *x = &a->owner[i];

		for (size_t j = 0; x->asked && rc == 0 && j < a->n_owners; j++)
			if (j > i || !a->owner[j].asked)
				rc = judge_pair(a, &a->owner[j < i ? j : i],
						&a->owner[j < i ? i : j]);
	}
	return rc;
}

static int judge_all(const struct audit *a)
{
	_cleanup_free_ const struct matrix **matrix = calloc(a->n_owners + 1, sizeof(*matrix));
	_cleanup_free_ struct collision *v = NULL;
	size_t n;
	int rc;

	if (!matrix)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_owners; i++)
		matrix[i] = a->owner[i].matrix;
	rc = collide_find(matrix, a->n_owners, &v, &n);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = judge_pair(a, &a->owner[v[i].earlier], &a->owner[v[i].later]);
	return rc;
}

int audit_shared(const struct audit *a)
{
	return a->facts->n_about ? judge_asked(a) : judge_all(a);
}

/* ---- control domains -------------------------------------------------------------------- */

struct exposed {
	const struct audit *a;
	const struct audit_owner *by, *of; /* of: NULL, the host */
};

static int say_exposed(void *arg, struct finding proto, const char *queues)
{
	const struct exposed *e = arg;
	_cleanup_free_ char *hint = NULL;
	char by[SHARE_PARTY_SIZE], of[SHARE_PARTY_SIZE] = "the host";
	char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE];

	vfioap_list_format(&proto.adapters, a);
	vfioap_list_format(&proto.domains, d);
	share_guest(e->a->now, e->by->device->uuid, by);
	if (e->of)
		share_party(e->a->now, e->of->device->uuid, of);
	hint = finding_text("'vfioap unassign %s -c %s' takes the control domain away",
			    e->by->device->uuid, d);
	if (!hint)
		return -ENOMEM;
	return findings_say(e->a->ret, proto, hint,
			    "%s may administer domain%s %s of adapter%s %s (%s), which"
			    " %s uses",
			    by, vfioap_mask_count(&proto.domains) == 1 ? "" : "s", d,
			    vfioap_mask_count(&proto.adapters) == 1 ? "" : "s", a, queues, of);
}

/* Of its adapters, by its control domains; through a usage domain that it has. */
static void administered(const struct matrix *by, struct qset *ret)
{
	*ret = (struct qset){ 0 };
	if (!vfioap_mask_is_empty(&by->domains))
		qset_product(ret, &by->adapters, &by->controls);
}

/* ... that @of has; what both have is no matter of control domains. */
static void exposed_queues(const struct matrix *by, const struct matrix *of, struct qset *ret)
{
	struct qset theirs;

	administered(by, ret);
	share_queues(&theirs, of);
	qset_and(ret, &theirs);
	share_queues(&theirs, by);
	qset_andnot(ret, &theirs);
}

static int judge_exposed(const struct audit *a, const struct audit_owner *by,
			 const struct audit_owner *of)
{
	struct exposed e = { .a = a, .by = by, .of = of };
	struct finding proto = audit_about(FINDING_CONTROL_EXPOSED, by);
	struct qset queues, said;

	if (by->device == of->device || by->active != of->active || !(by->asked || of->asked) ||
	    !vfioap_mask_intersects(&by->matrix->adapters, &of->matrix->adapters))
		return 0;
	exposed_queues(by->matrix, of->matrix, &queues);
	if (by->beside && of->beside) {
		exposed_queues(by->beside, of->beside, &said);
		qset_andnot(&queues, &said);
	}
	memcpy(proto.uuid[1], of->device->uuid, UUID_SIZE);
	return share_say(&queues, proto, say_exposed, &e);
}

static int judge_host(const struct audit *a, const struct audit_owner *by)
{
	struct exposed e = { .a = a, .by = by };
	const struct apbus *bus = audit_bus(a, by);
	struct qset queues, own;

	if (!bus)
		return 0;
	administered(by->matrix, &queues);
	qset_and(&queues, &bus->host_driver);
	share_queues(&own, by->matrix);
	qset_andnot(&queues, &own);
	if (audit_is_again(by))
		qset_andnot(&queues, &a->now->bus.host_driver);
	return share_say(&queues, audit_about(FINDING_CONTROL_EXPOSED, by), say_exposed, &e);
}

/* The kernel takes control domains alone; ap-check refuses to start such a device. */
static int judge_useless(const struct audit *a, const struct audit_owner *o)
{
	struct finding proto = audit_about(FINDING_CONTROL_WITHOUT_USAGE, o);
	_cleanup_free_ char *hint = NULL;
	char list[VFIOAP_LIST_SIZE], party[SHARE_PARTY_SIZE];

	if (audit_is_again(o) || !vfioap_mask_is_empty(&o->matrix->domains) ||
	    vfioap_mask_is_empty(&o->matrix->controls))
		return 0;
	vfioap_list_format(&o->matrix->controls, list);
	hint = finding_text("'vfioap unassign %s -c %s' takes them away", o->device->uuid, list);
	if (!hint)
		return -ENOMEM;
	proto.domains = o->matrix->controls;
	return findings_say(a->ret, proto, hint,
			    "%s has control domains %s and no usage domain: its guest has no queue"
			    " to use them with, and ap-check refuses to start it",
			    share_party(a->now, o->device->uuid, party), list);
}

int audit_controls(const struct audit *a)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->n_owners; i++) {
		const struct audit_owner *o = &a->owner[i];

		if (vfioap_mask_is_empty(&o->matrix->controls))
			continue;
		if (o->asked)
			rc = judge_useless(a, o);
		if (o->asked && rc == 0)
			rc = judge_host(a, o);
		for (size_t j = 0; rc == 0 && j < a->n_owners; j++)
			rc = judge_exposed(a, o, &a->owner[j]);
	}
	return rc;
}
