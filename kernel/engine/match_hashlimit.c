/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hashlimit: a rate limit per address, port or combination. Rules with the same name share a hash
 * table, which is kept when the rules are replaced.
 */
#include "internal.h"

#include <linux/netfilter/xt_hashlimit.h>

#define SECOND		1000000000ULL
#define MILLISECOND	1000000ULL
#define BUCKETS_DEFAULT	8192	/* default of xt_hashlimit with 1 GiB of memory */
#define BUCKETS_MAX	1048576
#define ENTRIES_MAX	(8 * BUCKETS_MAX)
#define EXPIRED_AT_ONCE	2	/* expired entries freed per packet */

#define PORTS		(XT_HASHLIMIT_HASH_DPT | XT_HASHLIMIT_HASH_SPT)
#define MODES		(XT_HASHLIMIT_HASH_DIP | XT_HASHLIMIT_HASH_SIP | PORTS | XT_HASHLIMIT_INVERT | \
			 XT_HASHLIMIT_BYTES | XT_HASHLIMIT_RATE_MATCH)

struct flow_key {
	uint8_t src[16], dst[16];
	uint16_t sport, dport;		/* network order */
};

struct flow_entry {
	struct rv_cached cached;
	struct flow_key key;
	uint64_t expires;		/* the same interval after each last use, so LRU order is
					 * expiry order */
	uint64_t last;			/* time of the last refill, or start of the window */
	uint64_t credit;		/* nanoseconds */
	uint64_t refills;		/* byte limits: remaining bursts */
	uint64_t passed;		/* rate matching: packets or bytes in this window */
	bool over;			/* rate matching: the previous window exceeded the rate */
};

/* Precomputed parameters; times in nanoseconds. */
struct rate {
	uint64_t cost, cap;		/* cost of a packet, or of 16 bytes */
	uint64_t per_second, burst;	/* rate matching: packets or bytes */
	uint64_t window;
};

struct table {
	struct rv_named named;
	struct hashlimit_cfg3 cfg;
	struct rate rate;
};

/* The three revisions in one form. */
struct state {
	struct rv_engine *engine;
	struct table *table;
	uint32_t mode;			/* of this rule */
};

static struct rv_named_list *names_of(struct rv_engine *e)
{
	return rv_engine_names(e, RV_NAMES_HASHLIMIT);
}

static struct table *table_of(struct rv_named *named)
{
	return (struct table *)(void *)((char *)named - offsetof(struct table, named));
}

/* ---- configurations -------------------------------------------------------------------------- */

#define COPY(to, from)								\
	do {									\
		(to)->mode = (from)->mode;					\
		(to)->avg = (from)->avg;					\
		(to)->burst = (from)->burst;					\
		(to)->size = (from)->size;					\
		(to)->max = (from)->max;					\
		(to)->gc_interval = (from)->gc_interval;			\
		(to)->expire = (from)->expire;					\
		(to)->srcmask = (from)->srcmask;				\
		(to)->dstmask = (from)->dstmask;				\
	} while (0)

/*
 * Converts the data of any revision. Returns its name; room: size of the name field; scale: units
 * per second.
 */
static const char *convert_info(const struct rv_check_ctx *a, struct hashlimit_cfg3 *cfg,
				size_t *room, uint32_t *scale)
{
	const struct xt_hashlimit_mtinfo1 *v1 = a->data;
	const struct xt_hashlimit_mtinfo2 *v2 = a->data;
	const struct xt_hashlimit_mtinfo3 *v3 = a->data;

	*cfg = (struct hashlimit_cfg3){ 0 };
	*scale = a->revision == 1 ? XT_HASHLIMIT_SCALE : XT_HASHLIMIT_SCALE_v2;
	switch (a->revision) {
	case 1:
		COPY(cfg, &v1->cfg);
		*room = sizeof(v1->name);
		return v1->name;
	case 2:
		COPY(cfg, &v2->cfg);
		*room = sizeof(v2->name);
		return v2->name;
	default:
		*cfg = v3->cfg;
		*room = sizeof(v3->name);
		return v3->name;
	}
}

