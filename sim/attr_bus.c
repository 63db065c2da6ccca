/* SPDX-License-Identifier: MIT */
/*
 * Files of the buses, their drivers and of modules: /sys/bus/{ap,matrix,mdev},
 * /sys/module (K 2, 3).
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "parse.h"
#include "tree.h"

#define CONFIG_TIME_MIN	 5
#define CONFIG_TIME_MAX	 120
#define POLL_TIMEOUT_MAX UINT64_C(120000000000)

/* ---- /sys/bus/ap ------------------------------------------------------------------------- */

static int domain_show(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
		       struct page *page)
{
	page_printf(page, "%d\n", m->ap_domain);
	return 0;
}

static int domain_store(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			const struct input *in)
{
	int domain;

	if (parse_sci(in->text, machine_has(m, TRAIT_MASK_NUMBER_WRAPS), &domain) < 0 ||
	    domain < 0 || (unsigned)domain > m->max_domain ||
	    !vfioap_mask_has(&m->aqmask, (unsigned)domain))
		return -EINVAL;
	m->ap_domain = domain;
	return 0;
}

enum { HOST_ADAPTERS, HOST_DOMAINS, HOST_CONTROLS };

static int host_mask_show(struct machine *m, const struct at *at _unused_, unsigned which,
			  struct page *page)
{
	page_mask(page, which == HOST_ADAPTERS	? &m->host.adapters
			: which == HOST_DOMAINS ? &m->host.domains
						: &m->host.controls);
	page_printf(page, "\n");
	return 0;
}

static int max_show(struct machine *m, const struct at *at _unused_, unsigned adapters,
		    struct page *page)
{
	page_printf(page, "%u\n", adapters ? m->max_adapter : m->max_domain);
	return 0;
}

static int config_time_show(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			    struct page *page)
{
	page_printf(page, "%d\n", m->config_time);
	return 0;
}

static int config_time_store(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			     const struct input *in)
{
	int seconds;

	if (parse_scd(in->text, machine_has(m, TRAIT_MASK_NUMBER_WRAPS), &seconds) < 0 ||
	    seconds < CONFIG_TIME_MIN || seconds > CONFIG_TIME_MAX)
		return -EINVAL;
	m->config_time = seconds;
	return 0;
}

/* This machine has AP interrupts: the thread is never started (K 3). */
static int poll_thread_store(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			     const struct input *in)
{
	bool on;
	int value;

	if (machine_has(m, TRAIT_POLL_STRICT))
		return parse_bool(in->text, machine_has(m, TRAIT_BOOL_WORDS), &on);
	return parse_scd(in->text, machine_has(m, TRAIT_MASK_NUMBER_WRAPS), &value);
}

static int poll_timeout_show(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			     struct page *page)
{
	page_printf(page, "%llu\n", (unsigned long long)m->poll_timeout);
	return 0;
}

static int poll_timeout_store(struct machine *m, const struct at *at _unused_,
			      unsigned arg _unused_, const struct input *in)
{
	bool strict = machine_has(m, TRAIT_POLL_STRICT);
	uint64_t ns;
	int rc;

	rc = strict ? parse_kul(in->text, &ns) : parse_llu(in->text, &ns);
	if (rc < 0)
		return rc;
	if (ns > POLL_TIMEOUT_MAX || (!strict && !ns))
		return -EINVAL;
	m->poll_timeout = ns;
	queue_poll(m);
	return 0;
}

static int scans_show(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
		      struct page *page)
{
	page_printf(page, "%llu\n", (unsigned long long)m->scans);
	return 0;
}

static int scans_store(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
		       const struct input *in _unused_)
{
	return scan_run(m);
}

static int bindings_show(struct machine *m, const struct at *at _unused_, unsigned arg _unused_,
			 struct page *page)
{
	page_printf(page, "%u/%u%s\n", m->n_bound, m->n_queues,
		    m->scans && m->n_bound == m->n_queues ? " (complete)" : "");
	return 0;
}

