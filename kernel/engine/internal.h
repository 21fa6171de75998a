/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internals shared by the files of the engine. */
#ifndef RAVELIN_KERNEL_INTERNAL_H
#define RAVELIN_KERNEL_INTERNAL_H

#include "engine.h"

#include <linux/in.h>
#include <linux/in6.h>

#define RV_COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Access to a pointer that is replaced concurrently. */
#define rv_deref(p)		__atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rv_publish(p, value)	__atomic_store_n(&(p), (value), __ATOMIC_RELEASE)

/* ---- bytes of packets ------------------------------------------------------------- */

static inline uint16_t rv_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t rv_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t rv_be64(const uint8_t *p)
{
	return (uint64_t)rv_be32(p) << 32 | rv_be32(p + 4);
}

static inline void rv_put_be16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value & 0xff;
}

/* Updates an internet checksum after a change of 16 bits (RFC 1624, equation 3). */
void rv_csum_replace(uint8_t *check, uint16_t from, uint16_t to);

/* Returns whether this is an IPv6 extension header that may precede the transport header. */
bool rv_ipv6_extension(uint8_t next);
/* Returns the length in bytes of an IPv6 extension header; second: its second byte. */
uint32_t rv_ipv6_extension_length(uint8_t kind, uint8_t second);

/* Protocols whose header starts with the two ports. */
static inline bool rv_has_ports(uint16_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
	       proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

/* Whether the rule matches only packets of this protocol. */
static inline bool rv_ip_is_proto(const struct rvk_ip *ip, uint16_t proto)
{
	return ip->flags & RVK_IP_PROTO && ip->proto == proto && !(ip->invert & RVK_INV_PROTO);
}

/* Length of an address in bytes. */
static inline unsigned int rv_addr_len(uint8_t family)
{
	return family == NFPROTO_IPV4 ? 4 : 16;
}

static inline const uint8_t *rv_pkt_addr(const struct rv_pkt *pkt, bool dst)
{
	if (pkt->family == NFPROTO_IPV4)
		return pkt->data + (dst ? 16 : 12);
	return pkt->data + (dst ? 24 : 8);
}

#define RV_TCP_HEADER	20

/* Bytes that must be present before ports are read: for TCP the whole header. */
static inline uint32_t rv_port_header(const struct rv_pkt *pkt)
{
	return pkt->proto == IPPROTO_TCP ? RV_TCP_HEADER : 8;
}

/* Ports of the transport header, if everything the port matches require is linear; else NULL. */
static inline const uint8_t *rv_pkt_ports(const struct rv_pkt *pkt)
{
	if (!rv_has_ports(pkt->proto) || pkt->fragoff || pkt->thoff > pkt->linear ||
	    rv_port_header(pkt) > pkt->linear - pkt->thoff)
		return NULL;
	return pkt->data + pkt->thoff;
}

/* len bytes of the transport header. NULL: no transport header, or (with hotdrop set) truncated. */
const void *rv_pkt_transport(struct rv_pkt *pkt, uint32_t off, uint32_t len, void *buf);

/* ---- selectors ---------------------------------------------------------------------- */

#define RV_VALUES_LEN	40	/* TCP options, one byte each */

/* Values of a selector: n values, consecutive. */
struct rv_values {
	const uint8_t *at;
	unsigned int n;
	uint8_t buf[RV_VALUES_LEN];
};

/* False: the packet has no such field. */
bool rv_load(struct rv_pkt *pkt, unsigned int sel, struct rv_values *v);

/*
 * Validates a predicate for the family. Returns 0 or the reason, RVK_WHY_*. room: bytes to the end
 * of the data.
 */
uint16_t rv_predicate_check(const struct rvk_predicate *p, uint32_t room, uint8_t family);
bool rv_predicate_true(struct rv_pkt *pkt, const struct rvk_predicate *p);
bool rv_selector_known(uint32_t sel, uint8_t family);
/* Returns whether loading the selector never drops a packet whose transport header is complete. */
bool rv_selector_harmless(uint32_t sel);

/* ---- matches that translate to predicates --------------------------------------------- */

#define RV_SAID_MAX	(4 * sizeof(struct rvk_predicate) +				\
			 RVK_PREDICATE_LIST * sizeof(struct rvk_interval))