static bool cfg_valid(const struct hashlimit_cfg3 *cfg, uint8_t family, uint8_t revision)
{
	uint32_t bits = 8 * rv_addr_len(family);
	uint32_t modes = revision == 3 ? MODES : MODES & ~XT_HASHLIMIT_RATE_MATCH;

	if (!cfg->gc_interval || !cfg->expire || cfg->size > BUCKETS_MAX ||
	    cfg->srcmask > bits || cfg->dstmask > bits || cfg->mode & ~modes)
		return false;
	if (cfg->mode & (XT_HASHLIMIT_RATE_MATCH | XT_HASHLIMIT_BYTES) && cfg->avg > UINT32_MAX)
		return false;
	return !(cfg->mode & XT_HASHLIMIT_RATE_MATCH) || (cfg->avg && cfg->interval);
}

/* Byte limits count units of 16 bytes; avg is the cost of a unit in 1/2^32 s. */
static int byte_rate(const struct hashlimit_cfg3 *cfg, struct rate *r)
{
	r->cost = cfg->avg * SECOND >> 32;
	r->cap = SECOND;
	return r->cost ? 0 : -EINVAL;
}

static int packet_rate(const struct hashlimit_cfg3 *cfg, uint32_t scale, struct rate *r)
{
	uint64_t unit = SECOND / scale;

	if (!cfg->burst || !cfg->avg || cfg->avg > UINT64_MAX / unit / cfg->burst)
		return -ERANGE;
	r->cost = cfg->avg * unit;
	r->cap = r->cost * cfg->burst;
	return 0;
}

static int window_rate(const struct hashlimit_cfg3 *cfg, struct rate *r)
{
	r->window = cfg->interval * SECOND;
	if (cfg->mode & XT_HASHLIMIT_BYTES) {
		r->per_second = (UINT32_MAX / cfg->avg - 1) << XT_HASHLIMIT_BYTE_SHIFT;
		r->burst = cfg->burst ? cfg->burst * r->per_second : r->per_second;
	} else {
		r->per_second = XT_HASHLIMIT_SCALE_v2 / cfg->avg;
		r->burst = cfg->burst + r->per_second;
	}
	return 0;
}

static int make_rate(const struct hashlimit_cfg3 *cfg, uint32_t scale, struct rate *r)
{
	*r = (struct rate){ 0 };
	if (cfg->mode & XT_HASHLIMIT_RATE_MATCH)
		return window_rate(cfg, r);
	return cfg->mode & XT_HASHLIMIT_BYTES ? byte_rate(cfg, r) : packet_rate(cfg, scale, r);
}

/* ---- tables, called with the lock held ------------------------------------------------------- */

static struct flow_entry *entry_of(struct rv_cached *cached)
{
	return (struct flow_entry *)(void *)cached;
}

/* Frees the least recently used entry if it has expired. */
static bool forget_expired(struct table *t, uint64_t now)
{
	struct rv_cached *oldest = rv_cache_oldest(&t->named.cache);

	if (!oldest || entry_of(oldest)->expires > now)
		return false;
	rv_cache_forget(&t->named.cache, oldest);
	return true;
}

static struct flow_entry *find_entry(const struct table *t, const struct flow_key *key,
				     uint32_t bucket, uint64_t now)
{
	struct rv_cached *c = t->named.cache.buckets[bucket];

	while (c && (memcmp(&entry_of(c)->key, key, sizeof(*key)) || entry_of(c)->expires <= now))
		c = c->next;
	return c ? entry_of(c) : NULL;
}

static struct flow_entry *add_entry(struct table *t, struct flow_entry *e,
				    const struct flow_key *key, uint32_t bucket, uint64_t now)
{
	e->key = *key;
	e->last = now;
	e->credit = t->rate.cap;
	e->refills = t->cfg.burst;
	rv_cache_add(&t->named.cache, &e->cached, bucket);
	return e;
}

/* Whether the previous window exceeded the rate, or the current one does. */
static bool within_rate(const struct table *t, struct flow_entry *e, uint32_t len, uint64_t now)
{
	const struct rate *r = &t->rate;
	uint64_t since = now > e->last ? now - e->last : 0;

	if (since >= r->window) {
		e->over = e->passed * (r->window / SECOND) > since / SECOND * r->per_second;
		e->passed = 0;
		e->last = now;
	}
	e->passed += t->cfg.mode & XT_HASHLIMIT_BYTES ? len : 1;
	return !e->over && e->passed <= r->burst;
}

