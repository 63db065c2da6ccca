// SPDX-License-Identifier: MIT
/*
 * The operations of scripts, each kind with its weight.  What is left out, because
 * the real kernel cannot do it here or cannot be predicted:
 *
 *   unbinding a card; binding queues of a card without driver   oops (K 3)
 *   remove and unbind of a device that a guest has              waits (K 8.2)
 *   matrices of more than 511 APQNs before sysfs_emit           memory (K 9.1)
 *   poll_timeout other than 250000 beside other operations      slows all resets
 *   config_time other than 60 beside other operations           scans by itself
 *   drivers_autoprobe 0 beside other operations                 cards without driver
 *   `config` of a checkstopped card                             one state in apemu.c
 *   CEX2 and CEX3 on 6.1                                        probing asks the card
 *   modules but vfio_ap                                         built in
 *   contents of a card's replies                                oprun_norm.c
 *
 * oprun refuses the first two, on both kinds of machine, wherever they come up.
 */
#include "opgen.h"

#include <string.h>

#include "util.h"

#define MATRIX GEN_MATRIX
#define TYPE   GEN_TYPE

static const char *const bus_attrs[] = {
	"uevent",
	"drivers_probe",
	"drivers_autoprobe",
	"ap_domain",
	"ap_control_domain_mask",
	"ap_usage_domain_mask",
	"ap_adapter_mask",
	"config_time",
	"poll_thread",
	"ap_interrupts",
	"poll_timeout",
	"ap_max_domain_id",
	"ap_max_adapter_id",
	"apmask",
	"aqmask",
	"scans",
	"bindings",
	"bindings",
	"bindings_complete_count",
	"features",
	"nosuch",
	"apmask/x",
};
static const char *const card_attrs[] = {
	"hwtype",	  "raw_hwtype",	    "depth",	"ap_functions", "request_count",
	"requestq_count", "pendingq_count", "modalias", "config",	"chkstop",
	"max_msg_size",	  "type",	    "online",	"load",		"serialnr",
	"API_ordinalnr",  "FW_version",	    "op_modes", "uevent",	"driver/uevent",
	"nosuch",	  "status",
};
static const char *const queue_attrs[] = {
	"request_count", "requestq_count", "pendingq_count", "reset",		"interrupt",
	"config",	 "chkstop",	   "ap_functions",   "driver_override", "driver_override",
	"online",	 "online",	   "load",	     "mkvps",		"op_modes",
	"status",	 "status",	   "uevent",	     "states",		"last_err_rc",
	"se_bind",	 "se_associate",   "nosuch",
};
static const char *const mdev_attrs[] = {
	"matrix",
	"matrix",
	"matrix",
	"guest_matrix",
	"guest_matrix",
	"guest_matrix",
	"control_domains",
	"ap_config",
	"uevent",
	"remove",
	"assign_adapter",
	"assign_domain",
	"unassign_adapter",
	"unassign_domain",
	"assign_control_domain",
	"unassign_control_domain",
	"nosuch",
	"iommu_group/name",
	"driver/uevent",
	"mdev_type/name",
};
static const char *const other_attrs[] = {
	TYPE "/available_instances",
	TYPE "/device_api",
	TYPE "/name",
	TYPE "/create",
	TYPE "/description",
	MATRIX "/features",
	MATRIX "/uevent",
	"sys/devices/vfio_ap/uevent",
	"sys/devices/ap/uevent",
	"sys/module/vfio_ap/refcnt",
	"sys/module/vfio_ap/initstate",
	"sys/module/ap/parameters/domain",
	"sys/module/ap/parameters/apmask",
	"sys/module/ap/parameters/aqmask",
	"sys/module/ap/parameters/poll_thread",
	"sys/module/ap/parameters/useirq",
	"sys/bus/matrix/drivers_autoprobe",
	"sys/bus/mdev/drivers_autoprobe",
	"sys/bus/matrix/uevent",
	"sys/bus/mdev/drivers_probe",
	"sys/kernel/iommu_groups/0/name",
	"sys/kernel/iommu_groups/1/type",
	"sys/kernel/iommu_groups/0/reserved_regions",
	"sys/bus/ap/drivers/cex4queue/bind",
	"sys/bus/ap/drivers/vfio_ap/uevent",
	"sys/class/vfio/0/uevent",
	"sys/class/vfio/1/dev",
};
static const char *const dirs[] = {
	"sys/bus/ap",
	"sys/bus/ap/devices",
	"sys/bus/ap/drivers",
	"sys/bus/ap/drivers/cex4card",
	"sys/bus/ap/drivers/cex4queue",
	"sys/bus/ap/drivers/vfio_ap",
	"sys/devices/ap",
	"sys/bus/matrix",
	"sys/bus/matrix/devices",
	"sys/bus/matrix/drivers",
	"sys/bus/matrix/drivers/vfio_ap",
	"sys/devices/vfio_ap",
	MATRIX,
	MATRIX "/power",
	MATRIX "/mdev_supported_types",
	TYPE,
	TYPE "/devices",
	"sys/bus/mdev",
	"sys/bus/mdev/devices",
	"sys/bus/mdev/drivers",
	"sys/bus/mdev/drivers/vfio_ap_mdev",
	"sys/class/mdev_bus",
	"sys/class/vfio",
	"sys/class/vfio-dev",
	"sys/kernel/iommu_groups",
	"sys/devices/virtual/vfio",
	"sys/module/vfio_ap/drivers",
	"sys/module/ap/parameters",
};
static const char *const links[] = {
	"subsystem", "driver", "iommu_group", "mdev_type", "device", "nosuch", "uevent",
};

