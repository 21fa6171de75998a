/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: validates, replaces and runs the tables of include/uapi/ravelin.h. The same code is
 * used in the module and in user space.
 *
 * A struct rv_engine has the tables of one network namespace. Any number of threads may run packets
 * concurrently (readers). Calls that read or replace tables must be serialised by the caller with a
 * mutex per engine, and may sleep.
 */
#ifndef RAVELIN_KERNEL_ENGINE_H
#define RAVELIN_KERNEL_ENGINE_H

#include "port.h"

#include <linux/netfilter.h>

#include <uapi/ravelin.h>

struct rv_engine;
struct rv_pkt;

/* ---- packets -------------------------------------------------------------------- */

/* Parameters of LOG and NFLOG. */
struct rv_log {
	const char *prefix;		/* "" for none */
	bool netlink;			/* NFLOG, else LOG */
	uint8_t level;			/* LOG: syslog level */
	uint8_t flags;			/* LOG: NF_LOG_* of linux/netfilter/nf_log.h */
	uint16_t group;			/* NFLOG */
	uint16_t threshold;		/* NFLOG: packets per message */
	uint32_t copy_len;		/* NFLOG: bytes of the packet, if limited */
	bool limited;
};

/* One step of a traced packet. */
struct rv_trace_step {
	const char *table, *chain;
	const char *what;		/* "rule", "return", "policy" */
	uint32_t number;		/* position of the rule in its chain, from 1 */
};

/* Which of the packet's interfaces. */
enum rv_iface { RV_IFACE_ANY, RV_IFACE_IN, RV_IFACE_OUT };

/*
 * Access to a packet. Offsets are relative to the network header. All functions except pull may be
 * NULL: the packet then has no such property (no socket, no bridge, no way to answer).
 */
struct rv_pkt_ops {
	/* Returns len bytes at off, in place or copied to buf; NULL: beyond the end. */
	const void *(*pull)(const struct rv_pkt *pkt, uint32_t off, uint32_t len, void *buf);
	/*
	 * Makes the first len bytes writable and contiguous in pkt->data, and updates ->linear.
	 * Invalidates earlier pointers. NULL: failed, drop the packet.
	 */
	uint8_t *(*writable)(struct rv_pkt *pkt, uint32_t len);
	/*
	 * Appends len zero bytes, updates pkt->len, and makes the whole packet writable. NULL: as
	 * above.
	 */
	uint8_t *(*expand)(struct rv_pkt *pkt, uint32_t len);
	/* Credentials of the sending socket's file; false: none. */
	bool (*owner)(const struct rv_pkt *pkt, uint32_t *uid, uint32_t *gid);
	/* Whether a supplementary group of that file is between min and max. */
	bool (*in_group)(const struct rv_pkt *pkt, uint32_t min, uint32_t max);
	/* RTN_* of an address (network order, 4 or 16 bytes), for one interface or all. */
	uint8_t (*addrtype)(const struct rv_pkt *pkt, const uint8_t *addr, enum rv_iface on);
	/* Received Ethernet header, 14 bytes, or NULL. */
	const uint8_t *(*ether)(const struct rv_pkt *pkt);
	/* Input and output bridge ports, 16 bytes each or NULL; false: not bridged. */
	bool (*bridge)(const struct rv_pkt *pkt, const char **in, const char **out, bool *bridged);
	/* Sends the reply of REJECT: enum ipt_reject_with or ip6t_reject_with. */
	void (*reject)(struct rv_pkt *pkt, unsigned int with);
	void (*log)(const struct rv_pkt *pkt, const struct rv_log *log);
	void (*trace)(const struct rv_pkt *pkt, const struct rv_trace_step *trace);
	/* MTU of the path to the destination, or with reverse to the source; 0: unknown. */
	uint32_t (*mtu)(const struct rv_pkt *pkt, bool reverse);
};

#define RV_PROTO_NONE	0xffff		/* no transport header found */

struct rv_conn;

#define RV_CT_UNTRACKED	7	/* IP_CT_UNTRACKED, which linux/netfilter does not export */

/* What connection tracking knows about a packet. */
struct rv_track {
	struct rv_conn *conn;		/* holds a reference; NULL: INVALID or UNTRACKED */
	uint8_t info;			/* enum ip_conntrack_info, or RV_CT_UNTRACKED */
	uint8_t why;			/* enum rvk_ct_why: why the packet is INVALID */
	/* Set by target CT: */
	uint8_t zone_dirs;		/* bits: directions that the zone applies to; 0: none */
	bool zone_is_mark;		/* the zone is the mark that the packet has when tracked */
	uint16_t zone;
};

/*
 * A packet being run. The caller sets the first part and calls rv_pkt_parse(). mark, priority and
 * trace are authoritative during the run: ops that show the packet to others write them back first,
 * the caller does at the end.
 */
