// SPDX-License-Identifier: MIT
/*
 * The facts of vfioap doctor: files that nothing else of vfioap looks at.  What is not there, or
 * may not be read, is left out: what that means is judged in doctor_active.c and doctor_boot.c.
 */
#include "cmd_doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "module.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define FILE_MAX	(1024 * 1024)
#define HWTYPE_CEX4	10
#define BUILTIN_MAX	(1024 * 1024)
#define RULE_CALL	"mdevctl start-parent-mdevs"
#define CONTROL_PROGRAM "Control Program:"
#define PATH_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-/"

static bool stat_read(int root, const char *path, int flags, struct stat *ret)
{
	_cleanup_close_ int fd = sysfs_open(root, path, O_PATH | flags);

	return fd >= 0 && fstat(fd, ret) == 0;
}

static void file_set(struct doctor_file *file, const char *path)
{
	snprintf(file->path, sizeof(file->path), "%s", path);
}

static void file_find(int root, const char *const *paths, size_t n, struct doctor_file *ret)
{
	for (size_t i = 0; i < n && !*ret->path; i++)
		if (sysfs_exists(root, paths[i]))
			file_set(ret, paths[i]);
}

/* ---- the machine ---------------------------------------------------------------------------- */

static int cards_read(struct app *app, const struct snapshot *now, struct doctor_facts *ret)
{
	VFIOAP_MASK_FOREACH(apid, &now->bus.cards) {
		struct apbus_info card;
		int rc = apbus_card_state(app->root, apid, &card, &app->err);

		if (rc == -ENOENT || rc == -ENODEV)
			continue; /* it has gone meanwhile */
		if (rc < 0)
			return rc;
		if (card.status == APBUS_STATUS_DECONFIGURED)
			vfioap_mask_set(&ret->deconfigured, apid);
		if (card.status == APBUS_STATUS_CHECKSTOPPED)
			vfioap_mask_set(&ret->checkstopped, apid);
		if (card.hwtype >= 0 && card.hwtype < HWTYPE_CEX4)
			vfioap_mask_set(&ret->old, apid);
	}
	return 0;
}

/* "VM00 Control Program: KVM/Linux        ", of the one that runs us (Linux, s390 sysinfo.c). */
static void sysinfo_parse(const char *text, struct doctor_facts *ret)
{
	const char *line = strstr(text, "VM00 " CONTROL_PROGRAM);

	ret->has_sysinfo = true;
	if (!line)
		return;
	line += strlen("VM00 " CONTROL_PROGRAM);
	line += strspn(line, " ");
	snprintf(ret->hypervisor, sizeof(ret->hypervisor), "%.*s", (int)strcspn(line, "\n"), line);
	for (size_t n = strlen(ret->hypervisor); n && ret->hypervisor[n - 1] == ' '; n--)
		ret->hypervisor[n - 1] = '\0';
}

static void sysinfo_read(int root, struct doctor_facts *ret)
{
	_cleanup_free_ char *text = malloc(SYSFS_TEXT_SIZE * 4);

	if (text && sysfs_read(root, PATH_SYSINFO, text, SYSFS_TEXT_SIZE * 4) == 0)
		sysinfo_parse(text, ret);
}

static void machine_read(const struct app *app, const struct snapshot *now,
			 struct doctor_facts *ret)
{
	char text[16];

	ret->is_live = !app->sysroot;
	if (ret->is_live && now->bus.present && !now->bus.vfio_ap_loaded)
		module_check(app->root, &ret->module);
	ret->has_kvm = sysfs_exists(app->root, PATH_KVM);
	sysinfo_read(app->root, ret);
	ret->is_secure =
		sysfs_read(app->root, PATH_SECURE_GUEST, text, sizeof(text)) == 0 && *text == '1';
	lock_look(app->root, &ret->lock, &ret->lock_holder, &ret->lock_error);
}

