/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stateful matches: limit, hashlimit, recent, statistic. */
#include "test.h"

#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_recent.h>
#include <linux/netfilter/xt_statistic.h>

#define V4 NFPROTO_IPV4
#define UDP 17
#define HOUR 3600U

static struct rv_engine *engine;

/* One rule with this match and verdict drop. */
static int put(const char *name, unsigned int revision, const void *data, uint32_t size)
{
	struct rv_blob b;

	rv_blob_start(&b, V4, "filter");
	rv_blob_drop_at(&b, NF_INET_LOCAL_IN, name, revision, data, size);
	return rv_blob_finish(&b, NF_INET_LOCAL_IN, engine, NULL);
}

/* How many of n packets from 10.1.2.host match. */
static unsigned int count_fits(unsigned int n, uint8_t host)
{
	struct rv_test_packet t;
	unsigned int fits = 0;

	rv_test_packet(&t, V4, UDP, NF_INET_LOCAL_IN);
	t.bytes[15] = host;
	while (n--)
		fits += rv_engine_run(engine, RV_TABLE_FILTER, &t.p.pkt, NULL) == NF_DROP;
	return fits;
}

static void begin(void)
{
	engine = rv_engine_new(NULL, NULL, rv_test_slots);
}

static void end(void)
{
	rv_engine_free(engine);
}

static void test_limit(void)
{
	struct xt_rateinfo info = { .avg = HOUR * XT_LIMIT_SCALE, .burst = 3 };

	begin();
	EXPECT(!put("limit", 0, &info, sizeof(info)));
	EXPECT(count_fits(10, 3) == 3);
	info.avg = 1;
	EXPECT(!put("limit", 0, &info, 28));
	EXPECT(count_fits(3, 3) == 3);
	info.burst = 0;
	EXPECT(put("limit", 0, &info, sizeof(info)) == -ERANGE);
	EXPECT(put("limit", 0, &info, 8) == -EINVAL);
	end();
}

static struct xt_hashlimit_mtinfo3 by_source(void)
{
	return (struct xt_hashlimit_mtinfo3){
		.name = "test",
		.cfg = { .mode = XT_HASHLIMIT_HASH_SIP, .avg = HOUR * XT_HASHLIMIT_SCALE_v2, .burst = 2,
			 .size = 1, .max = 3, .gc_interval = 1000, .expire = 3600000, .srcmask = 32, .dstmask = 32 },
	};
}

/* Two per source; there is no room for a fourth source, whose packets are dropped. */
static void test_hashlimit(void)
{
	struct xt_hashlimit_mtinfo3 info = by_source();

	begin();
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(5, 1) == 2 && count_fits(5, 2) == 2 && count_fits(1, 1) == 0);
	/* The table survives the replacement of its rules. */
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(5, 1) == 0 && count_fits(5, 3) == 2);
	EXPECT(count_fits(5, 4) == 5);
	info.cfg.mode |= XT_HASHLIMIT_INVERT;
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(5, 1) == 5);
	end();
	begin();
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(5, 1) == 3);
	end();
}

/* The default is eight entries per bucket, at least one. */
static void test_hashlimit_bounded(void)
{
	struct xt_hashlimit_mtinfo3 info = by_source();

	begin();
	info.cfg.size = 2;
	info.cfg.max = 0;
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	for (unsigned int host = 0; host < 16; host++)
		EXPECT(count_fits(1, host) == 1);
	info.cfg.mode |= XT_HASHLIMIT_INVERT;
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(3, 16) == 3 && count_fits(3, 0) == 2);
	info.name[0] = 'm';
	info.cfg.max = 1;
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(3, 1) == 1 && count_fits(3, 2) == 1 && count_fits(3, 3) == 3);
	end();
}

/* Names are per namespace. */
static void test_names(void)
{
	struct xt_hashlimit_mtinfo3 info = by_source();
	struct rv_engine *other;

	begin();
	other = engine;
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(5, 1) == 2);
	begin();
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(5, 1) == 2);
	end();
	engine = other;
	EXPECT(count_fits(5, 1) == 0);
	end();
}

static void test_hashlimit_masks(void)
{
	struct xt_hashlimit_mtinfo3 info = by_source();

	begin();
	info.cfg.srcmask = 30;
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(1, 1) == 1 && count_fits(5, 2) == 1 && count_fits(5, 4) == 2);
	info.name[0] = 'm';
	info.cfg.srcmask = 33;
	EXPECT(put("hashlimit", 3, &info, sizeof(info)) == -EINVAL);
	info.cfg.srcmask = 32;
	info.cfg.burst = 0;
	EXPECT(put("hashlimit", 3, &info, sizeof(info)) == -ERANGE);
	info.cfg.burst = 1;
	info.cfg.expire = 0;
	EXPECT(put("hashlimit", 3, &info, sizeof(info)) == -EINVAL);
	end();
}

