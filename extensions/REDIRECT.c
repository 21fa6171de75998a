/* SPDX-License-Identifier: GPL-2.0-or-later */
/* REDIRECT: DNAT to the machine itself (uapi nf_nat.h). */
#include "extensions/nat.h"

#define BITS (NF_NAT_RANGE_PROTO_SPECIFIED | NF_NAT_RANGE_PROTO_RANDOM)

static const struct rv_option options[] = {
	{
		.name = "to-ports", .type = RV_T_NAT,
		.given = RV_BIT(struct nf_nat_range2, flags, NF_NAT_RANGE_PROTO_SPECIFIED),
		.list = "redir ports", .arg = "port[-port]",
		.help = "ports to go to; needs -p tcp, udp, sctp or dccp",
	},
	RV_NAT_FLAG("random", NF_NAT_RANGE_PROTO_RANDOM, "choose the port at random"),
	{ 0 },
};

static const struct rv_wire wire4[] = { RV_NAT_MULTI(0, BITS), { 0 } };
static const struct rv_wire wire6[] = { RV_NAT_RANGE(0, BITS), { 0 } };

#define REDIRECT(nfproto, wires)						\
	{									\
		.name = "REDIRECT", .kind = RV_TARGET, .family = (nfproto),	\
		.size = sizeof(struct nf_nat_range2), .wire = (wires),		\
		.options = options, .tables = "nat",				\
		.hooks = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_OUT,	\
		.nft = " redirect{to-ports:{!$p:^} to :<to-ports>}{random: random}",	\
		.help = "sends the connection to this machine",			\
	}

RV_EXTENSION(redirect4) = REDIRECT(NFPROTO_IPV4, wire4);
RV_EXTENSION(redirect6) = REDIRECT(NFPROTO_IPV6, wire6);
