/* SPDX-License-Identifier: MIT */
/*
 * Reads everything once and joins active devices with their definitions.  What is wrong
 * with the state is left to conflict.c.
 */
#include "snapshot.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PREFIX_MIN_DIGITS 4 /* of a UUID that a user shortens (cli 2) */
#define CANDIDATES_SHOWN  4

/* ---- read ---------------------------------------------------------------------------- */

/* struct part - how one part is read; @mask: which bits ask for it */
struct part {
	unsigned mask;
	int (*read)(int root, struct snapshot *now, struct err *err);
};

static int read_bus(int root, struct snapshot *now, struct err *err)
{
	return apbus_read(root, now->parts & SNAPSHOT_CARDS ? APBUS_CARDS : 0, &now->bus, err);
}

static int read_devices(int root, struct snapshot *now, struct err *err)
{
	const bool nodes = now->parts & SNAPSHOT_NODES || now->holders.n;

	return mdev_list_read(root,
			      (now->parts & SNAPSHOT_GUEST ? MDEV_GUEST : 0) |
				      (now->parts & SNAPSHOT_CAPS ? MDEV_CAPS : 0) |
				      (nodes ? MDEV_NODES : 0),
			      &now->mdevs, err);
}

/* A device of today says enough by itself: caps_find(). */
static bool devices_tell(const struct mdev_list *mdevs)
{
	return mdevs->has_ap_config || mdevs->has_guest_matrix;
}

static int read_definitions(int root, struct snapshot *now, struct err *err)
{
	return config_list_read(root, now->parts & SNAPSHOT_TEXTS, &now->definitions, err);
}

static int read_holders(int root, struct snapshot *now, struct err *err)
{
	return procs_holders_read(root, &now->holders, err);
}

static int read_rules(int root, struct snapshot *now, struct err *err)
{
	int rc = udev_rules_read(root, &now->rules, &now->rules_text, &now->rules_len, err);

	if (rc == 0)
		rc = apbus_boot_read(root, &now->boot, err);
	if (rc == 0)
		rc = overrides_read(root, &now->overrides, &now->overrides_text,
				    &now->overrides_len, err);
	if (rc == 0)
		rc = overrides_driverctl_read(root, &now->driverctl, &now->driverctl_other, err);
	return rc;
}

/*
 * Both lists are sorted by UUID: merge them.  Of two definitions with one UUID (a file name
 * in upper case beside the right one) the first counts.
 */
static int join_devices(struct snapshot *now, struct err *err)
{
	const struct mdev_list *mdevs = &now->mdevs;
	const struct definition_list *definitions = &now->definitions;
	size_t m = 0, d = 0;

	now->device = calloc(mdevs->n + definitions->n + 1, sizeof(*now->device));
	if (!now->device)
		return err_oom(err);

	while (m < mdevs->n || d < definitions->n) {
		struct device *device = &now->device[now->n_devices];
		const struct mdev *mdev = m < mdevs->n ? &mdevs->v[m] : NULL;
		const struct definition *definition =
			d < definitions->n ? &definitions->v[d] : NULL;
		int order = !mdev ? 1 : !definition ? -1 : strcmp(mdev->uuid, definition->uuid);

		if (order >= 0 && definition->problem == CONFIG_OTHER_TYPE) {
			d++;
			continue;
		}
		device->mdev = order <= 0 ? mdev : NULL;
		device->definition = order >= 0 ? definition : NULL;
		device->uuid = order <= 0 ? mdev->uuid : definition->uuid;
		now->n_devices++;
		m += order <= 0;
		while (d < definitions->n && !strcmp(definitions->v[d].uuid, device->uuid))
			d++;
	}
	return 0;
}

/* The files are opened only when there is a device that no process has open. */
static int read_guests(int root, struct snapshot *now, struct err *err)
{
	for (size_t i = 0; i < now->n_devices; i++) {
		const struct mdev *mdev = now->device[i].mdev;

		if (!mdev || !snapshot_holder(now, mdev))
			return libvirt_list_read(root, &now->guests, err);
	}
	return 0;
}

