/* SPDX-License-Identifier: GPL-2.0-or-later */
/* owner: credentials of the sending socket. */
#include "internal.h"

#include <linux/netfilter/xt_owner.h>

/* Ids from min to max, excluding the invalid id. */
static bool is_range(uint32_t min, uint32_t max)
{
	return min <= max && max != UINT32_MAX;
}

/* Like xt_owner: rejects an empty range, whose negation would match everything. */
static int check_owner(struct rv_check_ctx *a)
{
	const struct rv_engine_ops *ops = rv_engine_ops(a->engine);
	const struct xt_owner_match_info *info = a->data;

	if (info->match & (XT_OWNER_UID | XT_OWNER_GID) && ops && ops->has_users &&
	    !ops->has_users(a->engine)) {
		a->reason = RVK_WHY_USERS;
		return -EINVAL;
	}
	if ((info->match | info->invert) &
	    ~(XT_OWNER_UID | XT_OWNER_GID | XT_OWNER_SOCKET | XT_OWNER_SUPPL_GROUPS))
		return -EINVAL;
	if (info->match & XT_OWNER_UID && !is_range(info->uid_min, info->uid_max))
		return -EINVAL;
	if (info->match & XT_OWNER_GID && !is_range(info->gid_min, info->gid_max))
		return -EINVAL;
	return 0;
}

static bool is_member(const struct rv_pkt *pkt, const struct xt_owner_match_info *info)
{
	return info->match & XT_OWNER_SUPPL_GROUPS && pkt->ops->in_group &&
	       pkt->ops->in_group(pkt, info->gid_min, info->gid_max);
}

/* Without a socket, every test fails. */
static bool match_owner(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_owner_match_info *info = data;
	uint32_t uid, gid;
	bool is;

	(void)state;
	if (!pkt->ops->owner || !pkt->ops->owner(pkt, &uid, &gid))
		return info->match == info->invert;
	if (info->match & info->invert & XT_OWNER_SOCKET)
		return false;
	is = uid >= info->uid_min && uid <= info->uid_max;
	if (info->match & XT_OWNER_UID && is == !!(info->invert & XT_OWNER_UID))
		return false;
	if (!(info->match & XT_OWNER_GID))
		return true;
	is = (gid >= info->gid_min && gid <= info->gid_max) || is_member(pkt, info);
	return is != !!(info->invert & XT_OWNER_GID);
}

#define IDS	RV_READS(RVK_SEL_UID, RVK_SEL_GID, RVK_SEL_SOCKET)

struct rv_handler rv_matches_owner[] = {
	RV_MATCH_ROW("owner", NFPROTO_UNSPEC, 1, struct xt_owner_match_info, IDS,
		     .check = check_owner, .match = match_owner,
		     .hooks = 1U << NF_INET_LOCAL_OUT | 1U << NF_INET_POST_ROUTING),
	{ .name = NULL },
};
