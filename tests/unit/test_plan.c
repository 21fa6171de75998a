/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares plans with the rules they are made from: random packets traverse the rules one by one,
 * and an interpreter of the plan's blocks; verdicts and all counters must be equal. Whether a rule
 * matches is determined from its structs here, not from the planner's facts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_tcpudp.h>

#include <ravelin/registry.h>
#include <ravelin/plan.h>

#include "backend/file/load.h"

/* ---- packets ------------------------------------------------------------------------------------- */

struct packet {
	uint32_t src, dst;		/* host order */
	uint8_t proto;
	uint16_t sport, dport;
	char in[IFNAMSIZ];
};

static uint32_t state_of_random;

static uint32_t any(uint32_t below)
{
	state_of_random = state_of_random * 1664525u + 1013904223u;
	return (state_of_random >> 8) % below;
}

static bool in_mask(uint32_t have, const union nf_inet_addr *want, const union nf_inet_addr *mask)
{
	return ((htonl(have) ^ want->ip) & mask->ip) == 0;
}

static bool core_matches(const struct rv_ip *ip, const struct packet *p)
{
	return in_mask(p->src, &ip->src, &ip->smask) && in_mask(p->dst, &ip->dst, &ip->dmask) &&
	       (!ip->in[0] || !strcmp(ip->in, p->in) == !(ip->invert & RV_IP_IN)) &&
	       (!(ip->flags & RV_IP_PROTO) || ip->proto == p->proto);
}

static bool ports_match(const uint16_t *range, uint16_t port)
{
	return port >= range[0] && port <= range[1];
}

/* Counters of a rule, and number of evaluations of its stateful match. */
struct count {
	uint32_t hits, asked;
};

static bool part_matches(const struct rv_part *m, const struct packet *p, struct count *n)
{
	const struct xt_tcp *tcp = (const void *)m->data;
	const struct xt_udp *udp = (const void *)m->data;

	if (!strcmp(m->ext->name, "tcp"))
		return ports_match(tcp->spts, p->sport) && ports_match(tcp->dpts, p->dport);
	if (!strcmp(m->ext->name, "udp"))
		return ports_match(udp->spts, p->sport) && ports_match(udp->dpts, p->dport);
	if (!strcmp(m->ext->name, "limit"))
		return n->asked++ % 2;
	assert_string_equal(m->ext->name, "comment");
	return true;
}

static bool rule_matches(const struct rv_rule *r, const struct packet *p, struct count *n)
{
	if (!core_matches(&r->ip, p))
		return false;
	for (const struct rv_part *m = r->matches; m; m = m->next)
		if (!part_matches(m, p, n))
			return false;
	n->hits++;
	return true;
}

/* ---- both traversals ------------------------------------------------------------------------- */

/* ON: continue with the next rule. BACK: return to the calling chain. */
enum outcome { ON, BACK, ACCEPTED, DROPPED };

struct run {
	const struct rv_plan *plan;
	const struct packet *packet;
	struct count **count;		/* [chain of the plan][rule] */
	bool planned;
};

static enum outcome walk_chain(struct run *w, const struct rv_plan_chain *c);

static enum outcome act(struct run *w, const struct rv_rule *r)
{
	struct rv_plan_chain *to = NULL;
	enum outcome o;

	if (r->jump[0])
		for (uint32_t i = 0; i < w->plan->nchains; i++)
			if (!strcmp(w->plan->chains[i].chain->name, r->jump))
				to = &w->plan->chains[i];
	switch (r->verdict) {
	case RV_VERDICT_ACCEPT:
		return ACCEPTED;
	case RV_VERDICT_DROP:
		return DROPPED;
	case RV_VERDICT_RETURN:
		return BACK;
	case RV_VERDICT_JUMP:
	case RV_VERDICT_GOTO:
		o = walk_chain(w, to);
		return o != BACK && o != ON ? o : r->verdict == RV_VERDICT_JUMP ? ON : BACK;
	default:
		if (r->target && !strcmp(r->target->ext->name, "REJECT"))
			return DROPPED;
		return ON;
	}
}

