/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replaces tables while threads run packets through them. Each table sets its own mark in a chain
 * and accepts only packets with that mark, so a packet that sees parts of two tables is dropped.
 * Every packet must be counted by exactly one table.
 */
#include "tests/engine/test.h"
#include "tests/engine/user/user.h"

#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_statistic.h>

#define THREADS		3
#define REPLACEMENTS	200
#define PACKETS		20000	/* minimum per thread */
#define WRITERS		3
#define WRITTEN		16	/* tables per writer */

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

/*
 * Counter of INPUT's first rule, which every packet passes (entry 1; entry 0 is PREROUTING's
 * policy).
 */
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
		/* Reading counters does not block packets. */
		if (rc || rv_test_counters(e, NFPROTO_IPV4, "mangle", 1).packets == UINT64_MAX)
			return __LINE__;
	}
	return 0;
}

static void start_traffic(struct rv_engine *e, struct traffic *traffic, pthread_t *threads)
{
	for (unsigned int i = 0; i < THREADS; i++) {
		traffic[i] = (struct traffic){ .engine = e };
		pthread_create(&threads[i], NULL, run_packets, &traffic[i]);
	}
}

/* Returns the number of packets. */
static unsigned long stop_traffic(struct traffic *traffic, const pthread_t *threads,
				  unsigned long *dropped)
{
	unsigned long packets = 0;

	for (unsigned int i = 0; i < THREADS; i++) {
		__atomic_store_n(&traffic[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(threads[i], NULL);
		packets += traffic[i].packets;
		*dropped += traffic[i].dropped;
	}
	return packets;
}

static struct rv_engine *engine_with_table(void)
{
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	struct rv_blob b;

	build(&b, 1);
	EXPECT(!rv_blob_replace(&b, e, NULL));
	rv_blob_free(&b);
	return e;
}

unsigned int rv_test_threads(void)
{
	unsigned long packets, dropped = 0, counted = 0;
	struct rv_engine *e = engine_with_table();
	struct traffic traffic[THREADS];
	pthread_t threads[THREADS];
	unsigned int line;

	start_traffic(e, traffic, threads);
	line = replace_often(e, &counted);
	packets = stop_traffic(traffic, threads, &dropped);
	counted += rv_test_counters(e, NFPROTO_IPV4, "mangle", 1).packets;
	rv_engine_free(e);
	if (dropped || counted != packets)
		return __LINE__;
	return line;
}

/* ---- concurrent writers ---------------------------------------------------------------------- */

/* Serialises calls. */
static pthread_mutex_t calls = PTHREAD_MUTEX_INITIALIZER;

struct writer {
	struct rv_engine *engine;
	unsigned int written, failed;
	struct rvk_counters taken;	/* zeroed after reading */
};

/* Reads the table and later replaces it if it is unchanged, keeping or zeroing the counters. */
static void read_and_replace(struct writer *w, bool zero)
{
	struct rvk_counters read;
	struct rvk_table old;
	struct rv_blob b;
	int rc;

	pthread_mutex_lock(&calls);
	old = rv_test_info(w->engine, NFPROTO_IPV4, "mangle");
	read = rv_test_counters(w->engine, NFPROTO_IPV4, "mangle", 1);
	pthread_mutex_unlock(&calls);
	build(&b, w->written + 1);
	rv_blob_entry(&b, 1)->index = 2;
	if (zero)
		rv_blob_entry(&b, 1)->counters = (struct rvk_counters){ -read.packets, -read.bytes };
	pthread_mutex_lock(&calls);
	rc = rv_blob_send(&b, w->engine, &old, NULL);
	pthread_mutex_unlock(&calls);
	rv_blob_free(&b);
	w->failed += rc && rc != -EAGAIN;
	w->written += !rc;
	if (!rc && zero)
		rv_count_more(&w->taken, read.packets, read.bytes);
}

static void *write_often(void *arg)
{
	struct writer *w = arg;

	while (w->written < WRITTEN && !w->failed)
		read_and_replace(w, w->written % 2);
	return NULL;
}

/* Zeroed and remaining counters must add up to all packets. */
unsigned int rv_test_writers(void)
{
	unsigned long packets, dropped = 0, failed = 0;
	struct rv_engine *e = engine_with_table();
	struct writer writers[WRITERS] = { 0 };
	struct traffic traffic[THREADS];
	pthread_t threads[THREADS], more[WRITERS];
	struct rvk_counters sum;

	start_traffic(e, traffic, threads);
	for (unsigned int i = 0; i < WRITERS; i++) {
		writers[i].engine = e;
		pthread_create(&more[i], NULL, write_often, &writers[i]);
	}
	for (unsigned int i = 0; i < WRITERS; i++)
		pthread_join(more[i], NULL);
	packets = stop_traffic(traffic, threads, &dropped);
	sum = rv_test_counters(e, NFPROTO_IPV4, "mangle", 1);
	for (unsigned int i = 0; i < WRITERS; i++) {
		rv_count_more(&sum, writers[i].taken.packets, writers[i].taken.bytes);
		failed += writers[i].failed;
	}
	rv_engine_free(e);
	if (failed || dropped)
		return __LINE__;
	return sum.packets != packets || sum.bytes % sum.packets ? __LINE__ : 0;
}
