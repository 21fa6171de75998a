/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encoding of nf_tables messages: attributes, expressions, headers. Independent of iptables rules.
 * Layouts: linux/netfilter/nf_tables.h, nfnetlink.h.
 */
#ifndef RAVELIN_NFT_WIRE_H
#define RAVELIN_NFT_WIRE_H

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include <ravelin/buf.h>
#include <ravelin/error.h>
#include <ravelin/extension.h>
#include <ravelin/ir.h>

/* ---- attributes: attr.c ---------------------------------------------------- */

/* Borrowed bytes. */
struct rv_nft_view {
	const unsigned char *data;
	uint32_t len;
};

struct rv_nft_attr {
	uint16_t type;			/* without the flag bits */
	struct rv_nft_view value;
};

/* Iterates over the attributes in a payload; unlike mnl_attr_for_each, detects bad lengths. */
struct rv_nft_walk {
	struct rv_nft_view rest;
	bool bad;			/* stopped at an invalid attribute */
};

static inline struct rv_nft_walk rv_nft_attrs(struct rv_nft_view payload)
{
	return (struct rv_nft_walk){ .rest = payload };
}

static inline bool rv_nft_next(struct rv_nft_walk *w, struct rv_nft_attr *a)
{
	struct nlattr head;
	uint32_t step;

	if (!w->rest.len)
		return false;
	if (w->rest.len < sizeof(head)) {
		w->bad = true;
		return false;
	}
	memcpy(&head, w->rest.data, sizeof(head));
	if (head.nla_len < sizeof(head) || head.nla_len > w->rest.len) {
		w->bad = true;
		return false;
	}
	a->type = head.nla_type & NLA_TYPE_MASK;
	a->value.data = w->rest.data + sizeof(head);
	a->value.len = head.nla_len - sizeof(head);
	step = NLA_ALIGN(head.nla_len);
	if (step > w->rest.len)
		step = w->rest.len;
	w->rest.data += step;
	w->rest.len -= step;
	return true;
}

/*
 * Stores the values of attributes 0..max-1 in table (data NULL: absent), ignoring others. Returns
 * false if the payload is malformed.
 */
bool rv_nft_attr_table(struct rv_nft_view payload, struct rv_nft_view *table, unsigned int max);

/* Get values; false if the size is wrong. Numbers are big-endian. */
bool rv_nft_get_u32(struct rv_nft_view v, uint32_t *n);
bool rv_nft_get_u64(struct rv_nft_view v, uint64_t *n);
/* The text of a NUL-terminated string attribute, or NULL. */
const char *rv_nft_get_text(struct rv_nft_view v);

/*
 * Iterates over NFTA_*_USERDATA: items of type (1 byte), length (1 byte) and value. *at starts at
 * 0. Returns false after the last item, and at a truncated one.
 */
#define RV_NFT_UDATA_COMMENT 0
bool rv_nft_next_userdata(struct rv_nft_view data, uint32_t *at, uint8_t *type,
			  struct rv_nft_view *value);

/* Writes an attribute to memory of sufficient size; returns the address after it. */
static inline unsigned char *rv_nft_attr_write(unsigned char *at, uint16_t type, const void *data,
					  size_t len)
{
	struct nlattr head = { .nla_len = NLA_HDRLEN + len, .nla_type = type };
	size_t padded = NLA_ALIGN(len);

	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	if (padded != len)
		memset(at + padded - 4, 0, 4);
	if (len)
		memcpy(at, data, len);
	return at + padded;
}

void rv_nft_put(struct rv_buf *b, uint16_t type, const void *data, size_t len);
void rv_nft_put_text(struct rv_buf *b, uint16_t type, const char *text);
void rv_nft_put_u32(struct rv_buf *b, uint16_t type, uint32_t n);
void rv_nft_put_u64(struct rv_buf *b, uint16_t type, uint64_t n);
/* Starts a nested attribute; returns its offset, for rv_nft_nest_end(). */
size_t rv_nft_nest(struct rv_buf *b, uint16_t type);
/* Returns false if the nested attribute is too long. */
bool rv_nft_nest_end(struct rv_buf *b, size_t nest);

/* ---- expressions: expr.c --------------------------------------------------- */

