/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains and jumps as DOT (graphviz.org/doc/info/lang.html), or as an image rendered by graphviz.
 */
#include <errno.h>
#include <stdlib.h>

#include "analysis/lint.h"
#include "cli/ravelin/graph.h"

/* ---- reachability of a table that could not be analysed ----------------------------- */

/* Whether the rule matches every packet: no matches except comments. */
static bool is_for_all(const struct rv_rule *r)
{
	static const struct rv_ip any;

	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (strcmp(m->ext->name, "comment") != 0)
			return false;
	return !memcmp(&r->ip, &any, sizeof(any));
}

/* Whether no packet continues with the next rule. */
static bool ends_chain(const struct rv_rule *r)
{
	bool ends = r->target ? r->target->ext->effect == RV_EFFECT_ENDS :
				r->verdict != RV_VERDICT_NONE && r->verdict != RV_VERDICT_JUMP;

	return ends && is_for_all(r);
}

/* ---- edges ----------------------------------------------------------------------------------- */

/* All rules of a chain that jump to the same chain, or go there. */
struct edge {
	const struct rv_chain *from, *to;
	enum rv_verdict how;
	bool dead;			/* no packet can reach any of them */
	uint32_t at, rules;		/* position of the first rule, number of rules */
	uint64_t packets;
};

struct reach {
	bool reached;
	struct rv_chain *behind;	/* next of the chains whose rules were not scanned yet */
};

struct graph {
	struct rv_buf *b;
	struct rv_reached *reached;	/* NULL: not known, reach is used */
	struct reach *reach;		/* by rv_chain.number */
	struct edge *edge;
	size_t n, room;
	uint64_t most;			/* most packets of any edge */
};

/* Marks the chains that can be reached from base chains. Returns 0, or -1 when memory ran out. */
static int reach(struct graph *g, const struct rv_table *t)
{
	struct rv_chain *waiting = NULL;

	g->reach = calloc(t->numbers + 1, sizeof(*g->reach));
	if (!g->reach)
		return -1;
	rv_list_each(c, &t->chains, struct rv_chain, node) {
		if (c->base < 0)
			continue;
		g->reach[c->number] = (struct reach){ true, waiting };
		waiting = c;
	}
	while (waiting) {
		struct rv_chain *c = waiting;

		waiting = g->reach[c->number].behind;
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			struct rv_chain *to = r->jump[0] ? rv_table_chain(t, r->jump) : NULL;

			if (to && !g->reach[to->number].reached) {
				g->reach[to->number] = (struct reach){ true, waiting };
				waiting = to;
			}
			if (ends_chain(r))
				break;
		}
	}
	return 0;
}

static bool is_reached(const struct graph *g, const struct rv_chain *c)
{
	return g->reached ? rv_reached_chain(g->reached, c) : g->reach[c->number].reached;
}

static int add_edge(struct graph *g, const struct edge *e)
{
	if (g->n == g->room) {
		size_t room = g->room * 2 + 64;
		struct edge *more = realloc(g->edge, room * sizeof(*more));

		if (!more)
			return -1;
		g->edge = more;
		g->room = room;
	}
	g->edge[g->n++] = *e;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static int by_target(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->to != y->to)
		return (uintptr_t)x->to < (uintptr_t)y->to ? -1 : 1;
	return x->how != y->how ? (x->how < y->how ? -1 : 1) : by_number(a, b);
}

/* Merges edges with the same target and verdict; n > 0. Returns their number. */
static size_t merge(struct edge *e, size_t n)
{
	size_t kept = 0;

	qsort(e, n, sizeof(*e), by_target);
	for (size_t i = 1; i < n; i++) {
		if (e[i].to != e[kept].to || e[i].how != e[kept].how) {
			e[++kept] = e[i];
			continue;
		}
		e[kept].rules += e[i].rules;
		e[kept].packets += e[i].packets;
		e[kept].dead &= e[i].dead;
	}
	qsort(e, kept + 1, sizeof(*e), by_number);
	return kept + 1;
}

static int add_edges(struct graph *g, const struct rv_table *t, const struct rv_chain *c)
{
	bool dead = !is_reached(g, c);
	size_t first = g->n;
	uint32_t number = 0;

	rv_list_each(r, &c->rules, struct rv_rule, node) {
		struct edge e = {
			.from = c, .to = r->jump[0] ? rv_table_chain(t, r->jump) : NULL,
			.how = r->verdict, .dead = dead, .at = ++number, .rules = 1,
			.packets = r->counters.packets,
		};

		if (g->reached)
			e.dead = !rv_reached_rule(g->reached, c, number);
		if (e.to && add_edge(g, &e))
			return -1;
		dead |= ends_chain(r);
	}
	if (g->n > first)
		g->n = first + merge(g->edge + first, g->n - first);
	for (size_t i = first; i < g->n; i++)
		if (g->edge[i].packets > g->most)
			g->most = g->edge[i].packets;
	return 0;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static void put_text(struct rv_buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			rv_buf_putc(b, '\\');
		rv_buf_putc(b, *text);
	}
}

static void put_node(struct rv_buf *b, const struct rv_chain *c)
{
	rv_buf_printf(b, "\"%s/", c->table->def->name);
	put_text(b, c->name);
	rv_buf_putc(b, '"');
}

static void put_count(struct rv_buf *b, uint64_t n, const char *what)
{
	rv_buf_u64(b, n);
	rv_buf_printf(b, " %s%s", what, n == 1 ? "" : "s");
}

#define GREY "color=\"#a0a0a0\", fontcolor=\"#808080\""

