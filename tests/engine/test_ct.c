/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking: tuples, the table, protocols without states. */
#include "test.h"
#include "test_ct.h"

#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6
#define UDP IPPROTO_UDP

struct rv_ct *rv_test_ct(uint32_t buckets, uint32_t max)
{
	struct rv_ct_config config = rv_ct_defaults;

	config.buckets = buckets;
	config.max = max;
	config.checksum = false;
	config.acct = true;
	return rv_ct_new(&config, rv_test_slots);
}

void rv_test_turn(struct rv_test_packet *t)
{
	const unsigned int len = rv_addr_len(t->p.pkt.family);
	uint8_t *src = (uint8_t *)rv_pkt_addr(&t->p.pkt, false), *ports = t->bytes + t->p.pkt.thoff;
	uint8_t addr[16], port[2];

	memcpy(addr, src, len);
	memcpy(src, src + len, len);
	memcpy(src + len, addr, len);
	memcpy(port, ports, 2);
	memcpy(ports, ports + 2, 2);
	memcpy(ports + 2, port, 2);
}

int rv_test_track(struct rv_ct *ct, struct rv_test_packet *t, bool confirm)
{
	struct rv_track track;

	if (rv_ct_in(ct, &t->p.pkt) != NF_ACCEPT)
		return RV_TEST_DROPPED;
	if (confirm && rv_ct_out(ct, &t->p.pkt) != NF_ACCEPT) {
		rv_ct_leave(ct, &t->p.pkt);
		return RV_TEST_DROPPED;
	}
	track = t->p.pkt.track;
	rv_ct_leave(ct, &t->p.pkt);
	if (track.conn || track.info == RV_CT_UNTRACKED)
		return track.info;
	return -(int)track.why;
}

struct rv_conn *rv_test_conn(struct rv_ct *ct, struct rv_test_packet *t, enum rv_ct_dir *dir)
{
	struct rv_tuple tuple;
	struct rv_conn *c;

	if (rv_tuple_of(&t->p.pkt, &tuple))
		return NULL;
	c = rv_ct_find(ct, &tuple, 3, dir);
	/* The table's reference is enough for a test. */
	if (c)
		rv_conn_put(ct, c);
	return c;
}

/* ---- hash and tuples ------------------------------------------ */

/* The reference implementation's values for bytes 0, 1, 2, … and key 0 to 15. */
static void test_siphash(void)
{
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint32_t words[10];

	for (unsigned int i = 0; i < RV_COUNT(words); i++)
		words[i] = 0x03020100 + i * 0x04040404;
	EXPECT(rv_siphash(words, 0, key) == 0x726fdb47dd0e0e31);
	EXPECT(rv_siphash(words, 2, key) == 0x93f5f5799a932462);
	EXPECT(rv_siphash(words, 10, key) == 0x0e3ea96b5304a7d0);
}

static void expect_inverse(uint8_t family, uint8_t proto, uint8_t type, int reply)
{
	struct rv_tuple t, back, again;
	struct rv_test_packet p;

	rv_test_packet(&p, family, proto, NF_INET_PRE_ROUTING);
	if (type)
		p.bytes[p.p.pkt.thoff] = type;
	EXPECT(rv_tuple_of(&p.p.pkt, &t) == RVK_CT_VALID);
	EXPECT(rv_tuple_invert(&t, &back) == (reply >= 0));
	if (reply < 0)
		return;
	EXPECT(!memcmp(back.src, t.dst, 16) && !memcmp(back.dst, t.src, 16) && back.kind == t.kind);
	if (type)
		EXPECT(back.ids[2] == reply);
	EXPECT(rv_tuple_invert(&back, &again) && !memcmp(&again, &t, sizeof(t)));
}

static void test_tuples(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		expect_inverse(i ? V6 : V4, UDP, 0, 0);
		expect_inverse(i ? V6 : V4, IPPROTO_TCP, 0, 0);
		expect_inverse(i ? V6 : V4, IPPROTO_GRE, 0, 0);
	}
	expect_inverse(V4, IPPROTO_ICMP, 8, 0);
	expect_inverse(V4, IPPROTO_ICMP, 13, 14);
	expect_inverse(V4, IPPROTO_ICMP, 15, 16);
	expect_inverse(V4, IPPROTO_ICMP, 17, 18);
	expect_inverse(V4, IPPROTO_ICMP, 3, -1);
	expect_inverse(V6, IPPROTO_ICMPV6, 128, 129);
	expect_inverse(V6, IPPROTO_ICMPV6, 139, 140);
	expect_inverse(V6, IPPROTO_ICMPV6, 1, -1);
}

