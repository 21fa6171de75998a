/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lookups find the entries of a chain that a packet can match at all, its candidates.
 *
 * A lookup returns the candidates of a packet in the order of the chain. It has no false negatives:
 * an entry is left out only if one of its tests would fail before anything with a side effect is
 * evaluated. Candidates are then evaluated completely, so verdicts and counters are the same as in
 * a linear walk.
 *
 * facts.c derives the conditions of an entry, lookup.c compiles chains, tree.c compiles entries
 * that have no exact values, classify.c finds the candidates of packets.
 */
#ifndef RAVELIN_KERNEL_LOOKUP_H
#define RAVELIN_KERNEL_LOOKUP_H

#include "internal.h"

/* ---- conditions ---------------------- */

/* Fields of a packet as numbers. */
enum rv_dim {
	RV_DIM_SRC,
	RV_DIM_SRC_LOW, /* lower 64 bits of an IPv6 address */
	RV_DIM_DST,
	RV_DIM_DST_LOW,
	RV_DIM_IN,
	RV_DIM_OUT,   /* hash of the name */
	RV_DIM_PROTO, /* or RV_PROTO_ABSENT */
	RV_DIM_SPORT, /* or ICMP type and code, or RV_PORT_ABSENT */
	RV_DIM_DPORT, /* or RV_PORT_ABSENT */
	RV_DIM_MARK,
	RV_DIMS,
};

#define RV_PROTO_ABSENT 0x100
#define RV_PORT_ABSENT	0x10000

/*
 * A necessary condition on a field x: lo <= x <= hi and, if mask is not 0, (x & mask) == lo. The
 * range from 0 to the field's maximum allows any value.
 */
struct rv_range {
	uint64_t lo, hi, mask;
};

struct rv_box {
	struct rv_range dim[RV_DIMS];
};

/* Returns the maximum of a field. */
uint64_t rv_dim_max(uint8_t family, unsigned int dim);
/* Returns a hash of an interface name. */
uint64_t rv_name_number(const char name[16]);

/*
 * Calls fn with the predicates of an entry's matches that are tested before anything that may have
 * a side effect, provided that the transport header, if there is one, is complete.
 */
void rv_entry_predicates(const struct rv_rules *r, const struct rvk_entry *e,
			 void (*fn)(const struct rvk_predicate *p, void *arg), void *arg);
/*
 * A box is a condition on each field. A packet that matches the entry satisfies at least one of the
 * entry's boxes. Stores box number n and returns the number of boxes: one for each interval of a
 * list of ports, or a single one if whole is set.
 */
unsigned int rv_entry_box(const struct rv_rules *r, const struct rvk_entry *e, unsigned int n,
			  bool whole, struct rv_box *box);

/* ---- compiled chains ---------------------- */

#define RV_LOOKUP_HASHES 7
#define RV_LOOKUP_FAN	 8 /* maximum number of leaves that a packet reaches in the tree */
#define RV_LOOKUP_LISTS	 (1 + RV_LOOKUP_HASHES + RV_LOOKUP_FAN)
#define RV_LOOKUP_PROBES 64

/*
 * All lists of entries are in one array. A list has the number of its entries, their indices in
 * ascending order, and RV_LIST_END. It is referred to by its offset in the array; 0: no list.
 */
#define RV_LIST_END   0xffffffffU
#define RV_LIST_EMPTY 1 /* offset of a list without entries */

/* A slot of a hash table whose keys are some of the fields, masked. */
struct rv_lookup_slot {
	uint32_t tag;  /* hash of the key; keys with the same hash share a list */
	uint32_t list; /* 0: the slot is free */
};

struct rv_lookup_hash {
	struct rv_lookup_slot *slots;
	uint32_t bits; /* number of slots: 1 << bits */
	uint32_t nfields;
	uint8_t field[RV_DIMS]; /* index in rv_lookup.dims */
	uint64_t mask[RV_DIMS];
};

#define RV_NODE_LEAF 0x80000000U /* a leaf; the other bits are the offset of its list */

/* An inner node of the tree: values below split are in child[0], others in child[1]. */
struct rv_lookup_node {
	uint64_t split;
	uint32_t child[2]; /* index of a node, or RV_NODE_LEAF */
	uint32_t across;   /* entries with values on both sides: as child; 0: none */
	uint32_t field;	   /* index in rv_lookup.dims */
};

struct rv_lookup {
	uint32_t first, last; /* entries of the chain; the last is always a candidate */
	uint8_t family;
	uint8_t ndims, nhashes;
	uint8_t dims[RV_DIMS]; /* enum rv_dim, ascending */
	uint32_t used;	       /* dims as bits of 1 << enum rv_dim */
	uint32_t always;       /* list of entries without condition on these fields */
	uint32_t root;	       /* root node of the tree; 0: no tree */
	uint32_t nnodes, nlists;
	uint64_t seed;
	uint32_t *lists;
	struct rv_lookup_node *nodes; /* a child's index is greater than its parent's */
	const struct rv_key *keys;    /* prefilter keys, indexed by entry */
	struct rv_lookup_hash hashes[RV_LOOKUP_HASHES];
};

