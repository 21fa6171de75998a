/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udp: ports of UDP (uapi linux/netfilter/xt_tcpudp.h). */
#include <netinet/in.h>

#include <linux/netfilter/xt_tcpudp.h>

#include "extensions/ports.h"

enum { SOURCE, SPORT, DESTINATION, DPORT };

static const struct rv_option udp_options[] = {
	RV_PORTS(struct xt_udp, "source", "sport", spts, XT_UDP_INV_SRCPT, SPORT, 0,
		 .list = "spt{s}:[!]"),
	RV_PORTS(struct xt_udp, "destination", "dport", dpts, XT_UDP_INV_DSTPT, DPORT, 0,
		 .list = "dpt{s}:[!]"),
	{ .name = NULL },
};

static int check_udp(struct rv_check *c)
{
	if (c->rule->ip.proto == IPPROTO_UDP)
		return 0;
	return rv_check_fail(c, "UDP match requires '-p udp'");
}

RV_EXTENSION(udp) = {
	.name = "udp", .kind = RV_MATCH, .protocol = IPPROTO_UDP,
	RV_STRUCT(struct xt_udp, 0), .options = udp_options, .native = 1 << SOURCE | 1 << DESTINATION,
	.ops = RV_EXT_OPS(.kernel_check = check_udp),
	.initial = &(const struct xt_udp){ .spts = { 0, UINT16_MAX }, .dpts = { 0, UINT16_MAX } },
	.config = "NETFILTER_XTABLES", .list = "udp",
	.help = "UDP ports",
};
