/* SPDX-License-Identifier: GPL-2.0-or-later */
/* realm: the realm of the packet's route (uapi linux/netfilter/xt_realm.h). */
#include <linux/netfilter/xt_realm.h>

#include <ravelin/extension.h>

static const struct rv_names realms = { "/etc/iproute2/rt_realms", false };

static const struct rv_option realm_options[] = {
	{
		.name = "realm", .type = RV_T_MASKED,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS |
			 RV_OPT_HEX,
		RV_FIELD(struct xt_realm_info, id),
		.mask_offset = offsetof(struct xt_realm_info, mask), .file = &realms,
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(struct xt_realm_info, invert, 1),
		.sel = RV_SEL_REALM,
		.list = "realm", .arg = "number[/mask]|name",
		.help = "realm, compared after applying the mask",
	},
	{ .name = NULL },
};

RV_EXTENSION(realm) = {
	.name = "realm", .kind = RV_MATCH, .effect = RV_EFFECT_PURE, .family = NFPROTO_IPV4,
	RV_STRUCT(struct xt_realm_info, 0), .options = realm_options,
	.only = RV_ONLY(.hooks = 1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD |
			1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING),
	.help = "routing realm",
};
