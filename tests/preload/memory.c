/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD: the Nth allocation that a program itself asks for fails, where N is
 * $VFIOAP_NO_MEMORY; then $VFIOAP_NO_MEMORY_SAID is made.  Those inside of libraries do not count:
 * not all of them can live with it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uintptr_t first, last; /* the program's own code */
static long left;

/* The program is the first object. */
static int find_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && p->p_flags & PF_X) {
			first = info->dlpi_addr + p->p_vaddr;
			last = first + p->p_memsz;
		}
	}
	return 1;
}

static void stop(void)
{
	left = 0;
}

__attribute__((constructor)) static void begin(void)
{
	const char *n = getenv("VFIOAP_NO_MEMORY");

	dl_iterate_phdr(find_program, NULL);
	left = n ? atol(n) : 0;
}

static int fails(const void *caller)
{
	static int first_time = 1;

	if (left <= 0 || (uintptr_t)caller < first || (uintptr_t)caller >= last)
		return 0;
	/* Behind the start of main(), so before all that runs when it has ended. */
	if (first_time)
		atexit(stop);
	first_time = 0;
	if (--left > 0)
		return 0;
	close(open(getenv("VFIOAP_NO_MEMORY_SAID"), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	errno = ENOMEM;
	return 1;
}

#define FAILS() fails(__builtin_return_address(0))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	return FAILS() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return FAILS() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return FAILS() ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	return FAILS() ? NULL : __libc_realloc(p, n * size);
}

char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = FAILS() ? NULL : __libc_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t n)
{
	size_t size = strnlen(text, n);
	char *copy = FAILS() ? NULL : __libc_malloc(size + 1);

	if (!copy)
		return NULL;
	copy[size] = '\0';
	return memcpy(copy, text, size);
}

static int print(char **ret, const char *fmt, va_list ap)
{
	static int (*next)(char **ret, int flag, const char *fmt, va_list ap);

	if (!next)
		next = (int (*)(char **, int, const char *, va_list))dlsym(RTLD_NEXT,
									   "__vasprintf_chk");
	return next(ret, 0, fmt, ap);
}

#define PRINT(ret, fmt)                      \
	do {                                 \
		va_list ap;                  \
		int n;                       \
                                             \
		if (FAILS())                 \
			return -1;           \
		va_start(ap, fmt);           \
		n = print((ret), (fmt), ap); \
		va_end(ap);                  \
		return n;                    \
	} while (0)

int asprintf(char **ret, const char *fmt, ...)
{
	PRINT(ret, fmt);
}

int __asprintf_chk(char **ret, int flag, const char *fmt, ...)
{
	(void)flag;
	PRINT(ret, fmt);
}

int vasprintf(char **ret, const char *fmt, va_list ap)
{
	return FAILS() ? -1 : print(ret, fmt, ap);
}

int __vasprintf_chk(char **ret, int flag, const char *fmt, va_list ap)
{
	(void)flag;
	return FAILS() ? -1 : print(ret, fmt, ap);
}

/* What the program asks of json-c is asked by the program. */
#define OBJECT(name, parameters, arguments)                                  \
	void *name parameters                                                \
	{                                                                    \
		static void *(*next)parameters;                              \
                                                                             \
		if (!next)                                                   \
			next = (void *(*)parameters)dlsym(RTLD_NEXT, #name); \
		return FAILS() ? NULL : next arguments;                      \
	}

OBJECT(json_object_new_object, (void), ())
OBJECT(json_object_new_array, (void), ())
OBJECT(json_object_new_string, (const char *text), (text))
OBJECT(json_object_new_int64, (int64_t number), (number))
OBJECT(json_object_new_int, (int32_t number), (number))
OBJECT(json_object_new_boolean, (int truth), (truth))
OBJECT(json_tokener_new, (void), ())
OBJECT(json_tokener_new_ex, (int depth), (depth))
OBJECT(scols_new_table, (void), ())
OBJECT(scols_table_new_line, (void *table, void *parent), (table, parent))
OBJECT(udev_new, (void), ())
