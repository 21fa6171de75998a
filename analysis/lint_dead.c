/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and chains that no packet reaches. */
#include <stdio.h>
#include <stdlib.h>

#include <ravelin/plan.h>
#include <ravelin/render.h>

#include "analysis/linter.h"

#define NAMED 5 /* most shadowing rules listed */

static bool is_unconditional(const struct rv_line *line)
{
	return line->set == RV_DD_TRUE && rv_rule_ends(line->r) &&
	       line->r->verdict != RV_VERDICT_RETURN;
}

static bool says_state(const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (rv_part_keeps_state(m->ext))
			return true;
	return false;
}

/* ---- the rules of a chain by hash ---- */

/* Open addressing, at most half full. Slots hold the number of the first of equal rules, from 1. */
struct firsts {
	uint32_t *slot;
	uint32_t mask;
};

/* The slot of the first rule that is equal to rule i, or an empty one. */
static uint32_t *slot_of(const struct firsts *h, const struct rv_lines *at, uint32_t i)
{
	uint32_t n = (uint32_t)(rv_rule_hash(at->line[i].r) >> 16) & h->mask;

	while (h->slot[n] && !rv_rule_equal(at->line[h->slot[n] - 1].r, at->line[i].r))
		n = (n + 1) & h->mask;
	return &h->slot[n];
}

static int open_firsts(struct firsts *h, const struct rv_lines *at)
{
	uint32_t room = 16;

	while (room / 2 < at->n)
		room *= 2;
	h->mask = room - 1;
	h->slot = calloc(room, sizeof(*h->slot));
	if (!h->slot)
		return -1;
	for (uint32_t i = 0; i < at->n; i++) {
		uint32_t *slot = slot_of(h, at, i);

		if (!*slot)
			*slot = i + 1;
	}
	return 0;
}

/* ---- dead rules ---- */

/*
 * The packets left undecided after each terminating rule of a group. Each set is a subset of the
 * previous one, so binary search finds the first rule of the group that decides a packet.
 */
struct left {
	uint32_t line;
	rv_dd set;
};

struct chain {
	struct rv_lines *at;
	struct firsts firsts;
	struct left *left; /* sorted by group */
	uint32_t start[RV_LINT_GROUPS + 1];
};

static void fill_left(struct rv_linter *l, struct chain *c)
{
	uint32_t n[RV_LINT_GROUPS] = { 0 };

	for (uint32_t i = 0; i < c->at->n; i++) {
		const struct rv_line *line = &c->at->line[i];
		struct left *to = &c->left[c->start[line->group] + n[line->group]];

		if (!rv_rule_ends(line->r))
			continue;
		to->line = i;
		to->set = rv_dd_minus(&l->space.d, n[line->group]++ ? to[-1].set : RV_DD_TRUE,
				      line->set);
	}
}

static int open_left(struct rv_linter *l, struct chain *c)
{
	uint32_t n[RV_LINT_GROUPS] = { 0 };

	c->left = calloc(c->at->n + 1, sizeof(*c->left));
	if (!c->left)
		return -1;
	for (uint32_t i = 0; i < c->at->n; i++)
		n[c->at->line[i].group] += rv_rule_ends(c->at->line[i].r);
	for (unsigned int g = 0; g < RV_LINT_GROUPS; g++)
		c->start[g + 1] = c->start[g] + n[g];
	fill_left(l, c);
	return 0;
}

