/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits chains into blocks: chooses the runs that become switches. */
#include <stdlib.h>
#include <string.h>

#include "compiler/compiler.h"

static const struct rv_plan_limits usual = { .shortest = 6, .maps = 512, .leaves = 8192, .depth = 15, .gain = 1 };

/* Shapes without gain for a run; they have none from within that run either. */
#define FAILED 8

struct planner {
	struct rv_plan *plan;
	struct rv_plan_limits limits;
	struct failed {
		struct rv_key_shape shape;
		uint32_t end;
	} failed[FAILED];
	unsigned int nfailed;
};

/* ---- candidates ---------------------------------------------------------------------------------- */

static void drop_field(struct rv_key_shape *s, unsigned int field)
{
	s->fields &= ~(1 << field);
	s->bits[field] = 0;
}

/* All key fields of a rule that fit in a key. */
static struct rv_key_shape whole_shape(rv_family_t family, const struct rv_facts *f)
{
	static const uint8_t spare[] = { RV_KEY_OUT, RV_KEY_IN, RV_KEY_SPORT, RV_KEY_ICMP, RV_KEY_DPORT };
	struct rv_key_shape s = f->shape;

	for (unsigned int i = 0; i < sizeof(spare); i++)
		if (__builtin_popcount(s.fields) > RV_KEY_MOST || rv_shape_bytes(family, &s) > RV_KEY_BYTES)
			drop_field(&s, spare[i]);
	return s;
}

/* Only one field; a port or ICMP type includes the protocol. */
static struct rv_key_shape single_shape(const struct rv_facts *f, unsigned int field)
{
	const uint16_t dependent = 1 << RV_KEY_SPORT | 1 << RV_KEY_DPORT | 1 << RV_KEY_ICMP;
	struct rv_key_shape s = { .fields = 1 << field };

	if (s.fields & dependent)
		s.fields |= 1 << RV_KEY_PROTO;
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++)
		if (s.fields & 1 << i)
			s.bits[i] = f->shape.bits[i];
	return s;
}

static bool same_shape(const struct rv_key_shape *a, const struct rv_key_shape *b)
{
	return a->fields == b->fields && !memcmp(a->bits, b->bits, sizeof(a->bits));
}

static bool has_failed(const struct planner *p, const struct rv_key_shape *s, uint32_t first)
{
	for (unsigned int i = 0; i < p->nfailed && i < FAILED; i++)
		if (first < p->failed[i].end && same_shape(&p->failed[i].shape, s))
			return true;
	return false;
}

static void note_failed(struct planner *p, const struct rv_block *b)
{
	struct failed *f = &p->failed[p->nfailed++ % FAILED];

	f->shape = b->key;
	f->end = b->first + b->count;
}

/*
 * Compares two blocks starting at one rule by gain. Leaves count against a block: each is another
 * chain, which every commit checks.
 */
static bool is_better(const struct rv_block *a, const struct rv_block *b)
{
	return a->gain - a->leaves > b->gain - b->leaves;
}

/* Tries a shape from this rule on and replaces best if it is better. */
static int try_shape(struct planner *p, struct rv_plan_chain *c, const struct rv_key_shape *s,
		     struct rv_block *best)
{
	struct rv_block b = { .first = best->first, .key = *s };
	uint32_t end;
	bool returns;

	if (!s->fields || has_failed(p, s, b.first))
		return 0;
	if (rv_run_end(c, b.first, s, &end, &returns) < 0)
		return -1;
	b.count = end - b.first;
	if (c->run[b.first] < b.count)
		c->run[b.first] = b.count;
	if (b.count < p->limits.shortest) {
		if (!c->why[b.first])
			c->why[b.first] = returns ? RV_OUTSIDE_RETURNS : RV_OUTSIDE_SHORT;
		return 0;
	}
	if (rv_run_groups(c, &b) < 0)
		return -1;
	if (b.gain < p->limits.gain) {
		c->why[b.first] = RV_OUTSIDE_GAIN;
		note_failed(p, &b);
	}
	if (b.gain < p->limits.gain || (best->ngroups && !is_better(&b, best))) {
		free(b.groups);
		return 0;
	}
	free(best->groups);
	*best = b;
	return 0;
}

