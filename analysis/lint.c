/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/plan.h>

#include "analysis/lint.h"

#define KIND(code, word, how, text, todo) { code, word, RV_SEVERITY_##how, text, todo }

const struct rv_lint_kind rv_lint_kinds[RV_LINTS] = {
	[RV_LINT_SHADOWED] = KIND("RV101", "shadowed", WARNING, "rules before it decide all its packets",
				  "remove it, or move it before them"),
	[RV_LINT_DUPLICATE] = KIND("RV102", "duplicate", WARNING, "the same rule stands before it", "remove it"),
	[RV_LINT_NEVER] = KIND("RV103", "never-matches", WARNING, "no packet can match it", "correct or remove it"),
	[RV_LINT_UNUSED] = KIND("RV104", "unreachable-chain", NOTE, "no packet comes to the chain",
				"jump to it, or remove it with ravelin or iptables -X"),
	[RV_LINT_BEHIND_ALL] = KIND("RV105", "behind-all", WARNING, "a rule before it decides all packets",
				    "remove it, or move it before that rule"),
	[RV_LINT_ALL_ACCEPTED] = KIND("RV106", "accepts-all", ERROR, "it accepts everything before what is meant to restrict",
				      "remove it or say what it is to accept"),
	[RV_LINT_LATE] = KIND("RV107", "established-late", NOTE, "most packets are tested by the rules before it",
			      "move it to the front"),
	[RV_LINT_LOOPBACK] = KIND("RV108", "no-loopback", WARNING, "the host cannot talk to itself", "add -A INPUT -i lo -j ACCEPT"),
	[RV_LINT_NEIGHBOURS] = KIND("RV109", "no-neighbour-discovery", ERROR, "IPv6 does not work without neighbour discovery",
				    "accept ICMPv6 types 133 to 136"),
	[RV_LINT_LOG] = KIND("RV110", "log-without-limit", NOTE, "whoever sends packets fills the log", "add -m limit"),
	[RV_LINT_STATE] = KIND("RV111", "old-state", NOTE, "-m state is an old name", "write -m conntrack --ctstate"),
	[RV_LINT_POLICY] = KIND("RV113", "policy-accept", WARNING, "policy ACCEPT makes its ACCEPT rules mean nothing",
				"set the policy to DROP"),
	[RV_LINT_COMMENT] = KIND("RV114", "comment-port", NOTE, "its comment names another port", "correct one of the two"),
	[RV_LINT_UNKNOWN] = KIND("RV199", "not-known", NOTE, "what reaches the rules of the table could not be found out", ""),
};

/* ---- the linter --------------------------------------------------------------------------------------- */

struct line {
	const struct rv_rule *r;
	rv_dd set;
	bool hit;
	bool told;		/* already reported as dead */
};

struct lines {
	const struct rv_chain *c;
	struct line *line;
	uint32_t n;
	bool reached;
};

struct linter {
	struct rv_findings *out;
	struct rv_space space;
	struct rv_table *t;
	struct lines *chains;	/* of the table, sorted by address */
	uint32_t nchains;
	uint64_t steps;
	bool failed;
};

#define WHOLE_CHAIN UINT32_MAX
#define STEPS_MAX 5000000
#define NAMED 5			/* at most so many shadowing rules are listed */
#define LATE 5			/* more rules than this before the one for established connections are reported */

__attribute__((format(printf, 5, 6)))
static struct rv_finding *add(struct linter *l, enum rv_lint kind, const struct lines *at, uint32_t i, const char *fmt, ...)
{
	struct rv_findings *f = l->out;
	struct rv_finding *new;
	va_list args;

