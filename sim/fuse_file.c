// SPDX-License-Identifier: MIT
/*
 * Open files of the machine, with the mechanics of sysfs (K 1): modes that bind
 * root, too, texts that are made by the first read of an open file, writes that
 * are each a command.  What the files mean is left to machine.c, the `control`
 * file to control.c.
 */
#include "fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "control.h"
#include "util.h"

#define CLOSING_TIMEOUT_MS 50

/* An open file. */
struct handle {
	struct serve_open open;
	pthread_mutex_t lock; /* of len and text */
	struct node node;
	struct control *control; /* of the control file only */
	bool group_held;
	unsigned closing_round;
	char *path;  /* as the user sees it */
	ssize_t len; /* of text; -1: not read yet */
	char text[MACHINE_PAGE];
};

static struct handle *info_handle(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

/* What sysfs asks beyond that when an attribute is opened, of root as well (K 1.2). */
static bool node_has_direction(const struct node *node, unsigned want)
{
	if (node->type != NODE_ATTR)
		return true;
	return (!(want & WANT_READ) || (node->mode & 0444)) &&
	       (!(want & WANT_WRITE) || (node->mode & 0222));
}

/* ---- /dev/vfio/N --------------------------------------------------------------------- */

/*
 * close() of a group returns when the kernel has queued its release, not when we have
 * carried that out: without waiting here, the next open() could still see EBUSY, or a
 * `status` of before.  A flush is the sign that a release may follow; none does when
 * the descriptor was a copy, so the wait is short, and is done once.
 */
static void closing_wait(struct serve *s)
{
	struct timespec until;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += CLOSING_TIMEOUT_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	while (s->closing && rc == 0)
		rc = pthread_cond_timedwait(&s->released, &s->lock, &until);
	if (s->closing) {
		s->closing = 0;
		s->closing_round++;
	}
	pthread_mutex_unlock(&s->lock);
}

static void closing_begin(struct serve *s, struct handle *handle)
{
	pthread_mutex_lock(&s->lock);
	if (handle->closing_round != s->closing_round) {
		handle->closing_round = s->closing_round;
		s->closing++;
	}
	pthread_mutex_unlock(&s->lock);
}

static void closing_end(struct serve *s, struct handle *handle)
{
	pthread_mutex_lock(&s->lock);
	if (handle->closing_round == s->closing_round) {
		s->closing--;
		pthread_cond_broadcast(&s->released);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- files --------------------------------------------------------------------------- */

static void handle_free(struct serve *s, struct serve_open *open)
{
	struct handle *handle = (struct handle *)open;

	if (handle->group_held)
		machine_group_release(s->machine, &handle->node);
	control_free(handle->control);
	pthread_mutex_destroy(&handle->lock);
	free(handle->path);
	free(handle);
}

static int handle_new(struct serve *s, fuse_ino_t ino, const struct node *node, pid_t pid,
		      struct handle **ret)
{
	struct handle *handle = calloc(1, sizeof(*handle));
	int rc = 0;

	if (!handle)
		return -ENOMEM;
	handle->open.free = handle_free;
	serve_open_add(s, &handle->open);
	pthread_mutex_init(&handle->lock, NULL);
	handle->node = *node;
	handle->len = -1;
	if (asprintf(&handle->path, "%s/%s", s->prefix, fuse_ino_path(ino)) < 0) {
		handle->path = NULL;
		rc = -ENOMEM;
	}
	if (rc == 0 && node->ino == FUSE_CONTROL_INO) {
		handle->control = control_new();
		rc = handle->control ? 0 : -ENOMEM;
	}
	if (rc == 0 && node->type == NODE_GROUP) {
		rc = inject_apply(s->inject, handle->path, INJECT_OPEN);
		if (rc == 0)
			rc = machine_group_open(s->machine, node, pid);
		handle->group_held = rc == 0;
	}
	if (rc < 0)
		serve_open_free(s, &handle->open);
	else
		*ret = handle;
	return rc;
}

static unsigned flags_want(int flags)
{
	switch (flags & O_ACCMODE) {
	case O_RDONLY: return WANT_READ;
	case O_WRONLY: return WANT_WRITE;
	default: return WANT_READ | WANT_WRITE;
	}
}

void fuse_file_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct serve *s = fuse_req_serve(req);
	unsigned want = flags_want(fi->flags);
	struct handle *handle = NULL;
	struct node node;
	int rc;

	closing_wait(s);
	rc = fuse_ino_find(s, ino, &node);
	if (rc == 0 && (!fuse_caller_may(req, &node, want) || !node_has_direction(&node, want)))
		rc = -EACCES;
	if (rc == 0)
		rc = handle_new(s, ino, &node, fuse_req_ctx(req)->pid, &handle);
	if (rc < 0) {
		fuse_reply_err(req, -rc);
		return;
	}
	fi->fh = (uintptr_t)handle;
	fi->direct_io = 1;
#if FUSE_MINOR_VERSION >= 11
	fi->noflush = node.type != NODE_GROUP; /* see closing_wait() */
#endif
	if (fuse_reply_open(req, fi) != 0)
		serve_open_free(s, &handle->open); /* open() was interrupted */
}

void fuse_file_flush(fuse_req_t req, fuse_ino_t ino _unused_, struct fuse_file_info *fi)
{
	if (info_handle(fi)->group_held)
		closing_begin(fuse_req_serve(req), info_handle(fi));
	fuse_reply_err(req, 0);
}

void fuse_file_release(fuse_req_t req, fuse_ino_t ino _unused_, struct fuse_file_info *fi)
{
	struct serve *s = fuse_req_serve(req);
	struct handle *handle = info_handle(fi);

	if (handle->group_held) {
		machine_group_release(s->machine, &handle->node);
		handle->group_held = false;
		closing_end(s, handle);
	}
	serve_open_free(s, &handle->open);
	fuse_reply_err(req, 0);
}

/* With the handle locked: have the text that belongs to @offset (K 1.4). */
static int handle_show(struct serve *s, struct handle *handle, off_t offset)
{
	ssize_t n;

	if (offset > 0 && offset < handle->len)
		return 0;
	/* Behind its end the text is not made anew, but its owner must be there. */
	if (offset > 0 && handle->len >= 0)
		return (int)machine_write(s->machine, &handle->node, "", 0, NULL, NULL);
	n = inject_apply(s->inject, handle->path, INJECT_READ);
	if (n == 0)
		n = machine_read(s->machine, &handle->node, handle->text);
	handle->len = n < 0 ? -1 : n;
	return n < 0 ? (int)n : 0;
}

/* With the handle locked: a copy of what is to be read, at most @size bytes. */
static ssize_t handle_read(struct serve *s, struct handle *handle, size_t size, off_t offset,
			   char **ret)
{
	const char *from = NULL;
	ssize_t n;

	if (handle->control) {
		n = control_read(handle->control, size, &from);
	} else if (handle->node.type == NODE_GROUP) {
		n = -EINVAL; /* a VFIO group has no read() */
	} else {
		n = handle_show(s, handle, offset);
		if (n == 0 && offset < handle->len) {
			from = handle->text + offset;
			n = handle->len - offset;
		}
	}
	if (n <= 0)
		return n;
	if ((size_t)n > size)
		n = (ssize_t)size;
	*ret = malloc((size_t)n);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, from, (size_t)n);
	return n;
}

void fuse_file_read(fuse_req_t req, fuse_ino_t ino _unused_, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct handle *handle = info_handle(fi);
	_cleanup_free_ char *copy = NULL;
	ssize_t n;

	pthread_mutex_lock(&handle->lock);
	n = handle_read(fuse_req_serve(req), handle, size, offset, &copy);
	pthread_mutex_unlock(&handle->lock);
	/* The reader may close the file, and end the handle, before the reply returns to us. */
	if (n < 0)
		fuse_reply_err(req, (int)-n);
	else
		fuse_reply_buf(req, copy, (size_t)n);
}

static bool req_is_interrupted(void *arg)
{
	return fuse_req_interrupted(arg);
}

static ssize_t attr_write(fuse_req_t req, struct handle *handle, const char *buf, size_t len)
{
	struct serve *s = fuse_req_serve(req);
	ssize_t n;
	int rc;

	if (len > MACHINE_PAGE)
		len = MACHINE_PAGE;
	rc = inject_apply(s->inject, handle->path, INJECT_WRITE);
	n = rc < 0 ? rc
		   : machine_write(s->machine, &handle->node, buf, len, req_is_interrupted, req);
	wlog_write(s->log, handle->path, buf, len, n, rc < 0);
	return n;
}

void fuse_file_write(fuse_req_t req, fuse_ino_t ino _unused_, const char *buf, size_t len,
		     off_t offset _unused_, struct fuse_file_info *fi)
{
	struct serve *s = fuse_req_serve(req);
	struct handle *handle = info_handle(fi);
	ssize_t n;

	if (handle->control) {
		pthread_mutex_lock(&handle->lock);
		n = control_write(handle->control, s, buf, len);
		pthread_mutex_unlock(&handle->lock);
	} else if (handle->node.type == NODE_GROUP) {
		/* Any write stands for what QEMU does with ioctl(), which FUSE does not pass on. */
		n = machine_group_attach(s->machine, &handle->node);
		n = n < 0 ? n : (ssize_t)len;
	} else {
		n = attr_write(req, handle, buf, len);
	}
	if (n < 0)
		fuse_reply_err(req, (int)-n);
	else
		fuse_reply_write(req, (size_t)n);
}

void fuse_file_fsync(fuse_req_t req, fuse_ino_t ino _unused_, int datasync _unused_,
		     struct fuse_file_info *fi _unused_)
{
	fuse_reply_err(req, 0);
}
