/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encodes and decodes expressions. A row defines the wire type of an attribute and the field that
 * stores it; both directions use the same rows. Rows are in the order in which iptables-nft writes
 * the attributes.
 */
#include <endian.h>

#include "wire.h"

enum wire {
	W_U8,
	W_U16,
	W_U32,
	W_U64,
	W_TEXT,
	W_BLOB,		/* payload, unchanged */
	W_VALUE,	/* a nest with NFTA_DATA_VALUE */
	W_VERDICT,	/* a nest with NFTA_DATA_VERDICT, or with NFTA_DATA_VALUE if there is data */
	W_PAD,		/* alignment of 64-bit numbers, from kernels that need it */
	W_MASK = 0x7f,
	W_OPTIONAL = 0x80,	/* optional: present if its bit in rv_nft_expr.given is set */
};

/* Who writes an attribute. */
enum who {
	OURS,
	NEWER,		/* from newer kernels: not written, optional; nonzero only in nft's rules */
	THEIRS,		/* from nft: not written, optional */
};

struct row {
	uint16_t attr;
	uint8_t wire;
	uint8_t who;
	uint16_t field;
};

#define FIELD(member) offsetof(struct rv_nft_expr, member)

static const struct row payload_rows[] = {
	{ NFTA_PAYLOAD_DREG, W_U32, OURS, FIELD(dreg) },
	{ NFTA_PAYLOAD_BASE, W_U32, OURS, FIELD(base) },
	{ NFTA_PAYLOAD_OFFSET, W_U32, OURS, FIELD(offset) },
	{ NFTA_PAYLOAD_LEN, W_U32, OURS, FIELD(len) },
	{ NFTA_PAYLOAD_SREG, W_U32, THEIRS, FIELD(sreg) },
	{ NFTA_PAYLOAD_CSUM_TYPE, W_U32, THEIRS, FIELD(type) },
	{ NFTA_PAYLOAD_CSUM_OFFSET, W_U32, THEIRS, FIELD(size) },
	{ NFTA_PAYLOAD_CSUM_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ 0 },
};

static const struct row meta_rows[] = {
	{ NFTA_META_KEY, W_U32, OURS, FIELD(key) },
	{ NFTA_META_DREG, W_U32 | W_OPTIONAL, OURS, FIELD(dreg) },
	{ NFTA_META_SREG, W_U32 | W_OPTIONAL, OURS, FIELD(sreg) },
	{ 0 },
};

static const struct row log_rows[] = {
	{ NFTA_LOG_PREFIX, W_TEXT | W_OPTIONAL, OURS, FIELD(name) },
	{ NFTA_LOG_GROUP, W_U16 | W_OPTIONAL, OURS, FIELD(group) },
	{ NFTA_LOG_SNAPLEN, W_U32 | W_OPTIONAL, OURS, FIELD(len) },
	{ NFTA_LOG_QTHRESHOLD, W_U16 | W_OPTIONAL, OURS, FIELD(threshold) },
	{ NFTA_LOG_LEVEL, W_U32, THEIRS, FIELD(level) },
	{ NFTA_LOG_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ 0 },
};

static const struct row cmp_rows[] = {
	{ NFTA_CMP_SREG, W_U32, OURS, FIELD(sreg) },
	{ NFTA_CMP_OP, W_U32, OURS, FIELD(op) },
	{ NFTA_CMP_DATA, W_VALUE, OURS, FIELD(data) },
	{ 0 },
};

static const struct row bitwise_rows[] = {
	{ NFTA_BITWISE_SREG, W_U32, OURS, FIELD(sreg) },
	{ NFTA_BITWISE_DREG, W_U32, OURS, FIELD(dreg) },
	{ NFTA_BITWISE_LEN, W_U32, OURS, FIELD(len) },
	{ NFTA_BITWISE_MASK, W_VALUE, OURS, FIELD(data) },
	{ NFTA_BITWISE_XOR, W_VALUE, OURS, FIELD(other) },
	{ NFTA_BITWISE_OP, W_U32, NEWER, FIELD(op) },
	{ NFTA_BITWISE_DATA, W_VALUE, THEIRS, FIELD(data) },
	{ 0 },
};

static const struct row range_rows[] = {
	{ NFTA_RANGE_SREG, W_U32, OURS, FIELD(sreg) },
	{ NFTA_RANGE_OP, W_U32, OURS, FIELD(op) },
	{ NFTA_RANGE_FROM_DATA, W_VALUE, OURS, FIELD(data) },
	{ NFTA_RANGE_TO_DATA, W_VALUE, OURS, FIELD(other) },
	{ 0 },
};

