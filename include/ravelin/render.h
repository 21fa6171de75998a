/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The renderer of save, -S and -L: one iteration over the rows, with a style. */
#ifndef RAVELIN_RENDER_H
#define RAVELIN_RENDER_H

#include <ravelin/extension.h>
#include <ravelin/ir.h>

/* Options of a listing. */
struct rv_list_format {
	bool numeric;		/* -n */
	bool verbose;		/* -v: counters, interfaces */
	bool exact;		/* -x: counters in full */
	bool line_numbers;
};

enum rv_counter_form {
	RV_COUNTERS_NONE,
	RV_COUNTERS_PREFIX,	/* "[p:b] -A ..." : iptables-save -c */
	RV_COUNTERS_OPTION,	/* "... -c p b -j ...": -S -v */
	RV_COUNTERS_WITHIN,	/* only those given in the rule itself */
	RV_COUNTERS_NONZERO,	/* as PREFIX, if not zero */
};

/* "-A chain ... -j ...\n" */
void rv_render_rule(struct rv_buf *b, rv_family_t family, const char *chain,
		    const struct rv_rule *r, enum rv_counter_form counters);
/*
 * The same from after the chain name: "" or words each preceded by a space; no newline, no counter
 * prefix.
 */
void rv_render_rule_body(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
			 enum rv_counter_form counters);
/* ":chain POLICY [p:b]\n"; user-defined chains have no policy and no counters. */
void rv_render_chain(struct rv_buf *b, const struct rv_chain *c);
/* Appends the position of a base chain if it is not iptables' default; else nothing. */
void rv_render_base(struct rv_buf *b, const struct rv_chain *c);
/* "*table\n", the chains and rules in their current order, "COMMIT\n". */
void rv_render_table(struct rv_buf *b, const struct rv_table *t, enum rv_counter_form counters);
/* "-P chain POLICY\n" or "-N chain\n". */
void rv_render_chain_command(struct rv_buf *b, const struct rv_chain *c, bool counters);
/* "Chain X (policy ACCEPT ...)\n" and the column headings. */
void rv_render_list_head(struct rv_buf *b, const struct rv_chain *c,
			 const struct rv_list_format *f);
/* One line of -L; num from 1. */
void rv_render_list_rule(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
			 uint32_t num, const struct rv_list_format *f);

#endif
