/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target as a unit test: the inputs of its corpus, the empty one, and those that are named
 * as arguments.  Ends with "N passed, 0 failed"; of a finding the input stands above it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "str.h"

#define INPUT_MAX (1024 * 1024)
#define CORPUS	  "tests/fuzz/corpus"

static int replay(const char *path)
{
	_cleanup_free_ uint8_t *data = malloc(INPUT_MAX);
	FILE *file = fopen(path, "re");
	size_t len;

	if (!file || !data) {
		printf("cannot open '%s': %s\n", path, err_text(errno));
		return -1;
	}
	len = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	/* Before it runs: a finding ends the program. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, len);
	return 0;
}

static unsigned replay_dir(const char *dir, unsigned *failed)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort);
	unsigned passed = 0;
	char path[512];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%.255s", dir, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			replay(path) == 0 ? passed++ : ++*failed;
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return passed;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *target = str_starts_with(slash ? slash + 1 : argv[0], "fuzz_");
	unsigned passed = 0, failed = 0;
	char dir[256];

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		replay(argv[i]) == 0 ? passed++ : failed++;
	if (argc == 1) {
		snprintf(dir, sizeof(dir), CORPUS "/%.200s", target ? target : "");
		passed += replay_dir(dir, &failed);
	}
	if (!passed)
		printf("no input in '%s'\n", dir);
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed ? EXIT_FAILURE : EXIT_SUCCESS;
}
