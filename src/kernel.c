/* SPDX-License-Identifier: MIT */
/*
 * A model of the kernel's side, as far as its answers go: who may own a queue, who objects to
 * a mask, what a driver override excludes.  Which guest sees what is left to
 * snapshot_predict_guest().
 *
 * Source: ap_bus.c and vfio_ap_ops.c of Linux; kernel-abi 4, 5, 10, 16.
 */
#include "kernel.h"

#include <errno.h>

#include "paths.h"
#include "str.h"

/* A file and a text as one thing to be done; OP_OTHER is not known here. */
enum op_kind {
	OP_OTHER,
	OP_MASK,
	OP_CREATE,
	OP_REMOVE,
	OP_ID,
	OP_CONFIG,
	OP_OVERRIDE,
	OP_BIND,
	OP_UNBIND,
	OP_PROBE,
};

enum op_what { OP_ADAPTER, OP_DOMAIN, OP_CONTROL };

struct op {
	enum op_kind kind;
	bool is_apmask;		 /* OP_MASK */
	struct vfioap_mask mask; /* ... as it becomes */
	char uuid[UUID_SIZE];	 /* of a device */
	enum op_what what;	 /* OP_ID */
	bool assign;		 /* ... or unassign */
	unsigned id;
	struct matrix matrix; /* OP_CONFIG */
	bool set;	      /* OP_OVERRIDE: or cleared */
	bool set_vfio;	      /* ... to vfio_ap */
	bool is_vfio;	      /* OP_BIND, OP_UNBIND: which driver */
	unsigned apid, apqi;  /* the last four: the queue */
};

struct kernel *kernel_new(const struct snapshot *now)
{
	_cleanup_(kernel_freep) struct kernel *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->caps = caps_find(now);
	k->bus = now->bus;
	k->now = now;
	k->devices = wish_new(now);
	return k->devices ? TAKE_PTR(k) : NULL;
}

struct kernel *kernel_free(struct kernel *k)
{
	if (k)
		wish_free(k->devices);
	free(k);
	return NULL;
}

void kernel_freep(struct kernel **k)
{
	*k = kernel_free(*k);
}

/* ---- what a write means -------------------------------------------------------------- */

static int parse_mask(const struct kernel *k, bool is_apmask, const char *text, struct op *op)
{
	struct vfioap_change change;

	op->kind = OP_MASK;
	op->is_apmask = is_apmask;
	op->mask = is_apmask ? k->bus.masks.apmask : k->bus.masks.aqmask;
	if (*text != '+' && *text != '-')
		return vfioap_hex_parse(text, true, &op->mask, NULL);
	if (vfioap_change_parse(text, &change, NULL) < 0)
		return -EINVAL;
	op->mask = vfioap_change_apply(&change, op->mask);
	return 0;
}

static int parse_device(const char *file, const char *text, struct op *op)
{
	static const struct {
		const char *file;
		enum op_what what;
		bool assign;
	} rows[] = {
		{ .file = "assign_adapter", .what = OP_ADAPTER, .assign = true },
		{ .file = "assign_domain", .what = OP_DOMAIN, .assign = true },
		{ .file = "assign_control_domain", .what = OP_CONTROL, .assign = true },
		{ .file = "unassign_adapter", .what = OP_ADAPTER },
		{ .file = "unassign_domain", .what = OP_DOMAIN },
		{ .file = "unassign_control_domain", .what = OP_CONTROL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(file, rows[i].file) != 0)
			continue;
		op->kind = OP_ID;
		op->what = rows[i].what;
		op->assign = rows[i].assign;
		return vfioap_id_parse(text, &op->id, NULL);
	}
	if (strcmp(file, "ap_config") == 0) {
		op->kind = OP_CONFIG;
		return ap_config_parse(text, &op->matrix) < 0 ? -EINVAL : 0;
	}
	if (strcmp(file, "remove") == 0)
		op->kind = OP_REMOVE;
	return 0;
}

static int parse_queue(const char *text, struct op *op)
{
	return queue_parse(text, &op->apid, &op->apqi) < 0 ? -ENODEV : 0;
}

/* "NAME/bind" or "NAME/unbind" */
static int parse_driver(const char *rest, const char *text, struct op *op)
{
	const char *file = strchr(rest, '/');

	if (!file)
		return 0;
	op->is_vfio = str_starts_with(rest, "vfio_ap/") != NULL;
	if (strcmp(file, "/bind") == 0)
		op->kind = OP_BIND;
	else if (strcmp(file, "/unbind") == 0)
		op->kind = OP_UNBIND;
	return op->kind == OP_OTHER ? 0 : parse_queue(text, op);
}

