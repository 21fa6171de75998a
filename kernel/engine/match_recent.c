/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recent: lists of addresses by name, with the times at which each was seen. */
#include "internal.h"

#include <linux/netfilter/xt_recent.h>

/* xt_recent's defaults: addresses in a list, times for an address. */
#define ENTRIES_MAX	100
#define STAMPS_MAX	256
#define STAMPS_DEFAULT	32
#define SECOND		1000000000ULL

#define KINDS	(XT_RECENT_SET | XT_RECENT_CHECK | XT_RECENT_UPDATE | XT_RECENT_REMOVE)

struct seen {
	struct seen *next, *prev;	/* least recently seen first */
	uint8_t addr[16];
	uint8_t family, ttl;
	uint16_t nstamps, at;		/* times there are; where the next one goes */
	uint64_t stamps[];		/* list->stamps of them */
};

struct list {
	struct rv_named named;
	struct rv_lock lock;		/* guards all below */
	uint32_t count;
	uint32_t stamps;		/* kept for each address, a power of two */
	struct seen head;		/* of the ring; no address; last, for its open end */
};

static struct rv_names lists;

static struct list *list_of(struct rv_named *named)
{
	return (struct list *)(void *)((char *)named - offsetof(struct list, named));
}

/* ---- lists, with their lock held ---------------------------------------------------------- */

static void unlink_seen(struct seen *s)
{
	s->prev->next = s->next;
	s->next->prev = s->prev;
}

static void link_last(struct list *l, struct seen *s)
{
	s->prev = l->head.prev;
	s->next = &l->head;
	s->prev->next = s;
	l->head.prev = s;
}

static void forget(struct list *l, struct seen *s)
{
	unlink_seen(s);
	rv_free(s);
	l->count--;
}

static void forget_all(struct list *l)
{
	while (l->head.next != &l->head)
		forget(l, l->head.next);
}

static struct seen *look_up(const struct list *l, const uint8_t addr[16], uint8_t family,
			    uint8_t ttl)
{
	for (struct seen *s = l->head.next; s != &l->head; s = s->next)
		if (s->family == family && !memcmp(s->addr, addr, sizeof(s->addr)) &&
		    (!ttl || !s->ttl || s->ttl == ttl))
			return s;
	return NULL;
}

/* Seen now; the oldest of its times makes room. */
static void stamp(struct list *l, struct seen *s, uint64_t now)
{
	s->at %= l->stamps;
	s->stamps[s->at++] = now;
	if (s->at > s->nstamps)
		s->nstamps = s->at;
	unlink_seen(s);
	link_last(l, s);
}

static struct seen *remember(struct list *l, const uint8_t addr[16], uint8_t family, uint8_t ttl,
			     uint64_t now)
{
	struct seen *s = rv_alloc(sizeof(*s) + l->stamps * sizeof(s->stamps[0]), false);

	if (!s)
		return NULL;
	if (l->count == ENTRIES_MAX)
		forget(l, l->head.next);
	memcpy(s->addr, addr, sizeof(s->addr));
	s->family = family;
	s->ttl = ttl;
	link_last(l, s);
	l->count++;
	stamp(l, s, now);
	return s;
}

/* Was it seen often enough, of late? */
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

/* The one that was not seen for longest, if that is too long. */
static void reap(struct list *l, const struct xt_recent_mtinfo *info, uint64_t now)
{
	struct seen *s = l->head.next;

	if (s != &l->head && now - s->stamps[s->at - 1] > info->seconds * SECOND)
		forget(l, s);
}

