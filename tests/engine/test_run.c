/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traversal: verdicts, jumps, policies, counters, records. */
#include "test.h"

#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6
#define TCP 6
#define UDP 17

/* Common state of the tests. */
struct run {
	struct rv_engine *engine;
	struct rv_blob blob;
	struct rv_test_packet packet;
	struct rv_step path[16];
	struct rv_record record;
};

static struct run *start(uint8_t family)
{
	struct run *r = rv_alloc(sizeof(*r), true);

	r->engine = rv_engine_new(NULL, NULL, rv_test_slots);
	rv_blob_start(&r->blob, family, "filter");
	rv_blob_rules_at(&r->blob, NF_INET_LOCAL_IN);
	return r;
}

static void ready(struct run *r)
{
	EXPECT(!rv_blob_replace(&r->blob, r->engine, NULL));
}

/* Ends INPUT and the table. */
static void finish(struct run *r)
{
	rv_blob_rules_end(&r->blob, NF_INET_LOCAL_IN);
	ready(r);
}

static void end(struct run *r)
{
	rv_blob_free(&r->blob);
	rv_engine_free(r->engine);
	rv_free(r);
}

static unsigned int run_one(struct run *r, uint8_t proto)
{
	rv_test_packet(&r->packet, r->blob.head->family, proto, NF_INET_LOCAL_IN);
	r->record = (struct rv_record){ .path = r->path, .cap = RV_COUNT(r->path) };
	return rv_engine_run(r->engine, RV_TABLE_FILTER, &r->packet.p.pkt, &r->record);
}

static void rule_for(struct run *r, uint8_t proto, int verdict)
{
	struct rvk_ip *ip = rv_blob_rule(&r->blob);

	ip->proto = proto;
	ip->flags = proto ? RVK_IP_PROTO : 0;
	rv_blob_verdict(&r->blob, verdict);
}

static void test_no_table(void)
{
	struct run *r = start(V4);

	EXPECT(run_one(r, TCP) == NF_ACCEPT);
	finish(r);
	EXPECT(rv_engine_run(r->engine, RV_TABLE_RAW, &r->packet.p.pkt, NULL) == NF_ACCEPT);
	end(r);
}

static void test_verdicts(void)
{
	struct run *r = start(V4);

	rule_for(r, TCP, RVK_DROP);
	rule_for(r, 47, RVK_QUEUE);
	rule_for(r, 1, RVK_RETURN);
	rule_for(r, UDP, RVK_CONTINUE);
	rule_for(r, UDP, RVK_ACCEPT);
	rule_for(r, 0, RVK_DROP);
	finish(r);
	EXPECT(run_one(r, TCP) == NF_DROP);
	EXPECT(run_one(r, 47) == NF_QUEUE);
	EXPECT(run_one(r, 1) == NF_ACCEPT);
	EXPECT(run_one(r, UDP) == NF_ACCEPT);
	EXPECT(run_one(r, 50) == NF_DROP);
	EXPECT(rv_test_counters(r->engine, V4, "filter", 0).packets == 1);
	EXPECT(rv_test_counters(r->engine, V4, "filter", 3).bytes == r->packet.p.pkt.len);
	EXPECT(rv_test_counters(r->engine, V4, "filter", 6).packets == 1);
	end(r);
}

static void test_policy(void)
{
	struct run *r = start(V6);

	rv_blob_policy(&r->blob, NF_INET_LOCAL_IN, RVK_DROP);
	for (unsigned int hook = NF_INET_FORWARD; hook <= NF_INET_LOCAL_OUT; hook++) {
		rv_blob_hook(&r->blob, hook);
		rv_blob_policy(&r->blob, hook, RVK_ACCEPT);
	}
	ready(r);
	EXPECT(run_one(r, TCP) == NF_DROP);
	r->packet.p.pkt.hook = NF_INET_FORWARD;
	EXPECT(rv_engine_run(r->engine, RV_TABLE_FILTER, &r->packet.p.pkt, NULL) == NF_ACCEPT);
	end(r);
}