/* ".../05.0004/driver_override" */
static int parse_override(const char *path, const char *text, struct op *op)
{
	static const char end[] = "/driver_override";
	char name[QUEUE_SIZE];
	size_t len = strlen(path), cut = len - strlen(end);

	if (len < strlen(end) + QUEUE_SIZE || strcmp(path + cut, end) != 0)
		return 0;
	snprintf(name, sizeof(name), "%.7s", path + cut - (QUEUE_SIZE - 1));
	op->kind = OP_OVERRIDE;
	op->set = *text && *text != '\n';
	op->set_vfio = strcmp(text, "vfio_ap") == 0 || strcmp(text, "vfio_ap\n") == 0;
	return parse_queue(name, op);
}

static int op_parse(const struct kernel *k, const char *path, const char *text, struct op *ret)
{
	const char *rest;

	*ret = (struct op){ .kind = OP_OTHER };
	if (strcmp(path, PATH_AP_MASK) == 0 || strcmp(path, PATH_AQ_MASK) == 0)
		return parse_mask(k, strcmp(path, PATH_AP_MASK) == 0, text, ret);
	if (strcmp(path, PATH_MATRIX_CREATE) == 0) {
		ret->kind = OP_CREATE;
		return uuid_canonical(text, ret->uuid);
	}
	rest = str_starts_with(path, PATH_MATRIX "/");
	if (rest && strlen(rest) > UUID_SIZE && rest[UUID_SIZE - 1] == '/') {
		snprintf(ret->uuid, sizeof(ret->uuid), "%.36s", rest);
		return parse_device(rest + UUID_SIZE, text, ret);
	}
	if (strcmp(path, PATH_AP_PROBE) == 0) {
		ret->kind = OP_PROBE;
		return parse_queue(text, ret);
	}
	rest = str_starts_with(path, PATH_AP_DRIVERS "/");
	return rest ? parse_driver(rest, text, ret) : parse_override(path, text, ret);
}

static struct vfioap_mask *op_ids(struct matrix *m, enum op_what what)
{
	switch (what) {
	case OP_ADAPTER: return &m->adapters;
	case OP_DOMAIN: return &m->domains;
	case OP_CONTROL: break;
	}
	return &m->controls;
}

static struct matrix op_matrix(const struct op *op, const struct wish_device *device)
{
	struct matrix m = device->matrix;

	if (op->kind == OP_CONFIG)
		return op->matrix;
	(op->assign ? vfioap_mask_set : vfioap_mask_clear)(op_ids(&m, op->what), op->id);
	return m;
}

/* ---- the answer ------------------------------------------------------------------------- */

void kernel_host_queues(struct qset *ret, const struct apbus *bus, const struct apbus_masks *masks,
			const struct matrix *m)
{
	struct vfioap_mask adapters = vfioap_mask_and(m->adapters, masks->apmask);
	struct vfioap_mask domains = vfioap_mask_and(m->domains, masks->aqmask);
	struct qset bound = bus->vfio_driver, host, own;

	qset_product(ret, &adapters, &domains);
	if (qset_is_empty(&bus->override))
		return;

	qset_and(&bound, &bus->override);
	qset_andnot(ret, &bound);
	host = bus->host_driver;
	qset_and(&host, &bus->override);
	qset_product(&own, &m->adapters, &m->domains);
	qset_and(&host, &own);
	qset_or(ret, &host);
}

static bool is_shared(const struct kernel *k, const char *uuid, const struct matrix *m)
{
	for (size_t i = 0; i < k->devices->n_devices; i++) {
		const struct wish_device *other = &k->devices->device[i];

		if (strcmp(other->uuid, uuid) != 0 && matrix_collide(&other->matrix, m))
			return true;
	}
	return false;
}

/* The whole matrix is looked at, whatever is new in it (kernel-abi 10.1). */
static int answer_matrix(const struct kernel *k, const char *uuid, const struct matrix *m)
{
	struct qset host;

	kernel_host_queues(&host, &k->bus, &k->bus.masks, m);
	if (!qset_is_empty(&host))
		return -EADDRNOTAVAIL;
	return is_shared(k, uuid, m) ? -EADDRINUSE : 0;
}

