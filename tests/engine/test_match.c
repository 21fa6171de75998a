/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selectors, operators and stateless matches: each true once and false once. */
#include "test.h"

#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_dscp.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_length.h>
#include <linux/netfilter/xt_mac.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_string.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter/xt_time.h>
#include <linux/netfilter/xt_u32.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv4/ipt_ttl.h>

#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6
#define TCP 6
#define UDP 17

static const char eth0[16] = "eth0", port1[16] = "port1";
static const uint8_t ether[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };

/* A packet with all properties. */
static void make_packet(struct rv_test_packet *t, uint8_t family, uint8_t proto)
{
	rv_test_packet(t, family, proto, NF_INET_LOCAL_OUT);
	t->p.pkt.in = eth0;
	t->p.pkt.mark = 0x12345678;
	t->p.pkt.pkttype = 2;
	t->p.ether = ether;
	t->p.has_owner = true;
	t->p.uid = 1000;
	t->p.gid = 100;
	t->p.bridge_in = port1;
	t->bytes[family == V4 ? 1 : 0] = family == V4 ? 0xba : 0x6b;
	t->bytes[1] |= family == V4 ? 0 : 0xa0;
}

static bool is_true(struct rv_test_packet *t, unsigned int sel, unsigned int op, unsigned int len,
		    const void *value, const void *other)
{
	struct rvk_predicate p = { .size = sizeof(p), .sel = sel, .op = op, .len = len };
	bool plain, negated;

	memcpy(p.value, value, len);
	if (other)
		memcpy(p.other, other, len);
	EXPECT(!rv_predicate_check(&p, sizeof(p), t->p.pkt.family));
	plain = rv_predicate_true(&t->p.pkt, &p);
	p.flags = RVK_PREDICATE_NEGATE;
	negated = rv_predicate_true(&t->p.pkt, &p);
	EXPECT(!(plain && negated));
	return plain;
}

/* Expected value of each selector for that packet. */
static const struct loaded {
	uint8_t sel, family, proto, len;
	uint8_t value[16];
	uint32_t number;		/* instead of value, for host-order integers */
} loads[] = {
	{ RVK_SEL_IP_SADDR, V4, TCP, 4, { 10, 1, 2, 3 }, 0 },
	{ RVK_SEL_IP_DADDR, V4, TCP, 4, { 10, 4, 5, 6 }, 0 },
	{ RVK_SEL_IP_FRAG, V4, TCP, 2, { 0 }, 0 },
	{ RVK_SEL_IP6_SADDR, V6, TCP, 16, { 0xfd, [15] = 1 }, 0 },
	{ RVK_SEL_IP6_DADDR, V6, TCP, 16, { 0xfd, [15] = 2 }, 0 },
	{ RVK_SEL_L4PROTO, V6, UDP, 1, { UDP }, 0 },
	{ RVK_SEL_IIFNAME, V4, TCP, 16, "eth0", 0 },
	{ RVK_SEL_OIFNAME, V4, TCP, 16, "", 0 },
	{ RVK_SEL_MARK, V4, TCP, 4, { 0 }, 0x12345678 },
	{ RVK_SEL_UID, V4, TCP, 4, { 0 }, 1000 },
	{ RVK_SEL_GID, V4, TCP, 4, { 0 }, 100 },
	{ RVK_SEL_SOCKET, V4, TCP, 1, { 1 }, 0 },
	{ RVK_SEL_TH_SPORT, V4, TCP, 2, { 1000 >> 8, 1000 & 255 }, 0 },
	{ RVK_SEL_TH_DPORT, V6, UDP, 2, { 0, 80 }, 0 },
	{ RVK_SEL_TH_PORT, V4, UDP, 2, { 0, 80 }, 0 },
	{ RVK_SEL_TCP_FLAGS, V6, TCP, 1, { 2 }, 0 },
	{ RVK_SEL_PKTTYPE, V4, TCP, 1, { 2 }, 0 },
	{ RVK_SEL_PHYSIN, V4, TCP, 16, "port1", 0 },
	{ RVK_SEL_PHYSOUT, V4, TCP, 16, "", 0 },
	{ RVK_SEL_PHYS_IS_IN, V4, TCP, 1, { 1 }, 0 },
	{ RVK_SEL_PHYS_IS_OUT, V4, TCP, 1, { 0 }, 0 },
	{ RVK_SEL_PHYS_BRIDGED, V4, TCP, 1, { 0 }, 0 },
	{ RVK_SEL_TOS, V4, TCP, 1, { 0xba }, 0 },
	{ RVK_SEL_TOS, V6, TCP, 1, { 0xba }, 0 },
	{ RVK_SEL_ICMP_TYPE, V4, 1, 2, { 8, 0 }, 0 },
	{ RVK_SEL_ICMP6_TYPE, V6, 58, 2, { 8, 0 }, 0 },
	{ RVK_SEL_ETHER_SADDR, V4, TCP, 6, { 2, 0, 0, 0, 0, 2 }, 0 },
	{ RVK_SEL_ADDRTYPE_SRC, V4, TCP, 2, { 1 << 1 }, 0 },
	{ RVK_SEL_ADDRTYPE_DST, V6, TCP, 2, { 1 << 1 }, 0 },
	{ RVK_SEL_IP_DSCP, V4, TCP, 1, { 46 }, 0 },
	{ RVK_SEL_IP6_DSCP, V6, TCP, 1, { 46 }, 0 },
	{ RVK_SEL_IP_ECN, V4, TCP, 1, { 2 }, 0 },
	{ RVK_SEL_IP6_ECN, V6, TCP, 1, { 2 }, 0 },
	{ RVK_SEL_TTL, V4, TCP, 1, { 64 }, 0 },
	{ RVK_SEL_HOPLIMIT, V6, TCP, 1, { 64 }, 0 },
	{ RVK_SEL_LENGTH, V4, TCP, 4, { 0 }, 47 },
	{ RVK_SEL_LENGTH, V6, TCP, 4, { 0 }, 67 },
};

