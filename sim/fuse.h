/* SPDX-License-Identifier: MIT */
/*
 * The machine as a FUSE file system: what each request of the kernel means.  Only
 * fuse_ops_get() is for others than fuse.c, fuse_file.c and fuse_dir.c.
 */
#ifndef SIM_FUSE_H
#define SIM_FUSE_H

#include <fuse_lowlevel.h>

#include "serve.h"

/** fuse_ops_get() - the operations of a session whose user data is a struct serve; lends */
const struct fuse_lowlevel_ops *fuse_ops_get(void);

/* The control file is not the machine's; no object of the machine has this number. */
#define FUSE_CONTROL_INO UINT64_MAX

/** enum fuse_want - permission bits */
enum fuse_want { WANT_EXEC = 1, WANT_WRITE = 2, WANT_READ = 4 };

struct serve *fuse_req_serve(fuse_req_t req);

/** fuse_ino_path() - where an inode is, relative to the root; lends */
const char *fuse_ino_path(fuse_ino_t ino);

/** fuse_ino_find() - its object; -ENOENT when gone, also when there is a new one of its name */
int fuse_ino_find(struct serve *s, fuse_ino_t ino, struct node *ret);

/** fuse_node_mode() - file type and permissions */
mode_t fuse_node_mode(const struct node *node);

/** fuse_caller_may() - what every file system asks; @want is a set of enum fuse_want */
bool fuse_caller_may(fuse_req_t req, const struct node *node, unsigned want);

void fuse_file_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void fuse_file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void fuse_file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void fuse_file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi);
void fuse_file_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t len, off_t offset,
		     struct fuse_file_info *fi);
void fuse_file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

void fuse_dir_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void fuse_dir_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		   struct fuse_file_info *fi);
void fuse_dir_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

#endif
