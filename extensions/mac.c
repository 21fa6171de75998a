/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac: source MAC address (uapi linux/netfilter/xt_mac.h). */
#include <linux/netfilter.h>
#include <linux/netfilter/xt_mac.h>

#include <ravelin/extension.h>

static const struct rv_option mac_options[] = {
	{
		.name = "mac-source", .type = RV_T_MAC,
		.flags = RV_OPT_INVERT | RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		RV_FIELD(struct xt_mac_info, srcaddr),
		.given = RV_GIVEN_ALWAYS, .invert = RV_BIT(struct xt_mac_info, invert, 1),
		.sel = RV_SEL_ETHER_SADDR,
		.list = "MAC [! ]", .arg = "xx:xx:xx:xx:xx:xx", .help = "source MAC address",
	},
	{ .name = NULL },
};

RV_EXTENSION(mac) = {
	.name = "mac", .kind = RV_MATCH, .effect = RV_EFFECT_PURE,
	RV_STRUCT(struct xt_mac_info, 0), .options = mac_options,
	.only = RV_ONLY(.hooks = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN |
			1 << NF_INET_FORWARD),
	.help = "source MAC address",
};
