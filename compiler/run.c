/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds runs: consecutive rules that one lookup can replace. */
#include <stdlib.h>
#include <string.h>

#include "compiler/compiler.h"

/* Number of rules after which an invalid group must have become valid again. */
#define LOOKAHEAD 16

/* ---- groups by key ---------------------------------------------------------------------------- */

struct groups {
	rv_family_t family;
	const struct rv_key_shape *shape;
	const struct rv_plan_chain *chain;
	struct rv_plan_group *group;
	uint32_t *hash;			/* of the key of each group */
	uint32_t count, room;
	uint32_t *slot;			/* index of a group + 1; size is a power of two */
	uint32_t mask;
	uint32_t unfit;			/* groups that are RV_GROUP_UNFIT now */
};

static void close_groups(struct groups *g)
{
	free(g->group);
	free(g->hash);
	free(g->slot);
}

static uint32_t hash_key(const unsigned char *key, unsigned int len)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	while (len--)
		h = (h ^ *key++) * 16777619u;
	return h ^ h >> 15;
}

static unsigned int key_of(const struct groups *g, uint32_t rule, unsigned char key[RV_KEY_ROOM])
{
	return rv_facts_key(g->family, &g->chain->facts[rule], g->shape, key);
}

/* The slot of the key: that of its group, or a free one. */
static uint32_t *find_slot(const struct groups *g, const unsigned char *key, unsigned int len, uint32_t hash)
{
	unsigned char other[RV_KEY_ROOM];
	uint32_t at = hash & g->mask;

	for (;; at = (at + 1) & g->mask) {
		uint32_t *slot = &g->slot[at];

		if (!*slot)
			return slot;
		if (g->hash[*slot - 1] != hash)
			continue;
		key_of(g, g->group[*slot - 1].first, other);
		if (!memcmp(key, other, len))
			return slot;
	}
}

/* Stores at + 1 in the next free slot; all keys differ. */
static void put_slot(struct groups *g, uint32_t at)
{
	uint32_t i = g->hash[at] & g->mask;

	while (g->slot[i])
		i = (i + 1) & g->mask;
	g->slot[i] = at + 1;
}

static int grow(struct groups *g)
{
	uint32_t room = g->room ? 2 * g->room : 16;
	struct rv_plan_group *group = realloc(g->group, room * sizeof(*group));
	uint32_t *hash = realloc(g->hash, room * sizeof(*hash));
	uint32_t *slot = calloc(2 * (size_t)room, sizeof(*slot));

	if (group)
		g->group = group;
	if (hash)
		g->hash = hash;
	if (!group || !hash || !slot) {
		free(slot);
		return -1;
	}
	free(g->slot);
	g->slot = slot;
	g->room = room;
	g->mask = 2 * room - 1;
	for (uint32_t i = 0; i < g->count; i++)
		put_slot(g, i);
	return 0;
}

static enum rv_group_form form_of(const struct rv_plan_group *p)
{
	if (p->count == 1 && !p->beyond)
		return RV_GROUP_DIRECT;
	if (p->closed)
		return RV_GROUP_GOTO;
	return p->returns ? RV_GROUP_UNFIT : RV_GROUP_JUMP;
}

static void add_to_group(struct groups *g, struct rv_plan_group *p, uint32_t rule)
{
	const struct rv_rule *r = g->chain->rules[rule];
	bool beyond = rv_facts_beyond(&g->chain->facts[rule], g->shape);

	g->unfit -= p->count && p->form == RV_GROUP_UNFIT;
	if (!p->count++) {
		p->first = rule;
		p->beyond = beyond;
	} else {
		g->chain->next[p->last] = rule;
	}
	p->last = rule;
	g->chain->next[rule] = RV_PLAN_END;
	p->closed |= !beyond && rv_rule_ends(r);
	p->returns |= rv_rule_returns(r);
	p->form = form_of(p);
	g->unfit += p->form == RV_GROUP_UNFIT;
}

static int add_rule(struct groups *g, uint32_t rule)
{
	unsigned char key[RV_KEY_ROOM];
	unsigned int len = key_of(g, rule, key);
	uint32_t *slot, hash = hash_key(key, len);

	if (g->count == g->room && grow(g))
		return -1;
	slot = find_slot(g, key, len, hash);
	if (!*slot) {
		memset(&g->group[g->count], 0, sizeof(*g->group));
		g->hash[g->count] = hash;
		*slot = ++g->count;
	}
	add_to_group(g, &g->group[*slot - 1], rule);
	return 0;
}