/*
 * INPUT: jump a, drop. a: goto b, accept. b: udp accept, return. So the accept in a is never
 * reached.
 */
static void test_jumps(void)
{
	struct run *r = start(V4);
	struct rvk_verdict *to_a, *to_b;

	rv_blob_rule(&r->blob);
	to_a = rv_blob_verdict(&r->blob, 0);
	rule_for(r, 0, RVK_DROP);
	rv_blob_rules_end(&r->blob, NF_INET_LOCAL_IN);
	to_a->verdict = (int)rv_blob_chain(&r->blob, "a");
	rv_blob_rule(&r->blob);
	to_b = rv_blob_verdict(&r->blob, 0);
	to_b->flags = RVK_VERDICT_GOTO;
	rule_for(r, 0, RVK_ACCEPT);
	rule_for(r, 0, RVK_RETURN);
	to_b->verdict = (int)rv_blob_chain(&r->blob, "b");
	rule_for(r, UDP, RVK_ACCEPT);
	rule_for(r, 0, RVK_RETURN);
	ready(r);
	EXPECT(run_one(r, UDP) == NF_ACCEPT);
	EXPECT(r->record.len == 3 && r->path[2].entry == 10 && r->path[2].verdict == RVK_ACCEPT);
	EXPECT(run_one(r, TCP) == NF_DROP);
	EXPECT(r->record.len == 4 && r->path[2].entry == 11 && r->path[3].entry == 1);
	end(r);
}

/* A goto from a base chain returns to the policy. */
static void test_goto_from_base(void)
{
	struct run *r = start(V4);
	struct rvk_verdict *v;

	rv_blob_rule(&r->blob);
	v = rv_blob_verdict(&r->blob, 0);
	v->flags = RVK_VERDICT_GOTO;
	rule_for(r, 0, RVK_DROP);
	rv_blob_rules_end(&r->blob, NF_INET_LOCAL_IN);
	v->verdict = (int)rv_blob_chain(&r->blob, "a");
	rule_for(r, 0, RVK_RETURN);
	ready(r);
	EXPECT(run_one(r, TCP) == NF_ACCEPT);
	EXPECT(r->record.len == 3 && r->path[2].entry == 2);
	end(r);
}

/* Chains nested to the maximum depth. */
static void test_depth(void)
{
	struct run *r = start(V4);
	struct rvk_verdict *v;

	rv_blob_rule(&r->blob);
	v = rv_blob_verdict(&r->blob, 0);
	rv_blob_rules_end(&r->blob, NF_INET_LOCAL_IN);
	for (unsigned int i = 0; i < 100; i++) {
		const char name[] = { 'a' + i / 10, 'a' + i % 10, 0 };

		v->verdict = (int)rv_blob_chain(&r->blob, name);
		rv_blob_rule(&r->blob);
		v = rv_blob_verdict(&r->blob, RVK_CONTINUE);
		rule_for(r, 0, RVK_RETURN);
	}
	ready(r);
	EXPECT(run_one(r, TCP) == NF_ACCEPT);
	EXPECT(r->record.len == 100 + 1 + 100 + 1 && r->record.cap == RV_COUNT(r->path));
	end(r);
}

static void expect_ip(uint8_t family, const struct rvk_ip *ip, bool fits)
{
	struct run *r = start(family);

	*rv_blob_rule(&r->blob) = *ip;
	rv_blob_verdict(&r->blob, RVK_DROP);
	finish(r);
	rv_test_packet(&r->packet, family, TCP, NF_INET_LOCAL_IN);
	r->packet.p.pkt.in = "eth0\0\0\0\0\0\0\0\0\0\0\0";
	EXPECT(rv_engine_run(r->engine, RV_TABLE_FILTER, &r->packet.p.pkt, NULL) ==
	       (fits ? NF_DROP : NF_ACCEPT));
	/* Recording does not use the prefilter. */
	EXPECT(rv_engine_run(r->engine, RV_TABLE_FILTER, &r->packet.p.pkt, &r->record) ==
	       (fits ? NF_DROP : NF_ACCEPT));
	end(r);
}

