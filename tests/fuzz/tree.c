/* SPDX-License-Identifier: MIT */
/* sysfs.h for a tree that one text describes.  Errors are those that the real one gives. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "str.h"
#include "sysfs.h"

#define ENTRIES_MAX 64
#define TREE_PATH   1024
#define TREE_NAME   255
#define DIRS	    8
/* Far above any descriptor: close() of it is an error that nobody looks at. */
#define DIR_BASE (1 << 24)

struct entry {
	const char *path, *text;
	size_t path_len, len;
};

static struct {
	struct entry v[ENTRIES_MAX];
	size_t n;
	char dir[DIRS][TREE_PATH];
	unsigned next_dir;
} tree;

void tree_set(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	tree.n = 0;
	while (p < end && tree.n < ENTRIES_MAX) {
		const char *stop = memchr(p, '\n', (size_t)(end - p)) ?: end;
		struct entry *entry = &tree.v[tree.n];

		if (*p == '=') {
			tree.n++;
			entry->path = p + 1;
			entry->path_len = (size_t)(stop - p) - 1;
			entry->text = stop + (stop < end);
			entry->len = 0;
		} else if (tree.n) {
			entry[-1].len = (size_t)(stop + (stop < end) - entry[-1].text);
		}
		p = stop + (stop < end);
	}
}

/* The whole path of what is below an open directory. */
static size_t path_whole(int root, const char *path, char buf[TREE_PATH])
{
	const bool is_dir = root >= DIR_BASE && root < DIR_BASE + DIRS;
	const char *dir = is_dir ? tree.dir[root - DIR_BASE] : "";
	int n;

	if (strcmp(path, ".") == 0)
		n = snprintf(buf, TREE_PATH, "%s", dir);
	else
		n = snprintf(buf, TREE_PATH, "%s%s%s", dir, *dir ? "/" : "", path);
	require(n >= 0 && n < TREE_PATH);
	return (size_t)n;
}

static bool is_below(const struct entry *entry, const char *path, size_t len)
{
	return entry->path_len > len && entry->path[len] == '/' &&
	       memcmp(entry->path, path, len) == 0;
}

/* "!13": EACCES; EIO for what is no number. */
static int error_of(const struct entry *entry)
{
	char text[8] = "";
	unsigned code;

	if (entry->len < sizeof(text))
		memcpy(text, entry->text + 1, entry->len - 1);
	return str_uint(text, EHWPOISON, &code) == 0 && code ? (int)code : EIO;
}

/* 0 a file, or a directory: then @ret is NULL; negative errno. */
static int find(int root, const char *path, const struct entry **ret)
{
	char whole[TREE_PATH];
	const size_t len = path_whole(root, path, whole);
	bool is_dir = false;

	*ret = NULL;
	for (size_t i = 0; i < tree.n; i++) {
		const struct entry *entry = &tree.v[i];

		is_dir |= is_below(entry, whole, len);
		if (entry->path_len != len || memcmp(entry->path, whole, len) != 0)
			continue;
		if (entry->len && entry->text[0] == '!')
			return -error_of(entry);
		*ret = entry;
		return 0;
	}
	return is_dir ? 0 : -ENOENT;
}

int sysfs_open(int root, const char *path, int flags _unused_)
{
	const unsigned i = tree.next_dir % DIRS;
	const struct entry *entry;
	char whole[TREE_PATH];
	int rc = find(root, path, &entry);

	if (rc < 0)
		return rc;
	if (entry)
		return -ENOTDIR;
	path_whole(root, path, whole);
	memcpy(tree.dir[i], whole, sizeof(whole));
	tree.next_dir++;
	return DIR_BASE + (int)i;
}

int sysfs_read_bytes(int root, const char *path, void *buf, size_t size, size_t *ret_len)
{
	const struct entry *entry;
	int rc = find(root, path, &entry);

	if (rc < 0)
		return rc;
	if (!entry)
		return -EISDIR;
	if (entry->len && *entry->text == '@')
		return -ENOENT;
	*ret_len = entry->len < size ? entry->len : size;
	memcpy(buf, entry->text, *ret_len);
	return 0;
}

