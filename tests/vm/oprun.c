// SPDX-License-Identifier: MIT
/*
 * oprun SCRIPT: the operations of a script, one a line, each with plain system
 * calls, and for each a line of output "NUMBER RESULT": the errno's name or what
 * was read.  Words are separated by one blank; \n, \\ and \xHH stand for bytes.
 *
 *   r PATH         read it          w PATH TEXT    one write
 *   l PATH         list, sorted     k PATH         readlink
 *   s PATH         type, mode, size t PATH         all below, each with a line
 *   o PATH FLAGS   open and close   c VERB PATH .. chmod, mkdir, unlink, ...
 *   f SLOT VERB .. a descriptor that stays open: open, read, write, seek, close
 *   settle         wait for the kernel's timers
 *   machine, hw, module, guest      oprun_hw.c
 */
#include "oprun.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

void run_result(struct run *r, const char *fmt, ...)
{
	va_list args;

	fprintf(r->out, "%lu ", r->line);
	va_start(args, fmt);
	vfprintf(r->out, fmt, args);
	va_end(args);
	putc('\n', r->out);
}

const char *run_error(int rc)
{
	const char *name = rc < 0 ? strerrorname_np(-rc) : "ok";

	return name ? name : "E?";
}

ssize_t run_read_file(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) != 0) {
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

/* ---- texts ------------------------------------------------------------------------ */

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

/* A word of the script as bytes; it is never longer than the word. */
static size_t unescape(const char *word, char *ret)
{
	size_t len = 0;

	for (; *word && len < RUN_TEXT - 1; word++) {
		if (*word != '\\') {
			ret[len++] = *word;
		} else if (*++word == 'x') {
			ret[len++] = (char)(hex_digit(word[1]) << 4 | hex_digit(word[2]));
			word += 2;
		} else {
			ret[len++] = *word == 'n' ? '\n' : *word == 'e' ? '\0' : *word;
			len -= *word == 'e'; /* "\e": the empty text */
		}
	}
	ret[len] = '\0';
	return len;
}

static void print_text(struct run *r, const char *what, const char *text, size_t len)
{
	fprintf(r->out, "%lu %s%zu ", r->line, what, len);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n')
			fputs("\\n", r->out);
		else if (c < 0x20 || c >= 0x7f || c == '\\')
			fprintf(r->out, "\\x%02x", c);
		else
			putc(c, r->out);
	}
	putc('\n', r->out);
}

/* ---- files -------------------------------------------------------------------------- */

/* Of a queue that is not, `reset` says how far timers came before an unbind. */
static bool is_started(const char *path)
{
	char count[512], text[64];

	snprintf(count, sizeof(count), "%.*s/request_count", (int)(strrchr(path, '/') - path),
		 path);
	return run_read_file(count, text, sizeof(text)) > 0 && *text != '-';
}

static void print_read(struct run *r, const char *prefix, const char *path)
{
	char text[RUN_TEXT];
	ssize_t n;
	size_t len;

	if (norm_settles(path))
		hw_settle(&r->hw);
	n = run_read_file(path, text, norm_is_unread(path) ? 1 : sizeof(text));
	if (n < 0) {
		run_result(r, "%s%s", prefix, run_error((int)n));
		return;
	}
	len = (size_t)n;
	norm_text(path, text, &len);
	hw_scans(&r->hw, path, text, &len);
	if (norm_settles(path) && !is_started(path))
		len = 0;
	print_text(r, prefix, text, len);
}

static void op_read(struct run *r, char **argv, int argc)
{
	if (argc == 2)
		print_read(r, "", argv[1]);
}

static int write_once(int fd, const char *text, size_t len)
{
	ssize_t n = write(fd, text, len);

	return n < 0 ? -errno : (int)n;
}

static void print_write(struct run *r, int rc)
{
	if (rc < 0)
		run_result(r, "%s", run_error(rc));
	else
		run_result(r, "ok %d", rc);
}

static bool is_card_config(const char *path)
{
	return strncmp(path, "sys/devices/ap/card", 19) == 0 && strlen(path) == 28 &&
	       !strcmp(path + 21, "/config");
}

static void op_write(struct run *r, char **argv, int argc)
{
	_cleanup_close_ int fd = -1;
	char text[RUN_TEXT], before[64] = "", after[64] = "";
	const char *why;
	size_t len;
	int rc;

	if (argc != 3)
		return;
	len = unescape(argv[2], text);
	why = hw_forbids(&r->hw, argv[1], text, len);
	if (why) {
		run_result(r, "not done: %s", why);
		return;
	}
	hw_before_write(&r->hw, argv[1]);
	fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		run_result(r, "open %s", run_error(-errno));
		return;
	}
	if (is_card_config(argv[1])) {
		hw_settle(&r->hw);
		run_read_file(argv[1], before, sizeof(before));
	}
	rc = write_once(fd, text, len);
	if (is_card_config(argv[1]) && run_read_file(argv[1], after, sizeof(after)) > 0)
		hw_card_config(&r->hw, argv[1], before, after);
	hw_touch(&r->hw);
	print_write(r, rc);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted names, NULL-terminated and to be freed; NULL with errno. */
