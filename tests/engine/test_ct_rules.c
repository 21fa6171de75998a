/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches and targets on connections. */
#include "test.h"
#include "test_ct.h"

#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_connbytes.h>
#include <linux/netfilter/xt_connlabel.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_state.h>

#define V4 NFPROTO_IPV4
#define UDP IPPROTO_UDP
#define HOOK NF_INET_LOCAL_IN

static struct rv_engine *tracking_engine(void)
{
	struct rv_ct_config config = rv_ct_defaults;
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);

	config.buckets = 16;
	config.checksum = false;
	config.acct = true;
	EXPECT(!rv_engine_track(e, &config));
	return e;
}

/* NF_DROP if the match fits, or -Exxx if it is refused. */
static int run_match(struct rv_engine *e, struct rv_pkt *pkt, const char *name, unsigned int revision,
		     const void *data, uint32_t size)
{
	struct rv_blob b;
	int rc;

	pkt->hook = HOOK;
	rv_blob_start(&b, V4, "filter");
	rv_blob_drop_at(&b, HOOK, name, revision, data, size);
	rc = rv_blob_finish(&b, HOOK, e, NULL);
	return rc ? rc : (int)rv_engine_run(e, RV_TABLE_FILTER, pkt, NULL);
}

/* The verdict of a table with this target, or -Exxx. */
static int run_target(struct rv_engine *e, struct rv_pkt *pkt, const char *table, const char *name,
		      unsigned int revision, const void *data, uint32_t size)
{
	const bool raw = !strcmp(table, "raw");
	const unsigned int hook = raw ? NF_INET_PRE_ROUTING : HOOK;
	struct rv_blob b;
	int rc;

	pkt->hook = hook;
	rv_blob_start(&b, V4, table);
	rv_blob_rules_at(&b, hook);
	rv_blob_rule(&b);
	rv_blob_target(&b, name, revision, data, size);
	rc = rv_blob_finish(&b, hook, e, NULL);
	return rc ? rc : (int)rv_engine_run(e, raw ? RV_TABLE_RAW : RV_TABLE_MANGLE, pkt, NULL);
}

/* A tracked packet, which the caller ends with rv_ct_leave(). */
static void track_udp(struct rv_engine *e, struct rv_test_packet *t, bool reply)
{
	rv_test_packet(t, V4, UDP, NF_INET_PRE_ROUTING);
	if (reply)
		rv_test_turn(t);
	EXPECT(rv_ct_in(rv_engine_ct(e), &t->p.pkt) == NF_ACCEPT);
	EXPECT(rv_ct_out(rv_engine_ct(e), &t->p.pkt) == NF_ACCEPT);
}

/* ---- conntrack ------------------------------------------ */

/* An option of conntrack, and whether NEW and reply packets of the connection match. */
struct option {
	struct xt_conntrack_mtinfo3 info;
	bool fresh, reply;
};