static void test_selectors(void)
{
	struct rv_looked seen = { 0 };

	for (unsigned int i = 0; i < RV_COUNT(loads); i++) {
		const struct loaded *l = &loads[i];
		struct rv_test_packet t;
		uint8_t value[16];

		rv_look(&seen, l->sel);
		make_packet(&t, l->family, l->proto);
		memcpy(value, l->value, sizeof(value));
		if (l->number)
			memcpy(value, &l->number, sizeof(l->number));
		if (!is_true(&t, l->sel, RVK_OP_EQ, l->len, value, NULL))
			rv_test_fail(1000 + i);
		value[0] ^= 1;
		if (is_true(&t, l->sel, RVK_OP_EQ, l->len, value, NULL))
			rv_test_fail(2000 + i);
	}
	for (unsigned int sel = 1; sel < RVK_SEL_COUNT; sel++)
		EXPECT(rv_has_looked(&seen, sel) || sel == RVK_SEL_TCP_OPTION || sel == RVK_SEL_TCP_MSS);
}

static void test_operators(void)
{
	const uint32_t low = 0x12345000, high = 0x12346000, small = 0x02000000, mask = 0xff000000;
	const uint8_t ten[4] = { 10 }, eleven[4] = { 11 }, ff[4] = { 0xff };
	const uint32_t masked = 0x12000000;
	struct rv_test_packet t;

	make_packet(&t, V4, TCP);
	EXPECT(is_true(&t, RVK_SEL_MARK, RVK_OP_RANGE, 4, &low, &high));
	EXPECT(!is_true(&t, RVK_SEL_MARK, RVK_OP_RANGE, 4, &high, &low));
	EXPECT(is_true(&t, RVK_SEL_MARK, RVK_OP_MASK, 4, &masked, &mask));
	EXPECT(!is_true(&t, RVK_SEL_MARK, RVK_OP_MASK, 4, &low, &mask));
	EXPECT(is_true(&t, RVK_SEL_MARK, RVK_OP_ANY, 4, &small, NULL));
	EXPECT(is_true(&t, RVK_SEL_IP_SADDR, RVK_OP_RANGE, 4, ten, eleven));
	EXPECT(!is_true(&t, RVK_SEL_IP_SADDR, RVK_OP_RANGE, 4, eleven, ff));
	EXPECT(is_true(&t, RVK_SEL_IP_SADDR, RVK_OP_MASK, 4, ten, ff));
	EXPECT(is_true(&t, RVK_SEL_IIFNAME, RVK_OP_PREFIX, 3, "eth", NULL));
	EXPECT(is_true(&t, RVK_SEL_IIFNAME, RVK_OP_PREFIX, 0, "", NULL));
	EXPECT(!is_true(&t, RVK_SEL_IIFNAME, RVK_OP_PREFIX, 3, "etx", NULL));
}

/* A list of two intervals; the second contains 80. */
static void test_lists(void)
{
	struct { struct rvk_predicate p; struct rvk_interval list[2]; } in = {
		{ .size = sizeof(in), .sel = RVK_SEL_TH_PORT, .op = RVK_OP_IN, .len = 2, .count = 2 },
		{ { { 0, 22 }, { 0, 22 } }, { { 0, 79 }, { 0, 81 } } },
	};
	struct rv_test_packet t;

	make_packet(&t, V4, UDP);
	EXPECT(!rv_predicate_check(&in.p, sizeof(in), V4));
	EXPECT(rv_predicate_check(&in.p, sizeof(in) - 8, V4) == RVK_WHY_SIZE);
	EXPECT(rv_predicate_true(&t.p.pkt, &in.p));
	in.p.sel = RVK_SEL_TH_SPORT;
	EXPECT(!rv_predicate_true(&t.p.pkt, &in.p));
}

