/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversion of option values to predicates and back, by type. */
#include <string.h>

#include "registry/row.h"

static bool to_flag(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	const uint64_t is = opt->flags & RV_OPT_ZERO ? 0 : 1;

	rv_selector_put(p->sel, opt->sel_bits ? opt->sel_bits : is, p->value);
	if (!opt->sel_bits)
		return true;
	p->op = RV_OP_MASK;
	rv_selector_put(p->sel, opt->sel_bits, p->other);
	return true;
}

/* An enumeration that shares its field counts from 0 in a predicate. */
static bool to_enum(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	uint64_t n = own_bits(opt, rv_get_uint(data + opt->offset, opt->size));

	rv_selector_put(p->sel, n >> own_shift(opt), p->value);
	return true;
}

static bool from_enum(const struct rv_option *opt, const struct rv_predicate *p,
		      unsigned char *data)
{
	uint64_t n = rv_selector_get(p->sel, p->value) << own_shift(opt);
	uint64_t old = rv_get_uint(data + opt->offset, opt->size);

	if (p->op != RV_OP_EQ || !rv_name_of(opt->names, n))
		return false;
	rv_set_uint(data + opt->offset, opt->size, (old ^ own_bits(opt, old)) | n);
	return true;
}

/* "Above n" and "below n" are ranges; an empty one is "never". */
static void to_above_or_below(const struct rv_option *opt, uint64_t n, struct rv_predicate *p)
{
	uint64_t most = row_max(opt, opt->size);
	bool above = opt->flags & RV_OPT_ABOVE, none = n == (above ? most : 0);

	p->op = RV_OP_RANGE;
	p->negate ^= none;
	rv_selector_put(p->sel, above && !none ? n + 1 : 0, p->value);
	rv_selector_put(p->sel, above || none ? most : n - 1, p->other);
}

static bool to_uint(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	uint64_t n = get_number(opt, data + opt->offset, opt->size);

	if (opt->flags & (RV_OPT_ABOVE | RV_OPT_BELOW))
		to_above_or_below(opt, n, p);
	else
		rv_selector_put(p->sel, n, p->value);
	return true;
}

/* "Never" is not a range and is not converted back. */
static bool from_above_or_below(const struct rv_option *opt, const struct rv_predicate *p,
				unsigned char *data)
{
	uint64_t from = rv_selector_get(p->sel, p->value), to = rv_selector_get(p->sel, p->other);
	uint64_t most = row_max(opt, opt->size);
	bool above = opt->flags & RV_OPT_ABOVE;

	if (p->op != RV_OP_RANGE || p->negate || (above ? !from || to != most : from || to >= most))
		return false;
	set_number(opt, data + opt->offset, opt->size, above ? from - 1 : to + 1);
	return true;
}

static bool from_uint(const struct rv_option *opt, const struct rv_predicate *p,
		      unsigned char *data)
{
	uint64_t n = rv_selector_get(p->sel, p->value);

	if (opt->flags & (RV_OPT_ABOVE | RV_OPT_BELOW))
		return from_above_or_below(opt, p, data);
	if (p->op != RV_OP_EQ || n > row_max(opt, opt->size))
		return false;
	set_number(opt, data + opt->offset, opt->size, n);
	return true;
}

static bool to_range(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	unsigned int half = half_size(opt);
	uint64_t from = get_number(opt, data + opt->offset, half);
	uint64_t to = get_number(opt, data + end_at(opt), half);

	p->op = from == to ? RV_OP_EQ : RV_OP_RANGE;
	rv_selector_put(p->sel, from, p->value);
	if (from != to)
		rv_selector_put(p->sel, to, p->other);
	return true;
}

static bool from_range(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	unsigned int half = half_size(opt);
	uint64_t from = rv_selector_get(p->sel, p->value);
	uint64_t to = p->op == RV_OP_EQ ? from : rv_selector_get(p->sel, p->other);

	if ((p->op != RV_OP_EQ && p->op != RV_OP_RANGE) || to > row_max(opt, half) || from > to)
		return false;
	set_number(opt, data + opt->offset, half, from);
	set_number(opt, data + end_at(opt), half, to);
	return true;
}

static bool to_masked(const struct rv_option *opt, const unsigned char *data,
		      struct rv_predicate *p)
{
	unsigned int size = mask_size(opt);
	uint64_t mask = get_number(opt, data + mask_at(opt), size);

