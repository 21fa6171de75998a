/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/ir.h>
#include <ravelin/registry.h>

/* ---- chains --------------------------------------------------------------- */

static uint32_t hash_name(const char *name)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	while (*name)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h;
}

static struct rv_chain **hash_slot(const struct rv_table *t, const char *name)
{
	return &t->hash[hash_name(name) & (t->nhash - 1)];
}

static void hash_add(struct rv_table *t, struct rv_chain *c)
{
	struct rv_chain **slot = hash_slot(t, c->name);

	c->hash_next = *slot;
	*slot = c;
}

static void hash_del(struct rv_table *t, struct rv_chain *c)
{
	struct rv_chain **at = hash_slot(t, c->name);

	while (*at != c)
		at = &(*at)->hash_next;
	*at = c->hash_next;
}

/* Keeps the load factor at most 1: a file may declare 100,000 chains. */
static bool hash_reserve(struct rv_table *t)
{
	uint32_t n = t->nhash ? t->nhash * 2 : 16;
	struct rv_chain **slots;

	if (t->nchains < t->nhash)
		return true;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	free(t->hash);
	t->hash = slots;
	t->nhash = n;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		hash_add(t, c);
	return true;
}

struct rv_chain *rv_table_chain(const struct rv_table *t, const char *name)
{
	if (!t->nhash)
		return NULL;
	for (struct rv_chain *c = *hash_slot(t, name); c; c = c->hash_next)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static void forget_callers(struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		while (!rv_list_empty(&c->callers))
			rv_list_del(c->callers.next);
	t->called = false;
}

struct rv_chain *rv_table_add_chain(struct rv_table *t, const char *name)
{
	struct rv_chain *c;

	if (!hash_reserve(t))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	/* Rules read before the chain may already jump to it. */
	if (t->called && !t->complete)
		forget_callers(t);
	c->table = t;
	c->base = -1;
	rv_chain_name_set(c->name, name);
	rv_list_init(&c->rules);
	rv_list_init(&c->callers);
	rv_list_add_before(&c->node, &t->chains);
	hash_add(t, c);
	t->nchains++;
	c->number = t->numbers++;
	return c;
}

/* ---- callers of chains ------------------------------------------------------- */

static void add_caller(struct rv_rule *r)
{
	struct rv_table *t = r->in->table;
	struct rv_chain *to = t->called && r->jump[0] ? rv_table_chain(t, r->jump) : NULL;

	if (to)
		rv_list_add_before(&r->caller, &to->callers);
}

void rv_table_track_callers(struct rv_table *t)
{
	if (t->called)
		return;
	t->called = true;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			add_caller(r);
}

/* nf_tables rules refer to chains by pointer, ours by name, so names need updating. */
static void rename_jumps(struct rv_chain *c)
{
	rv_list_each(r, &c->callers, struct rv_rule, caller) {
		rv_chain_name_set(r->jump, c->name);
		rv_index_changed(r->in, r);
	}
}

int rv_rule_each_chain(struct rv_rule *r, rv_family_t family, rv_chain_fn *fn, void *arg)
{
	for (struct rv_part *m = r->matches; m; m = m->next)
		if (rv_ext_ops(m->ext)->chains &&
		    rv_ext_ops(m->ext)->chains(m->data, family, fn, arg))
			return -1;
	return 0;
}

struct new_name {
	const char *old, *new;
};

static const char *give_new_name(const char *chain, void *arg)
{
	const struct new_name *name = arg;

	return strcmp(chain, name->old) ? NULL : name->new;
}

static int rename_in_parts(struct rv_table *t, const char *old, const char *new)
{
	struct new_name name = { old, new };

	if (!t->parts_jump)
		return 0;
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			if (rv_rule_each_chain(r, t->ruleset->family, give_new_name, &name))
				return -1;
			rv_index_changed(c, r);
		}
	}
	return 0;
}

int rv_chain_rename(struct rv_chain *c, const char *name)
{
	if (rename_in_parts(c->table, c->name, name))
		return -1;
	rv_table_track_callers(c->table);
	hash_del(c->table, c);
	rv_chain_name_set(c->name, name);
	hash_add(c->table, c);
	rename_jumps(c);
	return 0;
}

static void free_rules(struct rv_chain *c)
{
	rv_index_drop(c);
	rv_list_each_safe(r, &c->rules, struct rv_rule, node) {
		rv_list_del(&r->caller);
		rv_rule_free(r);
	}
	rv_list_init(&c->rules);
	c->nrules = 0;
}

static void free_chain(struct rv_chain *c)
{
	free_rules(c);
	rv_remarks_free(&c->remarks);
	rv_remarks_free(&c->tail);
	free(c);
}

