/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields that nft loads, as selectors: by the places of sources.h, and what its numbers are there.
 * What is no predicate to iptables is said in its words.
 */
#include <ctype.h>
#include <stdlib.h>

#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>

#include "formats/text.h"
#include "foreign.h"
#include "backend/nft/wire/sources.h"

#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6

/* A selector and where it was loaded from. */
struct field {
	enum rv_sel sel;
	struct rv_nft_source from;
};

static int not_understood(struct rv_nft_foreign *f, const struct rv_nft_reg *h)
{
	const struct rv_nft_expr *e = &h->load;

	if (e->kind == RV_NFT_PAYLOAD)
		return rv_nft_foreign_unsupported(f, "expression `payload' of %u bytes at header %u + %u, "
					     "as it is compared, is not understood", e->len, e->base,
					     e->offset);
	return rv_nft_foreign_unsupported(f, "expression `%s' key %u, as it is compared, is not understood",
				     rv_nft_expr_name(e->kind),
				     e->kind == RV_NFT_EXTHDR ? e->header : e->key);
}

/* ---- predicates ------------------------------------------------------------------------ */

static int add(struct rv_nft_foreign *f, struct rv_predicate *p)
{
	struct rv_nft_meaning *m = f->m;
	size_t room = m->room ? 2 * m->room : 8;
	struct rv_predicate *list = m->list;

	if (!p->len)
		p->len = p->op == RV_OP_PREFIX ? 0 : rv_selectors[p->sel].len;
	rv_predicate_normalise(p);
	for (size_t i = 0; i < m->count; i++)
		if (rv_predicate_equal(&m->list[i], p))
			return 0;
	if (m->count == m->room) {
		list = realloc(list, room * sizeof(*list));
		if (!list)
			return rv_fail_memory(f->base.err);
		m->list = list;
		m->room = room;
	}
	list[m->count++] = *p;
	return 0;
}

uint8_t rv_nft_protocol(const struct rv_nft_foreign *f)
{
	for (size_t i = 0; i < f->m->count; i++) {
		const struct rv_predicate *p = &f->m->list[i];

		if (p->sel == RV_SEL_L4PROTO && p->op == RV_OP_EQ && !p->negate)
			return p->value[0];
	}
	return 0;
}

/* ---- rows ------------------------------------------------------------------------------- */

/* Whether the bytes are as many, or fewer leading ones of an address. */
static bool same_length(const struct rv_nft_reg *h, const struct rv_nft_source *source)
{
	return !source->len || h->len == source->len ||
	       (source->conversion == BYTES && h->len < source->len);
}

/* What lies behind the network header is what its protocol says. */
static bool same_protocol(const struct rv_nft_foreign *f, const struct rv_nft_source *source, enum rv_sel sel)
{
	uint8_t protocol = rv_nft_protocol(f);

	if (source->kind != RV_NFT_PAYLOAD || !rv_selectors[sel].protocol)
		return true;
	return rv_selectors[sel].protocol == RV_PROTO_PORTS ? rv_protocol_has_ports(protocol)
							    : rv_selectors[sel].protocol == protocol;
}

static uint64_t big_endian(const uint8_t *bytes, uint32_t len)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < len; i++)
		n = n << 8 | bytes[i];
	return n;
}

/* Fields of packets are in network order, and ports of connections; the rest as byteorder left it. */
static uint64_t number(const struct rv_nft_reg *h, const uint8_t *bytes)
{
	bool port = h->load.kind == RV_NFT_CT &&
		    (h->load.key == NFT_CT_PROTO_SRC || h->load.key == NFT_CT_PROTO_DST);

	/* nft takes random numbers for such in network order. */
	if (h->load.kind == RV_NFT_META && h->load.key == NFT_META_PRANDOM)
		return big_endian(bytes, h->len);
	if (h->load.kind == RV_NFT_PAYLOAD || h->load.kind == RV_NFT_EXTHDR || port || h->swapped)
		return big_endian(bytes, h->len);
	return rv_get_uint(bytes, h->len);
}

