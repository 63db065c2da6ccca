// SPDX-License-Identifier: MIT
/*
 * vfioap export --format qemu: the arguments that give a guest its AP instructions and the
 * device, two lines a device; a guest takes one device alone (QEMU, hw/vfio/ap.c).
 */
#include "cmd_export.h"

#include <string.h>

#include "paths.h"
#include "sysfs.h"

/* AP interrupts are a feature of the guest only where the host has them. */
static bool has_interrupts(int root)
{
	char text[8];

	return sysfs_read(root, PATH_AP_INTERRUPTS, text, sizeof(text)) == 0 && text[0] == '1';
}

int export_qemu(struct app *app, const struct export *export)
{
	const char *interrupts = has_interrupts(app->root) ? ",apqi=on" : "";

	if (export->n > 1)
		cmd_note(app, "a guest takes one of these %zu devices alone", export->n);
	for (size_t i = 0; i < export->n; i++) {
		const struct device *device = export->item[i].device;

		if (!device->mdev && !app->sysroot)
			cmd_warn(app, "device '%s' is not active: start it before the guest",
				 device->uuid);
		out_printf(app,
			   "-cpu host,ap=on,apqci=on,apft=on%s\n"
			   "-device vfio-ap,sysfsdev=/" PATH_MATRIX "/%s,id=hostdev0\n",
			   interrupts, device->uuid);
	}
	return 0;
}
