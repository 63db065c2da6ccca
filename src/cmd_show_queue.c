// SPDX-License-Identifier: MIT
/*
 * vfioap show queue: whose a queue is, and the commands that would make it somebody else's.
 */
#include "cmd_show.h"

#include <errno.h>
#include <string.h>

#include "caps.h"
#include "findings.h"
#include "paths.h"
#include "pool.h"
#include "str.h"
#include "sysfs.h"

/** struct move - a command, and what happens beside it; heap */
struct move {
	char *command, *effect;
};

/** struct queue - one of those asked for */
struct queue {
	unsigned apid, apqi;
	const struct snapshot *now;
	struct apbus_info card;
	struct view_queue row;
	char override[SYSFS_TEXT_SIZE]; /* "": none, or the kernel has no such file */
	struct move move[4];
	size_t n_moves;
};

static void queue_done(struct queue *queue)
{
	for (size_t i = 0; i < queue->n_moves; i++) {
		free(queue->move[i].command);
		free(queue->move[i].effect);
	}
}

/* Takes over both texts. */
static void move_add(struct queue *queue, char *command, char *effect)
{
	if (!command || !effect)
		out_no_memory();
	if (queue->n_moves == ARRAY_SIZE(queue->move)) {
		free(command);
		free(effect);
		return;
	}
	queue->move[queue->n_moves++] = (struct move){ .command = command, .effect = effect };
}

static struct pool_request request_of(const struct queue *queue, bool adapter, bool domain)
{
	struct pool_request request = { .has_adapters = adapter, .has_domains = domain };

	request.adapters = adapter ? vfioap_mask_range(queue->apid, queue->apid)
				   : vfioap_mask_range(0, VFIOAP_IDS - 1);
	request.domains = domain ? vfioap_mask_range(queue->apqi, queue->apqi)
				 : vfioap_mask_range(0, VFIOAP_IDS - 1);
	return request;
}

/* "-a 5 -d 4" */
static char *ids_text(const struct queue *queue, bool adapter, bool domain)
{
	const struct pool_request request = request_of(queue, adapter, domain);
	char a[VFIOAP_LIST_SIZE], d[VFIOAP_LIST_SIZE];

	vfioap_list_format(&request.adapters, a);
	vfioap_list_format(&request.domains, d);
	return finding_text("%s%s%s%s%s", adapter ? "-a " : "", adapter ? a : "",
			    adapter && domain ? " " : "", domain ? "-d " : "", domain ? d : "");
}

static char *effect_text(const char *before, const struct qset *queues, const char *behind)
{
	_cleanup_free_ char *text = finding_queues(queues);

	if (!text)
		out_no_memory();
	return finding_text("%s%s%s", before, text, behind);
}

/* ---- what would move it --------------------------------------------------------------------- */

/* Away from the device: by its domain, by its adapter. */
static void moves_unassign(struct queue *queue)
{
	const struct mdev *mdev = queue->row.device->mdev;
	const struct matrix *matrix = &mdev->matrix;
	/* Before Linux 6.0 nothing changes while a guest runs (kernel-abi 16). */
	const bool waits = !caps_find(queue->now).dynamic && snapshot_holder(queue->now, mdev);
	const struct vfioap_mask adapter = vfioap_mask_range(queue->apid, queue->apid);
	const struct vfioap_mask domain = vfioap_mask_range(queue->apqi, queue->apqi);

	for (int by_adapter = 0; by_adapter <= 1; by_adapter++) {
		_cleanup_free_ char *ids = ids_text(queue, by_adapter, !by_adapter);
		struct qset lost;

		if (!ids)
			out_no_memory();
		qset_product(&lost, by_adapter ? &adapter : &matrix->adapters,
			     by_adapter ? &matrix->domains : &domain);
		move_add(queue, finding_text("vfioap unassign %s %s", queue->row.device->uuid, ids),
			 effect_text("the device loses ", &lost,
				     waits ? ", once its guest has ended" : ""));
	}
}

