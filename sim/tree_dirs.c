/* SPDX-License-Identifier: MIT */
/*
 * The directories of /sys and /dev/vfio that the AP bus, vfio_ap and what they
 * use own, as tables (K 2).  From the leaves to the root.
 */
#include "tree.h"

#include <stdio.h>

/* ---- paths of objects --------------------------------------------------------------- */

void tree_device_path(const struct machine *m _unused_, const struct at *at, char *buf, size_t size)
{
	unsigned apid = at->id[0], apqi = at->id[1];

	if (apqi == NO_DOMAIN)
		snprintf(buf, size, "devices/ap/card%02x", apid);
	else
		snprintf(buf, size, "devices/ap/card%02x/%02x.%04x", apid, apid, apqi);
}

void tree_driver_path(const struct machine *m _unused_, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "bus/ap/drivers/%s", driver_rows[at->id[0]].name);
}

void tree_module_path(const struct machine *m _unused_, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "module/%s", module_names[at->id[0]]);
}

void tree_mdev_path(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "devices/vfio_ap/matrix/%s", matrix_mdev(m, at)->uuid);
}

void tree_vfio_dev_path(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	const struct mdev *mdev = matrix_mdev(m, at);

	snprintf(buf, size, "devices/vfio_ap/matrix/%s/vfio-dev/vfio%u", mdev->uuid, mdev->slot);
}

void tree_group_path(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "devices/virtual/vfio/%u", matrix_mdev(m, at)->slot);
}

static void bound_driver_path(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	tree_driver_path(m, &(struct at){ .id = { driver_of(m, at) } }, buf, size);
}

static void driver_module_path(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	tree_module_path(m, &(struct at){ .id = { driver_rows[at->id[0]].module } }, buf, size);
}

static void iommu_group_path(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "kernel/iommu_groups/%u", matrix_mdev(m, at)->slot);
}

static void uuid_path(const struct machine *m, const struct at *at, char *buf, size_t size)
{
	snprintf(buf, size, "%s", matrix_mdev(m, at)->uuid);
}

/* ---- conditions ---------------------------------------------------------------------- */

static bool has_groups(const struct machine *m, const struct at *at _unused_)
{
	struct at any;

	return family_groups.next(m, NULL, true, &any);
}

static bool is_visible(const struct machine *m, const struct at *at)
{
	return matrix_mdev(m, at)->phase != MDEV_REMOVING;
}

static bool is_loadable(const struct machine *m _unused_, const struct at *at)
{
	return at->id[0] != MODULE_AP;
}

static bool is_ap(const struct machine *m _unused_, const struct at *at)
{
	return at->id[0] == MODULE_AP;
}

static bool is_module_vfio_ap(const struct machine *m _unused_, const struct at *at)
{
	return at->id[0] == MODULE_VFIO_AP;
}

#define GROUPS(...)                                  \
	.groups = (const struct attr_group *const[]) \
	{                                            \
		__VA_ARGS__, NULL                    \
	}

/* ---- /sys/devices/ap ------------------------------------------------------------------- */

static const struct entry queue_entries[] = {
	{ .type = NODE_LINK,
	  .name = "subsystem",
	  .up = "../../../../",
	  .to = "bus/ap",
	  .life = LIFE_DEVICE },
	{ .type = NODE_LINK,
	  .name = "driver",
	  .up = "../../../../",
	  .path = bound_driver_path,
	  .life = LIFE_BINDING },
};
static const struct dir queue_dir = {
	TREE_ENTRIES(queue_entries),
	GROUPS(&attr_queue, &attr_queue_host, &attr_queue_vfio),
};

static const struct entry card_entries[] = {
	{ .type = NODE_LINK,
	  .name = "subsystem",
	  .up = "../../../",
	  .to = "bus/ap",
	  .life = LIFE_DEVICE },
	{ .type = NODE_LINK,
	  .name = "driver",
	  .up = "../../../",
	  .path = bound_driver_path,
	  .life = LIFE_BINDING },
	{ .family = &family_queues, .dir = &queue_dir, .life = LIFE_DEVICE },
};
static const struct dir card_dir = {
	TREE_ENTRIES(card_entries),
	GROUPS(&attr_card, &attr_card_driver),
};

