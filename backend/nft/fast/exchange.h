/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converts a table between profiles: builds the new table dormant, then exchanges both in one
 * transaction.
 */
#ifndef RAVELIN_NFT_EXCHANGE_H
#define RAVELIN_NFT_EXCHANGE_H

#include <ravelin/store.h>

/*
 * Sets *exists to whether the table exists, *fast to whether it is in profile fast. s: a store of
 * backend nf_tables. Returns 0, or -1 with err set.
 */
int rv_profile_of(struct rv_store *s, const struct rv_table_def *def, bool *exists, bool *fast,
		  struct rv_error *err);
/* Deletes a dormant table that an interrupted conversion left behind. An active one is an error. */
int rv_profile_clean(struct rv_store *s, const struct rv_table_def *def, bool fast, struct rv_error *err);
/* Makes later commits to the table create it in this profile, dormant. */
void rv_profile_build(struct rv_store *s, const struct rv_table_def *def, bool fast);
/*
 * Returns whether a rule of the loaded table cannot be in profile fast; if so, appends the reason
 * to why.
 */
bool rv_profile_misfit(struct rv_table *t, struct rv_buf *why);
/* Returns the generation of the ruleset that was read. */
uint32_t rv_profile_generation(const struct rv_store *s);
/*
 * Activates the table in the given profile and deletes the other one, unless the ruleset has
 * changed since the generation. If it has, err->kind is RV_ERR_AGAIN and the new table is deleted.
 */
int rv_profile_exchange(struct rv_store *s, const struct rv_table_def *def, bool fast, uint32_t generation,
			struct rv_error *err);

#endif
