/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executes commands on one rule without reading the whole table: -C and -D with a rule, -A, and -I
 * at the start. All others read the whole table (change.c).
 */
#include <endian.h>
#include <stdlib.h>

#include <ravelin/registry.h>

#include "write.h"

/*
 * If the chain's use count is higher, it has too many kernel rules to read them before adding one.
 */
#define USES_READ 192

/* ---- -C and -D --------------------------------------------------------------------------------- */

int rv_fast_find(struct rv_store *s, struct rv_chain *c, const struct rv_rule *wanted,
		 struct rv_rule **found, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	struct rv_fast_table **held = &n->fast[c->table->def - rv_table_defs], *f;
	size_t at;

	*found = NULL;
	if (!rv_fast_is(&n->batch, c->table->def) || c->table->whole || !c->exists)
		return 2;
	if (rv_fast_search(s, c, wanted, &f, &at, found, err))
		return -1;
	rv_fast_table_free(*held);
	*held = f;
	if (!*found)
		return 1;
	(*found)->id = (uint32_t)at + 1;
	return 0;
}

static int del_found(struct rv_fast_writer *w, const struct rv_change *c)
{
	const struct rv_fast_entry *e = &w->was->entries[c->pos->id - 1];

	if (e->where == RV_FAST_IN_LEAF)
		return 1;
	w->m->b->depends = true;
	if (e->where == RV_FAST_PLAIN)
		return rv_fast_del_rule(w, c->chain, e->handle);
	return rv_fast_del_element(w, c->chain, e);
}

/* ---- -A and -I -------------------------------------------------------------------------------------- */

struct adding {
	struct rv_store *s;
	struct rv_fast_writer *w;
	const struct rv_change *c;
	struct rv_fast_table *f;	/* the chain's kernel rules; NULL: not read */
	struct rv_facts facts;
	const struct rv_fast_map *map;	/* the switch at that end, or NULL */
	uint64_t action;
};

/* Counts the rules whose text is that of the target. */
static int see_action(struct rv_nft_view attrs, void *arg, struct rv_error *err)
{
	struct rv_nft_view t[NFTA_RULE_MAX + 1], text;
	struct rv_fast_writer *w = arg;
	struct rv_nft_place place;
	bool elsewhere;
	uint64_t order;

	if (rv_nft_place_of(attrs, t, &place, err))
		return -1;
	if (rv_fast_get_comment(t[NFTA_RULE_USERDATA], &order, &text, &elsewhere) && !elsewhere &&
	    text.len == w->text.len && !memcmp(text.data, w->text.data, text.len))
		w->id++;
	return 0;
}

/* Finds an existing action for the rule's target; x->action is 0 if there is none. */
static int find_action(struct adding *x, struct rv_error *err)
{
	uint64_t id = rv_fast_action(&x->w->text, x->w->family, x->c->rule);
	char name[RV_FAST_NAME];

	for (unsigned int i = 0; id && i < RV_FAST_ACTION_NAMES && !x->action; i++) {
		x->w->id = 0;
		rv_fast_name(name, RV_FAST_ACTION, id + i);
		if (rv_nft_ask_rules(x->s, x->w->name, name, see_action, NULL, x->w, err))
			return -1;
		x->action = x->w->id == 1 ? id + i : 0;
	}
	return 0;
}

/* Returns the number of kernel rules in the chain. */
static uint32_t blocks(const struct adding *x)
{
	for (size_t i = 0; i < x->f->nchains; i++)
		if (x->f->chains[i].chain == x->c->chain)
			return x->f->chains[i].blocks;
	return 0;
}

/* Returns the map of the kernel rule at that end, or NULL if it is not a switch. */
static const struct rv_fast_map *map_at_end(const struct adding *x)
{
	uint32_t block = x->c->at_front ? 0 : blocks(x) - 1;

	for (size_t i = 0; i < x->f->nmaps; i++)
		if (x->f->maps[i].named && x->f->maps[i].block == block)
			return &x->f->maps[i];
	return NULL;
}

/* Returns the number of plain rules at that end. */
static uint32_t plain_at_end(const struct adding *x)
{
	uint32_t n = 0, last = blocks(x) - 1;

	for (size_t i = 0; i < x->f->nentries; i++) {
		const struct rv_fast_entry *e = &x->f->entries[x->c->at_front ? i : x->f->nentries - 1 - i];

		if (e->block != (x->c->at_front ? n : last - n))
			break;
		n++;
	}
	return n;
}

