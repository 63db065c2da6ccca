/* SPDX-License-Identifier: MIT */
/*
 * Which of libvirt's guests is defined with which device, running or not.
 *
 * Source: /etc/libvirt/qemu/NAME.xml, the domains of libvirt's QEMU driver; only root may
 * read them.
 */
#ifndef LIBVIRT_H
#define LIBVIRT_H

#include "mdev.h"

/** struct libvirt_guest - a device in the definition of a guest; @name: printable */
struct libvirt_guest {
	char uuid[UUID_SIZE];
	char name[64];
};

/** struct libvirt_list - by UUID, then by name */
struct libvirt_list {
	struct libvirt_guest *v;
	size_t n;
};

/**
 * libvirt_list_read() - read the definition of every guest
 *
 * Regular files alone are opened, at most 1 MiB is read of each, and of a few thousand; what
 * cannot be read, is no XML, or brings a DTD of its own is passed over.  Nothing beside the
 * file itself is ever looked at.
 * Return: 0 (also without the directory, or when it may not be read); -ENOMEM; -ENOPKG, libxml2
 * is not there.
 */
int libvirt_list_read(int root, struct libvirt_list *ret, struct err *err);
void libvirt_list_done(struct libvirt_list *list);

/**
 * libvirt_parse() - the name of a guest, and the devices that it is defined with
 * @list: those found are added, in no order
 * Return: 0; -EBADMSG it is no guest's definition; -ENOMEM, -ENOPKG.
 */
int libvirt_parse(const char *text, size_t len, struct libvirt_list *list);

/** libvirt_guest_name() - the guest defined with this device, the first by name; lends, or NULL */
const char *libvirt_guest_name(const struct libvirt_list *list, const char *uuid);

#endif
