/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on the network header: dscp, tos, ttl, hl, length, iprange. */
#include "internal.h"

#include <linux/netfilter/xt_dscp.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_length.h>
#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>

static const uint8_t highest = UINT8_MAX;

static int say_dscp(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_dscp_info *info = a->data;

	if (info->dscp > XT_DSCP_MAX)
		return -EDOM;
	rv_say(said, a->family == NFPROTO_IPV4 ? RVK_SEL_IP_DSCP : RVK_SEL_IP6_DSCP, RVK_OP_EQ,
	       info->invert, 1, &info->dscp, NULL);
	return 0;
}

static int say_tos(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_tos_match_info *info = a->data;

	rv_say(said, RVK_SEL_TOS, RVK_OP_MASK, info->invert, 1, &info->tos_value, &info->tos_mask);
	return 0;
}

/* IPT_TTL_* and IP6T_HL_* have the same values. */
static int say_hops(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct ipt_ttl_info *info = a->data;
	unsigned int sel = a->family == NFPROTO_IPV4 ? RVK_SEL_TTL : RVK_SEL_HOPLIMIT;

	switch (info->mode) {
	case IPT_TTL_EQ:
	case IPT_TTL_NE:
		rv_say(said, sel, RVK_OP_EQ, info->mode == IPT_TTL_NE, 1, &info->ttl, NULL);
		return 0;
	case IPT_TTL_LT:	/* less than n: 0 to 255, but not n to 255 */
		rv_say(said, sel, RVK_OP_RANGE, true, 1, &info->ttl, &highest);
		return 0;
	case IPT_TTL_GT:
		rv_say(said, sel, RVK_OP_RANGE, true, 1, NULL, &info->ttl);
		return 0;
	default:
		return -EINVAL;
	}
}

static int say_length(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_length_info *info = a->data;
	const uint32_t min = info->min, max = info->max;

	rv_say(said, RVK_SEL_LENGTH, RVK_OP_RANGE, info->invert, sizeof(min), &min, &max);
	return 0;
}

static int say_iprange(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_iprange_mtinfo *info = a->data;
	bool v4 = a->family == NFPROTO_IPV4;
	unsigned int len = rv_addr_len(a->family);

	if (info->flags & IPRANGE_SRC)
		rv_say(said, v4 ? RVK_SEL_IP_SADDR : RVK_SEL_IP6_SADDR, RVK_OP_RANGE,
		       info->flags & IPRANGE_SRC_INV, len, &info->src_min, &info->src_max);
	if (info->flags & IPRANGE_DST)
		rv_say(said, v4 ? RVK_SEL_IP_DADDR : RVK_SEL_IP6_DADDR, RVK_OP_RANGE,
		       info->flags & IPRANGE_DST_INV, len, &info->dst_min, &info->dst_max);
	return 0;
}

#define V4 NFPROTO_IPV4
#define V6 NFPROTO_IPV6
#define ANY NFPROTO_UNSPEC
#define BOTH(a, b) RV_READS(a, b)

struct rv_handler rv_matches_header[] = {
	RV_MATCH_ROW("dscp", ANY, 0, struct xt_dscp_info,
		     BOTH(RVK_SEL_IP_DSCP, RVK_SEL_IP6_DSCP), RV_SAYS(say_dscp)),
	RV_MATCH_ROW("tos", ANY, 1, struct xt_tos_match_info, RV_READS(RVK_SEL_TOS),
		     RV_SAYS(say_tos)),
	RV_MATCH_ROW("ttl", V4, 0, struct ipt_ttl_info, RV_READS(RVK_SEL_TTL), RV_SAYS(say_hops)),
	RV_MATCH_ROW("hl", V6, 0, struct ip6t_hl_info, RV_READS(RVK_SEL_HOPLIMIT),
		     RV_SAYS(say_hops)),
	RV_MATCH_ROW("length", ANY, 0, struct xt_length_info, RV_READS(RVK_SEL_LENGTH),
		     RV_SAYS(say_length)),
	RV_MATCH_ROW("iprange", V4, 1, struct xt_iprange_mtinfo,
		     BOTH(RVK_SEL_IP_SADDR, RVK_SEL_IP_DADDR), RV_SAYS(say_iprange)),
	RV_MATCH_ROW("iprange", V6, 1, struct xt_iprange_mtinfo,
		     BOTH(RVK_SEL_IP6_SADDR, RVK_SEL_IP6_DADDR), RV_SAYS(say_iprange)),
	{ .name = NULL },
};
