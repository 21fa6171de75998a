/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Determines whether a predicate can still be true and still be false: a value of its selector must
 * remain that all facts allow. If a selector has few values, all are tried; for numbers and
 * addresses, the bounds of the ranges tested and their neighbours, since all values between two
 * bounds are equivalent. Masked bits and selectors with several values are only compared with
 * identical questions: contradictory answers may be followed, but none is missed.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/rtnetlink.h>

#include "backend/kmod/kmod.h"
#include "cli/run/facts.h"
#include "kernel/engine/engine.h"

/* ---- marks ----------------------------------------------------------------------------- */

static struct rv_marked *marked_of(const struct rv_facts *f, enum rv_sel sel)
{
	struct rv_facts *own = (struct rv_facts *)f;

	if (sel == RV_SEL_MARK)
		return &own->mark;
	return sel == RV_SEL_CT_MARK ? &own->ctmark : NULL;
}

static uint32_t mask_of(const struct rv_predicate *p)
{
	return p->op == RV_OP_MASK ? (uint32_t)rv_selector_get(p->sel, p->other) : UINT32_MAX;
}

/* Whether that value would imply one that is excluded. */
static bool is_excluded(const struct rv_marked *m, uint32_t mask, uint32_t value)
{
	const uint32_t known = m->known | mask;
	const uint32_t all = (m->value & m->known) | (value & mask & ~m->known);

	for (unsigned int i = 0; i < m->nnot; i++)
		if (!(m->not[i].mask & ~known) && !((all ^ m->not[i].value) & m->not[i].mask))
			return true;
	return false;
}

static enum rv_answer ask_marked(const struct rv_marked *m, const struct rv_predicate *p)
{
	uint32_t mask = mask_of(p), value = (uint32_t)rv_selector_get(p->sel, p->value);

	if (value & ~mask || (m->value ^ value) & mask & m->known)
		return RV_ANSWER_NO;
	if (!(mask & ~m->known))
		return RV_ANSWER_YES;
	return is_excluded(m, mask, value) ? RV_ANSWER_NO : RV_ANSWER_OPEN;
}

static void learn_marked(struct rv_marked *m, const struct rv_predicate *p, bool is)
{
	uint32_t mask = mask_of(p), value = (uint32_t)rv_selector_get(p->sel, p->value);

	const uint32_t open = mask & ~m->known;

	/* Only one value remains for a single open bit. */
	if (!is && open && !(open & (open - 1)) && !((m->value ^ value) & mask & m->known)) {
		value ^= open;
		is = true;
	}
	if (is) {
		m->value = (m->value & m->known) | (value & open);
		m->known |= mask;
	} else if (m->nnot < sizeof(m->not) / sizeof(*m->not)) {
		m->not[m->nnot].mask = mask;
		m->not[m->nnot++].value = value;
	}
}

void rv_marked_set(struct rv_marked *m, uint32_t mask, uint32_t value, uint32_t open)
{
	if (mask & (~m->known | open))
		m->nnot = 0;
	m->value = (m->value & ~mask) | (value & mask & ~open);
	m->known = (m->known | mask) & ~(mask & open);
}

/* ---- values ---------------------------------------------------------------------------- */

#define VALUES 1024

/* Candidate values; the first may be "no value". */
struct values {
	enum rv_sel sel;
	uint8_t at[VALUES][16];
	unsigned int n;
	bool none;			/* a packet may have no value: then every predicate is
					 * false */
	bool all;			/* all other values are equivalent to one of these */
};

static void add_number(struct values *v, uint64_t n)
{
	if (v->n < VALUES)
		rv_selector_put(v->sel, n, v->at[v->n++]);
	else
		v->all = false;
}

/* A value, its predecessor and successor. */
static void add_around(struct values *v, const uint8_t *value)
{
	const unsigned int len = rv_selectors[v->sel].len;

	for (int by = -1; by <= 1; by++) {
		uint8_t *to;
		int carry = by;

		if (v->n == VALUES) {
			v->all = false;
			return;
		}
		to = v->at[v->n++];
		memcpy(to, value, 16);
		if (rv_selectors[v->sel].order == RV_ORDER_H) {
			rv_selector_put(v->sel, rv_selector_get(v->sel, value) + (uint64_t)(int64_t)by, to);
			continue;
		}
		for (unsigned int i = len; i-- && carry; ) {
			int sum = to[i] + carry;

			to[i] = (uint8_t)sum;
			carry = sum < 0 ? -1 : sum > 255;
		}
	}
}