	if (f->n == f->room) {
		size_t room = f->room ? 2 * f->room : 32;
		struct rv_finding *list = reallocarray(f->list, room, sizeof(*list));

		l->failed |= !list;
		if (!list)
			return NULL;
		f->list = list;
		f->room = room;
	}
	new = &f->list[f->n];
	*new = (struct rv_finding){ .kind = kind, .chain = at->c };
	if (i != WHOLE_CHAIN) {
		new->rule = at->line[i].r;
		new->number = i + 1;
	}
	va_start(args, fmt);
	if (vasprintf(&new->text, fmt, args) < 0) {
		new->text = NULL;
		l->failed = true;
	}
	va_end(args);
	f->n++;
	return new;
}

void rv_findings_free(struct rv_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->list[i].text);
		free(f->list[i].packet);
	}
	free(f->list);
	*f = (struct rv_findings){ 0 };
}

/* ---- chains and their rules ----------------------------------------------------------------------------- */

static struct lines *lines_of(const struct linter *l, const struct rv_chain *c)
{
	uint32_t low = 0, high = l->nchains;

	while (c && low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (l->chains[middle].c == c)
			return &l->chains[middle];
		if ((uintptr_t)l->chains[middle].c < (uintptr_t)c)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct lines *)a)->c, y = (uintptr_t)((const struct lines *)b)->c;

	return (x > y) - (x < y);
}

static int open_lines(struct linter *l, struct lines *at, const struct rv_chain *c)
{
	at->c = c;
	at->line = calloc(c->nrules + 1, sizeof(*at->line));
	if (!at->line)
		return -1;
	rv_list_each(r, &c->rules, struct rv_rule, node)
		at->line[at->n++] = (struct line){ .r = r, .set = rv_region_rule(&l->space, r) };
	return 0;
}

static int open_chains(struct linter *l)
{
	l->nchains = 0;
	l->chains = calloc(l->t->nchains + 1, sizeof(*l->chains));
	if (!l->chains)
		return -1;
	rv_list_each(c, &l->t->chains, struct rv_chain, node)
		if (open_lines(l, &l->chains[l->nchains++], c) < 0)
			return -1;
	qsort(l->chains, l->nchains, sizeof(*l->chains), by_address);
	return 0;
}

static void close_chains(struct linter *l)
{
	for (uint32_t i = 0; l->chains && i < l->nchains; i++)
		free(l->chains[i].line);
	free(l->chains);
	l->chains = NULL;
}

/* ---- which rules packets come to ---------------------------------------------------------------------------- */

/* What a target may have changed in the packets it met: of that, anything may be so. */
static rv_dd blurred(struct linter *l, const struct rv_rule *r, rv_dd hit)
{
	const struct rv_field *f;
	struct rv_effect_of e;
	enum rv_sel sel;

	if (r->target->ext->effect == RV_EFFECT_UNKNOWN)
		return RV_DD_TRUE;
	rv_effect_of(r->target, l->space.family, &e);
	if (e.what == RV_CHANGE_NOTHING)
		return hit;
	sel = e.what == RV_CHANGE_MARK ? RV_SEL_MARK : e.what == RV_CHANGE_CTMARK ? RV_SEL_CT_MARK : e.sel;
	f = rv_space_field(&l->space, sel, 0);
	return f ? rv_dd_some(&l->space.d, hit, rv_field_vars(f)) : hit;
}

static rv_dd come_to(struct linter *l, const struct rv_chain *c, rv_dd in);

/* What of in goes on to the next rule; *back grows by what returns. */
static rv_dd pass(struct linter *l, const struct lines *at, struct line *line, rv_dd in, rv_dd *back)
{
	struct rv_diagram *d = &l->space.d;
	const struct rv_rule *r = line->r;
	rv_dd hit = rv_dd_and(d, in, line->set), rest = rv_dd_minus(d, in, line->set);
	rv_dd ends;

	line->hit |= hit != RV_DD_FALSE;
	if (hit == RV_DD_FALSE)
		return in;
	if (r->target && r->target->ext->effect == RV_EFFECT_ENDS)
		return rest;
	if (r->target) {
		ends = r->target->ext->effect == RV_EFFECT_MAY_END ? rv_region_part(&l->space, r, r->target) : RV_DD_FALSE;
		return rv_dd_or(d, rest, rv_dd_minus(d, blurred(l, r, hit), ends));
	}
	switch (r->verdict) {
	case RV_VERDICT_NONE:
		return in;
	case RV_VERDICT_JUMP:
		return rv_dd_or(d, rest, come_to(l, rv_table_chain(at->c->table, r->jump), hit));
	case RV_VERDICT_GOTO:
		*back = rv_dd_or(d, *back, come_to(l, rv_table_chain(at->c->table, r->jump), hit));
		return rest;
	case RV_VERDICT_RETURN:
		*back = rv_dd_or(d, *back, hit);
		return rest;
	default:
		return rest;
	}
}

