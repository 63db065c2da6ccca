// SPDX-License-Identifier: MIT
/*
 * Items of vfioap doctor about the next boot: masks, overrides, and who starts the devices.
 */
#include "doctor.h"

#include <stdio.h>
#include <string.h>

#include "nextboot.h"

static unsigned autostart_count(const struct snapshot *now)
{
	unsigned n = 0;

	for (size_t i = 0; i < now->n_devices; i++) {
		const struct definition *definition = now->device[i].definition;

		n += definition && definition->problem == CONFIG_OK && definition->start_auto;
	}
	return n;
}

/* The queues that get an override to vfio_ap at each boot. */
static struct qset lasting_find(const struct snapshot *now)
{
	struct qset queues = now->overrides.queues;

	qset_or(&queues, &now->driverctl);
	return queues;
}

bool doctor_rules(const struct doctor *d)
{
	const struct udev_rules *rules = &d->now->rules;

	if (!rules->present)
		return doctor_say(d, DOCTOR_OK, NULL, "no '/" PATH_RULES "': it sets no mask");
	if (rules->own_form)
		return doctor_say(d, DOCTOR_OK, NULL, "'/" PATH_RULES "' is as chzdev writes it");
	return doctor_say(d, DOCTOR_FAIL, "'vfioap check' tells all of it; move the file away",
			  "'/" PATH_RULES "' is not as chzdev writes it%s%s",
			  d->facts->rules.n ? ": " : "",
			  d->facts->rules.n ? d->facts->rules.v[0] : "");
}

bool doctor_run_rules(const struct doctor *d)
{
	if (!d->facts->run_rules)
		return doctor_say(d, DOCTOR_OK, NULL, "no '/" PATH_RUN_RULES "' beside it");
	if (d->now->rules.present)
		return doctor_say(d, DOCTOR_WARN, "'rm /" PATH_RUN_RULES "'",
				  "'/" PATH_RUN_RULES "' is there too: udev reads the one in /etc "
				  "instead");
	return doctor_say(d, DOCTOR_WARN,
			  "'chzdev --type ap -p' sets masks for the next boot as well",
			  "'/" PATH_RUN_RULES "' sets masks until the next boot, and no longer");
}

/*
 * Source: ap_bus.c: a parameter that cannot be read is all zeros; one that can does not count as
 * a mask in use, until a mask is written: from then on overrides are refused.
 */
static bool parameters_say(const struct doctor *d, const struct nextboot *boot)
{
	const struct apbus_boot *given = &d->now->boot;
	const bool apmask = boot->garbled.apmask;

	if (apmask || boot->garbled.aqmask)
		return doctor_say(d, DOCTOR_FAIL, "correct the kernel's command line",
				  "ap.%s=%s is no mask: the kernel takes it for all zeros, and the "
				  "host gets no queue",
				  apmask ? "apmask" : "aqmask",
				  apmask ? given->apmask : given->aqmask);
	if (given->hidden)
		return doctor_say(d, DOCTOR_WARN, "run it as root",
				  "only root can see whether the kernel was given masks");
	if ((given->apmask || given->aqmask) && d->now->bus.override_known)
		return doctor_say(d, DOCTOR_WARN,
				  "set the masks by chzdev or reserve -P, and not on the kernel's "
				  "command line",
				  "the kernel was given ap.%s=: it takes driver overrides until a "
				  "mask is first changed, and none from then on",
				  given->apmask ? "apmask" : "aqmask");
	return doctor_say(d, DOCTOR_OK, NULL, "the masks of the next boot are plain");
}

bool doctor_boot_masks(const struct doctor *d)
{
	const struct nextboot boot = nextboot_find(d->now, &d->now->rules);
	struct qset queues = lasting_find(d->now);
	bool lasting = !qset_is_empty(&queues);

	/* Those of now are gone then; but who sets them again will be refused. */
	qset_or(&queues, &d->now->bus.override);
	if (boot.known && !apbus_masks_all(&boot.masks) && !qset_is_empty(&queues) &&
	    !boot.garbled.apmask && !boot.garbled.aqmask)
		return doctor_say(
			d, lasting ? DOCTOR_FAIL : DOCTOR_WARN,
			"one of the two has to go: 'vfioap show masks' tells where the "
			"masks come from",
			"the next boot sets masks, and %u queues are for guests by driver "
			"override: the kernel takes no override then",
			qset_count(&queues));
	return parameters_say(d, &boot);
}

