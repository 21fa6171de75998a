/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

const struct rv_selector rv_selectors[RV_SEL_COUNT] = {
#define RV_SELECTOR(id, text, length, byte_order, fam, proto, what, ...)				\
	[RV_SEL_##id] = {									\
		.name = (text), .len = (length), .order = RV_ORDER_##byte_order,		\
		.family = NFPROTO_##fam, .protocol = (proto), .class = (what),			\
	},
#include <ravelin/selectors.def>
};

bool rv_protocol_has_ports(uint16_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ||
	       protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP;
}

void rv_selector_put(enum rv_sel sel, uint64_t n, uint8_t *bytes)
{
	unsigned int len = rv_selectors[sel].len;

	if (rv_selectors[sel].order == RV_ORDER_H) {
		rv_set_uint(bytes, len, n);
		return;
	}
	for (unsigned int i = 0; i < len; i++)
		bytes[i] = n >> 8 * (len - 1 - i);
}

uint64_t rv_selector_get(enum rv_sel sel, const uint8_t *bytes)
{
	unsigned int len = rv_selectors[sel].len;
	uint64_t n = 0;

	if (rv_selectors[sel].order == RV_ORDER_H)
		return rv_get_uint(bytes, len);
	for (unsigned int i = 0; i < len; i++)
		n = n << 8 | bytes[i];
	return n;
}

/* ---- normal forms ------------------------------------------------------------------- */

static bool all_are(const uint8_t *bytes, unsigned int len, uint8_t what)
{
	while (len--)
		if (*bytes++ != what)
			return false;
	return true;
}

/* Zeroes fields the operator does not use. */
static void clear_rest(struct rv_predicate *p)
{
	unsigned int len = p->len <= sizeof(p->value) ? p->len : sizeof(p->value);
	bool list = p->op == RV_OP_IN || p->op == RV_OP_CHUNKS, two = p->op == RV_OP_MASK || p->op == RV_OP_RANGE;

	memset(p->value + (list ? 0 : len), 0, sizeof(p->value) - (list ? 0 : len));
	memset(p->other + (two ? len : 0), 0, sizeof(p->other) - (two ? len : 0));
	if (!list)
		p->count = 0;
	memset(&p->list[p->count], 0, (RV_PREDICATE_LIST - p->count) * sizeof(*p->list));
}

static int by_start(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(((struct rv_interval *)a)->from));
}

/* Sorts intervals in network order, and merges overlapping and adjacent ones. */
static void sort_list(struct rv_predicate *p)
{
	unsigned int n = 0;

	if (rv_selectors[p->sel].order != RV_ORDER_N || rv_selectors[p->sel].len > 8)
		return;
	qsort(p->list, p->count, sizeof(*p->list), by_start);
	for (unsigned int i = 1; i < p->count; i++) {
		uint64_t end = rv_selector_get(p->sel, p->list[n].to);
		uint64_t from = rv_selector_get(p->sel, p->list[i].from);

		if (end < from && from - end > 1)
			p->list[++n] = p->list[i];
		else if (rv_selector_get(p->sel, p->list[i].to) > end)
			memcpy(p->list[n].to, p->list[i].to, sizeof(p->list[n].to));
	}
	p->count = p->count ? n + 1 : 0;
}

static void normalise_list(struct rv_predicate *p)
{
	sort_list(p);
	if (p->count != 1)
		return;
	memcpy(p->value, p->list[0].from, sizeof(p->value));
	memcpy(p->other, p->list[0].to, sizeof(p->other));
	p->op = RV_OP_RANGE;
}

/* Converts tests for one bit set, or all bits clear, to RV_OP_ANY. */
static void normalise_mask(struct rv_predicate *p)
{
	unsigned int bits = 0;

	if (all_are(p->other, p->len, 0xff)) {
		p->op = RV_OP_EQ;
		return;
	}
	for (unsigned int i = 0; i < p->len; i++)
		bits += __builtin_popcount(p->other[i]);
	if (all_are(p->value, p->len, 0))
		p->negate = !p->negate;
	else if (bits != 1 || memcmp(p->value, p->other, p->len) != 0)
		return;
	p->op = RV_OP_ANY;
	memcpy(p->value, p->other, sizeof(p->value));
}

/* Converts a negated range that starts at the minimum or ends at the maximum to its complement. */
static void normalise_range(struct rv_predicate *p)
{
	unsigned int len = rv_selectors[p->sel].len;
	uint64_t most = len >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * len) - 1, from, to;

	if (len > 8 || !p->negate || rv_selectors[p->sel].order == RV_ORDER_S)
		return;
	from = rv_selector_get(p->sel, p->value);
	to = rv_selector_get(p->sel, p->other);
	if ((from && to != most) || (!from && to == most) || from > to)
		return;
	rv_selector_put(p->sel, from ? 0 : to + 1, p->value);
	rv_selector_put(p->sel, from ? from - 1 : most, p->other);
	p->negate = false;
}

void rv_predicate_normalise(struct rv_predicate *p)
{
	if (rv_selectors[p->sel].order == RV_ORDER_T)
		return;
	if (p->op == RV_OP_IN)
		normalise_list(p);
	if (p->op == RV_OP_RANGE)
		normalise_range(p);
	if (p->op == RV_OP_RANGE && !memcmp(p->value, p->other, p->len))
		p->op = RV_OP_EQ;
	if (p->op == RV_OP_MASK)
		normalise_mask(p);
	/* "Not any of all bits" means equal to 0. */
	if (p->op == RV_OP_ANY && all_are(p->value, p->len, 0xff)) {
		p->op = RV_OP_EQ;
		p->negate = !p->negate;
		memset(p->value, 0, sizeof(p->value));
	}
	if (p->op == RV_OP_PREFIX && p->len == rv_selectors[p->sel].len)
		p->op = RV_OP_EQ;
	clear_rest(p);
}

static bool same_text(const struct rv_predicate *a, const struct rv_predicate *b)
{
	if (!a->text || !b->text)
		return a->text == b->text;
	return a->len ? !memcmp(a->text, b->text, a->len) : !strcmp(a->text, b->text);
}

bool rv_predicate_equal(const struct rv_predicate *a, const struct rv_predicate *b)
{
	return a->sel == b->sel && a->op == b->op && a->negate == b->negate && a->len == b->len &&
	       a->param == b->param && same_text(a, b) && a->count == b->count &&
	       !memcmp(a->value, b->value, sizeof(a->value)) &&
	       !memcmp(a->other, b->other, sizeof(a->other)) &&
	       !memcmp(a->list, b->list, a->count * sizeof(*a->list));
}

/* ---- effects of parts ------------------------------------------------------------------- */

bool rv_ext_writes(const struct rv_ext *ext, enum rv_sel sel)
{
	if (ext->effect == RV_EFFECT_PURE || ext->effect == RV_EFFECT_STATE)
		return false;
	for (const uint16_t *w = ext->writes; w && *w; w++)
		if (*w == sel || (*w == RV_WRITES_CONNECTION && rv_selectors[sel].class & RV_STATEFUL))
			return true;
	return !ext->writes;
}
