/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparisons as predicates of the parts that iptables-nft writes so. */
#include "backend/nft/wire/sources.h"
#include "decode.h"

/* The selectors with an owner. */
#define each_owned(sel) \
	(enum rv_sel sel = RV_SEL_NONE + 1; sel < RV_SEL_COUNT && rv_nft_sources[sel]->owner; sel++)
#define each_source(source, sel) \
	(const struct rv_nft_source *source = rv_nft_sources[sel]; source->kind != RV_NFT_KINDS; source++)

static bool loads(const struct rv_nft_load *l, const struct rv_nft_source *source, enum rv_sel sel)
{
	unsigned int len = rv_nft_source_len(source, sel);

	if (l->kind != source->kind)
		return false;
	if (l->kind == RV_NFT_META)
		return l->key == source->base;
	return l->base == source->base && l->offset == source->offset &&
	       (l->len == len || (source->conversion == BYTES && l->len < len && l->len));
}

uint32_t rv_nft_meta_len(uint32_t key)
{
	for each_owned(sel)
		for each_source(source, sel)
			if (source->kind == RV_NFT_META && source->base == key)
				return rv_selectors[sel].len;
	return 0;
}

static const struct rv_ext *owner_of(struct rv_nft_reader *r, const struct rv_nft_source *source)
{
	const struct rv_ip *ip = &r->rule->ip;

	if (source->owner == OWNER_MATCH)
		return rv_ext_find(RV_MATCH, r->family, source->match);
	return ip->flags & RV_IP_PROTO ? rv_ext_for_protocol(r->family, ip->proto) : NULL;
}

/* The same said otherwise, for rows that know only one form. */
static bool other_form(const struct rv_predicate *p, unsigned int form, struct rv_predicate *other)
{
	*other = *p;
	if (form == 0 && p->op == RV_OP_EQ) {
		other->op = RV_OP_MASK;
		memset(other->other, 0xff, p->len);
		return true;
	}
	if (form == 0 && p->op == RV_OP_MASK && rv_nft_all_are(p->value, p->len, 0)) {
		other->op = RV_OP_ANY;
		other->negate = !p->negate;
		memcpy(other->value, p->other, sizeof(other->value));
		memset(other->other, 0, sizeof(other->other));
		return true;
	}
	if (form == 0 && p->op == RV_OP_ANY) {
		other->op = RV_OP_MASK;
		other->negate = !p->negate;
		memset(other->value, 0, sizeof(other->value));
		memcpy(other->other, p->value, sizeof(other->other));
		return true;
	}
	if (form == 1 && p->op == RV_OP_EQ && rv_selectors[p->sel].order != RV_ORDER_S) {
		other->op = RV_OP_RANGE;
		memcpy(other->other, p->value, sizeof(other->other));
		return true;
	}
	return false;
}

bool rv_nft_absorb(rv_family_t family, const struct rv_ext *ext, const struct rv_predicate *p,
		   unsigned char *data)
{
	struct rv_predicate other;

	if (!rv_part_from_predicate(family, ext, p, data))
		return true;
	for (unsigned int form = 0; form < 2; form++)
		if (other_form(p, form, &other) && !rv_part_from_predicate(family, ext, &other, data))
			return true;
	return false;
}

/* Into a part of the match that has no such row yet, as stock merges them, or a new one. */
static int absorb_match(struct rv_nft_reader *r, const struct rv_ext *ext,
			const struct rv_predicate *p)
{
	struct rv_part *part;

	for (part = r->barrier ? r->barrier->next : r->rule->matches; part; part = part->next)
		if (part->ext == ext && rv_nft_absorb(r->family, ext, p, part->data))
			return 0;
	part = rv_part_new(ext);
	if (!part)
		return rv_fail_memory(r->err);
	if (rv_nft_absorb(r->family, ext, p, part->data)) {
		rv_rule_add_match(r->rule, part);
		return 0;
	}
	rv_part_free(part);
	return 1;
}

/* Gives the predicate to its owner. Returns 0, 1 when nobody takes it, or -1. */
static int absorb(struct rv_nft_reader *r, const struct rv_nft_source *source, const struct rv_predicate *p)
{
	const struct rv_ext *ext;

	/* The core's tests come first. */
	if (source->owner == OWNER_IP && r->barrier)
		return 1;
	if (source->owner == OWNER_IP)
		return rv_nft_absorb(r->family, &rv_ext_ip, p, (unsigned char *)&r->rule->ip) ? 0 : 1;
	ext = owner_of(r, source);
	return ext && ext->native ? absorb_match(r, ext, p) : 1;
}