/* ---- states ------------------------------------------ */

static void test_udp(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;
	struct rv_conn *c;
	enum rv_ct_dir dir;

	for (unsigned int i = 0; i < 2; i++) {
		rv_test_packet(&t, i ? V6 : V4, UDP, NF_INET_PRE_ROUTING);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
		rv_test_turn(&t);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_ESTABLISHED_REPLY);
		rv_test_turn(&t);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_ESTABLISHED);
		c = rv_test_conn(ct, &t, &dir);
		EXPECT(c && dir == RV_CT_ORIGINAL && rv_ct_count(ct) == i + 1);
		EXPECT(c && c->packets[0] == 3 && c->packets[1] == 1);
		EXPECT(c && c->bytes[0] == 3 * t.p.pkt.len && c->bytes[1] == t.p.pkt.len);
		EXPECT(c && !(c->status & IPS_ASSURED) && c->status & IPS_SEEN_REPLY);
	}
	rv_ct_free(ct);
}

/* From an address and port to the same, both directions have one tuple. */
static void test_itself(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	memcpy(t.bytes + 16, t.bytes + 12, 4);
	memcpy(t.bytes + 22, t.bytes + 20, 2);
	EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
	EXPECT(rv_test_track(ct, &t, true) == IP_CT_ESTABLISHED_REPLY && rv_ct_count(ct) == 1);
	rv_ct_free(ct);
}

/* A first packet that the rules drop leaves nothing. */
static void test_unconfirmed(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;
	enum rv_ct_dir dir;

	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	EXPECT(rv_test_track(ct, &t, false) == IP_CT_NEW);
	EXPECT(!rv_ct_count(ct) && !rv_test_conn(ct, &t, &dir));
	rv_test_turn(&t);
	EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
	rv_ct_free(ct);
}

/* Over loopback, or after NOTRACK, a packet is not looked up again. */
static void test_seen(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, NF_INET_LOCAL_OUT);
	EXPECT(rv_ct_in(ct, &t.p.pkt) == NF_ACCEPT && rv_ct_out(ct, &t.p.pkt) == NF_ACCEPT);
	EXPECT(rv_ct_in(ct, &t.p.pkt) == NF_ACCEPT && rv_ct_out(ct, &t.p.pkt) == NF_ACCEPT);
	EXPECT(t.p.pkt.track.conn && t.p.pkt.track.conn->packets[0] == 1);
	rv_ct_leave(ct, &t.p.pkt);
	EXPECT(!t.p.pkt.track.conn);
	t.p.pkt.track.info = RV_CT_UNTRACKED;
	EXPECT(rv_test_track(ct, &t, true) == RV_CT_UNTRACKED && rv_ct_count(ct) == 1);
	rv_ct_free(ct);
}

/* Pieces are not tracked before they are put together; malformed packets never. */
static void test_malformed(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	t.bytes[6] = 0x20;
	EXPECT(!rv_pkt_parse(&t.p.pkt) && rv_test_track(ct, &t, true) == -RVK_CT_FRAGMENT);
	t.bytes[6] = 0;
	t.bytes[7] = 1;
	EXPECT(!rv_pkt_parse(&t.p.pkt) && rv_test_track(ct, &t, true) == -RVK_CT_FRAGMENT);
	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	t.p.pkt.linear = t.p.pkt.len = 27;
	EXPECT(rv_test_track(ct, &t, true) == -RVK_CT_SHORT);
	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	t.bytes[25]++;
	EXPECT(rv_test_track(ct, &t, true) == -RVK_CT_LENGTH);
	t.bytes[25] = 7;
	EXPECT(rv_test_track(ct, &t, true) == -RVK_CT_LENGTH);
	EXPECT(rv_ct_stat(ct).invalid[RVK_CT_LENGTH] == 2 && !rv_ct_count(ct));
	rv_ct_free(ct);
}

