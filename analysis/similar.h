/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that differ in one value. */
#ifndef RAVELIN_ANALYSIS_SIMILAR_H
#define RAVELIN_ANALYSIS_SIMILAR_H

#include <ravelin/extension.h>

enum rv_similar {
	RV_SIMILAR_SPORT,
	RV_SIMILAR_DPORT,
	RV_SIMILAR_SOURCE,
	RV_SIMILAR_DESTINATION,
	RV_SIMILARS
};

extern const char *const rv_similar_names[RV_SIMILARS]; /* "source port" */

/*
 * Returns whether two rules differ only in one port or host address. Stateful rules are never
 * similar: one rule with a rate limit does not do what two do.
 */
bool rv_rules_similar(const struct rv_rule *a, const struct rv_rule *b, rv_family_t family,
		      enum rv_similar in);
/* Returns the port of a rule, or -1 if it has none or several. */
int rv_similar_port(const struct rv_rule *r, enum rv_similar in);

#endif
