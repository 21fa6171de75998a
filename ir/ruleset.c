/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>
#include <ravelin/ir.h>

static const struct {
	const char *name, *help;
} verdicts[] = {
#define RV_VERDICT(id, name, nft, nf_tables, module, help) { name, help },
#include <ravelin/verdicts.def>
};

const char *rv_verdict_name(enum rv_verdict verdict)
{
	return verdict < RV_VERDICTS ? verdicts[verdict].name : NULL;
}

const char *rv_verdict_help(enum rv_verdict verdict)
{
	return verdict < RV_VERDICTS ? verdicts[verdict].help : NULL;
}

enum rv_verdict rv_verdict_find(const char *name)
{
	for (unsigned int i = 0; i < RV_VERDICTS; i++)
		if (verdicts[i].name && !strcmp(verdicts[i].name, name))
			return i;
	return RV_VERDICT_NONE;
}

/* ---- rules ---------------------------------------------------------------- */

struct rv_part *rv_part_new(const struct rv_ext *ext)
{
	struct rv_part *p = calloc(1, sizeof(*p) + ext->size);

	if (!p)
		return NULL;
	p->ext = ext;
	if (ext->initial)
		memcpy(p->data, ext->initial, ext->size);
	return p;
}

struct rv_part *rv_part_clone(const struct rv_part *p)
{
	struct rv_part *copy = malloc(sizeof(*copy) + p->ext->size);

	if (!copy)
		return NULL;
	memcpy(copy, p, sizeof(*copy) + p->ext->size);
	copy->next = NULL;
	return copy;
}

void rv_part_free(struct rv_part *p)
{
	free(p);
}

bool rv_part_equal(const struct rv_part *a, const struct rv_part *b)
{
	if (!a || !b)
		return a == b;
	return a->ext == b->ext &&
	       !memcmp(a->data, b->data, a->ext->compare ? a->ext->compare : a->ext->size);
}

void rv_rule_init(struct rv_rule *r)
{
	memset(r, 0, sizeof(*r));
	rv_list_init(&r->node);
	rv_list_init(&r->caller);
}

struct rv_rule *rv_rule_new(void)
{
	struct rv_rule *r = malloc(sizeof(*r));

	if (r)
		rv_rule_init(r);
	return r;
}

void rv_rule_free(struct rv_rule *r)
{
	if (!r)
		return;
	while (r->matches) {
		struct rv_part *next = r->matches->next;

		rv_part_free(r->matches);
		r->matches = next;
	}
	rv_part_free(r->target);
	rv_remarks_free(&r->remarks);
	free(r);
}

void rv_rule_add_match(struct rv_rule *r, struct rv_part *m)
{
	struct rv_part **end = &r->matches;

	while (*end)
		end = &(*end)->next;
	m->next = NULL;
	*end = m;
}

struct rv_rule *rv_rule_clone(const struct rv_rule *r)
{
	struct rv_rule *copy = rv_rule_new();
	struct rv_part **end;

	if (!copy)
		return NULL;
	*copy = *r;
	rv_list_init(&copy->node);
	rv_list_init(&copy->caller);
	copy->in = NULL;
	copy->place = NULL;
	copy->matches = copy->target = NULL;
	copy->remarks = NULL;
	end = &copy->matches;
	for (const struct rv_part *m = r->matches; m; m = m->next) {
		*end = rv_part_clone(m);
		if (!*end)
			goto fail;
		end = &(*end)->next;
	}
	if (r->target) {
		copy->target = rv_part_clone(r->target);
		if (!copy->target)
			goto fail;
	}
	return copy;
fail:
	rv_rule_free(copy);
	return NULL;
}

/* "+" matches any interface, so it is equivalent to none unless negated. */
static const char *plain_interface(const char *name)
{
	return strcmp(name, "+") ? name : "";
}

static bool interface_equal(const char *a, const char *b)
{
	return !strcmp(plain_interface(a), plain_interface(b));
}

static bool ip_equal(const struct rv_ip *a, const struct rv_ip *b)
{
	return !memcmp(&a->src, &b->src, sizeof(a->src)) &&
	       !memcmp(&a->smask, &b->smask, sizeof(a->smask)) &&
	       !memcmp(&a->dst, &b->dst, sizeof(a->dst)) &&
	       !memcmp(&a->dmask, &b->dmask, sizeof(a->dmask)) &&
	       interface_equal(a->in, b->in) && interface_equal(a->out, b->out) &&
	       a->proto == b->proto && a->flags == b->flags && a->invert == b->invert;
}

bool rv_rule_equal(const struct rv_rule *a, const struct rv_rule *b)
{
	const struct rv_part *x = a->matches, *y = b->matches;

	if (a->verdict != b->verdict || strcmp(a->jump, b->jump) || !ip_equal(&a->ip, &b->ip))
		return false;
	for (; x && y; x = x->next, y = y->next)
		if (!rv_part_equal(x, y))
			return false;
	return !x && !y && rv_part_equal(a->target, b->target);
}

static uint64_t hash_bytes(uint64_t h, const void *data, size_t len)
{
	for (const unsigned char *at = data; len--; at++)
		h = (h ^ *at) * 0x100000001b3;	/* FNV-1a */
	return h;
}

static uint64_t hash_part(uint64_t h, const struct rv_part *p)
{
	if (!p)
		return h;
	h = hash_bytes(h, &p->ext, sizeof(p->ext));
	return hash_bytes(h, p->data, p->ext->compare ? p->ext->compare : p->ext->size);
}

static uint64_t hash_text(uint64_t h, const char *text)
{
	return hash_bytes(h, text, strlen(text) + 1);
}

uint64_t rv_rule_hash(const struct rv_rule *r)
{
	uint64_t h = hash_bytes(0xcbf29ce484222325, &r->verdict, sizeof(r->verdict));

	h = hash_text(h, r->jump);
	h = hash_bytes(h, &r->ip, offsetof(struct rv_ip, in));
	h = hash_text(h, plain_interface(r->ip.in));
	h = hash_text(h, plain_interface(r->ip.out));
	h = hash_bytes(h, &r->ip.proto, sizeof(r->ip.proto));
	for (const struct rv_part *m = r->matches; m; m = m->next)
		h = hash_part(h, m);
	return hash_part(h, r->target);
}

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