static enum outcome test_rule(struct run *w, const struct rv_plan_chain *c, uint32_t i)
{
	if (!rule_matches(c->rules[i], w->packet, &w->count[c - w->plan->chains][i]))
		return ON;
	return act(w, c->rules[i]);
}

/* Converts a packet to the facts of a rule that compares all key fields, to get its key. */
static bool has_key(const struct packet *p, const struct rv_key_shape *s, const struct rv_facts *f)
{
	uint32_t src = ntohl(*(const uint32_t *)(const void *)(f->value + rv_key_offset(RV_KEY_SADDR)));
	uint32_t dst = ntohl(*(const uint32_t *)(const void *)(f->value + rv_key_offset(RV_KEY_DADDR)));
	const unsigned char *sport = f->value + rv_key_offset(RV_KEY_SPORT);
	const unsigned char *dport = f->value + rv_key_offset(RV_KEY_DPORT);
	bool has = true;

	if (s->fields & 1 << RV_KEY_SADDR)
		has &= !((uint64_t)(src ^ p->src) >> (32 - s->bits[RV_KEY_SADDR]));
	if (s->fields & 1 << RV_KEY_DADDR)
		has &= !((uint64_t)(dst ^ p->dst) >> (32 - s->bits[RV_KEY_DADDR]));
	if (s->fields & 1 << RV_KEY_IN)
		has &= !strcmp((const char *)f->value + rv_key_offset(RV_KEY_IN), p->in);
	if (s->fields & 1 << RV_KEY_PROTO)
		has &= f->value[rv_key_offset(RV_KEY_PROTO)] == p->proto;
	if (s->fields & 1 << RV_KEY_SPORT)
		has &= (sport[0] << 8 | sport[1]) == p->sport;
	if (s->fields & 1 << RV_KEY_DPORT)
		has &= (dport[0] << 8 | dport[1]) == p->dport;
	return has;
}

/* Semantics of a verdict map and leaf chains in the kernel. */
static enum outcome look_up(struct run *w, const struct rv_plan_chain *c, const struct rv_block *b)
{
	const struct rv_plan_group *g = NULL;
	enum outcome o = ON;

	for (uint32_t i = 0; i < b->ngroups; i++)
		if (has_key(w->packet, &b->key, &c->facts[b->groups[i].first])) {
			assert_null(g);
			g = &b->groups[i];
		}
	if (!g)
		return ON;
	if (g->form == RV_GROUP_DIRECT) {
		w->count[c - w->plan->chains][g->first].hits++;
		return act(w, c->rules[g->first]);
	}
	for (uint32_t i = g->first; i != RV_PLAN_END && o == ON; i = c->next[i])
		o = test_rule(w, c, i);
	if (o == ACCEPTED || o == DROPPED)
		return o;
	/* A goto does not return to the switch; a jump continues after it. */
	return g->form == RV_GROUP_GOTO ? BACK : ON;
}

static enum outcome walk_chain(struct run *w, const struct rv_plan_chain *c)
{
	enum outcome o = ON;

	if (!w->planned)
		for (uint32_t i = 0; i < c->nrules && o == ON; i++)
			o = test_rule(w, c, i);
	else
		for (uint32_t i = 0; i < c->nblocks && o == ON; i++)
			o = c->blocks[i].key.fields ? look_up(w, c, &c->blocks[i]) :
						      test_rule(w, c, c->blocks[i].first);
	return o;
}

/* ---- random rulesets ------------------------------------------------------------------------------------ */

