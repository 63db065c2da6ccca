/* SPDX-License-Identifier: MIT */
/*
 * The definition of a guest with any bytes: what is taken of it are devices with a canonical
 * UUID and a name that is printable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libvirt.h"
#include "str.h"

/* All but this file's own checks is the sanitizers' work. */
static void require(bool fact)
{
	if (!fact)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct libvirt_list list = { 0 };
	char uuid[UUID_SIZE], name[sizeof(list.v->name)];

	libvirt_parse((const char *)data, size, &list);
	for (size_t i = 0; i < list.n; i++) {
		require(uuid_canonical(list.v[i].uuid, uuid) == 0);
		require(strcmp(uuid, list.v[i].uuid) == 0);
		memcpy(name, list.v[i].name, sizeof(name));
		require(strcmp(str_printable(name), list.v[i].name) == 0);
	}
	libvirt_list_done(&list);
	return 0;
}
