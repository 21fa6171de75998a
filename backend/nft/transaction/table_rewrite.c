/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles changes that the kernel cannot make one by one within a transaction, such as renaming a
 * chain created in it: keeps the table in memory from then on; the commit rewrites it.
 */
#include "backend/nft/fast/fast.h"

/* ---- from staging to keeping --------------------------------------------------------- */

/*
 * Keeps the table in memory: reads its rules including staged changes, and stages nothing for it
 * until the commit rewrites it. Rules get the counters that were read.
 */
static int hold_table(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	struct rv_nft *n = s->priv;

	if (!t->complete && s->backend->load_chains(s, t, NULL, err))
		return -1;
	if (rv_fast_is(&n->batch, t->def))
		return rv_fast_hold(s, t, err);
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (!c->exists)
			rv_chain_flush(c);
		else if (!c->loaded && s->backend->load_rules(s, c, err))
			return -1;
	}
	rv_table_count_references(t, NULL);
	rv_nft_batch_drop(&n->batch, t->def);
	t->whole = true;
	return 0;
}

/*
 * Returns whether the kernel cannot make the change. It finds a chain to rename by handle, which a
 * new chain does not have yet, and the old name remains in use until the commit.
 */
static bool is_beyond_kernel(const struct rv_store *s, const struct rv_change *c)
{
	const struct rv_nft *n = s->priv;
	const struct rv_nft_batch *b = &n->batch;

	if (rv_fast_is(b, c->table->def))
		return rv_fast_holds(s, c);
	switch (c->kind) {
	case RV_CHANGE_RENAME_CHAIN:
		return c->chain->handle & RV_NFT_NEW_CHAIN ||
		       rv_nft_is_old_name(b, c->table->def, c->name);
	case RV_CHANGE_ADD_CHAIN:
		return rv_nft_is_old_name(b, c->table->def, c->chain->name);
	case RV_CHANGE_CLEAR_TABLE:
		return rv_nft_has_renames(b, c->table->def);
	default:
		return false;
	}
}

/* Records what the commit needs to know about a change that is not staged. */
static void note_change(const struct rv_change *c)
{
	struct rv_chain *chain = c->chain;

	if (!chain || chain->base < 0)
		return;
	if (c->kind == RV_CHANGE_POLICY || c->kind == RV_CHANGE_ZERO_CHAIN) {
		chain->held.touched = true;
		chain->held.has_counters = c->has_counters;
	} else if (c->kind == RV_CHANGE_ADD_CHAIN) {
		chain->held.touched = true;
		chain->held.has_counters = false;
	} else if (c->kind == RV_CHANGE_DEL_CHAIN) {
		chain->held.touched = false;
	}
}

/*
 * Returns whether the change could have an unintended effect if another program changed the table
 * after it was read. Most changes refer to objects by handle, or create new ones, so the kernel
 * rejects them and everything is read again. But a base chain is written with a policy, possibly
 * the one that was read, and a restore clears only the chains that were read.
 */
static bool depends(const struct rv_store *s, const struct rv_change *c)
{
	switch (c->kind) {
	case RV_CHANGE_ADD_RULE:
	case RV_CHANGE_DEL_RULE:
	case RV_CHANGE_REPLACE_RULE:
	case RV_CHANGE_ZERO_RULE:
	case RV_CHANGE_FLUSH_CHAIN:
	case RV_CHANGE_RENAME_CHAIN:
		return false;
	case RV_CHANGE_ADD_CHAIN:
	case RV_CHANGE_DEL_CHAIN:
		return c->chain->base >= 0;
	case RV_CHANGE_POLICY:
		return s->bulk;
	default:
		return true;
	}
}

/*
 * Checks that a base chain to delete is empty and unused. The kernel would not: if a later change
 * uses the chain again, it is not deleted.
 */
static int check_empty(struct rv_store *s, const struct rv_change *c, struct rv_error *err)
{
	if (!c->chain->loaded && s->backend->load_rules(s, c->chain, err))
		return -1;
	if (!c->chain->nrules)
		return 0;
	rv_fail(err, RV_ERR_PROBLEM, &c->loc,
		" CHAIN_DEL failed (Device or resource busy): chain %s", c->chain->name);
	return rv_hint(err, "the chain is not empty, or rules jump to it: delete those first");
}

/*
 * Returns whether counters are zeroed without replacing the rule, which keeps the tokens of a
 * limit.
 */
static bool is_zeroed_in_place(struct rv_store *s, const struct rv_change *c)
{
	const struct rv_nft *n = s->priv;

	return c->kind == RV_CHANGE_ZERO_RULE && c->pos->handle && !c->table->whole &&
	       rv_fast_is(&n->batch, c->table->def) && rv_fast_can_reset(s);
}

