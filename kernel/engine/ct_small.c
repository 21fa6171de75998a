/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of tracked protocols, and the functions of those without a state machine. */
#include "ct.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>

/* ---- checksums ------------------------------------------ */

#define PIECE	64	/* bytes summed at a time */

/* Adds the one's complement sum of len bytes (RFC 1071). Returns false if the packet is shorter. */
static bool add_sum(const struct rv_pkt *pkt, uint32_t off, uint32_t len, uint64_t *sum)
{
	while (len) {
		const uint32_t n = len < PIECE ? len : PIECE;
		uint8_t buf[PIECE];
		const uint8_t *p = rv_pkt_pull(pkt, off, n, buf);

		if (!p)
			return false;
		for (uint32_t i = 0; i + 1 < n; i += 2)
			*sum += rv_be16(p + i);
		if (n % 2)
			*sum += (uint32_t)p[n - 1] << 8;
		off += n;
		len -= n;
	}
	return true;
}

/* Checks received packets only; those of this host may have a partial checksum. */
bool rv_ct_sum_is_wrong(const struct rv_ct *ct, const struct rv_pkt *pkt, bool pseudo)
{
	const uint32_t len = pkt->len - pkt->thoff;
	uint64_t sum = 0;

	if (!ct->config.checksum || pkt->hook != NF_INET_PRE_ROUTING || pkt->partial)
		return false;
	if (pseudo) {
		const uint8_t *addr = rv_pkt_addr(pkt, false);

		for (unsigned int i = 0; i < 2 * rv_addr_len(pkt->family); i += 2)
			sum += rv_be16(addr + i);
		sum += len + pkt->proto;
	}
	if (!add_sum(pkt, pkt->thoff, len, &sum))
		return false;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum != 0xffff;
}

/* ---- UDP ------------------------------------------ */

static enum rvk_ct_why check_udp(const struct rv_ct *ct, const struct rv_pkt *pkt)
{
	uint8_t buf[8];
	const uint8_t *h = rv_pkt_pull(pkt, pkt->thoff, sizeof(buf), buf);
	const uint32_t len = pkt->len - pkt->thoff;

	if (rv_be16(h + 4) > len || rv_be16(h + 4) < 8)
		return RVK_CT_LENGTH;
	/* The sender computed no checksum. */
	if (!rv_be16(h + 6))
		return RVK_CT_VALID;
	return rv_ct_sum_is_wrong(ct, pkt, true) ? RVK_CT_CHECKSUM : RVK_CT_VALID;
}

/* Checks the header. Bytes 4 and 5: how many bytes the checksum covers, 0 for all (RFC 3828). */
static enum rvk_ct_why check_udplite(const struct rv_ct *ct, const struct rv_pkt *pkt)
{
	uint8_t buf[8];
	const uint8_t *h = rv_pkt_pull(pkt, pkt->thoff, sizeof(buf), buf);
	const uint32_t len = pkt->len - pkt->thoff, covered = rv_be16(h + 4);

	if ((covered && covered < 8) || covered > len)
		return RVK_CT_LENGTH;
	if (!rv_be16(h + 6))
		return RVK_CT_CHECKSUM;
	if (covered && covered < len)
		return RVK_CT_VALID;
	return rv_ct_sum_is_wrong(ct, pkt, true) ? RVK_CT_CHECKSUM : RVK_CT_VALID;
}

#define STREAM_AFTER	(2 * RV_SECOND)

/* After two seconds, traffic in both directions counts as a stream, with a longer timeout. */
static enum rv_ct_verdict udp_packet(struct rv_ct_step *s, const struct rv_ct_proto *row)
{
	const uint32_t status = rv_conn_status(s->conn);
	bool stream;

	if (!(status & IPS_CONFIRMED))
		s->conn->proto.stream_from = s->now + STREAM_AFTER;
	stream = status & IPS_SEEN_REPLY && s->now > rv_relaxed(s->conn->proto.stream_from);
	rv_ct_refresh(s, s->ct->config.timeouts[stream ? row->stream : row->timeout]);
	if (stream)
		rv_conn_set(s->conn, IPS_ASSURED);
	return RV_CT_PASS;
}