/* Before 6.0: every queue that comes, or when there is none yet any of the ID, is bound. */
static bool is_bound(const struct kernel *k, const struct op *op, const struct matrix *was)
{
	struct vfioap_mask one = vfioap_mask_range(op->id, op->id);
	bool adapter = op->what == OP_ADAPTER;
	struct qset gained;

	if (!vfioap_mask_is_empty(adapter ? &was->domains : &was->adapters)) {
		qset_product(&gained, adapter ? &one : &was->adapters,
			     adapter ? &was->domains : &one);
		return qset_contains(&k->bus.vfio_driver, &gained);
	}
	if (adapter)
		return !vfioap_mask_is_empty(&k->bus.vfio_driver.row[op->id]);
	one = qset_domains(&k->bus.vfio_driver);
	return vfioap_mask_has(&one, op->id);
}

static bool is_held(const struct kernel *k, const char *uuid)
{
	const struct device *device = snapshot_device(k->now, uuid);

	return device && device->mdev && snapshot_holder(k->now, device->mdev);
}

static unsigned id_max(const struct kernel *k, enum op_what what)
{
	return what == OP_ADAPTER ? k->bus.max_adapter : k->bus.max_domain;
}

static int answer_id(const struct kernel *k, const struct op *op, const struct wish_device *device)
{
	struct matrix was = device->matrix, m = op_matrix(op, device);

	if (!k->caps.dynamic && is_held(k, op->uuid))
		return -EBUSY;
	if (op->id > id_max(k, op->what))
		return -ENODEV;
	if (!op->assign || op->what == OP_CONTROL)
		return 0;
	if (!k->caps.dynamic && !is_bound(k, op, &was))
		return -EADDRNOTAVAIL;
	if (!k->caps.dynamic)
		return is_shared(k, op->uuid, &m) ? -EADDRINUSE : 0;
	return vfioap_mask_has(op_ids(&was, op->what), op->id) ? 0 : answer_matrix(k, op->uuid, &m);
}

static int answer_config(const struct kernel *k, const struct op *op)
{
	struct matrix m = op->matrix;
	int rc;

	if (!k->caps.ap_config)
		return k->caps.ap_config_known ? -ENOENT : 0;
	rc = answer_matrix(k, op->uuid, &m);
	if (rc < 0)
		return rc;
	for (enum op_what what = OP_ADAPTER; what <= OP_CONTROL; what++)
		if (vfioap_mask_next(op_ids(&m, what), id_max(k, what) + 1) < VFIOAP_IDS)
			return -ENODEV;
	return 0;
}

/* vfio_ap_mdev_in_use(): assigned counts, bound or not, with or without a guest */
static int answer_mask(const struct kernel *k, const struct op *op)
{
	const struct apbus_masks *masks = &k->bus.masks;
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);
	struct vfioap_mask adapters = k->caps.in_use_wide ? all : masks->apmask;
	struct vfioap_mask domains = k->caps.in_use_wide ? all : masks->aqmask;

	if (!qset_is_empty(&k->bus.override))
		return -EINVAL;
	if (!k->caps.dynamic)
		return 0;
	if (op->is_apmask)
		adapters = vfioap_mask_andnot(op->mask, masks->apmask);
	else
		domains = vfioap_mask_andnot(op->mask, masks->aqmask);
	for (size_t i = 0; i < k->devices->n_devices; i++) {
		const struct matrix *m = &k->devices->device[i].matrix;

		if (vfioap_mask_intersects(&m->adapters, &adapters) &&
		    vfioap_mask_intersects(&m->domains, &domains))
			return -EBUSY;
	}
	return 0;
}

/* By an override, else by the masks. */
static bool wants_vfio(const struct kernel *k, unsigned apid, unsigned apqi)
{
	if (qset_has(&k->bus.override, apid, apqi))
		return qset_has(&k->bus.override_vfio, apid, apqi);
	return !vfioap_mask_has(&k->bus.masks.apmask, apid) ||
	       !vfioap_mask_has(&k->bus.masks.aqmask, apqi);
}

static int answer_driver(const struct kernel *k, const struct op *op)
{
	const struct qset *driver = op->is_vfio ? &k->bus.vfio_driver : &k->bus.host_driver;
	bool mine = qset_has(driver, op->apid, op->apqi);

	if (!qset_has(&k->bus.queues, op->apid, op->apqi))
		return -ENODEV;
	if (op->kind == OP_UNBIND)
		return mine ? 0 : -ENODEV;
	if (op->kind == OP_PROBE)
		return 0;
	if (qset_has(&k->bus.vfio_driver, op->apid, op->apqi) ||
	    qset_has(&k->bus.host_driver, op->apid, op->apqi))
		return -EBUSY;
	return wants_vfio(k, op->apid, op->apqi) == op->is_vfio ? 0 : -ENODEV;
}