static char **list_names(const char *path)
{
	DIR *dir = opendir(*path ? path : ".");
	size_t count = 0, size = 0;
	char **names = NULL;
	struct dirent *entry;

	if (!dir)
		return NULL;
	do {
		entry = readdir(dir);
		if (count == size) {
			size = size * 2 + 64;
			names = reallocarray(names, size, sizeof(*names));
			if (!names)
				abort();
		}
		if (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
			      norm_is_hidden(path, entry->d_name)))
			continue;
		names[count++] = entry ? strdup(entry->d_name) : NULL;
	} while (entry);
	closedir(dir);
	qsort(names, count - 1, sizeof(*names), compare_names);
	return names;
}

static void free_names(char **names)
{
	for (char **name = names; *name; name++)
		free(*name);
	free(names);
}

static void op_list(struct run *r, char **argv, int argc)
{
	char **names = argc == 2 ? list_names(argv[1]) : NULL;

	if (!names) {
		run_result(r, "%s", run_error(-errno));
		return;
	}
	fprintf(r->out, "%lu", r->line);
	for (char **name = names; *name; name++)
		fprintf(r->out, " %s", *name);
	putc('\n', r->out);
	free_names(names);
}

static void op_readlink(struct run *r, char **argv, int argc)
{
	char target[512];
	ssize_t n = argc == 2 ? readlink(argv[1], target, sizeof(target) - 1) : -1;

	if (n < 0)
		run_result(r, "%s", run_error(-errno));
	else
		run_result(r, "-> %.*s", (int)n, target);
}

static void op_stat(struct run *r, char **argv, int argc)
{
	struct stat st;

	if (argc != 2 || lstat(argv[1], &st) < 0)
		run_result(r, "%s", run_error(-errno));
	else
		run_result(r, "%o size %lld blocks %lld/%ld owner %u:%u", st.st_mode,
			   (long long)st.st_size, (long long)st.st_blocks, (long)st.st_blksize,
			   st.st_uid, st.st_gid);
}

static void op_open(struct run *r, char **argv, int argc)
{
	static const struct {
		char letter;
		int flag;
	} flags[] = {
		{ .letter = 'w', .flag = O_WRONLY },	{ .letter = 'b', .flag = O_RDWR },
		{ .letter = 'a', .flag = O_APPEND },	{ .letter = 't', .flag = O_TRUNC },
		{ .letter = 'c', .flag = O_CREAT },	{ .letter = 'x', .flag = O_EXCL },
		{ .letter = 'd', .flag = O_DIRECTORY }, { .letter = 'n', .flag = O_NOFOLLOW },
	};
	int how = O_CLOEXEC, fd;

	if (argc != 3)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		how |= strchr(argv[2], flags[i].letter) ? flags[i].flag : 0;
	fd = open(argv[1], how, 0644);
	run_result(r, "%s", fd < 0 ? run_error(-errno) : "ok");
	if (fd >= 0)
		close(fd);
}

static int change(char **argv, int argc)
{
	const char *verb = argv[1], *path = argv[2];

	if (!strcmp(verb, "chmod") && argc == 4)
		return chmod(path, (mode_t)strtoul(argv[3], NULL, 8));
	if (!strcmp(verb, "truncate"))
		return truncate(path, 0);
	if (!strcmp(verb, "mkdir"))
		return mkdir(path, 0755);
	if (!strcmp(verb, "rmdir"))
		return rmdir(path);
	if (!strcmp(verb, "unlink"))
		return unlink(path);
	if (!strcmp(verb, "rename") && argc == 4)
		return rename(path, argv[3]);
	if (!strcmp(verb, "link") && argc == 4)
		return link(path, argv[3]);
	if (!strcmp(verb, "symlink"))
		return symlink("x", path);
	errno = ENOSYS;
	return -1;
}

static void op_change(struct run *r, char **argv, int argc)
{
	if (argc >= 3)
		run_result(r, "%s", run_error(change(argv, argc) < 0 ? -errno : 0));
}

/* ---- descriptors that stay open -------------------------------------------------------- */