static void put_matches(struct rv_buf *b)
{
	static const unsigned char prefix[] = { 32, 32, 32, 30, 24, 0 };

	if (any(4))
		rv_buf_printf(b, " -s 10.0.%u.%u/%u", any(2), any(8), prefix[any(6)]);
	if (!any(4))
		rv_buf_printf(b, " -d 10.1.0.%u/%u", any(4), prefix[any(3)]);
	if (!any(6))
		rv_buf_printf(b, "%s -i eth%u", any(4) ? "" : " !", any(2));
	if (!any(12))
		rv_buf_puts(b, " -m limit --limit 5/sec");
	if (any(2)) {
		const char *proto = any(4) ? "tcp" : "udp";

		rv_buf_printf(b, " -p %s", proto);
		if (any(6))
			rv_buf_printf(b, " -m %s --dport %u", proto, 1 + any(4));
		if (!any(10))
			rv_buf_printf(b, " --sport %u:%u", 1 + any(2), 2 + any(2));
	}
	if (!any(8))
		rv_buf_printf(b, " -m comment --comment \"c %u\"", any(100));
	if (!any(12))
		rv_buf_puts(b, " -m limit --limit 5/sec");
}

/* Chains only jump to later ones. */
static void put_target(struct rv_buf *b, unsigned int chain, unsigned int chains)
{
	static const char *const words[] = {
		" -j ACCEPT", " -j ACCEPT", " -j DROP", " -j DROP", " -j RETURN", "", " -j LOG",
		" -j MARK --set-xmark 0x1/0xffffffff", " -j REJECT --reject-with icmp-port-unreachable",
	};
	unsigned int which = any(11);

	if (which < 9 || chain + 1 == chains)
		rv_buf_puts(b, words[which % 9]);
	else
		rv_buf_printf(b, " -%c C%u", which == 9 ? 'j' : 'g', chain + 1 + any(chains - chain - 1));
}

static void make_ruleset(struct rv_buf *b)
{
	unsigned int chains = 1 + any(4);

	rv_buf_printf(b, "*filter\n:INPUT ACCEPT [0:0]\n");
	for (unsigned int i = 1; i < chains; i++)
		rv_buf_printf(b, ":C%u - [0:0]\n", i);
	for (unsigned int i = 0; i < chains; i++)
		for (unsigned int n = any(60); n > 0; n--) {
			if (i)
				rv_buf_printf(b, "-A C%u", i);
			else
				rv_buf_puts(b, "-A INPUT");
			put_matches(b);
			put_target(b, i, chains);
			rv_buf_putc(b, '\n');
		}
	rv_buf_puts(b, "COMMIT\n");
}

static void make_packet(struct packet *p)
{
	memset(p, 0, sizeof(*p));
	p->src = 0x0a000000 | any(2) << 8 | any(9);
	p->dst = 0x0a010000 | any(5);
	p->proto = any(4) ? IPPROTO_TCP : any(2) ? IPPROTO_UDP : IPPROTO_ICMP;
	p->sport = any(4);
	p->dport = any(6);
	snprintf(p->in, sizeof(p->in), "eth%u", any(3));
}

/* ---- the tests --------------------------------------------------------------------------------------------- */

static struct count **new_counts(const struct rv_plan *p)
{
	struct count **n = calloc(p->nchains + 1, sizeof(*n));

	for (uint32_t i = 0; i < p->nchains; i++)
		n[i] = calloc(p->chains[i].nrules + 1, sizeof(**n));
	return n;
}

static void free_counts(const struct rv_plan *p, struct count **n)
{
	for (uint32_t i = 0; i < p->nchains; i++)
		free(n[i]);
	free(n);
}

static const struct rv_plan_chain *input_chain(const struct rv_plan *p)
{
	for (uint32_t i = 0; i < p->nchains; i++)
		if (!strcmp(p->chains[i].chain->name, "INPUT"))
			return &p->chains[i];
	fail();
	return NULL;
}

static void compare_walks(const struct rv_plan *plan, unsigned int packets)
{
	struct run one = { plan, NULL, new_counts(plan), false }, two = { plan, NULL, new_counts(plan), true };
	struct packet p;

	one.packet = two.packet = &p;
	while (packets--) {
		make_packet(&p);
		enum outcome a = walk_chain(&one, input_chain(plan)), b = walk_chain(&two, input_chain(plan));

		/* The end of a base chain and a return from it both lead to the policy. */
		assert_int_equal(a == BACK ? ON : a, b == BACK ? ON : b);
	}
	for (uint32_t i = 0; i < plan->nchains; i++)
		for (uint32_t j = 0; j < plan->chains[i].nrules; j++) {
			assert_int_equal(one.count[i][j].hits, two.count[i][j].hits);
			assert_int_equal(one.count[i][j].asked, two.count[i][j].asked);
		}
	free_counts(plan, one.count);
	free_counts(plan, two.count);
}

