/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the compiler. */
#ifndef RAVELIN_COMPILER_H
#define RAVELIN_COMPILER_H

#include <ravelin/plan.h>

/* Costs added by a switch, in ns; as in compiler/facts.c. */
enum {
	RV_COST_SWITCH = 65,
	RV_COST_FIELD = 12,
	RV_COST_NAME = 25,	/* once, if an interface is in the key */
	RV_COST_CHAIN = 30,	/* a leaf chain, or one for a target */
};

#define RV_KEY_BYTES 64		/* the longest key of nf_tables */
#define RV_KEY_MOST 5		/* fields; nft prints no map with more */

/*
 * Finds the longest run of rules, starting at first, that fits the shape and whose groups are
 * valid. Sets end after its last rule, and returns if a group ended it. Returns 0, or -1 without
 * memory.
 */
int rv_run_end(const struct rv_plan_chain *c, uint32_t first, const struct rv_key_shape *shape,
	       uint32_t *end, bool *returns);
/*
 * Fills in groups, leaves and gain of a block of b->count rules from b->first on. Writes c->next
 * for these rules. Returns 0, or -1 without memory.
 */
int rv_run_groups(const struct rv_plan_chain *c, struct rv_block *b);

/* Length of a key in nf_tables, in bytes. */
unsigned int rv_shape_bytes(rv_family_t family, const struct rv_key_shape *shape);

struct rv_plan_chain *rv_plan_chain(const struct rv_plan *p, const struct rv_chain *c);
/* The plan of the chain that a rule jumps or goes to, or NULL. */
struct rv_plan_chain *rv_plan_target(const struct rv_plan *p, const struct rv_rule *r);
/* Chains of the plan, callers before those they call; NULL without memory. The caller frees it. */
uint32_t *rv_plan_order(const struct rv_plan *p);

#endif
