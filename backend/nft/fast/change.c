/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a few changes of a chain without rewriting it. A transaction that changes an element of a
 * map in use must change nothing else: elements take effect at once but rules with the generation,
 * so with more changes a packet could see a mix of old and new rules.
 */
#include <stdlib.h>

#include "write.h"

/* With more changes than this, or more than an eighth of the chain, the chain is planned again. */
#define MANY 16

/*
 * A chain is planned again when this many plain rules are at its end, and at each power of two
 * above.
 */
#define TAIL 32

enum edit_kind {
	EDIT_ADD_PLAIN,
	EDIT_DEL_PLAIN,
	EDIT_ADD_ELEMENT,
	EDIT_DEL_ELEMENT,
};

struct edit {
	enum edit_kind kind;
	struct rv_rule *rule;			/* added */
	const struct rv_fast_entry *old;	/* deleted */
	const struct rv_fast_entry *next;	/* insert before this entry; NULL: append */
	const struct rv_fast_map *map;
	const struct rv_facts *facts;
	uint64_t order;
	uint64_t action;
	/* order becomes the chain's last order, or its first */
	bool last;
	bool first;
};

struct editing {
	struct rv_fast_writer *w;
	const struct rv_plan_chain *p;
	struct rv_chain *chain;
	const struct rv_fast_entry *entries;
	uint32_t count;
	struct edit edit[MANY];
	uint32_t n;
};

/* ---- finding out what changed -------------------------------------------------------------------- */

static struct edit *new_edit(struct editing *x, enum edit_kind kind)
{
	uint32_t most = x->count / 8 > MANY ? MANY : x->count / 8;

	if (x->n >= (most < 2 ? 2 : most))
		return NULL;
	x->edit[x->n] = (struct edit){ .kind = kind };
	return &x->edit[x->n++];
}

static bool note_deleted(struct editing *x, const struct rv_fast_entry *e)
{
	struct edit *edit = e->where == RV_FAST_IN_LEAF ? NULL :
			    new_edit(x, e->where == RV_FAST_ELEMENT ? EDIT_DEL_ELEMENT : EDIT_DEL_PLAIN);

	if (edit)
		edit->old = e;
	return edit;
}

static const struct rv_fast_map *map_of(const struct editing *x, const struct rv_fast_entry *e)
{
	return e && e->map ? rv_fast_map_by_id(x->w->was, e->map) : NULL;
}

static bool has_key(const struct editing *x, const struct rv_fast_map *map, const unsigned char *key,
		    unsigned int len)
{
	const struct rv_fast_table *was = x->w->was;

	for (uint32_t i = 0; i < x->count; i++)
		if (x->entries[i].map == map->id && x->entries[i].key &&
		    !memcmp(was->text.data + x->entries[i].key, key, len))
			return true;
	for (size_t i = 0; i < was->nleaves; i++)
		if (was->leaves[i].named && was->leaves[i].map == map->id &&
		    !memcmp(was->text.data + was->leaves[i].key, key, len))
			return true;
	return false;
}

/* Returns the ID of an action that the map already uses for the rule's target, or 0. */
static uint64_t find_action(const struct editing *x, const struct rv_fast_map *map, const struct rv_rule *r)
{
	uint32_t i = 0;

	rv_list_each(known, &x->chain->rules, struct rv_rule, node) {
		while (i < x->count && x->entries[i].order < known->handle)
			i++;
		if (i < x->count && x->entries[i].order == known->handle && x->entries[i].action &&
		    x->entries[i].map == map->id && rv_part_equal(known->target, r->target) &&
		    known->ip.proto == r->ip.proto && known->ip.flags == r->ip.flags)
			return x->entries[i].action;
	}
	return 0;
}

/* Fills in the edit if the rule can be added as an element of the map, else returns false. */
static bool is_element(struct editing *x, struct edit *edit, const struct rv_facts *facts,
		       const struct rv_fast_map *map)
{
	unsigned char key[RV_FAST_KEY_MAX];
	struct rv_rule *r = edit->rule;
	unsigned int len;

	if (!map || !rv_fast_can_be_element(r, facts, &map->shape) ||
	    rv_fast_render_text(x->w, r) || !rv_fast_text_fits(x->w->text.len))
		return false;
	len = rv_fast_key(x->w->family, facts, &map->shape, key);
	if (has_key(x, map, key, len))
		return false;
	edit->action = r->target ? find_action(x, map, r) : 0;
	if (r->target && !edit->action)
		return false;
	edit->kind = EDIT_ADD_ELEMENT;
	edit->facts = facts;
	edit->map = map;
	return true;
}

