/* SPDX-License-Identifier: MIT */
/*
 * vfio_ap's mediated devices: what each owns, what its guest gets, where its nodes are.
 * Whether that is allowed, and who uses it, is left to others.
 */
#include "mdev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <uuid.h>

#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define READ_TRIES 5 /* of ap_config, which the kernel does not lock (kernel-abi 12) */

/* So many are HEAP_LARGE (process.c): memory that is free until touched, and grows uncopied. */
#define ROOM_MANY 512
#define ROOM_FEW  16

/* sysfs gives at most this much of `matrix`; so many bytes mean that it may go on. */
#define MATRIX_CUT 4095

/* ---- pure ---------------------------------------------------------------------------- */

bool matrix_equal(const struct matrix *a, const struct matrix *b)
{
	return vfioap_mask_equal(&a->adapters, &b->adapters) &&
	       vfioap_mask_equal(&a->domains, &b->domains) &&
	       vfioap_mask_equal(&a->controls, &b->controls);
}

bool matrix_collide(const struct matrix *a, const struct matrix *b)
{
	return vfioap_mask_intersects(&a->adapters, &b->adapters) &&
	       vfioap_mask_intersects(&a->domains, &b->domains);
}

unsigned matrix_count(const struct matrix *m)
{
	return vfioap_mask_count(&m->adapters) * vfioap_mask_count(&m->domains);
}

char *ap_config_format(const struct matrix *m, char buf[AP_CONFIG_SIZE])
{
	char adapters[VFIOAP_HEX_SIZE], domains[VFIOAP_HEX_SIZE], controls[VFIOAP_HEX_SIZE];

	snprintf(buf, AP_CONFIG_SIZE, "%.66s,%.66s,%.66s",
		 vfioap_hex_format(&m->adapters, adapters), vfioap_hex_format(&m->domains, domains),
		 vfioap_hex_format(&m->controls, controls));
	return buf;
}

int ap_config_parse(const char *text, struct matrix *ret)
{
	struct matrix m;
	struct vfioap_mask *masks[] = { &m.adapters, &m.domains, &m.controls };
	const char *p = text;

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		char hex[VFIOAP_HEX_SIZE];
		size_t len = strcspn(p, ",\n");

		if (len != VFIOAP_HEX_SIZE - 1)
			return -EBADMSG;
		memcpy(hex, p, len);
		hex[len] = '\0';
		if (vfioap_hex_parse(hex, false, masks[i], NULL) < 0)
			return -EBADMSG;
		p += len;
		if (i + 1 < ARRAY_SIZE(masks) && *p++ != ',')
			return -EBADMSG;
	}
	if (*p && strcmp(p, "\n") != 0)
		return -EBADMSG;

	*ret = m;
	return 0;
}

int uuid_canonical(const char *text, char ret[UUID_SIZE])
{
	uuid_t uuid;

	/* As nearly all names of files are, for which libuuid takes ten times as long. */
	if (path_is_uuid(text)) {
		memcpy(ret, text, UUID_SIZE);
		return 0;
	}
	if (uuid_parse(text, uuid) < 0)
		return -EINVAL;
	uuid_unparse_lower(uuid, ret);
	return 0;
}

/* ---- the text of matrix, guest_matrix, control_domains ------------------------------------ */

/* Exactly @digits hex digits at *@p: an ID; moved behind them. */
static int parse_id(const char **p, size_t digits, unsigned *ret)
{
	const char *s = *p;
	unsigned long id;

	if (strspn(s, "0123456789abcdef") != digits)
		return -EBADMSG;
	if (str_ulong_parse(&s, 16, VFIOAP_IDS - 1, &id) < 0)
		return -EBADMSG;
	*p = s;
	*ret = (unsigned)id;
	return 0;
}

/* One line "05.0004", "05." or ".0004" into the masks; *@p moved behind its newline. */
static int parse_line(const char **p, struct matrix *m, bool *ret_queue)
{
	bool adapter = **p != '.', domain;
	unsigned id;

	if (adapter && parse_id(p, 2, &id) < 0)
		return -EBADMSG;
	if (adapter)
		vfioap_mask_set(&m->adapters, id);
	if (*(*p)++ != '.')
		return -EBADMSG;

	domain = **p != '\n';
	if (domain && parse_id(p, 4, &id) < 0)
		return -EBADMSG;
	if (domain)
		vfioap_mask_set(&m->domains, id);
	if (**p == '\n')
		++*p;
	else if (**p)
		return -EBADMSG;

	*ret_queue = adapter && domain;
	return adapter || domain ? 0 : -EBADMSG;
}