/* The kernel compares sizes byte by byte: of a number that is not in network order that says nothing. */
static bool has_order(const struct rv_nft_reg *h)
{
	return h->len == 1 || h->swapped || h->load.kind == RV_NFT_PAYLOAD ||
	       h->load.kind == RV_NFT_EXTHDR ||
	       (h->load.kind == RV_NFT_CT && (h->load.key == NFT_CT_PROTO_SRC ||
					      h->load.key == NFT_CT_PROTO_DST)) ||
	       (h->load.kind == RV_NFT_META && h->load.key == NFT_META_PRANDOM);
}

static bool has_ranges(const struct rv_nft_test *t)
{
	for (size_t i = 0; t->set && i < t->set->count; i++)
		if (memcmp(t->set->range[i].from, t->set->range[i].to, t->set->len))
			return true;
	return t->range;
}

static bool has_bits(const struct rv_nft_reg *h, const struct rv_nft_source *source)
{
	uint64_t mask = h->masked ? number(h, h->mask) : UINT64_MAX;

	return !source->bits || !(mask & ~(uint64_t)source->bits);
}

/* A shifted field is a number from 0 on; of a BIT it is known what that is. */
static bool is_in_place(const struct rv_nft_reg *h, const struct rv_nft_source *source)
{
	return !h->shift || (source->conversion == BIT && (source->bits & -source->bits) == 1U << h->shift);
}

/* Whether that is what is held. */
static bool is_source(const struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		      const struct rv_nft_source *source, enum rv_sel sel)
{
	return rv_nft_source_fits(source, sel, f->base.family) && rv_nft_source_is(source, &h->load) &&
	       same_length(h, source) && same_protocol(f, source, sel) &&
	       (source->conversion == BYTES || has_bits(h, source)) && is_in_place(h, source);
}

static bool find_field(struct rv_nft_foreign *f, const struct rv_nft_reg *h, struct field *field)
{
	for (enum rv_sel sel = RV_SEL_NONE + 1; sel < RV_SEL_COUNT; sel++)
		for (const struct rv_nft_source *s = rv_nft_sources[sel]; s->kind != RV_NFT_KINDS; s++)
			if (is_source(f, h, s, sel)) {
				*field = (struct field){ sel, *s };
				return true;
			}
	return false;
}

enum rv_sel rv_nft_field(struct rv_nft_foreign *f, const struct rv_nft_reg *h)
{
	struct field field;

	return h->load.kind == RV_NFT_PAYLOAD && find_field(f, h, &field) ? field.sel : RV_SEL_NONE;
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* Of an address in the header, which is always there: without bits any value is the one. */
static bool tests_nothing(const struct rv_nft_reg *h, const struct rv_nft_test *t)
{
	for (uint32_t i = 0; i < h->len; i++)
		if (h->mask[i] || (i < t->len && t->from[i]))
			return false;
	return h->masked && h->load.kind == RV_NFT_PAYLOAD && !t->range && !t->negate;
}

static int test_address(struct rv_nft_foreign *f, const struct field *row,
			const struct rv_nft_reg *h, const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = row->sel, .op = RV_OP_EQ, .negate = t->negate };

	if (t->set || t->len > h->len || (h->masked && t->range))
		return not_understood(f, h);
	for (uint32_t i = 0; i < h->len; i++)
		if (h->masked && h->xor[i])
			return not_understood(f, h);
	memcpy(p.value, t->from, t->len);
	if (tests_nothing(h, t))
		return 0;
	if (t->range) {
		p.op = RV_OP_RANGE;
		/* Of the leading bytes: whatever follows. */
		memset(p.other, 0xff, rv_selectors[row->sel].len);
		memcpy(p.other, t->to, t->len);
	} else if (h->masked || t->len < rv_selectors[row->sel].len) {
		p.op = RV_OP_MASK;
		memset(p.other, 0xff, t->len);
		if (h->masked)
			memcpy(p.other, h->mask, t->len);
	}
	/* A connection's address of IPv4 stands in a field for one of IPv6. */
	if (!h->masked && t->len == h->len && h->load.kind == RV_NFT_CT && !t->range) {
		p.op = RV_OP_EQ;
		memset(p.other, 0, sizeof(p.other));
	}
	return add(f, &p);
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* Bits of nft's states as iptables has them. */
static bool state_bits(uint64_t n, uint64_t *bits)
{
	const uint64_t same = XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_BIT(IP_CT_NEW) |
			      XT_CONNTRACK_STATE_BIT(IP_CT_RELATED) |
			      XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED);
	const uint64_t untracked = 1 << 6;

