/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a table: what to load for its rules. A chain is a list of blocks in rule order. A
 * block is one rule or a switch: consecutive rules that each compare the same packet fields with
 * one value, so that one lookup finds the rules that can match.
 *
 * The rules of a switch with equal keys form a group and keep their order. A packet has one key, so
 * at most one group can match; the other rules of the switch would not have matched. Verdicts and
 * counters are those of the original rules.
 */
#ifndef RAVELIN_PLAN_H
#define RAVELIN_PLAN_H

#include <ravelin/ir.h>
#include <ravelin/predicate.h>

enum rv_key_field {
	RV_KEY_SADDR,
	RV_KEY_DADDR,
	RV_KEY_IN,
	RV_KEY_OUT,
	RV_KEY_PROTO,
	RV_KEY_SPORT,
	RV_KEY_DPORT,
	RV_KEY_ICMP,
	RV_KEY_FIELDS,
};

/*
 * Size of all fields: two addresses, two interface names, protocol, two ports, ICMP type and code.
 */
#define RV_KEY_ROOM (16 + 16 + 16 + 16 + 1 + 2 + 2 + 2)

/* The fields of a key, and how many leading bits of each are compared. */
struct rv_key_shape {
	uint16_t fields;		/* 1 << enum rv_key_field */
	uint8_t bits[RV_KEY_FIELDS];	/* 0 where the field is not in fields */
};

/* Why a rule is not in a switch. */
enum rv_outside {
	RV_OUTSIDE_NOT,		/* it is in a switch */
	RV_OUTSIDE_NO_KEY,	/* it compares no field with a single value */
	RV_OUTSIDE_NEGATED,	/* the comparison with the key field is negated */
	RV_OUTSIDE_MANY,	/* it uses a range, a list or a wildcard */
	RV_OUTSIDE_LATE,	/* after a match that keeps state or may drop the packet */
	RV_OUTSIDE_BARRIER,	/* its target may change a key field */
	RV_OUTSIDE_SHORT,	/* too few such rules in sequence */
	RV_OUTSIDE_GAIN,	/* a lookup would not be faster */
	RV_OUTSIDE_RETURNS,	/* RETURN or -g, which cannot leave from a leaf chain */
	RV_OUTSIDE_MAPS,	/* the table has the maximum number of maps */
	RV_OUTSIDE_LEAVES,	/* the table has the maximum number of leaf chains */
	RV_OUTSIDE_DEPTH,	/* jumps would be nested too deep */
	RV_OUTSIDE_COUNT,
};

/* What a rule tests, as far as keys are concerned. */
struct rv_facts {
	struct rv_key_shape shape;	/* fields compared with one value */
	bool rest;			/* it tests more than those fields */
	bool barrier;
	uint8_t why;			/* enum rv_outside of a field without a single value */
	uint8_t field;			/* enum rv_key_field: that field */
	uint16_t cost;			/* of the test that most likely fails, ns */
	unsigned char value[RV_KEY_ROOM];	/* fields at rv_key_offset() */
};

enum rv_group_form {
	RV_GROUP_DIRECT,	/* one rule that tests only the key: the map element is the rule */
	RV_GROUP_GOTO,		/* a leaf chain whose end no packet reaches */
	RV_GROUP_JUMP,		/* a leaf chain that may return */
	RV_GROUP_UNFIT,		/* neither is correct; never in a finished plan */
};

struct rv_plan_group {
	uint32_t first, last, count;	/* indices of rules, linked by rv_plan_chain.next */
	enum rv_group_form form;
	bool closed;			/* it has a rule that decides every packet with this key */
	bool returns;			/* it has a rule with RETURN or -g */
	bool beyond;			/* its first rule tests more than the key */
};

/* A switch, or the single rule with index first. */
struct rv_block {
	uint32_t first, count;
	struct rv_key_shape key;	/* fields 0: a single rule */
	struct rv_plan_group *groups;	/* ordered by first rule */
	uint32_t ngroups;
	uint32_t leaves;		/* groups that need a leaf chain, or a chain for their
					 * target */
	int64_t gain;			/* ns saved on the worst-case path, by the cost table */
	uint8_t dissolve;		/* enum rv_outside; only while planning */
};

