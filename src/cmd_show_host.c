// SPDX-License-Identifier: MIT
/*
 * vfioap show host: what the machine has, and what its kernel can do by the files that are
 * there.
 */
#include "cmd_show.h"

#include <string.h>

#include "caps.h"
#include "paths.h"
#include "str.h"
#include "sysfs.h"

/** enum known - an answer of the kernel's */
enum known { UNKNOWN, NO, YES };

/** struct capability - something that newer kernels have, found by its file */
struct capability {
	const char *name, *means;
	enum known known;
};

enum { CAPABILITIES = 5 };

static enum known found(bool yes, bool is_known)
{
	return yes ? YES : is_known ? NO : UNKNOWN;
}

/* What only a device or a queue tells is unknown without one. */
static void capabilities_find(const struct snapshot *now, struct capability ret[CAPABILITIES])
{
	const struct caps caps = caps_find(now);
	const struct apbus *bus = &now->bus;
	const struct capability table[CAPABILITIES] = {
		{ .name = "ap_config",
		  .means = "a device is set by one write",
		  .known = found(caps.ap_config, caps.ap_config_known) },
		{ .name = "guest_matrix",
		  .means = "a device tells what its guest sees",
		  .known = found(caps.guest_matrix, caps.ap_config_known) },
		{ .name = "driver_override",
		  .means = "queues can be reserved one by one",
		  .known = found(caps.driver_override, !qset_is_empty(&bus->queues)) },
		{ .name = "status",
		  .means = "a queue tells whether it is in use",
		  .known = found(caps.status, !qset_is_empty(&bus->vfio_driver)) },
		{ .name = "features_file",
		  .means = "vfio_ap tells what it can do",
		  .known = found(caps.features_file, now->mdevs.loaded) },
	};

	memcpy(ret, table, sizeof(table));
}

/* ---- texts of sysfs ------------------------------------------------------------------------ */

static int word_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/** struct words - the words of a text, sorted; lends them */
struct words {
	char *v[64];
	size_t n;
};

/* What is no name of a feature, "-" without QCI for example, is left out. */
static void words_split(char *text, struct words *ret)
{
	*ret = (struct words){ 0 };
	while (ret->n < ARRAY_SIZE(ret->v)) {
		char *word = text + strspn(text, " \n"), *end = word + strcspn(word, " \n");
		const bool last = !*end;

		*end = '\0';
		if (*word && strcmp(word, "-") != 0)
			ret->v[ret->n++] = str_printable(word);
		if (last)
			break;
		text = end + 1;
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), word_compare);
}

/* One line of a file, fit to be shown; NULL when there is none. */
static char *line_read(int root, const char *path, char *buf, size_t size)
{
	return sysfs_read(root, path, buf, size) < 0 ? NULL : str_printable(str_chomp(buf));
}

/* ---- text ------------------------------------------------------------------------------------ */

static void ids_line(struct app *app, const char *label, const struct apbus *bus,
		     const struct vfioap_mask *ids, unsigned max)
{
	char list[VFIOAP_LIST_SIZE], highest[VFIOAP_LIST_SIZE];
	const struct vfioap_mask last = vfioap_mask_range(max, max);

	show_line(app, label, "%s (up to %s)", bus->has_qci ? vfioap_list_format(ids, list) : "-",
		  vfioap_list_format(&last, highest));
}

static unsigned count_of(const struct qset *queues, const struct qset *in)
{
	struct qset both = *queues;

	qset_and(&both, in);
	return qset_count(&both);
}

static void queues_line(struct app *app, const struct apbus *bus)
{
	const unsigned all = qset_count(&bus->queues);
	const unsigned host = count_of(&bus->queues, &bus->host_driver);
	const unsigned vfio = count_of(&bus->queues, &bus->vfio_driver);

	show_line(app, "queues", "%u on %u cards: host %u, vfio_ap %u, no driver %u", all,
		  vfioap_mask_count(&bus->cards), host, vfio, all - host - vfio);
}