/* Options could not say what is in bits that have no name. */
static bool has_names(const struct rv_nft_source *source, const struct rv_predicate *p)
{
	uint8_t mask = p->op == RV_OP_MASK ? p->other[0] : 0xff;

	return !source->named || !((mask | p->value[0]) & ~source->named);
}

static int not_taken(struct rv_nft_reader *r, const struct rv_nft_load *l)
{
	static const char *const headers[] = { "link", "network", "transport", "inner" };

	if (l->kind == RV_NFT_META)
		return rv_nft_unsupported(r, "expression `meta' key %u, as it is compared, is not "
				     "understood", l->key);
	return rv_nft_unsupported(r, "expression `payload' of %u bytes at %s header + %u, as it is "
			     "compared, is not understood", l->len,
			     l->base < 4 ? headers[l->base] : "unknown", l->offset);
}

/* Gives the predicate about what is loaded to that selector. Returns as absorb(). */
static int absorb_as(struct rv_nft_reader *r, const struct rv_nft_load *l, struct rv_predicate *p,
		     const struct rv_nft_source *source, enum rv_sel sel)
{
	unsigned int len = rv_nft_source_len(source, sel);

	p->sel = sel;
	p->len = p->op == RV_OP_PREFIX ? p->len : len;
	if (p->op == RV_OP_EQ && l->len < len) {
		p->op = RV_OP_MASK;
		memset(p->other, 0xff, l->len);
	}
	return absorb(r, source, p);
}

/* To the first that can take it. */
static int absorb_load(struct rv_nft_reader *r, const struct rv_nft_load *l, struct rv_predicate *p)
{
	for each_owned(sel)
		for each_source(source, sel) {
			int rc = 1;

			if (rv_nft_source_fits(source, sel, r->family) && loads(l, source, sel) &&
			    has_names(source, p))
				rc = absorb_as(r, l, p, source, sel);
			if (rc <= 0)
				return rc;
		}
	return not_taken(r, l);
}

/* A name: with its NUL (perhaps several) it is whole, without one it is a prefix. */
static int compare_name(struct rv_nft_reader *r, struct rv_nft_load *l, const struct rv_nft_expr *e)
{
	struct rv_predicate p = { .op = RV_OP_EQ, .negate = e->op == NFT_CMP_NEQ };
	size_t len = strnlen((const char *)e->data.data, e->data.len);

	if ((e->op != NFT_CMP_EQ && e->op != NFT_CMP_NEQ) || l->masked || !len || len >= IFNAMSIZ ||
	    e->data.len > IFNAMSIZ || !rv_nft_all_are(e->data.data + len, e->data.len - len, 0))
		return not_taken(r, l);
	memcpy(p.value, e->data.data, len);
	if (len == e->data.len) {
		p.op = RV_OP_PREFIX;
		p.len = len;
	} else if (e->data.len == sizeof(rv_nft_never_iface) &&
		   !memcmp(e->data.data, rv_nft_never_iface, sizeof(rv_nft_never_iface))) {
		if (e->op != NFT_CMP_EQ)
			return not_taken(r, l);
		p = (struct rv_predicate){ .op = RV_OP_PREFIX, .negate = true };
	} else if (p.value[len - 1] == '+') {
		/* An interface of that very name; the rule's options could only say "wildcard". */
		return not_taken(r, l);
	}
	return absorb_load(r, l, &p);
}

static bool is_name(const struct rv_nft_load *l)
{
	return l->kind == RV_NFT_META && (l->key == NFT_META_IIFNAME || l->key == NFT_META_OIFNAME);
}

static bool is_both_ports(const struct rv_nft_load *l)
{
	return l->kind == RV_NFT_PAYLOAD && l->base == NFT_PAYLOAD_TRANSPORT_HEADER &&
	       l->offset == 0 && l->len == RV_NFT_PORTS_LEN;
}

static int compare_ports(struct rv_nft_reader *r, struct rv_nft_load *l,
			 const struct rv_nft_expr *e)
{
	struct rv_nft_load one = *l;

	if (e->op != NFT_CMP_EQ || l->masked)
		return not_taken(r, l);
	one.len = 2;
	for (one.offset = 0; one.offset < RV_NFT_PORTS_LEN; one.offset += 2) {
		struct rv_predicate p = { .op = RV_OP_EQ };

		memcpy(p.value, e->data.data + one.offset, 2);
		if (absorb_load(r, &one, &p))
			return -1;
	}
	return 0;
}

