/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets: changes of the packet and its checksums. */
#include "test.h"

#include <linux/netfilter/xt_CLASSIFY.h>
#include <linux/netfilter/xt_DSCP.h>
#include <linux/netfilter/xt_LOG.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_TCPMSS.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv4/ipt_TTL.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>

#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6
#define TCP 6
#define UDP 17
#define HOOK NF_INET_LOCAL_OUT

static const struct xt_tcp syn = {
	.spts = { 0, 65535 }, .dpts = { 0, 65535 }, .flg_mask = 2, .flg_cmp = 2,
};

/* Runs t through a rule for proto with this target. */
static int run(struct rv_test_packet *t, const char *table, const char *name,
	       unsigned int revision, const void *data, uint32_t size, struct rvk_refusal *why)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	enum rv_table_id id = (enum rv_table_id)(rv_engine_table_find(table) - rv_engine_tables);
	struct rv_blob b;
	struct rvk_ip *ip;
	int rc;

	rv_blob_start(&b, t->p.pkt.family, table);
	rv_blob_rules_at(&b, HOOK);
	ip = rv_blob_rule(&b);
	ip->proto = t->p.pkt.proto;
	ip->flags = RVK_IP_PROTO;
	if (ip->proto == TCP)
		rv_blob_data(&b, RVK_KIND_MATCH, "tcp", 0, &syn, sizeof(syn));
	rv_blob_target(&b, name, revision, data, size);
	rv_blob_rules_end(&b, HOOK);
	rc = rv_blob_replace(&b, e, why);
	if (!rc)
		rc = (int)rv_engine_run(e, id, &t->p.pkt, NULL);
	rv_blob_free(&b);
	rv_engine_free(e);
	return rc;
}

/* Table names padded to RVK_TABLE_LEN bytes. */
#define TABLE(name)	((const char[RVK_TABLE_LEN]){ name })

static void expect_ttl(uint8_t family, uint8_t mode, uint8_t by, uint8_t to)
{
	const struct ipt_TTL_info info = { .mode = mode, .ttl = by };
	struct rv_test_packet t;

	rv_test_packet(&t, family, UDP, HOOK);
	EXPECT(run(&t, TABLE("mangle"), family == V4 ? "TTL" : "HL", 0, &info, sizeof(info), NULL) == NF_ACCEPT);
	EXPECT(t.bytes[family == V4 ? 8 : 7] == to && rv_test_checksums(&t));
}

static void test_ttl(void)
{
	const struct ipt_TTL_info info = { .mode = IPT_TTL_INC, .ttl = 0 };
	struct rv_test_packet t;

	for (unsigned int i = 0; i < 2; i++) {
		uint8_t family = i ? V6 : V4;

		expect_ttl(family, IPT_TTL_SET, 7, 7);
		expect_ttl(family, IPT_TTL_SET, 64, 64);
		expect_ttl(family, IPT_TTL_INC, 5, 69);
		expect_ttl(family, IPT_TTL_INC, 255, 255);
		expect_ttl(family, IPT_TTL_DEC, 1, 63);
		expect_ttl(family, IPT_TTL_DEC, 65, 0);
	}
	rv_test_packet(&t, V4, UDP, HOOK);
	EXPECT(run(&t, TABLE("mangle"), "TTL", 0, &info, sizeof(info), NULL) == -EINVAL);
	EXPECT(run(&t, TABLE("mangle"), "HL", 0, &info, sizeof(info), NULL) == -ENOENT);
}

static void test_class(void)
{
	const struct xt_tos_target_info tos = { .tos_mask = 0xf0, .tos_value = 0x58 };
	const struct xt_DSCP_info dscp = { .dscp = 46 };
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, HOOK);
	EXPECT(run(&t, TABLE("mangle"), "TOS", 1, &tos, sizeof(tos), NULL) == NF_ACCEPT);
	EXPECT(t.bytes[1] == 0x58 && t.bytes[0] == 0x45 && rv_test_checksums(&t));
	EXPECT(run(&t, TABLE("mangle"), "DSCP", 0, &dscp, sizeof(dscp), NULL) == NF_ACCEPT);
	EXPECT(t.bytes[1] == 46 << 2 && rv_test_checksums(&t));
	rv_test_packet(&t, V6, UDP, HOOK);
	t.bytes[1] = 0x35;
	EXPECT(run(&t, TABLE("mangle"), "TOS", 1, &tos, sizeof(tos), NULL) == NF_ACCEPT);
	EXPECT(t.bytes[0] == 0x65 && t.bytes[1] == 0xb5);
	EXPECT(run(&t, TABLE("mangle"), "DSCP", 0, &dscp, sizeof(dscp), NULL) == NF_ACCEPT);
	EXPECT(t.bytes[0] == 0x6b && t.bytes[1] == 0xb5);
}