static const struct entry devices_ap_entries[] = {
	{ .family = &family_cards, .dir = &card_dir, .life = LIFE_DEVICE },
};
static const struct dir devices_ap_dir = {
	TREE_ENTRIES(devices_ap_entries),
	GROUPS(&attr_ap_root),
};

/* ---- /sys/devices/vfio_ap ---------------------------------------------------------------- */

static const struct entry vfio_dev_entries[] = {
	{ .type = NODE_LINK,
	  .name = "subsystem",
	  .up = "../../../../../../",
	  .to = "class/vfio-dev",
	  .life = LIFE_GROUP },
	{ .type = NODE_LINK,
	  .name = "device",
	  .up = "../../../",
	  .path = uuid_path,
	  .life = LIFE_GROUP },
};
static const struct dir vfio_dev_dir = {
	TREE_ENTRIES(vfio_dev_entries),
	GROUPS(&attr_vfio_dev),
};

static const struct entry vfio_devs_entries[] = {
	{ .family = &family_vfio_dev, .dir = &vfio_dev_dir, .life = LIFE_GROUP },
};
static const struct dir vfio_devs_dir = { TREE_ENTRIES(vfio_devs_entries) };

static const struct entry mdev_entries[] = {
	{ .type = NODE_LINK,
	  .name = "subsystem",
	  .up = "../../../../",
	  .to = "bus/mdev",
	  .life = LIFE_MDEV,
	  .has = is_visible },
	{ .type = NODE_LINK,
	  .name = "driver",
	  .up = "../../../../",
	  .to = "bus/mdev/drivers/vfio_ap_mdev",
	  .life = LIFE_MDEV_BINDING },
	{ .type = NODE_LINK,
	  .name = "iommu_group",
	  .up = "../../../../",
	  .path = iommu_group_path,
	  .life = LIFE_GROUP },
	{ .type = NODE_LINK,
	  .name = "mdev_type",
	  .up = "",
	  .to = "../mdev_supported_types/vfio_ap-passthrough",
	  .life = LIFE_MDEV_REMOVE },
	{ .name = "vfio-dev",
	  .dir = &vfio_devs_dir,
	  .life = LIFE_GROUP,
	  .has = family_has_vfio_dev },
};
static const struct dir mdev_dir = {
	TREE_ENTRIES(mdev_entries),
	GROUPS(&attr_mdev, &attr_mdev_remove, &attr_mdev_driver),
};

static const struct entry type_devices_entries[] = {
	{ .type = NODE_LINK,
	  .family = &family_mdevs_visible,
	  .up = "../../../",
	  .path = uuid_path,
	  .life = LIFE_MDEV },
};
static const struct dir type_devices_dir = { TREE_ENTRIES(type_devices_entries) };

static const struct entry type_entries[] = {
	{ .name = "devices", .dir = &type_devices_dir, .life = LIFE_VFIO_AP },
};
static const struct dir type_dir = { TREE_ENTRIES(type_entries), GROUPS(&attr_mdev_type) };

static const struct entry types_entries[] = {
	{ .name = "vfio_ap-passthrough", .dir = &type_dir, .life = LIFE_VFIO_AP },
};
static const struct dir types_dir = { TREE_ENTRIES(types_entries) };

static const struct entry matrix_entries[] = {
	{ .type = NODE_LINK,
	  .name = "subsystem",
	  .up = "../../../",
	  .to = "bus/matrix",
	  .life = LIFE_VFIO_AP },
	{ .type = NODE_LINK,
	  .name = "driver",
	  .up = "../../../",
	  .to = "bus/matrix/drivers/vfio_ap",
	  .life = LIFE_VFIO_AP },
	{ .name = "mdev_supported_types", .dir = &types_dir, .life = LIFE_VFIO_AP },
	{ .family = &family_mdevs, .dir = &mdev_dir, .life = LIFE_MDEV },
};
static const struct dir matrix_dir = { TREE_ENTRIES(matrix_entries), GROUPS(&attr_matrix) };

static const struct entry devices_vfio_ap_entries[] = {
	{ .type = NODE_LINK,
	  .name = "module",
	  .up = "../../",
	  .to = "module/vfio_ap",
	  .life = LIFE_VFIO_AP },
	{ .name = "matrix", .dir = &matrix_dir, .life = LIFE_VFIO_AP },
};
static const struct dir devices_vfio_ap_dir = {
	TREE_ENTRIES(devices_vfio_ap_entries),
	GROUPS(&attr_vfio_ap_root),
};

