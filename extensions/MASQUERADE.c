/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MASQUERADE: SNAT to the address of the interface a packet leaves by (uapi nf_nat.h). */
#include "extensions/nat.h"

#define BITS (NF_NAT_RANGE_PROTO_SPECIFIED | NF_NAT_RANGE_PROTO_RANDOM_ALL)

static const struct rv_option options[] = {
	{
		.name = "to-ports", .type = RV_T_NAT,
		.given = RV_BIT(struct nf_nat_range2, flags, NF_NAT_RANGE_PROTO_SPECIFIED),
		.list = "masq ports: %s", .arg = "port[-port]",
		.help = "source ports to use; needs -p tcp, udp, sctp or dccp",
	},
	RV_NAT_FLAG("random", NF_NAT_RANGE_PROTO_RANDOM, "choose the port at random"),
	RV_NAT_FLAG("random-fully", NF_NAT_RANGE_PROTO_RANDOM_FULLY,
		    "choose the port at random, whatever the packet is"),
	{ 0 },
};

static const struct rv_wire wire4[] = { RV_NAT_MULTI(0, BITS), { 0 } };
static const struct rv_wire wire6[] = { RV_NAT_RANGE(0, BITS), { 0 } };

#define MASQUERADE(nfproto, wires)						\
	{									\
		.name = "MASQUERADE", .kind = RV_TARGET, .family = (nfproto),	\
		.size = sizeof(struct nf_nat_range2), .wire = (wires),		\
		.options = options, .tables = "nat",				\
		.hooks = 1 << NF_INET_POST_ROUTING,				\
		.nft = " masquerade{to-ports:{!$p:^} to :<to-ports>}"		\
		       "{random: random}{random-fully:{random:,| }fully-random}",	\
		.help = "gives the connection the address of the interface it leaves by", \
	}

RV_EXTENSION(masquerade4) = MASQUERADE(NFPROTO_IPV4, wire4);
RV_EXTENSION(masquerade6) = MASQUERADE(NFPROTO_IPV6, wire6);