static void move_reserve(struct queue *queue)
{
	const struct pool_request request = request_of(queue, true, true);
	_cleanup_free_ char *ids = ids_text(queue, true, true);
	_cleanup_free_ struct pool_change *change = malloc(sizeof(*change));
	struct apbus_masks masks = queue->now->bus.masks;

	if (!ids || !change)
		out_no_memory();
	pool_reserve(&queue->now->bus, &request, &masks, change);
	move_add(queue, finding_text("vfioap reserve %s", ids),
		 qset_is_empty(&change->also)
			 ? finding_text("the host loses nothing else")
			 : effect_text("the host loses ", &change->also, " too"));
}

/* Would masks give back just what is named so? */
static bool can_release(const struct queue *queue, bool adapter, bool domain, struct qset *ret)
{
	const struct pool_request request = request_of(queue, adapter, domain);
	_cleanup_free_ struct pool_change *change = malloc(sizeof(*change));
	struct apbus_masks masks = queue->now->bus.masks;
	struct findings findings = { 0 };
	bool can;

	if (!change || pool_release(&queue->now->bus, &request, "", &masks, change, &findings) < 0)
		out_no_memory();
	can = findings.n_errors == 0 && qset_has(&change->named, queue->apid, queue->apqi);
	findings_done(&findings);
	*ret = change->named;
	return can;
}