/* ---- paths --------------------------------------------------------------------------- */

static const char *queue_dir(struct gen *g, char *buf)
{
	char queue[TEXT_SIZE];
	unsigned apid;

	text_queue(g, queue, &apid);
	snprintf(buf, TEXT_SIZE, "sys/devices/ap/card%02x/%.16s", apid, queue);
	return buf;
}

static const char *card_dir(struct gen *g, char *buf)
{
	snprintf(buf, TEXT_SIZE, "sys/devices/ap/card%02x", text_apid(g));
	return buf;
}

static const char *mdev_dir(struct gen *g, char *buf)
{
	snprintf(buf, TEXT_SIZE, MATRIX "/%s", g->uuid[gen_below(g, GEN_UUIDS)]);
	return buf;
}

static const char *attr_path(struct gen *g, char *buf)
{
	char dir[TEXT_SIZE];
	unsigned kind = gen_below(g, 100);

	if (kind < 15)
		snprintf(buf, TEXT_SIZE, "sys/bus/ap/%s", GEN_PICK(g, bus_attrs));
	else if (kind < 30)
		snprintf(buf, TEXT_SIZE, "%.64s/%s", card_dir(g, dir), GEN_PICK(g, card_attrs));
	else if (kind < 55)
		snprintf(buf, TEXT_SIZE, "%.64s/%s", queue_dir(g, dir), GEN_PICK(g, queue_attrs));
	else if (kind < 90)
		snprintf(buf, TEXT_SIZE, "%.128s/%s", mdev_dir(g, dir), GEN_PICK(g, mdev_attrs));
	else
		snprintf(buf, TEXT_SIZE, "%s", GEN_PICK(g, other_attrs));
	return buf;
}

static const char *dir_path(struct gen *g, char *buf)
{
	unsigned kind = gen_below(g, 100);

	if (kind < 15)
		return card_dir(g, buf);
	if (kind < 35)
		return queue_dir(g, buf);
	if (kind < 55)
		return mdev_dir(g, buf);
	return GEN_PICK(g, dirs);
}

/* ---- reading ---------------------------------------------------------------------------- */

void ops_read(struct gen *g)
{
	char path[TEXT_SIZE];

	gen_line(g, "r %s", attr_path(g, path));
}

static void op_look(struct gen *g)
{
	static const char *const how[] = { "w", "r", "b", "wt", "wa", "wc", "rd", "rn", "wcx" };
	char path[TEXT_SIZE];

	switch (gen_below(g, 6)) {
	case 0: gen_line(g, "l %s", dir_path(g, path)); break;
	case 1: gen_line(g, "k %s/%s", dir_path(g, path), GEN_PICK(g, links)); break;
	case 2:
		gen_line(g, "s %s", gen_chance(g, 70) ? attr_path(g, path) : dir_path(g, path));
		break;
	case 3: gen_line(g, "o %s %s", attr_path(g, path), GEN_PICK(g, how)); break;
	case 4: gen_line(g, "k sys/bus/ap/devices/%s/driver", text_queue(g, path, NULL)); break;
	default:
		gen_line(g, "l sys/bus/ap/drivers/%s", gen_chance(g, 50) ? "vfio_ap" : "cex4queue");
	}
}

