/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads iptables-save output as a ruleset. */
#ifndef RAVELIN_BACKEND_LOAD_H
#define RAVELIN_BACKEND_LOAD_H

#include <ravelin/store.h>

/*
 * Opens a store in memory with the contents of the text, validated as for a commit. Its tables and
 * chains are sorted in save order. On failure nothing needs closing, and the location in err is in
 * the text. Returns 0 or -1.
 */
int rv_load_text(struct rv_store *s, rv_family_t family, const char *text, size_t len,
		 const struct rv_meter *meter, struct rv_error *err);

/* Calls fn for each table of the store in save order. Stops at a nonzero result and returns it. */
int rv_load_tables(struct rv_store *s, int (*fn)(const struct rv_table *t, void *arg), void *arg);

#endif
