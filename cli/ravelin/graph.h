/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains and jumps as a graph. */
#ifndef RAVELIN_GRAPH_H
#define RAVELIN_GRAPH_H

#include "cli/cli.h"

/*
 * Appends the tables of the ruleset, or only one, as DOT. Edge width shows packets; unreachable and
 * unused parts are grey. Returns 0, or -1 with err set.
 */
int rv_graph_dot(struct rv_buf *b, struct rv_ruleset *rs, const struct rv_table_def *only,
		 struct rv_error *err);
/* Renders DOT with graphviz and appends the SVG. Returns 0, or -1 with err set. */
int rv_graph_svg(struct rv_buf *b, const struct rv_buf *dot, struct rv_error *err);

#endif