/* Last value of a network prefix. False: the mask is not a prefix. */
static bool last_of_prefix(const struct rv_predicate *p, uint8_t *last)
{
	bool ended = false;

	if (rv_selectors[p->sel].order != RV_ORDER_N)
		return false;
	for (unsigned int bit = 0; bit < 8u * p->len; bit++) {
		bool one = p->other[bit / 8] & 0x80 >> bit % 8;

		if (one && ended)
			return false;
		ended |= !one;
	}
	memset(last, 0, 16);
	for (unsigned int i = 0; i < p->len; i++)
		last[i] = (uint8_t)(p->value[i] | ~p->other[i]);
	return true;
}

static void add_ends(struct values *v, const struct rv_predicate *p)
{
	uint8_t last[16];

	add_around(v, p->value);
	switch (p->op) {
	case RV_OP_MASK:
		if (last_of_prefix(p, last))
			add_around(v, last);
		else
			v->all = false;
		break;
	case RV_OP_RANGE:
		add_around(v, p->other);
		break;
	case RV_OP_IN:
		for (unsigned int i = 0; i < p->count; i++) {
			add_around(v, p->list[i].from);
			add_around(v, p->list[i].to);
		}
		break;
	case RV_OP_EQ:
		break;
	default:
		v->all = false;
	}
}

/* ---- selectors with few values ----------------------------------------------------------- */

/* A connection has one state, and may be translated. */
static void ct_states(const struct rv_facts *f, struct values *v)
{
	static const uint16_t tracked[] = {
		XT_CONNTRACK_STATE_BIT(IP_CT_NEW), XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED),
		XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),
	};

	(void)f;
	add_number(v, XT_CONNTRACK_STATE_INVALID);
	add_number(v, XT_CONNTRACK_STATE_UNTRACKED);
	for (unsigned int i = 0; i < 3; i++)
		for (unsigned int nat = 0; nat < 4; nat++)
			add_number(v, tracked[i] | (nat & 1 ? XT_CONNTRACK_STATE_SNAT : 0) |
					      (nat & 2 ? XT_CONNTRACK_STATE_DNAT : 0));
}

static void ct_statuses(const struct rv_facts *f, struct values *v)
{
	(void)f;
	for (unsigned int n = 0; n < 32; n++)
		add_number(v, (n & 15) | (n & 16 ? IPS_SRC_NAT : 0));
}

/* Address type implied by the address bits. */
static uint8_t form_of(const struct rv_pkt *pkt, bool dst)
{
	const unsigned int len = rv_family(pkt->family)->address_len;

	return pkt->ops->addrtype(pkt, pkt->data + (len == 4 ? (dst ? 16 : 12) : dst ? 24 : 8),
				  RV_IFACE_ANY);
}

/*
 * Non-local types. A packet in INPUT is for the host: by address or by broadcast. Types that depend
 * on special routes are considered only if assumed.
 */
static void add_other_types(const struct rv_facts *f, struct values *v, bool to_host)
{
	static const uint8_t types[] = { RTN_BROADCAST, RTN_UNICAST, RTN_ANYCAST, RTN_BLACKHOLE,
					 RTN_UNREACHABLE, RTN_PROHIBIT };
	unsigned int n = to_host ? 1 : 2;

	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].p.sel == v->sel && f->list[i].is)
			n = sizeof(types);
	for (unsigned int i = 0; i < (f->pkt ? n : sizeof(types)); i++)
		add_number(v, 1u << types[i]);
}

