/* SPDX-License-Identifier: MIT */
/*
 * Files of the matrix device, of its type, of vfio_ap devices and of what VFIO
 * makes of them (K 8, 9); and of the little else in the tree.
 */
#include <errno.h>
#include <string.h>

#include "tree.h"

#define VFIO_MAJOR 254

/* ---- formats (K 9) --------------------------------------------------------------------------- */

static void matrix_print(struct page *page, const struct matrix *matrix)
{
	bool no_adapters = vfioap_mask_is_empty(&matrix->adapters);
	bool no_domains = vfioap_mask_is_empty(&matrix->domains);

	if (no_adapters)
		VFIOAP_MASK_FOREACH(apqi, &matrix->domains)
			page_printf(page, ".%04x\n", apqi);
	VFIOAP_MASK_FOREACH(apid, &matrix->adapters) {
		if (no_domains)
			page_printf(page, "%02x.\n", apid);
		VFIOAP_MASK_FOREACH(apqi, &matrix->domains)
			page_printf(page, "%02x.%04x\n", apid, apqi);
	}
}

/* K 9.1: what older kernels write past the page is not theirs. */
static void overflow_log(struct machine *m, const struct mdev *mdev, const char *name,
			 const struct page *page)
{
	if (page->total < MACHINE_PAGE || machine_has(m, TRAIT_MATRIX_CLIPPED))
		return;
	machine_log(m, "kernel memory corruption: %zu bytes written past the page of '%s' of %s",
		    page->total + 1 - MACHINE_PAGE, name, mdev->uuid);
	machine_log(m, "dev_attr_show: %s_show+0x0/0x0 [vfio_ap] returned bad count", name);
	machine_log(m, "fill_read_buffer: dev_attr_show+0x0/0x0 returned bad count");
}

static int matrix_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	const struct mdev *mdev = matrix_mdev(m, at);

	matrix_print(page, &mdev->matrix);
	overflow_log(m, mdev, "matrix", page);
	return 0;
}

static int guest_matrix_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			     struct page *page)
{
	const struct mdev *mdev = matrix_mdev(m, at);

	matrix_print(page, &mdev->shadow);
	overflow_log(m, mdev, "guest_matrix", page);
	return 0;
}

static int control_domains_show(struct machine *m, const struct at *at, unsigned arg _unused_,
				struct page *page)
{
	VFIOAP_MASK_FOREACH(apqi, &matrix_mdev(m, at)->matrix.controls)
		page_printf(page, "%04x\n", apqi);
	return 0;
}

static int ap_config_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			  struct page *page)
{
	const struct matrix *matrix = &matrix_mdev(m, at)->matrix;

	page_mask(page, &matrix->adapters);
	page_printf(page, ",");
	page_mask(page, &matrix->domains);
	page_printf(page, ",");
	page_mask(page, &matrix->controls);
	page_printf(page, "\n");
	return 0;
}

static const struct attr mdev_driver_attrs[] = {
	{ .name = "assign_adapter", .mode = 0200, .store = assign_store, .arg = ASSIGN_ADAPTER },
	{ .name = "unassign_adapter",
	  .mode = 0200,
	  .store = assign_unassign_store,
	  .arg = ASSIGN_ADAPTER },
	{ .name = "assign_domain", .mode = 0200, .store = assign_store, .arg = ASSIGN_DOMAIN },
	{ .name = "unassign_domain",
	  .mode = 0200,
	  .store = assign_unassign_store,
	  .arg = ASSIGN_DOMAIN },
	{ .name = "assign_control_domain",
	  .mode = 0200,
	  .store = assign_store,
	  .arg = ASSIGN_CONTROL },
	{ .name = "unassign_control_domain",
	  .mode = 0200,
	  .store = assign_unassign_store,
	  .arg = ASSIGN_CONTROL },
	{ .name = "matrix", .mode = 0444, .show = matrix_show },
	{ .name = "control_domains", .mode = 0444, .show = control_domains_show },
	{ .name = "guest_matrix", .mode = 0444, .show = guest_matrix_show, .with = TRAIT_DYNAMIC },
	{ .name = "ap_config",
	  .mode = 0644,
	  .show = ap_config_show,
	  .store = assign_config_store,
	  .with = TRAIT_AP_CONFIG },
};
const struct attr_group attr_mdev_driver = { TREE_ATTRS(mdev_driver_attrs),
					     .life = LIFE_MDEV_BINDING };

static bool is_visible(const struct machine *m, const struct at *at)
{
	return matrix_mdev(m, at)->phase != MDEV_REMOVING;
}

static const struct attr mdev_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_MDEV },
};
const struct attr_group attr_mdev = { TREE_ATTRS(mdev_attrs), .life = LIFE_MDEV,
				      .has = is_visible };

static const struct attr mdev_remove_attrs[] = {
	{ .name = "remove", .mode = 0200, .store = matrix_remove_store },
};
const struct attr_group attr_mdev_remove = { TREE_ATTRS(mdev_remove_attrs),
					     .life = LIFE_MDEV_REMOVE };

/* ---- the matrix device and its type ------------------------------------------------------------
 */