static int bindings_count_show(struct machine *m, const struct at *at _unused_,
			       unsigned arg _unused_, struct page *page)
{
	page_printf(page, "%llu\n", (unsigned long long)m->bindings_complete);
	return 0;
}

/* Constant texts; the numbers in the tables below are indices. */
enum { TEXT_0, TEXT_1, TEXT_BUS_FEATURES, TEXT_LIVE, TEXT_EMPTY_LINE, TEXT_SIZE, TEXT_MSGPOOL };

static int text_show(struct machine *m _unused_, const struct at *at _unused_, unsigned text,
		     struct page *page)
{
	static const char *const texts[] = {
		[TEXT_0] = "0",
		[TEXT_1] = "1",
		[TEXT_BUS_FEATURES] = "APSC APXA QACT RC8A APSB",
		[TEXT_LIVE] = "live",
		[TEXT_EMPTY_LINE] = "",
		[TEXT_SIZE] = "36864",
		[TEXT_MSGPOOL] = "8",
	};

	page_printf(page, "%s\n", texts[text]);
	return 0;
}

/* ---- drivers_autoprobe: of three buses ------------------------------------------------------ */

static bool *autoprobe(struct machine *m, unsigned bus)
{
	return bus == OBJECT_BUS_AP	  ? &m->autoprobe
	       : bus == OBJECT_BUS_MATRIX ? &m->matrix_autoprobe
					  : &m->mdev_autoprobe;
}

static int autoprobe_show(struct machine *m, const struct at *at _unused_, unsigned bus,
			  struct page *page)
{
	page_printf(page, "%d\n", *autoprobe(m, bus));
	return 0;
}

static int autoprobe_store(struct machine *m, const struct at *at _unused_, unsigned bus,
			   const struct input *in)
{
	*autoprobe(m, bus) = in->text[0] != '0';
	return 0;
}

/* The matrix bus has one device, and it is bound. */
static int matrix_bus_probe_store(struct machine *m _unused_, const struct at *at _unused_,
				  unsigned arg _unused_, const struct input *in)
{
	return !strcmp(in->text, "matrix") || !strcmp(in->text, "matrix\n") ? 0 : -ENODEV;
}

static const struct attr bus_attrs[] = {
	{ .name = "uevent", .mode = 0200, .store = uevent_store, .arg = OBJECT_BUS_AP },
	{ .name = "drivers_probe", .mode = 0200, .store = driver_probe_store },
	{ .name = "drivers_autoprobe",
	  .mode = 0644,
	  .show = autoprobe_show,
	  .store = autoprobe_store,
	  .arg = OBJECT_BUS_AP },
	{ .name = "ap_domain", .mode = 0644, .show = domain_show, .store = domain_store },
	{ .name = "ap_control_domain_mask",
	  .mode = 0444,
	  .show = host_mask_show,
	  .arg = HOST_CONTROLS },
	{ .name = "ap_usage_domain_mask",
	  .mode = 0444,
	  .show = host_mask_show,
	  .arg = HOST_DOMAINS },
	{ .name = "ap_adapter_mask", .mode = 0444, .show = host_mask_show, .arg = HOST_ADAPTERS },
	{ .name = "config_time",
	  .mode = 0644,
	  .show = config_time_show,
	  .store = config_time_store },
	{ .name = "poll_thread",
	  .mode = 0644,
	  .show = text_show,
	  .store = poll_thread_store,
	  .arg = TEXT_0 },
	{ .name = "ap_interrupts", .mode = 0444, .show = text_show, .arg = TEXT_1 },
	{ .name = "poll_timeout",
	  .mode = 0644,
	  .show = poll_timeout_show,
	  .store = poll_timeout_store },
	{ .name = "ap_max_domain_id", .mode = 0444, .show = max_show, .arg = false },
	{ .name = "ap_max_adapter_id", .mode = 0444, .show = max_show, .arg = true },
	{ .name = "apmask",
	  .mode = 0644,
	  .show = bus_mask_show,
	  .store = bus_mask_store,
	  .arg = BUS_APMASK },
	{ .name = "aqmask",
	  .mode = 0644,
	  .show = bus_mask_show,
	  .store = bus_mask_store,
	  .arg = BUS_AQMASK },
	{ .name = "scans",
	  .mode = 0644,
	  .show = scans_show,
	  .store = scans_store,
	  .with = TRAIT_SCANS_WRITE },
	{ .name = "scans", .mode = 0444, .show = scans_show, .without = TRAIT_SCANS_WRITE },
	{ .name = "bindings", .mode = 0444, .show = bindings_show },
	{ .name = "bindings_complete_count",
	  .mode = 0444,
	  .show = bindings_count_show,
	  .with = TRAIT_BINDINGS_COUNT },
	{ .name = "features",
	  .mode = 0444,
	  .show = text_show,
	  .arg = TEXT_BUS_FEATURES,
	  .with = TRAIT_BUS_FEATURES },
};
const struct attr_group attr_bus = { TREE_ATTRS(bus_attrs) };

