/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs packets through a table. The loop is written once and compiled per family, with and without
 * recording, so that recording costs nothing when absent.
 */
#include "lookup.h"

#include <ravelin/hooks.h>

/* Constant arguments must reach all inlined parts. */
#define RV_INLINE inline __attribute__((always_inline))

/* State of a traversal. */
struct walk {
	struct rv_rules *rules;
	struct rvk_counters *counters;	/* of this CPU */
	struct rv_pkt *pkt;
	struct rv_record *record;
	uint32_t *stack;		/* return stack, indices of entries */
	struct rv_cursor *cursor;
	bool v6, recording;		/* compile-time constants */
};

/* Position. */
struct at {
	uint32_t next;			/* index of the entry */
	uint32_t top;			/* top of the stack */
	uint32_t jumps;			/* remaining jumps */
};

static const char no_name[16];

static RV_INLINE uint64_t load64(const void *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static RV_INLINE uint32_t load32(const void *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/* Compares 16 bytes under a mask. */
static RV_INLINE bool differs16(const void *a, const void *b, const void *mask)
{
	const uint8_t *x = a, *y = b, *m = mask;

	return ((load64(x) ^ load64(y)) & load64(m)) |
	       ((load64(x + 8) ^ load64(y + 8)) & load64(m + 8));
}

static RV_INLINE bool differs_addr(bool v6, const void *a, const void *b, const void *mask)
{
	return v6 ? differs16(a, b, mask) : (load32(a) ^ load32(b)) & load32(mask);
}

static RV_INLINE void record_read(const struct walk *w, unsigned int what)
{
	if (w->recording)
		rv_look(&w->record->looked, what);
}

static __attribute__((__noinline__, __cold__))
void tell_miss(const struct walk *w, const struct rvk_entry *e, enum rv_miss_what what,
	       const struct rvk_element *el, const struct rvk_predicate *p)
{
	const struct rv_observer *o = w->record->observer;
	const struct rv_miss miss = {
		.table = (uint32_t)(w->rules->def - rv_engine_tables),
		.entry = e->index,
		.what = what,
		.rule = e,
		.element = el,
		.predicate = p,
	};

	o->miss(o->arg, w->pkt, &miss);
}

/* Reports the failed test; returns false. */
static RV_INLINE bool missed(const struct walk *w, const struct rvk_entry *e,
			     enum rv_miss_what what, const struct rvk_element *el,
			     const struct rvk_predicate *p)
{
	if (w->recording && w->record->observer && w->record->observer->miss)
		tell_miss(w, e, what, el, p);
	return false;
}

static RV_INLINE bool address_fits(const struct walk *w, const struct rvk_ip *ip, bool dst)
{
	const uint8_t *addr = w->pkt->data + (w->v6 ? (dst ? 24 : 8) : dst ? 16 : 12);
	bool inverted = ip->invert & (dst ? RVK_INV_DST : RVK_INV_SRC);

	if (w->v6)
		record_read(w, dst ? RVK_SEL_IP6_DADDR : RVK_SEL_IP6_SADDR);
	else
		record_read(w, dst ? RVK_SEL_IP_DADDR : RVK_SEL_IP_SADDR);
	return differs_addr(w->v6, addr, dst ? ip->dst : ip->src, dst ? ip->dmask : ip->smask) ==
	       inverted;
}

static RV_INLINE bool iface_fits(const struct walk *w, const struct rvk_ip *ip, bool out)
{
	const char *name = out ? w->pkt->out : w->pkt->in;
	bool inverted = ip->invert & (out ? RVK_INV_OUT : RVK_INV_IN);

	record_read(w, out ? RVK_SEL_OIFNAME : RVK_SEL_IIFNAME);
	return differs16(name ? name : no_name, out ? ip->out : ip->in,
			 out ? ip->out_mask : ip->in_mask) == inverted;
}

/* If the protocol is unknown, the packet is malformed or a later fragment. */
static RV_INLINE bool proto_fits(const struct walk *w, const struct rvk_ip *ip)
{
	struct rv_pkt *pkt = w->pkt;

	record_read(w, RVK_SEL_L4PROTO);
	if (w->v6 && pkt->proto == RV_PROTO_NONE) {
		pkt->hotdrop |= !pkt->fragoff;
		return false;
	}
	return !ip->proto || (pkt->proto != ip->proto) == !!(ip->invert & RVK_INV_PROTO);
}

static RV_INLINE bool frag_fits(const struct walk *w, const struct rvk_ip *ip)
{
	record_read(w, RVK_SEL_IP_FRAG);
	return !w->pkt->fragoff == !!(ip->invert & RVK_INV_FRAG);
}

static RV_INLINE bool ip_fits(const struct walk *w, const struct rvk_entry *e)
{
	uint32_t uses = e->uses;

	if (uses & RV_USE_SRC && !address_fits(w, &e->ip, false))
		return missed(w, e, RV_MISS_SRC, NULL, NULL);
	if (uses & RV_USE_DST && !address_fits(w, &e->ip, true))
		return missed(w, e, RV_MISS_DST, NULL, NULL);
	if (uses & RV_USE_IN && !iface_fits(w, &e->ip, false))
		return missed(w, e, RV_MISS_IN, NULL, NULL);
	if (uses & RV_USE_OUT && !iface_fits(w, &e->ip, true))
		return missed(w, e, RV_MISS_OUT, NULL, NULL);
	if (uses & RV_USE_PROTO && !proto_fits(w, &e->ip))
		return missed(w, e, RV_MISS_PROTO, NULL, NULL);
	if (uses & RV_USE_FRAG && !frag_fits(w, &e->ip))
		return missed(w, e, RV_MISS_FRAG, NULL, NULL);
	return true;
}

/*
 * First entry from index i that its key does not reject. Never rejects the last entry of a chain.
 */
static RV_INLINE uint32_t skip(const struct walk *w, uint32_t i)
{
	const struct rv_key *key = &w->rules->keys[i];
	const struct rv_view v = rv_view_of(w->pkt);

	while (rv_key_rejects(key, &v))
		key++;
	return (uint32_t)(key - w->rules->keys);
}

/* Does the same in a chain with a lookup. */
static RV_INLINE uint32_t skip_by_lookup(const struct walk *w, uint32_t i)
{
	const struct rv_lookup *l = w->rules->lookups[w->rules->keys[i].lookup - 1];
	const uint32_t next = rv_cursor_next(w->cursor, l, i);

	return next == RV_LIST_END ? skip(w, i) : next;
}

static RV_INLINE bool predicates_fit(const struct walk *w, const struct rvk_entry *e,
				     const struct rvk_element *el)
{
	const uint8_t *p = (const uint8_t *)(el + 1);
	const uint8_t *end = (const uint8_t *)el + el->size;

	while (p < end) {
		const struct rvk_predicate *predicate = (const void *)p;

		record_read(w, predicate->sel);
		if (!rv_predicate_true(w->pkt, predicate))
			return missed(w, e, RV_MISS_PREDICATE, el, predicate);
		p += predicate->size;
	}
	return true;
}

static RV_INLINE void look_all(const struct walk *w, const struct rv_handler *h)
{
	if (!w->recording)
		return;
	for (const uint16_t *what = h->reads; what && *what; what++)
		rv_look(&w->record->looked, *what);
}

static RV_INLINE bool matches_fit(const struct walk *w, const struct rvk_entry *e)
{
	const struct rvk_element *el = rv_entry_elements(e), *target = rv_entry_target(e);

	for (; el < target; el = rv_element_next(el)) {
		const struct rv_instance *use;

		if (el->form == RVK_FORM_PREDICATES) {
			if (!predicates_fit(w, e, el))
				return false;
			continue;
		}
		use = &w->rules->uses[el->slot];
		look_all(w, use->handler);
		if (!use->handler->match(w->pkt, use->data, use->state))
			return missed(w, e, RV_MISS_MATCH, el, NULL);
	}
	return true;
}

/* bytes: length of the packet before the target changed it. */
static RV_INLINE void record_step(const struct walk *w, const struct rvk_entry *e, int32_t verdict,
				  uint32_t bytes)
{
	const struct rv_step record_step = {
		.table = (uint32_t)(w->rules->def - rv_engine_tables),
		.entry = e->index,
		.verdict = verdict,
		.bytes = bytes,
	};
	struct rv_record *record = w->record;

	if (!w->recording)
		return;
	if (record->len < record->cap)
		record->path[record->len] = record_step;
	record->len++;
	if (record->observer && record->observer->hit)
		record->observer->hit(record->observer->arg, w->pkt, &record_step);
}

static void trace(const struct rv_rules *r, struct rv_pkt *pkt, const struct rvk_entry *e)
{
	struct rv_trace_step t;

	if (!pkt->ops->trace)
		return;
	rv_rules_where(r, e, &t);
	pkt->ops->trace(pkt, &t);
}

/* Index of the entry at an offset. */
static RV_INLINE uint32_t number_at(const struct walk *w, uint32_t off)
{
	return rv_entry_at(w->rules, off)->index;
}

/* Continues after the jump that led here, or at the policy. */
static RV_INLINE uint32_t come_back(const struct walk *w, struct at *at)
{
	if (!at->top)
		return number_at(w, w->rules->head.underflow[w->pkt->hook]);
	return w->stack[--at->top];
}

/* Converts a target's verdict to the ABI's; drops the argument in the upper bits. */
static RV_INLINE int32_t as_verdict(unsigned int nf)
{
	return nf == RV_CONTINUE ? RVK_CONTINUE : -(int32_t)(nf & NF_VERDICT_MASK) - 1;
}

/* The checks limit jumps; should that fail, drops the packet instead of looping. */
static RV_INLINE bool jump(const struct walk *w, const struct rvk_verdict *v, struct at *at)
{
	if (!at->jumps--)
		return false;
	if (!(v->flags & RVK_VERDICT_GOTO))
		w->stack[at->top++] = at->next;
	at->next = number_at(w, v->verdict);
	return true;
}

/* Executes the rule's target. True: continue with entry at->next; false: *verdict is final. */
static RV_INLINE bool follow(const struct walk *w, const struct rvk_entry *e, struct at *at,
			     unsigned int *verdict)
{
	const struct rvk_element *target = rv_entry_target(e);
	const struct rvk_verdict *v = rv_element_verdict(target);
	const uint32_t bytes = w->pkt->len;

	at->next = e->index + 1;
	if (target->form == RVK_FORM_DATA) {
		const struct rv_instance *use = &w->rules->uses[target->slot];

		look_all(w, use->handler);
		*verdict = use->handler->target(w->pkt, use->data, use->state);
		w->cursor->changed = true;
		record_step(w, e, as_verdict(*verdict), bytes);
		return *verdict == RV_CONTINUE;
	}
	record_step(w, e, v->verdict, bytes);
	if (v->verdict >= 0) {
		*verdict = NF_DROP;
		return jump(w, v, at);
	}
	*verdict = -(v->verdict + 1);
	if (v->verdict == RVK_RETURN)
		at->next = come_back(w, at);
	return v->verdict == RVK_RETURN || v->verdict == RVK_CONTINUE;
}

static RV_INLINE unsigned int traverse(struct rv_rules *r, struct rvk_counters *counters,
				       struct rv_pkt *pkt, struct rv_record *record,
				       uint32_t *stack, const bool v6, const bool recording)
{
	struct rv_cursor cursor;
	const struct walk own = {
		.rules = r, .counters = counters, .pkt = pkt, .record = record, .stack = stack,
		.cursor = &cursor, .v6 = v6, .recording = recording,
	}, *w = &own;
	struct at at = {
		.next = number_at(w, w->rules->head.hook_entry[w->pkt->hook]),
		.jumps = RVK_VISITS_MAX + w->rules->head.count,
	};
	unsigned int verdict = NF_DROP;
	bool more = true;

	rv_cursor_init(&cursor, pkt);
	while (more && !w->pkt->hotdrop) {
		const struct rvk_entry *e;

		/* A recorder must see every field the rule tests. */
		if (!recording)
			at.next = r->keys[at.next].lookup ? skip_by_lookup(w, at.next) :
							    skip(w, at.next);
		e = rv_entry_at(w->rules, w->rules->keys[at.next].offset);
		if (!ip_fits(w, e) || (e->uses & RV_USE_MATCHES && !matches_fit(w, e))) {
			at.next++;
			continue;
		}
		rv_count(&w->counters[e->index], w->pkt->len);
		if (w->pkt->trace)
			trace(w->rules, w->pkt, e);
		more = follow(w, e, &at, &verdict);
	}
	if (w->pkt->hotdrop)
		verdict = NF_DROP;
	if (recording && record->observer && record->observer->end)
		record->observer->end(record->observer->arg, pkt, verdict);
	return verdict;
}

/*
 * One function per variant, to specialise its constants. The stack is local, so nested traversals
 * and others on the same CPU are independent. The large stack is only used for deep tables.
 */
#define SHALLOW	16
#define WALK(name, depth, v6, recording)					\
	static __attribute__((__noinline__))					\
	unsigned int name(struct rv_rules *r, struct rvk_counters *counters,	\
			  struct rv_pkt *pkt, struct rv_record *record)	\
	{									\
		uint32_t stack[depth];						\
										\
		return traverse(r, counters, pkt, record, stack, v6, recording);	\
	}
WALK(walk_v4, SHALLOW, false, false)
WALK(walk_v6, SHALLOW, true, false)
WALK(walk_v4_deep, RVK_DEPTH_MAX, false, false)
WALK(walk_v6_deep, RVK_DEPTH_MAX, true, false)
WALK(walk_v4_recorded, RVK_DEPTH_MAX, false, true)
WALK(walk_v6_recorded, RVK_DEPTH_MAX, true, true)

unsigned int rv_rules_run(struct rv_rules *r, unsigned int slot, struct rv_pkt *pkt,
			  struct rv_record *record)
{
	struct rvk_counters *c = r->slots[slot].counters;
	const bool deep = r->depth > SHALLOW;

	if (!(r->head.valid_hooks & 1U << pkt->hook))
		return NF_ACCEPT;
	rv_slot_runs(&r->slots[slot]);
	/* No table of pointers: an indirect call is slower than a branch. */
	if (pkt->family == NFPROTO_IPV4) {
		if (record)
			return walk_v4_recorded(r, c, pkt, record);
		return deep ? walk_v4_deep(r, c, pkt, NULL) : walk_v4(r, c, pkt, NULL);
	}
	if (record)
		return walk_v6_recorded(r, c, pkt, record);
	return deep ? walk_v6_deep(r, c, pkt, NULL) : walk_v6(r, c, pkt, NULL);
}

/* ---- tracing ----------------------------------------------------------------------------- */

static const char *const hook_names[RVK_HOOKS] = {
#define RV_X(hook, nft, interfaces) [NF_INET_##hook] = RV_CHAIN_##hook,
	RV_HOOKS(RV_X)
#undef RV_X
};

/* The hook whose chain starts, or with ends whose policy is, at an offset; -1: none. */
static int hook_at(const struct rv_rules *r, uint32_t off, bool ends)
{
	const uint32_t *offsets = ends ? r->head.underflow : r->head.hook_entry;

	for (unsigned int hook = 0; hook < RVK_HOOKS; hook++)
		if (r->head.valid_hooks & 1U << hook && offsets[hook] == off)
			return (int)hook;
	return -1;
}

/* The last entry of a user chain is followed by a head or by the end of the table. */
static bool is_end(const struct rv_rules *r, const struct rvk_entry *e)
{
	const struct rvk_entry *next = rv_entry_next(e);

	if (rv_entry_offset(r, next) == r->head.size)
		return true;
	return rv_entry_target(next)->form == RVK_FORM_CHAIN;
}

void rv_rules_where(const struct rv_rules *r, const struct rvk_entry *e, struct rv_trace_step *trace)
{
	uint32_t off = 0, at = rv_entry_offset(r, e);

	*trace = (struct rv_trace_step){ .table = r->def->name, .what = "rule" };
	for (;; off += rv_entry_at(r, off)->next) {
		const struct rvk_element *target = rv_entry_target(rv_entry_at(r, off));
		int hook = hook_at(r, off, false);

		if (hook >= 0) {
			trace->chain = hook_names[hook];
			trace->number = 0;
		}
		if (target->form == RVK_FORM_CHAIN) {
			trace->chain = target->name;
			trace->number = 0;
		} else {
			trace->number++;
		}
		if (off == at)
			break;
	}
	if (hook_at(r, at, true) >= 0)
		trace->what = "policy";
	else if (is_end(r, e))
		trace->what = "return";
}
