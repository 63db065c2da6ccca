/* SPDX-License-Identifier: MIT */
/*
 * Who has a device open: one walk over /proc.  Processes come and go meanwhile, and those of
 * others may not be looked at: neither is a failure.  This process itself is left out.
 */
#include "procs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define PID_MAX	    0x7fffffff
#define COMM_MAX    15		 /* TASK_COMM_LEN less its NUL */
#define CMDLINE_MAX (128 * 1024) /* QEMU's are long; -name is near the front */

/* struct walk - what procs_holders_read() goes on with */
struct walk {
	int root;
	int fds;	      /* directory of the process's open files */
	struct holder holder; /* the process, as far as it is known; group and cdev of no use */
	bool named;	      /* command and guest are filled in */
	bool saw_init;	      /* else processes are hidden from us (mount option hidepid) */
	struct holder_list list;
	size_t room;
};

/* ---- names ----------------------------------------------------------------------------- */

/*
 * One option of QEMU, "key=value" or a value alone, ended by a comma; a doubled comma stands
 * for itself (QEMU, util/keyval.c).  The text is cut at @size.  Returns what follows.
 */
static const char *next_option(const char *p, char *buf, size_t size)
{
	size_t len = 0;

	for (; *p; p++) {
		if (*p == ',' && *++p != ',')
			break;
		if (len + 1 < size)
			buf[len++] = *p;
	}
	buf[len] = '\0';
	return p;
}

/* The guest in the value of -name: "web1", "guest=web1,debug-threads=on". */
static void parse_name(const char *value, char *guest, size_t size)
{
	char option[128];
	bool first = true;

	while (*value) {
		const char *name;

		value = next_option(value, option, sizeof(option));
		name = str_starts_with(option, "guest=");
		if (!name && first && !strchr(option, '='))
			name = option;
		if (name)
			snprintf(guest, size, "%.*s", (int)(size - 1), name);
		first = false;
	}
	str_printable(guest);
}

/*
 * The kernel cuts a name to 15 bytes: the rest of it is in the first argument, as long as the
 * process is what it says there.
 */
static void complete_command(struct holder *holder, const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;

	if (strlen(holder->command) == COMM_MAX && str_starts_with(name, holder->command))
		snprintf(holder->command, sizeof(holder->command), "%s", name);
}

/* Arguments, each with a NUL behind it; two more stand behind the @len bytes. */
static void parse_cmdline(const char *text, size_t len, struct holder *holder)
{
	complete_command(holder, text);
	for (const char *arg = text; arg < text + len; arg += strlen(arg) + 1) {
		if (strcmp(arg, "-name") != 0 && strcmp(arg, "--name") != 0)
			continue;
		parse_name(arg + strlen(arg) + 1, holder->guest, sizeof(holder->guest));
		return;
	}
}

static void read_cmdline(int root, struct holder *holder)
{
	_cleanup_free_ char *text = malloc(CMDLINE_MAX + 2);
	char path[PATH_SIZE], name[64];
	size_t len;

	snprintf(name, sizeof(name), "%d/cmdline", holder->pid);
	path_join(path, PATH_PROC, name);
	if (!text || sysfs_read_bytes(root, path, text, CMDLINE_MAX, &len) < 0)
		return;

	/* Two NULs: there is always an argument behind an argument, if an empty one. */
	text[len] = text[len + 1] = '\0';
	parse_cmdline(text, len, holder);
}

static void read_names(struct walk *walk)
{
	struct holder *holder = &walk->holder;
	char path[PATH_SIZE], name[64], text[64];

	snprintf(name, sizeof(name), "%d/comm", holder->pid);
	if (!sysfs_read(walk->root, path_join(path, PATH_PROC, name), text, sizeof(text)))
		snprintf(holder->command, sizeof(holder->command), "%.31s", str_chomp(text));
	read_cmdline(walk->root, holder);
	str_printable(holder->command);
	walk->named = true;
}

/* ---- open files -------------------------------------------------------------------------- */

