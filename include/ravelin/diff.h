/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparison of two lists of rules, by rv_rule_equal(). */
#ifndef RAVELIN_DIFF_H
#define RAVELIN_DIFF_H

#include <ravelin/ir.h>
#include <ravelin/store.h>

/* One of the two lists; both have the same family. */
struct rv_diff_side {
	const struct rv_rule **rules;
	size_t count;
	bool *kept;		/* out: whether the rule is in both lists, in the same order */
};

/*
 * Finds a longest common subsequence. If more than 64 equal rules are in both lists they are paired
 * in order instead, which may keep fewer. counters: also compare counters. Returns 0, or -1 when
 * memory ran out.
 */
int rv_diff_rules(struct rv_diff_side *a, struct rv_diff_side *b, bool counters);

/*
 * Reads all tables of a store into an empty ruleset of its family: chains with policies and
 * counters, and rules. Returns 0, or -1 with err set; RV_ERR_AGAIN as for rv_store_dump().
 */
int rv_ruleset_read(struct rv_ruleset *rs, struct rv_store *s, struct rv_error *err);

#endif
