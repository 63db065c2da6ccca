// SPDX-License-Identifier: MIT
/*
 * The machine as a FUSE file system: objects, their attributes, who may do what.
 * The kernel caches nothing that can change.  What an open file does is left to
 * fuse_file.c, what it means to machine.c.
 */
#include "fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/stat.h>

#include "control.h"
#include "util.h"

#define PATH_SIZE	  1024 /* the longest path of a machine has about 130 bytes */
#define GROUPS_MAX	  64
#define PERMANENT_SECONDS 3600

struct serve *fuse_req_serve(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* ---- objects ------------------------------------------------------------------------- */

static int serve_find(struct serve *s, const char *path, struct node *ret)
{
	if (strcmp(path, CONTROL_NAME) != 0)
		return machine_find(s->machine, path, ret);
	*ret = (struct node){
		.type = NODE_ATTR,
		.mode = 0600,
		.uid = s->uid,
		.gid = s->gid,
		.ino = FUSE_CONTROL_INO,
	};
	return 0;
}

const char *fuse_ino_path(fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? "" : ((struct inode *)ino)->path;
}

/*
 * Directories that stay for as long as the machine is served, also through a reboot.
 * The kernel need not ask for them again and again: half of all requests would be these.
 */
static bool path_is_permanent(const char *path)
{
	static const char *const paths[] = { "dev",	    "dev/vfio",	     "sys",
					     "sys/bus",	    "sys/bus/ap",    "sys/bus/ap/devices",
					     "sys/devices", "sys/devices/ap" };

	for (unsigned i = 0; i < ARRAY_SIZE(paths); i++) {
		if (strcmp(path, paths[i]) == 0)
			return true;
	}
	return false;
}

/* The object of an inode; -ENOENT when it is gone, also when there is a new one of its name. */
int fuse_ino_find(struct serve *s, fuse_ino_t ino, struct node *ret)
{
	int rc = serve_find(s, fuse_ino_path(ino), ret);

	if (rc < 0)
		return rc;
	if (ino != FUSE_ROOT_ID && ((struct inode *)ino)->node.ino != ret->ino)
		return -ENOENT;
	return 0;
}

mode_t fuse_node_mode(const struct node *node)
{
	switch (node->type) {
	case NODE_DIR: return S_IFDIR | (mode_t)node->mode;
	case NODE_LINK: return S_IFLNK | (mode_t)node->mode;
	default:
		/* FUSE cannot serve a character device, so /dev/vfio/N is a file, too. */
		return S_IFREG | (mode_t)node->mode;
	}
}

static void node_stat(const struct serve *s, const struct node *node, struct stat *ret)
{
	*ret = (struct stat){
		.st_ino = node->ino,
		.st_mode = fuse_node_mode(node),
		.st_nlink = 1,
		.st_uid = node->uid,
		.st_gid = node->gid,
		.st_size = (off_t)node->size,
		.st_blksize = MACHINE_PAGE,
		.st_atim = s->started,
		.st_mtim = s->started,
		.st_ctim = s->started,
	};
}

/* ---- who may do what ----------------------------------------------------------------- */

/* Whoever mounted the machine is its root. */
static bool fuse_caller_is_root(fuse_req_t req)
{
	uid_t uid = fuse_req_ctx(req)->uid;

	return uid == 0 || uid == fuse_req_serve(req)->uid;
}

static bool req_has_group(fuse_req_t req, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int n;

	if (fuse_req_ctx(req)->gid == gid)
		return true;
	n = fuse_req_getgroups(req, GROUPS_MAX, groups);
	for (int i = 0; i < n && i < GROUPS_MAX; i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

/* What every file system asks; @want is a set of enum want. */
bool fuse_caller_may(fuse_req_t req, const struct node *node, unsigned want)
{
	unsigned bits = node->mode;

	if (fuse_caller_is_root(req))
		return !(want & WANT_EXEC) || node->type == NODE_DIR || (bits & 0111);
	if (fuse_req_ctx(req)->uid == node->uid)
		bits >>= 6;
	else if (req_has_group(req, node->gid))
		bits >>= 3;
	return (bits & want) == want;
}

/* ---- paths --------------------------------------------------------------------------- */

static void op_init(void *userdata _unused_, struct fuse_conn_info *conn)
{
	/* O_TRUNC reaches op_open() instead of a truncate() of its own. */
	conn->want |= conn->capable & FUSE_CAP_ATOMIC_O_TRUNC;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct serve *s = fuse_req_serve(req);
	struct fuse_entry_param entry = { 0 };
	char path[PATH_SIZE];
	struct inode *inode;
	struct node node;
	int rc;

	rc = snprintf(path, sizeof(path), "%s%s%s", fuse_ino_path(parent),
		      parent == FUSE_ROOT_ID ? "" : "/", name);
	if (rc >= (int)sizeof(path)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	rc = fuse_ino_find(s, parent, &node);
	if (rc == 0)
		rc = serve_find(s, path, &node);
	if (rc < 0) {
		fuse_reply_err(req, -rc);
		return;
	}
	inode = inode_acquire(s->inodes, path, &node);
	if (!inode) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	entry.ino = (fuse_ino_t)inode;
	if (path_is_permanent(path))
		entry.entry_timeout = PERMANENT_SECONDS;
	node_stat(s, &node, &entry.attr);
	if (fuse_reply_entry(req, &entry) != 0)
		inode_forget(s->inodes, inode, 1);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	if (ino != FUSE_ROOT_ID)
		inode_forget(fuse_req_serve(req)->inodes, (struct inode *)ino, n);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++) {
		if (forgets[i].ino != FUSE_ROOT_ID)
			inode_forget(fuse_req_serve(req)->inodes, (struct inode *)forgets[i].ino,
				     forgets[i].nlookup);
	}
	fuse_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi _unused_)
{
	struct serve *s = fuse_req_serve(req);
	struct stat st;
	struct node node;
	int rc = fuse_ino_find(s, ino, &node);

	if (rc < 0 && ino != FUSE_ROOT_ID) {
		node = ((struct inode *)ino)->node; /* gone, but still open somewhere */
		rc = 0;
	}
	if (rc < 0) {
		fuse_reply_err(req, -rc);
		return;
	}
	node_stat(s, &node, &st);
	fuse_reply_attr(req, &st, 0);
}

static int attr_change(fuse_req_t req, fuse_ino_t ino, const struct stat *st, int to_set,
		       const struct node *node)
{
	struct serve *s = fuse_req_serve(req);
	bool owner = fuse_caller_is_root(req) || fuse_req_ctx(req)->uid == node->uid;
	int rc = 0;

	if (node->ino == FUSE_CONTROL_INO && to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID))
		return -EPERM;
	if (to_set & FUSE_SET_ATTR_MODE) {
		if (!owner)
			return -EPERM;
		rc = machine_chmod(s->machine, fuse_ino_path(ino), st->st_mode & 07777);
	}
	if (rc == 0 && to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) {
		if (!fuse_caller_is_root(req))
			return -EPERM;
		rc = machine_chown(s->machine, fuse_ino_path(ino),
				   to_set & FUSE_SET_ATTR_UID ? st->st_uid : node->uid,
				   to_set & FUSE_SET_ATTR_GID ? st->st_gid : node->gid);
	}
	if (rc == 0 && to_set & FUSE_SET_ATTR_SIZE && !fuse_caller_may(req, node, WANT_WRITE))
		return -EACCES;
	return rc; /* sizes and times are accepted, without effect */
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int to_set,
		       struct fuse_file_info *fi)
{
	struct node node;
	int rc = fuse_ino_find(fuse_req_serve(req), ino, &node);

	if (rc == 0)
		rc = attr_change(req, ino, st, to_set, &node);
	if (rc < 0)
		fuse_reply_err(req, -rc);
	else
		op_getattr(req, ino, fi);
}

static void op_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
	struct node node;
	int rc = fuse_ino_find(fuse_req_serve(req), ino, &node);

	if (rc == 0 && !fuse_caller_may(req, &node, (unsigned)mask & 7))
		rc = -EACCES;
	fuse_reply_err(req, -rc);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	char target[PATH_SIZE];
	int rc = machine_readlink(fuse_req_serve(req)->machine, fuse_ino_path(ino), target,
				  sizeof(target));

	if (rc < 0)
		fuse_reply_err(req, -rc);
	else
		fuse_reply_readlink(req, target);
}

/* ---- what sysfs does not offer (K 1.2) ----------------------------------------------- */

/* The directories belong to root and are 0755. */
static void req_refuse(fuse_req_t req)
{
	fuse_reply_err(req, fuse_caller_is_root(req) ? EPERM : EACCES);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent _unused_, const char *name _unused_,
		     mode_t mode _unused_, dev_t rdev _unused_)
{
	req_refuse(req);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent _unused_, const char *name _unused_,
		     mode_t mode _unused_)
{
	req_refuse(req);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent _unused_, const char *name _unused_)
{
	req_refuse(req);
}

static void op_symlink(fuse_req_t req, const char *target _unused_, fuse_ino_t parent _unused_,
		       const char *name _unused_)
{
	req_refuse(req);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent _unused_, const char *name _unused_,
		      fuse_ino_t to_parent _unused_, const char *to _unused_,
		      unsigned flags _unused_)
{
	req_refuse(req);
}

static void op_link(fuse_req_t req, fuse_ino_t ino _unused_, fuse_ino_t parent _unused_,
		    const char *name _unused_)
{
	req_refuse(req);
}

static void op_create(fuse_req_t req, fuse_ino_t parent _unused_, const char *name _unused_,
		      mode_t mode _unused_, struct fuse_file_info *fi _unused_)
{
	fuse_reply_err(req, EACCES);
}

const struct fuse_lowlevel_ops *fuse_ops_get(void)
{
	static const struct fuse_lowlevel_ops ops = {
		.init = op_init,
		.lookup = op_lookup,
		.forget = op_forget,
		.forget_multi = op_forget_multi,
		.getattr = op_getattr,
		.setattr = op_setattr,
		.access = op_access,
		.readlink = op_readlink,
		.mknod = op_mknod,
		.mkdir = op_mkdir,
		.unlink = op_unlink,
		.rmdir = op_unlink,
		.symlink = op_symlink,
		.rename = op_rename,
		.link = op_link,
		.create = op_create,
		.open = fuse_file_open,
		.flush = fuse_file_flush,
		.release = fuse_file_release,
		.read = fuse_file_read,
		.write = fuse_file_write,
		.fsync = fuse_file_fsync,
		.fsyncdir = fuse_file_fsync,
		.opendir = fuse_dir_open,
		.readdir = fuse_dir_read,
		.releasedir = fuse_dir_release,
	};

	return &ops;
}
