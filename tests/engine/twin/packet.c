/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encodes a packet's description. */
#include "twin.h"

enum { TCP = 6, UDP = 17, DESTINATION_OPTIONS = 60, FRAGMENT = 44 };

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put_ipv4(const struct twin_packet *p, uint8_t *ip, unsigned int len)
{
	unsigned int sum = 0;

	ip[0] = 0x45;
	ip[1] = p->tos;
	put16(ip + 2, len);
	put16(ip + 6, p->fragment);
	ip[8] = p->ttl;
	ip[9] = p->proto;
	memcpy(ip + 12, p->src, 4);
	memcpy(ip + 16, p->dst, 4);
	for (unsigned int i = 0; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum);
}

/* Returns the length of all headers. */
static unsigned int put_ipv6(const struct twin_packet *p, uint8_t *ip)
{
	uint8_t *next = ip + 6;
	unsigned int at = 40;

	ip[0] = 0x60 | p->tos >> 4;
	ip[1] = p->tos << 4;
	ip[7] = p->ttl;
	memcpy(ip + 8, p->src, 16);
	memcpy(ip + 24, p->dst, 16);
	if (p->destination_options) {
		*next = DESTINATION_OPTIONS;
		next = ip + at;
		at += 8;
	}
	if (p->fragment) {
		*next = FRAGMENT;
		next = ip + at;
		put16(ip + at + 2, p->fragment << 3);
		at += 8;
	}
	*next = p->proto;
	return at;
}

static unsigned int put_tcp(const struct twin_packet *p, uint8_t *h)
{
	unsigned int words = (p->ntcp_options * 2 + 3) / 4;

	put16(h, p->sport);
	put16(h + 2, p->dport);
	h[12] = (5 + words) << 4;
	h[13] = p->tcp_flags;
	for (unsigned int i = 0; i < p->ntcp_options; i++) {
		h[20 + 2 * i] = p->tcp_options[i];
		/* Padding has no length byte. */
		h[21 + 2 * i] = p->tcp_options[i] ? 2 : 0;
	}
	return 20 + 4 * words;
}

static unsigned int put_transport(const struct twin_packet *p, uint8_t *h)
{
	if (p->proto == TCP)
		return put_tcp(p, h);
	if (p->proto == 1 || p->proto == 58) {
		h[0] = p->icmp_type;
		h[1] = p->icmp_code;
	} else {
		put16(h, p->sport);
		put16(h + 2, p->dport);
	}
	return 8;
}

unsigned int twin_bytes(const struct twin_packet *p, uint8_t bytes[TWIN_BYTES])
{
	unsigned int head, len;

	memset(bytes, 0, TWIN_BYTES);
	head = p->family == NFPROTO_IPV4 ? 20 : put_ipv6(p, bytes);
	len = put_transport(p, bytes + head);
	len = p->cut && p->cut < len ? head + p->cut : head + len + p->payload;
	if (p->family == NFPROTO_IPV4)
		put_ipv4(p, bytes, len);
	else
		put16(bytes + 4, len - 40);
	memset(bytes + len, 0, TWIN_BYTES - len);
	return len;
}
