/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Path of a packet through a host's base chains: order of hooks and tables, and processing between
 * hooks. The caller makes the routing decision.
 */
#ifndef RAVELIN_KERNEL_PATH_H
#define RAVELIN_KERNEL_PATH_H

#include "user.h"

/* Direction of a packet; over loopback both. */
enum {
	RV_PATH_IN = 1 << 0,
	RV_PATH_OUT = 1 << 1,
	RV_PATH_THROUGH = 1 << 2,
};

/* Hooks in order, with the directions of packets that traverse them. Ends with directions 0. */
struct rv_path_hook {
	uint8_t hook;			/* NF_INET_* */
	unsigned int directions;
};
extern const struct rv_path_hook rv_path_hooks[];

/* "PREROUTING", ... */
extern const char *const rv_path_names[RVK_HOOKS];

/*
 * Sets the hook, and the interfaces that the hook has (linux/netfilter.h, struct nf_hook_state;
 * POSTROUTING has the input interface of forwarded packets). in, out: 16 bytes, or NULL.
 */
void rv_path_enter(struct rv_pkt *pkt, uint8_t hook, const char *in, const char *out, bool forwarded);

/*
 * Decrements the TTL or hop limit, as a router does before FORWARD (RFC 1812, 5.3.1). Returns false
 * if the packet is dropped.
 */
bool rv_path_forward(struct rv_pkt *pkt);

/* ---- complete path ------------------------------------------------------------------------ */

/* Where a packet goes from PREROUTING or OUTPUT. */
enum rv_route {
	RV_ROUTE_LOCAL,			/* to this host */
	RV_ROUTE_AWAY,			/* through an interface */
	RV_ROUTE_DROP,			/* no route, or a prohibiting one */
};

struct rv_path;

struct rv_path_ops {
	/* Priority of a table at a hook; security's differs between the module and nf_tables. */
	int16_t (*priority)(enum rv_table_id id, uint8_t hook);
	/* Called before a table; false skips it, as table nat for packets of known connections. */
	bool (*table)(struct rv_path *path, enum rv_table_id id);
	/* Called with a table's verdict; returns the verdict to use. May translate the packet. */
	unsigned int (*decided)(struct rv_path *path, enum rv_table_id id, unsigned int verdict);
	/*
	 * Makes the routing decision; sets path->out. Called again after OUTPUT, which may change
	 * the packet.
	 */
	enum rv_route (*route)(struct rv_path *path);
};

struct rv_path {
	struct rv_engine *engine;
	struct rv_pkt *pkt;
	struct rv_record *record;	/* of the current table, or NULL */
	const struct rv_path_ops *ops;
	void *arg;
	char in[16], out[16];		/* interfaces; "" is none */
	bool local_out;			/* sent by this host: the path starts at OUTPUT */
	/* Results: */
	bool forwarded;
	bool delivered;			/* passed INPUT */
	bool expired;			/* not forwarded: TTL or hop limit used up */
};

/* Returns the verdict, NF_*, of the last table or of the routing decision. */
unsigned int rv_path_run(struct rv_path *path);

#endif