static void op_tree(struct gen *g)
{
	static const char *const tops[] = {
		"sys/bus/ap",
		"sys/devices/ap",
		"sys/devices/vfio_ap",
		"sys/bus/mdev",
		"sys/bus/matrix",
		"sys/kernel/iommu_groups",
		"sys/class/mdev_bus",
		"sys/class/vfio",
		"sys/class/vfio-dev",
		"sys/devices/virtual/vfio",
		"sys/module/vfio_ap/drivers",
		"sys/module/ap/parameters",
	};

	if (gen_chance(g, 50)) {
		gen_line(g, "t sys/devices/ap");
		gen_line(g, "t " MATRIX);
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
			gen_line(g, "t %s", tops[i]);
	}
}

/* ---- writing ---------------------------------------------------------------------------- */

void ops_mask(struct gen *g)
{
	char text[TEXT_SIZE];
	bool domains = gen_chance(g, 50);

	gen_line(g, "w sys/bus/ap/%s %s", domains ? "aqmask" : "apmask",
		 text_mask(g, text, domains));
}

static const char *device_name(struct gen *g, char *buf)
{
	static const char *const hostile[] = {
		"\\e",		 "\\n",	     "nosuch", "05.0004\\n\\n", "\\x2005.0004",
		"5.4",		 "05.00AB",  "card05", "card05\\n",	"card04",
		"05.0004\\x00x", "05.0004x", "CARD05",
	};

	if (gen_chance(g, 8))
		return GEN_PICK(g, hostile);
	text_queue(g, buf, NULL);
	if (gen_chance(g, 40))
		snprintf(buf + strlen(buf), 4, "\\n");
	return buf;
}

static void op_bind(struct gen *g)
{
	static const char *const files[] = {
		"drivers/vfio_ap/bind",
		"drivers/vfio_ap/bind",
		"drivers/vfio_ap/unbind",
		"drivers/cex4queue/bind",
		"drivers/cex4queue/unbind",
		"drivers/cex4queue/unbind",
		"drivers_probe",
		"drivers_probe",
		"drivers/cex4card/bind",
		"drivers/cex2aqueue/bind",
	};
	char text[TEXT_SIZE];

	gen_line(g, "w sys/bus/ap/%s %s", GEN_PICK(g, files), device_name(g, text));
}

static void op_mdev(struct gen *g)
{
	static const char *const removes[] = {
		"1",   "1\\n",	 "1",  "0",	 "0x1",
		"7",   "yes",	 "-1", "\\x201", "18446744073709551616",
		"\\e", "1\\n\\n"
	};
	char path[TEXT_SIZE], text[TEXT_SIZE];
	unsigned kind = gen_below(g, 100);

	if (kind < 68)
		gen_line(g, "w " TYPE "/create %s", text_uuid(g, text));
	else if (kind < 94)
		gen_line(g, "w %s/remove %s", mdev_dir(g, path), GEN_PICK(g, removes));
	else if (kind < 97)
		gen_line(g, "w sys/bus/mdev/drivers/vfio_ap_mdev/%s %s",
			 gen_chance(g, 50) ? "bind" : "unbind", g->uuid[gen_below(g, GEN_UUIDS)]);
	else
		gen_line(g, "w sys/bus/mdev/drivers_probe %s", g->uuid[gen_below(g, GEN_UUIDS)]);
}

static void op_assign(struct gen *g)
{
	static const char *const what[] = { "adapter", "adapter", "domain", "domain",
					    "control_domain" };
	char path[TEXT_SIZE], text[TEXT_SIZE];
	const char *noun = GEN_PICK(g, what);

	text_number(g, text, *noun == 'a' ? text_apid(g) : text_apqi(g));
	gen_line(g, "w %s/%sassign_%s %s", mdev_dir(g, path), gen_chance(g, 60) ? "" : "un", noun,
		 text);
	if (gen_chance(g, 30))
		gen_line(g, "r %s/%s", path, gen_chance(g, 50) ? "guest_matrix" : "matrix");
}

static void op_config(struct gen *g)
{
	char path[TEXT_SIZE], text[TEXT_SIZE];

	mdev_dir(g, path);
	if (!g->has_ap_config && gen_chance(g, 90))
		return;
	gen_line(g, "w %s/ap_config %s", path, text_config(g, text));
	if (gen_chance(g, 30))
		gen_line(g, "r %s/%s", path, gen_chance(g, 50) ? "guest_matrix" : "ap_config");
}

static const char *const decimals[] = {
	"0",   "1",	     "0\\n",   "1\\n", "\\x201", "\\n0", "1abc",
	"0x1", "+1",	     "2",      "-1",   "x",	 "\\e",	 "\\n",
	"010", "4294967297", "1\\x00", "00",   "01",	 "-0",	 "18446744073709551617",
};