/* ---- ICMP ------------------------------------------ */

#define ICMP_TYPE_MAX	18	/* RFC 950 */

static enum rvk_ct_why check_icmp(const struct rv_ct *ct, const struct rv_pkt *pkt)
{
	const bool v4 = pkt->family == NFPROTO_IPV4;
	uint8_t buf[8];
	const uint8_t *h = rv_pkt_pull(pkt, pkt->thoff, sizeof(buf), buf);

	if (rv_ct_sum_is_wrong(ct, pkt, !v4))
		return RVK_CT_CHECKSUM;
	return v4 && h[0] > ICMP_TYPE_MAX ? RVK_CT_TYPE : RVK_CT_VALID;
}

/* Only requests start a connection; a reply without a request is INVALID. */
static bool is_request(const struct rv_tuple *t)
{
	const uint8_t type = t->ids[2];

	if (rv_tuple_family(t) == NFPROTO_IPV6)
		return type == ICMPV6_ECHO_REQUEST || type == ICMPV6_NI_QUERY;
	return type == ICMP_ECHO || type == ICMP_TIMESTAMP || type == ICMP_INFO_REQUEST ||
	       type == ICMP_ADDRESS;
}

static enum rv_ct_verdict icmp_packet(struct rv_ct_step *s, const struct rv_ct_proto *row)
{
	const struct rv_tuple t = rv_conn_tuple(s->conn, RV_CT_ORIGINAL);

	if (!is_request(&t)) {
		s->why = RVK_CT_TYPE;
		return RV_CT_INVALID;
	}
	rv_ct_refresh(s, s->ct->config.timeouts[row->timeout]);
	return RV_CT_PASS;
}

/* ---- rows ------------------------------------------ */

#define V4	NFPROTO_IPV4
#define V6	NFPROTO_IPV6
#define ANY	NFPROTO_UNSPEC

static const struct rv_ct_proto protos[] = {
	{ IPPROTO_TCP, ANY, RV_TCP_HEADER, 0, 0, rv_ct_tcp_check, rv_ct_tcp, "tcp" },
	{ IPPROTO_SCTP, ANY, 12, RV_CT_GENERIC, RV_CT_GENERIC, NULL, NULL, "sctp" },
	{ IPPROTO_UDP, ANY, 8, RV_CT_UDP, RV_CT_UDP_STREAM, check_udp, udp_packet, "udp" },
	{ IPPROTO_UDPLITE, ANY, 8, RV_CT_UDP, RV_CT_UDP_STREAM, check_udplite, udp_packet, "udplite" },
	{ IPPROTO_ICMP, V4, 8, RV_CT_ICMP, RV_CT_ICMP, check_icmp, icmp_packet, "icmp" },
	{ IPPROTO_ICMPV6, V6, 8, RV_CT_ICMPV6, RV_CT_ICMPV6, check_icmp, icmp_packet, "icmpv6" },
	{ IPPROTO_GRE, ANY, 0, RV_CT_GRE, RV_CT_GRE_STREAM, NULL, NULL, "gre" },
	{ IPPROTO_DCCP, ANY, 8, RV_CT_DCCP, RV_CT_DCCP, NULL, NULL, "dccp" },
	{ 0, ANY, 0, RV_CT_GENERIC, RV_CT_GENERIC, NULL, NULL, "unknown" },
};

const struct rv_ct_proto *rv_ct_proto(uint8_t family, uint8_t proto)
{
	const struct rv_ct_proto *row = protos;

	while (row->proto && (row->proto != proto || (row->family != ANY && row->family != family)))
		row++;
	return row;
}

static uint8_t proto_of(const struct rv_conn *c)
{
	return rv_relaxed(c->nodes[RV_CT_ORIGINAL].tuple.kind) >> 8 & 0xff;
}

bool rv_ct_closing(const struct rv_conn *c)
{
	return proto_of(c) == IPPROTO_TCP && rv_ct_tcp_closing(&c->proto.tcp);
}

const char *rv_conn_state_name(const struct rv_conn *c)
{
	return proto_of(c) == IPPROTO_TCP ? rv_tcp_state_name(rv_relaxed(c->proto.tcp.state)) : NULL;
}
