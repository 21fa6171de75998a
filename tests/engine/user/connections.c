/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking with time, without memory, and with threads. */
#include <unistd.h>

#include "tests/engine/test.h"
#include "tests/engine/test_ct.h"
#include "tests/engine/user/user.h"

#define UDP IPPROTO_UDP

static unsigned int check(bool is, unsigned int line)
{
	return is ? 0 : line;
}

/* The first that fails decides. */
#define CHECK(is) do { if (!line) line = check(is, __LINE__); } while (0)

/* ---- time ------------------------------------------ */

static void set_seconds(unsigned int seconds)
{
	rv_user_set_clock((100 + seconds) * RV_SECOND);
}

static int send_udp(struct rv_ct *ct, bool reply)
{
	struct rv_test_packet t;

	rv_test_packet(&t, NFPROTO_IPV4, UDP, NF_INET_PRE_ROUTING);
	if (reply)
		rv_test_turn(&t);
	return rv_test_track(ct, &t, true);
}

/* UDP: 30 s; both ways for more than 2 s: 120 s and ASSURED. */
static unsigned int udp_ages(struct rv_ct *ct)
{
	unsigned int line = 0;

	set_seconds(0);
	CHECK(send_udp(ct, false) == IP_CT_NEW);
	set_seconds(29);
	CHECK(send_udp(ct, true) == IP_CT_ESTABLISHED_REPLY);
	set_seconds(58);
	CHECK(send_udp(ct, false) == IP_CT_ESTABLISHED);
	set_seconds(177);
	CHECK(send_udp(ct, true) == IP_CT_ESTABLISHED_REPLY);
	set_seconds(297);
	CHECK(send_udp(ct, true) == IP_CT_NEW && rv_ct_count(ct) == 1);
	/* Within two seconds it is no stream. */
	CHECK(send_udp(ct, false) == IP_CT_ESTABLISHED_REPLY);
	CHECK(send_udp(ct, true) == IP_CT_ESTABLISHED);
	set_seconds(328);
	CHECK(send_udp(ct, true) == IP_CT_NEW);
	/* Without replies it never is. */
	set_seconds(338);
	CHECK(send_udp(ct, true) == IP_CT_NEW && ct->made == 3);
	set_seconds(368);
	CHECK(send_udp(ct, true) == IP_CT_NEW && ct->made == 4);
	return line;
}

/* SYN repeated again and again does not keep the entry. */
static unsigned int syn_ages(struct rv_ct *ct)
{
	struct rv_test_packet t;
	unsigned int line = 0;

	for (unsigned int i = 0; i < 2; i++) {
		set_seconds(1000 + i * 119);
		rv_test_packet(&t, NFPROTO_IPV4, IPPROTO_TCP, NF_INET_PRE_ROUTING);
		CHECK(rv_test_track(ct, &t, true) == IP_CT_NEW && ct->made == 4 + 1);
	}
	set_seconds(1120);
	CHECK(rv_test_track(ct, &t, true) == IP_CT_NEW && ct->made == 4 + 2);
	return line;
}

/* Expired connections go without being looked up. */
static unsigned int gc_ages(struct rv_ct *ct)
{
	unsigned int line = 0;

	set_seconds(5000);
	CHECK(rv_ct_count(ct) == 2);
	rv_ct_gc(ct, rv_ct_buckets(ct));
	CHECK(rv_ct_count(ct) == 0);
	return line;
}

/* A closed end whose last segments are out of the window: 300 s, not five days. */
static unsigned int closing_ages(struct rv_ct *ct)
{
	static const struct { bool reply; uint8_t flags; uint32_t seq, ack; } segments[] = {
		{ false, 2, 1000, 0 }, { true, 0x12, 5000, 1001 }, { false, 0x10, 1001, 5001 },
		{ true, 0x10, 5001, 1001 }, { false, 0x11, 900000, 5001 }, { true, 0x11, 900000, 1001 },
	};
	unsigned int line = 0;

	set_seconds(6000);
	for (unsigned int i = 0; i < RV_COUNT(segments); i++) {
		struct rv_test_packet t;
		enum rv_ct_dir dir;
		struct rv_conn *c;
		uint8_t *h;

		rv_test_packet(&t, NFPROTO_IPV4, IPPROTO_TCP, NF_INET_PRE_ROUTING);
		if (segments[i].reply)
			rv_test_turn(&t);
		h = t.bytes + 20;
		h[13] = segments[i].flags;
		rv_put_be16(h + 4, segments[i].seq >> 16);
		rv_put_be16(h + 6, segments[i].seq);
		rv_put_be16(h + 8, segments[i].ack >> 16);
		rv_put_be16(h + 10, segments[i].ack);
		rv_put_be16(h + 14, 8000);
		t.p.pkt.len = 40;
		CHECK((rv_test_track(ct, &t, true) == -RVK_CT_SEQ) == (i >= 4));
		c = rv_test_conn(ct, &t, &dir);
		CHECK(c && c->proto.tcp.state == (i < 2 ? i + 1 : TCP_CONNTRACK_ESTABLISHED));
		if (i >= 3)
			CHECK(c && c->expires == (6100 + (i == 5 ? 300 : 5 * 24 * 3600)) * RV_SECOND);
	}
	return line;
}