#define FLAG(name, ...) { { .match_flags = XT_CONNTRACK_##name, __VA_ARGS__ }
#define NOT(name, ...)								\
	{ { .match_flags = XT_CONNTRACK_##name, .invert_flags = XT_CONNTRACK_##name, __VA_ARGS__ }
#define STATE(name) XT_CONNTRACK_STATE_BIT(IP_CT_##name)
#define ALL { .all = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX } }
#define IP(a, b, c, d) { .all = { rv_test_ip(a, b, c, d) } }

/* Network order. */
#define rv_test_ip(a, b, c, d) BYTES((a) << 24 | (b) << 16 | (c) << 8 | (d))
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTES(x) __builtin_bswap32(x)
#else
#define BYTES(x) (x)
#endif

static const struct option options[] = {
	FLAG(STATE, .state_mask = STATE(NEW)), true, false },
	FLAG(STATE, .state_mask = STATE(ESTABLISHED)), false, true },
	NOT(STATE, .state_mask = STATE(NEW)), false, true },
	FLAG(STATE, .state_mask = STATE(NEW) | STATE(ESTABLISHED)), true, true },
	FLAG(STATE, .state_mask = XT_CONNTRACK_STATE_SNAT), false, false },
	FLAG(STATE, .state_mask = XT_CONNTRACK_STATE_INVALID), false, false },
	FLAG(PROTO, .l4proto = UDP), true, true },
	NOT(PROTO, .l4proto = UDP), false, false },
	FLAG(PROTO, .l4proto = IPPROTO_TCP), false, false },
	FLAG(ORIGSRC, .origsrc_addr = IP(10, 1, 2, 3), .origsrc_mask = ALL), true, true },
	FLAG(ORIGSRC, .origsrc_addr = IP(10, 1, 2, 4), .origsrc_mask = ALL), false, false },
	FLAG(ORIGDST, .origdst_addr = IP(10, 4, 5, 6), .origdst_mask = ALL), true, true },
	NOT(ORIGDST, .origdst_addr = IP(10, 4, 5, 6), .origdst_mask = ALL), false, false },
	FLAG(REPLSRC, .replsrc_addr = IP(10, 4, 0, 0), .replsrc_mask = IP(255, 255, 0, 0)), true, true },
	FLAG(REPLDST, .repldst_addr = IP(10, 1, 2, 3), .repldst_mask = ALL), true, true },
	FLAG(ORIGSRC_PORT, .origsrc_port = 900, .origsrc_port_high = 1000), true, true },
	FLAG(ORIGSRC_PORT, .origsrc_port = 1001, .origsrc_port_high = 2000), false, false },
	FLAG(ORIGDST_PORT, .origdst_port = 80, .origdst_port_high = 80), true, true },
	FLAG(REPLSRC_PORT, .replsrc_port = 80, .replsrc_port_high = 80), true, true },
	NOT(REPLDST_PORT, .repldst_port = 0, .repldst_port_high = 999), true, true },
	FLAG(DIRECTION, .state_mask = 0), true, false },
	NOT(DIRECTION, .state_mask = 0), false, true },
	FLAG(STATUS, .status_mask = IPS_SEEN_REPLY), false, true },
	NOT(STATUS, .status_mask = IPS_ASSURED), true, true },
	FLAG(STATUS, .status_mask = IPS_CONFIRMED), true, true },
	FLAG(EXPIRES, .expires_min = 28, .expires_max = 30), true, true },
	NOT(EXPIRES, .expires_min = 31, .expires_max = 40), true, true },
	FLAG(EXPIRES, .expires_min = 31, .expires_max = 40), false, false },
};

static int run_conntrack(struct rv_engine *e, struct rv_pkt *pkt, const struct xt_conntrack_mtinfo3 *info)
{
	return run_match(e, pkt, "conntrack", 3, info, sizeof(*info));
}

static void test_conntrack(void)
{
	for (unsigned int i = 0; i < RV_COUNT(options); i++) {
		struct rv_engine *e = tracking_engine();
		struct rv_test_packet t;

		track_udp(e, &t, false);
		EXPECT((run_conntrack(e, &t.p.pkt, &options[i].info) == NF_DROP) == options[i].fresh);
		rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
		track_udp(e, &t, true);
		EXPECT((run_conntrack(e, &t.p.pkt, &options[i].info) == NF_DROP) == options[i].reply);
		rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
		rv_engine_free(e);
	}
}

/* Without a connection, a state that fits is enough; other options alone never match. */
static void test_without(void)
{
	struct xt_conntrack_mtinfo3 info = {
		.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_PROTO, .l4proto = IPPROTO_TCP,
		.state_mask = XT_CONNTRACK_STATE_INVALID,
	};
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, HOOK);
	EXPECT(run_conntrack(e, &t.p.pkt, &info) == NF_DROP);
	info.state_mask = XT_CONNTRACK_STATE_UNTRACKED;
	EXPECT(run_conntrack(e, &t.p.pkt, &info) == NF_ACCEPT);
	t.p.pkt.track.info = RV_CT_UNTRACKED;
	EXPECT(run_conntrack(e, &t.p.pkt, &info) == NF_DROP);
	info.match_flags = info.invert_flags = XT_CONNTRACK_PROTO;
	EXPECT(run_conntrack(e, &t.p.pkt, &info) == NF_ACCEPT);
	rv_engine_free(e);
}

