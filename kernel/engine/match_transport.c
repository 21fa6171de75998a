/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on the transport header: tcp, udp, icmp, icmp6, multiport. */
#include "internal.h"

#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/*
 * Ports in host order. Even a range of all ports becomes a predicate: the header must be present.
 */
static void say_ports(struct rv_said *said, unsigned int sel, const uint16_t ports[2], bool negate)
{
	uint8_t from[2], to[2];

	rv_put_be16(from, ports[0]);
	rv_put_be16(to, ports[1]);
	rv_say(said, sel, RVK_OP_RANGE, negate, 2, from, to);
}

static int say_tcp(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_tcp *tcp = a->data;

	if (tcp->invflags & ~XT_TCP_INV_MASK)
		return -EINVAL;
	say_ports(said, RVK_SEL_TH_SPORT, tcp->spts, tcp->invflags & XT_TCP_INV_SRCPT);
	say_ports(said, RVK_SEL_TH_DPORT, tcp->dpts, tcp->invflags & XT_TCP_INV_DSTPT);
	if (tcp->flg_mask || tcp->flg_cmp || tcp->invflags & XT_TCP_INV_FLAGS)
		rv_say(said, RVK_SEL_TCP_FLAGS, RVK_OP_MASK, tcp->invflags & XT_TCP_INV_FLAGS, 1,
		       &tcp->flg_cmp, &tcp->flg_mask);
	if (tcp->option)
		rv_say(said, RVK_SEL_TCP_OPTION, RVK_OP_EQ, tcp->invflags & XT_TCP_INV_OPTION, 1,
		       &tcp->option, NULL);
	return 0;
}

static int say_udp(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct xt_udp *udp = a->data;

	if (udp->invflags & ~XT_UDP_INV_MASK)
		return -EINVAL;
	say_ports(said, RVK_SEL_TH_SPORT, udp->spts, udp->invflags & XT_UDP_INV_SRCPT);
	say_ports(said, RVK_SEL_TH_DPORT, udp->dpts, udp->invflags & XT_UDP_INV_DSTPT);
	return 0;
}

#define ANY_ICMP_TYPE	255	/* iptables' value for any type and code, IPv4 */

/* struct ip6t_icmp has the same layout. */
static int say_icmp(const struct rv_check_ctx *a, struct rv_said *said)
{
	const struct ipt_icmp *icmp = a->data;
	bool v4 = a->family == NFPROTO_IPV4;
	uint8_t from[2] = { icmp->type, icmp->code[0] }, to[2] = { icmp->type, icmp->code[1] };

	if (icmp->invflags & ~IPT_ICMP_INV)
		return -EINVAL;
	if (v4 && icmp->type == ANY_ICMP_TYPE) {
		from[0] = from[1] = 0;
		to[1] = UINT8_MAX;
	}
	rv_say(said, v4 ? RVK_SEL_ICMP_TYPE : RVK_SEL_ICMP6_TYPE, RVK_OP_RANGE,
	       icmp->invflags & IPT_ICMP_INV, 2, from, to);
	return 0;
}

static bool ports_possible(const struct rvk_ip *ip)
{
	return rv_has_ports(ip->proto) && rv_ip_is_proto(ip, ip->proto);
}

/* A range is two consecutive ports, the first of which is flagged. */
static void say_port_list(const struct xt_multiport_v1 *m, struct rv_said *said,
			  struct rvk_predicate *p)
{
	for (unsigned int i = 0; i < m->count; i++) {
		uint8_t from[2], to[2];

		rv_put_be16(from, m->ports[i]);
		if (m->pflags[i] && i + 1 < m->count)
			i++;
		rv_put_be16(to, m->ports[i]);
		rv_say_interval(said, p, from, to);
	}
}

static int say_multiport(const struct rv_check_ctx *a, struct rv_said *said)
{
	static const uint8_t sels[] = {
		[XT_MULTIPORT_SOURCE] = RVK_SEL_TH_SPORT,
		[XT_MULTIPORT_DESTINATION] = RVK_SEL_TH_DPORT,
		[XT_MULTIPORT_EITHER] = RVK_SEL_TH_PORT,
	};
	const struct xt_multiport_v1 *m = a->data;

	if (!ports_possible(&a->entry->ip) || m->flags >= RV_COUNT(sels) ||
	    m->count > XT_MULTI_PORTS)
		return -EINVAL;
	say_port_list(m, said, rv_say(said, sels[m->flags], RVK_OP_IN, m->invert, 2, NULL, NULL));
	return 0;
}

#define PORTS	RV_READS(RVK_SEL_TH_SPORT, RVK_SEL_TH_DPORT)
#define TCP	RV_READS(RVK_SEL_TH_SPORT, RVK_SEL_TH_DPORT, RVK_SEL_TCP_FLAGS, RVK_SEL_TCP_OPTION)

struct rv_handler rv_matches_transport[] = {
	RV_MATCH_ROW("tcp", NFPROTO_UNSPEC, 0, struct xt_tcp, TCP, RV_SAYS(say_tcp),
		     .proto = IPPROTO_TCP),
	RV_MATCH_ROW("udp", NFPROTO_UNSPEC, 0, struct xt_udp, PORTS, RV_SAYS(say_udp),
		     .proto = IPPROTO_UDP),
	RV_MATCH_ROW("icmp", NFPROTO_IPV4, 0, struct ipt_icmp, RV_READS(RVK_SEL_ICMP_TYPE),
		     RV_SAYS(say_icmp), .proto = IPPROTO_ICMP),
	RV_MATCH_ROW("icmp6", NFPROTO_IPV6, 0, struct ip6t_icmp, RV_READS(RVK_SEL_ICMP6_TYPE),
		     RV_SAYS(say_icmp), .proto = IPPROTO_ICMPV6),
	RV_MATCH_ROW("multiport", NFPROTO_UNSPEC, 1, struct xt_multiport_v1, PORTS,
		     RV_SAYS(say_multiport)),
	{ .name = NULL },
};