static const struct row immediate_rows[] = {
	{ NFTA_IMMEDIATE_DREG, W_U32, OURS, FIELD(dreg) },
	{ NFTA_IMMEDIATE_DATA, W_VERDICT, OURS, FIELD(verdict) },
	{ 0 },
};

static const struct row counter_rows[] = {
	{ NFTA_COUNTER_BYTES, W_U64, OURS, FIELD(bytes) },
	{ NFTA_COUNTER_PACKETS, W_U64, OURS, FIELD(packets) },
	{ NFTA_COUNTER_PAD, W_PAD, NEWER, 0 },
	{ 0 },
};

static const struct row limit_rows[] = {
	{ NFTA_LIMIT_RATE, W_U64, OURS, FIELD(rate) },
	{ NFTA_LIMIT_UNIT, W_U64, OURS, FIELD(unit) },
	{ NFTA_LIMIT_BURST, W_U32, OURS, FIELD(burst) },
	{ NFTA_LIMIT_TYPE, W_U32, OURS, FIELD(type) },
	{ NFTA_LIMIT_FLAGS, W_U32, OURS, FIELD(flags) },
	{ NFTA_LIMIT_PAD, W_PAD, NEWER, 0 },
	{ 0 },
};

static const struct row match_rows[] = {
	{ NFTA_MATCH_NAME, W_TEXT, OURS, FIELD(name) },
	{ NFTA_MATCH_REV, W_U32, OURS, FIELD(revision) },
	{ NFTA_MATCH_INFO, W_BLOB, OURS, FIELD(data) },
	{ 0 },
};

static const struct row target_rows[] = {
	{ NFTA_TARGET_NAME, W_TEXT, OURS, FIELD(name) },
	{ NFTA_TARGET_REV, W_U32, OURS, FIELD(revision) },
	{ NFTA_TARGET_INFO, W_BLOB, OURS, FIELD(data) },
	{ 0 },
};

/* ---- what nft itself writes: only read ------------------------------------------ */

static const struct row ct_rows[] = {
	{ NFTA_CT_DREG, W_U32, THEIRS, FIELD(dreg) },
	{ NFTA_CT_KEY, W_U32, THEIRS, FIELD(key) },
	{ NFTA_CT_DIRECTION, W_U8, THEIRS, FIELD(direction) },
	{ NFTA_CT_SREG, W_U32, THEIRS, FIELD(sreg) },
	{ 0 },
};

static const struct row exthdr_rows[] = {
	{ NFTA_EXTHDR_DREG, W_U32, THEIRS, FIELD(dreg) },
	{ NFTA_EXTHDR_TYPE, W_U8, THEIRS, FIELD(header) },
	{ NFTA_EXTHDR_OFFSET, W_U32, THEIRS, FIELD(offset) },
	{ NFTA_EXTHDR_LEN, W_U32, THEIRS, FIELD(len) },
	{ NFTA_EXTHDR_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ NFTA_EXTHDR_OP, W_U32, THEIRS, FIELD(op) },
	{ NFTA_EXTHDR_SREG, W_U32, THEIRS, FIELD(sreg) },
	{ 0 },
};

static const struct row fib_rows[] = {
	{ NFTA_FIB_DREG, W_U32, THEIRS, FIELD(dreg) },
	{ NFTA_FIB_RESULT, W_U32, THEIRS, FIELD(key) },
	{ NFTA_FIB_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ 0 },
};

static const struct row socket_rows[] = {
	{ NFTA_SOCKET_KEY, W_U32, THEIRS, FIELD(key) },
	{ NFTA_SOCKET_DREG, W_U32, THEIRS, FIELD(dreg) },
	{ NFTA_SOCKET_LEVEL, W_U32, THEIRS, FIELD(level) },
	{ 0 },
};

static const struct row rt_rows[] = {
	{ NFTA_RT_DREG, W_U32, THEIRS, FIELD(dreg) },
	{ NFTA_RT_KEY, W_U32, THEIRS, FIELD(key) },
	{ 0 },
};

static const struct row numgen_rows[] = {
	{ NFTA_NG_DREG, W_U32, THEIRS, FIELD(dreg) },
	{ NFTA_NG_MODULUS, W_U32, THEIRS, FIELD(modulus) },
	{ NFTA_NG_TYPE, W_U32, THEIRS, FIELD(type) },
	{ NFTA_NG_OFFSET, W_U32, THEIRS, FIELD(offset) },
	{ 0 },
};

