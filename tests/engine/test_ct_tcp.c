/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking of TCP: sequences of segments with the expected state after each. */
#include "test.h"
#include "test_ct.h"

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define PSH	0x08
#define ACK	0x10
#define URG	0x20

#define OUT	RV_CT_ORIGINAL
#define IN	RV_CT_REPLY

#define NEW	IP_CT_NEW
#define EST	IP_CT_ESTABLISHED
#define REPLY	IP_CT_ESTABLISHED_REPLY
#define BAD(why)	(-(int)RVK_CT_##why)

enum {
	NONE = TCP_CONNTRACK_NONE, SENT = TCP_CONNTRACK_SYN_SENT, RECV = TCP_CONNTRACK_SYN_RECV,
	OPEN = TCP_CONNTRACK_ESTABLISHED, FW = TCP_CONNTRACK_FIN_WAIT, CW = TCP_CONNTRACK_CLOSE_WAIT,
	LA = TCP_CONNTRACK_LAST_ACK, TW = TCP_CONNTRACK_TIME_WAIT, CL = TCP_CONNTRACK_CLOSE,
	SENT2 = TCP_CONNTRACK_SYN_SENT2,
	GONE = 100,			/* the connection was removed */
};

/* A segment, and what must follow. seq, ack: after initial numbers of 1000 and 5000. */
struct segment {
	uint8_t dir, flags;
	uint32_t seq, ack;
	uint16_t len, win;
	int info;			/* enum ip_conntrack_info or BAD() */
	uint8_t state;
};

struct sequence {
	const char *name;
	const struct segment *segments;	/* win 0 ends the array */
	bool strict;			/* tcp_loose is 0 */
	bool assured;			/* at the end */
};

static void make_segment(struct rv_test_packet *t, const struct segment *s)
{
	uint8_t *h;

	rv_test_packet(t, NFPROTO_IPV4, IPPROTO_TCP, NF_INET_PRE_ROUTING);
	if (s->dir == IN)
		rv_test_turn(t);
	h = t->bytes + 20;
	h[13] = s->flags;
	rv_put_be16(h + 4, s->seq >> 16);
	rv_put_be16(h + 6, s->seq);
	rv_put_be16(h + 8, s->ack >> 16);
	rv_put_be16(h + 10, s->ack);
	rv_put_be16(h + 14, s->win);
	t->p.pkt.len = 40 + s->len;
}

static void expect_segment(struct rv_ct *ct, const struct segment *s)
{
	struct rv_test_packet t;
	enum rv_ct_dir dir;
	struct rv_conn *c;

	make_segment(&t, s);
	EXPECT(rv_test_track(ct, &t, true) == s->info);
	c = rv_test_conn(ct, &t, &dir);
	if (s->state == GONE)
		EXPECT(!c);
	else
		EXPECT(c && c->proto.tcp.state == s->state);
}

static bool is_assured(struct rv_ct *ct)
{
	static const struct segment any = { OUT, ACK, 0, 0, 0, 1, 0, 0 };
	struct rv_test_packet t;
	enum rv_ct_dir dir;
	struct rv_conn *c;

	make_segment(&t, &any);
	c = rv_test_conn(ct, &t, &dir);
	return c && c->status & IPS_ASSURED;
}

static void expect_sequence(const struct sequence *q)
{
	struct rv_ct *ct = rv_test_ct(16, 100);

	ct->config.tcp_loose = !q->strict;
	for (const struct segment *s = q->segments; s->win; s++)
		expect_segment(ct, s);
	EXPECT(is_assured(ct) == q->assured);
	rv_ct_free(ct);
}

/* ---- sequences ------------------------------------------ */

#define SEGMENTS(...)	(const struct segment[]){ __VA_ARGS__, { .win = 0 } }
#define HANDSHAKE								\
	{ OUT, SYN, 1000, 0, 0, 8000, NEW, SENT },				\
	{ IN, SYN | ACK, 5000, 1001, 0, 8000, REPLY, RECV },			\
	{ OUT, ACK, 1001, 5001, 0, 8000, EST, OPEN }

