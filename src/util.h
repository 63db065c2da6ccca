/* SPDX-License-Identifier: MIT */
/* Macros that every file uses: cleanup attributes, ownership, sizes. */
#ifndef UTIL_H
#define UTIL_H

#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	    (sizeof(a) / sizeof((a)[0]))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _unused_	    __attribute__((unused))

/* A variable with a cleanup is always initialised. */
#define _cleanup_(fn)	__attribute__((cleanup(fn)))
#define _cleanup_free_	_cleanup_(util_free)
#define _cleanup_close_ _cleanup_(util_close)

static inline void util_free(void *p)
{
	free(*(void **)p);
}

static inline void util_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Hand over what a cleanup would release. */
#define TAKE_PTR(p)                            \
	({                                     \
		__typeof__(p) take_ptr_ = (p); \
		(p) = NULL;                    \
		take_ptr_;                     \
	})
#define TAKE_FD(fd)                  \
	({                           \
		int take_fd_ = (fd); \
		(fd) = -1;           \
		take_fd_;            \
	})

#endif
