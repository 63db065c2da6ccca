/* SPDX-License-Identifier: MIT */
/*
 * The list of findings and the table of their kinds.  Who finds what is in conflict.c,
 * pool.c and the commands; who prints it in cmd.c.
 */
#include "findings.h"

#include <errno.h>
#include <stdarg.h>

static const struct {
	const char *name;
	enum finding_severity severity;
} codes[FINDING_CODES] = {
	[FINDING_QUEUE_SHARED_ACTIVE] = { .name = "queue-shared-active",
					  .severity = FINDING_ERROR },
	[FINDING_QUEUE_SHARED_AUTOSTART] = { .name = "queue-shared-autostart",
					     .severity = FINDING_ERROR },
	[FINDING_QUEUE_SHARED_DEFINITION] = { .name = "queue-shared-definition",
					      .severity = FINDING_WARNING },
	[FINDING_QUEUE_HOST_ACTIVE] = { .name = "queue-host-active", .severity = FINDING_ERROR },
	[FINDING_QUEUE_HOST_PERSISTENT] = { .name = "queue-host-persistent",
					    .severity = FINDING_ERROR },
	[FINDING_QUEUE_NOT_IN_GUEST] = { .name = "queue-not-in-guest",
					 .severity = FINDING_WARNING },
	[FINDING_ID_OUT_OF_RANGE] = { .name = "id-out-of-range", .severity = FINDING_ERROR },
	[FINDING_DEVICE_EXISTS] = { .name = "device-exists", .severity = FINDING_ERROR },
	[FINDING_DEVICE_IN_USE] = { .name = "device-in-use", .severity = FINDING_ERROR },
	[FINDING_DEVICE_TOO_LARGE] = { .name = "device-too-large", .severity = FINDING_ERROR },
	[FINDING_RELEASE_TAKES_MORE] = { .name = "release-takes-more", .severity = FINDING_ERROR },
	[FINDING_QUEUE_ABSENT] = { .name = "queue-absent", .severity = FINDING_WARNING },
	[FINDING_MASKS_AND_OVERRIDES] = { .name = "masks-and-overrides",
					  .severity = FINDING_ERROR },
	[FINDING_MODULE_MISSING] = { .name = "module-missing", .severity = FINDING_ERROR },
	[FINDING_QUEUE_NOT_BOUND] = { .name = "queue-not-bound", .severity = FINDING_ERROR },
	[FINDING_WRITE_REFUSED] = { .name = "write-refused", .severity = FINDING_ERROR },
	[FINDING_FILE_MISREAD] = { .name = "file-misread", .severity = FINDING_ERROR },
	[FINDING_DEVICE_DIFFERS] = { .name = "device-differs", .severity = FINDING_ERROR },
	[FINDING_RESERVE_TAKES_MORE] = { .name = "reserve-takes-more", .severity = FINDING_ERROR },
	[FINDING_OVERRIDE_FOREIGN] = { .name = "override-foreign", .severity = FINDING_ERROR },
	[FINDING_OVERRIDE_VOLATILE] = { .name = "override-volatile", .severity = FINDING_WARNING },
	[FINDING_QUEUE_BUSY] = { .name = "queue-busy", .severity = FINDING_ERROR },
	[FINDING_CARD_TOO_OLD] = { .name = "card-too-old", .severity = FINDING_WARNING },
	[FINDING_HOST_LOSES_MODE] = { .name = "host-loses-mode", .severity = FINDING_WARNING },
	[FINDING_HOST_LOSES_DEFAULT] = { .name = "host-loses-default-domain",
					 .severity = FINDING_WARNING },
	[FINDING_KEY_LEFT] = { .name = "key-left", .severity = FINDING_NOTE },
	[FINDING_UNDO_REFUSED] = { .name = "undo-refused", .severity = FINDING_ERROR },
	[FINDING_NEXT_BOOT_DIFFERS] = { .name = "next-boot-differs", .severity = FINDING_WARNING },
	[FINDING_QUEUE_NOT_USABLE] = { .name = "queue-not-usable", .severity = FINDING_WARNING },
	[FINDING_CONTROL_EXPOSED] = { .name = "control-domain-exposed",
				      .severity = FINDING_WARNING },
	[FINDING_CONTROL_WITHOUT_USAGE] = { .name = "control-without-usage",
					    .severity = FINDING_WARNING },
	[FINDING_LOCK_STALE] = { .name = "lock-stale", .severity = FINDING_NOTE },
	[FINDING_NO_ROOM] = { .name = "no-room", .severity = FINDING_ERROR },
};

