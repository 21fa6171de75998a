/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Determines which rules packets reach.
 *
 * Starts with all packets at the first rule of a base chain, and removes the packets that each rule
 * decides. A single diagram of the remaining packets would grow with the product of unrelated
 * tests: after 1,000 rules for sources and 1,000 for ports, it has all ports below each source.
 * Therefore the set is stored as an intersection of diagrams, one for each group of rules that test
 * the same fields. To find out whether packets reach a rule, has_packets() searches for one.
 */
#include <stdlib.h>

#include <ravelin/plan.h>
#include <ravelin/registry.h>

#include "analysis/linter.h"

#define STEPS_MAX  5000000
#define SEARCH_MAX 20000 /* nodes that a search may look at before the intersection is computed */

/* The packets that reach a rule: the intersection of `where' and all parts. */
struct flow {
	rv_dd where, part[RV_LINT_GROUPS];
	uint64_t looks; /* fields that any of them may depend on */
	bool single;	/* part[0] is all there is */
};

/* Packets that return early to the calling chain. */
struct exit {
	rv_dd set; /* of the rule */
	struct flow flow;
};

struct exits {
	struct exit *list;
	uint32_t n, room;
};

/* ---- flows ---- */

/* Returns the packets of the set that are in the flow. */
static rv_dd within(struct rv_linter *l, const struct flow *f, rv_dd set)
{
	set = rv_dd_and(&l->space.d, f->where, set);
	for (unsigned int i = 0; i < RV_LINT_GROUPS && set != RV_DD_FALSE; i++)
		set = rv_dd_and(&l->space.d, set, f->part[i]);
	return set;
}

static void make_single(struct rv_linter *l, struct flow *f, rv_dd set)
{
	*f = (struct flow){
		.where = RV_DD_TRUE, .part = { set }, .looks = f->looks, .single = true
	};
	for (unsigned int i = 1; i < RV_LINT_GROUPS; i++)
		f->part[i] = RV_DD_TRUE;
	(void)l;
}

static void take_away(struct rv_linter *l, struct flow *f, const struct rv_line *line, rv_dd set)
{
	rv_dd *part = &f->part[f->single ? 0 : line->group];

	*part = rv_dd_minus(&l->space.d, *part, set);
	f->looks |= line->looks;
}

/* The packets of the flow that a rule matches. */
static struct flow enter(struct rv_linter *l, const struct flow *f, const struct rv_line *line)
{
	struct flow in = *f;
	rv_dd *to = f->single ? &in.part[0] : &in.where;

	*to = rv_dd_and(&l->space.d, *to, line->set);
	in.looks |= line->looks;
	return in;
}

/* Replaces the packets in set by those that return from the chain. */
static void merge(struct rv_linter *l, struct flow *f, const struct flow *back, rv_dd set)
{
	struct rv_diagram *d = &l->space.d;

	f->looks |= back->looks;
	if (f->single || back->single) {
		make_single(l, f,
			    rv_dd_or(d, within(l, back, RV_DD_TRUE),
				     rv_dd_minus(d, within(l, f, RV_DD_TRUE), set)));
		return;
	}
	for (unsigned int i = 0; i < RV_LINT_GROUPS; i++)
		if (f->part[i] != back->part[i])
			f->part[i] = rv_dd_ite(d, set, back->part[i], f->part[i]);
}

static bool is_empty(const struct flow *f)
{
	bool empty = f->where == RV_DD_FALSE;

	for (unsigned int i = 0; i < RV_LINT_GROUPS; i++)
		empty |= f->part[i] == RV_DD_FALSE;
	return empty;
}

/* ---- the search for a packet ---- */

enum found { NOTHING, SOMETHING, GAVE_UP };

/* Removes diagrams that are always true. Returns how many are left, or -1 if one is never true. */
static int simplify(rv_dd *sets, unsigned int n)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (sets[i] == RV_DD_FALSE)
			return -1;
		if (sets[i] != RV_DD_TRUE)
			sets[kept++] = sets[i];
	}
	return (int)kept;
}

static unsigned int branch(struct rv_linter *l, const rv_dd *from, unsigned int n, uint32_t var,
			   bool value, rv_dd *to)
{
	unsigned int easy = 0;

	for (unsigned int i = 0; i < n; i++) {
		to[i] = rv_dd_branch(&l->space.d, from[i], var, value);
		easy += to[i] == RV_DD_TRUE ? 2 : to[i] != RV_DD_FALSE;
	}
	return easy;
}

