/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets in memory: contiguous and writable. */
#include "user.h"

#include <linux/rtnetlink.h>

static struct rv_user_packet *of(const struct rv_pkt *pkt)
{
	return pkt->port;
}

static const void *pull(const struct rv_pkt *pkt, uint32_t off, uint32_t len, void *buf)
{
	(void)buf;
	return off <= pkt->linear && len <= pkt->linear - off ? pkt->data + off : NULL;
}

static uint8_t *writable(struct rv_pkt *pkt, uint32_t len)
{
	return len <= pkt->linear ? of(pkt)->bytes : NULL;
}

static uint8_t *expand(struct rv_pkt *pkt, uint32_t len)
{
	struct rv_user_packet *p = of(pkt);

	/* A truncated packet cannot be extended. */
	if (pkt->len != pkt->linear || len > p->room - pkt->len)
		return NULL;
	memset(p->bytes + pkt->len, 0, len);
	pkt->len += len;
	pkt->linear += len;
	return p->bytes;
}

static bool packet_owner(const struct rv_pkt *pkt, uint32_t *uid, uint32_t *gid)
{
	*uid = of(pkt)->uid;
	*gid = of(pkt)->gid;
	return of(pkt)->has_owner;
}

static bool bytes_zero(const uint8_t *bytes, unsigned int len)
{
	while (len--)
		if (*bytes++)
			return false;
	return true;
}

/* Address type without a routing table. */
static uint8_t addrtype(const struct rv_pkt *pkt, const uint8_t *addr, enum rv_iface on)
{
	static const uint8_t all_ones[4] = { 0xff, 0xff, 0xff, 0xff };

	(void)on;
	if (pkt->family == NFPROTO_IPV4) {
		if (!memcmp(addr, all_ones, 4) || bytes_zero(addr, 4))
			return RTN_BROADCAST;
		if (addr[0] >> 4 == 0xe)
			return RTN_MULTICAST;
		return addr[0] == 127 ? RTN_LOCAL : RTN_UNICAST;
	}
	if (bytes_zero(addr, 16))
		return RTN_UNSPEC;
	if (addr[0] == 0xff)
		return RTN_MULTICAST;
	return bytes_zero(addr, 15) && addr[15] == 1 ? RTN_LOCAL : RTN_UNICAST;
}

static const uint8_t *ether(const struct rv_pkt *pkt)
{
	return of(pkt)->ether;
}

static bool bridge(const struct rv_pkt *pkt, const char **in, const char **out, bool *bridged)
{
	*in = of(pkt)->bridge_in;
	*out = of(pkt)->bridge_out;
	*bridged = *in && *out;
	return *in || *out;
}

static void reject(struct rv_pkt *pkt, unsigned int with)
{
	of(pkt)->rejected = true;
	of(pkt)->reject_with = with;
}

static void log_packet(const struct rv_pkt *pkt, const struct rv_log *log)
{
	struct rv_user_packet *p = of(pkt);

	p->logs++;
	if (p->log)
		p->log(p->arg, pkt, log);
}

static void trace(const struct rv_pkt *pkt, const struct rv_trace_step *step)
{
	if (of(pkt)->trace)
		of(pkt)->trace(of(pkt)->arg, pkt, step);
}

static const struct rv_pkt_ops packet_ops = {
	.pull = pull,
	.writable = writable,
	.expand = expand,
	.owner = packet_owner,
	.addrtype = addrtype,
	.ether = ether,
	.bridge = bridge,
	.reject = reject,
	.log = log_packet,
	.trace = trace,
};

int rv_user_packet_init(struct rv_user_packet *p, void *bytes, uint32_t len, uint32_t room)
{
	p->bytes = bytes;
	p->room = room;
	p->pkt.ops = &packet_ops;
	p->pkt.port = p;
	p->pkt.data = bytes;
	p->pkt.len = p->pkt.linear = len;
	p->pkt.family = len && p->bytes[0] >> 4 == 6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	return rv_pkt_parse(&p->pkt);
}