bool doctor_overrides(const struct doctor *d)
{
	const struct snapshot *now = d->now;

	if (now->overrides.bad_line)
		return doctor_say(d, DOCTOR_FAIL, "correct that line",
				  "'/" PATH_OVERRIDES "': line %u names no queue: none is reserved",
				  now->overrides.bad_line);
	if (qset_is_empty(&now->overrides.queues))
		return doctor_say(d, DOCTOR_OK, NULL, "no driver override is to last");
	if (!*d->facts->override_rule.path)
		return doctor_say(d, DOCTOR_FAIL, "install vfioap as a whole",
				  "'/" PATH_OVERRIDES
				  "' names queues, and there is no " NAME_OVERRIDE_RULE
				  " that reserves them at the next boot");
	return doctor_say(d, DOCTOR_OK, NULL, "'/%s' reserves the queues of '/" PATH_OVERRIDES "'",
			  d->facts->override_rule.path);
}

bool doctor_mdevctl(const struct doctor *d)
{
	if (!*d->facts->mdevctl.path)
		return doctor_say(d, DOCTOR_WARN, "install the package mdevctl",
				  "mdevctl is not installed: libvirt needs it for devices");
	if (d->facts->missing_dir)
		return doctor_say(d, DOCTOR_FAIL, "install the package mdevctl again",
				  "directory '/%s' is missing: mdevctl does nothing without it",
				  d->facts->missing_dir);
	return doctor_say(d, DOCTOR_OK, NULL, "/%s is there", d->facts->mdevctl.path);
}

/* The rule runs what it names, or nothing at all, and nobody is told. */
bool doctor_mdevctl_rule(const struct doctor *d)
{
	static const char hint[] = "'systemctl enable vfioap-autostart.service' starts them too";
	const struct doctor_facts *facts = d->facts;
	const unsigned n = autostart_count(d->now);
	const enum doctor_state state = n && !facts->service ? DOCTOR_FAIL : DOCTOR_WARN;

	if (!*facts->mdevctl.path)
		return false;
	if (!*facts->mdevctl_rule.path)
		return doctor_say(d, state, hint,
				  "there is no 60-mdevctl.rules: udev starts no device");
	if (!facts->rule_program_exists)
		return doctor_say(
			d, state, hint, "'/%s' runs /%s, which is not there: mdevctl is /%s",
			facts->mdevctl_rule.path, facts->rule_program.path, facts->mdevctl.path);
	return doctor_say(d, DOCTOR_OK, NULL, "'/%s' runs /%s", facts->mdevctl_rule.path,
			  facts->rule_program.path);
}

/* Source: ap_tools/ap-check.sh of s390-tools: without the program it exits with 1 for all types. */
bool doctor_callouts(const struct doctor *d)
{
	static const char *const dirs[] = {
		[DOCTOR_DIR_LIB] = PATH_CALLOUTS_LIB,
		[DOCTOR_DIR_ETC] = PATH_CALLOUTS_ETC,
	};
	const struct doctor_facts *facts = d->facts;
	bool linked = false, any = false;

	if (facts->has_ap_wrapper && !facts->has_ap_check)
		return doctor_say(d, DOCTOR_FAIL, "remove it, or install s390-tools as a whole",
				  "'/" PATH_CALLOUTS_ETC "/" NAME_AP_WRAPPER "' is there without "
				  "ap-check: an old mdevctl then refuses everything");
	for (size_t i = 0; i < DOCTOR_DIRS; i++) {
		any |= facts->link[i] != DOCTOR_LINK_NO_DIR;
		linked |= facts->link[i] == DOCTOR_LINK_OK;
		if (facts->link[i] == DOCTOR_LINK_BROKEN)
			return doctor_say(d, DOCTOR_FAIL, "vfioap-callout(8) tells where it leads",
					  "'/%s/" NAME_CALLOUT "' cannot be run: mdevctl passes it "
					  "over",
					  dirs[i]);
	}
	if (!any)
		return false;
	if (linked)
		return doctor_say(d, DOCTOR_OK, NULL, "mdevctl asks our callout%s",
				  facts->has_ap_check ? ", and not ap-check" : "");
	return doctor_say(d, DOCTOR_WARN, "a link, as vfioap-callout(8) tells",
			  facts->has_ap_check
				  ? "mdevctl asks ap-check alone, which does not see all conflicts"
				  : "mdevctl asks nobody before it changes a device");
}