/* Possible address types: some follow from the bits, local ones from --local. */
static void address_types(const struct rv_facts *f, struct values *v)
{
	const bool dst = v->sel == RV_SEL_ADDRTYPE_DST || v->sel == RV_SEL_ADDRTYPE_DST_IN ||
			 v->sel == RV_SEL_ADDRTYPE_DST_OUT;
	/* A local address may belong to another interface. */
	const bool anywhere = v->sel == RV_SEL_ADDRTYPE_SRC || v->sel == RV_SEL_ADDRTYPE_DST;
	enum rv_answer local = f->pkt ? f->local(f->arg, f->pkt, dst) : RV_ANSWER_OPEN;
	uint8_t type = f->pkt ? form_of(f->pkt, dst) : RTN_UNICAST;
	/* xt_addrtype tests the kind of an IPv6 address: local addresses are unicast too. */
	const bool both = f->pkt && f->pkt->family == NFPROTO_IPV6;

	if (type != RTN_UNICAST && type != RTN_LOCAL) {
		add_number(v, 1u << type);
		return;
	}
	if (type == RTN_LOCAL)
		local = RV_ANSWER_YES;
	if (local != RV_ANSWER_NO)
		add_number(v, 1u << RTN_LOCAL | (both ? 1u << RTN_UNICAST : 0));
	if (local == RV_ANSWER_NO || (local == RV_ANSWER_YES && !anywhere))
		add_number(v, 1u << RTN_UNICAST);
	if (local == RV_ANSWER_OPEN)
		add_other_types(f, v, dst && f->pkt && f->pkt->hook == NF_INET_LOCAL_IN);
}

static void yes_or_no(const struct rv_facts *f, struct values *v)
{
	(void)f;
	add_number(v, 0);
	add_number(v, 1);
}

static const struct {
	enum rv_sel sel;
	void (*values)(const struct rv_facts *f, struct values *v);
} domains[] = {
	{ RV_SEL_CT_STATE, ct_states },
	{ RV_SEL_CT_STATUS, ct_statuses },
	{ RV_SEL_CT_DIR, yes_or_no },
	{ RV_SEL_ADDRTYPE_SRC, address_types },
	{ RV_SEL_ADDRTYPE_DST, address_types },
	{ RV_SEL_ADDRTYPE_SRC_IN, address_types },
	{ RV_SEL_ADDRTYPE_DST_IN, address_types },
	{ RV_SEL_ADDRTYPE_SRC_OUT, address_types },
	{ RV_SEL_ADDRTYPE_DST_OUT, address_types },
	{ RV_SEL_RPFILTER, yes_or_no },
	{ RV_SEL_SOCKET, yes_or_no },
	{ RV_SEL_SOCKET_FOUND, yes_or_no },
	{ RV_SEL_SOCKET_TRANSPARENT, yes_or_no },
	{ RV_SEL_PHYS_IS_IN, yes_or_no },
	{ RV_SEL_PHYS_IS_OUT, yes_or_no },
	{ RV_SEL_PHYS_BRIDGED, yes_or_no },
	{ RV_SEL_IPVS, yes_or_no },
};

/* Selectors with several values at once, or results of programs. */
static bool has_many(enum rv_sel sel)
{
	return rv_selectors[sel].class & RV_MULTI || rv_selectors[sel].order == RV_ORDER_T;
}

/* ---- inference ----------------------------------------------------------------------------- */

static bool fits(const struct rv_predicate *p, const uint8_t *value)
{
	struct {
		struct rvk_predicate p;
		struct rvk_interval list[RV_PREDICATE_LIST];
	} kernel = { 0 };

	if (!value)
		return false;
	rv_kmod_predicate(&kernel.p, p);
	return rv_value_fits(&kernel.p, (enum rv_value_order)rv_selectors[p->sel].order, value);
}

static bool is_about(const struct rv_fact *fact, const struct rv_predicate *p)
{
	return fact->p.sel == p->sel && fact->p.param == p->param;
}

static bool allowed(const struct rv_facts *f, const struct rv_predicate *p, const uint8_t *value)
{
	for (size_t i = 0; i < f->n; i++)
		if (is_about(&f->list[i], p) && fits(&f->list[i].p, value) != f->list[i].is)
			return false;
	return true;
}

