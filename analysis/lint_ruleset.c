/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings about several tables, and about both IP families. */
#include <netinet/in.h>
#include <stdlib.h>

#include <ravelin/family.h>
#include <ravelin/registry.h>

#include "analysis/linter.h"

static const struct rv_chain *chain_of(const struct rv_ruleset *rs, const char *table,
				       const char *name)
{
	rv_list_each (t, &rs->tables, struct rv_table, node)
		if (!strcmp(t->def->name, table))
			return rv_table_chain(t, name);
	return NULL;
}

/* Adds a finding about a rule of a chain, or about the chain. */
static void tell(struct rv_linter *l, enum rv_lint kind, const struct rv_chain *c,
		 const struct rv_rule *rule, const char *text)
{
	struct rv_line *line = calloc(c->nrules + 1, sizeof(*line));
	struct rv_lines at = { .c = c, .line = line };
	uint32_t found = RV_WHOLE_CHAIN;

	l->failed |= !line;
	if (!line)
		return;
	rv_list_each (r, &c->rules, struct rv_rule, node) {
		if (r == rule)
			found = at.n;
		line[at.n++].r = r;
	}
	rv_lint_add(l, kind, &at, found, "%s", text);
	free(line);
}

typedef bool rule_fn(const struct rv_chain *c, const struct rv_rule *r);

/* The first rule of the ruleset for which fn is true. */
static const struct rv_rule *find_rule(const struct rv_ruleset *rs, rule_fn *fn,
				       const struct rv_chain **in)
{
	rv_list_each (t, &rs->tables, struct rv_table, node)
		rv_list_each (c, &t->chains, struct rv_chain, node)
			rv_list_each (r, &c->rules, struct rv_rule, node) {
				*in = c;
				if (fn(c, r))
					return r;
			}
	return NULL;
}

static bool has_target(const struct rv_rule *r, const char *name)
{
	return r->target && !strcmp(r->target->ext->name, name);
}

/* ---- tunnels ---- */

static bool is_tunnel(const char *name)
{
	static const char *const tunnels[] = { "ppp", "pppoe", "tun", "wg", "gre", "vti" };

	for (unsigned int i = 0; i < sizeof(tunnels) / sizeof(*tunnels); i++) {
		size_t len = strlen(tunnels[i]);

		if (!strncmp(name, tunnels[i], len) &&
		    strspn(name + len, "0123456789+-") == strlen(name + len))
			return true;
	}
	return false;
}

static bool clamps(const struct rv_chain *c, const struct rv_rule *r)
{
	(void)c;
	return has_target(r, "TCPMSS");
}

/* Returns whether the rule accepts forwarding into a tunnel, or masquerades it. */
static bool forwards_to_tunnel(const struct rv_chain *c, const struct rv_rule *r)
{
	if (!is_tunnel(r->ip.out) || (r->ip.invert & RV_IP_OUT))
		return false;
	if (has_target(r, "MASQUERADE") || has_target(r, "SNAT"))
		return true;
	return !strcmp(c->table->def->name, "filter") && r->verdict == RV_VERDICT_ACCEPT &&
	       (c->hooks & 1u << NF_INET_FORWARD || !strcmp(c->name, "FORWARD"));
}

static void look_for_clamp(struct rv_linter *l)
{
	const struct rv_chain *c;
	const struct rv_rule *r;

	if (find_rule(l->rs, clamps, &c))
		return;
	r = find_rule(l->rs, forwards_to_tunnel, &c);
	if (r)
		tell(l, RV_LINT_MSS, c, r,
		     "packets are forwarded to a tunnel, but no rule has -j TCPMSS");
}

/* ---- helpers ---- */

static bool assigns_helper(const struct rv_chain *c, const struct rv_rule *r)
{
	(void)c;
	if (!has_target(r, "CT"))
		return false;
	for (const struct rv_option *o = r->target->ext->options; o->name; o++)
		if (!strcmp(o->name, "helper"))
			return rv_option_given(r->target->ext, o, r->target->data);
	return false;
}

static bool needs_helper(const struct rv_chain *c, const struct rv_rule *r)
{
	(void)c;
	return rv_lint_match(r, "helper") != NULL;
}

static void look_for_helper(struct rv_linter *l)
{
	const struct rv_chain *c;
	const struct rv_rule *r;

	if (find_rule(l->rs, assigns_helper, &c))
		return;
	r = find_rule(l->rs, needs_helper, &c);
	if (r)
		tell(l, RV_LINT_HELPER, c, r,
		     "it tests a helper, but no rule has -j CT --helper");
}

void rv_lint_ruleset(struct rv_linter *l)
{
	look_for_clamp(l);
	look_for_helper(l);
}

/* ---- both families ---- */

#define SERVICES 1000

struct service {
	uint8_t protocol;
	uint16_t port; /* 0: all ports that no rule mentions */
	bool closed[RV_FAMILIES], open[RV_FAMILIES];
};

struct services {
	struct service list[SERVICES];
	unsigned int n;
	uint8_t protocol; /* of the rule that is read */
};

static void add_service(struct services *s, uint8_t protocol, uint16_t port)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->list[i].protocol == protocol && s->list[i].port == port)
			return;
	if (s->n < SERVICES)
		s->list[s->n++] = (struct service){ .protocol = protocol, .port = port };
}

