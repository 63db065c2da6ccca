// SPDX-License-Identifier: MIT
/*
 * Makes a static tree of a machine for the benchmarks: what our programs, and the floor, read of
 * sysfs and /etc, and nothing else.
 *
 *	tree DIR [cards N] [domains N] [reserved N] [active N AxD] [defined N AxD]
 *
 * Cards 0..N-1 have the domains 0..N-1; the last @reserved cards are bound to vfio_ap, the others
 * to the host's drivers.  Device i, active or defined, has the i-th block of A adapters and D
 * domains, counted through the 256 x 256 queues and again from the start: so devices collide only
 * when there are more of them than room.  UUIDs ascend, and an active device that is defined
 * too has the same in both.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDS 256

static void die(const char *what)
{
	fprintf(stderr, "tree: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- files below the current directory ------------------------------------------------------ */

static void dir_make(const char *path)
{
	char part[512];

	for (size_t i = 1; i <= strlen(path) && i < sizeof(part); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			die(part);
	}
}

__attribute__((format(printf, 2, 3))) static void file_make(const char *path, const char *fmt, ...)
{
	FILE *f = fopen(path, "w");
	va_list ap;

	if (!f)
		die(path);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	if (fclose(f) != 0)
		die(path);
}

__attribute__((format(printf, 2, 3))) static void attribute(const char *dir, const char *fmt, ...)
{
	char name[1200], text[512];
	va_list ap;
	char *value;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	value = strchr(text, ' ');
	*value++ = '\0';
	snprintf(name, sizeof(name), "%s/%s", dir, text);
	file_make(name, "%s\n", value);
}

static void link_make(const char *target, const char *path)
{
	if (symlink(target, path) < 0 && errno != EEXIST)
		die(path);
}

/* ---- the bus -------------------------------------------------------------------------------- */

/* The IDs from @first on, @n of them, as the kernel prints a mask: bit 0 leftmost. */
static const char *mask(char buf[2 + IDS / 4 + 1], unsigned first, unsigned n)
{
	unsigned char nibble[IDS / 4] = { 0 };

	for (unsigned i = first; i < first + n; i++)
		nibble[i % IDS / 4] |= (unsigned char)(8 >> i % 4);
	strcpy(buf, "0x");
	for (unsigned i = 0; i < IDS / 4; i++)
		buf[2 + i] = "0123456789abcdef"[nibble[i]];
	buf[2 + IDS / 4] = '\0';
	return buf;
}

static void counters_make(const char *dir)
{
	attribute(dir, "config 1");
	attribute(dir, "chkstop 0");
	attribute(dir, "request_count 4711");
	attribute(dir, "requestq_count 0");
	attribute(dir, "pendingq_count 0");
}

static void queue_make(unsigned a, unsigned d, const char *driver)
{
	char dir[128], path[256], target[256];

	snprintf(dir, sizeof(dir), "sys/devices/ap/card%02x/%02x.%04x", a, a, d);
	dir_make(dir);
	counters_make(dir);
	if (strcmp(driver, "vfio_ap") == 0)
		attribute(dir, "status assigned");
	else
		attribute(dir, "online 1");
	snprintf(path, sizeof(path), "%s/driver", dir);
	snprintf(target, sizeof(target), "../../../../bus/ap/drivers/%s", driver);
	link_make(target, path);
	snprintf(target, sizeof(target), "../../../devices/ap/card%02x/%02x.%04x", a, a, d);
	snprintf(path, sizeof(path), "sys/bus/ap/devices/%02x.%04x", a, d);
	link_make(target, path);
	snprintf(target, sizeof(target), "../../../../devices/ap/card%02x/%02x.%04x", a, a, d);
	snprintf(path, sizeof(path), "sys/bus/ap/drivers/%s/%02x.%04x", driver, a, d);
	link_make(target, path);
}

static void card_make(unsigned a)
{
	char dir[64], path[128], target[128];

	snprintf(dir, sizeof(dir), "sys/devices/ap/card%02x", a);
	dir_make(dir);
	counters_make(dir);
	attribute(dir, "type CEX8C");
	attribute(dir, "online 1");
	attribute(dir, "hwtype 14");
	attribute(dir, "depth 8");
	attribute(dir, "ap_functions 0x92000000");
	snprintf(path, sizeof(path), "%s/driver", dir);
	link_make("../../../bus/ap/drivers/cex4card", path);
	snprintf(target, sizeof(target), "../../../devices/ap/card%02x", a);
	snprintf(path, sizeof(path), "sys/bus/ap/devices/card%02x", a);
	link_make(target, path);
}

static void bus_make(unsigned cards, unsigned domains, unsigned reserved)
{
	static const char *const bus = "sys/bus/ap";
	char text[80];

	dir_make("sys/bus/ap/devices");
	dir_make("sys/bus/ap/drivers/cex4queue");
	dir_make("sys/bus/ap/drivers/cex4card");
	dir_make("sys/bus/ap/drivers/vfio_ap");
	attribute(bus, "apmask %s", mask(text, 0, cards - reserved));
	attribute(bus, "aqmask %s", mask(text, 0, 0));
	if (!reserved) {
		attribute(bus, "apmask %s", mask(text, 0, IDS));
		attribute(bus, "aqmask %s", mask(text, 0, IDS));
	}
	attribute(bus, "ap_max_adapter_id 255");
	attribute(bus, "ap_max_domain_id 255");
	attribute(bus, "ap_adapter_mask %s", mask(text, 0, cards));
	attribute(bus, "ap_usage_domain_mask %s", mask(text, 0, domains));
	attribute(bus, "ap_control_domain_mask %s", mask(text, 0, domains));
	attribute(bus, "features APSC APXA");
	attribute(bus, "bindings %u/%u (complete)", cards * domains, cards * domains);
	for (unsigned a = 0; a < cards; a++) {
		card_make(a);
		for (unsigned d = 0; d < domains; d++)
			queue_make(a, d, a < cards - reserved ? "cex4queue" : "vfio_ap");
	}
}

