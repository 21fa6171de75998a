/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Possible values of each selector, and its variables. */
#ifndef RAVELIN_ANALYSIS_SELECTORS_H
#define RAVELIN_ANALYSIS_SELECTORS_H

#include "analysis/region.h"

/* The values that a field can have. */
enum rv_domain {
	RV_DOMAIN_ALL,
	RV_DOMAIN_FLAG,		/* 0 or 1 */
	RV_DOMAIN_ONE_BIT,	/* exactly one bit of bits; bits outside are free */
	RV_DOMAIN_MOST,		/* at most bits */
};

struct rv_sel_row {
	enum rv_sel sel;
	enum rv_presence presence;
	uint8_t rank;		/* lower ranks come first in the variable order */
	uint8_t protocols[5];	/* RV_PRESENCE_PROTOCOL and _MAYBE: those that have it; ends with 0 */
	enum rv_domain domain;
	uint32_t bits;		/* see enum rv_domain */
	enum rv_sel part_of;	/* selector that contains this one as a bit field; where: */
	uint8_t shift, width;	/* lowest bit, number of bits */
};

/*
 * Returns the row of a selector. One without a row of its own may be missing in a packet, and has
 * the default rank.
 */
const struct rv_sel_row *rv_sel_row(enum rv_sel sel);

#define RV_RANK_MARK 250	/* packet and connection mark: last; interleaved, for copies */
#define RV_RANK_FREE 200
#define RV_RANK_LAST 240

/* Adds the field of a selector. NULL without memory. */
struct rv_field *rv_space_add_field(struct rv_space *s, enum rv_sel sel, uint32_t param);
/* Returns the variable for what a match tests beyond its predicates, or NULL. */
const struct rv_free *rv_space_asked(const struct rv_space *s, const struct rv_part *m);
/* The key of a predicate of RV_PRESENCE_MANY. */
void rv_predicate_key(struct rv_buf *b, const struct rv_predicate *p);

#endif
