/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Predicates, matches and rules as sets of packets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <linux/netfilter/xt_conntrack.h>

#include <ravelin/registry.h>

#include "analysis/selectors.h"

/* Which variables the bits of a selector are, most significant first. */
struct place {
	const struct rv_field *f;
	unsigned int bits, skip;	/* number of bits; the first `skip' are always 0 */
	unsigned int from;		/* first bit of the field after the skipped ones */
};

static uint32_t var_of(const struct place *p, unsigned int bit)
{
	return bit < p->skip ? RV_DD_LEAF : rv_field_var(p->f, p->from + bit - p->skip);
}

static rv_dd node(struct rv_diagram *d, uint32_t var, rv_dd lo, rv_dd hi)
{
	return var == RV_DD_LEAF ? lo : rv_dd_node(d, var, lo, hi);
}

static bool bit_of(const uint8_t *bytes, unsigned int bit)
{
	return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* ---- numbers: from the last bit to the first --------------------------------------------------------- */

static rv_dd equal_under(struct rv_diagram *d, const struct place *p, const uint8_t *value, const uint8_t *mask)
{
	rv_dd f = RV_DD_TRUE;

	for (unsigned int i = p->bits; i-- > 0;)
		if (!mask || bit_of(mask, i))
			f = bit_of(value, i) ? node(d, var_of(p, i), RV_DD_FALSE, f) : node(d, var_of(p, i), f, RV_DD_FALSE);
	return f;
}

static rv_dd any_of(struct rv_diagram *d, const struct place *p, const uint8_t *mask)
{
	rv_dd f = RV_DD_FALSE;

	for (unsigned int i = p->bits; i-- > 0;)
		if (bit_of(mask, i))
			f = node(d, var_of(p, i), f, RV_DD_TRUE);
	return f;
}

static rv_dd at_least(struct rv_diagram *d, const struct place *p, const uint8_t *value)
{
	rv_dd f = RV_DD_TRUE;

	for (unsigned int i = p->bits; i-- > 0;)
		f = bit_of(value, i) ? node(d, var_of(p, i), RV_DD_FALSE, f) : node(d, var_of(p, i), f, RV_DD_TRUE);
	return f;
}

static rv_dd at_most(struct rv_diagram *d, const struct place *p, const uint8_t *value)
{
	rv_dd f = RV_DD_TRUE;

	for (unsigned int i = p->bits; i-- > 0;)
		f = bit_of(value, i) ? node(d, var_of(p, i), RV_DD_TRUE, f) : node(d, var_of(p, i), f, RV_DD_FALSE);
	return f;
}

static rv_dd between(struct rv_diagram *d, const struct place *p, const uint8_t *from, const uint8_t *to)
{
	return rv_dd_and(d, at_least(d, p, from), at_most(d, p, to));
}

static rv_dd number_between(struct rv_diagram *d, const struct place *p, uint64_t from, uint64_t to)
{
	uint8_t a[16] = { 0 }, b[16] = { 0 };

	for (unsigned int i = 0; i < p->bits && i < 64; i++) {
		unsigned int at = p->bits - 1 - i;

		a[at / 8] |= (from >> i & 1) << (7 - at % 8);
		b[at / 8] |= (to >> i & 1) << (7 - at % 8);
	}
	return between(d, p, a, b);
}

/* ---- names: classes -------------------------------------------------------------------------------------- */

static bool in_class(const char *class, const struct rv_predicate *p)
{
	size_t len = strlen(class);
	bool many = len && class[len - 1] == '+';
	char name[IFNAMSIZ + 1] = "";

	memcpy(name, p->value, p->len < IFNAMSIZ ? p->len : IFNAMSIZ);
	if (p->op == RV_OP_PREFIX)
		return len - many >= p->len && !memcmp(class, name, p->len);
	return !strcmp(class, name);
}

static rv_dd classes(struct rv_space *s, const struct place *at, const struct rv_predicate *p)
{
	const struct rv_field *f = at->f;
	unsigned int i = 0, end;
	rv_dd set = RV_DD_FALSE;

	while (i < f->nnames) {
		if (!in_class(f->names[i], p)) {
			i++;
			continue;
		}
		for (end = i; end + 1 < f->nnames && in_class(f->names[end + 1], p); end++)
			;
		set = rv_dd_or(&s->d, set, number_between(&s->d, at, i, end));
		i = end + 1;
	}
	/* "+" matches every name, and packets without an interface. */
	if (p->op == RV_OP_PREFIX && !p->len)
		return RV_DD_TRUE;
	return set;
}

/* ---- predicates --------------------------------------------------------------------------------------------- */

/* Converts a number in host order to network order. */
static void to_network(enum rv_sel sel, const uint8_t *from, uint8_t to[16])
{
	unsigned int len = rv_selectors[sel].len;

	memset(to, 0, 16);
	if (rv_selectors[sel].order != RV_ORDER_H) {
		memcpy(to, from, len);
		return;
	}
	for (unsigned int i = 0; i < len; i++)
		to[len - 1 - i] = (uint8_t)(rv_selector_get(sel, from) >> 8 * i);
}

static rv_dd value_set(struct rv_space *s, const struct place *at, const struct rv_predicate *p)
{
	struct rv_diagram *d = &s->d;
	uint8_t value[16], other[16];
	rv_dd f = RV_DD_FALSE;

	if (rv_selectors[p->sel].order == RV_ORDER_S)
		return classes(s, at, p);
	to_network(p->sel, p->value, value);
	to_network(p->sel, p->other, other);
	switch (p->op) {
	case RV_OP_EQ:
		return equal_under(d, at, value, NULL);
	case RV_OP_MASK:
		/* A value with a bit that the mask clears never matches. */
		for (unsigned int i = 0; i < sizeof(value); i++)
			if (value[i] & ~other[i])
				return RV_DD_FALSE;
		return equal_under(d, at, value, other);
	case RV_OP_ANY:
		return any_of(d, at, value);
	case RV_OP_RANGE:
		return between(d, at, value, other);
	case RV_OP_IN:
		for (unsigned int i = 0; i < p->count; i++) {
			to_network(p->sel, p->list[i].from, value);
			to_network(p->sel, p->list[i].to, other);
			f = rv_dd_or(d, f, between(d, at, value, other));
		}
		return f;
	default:
		s->failed = true;
		return f;
	}
}

static rv_dd variable(struct rv_space *s, uint32_t var)
{
	if (var == RV_DD_LEAF) {
		s->failed = true;
		return RV_DD_FALSE;
	}
	return rv_dd_node(&s->d, var, RV_DD_FALSE, RV_DD_TRUE);
}

static struct place place_of(const struct rv_field *f)
{
	return (struct place){ .f = f, .bits = f->bits };
}

static rv_dd is_protocol(struct rv_space *s, uint8_t protocol)
{
	struct place at = place_of(rv_space_field(s, RV_SEL_L4PROTO, 0));

	return equal_under(&s->d, &at, &protocol, NULL);
}

/* Removes later fragments: only the first one has the transport header. */
static rv_dd without_later_fragments(struct rv_space *s, rv_dd f)
{
	return rv_dd_minus(&s->d, f, variable(s, rv_space_field(s, RV_SEL_IP_FRAG, 0)->first));
}

/* Returns the packets with a header of one of the selector's protocols. */
static rv_dd has_header(struct rv_space *s, const struct rv_sel_row *row)
{
	rv_dd f = RV_DD_FALSE;

	if (!row->protocols[0])
		return RV_DD_TRUE;
	for (unsigned int i = 0; i < sizeof(row->protocols) && row->protocols[i]; i++)
		f = rv_dd_or(&s->d, f, is_protocol(s, row->protocols[i]));
	return without_later_fragments(s, f);
}

static rv_dd many(struct rv_space *s, const struct rv_predicate *p)
{
	struct rv_buf key = RV_BUF_INIT;
	uint32_t var;

	rv_predicate_key(&key, p);
	var = rv_buf_text(&key) ? rv_space_answer(s, key.data) : RV_DD_LEAF;
	rv_buf_free(&key);
	return variable(s, var);
}

static rv_dd either_port(struct rv_space *s, const struct rv_predicate *p)
{
	struct place from = place_of(rv_space_field(s, RV_SEL_TH_SPORT, 0));
	struct place to = place_of(rv_space_field(s, RV_SEL_TH_DPORT, 0));

	return rv_dd_or(&s->d, value_set(s, &from, p), value_set(s, &to, p));
}

static rv_dd field_set(struct rv_space *s, const struct rv_sel_row *row, const struct rv_predicate *p,
		       uint32_t *has)
{
	const struct rv_field *f = rv_space_field(s, row->part_of ? row->part_of : p->sel, row->part_of ? 0 : p->param);
	struct place at;

	if (!f) {
		s->failed = true;
		return RV_DD_FALSE;
	}
	at = place_of(f);
	*has = f->has;
	if (p->sel == RV_SEL_IP_FRAG)
		return variable(s, f->first);
	if (row->part_of) {
		at.bits = 8u * rv_selectors[p->sel].len;
		at.skip = at.bits - row->width;
		at.from = f->bits - row->shift - row->width;
	}
	return value_set(s, &at, p);
}

rv_dd rv_region_connection(struct rv_space *s)
{
	static const uint8_t none[] = { XT_CONNTRACK_STATE_UNTRACKED >> 8, XT_CONNTRACK_STATE_INVALID };
	const struct rv_field *f = rv_space_field(s, RV_SEL_CT_STATE, 0);
	struct place at;

	if (!f)
		return RV_DD_TRUE;
	at = place_of(f);
	return rv_dd_not(&s->d, any_of(&s->d, &at, none));
}

rv_dd rv_region_unseen(struct rv_space *s)
{
	static const uint8_t invalid[] = { 0, XT_CONNTRACK_STATE_INVALID };
	const struct rv_field *f = rv_space_field(s, RV_SEL_CT_STATE, 0);
	struct place at;

	if (!f)
		return RV_DD_FALSE;
	at = place_of(f);
	return any_of(&s->d, &at, invalid);
}

static rv_dd byte_under(struct rv_space *s, const struct rv_field *f, const bool values[256], unsigned int nbits,
			unsigned int bits)
{
	rv_dd lo, hi;

	if (nbits == 8)
		return values[bits] ? RV_DD_TRUE : RV_DD_FALSE;
	lo = byte_under(s, f, values, nbits + 1, 2 * bits);
	hi = byte_under(s, f, values, nbits + 1, 2 * bits + 1);
	return rv_dd_node(&s->d, rv_field_var(f, nbits), lo, hi);
}

rv_dd rv_region_byte(struct rv_space *s, const struct rv_field *f, const bool values[256])
{
	return rv_dd_and(&s->d, has_header(s, rv_sel_row(f->sel)), byte_under(s, f, values, 0, 0));
}

/* The packets that a predicate matches: the intersection of three sets. RV_DD_TRUE: all packets. */
struct sets {
	rv_dd header, has, value;
};

static struct sets sets_of(struct rv_space *s, const struct rv_predicate *given)
{
	const struct rv_sel_row *row = rv_sel_row(given->sel);
	struct rv_predicate p = *given;
	uint32_t has = RV_DD_LEAF;
	struct sets sets = { .has = RV_DD_TRUE };
	rv_dd f;

	rv_predicate_normalise(&p);
	if (row->presence == RV_PRESENCE_MANY || rv_selectors[p.sel].order == RV_ORDER_T)
		f = many(s, &p);
	else if (p.sel == RV_SEL_TH_PORT)
		f = either_port(s, &p);
	else
		f = field_set(s, row, &p, &has);
	sets.header = has_header(s, row);
	if (row->presence == RV_PRESENCE_CONNECTION)
		sets.has = rv_region_connection(s);
	if (has != RV_DD_LEAF && row->presence == RV_PRESENCE_OUTSIDE)
		f = rv_dd_and(&s->d, variable(s, has), f);
	else if (has != RV_DD_LEAF)
		sets.has = variable(s, has);
	sets.value = p.negate ? rv_dd_not(&s->d, f) : f;
	return sets;
}

rv_dd rv_region_predicate(struct rv_space *s, const struct rv_predicate *p)
{
	struct sets sets = sets_of(s, p);

	return rv_dd_and(&s->d, sets.header, rv_dd_and(&s->d, sets.has, sets.value));
}

/* ---- matches and rules ------------------------------------------------------------------------------------ */

#define GATHERED 32

/* Sets to be intersected, in the order of their first variables. */
struct gathered {
	struct rv_space *s;
	rv_dd set[GATHERED];
	unsigned int n;
	bool any;		/* the match has predicates */
};

static void gather_set(struct gathered *g, rv_dd set)
{
	struct rv_diagram *d = &g->s->d;
	unsigned int i = g->n;

	if (set == RV_DD_TRUE)
		return;
	while (i && rv_dd_var(d, g->set[i - 1]) > rv_dd_var(d, set))
		i--;
	if (g->n == GATHERED || (i && rv_dd_var(d, g->set[i - 1]) == rv_dd_var(d, set))) {
		g->set[i ? i - 1 : 0] = rv_dd_and(d, g->set[i ? i - 1 : 0], set);
		return;
	}
	memmove(&g->set[i + 1], &g->set[i], (g->n++ - i) * sizeof(*g->set));
	g->set[i] = set;
}

/*
 * Returns the intersection of f and all sets. Starts with the last variables, so that each step
 * only adds nodes.
 */
static rv_dd intersect(struct gathered *g, rv_dd f)
{
	while (g->n)
		f = rv_dd_ite(&g->s->d, g->set[--g->n], f, RV_DD_FALSE);
	return f;
}

static int gather(const struct rv_predicate *p, void *arg)
{
	struct gathered *g = arg;
	struct sets sets = sets_of(g->s, p);

	g->any = true;
	gather_set(g, sets.header);
	gather_set(g, sets.has);
	gather_set(g, sets.value);
	return 0;
}

static int gather_state(const struct rv_predicate *p, void *arg)
{
	return p->sel == RV_SEL_CT_STATE ? gather(p, arg) : 0;
}

static int gather_other(const struct rv_predicate *p, void *arg)
{
	return p->sel == RV_SEL_CT_STATE ? 0 : gather(p, arg);
}

/*
 * Gathers the predicates of match conntrack. It matches a packet without connection if --ctstate is
 * given and accepts its state; other options are not tested (conntrack_mt() in xt_conntrack.c).
 */
static void gather_conntrack(struct gathered *g, const struct rv_part *m)
{
	struct gathered others = { .s = g->s };
	struct rv_diagram *d = &g->s->d;
	rv_dd set;

	rv_part_predicates(g->s->family, m->ext, m->data, gather_state, g);
	rv_part_predicates(g->s->family, m->ext, m->data, gather_other, &others);
	set = intersect(&others, RV_DD_TRUE);
	gather_set(g, g->any ? rv_dd_or(d, rv_dd_not(d, rv_region_connection(g->s)), set) : set);
}

static void gather_match(struct gathered *g, const struct rv_part *m)
{
	struct rv_space *s = g->s;

	g->any = false;
	if (!strcmp(m->ext->name, "conntrack"))
		gather_conntrack(g, m);
	else
		rv_part_predicates(s->family, m->ext, m->data, gather, g);
	/* "-m tcp" without options still tests that the packet has a TCP header. */
	if (!g->any && m->ext->protocol)
		gather_set(g, without_later_fragments(s, is_protocol(s, (uint8_t)m->ext->protocol)));
}

static void gather_part(struct gathered *g, const struct rv_part *m)
{
	const struct rv_free *q = rv_space_asked(g->s, m);

	if (m->ext->kind != RV_TARGET)
		gather_match(g, m);
	if (q)
		gather_set(g, q->turned ? rv_dd_not(&g->s->d, variable(g->s, q->var)) : variable(g->s, q->var));
}

static void gather_ip(struct gathered *g, const struct rv_rule *r)
{
	rv_part_predicates(g->s->family, rv_family(g->s->family)->core,
			   (const unsigned char *)&r->ip, gather, g);
}

rv_dd rv_region_part(struct rv_space *s, const struct rv_rule *r, const struct rv_part *m)
{
	struct gathered g = { .s = s };

	(void)r;
	gather_part(&g, m);
	return intersect(&g, RV_DD_TRUE);
}

rv_dd rv_region_ip(struct rv_space *s, const struct rv_rule *r)
{
	struct gathered g = { .s = s };

	gather_ip(&g, r);
	return intersect(&g, RV_DD_TRUE);
}

rv_dd rv_region_outcome(struct rv_space *s, const struct rv_rule *r, rv_dd outcome)
{
	struct gathered g = { .s = s };

	gather_ip(&g, r);
	for (const struct rv_part *m = r->matches; m; m = m->next)
		gather_part(&g, m);
	return intersect(&g, outcome);
}

rv_dd rv_region_rule(struct rv_space *s, const struct rv_rule *r)
{
	return rv_region_outcome(s, r, RV_DD_TRUE);
}

/* ---- what there is ------------------------------------------------------------------------------------------ */

/* Returns the packets with exactly one of these bits set; other bits may have any value. */
static rv_dd one_bit(struct rv_space *s, const struct rv_field *f, uint32_t bits)
{
	rv_dd none = RV_DD_TRUE, one = RV_DD_FALSE;

	for (unsigned int i = f->bits; i-- > 0;) {
		uint32_t var = rv_field_var(f, i);

		if (!(bits >> (f->bits - 1 - i) & 1))
			continue;
		one = rv_dd_node(&s->d, var, one, none);
		none = rv_dd_node(&s->d, var, none, RV_DD_FALSE);
	}
	return one;
}

/* In IPv6, extension headers are skipped, so their numbers are never a packet's protocol. */
rv_dd rv_region_protocols(struct rv_space *s)
{
	static const uint8_t skipped[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH, IPPROTO_DSTOPTS };
	rv_dd f = RV_DD_TRUE;

	for (unsigned int i = 0; s->family == NFPROTO_IPV6 && i < sizeof(skipped); i++)
		f = rv_dd_minus(&s->d, f, is_protocol(s, skipped[i]));
	return f;
}

/* Returns the packets with exactly one state; SNAT and DNAT are possible only with a connection. */
static rv_dd possible_states(struct rv_space *s, const struct rv_field *f)
{
	static const uint8_t translated[] = { (XT_CONNTRACK_STATE_SNAT | XT_CONNTRACK_STATE_DNAT) >> 8,
					      (XT_CONNTRACK_STATE_SNAT | XT_CONNTRACK_STATE_DNAT) & 0xff };
	struct place at = place_of(f);
	rv_dd untranslated = rv_dd_not(&s->d, any_of(&s->d, &at, translated));

	return rv_dd_and(&s->d, one_bit(s, f, rv_sel_row(f->sel)->bits),
			 rv_dd_or(&s->d, rv_region_connection(s), untranslated));
}

static rv_dd domain_of(struct rv_space *s, const struct rv_field *f)
{
	const struct rv_sel_row *row = rv_sel_row(f->sel);
	struct place at = place_of(f);

	if (f->sel == RV_SEL_L4PROTO)
		return rv_region_protocols(s);
	if (f->sel == RV_SEL_CT_STATE)
		return possible_states(s, f);
	if (rv_selectors[f->sel].order == RV_ORDER_S)
		return number_between(&s->d, &at, 0, f->nnames);
	switch (row->domain) {
	case RV_DOMAIN_FLAG:
		return number_between(&s->d, &at, 0, 1);
	case RV_DOMAIN_MOST:
		return number_between(&s->d, &at, 0, row->bits);
	case RV_DOMAIN_ONE_BIT:
		return one_bit(s, f, row->bits);
	default:
		return RV_DD_TRUE;
	}
}

#define HOOKS_IN (1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD)
#define HOOKS_OUT (1 << NF_INET_POST_ROUTING | 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_FORWARD)

/* A packet without an interface has the number of names that no rule tests. */
static rv_dd interface_known(struct rv_space *s, enum rv_sel sel, bool may, bool must)
{
	const struct rv_field *f = rv_space_field(s, sel, 0);
	struct place at;

	(void)must;
	if (!f || may)
		return RV_DD_TRUE;
	at = place_of(f);
	return number_between(&s->d, &at, f->nnames, f->nnames);
}

rv_dd rv_region_possible(struct rv_space *s, uint32_t hooks)
{
	rv_dd all = RV_DD_TRUE;

	/* Build from the last variable up. */
	for (unsigned int i = s->nfields; i-- > 0;)
		all = rv_dd_and(&s->d, domain_of(s, &s->fields[i]), all);
	if (!hooks)
		return all;
	all = rv_dd_and(&s->d, all, interface_known(s, RV_SEL_IIFNAME, hooks & (HOOKS_IN | 1 << NF_INET_POST_ROUTING), false));
	return rv_dd_and(&s->d, all, interface_known(s, RV_SEL_OIFNAME, hooks & HOOKS_OUT, false));
}

/* ---- points ------------------------------------------------------------------------------------------------- */

bool rv_region_point(const struct rv_space *s, rv_dd f, uint8_t *values)
{
	const struct rv_dd_node *nodes = s->d.nodes;

	memset(values, RV_POINT_ANY, s->nvars);
	while (nodes[f].var != RV_DD_LEAF) {
		bool hi = nodes[f].lo == RV_DD_FALSE;

		values[nodes[f].var] = hi;
		f = hi ? nodes[f].hi : nodes[f].lo;
	}
	return f == RV_DD_TRUE;
}

/* Values for unconstrained fields: documentation addresses (RFC 5737, RFC 3849), a port, a TTL. */
static const struct {
	enum rv_sel sel;
	uint8_t bytes[16];
} usual[] = {
	{ RV_SEL_IP_SADDR, { 192, 0, 2, 1 } }, { RV_SEL_IP_DADDR, { 198, 51, 100, 1 } },
	{ RV_SEL_IP6_SADDR, { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
	{ RV_SEL_IP6_DADDR, { 0x20, 1, 0xd, 0xb8, 0, 1, [15] = 1 } },
	{ RV_SEL_L4PROTO, { 17 } }, { RV_SEL_TH_SPORT, { 0xc0, 1 } }, { RV_SEL_TH_DPORT, { 0xc0, 2 } },
	{ RV_SEL_CT_STATE, { 0, 1 << 3 } },	/* NEW */
	{ RV_SEL_TTL, { 64 } }, { RV_SEL_HOPLIMIT, { 64 } }, { RV_SEL_ICMP_TYPE, { 8 } },
	{ RV_SEL_ICMP6_TYPE, { 128 } }, { RV_SEL_TCP_FLAGS, { 0x10 } }, { RV_SEL_LENGTH, { 0, 0, 0, 100 } },
};

static void settle_field(const struct rv_field *f, uint8_t *values)
{
	static const uint8_t none[16];
	const uint8_t *bytes = none;
	bool whole = true;

	for (unsigned int i = 0; i < f->bits; i++)
		whole &= values[rv_field_var(f, i)] == RV_POINT_ANY;
	for (unsigned int i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (usual[i].sel == f->sel)
			bytes = usual[i].bytes;
	if (rv_selectors[f->sel].order == RV_ORDER_S)
		whole = false;
	for (unsigned int i = 0; i < f->bits; i++)
		if (values[rv_field_var(f, i)] == RV_POINT_ANY)
			values[rv_field_var(f, i)] = whole && f->bits % 8 == 0 ? bit_of(bytes, i) : 0;
}

/* Sets all values that are RV_POINT_ANY, to common values where f allows it. */
void rv_point_settle_in(struct rv_space *s, rv_dd f, uint8_t *values)
{
	memset(values, RV_POINT_ANY, s->nvars);
	for (unsigned int i = 0; i < s->nfields; i++)
		settle_field(&s->fields[i], values);
	for (uint32_t i = 0; i < s->nvars; i++)
		if (values[i] == RV_POINT_ANY)
			values[i] = RV_POINT_ZERO;
	while (f != RV_DD_TRUE && f != RV_DD_FALSE) {
		const struct rv_dd_node *n = &s->d.nodes[f];

		if ((values[n->var] ? n->hi : n->lo) == RV_DD_FALSE)
			values[n->var] = !values[n->var];
		f = values[n->var] ? n->hi : n->lo;
	}
}

bool rv_point_bytes(const struct rv_space *s, const uint8_t *values, const struct rv_field *f, uint8_t bytes[16])
{
	const uint8_t *at;

	(void)s;
	memset(bytes, 0, 16);
	if (!f)
		return false;
	at = values + f->first;
	for (unsigned int i = 0; i < f->bits && i < 128; i++, at += f->step)
		bytes[i / 8] |= (uint8_t)((*at == RV_POINT_ONE) << (7 - i % 8));
	return f->has == RV_DD_LEAF || values[f->has] == RV_POINT_ONE;
}

/* Makes an interface name with this prefix that no rule tests. */
static void fresh_name(const struct rv_field *f, const char *start, char name[IFNAMSIZ])
{
	for (unsigned int n = 0; n < 1000; n++) {
		char text[32];
		bool used = false;

		snprintf(text, sizeof(text), "%s%u", start, n);
		for (unsigned int i = 0; i < f->nnames; i++) {
			size_t len = strlen(f->names[i]);
			bool longer = len > strlen(start) + 1 && f->names[i][len - 1] == '+';

			used |= !strcmp(f->names[i], text) || (longer && !strncmp(f->names[i], text, len - 1));
		}
		if (used)
			continue;
		snprintf(name, IFNAMSIZ, "%.15s", text);
		return;
	}
}

void rv_point_name(const struct rv_space *s, const uint8_t *values, const struct rv_field *f, char name[IFNAMSIZ])
{
	unsigned int class = 0;
	size_t len;

	(void)s;
	memset(name, 0, IFNAMSIZ);
	for (unsigned int i = 0; f && i < f->bits; i++)
		class = class << 1 | (values[rv_field_var(f, i)] == RV_POINT_ONE);
	if (!f || class >= f->nnames)
		return;
	len = strlen(f->names[class]);
	if (len && f->names[class][len - 1] == '+') {
		char start[IFNAMSIZ + 1];

		memcpy(start, f->names[class], len - 1);
		start[len - 1] = '\0';
		fresh_name(f, start, name);
		return;
	}
	memcpy(name, f->names[class], len);
}