/* The packets that come back from a chain. */
static rv_dd come_to(struct linter *l, const struct rv_chain *c, rv_dd in)
{
	struct lines *at = lines_of(l, c);
	rv_dd back = RV_DD_FALSE;

	if (!at)
		return in;
	at->reached = true;
	for (uint32_t i = 0; i < at->n; i++) {
		if (++l->steps > STEPS_MAX || l->space.d.full)
			return in;
		if (in == RV_DD_FALSE)
			break;
		in = pass(l, at, &at->line[i], in, &back);
	}
	return rv_dd_or(&l->space.d, in, back);
}

/* ---- dead rules ----------------------------------------------------------------------------------------------- */

static bool is_unconditional(const struct line *line)
{
	return line->set == RV_DD_TRUE && rv_rule_ends(line->r) && line->r->verdict != RV_VERDICT_RETURN;
}

static rv_dd possible_of(struct linter *l, const struct rv_chain *c)
{
	return rv_region_possible(&l->space, c->base >= 0 ? 1u << c->table->def->base[c->base].hook : c->walk.hooks);
}

/* A packet of the rule, and the engine's word on which rule decides it. */
static void show_packet(struct linter *l, struct rv_finding *f, const struct lines *at, rv_dd set)
{
	uint8_t *values = malloc(l->space.nvars + 1);
	struct rv_buf b = RV_BUF_INIT;
	struct rv_error err = { 0 };
	struct rv_replay r = { 0 };

	if (!values || !f || at->c->base < 0 || set == RV_DD_FALSE || !rv_region_point(&l->space, set, values)) {
		free(values);
		return;
	}
	rv_point_settle_in(&l->space, set, values);
	/* Show the packet only if the engine confirms that another rule decides it. */
	if (rv_replay(&l->space, at->c, values, &r, &err) == 0 && r.end[0] &&
	    (r.rule != f->number || strcmp(r.chain, at->c->name) != 0)) {
		rv_point_words(&b, &l->space, values);
		rv_buf_printf(&b, ": %s by ", r.end);
		if (r.rule)
			rv_buf_printf(&b, "rule %u of %s", r.rule, r.chain);
		else
			rv_buf_printf(&b, "the policy of %s", r.chain);
		f->packet = rv_buf_text(&b) ? strdup(b.data) : NULL;
	}
	rv_buf_free(&r.effects);
	rv_buf_free(&b);
	free(values);
}

static bool says_state(const struct linter *l, const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (rv_part_keeps_state(m->ext))
			return true;
	(void)l;
	return false;
}

static uint32_t find_equal(const struct linter *l, const struct lines *at, uint32_t i)
{
	for (uint32_t j = 0; j < i; j++)
		if (at->line[j].set == at->line[i].set && rv_rule_equal(at->line[j].r, at->line[i].r) &&
		    !says_state(l, at->line[i].r))
			return j;
	return i;
}

/* Rules of the chain that together decide all packets of rule i; "" if it is more than they. */
static void name_shadows(struct linter *l, const struct lines *at, uint32_t i, rv_dd left, char *text, size_t room)
{
	unsigned int n = 0;
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t j = 0; j < i && left != RV_DD_FALSE && n <= NAMED; j++) {
		rv_dd rest;

		if (!rv_rule_ends(at->line[j].r))
			continue;
		rest = rv_dd_minus(&l->space.d, left, at->line[j].set);
		if (rest == left)
			continue;
		left = rest;
		len += (size_t)snprintf(text + len, room - len, "%s%u", n ? ", " : " ", j + 1);
		n++;
	}
	if (left != RV_DD_FALSE || n > NAMED)
		text[0] = '\0';
}

