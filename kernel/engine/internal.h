/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the engine share. Not for others. */
#ifndef RAVELIN_KERNEL_INTERNAL_H
#define RAVELIN_KERNEL_INTERNAL_H

#include "engine.h"

#include <linux/in.h>
#include <linux/in6.h>

#define RV_COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* A pointer that is exchanged while others read it. */
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

static inline void rv_put_be16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value & 0xff;
}

/* Corrects an internet checksum for 16 bits of what it covers (RFC 1624, equation 3). */
void rv_csum_replace(uint8_t *check, uint16_t from, uint16_t to);

/* Protocols whose header begins with two ports. */
static inline bool rv_has_ports(uint16_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
	       proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

/* Are all packets of the rule of this protocol? */
static inline bool rv_ip_is_proto(const struct rvk_ip *ip, uint16_t proto)
{
	return ip->flags & RVK_IP_PROTO && ip->proto == proto && !(ip->invert & RVK_INV_PROTO);
}

/* Length of an address. */
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

/* The ports of a TCP header are not believed before all of it is there. */
static inline uint32_t rv_port_header(const struct rv_pkt *pkt)
{
	return pkt->proto == IPPROTO_TCP ? RV_TCP_HEADER : 8;
}

/*
 * The two ports of the transport header, if all that the matches of ports want of it is in the
 * linear part; NULL: it is not, or there is none.
 */
static inline const uint8_t *rv_pkt_ports(const struct rv_pkt *pkt)
{
	if (!rv_has_ports(pkt->proto) || pkt->fragoff || pkt->thoff > pkt->linear ||
	    rv_port_header(pkt) > pkt->linear - pkt->thoff)
		return NULL;
	return pkt->data + pkt->thoff;
}

/* len bytes of the transport header. NULL: there is none, or (hotdrop) the packet ends within. */
const void *rv_pkt_transport(struct rv_pkt *pkt, uint32_t off, uint32_t len, void *buf);

/* ---- selectors ---------------------------------------------------------------------- */

#define RV_VALUES_LEN	40	/* the options of a TCP header, one byte each */

/* What a selector loads: n values of its length, one behind the other. */
struct rv_values {
	const uint8_t *at;
	unsigned int n;
	uint8_t buf[RV_VALUES_LEN];
};

/* False: the packet has no such field. */
bool rv_load(struct rv_pkt *pkt, unsigned int sel, struct rv_values *v);

/* NULL if the predicate is right for the family, or why not. room: bytes up to the end of the data. */
uint16_t rv_predicate_check(const struct rvk_predicate *p, uint32_t room, uint8_t family);
bool rv_predicate_true(struct rv_pkt *pkt, const struct rvk_predicate *p);
bool rv_selector_known(uint32_t sel, uint8_t family);

/* ---- matches that say predicates ---------------------------------------------------- */

#define RV_SAID_MAX	(4 * sizeof(struct rvk_predicate) +				\
			 RVK_PREDICATE_LIST * sizeof(struct rvk_interval))

/* The predicates that data stands for. */
struct rv_said {
	uint32_t size;			/* of them, bytes */
	uint32_t reserved;
	uint8_t predicates[RV_SAID_MAX];
};

/* rv_handler.arg of such a match: says the predicates of a->data. 0 or -Exxx. */
struct rv_says {
	int (*say)(const struct rv_check_ctx *a, struct rv_said *said);
};

/* Appends one; value and other may be NULL (zeros). len: of the selector. */
struct rvk_predicate *rv_say(struct rv_said *said, unsigned int sel, unsigned int op, bool negate,
			     unsigned int len, const void *value, const void *other);
/* Adds an interval to p, the last one said, whose op is RVK_OP_IN. */
void rv_say_interval(struct rv_said *said, struct rvk_predicate *p, const void *from,
		     const void *to);

/* check, match and destroy of such a match. */
int rv_said_check(struct rv_check_ctx *a);
bool rv_said_match(struct rv_pkt *pkt, const void *data, void *state);
void rv_state_free(const void *data, void *state);

#define RV_SAYS(fn)	.check = rv_said_check, .match = rv_said_match, .destroy = rv_state_free, \
			.arg = &(const struct rv_says){ (fn) }

/* ---- rows of matches and targets ------------------------------------------------------ */

/* info: the struct of its data; sees: RV_READS(), or NULL. */
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