/* 35 bytes are three units of 16; one second's worth plus the burst is available at once. */
static void test_hashlimit_bytes(void)
{
	struct xt_hashlimit_mtinfo2 info = {
		.name = "bytes",
		.cfg = { .mode = XT_HASHLIMIT_BYTES, .avg = UINT32_MAX / 30, .gc_interval = 1000,
			 .expire = 3600000, .burst = 1 },
	};

	begin();
	EXPECT(!put("hashlimit", 2, &info, sizeof(info)));
	EXPECT(count_fits(50, 1) == 20);
	end();
}

static void test_hashlimit_rate(void)
{
	struct xt_hashlimit_mtinfo3 info = {
		.name = "rate",
		.cfg = { .mode = XT_HASHLIMIT_RATE_MATCH, .avg = XT_HASHLIMIT_SCALE_v2 / 5,
			 .gc_interval = 1000, .expire = 3600000, .burst = 2, .interval = 3600 },
	};

	begin();
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(50, 1) == 7);
	info.cfg.interval = 0;
	info.name[0] = 'x';
	EXPECT(put("hashlimit", 3, &info, sizeof(info)) == -EINVAL);
	EXPECT(put("hashlimit", 2, &info, sizeof(info)) == -EINVAL);
	end();
}

/*
 * A table with this match followed by one that is refused, also with RVK_REPLACE_DRY. Neither may
 * have side effects.
 */
static void put_in_vain(const char *name, unsigned int revision, const void *data, uint32_t size)
{
	struct rv_blob b;

	rv_blob_start(&b, V4, "filter");
	rv_blob_drop_at(&b, NF_INET_LOCAL_IN, name, revision, data, size);
	rv_blob_rule(&b);
	rv_blob_data(&b, RVK_KIND_MATCH, "nosuch", 0, "", 0);
	rv_blob_verdict(&b, RVK_DROP);
	EXPECT(rv_blob_finish(&b, NF_INET_LOCAL_IN, engine, NULL) == -ENOENT);
	rv_blob_start(&b, V4, "filter");
	rv_blob_drop_at(&b, NF_INET_LOCAL_IN, name, revision, data, size);
	((struct rvk_replace *)(void *)b.bytes)->flags = RVK_REPLACE_DRY;
	EXPECT(!rv_blob_finish(&b, NF_INET_LOCAL_IN, engine, NULL));
}

static void count_filled(const struct rv_filled *f, void *arg)
{
	uint32_t *sums = arg;

	sums[0]++;
	sums[1] += f->entries;
	sums[2] += f->max;
}

/* Number, fill and size of state objects. */
static bool filled(uint32_t things, uint32_t entries, uint32_t max)
{
	uint32_t sums[3] = { 0 };

	rv_engine_filled(engine, count_filled, sums);
	return sums[0] == things && sums[1] == entries && sums[2] == max;
}

static void test_hashlimit_in_vain(void)
{
	struct xt_hashlimit_mtinfo3 info = by_source(), other = by_source();

	begin();
	put_in_vain("hashlimit", 3, &info, sizeof(info));
	EXPECT(filled(0, 0, 0));
	EXPECT(!put("hashlimit", 3, &info, sizeof(info)));
	EXPECT(count_fits(5, 1) == 2 && filled(1, 1, 3));
	/* The same table with another limit, and another table. */
	other.cfg.burst = 4;
	other.cfg.max = 7;
	put_in_vain("hashlimit", 3, &other, sizeof(other));
	other.name[0] = 'o';
	put_in_vain("hashlimit", 3, &other, sizeof(other));
	EXPECT(filled(1, 1, 3) && count_fits(5, 1) == 0 && count_fits(5, 2) == 2);
	end();
}

/* A refused table does not reset the state of a rule. */
static void test_own_state_in_vain(void)
{
	struct xt_statistic_info nth = { .mode = XT_STATISTIC_MODE_NTH, .u.nth = { .every = 3 } };
	struct xt_rateinfo limit = { .avg = HOUR * XT_LIMIT_SCALE, .burst = 3 };

	begin();
	EXPECT(!put("limit", 0, &limit, sizeof(limit)));
	EXPECT(count_fits(2, 1) == 2);
	put_in_vain("limit", 0, &limit, sizeof(limit));
	EXPECT(count_fits(5, 1) == 1);
	EXPECT(!put("statistic", 0, &nth, sizeof(nth)));
	EXPECT(count_fits(3, 1) == 0);
	put_in_vain("statistic", 0, &nth, sizeof(nth));
	EXPECT(count_fits(1, 1) == 1);
	end();
}

