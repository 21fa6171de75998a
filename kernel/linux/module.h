/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of kernel/linux/ know of each other: the state of a network namespace, the
 * engine's packet in a socket buffer, and who registers what.
 */
#ifndef RAVELIN_KERNEL_MODULE_H
#define RAVELIN_KERNEL_MODULE_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "engine/engine.h"

struct net;

#define RV_FAMILIES	2

/* A table's place at the hooks, from its first replacement to the end of the namespace. */
struct rv_hooked {
	struct rv_engine *engine;
	enum rv_table_id id;
	unsigned int count;
	struct nf_hook_ops ops[RVK_HOOKS];
};

/* A network namespace. */
struct rv_net {
	struct mutex mutex;		/* calls are made one at a time */
	struct rv_engine *engine;
	struct rv_hooked *hooked[RV_FAMILIES][RV_TABLES];
	/* Tables with rules, chains or a policy that drops: bits of 1 << (family * RV_TABLES + id). */
	u32 busy;
};

struct rv_net *rv_net(const struct net *net);

/* 0 for IPv4, 1 for IPv6. */
static inline unsigned int rv_family_index(u8 family)
{
	return family == NFPROTO_IPV6;
}

/* A packet of the engine that lies in a socket buffer; on the stack of a hook. */
struct rv_skb {
	struct rv_pkt pkt;
	struct sk_buff *skb;
	const struct nf_hook_state *state;
};

static inline struct rv_skb *rv_skb(const struct rv_pkt *pkt)
{
	return container_of(pkt, struct rv_skb, pkt);
}

/* Fills in s; -EINVAL if the packet is malformed. */
int rv_skb_begin(struct rv_skb *s, struct sk_buff *skb, const struct nf_hook_state *state);
/* Writes back to the buffer what the engine keeps in the packet: mark, priority, trace. */
void rv_skb_store(const struct rv_pkt *pkt);
/* Reads it, and where the bytes are, anew: someone else had the buffer. */
void rv_skb_load(struct rv_pkt *pkt);
extern const struct rv_pkt_ops rv_skb_ops;

/* Operations of a packet with files of their own. */
void rv_skb_reject(struct rv_pkt *pkt, unsigned int with);
void rv_skb_log(const struct rv_pkt *pkt, const struct rv_log *log);
void rv_skb_trace(const struct rv_pkt *pkt, const struct rv_trace_step *trace);
u8 rv_skb_addrtype(const struct rv_pkt *pkt, const u8 *addr, enum rv_iface on);
u32 rv_skb_mtu(const struct rv_pkt *pkt, bool reverse);

/* Puts a table at its hooks; struct rv_engine_ops.table_made. */
int rv_hooks_add(struct rv_engine *engine, u8 family, enum rv_table_id id);
/* Takes all of a namespace from the hooks; packets may be in them until a grace period has passed. */
void rv_hooks_remove(struct net *net);
void rv_hooks_free(struct net *net);

/* Matches and targets of the kernel; struct rv_engine_ops.get and put. */
const struct rv_handler *rv_xt_get(struct rv_engine *engine, u8 kind, u8 family, const char *name,
				   u8 revision, int *best);
void rv_xt_put(const struct rv_handler *handler);

/* The loggers of LOG, NFLOG and TRACE are kept as long as the module is there; one that is lacking is told. */
void rv_loggers_get(void);
void rv_loggers_put(void);

int rv_sockopt_init(void);
void rv_sockopt_exit(void);

int rv_proc_add(struct net *net);
void rv_proc_remove(struct net *net);

/* Pieces of memory that the engine holds, in all namespaces. */
long rv_live_objects(void);

#endif
