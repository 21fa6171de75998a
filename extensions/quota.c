/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quota: true until a number of bytes has matched (uapi linux/netfilter/xt_quota.h). */
#include <linux/netfilter/xt_quota.h>

#include <ravelin/extension.h>

static const struct rv_option quota_options[] = {
	{
		.name = "quota", .type = RV_T_UINT,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_quota_info, quota),
		.invert = RV_BIT(struct xt_quota_info, flags, XT_QUOTA_INVERT),
		.list = "quota: %s bytes", .arg = "bytes", .help = "number of bytes",
	},
	{ .name = NULL },
};

RV_EXTENSION(quota) = {
	.name = "quota", .kind = RV_MATCH,
	.size = sizeof(struct xt_quota_info), .compare = offsetof(struct xt_quota_info, master),
	.options = quota_options,
	.revisions = RV_REVISIONS(
		{ .revision = 0, .size = sizeof(struct xt_quota_info), .bytes = offsetof(struct xt_quota_info, master) }),
	.nft = " quota {~quota:over }<quota:d> bytes",
	.effect = RV_EFFECT_STATE, .opaque = "it counts", .help = "byte quota",
};
