/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of a table before it is used: layout of entries and elements, starts and ends of chains,
 * jump targets. Each is one iteration over the table, without recursion. handlers.c checks matches
 * and targets afterwards.
 */
#include "internal.h"

#define NO_CHAIN	0xffffffffU
#define ENTRY_MIN	(sizeof(struct rvk_entry) + sizeof(struct rvk_element))

struct checked_chain {
	const char *name;		/* NULL: a base chain */
	uint32_t first, last;		/* indices of entries, without the head */
	uint32_t hooks;			/* base chains it is reached from */
	uint32_t hash_next;
	/* State of the search for loops: */
	uint8_t state;
	uint32_t depth;			/* nesting depth of jumps below */
	uint64_t visits;		/* maximum entries a packet can pass in it and below, up
					 * to at */
	uint64_t gone;			/* the same for packets that left by goto */
	uint32_t up;			/* the chain it was reached from */
	uint32_t at;			/* entry to continue with */
};

enum { NEW, OPEN, DONE };

/* State of the checks. Arrays are indexed by entry or by chain. */
struct checker {
	struct rv_rules *rules;
	struct rvk_refusal *why;
	uint32_t *offsets;		/* of the entries */
	uint32_t *chain_at;		/* user chain that starts at this entry */
	uint8_t *firsts;		/* bit array by offset / 8: first entry of a user chain */
	struct checked_chain *chains;
	uint32_t *order;		/* chains, callees before callers */
	uint32_t *buckets;
	uint32_t nchains, nbuckets, ndone;
	uint32_t key[2];		/* of the hash of chain names */
};

int rv_refuse(struct rvk_refusal *why, uint16_t reason, int error)
{
	why->reason = reason;
	return error;
}

static const struct rvk_entry *entry_of(const struct checker *c, uint32_t i)
{
	return rv_entry_at(c->rules, c->offsets[i]);
}

static int refuse_entry(const struct checker *c, uint32_t i, uint16_t reason, int error)
{
	c->why->entry = i;
	c->why->offset = c->offsets[i];
	return rv_refuse(c->why, reason, error);
}

bool rv_name_valid(const char *name, unsigned int len, bool empty)
{
	size_t used = strnlen(name, len);

	if (used == len || (!used && !empty))
		return false;
	while (++used < len)
		if (name[used])
			return false;
	return true;
}

/* ---- layout ---------------------------------------------------------------------------- */

static bool all_zero(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t bits = 0, word;

	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		bits |= word;
	}
	while (len--)
		bits |= *p++;
	return !bits;
}

/* Unused address bytes are zero, names are terminated, only existing fields are inverted. */
static uint16_t check_ip(const struct rvk_ip *ip, uint8_t family)
{
	unsigned int len = rv_addr_len(family);
	unsigned int rest = sizeof(ip->src) - len;

	if (ip->reserved || ip->flags & ~RVK_IP_FLAGS || ip->invert & ~RVK_INV_ALL)
		return RVK_WHY_RESERVED;
	if (!all_zero(ip->src + len, rest) || !all_zero(ip->smask + len, rest) ||
	    !all_zero(ip->dst + len, rest) || !all_zero(ip->dmask + len, rest))
		return RVK_WHY_IP;
	if (ip->in[sizeof(ip->in) - 1] || ip->out[sizeof(ip->out) - 1])
		return RVK_WHY_NAME;
	if ((ip->flags & RVK_IP_FRAG && family != NFPROTO_IPV4) || ip->proto > 255 ||
	    (ip->proto && !(ip->flags & RVK_IP_PROTO)) ||
	    (ip->invert & RVK_INV_PROTO && !(ip->flags & RVK_IP_PROTO)) ||
	    (ip->invert & RVK_INV_FRAG && !(ip->flags & RVK_IP_FRAG)))
		return RVK_WHY_IP;
	return RVK_WHY_NONE;
}