/* A recorded tree has no /dev: nothing is known of its nodes then. */
static int nodes_read(struct app *app, const struct snapshot *now, struct doctor_facts *ret)
{
	ret->knows_nodes = ret->is_live || sysfs_exists(app->root, PATH_VFIO_NODES);
	ret->node = calloc(now->mdevs.n + 1, sizeof(*ret->node));
	if (!ret->node)
		return err_oom(&app->err);
	for (size_t i = 0; i < now->mdevs.n; i++) {
		const struct mdev *mdev = &now->mdevs.v[i];
		struct doctor_node *node = &ret->node[ret->n_nodes];
		char path[PATH_SIZE];
		struct stat st;

		if (mdev->removing)
			continue;
		ret->n_nodes++;
		snprintf(node->uuid, sizeof(node->uuid), "%s", mdev->uuid);
		if (mdev->group < 0)
			continue;
		snprintf(node->path, sizeof(node->path), "%.60s", path_group(path, mdev->group));
		node->exists = stat_read(app->root, path, 0, &st);
		if (!node->exists)
			continue;
		node->uid = st.st_uid;
		node->gid = st.st_gid;
		node->mode = st.st_mode;
	}
	return doctor_user_read(app->root, &ret->user);
}

/* ---- mdevctl --------------------------------------------------------------------------------- */

/* "/usr/sbin/mdevctl" in front of its arguments, without the first '/'. */
static bool rule_program_parse(const char *text, struct doctor_file *ret)
{
	const char *call = strstr(text, RULE_CALL), *start;

	if (!call)
		return false;
	for (start = call; start > text && strchr(PATH_CHARACTERS, start[-1]); start--)
		;
	start += *start == '/';
	snprintf(ret->path, sizeof(ret->path), "%.*s", (int)(call + strlen("mdevctl") - start),
		 start);
	return true;
}

static void rule_program_read(int root, struct doctor_facts *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(root, ret->mdevctl_rule.path, FILE_MAX, &text, &len) == 0 &&
	    rule_program_parse(text, &ret->rule_program))
		ret->rule_program_exists = sysfs_exists(root, ret->rule_program.path);
}

static enum doctor_link link_read(int root, const char *dir)
{
	char path[PATH_SIZE];
	struct stat st;

	if (!sysfs_exists(root, dir))
		return DOCTOR_LINK_NO_DIR;
	path_join(path, dir, NAME_CALLOUT);
	if (!stat_read(root, path, O_NOFOLLOW, &st))
		return DOCTOR_LINK_NONE;
	if (!stat_read(root, path, 0, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return DOCTOR_LINK_BROKEN;
	return DOCTOR_LINK_OK;
}

/* Source: mdevctl, src/environment.rs: since 1.3 it wants all three; 1.2 has none in /usr/lib. */
static const char *missing_dir_find(int root)
{
	static const char *const dirs[] = { PATH_CALLOUTS_LIB, PATH_NOTIFIERS_LIB };

	if (!sysfs_exists(root, PATH_MDEVCTL_DIR))
		return PATH_MDEVCTL_DIR;
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && sysfs_exists(root, PATH_MDEVCTL_LIB); i++)
		if (!sysfs_exists(root, dirs[i]))
			return dirs[i];
	return NULL;
}

/* In the directories that udev reads, in the order in which it prefers them. */
static void rule_find(int root, const char *name, struct doctor_file *ret)
{
	static const char *const dirs[] = { "etc/udev/rules.d", "run/udev/rules.d",
					    "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d",
					    "lib/udev/rules.d" };
	char paths[ARRAY_SIZE(dirs)][PATH_SIZE];
	const char *path[ARRAY_SIZE(dirs)];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		path[i] = path_join(paths[i], dirs[i], name);
	file_find(root, path, ARRAY_SIZE(path), ret);
}

static void mdevctl_read(int root, struct doctor_facts *ret)
{
	static const char *const programs[] = { "usr/sbin/mdevctl", "usr/bin/mdevctl",
						"usr/local/sbin/mdevctl", "usr/local/bin/mdevctl" };

	file_find(root, programs, ARRAY_SIZE(programs), &ret->mdevctl);
	rule_find(root, NAME_MDEVCTL_RULE, &ret->mdevctl_rule);
	rule_find(root, NAME_OVERRIDE_RULE, &ret->override_rule);
	if (*ret->mdevctl_rule.path)
		rule_program_read(root, ret);
	ret->missing_dir = missing_dir_find(root);
	ret->link[DOCTOR_DIR_LIB] = link_read(root, PATH_CALLOUTS_LIB);
	ret->link[DOCTOR_DIR_ETC] = link_read(root, PATH_CALLOUTS_ETC);
	ret->has_ap_check = sysfs_exists(root, PATH_CALLOUTS_LIB "/" NAME_AP_CHECK);
	ret->has_ap_wrapper = sysfs_exists(root, PATH_CALLOUTS_ETC "/" NAME_AP_WRAPPER);
}

/* ---- the order of a boot -----------------------------------------------------------------------
 */

/* Is there a line with this module alone?  '-' and '_' are the same to modprobe. */
static bool text_lists_module(const char *text)
{
	for (const char *p = text; *p; p += *p == '\n') {
		const char *word = p + strspn(p, " \t");
		const size_t n = strcspn(word, " \t\r\n");

		if (n == 7 &&
		    (strncmp(word, "vfio_ap", n) == 0 || strncmp(word, "vfio-ap", n) == 0))
			return true;
		p += strcspn(p, "\n");
	}
	return false;
}

static bool lists_module(int root, const char *path)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	return file_read(root, path, FILE_MAX, &text, &len) == 0 && text_lists_module(text);
}

