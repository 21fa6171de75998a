/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converts fields loaded by nft to selectors, using sources.h, and their values. Tests that are not
 * predicates become options.
 */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>

#include "reader.h"

#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6

/* A selector, and the row of sources.h that loads it. */
struct field {
	enum rv_sel sel;
	const struct rv_nft_source *from;
};

static const struct rv_nft_source whole = { .conversion = PLAIN }, one_bit = { .conversion = BIT };

/* Adds a predicate in the form that iptables writes. */
static int add_own(struct rv_nft_reader *r, const struct field *row, const struct rv_nft_reg *h,
		   const struct rv_nft_test *t, const struct rv_predicate *p)
{
	bool ours = row->from->owner && !t->foreign && t->len == h->len && !h->swapped;

	return rv_nft_say(r, p, h, ours ? row->from : NULL);
}

/* Adds a predicate that iptables writes in another form, or not at all. */
static int add(struct rv_nft_reader *r, const struct rv_nft_reg *h, const struct rv_predicate *p)
{
	return rv_nft_say(r, p, h, NULL);
}

/* ---- rows ------------------------------------------------------------------------------- */

/* Returns whether the length is that of the field, or a shorter prefix of an address. */
static bool same_length(const struct rv_nft_reg *h, const struct rv_nft_source *source)
{
	return !source->len || h->len == source->len ||
	       (source->conversion == BYTES && h->len < source->len);
}

/*
 * Returns whether the rule has tested the protocol that the field belongs to. It may be negated:
 * iptables accepts "! -p tcp --dport 80".
 */
static bool same_protocol(const struct rv_nft_reader *r, const struct rv_nft_source *source, enum rv_sel sel)
{
	uint16_t wanted = rv_selectors[sel].protocol;
	uint8_t protocol;

	if (source->kind != RV_NFT_PAYLOAD || !wanted)
		return true;
	protocol = rv_nft_protocol(r, source->owner == OWNER_PROTOCOL);
	return wanted == RV_PROTO_PORTS ? rv_protocol_has_ports(protocol) : wanted == protocol;
}

static uint64_t big_endian(const uint8_t *bytes, uint32_t len)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < len; i++)
		n = n << 8 | bytes[i];
	return n;
}

/*
 * Converts bytes to a number. Packet fields and conntrack ports are in network order, others in
 * host order unless expression byteorder has converted them.
 */
static uint64_t number(const struct rv_nft_reg *h, const uint8_t *bytes)
{
	bool port = h->load.kind == RV_NFT_CT &&
		    (h->load.key == NFT_CT_PROTO_SRC || h->load.key == NFT_CT_PROTO_DST);

	/* nft interprets random numbers in network order. */
	if (h->load.kind == RV_NFT_META && h->load.key == NFT_META_PRANDOM)
		return big_endian(bytes, h->len);
	if (h->load.kind == RV_NFT_PAYLOAD || h->load.kind == RV_NFT_EXTHDR || port || h->swapped)
		return big_endian(bytes, h->len);
	return rv_get_uint(bytes, h->len);
}

/* Returns whether < and > work: the kernel uses memcmp(), which orders only network byte order. */
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

/* Returns whether the field is not shifted, or shifted as the row says. */
static bool is_in_place(const struct rv_nft_reg *h, const struct rv_nft_source *source)
{
	return !h->shift || (source->conversion == BIT && (source->bits & -source->bits) == 1U << h->shift);
}

/* Returns whether the register contains this field. */
static bool is_source(const struct rv_nft_reader *r, const struct rv_nft_reg *h,
		      const struct rv_nft_source *source, enum rv_sel sel)
{
	return rv_nft_source_fits(source, sel, r->family) && rv_nft_source_is(source, &h->load) &&
	       same_length(h, source) && same_protocol(r, source, sel) &&
	       (source->conversion == BYTES || has_bits(h, source)) && is_in_place(h, source);
}

