/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TEE: sends a copy of the packet to another host (uapi xt_TEE.h). */
#include <netinet/in.h>

#include <linux/netfilter/xt_TEE.h>

#include "extensions/revision.h"

static const struct rv_option tee_options[] = {
	{
		.name = "gateway", .type = RV_T_ADDR,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_tee_tginfo, gw),
		.list = "gw:", .arg = "address", .help = "host that receives the copy",
	},
	{
		.name = "oif", .type = RV_T_STRING, .flags = RV_OPT_BARE,
		RV_FIELD(struct xt_tee_tginfo, oif), .min = 1,
		.list = "oif=", .arg = "interface",
		.help = "interface of the route to the gateway",
	},
	{ 0 },
};

static const union nf_inet_addr nowhere;

static int check_gateway(struct rv_check *c)
{
	const struct xt_tee_tginfo *info = (const struct xt_tee_tginfo *)(void *)c->part->data;

	if (!(c->seen & 1) || memcmp(&info->gw, &nowhere, sizeof(nowhere)) != 0)
		return 0;
	return rv_check_refuse(c, "TEE: the gateway cannot be any address");
}

RV_EXTENSION(tee) = {
	.name = "TEE", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	.size = sizeof(struct xt_tee_tginfo), .options = tee_options,
	.ops = RV_EXT_OPS(.kernel_check = check_gateway),
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(struct xt_tee_tginfo), .bytes = offsetof(struct xt_tee_tginfo, priv) }),
	.list = "TEE",
	.nft = " dup to <gateway>{oif: device <oif:i>}",
	.help = "sends a copy of the packet to another host",
};