struct rv_pkt {
	const struct rv_pkt_ops *ops;
	void *port;			/* the port layer's packet (struct sk_buff) */
	struct rv_track track;
	const uint8_t *data;		/* starts with the network header */
	uint32_t linear;		/* bytes readable at data */
	uint32_t len;			/* of the packet, from the network header */
	const char *in, *out;		/* interfaces, 16 bytes each, or NULL */
	uint32_t mark, priority;
	uint8_t family;			/* NFPROTO_IPV4, NFPROTO_IPV6 */
	uint8_t hook;			/* NF_INET_* */
	uint8_t pkttype;		/* PACKET_* of linux/if_packet.h */
	bool partial;			/* the transport checksum covers only the pseudo header
					 * (CHECKSUM_PARTIAL) */
	bool trace;
	/* Set by rv_pkt_parse(): */
	bool hotdrop;			/* malformed: drop the packet */
	uint16_t proto;			/* of transport, or RV_PROTO_NONE */
	bool fragment;			/* the first one or a later one */
	uint16_t fragoff;		/* in units of 8 bytes; nonzero: no transport header */
	uint32_t thoff;			/* of the transport header */
};

/*
 * Finds the transport header (RFC 791; RFC 8200: after hop-by-hop, routing, fragment, destination
 * and AH headers). Returns 0, or -EINVAL if the network header is malformed; drop the packet then.
 */
int rv_pkt_parse(struct rv_pkt *pkt);

/* ops->pull with a fast path for linear data. */
static inline const void *rv_pkt_pull(const struct rv_pkt *pkt, uint32_t off, uint32_t len,
				      void *buf)
{
	if (off <= pkt->linear && len <= pkt->linear - off)
		return pkt->data + off;
	return pkt->ops->pull(pkt, off, len, buf);
}

/* ---- values ------------------------------------------------------------------------ */

/* Byte order of a value: N, H and S of selectors.def. */
enum rv_value_order { RV_VALUE_N, RV_VALUE_H, RV_VALUE_S };
/* Whether a value of p->len bytes satisfies p, ignoring negation. */
bool rv_value_fits(const struct rvk_predicate *p, enum rv_value_order order, const uint8_t *x);

/*
 * Value i (from 0) of a selector (enum rvk_sel) of the packet, as predicates compare it. Returns
 * its length; 0: no such value.
 */
unsigned int rv_pkt_value(struct rv_pkt *pkt, unsigned int sel, unsigned int i, uint8_t value[16]);

/* ---- recording ------------------------------------------------------------------- */

/* Inputs of handlers other than selectors; continues enum rvk_sel. */
enum rv_look {
	RV_READS_PAYLOAD = RVK_SEL_COUNT,	/* arbitrary bytes of the packet: u32, string */
	RV_READS_STATE,		/* earlier packets: limit, hashlimit, recent, statistic */
	RV_READS_RANDOM,
	RV_READS_TIME,
	RV_READS_OPAQUE,		/* unknown: a match or target of the kernel */
	RV_READS_COUNT,
};

/* A set of selectors and enum rv_look. */
struct rv_looked {
	uint64_t bits[(RV_READS_COUNT + 63) / 64];
};

static inline void rv_look(struct rv_looked *looked, unsigned int what)
{
	looked->bits[what / 64] |= 1ULL << what % 64;
}

static inline bool rv_has_looked(const struct rv_looked *looked, unsigned int what)
{
	return looked->bits[what / 64] >> what % 64 & 1;
}

/* Initialiser for rv_handler.reads. */
#define RV_READS(...)	((const uint16_t[]){ __VA_ARGS__, RVK_SEL_NONE })

/* A rule whose matches were all true, a policy, or the end of a user chain. */
struct rv_step {
	uint32_t table;		/* RV_TABLE_* */
	uint32_t entry;		/* index of the entry in the table */
	int32_t verdict;	/* RVK_*, or offset of a jump; a target's verdict as -NF_* - 1 */
	uint32_t bytes;		/* length of the packet as added to the counter */
};

/* The first test of an entry that failed. */
enum rv_miss_what {
	RV_MISS_SRC, RV_MISS_DST, RV_MISS_IN, RV_MISS_OUT, RV_MISS_PROTO, RV_MISS_FRAG,
	RV_MISS_PREDICATE,	/* one of a list: element and predicate are set */
	RV_MISS_MATCH,		/* a match: element is set */
};

struct rv_miss {
	uint32_t table;		/* RV_TABLE_* */
	uint32_t entry;		/* index of the entry in the table */
	enum rv_miss_what what;
	const struct rvk_entry *rule;		/* the entry itself */
	const struct rvk_element *element;	/* PREDICATE, MATCH: of the rule; else NULL */
	const struct rvk_predicate *predicate;	/* PREDICATE; else NULL */
};