static bool find_field(struct rv_nft_reader *r, const struct rv_nft_reg *h, struct field *field)
{
	for (enum rv_sel sel = RV_SEL_NONE + 1; sel < RV_SEL_COUNT; sel++)
		for (const struct rv_nft_source *s = rv_nft_sources[sel]; s->kind != RV_NFT_KINDS; s++)
			if (is_source(r, h, s, sel)) {
				*field = (struct field){ sel, s };
				return true;
			}
	return false;
}

enum rv_sel rv_nft_field(struct rv_nft_reader *r, const struct rv_nft_reg *h)
{
	struct field field;

	return h->load.kind == RV_NFT_PAYLOAD && find_field(r, h, &field) ? field.sel : RV_SEL_NONE;
}

/* ---- addresses ----------------------------------------------------------------------------- */

static int test_address(struct rv_nft_reader *r, const struct field *row,
			const struct rv_nft_reg *h, const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = row->sel, .op = RV_OP_EQ, .negate = t->negate };

	if (t->set || t->len > h->len || (h->masked && t->range))
		return rv_nft_not_understood(r, &h->load);
	for (uint32_t i = 0; i < h->len; i++)
		if (h->masked && h->flip[i])
			return rv_nft_not_understood(r, &h->load);
	memcpy(p.value, t->from, t->len);
	if (t->range) {
		p.op = RV_OP_RANGE;
		/* Compares only the leading bytes. */
		memset(p.other, 0xff, rv_selectors[row->sel].len);
		memcpy(p.other, t->to, t->len);
	} else if (h->masked || t->len < rv_selectors[row->sel].len) {
		p.op = RV_OP_MASK;
		memset(p.other, 0xff, t->len);
		if (h->masked)
			memcpy(p.other, h->mask, t->len);
	}
	/* A connection's IPv4 address is stored in a field for IPv6 addresses. */
	if (!h->masked && t->len == h->len && h->load.kind == RV_NFT_CT && !t->range) {
		p.op = RV_OP_EQ;
		memset(p.other, 0, sizeof(p.other));
	}
	return add_own(r, row, h, t, &p);
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* Converts nft's conntrack states to the bits of iptables. */
static bool state_bits(uint64_t n, uint64_t *bits)
{
	const uint64_t same = XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_BIT(IP_CT_NEW) |
			      XT_CONNTRACK_STATE_BIT(IP_CT_RELATED) |
			      XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED);
	const uint64_t untracked = 1 << 6;

	*bits = (n & same) | (n & untracked ? XT_CONNTRACK_STATE_UNTRACKED : 0);
	return !(n & ~(same | untracked));
}

/* SNAT and DNAT are states in iptables, but status bits in nft. */
static bool nat_bits(uint64_t n, uint64_t *bits)
{
	*bits = (n & IPS_SRC_NAT ? XT_CONNTRACK_STATE_SNAT : 0) |
		(n & IPS_DST_NAT ? XT_CONNTRACK_STATE_DNAT : 0);
	return n && !(n & ~(uint64_t)(IPS_SRC_NAT | IPS_DST_NAT));
}

/* Returns whether the field can have this value: bits outside of it are always 0. */
static bool can_be(const struct field *row, uint64_t n)
{
	return !row->from->bits || !(n & ~(uint64_t)row->from->bits);
}

/* Returns the largest value of the field that is at most n. */
static uint64_t at_most(const struct field *row, uint64_t n)
{
	if (!row->from->bits)
		return n;
	return n > row->from->bits ? row->from->bits : n & row->from->bits;
}

/* Stores a value of the field in the selector's bytes. Returns false if it is out of range. */
static bool convert(const struct field *row, uint64_t n, uint8_t *bytes)
{
	unsigned int len = rv_selectors[row->sel].len;
	uint64_t most = len >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * len) - 1;

	if (!can_be(row, n))
		return false;
	if (row->from->bits)
		n /= row->from->bits & -row->from->bits;
	if (row->from->conversion == BIT)
		n = n < 63 ? UINT64_C(1) << n : UINT64_MAX;
	if (row->from->conversion == UNITS)
		n = 8 * n + 8;
	if (row->from->conversion == SECONDS) {
		if (n % 1000)
			return false;
		n /= 1000;
	}
	if (row->from->conversion == STATES && !state_bits(n, &n))
		return false;
	if (n > most)
		return false;
	rv_selector_put(row->sel, n, bytes);
	return true;
}

