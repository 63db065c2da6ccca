// SPDX-License-Identifier: MIT
/*
 * Items of vfioap doctor about the machine and the running system.
 */
#include "doctor.h"

#include <string.h>

#include "caps.h"

bool doctor_bus(const struct doctor *d)
{
	const struct apbus *bus = &d->now->bus;

	if (bus->present)
		return doctor_say(d, DOCTOR_OK, NULL,
				  "the AP bus is there, with %u queues on %u cards",
				  qset_count(&bus->queues), vfioap_mask_count(&bus->cards));
	return doctor_say(d, DOCTOR_FAIL,
			  "'modprobe ap' where it is a module; a guest needs AP instructions from "
			  "its host",
			  "this machine has no AP bus");
}

/* Source: vfio_ap_ops.c: without QCI the host's masks are empty, and so is each guest's. */
bool doctor_qci(const struct doctor *d)
{
	if (d->now->bus.has_qci)
		return doctor_say(d, DOCTOR_OK, NULL, "the machine tells its configuration");
	return doctor_say(
		d, DOCTOR_FAIL,
		"where this is a guest itself, its host has to give it QCI (apqci=on)",
		"the machine does not tell its configuration (no QCI): no guest would see "
		"a queue");
}

static const char *ids_text(const struct vfioap_mask *ids, char buf[VFIOAP_LIST_SIZE])
{
	return vfioap_list_format(ids, buf);
}

bool doctor_cards(const struct doctor *d)
{
	const struct doctor_facts *facts = d->facts;
	const struct vfioap_mask *cards = &d->now->bus.cards;
	const struct vfioap_mask drivable = vfioap_mask_andnot(*cards, facts->old);
	const struct vfioap_mask off = vfioap_mask_or(facts->deconfigured, facts->checkstopped);
	char old[VFIOAP_LIST_SIZE], deconfigured[VFIOAP_LIST_SIZE], stopped[VFIOAP_LIST_SIZE];

	if (vfioap_mask_is_empty(cards))
		return doctor_say(d, DOCTOR_FAIL,
				  "give cards and domains to this partition on the HMC",
				  "there is no crypto card");
	if (vfioap_mask_is_empty(&drivable))
		return doctor_say(d, DOCTOR_FAIL, "vfio_ap needs a CEX4 or newer",
				  "no card is one that vfio_ap drives: %s are too old",
				  ids_text(cards, old));
	if (vfioap_mask_is_empty(&off) && vfioap_mask_is_empty(&facts->old))
		return doctor_say(d, DOCTOR_OK, NULL, "all %u cards can be used",
				  vfioap_mask_count(cards));
	return doctor_say(d, DOCTOR_WARN,
			  "'chzcrypt --config-on' configures a card; 'lsvfioap -q' shows them all",
			  "not all %u cards can be used: deconfigured %s, checkstopped %s, too old "
			  "%s",
			  vfioap_mask_count(cards), ids_text(&facts->deconfigured, deconfigured),
			  ids_text(&facts->checkstopped, stopped), ids_text(&facts->old, old));
}

bool doctor_module(const struct doctor *d)
{
	const struct apbus *bus = &d->now->bus;
	struct qset waiting;
	bool waits;

	if (bus->vfio_ap_loaded)
		return doctor_say(d, DOCTOR_OK, NULL, "vfio_ap is loaded");
	if (d->facts->module.code)
		return doctor_say(d, DOCTOR_FAIL, "install the package with the kernel's modules",
				  "vfio_ap is not loaded, and cannot be: %s",
				  d->facts->module.what);
	apbus_masks_reserved(&bus->masks, &bus->queues, &waiting);
	qset_or(&waiting, &bus->override_vfio);
	waits = !qset_is_empty(&waiting);
	if (waits)
		return doctor_say(d, DOCTOR_WARN, "'modprobe vfio_ap'",
				  "vfio_ap is not loaded: %u reserved queues have no driver",
				  qset_count(&waiting));
	return doctor_say(d, DOCTOR_OK, NULL, "vfio_ap is not loaded: reserve and create do it%s",
			  d->facts->is_live ? "" : ", if they find it");
}

