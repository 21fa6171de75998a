/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte strings of any length for fields of fixed size: each content is kept once, until the
 * program ends, so that a field holds a pointer and two fields are equal if the pointers are.
 */
#ifndef RAVELIN_BYTES_H
#define RAVELIN_BYTES_H

#include <stddef.h>

struct rv_buf;

struct rv_bytes {
	struct rv_bytes *next;		/* in its slot of the table */
	size_t len;
	unsigned char data[];		/* a NUL follows that is not counted */
};

/* The one with this content; NULL when memory ran out. */
const struct rv_bytes *rv_bytes_keep(const void *data, size_t len);

/* Base64, RFC 4648, with padding. */
void rv_base64_put(struct rv_buf *b, const void *data, size_t len);
/* Appends what the text stands for. Returns 0, or -1: it is not base64. */
int rv_base64_read(struct rv_buf *b, const char *text);

#endif
