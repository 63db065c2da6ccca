/* SPDX-License-Identifier: MIT */
/*
 * The machine as a whole: boot and reboot, the lock, reads and writes of its
 * files.  What the files mean is in the tables of attr_*.c.
 */
#include "machine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

#define CONFIG_TIME_DEFAULT  30
#define POLL_TIMEOUT_DEFAULT 250000

uint64_t machine_generation(struct machine *m)
{
	return ++m->generation;
}

void machine_log(struct machine *m, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (!m->hooks.log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	m->hooks.log(m->hooks.arg, line);
}

/* ---- lives ------------------------------------------------------------------------------- */

static uint64_t device_life(const struct machine *m, const struct at *at, bool binding)
{
	const struct card *card = &m->card[at->id[0]];
	const struct queue *queue;

	if (!card->generation)
		return 0;
	if (at->id[1] == NO_DOMAIN)
		return binding ? card->binding : card->generation;
	queue = &card->queue[at->id[1]];
	return binding ? queue->binding : queue->generation;
}

static uint64_t mdev_life(const struct machine *m, const struct at *at, enum life life)
{
	const struct mdev *mdev = at->id[0] < m->mdevs.size ? matrix_mdev(m, at) : NULL;

	if (!mdev)
		return 0;
	switch (life) {
	case LIFE_MDEV: return mdev->generation;
	case LIFE_MDEV_REMOVE: return mdev->phase == MDEV_REMOVING ? 0 : mdev->generation;
	case LIFE_MDEV_BINDING: return mdev->phase == MDEV_LIVE ? mdev->binding : 0;
	default: return mdev->binding;
	}
}

uint64_t machine_life(const struct machine *m, enum life life, const struct at *at)
{
	switch (life) {
	case LIFE_STATIC: return 1;
	case LIFE_MODULE: return m->modules[at->id[0]];
	case LIFE_DRIVER: return m->drivers[at->id[0]];
	case LIFE_VFIO_AP: return m->modules[MODULE_VFIO_AP];
	case LIFE_DEVICE: return device_life(m, at, false);
	case LIFE_BINDING: return device_life(m, at, true);
	default: return mdev_life(m, at, life);
	}
}

/* ---- reads and writes --------------------------------------------------------------------- */

/* Is what @node was found for still there? */
static bool node_is_alive(const struct machine *m, const struct node *node, struct at *ret_at)
{
	*ret_at = (struct at){ .id = { node->id[0], node->id[1] } };
	return machine_life(m, node->object, ret_at) == node->generation;
}

ssize_t machine_read(struct machine *m, const struct node *node, char page[MACHINE_PAGE])
{
	struct page out = { .buf = page };
	struct at at;
	int rc = -ENODEV;

	if (!node->attr || !node->attr->show)
		return -EIO;
	pthread_mutex_lock(&m->lock);
	if (node_is_alive(m, node, &at))
		rc = node->attr->show(m, &at, node->attr->arg, &out);
	pthread_mutex_unlock(&m->lock);
	return rc < 0 ? rc : (ssize_t)out.len;
}

static int store(struct machine *m, const struct node *node, const struct input *in)
{
	struct at at;
	int rc = -ENODEV;

	pthread_mutex_lock(&m->lock);
	if (node_is_alive(m, node, &at))
		rc = node->attr->store(m, &at, node->attr->arg, in);
	pthread_mutex_unlock(&m->lock);
	return rc;
}

ssize_t machine_write(struct machine *m, const struct node *node, const char *buf, size_t len,
		      bool (*interrupted)(void *), void *arg)
{
	_cleanup_free_ char *text = NULL;
	struct at at;
	bool alive;
	int rc;

	if (!len) {
		/* Not even the attribute is asked, but for its device (K 1.3). */
		pthread_mutex_lock(&m->lock);
		alive = node_is_alive(m, node, &at);
		pthread_mutex_unlock(&m->lock);
		return alive ? 0 : -ENODEV;
	}
	if (!node->attr || !node->attr->store)
		return -EIO;
	if (len > MACHINE_PAGE)
		len = MACHINE_PAGE;
	text = malloc(len + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, buf, len);
	text[len] = '\0';
	rc = store(m, node,
		   &(struct input){
			   .text = text, .len = len, .interrupted = interrupted, .arg = arg });
	return rc < 0 ? rc : (ssize_t)len;
}

/* ---- life cycle ------------------------------------------------------------------------------ */

static void kernel_stop(struct machine *m)
{
	matrix_forget(m);
	scan_forget(m);
	memset(m->modules, 0, sizeof(m->modules));
	memset(m->drivers, 0, sizeof(m->drivers));
	free(m->owners);
	m->owners = NULL;
	m->n_owners = m->max_owners = 0;
	/* Writers that wait for a guest wait no longer. */
	m->epoch++;
	pthread_cond_broadcast(&m->changed);
}

static int kernel_start(struct machine *m)
{
	m->overrides = 0;
	m->masks_in_use = false;
	m->scans = m->bindings_complete = 0;
	m->bindings_armed = false;
	m->autoprobe = m->matrix_autoprobe = m->mdev_autoprobe = true;
	m->ap_domain = -1;
	m->config_time = CONFIG_TIME_DEFAULT;
	m->poll_timeout = POLL_TIMEOUT_DEFAULT;
	bus_mask_boot(m);
	module_load(m, MODULE_AP);
	module_load(m, MODULE_ZCRYPT_CEX2A);
	module_load(m, MODULE_ZCRYPT_CEX2C);
	module_load(m, MODULE_ZCRYPT_CEX4);
	return scan_run(m);
}

/* What an LPAR has from the start, beside its cards. */
static int devices_create(struct machine *m, const struct lpar *lpar, struct err *err)
{
	int rc;

	if (lpar->vfio_ap || lpar->n_devices)
		module_load(m, MODULE_VFIO_AP);
	for (size_t i = 0; i < lpar->n_devices; i++) {
		const struct lpar_device *device = &lpar->devices[i];
		const struct matrix matrix = { .adapters = device->adapters,
					       .domains = device->domains,
					       .controls = device->controls };

		rc = matrix_create(m, device->uuid);
		if (!rc)
			rc = assign_matrix(m, matrix_find(m, device->uuid), &matrix);
		if (rc < 0)
			return err_errno(err, rc, "cannot make device '%s'", device->uuid);
	}
	return 0;
}

static int machine_init(struct machine *m, const struct lpar *lpar)
{
	pthread_condattr_t attr;

	if (lpar->boot_apmask)
		m->boot_apmask = strdup(lpar->boot_apmask);
	if (lpar->boot_aqmask)
		m->boot_aqmask = strdup(lpar->boot_aqmask);
	for (unsigned apid = 0; apid < VFIOAP_IDS; apid++)
		m->card[apid].hw = lpar->card[apid];
	m->usage = lpar->usage;
	m->control = lpar->control;
	m->max_adapter = lpar->max_adapter;
	m->max_domain = lpar->max_domain;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (!m->boot_apmask != !lpar->boot_apmask || !m->boot_aqmask != !lpar->boot_aqmask)
		return -ENOMEM;
	return 0;
}

int machine_new(const struct lpar *lpar, const struct traits *traits,
		const struct machine_hooks *hooks, struct machine **ret, struct err *err)
{
	struct machine *m;
	int rc;

	m = calloc(1, sizeof(*m));
	if (!m)
		return err_oom(err);
	m->traits = traits;
	if (hooks)
		m->hooks = *hooks;
	m->booting = true;
	rc = machine_init(m, lpar);
	if (!rc)
		rc = kernel_start(m);
	if (rc < 0) {
		machine_free(m);
		return err_oom(err);
	}
	rc = devices_create(m, lpar, err);
	if (rc < 0) {
		machine_free(m);
		return rc;
	}
	m->booting = false;
	*ret = m;
	return 0;
}

struct machine *machine_free(struct machine *m)
{
	if (!m)
		return NULL;
	kernel_stop(m);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	free(m->boot_apmask);
	free(m->boot_aqmask);
	free(m);
	return NULL;
}

int machine_reboot(struct machine *m, struct err *err)
{
	int rc;

	pthread_mutex_lock(&m->lock);
	m->booting = true;
	kernel_stop(m);
	rc = kernel_start(m);
	m->booting = false;
	pthread_mutex_unlock(&m->lock);
	return rc < 0 ? err_oom(err) : 0;
}
