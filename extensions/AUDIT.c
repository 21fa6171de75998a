/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AUDIT: writes an audit record for the packet (uapi xt_AUDIT.h). */
#include <linux/netfilter/xt_AUDIT.h>

#include <ravelin/extension.h>

static const struct rv_name audit_types[] = {
	{ "accept", XT_AUDIT_TYPE_ACCEPT, NULL },
	{ "drop", XT_AUDIT_TYPE_DROP, NULL },
	{ "reject", XT_AUDIT_TYPE_REJECT, NULL },
	{ NULL, 0, NULL },
};

static const struct rv_option audit_options[] = {
	{
		.name = "type", .type = RV_T_ENUM,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_audit_info, type), .names = audit_types,
		.errors = RV_ERRORS(.bad = "Bad action type value \"%s\""),
		.arg = "accept|drop|reject", .help = "what a later rule does with the packet",
	},
	{ 0 },
};

RV_EXTENSION(audit) = {
	.name = "AUDIT", .kind = RV_TARGET, .effect = RV_EFFECT_CONTINUES,
	.writes = RV_WRITES_NOTHING,
	RV_STRUCT(struct xt_audit_info, 0), .options = audit_options,
	.list = "AUDIT",
	.nft = " log level audit{type:}",
	.help = "writes an audit record",
};
