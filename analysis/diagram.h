/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decision diagrams with shared nodes (Bryant 1986), of boolean variables in a fixed order. A
 * diagram is a set of packets (leaves 0 and 1), or says for each packet which of many outcomes it has
 * (other leaves). Two diagrams that say the same are the same number.
 *
 * Nodes are never freed one by one: all go with their struct rv_diagram. When there are more than
 * limit, or memory runs out, full is set and each result from then on means nothing: whoever uses one
 * looks at full first.
 */
#ifndef RAVELIN_DIAGRAM_H
#define RAVELIN_DIAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t rv_dd;

#define RV_DD_FALSE 0u
#define RV_DD_TRUE 1u
#define RV_DD_LEAF UINT32_MAX	/* as a variable: there is none */
#define RV_DD_LIMIT (20u << 20)	/* nodes of 16 bytes, and 4 to find each */

struct rv_dd_node {
	uint32_t var;		/* RV_DD_LEAF: lo is the number of the leaf */
	rv_dd lo, hi;		/* where it is 0 and where it is 1 */
	uint32_t next;		/* of those with one hash */
};

struct rv_dd_cached {
	uint32_t a, b, c;
	rv_dd result;
};

struct rv_diagram {
	struct rv_dd_node *nodes;
	uint32_t n, room, limit;
	uint32_t *hash;		/* heads; as many as room */
	struct rv_dd_cached *cache;
	uint32_t ncache;	/* a power of two */
	uint32_t operation;	/* numbers of rv_dd_map() */
	bool full;
};

/* limit 0: the usual one. -1 without memory. */
int rv_diagram_init(struct rv_diagram *d, uint32_t limit);
void rv_diagram_free(struct rv_diagram *d);

rv_dd rv_dd_leaf(struct rv_diagram *d, uint32_t number);
/* The node of a variable, whose branches have only later ones. */
rv_dd rv_dd_node(struct rv_diagram *d, uint32_t var, rv_dd lo, rv_dd hi);
/* g where f, which is a set, is true; else h. */
rv_dd rv_dd_ite(struct rv_diagram *d, rv_dd f, rv_dd g, rv_dd h);

static inline rv_dd rv_dd_and(struct rv_diagram *d, rv_dd f, rv_dd g)
{
	return rv_dd_ite(d, f, g, RV_DD_FALSE);
}

static inline rv_dd rv_dd_or(struct rv_diagram *d, rv_dd f, rv_dd g)
{
	return rv_dd_ite(d, f, RV_DD_TRUE, g);
}

static inline rv_dd rv_dd_not(struct rv_diagram *d, rv_dd f)
{
	return rv_dd_ite(d, f, RV_DD_FALSE, RV_DD_TRUE);
}

/* f without g. */
static inline rv_dd rv_dd_minus(struct rv_diagram *d, rv_dd f, rv_dd g)
{
	return rv_dd_ite(d, g, RV_DD_FALSE, f);
}

static inline uint32_t rv_dd_var(const struct rv_diagram *d, rv_dd f)
{
	return d->nodes[f].var;
}

/* The branch where var, not after the first of f, is value. */
static inline rv_dd rv_dd_branch(const struct rv_diagram *d, rv_dd f, uint32_t var, bool value)
{
	if (d->nodes[f].var != var)
		return f;
	return value ? d->nodes[f].hi : d->nodes[f].lo;
}

static inline uint32_t rv_dd_leaf_of(const struct rv_diagram *d, rv_dd f)
{
	return d->nodes[f].lo;
}

/* Of a set: what is in it for some value of the variables from first to before end, or for all. */
rv_dd rv_dd_some(struct rv_diagram *d, rv_dd f, uint32_t first, uint32_t end);
rv_dd rv_dd_all(struct rv_diagram *d, rv_dd f, uint32_t first, uint32_t end);

/* What becomes of a variable, and of a leaf. */
enum rv_dd_change { RV_DD_KEEP, RV_DD_ZERO, RV_DD_ONE, RV_DD_TURN };

struct rv_dd_map {
	enum rv_dd_change (*var)(void *arg, uint32_t var);	/* NULL: all are kept */
	uint32_t (*leaf)(void *arg, uint32_t number);		/* NULL: likewise */
	void *arg;
};

/* The diagram of what f says of a packet whose variables were changed first. */
rv_dd rv_dd_map(struct rv_diagram *d, rv_dd f, const struct rv_dd_map *map);

/*
 * What fn says of the leaves that two diagrams have for a packet; a set. It is asked once for two leaves,
 * and may look at variables itself.
 */
typedef rv_dd rv_dd_join_fn(void *arg, rv_dd a, rv_dd b);
rv_dd rv_dd_join(struct rv_diagram *d, rv_dd a, rv_dd b, rv_dd_join_fn *fn, void *arg);

/* Whether f looks at a variable from first to before end. */
bool rv_dd_looks(struct rv_diagram *d, rv_dd f, uint32_t first, uint32_t end);
/* Where f leads for these values of the variables. */
rv_dd rv_dd_at(const struct rv_diagram *d, rv_dd f, const uint8_t *values);
/* Nodes of f, counted up to most. */
uint32_t rv_dd_size(struct rv_diagram *d, rv_dd f, uint32_t most);

#endif