bool doctor_kernel(const struct doctor *d)
{
	const struct caps caps = caps_find(d->now);

	if (!d->now->mdevs.loaded && !caps.dynamic)
		return doctor_say(d, DOCTOR_OK, NULL,
				  "what the kernel can do is seen when vfio_ap is loaded");
	if (!caps.dynamic)
		return doctor_say(
			d, DOCTOR_WARN, "a kernel of 6.0 or newer has hot plug",
			"the kernel is taken for one before 6.0: what a guest uses cannot "
			"be changed, and queues have to be there to be assigned");
	return doctor_say(d, DOCTOR_OK, NULL, "the kernel has hot plug%s%s%s",
			  caps.ap_config ? ", ap_config" : "",
			  caps.driver_override ? ", driver_override" : "",
			  caps.status ? ", status" : "");
}

static const struct matrix *device_matrix(const struct doctor *d, const struct device *device)
{
	if (device->mdev && d->flags & DOCTOR_ACTIVE)
		return &device->mdev->matrix;
	if (device->definition && device->definition->problem == CONFIG_OK &&
	    d->flags & DOCTOR_PERSISTENT)
		return &device->definition->matrix;
	return NULL;
}

/* Source: kernel-abi 9.1: sprintf() without bound until sysfs_emit(), by 6.17. */
bool doctor_matrix_read(const struct doctor *d)
{
	if (d->now->bus.bindings_complete_count)
		return doctor_say(d, DOCTOR_OK, NULL, "reading 'matrix' of a device is safe");
	for (size_t i = 0; i < d->now->n_devices; i++) {
		const struct device *device = &d->now->device[i];
		const struct matrix *matrix = device_matrix(d, device);

		if (!matrix || matrix_count(matrix) <= MDEV_MATRIX_SAFE)
			continue;
		doctor_say(d, DOCTOR_FAIL, NULL,
			   "device '%s' has %u queues: on kernels before 6.17 any user who reads "
			   "its 'matrix' corrupts kernel memory",
			   device->uuid, matrix_count(matrix));
		doctor_hint(d, "'vfioap set %.8s' with fewer than 512 queues, or a newer kernel",
			    device->uuid);
		return true;
	}
	return doctor_say(d, DOCTOR_WARN, "keep devices below 512 queues; create does so by itself",
			  "this kernel is not known to be safe: before 6.17, reading 'matrix' of a "
			  "device with more than 511 queues corrupts kernel memory");
}

/*
 * While both masks are all ones a device can only have been given queues with an override.  One
 * without has lost it with its card or domain, and the kernel does not count that: it takes
 * masks for forbidden until it is booted (kernel-abi 5.1).  There is no file that tells; a queue
 * whose override somebody has cleared by hand looks the same.
 */
bool doctor_override_counter(const struct doctor *d)
{
	const struct apbus *bus = &d->now->bus;
	struct qset lost = { 0 };
	char text[QUEUE_SIZE];

	if (!bus->override_known)
		return false;
	if (!apbus_masks_all(&bus->masks))
		return doctor_say(d, DOCTOR_OK, NULL,
				  "masks are in use: no driver override is counted");
	for (size_t i = 0; i < d->now->n_devices; i++) {
		const struct mdev *mdev = d->now->device[i].mdev;
		struct qset queues;

		if (!mdev)
			continue;
		qset_product(&queues, &mdev->matrix.adapters, &mdev->matrix.domains);
		qset_or(&lost, &queues);
	}
	qset_andnot(&lost, &bus->override);
	QSET_FOREACH(apid, apqi, &lost)
		return doctor_say(
			d, DOCTOR_WARN,
			"when apmask and aqmask cannot be written, only a reboot helps",
			"queue %s belongs to a device and has lost its driver override: if "
			"it went with its card, the kernel refuses masks from now on (%u "
			"such queues)",
			queue_format(apid, apqi, text), qset_count(&lost));
	return doctor_say(d, DOCTOR_OK, NULL, "no driver override was lost");
}

bool doctor_kvm(const struct doctor *d)
{
	if (!d->facts->is_live)
		return false;
	if (d->facts->has_kvm)
		return doctor_say(d, DOCTOR_OK, NULL, "/dev/kvm is there");
	return doctor_say(d, DOCTOR_WARN, "'modprobe kvm'",
			  "there is no /dev/kvm: no guest can be started");
}

bool doctor_nested(const struct doctor *d)
{
	const char *below = d->facts->hypervisor;

	if (!d->facts->has_sysinfo)
		return false;
	if (!*below)
		return doctor_say(d, DOCTOR_OK, NULL, "the host runs in a partition of its own");
	if (strncmp(below, "z/VM", 4) == 0)
		return doctor_say(
			d, DOCTOR_WARN,
			"CRYPTO APDEDICATED in the directory entry of this guest; shared "
			"queues (APVIRT) cannot be passed on",
			"the host is a guest of %s: it can pass on only what z/VM dedicates "
			"to it",
			below);
	return doctor_say(d, DOCTOR_WARN,
			  "the host below gives queues by a device of its own, and ap, apqci, apft "
			  "to the CPU",
			  "the host is a guest of %s: it can pass on only the queues that it was "
			  "given",
			  below);
}

