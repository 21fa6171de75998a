/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output for terminals: names, comments and user input may contain characters that move the cursor,
 * hide text or inject input.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/cli.h"

unsigned int rv_cli_utf8_length(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int n = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : *s >= 0xe0 && *s < 0xf0 ? 3 :
			 *s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	if (n > len)
		return 0;
	for (unsigned int i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong encodings, surrogates, above U+10FFFF. */
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Byte order marks, zero-width characters, and those that change the text direction. */
static bool is_invisible(wchar_t wc)
{
	return wc == 0xfeff || wc == 0xad || (wc >= 0x200b && wc <= 0x200f) ||
	       (wc >= 0x202a && wc <= 0x202e) || (wc >= 0x2060 && wc <= 0x2069);
}

/* Length in bytes of the printable UTF-8 sequence at s; 0: none. Sets *columns. */
static unsigned int wide_glyph(const char *s, size_t len, unsigned int *columns)
{
	static bool known;
	mbstate_t state = { 0 };
	wchar_t wc;
	size_t n;
	int w;

	if (!known)
		known = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	n = mbrtowc(&wc, s, len < 4 ? len : 4, &state);
	if (n == 0 || n > 4)
		return 0;
	w = wcwidth(wc);
	if (w < 0 || is_invisible(wc))
		return 0;
	*columns = (unsigned int)w;
	return (unsigned int)n;
}

struct rv_glyph rv_cli_glyph(const char *s, size_t len)
{
	unsigned char c = (unsigned char)*s;
	struct rv_glyph g = { .bytes = 1, .columns = 1 };

	if (c == '\t') {
		g.text[0] = ' ';
	} else if (c >= ' ' && c < 0x7f) {
		g.text[0] = (char)c;
	} else if (c >= 0x80 && (g.bytes = wide_glyph(s, len, &g.columns)) != 0) {
		memcpy(g.text, s, g.bytes);
	} else {
		g.bytes = 1;
		g.columns = (unsigned int)snprintf(g.text, sizeof(g.text), "\\x%02x", c);
	}
	return g;
}

void rv_cli_printable(struct rv_buf *b, const char *text, size_t len, const char *keep)
{
	for (size_t at = 0; at < len; ) {
		unsigned char c = (unsigned char)text[at];
		struct rv_glyph g;

		if ((c >= ' ' && c < 0x7f) || (c && strchr(keep, c))) {
			rv_buf_putc(b, (char)c);
			at++;
		} else if (c < 0x80) {
			rv_buf_printf(b, "\\x%02x", c);
			at++;
		} else {
			g = rv_cli_glyph(text + at, len - at);
			rv_buf_puts(b, g.text);
			at += g.bytes;
		}
	}
}

bool rv_cli_for_terminal(int fd, const struct rv_buf *from, struct rv_buf *to)
{
	if (!rv_buf_ok(from) || !isatty(fd))
		return false;
	rv_cli_printable(to, from->data ? from->data : "", from->len, "\n\t");
	return rv_buf_ok(to);
}

bool rv_cli_tell(const struct rv_buf *b)
{
	struct rv_buf safe = RV_BUF_INIT;
	bool terminal = isatty(STDERR_FILENO), done = rv_buf_ok(b) && b->len;

	if (done && terminal)
		done = rv_cli_for_terminal(STDERR_FILENO, b, &safe);
	if (done)
		fwrite(terminal ? safe.data : b->data, 1, terminal ? safe.len : b->len, stderr);
	rv_buf_free(&safe);
	return done;
}
