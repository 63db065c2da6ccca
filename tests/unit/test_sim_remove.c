/* SPDX-License-Identifier: MIT */
/*
 * What waits and what ends: removing a device that a guest has (K 8.2), unbinding
 * it, rebooting under a writer; files of things that are gone (K 1.6).
 */
#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>

#include "test_sim.h"

#define A MATRIX UUID_A "/"

static const char *const kernels[] = { "5.15", "6.1", "6.12", "6.19", "7.3" };

static bool is_one_of(const char *kernel, const char *list)
{
	char word[16];

	snprintf(word, sizeof(word), "%s ", kernel);
	return strstr(list, word) != NULL;
}

/* ---- a writer in a thread of its own ------------------------------------------------------- */

struct writer {
	struct sim *s;
	const char *path, *text;
	pthread_t thread;
	atomic_bool done, signalled;
	atomic_uint asked;
	int rc;
};

static bool is_signalled(void *arg)
{
	struct writer *w = arg;

	atomic_fetch_add(&w->asked, 1);
	return atomic_load(&w->signalled);
}

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	struct node node;
	ssize_t n;

	n = machine_find(w->s->m, w->path, &node);
	if (!n)
		n = machine_write(w->s->m, &node, w->text, strlen(w->text), is_signalled, w);
	w->rc = n == (ssize_t)strlen(w->text) ? 0 : (int)n;
	atomic_store(&w->done, true);
	return NULL;
}

static void writer_start(struct writer *w, struct sim *s, const char *path, const char *text)
{
	*w = (struct writer){ .s = s, .path = path, .text = text };
	pthread_create(&w->thread, NULL, writer_run, w);
}

static int writer_end(struct writer *w)
{
	pthread_join(w->thread, NULL);
	return w->rc;
}

/* Until the writer sleeps: it asks for signals then. */
static void writer_wait(struct writer *w)
{
	unsigned before = atomic_load(&w->asked);

	while (atomic_load(&w->asked) == before && !atomic_load(&w->done))
		usleep(100);
}

/* Names in a directory, each with a blank behind it */
static int collect(void *arg, const char *name, const struct node *node)
{
	(void)node;
	sim_text_add(arg, 1024, name);
	sim_text_add(arg, 1024, " ");
	return 0;
}

static bool has_name(struct sim *s, const char *dir, const char *name)
{
	char names[1024] = "", word[64];

	machine_list(s->m, dir, collect, names);
	snprintf(word, sizeof(word), "%s ", name);
	return strstr(names, word) != NULL;
}

/* A: card 5, domain 4, with a guest */
static void in_use(struct test *t, struct sim *s, const char *kernel, struct node *guest)
{
	struct lpar lpar;

	sim_host(&lpar);
	sim_boot(s, kernel, &lpar);
	sim_write(s, BUS "aqmask", "-4");
	sim_write(s, TYPE "create", UUID_A);
	EXPECT_INT(t, sim_write(s, A "assign_adapter", "5"), 0);
	EXPECT_INT(t, sim_write(s, A "assign_domain", "4"), 0);
	EXPECT_INT(t, sim_guest(s, 0, 1000, guest), 0);
	s->log[0] = s->uevents[0] = '\0';
}

/* ---- remove --------------------------------------------------------------------------------- */