/* Sets x->map and x->action if the rule can be an element. */
static int choose(struct adding *x, struct rv_error *err)
{
	const struct rv_fast_map *map = x->f && blocks(x) ? map_at_end(x) : NULL;
	struct rv_rule *r = x->c->rule;
	unsigned char key[RV_FAST_KEY_MAX];
	char name[RV_FAST_NAME];
	unsigned int len;
	int rc;

	if (!map || !rv_fast_can_be_element(r, &x->facts, &map->shape))
		return 0;
	rv_fast_name(name, RV_FAST_MAP, map->id);
	len = rv_fast_key(x->w->family, &x->facts, &map->shape, key);
	rc = rv_fast_ask_key(x->s, x->w->name, name, key, len, NULL, NULL, err);
	if (rc <= 0)
		return rc;
	if (r->target && find_action(x, err))
		return -1;
	if (r->target && !x->action)
		return 0;
	if (rv_fast_render_text(x->w, r))
		return -1;
	if (rv_fast_text_fits(x->w->text.len))
		x->map = map;
	return 0;
}

static int stage_added(struct adding *x)
{
	struct rv_fast_writer *w = x->w;
	struct rv_rule *r = x->c->rule;

	if (x->c->at_front)
		r->handle = w->first -= RV_FAST_STEP;
	else
		r->handle = w->last += RV_FAST_STEP;
	w->m->b->depends = true;
	if (x->map ? rv_fast_put_element(w, x->c->chain, r, &x->facts, x->map, x->action) :
		     rv_fast_put_plain(w, x->c->chain, r, x->c->at_front, 0))
		return -1;
	return rv_fast_write_state(w);
}

static bool is_exhausted(const struct rv_fast_table *f)
{
	return f->first <= 2 * RV_FAST_STEP || f->last >= UINT64_MAX - 2 * RV_FAST_STEP;
}

/* Returns whether the whole table must be read: the rule affects other chains or is refused. */
static bool is_intricate(const struct adding *x)
{
	struct rv_buf why = RV_BUF_INIT;
	bool refused = rv_fast_refuses(x->w->table, x->c->rule, &why);

	rv_buf_free(&why);
	return refused || x->c->rule->jump[0] || x->facts.barrier;
}

static int add(struct adding *x, struct rv_error *err)
{
	struct rv_fast_table *state = x->w->was;
	struct rv_chain *c = x->c->chain;

	rv_facts_of(x->w->family, x->c->rule, &x->facts);
	if (is_intricate(x) || rv_fast_check_place(x->w, c, x->c->rule) ||
	    rv_fast_read_state(x->s, x->w->table, state, err))
		return err->kind ? -1 : 1;
	if (!state->has_state || state->unfinished.len || is_exhausted(state))
		return 1;
	state->has_set = true;
	x->w->first = state->first;
	x->w->last = state->last;
	if (c->references <= USES_READ && rv_fast_read_shallow(x->s, c, &x->f, err))
		return -1;
	if (choose(x, err))
		return -1;
	if (!x->map && x->f && rv_fast_is_due(plain_at_end(x) + 1))
		return 1;
	return stage_added(x);
}

static int add_one(struct rv_store *s, struct rv_fast_writer *w, const struct rv_change *c,
		   struct rv_error *err)
{
	struct rv_fast_table state = { .cleared = false };
	struct adding x = { .s = s, .w = w, .c = c };
	int rc;

	w->was = &state;
	rc = add(&x, err);
	rv_fast_table_free(x.f);
	rv_buf_free(&state.unfinished);
	w->was = NULL;
	return rc;
}

int rv_fast_single(struct rv_store *s, struct rv_nft_message *m, struct rv_error *err)
{
	struct rv_nft *n = s->priv;
	const struct rv_change *c = m->change;
	struct rv_fast_writer w = {
		.n = n, .m = m, .table = c->table, .family = s->rs.family,
		.name = rv_nft_table_name(m->b, c->table->def), .was = n->fast[c->table->def - rv_table_defs],
		.comment = rv_ext_find(RV_MATCH, s->rs.family, "comment"),
	};
	int rc = 1;

	/* A map was full: the table is rewritten with larger ones. */
	if (s->replace & rv_nft_table_bit(c->table->def) << RV_FAST_ANEW)
		return 1;
	if (s->bulk || m->b->nrecords || !c->chain || !c->chain->handle || c->chain->handle & RV_NFT_NEW_CHAIN)
		return 1;
	if (c->kind == RV_CHANGE_DEL_RULE && !c->pos->in && c->pos->id)
		rc = del_found(&w, c);
	else if (c->kind == RV_CHANGE_ADD_RULE && !c->pos && !c->chain->loaded)
		rc = add_one(s, &w, c, err);
	rv_buf_free(&w.text);
	return rc;
}
