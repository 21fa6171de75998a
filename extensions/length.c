/* SPDX-License-Identifier: GPL-2.0-or-later */
/* length: the length of the packet (uapi linux/netfilter/xt_length.h). */
#include <linux/netfilter/xt_length.h>

#include <ravelin/extension.h>

static const struct rv_option length_options[] = {
	{
		.name = "length", .type = RV_T_UINT_RANGE, .flags = RV_OPT_INVERT | RV_OPT_REQUIRED,
		RV_FIELD(struct xt_length_info, min),
		.mask_offset = offsetof(struct xt_length_info, max),
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(struct xt_length_info, invert, 1),
		.sel = RV_SEL_LENGTH,
		.list = "length [!]", .arg = "length[:length]",
		.help = "length including the IP header",
	},
	{ .name = NULL },
};

RV_EXTENSION(length) = {
	.name = "length", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(struct xt_length_info, 0), .options = length_options,
	.help = "packet length",
};