/*
 * A whole text of queues.  It is the product of its adapters and domains (kernel-abi 9), so
 * the number of lines is known; of a text that was cut the last line may be incomplete.
 */
static int parse_matrix(char *text, struct matrix *ret, bool *ret_truncated)
{
	size_t len = strlen(text);
	bool cut = len >= MATRIX_CUT, queue;
	struct matrix m = { 0 };
	unsigned queues = 0, lines = 0;
	const char *p = text;

	if (len && text[len - 1] != '\n') {
		const char *last = strrchr(text, '\n');

		if (!cut)
			return -EBADMSG;
		last = last ? last + 1 : text;
		if (strlen(last) != strlen("05.0004"))
			text[last - text] = '\0';
	}

	for (; *p; lines++, queues += queue) {
		if (parse_line(&p, &m, &queue) < 0)
			return -EBADMSG;
	}
	if (queues && queues != lines)
		return -EBADMSG;
	if (queues != matrix_count(&m) && !cut)
		return -EBADMSG;

	*ret = m;
	*ret_truncated = cut;
	return 0;
}

/* control_domains: lines "0004". */
static int parse_controls(const char *text, struct vfioap_mask *ret)
{
	struct vfioap_mask m = { { 0 } };
	const char *p = text;
	unsigned id;

	while (*p) {
		if (parse_id(&p, 4, &id) < 0 || *p++ != '\n')
			return -EBADMSG;
		vfioap_mask_set(&m, id);
	}
	*ret = m;
	return 0;
}

/* ---- one device ------------------------------------------------------------------------ */

/* struct files - where a device's files are: below the directory of all, for many, or the root */
struct files {
	int dir;
	const char *uuid;
	bool is_root;
};

/* A device, or one of its files; returns @buf. */
static char *files_path(char buf[PATH_SIZE], const struct files *files, const char *attr)
{
	return files->is_root ? path_mdev(buf, files->uuid, attr)
			      : path_join(buf, path_uuid(files->uuid), attr);
}

static int explain(struct err *err, int rc, const struct files *files, const char *attr)
{
	char path[PATH_SIZE];

	path_mdev(path, files->uuid, attr);
	if (rc == -EFBIG || rc == -EBADMSG)
		return err_set(err, -EBADMSG, "'/%s' holds no text that is known", path);
	return err_errno(err, rc, "cannot read '/%s'", path);
}

/* Twice the same (kernel-abi 12).  -ENOENT and -ENODEV are left to the caller to explain. */
static int read_ap_config(const struct files *files, struct matrix *ret, struct err *err)
{
	char path[PATH_SIZE], text[SYSFS_TEXT_SIZE];
	int rc = sysfs_read_stable(files->dir, files_path(path, files, "ap_config"), READ_TRIES,
				   text, sizeof(text));

	if (!rc)
		rc = ap_config_parse(text, ret);
	if (rc == -ENOENT || rc == -ENODEV)
		return rc;
	return rc < 0 ? explain(err, rc, files, "ap_config") : 0;
}

/* A file of lines; -ENOENT and -ENODEV are left to the caller to explain. */
static int read_matrix_file(const struct files *files, const char *name, struct matrix *ret,
			    bool *ret_truncated, struct err *err)
{
	char path[PATH_SIZE], text[SYSFS_TEXT_SIZE];
	int rc;

	rc = sysfs_read(files->dir, files_path(path, files, name), text, sizeof(text));
	if (!rc)
		rc = parse_matrix(text, ret, ret_truncated);
	if (rc == -ENOENT || rc == -ENODEV)
		return rc;
	return rc < 0 ? explain(err, rc, files, name) : 0;
}

static int read_controls(const struct files *files, struct vfioap_mask *ret, struct err *err)
{
	char path[PATH_SIZE], text[SYSFS_TEXT_SIZE];
	int rc;

	rc = sysfs_read(files->dir, files_path(path, files, "control_domains"), text, sizeof(text));
	if (!rc)
		rc = parse_controls(text, ret);
	if (rc == -ENOENT || rc == -ENODEV)
		return rc;
	return rc < 0 ? explain(err, rc, files, "control_domains") : 0;
}

/* As mdev_matrix_read(); -ENOENT and -ENODEV are not explained; says what was there. */
static int read_matrix(const struct files *files, struct matrix *ret, bool *ret_truncated,
		       bool *ret_ap_config, struct err *err)
{
	struct matrix m = { 0 };
	bool truncated = false;
	int rc;

	rc = read_ap_config(files, &m, err);
	*ret_ap_config = !rc;
	if (rc == -ENOENT) {
		rc = read_matrix_file(files, "matrix", &m, &truncated, err);
		if (!rc)
			rc = read_controls(files, &m.controls, err);
	}
	if (rc < 0)
		return rc;

	*ret = m;
	*ret_truncated = truncated;
	return 0;
}