static void test_blocked(struct test *t, const char *kernel)
{
	struct node guest, remove;
	struct writer w;
	char names[1024] = "";
	struct sim s;

	test_case(t, "%s: a blocked remove leaves the device half there", kernel);
	in_use(t, &s, kernel, &guest);
	EXPECT_INT(t, machine_find(s.m, A "remove", &remove), 0);
	writer_start(&w, &s, A "remove", "1");
	writer_wait(&w);
	machine_list(s.m, MATRIX UUID_A, collect, names);
	EXPECT_STR(t, names, is_one_of(kernel, "6.1 ") ? "iommu_group vfio-dev " : "iommu_group ");
	EXPECT(t, !has_name(&s, "sys/bus/mdev/devices", UUID_A));
	EXPECT(t, !has_name(&s, TYPE "devices", UUID_A));
	EXPECT(t, has_name(&s, "sys/class/vfio", "0"));
	EXPECT(t, has_name(&s, "dev/vfio", "0"));
	EXPECT_STR(t, sim_read(&s, TYPE "available_instances"), "65535\n");
	EXPECT_INT(t, sim_write(&s, TYPE "create", UUID_A), -EEXIST);
	EXPECT_INT(t, machine_write(s.m, &remove, "1", 1, NULL, NULL), -ENODEV);
	EXPECT_INT(t, sim_ctl(&s, "module unload vfio_ap"), -EBUSY);
	EXPECT_STR(t, sim_read(&s, "sys/module/vfio_ap/refcnt"), "1\n");
	if (!is_one_of(kernel, "5.15 ")) {
		EXPECT_STR(t, sim_read(&s, DEVS "card05/05.0004/status"), "in use\n");
		EXPECT_INT(t, sim_write(&s, BUS "aqmask", "+4"), -EBUSY);
	}
	EXPECT_INT(t, machine_group_open(s.m, &guest, 2), -EBUSY);
	machine_group_release(s.m, &guest);
	EXPECT_INT(t, writer_end(&w), 0);
	EXPECT(t, !sim_exists(&s, MATRIX UUID_A));
	EXPECT_INT(t, machine_group_open(s.m, &guest, 2), -ENOENT);
	EXPECT_STR(t, sim_read(&s, TYPE "available_instances"), "65536\n");
	EXPECT_INT(t, machine_check(s.m, NULL), 0);
	sim_done(&s);
}

static void test_signal(struct test *t, const char *kernel)
{
	struct node guest;
	struct writer w;
	struct sim s;

	test_case(t, "%s: a signal is logged and changes nothing", kernel);
	in_use(t, &s, kernel, &guest);
	writer_start(&w, &s, A "remove", "1");
	writer_wait(&w);
	atomic_store(&w.signalled, true);
	writer_wait(&w);
	usleep(120000); /* two rounds of the wait: it asks no more */
	EXPECT(t, !atomic_load(&w.done));
	machine_group_release(s.m, &guest);
	EXPECT_INT(t, writer_end(&w), 0);
	EXPECT(t, strstr(s.log, "Device is currently in use, task \"unknown\" (0) blocked until "
				"device is released\n"));
	EXPECT(t, !strstr(s.log, "No device request registered, blocked until released by user") ==
			  is_one_of(kernel, "5.15 6.1 "));
	sim_done(&s);
}

/* What a guest has is in the state only: how many adapters has that of A? */
static int guest_adapters(struct sim *s)
{
	static const char *const argv[] = { "state" };
	struct json_object *state, *o = NULL;
	struct err err = { 0 };
	char *text = NULL;
	size_t size = 0;
	int count = -1;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return -1;
	machine_ctl(s->m, 1, argv, out, &err);
	fclose(out);
	state = json_tokener_parse(text);
	if (json_object_object_get_ex(state, "devices", &o) &&
	    json_object_object_get_ex(json_object_array_get_idx(o, 0), "guest", &o) &&
	    json_object_object_get_ex(o, "adapters", &o))
		count = (int)json_object_array_length(o);
	json_object_put(state);
	free(text);
	return count;
}

