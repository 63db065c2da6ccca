// SPDX-License-Identifier: MIT
/*
 * Events for libudev monitors: NETLINK_KOBJECT_UEVENT, multicast group 2.  The
 * message is a header that receivers can filter by, and the properties.
 */
#include "monitor.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <linux/netlink.h>

#include "str.h"
#include "util.h"

#define UDEV_GROUP 2 /* the kernel's own is 1 */
#define MAGIC	   0xfeedcafeU

/* The header of libudev 173 and later (systemd, sd-device-monitor). */
struct header {
	char prefix[8]; /* "libudev" */
	uint32_t magic; /* this and the hashes are big-endian */
	uint32_t header_size;
	uint32_t properties_off;
	uint32_t properties_len;
	uint32_t subsystem_hash;
	uint32_t devtype_hash;
	uint32_t tag_bloom_hi;
	uint32_t tag_bloom_lo;
};

struct monitor {
	int fd;
};

int monitor_new(struct monitor **ret, struct err *err)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	if (!monitor)
		return err_oom(err);
	monitor->fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (monitor->fd < 0) {
		free(monitor);
		return err_errno(err, -errno, "socket(netlink, kernel events)");
	}
	*ret = monitor;
	return 0;
}

struct monitor *monitor_free(struct monitor *monitor)
{
	if (monitor)
		close(monitor->fd);
	free(monitor);
	return NULL;
}

/* MurmurHash2 of Austin Appleby (public domain) with seed 0, which the filters compare. */
static uint32_t text_hash(const char *text)
{
	const uint32_t m = 0x5bd1e995U;
	size_t len = strlen(text);
	uint32_t hash = (uint32_t)len, k;

	for (; len >= 4; text += 4, len -= 4) {
		memcpy(&k, text, sizeof(k));
		k *= m;
		k ^= k >> 24;
		k *= m;
		hash = hash * m ^ k;
	}
	for (size_t i = len; i > 0; i--)
		hash ^= (uint32_t)(unsigned char)text[i - 1] << (8 * (i - 1));
	if (len)
		hash *= m;
	hash ^= hash >> 13;
	hash *= m;
	return hash ^ hash >> 15;
}

/* The hash of the value of a property in @text, or 0. */
static uint32_t property_hash(const char *text, size_t len, const char *name)
{
	const char *value;

	for (const char *p = text; p < text + len; p += strlen(p) + 1) {
		value = str_starts_with(p, name);
		if (value)
			return htobe32(text_hash(value));
	}
	return 0;
}

void monitor_send(struct monitor *monitor, const char *uevent, size_t len)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = UDEV_GROUP };
	struct header header = { .prefix = "libudev", .magic = htobe32(MAGIC) };
	size_t start = strnlen(uevent, len) + 1; /* behind "add@/devices/..." */
	struct iovec parts[2];
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = parts,
		.msg_iovlen = ARRAY_SIZE(parts),
	};

	if (start >= len || uevent[len - 1] != '\0')
		return;
	header.header_size = header.properties_off = sizeof(header);
	header.properties_len = (uint32_t)(len - start);
	header.subsystem_hash = property_hash(uevent + start, len - start, "SUBSYSTEM=");
	header.devtype_hash = property_hash(uevent + start, len - start, "DEVTYPE=");
	parts[0] = (struct iovec){ .iov_base = &header, .iov_len = sizeof(header) };
	parts[1] = (struct iovec){ .iov_base = (char *)uevent + start, .iov_len = len - start };
	/* Without a listener, or with one that is full, an event is lost, as in the kernel. */
	if (sendmsg(monitor->fd, &message, 0) < 0)
		return;
}