static uint32_t ip_uses(const struct rvk_ip *ip)
{
	uint32_t uses = 0;

	if (ip->invert & RVK_INV_SRC || !all_zero(ip->smask, sizeof(ip->smask)))
		uses |= RV_USE_SRC;
	if (ip->invert & RVK_INV_DST || !all_zero(ip->dmask, sizeof(ip->dmask)))
		uses |= RV_USE_DST;
	if (ip->invert & RVK_INV_IN || !all_zero(ip->in_mask, sizeof(ip->in_mask)))
		uses |= RV_USE_IN;
	if (ip->invert & RVK_INV_OUT || !all_zero(ip->out_mask, sizeof(ip->out_mask)))
		uses |= RV_USE_OUT;
	if (ip->flags & RVK_IP_PROTO)
		uses |= RV_USE_PROTO;
	if (ip->flags & RVK_IP_FRAG)
		uses |= RV_USE_FRAG;
	return uses;
}

static bool verdict_valid(const struct rvk_verdict *v)
{
	if (v->verdict >= 0)
		return true;
	return !v->flags && (v->verdict == RVK_DROP || v->verdict == RVK_ACCEPT ||
			     v->verdict == RVK_QUEUE || v->verdict == RVK_RETURN ||
			     v->verdict == RVK_CONTINUE);
}

static uint16_t check_verdict(const struct rvk_element *el)
{
	if (el->size != sizeof(*el) + sizeof(struct rvk_verdict))
		return RVK_WHY_SIZE;
	if (rv_element_verdict(el)->flags & ~RVK_VERDICT_FLAGS)
		return RVK_WHY_RESERVED;
	return verdict_valid(rv_element_verdict(el)) ? RVK_WHY_NONE : RVK_WHY_VERDICT;
}

/* room: bytes to the end of the entry. */
static uint16_t check_element(const struct rvk_element *el, uint32_t room, uint8_t kind)
{
	if (room < sizeof(*el) || el->size < sizeof(*el) || el->size > room)
		return RVK_WHY_SIZE;
	if (el->size % 8)
		return RVK_WHY_ALIGN;
	if (el->slot)
		return RVK_WHY_RESERVED;
	if (!rv_name_valid(el->name, sizeof(el->name), el->form == RVK_FORM_VERDICT))
		return RVK_WHY_NAME;
	if (el->kind != kind || (el->revision && el->form > RVK_FORM_DATA))
		return RVK_WHY_KIND;
	switch (el->form) {
	case RVK_FORM_PREDICATES:
		return kind == RVK_KIND_MATCH ? RVK_WHY_NONE : RVK_WHY_KIND;
	case RVK_FORM_DATA:
		return RVK_WHY_NONE;
	case RVK_FORM_VERDICT:
		if (kind != RVK_KIND_TARGET || el->name[0])
			return RVK_WHY_KIND;
		return check_verdict(el);
	case RVK_FORM_CHAIN:
		if (kind != RVK_KIND_TARGET)
			return RVK_WHY_KIND;
		return el->size == sizeof(*el) ? RVK_WHY_NONE : RVK_WHY_SIZE;
	default:
		return RVK_WHY_KIND;
	}
}

/* Matches end where the target starts, and the target ends where the entry does. */
static uint16_t check_elements(struct checker *c, const struct rvk_entry *e)
{
	uint32_t at = sizeof(*e);

	for (c->why->element = 0;; c->why->element++) {
		const struct rvk_element *el =
			(const struct rvk_element *)(const void *)((const uint8_t *)e + at);
		uint8_t kind = at < e->target ? RVK_KIND_MATCH : RVK_KIND_TARGET;
		uint32_t room = (kind == RVK_KIND_MATCH ? e->target : e->next) - at;
		uint16_t reason = check_element(el, room, kind);

		if (reason)
			return reason;
		at += el->size;
		if (el->form == RVK_FORM_DATA)
			c->rules->nuses++;
		if (kind == RVK_KIND_TARGET)
			break;
	}
	c->why->element = RVK_NO_ELEMENT;
	return at == e->next ? RVK_WHY_NONE : RVK_WHY_SIZE;
}

static uint16_t check_entry(struct checker *c, struct rvk_entry *e, uint32_t room, uint32_t index)
{
	uint16_t reason;

	if (room < ENTRY_MIN || e->next < ENTRY_MIN || e->next > room ||
	    e->target < sizeof(*e) || e->target > e->next - sizeof(struct rvk_element))
		return RVK_WHY_SIZE;
	if (e->next % 8 || e->target % 8)
		return RVK_WHY_ALIGN;
	if (e->uses)
		return RVK_WHY_RESERVED;
	if (e->index > c->rules->head.old_count)
		return RVK_WHY_INDEX;
	reason = check_ip(&e->ip, c->rules->head.family);
	if (reason)
		return reason;
	e->index = index;
	e->uses = ip_uses(&e->ip) | (e->target > sizeof(*e) ? RV_USE_MATCHES : 0);
	return check_elements(c, e);
}

