/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of packets. A packet field (a selector of ravelin/predicate.h) has one boolean variable per
 * bit, most significant bit first. Interface names are numbers: names that no rule distinguishes
 * share a number. A match that tests no field (limit, set, statistic) is one named variable; proofs
 * hold for both of its values.
 *
 * A space collects all rules to be compared, and is then sealed, which fixes the variables and
 * their order. It owns its diagram. A point is one packet of a space: a value per variable (0, 1 or
 * RV_POINT_ANY, not determined yet).
 */
#ifndef RAVELIN_REGION_H
#define RAVELIN_REGION_H

#include <ravelin/buf.h>
#include <ravelin/extension.h>

#include "analysis/diagram.h"

/*
 * Returns whether a match may treat identical packets differently, because it keeps state or is
 * random.
 */
bool rv_part_keeps_state(const struct rv_ext *ext);

/* When packets have the field of a selector. */
enum rv_presence {
	RV_PRESENCE_ALWAYS,
	RV_PRESENCE_PROTOCOL,	/* only certain protocols; otherwise tests fail, negated or not */
	RV_PRESENCE_MAYBE,	/* as PROTOCOL, with a variable for presence */
	RV_PRESENCE_CONNECTION,	/* only tracked connections; otherwise tests fail, negated or not */
	RV_PRESENCE_OUTSIDE,	/* metadata such as the interface; if missing, it equals no value */
	RV_PRESENCE_MANY,	/* several values at once, or text: one variable per predicate */
};

/* The variables of a selector. */
struct rv_field {
	enum rv_sel sel;
	uint32_t param;
	uint32_t first;		/* variable of the first bit */
	uint32_t step;		/* from one bit's variable to the next: 1; 2: interleaved with another field */
	unsigned int bits;
	uint32_t has;		/* variable for presence; RV_DD_LEAF: none */
	unsigned int rank;	/* lower ranks come first in the variable order */
	char (*names)[IFNAMSIZ + 1];	/* sorted name classes; a trailing '+' is a wildcard */
	unsigned int nnames;	/* without the last class, which is all other names */
};

/* The variable of a bit; 0 is the most significant one. */
static inline uint32_t rv_field_var(const struct rv_field *f, unsigned int bit)
{
	return f->first + bit * f->step;
}

static inline struct rv_dd_vars rv_field_vars(const struct rv_field *f)
{
	return (struct rv_dd_vars){ f->first, rv_field_var(f, f->bits - 1) + 1, f->step };
}

/* A test that is not on a field, such as a rate limit. */
struct rv_free {
	char *key;		/* unique */
	char *text;		/* for output: "-m limit */
	bool turned;		/* the text describes the negation */
	bool last;		/* used by one rule only: last in the variable order */
	enum rv_sel sel;	/* predicate on a RV_PRESENCE_MANY selector; else RV_SEL_NONE */
	uint64_t reads;		/* bits: packet bytes that the test reads; bit 63: 63 and up */
	unsigned int seen[2];	/* occurrences in each ruleset, while rules are collected */
	uint32_t var;
	uint32_t next;		/* in the hash chain */
};

struct rv_space {
	rv_family_t family;
	struct rv_diagram d;
	struct rv_field *fields;
	unsigned int nfields;
	struct rv_free *frees;
	uint32_t nfrees, room;
	uint32_t *hash;
	struct rv_asked_part *parts;	/* the variable of each match that has one */
	uint32_t nparts, parts_room;
	uint32_t nvars;
	bool sealed, sets_change, failed;
};

int rv_space_init(struct rv_space *s, rv_family_t family, uint32_t limit);
void rv_space_free(struct rv_space *s);
/*
 * Collects all rules of a ruleset. side: 0 or 1, which of the two rulesets to compare. The nth
 * identical test in both rulesets is one variable.
 */
int rv_space_show(struct rv_space *s, const struct rv_ruleset *rs, unsigned int side);
int rv_space_show_rule(struct rv_space *s, const struct rv_rule *r, unsigned int side);
int rv_space_seal(struct rv_space *s);

/* Return the packets that a predicate, a match, the core options or a whole rule match. */
rv_dd rv_region_predicate(struct rv_space *s, const struct rv_predicate *p);
rv_dd rv_region_part(struct rv_space *s, const struct rv_rule *r, const struct rv_part *m);
rv_dd rv_region_ip(struct rv_space *s, const struct rv_rule *r);
rv_dd rv_region_rule(struct rv_space *s, const struct rv_rule *r);
/* outcome for the packets that match, RV_DD_FALSE for all others. */
rv_dd rv_region_outcome(struct rv_space *s, const struct rv_rule *r, rv_dd outcome);
/*
 * Returns the packets possible at the hooks (bits of 1 << NF_INET_*): with one connection state,
 * valid interface numbers, and only interfaces that the hook has.
 */
rv_dd rv_region_possible(struct rv_space *s, uint32_t hooks);

/* Returns the packets with a valid protocol. */
rv_dd rv_region_protocols(struct rv_space *s);
/* The packets that belong to a connection: their state is neither INVALID nor UNTRACKED. */
rv_dd rv_region_connection(struct rv_space *s);
/* Returns the packets without connection: INVALID, or not seen by connection tracking yet. */
rv_dd rv_region_unseen(struct rv_space *s);
/* Returns the packets in which a field of eight bits has one of these values. */
rv_dd rv_region_byte(struct rv_space *s, const struct rv_field *f, const bool values[256]);

/* Returns the field of a selector, or NULL if no rule tests it. */
const struct rv_field *rv_space_field(const struct rv_space *s, enum rv_sel sel, uint32_t param);
/* Adds a variable for a test that the caller defines, identified by key. Call it before sealing. */
int rv_space_question(struct rv_space *s, const char *key, const char *text);
uint32_t rv_space_answer(const struct rv_space *s, const char *key);

/* ---- points: one packet of a set ------------------------------------------------------------------- */

enum { RV_POINT_ZERO, RV_POINT_ONE, RV_POINT_ANY };

/*
 * Picks a packet of the set: fills values, one per variable (nvars). RV_POINT_ANY: either value is in
 * the set. Returns false if the set is empty.
 */
bool rv_region_point(const struct rv_space *s, rv_dd f, uint8_t *values);
/* Replaces RV_POINT_ANY in a point of f by common values, so that it is still in f. */
void rv_point_settle_in(struct rv_space *s, rv_dd f, uint8_t *values);
/* Copies a field's value from a point: network order, with the selector's length. */
bool rv_point_bytes(const struct rv_space *s, const uint8_t *values, const struct rv_field *f,
		    uint8_t bytes[16]);
/* Copies the interface name; "" for none. */
void rv_point_name(const struct rv_space *s, const uint8_t *values, const struct rv_field *f,
		   char name[IFNAMSIZ]);

/* ---- boxes: a set in words -------------------------------------------------------------------------- */

/*
 * Returns a large box (a set of values for each field) that contains a packet of f. It may contain
 * impossible packets. Sets *left to the packets of f outside of the box.
 */
rv_dd rv_region_box(struct rv_space *s, rv_dd f, rv_dd possible, rv_dd *left);
/* Appends a box as options, "-i eth1 -d 10.0.0.0/8 -p tcp --dport 22", or "all packets". */
void rv_region_words(struct rv_buf *b, struct rv_space *s, rv_dd box, rv_dd possible);
/*
 * Appends a point (without RV_POINT_ANY) as iptables options, followed by the tests that are not of
 * fields.
 */
void rv_point_words(struct rv_buf *b, struct rv_space *s, const uint8_t *values);

#endif
