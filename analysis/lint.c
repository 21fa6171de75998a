/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "analysis/linter.h"
#include "analysis/selectors.h"

#define KIND(code, word, how, text, todo)                                                          \
	{                                                                                          \
		code, word, RV_SEVERITY_##how, false, text, todo                                   \
	}
#define ADVICE(code, word, text, todo)                                                             \
	{                                                                                          \
		code, word, RV_SEVERITY_NOTE, true, text, todo                                     \
	}

const struct rv_lint_kind rv_lint_kinds[RV_LINTS] = {
	[RV_LINT_SHADOWED] =
		KIND("RV101", "shadowed", WARNING, "earlier rules decide all its packets",
		     "remove it, or move it before them"),
	[RV_LINT_DUPLICATE] =
		KIND("RV102", "duplicate", WARNING, "an earlier rule is the same", "remove it"),
	[RV_LINT_NEVER] = KIND("RV103", "never-matches", WARNING, "no packet can match it",
			       "correct or remove it"),
	[RV_LINT_UNUSED] = KIND("RV104", "unreachable-chain", NOTE, "no packet reaches the chain",
				"jump to it, or remove it with ravelin or iptables -X"),
	[RV_LINT_BEHIND_ALL] =
		KIND("RV105", "behind-all", WARNING, "an earlier rule decides all packets",
		     "remove it, or move it before that rule"),
	[RV_LINT_ALL_ACCEPTED] = KIND("RV106", "accepts-all", ERROR,
				      "it accepts everything, before rules meant to restrict",
				      "remove it, or restrict what it accepts"),
	[RV_LINT_LATE] =
		ADVICE("RV107", "established-late",
		       "most packets pass the rules before it first", "move it to the front"),
	[RV_LINT_LOOPBACK] = KIND("RV108", "no-loopback", WARNING, "the host cannot talk to itself",
				  "add -A INPUT -i lo -j ACCEPT"),
	[RV_LINT_NEIGHBOURS] = KIND("RV109", "no-neighbour-discovery", ERROR,
				    "IPv6 does not work without neighbour discovery",
				    "accept ICMPv6 types 133 to 136"),
	[RV_LINT_LOG] = ADVICE("RV110", "log-without-limit", "a flood of packets fills the log",
			       "add -m limit"),
	[RV_LINT_STATE] = ADVICE("RV111", "old-state", "-m state is an old name",
				 "write -m conntrack --ctstate"),
	[RV_LINT_HOOK_STATE] = KIND("RV112", "state-at-hook", WARNING,
				    "packets do not have that state in this table",
				    "move it to table filter or mangle, or test another state"),
	[RV_LINT_POLICY] =
		KIND("RV113", "policy-accept", WARNING,
		     "policy ACCEPT makes its ACCEPT rules useless", "set the policy to DROP"),
	[RV_LINT_COMMENT] = ADVICE("RV114", "comment-port", "its comment names another port",
				   "correct one of the two"),
	[RV_LINT_RETURNS] =
		KIND("RV115", "only-returns", NOTE, "it jumps to a chain that only returns",
		     "remove the jump, unless something else fills the chain"),
	[RV_LINT_WIDENED] =
		ADVICE("RV116", "opened-wide",
		       "it accepts from anywhere what an earlier rule restricts by source",
		       "remove one of the two"),
	[RV_LINT_MSS] = ADVICE("RV117", "no-mss-clamp",
			       "connections through a tunnel hang if path MTU discovery fails",
			       "add -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS "
			       "--clamp-mss-to-pmtu"),
	[RV_LINT_HELPER] =
		ADVICE("RV118", "no-helper", "kernels since 6.0 assign no helper without a rule",
		       "assign it in table raw with -j CT --helper"),
	[RV_LINT_FAMILIES] = KIND("RV119", "open-in-ipv6", ERROR,
				  "closed in IPv4, but open to everybody in IPv6",
				  "restrict it in the IPv6 rules too"),
	[RV_LINT_MERGE] =
		ADVICE("RV120", "one-rule", "it and the next rules differ only in one value",
		       "write one rule with multiport, iprange or set; see ravelin-optimize(8)"),
	[RV_LINT_REVERSED] =
		KIND("RV121", "reversed-range", WARNING,
		     "a range ends before it starts and is empty", "exchange both ends"),
	[RV_LINT_INTERFACE] = ADVICE("RV122", "no-interface", "the interface does not exist",
				     "correct its name"),
	[RV_LINT_NAT_PORTS] =
		KIND("RV123", "nat-ports", WARNING, "it changes ports of a protocol without ports",
		     "remove the ports, or add -p tcp or -p udp"),
	[RV_LINT_UNKNOWN] = KIND("RV199", "not-known", NOTE,
				 "the rules of the table could not be analysed", ""),
};

/* ---- findings ---- */

