/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a table: what is to be loaded for its rules. A chain is a list of blocks in the
 * order of its rules; a block is one rule, or a switch: consecutive rules that each give one
 * value to the same fields of a packet, so that one look-up finds the rules that can match.
 *
 * The rules with one key value are a group and stay in order. A packet has one key, hence only
 * one group can match it, and every rule of the run before or after the ones of that group would
 * have failed: verdicts and counters are those of the rules one by one.
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

/* Bytes of all fields one behind the other: two addresses, two names, protocol, ports, ICMP type. */
#define RV_KEY_ROOM (16 + 16 + 16 + 16 + 1 + 2 + 2 + 2)

/* Which fields a key has, and how many bits of each are compared, from the first. */
struct rv_key_shape {
	uint16_t fields;		/* 1 << enum rv_key_field */
	uint8_t bits[RV_KEY_FIELDS];	/* 0 where the field is not in fields */
};

/* Why a rule is in no switch. */
enum rv_outside {
	RV_OUTSIDE_NOT,		/* it is in one */
	RV_OUTSIDE_NO_KEY,	/* no field has one value in it */
	RV_OUTSIDE_NEGATED,	/* '!' before what would be a key field */
	RV_OUTSIDE_MANY,	/* a range, a list or a wildcard */
	RV_OUTSIDE_LATE,	/* behind a match that keeps state or may drop the packet */
	RV_OUTSIDE_BARRIER,	/* its target may change what a key is made of */
	RV_OUTSIDE_SHORT,	/* too few rules of its kind in a row */
	RV_OUTSIDE_GAIN,	/* a look-up would not be faster */
	RV_OUTSIDE_RETURNS,	/* the rules of its key would have to leave a chain of their own */
	RV_OUTSIDE_MAPS,	/* the table has its maps already */
	RV_OUTSIDE_LEAVES,	/* the table has its leaf chains already */
	RV_OUTSIDE_DEPTH,	/* jumps would be nested too deep */
	RV_OUTSIDE_COUNT,
};

/* What a rule says, as far as keys go. */
struct rv_facts {
	struct rv_key_shape shape;	/* the fields with one value */
	bool rest;			/* it tests more than those */
	bool barrier;
	uint8_t why;			/* enum rv_outside of a field that has no single value */
	uint8_t field;			/* enum rv_key_field: which one */
	uint16_t cost;			/* of the test it is likely to fail at, in ns */
	unsigned char value[RV_KEY_ROOM];	/* each field at rv_key_offset() */
};

enum rv_group_form {
	RV_GROUP_DIRECT,	/* one rule that tests nothing more: the map element is the rule */
	RV_GROUP_GOTO,		/* a leaf chain that no packet comes to the end of */
	RV_GROUP_JUMP,		/* a leaf chain that comes back */
	RV_GROUP_UNFIT,		/* neither is right; never in a finished plan */
};

struct rv_plan_group {
	uint32_t first, last, count;	/* rules, chained by rv_plan_chain.next */
	enum rv_group_form form;
	bool closed;			/* a rule of it ends the walk for each packet that has the key */
	bool returns;			/* a rule of it is RETURN or -g */
	bool beyond;			/* the first rule tests more than the key */
};

/* A switch with fields, or the one rule at first. */
struct rv_block {
	uint32_t first, count;
	struct rv_key_shape key;	/* fields 0: a plain rule */
	struct rv_plan_group *groups;	/* by their first rule */
	uint32_t ngroups;
	uint32_t leaves;		/* groups that need a chain of their own, or one for a target */
	int64_t gain;			/* ns on the worst path, by the cost table */
	uint8_t dissolve;		/* enum rv_outside; only while planning */
};

struct rv_plan_chain {
	const struct rv_chain *chain;
	uint32_t nrules;
	const struct rv_rule **rules;
	struct rv_facts *facts;
	uint32_t *next;			/* of each rule, the next one of its group; RV_PLAN_END */
	uint8_t *why;			/* enum rv_outside of each rule */
	uint32_t *run;			/* of a rule outside for RV_OUTSIDE_SHORT: how long its run is */
	struct rv_block *blocks;
	uint32_t nblocks;
};
#define RV_PLAN_END UINT32_MAX

struct rv_plan {
	const struct rv_table *table;
	struct rv_plan_chain *chains;	/* by the address of their struct rv_chain */
	uint32_t nchains;
};

/* Bounds of a plan. 0 in a field: the usual one. */
struct rv_plan_limits {
	uint32_t shortest;	/* rules in a switch: 6 */
	uint32_t maps;		/* a table: 512 */
	uint32_t leaves;	/* a table: 8192 */
	uint32_t depth;		/* nested jumps: 15 */
	int64_t gain;		/* ns that a switch saves at least: 1; below 0, it may cost as much */
};

/*
 * Plans a table whose chains are all loaded; the plan points into it. limits NULL: the usual
 * ones. Returns NULL with err set when memory ran out.
 */
struct rv_plan *rv_plan_make(const struct rv_table *t, const struct rv_plan_limits *limits,
			     struct rv_error *err);
void rv_plan_free(struct rv_plan *p);

/*
 * Whether the plan does what the rules do: blocks ascend and hold each rule once; every rule has
 * its group's key; groups ascend; a direct group tests nothing beyond the key; leaves come back
 * or end as their rules want. Reads the rules themselves, not what the planner noted of them.
 * Returns 0, or -1 with err naming chain and rule.
 */
int rv_plan_verify(const struct rv_plan *p, struct rv_error *err);

/* Tests on the longest path of a packet that no rule stops early, saturating. */
struct rv_plan_path {
	uint64_t rules;		/* tested one by one */
	uint64_t lookups;
};
bool rv_plan_path_longer(const struct rv_plan_path *a, const struct rv_plan_path *b);

struct rv_plan_figures {
	uint64_t rules, behind;		/* all; in switches */
	uint64_t maps, leaves;
	struct rv_plan_path linear, planned;	/* the longest of the table's base chains */
};
/* Returns 0, or -1 with err set when memory ran out. */
int rv_plan_measure(const struct rv_plan *p, struct rv_plan_figures *f, struct rv_error *err);

/* Appends the blocks of each chain that has rules, and why rules are in no switch. */
void rv_plan_explain(struct rv_buf *b, const struct rv_plan *p);

/* ---- keys ------------------------------------------------------------------------------------ */

const char *rv_key_name(enum rv_key_field field);
unsigned int rv_key_size(rv_family_t family, enum rv_key_field field);
unsigned int rv_key_offset(enum rv_key_field field);
/* What the rule says. */
void rv_facts_of(rv_family_t family, const struct rv_rule *r, struct rv_facts *f);
/* Whether the rule gives each field of the shape one value, in at least as many bits. */
bool rv_facts_fit(const struct rv_facts *f, const struct rv_key_shape *shape);
/* Whether it tests anything that the key does not. */
bool rv_facts_beyond(const struct rv_facts *f, const struct rv_key_shape *shape);
/* Writes the key the rule has by a shape that it fits; returns its length. */
unsigned int rv_facts_key(rv_family_t family, const struct rv_facts *f,
			  const struct rv_key_shape *shape, unsigned char key[RV_KEY_ROOM]);
/* Whether no packet goes on behind a rule that it matched, in the chain that the rule is in. */
bool rv_rule_ends(const struct rv_rule *r);
/* Whether the rule leaves the chain it is in towards the one that called it: RETURN, -g. */
bool rv_rule_returns(const struct rv_rule *r);

#endif
