// SPDX-License-Identifier: MIT
/*
 * vfioap export --format libvirt-nodedev and libvirt-hostdev: XML for `virsh nodedev-define` and
 * for the <devices> of a domain, a document a device.
 *
 * No XML library: what varies is canonical UUIDs and numbers, which hold nothing to escape;
 * all else is constant.
 */
#include "cmd_export.h"

static void attrs_print(struct app *app, const char *name, int digits,
			const struct vfioap_mask *ids)
{
	VFIOAP_MASK_FOREACH(id, ids)
		out_printf(app, "    <attr name='%s' value='0x%0*x'/>\n", name, digits, id);
}

int export_nodedev(struct app *app, const struct export *export)
{
	for (size_t i = 0; i < export->n; i++) {
		const struct export_item *item = &export->item[i];

		out_printf(app,
			   "<device>\n"
			   "  <parent>ap_matrix</parent>\n"
			   "  <capability type='mdev'>\n"
			   "    <type id='vfio_ap-passthrough'/>\n"
			   "    <uuid>%s</uuid>\n",
			   item->device->uuid);
		attrs_print(app, "assign_adapter", 2, &item->matrix.adapters);
		attrs_print(app, "assign_domain", 4, &item->matrix.domains);
		attrs_print(app, "assign_control_domain", 4, &item->matrix.controls);
		out_printf(app, "  </capability>\n</device>\n");
	}
	return 0;
}

int export_hostdev(struct app *app, const struct export *export)
{
	for (size_t i = 0; i < export->n; i++)
		out_printf(app,
			   "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-ap'>\n"
			   "  <source>\n"
			   "    <address uuid='%s'/>\n"
			   "  </source>\n"
			   "</hostdev>\n",
			   export->item[i].device->uuid);
	return 0;
}