static uint64_t cost_of(const struct table *t, struct flow_entry *e, uint32_t len)
{
	uint64_t cost = t->rate.cost;

	if (!(t->cfg.mode & XT_HASHLIMIT_BYTES))
		return cost;
	cost *= (len >> XT_HASHLIMIT_BYTE_SHIFT) + 1;
	if (cost > t->rate.cap)
		cost = t->rate.cap;
	if (e->credit < cost && e->refills) {
		e->refills--;
		e->credit = t->rate.cap;
	}
	return cost;
}

static bool within_limit(const struct table *t, struct flow_entry *e, uint32_t len, uint64_t now)
{
	uint64_t more = now > e->last ? now - e->last : 0, cost;

	e->last += more;
	e->credit = more < t->rate.cap - e->credit ? e->credit + more : t->rate.cap;
	cost = cost_of(t, e, len);
	if (e->credit < cost)
		return false;
	e->credit -= cost;
	return true;
}

/* ---- the match -------------------------------------------------------------------------------- */

static void copy_masked(uint8_t out[16], const uint8_t *addr, unsigned int len, unsigned int bits)
{
	for (unsigned int i = 0; i < len && bits; i++) {
		unsigned int n = bits < 8 ? bits : 8;

		out[i] = addr[i] & (uint8_t)(0xff00 >> n);
		bits -= n;
	}
}

/* False: the packet is truncated before its ports. */
static bool make_key(struct rv_pkt *pkt, const struct table *t, struct flow_key *key)
{
	unsigned int len = rv_addr_len(pkt->family);
	uint8_t buf[4];
	const uint8_t *ports;

	*key = (struct flow_key){ .sport = 0 };
	if (t->cfg.mode & XT_HASHLIMIT_HASH_SIP)
		copy_masked(key->src, rv_pkt_addr(pkt, false), len, t->cfg.srcmask);
	if (t->cfg.mode & XT_HASHLIMIT_HASH_DIP)
		copy_masked(key->dst, rv_pkt_addr(pkt, true), len, t->cfg.dstmask);
	if (!(t->cfg.mode & PORTS) || !rv_has_ports(pkt->proto) || pkt->fragoff)
		return true;
	ports = rv_pkt_transport(pkt, 0, sizeof(buf), buf);
	if (!ports)
		return false;
	if (t->cfg.mode & XT_HASHLIMIT_HASH_SPT)
		memcpy(&key->sport, ports, 2);
	if (t->cfg.mode & XT_HASHLIMIT_HASH_DPT)
		memcpy(&key->dport, ports + 2, 2);
	return true;
}

enum outcome { WITHIN, BEYOND, UNKNOWN };

static enum outcome count_packet(struct table *t, struct flow_entry *e, uint32_t len, uint64_t now)
{
	bool within = t->cfg.mode & XT_HASHLIMIT_RATE_MATCH ? within_rate(t, e, len, now) :
							      within_limit(t, e, len, now);

	e->expires = now + t->cfg.expire * MILLISECOND;
	rv_cache_use(&t->named.cache, &e->cached);
	return within ? WITHIN : BEYOND;
}

/*
 * UNKNOWN: no entry for the key. A non-NULL *spare becomes the entry if there is room, and is set
 * to NULL.
 */
static enum outcome look_up(struct table *t, const struct flow_key *key, uint32_t len,
			    struct flow_entry **spare)
{
	const uint32_t bucket = rv_cache_bucket(&t->named.cache, key, sizeof(*key));
	enum outcome outcome = UNKNOWN;
	struct flow_entry *e;
	uint64_t now;

	rv_lock(&t->named.lock);
	/* Under the lock, so that time never goes backwards. */
	now = rv_clock(RV_CLOCK_STEADY);
	e = find_entry(t, key, bucket, now);
	for (unsigned int i = 0; i < EXPIRED_AT_ONCE && forget_expired(t, now); i++)
		;
	if (!e && *spare && t->named.cache.count < t->named.max) {
		e = add_entry(t, *spare, key, bucket, now);
		*spare = NULL;
	}
	if (e)
		outcome = count_packet(t, e, len, now);
	rv_unlock(&t->named.lock);
	return outcome;
}

