/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DSCP: sets the differentiated services codepoint (uapi xt_DSCP.h, RFC 2474). */
#include <linux/netfilter/xt_DSCP.h>

#include "extensions/dsfield.h"

enum { NUMBER, CLASS };

static const struct rv_option dscp_options[] = {
	[NUMBER] = {
		.name = "set-dscp", .type = RV_T_UINT,
		.flags = RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS | RV_OPT_HEX | RV_OPT_PADDED,
		RV_FIELD(struct xt_DSCP_info, dscp), .max = XT_DSCP_MAX, .excludes = 1 << CLASS,
		.list = "DSCP set", .arg = "number", .help = "DSCP value",
	},
	[CLASS] = {
		.name = "set-dscp-class", .type = RV_T_ENUM, .flags = RV_OPT_HIDDEN,
		RV_FIELD(struct xt_DSCP_info, dscp), .names = rv_dscp_classes,
		.excludes = 1 << NUMBER,
		.errors = RV_ERRORS(.bad = "Invalid DSCP value `%s'"),
		.arg = "class", .help = "DSCP class: BE, EF, AF11 to AF43, CS0 to CS7",
	},
	{ 0 },
};

RV_EXTENSION(dscp_target) = {
	.name = "DSCP", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES(RV_SEL_TOS, RV_SEL_IP_DSCP, RV_SEL_IP6_DSCP, RV_WRITES_BYTES),
	RV_STRUCT(struct xt_DSCP_info, 0), .options = dscp_options,
	.only = RV_ONLY(.tables = "mangle"),
	.nft = " {$4:ip|ip6} dscp set <set-dscp:b>{set-dscp-class:}",
	.required = "DSCP target: Parameter --set-dscp is required",
	.help = "sets the DSCP field",
};