/* The port of a protocol without ports: false, negated or not. A truncated port: dropped. */
static void test_absent(void)
{
	struct rvk_predicate p = { .size = sizeof(p), .sel = RVK_SEL_TH_DPORT, .op = RVK_OP_EQ,
				   .len = 2, .flags = RVK_PREDICATE_NEGATE };
	struct rv_test_packet t;

	make_packet(&t, V4, 1);
	EXPECT(!rv_predicate_true(&t.p.pkt, &p) && !t.p.pkt.hotdrop);
	make_packet(&t, V4, TCP);
	t.p.pkt.fragoff = 2;
	EXPECT(!rv_predicate_true(&t.p.pkt, &p) && !t.p.pkt.hotdrop);
	t.p.pkt.fragoff = 1;
	EXPECT(!rv_predicate_true(&t.p.pkt, &p) && t.p.pkt.hotdrop);
	make_packet(&t, V4, TCP);
	t.p.pkt.len = t.p.pkt.linear = 39;
	EXPECT(!rv_predicate_true(&t.p.pkt, &p) && t.p.pkt.hotdrop);
}

/* A predicate that must be false, negated or not. */
static void expect_absent(struct rv_test_packet *t, unsigned int sel, unsigned int len,
			  const void *value, bool hotdrop)
{
	struct rvk_predicate p = { .size = sizeof(p), .sel = sel, .op = RVK_OP_EQ, .len = len };

	memcpy(p.value, value, len);
	EXPECT(!rv_predicate_true(&t->p.pkt, &p));
	p.flags = RVK_PREDICATE_NEGATE;
	EXPECT(!rv_predicate_true(&t->p.pkt, &p));
	EXPECT(t->p.pkt.hotdrop == hotdrop);
}

/* The same bytes of another protocol's header are not the field. */
static void test_other_protocols(void)
{
	struct rv_test_packet t;

	make_packet(&t, V4, 1);
	expect_absent(&t, RVK_SEL_TH_SPORT, 2, t.bytes + 20, false);
	expect_absent(&t, RVK_SEL_TH_PORT, 2, t.bytes + 20, false);
	make_packet(&t, V4, UDP);
	t.bytes[32] = 6 << 4;
	expect_absent(&t, RVK_SEL_TCP_FLAGS, 1, t.bytes + 33, false);
	expect_absent(&t, RVK_SEL_TCP_OPTION, 1, t.bytes + 40, false);
	expect_absent(&t, RVK_SEL_ICMP_TYPE, 2, t.bytes + 20, false);
	make_packet(&t, V6, 58);
	expect_absent(&t, RVK_SEL_TH_DPORT, 2, t.bytes + 42, false);
	/* Headers that are truncated, or claim to be shorter. */
	make_packet(&t, V4, TCP);
	t.p.pkt.len = t.p.pkt.linear = 39;
	expect_absent(&t, RVK_SEL_TCP_OPTION, 1, "", true);
	make_packet(&t, V4, TCP);
	t.bytes[32] = 4 << 4;
	expect_absent(&t, RVK_SEL_TCP_OPTION, 1, "", true);
	make_packet(&t, V4, TCP);
	t.bytes[32] = 7 << 4;
	t.p.pkt.len = t.p.pkt.linear = 47;
	expect_absent(&t, RVK_SEL_TCP_MSS, 2, t.bytes, true);
}

/* A looped-back copy: multicast or broadcast, by its address. A packet without socket. */
static void test_beside_headers(void)
{
	static const struct { uint8_t family, first, type; } looped[] = {
		{ V4, 224, 2 }, { V4, 239, 2 }, { V4, 240, 1 }, { V4, 10, 1 }, { V4, 255, 1 },
		{ V6, 0xff, 2 }, { V6, 0xfd, 1 }, { V6, 0xe0, 1 },
	};
	const uint8_t none = 0;
	struct rv_test_packet t;

	for (unsigned int i = 0; i < RV_COUNT(looped); i++) {
		make_packet(&t, looped[i].family, UDP);
		t.p.pkt.pkttype = 5;	/* PACKET_LOOPBACK */
		t.bytes[looped[i].family == V4 ? 16 : 24] = looped[i].first;
		EXPECT(is_true(&t, RVK_SEL_PKTTYPE, RVK_OP_EQ, 1, &looped[i].type, NULL));
	}
	make_packet(&t, V4, UDP);
	t.p.has_owner = false;
	EXPECT(is_true(&t, RVK_SEL_SOCKET, RVK_OP_EQ, 1, &none, NULL));
	EXPECT(!is_true(&t, RVK_SEL_UID, RVK_OP_EQ, 4, &t.p.uid, NULL));
	EXPECT(!is_true(&t, RVK_SEL_GID, RVK_OP_EQ, 4, &t.p.gid, NULL));
}

