/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "analysis/diagram.h"

#define FIRST_ROOM (1u << 16)
#define FIRST_CACHE (1u << 16)
#define FIRST_ENOUGH (1u << 18)	/* nodes that are not worth a collection */
#define CACHE_MAX (1u << 21)

/*
 * Cache keys of operations other than ite, above any node number. A variable number is added to the
 * first two.
 */
#define OPERATION_MAP (1u << 30)
#define OPERATION_SOME (2u << 30)
#define OPERATION_ALL (3u << 30)
#define OPERATION_OVER UINT32_MAX
#define OPERATION_STEP (1u << 29)	/* variables with step 2 */

static uint32_t mix(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = (a * UINT64_C(0x9e3779b97f4a7c15)) ^ (b * UINT64_C(0xc2b2ae3d27d4eb4f)) ^
		     (c * UINT64_C(0x165667b19e3779f9));

	h ^= h >> 29;
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(h >> 32);
}

/* ---- nodes ------------------------------------------------------------------------------------ */

static int grow_cache(struct rv_diagram *d, uint32_t n)
{
	struct rv_dd_cached *cache = calloc(n, sizeof(*cache));

	if (!cache)
		return -1;
	free(d->cache);
	d->cache = cache;
	d->ncache = n;
	return 0;
}

static void rehash(struct rv_diagram *d)
{
	memset(d->hash, 0xff, d->room * sizeof(*d->hash));
	for (uint32_t i = 0; i < d->n; i++) {
		struct rv_dd_node *node = &d->nodes[i];
		uint32_t *head = &d->hash[mix(node->var, node->lo, node->hi) & (d->room - 1)];

		node->next = *head;
		*head = i;
	}
}

static int grow(struct rv_diagram *d, uint32_t room)
{
	struct rv_dd_node *nodes = reallocarray(d->nodes, room, sizeof(*nodes));
	uint32_t *hash;

	if (!nodes)
		return -1;
	d->nodes = nodes;
	hash = reallocarray(d->hash, room, sizeof(*hash));
	if (!hash)
		return -1;
	d->hash = hash;
	d->room = room;
	rehash(d);
	return room / 2 > d->ncache && d->ncache < CACHE_MAX ? grow_cache(d, 2 * d->ncache) : 0;
}

/* Returns an unused node, or UINT32_MAX. */
static uint32_t new_node(struct rv_diagram *d)
{
	uint32_t i = d->free;

	if (i != UINT32_MAX) {
		d->free = d->nodes[i].next;
		d->nfree--;
		return i;
	}
	if (d->n >= d->limit || (d->n == d->room && grow(d, 2 * d->room) < 0))
		return UINT32_MAX;
	return d->n++;
}

static rv_dd find_or_add(struct rv_diagram *d, uint32_t var, rv_dd lo, rv_dd hi)
{
	uint32_t hash = mix(var, lo, hi), new;

	for (uint32_t i = d->hash[hash & (d->room - 1)]; i != UINT32_MAX; i = d->nodes[i].next)
		if (d->nodes[i].var == var && d->nodes[i].lo == lo && d->nodes[i].hi == hi)
			return i;
	new = new_node(d);
	if (new == UINT32_MAX) {
		d->full = true;
		return RV_DD_FALSE;
	}
	d->nodes[new] = (struct rv_dd_node){ var, lo, hi, d->hash[hash & (d->room - 1)] };
	d->hash[hash & (d->room - 1)] = new;
	return new;
}

int rv_diagram_init(struct rv_diagram *d, uint32_t limit)
{
	*d = (struct rv_diagram){ .limit = limit ? limit : RV_DD_LIMIT, .free = UINT32_MAX, .enough = FIRST_ENOUGH };
	if (grow_cache(d, FIRST_CACHE) < 0 || grow(d, FIRST_ROOM) < 0) {
		rv_diagram_free(d);
		return -1;
	}
	rv_dd_leaf(d, 0);
	rv_dd_leaf(d, 1);
	return 0;
}

void rv_diagram_free(struct rv_diagram *d)
{
	free(d->nodes);
	free(d->hash);
	free(d->cache);
	free(d->needed);
	*d = (struct rv_diagram){ .full = true };
}

/* ---- freeing nodes ------------------------------------------------------------------------------ */