static void test_checksum(void)
{
	static const uint8_t protos[] = { IPPROTO_TCP, UDP };
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;

	ct->config.checksum = true;
	for (unsigned int i = 0; i < 4; i++) {
		rv_test_packet(&t, i & 1 ? V6 : V4, protos[i / 2], NF_INET_PRE_ROUTING);
		t.bytes[t.p.pkt.len - 1]++;
		EXPECT(rv_test_track(ct, &t, true) == -RVK_CT_CHECKSUM);
		t.p.pkt.hook = NF_INET_LOCAL_OUT;
		EXPECT(rv_test_track(ct, &t, false) == IP_CT_NEW);
		t.p.pkt.hook = NF_INET_PRE_ROUTING;
		t.p.pkt.partial = true;
		EXPECT(rv_test_track(ct, &t, false) == IP_CT_NEW);
		t.p.pkt.partial = false;
		rv_test_sum(&t);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
	}
	rv_ct_free(ct);
}

/* ---- ICMP ------------------------------------------ */

static void put_icmp(struct rv_test_packet *t, uint8_t type)
{
	const bool v4 = t->p.pkt.family == V4;

	t->bytes[v4 ? 9 : 6] = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	EXPECT(!rv_pkt_parse(&t->p.pkt));
	memset(t->bytes + t->p.pkt.thoff, 0, 8);
	t->bytes[t->p.pkt.thoff] = type;
}

static void expect_icmp(struct rv_ct *ct, uint8_t family, uint8_t type, int expected)
{
	struct rv_test_packet t;

	rv_test_packet(&t, family, UDP, NF_INET_PRE_ROUTING);
	put_icmp(&t, type);
	EXPECT(rv_test_track(ct, &t, true) == expected);
}

static void test_icmp(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;

	for (unsigned int i = 0; i < 2; i++) {
		rv_test_packet(&t, i ? V6 : V4, UDP, NF_INET_PRE_ROUTING);
		put_icmp(&t, i ? 129 : 0);
		EXPECT(rv_test_track(ct, &t, true) == -RVK_CT_TYPE);
		put_icmp(&t, i ? 128 : 8);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
		rv_test_turn(&t);
		put_icmp(&t, i ? 129 : 0);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_ESTABLISHED_REPLY);
		/* Another identifier is another connection. */
		t.bytes[t.p.pkt.thoff + 5] = 1;
		EXPECT(rv_test_track(ct, &t, true) == -RVK_CT_TYPE);
	}
	expect_icmp(ct, V4, 9, -RVK_CT_TYPE);
	expect_icmp(ct, V4, 19, -RVK_CT_TYPE);
	for (unsigned int type = 130; type <= 136; type++)
		expect_icmp(ct, V6, type, RV_CT_UNTRACKED);
	expect_icmp(ct, V6, 143, RV_CT_UNTRACKED);
	expect_icmp(ct, V6, 144, -RVK_CT_TYPE);
	rv_ct_free(ct);
}

/* An error from addr (its last byte) that quotes a packet. */
static void make_error(struct rv_test_packet *t, const struct rv_test_packet *cause, bool turn)
{
	const bool v4 = cause->p.pkt.family == V4;
	const unsigned int header = v4 ? 20 : 40;
	struct rv_test_packet inner = *cause;

	rv_test_packet(t, cause->p.pkt.family, UDP, NF_INET_PRE_ROUTING);
	inner.p.pkt.data = inner.bytes;
	if (turn)
		rv_test_turn(t);
	memcpy(t->bytes + header + 8, inner.bytes, header + 8);
	t->p.pkt.len = t->p.pkt.linear = 2 * header + 16;
	put_icmp(t, v4 ? 3 : 1);
	/* From a router. */
	t->bytes[v4 ? 15 : 23] = 77;
}

