// SPDX-License-Identifier: MIT
/*
 * The kernel events of each operation.  A real kernel sends them to the first
 * group of the netlink family; the simulator to udev's, as udevd passes them on.
 * Both have sent all when the system call returns.
 */
#include "oprun.h"

#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

enum { GROUP_KERNEL = 1, GROUP_UDEV = 2 };

/* Of the real kernel's other events none is about what is simulated. */
static const char *const devpaths[] = {
	"/devices/ap", "/devices/vfio_ap", "/devices/virtual/vfio/", "/module/vfio_ap",
	"/bus/",       "/class/vfio"
};

/* Key=value that is not compared: numbers that count all events, and device numbers. */
static const char *const dropped[] = { "ACTION=", "DEVPATH=", "SEQNUM=", "MAJOR=", "MINOR=" };

void event_init(struct run *r)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = r->hw.real ? GROUP_KERNEL : GROUP_UDEV,
	};
	int size = 16 << 20;

	r->events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	setsockopt(r->events, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(r->events, (struct sockaddr *)&address, sizeof(address)) < 0)
		perror("oprun: no events");
}

static bool is_one_of(const char *const *prefixes, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

static const char *value_of(const char *from, const char *end, const char *key)
{
	for (const char *p = from; p < end; p += strlen(p) + 1) {
		if (strncmp(p, key, strlen(key)) == 0)
			return p + strlen(key);
	}
	return "?";
}

static void event_print(struct run *r, const char *from, const char *end)
{
	const char *path = value_of(from, end, "DEVPATH=");

	if (!is_one_of(devpaths, ARRAY_SIZE(devpaths), path))
		return;
	fprintf(r->out, "%lu event %s %s", r->line, value_of(from, end, "ACTION="), path);
	for (const char *p = from; p < end; p += strlen(p) + 1) {
		if (!is_one_of(dropped, ARRAY_SIZE(dropped), p))
			fprintf(r->out, " %.*s%s", (int)strcspn(p, "\n"), p,
				strchr(p, '\n') ? "\\n" : "");
	}
	putc('\n', r->out);
}

void event_drain(struct run *r)
{
	static const char udev[8] = "libudev";
	char text[16384];
	ssize_t n;

	while ((n = recv(r->events, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		uint32_t offset;

		text[n] = '\0';
		if (n > 24 && memcmp(text, udev, sizeof(udev)) == 0) {
			memcpy(&offset, text + 16, sizeof(offset));
			if (offset < (size_t)n)
				event_print(r, text + offset, text + n);
		} else {
			event_print(r, text + strlen(text) + 1, text + n);
		}
	}
}