static void test_addresses(void)
{
	expect_ip(V4, &(struct rvk_ip){ .src = { 10, 1 }, .smask = { 255, 255 } }, true);
	expect_ip(V4, &(struct rvk_ip){ .src = { 10, 2 }, .smask = { 255, 255 } }, false);
	expect_ip(V4, &(struct rvk_ip){ .src = { 10, 2 }, .smask = { 255, 255 },
					.invert = RVK_INV_SRC }, true);
	expect_ip(V4, &(struct rvk_ip){ .dst = { 10, 4, 5, 6 }, .dmask = { 255, 255, 255, 255 } },
		  true);
	expect_ip(V4, &(struct rvk_ip){ .invert = RVK_INV_SRC }, false);
	expect_ip(V4, &(struct rvk_ip){ .invert = RVK_INV_DST }, false);
	expect_ip(V4, &(struct rvk_ip){ .dst = { 10, 4, 5, 6 }, .dmask = { 255, 255, 255, 255 },
					.invert = RVK_INV_DST }, false);
	expect_ip(V4, &(struct rvk_ip){ .src = { 10, 1 }, .smask = { 255, 255 },
					.dst = { 10, 5 }, .dmask = { 255, 255 } }, false);
	expect_ip(V6, &(struct rvk_ip){ .src = { 0xfd }, .smask = { 0xff, [15] = 0xff } }, false);
	expect_ip(V6, &(struct rvk_ip){ .src = { 0xfd, [15] = 1 }, .smask = { 0xff, [15] = 0xff } },
		  true);
	expect_ip(V6, &(struct rvk_ip){ .src = { 0xfe, [15] = 1 }, .smask = { 0xff, [15] = 0xff } },
		  false);
	expect_ip(V6, &(struct rvk_ip){ .src = { 0xfd }, .smask = { 0xff } }, true);
	expect_ip(V6, &(struct rvk_ip){ .dst = { [15] = 1 }, .dmask = { [15] = 0xff } }, false);
	expect_ip(V6, &(struct rvk_ip){ .dst = { [15] = 2 }, .dmask = { [15] = 0xff } }, true);
}

static void test_interfaces(void)
{
	expect_ip(V4, &(struct rvk_ip){ .in = "eth0", .in_mask = { 255, 255, 255, 255, 255 } },
		  true);
	expect_ip(V4, &(struct rvk_ip){ .in = "eth", .in_mask = { 255, 255, 255, 255 } }, false);
	expect_ip(V4, &(struct rvk_ip){ .in = "eth+", .in_mask = { 255, 255, 255 } }, true);
	expect_ip(V4, &(struct rvk_ip){ .in = "+", .invert = RVK_INV_IN }, false);
	expect_ip(V4, &(struct rvk_ip){ .out = "+", .invert = RVK_INV_OUT }, false);
	expect_ip(V4, &(struct rvk_ip){ .out = "eth0", .out_mask = { 255, 255, 255, 255, 255 } },
		  false);
	expect_ip(V4, &(struct rvk_ip){ .out = "eth0", .out_mask = { 255, 255, 255, 255, 255 },
					.invert = RVK_INV_OUT }, true);
}

static void test_protocols(void)
{
	expect_ip(V4, &(struct rvk_ip){ .proto = TCP, .flags = RVK_IP_PROTO }, true);
	expect_ip(V4, &(struct rvk_ip){ .proto = UDP, .flags = RVK_IP_PROTO }, false);
	expect_ip(V4, &(struct rvk_ip){ .proto = UDP, .flags = RVK_IP_PROTO,
					.invert = RVK_INV_PROTO }, true);
	expect_ip(V4, &(struct rvk_ip){ .flags = RVK_IP_FRAG }, false);
	expect_ip(V4, &(struct rvk_ip){ .flags = RVK_IP_FRAG, .invert = RVK_INV_FRAG }, true);
}

