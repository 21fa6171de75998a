// SPDX-License-Identifier: GPL-2.0-or-later
/* Sends REJECT's replies with the kernel's nf_reject functions. */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>

#include "module.h"

static const u8 codes4[] = {
	[IPT_ICMP_NET_UNREACHABLE] = ICMP_NET_UNREACH,
	[IPT_ICMP_HOST_UNREACHABLE] = ICMP_HOST_UNREACH,
	[IPT_ICMP_PROT_UNREACHABLE] = ICMP_PROT_UNREACH,
	[IPT_ICMP_PORT_UNREACHABLE] = ICMP_PORT_UNREACH,
	[IPT_ICMP_NET_PROHIBITED] = ICMP_NET_ANO,
	[IPT_ICMP_HOST_PROHIBITED] = ICMP_HOST_ANO,
	[IPT_ICMP_ADMIN_PROHIBITED] = ICMP_PKT_FILTERED,
};

static const u8 codes6[] = {
	[IP6T_ICMP6_NO_ROUTE] = ICMPV6_NOROUTE,
	[IP6T_ICMP6_ADM_PROHIBITED] = ICMPV6_ADM_PROHIBITED,
	[IP6T_ICMP6_NOT_NEIGHBOUR] = ICMPV6_NOT_NEIGHBOUR,
	[IP6T_ICMP6_ADDR_UNREACH] = ICMPV6_ADDR_UNREACH,
	[IP6T_ICMP6_PORT_UNREACH] = ICMPV6_PORT_UNREACH,
	[IP6T_ICMP6_POLICY_FAIL] = ICMPV6_POLICY_FAIL,
	[IP6T_ICMP6_REJECT_ROUTE] = ICMPV6_REJECT_ROUTE,
};

static void reject4(const struct rv_skb *s, unsigned int with)
{
	if (with == IPT_TCP_RESET)
		nf_send_reset(s->state->net, s->state->sk, s->skb, s->state->hook);
	else if (with < ARRAY_SIZE(codes4) && with != IPT_ICMP_ECHOREPLY)
		nf_send_unreach(s->skb, codes4[with], s->state->hook);
}

static void reject6(const struct rv_skb *s, unsigned int with)
{
	if (with == IP6T_TCP_RESET)
		nf_send_reset6(s->state->net, s->state->sk, s->skb, s->state->hook);
	else if (with < ARRAY_SIZE(codes6) && with != IP6T_ICMP6_ECHOREPLY)
		nf_send_unreach6(s->state->net, s->skb, codes6[with], s->state->hook);
}

/* The reply is sent immediately and traverses the tables too: the engine is reentered. */
void rv_skb_reject(struct rv_pkt *pkt, unsigned int with)
{
	const struct rv_skb *s = rv_skb(pkt);

	rv_skb_store(pkt);
	if (pkt->family == NFPROTO_IPV6)
		reject6(s, with);
	else
		reject4(s, with);
	/* The packet may have been linearised, which moves its headers. */
	rv_skb_load(pkt);
}
