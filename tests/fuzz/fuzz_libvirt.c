/* SPDX-License-Identifier: MIT */
/*
 * The definition of a guest with any bytes: what is taken of it are devices with a canonical
 * UUID and a name that is printable.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "libvirt.h"

void fuzz_text(char *text, size_t len)
{
	struct libvirt_list list = { 0 };
	char uuid[UUID_SIZE];
	int rc = libvirt_parse(text, len, &list);

	require(rc == 0 || (rc == -EBADMSG && !list.n));
	for (size_t i = 0; i < list.n; i++) {
		require(uuid_canonical(list.v[i].uuid, uuid) == 0);
		require(strcmp(uuid, list.v[i].uuid) == 0);
		require(*list.v[i].name && fuzz_is_printable(list.v[i].name));
		require(libvirt_guest_name(&list, uuid) != NULL);
	}
	libvirt_list_done(&list);
}
