/* SPDX-License-Identifier: MIT */
/*
 * What the AP bus says in sysfs.  Who owns a queue by the masks is worked out here too;
 * whether that is right is left to the policy.
 */
#include "apbus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "str.h"
#include "sysfs.h"

/* A number, a mask, or a name: kernel-abi 3, 6, 7. */
#define LINE_SIZE 128

/* ---- attributes of the bus ------------------------------------------------------------- */

static int bad_text(struct err *err, const char *path)
{
	return err_set(err, -EBADMSG, "'/%s' holds no text that is known", path);
}

static int cannot_read(struct err *err, int rc, const char *path)
{
	if (rc == -EFBIG || rc == -EBADMSG)
		return bad_text(err, path);
	return err_errno(err, rc, "cannot read '/%s'", path);
}

/* A mask of 64 digits; -ENOENT (not explained) without the file. */
static int read_mask(int root, const char *path, struct vfioap_mask *ret, struct err *err)
{
	char text[LINE_SIZE];
	int rc;

	rc = sysfs_read(root, path, text, sizeof(text));
	if (rc == -ENOENT)
		return rc;
	if (rc < 0)
		return cannot_read(err, rc, path);
	if (vfioap_hex_parse(str_chomp(text), false, ret, NULL) < 0)
		return bad_text(err, path);
	return 0;
}

/* A highest ID; without the file (before Linux 5.x) everything is taken for possible. */
static int read_max(int root, const char *path, unsigned *ret, struct err *err)
{
	char text[LINE_SIZE];
	int rc;

	rc = sysfs_read(root, path, text, sizeof(text));
	if (rc == -ENOENT) {
		*ret = VFIOAP_IDS - 1;
		return 0;
	}
	if (rc < 0)
		return cannot_read(err, rc, path);
	return str_uint(text, VFIOAP_IDS - 1, ret) < 0 ? bad_text(err, path) : 0;
}

/* The host configuration, which is unknown as a whole when one of its masks is. */
static int read_config(int root, struct apbus *bus, struct err *err)
{
	const struct {
		const char *path;
		struct vfioap_mask *mask;
	} masks[] = {
		{ .path = PATH_AP_ADAPTERS, .mask = &bus->adapters },
		{ .path = PATH_AP_USAGE, .mask = &bus->usage },
		{ .path = PATH_AP_CONTROL, .mask = &bus->control },
	};
	const struct vfioap_mask none = { { 0 } };
	char text[LINE_SIZE];
	bool known = true;
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		rc = sysfs_read(root, masks[i].path, text, sizeof(text));
		if (rc < 0 && rc != -ENOENT)
			return cannot_read(err, rc, masks[i].path);
		if (rc == -ENOENT || !strcmp(text, "not supported\n"))
			known = false;
		else if (vfioap_hex_parse(str_chomp(text), false, masks[i].mask, NULL) < 0)
			return bad_text(err, masks[i].path);
	}

	bus->has_qci = known;
	if (!known)
		bus->adapters = bus->usage = bus->control = none;
	return 0;
}

/* @ret_found: there are such files; before Linux 4.20 every queue is the host's */
static int read_masks(int root, struct apbus_masks *ret, bool *ret_found, struct err *err)
{
	struct apbus_masks masks = {
		.apmask = vfioap_mask_range(0, VFIOAP_IDS - 1),
		.aqmask = vfioap_mask_range(0, VFIOAP_IDS - 1),
	};
	int ap, aq;

	ap = read_mask(root, PATH_AP_MASK, &masks.apmask, err);
	if (ap < 0 && ap != -ENOENT)
		return ap;
	aq = read_mask(root, PATH_AQ_MASK, &masks.aqmask, err);
	if (aq < 0 && aq != -ENOENT)
		return aq;

	*ret = masks;
	*ret_found = ap == 0 || aq == 0;
	return 0;
}

int apbus_masks_read(int root, struct apbus_masks *ret, struct err *err)
{
	bool found;

	return read_masks(root, ret, &found, err);
}

