// SPDX-License-Identifier: MIT
/*
 * Guests as libvirt keeps them, by libxml2.  The files are libvirt's, but what stands in them
 * may come from anybody who was let define a guest: they are read as hostile.
 *
 * Source: libvirt, docs/formatdomain.rst; <hostdev type='mdev'> holds the UUID of a device.
 */
#include "libvirt.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#include "dl.h"
#include "file.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

#define FILE_MAX  (1024 * 1024)
#define FILES_MAX 4096

/* No entities are replaced, nothing is fetched; without XML_PARSE_HUGE depth is limited. */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

/* ---- libxml2 ---------------------------------------------------------------------------- */

/* Loaded for the first guest; machines without libvirt never need it. */
#if LIBXML_VERSION >= 21400
#define SONAME "libxml2.so.16"
#else
#define SONAME "libxml2.so.2"
#endif

struct libxml {
	DL_MEMBER(xmlNewParserCtxt);
	DL_MEMBER(xmlFreeParserCtxt);
	DL_MEMBER(xmlFreeDoc);
	DL_MEMBER(xmlStopParser);
	DL_MEMBER(xmlGetProp);
	DL_MEMBER(xmlCtxtReadMemory);
	DL_MEMBER(xmlDocGetRootElement);
	DL_MEMBER(xmlNodeGetContent);
	DL_MEMBER(xmlFree);
};

static struct libxml xml;

static int libxml_load(struct err *err)
{
	static const struct dl_symbol symbols[] = {
		DL_SYMBOL(struct libxml, xmlNewParserCtxt),
		DL_SYMBOL(struct libxml, xmlFreeParserCtxt),
		DL_SYMBOL(struct libxml, xmlFreeDoc),
		DL_SYMBOL(struct libxml, xmlStopParser),
		DL_SYMBOL(struct libxml, xmlGetProp),
		DL_SYMBOL(struct libxml, xmlCtxtReadMemory),
		DL_SYMBOL(struct libxml, xmlDocGetRootElement),
		DL_SYMBOL(struct libxml, xmlNodeGetContent),
		DL_SYMBOL(struct libxml, xmlFree),
		{ 0 },
	};

	return xml.xmlFree ? 0 : dl_load(SONAME, symbols, &xml, err);
}

void libvirt_list_done(struct libvirt_list *list)
{
	free(list->v);
	*list = (struct libvirt_list){ 0 };
}

/* ---- XML ------------------------------------------------------------------------------- */

static void parser_done(xmlParserCtxtPtr *parser)
{
	if (*parser)
		xml.xmlFreeParserCtxt(*parser);
}

static void doc_done(xmlDocPtr *doc)
{
	if (*doc)
		xml.xmlFreeDoc(*doc);
}

static void text_done(xmlChar **text)
{
	if (*text)
		(*xml.xmlFree)(*text);
}

/* A DTD of its own: where entities grow to gigabytes.  libvirt writes none. */
static void refuse_dtd(void *arg, const xmlChar *name _unused_, const xmlChar *id _unused_,
		       const xmlChar *uri _unused_)
{
	xmlParserCtxtPtr parser = arg;
	bool *refused = parser->_private;

	*refused = true;
	xml.xmlStopParser(parser);
}

/* The next element with this name among @node and those behind it. */
static xmlNodePtr element_find(xmlNodePtr node, const char *name)
{
	while (node &&
	       !(node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0))
		node = node->next;
	return node;
}

static bool has_value(xmlNodePtr node, const char *attribute, const char *value)
{
	_cleanup_(text_done) xmlChar *text = xml.xmlGetProp(node, (const xmlChar *)attribute);

	return text && strcmp((const char *)text, value) == 0;
}

