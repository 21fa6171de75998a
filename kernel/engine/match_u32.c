/* SPDX-License-Identifier: GPL-2.0-or-later */
/* u32: computed 32-bit values anywhere in the packet. */
#include "internal.h"

#include <linux/netfilter/xt_u32.h>

static int check_u32(struct rv_check_ctx *a)
{
	const struct xt_u32 *u = a->data;

	if (u->ntests > RV_COUNT(u->tests))
		return -EINVAL;
	for (unsigned int i = 0; i < u->ntests; i++) {
		const struct xt_u32_test *t = &u->tests[i];

		if (t->nnums > RV_COUNT(t->location) || t->nvalues > RV_COUNT(t->value))
			return -EINVAL;
	}
	return 0;
}

/* Four bytes at off, which may be out of range. */
static bool read_number(const struct rv_pkt *pkt, uint64_t off, uint32_t *n)
{
	const uint8_t *p;
	uint8_t buf[4];

	if (pkt->len < 4 || off > pkt->len - 4)
		return false;
	p = rv_pkt_pull(pkt, off, sizeof(buf), buf);
	if (!p)
		return false;
	*n = rv_be32(p);
	return true;
}

/* The value a test compares; false: outside the packet. */
static bool find_number(const struct rv_pkt *pkt, const struct xt_u32_test *t, uint32_t *n)
{
	uint64_t at = 0;

	if (!read_number(pkt, t->location[0].number, n))
		return false;
	for (unsigned int i = 1; i < t->nnums; i++) {
		uint32_t arg = t->location[i].number;

		switch (t->location[i].nextop) {
		case XT_U32_AND:
			*n &= arg;
			break;
		case XT_U32_LEFTSH:
			*n = arg < 32 ? *n << arg : 0;
			break;
		case XT_U32_RIGHTSH:
			*n = arg < 32 ? *n >> arg : 0;
			break;
		case XT_U32_AT:
			at += *n;
			if (at > pkt->len || !read_number(pkt, at + arg, n))
				return false;
			break;
		}
	}
	return true;
}

static bool test_is_true(const struct rv_pkt *pkt, const struct xt_u32_test *t)
{
	uint32_t n;

	if (!find_number(pkt, t, &n))
		return false;
	for (unsigned int i = 0; i < t->nvalues; i++)
		if (n >= t->value[i].min && n <= t->value[i].max)
			return true;
	return false;
}

static bool match_u32(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_u32 *u = data;
	bool all = true;

	(void)state;
	for (unsigned int i = 0; i < u->ntests && all; i++)
		all = test_is_true(pkt, &u->tests[i]);
	return all != !!u->invert;
}

struct rv_handler rv_matches_u32[] = {
	{
		.name = "u32", .kind = RVK_KIND_MATCH, .size = sizeof(struct xt_u32),
		.reads = RV_READS(RV_READS_PAYLOAD), .check = check_u32, .match = match_u32,
	},
	{ .name = NULL },
};
