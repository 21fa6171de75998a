/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dlfcn.h>
#include <string.h>

#include <ravelin/library.h>

int rv_library_load(const struct rv_library *library, struct rv_error *err)
{
	const char *const *soname = library->sonames;
	void *handle = NULL;

	while (*soname && !(handle = dlopen(*soname, RTLD_NOW)))
		soname++;
	if (!handle) {
		rv_fail(err, RV_ERR_RESOURCE, NULL, "%s: %s", library->lacking, dlerror());
		return rv_hint(err, "%s", library->hint);
	}
	for (const struct rv_symbol *s = library->symbols; s->name; s++) {
		void *found = dlsym(handle, s->name);

		if (!found)
			return rv_fail(err, RV_ERR_RESOURCE, NULL, "%s: %s is too old: no %s",
				       library->lacking, *soname, s->name);
		memcpy(s->at, &found, sizeof(found));
	}
	return 0;
}
