/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key of a switch: the expressions that load it, and the type of its map. */
#include "fast.h"

/* Data type numbers of nft(8) (enum datatypes in its datatype.h). */
enum {
	NFT_TYPE_IP = 7,
	NFT_TYPE_IP6 = 8,
	NFT_TYPE_PROTOCOL = 12,
	NFT_TYPE_PORT = 13,
	NFT_TYPE_INTERFACE = 41,
};
#define NFT_TYPE_BITS 6		/* per field of a concatenation */

#define BOTH(x) { x, x }

/* How each field is loaded. */
static const struct field {
	enum rv_nft_kind kind;
	uint32_t base;			/* payload base or meta key */
	/* By rv_family_index(): offset in bytes from the base, and NFT_TYPE_*. */
	uint32_t offset[RV_FAMILIES], type[RV_FAMILIES];
} fields[RV_KEY_FIELDS] = {
	[RV_KEY_SADDR] = { RV_NFT_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, { 12, 8 },
			   { NFT_TYPE_IP, NFT_TYPE_IP6 } },
	[RV_KEY_DADDR] = { RV_NFT_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, { 16, 24 },
			   { NFT_TYPE_IP, NFT_TYPE_IP6 } },
	[RV_KEY_IN] = { RV_NFT_META, NFT_META_IIFNAME, BOTH(0), BOTH(NFT_TYPE_INTERFACE) },
	[RV_KEY_OUT] = { RV_NFT_META, NFT_META_OIFNAME, BOTH(0), BOTH(NFT_TYPE_INTERFACE) },
	[RV_KEY_PROTO] = { RV_NFT_META, NFT_META_L4PROTO, BOTH(0), BOTH(NFT_TYPE_PROTOCOL) },
	[RV_KEY_SPORT] = { RV_NFT_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, BOTH(0), BOTH(NFT_TYPE_PORT) },
	[RV_KEY_DPORT] = { RV_NFT_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, BOTH(2), BOTH(NFT_TYPE_PORT) },
	/* Type and code together as a 16-bit number; nft has no type for that. */
	[RV_KEY_ICMP] = { RV_NFT_PAYLOAD, NFT_PAYLOAD_TRANSPORT_HEADER, BOTH(0), BOTH(NFT_TYPE_PORT) },
};

static bool has(const struct rv_key_shape *shape, unsigned int field)
{
	return shape->fields & 1 << field;
}

static unsigned int padded(unsigned int size)
{
	return (size + NFT_REG32_SIZE - 1) / NFT_REG32_SIZE * NFT_REG32_SIZE;
}

unsigned int rv_fast_key_len(rv_family_t family, const struct rv_key_shape *shape)
{
	unsigned int len = 0;

	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++) {
		unsigned int size = rv_key_size(family, i);

		if (has(shape, i))
			len += rv_fast_is_concatenated(shape) ? padded(size) : size;
	}
	return len;
}

unsigned int rv_fast_key(rv_family_t family, const struct rv_facts *f,
			 const struct rv_key_shape *shape, unsigned char key[RV_FAST_KEY_MAX])
{
	unsigned char packed[RV_KEY_ROOM], *from = packed, *to = key;
	bool concatenated = rv_fast_is_concatenated(shape);

	memset(key, 0, RV_FAST_KEY_MAX);
	rv_facts_key(family, f, shape, packed);
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++) {
		unsigned int size = rv_key_size(family, i);

		if (!has(shape, i))
			continue;
		memcpy(to, from, size);
		from += size;
		to += concatenated ? padded(size) : size;
	}
	return to - key;
}

uint32_t rv_fast_key_type(rv_family_t family, const struct rv_key_shape *shape)
{
	uint32_t type = 0;

	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++)
		if (has(shape, i))
			type = type << NFT_TYPE_BITS | fields[i].type[rv_family_index(family)];
	return type;
}

void rv_fast_put_fields(struct rv_buf *b, rv_family_t family, const struct rv_key_shape *shape)
{
	size_t list, nest;

	if (!rv_fast_is_concatenated(shape))
		return;
	list = rv_nft_nest(b, NFTA_SET_DESC_CONCAT);
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++) {
		if (!has(shape, i))
			continue;
		nest = rv_nft_nest(b, NFTA_LIST_ELEM);
		rv_nft_put_u32(b, NFTA_SET_FIELD_LEN, rv_key_size(family, i));
		rv_nft_nest_end(b, nest);
	}
	rv_nft_nest_end(b, list);
}

