/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tracks the contents of registers, and reads comparisons. */
#include <stdlib.h>

#include "reader.h"

/* ---- places -------------------------------------------------------------------------- */

/*
 * Returns the first 32-bit register of a register number, or -1. There are sixteen; the older names
 * NFT_REG_1 to NFT_REG_4 stand for four each.
 */
static int first_word(uint32_t reg)
{
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		return (reg - NFT_REG_1) * (NFT_REG_SIZE / NFT_REG32_SIZE);
	if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		return reg - NFT_REG32_00;
	return -1;
}

struct rv_nft_reg *rv_nft_reg(struct rv_nft_reader *r, uint32_t reg)
{
	int word = first_word(reg);

	return word >= 0 && r->live >> word & 1 ? &r->held[word] : NULL;
}

const uint8_t *rv_nft_constant(struct rv_nft_reader *r, uint32_t reg, uint32_t len)
{
	struct rv_nft_reg *h = rv_nft_reg(r, reg);

	if (!h || h->kind != RV_NFT_CONSTANT || h->len != len)
		return NULL;
	h->used = true;
	return h->data;
}

/* Completes a range without an upper end: it extends to the maximum. */
static int end_range(struct rv_nft_reader *r, struct rv_nft_reg *h)
{
	struct rv_nft_test t = { .range = true, .len = h->len };

	if (!h->bounded)
		return 0;
	h->bounded = false;
	memcpy(t.from, h->from, sizeof(t.from));
	memset(t.to, 0xff, h->len);
	return rv_nft_field_test(r, h, &t);
}

/* Iterates over the registers in a bit mask. */
#define each_register(i, bits) \
	(unsigned int left_ = (bits), i; left_ && (i = (unsigned int)__builtin_ctz(left_), true); \
	 left_ &= left_ - 1)

int rv_nft_end_ranges(struct rv_nft_reader *r)
{
	for each_register(i, r->live)
		if (end_range(r, &r->held[i]))
			return -1;
	return 0;
}

static bool is_name(const struct rv_nft_load *l)
{
	return l->kind == RV_NFT_META && (l->key == NFT_META_IIFNAME || l->key == NFT_META_OIFNAME);
}

/* Clears a register. Fails if no expression has used its contents. */
static int let_go(struct rv_nft_reader *r, struct rv_nft_reg *h)
{
	/* 1.8.9 writes "any interface" as a load of the name without a comparison. */
	if (!h->used && (h->kind != RV_NFT_FIELD || h->masked || !is_name(&h->load)))
		return rv_nft_unsupported(r, "expression `%s' loads something that is not used",
					  h->kind == RV_NFT_FIELD ? rv_nft_expr_name(h->load.kind) :
								    "immediate");
	if (end_range(r, h))
		return -1;
	r->live &= ~(1U << (h - r->held));
	return 0;
}

int rv_nft_end_registers(struct rv_nft_reader *r)
{
	for each_register(i, r->live)
		if (let_go(r, &r->held[i]))
			return -1;
	return 0;
}

/*
 * Sets register e->dreg to a copy of from, or to a constant. Returns NULL with err set, for example
 * if unused contents would be overwritten.
 */
static struct rv_nft_reg *put(struct rv_nft_reader *r, const struct rv_nft_expr *e,
			      struct rv_nft_reg *from, uint32_t len)
{
	int first = first_word(e->dreg), words = (len + NFT_REG32_SIZE - 1) / NFT_REG32_SIZE;
	struct rv_nft_reg *h = &r->held[first < 0 ? 0 : first];
	bool moved = false;