struct rv_finding *rv_lint_add(struct rv_linter *l, enum rv_lint kind, const struct rv_lines *at,
			       uint32_t i, const char *fmt, ...)
{
	struct rv_findings *f = l->out;
	struct rv_finding *new;
	va_list args;

	/* When the diagram is full, all sets are invalid. */
	if (l->space.d.full && kind != RV_LINT_UNKNOWN)
		return NULL;
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
	if (i != RV_WHOLE_CHAIN) {
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

/* ---- chains and their rules ---- */

struct rv_lines *rv_lint_lines(const struct rv_linter *l, const struct rv_chain *c)
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
	uintptr_t x = (uintptr_t)((const struct rv_lines *)a)->c,
		  y = (uintptr_t)((const struct rv_lines *)b)->c;

	return (x > y) - (x < y);
}

/* The fields that a rule tests, as bits. The last bit: it has tests that are not of fields. */
struct looks {
	const struct rv_space *s;
	uint64_t fields;
};

static void look_at_field(struct looks *k, enum rv_sel sel, uint32_t param)
{
	const struct rv_field *f = rv_space_field(k->s, sel, param);

	k->fields |= UINT64_C(1) << (f ? (f - k->s->fields) % 64 : 63);
}

static int look_at(const struct rv_predicate *p, void *arg)
{
	const struct rv_sel_row *row = rv_sel_row(p->sel);

	if (p->sel == RV_SEL_TH_PORT) {
		look_at_field(arg, RV_SEL_TH_SPORT, 0);
		look_at_field(arg, RV_SEL_TH_DPORT, 0);
	} else if (row->part_of) {
		look_at_field(arg, row->part_of, 0);
	} else {
		look_at_field(arg, p->sel, p->param);
	}
	return 0;
}

static uint64_t looks_of(const struct rv_space *s, const struct rv_rule *r)
{
	struct looks k = { .s = s };

	rv_part_predicates(s->family, rv_family(s->family)->core, (const unsigned char *)&r->ip,
			   look_at, &k);
	for (const struct rv_part *m = r->matches; m; m = m->next) {
		rv_part_predicates(s->family, m->ext, m->data, look_at, &k);
		if (rv_space_asked(s, m))
			k.fields |= UINT64_C(1) << 63;
	}
	return k.fields;
}

static uint8_t group_of(struct rv_linter *l, uint64_t looks)
{
	unsigned int i = 0;

	while (i < l->ngroups && l->groups[i] != looks)
		i++;
	if (i == RV_LINT_GROUPS)
		return RV_LINT_GROUPS - 1;
	if (i == l->ngroups)
		l->groups[l->ngroups++] = looks;
	return (uint8_t)i;
}

static int open_lines(struct rv_linter *l, struct rv_lines *at, const struct rv_chain *c)
{
	at->c = c;
	at->line = calloc(c->nrules + 1, sizeof(*at->line));
	if (!at->line)
		return -1;
	rv_list_each (r, &c->rules, struct rv_rule, node) {
		struct rv_line *line = &at->line[at->n++];

		*line = (struct rv_line){ .r = r,
					  .set = rv_region_rule(&l->space, r),
					  .looks = looks_of(&l->space, r) };
		line->group = group_of(l, line->looks);
	}
	return 0;
}

static int open_chains(struct rv_linter *l)
{
	l->nchains = l->ngroups = 0;
	l->walked = l->nrules = 0;
	l->chains = calloc(l->t->nchains + 1, sizeof(*l->chains));
	if (!l->chains)
		return -1;
	rv_list_each (c, &l->t->chains, struct rv_chain, node)
		if (open_lines(l, &l->chains[l->nchains++], c) < 0)
			return -1;
	for (uint32_t i = 0; i < l->nchains; i++)
		l->nrules += l->chains[i].seen = l->chains[i].n;
	qsort(l->chains, l->nchains, sizeof(*l->chains), by_address);
	return 0;
}

static void close_chains(struct rv_linter *l)
{
	for (uint32_t i = 0; l->chains && i < l->nchains; i++)
		free(l->chains[i].line);
	free(l->chains);
	l->chains = NULL;
}

/* ---- packets ---- */

rv_dd rv_lint_possible(struct rv_linter *l, const struct rv_chain *c)
{
	return rv_region_possible(&l->space, c->base >= 0 ? 1u << c->table->def->base[c->base].hook
							  : c->hooks);
}

static struct rv_replayer *replayer_of(struct rv_linter *l)
{
	struct rv_error err = { 0 };

	if (!l->replayer && !l->refused)
		l->replayer = rv_replay_open(&l->space, l->t, &err);
	l->refused = !l->replayer;
	return l->replayer;
}

/*
 * Maximum number of rule evaluations to confirm example packets, about one second. The engine
 * evaluates rules one by one, so large tables get fewer examples.
 */
#define WALKED_MAX 60000000

static bool may_run(struct rv_linter *l)
{
	bool may = l->walked < WALKED_MAX;

	l->walked += l->nrules;
	l->out->unshown += !may;
	return may;
}

static void put_end(struct rv_buf *b, const struct rv_replay *r)
{
	rv_buf_printf(b, ": %s by ", r->end);
	if (r->rule)
		rv_buf_printf(b, "rule %u of %s", r->rule, r->chain);
	else
		rv_buf_printf(b, "the policy of %s", r->chain);
}

void rv_lint_packet(struct rv_linter *l, struct rv_finding *f, const struct rv_lines *at, rv_dd set)
{
	struct rv_buf b = RV_BUF_INIT;
	struct rv_replay r = { 0 };

	if (!f || at->c->base < 0 || set == RV_DD_FALSE || !may_run(l) ||
	    !rv_region_point(&l->space, set, l->values) || !replayer_of(l))
		return;
	rv_point_settle_in(&l->space, set, l->values);
	if (rv_replay_packet(l->replayer, at->c, l->values, &r) == 0 && r.end[0] &&
	    (r.rule != f->number || strcmp(r.chain, at->c->name) != 0)) {
		rv_point_words(&b, &l->space, l->values);
		put_end(&b, &r);
		f->packet = rv_buf_text(&b) ? strdup(b.data) : NULL;
	}
	rv_buf_free(&r.effects);
	rv_buf_free(&b);
}

/* ---- the whole ---- */

static void look_at_chain(struct rv_linter *l, const struct rv_lines *at)
{
	for (uint32_t i = 0; i < at->n; i++)
		rv_lint_rule(l, at, i);
	rv_lint_pairs(l, at);
	if (at->c->base >= 0)
		rv_lint_base(l, at);
}

static int lint_table(struct rv_linter *l, struct rv_table *t, struct rv_error *err)
{
	int rc = 0;

	l->t = t;
	l->refused = l->unknown = false;
	if (rv_table_check(t, err) < 0)
		return -1;
	if (open_chains(l) < 0) {
		rc = rv_fail_memory(err);
	} else {
		rv_lint_dead(l);
		rv_list_each (c, &t->chains, struct rv_chain, node)
			look_at_chain(l, rv_lint_lines(l, c));
	}
	if (rc == 0 && l->space.d.full && !l->unknown && l->nchains)
		rv_lint_add(l, RV_LINT_UNKNOWN, &l->chains[0], RV_WHOLE_CHAIN,
			    "table %s: its diagrams are too large", t->def->name);
	rv_replay_close(l->replayer);
	l->replayer = NULL;
	close_chains(l);
	return rc;
}

static int open_linter(struct rv_linter *l, uint32_t limit)
{
	if (rv_space_init(&l->space, l->rs->family, limit) < 0 ||
	    rv_space_show(&l->space, l->rs, 0) < 0 || rv_space_seal(&l->space) < 0) {
		rv_space_free(&l->space);
		return -1;
	}
	l->values = malloc(l->space.nvars + 1);
	l->failed = !l->values;
	return 0;
}

static void close_linter(struct rv_linter *l)
{
	free(l->values);
	rv_space_free(&l->space);
}

int rv_lint(struct rv_ruleset *rs, const struct rv_lint_with *with, struct rv_findings *f,
	    struct rv_error *err)
{
	struct rv_linter l = { .with = with, .rs = rs, .out = f };
	int rc = 0;

	if (open_linter(&l, 0) < 0)
		return rv_fail_memory(err);
	rv_list_each (t, &rs->tables, struct rv_table, node)
		if (rc == 0 && !l.failed)
			rc = lint_table(&l, t, err);
	if (rc == 0 && !l.failed) {
		rv_lint_ruleset(&l);
		rv_lint_families(&l);
	}
	if (rc == 0 && (l.failed || l.space.failed))
		rc = rv_fail_memory(err);
	close_linter(&l);
	return rc;
}

/* ---- reached chains and rules ---- */

#define REACHED_NODES (RV_DD_LIMIT / 10) /* about 0.5 s: callers show this beside other results */

struct rv_reached {
	struct rv_linter l;
};

struct rv_reached *rv_reached_open(struct rv_table *t)
{
	struct rv_reached *r = calloc(1, sizeof(*r));
	struct rv_error err = { 0 };

	if (!r)
		return NULL;
	r->l = (struct rv_linter){ .rs = t->ruleset, .t = t };
	if (rv_table_check(t, &err) < 0 || open_linter(&r->l, REACHED_NODES) < 0) {
		free(r);
		return NULL;
	}
	if (open_chains(&r->l) == 0 && !rv_lint_flow(&r->l) && !r->l.failed && !r->l.space.failed)
		return r;
	rv_reached_close(r);
	return NULL;
}

bool rv_reached_chain(const struct rv_reached *r, const struct rv_chain *c)
{
	return rv_lint_lines(&r->l, c)->reached;
}

bool rv_reached_rule(const struct rv_reached *r, const struct rv_chain *c, uint32_t number)
{
	return rv_lint_lines(&r->l, c)->line[number - 1].hit;
}

void rv_reached_close(struct rv_reached *r)
{
	if (!r)
		return;
	close_chains(&r->l);
	close_linter(&r->l);
	free(r);
}
