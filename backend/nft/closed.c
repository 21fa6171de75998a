/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include "backend/nft/transaction/batch.h"
#include "closed.h"

/* ---- messages -------------------------------------------------------------------- */

static void put_table(struct rv_buf *b, uint32_t *seq, uint8_t type, rv_family_t family,
		      const char *name)
{
	uint16_t flags = type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0;
	size_t at = rv_nft_begin_message(b, seq, type, flags, family);

	rv_nft_put_text(b, NFTA_TABLE_NAME, name);
	rv_nft_end_message(b, at);
}

/* Creates the table first, so that deleting it cannot fail. */
void rv_nft_put_no_table(struct rv_buf *b, uint32_t *seq, rv_family_t family, const char *name)
{
	put_table(b, seq, NFT_MSG_NEWTABLE, family, name);
	put_table(b, seq, NFT_MSG_DELTABLE, family, name);
}

/* ---- rules ------------------------------------------------------------------------ */

/* State while writing a rule; its expressions use register 1. */
struct writer {
	struct rv_buf *b;
	uint32_t *seq;
	rv_family_t family;
	const char *table, *chain;
	size_t message, list;
};

static void start_rule(struct writer *w)
{
	w->message = rv_nft_begin_message(w->b, w->seq, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
					  w->family);
	rv_nft_put_text(w->b, NFTA_RULE_TABLE, w->table);
	rv_nft_put_text(w->b, NFTA_RULE_CHAIN, w->chain);
	w->list = rv_nft_nest(w->b, NFTA_RULE_EXPRESSIONS);
}

static void accept_rest(struct writer *w)
{
	const struct rv_nft_expr e = {
		.kind = RV_NFT_IMMEDIATE, .dreg = NFT_REG_VERDICT, .verdict = NF_ACCEPT,
	};

	rv_nft_expr_write(w->b, &e);
	rv_nft_nest_end(w->b, w->list);
	rv_nft_end_message(w->b, w->message);
}

static void load_meta(struct writer *w, uint32_t key)
{
	const struct rv_nft_expr e = {
		.kind = RV_NFT_META, .key = key, .dreg = NFT_REG_1, .given = 1U << NFTA_META_DREG,
	};

	rv_nft_expr_write(w->b, &e);
}

static void load_transport(struct writer *w, uint32_t offset)
{
	const struct rv_nft_expr e = {
		.kind = RV_NFT_PAYLOAD, .base = NFT_PAYLOAD_TRANSPORT_HEADER, .offset = offset,
		.len = 1, .dreg = NFT_REG_1,
	};

	rv_nft_expr_write(w->b, &e);
}

/* iptables never writes this expression, so it has no row. */
static void load_ct_state(struct writer *w)
{
	size_t elem = rv_nft_nest(w->b, NFTA_LIST_ELEM), data;

	rv_nft_put_text(w->b, NFTA_EXPR_NAME, "ct");
	data = rv_nft_nest(w->b, NFTA_EXPR_DATA);
	rv_nft_put_u32(w->b, NFTA_CT_KEY, NFT_CT_STATE);
	rv_nft_put_u32(w->b, NFTA_CT_DREG, NFT_REG_1);
	rv_nft_nest_end(w->b, data);
	rv_nft_nest_end(w->b, elem);
}

static void mask(struct writer *w, const void *bits, uint32_t len)
{
	static const unsigned char none[4];
	const struct rv_nft_expr e = {
		.kind = RV_NFT_BITWISE, .sreg = NFT_REG_1, .dreg = NFT_REG_1, .len = len,
		.data = { bits, len }, .other = { none, len },
	};

	rv_nft_expr_write(w->b, &e);
}

static void compare(struct writer *w, uint32_t op, const void *value, uint32_t len)
{
	const struct rv_nft_expr e = {
		.kind = RV_NFT_CMP, .sreg = NFT_REG_1, .op = op, .data = { value, len },
	};

	rv_nft_expr_write(w->b, &e);
}

static void compare_byte(struct writer *w, uint32_t op, unsigned char value)
{
	compare(w, op, &value, 1);
}

static void put_loopback(struct writer *w)
{
	static const char name[16] = "lo";

	start_rule(w);
	load_meta(w, NFT_META_IIFNAME);
	compare(w, NFT_CMP_EQ, name, sizeof(name));
	accept_rest(w);
}

#define TCP_FLAGS 13		/* offset in the header */
#define TCP_SYN 0x02
#define TCP_ACK 0x10

static void put_open_tcp(struct writer *w)
{
	static const unsigned char syn_ack = TCP_SYN | TCP_ACK;

	start_rule(w);
	load_meta(w, NFT_META_L4PROTO);
	compare_byte(w, NFT_CMP_EQ, IPPROTO_TCP);
	load_transport(w, TCP_FLAGS);
	mask(w, &syn_ack, 1);
	compare_byte(w, NFT_CMP_NEQ, TCP_SYN);
	accept_rest(w);
}

