/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, modified copies of them, and what is said about them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/hint/hint.h"

struct rv_hint_text {
	struct rv_hint_text *next;
	char text[];
};

const char *rv_hint_text(struct rv_hint *h, const char *fmt, ...)
{
	struct rv_hint_text *t = NULL;
	va_list ap;
	char line[4096];

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	t = malloc(sizeof(*t) + strlen(line) + 1);
	if (!t)
		return "";
	strcpy(t->text, line);
	t->next = h->texts;
	h->texts = t;
	return t->text;
}

void rv_hint_free_texts(struct rv_hint *h)
{
	while (h->texts) {
		struct rv_hint_text *t = h->texts;

		h->texts = t->next;
		free(t);
	}
}

struct rv_hint_line rv_hint_put(const struct rv_hint_line *l, size_t at, const char *word)
{
	struct rv_hint_line new = *l;

	new.word[at] = word;
	return new;
}

struct rv_hint_line rv_hint_insert(const struct rv_hint_line *l, size_t at, const char *one,
				   const char *two)
{
	struct rv_hint_line new = *l;
	size_t n = two ? 2 : 1;

	if (l->count + n > RV_HINT_WORDS || at > l->count)
		return new;
	memmove(&new.word[at + n], &new.word[at], (l->count - at) * sizeof(new.word[0]));
	new.word[at] = one;
	if (two)
		new.word[at + 1] = two;
	new.count += n;
	return new;
}

struct rv_hint_line rv_hint_remove(const struct rv_hint_line *l, size_t at, size_t count)
{
	struct rv_hint_line new = *l;

	if (at > l->count)
		return new;
	if (count > l->count - at)
		count = l->count - at;
	memmove(&new.word[at], &new.word[at + count],
		(l->count - at - count) * sizeof(new.word[0]));
	new.count -= count;
	return new;
}

struct rv_hint_line rv_hint_move(const struct rv_hint_line *l, size_t from, size_t count, size_t to)
{
	struct rv_hint_line new;

	if (from > l->count || to > l->count)
		return *l;
	if (count > l->count - from)
		count = l->count - from;
	new = rv_hint_remove(l, from, count);
	if (to > from)
		to = to > from + count ? to - count : from;
	for (size_t i = 0; i < count; i++)
		new = rv_hint_insert(&new, to + i, l->word[from + i], NULL);
	return new;
}

size_t rv_hint_find(const struct rv_hint_line *l, const char *letter, const char *name)
{
	for (size_t i = 1; i < l->count; i++)
		if ((letter && !strcmp(l->word[i], letter)) || (name && !strcmp(l->word[i], name)))
			return i;
	return 0;
}

size_t rv_hint_command(const struct rv_hint_line *l)
{
	for (size_t i = 1; i < l->count; i++) {
		const char *word = l->word[i];

		if (word[0] != '-')
			continue;
		for (const struct rv_core_option *o = rv_core_options; o->name; o++)
			if (o->command != RV_CMD_NONE &&
			    (word[1] == '-' ? !strcmp(word + 2, o->name) : word[1] == o->letter))
				return i;
	}
	return 0;
}

const char *rv_hint_table(const struct rv_hint_line *l)
{
	size_t at = rv_hint_find(l, "-t", "--table");

	return at && at + 1 < l->count ? l->word[at + 1] : "filter";
}

struct rv_completion rv_hint_role(const struct rv_hint_line *l, size_t at)
{
	char *words[RV_HINT_WORDS];
	struct rv_completion c;

	/* The words are not modified. */
	memcpy(words, l->word, sizeof(words));
	rv_complete(&c, l->family, (int)at + 1, words);
	return c;
}

void rv_hint_mark(struct rv_hint *h, const struct rv_hint_case *c, size_t at)
{
	bool whole = c->at == rv_hint_command(c->line) || (!c->at && h->err->loc.first != h->err->loc.end);

	/* Offsets refer to the original line only. */
	if (!h->depth && !h->hint.len && whole && at && at < c->line->count)
		h->mark = at;
}

void rv_hint_tell(struct rv_hint *h, const char *fmt, ...)
{
	char text[RV_ERROR_TEXT];
	va_list ap;

	if (h->hint.len)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rv_buf_puts(&h->hint, text);
}