/* The predicates that a struct translates to. */
struct rv_said {
	uint32_t size;			/* total, bytes */
	uint32_t reserved;
	uint8_t predicates[RV_SAID_MAX];
};

/* rv_handler.arg of such a match: translates a->data. 0 or -Exxx. */
struct rv_says {
	int (*say)(const struct rv_check_ctx *a, struct rv_said *said);
};

/* Appends a predicate; value and other may be NULL (zeros). len: of the selector. */
struct rvk_predicate *rv_say(struct rv_said *said, unsigned int sel, unsigned int op, bool negate,
			     unsigned int len, const void *value, const void *other);
/* Appends an interval to p, the last predicate, whose op is RVK_OP_IN. */
void rv_say_interval(struct rv_said *said, struct rvk_predicate *p, const void *from,
		     const void *to);

/* check, match and destroy of such a match. */
int rv_said_check(struct rv_check_ctx *a);
bool rv_said_match(struct rv_pkt *pkt, const void *data, void *state);
void rv_state_free(const void *data, void *state);

#define RV_SAYS(fn)	.check = rv_said_check, .match = rv_said_match, .destroy = rv_state_free, \
			.arg = &(const struct rv_says){ (fn) }

/* ---- rows of matches and targets ------------------------------------------------------ */

/* info: struct of the data; sees: RV_READS(), or NULL. */
#define RV_MATCH_ROW(what, fam, rev, info, sees, ...)				\
	{									\
		.name = (what), .kind = RVK_KIND_MATCH, .family = (fam),	\
		.revision = (rev), .size = sizeof(info), .reads = (sees), __VA_ARGS__, \
	}
#define RV_TARGET_ROW(what, fam, rev, info, ...)				\
	{									\
		.name = (what), .kind = RVK_KIND_TARGET, .family = (fam),	\
		.revision = (rev), .size = sizeof(info), __VA_ARGS__,		\
	}

/* ---- state that outlives tables ----------------------------------------------------------- */

/* A keyed hash, so that senders of packets cannot provoke collisions. */
uint32_t rv_hash(const void *data, size_t len, const uint32_t key[2]);

/* Header of an entry of a cache. */
struct rv_cached {
	struct rv_cached *next;		/* next in the hash bucket */
	struct rv_cached *older, *newer;	/* LRU list, circular through the cache's head */
	uint32_t bucket;
	uint32_t bytes;			/* size of the entry */
};

/* A cache of state created by packets. The caller limits its size and holds the lock. */
struct rv_cache {
	struct rv_cached **buckets;
	uint32_t size, count;
	uint32_t key[2];
	struct rv_cached ring;
	struct rv_payer *payer;
	uint64_t *used;			/* bytes used in the whole engine */
};

/* size: number of buckets. Returns 0 or -ENOMEM; call rv_cache_free() in either case. */
int rv_cache_init(struct rv_cache *s, uint32_t size, struct rv_engine *e);
/*
 * Allocates a zeroed entry, without holding the lock; NULL: out of memory, or rv_packet_memory is
 * exhausted. The other frees one that was not added; NULL is allowed.
 */
void *rv_cache_alloc(const struct rv_cache *s, size_t size);
void rv_cache_give_back(const struct rv_cache *s, void *spare);
/* Frees all entries and buckets. */
void rv_cache_free(struct rv_cache *s);
uint32_t rv_cache_bucket(const struct rv_cache *s, const void *key, size_t len);
/* Adds an entry as most recently used. */
void rv_cache_add(struct rv_cache *s, struct rv_cached *k, uint32_t bucket);
void rv_cache_use(struct rv_cache *s, struct rv_cached *k);
/* Removes and frees an entry. */
void rv_cache_forget(struct rv_cache *s, struct rv_cached *k);

/* Least recently used entry; NULL: empty. */
static inline struct rv_cached *rv_cache_oldest(const struct rv_cache *s)
{
	return s->count ? s->ring.newer : NULL;
}

/*
 * Named state shared by rules of all tables of an engine, and kept when a table is replaced:
 * hashlimit tables and lists of recent. Lookups are serialised like all calls that change tables.
 */