static const struct attr bus_matrix_attrs[] = {
	{ .name = "uevent", .mode = 0200, .store = uevent_store, .arg = OBJECT_BUS_MATRIX },
	{ .name = "drivers_probe", .mode = 0200, .store = matrix_bus_probe_store },
	{ .name = "drivers_autoprobe",
	  .mode = 0644,
	  .show = autoprobe_show,
	  .store = autoprobe_store,
	  .arg = OBJECT_BUS_MATRIX },
};
const struct attr_group attr_bus_matrix = { TREE_ATTRS(bus_matrix_attrs), .life = LIFE_VFIO_AP };

static const struct attr bus_mdev_attrs[] = {
	{ .name = "uevent", .mode = 0200, .store = uevent_store, .arg = OBJECT_BUS_MDEV },
	{ .name = "drivers_probe", .mode = 0200, .store = matrix_probe_store },
	{ .name = "drivers_autoprobe",
	  .mode = 0644,
	  .show = autoprobe_show,
	  .store = autoprobe_store,
	  .arg = OBJECT_BUS_MDEV },
};
const struct attr_group attr_bus_mdev = { TREE_ATTRS(bus_mdev_attrs) };

/* ---- drivers ----------------------------------------------------------------------------------
 */

static const struct attr driver_attrs[] = {
	{ .name = "uevent", .mode = 0200, .store = uevent_store, .arg = OBJECT_DRIVER },
	{ .name = "bind", .mode = 0200, .store = driver_bind_store },
	{ .name = "unbind", .mode = 0200, .store = driver_unbind_store },
};
const struct attr_group attr_driver = { TREE_ATTRS(driver_attrs), .life = LIFE_DRIVER };

static const struct attr driver_matrix_attrs[] = {
	{ .name = "uevent", .mode = 0200, .store = uevent_store, .arg = OBJECT_MATRIX_DRIVER },
};
const struct attr_group attr_driver_matrix = { TREE_ATTRS(driver_matrix_attrs),
					       .life = LIFE_VFIO_AP };

static const struct attr driver_mdev_attrs[] = {
	{ .name = "uevent", .mode = 0200, .store = uevent_store, .arg = OBJECT_MDEV_DRIVER },
	{ .name = "bind", .mode = 0200, .store = matrix_bind_store },
	{ .name = "unbind", .mode = 0200, .store = matrix_unbind_store },
};
const struct attr_group attr_driver_mdev = { TREE_ATTRS(driver_mdev_attrs), .life = LIFE_VFIO_AP };

/* ---- modules ------------------------------------------------------------------------------------
 */

static bool is_loadable(const struct machine *m _unused_, const struct at *at)
{
	return at->id[0] != MODULE_AP;
}

static bool is_ap(const struct machine *m _unused_, const struct at *at)
{
	return at->id[0] == MODULE_AP;
}