bool apbus_masks_all(const struct apbus_masks *masks)
{
	struct vfioap_mask all = vfioap_mask_range(0, VFIOAP_IDS - 1);

	return vfioap_mask_equal(&masks->apmask, &all) && vfioap_mask_equal(&masks->aqmask, &all);
}

void apbus_masks_reserved(const struct apbus_masks *masks, const struct qset *queues,
			  struct qset *ret)
{
	for (unsigned a = 0; a < VFIOAP_IDS; a++) {
		ret->row[a] = queues->row[a];
		if (vfioap_mask_has(&masks->apmask, a))
			ret->row[a] = vfioap_mask_andnot(ret->row[a], masks->aqmask);
	}
}

/* ---- devices and drivers ----------------------------------------------------------------- */

/* "05.0004" exactly as the kernel gives it, so that "power" or "5.4" is no queue. */
static bool name_is_queue(const char *name, unsigned *ret_apid, unsigned *ret_apqi)
{
	static const char shape[] = "xx.00xx";
	unsigned digit[sizeof(shape)];

	for (size_t i = 0; i < sizeof(shape); i++) {
		const char c = name[i];

		if (shape[i] != 'x') {
			if (c != shape[i])
				return false;
			continue;
		}
		if (c >= '0' && c <= '9')
			digit[i] = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit[i] = (unsigned)(c - 'a') + 10;
		else
			return false;
	}
	*ret_apid = digit[0] << 4 | digit[1];
	*ret_apqi = digit[5] << 4 | digit[6];
	return true;
}

static bool name_is_card(const char *name, unsigned *ret_apid)
{
	const char *digits = str_starts_with(name, "card");
	unsigned long id;
	char again[8];

	if (!digits || str_ulong_parse(&digits, 16, VFIOAP_IDS - 1, &id) < 0)
		return false;
	snprintf(again, sizeof(again), "card%02x", (unsigned)id & 0xff);
	*ret_apid = (unsigned)id;
	return !strcmp(again, name);
}

static int add_device(void *arg, const char *name)
{
	struct apbus *bus = arg;
	unsigned apid, apqi;

	if (name_is_queue(name, &apid, &apqi))
		qset_add(&bus->queues, apid, apqi);
	else if (name_is_card(name, &apid))
		vfioap_mask_set(&bus->cards, apid);
	return 0;
}

static int add_queue(void *arg, const char *name)
{
	unsigned apid, apqi;

	if (name_is_queue(name, &apid, &apqi))
		qset_add(arg, apid, apqi);
	return 0;
}

/* struct drivers - what the walk over the driver directories collects */
struct drivers {
	int root;
	struct apbus *bus;
	struct err *err;
};

/* Each kind has a driver for its cards, which has no queues: cex4card beside cex4queue. */
static bool is_card_driver(const char *name)
{
	const size_t len = strlen(name);

	return len > strlen("card") && strcmp(name + len - strlen("card"), "card") == 0;
}

static int add_driver(void *arg, const char *name)
{
	struct drivers *drivers = arg;
	struct apbus *bus = drivers->bus;
	bool vfio = !strcmp(name, "vfio_ap");
	struct qset *queues = vfio ? &bus->vfio_driver : &bus->host_driver;
	unsigned before = vfio ? 0 : qset_count(queues);
	char path[PATH_SIZE];
	int rc;

	if (is_card_driver(name))
		return 0;
	path_join(path, PATH_AP_DRIVERS, name);
	rc = sysfs_list(drivers->root, path, add_queue, queues);
	if (!vfio && qset_count(queues) != before)
		snprintf(bus->host_name, sizeof(bus->host_name), "%s", before ? "" : name);
	if (rc == -ENOENT || rc == -ENODEV || rc == -ENOTDIR)
		return 0; /* unloaded meanwhile, or no driver */
	return rc < 0 ? err_errno(drivers->err, rc, "cannot list '/%s'", path) : 0;
}

/*
 * How many queues there are, when all are bound, the usual case: then they are known by their
 * drivers, which saves the names of the devices, as many again.  0: some are not, or nobody tells.
 * Source: ap_bus.c of Linux, bindings_show() (5.11).
 */