static void test_strip(struct test *t, const char *kernel)
{
	bool strips = is_one_of(kernel, "6.19 7.3 ");
	struct node guest;
	struct writer w;
	struct sim s;

	test_case(t, "%s: remove %s the guest", kernel, strips ? "strips" : "leaves");
	in_use(t, &s, kernel, &guest);
	EXPECT_INT(t, guest_adapters(&s), 1);
	writer_start(&w, &s, A "remove", "1");
	writer_wait(&w);
	EXPECT_INT(t, guest_adapters(&s), strips ? 0 : 1);
	/* Binding one of its queues gives it back until the next request (K 5.2). */
	EXPECT_INT(t, sim_write(&s, BUS "drivers/vfio_ap/unbind", "05.0004"), 0);
	EXPECT_INT(t, sim_write(&s, BUS "drivers/vfio_ap/bind", "05.0004"), 0);
	EXPECT_INT(t, guest_adapters(&s), 1);
	machine_group_release(s.m, &guest);
	EXPECT_INT(t, writer_end(&w), 0);
	sim_done(&s);
}

static void test_group_only(struct test *t, const char *kernel)
{
	struct node group;
	struct lpar lpar;
	struct sim s;

	test_case(t, "%s: a group without its device does not delay remove", kernel);
	sim_host(&lpar);
	sim_boot(&s, kernel, &lpar);
	sim_write(&s, TYPE "create", UUID_A);
	EXPECT_INT(t, machine_find(s.m, "dev/vfio/0", &group), 0);
	EXPECT_INT(t, machine_group_open(s.m, &group, 1), 0);
	EXPECT_INT(t, machine_group_open(s.m, &group, 2), -EBUSY);
	EXPECT_INT(t, sim_write(&s, A "remove", "1"), 0);
	/* The new device has the same number; the old user has nothing of it. */
	sim_write(&s, TYPE "create", UUID_A);
	EXPECT_INT(t, machine_group_attach(s.m, &group), -ENODEV);
	machine_group_release(s.m, &group);
	EXPECT_INT(t, machine_find(s.m, "dev/vfio/0", &group), 0);
	EXPECT_INT(t, machine_group_open(s.m, &group, 2), 0);
	machine_group_release(s.m, &group);
	sim_done(&s);
}

static void test_second_device(struct test *t, const char *kernel)
{
	struct node guest, other;
	struct sim s;

	test_case(t, "%s: a guest has one device", kernel);
	in_use(t, &s, kernel, &guest);
	sim_write(&s, TYPE "create", UUID_B);
	EXPECT_INT(t, sim_guest(&s, 1, 1000, &other), -EPERM);
	machine_group_release(s.m, &other);
	EXPECT_INT(t, sim_guest(&s, 1, 1001, &other), 0);
	sim_done(&s);
}

/* ---- unbind, reboot ----------------------------------------------------------------------------
 */

static void test_unbind(struct test *t, const char *kernel)
{
	struct writer unbind, remover;
	struct node guest;
	struct sim s;

	test_case(t, "%s: unbind waits too, and remove waits for it", kernel);
	in_use(t, &s, kernel, &guest);
	writer_start(&unbind, &s, "sys/bus/mdev/drivers/vfio_ap_mdev/unbind", UUID_A "\n");
	writer_wait(&unbind);
	EXPECT(t, has_name(&s, MATRIX UUID_A, "remove"));
	EXPECT(t, !has_name(&s, MATRIX UUID_A, "matrix"));
	EXPECT(t, !has_name(&s, MATRIX UUID_A, "driver"));
	EXPECT(t, has_name(&s, MATRIX UUID_A, "iommu_group"));
	writer_start(&remover, &s, A "remove", "1");
	usleep(20000);
	EXPECT(t, !atomic_load(&remover.done));
	machine_group_release(s.m, &guest);
	EXPECT_INT(t, writer_end(&unbind), 0);
	EXPECT_INT(t, writer_end(&remover), 0);
	EXPECT(t, !sim_exists(&s, MATRIX UUID_A));
	sim_done(&s);
}