/* ---- autostart ------------------------------------------------------------------------------ */

static const struct definition *broken_find(const struct snapshot *now)
{
	for (size_t i = 0; i < now->n_devices; i++) {
		const struct definition *definition = now->device[i].definition;

		if (definition && definition->problem != CONFIG_OK)
			return definition;
	}
	return NULL;
}

/* The device of vfio_ap appears, and mdevctl starts: before or after the masks are set? */
static bool order_say(const struct doctor *d, unsigned n)
{
	static const char hint[] = "'systemctl enable vfioap-autostart.service' starts them later";
	const struct udev_rules *rules = &d->now->rules;
	const struct qset lasting = lasting_find(d->now);
	const bool sets = rules->has_apmask || rules->has_aqmask || !qset_is_empty(&lasting);
	const char *early = *d->facts->early_load.path ? d->facts->early_load.path : NULL;

	if (sets && (early || d->facts->is_builtin))
		return doctor_say(
			d, DOCTOR_FAIL, hint,
			"%s%s%s: autostart (%u defined so) comes before the masks, and is "
			"refused",
			early ? "'/" : "vfio_ap is part of the kernel", early ? early : "",
			early ? "' loads vfio_ap early" : "", n);
	if (!sets && !early && !d->facts->is_builtin)
		return doctor_say(d, DOCTOR_FAIL, hint,
				  "nothing loads vfio_ap at the next boot: no device starts by "
				  "itself (%u defined so)",
				  n);
	return doctor_say(d, DOCTOR_OK, NULL, "autostart (%u defined so) comes when vfio_ap does",
			  n);
}

bool doctor_autostart(const struct doctor *d)
{
	const struct definition *broken = broken_find(d->now);
	const unsigned n = autostart_count(d->now);

	if (n && broken && !d->facts->service)
		return doctor_say(d, DOCTOR_FAIL, "correct or remove it",
				  "definition '%s' cannot be used (%s): mdevctl then starts no "
				  "other either",
				  broken->uuid, broken->detail);
	if (broken)
		return doctor_say(d, DOCTOR_WARN, "correct or remove it",
				  "definition '%s' cannot be used (%s)", broken->uuid,
				  broken->detail);
	if (!n)
		return doctor_say(d, DOCTOR_OK, NULL, "no device is to start by itself");
	if (d->facts->service)
		return doctor_say(d, DOCTOR_OK, NULL,
				  "vfioap-autostart.service starts what is defined so (%u)", n);
	return order_say(d, n);
}

bool doctor_initramfs(const struct doctor *d)
{
	const char *image = d->facts->image.path;

	if (!*image)
		return doctor_say(d, DOCTOR_OK, NULL,
				  "no initramfs is known to hold a copy of the rules");
	if (!d->facts->image_older)
		return doctor_say(d, DOCTOR_OK, NULL, "'/%s' is newer than the rules", image);
	return doctor_say(d, DOCTOR_WARN, "'update-initramfs -u'",
			  "'/%s' is older than '/" PATH_RULES "': a copy in it may set other masks "
			  "first",
			  image);
}

bool doctor_owners(const struct doctor *d)
{
	const struct doctor_owners *owners = &d->facts->owners;
	char who[32] = "every user", more[48] = "";

	if (!owners->n)
		return doctor_say(d, DOCTOR_OK, NULL,
				  "root alone writes the files that the next boot goes by");
	if (owners->writer != DOCTOR_WRITER_ALL)
		snprintf(who, sizeof(who), "%s %u",
			 owners->writer == DOCTOR_WRITER_USER ? "user" : "group", owners->id);
	if (owners->n > 1)
		snprintf(more, sizeof(more), "; %u more are not root's alone", owners->n - 1);
	doctor_say(d, DOCTOR_WARN, NULL,
		   "%s can write '/%s', and so decide what root does at the next boot%s", who,
		   owners->path, more);
	if (owners->writer == DOCTOR_WRITER_USER)
		doctor_hint(d, "'chown root:root /%s'", owners->path);
	else
		doctor_hint(d, "'chmod go-w /%s'", owners->path);
	return true;
}