static unsigned bindings_total(int root)
{
	unsigned long bound, total;
	char text[LINE_SIZE];
	const char *p = text;

	if (sysfs_read(root, PATH_AP_BINDINGS, text, sizeof(text)) < 0)
		return 0;
	if (str_ulong_parse(&p, 10, VFIOAP_IDS * VFIOAP_IDS, &bound) < 0 || *p++ != '/' ||
	    str_ulong_parse(&p, 10, VFIOAP_IDS * VFIOAP_IDS, &total) < 0)
		return 0;
	return bound == total ? (unsigned)total : 0;
}

static bool has_all(const struct apbus *bus, unsigned total)
{
	return total && qset_count(&bus->host_driver) + qset_count(&bus->vfio_driver) == total;
}

/*
 * The queues of all drivers.  Those of kernels since 6.6 are asked by name: when they have all
 * queues, there need not be others.
 */
static int read_drivers(int root, struct apbus *bus, bool *ret_all, struct err *err)
{
	static const char *const names[] = { "cex4queue", "vfio_ap" };
	struct drivers drivers = { .root = root, .bus = bus, .err = err };
	const unsigned total = bindings_total(root);
	int rc = 0;

	for (size_t i = 0; rc == 0 && total && i < ARRAY_SIZE(names); i++)
		rc = add_driver(&drivers, names[i]);
	if (rc == 0 && !has_all(bus, total)) {
		bus->host_driver = bus->vfio_driver = (struct qset){ 0 };
		bus->host_name[0] = '\0';
		rc = sysfs_list(root, PATH_AP_DRIVERS, add_driver, &drivers);
	}
	if (rc < 0 && rc != -ENOENT)
		return err && err->code ? rc
					: err_errno(err, rc, "cannot list '/" PATH_AP_DRIVERS "'");
	str_printable(bus->host_name);
	*ret_all = has_all(bus, total);
	return 0;
}

static int read_names(int root, unsigned parts, bool all, struct apbus *bus, struct err *err)
{
	const char *path = all ? PATH_AP_ROOT : PATH_AP_DEVICES;
	int rc;

	if (all) {
		bus->queues = bus->host_driver;
		qset_or(&bus->queues, &bus->vfio_driver);
		bus->cards = qset_adapters(&bus->queues);
		if (!(parts & APBUS_CARDS))
			return 0;
	}
	rc = sysfs_list(root, path, add_device, bus);
	return rc < 0 && rc != -ENOENT ? err_errno(err, rc, "cannot list '/%s'", path) : 0;
}

static int read_devices(int root, unsigned parts, struct apbus *bus, struct err *err)
{
	_cleanup_free_ struct qset *moved = malloc(sizeof(*moved));
	bool all = false;
	int rc;

	if (!moved)
		return err_oom(err);
	rc = read_drivers(root, bus, &all, err);
	if (rc < 0)
		return rc;

	/* A queue seen at two drivers moved meanwhile: it counts as bound to neither. */
	*moved = bus->host_driver;
	qset_and(moved, &bus->vfio_driver);
	qset_andnot(&bus->host_driver, moved);
	qset_andnot(&bus->vfio_driver, moved);

	rc = read_names(root, parts, all && qset_is_empty(moved), bus, err);
	qset_and(&bus->host_driver, &bus->queues);
	qset_and(&bus->vfio_driver, &bus->queues);
	return rc;
}

int apbus_vfio_read(int root, struct qset *ret, struct err *err)
{
	_cleanup_free_ struct qset *queues = calloc(1, sizeof(*queues));
	int rc;

	if (!queues)
		return err_oom(err);
	rc = sysfs_list(root, PATH_AP_VFIO, add_queue, queues);
	if (rc < 0 && rc != -ENOENT && rc != -ENODEV)
		return err_errno(err, rc, "cannot list '/" PATH_AP_VFIO "'");
	*ret = *queues;
	return 0;
}

/*
 * Does queue @a.@d of the card open as @dir have an override?  Any text counts, also one too
 * long to be a driver's name.
 * Return: 2 for vfio_ap, 1 for another, 0; -ENOENT, -ENODEV the queue has gone.
 */
