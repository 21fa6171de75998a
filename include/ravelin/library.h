/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries that only few commands need: the others are not to pay for loading them. */
#ifndef RAVELIN_LIBRARY_H
#define RAVELIN_LIBRARY_H

#include <ravelin/error.h>

/* A function of the library, and where the pointer to it goes. A list ends with no name. */
struct rv_symbol {
	const char *name;
	void *at;
};

struct rv_library {
	const char *const *sonames;	/* the first that is there is taken; ends with NULL */
	const struct rv_symbol *symbols;
	const char *lacking;		/* what cannot be done without it */
	const char *hint;		/* where to get it */
};

/* Returns 0, or -1 with err set. What is loaded stays until the program ends. */
int rv_library_load(const struct rv_library *library, struct rv_error *err);

#endif