static const struct row byteorder_rows[] = {
	{ NFTA_BYTEORDER_SREG, W_U32, THEIRS, FIELD(sreg) },
	{ NFTA_BYTEORDER_DREG, W_U32, THEIRS, FIELD(dreg) },
	{ NFTA_BYTEORDER_OP, W_U32, THEIRS, FIELD(op) },
	{ NFTA_BYTEORDER_LEN, W_U32, THEIRS, FIELD(len) },
	{ NFTA_BYTEORDER_SIZE, W_U32, THEIRS, FIELD(size) },
	{ 0 },
};

static const struct row lookup_rows[] = {
	{ NFTA_LOOKUP_SET, W_TEXT, THEIRS, FIELD(name) },
	{ NFTA_LOOKUP_SREG, W_U32, THEIRS, FIELD(sreg) },
	{ NFTA_LOOKUP_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ 0 },
};

static const struct row quota_rows[] = {
	{ NFTA_QUOTA_BYTES, W_U64, THEIRS, FIELD(bytes) },
	{ NFTA_QUOTA_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ NFTA_QUOTA_CONSUMED, W_U64, THEIRS, FIELD(packets) },
	{ NFTA_QUOTA_PAD, W_PAD, NEWER, 0 },
	{ 0 },
};

static const struct row reject_rows[] = {
	{ NFTA_REJECT_TYPE, W_U32, THEIRS, FIELD(type) },
	{ NFTA_REJECT_ICMP_CODE, W_U8, THEIRS, FIELD(code) },
	{ 0 },
};

static const struct row nat_rows[] = {
	{ NFTA_NAT_TYPE, W_U32, THEIRS, FIELD(type) },
	{ NFTA_NAT_FAMILY, W_U32, THEIRS, FIELD(family) },
	{ NFTA_NAT_REG_ADDR_MIN, W_U32, THEIRS, FIELD(regs[0]) },
	{ NFTA_NAT_REG_ADDR_MAX, W_U32, THEIRS, FIELD(regs[1]) },
	{ NFTA_NAT_REG_PROTO_MIN, W_U32, THEIRS, FIELD(regs[2]) },
	{ NFTA_NAT_REG_PROTO_MAX, W_U32, THEIRS, FIELD(regs[3]) },
	{ NFTA_NAT_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ 0 },
};

static const struct row masq_rows[] = {
	{ NFTA_MASQ_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ NFTA_MASQ_REG_PROTO_MIN, W_U32, THEIRS, FIELD(regs[2]) },
	{ NFTA_MASQ_REG_PROTO_MAX, W_U32, THEIRS, FIELD(regs[3]) },
	{ 0 },
};

static const struct row redir_rows[] = {
	{ NFTA_REDIR_REG_PROTO_MIN, W_U32, THEIRS, FIELD(regs[2]) },
	{ NFTA_REDIR_REG_PROTO_MAX, W_U32, THEIRS, FIELD(regs[3]) },
	{ NFTA_REDIR_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ 0 },
};

static const struct row tproxy_rows[] = {
	{ NFTA_TPROXY_FAMILY, W_U32, THEIRS, FIELD(family) },
	{ NFTA_TPROXY_REG_ADDR, W_U32, THEIRS, FIELD(regs[0]) },
	{ NFTA_TPROXY_REG_PORT, W_U32, THEIRS, FIELD(regs[2]) },
	{ 0 },
};

static const struct row synproxy_rows[] = {
	{ NFTA_SYNPROXY_MSS, W_U16, THEIRS, FIELD(mss) },
	{ NFTA_SYNPROXY_WSCALE, W_U8, THEIRS, FIELD(wscale) },
	{ NFTA_SYNPROXY_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ 0 },
};

static const struct row dup_rows[] = {
	{ NFTA_DUP_SREG_ADDR, W_U32, THEIRS, FIELD(regs[0]) },
	{ NFTA_DUP_SREG_DEV, W_U32, THEIRS, FIELD(regs[1]) },
	{ 0 },
};

static const struct row notrack_rows[] = { { 0 } };

static const struct row queue_rows[] = {
	{ NFTA_QUEUE_NUM, W_U16, THEIRS, FIELD(group) },
	{ NFTA_QUEUE_TOTAL, W_U16, THEIRS, FIELD(total) },
	{ NFTA_QUEUE_FLAGS, W_U16, THEIRS, FIELD(mss) },
	{ 0 },
};