/* ---- the run -------------------------------------------------------------------------------------- */

static struct groups open_groups(const struct rv_plan_chain *c, const struct rv_key_shape *shape)
{
	struct groups g = { .family = c->chain->table->ruleset->family, .shape = shape, .chain = c };

	return g;
}

int rv_run_end(const struct rv_plan_chain *c, uint32_t first, const struct rv_key_shape *shape,
	       uint32_t *end, bool *returns)
{
	struct groups g = open_groups(c, shape);
	uint32_t i = first;
	int rc = 0;

	for (*end = first; i < c->nrules && i - *end <= LOOKAHEAD; i++) {
		if (c->facts[i].barrier || !rv_facts_fit(&c->facts[i], shape))
			break;
		rc = add_rule(&g, i);
		if (rc < 0)
			break;
		if (!g.unfit)
			*end = i + 1;
	}
	*returns = g.unfit;
	close_groups(&g);
	return rc;
}

static uint32_t switch_cost(const struct rv_key_shape *shape)
{
	const uint16_t names = 1 << RV_KEY_IN | 1 << RV_KEY_OUT;

	return RV_COST_SWITCH + RV_COST_FIELD * __builtin_popcount(shape->fields) +
	       (shape->fields & names ? RV_COST_NAME : 0);
}

static bool needs_chain(const struct rv_plan_chain *c, const struct rv_plan_group *p)
{
	return p->form != RV_GROUP_DIRECT || c->rules[p->first]->target;
}

/* The most expensive path through the group after the lookup. */
static uint64_t group_cost(const struct rv_plan_chain *c, const struct rv_plan_group *p)
{
	uint64_t cost = needs_chain(c, p) ? RV_COST_CHAIN : 0;

	for (uint32_t i = p->first; p->form != RV_GROUP_DIRECT && i != RV_PLAN_END; i = c->next[i])
		cost += c->facts[i].cost;
	return cost;
}

/* Targets that chains were counted for; more are not remembered. */
#define TARGETS 16

struct targets {
	const struct rv_rule *rule[TARGETS];
	unsigned int count;
};

/* Chains that the group needs: its leaf, or one for its target, which rules with the same target share. */
static uint32_t count_chains(const struct rv_plan_chain *c, const struct rv_plan_group *p, struct targets *seen)
{
	const struct rv_rule *r = c->rules[p->first];

	if (p->form != RV_GROUP_DIRECT || !r->target)
		return needs_chain(c, p);
	for (unsigned int i = 0; i < seen->count; i++)
		if (rv_part_equal(seen->rule[i]->target, r->target) && seen->rule[i]->ip.proto == r->ip.proto)
			return 0;
	if (seen->count < TARGETS)
		seen->rule[seen->count++] = r;
	return 1;
}

static void sum_up(const struct rv_plan_chain *c, struct rv_block *b)
{
	struct targets seen = { .count = 0 };
	uint64_t linear = 0, dearest = 0;

	b->leaves = 0;
	for (uint32_t i = 0; i < b->count; i++)
		linear += c->facts[b->first + i].cost;
	for (uint32_t i = 0; i < b->ngroups; i++) {
		uint64_t cost = group_cost(c, &b->groups[i]);

		b->leaves += count_chains(c, &b->groups[i], &seen);
		dearest = cost > dearest ? cost : dearest;
	}
	b->gain = (int64_t)linear - (int64_t)(switch_cost(&b->key) + dearest);
}

int rv_run_groups(const struct rv_plan_chain *c, struct rv_block *b)
{
	struct groups g = open_groups(c, &b->key);

	for (uint32_t i = 0; i < b->count; i++)
		if (add_rule(&g, b->first + i) < 0) {
			close_groups(&g);
			return -1;
		}
	free(g.slot);
	free(g.hash);
	b->groups = g.group;
	b->ngroups = g.count;
	sum_up(c, b);
	return 0;
}

unsigned int rv_shape_bytes(rv_family_t family, const struct rv_key_shape *shape)
{
	unsigned int bytes = 0;

	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++)
		if (shape->fields & 1 << i)
			bytes += (rv_key_size(family, i) + 3) & ~3u;
	return bytes;
}
