/* SPDX-License-Identifier: MIT */
/*
 * The hardware, and what an administrator does at the HMC or with modprobe:
 * machine_ctl().  The kernel notices changes of the hardware at its next scan.
 */
#include "model.h"

#include <errno.h>
#include <string.h>

#include "str.h"

int hw_type_parse(const char *text, unsigned *ret_hwtype, char *ret_mode)
{
	const char *p = str_starts_with(text, "CEX");

	/* The oldest, CEX3C, has hardware type 9; CEX4 to CEX8 have 10 to 14. */
	if (!p || *p < '3' || *p > '8' || !p[1] || p[2] || !strchr("ACP", p[1]))
		return -EINVAL;
	if (*p == '3' && p[1] != 'C')
		return -EINVAL;
	*ret_hwtype = (unsigned)(*p - '4') + 10;
	*ret_mode = p[1];
	return 0;
}

struct vfioap_mask hw_adapters(const struct machine *m)
{
	struct vfioap_mask mask = { { 0 } };

	for (unsigned apid = 0; apid <= m->max_adapter && apid < VFIOAP_IDS; apid++)
		if (m->card[apid].hw.present)
			vfioap_mask_set(&mask, apid);
	return mask;
}

struct vfioap_mask hw_domains(const struct machine *m)
{
	return vfioap_mask_and(m->usage, vfioap_mask_range(0, m->max_domain));
}

struct vfioap_mask hw_controls(const struct machine *m)
{
	return vfioap_mask_and(m->control, vfioap_mask_range(0, m->max_domain));
}

/* ---- machine_ctl() ------------------------------------------------------------------ */

/* What is behind the verb; @argv[0] is the verb itself. */
struct order {
	int argc;
	const char *const *argv;
	FILE *out;
};

static int order_usage(struct err *err, const char *usage)
{
	return err_set(err, -EINVAL, "usage: %s", usage);
}

static int order_id(const char *text, unsigned max, const char *what, unsigned *ret,
		    struct err *err)
{
	struct vfioap_parse_error error;
	char why[192];
	unsigned id;
	int rc;

	rc = vfioap_id_parse(text, &id, &error);
	if (rc < 0)
		return err_set(err, rc, "bad %s '%s': %s", what, text,
			       vfioap_parse_message(text, &error, why, sizeof(why)));
	if (id > max)
		return err_set(err, -ERANGE, "%s %u is above %u, the machine's highest", what, id,
			       max);
	*ret = id;
	return 0;
}

static int card_add(struct card *card, const char *type, struct err *err)
{
	unsigned hwtype;
	char mode;

	if (hw_type_parse(type, &hwtype, &mode) < 0)
		return err_set(err, -EINVAL, "unknown card type '%s'", type);
	card->hw = (struct lpar_card){ .present = true, .config = true };
	snprintf(card->hw.type, sizeof(card->hw.type), "%s", type);
	return 0;
}

static int order_card(struct machine *m, const struct order *o, struct err *err)
{
	static const char usage[] = "card add ID TYPE | card remove|config|deconfig|chkstop|"
				    "unchkstop ID";
	struct lpar_card *hw;
	const char *verb;
	unsigned apid;
	int rc;

	if (o->argc < 3)
		return order_usage(err, usage);
	verb = o->argv[1];
	rc = order_id(o->argv[2], m->max_adapter, "adapter", &apid, err);
	if (rc < 0)
		return rc;
	hw = &m->card[apid].hw;
	if (!strcmp(verb, "add") && o->argc == 4)
		return card_add(&m->card[apid], o->argv[3], err);
	if (o->argc != 3)
		return order_usage(err, usage);
	if (!hw->present)
		return err_set(err, -ENOENT, "no card %02x", apid);
	if (!strcmp(verb, "remove"))
		*hw = (struct lpar_card){ .present = false };
	else if (!strcmp(verb, "config") || !strcmp(verb, "deconfig"))
		hw->config = *verb == 'c';
	else if (!strcmp(verb, "chkstop") || !strcmp(verb, "unchkstop"))
		hw->chkstop = *verb == 'c';
	else
		return order_usage(err, usage);
	return 0;
}

static int order_domain(struct machine *m, const struct order *o, struct err *err)
{
	static const char usage[] = "domain add|remove [--control|--usage] ID";
	bool usage_too = true, control_too = true, add;
	unsigned apqi;
	int rc;

	if (o->argc < 3 || o->argc > 4 ||
	    (strcmp(o->argv[1], "add") != 0 && strcmp(o->argv[1], "remove") != 0))
		return order_usage(err, usage);
	add = !strcmp(o->argv[1], "add");
	if (o->argc == 4) {
		usage_too = !strcmp(o->argv[2], "--usage");
		control_too = !strcmp(o->argv[2], "--control");
		if (!usage_too && !control_too)
			return order_usage(err, usage);
	}
	rc = order_id(o->argv[o->argc - 1], m->max_domain, "domain", &apqi, err);
	if (rc < 0)
		return rc;
	if (usage_too)
		model_mask_put(&m->usage, apqi, add);
	if (control_too)
		model_mask_put(&m->control, apqi, add);
	return 0;
}

static int order_scan(struct machine *m, const struct order *o, struct err *err)
{
	if (o->argc != 1)
		return order_usage(err, "scan");
	return scan_run(m) < 0 ? err_oom(err) : 0;
}

static int order_module(struct machine *m, const struct order *o, struct err *err)
{
	bool load;
	int rc;

	if (o->argc != 3 || (strcmp(o->argv[1], "load") != 0 && strcmp(o->argv[1], "unload") != 0))
		return order_usage(err, "module load|unload NAME");
	load = !strcmp(o->argv[1], "load");
	for (enum module module = 0; module < MODULE_COUNT; module++) {
		if (strcmp(o->argv[2], module_names[module]) != 0)
			continue;
		rc = load ? module_load(m, module) : module_unload(m, module);
		if (rc == -ENOENT)
			return err_set(err, rc,
				       load ? "no module '%s' on this kernel"
					    : "module '%s' is not loaded",
				       o->argv[2]);
		if (rc == -EBUSY)
			return err_set(err, rc, "module '%s' is in use", o->argv[2]);
		return rc;
	}
	return err_set(err, -ENOENT, "no module '%s'", o->argv[2]);
}

static int order_state(struct machine *m, const struct order *o, struct err *err)
{
	if (o->argc != 1)
		return order_usage(err, "state");
	return state_print(m, o->out) < 0 ? err_oom(err) : 0;
}

int machine_ctl(struct machine *m, int argc, const char *const *argv, FILE *out, struct err *err)
{
	static const struct {
		const char *verb;
		int (*run)(struct machine *m, const struct order *o, struct err *err);
	} orders[] = {
		{ .verb = "card", .run = order_card },	 { .verb = "domain", .run = order_domain },
		{ .verb = "scan", .run = order_scan },	 { .verb = "module", .run = order_module },
		{ .verb = "state", .run = order_state },
	};
	struct order o = { .argc = argc, .argv = argv, .out = out };
	int rc = -ENOTSUP;

	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; argc > 0 && i < ARRAY_SIZE(orders); i++)
		if (!strcmp(argv[0], orders[i].verb))
			rc = orders[i].run(m, &o, err);
	pthread_mutex_unlock(&m->lock);
	return rc;
}
