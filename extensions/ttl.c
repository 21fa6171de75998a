/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttl: the time to live: how many hops an IPv4 packet has left (uapi linux/netfilter_ipv4/ipt_ttl.h). */
#include <linux/netfilter.h>

#include "extensions/hops.h"

static const struct rv_option options[] = {
	RV_HOPS(struct ipt_ttl_info, ttl, "ttl", "TTL", TTL),
};

RV_EXTENSION(ttl) = {
	.name = "ttl", .kind = RV_MATCH, .family = NFPROTO_IPV4,
	RV_STRUCT(struct ipt_ttl_info, 0), .options = options,
	.config = "NETFILTER_XT_MATCH_HL", .list = "TTL match",
	.required = "TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt",
	.help = "time to live: how many hops an IPv4 packet has left",
};