static const struct sequence sequences[] = {
	{ "open, data, close", SEGMENTS(HANDSHAKE,
		{ OUT, ACK | PSH, 1001, 5001, 100, 8000, EST, OPEN },
		{ IN, ACK | PSH, 5001, 1101, 200, 8000, REPLY, OPEN },
		{ OUT, FIN | ACK, 1101, 5201, 0, 8000, EST, FW },
		{ IN, ACK, 5201, 1102, 0, 8000, REPLY, CW },
		{ IN, FIN | ACK, 5201, 1102, 0, 8000, REPLY, LA },
		{ OUT, ACK, 1102, 5202, 0, 8000, EST, TW }), .assured = true },
	{ "both close at once", SEGMENTS(HANDSHAKE,
		{ OUT, FIN | ACK, 1001, 5001, 0, 8000, EST, FW },
		{ IN, FIN | ACK, 5001, 1001, 0, 8000, REPLY, LA },
		{ OUT, ACK, 1002, 5002, 0, 8000, EST, TW },
		{ IN, ACK, 5002, 1002, 0, 8000, REPLY, TW }), .assured = true },
	{ "old, far and low RST are INVALID, the exact one closes", SEGMENTS(HANDSHAKE,
		{ OUT, ACK | PSH, 1001, 5001, 1000, 8000, EST, OPEN },
		{ IN, ACK, 5001, 2001, 0, 8000, REPLY, OPEN },
		{ OUT, RST, 1001, 0, 0, 1, BAD(RST), OPEN },
		{ OUT, RST, 2000, 0, 0, 1, BAD(RST), OPEN },
		{ OUT, RST, 900, 0, 0, 1, BAD(RST), OPEN },
		{ OUT, RST, 90000, 0, 0, 1, BAD(SEQ), OPEN },
		{ OUT, RST, 2001, 0, 0, 1, EST, CL }), .assured = true },
	{ "RST within the window passes, and the receiver may challenge it", SEGMENTS(HANDSHAKE,
		{ IN, ACK, 5001, 1001, 0, 8000, REPLY, OPEN },
		{ OUT, RST, 1500, 0, 0, 1, EST, OPEN },
		{ IN, ACK, 5001, 1001, 0, 8000, REPLY, OPEN },
		{ OUT, RST, 1001, 0, 0, 1, EST, CL }), .assured = true },
	{ "RST is not checked once the connection closes", SEGMENTS(HANDSHAKE,
		{ OUT, FIN | ACK, 1001, 5001, 0, 8000, EST, FW },
		{ IN, ACK, 5001, 1002, 0, 8000, REPLY, CW },
		{ OUT, RST, 7, 0, 0, 1, EST, CL }), .assured = true },
	{ "refused: only RST answers SYN", SEGMENTS(
		{ OUT, SYN, 1000, 0, 0, 8000, NEW, SENT },
		{ IN, RST | ACK, 0, 1001, 0, 1, REPLY, GONE }) },
	{ "data acknowledged long ago, sent again", SEGMENTS(HANDSHAKE,
		{ OUT, ACK, 1001, 5001, 1000, 8000, EST, OPEN },
		{ IN, ACK, 5001, 2001, 0, 8000, REPLY, OPEN },
		{ OUT, ACK, 2001, 5001, 8000, 8000, EST, OPEN },
		{ IN, ACK, 5001, 10001, 0, 8000, REPLY, OPEN },
		{ OUT, ACK, 1001, 5001, 500, 8000, EST, OPEN }), .assured = true },
	{ "SYN-ACK of an old connection, then the right one", SEGMENTS(
		{ OUT, SYN, 1000, 0, 0, 8000, NEW, SENT },
		{ IN, SYN | ACK, 4000, 1500, 0, 8000, BAD(ACK), SENT },
		{ IN, SYN | ACK, 5000, 1001, 0, 8000, REPLY, RECV },
		{ OUT, ACK, 1001, 5001, 0, 8000, EST, OPEN }), .assured = true },
	{ "challenge ACK for a half-open connection", SEGMENTS(
		{ OUT, SYN, 1000, 0, 0, 8000, NEW, SENT },
		{ IN, ACK, 9000, 4000, 0, 8000, REPLY, SENT },
		{ OUT, RST, 4000, 0, 0, 1, EST, CL },
		{ OUT, SYN, 1000, 0, 0, 8000, NEW, SENT },
		{ IN, SYN | ACK, 5000, 1001, 0, 8000, REPLY, RECV },
		{ OUT, ACK, 1001, 5001, 0, 8000, EST, OPEN }), .assured = true },
	{ "challenge ACK for SYN in an open connection", SEGMENTS(HANDSHAKE,
		{ IN, ACK, 5001, 1001, 0, 8000, REPLY, OPEN },
		{ OUT, SYN, 30000, 0, 0, 8000, EST, OPEN },
		{ IN, ACK, 5001, 1001, 0, 8000, REPLY, OPEN },
		{ OUT, ACK, 1001, 5001, 0, 8000, EST, OPEN }), .assured = true },
	{ "challenge ACK in LAST_ACK is not the last one", SEGMENTS(HANDSHAKE,
		{ OUT, FIN | ACK, 1001, 5001, 0, 8000, EST, FW },
		{ IN, FIN | ACK, 5001, 1002, 0, 8000, REPLY, LA },
		{ OUT, SYN, 30000, 0, 0, 8000, EST, LA },
		{ IN, ACK, 5002, 1002, 0, 8000, REPLY, LA },
		{ OUT, ACK, 1002, 5002, 0, 8000, EST, TW }), .assured = true },
	{ "a SYN let pass, acknowledged: the new connection is followed", SEGMENTS(HANDSHAKE,
		{ OUT, SYN, 30000, 0, 0, 4000, EST, OPEN },
		{ IN, SYN | ACK, 60000, 30001, 0, 8000, REPLY, RECV },
		{ OUT, ACK, 30001, 60001, 0, 4000, EST, OPEN }), .assured = true },
	{ "a SYN let pass, refused", SEGMENTS(HANDSHAKE,
		{ OUT, SYN, 30000, 0, 0, 4000, EST, OPEN },
		{ IN, RST | ACK, 0, 30001, 0, 1, REPLY, CL }), .assured = true },
	{ "both open at once", SEGMENTS(
		{ OUT, SYN, 1000, 0, 0, 8000, NEW, SENT },
		{ IN, SYN, 5000, 0, 0, 8000, REPLY, SENT2 },
		{ OUT, SYN | ACK, 1000, 5001, 0, 8000, EST, RECV },
		{ IN, SYN | ACK, 5000, 1001, 0, 8000, REPLY, RECV },
		{ IN, ACK, 5001, 1001, 0, 8000, REPLY, OPEN },
		{ OUT, ACK, 1001, 5001, 0, 8000, EST, OPEN }), .assured = true },
	{ "picked up in the middle", SEGMENTS(
		{ OUT, ACK, 1001, 5001, 10, 8000, NEW, OPEN },
		{ IN, ACK, 5001, 1011, 10, 8000, REPLY, OPEN },
		{ OUT, ACK, 1011, 5011, 10, 8000, EST, OPEN }), .assured = true },
	{ "picked up, strict: INVALID", SEGMENTS(
		{ OUT, ACK, 1001, 5001, 10, 8000, BAD(NOT_SYN), GONE },
		{ OUT, SYN, 1000, 0, 0, 8000, NEW, SENT }), .strict = true },
	{ "FIN, RST or SYN-ACK start nothing", SEGMENTS(
		{ OUT, FIN | ACK, 1001, 5001, 0, 8000, BAD(NOT_SYN), GONE },
		{ OUT, RST, 1001, 5001, 0, 8000, BAD(NOT_SYN), GONE },
		{ OUT, SYN | ACK, 1001, 5001, 0, 8000, BAD(NOT_SYN), GONE }) },
	{ "impossible flags", SEGMENTS(
		{ OUT, SYN | FIN, 1000, 0, 0, 8000, BAD(FLAGS), GONE },
		{ OUT, SYN | RST, 1000, 0, 0, 8000, BAD(FLAGS), GONE },
		{ OUT, 0, 1000, 0, 0, 8000, BAD(FLAGS), GONE },
		{ OUT, FIN, 1000, 0, 0, 8000, BAD(FLAGS), GONE },
		{ OUT, FIN | PSH | URG, 1000, 0, 0, 8000, BAD(FLAGS), GONE },
		{ OUT, SYN | PSH | URG, 1000, 0, 0, 8000, NEW, SENT }) },
	{ "above the window and unsent acknowledged", SEGMENTS(HANDSHAKE,
		{ OUT, ACK, 18000, 5001, 10, 8000, BAD(SEQ), OPEN },
		{ OUT, ACK, 1001, 6000, 10, 8000, BAD(ACK), OPEN },
		{ OUT, ACK, 9000, 5001, 10, 8000, EST, OPEN },
		{ IN, ACK, 22000, 1001, 10, 8000, BAD(SEQ), OPEN }), .assured = true },
	{ "a little above the window: passes, not followed", SEGMENTS(HANDSHAKE,
		{ IN, ACK, 5001, 1001, 0, 8000, REPLY, OPEN },
		{ OUT, ACK, 9002, 5001, 10, 8000, EST, OPEN },
		{ IN, ACK, 5001, 9012, 0, 8000, REPLY, OPEN }), .assured = true },
	{ "reopened after it was closed", SEGMENTS(HANDSHAKE,
		{ OUT, FIN | ACK, 1001, 5001, 0, 8000, EST, FW },
		{ IN, FIN | ACK, 5001, 1002, 0, 8000, REPLY, LA },
		{ OUT, ACK, 1002, 5002, 0, 8000, EST, TW },
		{ OUT, SYN, 90000, 0, 0, 8000, NEW, SENT }) },
	{ "reopened by the server", SEGMENTS(HANDSHAKE,
		{ OUT, FIN | ACK, 1001, 5001, 0, 8000, EST, FW },
		{ IN, FIN | ACK, 5001, 1002, 0, 8000, REPLY, LA },
		{ OUT, ACK, 1002, 5002, 0, 8000, EST, TW },
		{ IN, SYN, 90000, 0, 0, 8000, NEW, SENT }) },
	{ "sequence numbers wrap", SEGMENTS(
		{ OUT, SYN, 0xffffff00, 0, 0, 8000, NEW, SENT },
		{ IN, SYN | ACK, 0xfffffff0, 0xffffff01, 0, 8000, REPLY, RECV },
		{ OUT, ACK, 0xffffff01, 0xfffffff1, 0, 8000, EST, OPEN },
		{ OUT, ACK, 0xffffff01, 0xfffffff1, 1000, 8000, EST, OPEN },
		{ IN, ACK, 0xfffffff1, 745, 100, 8000, REPLY, OPEN },
		{ OUT, ACK, 745, 85, 0, 8000, EST, OPEN },
		{ OUT, ACK, 20000, 85, 10, 8000, BAD(SEQ), OPEN }), .assured = true },
};