/* Sets *bits to the bits of all values from the first to the last. */
static bool convert_bits(const struct field *row, const struct rv_nft_reg *h, uint64_t from,
			 uint64_t to, uint64_t *bits)
{
	if (row->from->bits && !h->shift) {
		if (!can_be(row, from) || from > to)
			return false;
		from /= row->from->bits & -row->from->bits;
		to = at_most(row, to) / (row->from->bits & -row->from->bits);
	}
	if (from > to || to > 15)
		return false;
	for (uint64_t n = from; n <= to; n++)
		*bits |= UINT64_C(1) << n;
	return true;
}

static int test_bit(struct rv_nft_reader *r, const struct field *row, const struct rv_nft_reg *h,
		    const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = row->sel, .op = RV_OP_ANY, .negate = t->negate };
	uint64_t bits = 0;
	/* The field is compared as a whole, unchanged. */
	bool ok = h->masked && number(h, h->mask) == row->from->bits && !number(h, h->flip);

	if (t->set)
		for (size_t i = 0; i < t->set->count; i++)
			ok &= convert_bits(row, h, number(h, t->set->range[i].from),
					   number(h, t->set->range[i].to), &bits);
	else
		ok &= convert_bits(row, h, number(h, t->from), number(h, t->range ? t->to : t->from),
				   &bits);
	if (!ok || bits > UINT16_MAX)
		return rv_nft_not_understood(r, &h->load);
	rv_selector_put(row->sel, bits, p.value);
	return add(r, h, &p);
}

static int test_list(struct rv_nft_reader *r, const struct field *row, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = row->sel, .op = RV_OP_IN, .negate = t->negate };

	if (t->set->count > RV_PREDICATE_LIST || t->set->len != h->len || h->masked || t->second)
		return rv_nft_not_understood(r, &h->load);
	for (size_t i = 0; i < t->set->count; i++)
		if (!convert(row, number(h, t->set->range[i].from), p.list[i].from) ||
		    !convert(row, number(h, t->set->range[i].to), p.list[i].to))
			return rv_nft_not_understood(r, &h->load);
	p.count = t->set->count;
	return add(r, h, &p);
}

/*
 * Returns whether a missing field must be handled: nft's != is then false, but a negated option of
 * iptables matches. iptables truncates expiry times to seconds, nft has milliseconds.
 */
static bool wants_field(enum rv_sel sel)
{
	return sel == RV_SEL_UID || sel == RV_SEL_GID || sel == RV_SEL_TCP_MSS;
}

