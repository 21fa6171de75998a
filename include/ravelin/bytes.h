/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interned byte strings, so that fixed-size fields can refer to data of any length. Equal contents
 * have one pointer, valid until the program ends.
 */
#ifndef RAVELIN_BYTES_H
#define RAVELIN_BYTES_H

#include <stddef.h>

struct rv_buf;

struct rv_bytes {
	struct rv_bytes *next;		/* next in the hash bucket */
	size_t len;
	unsigned char data[];		/* followed by a NUL that len does not count */
};

/* Interns a byte string. NULL when memory ran out. */
const struct rv_bytes *rv_bytes_keep(const void *data, size_t len);

/* Appends base64 (RFC 4648) with padding. */
void rv_base64_put(struct rv_buf *b, const void *data, size_t len);
/* Appends the decoded bytes. Returns 0, or -1 if text is not valid base64. */
int rv_base64_read(struct rv_buf *b, const char *text);

#endif
