/* SPDX-License-Identifier: MIT */
/*
 * Rules of the audit about files: definitions and rules that the peers read otherwise than they
 * are meant, numbers that this machine does not have, the lock, master keys.
 *
 * Source: interop 2.3 (lock), 4.2 (rules), 6.2 (definitions).
 */
#include "audit_rules.h"

#include <errno.h>
#include <stdio.h>

#include "paths.h"
#include "str.h"
#include "zcrypt.h"

static void path_set(struct finding *proto, const char *path)
{
	snprintf(proto->path, sizeof(proto->path), "%s", path);
}

/* ---- numbers that the machine does not have -------------------------------------------------- */

struct range {
	const char *what;
	char option;
	unsigned max;
	struct vfioap_mask ids;
};

static int say_range(const struct audit *a, const struct audit_owner *o, const struct range *r)
{
	struct finding proto = audit_about(FINDING_ID_OUT_OF_RANGE, o);
	const struct vfioap_mask over =
		vfioap_mask_and(r->ids, vfioap_mask_range(r->max + 1, VFIOAP_IDS - 1));
	const char *s = vfioap_mask_count(&over) == 1 ? "" : "s";
	_cleanup_free_ char *hint = NULL;
	char list[VFIOAP_LIST_SIZE], party[SHARE_PARTY_SIZE];

	if (r->max + 1 >= VFIOAP_IDS || vfioap_mask_is_empty(&over))
		return 0;
	vfioap_list_format(&over, list);
	hint = finding_text("'vfioap unassign %s -%c %s' takes it out", o->device->uuid, r->option,
			    list);
	if (!hint)
		return -ENOMEM;
	*(r->option == 'a' ? &proto.adapters : &proto.domains) = over;
	return findings_say(
		a->ret, proto, hint, "%s %s %s%s %s: the highest of this machine is %u (0x%02x)",
		share_party(a->now, o->device->uuid, party), o->active ? "has" : "is defined with",
		r->what, s, list, r->max, r->max);
}

int audit_ranges(const struct audit *a)
{
	const struct apbus *bus = &a->now->bus;
	int rc = 0;

	for (size_t i = 0; rc == 0 && bus->present && i < a->n_owners; i++) {
		const struct audit_owner *o = &a->owner[i];
		const struct range rows[] = {
			{ .what = "adapter",
			  .option = 'a',
			  .max = bus->max_adapter,
			  .ids = o->matrix->adapters },
			{ .what = "domain",
			  .option = 'd',
			  .max = bus->max_domain,
			  .ids = o->matrix->domains },
			{ .what = "control domain",
			  .option = 'c',
			  .max = bus->max_domain,
			  .ids = o->matrix->controls },
		};

		for (size_t j = 0; rc == 0 && !audit_is_again(o) && j < ARRAY_SIZE(rows); j++)
			rc = say_range(a, o, &rows[j]);
	}
	return rc;
}

/* ---- definitions ----------------------------------------------------------------------------- */

