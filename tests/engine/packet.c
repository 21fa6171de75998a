/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test packets, and a simple implementation of their checksums. */
#include "test.h"

#define PAYLOAD "ravelin"

static uint32_t header_length(const struct rv_test_packet *t)
{
	return t->p.pkt.family == NFPROTO_IPV4 ? 20 : 40;
}

/* One's complement sum of 16-bit words (RFC 1071). */
static uint32_t sum_of(const uint8_t *bytes, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += rv_be16(bytes + i);
	if (len % 2)
		sum += bytes[len - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Sum of the transport header, payload and pseudo header; 0xffff if the checksum is correct. */
static uint16_t transport_sum(const struct rv_test_packet *t)
{
	uint32_t off = header_length(t), len = t->p.pkt.len - off;
	uint32_t addresses = t->p.pkt.family == NFPROTO_IPV4 ? 8 : 32;

	return fold(sum_of(t->bytes + off - addresses, addresses) + t->p.pkt.proto + len +
		    sum_of(t->bytes + off, len));
}

/* Offset of the checksum in the transport header. */
static uint32_t check_at(const struct rv_test_packet *t)
{
	return header_length(t) + (t->p.pkt.proto == 6 ? 16 : 6);
}

bool rv_test_checksums(const struct rv_test_packet *t)
{
	if (t->p.pkt.family == NFPROTO_IPV4 && fold(sum_of(t->bytes, 20)) != 0xffff)
		return false;
	return transport_sum(t) == 0xffff;
}

void rv_test_sum(struct rv_test_packet *t)
{
	if (t->p.pkt.family == NFPROTO_IPV4) {
		rv_put_be16(t->bytes + 10, 0);
		rv_put_be16(t->bytes + 10, ~fold(sum_of(t->bytes, 20)));
	}
	rv_put_be16(t->bytes + check_at(t), 0);
	rv_put_be16(t->bytes + check_at(t), ~transport_sum(t));
}

static void put_ipv4(uint8_t *ip, uint8_t proto, uint32_t len)
{
	static const uint8_t head[20] = { 0x45, 0, 0, 0, 0, 1, 0, 0, 64, 0,
					  0, 0, 10, 1, 2, 3, 10, 4, 5, 6 };

	memcpy(ip, head, sizeof(head));
	rv_put_be16(ip + 2, len);
	ip[9] = proto;
}

static void put_ipv6(uint8_t *ip, uint8_t proto, uint32_t len)
{
	ip[0] = 0x60;
	rv_put_be16(ip + 4, len - 40);
	ip[6] = proto;
	ip[7] = 64;
	ip[8] = ip[24] = 0xfd;
	ip[23] = 1;
	ip[39] = 2;
}

/* Ports, or for ICMP type 8, code 0. */
static uint32_t put_transport(uint8_t *h, uint8_t proto)
{
	bool tcp = proto == 6, udp = proto == 17;

	if (tcp || udp) {
		rv_put_be16(h, 1000);
		rv_put_be16(h + 2, 80);
	} else {
		h[0] = 8;
	}
	if (udp)
		rv_put_be16(h + 4, 8 + sizeof(PAYLOAD) - 1);
	if (tcp) {
		h[12] = 5 << 4;
		h[13] = 0x02;
	}
	memcpy(h + (tcp ? 20 : 8), PAYLOAD, sizeof(PAYLOAD) - 1);
	return (tcp ? 20 : 8) + sizeof(PAYLOAD) - 1;
}

void rv_test_packet(struct rv_test_packet *t, uint8_t family, uint8_t proto, unsigned int hook)
{
	uint32_t head = family == NFPROTO_IPV4 ? 20 : 40, len;

	memset(t, 0, sizeof(*t));
	len = head + put_transport(t->bytes + head, proto);
	if (family == NFPROTO_IPV4)
		put_ipv4(t->bytes, proto, len);
	else
		put_ipv6(t->bytes, proto, len);
	EXPECT(!rv_user_packet_init(&t->p, t->bytes, len, sizeof(t->bytes)));
	t->p.pkt.hook = hook;
	rv_test_sum(t);
}
