/* SPDX-License-Identifier: MIT */
/*
 * The one table of all paths, relative to the root directory fd, and the only
 * way to make the path of a device from its numbers or its UUID.
 *
 * Source: kernel-abi 2 (tree of /sys), interop 1 (files shared with the peers).
 */
#ifndef PATHS_H
#define PATHS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The AP bus. */
#define PATH_AP_ROOT	    "sys/devices/ap"
#define PATH_AP_BUS	    "sys/bus/ap"
#define PATH_AP_DEVICES	    PATH_AP_BUS "/devices"
#define PATH_AP_DRIVERS	    PATH_AP_BUS "/drivers"
#define PATH_AP_VFIO	    PATH_AP_DRIVERS "/vfio_ap"
#define PATH_AP_UNBIND	    PATH_AP_VFIO "/unbind"
#define PATH_AP_PROBE	    PATH_AP_BUS "/drivers_probe"
#define PATH_AP_DOMAIN	    PATH_AP_BUS "/ap_domain"
#define PATH_AP_MASK	    PATH_AP_BUS "/apmask"
#define PATH_AQ_MASK	    PATH_AP_BUS "/aqmask"
#define PATH_AP_MAX_ADAPTER PATH_AP_BUS "/ap_max_adapter_id"
#define PATH_AP_MAX_DOMAIN  PATH_AP_BUS "/ap_max_domain_id"
#define PATH_AP_ADAPTERS    PATH_AP_BUS "/ap_adapter_mask"
#define PATH_AP_USAGE	    PATH_AP_BUS "/ap_usage_domain_mask"
#define PATH_AP_CONTROL	    PATH_AP_BUS "/ap_control_domain_mask"
#define PATH_AP_FEATURES    PATH_AP_BUS "/features"
#define PATH_AP_INTERRUPTS  PATH_AP_BUS "/ap_interrupts"
#define PATH_AP_BINDINGS    PATH_AP_BUS "/bindings"
#define PATH_AP_COMPLETE    PATH_AP_BUS "/bindings_complete_count"
#define PATH_AP_BOOT_APMASK "sys/module/ap/parameters/apmask"
#define PATH_AP_BOOT_AQMASK "sys/module/ap/parameters/aqmask"

/* vfio_ap and its devices. */
#define PATH_VFIO_AP	     "sys/devices/vfio_ap"
#define PATH_MATRIX	     PATH_VFIO_AP "/matrix"
#define PATH_MATRIX_FEATURES PATH_MATRIX "/features"
#define PATH_MATRIX_TYPE     PATH_MATRIX "/mdev_supported_types/vfio_ap-passthrough"
#define PATH_MATRIX_CREATE   PATH_MATRIX_TYPE "/create"
#define PATH_VFIO_DEV_CLASS  "sys/class/vfio-dev"
#define PATH_VFIO_NODES	     "dev/vfio"

/* Files shared with the peers. */
#define PATH_ETC	 "etc"
#define PATH_DEFINITIONS PATH_ETC "/mdevctl.d/matrix"
#define PATH_RULES_DIR	 PATH_ETC "/udev/rules.d"
#define PATH_RULES_NAME	 "41-ap.rules"
#define PATH_RULES	 PATH_RULES_DIR "/" PATH_RULES_NAME
#define PATH_DRIVERCTL	 "etc/driverctl.d"
#define PATH_LOCK_DIR	 "run/lock"
#define PATH_LOCK_NAME	 "s390apconfig.lock"
#define PATH_LOCK	 PATH_LOCK_DIR "/" PATH_LOCK_NAME

/* Guests of libvirt, a file each; and what it runs them as. */
#define PATH_LIBVIRT_QEMU "etc/libvirt/qemu"
#define PATH_LIBVIRT_CONF "etc/libvirt/qemu.conf"