/* "(x & mask) ^ flip == n" is "x & mask == n ^ flip". */
static int test_number(struct rv_nft_reader *r, const struct field *row,
		       const struct rv_nft_reg *h, const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = row->sel, .op = t->range ? RV_OP_RANGE : RV_OP_EQ,
				  .negate = t->negate };
	uint64_t mask = h->masked ? number(h, h->mask) : UINT64_MAX, bits;
	uint64_t n;

	if (has_ranges(t) && !has_order(h))
		return rv_nft_not_understood(r, &h->load);
	r->m->loose |= row->from->conversion == SECONDS || (t->negate && wants_field(row->sel));
	if (row->from->conversion == BIT)
		return test_bit(r, row, h, t);
	if (t->set)
		return row->from->conversion == SOME ? rv_nft_not_understood(r, &h->load) : test_list(r, row, h, t);
	n = number(h, t->from) ^ (h->masked ? number(h, h->flip) : 0);
	if (t->len != h->len || (h->masked && t->range && mask != row->from->bits))
		return rv_nft_not_understood(r, &h->load);
	if (row->from->conversion == STATUSES && h->masked && !n && nat_bits(mask, &bits)) {
		p.sel = RV_SEL_CT_STATE;
		p.op = RV_OP_ANY;
		p.negate = !p.negate;
		rv_selector_put(p.sel, bits, p.value);
		return add(r, h, &p);
	}
	if (row->from->conversion == SOME) {
		p.negate ^= n == 1;
		return t->range || h->masked || n > 1 ? rv_nft_not_understood(r, &h->load) : add(r, h, &p);
	}
	if (!convert(row, n, p.value) || (t->range && !convert(row, at_most(row, number(h, t->to)), p.other)))
		return rv_nft_not_understood(r, &h->load);
	if (t->range && !memcmp(p.value, p.other, sizeof(p.value))) {
		p.op = RV_OP_EQ;
		memset(p.other, 0, sizeof(p.other));
	}
	if (!h->masked || (row->from->bits && mask == row->from->bits))
		return add_own(r, row, h, t, &p);
	p.op = RV_OP_MASK;
	return convert(row, mask, p.other) ? add_own(r, row, h, t, &p) : rv_nft_not_understood(r, &h->load);
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Tests an interface name. One that includes its NUL is complete, one without is a prefix. */
static int test_name(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	struct rv_predicate p = { .op = RV_OP_EQ, .negate = t->negate };
	size_t len = strnlen((const char *)t->from, t->len);
	struct field row;
	bool never;

	if (t->set || t->range || h->masked || !len || len >= IFNAMSIZ ||
	    !rv_nft_all_are(t->from + len, t->len - len, 0) || !find_field(r, h, &row))
		return rv_nft_not_understood(r, &h->load);
	memcpy(p.value, t->from, len);
	never = len < t->len && !strcmp((char *)p.value, (const char *)rv_nft_never_iface);
	p.sel = row.sel;
	if (len == t->len) {
		p.op = RV_OP_PREFIX;
		p.len = len;
	} else if (never && !p.negate) {
		p = (struct rv_predicate){ .sel = row.sel, .op = RV_OP_PREFIX, .negate = true };
	} else if (p.value[len - 1] == '+') {
		/* A complete name that ends with "+": as an option it would be a wildcard. */
		return rv_nft_not_understood(r, &h->load);
	}
	return rv_nft_say(r, &p, h, never && p.op == RV_OP_EQ ? NULL : row.from);
}

/* Tests an interface index, which nft determined when the rule was added; uses the current name. */
static int test_index(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		      const struct rv_nft_test *t)
{
	struct rv_predicate p = { .op = RV_OP_EQ, .negate = t->negate };
	uint32_t index;

	if (t->set || t->range || h->masked || t->len != sizeof(index))
		return rv_nft_not_understood(r, &h->load);
	memcpy(&index, t->from, sizeof(index));
	if (!if_indextoname(index, (char *)p.value) || p.value[strlen((char *)p.value) - 1] == '+')
		return rv_nft_not_understood(r, &h->load);
	p.sel = h->load.key == NFT_META_IIF ? RV_SEL_IIFNAME : RV_SEL_OIFNAME;
	return add(r, h, &p);
}

/* ---- headers --------------------------------------------------------------------------------- */

static bool is_yes_or_no(const struct rv_nft_test *t, bool *yes)
{
	*yes = (t->from[0] != 0) != t->negate;
	return !t->set && !t->range && t->len == 1 && t->from[0] <= 1;
}

/* Tests whether a header or TCP option is present. */
static int test_presence(struct rv_nft_reader *r, const struct rv_nft_reg *h,
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
		return rv_nft_not_understood(r, &h->load);
	if (h->load.op == NFT_EXTHDR_OP_TCPOPT) {
		p.sel = RV_SEL_TCP_OPTION;
		p.value[0] = h->load.header;
		p.negate = !yes;
		return add(r, h, &p);
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		if (headers[i].header != h->load.header || h->load.op != NFT_EXTHDR_OP_IPV6)
			continue;
		if (headers[i].match && !yes)
			break;
		if (headers[i].match) {
			rv_nft_match(r, headers[i].match);
			return 0;
		}
		p.sel = headers[i].sel;
		p.value[0] = yes;
		return add(r, h, &p);
	}
	return rv_nft_not_understood(r, &h->load);
}