static const struct row dynset_rows[] = {
	{ NFTA_DYNSET_SET_NAME, W_TEXT, THEIRS, FIELD(name) },
	{ NFTA_DYNSET_OP, W_U32, THEIRS, FIELD(op) },
	{ NFTA_DYNSET_SREG_KEY, W_U32, THEIRS, FIELD(sreg) },
	{ NFTA_DYNSET_TIMEOUT, W_U64, THEIRS, FIELD(timeout) },
	{ NFTA_DYNSET_EXPR, W_BLOB, THEIRS, FIELD(data) },
	{ NFTA_DYNSET_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ NFTA_DYNSET_PAD, W_PAD, NEWER, 0 },
	{ 0 },
};

static const struct row connlimit_rows[] = {
	{ NFTA_CONNLIMIT_COUNT, W_U32, THEIRS, FIELD(count) },
	{ NFTA_CONNLIMIT_FLAGS, W_U32, THEIRS, FIELD(flags) },
	{ 0 },
};

static const struct {
	const char *name;
	uint8_t size;			/* size of the name including its NUL */
	const struct row *rows;
} kinds[] = {
#define KIND(id, text, r) [RV_NFT_##id] = { text, sizeof(text), r }
	KIND(PAYLOAD, "payload", payload_rows),
	KIND(META, "meta", meta_rows),
	KIND(CMP, "cmp", cmp_rows),
	KIND(BITWISE, "bitwise", bitwise_rows),
	KIND(RANGE, "range", range_rows),
	KIND(IMMEDIATE, "immediate", immediate_rows),
	KIND(COUNTER, "counter", counter_rows),
	KIND(LIMIT, "limit", limit_rows),
	KIND(LOG, "log", log_rows),
	KIND(MATCH, "match", match_rows),
	KIND(TARGET, "target", target_rows),
	KIND(CT, "ct", ct_rows),
	KIND(EXTHDR, "exthdr", exthdr_rows),
	KIND(FIB, "fib", fib_rows),
	KIND(SOCKET, "socket", socket_rows),
	KIND(RT, "rt", rt_rows),
	KIND(NUMGEN, "numgen", numgen_rows),
	KIND(BYTEORDER, "byteorder", byteorder_rows),
	KIND(LOOKUP, "lookup", lookup_rows),
	KIND(QUOTA, "quota", quota_rows),
	KIND(REJECT, "reject", reject_rows),
	KIND(NAT, "nat", nat_rows),
	KIND(MASQ, "masq", masq_rows),
	KIND(REDIR, "redir", redir_rows),
	KIND(TPROXY, "tproxy", tproxy_rows),
	KIND(SYNPROXY, "synproxy", synproxy_rows),
	KIND(DUP, "dup", dup_rows),
	KIND(NOTRACK, "notrack", notrack_rows),
	KIND(QUEUE, "queue", queue_rows),
	KIND(DYNSET, "dynset", dynset_rows),
	KIND(CONNLIMIT, "connlimit", connlimit_rows),
#undef KIND
};
_Static_assert(sizeof(kinds) / sizeof(*kinds) == RV_NFT_KINDS, "every kind needs rows");

const char *rv_nft_expr_name(enum rv_nft_kind kind)
{
	return kinds[kind].name;
}

/* ---- writing ------------------------------------------------------------------- */

static void close_nest(unsigned char *nest, const unsigned char *end)
{
	struct nlattr head = { .nla_len = end - nest };

	memcpy(&head.nla_type, nest + offsetof(struct nlattr, nla_type), sizeof(head.nla_type));
	memcpy(nest, &head, sizeof(head));
}

static unsigned char *open_nest(unsigned char *at, uint16_t type)
{
	return rv_nft_attr_write(at, type | NLA_F_NESTED, NULL, 0);
}

static unsigned char *write_verdict(unsigned char *at, const struct rv_nft_expr *e)
{
	uint32_t code = htobe32(e->verdict);
	unsigned char *nest = at;

	at = open_nest(at, NFTA_DATA_VERDICT);
	at = rv_nft_attr_write(at, NFTA_VERDICT_CODE, &code, sizeof(code));
	if (e->name)
		at = rv_nft_attr_write(at, NFTA_VERDICT_CHAIN, e->name, strlen(e->name) + 1);
	close_nest(nest, at);
	return at;
}

