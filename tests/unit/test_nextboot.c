// SPDX-License-Identifier: MIT
/* The masks of the next boot: the kernel's grammar of its parameters, and who has the last word. */
#include "nextboot.h"

#include <errno.h>

#include "scene.h"

static void test_parameters(struct test *t)
{
	static const struct {
		const char *text, *want;
		int rc;
	} texts[] = {
		{ .text = "0xf8", .want = "0-4" },
		{ .text = "xf8", .want = "0-4" },
		{ .text = "f8", .want = "0-4" },
		{ .text = "0x", .want = "" },
		{ .text = "", .want = "" },
		{ .text = "+5", .want = "5" },
		{ .text = "-4", .want = "" },
		{ .text = "+5+6", .want = "5,6" },
		{ .text = "+5-7-9", .want = "5-7" },
		{ .text = "+0-0xff,-010", .want = "0-7,9-0xff" },
		{ .text = "+1,,\n,+2\n", .want = "1,2" },
		{ .text = "4,5", .rc = -EINVAL, .want = "" },
		{ .text = "0XFF", .rc = -EINVAL, .want = "" },
		{ .text = "+256", .rc = -EINVAL, .want = "" },
		{ .text = "+0400", .rc = -EINVAL, .want = "" },
		{ .text = "+5,6", .rc = -EINVAL, .want = "" },
		{ .text = "+7-5", .rc = -EINVAL, .want = "" },
		{ .text = "+5x", .rc = -EINVAL, .want = "" },
		{ .text = "+", .rc = -EINVAL, .want = "" },
		{ .text = " 0xff", .rc = -EINVAL, .want = "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct vfioap_mask got = ids("all"), want = ids(texts[i].want);

		test_case(t, "parameter '%s'", texts[i].text);
		EXPECT_INT(t, apbus_boot_mask(texts[i].text, &got), texts[i].rc == 0);
		EXPECT(t, vfioap_mask_equal(&got, &want));
	}
}

/* The rule file sets the masks as they are. */
static void rules_keep(struct scene *s)
{
	s->now.rules = (struct udev_rules){
		.present = true,
		.own_form = true,
		.has_apmask = true,
		.has_aqmask = true,
		.masks = s->now.bus.masks,
	};
}

static void test_sources(struct test *t, struct scene *s)
{
	static char text[] = "+5";
	struct nextboot boot;

	test_case(t, "each mask: a rule, else a parameter, else all ones");
	scene_init(s, "4-6", "4,0x47");
	scene_reserve(s, "", "4,0x47,9");
	rules_keep(s);
	s->now.rules.has_apmask = false;
	s->now.boot.apmask = s->now.boot.aqmask = text;
	boot = nextboot_find(&s->now, &s->now.rules);
	EXPECT(t, boot.known);
	EXPECT_INT(t, boot.apmask, NEXTBOOT_PARAMETER);
	EXPECT_INT(t, boot.aqmask, NEXTBOOT_RULES);
	EXPECT_INT(t, vfioap_mask_count(&boot.masks.apmask), 1);
	EXPECT_INT(t, vfioap_mask_count(&boot.masks.aqmask), 253);
	s->now.rules = (struct udev_rules){ 0 };
	s->now.boot = (struct apbus_boot){ 0 };
	boot = nextboot_find(&s->now, &s->now.rules);
	EXPECT_INT(t, boot.apmask, NEXTBOOT_DEFAULT);
	EXPECT(t, apbus_masks_all(&boot.masks));

	test_case(t, "a parameter that only root sees leaves it open, but for rules");
	s->now.boot.hidden = true;
	EXPECT(t, !nextboot_find(&s->now, &s->now.rules).known);
	rules_keep(s);
	EXPECT(t, nextboot_find(&s->now, &s->now.rules).known);
}

int main(void)
{
	_cleanup_free_ struct scene *s = malloc(sizeof(*s));
	struct test t = { 0 };

	test_parameters(&t);
	test_sources(&t, s);
	return test_done(&t);
}