/* The length in the header, or if that is 0 the packet's own. */
static void test_length(void)
{
	static const struct { uint8_t family; uint16_t said; uint32_t length; } lengths[] = {
		{ V4, 40, 40 }, { V4, 1, 1 }, { V4, 0, 47 }, { V6, 8, 48 }, { V6, 0, 67 },
	};

	for (unsigned int i = 0; i < RV_COUNT(lengths); i++) {
		struct rv_test_packet t;

		make_packet(&t, lengths[i].family, TCP);
		rv_put_be16(t.bytes + (lengths[i].family == V4 ? 2 : 4), lengths[i].said);
		EXPECT(is_true(&t, RVK_SEL_LENGTH, RVK_OP_EQ, 4, &lengths[i].length, NULL));
	}
}

/*
 * Eight bytes of options and the byte after them; whether the kind occurs, and whether the MSS is
 * 0x05b4.
 */
static const struct {
	uint8_t options[9], kind;
	bool there, mss;
} odd_options[] = {
	{ { 1, 1, 2, 4, 0x05, 0xb4, 0, 0 }, 2, true, true },
	{ { 1, 1, 2, 4, 0x05, 0xb4, 0, 0 }, 0, true, true },
	{ { 1, 1, 2, 4, 0x05, 0xb4, 1, 1 }, 4, false, true },
	{ { 1, 1, 2, 4, 0x05, 0xb4, 1, 1 }, 0xb4, false, true },
	{ { 2, 3, 0x05, 0xb4, 0, 0, 0, 0 }, 2, true, false },
	{ { 1, 1, 1, 1, 2, 4, 0x05, 0xb4 }, 2, true, true },
	{ { 1, 1, 1, 1, 1, 2, 4, 0x05, 0xb4 }, 2, true, false },
	{ { 4, 4, 0x05, 0xb4, 1, 1, 1, 1 }, 5, false, false },
	{ { 3, 0, 2, 4, 0x05, 0xb4, 1, 1 }, 0, true, true },
	{ { 1, 1, 1, 1, 1, 1, 1, 3 }, 3, true, false },
	{ { 3, 2, 2, 4, 0x05, 0xb4, 1, 1 }, 2, true, true },
	{ { 3, 9, 2, 4, 0x05, 0xb4, 1, 1, 2 }, 2, false, false },
};

static void test_many_options(void)
{
	const uint8_t mss[2] = { 0x05, 0xb4 };

	for (unsigned int i = 0; i < RV_COUNT(odd_options); i++) {
		struct rv_test_packet t;

		make_packet(&t, V4, TCP);
		memcpy(t.bytes + 40, odd_options[i].options, sizeof(odd_options[i].options));
		t.bytes[32] = 7 << 4;
		t.p.pkt.len = t.p.pkt.linear = 49;
		if (is_true(&t, RVK_SEL_TCP_OPTION, RVK_OP_EQ, 1, &odd_options[i].kind, NULL) !=
		    odd_options[i].there)
			rv_test_fail(1000 + i);
		if (is_true(&t, RVK_SEL_TCP_MSS, RVK_OP_EQ, 2, mss, NULL) != odd_options[i].mss)
			rv_test_fail(2000 + i);
	}
}

/* Option 2 (MSS 1460), a NOP, option 4: 8 bytes of options. */
static void test_tcp_options(void)
{
	static const uint8_t options[8] = { 2, 4, 0x05, 0xb4, 1, 4, 2, 0 };
	const uint8_t sack = 4, scale = 3, mss[2] = { 0x05, 0xb4 };
	struct rv_test_packet t;

	make_packet(&t, V4, TCP);
	EXPECT(!is_true(&t, RVK_SEL_TCP_OPTION, RVK_OP_EQ, 1, &sack, NULL));
	EXPECT(!is_true(&t, RVK_SEL_TCP_MSS, RVK_OP_EQ, 2, mss, NULL));
	memcpy(t.bytes + 40, options, sizeof(options));
	t.bytes[32] = 7 << 4;
	t.p.pkt.len = t.p.pkt.linear = 48;
	EXPECT(is_true(&t, RVK_SEL_TCP_OPTION, RVK_OP_EQ, 1, &sack, NULL));
	EXPECT(!is_true(&t, RVK_SEL_TCP_OPTION, RVK_OP_EQ, 1, &scale, NULL));
	EXPECT(is_true(&t, RVK_SEL_TCP_MSS, RVK_OP_EQ, 2, mss, NULL));
	t.bytes[32] = 8 << 4;
	is_true(&t, RVK_SEL_TCP_OPTION, RVK_OP_EQ, 1, &sack, NULL);
	EXPECT(t.p.pkt.hotdrop);
}

