/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hl: the hop limit: how many hops an IPv6 packet has left (uapi linux/netfilter_ipv6/ip6t_hl.h). */
#include <linux/netfilter.h>

#include "extensions/hops.h"

static const struct rv_option options[] = {
	RV_HOPS(struct ip6t_hl_info, hop_limit, "hl", "HL", HOPLIMIT),
};

RV_EXTENSION(hl) = {
	.name = "hl", .kind = RV_MATCH, .family = NFPROTO_IPV6,
	RV_STRUCT(struct ip6t_hl_info, 0), .options = options,
	.list = "HL match",
	.required = "HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'",
	.help = "hop limit: how many hops an IPv6 packet has left",
};
