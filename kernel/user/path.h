/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path of a packet through the base chains of a host: which hooks call which tables, in what
 * order, and what becomes of the packet between them. Who runs packets says where they go.
 */
#ifndef RAVELIN_KERNEL_PATH_H
#define RAVELIN_KERNEL_PATH_H

#include "user.h"

/* Which way a packet goes; one over loopback has both of the first two. */
enum {
	RV_PATH_IN = 1 << 0,
	RV_PATH_OUT = 1 << 1,
	RV_PATH_THROUGH = 1 << 2,
};

/* The hooks that packets of a host pass, in order, and which packets. Ends with directions 0. */
struct rv_path_hook {
	uint8_t hook;			/* NF_INET_* */
	unsigned int directions;
};
extern const struct rv_path_hook rv_path_hooks[];

/* "PREROUTING", ... */
extern const char *const rv_path_names[RVK_HOOKS];

/*
 * The hook, and the interfaces that it knows of (linux/netfilter.h, struct nf_hook_state):
 * POSTROUTING, of a forwarded packet, that it came in by. in, out: 16 bytes or NULL.
 */
void rv_path_enter(struct rv_pkt *pkt, uint8_t hook, const char *in, const char *out, bool forwarded);

/*
 * What a router does before FORWARD is called (RFC 1812, 5.3.1): the time to live goes down by
 * one. False: it drops the packet.
 */
bool rv_path_forward(struct rv_pkt *pkt);

/* ---- a whole path ------------------------------------------------------------------------ */

/* Where a packet goes from PREROUTING or OUTPUT. */
enum rv_route {
	RV_ROUTE_LOCAL,			/* to this host */
	RV_ROUTE_AWAY,			/* out by an interface */
	RV_ROUTE_DROP,			/* nowhere: no route, or one that forbids it */
};

struct rv_path;

struct rv_path_ops {
	/* Of a table at a hook that it has. The module's tables and nf_tables' differ (security). */
	int16_t (*priority)(enum rv_table_id id, uint8_t hook);
	/* Before a table is run; false: it is not called (table nat, but for a connection's first packet). */
	bool (*table)(struct rv_path *path, enum rv_table_id id);
	/* What it decided; NF_ACCEPT goes on. May change the packet (translate it). */
	unsigned int (*decided)(struct rv_path *path, enum rv_table_id id, unsigned int verdict);
	/* Where the packet goes now. Sets path->out. OUTPUT was routed before; it may have changed it. */
	enum rv_route (*route)(struct rv_path *path);
};

struct rv_path {
	struct rv_engine *engine;
	struct rv_pkt *pkt;
	struct rv_record *record;	/* of the table that is run; or NULL */
	const struct rv_path_ops *ops;
	void *arg;
	char in[16], out[16];		/* interfaces; "" is none */
	bool local_out;			/* it starts at OUTPUT: this host sends it */
	/* Written: */
	bool forwarded;
	bool delivered;			/* it has passed INPUT */
};

/* Returns NF_*, of the last table or route. */
unsigned int rv_path_run(struct rv_path *path);

#endif