/* Of a header that is always there: without bits any value is the one. */
static bool tests_nothing(const struct rv_nft_load *l, const struct rv_predicate *p)
{
	return l->masked && !p->negate && l->kind == RV_NFT_PAYLOAD &&
	       l->base == NFT_PAYLOAD_NETWORK_HEADER && rv_nft_all_are(l->mask, l->len, 0) &&
	       rv_nft_all_are(p->value, l->len, 0) && l->offset + l->len <= 20;
}

/* Equality of a field, of its leading bytes, or of some of its bits. */
static int compare_equal(struct rv_nft_reader *r, struct rv_nft_load *l,
			 const struct rv_nft_expr *e)
{
	struct rv_predicate p = {
		.op = l->masked ? RV_OP_MASK : RV_OP_EQ,
		.negate = e->op == NFT_CMP_NEQ,
	};

	memcpy(p.value, e->data.data, l->len);
	if (l->masked)
		memcpy(p.other, l->mask, l->len);
	if (tests_nothing(l, &p))
		return 0;
	return absorb_load(r, l, &p);
}

/* value + 1 or value - 1 as a big-endian number; false when there is none. */
static bool neighbour(uint8_t *value, unsigned int len, bool up)
{
	const uint8_t last = up ? 0xff : 0;

	if (rv_nft_all_are(value, len, last))
		return false;
	while (value[--len] == last)
		value[len] = up ? 0 : 0xff;
	value[len] += up ? 1 : -1;
	return true;
}

static int absorb_range(struct rv_nft_reader *r, struct rv_nft_load *l, const uint8_t *from,
			const uint8_t *to, bool negate)
{
	struct rv_predicate p = { .op = RV_OP_RANGE, .negate = negate };

	memcpy(p.value, from, l->len);
	memcpy(p.other, to, l->len);
	if (memcmp(p.value, p.other, l->len) > 0)
		return not_taken(r, l);
	if (!memcmp(p.value, p.other, l->len)) {
		p.op = RV_OP_EQ;
		memset(p.other, 0, sizeof(p.other));
	}
	return absorb_load(r, l, &p);
}

/* Only numbers in network order are compared by size, bytewise, as the kernel does. */
static bool has_size(const struct rv_nft_load *l)
{
	return l->kind == RV_NFT_PAYLOAD && !l->masked && l->len == 2;
}

/* A lower bound waits for an upper one: older versions write ranges as two comparisons. */
static int compare_size(struct rv_nft_reader *r, struct rv_nft_load *l, const struct rv_nft_expr *e)
{
	static const uint8_t zeros[16];
	uint8_t value[16];
	bool lower = e->op == NFT_CMP_GT || e->op == NFT_CMP_GTE;
	const uint8_t *from = l->bounded ? l->from : zeros;

	if (!has_size(l) || (lower && l->bounded))
		return not_taken(r, l);
	memcpy(value, e->data.data, l->len);
	if ((e->op == NFT_CMP_GT || e->op == NFT_CMP_LT) && !neighbour(value, l->len, lower))
		return not_taken(r, l);
	if (lower) {
		l->bounded = true;
		memcpy(l->from, value, l->len);
		return 0;
	}
	l->bounded = false;
	return absorb_range(r, l, from, value, false);
}

int rv_nft_compare(struct rv_nft_reader *r, struct rv_nft_load *l, const struct rv_nft_expr *e)
{
	l->used = true;
	if (e->kind == RV_NFT_RANGE) {
		if (!has_size(l) || l->bounded || e->data.len != l->len || e->other.len != l->len ||
		    e->op > NFT_RANGE_NEQ)
			return not_taken(r, l);
		return absorb_range(r, l, e->data.data, e->other.data, e->op == NFT_RANGE_NEQ);
	}
	if (is_name(l))
		return compare_name(r, l, e);
	if (e->data.len != l->len || l->len > sizeof(l->mask) || !l->len)
		return not_taken(r, l);
	if (e->op != NFT_CMP_EQ && e->op != NFT_CMP_NEQ)
		return e->op <= NFT_CMP_GTE ? compare_size(r, l, e) : not_taken(r, l);
	return is_both_ports(l) ? compare_ports(r, l, e) : compare_equal(r, l, e);
}

int rv_nft_load_end(struct rv_nft_reader *r, struct rv_nft_load *l)
{
	static const uint8_t ones[16] = { [0 ... 15] = 0xff };

	if (!l->words)
		return 0;
	l->words = 0;
	/* 1.8.9 writes "any interface" as a name that is loaded and not looked at. */
	if (!l->used && is_name(l) && !l->masked)
		return 0;
	if (!l->used)
		return not_taken(r, l);
	return l->bounded ? absorb_range(r, l, l->from, ones, false) : 0;
}
