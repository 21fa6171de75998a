/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagrams beside truth tables, sets of predicates beside arithmetic, chains beside the first rule that matches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>

#include <ravelin/parser.h>

#include "analysis/prove.h"
#include "analysis/selectors.h"
#include "backend/file/load.h"

static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)(seed * UINT64_C(0x2545f4914f6cdd1d) >> 32) % below;
}

/* ---- diagrams of six variables: a truth table is a number of 64 bits --------------------------------- */

#define VARS 6
#define KEPT 64

struct known {
	rv_dd f;
	uint64_t table;		/* bit n: the value where variable i is bit i of n */
};

static uint64_t table_of(const struct rv_diagram *d, rv_dd f)
{
	uint64_t table = 0;

	for (unsigned int n = 0; n < 64; n++) {
		uint8_t values[VARS];

		for (unsigned int i = 0; i < VARS; i++)
			values[i] = n >> i & 1;
		table |= (uint64_t)(rv_dd_at(d, f, values) == RV_DD_TRUE) << n;
	}
	return table;
}

/* The table with each place taken from another. */
static uint64_t moved(uint64_t table, unsigned int (*place)(unsigned int n, const void *arg), const void *arg)
{
	uint64_t new = 0;

	for (unsigned int n = 0; n < 64; n++)
		new |= (table >> place(n, arg) & 1) << n;
	return new;
}

struct put {
	unsigned int var;
	enum rv_dd_change change;
	struct rv_dd_group group;
};

static unsigned int put_place(unsigned int n, const void *arg)
{
	const struct put *p = arg;
	unsigned int bit = 1u << p->var, bits = p->group.bits, number = 0;

	switch (p->change) {
	case RV_DD_ZERO:
		return n & ~bit;
	case RV_DD_ONE:
		return n | bit;
	case RV_DD_TURN:
		return n ^ bit;
	case RV_DD_GROUP:
		for (unsigned int i = 0; i < bits; i++)
			number = 2 * number + (n >> (p->group.first + i) & 1);
		for (unsigned int i = 0; i < bits; i++) {
			n &= ~(1u << (p->group.first + i));
			n |= (p->group.to[number] >> (bits - 1 - i) & 1u) << (p->group.first + i);
		}
		return n;
	default:
		return n;
	}
}

static enum rv_dd_change put_var(void *arg, uint32_t var, struct rv_dd_group *group)
{
	const struct put *p = arg;

	if (p->change == RV_DD_GROUP && var >= p->group.first && var < p->group.first + p->group.bits) {
		*group = p->group;
		return RV_DD_GROUP;
	}
	return p->change != RV_DD_GROUP && var == p->var ? p->change : RV_DD_KEEP;
}

static struct known mapped(struct rv_diagram *d, const struct known *x)
{
	unsigned int bits = 1 + any(4);
	uint8_t to[16];
	struct put p = { any(VARS), (enum rv_dd_change)any(5), { any(VARS + 1 - bits), bits, to, { 0 } } };
	const struct rv_dd_map map = { put_var, NULL, &p };

	for (unsigned int i = 0; i < 16; i++)
		to[i] = (uint8_t)any(1 << bits);
	return (struct known){ rv_dd_map(d, x->f, &map), moved(x->table, put_place, &p) };
}

static struct known quantified(struct rv_diagram *d, const struct known *x)
{
	struct rv_dd_vars v = { any(VARS), any(VARS + 2), 1 + any(2) };
	bool some = any(2);
	struct known y = { some ? rv_dd_some(d, x->f, v) : rv_dd_all(d, x->f, v), x->table };

	for (uint32_t i = v.first; i < v.end && i < VARS; i += v.step) {
		const struct put zero = { i, RV_DD_ZERO, { 0 } }, one = { i, RV_DD_ONE, { 0 } };
		uint64_t a = moved(y.table, put_place, &zero), b = moved(y.table, put_place, &one);

		y.table = some ? a | b : a & b;
	}
	return y;
}