	rv_selector_put(p->sel, get_number(opt, data + opt->offset, size), p->value);
	if (mask == row_max(opt, size))
		return true;
	p->op = RV_OP_MASK;
	rv_selector_put(p->sel, mask, p->other);
	return true;
}

static bool from_masked(const struct rv_option *opt, const struct rv_predicate *p,
			unsigned char *data)
{
	unsigned int size = mask_size(opt);
	uint64_t mask = p->op == RV_OP_EQ ? row_max(opt, size) : rv_selector_get(p->sel, p->other);

	if (p->op != RV_OP_EQ && p->op != RV_OP_MASK)
		return false;
	set_number(opt, data + opt->offset, size, rv_selector_get(p->sel, p->value));
	set_number(opt, data + mask_at(opt), size, mask);
	return true;
}

static bool to_bits(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	p->op = RV_OP_ANY;
	rv_selector_put(p->sel, rv_get_uint(data + opt->offset, opt->size), p->value);
	return true;
}

static bool from_bits(const struct rv_option *opt, const struct rv_predicate *p,
		      unsigned char *data)
{
	if (p->op != RV_OP_ANY)
		return false;
	rv_set_uint(data + opt->offset, opt->size, rv_selector_get(p->sel, p->value));
	return true;
}

/* Bytes that are the same in data and predicate: IP and MAC addresses. */
static void bytes_to(enum rv_sel sel, const unsigned char *field, unsigned int room, uint8_t *bytes)
{
	unsigned int len = rv_selectors[sel].len;

	memcpy(bytes, field, len < room ? len : room);
}

static bool to_bytes(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	bytes_to(p->sel, data + opt->offset, opt->size, p->value);
	return true;
}

static bool from_bytes(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	if (p->op != RV_OP_EQ)
		return false;
	bytes_to(p->sel, p->value, opt->size, data + opt->offset);
	return true;
}

static bool all_ones(const uint8_t *bytes, unsigned int len)
{
	while (len--)
		if (*bytes++ != 0xff)
			return false;
	return true;
}

static bool to_addr_mask(const struct rv_option *opt, const unsigned char *data,
			 struct rv_predicate *p)
{
	bytes_to(p->sel, data + opt->offset, opt->size, p->value);
	bytes_to(p->sel, data + mask_at(opt), mask_size(opt), p->other);
	if (all_ones(p->other, rv_selectors[p->sel].len)) {
		memset(p->other, 0, sizeof(p->other));
		return true;
	}
	p->op = RV_OP_MASK;
	/* A host address keeps the bits outside its mask; no packet would equal those. */
	for (unsigned int i = 0; i < sizeof(p->value); i++)
		p->value[i] &= p->other[i];
	return true;
}

/*
 * An address with bits outside its mask never matches; as an option the bits would be masked and it
 * would match.
 */
static bool from_addr_mask(const struct rv_option *opt, const struct rv_predicate *p,
			   unsigned char *data)
{
	unsigned int len = rv_selectors[p->sel].len;
	uint8_t ones[16];

	if (p->op != RV_OP_EQ && p->op != RV_OP_MASK)
		return false;
	for (unsigned int i = 0; p->op == RV_OP_MASK && i < len; i++)
		if (p->value[i] & ~p->other[i])
			return false;
	memset(ones, 0xff, sizeof(ones));
	memcpy(data + opt->offset, p->value, len < opt->size ? len : opt->size);
	memcpy(data + mask_at(opt), p->op == RV_OP_EQ ? ones : p->other,
	       len < mask_size(opt) ? len : mask_size(opt));
	return true;
}

static bool to_addr_range(const struct rv_option *opt, const unsigned char *data,
			  struct rv_predicate *p)
{
	unsigned int half = half_size(opt);

	p->op = RV_OP_RANGE;
	bytes_to(p->sel, data + opt->offset, half, p->value);
	bytes_to(p->sel, data + end_at(opt), half, p->other);
	return true;
}

static bool from_addr_range(const struct rv_option *opt, const struct rv_predicate *p,
			    unsigned char *data)
{
	unsigned int half = half_size(opt);

	if (p->op != RV_OP_RANGE)
		return false;
	bytes_to(p->sel, p->value, half, data + opt->offset);
	bytes_to(p->sel, p->other, half, data + end_at(opt));
	return true;
}