static void fill(const struct rv_facts *f, const struct rv_predicate *p, struct values *v)
{
	static const uint8_t zero[16];

	v->sel = p->sel;
	v->all = true;
	for (unsigned int i = 0; i < sizeof(domains) / sizeof(*domains); i++)
		if (domains[i].sel == p->sel) {
			domains[i].values(f, v);
			return;
		}
	v->none = true;
	add_around(v, zero);
	add_ends(v, p);
	for (size_t i = 0; i < f->n; i++)
		if (is_about(&f->list[i], p))
			add_ends(v, &f->list[i].p);
}

static enum rv_answer follow(const struct rv_facts *f, const struct rv_predicate *p)
{
	struct values *v = calloc(1, sizeof(*v));
	bool can[2] = { false, false };
	enum rv_answer answer = RV_ANSWER_OPEN;

	if (!v)
		return RV_ANSWER_OPEN;
	fill(f, p, v);
	if (v->none && allowed(f, p, NULL))
		can[false] = true;
	for (unsigned int i = 0; i < v->n && !(can[0] && can[1]); i++)
		if (allowed(f, p, v->at[i]))
			can[fits(p, v->at[i])] = true;
	if (v->all && can[0] != can[1])
		answer = can[1] ? RV_ANSWER_YES : RV_ANSWER_NO;
	free(v);
	return answer;
}

/* Whether no string can start with both. */
static bool texts_differ(const struct rv_predicate *a, const struct rv_predicate *b)
{
	const size_t len = strlen(a->text), other = strlen(b->text);

	return memcmp(a->text, b->text, len < other ? len : other) != 0;
}

/* Answered by the same question, or by another helper if there is one. */
static enum rv_answer compare_facts(const struct rv_facts *f, const struct rv_predicate *p)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct rv_fact *fact = &f->list[i];

		if (!is_about(fact, p))
			continue;
		if (rv_predicate_equal(&fact->p, p))
			return fact->is ? RV_ANSWER_YES : RV_ANSWER_NO;
		if (p->sel == RV_SEL_CT_HELPER && fact->is && p->text && fact->p.text &&
		    texts_differ(p, &fact->p))
			return RV_ANSWER_NO;
	}
	return RV_ANSWER_OPEN;
}

/* The normalised predicate without negation. True: p is its negation. */
static bool plain(const struct rv_predicate *p, struct rv_predicate *same)
{
	bool turned;

	*same = *p;
	same->negate = false;
	rv_predicate_normalise(same);
	turned = same->negate != p->negate;
	same->negate = false;
	return turned;
}

enum rv_answer rv_facts_ask(const struct rv_facts *f, const struct rv_predicate *p)
{
	const struct rv_marked *m = marked_of(f, p->sel);
	struct rv_predicate same;
	bool turned = plain(p, &same);
	enum rv_answer answer;

	if (m) {
		answer = ask_marked(m, p);
		turned = p->negate;
	} else {
		answer = compare_facts(f, &same);
		if (answer == RV_ANSWER_OPEN && !has_many(p->sel))
			answer = follow(f, &same);
	}
	if (answer == RV_ANSWER_OPEN || !turned)
		return answer;
	return answer == RV_ANSWER_YES ? RV_ANSWER_NO : RV_ANSWER_YES;
}

static bool grow_facts(struct rv_facts *f)
{
	size_t room = f->room ? 2 * f->room : 16;
	struct rv_fact *list;

	if (f->n < f->room)
		return true;
	list = reallocarray(f->list, room, sizeof(*list));
	if (!list) {
		f->failed = true;
		return false;
	}
	f->list = list;
	f->room = room;
	return true;
}

void rv_facts_learn(struct rv_facts *f, const struct rv_predicate *p, bool is)
{
	struct rv_marked *m = marked_of(f, p->sel);
	struct rv_predicate same;

	if (m) {
		learn_marked(m, p, is != p->negate);
		return;
	}
	is = is != plain(p, &same);
	if (grow_facts(f))
		f->list[f->n++] = (struct rv_fact){ same, is };
}

void rv_facts_drop(struct rv_facts *f, enum rv_sel sel)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].p.sel != sel)
			f->list[n++] = f->list[i];
	f->n = n;
}