struct rv_named {
	struct rv_named *next;
	uint32_t users;
	uint8_t family;
	char name[256];
	struct rv_lock lock;		/* protects the fields below and those of the containing
					 * struct */
	uint32_t max;			/* maximum number of entries */
	struct rv_cache cache;
};

enum rv_names_id { RV_NAMES_HASHLIMIT, RV_NAMES_RECENT, RV_NAMES };

#define RV_NAME_BUCKETS	256

struct rv_named_list {
	uint32_t key[2];
	struct rv_named *buckets[RV_NAME_BUCKETS];
};

/* Bytes of packet state, for accounting. */
uint64_t *rv_engine_used(struct rv_engine *e);
/* The list of an engine. */
struct rv_named_list *rv_engine_names(struct rv_engine *e, enum rv_names_id id);

/* Finds a name and takes a reference, or NULL. */
struct rv_named *rv_named_get(struct rv_named_list *names, uint8_t family, const char *name);
/* Adds a name, with one reference. */
void rv_named_add(struct rv_named_list *names, struct rv_named *named, uint8_t family,
		  const char *name);
/* Drops a reference. True: it was the last, and the caller must free it. */
bool rv_named_put(struct rv_named_list *names, struct rv_named *named);

/* ---- tables --------------------------------------------------------------------------- */

/* Handler and state of an element. */
struct rv_instance {
	const struct rv_handler *handler;
	void *state;
	const void *data;
	bool foreign;			/* return it with ops->put */
};

/* Data of one CPU or thread. */
struct rv_slot {
	struct rvk_counters *counters;	/* indexed by entry */
	bool ran;			/* some counter may be nonzero */
};

/* Marks a slot whose counters are about to change. */
static inline void rv_slot_runs(struct rv_slot *slot)
{
	if (!__atomic_load_n(&slot->ran, __ATOMIC_RELAXED))
		__atomic_store_n(&slot->ran, true, __ATOMIC_RELEASE);
}

/* Prefilter of an entry (prefilter.c). All zero except offset and span: no prefilter. */
struct rv_key {
	uint32_t offset;		/* of the entry */
	uint32_t value, mask;		/* of four bytes of an address, as in the packet */
	uint16_t port, span;		/* destination ports: first, and number of further ones */
	uint8_t at;			/* offset of those bytes in the network header */
	uint8_t proto;			/* 0: any */
	uint16_t lookup;		/* 1 + index of the chain's lookup; 0: none */
};

/* A validated table. Only counters and states change. */
struct rv_rules {
	struct rv_engine *engine;
	const struct rv_engine_table_def *def;
	struct rvk_table head;
	uint8_t *blob;			/* head.size bytes of entries */
	struct rv_key *keys;		/* indexed by entry */
	struct rv_lookup **lookups;	/* of long chains (lookup.h) */
	uint32_t nlookups, most_lookups;
	struct rv_instance *uses;
	struct rv_slot *slots;
	uint32_t nuses, nslots;
	uint32_t nchains, depth;
	uint64_t memory;
};

static inline const struct rvk_entry *rv_entry_at(const struct rv_rules *r, uint32_t off)
{
	return (const struct rvk_entry *)(const void *)(r->blob + off);
}

static inline uint32_t rv_entry_offset(const struct rv_rules *r, const struct rvk_entry *e)
{
	return (uint32_t)((const uint8_t *)e - r->blob);
}

/* Next entry in memory; after the last one, the end of the table. */
static inline const struct rvk_entry *rv_entry_next(const struct rvk_entry *e)
{
	return (const struct rvk_entry *)(const void *)((const uint8_t *)e + e->next);
}

static inline const struct rvk_element *rv_entry_target(const struct rvk_entry *e)
{
	return (const struct rvk_element *)(const void *)((const uint8_t *)e + e->target);
}

/* First match, or the target if there is none. */
static inline const struct rvk_element *rv_entry_elements(const struct rvk_entry *e)
{
	return (const struct rvk_element *)(const void *)(e + 1);
}

static inline const struct rvk_element *rv_element_next(const struct rvk_element *el)
{
	return (const struct rvk_element *)(const void *)((const uint8_t *)el + el->size);
}

static inline const struct rvk_verdict *rv_element_verdict(const struct rvk_element *el)
{
	return (const struct rvk_verdict *)(const void *)(el + 1);
}