static void test_unbound(struct test *t, const char *kernel)
{
	char names[1024] = "";
	struct lpar lpar;
	struct sim s;

	test_case(t, "%s: an unbound device can only be removed", kernel);
	sim_host(&lpar);
	sim_boot(&s, kernel, &lpar);
	sim_write(&s, TYPE "create", UUID_A);
	EXPECT_INT(t, sim_write(&s, "sys/bus/mdev/drivers/vfio_ap_mdev/unbind", UUID_A), 0);
	machine_list(s.m, MATRIX UUID_A, collect, names);
	EXPECT_STR(t, names, "subsystem mdev_type uevent remove ");
	EXPECT_INT(t, sim_write(&s, "sys/bus/mdev/drivers/vfio_ap_mdev/bind", UUID_A), -ENODEV);
	EXPECT_INT(t, sim_write(&s, "sys/bus/mdev/drivers_probe", UUID_A), 0);
	EXPECT_INT(t, sim_write(&s, "sys/bus/mdev/drivers_probe", UUID_B), -ENODEV);
	EXPECT_STR(t, sim_read(&s, TYPE "available_instances"), "65535\n");
	EXPECT_INT(t, sim_write(&s, A "remove", "1"), 0);
	sim_done(&s);
}

static void test_reboot(struct test *t, const char *kernel)
{
	struct err err = { 0 };
	struct node guest;
	struct writer w;
	struct sim s;

	test_case(t, "%s: a reboot ends the wait", kernel);
	in_use(t, &s, kernel, &guest);
	writer_start(&w, &s, A "remove", "1");
	writer_wait(&w);
	EXPECT_INT(t, machine_reboot(s.m, &err), 0);
	EXPECT_INT(t, writer_end(&w), -ENODEV);
	EXPECT(t, !sim_exists(&s, "sys/devices/vfio_ap"));
	EXPECT_STR(t, sim_read(&s, BUS "bindings"), "4/4 (complete)\n");
	machine_group_release(s.m, &guest);
	EXPECT_INT(t, machine_check(s.m, &err), 0);
	sim_done(&s);
}

/* ---- files of what is gone
 * ------------------------------------------------------------------------ */

static void test_gone(struct test *t, const char *kernel)
{
	static const struct {
		const char *file, *how_path, *how, *back_path, *back;
	} rows[] = {
		{ .file = DEVS "card05/05.0004/online",
		  .how_path = BUS "aqmask",
		  .how = "-4",
		  .back_path = BUS "aqmask",
		  .back = "+4" },
		{ .file = DEVS "card05/05.0004/request_count",
		  .how_path = "CTL",
		  .how = "card remove 5",
		  .back_path = "CTL",
		  .back = "card add 5 CEX7C" },
		{ .file = A "matrix",
		  .how_path = A "remove",
		  .how = "1",
		  .back_path = TYPE "create",
		  .back = UUID_A },
		{ .file = TYPE "create",
		  .how_path = "CTL",
		  .how = "module unload vfio_ap",
		  .back_path = "CTL",
		  .back = "module load vfio_ap" },
	};
	char page[MACHINE_PAGE];
	struct lpar lpar;
	struct node old, new;
	struct sim s;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_case(t, "%s: '%s' after '%s' is gone for good", kernel, rows[i].file,
			  rows[i].how);
		sim_host(&lpar);
		sim_boot(&s, kernel, &lpar);
		sim_write(&s, TYPE "create", UUID_A);
		EXPECT_INT(t, machine_find(s.m, rows[i].file, &old), 0);
		for (unsigned back = 0; back < 2; back++) {
			const char *path = back ? rows[i].back_path : rows[i].how_path;
			const char *text = back ? rows[i].back : rows[i].how;

			EXPECT_INT(t,
				   strcmp(path, "CTL") ? sim_write(&s, path, text)
						       : sim_ctl(&s, text),
				   0);
			sim_ctl(&s, "scan");
			if (old.mode & 0444)
				EXPECT_INT(t, machine_read(s.m, &old, page), -ENODEV);
			EXPECT_INT(t, machine_write(s.m, &old, "", 0, NULL, NULL), -ENODEV);
		}
		EXPECT_INT(t, machine_find(s.m, rows[i].file, &new), 0);
		EXPECT(t, new.ino != old.ino);
		sim_done(&s);
	}
}