/* ---- /sys/devices/virtual ----------------------------------------------------------------- */

static const struct entry group_entries[] = {
	{ .type = NODE_LINK,
	  .name = "subsystem",
	  .up = "../../../../",
	  .to = "class/vfio",
	  .life = LIFE_GROUP },
};
static const struct dir group_dir = { TREE_ENTRIES(group_entries), GROUPS(&attr_group_device) };

static const struct entry groups_entries[] = {
	{ .family = &family_groups, .dir = &group_dir, .life = LIFE_GROUP },
};
static const struct dir groups_dir = { TREE_ENTRIES(groups_entries) };

static const struct entry z90crypt_entries[] = {
	{ .type = NODE_LINK, .name = "subsystem", .up = "../../../../", .to = "class/misc" },
};
static const struct dir z90crypt_dir = { TREE_ENTRIES(z90crypt_entries), GROUPS(&attr_z90crypt) };

static const struct entry virtual_misc_entries[] = {
	{ .name = "z90crypt", .dir = &z90crypt_dir },
};
static const struct dir virtual_misc_dir = { TREE_ENTRIES(virtual_misc_entries) };

static const struct entry virtual_entries[] = {
	{ .name = "misc", .dir = &virtual_misc_dir },
	{ .name = "vfio", .dir = &groups_dir, .has = has_groups },
};
static const struct dir virtual_dir = { TREE_ENTRIES(virtual_entries) };

static const struct entry devices_entries[] = {
	{ .name = "ap", .dir = &devices_ap_dir },
	{ .name = "vfio_ap", .dir = &devices_vfio_ap_dir, .life = LIFE_VFIO_AP },
	{ .name = "virtual", .dir = &virtual_dir },
};
static const struct dir devices_dir = { TREE_ENTRIES(devices_entries) };

/* ---- /sys/bus ------------------------------------------------------------------------------- */

static const struct entry bus_ap_devices_entries[] = {
	{ .type = NODE_LINK,
	  .family = &family_devices,
	  .up = "../../../",
	  .path = tree_device_path,
	  .life = LIFE_DEVICE },
};
static const struct dir bus_ap_devices_dir = { TREE_ENTRIES(bus_ap_devices_entries) };

static const struct entry ap_driver_entries[] = {
	{ .type = NODE_LINK,
	  .name = "module",
	  .up = "../../../../",
	  .path = driver_module_path,
	  .life = LIFE_DRIVER },
	{ .type = NODE_LINK,
	  .family = &family_bound,
	  .up = "../../../../",
	  .path = tree_device_path,
	  .life = LIFE_BINDING },
};
static const struct dir ap_driver_dir = { TREE_ENTRIES(ap_driver_entries), GROUPS(&attr_driver) };

static const struct entry ap_drivers_entries[] = {
	{ .family = &family_drivers, .dir = &ap_driver_dir, .life = LIFE_DRIVER },
};
static const struct dir ap_drivers_dir = { TREE_ENTRIES(ap_drivers_entries) };

static const struct entry bus_ap_entries[] = {
	{ .name = "devices", .dir = &bus_ap_devices_dir },
	{ .name = "drivers", .dir = &ap_drivers_dir },
};
static const struct dir bus_ap_dir = { TREE_ENTRIES(bus_ap_entries), GROUPS(&attr_bus) };

static const struct entry bus_matrix_devices_entries[] = {
	{ .type = NODE_LINK,
	  .name = "matrix",
	  .up = "../../../",
	  .to = "devices/vfio_ap/matrix",
	  .life = LIFE_VFIO_AP },
};
static const struct dir bus_matrix_devices_dir = { TREE_ENTRIES(bus_matrix_devices_entries) };

static const struct entry matrix_driver_entries[] = {
	{ .type = NODE_LINK,
	  .name = "matrix",
	  .up = "../../../../",
	  .to = "devices/vfio_ap/matrix",
	  .life = LIFE_VFIO_AP },
};
static const struct dir matrix_driver_dir = {
	TREE_ENTRIES(matrix_driver_entries),
	GROUPS(&attr_driver_matrix),
};

