// SPDX-License-Identifier: MIT
/* Files in /etc of a simulated machine.  Where /etc comes from is left to layers.c. */
#include "etc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "systemd.h"
#include "util.h"

static const char *const directories[] = {
	"mdevctl.d",
	"mdevctl.d/scripts.d",
	"mdevctl.d/scripts.d/callouts",
	"mdevctl.d/scripts.d/notifiers",
	"udev",
	"udev/rules.d",
};

/* Those of the host, if there are any, with files to be hidden: see etc_write(). */
static const char *const host_parents[] = {
	ETC_DEFINITIONS, "driverctl.d",	   ETC_MODULES_LOAD,
	"systemd",	 "systemd/system", "systemd/system/multi-user.target.wants",
	"vfioap",
};

static bool host_has(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/etc/%s", name);
	return access(path, F_OK) == 0;
}

static int directory_make(const char *dir, const char *name, struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_errno(err, -errno, "cannot make directory '/etc/%s'", name);
	return 0;
}

static FILE *file_create(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, "we");
}

static int file_close(FILE *file, const char *name, struct err *err)
{
	bool bad = ferror(file);

	if (fclose(file) != 0 || bad)
		return err_errno(err, -errno, "cannot write '/etc/%s'", name);
	return 0;
}

/* ---- definitions --------------------------------------------------------------------- */

static void attrs_print(FILE *out, const char *name, const struct vfioap_mask *ids, bool *first)
{
	VFIOAP_MASK_FOREACH(id, ids) {
		fprintf(out, "%s\n    {\n      \"%s\": \"%u\"\n    }", *first ? "" : ",", name, id);
		*first = false;
	}
}

/* Byte for byte what mdevctl writes: two blanks, this order, no newline at the end. */
static void definition_print(FILE *out, const struct lpar_device *device)
{
	bool first = true;

	fprintf(out,
		"{\n"
		"  \"mdev_type\": \"vfio_ap-passthrough\",\n"
		"  \"start\": \"%s\",\n"
		"  \"attrs\": [",
		device->start_auto ? "auto" : "manual");
	attrs_print(out, "assign_adapter", &device->adapters, &first);
	attrs_print(out, "assign_domain", &device->domains, &first);
	attrs_print(out, "assign_control_domain", &device->controls, &first);
	fputs(first ? "]\n}" : "\n  ]\n}", out);
}

static int definition_write(const char *dir, const struct lpar_device *device, struct err *err)
{
	char name[128];
	FILE *file;

	snprintf(name, sizeof(name), ETC_DEFINITIONS "/%s", device->uuid);
	file = file_create(dir, name);
	if (!file)
		return err_errno(err, -errno, "cannot create '/etc/%s'", name);
	definition_print(file, device);
	return file_close(file, name, err);
}

/* ---- all of it ----------------------------------------------------------------------- */

int etc_write(const char *dir, const struct lpar *lpar, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(directories) && rc == 0; i++)
		rc = directory_make(dir, directories[i], err);
	/* Over the host's: files cannot be hidden in directories of its root. */
	for (size_t i = 0; i < ARRAY_SIZE(host_parents) && rc == 0; i++)
		if (host_has(host_parents[i]))
			rc = directory_make(dir, host_parents[i], err);
	if (rc == 0 && lpar->n_definitions)
		rc = directory_make(dir, ETC_DEFINITIONS, err);
	for (size_t i = 0; i < lpar->n_definitions && rc == 0; i++)
		rc = definition_write(dir, &lpar->definitions[i], err);
	if (rc == 0 && lpar->rules) {
		FILE *file = file_create(dir, ETC_RULES);

		if (!file)
			return err_errno(err, -errno, "cannot create '/etc/" ETC_RULES "'");
		fputs(lpar->rules, file);
		rc = file_close(file, ETC_RULES, err);
	}
	return rc;
}

static bool lpar_defines(const struct lpar *lpar, const char *uuid)
{
	for (size_t i = 0; i < lpar->n_definitions; i++) {
		if (strcmp(lpar->definitions[i].uuid, uuid) == 0)
			return true;
	}
	return false;
}

/* Files that speak of the host's queues and of what it does at boot. */
static const char *const host_files[] = {
	ETC_RULES, /* the LPAR may have one */
	"udev/rules.d/42-vfioap.rules",
	"vfioap/overrides",
	"systemd/system/multi-user.target.wants/vfioap-autostart.service",
};

/* ... and directories of such; of the last one those that name vfio_ap. */
static const char *const host_directories[] = { ETC_DEFINITIONS, "driverctl.d", ETC_MODULES_LOAD };

static int file_hide(const char *dir, const char *name, struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_errno(err, -errno, "cannot hide '%s'", path);
	return 0;
}

static bool file_stays(const char *dir, const char *name, const struct lpar *lpar)
{
	const char *base = strrchr(dir, '/');
	char path[PATH_MAX + NAME_MAX + 2];

	if (!base || strcmp(base, "/" ETC_MODULES_LOAD) != 0)
		return lpar_defines(lpar, name);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !systemd_file_loads(path, "vfio_ap");
}

static int directory_hide(const char *dir, const char *name, const struct lpar *lpar,
			  struct err *err)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int rc = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	d = opendir(path);
	while (d && rc == 0 && (entry = readdir(d))) {
		if (entry->d_type != DT_DIR && !file_stays(path, entry->d_name, lpar))
			rc = file_hide(path, entry->d_name, err);
	}
	if (d)
		closedir(d);
	return rc;
}

int etc_hide(const char *dir, const struct lpar *lpar, struct err *err)
{
	int rc = 0;

	for (unsigned i = lpar->rules ? 1 : 0; i < ARRAY_SIZE(host_files) && rc == 0; i++)
		rc = file_hide(dir, host_files[i], err);
	for (unsigned i = 0; i < ARRAY_SIZE(host_directories) && rc == 0; i++)
		rc = directory_hide(dir, host_directories[i], lpar, err);
	return rc;
}