static void test_revisions(void)
{
	struct xt_conntrack_mtinfo1 v1 = { .match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_ORIGDST_PORT };
	struct xt_conntrack_mtinfo2 v2 = { .match_flags = XT_CONNTRACK_STATE };
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	track_udp(e, &t, false);
	v1.state_mask = STATE(NEW);
	rv_put_be16((uint8_t *)&v1.origdst_port, 80);
	EXPECT(run_match(e, &t.p.pkt, "conntrack", 1, &v1, sizeof(v1)) == NF_DROP);
	rv_put_be16((uint8_t *)&v1.origdst_port, 81);
	EXPECT(run_match(e, &t.p.pkt, "conntrack", 1, &v1, sizeof(v1)) == NF_ACCEPT);
	v2.state_mask = STATE(NEW);
	EXPECT(run_match(e, &t.p.pkt, "conntrack", 2, &v2, sizeof(v2)) == NF_DROP);
	EXPECT(run_match(e, &t.p.pkt, "conntrack", 4, &v2, sizeof(v2)) == -EPROTONOSUPPORT);
	EXPECT(run_match(e, &t.p.pkt, "conntrack", 3, &v1, sizeof(v1)) == -EINVAL);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	rv_engine_free(e);
}

/* In an engine that does not track, the names are unknown. */
static void test_not_tracking(void)
{
	const struct xt_state_info info = { .statemask = STATE(NEW) };
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, HOOK);
	EXPECT(run_match(e, &t.p.pkt, "state", 0, &info, sizeof(info)) == -ENOENT);
	EXPECT(run_target(e, &t.p.pkt, "raw", "NOTRACK", 0, "", 0) == -ENOENT);
	rv_engine_free(e);
}

/* ---- other matches ------------------------------------------ */

static void test_state(void)
{
	struct xt_state_info info = { .statemask = STATE(NEW) | XT_STATE_INVALID };
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	track_udp(e, &t, false);
	EXPECT(run_match(e, &t.p.pkt, "state", 0, &info, sizeof(info)) == NF_DROP);
	info.statemask = STATE(ESTABLISHED) | XT_STATE_UNTRACKED;
	EXPECT(run_match(e, &t.p.pkt, "state", 0, &info, sizeof(info)) == NF_ACCEPT);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	t.p.pkt.track.info = RV_CT_UNTRACKED;
	EXPECT(run_match(e, &t.p.pkt, "state", 0, &info, sizeof(info)) == NF_DROP);
	rv_engine_free(e);
}

static void expect_bytes(struct rv_engine *e, struct rv_pkt *pkt, struct xt_connbytes_info info, bool is)
{
	EXPECT((run_match(e, pkt, "connbytes", 0, &info, sizeof(info)) == NF_DROP) == is);
}

