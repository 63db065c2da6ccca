// SPDX-License-Identifier: MIT
/*
 * Who QEMU runs as under libvirt, and which groups that user is in.
 *
 * Source: libvirt, src/qemu/qemu.conf.in: user, group, dynamic_ownership (1 by default).
 */
#include "cmd_doctor.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define FILE_MAX (1024 * 1024)

static void file_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* A file as a stream: it is read as a whole first, and only when it is a regular one. */
static FILE *text_open(int root, const char *path, char **ret_text)
{
	size_t len;

	if (file_read(root, path, FILE_MAX, ret_text, &len) < 0 || !len)
		return NULL;
	return fmemopen(*ret_text, len, "r");
}

/* The value of "KEY = VALUE" or "KEY = \"VALUE\"", if that is what the line says. */
static char *line_value(char *line, const char *key)
{
	char *value = line + strspn(line, " \t"), *end;

	if (strncmp(value, key, strlen(key)) != 0)
		return NULL;
	value += strlen(key);
	value += strspn(value, " \t");
	if (*value != '=')
		return NULL;
	value++;
	value += strspn(value, " \t\"'+");
	end = value + strcspn(value, " \t\"'\n#");
	*end = '\0';
	return value;
}

/** struct conf - what qemu.conf says */
struct conf {
	char user[64], group[64];
	bool static_ownership;
};

static void conf_read(FILE *file, struct conf *ret)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		const char *value;

		if ((value = line_value(line, "user")))
			snprintf(ret->user, sizeof(ret->user), "%s", value);
		else if ((value = line_value(line, "group")))
			snprintf(ret->group, sizeof(ret->group), "%s", value);
		else if ((value = line_value(line, "dynamic_ownership")))
			ret->static_ownership = strcmp(value, "0") == 0;
	}
}

static void gid_add(struct doctor_user *user, gid_t gid)
{
	if (user->n_gids < ARRAY_SIZE(user->gid))
		user->gid[user->n_gids++] = gid;
}

/* Those whose member it is, and the one that libvirt gives to QEMU. */
static void groups_read(int root, const char *group, struct doctor_user *user)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(file_close) FILE *file = text_open(root, "etc/group", &text);
	const struct group *entry;

	while (file && (entry = fgetgrent(file))) {
		bool is_member = strcmp(entry->gr_name, group) == 0;

		for (char **member = entry->gr_mem; !is_member && *member; member++)
			is_member = strcmp(*member, user->name) == 0;
		if (is_member)
			gid_add(user, entry->gr_gid);
	}
}

static bool is_user(const struct passwd *entry, const struct conf *conf)
{
	if (*conf->user)
		return strcmp(entry->pw_name, conf->user) == 0;
	return strcmp(entry->pw_name, "qemu") == 0 || strcmp(entry->pw_name, "libvirt-qemu") == 0;
}

int doctor_user_read(int root, struct doctor_user *ret)
{
	_cleanup_free_ char *conf_text = NULL, *text = NULL;
	_cleanup_(file_close) FILE *conf_file = text_open(root, PATH_LIBVIRT_CONF, &conf_text);
	_cleanup_(file_close) FILE *file = text_open(root, "etc/passwd", &text);
	const struct passwd *entry;
	struct conf conf = { 0 };

	if (!conf_file && !sysfs_exists(root, PATH_LIBVIRT_CONF))
		return 0;
	if (conf_file)
		conf_read(conf_file, &conf);
	while (file && (entry = fgetpwent(file))) {
		if (!is_user(entry, &conf))
			continue;
		snprintf(ret->name, sizeof(ret->name), "%s", entry->pw_name);
		ret->hands_over = !conf.static_ownership;
		ret->uid = entry->pw_uid;
		gid_add(ret, entry->pw_gid);
		groups_read(root, conf.group, ret);
		break;
	}
	return 0;
}
