/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Computes the longest path of a packet. Rules of one run exclude each other, so a packet follows
 * the jumps of only one group.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/compiler.h"

static void add(struct rv_plan_path *to, uint64_t rules, uint64_t lookups)
{
	if (__builtin_add_overflow(to->rules, rules, &to->rules))
		to->rules = UINT64_MAX;
	if (__builtin_add_overflow(to->lookups, lookups, &to->lookups))
		to->lookups = UINT64_MAX;
}

bool rv_plan_path_longer(const struct rv_plan_path *a, const struct rv_plan_path *b)
{
	return a->rules != b->rules ? a->rules > b->rules : a->lookups > b->lookups;
}

/* The longest paths through each chain: with single rules, and with the plan. */
struct ways {
	struct rv_plan_path linear, planned;
};

/* Adds the cost of a group's rules and jumps after the lookup. */
static void follow_group(const struct rv_plan *p, const struct rv_plan_chain *c, const struct rv_plan_group *g,
			 const struct ways *ways, struct ways *way)
{
	memset(way, 0, sizeof(*way));
	for (uint32_t i = g->first; i != RV_PLAN_END; i = c->next[i]) {
		const struct rv_plan_chain *to = rv_plan_target(p, c->rules[i]);
		const struct ways *below = to ? &ways[to - p->chains] : NULL;

		if (below) {
			add(&way->linear, below->linear.rules, below->linear.lookups);
			add(&way->planned, below->planned.rules, below->planned.lookups);
		}
		if (g->form != RV_GROUP_DIRECT)
			add(&way->planned, 1, 0);
	}
}

static void walk_block(const struct rv_plan *p, const struct rv_plan_chain *c, const struct rv_block *b,
		       struct ways *ways)
{
	const struct rv_plan_group alone = { .first = b->first, .count = 1, .form = RV_GROUP_DIRECT };
	const struct rv_plan_group *groups = b->key.fields ? b->groups : &alone;
	struct ways most = { 0 }, *mine = &ways[c - p->chains];
	uint32_t n = b->key.fields ? b->ngroups : 1;

	for (uint32_t i = 0; i < n; i++) {
		struct ways way;

		follow_group(p, c, &groups[i], ways, &way);
		if (rv_plan_path_longer(&way.linear, &most.linear))
			most.linear = way.linear;
		if (rv_plan_path_longer(&way.planned, &most.planned))
			most.planned = way.planned;
	}
	add(&mine->linear, most.linear.rules, most.linear.lookups);
	add(&mine->linear, b->count, 0);
	add(&mine->planned, most.planned.rules, most.planned.lookups);
	add(&mine->planned, !b->key.fields, b->key.fields != 0);
}

static void count_chain(const struct rv_plan_chain *c, struct rv_plan_figures *f)
{
	f->rules += c->nrules;
	for (uint32_t i = 0; i < c->nblocks; i++) {
		if (!c->blocks[i].key.fields)
			continue;
		f->behind += c->blocks[i].count;
		f->maps++;
		f->leaves += c->blocks[i].leaves;
	}
}

int rv_plan_measure(const struct rv_plan *p, struct rv_plan_figures *f, struct rv_error *err)
{
	struct ways *ways = calloc(p->nchains + 1, sizeof(*ways));
	uint32_t *order = rv_plan_order(p);

	memset(f, 0, sizeof(*f));
	for (uint32_t i = p->nchains; ways && order && i-- > 0;) {
		const struct rv_plan_chain *c = &p->chains[order[i]];

		for (uint32_t j = 0; j < c->nblocks; j++)
			walk_block(p, c, &c->blocks[j], ways);
		count_chain(c, f);
		if (c->chain->base < 0)
			continue;
		if (rv_plan_path_longer(&ways[order[i]].linear, &f->linear))
			f->linear = ways[order[i]].linear;
		if (rv_plan_path_longer(&ways[order[i]].planned, &f->planned))
			f->planned = ways[order[i]].planned;
	}
	free(ways);
	if (!order)
		return rv_fail_memory(err);
	free(order);
	return ways ? 0 : rv_fail_memory(err);
}