/* An element of several predicates in a rule that drops. */
static int put_predicates(struct rv_engine *e, const struct rvk_predicate *list, unsigned int n,
			  struct rvk_refusal *why)
{
	struct rv_blob b;

	rv_blob_start(&b, V4, "mangle");
	rv_blob_drop_at(&b, NF_INET_LOCAL_OUT, "some", 0, list, n * sizeof(*list))->form =
		RVK_FORM_PREDICATES;
	return rv_blob_finish(&b, NF_INET_LOCAL_OUT, e, why);
}

static bool drops(struct rv_engine *e, uint8_t ttl, uint8_t tos)
{
	struct rv_test_packet t;

	make_packet(&t, V4, UDP);
	t.bytes[8] = ttl;
	t.bytes[1] = tos;
	return rv_engine_run(e, RV_TABLE_MANGLE, &t.p.pkt, NULL) == NF_DROP;
}

/* All predicates of an element are checked and must be true. */
static void test_several(void)
{
	struct rvk_predicate list[3] = {
		{ .size = sizeof(*list), .sel = RVK_SEL_TTL, .op = RVK_OP_EQ, .len = 1, .value = { 9 } },
		{ .size = sizeof(*list), .sel = RVK_SEL_TOS, .op = RVK_OP_EQ, .len = 1, .value = { 4 } },
		{ .size = sizeof(*list), .sel = RVK_SEL_L4PROTO, .op = RVK_OP_EQ, .len = 1, .value = { UDP } },
	};
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rvk_refusal why;

	EXPECT(put_predicates(e, list, 0, &why) == -EINVAL && why.reason == RVK_WHY_PREDICATE);
	EXPECT(!put_predicates(e, list, 3, &why));
	EXPECT(drops(e, 9, 4) && !drops(e, 8, 4) && !drops(e, 9, 5) && !drops(e, 8, 5));
	list[2].value[0] = TCP;
	EXPECT(!put_predicates(e, list, 3, &why) && !drops(e, 9, 4));
	EXPECT(!put_predicates(e, list, 2, &why) && drops(e, 9, 4));
	list[2].sel = RVK_SEL_COUNT;
	EXPECT(put_predicates(e, list, 3, &why) == -EINVAL && why.reason == RVK_WHY_SELECTOR);
	EXPECT(why.stage == RVK_STAGE_PARTS && why.element == 0 && !strcmp(why.name, "some"));
	/* after three policies */
	EXPECT(why.entry == 3 && why.offset == 3 * (sizeof(struct rvk_entry) + sizeof(struct rvk_element) +
						    sizeof(struct rvk_verdict)));
	list[1].op = 0;
	EXPECT(put_predicates(e, list, 2, &why) == -EINVAL && why.reason == RVK_WHY_PREDICATE);
	list[1].size += 8;
	EXPECT(put_predicates(e, list, 2, &why) == -EINVAL && why.reason == RVK_WHY_SIZE);
	EXPECT(drops(e, 9, 4));
	rv_engine_free(e);
}

/* ---- matches with structs ----------------------------------------------------------------- */