/* Bits as in nft_ct: 1 << (enum ip_conntrack_info + 1). */
#define STATE_ESTABLISHED (1U << (IP_CT_ESTABLISHED + 1))
#define STATE_RELATED (1U << (IP_CT_RELATED + 1))

static void put_tracked(struct writer *w)
{
	static const uint32_t open = STATE_ESTABLISHED | STATE_RELATED, none;

	start_rule(w);
	load_ct_state(w);
	mask(w, &open, sizeof(open));
	compare(w, NFT_CMP_NEQ, &none, sizeof(none));
	accept_rest(w);
}

/* Without these, open connections would fail: neighbour discovery and path MTU. */
static const struct {
	rv_family_t family;
	unsigned char proto, type;
} needed[] = {
	{ NFPROTO_IPV4, IPPROTO_ICMP, ICMP_DEST_UNREACH },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, ICMP6_DST_UNREACH },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, ICMP6_PACKET_TOO_BIG },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, ND_ROUTER_ADVERT },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, ND_NEIGHBOR_SOLICIT },
	{ NFPROTO_IPV6, IPPROTO_ICMPV6, ND_NEIGHBOR_ADVERT },
};

static void put_needed(struct writer *w)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (needed[i].family != w->family)
			continue;
		start_rule(w);
		load_meta(w, NFT_META_L4PROTO);
		compare_byte(w, NFT_CMP_EQ, needed[i].proto);
		load_transport(w, 0);
		compare_byte(w, NFT_CMP_EQ, needed[i].type);
		accept_rest(w);
	}
}

/* ---- the table -------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t hook;
} chains[] = {
	{ "input", NF_INET_LOCAL_IN },
	{ "forward", NF_INET_FORWARD },
};

/* Writes a base chain with policy DROP. */
static void put_chain(struct rv_buf *b, uint32_t *seq, rv_family_t family, const char *table,
		      const char *name, uint32_t number, int32_t priority)
{
	size_t at = rv_nft_begin_message(b, seq, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family), hook;

	rv_nft_put_text(b, NFTA_CHAIN_TABLE, table);
	rv_nft_put_text(b, NFTA_CHAIN_NAME, name);
	hook = rv_nft_nest(b, NFTA_CHAIN_HOOK);
	rv_nft_put_u32(b, NFTA_HOOK_HOOKNUM, number);
	rv_nft_put_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	rv_nft_nest_end(b, hook);
	rv_nft_put_u32(b, NFTA_CHAIN_POLICY, NF_DROP);
	rv_nft_put_text(b, NFTA_CHAIN_TYPE, "filter");
	rv_nft_end_message(b, at);
}

static void put_rules(struct rv_buf *b, uint32_t *seq, rv_family_t family, const char *table,
		      unsigned int i, enum rv_nft_open_by how)
{
	struct writer w = {
		.b = b, .seq = seq, .family = family, .table = table, .chain = chains[i].name,
	};

	if (chains[i].hook == NF_INET_LOCAL_IN && how != RV_NFT_OPEN_FOR_A_MOMENT)
		put_loopback(&w);
	if (how == RV_NFT_OPEN_BY_TRACKING)
		put_tracked(&w);
	put_open_tcp(&w);
	put_needed(&w);
}

static const struct rv_nft_closed both_families = { RV_NFT_CLOSED_TABLE, { true, true } };

static void put_closed(struct rv_buf *b, uint32_t *seq, const struct rv_nft_closed *what,
		       enum rv_nft_open_by how)
{
	for (unsigned int f = 0; f < RV_FAMILIES; f++) {
		rv_family_t family = rv_family_defs[f].family;

		if (!what->families[f])
			continue;
		rv_nft_put_no_table(b, seq, family, what->table);
		put_table(b, seq, NFT_MSG_NEWTABLE, family, what->table);
		for (unsigned int i = 0; i < sizeof(chains) / sizeof(*chains); i++) {
			put_chain(b, seq, family, what->table, chains[i].name, chains[i].hook,
				  NF_IP_PRI_FILTER);
			put_rules(b, seq, family, what->table, i, how);
		}
	}
}

static void put_open(struct rv_buf *b, uint32_t *seq, const struct rv_nft_closed *what)
{
	for (unsigned int f = 0; f < RV_FAMILIES; f++)
		if (what->families[f])
			rv_nft_put_no_table(b, seq, rv_family_defs[f].family, what->table);
}

void rv_nft_put_not_closed(struct rv_buf *b, uint32_t *seq)
{
	put_open(b, seq, &both_families);
}

void rv_nft_put_guard(struct rv_buf *b, uint32_t *seq, rv_family_t family, unsigned int hooks)
{
	if (!hooks)
		return;
	put_table(b, seq, NFT_MSG_NEWTABLE, family, RV_NFT_GUARD_TABLE);
	for (unsigned int i = 0; i < NF_INET_NUMHOOKS; i++)
		if (hooks & 1U << i)
			put_chain(b, seq, family, RV_NFT_GUARD_TABLE, rv_hook_name(i), i, INT16_MIN);
}

