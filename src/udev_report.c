/* SPDX-License-Identifier: MIT */
/*
 * A rule file that is refused, in words: which of its lines chzdev has not written, what libap
 * takes from it all the same, and what udev would write at boot.  The three differ: libap looks
 * at the first element of a line and not at its operator, udev at all of them.
 */
#include "udev.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "str.h"
#include "udev_text.h"

/* Of a line that is shown, and of the lines that are; the rest is counted. */
#define SHOWN_BYTES 100
#define SHOWN_LINES 8

static _printf_(2, 3) int report_add(struct udev_report *report, const char *fmt, ...)
{
	char **v = reallocarray(report->v, report->n + 1, sizeof(*v));
	va_list ap;
	int len;

	if (!v)
		return -ENOMEM;
	report->v = v;
	va_start(ap, fmt);
	len = vasprintf(&v[report->n], fmt, ap);
	va_end(ap);
	if (len < 0)
		return -ENOMEM;
	str_printable(v[report->n++]);
	return 0;
}

/* ---- lines that chzdev has not written ------------------------------------------------------- */

static int report_line(struct udev_report *report, unsigned number, const char *line, size_t len)
{
	const char *more = len > SHOWN_BYTES ? "..." : "";
	int shown = (int)(len > SHOWN_BYTES ? SHOWN_BYTES : len);

	if (!len)
		return report_add(report,
				  "line %u: an empty line, or the end, where chzdev "
				  "writes none",
				  number);
	if (udev_line_known(line, len))
		return report_add(report, "line %u: '%.*s%s' stands where chzdev does not write it",
				  number, shown, line, more);
	return report_add(report, "line %u: '%.*s%s' is no line of chzdev", number, shown, line,
			  more);
}

/* The first line that is out of place, and all that chzdev never writes. */
static int report_foreign(struct udev_report *report, const char *text, unsigned bad)
{
	unsigned number = 1, shown = 0, left = 0;
	const char *p = text;
	int rc = 0;

	for (; rc == 0; number++) {
		size_t len = strcspn(p, "\n");
		bool foreign = *p && !udev_line_known(p, len);

		if (number == bad || (foreign && number > bad)) {
			if (shown++ < SHOWN_LINES)
				rc = report_line(report, number, p, len);
			else
				left++;
		}
		if (!*p)
			break;
		p += len + (p[len] == '\n');
	}
	if (rc == 0 && left)
		rc = report_add(report, "%u more such lines", left);
	return rc;
}

/* ---- what libap takes -------------------------------------------------------------------------
 */

static int report_libap_mask(struct udev_report *report, const char *name, unsigned line, bool has,
			     const struct vfioap_mask *mask)
{
	static const char peers[] = "chzdev, lszdev, ap-check";
	char hex[VFIOAP_HEX_SIZE];

	if (!line)
		return report_add(report, "%s: %s as the running system has it", peers, name);
	if (!has)
		return report_add(report, "%s: abort on the value of %s in line %u", peers, name,
				  line);
	return report_add(report, "%s: %s %s, of line %u", peers, name,
			  vfioap_hex_format(mask, hex), line);
}

/* ---- what udev sets ----------------------------------------------------------------------------
 */

/* struct token - one KEY{attribute}OPERATOR"VALUE" of a line, as udev splits it */
struct token {
	const char *key, *op, *value;
	int key_len, op_len, value_len;
};

/*
 * The token at *@p, moved behind it.  Return: 1; 0 at the end of the line; -EINVAL where udev
 * gives the line up (systemd, src/udev/udev-rules.c, parse_line()).
 */
