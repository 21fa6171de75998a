/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eui64: whether the interface id of the IPv6 source address is derived from the source MAC address
 * (RFC 4291, appendix A). Has no options.
 */
#include <linux/netfilter.h>

#include <ravelin/extension.h>

static const struct rv_option eui64_options[] = {
	{ .name = NULL },
};

RV_EXTENSION(eui64) = {
	.name = "eui64", .kind = RV_MATCH, .family = NFPROTO_IPV6,
	.size = sizeof(int), .options = eui64_options,
	/* The kernel ignores this integer. */
	.revisions = RV_REVISIONS({ .revision = 0, .size = sizeof(int) }),
	.config = "IP6_NF_MATCH_EUI64",
	.only = RV_ONLY(.hooks = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN |
			1 << NF_INET_FORWARD),
	.help = "IPv6 source address derived from the MAC address",
};