void rv_fast_put_key(struct rv_buf *b, const void *key, size_t len)
{
	size_t nest = rv_nft_nest(b, NFTA_SET_ELEM_KEY);

	rv_nft_put(b, NFTA_DATA_VALUE, key, len);
	rv_nft_nest_end(b, nest);
}

void rv_fast_put_key_element(struct rv_buf *b, const void *key, size_t len)
{
	size_t elem = rv_nft_nest(b, NFTA_LIST_ELEM);

	rv_fast_put_key(b, key, len);
	rv_nft_nest_end(b, elem);
}

/* ---- writing ---------------------------------------------------------------------------------- */

static void write_load(struct rv_buf *b, rv_family_t family, unsigned int i, uint32_t reg)
{
	const struct field *f = &fields[i];
	struct rv_nft_expr e = { .kind = f->kind, .dreg = reg };

	if (f->kind == RV_NFT_META) {
		e.key = f->base;
		e.given = 1U << NFTA_META_DREG;
	} else {
		e.base = f->base;
		e.offset = f->offset[rv_family_index(family)];
		e.len = rv_key_size(family, i);
	}
	rv_nft_expr_write(b, &e);
}

static void write_mask(struct rv_buf *b, unsigned int size, unsigned int bits, uint32_t reg)
{
	static const unsigned char zeros[16];
	unsigned char mask[16] = { 0 };
	const struct rv_nft_expr e = {
		.kind = RV_NFT_BITWISE, .sreg = reg, .dreg = reg, .len = size,
		.data = { mask, size }, .other = { zeros, size },
	};

	for (unsigned int i = 0; i < bits; i++)
		mask[i / 8] |= 0x80 >> i % 8;
	rv_nft_expr_write(b, &e);
}

