// SPDX-License-Identifier: MIT
/*
 * What systemd does at boot, in short: modules-load.d(5), and ExecStart= of a unit that is
 * enabled.  Conditions, ordering and sandbox of a unit are not looked at; when it is started
 * is left to boot.c.
 */
#include "systemd.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "etc.h"
#include "front.h"
#include "str.h"
#include "util.h"

#define MODULES_LOAD "/etc/" ETC_MODULES_LOAD
#define WANTS	     "/etc/systemd/system/multi-user.target.wants"

#define MAX_WORDS 32

/* ---- files of lines ------------------------------------------------------------------ */

/* Called for each line, blanks around it cut: true ends the walk. */
typedef bool line_fn(const char *line, const void *arg);

static bool lines_walk(const char *path, line_fn *fn, const void *arg)
{
	_cleanup_free_ char *line = NULL;
	FILE *file = fopen(path, "re");
	bool found = false;
	size_t size = 0;

	while (file && !found && getline(&line, &size, file) >= 0) {
		char *text = line + strspn(line, " \t"), *end = text + strlen(text);

		while (end > text && strchr(" \t\n", end[-1]))
			*--end = '\0';
		found = fn(text, arg);
	}
	if (file)
		fclose(file);
	return found;
}

/* ---- modules-load.d ------------------------------------------------------------------ */

/* Module names are the same with '-' and '_'. */
static bool names_module(const char *line, const void *arg)
{
	const char *name = arg;

	while (*name && (*line == '-' ? '_' : *line) == *name) {
		line++;
		name++;
	}
	return !*name && !*line;
}

bool systemd_file_loads(const char *path, const char *module)
{
	return lines_walk(path, names_module, module);
}

bool systemd_loads(const char *module)
{
	DIR *dir = opendir(MODULES_LOAD);
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".conf") != 0)
			continue;
		snprintf(path, sizeof(path), MODULES_LOAD "/%s", entry->d_name);
		found = systemd_file_loads(path, module);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* ---- units --------------------------------------------------------------------------- */

static int command_run(char *const *argv)
{
	int status, rc;
	pid_t pid;

	rc = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (rc)
		return -rc;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* "ExecStart=PROGRAM WORD...": a command that fails ends the unit. */
static bool exec_start(const char *line, const void *arg)
{
	const char *command = str_starts_with(line, "ExecStart=");
	_cleanup_free_ char *copy = NULL;
	char *argv[MAX_WORDS + 1] = { NULL }, *rest = NULL;
	int status;

	if (!command)
		return false;
	copy = rest = strdup(command + strspn(command, "-@:+!"));
	for (size_t n = 0; rest && n < MAX_WORDS;) {
		char *word = strsep(&rest, " \t");

		if (*word)
			argv[n++] = word;
	}
	status = argv[0] ? command_run(argv) : 0;
	if (status < 0)
		front_warn("%s: cannot run '%s': %s", (const char *)arg, argv[0], err_text(status));
	else if (status > 0)
		front_warn("%s: '%s' ended with status %d", (const char *)arg, argv[0], status);
	return status != 0;
}

void systemd_start(const char *unit)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), WANTS "/%s", unit);
	lines_walk(path, exec_start, unit);
}