static int guest_add(struct libvirt_list *list, const char *uuid, const char *name)
{
	struct libvirt_guest *v = reallocarray(list->v, list->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	list->v = v;
	v[list->n] = (struct libvirt_guest){ 0 };
	snprintf(v[list->n].uuid, sizeof(v->uuid), "%s", uuid);
	snprintf(v[list->n].name, sizeof(v->name), "%.63s", name);
	str_printable(v[list->n++].name);
	return 0;
}

static int hostdev_read(xmlNodePtr hostdev, const char *name, struct libvirt_list *list)
{
	xmlNodePtr source = element_find(hostdev->children, "source");
	xmlNodePtr address = source ? element_find(source->children, "address") : NULL;
	_cleanup_(text_done) xmlChar *text = NULL;
	char uuid[UUID_SIZE];

	if (!has_value(hostdev, "type", "mdev"))
		return 0;
	text = address ? xml.xmlGetProp(address, (const xmlChar *)"uuid") : NULL;
	if (!text || uuid_canonical((const char *)text, uuid) < 0)
		return 0;
	return guest_add(list, uuid, name);
}

static int domain_read(xmlDocPtr doc, struct libvirt_list *list)
{
	xmlNodePtr domain = element_find(xml.xmlDocGetRootElement(doc), "domain");
	xmlNodePtr node = domain ? element_find(domain->children, "name") : NULL;
	_cleanup_(text_done) xmlChar *name = node ? xml.xmlNodeGetContent(node) : NULL;
	int rc = 0;

	if (!name || !*name)
		return -EBADMSG;
	node = element_find(domain->children, "devices");
	node = node ? element_find(node->children, "hostdev") : NULL;
	while (node && rc == 0) {
		rc = hostdev_read(node, (const char *)name, list);
		node = element_find(node->next, "hostdev");
	}
	return rc;
}

int libvirt_parse(const char *text, size_t len, struct libvirt_list *list)
{
	_cleanup_(parser_done) xmlParserCtxtPtr parser = NULL;
	_cleanup_(doc_done) xmlDocPtr doc = NULL;
	bool refused = false;
	int rc = libxml_load(NULL);

	if (rc < 0)
		return rc;
	parser = xml.xmlNewParserCtxt();
	if (!parser)
		return -ENOMEM;
	if (len > FILE_MAX)
		return -EBADMSG;
	parser->_private = &refused;
	parser->sax->internalSubset = refuse_dtd;
	doc = xml.xmlCtxtReadMemory(parser, text, (int)len, NULL, NULL, PARSE_OPTIONS);
	if (!doc || refused)
		return -EBADMSG;
	return domain_read(doc, list);
}

/* ---- files ------------------------------------------------------------------------------ */

/* struct walk - what libvirt_list_read() goes on with */
struct walk {
	int root;
	unsigned n_files;
	struct libvirt_list list;
};

static int look_at_file(void *arg, const char *name)
{
	_cleanup_free_ char *text = NULL;
	struct walk *walk = arg;
	const size_t len = strlen(name);
	char path[PATH_SIZE];
	size_t text_len;
	int rc;

	if (len <= 4 || strcmp(name + len - 4, ".xml") != 0)
		return 0;
	if (walk->n_files++ == FILES_MAX)
		return 1;
	path_join(path, PATH_LIBVIRT_QEMU, name);
	rc = file_read(walk->root, path, FILE_MAX, &text, &text_len);
	if (rc == 0)
		rc = libvirt_parse(text, text_len, &walk->list);
	return rc == -ENOMEM || rc == -ENOPKG ? rc : 0;
}

static int guest_compare(const void *a, const void *b)
{
	const struct libvirt_guest *x = a, *y = b;
	int order = strcmp(x->uuid, y->uuid);

	return order ? order : strcmp(x->name, y->name);
}

int libvirt_list_read(int root, struct libvirt_list *ret, struct err *err)
{
	struct walk walk = { .root = root };

	const int rc = sysfs_list(root, PATH_LIBVIRT_QEMU, look_at_file, &walk);

	if (rc == -ENOMEM || rc == -ENOPKG) {
		libvirt_list_done(&walk.list);
		return rc == -ENOMEM ? err_oom(err) : libxml_load(err);
	}
	if (walk.list.n)
		qsort(walk.list.v, walk.list.n, sizeof(*walk.list.v), guest_compare);
	*ret = walk.list;
	return 0;
}

const char *libvirt_guest_name(const struct libvirt_list *list, const char *uuid)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].uuid, uuid) == 0)
			return list->v[i].name;
	return NULL;
}