static int check_layout(struct checker *c)
{
	const struct rvk_table *head = &c->rules->head;
	uint32_t off = 0;

	c->why->stage = RVK_STAGE_LAYOUT;
	for (uint32_t i = 0; i < head->count; i++) {
		struct rvk_entry *e = (struct rvk_entry *)(void *)(c->rules->blob + off);
		uint16_t reason;

		c->offsets[i] = off;
		if (off == head->size)
			return refuse_entry(c, i, RVK_WHY_COUNT, -EINVAL);
		reason = check_entry(c, e, head->size - off, i);
		if (reason)
			return refuse_entry(c, i, reason, -EINVAL);
		off += e->next;
		rv_rest();
	}
	return off == head->size ? 0 : rv_refuse(c->why, RVK_WHY_COUNT, -EINVAL);
}

/* ---- chains ------------------------------------------------------------------------------ */

static bool is_head(const struct rvk_entry *e)
{
	return rv_entry_target(e)->form == RVK_FORM_CHAIN;
}

/* Unconditional with this verdict. */
static bool is_bare(const struct rvk_entry *e, int32_t verdict)
{
	const struct rvk_element *target = rv_entry_target(e);

	return e->target == sizeof(*e) && all_zero(&e->ip, sizeof(e->ip)) &&
	       target->form == RVK_FORM_VERDICT && rv_element_verdict(target)->verdict == verdict;
}

/* Checks the base chain that starts at *i and sets *i to the entry after it. */
static int check_base(struct checker *c, unsigned int hook, uint32_t *i)
{
	const struct rvk_table *head = &c->rules->head;
	struct checked_chain *chain = &c->chains[c->nchains++];
	uint32_t last = *i;

	if (last >= head->count || c->offsets[last] != head->hook_entry[hook])
		return rv_refuse(c->why, RVK_WHY_ENTRY, -EINVAL);
	while (c->offsets[last] != head->underflow[hook]) {
		if (is_head(entry_of(c, last)))
			return refuse_entry(c, last, RVK_WHY_UNDERFLOW, -EINVAL);
		if (++last == head->count)
			return rv_refuse(c->why, RVK_WHY_UNDERFLOW, -EINVAL);
		rv_rest();
	}
	if (!is_bare(entry_of(c, last), RVK_ACCEPT) && !is_bare(entry_of(c, last), RVK_DROP))
		return refuse_entry(c, last, RVK_WHY_POLICY, -EINVAL);
	*chain = (struct checked_chain){ .first = *i, .last = last, .hooks = 1U << hook };
	*i = last + 1;
	return 0;
}

/* Adds the name of chain n to the hash. False: duplicate. */
static bool name_is_new(struct checker *c, uint32_t n)
{
	const char *name = c->chains[n].name;
	uint32_t *bucket = &c->buckets[rv_hash(name, strlen(name), c->key) % c->nbuckets];

	for (uint32_t i = *bucket; i; i = c->chains[i - 1].hash_next)
		if (!strcmp(c->chains[i - 1].name, name))
			return false;
	c->chains[n].hash_next = *bucket;
	*bucket = n + 1;
	return true;
}

/* Checks the user chain whose head is at *i. */
static int check_user(struct checker *c, uint32_t *i)
{
	uint32_t count = c->rules->head.count, head = *i, last = head;
	struct checked_chain *chain = &c->chains[c->nchains];

	if (!is_head(entry_of(c, head)) || entry_of(c, head)->uses ||
	    !all_zero(&entry_of(c, head)->ip, sizeof(struct rvk_ip)))
		return refuse_entry(c, head, RVK_WHY_HEAD, -EINVAL);
	while (last + 1 < count && !is_head(entry_of(c, last + 1)))
		last++;
	*chain = (struct checked_chain){ .name = rv_entry_target(entry_of(c, head))->name,
				 .first = head + 1, .last = last };
	memcpy(c->why->name, chain->name, RVK_NAME_LEN);
	if (last == head || !is_bare(entry_of(c, last), RVK_RETURN))
		return refuse_entry(c, last, RVK_WHY_END, -EINVAL);
	if (!name_is_new(c, c->nchains))
		return refuse_entry(c, head, RVK_WHY_TWICE, -EEXIST);
	c->chain_at[chain->first] = c->nchains++;
	c->firsts[c->offsets[chain->first] / 64] |= 1U << c->offsets[chain->first] / 8 % 8;
	*i = last + 1;
	memset(c->why->name, 0, RVK_NAME_LEN);
	return 0;
}

