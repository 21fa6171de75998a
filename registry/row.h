/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accessors for a row's value, mask and bits in the data: for value_parse.c, value_print.c and
 * option_predicates.c.
 */
#ifndef RAVELIN_IR_ROW_H
#define RAVELIN_IR_ROW_H

#include <arpa/inet.h>
#include <string.h>

#include <ravelin/registry.h>

static inline void set_bit(const struct rv_bit *bit, unsigned char *data)
{
	uint64_t old;

	if (!bit->width)
		return;
	old = rv_get_uint(data + bit->offset, bit->width);
	rv_set_uint(data + bit->offset, bit->width,
		    bit->number ? (old & ~(uint64_t)bit->mask) | bit->is : old | bit->mask);
}

static inline bool has_bit(const struct rv_bit *bit, const unsigned char *data)
{
	return bit->width && (rv_get_uint(data + bit->offset, bit->width) & bit->mask) ==
				     (bit->number ? bit->is : bit->mask);
}

/* The mask follows the value unless the row gives its offset. */
static inline unsigned int mask_size(const struct rv_option *opt)
{
	bool both = opt->type == RV_T_MASKED || opt->type == RV_T_CHANGE;

	return both && !opt->mask_offset ? opt->size / 2 : opt->size;
}

static inline unsigned int mask_at(const struct rv_option *opt)
{
	return opt->mask_offset ? opt->mask_offset : opt->offset + mask_size(opt);
}

/* Whether the second half of the value is at another offset. */
static inline bool has_mask(const struct rv_option *opt)
{
	return opt->type == RV_T_ADDR_MASK || opt->mask_offset;
}

/* Size of one bound of a range. */
static inline unsigned int half_size(const struct rv_option *opt)
{
	return opt->mask_offset ? opt->size : opt->size / 2;
}

static inline unsigned int end_at(const struct rv_option *opt)
{
	return opt->mask_offset ? opt->mask_offset : opt->offset + opt->size / 2;
}

/* Shift of a number that shares its field with others. */
static inline unsigned int own_shift(const struct rv_option *opt)
{
	return opt->owned ? __builtin_ctzll(opt->owned) : 0;
}

static inline uint64_t get_number(const struct rv_option *opt, const unsigned char *field,
			   unsigned int size)
{
	uint64_t n = rv_get_uint(field, size);

	if (opt->type == RV_T_UINT && opt->owned)
		return (n & opt->owned) >> own_shift(opt);
	if (!(opt->flags & RV_OPT_BE))
		return n;
	return size == 2 ? ntohs(n) : size == 4 ? ntohl(n) : n;
}

static inline uint64_t largest(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (1ULL << size * 8) - 1;
}

static inline uint64_t row_max(const struct rv_option *opt, unsigned int size)
{
	return opt->max ? opt->max : largest(size);
}

static inline void set_number(const struct rv_option *opt, unsigned char *field, unsigned int size,
		       uint64_t n)
{
	if (opt->type == RV_T_UINT && opt->owned)
		n = (rv_get_uint(field, size) & ~opt->owned) | n << own_shift(opt);
	else if (opt->flags & RV_OPT_BE)
		n = size == 2 ? htons(n) : size == 4 ? htonl(n) : n;
	rv_set_uint(field, size, n);
}

/* The bits of the field this row owns. */
static inline uint64_t own_bits(const struct rv_option *opt, uint64_t n)
{
	return opt->owned ? n & opt->owned : n;
}

/*
 * An address field has the size of the family's address or of union nf_inet_addr; unused bytes are
 * zero.
 */
static inline unsigned int address_size(rv_family_t family, unsigned int room)
{
	unsigned int size = rv_family(family)->address_len;

	return size < room ? size : room;
}

static inline void put_address(rv_family_t family, const union nf_inet_addr *addr, unsigned char *field,
			unsigned int room)
{
	memset(field, 0, room);
	memcpy(field, addr, address_size(family, room));
}

static inline union nf_inet_addr get_address(rv_family_t family, const unsigned char *field,
				      unsigned int room)
{
	union nf_inet_addr addr = { 0 };

	memcpy(&addr, field, address_size(family, room));
	return addr;
}

/* RV_T_NAT, in ir/nat.c. */
int rv_nat_parse(struct rv_parse *p, const char *text, unsigned char *field);
void rv_nat_print(struct rv_out *o, const struct rv_option *opt, const unsigned char *data);

/* Prints the names of the bits set, in value_print.c. */
void rv_print_bits(struct rv_buf *b, const struct rv_option *opt, const unsigned char *data,
		   const char *between);

/* Reports the row's own message, which has no arguments. */
static inline int fail_as(const struct rv_parse *p, const char *words)
{
	return rv_fail(p->err, RV_ERR_USAGE, &p->loc, "%s", words);
}

#endif