	*bits = (n & same) | (n & untracked ? XT_CONNTRACK_STATE_UNTRACKED : 0);
	return !(n & ~(same | untracked));
}

/* What is NATed is a state to iptables, and a status to nft. */
static bool nat_bits(uint64_t n, uint64_t *bits)
{
	*bits = (n & IPS_SRC_NAT ? XT_CONNTRACK_STATE_SNAT : 0) |
		(n & IPS_DST_NAT ? XT_CONNTRACK_STATE_DNAT : 0);
	return n && !(n & ~(uint64_t)(IPS_SRC_NAT | IPS_DST_NAT));
}

/* Whether the field can be that: bits beside its own are never set in what is compared. */
static bool can_be(const struct field *row, uint64_t n)
{
	return !row->from.bits || !(n & ~(uint64_t)row->from.bits);
}

/* The largest that the field can be of what is not above n. */
static uint64_t at_most(const struct field *row, uint64_t n)
{
	if (!row->from.bits)
		return n;
	return n > row->from.bits ? row->from.bits : n & row->from.bits;
}

/* Puts a number of the field into the selector's bytes; false: it cannot be one. */
static bool convert(const struct field *row, uint64_t n, uint8_t *bytes)
{
	unsigned int len = rv_selectors[row->sel].len;
	uint64_t most = len >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * len) - 1;

	if (!can_be(row, n))
		return false;
	if (row->from.bits)
		n /= row->from.bits & -row->from.bits;
	if (row->from.conversion == BIT)
		n = n < 63 ? UINT64_C(1) << n : UINT64_MAX;
	if (row->from.conversion == UNITS)
		n = 8 * n + 8;
	if (row->from.conversion == SECONDS) {
		if (n % 1000)
			return false;
		n /= 1000;
	}
	if (row->from.conversion == STATES && !state_bits(n, &n))
		return false;
	if (n > most)
		return false;
	rv_selector_put(row->sel, n, bytes);
	return true;
}

/* Bits of several numbers: all from the first to the last. */
static bool convert_bits(const struct field *row, const struct rv_nft_reg *h, uint64_t from,
			 uint64_t to, uint64_t *bits)
{
	if (row->from.bits && !h->shift) {
		if (!can_be(row, from) || from > to)
			return false;
		from /= row->from.bits & -row->from.bits;
		to = at_most(row, to) / (row->from.bits & -row->from.bits);
	}
	if (from > to || to > 15)
		return false;
	for (uint64_t n = from; n <= to; n++)
		*bits |= UINT64_C(1) << n;
	return true;
}

static int test_bit(struct rv_nft_foreign *f, const struct field *row, const struct rv_nft_reg *h,
		    const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = row->sel, .op = RV_OP_ANY, .negate = t->negate };
	uint64_t bits = 0;
	/* All of the field, as it is. */
	bool ok = h->masked && number(h, h->mask) == row->from.bits && !number(h, h->xor);

	if (t->set)
		for (size_t i = 0; i < t->set->count; i++)
			ok &= convert_bits(row, h, number(h, t->set->range[i].from),
					   number(h, t->set->range[i].to), &bits);
	else
		ok &= convert_bits(row, h, number(h, t->from), number(h, t->range ? t->to : t->from),
				   &bits);
	if (!ok || bits > UINT16_MAX)
		return not_understood(f, h);
	rv_selector_put(row->sel, bits, p.value);
	return add(f, &p);
}

static int test_list(struct rv_nft_foreign *f, const struct field *row, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = row->sel, .op = RV_OP_IN, .negate = t->negate };

	if (t->set->count > RV_PREDICATE_LIST || t->set->len != h->len || h->masked || t->second)
		return not_understood(f, h);
	for (size_t i = 0; i < t->set->count; i++)
		if (!convert(row, number(h, t->set->range[i].from), p.list[i].from) ||
		    !convert(row, number(h, t->set->range[i].to), p.list[i].to))
			return not_understood(f, h);
	p.count = t->set->count;
	return add(f, &p);
}

