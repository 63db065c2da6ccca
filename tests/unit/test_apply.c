// SPDX-License-Identifier: MIT
/*
 * plan_apply() on a directory of plain files that take everything and answer nothing: what
 * is looked at before a write, what is made of an answer that does not fit, and in which
 * order all is taken back.  What the kernel does is in tests/240-undo.bats.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "paths.h"
#include "plan.h"
#include "scene.h"

/* A root with one device, its files and the masks. */
struct tree {
	char dir[64];
	int root;
	char log[4096]; /* the writes, as plan_apply() tells them */
	volatile sig_atomic_t stop;
	size_t stop_after;
};

static void file_write(const struct tree *tree, const char *path, const char *text)
{
	char part[PATH_SIZE];
	int fd;

	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		mkdirat(tree->root, part, 0755);
	}
	fd = openat(tree->root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

static void tree_init(struct tree *tree)
{
	static const char *const files[] = { "assign_adapter", "unassign_adapter", "assign_domain",
					     "unassign_domain" };
	char path[PATH_SIZE];

	*tree = (struct tree){ .dir = "/tmp/vfioap-apply.XXXXXX" };
	if (!mkdtemp(tree->dir))
		abort();
	tree->root = open(tree->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file_write(tree, PATH_AP_MASK, "");
	file_write(tree, PATH_AQ_MASK, "");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		file_write(tree, path_mdev(path, UUID_A, files[i]), "");
}

/* Everything that a test could have made below it, deepest first. */
static void tree_done(struct tree *tree)
{
	static const char *const names[] = { "assign_adapter", "unassign_adapter", "assign_domain",
					     "unassign_domain", "ap_config" };
	static const char *const rest[] = { PATH_MATRIX "/" UUID_A,
					    PATH_MATRIX,
					    PATH_VFIO_AP,
					    "sys/devices",
					    PATH_AP_BUS,
					    "sys/bus",
					    "sys" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(tree->root, path_mdev(path, UUID_A, names[i]), 0);
	unlinkat(tree->root, PATH_AP_MASK, 0);
	unlinkat(tree->root, PATH_AQ_MASK, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		unlinkat(tree->root, rest[i], AT_REMOVEDIR);
	close(tree->root);
	rmdir(tree->dir);
}

static void trace(void *arg, const char *path, const char *text, bool undo)
{
	struct tree *tree = arg;
	size_t len = strlen(tree->log);
	const char *name = strrchr(path, '/');

	snprintf(tree->log + len, sizeof(tree->log) - len, "%s%s>%s;", undo ? "undo " : "", text,
		 name ? name + 1 : path);
	if (tree->stop_after && --tree->stop_after == 0)
		tree->stop = 1;
}

static enum plan_result apply(struct tree *tree, struct scene *s, const struct wish *want,
			      struct err *err)
{
	_cleanup_(plan_done) struct plan plan = { 0 };

	tree->log[0] = '\0';
	*err = (struct err){ 0 };
	if (plan_build(&s->now, want, &plan, NULL) < 0)
		abort();
	return plan_apply(tree->root, &plan, want, &tree->stop, trace, tree, err);
}

/* A device {5}x{4} that is to be {5,6}x{4,0x47}, and aqmask bit 9 cleared. */
static struct wish *wish_for(struct scene *s, bool has_ap_config)
{
	struct wish *want;

	scene_init(s, "4-6", "4,0x47");
	scene_reserve(s, "", "4,0x47");
	scene_active(s, UUID_A, matrix_of("5", "4", ""));
	s->now.mdevs.has_ap_config = has_ap_config;
	want = wish_new(&s->now);
	wish_device(want, UUID_A)->matrix = matrix_of("5,6", "4,0x47", "");
	vfioap_mask_clear(&want->masks.aqmask, 9);
	return want;
}

static void test_undo(struct test *t, struct scene *s)
{
	_cleanup_(tree_done) struct tree tree;
	_cleanup_(wish_freep) struct wish *want = wish_for(s, false);
	char path[PATH_SIZE];
	struct err err;

	tree_init(&tree);

	test_case(t, "what is not read back as it was written is taken back, last first");
	EXPECT_INT(t, apply(&tree, s, want, &err), PLAN_UNDONE);
	EXPECT_STR(t, tree.log,
		   "-9>aqmask;6>assign_adapter;0x47>assign_domain;undo 0x47>unassign_domain;"
		   "undo 6>unassign_adapter;undo +9>aqmask;");
	EXPECT(t, err.code < 0);

	test_case(t, "a file that is gone ends it, with a reason");
	unlinkat(tree.root, path_mdev(path, UUID_A, "assign_domain"), 0);
	EXPECT_INT(t, apply(&tree, s, want, &err), PLAN_UNDONE);
	EXPECT_STR(t, tree.log,
		   "-9>aqmask;6>assign_adapter;0x47>assign_domain;undo 6>unassign_adapter;"
		   "undo +9>aqmask;");
	EXPECT_STR(t, err.what, "cannot assign domain 0x47 to device '" UUID_A "': it is gone");

	test_case(t, "a signal ends it behind the write under way");
	tree.stop_after = 2;
	EXPECT_INT(t, apply(&tree, s, want, &err), PLAN_UNDONE);
	EXPECT_STR(t, tree.log,
		   "-9>aqmask;6>assign_adapter;undo 6>unassign_adapter;undo +9>aqmask;");
	EXPECT_INT(t, err.code, -EINTR);

	test_case(t, "a signal before the first write: nothing is written");
	EXPECT_INT(t, apply(&tree, s, want, &err), PLAN_UNDONE);
	EXPECT_STR(t, tree.log, "");
}

static void test_config(struct test *t, struct scene *s)
{
	_cleanup_(tree_done) struct tree tree;
	_cleanup_(wish_freep) struct wish *want = wish_for(s, true);
	struct matrix matrix = matrix_of("5", "4", "7");
	char path[PATH_SIZE], text[AP_CONFIG_SIZE];
	struct err err;

	tree_init(&tree);
	file_write(&tree, path_mdev(path, UUID_A, "ap_config"), ap_config_format(&matrix, text));

	test_case(t, "ap_config is not written over what somebody else has put there");
	EXPECT_INT(t, apply(&tree, s, want, &err), PLAN_UNDONE);
	EXPECT_INT(t, err.code, -EAGAIN);
	EXPECT_STR(t, tree.log, "-9>aqmask;undo +9>aqmask;");
}

static void test_hold(struct test *t, struct scene *s)
{
	_cleanup_(tree_done) struct tree tree;
	_cleanup_(wish_freep) struct wish *want = wish_for(s, true);
	struct err err;

	tree_init(&tree);
	wish_device_remove(want, UUID_A);

	test_case(t, "no node to hold, and not all processes seen: untouched");
	s->now.holders.complete = false;
	EXPECT_INT(t, apply(&tree, s, want, &err), PLAN_UNTOUCHED);
	EXPECT_INT(t, err.code, -ENODATA);
	EXPECT_STR(t, tree.log, "");
}

int main(void)
{
	_cleanup_free_ struct scene *s = malloc(sizeof(*s));
	struct test t = { 0 };

	test_undo(&t, s);
	test_config(&t, s);
	test_hold(&t, s);
	return test_done(&t);
}