static bool give_order(struct editing *x, struct edit *edit, const struct rv_fast_entry *before)
{
	const struct rv_fast_entry *next = edit->next;
	uint64_t from, to;

	edit->last = !next;
	edit->first = next && !before;
	if (edit->last)
		edit->order = x->w->last += RV_FAST_STEP;
	else if (edit->first)
		edit->order = x->w->first -= RV_FAST_STEP;
	if (edit->last || edit->first)
		return true;
	/* Stay below the next multiple of RV_FAST_STEP, so that no order is assigned twice. */
	from = before->order;
	to = (from | (RV_FAST_STEP - 1)) + 1;
	to = next->order < to ? next->order : to;
	edit->order = from + (to - from) / 2;
	return edit->order > from && edit->order < to;
}

static bool note_added(struct editing *x, struct rv_rule *r, uint32_t number, uint32_t at)
{
	const struct rv_fast_entry *before = at ? &x->entries[at - 1] : NULL;
	const struct rv_fast_entry *next = at < x->count ? &x->entries[at] : NULL;
	const struct rv_facts *facts = &x->p->facts[number];
	struct edit *edit = new_edit(x, EDIT_ADD_PLAIN);

	if (!edit)
		return false;
	edit->rule = r;
	edit->next = next;
	/* Two rules at one position would get the same order. */
	if (x->n > 1 && !(edit[-1].kind == EDIT_ADD_PLAIN && !next) && edit[-1].rule && edit[-1].next == next)
		return false;
	if (!give_order(x, edit, before))
		return false;
	if (x->n == 1 && (is_element(x, edit, facts, map_of(x, before)) ||
			  (map_of(x, next) != map_of(x, before) && is_element(x, edit, facts, map_of(x, next)))))
		return true;
	/* A switch is a single kernel rule: no rule can be inserted between its elements. */
	return !before || !next || !before->map || before->map != next->map;
}

/*
 * Lists the changes of the chain: entries that were read and whose rules were deleted, and new
 * rules (without an order, rv_rule.handle). Returns false if a rule was changed or rules were
 * moved: the chain must be rewritten.
 */
static bool find_edits(struct editing *x)
{
	uint32_t at = 0, number = 0;

	rv_list_each(r, &x->chain->rules, struct rv_rule, node) {
		while (r->handle && at < x->count && x->entries[at].order != r->handle)
			if (!note_deleted(x, &x->entries[at++]))
				return false;
		if (!r->handle && !note_added(x, r, number, at))
			return false;
		if (r->handle && (at == x->count || !rv_fast_is_as_read(x->w->was, r, &x->entries[at++])))
			return false;
		number++;
	}
	while (at < x->count)
		if (!note_deleted(x, &x->entries[at++]))
			return false;
	return true;
}

/* ---- whether they can be made in place ---------------------------------------------------------------------- */

/* Returns whether the edit is the only change of its transaction, as one of an element must be. */
static bool is_alone(const struct editing *x)
{
	uint32_t elements = 0;

	for (uint32_t i = 0; i < x->n; i++)
		elements += x->edit[i].kind == EDIT_ADD_ELEMENT || x->edit[i].kind == EDIT_DEL_ELEMENT;
	return !elements || (x->n == 1 && !x->w->m->b->nrecords && !x->w->bulk);
}

bool rv_fast_is_due(uint32_t plain)
{
	return plain >= TAIL && !(plain & (plain - 1));
}

/*
 * Returns whether the new plain rules make so many at either end that the chain is planned again.
 */
static bool is_tail_due(const struct editing *x)
{
	uint32_t tail = 0, front = 0;

	for (uint32_t i = x->count; i && x->entries[i - 1].where == RV_FAST_PLAIN; i--)
		tail++;
	while (front < x->count && x->entries[front].where == RV_FAST_PLAIN)
		front++;
	for (uint32_t i = 0; i < x->n; i++) {
		const struct edit *e = &x->edit[i];

		if (e->kind == EDIT_ADD_PLAIN && ((e->last && rv_fast_is_due(++tail)) ||
						  (e->first && rv_fast_is_due(++front))))
			return true;
	}
	return false;
}

/* ---- making them ----------------------------------------------------------------------------------------- */

int rv_fast_del_rule(struct rv_fast_writer *w, struct rv_chain *c, uint64_t handle)
{
	struct rv_buf *b = &w->m->b->bytes;
	struct rv_fast_about a;

	if (rv_fast_start(w, &a, c, NULL, NFT_MSG_DELRULE, 0))
		return -1;
	rv_nft_put_text(b, NFTA_RULE_CHAIN, c->name);
	rv_nft_put_u64(b, NFTA_RULE_HANDLE, handle);
	return rv_fast_finish(&a);
}

