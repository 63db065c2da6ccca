/* SPDX-License-Identifier: MIT */
/*
 * One card or queue in detail: what its files say.  Where it is bound and whose it is, apbus.c
 * knows of all of them at once.
 */
#include "apbus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "str.h"
#include "sysfs.h"

/* A number, a mask, or a name: kernel-abi 3, 6, 7. */
#define LINE_SIZE 128

/* ---- attributes ---------------------------------------------------------------------------- */

/* struct place - where the attributes are: in @dir, or in a queue's directory below it */
struct place {
	int dir;
	char path[64];
	size_t len; /* of the part that stays */
};

static const char *place_path(struct place *place, const char *name)
{
	snprintf(place->path + place->len, sizeof(place->path) - place->len, "%s", name);
	return place->path;
}

/*
 * Details are for people to look at: what is missing or garbled is unknown, and no reason
 * to show nothing at all.
 */
static bool read_line(struct place *place, const char *name, char *buf, size_t size)
{
	if (sysfs_read(place->dir, place_path(place, name), buf, size) < 0)
		return false;
	str_chomp(buf);
	return true;
}

static long long read_number(struct place *place, const char *name)
{
	char text[LINE_SIZE];
	const char *p = text;
	unsigned long value;

	if (!read_line(place, name, text, sizeof(text)))
		return -1;
	if (str_ulong_parse(&p, 10, (unsigned long)(~0ul >> 1), &value) < 0 || *p)
		return -1;
	return (long long)value;
}

static int read_int(struct place *place, const char *name)
{
	long long value = read_number(place, name);

	return value > 0x7fffffff ? -1 : (int)value;
}

static void read_pending(struct place *place, struct apbus_info *info)
{
	int queued = read_int(place, "requestq_count"), pending = read_int(place, "pendingq_count");

	info->requests = read_number(place, "request_count");
	info->pending = queued < 0 || pending < 0 ? -1 : (long long)queued + pending;
}

/* A short name out of a file or a link, made fit to be shown; "" when there is none. */
static void read_type(struct place *place, char type[APBUS_NAME_SIZE])
{
	if (!read_line(place, "type", type, APBUS_NAME_SIZE))
		type[0] = '\0';
	str_printable(type);
}

static void read_driver(struct place *place, char driver[APBUS_NAME_SIZE])
{
	if (sysfs_link_name(place->dir, place_path(place, "driver"), driver, APBUS_NAME_SIZE) < 0)
		driver[0] = '\0';
	str_printable(driver);
}

/* By its driver; unknown when there is none, or a driver of another time. */
static enum apbus_status read_vfio_status(struct place *place)
{
	static const struct {
		const char *text;
		enum apbus_status status;
	} words[] = {
		{ .text = "unassigned", .status = APBUS_STATUS_UNASSIGNED },
		{ .text = "assigned", .status = APBUS_STATUS_ASSIGNED },
		{ .text = "in use", .status = APBUS_STATUS_IN_USE },
	};
	char text[LINE_SIZE];

	if (!read_line(place, "status", text, sizeof(text)))
		return APBUS_STATUS_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(text, words[i].text))
			return words[i].status;
	}
	return APBUS_STATUS_UNKNOWN;
}

/*
 * config and chkstop come before what the driver says, as lszcrypt has it.  What is online has
 * config 1, so that one need not be read; chkstop must (kernel-abi 6, 7: Linux 6.1 does not look
 * at it).  @vfio: there is no `online` to look for.
 */
static enum apbus_status read_status(struct place *place, bool vfio)
{
	const int online = vfio ? -1 : read_int(place, "online");

	if (online != 1 && read_int(place, "config") == 0)
		return APBUS_STATUS_DECONFIGURED;
	if (read_int(place, "chkstop") > 0)
		return APBUS_STATUS_CHECKSTOPPED;

	switch (online) {
	case 1: return APBUS_STATUS_ONLINE;
	case 0: return APBUS_STATUS_OFFLINE;
	default: return read_vfio_status(place);
	}
}

int apbus_queue_in_use(int root, unsigned apid, unsigned apqi)
{
	struct place place = { .dir = root };
	char path[PATH_SIZE];

	place.len = (size_t)snprintf(place.path, sizeof(place.path), "%.62s/",
				     path_queue(path, apid, apqi, NULL));
	switch (read_vfio_status(&place)) {
	case APBUS_STATUS_IN_USE: return 1;
	case APBUS_STATUS_ASSIGNED:
	case APBUS_STATUS_UNASSIGNED: return 0;
	default: return -1;
	}
}

