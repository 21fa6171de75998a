/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SNAT: gives connections another source address and port (uapi nf_nat.h). */
#include "extensions/nat.h"

#define BITS (NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED | \
	      NF_NAT_RANGE_PROTO_RANDOM_ALL | NF_NAT_RANGE_PERSISTENT)

static const struct rv_option options[] = {
	{
		.name = "to-source", .type = RV_T_NAT,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		.value = NF_NAT_RANGE_MAP_IPS,
		.list = "to:", .arg = "[address[-address]][:port[-port]]",
		.help = "address and port to take their place; IPv6 with ports: [address]:port",
	},
	RV_NAT_FLAG("random", NF_NAT_RANGE_PROTO_RANDOM, "choose the port at random"),
	RV_NAT_FLAG("random-fully", NF_NAT_RANGE_PROTO_RANDOM_FULLY,
		    "choose the port at random, whatever the packet is"),
	RV_NAT_FLAG("persistent", NF_NAT_RANGE_PERSISTENT,
		    "give a client the same address each time"),
	{ 0 },
};

static const struct rv_wire wire4[] = {
	RV_NAT_MULTI(0, BITS), RV_NAT_RANGE(1, BITS), RV_NAT_RANGE2(2, BITS), { 0 },
};

static const struct rv_wire wire6[] = { RV_NAT_RANGE(1, BITS), RV_NAT_RANGE2(2, BITS), { 0 } };

#define SNAT(nfproto, wires)							\
	{									\
		.name = "SNAT", .kind = RV_TARGET, .family = (nfproto),		\
		.size = sizeof(struct nf_nat_range2), .wire = (wires),		\
		.options = options, .tables = "nat",				\
		.hooks = 1 << NF_INET_POST_ROUTING | 1 << NF_INET_LOCAL_IN,	\
		.config = "NETFILTER_XT_NAT",					\
		.nft = " snat to <to-source:a>"					\
		       "{random: random}{random-fully:{random:,| }fully-random}"	\
		       "{persistent:{random+random-fully:,| }persistent}",	\
		.help = "gives the connection another source address",		\
	}

RV_EXTENSION(snat4) = SNAT(NFPROTO_IPV4, wire4);
RV_EXTENSION(snat6) = SNAT(NFPROTO_IPV6, wire6);