static void put_chain(struct graph *g, const struct rv_chain *c)
{
	struct rv_buf *b = g->b;
	uint64_t packets = c->base >= 0 ? c->counters.packets : 0;

	rv_buf_puts(b, "\t\t");
	put_node(b, c);
	rv_buf_puts(b, " [label=\"");
	put_text(b, c->name);
	if (c->base >= 0)
		rv_buf_printf(b, "\\npolicy %s", rv_verdict_name(c->policy));
	rv_buf_puts(b, "\\n");
	put_count(b, c->nrules, "rule");
	if (packets) {
		rv_buf_puts(b, "\\n");
		put_count(b, packets, "packet");
		rv_buf_puts(b, " by the policy");
	}
	rv_buf_putc(b, '"');
	if (c->base >= 0)
		rv_buf_printf(b, ", fillcolor=\"%s\", penwidth=2",
			      c->policy == RV_VERDICT_DROP ? "#f8d8d4" : "#d8ecd8");
	if (!is_reached(g, c))
		rv_buf_puts(b, ", " GREY ", fillcolor=\"#eeeeee\", tooltip=\"unreachable\"");
	rv_buf_puts(b, "];\n");
}

/* Number of binary digits. */
static unsigned int digits(uint64_t n)
{
	return n ? 64 - (unsigned int)__builtin_clzll(n) : 0;
}

/* Edge width in 1/100 point: 1 to 8 points, by the logarithm of the packets. */
static unsigned int width(const struct graph *g, uint64_t packets)
{
	return 100 + (g->most ? 700 * digits(packets) / digits(g->most) : 0);
}

static void put_edge(struct graph *g, const struct edge *e)
{
	struct rv_buf *b = g->b;

	rv_buf_putc(b, '\t');
	put_node(b, e->from);
	rv_buf_puts(b, " -> ");
	put_node(b, e->to);
	rv_buf_puts(b, " [label=\"");
	put_count(b, e->rules, "rule");
	if (e->how == RV_VERDICT_GOTO)
		rv_buf_puts(b, ", goto");
	if (e->packets) {
		rv_buf_puts(b, "\\n");
		put_count(b, e->packets, "packet");
	}
	rv_buf_printf(b, "\", penwidth=%u.%02u", width(g, e->packets) / 100, width(g, e->packets) % 100);
	if (e->how == RV_VERDICT_GOTO)
		rv_buf_puts(b, ", arrowhead=empty");
	if (e->dead)
		rv_buf_puts(b, ", style=dashed, " GREY ", tooltip=\"unreachable\"");
	else if (g->most && !e->packets)
		rv_buf_puts(b, ", " GREY ", tooltip=\"no packets so far\"");
	rv_buf_puts(b, "];\n");
}

/* ---- tables ------------------------------------------------------------------------------------ */

/* No rules, no user-defined chains, and all policies ACCEPT. */
static bool says_nothing(const struct rv_table *t)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (c->base < 0 || c->nrules || c->policy == RV_VERDICT_DROP)
			return false;
	return true;
}

static int put_table(struct rv_buf *b, struct rv_table *t, struct rv_error *err)
{
	struct graph g = { .b = b, .reached = rv_reached_open(t) };
	int rc = 0;

	if (!g.reached && reach(&g, t))
		return rv_fail_memory(err);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (add_edges(&g, t, c))
			rc = rv_fail_memory(err);
	rv_buf_printf(b, "\tsubgraph \"cluster_%s\" {\n\t\tlabel=\"%s\";\n", t->def->name, t->def->name);
	rv_list_each(c, &t->chains, struct rv_chain, node)
		put_chain(&g, c);
	rv_buf_puts(b, "\t}\n");
	for (size_t i = 0; i < g.n && !rc; i++)
		put_edge(&g, &g.edge[i]);
	rv_reached_close(g.reached);
	free(g.edge);
	free(g.reach);
	return rc;
}

int rv_graph_dot(struct rv_buf *b, struct rv_ruleset *rs, const struct rv_table_def *only,
		 struct rv_error *err)
{
	rv_buf_printf(b, "digraph \"%s\" {\n\trankdir=LR;\n"
		      "\tgraph [fontname=\"sans-serif\", style=rounded, color=\"#c0c0c0\"];\n"
		      "\tnode [fontname=\"sans-serif\", fontsize=11, shape=box, style=\"rounded,filled\", "
		      "fillcolor=\"#ffffff\"];\n"
		      "\tedge [fontname=\"sans-serif\", fontsize=9];\n",
		      rv_family(rs->family)->name);
	for (const struct rv_table_def *def = rv_table_defs; def->name; def++)
		rv_list_each(t, &rs->tables, struct rv_table, node)
			if (t->def == def && (only ? def == only : !says_nothing(t)) &&
			    put_table(b, t, err))
				return -1;
	rv_buf_puts(b, "}\n");
	return rv_buf_ok(b) ? 0 : rv_fail_memory(err);
}

/* ---- graphviz ------------------------------------------------------------------------------------ */

int rv_graph_svg(struct rv_buf *b, const struct rv_buf *dot, struct rv_error *err)
{
	static const char *const argv[] = { "dot", "-Tsvg", NULL };
	int rc = rv_cli_program(argv, dot, b);

	if (rc < 0 && errno == ENOENT) {
		rv_fail(err, RV_ERR_RESOURCE, NULL, "the program `dot' was not found");
		return rv_hint(err, "install graphviz (Debian: graphviz)");
	}
	return rc ? rv_fail(err, RV_ERR_RESOURCE, NULL, "`dot' failed") : 0;
}
