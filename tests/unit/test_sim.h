/* SPDX-License-Identifier: MIT */
/*
 * For tests of the simulator's model: a machine made by hand, its files by path,
 * and what it logged and sent.  Paths are relative to the machine's root.
 */
#ifndef TEST_SIM_H
#define TEST_SIM_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../sim/machine.h"
#include "test.h"

#define UUID_A "62177883-f1bb-47f0-914d-32a22e3a8804"
#define UUID_B "cef03c3c-903d-4ecc-9a83-40694cb8aee4"
#define BUS    "sys/bus/ap/"
#define DEVS   "sys/devices/ap/"
#define MATRIX "sys/devices/vfio_ap/matrix/"
#define TYPE   MATRIX "mdev_supported_types/vfio_ap-passthrough/"

struct sim {
	struct machine *m;
	char page[MACHINE_PAGE]; /* of the last sim_read() */
	char log[8192];		 /* lines, oldest first; cleared by the reader */
	char uevents[8192];	 /* "change@/devices/ap APMASK=..;" per event */
};

static inline void sim_text_add(char *text, size_t size, const char *more)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s", more);
}

static inline void sim_log(void *arg, const char *line)
{
	struct sim *s = arg;

	sim_text_add(s->log, sizeof(s->log), line);
	sim_text_add(s->log, sizeof(s->log), "\n");
}

/* Without ACTION, DEVPATH and SEQNUM, which are in the header or count. */
static inline void sim_uevent(void *arg, const char *buf, size_t len)
{
	struct sim *s = arg;

	for (size_t i = 0; i < len; i += strlen(buf + i) + 1) {
		if (!strncmp(buf + i, "ACTION=", 7) || !strncmp(buf + i, "DEVPATH=", 8) ||
		    !strncmp(buf + i, "SEQNUM=", 7))
			continue;
		sim_text_add(s->uevents, sizeof(s->uevents), buf + i);
		sim_text_add(s->uevents, sizeof(s->uevents), " ");
	}
	sim_text_add(s->uevents, sizeof(s->uevents), ";");
}

/* Host H of K 18 without vfio_ap */
static inline void sim_host(struct lpar *lpar)
{
	*lpar = (struct lpar){ .max_adapter = 255, .max_domain = 0x54, .vfio_ap = true };
	for (unsigned apid = 5; apid <= 6; apid++)
		lpar->card[apid] = (struct lpar_card){
			.present = true, .config = true, .type = "CEX7C", .serial = "93AADFK7"
		};
	vfioap_mask_set(&lpar->usage, 4);
	vfioap_mask_set(&lpar->usage, 0x47);
	lpar->control = lpar->usage;
}

static inline bool sim_boot(struct sim *s, const char *kernel, const struct lpar *lpar)
{
	struct machine_hooks hooks = { .log = sim_log, .uevent = sim_uevent, .arg = s };
	struct err err = { 0 };

	memset(s, 0, sizeof(*s));
	if (machine_new(lpar, traits_find(kernel), &hooks, &s->m, &err) == 0)
		return true;
	printf("cannot boot %s: %s\n", kernel, err.what);
	return false;
}

static inline void sim_done(struct sim *s)
{
	s->m = machine_free(s->m);
}

/* 0 for the full count, a negative errno, or -1000 - count */
static inline int sim_write_bytes(struct sim *s, const char *path, const char *buf, size_t len)
{
	struct node node;
	ssize_t n;
	int rc;

	rc = machine_find(s->m, path, &node);
	if (rc < 0)
		return rc;
	if (!(node.mode & 0222))
		return -EACCES;
	n = machine_write(s->m, &node, buf, len, NULL, NULL);
	return n < 0 ? (int)n : (size_t)n == len ? 0 : -1000 - (int)n;
}

static inline int sim_write(struct sim *s, const char *path, const char *text)
{
	return sim_write_bytes(s, path, text, strlen(text));
}

/* The text of a file, in @s until the next call; "?ENOENT" when it cannot be read. */
static inline const char *sim_read(struct sim *s, const char *path)
{
	struct node node;
	ssize_t n;
	int rc;

	rc = machine_find(s->m, path, &node);
	if (!rc && !(node.mode & 0444))
		rc = -EACCES;
	n = rc < 0 ? rc : machine_read(s->m, &node, s->page);
	if (n < 0)
		snprintf(s->page, sizeof(s->page), "?%s", strerrorname_np((int)-n));
	else
		s->page[n] = '\0';
	return s->page;
}

static inline bool sim_exists(struct sim *s, const char *path)
{
	struct node node;

	return machine_find(s->m, path, &node) == 0;
}

/* The name of the driver of "05.0004", "" for none */
static inline const char *sim_driver(struct sim *s, const char *queue)
{
	char path[128], target[256];
	const char *base;

	snprintf(path, sizeof(path), DEVS "card%.2s/%s/driver", queue, queue);
	s->page[0] = '\0';
	if (machine_readlink(s->m, path, target, sizeof(target)) == 0) {
		base = strrchr(target, '/');
		snprintf(s->page, sizeof(s->page), "%s", base ? base + 1 : target);
	}
	return s->page;
}

static inline int sim_ctl(struct sim *s, const char *line)
{
	const char *argv[8];
	char buf[128];
	char *rest = buf, *word;
	struct err err = { 0 };
	int argc = 0;

	snprintf(buf, sizeof(buf), "%s", line);
	while ((word = strsep(&rest, " ")) && argc < 8)
		argv[argc++] = word;
	return machine_ctl(s->m, argc, argv, stdout, &err);
}

/* Open the group of a device and put a guest in it; the node to release it with */
static inline int sim_guest(struct sim *s, unsigned group, pid_t pid, struct node *ret)
{
	char path[32];
	int rc;

	snprintf(path, sizeof(path), "dev/vfio/%u", group);
	rc = machine_find(s->m, path, ret);
	if (!rc)
		rc = machine_group_open(s->m, ret, pid);
	return rc < 0 ? rc : machine_group_attach(s->m, ret);
}

#endif