/** struct early - a directory under search, and what was found first by name */
struct early {
	int root;
	const char *dir;
	struct doctor_file *file;
};

static int early_look(void *arg, const char *name)
{
	const struct early *early = arg;
	const size_t len = strlen(name);
	char path[PATH_SIZE];

	if (len < 5 || strcmp(name + len - 5, ".conf") != 0)
		return 0;
	path_join(path, early->dir, name);
	if (lists_module(early->root, path) &&
	    (!*early->file->path || strcmp(path, early->file->path) < 0))
		file_set(early->file, path);
	return 0;
}

static void early_read(int root, const char *release, struct doctor_facts *ret)
{
	static const char *const dirs[] = { "etc/modules-load.d", "run/modules-load.d",
					    "usr/lib/modules-load.d" };
	_cleanup_free_ char *builtin = NULL;
	char path[PATH_SIZE], dir[PATH_SIZE];
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !*ret->early_load.path; i++) {
		struct early early = { .root = root, .dir = dirs[i], .file = &ret->early_load };

		sysfs_list(root, dirs[i], early_look, &early);
	}
	if (!*ret->early_load.path && lists_module(root, "etc/modules"))
		file_set(&ret->early_load, "etc/modules");
	if (!release)
		return;
	path_join(path, path_join(dir, "lib/modules", release), "modules.builtin");
	if (file_read(root, path, BUILTIN_MAX, &builtin, &len) == 0)
		ret->is_builtin = strstr(builtin, "/vfio_ap.ko") != NULL;
}

/* Source: initramfs-tools, hooks/udev copies the rules of /etc; dracut's 95zdev does not. */
static void image_read(int root, const char *release, struct doctor_facts *ret)
{
	struct stat rules, image;
	char path[PATH_SIZE];

	if (!release || !sysfs_exists(root, PATH_INITRAMFS_HOOK) ||
	    !stat_read(root, PATH_RULES, 0, &rules))
		return;
	snprintf(path, sizeof(path), "boot/initrd.img-%.128s", release);
	if (!stat_read(root, path, 0, &image))
		return;
	file_set(&ret->image, path);
	ret->image_older = image.st_mtime < rules.st_mtime;
}

static int boot_read(struct app *app, struct doctor_facts *ret)
{
	char text[130];
	const char *release = NULL;

	if (sysfs_read(app->root, PATH_KERNEL, text, sizeof(text)) == 0 &&
	    !strchr(str_chomp(text), '/'))
		release = text;
	early_read(app->root, release, ret);
	image_read(app->root, release, ret);
	ret->run_rules = sysfs_exists(app->root, PATH_RUN_RULES);
	/* A link into where packages are, which need not be in a recorded tree. */
	ret->service = sysfs_link_read(app->root, PATH_SERVICE_ENABLED, text, sizeof(text)) == 0;
	return udev_report_read(app->root, &ret->rules, &app->err);
}

int doctor_facts_read(struct app *app, const struct snapshot *now, unsigned flags,
		      struct doctor_facts *ret)
{
	int rc = 0;

	machine_read(app, now, ret);
	if (flags & DOCTOR_ACTIVE) {
		rc = cards_read(app, now, ret);
		if (rc == 0)
			rc = nodes_read(app, now, ret);
	}
	if (rc == 0 && flags & DOCTOR_PERSISTENT) {
		mdevctl_read(app->root, ret);
		doctor_owners_read(app->root, now, &ret->owners);
		rc = boot_read(app, ret);
	}
	return rc;
}