	if (first < 0 || !words || words > RV_NFT_WORDS - first || len > sizeof(h->mask)) {
		rv_nft_bad_register(r, e);
		return NULL;
	}
	for each_register(i, r->live) {
		struct rv_nft_reg *old = &r->held[i];

		if ((int)i >= first + words || first >= (int)i + old->words || old == h)
			continue;
		if (old == from)
			moved = true;
		else if (let_go(r, old))
			return NULL;
	}
	if (from != h && r->live >> first & 1 && let_go(r, h))
		return NULL;
	if (from && from != h)
		*h = *from;
	if (moved)
		r->live &= ~(1U << (from - r->held));
	r->live |= 1U << first;
	if (!from) {
		h->masked = h->swapped = h->bounded = false;
		h->shift = 0;
	}
	h->kind = from ? RV_NFT_FIELD : RV_NFT_CONSTANT;
	h->words = words;
	h->len = len;
	h->used = false;
	return h;
}

/* Returns the field in a register that the expression modifies, or NULL with err set. */
static struct rv_nft_reg *change(struct rv_nft_reader *r, const struct rv_nft_expr *e, bool ok)
{
	struct rv_nft_reg *from = rv_nft_reg(r, e->sreg);

	if (!ok || !from || from->kind != RV_NFT_FIELD || from->bounded) {
		rv_nft_bad_register(r, e);
		return NULL;
	}
	from->used = true;
	return put(r, e, from, from->len);
}

/* ---- loads ---------------------------------------------------------------------------- */

static uint32_t ct_len(const struct rv_nft_reader *r, uint32_t key)
{
	switch (key) {
	case NFT_CT_STATE:
	case NFT_CT_STATUS:
	case NFT_CT_MARK:
	case NFT_CT_EXPIRATION:
		return 4;
	case NFT_CT_DIRECTION:
	case NFT_CT_PROTOCOL:
		return 1;
	case NFT_CT_SRC:
	case NFT_CT_DST:
		return rv_family(r->family)->address_len;
	case NFT_CT_PROTO_SRC:
	case NFT_CT_PROTO_DST:
		return 2;
	case NFT_CT_PKTS:
	case NFT_CT_BYTES:
	case NFT_CT_AVGPKT:
		return 8;
	case NFT_CT_LABELS:
	case NFT_CT_HELPER:
		return 16;
	default:
		return 0;
	}
}

static uint32_t meta_len(uint32_t key)
{
	switch (key) {
	case NFT_META_PKTTYPE:
	case NFT_META_NFPROTO:
	case NFT_META_SECPATH:
	case NFT_META_L4PROTO:
		return 1;
	case NFT_META_IIFTYPE:
		return 2;
	case NFT_META_IIF:
	case NFT_META_OIF:
	case NFT_META_LEN:
	case NFT_META_MARK:
	case NFT_META_SKUID:
	case NFT_META_SKGID:
	case NFT_META_RTCLASSID:
	case NFT_META_CPU:
	case NFT_META_IIFGROUP:
	case NFT_META_OIFGROUP:
	case NFT_META_CGROUP:
	case NFT_META_PRANDOM:
		return 4;
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
		return 16;
	default:
		return 0;
	}
}

static uint32_t load_len(const struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	switch (e->kind) {
	case RV_NFT_PAYLOAD:
		return e->len;
	case RV_NFT_EXTHDR:
		return e->flags & NFT_EXTHDR_F_PRESENT ? 1 : e->len;
	case RV_NFT_META:
		return meta_len(e->key);
	case RV_NFT_CT:
		return ct_len(r, e->key);
	case RV_NFT_SOCKET:
		return e->key == NFT_SOCKET_MARK ? 4 : 1;
	case RV_NFT_RT:
		return e->key == NFT_RT_TCPMSS ? 2 : 0;
	default:
		return 4;
	}
}

int rv_nft_read_load(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	uint32_t len = load_len(r, e);
	struct rv_nft_reg *h;

	if (!len)
		return rv_nft_unsupported(r, "expression `%s' loads %u, which is not supported",
					  rv_nft_expr_name(e->kind), e->key);
	h = put(r, e, NULL, len);
	if (!h)
		return -1;
	h->kind = RV_NFT_FIELD;
	h->load = (struct rv_nft_load){
		.kind = e->kind, .base = e->base, .offset = e->offset, .len = e->len, .key = e->key,
		.op = e->op, .flags = e->flags, .type = e->type, .modulus = e->modulus,
		.given = e->given, .header = e->header, .direction = e->direction,
	};
	return 0;
}

