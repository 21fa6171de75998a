/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads rules: into a chain, or passing them to a visitor. */
#include "debug_dump.h"
#include "fast/fast.h"
#include "nft.h"

/* A rule being read; printed for a second -v. */
struct passing {
	struct rv_buf *told;
	rv_nft_answer_fn *fn;
	rv_nft_whole_fn *whole;
	void *arg;
};

static int pass_on(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	const struct passing *p = arg;

	if (p->told && rv_nft_explain_rule(attrs, p->told, err))
		return -1;
	return p->fn(attrs, p->arg, err);
}

static bool pass_whole(void *arg)
{
	const struct passing *p = arg;

	return p->whole && p->whole(p->arg);
}

int rv_nft_ask_rules(struct rv_store *s, const char *table, const char *only, rv_nft_answer_fn *fn,
		     rv_nft_whole_fn *whole, void *arg, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	bool told = s->explain.read && rv_nft_can_explain(s, err);
	struct passing p = {
		.told = told ? s->explain.read : NULL, .fn = fn, .whole = whole, .arg = arg,
	};
	const struct rv_nft_query q = {
		.type = NFT_MSG_GETRULE, .family = s->rs.family, .dump = true,
		.table = table, .table_attr = NFTA_RULE_TABLE,
		.chain = only, .chain_attr = NFTA_RULE_CHAIN, .whole = pass_whole,
	};

	return rv_nft_ask(&n->socket, &q, pass_on, &p, err) < 0 ? -1 : 0;
}

/* ---- one chain's rules, kept ---------------------------------------------------- */

struct loading {
	const struct rv_store *store;
	struct rv_chain *chain;
	const struct rv_nft_batch *batch;
	struct rv_nft_aside *aside;
};

static int keep_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct loading *l = arg;
	struct rv_nft_place place;
	struct rv_rule *r = rv_nft_rule_of(l->aside, l->chain->table->ruleset->family, attrs, &place,
					   err);

	if (!r)
		return -1;
	rv_nft_rename_jump(l->batch, l->chain->table->def, r);
	if (rv_nft_rename_parts(l->batch, l->chain->table->def, r)) {
		rv_rule_free(r);
		return rv_fail_memory(err);
	}
	rv_chain_add_rule(l->chain, r, NULL);
	rv_meter_step(l->store->meter);
	return 0;
}

int rv_nft_load_rules(struct rv_store *s, struct rv_chain *chain, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct loading l = { s, chain, &n->batch, &n->aside };
	const char *name = rv_nft_kernel_name(&n->batch, chain->table->def, chain->name);
	bool known = chain->handle && !(chain->handle & RV_NFT_NEW_CHAIN), flushed;

	/* In a restore, a command may depend on what another one read. */
	n->batch.depends |= s->bulk;
	if (rv_fast_is(&n->batch, chain->table->def))
		return rv_fast_load(s, chain->table, err);
	rv_chain_flush(chain);
	chain->loaded = false;
	if (rv_nft_is_flushed(&n->batch, chain, &flushed, err))
		return -1;
	if (known && !flushed && rv_nft_ask_rules(s, chain->table->def->name, name, keep_rule, NULL, &l,
						  err))
		return -1;
	if (rv_nft_replay(&n->batch, chain, err))
		return -1;
	chain->loaded = true;
	return 0;
}

/* ---- all rules, going by ---------------------------------------------------------- */

struct dumping {
	const struct rv_store *store;
	struct rv_table *table;
	struct rv_chain *chain;		/* chain of the previous rule, usually that of the next */
	const struct rv_visitor *v;
	struct rv_nft_aside *aside;
	bool only;			/* rules of one chain */
	bool short_of_uses;		/* a chain has more rules than its use count */
};

static void count_jump(const struct dumping *d, const struct rv_rule *r)
{
	struct rv_chain *to = r->jump[0] ? rv_table_chain(d->table, r->jump) : NULL;

	if (to)
		to->jumps++;
}

static int show_rule(struct dumping *d, struct rv_rule *r, const struct rv_nft_place *place,
		     struct rv_error *err)
{
	if (!d->chain || strcmp(d->chain->name, place->chain))
		d->chain = rv_table_chain(d->table, place->chain);
	if (!d->chain)
		return rv_nft_changed(err);
	/* The use count of the kernel includes the chain's own rules. */
	d->short_of_uses |= !d->chain->references;
	if (d->chain->references)
		d->chain->references--;
	count_jump(d, r);
	return d->v->rule(d->chain, r, d->v->arg) ? -1 : 0;
}

/*
 * The kernel's use count of a chain is its rules plus the rules and elements that jump to it: if
 * that many were read, none is missing.
 */
static bool all_went_by(void *arg)
{
	const struct dumping *d = arg;

	if (d->short_of_uses)
		return false;
	rv_list_each(c, &d->table->chains, struct rv_chain, node)
		if (c->exists && c->references != c->jumps && (!d->only || c == d->chain))
			return false;
	return true;
}

/*
 * Returns whether the rule is in a base chain that iptables does not have, or in an anonymous
 * chain.
 */
static bool is_of_others(const struct rv_table *table, struct rv_nft_view attrs)
{
	struct rv_nft_walk w = rv_nft_attrs(attrs);
	struct rv_nft_attr a = { 0 };
	const char *name = NULL;

	while (!name && rv_nft_next(&w, &a))
		if (a.type == NFTA_RULE_CHAIN)
			name = rv_nft_get_text(a.value);
	return name && (table->others || *name == '_') && !rv_table_chain(table, name);
}

static int pass_rule(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct dumping *d = arg;
	struct rv_nft_place place;
	struct rv_rule *r;
	int rc;

	if (is_of_others(d->table, attrs))
		return 0;
	r = rv_nft_rule_of(d->aside, d->table->ruleset->family, attrs, &place, err);
	if (!r)
		return -1;
	rc = show_rule(d, r, &place, err);
	rv_rule_free(r);
	rv_meter_step(d->store->meter);
	return rc;
}

int rv_nft_dump_table(struct rv_store *s, struct rv_table *table, const char *only,
		const struct rv_visitor *v, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct dumping d = {
		.store = s, .table = table, .v = v, .aside = &n->aside, .only = only,
	};
	bool fresh = n->fresh == table, fast = rv_fast_is(&n->batch, table->def);

	n->batch.depends |= s->bulk;
	if (only)
		fresh |= n->fresh && n->fresh == rv_table_chain(table, only);
	/* The reference counts of the chains must belong to the same generation as the rules. */
	if (rv_nft_read(&n->socket, s->rs.family, rv_nft_table_name(&n->batch, table->def),
			fast ? NULL : only, fast ? RV_NFT_READ_ALL : RV_NFT_READ_CHAINS | RV_NFT_READ_RULES, err))
		return -1;
	if ((!fresh || n->socket.watch) && rv_nft_ask_chains(s, table, only, err))
		return -1;
	n->fresh = NULL;
	if (!only && rv_table_sort(table))
		return rv_fail_memory(err);
	if (rv_nft_warn_of_oddities(s, table, err))
		return -1;
	if (fast)
		return rv_fast_dump(s, table, only, v, err);
	if (v->table(table, v->arg))
		return -1;
	return table->exists ? rv_nft_ask_rules(s, table->def->name, only, pass_rule, all_went_by,
							 &d, err) : 0;
}
