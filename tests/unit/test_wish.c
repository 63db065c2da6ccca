// SPDX-License-Identifier: MIT
/* Wishes: copies of snapshots, edited, and the bus they lead to. */
#include "wish.h"

#include <errno.h>

#include "scene.h"

static void test_copy(struct test *t, struct scene *s)
{
	_cleanup_(wish_freep) struct wish *wish = NULL;

	scene_init(s, "4-6", "4,0x47");
	scene_reserve(s, "", "4");
	scene_active(s, UUID_A, matrix_of("4", "4", "5"));
	scene_active(s, UUID_B, matrix_of("", "", ""))->removing = true;
	scene_defined(s, UUID_C, true, matrix_of("5", "4", ""));
	wish = wish_new(&s->now);

	test_case(t, "a wish starts as the active devices and masks");
	EXPECT_INT(t, wish->n_devices, 1);
	EXPECT(t, wish_device(wish, UUID_A) != NULL);
	EXPECT(t, matrix_equal(&wish->device[0].matrix, &s->mdev[0].matrix));
	EXPECT(t, !wish->device[0].named && !wish->device[0].refresh);
	EXPECT(t, vfioap_mask_equal(&wish->masks.aqmask, &s->now.bus.masks.aqmask));

	test_case(t, "a device that is being removed, or only defined, is not in it");
	EXPECT(t, !wish_device_const(wish, UUID_B));
	EXPECT(t, !wish_device_const(wish, UUID_C));
}

static void test_edit(struct test *t, struct scene *s)
{
	static const char *const order[] = { UUID_C, UUID_A, UUID_B };
	_cleanup_(wish_freep) struct wish *wish = NULL;
	struct wish_device *device = NULL;

	scene_init(s, "4", "4");
	wish = wish_new(&s->now);

	test_case(t, "devices are added in the order of their UUIDs");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		EXPECT_INT(t, wish_device_add(wish, order[i], &device), 0);
		EXPECT_STR(t, device->uuid, order[i]);
		EXPECT(t, device->named);
	}
	EXPECT_INT(t, wish->n_devices, 3);
	EXPECT_STR(t, wish->device[0].uuid, UUID_A);
	EXPECT_STR(t, wish->device[1].uuid, UUID_B);
	EXPECT_STR(t, wish->device[2].uuid, UUID_C);

	test_case(t, "a UUID is there once");
	EXPECT_INT(t, wish_device_add(wish, UUID_B, &device), -EEXIST);
	EXPECT_INT(t, wish->n_devices, 3);

	test_case(t, "removing takes out one, once");
	EXPECT_INT(t, wish_device_remove(wish, UUID_B), 0);
	EXPECT_INT(t, wish_device_remove(wish, UUID_B), -ENOENT);
	EXPECT_INT(t, wish->n_devices, 2);
	EXPECT_STR(t, wish->device[1].uuid, UUID_C);
}

static void test_predict(struct test *t, struct scene *s)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	_cleanup_(wish_freep) struct wish *wish = NULL;

	scene_init(s, "4,5", "4,0x47");
	scene_reserve(s, "", "4");
	wish = wish_new(&s->now);

	test_case(t, "unchanged masks move nothing");
	wish_predict_bus(&s->now, wish, after);
	EXPECT(t, qset_equal(&after->vfio_driver, &s->now.bus.vfio_driver));

	test_case(t, "queues follow the masks, both ways");
	wish->masks.apmask = vfioap_mask_andnot(wish->masks.apmask, ids("5"));
	wish->masks.aqmask = ids("all");
	wish_predict_bus(&s->now, wish, after);
	EXPECT(t, qset_has(&after->vfio_driver, 5, 0x47));
	EXPECT(t, qset_has(&after->vfio_driver, 5, 4));
	EXPECT(t, qset_has(&after->host_driver, 4, 4));
	EXPECT_INT(t, qset_count(&after->vfio_driver), 2);
	EXPECT_INT(t, qset_count(&after->host_driver), 2);

	test_case(t, "without vfio_ap they end unbound");
	s->now.bus.vfio_ap_loaded = false;
	wish_predict_bus(&s->now, wish, after);
	EXPECT(t, !qset_has(&after->vfio_driver, 5, 0x47));
	EXPECT(t, !qset_has(&after->host_driver, 5, 0x47));
}

static void test_overrides(struct test *t, struct scene *s)
{
	_cleanup_free_ struct apbus *after = malloc(sizeof(*after));
	_cleanup_(wish_freep) struct wish *wish = NULL;
	struct apbus *bus = &s->now.bus;

	scene_init(s, "4,5", "4,0x47");
	bus->override_known = true;
	qset_add(&bus->override, 4, 4);
	bus->override_vfio = bus->override;
	vfioap_mask_clear(&bus->host_driver.row[4], 4);
	qset_add(&bus->vfio_driver, 4, 4);
	qset_add(&bus->vfio_driver, 5, 0x47); /* cleared by somebody, never bound anew */
	vfioap_mask_clear(&bus->host_driver.row[5], 0x47);
	wish = wish_new(&s->now);

	test_case(t, "what stays moves nothing, also what is not where it belongs");
	wish_predict_bus(&s->now, wish, after);
	EXPECT(t, qset_equal(&after->vfio_driver, &bus->vfio_driver));

	test_case(t, "set for vfio_ap, cleared for the host, bound anew to what holds");
	qset_add(&wish->override, 5, 4);
	vfioap_mask_clear(&wish->override.row[4], 4);
	qset_add(&wish->rebind, 5, 0x47);
	wish_predict_bus(&s->now, wish, after);
	EXPECT_INT(t, qset_count(&after->vfio_driver), 1);
	EXPECT(t, qset_has(&after->vfio_driver, 5, 4) && qset_has(&after->override_vfio, 5, 4));
	EXPECT_INT(t, qset_count(&after->host_driver), 3);
	EXPECT_INT(t, qset_count(&after->override), 1);
}

int main(void)
{
	_cleanup_free_ struct scene *s = malloc(sizeof(*s));
	struct test t = { 0 };

	test_copy(&t, s);
	test_edit(&t, s);
	test_predict(&t, s);
	test_overrides(&t, s);
	return test_done(&t);
}
