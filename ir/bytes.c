/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/buf.h>
#include <ravelin/bytes.h>

/* ---- interning ------------------------------------------------------------------- */

#define FIRST_SLOTS 64

static struct {
	struct rv_bytes **slot;
	size_t slots, count;		/* slots: a power of two */
} kept;

static uint64_t bytes_hash(const unsigned char *data, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;	/* FNV-1a */

	while (len--)
		h = (h ^ *data++) * 0x100000001b3;
	return h ^ h >> 32;
}

static struct rv_bytes **bytes_slot(const unsigned char *data, size_t len)
{
	return &kept.slot[bytes_hash(data, len) & (kept.slots - 1)];
}

/* Keeps the load factor at most 1. */
static int reserve(void)
{
	size_t slots = kept.slots ? 2 * kept.slots : FIRST_SLOTS, old = kept.slots;
	struct rv_bytes **from = kept.slot, **to;

	if (kept.count < kept.slots)
		return 0;
	to = calloc(slots, sizeof(*to));
	if (!to)
		return -1;
	kept.slot = to;
	kept.slots = slots;
	for (size_t i = 0; i < old; i++) {
		while (from[i]) {
			struct rv_bytes *b = from[i], **at = bytes_slot(b->data, b->len);

			from[i] = b->next;
			b->next = *at;
			*at = b;
		}
	}
	free(from);
	return 0;
}

const struct rv_bytes *rv_bytes_keep(const void *data, size_t len)
{
	struct rv_bytes *b, **at;

	if (reserve())
		return NULL;
	at = bytes_slot(data, len);
	for (b = *at; b; b = b->next)
		if (b->len == len && !memcmp(b->data, data, len))
			return b;
	b = malloc(sizeof(*b) + len + 1);
	if (!b)
		return NULL;
	b->len = len;
	memcpy(b->data, data, len);
	b->data[len] = '\0';
	b->next = *at;
	*at = b;
	kept.count++;
	return b;
}

/* ---- base64 ----------------------------------------------------------------------- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void rv_base64_put(struct rv_buf *b, const void *data, size_t len)
{
	const unsigned char *at = data;

	for (; len; at += len < 3 ? len : 3, len -= len < 3 ? len : 3) {
		uint32_t n = at[0] << 16 | (len > 1 ? at[1] << 8 : 0) | (len > 2 ? at[2] : 0);

		rv_buf_putc(b, digits[n >> 18]);
		rv_buf_putc(b, digits[n >> 12 & 63]);
		rv_buf_putc(b, len > 1 ? digits[n >> 6 & 63] : '=');
		rv_buf_putc(b, len > 2 ? digits[n & 63] : '=');
	}
}

/* Decodes four characters into 24 bits. Returns the number of bytes, 0: invalid. */
static int read_group(const char *text, uint32_t *n)
{
	int bytes = text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;

	*n = 0;
	for (int i = 0; i < 4; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

		if (i > bytes ? text[i] != '=' : !digit)
			return 0;
		*n = *n << 6 | (i > bytes ? 0 : (uint32_t)(digit - digits));
	}
	/* Bits after the last byte must be zero, so that each content has one encoding. */
	return *n & ((1u << 8 * (3 - bytes)) - 1) ? 0 : bytes;
}

int rv_base64_read(struct rv_buf *b, const char *text)
{
	size_t len = strlen(text);
	int bytes = 3;
	uint32_t n;

	if (!len || len % 4)
		return -1;
	for (; *text; text += 4) {
		if (bytes != 3 || !(bytes = read_group(text, &n)))
			return -1;
		for (int i = 0; i < bytes; i++)
			rv_buf_putc(b, (char)(n >> (16 - 8 * i)));
	}
	return 0;
}