static int test_header(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	static const struct field mss = { RV_SEL_TCP_MSS, &whole };
	const struct rv_nft_load *e = &h->load;

	if (e->flags & NFT_EXTHDR_F_PRESENT)
		return test_presence(r, h, t);
	if (e->op == NFT_EXTHDR_OP_TCPOPT && e->header == 2 && e->offset == 2 && h->len == 2)
		return test_number(r, &mss, h, t);
	/* iptables has one option for both reserved fields of a fragment header. */
	if (e->op == NFT_EXTHDR_OP_IPV6 && e->header == IPPROTO_FRAGMENT && e->offset == 3 &&
	    h->masked && h->mask[0] == 0x06 && !h->flip[0] && t->len == 1 && !t->from[0] &&
	    !t->set && !t->range && !t->negate) {
		r->reserved2 = true;
		return 0;
	}
	return 1;
}

/* ---- ICMP -------------------------------------------------------------------------------------- */

static enum rv_sel icmp_selector(const struct rv_nft_reader *r)
{
	uint8_t protocol = rv_nft_protocol(r, false);

	if (r->family == V4)
		return protocol == IPPROTO_ICMP ? RV_SEL_ICMP_TYPE : RV_SEL_NONE;
	return protocol == IPPROTO_ICMPV6 ? RV_SEL_ICMP6_TYPE : RV_SEL_NONE;
}

/*
 * Returns the predicate for an ICMP type with any code, if a test of the code may be added to it:
 * no counting match is in between.
 */
static struct rv_predicate *whole_type(struct rv_nft_reader *r, enum rv_sel sel)
{
	const struct rv_nft_meaning *m = r->m;
	size_t first = m->ncounted ? m->parts[m->counted[m->ncounted - 1].part].tests : 0;

	for (size_t i = m->count; i-- > first; ) {
		struct rv_predicate *p = &m->list[i].p;

		if (p->sel == sel && p->op == RV_OP_RANGE && !p->negate && !p->value[1] &&
		    p->other[1] == UINT8_MAX)
			return p;
	}
	return NULL;
}

static int test_icmp(struct rv_nft_reader *r, enum rv_sel sel, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = sel, .op = RV_OP_RANGE, .negate = t->negate }, *type;
	uint32_t offset = h->load.offset;

	if (h->masked || t->set || t->len != h->len || (offset == 0 && t->range) || h->len > 2)
		return rv_nft_not_understood(r, &h->load);
	if (offset == 0) {
		p.value[0] = p.other[0] = t->from[0];
		p.value[1] = h->len == 2 ? t->from[1] : 0;
		p.other[1] = h->len == 2 ? t->from[1] : UINT8_MAX;
		return add(r, h, &p);
	}
	type = whole_type(r, sel);
	if (!type || t->negate || h->len != 1)
		return rv_nft_not_understood(r, &h->load);
	type->value[1] = t->from[0];
	type->other[1] = t->range ? t->to[0] : t->from[0];
	return 0;
}

/* ---- tests that are not predicates ----------------------------------------------------------------------- */

static int put_probability(struct rv_nft_reader *r, bool negate, double probability)
{
	rv_nft_match(r, "statistic");
	rv_nft_set(r, "mode", "random");
	r->invert = negate;
	rv_nft_set(r, "probability", "%.11f", probability);
	return 0;
}

/* Converts "meta random & 0x7fffffff < n" to -m statistic. n = 0 never matches. */
static int test_random(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	const uint64_t certain = UINT64_C(1) << 31;
	uint64_t from, to;
	bool upper;

	if (!t->range || t->set || !h->masked || h->swapped || number(h, h->mask) != certain - 1)
		return rv_nft_not_understood(r, &h->load);
	from = number(h, t->from);
	to = number(h, t->to);
	if (!from && to == UINT32_MAX)
		return put_probability(r, !t->negate, 0);
	upper = to == UINT32_MAX && from;
	if (!upper && from)
		return rv_nft_not_understood(r, &h->load);
	return put_probability(r, upper != t->negate, (double)(upper ? from : to + 1) / certain);
}