static void test_errors(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t, error;

	for (unsigned int i = 0; i < 2; i++) {
		const uint8_t family = i ? V6 : V4;
		const unsigned int dst = i ? 39 : 19, quote = i ? 48 : 28;

		rv_test_packet(&t, family, UDP, NF_INET_PRE_ROUTING);
		make_error(&error, &t, true);
		EXPECT(rv_test_track(ct, &error, true) == -RVK_CT_UNRELATED);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
		EXPECT(rv_test_track(ct, &error, true) == IP_CT_RELATED_REPLY);
		/* To a host that did not send the packet quoted. */
		error.bytes[dst]++;
		EXPECT(rv_test_track(ct, &error, true) == -RVK_CT_OUTER);
		error.bytes[dst]--;
		error.bytes[quote] = 0;
		EXPECT(rv_test_track(ct, &error, true) == -RVK_CT_QUOTE);
		/* About a reply. */
		rv_test_turn(&t);
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_ESTABLISHED_REPLY);
		make_error(&error, &t, false);
		EXPECT(rv_test_track(ct, &error, true) == IP_CT_RELATED);
		/* Cut off before the ports. */
		error.p.pkt.len = error.p.pkt.linear -= 5;
		EXPECT(rv_test_track(ct, &error, true) == -RVK_CT_QUOTE);
	}
	rv_ct_free(ct);
}

/* A redirect carries the packet in an option (RFC 4861, 4.5). */
static void test_redirect(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t, error;

	rv_test_packet(&t, V6, UDP, NF_INET_PRE_ROUTING);
	EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
	make_error(&error, &t, true);
	put_icmp(&error, 137);
	memset(error.bytes + 48, 0, 32);
	error.bytes[80] = 4;
	error.bytes[81] = 7;
	memcpy(error.bytes + 88, t.bytes, 48);
	error.p.pkt.len = error.p.pkt.linear = 136;
	EXPECT(rv_test_track(ct, &error, true) == IP_CT_RELATED_REPLY);
	error.bytes[80] = 1;
	EXPECT(rv_test_track(ct, &error, true) == -RVK_CT_TYPE);
	rv_ct_free(ct);
}

/* ---- zones ------------------------------------------ */

/* Equal tuples in different zones are different connections. */
static void test_zones(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;

	for (uint16_t zone = 0; zone < 3; zone++) {
		rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
		t.p.pkt.track = (struct rv_track){ .zone = zone, .zone_dirs = 3 };
		EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
	}
	EXPECT(rv_ct_count(ct) == 3);
	rv_test_turn(&t);
	t.p.pkt.track = (struct rv_track){ .zone = 3, .zone_dirs = 3 };
	EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
	rv_ct_free(ct);
}

/* A zone of one direction: replies come without it. */
static void test_zone_dirs(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	t.p.pkt.track = (struct rv_track){ .zone = 7, .zone_dirs = 1 << RV_CT_ORIGINAL };
	EXPECT(rv_test_track(ct, &t, true) == IP_CT_NEW);
	rv_test_turn(&t);
	EXPECT(rv_test_track(ct, &t, true) == IP_CT_ESTABLISHED_REPLY);
	rv_test_turn(&t);
	EXPECT(rv_test_track(ct, &t, false) == IP_CT_NEW);
	t.p.pkt.track = (struct rv_track){ .zone = 7, .zone_dirs = 1 << RV_CT_ORIGINAL };
	EXPECT(rv_test_track(ct, &t, true) == IP_CT_ESTABLISHED);
	rv_ct_free(ct);
}

/* ---- the table ------------------------------------------ */

static int track_flow(struct rv_ct *ct, unsigned int n, bool reply)
{
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	t.bytes[12] = (uint8_t)(n >> 16);
	t.bytes[13] = (uint8_t)(n >> 8);
	t.bytes[14] = (uint8_t)n;
	if (reply)
		rv_test_turn(&t);
	return rv_test_track(ct, &t, true);
}

static int count_conn(struct rv_conn *c, void *arg)
{
	(void)c;
	++*(unsigned int *)arg;
	return 0;
}

static void expect_flows(struct rv_ct *ct, unsigned int n)
{
	unsigned int seen = 0;

	EXPECT(rv_ct_count(ct) == n);
	EXPECT(!rv_ct_each(ct, count_conn, &seen) && seen == n);
}