/* What the rule says of an address that is in the list; true before '!'. */
static bool check_seen(struct list *l, const struct xt_recent_mtinfo *info, struct seen *s,
		       uint8_t ttl, uint64_t now)
{
	bool is = true;

	if (info->check_set & XT_RECENT_REMOVE) {
		forget(l, s);
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

static uint32_t power_of_two(uint32_t at_least)
{
	uint32_t n = 1;

	while (n < at_least)
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

static struct list *make_list(struct rv_admit *a, const char *name)
{
	struct list *l = rv_alloc(sizeof(*l), true);

	if (!l)
		return NULL;
	l->head.next = l->head.prev = &l->head;
	l->stamps = 1;
	rv_named_add(&lists, &l->named, a->engine, NFPROTO_UNSPEC, name);
	return l;
}

/* A rule that counts further needs longer entries: all are forgotten. */
static void grow(struct list *l, uint32_t hits)
{
	uint32_t stamps = hits ? power_of_two(hits) : STAMPS_DEFAULT;

	rv_lock(&l->lock);
	if (stamps > l->stamps) {
		forget_all(l);
		l->stamps = stamps;
	}
	rv_unlock(&l->lock);
}

static int check_recent(struct rv_admit *a)
{
	/* Revision 1 adds a mask at its end. */
	const struct xt_recent_mtinfo *info = a->data;
	struct rv_named *named;
	struct list *l;

	if (!info_valid(info))
		return -EINVAL;
	named = rv_named_get(&lists, a->engine, NFPROTO_UNSPEC, info->name);
	l = named ? list_of(named) : make_list(a, info->name);
	if (!l)
		return -ENOMEM;
	grow(l, info->hit_count);
	a->state = l;
	return 0;
}

static void destroy_recent(const void *data, void *state)
{
	struct list *l = state;

	(void)data;
	if (!rv_named_put(&lists, &l->named))
		return;
	forget_all(l);
	rv_free(l);
}

/* TTL or hop limit as it came in: one that is about to go out has been counted down. */
static uint8_t ttl_of(const struct rv_pkt *pkt)
{
	uint8_t ttl = pkt->data[pkt->family == NFPROTO_IPV4 ? 8 : 7];

	return pkt->out && pkt->in ? ttl + 1 : ttl;
}

static bool run_recent(struct rv_pkt *pkt, const struct xt_recent_mtinfo *info,
		       const uint8_t addr[16], struct list *l)
{
	uint64_t now = rv_clock(RV_CLOCK_STEADY);
	uint8_t ttl = ttl_of(pkt);
	struct seen *s;
	bool is = false;

	rv_lock(&l->lock);
	s = look_up(l, addr, pkt->family, info->check_set & XT_RECENT_TTL ? ttl : 0);
	if (s) {
		is = check_seen(l, info, s, ttl, now);
	} else if (info->check_set & XT_RECENT_SET) {
		is = true;
		pkt->hotdrop |= !remember(l, addr, pkt->family, ttl, now);
	}
	rv_unlock(&l->lock);
	return is != !!info->invert;
}

static bool match_recent(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_recent_mtinfo *info = data;
	uint8_t addr[16] = { 0 };

	memcpy(addr, rv_pkt_addr(pkt, info->side == XT_RECENT_DEST), rv_addr_len(pkt->family));
	return run_recent(pkt, info, addr, state);
}

static bool match_recent_masked(struct rv_pkt *pkt, const void *data, void *state)
{
	const struct xt_recent_mtinfo_v1 *info = data;
	const uint8_t *mask = (const uint8_t *)&info->mask;
	uint8_t addr[16] = { 0 };

	memcpy(addr, rv_pkt_addr(pkt, info->side == XT_RECENT_DEST), rv_addr_len(pkt->family));
	for (unsigned int i = 0; i < sizeof(addr); i++)
		addr[i] &= mask[i];
	return run_recent(pkt, data, addr, state);
}

#define RECENT(rev, info, fn)							\
	{									\
		.name = "recent", .kind = RVK_KIND_MATCH, .revision = (rev),	\
		.size = sizeof(info),						\
		.looks = { 0, RV_LOOKS(RV_LOOK_STATE) | RV_LOOKS(RV_LOOK_TIME) }, \
		.check = check_recent, .match = (fn), .destroy = destroy_recent, \
	}

struct rv_handler rv_matches_recent[] = {
	RECENT(0, struct xt_recent_mtinfo, match_recent),
	RECENT(1, struct xt_recent_mtinfo_v1, match_recent_masked),
	{ .name = NULL },
};
