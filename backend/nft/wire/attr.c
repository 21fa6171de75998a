/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink attributes (linux/netlink.h): type, length, payload, padded to four bytes. */
#include <endian.h>
#include <linux/netlink.h>

#include "wire.h"

bool rv_nft_attr_table(struct rv_nft_view payload, struct rv_nft_view *table, unsigned int max)
{
	struct rv_nft_walk w = rv_nft_attrs(payload);
	struct rv_nft_attr a;

	memset(table, 0, max * sizeof(*table));
	while (rv_nft_next(&w, &a))
		if (a.type < max)
			table[a.type] = a.value;
	return !w.bad;
}

bool rv_nft_get_u32(struct rv_nft_view v, uint32_t *n)
{
	uint32_t be;

	if (!v.data || v.len != sizeof(be))
		return false;
	memcpy(&be, v.data, sizeof(be));
	*n = be32toh(be);
	return true;
}

bool rv_nft_get_u64(struct rv_nft_view v, uint64_t *n)
{
	uint64_t be;

	if (!v.data || v.len != sizeof(be))
		return false;
	memcpy(&be, v.data, sizeof(be));
	*n = be64toh(be);
	return true;
}

const char *rv_nft_get_text(struct rv_nft_view v)
{
	if (!v.data || !v.len || strnlen((const char *)v.data, v.len) != v.len - 1)
		return NULL;
	return (const char *)v.data;
}

void rv_nft_put(struct rv_buf *b, uint16_t type, const void *data, size_t len)
{
	unsigned char *at = NULL;

	if (len <= UINT16_MAX - NLA_HDRLEN)
		at = rv_buf_grow(b, NLA_HDRLEN + NLA_ALIGN(len));
	else
		b->failed = true;
	if (at)
		rv_nft_attr_write(at, type, data, len);
}

bool rv_nft_next_userdata(struct rv_nft_view data, uint32_t *at, uint8_t *type,
			  struct rv_nft_view *value)
{
	if (*at + 2 > data.len || data.data[*at + 1] > data.len - *at - 2)
		return false;
	*type = data.data[*at];
	*value = (struct rv_nft_view){ data.data + *at + 2, data.data[*at + 1] };
	*at += 2 + value->len;
	return true;
}

void rv_nft_put_text(struct rv_buf *b, uint16_t type, const char *text)
{
	rv_nft_put(b, type, text, strlen(text) + 1);
}

void rv_nft_put_u32(struct rv_buf *b, uint16_t type, uint32_t n)
{
	n = htobe32(n);
	rv_nft_put(b, type, &n, sizeof(n));
}

void rv_nft_put_u64(struct rv_buf *b, uint16_t type, uint64_t n)
{
	n = htobe64(n);
	rv_nft_put(b, type, &n, sizeof(n));
}

size_t rv_nft_nest(struct rv_buf *b, uint16_t type)
{
	size_t nest = b->len;

	rv_nft_put(b, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

bool rv_nft_nest_end(struct rv_buf *b, size_t nest)
{
	struct nlattr head;

	if (b->failed)
		return true;
	if (b->len - nest > UINT16_MAX)
		return false;
	memcpy(&head, b->data + nest, sizeof(head));
	head.nla_len = b->len - nest;
	memcpy(b->data + nest, &head, sizeof(head));
	return true;
}
