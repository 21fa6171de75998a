/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stateless match means: selector, operator, value, negation.
 * Whatever wants to understand rules (nf_tables expressions, evaluators, a rule
 * compiler, explanations) reads predicates, never an extension's own struct.
 */
#ifndef RAVELIN_PREDICATE_H
#define RAVELIN_PREDICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rv_rule;

/* What a predicate looks at: the rows of selectors.def. */
enum rv_sel {
	RV_SEL_NONE,
#define RV_SELECTOR(id, ...) RV_SEL_##id,
#include <ravelin/selectors.def>
	RV_SEL_COUNT
};

enum rv_order { RV_ORDER_N, RV_ORDER_H, RV_ORDER_S, RV_ORDER_T };

/* What whoever reorders tests, or concludes something from them, must know of a selector. */
enum rv_class {
	RV_ABSENT = 1 << 0,	/* there may be no value: no such header, socket, connection */
	RV_MULTI = 1 << 1,	/* one packet may have several values */
	RV_MUTABLE = 1 << 2,	/* targets, NAT or a new route may change it while rules are walked */
	RV_STATEFUL = 1 << 3,	/* it depends on packets that came before */
	RV_HOST = 1 << 4,	/* the host knows it: it is not in the packet */
};

#define RV_PROTO_PORTS 0x100	/* those of rv_protocol_has_ports() */

struct rv_selector {
	const char *name;
	uint8_t len;		/* bytes; 0: a text */
	enum rv_order order;
	uint8_t family;		/* NFPROTO_IPV4, NFPROTO_IPV6, or 0: both */
	uint16_t protocol;	/* of the packets that have it; 0: any; RV_PROTO_PORTS */
	uint8_t class;		/* enum rv_class */
};

extern const struct rv_selector rv_selectors[RV_SEL_COUNT];

/* Sets of selectors, whatever their number. */
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

/* TCP, UDP, UDP-Lite, SCTP, DCCP: the header begins with two ports. */
bool rv_protocol_has_ports(uint16_t protocol);

/* A number as wide as the selector (up to 8 bytes) and in its byte order. */
void rv_selector_put(enum rv_sel sel, uint64_t n, uint8_t *bytes);
uint64_t rv_selector_get(enum rv_sel sel, const uint8_t *bytes);

enum rv_op {
	RV_OP_EQ,	/* x == value */
	RV_OP_PREFIX,	/* the first len bytes of x == value (interface wildcards) */
	RV_OP_MASK,	/* (x & other) == value */
	RV_OP_ANY,	/* (x & value) != 0 (sets of bits: states, address types) */
	RV_OP_RANGE,	/* value <= x <= other */
	RV_OP_IN,	/* x in one of the ranges of list */
	RV_OP_BEGINS,	/* text begins with x */
	RV_OP_CHUNKS,	/* one of list: a type from from[0] to to[0], whose flags & to[1] are from[1] */
};

/* Inclusive; in the selector's byte order. */
struct rv_interval {
	uint8_t from[16], to[16];
};

#define RV_PREDICATE_LIST 22	/* the chunks of SCTP that have names, the longest list there is */

struct rv_predicate {
	enum rv_sel sel;
	enum rv_op op;
	bool negate;
	uint16_t len;		/* bytes compared: the selector's, fewer for RV_OP_PREFIX */
	uint8_t value[16];
	uint8_t other[16];	/* mask or end of range */
	uint32_t param;		/* of the selector, where it has one */
	const char *text;	/* of RV_ORDER_T, instead of value: len bytes or, where that is 0, up
				 * to a NUL; it belongs to the part */
	uint8_t count;		/* of list */
	struct rv_interval list[RV_PREDICATE_LIST];
};

/*
 * Puts a predicate into its normal form: two that are true of the same packets because they
 * say the same otherwise (a range of one number, a mask of all bits, bits that are 0) are alike
 * then. Unused bytes are zero afterwards.
 */
void rv_predicate_normalise(struct rv_predicate *p);
/* Whether two predicates in normal form are the same. */
bool rv_predicate_equal(const struct rv_predicate *a, const struct rv_predicate *b);

/* Called once per predicate; a result other than 0 ends the walk and is returned. */
typedef int rv_predicate_fn(const struct rv_predicate *p, void *arg);

#endif
