/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte buffer. A failed allocation is remembered: writers need no
 * checks, whoever uses the result asks rv_buf_ok() once.
 */
#ifndef RAVELIN_BUF_H
#define RAVELIN_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct rv_buf {
	char *data;		/* owned; not NUL-terminated until rv_buf_text() */
	size_t len, cap;
	bool failed;
};

#define RV_BUF_INIT { 0 }

void rv_buf_add(struct rv_buf *b, const void *data, size_t len);
void rv_buf_puts(struct rv_buf *b, const char *text);
void rv_buf_putc(struct rv_buf *b, char c);
void rv_buf_printf(struct rv_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rv_buf_u64(struct rv_buf *b, unsigned long long n);	/* decimal; quicker than printf */

/* Reserves len bytes at the end and returns them (uninitialised), or NULL. */
void *rv_buf_grow(struct rv_buf *b, size_t len);

/* NUL-terminates and returns the text, or NULL when an allocation failed. */
const char *rv_buf_text(struct rv_buf *b);

static inline bool rv_buf_ok(const struct rv_buf *b)
{
	return !b->failed;
}

void rv_buf_reset(struct rv_buf *b);	/* empties, keeps the memory */
void rv_buf_free(struct rv_buf *b);

#endif
