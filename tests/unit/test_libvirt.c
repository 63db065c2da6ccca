/* SPDX-License-Identifier: MIT */
/* Guests of libvirt: what is taken from their XML, and files that must do no harm. */
#include "libvirt.h"
#include "test.h"
#include "tree.h"

#define UUID_A "62177883-f1bb-47f0-914d-32a22e3a8804"
#define UUID_B "cef03c3c-903d-4ecc-9a83-40694cb8aee4"
#define QEMU   "etc/libvirt/qemu/"

#define MDEV(uuid)                                                            \
	"<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-ap'>" \
	"<source><address uuid='" uuid "'/></source><address type='css'/></hostdev>"
#define DOMAIN(name, devices)                                                     \
	"<domain type='kvm'>\n  <name>" name "</name>\n  <uuid>9b1d4c1e</uuid>\n" \
	"  <devices>" devices "</devices>\n</domain>\n"

/* "UUID=NAME UUID=NAME" of a list, in its order. */
static const char *list_text(const struct libvirt_list *list, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < list->n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%.4s=%s", i ? " " : "",
					list->v[i].uuid, list->v[i].name);
	return buf;
}

static void test_parse(struct test *t)
{
	static const struct {
		const char *what, *text, *want;
		int rc;
	} rows[] = {
		{ .what = "a guest with a device",
		  .text = DOMAIN("web1", MDEV(UUID_A)),
		  .want = "6217=web1" },
		{ .what = "libvirt's comment in front, encoding",
		  .text = "<?xml version='1.0' encoding='UTF-8'?>\n<!--\nWARNING: -->\n" DOMAIN(
			  "web1", MDEV(UUID_A)),
		  .want = "6217=web1" },
		{ .what = "two devices, upper case",
		  .text = DOMAIN(
			  "web1",
			  MDEV("62177883-F1BB-47F0-914D-32A22E3A8804") "<disk/><!-- x -->" MDEV(
				  UUID_B)),
		  .want = "6217=web1 cef0=web1" },
		{ .what = "no device", .text = DOMAIN("web1", ""), .want = "" },
		{ .what = "no devices at all",
		  .text = "<domain><name>web1</name></domain>",
		  .want = "" },
		{ .what = "a device of another kind",
		  .text = DOMAIN("web1", "<hostdev type='pci'><source><address uuid='" UUID_A
					 "'/></source></hostdev>"),
		  .want = "" },
		{ .what = "no UUID",
		  .text = DOMAIN("web1", MDEV("62177883") "<hostdev type='mdev'><source/></hostdev>"
							  "<hostdev type='mdev'/>"),
		  .want = "" },
		{ .what = "a name of markup, as text",
		  .text = DOMAIN("a&lt;b&amp;c", MDEV(UUID_A)),
		  .want = "6217=a<b&c" },
		{ .what = "a name that would steer a terminal",
		  .text = DOMAIN("a&#x9b;31m&#10;\xc2\x85z", MDEV(UUID_A)),
		  .want = "6217=a??31m???z" },
		{ .what = "a long name",
		  .text = DOMAIN("0123456789012345678901234567890123456789"
				 "012345678901234567890123456789",
				 MDEV(UUID_A)),
		  .want = "6217=012345678901234567890123456789012345678901234567890123456789012" },
		{ .what = "no name", .text = "<domain/>", .rc = -EBADMSG },
		{ .what = "an empty name", .text = DOMAIN("", MDEV(UUID_A)), .rc = -EBADMSG },
		{ .what = "another document",
		  .text = "<network><name>x</name></network>",
		  .rc = -EBADMSG },
		{ .what = "not ended", .text = "<domain><name>web1</name>", .rc = -EBADMSG },
		{ .what = "a control character", .text = DOMAIN("a\033b", ""), .rc = -EBADMSG },
		{ .what = "no XML", .text = "{}", .rc = -EBADMSG },
		{ .what = "empty", .text = "", .rc = -EBADMSG },
		{ .what = "a DTD", .text = "<!DOCTYPE domain>" DOMAIN("w", ""), .rc = -EBADMSG },
		{ .what = "a DTD from elsewhere",
		  .text = "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>" DOMAIN("w", ""),
		  .rc = -EBADMSG },
		{ .what = "an entity from a file",
		  .text = "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" DOMAIN(
			  "&x;", MDEV(UUID_A)),
		  .rc = -EBADMSG },
		{ .what = "entities that grow",
		  .text = "<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaa'>"
			  "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;'>"
			  "]>" DOMAIN("&c;", "<x y='&c;&c;&c;&c;'/>"),
		  .rc = -EBADMSG },
		{ .what = "an entity that is not declared",
		  .text = DOMAIN("&x;", MDEV(UUID_A)),
		  .rc = -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct libvirt_list list = { 0 };
		char text[256];

		test_case(t, "%s", rows[i].what);
		EXPECT_INT(t, libvirt_parse(rows[i].text, strlen(rows[i].text), &list), rows[i].rc);
		if (!rows[i].rc)
			EXPECT_STR(t, list_text(&list, text, sizeof(text)), rows[i].want);
		EXPECT(t, !rows[i].rc == !!rows[i].want);
		libvirt_list_done(&list);
	}
}

static void test_deep(struct test *t)
{
	_cleanup_free_ char *text = malloc(1024 * 1024 + 2);
	struct libvirt_list list = { 0 };

	test_case(t, "nested without end, and larger than we read");
	for (size_t i = 0; i < 300000; i += 3)
		memcpy(text + i, "<a>", 3);
	EXPECT_INT(t, libvirt_parse(text, 300000, &list), -EBADMSG);
	memset(text, ' ', 1024 * 1024 + 1);
	EXPECT_INT(t, libvirt_parse(text, 1024 * 1024 + 1, &list), -EBADMSG);
	EXPECT_INT(t, list.n, 0);
}

static void test_files(struct test *t)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct libvirt_list list = { 0 };
	char text[256];

	tree_init(&tree);
	test_case(t, "no directory");
	EXPECT_INT(t, libvirt_list_read(tree.root, &list, NULL), 0);
	EXPECT_INT(t, list.n, 0);

	test_case(t, "by UUID, then by name; what is none of libvirt's guests is passed over");
	tree_write(&tree, QEMU "web2.xml", DOMAIN("web2", MDEV(UUID_A)));
	tree_write(&tree, QEMU "web1.xml", DOMAIN("web1", MDEV(UUID_B) MDEV(UUID_A)));
	tree_write(&tree, QEMU "broken.xml", "<domain><name>bad</name><devices>");
	tree_write(&tree, QEMU "other.xml~", DOMAIN("other", MDEV(UUID_A)));
	tree_write(&tree, QEMU ".xml", DOMAIN("hidden", MDEV(UUID_A)));
	tree_write(&tree, QEMU "networks/default.xml", "<network/>");
	tree_dir(&tree, QEMU "dir.xml");
	tree_link(&tree, "/etc/libvirt/elsewhere/link", QEMU "within.xml");
	tree_write(&tree, "etc/libvirt/elsewhere/link", DOMAIN("linked", MDEV(UUID_B)));
	tree_link(&tree, "../../../../../../../../../etc/passwd", QEMU "out.xml");
	tree_link(&tree, "loop.xml", QEMU "loop.xml");
	tree_fifo(&tree, QEMU "fifo.xml");
	EXPECT_INT(t, libvirt_list_read(tree.root, &list, NULL), 0);
	EXPECT_STR(t, list_text(&list, text, sizeof(text)),
		   "6217=web1 6217=web2 cef0=linked cef0=web1");

	test_case(t, "the first by name; none for another device");
	EXPECT_STR(t, libvirt_guest_name(&list, UUID_A), "web1");
	EXPECT_STR(t, libvirt_guest_name(&list, UUID_B), "linked");
	EXPECT(t, !libvirt_guest_name(&list, "00000000-0000-0000-0000-000000000000"));
	libvirt_list_done(&list);
	EXPECT(t, !libvirt_guest_name(&list, UUID_A));
}

int main(void)
{
	struct test t = { 0 };

	test_parse(&t);
	test_deep(&t);
	test_files(&t);
	return test_done(&t);
}