static int test_counted(struct rv_nft_reader *r, const struct rv_nft_reg *h,
			const struct rv_nft_test *t)
{
	if (h->load.type != NFT_NG_INCREMENTAL || h->load.offset || t->range || t->set || h->masked)
		return rv_nft_not_understood(r, &h->load);
	if (r->count(r))
		return -1;
	rv_nft_match(r, "statistic");
	rv_nft_set(r, "mode", "nth");
	r->invert = t->negate;
	rv_nft_set(r, "every", "%u", h->load.modulus);
	rv_nft_set(r, "packet", "%llu", (unsigned long long)number(h, t->from));
	return 0;
}

static int test_helper(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	if (t->set || t->range || strnlen((const char *)t->from, t->len) == t->len)
		return rv_nft_not_understood(r, &h->load);
	r->m->loose |= t->negate;
	rv_nft_match(r, "helper");
	r->invert = t->negate;
	rv_nft_set(r, "helper", "%s", (const char *)t->from);
	return 0;
}

/* Tests a connection label. nft stores labels as bits, lowest first, in words of host order. */
static int test_label(struct rv_nft_reader *r, const struct rv_nft_reg *h,
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
		return rv_nft_not_understood(r, &h->load);
	p.negate = zero != t->negate;
	r->m->loose |= p.negate;
	rv_selector_put(p.sel, bit, p.value);
	return add(r, h, &p);
}

/* Converts address type numbers to bits. */
static bool type_bits(const struct rv_nft_reg *h, const struct rv_nft_test *t, uint64_t *bits)
{
	static const struct field type = { RV_SEL_ADDRTYPE_SRC, &one_bit };
	bool ok = !t->range && !h->masked;

	*bits = 0;
	if (!t->set)
		return ok && convert_bits(&type, h, number(h, t->from), number(h, t->from), bits);
	for (size_t i = 0; i < t->set->count; i++)
		ok &= convert_bits(&type, h, number(h, t->set->range[i].from),
				   number(h, t->set->range[i].to), bits);
	return ok;
}

static int test_type(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	bool source = h->load.flags & NFTA_FIB_F_SADDR;
	uint32_t device = h->load.flags & (NFTA_FIB_F_IIF | NFTA_FIB_F_OIF);
	struct rv_predicate p = { .op = RV_OP_ANY, .negate = t->negate };
	uint64_t bits;

	p.sel = source ? RV_SEL_ADDRTYPE_SRC : RV_SEL_ADDRTYPE_DST;
	if (source == !!(h->load.flags & NFTA_FIB_F_DADDR) || h->load.flags & NFTA_FIB_F_MARK ||
	    !type_bits(h, t, &bits))
		return rv_nft_not_understood(r, &h->load);
	if (!device) {
		rv_selector_put(p.sel, bits, p.value);
		return add(r, h, &p);
	}
	/* Tests of the source and destination with the same interface become one match. */
	if ((r->addrtype.flags && r->addrtype.flags != device) || r->addrtype.types[!source])
		if (rv_nft_pending(r))
			return -1;
	r->addrtype.flags = device;
	r->addrtype.types[!source] = bits;
	r->addrtype.negate[!source] = t->negate;
	return 0;
}

/* Converts "fib ... oif" to -m rpfilter: whether there is a route back. */
static int test_route(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		      const struct rv_nft_test *t)
{
	uint32_t flags = h->load.flags;

	if (!(flags & NFTA_FIB_F_SADDR) || flags & (NFTA_FIB_F_DADDR | NFTA_FIB_F_OIF) || t->range ||
	    t->set || h->masked || number(h, t->from))
		return rv_nft_not_understood(r, &h->load);
	rv_nft_match(r, "rpfilter");
	if (!(flags & NFTA_FIB_F_IIF))
		rv_nft_flag(r, "loose");
	if (flags & NFTA_FIB_F_MARK)
		rv_nft_flag(r, "validmark");
	if (!t->negate)
		rv_nft_flag(r, "invert");
	return 0;
}

