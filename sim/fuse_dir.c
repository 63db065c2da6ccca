// SPDX-License-Identifier: MIT
/* Open directories of the machine. */
#include "fuse.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "control.h"
#include "util.h"

/* An open directory, as it was when opened or rewound. */
struct listing {
	struct serve_open open;
	struct entry {
		uint64_t ino;
		mode_t mode;
		char *name;
	} * entries;
	size_t n, size;
};

static void listing_clear(struct listing *listing)
{
	for (size_t i = 0; i < listing->n; i++)
		free(listing->entries[i].name);
	listing->n = 0;
}

static void listing_free(struct serve *s _unused_, struct serve_open *open)
{
	struct listing *listing = (struct listing *)open;

	listing_clear(listing);
	free(listing->entries);
	free(listing);
}

static int listing_add(struct listing *listing, const char *name, uint64_t ino, mode_t mode)
{
	struct entry *entry;

	if (listing->n == listing->size) {
		size_t size = listing->size ? listing->size * 2 : 64;

		entry = reallocarray(listing->entries, size, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		listing->entries = entry;
		listing->size = size;
	}
	entry = &listing->entries[listing->n];
	*entry = (struct entry){ .ino = ino, .mode = mode, .name = strdup(name) };
	if (!entry->name)
		return -ENOMEM;
	listing->n++;
	return 0;
}

static int listing_add_node(void *arg, const char *name, const struct node *node)
{
	return listing_add(arg, name, node->ino, fuse_node_mode(node));
}

static int listing_fill(struct serve *s, fuse_ino_t ino, struct listing *listing)
{
	struct node node;
	int rc = fuse_ino_find(s, ino, &node);

	listing_clear(listing);
	if (rc == 0)
		rc = listing_add(listing, ".", node.ino, S_IFDIR);
	if (rc == 0)
		rc = listing_add(listing, "..", node.ino, S_IFDIR);
	if (rc == 0 && ino == FUSE_ROOT_ID)
		rc = listing_add(listing, CONTROL_NAME, FUSE_CONTROL_INO, S_IFREG);
	if (rc == 0)
		rc = machine_list(s->machine, fuse_ino_path(ino), listing_add_node, listing);
	return rc;
}

void fuse_dir_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct listing *listing;
	struct node node;
	int rc = fuse_ino_find(fuse_req_serve(req), ino, &node);

	if (rc == 0 && !fuse_caller_may(req, &node, WANT_READ))
		rc = -EACCES;
	listing = rc == 0 ? calloc(1, sizeof(*listing)) : NULL;
	if (!listing) {
		fuse_reply_err(req, rc < 0 ? -rc : ENOMEM);
		return;
	}
	listing->open.free = listing_free;
	serve_open_add(fuse_req_serve(req), &listing->open);
	fi->fh = (uintptr_t)listing;
	if (fuse_reply_open(req, fi) != 0)
		serve_open_free(fuse_req_serve(req), &listing->open);
}

void fuse_dir_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		   struct fuse_file_info *fi)
{
	struct listing *listing = (struct listing *)(uintptr_t)fi->fh;
	_cleanup_free_ char *buf = malloc(size);
	size_t used = 0;
	int rc = buf ? 0 : -ENOMEM;

	if (rc == 0 && offset == 0)
		rc = listing_fill(fuse_req_serve(req), ino, listing);
	if (rc < 0) {
		fuse_reply_err(req, -rc);
		return;
	}
	for (size_t i = (size_t)offset; i < listing->n; i++) {
		const struct entry *entry = &listing->entries[i];
		struct stat st = { .st_ino = entry->ino, .st_mode = entry->mode };
		size_t n = fuse_add_direntry(req, buf + used, size - used, entry->name, &st,
					     (off_t)i + 1);

		if (n > size - used)
			break;
		used += n;
	}
	fuse_reply_buf(req, buf, used);
}

void fuse_dir_release(fuse_req_t req, fuse_ino_t ino _unused_, struct fuse_file_info *fi)
{
	serve_open_free(fuse_req_serve(req), (struct serve_open *)(uintptr_t)fi->fh);
	fuse_reply_err(req, 0);
}