/* The packet's port is 80. */
static void expect_ports(unsigned int op, bool negate, const uint8_t from[2], const uint8_t to[2], bool fits)
{
	struct run *r = start(V4);
	struct rvk_predicate *p;

	rv_blob_rule(&r->blob);
	p = rv_blob_predicate(&r->blob, "", RVK_SEL_TH_DPORT, op, 2, from, to);
	memcpy(((struct rvk_element *)(void *)p - 1)->name, "x", 1);
	p->flags = negate;
	rv_blob_verdict(&r->blob, RVK_DROP);
	finish(r);
	for (unsigned int i = 0; i < 2; i++) {
		rv_test_packet(&r->packet, V4, TCP, NF_INET_LOCAL_IN);
		EXPECT(rv_engine_run(r->engine, RV_TABLE_FILTER, &r->packet.p.pkt, i ? &r->record : NULL) ==
		       (fits ? NF_DROP : NF_ACCEPT));
	}
	end(r);
}

static void test_ports(void)
{
	static const uint8_t low[2] = { 0, 79 }, own[2] = { 0, 80 }, high[2] = { 1, 0 },
			     zero[2], last[2] = { 255, 255 };

	expect_ports(RVK_OP_EQ, false, own, NULL, true);
	expect_ports(RVK_OP_EQ, true, own, NULL, false);
	expect_ports(RVK_OP_EQ, false, low, NULL, false);
	expect_ports(RVK_OP_EQ, true, low, NULL, true);
	expect_ports(RVK_OP_RANGE, false, low, own, true);
	expect_ports(RVK_OP_RANGE, false, own, high, true);
	expect_ports(RVK_OP_RANGE, false, high, last, false);
	expect_ports(RVK_OP_RANGE, false, zero, low, false);
	expect_ports(RVK_OP_RANGE, false, zero, last, true);
	expect_ports(RVK_OP_RANGE, true, zero, last, false);
	expect_ports(RVK_OP_RANGE, false, high, low, false);
	expect_ports(RVK_OP_RANGE, true, high, low, true);
	expect_ports(RVK_OP_ANY, false, own, NULL, true);
	expect_ports(RVK_OP_MASK, false, own, high, false);
}

/* Hop-by-hop, a fragment header with this offset, TCP. */
static void put_extensions(struct rv_test_packet *t, uint16_t fragment)
{
	uint8_t *ip = t->bytes;

	memmove(ip + 40 + 16, ip + 40, 27);
	memset(ip + 40, 0, 16);
	ip[6] = 0;
	ip[40] = 44;
	ip[48] = TCP;
	rv_put_be16(ip + 50, fragment);
	EXPECT(!rv_user_packet_init(&t->p, ip, 40 + 16 + 27, sizeof(t->bytes)));
}

/* n destination options headers of eight bytes before UDP. */
static int parse_headers(unsigned int n)
{
	struct rv_test_packet t;
	uint8_t *at = t.bytes + 40;

	rv_test_packet(&t, NFPROTO_IPV6, IPPROTO_UDP, NF_INET_LOCAL_IN);
	t.bytes[6] = n ? IPPROTO_DSTOPTS : IPPROTO_UDP;
	for (unsigned int i = 0; i < n; i++, at += 8) {
		memset(at, 0, 8);
		at[0] = i + 1 < n ? IPPROTO_DSTOPTS : IPPROTO_UDP;
	}
	t.p.pkt.len = t.p.pkt.linear = 40 + 8 * n + 8;
	return rv_pkt_parse(&t.p.pkt) ? -1 : (int)t.p.pkt.thoff;
}

static void test_many_headers(void)
{
	EXPECT(parse_headers(0) == 40 && parse_headers(1) == 48 && parse_headers(8) == 40 + 64);
	EXPECT(parse_headers(9) == -1 && parse_headers(20) == -1);
}