static int test_fib(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		    const struct rv_nft_test *t)
{
	if (h->load.key == NFT_FIB_RESULT_ADDRTYPE)
		return test_type(r, h, t);
	return h->load.key == NFT_FIB_RESULT_OIF ? test_route(r, h, t) : rv_nft_not_understood(r, &h->load);
}

static int test_socket(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	bool first = !r->sk.seen;

	if (t->set || h->masked || t->negate || t->len != 1)
		return rv_nft_not_understood(r, &h->load);
	r->sk.seen = true;
	if (h->load.key == NFT_SOCKET_TRANSPARENT && !t->range && t->from[0] == 1 &&
	    !r->sk.transparent) {
		r->sk.transparent = true;
		r->sk.any |= first;
		return 0;
	}
	if (h->load.key != NFT_SOCKET_WILDCARD || !first || t->from[0])
		return rv_nft_not_understood(r, &h->load);
	if (!t->range)
		return 0;
	r->sk.any = true;
	return t->to[0] >= 1 ? 0 : rv_nft_not_understood(r, &h->load);
}

/* Notes a test of the device type, which iptables writes before that of an Ethernet address. */
static int test_device_type(struct rv_nft_reader *r, const struct rv_nft_reg *h,
			    const struct rv_nft_test *t)
{
	const uint64_t ethernet = 1;	/* ARPHRD_ETHER */

	if (t->set || t->range || t->negate || h->masked || number(h, t->from) != ethernet)
		return rv_nft_not_understood(r, &h->load);
	r->is_ether = true;
	return 0;
}

static int test_ethernet(struct rv_nft_reader *r, const struct rv_nft_reg *h,
			 const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = RV_SEL_ETHER_SADDR, .op = RV_OP_EQ, .negate = t->negate };

	if (h->load.offset != 6 || h->len != 6 || t->len != 6 || t->set || t->range || h->masked ||
	    !r->is_ether)
		return rv_nft_not_understood(r, &h->load);
	r->is_ether = false;
	memcpy(p.value, t->from, 6);
	return add(r, h, &p);
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

/* Converts a set with the pairs (port, any) and (any, port) to "--ports". */
static int test_either_port(struct rv_nft_reader *r, const struct rv_nft_reg *h,
			    const struct rv_nft_test *t)
{
	struct rv_predicate p = { .sel = RV_SEL_TH_PORT, .op = RV_OP_IN, .negate = t->negate };
	struct rv_predicate other = p;

	if (!is_port(h, 0) || !is_port(t->second, 2) || t->set->count > 2 * RV_PREDICATE_LIST)
		return rv_nft_not_understood(r, &h->load);
	for (size_t i = 0; i < t->set->count; i++) {
		const struct rv_nft_range *pair = &t->set->range[i];
		bool source_any = is_all(pair->from, pair->to);
		struct rv_predicate *one = source_any ? &p : &other;
		const size_t at = source_any ? 4 : 0;

		if ((!source_any && !is_all(pair->from + 4, pair->to + 4)) ||
		    one->count == RV_PREDICATE_LIST)
			return rv_nft_not_understood(r, &h->load);
		memcpy(one->list[one->count].from, pair->from + at, 2);
		memcpy(one->list[one->count++].to, pair->to + at, 2);
	}
	p.len = other.len = 2;
	rv_predicate_normalise(&p);
	rv_predicate_normalise(&other);
	return rv_predicate_equal(&p, &other) ? add(r, h, &p) : rv_nft_not_understood(r, &h->load);
}

/* ---- several fields at once ------------------------------------------------------------------------- */