/* "eth+" compares the bytes before '+'. "+" compares none and is always true. */
static bool to_iface(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	const char *name = (const char *)data + opt->offset;
	size_t len = strnlen(name, IFNAMSIZ);

	memcpy(p->value, name, len);
	if (len && name[len - 1] == '+') {
		p->op = RV_OP_PREFIX;
		p->len = len - 1;
		p->value[len - 1] = 0;
	}
	return true;
}

static bool from_iface(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	size_t len = p->op == RV_OP_PREFIX ? p->len : strnlen((const char *)p->value, IFNAMSIZ);

	if ((p->op != RV_OP_EQ && p->op != RV_OP_PREFIX) || len + 1 >= IFNAMSIZ + (p->op == RV_OP_EQ))
		return false;
	memset(data + opt->offset, 0, IFNAMSIZ);
	memcpy(data + opt->offset, p->value, len);
	if (p->op == RV_OP_PREFIX)
		data[opt->offset + len] = '+';
	return true;
}

static bool to_text(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p)
{
	p->text = (const char *)data + opt->offset;
	return true;
}

static const struct meaning {
	bool (*to)(const struct rv_option *opt, const unsigned char *data, struct rv_predicate *p);
	bool (*from)(const struct rv_option *opt, const struct rv_predicate *p, unsigned char *data);
} meanings[] = {
	[RV_T_FLAG] = { to_flag, NULL },
	[RV_T_UINT] = { to_uint, from_uint },
	[RV_T_UINT_RANGE] = { to_range, from_range },
	[RV_T_PORT_RANGE] = { to_range, from_range },
	[RV_T_MASKED] = { to_masked, from_masked },
	[RV_T_STRING] = { to_text, NULL },
	[RV_T_ENUM] = { to_enum, from_enum },
	[RV_T_BITS] = { to_bits, from_bits },
	[RV_T_ADDR] = { to_bytes, from_bytes },
	[RV_T_ADDR_MASK] = { to_addr_mask, from_addr_mask },
	[RV_T_ADDR_RANGE] = { to_addr_range, from_addr_range },
	[RV_T_MAC] = { to_bytes, from_bytes },
	[RV_T_IFACE] = { to_iface, from_iface },
	[RV_T_PROTO] = { to_uint, from_uint },
	[RV_T_CHANGE] = { NULL, NULL },
	[RV_T_PREFIX] = { NULL, NULL },
	[RV_T_PORT] = { to_uint, from_uint },
	[RV_T_SET] = { NULL, NULL },
	[RV_T_NAT] = { NULL, NULL },
	[RV_T_HOOK] = { NULL, NULL },
};

static enum rv_sel selector(rv_family_t family, const struct rv_option *opt,
			    const unsigned char *data)
{
	for (const struct rv_sel_when *w = rv_option_sel_more(opt)->when; w && w->sel; w++)
		if (has_bit(&w->when, data))
			return w->sel;
	if (family == NFPROTO_IPV6 && rv_option_sel_more(opt)->ipv6)
		return rv_option_sel_more(opt)->ipv6;
	return opt->sel;
}

static uint32_t parameter(const struct rv_bit *bits, const unsigned char *data)
{
	return bits->width ? rv_get_uint(data + bits->offset, bits->width) & bits->mask : 0;
}

/* The list is large and mostly unused: clears only what precedes it. */
bool rv_row_predicate(const struct rv_option *opt, enum rv_sel sel, const unsigned char *data,
		      struct rv_predicate *p)
{
	memset(p, 0, offsetof(struct rv_predicate, list));
	p->sel = sel;
	p->op = RV_OP_EQ;
	p->len = rv_selectors[sel].len;
	p->negate = rv_option_inverted(opt, data);
	p->param = parameter(&rv_option_sel_more(opt)->param, data);
	return meanings[opt->type].to && meanings[opt->type].to(opt, data, p);
}

/* Whether save prints the row, i.e. its value is not also that of another row. */
static bool speaks(const struct rv_ext *ext, const struct rv_option *opt, const unsigned char *data)
{
	return !opt->alias_of && !(opt->flags & RV_OPT_HIDDEN) &&
	       (opt->flags & RV_OPT_ALWAYS || rv_option_given(ext, opt, data));
}

bool rv_part_is_pure(const struct rv_ext *ext, const unsigned char *data)
{
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++)
		if (speaks(ext, opt, data) && !(opt->flags & RV_OPT_NO_PREDICATE) &&
		    !rv_option_ops(opt)->predicate && !opt->sel)
			return false;
	/* With a save hook, the rows do not determine what is printed. */
	return !rv_ext_ops(ext)->save;
}