static void test_extension_headers(void)
{
	struct rv_test_packet t;

	rv_test_packet(&t, V6, TCP, NF_INET_LOCAL_IN);
	put_extensions(&t, 1);
	EXPECT(t.p.pkt.proto == TCP && !t.p.pkt.fragoff && t.p.pkt.thoff == 56);
	rv_test_packet(&t, V6, TCP, NF_INET_LOCAL_IN);
	put_extensions(&t, 0x0100);
	EXPECT(t.p.pkt.proto == TCP && t.p.pkt.fragoff == 0x20);
	EXPECT(!rv_user_packet_init(&t.p, t.bytes, 44, sizeof(t.bytes)));
	EXPECT(t.p.pkt.proto == RV_PROTO_NONE);
}

/* A packet with truncated headers is dropped by the first rule that reads them. */
static void test_truncated(void)
{
	struct run *r = start(V6);

	rule_for(r, UDP, RVK_ACCEPT);
	rule_for(r, 0, RVK_ACCEPT);
	finish(r);
	rv_test_packet(&r->packet, V6, TCP, NF_INET_LOCAL_IN);
	put_extensions(&r->packet, 0);
	EXPECT(!rv_user_packet_init(&r->packet.p, r->packet.bytes, 44, 44));
	EXPECT(rv_engine_run(r->engine, RV_TABLE_FILTER, &r->packet.p.pkt, NULL) == NF_DROP);
	end(r);
}

/* Result of a rule for port 81, negated and not, for a packet with these header bytes. */
static void expect_port_of(uint8_t family, uint8_t proto, unsigned int at, uint16_t bytes, unsigned int verdict)
{
	static const uint8_t port[2] = { 0, 81 };
	struct run *r = start(family);
	struct rvk_ip *ip = rv_blob_rule(&r->blob);
	uint8_t *packet = r->packet.bytes;

	ip->proto = proto;
	ip->flags = RVK_IP_PROTO;
	rv_blob_predicate(&r->blob, proto == TCP ? "tcp" : "udp", RVK_SEL_TH_DPORT, RVK_OP_EQ, 2, port, NULL);
	rv_blob_verdict(&r->blob, RVK_QUEUE);
	finish(r);
	for (unsigned int i = 0; i < 2; i++) {
		rv_test_packet(&r->packet, family, proto, NF_INET_LOCAL_IN);
		if (family == V6) {
			put_extensions(&r->packet, 0);
			r->packet.p.pkt.hook = NF_INET_LOCAL_IN;
		}
		rv_put_be16(packet + at, bytes);
		rv_user_packet_init(&r->packet.p, packet, r->packet.p.pkt.len, RV_PACKET_ROOM);
		EXPECT(rv_engine_run(r->engine, RV_TABLE_FILTER, &r->packet.p.pkt, i ? &r->record : NULL) == verdict);
	}
	end(r);
}

/* RFC 1858: a TCP fragment at offset 8 is an attack. */
static void test_odd_ports(void)
{
	expect_port_of(V4, TCP, 22, 81, NF_QUEUE);
	expect_port_of(V4, TCP, 6, 1, NF_DROP);
	expect_port_of(V4, TCP, 6, 2, NF_ACCEPT);
	expect_port_of(V4, UDP, 6, 1, NF_ACCEPT);
	/* A header longer than the packet. */
	expect_port_of(V6, TCP, 40, TCP << 8 | 255, NF_DROP);
}

static void test_malformed(void)
{
	struct rv_test_packet t;

	rv_test_packet(&t, V4, TCP, NF_INET_LOCAL_IN);
	EXPECT(rv_user_packet_init(&t.p, t.bytes, 19, 19) == -EINVAL);
	t.bytes[0] = 0x4f;
	EXPECT(rv_user_packet_init(&t.p, t.bytes, 47, 47) == -EINVAL);
	t.bytes[0] = 0x44;
	EXPECT(rv_user_packet_init(&t.p, t.bytes, 47, 47) == -EINVAL);
	t.bytes[0] = 0x35;
	EXPECT(rv_user_packet_init(&t.p, t.bytes, 47, 47) == -EINVAL);
	EXPECT(rv_user_packet_init(&t.p, t.bytes, 0, 47) == -EINVAL);
}

