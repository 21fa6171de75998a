/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line that is being parsed: its words, and which options it has. */
#include <stdlib.h>
#include <string.h>

#include "parser/parse.h"

int rv_grow(void *array, size_t count, size_t *cap, size_t size, struct rv_error *err)
{
	size_t n = *cap ? *cap * 2 : 8;
	void *mem;

	if (count < *cap)
		return 0;
	memcpy(&mem, array, sizeof(mem));
	mem = reallocarray(mem, n, size);
	if (!mem)
		return rv_fail_memory(err);
	memcpy(array, &mem, sizeof(mem));
	*cap = n;
	return 0;
}

/* ---- words ---------------------------------------------------------------- */

int rv_line_begin(struct rv_parser *p)
{
	const char *at = p->text + p->line_start, *end;
	size_t left = p->len - p->line_start;
	char *bigger;

	end = left ? memchr(at, '\n', left) : NULL;
	p->line_len = end ? (size_t)(end - at) : left;
	p->line_used = 0;
	/*
	 * Reserved by rv_line_begin(): each word ends before a byte that is not part of it, or at
	 * the end of the line.
	 */
	if (p->line_len + 2 <= p->line_cap)
		return 0;
	if (p->line_len > UINT32_MAX - 2)
		return rv_usage(p, NULL, "line %u is too long", p->number);
	bigger = realloc(p->line, p->line_len + 2 + 256);
	if (!bigger)
		return rv_fail_memory(p->err);
	p->line = bigger;
	p->line_cap = p->line_len + 2 + 256;
	return 0;
}

void rv_word_add(struct rv_parser *p, const struct rv_loc *loc, const char *text, size_t len)
{
	if (!p->in_word) {
		p->in_word = true;
		p->word_at = p->line_used;
		p->word_first = loc->first;
	}
	p->word_end = loc->end;
	if (!text || p->argv)
		return;
	memcpy(p->line + p->line_used, text, len);
	p->line_used += len;
}

/* -m nft may have words as long as the rule; all others have iptables' limit. */
static bool may_be_long(const struct rv_parser *p)
{
	return p->need && p->owner.text &&
	       (!strcmp(p->owner.text, "--expr") || !strcmp(p->owner.text, "--rule"));
}

struct rv_arg rv_word_take(struct rv_parser *p)
{
	struct rv_arg word;

	if (p->argv) {
		/* The NUL after the word has been read; an empty word consists only of it. */
		uint32_t end = p->col - 1;

		word.text = p->argv[p->argi++];
		word.loc = (struct rv_loc){ 0, p->in_word ? p->word_first : end, end };
	} else {
		p->word_long = p->line_used - p->word_at >= RV_WORD_MAX && !may_be_long(p);
		p->line[p->line_used++] = '\0';
		word.text = p->line + p->word_at;
		word.loc = (struct rv_loc){ p->number, p->word_first, p->word_end };
	}
	p->in_word = false;
	return word;
}

/* ---- options -------------------------------------------------------------- */

static int once_index(char letter)
{
	const char *at = letter ? strchr(RV_ONCE, letter) : NULL;

	return at ? at - RV_ONCE : -1;
}

bool rv_line_once(struct rv_parser *p, char letter, const struct rv_core_option *o,
		   const struct rv_loc *loc)
{
	int i = once_index(letter);

	if (i < 0)
		return true;
	if (p->seen & 1u << i)
		return false;
	p->seen |= 1u << i;
	p->seen_at[i] = *loc;
	p->seen_as[i] = o;
	return true;
}

int rv_line_twice(struct rv_parser *p, const char *name, const struct rv_loc *loc)
{
	return rv_usage(p, loc, "multiple --%s options not allowed", name);
}

const struct rv_loc *rv_line_seen(const struct rv_parser *p, char letter)
{
	int i = once_index(letter);

	return i >= 0 && p->seen & 1u << i ? &p->seen_at[i] : NULL;
}

const char *rv_line_program(const struct rv_parser *p)
{
	if (p->sink && p->sink->program)
		return p->sink->program;
	return p->sink ? rv_family(p->family)->restore : rv_family(p->family)->tool;
}

int rv_line_stray(struct rv_parser *p, const struct rv_arg *word)
{
	return rv_fail(p->err, RV_ERR_BARE, &word->loc, "Bad argument `%s'", word->text);
}
