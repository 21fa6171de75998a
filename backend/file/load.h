/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of iptables-save as rulesets. */
#ifndef RAVELIN_BACKEND_LOAD_H
#define RAVELIN_BACKEND_LOAD_H

#include <ravelin/store.h>

/*
 * Opens a store in memory with what the text says, checked as if it were to be committed. Its
 * tables and chains are sorted as save prints them. On failure nothing needs closing, and err
 * points into the text.
 */
int rv_load_text(struct rv_store *s, rv_family_t family, const char *text, size_t len,
		 const struct rv_meter *meter, struct rv_error *err);

/* Calls fn with each table that the store has, in the order of save; ends if it is not 0. */
int rv_load_tables(struct rv_store *s, int (*fn)(const struct rv_table *t, void *arg), void *arg);

#endif
