/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recent: named lists of addresses and the times they were seen. */
#include "internal.h"

#include <linux/netfilter/xt_recent.h>

/* Defaults of xt_recent: addresses per list, time stamps per address. */
#define STAMPS_MAX	256
#define ENTRIES_MAX	(1U << 20)
#define STAMPS_DEFAULT	32
#define SECOND		1000000000ULL

#define KINDS	(XT_RECENT_SET | XT_RECENT_CHECK | XT_RECENT_UPDATE | XT_RECENT_REMOVE)

unsigned int rv_recent_entries = 100;

/* Key of a lookup. TTL 0, in the key or the entry, matches any. */
struct address {
	uint8_t addr[16];
	uint8_t family;
};

struct seen {
	struct rv_cached cached;	/* LRU order: least recently seen first */
	struct address key;
	uint8_t ttl;
	uint16_t nstamps, at;		/* number of stamps; index of the next one */
	uint32_t room;			/* size of stamps, a power of two */
	uint64_t stamps[];
};

struct list {
	struct rv_named named;
	uint32_t stamps;		/* stamps kept per address, a power of two */
};

struct state {
	struct rv_engine *engine;
	struct list *list;
};

static struct rv_named_list *names_of(struct rv_engine *e)
{
	return rv_engine_names(e, RV_NAMES_RECENT);
}

static struct list *list_of(struct rv_named *named)
{
	return (struct list *)(void *)((char *)named - offsetof(struct list, named));
}

static struct seen *seen_of(struct rv_cached *cached)
{
	return (struct seen *)(void *)cached;
}

#define AT_ONCE	256	/* entries handled before the lock is released */

/* Removes all entries. stamps: new number per address; 0: unchanged. */
static void forget_all(struct list *l, uint32_t stamps)
{
	uint32_t left = UINT32_MAX;

	while (left) {
		rv_lock(&l->named.lock);
		if (stamps)
			l->stamps = stamps;
		if (left > l->named.cache.count)
			left = l->named.cache.count;
		for (unsigned int i = 0; i < AT_ONCE && left; i++, left--)
			rv_cache_forget(&l->named.cache, rv_cache_oldest(&l->named.cache));
		rv_unlock(&l->named.lock);
		rv_rest();
	}
}

/* ---- lists, called with the lock held ------------------------------------------------------ */

static struct seen *look_up(const struct list *l, const struct address *key, uint32_t bucket,
			    uint8_t ttl)
{
	for (struct rv_cached *c = l->named.cache.buckets[bucket]; c; c = c->next) {
		struct seen *s = seen_of(c);

		if (!memcmp(&s->key, key, sizeof(*key)) && (!ttl || !s->ttl || s->ttl == ttl))
			return s;
	}
	return NULL;
}

/* Records the current time, replacing the oldest if full. */
static void stamp(struct list *l, struct seen *s, uint64_t now)
{
	s->at %= s->room;
	s->stamps[s->at++] = now;
	if (s->at > s->nstamps)
		s->nstamps = s->at;
	rv_cache_use(&l->named.cache, &s->cached);
}

static void remember(struct list *l, struct seen *s, const struct address *key, uint32_t bucket,
		     uint8_t ttl, uint64_t now)
{
	if (l->named.cache.count >= l->named.max)
		rv_cache_forget(&l->named.cache, rv_cache_oldest(&l->named.cache));
	s->key = *key;
	s->ttl = ttl;
	rv_cache_add(&l->named.cache, &s->cached, bucket);
	stamp(l, s, now);
}

/* Whether it was seen at least hit_count times within the last seconds. */
static bool was_seen(const struct xt_recent_mtinfo *info, const struct seen *s, uint64_t now)
{
	uint64_t span = info->seconds * SECOND;
	unsigned int hits = 0;

	for (unsigned int i = 0; i < s->nstamps; i++) {
		if (span && now - s->stamps[i] > span)
			continue;
		if (!info->hit_count || ++hits >= info->hit_count)
			return true;
	}
	return false;
}

/* Removes the least recently seen entry if it has expired. */
static void reap(struct list *l, const struct xt_recent_mtinfo *info, uint64_t now)
{
	struct rv_cached *oldest = rv_cache_oldest(&l->named.cache);
	struct seen *s = oldest ? seen_of(oldest) : NULL;

	if (s && now - s->stamps[s->at - 1] > info->seconds * SECOND)
		rv_cache_forget(&l->named.cache, oldest);
}

/* Result of the rule for an address in the list, before negation. */
static bool check_seen(struct list *l, const struct xt_recent_mtinfo *info, struct seen *s,
		       uint8_t ttl, uint64_t now)
{
	bool is = true;

	if (info->check_set & XT_RECENT_REMOVE) {
		rv_cache_forget(&l->named.cache, &s->cached);
		return true;
	}
	if (info->check_set & (XT_RECENT_CHECK | XT_RECENT_UPDATE))
		is = was_seen(info, s, now);
	if (info->check_set & XT_RECENT_SET ||
	    (info->check_set & XT_RECENT_UPDATE && is != !!info->invert)) {
		stamp(l, s, now);
		s->ttl = ttl;
	}
	if (info->check_set & XT_RECENT_REAP)
		reap(l, info, now);
	return is;
}