/* Bits of rvk_entry.uses: which parts of the IP part to test. */
enum {
	RV_USE_SRC = 1 << 0,
	RV_USE_DST = 1 << 1,
	RV_USE_IN = 1 << 2,
	RV_USE_OUT = 1 << 3,
	RV_USE_PROTO = 1 << 4,
	RV_USE_FRAG = 1 << 5,
	RV_USE_MATCHES = 1 << 6,	/* it has matches */
};

/* Sets the refusal's reason, and the stage of the current check. Returns error. */
int rv_refuse(struct rvk_refusal *why, uint16_t reason, int error);

/*
 * Creates a table from a validated header and entries, which remain owned by the caller. NULL with
 * *error and *why set if refused.
 */
struct rv_rules *rv_rules_new(struct rv_engine *e, const struct rv_engine_table_def *def,
			      const struct rvk_table *head, struct rvk_refusal *why, int *error);
void rv_rules_free(struct rv_rules *r);

/*
 * Checks layout, chains and jumps (check.c). hooks: array of the caller, set per entry to the base
 * chains it is reached from.
 */
int rv_rules_check(struct rv_rules *r, uint32_t *hooks, struct rvk_refusal *why);
/* Creates matches and targets (handlers.c); sets uses. */
int rv_parts_make(struct rv_rules *r, const uint32_t *hooks, struct rvk_refusal *why);
/* Calls begin of all handlers, just before activation. */
void rv_parts_begin(struct rv_rules *r);
void rv_parts_free(struct rv_rules *r);
/* Creates the prefilter (prefilter.c) after the handlers. */
int rv_keys_make(struct rv_rules *r, struct rvk_refusal *why);
/* Compiles long chains (lookup.c) after the prefilter. */
int rv_lookups_make(struct rv_rules *r, struct rvk_refusal *why);
void rv_lookups_free(struct rv_rules *r);

unsigned int rv_rules_run(struct rv_rules *r, unsigned int slot, struct rv_pkt *pkt,
			  struct rv_record *record);

/* Chain and position of an entry, for tracing; 0 is the policy or the end of a chain. */
void rv_rules_where(const struct rv_rules *r, const struct rvk_entry *e, struct rv_trace_step *trace);

/* Definition of the table with that name, or NULL. */
const struct rv_engine_table_def *rv_engine_table_find(const char name[RVK_TABLE_LEN]);

/* Number of slots of an engine. */
unsigned int rv_engine_slots(const struct rv_engine *e);
const struct rv_engine_ops *rv_engine_ops(const struct rv_engine *e);

/* Counters have one writer, the CPU, and concurrent readers. */
static inline void rv_count_more(struct rvk_counters *c, uint64_t packets, uint64_t bytes)
{
	rv_add(&c->packets, packets);
	rv_add(&c->bytes, bytes);
}

static inline void rv_count(struct rvk_counters *c, uint32_t bytes)
{
	rv_count_more(c, 1, bytes);
}

/* Current counters of an entry, including its initial values. */
struct rvk_counters rv_counters_of(const struct rv_rules *r, const struct rvk_entry *e);

/* Whether name is terminated within len bytes and zero after its NUL. */
bool rv_name_valid(const char *name, unsigned int len, bool empty);

/* ---- registry ----------------------------------------------------------------------------- */

/*
 * Finds and pins a match or target that the engine may use. Returns NULL if there is none with this
 * revision; *best is then the highest revision, or -1 if the name is unknown.
 */
const struct rv_handler *rv_handler_get(const struct rv_engine *e, uint8_t kind, uint8_t family,
					const char *name, uint8_t revision, int *best);
void rv_handler_put(const struct rv_handler *h);

/* Arrays of handlers, ending with a NULL name, one per file; the registry lists them. */
extern struct rv_handler rv_matches_header[], rv_matches_transport[], rv_matches_packet[],
	rv_matches_limit[], rv_matches_hashlimit[], rv_matches_recent[], rv_matches_string[],
	rv_matches_time[], rv_matches_u32[], rv_matches_owner[], rv_matches_ct[];
extern struct rv_handler rv_targets_header[], rv_targets_packet[], rv_targets_log[],
	rv_targets_reject[], rv_targets_tcpmss[], rv_targets_ct[];

#endif