static int read_ports(const struct rv_predicate *p, void *arg)
{
	struct services *s = arg;

	if (p->sel != RV_SEL_TH_DPORT)
		return 0;
	if (p->op == RV_OP_EQ || p->op == RV_OP_RANGE)
		add_service(s, s->protocol, (uint16_t)rv_selector_get(p->sel, p->value));
	for (unsigned int i = 0; p->op == RV_OP_IN && i < p->count; i++)
		add_service(s, s->protocol, (uint16_t)rv_selector_get(p->sel, p->list[i].from));
	return 0;
}

static void read_services(struct services *s, const struct rv_ruleset *rs)
{
	const struct rv_chain *input = chain_of(rs, "filter", "INPUT");

	if (!input)
		return;
	rv_list_each (c, &input->table->chains, struct rv_chain, node)
		rv_list_each (r, &c->rules, struct rv_rule, node) {
			s->protocol = (uint8_t)r->ip.proto;
			if ((r->ip.proto != IPPROTO_TCP && r->ip.proto != IPPROTO_UDP) ||
			    r->ip.invert & RV_IP_PROTO)
				continue;
			for (const struct rv_part *m = r->matches; m; m = m->next)
				rv_part_predicates(rs->family, m->ext, m->data, read_ports, s);
		}
}

static uint16_t unnamed_port(const struct services *s)
{
	uint16_t port = 49151;
	unsigned int i = 0;

	while (i < s->n) {
		bool named = s->list[i].port == port;

		port -= named;
		i = named ? 0 : i + 1;
	}
	return port;
}

static void judge_service(struct rv_linter *l, struct service *s, uint16_t port, rv_dd accepted,
			  unsigned int family)
{
	struct rv_diagram *d = &l->space.d;
	rv_dd set = rv_dd_and(d, rv_lint_from_outside(l),
			      rv_lint_equal(l, RV_SEL_L4PROTO, s->protocol));

	set = rv_dd_and(d, set, rv_lint_equal(l, RV_SEL_TH_DPORT, port));
	s->closed[family] = rv_dd_and(d, set, accepted) == RV_DD_FALSE;
	s->open[family] = rv_dd_minus(d, set, accepted) == RV_DD_FALSE;
}

/* Determines which services a family accepts from anybody, and which it closes. */
static int judge_services(struct rv_linter *l, struct services *s, const struct rv_chain *input,
			  unsigned int family)
{
	uint16_t unnamed = unnamed_port(s);
	rv_dd accepted = RV_DD_TRUE;
	struct rv_walk w;
	bool known;

	if (rv_walk_init(&w, &l->space) < 0)
		return -1;
	if (input)
		accepted = rv_walk_fates(&w, rv_walk_chain(&w, input, RV_DD_TRUE),
					 1 << RV_FATE_ACCEPT | 1 << RV_FATE_OTHER);
	known = !w.unknown[0] && !w.failed && !l->space.d.full;
	for (unsigned int i = 0; known && i < s->n; i++)
		judge_service(l, &s->list[i], s->list[i].port ? s->list[i].port : unnamed, accepted,
			      family);
	rv_walk_free(&w);
	return known ? 0 : 1;
}

static int judge_other(struct rv_linter *l, struct services *s, unsigned int family)
{
	struct rv_linter other = { .with = l->with, .rs = l->with->other, .out = l->out };
	int rc = -1;

	if (rv_space_init(&other.space, other.rs->family, 0) == 0 &&
	    rv_space_show(&other.space, other.rs, 0) == 0 && rv_space_seal(&other.space) == 0)
		rc = judge_services(&other, s, chain_of(other.rs, "filter", "INPUT"), family);
	rv_space_free(&other.space);
	return rc;
}

static void tell_service(struct rv_linter *l, const struct rv_chain *c, const struct service *s)
{
	struct rv_buf b = RV_BUF_INIT;

	rv_buf_printf(&b, s->port ? "%s port %u" : "%s ports that no rule names",
		      s->protocol == IPPROTO_TCP ? "tcp" : "udp", s->port);
	if (rv_buf_text(&b))
		tell(l, RV_LINT_FAMILIES, c, NULL, b.data);
	rv_buf_free(&b);
}

void rv_lint_families(struct rv_linter *l)
{
	unsigned int own = rv_family_index(l->rs->family);
	struct services *s = l->with->other ? calloc(1, sizeof(*s)) : NULL;
	const struct rv_chain *input = chain_of(l->rs, "filter", "INPUT");
	struct rv_table *t;
	int rc;

	if (!l->with->other)
		return;
	/* A family without rules has no chain to name. */
	t = input ? NULL : rv_ruleset_table(l->rs, rv_table_def_find("filter"));
	l->failed |= !s || (!input && !t);
	if (!s || (!input && !t)) {
		free(s);
		return;
	}
	read_services(s, l->rs);
	read_services(s, l->with->other);
	add_service(s, IPPROTO_TCP, 0);
	add_service(s, IPPROTO_UDP, 0);
	rc = judge_services(l, s, input, own);
	if (rc == 0)
		rc = judge_other(l, s, !own);
	if (!input)
		input = rv_table_chain(t, "INPUT");
	if (rc > 0)
		tell(l, RV_LINT_UNKNOWN, input, NULL,
		     "the rules of both IP families could not be compared");
	for (unsigned int i = 0; rc == 0 && i < s->n; i++)
		if (s->list[i].closed[0] && s->list[i].open[1])
			tell_service(l, input, &s->list[i]);
	l->failed |= rc < 0;
	free(s);
}