/* Returns the hash of those values[] that are in the table's key. */
static inline uint64_t rv_lookup_hash(const struct rv_lookup *l, const struct rv_lookup_hash *h,
				      const uint64_t *values)
{
	uint64_t x = l->seed;

	for (unsigned int i = 0; i < h->nfields; i++)
		x = (x ^ (values[h->field[i]] & h->mask[i])) * 0x9e3779b97f4a7c15ULL;
	return x ^ x >> 32;
}

/* Returns the first slot to look at. */
static inline uint32_t rv_lookup_slot(const struct rv_lookup_hash *h, uint64_t hash)
{
	return (uint32_t)(hash >> (64 - h->bits));
}

/* ---- building ---------------------- */

/* A chain being compiled. Arrays are indexed by box; boxes are in the order of their entries. */
struct rv_lookup_build {
	struct rv_rules *rules;
	struct rv_lookup *lookup;
	uint32_t nboxes;
	uint32_t *entry;
	struct rv_range *ranges; /* lookup->ndims each */
	uint8_t *part;		 /* where the box is: PART_* or the number of a hash */
	uint32_t *group;	 /* number of the group of boxes with the same key, from 0 */
	uint32_t *size;		 /* indexed by group: its size, later its list */
	uint32_t room;		 /* allocated length of lookup->lists */
	bool eager;		 /* compile even if it does not pay: rv_lookup_rules is 1 */
};

static inline const struct rv_range *rv_box_ranges(const struct rv_lookup_build *b, uint32_t box)
{
	return b->ranges + (size_t)box * b->lookup->ndims;
}

/* Appends an empty list with room for n entries. Returns its offset, or 0 if out of memory. */
uint32_t rv_list_new(struct rv_lookup_build *b, uint32_t n);
/* Adds an entry to a list that has room for it. */
static inline void rv_list_add(struct rv_lookup *l, uint32_t list, uint32_t entry)
{
	uint32_t n = ++l->lists[list];

	l->lists[list + n] = entry;
	l->lists[list + n + 1] = RV_LIST_END;
}

/*
 * Builds a tree of the n boxes whose numbers are in boxes. Its lists have at most 2 * n entries
 * together. Returns 0 or -ENOMEM.
 */
int rv_tree_make(struct rv_lookup_build *b, const uint32_t *boxes, uint32_t n);

/* ---- packets ---------------------- */

/* The fields of a packet that prefilter keys (struct rv_key) are compared with. */
struct rv_view {
	const uint8_t *header;
	uint16_t port; /* destination */
	uint16_t all;  /* 0xffff if the packet has no ports, else 0 */
	uint8_t proto; /* 0: unknown */
};

static inline struct rv_view rv_view_of(const struct rv_pkt *pkt)
{
	const uint8_t *ports = rv_pkt_ports(pkt);

	return (struct rv_view){
		.header = pkt->data,
		.port = ports ? rv_be16(ports + 2) : 0,
		.all = ports ? 0 : 0xffff,
		.proto = pkt->proto == RV_PROTO_NONE ? 0 : (uint8_t)pkt->proto,
	};
}

/* Returns whether the packet cannot match. Never rejects the last entry of a chain. */
static inline bool rv_key_rejects(const struct rv_key *key, const struct rv_view *v)
{
	uint32_t bytes;

	memcpy(&bytes, v->header + key->at, sizeof(bytes));
	return (bytes ^ key->value) & key->mask ||
	       (key->proto && v->proto && key->proto != v->proto) ||
	       (uint16_t)(v->port - key->port) > (key->span | v->all);
}

/* Iterates over a packet's candidates in a chain. */
struct rv_cursor {
	struct rv_pkt *pkt;	    /* NULL in tests: do not compare prefilter keys */
	const struct rv_lookup *of; /* the chain; NULL before the first search */
	uint32_t at;		    /* candidates before this entry are no longer in lists */
	bool changed;		    /* a target may have changed the packet since the search */
	bool blind;		    /* the packet's header is truncated */
	bool viewed;		    /* view is set */
	unsigned int n;
	const uint32_t *lists[RV_LOOKUP_LISTS]; /* next candidate of each list */
	uint64_t values[RV_DIMS];
	struct rv_view view;
};

static inline void rv_cursor_init(struct rv_cursor *c, struct rv_pkt *pkt)
{
	c->pkt = pkt;
	c->of = NULL;
}

/* Finds the candidates in c->of for the field values c->values, from entry i on. */
void rv_cursor_find(struct rv_cursor *c, uint32_t i);
/*
 * Returns the first candidate from entry i on. Returns RV_LIST_END if all entries must be
 * evaluated: the packet's header is truncated, so testing it has the side effect of dropping it.
 */
uint32_t rv_cursor_next(struct rv_cursor *c, const struct rv_lookup *l, uint32_t i);

#endif