static void read_functions(struct place *place, struct apbus_info *info)
{
	char text[LINE_SIZE];
	const char *p;
	unsigned long value;

	if (!read_line(place, "ap_functions", text, sizeof(text)))
		return;
	p = str_starts_with(text, "0x");
	if (!p || str_ulong_parse(&p, 16, 0xffffffff, &value) < 0 || *p)
		return;
	info->functions_known = true;
	info->functions = (unsigned)value;
}

/* The type's last letter tells; without one the facility bits do, in zcrypt_cex4.c's order. */
static enum apbus_mode info_mode(const struct apbus_info *info)
{
	size_t len = strlen(info->type);

	switch (len ? info->type[len - 1] : '\0') {
	case 'A': return APBUS_MODE_ACCEL;
	case 'C': return APBUS_MODE_CCA;
	case 'P': return APBUS_MODE_EP11;
	default: break;
	}

	if (info->functions & 0x08000000)
		return APBUS_MODE_ACCEL;
	if (info->functions & 0x10000000)
		return APBUS_MODE_CCA;
	if (info->functions & 0x04000000)
		return APBUS_MODE_EP11;
	return APBUS_MODE_UNKNOWN;
}

/* ---- cards and queues ------------------------------------------------------------------------ */

int apbus_card_open(int root, unsigned apid, struct err *err)
{
	char path[PATH_SIZE];
	int fd = sysfs_open(root, path_card(path, apid, NULL), O_PATH | O_DIRECTORY);

	return fd < 0 ? err_errno(err, fd, "cannot read '/%s'", path) : fd;
}

int apbus_card_driver(int root, unsigned apid, struct apbus_info *ret, struct err *err)
{
	_cleanup_close_ int dir = apbus_card_open(root, apid, err);
	struct place place = { .dir = dir };

	if (dir < 0)
		return dir;
	*ret = (struct apbus_info){ .hwtype = -1, .depth = -1, .requests = -1, .pending = -1 };
	read_driver(&place, ret->driver);
	return 0;
}

int apbus_card_state(int root, unsigned apid, struct apbus_info *ret, struct err *err)
{
	_cleanup_close_ int dir = apbus_card_open(root, apid, err);
	struct place place = { .dir = dir };

	if (dir < 0)
		return dir;
	*ret = (struct apbus_info){ .depth = -1, .requests = -1, .pending = -1 };
	ret->status = read_status(&place, false);
	ret->hwtype = read_int(&place, "hwtype");
	return 0;
}

int apbus_card_read(int root, unsigned apid, struct apbus_info *ret, struct err *err)
{
	_cleanup_close_ int dir = apbus_card_open(root, apid, err);
	struct place place = { .dir = dir };
	struct apbus_info info = { 0 };

	if (dir < 0)
		return dir;

	read_type(&place, info.type);
	read_driver(&place, info.driver);
	read_functions(&place, &info);
	info.mode = info_mode(&info);
	info.status = read_status(&place, false);
	info.hwtype = read_int(&place, "hwtype");
	info.depth = read_int(&place, "depth");
	read_pending(&place, &info);

	*ret = info;
	return 0;
}

int apbus_queue_read(int dir, unsigned apid, unsigned apqi, const struct apbus_info *card,
		     const char *driver, struct apbus_info *ret, struct err *err)
{
	struct apbus_info info = *card;
	struct place place = { .dir = dir, .len = QUEUE_SIZE };
	bool vfio;

	snprintf(place.path, sizeof(place.path), "%s/",
		 queue_format(apid, apqi, (char[QUEUE_SIZE]){ "" }));
	if (driver)
		snprintf(info.driver, sizeof(info.driver), "%s", driver);
	else
		read_driver(&place, info.driver);
	vfio = strcmp(info.driver, "vfio_ap") == 0;
	info.status = read_status(&place, vfio);

	/* Beside zcrypt the counters are leftovers of other times (kernel-abi 7). */
	info.requests = info.pending = -1;
	if (*info.driver && !vfio)
		read_pending(&place, &info);

	/* Nothing there at all: is it the attributes, or the queue? */
	if (info.status == APBUS_STATUS_UNKNOWN && !sysfs_exists(dir, place_path(&place, "")))
		return err_errno(err, -ENOENT, "cannot read queue '%.7s'", place.path);

	*ret = info;
	return 0;
}