static struct xt_recent_mtinfo_v1 recent(uint8_t what)
{
	struct xt_recent_mtinfo_v1 info = { .check_set = what, .name = "list" };

	memset(&info.mask, 0xff, 4);
	return info;
}

static void test_recent(void)
{
	struct xt_recent_mtinfo_v1 info = recent(XT_RECENT_SET), other = recent(XT_RECENT_CHECK);
	struct rv_blob b;

	begin();
	EXPECT(!put("recent", 1, &info, sizeof(info)));
	EXPECT(count_fits(2, 1) == 2);
	/* This check pins the list; then hit counts. */
	EXPECT(!put("recent", 1, &other, sizeof(other)));
	EXPECT(count_fits(2, 1) == 2 && count_fits(1, 2) == 0);
	other.hit_count = 3;
	EXPECT(!put("recent", 1, &other, sizeof(other)));
	EXPECT(count_fits(2, 1) == 0);
	other = recent(XT_RECENT_UPDATE);
	other.hit_count = 3;
	other.invert = 1;
	EXPECT(!put("recent", 1, &other, sizeof(other)));
	EXPECT(count_fits(2, 1) == 1);
	other = recent(XT_RECENT_REMOVE);
	EXPECT(!put("recent", 1, &other, sizeof(other)));
	EXPECT(count_fits(2, 1) == 1);
	rv_blob_start(&b, V4, "filter");
	rv_blob_free(&b);
	end();
}

/* The list has room for a hundred: the least recently seen is replaced. */
static void test_recent_full(void)
{
	struct xt_recent_mtinfo_v1 set = recent(XT_RECENT_SET), check = recent(XT_RECENT_CHECK);

	begin();
	EXPECT(!put("recent", 1, &set, sizeof(set)));
	for (unsigned int host = 0; host < 101; host++)
		EXPECT(count_fits(1, host) == 1);
	EXPECT(!put("recent", 1, &check, sizeof(check)));
	EXPECT(count_fits(1, 0) == 0 && count_fits(1, 1) == 1 && count_fits(1, 100) == 1);
	end();
}

static void test_recent_refused(void)
{
	struct xt_recent_mtinfo_v1 info = recent(XT_RECENT_SET | XT_RECENT_CHECK);

	begin();
	EXPECT(put("recent", 1, &info, sizeof(info)) == -EINVAL);
	info = recent(0);
	EXPECT(put("recent", 1, &info, sizeof(info)) == -EINVAL);
	info = recent(XT_RECENT_SET);
	info.seconds = 1;
	EXPECT(put("recent", 1, &info, sizeof(info)) == -EINVAL);
	info = recent(XT_RECENT_CHECK | XT_RECENT_REAP);
	EXPECT(put("recent", 1, &info, sizeof(info)) == -EINVAL);
	info = recent(XT_RECENT_CHECK);
	memset(info.name, 'x', sizeof(info.name));
	EXPECT(put("recent", 1, &info, sizeof(info)) == -EINVAL);
	end();
}

/* Reported for a list: number of addresses, last byte of the last one, its time stamps. */
struct told {
	unsigned int n, last, hits;
};

static void tell(const struct rv_recent *r, void *arg)
{
	struct told *told = arg;

	if (strcmp(r->list, "list") || r->family != V4)
		rv_test_fail(__LINE__);
	told->n++;
	told->last = r->addr[3];
	told->hits = r->hits;
}

static bool tells(unsigned int n, unsigned int last, unsigned int hits)
{
	struct told told = { 0 };

	rv_recent_each(engine, tell, &told);
	return told.n == n && told.last == last && told.hits == hits;
}

static void tell_filled(const struct rv_filled *f, void *arg)
{
	uint32_t *filled = arg;

	filled[0] = f->entries;
	filled[1] = f->max;
	if (strcmp(f->match, "recent") || strcmp(f->name, "list"))
		rv_test_fail(__LINE__);
}

static int edit(char what, uint8_t host)
{
	const uint8_t addr[16] = { 10, 1, 2, host };

	return rv_recent_edit(engine, "list", what, V4, addr);
}