/* ---- devices -------------------------------------------------------------------------------- */

/* struct block - which adapters and domains a device has */
struct block {
	unsigned adapter, n_adapters, domain, n_domains;
};

static struct block block_of(unsigned i, unsigned adapters, unsigned domains)
{
	const unsigned across = IDS / domains, down = IDS / adapters, n = i % (across * down);

	return (struct block){
		.adapter = n / across * adapters,
		.n_adapters = adapters,
		.domain = n % across * domains,
		.n_domains = domains,
	};
}

static const char *uuid_of(char buf[37], unsigned i)
{
	snprintf(buf, 37, "%08x-1000-4000-8000-000000000000", i);
	return buf;
}

/* All of what is assigned. */
static void guest_make(const char *dir, struct block b)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/guest_matrix", dir);
	f = fopen(path, "w");
	if (!f)
		die(path);
	for (unsigned a = 0; a < b.n_adapters; a++)
		for (unsigned d = 0; d < b.n_domains; d++)
			fprintf(f, "%02x.%04x\n", b.adapter + a, b.domain + d);
	if (fclose(f) != 0)
		die(path);
}

static void active_make(unsigned i, struct block b)
{
	static const char *const matrix = "sys/devices/vfio_ap/matrix";
	char uuid[37], dir[128], path[256], target[64], adapters[80], domains[80], none[80];

	snprintf(dir, sizeof(dir), "%s/%s", matrix, uuid_of(uuid, i));
	dir_make(dir);
	attribute(dir, "ap_config %s,%s,%s", mask(adapters, b.adapter, b.n_adapters),
		  mask(domains, b.domain, b.n_domains), mask(none, 0, 0));
	snprintf(path, sizeof(path), "%s/iommu_group", dir);
	snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%u", i);
	link_make(target, path);
	snprintf(path, sizeof(path), "%s/mdev_type", dir);
	link_make("../mdev_supported_types/vfio_ap-passthrough", path);
	guest_make(dir, b);
}

static void module_make(void)
{
	static const char *const type =
		"sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough";

	dir_make(type);
	attribute(type, "available_instances 65536");
	attribute("sys/devices/vfio_ap/matrix", "features guest_matrix dyn ap_config");
}

/* Laid out as mdevctl does. */
static void defined_make(unsigned i, struct block b)
{
	char uuid[37], path[128];
	FILE *f;

	snprintf(path, sizeof(path), "etc/mdevctl.d/matrix/%s", uuid_of(uuid, i));
	f = fopen(path, "w");
	if (!f)
		die(path);
	fputs("{\n  \"mdev_type\": \"vfio_ap-passthrough\",\n  \"start\": \"manual\",\n"
	      "  \"attrs\": [",
	      f);
	for (unsigned n = 0; n < b.n_adapters; n++)
		fprintf(f, "%s\n    {\n      \"assign_adapter\": \"%u\"\n    }", n ? "," : "",
			b.adapter + n);
	for (unsigned n = 0; n < b.n_domains; n++)
		fprintf(f, ",\n    {\n      \"assign_domain\": \"%u\"\n    }", b.domain + n);
	fputs("\n  ]\n}", f);
	if (fclose(f) != 0)
		die(path);
}

/* ---- command line ---------------------------------------------------------------------------- */

static unsigned number(const char *text, unsigned max)
{
	char *end;
	unsigned long value = text ? strtoul(text, &end, 10) : ~0ul;

	if (!text || *end || end == text || value > max) {
		fprintf(stderr, "tree: no number of 0..%u: %s\n", max, text ? text : "");
		exit(2);
	}
	return (unsigned)value;
}

static void devices_make(char **argv, void (*make)(unsigned i, struct block b))
{
	const unsigned n = number(argv[1], 1000000);
	unsigned adapters, domains;

	if (!argv[2] || sscanf(argv[2], "%ux%u", &adapters, &domains) != 2 || !adapters ||
	    !domains || adapters > IDS || domains > IDS) {
		fprintf(stderr, "tree: no AxD behind %s\n", argv[0]);
		exit(2);
	}
	for (unsigned i = 0; i < n; i++)
		make(i, block_of(i, adapters, domains));
}

int main(int argc, char **argv)
{
	unsigned cards = 0, domains = 0, reserved = 0;

	if (argc < 2) {
		fputs("usage: tree DIR [cards N] [domains N] [reserved N] [active N AxD]"
		      " [defined N AxD]\n",
		      stderr);
		return 2;
	}
	dir_make(argv[1]);
	if (chdir(argv[1]) < 0)
		die(argv[1]);
	dir_make("etc/mdevctl.d/matrix");
	for (argv += 2; *argv; argv += 2) {
		if (strcmp(*argv, "cards") == 0)
			cards = number(argv[1], IDS);
		else if (strcmp(*argv, "domains") == 0)
			domains = number(argv[1], IDS);
		else if (strcmp(*argv, "reserved") == 0)
			reserved = number(argv[1], cards);
		else if (strcmp(*argv, "active") == 0)
			module_make(), devices_make(argv++, active_make);
		else if (strcmp(*argv, "defined") == 0)
			devices_make(argv++, defined_make);
		else
			return 2;
	}
	if (cards) /* without: a machine of which devices alone are looked at */
		bus_make(cards, domains, reserved);
	return 0;
}
