/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragments: sequences of packets for kernel/user/frag.c.
 *
 * Input: packets. First byte: 1: IPv6, 2: raw, 4: a second later, 8: a minute later, 16: not all
 * captured. Raw: length (2 bytes), packet. Otherwise a fragment: identification, flags and ECN,
 * offset (2 bytes, and the last bit of an IPv6 fragment header), length (2 bytes), protocol.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/engine/internal.h"
#include "kernel/user/frag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

static uint16_t take(struct input *in, unsigned int bytes)
{
	uint16_t value = 0;

	for (; bytes && in->left; bytes--, in->left--)
		value = (uint16_t)(value << 8 | *in->at++);
	return value;
}

static uint32_t raw(struct input *in, uint8_t *packet)
{
	uint32_t len = take(in, 2);

	len = len < in->left ? len : (uint32_t)in->left;
	memcpy(packet, in->at, len);
	in->at += len;
	in->left -= len;
	return len;
}

static uint32_t fragment(struct input *in, uint8_t *packet, bool v6)
{
	const uint8_t id = (uint8_t)take(in, 1), flags = (uint8_t)take(in, 1);
	const uint16_t off = take(in, 2), len = take(in, 2);
	const uint8_t proto = (uint8_t)take(in, 1);
	const uint32_t head = v6 ? 48 : 20;

	memset(packet, 0, head + len);
	packet[0] = v6 ? 0x60 : 0x45;
	packet[1] = v6 ? (uint8_t)(flags << 4) : flags & 3;
	if (v6) {
		packet[6] = IPPROTO_FRAGMENT;
		packet[40] = proto;
		rv_put_be16(packet + 42, off);
		packet[47] = id;
	} else {
		packet[5] = id;
		rv_put_be16(packet + 6, (uint16_t)(off >> 3 | (off & 1 ? 0x2000 : 0) | (flags & 4 ? 0x4000 : 0)));
		packet[9] = proto;
	}
	return head + len;
}

static void require(bool what)
{
	if (!what)
		abort();
}

static void add(struct rv_frags *f, const uint8_t *packet, uint32_t len, uint32_t whole, uint64_t now)
{
	struct rv_frag_packet in = { .len = len, .whole = whole }, out = { 0 };
	uint8_t *exact = malloc(len ? len : 1), version = len ? packet[0] >> 4 : 0;
	enum rv_frag rc;

	require(exact);
	memcpy(exact, packet, len);
	in.bytes = exact;
	rc = rv_frags_add(f, &in, now, &out);
	require(rc < RV_FRAG_RESULTS && rv_frag_names[rc]);
	if (rc == RV_FRAG_WHOLE) {
		require(out.len <= out.whole && out.whole <= RV_FRAGS_PACKET_MAX && out.bytes[0] >> 4 == version);
		require(out.fragment_max && (version == 6 || rv_be16(out.bytes + 2) == out.whole));
	}
	require(rv_frags_memory(f, NFPROTO_IPV4) <= RV_FRAGS_HIGH);
	require(rv_frags_memory(f, NFPROTO_IPV6) <= RV_FRAGS_HIGH);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[66000];
	struct rv_frags *f = rv_frags_new();
	struct input in = { data, size };
	uint64_t now = 1;

	require(f);
	while (in.left) {
		const uint8_t how = (uint8_t)take(&in, 1);
		uint32_t whole = how & 2 ? raw(&in, packet) : fragment(&in, packet, how & 1);

		now += (how & 4 ? 1000000000ULL : 0) + (how & 8 ? 60000000000ULL : 0);
		add(f, packet, how & 16 ? whole - whole / 4 : whole, whole, now);
	}
	rv_frags_free(f);
	require(!rv_user_live());
	return 0;
}