static int del_plain(struct editing *x, const struct edit *edit)
{
	return rv_fast_del_rule(x->w, x->chain, edit->old->handle);
}

static uint64_t kernel_rule(const struct editing *x, const struct rv_fast_entry *e)
{
	return e->map ? map_of(x, e)->handle : e->handle;
}

int rv_fast_put_plain(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r, bool front,
		      uint64_t before)
{
	struct rv_buf *b = &w->m->b->bytes;
	struct rv_fast_about a;

	if (rv_fast_start(w, &a, c, r, NFT_MSG_NEWRULE, NLM_F_CREATE | (front || before ? 0 : NLM_F_APPEND)))
		return -1;
	rv_nft_put_text(b, NFTA_RULE_CHAIN, c->name);
	if (before)
		rv_nft_put_u64(b, NFTA_RULE_POSITION, before);
	if (rv_fast_put_rule(w, r)) {
		rv_error_at(w->m->err, &r->loc);
		return -1;
	}
	return rv_fast_finish(&a);
}

static int add_plain(struct editing *x, const struct edit *edit)
{
	edit->rule->handle = edit->order;
	return rv_fast_put_plain(x->w, x->chain, edit->rule, false,
				 edit->next ? kernel_rule(x, edit->next) : 0);
}

int rv_fast_put_element(struct rv_fast_writer *w, struct rv_chain *c, struct rv_rule *r,
			const struct rv_facts *facts, const struct rv_fast_map *map, uint64_t action)
{
	struct rv_fast_filling f = { .w = w, .chain = c, .shape = &map->shape };
	uint32_t code = 0;
	char name[RV_FAST_NAME];

	rv_fast_name(f.name, RV_FAST_MAP, map->id);
	rv_fast_name(name, RV_FAST_ACTION, action);
	rv_fast_element_code(r, &code);
	if (rv_fast_render_text(w, r) ||
	    rv_fast_add_element(&f, r, facts, code, r->target ? name : r->jump[0] ? r->jump : NULL, true))
		return -1;
	return rv_fast_close_elements(&f);
}

static int add_element(struct editing *x, const struct edit *edit)
{
	edit->rule->handle = edit->order;
	return rv_fast_put_element(x->w, x->chain, edit->rule, edit->facts, edit->map, edit->action);
}

int rv_fast_del_element(struct rv_fast_writer *w, struct rv_chain *c, const struct rv_fast_entry *e)
{
	const struct rv_fast_map *map = rv_fast_map_by_id(w->was, e->map);
	struct rv_buf *b = &w->m->b->bytes;
	char name[RV_FAST_NAME];
	struct rv_fast_about a;
	size_t list;

	rv_fast_name(name, RV_FAST_MAP, map->id);
	if (rv_fast_start(w, &a, c, NULL, NFT_MSG_DELSETELEM, 0))
		return -1;
	rv_nft_put_text(b, NFTA_SET_ELEM_LIST_SET, name);
	list = rv_nft_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	rv_fast_put_key_element(b, w->was->text.data + e->key, rv_fast_key_len(w->family, &map->shape));
	rv_nft_nest_end(b, list);
	return rv_fast_finish(&a);
}

static int del_element(struct editing *x, const struct edit *edit)
{
	return rv_fast_del_element(x->w, x->chain, edit->old);
}

static int (*const makers[])(struct editing *x, const struct edit *edit) = {
	[EDIT_ADD_PLAIN] = add_plain,
	[EDIT_DEL_PLAIN] = del_plain,
	[EDIT_ADD_ELEMENT] = add_element,
	[EDIT_DEL_ELEMENT] = del_element,
};

int rv_fast_edit(struct rv_fast_writer *w, const struct rv_plan_chain *p, struct rv_fast_chain *read)
{
	struct editing x = {
		.w = w, .p = p, .chain = (struct rv_chain *)p->chain,
		.entries = w->was->entries + read->first, .count = read->count,
	};
	const uint64_t first = w->first, last = w->last;

	if (w->was->cleared || read->ended || !read->count || !find_edits(&x) || !is_alone(&x) || is_tail_due(&x)) {
		w->first = first;
		w->last = last;
		return 1;
	}
	for (uint32_t i = 0; i < x.n; i++)
		if (makers[x.edit[i].kind](&x, &x.edit[i]))
			return -1;
	return 0;
}
