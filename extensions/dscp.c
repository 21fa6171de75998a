/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dscp: differentiated services codepoint (uapi linux/netfilter/xt_dscp.h, RFC 2474). */
#include <linux/netfilter/xt_dscp.h>

#include "extensions/dsfield.h"

enum { NUMBER, CLASS };

static const struct rv_option dscp_options[] = {
	[NUMBER] = {
		.name = "dscp", .type = RV_T_UINT,
		.flags = RV_OPT_INVERT | RV_OPT_PADDED | RV_OPT_HEX,
		RV_FIELD(struct xt_dscp_info, dscp), .max = XT_DSCP_MAX,
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(struct xt_dscp_info, invert, 1),
		.excludes = 1 << CLASS, .sel = RV_SEL_IP_DSCP,
		.sel_more = RV_SEL_MORE(.ipv6 = RV_SEL_IP6_DSCP),
		.list = "DSCP match [!]", .arg = "number",
		.help = "DSCP value",
	},
	[CLASS] = {
		.name = "dscp-class", .type = RV_T_ENUM, .flags = RV_OPT_INVERT | RV_OPT_HIDDEN,
		RV_FIELD(struct xt_dscp_info, dscp), .names = rv_dscp_classes,
		.invert = RV_BIT(struct xt_dscp_info, invert, 1), .excludes = 1 << NUMBER,
		.errors = RV_ERRORS(.bad = "Invalid DSCP value `%s'"),
		.arg = "class", .help = "DSCP class: BE, EF, AFxy, CSx",
	},
	{ .name = NULL },
};

RV_EXTENSION(dscp) = {
	.name = "dscp", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(struct xt_dscp_info, 0), .options = dscp_options,
	.required = "DSCP match: Parameter --dscp is required",
	.help = "DSCP field",
};