static void tell_dead(struct linter *l, struct lines *at, uint32_t i)
{
	struct line *line = &at->line[i];
	rv_dd set = rv_dd_and(&l->space.d, line->set, possible_of(l, at->c));
	uint32_t equal = find_equal(l, at, i);
	struct rv_finding *f;
	char text[128];

	line->told = true;
	if (set == RV_DD_FALSE) {
		add(l, RV_LINT_NEVER, at, i, "what it asks for cannot be together in %s", at->c->name);
		return;
	}
	if (equal < i) {
		f = add(l, RV_LINT_DUPLICATE, at, i, "rule %u is the same", equal + 1);
	} else {
		name_shadows(l, at, i, set, text, sizeof(text));
		f = text[0] ? add(l, RV_LINT_SHADOWED, at, i, "decided by rule%s", text)
			    : add(l, RV_LINT_SHADOWED, at, i, "none of its packets is left by the rules before it");
	}
	show_packet(l, f, at, set);
}

/* A rule for all packets, and rules behind it: one finding, whatever their number. */
static uint32_t tell_behind(struct linter *l, struct lines *at, uint32_t i)
{
	const struct rv_rule *r = at->line[i].r;
	bool restricts = at->c->base >= 0 && at->c->policy == RV_VERDICT_DROP;

	for (uint32_t j = i + 1; j < at->n; j++) {
		restricts |= at->line[j].r->verdict == RV_VERDICT_DROP ||
			     (at->line[j].r->target && !strcmp(at->line[j].r->target->ext->name, "REJECT"));
		at->line[j].told = true;
	}
	if (at->n == i + 1 && !restricts)
		return at->n;
	if (r->verdict == RV_VERDICT_ACCEPT && restricts && at->c->base >= 0)
		show_packet(l, add(l, RV_LINT_ALL_ACCEPTED, at, i, "%u rules behind it and the policy are never met",
				   at->n - i - 1), at, RV_DD_FALSE);
	if (at->n > i + 1)
		show_packet(l, add(l, RV_LINT_BEHIND_ALL, at, i + 1, "rule %u decides all packets: %u rules are dead", i + 1,
				   at->n - i - 1), at, rv_dd_and(&l->space.d, at->line[i + 1].set, possible_of(l, at->c)));
	return at->n;
}

static void tell_chain(struct linter *l, struct lines *at)
{
	if (at->c->base < 0 && !at->reached) {
		add(l, RV_LINT_UNUSED, at, WHOLE_CHAIN, "no packet comes to chain %s", at->c->name);
		return;
	}
	for (uint32_t i = 0; i < at->n && !l->space.d.full; i++) {
		if (at->line[i].hit && is_unconditional(&at->line[i]))
			i = tell_behind(l, at, i);
		else if (!at->line[i].hit)
			tell_dead(l, at, i);
	}
}

static void find_dead(struct linter *l)
{
	l->steps = 0;
	rv_list_each(c, &l->t->chains, struct rv_chain, node)
		if (c->base >= 0)
			come_to(l, c, possible_of(l, c));
	if (l->steps > STEPS_MAX || l->space.d.full) {
		if (l->nchains)
			add(l, RV_LINT_UNKNOWN, &l->chains[0], WHOLE_CHAIN, "table %s: %s", l->t->def->name,
			    l->space.d.full ? "its diagrams are too large" : "its chains jump to each other too often");
		return;
	}
	rv_list_each(c, &l->t->chains, struct rv_chain, node)
		tell_chain(l, lines_of(l, c));
}

/* ---- single rules ----------------------------------------------------------------------------------------------- */

