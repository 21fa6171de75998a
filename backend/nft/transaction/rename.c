/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records which chains a transaction renames. Finds them by old name, new name and chain. */
#include <stdlib.h>

#include "batch.h"

#define FIRST_SLOTS 16

enum { FROM, TO, CHAIN };

static uint64_t hash_name(const struct rv_table_def *table, const char *name)
{
	uint64_t h = 0xcbf29ce484222325 ^ (uintptr_t)table;

	while (*name)
		h = (h ^ (unsigned char)*name++) * 0x100000001b3;	/* FNV-1a */
	return h;
}

static uint64_t hash_chain(const struct rv_table_def *table, uint64_t chain)
{
	return (chain ^ (uintptr_t)table) * 0x9e3779b97f4a7c15 >> 20;
}

static uint64_t hash(const struct rv_nft_rename *r, int by)
{
	if (by == CHAIN)
		return hash_chain(r->table, r->chain);
	return hash_name(r->table, by == FROM ? r->from : r->to);
}

static struct rv_nft_rename **slot_of(const struct rv_nft_renames *all, int by, uint64_t h)
{
	return &all->slots[by][h & (all->nslots - 1)];
}

static void link_by(struct rv_nft_renames *all, struct rv_nft_rename *r, int by)
{
	struct rv_nft_rename **slot = slot_of(all, by, hash(r, by));

	r->next[by] = *slot;
	*slot = r;
}

static void unlink_by(struct rv_nft_renames *all, struct rv_nft_rename *r, int by)
{
	struct rv_nft_rename **at = slot_of(all, by, hash(r, by));

	while (*at != r)
		at = &(*at)->next[by];
	*at = r->next[by];
}

static bool grow(struct rv_nft_renames *all)
{
	struct rv_nft_renames bigger = *all;

	bigger.nslots = all->nslots ? all->nslots * 2 : FIRST_SLOTS;
	for (int by = 0; by < RV_NFT_RENAMED_BY; by++)
		bigger.slots[by] = calloc(bigger.nslots, sizeof(*bigger.slots[by]));
	if (!bigger.slots[FROM] || !bigger.slots[TO] || !bigger.slots[CHAIN]) {
		for (int by = 0; by < RV_NFT_RENAMED_BY; by++)
			free(bigger.slots[by]);
		return false;
	}
	for (uint32_t i = 0; i < all->nslots; i++)
		for (struct rv_nft_rename *r = all->slots[FROM][i], *next; r; r = next) {
			next = r->next[FROM];
			for (int by = 0; by < RV_NFT_RENAMED_BY; by++)
				link_by(&bigger, r, by);
		}
	for (int by = 0; by < RV_NFT_RENAMED_BY; by++)
		free(all->slots[by]);
	*all = bigger;
	return true;
}

/* ---- finding ------------------------------------------------------------------ */

static struct rv_nft_rename *find_name(const struct rv_nft_renames *all, int by,
				       const struct rv_table_def *table, const char *name)
{
	struct rv_nft_rename *r = NULL;

	if (all->count)
		r = *slot_of(all, by, hash_name(table, name));
	while (r && (r->table != table || strcmp(by == FROM ? r->from : r->to, name) != 0))
		r = r->next[by];
	return r;
}

static struct rv_nft_rename *find_chain(const struct rv_nft_renames *all, const struct rv_chain *c)
{
	struct rv_nft_rename *r = NULL;

	if (all->count)
		r = *slot_of(all, CHAIN, hash_chain(c->table->def, c->handle));
	while (r && (r->table != c->table->def || r->chain != c->handle))
		r = r->next[CHAIN];
	return r;
}

const char *rv_nft_kernel_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			       const char *chain)
{
	const struct rv_nft_rename *r = find_name(&b->renames, TO, table, chain);

	return r ? r->from : chain;
}

struct renamed {
	const struct rv_nft_batch *b;
	const struct rv_table_def *table;
};

static const char *new_name(const char *chain, void *arg)
{
	const struct renamed *in = arg;
	const struct rv_nft_rename *to = find_name(&in->b->renames, FROM, in->table, chain);

	return to ? to->to : NULL;
}

int rv_nft_rename_parts(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r)
{
	struct renamed in = { b, table };

	return b->renames.count ? rv_rule_each_chain(r, b->cleared.family, new_name, &in) : 0;
}

void rv_nft_rename_jump(const struct rv_nft_batch *b, const struct rv_table_def *table,
			struct rv_rule *r)
{
	const struct rv_nft_rename *to = r->jump[0] ? find_name(&b->renames, FROM, table, r->jump)
						    : NULL;

	if (to)
		rv_chain_name_set(r->jump, to->to);
}

bool rv_nft_is_old_name(const struct rv_nft_batch *b, const struct rv_table_def *table,
			const char *name)
{
	return find_name(&b->renames, FROM, table, name) != NULL;
}

bool rv_nft_has_renames(const struct rv_nft_batch *b, const struct rv_table_def *table)
{
	return b->renames.of_table[table - rv_table_defs] != 0;
}

/* ---- changing ------------------------------------------------------------------- */

static struct rv_nft_rename *add(struct rv_nft_renames *all, const struct rv_chain *c)
{
	struct rv_nft_rename *r;

	if (all->count >= all->nslots && !grow(all))
		return NULL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->table = c->table->def;
	r->chain = c->handle;
	rv_chain_name_set(r->from, c->name);
	rv_chain_name_set(r->to, c->name);
	for (int by = 0; by < RV_NFT_RENAMED_BY; by++)
		link_by(all, r, by);
	all->count++;
	all->of_table[r->table - rv_table_defs]++;
	return r;
}

static void drop(struct rv_nft_renames *all, struct rv_nft_rename *r)
{
	for (int by = 0; by < RV_NFT_RENAMED_BY; by++)
		unlink_by(all, r, by);
	all->count--;
	all->of_table[r->table - rv_table_defs]--;
	free(r);
}

bool rv_nft_rename(struct rv_nft_batch *b, const struct rv_chain *c, const char *name)
{
	struct rv_nft_rename *r = find_chain(&b->renames, c);

	if (!r)
		r = add(&b->renames, c);
	if (!r)
		return false;
	unlink_by(&b->renames, r, TO);
	rv_chain_name_set(r->to, name);
	link_by(&b->renames, r, TO);
	return true;
}

void rv_nft_forget_rename(struct rv_nft_batch *b, const struct rv_chain *c)
{
	struct rv_nft_rename *r = find_chain(&b->renames, c);

	if (r)
		drop(&b->renames, r);
}

void rv_nft_forget_renames(struct rv_nft_batch *b, const struct rv_table_def *table)
{
	struct rv_nft_renames *all = &b->renames;

	for (uint32_t i = 0; i < all->nslots; i++)
		for (struct rv_nft_rename *r = all->slots[FROM][i], *next; r; r = next) {
			next = r->next[FROM];
			if (r->table == table)
				drop(all, r);
		}
}

void rv_nft_renames_clear(struct rv_nft_renames *all)
{
	for (uint32_t i = 0; i < all->nslots; i++)
		while (all->slots[FROM][i])
			drop(all, all->slots[FROM][i]);
	for (int by = 0; by < RV_NFT_RENAMED_BY; by++)
		free(all->slots[by]);
	*all = (struct rv_nft_renames){ 0 };
}