static void op_bus(struct gen *g)
{
	static const char *const times[] = { "30",  "120\\n", "60",  "121",	   "4",
					     "5",   "0",      "-1",  "4294967326", "\\x2045",
					     "30x", "x",      "+30", "0x20" };
	static const char *const bools[] = { "1", "0", "y",    "n", "on",  "off",
					     "e", "d", "Y\\n", "2", "-1",  "\\x201",
					     "o", "x", "T",    "F", "\\e", "\\n" };
	static const char *const events[] = {
		"add",
		"change\\n",
		"remove",
		"move",
		"online",
		"offline",
		"bind",
		"unbind",
		"nosuch",
		"add\\n\\n",
		"change\\x2062177883-f1bb-47f0-914d-32a22e3a8804",
		"change\\x2062177883-f1bb-47f0-914d-32a22e3a8804\\x20A=1",
		"change\\x20x",
		"\\e",
		"chang",
		"changes",
		"\\x20add",
		"change\\x20",
		"ADD",
	};
	char text[TEXT_SIZE], path[TEXT_SIZE];

	switch (gen_below(g, 6)) {
	case 0:
		gen_line(g, "w sys/bus/ap/config_time %s", GEN_PICK(g, times));
		gen_line(g, "r sys/bus/ap/config_time");
		gen_line(g, "w sys/bus/ap/config_time 60");
		break;
	case 1: gen_line(g, "w sys/bus/ap/poll_thread %s", GEN_PICK(g, bools)); break;
	case 2: gen_line(g, "w sys/bus/ap/ap_domain %s", text_number(g, text, text_apqi(g))); break;
	case 3: gen_line(g, "w %s/uevent %s", dir_path(g, path), GEN_PICK(g, events)); break;
	case 4: gen_line(g, "w sys/bus/ap/scans %s", GEN_PICK(g, decimals)); break;
	default: gen_line(g, "w %s %s", attr_path(g, path), GEN_PICK(g, decimals));
	}
}

static void op_timeout(struct gen *g)
{
	static const char *const texts[] = {
		"0",
		"1",
		"120000000000",
		"120000000001",
		"250000\\n",
		"0x10",
		"010",
		"\\x205",
		"5x",
		"-1",
		"+7",
		"18446744073709551616",
		"x",
		"\\e",
		"18446744073709551615",
	};

	gen_line(g, "w sys/bus/ap/poll_timeout %s", GEN_PICK(g, texts));
	gen_line(g, "r sys/bus/ap/poll_timeout");
	gen_line(g, "w sys/bus/ap/poll_timeout 250000");
}

static void op_card(struct gen *g)
{
	static const char *const files[] = { "online", "online", "config", "request_count" };
	char path[TEXT_SIZE];

	gen_line(g, "w %s/%s %s", card_dir(g, path), GEN_PICK(g, files),
		 gen_chance(g, 70) ? decimals[gen_below(g, 4)] : GEN_PICK(g, decimals));
}

static void op_queue(struct gen *g)
{
	static const char *const files[] = { "online", "online", "reset", "request_count" };
	char path[TEXT_SIZE];

	gen_line(g, "w %s/%s %s", queue_dir(g, path), GEN_PICK(g, files),
		 gen_chance(g, 70) ? decimals[gen_below(g, 4)] : GEN_PICK(g, decimals));
}

static void op_override(struct gen *g)
{
	static const char *const names[] = {
		"vfio_ap\\n", "vfio_ap", "vfio_ap\\n",	   "cex4queue",
		"\\n",	      "\\n",	 "nodriver\\n",	   "vfio_ap\\x20\\n",
		"\\e",	      "\\x00x",	 "vfio_ap\\njunk", "vfio_ap\\x00x",
		"\\nx",
	};
	char path[TEXT_SIZE], queue[TEXT_SIZE];
	const char *from = gen_chance(g, 60) ? "cex4queue" : "vfio_ap";

	if (!g->override_phase && gen_chance(g, 90))
		return;
	queue_dir(g, path);
	gen_line(g, "w %s/driver_override %s", path, GEN_PICK(g, names));
	snprintf(queue, sizeof(queue), "%.8s", strrchr(path, '/') + 1);
	if (gen_chance(g, 60))
		gen_line(g, "w sys/bus/ap/drivers/%s/unbind %s", from, queue);
	if (gen_chance(g, 60))
		gen_line(g, "w sys/bus/ap/drivers_probe %s", queue);
	gen_line(g, "k %s/driver", path);
}

/* ---- beside the files ---------------------------------------------------------------------- */