static void write_lookup(struct rv_buf *b, const char *map)
{
	size_t elem = rv_nft_nest(b, NFTA_LIST_ELEM), data;

	rv_nft_put_text(b, NFTA_EXPR_NAME, rv_nft_expr_name(RV_NFT_LOOKUP));
	data = rv_nft_nest(b, NFTA_EXPR_DATA);
	rv_nft_put_text(b, NFTA_LOOKUP_SET, map);
	rv_nft_put_u32(b, NFTA_LOOKUP_SREG, NFT_REG32_00);
	rv_nft_put_u32(b, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
	rv_nft_nest_end(b, data);
	rv_nft_nest_end(b, elem);
}

void rv_fast_switch_write(struct rv_buf *b, rv_family_t family, const struct rv_key_shape *shape,
			  const char *map)
{
	size_t nest = rv_nft_nest(b, NFTA_RULE_EXPRESSIONS);
	uint32_t reg = NFT_REG32_00;

	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++) {
		unsigned int size = rv_key_size(family, i);

		if (!has(shape, i))
			continue;
		write_load(b, family, i, reg);
		/*
		 * The ICMP type is always masked, which distinguishes it from a source port, which
		 * never is.
		 */
		if (shape->bits[i] < 8 * size || i == RV_KEY_ICMP)
			write_mask(b, size, shape->bits[i], reg);
		reg += padded(size) / NFT_REG32_SIZE;
	}
	write_lookup(b, map);
	rv_nft_nest_end(b, nest);
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct reading {
	rv_family_t family;
	struct rv_key_shape *shape;
	unsigned int field;		/* the field loaded last, or RV_KEY_FIELDS */
	uint32_t reg, next;		/* register of the last load, and the next one */
};

static bool loads(rv_family_t family, unsigned int i, const struct rv_nft_expr *e)
{
	const struct field *f = &fields[i];

	if (e->kind != f->kind)
		return false;
	if (f->kind == RV_NFT_META)
		return e->given & 1U << NFTA_META_DREG && e->key == f->base;
	return e->base == f->base && e->len == rv_key_size(family, i) &&
	       e->offset == f->offset[rv_family_index(family)];
}

/* Converts NFT_REG_1 to NFT_REG_4, as the kernel reports the first word of each, to NFT_REG32_*. */
static uint32_t plain_register(uint32_t reg)
{
	return reg >= NFT_REG_1 && reg <= NFT_REG_4 ? NFT_REG32_00 + 4 * (reg - NFT_REG_1) : reg;
}

static int read_load(struct reading *r, const struct rv_nft_expr *e)
{
	for (unsigned int i = 0; i < RV_KEY_FIELDS; i++) {
		if (!loads(r->family, i, e) || has(r->shape, i))
			continue;
		if (plain_register(e->dreg) != r->next)
			return -1;
		r->shape->fields |= 1 << i;
		r->shape->bits[i] = 8 * rv_key_size(r->family, i);
		r->field = i;
		r->reg = r->next;
		r->next += padded(rv_key_size(r->family, i)) / NFT_REG32_SIZE;
		return 0;
	}
	return -1;
}

static int read_mask(struct reading *r, const struct rv_nft_expr *e)
{
	unsigned int bits = 0;

	if (r->field == RV_KEY_FIELDS || plain_register(e->sreg) != r->reg ||
	    plain_register(e->dreg) != r->reg || e->len != rv_key_size(r->family, r->field) ||
	    e->data.len != e->len)
		return -1;
	while (bits < 8 * e->len && e->data.data[bits / 8] & 0x80 >> bits % 8)
		bits++;
	for (unsigned int i = bits; i < 8 * e->len; i++)
		if (e->data.data[i / 8] & 0x80 >> i % 8)
			return -1;
	if (r->field == RV_KEY_SPORT) {
		r->shape->fields ^= 1 << RV_KEY_SPORT | 1 << RV_KEY_ICMP;
		r->shape->bits[RV_KEY_SPORT] = 0;
		r->field = RV_KEY_ICMP;
	}
	r->shape->bits[r->field] = bits;
	r->field = RV_KEY_FIELDS;
	return bits ? 0 : -1;
}

/* Returns the name of the map in which an expression looks up a verdict, or NULL. */
static const char *looked_up(struct rv_nft_view elem)
{
	struct rv_nft_view e[NFTA_EXPR_MAX + 1], t[NFTA_LOOKUP_MAX + 1];
	uint32_t sreg, dreg, flags = 0;
	const char *name;

	if (!rv_nft_attr_table(elem, e, NFTA_EXPR_MAX + 1))
		return NULL;
	name = rv_nft_get_text(e[NFTA_EXPR_NAME]);
	if (!name || strcmp(name, rv_nft_expr_name(RV_NFT_LOOKUP)) != 0 ||
	    !rv_nft_attr_table(e[NFTA_EXPR_DATA], t, NFTA_LOOKUP_MAX + 1) ||
	    !rv_nft_get_u32(t[NFTA_LOOKUP_SREG], &sreg) || plain_register(sreg) != NFT_REG32_00 ||
	    !rv_nft_get_u32(t[NFTA_LOOKUP_DREG], &dreg) || dreg != NFT_REG_VERDICT ||
	    (t[NFTA_LOOKUP_FLAGS].data && !rv_nft_get_u32(t[NFTA_LOOKUP_FLAGS], &flags)) || flags)
		return NULL;
	return rv_nft_get_text(t[NFTA_LOOKUP_SET]);
}

static bool find_map(struct rv_nft_view expressions, uint64_t *map)
{
	struct rv_nft_walk w = rv_nft_attrs(expressions);
	struct rv_nft_attr a;

	while (rv_nft_next(&w, &a)) {
		const char *name = looked_up(a.value);

		if (name && rv_fast_id(name, RV_FAST_MAP, map))
			return true;
	}
	return false;
}

int rv_fast_switch_read(rv_family_t family, struct rv_nft_view expressions,
			struct rv_key_shape *shape, uint64_t *map)
{
	struct reading r = {
		.family = family, .shape = shape, .field = RV_KEY_FIELDS, .next = NFT_REG32_00,
	};
	struct rv_nft_walk w = rv_nft_attrs(expressions);
	const char *what, *why;
	struct rv_nft_attr a;
	struct rv_nft_expr e;
	bool ended = false;

	if (!find_map(expressions, map))
		return 1;
	memset(shape, 0, sizeof(*shape));
	while (rv_nft_next(&w, &a)) {
		if (ended)
			return -1;
		ended = looked_up(a.value);
		if (!ended && (rv_nft_expr_read(a.value, &e, &what, &why) ||
			       (e.kind == RV_NFT_BITWISE ? read_mask(&r, &e) : read_load(&r, &e))))
			return -1;
	}
	return ended && shape->fields ? 0 : -1;
}