/* "3" of /dev/vfio/3; a node that was removed meanwhile has " (deleted)" behind it. */
static int node_number(const char *text)
{
	const char *digits = text;
	unsigned long n;

	if (str_ulong_parse(&digits, 10, 0x7fffffff, &n) < 0)
		return -1;
	return *digits && strcmp(digits, " (deleted)") != 0 ? -1 : (int)n;
}

static int add_holder(struct walk *walk, int group, int cdev)
{
	struct holder *holder;

	for (size_t i = walk->list.n; i-- && walk->list.v[i].pid == walk->holder.pid;) {
		if (walk->list.v[i].group == group && walk->list.v[i].cdev == cdev)
			return 0;
	}

	if (walk->list.n == walk->room) {
		size_t room = walk->room ? 2 * walk->room : 16;
		struct holder *v = reallocarray(walk->list.v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		walk->list.v = v;
		walk->room = room;
	}
	if (!walk->named)
		read_names(walk);

	holder = &walk->list.v[walk->list.n++];
	*holder = walk->holder;
	holder->group = group;
	holder->cdev = cdev;
	return 0;
}

/* Is something there that we could not see; else it went away, or is none of what we look for. */
static bool is_hidden(int rc)
{
	return rc == -EACCES || rc == -EPERM || rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM;
}

static int look_at_fd(void *arg, const char *name, _unused_ unsigned char kind)
{
	struct walk *walk = arg;
	char target[PATH_SIZE];
	const char *rest;
	int rc, n;

	rc = sysfs_link_read(walk->fds, name, target, sizeof(target));
	if (is_hidden(rc))
		walk->list.complete = false;
	if (rc < 0)
		return 0; /* closed meanwhile, or longer than what we look for */

	rest = str_starts_with(target, "/dev/vfio/devices/vfio");
	n = rest ? node_number(rest) : -1;
	if (n >= 0)
		return add_holder(walk, -1, n);

	rest = str_starts_with(target, "/dev/vfio/");
	n = rest ? node_number(rest) : -1;
	return n >= 0 ? add_holder(walk, n, -1) : 0;
}

static int look_at_process(void *arg, const char *name)
{
	struct walk *walk = arg;
	_cleanup_close_ int fds = -1;
	char path[PATH_SIZE], sub[64];
	unsigned pid;
	int rc;

	if (str_uint(name, PID_MAX, &pid) < 0 || !pid)
		return 0;
	walk->saw_init |= pid == 1;
	if (pid == (unsigned)getpid())
		return 0;

	snprintf(sub, sizeof(sub), "%u/fd", pid);
	fds = sysfs_open(walk->root, path_join(path, PATH_PROC, sub), O_RDONLY | O_DIRECTORY);
	if (is_hidden(fds))
		walk->list.complete = false;
	if (fds < 0)
		return 0;

	walk->fds = fds;
	walk->holder = (struct holder){ .pid = (pid_t)pid };
	walk->named = false;
	rc = sysfs_list_dir(fds, look_at_fd, walk);
	if (is_hidden(rc))
		walk->list.complete = false;
	return rc == -ENOMEM ? rc : 0;
}

/* ---- all processes ------------------------------------------------------------------------- */

static int compare_holders(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->cdev < y->cdev ? -1 : x->cdev > y->cdev;
}

int procs_holders_read(int root, struct holder_list *ret, struct err *err)
{
	struct walk walk = { .root = root, .list = { .complete = true } };
	int rc;

	rc = sysfs_list(root, PATH_PROC, look_at_process, &walk);
	if (rc < 0 && rc != -ENOENT) {
		procs_holders_done(&walk.list);
		return rc == -ENOMEM ? err_oom(err) : err_errno(err, rc, "cannot list '/proc'");
	}

	walk.list.complete &= walk.saw_init;
	if (walk.list.n)
		qsort(walk.list.v, walk.list.n, sizeof(*walk.list.v), compare_holders);
	*ret = walk.list;
	return 0;
}

void procs_holders_done(struct holder_list *list)
{
	free(list->v);
	list->v = NULL;
	list->n = 0;
}
