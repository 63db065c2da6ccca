// SPDX-License-Identifier: MIT
/*
 * Everything that is written to stdout, and what there is behind it.  Tables are made in
 * out_view.c, JSON is put together in out_json.c.
 */
#include "out.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include "str.h"

/* ---- stdout ------------------------------------------------------------------------- */

void out_write(struct app *app, const char *text, size_t len)
{
	if (app->out_errno || !len)
		return;
	errno = 0;
	if (fwrite(text, 1, len, stdout) != len)
		app->out_errno = errno ? errno : EIO;
}

/* Nothing sensible is left to do: what was asked for cannot be said. */
void out_no_memory(void)
{
	fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
	exit(STATUS_FAILED);
}

char *out_text(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		out_no_memory();
	return text;
}

void out_printf(struct app *app, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = out_text(fmt, ap);
	va_end(ap);
	out_write(app, text, strlen(text));
}

static void blanks_write(struct app *app, size_t n)
{
	static const char blanks[] = "                ";

	for (; n >= sizeof(blanks); n -= sizeof(blanks) - 1)
		out_write(app, blanks, sizeof(blanks) - 1);
	out_write(app, blanks, n);
}

/* How much of @text, which is not empty, fits into @room columns; @first: one word does anyhow. */
static size_t line_fit(const char *text, size_t room, bool first)
{
	size_t end = 0;

	for (size_t at = 0; text[at]; at += text[at] == ' ') {
		at += strcspn(text + at, " ,");
		at += text[at] == ',';
		if (at > room && !(first && end == 0))
			break;
		end = at;
	}
	return end;
}

void out_wrapped(struct app *app, size_t at, unsigned indent, const char *text)
{
	if (!app->width)
		app->width = out_width();

	while (*text) {
		const size_t room = at < app->width ? app->width - at : 0;
		const size_t len = line_fit(text, room, at <= indent);

		out_write(app, text, len);
		text += len;
		/* Behind what stands on the line; or there is nothing but this blank. */
		text += *text == ' ' && (len || at <= indent);
		if (!*text)
			break;
		out_write(app, "\n", 1);
		blanks_write(app, indent);
		at = indent;
	}
	out_write(app, "\n", 1);
}

int out_flush(struct app *app)
{
	if (fflush(stdout) != 0 && !app->out_errno)
		app->out_errno = errno;
	return -app->out_errno;
}

bool out_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

unsigned out_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = { 0 };
	unsigned width;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	if (columns && str_uint(columns, 10000, &width) == 0 && width)
		return width;
	return 80;
}

bool out_has_color(const struct app *app)
{
	const char *no_color = getenv("NO_COLOR");

	if (app->color == COLOR_AUTO)
		return out_is_terminal() && !(no_color && *no_color);
	return app->color == COLOR_ALWAYS;
}

const char *out_color(const struct app *app, enum out_color color)
{
	static const char *const escapes[] = {
		[OUT_PLAIN] = "\033[0m",    [OUT_BOLD] = "\033[1m",    [OUT_RED] = "\033[31m",
		[OUT_GREEN] = "\033[32m",   [OUT_YELLOW] = "\033[33m", [OUT_BLUE] = "\033[34m",
		[OUT_MAGENTA] = "\033[35m", [OUT_CYAN] = "\033[36m",
	};

	return out_has_color(app) ? escapes[color] : "";
}

void out_locale(void)
{
	static bool done;

	if (!done)
		setlocale(LC_CTYPE, "");
	done = true;
}

bool out_has_utf8(void)
{
	out_locale();
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