static void test_sequences(void)
{
	for (unsigned int i = 0; i < RV_COUNT(sequences); i++)
		expect_sequence(&sequences[i]);
}

/* ---- the table of states ------------------------------------------ */

static const uint8_t flags_of[RV_TCP_KINDS] = {
	[RV_TCP_SYN] = SYN, [RV_TCP_SYNACK] = SYN | ACK, [RV_TCP_FIN] = FIN | ACK, [RV_TCP_ACK] = ACK,
	[RV_TCP_RST] = RST,
};

/* The state and what else look_closer() and the reasons for GONE depend on. */
static struct rv_conn *conn_in(struct rv_ct *ct, unsigned int state)
{
	static const struct segment syn = { OUT, SYN, 1000, 0, 0, 8000, NEW, SENT };
	struct rv_test_packet t;
	enum rv_ct_dir dir;
	struct rv_conn *c;

	expect_segment(ct, &syn);
	make_segment(&t, &syn);
	c = rv_test_conn(ct, &t, &dir);
	if (!c)
		return NULL;
	c->status |= IPS_SEEN_REPLY;
	c->proto.tcp.state = state;
	for (unsigned int i = 0; i < RV_CT_DIRS; i++)
		c->proto.tcp.ends[i] = (struct rv_tcp_end){
			.end = 1000, .max_end = 9000, .max_win = 8000,
			.flags = IP_CT_TCP_FLAG_BE_LIBERAL,
		};
	return c;
}