static int find_best(struct planner *p, struct rv_plan_chain *c, struct rv_block *best)
{
	const struct rv_facts *f = &c->facts[best->first];
	struct rv_key_shape s = whole_shape(c->chain->table->ruleset->family, f);

	if (f->barrier)
		return 0;
	if (try_shape(p, c, &s, best) < 0)
		return -1;
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++) {
		if (!(f->shape.fields & 1 << i))
			continue;
		s = single_shape(f, i);
		if (try_shape(p, c, &s, best) < 0)
			return -1;
	}
	return 0;
}

/* ---- blocks of a chain ----------------------------------------------------------------------------- */

static void say_why(struct rv_plan_chain *c, uint32_t rule)
{
	const struct rv_facts *f = &c->facts[rule];

	if (f->barrier)
		c->why[rule] = RV_OUTSIDE_BARRIER;
	else if (f->why)
		c->why[rule] = f->why;	/* the reason that the user can change */
	else if (!f->shape.fields)
		c->why[rule] = RV_OUTSIDE_NO_KEY;
	else if (!c->why[rule])
		c->why[rule] = RV_OUTSIDE_GAIN;
}

/* Adds the chain's next block: the best switch from here, or a plain rule. */
static int add_block(struct planner *p, struct rv_plan_chain *c, uint32_t first)
{
	struct rv_block *b = &c->blocks[c->nblocks];

	memset(b, 0, sizeof(*b));
	b->first = first;
	if (find_best(p, c, b) < 0) {
		free(b->groups);
		return -1;
	}
	if (b->ngroups) {
		/* Trying other shapes has overwritten next. */
		free(b->groups);
		b->groups = NULL;
		if (rv_run_groups(c, b) < 0)
			return -1;
		memset(c->why + first, RV_OUTSIDE_NOT, b->count);
	} else {
		b->count = 1;
		c->next[first] = RV_PLAN_END;
		say_why(c, first);
	}
	c->nblocks++;
	return 0;
}

static int plan_chain(struct planner *p, struct rv_plan_chain *c)
{
	p->nfailed = 0;
	for (uint32_t i = 0; i < c->nrules; i += c->blocks[c->nblocks - 1].count)
		if (add_block(p, c, i) < 0)
			return -1;
	return 0;
}

static int open_chain(struct rv_plan_chain *c, const struct rv_chain *chain)
{
	rv_family_t family = chain->table->ruleset->family;
	uint32_t n = chain->nrules;

	c->chain = chain;
	c->rules = calloc(n + 1, sizeof(*c->rules));
	c->facts = calloc(n + 1, sizeof(*c->facts));
	c->next = calloc(n + 1, sizeof(*c->next));
	c->why = calloc(n + 1, sizeof(*c->why));
	c->run = calloc(n + 1, sizeof(*c->run));
	c->blocks = calloc(n + 1, sizeof(*c->blocks));
	if (!c->rules || !c->facts || !c->next || !c->why || !c->run || !c->blocks)
		return -1;
	rv_list_each(r, &chain->rules, struct rv_rule, node) {
		rv_facts_of(family, r, &c->facts[c->nrules]);
		c->rules[c->nrules++] = r;
	}
	return 0;
}

static void close_chain(struct rv_plan_chain *c)
{
	for (uint32_t i = 0; i < c->nblocks; i++)
		free(c->blocks[i].groups);
	free(c->rules);
	free(c->facts);
	free(c->next);
	free(c->why);
	free(c->run);
	free(c->blocks);
}

/* ---- bounds of a table ------------------------------------------------------------------------------- */

/* Dissolves the marked switches into plain rules. Moves blocks. */
static int dissolve_marked(struct rv_plan_chain *c)
{
	struct rv_block *old = c->blocks, *blocks = calloc(c->nrules + 1, sizeof(*blocks));
	uint32_t n = 0;

	if (!blocks)
		return -1;
	for (uint32_t i = 0; i < c->nblocks; i++) {
		if (!old[i].dissolve) {
			blocks[n++] = old[i];
			continue;
		}
		for (uint32_t j = old[i].first; j < old[i].first + old[i].count; j++) {
			blocks[n++] = (struct rv_block){ .first = j, .count = 1 };
			c->next[j] = RV_PLAN_END;
			c->why[j] = old[i].dissolve;
		}
		free(old[i].groups);
	}
	c->blocks = blocks;
	c->nblocks = n;
	free(old);
	return 0;
}

static int dissolve(struct rv_plan *p)
{
	for (uint32_t i = 0; i < p->nchains; i++)
		if (dissolve_marked(&p->chains[i]) < 0)
			return -1;
	return 0;
}

