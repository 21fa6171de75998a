/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that the kernel does when a table is loaded, for backends without a kernel: a file must
 * not contain what cannot be loaded.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/extension.h>
#include <ravelin/render.h>

int rv_rule_refused(struct rv_error *err, const struct rv_chain *c, const struct rv_rule *r, int error,
		    const char *why)
{
	struct rv_buf text = RV_BUF_INIT;
	const char *rule;

	rv_render_rule(&text, c->table->ruleset->family, c->name, r, RV_COUNTERS_NONE);
	if (rv_buf_ok(&text) && text.len && text.data[text.len - 1] == '\n')
		text.len--;
	rule = rv_buf_text(&text);
	rv_fail(err, rv_errno_kind(error), &r->loc,
		" RULE_APPEND failed (%s): rule in chain %s: %s: %s", strerror(error), c->name,
		rule ? rule : "", why);
	rv_buf_free(&text);
	return -1;
}

__attribute__((format(printf, 5, 6)))
static int refuse(struct rv_error *err, const struct rv_chain *c, const struct rv_rule *r,
		  int error, const char *fmt, ...)
{
	char why[RV_ERROR_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	return rv_rule_refused(err, c, r, error, why);
}

static struct rv_chain *jump_of(const struct rv_chain *c, const struct rv_rule *r)
{
	return r->jump[0] ? rv_table_chain(c->table, r->jump) : NULL;
}

/* State of the search in one chain. */
struct visit {
	enum { UNSEEN, OPEN, DONE } state;
	uint16_t depth;			/* nesting depth of jumps below */
	struct rv_chain *up;		/* that the search came from */
	struct rv_chain *behind;	/* next in the order */
	struct rv_list *at;		/* current rule */
};

struct search {
	struct visit *visits;		/* by rv_chain.number */
	struct rv_chain *order;		/* finished chains, callers first */
};

static struct visit *visit_of(const struct search *s, const struct rv_chain *c)
{
	return &s->visits[c->number];
}

static void enter(struct search *s, struct rv_chain *c, struct rv_chain *up)
{
	*visit_of(s, c) = (struct visit){ .state = OPEN, .up = up, .at = c->rules.next };
}

/* Prepends a finished chain, so that callers end up before the chains they call. */
static void leave(struct search *s, struct rv_chain *c)
{
	struct visit *v = visit_of(s, c), *up = v->up ? visit_of(s, v->up) : NULL;

	v->state = DONE;
	v->behind = s->order;
	s->order = c;
	if (up && up->depth <= v->depth)
		up->depth = v->depth + 1;
}

/*
 * Depth-first search without recursion, since a file may nest 100,000 chains. Each chain on the
 * path stores its parent and the current rule.
 */
static int search_calls(struct search *s, struct rv_chain *c, struct rv_error *err)
{
	enter(s, c, NULL);
	while (c) {
		struct visit *v = visit_of(s, c), *below;
		struct rv_rule *r = rv_entry(v->at, struct rv_rule, node);
		struct rv_chain *to;

		if (v->at == &c->rules) {
			leave(s, c);
			c = v->up;
			continue;
		}
		to = jump_of(c, r);
		below = to ? visit_of(s, to) : NULL;
		if (below && below->state == OPEN)
			return refuse(err, c, r, EMLINK, "the jump creates a loop");
		if (below && below->state == UNSEEN) {
			enter(s, to, c);
			c = to;
			continue;
		}
		if (below && v->depth <= below->depth)
			v->depth = below->depth + 1;
		if (v->depth >= RV_JUMPS_MAX)
			return refuse(err, c, r, EMLINK, "jumps are nested too deep");
		v->at = v->at->next;
	}
	return 0;
}

static void spread_hooks(const struct search *s)
{
	for (struct rv_chain *c = s->order; c; c = visit_of(s, c)->behind)
		rv_list_each(r, &c->rules, struct rv_rule, node) {
			struct rv_chain *to = jump_of(c, r);

			if (to)
				to->hooks |= c->hooks;
		}
}

/* Whether name is in the space-separated list. */
static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strstr(list, name); p; p = strstr(p + 1, name))
		if ((p == list || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return true;
	return false;
}

/* tables NULL, hooks 0: no restriction. */
static bool out_of_place(struct rv_misplaced *m, const struct rv_table_def *def, uint32_t reached,
			 const char *tables, uint32_t hooks)
{
	if (tables && !is_listed(tables, def->name))
		m->tables = tables;
	if (hooks && reached & ~hooks)
		m->hooks = hooks;
	return m->tables || m->hooks;
}

/* Checks the match or target, then each option given. */
static bool part_out_of_place(const struct rv_table_def *def, uint32_t hooks,
			      struct rv_misplaced *m)
{
	const struct rv_ext *ext = m->part->ext;

	if (out_of_place(m, def, hooks, rv_ext_only(ext)->tables, rv_ext_only(ext)->hooks))
		return true;
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++) {
		if ((!rv_option_only(opt)->tables && !rv_option_only(opt)->hooks) ||
		    !rv_option_given(ext, opt, m->part->data))
			continue;
		m->opt = opt;
		if (out_of_place(m, def, hooks, rv_option_only(opt)->tables,
				 rv_option_only(opt)->hooks))
			return true;
	}
	m->opt = NULL;
	return false;
}