/* A segment within the window, in a state: what the table says happens. */
static void expect_cell(enum rv_ct_dir dir, enum rv_tcp_kind kind, unsigned int state)
{
	const uint8_t next = rv_tcp_next(dir, kind, state);
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_conn *c = conn_in(ct, state);
	const struct segment s = { dir, flags_of[kind], 1000, 1000, 0, 8000, 0, 0 };
	struct rv_test_packet t;
	int info;

	make_segment(&t, &s);
	info = rv_test_track(ct, &t, true);
	if (kind == RV_TCP_NONE)
		EXPECT(info == BAD(FLAGS) && next == RV_TCP_INVALID && c->proto.tcp.state == state);
	else if (next == RV_TCP_INVALID)
		EXPECT(info == BAD(STATE) && c->proto.tcp.state == state);
	else
		EXPECT(info == (dir == IN ? REPLY : EST));
	if (next == RV_TCP_IGNORE || (next == SENT && state >= TW))
		EXPECT(c->proto.tcp.state == state);
	else if (next < TCP_CONNTRACK_MAX)
		EXPECT(c->proto.tcp.state == next);
	rv_ct_free(ct);
}

static void test_cells(void)
{
	for (unsigned int dir = 0; dir < RV_CT_DIRS; dir++)
		for (unsigned int kind = 0; kind < RV_TCP_KINDS; kind++) {
			for (unsigned int state = SENT; state < TCP_CONNTRACK_MAX; state++)
				expect_cell(dir, kind, state);
			/* Without a connection. */
			EXPECT(rv_tcp_next(dir, kind, NONE) ==
			       (dir == IN ? RV_TCP_INVALID : kind == RV_TCP_SYN ? SENT :
				kind == RV_TCP_ACK ? OPEN : RV_TCP_INVALID));
		}
}