static int by_gain(const void *a, const void *b)
{
	int64_t x = (*(struct rv_block *const *)a)->gain, y = (*(struct rv_block *const *)b)->gain;

	return (x < y) - (x > y);
}

static size_t count_switches(const struct rv_plan *p)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->nchains; i++)
		for (uint32_t j = 0; j < p->chains[i].nblocks; j++)
			n += p->chains[i].blocks[j].ngroups != 0;
	return n;
}

static void collect(const struct rv_plan *p, struct rv_block **switches)
{
	for (uint32_t i = 0; i < p->nchains; i++)
		for (uint32_t j = 0; j < p->chains[i].nblocks; j++)
			if (p->chains[i].blocks[j].ngroups)
				*switches++ = &p->chains[i].blocks[j];
}

/* Keeps the best switches within the table's limits. */
static int keep_best(struct planner *p)
{
	size_t n = count_switches(p->plan);
	struct rv_block **switches = calloc(n + 1, sizeof(struct rv_block *));
	uint32_t maps = 0, leaves = 0;

	if (!switches)
		return -1;
	collect(p->plan, switches);
	qsort(switches, n, sizeof(struct rv_block *), by_gain);
	for (size_t i = 0; i < n; i++) {
		if (maps == p->limits.maps)
			switches[i]->dissolve = RV_OUTSIDE_MAPS;
		else if (switches[i]->leaves > p->limits.leaves - leaves)
			switches[i]->dissolve = RV_OUTSIDE_LEAVES;
		else {
			maps++;
			leaves += switches[i]->leaves;
		}
	}
	free(switches);
	return dissolve(p->plan);
}

/* ---- depth of jumps ------------------------------------------------------------------------------------- */