static int predicate_of(rv_family_t family, const struct rv_ext *ext, const struct rv_option *opt,
			const unsigned char *data, rv_predicate_fn *fn, void *arg)
{
	struct rv_predicate p;

	if ((opt->sel == RV_SEL_NONE && !rv_option_ops(opt)->predicate) || !speaks(ext, opt, data))
		return 0;
	if (rv_option_ops(opt)->predicate)
		return rv_option_ops(opt)->predicate(opt, data, fn, arg);
	if (!rv_row_predicate(opt, selector(family, opt, data), data, &p))
		return 0;
	return fn(&p, arg);
}

int rv_part_predicates(rv_family_t family, const struct rv_ext *ext, const unsigned char *data,
		       rv_predicate_fn *fn, void *arg)
{
	struct rv_predicate present = {
		.sel = rv_ext_header(ext)->sel,
		.op = RV_OP_EQ,
		.len = 1,
		.value = { 1 },
		.param = parameter(&rv_ext_header(ext)->param, data),
		.negate = has_bit(&rv_ext_header(ext)->absent, data),
	};
	int rc = rv_ext_header(ext)->sel ? fn(&present, arg) : 0;

	for (const struct rv_option *opt = ext->options; opt && opt->name && !rc; opt++)
		rc = predicate_of(family, ext, opt, data, fn, arg);
	return rc;
}

static bool absorb_row(const struct rv_option *opt, const struct rv_predicate *p,
		       unsigned char *data)
{
	if (rv_option_ops(opt)->absorb)
		return !rv_option_ops(opt)->absorb(opt, p, data);
	if (!meanings[opt->type].from || !meanings[opt->type].from(opt, p, data))
		return false;
	set_bit(&opt->given, data);
	if (p->negate)
		set_bit(&opt->invert, data);
	return true;
}

/* Only the initial data: a row that appears given in it is still unused. */
static bool is_fresh(const struct rv_ext *ext, const unsigned char *data)
{
	for (unsigned int i = 0; i < ext->size; i++)
		if (data[i] != (ext->initial ? ((const unsigned char *)ext->initial)[i] : 0))
			return false;
	return true;
}

/* A predicate that a row is to express. */
struct wanted {
	const struct rv_predicate *predicate;
	bool said;
};

static int is_wanted(const struct rv_predicate *p, void *arg)
{
	struct wanted *wanted = arg;
	struct rv_predicate says, was;

	wanted->said = wanted->said || rv_predicate_equal(p, wanted->predicate);
	if (wanted->said)
		return 0;
	says = *p;
	was = *wanted->predicate;
	rv_predicate_normalise(&says);
	rv_predicate_normalise(&was);
	wanted->said = rv_predicate_equal(&says, &was);
	return 0;
}

/*
 * Whether the row, after storing the predicate, yields the same predicate. A value may count as
 * "not given", or have another meaning in this row.
 */
static bool says(rv_family_t family, const struct rv_ext *ext, const struct rv_option *opt,
		 const struct rv_predicate *p, const unsigned char *data)
{
	struct wanted wanted = { p, false };

	return !predicate_of(family, ext, opt, data, is_wanted, &wanted) && wanted.said;
}

static bool may_absorb(rv_family_t family, const struct rv_ext *ext, const struct rv_option *opt,
		       const struct rv_predicate *p, const unsigned char *data, bool fresh)
{
	return !opt->alias_of && !(opt->flags & RV_OPT_HIDDEN) &&
	       selector(family, opt, data) == p->sel &&
	       (fresh || !rv_option_given(ext, opt, data)) &&
	       (!p->negate || opt->invert.width || rv_option_ops(opt)->absorb);
}

#define ABSORB_MAX 512	/* bytes; larger parts cannot be built from predicates */

int rv_part_from_predicate(rv_family_t family, const struct rv_ext *ext, const struct rv_predicate *p,
		   unsigned char *data)
{
	const bool fresh = is_fresh(ext, data);
	unsigned char before[ABSORB_MAX];

	if (ext->size > sizeof(before))
		return -1;
	memcpy(before, data, ext->size);
	for (const struct rv_option *opt = ext->options; opt && opt->name; opt++) {
		if (!may_absorb(family, ext, opt, p, data, fresh))
			continue;
		if (absorb_row(opt, p, data) && says(family, ext, opt, p, data))
			return 0;
		memcpy(data, before, ext->size);
	}
	return -1;
}
