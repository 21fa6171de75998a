/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings about base chains. */
#include <netinet/in.h>

#include <ravelin/plan.h>

#include "analysis/linter.h"

#define LATE 5 /* more rules than this before the one for established connections are reported */

static bool is_filter(const struct rv_chain *c, const char *name)
{
	return !strcmp(c->table->def->name, "filter") && !strcmp(c->name, name);
}

static rv_dd state_set(struct rv_linter *l, const char *name)
{
	struct rv_predicate p = { .sel = RV_SEL_CT_STATE, .op = RV_OP_ANY, .len = 2 };

	rv_selector_put(RV_SEL_CT_STATE, !strcmp(name, "NEW") ? 8 : 2, p.value);
	return rv_space_field(&l->space, RV_SEL_CT_STATE, 0) ? rv_region_predicate(&l->space, &p)
							     : RV_DD_TRUE;
}

/* Checks where the chain accepts established connections. */
static void look_at_established(struct rv_linter *l, const struct rv_lines *at)
{
	struct rv_diagram *d = &l->space.d;
	rv_dd established =
		rv_dd_and(d, state_set(l, "ESTABLISHED"), rv_region_possible(&l->space, 0));
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
			rv_lint_add(l, RV_LINT_LATE, at, i,
				    "%u rules before it; it accepts %llu of 100 packets that are "
				    "counted",
				    i, (unsigned long long)(100 * r->counters.packets / all));
		else if (i >= LATE)
			rv_lint_add(l, RV_LINT_LATE, at, i, "%u rules before it", i);
		return;
	}
}

static void look_at_policy(struct rv_linter *l, const struct rv_lines *at)
{
	uint32_t accepts = 0;

	if (at->c->base < 0 || at->c->policy != RV_VERDICT_ACCEPT ||
	    strcmp(at->c->table->def->name, "filter") != 0)
		return;
	for (uint32_t i = 0; i < at->n; i++) {
		const struct rv_rule *r = at->line[i].r;

		if (r->target || r->verdict != RV_VERDICT_ACCEPT)
			return;
		accepts++;
	}
	if (accepts)
		rv_lint_add(l, RV_LINT_POLICY, at, RV_WHOLE_CHAIN,
			    "policy ACCEPT, and all %u rules of %s are ACCEPT", accepts,
			    at->c->name);
}

/* Packets that a host needs, described by rule options. */
struct needed {
	enum rv_lint kind;
	rv_family_t family; /* 0: both */
	const char *in;
	uint8_t protocol;
	uint16_t icmp; /* type << 8 */
};

rv_dd rv_lint_on_interface(struct rv_linter *l, const char *name)
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

static rv_dd lo_if_named(struct rv_linter *l)
{
	const struct rv_field *f = rv_space_field(&l->space, RV_SEL_IIFNAME, 0);

	for (unsigned int i = 0; f && i < f->nnames; i++)
		if (!strcmp(f->names[i], "lo"))
			return rv_lint_on_interface(l, "lo");
	return RV_DD_FALSE;
}

static int all_needed(struct rv_linter *l, const struct needed *n, rv_dd *set)
{
	const struct rv_field *icmp = rv_space_field(&l->space, RV_SEL_ICMP6_TYPE, 0);
	struct rv_predicate p;

	*set = rv_dd_and(&l->space.d, rv_region_possible(&l->space, 1u << NF_INET_LOCAL_IN),
			 state_set(l, "NEW"));
	if (n->in)
		*set = rv_dd_and(&l->space.d, *set, rv_lint_on_interface(l, n->in));
	else
		*set = rv_dd_minus(&l->space.d, *set, lo_if_named(l));
	if (n->protocol) {
		p = (struct rv_predicate){
			.sel = RV_SEL_L4PROTO, .op = RV_OP_EQ, .len = 1, .value = { n->protocol }
		};
		*set = rv_dd_and(&l->space.d, *set, rv_region_predicate(&l->space, &p));
	}
	if (n->icmp && icmp) {
		p = (struct rv_predicate){ .sel = RV_SEL_ICMP6_TYPE, .op = RV_OP_EQ, .len = 2 };
		rv_selector_put(p.sel, n->icmp, p.value);
		*set = rv_dd_and(&l->space.d, *set, rv_region_predicate(&l->space, &p));
	}
	return *set != RV_DD_FALSE;
}

/* Reports needed packets that the chain always drops. */
static void look_for_needed(struct rv_linter *l, const struct rv_lines *at)
{
	static const struct needed list[] = {
		{ RV_LINT_LOOPBACK, 0, "lo", 0, 0 },
		{ RV_LINT_NEIGHBOURS, NFPROTO_IPV6, NULL, IPPROTO_ICMPV6, 135 << 8 },
	};
	struct rv_walk w;
	rv_dd outcome, set;

	if (!is_filter(at->c, "INPUT") || at->c->policy != RV_VERDICT_DROP ||
	    rv_walk_init(&w, &l->space) < 0)
		return;
	outcome = rv_walk_chain(&w, at->c, RV_DD_TRUE);
	for (unsigned int i = 0; i < sizeof(list) / sizeof(*list) && !w.unknown[0]; i++) {
		rv_dd accepted =
			rv_walk_fates(&w, outcome, 1 << RV_FATE_ACCEPT | 1 << RV_FATE_OTHER);

		if ((list[i].family && list[i].family != l->space.family) ||
		    !all_needed(l, &list[i], &set))
			continue;
		if (rv_dd_and(&l->space.d, set, accepted) == RV_DD_FALSE)
			rv_lint_packet(
				l,
				rv_lint_add(l, list[i].kind, at, RV_WHOLE_CHAIN, "%s",
					    list[i].in
						    ? "all new connections on lo are dropped"
						    : "ICMPv6 neighbour solicitations are dropped"),
				at, set);
	}
	rv_walk_free(&w);
}

rv_dd rv_lint_from_outside(struct rv_linter *l)
{
	struct needed new = { 0 };
	rv_dd set;

	all_needed(l, &new, &set);
	return set;
}

void rv_lint_base(struct rv_linter *l, const struct rv_lines *at)
{
	look_at_established(l, at);
	look_at_policy(l, at);
	look_for_needed(l, at);
}