static int refcnt_show(struct machine *m, const struct at *at, unsigned arg _unused_,
		       struct page *page)
{
	page_printf(page, "%u\n", at->id[0] == MODULE_VFIO_AP ? m->n_attached : 0);
	return 0;
}

static const struct attr module_attrs[] = {
	{ .name = "coresize", .mode = 0444, .show = text_show, .arg = TEXT_SIZE },
	{ .name = "initsize", .mode = 0444, .show = text_show, .arg = TEXT_0 },
	{ .name = "initstate", .mode = 0444, .show = text_show, .arg = TEXT_LIVE },
	{ .name = "refcnt", .mode = 0444, .show = refcnt_show },
	{ .name = "taint", .mode = 0444, .show = text_show, .arg = TEXT_EMPTY_LINE },
	{ .name = "uevent", .mode = 0200, .store = uevent_store, .arg = OBJECT_MODULE },
};
const struct attr_group attr_module = { TREE_ATTRS(module_attrs), .life = LIFE_MODULE,
					.has = is_loadable };

static const struct attr module_ap_attrs[] = {
	{ .name = "uevent", .mode = 0200, .store = uevent_store, .arg = OBJECT_MODULE },
};
const struct attr_group attr_module_ap = { TREE_ATTRS(module_ap_attrs), .life = LIFE_MODULE,
					   .has = is_ap };

/* The boot string, whatever the masks are now (K 2). */
static int boot_mask_show(struct machine *m, const struct at *at _unused_, unsigned which,
			  struct page *page)
{
	const char *text = which == BUS_APMASK ? m->boot_apmask : m->boot_aqmask;

	page_printf(page, "%s\n", text ? text : "(null)");
	return 0;
}

static const struct attr module_ap_parameters[] = {
	{ .name = "domain", .mode = 0440, .show = domain_show, .without = TRAIT_PARAM_READABLE },
	{ .name = "domain", .mode = 0444, .show = domain_show, .with = TRAIT_PARAM_READABLE },
	{ .name = "poll_thread",
	  .mode = 0440,
	  .show = text_show,
	  .arg = TEXT_0,
	  .without = TRAIT_PARAM_READABLE },
	{ .name = "poll_thread",
	  .mode = 0444,
	  .show = text_show,
	  .arg = TEXT_0,
	  .with = TRAIT_PARAM_READABLE },
	{ .name = "apmask",
	  .mode = 0440,
	  .show = boot_mask_show,
	  .arg = BUS_APMASK,
	  .without = TRAIT_PARAM_READABLE },
	{ .name = "apmask",
	  .mode = 0444,
	  .show = boot_mask_show,
	  .arg = BUS_APMASK,
	  .with = TRAIT_PARAM_READABLE },
	{ .name = "aqmask",
	  .mode = 0440,
	  .show = boot_mask_show,
	  .arg = BUS_AQMASK,
	  .without = TRAIT_PARAM_READABLE },
	{ .name = "aqmask",
	  .mode = 0444,
	  .show = boot_mask_show,
	  .arg = BUS_AQMASK,
	  .with = TRAIT_PARAM_READABLE },
	{ .name = "useirq",
	  .mode = 0440,
	  .show = text_show,
	  .arg = TEXT_1,
	  .with = TRAIT_PARAM_USEIRQ,
	  .without = TRAIT_PARAM_READABLE },
	{ .name = "useirq",
	  .mode = 0444,
	  .show = text_show,
	  .arg = TEXT_1,
	  .with = TRAIT_PARAM_READABLE },
	{ .name = "msgpool_min_items",
	  .mode = 0400,
	  .show = text_show,
	  .arg = TEXT_MSGPOOL,
	  .with = TRAIT_PARAM_MSGPOOL },
};
const struct attr_group attr_module_ap_parameters = { TREE_ATTRS(module_ap_parameters),
						      .life = LIFE_MODULE };
