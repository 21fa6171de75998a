/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connmark: the mark of the packet's connection (uapi linux/netfilter/xt_connmark.h). */
#include <linux/netfilter/xt_connmark.h>

#include <ravelin/extension.h>

typedef struct xt_connmark_mtinfo1 info;

static const struct rv_option connmark_options[] = {
	{
		.name = "mark", .type = RV_T_MASKED,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_HEX,
		RV_FIELD(info, mark), .mask_offset = offsetof(info, mask),
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(info, invert, 1), .sel = RV_SEL_CT_MARK,
		.list = "connmark match [!] ", .arg = "value[/mask]",
		.help = "mark, compared after applying the mask",
	},
	{ .name = NULL },
};

RV_EXTENSION(connmark) = {
	.name = "connmark", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	.size = sizeof(info), .options = connmark_options,
	.revisions = RV_REVISIONS(
		{ .revision = 1, .size = sizeof(info), .bytes = offsetof(info, invert) + 1,
		  .valid_bits = RV_BIT(info, invert, 1) }),
	.config = "NETFILTER_XT_CONNMARK",
	.help = "mark of the connection",
};
