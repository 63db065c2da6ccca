// SPDX-License-Identifier: MIT
/* Errors by their names: those that a file of the AP bus, or a failing disk, can return. */
#include "errname.h"

#include <errno.h>
#include <strings.h>

#include "str.h"
#include "util.h"

static const char *const names[] = {
	[EPERM] = "EPERM",
	[ENOENT] = "ENOENT",
	[ESRCH] = "ESRCH",
	[EINTR] = "EINTR",
	[EIO] = "EIO",
	[ENXIO] = "ENXIO",
	[E2BIG] = "E2BIG",
	[EBADF] = "EBADF",
	[EAGAIN] = "EAGAIN",
	[ENOMEM] = "ENOMEM",
	[EACCES] = "EACCES",
	[EFAULT] = "EFAULT",
	[EBUSY] = "EBUSY",
	[EEXIST] = "EEXIST",
	[EXDEV] = "EXDEV",
	[ENODEV] = "ENODEV",
	[ENOTDIR] = "ENOTDIR",
	[EISDIR] = "EISDIR",
	[EINVAL] = "EINVAL",
	[ENFILE] = "ENFILE",
	[EMFILE] = "EMFILE",
	[ENOTTY] = "ENOTTY",
	[EFBIG] = "EFBIG",
	[ENOSPC] = "ENOSPC",
	[ESPIPE] = "ESPIPE",
	[EROFS] = "EROFS",
	[EPIPE] = "EPIPE",
	[ERANGE] = "ERANGE",
	[EDEADLK] = "EDEADLK",
	[ENAMETOOLONG] = "ENAMETOOLONG",
	[ENOSYS] = "ENOSYS",
	[ELOOP] = "ELOOP",
	[ENODATA] = "ENODATA",
	[ETIME] = "ETIME",
	[EPROTO] = "EPROTO",
	[EBADMSG] = "EBADMSG",
	[EOVERFLOW] = "EOVERFLOW",
	[EUSERS] = "EUSERS",
	[EOPNOTSUPP] = "EOPNOTSUPP",
	[EADDRINUSE] = "EADDRINUSE",
	[EADDRNOTAVAIL] = "EADDRNOTAVAIL",
	[ETIMEDOUT] = "ETIMEDOUT",
	[ECONNREFUSED] = "ECONNREFUSED",
	[EALREADY] = "EALREADY",
	[ESTALE] = "ESTALE",
	[ECANCELED] = "ECANCELED",
};

#define ERRNAME_MAX 4095 /* MAX_ERRNO of the kernel */

const char *errname_text(int code)
{
	unsigned n = code < 0 ? -(unsigned)code : (unsigned)code;

	return n < ARRAY_SIZE(names) ? names[n] : NULL;
}

int errname_parse(const char *text, int *ret)
{
	unsigned number;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i] && strcasecmp(names[i], text) == 0) {
			*ret = (int)i;
			return 0;
		}
	}
	if (str_uint(text, ERRNAME_MAX, &number) < 0 || !number)
		return -EINVAL;
	*ret = (int)number;
	return 0;
}