static int check_chains(struct checker *c)
{
	const struct rvk_table *head = &c->rules->head;
	uint32_t i = 0;
	int rc;

	c->why->stage = RVK_STAGE_CHAINS;
	for (unsigned int hook = 0; hook < RVK_HOOKS; hook++) {
		rc = head->valid_hooks & 1U << hook ? check_base(c, hook, &i) : 0;
		if (rc)
			return rc;
	}
	while (i < head->count) {
		rv_rest();
		rc = check_user(c, &i);
		if (rc)
			return rc;
	}
	c->rules->nchains = c->nchains;
	return 0;
}

/* ---- jumps --------------------------------------------------------------------------------- */

/*
 * The user chain whose first entry is at an offset. The bit is set only for those, so it is an
 * entry.
 */
static uint32_t chain_from(const struct checker *c, int32_t off)
{
	uint32_t at = off;

	if (at >= c->rules->head.size || at % 8 || !(c->firsts[at / 64] & 1U << at / 8 % 8))
		return NO_CHAIN;
	return c->chain_at[rv_entry_at(c->rules, at)->index];
}

/* The chain an entry jumps to, or NO_CHAIN, and whether that increases the depth. */
static int jump_of(const struct checker *c, uint32_t i, uint32_t *to, uint32_t *deeper)
{
	const struct rvk_element *target = rv_entry_target(entry_of(c, i));
	const struct rvk_verdict *v = rv_element_verdict(target);

	*to = NO_CHAIN;
	if (target->form != RVK_FORM_VERDICT || v->verdict < 0)
		return 0;
	*deeper = !(v->flags & RVK_VERDICT_GOTO);
	*to = chain_from(c, v->verdict);
	return *to == NO_CHAIN ? refuse_entry(c, i, RVK_WHY_JUMP, -EINVAL) : 0;
}

static void open_chain(struct checker *c, uint32_t n, uint32_t up)
{
	c->chains[n].state = OPEN;
	c->chains[n].up = up;
	c->chains[n].at = c->chains[n].first;
}

static int refuse_chain(const struct checker *c, uint32_t i, uint32_t to, uint16_t reason,
			int error)
{
	if (c->chains[to].name)
		memcpy(c->why->name, c->chains[to].name, RVK_NAME_LEN);
	return refuse_entry(c, i, reason, error);
}

/*
 * Counts entry chain->at, and for a jump the entries below. A goto does not return. Exceeding the
 * limit fails before the sum can overflow.
 */
static int count_visits(struct checker *c, struct checked_chain *chain, uint64_t below,
			bool comes_back)
{
	const uint64_t most = (uint64_t)RVK_VISITS_MAX + c->rules->head.count;

	chain->visits++;
	if (comes_back)
		chain->visits += below;
	else if (chain->visits + below > chain->gone)
		chain->gone = chain->visits + below;
	if (chain->visits <= most && chain->gone <= most)
		return 0;
	if (chain->name)
		memcpy(c->why->name, chain->name, RVK_NAME_LEN);
	return refuse_entry(c, chain->at, RVK_WHY_VISITS, -ELOOP);
}

/*
 * Follows the jump of entry chain->at. 1: *next must be searched first and is now open; 0: already
 * searched.
 */
static int take_jump(struct checker *c, uint32_t n, uint32_t *next)
{
	struct checked_chain *chain = &c->chains[n];
	uint32_t to, deeper = 0;
	int rc = jump_of(c, chain->at, &to, &deeper);

	if (rc)
		return rc;
	if (to == NO_CHAIN)
		return count_visits(c, chain, 0, true);
	*next = to;
	if (c->chains[to].state == OPEN)
		return refuse_chain(c, chain->at, to, RVK_WHY_LOOP, -ELOOP);
	if (c->chains[to].state == NEW) {
		open_chain(c, to, n);
		return 1;
	}
	if (c->chains[to].depth + deeper > chain->depth)
		chain->depth = c->chains[to].depth + deeper;
	if (chain->depth > RVK_DEPTH_MAX)
		return refuse_chain(c, chain->at, to, RVK_WHY_DEPTH, -ELOOP);
	return count_visits(c, chain, c->chains[to].visits, deeper);
}

