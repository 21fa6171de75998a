/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds which packets cannot match an entry, from its addresses, interfaces and predicates. */
#include "lookup.h"

uint64_t rv_dim_max(uint8_t family, unsigned int dim)
{
	static const uint64_t max[RV_DIMS] = {
		[RV_DIM_SRC] = UINT64_MAX,	  [RV_DIM_SRC_LOW] = UINT64_MAX,
		[RV_DIM_DST] = UINT64_MAX,	  [RV_DIM_DST_LOW] = UINT64_MAX,
		[RV_DIM_IN] = UINT64_MAX,	  [RV_DIM_OUT] = UINT64_MAX,
		[RV_DIM_PROTO] = RV_PROTO_ABSENT, [RV_DIM_SPORT] = RV_PORT_ABSENT,
		[RV_DIM_DPORT] = RV_PORT_ABSENT,  [RV_DIM_MARK] = UINT32_MAX,
	};

	if (family == NFPROTO_IPV4 && dim <= RV_DIM_DST_LOW)
		return dim == RV_DIM_SRC || dim == RV_DIM_DST ? UINT32_MAX : 0;
	return max[dim];
}

/* Returns the FNV-1a hash of a name, without the bytes after its NUL, which may be anything. */
uint64_t rv_name_number(const char name[16])
{
	uint64_t x = 0xcbf29ce484222325ULL;

	for (unsigned int i = 0; i < 16 && name[i]; i++)
		x = (x ^ (uint8_t)name[i]) * 0x100000001b3ULL;
	return x;
}

/* ---- predicates without side effects ---------------------- */

/* Calls fn for each predicate. Stops and returns false at the first that may have a side effect. */
static bool pass_list(const void *list, uint32_t size,
		      void (*fn)(const struct rvk_predicate *p, void *arg), void *arg)
{
	uint32_t off = 0;

	while (off < size) {
		const struct rvk_predicate *p = (const void *)((const uint8_t *)list + off);

		if (!rv_selector_harmless(p->sel))
			return false;
		fn(p, arg);
		off += p->size;
	}
	return true;
}

/* Calls fn for the predicates of a match. Returns false if the match may have a side effect. */
static bool pass_handler(const struct rv_instance *use,
			 void (*fn)(const struct rvk_predicate *p, void *arg), void *arg)
{
	const struct rv_said *said = use->state;

	if (use->handler->match == rv_said_match)
		return pass_list(said->predicates, said->size, fn, arg);
	return !use->handler->reads;
}

void rv_entry_predicates(const struct rv_rules *r, const struct rvk_entry *e,
			 void (*fn)(const struct rvk_predicate *p, void *arg), void *arg)
{
	const struct rvk_element *el = rv_entry_elements(e), *target = rv_entry_target(e);
	bool more = true;

	for (; more && el < target; el = rv_element_next(el))
		more = el->form == RVK_FORM_PREDICATES
			       ? pass_list(el + 1, el->size - sizeof(*el), fn, arg)
			       : pass_handler(&r->uses[el->slot], fn, arg);
}

/* ---- boxes ---------------------- */

struct facts {
	struct rv_box *box;
	uint8_t family;
	bool whole;
	unsigned int wanted; /* number of the box */
	unsigned int boxes;
};

/* Adds a condition (field & mask) == value. If a field has several, keeps an exact one. */
static void limit_mask(struct facts *f, unsigned int dim, uint64_t value, uint64_t mask)
{
	const uint64_t lo = value & mask;

	if (mask && !f->box->dim[dim].mask)
		f->box->dim[dim] = (struct rv_range){
			.lo = lo,
			.hi = lo | (~mask & rv_dim_max(f->family, dim)),
			.mask = mask,
		};
}

static void limit_range(struct facts *f, unsigned int dim, uint64_t lo, uint64_t hi)
{
	struct rv_range *r = &f->box->dim[dim];

	if (lo == hi) {
		limit_mask(f, dim, lo, UINT64_MAX);
		return;
	}
	if (r->mask || lo > hi || lo > r->hi || hi < r->lo)
		return;
	r->lo = lo > r->lo ? lo : r->lo;
	r->hi = hi < r->hi ? hi : r->hi;
}

static void limit_address(struct facts *f, unsigned int dim, const uint8_t *value,
			  const uint8_t *mask)
{
	if (f->family == NFPROTO_IPV4) {
		limit_mask(f, dim, rv_be32(value), rv_be32(mask));
		return;
	}
	limit_mask(f, dim, rv_be64(value), rv_be64(mask));
	limit_mask(f, dim + 1, rv_be64(value + 8), rv_be64(mask + 8));
}

static void limit_addresses(struct facts *f, unsigned int dim, const uint8_t *from,
			    const uint8_t *to)
{
	if (f->family == NFPROTO_IPV4) {
		limit_range(f, dim, rv_be32(from), rv_be32(to));
		return;
	}
	limit_range(f, dim, rv_be64(from), rv_be64(to));
	if (rv_be64(from) == rv_be64(to))
		limit_range(f, dim + 1, rv_be64(from + 8), rv_be64(to + 8));
}

/* Adds a condition on an interface name, unless it ends with '+' (its NUL is not compared). */
static void limit_name(struct facts *f, unsigned int dim, const char *name, const uint8_t *mask)
{
	for (unsigned int i = 0; i < 16; i++) {
		if (mask[i] != 0xff)
			return;
		if (!name[i])
			break;
	}
	limit_mask(f, dim, rv_name_number(name), UINT64_MAX);
}