/* The known expressions: identifier, name on the wire. */
#define RV_NFT_EXPRS(X)		\
	X(PAYLOAD, "payload")	\
	X(META, "meta")		\
	X(CMP, "cmp")		\
	X(BITWISE, "bitwise")	\
	X(RANGE, "range")	\
	X(IMMEDIATE, "immediate")	\
	X(COUNTER, "counter")	\
	X(LIMIT, "limit")	\
	X(LOG, "log")		\
	X(MATCH, "match")	\
	X(TARGET, "target")	\
	/* Written only by nft. */ \
	X(CT, "ct")		\
	X(EXTHDR, "exthdr")	\
	X(FIB, "fib")		\
	X(SOCKET, "socket")	\
	X(RT, "rt")		\
	X(NUMGEN, "numgen")	\
	X(BYTEORDER, "byteorder") \
	X(LOOKUP, "lookup")	\
	X(QUOTA, "quota")	\
	X(REJECT, "reject")	\
	X(NAT, "nat")		\
	X(MASQ, "masq")		\
	X(REDIR, "redir")	\
	X(TPROXY, "tproxy")	\
	X(SYNPROXY, "synproxy")	\
	X(DUP, "dup")		\
	X(NOTRACK, "notrack")	\
	X(QUEUE, "queue")	\
	X(DYNSET, "dynset")	\
	X(CONNLIMIT, "connlimit")

enum rv_nft_kind {
#define RV_X(id, name) RV_NFT_##id,
	RV_NFT_EXPRS(RV_X)
#undef RV_X
	RV_NFT_KINDS
};

#define RV_NFT_WORDS (NFT_REG32_COUNT)	/* number of 32-bit registers */

/* An expression; the rows of its kind in expr.c define which fields are used. */
struct rv_nft_expr {
	enum rv_nft_kind kind;
	uint32_t sreg, dreg;
	uint32_t base, offset, len;
	uint32_t key, op;
	uint32_t burst, type, flags;
	uint32_t revision, verdict;
	uint32_t given;			/* bits: optional attributes that are present */
	/* nat, masq, redir: addresses, then ports; dup: address, device */
	uint32_t regs[4];
	uint32_t family, level, modulus, size, count;
	uint16_t group, threshold, mss, total;
	uint8_t direction, code, header, wscale;
	uint64_t packets, bytes;
	uint64_t rate, unit, timeout;	/* ms */
	/* cmp, immediate: value; bitwise: mask; range: from; match: blob; dynset: an expression */
	struct rv_nft_view data;
	struct rv_nft_view other;	/* bitwise: xor; range: to */
	const char *name;		/* match, target; the chain of a verdict; a log's prefix; a set */
	const char *theirs;		/* why iptables never writes this; NULL: it may */
};

/* Appends one list element; check rv_buf_ok() for memory. */
void rv_nft_expr_write(struct rv_buf *b, const struct rv_nft_expr *e);
/*
 * Decodes the payload of a list element. *e points into elem. On failure, *what is the expression's
 * name (or "?") and *why the reason.
 */
int rv_nft_expr_read(struct rv_nft_view elem, struct rv_nft_expr *e, const char **what,
		     const char **why);
const char *rv_nft_expr_name(enum rv_nft_kind kind);

/* The verdict of an immediate expression; RV_VERDICT_NONE: one that iptables does not have. */
enum rv_verdict rv_nft_verdict_of(uint32_t code);
/* The inverse; false: nf_tables has no such verdict. */
bool rv_nft_verdict_code(enum rv_verdict verdict, uint32_t *code);
/* Returns whether the verdict has a chain. */
bool rv_nft_verdict_has_chain(enum rv_verdict verdict);

/* ---- messages: message.c ----------------------------------------------------- */

#define RV_NFT_HEAD (NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)))

/* Appends a message header; its length is set by rv_nft_end_message(). seq starts at 1. */
void rv_nft_put_message(struct rv_buf *b, uint16_t type, uint16_t flags, rv_family_t family,
			uint16_t res_id, uint32_t seq);
void rv_nft_end_message(struct rv_buf *b, size_t start);
/*
 * Appends an nf_tables message header with the next sequence number. Returns start for
 * rv_nft_end_message().
 */
size_t rv_nft_begin_message(struct rv_buf *b, uint32_t *seq, uint8_t type, uint16_t flags,
			    rv_family_t family);
/* The first and last message of a batch that is not bound to a generation. */
void rv_nft_put_batch_begin(struct rv_buf *b);
void rv_nft_put_batch_end(struct rv_buf *b, uint32_t seq);

/* Location of a rule, for error messages. */
struct rv_nft_place {
	const char *table, *chain;
	uint64_t handle;
};

/* Gets the attributes of a rule message (NFTA_RULE_MAX + 1) and its location. */
int rv_nft_place_of(struct rv_nft_view attrs, struct rv_nft_view *t, struct rv_nft_place *place,
		    struct rv_error *err);

/* Errors while reading; all return -1. Malformed answer of the kernel: */
int rv_nft_malformed(struct rv_error *err);
/*
 * RV_ERR_AGAIN: an object read before no longer exists; the hint says that another program wrote.
 */
int rv_nft_changed(struct rv_error *err);
int rv_nft_changed_by_others(struct rv_error *err);

/* Returns whether iptables can express a chain of this name. */
bool rv_nft_is_sayable(const char *name);

#endif
