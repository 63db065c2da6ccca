// SPDX-License-Identifier: MIT
/*
 * Arguments of the lister.  Numbers alone are refused where lszcrypt, which reads them as
 * hexadecimal, and a person, who reads them as decimal, would mean different cards.
 */
#include "filter.h"

#include <ctype.h>
#include <string.h>

#include "str.h"
#include "view.h"

void filter_done(struct filter *filter)
{
	free(filter->texts);
	free(filter->devices);
	*filter = (struct filter){ 0 };
}

static bool is_all_of(const char *text, const char *chars)
{
	return *text && !text[strspn(text, chars)];
}

/* A whole text of hex digits as an ID. */
static bool hex_id(const char *text, unsigned *ret)
{
	unsigned long value;

	if (str_ulong_parse(&text, 16, VFIOAP_IDS - 1, &value) < 0 || *text)
		return false;
	*ret = (unsigned)value;
	return true;
}

static int number_refuse(struct app *app, const char *text)
{
	unsigned hex, decimal;

	cmd_usage(app, "'%s' may be a hexadecimal or a decimal number", text);
	if (!hex_id(text, &hex))
		return cmd_usage(app, "'%s' is no card", text);
	if (str_uint(text, VFIOAP_IDS - 1, &decimal) < 0)
		cmd_hint(app, "write card%02x (adapter 0x%x)", hex, hex);
	else
		cmd_hint(app, "write card%02x (adapter 0x%x) or 0x%02x (adapter %u)", hex, hex,
			 decimal, decimal);
	return STATUS_USAGE;
}

static int dotted_parse(struct app *app, const char *text, struct filter *filter)
{
	unsigned apid, apqi;

	if (*text == '.' && hex_id(text + 1, &apqi)) {
		vfioap_mask_set(&filter->domains, apqi);
		return 0;
	}
	if (queue_parse(text, &apid, &apqi) == 0) {
		qset_add(&filter->queues, apid, apqi);
		return 0;
	}
	cmd_usage(app, "'%s' is no queue", text);
	cmd_hint(app, "write 05.0004, or .0004 for this domain on all cards");
	return STATUS_USAGE;
}

/* One argument; the shortest texts that can start a UUID are longer than any number. */
static int text_parse(struct app *app, const char *text, struct filter *filter)
{
	static const char hex_digits[] = "0123456789abcdefABCDEF";
	const char *card = str_starts_with(text, "card");
	unsigned apid;

	if (strchr(text, '.'))
		return dotted_parse(app, text, filter);
	if (!card && (str_starts_with(text, "0x") || str_starts_with(text, "0X")))
		card = text + 2;
	if (card) {
		if (strlen(card) > 2 || !hex_id(card, &apid))
			return cmd_usage(app, "'%s' is no card", text);
		vfioap_mask_set(&filter->cards, apid);
		return 0;
	}
	if (isdigit((unsigned char)*text) && !text[1]) {
		vfioap_mask_set(&filter->cards, (unsigned)(*text - '0'));
		return 0;
	}
	if (strlen(text) < 4 && is_all_of(text, hex_digits))
		return number_refuse(app, text);
	filter->texts[filter->n_texts++] = text;
	return 0;
}

int filter_parse(struct app *app, const struct cmd_texts *args, struct filter *ret)
{
	*ret = (struct filter){ .active = args->n > 0 };
	ret->texts = calloc(args->n + 1, sizeof(*ret->texts));
	if (!ret->texts)
		return err_oom(&app->err);
	for (size_t i = 0; i < args->n; i++) {
		int rc = text_parse(app, args->v[i], ret);

		if (rc)
			return rc;
	}
	return 0;
}

int filter_resolve(struct app *app, const struct snapshot *now, struct filter *filter)
{
	if (!filter->n_texts)
		return 0;
	return cmd_devices_find(app, now, filter->texts, filter->n_texts, &filter->devices,
				&filter->n_devices);
}

int filter_check(struct app *app, const struct apbus *bus, const struct filter *filter)
{
	VFIOAP_MASK_FOREACH(apid, &filter->cards)
		if (!vfioap_mask_has(&bus->cards, apid))
			return cmd_fail(app, STATUS_NOT_FOUND, "no card 'card%02x'", apid);
	QSET_FOREACH(apid, apqi, &filter->queues) {
		char text[QUEUE_SIZE];

		if (!qset_has(&bus->queues, apid, apqi))
			return cmd_fail(app, STATUS_NOT_FOUND, "no queue '%s'",
					queue_format(apid, apqi, text));
	}
	return 0;
}

static bool is_named(const struct filter *filter, const struct device *device)
{
	for (size_t i = 0; i < filter->n_devices; i++)
		if (filter->devices[i] == device)
			return true;
	return false;
}

bool filter_has_device(const struct filter *filter, const struct device *device)
{
	const struct matrix *matrix = view_device_matrix(device);

	if (!filter->active || is_named(filter, device))
		return true;
	if (!matrix)
		return false;
	if (vfioap_mask_intersects(&filter->cards, &matrix->adapters) ||
	    vfioap_mask_intersects(&filter->domains, &matrix->domains))
		return true;
	VFIOAP_MASK_FOREACH(apid, &matrix->adapters)
		if (vfioap_mask_intersects(&filter->queues.row[apid], &matrix->domains))
			return true;
	return false;
}

bool filter_has_card(const struct filter *filter, unsigned apid)
{
	return !filter->active || vfioap_mask_has(&filter->cards, apid);
}

bool filter_has_queue(const struct filter *filter, unsigned apid, unsigned apqi)
{
	if (filter_has_card(filter, apid) || vfioap_mask_has(&filter->domains, apqi) ||
	    qset_has(&filter->queues, apid, apqi))
		return true;
	for (size_t i = 0; i < filter->n_devices; i++) {
		const struct matrix *matrix = view_device_matrix(filter->devices[i]);

		if (matrix && vfioap_mask_has(&matrix->adapters, apid) &&
		    vfioap_mask_has(&matrix->domains, apqi))
			return true;
	}
	return false;
}
