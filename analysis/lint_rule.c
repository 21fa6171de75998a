/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings about single rules. */
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_conntrack.h>

#include <ravelin/registry.h>

#include "analysis/linter.h"

const struct rv_part *rv_lint_match(const struct rv_rule *r, const char *name)
{
	const struct rv_part *m = r->matches;

	while (m && strcmp(m->ext->name, name) != 0)
		m = m->next;
	return m;
}

static void look_at_log(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	static const char *const limits[] = { "limit",	   "hashlimit", "recent",
					      "statistic", "connlimit", "quota" };
	const struct rv_rule *r = at->line[i].r;

	if (!r->target || (strcmp(r->target->ext->name, "LOG") != 0 &&
			   strcmp(r->target->ext->name, "NFLOG") != 0))
		return;
	for (unsigned int n = 0; n < sizeof(limits) / sizeof(*limits); n++)
		if (rv_lint_match(r, limits[n]))
			return;
	rv_lint_add(l, RV_LINT_LOG, at, i, "%s without a limit", r->target->ext->name);
}

static void look_at_state(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	if (rv_lint_match(at->line[i].r, "state"))
		rv_lint_add(l, RV_LINT_STATE, at, i, "-m state");
}

/* Returns the port that a comment mentions, as "port 22" or "22/tcp", or -1. */
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

/* Gets the port range of a rule's NAT. Returns false for other targets and NAT without ports. */
static bool nat_ports(const struct rv_rule *r, struct nf_nat_range2 *range)
{
	const struct rv_option *o = r->target ? r->target->ext->options : NULL;

	while (o && o->name && o->type != RV_T_NAT)
		o++;
	if (!o || !o->name)
		return false;
	memcpy(range, r->target->data + o->offset, sizeof(*range));
	return range->flags & NF_NAT_RANGE_PROTO_SPECIFIED;
}

/* Reports a comment that mentions a port if neither --sport nor --dport of the rule allows it. */
static void look_at_comment(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	static const enum rv_sel ports[] = { RV_SEL_TH_SPORT, RV_SEL_TH_DPORT };
	const struct rv_part *m = rv_lint_match(at->line[i].r, "comment");
	struct rv_diagram *d = &l->space.d;
	long n = m ? port_in((const char *)m->data) : -1;
	rv_dd set = at->line[i].set, rest = set;
	struct nf_nat_range2 nat;
	bool asks = false;

	/* "8080 to port 80" */
	if (nat_ports(at->line[i].r, &nat) && n >= ntohs(nat.min_proto.all) &&
	    n <= ntohs(nat.max_proto.all))
		return;
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
		rv_lint_add(l, RV_LINT_COMMENT, at, i, "the comment says port %ld", n);
}

/* ---- values ---- */

static int is_reversed(const struct rv_predicate *p, void *arg)
{
	(void)arg;
	return p->op == RV_OP_RANGE && rv_selectors[p->sel].order == RV_ORDER_N &&
	       memcmp(p->value, p->other, rv_selectors[p->sel].len) > 0;
}

bool rv_lint_is_reversed(const struct rv_linter *l, const struct rv_rule *r)
{
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (rv_part_predicates(l->space.family, m->ext, m->data, is_reversed, NULL))
			return true;
	return false;
}

static void look_at_ranges(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	if (rv_lint_is_reversed(l, at->line[i].r))
		rv_lint_add(l, RV_LINT_REVERSED, at, i, "the first value is above the last");
}

rv_dd rv_lint_equal(struct rv_linter *l, enum rv_sel sel, uint64_t value)
{
	struct rv_predicate p = { .sel = sel, .op = RV_OP_EQ, .len = rv_selectors[sel].len };

	if (!rv_space_field(&l->space, sel, 0))
		return RV_DD_TRUE;
	rv_selector_put(sel, value, p.value);
	return rv_region_predicate(&l->space, &p);
}

/* Reports NAT with ports for protocols without ports. */
static void look_at_nat(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE,
					     IPPROTO_SCTP, IPPROTO_DCCP };
	const struct rv_part *t = at->line[i].r->target;
	struct nf_nat_range2 range;
	rv_dd with = RV_DD_FALSE;

	if (!nat_ports(at->line[i].r, &range))
		return;
	for (unsigned int n = 0; n < sizeof(protocols); n++)
		with = rv_dd_or(&l->space.d, with, rv_lint_equal(l, RV_SEL_L4PROTO, protocols[n]));
	if (at->line[i].set != RV_DD_FALSE &&
	    rv_dd_and(&l->space.d, at->line[i].set, with) == RV_DD_FALSE)
		rv_lint_add(l, RV_LINT_NAT_PORTS, at, i, "%s with ports", t->ext->name);
}

/* ---- states ---- */

#define RELATED XT_CONNTRACK_STATE_BIT(IP_CT_RELATED)
#define NEW	XT_CONNTRACK_STATE_BIT(IP_CT_NEW)

static rv_dd states(struct rv_linter *l, uint16_t bits)
{
	struct rv_predicate p = { .sel = RV_SEL_CT_STATE, .op = RV_OP_ANY, .len = 2 };

	rv_selector_put(p.sel, bits, p.value);
	return rv_region_predicate(&l->space, &p);
}

/*
 * Reports tests of connection states that are impossible at the hook (see nf_nat_inet_fn() and
 * nf_conntrack_in() in the kernel): table nat sees only the first packet of a connection, and raw
 * runs before connection tracking. In raw, packets received on lo still have their state from
 * OUTPUT, and packets sent by REJECT are RELATED.
 */
static void look_at_hook_state(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	const char *table = at->c->table->def->name;
	bool nat = !strcmp(table, "nat"), raw = !strcmp(table, "raw");
	const struct rv_field *f = rv_space_field(&l->space, RV_SEL_CT_STATE, 0);
	struct rv_diagram *d = &l->space.d;
	rv_dd possible, set;

	if (!f || !(nat || raw) || !rv_dd_looks(d, at->line[i].set, rv_field_vars(f)))
		return;
	set = rv_dd_and(d, at->line[i].set, rv_lint_possible(l, at->c));
	possible = states(l, nat ? NEW | RELATED
				 : XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_UNTRACKED |
					     RELATED);
	if (raw && strcmp(at->c->name, "OUTPUT") != 0)
		possible = rv_dd_or(d, possible, rv_lint_on_interface(l, "lo"));
	if (set != RV_DD_FALSE && rv_dd_and(d, set, possible) == RV_DD_FALSE)
		rv_lint_add(l, RV_LINT_HOOK_STATE, at, i,
			    nat ? "table nat sees only the first packet of a connection"
				: "table raw precedes connection tracking");
}

/* ---- interfaces ---- */

static void look_for_interface(struct rv_linter *l, const struct rv_lines *at, uint32_t i,
			       const char *name)
{
	size_t len = strlen(name);

	if (len && name[len - 1] != '+' && !if_nametoindex(name))
		rv_lint_add(l, RV_LINT_INTERFACE, at, i, "there is no %s", name);
}

void rv_lint_rule(struct rv_linter *l, const struct rv_lines *at, uint32_t i)
{
	look_at_log(l, at, i);
	look_at_state(l, at, i);
	look_at_comment(l, at, i);
	look_at_ranges(l, at, i);
	look_at_nat(l, at, i);
	look_at_hook_state(l, at, i);
	if (l->with->live) {
		look_for_interface(l, at, i, at->line[i].r->ip.in);
		look_for_interface(l, at, i, at->line[i].r->ip.out);
	}
}