static unsigned char *write_nested(unsigned char *at, const struct row *row,
				   const struct rv_nft_expr *e)
{
	const struct rv_nft_view *v = (const void *)((const char *)e + row->field);
	unsigned char *nest = at;

	at = open_nest(at, row->attr);
	if (row->wire == W_VERDICT)
		v = &e->data;
	at = row->wire == W_VERDICT && !v->data ?
		     write_verdict(at, e) :
		     rv_nft_attr_write(at, NFTA_DATA_VALUE, v->data, v->len);
	close_nest(nest, at);
	return at;
}

static unsigned char *write_row(unsigned char *at, const struct row *row,
				const struct rv_nft_expr *e)
{
	const void *field = (const char *)e + row->field;
	const struct rv_nft_view *v = field;
	const char *const *text = field;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (row->wire & W_MASK) {
	case W_U16:
		u16 = htobe16(*(const uint16_t *)field);
		return rv_nft_attr_write(at, row->attr, &u16, sizeof(u16));
	case W_U32:
		u32 = htobe32(*(const uint32_t *)field);
		return rv_nft_attr_write(at, row->attr, &u32, sizeof(u32));
	case W_U64:
		u64 = htobe64(*(const uint64_t *)field);
		return rv_nft_attr_write(at, row->attr, &u64, sizeof(u64));
	case W_TEXT:
		return rv_nft_attr_write(at, row->attr, *text, strlen(*text) + 1);
	case W_BLOB:
		return rv_nft_attr_write(at, row->attr, v->data, v->len);
	default:
		return write_nested(at, row, e);
	}
}

/* Upper bound for the fixed part of an expression: name, nests and up to six numbers. */
#define FIXED_ROOM 192

void rv_nft_expr_write(struct rv_buf *b, const struct rv_nft_expr *e)
{
	size_t start = b->len;
	size_t room = FIXED_ROOM + e->data.len + e->other.len + (e->name ? strlen(e->name) : 0);
	unsigned char *elem, *data, *at;

	if (room > UINT16_MAX)
		b->failed = true;
	elem = rv_buf_grow(b, room);
	if (!elem)
		return;
	at = open_nest(elem, NFTA_LIST_ELEM);
	at = rv_nft_attr_write(at, NFTA_EXPR_NAME, kinds[e->kind].name, kinds[e->kind].size);
	data = at;
	at = open_nest(at, NFTA_EXPR_DATA);
	for (const struct row *row = kinds[e->kind].rows; row->attr; row++)
		if (row->who == OURS && (!(row->wire & W_OPTIONAL) || e->given >> row->attr & 1))
			at = write_row(at, row, e);
	close_nest(data, at);
	close_nest(elem, at);
	b->len = start + (at - elem);
}

/* ---- reading ------------------------------------------------------------------- */

static bool read_value(struct rv_nft_view data, struct rv_nft_view *v)
{
	struct rv_nft_walk w = rv_nft_attrs(data);
	struct rv_nft_attr a;

	if (!rv_nft_next(&w, &a) || a.type != NFTA_DATA_VALUE || !a.value.len)
		return false;
	*v = a.value;
	return !rv_nft_next(&w, &a) && !w.bad && v->len <= NFT_DATA_VALUE_MAXLEN;
}

static bool read_verdict(struct rv_nft_view data, struct rv_nft_expr *e)
{
	struct rv_nft_view v[NFTA_DATA_MAX + 1], t[NFTA_VERDICT_MAX + 1];

	if (!rv_nft_attr_table(data, v, NFTA_DATA_MAX + 1))
		return false;
	if (v[NFTA_DATA_VALUE].data && !v[NFTA_DATA_VERDICT].data)
		return read_value(data, &e->data);
	if (v[NFTA_DATA_VALUE].data || !v[NFTA_DATA_VERDICT].data)
		return false;
	if (!rv_nft_attr_table(v[NFTA_DATA_VERDICT], t, NFTA_VERDICT_MAX + 1) ||
	    !rv_nft_get_u32(t[NFTA_VERDICT_CODE], &e->verdict))
		return false;
	e->name = rv_nft_get_text(t[NFTA_VERDICT_CHAIN]);
	return e->name || !t[NFTA_VERDICT_CHAIN].data;
}