/* Reads a right shift: nft shifts a field of a few bits before it compares it with < or >. */
static int read_shift(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	const struct rv_nft_reg *from = rv_nft_reg(r, e->sreg);
	struct rv_nft_reg *h;
	uint32_t by;

	if (e->op != NFT_BITWISE_RSHIFT || e->data.len != sizeof(by) || e->other.len)
		return rv_nft_unsupported(r, "expression `bitwise' does something that is not supported");
	memcpy(&by, e->data.data, sizeof(by));
	h = change(r, e, from && from->masked && !from->shift && from->load.kind == RV_NFT_PAYLOAD &&
			 e->len == from->len && by && by < 8 * from->len);
	if (!h)
		return -1;
	h->shift = by;
	return 0;
}

int rv_nft_read_bitwise(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	const struct rv_nft_reg *from = rv_nft_reg(r, e->sreg);
	struct rv_nft_reg *h;

	if (e->op)
		return read_shift(r, e);
	if (from && (e->len != from->len || e->data.len != e->len || e->other.len != e->len ||
		     (r->ours && !rv_nft_all_are(e->other.data, e->len, 0))))
		return rv_nft_unsupported(r, "expression `bitwise' does more than mask");
	h = change(r, e, from && !from->masked && !from->swapped);
	if (!h)
		return -1;
	h->masked = true;
	memcpy(h->mask, e->data.data, e->len);
	memcpy(h->flip, e->other.data, e->len);
	return 0;
}

/* Returns whether the load is a number in host byte order. */
static bool is_host_number(const struct rv_nft_load *load)
{
	static const uint64_t meta = UINT64_C(1) << NFT_META_LEN | UINT64_C(1) << NFT_META_MARK |
		UINT64_C(1) << NFT_META_SKUID | UINT64_C(1) << NFT_META_SKGID |
		UINT64_C(1) << NFT_META_RTCLASSID | UINT64_C(1) << NFT_META_CPU |
		UINT64_C(1) << NFT_META_IIFGROUP | UINT64_C(1) << NFT_META_OIFGROUP |
		UINT64_C(1) << NFT_META_CGROUP;
	static const uint64_t ct = UINT64_C(1) << NFT_CT_MARK | UINT64_C(1) << NFT_CT_EXPIRATION |
		UINT64_C(1) << NFT_CT_PKTS | UINT64_C(1) << NFT_CT_BYTES | UINT64_C(1) << NFT_CT_AVGPKT;

	if (load->kind == RV_NFT_META || load->kind == RV_NFT_CT)
		return load->key < 64 && (load->kind == RV_NFT_META ? meta : ct) >> load->key & 1;
	return load->kind == RV_NFT_RT || load->kind == RV_NFT_NUMGEN;
}

static void reverse(uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len / 2; i++) {
		uint8_t byte = bytes[i];

		bytes[i] = bytes[len - 1 - i];
		bytes[len - 1 - i] = byte;
	}
}

int rv_nft_read_byteorder(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	const struct rv_nft_reg *from = rv_nft_reg(r, e->sreg);
	struct rv_nft_reg *h;

	h = change(r, e, from && !from->swapped && is_host_number(&from->load) &&
			 e->op == NFT_BYTEORDER_HTON && e->len == from->len && e->size == from->len);
	if (!h)
		return -1;
	h->swapped = true;
	/* The mask was applied before the bytes were swapped. */
	if (h->masked) {
		reverse(h->mask, h->len);
		reverse(h->flip, h->len);
	}
	return 0;
}