/*
 * nft's "is not" is false where the field is missing; that of iptables is true. Seconds are cut
 * off to whole ones by iptables, nft has milliseconds.
 */
static bool wants_field(enum rv_sel sel)
{
	return sel == RV_SEL_UID || sel == RV_SEL_GID || sel == RV_SEL_TCP_MSS;
}

/* "(x & mask) ^ xor == n" is "x & mask == n ^ xor". */
static int test_number(struct rv_nft_foreign *f, const struct field *row,
		       const struct rv_nft_reg *h, const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = row->sel, .op = t->range ? RV_OP_RANGE : RV_OP_EQ,
				  .negate = t->negate };
	uint64_t mask = h->masked ? number(h, h->mask) : UINT64_MAX, bits;
	uint64_t n;

	if (has_ranges(t) && !has_order(h))
		return not_understood(f, h);
	f->m->loose |= row->from.conversion == SECONDS || (t->negate && wants_field(row->sel));
	if (row->from.conversion == BIT)
		return test_bit(f, row, h, t);
	if (t->set)
		return row->from.conversion == SOME ? not_understood(f, h) : test_list(f, row, h, t);
	n = number(h, t->from) ^ (h->masked ? number(h, h->xor) : 0);
	if (t->len != h->len || (h->masked && t->range && mask != row->from.bits))
		return not_understood(f, h);
	if (row->from.conversion == STATUSES && h->masked && !n && nat_bits(mask, &bits)) {
		p.sel = RV_SEL_CT_STATE;
		p.op = RV_OP_ANY;
		p.negate = !p.negate;
		rv_selector_put(p.sel, bits, p.value);
		return add(f, &p);
	}
	if (row->from.conversion == SOME) {
		p.negate ^= n == 1;
		return t->range || h->masked || n > 1 ? not_understood(f, h) : add(f, &p);
	}
	if (!convert(row, n, p.value) || (t->range && !convert(row, at_most(row, number(h, t->to)), p.other)))
		return not_understood(f, h);
	if (!h->masked || (row->from.bits && mask == row->from.bits))
		return add(f, &p);
	p.op = RV_OP_MASK;
	return convert(row, mask, p.other) ? add(f, &p) : not_understood(f, h);
}

/* ---- names ---------------------------------------------------------------------------------- */

/* With its NUL a name is whole, without one it is the beginning of one. */
static int test_name(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	struct rv_predicate p = { .op = RV_OP_EQ, .negate = t->negate };
	size_t len = strnlen((const char *)t->from, t->len);

	p.sel = h->load.key == NFT_META_IIFNAME ? RV_SEL_IIFNAME : RV_SEL_OIFNAME;
	if (t->set || t->range || h->masked || !len || len >= IFNAMSIZ)
		return not_understood(f, h);
	memcpy(p.value, t->from, len);
	if (len < t->len) {
		/* The name that no interface has is how nft is told "none". */
		if (!strcmp((char *)p.value, "INVAL/D") && !p.negate)
			p = (struct rv_predicate){ .sel = p.sel, .op = RV_OP_PREFIX, .negate = true };
		else if (p.value[len - 1] == '+')
			return not_understood(f, h);
		return add(f, &p);
	}
	p.op = RV_OP_PREFIX;
	p.len = len;
	return add(f, &p);
}

/* nft looks an interface up when the rule is written; it goes by the name it has now. */
static int test_index(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		      const struct rv_nft_test *t)
{
	struct rv_predicate p = { .op = RV_OP_EQ, .negate = t->negate };
	uint32_t index;

	if (t->set || t->range || h->masked || t->len != sizeof(index))
		return not_understood(f, h);
	memcpy(&index, t->from, sizeof(index));
	if (!if_indextoname(index, (char *)p.value) || p.value[strlen((char *)p.value) - 1] == '+')
		return not_understood(f, h);
	p.sel = h->load.key == NFT_META_IIF ? RV_SEL_IIFNAME : RV_SEL_OIFNAME;
	return add(f, &p);
}

/* ---- headers --------------------------------------------------------------------------------- */

static bool is_yes_or_no(const struct rv_nft_test *t, bool *yes)
{
	*yes = (t->from[0] != 0) != t->negate;
	return !t->set && !t->range && t->len == 1 && t->from[0] <= 1;
}