static int gone(struct err *err, const char *uuid)
{
	return err_set(err, -ENOENT, "no mediated device '%.36s'", path_uuid(uuid));
}

/* The directory of all devices; -ENOENT is left to the caller to explain. */
static int open_all(int root, struct err *err)
{
	int dir = sysfs_open(root, PATH_MATRIX, O_RDONLY | O_DIRECTORY);

	if (dir < 0 && dir != -ENOENT)
		err_errno(err, dir, "cannot list '/" PATH_MATRIX "'");
	return dir;
}

int mdev_matrix_read(int root, const char *uuid, struct matrix *ret, bool *ret_truncated,
		     struct err *err)
{
	const struct files files = { .dir = root, .uuid = uuid, .is_root = true };
	bool ap_config;
	int rc;

	rc = read_matrix(&files, ret, ret_truncated, &ap_config, err);
	if (rc == -ENOENT || rc == -ENODEV)
		return gone(err, uuid);
	return rc;
}

static int link_group(const struct files *files)
{
	char path[PATH_SIZE], name[32];
	unsigned group;

	if (sysfs_link_name(files->dir, files_path(path, files, "iommu_group"), name,
			    sizeof(name)) < 0)
		return -1;
	return str_uint(name, 0x7fffffff, &group) < 0 ? -1 : (int)group;
}

static int find_cdev(void *arg, const char *name)
{
	const char *digits = str_starts_with(name, "vfio");
	unsigned k;

	if (!digits || str_uint(digits, 0x7fffffff, &k) < 0)
		return 0;
	*(int *)arg = (int)k;
	return 1;
}

static void read_nodes(const struct files *files, struct mdev *mdev)
{
	char path[PATH_SIZE];

	mdev->group = link_group(files);
	mdev->cdev = -1;
	sysfs_list(files->dir, files_path(path, files, "vfio-dev"), find_cdev, &mdev->cdev);
}

void mdev_nodes_read(int root, struct mdev_list *list)
{
	_cleanup_close_ int dir = list->n ? open_all(root, NULL) : -1;

	for (size_t i = 0; dir >= 0 && i < list->n; i++)
		read_nodes(&(struct files){ .dir = dir, .uuid = list->v[i].uuid }, &list->v[i]);
}

/* What else there is to a device whose matrix could not be read because files are missing. */
static int read_remains(const struct files *files, struct mdev *mdev, struct err *err)
{
	char path[PATH_SIZE], type[64];

	if (!sysfs_exists(files->dir, files_path(path, files, NULL)))
		return gone(err, files->uuid);

	/* A removal that waits takes the links first; unbound by hand it keeps them, empty. */
	files_path(path, files, "mdev_type");
	mdev->removing = sysfs_link_name(files->dir, path, type, sizeof(type)) == -ENOENT;
	return 0;
}

/* struct reader - what mdev_list_read() collects besides the devices themselves */
struct reader {
	int dir;	/* of all devices */
	unsigned parts; /* enum mdev_parts */
	struct mdev_list list;
	size_t room;
	struct err *err;
};

/* A larger one is cut, and reading it hurts kernels before 6.17 (kernel-abi 9.1). */
static int read_guest(const struct files *files, struct mdev *mdev, struct err *err)
{
	_cleanup_free_ struct matrix *guest = TAKE_PTR(mdev->guest);
	bool cut;
	int rc;

	if (mdev->truncated || matrix_count(&mdev->matrix) > MDEV_MATRIX_SAFE)
		return 0;
	if (!guest)
		guest = malloc(sizeof(*guest));
	if (!guest)
		return err_oom(err);
	rc = read_matrix_file(files, "guest_matrix", guest, &cut, err);
	if (rc == -ENOENT || rc == -ENODEV)
		return 0;
	if (rc < 0)
		return rc;
	mdev->guest = TAKE_PTR(guest);
	return 0;
}

int mdev_guest_read(int root, struct mdev *mdev, struct err *err)
{
	return read_guest(&(struct files){ .dir = root, .uuid = mdev->uuid, .is_root = true }, mdev,
			  err);
}