/* Two packets one way, one the other, of 35 bytes. */
static void test_connbytes(void)
{
	const struct xt_connbytes_info wrong = { .what = 3 };
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	track_udp(e, &t, false);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	track_udp(e, &t, true);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	track_udp(e, &t, false);
#define AMOUNT(from, to, what, dir)						\
	(struct xt_connbytes_info){ { from, to }, XT_CONNBYTES_##what, XT_CONNBYTES_DIR_##dir }
	expect_bytes(e, &t.p.pkt, AMOUNT(2, 2, PKTS, ORIGINAL), true);
	expect_bytes(e, &t.p.pkt, AMOUNT(2, 2, PKTS, REPLY), false);
	expect_bytes(e, &t.p.pkt, AMOUNT(3, 5, PKTS, BOTH), true);
	expect_bytes(e, &t.p.pkt, AMOUNT(105, 105, BYTES, BOTH), true);
	expect_bytes(e, &t.p.pkt, AMOUNT(36, 100, BYTES, REPLY), false);
	expect_bytes(e, &t.p.pkt, AMOUNT(35, 35, AVGPKT, BOTH), true);
	/* Bounds in the wrong order: outside of them. */
	expect_bytes(e, &t.p.pkt, AMOUNT(5, 3, PKTS, BOTH), false);
	expect_bytes(e, &t.p.pkt, AMOUNT(9, 4, PKTS, BOTH), true);
	EXPECT(run_match(e, &t.p.pkt, "connbytes", 0, &wrong, sizeof(wrong)) == -EINVAL);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	expect_bytes(e, &t.p.pkt, AMOUNT(0, 9, PKTS, BOTH), false);
#undef AMOUNT
	rv_engine_free(e);
}

static void test_connlabel(void)
{
	struct xt_connlabel_mtinfo info = { .bit = 127 };
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	track_udp(e, &t, false);
	EXPECT(run_match(e, &t.p.pkt, "connlabel", 0, &info, sizeof(info)) == NF_ACCEPT);
	info.options = XT_CONNLABEL_OP_INVERT;
	EXPECT(run_match(e, &t.p.pkt, "connlabel", 0, &info, sizeof(info)) == NF_DROP);
	info.options = XT_CONNLABEL_OP_SET;
	EXPECT(run_match(e, &t.p.pkt, "connlabel", 0, &info, sizeof(info)) == NF_DROP);
	info.options = 0;
	EXPECT(run_match(e, &t.p.pkt, "connlabel", 0, &info, sizeof(info)) == NF_DROP);
	EXPECT(t.p.pkt.track.conn->labels[1] == 1ULL << 63 && !t.p.pkt.track.conn->labels[0]);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	EXPECT(run_match(e, &t.p.pkt, "connlabel", 0, &info, sizeof(info)) == NF_ACCEPT);
	info.bit = 128;
	EXPECT(run_match(e, &t.p.pkt, "connlabel", 0, &info, sizeof(info)) == -EINVAL);
	rv_engine_free(e);
}

/* ---- targets ------------------------------------------ */

static void expect_connmark(const struct xt_connmark_tginfo2 *info, uint32_t ct, uint32_t mark)
{
	struct xt_connmark_mtinfo1 is = { .mark = ct, .mask = UINT32_MAX };
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	track_udp(e, &t, false);
	t.p.pkt.track.conn->mark = 0xa5;
	t.p.pkt.mark = 0x1234;
	EXPECT(run_target(e, &t.p.pkt, "mangle", "CONNMARK", 2, info, sizeof(*info)) == NF_ACCEPT);
	EXPECT(t.p.pkt.mark == mark && t.p.pkt.track.conn->mark == ct);
	EXPECT(run_match(e, &t.p.pkt, "connmark", 1, &is, sizeof(is)) == NF_DROP);
	is.invert = true;
	EXPECT(run_match(e, &t.p.pkt, "connmark", 1, &is, sizeof(is)) == NF_ACCEPT);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	EXPECT(run_match(e, &t.p.pkt, "connmark", 1, &is, sizeof(is)) == NF_ACCEPT);
	rv_engine_free(e);
}

static void test_connmark(void)
{
	const struct xt_connmark_tginfo2 bad = { .mode = 3 }, wide = { .shift_bits = 32 };
	struct xt_connmark_tginfo2 info = { .mode = XT_CONNMARK_SET, .ctmark = 0x70, .ctmask = 0xf0 };
	const struct xt_connmark_tginfo1 v1 = { .ctmark = 7, .ctmask = UINT32_MAX };
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	expect_connmark(&info, 0x75, 0x1234);
	info = (struct xt_connmark_tginfo2){ .mode = XT_CONNMARK_SAVE, .ctmask = 0xff, .nfmask = 0xf0 };
	expect_connmark(&info, 0x30, 0x1234);
	info.shift_bits = 4;
	info.shift_dir = D_SHIFT_RIGHT;
	expect_connmark(&info, 0x03, 0x1234);
	info = (struct xt_connmark_tginfo2){ .mode = XT_CONNMARK_RESTORE, .ctmask = 0x0f, .nfmask = 0xff,
					     .shift_bits = 1 };
	expect_connmark(&info, 0xa5, 0x120a);
	track_udp(e, &t, false);
	EXPECT(run_target(e, &t.p.pkt, "mangle", "CONNMARK", 1, &v1, sizeof(v1)) == NF_ACCEPT);
	EXPECT(t.p.pkt.track.conn->mark == 7);
	EXPECT(run_target(e, &t.p.pkt, "mangle", "CONNMARK", 2, &bad, sizeof(bad)) == -EINVAL);
	EXPECT(run_target(e, &t.p.pkt, "mangle", "CONNMARK", 2, &wide, sizeof(wide)) == -EINVAL);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	rv_engine_free(e);
}

static int run_ct(struct rv_engine *e, struct rv_test_packet *t, const struct xt_ct_target_info_v1 *info)
{
	rv_test_packet(t, V4, UDP, NF_INET_PRE_ROUTING);
	t->p.pkt.mark = 0x10007;
	return run_target(e, &t->p.pkt, "raw", "CT", 2, info, sizeof(*info));
}

static void test_ct_target(void)
{
	struct xt_ct_target_info_v1 info = { .flags = XT_CT_NOTRACK };
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	EXPECT(run_ct(e, &t, &info) == NF_ACCEPT && t.p.pkt.track.info == RV_CT_UNTRACKED);
	info = (struct xt_ct_target_info_v1){ .zone = 5 };
	EXPECT(run_ct(e, &t, &info) == NF_ACCEPT && t.p.pkt.track.zone == 5 && t.p.pkt.track.zone_dirs == 3);
	info.flags = XT_CT_ZONE_DIR_REPL;
	EXPECT(run_ct(e, &t, &info) == NF_ACCEPT && t.p.pkt.track.zone_dirs == 1 << RV_CT_REPLY);
	info = (struct xt_ct_target_info_v1){ .flags = XT_CT_ZONE_MARK };
	EXPECT(run_ct(e, &t, &info) == NF_ACCEPT);
	EXPECT(rv_test_track(rv_engine_ct(e), &t, false) == IP_CT_NEW);
	EXPECT(run_ct(e, &t, &info) == NF_ACCEPT && rv_ct_in(rv_engine_ct(e), &t.p.pkt) == NF_ACCEPT);
	EXPECT(t.p.pkt.track.conn && t.p.pkt.track.conn->zone == 7);
	rv_ct_leave(rv_engine_ct(e), &t.p.pkt);
	info.zone = 1;
	EXPECT(run_ct(e, &t, &info) == -EINVAL);
	info = (struct xt_ct_target_info_v1){ .flags = XT_CT_ZONE_DIR_ORIG | XT_CT_ZONE_DIR_REPL };
	EXPECT(run_ct(e, &t, &info) == -EINVAL);
	info = (struct xt_ct_target_info_v1){ .helper = "ftp" };
	EXPECT(run_ct(e, &t, &info) == -EOPNOTSUPP);
	info = (struct xt_ct_target_info_v1){ .timeout = "long" };
	EXPECT(run_ct(e, &t, &info) == -EOPNOTSUPP);
	info = (struct xt_ct_target_info_v1){ .flags = 1 << 5 };
	EXPECT(run_ct(e, &t, &info) == -EINVAL);
	rv_engine_free(e);
}

static void test_notrack(void)
{
	struct rv_engine *e = tracking_engine();
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	EXPECT(run_target(e, &t.p.pkt, "raw", "NOTRACK", 0, "", 0) == NF_ACCEPT);
	EXPECT(rv_test_track(rv_engine_ct(e), &t, true) == RV_CT_UNTRACKED && !rv_ct_count(rv_engine_ct(e)));
	EXPECT(run_target(e, &t.p.pkt, "mangle", "NOTRACK", 0, "", 0) == -EINVAL);
	/* The first rule of raw counts. */
	rv_test_packet(&t, V4, UDP, NF_INET_PRE_ROUTING);
	t.p.pkt.track.zone_dirs = 3;
	EXPECT(run_target(e, &t.p.pkt, "raw", "NOTRACK", 0, "", 0) == NF_ACCEPT && !t.p.pkt.track.info);
	rv_engine_free(e);
}

const struct rv_test rv_tests_ct_rules[] = {
	{ "conntrack: each option, on both directions", test_conntrack },
	{ "conntrack: packets without a connection", test_without },
	{ "conntrack: revisions", test_revisions },
	{ "an engine that does not track has no matches on connections", test_not_tracking },
	{ "state", test_state },
	{ "connbytes", test_connbytes },
	{ "connlabel", test_connlabel },
	{ "connmark and CONNMARK", test_connmark },
	{ "CT", test_ct_target },
	{ "NOTRACK", test_notrack },
	{ .name = NULL },
};
