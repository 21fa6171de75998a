/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udp: ports of UDP (uapi linux/netfilter/xt_tcpudp.h). */
#include <netinet/in.h>

#include <linux/netfilter/xt_tcpudp.h>

#include "extensions/ports.h"

enum { SOURCE, SPORT, DESTINATION, DPORT };

static const struct rv_option options[] = {
	RV_PORTS(struct xt_udp, "source", "sport", spts, XT_UDP_INV_SRCPT, SPORT, 0,
		 .list = "spt{s}:[!]"),
	RV_PORTS(struct xt_udp, "destination", "dport", dpts, XT_UDP_INV_DSTPT, DPORT, 0,
		 .list = "dpt{s}:[!]"),
	{ .name = NULL },
};

static int check(struct rv_check *c)
{
	if (c->rule->ip.proto == IPPROTO_UDP)
		return 0;
	return rv_fail(c->err, RV_ERR_USAGE, &c->loc, "UDP match requires '-p udp'");
}

static const struct xt_udp initial = { .spts = { 0, UINT16_MAX }, .dpts = { 0, UINT16_MAX } };

static const struct rv_wire wire[] = {
	{ .revision = 0, .size = sizeof(struct xt_udp) },
	{ .size = 0 },
};

static const struct rv_ext udp = {
	.name = "udp",
	.kind = RV_MATCH,
	.protocol = IPPROTO_UDP,
	.size = sizeof(struct xt_udp),
	.initial = &initial,
	.wire = wire,
	.options = options,
	.config = "NETFILTER_XTABLES",
	.native = 1 << SOURCE | 1 << DESTINATION,
	.list = "udp",
	.help = "ports of UDP",
	.check = check,
};
RV_REGISTER(udp);