/* Exactly these inputs were read. */
static void expect_looked(const struct run *r, const uint16_t *what)
{
	struct rv_looked wanted = { 0 };

	for (; *what; what++)
		rv_look(&wanted, *what);
	EXPECT(!memcmp(&wanted, &r->record.looked, sizeof(wanted)));
}

static void test_looked(void)
{
	struct run *r = start(V4);
	struct rvk_ip *ip = rv_blob_rule(&r->blob);
	const uint8_t port[2] = { 0, 81 };

	ip->proto = TCP;
	ip->flags = RVK_IP_PROTO;
	rv_blob_predicate(&r->blob, "tcp", RVK_SEL_TH_DPORT, RVK_OP_EQ, 2, port, NULL);
	rv_blob_predicate(&r->blob, "ttl", RVK_SEL_TTL, RVK_OP_EQ, 1, port, NULL);
	rv_blob_verdict(&r->blob, RVK_DROP);
	finish(r);
	EXPECT(run_one(r, TCP) == NF_ACCEPT);
	expect_looked(r, RV_READS(RVK_SEL_L4PROTO, RVK_SEL_TH_DPORT));
	EXPECT(run_one(r, UDP) == NF_ACCEPT);
	expect_looked(r, RV_READS(RVK_SEL_L4PROTO));
	end(r);
}

static uint32_t traced_number;
static char traced_what, traced_chain;

static void note_trace(void *arg, const struct rv_pkt *pkt, const struct rv_trace_step *trace)
{
	(void)arg;
	(void)pkt;
	traced_number = trace->number;
	traced_what = trace->what[0];
	traced_chain = trace->chain[0];
}

static void test_trace(void)
{
	struct run *r = start(V4);
	struct rvk_verdict *v;

	rv_blob_rule(&r->blob);
	v = rv_blob_verdict(&r->blob, 0);
	rv_blob_rules_end(&r->blob, NF_INET_LOCAL_IN);
	v->verdict = (int)rv_blob_chain(&r->blob, "web");
	rule_for(r, UDP, RVK_ACCEPT);
	rule_for(r, 1, RVK_DROP);
	rule_for(r, 0, RVK_RETURN);
	ready(r);
	for (unsigned int i = 0; i < 2; i++) {
		rv_test_packet(&r->packet, V4, i ? TCP : 1, NF_INET_LOCAL_IN);
		r->packet.p.pkt.trace = true;
		r->packet.p.trace = note_trace;
		EXPECT(rv_engine_run(r->engine, RV_TABLE_FILTER, &r->packet.p.pkt, NULL) ==
		       (i ? NF_ACCEPT : NF_DROP));
		EXPECT(traced_what == (i ? 'p' : 'r'));
		EXPECT(traced_number == 2 && traced_chain == (i ? 'I' : 'w'));
	}
	end(r);
}

const struct rv_test rv_tests_run[] = {
	{ "a table that is not there accepts", test_no_table },
	{ "verdicts", test_verdicts },
	{ "policies", test_policy },
	{ "jumps, gotos and returns", test_jumps },
	{ "a goto from a base chain comes back to the policy", test_goto_from_base },
	{ "jumps nested a hundred deep", test_depth },
	{ "addresses and masks", test_addresses },
	{ "interfaces", test_interfaces },
	{ "protocols and fragments", test_protocols },
	{ "ports", test_ports },
	{ "extension headers", test_extension_headers },
	{ "more extension headers than anybody needs", test_many_headers },
	{ "truncated headers are dropped", test_truncated },
	{ "ports of packets that are none", test_odd_ports },
	{ "malformed network headers", test_malformed },
	{ "what was looked at", test_looked },
	{ "tracing", test_trace },
	{ NULL, NULL },
};