static struct known combined(struct rv_diagram *d, const struct known *x, const struct known *y, const struct known *z)
{
	switch (any(8)) {
	case 0:
		return (struct known){ rv_dd_and(d, x->f, y->f), x->table & y->table };
	case 1:
		return (struct known){ rv_dd_or(d, x->f, y->f), x->table | y->table };
	case 2:
		return (struct known){ rv_dd_not(d, x->f), ~x->table };
	case 3:
		return (struct known){ rv_dd_minus(d, x->f, y->f), x->table & ~y->table };
	case 4:
		return (struct known){ rv_dd_over(d, x->f, y->f), x->table | y->table };
	case 5:
		return mapped(d, x);
	case 6:
		return quantified(d, x);
	default:
		return (struct known){ rv_dd_ite(d, x->f, y->f, z->f), (x->table & y->table) | (~x->table & z->table) };
	}
}

static void check_known(struct rv_diagram *d, const struct known *list, const struct known *x)
{
	assert_false(d->full);
	assert_true(table_of(d, x->f) == x->table);
	for (unsigned int i = 0; i < KEPT; i++)
		assert_true((list[i].f == x->f) == (list[i].table == x->table));
	for (uint32_t v = 0; v < VARS; v++) {
		const struct put zero = { v, RV_DD_ZERO, { 0 } };
		bool looks = moved(x->table, put_place, &zero) != x->table;

		assert_int_equal(rv_dd_looks(d, x->f, (struct rv_dd_vars){ v, v + 1, 1 }), looks);
	}
}

static void test_operations(void **state)
{
	struct known list[KEPT], x;
	struct rv_diagram d;

	(void)state;
	assert_int_equal(rv_diagram_init(&d, 0), 0);
	for (uint32_t i = 0; i < KEPT; i++) {
		const struct put one = { i % VARS, RV_DD_ONE, { 0 } };
		uint64_t table = 0;

		for (unsigned int n = 0; n < 64; n++)
			table |= (uint64_t)(put_place(n, &one) == n) << n;
		list[i] = (struct known){ rv_dd_node(&d, i % VARS, RV_DD_FALSE, RV_DD_TRUE), table };
	}
	for (unsigned int round = 0; round < 20000; round++) {
		x = combined(&d, &list[any(KEPT)], &list[any(KEPT)], &list[any(KEPT)]);
		check_known(&d, list, &x);
		/* Some stay simple, or all become the same. */
		if (x.f != RV_DD_FALSE && x.f != RV_DD_TRUE)
			list[any(KEPT)] = x;
		if (any(200))
			continue;
		for (unsigned int i = 0; i < KEPT; i++)
			rv_dd_need(&d, list[i].f);
		rv_dd_collect(&d);
		for (unsigned int i = 0; i < KEPT; i++)
			assert_true(table_of(&d, list[i].f) == list[i].table);
	}
	assert_true(d.n < 6000);	/* the nodes of KEPT diagrams and of 200 rounds, not of all */
	rv_diagram_free(&d);
}

static uint32_t next_leaf(void *arg, uint32_t number)
{
	(void)arg;
	return number + 1;
}

/* Whether the leaves are the same, or the first variable says so. */
static rv_dd same_leaf(void *arg, rv_dd a, rv_dd b)
{
	return a == b ? RV_DD_TRUE : rv_dd_node(arg, 0, RV_DD_FALSE, RV_DD_TRUE);
}

static void test_leaves(void **state)
{
	const struct rv_dd_map next = { NULL, next_leaf, NULL };
	struct rv_diagram d;
	rv_dd v0, v1, f, g, joined;

	(void)state;
	assert_int_equal(rv_diagram_init(&d, 0), 0);
	v0 = rv_dd_node(&d, 0, RV_DD_FALSE, RV_DD_TRUE);
	v1 = rv_dd_node(&d, 1, RV_DD_FALSE, RV_DD_TRUE);
	f = rv_dd_ite(&d, v1, rv_dd_leaf(&d, 7), rv_dd_leaf(&d, 8));
	g = rv_dd_ite(&d, v0, rv_dd_leaf(&d, 8), f);
	assert_int_equal(rv_dd_size(&d, g, 100), 2);
	assert_int_equal(rv_dd_size(&d, g, 1), 1);
	assert_int_equal(rv_dd_map(&d, f, &next), rv_dd_ite(&d, v1, rv_dd_leaf(&d, 8), rv_dd_leaf(&d, 9)));
	joined = rv_dd_join(&d, f, g, same_leaf, &d);
	/* They differ where both variables are 1, and there the first is. */
	assert_int_equal(joined, RV_DD_TRUE);
	joined = rv_dd_join(&d, f, rv_dd_leaf(&d, 8), same_leaf, &d);
	assert_int_equal(joined, rv_dd_or(&d, rv_dd_not(&d, v1), v0));
	assert_int_equal(rv_dd_over(&d, rv_dd_ite(&d, v0, rv_dd_leaf(&d, 8), RV_DD_FALSE), f), g);
	rv_diagram_free(&d);
}