int rv_nft_read_constant(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = put(r, e, NULL, e->data.len);

	if (!h)
		return -1;
	memcpy(h->data, e->data.data, e->data.len);
	return 0;
}

/* ---- comparisons ------------------------------------------------------------------------ */

/* Reads < or >. Stores a lower end until the upper one follows. */
static int read_size(struct rv_nft_reader *r, struct rv_nft_reg *h, const struct rv_nft_expr *e)
{
	bool lower = e->op == NFT_CMP_GT || e->op == NFT_CMP_GTE;
	struct rv_nft_test t = { .range = true, .len = h->len };
	uint8_t value[16];

	if (e->data.len != h->len || e->op > NFT_CMP_GTE || (lower && h->bounded))
		return rv_nft_not_understood(r, &h->load);
	memcpy(value, e->data.data, h->len);
	/* A test for values above the maximum or below 0 never matches. */
	if ((e->op == NFT_CMP_GT || e->op == NFT_CMP_LT) && !rv_nft_neighbour(value, h->len, lower)) {
		t.negate = t.foreign = true;
		memset(t.to, 0xff, h->len);
		return h->bounded ? rv_nft_bad_register(r, e) : rv_nft_field_test(r, h, &t);
	}
	if (lower) {
		h->bounded = true;
		memcpy(h->from, value, h->len);
		return 0;
	}
	if (h->bounded)
		memcpy(t.from, h->from, sizeof(t.from));
	h->bounded = false;
	memcpy(t.to, value, h->len);
	return rv_nft_field_test(r, h, &t);
}

int rv_nft_read_compare(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(r, e->sreg);
	struct rv_nft_test t = { .negate = e->op == NFT_CMP_NEQ, .len = e->data.len };

	if (!h || h->kind != RV_NFT_FIELD)
		return rv_nft_bad_register(r, e);
	h->used = true;
	if (e->data.len > sizeof(t.from) || h->len > sizeof(t.from))
		return rv_nft_not_understood(r, &h->load);
	if (e->kind == RV_NFT_CMP && e->op != NFT_CMP_EQ && e->op != NFT_CMP_NEQ)
		return read_size(r, h, e);
	memcpy(t.from, e->data.data, e->data.len);
	if (e->kind == RV_NFT_RANGE) {
		if (e->other.len != e->data.len || e->data.len != h->len || e->op > NFT_RANGE_NEQ || h->bounded)
			return rv_nft_bad_register(r, e);
		t.range = true;
		t.negate = e->op == NFT_RANGE_NEQ;
		memcpy(t.to, e->other.data, e->other.len);
	}
	return rv_nft_field_test(r, h, &t);
}

/* ---- sets --------------------------------------------------------------------------------- */

/* Reads a lookup. Fields of a concatenated key are in consecutive registers, padded to words. */
int rv_nft_read_lookup(struct rv_nft_reader *r, const struct rv_nft_expr *e)
{
	struct rv_nft_reg *h = rv_nft_reg(r, e->sreg), *second;
	struct rv_nft_test t = { .negate = e->flags & NFT_LOOKUP_F_INV, .set = &r->set };

	if (!h || h->kind != RV_NFT_FIELD)
		return rv_nft_bad_register(r, e);
	/* The elements of a named set are not part of the rule. */
	if (strncmp(e->name, "__set", 5) != 0 && r->aside && r->named)
		return r->named(r, h, e);
	if (strncmp(e->name, "__set", 5) != 0)
		return rv_nft_unsupported(r, "set `%.64s' is not the rule's own", e->name);
	if (rv_nft_read_set(r, e->name))
		return -1;
	h->used = true;
	if (r->set.len > h->words * 4u) {
		second = h + h->words;
		if (second >= r->held + RV_NFT_WORDS || !(r->live >> (second - r->held) & 1) || second->kind != RV_NFT_FIELD)
			return rv_nft_bad_register(r, e);
		second->used = true;
		t.second = second;
	}
	return rv_nft_field_test(r, h, &t);
}
