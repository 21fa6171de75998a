/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Predicates as expressions: load a field into a register, mask it if needed, compare. Only
 * selectors whose source has an owner, in the order in which iptables-nft writes them.
 */
#include <ravelin/registry.h>

#include "backend/nft/wire/sources.h"
#include "encode.h"

#define each_source(source, sel) \
	(const struct rv_nft_source *source = rv_nft_sources[sel]; source->kind != RV_NFT_KINDS; source++)

/* A predicate with its load, kept until all predicates of the part are known. */
struct test {
	const struct rv_nft_source *source;
	enum rv_sel sel;
	uint8_t whole;		/* bytes of the field */
	enum rv_op op;
	bool negate;
	uint8_t len;
	uint8_t value[16], other[16];
};

#define TESTS_MAX 16

struct tests {
	struct test list[TESTS_MAX];
	unsigned int n;
	rv_family_t family;
};

static const struct rv_nft_source *source_to_write(rv_family_t family, enum rv_sel sel)
{
	for each_source(source, sel)
		if (source->owner && rv_nft_source_fits(source, sel, family))
			return source;
	return NULL;
}

/* Inserts the predicate in selector order. */
static int add_test(const struct rv_predicate *p, void *arg)
{
	struct tests *t = arg;
	const struct rv_nft_source *source = source_to_write(t->family, p->sel);
	unsigned int at = t->n;

	if (!source || t->n == TESTS_MAX || p->op > RV_OP_RANGE || p->len > rv_nft_source_len(source, p->sel))
		return 1;
	while (at && t->list[at - 1].sel > p->sel)
		at--;
	memmove(&t->list[at + 1], &t->list[at], (t->n - at) * sizeof(*t->list));
	t->list[at] = (struct test){
		.source = source, .sel = p->sel, .whole = rv_nft_source_len(source, p->sel),
		.op = p->op, .negate = p->negate, .len = p->len,
	};
	memcpy(t->list[at].value, p->value, sizeof(p->value));
	memcpy(t->list[at].other, p->other, sizeof(p->other));
	t->n++;
	return 0;
}

static void write_load(struct rv_buf *b, const struct rv_nft_source *source, uint32_t len)
{
	struct rv_nft_expr e = { .kind = source->kind, .dreg = NFT_REG_1 };

	if (source->kind == RV_NFT_META) {
		e.key = source->base;
		e.given = 1U << NFTA_META_DREG;
	} else {
		e.base = source->base;
		e.offset = source->offset;
		e.len = len;
	}
	rv_nft_expr_write(b, &e);
}

static void write_cmp(struct rv_buf *b, uint32_t op, const uint8_t *value, uint32_t len)
{
	const struct rv_nft_expr e = {
		.kind = RV_NFT_CMP, .sreg = NFT_REG_1, .op = op, .data = { value, len },
	};

	rv_nft_expr_write(b, &e);
}

static void write_mask(struct rv_buf *b, const uint8_t *mask, uint32_t len)
{
	static const uint8_t zeros[16];
	const struct rv_nft_expr e = {
		.kind = RV_NFT_BITWISE, .sreg = NFT_REG_1, .dreg = NFT_REG_1, .len = len,
		.data = { mask, len }, .other = { zeros, len },
	};

	rv_nft_expr_write(b, &e);
}

static uint32_t equality(bool negate)
{
	return negate ? NFT_CMP_NEQ : NFT_CMP_EQ;
}

static void write_equal(struct rv_buf *b, const struct test *t)
{
	uint32_t len = t->whole;

	write_load(b, t->source, len);
	/* A name is compared including its NUL, whatever the length of the kernel's field. */
	if (rv_selectors[t->sel].order == RV_ORDER_S)
		len = strnlen((const char *)t->value, len - 1) + 1;
	write_cmp(b, equality(t->negate), t->value, len);
}

