// SPDX-License-Identifier: MIT
/*
 * The least work for the answers that the benchmarks ask for: what a program has to read and
 * print, and nothing else.  No check of what is read, no layout, no message.
 *
 *	floor queues DIR        a line a queue: state, driver, counters (lszcrypt -V)
 *	floor owners DIR        a line a queue: driver, whose by the masks, which device
 *	floor devices DIR       a line a device, active or else defined: UUID, adapters, domains
 *	floor both DIR          the same, active and defined
 *	floor audit DIR         what active devices own and their guests lack; what is off
 *	floor defined DIR UUID  the definitions that collide with one
 *	floor pairs DIR         all pairs of definitions that share a queue
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IDS 256

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

struct ids {
	uint64_t word[IDS / 64];
};

static void ids_add(struct ids *ids, unsigned id)
{
	ids->word[id / 64] |= 1ull << id % 64;
}

static int ids_has(const struct ids *ids, unsigned id)
{
	return ids->word[id / 64] >> id % 64 & 1;
}

static int ids_meet(const struct ids *a, const struct ids *b)
{
	uint64_t both = 0;

	for (unsigned i = 0; i < IDS / 64; i++)
		both |= a->word[i] & b->word[i];
	return both != 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Three system calls: what the kernel has for an attribute it gives at once. */