static void test_limit(void **state)
{
	struct rv_diagram d;
	rv_dd f = RV_DD_TRUE;

	(void)state;
	assert_int_equal(rv_diagram_init(&d, 40), 0);
	for (uint32_t i = 30; i-- > 0;)
		f = rv_dd_node(&d, i, RV_DD_FALSE, f);
	assert_false(d.full);
	/* Freed nodes make room, and only they. */
	rv_dd_need(&d, d.nodes[f].hi);
	rv_dd_collect(&d);
	for (uint32_t i = 60; i-- > 51;)
		rv_dd_node(&d, i, RV_DD_FALSE, RV_DD_TRUE);
	assert_false(d.full);
	rv_dd_node(&d, 61, RV_DD_FALSE, RV_DD_TRUE);
	rv_dd_node(&d, 62, RV_DD_FALSE, RV_DD_TRUE);
	assert_true(d.full);
	rv_diagram_free(&d);
}

/* ---- rules --------------------------------------------------------------------------------------------- */

struct loaded {
	struct rv_store store;
	struct rv_proof proof;
	uint8_t *values;
};

static void load(struct rv_store *s, rv_family_t family, const char *text)
{
	struct rv_error err = { 0 };

	if (rv_load_text(s, family, text, strlen(text), NULL, &err))
		fail_msg("%s: %s", text, err.text);
}

static void open_rules(struct loaded *l, rv_family_t family, const char *table, const char *rules)
{
	struct rv_error err = { 0 };
	char text[8192];

	memset(l, 0, sizeof(*l));
	snprintf(text, sizeof(text), "*%s\n:PREROUTING ACCEPT [0:0]\n%s\nCOMMIT\n", table, rules);
	load(&l->store, family, text);
	assert_int_equal(rv_proof_init(&l->proof, &l->store.rs, NULL, NULL, &err), 0);
	l->values = calloc(l->proof.space.nvars + 1, 1);
	assert_non_null(l->values);
}

static void close_rules(struct loaded *l)
{
	free(l->values);
	rv_proof_free(&l->proof);
	rv_store_close(&l->store);
}

static const struct rv_rule *rule(const struct loaded *l, unsigned int n)
{
	rv_list_each(t, &l->store.rs.tables, struct rv_table, node)
		rv_list_each(c, &t->chains, struct rv_chain, node)
			rv_list_each(r, &c->rules, struct rv_rule, node)
				if (!n--)
					return r;
	fail();
	return NULL;
}

static void set(struct loaded *l, enum rv_sel sel, uint64_t n)
{
	const struct rv_field *f = rv_space_field(&l->proof.space, sel, 0);

	assert_non_null(f);
	for (unsigned int i = 0; i < f->bits; i++)
		l->values[rv_field_var(f, f->bits - 1 - i)] = i < 64 && n >> i & 1;
	if (f->has != RV_DD_LEAF)
		l->values[f->has] = 1;
}

static bool matches(struct loaded *l, unsigned int n)
{
	rv_dd set = rv_region_rule(&l->proof.space, rule(l, n));

	return rv_dd_at(&l->proof.space.d, set, l->values) == RV_DD_TRUE;
}

