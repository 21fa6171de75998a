/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of packets. A field of a packet (a selector of ravelin/predicate.h) is a number of as many
 * boolean variables as it has bits, the first the highest; names of interfaces are numbers of the
 * classes that rules tell apart. What a match asks that is no field (a rate, a set, chance) is a
 * variable by itself, with a name: whatever is proven holds for both its values.
 *
 * All rules that are to be compared are shown to a space first, then it is sealed: that fixes the
 * variables and their order. A space owns its diagram.
 */
#ifndef RAVELIN_REGION_H
#define RAVELIN_REGION_H

#include <ravelin/buf.h>
#include <ravelin/extension.h>

#include "analysis/diagram.h"

/* Whether a match may answer otherwise to the next equal packet, by what it remembers or by chance. */
bool rv_part_keeps_state(const struct rv_ext *ext);

/* How a packet may lack what a selector loads. */
enum rv_presence {
	RV_PRESENCE_ALWAYS,
	RV_PRESENCE_PROTOCOL,	/* it is in the headers of some protocols: a test needs one, turned over or not */
	RV_PRESENCE_MAYBE,	/* likewise, and whether a packet has it is a variable of its own */
	RV_PRESENCE_OUTSIDE,	/* it is not in the packet: what is missing is not equal */
	RV_PRESENCE_MANY,	/* several at once, or a text: each predicate is a variable */
};

/* The variables of a selector. */
struct rv_field {
	enum rv_sel sel;
	uint32_t param;
	uint32_t first;		/* variable */
	unsigned int bits;
	uint32_t has;		/* the variable that says whether it is there; RV_DD_LEAF: none */
	unsigned int rank;	/* in the order of variables */
	char (*names)[IFNAMSIZ + 1];	/* classes of names, a '+' at the end of one of many; sorted */
	unsigned int nnames;	/* beside the class of all others, the last */
};

/* A question that is no field. */
struct rv_free {
	char *key;		/* tells it from others */
	char *text;		/* for people: "-m limit --limit 3/min" */
	bool turned;		/* the text is of the opposite */
	bool last;		/* one rule's alone: it stands behind all that rules share */
	unsigned int seen[2];	/* times it was met on each side, while spaces are filled */
	uint32_t var;
	uint32_t next;		/* of those with one hash */
};

struct rv_space {
	rv_family_t family;
	struct rv_diagram d;
	struct rv_field *fields;
	unsigned int nfields;
	struct rv_free *frees;
	uint32_t nfrees, room;
	uint32_t *hash;
	struct rv_asked_part *parts;	/* which variable a part asks for */
	uint32_t nparts, parts_room;
	uint32_t nvars;
	bool sealed, sets_change, failed;
};

int rv_space_init(struct rv_space *s, rv_family_t family, uint32_t limit);
void rv_space_free(struct rv_space *s);
/* Shows it all rules of a ruleset; side 0 or 1: questions are the same if they are asked alike by both. */
int rv_space_show(struct rv_space *s, const struct rv_ruleset *rs, unsigned int side);
int rv_space_show_rule(struct rv_space *s, const struct rv_rule *r, unsigned int side);
int rv_space_seal(struct rv_space *s);

/* The packets for which a predicate, a match, all matches of a rule are true. */
rv_dd rv_region_predicate(struct rv_space *s, const struct rv_predicate *p);
rv_dd rv_region_part(struct rv_space *s, const struct rv_rule *r, const struct rv_part *m);
rv_dd rv_region_ip(struct rv_space *s, const struct rv_rule *r);
rv_dd rv_region_rule(struct rv_space *s, const struct rv_rule *r);
/*
 * Those that there are at the hooks (bits of 1 << NF_INET_*): connections have one state, names
 * are names, and an interface is known where the hook knows one.
 */
rv_dd rv_region_possible(struct rv_space *s, uint32_t hooks);

/* The field of a selector, or NULL: no rule asks for it. */
const struct rv_field *rv_space_field(const struct rv_space *s, enum rv_sel sel, uint32_t param);
/* The field or question that a variable is of. */
const struct rv_field *rv_space_field_of(const struct rv_space *s, uint32_t var);
const struct rv_free *rv_space_free_of(const struct rv_space *s, uint32_t var);
/* A variable for something that only the caller knows of; the same for the same key. Before it is sealed. */
int rv_space_question(struct rv_space *s, const char *key, const char *text);
uint32_t rv_space_answer(const struct rv_space *s, const char *key);

/* ---- points: one packet of a set ------------------------------------------------------------------- */

enum { RV_POINT_ZERO, RV_POINT_ONE, RV_POINT_ANY };

/* Fills values, nvars of them; false: the set is empty. What matters not is RV_POINT_ANY. */
bool rv_region_point(const struct rv_space *s, rv_dd f, uint8_t *values);
/* Gives what is RV_POINT_ANY values that look like a packet's, so that it stays in f. */
void rv_point_settle_in(struct rv_space *s, rv_dd f, uint8_t *values);
/* The bytes of a field in the point, as many as the selector has, in network order. */
bool rv_point_bytes(const struct rv_space *s, const uint8_t *values, const struct rv_field *f,
		    uint8_t bytes[16]);
/* The name of an interface in it; "" for none. */
void rv_point_name(const struct rv_space *s, const uint8_t *values, const struct rv_field *f,
		   char name[IFNAMSIZ]);

/* ---- boxes: a set in words -------------------------------------------------------------------------- */

/*
 * A large box, a product of one set of values a field, around a point of f; packets that are not
 * possible may be in it. *left is what of f is not in it.
 */
rv_dd rv_region_box(struct rv_space *s, rv_dd f, rv_dd possible, rv_dd *left);
/* A box in words: "-i eth1 -d 10.0.0.0/8 -p tcp --dport 22"; of everything "all packets". */
void rv_region_words(struct rv_buf *b, struct rv_space *s, rv_dd box, rv_dd possible);
/* The packet of a point that is settled, in words of iptables, with what is asked of it besides. */
void rv_point_words(struct rv_buf *b, struct rv_space *s, const uint8_t *values);

#endif