int snapshot_read(int root, unsigned parts, struct snapshot **ret, struct err *err)
{
	static const struct part table[] = {
		{ .mask = SNAPSHOT_QUEUES, .read = read_bus },
		{ .mask = SNAPSHOT_HOLDERS, .read = read_holders },
		{ .mask = SNAPSHOT_OWNERS | SNAPSHOT_GUEST, .read = read_devices },
		{ .mask = SNAPSHOT_DEFINED, .read = read_definitions },
		{ .mask = SNAPSHOT_RULES, .read = read_rules },
	};
	_cleanup_(snapshot_freep) struct snapshot *now = calloc(1, sizeof(*now));
	int rc;

	if (!now)
		return err_oom(err);

	now->parts = parts;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!(parts & table[i].mask))
			continue;
		rc = table[i].read(root, now, err);
		if (rc < 0)
			return rc;
	}
	if (parts & SNAPSHOT_CAPS || !devices_tell(&now->mdevs))
		apbus_caps_read(root, &now->bus);
	rc = join_devices(now, err);
	if (rc == 0 && parts & SNAPSHOT_LIBVIRT)
		rc = read_guests(root, now, err);
	if (rc < 0)
		return rc;

	*ret = TAKE_PTR(now);
	return 0;
}

int snapshot_copy(const struct snapshot *now, struct snapshot **ret, struct err *err)
{
	_cleanup_(snapshot_freep) struct snapshot *copy = calloc(1, sizeof(*copy));
	int rc;

	if (!copy)
		return err_oom(err);
	rc = mdev_list_copy(&now->mdevs, &copy->mdevs, err);
	if (rc < 0)
		return rc;
	rc = join_devices(copy, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(copy);
	return 0;
}

int snapshot_holders_read(int root, struct snapshot *now, struct err *err)
{
	int rc;

	if (now->parts & SNAPSHOT_HOLDERS)
		return 0;
	rc = read_holders(root, now, err);
	if (rc < 0)
		return rc;
	if (!(now->parts & SNAPSHOT_NODES))
		mdev_nodes_read(root, &now->mdevs);
	now->parts |= SNAPSHOT_HOLDERS | SNAPSHOT_NODES;
	return 0;
}

struct snapshot *snapshot_free(struct snapshot *now)
{
	if (!now)
		return NULL;
	mdev_list_done(&now->mdevs);
	config_list_done(&now->definitions);
	procs_holders_done(&now->holders);
	libvirt_list_done(&now->guests);
	apbus_boot_done(&now->boot);
	free(now->rules_text);
	free(now->overrides_text);
	free(now->device);
	free(now);
	return NULL;
}

void snapshot_freep(struct snapshot **now)
{
	*now = snapshot_free(*now);
}

/* ---- find ---------------------------------------------------------------------------- */

static int device_compare(const void *uuid, const void *device)
{
	return strcmp(uuid, ((const struct device *)device)->uuid);
}

const struct device *snapshot_device(const struct snapshot *now, const char *uuid)
{
	if (!now->n_devices)
		return NULL;
	return bsearch(uuid, now->device, now->n_devices, sizeof(*now->device), device_compare);
}

/* A prefix of a UUID's text in lower case: hex digits, and dashes where they belong. */
static int prefix_canonical(const char *text, char ret[UUID_SIZE])
{
	static const char form[UUID_SIZE] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t len = strlen(text), digits = 0;

	if (len >= UUID_SIZE)
		return -EINVAL;

	for (size_t i = 0; i < len; i++) {
		bool digit = isxdigit((unsigned char)text[i]);

		if (form[i] == '-' ? text[i] != '-' : !digit)
			return -EINVAL;
		digits += digit;
		ret[i] = (char)tolower((unsigned char)text[i]);
	}
	ret[len] = '\0';
	return digits >= PREFIX_MIN_DIGITS ? 0 : -EINVAL;
}

static int refuse_ambiguous(const struct snapshot *now, const char *text, const char *prefix,
			    struct err *err)
{
	char names[CANDIDATES_SHOWN * (UUID_SIZE + 4) + 8] = "";
	size_t len = 0, shown = 0;

	for (size_t i = 0; i < now->n_devices; i++) {
		const char *uuid = now->device[i].uuid;

		if (strncmp(uuid, prefix, strlen(prefix)) != 0)
			continue;
		if (shown++ == CANDIDATES_SHOWN) {
			snprintf(names + len, sizeof(names) - len, ", ...");
			break;
		}
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s'%s'", len ? ", " : "",
					uuid);
	}
	return err_set(err, -ENOTUNIQ, "'%s' is ambiguous: %s", text, names);
}