/* Callbacks of a recorded run. Functions may be NULL. */
struct rv_observer {
	void (*miss)(void *arg, struct rv_pkt *pkt, const struct rv_miss *miss);
	/* An entry whose matches were all true, with its target's verdict. */
	void (*hit)(void *arg, struct rv_pkt *pkt, const struct rv_step *step);
	void (*end)(void *arg, struct rv_pkt *pkt, unsigned int verdict);	/* NF_* */
	void *arg;
};

/* Optional recording of a run; zeroed by the caller. */
struct rv_record {
	const struct rv_observer *observer;	/* or NULL */
	struct rv_looked looked;
	struct rv_step *path;			/* array of the caller with cap elements */
	uint32_t cap, len;			/* len may exceed cap: steps beyond cap are only
						 * counted */
};

/* ---- matches and targets ------------------------------------------------------------ */

/* Arguments and results of a check. */
struct rv_check_ctx {
	struct rv_engine *engine;
	uint8_t family;
	uint8_t revision;
	const char *table;		/* name */
	uint32_t hooks;			/* base chains it is reached from, bits of 1 << NF_INET_* */
	const struct rvk_entry *entry;
	const char *name;
	const void *data;		/* in the entry; valid as long as state */
	uint32_t size;
	const struct rv_handler *handler;
	void *state;			/* out */
	uint16_t reason;		/* out: RVK_WHY_*; 0: RVK_WHY_CHECK */
};

#define RV_ANY_SIZE	0xffffffffU

/* Result of a target other than NF_*: continue with the next rule. */
#define RV_CONTINUE	0xffffffffU

/*
 * A match or target.
 *
 * check is called before a table that uses it is activated, and may sleep. It returns 0 or -Exxx
 * and stores per-rule state in state; it must not change the data or anything shared between rules,
 * because the table may still be refused. begin, called just before activation, may. destroy frees
 * state. Functions other than match or target may be NULL.
 */
struct rv_handler {
	const char *name;
	uint8_t kind;			/* RVK_KIND_MATCH or RVK_KIND_TARGET */
	uint8_t family;			/* NFPROTO_*, NFPROTO_UNSPEC: both */
	uint8_t revision;
	uint32_t size;			/* of the data, before padding to 8; or RV_ANY_SIZE */
	const char *tables;		/* "raw mangle"; NULL: all */
	uint32_t hooks;			/* base chains it is restricted to; 0: all */
	uint16_t proto;			/* required protocol of the rule; 0: any */
	bool tracks;			/* only in engines that track connections themselves */
	const uint16_t *reads;		/* RV_READS(), selectors and enum rv_look; NULL: none,
					 * the match is constant */
	int (*check)(struct rv_check_ctx *a);
	void (*begin)(const void *data, void *state);
	void (*destroy)(const void *data, void *state);
	bool (*match)(struct rv_pkt *pkt, const void *data, void *state);
	/* Returns NF_* (with arguments in the upper bits, as hook functions do) or RV_CONTINUE. */
	unsigned int (*target)(struct rv_pkt *pkt, const void *data, void *state);
	const void *arg;		/* private to check */
	void *module;			/* module that registered it, pinned while in use */
	struct rv_handler *next;	/* used by the registry */
	uint32_t users;			/* used by the registry */
};

/*
 * Makes a handler available to entries. The struct remains owned by the caller, who must not change
 * it until it is unregistered. -EEXIST: same name, revision and family. Exported to other modules.
 */
int rv_register_match(struct rv_handler *m);
int rv_register_target(struct rv_handler *t);
/*
 * Unregisters a handler. -EBUSY: in use by tables, still registered. After 0, nothing calls it any
 * more. If rv_handler.module is set, it cannot be busy when that module is unloaded.
 */
int rv_unregister_match(struct rv_handler *m);
int rv_unregister_target(struct rv_handler *t);

/*
 * Pin and release rv_handler.module. Set once by the module before anything else; NULL: no modules.
 */
struct rv_module_ops {
	bool (*get)(void *module);
	void (*put)(void *module);
};
void rv_engine_modules(const struct rv_module_ops *ops);

/* Capacity of a list of recent, read when the list is created. */
extern unsigned int rv_recent_entries;

/* Limit in bytes of state allocated for packets (hashlimit, recent), per engine. */
extern uint64_t rv_packet_memory;

/*
 * Minimum number of rules of a chain that is compiled into a lookup; read when a table is replaced.
 * 0: compiles no chain. 1, for tests: compiles each chain that can be, into all structures (hashes
 * and tree) even where a linear walk would be cheaper.
 */
extern unsigned int rv_lookup_rules;

/* An address in a list of recent. */
struct rv_recent {
	const char *list;
	const uint8_t *addr;		/* 16 bytes; IPv4 uses the first four */
	uint8_t family, ttl;
	uint32_t hits;			/* time stamps stored */
	uint64_t ago;			/* nanoseconds since last seen */
};

