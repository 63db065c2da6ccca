/* SPDX-License-Identifier: MIT */
/* ap.apmask= and ap.aqmask=: what the kernel was booted with. */
#include "apbus.h"

#include <errno.h>

#include "paths.h"
#include "str.h"
#include "sysfs.h"

/* The text of one parameter, or NULL: not given, or readable by root alone (up to 6.17). */
static int read_parameter(int root, const char *path, char **ret, bool *ret_hidden, struct err *err)
{
	_cleanup_free_ char *text = malloc(SYSFS_TEXT_SIZE);
	int rc;

	if (!text)
		return err_oom(err);

	rc = sysfs_read(root, path, text, SYSFS_TEXT_SIZE);
	if (rc == -EACCES || rc == -EPERM) {
		*ret_hidden = true;
		return 0;
	}
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return err_errno(err, rc, "cannot read '/%s'", path);
	if (!strcmp(str_chomp(text), "(null)"))
		return 0;

	*ret = str_printable(TAKE_PTR(text));
	return 0;
}

int apbus_boot_read(int root, struct apbus_boot *ret, struct err *err)
{
	_cleanup_(apbus_boot_done) struct apbus_boot boot = { 0 };
	int rc;

	rc = read_parameter(root, PATH_AP_BOOT_APMASK, &boot.apmask, &boot.hidden, err);
	if (rc < 0)
		return rc;
	rc = read_parameter(root, PATH_AP_BOOT_AQMASK, &boot.aqmask, &boot.hidden, err);
	if (rc < 0)
		return rc;

	ret->hidden = boot.hidden;
	ret->apmask = TAKE_PTR(boot.apmask);
	ret->aqmask = TAKE_PTR(boot.aqmask);
	return 0;
}

void apbus_boot_done(struct apbus_boot *boot)
{
	free(boot->apmask);
	free(boot->aqmask);
	boot->apmask = boot->aqmask = NULL;
}

bool apbus_boot_mask(const char *text, struct vfioap_mask *ret)
{
	const struct vfioap_mask none = { 0 };
	struct vfioap_change change;

	if (!text) {
		*ret = vfioap_mask_not(none);
		return true;
	}
	if (vfioap_hex_parse(text, true, ret, NULL) == 0)
		return true;
	if (vfioap_change_parse(text, &change, NULL) < 0)
		return false;
	*ret = vfioap_change_apply(&change, none);
	return true;
}
