/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits lines of iptables-save into words and pieces. */
#include <stdlib.h>
#include <string.h>

#include <ravelin/registry.h>

#include "line.h"

static bool add_word(struct rv_line *l, size_t first, bool quoted)
{
	size_t room = l->room ? 2 * l->room : 64;
	struct rv_line_word *word = l->word;

	if (l->count == l->room) {
		word = realloc(word, room * sizeof(*word));
		if (!word)
			return false;
		l->word = word;
		l->room = room;
	}
	word[l->count++] = (struct rv_line_word){ NULL, first, quoted };
	return true;
}

/* Appends the word at *text; a closing quote ends it. Returns whether it was quoted. */
static bool take_word(struct rv_line *l, const char **text, const char *end, bool quotes)
{
	bool quoted = false, inside = false;
	const char *c = *text;

	for (; c < end && (inside || (*c != ' ' && *c != '\t')); c++) {
		if (quotes && *c == '"') {
			quoted = true;
			inside = !inside;
			if (!inside)
				break;
			continue;
		}
		if (inside && *c == '\\' && c + 1 < end)
			c++;
		rv_buf_putc(&l->text, *c);
	}
	*text = c < end ? c + 1 : end;
	rv_buf_putc(&l->text, '\0');
	return quoted;
}

/* Sets the word pointers once the buffer no longer moves. */
static void point_at_words(struct rv_line *l)
{
	const char *at = l->text.data;

	for (size_t i = 0; i < l->count; i++) {
		l->word[i].text = at;
		at += strlen(at) + 1;
	}
}

bool rv_line_cut(struct rv_line *l, const char *text, size_t len, bool quotes)
{
	const char *start = text, *end = text + len;

	l->count = 0;
	rv_buf_reset(&l->text);
	while (text < end) {
		size_t first = text - start;

		if (*text == ' ' || *text == '\t')
			text++;
		else if (!add_word(l, first, take_word(l, &text, end, quotes)))
			return false;
	}
	if (!rv_buf_ok(&l->text))
		return false;
	point_at_words(l);
	return true;
}

void rv_line_free(struct rv_line *l)
{
	rv_buf_free(&l->text);
	free(l->word);
	*l = (struct rv_line){ 0 };
}

/* ---- pieces ----------------------------------------------------------------------- */

static bool is_option(const struct rv_line *l, size_t at)
{
	return at < l->count && !l->word[at].quoted && l->word[at].text[0] == '-';
}

static bool is_not(const struct rv_line *l, size_t at)
{
	return at < l->count && !l->word[at].quoted && !strcmp(l->word[at].text, "!") &&
	       is_option(l, at + 1);
}

static enum rv_piece_kind kind_of(const char *word)
{
	if (!strcmp(word, "-m"))
		return RV_PIECE_MATCH;
	if (!strcmp(word, "-j") || !strcmp(word, "--jump"))
		return RV_PIECE_TARGET;
	if (!strcmp(word, "-g") || !strcmp(word, "--goto"))
		return RV_PIECE_GOTO;
	return RV_PIECE_OPTION;
}

/* Number of words after an option that are arguments even if they look like options. */
static size_t sure_arguments(const struct rv_ext *owner, const char *name)
{
	for (const struct rv_option *o = owner ? owner->options : NULL; o && o->name; o++)
		if (o->letter && !name[1] ? o->letter == name[0] : !strcmp(o->name, name))
			return !rv_option_takes_arg(o) || o->flags & RV_OPT_OPTIONAL_ARG ? 0 :
			       o->flags & RV_OPT_TWO ? 2 : 1;
	return 0;
}

/* iptables-xml also ends the arguments at a quoted word that starts with '-'. */
static size_t arguments(const struct rv_line *l, size_t first, size_t sure)
{
	size_t at = first;

	while (at < l->count && (at - first < sure ||
				 (l->word[at].text[0] != '-' && !is_not(l, at))))
		at++;
	return at - first;
}

/* Words that belong to no option; at least one. */
static size_t stray_words(const struct rv_line *l, size_t first)
{
	size_t at = first + 1;

	while (at < l->count && !is_option(l, at) && !is_not(l, at))
		at++;
	return at - first;
}

struct rv_piece rv_line_piece(const struct rv_line *l, size_t *at, const struct rv_ext *owner)
{
	struct rv_piece p = { .invert = is_not(l, *at) };
	size_t i = *at + p.invert;
	const char *word;

	if (i >= l->count)
		return p;
	if (!is_option(l, i)) {
		p.kind = RV_PIECE_WORDS;
		p.count = stray_words(l, i);
	} else {
		word = l->word[i++].text;
		p.kind = kind_of(word);
		p.name = word + strspn(word, "-");
		if (p.kind == RV_PIECE_OPTION)
			p.count = arguments(l, i, sure_arguments(owner, p.name));
		else	/* Words after a match's name are not its arguments. */
			p.name = i < l->count ? l->word[i++].text : NULL;
	}
	p.first = i;
	*at = i + p.count;
	return p;
}