/* A header or TCP option that is there. */
static int test_presence(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
			 const struct rv_nft_test *t)
{
	static const struct { uint8_t header; enum rv_sel sel; const char *match; } headers[] = {
		{ IPPROTO_FRAGMENT, RV_SEL_FRAG, NULL }, { IPPROTO_HOPOPTS, RV_SEL_HBH, NULL },
		{ IPPROTO_DSTOPTS, RV_SEL_DST, NULL }, { IPPROTO_ROUTING, RV_SEL_NONE, "rt" },
		{ IPPROTO_MH, RV_SEL_NONE, "mh" },
	};
	struct rv_predicate p = { .op = RV_OP_EQ };
	bool yes;

	if (!is_yes_or_no(t, &yes) || h->load.offset)
		return not_understood(f, h);
	if (h->load.op == NFT_EXTHDR_OP_TCPOPT) {
		p.sel = RV_SEL_TCP_OPTION;
		p.value[0] = h->load.header;
		p.negate = !yes;
		return add(f, &p);
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		if (headers[i].header != h->load.header || h->load.op != NFT_EXTHDR_OP_IPV6)
			continue;
		if (headers[i].match && !yes)
			break;
		if (headers[i].match) {
			rv_nft_match(f, headers[i].match);
			return 0;
		}
		p.sel = headers[i].sel;
		p.value[0] = yes;
		return add(f, &p);
	}
	return not_understood(f, h);
}

static int test_header(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	static const struct field mss = { .sel = RV_SEL_TCP_MSS };
	const struct rv_nft_expr *e = &h->load;

	if (e->flags & NFT_EXTHDR_F_PRESENT)
		return test_presence(f, h, t);
	if (e->op == NFT_EXTHDR_OP_TCPOPT && e->header == 2 && e->offset == 2 && h->len == 2)
		return test_number(f, &mss, h, t);
	/* Both reserved fields of a fragment's header are one to iptables. */
	if (e->op == NFT_EXTHDR_OP_IPV6 && e->header == IPPROTO_FRAGMENT && e->offset == 3 &&
	    h->masked && h->mask[0] == 0x06 && !h->xor[0] && t->len == 1 && !t->from[0] &&
	    !t->set && !t->range && !t->negate) {
		f->reserved2 = true;
		return 0;
	}
	return 1;
}

/* ---- ICMP -------------------------------------------------------------------------------------- */

static enum rv_sel icmp_selector(const struct rv_nft_foreign *f)
{
	uint8_t protocol = rv_nft_protocol(f);

	if (f->base.family == V4)
		return protocol == IPPROTO_ICMP ? RV_SEL_ICMP_TYPE : RV_SEL_NONE;
	return protocol == IPPROTO_ICMPV6 ? RV_SEL_ICMP6_TYPE : RV_SEL_NONE;
}

/* The predicate of a type with all codes, which a code makes narrower unless something counts between. */
static struct rv_predicate *whole_type(struct rv_nft_foreign *f, enum rv_sel sel)
{
	const struct rv_nft_meaning *m = f->m;
	size_t first = m->ncounted ? m->counted[m->ncounted - 1].tests : 0;

	for (size_t i = m->count; i-- > first; ) {
		struct rv_predicate *p = &m->list[i];

		if (p->sel == sel && p->op == RV_OP_RANGE && !p->negate && !p->value[1] &&
		    p->other[1] == UINT8_MAX)
			return p;
	}
	return NULL;
}

static int test_icmp(struct rv_nft_foreign *f, enum rv_sel sel, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = sel, .op = RV_OP_RANGE, .negate = t->negate }, *whole;
	uint32_t offset = h->load.offset;

	if (h->masked || t->set || t->len != h->len || (offset == 0 && t->range) || h->len > 2)
		return not_understood(f, h);
	if (offset == 0) {
		p.value[0] = p.other[0] = t->from[0];
		p.value[1] = h->len == 2 ? t->from[1] : 0;
		p.other[1] = h->len == 2 ? t->from[1] : UINT8_MAX;
		return add(f, &p);
	}
	whole = whole_type(f, sel);
	if (!whole || t->negate || h->len != 1)
		return not_understood(f, h);
	whole->value[1] = t->from[0];
	whole->other[1] = t->range ? t->to[0] : t->from[0];
	rv_predicate_normalise(whole);
	return 0;
}

