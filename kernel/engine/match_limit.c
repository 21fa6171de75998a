/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limit: a token bucket per rule, in nanoseconds. statistic: a sample of the packets. */
#include "internal.h"

#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_statistic.h>

#define UNIT_NS	(1000000000ULL / XT_LIMIT_SCALE)	/* unit of avg */

struct bucket {
	struct rv_lock lock;
	uint64_t last;			/* time of the last refill */
	uint64_t credit, cap, cost;
};

/* Only the first two fields are used; 32-bit programs have a shorter struct. */
static bool limit_size(uint32_t size)
{
	return size == (sizeof(struct xt_rateinfo) + 7) / 8 * 8 || size == 32;
}

static int check_limit(struct rv_check_ctx *a)
{
	const struct xt_rateinfo *info = a->data;
	struct bucket *b;

	if (!limit_size(a->size)) {
		a->reason = RVK_WHY_DATA_SIZE;
		return -EINVAL;
	}
	if (!info->burst || info->avg > UINT64_MAX / UNIT_NS / info->burst)
		return -ERANGE;
	b = rv_alloc(sizeof(*b), true);
	if (!b)
		return -ENOMEM;
	rv_lock_init(&b->lock);
	b->cost = info->avg * UNIT_NS;
	b->cap = b->credit = b->cost * info->burst;
	b->last = rv_clock(RV_CLOCK_STEADY);
	a->state = b;
	return 0;
}

static bool match_limit(struct rv_pkt *pkt, const void *data, void *state)
{
	struct bucket *b = state;
	uint64_t now = rv_clock(RV_CLOCK_STEADY), more;
	bool within;

	(void)pkt;
	(void)data;
	rv_lock(&b->lock);
	/* Another CPU may have read a later time and got the lock first. */
	more = now > b->last ? now - b->last : 0;
	b->last += more;
	b->credit = more < b->cap - b->credit ? b->credit + more : b->cap;
	within = b->credit >= b->cost;
	if (within)
		b->credit -= b->cost;
	rv_unlock(&b->lock);
	return within;
}

/* ---- statistic ------------------------------------------------------------------------ */

struct nth {
	struct rv_lock lock;
	uint32_t count;
};

static int check_statistic(struct rv_check_ctx *a)
{
	const struct xt_statistic_info *info = a->data;
	struct nth *nth;

	if (info->mode > XT_STATISTIC_MODE_MAX || info->flags & ~XT_STATISTIC_MASK)
		return -EINVAL;
	nth = rv_alloc(sizeof(*nth), true);
	if (!nth)
		return -ENOMEM;
	rv_lock_init(&nth->lock);
	nth->count = info->u.nth.count;
	a->state = nth;
	return 0;
}

/* Every (every + 1)th packet. */
static bool is_nth(struct nth *nth, uint32_t every)
{
	bool is;

	rv_lock(&nth->lock);
	is = nth->count == every;
	nth->count = is ? 0 : nth->count + 1;
	rv_unlock(&nth->lock);
	return is;
}

static bool match_statistic(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_statistic_info *info = data;
	bool is;

	(void)pkt;
	if (info->mode == XT_STATISTIC_MODE_RANDOM)
		is = (rv_random() & 0x7fffffff) < info->u.random.probability;
	else
		is = is_nth(state, info->u.nth.every);
	return is != !!(info->flags & XT_STATISTIC_INVERT);
}

struct rv_handler rv_matches_limit[] = {
	{
		.name = "limit", .kind = RVK_KIND_MATCH, .size = RV_ANY_SIZE,
		.reads = RV_READS(RV_READS_STATE, RV_READS_TIME),
		.check = check_limit, .match = match_limit, .destroy = rv_state_free,
	},
	{
		.name = "statistic", .kind = RVK_KIND_MATCH, .size = sizeof(struct xt_statistic_info),
		.reads = RV_READS(RV_READS_STATE, RV_READS_RANDOM),
		.check = check_statistic, .match = match_statistic, .destroy = rv_state_free,
	},
	{ .name = NULL },
};