static const struct rv_part *match_of(const struct rv_rule *r, const char *name)
{
	const struct rv_part *m = r->matches;

	while (m && strcmp(m->ext->name, name) != 0)
		m = m->next;
	return m;
}

static void look_at_log(struct linter *l, const struct lines *at, uint32_t i)
{
	static const char *const limits[] = { "limit", "hashlimit", "recent", "statistic", "connlimit", "quota" };
	const struct rv_rule *r = at->line[i].r;

	if (!r->target || (strcmp(r->target->ext->name, "LOG") != 0 && strcmp(r->target->ext->name, "NFLOG") != 0))
		return;
	for (unsigned int n = 0; n < sizeof(limits) / sizeof(*limits); n++)
		if (match_of(r, limits[n]))
			return;
	add(l, RV_LINT_LOG, at, i, "%s without a limit", r->target->ext->name);
}

static void look_at_state(struct linter *l, const struct lines *at, uint32_t i)
{
	if (match_of(at->line[i].r, "state"))
		add(l, RV_LINT_STATE, at, i, "-m state");
}

/* A port that the comment names, as "port 22" or "22/tcp"; -1: none. */
static long port_in(const char *text)
{
	const char *port = strcasestr(text, "port "), *slash = strcasestr(text, "/tcp");
	char *end;
	long n = -1;

	if (!slash)
		slash = strcasestr(text, "/udp");
	if (port) {
		n = strtol(port + 5, &end, 10);
		return end != port + 5 && n > 0 && n < 65536 ? n : -1;
	}
	while (slash && slash > text && slash[-1] >= '0' && slash[-1] <= '9')
		slash--;
	if (slash && *slash >= '0' && *slash <= '9')
		n = strtol(slash, &end, 10);
	return n > 0 && n < 65536 ? n : -1;
}

/* The packets that have that port on either side: if the rule is for ports and has none of it. */
static void look_at_comment(struct linter *l, const struct lines *at, uint32_t i)
{
	static const enum rv_sel ports[] = { RV_SEL_TH_SPORT, RV_SEL_TH_DPORT };
	const struct rv_part *m = match_of(at->line[i].r, "comment");
	struct rv_diagram *d = &l->space.d;
	long n = m ? port_in((const char *)m->data) : -1;
	rv_dd set = at->line[i].set, rest = set;
	bool asks = false;

	for (unsigned int p = 0; p < 2 && n > 0; p++) {
		const struct rv_field *f = rv_space_field(&l->space, ports[p], 0);
		struct rv_predicate port = { .sel = ports[p], .op = RV_OP_EQ, .len = 2 };

		if (!f || !rv_dd_looks(d, set, rv_field_vars(f)))
			continue;
		asks = true;
		rv_selector_put(ports[p], (uint64_t)n, port.value);
		rest = rv_dd_minus(d, rest, rv_region_predicate(&l->space, &port));
	}
	if (asks && set != RV_DD_FALSE && rest == set)
		add(l, RV_LINT_COMMENT, at, i, "the comment says port %ld", n);
}

/* ---- base chains -------------------------------------------------------------------------------------------------- */

static bool is_filter(const struct rv_chain *c, const char *name)
{
	return !strcmp(c->table->def->name, "filter") && !strcmp(c->name, name);
}

static rv_dd state_set(struct linter *l, const char *name)
{
	struct rv_predicate p = { .sel = RV_SEL_CT_STATE, .op = RV_OP_ANY, .len = 2 };

	rv_selector_put(RV_SEL_CT_STATE, !strcmp(name, "NEW") ? 8 : 2, p.value);
	return rv_space_field(&l->space, RV_SEL_CT_STATE, 0) ? rv_region_predicate(&l->space, &p) : RV_DD_TRUE;
}