/* A rule, a selector whose value is tried, and the intervals of values that match. */
static const struct {
	const char *rule;
	enum rv_sel sel;
	uint64_t protocol;
	struct {
		uint64_t from, to;
	} in[3];		/* ends with 0 to 0, if it has fewer */
} intervals[] = {
	{ "-s 10.1.0.0/16", RV_SEL_IP_SADDR, 6, { { 0x0a010000, 0x0a01ffff } } },
	{ "! -d 10.1.2.3", RV_SEL_IP_DADDR, 6, { { 0, 0x0a010202 }, { 0x0a010204, 0xffffffff } } },
	{ "-m iprange --src-range 10.0.0.5-10.0.1.2", RV_SEL_IP_SADDR, 6, { { 0x0a000005, 0x0a000102 } } },
	{ "-p tcp -m tcp --dport 80:443", RV_SEL_TH_DPORT, 6, { { 80, 443 } } },
	{ "-p tcp -m tcp ! --dport 80:443", RV_SEL_TH_DPORT, 6, { { 0, 79 }, { 444, 65535 } } },
	{ "-p tcp -m tcp ! --dport 80", RV_SEL_TH_DPORT, 17, { { 0, 0 } } },
	{ "-p udp -m multiport --sports 1,5:7,65535", RV_SEL_TH_SPORT, 17, { { 1, 1 }, { 5, 7 }, { 65535, 65535 } } },
	{ "-p icmp --icmp-type 3/1", RV_SEL_ICMP_TYPE, 1, { { 0x301, 0x301 } } },
	{ "-p icmp --icmp-type 3", RV_SEL_ICMP_TYPE, 1, { { 0x300, 0x3ff } } },
	{ "-m length --length 100:200", RV_SEL_LENGTH, 6, { { 100, 200 } } },
	{ "-m ttl --ttl-gt 60", RV_SEL_TTL, 6, { { 61, 255 } } },
	{ "-m ttl --ttl-lt 60", RV_SEL_TTL, 6, { { 0, 59 } } },
	{ "-m dscp --dscp 4", RV_SEL_TOS, 6, { { 16, 19 } } },
	{ "-m mark --mark 0x10/0xfffffff0", RV_SEL_MARK, 6, { { 0x10, 0x1f } } },
	{ "-m mark --mark 0xf5/0x2", RV_SEL_MARK, 6, { { 1, 0 } } },
	{ "-m mark ! --mark 0xf5/0x2", RV_SEL_MARK, 6, { { 0, 0xffffffff } } },
	{ "-m mark ! --mark 1", RV_SEL_MARK, 6, { { 0, 0 }, { 2, 0xffffffff } } },
	{ "-m pkttype --pkt-type multicast", RV_SEL_PKTTYPE, 6, { { 2, 2 } } },
};

static bool in_interval(unsigned int row, uint64_t n)
{
	for (unsigned int i = 0; i < 3; i++) {
		bool empty = i && !intervals[row].in[i].to;

		if (!empty && n >= intervals[row].in[i].from && n <= intervals[row].in[i].to)
			return true;
	}
	return false;
}

static void test_intervals(void **state)
{
	(void)state;
	for (unsigned int row = 0; row < sizeof(intervals) / sizeof(*intervals); row++) {
		uint64_t protocol = intervals[row].protocol;
		bool never = strstr(intervals[row].rule, "-p tcp") && protocol != 6;
		char text[200];
		struct loaded l;
		uint64_t most;

		snprintf(text, sizeof(text), "-A PREROUTING %s -j ACCEPT", intervals[row].rule);
		open_rules(&l, NFPROTO_IPV4, "mangle", text);
		most = (UINT64_C(1) << rv_space_field(&l.proof.space, intervals[row].sel, 0)->bits) - 1;
		set(&l, RV_SEL_L4PROTO, protocol);
		for (unsigned int n = 0; n < 400; n++) {
			uint64_t edge = any(2) ? intervals[row].in[any(3)].from : intervals[row].in[any(3)].to;
			uint64_t value = (any(4) ? edge + any(5) - 2 : (uint64_t)any(UINT32_MAX)) & most;

			set(&l, intervals[row].sel, value);
			if (matches(&l, 0) != (in_interval(row, value) && !never))
				fail_msg("%s: %llu", intervals[row].rule, (unsigned long long)value);
		}
		close_rules(&l);
	}
}