/* ---- the match --------------------------------------------------------------------------- */

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

static bool info_valid(const struct xt_recent_mtinfo *info)
{
	uint8_t kind = info->check_set & KINDS;

	if (info->check_set & ~XT_RECENT_VALID_FLAGS || !kind || kind & (kind - 1) ||
	    (info->side != XT_RECENT_SOURCE && info->side != XT_RECENT_DEST))
		return false;
	if (kind & (XT_RECENT_SET | XT_RECENT_REMOVE) &&
	    (info->seconds || info->hit_count || info->check_set & XT_RECENT_MODIFIERS))
		return false;
	if (info->check_set & XT_RECENT_REAP && !info->seconds)
		return false;
	return info->hit_count < STAMPS_MAX && info->name[0] &&
	       memchr(info->name, 0, sizeof(info->name));
}

static void free_list(struct list *l)
{
	rv_cache_free(&l->named.cache);
	rv_free(l);
}

static uint32_t entries_max(void)
{
	if (rv_recent_entries > ENTRIES_MAX)
		return ENTRIES_MAX;
	return rv_recent_entries ? rv_recent_entries : 1;
}

static struct list *make_list(struct rv_check_ctx *a, const char *name)
{
	struct list *l = rv_alloc(sizeof(*l), true);

	if (!l)
		return NULL;
	l->stamps = 1;
	l->named.max = entries_max();
	if (rv_cache_init(&l->named.cache, power_of_two(l->named.max), a->engine)) {
		free_list(l);
		return NULL;
	}
	rv_named_add(names_of(a->engine), &l->named, NFPROTO_UNSPEC, name);
	return l;
}

/* A rule with a larger hit count needs larger entries: clears the list, like xt_recent. */
static void begin_recent(const void *data, void *state)
{
	const struct xt_recent_mtinfo *info = data;
	uint32_t stamps = info->hit_count ? power_of_two(info->hit_count) : STAMPS_DEFAULT;
	struct list *l = ((struct state *)state)->list;

	/* Calls are serialised, so it cannot change. */
	if (stamps > l->stamps)
		forget_all(l, stamps);
}

static int check_recent(struct rv_check_ctx *a)
{
	/* Revision 1 has an additional mask at the end. */
	const struct xt_recent_mtinfo *info = a->data;
	struct rv_named *named;
	struct state *s;

	if (!info_valid(info))
		return -EINVAL;
	s = rv_alloc(sizeof(*s), true);
	if (!s)
		return -ENOMEM;
	named = rv_named_get(names_of(a->engine), NFPROTO_UNSPEC, info->name);
	s->engine = a->engine;
	s->list = named ? list_of(named) : make_list(a, info->name);
	if (!s->list) {
		rv_free(s);
		return -ENOMEM;
	}
	a->state = s;
	return 0;
}

static void destroy_recent(const void *data, void *state)
{
	struct state *s = state;

	(void)data;
	if (rv_named_put(names_of(s->engine), &s->list->named))
		free_list(s->list);
	rv_free(s);
}

/* TTL or hop limit as received: forwarding has already decremented it at POSTROUTING. */
static uint8_t ttl_of(const struct rv_pkt *pkt)
{
	uint8_t ttl = pkt->data[pkt->family == NFPROTO_IPV4 ? 8 : 7];

	return pkt->out && pkt->in ? ttl + 1 : ttl;
}

/*
 * False: the address is not listed and the rule would add it. A non-NULL *spare becomes the entry.
 */
static bool find_address(struct rv_pkt *pkt, const struct xt_recent_mtinfo *info,
			 const struct address *key, struct list *l, struct seen **spare, bool *is)
{
	const uint32_t bucket = rv_cache_bucket(&l->named.cache, key, sizeof(*key));
	uint8_t ttl = ttl_of(pkt);
	struct seen *s;
	uint64_t now;

	rv_lock(&l->named.lock);
	/* Under the lock, so that time never goes backwards. */
	now = rv_clock(RV_CLOCK_STEADY);
	s = look_up(l, key, bucket, info->check_set & XT_RECENT_TTL ? ttl : 0);
	if (s) {
		*is = check_seen(l, info, s, ttl, now);
	} else if (*spare && (*spare)->room == l->stamps) {
		remember(l, *spare, key, bucket, ttl, now);
		*spare = NULL;
		*is = true;
		rv_unlock(&l->named.lock);
		return true;
	}
	rv_unlock(&l->named.lock);
	return s || !(info->check_set & XT_RECENT_SET);
}

static struct seen *new_seen(struct list *l)
{
	uint32_t room = __atomic_load_n(&l->stamps, __ATOMIC_RELAXED);
	struct seen *s = rv_cache_alloc(&l->named.cache, sizeof(*s) + room * sizeof(s->stamps[0]));

	if (s)
		s->room = room;
	return s;
}

