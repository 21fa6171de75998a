/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connection tracking. A connection has two tuples, one per direction, each a node of one hash
 * table. Packets call rv_ct_in() after table raw and rv_ct_out() at their last hook.
 *
 * Connections are reference counted: the table and each packet hold a reference. Their memory
 * comes from a pool that is used for nothing else until the tracker is freed, so that lookups need
 * no lock: they take a reference unless the count is zero, and compare the tuple again.
 */
#ifndef RAVELIN_KERNEL_CT_H
#define RAVELIN_KERNEL_CT_H

#include "internal.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

enum rv_ct_dir { RV_CT_ORIGINAL, RV_CT_REPLY, RV_CT_DIRS };

#define RV_SECOND	1000000000ULL

/* Returns the direction of a packet; info: its enum ip_conntrack_info. */
static inline enum rv_ct_dir rv_ct_dir(uint8_t info)
{
	return info >= IP_CT_IS_REPLY ? RV_CT_REPLY : RV_CT_ORIGINAL;
}

/* ---- tuples ---------------------------------------------------------------------------- */

#define RV_TUPLE_WORDS	10

/*
 * What identifies one direction of a connection. Addresses are in network order, IPv4 in the first
 * word. ids: the two ports, in network order (ICMP: identifier, then type and code). kind: family,
 * protocol and zone.
 */
struct rv_tuple {
	union {
		struct {
			uint32_t src[4], dst[4];
			uint8_t ids[4];
			uint32_t kind;
		};
		uint32_t words[RV_TUPLE_WORDS];
	};
};

#define RV_KIND_REPLY	0x80	/* nodes only: the tuple of the reply direction */

static inline uint32_t rv_kind(uint8_t family, uint8_t proto, uint16_t zone)
{
	return family | (uint32_t)proto << 8 | (uint32_t)zone << 16;
}

static inline uint8_t rv_tuple_family(const struct rv_tuple *t)
{
	return t->kind & 0x7f;
}

static inline uint8_t rv_tuple_proto(const struct rv_tuple *t)
{
	return t->kind >> 8 & 0xff;
}

static inline uint16_t rv_tuple_zone(const struct rv_tuple *t)
{
	return t->kind >> 16;
}

/* Sets *t to a packet's tuple, without zone. Returns RVK_CT_VALID, or why the packet has none. */
enum rvk_ct_why rv_tuple_of(const struct rv_pkt *pkt, struct rv_tuple *t);
/*
 * Sets *t to the tuple of the packet that an ICMP error quotes at offset off. *inner stays valid
 * after the return, except its data.
 */
enum rvk_ct_why rv_tuple_quoted(const struct rv_pkt *pkt, uint32_t off, struct rv_tuple *t,
				struct rv_pkt *inner);
/* Sets *reply to the tuple that replies to *t have. Returns false if there are no replies to *t. */
bool rv_tuple_invert(const struct rv_tuple *t, struct rv_tuple *reply);

/* Returns the SipHash-2-4 (Aumasson, Bernstein) of n words; n must be even. */
uint64_t rv_siphash(const uint32_t *words, unsigned int n, const uint64_t key[2]);

/* ---- connections ------------------------------------------------------------------------ */

struct rv_node {
	struct rv_node *next;		/* or an end marker */
	struct rv_tuple tuple;
};

/* One end of a TCP connection. */
struct rv_tcp_end {
	uint32_t end;			/* highest sequence number sent, plus one */
	uint32_t max_end;		/* highest that the other end's window allows */
	uint32_t max_win;		/* largest window offered; 0: none seen */
	uint32_t max_ack;		/* highest acknowledgement sent */
	uint8_t scale;			/* shift count of its windows (RFC 7323) */
	uint8_t flags;			/* IP_CT_TCP_FLAG_* */
};