static int read_one(struct reader *r, const char *uuid, struct mdev *ret)
{
	const struct files files = { .dir = r->dir, .uuid = uuid };
	char path[PATH_SIZE];
	bool ap_config;
	int rc;

	*ret = (struct mdev){ .group = -1, .cdev = -1 };
	memcpy(ret->uuid, uuid, sizeof(ret->uuid));
	rc = read_matrix(&files, &ret->matrix, &ret->truncated, &ap_config, r->err);
	if (rc == -ENOENT || rc == -ENODEV)
		rc = read_remains(&files, ret, r->err);
	else
		r->list.has_ap_config |= ap_config;
	if (rc < 0)
		return rc;

	if (r->parts & MDEV_NODES)
		read_nodes(&files, ret);
	if (r->parts & MDEV_GUEST) {
		rc = read_guest(&files, ret, r->err);
		if (rc < 0)
			return rc;
		r->list.has_guest_matrix |= ret->guest != NULL;
	}
	if (!r->list.has_guest_matrix)
		r->list.has_guest_matrix =
			sysfs_exists(r->dir, files_path(path, &files, "guest_matrix"));
	return 0;
}

/* ---- all devices ------------------------------------------------------------------------ */

static int add_mdev(void *arg, const char *name, _unused_ unsigned char kind)
{
	struct reader *r = arg;
	int rc;

	if (!path_is_uuid(name))
		return 0; /* power, features, mdev_supported_types ... */

	if (r->list.n == r->room) {
		size_t room = !r->room ? ROOM_FEW : r->room < ROOM_MANY ? ROOM_MANY : 2 * r->room;
		struct mdev *v = reallocarray(r->list.v, room, sizeof(*v));

		if (!v)
			return err_oom(r->err);
		r->list.v = v;
		r->room = room;
	}

	rc = read_one(r, name, &r->list.v[r->list.n]);
	if (rc == -ENOENT) {
		if (r->err)
			*r->err = (struct err){ 0 }; /* vanished: no failure */
		return 0;
	}
	if (rc < 0)
		return rc;
	r->list.n++;
	return 0;
}

static int compare_mdevs(const void *a, const void *b)
{
	return memcmp(((const struct mdev *)a)->uuid, ((const struct mdev *)b)->uuid, UUID_SIZE);
}

static bool has_word(const char *text, const char *word)
{
	for (size_t len; *text; text += len) {
		text += strspn(text, " \n");
		len = strcspn(text, " \n");
		if (len && len == strlen(word) && !strncmp(text, word, len))
			return true;
	}
	return false;
}

/* What the kernel can do, also without any device: the words of `features` (6.12). */
static void read_caps(int root, struct mdev_list *list)
{
	char text[SYSFS_TEXT_SIZE];

	list->has_vfio_dev = sysfs_exists(root, PATH_VFIO_DEV_CLASS);
	if (sysfs_read(root, PATH_MATRIX_FEATURES, text, sizeof(text)) < 0)
		return;
	list->has_features = true;
	list->has_ap_config |= has_word(text, "ap_config");
	list->has_guest_matrix |= has_word(text, "guest_matrix");
}

int mdev_list_read(int root, unsigned parts, struct mdev_list *ret, struct err *err)
{
	_cleanup_close_ int dir = open_all(root, err);
	struct reader r = { .dir = dir, .parts = parts, .err = err };
	int rc = dir;

	if (dir >= 0)
		rc = sysfs_list_dir(dir, add_mdev, &r);
	if (rc < 0 && rc != -ENOENT) {
		if (err && !err->code)
			err_errno(err, rc, "cannot list '/" PATH_MATRIX "'");
		mdev_list_done(&r.list);
		return rc;
	}

	r.list.loaded = dir >= 0 || sysfs_exists(root, PATH_VFIO_AP);
	if (parts & MDEV_CAPS || !r.list.has_ap_config)
		read_caps(root, &r.list);
	if (r.list.n)
		qsort(r.list.v, r.list.n, sizeof(*r.list.v), compare_mdevs);
	*ret = r.list;
	return 0;
}

int mdev_list_copy(const struct mdev_list *list, struct mdev_list *ret, struct err *err)
{
	_cleanup_(mdev_list_done) struct mdev_list copy = *list;

	copy.n = 0;
	copy.v = calloc(list->n + 1, sizeof(*copy.v));
	if (!copy.v)
		return err_oom(err);
	for (; copy.n < list->n; copy.n++) {
		struct mdev *mdev = &copy.v[copy.n];

		*mdev = list->v[copy.n];
		if (!mdev->guest)
			continue;
		mdev->guest = malloc(sizeof(*mdev->guest));
		if (!mdev->guest)
			return err_oom(err);
		*mdev->guest = *list->v[copy.n].guest;
	}
	*ret = copy;
	copy = (struct mdev_list){ 0 };
	return 0;
}

void mdev_list_done(struct mdev_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].guest);
	free(list->v);
	list->v = NULL;
	list->n = 0;
}
