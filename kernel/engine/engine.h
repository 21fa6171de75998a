/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: tables as include/uapi/ravelin.h describes them, checked, exchanged and run. It is
 * the same in the module and in programs.
 *
 * One struct rv_engine holds the tables of a network namespace. Packets are run through them by any number of
 * threads at once (readers); calls that change or read tables are made one at a time: the
 * caller has a mutex per engine for them, and may sleep.
 */
#ifndef RAVELIN_KERNEL_ENGINE_H
#define RAVELIN_KERNEL_ENGINE_H

#include "port.h"

#include <linux/netfilter.h>

#include <uapi/ravelin.h>

struct rv_engine;
struct rv_pkt;

/* ---- packets -------------------------------------------------------------------- */

/* What LOG and NFLOG say. */
struct rv_log {
	const char *prefix;		/* "" if none */
	bool netlink;			/* NFLOG; else LOG */
	uint8_t level;			/* LOG: as of syslog */
	uint8_t flags;			/* LOG: NF_LOG_* of linux/netfilter/nf_log.h */
	uint16_t group;			/* NFLOG */
	uint16_t threshold;		/* NFLOG: packets per message */
	uint32_t copy_len;		/* NFLOG: bytes of the packet; with limited */
	bool limited;
};

/* One step of a packet that is traced. */
struct rv_trace_step {
	const char *table, *chain;
	const char *what;		/* "rule", "return", "policy" */
	uint32_t number;		/* of the rule in its chain, from 1 */
};

/* An interface of the packet's. */
enum rv_iface { RV_IFACE_ANY, RV_IFACE_IN, RV_IFACE_OUT };

/*
 * How the engine reaches a packet. Offsets count from the network header. Functions may be
 * NULL but for pull: then the packet has no such thing (no socket, no bridge, nothing to answer to).
 */
struct rv_pkt_ops {
	/* len bytes at off, in place or copied to buf; NULL: the packet ends before. */
	const void *(*pull)(const struct rv_pkt *pkt, uint32_t off, uint32_t len, void *buf);
	/*
	 * Makes the first len bytes writable and pkt->data, ->linear point to them. NULL: it cannot
	 * be done, the packet is to be dropped. Pointers from before are void.
	 */
	uint8_t *(*writable)(struct rv_pkt *pkt, uint32_t len);
	/* Appends len bytes of zeros and adds to pkt->len; all of the packet is writable then. As above. */
	uint8_t *(*expand)(struct rv_pkt *pkt, uint32_t len);
	/* Ids of the file of the socket that sends the packet; false: there is none. */
	bool (*owner)(const struct rv_pkt *pkt, uint32_t *uid, uint32_t *gid);
	/* Is one of that file's further groups from min to max? */
	bool (*in_group)(const struct rv_pkt *pkt, uint32_t min, uint32_t max);
	/* RTN_* of an address (network order, 4 or 16 bytes) as routing sees it, on one interface or any. */
	uint8_t (*addrtype)(const struct rv_pkt *pkt, const uint8_t *addr, enum rv_iface on);
	/* The Ethernet header it came in with, 14 bytes, or NULL. */
	const uint8_t *(*ether)(const struct rv_pkt *pkt);
	/* Ports of the bridge it came in and goes out by, 16 bytes or NULL; false: no bridge has it. */
	bool (*bridge)(const struct rv_pkt *pkt, const char **in, const char **out, bool *bridged);
	/* Sends what REJECT answers: enum ipt_reject_with or ip6t_reject_with. */
	void (*reject)(struct rv_pkt *pkt, unsigned int with);
	void (*log)(const struct rv_pkt *pkt, const struct rv_log *log);
	void (*trace)(const struct rv_pkt *pkt, const struct rv_trace_step *trace);
	/* The MTU of the way to the packet's destination, or with reverse to its source; 0: not known. */
	uint32_t (*mtu)(const struct rv_pkt *pkt, bool reverse);
};

#define RV_PROTO_NONE	0xffff		/* no transport header can be found */

/*
 * A packet while it is run. The caller fills in the first part and calls rv_pkt_parse().
 * mark, priority and trace are the packet's own meanwhile: ops that show it to
 * others store them first, the caller stores them at the end.
 */
