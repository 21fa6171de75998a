/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte buffer. Allocation failures are sticky: writers need no checks; whoever uses the
 * result calls rv_buf_ok() once.
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
void rv_buf_u64(struct rv_buf *b, unsigned long long n);	/* decimal; faster than
								 * rv_buf_printf() */

/*
 * Appends len uninitialised bytes and returns a pointer to them, or NULL. Valid until the next
 * append.
 */
void *rv_buf_grow(struct rv_buf *b, size_t len);

/* NUL-terminates and returns the contents, or NULL if an allocation failed. Owned by the buffer. */
const char *rv_buf_text(struct rv_buf *b);

static inline bool rv_buf_ok(const struct rv_buf *b)
{
	return !b->failed;
}

void rv_buf_reset(struct rv_buf *b);	/* empties the buffer, keeps its memory */
void rv_buf_free(struct rv_buf *b);

#endif
