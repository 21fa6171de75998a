/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries loaded with dlopen(): few commands need them, and loading takes time. */
#ifndef RAVELIN_LIBRARY_H
#define RAVELIN_LIBRARY_H

#include <ravelin/error.h>

/* A function of the library and where to store its address. The last name in an array is NULL. */
struct rv_symbol {
	const char *name;
	void *at;
};

struct rv_library {
	const char *const *sonames;	/* tried in order; ends with NULL */
	const struct rv_symbol *symbols;
	const char *lacking;		/* what is unavailable without it */
	const char *hint;		/* how to install it */
};

/* Returns 0, or -1 with err set. The library stays loaded until the program ends. */
int rv_library_load(const struct rv_library *library, struct rv_error *err);

#endif