static void test_recent_edited(void)
{
	struct xt_recent_mtinfo_v1 info = recent(XT_RECENT_CHECK);
	uint32_t filled[2] = { 0 };

	begin();
	EXPECT(edit('+', 1) == -ENOENT);
	EXPECT(!put("recent", 1, &info, sizeof(info)));
	EXPECT(tells(0, 0, 0) && count_fits(1, 1) == 0);
	EXPECT(!edit('+', 1) && !edit('+', 2) && tells(2, 2, 1));
	EXPECT(count_fits(1, 1) == 1 && count_fits(1, 3) == 0);
	EXPECT(!edit('+', 1) && tells(2, 1, 2));
	rv_engine_filled(engine, tell_filled, filled);
	EXPECT(filled[0] == 2 && filled[1] == rv_recent_entries);
	EXPECT(!edit('-', 1) && edit('-', 1) == -ENOENT && tells(1, 2, 1));
	EXPECT(edit('*', 1) == -EINVAL && !edit('/', 0) && tells(0, 0, 0));
	EXPECT(count_fits(1, 2) == 0);
	end();
}

/* Packet state is limited per engine, for all lists and tables together. */
static void test_packet_memory(void)
{
	struct xt_recent_mtinfo_v1 info = recent(XT_RECENT_SET);
	const uint64_t memory = rv_packet_memory;

	begin();
	EXPECT(!put("recent", 1, &info, sizeof(info)));
	EXPECT(!*rv_engine_used(engine) && !edit('+', 1) && *rv_engine_used(engine));
	rv_packet_memory = *rv_engine_used(engine);
	EXPECT(edit('+', 2) == -ENOMEM && tells(1, 1, 1));
	/* A packet that needs a new entry is dropped. */
	count_fits(3, 7);
	EXPECT(tells(1, 1, 1) && *rv_engine_used(engine) == rv_packet_memory);
	EXPECT(!edit('-', 1) && !*rv_engine_used(engine) && !edit('+', 3));
	rv_packet_memory = memory;
	end();
}

/* A larger hit count clears the list, like xt_recent, but not if the table is refused. */
static void test_recent_in_vain(void)
{
	struct xt_recent_mtinfo_v1 set = recent(XT_RECENT_SET), far = recent(XT_RECENT_CHECK);

	begin();
	far.hit_count = 200;
	put_in_vain("recent", 1, &far, sizeof(far));
	EXPECT(filled(0, 0, 0));
	EXPECT(!put("recent", 1, &set, sizeof(set)));
	EXPECT(count_fits(40, 1) == 40 && tells(1, 1, 32));
	put_in_vain("recent", 1, &far, sizeof(far));
	EXPECT(tells(1, 1, 32) && filled(1, 1, rv_recent_entries));
	/* New addresses also keep the larger number of stamps. */
	EXPECT(count_fits(40, 2) == 40 && tells(2, 2, 32));
	EXPECT(!put("recent", 1, &far, sizeof(far)));
	EXPECT(tells(0, 0, 0));
	far.hit_count = 100;
	EXPECT(!edit('+', 1) && !put("recent", 1, &far, sizeof(far)) && tells(1, 1, 1));
	end();
}

static void test_statistic(void)
{
	struct xt_statistic_info info = { .mode = XT_STATISTIC_MODE_NTH, .u.nth = { .every = 3 } };
	unsigned int fits;

	begin();
	EXPECT(!put("statistic", 0, &info, sizeof(info)));
	EXPECT(count_fits(8, 1) == 2 && count_fits(4, 1) == 1);
	info.flags = XT_STATISTIC_INVERT;
	EXPECT(!put("statistic", 0, &info, sizeof(info)));
	EXPECT(count_fits(8, 1) == 6);
	info = (struct xt_statistic_info){ .mode = XT_STATISTIC_MODE_RANDOM,
					   .u.random.probability = 1U << 30 };
	EXPECT(!put("statistic", 0, &info, sizeof(info)));
	fits = count_fits(4000, 1);
	EXPECT(fits > 1600 && fits < 2400);
	info.mode = 2;
	EXPECT(put("statistic", 0, &info, sizeof(info)) == -EINVAL);
	end();
}

const struct rv_test rv_tests_state[] = {
	{ "limit", test_limit },
	{ "hashlimit", test_hashlimit },
	{ "hashlimit's size", test_hashlimit_bounded },
	{ "names are a namespace's own", test_names },
	{ "hashlimit's masks and checks", test_hashlimit_masks },
	{ "hashlimit of bytes", test_hashlimit_bytes },
	{ "hashlimit of rates", test_hashlimit_rate },
	{ "hashlimit in a table that is refused", test_hashlimit_in_vain },
	{ "limit and statistic in a table that is refused", test_own_state_in_vain },
	{ "recent", test_recent },
	{ "a full list of recent", test_recent_full },
	{ "recent's checks", test_recent_refused },
	{ "memory that packets fill is bounded", test_packet_memory },
	{ "recent in a table that is refused", test_recent_in_vain },
	{ "a list of recent by hand", test_recent_edited },
	{ "statistic", test_statistic },
	{ NULL, NULL },
};
