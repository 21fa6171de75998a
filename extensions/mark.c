/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mark: the mark the packet carries through this host (uapi linux/netfilter/xt_mark.h). */
#include <linux/netfilter/xt_mark.h>

#include <ravelin/extension.h>

static const struct rv_option options[] = {
	{
		.name = "mark",
		.type = RV_T_MASKED,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS |
			 RV_OPT_HEX,
		RV_FIELD(struct xt_mark_mtinfo1, mark),
		.mask_offset = offsetof(struct xt_mark_mtinfo1, mask),
		.invert = RV_BIT(struct xt_mark_mtinfo1, invert, 1),
		.sel = RV_SEL_MARK,
		.list = "mark match [! ]",
		.arg = "value[/mask]",
		.help = "the mark, of which only the bits in mask count, has this value",
	},
	{ .name = NULL },
};

static const struct rv_wire wire[] = {
	{ .revision = 1, .size = sizeof(struct xt_mark_mtinfo1) },
	{ .size = 0 },
};

static const struct rv_ext mark = {
	.name = "mark",
	.kind = RV_MATCH,
	.size = sizeof(struct xt_mark_mtinfo1),
	.wire = wire,
	.options = options,
	.native = 1 << 0,
	.help = "the packet's mark",
};
RV_REGISTER(mark);