void rv_chain_flush(struct rv_chain *c)
{
	struct rv_remark *kept = NULL;

	rv_list_each(r, &c->rules, struct rv_rule, node)
		rv_remarks_move(&kept, &r->remarks);
	rv_remarks_move_front(&c->tail, &kept);
	free_rules(c);
	c->loaded = true;
}

void rv_chain_free(struct rv_chain *c)
{
	hash_del(c->table, c);
	c->table->nchains--;
	rv_list_del(&c->node);
	while (!rv_list_empty(&c->callers))
		rv_list_del(c->callers.next);
	free_chain(c);
}

void rv_chain_add_rule(struct rv_chain *c, struct rv_rule *r, struct rv_rule *pos)
{
	if (!pos)
		rv_remarks_move_front(&r->remarks, &c->tail);
	rv_list_add_before(&r->node, pos ? &pos->node : &c->rules);
	c->nrules++;
	r->in = c;
	add_caller(r);
	rv_index_add(c, r, pos);
	c->table->parts_jump |= r->matches && rv_ext_ops(r->matches->ext)->chains;
}

void rv_chain_remove_rule(struct rv_chain *c, struct rv_rule *r)
{
	struct rv_list *next = r->node.next;

	rv_remarks_move_front(next == &c->rules ? &c->tail
						: &rv_entry(next, struct rv_rule, node)->remarks,
			      &r->remarks);
	rv_index_remove(c, r);
	rv_list_del(&r->caller);
	rv_list_del(&r->node);
	r->in = NULL;
	c->nrules--;
}

/* ---- tables ---------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct rv_chain *x = *(struct rv_chain *const *)a;
	const struct rv_chain *y = *(struct rv_chain *const *)b;

	if (x->base >= 0 || y->base >= 0)
		return (uint8_t)x->base < (uint8_t)y->base ? -1 : 1;
	return strcmp(x->name, y->name);
}

int rv_table_sort(struct rv_table *t)
{
	struct rv_chain **sorted = malloc((t->nchains + 1) * sizeof(*sorted));
	size_t n = 0;

	if (!sorted)
		return -1;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		sorted[n++] = c;
	qsort(sorted, n, sizeof(*sorted), by_name);
	rv_list_init(&t->chains);
	for (size_t i = 0; i < n; i++)
		rv_list_add_before(&sorted[i]->node, &t->chains);
	free(sorted);
	return 0;
}

static void count_callers(struct rv_chain *c)
{
	c->references = 0;
	for (const struct rv_list *at = c->callers.next; at != &c->callers; at = at->next)
		c->references++;
}

struct counting {
	struct rv_table *table;
	struct rv_chain *only;		/* NULL: all */
};

static const char *count_chain(const char *chain, void *arg)
{
	const struct counting *n = arg;
	struct rv_chain *to = rv_table_chain(n->table, chain);

	if (to && (!n->only || to == n->only))
		to->references++;
	return NULL;
}

static void count_parts(struct rv_table *t, struct rv_chain *only)
{
	struct counting n = { t, only };

	if (!t->parts_jump)
		return;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			rv_rule_each_chain(r, t->ruleset->family, count_chain, &n);
}

void rv_table_count_references(struct rv_table *t, struct rv_chain *only)
{
	rv_table_track_callers(t);
	if (only)
		count_callers(only);
	else
		rv_list_each(c, &t->chains, struct rv_chain, node)
			count_callers(c);
	count_parts(t, only);
}

void rv_ruleset_init(struct rv_ruleset *rs, rv_family_t family)
{
	rs->family = family;
	rs->tail = NULL;
	rv_list_init(&rs->tables);
}

static void table_free(struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		free_rules(c);
	rv_list_each_safe(c, &t->chains, struct rv_chain, node)
		free_chain(c);
	rv_remarks_free(&t->remarks);
	rv_remarks_free(&t->tail);
	free(t->hash);
	free(t);
}

void rv_ruleset_clear(struct rv_ruleset *rs)
{
	rv_list_each_safe(t, &rs->tables, struct rv_table, node)
		table_free(t);
	rv_remarks_free(&rs->tail);
	rv_list_init(&rs->tables);
}

static bool add_base_chains(struct rv_table *t)
{
	for (unsigned int i = 0; i < t->def->nbase; i++) {
		struct rv_chain *c = rv_table_add_chain(t, t->def->base[i].name);

		if (!c)
			return false;
		c->base = i;
		c->policy = RV_VERDICT_ACCEPT;
	}
	return true;
}

struct rv_table *rv_ruleset_table(struct rv_ruleset *rs, const struct rv_table_def *def)
{
	struct rv_table *t;

	rv_list_each(known, &rs->tables, struct rv_table, node)
		if (known->def == def)
			return known;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->ruleset = rs;
	t->def = def;
	rv_list_init(&t->chains);
	if (!add_base_chains(t)) {
		table_free(t);
		return NULL;
	}
	rv_list_add_before(&t->node, &rs->tables);
	return t;
}