static void host_print(struct app *app, const struct snapshot *now, const char *kernel,
		       const struct words *features, const struct capability *capabilities)
{
	static const char *const answers[] = { [UNKNOWN] = "-", [NO] = "no", [YES] = "yes" };
	const struct apbus *bus = &now->bus;

	show_line(app, "kernel", "%s", kernel ? kernel : "-");
	show_line(app, "modules", "vfio_ap %s", bus->vfio_ap_loaded ? "loaded" : "not loaded");
	ids_line(app, "adapters", bus, &bus->adapters, bus->max_adapter);
	ids_line(app, "usage domains", bus, &bus->usage, bus->max_domain);
	ids_line(app, "control domains", bus, &bus->control, bus->max_domain);
	queues_line(app, bus);
	show_line(app, "mode", "%s", host_mode_name(snapshot_mode(now)));
	out_printf(app, "  %-16s", "features");
	for (size_t i = 0; features && i < features->n; i++)
		out_printf(app, " %s", features->v[i]);
	out_printf(app, "%s\n", features && features->n ? "" : " -");
	out_printf(app, "\n");
	show_heading(app, "What the kernel can do");
	for (size_t i = 0; i < CAPABILITIES; i++)
		show_line(app, capabilities[i].name, "%-5s%s", answers[capabilities[i].known],
			  capabilities[i].means);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct json_object *known_json(enum known known)
{
	return known == UNKNOWN ? NULL : out_json_bool(known == YES);
}

static struct json_object *config_json(const struct apbus *bus, const struct vfioap_mask *ids)
{
	return bus->has_qci ? out_json_ids(ids) : NULL;
}

static struct json_object *features_json(const struct words *features)
{
	struct json_object *array;

	if (!features)
		return NULL;
	array = out_json_array();
	for (size_t i = 0; i < features->n; i++)
		out_json_append(array, out_json_text(features->v[i]));
	return array;
}

static void host_json(struct app *app, const struct snapshot *now, const char *kernel,
		      const struct words *features, const struct capability *capabilities)
{
	struct json_object *object = out_json_new();
	struct json_object *can = out_json_object(), *modules = out_json_object();

	out_json_add_int(object, "max_adapter", now->bus.max_adapter);
	out_json_add_int(object, "max_domain", now->bus.max_domain);
	out_json_add(object, "adapters", config_json(&now->bus, &now->bus.adapters));
	out_json_add(object, "usage_domains", config_json(&now->bus, &now->bus.usage));
	out_json_add(object, "control_domains", config_json(&now->bus, &now->bus.control));
	out_json_add(object, "features", features_json(features));
	for (size_t i = 0; i < CAPABILITIES; i++)
		out_json_add(can, capabilities[i].name, known_json(capabilities[i].known));
	out_json_add(object, "capabilities", can);
	out_json_add_bool(modules, "vfio_ap", now->bus.vfio_ap_loaded);
	out_json_add(object, "modules", modules);
	out_json_add_text(object, "kernel", kernel);
	out_json_print(app, object);
}

int show_host(struct app *app, const struct show_args *args)
{
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	char release[256], text[SYSFS_TEXT_SIZE];
	struct capability capabilities[CAPABILITIES];
	struct words words, *features = NULL;
	const char *kernel;
	int rc;

	rc = show_nothing_more(app, args);
	if (!rc)
		rc = snapshot_read(app->root, SNAPSHOT_BUS | SNAPSHOT_CAPS | SNAPSHOT_DEVICES, &now,
				   &app->err);
	if (rc)
		return rc;
	if (!now->bus.present)
		return cmd_fail(app, STATUS_NOT_FOUND, "this machine has no AP bus");
	kernel = line_read(app->root, PATH_KERNEL, release, sizeof(release));
	if (sysfs_read(app->root, PATH_AP_FEATURES, text, sizeof(text)) == 0) {
		words_split(text, &words);
		features = &words;
	}
	capabilities_find(now, capabilities);
	if (app->json)
		host_json(app, now, kernel, features, capabilities);
	else
		host_print(app, now, kernel, features, capabilities);
	return 0;
}
