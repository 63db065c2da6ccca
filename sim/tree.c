/* SPDX-License-Identifier: MIT */
/* Paths: looking one up, listing a directory, reading a link, chmod and chown. */
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 64 /* of computed names; the longest is a UUID */

/* Where a walk stands: one child of a directory, or the root. */
struct place {
	const struct dir *dir;	   /* NULL unless a directory */
	const struct entry *entry; /* NULL: an attribute, or the root */
	const struct attr *attr;
	enum life life;
	struct at at;
};

/* ---- inode numbers -------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/*
 * A hash of the object's generation and of the row's address, relative to
 * another table so that it is the same in each run.  That two of some hundred
 * thousand 64-bit values are equal is not to be expected.
 */
uint64_t tree_ino(uint64_t generation, const void *row)
{
	uint64_t row_id = (uint64_t)((uintptr_t)row - (uintptr_t)&tree_root);
	uint64_t ino = mix(generation ^ mix(row_id + UINT64_C(0x9e3779b97f4a7c15)));

	return ino > 1 ? ino : ino + 2;
}

static void node_fill(const struct machine *m, const struct place *place, struct node *ret)
{
	const struct entry *entry = place->entry;
	const void *row = entry		? (const void *)entry
			  : place->attr ? (const void *)place->attr
					: (const void *)place->dir;
	const struct owner *owner;

	*ret = (struct node){ .type = place->attr ? NODE_ATTR
				      : entry	  ? entry->type
						  : NODE_DIR,
			      .attr = place->attr,
			      .object = place->life,
			      .id = { place->at.id[0], place->at.id[1] },
			      .generation = machine_life(m, place->life, &place->at) };
	ret->ino = tree_ino(ret->generation, row);
	switch (ret->type) {
	case NODE_DIR: ret->mode = 0755; break;
	case NODE_LINK: ret->mode = 0777; break;
	case NODE_GROUP: ret->mode = 0600; break;
	case NODE_ATTR:
		ret->mode = place->attr->mode;
		ret->size = MACHINE_PAGE;
		break;
	}
	owner = owner_find(m, ret->ino);
	if (owner) {
		ret->mode = owner->mode;
		ret->uid = owner->uid;
		ret->gid = owner->gid;
	}
}

/* ---- what is there -------------------------------------------------------------------- */

static bool entry_is_there(const struct machine *m, const struct entry *entry, const struct at *at)
{
	return machine_has(m, entry->with) && machine_life(m, entry->life, at) &&
	       (!entry->has || entry->has(m, at));
}

static bool group_is_there(const struct machine *m, const struct attr_group *group,
			   const struct at *at)
{
	return machine_life(m, group->life, at) && (!group->has || group->has(m, at));
}

static bool attr_is_there(const struct machine *m, const struct attr *attr, const struct at *at)
{
	return machine_has(m, attr->with) &&
	       (attr->without == TRAIT_NONE || !machine_has(m, attr->without)) &&
	       (!attr->has || attr->has(m, at));
}

/* ---- one step --------------------------------------------------------------------------- */

static bool entry_find(const struct machine *m, const struct place *place, const char *name,
		       struct place *ret)
{
	for (size_t i = 0; i < place->dir->count; i++) {
		const struct entry *entry = &place->dir->entries[i];
		struct at at = place->at;

		if (entry->name ? strcmp(entry->name, name) != 0
				: !entry->family->find(m, &place->at, name, &at))
			continue;
		if (!entry_is_there(m, entry, &at))
			continue;
		*ret = (struct place){
			.entry = entry, .dir = entry->dir, .life = entry->life, .at = at
		};
		return true;
	}
	return false;
}

static bool attr_find(const struct machine *m, const struct place *place, const char *name,
		      struct place *ret)
{
	const struct attr_group *const *group = place->dir->groups;

	for (; group && *group; group++) {
		for (size_t i = 0; i < (*group)->count; i++) {
			const struct attr *attr = &(*group)->attrs[i];

			if (strcmp(attr->name, name) != 0 ||
			    !group_is_there(m, *group, &place->at) ||
			    !attr_is_there(m, attr, &place->at))
				continue;
			*ret = (struct place){ .attr = attr,
					       .life = (*group)->life,
					       .at = place->at };
			return true;
		}
	}
	return false;
}

static int walk(const struct machine *m, const char *path, struct place *ret)
{
	struct place place = { .dir = &tree_root }, child;
	char name[NAME_SIZE];
	size_t len;

	for (; *path; path += len) {
		len = strcspn(path, "/");
		if (!place.dir)
			return -ENOTDIR;
		if (len >= sizeof(name))
			return -ENOENT;
		memcpy(name, path, len);
		name[len] = '\0';
		if (!entry_find(m, &place, name, &child) && !attr_find(m, &place, name, &child))
			return -ENOENT;
		place = child;
		if (path[len] == '/')
			len++;
	}
	*ret = place;
	return 0;
}

/* ---- machine.h ---------------------------------------------------------------------------- */

