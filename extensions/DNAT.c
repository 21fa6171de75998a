/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNAT: sends connections to another address and port (uapi nf_nat.h). */
#include "extensions/nat.h"

#define BITS (NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED | NF_NAT_RANGE_PROTO_RANDOM | \
	      NF_NAT_RANGE_PERSISTENT | NF_NAT_RANGE_PROTO_OFFSET)

static const struct rv_option options[] = {
	{
		.name = "to-destination", .type = RV_T_NAT,
		.flags = RV_OPT_REQUIRED | RV_OPT_ALWAYS | RV_OPT_LIST_ALWAYS,
		.value = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_OFFSET,
		.list = "to:", .arg = "[address[-address]][:port[-port[/baseport]]]",
		.help = "where they go instead; IPv6 with ports: [address]:port",
	},
	RV_NAT_FLAG("random", NF_NAT_RANGE_PROTO_RANDOM, "choose the port at random"),
	RV_NAT_FLAG("persistent", NF_NAT_RANGE_PERSISTENT,
		    "give a client the same address each time"),
	{ 0 },
};

/* Both families write revision 2, the only one that has a base port. */
static const struct rv_wire wire4[] = {
	RV_NAT_RANGE2(2, BITS), RV_NAT_MULTI(0, BITS), RV_NAT_RANGE(1, BITS), { 0 },
};

static const struct rv_wire wire6[] = { RV_NAT_RANGE2(2, BITS), RV_NAT_RANGE(1, BITS), { 0 } };

#define DNAT(nfproto, wires)							\
	{									\
		.name = "DNAT", .kind = RV_TARGET, .family = (nfproto),		\
		.size = sizeof(struct nf_nat_range2), .wire = (wires),		\
		.options = options, .tables = "nat",				\
		.hooks = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_OUT,	\
		.config = "NETFILTER_XT_NAT",					\
		.nft = " dnat to <to-destination:a>"				\
		       "{random: random}{persistent:{random:,| }persistent}",	\
		.help = "sends the connection to another address",		\
	}

RV_EXTENSION(dnat4) = DNAT(NFPROTO_IPV4, wire4);
RV_EXTENSION(dnat6) = DNAT(NFPROTO_IPV6, wire6);