/*
 * If no entry can be allocated the packet is dropped: matching without counting would lift the
 * limit.
 */
static bool match_hashlimit(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct state *s = state;
	struct flow_entry *spare = NULL;
	enum outcome outcome;
	struct flow_key key;

	(void)data;
	if (!make_key(pkt, s->table, &key))
		return false;
	outcome = look_up(s->table, &key, pkt->len, &spare);
	if (outcome == UNKNOWN) {
		spare = rv_cache_alloc(&s->table->named.cache, sizeof(*spare));
		if (spare)
			outcome = look_up(s->table, &key, pkt->len, &spare);
		rv_cache_give_back(&s->table->named.cache, spare);
	}
	pkt->hotdrop |= outcome == UNKNOWN;
	return outcome != UNKNOWN && (outcome == WITHIN) != !!(s->mode & XT_HASHLIMIT_INVERT);
}

static void free_table(struct table *t)
{
	rv_cache_free(&t->named.cache);
	rv_free(t);
}

/* Same default as xt_hashlimit, but never unlimited. */
static uint32_t entries_max(const struct hashlimit_cfg3 *cfg, uint32_t size)
{
	uint32_t max = cfg->max ? cfg->max : 8 * size;

	if (max < size)
		max = size;
	return max < ENTRIES_MAX ? max : ENTRIES_MAX;
}

static struct table *make_table(const struct rv_check_ctx *a, const struct hashlimit_cfg3 *cfg,
				const struct rate *rate, const char *name)
{
	uint32_t size = cfg->size ? cfg->size : BUCKETS_DEFAULT;
	struct table *t = rv_alloc(sizeof(*t), true);

	if (!t)
		return NULL;
	t->cfg = *cfg;
	t->rate = *rate;
	t->named.max = entries_max(cfg, size);
	if (rv_cache_init(&t->named.cache, size, a->engine)) {
		free_table(t);
		return NULL;
	}
	rv_named_add(names_of(a->engine), &t->named, a->family, name);
	return t;
}

static int check_hashlimit(struct rv_check_ctx *a)
{
	struct rv_named *named;
	struct hashlimit_cfg3 cfg;
	const char *name;
	struct state *s;
	struct rate rate;
	uint32_t scale;
	size_t room;
	int rc;

	name = convert_info(a, &cfg, &room, &scale);
	if (!name[0] || !memchr(name, 0, room) || !cfg_valid(&cfg, a->family, a->revision))
		return -EINVAL;
	rc = make_rate(&cfg, scale, &rate);
	if (rc)
		return rc;
	s = rv_alloc(sizeof(*s), true);
	if (!s)
		return -ENOMEM;
	named = rv_named_get(names_of(a->engine), a->family, name);
	s->table = named ? table_of(named) : make_table(a, &cfg, &rate, name);
	if (!s->table) {
		rv_free(s);
		return -ENOMEM;
	}
	s->engine = a->engine;
	s->mode = cfg.mode;
	a->state = s;
	return 0;
}

static void destroy_hashlimit(const void *data, void *state)
{
	struct state *s = state;

	(void)data;
	if (rv_named_put(names_of(s->engine), &s->table->named))
		free_table(s->table);
	rv_free(s);
}

#define HASHLIMIT(rev, info)							\
	{									\
		.name = "hashlimit", .kind = RVK_KIND_MATCH, .revision = (rev),	\
		.size = sizeof(info),						\
		.reads = RV_READS(RV_READS_STATE, RV_READS_TIME), \
		.check = check_hashlimit, .match = match_hashlimit,		\
		.destroy = destroy_hashlimit,					\
	}

struct rv_handler rv_matches_hashlimit[] = {
	HASHLIMIT(1, struct xt_hashlimit_mtinfo1),
	HASHLIMIT(2, struct xt_hashlimit_mtinfo2),
	HASHLIMIT(3, struct xt_hashlimit_mtinfo3),
	{ .name = NULL },
};