unsigned int rv_test_ct_time(void)
{
	struct rv_ct *ct = rv_test_ct(16, 100);
	unsigned int line = udp_ages(ct);

	if (!line)
		line = syn_ages(ct);
	if (!line)
		line = gc_ages(ct);
	if (!line)
		line = closing_ages(ct);
	rv_user_set_clock(UINT64_MAX);
	rv_ct_free(ct);
	return line;
}

/* ---- memory ------------------------------------------ */

/* A packet whose connection cannot be allocated is dropped, never passed without one. */
unsigned int rv_test_ct_memory(void)
{
	const long live = rv_user_live();
	unsigned int line = 0;
	struct rv_ct *ct = NULL;
	unsigned long n = 0;

	do {
		rv_user_fail_nth(++n);
		ct = rv_test_ct(16, 100);
		if (rv_user_fail_nth(0))
			break;
		CHECK(!ct && rv_user_live() == live);
	} while (!line);
	CHECK(ct && n > 4);
	if (line)
		return line;
	rv_user_fail_nth(1);
	CHECK(send_udp(ct, false) == RV_TEST_DROPPED && !rv_user_fail_nth(0));
	CHECK(!rv_ct_count(ct) && rv_ct_stat(ct).drop == 1);
	CHECK(send_udp(ct, false) == IP_CT_NEW);
	rv_user_fail_nth(1);
	CHECK(rv_ct_resize(ct, 64) == -ENOMEM && !rv_user_fail_nth(0) && rv_ct_buckets(ct) == 16);
	CHECK(send_udp(ct, true) == IP_CT_ESTABLISHED_REPLY);
	rv_ct_free(ct);
	CHECK(rv_user_live() == live);
	return line;
}

/* ---- threads ------------------------------------------ */

#define THREADS		6
#define FLOWS		64	/* shared by all threads, so that they clash */
#define ROUNDS		3000	/* minimum, packets of a thread */
#define DISTURBANCES	20

static bool stop;
static unsigned int disturbed;		/* times */

static int kill_conn(struct rv_conn *c, void *arg)
{
	rv_ct_kill(arg, c);
	return 0;
}

/* Resizes, flushes, dumps and collects while packets pass. */
static void *disturb(void *arg)
{
	struct rv_ct *ct = arg;

	for (unsigned int i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		rv_ct_resize(ct, 16U << i % 4);
		rv_ct_each(ct, kill_conn, ct);
		rv_ct_gc(ct, 8);
		rv_ct_stat(ct);
		__atomic_add_fetch(&disturbed, 1, __ATOMIC_RELAXED);
		usleep(500);
	}
	return NULL;
}

struct sender {
	struct rv_ct *ct;
	unsigned int number, wrong;
};

/* A packet must get its own connection, whatever happens to others. */
static void send_flow(struct sender *s, unsigned int flow)
{
	struct rv_test_packet t;
	struct rv_tuple mine;

	rv_test_packet(&t, NFPROTO_IPV4, flow % 8 ? UDP : IPPROTO_TCP, NF_INET_PRE_ROUTING);
	t.bytes[14] = (uint8_t)(flow / 2);
	if (flow % 2)
		rv_test_turn(&t);
	rv_tuple_of(&t.p.pkt, &mine);
	if (rv_ct_in(s->ct, &t.p.pkt) == NF_ACCEPT && rv_ct_out(s->ct, &t.p.pkt) == NF_ACCEPT &&
	    t.p.pkt.track.conn) {
		const struct rv_tuple its = rv_conn_tuple(t.p.pkt.track.conn, rv_ct_dir(t.p.pkt.track.info));

		s->wrong += memcmp(&mine, &its, sizeof(mine)) != 0;
	}
	rv_ct_leave(s->ct, &t.p.pkt);
}

static void *send_flows(void *arg)
{
	struct sender *s = arg;

	for (unsigned int i = 0; i < ROUNDS || rv_relaxed(disturbed) < DISTURBANCES; i++)
		send_flow(s, (i * 7 + s->number * 13 + i / 64) % FLOWS);
	return NULL;
}

static int count_twice(struct rv_conn *c, void *arg)
{
	const struct rv_tuple t = rv_conn_tuple(c, RV_CT_ORIGINAL);
	enum rv_ct_dir dir;
	struct rv_conn *found = rv_ct_find(arg, &t, 3, &dir);
	const bool same = found == c && dir == RV_CT_ORIGINAL;

	if (found)
		rv_conn_put(arg, found);
	return !same;
}

unsigned int rv_test_ct_threads(void)
{
	const long live = rv_user_live();
	struct rv_ct *ct = rv_test_ct(16, 1000);
	struct sender senders[THREADS];
	pthread_t threads[THREADS], other;
	unsigned int line = 0;

	stop = false;
	pthread_create(&other, NULL, disturb, ct);
	for (unsigned int i = 0; i < THREADS; i++) {
		senders[i] = (struct sender){ .ct = ct, .number = i };
		pthread_create(&threads[i], NULL, send_flows, &senders[i]);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		CHECK(!senders[i].wrong);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	/* No tuple is there twice, and each is found. */
	CHECK(!rv_ct_each(ct, count_twice, ct) && rv_ct_count(ct) <= FLOWS);
	CHECK(rv_ct_stat(ct).insert > FLOWS);
	rv_ct_free(ct);
	CHECK(rv_user_live() == live);
	return line;
}