/*
 * Each of the 120 cells once more, as a digit of the next state, I: ignored, -: invalid, so that no
 * change of one goes unnoticed.
 */
static void test_table(void)
{
	static const char *const rows[RV_CT_DIRS][RV_TCP_KINDS] = {
		{ "11IIIII119", "--2------2", "--4466678-", "3-3355778-", "-888888888", "----------" },
		{ "-9-----1-9", "-2IIIIIII2", "--4466678-", "-I2355778I", "-888888888", "----------" },
	};

	for (unsigned int i = 0; i < RV_CT_DIRS * RV_TCP_KINDS * TCP_CONNTRACK_MAX; i++) {
		const unsigned int state = i % TCP_CONNTRACK_MAX, row = i / TCP_CONNTRACK_MAX;
		const uint8_t next = rv_tcp_next(row / RV_TCP_KINDS, row % RV_TCP_KINDS, state);
		const char cell = rows[row / RV_TCP_KINDS][row % RV_TCP_KINDS][state];

		EXPECT(next == (cell == 'I' ? RV_TCP_IGNORE : cell == '-' ? RV_TCP_INVALID : cell - '0'));
	}
}

/* ---- options ------------------------------------------ */

static void add_options(struct rv_test_packet *t, const uint8_t *options, unsigned int len)
{
	t->bytes[32] = (uint8_t)((5 + len / 4) << 4);
	memcpy(t->bytes + 40, options, len);
	t->p.pkt.len = t->p.pkt.linear = 40 + len;
}

static struct rv_conn *open_with(struct rv_ct *ct, const uint8_t *ours, const uint8_t *theirs)
{
	static const struct segment shake[] = { HANDSHAKE };
	struct rv_test_packet t;
	enum rv_ct_dir dir;

	for (unsigned int i = 0; i < 3; i++) {
		make_segment(&t, &shake[i]);
		if (i < 2 && (i ? theirs : ours))
			add_options(&t, i ? theirs : ours, 8);
		EXPECT(rv_test_track(ct, &t, true) == shake[i].info);
	}
	return rv_test_conn(ct, &t, &dir);
}