struct rv_pkt {
	const struct rv_pkt_ops *ops;
	void *port;			/* the port's packet (struct sk_buff) */
	void *ct;			/* connection tracking's; the engine only carries it */
	const uint8_t *data;		/* the network header */
	uint32_t linear;		/* bytes readable there */
	uint32_t len;			/* of the packet from the network header on */
	const char *in, *out;		/* interfaces, 16 bytes each, or NULL */
	uint32_t mark, priority;
	uint8_t family;			/* NFPROTO_IPV4, NFPROTO_IPV6 */
	uint8_t hook;			/* NF_INET_* */
	uint8_t pkttype;		/* PACKET_* of linux/if_packet.h */
	bool partial;			/* the transport checksum is that of the pseudo header yet */
	bool trace;
	/* Of rv_pkt_parse(): */
	bool hotdrop;			/* a match found it malformed: drop it */
	uint16_t proto;			/* of transport, or RV_PROTO_NONE */
	uint16_t fragoff;		/* in units of 8 bytes; not 0: there is no transport header */
	uint32_t thoff;			/* of the transport header */
};

/*
 * Finds the transport header (RFC 791; RFC 8200: behind hop-by-hop, routing, fragment,
 * destination and AH headers). 0, or -EINVAL if the network header is malformed: such a packet is dropped.
 */
int rv_pkt_parse(struct rv_pkt *pkt);

/* As ops->pull, quick where it can be. */
static inline const void *rv_pkt_pull(const struct rv_pkt *pkt, uint32_t off, uint32_t len,
				      void *buf)
{
	if (off <= pkt->linear && len <= pkt->linear - off)
		return pkt->data + off;
	return pkt->ops->pull(pkt, off, len, buf);
}

/* ---- values ------------------------------------------------------------------------ */

/* How the bytes of a value stand, as N, H and S of enum rvk_sel. */
enum rv_value_order { RV_VALUE_N, RV_VALUE_H, RV_VALUE_S };
/* Whether a value of p->len bytes is what p asks for, its negation aside. */
bool rv_value_fits(const struct rvk_predicate *p, enum rv_value_order order, const uint8_t *x);

/*
 * Value number i (from 0) of a selector (enum rvk_sel) of the packet, as predicates compare it. Its
 * bytes; 0: the packet has none.
 */
unsigned int rv_pkt_value(struct rv_pkt *pkt, unsigned int sel, unsigned int i, uint8_t value[16]);

/* ---- recording ------------------------------------------------------------------- */

/* What is looked at beyond selectors; continues enum rvk_sel. */
enum rv_look {
	RV_READS_PAYLOAD = RVK_SEL_COUNT,	/* bytes somewhere in the packet: u32, string */
	RV_READS_STATE,		/* what was before: limit, hashlimit, recent, statistic */
	RV_READS_RANDOM,
	RV_READS_TIME,
	RV_READS_OPAQUE,		/* whatever a match or target of the kernel looks at */
	RV_READS_COUNT,
};

/* A set of selectors and of enum rv_look. */
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

/* A list for rv_handler.reads. */
#define RV_READS(...)	((const uint16_t[]){ __VA_ARGS__, RVK_SEL_NONE })

/* A rule all of whose matches were true, a policy, or the end of a user chain. */
struct rv_step {
	uint32_t table;		/* RV_TABLE_* */
	uint32_t entry;		/* number of the entry in the table */
	int32_t verdict;	/* RVK_*, offset of a jump; a target's verdict as -NF_* - 1 */
	uint32_t bytes;		/* of the packet as the entry counted it */
};

/* The first test of an entry that failed. */
enum rv_miss_what {
	RV_MISS_SRC, RV_MISS_DST, RV_MISS_IN, RV_MISS_OUT, RV_MISS_PROTO, RV_MISS_FRAG,
	RV_MISS_PREDICATE,	/* of a list: element and predicate */
	RV_MISS_MATCH,		/* a match: element */
};