static bool read_row(const struct row *row, struct rv_nft_view value, struct rv_nft_expr *e)
{
	void *field = (char *)e + row->field;
	const char **text = field;
	uint16_t u16;

	switch (row->wire & W_MASK) {
	case W_U8:
		if (value.len != 1)
			return false;
		*(uint8_t *)field = value.data[0];
		return true;
	case W_U16:
		if (value.len != sizeof(u16))
			return false;
		memcpy(&u16, value.data, sizeof(u16));
		*(uint16_t *)field = be16toh(u16);
		return true;
	case W_U32:
		return rv_nft_get_u32(value, field);
	case W_U64:
		return rv_nft_get_u64(value, field);
	case W_TEXT:
		return (*text = rv_nft_get_text(value)) != NULL;
	case W_BLOB:
		*(struct rv_nft_view *)field = value;
		return true;
	case W_VALUE:
		return read_value(value, field);
	case W_VERDICT:
		return read_verdict(value, e);
	default:
		return true;
	}
}

/* Each attribute must have a row and occur once, and no required one may be missing. */
static const char *read_rows(const struct row *rows, struct rv_nft_view data, struct rv_nft_expr *e)
{
	struct rv_nft_walk w = rv_nft_attrs(data);
	struct rv_nft_attr a;
	uint32_t seen = 0, needed = 0;

	for (const struct row *row = rows; row->attr; row++)
		needed |= row->who != OURS || row->wire & W_OPTIONAL ? 0 : 1U << (row - rows);
	while (rv_nft_next(&w, &a)) {
		const struct row *row = rows;

		while (row->attr && row->attr != a.type)
			row++;
		if (!row->attr)
			return "has an attribute that is not understood";
		if (row->wire != W_PAD && seen & 1U << (row - rows))
			return "has an attribute twice";
		if (!read_row(row, a.value, e))
			return "is malformed";
		if (row->who == THEIRS)
			e->theirs = "has an attribute that is not understood";
		if (row->who == NEWER && row->wire == W_U32 &&
		    *(const uint32_t *)((const char *)e + row->field))
			e->theirs = "does something that is not understood";
		seen |= 1U << (row - rows);
		e->given |= 1U << row->attr;
	}
	if (w.bad)
		return "is malformed";
	/* nft also uses the expression to write packet fields. */
	return (seen & needed) == needed || e->theirs ? NULL : "lacks an attribute";
}

static bool find_kind(const char *name, enum rv_nft_kind *kind)
{
	for (unsigned int i = 0; i < RV_NFT_KINDS; i++) {
		if (!strcmp(kinds[i].name, name)) {
			*kind = i;
			return true;
		}
	}
	return false;
}

int rv_nft_expr_read(struct rv_nft_view elem, struct rv_nft_expr *e, const char **what,
		     const char **why)
{
	struct rv_nft_view t[NFTA_EXPR_MAX + 1];

	*what = "?";
	*why = "is malformed";
	*e = (struct rv_nft_expr){ 0 };
	if (!rv_nft_attr_table(elem, t, NFTA_EXPR_MAX + 1) || !rv_nft_get_text(t[NFTA_EXPR_NAME]))
		return -1;
	*what = rv_nft_get_text(t[NFTA_EXPR_NAME]);
	*why = "is not understood";
	if (!find_kind(*what, &e->kind))
		return -1;
	if (!t[NFTA_EXPR_DATA].data && e->kind != RV_NFT_NOTRACK)
		return -1;
	*why = read_rows(kinds[e->kind].rows, t[NFTA_EXPR_DATA], e);
	if (e->kind >= RV_NFT_CT)
		e->theirs = "is not understood";
	return *why ? -1 : 0;
}

/* ---- verdicts ------------------------------------------------------------------ */

#define RV_NO_CODE INT64_MAX

/* NFTA_VERDICT_CODE by verdict. */
static const int64_t verdict_codes[] = {
#define RV_VERDICT(id, name, nft, nf_tables, ...) nf_tables,
#include <ravelin/verdicts.def>
};

enum rv_verdict rv_nft_verdict_of(uint32_t code)
{
	for (unsigned int i = 0; i < RV_VERDICTS; i++)
		if (verdict_codes[i] == (int32_t)code)
			return i;
	return RV_VERDICT_NONE;
}

bool rv_nft_verdict_code(enum rv_verdict verdict, uint32_t *code)
{
	if (verdict_codes[verdict] == RV_NO_CODE)
		return false;
	*code = (uint32_t)verdict_codes[verdict];
	return true;
}

bool rv_nft_verdict_has_chain(enum rv_verdict verdict)
{
	return verdict == RV_VERDICT_JUMP || verdict == RV_VERDICT_GOTO;
}
