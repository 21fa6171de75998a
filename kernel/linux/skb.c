// SPDX-License-Identifier: GPL-2.0-or-later
/* Engine packets in socket buffers. At the hooks, skb->data is the network header. */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "compat.h"
#include "module.h"

/* Locally generated packets have no Ethernet header yet. */
static const u8 *ether(const struct rv_pkt *pkt)
{
	const struct sk_buff *skb = rv_skb(pkt)->skb;

	if (!skb->dev || skb->dev->type != ARPHRD_ETHER || !skb_mac_header_was_set(skb) ||
	    skb_mac_header(skb) < skb->head || skb_mac_header(skb) + ETH_HLEN > skb->data)
		return NULL;
	return skb_mac_header(skb);
}

/* Updates the data pointers, which change when headers are pulled or made writable. */
static void locate(struct rv_pkt *pkt, const struct sk_buff *skb)
{
	pkt->data = skb->data;
	pkt->linear = skb_headlen(skb);
	pkt->len = skb->len;
	pkt->partial = skb->ip_summed == CHECKSUM_PARTIAL;
}

void rv_skb_load(struct rv_pkt *pkt)
{
	const struct sk_buff *skb = rv_skb(pkt)->skb;

	locate(pkt, skb);
	pkt->mark = skb->mark;
	pkt->priority = skb->priority;
	pkt->trace = skb->nf_trace;
}

void rv_skb_store(const struct rv_pkt *pkt)
{
	struct sk_buff *skb = rv_skb(pkt)->skb;

	skb->mark = pkt->mark;
	skb->priority = pkt->priority;
	skb->nf_trace = pkt->trace;
}

int rv_skb_begin(struct rv_skb *s, struct sk_buff *skb, const struct nf_hook_state *state)
{
	s->skb = skb;
	s->state = state;
	/* Faster than zeroing the whole struct. The two functions below set the rest. */
	s->pkt.ops = &rv_skb_ops;
	s->pkt.port = skb;
	s->pkt.track = (struct rv_track){ 0 };
	s->pkt.in = state->in ? state->in->name : NULL;
	s->pkt.out = state->out ? state->out->name : NULL;
	s->pkt.family = state->pf;
	s->pkt.hook = state->hook;
	s->pkt.pkttype = skb->pkt_type;
	rv_skb_load(&s->pkt);
	return rv_pkt_parse(&s->pkt);
}

static const void *pull(const struct rv_pkt *pkt, u32 off, u32 len, void *buf)
{
	if (off > INT_MAX || len > INT_MAX)
		return NULL;
	return skb_header_pointer(rv_skb(pkt)->skb, off, len, buf);
}

static u8 *writable(struct rv_pkt *pkt, u32 len)
{
	struct sk_buff *skb = rv_skb(pkt)->skb;

	if (len > skb->len || skb_ensure_writable(skb, len))
		return NULL;
	/* A checksum of the whole packet computed by the device is no longer valid. */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	locate(pkt, skb);
	return skb->data;
}

static u8 *expand(struct rv_pkt *pkt, u32 len)
{
	struct sk_buff *skb = rv_skb(pkt)->skb;
	int lack;

	if (!writable(pkt, skb->len))
		return NULL;
	lack = len - skb_tailroom(skb);
	if (lack > 0 && pskb_expand_head(skb, 0, lack, GFP_ATOMIC))
		return NULL;
	skb_put_zero(skb, len);
	locate(pkt, skb);
	return skb->data;
}

/* The sending socket if it belongs to this namespace, or NULL. */
static struct sock *sender(const struct rv_pkt *pkt)
{
	const struct rv_skb *s = rv_skb(pkt);
	struct sock *sk = skb_to_full_sk(s->skb);

	return sk && sk_fullsock(sk) && net_eq(s->state->net, sock_net(sk)) ? sk : NULL;
}

static bool socket_owner(const struct rv_pkt *pkt, u32 *uid, u32 *gid)
{
	struct user_namespace *users = rv_skb(pkt)->state->net->user_ns;
	struct sock *sk = sender(pkt);
	const struct file *file;

	if (!sk)
		return false;
	read_lock_bh(&sk->sk_callback_lock);
	file = sk->sk_socket ? sk->sk_socket->file : NULL;
	if (file) {
		/* Ids without a mapping become the invalid id, which no rule can match. */
		*uid = from_kuid(users, file->f_cred->fsuid);
		*gid = from_kgid(users, file->f_cred->fsgid);
	}
	read_unlock_bh(&sk->sk_callback_lock);
	return file;
}

static bool has_group(const struct group_info *groups, struct user_namespace *users, u32 from,
		      u32 to)
{
	int i;

	for (i = 0; i < groups->ngroups; i++) {
		u32 gid = from_kgid(users, groups->gid[i]);

		if (from <= gid && gid <= to)
			return true;
	}
	return false;
}

static bool in_group(const struct rv_pkt *pkt, u32 from, u32 to)
{
	struct user_namespace *users = rv_skb(pkt)->state->net->user_ns;
	struct sock *sk = sender(pkt);
	const struct file *file;
	bool is_member;

	if (!sk)
		return false;
	read_lock_bh(&sk->sk_callback_lock);
	file = sk->sk_socket ? sk->sk_socket->file : NULL;
	is_member = file && has_group(file->f_cred->group_info, users, from, to);
	read_unlock_bh(&sk->sk_callback_lock);
	return is_member;
}

static const char *device_name(const struct rv_pkt *pkt, int ifindex)
{
	const struct net_device *dev;

	if (!ifindex)
		return NULL;
	dev = dev_get_by_index_rcu(rv_skb(pkt)->state->net, ifindex);
	return dev ? dev->name : NULL;
}

static bool bridge(const struct rv_pkt *pkt, const char **in, const char **out, bool *bridged)
{
	const struct sk_buff *skb = rv_skb(pkt)->skb;

	*in = device_name(pkt, rv_bridge_in(skb));
	*out = device_name(pkt, rv_bridge_out(skb));
	*bridged = *out;
	return *in || *out;
}

const struct rv_pkt_ops rv_skb_ops = {
	.pull = pull,
	.writable = writable,
	.expand = expand,
	.owner = socket_owner,
	.in_group = in_group,
	.addrtype = rv_skb_addrtype,
	.ether = ether,
	.bridge = bridge,
	.reject = rv_skb_reject,
	.log = rv_skb_log,
	.trace = rv_skb_trace,
	.mtu = rv_skb_mtu,
};
