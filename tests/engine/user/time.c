/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expiry of stateful matches, with a controlled clock. */
#include "tests/engine/test.h"
#include "tests/engine/user/user.h"

#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_recent.h>

#define SECOND	1000000000ULL
#define UDP	17

/* One rule that drops what the match fits. */
static int put(struct rv_engine *e, const char *name, unsigned int revision, const void *data,
	       uint32_t size)
{
	struct rv_blob b;

	rv_blob_start(&b, NFPROTO_IPV4, "filter");
	rv_blob_drop_at(&b, NF_INET_LOCAL_IN, name, revision, data, size);
	return rv_blob_finish(&b, NF_INET_LOCAL_IN, e, NULL);
}

static bool fits(struct rv_engine *e, uint64_t second, uint8_t host)
{
	struct rv_test_packet t;

	rv_user_set_clock(second * SECOND);
	rv_test_packet(&t, NFPROTO_IPV4, UDP, NF_INET_LOCAL_IN);
	t.bytes[15] = host;
	return rv_engine_run(e, RV_TABLE_FILTER, &t.p.pkt, NULL) == NF_DROP;
}

/*
 * Entries expire some time after their last packet, least recently used first; others take their
 * room.
 */
static unsigned int test_hashlimit(struct rv_engine *e)
{
	const struct xt_hashlimit_mtinfo1 info = {
		.name = "t", .cfg = { .mode = XT_HASHLIMIT_HASH_SIP | XT_HASHLIMIT_INVERT, .avg = 36000000,
				      .burst = 1, .size = 2, .max = 2, .gc_interval = 1000, .expire = 10000,
				      .srcmask = 32, .dstmask = 32 },
	};
	long live;

	rv_user_set_clock(100 * SECOND);
	if (put(e, "hashlimit", 1, &info, sizeof(info)))
		return __LINE__;
	live = rv_user_live();
	if (fits(e, 100, 1) || fits(e, 101, 2) || !fits(e, 105, 1) || rv_user_live() != live + 2)
		return __LINE__;
	/* Full: packets of new sources are dropped, those of known ones only over the limit. */
	if (!fits(e, 110, 3) || fits(e, 111, 3) || !fits(e, 112, 1) || rv_user_live() != live + 2)
		return __LINE__;
	/* 1 was last seen at 112; at 121 the others have expired. */
	if (!fits(e, 121, 1) || rv_user_live() != live + 1)
		return __LINE__;
	return fits(e, 131, 1) ? __LINE__ : 0;
}

static unsigned int test_recent(struct rv_engine *e)
{
	struct xt_recent_mtinfo set = { .check_set = XT_RECENT_SET, .name = "t" };
	struct xt_recent_mtinfo check = { .check_set = XT_RECENT_CHECK, .name = "t", .seconds = 10,
					  .hit_count = 2 };

	rv_recent_entries = 2;
	if (put(e, "recent", 0, &check, sizeof(check)) || put(e, "recent", 0, &set, sizeof(set)))
		return __LINE__;
	if (!fits(e, 200, 1) || !fits(e, 209, 1) || !fits(e, 209, 2) ||
	    put(e, "recent", 0, &check, sizeof(check)))
		return __LINE__;
	if (!fits(e, 210, 1) || fits(e, 211, 1) || fits(e, 210, 2))
		return __LINE__;
	check.hit_count = 1;
	if (put(e, "recent", 0, &check, sizeof(check)) || !fits(e, 219, 1) || !fits(e, 219, 2) ||
	    fits(e, 220, 2) || put(e, "recent", 0, &set, sizeof(set)))
		return __LINE__;
	/* Room for two: a third replaces the least recently seen. */
	if (!fits(e, 221, 3) || put(e, "recent", 0, &check, sizeof(check)) || fits(e, 219, 1) ||
	    !fits(e, 219, 2) || !fits(e, 222, 3))
		return __LINE__;
	return 0;
}

unsigned int rv_test_time(void)
{
	const unsigned int entries = rv_recent_entries;
	struct rv_engine *e = rv_engine_new(NULL, NULL, rv_test_slots);
	unsigned int line = test_hashlimit(e);

	if (!line)
		line = test_recent(e);
	rv_recent_entries = entries;
	rv_engine_free(e);
	rv_user_set_clock(UINT64_MAX);
	return line;
}