/* Chains are sorted by address. */
struct rv_plan_chain *rv_plan_chain(const struct rv_plan *p, const struct rv_chain *c)
{
	uint32_t low = 0, high = p->nchains;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (p->chains[middle].chain == c)
			return &p->chains[middle];
		if ((uintptr_t)p->chains[middle].chain < (uintptr_t)c)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct rv_plan_chain *rv_plan_target(const struct rv_plan *p, const struct rv_rule *r)
{
	const struct rv_chain *to = r->jump[0] ? rv_table_chain(p->table, r->jump) : NULL;

	return to ? rv_plan_chain(p, to) : NULL;
}

struct walk {
	uint32_t *order, *stack, *at;
	uint8_t *state;
	uint32_t placed, top;
};

static void walk_from(const struct rv_plan *p, struct walk *w, uint32_t root)
{
	w->stack[w->top = 0] = root;
	w->state[root] = 1;
	for (;;) {
		uint32_t i = w->stack[w->top];
		struct rv_plan_chain *c = &p->chains[i], *to;

		if (w->at[i] == c->nrules) {
			w->order[--w->placed] = i;
			if (!w->top--)
				return;
			continue;
		}
		to = rv_plan_target(p, c->rules[w->at[i]++]);
		if (to && !w->state[to - p->chains]) {
			w->stack[++w->top] = to - p->chains;
			w->state[to - p->chains] = 1;
		}
	}
}

uint32_t *rv_plan_order(const struct rv_plan *p)
{
	size_t n = p->nchains;
	struct walk w = {
		.order = calloc(n + 1, sizeof(uint32_t)), .stack = calloc(n + 1, sizeof(uint32_t)),
		.at = calloc(n + 1, sizeof(uint32_t)), .state = calloc(n + 1, 1), .placed = p->nchains,
	};

	if (w.order && w.stack && w.at && w.state)
		for (uint32_t i = 0; i < p->nchains; i++)
			if (!w.state[i])
				walk_from(p, &w, i);
	if (!w.stack || !w.at || !w.state) {
		free(w.order);
		w.order = NULL;
	}
	free(w.stack);
	free(w.at);
	free(w.state);
	return w.order;
}

/* The maximum number of jumps to and from each chain; each may pass through a leaf. */
static void measure_depth(const struct rv_plan *p, const uint32_t *order, uint32_t *above, uint32_t *below)
{
	for (uint32_t i = 0; i < p->nchains; i++)
		for (uint32_t j = 0; j < p->chains[order[i]].nrules; j++) {
			struct rv_plan_chain *to = rv_plan_target(p, p->chains[order[i]].rules[j]);

			if (to && above[to - p->chains] <= above[order[i]])
				above[to - p->chains] = above[order[i]] + 1;
		}
	for (uint32_t i = p->nchains; i-- > 0;)
		for (uint32_t j = 0; j < p->chains[order[i]].nrules; j++) {
			struct rv_plan_chain *to = rv_plan_target(p, p->chains[order[i]].rules[j]);

			if (to && below[order[i]] <= below[to - p->chains])
				below[order[i]] = below[to - p->chains] + 1;
		}
}

static void forbid_leaves(struct rv_plan_chain *c)
{
	for (uint32_t i = 0; i < c->nblocks; i++)
		if (c->blocks[i].leaves)
			c->blocks[i].dissolve = RV_OUTSIDE_DEPTH;
}

/* A leaf adds a jump. Chains on paths that could become too long get no leaves. */
static int bound_depth(struct planner *p)
{
	struct rv_plan *plan = p->plan;
	uint32_t *above = calloc(plan->nchains + 1, sizeof(*above));
	uint32_t *below = calloc(plan->nchains + 1, sizeof(*below));
	uint32_t *order = rv_plan_order(plan);
	bool ok = above && below && order;

	if (ok)
		measure_depth(plan, order, above, below);
	for (uint32_t i = 0; ok && i < plan->nchains; i++)
		if (2 * (above[i] + below[i]) + 1 > p->limits.depth)
			forbid_leaves(&plan->chains[i]);
	free(above);
	free(below);
	free(order);
	return ok ? dissolve(plan) : -1;
}

/* ---- barriers ---------------------------------------------------------------------------------------------- */

static bool spread_barriers(struct rv_plan *p, bool *barred)
{
	bool more = false;

	for (uint32_t i = 0; i < p->nchains; i++)
		for (uint32_t j = 0; j < p->chains[i].nrules; j++) {
			struct rv_plan_chain *to = rv_plan_target(p, p->chains[i].rules[j]);
			struct rv_facts *f = &p->chains[i].facts[j];

			f->barrier |= to && barred[to - p->chains];
			more |= f->barrier && !barred[i];
			barred[i] |= f->barrier;
		}
	return more;
}

/* A jump to a chain with a barrier is a barrier: the packet may return changed. */
static int mark_barriers(struct rv_plan *p)
{
	bool *barred = calloc(p->nchains + 1, sizeof(*barred));

	if (!barred)
		return -1;
	while (spread_barriers(p, barred))
		;
	free(barred);
	return 0;
}

/* ---- the plan ----------------------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct rv_plan_chain *)a)->chain;
	uintptr_t y = (uintptr_t)((const struct rv_plan_chain *)b)->chain;

	return (x > y) - (x < y);
}

static int open_chains(struct rv_plan *p)
{
	p->chains = calloc(p->table->nchains + 1, sizeof(*p->chains));
	if (!p->chains)
		return -1;
	rv_list_each(c, &p->table->chains, struct rv_chain, node)
		if (open_chain(&p->chains[p->nchains++], c) < 0)
			return -1;
	qsort(p->chains, p->nchains, sizeof(*p->chains), by_address);
	return 0;
}

static int make(struct planner *p)
{
	if (open_chains(p->plan) < 0 || mark_barriers(p->plan) < 0)
		return -1;
	for (uint32_t i = 0; i < p->plan->nchains; i++)
		if (plan_chain(p, &p->plan->chains[i]) < 0)
			return -1;
	return bound_depth(p) < 0 ? -1 : keep_best(p);
}

static uint32_t bound(uint32_t given, uint32_t otherwise)
{
	return given ? given : otherwise;
}

struct rv_plan *rv_plan_make(const struct rv_table *t, const struct rv_plan_limits *limits,
			     struct rv_error *err)
{
	const struct rv_plan_limits *l = limits ? limits : &usual;
	struct planner p = { .plan = calloc(1, sizeof(struct rv_plan)) };

	p.limits.shortest = bound(l->shortest, usual.shortest);
	p.limits.maps = bound(l->maps, usual.maps);
	p.limits.leaves = bound(l->leaves, usual.leaves);
	p.limits.depth = bound(l->depth, usual.depth);
	p.limits.gain = l->gain ? l->gain : usual.gain;
	if (p.plan)
		p.plan->table = t;
	if (p.plan && make(&p) == 0)
		return p.plan;
	rv_plan_free(p.plan);
	rv_fail_memory(err);
	return NULL;
}

void rv_plan_free(struct rv_plan *p)
{
	for (uint32_t i = 0; p && p->chains && i < p->nchains; i++)
		close_chain(&p->chains[i]);
	if (p)
		free(p->chains);
	free(p);
}