static void limit_ip(struct facts *f, const struct rvk_ip *ip)
{
	if (!(ip->invert & RVK_INV_SRC))
		limit_address(f, RV_DIM_SRC, ip->src, ip->smask);
	if (!(ip->invert & RVK_INV_DST))
		limit_address(f, RV_DIM_DST, ip->dst, ip->dmask);
	if (!(ip->invert & RVK_INV_IN))
		limit_name(f, RV_DIM_IN, ip->in, ip->in_mask);
	if (!(ip->invert & RVK_INV_OUT))
		limit_name(f, RV_DIM_OUT, ip->out, ip->out_mask);
	if (ip->proto && !(ip->invert & RVK_INV_PROTO))
		limit_mask(f, RV_DIM_PROTO, ip->proto, UINT64_MAX);
}

/* Adds the first list of ports as one box per interval. */
static void limit_list(struct facts *f, unsigned int dim, const struct rvk_predicate *p)
{
	const struct rvk_interval *list = (const void *)(p + 1);
	uint16_t lo = UINT16_MAX, hi = 0;

	if (!f->whole && f->boxes == 1 && p->count && !f->box->dim[dim].mask) {
		f->boxes = p->count;
		limit_range(f, dim, rv_be16(list[f->wanted].from), rv_be16(list[f->wanted].to));
		return;
	}
	for (unsigned int i = 0; i < p->count; i++) {
		lo = rv_be16(list[i].from) < lo ? rv_be16(list[i].from) : lo;
		hi = rv_be16(list[i].to) > hi ? rv_be16(list[i].to) : hi;
	}
	limit_range(f, dim, lo, hi);
}

/* Adds a condition on ports or the ICMP type. Even a negated test requires them to be present. */
static void limit_port(struct facts *f, unsigned int dim, const struct rvk_predicate *p)
{
	if (p->flags & RVK_PREDICATE_NEGATE)
		limit_range(f, dim, 0, UINT16_MAX);
	else if (p->op == RVK_OP_EQ)
		limit_range(f, dim, rv_be16(p->value), rv_be16(p->value));
	else if (p->op == RVK_OP_RANGE)
		limit_range(f, dim, rv_be16(p->value), rv_be16(p->other));
	else if (p->op == RVK_OP_IN)
		limit_list(f, dim, p);
	else
		limit_range(f, dim, 0, UINT16_MAX);
}

static void limit_mark(struct facts *f, const struct rvk_predicate *p)
{
	uint32_t value, other;

	memcpy(&value, p->value, sizeof(value));
	memcpy(&other, p->other, sizeof(other));
	if (p->op == RVK_OP_EQ)
		limit_mask(f, RV_DIM_MARK, value, UINT32_MAX);
	else if (p->op == RVK_OP_MASK)
		limit_mask(f, RV_DIM_MARK, value, other);
	else if (p->op == RVK_OP_RANGE)
		limit_range(f, RV_DIM_MARK, value, other);
}

static void limit_predicate_address(struct facts *f, unsigned int dim,
				    const struct rvk_predicate *p)
{
	static const uint8_t all[16] = { 255, 255, 255, 255, 255, 255, 255, 255,
					 255, 255, 255, 255, 255, 255, 255, 255 };

	if (p->op == RVK_OP_EQ)
		limit_address(f, dim, p->value, all);
	else if (p->op == RVK_OP_MASK)
		limit_address(f, dim, p->value, p->other);
	else if (p->op == RVK_OP_RANGE)
		limit_addresses(f, dim, p->value, p->other);
}

/* Adds the condition of a predicate, if it tests one of the fields. */
static void limit_predicate(const struct rvk_predicate *p, void *arg)
{
	const bool negated = p->flags & RVK_PREDICATE_NEGATE;
	struct facts *f = arg;

	switch (p->sel) {
	case RVK_SEL_TH_SPORT:
	case RVK_SEL_ICMP_TYPE:
	case RVK_SEL_ICMP6_TYPE:
		limit_port(f, RV_DIM_SPORT, p);
		break;
	case RVK_SEL_TH_DPORT:
		limit_port(f, RV_DIM_DPORT, p);
		break;
	case RVK_SEL_TH_PORT:
		limit_range(f, RV_DIM_DPORT, 0, UINT16_MAX);
		break;
	case RVK_SEL_IP_SADDR:
	case RVK_SEL_IP6_SADDR:
		if (!negated)
			limit_predicate_address(f, RV_DIM_SRC, p);
		break;
	case RVK_SEL_IP_DADDR:
	case RVK_SEL_IP6_DADDR:
		if (!negated)
			limit_predicate_address(f, RV_DIM_DST, p);
		break;
	case RVK_SEL_MARK:
		if (!negated)
			limit_mark(f, p);
		break;
	}
}

unsigned int rv_entry_box(const struct rv_rules *r, const struct rvk_entry *e, unsigned int n,
			  bool whole, struct rv_box *box)
{
	struct facts f = {
		.box = box,
		.family = r->head.family,
		.whole = whole,
		.wanted = n,
		.boxes = 1,
	};

	for (unsigned int i = 0; i < RV_DIMS; i++)
		box->dim[i] = (struct rv_range){ .hi = rv_dim_max(f.family, i) };
	limit_ip(&f, &e->ip);
	rv_entry_predicates(r, e, limit_predicate, &f);
	return f.boxes;
}