static const struct entry matrix_drivers_entries[] = {
	{ .name = "vfio_ap", .dir = &matrix_driver_dir, .life = LIFE_VFIO_AP },
};
static const struct dir matrix_drivers_dir = { TREE_ENTRIES(matrix_drivers_entries) };

static const struct entry bus_matrix_entries[] = {
	{ .name = "devices", .dir = &bus_matrix_devices_dir, .life = LIFE_VFIO_AP },
	{ .name = "drivers", .dir = &matrix_drivers_dir, .life = LIFE_VFIO_AP },
};
static const struct dir bus_matrix_dir = {
	TREE_ENTRIES(bus_matrix_entries),
	GROUPS(&attr_bus_matrix),
};

static const struct entry bus_mdev_devices_entries[] = {
	{ .type = NODE_LINK,
	  .family = &family_mdevs_visible,
	  .up = "../../../",
	  .path = tree_mdev_path,
	  .life = LIFE_MDEV },
};
static const struct dir bus_mdev_devices_dir = { TREE_ENTRIES(bus_mdev_devices_entries) };

static const struct entry mdev_driver_entries[] = {
	{ .type = NODE_LINK,
	  .name = "module",
	  .up = "../../../../",
	  .to = "module/vfio_ap",
	  .life = LIFE_VFIO_AP },
	{ .type = NODE_LINK,
	  .family = &family_mdevs_bound,
	  .up = "../../../../",
	  .path = tree_mdev_path,
	  .life = LIFE_MDEV_BINDING },
};
static const struct dir mdev_driver_dir = {
	TREE_ENTRIES(mdev_driver_entries),
	GROUPS(&attr_driver_mdev),
};

static const struct entry mdev_drivers_entries[] = {
	{ .name = "vfio_ap_mdev", .dir = &mdev_driver_dir, .life = LIFE_VFIO_AP },
};
static const struct dir mdev_drivers_dir = { TREE_ENTRIES(mdev_drivers_entries) };

static const struct entry bus_mdev_entries[] = {
	{ .name = "devices", .dir = &bus_mdev_devices_dir },
	{ .name = "drivers", .dir = &mdev_drivers_dir },
};
static const struct dir bus_mdev_dir = { TREE_ENTRIES(bus_mdev_entries), GROUPS(&attr_bus_mdev) };

static const struct entry bus_entries[] = {
	{ .name = "ap", .dir = &bus_ap_dir },
	{ .name = "matrix", .dir = &bus_matrix_dir, .life = LIFE_VFIO_AP },
	{ .name = "mdev", .dir = &bus_mdev_dir },
};
static const struct dir bus_dir = { TREE_ENTRIES(bus_entries) };

/* ---- /sys/class, /sys/kernel ------------------------------------------------------------------
 */

static const struct entry class_mdev_bus_entries[] = {
	{ .type = NODE_LINK,
	  .name = "matrix",
	  .up = "../../",
	  .to = "devices/vfio_ap/matrix",
	  .life = LIFE_VFIO_AP },
};
static const struct dir class_mdev_bus_dir = { TREE_ENTRIES(class_mdev_bus_entries) };

static const struct entry class_misc_entries[] = {
	{ .type = NODE_LINK,
	  .name = "z90crypt",
	  .up = "../../",
	  .to = "devices/virtual/misc/z90crypt" },
};
static const struct dir class_misc_dir = { TREE_ENTRIES(class_misc_entries) };

static const struct entry class_vfio_entries[] = {
	{ .type = NODE_LINK,
	  .family = &family_groups,
	  .up = "../../",
	  .path = tree_group_path,
	  .life = LIFE_GROUP },
};
static const struct dir class_vfio_dir = { TREE_ENTRIES(class_vfio_entries) };

static const struct entry class_vfio_dev_entries[] = {
	{ .type = NODE_LINK,
	  .family = &family_vfio_devs,
	  .up = "../../",
	  .path = tree_vfio_dev_path,
	  .life = LIFE_GROUP },
};
static const struct dir class_vfio_dev_dir = { TREE_ENTRIES(class_vfio_dev_entries) };

static const struct dir class_zcrypt_dir = { GROUPS(&attr_zcrypt) };