void rv_nft_put_no_guard(struct rv_buf *b, uint32_t *seq, rv_family_t family, unsigned int hooks)
{
	if (hooks)
		put_table(b, seq, NFT_MSG_DELTABLE, family, RV_NFT_GUARD_TABLE);
}

/* ---- sending ---------------------------------------------------------------------- */

/* A killed process that shared the socket may not have read its replies. */
static void drain(const struct rv_nft_socket *n)
{
	while (recv(mnl_socket_get_fd(n->nl), n->buf, 1, MSG_DONTWAIT | MSG_TRUNC) > 0 ||
	       errno == ENOBUFS)
		;
}

int rv_nft_send_any(struct rv_nft_socket *n, const struct rv_buf *batch, size_t messages, bool end,
		    struct rv_nft_verdict *v, struct rv_error *err)
{
	const struct iovec part = { batch->data, batch->len - (end ? 0 : RV_NFT_HEAD) };

	drain(n);
	return rv_nft_send(n, &part, 1, messages, v, err);
}

/* More messages than the table needs. */
#define MESSAGES 100

static int send_own(struct rv_nft_closer *c, const struct rv_buf *batch, bool end,
		    struct rv_error *err)
{
	struct rv_nft_verdict v;

	if (rv_nft_send_any(&c->socket, batch, MESSAGES, end, &v, err))
		return -1;
	if (!v.code)
		return 0;
	rv_fail(err, RV_ERR_RESOURCE, NULL,
		"the kernel refuses the table that closes the host: %s", strerror(v.code));
	return v.text[0] ? rv_hint(err, "the kernel says: %s", v.text) : -1;
}

int rv_nft_closer_close(struct rv_nft_closer *c, enum rv_nft_open_by how, struct rv_error *err)
{
	return send_own(c, &c->closed[how], true, err);
}

int rv_nft_closer_check(struct rv_nft_closer *c, enum rv_nft_open_by how, struct rv_error *err)
{
	return send_own(c, &c->closed[how], false, err);
}

int rv_nft_closer_close_best(struct rv_nft_closer *c, struct rv_error *err)
{
	struct rv_error ignored = { 0 };

	if (!rv_nft_closer_close(c, RV_NFT_OPEN_BY_TRACKING, &ignored))
		return 0;
	return rv_nft_closer_close(c, RV_NFT_OPEN_BY_FLAGS, err);
}

int rv_nft_closer_open(struct rv_nft_closer *c, struct rv_error *err)
{
	return send_own(c, &c->open, true, err);
}

int rv_nft_closer_init(struct rv_nft_closer *c, const struct rv_nft_closed *what,
		       struct rv_error *err)
{
	uint32_t seq = 1;

	*c = (struct rv_nft_closer){ .what = what ? *what : both_families };
	if (rv_nft_open(&c->socket, err) || rv_nft_generation(&c->socket, err))
		return -1;
	for (int how = 0; how < RV_NFT_OPEN_BY; how++) {
		rv_nft_put_batch_begin(&c->closed[how]);
		put_closed(&c->closed[how], &seq, &c->what, (enum rv_nft_open_by)how);
		rv_nft_put_batch_end(&c->closed[how], seq);
	}
	rv_nft_put_batch_begin(&c->open);
	put_open(&c->open, &seq, &c->what);
	rv_nft_put_batch_end(&c->open, seq);
	for (int how = 0; how < RV_NFT_OPEN_BY; how++)
		if (!rv_buf_ok(&c->closed[how]))
			return rv_fail_memory(err);
	return rv_buf_ok(&c->open) ? 0 : rv_fail_memory(err);
}

void rv_nft_closer_free(struct rv_nft_closer *c)
{
	rv_nft_close(&c->socket);
	for (int how = 0; how < RV_NFT_OPEN_BY; how++)
		rv_buf_free(&c->closed[how]);
	rv_buf_free(&c->open);
}

/* Sends nothing if the table does not exist: other programs would see a change. */
static int open_again(struct rv_nft_closer *c, rv_family_t family, struct rv_error *err)
{
	uint32_t flags;
	int rc = rv_nft_ask_table(&c->socket, family, c->what.table, &flags, err);

	return rc ? (rc < 0 ? -1 : 0) : rv_nft_closer_open(c, err);
}

int rv_nft_shut(rv_family_t family, bool shut, struct rv_error *err)
{
	struct rv_nft_closed what = { .table = RV_NFT_SHUT_TABLE };
	struct rv_nft_closer c;
	int rc;

	what.families[rv_family_index(family)] = true;
	rc = rv_nft_closer_init(&c, &what, err);
	if (!rc)
		rc = shut ? rv_nft_closer_close_best(&c, err) : open_again(&c, family, err);
	rv_nft_closer_free(&c);
	return rc;
}
