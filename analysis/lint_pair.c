/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings about several rules of a chain. */
#include <stdlib.h>

#include <ravelin/plan.h>

#include "analysis/linter.h"
#include "analysis/similar.h"

#define RUN 3 /* shortest run of rules differing in one value to report */

/* ---- rules that could be one ---- */

/* Returns how many consecutive rules, from i on, differ only in the value of one option. */
static uint32_t run_of(const struct rv_linter *l, const struct rv_lines *at, uint32_t i,
		       enum rv_similar *in)
{
	uint32_t n = 1;

	for (*in = 0; *in < RV_SIMILARS; ++*in) {
		while (i + n < at->n &&
		       rv_rules_similar(at->line[i].r, at->line[i + n].r, l->space.family, *in))
			n++;
		if (n > 1)
			return n;
	}
	return n;
}

static void look_for_runs(struct rv_linter *l, const struct rv_lines *at)
{
	for (uint32_t i = 0, n; i < at->n; i += n) {
		enum rv_similar in;

		n = run_of(l, at, i, &in);
		if (n >= RUN)
			rv_lint_add(l, RV_LINT_MERGE, at, i, "rules %u to %u differ in their %s",
				    i + 1, i + n, rv_similar_names[in]);
	}
}

/* ---- jumps that do nothing ---- */

/* Returns whether a chain has rules and all of them return, or jump to such chains. */
static bool only_returns(const struct rv_linter *l, const struct rv_chain *c)
{
	const struct rv_lines *at = rv_lint_lines(l, c);

	if (!at || !at->n)
		return false;
	for (uint32_t i = 0; i < at->n; i++) {
		const struct rv_rule *r = at->line[i].r;

		for (const struct rv_part *m = r->matches; m; m = m->next)
			if (rv_part_keeps_state(m->ext))
				return false;
		if (r->target ||
		    (r->verdict != RV_VERDICT_RETURN &&
		     !((r->verdict == RV_VERDICT_JUMP || r->verdict == RV_VERDICT_GOTO) &&
		       only_returns(l, rv_table_chain(c->table, r->jump)))))
			return false;
	}
	return true;
}

static void look_for_returns(struct rv_linter *l, const struct rv_lines *at)
{
	for (uint32_t i = 0; i < at->n; i++)
		if (at->line[i].r->verdict == RV_VERDICT_JUMP &&
		    only_returns(l, rv_table_chain(at->c->table, at->line[i].r->jump)))
			rv_lint_add(l, RV_LINT_RETURNS, at, i, "each rule of %s returns",
				    at->line[i].r->jump);
}

/* ---- narrow, then wide ---- */

/*
 * Hash table of rules for one port, by the packets that they match regardless of source. Open
 * addressing, at most half full.
 */
struct wide {
	rv_dd *set;
	uint32_t *line;
	uint32_t mask;
};

static const enum rv_sel from[] = { RV_SEL_IP_SADDR, RV_SEL_IP6_SADDR, RV_SEL_IIFNAME };

static rv_dd from_anywhere(struct rv_linter *l, rv_dd set)
{
	for (unsigned int i = 0; i < sizeof(from) / sizeof(*from); i++) {
		const struct rv_field *f = rv_space_field(&l->space, from[i], 0);

		if (f)
			set = rv_dd_some(&l->space.d, set, rv_field_vars(f));
	}
	return set;
}

static uint32_t slot_of(const struct wide *w, rv_dd set)
{
	uint32_t n = set * UINT32_C(2654435761) & w->mask;

	while (w->line[n] && w->set[n] != set)
		n = (n + 1) & w->mask;
	return n;
}

static bool is_for_port(const struct rv_line *line)
{
	return !line->told && line->r->verdict == RV_VERDICT_ACCEPT &&
	       rv_similar_port(line->r, RV_SIMILAR_DPORT) >= 0;
}

static void compare_widths(struct rv_linter *l, const struct rv_lines *at, struct wide *w)
{
	for (uint32_t i = 0; i < at->n && !l->space.d.full; i++) {
		const struct rv_line *line = &at->line[i];
		uint32_t slot;
		rv_dd wide;

		if (!is_for_port(line))
			continue;
		wide = from_anywhere(l, line->set);
		slot = slot_of(w, wide);
		if (wide == line->set && w->line[slot])
			rv_lint_add(l, RV_LINT_WIDENED, at, i,
				    "rule %u restricts it by source", w->line[slot]);
		if (wide == line->set || w->line[slot])
			continue;
		w->line[slot] = i + 1;
		w->set[slot] = wide;
	}
}

static void look_for_widened(struct rv_linter *l, const struct rv_lines *at)
{
	struct wide w = { .mask = 15 };

	if (strcmp(at->c->table->def->name, "filter") != 0)
		return;
	while (w.mask / 2 < at->n)
		w.mask = 2 * w.mask + 1;
	w.set = calloc(w.mask + 1, sizeof(*w.set));
	w.line = calloc(w.mask + 1, sizeof(*w.line));
	l->failed |= !w.set || !w.line;
	if (!l->failed)
		compare_widths(l, at, &w);
	free(w.set);
	free(w.line);
}

void rv_lint_pairs(struct rv_linter *l, const struct rv_lines *at)
{
	look_for_runs(l, at);
	look_for_returns(l, at);
	look_for_widened(l, at);
}
