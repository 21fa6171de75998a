/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two lists of rules have in common, by the one equality. */
#ifndef RAVELIN_DIFF_H
#define RAVELIN_DIFF_H

#include <ravelin/ir.h>
#include <ravelin/store.h>

/* One of two lists of rules, all of one family. */
struct rv_diff_side {
	const struct rv_rule **rules;
	size_t count;
	bool *kept;		/* out: whether the rule is in the other list too, in this order */
};

/*
 * Finds a longest common subsequence; more than 64 equal rules in both lists are paired in
 * their order instead, which may keep fewer. counters: rules with different counters are not
 * equal. Returns 0, or -1 without memory.
 */
int rv_diff_rules(struct rv_diff_side *a, struct rv_diff_side *b, bool counters);

/*
 * Reads all tables of a store into an empty ruleset of its family: chains with their policies
 * and counters, rules. Returns 0, or -1 with err set, RV_ERR_AGAIN as rv_store_dump().
 */
int rv_ruleset_read(struct rv_ruleset *rs, struct rv_store *s, struct rv_error *err);

#endif
