/* SPDX-License-Identifier: MIT */
/* ap.apmask= and ap.aqmask=: what the kernel was booted with. */
#include "apbus.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

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

/* Decimal, 0x or octal, up to 255. */
static int id_parse(const char **p, unsigned *ret)
{
	const char *s = *p;
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isxdigit((unsigned char)s[2]);
	unsigned long id = 0;
	int rc;

	if (!hex && *s == '0') {
		for (; *s >= '0' && *s <= '7'; s++) {
			id = id * 8 + (unsigned long)(*s - '0');
			if (id >= VFIOAP_IDS)
				return -EINVAL;
		}
	} else {
		s += hex ? 2 : 0;
		rc = str_ulong_parse(&s, hex ? 16 : 10, VFIOAP_IDS - 1, &id);
		if (rc < 0)
			return -EINVAL;
	}
	*p = s;
	*ret = (unsigned)id;
	return 0;
}

/* Terms "+5", "-7-10", with any commas and newlines between them, or none. */
static int relative_parse(const char *p, struct vfioap_mask *mask)
{
	while (*p) {
		const bool set = *p == '+';
		unsigned first, last;

		if (*p != '+' && *p != '-')
			return -EINVAL;
		p++;
		if (id_parse(&p, &first) < 0)
			return -EINVAL;
		last = first;
		if (*p == '-') {
			p++;
			if (id_parse(&p, &last) < 0 || last < first)
				return -EINVAL;
		}
		for (unsigned id = first; id <= last; id++)
			(set ? vfioap_mask_set : vfioap_mask_clear)(mask, id);
		p += strspn(p, ",\n");
	}
	return 0;
}

/* "0x" or "x" or none, 0 to 64 digits from the left, a newline. */
static int absolute_parse(const char *p, struct vfioap_mask *mask)
{
	char hex[VFIOAP_HEX_SIZE] = "0x0";
	size_t len;

	p += *p == '0' && p[1] == 'x' ? 2 : *p == 'x';
	len = strspn(p, "0123456789abcdefABCDEF");
	if (len > VFIOAP_IDS / 4 || (p[len] && strcmp(p + len, "\n") != 0))
		return -EINVAL;
	if (len) {
		memcpy(hex + 2, p, len);
		hex[2 + len] = '\0';
	}
	return vfioap_hex_parse(hex, true, mask, NULL);
}

bool apbus_boot_mask(const char *text, struct vfioap_mask *ret)
{
	const struct vfioap_mask none = { { 0 } };
	struct vfioap_mask mask = none;
	int rc;

	if (!text) {
		*ret = vfioap_mask_range(0, VFIOAP_IDS - 1);
		return true;
	}
	if (*text == '+' || *text == '-')
		rc = relative_parse(text, &mask);
	else
		rc = absolute_parse(text, &mask);
	*ret = rc == 0 ? mask : none;
	return rc == 0;
}
