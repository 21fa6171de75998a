/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Determines a table's profile and its name in the kernel, and keeps it in memory for changes. */
#include <errno.h>
#include <stdlib.h>

#include <ravelin/hooks.h>

#include "fast.h"

#define PROFILE "RAVELIN_PROFILE"

static const char *const fast_names[RV_TABLE_DEFS] = {
#define RV_X(id, word, ...) "ravelin-" word,
	RV_TABLES_LIST(RV_X, RV_BASE)
#undef RV_X
};

const char *rv_fast_table_name(const struct rv_table_def *def)
{
	return fast_names[def - rv_table_defs];
}

const char *rv_nft_table_name(const struct rv_nft_batch *b, const struct rv_table_def *def)
{
	return def >= rv_table_defs && def < rv_table_defs + RV_TABLE_DEFS && rv_fast_is(b, def) ?
	       fast_names[def - rv_table_defs] : def->name;
}

const char *rv_nft_table_names(unsigned int i)
{
	return i < RV_TABLE_DEFS ? rv_table_defs[i].name :
	       i < 2 * RV_TABLE_DEFS ? fast_names[i - RV_TABLE_DEFS] : NULL;
}

const char *rv_nft_known_table(const char *name)
{
	for (unsigned int i = 0; name && rv_nft_table_names(i); i++)
		if (!strcmp(rv_nft_table_names(i), name))
			return rv_nft_table_names(i);
	return NULL;
}

/* States of a table. During a conversion the tables of both profiles exist, one of them dormant. */
enum { ABSENT, DORMANT, ACTIVE };

/* Requests the table of that name. Returns ABSENT, DORMANT, ACTIVE, or -1. */
static int ask(struct rv_store *s, const char *name, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	uint32_t flags;
	int rc = rv_nft_ask_table(&n->socket, s->rs.family, name, &flags, err);

	if (rc)
		return rc < 0 ? -1 : ABSENT;
	return flags & NFT_TABLE_F_DORMANT ? DORMANT : ACTIVE;
}

/* Returns whether new tables are created in profile fast. */
static bool wants_fast(const struct rv_store *s)
{
	const char *profile = s->arg && *s->arg ? s->arg : getenv(PROFILE);

	return profile && !strcmp(profile, "fast");
}

int rv_fast_know(struct rv_store *s, const struct rv_table *t, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	uint32_t bit = rv_nft_table_bit(t->def);
	int fast, compat = ABSENT;

	if (n->batch.asked & bit)
		return 0;
	fast = ask(s, fast_names[t->def - rv_table_defs], err);
	if (fast == DORMANT || (fast == ABSENT && wants_fast(s)))
		compat = ask(s, t->def->name, err);
	if (fast < 0 || compat < 0)
		return -1;
	n->batch.asked |= bit;
	if (fast == ACTIVE || (fast == DORMANT && compat != ACTIVE) ||
	    (fast == ABSENT && compat == ABSENT && wants_fast(s)))
		n->batch.fast |= bit;
	return 0;
}

/* ---- keeping a table in memory ------------------------------------------------------------------------------------- */

/*
 * These changes do not require it: chains are created and renamed, and policies set, as in profile
 * compat, because rule texts do not contain chain names. In a restore, however, renaming requires
 * it, because later commands may use the new name before the kernel knows it.
 */
bool rv_fast_holds(const struct rv_store *s, const struct rv_change *c)
{
	switch (c->kind) {
	case RV_CHANGE_RENAME_CHAIN:
		return s->bulk;
	case RV_CHANGE_ADD_CHAIN:
	case RV_CHANGE_POLICY:
	case RV_CHANGE_ZERO_CHAIN:
		return false;
	default:
		return true;
	}
}

static bool is_loaded(const struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->exists && !c->loaded)
			return false;
	return true;
}

int rv_fast_hold(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	struct rv_nft *n = s->priv;

	if (rv_nft_has_renames(&n->batch, t->def))
		return rv_fail(err, RV_ERR_PROBLEM, NULL, "a chain of table `%s' was renamed in this "
			       "transaction; change its rules in a later one", t->def->name);
	if (!is_loaded(t) && rv_fast_load(s, t, err))
		return -1;
	rv_fast_forget_resets(n, t->def);
	rv_table_count_references(t, NULL);
	rv_nft_batch_drop(&n->batch, t->def);
	t->whole = true;
	return 0;
}

int rv_fast_hold_cleared(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct rv_fast_table **held = &n->fast[t->def - rv_table_defs];

	rv_fast_table_free(*held);
	*held = calloc(1, sizeof(**held));
	if (!*held)
		return rv_fail_memory(err);
	(*held)->cleared = true;
	rv_fast_forget_resets(n, t->def);
	if (rv_fast_read_names(s, t, *held, err))
		return -1;
	rv_nft_batch_drop(&n->batch, t->def);
	t->whole = true;
	return 0;
}

int rv_fast_choose(struct rv_store *s, struct rv_table *t, struct rv_error *err)
{
	struct rv_buf why = RV_BUF_INIT;
	struct rv_nft *n = s->priv;
	int state;

	if (!rv_fast_is(&n->batch, t->def) || n->batch.dormant & rv_nft_table_bit(t->def) ||
	    !rv_fast_misfit(t, &why))
		return 0;
	state = ask(s, fast_names[t->def - rv_table_defs], err);
	if (state == ABSENT) {
		n->batch.fast &= ~rv_nft_table_bit(t->def);
		rv_warn(err, "# Warning: table `%s' stays in profile compat: %s", t->def->name,
			rv_buf_text(&why) ? why.data : "");
	}
	rv_buf_free(&why);
	return state < 0 ? -1 : 0;
}

int rv_fast_check_unused(const struct rv_change *c, struct rv_error *err)
{
	const struct rv_chain *chain = c->chain;

	if (!chain->nrules && !chain->references)
		return 0;
	rv_fail(err, RV_ERR_PROBLEM, &c->loc, " CHAIN_DEL failed (Device or resource busy): chain %s",
		chain->name);
	return rv_hint(err, "The chain is not empty, or rules jump to it: delete those first.");
}

/* Requests that all maps are rewritten with space for more elements, because one is full. */
static bool write_anew(struct rv_store *s, struct rv_error *err)
{
	const struct rv_nft *n = s->priv;
	uint32_t anew = n->batch.fast << RV_FAST_ANEW;

	if (!anew || (s->replace & anew) == anew)
		return false;
	s->replace |= anew;
	rv_fail_retry(err, "a map is full");
	return true;
}

bool rv_fast_refused(struct rv_store *s, const struct rv_nft_verdict *v, struct rv_error *err)
{
	const struct rv_nft *n = s->priv;

	if (v->code == ENFILE)
		return write_anew(s, err);
	if (v->code != EMLINK && v->code != ELOOP)
		return false;
	rv_list_each(t, &s->rs.tables, struct rv_table, node) {
		uint32_t flushed = rv_nft_table_bit(t->def) << RV_FAST_FLUSHED;
		uint32_t shallow = rv_nft_table_bit(t->def) << RV_FAST_SHALLOW;

		if (!t->whole || !rv_fast_is(&n->batch, t->def))
			continue;
		if (rv_table_check(t, err))
			return true;
		if (s->replace & shallow)
			continue;
		/* Old and new rules together may have a loop of jumps that neither has alone. */
		s->replace |= s->replace & flushed ? shallow : flushed;
		rv_fail_retry(err, "jumps are nested too deep for leaves");
		return true;
	}
	return false;
}