static char *attribute(int dir, const char *path, char buf[512])
{
	int fd = openat(dir, path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, 511);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static DIR *dir_open(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? NULL : fdopendir(fd);
}

/* The next name that does not begin with a dot; NULL at the end. */
static const char *dir_next(DIR *dir)
{
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			return entry->d_name;
	return NULL;
}

static unsigned hex(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* "0x" and 64 digits, bit 0 leftmost. */
static void mask_read(const char *text, struct ids *ret)
{
	*ret = (struct ids){ { 0 } };
	for (unsigned i = 0; i < IDS / 4; i++)
		for (unsigned b = 0; b < 4; b++)
			if (hex(text[2 + i]) & 8 >> b)
				ids_add(ret, 4 * i + b);
}

/* ---- queues --------------------------------------------------------------------------------- */

/* Drivers are told by their directories; 1: the host's, 2: vfio_ap. */
static unsigned char driver[IDS][IDS];

static void drivers_read(int root)
{
	DIR *drivers = dir_open(root, "sys/bus/ap/drivers");
	const char *name, *queue;
	char path[512];

	while ((name = dir_next(drivers)) != NULL) {
		DIR *dir;

		snprintf(path, sizeof(path), "sys/bus/ap/drivers/%s", name);
		dir = dir_open(root, path);
		while ((queue = dir_next(dir)) != NULL)
			driver[hex(queue[0]) * 16 + hex(queue[1])]
			      [hex(queue[5]) * 16 + hex(queue[6])] =
				      strcmp(name, "vfio_ap") == 0 ? 2 : 1;
		closedir(dir);
	}
	closedir(drivers);
}

/* What is online has config 1; chkstop it may have (Linux 6.1). */
static void queue_print(int dir, unsigned a, unsigned d, const char *card)
{
	char path[64], status[512], requests[512] = "-", waiting[512] = "0", flight[512] = "0";
	const int n = snprintf(path, sizeof(path), "%02x.%04x/", a, d);
	const int vfio = driver[a][d] == 2;

	strcpy(path + n, vfio ? "status" : "online");
	attribute(dir, path, status);
	if (vfio) {
		char config[512], chkstop[512];

		strcpy(path + n, "config");
		attribute(dir, path, config);
		strcpy(path + n, "chkstop");
		attribute(dir, path, chkstop);
		if (*config == '0' || *chkstop == '1')
			strcpy(status, *config == '0' ? "deconfig" : "chkstop");
	} else {
		char chkstop[512];

		strcpy(path + n, "chkstop");
		attribute(dir, path, chkstop);
		if (*chkstop == '1')
			strcpy(status, "chkstop");
		strcpy(path + n, "request_count");
		attribute(dir, path, requests);
		strcpy(path + n, "requestq_count");
		attribute(dir, path, waiting);
		strcpy(path + n, "pendingq_count");
		attribute(dir, path, flight);
	}
	printf("%02x.%04x %s %s %s %d %s\n", a, d, card, status, requests,
	       atoi(waiting) + atoi(flight), vfio ? "vfio_ap" : "cex4queue");
}

static void queues(int root)
{
	char path[64], type[512], functions[512];

	drivers_read(root);
	for (unsigned a = 0; a < IDS; a++) {
		int dir;

		snprintf(path, sizeof(path), "sys/devices/ap/card%02x", a);
		dir = openat(root, path, O_PATH | O_DIRECTORY);
		if (dir < 0)
			continue;
		attribute(dir, "type", type);
		attribute(dir, "ap_functions", functions);
		for (unsigned d = 0; d < IDS; d++)
			if (driver[a][d])
				queue_print(dir, a, d, type);
		close(dir);
	}
}

/* ---- devices -------------------------------------------------------------------------------- */

/* struct device - one of many, as the directory gives it */
struct device {
	char uuid[37];
	struct ids adapters, domains;
};

static struct device *device;
static size_t n_devices;

static struct device *device_new(const char *uuid)
{
	static size_t room;

	if (n_devices == room) {
		room = room ? 2 * room : 64;
		device = realloc(device, room * sizeof(*device));
		if (!device)
			die("memory");
	}
	device[n_devices] = (struct device){ .uuid = "" };
	memcpy(device[n_devices].uuid, uuid, 36);
	return &device[n_devices++];
}

static void active_read(int root)
{
	DIR *dir = dir_open(root, "sys/devices/vfio_ap/matrix");
	const char *name;

	while ((name = dir_next(dir)) != NULL) {
		char path[300], text[512];
		struct device *d;

		if (strlen(name) != 36)
			continue;
		d = device_new(name);
		snprintf(path, sizeof(path), "%s/ap_config", name);
		attribute(dirfd(dir), path, text);
		mask_read(text, &d->adapters);
		mask_read(text + 67, &d->domains);
	}
	if (dir)
		closedir(dir);
}

/* A bit a queue of the text. */
static void guest_read(int root, const char *uuid, unsigned char ret[IDS][IDS])
{
	char path[300], text[4096], *line = text;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "sys/devices/vfio_ap/matrix/%s/guest_matrix", uuid);
	fd = openat(root, path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (; line[0] && line[1] && line[2] == '.'; line += 8)
		ret[hex(line[0]) * 16 + hex(line[1])][hex(line[5]) * 16 + hex(line[6])] = 1;
}

static void card_check(int root, unsigned a)
{
	char path[64], online[512], chkstop[512], hwtype[512];

	snprintf(path, sizeof(path), "sys/devices/ap/card%02x/online", a);
	attribute(root, path, online);
	snprintf(path, sizeof(path), "sys/devices/ap/card%02x/chkstop", a);
	attribute(root, path, chkstop);
	snprintf(path, sizeof(path), "sys/devices/ap/card%02x/hwtype", a);
	attribute(root, path, hwtype);
	if (*online != '1' || *chkstop == '1' || atoi(hwtype) < 10)
		printf("%02x\n", a);
}

/* Whose each queue is, twice or not at all where it should not be; who lacks what; which card. */
static void audit(int root)
{
	static unsigned owner[IDS][IDS];
	static unsigned char guest[IDS][IDS];
	struct ids cards = { { 0 } };

	drivers_read(root);
	active_read(root);
	for (unsigned i = 0; i < n_devices; i++)
		guest_read(root, device[i].uuid, guest);
	for (unsigned i = 0; i < n_devices; i++) {
		for (unsigned a = 0; a < IDS; a++) {
			if (!ids_has(&device[i].adapters, a))
				continue;
			ids_add(&cards, a);
			for (unsigned d = 0; d < IDS; d++) {
				if (!ids_has(&device[i].domains, d))
					continue;
				if (owner[a][d] || driver[a][d] != 2 || !guest[a][d])
					printf("%s %02x.%04x\n", device[i].uuid, a, d);
				owner[a][d] = i + 1;
			}
		}
	}
	for (unsigned a = 0; a < IDS; a++)
		if (ids_has(&cards, a))
			card_check(root, a);
}

static void definition_parse(const char *text, struct device *d)
{
	struct json_object *object = json_tokener_parse(text), *attrs = NULL;

	json_object_object_get_ex(object, "attrs", &attrs);
	for (size_t i = 0; attrs && i < json_object_array_length(attrs); i++) {
		json_object_object_foreach(json_object_array_get_idx(attrs, i), key, value)
		{
			const unsigned id = (unsigned)atoi(json_object_get_string(value)) % IDS;

			if (strcmp(key, "assign_adapter") == 0)
				ids_add(&d->adapters, id);
			else if (strcmp(key, "assign_domain") == 0)
				ids_add(&d->domains, id);
		}
	}
	json_object_put(object);
}

static void definition_read(int dir, const char *name, struct device *d)
{
	static char text[1 << 20];
	int fd = openat(dir, name, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	definition_parse(text, d);
}

static void definitions_read(int root)
{
	DIR *dir = dir_open(root, "etc/mdevctl.d/matrix");
	const char *name;

	while ((name = dir_next(dir)) != NULL)
		definition_read(dirfd(dir), name, device_new(name));
	closedir(dir);
}

static int device_compare(const void *a, const void *b)
{
	return strcmp(((const struct device *)a)->uuid, ((const struct device *)b)->uuid);
}

static void ids_print(const struct ids *ids)
{
	const char *comma = "";

	for (unsigned i = 0; i < IDS; i++) {
		unsigned last = i;

		if (!ids_has(ids, i))
			continue;
		while (last + 1 < IDS && ids_has(ids, last + 1))
			last++;
		printf(last > i ? "%s%u-%u" : "%s%u", comma, i, last);
		comma = ",";
		i = last;
	}
}

static void devices_print(void)
{
	qsort(device, n_devices, sizeof(*device), device_compare);
	for (size_t i = 0; i < n_devices; i++) {
		printf("%s ", device[i].uuid);
		ids_print(&device[i].adapters);
		putchar(' ');
		ids_print(&device[i].domains);
		putchar('\n');
	}
}

static void collide_print(const struct device *with)
{
	for (size_t i = 0; i < n_devices; i++)
		if (strcmp(device[i].uuid, with->uuid) != 0 &&
		    ids_meet(&device[i].adapters, &with->adapters) &&
		    ids_meet(&device[i].domains, &with->domains))
			printf("%s\n", device[i].uuid);
}

static void definition_check(int root, const char *uuid)
{
	struct device with = { .uuid = "" };
	DIR *dir = dir_open(root, "etc/mdevctl.d/matrix");

	memcpy(with.uuid, uuid, strnlen(uuid, 36));
	definition_read(dirfd(dir), uuid, &with);
	closedir(dir);
	collide_print(&with);
}

/* By way of the queues: each pair once for each that it shares, which is enough to know them. */
static void pairs_print(void)
{
	static unsigned first[IDS][IDS];

	for (unsigned i = 0; i < n_devices; i++) {
		for (unsigned a = 0; a < IDS; a++) {
			if (!ids_has(&device[i].adapters, a))
				continue;
			for (unsigned d = 0; d < IDS; d++) {
				if (!ids_has(&device[i].domains, d))
					continue;
				if (first[a][d])
					printf("%s %s %02x.%04x\n", device[first[a][d] - 1].uuid,
					       device[i].uuid, a, d);
				else
					first[a][d] = i + 1;
			}
		}
	}
}

static void owners(int root)
{
	struct ids apmask, aqmask;
	char text[512];

	mask_read(attribute(root, "sys/bus/ap/apmask", text), &apmask);
	mask_read(attribute(root, "sys/bus/ap/aqmask", text), &aqmask);
	drivers_read(root);
	active_read(root);
	for (unsigned a = 0; a < IDS; a++) {
		for (unsigned d = 0; d < IDS; d++) {
			const char *owner = "-";

			if (!driver[a][d])
				continue;
			for (size_t i = 0; i < n_devices; i++)
				if (ids_has(&device[i].adapters, a) &&
				    ids_has(&device[i].domains, d))
					owner = device[i].uuid;
			printf("%02x.%04x %s %s %s\n", a, d,
			       driver[a][d] == 2 ? "vfio_ap" : "cex4queue",
			       ids_has(&apmask, a) && ids_has(&aqmask, d) ? "host" : "vfio_ap",
			       owner);
		}
	}
}

int main(int argc, char **argv)
{
	const char *job = argc > 2 ? argv[1] : "";
	int root = argc > 2 ? open(argv[2], O_PATH | O_DIRECTORY) : -1;

	if (root < 0)
		die(argc > 2 ? argv[2] : "usage: floor JOB DIR [ARGUMENT]");
	if (strcmp(job, "queues") == 0) {
		queues(root);
	} else if (strcmp(job, "owners") == 0) {
		owners(root);
	} else if (strcmp(job, "devices") == 0) {
		active_read(root);
		if (!n_devices)
			definitions_read(root);
		devices_print();
	} else if (strcmp(job, "audit") == 0) {
		audit(root);
	} else if (strcmp(job, "both") == 0) {
		active_read(root);
		definitions_read(root);
		devices_print();
	} else if (strcmp(job, "defined") == 0 && argc > 3) {
		definitions_read(root);
		definition_check(root, argv[3]);
	} else if (strcmp(job, "pairs") == 0) {
		definitions_read(root);
		pairs_print();
	} else {
		errno = EINVAL;
		die(job);
	}
	return 0;
}