struct made {
	struct rv_store store;
	struct rv_plan *plan;
};

static const struct rv_plan_limits eager = { .shortest = 2, .gain = -100000 };

static int plan_filter(const struct rv_table *t, void *arg)
{
	struct rv_error err = { 0 };
	struct made *m = arg;

	m->plan = rv_plan_make(t, &eager, &err);
	assert_non_null(m->plan);
	return 0;
}

static void make(struct made *m, const char *text)
{
	struct rv_error err = { 0 };

	memset(m, 0, sizeof(*m));
	if (rv_load_text(&m->store, NFPROTO_IPV4, text, strlen(text), NULL, &err) < 0)
		fail_msg("%s\n%s", err.text, text);
	rv_load_tables(&m->store, plan_filter, m);
	assert_non_null(m->plan);
}

static void unmake(struct made *m)
{
	rv_plan_free(m->plan);
	rv_store_close(&m->store);
}

static void test_random(void **state)
{
	uint32_t switches = 0, unequal[4] = { 0 };

	state_of_random = 1;
	for (unsigned int i = 0; i < 400; i++) {
		struct rv_buf text = RV_BUF_INIT;
		struct rv_error err = { 0 };
		struct made m;

		make_ruleset(&text);
		make(&m, rv_buf_text(&text));
		if (rv_plan_verify(m.plan, &err) < 0)
			fail_msg("%s\n%s", err.text, text.data);
		compare_walks(m.plan, 300);
		for (uint32_t c = 0; c < m.plan->nchains; c++)
			for (uint32_t b = 0; b < m.plan->chains[c].nblocks; b++) {
				const struct rv_block *block = &m.plan->chains[c].blocks[b];

				switches += block->ngroups != 0;
				for (uint32_t g = 0; g < block->ngroups; g++)
					unequal[block->groups[g].form]++;
			}
		unmake(&m);
		rv_buf_free(&text);
	}
	/* Each form occurred. */
	assert_true(switches > 100 && unequal[RV_GROUP_DIRECT] > 100 && unequal[RV_GROUP_GOTO] > 100 &&
		    unequal[RV_GROUP_JUMP] > 100 && !unequal[RV_GROUP_UNFIT]);
}

#define HEAD "*filter\n:INPUT ACCEPT [0:0]\n:C - [0:0]\n"
#define LONG(n, rest) "-A INPUT -p tcp -m tcp --dport " #n " -m comment --comment \"0123\" " rest "\n"
#define SIX LONG(1, "-j DROP") LONG(2, "-j DROP") LONG(3, "-j DROP") LONG(4, "-j DROP") LONG(5, "-j DROP") LONG(6, "-j DROP")

static struct rv_block *first_switch(struct made *m, const char *name, struct rv_plan_chain **chain)
{
	for (uint32_t i = 0; i < m->plan->nchains; i++) {
		struct rv_plan_chain *c = &m->plan->chains[i];

		for (uint32_t b = 0; b < c->nblocks && !strcmp(c->chain->name, name); b++)
			if (c->blocks[b].ngroups) {
				*chain = c;
				return &c->blocks[b];
			}
	}
	return NULL;
}

static void refuses(struct made *m, const char *text)
{
	struct rv_error err = { 0 };

	assert_int_equal(rv_plan_verify(m->plan, &err), -1);
	assert_non_null(strstr(err.text, text));
}