static const struct matched {
	const char *name;
	uint8_t revision, family, proto;
	const void *data;
	uint32_t size;
	bool fits;
} matches[] = {
#define DATA(type, ...) &(const type){ __VA_ARGS__ }, sizeof(type)
	{ "tcp", 0, V4, TCP, DATA(struct xt_tcp, .spts = { 0, 65535 }, .dpts = { 80, 90 }), true },
	{ "tcp", 0, V4, TCP, DATA(struct xt_tcp, .spts = { 0, 999 }, .dpts = { 0, 65535 }), false },
	{ "tcp", 0, V6, TCP, DATA(struct xt_tcp, .spts = { 0, 65535 }, .dpts = { 0, 65535 },
		.flg_mask = 0x17, .flg_cmp = 2), true },
	{ "tcp", 0, V6, TCP, DATA(struct xt_tcp, .spts = { 0, 65535 }, .dpts = { 0, 65535 },
		.flg_mask = 0x17, .flg_cmp = 2, .invflags = XT_TCP_INV_FLAGS), false },
	{ "tcp", 0, V4, TCP, DATA(struct xt_tcp, .spts = { 0, 65535 }, .dpts = { 0, 65535 },
		.option = 3, .invflags = XT_TCP_INV_OPTION), true },
	{ "udp", 0, V4, UDP, DATA(struct xt_udp, .spts = { 1000, 1000 }, .dpts = { 0, 65535 }), true },
	{ "udp", 0, V6, UDP, DATA(struct xt_udp, .spts = { 1000, 1000 }, .dpts = { 0, 65535 },
		.invflags = XT_UDP_INV_SRCPT), false },
	{ "icmp", 0, V4, 1, DATA(struct ipt_icmp, .type = 8, .code = { 0, 255 }), true },
	{ "icmp", 0, V4, 1, DATA(struct ipt_icmp, .type = 255, .code = { 0, 255 }), true },
	{ "icmp", 0, V4, 1, DATA(struct ipt_icmp, .type = 8, .code = { 1, 255 }), false },
	{ "icmp6", 0, V6, 58, DATA(struct ipt_icmp, .type = 8, .code = { 0, 255 }), true },
	{ "multiport", 1, V4, TCP, DATA(struct xt_multiport_v1, .flags = XT_MULTIPORT_DESTINATION,
		.count = 3, .ports = { 22, 79, 81 }, .pflags = { 0, 1 }), true },
	{ "multiport", 1, V4, UDP, DATA(struct xt_multiport_v1, .flags = XT_MULTIPORT_SOURCE,
		.count = 3, .ports = { 22, 79, 81 }, .pflags = { 0, 1 }), false },
	{ "multiport", 1, V4, UDP, DATA(struct xt_multiport_v1, .flags = XT_MULTIPORT_EITHER,
		.count = 1, .ports = { 80 }, .invert = 1), false },
	{ "multiport", 1, V4, TCP, DATA(struct xt_multiport_v1, .flags = XT_MULTIPORT_DESTINATION), false },
	{ "iprange", 1, V4, TCP, DATA(struct xt_iprange_mtinfo, .flags = IPRANGE_SRC,
		.src_min.all = { 0x0000010a }, .src_max.all = { 0xffff010a }), true },
	{ "iprange", 1, V4, TCP, DATA(struct xt_iprange_mtinfo, .flags = IPRANGE_DST | IPRANGE_DST_INV,
		.dst_min.all = { 0x0000040a }, .dst_max.all = { 0xffff040a }), false },
	{ "mark", 1, V4, TCP, DATA(struct xt_mark_mtinfo1, .mark = 0x78, .mask = 0xff), true },
	{ "mark", 1, V4, TCP, DATA(struct xt_mark_mtinfo1, .mark = 0x78, .mask = 0xff, .invert = 1), false },
	{ "length", 0, V4, TCP, DATA(struct xt_length_info, .min = 40, .max = 47), true },
	{ "length", 0, V6, TCP, DATA(struct xt_length_info, .min = 40, .max = 47), false },
	{ "ttl", 0, V4, TCP, DATA(struct ipt_ttl_info, .mode = IPT_TTL_LT, .ttl = 65), true },
	{ "ttl", 0, V4, TCP, DATA(struct ipt_ttl_info, .mode = IPT_TTL_LT, .ttl = 64), false },
	{ "ttl", 0, V4, TCP, DATA(struct ipt_ttl_info, .mode = IPT_TTL_GT, .ttl = 63), true },
	{ "ttl", 0, V4, TCP, DATA(struct ipt_ttl_info, .mode = IPT_TTL_GT, .ttl = 64), false },
	{ "ttl", 0, V4, TCP, DATA(struct ipt_ttl_info, .mode = IPT_TTL_NE, .ttl = 64), false },
	{ "hl", 0, V6, TCP, DATA(struct ipt_ttl_info, .mode = IPT_TTL_EQ, .ttl = 64), true },
	{ "dscp", 0, V4, TCP, DATA(struct xt_dscp_info, .dscp = 46), true },
	{ "dscp", 0, V6, TCP, DATA(struct xt_dscp_info, .dscp = 46, .invert = 1), false },
	{ "tos", 1, V4, TCP, DATA(struct xt_tos_match_info, .tos_mask = 0xf0, .tos_value = 0xb0), true },
	{ "tos", 1, V6, TCP, DATA(struct xt_tos_match_info, .tos_mask = 0x0f, .tos_value = 0xb0), false },
	{ "pkttype", 0, V4, TCP, DATA(struct xt_pkttype_info, .pkttype = 2), true },
	{ "pkttype", 0, V4, TCP, DATA(struct xt_pkttype_info, .pkttype = 1), false },
	{ "comment", 0, V4, TCP, DATA(struct xt_comment_info, .comment = "x"), true },
	{ "addrtype", 1, V4, TCP, DATA(struct xt_addrtype_info_v1, .source = XT_ADDRTYPE_UNICAST,
		.dest = XT_ADDRTYPE_LOCAL, .flags = XT_ADDRTYPE_INVERT_DEST), true },
	{ "addrtype", 1, V4, TCP, DATA(struct xt_addrtype_info_v1, .dest = XT_ADDRTYPE_LOCAL), false },
	{ "physdev", 0, V4, TCP, DATA(struct xt_physdev_info, .bitmask = XT_PHYSDEV_OP_IN,
		.physindev = "port1", .in_mask = "\377\377\377\377\377\377"), true },
	{ "physdev", 0, V4, TCP, DATA(struct xt_physdev_info, .bitmask = XT_PHYSDEV_OP_ISIN,
		.invert = XT_PHYSDEV_OP_ISIN), false },
	{ "owner", 1, V4, TCP, DATA(struct xt_owner_match_info, .match = XT_OWNER_UID, .uid_min = 1000,
		.uid_max = 1001), true },
	{ "owner", 1, V4, TCP, DATA(struct xt_owner_match_info, .match = XT_OWNER_UID | XT_OWNER_GID,
		.uid_min = 0, .uid_max = 1001, .gid_min = 5, .gid_max = 6), false },
	{ "owner", 1, V4, TCP, DATA(struct xt_owner_match_info, .match = XT_OWNER_SOCKET,
		.invert = XT_OWNER_SOCKET), false },
	{ "u32", 0, V4, TCP, DATA(struct xt_u32, .ntests = 1, .tests = { { .nnums = 2, .nvalues = 1,
		.location = { { 6, 0 }, { 0xff, XT_U32_AND } }, .value = { { TCP, TCP } } } }), true },
	{ "u32", 0, V4, TCP, DATA(struct xt_u32, .ntests = 1, .tests = { { .nnums = 4, .nvalues = 1,
		.location = { { 0, 0 }, { 24, XT_U32_RIGHTSH }, { 0x3c, XT_U32_AND }, { 0, XT_U32_AT } },
		.value = { { 0, 5 } } } }), false },
	{ "string", 1, V4, TCP, DATA(struct xt_string_info, .to_offset = 65535, .algo = "bm",
		.pattern = "ravel", .patlen = 5), true },
	{ "string", 1, V6, TCP, DATA(struct xt_string_info, .to_offset = 65535, .algo = "kmp",
		.pattern = "VEL", .patlen = 3, .u.v1.flags = XT_STRING_FLAG_IGNORECASE), true },
	{ "string", 1, V4, TCP, DATA(struct xt_string_info, .to_offset = 42, .algo = "bm",
		.pattern = "ravel", .patlen = 5), false },
	{ "string", 1, V4, TCP, DATA(struct xt_string_info, .from_offset = 41, .to_offset = 65535,
		.algo = "bm", .pattern = "ravel", .patlen = 5), false },
	{ "time", 0, V4, TCP, DATA(struct xt_time_info, .date_stop = UINT32_MAX,
		.daytime_stop = XT_TIME_MAX_DAYTIME, .weekdays_match = XT_TIME_ALL_WEEKDAYS,
		.monthdays_match = XT_TIME_ALL_MONTHDAYS), true },
	{ "time", 0, V4, TCP, DATA(struct xt_time_info, .date_stop = 1000,
		.daytime_stop = XT_TIME_MAX_DAYTIME, .weekdays_match = XT_TIME_ALL_WEEKDAYS,
		.monthdays_match = XT_TIME_ALL_MONTHDAYS), false },
};