/* ---- what is no predicate ----------------------------------------------------------------------- */

static void invert(struct rv_nft_foreign *f, bool negate)
{
	if (negate)
		rv_nft_word(f, "!");
}

static int put_probability(struct rv_nft_foreign *f, bool not, double probability)
{
	rv_nft_match(f, "statistic");
	rv_nft_word(f, "--mode");
	rv_nft_word(f, "random");
	invert(f, not);
	rv_nft_word(f, "--probability");
	rv_nft_word(f, "%.11f", probability);
	return 0;
}

/* "meta random & 0x7fffffff < n"; less than 0 is never. */
static int test_random(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	const uint64_t certain = UINT64_C(1) << 31;
	uint64_t from, to;
	bool upper;

	if (!t->range || t->set || !h->masked || h->swapped || number(h, h->mask) != certain - 1)
		return not_understood(f, h);
	from = number(h, t->from);
	to = number(h, t->to);
	if (!from && to == UINT32_MAX)
		return put_probability(f, !t->negate, 0);
	upper = to == UINT32_MAX && from;
	if (!upper && from)
		return not_understood(f, h);
	return put_probability(f, upper != t->negate, (double)(upper ? from : to + 1) / certain);
}

static int test_counted(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
			const struct rv_nft_test *t)
{
	if (h->load.type != NFT_NG_INCREMENTAL || h->load.offset || t->range || t->set || h->masked)
		return not_understood(f, h);
	if (rv_nft_counting_match(f, "statistic"))
		return -1;
	rv_nft_word(f, "--mode");
	rv_nft_word(f, "nth");
	invert(f, t->negate);
	rv_nft_word(f, "--every");
	rv_nft_word(f, "%u", h->load.modulus);
	rv_nft_word(f, "--packet");
	rv_nft_word(f, "%llu", (unsigned long long)number(h, t->from));
	return 0;
}

static int test_helper(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	if (t->set || t->range || strnlen((const char *)t->from, t->len) == t->len)
		return not_understood(f, h);
	f->m->loose |= t->negate;
	rv_nft_match(f, "helper");
	invert(f, t->negate);
	rv_nft_word(f, "--helper");
	rv_nft_word(f, "%s", (const char *)t->from);
	return 0;
}

/* nft numbers labels from the lowest bit on, in words of the host. */
static int test_label(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		      const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = RV_SEL_CT_LABEL, .op = RV_OP_EQ };
	unsigned int bit = 0, bits = 0;
	bool zero = true, same = true;

	for (unsigned int i = 0; i < 128; i++) {
		if (h->mask[i / 8] >> i % 8 & 1) {
			bit = i;
			bits++;
		}
	}
	for (unsigned int i = 0; i < 16; i++) {
		zero &= !t->from[i];
		same &= t->from[i] == h->mask[i];
	}
	if (!h->masked || bits != 1 || t->set || t->range || t->len != 16 || (!zero && !same))
		return not_understood(f, h);
	p.negate = zero != t->negate;
	f->m->loose |= p.negate;
	rv_selector_put(p.sel, bit, p.value);
	return add(f, &p);
}

/* Types of addresses by number, as bits. */
static bool type_bits(const struct rv_nft_reg *h, const struct rv_nft_test *t, uint64_t *bits)
{
	static const struct field type = { RV_SEL_ADDRTYPE_SRC, { .conversion = BIT } };
	bool ok = !t->range && !h->masked;

	*bits = 0;
	if (!t->set)
		return ok && convert_bits(&type, h, number(h, t->from), number(h, t->from), bits);
	for (size_t i = 0; i < t->set->count; i++)
		ok &= convert_bits(&type, h, number(h, t->set->range[i].from),
				   number(h, t->set->range[i].to), bits);
	return ok;
}

