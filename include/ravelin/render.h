/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one renderer: save, -S and -L are the same walk over the rows with a style. */
#ifndef RAVELIN_RENDER_H
#define RAVELIN_RENDER_H

#include <ravelin/extension.h>
#include <ravelin/ir.h>

/* How a listing is wanted. */
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
	RV_COUNTERS_WITHIN,	/* only those that are in the rule's words */
	RV_COUNTERS_NONZERO,	/* as PREFIX, where one is not zero */
};

/* "-A chain ... -j ...\n" */
void rv_render_rule(struct rv_buf *b, rv_family_t family, const char *chain,
		    const struct rv_rule *r, enum rv_counter_form counters);
/* The rest of that line behind the chain: "" or words with a blank before each; no newline, no prefix. */
void rv_render_rule_body(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
			 enum rv_counter_form counters);
/* ":chain POLICY [p:b]\n"; user chains have no policy and no counters. */
void rv_render_chain(struct rv_buf *b, const struct rv_chain *c);
/* Behind all of these: where a base chain is, if it is not where iptables puts it. Else nothing. */
void rv_render_base(struct rv_buf *b, const struct rv_chain *c);
/* "*table\n", its chains and rules in the order they have, "COMMIT\n". */
void rv_render_table(struct rv_buf *b, const struct rv_table *t, enum rv_counter_form counters);
/* "-P chain POLICY\n" or "-N chain\n". */
void rv_render_chain_command(struct rv_buf *b, const struct rv_chain *c, bool counters);
/* "Chain X (policy ACCEPT ...)\n" and the line of column heads. */
void rv_render_list_head(struct rv_buf *b, const struct rv_chain *c,
			 const struct rv_list_format *f);
/* One line of -L; num from 1. */
void rv_render_list_rule(struct rv_buf *b, rv_family_t family, const struct rv_rule *r,
			 uint32_t num, const struct rv_list_format *f);

#endif