struct rv_tcp {
	struct rv_tcp_end ends[RV_CT_DIRS];
	uint32_t last_seq, last_ack, last_end;
	uint16_t last_win;
	uint8_t state;			/* enum tcp_conntrack */
	uint8_t last_dir;
	uint8_t last_kind;		/* enum rv_tcp_kind */
	uint8_t last_scale, last_flags;	/* options of the SYN that was ignored last */
	uint8_t repeats;		/* consecutive equal segments */
};

struct rv_conn {
	struct rv_node nodes[RV_CT_DIRS];
	uint32_t refs;
	uint32_t status;		/* IPS_* */
	uint64_t expires;		/* nanoseconds: a duration until confirmed, then a time */
	uint32_t mark;
	uint16_t zone;
	uint8_t zone_dirs;		/* bits: directions whose tuple has the zone */
	uint32_t serial;		/* serial number in the tracker, from 1 */
	uint64_t started;		/* nanoseconds since 1970 */
	uint64_t packets[RV_CT_DIRS], bytes[RV_CT_DIRS];
	uint64_t labels[2];
	union {
		struct rv_tcp tcp;
		uint64_t stream_from;	/* UDP: time from which the connection counts as a stream */
	} proto;
};

/* Several threads access status and expires without a lock. */
static inline uint32_t rv_conn_status(const struct rv_conn *c)
{
	return __atomic_load_n(&c->status, __ATOMIC_ACQUIRE);
}

/* Returns whether this call set the bit. */
static inline bool rv_conn_set(struct rv_conn *c, uint32_t bit)
{
	return !(__atomic_fetch_or(&c->status, bit, __ATOMIC_ACQ_REL) & bit);
}

#define rv_relaxed(p)		__atomic_load_n(&(p), __ATOMIC_RELAXED)
#define rv_set_relaxed(p, v)	__atomic_store_n(&(p), (v), __ATOMIC_RELAXED)

/* Returns a copy of the connection's tuple for a direction, without RV_KIND_REPLY. */
static inline struct rv_tuple rv_conn_tuple(const struct rv_conn *c, enum rv_ct_dir dir)
{
	struct rv_tuple t;

	for (unsigned int i = 0; i < RV_TUPLE_WORDS; i++)
		t.words[i] = rv_relaxed(c->nodes[dir].tuple.words[i]);
	t.kind &= ~(uint32_t)RV_KIND_REPLY;
	return t;
}

/* ---- trackers ----------------------------------------------------------------------------- */

/*
 * Timeouts in seconds. TCP has one for each state (enum tcp_conntrack), RETRANS for repeated
 * segments and closed windows, and UNACK for data that is not acknowledged.
 */
enum rv_ct_timeout {
	RV_CT_UDP = TCP_CONNTRACK_TIMEOUT_MAX,
	RV_CT_UDP_STREAM,
	RV_CT_ICMP, RV_CT_ICMPV6,
	RV_CT_GRE, RV_CT_GRE_STREAM,
	RV_CT_DCCP,
	RV_CT_GENERIC,
	RV_CT_TIMEOUTS,
};

/* Settings, named like net.netfilter.nf_conntrack_*. */
struct rv_ct_config {
	uint32_t max;			/* connections */
	uint32_t buckets;		/* a power of two */
	uint32_t timeouts[RV_CT_TIMEOUTS];
	uint8_t tcp_max_retrans;
	bool tcp_loose, tcp_be_liberal, tcp_ignore_invalid_rst;
	bool checksum, acct, timestamp;
};

extern const struct rv_ct_config rv_ct_defaults;

/* Statistics, counted separately by each slot (CPU or thread). */
struct rv_ct_stat {
	__u64 found, invalid[RVK_CT_WHYS], insert, insert_failed, clash, drop, early_drop,
		chain_too_long;
};

struct rv_buckets;