/* What else decides whether this host can lend queues. */
#define PATH_RUN_RULES	     "run/udev/rules.d/" PATH_RULES_NAME
#define PATH_MDEVCTL_DIR     "etc/mdevctl.d"
#define PATH_MDEVCTL_LIB     "usr/lib/mdevctl"
#define PATH_NOTIFIERS_LIB   PATH_MDEVCTL_LIB "/scripts.d/notifiers"
#define PATH_CALLOUTS_LIB    PATH_MDEVCTL_LIB "/scripts.d/callouts"
#define PATH_CALLOUTS_ETC    PATH_MDEVCTL_DIR "/scripts.d/callouts"
#define NAME_CALLOUT	     "00-vfioap-callout"
#define NAME_AP_CHECK	     "ap-check"
#define NAME_AP_WRAPPER	     "ap-check.sh"
#define NAME_MDEVCTL_RULE    "60-mdevctl.rules"
#define NAME_OVERRIDE_RULE   "42-vfioap.rules"
#define PATH_SERVICE_ENABLED "etc/systemd/system/multi-user.target.wants/vfioap-autostart.service"
#define PATH_INITRAMFS_HOOK  "usr/share/initramfs-tools/hooks/udev"
#define PATH_SECURE_GUEST    "sys/firmware/uv/prot_virt_guest"
#define PATH_SYSINFO	     "proc/sysinfo"
#define PATH_KVM	     "dev/kvm"

/* Files of ours alone. */
#define PATH_OVERRIDES_DIR  "etc/vfioap"
#define PATH_OVERRIDES_NAME "overrides"
#define PATH_OVERRIDES	    PATH_OVERRIDES_DIR "/" PATH_OVERRIDES_NAME

#define PATH_MODPROBE "sbin/modprobe"

#define PATH_PROC   "proc"
#define PATH_KERNEL PATH_PROC "/sys/kernel/osrelease"

/** Size of the buffer for the path of a device or one of its files. */
#define PATH_SIZE 256

/** path_join() - "BASE/NAME" or, with @name NULL, "BASE"; returns @buf, cut when too long */
static inline char *path_join(char buf[PATH_SIZE], const char *base, const char *name)
{
	const size_t base_len = strlen(base), name_len = name ? strlen(name) : 0;
	char *end = buf;

	if (base_len + 1 + name_len < PATH_SIZE) {
		end = (char *)memcpy(buf, base, base_len) + base_len;
		if (name) {
			*end++ = '/';
			end = (char *)memcpy(end, name, name_len) + name_len;
		}
	} /* else found nowhere, instead of a wrong file */
	*end = '\0';
	return buf;
}

/** path_card() - a card, or with @attr not NULL one of its files; returns @buf */
static inline char *path_card(char buf[PATH_SIZE], unsigned apid, const char *attr)
{
	char base[64];

	snprintf(base, sizeof(base), "sys/devices/ap/card%02x", apid);
	return path_join(buf, base, attr);
}

/** path_queue() - a queue, or with @attr not NULL one of its files; returns @buf */
static inline char *path_queue(char buf[PATH_SIZE], unsigned apid, unsigned apqi, const char *attr)
{
	char base[64];

	snprintf(base, sizeof(base), "sys/devices/ap/card%02x/%02x.%04x", apid, apid, apqi);
	return path_join(buf, base, attr);
}

/** path_is_uuid() - is it a UUID in canonical form: 8-4-4-4-12 digits in lower case */
static inline bool path_is_uuid(const char *name)
{
	for (unsigned i = 0; i < 36; i++) {
		const char c = name[i];
		const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

		if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' : !digit)
			return false;
	}
	return !name[36];
}

/* A canonical UUID is a safe name; anything else becomes a name that nothing has. */
static inline const char *path_uuid(const char *uuid)
{
	return path_is_uuid(uuid) ? uuid : "no-uuid";
}

/** path_mdev() - a mediated device, or with @attr not NULL one of its files; returns @buf */
static inline char *path_mdev(char buf[PATH_SIZE], const char *uuid, const char *attr)
{
	char base[96];

	snprintf(base, sizeof(base), PATH_MATRIX "/%.36s", path_uuid(uuid));
	return path_join(buf, base, attr);
}

/** path_definition() - the definition of a device; returns @buf */
static inline char *path_definition(char buf[PATH_SIZE], const char *uuid)
{
	return path_join(buf, PATH_DEFINITIONS, path_uuid(uuid));
}

/** path_cdev() - the node of a device itself, /dev/vfio/devices/vfioK; returns @buf */
static inline char *path_cdev(char buf[PATH_SIZE], int cdev)
{
	char name[32];

	snprintf(name, sizeof(name), "devices/vfio%d", cdev);
	return path_join(buf, PATH_VFIO_NODES, name);
}

/** path_group() - the node of an IOMMU group, /dev/vfio/N; returns @buf */
static inline char *path_group(char buf[PATH_SIZE], int group)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", group);
	return path_join(buf, PATH_VFIO_NODES, name);
}

#endif