static void put_rule(struct rv_blob *b, const struct matched *m)
{
	struct rvk_ip *ip;

	rv_blob_start(b, m->family, "mangle");
	rv_blob_rules_at(b, NF_INET_LOCAL_OUT);
	ip = rv_blob_rule(b);
	ip->proto = m->proto;
	ip->flags = RVK_IP_PROTO;
	rv_blob_data(b, RVK_KIND_MATCH, m->name, m->revision, m->data, m->size);
	rv_blob_verdict(b, RVK_DROP);
	rv_blob_rules_end(b, NF_INET_LOCAL_OUT);
}

static void test_matches(void)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);

	for (unsigned int i = 0; i < RV_COUNT(matches); i++) {
		const struct matched *m = &matches[i];
		struct rv_test_packet t;
		struct rv_blob b;

		put_rule(&b, m);
		make_packet(&t, m->family, m->proto);
		if (rv_blob_replace(&b, e, NULL))
			rv_test_fail(1000 + i);
		else if (rv_engine_run(e, RV_TABLE_MANGLE, &t.p.pkt, NULL) !=
			 (m->fits ? NF_DROP : NF_ACCEPT))
			rv_test_fail(2000 + i);
		rv_blob_free(&b);
	}
	rv_engine_free(e);
}

/* mac requires received packets. */
static void test_mac(void)
{
	const struct xt_mac_info info = { .srcaddr = { 2, 0, 0, 0, 0, 2 } };
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rv_test_packet t;
	struct rvk_refusal why;
	struct rv_blob b;

	put_rule(&b, &(struct matched){ "mac", 0, V4, TCP, &info, sizeof(info), true });
	EXPECT(rv_blob_replace(&b, e, &why) == -EINVAL && why.reason == RVK_WHY_IN_HOOK);
	rv_blob_free(&b);
	rv_blob_start(&b, V4, "raw");
	rv_blob_drop_at(&b, NF_INET_PRE_ROUTING, "mac", 0, &info, sizeof(info));
	EXPECT(!rv_blob_finish(&b, NF_INET_PRE_ROUTING, e, NULL));
	make_packet(&t, V4, TCP);
	t.p.pkt.hook = NF_INET_PRE_ROUTING;
	EXPECT(rv_engine_run(e, RV_TABLE_RAW, &t.p.pkt, NULL) == NF_DROP);
	t.p.ether = NULL;
	EXPECT(rv_engine_run(e, RV_TABLE_RAW, &t.p.pkt, NULL) == NF_ACCEPT);
	rv_engine_free(e);
}

