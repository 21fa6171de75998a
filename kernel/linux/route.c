// SPDX-License-Identifier: GPL-2.0-or-later
/* Routing queries of matches and targets. */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/dst.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "module.h"

static u8 addrtype_of_route(const struct rt6_info *rt)
{
	if (rt->rt6i_flags & RTF_REJECT)
		return RTN_UNREACHABLE;
	if (rt->rt6i_flags & RTF_ANYCAST)
		return RTN_ANYCAST;
	return rt->rt6i_flags & RTF_LOCAL ? RTN_LOCAL : RTN_UNICAST;
}

static u8 addrtype6(struct net *net, const struct net_device *dev, const struct in6_addr *addr)
{
	struct flowi flow = { .u.ip6 = { .daddr = *addr } };
	int type = ipv6_addr_type(addr);
	struct dst_entry *dst;
	u8 result;

	if (type == IPV6_ADDR_ANY)
		return RTN_UNSPEC;
	if (type & IPV6_ADDR_MULTICAST)
		return RTN_MULTICAST;
	if (dev) {
		flow.u.ip6.flowi6_oif = dev->ifindex;
		if (ipv6_chk_addr(net, addr, dev, true))
			return RTN_LOCAL;
	}
	if (nf_route(net, &dst, &flow, dev, NFPROTO_IPV6))
		return RTN_UNREACHABLE;
	result = addrtype_of_route(container_of(dst, struct rt6_info, dst));
	dst_release(dst);
	return result;
}

u8 rv_skb_addrtype(const struct rv_pkt *pkt, const u8 *addr, enum rv_iface on)
{
	const struct nf_hook_state *state = rv_skb(pkt)->state;
	const struct net_device *dev = on == RV_IFACE_IN ? state->in :
				       on == RV_IFACE_OUT ? state->out : NULL;
	struct in6_addr addr6;
	__be32 addr4;

	if (pkt->family == NFPROTO_IPV6) {
		memcpy(&addr6, addr, sizeof(addr6));
		return addrtype6(state->net, dev, &addr6);
	}
	memcpy(&addr4, addr, sizeof(addr4));
	return inet_dev_addr_type(state->net, dev, addr4);
}

/* MTU of the route back to the packet's source. */
static u32 reverse_mtu(const struct rv_pkt *pkt)
{
	const struct rv_skb *s = rv_skb(pkt);
	struct dst_entry *dst = NULL;
	struct flowi flow = {};
	u32 mtu;

	if (pkt->family == NFPROTO_IPV6)
		flow.u.ip6.daddr = ipv6_hdr(s->skb)->saddr;
	else
		flow.u.ip4.daddr = ip_hdr(s->skb)->saddr;
	if (nf_route(s->state->net, &dst, &flow, false, pkt->family))
		return 0;
	mtu = dst_mtu(dst);
	dst_release(dst);
	return mtu;
}

u32 rv_skb_mtu(const struct rv_pkt *pkt, bool reverse)
{
	const struct dst_entry *dst = skb_dst(rv_skb(pkt)->skb);

	if (reverse)
		return reverse_mtu(pkt);
	return dst ? dst_mtu(dst) : 0;
}
