/* SPDX-License-Identifier: GPL-2.0-or-later */
/* comment: a comment for people (uapi linux/netfilter/xt_comment.h). */
#include <linux/netfilter/xt_comment.h>

#include <ravelin/extension.h>

static const struct rv_option comment_options[] = {
	{
		.name = "comment", .type = RV_T_STRING,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS | RV_OPT_TRUNCATE |
			 RV_OPT_NO_PREDICATE,
		RV_FIELD(struct xt_comment_info, comment),
		.opaque = { RV_EFFECT_PURE, "the kernel ignores it" },
		.list = "/* %s */", .arg = "text", .help = "up to 255 bytes",
	},
	{ .name = NULL },
};

RV_EXTENSION(comment) = {
	.name = "comment", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(struct xt_comment_info, 0), .options = comment_options, .nft = "<comment:e>",
	.help = "comment stored with the rule",
};