/*
 * Depth-first search of everything reachable from a chain. Visits each entry once, or twice if the
 * chain it jumps to had to be searched first.
 */
static int search_from(struct checker *c, uint32_t root)
{
	uint32_t n = root, next = NO_CHAIN;

	for (open_chain(c, root, NO_CHAIN); n != NO_CHAIN; n = next) {
		struct checked_chain *chain = &c->chains[n];
		int rc = 0;

		rv_rest();
		while (chain->at <= chain->last && !(rc = take_jump(c, n, &next)))
			chain->at++;
		if (rc < 0)
			return rc;
		if (rc)
			continue;
		chain->state = DONE;
		if (chain->visits < chain->gone)
			chain->visits = chain->gone;
		c->order[c->ndone++] = n;
		next = chain->up;
	}
	if (c->chains[root].depth > c->rules->depth)
		c->rules->depth = c->chains[root].depth;
	return 0;
}

/* Propagates hooks from callers to callees, then to the entries. */
static void spread_hooks(struct checker *c, uint32_t *hooks)
{
	for (uint32_t done = c->ndone; done--;) {
		const struct checked_chain *chain = &c->chains[c->order[done]];
		uint32_t to, deeper;

		rv_rest();
		for (uint32_t i = chain->first; i <= chain->last; i++) {
			hooks[i] = chain->hooks;
			jump_of(c, i, &to, &deeper);
			if (to != NO_CHAIN)
				c->chains[to].hooks |= chain->hooks;
		}
	}
}

static int check_jumps(struct checker *c, uint32_t *hooks)
{
	c->why->stage = RVK_STAGE_JUMPS;
	for (uint32_t n = 0; n < c->nchains; n++) {
		int rc = c->chains[n].state == NEW ? search_from(c, n) : 0;

		if (rc)
			return rc;
	}
	spread_hooks(c, hooks);
	return 0;
}

/* ---- interface ------------------------------------------------------------------------------- */

static void free_check(struct checker *c)
{
	rv_free(c->offsets);
	rv_free(c->chain_at);
	rv_free(c->firsts);
	rv_free(c->chains);
	rv_free(c->order);
	rv_free(c->buckets);
}

/* Heads and base chains: upper bound of the number of chains. */
static uint32_t count_chains(const struct checker *c)
{
	uint32_t n = RVK_HOOKS;

	for (uint32_t i = 0; i < c->rules->head.count; i++)
		n += is_head(entry_of(c, i));
	return n;
}

static int make_chains(struct checker *c)
{
	uint32_t count = c->rules->head.count, chains = count_chains(c);

	c->nbuckets = chains;
	c->key[0] = rv_random();
	c->key[1] = rv_random();
	c->chain_at = rv_alloc(count * sizeof(*c->chain_at), true);
	c->firsts = rv_alloc(c->rules->head.size / 64 + 1, true);
	c->chains = rv_alloc(chains * sizeof(*c->chains), true);
	c->order = rv_alloc(chains * sizeof(*c->order), true);
	c->buckets = rv_alloc(c->nbuckets * sizeof(*c->buckets), true);
	if (!c->chain_at || !c->firsts || !c->chains || !c->order || !c->buckets)
		return rv_refuse(c->why, RVK_WHY_MEMORY, -ENOMEM);
	return 0;
}

static int check_all(struct checker *c, uint32_t *hooks)
{
	int rc = check_layout(c);

	if (!rc)
		rc = make_chains(c);
	if (!rc)
		rc = check_chains(c);
	return rc ? rc : check_jumps(c, hooks);
}

int rv_rules_check(struct rv_rules *r, uint32_t *hooks, struct rvk_refusal *why)
{
	struct checker c = { .rules = r, .why = why };
	int rc;

	c.offsets = rv_alloc(r->head.count * sizeof(*c.offsets), true);
	rc = c.offsets ? check_all(&c, hooks) : rv_refuse(why, RVK_WHY_MEMORY, -ENOMEM);
	free_check(&c);
	return rc;
}