static void move_release(struct queue *queue)
{
	static const struct {
		bool adapter, domain;
	} ways[] = {
		{ .adapter = true, .domain = true },
		{ .domain = true },
		{ .adapter = true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		_cleanup_free_ char *ids = ids_text(queue, ways[i].adapter, ways[i].domain);
		struct qset gained;

		if (!ids)
			out_no_memory();
		if (!can_release(queue, ways[i].adapter, ways[i].domain, &gained))
			continue;
		move_add(queue, finding_text("vfioap release %s", ids),
			 effect_text("the host gains ", &gained, ""));
		return;
	}
}

static void move_create(struct queue *queue)
{
	_cleanup_free_ char *ids = ids_text(queue, true, true);

	if (!ids)
		out_no_memory();
	move_add(queue, finding_text("vfioap create %s", ids),
		 finding_text("a new device owns it"));
}

/* Its driver, or who is to have it by masks and override, does not have it. */
static void move_bind(struct queue *queue, bool host)
{
	char text[QUEUE_SIZE];

	if (!host && !queue->now->bus.vfio_ap_loaded) {
		move_add(queue, finding_text("modprobe vfio_ap"),
			 finding_text("vfio_ap takes what is reserved"));
		return;
	}
	move_add(queue,
		 finding_text("echo %s > /sys/bus/ap/drivers_probe",
			      queue_format(queue->apid, queue->apqi, text)),
		 finding_text("a driver takes it"));
}

static const struct device *defined_owner(const struct queue *queue)
{
	for (size_t i = 0; i < queue->now->n_devices; i++) {
		const struct definition *definition = queue->now->device[i].definition;

		if (definition && definition->problem == CONFIG_OK &&
		    vfioap_mask_has(&definition->matrix.adapters, queue->apid) &&
		    vfioap_mask_has(&definition->matrix.domains, queue->apqi))
			return &queue->now->device[i];
	}
	return NULL;
}

static bool is_bound(const struct queue *queue)
{
	return qset_has(&queue->now->bus.vfio_driver, queue->apid, queue->apqi) ||
	       qset_has(&queue->now->bus.host_driver, queue->apid, queue->apqi);
}

static void moves_find(struct queue *queue)
{
	const bool host = queue->row.pool_host && !*queue->override;

	if (!is_bound(queue))
		move_bind(queue, host);
	if (queue->row.device) {
		moves_unassign(queue);
	} else if (host) {
		move_reserve(queue);
	} else if (*queue->override) {
		char text[QUEUE_SIZE];

		queue_format(queue->apid, queue->apqi, text);
		move_create(queue);
		move_add(queue, finding_text("vfioap release -Q %s", text),
			 finding_text("the host gains nothing else"));
	} else {
		move_create(queue);
		if (!defined_owner(queue))
			move_release(queue);
	}
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static void override_read(int root, struct queue *queue)
{
	char path[PATH_SIZE];

	path_queue(path, queue->apid, queue->apqi, "driver_override");
	if (sysfs_read(root, path, queue->override, sizeof(queue->override)) < 0)
		queue->override[0] = '\0';
	str_printable(str_chomp(queue->override));
}

static int gone(struct app *app, unsigned apid, unsigned apqi)
{
	char text[QUEUE_SIZE];

	cmd_fail(app, STATUS_NOT_FOUND, "no queue '%s'", queue_format(apid, apqi, text));
	cmd_hint(app, "'lsvfioap -q' lists the queues");
	return STATUS_NOT_FOUND;
}

static int queue_read(struct app *app, const struct snapshot *now, unsigned apid, unsigned apqi,
		      struct queue *ret)
{
	const unsigned needs = VIEW_CARD_FILES | VIEW_QUEUE_FILES | VIEW_DRIVER;
	_cleanup_close_ int dir = -1;
	int rc;

	*ret = (struct queue){ .apid = apid, .apqi = apqi, .now = now };
	if (!qset_has(&now->bus.queues, apid, apqi))
		return gone(app, apid, apqi);
	rc = apbus_card_read(app->root, apid, &ret->card, &app->err);
	if (rc == 0)
		rc = dir = apbus_card_open(app->root, apid, &app->err);
	if (rc >= 0)
		rc = view_queue_fill(dir, now, needs, apid, apqi, &ret->card,
				     view_queue_owner(now, apid, apqi), &ret->row, &app->err);
	if (rc == -ENOENT || rc == -ENODEV)
		return gone(app, apid, apqi);
	if (rc < 0)
		return rc;
	override_read(app->root, ret);
	moves_find(ret);
	return 0;
}

static bool in_host_config(const struct queue *queue)
{
	const struct apbus *bus = &queue->now->bus;

	return vfioap_mask_has(&bus->adapters, queue->apid) &&
	       vfioap_mask_has(&bus->usage, queue->apqi);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void guest_lines(struct app *app, const struct queue *queue)
{
	const struct device *device = queue->row.device, *defined = defined_owner(queue);
	char guest[128];

	show_line(app, "device", "%s", device ? device->uuid : "-");
	if (defined && defined != device)
		show_line(app, "", "defined for %s, %s", defined->uuid, view_device_state(defined));
	if (!device)
		return;
	show_line(app, "guest", "%s",
		  view_guest_text(queue->now, device, guest, sizeof(guest)) ? guest : "-");
}

static void queue_print(struct app *app, const struct queue *queue)
{
	const struct apbus_info *card = &queue->card;
	const struct view_queue *row = &queue->row;
	const struct apbus *bus = &queue->now->bus;
	char name[QUEUE_SIZE];

	show_heading(app, queue_format(queue->apid, queue->apqi, name));
	show_line(app, "card", "card%02x, %s, %s", queue->apid, *card->type ? card->type : "-",
		  view_mode_text(card->mode));
	show_line(app, "status", "%s", view_status_text((enum apbus_status)row->status));
	if (row->requests >= 0)
		show_line(app, "requests", "%lld, %lld pending", row->requests,
			  row->pending < 0 ? 0 : row->pending);
	show_line(app, "pool", "%s", row->pool_host ? "host" : "vfio_ap");
	show_line(app, "driver", "%s", *row->driver ? row->driver : "-");
	if (bus->override_known)
		show_line(app, "override", "%s", *queue->override ? queue->override : "-");
	show_line(app, "host config", "%s",
		  !bus->has_qci		  ? "-"
		  : in_host_config(queue) ? "yes"
					  : "no");
	guest_lines(app, queue);
	for (size_t i = 0; i < queue->n_moves; i++) {
		show_line(app, i ? "" : "to move it", "%s", queue->move[i].command);
		show_line(app, "", "  %s", queue->move[i].effect);
	}
}

/* ---- JSON --------------------------------------------------------------------------------------
 */

static struct json_object *queue_json(const struct queue *queue)
{
	struct json_object *object =
		out_row_json(view_queue_columns, view_queue_n_columns, queue->now, &queue->row);
	struct json_object *moves = out_json_array();

	for (size_t i = 0; i < queue->n_moves; i++)
		out_json_append(moves, out_json_text(queue->move[i].command));
	out_json_add_text(object, "override", *queue->override ? queue->override : NULL);
	out_json_add_text(object, "mask_owner", queue->row.pool_host ? "host" : "vfio_ap");
	out_json_add(object, "host_config",
		     queue->now->bus.has_qci ? out_json_bool(in_host_config(queue)) : NULL);
	out_json_add(object, "moves", moves);
	return object;
}

/* ---- the command --------------------------------------------------------------------------------
 */

static int queues_parse(struct app *app, const struct show_args *args, struct qset *ret)
{
	if (args->uuid)
		return cmd_usage(app, "--uuid names no queue");
	if (!args->rest.n)
		return cmd_usage(app, "no queue given");
	*ret = (struct qset){ 0 };
	for (size_t i = 0; i < args->rest.n; i++) {
		const char *text = args->rest.v[i];
		size_t off = 0, len = 0;
		struct qset some;

		if (qset_parse(text, &some, &off, &len) < 0) {
			cmd_usage(app, "'%.*s' is no queue", (int)(len < 64 ? len : 64),
				  text + off);
			cmd_hint(app, "write 05.0004, both numbers hexadecimal");
			return STATUS_USAGE;
		}
		qset_or(ret, &some);
	}
	return 0;
}

/* All of them are looked up before the first is shown. */
static int queues_check(struct app *app, const struct snapshot *now, const struct qset *queues)
{
	QSET_FOREACH(a, d, queues)
		if (!qset_has(&now->bus.queues, a, d))
			return gone(app, a, d);
	return 0;
}

static int queues_show(struct app *app, const struct snapshot *now, const struct qset *queues,
		       struct json_object *array)
{
	bool first = true;

	QSET_FOREACH(a, d, queues) {
		_cleanup_(queue_done) struct queue queue;
		int rc = queue_read(app, now, a, d, &queue);

		if (rc)
			return rc;
		if (array) {
			out_json_append(array, queue_json(&queue));
			continue;
		}
		out_printf(app, "%s", first ? "" : "\n");
		queue_print(app, &queue);
		first = false;
	}
	return 0;
}

int show_queue(struct app *app, const struct show_args *args)
{
	const unsigned parts = SNAPSHOT_BUS | SNAPSHOT_DEVICES | SNAPSHOT_DEFINITIONS |
			       SNAPSHOT_HOLDERS | SNAPSHOT_LIBVIRT;
	_cleanup_(snapshot_freep) struct snapshot *now = NULL;
	struct json_object *array, *object;
	struct qset queues;
	int rc;

	rc = queues_parse(app, args, &queues);
	if (!rc)
		rc = snapshot_read(app->root, parts, &now, &app->err);
	if (!rc)
		rc = queues_check(app, now, &queues);
	if (rc)
		return rc;
	array = app->json ? out_json_array() : NULL;
	rc = queues_show(app, now, &queues, array);
	if (rc || !array) {
		json_object_put(array);
		return rc;
	}
	object = out_json_new();
	out_json_add(object, "queues", array);
	out_json_print(app, object);
	return 0;
}