/* ---- what outlives tables ----------------------------------------------------------------- */

/* A keyed hash that who sends packets or names chains cannot foresee. */
uint32_t rv_hash(const void *data, size_t len, const uint32_t key[2]);

/* Something that packets made known, at the start of what is kept of it. */
struct rv_cached {
	struct rv_cached *next;		/* in its bucket */
	struct rv_cached *older, *newer;	/* by last use; a ring with the cache's head */
	uint32_t bucket;
	uint32_t bytes;			/* of all of it */
};

/* A cache of such, bounded by who adds to it, who also has the lock. */
struct rv_cache {
	struct rv_cached **buckets;
	uint32_t size, count;
	uint32_t key[2];
	struct rv_cached ring;
	struct rv_payer *payer;
	uint64_t *used;			/* bytes that packets fill in the whole engine */
};

/* -ENOMEM. size: of buckets. rv_cache_free() is due either way. */
int rv_cache_init(struct rv_cache *s, uint32_t size, struct rv_engine *e);
/*
 * Memory for one that may be added, zeroed; without the lock. NULL: there is none, or packets fill
 * rv_packet_memory already. And back, if it was not added; NULL is fine.
 */
void *rv_cache_alloc(const struct rv_cache *s, size_t size);
void rv_cache_give_back(const struct rv_cache *s, void *spare);
/* Frees all of it. */
void rv_cache_free(struct rv_cache *s);
uint32_t rv_cache_bucket(const struct rv_cache *s, const void *key, size_t len);
/* The newest one from now on. */
void rv_cache_add(struct rv_cache *s, struct rv_cached *k, uint32_t bucket);
void rv_cache_use(struct rv_cache *s, struct rv_cached *k);
/* Frees one of them. */
void rv_cache_forget(struct rv_cache *s, struct rv_cached *k);

/* NULL: it is empty. */
static inline struct rv_cached *rv_cache_oldest(const struct rv_cache *s)
{
	return s->count ? s->ring.newer : NULL;
}

/*
 * State that rules share by a name, in all tables of an engine, and which a table hands on to
 * the one that replaces it: the hash tables of hashlimit, the lists of recent. Like all that is made
 * and freed with tables, names are looked up by one call at a time.
 */
struct rv_named {
	struct rv_named *next;
	uint32_t users;
	uint8_t family;
	char name[256];
	struct rv_lock lock;		/* guards what is below and what its kind adds */
	uint32_t max;			/* of what packets make known */
	struct rv_cache cache;
};

enum rv_names_id { RV_NAMES_HASHLIMIT, RV_NAMES_RECENT, RV_NAMES };

#define RV_NAME_BUCKETS	256

struct rv_named_list {
	uint32_t key[2];
	struct rv_named *buckets[RV_NAME_BUCKETS];
};

/* Bytes that packets fill in it. */
uint64_t *rv_engine_used(struct rv_engine *e);
/* Those of an engine. */
struct rv_named_list *rv_engine_names(struct rv_engine *e, enum rv_names_id id);

/* The one of that name, with one more user, or NULL. */
struct rv_named *rv_named_get(struct rv_named_list *names, uint8_t family, const char *name);
/* Makes one known, with one user. */
void rv_named_add(struct rv_named_list *names, struct rv_named *named, uint8_t family,
		  const char *name);
/* True: that was the last user; it is nobody's any more. */
bool rv_named_put(struct rv_named_list *names, struct rv_named *named);

/* ---- tables --------------------------------------------------------------------------- */

/* The match or target of an element, with what it keeps. */
struct rv_instance {
	const struct rv_handler *handler;
	void *state;
	const void *data;
	bool foreign;			/* goes back to ops->put */
};

/* What belongs to one CPU or thread. */
struct rv_slot {
	struct rvk_counters *counters;	/* by entry */
	bool ran;			/* it has counted something */
};

/* Of a slot that is about to count. */
static inline void rv_slot_runs(struct rv_slot *slot)
{
	if (!__atomic_load_n(&slot->ran, __ATOMIC_RELAXED))
		__atomic_store_n(&slot->ran, true, __ATOMIC_RELEASE);
}

/* What can show quickly that an entry does not fit (prefilter.c). All zeros but offset and span: nothing can. */
struct rv_key {
	uint32_t offset;		/* of the entry */
	uint32_t value, mask;		/* of four bytes of an address, as they stand in the packet */
	uint16_t port, span;		/* destination ports: the first, how many more */
	uint8_t at;			/* those bytes in the network header */
	uint8_t proto;			/* 0: any */
};