struct rv_miss {
	uint32_t table;		/* RV_TABLE_* */
	uint32_t entry;		/* number of the entry in the table */
	enum rv_miss_what what;
	const struct rvk_entry *rule;		/* the entry itself */
	const struct rvk_element *element;	/* PREDICATE, MATCH: of the rule; else NULL */
	const struct rvk_predicate *predicate;	/* PREDICATE; else NULL */
};

/* Told of a recorded run as it goes on. Functions may be NULL. */
struct rv_observer {
	void (*miss)(void *arg, struct rv_pkt *pkt, const struct rv_miss *miss);
	/* An entry all of whose matches were true, with the verdict of its target. */
	void (*hit)(void *arg, struct rv_pkt *pkt, const struct rv_step *step);
	void (*end)(void *arg, struct rv_pkt *pkt, unsigned int verdict);	/* NF_* */
	void *arg;
};

/* Given to a run by who wants to know; zeroed first. */
struct rv_record {
	const struct rv_observer *observer;	/* or NULL */
	struct rv_looked looked;
	struct rv_step *path;			/* the caller's, cap of them */
	uint32_t cap, len;			/* len may exceed cap: what does not fit is only counted */
};

/* ---- matches and targets ------------------------------------------------------------ */

/* What a check is told, and what it says. */
struct rv_check_ctx {
	struct rv_engine *engine;
	uint8_t family;
	uint8_t revision;
	const char *table;		/* name */
	uint32_t hooks;			/* base chains that lead to it: bits of 1 << NF_INET_* */
	const struct rvk_entry *entry;
	const char *name;
	const void *data;		/* as in the entry; stays there as long as state */
	uint32_t size;
	const struct rv_handler *handler;
	void *state;			/* out */
	uint16_t reason;		/* out: RVK_WHY_*; 0: RVK_WHY_CHECK */
};

#define RV_ANY_SIZE	0xffffffffU

/* What a target returns beside NF_*: on to the next rule. */
#define RV_CONTINUE	0xffffffffU

/*
 * A match or a target. check is called before a table with it is used, and may sleep; it returns 0
 * or -Exxx and makes what is needed beside the data, which it does not change: state. destroy
 * frees that. The table may still be refused: what rules share is not for check to change but for
 * begin, which is called just before the table is put in its place. Functions may be NULL, but for match or target. looks tells the recorder which
 * fields are read, by enum rvk_sel and enum rv_look.
 */
struct rv_handler {
	const char *name;
	uint8_t kind;			/* RVK_KIND_MATCH or RVK_KIND_TARGET */
	uint8_t family;			/* NFPROTO_*, NFPROTO_UNSPEC: both */
	uint8_t revision;
	uint32_t size;			/* of the data, before it is padded to 8; RV_ANY_SIZE */
	const char *tables;		/* "raw mangle"; NULL: all */
	uint32_t hooks;			/* base chains it may be used in; 0: all */
	uint16_t proto;			/* the rule must be of this protocol; 0: any */
	const uint16_t *reads;		/* RV_READS(); NULL: nothing */
	int (*check)(struct rv_check_ctx *a);
	void (*begin)(const void *data, void *state);
	void (*destroy)(const void *data, void *state);
	bool (*match)(struct rv_pkt *pkt, const void *data, void *state);
	/* Returns NF_* (with its argument in the upper bits, as hooks do) or RV_CONTINUE. */
	unsigned int (*target)(struct rv_pkt *pkt, const void *data, void *state);
	const void *arg;		/* for check */
	void *module;			/* of who registers it: kept while it is used */
	struct rv_handler *next;	/* the registry's */
	uint32_t users;			/* likewise */
};

/*
 * Adds to what entries can name; the struct stays the caller's and unchanged until it is taken out.
 * Not two of one name, revision and family: -EEXIST. Other modules call these.
 */
int rv_register_match(struct rv_handler *m);
int rv_register_target(struct rv_handler *t);
/*
 * Takes it out. -EBUSY if tables use it, and then it stays; when 0 is returned nobody is in it any more.
 * With a module that is kept while used it cannot be busy when the module goes.
 */
int rv_unregister_match(struct rv_handler *m);
int rv_unregister_target(struct rv_handler *t);

/* Keeps and lets go of rv_handler.module; the module gives these before anything else. NULL: no modules. */
struct rv_module_ops {
	bool (*get)(void *module);
	void (*put)(void *module);
};
void rv_engine_modules(const struct rv_module_ops *ops);