static void slot_open(struct run *r, struct slot *slot, char **argv, int argc)
{
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = open(argv[3], (argc > 4 && *argv[4] == 'w' ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	snprintf(slot->path, sizeof(slot->path), "%s", argv[3]);
	slot->position = 0;
	run_result(r, "%s", slot->fd < 0 ? run_error(-errno) : "ok");
}

static void slot_read(struct run *r, struct slot *slot, size_t count)
{
	char text[RUN_TEXT];
	ssize_t n =
		pread(slot->fd, text, count < sizeof(text) ? count : sizeof(text), slot->position);

	if (n < 0) {
		run_result(r, "%s", run_error(-errno));
		return;
	}
	slot->position += n;
	print_text(r, "", text, (size_t)n);
}

/* lseek() of what is gone: 6.12 answers ENODEV and stays where it was; FUSE is not asked. */
static void slot_seek(struct run *r, struct slot *slot, const char *where)
{
	slot->position = (off_t)strtoul(where, NULL, 10);
	run_result(r, "done");
}

static void slot_write(struct run *r, const struct slot *slot, const char *word)
{
	char text[RUN_TEXT];
	size_t len = unescape(word, text);
	const char *why = hw_forbids(&r->hw, slot->path, text, len);

	if (why) {
		run_result(r, "not done: %s", why);
		return;
	}
	print_write(r, write_once(slot->fd, text, len));
	hw_touch(&r->hw);
}

static void op_slot(struct run *r, char **argv, int argc)
{
	struct slot *slot;

	if (argc < 3)
		return;
	slot = &r->slot[strtoul(argv[1], NULL, 10) % RUN_SLOTS];
	if (slot->fd < 0 && strcmp(argv[2], "open") != 0) {
		run_result(r, "not open");
	} else if (!strcmp(argv[2], "open") && argc > 3) {
		slot_open(r, slot, argv, argc);
	} else if (!strcmp(argv[2], "close")) {
		run_result(r, "%s", run_error(close(slot->fd) < 0 ? -errno : 0));
		slot->fd = -1;
	} else if (!strcmp(argv[2], "read") && argc > 3) {
		slot_read(r, slot, strtoul(argv[3], NULL, 10));
	} else if (!strcmp(argv[2], "write") && argc > 3) {
		slot_write(r, slot, argv[3]);
	} else if (!strcmp(argv[2], "seek") && argc > 3) {
		slot_seek(r, slot, argv[3]);
	}
}

/* ---- all below a directory ---------------------------------------------------------------- */

static void tree(struct run *r, const char *path)
{
	char name[600], target[512];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st) < 0) {
		run_result(r, "%s %s", path, run_error(-errno));
		return;
	}
	snprintf(name, sizeof(name), "%s %o %lld ", path, st.st_mode, (long long)st.st_size);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		run_result(r, "%s-> %.*s", name, n < 0 ? 0 : (int)n, target);
	} else if (S_ISDIR(st.st_mode)) {
		char **names = list_names(path);

		run_result(r, "%s", name);
		for (char **entry = names; entry && *entry; entry++) {
			snprintf(name, sizeof(name), "%s/%s", path, *entry);
			tree(r, name);
		}
		if (names)
			free_names(names);
	} else {
		print_read(r, name, path);
	}
}

static void op_tree(struct run *r, char **argv, int argc)
{
	hw_settle(&r->hw);
	if (argc == 2)
		tree(r, argv[1]);
}

/* Let the real kernel's timers come to their end. */
static void op_settle(struct run *r, char **argv, int argc)
{
	(void)argv;
	(void)argc;
	hw_settle(&r->hw);
	run_result(r, "done");
}

/* ---- the script --------------------------------------------------------------------------- */

static void run_line(struct run *r, char *line)
{
	static const struct {
		const char *name;
		void (*op)(struct run *r, char **argv, int argc);
	} ops[] = {
		{ .name = "r", .op = op_read },
		{ .name = "w", .op = op_write },
		{ .name = "l", .op = op_list },
		{ .name = "k", .op = op_readlink },
		{ .name = "s", .op = op_stat },
		{ .name = "t", .op = op_tree },
		{ .name = "o", .op = op_open },
		{ .name = "c", .op = op_change },
		{ .name = "f", .op = op_slot },
		{ .name = "hw", .op = hw_op },
		{ .name = "module", .op = hw_module_op },
		{ .name = "guest", .op = hw_guest_op },
		{ .name = "settle", .op = op_settle },
		{ .name = "machine", .op = hw_machine_op },
	};
	char *argv[RUN_ARGS], *word;
	int argc = 0;

	line[strcspn(line, "\n")] = '\0';
	while (argc < RUN_ARGS && (word = strsep(&line, " ")))
		argv[argc++] = word;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!strcmp(ops[i].name, argv[0]))
			ops[i].op(r, argv, argc);
	}
}

int main(int argc, char **argv)
{
	struct run r = { .out = stdout };
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	FILE *script = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!script || chdir("/") < 0) {
		fprintf(stderr, "usage: oprun SCRIPT\n");
		return 2;
	}
	for (size_t i = 0; i < RUN_SLOTS; i++)
		r.slot[i].fd = -1;
	setvbuf(stdout, NULL, _IOLBF, 0); /* what a crash leaves is complete */
	hw_init(&r.hw);
	event_init(&r);
	while (getline(&line, &size, script) > 0) {
		r.line++;
		hw_rearm(&r.hw);
		run_line(&r, line);
		event_drain(&r);
	}
	hw_done(&r.hw);
	fclose(script);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