struct rv_ct {
	struct rv_ct_config config;
	struct rv_pool *pool;
	struct rv_buckets *now;
	struct rv_buckets *before;	/* being emptied by a resize, or NULL */
	uint64_t key[2], id_key[2];
	uint32_t count;
	uint32_t made;			/* last serial number */
	uint32_t lock_mask;
	uint32_t gc_next;		/* bucket at which rv_ct_gc() continues */
	struct rv_ct_stat *stats;	/* indexed by slot */
	unsigned int slots;
};

/* config->buckets must be a power of two. Returns NULL if out of memory. */
struct rv_ct *rv_ct_new(const struct rv_ct_config *config, unsigned int slots);
/* Frees the tracker. No packet may still hold a reference to a connection. */
void rv_ct_free(struct rv_ct *ct);

/*
 * Finds or creates the connection of a packet and updates it. Sets pkt->track. Returns NF_ACCEPT,
 * or NF_DROP if memory ran out or the table is full.
 */
unsigned int rv_ct_in(struct rv_ct *ct, struct rv_pkt *pkt);
/* At the packet's last hook: adds a new connection to the table. Returns NF_ACCEPT or NF_DROP. */
unsigned int rv_ct_out(struct rv_ct *ct, struct rv_pkt *pkt);
/* Drops the packet's reference. */
void rv_ct_leave(struct rv_ct *ct, struct rv_pkt *pkt);

/* ---- table: ct_table.c ----------------------------------------------------------------------- */

uint64_t rv_ct_now(void);
uint32_t rv_ct_hash(const struct rv_ct *ct, const struct rv_tuple *t);
/*
 * Finds the connection that has the tuple in one of the directions dirs (bits), takes a reference
 * and sets *dir to that direction. Returns NULL if there is none. Removes expired connections.
 */
struct rv_conn *rv_ct_find(struct rv_ct *ct, const struct rv_tuple *t, unsigned int dirs,
			   enum rv_ct_dir *dir);
/*
 * Allocates a connection that is not in the table, with one reference and the zone of the tuples.
 * Returns NULL if the table is full and nothing could be evicted, or memory ran out.
 */
struct rv_conn *rv_conn_new(struct rv_ct *ct, const struct rv_tuple *original,
			    const struct rv_tuple *reply);
void rv_conn_put(struct rv_ct *ct, struct rv_conn *c);

enum rv_confirmed { RV_CONFIRMED, RV_CONFIRM_CLASH, RV_CONFIRM_FAILED };
/*
 * Inserts a connection into the table. Returns CLASH if another connection has one of the tuples;
 * *winner is then that connection, with a reference.
 */
enum rv_confirmed rv_ct_confirm(struct rv_ct *ct, struct rv_conn *c, struct rv_conn **winner);
/* Removes a connection. Returns false if another call already did. */
bool rv_ct_kill(struct rv_ct *ct, struct rv_conn *c);
/* Removes expired connections from n buckets, continuing where the last call ended. */
void rv_ct_gc(struct rv_ct *ct, uint32_t n);
/* Changes the number of buckets, a power of two. Sleeps; callers serialise. Returns 0 or -Exxx. */
int rv_ct_resize(struct rv_ct *ct, uint32_t buckets);
/*
 * Calls fn for each connection until it returns nonzero, and returns that value. fn must not
 * sleep. Connections added or removed meanwhile may be skipped. Serialise with rv_ct_resize().
 */
int rv_ct_each(struct rv_ct *ct, int (*fn)(struct rv_conn *c, void *arg), void *arg);
uint32_t rv_ct_count(const struct rv_ct *ct);
uint32_t rv_ct_buckets(const struct rv_ct *ct);
/* Returns an id to show to users: not guessable, and constant while the connection exists. */
uint32_t rv_conn_id(const struct rv_ct *ct, const struct rv_conn *c);
/* Serialises changes of c->proto. */
void rv_conn_lock(const struct rv_ct *ct, const struct rv_conn *c);
void rv_conn_unlock(const struct rv_ct *ct, const struct rv_conn *c);