static void test_presence(void **state)
{
	struct rv_error err = { 0 };
	struct loaded l;

	(void)state;
	open_rules(&l, NFPROTO_IPV4, "mangle", "-A PREROUTING -p tcp -m tcp ! --dport 22 -j ACCEPT\n"
		   "-A PREROUTING -m connmark ! --mark 1 -j ACCEPT\n-A PREROUTING -p tcp -m tcpmss ! --mss 5 -j ACCEPT");
	set(&l, RV_SEL_L4PROTO, IPPROTO_TCP);
	set(&l, RV_SEL_CT_STATE, 1 << 3);
	set(&l, RV_SEL_TCP_MSS, 6);
	for (unsigned int i = 0; i < 3; i++)
		assert_true(matches(&l, i));
	/* A fragment has no port, a packet without a connection no mark of one, and one may have no MSS. */
	set(&l, RV_SEL_IP_FRAG, 1);
	assert_false(matches(&l, 0));
	assert_false(matches(&l, 2));
	set(&l, RV_SEL_IP_FRAG, 0);
	set(&l, RV_SEL_CT_STATE, 1);
	assert_false(matches(&l, 1));
	set(&l, RV_SEL_CT_STATE, 1 << 8);
	assert_false(matches(&l, 1));
	l.values[rv_space_field(&l.proof.space, RV_SEL_TCP_MSS, 0)->has] = 0;
	assert_false(matches(&l, 2));
	close_rules(&l);
	/* A socket may have no user: it is none of those that are asked for, nor is it excluded. */
	memset(&l, 0, sizeof(l));
	load(&l.store, NFPROTO_IPV4, "*mangle\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m owner ! --uid-owner 5 -j ACCEPT\n"
	     "-A OUTPUT -m owner --uid-owner 5 -j ACCEPT\nCOMMIT\n");
	assert_int_equal(rv_proof_init(&l.proof, &l.store.rs, NULL, NULL, &err), 0);
	l.values = calloc(l.proof.space.nvars + 1, 1);
	set(&l, RV_SEL_UID, 5);
	assert_false(matches(&l, 0));
	assert_true(matches(&l, 1));
	l.values[rv_space_field(&l.proof.space, RV_SEL_UID, 0)->has] = 0;
	assert_true(matches(&l, 0));
	assert_false(matches(&l, 1));
	close_rules(&l);
}

static void test_names(void **state)
{
	static const char *const expected[] = { "eth+", "eth0", "eth01", "lo" };
	const struct rv_field *f;
	struct loaded l;

	(void)state;
	open_rules(&l, NFPROTO_IPV4, "mangle", "-A PREROUTING -i eth+ -j ACCEPT\n-A PREROUTING -i eth0 -j ACCEPT\n"
		   "-A PREROUTING ! -i lo -j ACCEPT\n-A PREROUTING -i eth01 -j ACCEPT");
	f = rv_space_field(&l.proof.space, RV_SEL_IIFNAME, 0);
	assert_int_equal(f->nnames, 4);
	for (unsigned int i = 0; i < 4; i++)
		assert_string_equal(f->names[i], expected[i]);
	for (unsigned int i = 0; i <= 4; i++) {
		char name[IFNAMSIZ];

		set(&l, RV_SEL_IIFNAME, i);
		assert_int_equal(matches(&l, 0), i < 3);
		assert_int_equal(matches(&l, 1), i == 1);
		assert_int_equal(matches(&l, 2), i != 3);
		rv_point_name(&l.proof.space, l.values, f, name);
		/* A name of "eth+" that no other rule has. */
		assert_string_equal(name, i == 0 ? "eth1" : i == 4 ? "" : expected[i]);
	}
	close_rules(&l);
}

/* ---- chains, beside the first rule that matches ----------------------------------------------------------- */

#define RULES 100

struct plain {
	uint32_t value, mask;
	bool source, accepts;
};

static void test_chains(void **state)
{
	static char text[RULES * 80];
	struct plain rules[RULES];
	struct rv_proof_chain c;
	struct loaded l;
	size_t len = 0;

	(void)state;
	for (unsigned int i = 0; i < RULES; i++) {
		unsigned int bits = any(9);

		rules[i] = (struct plain){ any(256) & (0xff00u >> bits & 0xff), 0xff00u >> bits & 0xff, any(2), any(2) };
		len += (size_t)snprintf(text + len, sizeof(text) - len, "-A PREROUTING -%c 10.0.0.%u/%u -j %s\n",
					rules[i].source ? 's' : 'd', rules[i].value, 24 + bits,
					rules[i].accepts ? "ACCEPT" : "DROP");
	}
	open_rules(&l, NFPROTO_IPV4, "mangle", text);
	assert_int_equal(rv_proof_chain(&l.proof, rv_table_def_find("mangle"), 0, &c), 0);
	for (unsigned int n = 0; n < 2000; n++) {
		uint32_t from = any(256), to = any(256);
		bool accepts = true;

		for (unsigned int i = RULES; i-- > 0;)
			if (((rules[i].source ? from : to) & rules[i].mask) == rules[i].value)
				accepts = rules[i].accepts;
		set(&l, RV_SEL_IP_SADDR, 0x0a000000 | from);
		set(&l, RV_SEL_IP_DADDR, 0x0a000000 | to);
		assert_int_equal(rv_proof_outcome(&l.proof, &c, 0, l.values)->fate == RV_FATE_ACCEPT, accepts);
	}
	close_rules(&l);
}