/* ---- engines ------------------------------------------------------------------------- */

enum rv_table_id {
	RV_TABLE_RAW,
	RV_TABLE_MANGLE,
	RV_TABLE_NAT,
	RV_TABLE_FILTER,
	RV_TABLE_SECURITY,
	RV_TABLES,
};

struct rv_engine_table_def {
	const char *name;
	uint32_t hooks;			/* bits of 1 << NF_INET_* */
	int16_t priority[RVK_HOOKS];	/* index NF_INET_*: NF_IP_PRI_*, the same for IPv6 */
};
extern const struct rv_engine_table_def rv_engine_tables[RV_TABLES];

struct rv_engine_ops {
	/*
	 * Looks up a match or target the engine does not have. The struct belongs to the port layer
	 * and is returned with put, once per get. NULL: not found; *best is the highest revision,
	 * or -1. May be NULL.
	 */
	const struct rv_handler *(*get)(struct rv_engine *e, uint8_t kind, uint8_t family,
					const char *name, uint8_t revision, int *best);
	void (*put)(const struct rv_handler *h);
	/* A rule tests bridge ports: enable whatever provides them. May be NULL. */
	void (*bridge_needed)(struct rv_engine *e);
	/*
	 * Whether the caller's user namespace owns the network namespace. Only then do the user and
	 * group IDs that the caller writes in rules name the same users here. NULL means true.
	 */
	bool (*has_users)(struct rv_engine *e);
	/*
	 * Called when a table of the family comes into existence, before it is run. Returns 0, or
	 * -Exxx to refuse it: -EOPNOTSUPP for table nat if the kernel has no NAT.
	 */
	int (*table_made)(struct rv_engine *e, uint8_t family, enum rv_table_id id);
};

/* slots: 1 + the largest result of rv_read_begin(). NULL: out of memory. */
struct rv_engine *rv_engine_new(const struct rv_engine_ops *ops, void *context,
				unsigned int slots);
/* No packet may be running. */
void rv_engine_free(struct rv_engine *e);
/*
 * Makes the engine track connections itself; call it before any table is added. Rules can then use
 * the matches and targets on connections, and the caller must pass each packet to rv_ct_in() and
 * rv_ct_out() (ct.h). Returns 0 or -ENOMEM.
 */
struct rv_ct_config;
struct rv_ct;
int rv_engine_track(struct rv_engine *e, const struct rv_ct_config *config);
/* Returns the engine's tracker, or NULL if it does not track connections. */
struct rv_ct *rv_engine_ct(const struct rv_engine *e);
/* The context passed to rv_engine_new() (struct net). */
void *rv_engine_context(const struct rv_engine *e);

/*
 * ABI calls, RVK_SO_*. buf has *len bytes; calls that return data set *len, at most to its old
 * value. On error, *len bytes of buf must be returned to the caller too (rvk_replace.refusal).
 * Returns 0 or -Exxx.
 */
int rv_engine_call(struct rv_engine *e, unsigned int option, void *buf, uint32_t *len);

/*
 * Runs a packet through a table, with pkt->hook set. Returns NF_ACCEPT, NF_DROP, NF_QUEUE or
 * NF_STOLEN. A table that does not exist accepts. record may be NULL.
 */
unsigned int rv_engine_run(struct rv_engine *e, enum rv_table_id id, struct rv_pkt *pkt,
			   struct rv_record *record);

/*
 * Calls fn for each address of each list of recent, least recently seen first. fn must not sleep.
 * Serialise like ABI calls.
 */
void rv_recent_each(struct rv_engine *e, void (*fn)(const struct rv_recent *r, void *arg),
		    void *arg);
/*
 * '+' adds or refreshes an address, '-' removes it, '/' clears the list. -ENOENT: no such list or
 * address.
 */
int rv_recent_edit(struct rv_engine *e, const char *list, char what, uint8_t family,
		   const uint8_t addr[16]);

/* State allocated for packets: a hashlimit table or a list of recent. */
struct rv_filled {
	const char *match, *name;
	uint8_t family;			/* NFPROTO_UNSPEC: both */
	uint32_t entries, max;
};
void rv_engine_filled(struct rv_engine *e, void (*fn)(const struct rv_filled *f, void *arg),
		      void *arg);

struct rv_engine_stat {
	uint64_t generation;		/* 0: never replaced */
	uint32_t entries, chains, parts;
	uint32_t depth;			/* maximum nesting depth of jumps */
	uint32_t lookups;		/* compiled chains */
	uint64_t size;			/* of the entries, bytes */
	uint64_t memory;		/* total bytes, without per-rule state */
};
void rv_engine_stat(struct rv_engine *e, uint8_t family, enum rv_table_id id,
		    struct rv_engine_stat *stat);

#endif