static bool is_needed(const struct rv_diagram *d, rv_dd f)
{
	return d->needed[f / 64] >> f % 64 & 1;
}

static void need(struct rv_diagram *d, rv_dd f)
{
	while (d->nodes[f].var != RV_DD_LEAF && !is_needed(d, f)) {
		d->needed[f / 64] |= UINT64_C(1) << f % 64;
		need(d, d->nodes[f].lo);
		f = d->nodes[f].hi;
	}
}

void rv_dd_need(struct rv_diagram *d, rv_dd f)
{
	if (!d->needed && !d->full)
		d->needed = calloc(d->n / 64 + 1, sizeof(*d->needed));
	if (!d->needed)
		d->full = true;
	else
		need(d, f);
}

/*
 * Returns the number of nodes at which to free unused ones: twice the number of used nodes, or
 * slightly below the limit, but not so few that freeing them costs more than it gains.
 */
static uint32_t enough(const struct rv_diagram *d)
{
	uint32_t used = d->n - d->nfree, last = d->limit - d->limit / 8;

	if (used > d->limit - d->limit / 4)
		return UINT32_MAX;
	if (2 * used < FIRST_ENOUGH)
		return FIRST_ENOUGH;
	return 2 * used < last ? 2 * used : last;
}

void rv_dd_collect(struct rv_diagram *d)
{
	if (d->full || !d->needed)
		return;
	memset(d->hash, 0xff, d->room * sizeof(*d->hash));
	memset(d->cache, 0, d->ncache * sizeof(*d->cache));
	d->free = UINT32_MAX;
	d->nfree = 0;
	for (uint32_t i = d->n; i-- > 0;) {
		struct rv_dd_node *node = &d->nodes[i];
		bool used = node->lo != node->hi ? is_needed(d, i) : node->var == RV_DD_LEAF;
		uint32_t *list = used ? &d->hash[mix(node->var, node->lo, node->hi) & (d->room - 1)] : &d->free;

		if (!used) {
			/* equal branches mark a node as unused */
			*node = (struct rv_dd_node){ .var = 0 };
			d->nfree++;
		}
		node->next = *list;
		*list = i;
	}
	d->enough = enough(d);
	free(d->needed);
	d->needed = NULL;
}

rv_dd rv_dd_leaf(struct rv_diagram *d, uint32_t number)
{
	return find_or_add(d, RV_DD_LEAF, number, number);
}

rv_dd rv_dd_node(struct rv_diagram *d, uint32_t var, rv_dd lo, rv_dd hi)
{
	return lo == hi || d->full ? lo : find_or_add(d, var, lo, hi);
}

/* ---- the cache ----------------------------------------------------------------------------------- */

static struct rv_dd_cached *cached(struct rv_diagram *d, uint32_t a, uint32_t b, uint32_t c)
{
	return &d->cache[mix(a, b, c) & (d->ncache - 1)];
}

/* Returns whether the entry is for these operands. a is never 0: constants are not cached. */
static bool is_cached(const struct rv_dd_cached *e, uint32_t a, uint32_t b, uint32_t c)
{
	return e->a == a && e->b == b && e->c == c;
}

static rv_dd keep(struct rv_diagram *d, uint32_t a, uint32_t b, uint32_t c, rv_dd result)
{
	if (!d->full)
		*cached(d, a, b, c) = (struct rv_dd_cached){ a, b, c, result };
	return result;
}

/* ---- operations ----------------------------------------------------------------------------------- */