static void test_marks(void)
{
	const struct xt_mark_tginfo2 mark = { .mark = 0x0f, .mask = 0xff };
	const struct xt_classify_target_info class = { .priority = 0x10002 };
	struct rv_test_packet t;

	rv_test_packet(&t, V4, UDP, HOOK);
	t.p.pkt.mark = 0x1234;
	EXPECT(run(&t, TABLE("raw"), "MARK", 2, &mark, sizeof(mark), NULL) == NF_ACCEPT);
	EXPECT(t.p.pkt.mark == 0x120f);
	EXPECT(run(&t, TABLE("mangle"), "CLASSIFY", 0, &class, sizeof(class), NULL) == NF_ACCEPT);
	EXPECT(t.p.pkt.priority == 0x10002);
	EXPECT(run(&t, TABLE("raw"), "TRACE", 0, "", 0, NULL) == NF_ACCEPT && t.p.pkt.trace);
}

static void test_logs(void)
{
	struct xt_log_info log = { .level = 4, .prefix = "log: " };
	struct xt_nflog_info nflog = { .group = 3, .prefix = "nflog" };
	struct rv_test_packet t;

	rv_test_packet(&t, V6, UDP, HOOK);
	EXPECT(run(&t, TABLE("filter"), "LOG", 0, &log, sizeof(log), NULL) == NF_ACCEPT);
	EXPECT(run(&t, TABLE("filter"), "NFLOG", 0, &nflog, sizeof(nflog), NULL) == NF_ACCEPT);
	EXPECT(t.p.logs == 2);
	log.level = 8;
	EXPECT(run(&t, TABLE("filter"), "LOG", 0, &log, sizeof(log), NULL) == -EINVAL);
	memset(nflog.prefix, 'x', sizeof(nflog.prefix));
	EXPECT(run(&t, TABLE("filter"), "NFLOG", 0, &nflog, sizeof(nflog), NULL) == -EINVAL);
}

static void test_reject(void)
{
	struct ipt_reject_info with = { .with = IPT_ICMP_PORT_UNREACHABLE };
	struct ip6t_reject_info with6 = { .with = IP6T_ICMP6_ADM_PROHIBITED };
	struct rv_test_packet t;
	struct rvk_refusal why;

	rv_test_packet(&t, V4, UDP, HOOK);
	EXPECT(run(&t, TABLE("filter"), "REJECT", 0, &with, sizeof(with), NULL) == NF_DROP);
	EXPECT(t.p.rejected && t.p.reject_with == IPT_ICMP_PORT_UNREACHABLE);
	EXPECT(run(&t, TABLE("mangle"), "REJECT", 0, &with, sizeof(with), &why) == -EINVAL);
	EXPECT(why.reason == RVK_WHY_IN_TABLE && why.element == 0 && !strcmp(why.name, "REJECT"));
	with.with = IPT_TCP_RESET;
	EXPECT(run(&t, TABLE("filter"), "REJECT", 0, &with, sizeof(with), &why) == -EINVAL);
	EXPECT(why.reason == RVK_WHY_CHECK && why.error == -EINVAL);
	rv_test_packet(&t, V4, TCP, HOOK);
	EXPECT(run(&t, TABLE("filter"), "REJECT", 0, &with, sizeof(with), NULL) == NF_DROP);
	rv_test_packet(&t, V6, UDP, HOOK);
	EXPECT(run(&t, TABLE("filter"), "REJECT", 0, &with6, sizeof(with6), NULL) == NF_DROP);
	EXPECT(t.p.reject_with == IP6T_ICMP6_ADM_PROHIBITED);
}

/* ---- TCPMSS ------------------------------------------------------------------------------------ */