/* Violates each invariant. */
static void test_broken(void **state)
{
	static const char text[] = HEAD SIX LONG(6, "-s 10.0.0.1 -j RETURN") LONG(7, "-j LOG") "COMMIT\n";
	struct rv_plan_chain *c;
	struct rv_block *b;
	struct made m;

	make(&m, text);
	b = first_switch(&m, "INPUT", &c);
	assert_non_null(b);
	assert_int_equal(b->count, 8);
	assert_int_equal(b->groups[5].form, RV_GROUP_GOTO);
	b->groups[5].form = RV_GROUP_JUMP;
	refuses(&m, "would return to the switch");
	b->groups[5].form = RV_GROUP_DIRECT;
	refuses(&m, "cannot represent the rule");
	b->groups[5].form = RV_GROUP_UNFIT;
	refuses(&m, "has no form");
	b->groups[5].form = RV_GROUP_GOTO;
	b->groups[6].form = RV_GROUP_GOTO;
	refuses(&m, "would pass the end of its leaf");
	b->groups[6].form = RV_GROUP_DIRECT;
	c->next[b->groups[5].first] = RV_PLAN_END;
	refuses(&m, "are missing in its group");
	b->groups[5].last = b->groups[5].first;
	b->groups[5].count = 1;
	refuses(&m, "are missing in the switch");
	c->next[b->groups[5].first] = 0;
	refuses(&m, "does not ascend");
	c->next[b->groups[5].first] = 7;
	refuses(&m, "its key differs from its group's");
	c->next[b->groups[5].first] = 8;
	refuses(&m, "is not within the switch");
	unmake(&m);
	make(&m, text);
	b = first_switch(&m, "INPUT", &c);
	b->first++;
	refuses(&m, "blocks do not follow");
	b->first--;
	b->key.bits[RV_KEY_SADDR] = 8;
	b->key.fields |= 1 << RV_KEY_SADDR;
	refuses(&m, "has not the key fields of its switch");
	unmake(&m);
	make(&m, text);
	c = NULL;
	b = first_switch(&m, "INPUT", &c);
	c->nblocks--;
	refuses(&m, "in no block");
	c->nblocks++;
	unmake(&m);
}

/* Whether all rules of chain INPUT are in one switch. */
static bool one_switch(const char *rules)
{
	struct rv_buf text = RV_BUF_INIT;
	struct rv_plan_chain *c = NULL;
	struct rv_block *b;
	struct made m;
	bool all;

	rv_buf_printf(&text, HEAD "%sCOMMIT\n", rules);
	make(&m, rv_buf_text(&text));
	b = first_switch(&m, "INPUT", &c);
	all = b && b->count == c->nrules;
	unmake(&m);
	rv_buf_free(&text);
	return all;
}

static void test_merges(void **state)
{
	assert_true(one_switch(SIX));
	assert_true(one_switch(SIX SIX));
	assert_true(one_switch(SIX LONG(1, "-m limit --limit 1/sec -j LOG")));
	assert_true(one_switch(SIX LONG(1, "-j C")));
	/* A conditional RETURN is correct if the last rule of the group decides every packet. */
	assert_true(one_switch(SIX LONG(7, "-s 10.0.0.1 -j RETURN") LONG(7, "-j DROP")));
}

/* The same number of cases that must not be merged. */
static void test_no_merges(void **state)
{
	assert_false(one_switch(LONG(1, "-j DROP")));
	assert_false(one_switch(SIX LONG(8, "-s 10.0.0.1 -j RETURN")));
	assert_false(one_switch(SIX "-A INPUT -p tcp -m tcp --dport 7:8 -j DROP\n"));
	assert_false(one_switch(SIX "-A INPUT -p tcp -m tcp ! --dport 7 -j DROP\n"));
	assert_false(one_switch(SIX "-A INPUT -p tcp -m limit --limit 1/sec -m tcp --dport 7 -j DROP\n"));
	assert_false(one_switch(SIX "-A INPUT -j DROP\n"));
	assert_false(one_switch(SIX "-A INPUT -p tcp -m multiport --dports 7,8 -j DROP\n"));
	/* A shorter prefix than the key's covers many keys. */
	assert_false(one_switch("-A INPUT -s 10.0.0.1/32 -j DROP\n-A INPUT -s 10.0.0.0/24 -j DROP\n"));
}

