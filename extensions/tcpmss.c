/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcpmss: maximum segment size option of SYN packets (uapi linux/netfilter/xt_tcpmss.h, RFC 9293).
 */
#include <netinet/in.h>

#include <linux/netfilter/xt_tcpmss.h>

#include <ravelin/extension.h>

static const struct rv_option tcpmss_options[] = {
	{
		.name = "mss", .type = RV_T_UINT_RANGE,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_tcpmss_match_info, mss_min),
		.mask_offset = offsetof(struct xt_tcpmss_match_info, mss_max),
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(struct xt_tcpmss_match_info, invert, 1),
		.sel = RV_SEL_TCP_MSS,
		.list = "tcpmss match [!]", .arg = "number[:number]",
		.help = "MSS value or range",
	},
	{ .name = NULL },
};

RV_EXTENSION(tcpmss) = {
	.name = "tcpmss", .kind = RV_MATCH, .only = RV_ONLY(.protocol = IPPROTO_TCP),
	RV_STRUCT(struct xt_tcpmss_match_info, 0), .options = tcpmss_options,
	.help = "MSS option of TCP",
};
