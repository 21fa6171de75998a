/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include <ravelin/complete.h>
#include <ravelin/render.h>

#include "backend/file/load.h"
#include "canonical.h"
#include "line.h"

#define MAX_WORDS 256	/* longer lines are left to the parser */

/* ---- recognising canonical lines --------------------------------------------------------- */

struct scan {
	const struct rv_table_def *def;	/* NULL: outside a table, or an unknown one */
	bool inside;
	uint32_t declared;		/* bits of def->base */
	struct rv_line line;
};

static size_t skip_blanks(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && (text[at] == ' ' || text[at] == '\t'))
		at++;
	return at;
}

/* Bit of the base chain with that name; 0: none. */
static uint32_t base_bit(const struct scan *s, const char *name, size_t len)
{
	for (unsigned int i = 0; s->def && i < s->def->nbase; i++)
		if (strlen(s->def->base[i].name) == len && !memcmp(s->def->base[i].name, name, len))
			return 1U << i;
	return 0;
}

static size_t word_length(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && text[at] != ' ' && text[at] != '\t')
		at++;
	return at;
}

/* Looks like an option with its argument in the same word: "-ptcp", "--jump=ACCEPT". */
static bool looks_glued(const char *word)
{
	if (word[0] != '-' || !word[1])
		return false;
	return word[1] == '-' ? strchr(word, '=') != NULL : word[2] != '\0';
}

/* Such a word may be an argument, depending on the option before it. */
static bool has_glued_word(struct scan *s, const char *text, size_t len)
{
	static char program[] = "iptables";
	char *words[MAX_WORDS] = { program };

	if (memchr(text, '\0', len) || !rv_line_cut(&s->line, text, len, true))
		return false;
	if (s->line.count >= MAX_WORDS)
		return true;
	for (size_t i = 0; i < s->line.count; i++) {
		const char *word = s->line.word[i].text;
		struct rv_completion role;

		/* The words are not modified. */
		memcpy(&words[i + 1], &word, sizeof(word));
		if (s->line.word[i].quoted || !looks_glued(word))
			continue;
		rv_complete(&role, NFPROTO_IPV4, (int)i + 2, words);
		if (role.start || (!role.core && !role.opt))
			return true;
	}
	return false;
}

/* Whether the text contains a space and a dash that may start such a word. */
static bool may_be_glued(const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	while ((at = memchr(at, '-', end - at))) {
		size_t n = word_length(at, end - at);

		if (at > text && (at[-1] == ' ' || at[-1] == '\t') && n > 2 &&
		    (at[1] != '-' || memchr(at, '=', n)))
			return true;
		at += n ? n : 1;
	}
	return false;
}

static bool is_plain_rule(struct scan *s, const char *text, size_t len)
{
	const char *bracket = *text == '[' ? memchr(text, ']', len) : NULL;
	size_t at = bracket ? (size_t)(bracket + 1 - text) : 0, n;
	uint32_t bit;

	at += skip_blanks(text + at, len - at);
	if (len - at < 3 || strncmp(text + at, "-A", 2) != 0 || !isblank((unsigned char)text[at + 2]))
		return at == len;
	at += 3 + skip_blanks(text + at + 3, len - at - 3);
	n = word_length(text + at, len - at);
	bit = base_bit(s, text + at, n);
	if (bit && !(s->declared & bit))
		return false;
	return !may_be_glued(text + at, len - at) || !has_glued_word(s, text + at, len - at);
}

static bool is_plain_line(struct scan *s, const char *text, size_t len)
{
	char name[32];
	size_t n;

	if (!len || *text == '#')
		return true;
	if (!s->inside) {
		n = *text == '*' ? word_length(text + 1, len - 1) : sizeof(name);
		if (n < sizeof(name)) {
			memcpy(name, text + 1, n);
			name[n] = '\0';
			s->def = rv_table_def_find(name);
			s->declared = 0;
			s->inside = true;
		}
		return true;
	}
	if (len == strlen("COMMIT") && !memcmp(text, "COMMIT", len)) {
		s->inside = false;
		return true;
	}
	if (*text == ':') {
		s->declared |= base_bit(s, text + 1, word_length(text + 1, len - 1));
		return true;
	}
	return is_plain_rule(s, text, len);
}

bool rv_text_is_plain(const char *text, size_t len)
{
	const char *end = text + len;
	struct scan s = { 0 };
	bool plain = true;

	while (plain && text < end) {
		const char *newline = memchr(text, '\n', end - text), *stop = newline ? newline : end;

		plain = is_plain_line(&s, text, stop - text);
		text = newline ? newline + 1 : end;
	}
	rv_line_free(&s.line);
	return plain;
}

/* ---- canonical output ------------------------------------------------------------------------ */

struct canonical {
	struct rv_buf *b;
	const char *text, *end;
};

/* Comments before the blocks of that table; NULL: after the last COMMIT. */
static void put_comments(struct canonical *p, const struct rv_table_def *def)
{
	struct rv_buf block = RV_BUF_INIT;
	bool ours = false;

	for (const char *at = p->text; at < p->end; ) {
		const char *newline = memchr(at, '\n', p->end - at), *next = newline ? newline + 1 : p->end;

		if (*at == '#')
			rv_buf_add(&block, at, next - at);
		else if (*at == '*' && def && !strncmp(at + 1, def->name, strlen(def->name)))
			ours = true;
		if (next - at >= 6 && !memcmp(at, "COMMIT", 6)) {
			if (ours && block.len)
				rv_buf_add(p->b, block.data, block.len);
			rv_buf_reset(&block);
			ours = false;
		}
		at = next;
	}
	if (!def && block.len)
		rv_buf_add(p->b, block.data, block.len);
	rv_buf_free(&block);
}

static int print_table(const struct rv_table *t, void *arg)
{
	struct canonical *p = arg;

	put_comments(p, t->def);
	rv_render_table(p->b, t, RV_COUNTERS_NONZERO);
	return 0;
}

static int canonical_for(struct canonical *p, rv_family_t family, const struct rv_meter *meter,
			 struct rv_error *err)
{
	struct rv_store s;

	if (rv_load_text(&s, family, p->text, p->end - p->text, meter, err))
		return -1;
	rv_load_tables(&s, print_table, p);
	put_comments(p, NULL);
	rv_store_close(&s);
	return rv_buf_ok(p->b) ? 0 : rv_fail_memory(err);
}

int rv_text_canonical(struct rv_buf *b, const char *text, size_t len, const struct rv_meter *meter,
		      struct rv_error *err)
{
	struct canonical p = { .b = b, .text = text, .end = text + len };
	struct rv_error six = { 0 };

	if (!canonical_for(&p, NFPROTO_IPV4, meter, err))
		return 0;
	if (!canonical_for(&p, NFPROTO_IPV6, meter, &six)) {
		rv_error_reset(err);
		return 0;
	}
	/* Report the error of the family whose parser got further. */
	if (six.loc.line > err->loc.line)
		*err = six;
	return -1;
}