static bool is_removing(const struct kernel *k, const char *uuid)
{
	const struct device *device = snapshot_device(k->now, uuid);

	return device && device->mdev && device->mdev->removing;
}

static int op_answer(const struct kernel *k, const struct op *op)
{
	const struct wish_device *device = wish_device_const(k->devices, op->uuid);

	switch (op->kind) {
	case OP_MASK: return answer_mask(k, op);
	case OP_CREATE: return device || is_removing(k, op->uuid) ? -EEXIST : 0;
	case OP_REMOVE: return device ? 0 : -ENOENT;
	case OP_ID: return device ? answer_id(k, op, device) : -ENOENT;
	case OP_CONFIG: return device ? answer_config(k, op) : -ENOENT;
	/* The kernel's own mark of masks in use cannot be read; this errs to the safe side. */
	case OP_OVERRIDE: return apbus_masks_all(&k->bus.masks) ? 0 : -EINVAL;
	case OP_BIND:
	case OP_UNBIND:
	case OP_PROBE: return answer_driver(k, op);
	case OP_OTHER: break;
	}
	return 0;
}

int kernel_ask(const struct kernel *k, const char *path, const char *text)
{
	struct op op;
	int rc = op_parse(k, path, text, &op);

	return rc < 0 ? rc : op_answer(k, &op);
}

/* ---- what follows ------------------------------------------------------------------------- */

static void queue_move(struct apbus *bus, unsigned apid, unsigned apqi, bool vfio, bool host)
{
	(vfio ? vfioap_mask_set : vfioap_mask_clear)(&bus->vfio_driver.row[apid], apqi);
	(host ? vfioap_mask_set : vfioap_mask_clear)(&bus->host_driver.row[apid], apqi);
}

/* Bound queues that have no override go where the masks say (__ap_revise_reserved()). */
static void follow_mask(struct kernel *k, const struct op *op)
{
	struct apbus *bus = &k->bus;
	struct qset bound = bus->vfio_driver;

	*(op->is_apmask ? &bus->masks.apmask : &bus->masks.aqmask) = op->mask;
	qset_or(&bound, &bus->host_driver);
	qset_andnot(&bound, &bus->override);
	QSET_FOREACH(apid, apqi, &bound) {
		bool vfio = wants_vfio(k, apid, apqi);

		queue_move(bus, apid, apqi, vfio && bus->vfio_ap_loaded, !vfio);
	}
}

static void follow_queue(struct kernel *k, const struct op *op)
{
	struct apbus *bus = &k->bus;
	bool vfio = wants_vfio(k, op->apid, op->apqi);
	bool bound = qset_has(&bus->vfio_driver, op->apid, op->apqi) ||
		     qset_has(&bus->host_driver, op->apid, op->apqi);

	if (!qset_has(&bus->queues, op->apid, op->apqi))
		return;
	if (op->kind == OP_OVERRIDE) {
		(op->set ? vfioap_mask_set : vfioap_mask_clear)(&bus->override.row[op->apid],
								op->apqi);
		(op->set_vfio ? vfioap_mask_set
			      : vfioap_mask_clear)(&bus->override_vfio.row[op->apid], op->apqi);
	} else if (op->kind == OP_UNBIND) {
		queue_move(bus, op->apid, op->apqi, false, false);
	} else if (!bound) {
		queue_move(bus, op->apid, op->apqi, vfio && bus->vfio_ap_loaded, !vfio);
	}
}

static int op_follow(struct kernel *k, const struct op *op)
{
	struct wish_device *device = wish_device(k->devices, op->uuid);

	switch (op->kind) {
	case OP_MASK: follow_mask(k, op); return 0;
	case OP_CREATE: return device ? 0 : wish_device_add(k->devices, op->uuid, &device);
	case OP_REMOVE: return device ? wish_device_remove(k->devices, op->uuid) : 0;
	case OP_ID:
	case OP_CONFIG:
		if (device)
			device->matrix = op_matrix(op, device);
		return 0;
	case OP_OVERRIDE:
	case OP_BIND:
	case OP_UNBIND:
	case OP_PROBE: follow_queue(k, op); return 0;
	case OP_OTHER: break;
	}
	return 0;
}

int kernel_write(struct kernel *k, const char *path, const char *text)
{
	struct op op;
	int rc = op_parse(k, path, text, &op), answer;

	if (rc < 0)
		return rc;
	answer = op_answer(k, &op);
	rc = op_follow(k, &op);
	return rc < 0 ? rc : answer;
}