/* A range of invalid ids is refused. */
static void test_owner(void)
{
	static const struct xt_owner_match_info wrong[] = {
		{ .match = XT_OWNER_UID, .uid_min = 5, .uid_max = 4 },
		{ .match = XT_OWNER_GID, .invert = XT_OWNER_GID, .gid_min = 5, .gid_max = 4 },
		{ .match = XT_OWNER_UID, .uid_min = 5, .uid_max = UINT32_MAX },
		{ .match = XT_OWNER_UID, .uid_max = 4, .invert = 1 << 7 },
	};
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);

	for (unsigned int i = 0; i < RV_COUNT(wrong); i++) {
		struct matched m = { "owner", 1, V4, TCP, &wrong[i], sizeof(wrong[i]), false };
		struct rvk_refusal why;
		struct rv_blob b;

		put_rule(&b, &m);
		EXPECT(rv_blob_replace(&b, e, &why) == -EINVAL && why.reason == RVK_WHY_CHECK);
		rv_blob_free(&b);
	}
	rv_engine_free(e);
}

/* Pseudo-random numbers with a fixed seed. */
static uint32_t next_number(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

#define TEXT	28		/* offset after the UDP header */
#define LETTERS	(RV_PACKET_ROOM - TEXT)

static bool is_somewhere(const uint8_t *text, const struct xt_string_info *info)
{
	for (unsigned int i = 0; i + info->patlen <= LETTERS; i++)
		if (!memcmp(text + i, info->pattern, info->patlen))
			return true;
	return false;
}

static void put_string(struct rv_engine *e, const struct xt_string_info *info)
{
	struct rv_blob b;

	put_rule(&b, &(struct matched){ "string", 1, V4, UDP, info, sizeof(*info), true });
	EXPECT(!rv_blob_replace(&b, e, NULL));
	rv_blob_free(&b);
}

/* An alphabet of two letters, so that patterns overlap; compared with a naive search. */
static void test_string(void)
{
	struct xt_string_info info = { .from_offset = TEXT, .to_offset = 65535, .algo = "kmp" };
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	unsigned int found = 0;
	uint32_t seed = 1;

	for (unsigned int n = 0; n < 600; n++) {
		struct rv_test_packet t;
		bool is;

		make_packet(&t, V4, UDP);
		t.p.pkt.len = t.p.pkt.linear = RV_PACKET_ROOM;
		for (unsigned int i = 0; i < LETTERS; i++)
			t.bytes[TEXT + i] = 'a' + (next_number(&seed) % 3 == 0);
		info.patlen = 1 + next_number(&seed) % 24;
		for (unsigned int i = 0; i < info.patlen; i++)
			info.pattern[i] = 'a' + (next_number(&seed) % 4 == 0);
		is = is_somewhere(t.bytes + TEXT, &info);
		found += is;
		put_string(e, &info);
		EXPECT((rv_engine_run(e, RV_TABLE_MANGLE, &t.p.pkt, NULL) == NF_DROP) == is);
	}
	EXPECT(found > 100 && found < 500);
	rv_engine_free(e);
}

const struct rv_test rv_tests_match[] = {
	{ "selectors", test_selectors },
	{ "operators", test_operators },
	{ "lists", test_lists },
	{ "several predicates", test_several },
	{ "fields that are not there", test_absent },
	{ "fields of other protocols", test_other_protocols },
	{ "what stands beside the headers", test_beside_headers },
	{ "lengths", test_length },
	{ "TCP options", test_tcp_options },
	{ "TCP options in odd places", test_many_options },
	{ "matches", test_matches },
	{ "string", test_string },
	{ "mac", test_mac },
	{ "owner", test_owner },
	{ NULL, NULL },
};