static bool run_recent(struct rv_pkt *pkt, const struct xt_recent_mtinfo *info,
		       const struct address *key, struct list *l)
{
	struct seen *spare = NULL;
	bool is = false;

	if (!find_address(pkt, info, key, l, &spare, &is)) {
		spare = new_seen(l);
		if (!spare || !find_address(pkt, info, key, l, &spare, &is))
			pkt->hotdrop = true;
		rv_cache_give_back(&l->named.cache, spare);
	}
	return is != !!info->invert;
}

static void read_key(struct address *key, const struct rv_pkt *pkt,
		     const struct xt_recent_mtinfo *info)
{
	memset(key, 0, sizeof(*key));
	key->family = pkt->family;
	memcpy(key->addr, rv_pkt_addr(pkt, info->side == XT_RECENT_DEST), rv_addr_len(pkt->family));
}

static bool match_recent(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct state *s = state;
	struct address key;

	read_key(&key, pkt, data);
	return run_recent(pkt, data, &key, s->list);
}

static bool match_recent_masked(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_recent_mtinfo_v1 *info = data;
	const uint8_t *mask = (const uint8_t *)&info->mask;
	const struct state *s = state;
	struct address key;

	read_key(&key, pkt, data);
	for (unsigned int i = 0; i < sizeof(key.addr); i++)
		key.addr[i] &= mask[i];
	return run_recent(pkt, data, &key, s->list);
}

/* ---- /proc interface ------------------------------------------------------------------------- */

static void each_of(struct list *l, void (*fn)(const struct rv_recent *r, void *arg), void *arg)
{
	uint64_t now;

	rv_lock(&l->named.lock);
	now = rv_clock(RV_CLOCK_STEADY);
	for (struct rv_cached *c = l->named.cache.ring.newer; c != &l->named.cache.ring; c = c->newer) {
		const struct seen *s = seen_of(c);
		const struct rv_recent r = {
			.list = l->named.name, .addr = s->key.addr, .family = s->key.family,
			.ttl = s->ttl, .hits = s->nstamps, .ago = now - s->stamps[s->at - 1],
		};

		fn(&r, arg);
	}
	rv_unlock(&l->named.lock);
}

void rv_recent_each(struct rv_engine *e, void (*fn)(const struct rv_recent *r, void *arg), void *arg)
{
	for (unsigned int i = 0; i < RV_NAME_BUCKETS; i++)
		for (struct rv_named *n = names_of(e)->buckets[i]; n; n = n->next)
			each_of(list_of(n), fn, arg);
}

/* Refreshes s if it is listed, else adds it. Returns whether it was added. */
static bool see(struct list *l, struct seen *s, const struct address *key, uint32_t bucket)
{
	struct seen *there;

	rv_lock(&l->named.lock);
	there = look_up(l, key, bucket, 0);
	if (there)
		stamp(l, there, rv_clock(RV_CLOCK_STEADY));
	else
		remember(l, s, key, bucket, 0, rv_clock(RV_CLOCK_STEADY));
	rv_unlock(&l->named.lock);
	return !there;
}

static int add_address(struct list *l, const struct address *key, uint32_t bucket)
{
	struct seen *s = new_seen(l);

	if (!s)
		return -ENOMEM;
	if (!see(l, s, key, bucket))
		rv_cache_give_back(&l->named.cache, s);
	return 0;
}

static int remove_address(struct list *l, const struct address *key, uint32_t bucket)
{
	struct seen *s;

	rv_lock(&l->named.lock);
	s = look_up(l, key, bucket, 0);
	if (s)
		rv_cache_forget(&l->named.cache, &s->cached);
	rv_unlock(&l->named.lock);
	return s ? 0 : -ENOENT;
}

static int edit(struct list *l, char what, const struct address *key)
{
	uint32_t bucket = rv_cache_bucket(&l->named.cache, key, sizeof(*key));

	switch (what) {
	case '+':
		return add_address(l, key, bucket);
	case '-':
		return remove_address(l, key, bucket);
	case '/':
		forget_all(l, 0);
		return 0;
	default:
		return -EINVAL;
	}
}

int rv_recent_edit(struct rv_engine *e, const char *list, char what, uint8_t family,
		   const uint8_t addr[16])
{
	struct rv_named *named = rv_named_get(names_of(e), NFPROTO_UNSPEC, list);
	struct address key = { .family = family };

	if (!named)
		return -ENOENT;
	named->users--;		/* calls are serialised, so its rules keep it alive */
	memcpy(key.addr, addr, rv_addr_len(family));
	return edit(list_of(named), what, &key);
}

#define RECENT(rev, info, fn)							\
	{									\
		.name = "recent", .kind = RVK_KIND_MATCH, .revision = (rev),	\
		.size = sizeof(info),						\
		.reads = RV_READS(RV_READS_STATE, RV_READS_TIME), \
		.check = check_recent, .begin = begin_recent, .match = (fn),	\
		.destroy = destroy_recent,					\
	}

struct rv_handler rv_matches_recent[] = {
	RECENT(0, struct xt_recent_mtinfo, match_recent),
	RECENT(1, struct xt_recent_mtinfo_v1, match_recent_masked),
	{ .name = NULL },
};
