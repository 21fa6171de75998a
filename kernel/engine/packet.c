/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet parsing and checksums. */
#include "internal.h"

#define IPV4_HEADER	20
#define IPV6_HEADER	40
#define IPV6_HEADERS_MAX 8	/* maximum number of extension headers */
#define IP_OFFSET_MASK	0x1fff
#define IP_MORE_FRAGMENTS 0x20	/* of the first byte */

void rv_csum_replace(uint8_t *check, uint16_t from, uint16_t to)
{
	uint32_t sum = (uint16_t)~rv_be16(check) + (uint32_t)(uint16_t)~from + to;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	rv_put_be16(check, ~sum);
}

static int parse_ipv4(struct rv_pkt *pkt)
{
	if (pkt->linear < IPV4_HEADER || pkt->data[0] >> 4 != 4)
		return -EINVAL;
	pkt->thoff = (pkt->data[0] & 0xf) * 4U;
	if (pkt->thoff < IPV4_HEADER || pkt->linear < pkt->thoff)
		return -EINVAL;
	pkt->proto = pkt->data[9];
	pkt->fragoff = rv_be16(pkt->data + 6) & IP_OFFSET_MASK;
	pkt->fragment = pkt->fragoff || pkt->data[6] & IP_MORE_FRAGMENTS;
	return 0;
}

bool rv_ipv6_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ||
	       next == IPPROTO_AH || next == IPPROTO_DSTOPTS;
}

uint32_t rv_ipv6_extension_length(uint8_t kind, uint8_t second)
{
	if (kind == IPPROTO_FRAGMENT)
		return 8;
	return kind == IPPROTO_AH ? (second + 2U) * 4 : (second + 1U) * 8;
}

/*
 * A truncated header chain leaves the protocol unknown. RFC 8504, 5.3 allows limiting the number of
 * headers; legitimate packets have at most one or two of each kind.
 */
static int parse_ipv6(struct rv_pkt *pkt)
{
	unsigned int headers = 0;
	uint32_t off = IPV6_HEADER;
	uint8_t next;

	if (pkt->linear < IPV6_HEADER || pkt->data[0] >> 4 != 6)
		return -EINVAL;
	pkt->proto = RV_PROTO_NONE;
	pkt->fragoff = 0;
	for (next = pkt->data[6]; rv_ipv6_extension(next);) {
		uint8_t buf[4];
		const uint8_t *h = rv_pkt_pull(pkt, off, sizeof(buf), buf);

		if (++headers > IPV6_HEADERS_MAX)
			return -EINVAL;
		if (!h)
			return 0;
		if (next == IPPROTO_FRAGMENT) {
			pkt->fragoff = rv_be16(h + 2) >> 3;
			pkt->fragment |= pkt->fragoff || h[3] & 1;
		}
		off += rv_ipv6_extension_length(next, h[1]);
		next = h[0];
		if (pkt->fragoff && rv_ipv6_extension(next))
			return 0;
		if (pkt->fragoff)
			break;
	}
	pkt->proto = next;
	pkt->thoff = off;
	return 0;
}

int rv_pkt_parse(struct rv_pkt *pkt)
{
	pkt->hotdrop = pkt->fragment = false;
	pkt->thoff = 0;
	return pkt->family == NFPROTO_IPV4 ? parse_ipv4(pkt) : parse_ipv6(pkt);
}

const void *rv_pkt_transport(struct rv_pkt *pkt, uint32_t off, uint32_t len, void *buf)
{
	const void *p;

	if (pkt->proto == RV_PROTO_NONE || pkt->fragoff)
		return NULL;
	p = rv_pkt_pull(pkt, pkt->thoff + off, len, buf);
	if (!p)
		pkt->hotdrop = true;
	return p;
}