int snapshot_device_find(const struct snapshot *now, const char *text, const struct device **ret,
			 struct err *err)
{
	const struct device *found = NULL;
	char prefix[UUID_SIZE];

	if (prefix_canonical(text, prefix) < 0) {
		err_set(err, -EINVAL, "'%s' is no UUID", text);
		err_hint(err, "give a UUID, or the first %d or more digits of one",
			 PREFIX_MIN_DIGITS);
		return -EINVAL;
	}

	for (size_t i = 0; i < now->n_devices; i++) {
		if (strncmp(now->device[i].uuid, prefix, strlen(prefix)) != 0)
			continue;
		if (found)
			return refuse_ambiguous(now, text, prefix, err);
		found = &now->device[i];
	}
	if (!found)
		return err_set(err, -ENOENT, "no mediated device '%s'", text);

	*ret = found;
	return 0;
}

const struct holder *snapshot_holder(const struct snapshot *now, const struct mdev *mdev)
{
	for (size_t i = 0; i < now->holders.n; i++) {
		const struct holder *holder = &now->holders.v[i];

		if ((mdev->group >= 0 && holder->group == mdev->group) ||
		    (mdev->cdev >= 0 && holder->cdev == mdev->cdev))
			return holder;
	}
	return NULL;
}

const char *snapshot_guest(const struct snapshot *now, const struct device *device, bool *ret_off)
{
	const struct holder *holder = device->mdev ? snapshot_holder(now, device->mdev) : NULL;

	if (ret_off)
		*ret_off = !holder && (!device->mdev || now->holders.complete);
	if (holder)
		return *holder->guest ? holder->guest : NULL;
	return libvirt_guest_name(&now->guests, device->uuid);
}

/* ---- conclude -------------------------------------------------------------------------- */

enum host_mode snapshot_mode(const struct snapshot *now)
{
	bool masks = now->bus.present && !apbus_masks_all(&now->bus.masks);
	bool overrides = !qset_is_empty(&now->bus.override);

	if (masks)
		return overrides ? HOST_MODE_MIXED : HOST_MODE_MASKS;
	return overrides ? HOST_MODE_OVERRIDE : HOST_MODE_DEFAULT;
}

const char *host_mode_name(enum host_mode mode)
{
	static const char *const names[] = {
		[HOST_MODE_DEFAULT] = "default",
		[HOST_MODE_MASKS] = "masks",
		[HOST_MODE_OVERRIDE] = "override",
		[HOST_MODE_MIXED] = "mixed",
	};

	return names[mode];
}

void snapshot_assume_module(struct snapshot *now)
{
	struct apbus *bus = &now->bus;
	struct qset waiting;

	apbus_masks_reserved(&bus->masks, &bus->queues, &waiting);
	qset_or(&waiting, &bus->override_vfio);
	qset_and(&waiting, &bus->queues);
	qset_andnot(&waiting, &bus->host_driver);
	qset_or(&bus->vfio_driver, &waiting);
	bus->vfio_ap_loaded = true;
	now->mdevs.loaded = true;
	now->mdevs.has_guest_matrix = true;
	now->mdevs.has_ap_config = bus->override_known || bus->bindings_complete_count;
}

struct matrix snapshot_predict_guest(const struct apbus *bus, const struct matrix *matrix)
{
	struct matrix guest = {
		.adapters = vfioap_mask_and(matrix->adapters, bus->adapters),
		.domains = vfioap_mask_and(matrix->domains, bus->usage),
		.controls = vfioap_mask_and(matrix->controls, bus->control),
	};

	/* Not bound to vfio_ap: the adapter drops out as a whole (kernel-abi 11.1). */
	for (unsigned a = 0; a < VFIOAP_IDS; a++) {
		if (!vfioap_mask_contains(&bus->vfio_driver.row[a], &guest.domains))
			vfioap_mask_clear(&guest.adapters, a);
	}
	return guest;
}
