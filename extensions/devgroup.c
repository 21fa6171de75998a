/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devgroup: groups of interfaces (uapi linux/netfilter/xt_devgroup.h, ip-link(8)). */
#include <linux/netfilter/xt_devgroup.h>

#include <ravelin/extension.h>

static const struct rv_names groups = { "/etc/iproute2/group", false };

typedef struct xt_devgroup_info info;

/* Hooks where packets have an interface on that side. */
#define IN (1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD)
#define OUT (1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING)

#define GROUP(side, SIDE, SEL, chains, text)					\
	{									\
		.name = #side "-group", .type = RV_T_MASKED,			\
		.flags = RV_OPT_INVERT | RV_OPT_HEX,				\
		RV_FIELD(info, side##_group), .mask_offset = offsetof(info, side##_mask), \
		.given = RV_BIT(info, flags, XT_DEVGROUP_MATCH_##SIDE),		\
		.invert = RV_BIT(info, flags, XT_DEVGROUP_INVERT_##SIDE),	\
		.sel = RV_SEL_##SEL, .list = #side "-group",			\
		.arg = "name|number[/mask]", .help = text,			\
		.file = &groups, .only = RV_ONLY(.hooks = (chains)),		\
	}

static const struct rv_option devgroup_options[] = {
	GROUP(src, SRC, IIFGROUP, IN, "group of the input interface"),
	GROUP(dst, DST, OIFGROUP, OUT, "group of the output interface"),
	{ .name = NULL },
};

RV_EXTENSION(devgroup) = {
	.name = "devgroup", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(info, 0), .options = devgroup_options,
	.required = "devgroup match: You must specify either '--src-group' or '--dst-group'",
	.help = "interface groups",
};
