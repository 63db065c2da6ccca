/* SPDX-License-Identifier: MIT */
/*
 * Libraries that few commands need: loaded when they are needed, so that the others start without
 * them.  To load libxml2 and what it depends on takes longer than most commands do.
 */
#ifndef DL_H
#define DL_H

#include <stddef.h>

#include "err.h"

/** A member of a struct of functions, with the type that the library's header gives it. */
#define DL_MEMBER(name) __typeof__(name) *name

/** struct dl_symbol - a name, and the offset of its member */
struct dl_symbol {
	const char *name;
	size_t offset;
};

/** The row of a table of symbols. */
#define DL_SYMBOL(type, member)                                   \
	{                                                         \
		.name = #member, .offset = offsetof(type, member) \
	}

/**
 * dl_load() - load a library, once, and look all symbols up
 * @soname:  "libudev.so.1"
 * @symbols: up to one without name
 * @ret:     the struct of functions; complete, or untouched
 *
 * What is loaded stays.  Return: 0; -ENOPKG.
 */
int dl_load(const char *soname, const struct dl_symbol *symbols, void *ret, struct err *err);

#endif