static void test_resize(void)
{
	static const uint32_t sizes[] = { 4096, 64, 1024, 64 };
	const unsigned int flows = 500;
	struct rv_ct *ct = rv_test_ct(64, 1000);

	for (unsigned int i = 0; i < flows; i++)
		EXPECT(track_flow(ct, i, false) == IP_CT_NEW);
	EXPECT(rv_ct_resize(ct, 100) == -EINVAL && !rv_ct_resize(ct, 16) && rv_ct_buckets(ct) == 64);
	for (unsigned int i = 0; i < RV_COUNT(sizes); i++) {
		EXPECT(!rv_ct_resize(ct, sizes[i]) && rv_ct_buckets(ct) == sizes[i]);
		expect_flows(ct, flows);
		for (unsigned int n = 0; n < flows; n++)
			EXPECT(track_flow(ct, n, true) == IP_CT_ESTABLISHED_REPLY);
	}
	rv_ct_free(ct);
}

static int kill_conn(struct rv_conn *c, void *arg)
{
	return !rv_ct_kill(arg, c);
}

static void test_flush(void)
{
	struct rv_ct *ct = rv_test_ct(8, 1000);

	for (unsigned int i = 0; i < 100; i++)
		EXPECT(track_flow(ct, i, false) == IP_CT_NEW);
	EXPECT(!rv_ct_each(ct, kill_conn, ct));
	expect_flows(ct, 0);
	EXPECT(track_flow(ct, 1, true) == IP_CT_NEW);
	rv_ct_free(ct);
}

static int assure_conn(struct rv_conn *c, void *arg)
{
	(void)arg;
	rv_conn_set(c, IPS_ASSURED);
	return 0;
}

/* Full: a connection without ASSURED makes room; if all are, new packets are dropped. */
static void test_full(void)
{
	struct rv_ct *ct = rv_test_ct(8, 20);

	for (unsigned int i = 0; i < 100; i++)
		EXPECT(track_flow(ct, i, false) == IP_CT_NEW);
	expect_flows(ct, 20);
	EXPECT(rv_ct_stat(ct).early_drop == 80);
	EXPECT(!rv_ct_each(ct, assure_conn, NULL));
	EXPECT(track_flow(ct, 200, false) == RV_TEST_DROPPED);
	expect_flows(ct, 20);
	EXPECT(rv_ct_stat(ct).drop == 1);
	rv_ct_free(ct);
}

/* However the hash is, a bucket has at most 80 nodes. */
static void test_chain(void)
{
	struct rv_ct *ct = rv_test_ct(1, 1000);
	unsigned int dropped = 0, conns;

	for (unsigned int i = 0; i < 200; i++)
		dropped += track_flow(ct, i, false) == RV_TEST_DROPPED;
	/* Two nodes each. */
	conns = rv_ct_count(ct);
	EXPECT(2 * conns >= 50 && 2 * conns <= 82 && dropped == 200 - conns);
	EXPECT(rv_ct_stat(ct).chain_too_long == dropped);
	rv_ct_free(ct);
}

/* Two packets of a flow pass at once, or both ends send first: for UDP one connection remains. */
static void expect_clash(uint8_t proto, bool turn, int outcome)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet a, b;

	rv_test_packet(&a, V4, proto, NF_INET_PRE_ROUTING);
	rv_test_packet(&b, V4, proto, NF_INET_PRE_ROUTING);
	if (turn)
		rv_test_turn(&b);
	EXPECT(rv_ct_in(ct, &a.p.pkt) == NF_ACCEPT && rv_ct_in(ct, &b.p.pkt) == NF_ACCEPT);
	EXPECT(rv_ct_out(ct, &a.p.pkt) == NF_ACCEPT);
	if (outcome == RV_TEST_DROPPED) {
		EXPECT(rv_ct_out(ct, &b.p.pkt) == NF_DROP && rv_ct_stat(ct).insert_failed == 1);
	} else {
		EXPECT(rv_ct_out(ct, &b.p.pkt) == NF_ACCEPT && b.p.pkt.track.info == outcome);
		EXPECT(a.p.pkt.track.conn == b.p.pkt.track.conn && rv_ct_stat(ct).clash == 1);
		EXPECT(a.p.pkt.track.conn->packets[0] + a.p.pkt.track.conn->packets[1] == 2);
	}
	rv_ct_leave(ct, &a.p.pkt);
	rv_ct_leave(ct, &b.p.pkt);
	EXPECT(rv_ct_count(ct) == 1);
	rv_ct_free(ct);
}

static void test_clash(void)
{
	expect_clash(UDP, false, IP_CT_NEW);
	expect_clash(UDP, true, IP_CT_ESTABLISHED_REPLY);
	expect_clash(IPPROTO_TCP, false, RV_TEST_DROPPED);
}

