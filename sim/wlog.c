// SPDX-License-Identifier: MIT
/*
 * The log of a simulated machine, kept in memory.  Who writes and what comes of
 * it is told by fuse.c; `apsim ctl log` prints it.
 */
#include "wlog.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "errname.h"
#include "util.h"

/* An endless loop of writes must not eat the machine that apsim runs on. */
#define WLOG_MAX (64L * 1024 * 1024)

struct wlog {
	pthread_mutex_t lock;
	FILE *out; /* a memory stream into text */
	char *text;
	size_t size;
	bool full;
};

struct wlog *wlog_new(void)
{
	struct wlog *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	pthread_mutex_init(&log->lock, NULL);
	log->out = open_memstream(&log->text, &log->size);
	return log->out ? log : wlog_free(log);
}

struct wlog *wlog_free(struct wlog *log)
{
	if (!log)
		return NULL;
	if (log->out)
		fclose(log->out);
	pthread_mutex_destroy(&log->lock);
	free(log->text);
	free(log);
	return NULL;
}

/* With the lock held: is there room for another line? */
static bool wlog_has_room(struct wlog *log)
{
	if (log->full)
		return false;
	if (ftell(log->out) < WLOG_MAX)
		return true;
	fputs("# log full\n", log->out);
	log->full = true;
	return false;
}

static void quoted_print(FILE *out, const char *text, size_t len)
{
	fputc('\'', out);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			fputs("'\\''", out);
		else
			fputc(text[i], out);
	}
	fputc('\'', out);
}

static bool text_is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return true;
}

/* One word of a shell line. */
static void word_print(FILE *out, const char *word)
{
	const char *p = word;

	while (isalnum((unsigned char)*p) || (*p && strchr("/._-:+", *p)))
		p++;
	if (*word && !*p)
		fputs(word, out);
	else
		quoted_print(out, word, strlen(word));
}

/* printf(1) in the form that shows the text best, and always gives these bytes again. */
static void data_print(FILE *out, const char *data, size_t len)
{
	bool line = len && data[len - 1] == '\n';

	if (text_is_printable(data, len - line)) {
		fputs(line ? "printf '%s\\n' " : "printf '%s' ", out);
		quoted_print(out, data, len - line);
		return;
	}
	fputs("printf '", out);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "\\%03o", (unsigned char)data[i]);
	fputc('\'', out);
}

void wlog_write(struct wlog *log, const char *path, const char *data, size_t len, ssize_t result,
		bool injected)
{
	const char *name = result < 0 ? errname_text((int)result) : "ok";

	pthread_mutex_lock(&log->lock);
	if (wlog_has_room(log)) {
		data_print(log->out, data, len);
		fputs(" > ", log->out);
		word_print(log->out, path);
		if (name)
			fprintf(log->out, "  # %s", name);
		else
			fprintf(log->out, "  # errno %zd", -result);
		fputs(injected ? " (injected)\n" : "\n", log->out);
	}
	pthread_mutex_unlock(&log->lock);
}

void wlog_command(struct wlog *log, const char *const *argv)
{
	pthread_mutex_lock(&log->lock);
	if (wlog_has_room(log)) {
		fputs("apsim ctl", log->out);
		for (; *argv; argv++) {
			fputc(' ', log->out);
			word_print(log->out, *argv);
		}
		fputc('\n', log->out);
	}
	pthread_mutex_unlock(&log->lock);
}

void wlog_note(struct wlog *log, const char *who, const char *text)
{
	pthread_mutex_lock(&log->lock);
	if (wlog_has_room(log)) {
		fprintf(log->out, "# %s: ", who);
		for (; *text; text++)
			fputc(*text == '\n' ? ' ' : *text, log->out);
		fputc('\n', log->out);
	}
	pthread_mutex_unlock(&log->lock);
}

void wlog_clear(struct wlog *log)
{
	pthread_mutex_lock(&log->lock);
	rewind(log->out);
	log->full = false;
	pthread_mutex_unlock(&log->lock);
}

void wlog_print(struct wlog *log, FILE *out)
{
	pthread_mutex_lock(&log->lock);
	fflush(log->out);
	fwrite(log->text, 1, (size_t)ftell(log->out), out);
	pthread_mutex_unlock(&log->lock);
}
