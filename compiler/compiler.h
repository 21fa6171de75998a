/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the compiler share. */
#ifndef RAVELIN_COMPILER_H
#define RAVELIN_COMPILER_H

#include <ravelin/plan.h>

/* Cost of what a switch adds, in ns; as in compiler/facts.c. */
enum {
	RV_COST_SWITCH = 65,
	RV_COST_FIELD = 12,
	RV_COST_NAME = 25,	/* once, if an interface is in the key */
	RV_COST_CHAIN = 30,	/* a leaf chain, or one for a target */
};

#define RV_KEY_BYTES 64		/* the longest key nf_tables takes, each field padded to 4 bytes */
#define RV_KEY_MOST 5		/* fields; nft prints no map with more */

/*
 * The longest run of rules from first on that fit the shape and whose groups are right. Sets end
 * behind its last rule, and returns if a group is what ends it. Returns 0, or -1 without memory.
 */
int rv_run_end(const struct rv_plan_chain *c, uint32_t first, const struct rv_key_shape *shape,
	       uint32_t *end, bool *returns);
/*
 * Fills in the groups of the rules from b->first on, b->count of them, and b->leaves and b->gain.
 * c->next is written for these rules. Returns 0, or -1 without memory.
 */
int rv_run_groups(const struct rv_plan_chain *c, struct rv_block *b);

/* Bytes of a key as nf_tables holds it. */
unsigned int rv_shape_bytes(rv_family_t family, const struct rv_key_shape *shape);

struct rv_plan_chain *rv_plan_chain(const struct rv_plan *p, const struct rv_chain *c);
/* The plan's chain that a rule jumps or goes to, or NULL. */
struct rv_plan_chain *rv_plan_target(const struct rv_plan *p, const struct rv_rule *r);
/* Chains of the plan, callers before those they call; NULL without memory. The caller frees it. */
uint32_t *rv_plan_order(const struct rv_plan *p);

#endif