static int test_type(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	bool source = h->load.flags & NFTA_FIB_F_SADDR;
	uint32_t device = h->load.flags & (NFTA_FIB_F_IIF | NFTA_FIB_F_OIF);
	struct rv_predicate p = { .op = RV_OP_ANY, .negate = t->negate };
	uint64_t bits;

	p.sel = source ? RV_SEL_ADDRTYPE_SRC : RV_SEL_ADDRTYPE_DST;
	if (source == !!(h->load.flags & NFTA_FIB_F_DADDR) || h->load.flags & NFTA_FIB_F_MARK ||
	    !type_bits(h, t, &bits))
		return not_understood(f, h);
	if (!device) {
		rv_selector_put(p.sel, bits, p.value);
		return add(f, &p);
	}
	/* Two sides with the same interface are one match. */
	if ((f->addrtype.flags && f->addrtype.flags != device) || f->addrtype.types[!source])
		if (rv_nft_pending(f))
			return -1;
	f->addrtype.flags = device;
	f->addrtype.types[!source] = bits;
	f->addrtype.negate[!source] = t->negate;
	return 0;
}

/* rpfilter: whether there is a way back. */
static int test_route(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		      const struct rv_nft_test *t)
{
	uint32_t flags = h->load.flags;

	if (!(flags & NFTA_FIB_F_SADDR) || flags & (NFTA_FIB_F_DADDR | NFTA_FIB_F_OIF) || t->range ||
	    t->set || h->masked || number(h, t->from))
		return not_understood(f, h);
	rv_nft_match(f, "rpfilter");
	if (!(flags & NFTA_FIB_F_IIF))
		rv_nft_word(f, "--loose");
	if (flags & NFTA_FIB_F_MARK)
		rv_nft_word(f, "--validmark");
	if (!t->negate)
		rv_nft_word(f, "--invert");
	return 0;
}

static int test_fib(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		    const struct rv_nft_test *t)
{
	if (h->load.key == NFT_FIB_RESULT_ADDRTYPE)
		return test_type(f, h, t);
	return h->load.key == NFT_FIB_RESULT_OIF ? test_route(f, h, t) : not_understood(f, h);
}

static int test_socket(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	bool first = !f->sk.seen;

	if (t->set || h->masked || t->negate || t->len != 1)
		return not_understood(f, h);
	f->sk.seen = true;
	if (h->load.key == NFT_SOCKET_TRANSPARENT && !t->range && t->from[0] == 1 &&
	    !f->sk.transparent) {
		f->sk.transparent = true;
		f->sk.any |= first;
		return 0;
	}
	if (h->load.key != NFT_SOCKET_WILDCARD || !first || t->from[0])
		return not_understood(f, h);
	if (!t->range)
		return 0;
	f->sk.any = true;
	return t->to[0] >= 1 ? 0 : not_understood(f, h);
}

/* A test that iptables makes as well, or that goes with one. */
static int test_device_type(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
			    const struct rv_nft_test *t)
{
	const uint64_t ethernet = 1;	/* ARPHRD_ETHER */

	if (t->set || t->range || t->negate || h->masked || number(h, t->from) != ethernet)
		return not_understood(f, h);
	f->is_ether = true;
	return 0;
}

static int test_ethernet(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
			 const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = RV_SEL_ETHER_SADDR, .op = RV_OP_EQ, .negate = t->negate };

	if (h->load.offset != 6 || h->len != 6 || t->len != 6 || t->set || t->range || h->masked ||
	    !f->is_ether)
		return not_understood(f, h);
	f->is_ether = false;
	memcpy(p.value, t->from, 6);
	return add(f, &p);
}

/* ---- both ports ------------------------------------------------------------------------------------ */

static bool is_port(const struct rv_nft_reg *h, uint32_t offset)
{
	return h->load.kind == RV_NFT_PAYLOAD && h->load.base == NFT_PAYLOAD_TRANSPORT_HEADER &&
	       h->load.offset == offset && h->len == 2 && !h->masked;
}

static bool is_all(const uint8_t *from, const uint8_t *to)
{
	return !from[0] && !from[1] && to[0] == 0xff && to[1] == 0xff;
}

