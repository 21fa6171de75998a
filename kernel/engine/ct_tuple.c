/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tuples of packets, and their hash. */
#include "ct.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>

#define QUOTE_MAX	128	/* bytes read from a quoted packet */

/* ---- SipHash ------------------------------------------ */

static inline uint64_t rotate(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static inline void sip_absorb(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
}

uint64_t rv_siphash(const uint32_t *words, unsigned int n, const uint64_t key[2])
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573,
	};

	for (unsigned int i = 0; i < n; i += 2)
		sip_absorb(v, words[i] | (uint64_t)words[i + 1] << 32);
	sip_absorb(v, (uint64_t)n * sizeof(*words) << 56);
	v[2] ^= 0xff;
	for (unsigned int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- packets ------------------------------------------ */

/* Sets ids for ICMP: identifier, then type and code. */
static void put_icmp(struct rv_tuple *t, const uint8_t *h)
{
	memcpy(t->ids, h + 4, 2);
	memcpy(t->ids + 2, h, 2);
}

static bool is_icmp(uint8_t family, uint16_t proto)
{
	return proto == (family == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static enum rvk_ct_why put_ids(const struct rv_pkt *pkt, struct rv_tuple *t)
{
	const bool icmp = is_icmp(pkt->family, pkt->proto);
	uint8_t buf[8];
	const uint8_t *h;

	if (!icmp && !rv_has_ports(pkt->proto))
		return RVK_CT_VALID;
	h = rv_pkt_pull(pkt, pkt->thoff, sizeof(buf), buf);
	if (!h)
		return RVK_CT_SHORT;
	if (icmp)
		put_icmp(t, h);
	else
		memcpy(t->ids, h, sizeof(t->ids));
	return RVK_CT_VALID;
}

enum rvk_ct_why rv_tuple_of(const struct rv_pkt *pkt, struct rv_tuple *t)
{
	memset(t, 0, sizeof(*t));
	if (pkt->fragment)
		return RVK_CT_FRAGMENT;
	if (pkt->proto == RV_PROTO_NONE)
		return RVK_CT_SHORT;
	memcpy(t->src, rv_pkt_addr(pkt, false), rv_addr_len(pkt->family));
	memcpy(t->dst, rv_pkt_addr(pkt, true), rv_addr_len(pkt->family));
	t->kind = rv_kind(pkt->family, pkt->proto, 0);
	return put_ids(pkt, t);
}

static const void *beyond(const struct rv_pkt *pkt, uint32_t off, uint32_t len, void *buf)
{
	(void)pkt;
	(void)off;
	(void)len;
	(void)buf;
	return NULL;
}

/* ICMP errors quote the start of the packet that caused them (RFC 1812, 4.3.2.3; RFC 4443, 2.4). */
enum rvk_ct_why rv_tuple_quoted(const struct rv_pkt *pkt, uint32_t off, struct rv_tuple *t,
				struct rv_pkt *inner)
{
	static const struct rv_pkt_ops quoted = { .pull = beyond };
	uint8_t buf[QUOTE_MAX];
	const uint32_t left = off < pkt->len ? pkt->len - off : 0;
	enum rvk_ct_why why;

	*inner = (struct rv_pkt){ .ops = &quoted, .family = pkt->family, .len = left };
	inner->linear = left < QUOTE_MAX ? left : QUOTE_MAX;
	inner->data = rv_pkt_pull(pkt, off, inner->linear, buf);
	if (!inner->data || rv_pkt_parse(inner))
		return RVK_CT_QUOTE;
	/* A quoted first fragment has its ports; later ones do not. */
	inner->fragment = inner->fragoff;
	why = rv_tuple_of(inner, t);
	inner->data = NULL;
	return why ? RVK_CT_QUOTE : RVK_CT_VALID;
}

/* ---- replies ------------------------------------------ */

/* ICMP requests and their replies. */
static const struct { uint8_t proto, request, reply; } pairs[] = {
	{ IPPROTO_ICMP, ICMP_ECHO, ICMP_ECHOREPLY },
	{ IPPROTO_ICMP, ICMP_TIMESTAMP, ICMP_TIMESTAMPREPLY },
	{ IPPROTO_ICMP, ICMP_INFO_REQUEST, ICMP_INFO_REPLY },
	{ IPPROTO_ICMP, ICMP_ADDRESS, ICMP_ADDRESSREPLY },
	{ IPPROTO_ICMPV6, ICMPV6_ECHO_REQUEST, ICMPV6_ECHO_REPLY },
	{ IPPROTO_ICMPV6, ICMPV6_NI_QUERY, ICMPV6_NI_REPLY },
};

static bool invert_icmp(struct rv_tuple *reply)
{
	const uint8_t proto = rv_tuple_proto(reply);
	uint8_t *type = &reply->ids[2];

	for (unsigned int i = 0; i < RV_COUNT(pairs); i++) {
		if (pairs[i].proto != proto || (*type != pairs[i].request && *type != pairs[i].reply))
			continue;
		*type = *type == pairs[i].request ? pairs[i].reply : pairs[i].request;
		return true;
	}
	return false;
}

bool rv_tuple_invert(const struct rv_tuple *t, struct rv_tuple *reply)
{
	memcpy(reply->src, t->dst, sizeof(reply->src));
	memcpy(reply->dst, t->src, sizeof(reply->dst));
	reply->kind = t->kind;
	memcpy(reply->ids, t->ids, sizeof(reply->ids));
	if (is_icmp(rv_tuple_family(t), rv_tuple_proto(t)))
		return invert_icmp(reply);
	memcpy(reply->ids, t->ids + 2, 2);
	memcpy(reply->ids + 2, t->ids, 2);
	return true;
}
