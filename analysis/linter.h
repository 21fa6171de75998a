/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the linter, analysis/lint*.c. */
#ifndef RAVELIN_ANALYSIS_LINTER_H
#define RAVELIN_ANALYSIS_LINTER_H

#include "analysis/lint.h"

/* A rule, and the packets it matches. */
struct rv_line {
	const struct rv_rule *r;
	rv_dd set;
	uint64_t looks; /* fields that it tests: bits, by index in the space, modulo 64 */
	uint8_t group;	/* rules with the same looks */
	bool hit;	/* packets reach it */
	bool enters;	/* packets that enter the chain may match it */
	bool told;	/* already reported as dead */
};

/* A chain. */
struct rv_lines {
	const struct rv_chain *c;
	struct rv_line *line;
	uint32_t n;
	uint32_t seen;	/* number of first rules that each walk of the chain reached */
	uint32_t jumps; /* rules that jump to it; the next fields are the first one */
	const struct rv_chain *from;
	const struct rv_line *jump;
	bool reached;
};

#define RV_LINT_GROUPS 24 /* further ones share the last */

struct rv_linter {
	const struct rv_lint_with *with;
	struct rv_ruleset *rs;
	struct rv_findings *out;
	struct rv_space space;
	struct rv_table *t;
	struct rv_lines *chains; /* of the table, sorted by address */
	uint32_t nchains;
	uint64_t groups[RV_LINT_GROUPS];
	unsigned int ngroups;
	struct rv_replayer *replayer; /* the table in the engine; NULL: not loaded, or rejected */
	bool refused;
	bool unknown;		/* already reported that the table could not be analysed */
	uint64_t walked; /* rules evaluated by the engine, summed over packets */
	uint32_t nrules; /* of the table */
	uint8_t *values; /* of one packet */
	uint64_t steps;
	uint64_t changes; /* fields that targets change and rules test, as bits */
	bool failed;
};

#define RV_WHOLE_CHAIN UINT32_MAX

__attribute__((format(printf, 5, 6))) struct rv_finding *
rv_lint_add(struct rv_linter *l, enum rv_lint kind, const struct rv_lines *at, uint32_t i,
	    const char *fmt, ...);
struct rv_lines *rv_lint_lines(const struct rv_linter *l, const struct rv_chain *c);
/* Returns the packets that are possible at the hooks of a chain. */
rv_dd rv_lint_possible(struct rv_linter *l, const struct rv_chain *c);
/* Adds an example packet from the set, if the engine confirms that another rule decides it. */
void rv_lint_packet(struct rv_linter *l, struct rv_finding *f, const struct rv_lines *at,
		    rv_dd set);

/*
 * In lint_flow.c: marks the rules and chains that packets reach. Returns NULL, or why it failed.
 */
const char *rv_lint_flow(struct rv_linter *l);
/* lint_dead.c */
void rv_lint_dead(struct rv_linter *l);
/* Whether a range of the rule ends before it starts. */
bool rv_lint_is_reversed(const struct rv_linter *l, const struct rv_rule *r);
/* The match of that name, or NULL. */
const struct rv_part *rv_lint_match(const struct rv_rule *r, const char *name);
/* Returns the packets whose selector has this value; all packets if no rule tests the selector. */
rv_dd rv_lint_equal(struct rv_linter *l, enum rv_sel sel, uint64_t value);
/* The packets of an interface. If no rule names it: of interfaces that no rule names. */
rv_dd rv_lint_on_interface(struct rv_linter *l, const char *name);
/* New packets to the host from elsewhere. */
rv_dd rv_lint_from_outside(struct rv_linter *l);

/* lint_rule.c: findings about single rules. */
void rv_lint_rule(struct rv_linter *l, const struct rv_lines *at, uint32_t i);
/* lint_pair.c: about several rules of a chain. */
void rv_lint_pairs(struct rv_linter *l, const struct rv_lines *at);
/* lint_chain.c: about base chains. */
void rv_lint_base(struct rv_linter *l, const struct rv_lines *at);
/* lint_ruleset.c: about the tables together, and about both families. */
void rv_lint_ruleset(struct rv_linter *l);
void rv_lint_families(struct rv_linter *l);

#endif