/* Whoever says by hand that a driver has gone is believed: lib/kobject.c (K 13). */
static void test_told(struct test *t, const char *kernel)
{
	static const struct {
		const char *file, *event;
		bool is_again; /* a device's end is always told */
	} rows[] = {
		{ .file = BUS "drivers/vfio_ap/uevent",
		  .event = "remove@/bus/ap/drivers/vfio_ap " },
		{ .file = "sys/bus/matrix/uevent", .event = "remove@/bus/matrix " },
		{ .file = "sys/bus/matrix/drivers/vfio_ap/uevent",
		  .event = "remove@/bus/matrix/drivers/vfio_ap " },
		{ .file = "sys/bus/mdev/drivers/vfio_ap_mdev/uevent",
		  .event = "remove@/bus/mdev/drivers/vfio_ap_mdev " },
		{ .file = "sys/module/vfio_ap/uevent", .event = "remove@/module/vfio_ap " },
		{ .file = MATRIX "uevent",
		  .event = "remove@/devices/vfio_ap/matrix ",
		  .is_again = true },
	};
	struct lpar lpar;
	struct sim s;

	sim_host(&lpar);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		test_case(t, "%s: told once: %s", kernel, rows[i].event);
		sim_boot(&s, kernel, &lpar);
		EXPECT_INT(t, sim_write(&s, rows[i].file, "remove"), 0);
		EXPECT(t, strstr(s.uevents, rows[i].event));
		s.uevents[0] = '\0';
		EXPECT_INT(t, sim_ctl(&s, "module unload vfio_ap"), 0);
		EXPECT(t, !strstr(s.uevents, rows[i].event) == !rows[i].is_again);
		/* What comes afterwards is new. */
		sim_ctl(&s, "module load vfio_ap");
		s.uevents[0] = '\0';
		sim_ctl(&s, "module unload vfio_ap");
		EXPECT(t, strstr(s.uevents, rows[i].event));
		sim_done(&s);
	}
}

static void test_owner(struct test *t, const char *kernel)
{
	struct node node;
	struct lpar lpar;
	struct sim s;

	test_case(t, "%s: chmod and chown last as long as the device", kernel);
	sim_host(&lpar);
	sim_boot(&s, kernel, &lpar);
	sim_write(&s, TYPE "create", UUID_A);
	EXPECT_INT(t, machine_chmod(s.m, A "matrix", 0666), 0);
	EXPECT_INT(t, machine_chown(s.m, A "matrix", 7, UINT32_MAX), 0);
	EXPECT_INT(t, machine_find(s.m, A "matrix", &node), 0);
	EXPECT_INT(t, node.mode, 0666);
	EXPECT_INT(t, node.uid, 7);
	EXPECT_INT(t, node.gid, 0);
	/* The mode lets it be opened, but there is nothing to call (K 1.2). */
	EXPECT_INT(t, machine_write(s.m, &node, "1", 1, NULL, NULL), -EIO);
	EXPECT_INT(t, sim_write(&s, A "remove", "1"), 0);
	EXPECT_INT(t, sim_write(&s, TYPE "create", UUID_A), 0);
	EXPECT_INT(t, machine_find(s.m, A "matrix", &node), 0);
	EXPECT_INT(t, node.mode, 0444);
	EXPECT_INT(t, node.uid, 0);
	sim_done(&s);
}

int main(void)
{
	struct test t = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		test_blocked(&t, kernels[i]);
		test_signal(&t, kernels[i]);
		test_strip(&t, kernels[i]);
		test_group_only(&t, kernels[i]);
		test_second_device(&t, kernels[i]);
		test_unbind(&t, kernels[i]);
		test_unbound(&t, kernels[i]);
		test_reboot(&t, kernels[i]);
		test_gone(&t, kernels[i]);
		test_told(&t, kernels[i]);
		test_owner(&t, kernels[i]);
	}
	return test_done(&t);
}