/* What MARK and CONNMARK make of both marks, by the formulas of xt_mark.c and xt_connmark.c. */
static const struct {
	const char *target;
	struct rv_marks mark, ctmark;
} effects[] = {
	{ "MARK --set-xmark 0x5/0xff", { 0xffffff00, 0, 5, 0 }, { 0, 0xffffffff, 0, 0 } },
	{ "MARK --or-mark 0x5", { 0xfffffffa, 0, 5, 0 }, { 0, 0xffffffff, 0, 0 } },
	{ "MARK --xor-mark 0x5", { 0xffffffff, 0, 5, 0 }, { 0, 0xffffffff, 0, 0 } },
	{ "CONNMARK --set-xmark 0x5/0xff", { 0xffffffff, 0, 0, 0 }, { 0, 0xffffff00, 5, 0 } },
	{ "CONNMARK --save-mark", { 0xffffffff, 0, 0, 0 }, { 0xffffffff, 0, 0, 0 } },
	{ "CONNMARK --save-mark --nfmask 0xf0 --ctmask 0x3c", { 0xffffffff, 0, 0, 0 }, { 0xf0, 0xffffffc3, 0, 0 } },
	{ "CONNMARK --restore-mark --nfmask 0xf0 --ctmask 0x3c", { 0xffffff0f, 0x3c, 0, 0 }, { 0, 0xffffffff, 0, 0 } },
	{ "CONNMARK --save-mark\n-A PREROUTING -j MARK --set-mark 3", { 0, 0, 3, 0 }, { 0xffffffff, 0, 0, 0 } },
	{ "MARK --set-mark 3\n-A PREROUTING -j CONNMARK --save-mark", { 0, 0, 3, 0 }, { 0, 0, 3, 0 } },
	{ "HMARK --hmark-tuple src --hmark-mod 4 --hmark-rnd 1", { 0, 0, 0, 0xffffffff }, { 0, 0xffffffff, 0, 0 } },
};

static void test_marks(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(effects) / sizeof(*effects); i++) {
		const struct rv_outcome *o;
		struct rv_proof_chain c;
		struct loaded l;
		char text[200];

		snprintf(text, sizeof(text), "-A PREROUTING -m conntrack --ctstate NEW -j ACCEPT\n-A PREROUTING -j %s",
			 effects[i].target);
		open_rules(&l, NFPROTO_IPV4, "mangle", text);
		set(&l, RV_SEL_CT_STATE, 1 << 1);
		assert_int_equal(rv_proof_chain(&l.proof, rv_table_def_find("mangle"), 0, &c), 0);
		o = rv_proof_outcome(&l.proof, &c, 0, l.values);
		assert_non_null(o);
		if (memcmp(&o->mark, &effects[i].mark, sizeof(o->mark)) || memcmp(&o->ctmark, &effects[i].ctmark, sizeof(o->ctmark)))
			fail_msg("%s", effects[i].target);
		close_rules(&l);
	}
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static const struct {
	rv_family_t family;
	const char *rule, *words;
} boxes[] = {
	{ NFPROTO_IPV4, "-p tcp", "-p tcp" },
	{ NFPROTO_IPV4, "! -p tcp", "! -p tcp" },
	{ NFPROTO_IPV4, "-s 10.0.0.0/8 -d 192.0.2.1", "-d 192.0.2.1 -s 10.0.0.0/8" },
	{ NFPROTO_IPV4, "! -s 10.0.0.0/8", "! -s 10.0.0.0/8" },
	{ NFPROTO_IPV4, "-m iprange --src-range 10.0.0.5-10.0.0.9", "-s 10.0.0.5-10.0.0.9" },
	{ NFPROTO_IPV4, "-i eth+", "-i eth+" },
	{ NFPROTO_IPV4, "! -i lo", "! -i lo" },
	{ NFPROTO_IPV4, "-f", "-f" },
	{ NFPROTO_IPV4, "-p udp -m multiport --dports 53,67:68", "! -f -p udp --dport 53,67:68" },
	{ NFPROTO_IPV4, "-p tcp --tcp-flags SYN,ACK SYN", "! -f -p tcp --tcp-flags SYN,ACK SYN" },
	{ NFPROTO_IPV4, "-p icmp --icmp-type 3/1", "! -f -p icmp --icmp-type 3/1" },
	{ NFPROTO_IPV4, "-p icmp --icmp-type 3", "! -f -p icmp --icmp-type 3" },
	{ NFPROTO_IPV4, "-m mark --mark 0x10/0xf0", "--mark 0x10/0xf0" },
	{ NFPROTO_IPV4, "-m connmark --mark 0x10/0xf0", "--ctstate ESTABLISHED,RELATED,NEW ct mark 0x10/0xf0" },
	{ NFPROTO_IPV4, "-m mark --mark 0x10", "--mark 0x10" },
	{ NFPROTO_IPV4, "-m conntrack --ctstate NEW,INVALID", "--ctstate INVALID,NEW" },
	{ NFPROTO_IPV4, "-m ttl --ttl-gt 60", "--ttl 61:255" },
	{ NFPROTO_IPV4, "-m set --match-set good src", "(-m set --match-set good src)" },
	{ NFPROTO_IPV6, "-s 2001:db8::/32", "-s 2001:db8::/32" },
	{ NFPROTO_IPV6, "! -p tcp", "! -p tcp" },
	{ NFPROTO_IPV6, "-p icmpv6 --icmpv6-type 135", "! -f -p ipv6-icmp --icmpv6-type 135" },
};