/* The first rule before i that decides the packet in l->values, or i. */
static uint32_t decider(const struct rv_linter *l, const struct chain *c, uint32_t i)
{
	for (unsigned int g = 0; g < l->ngroups; g++) {
		uint32_t low = c->start[g], high = c->start[g + 1];

		while (low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (rv_dd_at(&l->space.d, c->left[middle].set, l->values) == RV_DD_FALSE)
				high = middle;
			else
				low = middle + 1;
		}
		if (low < c->start[g + 1] && c->left[low].line < i)
			i = c->left[low].line;
	}
	return i;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

enum shadows { SHADOWS_NAMED, SHADOWS_MANY, SHADOWS_ELSEWHERE };

/*
 * Names rules of the chain that together decide all packets of rule i. Picks a packet that rule i
 * matches, adds the rule that decides it, and repeats this with a packet that these do not decide.
 */
static enum shadows name_shadows(struct rv_linter *l, const struct chain *c, uint32_t i, rv_dd left,
				 char *text, size_t room)
{
	uint32_t named[NAMED] = { 0 }, n = 0, j;
	size_t len = 0;

	while (left != RV_DD_FALSE) {
		if (n == NAMED)
			return SHADOWS_MANY;
		if (!rv_region_point(&l->space, left, l->values))
			return SHADOWS_ELSEWHERE;
		rv_point_settle_in(&l->space, left, l->values);
		j = decider(l, c, i);
		if (j == i)
			return SHADOWS_ELSEWHERE;
		named[n++] = j + 1;
		left = rv_dd_minus(&l->space.d, left, c->at->line[j].set);
	}
	qsort(named, n, sizeof(*named), by_number);
	for (j = 0; j < n; j++)
		len += (size_t)snprintf(text + len, room - len, "%s%u", j ? ", " : " ", named[j]);
	return SHADOWS_NAMED;
}

static void count_jumps(struct rv_linter *l, const struct rv_lines *from)
{
	for (uint32_t i = 0; i < from->n; i++) {
		const struct rv_line *line = &from->line[i];
		struct rv_lines *to =
			line->r->jump[0] ? rv_lint_lines(l, rv_table_chain(l->t, line->r->jump))
					 : NULL;

		if (!to || to->jumps++)
			continue;
		to->from = from->c;
		to->jump = line;
	}
}

/* Reports that no packet that enters the chain matches the rule, and which jump restricts it. */
static void tell_outside(struct rv_linter *l, const struct rv_lines *at, uint32_t i, rv_dd set)
{
	struct rv_buf words = RV_BUF_INIT;

	if (at->jumps == 1 && rv_dd_and(&l->space.d, at->jump->set, set) == RV_DD_FALSE) {
		rv_render_rule_body(&words, l->space.family, at->jump->r, RV_COUNTERS_NONE);
		rv_lint_add(l, RV_LINT_NEVER, at, i,
			    "chain %s gets only packets of this rule of %s:%s", at->c->name,
			    at->from->name, rv_buf_text(&words));
		l->failed |= words.failed;
	} else {
		rv_lint_add(l, RV_LINT_NEVER, at, i, "none that reaches chain %s does",
			    at->c->name);
	}
	rv_buf_free(&words);
}

static void tell_shadowed(struct rv_linter *l, const struct chain *c, uint32_t i, rv_dd set)
{
	const struct rv_lines *at = c->at;
	char text[128];
	struct rv_finding *f;

	switch (name_shadows(l, c, i, set, text, sizeof(text))) {
	case SHADOWS_NAMED:
		f = rv_lint_add(l, RV_LINT_SHADOWED, at, i, "decided by rule%s", text);
		break;
	case SHADOWS_MANY:
		f = rv_lint_add(l, RV_LINT_SHADOWED, at, i, "more than %u rules together", NAMED);
		break;
	default:
		f = at->c->base >= 0 ? rv_lint_add(l, RV_LINT_SHADOWED, at, i,
						   "some in chains that they jump to")
				     : rv_lint_add(l, RV_LINT_SHADOWED, at, i,
						   "of those that reach chain %s", at->c->name);
	}
	rv_lint_packet(l, f, at, set);
}

static void tell_dead(struct rv_linter *l, const struct chain *c, uint32_t i)
{
	struct rv_lines *at = c->at;
	struct rv_line *line = &at->line[i];
	rv_dd set = rv_dd_and(&l->space.d, line->set, rv_lint_possible(l, at->c));
	uint32_t equal = *slot_of(&c->firsts, at, i) - 1;

	line->told = true;
	if (set == RV_DD_FALSE) {
		if (!rv_lint_is_reversed(l, line->r))
			rv_lint_add(l, RV_LINT_NEVER, at, i, "its tests exclude each other in %s",
				    at->c->name);
		return;
	}
	if (!line->enters && i < at->seen)
		tell_outside(l, at, i, set);
	else if (equal < i && !(line->r->target && rv_target_goes_on(line->r->target)) &&
		 !says_state(line->r))
		rv_lint_packet(
			l,
			rv_lint_add(l, RV_LINT_DUPLICATE, at, i, "rule %u is the same", equal + 1),
			at, set);
	else
		tell_shadowed(l, c, i, set);
}

/* Reports all rules behind a rule that decides every packet, as one finding. */
static uint32_t tell_behind(struct rv_linter *l, struct rv_lines *at, uint32_t i)
{
	const struct rv_rule *r = at->line[i].r;
	bool restricts = at->c->base >= 0 && at->c->policy == RV_VERDICT_DROP;

	for (uint32_t j = i + 1; j < at->n; j++) {
		restricts |= at->line[j].r->verdict == RV_VERDICT_DROP ||
			     (at->line[j].r->target &&
			      !strcmp(at->line[j].r->target->ext->name, "REJECT"));
		at->line[j].told = true;
	}
	if (at->n == i + 1 && !restricts)
		return at->n;
	if (r->verdict == RV_VERDICT_ACCEPT && restricts && at->c->base >= 0)
		rv_lint_packet(l,
			       rv_lint_add(l, RV_LINT_ALL_ACCEPTED, at, i,
					   "the next %u rules and the policy are never reached",
					   at->n - i - 1),
			       at, RV_DD_FALSE);
	if (at->n > i + 1)
		rv_lint_packet(
			l,
			rv_lint_add(l, RV_LINT_BEHIND_ALL, at, i + 1,
				    "rule %u decides all packets: %u rules are dead", i + 1,
				    at->n - i - 1),
			at,
			rv_dd_and(&l->space.d, at->line[i + 1].set, rv_lint_possible(l, at->c)));
	return at->n;
}

static void tell_chain(struct rv_linter *l, struct rv_lines *at)
{
	struct chain c = { .at = at };

	if (at->c->base < 0 && !at->reached) {
		rv_lint_add(l, RV_LINT_UNUSED, at, RV_WHOLE_CHAIN, "%s",
			    at->jumps ? "no packet matches a rule that jumps to it"
				      : "no rule jumps to it");
		return;
	}
	for (uint32_t i = 0; i < at->n && !l->space.d.full && !l->failed; i++) {
		if (at->line[i].hit && is_unconditional(&at->line[i])) {
			i = tell_behind(l, at, i);
		} else if (!at->line[i].hit) {
			l->failed |=
				!c.left && (open_firsts(&c.firsts, at) < 0 || open_left(l, &c) < 0);
			if (!l->failed && !l->space.d.full)
				tell_dead(l, &c, i);
		}
	}
	free(c.firsts.slot);
	free(c.left);
}

void rv_lint_dead(struct rv_linter *l)
{
	const char *unknown = rv_lint_flow(l);

	if (unknown && l->nchains)
		rv_lint_add(l, RV_LINT_UNKNOWN, &l->chains[0], RV_WHOLE_CHAIN, "table %s: %s",
			    l->t->def->name, unknown);
	l->unknown = unknown != NULL;
	if (unknown)
		return;
	for (uint32_t i = 0; i < l->nchains; i++)
		count_jumps(l, &l->chains[i]);
	rv_list_each (c, &l->t->chains, struct rv_chain, node)
		tell_chain(l, rv_lint_lines(l, c));
}
