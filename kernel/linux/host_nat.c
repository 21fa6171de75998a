// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registers table nat with the kernel's NAT (nf_nat). nf_nat runs the table for the first packet of
 * each connection, and translates later packets of the connection in the same way.
 *
 * nf_nat, and with it connection tracking, is loaded when a namespace gets its first table nat.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_nat.h>

#include "module.h"

typedef int add_fn(struct net *net, const struct nf_hook_ops *ops);

/* Returns nf_nat's function to register hooks, or NULL if the kernel has no NAT. */
static add_fn *get_add(u8 family)
{
	if (family == NFPROTO_IPV6)
		return symbol_request(nf_nat_ipv6_register_fn);
	return symbol_request(nf_nat_ipv4_register_fn);
}

static rv_hook_remove_fn *get_remove(u8 family)
{
	if (family == NFPROTO_IPV6)
		return symbol_get(nf_nat_ipv6_unregister_fn);
	return symbol_get(nf_nat_ipv4_unregister_fn);
}

static int add_all(struct net *net, const struct rv_hooked *hooked, add_fn *add)
{
	unsigned int i;
	int err;

	for (i = 0; i < hooked->count; i++) {
		err = add(net, &hooked->ops[i]);
		if (err)
			goto undo;
	}
	return 0;

undo:
	while (i--)
		hooked->remove(net, &hooked->ops[i]);
	return err;
}

int rv_host_nat_add(struct net *net, struct rv_hooked *hooked)
{
	u8 family = hooked->ops[0].pf;
	add_fn *add = get_add(family);
	int err = -EOPNOTSUPP;

	if (!add)
		return err;
	hooked->remove = get_remove(family);
	if (hooked->remove)
		err = add_all(net, hooked, add);
	if (err)
		rv_host_nat_put(hooked);
	symbol_put_addr(add);
	return err;
}

void rv_host_nat_remove(struct net *net, const struct rv_hooked *hooked)
{
	unsigned int i;

	for (i = 0; i < hooked->count; i++)
		hooked->remove(net, &hooked->ops[i]);
}

void rv_host_nat_put(const struct rv_hooked *hooked)
{
	if (hooked->remove)
		symbol_put_addr(hooked->remove);
}

/*
 * Cannot fail: the rule's target has already turned on tracking, so this only adds a reference.
 */
void rv_host_nat_track(struct net *net, u8 family)
{
	bool *tracked = &rv_net(net)->tracked[rv_family_index(family)];
	int (*get)(struct net *net, u8 family);

	if (*tracked)
		return;
	get = symbol_get(nf_ct_netns_get);
	if (!get)
		return;
	*tracked = !get(net, family);
	symbol_put_addr(get);
}

void rv_host_nat_untrack(struct net *net)
{
	static const u8 families[RV_FAMILIES] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	void (*put)(struct net *net, u8 family) = symbol_get(nf_ct_netns_put);
	unsigned int i;

	if (!put)
		return;
	for (i = 0; i < RV_FAMILIES; i++)
		if (rv_net(net)->tracked[i])
			put(net, families[i]);
	symbol_put_addr(put);
}
