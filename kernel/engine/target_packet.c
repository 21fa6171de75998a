/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets that change packet metadata: MARK, CLASSIFY, TRACE. */
#include "internal.h"

#include <linux/netfilter/xt_CLASSIFY.h>
#include <linux/netfilter/xt_mark.h>

static unsigned int target_mark(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_mark_tginfo2 *info = data;

	(void)state;
	pkt->mark = (pkt->mark & ~info->mask) ^ info->mark;
	return RV_CONTINUE;
}

static unsigned int target_classify(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_classify_target_info *info = data;

	(void)state;
	pkt->priority = info->priority;
	return RV_CONTINUE;
}

static unsigned int target_trace(struct rv_pkt *pkt, const void *data, void *state)
{
	(void)data;
	(void)state;
	pkt->trace = true;
	return RV_CONTINUE;
}

struct rv_handler rv_targets_packet[] = {
	RV_TARGET_ROW("MARK", NFPROTO_UNSPEC, 2, struct xt_mark_tginfo2, .target = target_mark),
	RV_TARGET_ROW("CLASSIFY", NFPROTO_UNSPEC, 0, struct xt_classify_target_info,
		      .tables = "mangle", .target = target_classify,
		      .hooks = 1U << NF_INET_LOCAL_OUT | 1U << NF_INET_FORWARD |
			       1U << NF_INET_POST_ROUTING),
	{ .name = "TRACE", .kind = RVK_KIND_TARGET, .tables = "raw", .target = target_trace },
	{ .name = NULL },
};
