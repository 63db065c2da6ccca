/* SPDX-License-Identifier: MIT */
/* modprobe and rmmod: which drivers and directories come and go (K 2, 8.3, 13). */
#include "model.h"

#include <errno.h>

const char *const module_names[MODULE_COUNT] = {
	[MODULE_AP] = "ap",
	[MODULE_ZCRYPT_CEX2A] = "zcrypt_cex2a",
	[MODULE_ZCRYPT_CEX2C] = "zcrypt_cex2c",
	[MODULE_ZCRYPT_CEX4] = "zcrypt_cex4",
	[MODULE_VFIO_AP] = "vfio_ap",
};

static void drivers_register(struct machine *m, enum module module)
{
	for (enum driver d = 0; d < DRIVER_COUNT; d++)
		if (driver_rows[d].module == module)
			driver_register(m, d);
}

static void drivers_unregister(struct machine *m, enum module module)
{
	for (enum driver d = DRIVER_COUNT; d-- > 0;)
		if (driver_rows[d].module == module)
			driver_unregister(m, d);
}

static void vfio_ap_load(struct machine *m)
{
	m->matrix_autoprobe = true;
	m->vfio_host = (struct matrix){ .adapters = hw_adapters(m),
					.domains = hw_domains(m),
					.controls = hw_controls(m) };
	uevent_send(m, OBJECT_BUS_MATRIX, NULL, "add", NULL);
	uevent_send(m, OBJECT_MATRIX, NULL, "add", NULL);
	m->matrix_bound = true;
	uevent_send(m, OBJECT_MATRIX, NULL, "bind", NULL);
	uevent_send(m, OBJECT_MATRIX_DRIVER, NULL, "add", NULL);
	drivers_register(m, MODULE_VFIO_AP);
	uevent_send(m, OBJECT_MDEV_DRIVER, NULL, "add", NULL);
	uevent_send(m, OBJECT_MATRIX, NULL, "change", "MDEV_STATE=registered");
	machine_log(m, "vfio_ap matrix: MDEV: Registered");
}

static void vfio_ap_unload(struct machine *m)
{
	struct mdev *mdev = m->newest;

	machine_log(m, "vfio_ap matrix: MDEV: Unregistering");
	while (mdev && mdev->next)
		mdev = mdev->next;
	while (mdev) { /* the oldest first */
		struct mdev *newer = mdev->prev;

		matrix_destroy(m, mdev);
		mdev = newer;
	}
	uevent_send(m, OBJECT_MATRIX, NULL, "change", "MDEV_STATE=unregistered");
	uevent_send(m, OBJECT_MDEV_DRIVER, NULL, "remove", NULL);
	drivers_unregister(m, MODULE_VFIO_AP);
	m->matrix_bound = false;
	uevent_send(m, OBJECT_MATRIX, NULL, "unbind", NULL);
	uevent_send(m, OBJECT_MATRIX_DRIVER, NULL, "remove", NULL);
	uevent_send(m, OBJECT_MATRIX, NULL, "remove", NULL);
	uevent_send(m, OBJECT_BUS_MATRIX, NULL, "remove", NULL);
}

int module_load(struct machine *m, enum module module)
{
	bool is_old = module == MODULE_ZCRYPT_CEX2A || module == MODULE_ZCRYPT_CEX2C;
	struct at at = { .id = { module } };

	if (is_old && !machine_has(m, TRAIT_CEX3))
		return -ENOENT;
	if (m->modules[module])
		return 0;
	m->modules[module] = machine_generation(m);
	if (module == MODULE_VFIO_AP)
		vfio_ap_load(m);
	else
		drivers_register(m, module);
	uevent_send(m, OBJECT_MODULE, &at, "add", NULL);
	return 0;
}

/* One use per open device, not per device (K 8.3); `ap` is built in. */
static bool is_in_use(const struct machine *m, enum module module)
{
	return module == MODULE_AP || (module == MODULE_VFIO_AP && m->n_attached);
}

int module_unload(struct machine *m, enum module module)
{
	struct at at = { .id = { module } };

	/* Whose user is gone already is finished by who began to remove it. */
	while (module == MODULE_VFIO_AP && m->n_waiting && !m->n_attached)
		pthread_cond_wait(&m->changed, &m->lock);
	if (!m->modules[module])
		return -ENOENT;
	if (is_in_use(m, module))
		return -EBUSY;
	if (module == MODULE_VFIO_AP)
		vfio_ap_unload(m);
	else
		drivers_unregister(m, module);
	uevent_send(m, OBJECT_MODULE, &at, "remove", NULL);
	m->modules[module] = 0;
	return 0;
}