/* Whether a packet is in all of them: depth first, the branch with fewer tests left before the
 * other. */
static enum found search(struct rv_linter *l, rv_dd *sets, unsigned int n, unsigned int *budget)
{
	rv_dd next[2][RV_LINT_GROUPS + 1];
	int left = simplify(sets, n);
	enum found found = NOTHING;
	uint32_t var = RV_DD_LEAF;
	bool first;

	if (left < 2)
		return left < 0 ? NOTHING : SOMETHING;
	if (!*budget)
		return GAVE_UP;
	--*budget;
	n = (unsigned int)left;
	for (unsigned int i = 0; i < n; i++)
		if (rv_dd_var(&l->space.d, sets[i]) < var)
			var = rv_dd_var(&l->space.d, sets[i]);
	first = branch(l, sets, n, var, false, next[0]) < branch(l, sets, n, var, true, next[1]);
	for (unsigned int i = 0; i < 2 && found == NOTHING; i++)
		found = search(l, next[first ^ i], n, budget);
	return found;
}

/*
 * Returns whether a packet of the set is in the flow. Tries each part alone first, because most
 * dead rules are covered by rules of their own group.
 */
static bool has_packets(struct rv_linter *l, const struct flow *f, rv_dd set)
{
	unsigned int budget = SEARCH_MAX;
	rv_dd sets[RV_LINT_GROUPS + 1];
	enum found found = SOMETHING;

	set = rv_dd_and(&l->space.d, f->where, set);
	for (unsigned int i = 0; i < RV_LINT_GROUPS && found == SOMETHING; i++) {
		sets[0] = set;
		sets[1] = f->part[i];
		found = search(l, sets, 2, &budget);
	}
	if (found == SOMETHING) {
		sets[0] = set;
		memcpy(sets + 1, f->part, sizeof(f->part));
		found = search(l, sets, RV_LINT_GROUPS + 1, &budget);
	}
	return found == GAVE_UP ? within(l, f, set) != RV_DD_FALSE : found == SOMETHING;
}

/* ---- rules ---- */

static struct flow come_to(struct rv_linter *l, const struct rv_chain *c, const struct flow *in);

static bool looks_at(const struct rv_linter *l, uint64_t looks, const struct rv_field *f)
{
	return looks >> (f - l->space.fields) % 64 & 1;
}

/* Removes the conditions on fields that the target changes: they may have any value afterwards. */
static rv_dd forget(struct rv_linter *l, struct flow *f, const struct rv_line *line, rv_dd set)
{
	const struct rv_ext *target = line->r->target->ext;
	struct rv_space *s = &l->space;

	for (unsigned int i = 0; i < s->nfields; i++)
		if (rv_ext_writes(target, s->fields[i].sel) && looks_at(l, f->looks | line->looks, &s->fields[i]))
			set = rv_dd_some(&s->d, set, rv_field_vars(&s->fields[i]));
	for (uint32_t i = 0; i < s->nfrees; i++)
		if (s->frees[i].sel != RV_SEL_NONE && rv_ext_writes(target, s->frees[i].sel))
			set = rv_dd_some(&s->d, set, (struct rv_dd_vars){ s->frees[i].var, s->frees[i].var + 1, 1 });
	return set;
}

/* Returns whether the target changes a field that this rule or an earlier one tests. */
static bool changes(const struct rv_linter *l, const struct flow *f, const struct rv_line *line)
{
	const struct rv_ext *target = line->r->target->ext;
	const struct rv_space *s = &l->space;
	struct rv_effect_of e;

	rv_effect_of(line->r->target, s->family, &e);
	for (unsigned int i = 0; i < s->nfields && e.what != RV_CHANGE_NOTHING; i++)
		if (rv_ext_writes(target, s->fields[i].sel) && looks_at(l, f->looks | line->looks, &s->fields[i]))
			return true;
	for (uint32_t i = 0; i < s->nfrees && e.what != RV_CHANGE_NOTHING; i++)
		if (s->frees[i].sel != RV_SEL_NONE && rv_ext_writes(target, s->frees[i].sel))
			return true;
	return false;
}

