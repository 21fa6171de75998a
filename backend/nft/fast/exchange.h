/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the profiles: a table is built asleep in the other one, and the two are exchanged at once. */
#ifndef RAVELIN_NFT_EXCHANGE_H
#define RAVELIN_NFT_EXCHANGE_H

#include <ravelin/store.h>

/* Whether an open store of nf_tables has the table, and in profile fast. 0, or -1 with err set. */
int rv_profile_of(struct rv_store *s, const struct rv_table_def *def, bool *exists, bool *fast,
		  struct rv_error *err);
/* Deletes what an exchange that was killed has left: the table of one profile, if it sleeps. */
int rv_profile_clean(struct rv_store *s, const struct rv_table_def *def, bool fast, struct rv_error *err);
/* From here on the store's table is one of that profile, which is made asleep. */
void rv_profile_build(struct rv_store *s, const struct rv_table_def *def, bool fast);
/* Why a table that was loaded so cannot be in profile fast; false: it can. */
bool rv_profile_misfit(struct rv_table *t, struct rv_buf *why);
/* The generation of what was read. */
uint32_t rv_profile_generation(const struct rv_store *s);
/*
 * Wakes the table of that profile and lets the other one sleep, if nothing has changed since a
 * generation; then deletes the other one. err->kind RV_ERR_AGAIN: something has, and the table that
 * was built is deleted.
 */
int rv_profile_exchange(struct rv_store *s, const struct rv_table_def *def, bool fast, uint32_t generation,
			struct rv_error *err);

#endif