static bool part_misplaced(const struct rv_table_def *def, uint32_t hooks, const struct rv_rule *r,
			   const struct rv_part *part, struct rv_misplaced *m)
{
	const struct rv_ext *ext = part->ext;

	*m = (struct rv_misplaced){ .part = part };
	if (part_out_of_place(def, hooks, m))
		return true;
	if (rv_ext_only(ext)->protocol &&
	    (r->ip.proto != rv_ext_only(ext)->protocol || r->ip.invert & RV_IP_PROTO))
		m->protocol = rv_ext_only(ext)->protocol;
	else
		m->why = rv_ext_only(ext)->refused ? rv_ext_only(ext)->refused(part->data, hooks)
						   : NULL;
	return m->protocol || m->why;
}

bool rv_rule_misplaced(const struct rv_table_def *def, uint32_t hooks, const struct rv_rule *r,
		       struct rv_misplaced *m)
{
	for (const struct rv_part *match = r->matches; match; match = match->next)
		if (part_misplaced(def, hooks, r, match, m))
			return true;
	return r->target && part_misplaced(def, hooks, r, r->target, m);
}

/* Runs the kernel_check hooks of the rule's parts. */
static int check_rule(const struct rv_chain *c, const struct rv_rule *r, struct rv_error *err)
{
	struct rv_misplaced m;
	const char *proto;
	char what[64];

	if (!rv_rule_misplaced(c->table->def, c->hooks, r, &m))
		return 0;
	snprintf(what, sizeof(what), "%s%s%s", m.part->ext->name, m.opt ? " --" : "",
		 m.opt ? m.opt->name : "");
	if (m.tables)
		return refuse(err, c, r, EINVAL, "%s can only be used in table %s", what, m.tables);
	if (m.hooks)
		return refuse(err, c, r, EINVAL,
			      "%s cannot be used in chain %s or in the chains that call it", what,
			      c->name);
	if (m.why)
		return refuse(err, c, r, EINVAL, "%s: %s", what, m.why);
	proto = rv_protocol_name(0, m.protocol);
	return refuse(err, c, r, EINVAL, "%s can only be used in rules with -p %s", what,
		      proto ? proto : "of its own");
}

static int check_rules(struct rv_table *t, struct rv_error *err)
{
	rv_list_each(c, &t->chains, struct rv_chain, node)
		rv_list_each(r, &c->rules, struct rv_rule, node)
			if (check_rule(c, r, err))
				return -1;
	return 0;
}

int rv_table_check(struct rv_table *t, struct rv_error *err)
{
	struct search s = { .visits = calloc(t->numbers + 1, sizeof(*s.visits)) };
	int rc = s.visits ? 0 : rv_fail_memory(err);

	rv_list_each(c, &t->chains, struct rv_chain, node)
		c->hooks = c->base < 0 ? 0 : 1u << t->def->base[c->base].hook;
	rv_list_each(c, &t->chains, struct rv_chain, node)
		if (!rc && visit_of(&s, c)->state == UNSEEN)
			rc = search_calls(&s, c, err);
	if (!rc)
		spread_hooks(&s);
	free(s.visits);
	return rc ? rc : check_rules(t, err);
}
