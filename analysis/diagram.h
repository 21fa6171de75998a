/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decision diagrams with shared nodes (Bryant 1986), of boolean variables in a fixed order. A
 * diagram is a set of packets (leaves 0 and 1) or maps each packet to one of many outcomes (other
 * leaves). Equal functions have equal numbers.
 *
 * Nodes are freed together with their struct rv_diagram, or by rv_dd_collect(). When there are more
 * than limit, or memory runs out, full is set and later results are invalid: check full before using one.
 */
#ifndef RAVELIN_DIAGRAM_H
#define RAVELIN_DIAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t rv_dd;

#define RV_DD_FALSE 0u
#define RV_DD_TRUE 1u
#define RV_DD_LEAF UINT32_MAX	/* variable of a leaf */
#define RV_DD_LIMIT (20u << 20)	/* nodes: 16 bytes each, and 4 in the hash table */

struct rv_dd_node {
	uint32_t var;		/* RV_DD_LEAF: a leaf, whose number is lo */
	rv_dd lo, hi;		/* branches for 0 and for 1 */
	uint32_t next;		/* in the hash chain, or in the list of free nodes */
};

struct rv_dd_cached {
	uint32_t a, b, c;
	rv_dd result;
};

struct rv_diagram {
	struct rv_dd_node *nodes;
	uint32_t n, room, limit;	/* n: used ones, and free ones between them */
	uint32_t free, nfree;	/* list of free ones */
	uint32_t enough;	/* used nodes at which to collect */
	uint32_t *hash;		/* heads of the hash chains; room entries */
	struct rv_dd_cached *cache;
	uint32_t ncache;	/* a power of two */
	uint32_t operation;	/* counts rv_dd_map() calls, as a key of the cache */
	uint64_t *needed;	/* a bit for each node, from the first rv_dd_need() to rv_dd_collect(); or NULL */
	bool full;
};

/* limit 0: RV_DD_LIMIT. Returns 0, or -1 without memory. */
int rv_diagram_init(struct rv_diagram *d, uint32_t limit);
void rv_diagram_free(struct rv_diagram *d);

/* Whether it is time to free nodes. */
static inline bool rv_dd_crowded(const struct rv_diagram *d)
{
	return d->n - d->nfree >= d->enough;
}

/* Marks f and what it consists of as needed; then frees all other nodes but leaves. */
void rv_dd_need(struct rv_diagram *d, rv_dd f);
void rv_dd_collect(struct rv_diagram *d);

rv_dd rv_dd_leaf(struct rv_diagram *d, uint32_t number);
/* A node; lo and hi must have later variables only. */
rv_dd rv_dd_node(struct rv_diagram *d, uint32_t var, rv_dd lo, rv_dd hi);
/* If-then-else: g for packets in the set f, else h. */
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

/* f with var set to value; no variable of f may come before var. */
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

/* The variables first, first + step, ... before end. step is 1 or 2. */
struct rv_dd_vars {
	uint32_t first, end, step;
};

/* Returns f with the leaf RV_DD_FALSE ("no outcome") replaced by g. */
rv_dd rv_dd_over(struct rv_diagram *d, rv_dd f, rv_dd g);

/* Quantification of a set over variables: exists, for all. */
rv_dd rv_dd_some(struct rv_diagram *d, rv_dd f, struct rv_dd_vars v);
rv_dd rv_dd_all(struct rv_diagram *d, rv_dd f, struct rv_dd_vars v);

/* How rv_dd_map() changes a variable. */
enum rv_dd_change { RV_DD_KEEP, RV_DD_ZERO, RV_DD_ONE, RV_DD_TURN, RV_DD_GROUP };

/*
 * Consecutive variables that are changed together. Read as the bits of a number, most significant
 * bit first, they change from n to to[n].
 */
struct rv_dd_group {
	uint32_t first;
	unsigned int bits;	/* at most 8 */
	const uint8_t *to;
	uint8_t pair[4];	/* optional storage for to */
};

struct rv_dd_map {
	/*
	 * Returns how the variable changes. For each variable of a group returns RV_DD_GROUP and
	 * fills *group. NULL if no variable changes.
	 */
	enum rv_dd_change (*var)(void *arg, uint32_t var, struct rv_dd_group *group);
	uint32_t (*leaf)(void *arg, uint32_t number);		/* NULL: all are kept */
	void *arg;
};

/* f, applied to the changed packet. */
rv_dd rv_dd_map(struct rv_diagram *d, rv_dd f, const struct rv_dd_map *map);

/*
 * The set of packets for which fn holds of the leaves that a and b have for them. fn is called once
 * for each pair of leaves, and its result may depend on variables.
 */
typedef rv_dd rv_dd_join_fn(void *arg, rv_dd a, rv_dd b);
rv_dd rv_dd_join(struct rv_diagram *d, rv_dd a, rv_dd b, rv_dd_join_fn *fn, void *arg);

/* Whether f depends on one of the variables. */
bool rv_dd_looks(struct rv_diagram *d, rv_dd f, struct rv_dd_vars v);
/* The leaf of f for these values of the variables. */
rv_dd rv_dd_at(const struct rv_diagram *d, rv_dd f, const uint8_t *values);
/* The number of nodes of f, at most most. */
uint32_t rv_dd_size(struct rv_diagram *d, rv_dd f, uint32_t most);

#endif
