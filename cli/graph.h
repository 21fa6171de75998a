/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains and jumps as a graph. */
#ifndef RAVELIN_GRAPH_H
#define RAVELIN_GRAPH_H

#include "cli/cli.h"

/*
 * Appends the tables of the ruleset (or only that one) as DOT. Edges are as wide as the packets that
 * took them; what no packet can reach, or none has reached although others have, is grey.
 * Sorts nothing, changes the state of the walk only (rv_chain.walk). Returns 0, or -1 with err set.
 */
int rv_graph_dot(struct rv_buf *b, struct rv_ruleset *rs, const struct rv_table_def *only,
		 struct rv_error *err);
/* Has graphviz draw it: appends SVG. Returns 0, or -1 with err set. */
int rv_graph_svg(struct rv_buf *b, const struct rv_buf *dot, struct rv_error *err);

#endif