/* Splits a comparison of adjacent fields with one value each; nft combines their loads. */
static int test_fields(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		       const struct rv_nft_test *t)
{
	uint32_t at = 0;

	if (t->negate || t->range || t->set || h->masked || t->len != h->len)
		return rv_nft_not_understood(r, &h->load);
	while (at < h->len) {
		struct rv_nft_reg part = *h;
		struct rv_nft_test one = { 0 };
		struct field row;
		bool found = false;

		part.load.offset += at;
		for (part.len = h->len - at; part.len && !found; part.len -= !found)
			found = find_field(r, &part, &row);
		if (!found || (row.from->len && part.len < row.from->len) || part.len == h->len)
			return rv_nft_not_understood(r, &h->load);
		one.len = part.len;
		memcpy(one.from, t->from + at, part.len);
		if (rv_nft_field_test(r, &part, &one))
			return -1;
		at += part.len;
	}
	return 0;
}

/* ---- all ---------------------------------------------------------------------------------------------- */

static int test_meta(struct rv_nft_reader *r, const struct rv_nft_reg *h,
		     const struct rv_nft_test *t)
{
	switch (h->load.key) {
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
		return test_name(r, h, t);
	case NFT_META_IIF:
	case NFT_META_OIF:
		return test_index(r, h, t);
	case NFT_META_IIFTYPE:
		return test_device_type(r, h, t);
	case NFT_META_PRANDOM:
		return test_random(r, h, t);
	default:
		return 1;
	}
}

/* Handles tests that have no row in sources.h. Returns 1 for all others. */
static int test_special(struct rv_nft_reader *r, const struct rv_nft_reg *h,
			const struct rv_nft_test *t)
{
	enum rv_sel icmp = icmp_selector(r);
	const struct rv_nft_load *e = &h->load;

	if (t->second)
		return test_either_port(r, h, t);
	switch (e->kind) {
	case RV_NFT_META:
		return test_meta(r, h, t);
	case RV_NFT_CT:
		return e->key == NFT_CT_HELPER ? test_helper(r, h, t) :
		       e->key == NFT_CT_LABELS ? test_label(r, h, t) : 1;
	case RV_NFT_EXTHDR:
		return test_header(r, h, t);
	case RV_NFT_FIB:
		return test_fib(r, h, t);
	case RV_NFT_SOCKET:
		return test_socket(r, h, t);
	case RV_NFT_NUMGEN:
		return test_counted(r, h, t);
	case RV_NFT_PAYLOAD:
		if (e->base == NFT_PAYLOAD_LL_HEADER)
			return test_ethernet(r, h, t);
		if (e->base == NFT_PAYLOAD_TRANSPORT_HEADER && e->offset < 2 && icmp)
			return test_icmp(r, icmp, h, t);
		return 1;
	default:
		return rv_nft_not_understood(r, &h->load);
	}
}

/* Returns whether the test always holds: a mask without bits, on a header that always exists. */
static bool tests_nothing(const struct rv_nft_reg *h, const struct rv_nft_test *t)
{
	return h->masked && !t->negate && !t->range && !t->set && t->len <= h->len &&
	       h->load.kind == RV_NFT_PAYLOAD && h->load.base == NFT_PAYLOAD_NETWORK_HEADER &&
	       h->load.offset + h->len <= 20 && rv_nft_all_are(h->mask, h->len, 0) &&
	       rv_nft_all_are(h->flip, h->len, 0) && rv_nft_all_are(t->from, t->len, 0);
}

int rv_nft_field_test(struct rv_nft_reader *r, struct rv_nft_reg *h, const struct rv_nft_test *t)
{
	struct field row;
	int rc;

	if (tests_nothing(h, t))
		return 0;
	rc = test_special(r, h, t);
	if (rc <= 0)
		return rc;
	if (!find_field(r, h, &row))
		return h->load.kind == RV_NFT_PAYLOAD ? test_fields(r, h, t) : rv_nft_not_understood(r, &h->load);
	if (row.sel == RV_SEL_FRAG_RESERVED) {
		if (!r->reserved2)
			return rv_nft_not_understood(r, &h->load);
		r->reserved2 = false;
	}
	return row.from->conversion == BYTES ? test_address(r, &row, h, t) : test_number(r, &row, h, t);
}