/* A checked table. Nothing in it changes but counters and states. */
struct rv_rules {
	struct rv_engine *engine;
	const struct rv_engine_table_def *def;
	struct rvk_table head;
	uint8_t *blob;			/* head.size bytes of entries */
	struct rv_key *keys;		/* by entry */
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

/* Next one in memory; of the last one it points behind the table. */
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

/* Bits of rvk_entry.uses: what of the IP part is to be looked at. */
enum {
	RV_USE_SRC = 1 << 0,
	RV_USE_DST = 1 << 1,
	RV_USE_IN = 1 << 2,
	RV_USE_OUT = 1 << 3,
	RV_USE_PROTO = 1 << 4,
	RV_USE_FRAG = 1 << 5,
	RV_USE_MATCHES = 1 << 6,	/* there are some */
};

/* Fills in the refusal's reason (and stage, by the check that is under way). Returns error. */
int rv_refuse(struct rvk_refusal *why, uint16_t reason, int error);

/*
 * Makes a table of a header with its entries behind it, which stay the caller's. The header's name and
 * family are right. NULL and *error, *why if it is refused.
 */
struct rv_rules *rv_rules_new(struct rv_engine *e, const struct rv_engine_table_def *def,
			      const struct rvk_table *head, struct rvk_refusal *why, int *error);
void rv_rules_free(struct rv_rules *r);

/* Layout, chains and jumps (check.c). hooks: for each entry the base chains that lead to it; the caller's. */
int rv_rules_check(struct rv_rules *r, uint32_t *hooks, struct rvk_refusal *why);
/* Matches and targets (handlers.c): fills in uses. */
int rv_parts_make(struct rv_rules *r, const uint32_t *hooks, struct rvk_refusal *why);
/* The table is about to be put in its place. */
void rv_parts_begin(struct rv_rules *r);
void rv_parts_free(struct rv_rules *r);
/* Of a table whose parts are made (prefilter.c). */
int rv_keys_make(struct rv_rules *r, struct rvk_refusal *why);

unsigned int rv_rules_run(struct rv_rules *r, unsigned int slot, struct rv_pkt *pkt,
			  struct rv_record *record);

/* Chain and number of an entry, for people who trace: number 0 is the policy or the end. */
void rv_rules_where(const struct rv_rules *r, const struct rvk_entry *e, struct rv_trace_step *trace);

/* The definition of that name, or NULL. */
const struct rv_engine_table_def *rv_engine_table_find(const char name[RVK_TABLE_LEN]);

/* What an engine was made with. */
unsigned int rv_engine_slots(const struct rv_engine *e);
const struct rv_engine_ops *rv_engine_ops(const struct rv_engine *e);

/* Counters are written by one CPU and read by all. */
static inline void rv_count_more(struct rvk_counters *c, uint64_t packets, uint64_t bytes)
{
	rv_add(&c->packets, packets);
	rv_add(&c->bytes, bytes);
}

static inline void rv_count(struct rvk_counters *c, uint32_t bytes)
{
	rv_count_more(c, 1, bytes);
}

/* What an entry has counted by now, with what it started from. */
struct rvk_counters rv_counters_of(const struct rv_rules *r, const struct rvk_entry *e);

/* A text that ends within len bytes, with nothing behind its NUL. */
bool rv_name_valid(const char *name, unsigned int len, bool empty);

/* ---- registry ----------------------------------------------------------------------------- */

/*
 * The match or target of a name, kept until it is put back. NULL, and *best is the highest
 * revision known, -1 if the name is not.
 */
const struct rv_handler *rv_handler_get(uint8_t kind, uint8_t family, const char *name,
					uint8_t revision, int *best);
void rv_handler_put(const struct rv_handler *h);

/* Ends with a NULL name. One per file of matches or targets; the registry lists them. */
extern struct rv_handler rv_matches_header[], rv_matches_transport[], rv_matches_packet[],
	rv_matches_limit[], rv_matches_hashlimit[], rv_matches_recent[], rv_matches_string[],
	rv_matches_time[], rv_matches_u32[], rv_matches_owner[];
extern struct rv_handler rv_targets_header[], rv_targets_packet[], rv_targets_log[],
	rv_targets_reject[], rv_targets_tcpmss[];

#endif