/* Options of len bytes; bare: without payload. */
static void put_options(struct rv_test_packet *t, uint8_t family, const uint8_t *options,
			uint32_t len, bool bare)
{
	uint32_t head = family == V4 ? 20 : 40, all;

	rv_test_packet(t, family, TCP, HOOK);
	memmove(t->bytes + head + 20 + len, t->bytes + head + 20, 7);
	if (len)
		memcpy(t->bytes + head + 20, options, len);
	all = head + 20 + len + (bare ? 0 : 7);
	rv_put_be16(t->bytes + (family == V4 ? 2 : 4), family == V4 ? all : all - head);
	t->bytes[head + 12] = (uint8_t)((5 + len / 4) << 4);
	EXPECT(!rv_user_packet_init(&t->p, t->bytes, all, sizeof(t->bytes)));
	t->p.pkt.hook = HOOK;
	rv_test_sum(t);
}

static void expect_mss(uint8_t family, const uint8_t *options, uint32_t len, bool bare,
		       uint32_t at, uint16_t mss)
{
	const struct xt_tcpmss_info info = { .mss = 1000 };
	uint32_t head = family == V4 ? 20 : 40;
	struct rv_test_packet t;

	put_options(&t, family, options, len, bare);
	EXPECT(run(&t, TABLE("mangle"), "TCPMSS", 0, &info, sizeof(info), NULL) == NF_ACCEPT);
	EXPECT(rv_test_checksums(&t));
	if (at)
		EXPECT(rv_be16(t.bytes + head + at) == mss);
	EXPECT(t.p.pkt.len - head == rv_be16(t.bytes + (family == V4 ? 2 : 4)) - (family == V4 ? head : 0));
}

static void test_tcpmss(void)
{
	static const uint8_t high[] = { 2, 4, 0x05, 0xb4 }, low[] = { 2, 4, 0x01, 0xb4 };
	static const uint8_t odd[] = { 1, 2, 4, 0x05, 0xb4, 1, 1, 0 }, none[] = { 1, 1, 1, 1 };

	for (unsigned int i = 0; i < 2; i++) {
		uint8_t family = i ? V6 : V4;

		expect_mss(family, high, sizeof(high), false, 22, 1000);
		expect_mss(family, low, sizeof(low), false, 22, 0x01b4);
		expect_mss(family, odd, sizeof(odd), false, 23, 1000);
		expect_mss(family, none, sizeof(none), false, 0, 0);
		expect_mss(family, none, sizeof(none), true, 22, family == V4 ? 536 : 1000);
		expect_mss(family, none, 0, true, 22, family == V4 ? 536 : 1000);
	}
}

/* With CHECKSUM_PARTIAL, the checksum covers the pseudo header only, so only its length changes. */
static void test_tcpmss_partial(void)
{
	const struct xt_tcpmss_info info = { .mss = 1000 };
	struct rv_test_packet t;

	put_options(&t, V4, NULL, 0, true);
	t.p.pkt.partial = true;
	rv_put_be16(t.bytes + 36, 100);
	EXPECT(run(&t, TABLE("mangle"), "TCPMSS", 0, &info, sizeof(info), NULL) == NF_ACCEPT);
	EXPECT(rv_be16(t.bytes + 36) == 104);
}

static void test_tcpmss_checks(void)
{
	const struct xt_tcpmss_info info = { .mss = 1000 };
	struct rv_test_packet t;
	struct rvk_refusal why;

	rv_test_packet(&t, V4, UDP, HOOK);
	EXPECT(run(&t, TABLE("mangle"), "TCPMSS", 0, &info, sizeof(info), &why) == -EINVAL);
	EXPECT(why.reason == RVK_WHY_PROTOCOL);
	put_options(&t, V4, NULL, 0, true);
	t.bytes[32] = 15 << 4;
	EXPECT(run(&t, TABLE("mangle"), "TCPMSS", 0, &info, sizeof(info), NULL) == NF_DROP);
	put_options(&t, V4, NULL, 0, true);
	t.p.room = t.p.pkt.len;
	EXPECT(run(&t, TABLE("mangle"), "TCPMSS", 0, &info, sizeof(info), NULL) == NF_DROP);
}

const struct rv_test rv_tests_target[] = {
	{ "TTL and HL", test_ttl },
	{ "TOS and DSCP", test_class },
	{ "MARK, CLASSIFY, TRACE", test_marks },
	{ "LOG and NFLOG", test_logs },
	{ "REJECT", test_reject },
	{ "TCPMSS", test_tcpmss },
	{ "TCPMSS before the checksum is made", test_tcpmss_partial },
	{ "TCPMSS's checks", test_tcpmss_checks },
	{ NULL, NULL },
};