static uint32_t earlier(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

rv_dd rv_dd_ite(struct rv_diagram *d, rv_dd f, rv_dd g, rv_dd h)
{
	const struct rv_dd_cached *e;
	uint32_t var;
	rv_dd lo, hi;

	if (f == RV_DD_TRUE || g == h)
		return g;
	if (f == RV_DD_FALSE || d->full)
		return h;
	if (g == RV_DD_TRUE && h == RV_DD_FALSE)
		return f;
	if (f == g)
		g = RV_DD_TRUE;
	if (f == h)
		h = RV_DD_FALSE;
	if (g == h)
		return g;
	e = cached(d, f, g, h);
	if (is_cached(e, f, g, h))
		return e->result;
	var = earlier(rv_dd_var(d, f), earlier(rv_dd_var(d, g), rv_dd_var(d, h)));
	lo = rv_dd_ite(d, rv_dd_branch(d, f, var, false), rv_dd_branch(d, g, var, false),
		       rv_dd_branch(d, h, var, false));
	hi = rv_dd_ite(d, rv_dd_branch(d, f, var, true), rv_dd_branch(d, g, var, true),
		       rv_dd_branch(d, h, var, true));
	return keep(d, f, g, h, rv_dd_node(d, var, lo, hi));
}

rv_dd rv_dd_over(struct rv_diagram *d, rv_dd f, rv_dd g)
{
	const struct rv_dd_cached *e;
	uint32_t var;
	rv_dd lo, hi;

	if (f == RV_DD_FALSE)
		return g;
	if (g == RV_DD_FALSE || f == g || rv_dd_var(d, f) == RV_DD_LEAF || d->full)
		return f;
	e = cached(d, f, g, OPERATION_OVER);
	if (is_cached(e, f, g, OPERATION_OVER))
		return e->result;
	var = earlier(rv_dd_var(d, f), rv_dd_var(d, g));
	lo = rv_dd_over(d, rv_dd_branch(d, f, var, false), rv_dd_branch(d, g, var, false));
	hi = rv_dd_over(d, rv_dd_branch(d, f, var, true), rv_dd_branch(d, g, var, true));
	return keep(d, f, g, OPERATION_OVER, rv_dd_node(d, var, lo, hi));
}

static bool is_in(const struct rv_dd_vars *v, uint32_t var)
{
	return var >= v->first && var < v->end && (var - v->first) % v->step == 0;
}

static rv_dd quantify(struct rv_diagram *d, rv_dd f, const struct rv_dd_vars *v, uint32_t operation)
{
	const struct rv_dd_cached *e;
	uint32_t var = rv_dd_var(d, f), key = operation | v->end | (v->step == 2 ? OPERATION_STEP : 0);
	rv_dd lo, hi, result;

	if (var == RV_DD_LEAF || var >= v->end || d->full)
		return f;
	e = cached(d, f, v->first, key);
	if (is_cached(e, f, v->first, key))
		return e->result;
	lo = quantify(d, d->nodes[f].lo, v, operation);
	hi = quantify(d, d->nodes[f].hi, v, operation);
	if (!is_in(v, var))
		result = rv_dd_node(d, var, lo, hi);
	else
		result = operation == OPERATION_SOME ? rv_dd_or(d, lo, hi) : rv_dd_and(d, lo, hi);
	return keep(d, f, v->first, key, result);
}

rv_dd rv_dd_some(struct rv_diagram *d, rv_dd f, struct rv_dd_vars v)
{
	return v.first < v.end ? quantify(d, f, &v, OPERATION_SOME) : f;
}

rv_dd rv_dd_all(struct rv_diagram *d, rv_dd f, struct rv_dd_vars v)
{
	return v.first < v.end ? quantify(d, f, &v, OPERATION_ALL) : f;
}

static rv_dd map_node(struct rv_diagram *d, rv_dd f, const struct rv_dd_map *m, uint32_t number);

/* Returns the mapped set for numbers of the group that begin with these bits. */
static rv_dd map_group(struct rv_diagram *d, rv_dd f, const struct rv_dd_group *g, const struct rv_dd_map *m,
		       uint32_t number, unsigned int nbits, unsigned int bits)
{
	rv_dd lo, hi;

	if (nbits < g->bits) {
		lo = map_group(d, f, g, m, number, nbits + 1, 2 * bits);
		hi = map_group(d, f, g, m, number, nbits + 1, 2 * bits + 1);
		return rv_dd_node(d, g->first + nbits, lo, hi);
	}
	for (unsigned int i = 0; i < nbits; i++)
		f = rv_dd_branch(d, f, g->first + i, g->to[bits] >> (nbits - 1 - i) & 1);
	return map_node(d, f, m, number);
}

static rv_dd map_node(struct rv_diagram *d, rv_dd f, const struct rv_dd_map *m, uint32_t number)
{
	const struct rv_dd_cached *e;
	const struct rv_dd_node node = d->nodes[f];
	struct rv_dd_group group;
	enum rv_dd_change change;
	rv_dd lo, hi;

	if (d->full)
		return f;
	if (node.var == RV_DD_LEAF)
		return m->leaf ? rv_dd_leaf(d, m->leaf(m->arg, node.lo)) : f;
	e = cached(d, f, number, OPERATION_MAP);
	if (is_cached(e, f, number, OPERATION_MAP))
		return e->result;
	change = m->var ? m->var(m->arg, node.var, &group) : RV_DD_KEEP;
	if (change == RV_DD_GROUP)
		return keep(d, f, number, OPERATION_MAP, map_group(d, f, &group, m, number, 0, 0));
	if (change == RV_DD_ZERO || change == RV_DD_ONE)
		return keep(d, f, number, OPERATION_MAP,
			    map_node(d, change == RV_DD_ONE ? node.hi : node.lo, m, number));
	lo = map_node(d, node.lo, m, number);
	hi = map_node(d, node.hi, m, number);
	return keep(d, f, number, OPERATION_MAP, change == RV_DD_TURN ? rv_dd_node(d, node.var, hi, lo)
								      : rv_dd_node(d, node.var, lo, hi));
}

rv_dd rv_dd_map(struct rv_diagram *d, rv_dd f, const struct rv_dd_map *map)
{
	return map_node(d, f, map, ++d->operation);
}

struct join {
	struct rv_diagram *d;
	rv_dd_join_fn *fn;
	void *arg;
	uint32_t key;
};

static rv_dd join(const struct join *j, rv_dd a, rv_dd b)
{
	struct rv_diagram *d = j->d;
	const struct rv_dd_cached *e = cached(d, a, b, j->key);
	uint32_t var = earlier(rv_dd_var(d, a), rv_dd_var(d, b));
	rv_dd lo, hi;

	if (d->full)
		return RV_DD_FALSE;
	if (var == RV_DD_LEAF)
		return j->fn(j->arg, a, b);
	if (is_cached(e, a, b, j->key))
		return e->result;
	lo = join(j, rv_dd_branch(d, a, var, false), rv_dd_branch(d, b, var, false));
	hi = join(j, rv_dd_branch(d, a, var, true), rv_dd_branch(d, b, var, true));
	/* The result for the leaves may depend on earlier variables. */
	return keep(d, a, b, j->key, rv_dd_ite(d, rv_dd_node(d, var, RV_DD_FALSE, RV_DD_TRUE), hi, lo));
}

rv_dd rv_dd_join(struct rv_diagram *d, rv_dd a, rv_dd b, rv_dd_join_fn *fn, void *arg)
{
	const struct join j = { d, fn, arg, OPERATION_MAP + ++d->operation };

	return join(&j, a, b);
}

rv_dd rv_dd_at(const struct rv_diagram *d, rv_dd f, const uint8_t *values)
{
	while (d->nodes[f].var != RV_DD_LEAF)
		f = values[d->nodes[f].var] ? d->nodes[f].hi : d->nodes[f].lo;
	return f;
}

/* ---- looking at all nodes ---------------------------------------------------------------------------- */

struct visit {
	struct rv_diagram *d;
	uint64_t *seen;
	struct rv_dd_vars vars;	/* variables to look for */
	uint32_t count, most;
	bool found;
};

static void visit_nodes(struct visit *v, rv_dd f)
{
	const struct rv_dd_node *node = &v->d->nodes[f];

	if (node->var == RV_DD_LEAF || v->found || v->count >= v->most || v->seen[f / 64] >> f % 64 & 1)
		return;
	v->seen[f / 64] |= UINT64_C(1) << f % 64;
	v->count++;
	v->found = is_in(&v->vars, node->var);
	if (node->var >= v->vars.end)
		return;
	visit_nodes(v, node->lo);
	visit_nodes(v, node->hi);
}

static void visit(struct visit *v, rv_dd f)
{
	v->seen = calloc(v->d->n / 64 + 1, sizeof(*v->seen));
	if (v->seen)
		visit_nodes(v, f);
	else
		v->d->full = true;
	free(v->seen);
}

bool rv_dd_looks(struct rv_diagram *d, rv_dd f, struct rv_dd_vars vars)
{
	struct visit v = { .d = d, .vars = vars, .most = UINT32_MAX };

	if (vars.first < vars.end)
		visit(&v, f);
	return v.found;
}

uint32_t rv_dd_size(struct rv_diagram *d, rv_dd f, uint32_t most)
{
	struct visit v = { .d = d, .vars = { RV_DD_LEAF, RV_DD_LEAF, 1 }, .most = most };

	visit(&v, f);
	return v.count;
}
