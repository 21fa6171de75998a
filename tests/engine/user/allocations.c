/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets each allocation of a replacement, and of the packets after it, fail once; nothing may leak.
 */
#include "tests/engine/test.h"
#include "tests/engine/user/user.h"

#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_recent.h>
#include <linux/netfilter/xt_statistic.h>
#include <linux/netfilter/xt_tcpudp.h>

#define MATCH(b, name, rev, info)	rv_blob_data(b, RVK_KIND_MATCH, name, rev, info, sizeof(*(info)))

/* Rules that pass on what they match: a chain of them has a hash and a tree. */
static void put_ranges(struct rv_blob *b)
{
	for (uint8_t i = 0; i < 12; i++) {
		const uint8_t from[4] = { 10, 0, 0, i }, to[4] = { 10, 0, 1, i };

		rv_blob_rule(b);
		rv_blob_predicate(b, "iprange", RVK_SEL_IP_SADDR, i % 4 ? RVK_OP_RANGE : RVK_OP_EQ, 4, from,
				  to);
		rv_blob_verdict(b, RVK_CONTINUE);
	}
}

/* All stateful handlers, in chains with a jump; the last target has this name. */
static void build(struct rv_blob *b, const char *target)
{
	static const struct xt_tcp tcp = { .spts = { 0, 65535 }, .dpts = { 0, 65535 } };
	static const struct xt_rateinfo limit = { .avg = 1, .burst = 5 };
	static const struct xt_statistic_info statistic = { .mode = XT_STATISTIC_MODE_NTH };
	static const struct xt_recent_mtinfo recent = { .check_set = XT_RECENT_SET, .name = "a" };
	static const struct xt_hashlimit_mtinfo1 hashlimit = {
		.name = "a", .cfg = { .mode = XT_HASHLIMIT_HASH_SIP, .avg = 1, .burst = 5,
				      .gc_interval = 1, .expire = 1, .srcmask = 32, .dstmask = 32 },
	};
	static const struct xt_mark_tginfo2 mark = { .mark = 1, .mask = 1 };
	struct rvk_verdict *jump;
	struct rvk_ip *ip;

	rv_blob_start(b, NFPROTO_IPV4, "mangle");
	rv_blob_rules_at(b, NF_INET_LOCAL_IN);
	put_ranges(b);
	ip = rv_blob_rule(b);
	ip->proto = 6;
	ip->flags = RVK_IP_PROTO;
	MATCH(b, "tcp", 0, &tcp);
	MATCH(b, "hashlimit", 1, &hashlimit);
	MATCH(b, "recent", 0, &recent);
	jump = rv_blob_verdict(b, 0);
	rv_blob_rules_end(b, NF_INET_LOCAL_IN);
	jump->verdict = (int)rv_blob_chain(b, "a");
	rv_blob_rule(b);
	MATCH(b, "limit", 0, &limit);
	MATCH(b, "statistic", 0, &statistic);
	rv_blob_target(b, target, target[0] == 'M' ? 2 : 0, &mark, target[0] == 'M' ? sizeof(mark) : 0);
	rv_blob_rule(b);
	rv_blob_verdict(b, RVK_RETURN);
}

static unsigned int replace_failing(struct rv_engine *e, struct rv_blob *b, long live)
{
	for (unsigned long n = 1;; n++) {
		int rc;

		rv_user_fail_nth(n);
		rc = rv_blob_replace(b, e, NULL);
		if (rv_user_fail_nth(0))
			return rc ? __LINE__ : 0;
		if (rc != -ENOMEM || rv_user_live() != live)
			return __LINE__;
	}
}

/* A packet that cannot be counted is dropped. */
static unsigned int run_failing(struct rv_engine *e)
{
	struct rv_test_packet t;

	for (unsigned long n = 1; n <= 2; n++) {
		rv_test_packet(&t, NFPROTO_IPV4, 6, NF_INET_LOCAL_IN);
		t.bytes[15] = (uint8_t)n;
		rv_user_fail_nth(n);
		if (rv_engine_run(e, RV_TABLE_MANGLE, &t.p.pkt, NULL) != NF_DROP)
			return __LINE__;
		if (rv_user_fail_nth(0))
			return __LINE__;
	}
	return 0;
}

/*
 * TRACE is only for raw: the table is refused after everything before its last target was created.
 */
static unsigned int refuse_late(struct rv_engine *e)
{
	struct rv_blob b;
	long live;
	int rc;

	build(&b, "TRACE");
	live = rv_user_live();
	rc = rv_blob_replace(&b, e, NULL);
	if (rc != -EINVAL || rv_user_live() != live)
		return __LINE__;
	rv_blob_free(&b);
	return 0;
}

unsigned int rv_test_allocations(void)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	const unsigned int usual = rv_lookup_rules;
	unsigned int line;
	struct rv_blob b;

	rv_lookup_rules = 1;
	line = refuse_late(e);
	build(&b, "MARK");
	if (!line)
		line = replace_failing(e, &b, rv_user_live());
	if (!line)
		line = run_failing(e);
	rv_lookup_rules = usual;
	rv_blob_free(&b);
	rv_engine_free(e);
	return line;
}