/* Returns the sums over all slots. */
struct rv_ct_stat rv_ct_stat(const struct rv_ct *ct);
/* Adds one to a counter of the current slot. */
#define rv_ct_count_one(ct, field)						\
	do {									\
		unsigned int slot_ = rv_read_begin();				\
										\
		rv_add(&(ct)->stats[slot_].field, 1);				\
		rv_read_end();							\
	} while (0)

/* ---- protocols -------------------------------------------------------------------------------- */

/* What a protocol's packet function returns. */
enum rv_ct_verdict {
	RV_CT_PASS,			/* valid */
	RV_CT_INVALID,			/* *why is set */
	RV_CT_AGAIN,			/* the connection was removed: look up again */
	RV_CT_DROP,
};

/* A packet being processed by rv_ct_in(). */
struct rv_ct_step {
	struct rv_ct *ct;
	struct rv_pkt *pkt;
	struct rv_conn *conn;
	uint8_t info;			/* enum ip_conntrack_info */
	enum rvk_ct_why why;
	uint64_t now;
};

static inline bool rv_conn_confirmed(const struct rv_conn *c)
{
	return rv_conn_status(c) & IPS_CONFIRMED;
}

/* Sets the timeout, in seconds, unless it is fixed, and counts the packet. */
void rv_ct_refresh(const struct rv_ct_step *s, uint32_t seconds);
void rv_ct_account(const struct rv_ct_step *s);

/* A tracked protocol: a row of the table in ct_small.c. The last row is for all other protocols. */
struct rv_ct_proto {
	uint8_t proto;
	uint8_t family;			/* NFPROTO_UNSPEC: both */
	uint8_t header;			/* bytes that must be present */
	uint8_t timeout, stream;	/* enum rv_ct_timeout, before and after replies */
	/* Runs before the connection lookup. Returns RVK_CT_VALID or an error. May be NULL. */
	enum rvk_ct_why (*check)(const struct rv_ct *ct, const struct rv_pkt *pkt);
	/* Updates s->conn. NULL: each packet is valid and sets the timeout from the row. */
	enum rv_ct_verdict (*packet)(struct rv_ct_step *s, const struct rv_ct_proto *row);
	const char *name;
};

const struct rv_ct_proto *rv_ct_proto(uint8_t family, uint8_t proto);
/* Returns whether the transport checksum is wrong; pseudo: it covers a pseudo-header. */
bool rv_ct_sum_is_wrong(const struct rv_ct *ct, const struct rv_pkt *pkt, bool pseudo);
enum rvk_ct_why rv_ct_tcp_check(const struct rv_ct *ct, const struct rv_pkt *pkt);
enum rv_ct_verdict rv_ct_tcp(struct rv_ct_step *s, const struct rv_ct_proto *row);
bool rv_ct_tcp_closing(const struct rv_tcp *tcp);
/* Returns whether the connection is being closed, so that it may be evicted. */
bool rv_ct_closing(const struct rv_conn *c);

/* Kinds of segments: the rows of the state table in ct_tcp.c. */
enum rv_tcp_kind { RV_TCP_SYN, RV_TCP_SYNACK, RV_TCP_FIN, RV_TCP_ACK, RV_TCP_RST, RV_TCP_NONE, RV_TCP_KINDS };
/* Cells of the state table that are not a state. */
enum { RV_TCP_IGNORE = TCP_CONNTRACK_MAX, RV_TCP_INVALID };
uint8_t rv_tcp_next(enum rv_ct_dir dir, enum rv_tcp_kind kind, unsigned int state);
/* Returns "ESTABLISHED", ... */
const char *rv_tcp_state_name(unsigned int state);
/* Returns the name of the connection's state, or NULL if its protocol has no states. */
const char *rv_conn_state_name(const struct rv_conn *c);
const char *rv_ct_why_name(enum rvk_ct_why why);

#endif
