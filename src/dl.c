/* SPDX-License-Identifier: MIT */
/*
 * Symbols of libraries, by dlopen(3).  What they are good for is left to who asks.
 */
#include "dl.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int dl_load(const char *soname, const struct dl_symbol *symbols, void *ret, struct err *err)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	for (const struct dl_symbol *s = symbols; library && s->name; s++) {
		if (dlsym(library, s->name))
			continue;
		dlclose(library);
		library = NULL;
	}
	if (!library)
		return err_set(err, -ENOPKG, "cannot load '%s': install it", soname);

	for (const struct dl_symbol *s = symbols; s->name; s++) {
		void *symbol = dlsym(library, s->name);

		memcpy((char *)ret + s->offset, &symbol, sizeof(symbol));
	}
	return 0;
}