struct rv_plan_chain {
	const struct rv_chain *chain;
	uint32_t nrules;
	const struct rv_rule **rules;
	struct rv_facts *facts;
	uint32_t *next;			/* of each rule, the next of its group, or RV_PLAN_END */
	uint8_t *why;			/* enum rv_outside of each rule */
	uint32_t *run;			/* of each rule with RV_OUTSIDE_SHORT: length of its
					 * sequence */
	struct rv_block *blocks;
	uint32_t nblocks;
};
#define RV_PLAN_END UINT32_MAX

struct rv_plan {
	const struct rv_table *table;
	struct rv_plan_chain *chains;	/* sorted by the address of struct rv_chain */
	uint32_t nchains;
};

/* Limits of a plan; 0: the default. */
struct rv_plan_limits {
	uint32_t shortest;	/* minimum rules in a switch: 6 */
	uint32_t maps;		/* maximum maps per table: 512 */
	uint32_t leaves;	/* maximum leaf chains per table: 8192 */
	uint32_t depth;		/* maximum nested jumps: 15 */
	int64_t gain;		/* minimum gain of a switch, ns: 1; negative: may be slower by
				 * that much */
};

/*
 * Plans a completely loaded table. The plan holds pointers into it; the caller frees the plan.
 * limits NULL: defaults. NULL with err set when memory ran out.
 */
struct rv_plan *rv_plan_make(const struct rv_table *t, const struct rv_plan_limits *limits,
			     struct rv_error *err);
void rv_plan_free(struct rv_plan *p);

/*
 * Verifies that the plan is equivalent to the rules, independently of the planner's notes: each
 * rule is in exactly one block, in order; every rule has its group's key; groups are in order; a
 * direct group tests only the key; leaf chains return or end as their rules require. Returns 0, or
 * -1 with err naming the chain and rule.
 */
int rv_plan_verify(const struct rv_plan *p, struct rv_error *err);

/* Tests on the longest path of a packet that no rule decides, saturating. */
struct rv_plan_path {
	uint64_t rules;		/* evaluated one by one */
	uint64_t lookups;
};
bool rv_plan_path_longer(const struct rv_plan_path *a, const struct rv_plan_path *b);

struct rv_plan_figures {
	uint64_t rules, behind;		/* total; in switches */
	uint64_t maps, leaves;
	struct rv_plan_path linear, planned;	/* longest path of all base chains */
};
/* Returns 0, or -1 with err set when memory ran out. */
int rv_plan_measure(const struct rv_plan *p, struct rv_plan_figures *f, struct rv_error *err);

/* Appends the blocks of each chain with rules, and why rules are not in a switch. */
void rv_plan_explain(struct rv_buf *b, const struct rv_plan *p);

/* ---- keys ------------------------------------------------------------------------------------ */

const char *rv_key_name(enum rv_key_field field);
unsigned int rv_key_size(rv_family_t family, enum rv_key_field field);
unsigned int rv_key_offset(enum rv_key_field field);
/* Extracts what the rule tests. */
void rv_facts_of(rv_family_t family, const struct rv_rule *r, struct rv_facts *f);
/* Whether the rule compares each field of the shape with one value of at least as many bits. */
bool rv_facts_fit(const struct rv_facts *f, const struct rv_key_shape *shape);
/* Whether the rule tests more than the key. */
bool rv_facts_beyond(const struct rv_facts *f, const struct rv_key_shape *shape);
/* Writes the rule's key for a shape it fits. Returns the length in bytes. */
unsigned int rv_facts_key(rv_family_t family, const struct rv_facts *f,
			  const struct rv_key_shape *shape, unsigned char key[RV_KEY_ROOM]);
/* Whether no packet that matches the rule continues after it in its chain. */
bool rv_rule_ends(const struct rv_rule *r);
/* Whether the rule returns to the calling chain: RETURN, -g. */
bool rv_rule_returns(const struct rv_rule *r);

#endif