/* The rule that accepts what is established, whatever else it is. */
static void look_at_established(struct linter *l, const struct lines *at)
{
	struct rv_diagram *d = &l->space.d;
	rv_dd established = rv_dd_and(d, state_set(l, "ESTABLISHED"), rv_region_possible(&l->space, 0));
	uint64_t all = 0;

	if (!rv_space_field(&l->space, RV_SEL_CT_STATE, 0))
		return;
	for (uint32_t i = 0; i < at->n; i++)
		all += rv_rule_ends(at->line[i].r) ? at->line[i].r->counters.packets : 0;
	for (uint32_t i = 0; i < at->n; i++) {
		const struct rv_rule *r = at->line[i].r;

		if (r->verdict != RV_VERDICT_ACCEPT || at->line[i].set == RV_DD_TRUE ||
		    rv_dd_minus(d, established, at->line[i].set) != RV_DD_FALSE)
			continue;
		if (i >= LATE && all)
			add(l, RV_LINT_LATE, at, i, "%u rules before it; it accepts %llu of 100 packets that are counted", i,
			    (unsigned long long)(100 * r->counters.packets / all));
		else if (i >= LATE)
			add(l, RV_LINT_LATE, at, i, "%u rules before it", i);
		return;
	}
}

static void look_at_policy(struct linter *l, const struct lines *at)
{
	uint32_t accepts = 0;

	if (at->c->base < 0 || at->c->policy != RV_VERDICT_ACCEPT || strcmp(at->c->table->def->name, "filter") != 0)
		return;
	for (uint32_t i = 0; i < at->n; i++) {
		const struct rv_rule *r = at->line[i].r;

		if (r->target || r->verdict != RV_VERDICT_ACCEPT)
			return;
		accepts++;
	}
	if (accepts)
		add(l, RV_LINT_POLICY, at, WHOLE_CHAIN, "policy ACCEPT, and all %u rules of %s are ACCEPT", accepts, at->c->name);
}

/* Packets that a host needs, told by the words of a rule. */
struct needed {
	enum rv_lint kind;
	rv_family_t family;	/* 0: both */
	const char *in;
	uint8_t protocol;
	uint16_t icmp;		/* type << 8 */
};

/* Packets of that interface: if no rule has its name, of those that no rule has. */
static rv_dd on_interface(struct linter *l, const char *name)
{
	const struct rv_field *f = rv_space_field(&l->space, RV_SEL_IIFNAME, 0);
	rv_dd others = RV_DD_TRUE;

	for (unsigned int i = 0; f && i < f->nnames; i++) {
		struct rv_predicate p = { .sel = RV_SEL_IIFNAME, .op = RV_OP_EQ, .len = IFNAMSIZ };
		size_t len = strlen(f->names[i]);
		bool many = len && f->names[i][len - 1] == '+';

		memcpy(p.value, f->names[i], len < IFNAMSIZ ? len : IFNAMSIZ);
		if (!strcmp(f->names[i], name))
			return rv_region_predicate(&l->space, &p);
		if (many && !strncmp(f->names[i], name, len - 1))
			return RV_DD_TRUE;
		if (many) {
			p.op = RV_OP_PREFIX;
			p.len = (uint16_t)(len - 1);
			p.value[len - 1] = 0;
		}
		others = rv_dd_minus(&l->space.d, others, rv_region_predicate(&l->space, &p));
	}
	return others;
}

static rv_dd lo_if_named(struct linter *l)
{
	const struct rv_field *f = rv_space_field(&l->space, RV_SEL_IIFNAME, 0);

	for (unsigned int i = 0; f && i < f->nnames; i++)
		if (!strcmp(f->names[i], "lo"))
			return on_interface(l, "lo");
	return RV_DD_FALSE;
}