/* How many addresses a list of recent holds; read when a list is made. */
extern unsigned int rv_recent_entries;

/* Bytes that packets may fill in all tables of hashlimit and lists of recent of an engine. */
extern uint64_t rv_packet_memory;

/* An address in a list of recent. */
struct rv_recent {
	const char *list;
	const uint8_t *addr;		/* 16 bytes, of which IPv4 uses four */
	uint8_t family, ttl;
	uint32_t hits;			/* times that are remembered */
	uint64_t ago;			/* nanoseconds since it was last seen */
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
	int16_t priority[RVK_HOOKS];	/* by NF_INET_*: NF_IP_PRI_*, the same for IPv6 */
	bool no_rules;			/* only policies and empty chains, unless ops->does_nat */
};
extern const struct rv_engine_table_def rv_engine_tables[RV_TABLES];

struct rv_engine_ops {
	/*
	 * A match or target that the engine has not: the kernel's. The struct is the port's and is
	 * given back with put when no table uses it any more (one put for each get). NULL: there is
	 * none; *best is then the highest revision there is, or -1. May be NULL.
	 */
	const struct rv_handler *(*get)(struct rv_engine *e, uint8_t kind, uint8_t family,
					const char *name, uint8_t revision, int *best);
	void (*put)(const struct rv_handler *h);
	/* A rule asks for the ports of a bridge: whatever tells them is made to. May be NULL. */
	void (*bridge_needed)(struct rv_engine *e);
	/*
	 * Whether whoever makes the call has the users of the namespace, so that numbers in a rule mean who
	 * they mean to it. NULL: yes.
	 */
	bool (*has_users)(struct rv_engine *e);
	/*
	 * Whether rules in table nat are taken: then whoever runs packets knows when the table is
	 * asked and what its targets do. NULL: no.
	 */
	bool (*does_nat)(struct rv_engine *e);
	/* Called when a table of the family begins to exist, before it is run; 0 or -Exxx: then it does not. */
	int (*table_made)(struct rv_engine *e, uint8_t family, enum rv_table_id id);
};

/* slots: one more than the greatest number rv_read_begin() returns. NULL: no memory. */
struct rv_engine *rv_engine_new(const struct rv_engine_ops *ops, void *context,
				unsigned int slots);
/* No packet is in it any more. */
void rv_engine_free(struct rv_engine *e);
/* What it was made with (struct net). */
void *rv_engine_context(const struct rv_engine *e);

/*
 * The calls of the ABI, RVK_SO_*. buf holds *len bytes in and, for those that answer, *len out (at most as
 * many as in). On an error, too, what stands at the start of buf (rvk_replace.refusal) is to be given back:
 * *len says how much. Returns 0 or -Exxx.
 */
int rv_engine_call(struct rv_engine *e, unsigned int option, void *buf, uint32_t *len);

/*
 * Runs a packet, with pkt->hook, through a table. Returns NF_ACCEPT, NF_DROP, NF_QUEUE, NF_STOLEN.
 * A table that was never replaced accepts. record may be NULL.
 */
unsigned int rv_engine_run(struct rv_engine *e, enum rv_table_id id, struct rv_pkt *pkt,
			   struct rv_record *record);

/*
 * Lists of recent, for people; calls like those of the ABI. fn is called for each address, those not
 * seen for longest first, and does not sleep.
 */
void rv_recent_each(struct rv_engine *e, void (*fn)(const struct rv_recent *r, void *arg),
		    void *arg);
/* '+': the address is seen now; '-': forgotten; '/': all are. -ENOENT: there is no such list or address. */
int rv_recent_edit(struct rv_engine *e, const char *list, char what, uint8_t family,
		   const uint8_t addr[16]);

/* Something that packets fill: a table of hashlimit, a list of recent. */
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
	uint32_t depth;			/* of jumps */
	uint64_t size;			/* of the entries, bytes */
	uint64_t memory;		/* all of it, without what matches keep */
};
void rv_engine_stat(struct rv_engine *e, uint8_t family, enum rv_table_id id,
		    struct rv_engine_stat *stat);

#endif