/* Pairs of a port with any other, first one way round, then the other. */
static int test_either_port(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
			    const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = RV_SEL_TH_PORT, .op = RV_OP_IN, .negate = t->negate };
	struct rv_predicate other = p;

	if (!is_port(h, 0) || !is_port(t->second, 2) || t->set->count > 2 * RV_PREDICATE_LIST)
		return not_understood(f, h);
	for (size_t i = 0; i < t->set->count; i++) {
		const struct rv_nft_range *r = &t->set->range[i];
		bool source_any = is_all(r->from, r->to);
		struct rv_predicate *one = source_any ? &p : &other;
		const size_t at = source_any ? 4 : 0;

		if ((!source_any && !is_all(r->from + 4, r->to + 4)) ||
		    one->count == RV_PREDICATE_LIST)
			return not_understood(f, h);
		memcpy(one->list[one->count].from, r->from + at, 2);
		memcpy(one->list[one->count++].to, r->to + at, 2);
	}
	p.len = other.len = 2;
	rv_predicate_normalise(&p);
	rv_predicate_normalise(&other);
	return rv_predicate_equal(&p, &other) ? add(f, &p) : not_understood(f, h);
}

/* ---- several fields at once ------------------------------------------------------------------------- */

/* Fields side by side that are compared with one value each: nft loads them together. */
static int test_fields(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	uint32_t at = 0;

	if (t->negate || t->range || t->set || h->masked || t->len != h->len)
		return not_understood(f, h);
	while (at < h->len) {
		struct rv_nft_reg part = *h;
		struct rv_nft_test one = { 0 };
		struct field row;
		bool found = false;

		part.load.offset += at;
		for (part.len = h->len - at; part.len && !found; part.len -= !found)
			found = find_field(f, &part, &row);
		if (!found || (row.from.len && part.len < row.from.len) || part.len == h->len)
			return not_understood(f, h);
		one.len = part.len;
		memcpy(one.from, t->from + at, part.len);
		if (rv_nft_field_test(f, &part, &one))
			return -1;
		at += part.len;
	}
	return 0;
}

/* ---- all ---------------------------------------------------------------------------------------------- */

static int test_meta(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	switch (h->load.key) {
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
		return test_name(f, h, t);
	case NFT_META_IIF:
	case NFT_META_OIF:
		return test_index(f, h, t);
	case NFT_META_IIFTYPE:
		return test_device_type(f, h, t);
	case NFT_META_PRANDOM:
		return test_random(f, h, t);
	default:
		return 1;
	}
}

/* What no row says. Returns 1 when it is for a row. */
static int test_special(struct rv_nft_foreign *f, const struct rv_nft_reg *h,
			const struct rv_nft_test *t)
{
	enum rv_sel icmp = icmp_selector(f);
	const struct rv_nft_expr *e = &h->load;

	if (t->second)
		return test_either_port(f, h, t);
	switch (e->kind) {
	case RV_NFT_META:
		return test_meta(f, h, t);
	case RV_NFT_CT:
		return e->key == NFT_CT_HELPER ? test_helper(f, h, t) :
		       e->key == NFT_CT_LABELS ? test_label(f, h, t) : 1;
	case RV_NFT_EXTHDR:
		return test_header(f, h, t);
	case RV_NFT_FIB:
		return test_fib(f, h, t);
	case RV_NFT_SOCKET:
		return test_socket(f, h, t);
	case RV_NFT_NUMGEN:
		return test_counted(f, h, t);
	case RV_NFT_PAYLOAD:
		if (e->base == NFT_PAYLOAD_LL_HEADER)
			return test_ethernet(f, h, t);
		if (e->base == NFT_PAYLOAD_TRANSPORT_HEADER && e->offset < 2 && icmp)
			return test_icmp(f, icmp, h, t);
		return 1;
	default:
		return not_understood(f, h);
	}
}

int rv_nft_field_test(struct rv_nft_foreign *f, struct rv_nft_reg *h, const struct rv_nft_test *t)
{
	struct field row;
	int rc = test_special(f, h, t);

	if (rc <= 0)
		return rc;
	if (!find_field(f, h, &row))
		return h->load.kind == RV_NFT_PAYLOAD ? test_fields(f, h, t) : not_understood(f, h);
	if (row.sel == RV_SEL_FRAG_RESERVED) {
		if (!f->reserved2)
			return not_understood(f, h);
		f->reserved2 = false;
	}
	return row.from.conversion == BYTES ? test_address(f, &row, h, t) : test_number(f, &row, h, t);
}
