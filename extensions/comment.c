/* SPDX-License-Identifier: GPL-2.0-or-later */
/* comment: a text for the reader of a rule (uapi linux/netfilter/xt_comment.h). */
#include <linux/netfilter/xt_comment.h>

#include <ravelin/extension.h>

static const struct rv_option options[] = {
	{
		.name = "comment",
		.type = RV_T_STRING,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS | RV_OPT_CUT |
			 RV_OPT_TOLD,
		RV_FIELD(struct xt_comment_info, comment),
		.list = "/* %s */",
		.opaque = "it is for people",
		.arg = "text",
		.help = "up to 255 bytes",
	},
	{ .name = NULL },
};

static const struct rv_wire wire[] = {
	{ .revision = 0, .size = sizeof(struct xt_comment_info) },
	{ .size = 0 },
};

static const struct rv_ext comment = {
	.name = "comment",
	.kind = RV_MATCH,
	.size = sizeof(struct xt_comment_info),
	.wire = wire,
	.options = options,
	.help = "a comment that stays with the rule",
};
RV_REGISTER(comment);