/* Updates the flow for a non-terminating target. */
static void pass_target(struct rv_linter *l, struct flow *f, const struct rv_line *line)
{
	const struct rv_rule *r = line->r;
	struct rv_diagram *d = &l->space.d;
	rv_dd ends = RV_DD_FALSE, hit, rest;

	if (r->target->ext->effect == RV_EFFECT_UNKNOWN) {
		l->changes++;
		make_single(l, f, RV_DD_TRUE);
		return;
	}
	if (rv_target_may_end(r->target))
		ends = rv_region_part(&l->space, r, r->target);
	if (ends != RV_DD_FALSE)
		take_away(l, f, line, rv_dd_and(d, line->set, ends));
	if (!changes(l, f, line))
		return;
	l->changes++;
	rest = within(l, f, rv_dd_not(d, line->set));
	hit = within(l, f, line->set);
	make_single(l, f, rv_dd_or(d, rest, forget(l, f, line, hit)));
}

static int leave(struct exits *x, rv_dd set, const struct flow *flow)
{
	if (x->n == x->room) {
		uint32_t room = x->room ? 2 * x->room : 16;
		struct exit *list = reallocarray(x->list, room, sizeof(*list));

		if (!list)
			return -1;
		x->list = list;
		x->room = room;
	}
	x->list[x->n++] = (struct exit){ set, *flow };
	return 0;
}

static void pass_jump(struct rv_linter *l, struct flow *f, const struct rv_lines *at,
		      const struct rv_line *line, struct exits *x)
{
	const struct rv_chain *to = rv_table_chain(at->c->table, line->r->jump);
	struct flow in = enter(l, f, line);

	if (line->r->verdict != RV_VERDICT_RETURN)
		in = come_to(l, to, &in);
	if (line->r->verdict == RV_VERDICT_JUMP) {
		merge(l, f, &in, line->set);
		return;
	}
	l->failed |= leave(x, line->set, &in) < 0;
	take_away(l, f, line, line->set);
}

static void pass(struct rv_linter *l, struct flow *f, const struct rv_lines *at,
		 struct rv_line *line, struct exits *x)
{
	const struct rv_rule *r = line->r;

	line->hit = true;
	if (r->target && r->target->ext->effect != RV_EFFECT_ENDS)
		pass_target(l, f, line);
	else if (!r->target && (r->verdict == RV_VERDICT_JUMP || r->verdict == RV_VERDICT_GOTO ||
				r->verdict == RV_VERDICT_RETURN))
		pass_jump(l, f, at, line, x);
	else if (r->target || r->verdict != RV_VERDICT_NONE)
		take_away(l, f, line, line->set);
}

/* Walks the chain; returns the packets that return from it. */
static struct flow come_to(struct rv_linter *l, const struct rv_chain *c, const struct flow *in)
{
	struct rv_lines *at = rv_lint_lines(l, c);
	uint64_t changes = l->changes;
	struct exits x = { 0 };
	struct flow f = *in;
	uint32_t i;

	if (!at)
		return f;
	at->reached = true;
	for (i = 0; i < at->n && !is_empty(&f); i++) {
		struct rv_line *line = &at->line[i];

		if (++l->steps > STEPS_MAX || l->space.d.full || l->failed)
			break;
		if (has_packets(l, &f, line->set))
			pass(l, &f, at, line, &x);
		else if (!line->hit && !line->enters)
			line->enters = l->changes != changes || has_packets(l, in, line->set);
	}
	if (i < at->seen)
		at->seen = i;
	while (x.n--)
		merge(l, &f, &x.list[x.n].flow, x.list[x.n].set);
	free(x.list);
	return f;
}

/* ---- the table ---- */

static void enter_base(struct rv_linter *l, const struct rv_chain *c)
{
	struct flow f = { .where = rv_lint_possible(l, c) };

	for (unsigned int i = 0; i < RV_LINT_GROUPS; i++)
		f.part[i] = RV_DD_TRUE;
	for (unsigned int i = 0; i < l->space.nfields; i++) {
		const struct rv_field *field = &l->space.fields[i];

		if (rv_dd_looks(&l->space.d, f.where, rv_field_vars(field)))
			f.looks |= UINT64_C(1) << i % 64;
	}
	come_to(l, c, &f);
}

const char *rv_lint_flow(struct rv_linter *l)
{
	l->steps = 0;
	rv_list_each (c, &l->t->chains, struct rv_chain, node)
		if (c->base >= 0)
			enter_base(l, c);
	if (l->space.d.full)
		return "its diagrams are too large";
	return l->steps > STEPS_MAX ? "its chains jump to each other too often" : NULL;
}