static int all_needed(struct linter *l, const struct needed *n, rv_dd *set)
{
	const struct rv_field *icmp = rv_space_field(&l->space, RV_SEL_ICMP6_TYPE, 0);
	struct rv_predicate p;

	*set = rv_dd_and(&l->space.d, rv_region_possible(&l->space, 1u << NF_INET_LOCAL_IN), state_set(l, "NEW"));
	if (n->in)
		*set = rv_dd_and(&l->space.d, *set, on_interface(l, n->in));
	else
		*set = rv_dd_minus(&l->space.d, *set, lo_if_named(l));
	if (n->protocol) {
		p = (struct rv_predicate){ .sel = RV_SEL_L4PROTO, .op = RV_OP_EQ, .len = 1, .value = { n->protocol } };
		*set = rv_dd_and(&l->space.d, *set, rv_region_predicate(&l->space, &p));
	}
	if (n->icmp && icmp) {
		p = (struct rv_predicate){ .sel = RV_SEL_ICMP6_TYPE, .op = RV_OP_EQ, .len = 2 };
		rv_selector_put(p.sel, n->icmp, p.value);
		*set = rv_dd_and(&l->space.d, *set, rv_region_predicate(&l->space, &p));
	}
	return *set != RV_DD_FALSE;
}

/* Whether the chain drops all of them. */
static void look_for_needed(struct linter *l, const struct lines *at)
{
	static const struct needed list[] = {
		{ RV_LINT_LOOPBACK, 0, "lo", 0, 0 },
		{ RV_LINT_NEIGHBOURS, NFPROTO_IPV6, NULL, IPPROTO_ICMPV6, 135 << 8 },
	};
	struct rv_walk w;
	rv_dd outcome, set;

	if (!is_filter(at->c, "INPUT") || at->c->policy != RV_VERDICT_DROP || rv_walk_init(&w, &l->space) < 0)
		return;
	outcome = rv_walk_chain(&w, at->c, RV_DD_TRUE);
	for (unsigned int i = 0; i < sizeof(list) / sizeof(*list) && !w.unknown[0]; i++) {
		rv_dd accepted = rv_walk_fates(&w, outcome, 1 << RV_FATE_ACCEPT | 1 << RV_FATE_OTHER);

		if ((list[i].family && list[i].family != l->space.family) || !all_needed(l, &list[i], &set))
			continue;
		if (rv_dd_and(&l->space.d, set, accepted) == RV_DD_FALSE)
			show_packet(l, add(l, list[i].kind, at, WHOLE_CHAIN, "%s", list[i].in
					   ? "all new connections on lo are dropped" : "ICMPv6 neighbour solicitations are dropped"),
				    at, set);
	}
	rv_walk_free(&w);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

static void look_at_chain(struct linter *l, const struct lines *at)
{
	for (uint32_t i = 0; i < at->n; i++) {
		look_at_log(l, at, i);
		look_at_state(l, at, i);
		look_at_comment(l, at, i);
	}
	if (at->c->base < 0)
		return;
	look_at_established(l, at);
	look_at_policy(l, at);
	look_for_needed(l, at);
}

static int lint_table(struct linter *l, struct rv_table *t, struct rv_error *err)
{
	int rc = 0;

	l->t = t;
	if (rv_table_check(t, err) < 0)
		return -1;
	if (open_chains(l) < 0) {
		rc = rv_fail_memory(err);
	} else {
		find_dead(l);
		rv_list_each(c, &t->chains, struct rv_chain, node)
			look_at_chain(l, lines_of(l, c));
	}
	close_chains(l);
	return rc;
}

int rv_lint(struct rv_ruleset *rs, struct rv_findings *f, struct rv_error *err)
{
	struct linter l = { .out = f };
	int rc = 0;

	if (rv_space_init(&l.space, rs->family, 0) < 0 || rv_space_show(&l.space, rs, 0) < 0 || rv_space_seal(&l.space) < 0) {
		rv_space_free(&l.space);
		return rv_fail_memory(err);
	}
	rv_list_each(t, &rs->tables, struct rv_table, node)
		if (rc == 0)
			rc = lint_table(&l, t, err);
	if (rc == 0 && (l.failed || l.space.failed))
		rc = rv_fail_memory(err);
	rv_space_free(&l.space);
	return rc;
}
