/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables are replaced while threads run packets through them. Each table gives a packet its own
 * mark, in a chain of its own, and accepts only what has that mark: a packet that saw half of one and
 * half of another would be dropped. And every packet is counted, by one table or another.
 */
#include "tests/engine/test.h"
#include "tests/engine/user/user.h"

#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_statistic.h>

#define THREADS		3
#define REPLACEMENTS	200
#define PACKETS		20000	/* of each thread, at least */

struct traffic {
	struct rv_engine *engine;
	unsigned long packets, dropped;
	bool stop;
};

/* INPUT: jump m; mark MARK accept; drop. m: MARK; return. */
static void build(struct rv_blob *b, uint32_t mark)
{
	const struct xt_mark_tginfo2 set = { .mark = mark, .mask = UINT32_MAX };
	const struct xt_statistic_info nth = { .mode = XT_STATISTIC_MODE_NTH, .u.nth = { .every = 9 } };
	struct rvk_verdict *jump;

	rv_blob_start(b, NFPROTO_IPV4, "mangle");
	rv_blob_rules_at(b, NF_INET_LOCAL_IN);
	rv_blob_rule(b);
	jump = rv_blob_verdict(b, 0);
	rv_blob_rule(b);
	rv_blob_predicate(b, "mark", RVK_SEL_MARK, RVK_OP_EQ, 4, &mark, NULL);
	rv_blob_verdict(b, RVK_ACCEPT);
	rv_blob_rule(b);
	rv_blob_verdict(b, RVK_DROP);
	rv_blob_rules_end(b, NF_INET_LOCAL_IN);
	jump->verdict = (int)rv_blob_chain(b, "m");
	rv_blob_rule(b);
	rv_blob_data(b, RVK_KIND_MATCH, "statistic", 0, &nth, sizeof(nth));
	rv_blob_verdict(b, RVK_CONTINUE);
	rv_blob_rule(b);
	rv_blob_target(b, "MARK", 2, &set, sizeof(set));
	rv_blob_rule(b);
	rv_blob_verdict(b, RVK_RETURN);
}

static void *run_packets(void *arg)
{
	struct traffic *traffic = arg;
	struct rv_test_packet t;

	rv_test_packet(&t, NFPROTO_IPV4, 6, NF_INET_LOCAL_IN);
	while (traffic->packets < PACKETS || !__atomic_load_n(&traffic->stop, __ATOMIC_RELAXED)) {
		t.p.pkt.mark = 0;
		traffic->dropped +=
			rv_engine_run(traffic->engine, RV_TABLE_MANGLE, &t.p.pkt, NULL) != NF_ACCEPT;
		traffic->packets++;
	}
	return NULL;
}

/* The counter of INPUT's first rule, which every packet passes (entry 1: PREROUTING's policy is before it). */
static unsigned long old_count(const struct rv_blob *b)
{
	const struct rvk_counters *old = (const void *)(b->entries + b->head->size);

	return b->head->old_count ? old[1].packets : 0;
}

static unsigned int replace_often(struct rv_engine *e, unsigned long *counted)
{
	for (uint32_t i = 1; i <= REPLACEMENTS; i++) {
		struct rv_blob b;
		int rc;

		build(&b, i);
		rc = rv_blob_replace(&b, e, NULL);
		*counted += rc ? 0 : old_count(&b);
		rv_blob_free(&b);
		/* Readers of counters do not stop packets either. */
		if (rc || rv_test_counters(e, NFPROTO_IPV4, "mangle", 1).packets == UINT64_MAX)
			return __LINE__;
	}
	return 0;
}

unsigned int rv_test_threads(void)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct traffic traffic[THREADS] = { 0 };
	unsigned long packets = 0, dropped = 0, counted = 0;
	pthread_t threads[THREADS];
	unsigned int line;
	struct rv_blob b;

	build(&b, 1);
	line = rv_blob_replace(&b, e, NULL) ? __LINE__ : 0;
	rv_blob_free(&b);
	for (unsigned int i = 0; i < THREADS; i++) {
		traffic[i].engine = e;
		pthread_create(&threads[i], NULL, run_packets, &traffic[i]);
	}
	if (!line)
		line = replace_often(e, &counted);
	for (unsigned int i = 0; i < THREADS; i++) {
		__atomic_store_n(&traffic[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(threads[i], NULL);
		packets += traffic[i].packets;
		dropped += traffic[i].dropped;
	}
	counted += rv_test_counters(e, NFPROTO_IPV4, "mangle", 1).packets;
	rv_engine_free(e);
	if (dropped || counted != packets)
		return __LINE__;
	return line;
}