static int token_next(const char **p, const char *end, struct token *ret)
{
	const char *s = *p, *quote;

	while (s < end && (isspace((unsigned char)*s) || *s == ','))
		s++;
	if (s == end)
		return 0;

	ret->key = s;
	while (s < end && !strchr("=!+-:", *s) && !isspace((unsigned char)*s))
		s++;
	ret->key_len = (int)(s - ret->key);
	while (s < end && isspace((unsigned char)*s))
		s++;
	ret->op = s;
	while (s < end && strchr("=!+-:", *s))
		s++;
	ret->op_len = (int)(s - ret->op);
	while (s < end && isspace((unsigned char)*s))
		s++;
	if (!ret->key_len || !ret->op_len || s == end || *s != '"')
		return -EINVAL;

	ret->value = ++s;
	quote = memchr(s, '"', (size_t)(end - s));
	if (!quote)
		return -EINVAL;
	ret->value_len = (int)(quote - s);
	*p = quote + 1;
	return 1;
}

/* "apmask" or "aqmask" when the token writes one of them; NULL. */
static const char *token_mask(const struct token *token)
{
	static const char *const names[] = { "apmask}", "aqmask}" };
	const bool sets = token->op_len == 1 && *token->op == '=';

	if (token->key_len <= 5 || strncmp(token->key, "ATTR{", 5) != 0)
		return NULL;
	for (size_t i = 0; sets && i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if ((size_t)token->key_len >= len + 5 &&
		    strncmp(token->key + token->key_len - len, names[i], len) == 0)
			return i ? "aqmask" : "apmask";
	}
	return NULL;
}

static int report_udev_line(struct udev_report *report, unsigned number, const char *line,
			    const char *end, bool *sets)
{
	struct token token;
	const char *p = line;
	bool compares = false;
	int rc;

	/* First the whole line: one token that is wrong, and udev passes over all of it. */
	while ((rc = token_next(&p, end, &token)) > 0)
		compares |= token.op_len == 2 && token.op[1] == '=' && strchr("=!", *token.op);
	if (rc < 0)
		return 0;

	for (p = line; token_next(&p, end, &token) > 0;) {
		const char *name = token_mask(&token);

		if (!name)
			continue;
		*sets = true;
		rc = report_add(report, "udev: writes '%.*s' to %s, of line %u%s", token.value_len,
				token.value, name, number,
				compares ? ", where its conditions hold" : "");
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int report_udev(struct udev_report *report, const char *text)
{
	unsigned number = 1;
	bool sets = false;
	int rc = 0;

	for (const char *p = text; *p && rc == 0; number++) {
		const char *end = p + strcspn(p, "\n");
		const char *line = p + strspn(p, " \t");

		if (*line != '#')
			rc = report_udev_line(report, number, p, end, &sets);
		p = end + (*end == '\n');
	}
	if (rc == 0 && !sets)
		rc = report_add(report, "udev: sets no mask");
	return rc;
}

/* ---- the report
 * ---------------------------------------------------------------------------------- */

static int report_fill(struct udev_report *report, const char *text, const struct udev_rules *rules)
{
	int rc;

	rc = report_foreign(report, text, rules->bad_line);
	if (rc == 0)
		rc = report_libap_mask(report, "apmask", rules->apmask_line, rules->has_apmask,
				       &rules->masks.apmask);
	if (rc == 0)
		rc = report_libap_mask(report, "aqmask", rules->aqmask_line, rules->has_aqmask,
				       &rules->masks.aqmask);
	return rc == 0 ? report_udev(report, text) : rc;
}

int udev_report_make(const char *text, const struct udev_rules *rules, struct udev_report *ret)
{
	_cleanup_(udev_report_done) struct udev_report report = { 0 };
	int rc = 0;

	if (rules->present && !rules->own_form)
		rc = report_fill(&report, text, rules);
	if (rc < 0)
		return rc;
	*ret = report;
	report = (struct udev_report){ 0 };
	return 0;
}

int udev_report_read(int root, struct udev_report *ret, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct udev_rules rules;
	size_t len;
	int rc;

	rc = udev_rules_read(root, &rules, &text, &len, err);
	if (rc < 0)
		return rc;
	return udev_report_make(text, &rules, ret) < 0 ? err_oom(err) : 0;
}

void udev_report_done(struct udev_report *report)
{
	for (size_t i = 0; i < report->n; i++)
		free(report->v[i]);
	free(report->v);
	*report = (struct udev_report){ 0 };
}
