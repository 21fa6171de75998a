/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the algebra knows of selectors beyond their width: one table, and the variables behind it. */
#ifndef RAVELIN_ANALYSIS_SELECTORS_H
#define RAVELIN_ANALYSIS_SELECTORS_H

#include "analysis/region.h"

/* Numbers that a field can have. */
enum rv_domain {
	RV_DOMAIN_ALL,
	RV_DOMAIN_FLAG,		/* 0 or 1 */
	RV_DOMAIN_ONE_BIT,	/* one of bits, and others beside it that rules may ask for too */
	RV_DOMAIN_MOST,		/* up to bits */
};

struct rv_sel_row {
	enum rv_sel sel;
	enum rv_presence presence;
	uint8_t rank;		/* smaller is earlier in the order of variables */
	uint8_t protocols[5];	/* RV_PRESENCE_PROTOCOL and _MAYBE: of one of these; 0 ends it */
	enum rv_domain domain;
	uint32_t bits;		/* of the domain */
	enum rv_sel part_of;	/* it is bits of that one: */
	uint8_t shift, width;	/* from the lowest on, so many */
};

/* The row of a selector; one that is not in the table is there or not, anywhere in the order. */
const struct rv_sel_row *rv_sel_row(enum rv_sel sel);

#define RV_RANK_MARK 250	/* the packet's mark and the connection's: behind all others */
#define RV_RANK_FREE 200
#define RV_RANK_LAST 240

/* Adds the field of a selector. NULL without memory. */
struct rv_field *rv_space_add_field(struct rv_space *s, enum rv_sel sel, uint32_t param);
/* The variable of a part that is more, or else, than its predicates. RV_DD_LEAF: none. */
const struct rv_free *rv_space_asked(const struct rv_space *s, const struct rv_part *m);
/* The key of a predicate of RV_PRESENCE_MANY. */
void rv_predicate_key(struct rv_buf *b, const struct rv_predicate *p);

#endif
