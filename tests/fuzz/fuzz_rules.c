/* SPDX-License-Identifier: MIT */
/*
 * The rule file of the AP bus: of a form that chzdev writes are exactly those files that are
 * written again as the same masks; of every other one the lines that are told are in it, and what
 * is told is printable.
 */
#include <string.h>

#include "fuzz.h"
#include "udev.h"

static bool is_line(unsigned number, const char *text)
{
	return number <= fuzz_lines(text);
}

static void check_rules(const struct udev_rules *rules, const char *text, size_t len)
{
	require(rules->present && rules->own_form == !rules->bad_line);
	/* A NUL ends the text: what is behind it is one line more. */
	require(rules->bad_line <= fuzz_lines(text) + (strlen(text) != len));
	require(is_line(rules->apmask_line, text) && is_line(rules->aqmask_line, text));
	require(!rules->has_apmask || rules->apmask_line);
	require(!rules->has_aqmask || rules->aqmask_line);
	require(!rules->abort_line || rules->abort_line == rules->apmask_line ||
		rules->abort_line == rules->aqmask_line);
	require(!rules->own_form || (strlen(text) == len && !rules->abort_line));
}

static void check_report(const struct udev_rules *rules, const char *text)
{
	struct udev_report report = { 0 };

	require(udev_report_make(text, rules, &report) == 0);
	require((report.n == 0) == rules->own_form);
	for (size_t i = 0; i < report.n; i++)
		require(*report.v[i] && fuzz_is_printable(report.v[i]));
	udev_report_done(&report);
}

/* The two are the same, but for the second line, which only newer ones have. */
static bool is_form(const char *text, const char *newest)
{
	const size_t first = strcspn(newest, "\n") + 1, second = strcspn(newest + first, "\n") + 1;

	if (strcmp(text, newest) == 0)
		return true;
	return strncmp(text, newest, first) == 0 &&
	       strcmp(text + first, newest + first + second) == 0;
}

static void check_format(const struct udev_rules *rules, const char *text)
{
	char newest[UDEV_RULES_SIZE] = "";
	size_t len = udev_rules_format(rules, newest);
	struct udev_rules got;

	require(len < sizeof(newest) && strlen(newest) == len);
	require(!len == (!rules->has_apmask && !rules->has_aqmask));
	if (!len)
		return;
	udev_rules_parse(newest, len, &got);
	require(got.own_form && udev_rules_equal(&got, rules));
	require(!rules->own_form || is_form(text, newest));
}

void fuzz_text(char *text, size_t len)
{
	struct udev_rules rules;

	udev_rules_parse(text, len, &rules);
	check_rules(&rules, text, len);
	check_report(&rules, text);
	check_format(&rules, text);
	/* Without a mask chzdev has no file. */
	require(!rules.own_form || rules.has_apmask || rules.has_aqmask);
}
