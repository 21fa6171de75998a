/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcpmss: the largest segment a SYN offers (uapi linux/netfilter/xt_tcpmss.h, RFC 9293). */
#include <netinet/in.h>

#include <linux/netfilter/xt_tcpmss.h>

#include <ravelin/extension.h>

static const struct rv_option options[] = {
	{
		.name = "mss",
		.type = RV_T_UINT_RANGE,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_tcpmss_match_info, mss_min),
		.mask_offset = offsetof(struct xt_tcpmss_match_info, mss_max),
		.invert = RV_BIT(struct xt_tcpmss_match_info, invert, 1),
		.given = RV_GIVEN_ALWAYS,
		.sel = RV_SEL_TCP_MSS,
		.list = "tcpmss match [!]",
		.arg = "number[:number]",
		.help = "the largest segment is from the first to the last",
	},
	{ .name = NULL },
};

static const struct rv_wire wire[] = {
	{ .revision = 0, .size = sizeof(struct xt_tcpmss_match_info) },
	{ .size = 0 },
};

static const struct rv_ext tcpmss = {
	.name = "tcpmss",
	.kind = RV_MATCH,
	.size = sizeof(struct xt_tcpmss_match_info),
	.wire = wire,
	.options = options,
	.only_protocol = IPPROTO_TCP,
	.help = "the largest segment a SYN offers",
};
RV_REGISTER(tcpmss);