/* Windows are scaled only if both SYN have the option, by 14 at most. */
static void test_scale(void)
{
	static const uint8_t scale7[8] = { 3, 3, 7, 4, 2, 0 }, scale20[8] = { 1, 1, 1, 3, 3, 20, 0 };
	static const struct segment far = { OUT, ACK, 200000, 5001, 10, 8000, EST, OPEN };
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_conn *c = open_with(ct, scale7, scale20);
	struct rv_test_packet t;

	EXPECT(c && c->proto.tcp.ends[OUT].scale == 7 && c->proto.tcp.ends[IN].scale == 14);
	EXPECT(c && c->proto.tcp.ends[OUT].flags & IP_CT_TCP_FLAG_SACK_PERM);
	EXPECT(c && !(c->proto.tcp.ends[IN].flags & IP_CT_TCP_FLAG_SACK_PERM));
	/* The server's window is not known scaled before its first segment after SYN-ACK. */
	make_segment(&t, &(struct segment){ IN, ACK, 5001, 1001, 0, 8000, REPLY, OPEN });
	EXPECT(rv_test_track(ct, &t, true) == REPLY);
	make_segment(&t, &far);
	EXPECT(rv_test_track(ct, &t, true) == EST);
	rv_ct_free(ct);
	ct = rv_test_ct(16, 100);
	c = open_with(ct, scale7, NULL);
	EXPECT(c && !c->proto.tcp.ends[OUT].scale && !c->proto.tcp.ends[IN].scale);
	make_segment(&t, &far);
	EXPECT(rv_test_track(ct, &t, true) == BAD(SEQ));
	rv_ct_free(ct);
}

/* The right edge of a SACK block counts as acknowledged, if the peer allowed the option. */
static void test_sack(void)
{
	static const uint8_t allowed[8] = { 4, 2, 1, 1, 0 };
	uint8_t sack[12] = { 1, 1, 5, 10, 0, 0, 0x13, 0xf0, 0, 0, 0x17, 0x70 };
	static const struct segment ack = { OUT, ACK, 1001, 5001, 0, 8000, EST, OPEN };
	struct rv_ct *ct = rv_test_ct(16, 100);
	struct rv_test_packet t;

	EXPECT(open_with(ct, NULL, allowed));
	make_segment(&t, &ack);
	add_options(&t, sack, sizeof(sack));
	/* 6000 was never sent. */
	EXPECT(rv_test_track(ct, &t, true) == BAD(ACK));
	make_segment(&t, &(struct segment){ IN, ACK, 5500, 1001, 500, 8000, REPLY, OPEN });
	EXPECT(rv_test_track(ct, &t, true) == REPLY);
	make_segment(&t, &ack);
	add_options(&t, sack, sizeof(sack));
	EXPECT(rv_test_track(ct, &t, true) == EST);
	rv_ct_free(ct);
	ct = rv_test_ct(16, 100);
	EXPECT(open_with(ct, NULL, NULL));
	make_segment(&t, &ack);
	add_options(&t, sack, sizeof(sack));
	EXPECT(rv_test_track(ct, &t, true) == EST);
	rv_ct_free(ct);
}

/* Options that are cut off or have a wrong length are not read beyond their end. */
static void test_options(void)
{
	static const uint8_t bad[][8] = {
		{ 3, 0, 7 }, { 3, 1, 7 }, { 3, 9, 7, 1, 1, 1, 1, 1 }, { 1, 1, 1, 1, 1, 1, 1, 3 },
		{ 0, 3, 3, 7 }, { 3, 4, 7, 1 },
	};

	for (unsigned int i = 0; i < RV_COUNT(bad); i++) {
		struct rv_ct *ct = rv_test_ct(16, 100);
		struct rv_conn *c = open_with(ct, bad[i], bad[i]);

		EXPECT(c && !c->proto.tcp.ends[OUT].scale);
		EXPECT(c && !(c->proto.tcp.ends[OUT].flags & IP_CT_TCP_FLAG_WINDOW_SCALE));
		rv_ct_free(ct);
	}
}

const struct rv_test rv_tests_ct_tcp[] = {
	{ "TCP: sequences of segments", test_sequences },
	{ "TCP: all cells of the table of states", test_cells },
	{ "TCP: the table of states, row by row", test_table },
	{ "TCP: window scaling", test_scale },
	{ "TCP: selective acknowledgements", test_sack },
	{ "TCP: malformed options", test_options },
	{ .name = NULL },
};