static void test_limits(void **state)
{
	struct rv_plan_limits none = { .shortest = 2, .maps = 1, .leaves = 1, .gain = -100000 };
	struct rv_error err = { 0 };
	struct rv_buf text = RV_BUF_INIT;
	struct rv_plan_figures f;
	struct rv_plan *p;
	struct made m;

	rv_buf_puts(&text, HEAD SIX SIX "-A INPUT -j LOG\n" SIX "COMMIT\n");
	make(&m, rv_buf_text(&text));
	assert_int_equal(rv_plan_measure(m.plan, &f, &err), 0);
	assert_int_equal(f.maps, 2);
	assert_int_equal(f.behind, 18);
	assert_int_equal(f.rules, 19);
	p = rv_plan_make(m.plan->table, &none, &err);
	assert_non_null(p);
	assert_int_equal(rv_plan_verify(p, &err), 0);
	assert_int_equal(rv_plan_measure(p, &f, &err), 0);
	/* The better switch has six leaf chains, one over the limit. */
	assert_int_equal(f.maps, 1);
	assert_int_equal(f.leaves, 0);
	assert_int_equal(f.behind, 6);
	rv_plan_free(p);
	unmake(&m);
	rv_buf_free(&text);
}

/* New targets must declare their effect, otherwise rules with them are never in a switch. */
static void note_effect(const struct rv_ext *ext, void *arg)
{
	bool npt = !strcmp(ext->name, "SNPT") || !strcmp(ext->name, "DNPT");

	if (ext->kind == RV_TARGET && (ext->effect == RV_EFFECT_UNKNOWN) != npt)
		fail_msg("effect of %s", ext->name);
	if (ext->kind == RV_TARGET && ext->effect == RV_EFFECT_PURE)
		fail_msg("%s is a target", ext->name);
	if (ext->kind == RV_MATCH && ext->effect > RV_EFFECT_SIDE)
		fail_msg("%s is a match", ext->name);
	if ((ext->effect == RV_EFFECT_CONTINUES || ext->effect == RV_EFFECT_MAY_END) != !!ext->writes)
		fail_msg("what %s writes", ext->name);
	for (const uint16_t *w = ext->writes; w && *w; w++)
		if (*w != RV_WRITES_CONNECTION && !(rv_selectors[*w].class & RV_MUTABLE))
			fail_msg("%s writes %s, which does not change", ext->name, rv_selectors[*w].name);
}

/* Whether a rule with only this target is a barrier. */
static bool is_barrier(const struct rv_ext *ext)
{
	struct rv_part target = { .ext = ext };
	struct rv_rule rule = { .target = &target };
	struct rv_facts facts;

	rv_facts_of(NFPROTO_IPV4, &rule, &facts);
	return facts.barrier;
}

static void test_writes(void **state)
{
	struct rv_ext ext = { .name = "T", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES };

	(void)state;
	assert_true(is_barrier(&ext));
	assert_true(rv_ext_writes(&ext, RV_SEL_IIFNAME));
	ext.writes = RV_WRITES_NOTHING;
	assert_false(is_barrier(&ext));
	ext.writes = RV_WRITES(RV_SEL_MARK, RV_SEL_TTL);
	assert_false(is_barrier(&ext));
	assert_true(rv_ext_writes(&ext, RV_SEL_TTL));
	assert_false(rv_ext_writes(&ext, RV_SEL_HOPLIMIT));
	ext.writes = RV_WRITES(RV_SEL_MARK, RV_SEL_IP6_DADDR);
	assert_true(is_barrier(&ext));
	ext.writes = RV_WRITES(RV_WRITES_CONNECTION);
	assert_false(is_barrier(&ext));
	assert_true(rv_ext_writes(&ext, RV_SEL_CT_ORIG_SADDR));
	assert_false(rv_ext_writes(&ext, RV_SEL_MARK));
	ext.effect = RV_EFFECT_UNKNOWN;
	assert_true(is_barrier(&ext));
	ext.effect = RV_EFFECT_ENDS;
	assert_false(is_barrier(&ext));
}

static void test_effects(void **state)
{
	rv_ext_each(note_effect, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_merges),
		cmocka_unit_test(test_no_merges),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_effects),
		cmocka_unit_test(test_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
