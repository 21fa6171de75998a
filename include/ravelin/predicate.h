/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Meaning of a stateless match: selector, operator, value, negation. Everything that interprets
 * rules (nf_tables expressions, evaluators, the compiler, explanations) uses predicates, never an
 * extension's own struct.
 */
#ifndef RAVELIN_PREDICATE_H
#define RAVELIN_PREDICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rv_rule;

/* Selectors: the rows of selectors.def. */
enum rv_sel {
	RV_SEL_NONE,
#define RV_SELECTOR(id, ...) RV_SEL_##id,
#include <ravelin/selectors.def>
	RV_SEL_COUNT
};

enum rv_order { RV_ORDER_N, RV_ORDER_H, RV_ORDER_S, RV_ORDER_T };

/* Properties of a selector that reordering and inference must respect. */
enum rv_class {
	RV_ABSENT = 1 << 0,	/* may have no value: no such header, socket or connection */
	RV_MULTI = 1 << 1,	/* a packet may have several values */
	RV_MUTABLE = 1 << 2,	/* targets, NAT or rerouting may change it during traversal */
	RV_STATEFUL = 1 << 3,	/* depends on earlier packets */
	RV_HOST = 1 << 4,	/* known to the host, not contained in the packet */
};

#define RV_PROTO_PORTS 0x100	/* those of rv_protocol_has_ports() */

struct rv_selector {
	const char *name;
	uint8_t len;		/* bytes; 0: string of any length */
	enum rv_order order;
	uint8_t family;		/* NFPROTO_IPV4, NFPROTO_IPV6, or 0: both */
	uint16_t protocol;	/* protocol of packets that have it; 0: any; or RV_PROTO_PORTS */
	uint8_t class;		/* enum rv_class */
};

extern const struct rv_selector rv_selectors[RV_SEL_COUNT];

/* A set of selectors. */
struct rv_sel_set {
	uint64_t bits[(RV_SEL_COUNT + 63) / 64];
};

static inline void rv_sel_add(struct rv_sel_set *set, enum rv_sel sel)
{
	set->bits[sel / 64] |= UINT64_C(1) << sel % 64;
}

static inline bool rv_sel_has(const struct rv_sel_set *set, enum rv_sel sel)
{
	return set->bits[sel / 64] >> sel % 64 & 1;
}

/* TCP, UDP, UDP-Lite, SCTP, DCCP: the header starts with the two ports. */
bool rv_protocol_has_ports(uint16_t protocol);

/* Convert an integer to and from the selector's length (at most 8 bytes) and byte order. */
void rv_selector_put(enum rv_sel sel, uint64_t n, uint8_t *bytes);
uint64_t rv_selector_get(enum rv_sel sel, const uint8_t *bytes);

/* Operators: the rows of operators.def. */
enum rv_op {
#define RV_OPERATOR(id) RV_OP_##id,
#include <ravelin/operators.def>
};

/* Inclusive bounds, in the selector's byte order. */
struct rv_interval {
	uint8_t from[16], to[16];
};

#define RV_PREDICATE_LIST 22	/* the longest list: SCTP chunk types that have names */

struct rv_predicate {
	enum rv_sel sel;
	enum rv_op op;
	bool negate;
	uint16_t len;		/* bytes compared: the selector's length, or fewer for
				 * RV_OP_PREFIX */
	uint8_t value[16];
	uint8_t other[16];	/* mask or upper bound */
	uint32_t param;		/* parameter of the selector, if it has one */
	const char *text;	/* RV_ORDER_T: replaces value; len bytes, or NUL-terminated if
				 * len is 0; owned by the part */
	uint8_t count;		/* entries in list */
	struct rv_interval list[RV_PREDICATE_LIST];
};

/*
 * Normalises a predicate, so that equivalent ones (a range of one number, a full mask, zero bits)
 * become identical. Zeroes unused bytes.
 */
void rv_predicate_normalise(struct rv_predicate *p);
/* Compares two normalised predicates. */
bool rv_predicate_equal(const struct rv_predicate *a, const struct rv_predicate *b);

/* Called once per predicate. A nonzero result stops the iteration and is returned. */
typedef int rv_predicate_fn(const struct rv_predicate *p, void *arg);

#endif
