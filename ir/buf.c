/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ravelin/buf.h>

#define FIRST_CAP 256

void *rv_buf_grow(struct rv_buf *b, size_t len)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	char *data;

	if (b->failed || len > SIZE_MAX / 2 - b->len) {
		b->failed = true;
		return NULL;
	}
	while (cap < b->len + len)
		cap *= 2;
	if (cap != b->cap) {
		data = realloc(b->data, cap);
		if (!data) {
			b->failed = true;
			return NULL;
		}
		b->data = data;
		b->cap = cap;
	}
	b->len += len;
	return b->data + b->len - len;
}

void rv_buf_add(struct rv_buf *b, const void *data, size_t len)
{
	void *at = rv_buf_grow(b, len);

	if (at && len)
		memcpy(at, data, len);
}

void rv_buf_puts(struct rv_buf *b, const char *text)
{
	rv_buf_add(b, text, strlen(text));
}

void rv_buf_putc(struct rv_buf *b, char c)
{
	rv_buf_add(b, &c, 1);
}

void rv_buf_printf(struct rv_buf *b, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	char *at;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0) {
		b->failed = true;
		return;
	}
	if ((size_t)len < sizeof(text)) {
		rv_buf_add(b, text, len);
		return;
	}
	at = rv_buf_grow(b, (size_t)len + 1);
	if (!at)
		return;
	va_start(ap, fmt);
	vsnprintf(at, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len--;
}

void rv_buf_u64(struct rv_buf *b, unsigned long long n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = '0' + n % 10;
		n /= 10;
	} while (n);
	rv_buf_add(b, digits + at, sizeof(digits) - at);
}

const char *rv_buf_text(struct rv_buf *b)
{
	char *at = rv_buf_grow(b, 1);

	if (!at)
		return NULL;
	*at = '\0';
	b->len--;
	return b->data;
}

void rv_buf_reset(struct rv_buf *b)
{
	b->len = 0;
	b->failed = false;
}

void rv_buf_free(struct rv_buf *b)
{
	free(b->data);
	*b = (struct rv_buf)RV_BUF_INIT;
}