static void op_guest(struct gen *g)
{
	const char *uuid = g->uuid[gen_below(g, GEN_UUIDS)];

	gen_line(g, "guest %s %s", gen_chance(g, 45) ? "start" : "stop", uuid);
	if (gen_chance(g, 50)) {
		gen_line(g, "r sys/module/vfio_ap/refcnt");
		gen_line(g, "r " MATRIX "/%s/guest_matrix", uuid);
	}
}

static void op_slot(struct gen *g)
{
	static const char *const attrs[] = { "matrix", "assign_adapter", "guest_matrix",
					     "assign_domain" };
	char path[TEXT_SIZE], text[TEXT_SIZE];
	unsigned slot = gen_below(g, 4);

	switch (gen_below(g, 6)) {
	case 0:
		gen_line(g, "f %u open %s/%s %s", slot, mdev_dir(g, path), attrs[slot],
			 slot & 1 ? "w" : "r");
		break;
	case 1:
		gen_line(g, "f %u open %s/online %s", slot, queue_dir(g, path),
			 slot & 1 ? "w" : "r");
		break;
	case 2: gen_line(g, "f %u read %u", slot, gen_chance(g, 50) ? 3 : 8000); break;
	case 3:
		gen_line(g, "f %u seek %u", slot, gen_chance(g, 70) ? 0 : gen_below(g, 5000));
		break;
	case 4: gen_line(g, "f %u write %s", slot, text_number(g, text, text_apid(g))); break;
	default: gen_line(g, "f %u %s", slot, gen_chance(g, 50) ? "close" : "read 100");
	}
}

static void op_change(struct gen *g)
{
	static const char *const verbs[] = { "truncate", "mkdir", "rmdir", "unlink", "symlink" };
	char path[TEXT_SIZE];

	if (gen_chance(g, 60))
		gen_line(g, "c %s %s", GEN_PICK(g, verbs), attr_path(g, path));
	else if (gen_chance(g, 50))
		gen_line(g, "c mkdir %s/new", dir_path(g, path));
	else
		gen_line(g, "c rename %s sys/bus/ap/new", attr_path(g, path));
}

/* ---- which ----------------------------------------------------------------------------------- */

void ops_phase(struct gen *g)
{
	g->override_phase = g->has_override && !g->override_phase;
	for (unsigned c = 0; c < g->n_cards; c++) {
		for (unsigned d = 0; d < g->n_domains && g->has_override; d++)
			gen_line(g, "w sys/devices/ap/card%02x/%02x.%04x/driver_override \\n",
				 g->card[c].id, g->card[c].id, g->domain[d]);
	}
	gen_line(g, "w sys/bus/ap/apmask +0-255");
	gen_line(g, "w sys/bus/ap/aqmask +0-255");
	gen_line(g, "r sys/bus/ap/bindings");
}

void ops_next(struct gen *g)
{
	static const struct {
		void (*op)(struct gen *g);
		unsigned weight, override_weight;
	} ops[] = {
		{ .op = ops_mask, .weight = 110, .override_weight = 8 },
		{ .op = op_bind, .weight = 70, .override_weight = 70 },
		{ .op = op_mdev, .weight = 60, .override_weight = 60 },
		{ .op = op_assign, .weight = 210, .override_weight = 210 },
		{ .op = op_config, .weight = 60, .override_weight = 60 },
		{ .op = op_bus, .weight = 50, .override_weight = 50 },
		{ .op = op_timeout, .weight = 5, .override_weight = 5 },
		{ .op = op_card, .weight = 35, .override_weight = 35 },
		{ .op = op_queue, .weight = 45, .override_weight = 45 },
		{ .op = op_override, .weight = 10, .override_weight = 120 },
		{ .op = hw_change, .weight = 40, .override_weight = 10 },
		{ .op = hw_autoprobe, .weight = 2, .override_weight = 2 },
		{ .op = hw_module, .weight = 4, .override_weight = 4 },
		{ .op = op_guest, .weight = 25, .override_weight = 25 },
		{ .op = op_slot, .weight = 50, .override_weight = 50 },
		{ .op = ops_read, .weight = 230, .override_weight = 230 },
		{ .op = op_look, .weight = 110, .override_weight = 110 },
		{ .op = op_change, .weight = 10, .override_weight = 10 },
		{ .op = op_tree, .weight = 3, .override_weight = 3 },
	};
	unsigned total = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		total += g->override_phase ? ops[i].override_weight : ops[i].weight;
	at = gen_below(g, total);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		unsigned weight = g->override_phase ? ops[i].override_weight : ops[i].weight;

		if (at < weight) {
			ops[i].op(g);
			return;
		}
		at -= weight;
	}
}
