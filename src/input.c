/* SPDX-License-Identifier: MIT */
/* What a user names is opened as the user names it; what stands in it is the caller's. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

static int open_regular(const char *name)
{
	_cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return TAKE_FD(fd);
}

static int read_all(int fd, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *text = malloc(max + 2);
	size_t len = 0;

	if (!text)
		return -ENOMEM;
	while (len <= max) {
		ssize_t n = read(fd, text + len, max + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n) {
			text[len] = '\0';
			*ret = TAKE_PTR(text);
			*ret_len = len;
			return 0;
		}
		len += (size_t)n;
	}
	return -EFBIG;
}

int input_read(const char *name, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = -1;

	if (strcmp(name, "-") == 0)
		return read_all(STDIN_FILENO, max, ret, ret_len);
	fd = open_regular(name);
	return fd < 0 ? fd : read_all(fd, max, ret, ret_len);
}