int sysfs_read(int root, const char *path, char *buf, size_t size)
{
	size_t len;
	int rc = sysfs_read_bytes(root, path, buf, size, &len);

	if (rc < 0)
		return rc;
	if (len == size)
		return -EFBIG;
	if (memchr(buf, '\0', len))
		return -EBADMSG;
	buf[len] = '\0';
	return 0;
}

/* Nobody writes meanwhile. */
int sysfs_read_stable(int root, const char *path, unsigned tries _unused_, char *buf, size_t size)
{
	return sysfs_read(root, path, buf, size);
}

/* The name of what is in the directory, once for all that is below it. */
static bool name_of(size_t i, const char *dir, size_t len, char name[TREE_NAME + 1])
{
	const struct entry *entry = &tree.v[i];
	const char *start = entry->path + len + (len ? 1 : 0);
	const size_t room = entry->path_len - (size_t)(start - entry->path);
	const char *slash = memchr(start, '/', room);
	const size_t n = slash ? (size_t)(slash - start) : room;

	if (!n || n > TREE_NAME || memchr(start, '\0', n))
		return false;
	memcpy(name, start, n);
	name[n] = '\0';
	for (size_t k = 0; k < i; k++) {
		const struct entry *other = &tree.v[k];
		const size_t at = (size_t)(start - entry->path);

		if (is_below(other, dir, len) && other->path_len >= at + n &&
		    memcmp(other->path + at, name, n) == 0 &&
		    (other->path_len == at + n || other->path[at + n] == '/'))
			return false;
	}
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Nobody asks for kinds. */
int sysfs_list_kinds(int root _unused_, const char *path _unused_, sysfs_list_kinds_fn *fn _unused_,
		     void *arg _unused_)
{
	return -ENOSYS;
}

int sysfs_list(int root, const char *path, sysfs_list_fn *fn, void *arg)
{
	char dir[TREE_PATH], name[TREE_NAME + 1];
	const size_t len = path_whole(root, path, dir);
	const struct entry *entry;
	int rc = find(root, path, &entry);

	if (rc < 0)
		return rc;
	if (entry)
		return -ENOTDIR;
	for (size_t i = 0; i < tree.n; i++) {
		if (!is_below(&tree.v[i], dir, len) || !name_of(i, dir, len, name))
			continue;
		rc = fn(arg, name);
		if (rc)
			return rc;
	}
	return 0;
}

/* struct kinds - who would like kinds too */
struct kinds {
	sysfs_list_kinds_fn *fn;
	void *arg;
};

static int tell_kind(void *arg, const char *name)
{
	const struct kinds *kinds = arg;

	return kinds->fn(kinds->arg, name, DT_UNKNOWN);
}

int sysfs_list_dir(int dir, sysfs_list_kinds_fn *fn, void *arg)
{
	return sysfs_list(dir, ".", tell_kind, &(struct kinds){ .fn = fn, .arg = arg });
}

int sysfs_link_read(int root, const char *path, char *buf, size_t size)
{
	const struct entry *entry;
	int rc = find(root, path, &entry);
	size_t len;

	if (rc < 0)
		return rc;
	if (!entry || !entry->len || *entry->text != '@')
		return -EINVAL;
	for (len = 0; len + 1 < entry->len && entry->text[len + 1] != '\n'; len++)
		if (len == size || !entry->text[len + 1])
			break;
	if (len >= size)
		return -EFBIG;
	memcpy(buf, entry->text + 1, len);
	buf[len] = '\0';
	return 0;
}

int sysfs_link_name(int root, const char *path, char *buf, size_t size)
{
	char target[4096];
	const char *name;
	int rc = sysfs_link_read(root, path, target, sizeof(target));

	if (rc < 0)
		return rc;
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) >= size)
		return -EFBIG;
	memcpy(buf, name, strlen(name) + 1);
	return 0;
}

bool sysfs_exists(int root, const char *path)
{
	const struct entry *entry;

	return find(root, path, &entry) == 0;
}
