// SPDX-License-Identifier: GPL-2.0-or-later
/* Registers tables at the hooks of a network namespace. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/dsfield.h>
#include <net/net_namespace.h>
#include <net/route.h>

#include "module.h"

static unsigned int run_table(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct rv_hooked *hooked = priv;
	unsigned int verdict;
	struct rv_skb s;

	if (rv_skb_begin(&s, skb, state))
		return NF_DROP;
	verdict = rv_engine_run(hooked->engine, hooked->id, &s.pkt, NULL);
	if ((verdict & NF_VERDICT_MASK) != NF_STOLEN)
		rv_skb_store(&s.pkt);
	return verdict;
}

/* What the route of a locally generated packet depends on. */
struct route_key {
	u32 mark;
	u32 addrs[8];
	u32 label;		/* IPv6: traffic class and flow label; IPv4: DS field */
	u8 hops;		/* IPv6: the hop limit may be taken from the route */
};

static void route_key(struct route_key *key, const struct sk_buff *skb, u8 family)
{
	memset(key, 0, sizeof(*key));
	key->mark = skb->mark;
	if (family == NFPROTO_IPV6) {
		memcpy(key->addrs, &ipv6_hdr(skb)->saddr, 2 * sizeof(struct in6_addr));
		key->label = be32_to_cpu(*(__be32 *)ipv6_hdr(skb));
		key->hops = ipv6_hdr(skb)->hop_limit;
	} else {
		memcpy(key->addrs, &ip_hdr(skb)->saddr, 2 * sizeof(__be32));
		key->label = ip_hdr(skb)->tos;
	}
}

/* mangle OUTPUT: reroutes a packet whose routing key changed. */
static unsigned int run_and_route(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct route_key before, after;
	unsigned int verdict;
	int err;

	route_key(&before, skb, state->pf);
	verdict = run_table(priv, skb, state);
	switch (verdict & NF_VERDICT_MASK) {
	case NF_DROP:
	case NF_STOLEN:
		return verdict;
	}
	route_key(&after, skb, state->pf);
	if (!memcmp(&before, &after, sizeof(before)))
		return verdict;
	err = state->pf == NFPROTO_IPV6 ? ip6_route_me_harder(state->net, state->sk, skb)
					: ip_route_me_harder(state->net, state->sk, skb, RTN_UNSPEC);
	return err < 0 ? NF_DROP_ERR(err) : verdict;
}

static struct rv_hooked *hooked_new(struct rv_engine *engine, u8 family, enum rv_table_id id)
{
	const struct rv_engine_table_def *def = &rv_engine_tables[id];
	struct rv_hooked *hooked = rv_alloc(sizeof(*hooked), true);
	unsigned int hook;

	if (!hooked)
		return NULL;
	hooked->engine = engine;
	hooked->id = id;
	for (hook = 0; hook < RVK_HOOKS; hook++) {
		bool route = id == RV_TABLE_MANGLE && hook == NF_INET_LOCAL_OUT;

		if (!(def->hooks & 1U << hook))
			continue;
		hooked->ops[hooked->count++] = (struct nf_hook_ops){
			.hook = route ? run_and_route : run_table,
			.priv = hooked,
			.pf = family,
			.hooknum = hook,
			.priority = def->priority[hook],
		};
	}
	return hooked;
}

/*
 * A table that was deleted, or whose creation failed, left its hooks registered; they are reused.
 */
int rv_hooks_add(struct rv_engine *engine, u8 family, enum rv_table_id id)
{
	struct net *net = rv_engine_context(engine);
	struct rv_hooked *hooked;
	int err;

	if (rv_net(net)->hooked[rv_family_index(family)][id])
		return 0;
	hooked = hooked_new(engine, family, id);
	if (!hooked)
		return -ENOMEM;
	err = id == RV_TABLE_NAT ? rv_host_nat_add(net, hooked)
				 : nf_register_net_hooks(net, hooked->ops, hooked->count);
	if (err) {
		/* Hooks that were registered before the error may still be running. */
		rv_wait_readers();
		rv_free(hooked);
		return err;
	}
	rv_net(net)->hooked[rv_family_index(family)][id] = hooked;
	return 0;
}

/* Iterates over all tables of a namespace that have hooks. */
static struct rv_hooked **each_hooked(struct net *net, unsigned int i)
{
	return &rv_net(net)->hooked[i / RV_TABLES][i % RV_TABLES];
}

void rv_hooks_remove(struct net *net)
{
	unsigned int i;

	for (i = 0; i < RV_FAMILIES * RV_TABLES; i++) {
		struct rv_hooked *hooked = *each_hooked(net, i);

		if (!hooked)
			continue;
		if (hooked->remove)
			rv_host_nat_remove(net, hooked);
		else
			nf_unregister_net_hooks(net, hooked->ops, hooked->count);
	}
}

void rv_hooks_free(struct net *net)
{
	unsigned int i;

	for (i = 0; i < RV_FAMILIES * RV_TABLES; i++) {
		struct rv_hooked *hooked = *each_hooked(net, i);

		if (hooked)
			rv_host_nat_put(hooked);
		rv_free(hooked);
	}
}
