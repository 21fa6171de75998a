/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of kernel/linux/: per-namespace state, packets in socket buffers, and
 * registrations.
 */
#ifndef RAVELIN_KERNEL_MODULE_H
#define RAVELIN_KERNEL_MODULE_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "engine/engine.h"

struct net;

#define RV_FAMILIES	2

typedef void rv_hook_remove_fn(struct net *net, const struct nf_hook_ops *ops);

/* Hooks of a table, from its first replacement to the end of the namespace. */
struct rv_hooked {
	struct rv_engine *engine;
	enum rv_table_id id;
	unsigned int count;
	rv_hook_remove_fn *remove;	/* table nat: function of nf_nat, which is pinned */
	struct nf_hook_ops ops[RVK_HOOKS];
};

/* State of a network namespace. */
struct rv_net {
	struct mutex mutex;		/* serialises calls */
	struct rv_engine *engine;
	struct rv_hooked *hooked[RV_FAMILIES][RV_TABLES];
	/* Tables with rules, chains or a drop policy: bits of 1 << (family * RV_TABLES + id). */
	u32 busy;
	bool tracked[RV_FAMILIES];	/* rv_host_nat_track() was called */
};

struct rv_net *rv_net(const struct net *net);

/* 0 for IPv4, 1 for IPv6. */
static inline unsigned int rv_family_index(u8 family)
{
	return family == NFPROTO_IPV6;
}

/* An engine packet for a socket buffer; on the stack of a hook. */
struct rv_skb {
	struct rv_pkt pkt;
	struct sk_buff *skb;
	const struct nf_hook_state *state;
};

static inline struct rv_skb *rv_skb(const struct rv_pkt *pkt)
{
	return container_of(pkt, struct rv_skb, pkt);
}

/* Initialises s; -EINVAL if the packet is malformed. */
int rv_skb_begin(struct rv_skb *s, struct sk_buff *skb, const struct nf_hook_state *state);
/* Writes mark, priority and trace back to the buffer. */
void rv_skb_store(const struct rv_pkt *pkt);
/* Reloads them and the data pointers after other code used the buffer. */
void rv_skb_load(struct rv_pkt *pkt);
extern const struct rv_pkt_ops rv_skb_ops;

/* Packet operations implemented in their own files. */
void rv_skb_reject(struct rv_pkt *pkt, unsigned int with);
void rv_skb_log(const struct rv_pkt *pkt, const struct rv_log *log);
void rv_skb_trace(const struct rv_pkt *pkt, const struct rv_trace_step *trace);
u8 rv_skb_addrtype(const struct rv_pkt *pkt, const u8 *addr, enum rv_iface on);
u32 rv_skb_mtu(const struct rv_pkt *pkt, bool reverse);

/* Registers a table's hooks; struct rv_engine_ops.table_made. */
int rv_hooks_add(struct rv_engine *engine, u8 family, enum rv_table_id id);
/* Unregisters all hooks of a namespace; packets may be in them until a grace period has passed. */
void rv_hooks_remove(struct net *net);
void rv_hooks_free(struct net *net);

/* Registers table nat with nf_nat. Returns 0, or -EOPNOTSUPP if the kernel has no NAT. */
int rv_host_nat_add(struct net *net, struct rv_hooked *hooked);
void rv_host_nat_remove(struct net *net, const struct rv_hooked *hooked);
/* Releases nf_nat, after a grace period. */
void rv_host_nat_put(const struct rv_hooked *hooked);
/*
 * Keeps the namespace's connections tracked until it ends. Otherwise a flush of table nat would end
 * tracking, and packets of known connections would pass untranslated.
 */
void rv_host_nat_track(struct net *net, u8 family);
void rv_host_nat_untrack(struct net *net);

/* The kernel's matches and targets; struct rv_engine_ops.get and put. */
const struct rv_handler *rv_xt_get(struct rv_engine *engine, u8 kind, u8 family, const char *name,
				   u8 revision, int *best);
void rv_xt_put(const struct rv_handler *handler);

/* Pins the loggers of LOG, NFLOG and TRACE while the module is loaded; logs missing ones. */
void rv_loggers_get(void);
void rv_loggers_put(void);

int rv_sockopt_init(void);
void rv_sockopt_exit(void);

int rv_proc_add(struct net *net);
void rv_proc_remove(struct net *net);

/* Allocations held by the engine, in all namespaces. */
long rv_live_objects(void);

#endif
