/* SPDX-License-Identifier: MIT */
/*
 * Kernel events (K 13): which object, which keys in which order; the `uevent`
 * files that show the keys and send synthetic events.
 */
#include "model.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "tree.h"

#define UEVENT_SIZE 4096 /* twice the kernel's UEVENT_BUFFER_SIZE */
#define VFIO_MAJOR  254
#define UUID_LEN    (MACHINE_UUID_SIZE - 1)

/* The text of an event: its keys, each with a NUL behind it. */
struct env {
	char buf[UEVENT_SIZE];
	size_t len;
};

static _printf_(2, 0) void env_vadd(struct env *env, const char *fmt, va_list ap)
{
	size_t room = sizeof(env->buf) - env->len;
	int n = vsnprintf(env->buf + env->len, room, fmt, ap);

	if (n >= 0 && (size_t)n < room)
		env->len += (size_t)n + 1;
}

static _printf_(2, 3) void env_add(struct env *env, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	env_vadd(env, fmt, ap);
	va_end(ap);
}

/* ---- keys of the objects ----------------------------------------------------------- */

static void device_keys(const struct machine *m, const struct at *at, const char *action,
			struct env *env)
{
	const struct card *card = &m->card[at->id[0]];
	bool is_card = at->id[1] == NO_DOMAIN;
	enum driver driver = driver_of(m, at);

	env_add(env, "DEVTYPE=%s", is_card ? "ap_card" : "ap_queue");
	if (driver != DRIVER_NONE)
		env_add(env, "DRIVER=%s", driver_rows[driver].name);
	if (is_card) {
		env_add(env, "DEV_TYPE=%04X", card->hwtype);
		if (strcmp(action, "unbind") != 0)
			env_add(env, "MODALIAS=ap:t%02X", card->hwtype);
	}
	env_add(env, "MODE=%s", card->mode == 'A' ? "accel" : card->mode == 'C' ? "cca" : "ep11");
}

/* Without its driver before `bind` and from `unbind` on. */
static void matrix_keys(const struct machine *m, const struct at *at _unused_,
			const char *action _unused_, struct env *env)
{
	if (m->matrix_bound)
		env_add(env, "DRIVER=vfio_ap");
}

static void mdev_keys(const struct machine *m, const struct at *at, const char *action _unused_,
		      struct env *env)
{
	if (machine_life(m, LIFE_MDEV_BINDING, at))
		env_add(env, "DRIVER=vfio_ap_mdev");
}

static void group_keys(const struct machine *m, const struct at *at, const char *action _unused_,
		       struct env *env)
{
	unsigned slot = matrix_mdev(m, at)->slot;

	env_add(env, "MAJOR=%d", VFIO_MAJOR);
	env_add(env, "MINOR=%u", slot);
	env_add(env, "DEVNAME=vfio/%u", slot);
}

static void z90crypt_keys(const struct machine *m _unused_, const struct at *at _unused_,
			  const char *action _unused_, struct env *env)
{
	env_add(env, "MAJOR=10");
	env_add(env, "MINOR=126");
	env_add(env, "DEVNAME=z90crypt");
}

static const struct object_row {
	const char *path; /* below /sys; or computed: */
	void (*compute)(const struct machine *m, const struct at *at, char *buf, size_t size);
	const char *subsystem; /* NULL: its events are filtered out */
	bool is_told_once;     /* no device: its end is not told when somebody has told it */
	void (*keys)(const struct machine *m, const struct at *at, const char *action,
		     struct env *env);
} objects[OBJECT_COUNT] = {
	[OBJECT_BUS_AP] = { .path = "bus/ap", .subsystem = "bus" },
	[OBJECT_BUS_MATRIX] = { .path = "bus/matrix", .subsystem = "bus", .is_told_once = true },
	[OBJECT_BUS_MDEV] = { .path = "bus/mdev", .subsystem = "bus" },
	[OBJECT_AP] = { .path = "devices/ap", .subsystem = "ap" },
	[OBJECT_DEVICE] = { .compute = tree_device_path, .subsystem = "ap", .keys = device_keys },
	[OBJECT_DRIVER] = { .compute = tree_driver_path,
			    .subsystem = "drivers",
			    .is_told_once = true },
	[OBJECT_MODULE] = { .compute = tree_module_path,
			    .subsystem = "module",
			    .is_told_once = true },
	[OBJECT_VFIO_AP] = { .path = "devices/vfio_ap" },
	[OBJECT_MATRIX] = { .path = "devices/vfio_ap/matrix",
			    .subsystem = "matrix",
			    .keys = matrix_keys },
	[OBJECT_MATRIX_DRIVER] = { .path = "bus/matrix/drivers/vfio_ap",
				   .subsystem = "drivers",
				   .is_told_once = true },
	[OBJECT_MDEV_DRIVER] = { .path = "bus/mdev/drivers/vfio_ap_mdev",
				 .subsystem = "drivers",
				 .is_told_once = true },
	[OBJECT_MDEV] = { .compute = tree_mdev_path, .subsystem = "mdev", .keys = mdev_keys },
	[OBJECT_VFIO_DEV] = { .compute = tree_vfio_dev_path, .subsystem = "vfio-dev" },
	[OBJECT_GROUP] = { .compute = tree_group_path, .subsystem = "vfio", .keys = group_keys },
	[OBJECT_Z90CRYPT] = { .path = "devices/virtual/misc/z90crypt",
			      .subsystem = "misc",
			      .keys = z90crypt_keys },
};