enum { TEXT_FEATURES, TEXT_API, TEXT_NAME, TEXT_GROUP_NAME, TEXT_GROUP_TYPE };

static int text_show(struct machine *m _unused_, const struct at *at _unused_, unsigned text,
		     struct page *page)
{
	static const char *const texts[] = {
		[TEXT_FEATURES] = "guest_matrix hotplug ap_config",
		[TEXT_API] = "vfio-ap",
		[TEXT_NAME] = "VFIO AP Passthrough Device",
		[TEXT_GROUP_NAME] = "vfio-noiommu",
		[TEXT_GROUP_TYPE] = "unknown",
	};

	page_printf(page, "%s\n", texts[text]);
	return 0;
}

static int instances_show(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			  struct page *page)
{
	page_printf(page, "%u\n", MATRIX_DEVICES_MAX - m->n_mdevs);
	return 0;
}

static const struct attr vfio_ap_root_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_VFIO_AP },
};
const struct attr_group attr_vfio_ap_root = { TREE_ATTRS(vfio_ap_root_attrs),
					      .life = LIFE_VFIO_AP };

static const struct attr matrix_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_MATRIX },
	{ .name = "features",
	  .mode = 0444,
	  .show = text_show,
	  .arg = TEXT_FEATURES,
	  .with = TRAIT_MATRIX_FEATURES },
};
const struct attr_group attr_matrix = { TREE_ATTRS(matrix_attrs), .life = LIFE_VFIO_AP };

static const struct attr mdev_type_attrs[] = {
	{ .name = "create", .mode = 0200, .store = matrix_create_store },
	{ .name = "available_instances", .mode = 0444, .show = instances_show },
	{ .name = "device_api", .mode = 0444, .show = text_show, .arg = TEXT_API },
	{ .name = "name", .mode = 0444, .show = text_show, .arg = TEXT_NAME },
};
const struct attr_group attr_mdev_type = { TREE_ATTRS(mdev_type_attrs), .life = LIFE_VFIO_AP };

/* ---- VFIO --------------------------------------------------------------------------------------
 */

static const struct attr vfio_dev_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_VFIO_DEV },
};
const struct attr_group attr_vfio_dev = { TREE_ATTRS(vfio_dev_attrs), .life = LIFE_GROUP };

static int group_dev_show(struct machine *m, const struct at *at, unsigned arg _unused_,
			  struct page *page)
{
	page_printf(page, "%d:%u\n", VFIO_MAJOR, matrix_mdev(m, at)->slot);
	return 0;
}

static const struct attr group_device_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_GROUP },
	{ .name = "dev", .mode = 0444, .show = group_dev_show },
};
const struct attr_group attr_group_device = { TREE_ATTRS(group_device_attrs), .life = LIFE_GROUP };

static int nothing_show(struct machine *m _unused_, const struct at *at _unused_,
			unsigned arg _unused_, struct page *page _unused_)
{
	return 0;
}

/* A group without IOMMU domain has no type to change. */
static int invalid_store(struct machine *m _unused_, const struct at *at _unused_,
			 unsigned arg _unused_, const struct input *in _unused_)
{
	return -EINVAL;
}

static const struct attr iommu_group_attrs[] = {
	{ .name = "name", .mode = 0444, .show = text_show, .arg = TEXT_GROUP_NAME },
	{ .name = "reserved_regions", .mode = 0444, .show = nothing_show },
	{ .name = "type",
	  .mode = 0644,
	  .show = text_show,
	  .store = invalid_store,
	  .arg = TEXT_GROUP_TYPE },
};
const struct attr_group attr_iommu_group = { TREE_ATTRS(iommu_group_attrs), .life = LIFE_GROUP };

/* The container: opened by users of a group, and nothing happens in it here. */
static const struct attr dev_vfio_attrs[] = {
	{ .name = "vfio", .mode = 0666 },
};
const struct attr_group attr_dev_vfio = { TREE_ATTRS(dev_vfio_attrs) };

/* ---- zcrypt
 * --------------------------------------------------------------------------------------- */

/* More device nodes than z90crypt: there is no device here to open. */
static int zcrypt_store(struct machine *m _unused_, const struct at *at _unused_,
			unsigned arg _unused_, const struct input *in _unused_)
{
	return -EOPNOTSUPP;
}

static const struct attr zcrypt_attrs[] = {
	{ .name = "create", .mode = 0600, .store = zcrypt_store },
	{ .name = "destroy", .mode = 0600, .store = zcrypt_store },
};
const struct attr_group attr_zcrypt = { TREE_ATTRS(zcrypt_attrs) };

static int z90crypt_dev_show(struct machine *m _unused_, const struct at *at _unused_,
			     unsigned arg _unused_, struct page *page)
{
	page_printf(page, "10:126\n");
	return 0;
}

static const struct attr z90crypt_attrs[] = {
	{ .name = "uevent",
	  .mode = 0644,
	  .show = uevent_show,
	  .store = uevent_store,
	  .arg = OBJECT_Z90CRYPT },
	{ .name = "dev", .mode = 0444, .show = z90crypt_dev_show },
};
const struct attr_group attr_z90crypt = { TREE_ATTRS(z90crypt_attrs) };