static const struct entry class_entries[] = {
	{ .name = "mdev_bus", .dir = &class_mdev_bus_dir },
	{ .name = "misc", .dir = &class_misc_dir },
	{ .name = "vfio", .dir = &class_vfio_dir },
	{ .name = "vfio-dev", .dir = &class_vfio_dev_dir, .with = TRAIT_VFIO_DEV },
	{ .name = "zcrypt", .dir = &class_zcrypt_dir },
};
static const struct dir class_dir = { TREE_ENTRIES(class_entries) };

static const struct entry iommu_devices_entries[] = {
	{ .type = NODE_LINK,
	  .family = &family_group_mdev,
	  .up = "../../../../",
	  .path = tree_mdev_path,
	  .life = LIFE_GROUP },
};
static const struct dir iommu_devices_dir = { TREE_ENTRIES(iommu_devices_entries) };

static const struct entry iommu_group_entries[] = {
	{ .name = "devices", .dir = &iommu_devices_dir, .life = LIFE_GROUP },
};
static const struct dir iommu_group_dir = {
	TREE_ENTRIES(iommu_group_entries),
	GROUPS(&attr_iommu_group),
};

static const struct entry iommu_groups_entries[] = {
	{ .family = &family_groups, .dir = &iommu_group_dir, .life = LIFE_GROUP },
};
static const struct dir iommu_groups_dir = { TREE_ENTRIES(iommu_groups_entries) };

static const struct entry kernel_entries[] = {
	{ .name = "iommu_groups", .dir = &iommu_groups_dir },
};
static const struct dir kernel_dir = { TREE_ENTRIES(kernel_entries) };

/* ---- /sys/module --------------------------------------------------------------------------------
 */

static const struct dir parameters_dir = { GROUPS(&attr_module_ap_parameters) };

static const struct dir holders_dir = { .count = 0 };

static const struct entry module_drivers_entries[] = {
	{ .type = NODE_LINK,
	  .family = &family_module_drivers,
	  .up = "../../../",
	  .path = tree_driver_path,
	  .life = LIFE_DRIVER },
	{ .type = NODE_LINK,
	  .name = "mdev:vfio_ap_mdev",
	  .up = "../../../",
	  .to = "bus/mdev/drivers/vfio_ap_mdev",
	  .life = LIFE_MODULE,
	  .has = is_module_vfio_ap },
};
static const struct dir module_drivers_dir = { TREE_ENTRIES(module_drivers_entries) };

static const struct entry module_entries[] = {
	{ .name = "parameters", .dir = &parameters_dir, .life = LIFE_MODULE, .has = is_ap },
	{ .name = "drivers", .dir = &module_drivers_dir, .life = LIFE_MODULE, .has = is_loadable },
	{ .name = "holders", .dir = &holders_dir, .life = LIFE_MODULE, .has = is_loadable },
};
static const struct dir module_dir = {
	TREE_ENTRIES(module_entries),
	GROUPS(&attr_module_ap, &attr_module),
};

static const struct entry modules_entries[] = {
	{ .family = &family_modules, .dir = &module_dir, .life = LIFE_MODULE },
};
static const struct dir modules_dir = { TREE_ENTRIES(modules_entries) };

/* ---- the root
 * ------------------------------------------------------------------------------------- */

static const struct entry sys_entries[] = {
	{ .name = "bus", .dir = &bus_dir },	    { .name = "class", .dir = &class_dir },
	{ .name = "devices", .dir = &devices_dir }, { .name = "kernel", .dir = &kernel_dir },
	{ .name = "module", .dir = &modules_dir },
};
static const struct dir sys_dir = { TREE_ENTRIES(sys_entries) };

static const struct entry dev_vfio_entries[] = {
	{ .type = NODE_GROUP, .family = &family_groups, .life = LIFE_GROUP },
};
static const struct dir dev_vfio_dir = { TREE_ENTRIES(dev_vfio_entries), GROUPS(&attr_dev_vfio) };

static const struct entry dev_entries[] = {
	{ .name = "vfio", .dir = &dev_vfio_dir },
};
static const struct dir dev_dir = { TREE_ENTRIES(dev_entries) };

static const struct entry root_entries[] = {
	{ .name = "dev", .dir = &dev_dir },
	{ .name = "sys", .dir = &sys_dir },
};
const struct dir tree_root = { TREE_ENTRIES(root_entries) };