/* Stages a change; on error removes its incomplete message. */
static int stage_or_undo(struct rv_nft_message *m)
{
	struct rv_nft_batch *b = m->b;
	const size_t len = b->bytes.len, nrecords = b->nrecords;

	if (!rv_nft_stage_change(m))
		return 0;
	b->bytes.len = len;
	b->nrecords = nrecords;
	return -1;
}

int rv_nft_stage(struct rv_store *s, const struct rv_change *c, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct rv_nft_batch *b = &n->batch;
	struct rv_nft_message m = { .b = b, .family = s->rs.family, .change = c, .err = err };

	if (rv_nft_generation(&n->socket, err))
		return -1;
	if (is_zeroed_in_place(s, c))
		return rv_fast_note_reset(s, c, err);
	if (!c->table->whole && rv_fast_is(b, c->table->def) && rv_fast_holds(s, c)) {
		int rc = rv_fast_single(s, &m, err);

		if (rc <= 0)
			return rc;
	}
	if (!c->table->whole && is_beyond_kernel(s, c) &&
	    (c->kind == RV_CHANGE_CLEAR_TABLE && rv_fast_is(b, c->table->def) ?
	     rv_fast_hold_cleared(s, c->table, err) : hold_table(s, c->table, err)))
		return -1;
	if (c->kind == RV_CHANGE_DEL_CHAIN && rv_fast_is(b, c->table->def) && rv_fast_check_unused(c, err))
		return -1;
	/* A table of profile fast may have become dormant, and be deleted soon. */
	b->depends |= c->table->whole || rv_fast_is(b, c->table->def) || depends(s, c);
	if (c->table->whole) {
		note_change(c);
		return 0;
	}
	if (c->kind == RV_CHANGE_DEL_CHAIN && c->chain->base >= 0 && check_empty(s, c, err))
		return -1;
	if (c->kind == RV_CHANGE_ZERO_RULE && c->pos->handle && rv_nft_can_reset(n, s->rs.family))
		return rv_nft_note_reset(n, c, err);
	return stage_or_undo(&m);
}

/* ---- writing it anew ----------------------------------------------------------------- */

static int add_change(const struct rv_nft_message *message, const struct rv_change *change)
{
	struct rv_nft_message m = rv_nft_message_for(message, change);

	return rv_nft_stage_change(&m);
}

static void hold_base(struct rv_chain *c, const struct rv_chain *there)
{
	c->held.exists = there->held.exists;
	c->held.at = there->held.at;
	c->held.policy = there->held.policy;
	c->held.counters = there->held.counters;
	c->held.wanted = c->exists;
}

static int add_chains(const struct rv_nft_message *m, struct rv_table *t, struct rv_table *kernel)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		const struct rv_change add = {
			.kind = RV_CHANGE_ADD_CHAIN, .table = t, .chain = c,
		};
		struct rv_chain *there = rv_table_chain(kernel, c->name);

		if (c->base >= 0) {
			hold_base(c, there);
			continue;
		}
		/* Only the name of a deleted chain is known. */
		if (!c->exists)
			continue;
		if (!there && add_change(m, &add))
			return -1;
		/* Deletes the remaining chains. */
		if (there)
			rv_chain_free(there);
	}
	return 0;
}

static int add_rules(const struct rv_nft_message *m, struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			const struct rv_change change = {
				.kind = RV_CHANGE_ADD_RULE, .table = t, .chain = c, .rule = r,
			};

			if (add_change(m, &change))
				return -1;
		}
	}
	return 0;
}

/* Stages the rewriting of a table in memory. kernel: the table as it is in the kernel. */
static int stage_table(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t,
		       struct rv_table *kernel)
{
	const struct rv_change drop = { .kind = RV_CHANGE_CLEAR_TABLE, .table = t };
	struct rv_nft_message flush = rv_nft_message_for(m, &drop);

	t->wanted = t->exists && !kernel->exists;
	if (!t->exists && !t->hooked)
		return 0;
	if (rv_fast_is(m->b, t->def))
		return add_chains(m, t, kernel) ? -1 : rv_fast_write(s, m, t, kernel);
	if (kernel->exists && rv_nft_stage_no_rules(&flush, kernel))
		return -1;
	return add_chains(m, t, kernel) || add_rules(m, t) ? -1 : 0;
}

int rv_nft_stage_whole(struct rv_store *s, struct rv_nft_message *m, struct rv_table *t)
{
	struct rv_nft *n = s->priv;
	struct rv_table *kernel = rv_ruleset_table(&n->batch.cleared, t->def);

	if (!kernel)
		return rv_fail_memory(m->err);
	if (rv_fast_choose(s, t, m->err))
		return -1;
	kernel->exists = false;
	if (!t->replaced && s->backend->load_chains(s, kernel, NULL, m->err))
		return -1;
	n->fresh = NULL;
	if (!t->replaced) {
		t->others = kernel->others;
		t->hooked = kernel->hooked;
	}
	return stage_table(s, m, t, kernel);
}
