/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may come next in a command line that is not finished yet. */
#ifndef RAVELIN_COMPLETE_H
#define RAVELIN_COMPLETE_H

#include <ravelin/extension.h>
#include <ravelin/parser.h>

#define RV_COMPLETE_EXTS 32	/* more matches in one rule have no completion */

struct rv_completion {
	rv_family_t family;
	const struct rv_table_def *table;	/* -t; the table filter without it */
	const struct rv_core_option *command;	/* NULL: none yet */
	const struct rv_ext *exts[RV_COMPLETE_EXTS];	/* matches and target named so far */
	size_t nexts;
	/* The option whose argument the last word is: one of the two; both NULL: none. */
	const struct rv_core_option *core;
	const struct rv_option *opt;
	unsigned int arg;		/* which of its arguments, from 0 */
	bool option;			/* the last word may be an option */
	size_t start;			/* where in the last word that begins: behind "--dport=" */
};

/* Whether the command has a rule behind it (or none is named yet). */
bool rv_completion_has_rule(const struct rv_completion *c);

/* Reads words[1..count-1] of an iptables command line; the last is the one to be completed. */
void rv_complete(struct rv_completion *c, rv_family_t family, int count, char *const words[]);

#endif