static void test_words(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(boxes) / sizeof(*boxes); i++) {
		struct rv_buf b = RV_BUF_INIT;
		rv_dd possible, box, left;
		struct rv_space *s;
		struct loaded l;
		char text[200];

		snprintf(text, sizeof(text), "-A PREROUTING %s -j ACCEPT", boxes[i].rule);
		open_rules(&l, boxes[i].family, "mangle", text);
		s = &l.proof.space;
		possible = rv_region_possible(s, 1 << NF_INET_PRE_ROUTING);
		box = rv_region_box(s, rv_region_rule(s, rule(&l, 0)), possible, &left);
		rv_region_words(&b, s, box, possible);
		assert_string_equal(rv_buf_text(&b), boxes[i].words);
		/* One box is all of it. */
		assert_int_equal(rv_dd_and(&s->d, left, possible), RV_DD_FALSE);
		rv_buf_free(&b);
		close_rules(&l);
	}
}

/* Boxes of any set lie in it, and together are all of it. */
static void test_boxes(void **state)
{
	struct loaded l;
	struct rv_space *s;

	(void)state;
	open_rules(&l, NFPROTO_IPV4, "mangle", "-A PREROUTING -s 10.0.0.0/9 -p tcp --dport 1:100 -j ACCEPT\n"
		   "-A PREROUTING -d 10.0.0.0/30 -m mark --mark 1/3 -j ACCEPT\n-A PREROUTING -i eth+ -m connmark --mark 2/3 -j ACCEPT\n"
		   "-A PREROUTING -m conntrack --ctstate NEW -p udp -j ACCEPT");
	s = &l.proof.space;
	for (unsigned int n = 0; n < 200; n++) {
		rv_dd possible = rv_region_possible(s, 1 << NF_INET_PRE_ROUTING), f = RV_DD_FALSE, left, all = RV_DD_FALSE;

		for (unsigned int i = 0; i < 4; i++) {
			rv_dd set = rv_region_rule(s, rule(&l, i));

			f = any(3) ? rv_dd_or(&s->d, f, set) : any(2) ? rv_dd_and(&s->d, rv_dd_not(&s->d, f), set) : f;
		}
		left = f;
		for (unsigned int k = 0; rv_dd_and(&s->d, left, possible) != RV_DD_FALSE; k++) {
			rv_dd box = rv_region_box(s, left, possible, &left);

			assert_true(k < 100);
			assert_int_equal(rv_dd_and(&s->d, rv_dd_minus(&s->d, box, f), possible), RV_DD_FALSE);
			all = rv_dd_or(&s->d, all, box);
		}
		assert_int_equal(rv_dd_and(&s->d, rv_dd_minus(&s->d, f, all), possible), RV_DD_FALSE);
	}
	close_rules(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operations), cmocka_unit_test(test_leaves), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_intervals), cmocka_unit_test(test_presence), cmocka_unit_test(test_names),
		cmocka_unit_test(test_chains), cmocka_unit_test(test_marks), cmocka_unit_test(test_words),
		cmocka_unit_test(test_boxes),
	};

	seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : (uint64_t)time(NULL);
	seed += !seed;
	printf("# SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