int machine_find(struct machine *m, const char *path, struct node *ret)
{
	struct place place;
	int rc;

	pthread_mutex_lock(&m->lock);
	rc = walk(m, path, &place);
	if (!rc)
		node_fill(m, &place, ret);
	pthread_mutex_unlock(&m->lock);
	return rc;
}

static int link_read(const struct machine *m, const struct place *place, char *buf, size_t size)
{
	char to[TREE_PATH_SIZE];
	int n;

	if (!place->entry || place->entry->type != NODE_LINK)
		return -EINVAL;
	if (place->entry->path)
		place->entry->path(m, &place->at, to, sizeof(to));
	n = snprintf(buf, size, "%s%s", place->entry->up,
		     place->entry->path ? to : place->entry->to);
	return n >= 0 && (size_t)n < size ? 0 : -EINVAL;
}

int machine_readlink(struct machine *m, const char *path, char *buf, size_t size)
{
	struct place place;
	int rc;

	pthread_mutex_lock(&m->lock);
	rc = walk(m, path, &place);
	if (!rc)
		rc = link_read(m, &place, buf, size);
	pthread_mutex_unlock(&m->lock);
	return rc;
}

/* ---- listing ------------------------------------------------------------------------------- */

struct lister {
	const struct machine *m;
	machine_list_fn *fn;
	void *arg;
};

static int child_list(const struct lister *l, const char *name, const struct place *place)
{
	struct node node;

	node_fill(l->m, place, &node);
	return l->fn(l->arg, name, &node);
}

static int family_list(const struct lister *l, const struct entry *entry, const struct at *parent)
{
	struct place place = { .entry = entry, .dir = entry->dir, .life = entry->life };
	char name[NAME_SIZE];
	bool more;
	int rc = 0;

	for (more = entry->family->next(l->m, parent, true, &place.at); more && !rc;
	     more = entry->family->next(l->m, parent, false, &place.at)) {
		if (!entry_is_there(l->m, entry, &place.at))
			continue;
		entry->family->name(l->m, &place.at, name, sizeof(name));
		rc = child_list(l, name, &place);
	}
	return rc;
}

static int entries_list(const struct lister *l, const struct place *dir)
{
	int rc = 0;

	for (size_t i = 0; i < dir->dir->count && !rc; i++) {
		const struct entry *entry = &dir->dir->entries[i];
		struct place place = {
			.entry = entry, .dir = entry->dir, .life = entry->life, .at = dir->at
		};

		if (!entry->name)
			rc = family_list(l, entry, &dir->at);
		else if (entry_is_there(l->m, entry, &dir->at))
			rc = child_list(l, entry->name, &place);
	}
	return rc;
}

static int attrs_list(const struct lister *l, const struct place *dir,
		      const struct attr_group *group)
{
	int rc = 0;

	if (!group_is_there(l->m, group, &dir->at))
		return 0;
	for (size_t i = 0; i < group->count && !rc; i++) {
		const struct attr *attr = &group->attrs[i];
		struct place place = { .attr = attr, .life = group->life, .at = dir->at };

		if (attr_is_there(l->m, attr, &dir->at))
			rc = child_list(l, attr->name, &place);
	}
	return rc;
}

int machine_list(struct machine *m, const char *path, machine_list_fn *fn, void *arg)
{
	struct lister l = { .m = m, .fn = fn, .arg = arg };
	const struct attr_group *const *group;
	struct place dir;
	int rc;

	pthread_mutex_lock(&m->lock);
	rc = walk(m, path, &dir);
	if (!rc && !dir.dir)
		rc = -ENOTDIR;
	if (!rc)
		rc = entries_list(&l, &dir);
	for (group = rc ? NULL : dir.dir->groups; group && *group && !rc; group++)
		rc = attrs_list(&l, &dir, *group);
	pthread_mutex_unlock(&m->lock);
	return rc;
}

/* ---- chmod, chown ---------------------------------------------------------------------------- */

/* The entry to change, made from what the node is now. */
static int owner_of(struct machine *m, const char *path, struct owner **ret)
{
	struct place place;
	struct node node;
	int rc;

	rc = walk(m, path, &place);
	if (rc < 0)
		return rc;
	node_fill(m, &place, &node);
	*ret = owner_add(
		m, &(struct owner){
			   .ino = node.ino, .mode = node.mode, .uid = node.uid, .gid = node.gid });
	return *ret ? 0 : -ENOMEM;
}

int machine_chmod(struct machine *m, const char *path, unsigned mode)
{
	struct owner *owner;
	int rc;

	pthread_mutex_lock(&m->lock);
	rc = owner_of(m, path, &owner);
	if (!rc)
		owner->mode = mode & 07777;
	pthread_mutex_unlock(&m->lock);
	return rc;
}

int machine_chown(struct machine *m, const char *path, uint32_t uid, uint32_t gid)
{
	struct owner *owner;
	int rc;

	pthread_mutex_lock(&m->lock);
	rc = owner_of(m, path, &owner);
	/* As for chown(2), -1 leaves an ID as it is. */
	if (!rc && uid != UINT32_MAX)
		owner->uid = uid;
	if (!rc && gid != UINT32_MAX)
		owner->gid = gid;
	pthread_mutex_unlock(&m->lock);
	return rc;
}