static void object_path(const struct machine *m, enum object object, const struct at *at,
			char path[TREE_PATH_SIZE])
{
	if (objects[object].compute)
		objects[object].compute(m, at, path, TREE_PATH_SIZE);
	else
		snprintf(path, TREE_PATH_SIZE, "%s", objects[object].path);
}

/* ---- sending ------------------------------------------------------------------------ */

static void event_emit(struct machine *m, enum object object, const struct at *at,
		       const char *action, const struct env *keys)
{
	const struct object_row *row = &objects[object];
	char path[TREE_PATH_SIZE];
	struct env env;

	env.len = 0;
	object_path(m, object, at, path);
	env_add(&env, "%s@/%s", action, path);
	env_add(&env, "ACTION=%s", action);
	env_add(&env, "DEVPATH=/%s", path);
	env_add(&env, "SUBSYSTEM=%s", row->subsystem);
	if (env.len + keys->len < sizeof(env.buf)) {
		memcpy(env.buf + env.len, keys->buf, keys->len);
		env.len += keys->len;
	}
	if (row->keys)
		row->keys(m, at, action, &env);
	env_add(&env, "SEQNUM=%llu", (unsigned long long)m->seqnum);
	m->hooks.uevent(m->hooks.arg, env.buf, env.len);
}

/* Count the event; is there somebody to send it to? */
static bool event_is_heard(struct machine *m, enum object object)
{
	if (!objects[object].subsystem)
		return false;
	m->seqnum++;
	return m->hooks.uevent && !m->booting;
}

/*
 * Whoever writes `remove` into the uevent file of a bus, driver or module has told of its end:
 * the kernel does not tell it again (lib/kobject.c).  The end of a device it always tells.
 */
static unsigned end_bit(enum object object, const struct at *at)
{
	if (!objects[object].is_told_once)
		return 0;
	return objects[object].compute ? 1U << at->id[0] : 1;
}

static bool end_is_told(struct machine *m, enum object object, const struct at *at,
			const char *action)
{
	unsigned bit = end_bit(object, at);

	if (!strcmp(action, "add"))
		m->end_told[object] &= ~bit; /* of the one before */
	return !strcmp(action, "remove") && m->end_told[object] & bit;
}

void uevent_send(struct machine *m, enum object object, const struct at *at, const char *action,
		 const char *fmt, ...)
{
	struct env keys;
	va_list ap;

	if (end_is_told(m, object, at, action) || !event_is_heard(m, object))
		return;
	keys.len = 0;
	if (fmt) {
		va_start(ap, fmt);
		env_vadd(&keys, fmt, ap);
		va_end(ap);
	}
	event_emit(m, object, at, action, &keys);
}

int uevent_show(struct machine *m, const struct at *at, unsigned object, struct page *page)
{
	struct env env;

	if (!objects[object].keys)
		return 0;
	env.len = 0;
	objects[object].keys(m, at, "", &env);
	for (size_t i = 0; i < env.len; i += strlen(env.buf + i) + 1)
		page_printf(page, "%s\n", env.buf + i);
	return 0;
}

/* ---- synthetic events ----------------------------------------------------------------- */

static const char *action_find(const char *text, size_t len)
{
	static const char *const actions[] = { "add",	 "remove",  "change", "move",
					       "online", "offline", "bind",   "unbind" };

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strlen(actions[i]) == len && !memcmp(actions[i], text, len))
			return actions[i];
	return NULL;
}

static size_t word_len(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]))
		len++;
	return len;
}

/* "UUID KEY=value ..." to "SYNTH_UUID=UUID\0SYNTH_ARG_KEY=value\0..." */
static int arguments_parse(const char *p, struct env *env)
{
	char uuid[MACHINE_UUID_SIZE];
	size_t key, value;

	if (strlen(p) < UUID_LEN || parse_uuid(p, UUID_LEN, uuid) < 0)
		return -EINVAL;
	env_add(env, "SYNTH_UUID=%.*s", UUID_LEN, p);
	for (p += UUID_LEN; *p; p += value) {
		if (*p++ != ' ')
			return -EINVAL;
		key = word_len(p);
		if (!key || p[key] != '=')
			return -EINVAL;
		value = word_len(p + key + 1);
		if (!value)
			return -EINVAL;
		env_add(env, "SYNTH_ARG_%.*s", (int)(key + 1 + value), p);
		p += key + 1;
	}
	return 0;
}

static int synth_parse(const char *text, const char **ret_action, struct env *env)
{
	size_t len = strcspn(text, " ");

	*ret_action = action_find(text, len);
	if (!*ret_action)
		return -EINVAL;
	if (text[len])
		return arguments_parse(text + len + 1, env);
	env_add(env, "SYNTH_UUID=0");
	return 0;
}

int uevent_store(struct machine *m, const struct at *at, unsigned object, const struct input *in)
{
	char text[MACHINE_PAGE + 1], path[TREE_PATH_SIZE];
	struct env keys;
	const char *action;
	size_t len;
	int rc;

	keys.len = 0;
	snprintf(text, sizeof(text), "%s", in->text);
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	rc = synth_parse(text, &action, &keys);
	if (rc < 0) {
		object_path(m, object, at, path);
		machine_log(m, "synth uevent: /%s: unknown uevent action string", path);
		return rc;
	}
	if (!strcmp(action, "remove"))
		m->end_told[object] |= end_bit(object, at);
	if (event_is_heard(m, object))
		event_emit(m, object, at, action, &keys);
	return 0;
}
