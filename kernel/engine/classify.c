/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the candidates of a packet in a compiled chain. */
#include "lookup.h"

#define RV_INLINE inline __attribute__((always_inline))

/* Where a packet's transport header starts. */
struct transport {
	const uint8_t *at;    /* NULL if predicates cannot test the header */
	const uint8_t *ports; /* equal to at; NULL if the header has no ports */
	uint8_t buf[RV_TCP_HEADER];
};

static bool is_icmp(const struct rv_pkt *pkt)
{
	return pkt->proto == (pkt->family == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/*
 * Returns false if testing the header would drop the packet: it is truncated, could be overwritten
 * by a fragment (RFC 1858), or the protocol is unknown.
 */
static RV_INLINE bool find_transport(const struct rv_pkt *pkt, struct transport *t)
{
	const bool ports = rv_has_ports(pkt->proto);

	t->at = NULL;
	t->ports = NULL;
	if (!ports && !is_icmp(pkt))
		return pkt->proto != RV_PROTO_NONE || pkt->fragoff;
	if (pkt->fragoff)
		return pkt->proto != IPPROTO_TCP || pkt->fragoff != 1;
	t->at = rv_pkt_pull(pkt, pkt->thoff, rv_port_header(pkt), t->buf);
	t->ports = ports ? t->at : NULL;
	return t->at;
}

static uint64_t load_name(const char *name)
{
	static const char none[16];

	return rv_name_number(name ? name : none);
}

static RV_INLINE uint64_t *load_address(const struct rv_pkt *pkt, bool dst, uint64_t *to)
{
	const uint8_t *addr = rv_pkt_addr(pkt, dst);

	if (pkt->family == NFPROTO_IPV4) {
		*to++ = rv_be32(addr);
		return to;
	}
	*to++ = rv_be64(addr);
	*to++ = rv_be64(addr + 8);
	return to;
}

/*
 * Stores the packet's value of each field that the lookup uses, in the order of enum rv_dim. Uses
 * no switch statement: jump tables are slow with retpolines.
 */
static RV_INLINE bool load_values(const struct rv_lookup *l, const struct rv_pkt *pkt, uint64_t *to)
{
	const uint32_t used = l->used;
	struct transport t;

	if (!find_transport(pkt, &t))
		return false;
	if (used & 1U << RV_DIM_SRC)
		to = load_address(pkt, false, to);
	if (used & 1U << RV_DIM_DST)
		to = load_address(pkt, true, to);
	if (used & 1U << RV_DIM_IN)
		*to++ = load_name(pkt->in);
	if (used & 1U << RV_DIM_OUT)
		*to++ = load_name(pkt->out);
	if (used & 1U << RV_DIM_PROTO)
		*to++ = pkt->proto == RV_PROTO_NONE ? RV_PROTO_ABSENT : pkt->proto;
	if (used & 1U << RV_DIM_SPORT)
		*to++ = t.at ? rv_be16(t.at) : RV_PORT_ABSENT;
	if (used & 1U << RV_DIM_DPORT)
		*to++ = t.ports ? rv_be16(t.ports + 2) : RV_PORT_ABSENT;
	if (used & 1U << RV_DIM_MARK)
		*to++ = pkt->mark;
	return true;
}

/* Returns the first entry of the list, from at on, that the prefilter does not reject. */
static const uint32_t *settle(struct rv_cursor *c, const uint32_t *at)
{
	if (!c->pkt)
		return at;
	if (!c->viewed)
		c->view = rv_view_of(c->pkt);
	c->viewed = true;
	while (*at != RV_LIST_END && rv_key_rejects(&c->of->keys[*at], &c->view))
		at++;
	return at;
}

/* Adds a list to the cursor, without the entries before i. */
static void add_list(struct rv_cursor *c, uint32_t list, uint32_t i)
{
	const uint32_t *at = c->of->lists + list + 1;
	uint32_t n = at[-1];

	if (*at < i) {
		while (n) {
			const uint32_t half = n / 2;

			if (at[half] < i) {
				at += half + 1;
				n -= half + 1;
			} else {
				n = half;
			}
		}
	}
	at = settle(c, at);
	if (*at != RV_LIST_END)
		c->lists[c->n++] = at;
}

static RV_INLINE void add_hash(struct rv_cursor *c, const struct rv_lookup_hash *h, uint32_t i)
{
	const uint64_t hash = rv_lookup_hash(c->of, h, c->values);
	const uint32_t last = (1U << h->bits) - 1;
	uint32_t at = rv_lookup_slot(h, hash);

	for (unsigned int n = 0; n < RV_LOOKUP_PROBES && h->slots[at].list; n++) {
		if (h->slots[at].tag == (uint32_t)hash) {
			add_list(c, h->slots[at].list, i);
			return;
		}
		at = (at + 1) & last;
	}
}

static void add_tree(struct rv_cursor *c, uint32_t i)
{
	const struct rv_lookup *l = c->of;
	uint32_t pending[RV_LOOKUP_FAN] = { l->root };
	unsigned int n = 1;

	while (n) {
		uint32_t at = pending[--n];

		while (!(at & RV_NODE_LEAF)) {
			const struct rv_lookup_node *node = &l->nodes[at];

			if (node->across)
				pending[n++] = node->across;
			at = node->child[c->values[node->field] >= node->split];
		}
		add_list(c, at & ~RV_NODE_LEAF, i);
	}
}

static RV_INLINE void find_lists(struct rv_cursor *c, uint32_t i)
{
	const struct rv_lookup *l = c->of;

	c->n = 0;
	if (l->always)
		add_list(c, l->always, i);
	for (unsigned int n = 0; n < l->nhashes; n++)
		add_hash(c, &l->hashes[n], i);
	if (l->root)
		add_tree(c, i);
}

void rv_cursor_find(struct rv_cursor *c, uint32_t i)
{
	find_lists(c, i);
}

/*
 * Returns whether the fields that the lookup uses are the same as when the cursor was set to an
 * entry before i. Most targets do not change them.
 */
static __attribute__((__noinline__)) bool is_same(const struct rv_cursor *c, uint32_t i)
{
	uint64_t values[RV_DIMS];

	return c->at <= i && !c->blind && load_values(c->of, c->pkt, values) &&
	       !memcmp(values, c->values, c->of->ndims * sizeof(*values));
}

static RV_INLINE void start(struct rv_cursor *c, const struct rv_lookup *l, uint32_t i)
{
	const bool same = c->of == l && is_same(c, i);

	c->changed = false;
	c->viewed = false;
	if (same)
		return;
	c->of = l;
	c->blind = !load_values(l, c->pkt, c->values);
	if (!c->blind)
		find_lists(c, i);
}

uint32_t rv_cursor_next(struct rv_cursor *c, const struct rv_lookup *l, uint32_t i)
{
	uint32_t next = l->last;

	if (c->of != l || i < c->at || c->changed)
		start(c, l, i);
	c->at = i;
	if (c->blind)
		return RV_LIST_END;
	for (unsigned int n = 0; n < c->n; n++) {
		if (*c->lists[n] < i) {
			while (*c->lists[n] < i)
				c->lists[n]++;
			c->lists[n] = settle(c, c->lists[n]);
		}
		if (*c->lists[n] < next)
			next = *c->lists[n];
	}
	return next;
}