static int read_override(int dir, unsigned a, unsigned d)
{
	char path[PATH_SIZE], queue[QUEUE_SIZE], text[SYSFS_TEXT_SIZE];
	int rc;

	path_join(path, queue_format(a, d, queue), "driver_override");
	rc = sysfs_read(dir, path, text, sizeof(text));
	if (rc == -EFBIG)
		return 1;
	if (rc < 0)
		return rc;
	return strcmp(str_chomp(text), "vfio_ap") == 0 ? 2 : *text != '\0';
}

/* The first queue tells: all have the file, or none (Linux 6.19); nothing else in sysfs does. */
static bool find_override(int root, const struct apbus *bus)
{
	char path[PATH_SIZE];

	QSET_FOREACH(a, d, &bus->queues) {
		if (sysfs_exists(root, path_queue(path, a, d, "driver_override")))
			return true;
		if (sysfs_exists(root, path_queue(path, a, d, NULL)))
			return false; /* else it has gone: the next one */
	}
	return false;
}

static int read_overrides(int root, struct apbus *bus, struct err *err)
{
	_cleanup_close_ int dir = -1;
	char path[PATH_SIZE];
	unsigned card = VFIOAP_IDS;
	int rc;

	bus->override_known = find_override(root, bus);
	if (!bus->override_known)
		return 0;
	QSET_FOREACH(a, d, &bus->queues) {
		if (a != card) {
			util_close(&dir);
			dir = sysfs_open(root, path_card(path, a, NULL), O_PATH | O_DIRECTORY);
			card = a;
		}
		rc = dir < 0 ? -ENODEV : read_override(dir, a, d);
		if (rc == -ENODEV || rc == -ENOENT)
			continue;
		if (rc < 0)
			return cannot_read(err, rc, path_queue(path, a, d, "driver_override"));

		if (rc)
			qset_add(&bus->override, a, d);
		if (rc == 2)
			qset_add(&bus->override_vfio, a, d);
	}
	return 0;
}

/* Any queue of vfio_ap has the file, or none. */
static bool find_status(int root, const struct apbus *bus)
{
	char path[PATH_SIZE];

	QSET_FOREACH(a, d, &bus->vfio_driver)
		return sysfs_exists(root, path_queue(path, a, d, "status"));
	return false;
}

/* One of its files is as good as the directory; without any it is empty. */
static int read_present(int root, struct apbus *bus, struct err *err)
{
	bool found;
	int rc = read_masks(root, &bus->masks, &found, err);

	if (rc == 0)
		bus->present = found || sysfs_exists(root, PATH_AP_BUS);
	return rc;
}

void apbus_caps_read(int root, struct apbus *bus)
{
	bus->has_features = bus->present && sysfs_exists(root, PATH_AP_FEATURES);
	bus->has_status = find_status(root, bus);
}

int apbus_read(int root, unsigned parts, struct apbus *ret, struct err *err)
{
	_cleanup_free_ struct apbus *bus = calloc(1, sizeof(*bus));
	int rc;

	if (!bus)
		return err_oom(err);
	rc = read_present(root, bus, err);
	if (rc < 0)
		return rc;
	if (!bus->present) {
		*ret = (struct apbus){ .present = false };
		return 0;
	}
	bus->vfio_ap_loaded = sysfs_exists(root, PATH_VFIO_AP);
	bus->bindings_complete_count = sysfs_exists(root, PATH_AP_COMPLETE);
	rc = read_max(root, PATH_AP_MAX_ADAPTER, &bus->max_adapter, err);
	if (rc < 0)
		return rc;
	rc = read_max(root, PATH_AP_MAX_DOMAIN, &bus->max_domain, err);
	if (rc < 0)
		return rc;
	rc = read_config(root, bus, err);
	if (rc < 0)
		return rc;
	rc = read_devices(root, parts, bus, err);
	if (rc < 0)
		return rc;
	rc = read_overrides(root, bus, err);
	if (rc < 0)
		return rc;

	*ret = *bus;
	return 0;
}