bool doctor_secure(const struct doctor *d)
{
	if (!d->facts->is_secure)
		return doctor_say(d, DOCTOR_OK, NULL, "this is no Secure Execution guest");
	return doctor_say(d, DOCTOR_FAIL, "lend queues on the host of this guest",
			  "this is a Secure Execution guest: it cannot have guests of its own");
}

bool doctor_lock(const struct doctor *d)
{
	const struct lock_holder *holder = &d->facts->lock_holder;

	/* Processes of another host cannot be asked whether they live. */
	if (!d->facts->is_live && d->facts->lock != LOCK_FOREIGN)
		return false;
	if (d->facts->lock_error.code)
		return doctor_say(d, DOCTOR_WARN, "run it as root", "%s",
				  d->facts->lock_error.what);
	switch (d->facts->lock) {
	case LOCK_STALE:
		return doctor_say(d, DOCTOR_WARN, "the next change breaks it by itself",
				  "the lock was left behind by a process that has ended (%d)",
				  (int)holder->pid);
	case LOCK_FOREIGN:
		return doctor_say(d, DOCTOR_FAIL, "'rm /run/lock/s390apconfig.lock'",
				  "the lock '/run/lock/s390apconfig.lock' is no regular file: no "
				  "change can be made");
	case LOCK_HELD:
		return doctor_say(d, DOCTOR_OK, NULL, "the lock is held by %s (%d)",
				  *holder->command ? holder->command : "process", (int)holder->pid);
	case LOCK_PENDING: return doctor_say(d, DOCTOR_OK, NULL, "the lock is being taken");
	case LOCK_FREE: break;
	}
	return doctor_say(d, DOCTOR_OK, NULL, "the lock is free");
}

/* ---- group nodes -------------------------------------------------------------------------- */

static bool may_open(const struct doctor_user *user, const struct doctor_node *node)
{
	const mode_t both = 6; /* read and write */

	if (!user->uid)
		return true;
	if (user->uid == node->uid)
		return (node->mode >> 6 & both) == both;
	for (size_t i = 0; i < user->n_gids; i++)
		if (user->gid[i] == node->gid)
			return (node->mode >> 3 & both) == both;
	return (node->mode & both) == both;
}

static bool node_say(const struct doctor *d, const struct doctor_node *node)
{
	static const char hint[] = "a udev rule: SUBSYSTEM==\"vfio\", GROUP=\"kvm\", MODE=\"0660\"";
	const struct doctor_user *user = &d->facts->user;

	if (!*node->path || !node->exists)
		return doctor_say(d, DOCTOR_FAIL, "'udevadm trigger --subsystem-match=vfio'",
				  "device '%s' has no group node%s%s: no guest can open it",
				  node->uuid, *node->path ? " /" : "", node->path);
	if (*user->name)
		return doctor_say(
			d, DOCTOR_FAIL, hint,
			"user '%s' of QEMU cannot open /%s of device '%s' (owner %u, group "
			"%u, mode %04o)",
			user->name, node->path, node->uuid, (unsigned)node->uid,
			(unsigned)node->gid, (unsigned)node->mode & 07777);
	return doctor_say(d, DOCTOR_WARN, hint,
			  "only root can open /%s of device '%s': a QEMU that is started by "
			  "somebody else cannot",
			  node->path, node->uuid);
}

static bool node_is_fine(const struct doctor_user *user, const struct doctor_node *node)
{
	if (!*node->path || !node->exists)
		return false;
	if (*user->name)
		return user->hands_over || may_open(user, node);
	return node->uid || node->mode & 066;
}

bool doctor_nodes(const struct doctor *d)
{
	const struct doctor_facts *facts = d->facts;

	if (!facts->knows_nodes)
		return false;
	for (size_t i = 0; i < facts->n_nodes; i++)
		if (!node_is_fine(&facts->user, &facts->node[i]))
			return node_say(d, &facts->node[i]);
	if (!facts->n_nodes)
		return doctor_say(d, DOCTOR_OK, NULL, "no device is active");
	if (facts->user.hands_over)
		return doctor_say(d, DOCTOR_OK, NULL,
				  "libvirt hands the group nodes to its guests");
	return doctor_say(d, DOCTOR_OK, NULL, "the group nodes can be opened");
}
