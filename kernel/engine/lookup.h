/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lookups: which entries of a chain a packet can match at all.
 *
 * A lookup returns the candidates of a packet in the order of the chain. It has no false negatives:
 * an entry is left out only if one of its tests would fail before anything with a side effect is
 * evaluated. Candidates are then evaluated completely, so verdicts and counters are those of a
 * linear walk, whatever the matches and targets are.
 *
 * facts.c derives the conditions of an entry, lookup.c compiles chains, tree.c the part of a chain
 * that has no exact keys, classify.c evaluates packets.
 */
#ifndef RAVELIN_KERNEL_LOOKUP_H
#define RAVELIN_KERNEL_LOOKUP_H

#include "internal.h"

/* ---- conditions ---------------------- */

/* Fields of a packet as numbers. */
enum rv_dim {
	RV_DIM_SRC,
	RV_DIM_SRC_LOW, /* address; IPv6: upper and lower 64 bits */
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
 * A necessary condition on one field: lo <= x <= hi and, if mask is not 0, (x & mask) == lo. Any
 * value: 0 to the maximum of the field.
 */
struct rv_range {
	uint64_t lo, hi, mask;
};

struct rv_box {
	struct rv_range dim[RV_DIMS];
};

/* Maximum of a field. */
uint64_t rv_dim_max(uint8_t family, unsigned int dim);
/* An interface name as a number; equal names have equal numbers. */
uint64_t rv_name_number(const char name[16]);

/*
 * Calls fn with the predicates of an entry's matches that are tested before anything that may have
 * a side effect, provided that the transport header, if there is one, is complete.
 */
void rv_entry_predicates(const struct rv_rules *r, const struct rvk_entry *e,
			 void (*fn)(const struct rvk_predicate *p, void *arg), void *arg);
/*
 * A packet that matches the entry satisfies at least one of its boxes. Sets box number n and
 * returns how many there are: one for each interval of a list of ports. With whole, there is only
 * one.
 */
unsigned int rv_entry_box(const struct rv_rules *r, const struct rvk_entry *e, unsigned int n,
			  bool whole, struct rv_box *box);

/* ---- compiled chains ---------------------- */

#define RV_LOOKUP_HASHES 7
#define RV_LOOKUP_FAN	 8 /* maximum number of leaves that a packet reaches in the tree */
#define RV_LOOKUP_LISTS	 (1 + RV_LOOKUP_HASHES + RV_LOOKUP_FAN)
#define RV_LOOKUP_PROBES 64

/*
 * Lists are in one array: number of entries, their indices in ascending order, RV_LIST_END. A list
 * is named by its offset. Offset 0 is no list.
 */
#define RV_LIST_END   0xffffffffU
#define RV_LIST_EMPTY 1 /* offset of a list without entries */

/* Exact keys: a hash of some fields under masks. */
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

#define RV_NODE_LEAF 0x80000000U /* the rest is the offset of a list */

/* A decision: values below split are in child[0], the others in child[1]. */
struct rv_lookup_node {
	uint64_t split;
	uint32_t child[2]; /* index of a node, or RV_NODE_LEAF */
	uint32_t across;   /* entries on both sides: as above; 0: none */
	uint32_t field;	   /* index in rv_lookup.dims */
};

struct rv_lookup {
	uint32_t first, last; /* entries of the chain; the last is always a candidate */
	uint8_t family;
	uint8_t ndims, nhashes;
	uint8_t dims[RV_DIMS]; /* enum rv_dim, ascending */
	uint32_t used;	       /* bits of 1 << enum rv_dim: dims */
	uint32_t always;       /* list of entries without condition on these fields */
	uint32_t root;	       /* of the tree; 0: none */
	uint32_t nnodes, nlists;
	uint64_t seed;
	uint32_t *lists;
	struct rv_lookup_node *nodes; /* a child's index is greater than its parent's */
	const struct rv_key *keys;    /* of the table */
	struct rv_lookup_hash hashes[RV_LOOKUP_HASHES];
};

/* Hash of a key of values[], of which all or some are used. */
static inline uint64_t rv_lookup_hash(const struct rv_lookup *l, const struct rv_lookup_hash *h,
				      const uint64_t *values)
{
	uint64_t x = l->seed;

	for (unsigned int i = 0; i < h->nfields; i++)
		x = (x ^ (values[h->field[i]] & h->mask[i])) * 0x9e3779b97f4a7c15ULL;
	return x ^ x >> 32;
}

/* The first slot to look at. */
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
	uint32_t *group;	 /* of boxes with the same hash, from 0 */
	uint32_t *size;		 /* of a group; then its list */
	uint32_t room;		 /* for lookup->lists */
	bool eager;		 /* rv_lookup_rules is 1 */
};

static inline const struct rv_range *rv_box_ranges(const struct rv_lookup_build *b, uint32_t box)
{
	return b->ranges + (size_t)box * b->lookup->ndims;
}

/* Appends a list of at most n entries, without entries yet. 0: out of memory. */
uint32_t rv_list_new(struct rv_lookup_build *b, uint32_t n);
/* Adds an entry to the last list, or to one that has still room. */
static inline void rv_list_add(struct rv_lookup *l, uint32_t list, uint32_t entry)
{
	uint32_t n = ++l->lists[list];

	l->lists[list + n] = entry;
	l->lists[list + n + 1] = RV_LIST_END;
}

/*
 * Builds a tree of n boxes, whose numbers are in boxes. It has at most twice as many entries in its
 * lists. Returns 0 or -ENOMEM.
 */
int rv_tree_make(struct rv_lookup_build *b, const uint32_t *boxes, uint32_t n);

/* ---- packets ---------------------- */

/* What keys are compared with. */
struct rv_view {
	const uint8_t *header;
	uint16_t port; /* destination */
	uint16_t all;  /* 0xffff: there are no ports */
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

/* Never rejects the last entry of a chain. */
static inline bool rv_key_rejects(const struct rv_key *key, const struct rv_view *v)
{
	uint32_t bytes;

	memcpy(&bytes, v->header + key->at, sizeof(bytes));
	return (bytes ^ key->value) & key->mask ||
	       (key->proto && v->proto && key->proto != v->proto) ||
	       (uint16_t)(v->port - key->port) > (key->span | v->all);
}

/* Candidates of a packet in a chain. */
struct rv_cursor {
	struct rv_pkt *pkt;	    /* NULL, for tests: keys reject nothing */
	const struct rv_lookup *of; /* NULL: none yet */
	uint32_t at;		    /* candidates before this entry may be forgotten */
	bool changed;		    /* a target may have changed the packet since */
	bool blind;		    /* the packet's header is truncated */
	bool viewed;		    /* view is set */
	unsigned int n;
	const uint32_t *lists[RV_LOOKUP_LISTS]; /* each at an entry that its key does not reject */
	uint64_t values[RV_DIMS];
	struct rv_view view;
};

static inline void rv_cursor_init(struct rv_cursor *c, struct rv_pkt *pkt)
{
	c->pkt = pkt;
	c->of = NULL;
}

/* Finds the candidates of c->values in c->of, from entry i on. */
void rv_cursor_find(struct rv_cursor *c, uint32_t i);
/*
 * The first candidate from entry i on; RV_LIST_END: the packet's header is truncated, so that a
 * test of it has the side effect of dropping the packet: evaluate all entries.
 */
uint32_t rv_cursor_next(struct rv_cursor *c, const struct rv_lookup *l, uint32_t i);

#endif