static void write_prefix(struct rv_buf *b, const struct test *t)
{
	if (!t->len && !t->negate)
		return;
	write_load(b, t->source, t->whole);
	if (t->len)
		write_cmp(b, equality(t->negate), t->value, t->len);
	else
		write_cmp(b, NFT_CMP_EQ, rv_nft_never_iface, sizeof(rv_nft_never_iface));
}

/* Length of a mask of whole leading bytes, or -1. */
static int whole_bytes(const uint8_t *mask, unsigned int len)
{
	unsigned int n = 0;

	while (n < len && mask[n] == 0xff)
		n++;
	return rv_nft_all_are(mask + n, len - n, 0) ? (int)n : -1;
}

static void write_masked(struct rv_buf *b, const struct test *t, const uint8_t *mask,
			 const uint8_t *value, bool negate)
{
	int bytes = t->source->conversion == BYTES ? whole_bytes(mask, t->whole) : -1;
	uint32_t len = bytes < 0 ? t->whole : bytes;

	write_load(b, t->source, len);
	if (bytes < 0)
		write_mask(b, mask, len);
	write_cmp(b, equality(negate), value, len);
}

static void write_range(struct rv_buf *b, const struct test *t)
{
	uint32_t len = t->whole;
	const struct rv_nft_expr e = {
		.kind = RV_NFT_RANGE, .sreg = NFT_REG_1,
		.op = t->negate ? NFT_RANGE_NEQ : NFT_RANGE_EQ,
		.data = { t->value, len }, .other = { t->other, len },
	};

	write_load(b, t->source, len);
	if (!memcmp(t->value, t->other, len))
		write_cmp(b, equality(t->negate), t->value, len);
	else if (rv_nft_all_are(t->value, len, 0) && !rv_nft_all_are(t->other, len, 0xff))
		write_cmp(b, t->negate ? NFT_CMP_GT : NFT_CMP_LTE, t->other, len);
	else
		rv_nft_expr_write(b, &e);
}

static void write_test(struct rv_buf *b, const struct test *t)
{
	static const uint8_t zeros[16];

	switch (t->op) {
	case RV_OP_EQ:
		write_equal(b, t);
		break;
	case RV_OP_PREFIX:
		write_prefix(b, t);
		break;
	case RV_OP_MASK:
		write_masked(b, t, t->other, t->value, t->negate);
		break;
	case RV_OP_ANY:
		write_masked(b, t, t->value, zeros, !t->negate);
		break;
	case RV_OP_RANGE:
		write_range(b, t);
		break;
	case RV_OP_IN:		/* add_test() refuses both */
	case RV_OP_BEGINS:
	case RV_OP_CHUNKS:
		break;
	}
}

/* One of two ports that stock compares in one expression: neither may be 0. */
static bool plain_port(const struct test *t, enum rv_sel sel)
{
	return t->sel == sel && t->op == RV_OP_EQ && !t->negate &&
	       (t->value[0] || t->value[1]);
}

static void write_both_ports(struct rv_buf *b, const struct test *sport, const struct test *dport)
{
	uint8_t ports[RV_NFT_PORTS_LEN];

	memcpy(ports, sport->value, 2);
	memcpy(ports + 2, dport->value, 2);
	write_load(b, sport->source, RV_NFT_PORTS_LEN);
	write_cmp(b, NFT_CMP_EQ, ports, RV_NFT_PORTS_LEN);
}

int rv_nft_predicates_write(struct rv_buf *b, rv_family_t family, const struct rv_ext *ext,
			    const unsigned char *data)
{
	struct tests t;

	t.n = 0;
	t.family = family;
	if (rv_part_predicates(family, ext, data, add_test, &t))
		return 1;
	for (unsigned int i = 0; i < t.n; i++) {
		if (i + 1 < t.n && plain_port(&t.list[i], RV_SEL_TH_SPORT) &&
		    plain_port(&t.list[i + 1], RV_SEL_TH_DPORT)) {
			write_both_ports(b, &t.list[i], &t.list[i + 1]);
			i++;
		} else {
			write_test(b, &t.list[i]);
		}
	}
	return 0;
}