const char *finding_code_name(enum finding_code code)
{
	return (unsigned)code < FINDING_CODES ? codes[code].name : "unknown";
}

const char *finding_severity_name(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_ERROR: return "error";
	case FINDING_WARNING: return "warning";
	case FINDING_NOTE: break;
	}
	return "note";
}

static void finding_done(struct finding *finding)
{
	free(finding->message);
	free(finding->hint);
}

void findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_done(&f->v[i]);
	free(f->v);
	*f = (struct findings){ 0 };
}

/* Negative when @a is to stand before @b. */
static int finding_compare(const struct finding *a, const struct finding *b)
{
	unsigned id_a = vfioap_mask_next(&a->adapters, 0);
	unsigned id_b = vfioap_mask_next(&b->adapters, 0);
	int rc;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	for (size_t i = 0; i < ARRAY_SIZE(a->uuid); i++) {
		rc = strcmp(a->uuid[i], b->uuid[i]);
		if (rc)
			return rc;
	}
	if (id_a != id_b)
		return id_a < id_b ? -1 : 1;
	return (int)vfioap_mask_next(&a->domains, 0) - (int)vfioap_mask_next(&b->domains, 0);
}

/* Where @finding belongs: behind all that are not greater. */
static size_t findings_place(const struct findings *f, const struct finding *finding)
{
	size_t low = 0, high = f->n;

	/* Most come in their order. */
	if (high && finding_compare(finding, &f->v[high - 1]) >= 0)
		return high;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (finding_compare(finding, &f->v[middle]) < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int findings_add(struct findings *f, struct finding finding)
{
	size_t i;

	if (f->n == f->room) {
		const size_t room = f->room ? 2 * f->room : 8;
		struct finding *v = reallocarray(f->v, room, sizeof(*v));

		if (!v) {
			finding_done(&finding);
			return -ENOMEM;
		}
		f->v = v;
		f->room = room;
	}

	if (finding.severity == FINDING_NOTE)
		finding.severity = codes[finding.code].severity;
	i = findings_place(f, &finding);
	memmove(&f->v[i + 1], &f->v[i], (f->n - i) * sizeof(*f->v));
	f->v[i] = finding;
	f->n++;
	f->n_errors += finding.severity == FINDING_ERROR;
	return 0;
}

int findings_move(struct findings *f, struct findings *from)
{
	int rc = 0;

	for (size_t i = 0; i < from->n; i++) {
		struct finding finding = from->v[i];

		from->v[i].message = from->v[i].hint = NULL;
		if (rc == 0)
			rc = findings_add(f, finding);
		else
			finding_done(&finding);
	}
	findings_done(from);
	return rc;
}

int findings_rename(struct findings *f, const char *from, const char *to)
{
	for (size_t i = 0; i < f->n; i++) {
		char *message = f->v[i].message, *at = strstr(message, from), *text;

		if (!at)
			continue;
		text = finding_text("%.*s%s%s", (int)(at - message), message, to,
				    at + strlen(from));
		if (!text)
			return -ENOMEM;
		free(message);
		f->v[i].message = text;
	}
	return 0;
}

int findings_say(struct findings *f, struct finding finding, const char *hint, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (hint && *hint) {
		finding.hint = strdup(hint);
		if (!finding.hint)
			return -ENOMEM;
	}
	va_start(ap, fmt);
	n = vasprintf(&finding.message, fmt, ap);
	va_end(ap);
	if (n < 0) {
		free(finding.hint);
		return -ENOMEM;
	}
	return findings_add(f, finding);
}

char *finding_text(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : text;
}

char *finding_queues(const struct qset *queues)
{
	_cleanup_free_ char *text = qset_format(queues);
	unsigned count = qset_count(queues);

	if (!text || count > 8)
		return TAKE_PTR(text);
	return finding_text("%s %s", count == 1 ? "queue" : "queues", text);
}

bool finding_split(struct qset *queues, struct vfioap_mask *ret_adapters,
		   struct vfioap_mask *ret_domains)
{
	struct vfioap_mask adapters = qset_adapters(queues);
	unsigned first = vfioap_mask_next(&adapters, 0);

	if (first == VFIOAP_IDS)
		return false;

	*ret_domains = queues->row[first];
	*ret_adapters = (struct vfioap_mask){ { 0 } };
	VFIOAP_MASK_FOREACH(apid, &adapters) {
		if (!vfioap_mask_equal(&queues->row[apid], ret_domains))
			continue;
		vfioap_mask_set(ret_adapters, apid);
		queues->row[apid] = (struct vfioap_mask){ { 0 } };
	}
	return true;
}
