/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefilter: an array of compact keys, one per entry, so that skipping a rule reads a few bytes
 * instead of the entry. It has no false negatives: a key rejects a packet only if the rule would,
 * before any side effect of the rule.
 */
#include "lookup.h"

#define PORT_MAX 0xffff

/* Uses the last word of an address that is compared, the most selective one. */
static bool take_address(struct rv_key *key, const struct rvk_ip *ip, uint8_t family, bool dst)
{
	unsigned int len = rv_addr_len(family), at = len;
	uint32_t mask = 0;

	if (ip->invert & (dst ? RVK_INV_DST : RVK_INV_SRC))
		return false;
	while (!mask && at) {
		at -= sizeof(mask);
		memcpy(&mask, (dst ? ip->dmask : ip->smask) + at, sizeof(mask));
	}
	if (!mask)
		return false;
	memcpy(&key->value, (dst ? ip->dst : ip->src) + at, sizeof(key->value));
	key->value &= mask;
	key->mask = mask;
	key->at = (family == NFPROTO_IPV4 ? 12 : 8) + (dst ? len : 0) + at;
	return true;
}

static void narrow(struct rv_key *key, const uint8_t *from, const uint8_t *to)
{
	uint16_t first = rv_be16(from), last = rv_be16(to);

	if (key->span != PORT_MAX || first > last)
		return;
	key->port = first;
	key->span = last - first;
}

/* Minimum and maximum port of a list; in a multiport predicate it may be empty. */
static void narrow_to_list(struct rv_key *key, const struct rvk_predicate *p)
{
	const struct rvk_interval *list = (const void *)(p + 1);
	const uint8_t *from = list[0].from, *to = list[0].to;

	for (unsigned int i = 1; i < p->count; i++) {
		from = memcmp(list[i].from, from, 2) < 0 ? list[i].from : from;
		to = memcmp(list[i].to, to, 2) > 0 ? list[i].to : to;
	}
	narrow(key, from, to);
}

static void take_port(struct rv_key *key, const struct rvk_predicate *p)
{
	if (p->flags & RVK_PREDICATE_NEGATE)
		return;
	if (p->op == RVK_OP_EQ)
		narrow(key, p->value, p->value);
	else if (p->op == RVK_OP_RANGE)
		narrow(key, p->value, p->other);
	else if (p->op == RVK_OP_IN && p->count)
		narrow_to_list(key, p);
}

static void take_predicate(const struct rvk_predicate *p, void *key)
{
	if (p->sel == RVK_SEL_TH_DPORT)
		take_port(key, p);
}

static void make_key(const struct rv_rules *r, const struct rvk_entry *e, struct rv_key *key)
{
	const struct rvk_ip *ip = &e->ip;

	key->offset = rv_entry_offset(r, e);
	key->at = 12;
	key->span = PORT_MAX;
	if (!take_address(key, ip, r->head.family, false))
		take_address(key, ip, r->head.family, true);
	if (!(ip->invert & RVK_INV_PROTO))
		key->proto = (uint8_t)ip->proto;
	rv_entry_predicates(r, e, take_predicate, key);
}

int rv_keys_make(struct rv_rules *r, struct rvk_refusal *why)
{
	size_t size = r->head.count * sizeof(*r->keys);

	r->keys = rv_alloc(size, true);
	if (!r->keys)
		return rv_refuse(why, RVK_WHY_MEMORY, -ENOMEM);
	r->memory += size;
	for (uint32_t off = 0, i = 0; i < r->head.count; i++) {
		const struct rvk_entry *e = rv_entry_at(r, off);

		make_key(r, e, &r->keys[i]);
		off += e->next;
	}
	return 0;
}