/* What mdevctl and libap make of a file with a problem, by how config.c describes it. */
static const char *peers_text(const struct definition *d)
{
	static const struct {
		const char *detail, *text;
	} rows[] = {
		{ .detail = "mdev_type is missing",
		  .text = "mdevctl then starts no device at boot, and chzdev and ap-check crash" },
		{ .detail = "mdev_type is no text",
		  .text = "mdevctl crashes, and starts no device at boot" },
		{ .detail = "start is missing",
		  .text = "mdevctl then starts no device at boot, chzdev and ap-check take it for"
			  " auto" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(d->detail, rows[i].detail) == 0)
			return rows[i].text;
	switch (d->problem) {
	case CONFIG_UNREADABLE:
	case CONFIG_BAD_JSON: return "mdevctl stops at it, and starts no device at all at boot";
	case CONFIG_BAD_FIELD: return "mdevctl takes it for invalid, chzdev and ap-check for valid";
	case CONFIG_BAD_NUMBER:
	case CONFIG_OK:
	case CONFIG_OTHER_TYPE: break;
	}
	if (str_starts_with(d->detail, "ap_config "))
		return "the kernel takes it, chzdev and ap-check abort";
	if (strstr(d->detail, " leading zero"))
		return "people read it as decimal, and chzdev and ap-check may take 0";
	return "the kernel refuses it at the start, chzdev and ap-check take another number";
}

static int say_definition(const struct audit *a, const struct definition *d,
			  enum finding_severity severity, const char *what)
{
	struct finding proto = { .code = FINDING_FILE_MISREAD, .severity = severity };
	_cleanup_free_ char *hint = NULL;
	char path[PATH_SIZE];

	memcpy(proto.uuid[0], d->uuid, UUID_SIZE);
	path_set(&proto, path_definition(path, d->uuid));
	hint = finding_text(d->problem == CONFIG_OK ? "'vfioap show device %s' shows it"
						    : "correct it, or 'vfioap remove -P %s' removes"
						      " it",
			    d->uuid);
	if (!hint)
		return -ENOMEM;
	return findings_say(a->ret, proto, hint, "'/%s': %s", path, what);
}

/* As libap adds it up: no entry takes anything away, ap_config replaces all before it. */
static struct matrix libap_matrix(const struct definition *d)
{
	struct matrix m = { 0 };

	for (size_t i = 0; i < d->n_entries; i++) {
		const struct config_entry *entry = &d->entry[i];

		if (entry->what == CONFIG_AP_CONFIG)
			m = entry->matrix;
		else if (!entry->clear)
			vfioap_mask_set(entry->what == CONFIG_ADAPTER  ? &m.adapters
					: entry->what == CONFIG_DOMAIN ? &m.domains
								       : &m.controls,
					entry->id);
	}
	return m;
}

static int judge_definition(const struct audit *a, const struct definition *d)
{
	_cleanup_free_ char *text = NULL;
	struct matrix peers = libap_matrix(d);

	if (d->problem == CONFIG_OTHER_TYPE)
		return 0;
	if (d->problem != CONFIG_OK) {
		text = finding_text("%s: %s", d->detail, peers_text(d));
		return text ? say_definition(a, d, FINDING_ERROR, text) : -ENOMEM;
	}
	if (d->other) {
		text = finding_text("attribute '%s' is none of vfio_ap's: mdevctl starts the device"
				    " only if the kernel has it, chzdev and ap-check pass over it",
				    d->other);
		return text ? say_definition(a, d, FINDING_WARNING, text) : -ENOMEM;
	}
	if (d->set_only && !matrix_equal(&peers, &d->matrix))
		return say_definition(a, d, FINDING_WARNING,
				      "chzdev and ap-check pass over unassign entries, and see more"
				      " queues than the device has");
	return 0;
}

int audit_definitions(const struct audit *a)
{
	int rc = 0;

	if (!audit_looks(a, AUDIT_PERSISTENT))
		return 0;
	for (size_t i = 0; rc == 0 && i < a->now->definitions.n; i++)
		rc = judge_definition(a, &a->now->definitions.v[i]);
	return rc;
}

/* ---- rules, parameters, lists, the lock --------------------------------------------------------
 */

/* All lines of the report in one sentence. */
static int judge_rules(const struct audit *a)
{
	struct finding proto = { .code = FINDING_FILE_MISREAD };
	const struct udev_report *report = &a->facts->rules;
	_cleanup_free_ char *text = strdup("");

	if (!a->now->rules.present || a->now->rules.own_form)
		return 0;
	for (size_t i = 0; text && i < report->n; i++) {
		char *longer = finding_text("%s%s%s", text, i ? "; " : "", report->v[i]);

		free(text);
		text = longer;
	}
	if (!text)
		return -ENOMEM;
	path_set(&proto, PATH_RULES);
	return findings_say(a->ret, proto,
			    "remove or rename the file; 'chzdev_ap -p' sets masks anew",
			    "'/" PATH_RULES "' is not as chzdev writes it: %s", text);
}

static int judge_parameter(const struct audit *a, bool is_garbled, const char *name,
			   const char *path, const char *value)
{
	struct finding proto = { .code = FINDING_FILE_MISREAD };

	if (!is_garbled)
		return 0;
	path_set(&proto, path);
	return findings_say(a->ret, proto, "correct it on the kernel's command line",
			    "the kernel cannot parse %s%s, and takes it for no bit at all: every"
			    " queue leaves the host",
			    name, value);
}

static int judge_overrides(const struct audit *a)
{
	struct finding proto = { .code = FINDING_FILE_MISREAD };

	if (!a->facts->overrides_bad_line)
		return 0;
	path_set(&proto, PATH_OVERRIDES);
	return findings_say(a->ret, proto, "correct it: a queue a line, as '05.0004'",
			    "line %u of '/" PATH_OVERRIDES "' names no queue: nothing in it counts"
			    " at the next boot",
			    a->facts->overrides_bad_line);
}

static int judge_lock(const struct audit *a)
{
	struct finding proto = { .code = FINDING_LOCK_STALE };
	const struct lock_holder *holder = &a->facts->lock_holder;

	path_set(&proto, PATH_LOCK);
	if (a->facts->lock == LOCK_FOREIGN) {
		proto.severity = FINDING_WARNING;
		return findings_say(a->ret, proto, "'rm /" PATH_LOCK "' removes it",
				    "'/" PATH_LOCK
				    "' is no regular file: neither these programs nor"
				    " s390-tools can take the lock");
	}
	if (a->facts->lock != LOCK_STALE)
		return 0;
	if (!holder->pid)
		return findings_say(a->ret, proto, "the next change removes it",
				    "'/" PATH_LOCK "' is empty and old: nobody holds the lock");
	return findings_say(a->ret, proto, "the next change removes it",
			    "'/" PATH_LOCK "' is left over: process %d is dead", (int)holder->pid);
}

int audit_files(const struct audit *a)
{
	int rc = 0;

	if (audit_looks(a, AUDIT_ACTIVE))
		rc = judge_lock(a);
	if (rc < 0 || !audit_looks(a, AUDIT_PERSISTENT))
		return rc;
	rc = judge_rules(a);
	if (rc == 0)
		rc = judge_overrides(a);
	if (rc == 0)
		rc = judge_parameter(a, a->boot.garbled.apmask, "ap.apmask=", PATH_AP_BOOT_APMASK,
				     a->now->boot.apmask);
	return rc < 0 ? rc
		      : judge_parameter(a, a->boot.garbled.aqmask,
					"ap.aqmask=", PATH_AP_BOOT_AQMASK, a->now->boot.aqmask);
}

/* ---- master keys -------------------------------------------------------------------------------
 */

static int say_key(void *arg, struct finding proto, const char *queues)
{
	const struct audit *a = arg;
	_cleanup_free_ char *keys = NULL;
	unsigned registers = 0;

	for (size_t i = 0; i < a->facts->n_keys; i++)
		if (vfioap_mask_has(&proto.adapters, a->facts->key[i].apid) &&
		    vfioap_mask_has(&proto.domains, a->facts->key[i].apqi))
			registers |= a->facts->key[i].keys;
	keys = zcrypt_keys_format(registers);
	if (!keys)
		return -ENOMEM;
	return findings_say(a->ret, proto,
			    "zeroize them (TKE, panel) unless the next owner is to have"
			    " them",
			    "master keys are left in %s, on the way to another owner: %s", queues,
			    keys);
}

/* By their owner, so that a device can be asked about; those of nobody last. */
int audit_keys(const struct audit *a)
{
	struct audit copy = *a;
	struct qset rest = { 0 };
	int rc = 0;

	for (size_t i = 0; i < a->facts->n_keys; i++)
		qset_add(&rest, a->facts->key[i].apid, a->facts->key[i].apqi);
	for (size_t i = 0; rc == 0 && i < a->n_owners && !qset_is_empty(&rest); i++) {
		struct qset queues;

		share_queues(&queues, a->owner[i].matrix);
		qset_and(&queues, &rest);
		qset_andnot(&rest, &queues);
		rc = share_say(&queues, audit_about(FINDING_KEY_LEFT, &a->owner[i]), say_key,
			       &copy);
	}
	return rc == 0 ? share_say(&rest, audit_about(FINDING_KEY_LEFT, NULL), say_key, &copy) : rc;
}