/* ---- a naive twin ------------------------------------------ */

#define HORRIBLE	32	/* a power of two */

/* One list, no hash: what a tracker of UDP without timeouts says. */
struct horrible_list {
	struct {
		uint8_t src, dst;
		bool replied;
	} flows[HORRIBLE * HORRIBLE];
	unsigned int n;
};

static int horrible_track(struct horrible_list *l, uint8_t src, uint8_t dst)
{
	for (unsigned int i = 0; i < l->n; i++) {
		if (l->flows[i].src == src && l->flows[i].dst == dst)
			return l->flows[i].replied ? IP_CT_ESTABLISHED : IP_CT_NEW;
		if (l->flows[i].src == dst && l->flows[i].dst == src) {
			l->flows[i].replied = true;
			return IP_CT_ESTABLISHED_REPLY;
		}
	}
	l->flows[l->n].src = src;
	l->flows[l->n].dst = dst;
	l->flows[l->n++].replied = false;
	return IP_CT_NEW;
}

static void horrible_remove(struct horrible_list *l, unsigned int i)
{
	l->flows[i] = l->flows[--l->n];
}

static void set_ends(struct rv_test_packet *t, uint8_t src, uint8_t dst)
{
	rv_test_packet(t, V4, UDP, NF_INET_PRE_ROUTING);
	memset(t->bytes + 12, 10, 8);
	t->bytes[15] = src;
	t->bytes[19] = dst;
	/* Equal ports, so that replies are the other flow. */
	memset(t->bytes + 20, 0, 4);
}

static void test_twin(void)
{
	struct horrible_list *l = rv_alloc(sizeof(*l), true);
	struct rv_ct *ct = rv_test_ct(256, HORRIBLE * HORRIBLE);
	struct rv_test_packet t;
	uint32_t random = 12345;

	for (unsigned int i = 0; i < 20000; i++) {
		uint8_t src, dst;

		random = random * 1103515245 + 12345;
		src = random >> 10 & (HORRIBLE - 1);
		dst = HORRIBLE + (random >> 20 & (HORRIBLE - 1));
		set_ends(&t, random & 1 << 27 ? dst : src, random & 1 << 27 ? src : dst);
		EXPECT(rv_test_track(ct, &t, true) == horrible_track(l, t.bytes[15], t.bytes[19]));
		if (random >> 28 == 3 && l->n) {
			unsigned int which = random >> 8 & 0xffff;
			enum rv_ct_dir dir;
			struct rv_conn *c;

			which %= l->n;
			set_ends(&t, l->flows[which].src, l->flows[which].dst);
			c = rv_test_conn(ct, &t, &dir);
			EXPECT(c && dir == RV_CT_ORIGINAL && rv_ct_kill(ct, c));
			horrible_remove(l, which);
		}
		if (i % 5000 == 4999)
			EXPECT(!rv_ct_resize(ct, i % 10000 == 4999 ? 1024 : 256));
	}
	expect_flows(ct, l->n);
	rv_ct_free(ct);
	rv_free(l);
}

const struct rv_test rv_tests_ct[] = {
	{ "SipHash-2-4 gives the published values", test_siphash },
	{ "tuples and their inverses", test_tuples },
	{ "UDP: NEW until a reply, then ESTABLISHED", test_udp },
	{ "packets from a port to itself", test_itself },
	{ "dropped first packets leave no connection", test_unconfirmed },
	{ "packets are tracked once", test_seen },
	{ "fragments and malformed packets are INVALID", test_malformed },
	{ "wrong checksums are INVALID in PREROUTING", test_checksum },
	{ "ICMP: requests, replies, neighbour discovery", test_icmp },
	{ "ICMP errors are RELATED to the packet quoted", test_errors },
	{ "IPv6 redirects are errors", test_redirect },
	{ "zones separate equal tuples", test_zones },
	{ "zones of one direction", test_zone_dirs },
	{ "resizing keeps all connections", test_resize },
	{ "removed connections are gone", test_flush },
	{ "a full table evicts, then drops", test_full },
	{ "chains are short", test_chain },
	{ "clashing connections are joined, except TCP", test_clash },
	{ "the table finds what a list finds", test_twin },
	{ .name = NULL },
};
