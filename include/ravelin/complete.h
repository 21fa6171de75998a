/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion: what may follow in an unfinished command line. */
#ifndef RAVELIN_COMPLETE_H
#define RAVELIN_COMPLETE_H

#include <ravelin/extension.h>
#include <ravelin/parser.h>

#define RV_COMPLETE_EXTS 32	/* limit of matches in one rule that completion considers */

struct rv_completion {
	rv_family_t family;
	const struct rv_table_def *table;	/* of -t; filter by default */
	const struct rv_core_option *command;	/* NULL: none so far */
	const struct rv_ext *exts[RV_COMPLETE_EXTS];	/* matches and target given so far */
	size_t nexts;
	/* The option whose argument is being completed: one of the two, or both NULL. */
	const struct rv_core_option *core;
	const struct rv_option *opt;
	unsigned int arg;		/* index of the argument, from 0 */
	bool option;			/* the last word may be an option */
	size_t start;			/* offset in the last word where the argument starts:
					 * after "--dport=" */
};

/* Whether the command takes a rule, or no command is given yet. */
bool rv_completion_has_rule(const struct rv_completion *c);

/* Analyses words[1..count-1] of an iptables command line; the last word is to be completed. */
void rv_complete(struct rv_completion *c, rv_family_t family, int count, char *const words[]);

#endif
